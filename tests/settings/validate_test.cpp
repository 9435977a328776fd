#include "settings/validate.hpp"

#include <cmath>
#include <functional>
#include <limits>

#include <gtest/gtest.h>

#include "lnn/error.hpp"
#include "settings/load.hpp"

namespace lnn {

// the line with which a change to a valid configuration is refused; "" where it is accepted
static std::string refusal(const std::function<void(Config&)>& change, const std::string& preset = "sweetspot") {
    Config config = load({preset, "", {}});
    change(config);
    try {
        validate(config);
        return "";
    } catch (const Error& error) {
        EXPECT_EQ(error.exit(), Exit::usage);
        return error.what();
    }
}

static bool says(const std::string& line, const std::string& part) { return line.find(part) != line.npos; }

TEST(Validate, ExactlyOneOfEpochsAndSteps) {
    EXPECT_PRED2(says, refusal([](Config& c) { c.train.steps = 5; }), "exactly one");
    EXPECT_PRED2(says, refusal([](Config& c) { c.train.epochs = 0; }), "exactly one");
    EXPECT_EQ(refusal([](Config& c) { c.train.epochs = 0, c.train.steps = 5; }), "");
    EXPECT_PRED2(says, refusal([](Config& c) { c.train.epochs = -1, c.train.steps = 5; }), "train.epochs must be");
}

TEST(Validate, LevenbergMarquardt) {
    const auto lm = [](auto change) { return refusal([&](Config& c) { c.train.optimizer = "lm", change(c); }); };
    EXPECT_EQ(lm([](Config&) {}), "");
    EXPECT_EQ(lm([](Config& c) { c.train.epochs = 0; }), "");  // no Adam before it
    EXPECT_PRED2(says, lm([](Config& c) { c.train.steps = 5; }), "at most one");
    EXPECT_PRED2(says, lm([](Config& c) { c.train.balance = "large"; }), "no sum of squares");
    EXPECT_EQ(lm([](Config& c) { c.train.balance = "scale"; }), "");
    EXPECT_EQ(lm([](Config& c) { c.train.lm.delta = 0; }), "");
    EXPECT_PRED2(says, lm([](Config& c) { c.train.lm.damping = 0; }),
                 "train.lm.damping must be a finite number above 0");
    EXPECT_PRED2(says, lm([](Config& c) {
                     c.train.lm.samples = {9, 0};
                 }),
                 "train.lm.samples must be a list of 2 integers");
    EXPECT_PRED2(says, lm([](Config& c) { c.train.lm.iterations = 0; }), "train.lm.iterations must be");
    EXPECT_PRED2(says, refusal([](Config& c) { c.train.optimizer = "sgd"; }), "\"adam\", \"lm\"");
}

TEST(Validate, RangesAreOrdered) {
    for (auto member : {&Config::Data::angle, &Config::Data::position, &Config::Data::velocity}) {
        EXPECT_PRED2(says, refusal([&](Config& c) { c.data.*member = {1.0, 0.5}; }), "must not exceed");
        EXPECT_EQ(refusal([&](Config& c) { c.data.*member = {1.0, 1.0}; }), "");
        EXPECT_PRED2(says, refusal([&](Config& c) { c.data.*member = {1.0}; }), "a list of 2");
        EXPECT_PRED2(says, refusal([&](Config& c) { c.data.*member = {0.0, std::nan("")}; }), "finite");
    }
}

TEST(Validate, LayersAndWidths) {
    EXPECT_PRED2(says, refusal([](Config& c) { c.model.hidden = {}; }), "model.hidden");
    EXPECT_PRED2(says, refusal([](Config& c) { c.model.hidden.assign(9, 4); }), "model.hidden");
    EXPECT_PRED2(says, refusal([](Config& c) { c.model.hidden = {16, 0}; }), "model.hidden");
    EXPECT_PRED2(says, refusal([](Config& c) { c.model.hidden = {4097}; }), "model.hidden");
    EXPECT_EQ(refusal([](Config& c) { c.model.hidden.assign(8, 4096); }), "");
}

TEST(Validate, Source) {
    EXPECT_PRED2(says, refusal([](Config& c) { c.data.source = "disk"; }), "data.source");
    EXPECT_PRED2(says, refusal([](Config& c) { c.data.source = "file:"; }), "file:PATH");
    EXPECT_EQ(refusal([](Config& c) { c.data.source = "file:a b.npz"; }), "");
    EXPECT_PRED2(says, refusal([](Config& c) { c.data.source = "box"; }), "train.epochs needs");
    EXPECT_PRED2(says, refusal([](Config& c) { c.train.batch = 2049; }), "exceeds the 2048 samples");
    EXPECT_EQ(refusal([](Config& c) { c.train.batch = 2049; }, "default"), "");
    // products beyond 32 bits, and of more than a memory holds
    EXPECT_EQ(refusal([](Config& c) { c.data.trajectories = 46341, c.data.points = 46340; }), "");
    EXPECT_PRED2(says, refusal([](Config& c) { c.data.trajectories = 46341, c.data.points = 46341; }),
                 "data.trajectories x data.points = 2147488281: more than 2147483647 samples");
    EXPECT_PRED2(says, refusal([](Config& c) { c.data.trajectories = 1 << 26, c.data.points = 1 << 8; }),
                 "data.trajectories x data.points = 17179869184: more than");
}

TEST(Validate, Times) {
    EXPECT_PRED2(says, refusal([](Config& c) { c.eval.dt = 2; }), "eval.dt = 2 exceeds eval.t_end = 1");
    EXPECT_PRED2(says, refusal([](Config& c) { c.eval.film = 0.001; }), "eval.film = 0.001 must be 1 to 1e6 steps");
    EXPECT_PRED2(says, refusal([](Config& c) { c.data.dt = 1e-300; }), "more than 1e9 steps");
    EXPECT_PRED2(says, refusal([](Config& c) { c.data.dt = 0; }), "data.dt must be");
    EXPECT_PRED2(says, refusal([](Config& c) { c.eval.t_end = std::numeric_limits<double>::infinity(); }),
                 "eval.t_end must be a finite number");
}

TEST(Validate, Devices) {
    for (const char* good : {"0", "1", "15"}) EXPECT_EQ(refusal([&](Config& c) { c.run.device = good; }), "");
    for (const char* bad :
         {"", ",", "0,", "0,1", "x", "-1", "-0", "+1", "0 1", " 1", "1e3", "0x1", "1.0", "99999999999"})
        EXPECT_PRED2(says, refusal([&](Config& c) { c.run.device = bad; }), "run.device") << bad;
}

TEST(Validate, Parameters) {
    EXPECT_PRED2(says, refusal([](Config& c) { c.system.parameters["m"] = {1}; }), "a list of 2 finite numbers");
    EXPECT_PRED2(says, refusal([](Config& c) { c.system.parameters["m"] = {1, HUGE_VAL}; }), "system.m");
    EXPECT_PRED2(says, refusal([](Config& c) { c.system.parameters["q"] = {1}; }), "no such parameter");
    EXPECT_PRED2(says, refusal([](Config& c) { c.system.kind = "triple"; }), "system.kind must be one of");
    EXPECT_EQ(refusal([](Config& c) { c.system.parameters.clear(); }), "");
}

}  // namespace lnn
