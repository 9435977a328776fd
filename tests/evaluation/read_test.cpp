// Results of evaluations come back from their JSON as they were, and what is not one is refused by the name of its field.
#include "evaluation/read.hpp"

#include <gtest/gtest.h>

#include <cmath>

#include <nlohmann/json.hpp>

#include "evaluation/write.hpp"
#include "files/scratch.hpp"
#include "terminal/json_text.hpp"

namespace lnn {
namespace {

// every number of an evaluation another one, so that none can stand in another's place
class Numbers {
  public:
    double next() { return last_ += 0.125; }
    Quantiles quantiles() { return {next(), next(), next(), next(), {next(), next()}}; }
    TrajectorySummary summary(std::size_t coordinates, std::size_t repeats) {
        TrajectorySummary s;
        for (std::size_t i = 0; i < coordinates; ++i) {
            s.mse.push_back({quantiles(), {}});
            for (std::size_t r = 0; r < repeats; ++r) s.mse.back().means.push_back(next());
        }
        s.paired = {next(), 17, next()};
        s.energy_error = quantiles();
        s.integrator_drift = quantiles();
        s.valid_time = quantiles();
        s.twin_valid_time = quantiles();
        s.lyapunov_exponent = quantiles();
        s.valid_time_lyapunov = quantiles();
        s.diverged = 5;
        return s;
    }

  private:
    double last_ = 0;
};

TrajectoryEvaluation trajectories() {
    Numbers numbers;
    TrajectoryEvaluation e;
    e.system = "double_pendulum";
    e.coordinates = {"theta1", "theta2"};
    e.t_end = 10, e.dt = 0.01;
    e.trajectories = 1000, e.repeats = 3;
    e.seeds = {7, 9};
    e.models = {{7, numbers.summary(2, 3)}, {8, {}}, {9, numbers.summary(2, 3)}};
    e.pooled = numbers.summary(2, 3);
    e.over_models = {{{numbers.next(), {numbers.next(), numbers.next()}}, {numbers.next(), {}}},
                     OverModels::Paired{1, 2, numbers.next()}};
    return e;
}

MeasuredEvaluation measured() {
    MeasuredEvaluation e;
    e.coordinates = {"q1", "q2"};
    e.file = "film.npz";
    e.training_samples = 800, e.held_out_samples = 200;
    e.valid_below = 0.5;
    MeasuredModel whole{3, false, {{0.1, 0.9, 0.2, 2}, {0.3, 1.1, 0.4, 3}}, {}, {}, {{1, 2}, {3, 4}}};
    whole.rollout = {1.5, 6, 2.5};
    whole.segments = {4, 1, 0.75, 1.25};
    e.models = {{2, true, {}, {}, {}, {}}, whole, {4, false, {{5, 6, 7, 8}, {9, 10, 11, 12}}, {}, {}, {}}};
    return e;
}

const BoxEvaluation box{"double_pendulum", 100, {1, 2, 3, 4, {5, 6}}, 7, 8, {}};
const EnergyEvaluation energy{"double_pendulum", 40, 29.4, 1, 2, 3, 4, 5, 6, {}};

template <class Evaluation, class Read>
void expect_same(const Evaluation& e, Read read) {
    const std::string text = to_json(e).dump(2);
    EXPECT_EQ(to_json(read(text, "summary.json")).dump(2), text);
}
BoxEvaluation read_box(std::string_view text, const std::string& where) { return read_box_evaluations(text, where)[0]; }
EnergyEvaluation read_energy(std::string_view text, const std::string& where) {
    return read_energy_evaluations(text, where)[0];
}

TEST(ReadEvaluation, ComesBack) {
    expect_same(trajectories(), read_trajectory_evaluation);
    expect_same(measured(), read_measured_evaluation);
    expect_same(box, read_box);
    expect_same(energy, read_energy);
    EXPECT_EQ(read_trajectory_evaluation(to_json(trajectories()).dump(), "").evaluated(), 6000);
}

TEST(ReadEvaluation, WhatIsNotThereComesBackAsThat) {
    TrajectoryEvaluation e = trajectories();
    for (TrajectorySummary* summary : {&*e.pooled, &*e.models[0].summary}) {
        summary->paired.reset();
        summary->lyapunov_exponent.reset();
        summary->valid_time_lyapunov.reset();
        summary->mse[1].all.p95 = HUGE_VAL;
        summary->mse[1].means[2] = NAN;
    }
    e.over_models.reset();
    expect_same(e, read_trajectory_evaluation);
    e.pooled.reset();
    e.seeds.clear();
    e.models = {{7, {}}, {8, {}}};
    expect_same(e, read_trajectory_evaluation);
    EnergyEvaluation runaway = energy;
    runaway.mean = runaway.worst = HUGE_VAL;
    expect_same(runaway, read_energy);
}

TEST(ReadEvaluation, SeveralModels) {
    nlohmann::ordered_json one = to_json(box), other = to_json(box);
    one["seed"] = 4, other["seed"] = 5;
    const auto read = read_box_evaluations(nlohmann::ordered_json{{"models", {one, other}}}.dump(), "box.json");
    ASSERT_EQ(read.size(), 2u);
    EXPECT_EQ(read[0].seed, 4u);
    EXPECT_EQ(read[1].seed, 5u);
    EXPECT_FALSE(read_box_evaluations(to_json(box).dump(), "box.json")[0].seed);
}

TEST(ReadEvaluation, RefusesByTheField) {
    const auto expect_refused = [](auto evaluation, auto read, const char* at, const nlohmann::ordered_json& value,
                                   const std::string& says) {
        nlohmann::ordered_json json = to_json(evaluation);
        json[nlohmann::ordered_json::json_pointer(at)] = value;
        expect_error(Exit::file, {"r/eval/x.json: ", says, "evaluate the run again"},
                     [&] { read(json.dump(), "r/eval/x.json"); });
    };
    const TrajectoryEvaluation e = trajectories();
    expect_refused(e, read_trajectory_evaluation, "/trajectories", 0, "'trajectories' is 0");
    expect_refused(e, read_trajectory_evaluation, "/repeats", 2, "'mse/theta1/per_repeat_mean' is a list of 3");
    expect_refused(e, read_trajectory_evaluation, "/mse", nlohmann::ordered_json::object(), "'mse'");
    expect_refused(e, read_trajectory_evaluation, "/mse/theta3", 1, "'mse/theta3' is 1");
    expect_refused(e, read_trajectory_evaluation, "/models/0/mse", {{"theta1", 1}}, "'models/0/mse/theta1' is 1");
    expect_refused(e, read_trajectory_evaluation, "/models/1/failed", 0, "'models/1/failed' is 0");
    expect_refused(e, read_trajectory_evaluation, "/valid_time", nullptr, "'valid_time' is null");
    expect_refused(measured(), read_measured_evaluation, "/models/1/segments/count", -1, "'models/1/segments/count'");
    expect_refused(measured(), read_measured_evaluation, "/models/1/accelerations/q3", "x",
                   "'models/1/accelerations/q3'");
    nlohmann::ordered_json other = to_json(measured())["models"][2]["accelerations"];
    other.erase("q2");
    expect_refused(measured(), read_measured_evaluation, "/models/2/accelerations", other,
                   "'models/2/accelerations/q2' is missing");
    expect_refused(box, read_box, "/models", nlohmann::ordered_json::array(), "'models'");
    expect_refused(energy, read_energy, "/relative_error", 1, "'relative_error' is 1");
}

}  // namespace
}  // namespace lnn
