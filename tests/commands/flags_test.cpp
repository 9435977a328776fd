#include "commands/flags.hpp"

#include <gtest/gtest.h>

#include "settings/refusal.hpp"

namespace lnn {

static Config parsed(const std::vector<std::string>& words) {
    Arguments arguments("lnn_gpu test", "");
    Options options;
    add_setting_flags(arguments, options);
    add_target_flags(arguments, options, "a directory");
    add_talk_flags(arguments, options);
    std::string file;
    arguments.option("FILE", file, "a file");
    arguments.parse(words);
    return resolve(options);
}

TEST(Flags, AreSettings) {
    const Config config =
        parsed({"--preset", "sweetspot", "--set", "train.lr=0.5", "FILE", "--set=model.hidden=[8,8]", "--seed", "7",
                "--threads=2", "--backend", "cpu", "--precision", "f64", "--state", "f32", "--device", "1"});
    EXPECT_EQ(config.train.lr, 0.5);
    EXPECT_EQ(config.model.hidden, (std::vector<int>{8, 8}));
    EXPECT_EQ(config.run.seed, 7u);
    EXPECT_EQ(config.run.threads, 2);
    EXPECT_EQ(config.run.backend, "cpu");
    EXPECT_EQ(config.run.precision, "f64");
    EXPECT_EQ(config.run.state, "f32");
    EXPECT_EQ(config.run.device, "1");
}

TEST(Flags, OfTheirOwnWinOverSetAndTheLastCounts) {
    EXPECT_EQ(parsed({"--seed", "1", "--seed", "2", "--set", "run.seed=3"}).run.seed, 2u);
    EXPECT_PRED2(says, refusal([] { parsed({"--set", "train.lr"}); }), "--set train.lr: expected key=value");
    EXPECT_PRED2(says, refusal([] { parsed({"--set", "=1"}); }), "expected key=value");
    EXPECT_PRED2(says, refusal([] { parsed({"--seed", "-1"}); }), "--seed: run.seed must be an integer from 0 to");
}

}  // namespace lnn
