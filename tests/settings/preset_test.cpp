#include "settings/presets.hpp"

#include <numbers>

#include <gtest/gtest.h>

#include "settings/load.hpp"
#include "settings/schema.hpp"

namespace lnn {

TEST(Presets, AllLoad) {
    EXPECT_GE(presets().size(), 3u);
    for (const Preset& preset : presets()) EXPECT_NO_THROW(load({std::string(preset.name), "", {}})) << preset.name;
}

TEST(Presets, NoneGivenIsDefault) {
    const Config config = load({});
    EXPECT_TRUE(differences(config, load({"default", "", {}})).empty());
    EXPECT_EQ(config.data.source, "box");
    EXPECT_EQ(config.model.inputs, "sincos");
    EXPECT_GT(config.train.steps, 0);
    EXPECT_EQ(config.train.epochs, 0);
}

TEST(Presets, SweetspotIsTheSeedsSetting) {
    const Config config = load({"sweetspot", "", {}});
    EXPECT_EQ(config.system.kind, "double_pendulum");
    EXPECT_EQ(config.model.hidden, (std::vector<int>{16, 16, 16}));
    EXPECT_EQ(config.model.inputs, "raw");
    EXPECT_EQ(config.model.init, "lnn-seed");
    EXPECT_EQ(config.model.velocity_scale, 1.0);
    EXPECT_EQ(config.data.source, "trajectories");
    EXPECT_EQ(config.data.angle, (std::vector<double>{-std::numbers::pi / 2, std::numbers::pi / 2}));
    EXPECT_EQ(config.data.velocity, (std::vector<double>{-1, 1}));
    EXPECT_EQ(config.data.shuffle, "once");
    // 512 steps an epoch, 51 200 in all
    EXPECT_EQ(config.data.trajectories * config.data.points / config.train.batch * config.train.epochs, 51200);
    EXPECT_EQ(config.train.steps, 0);
    EXPECT_EQ(config.train.lr, 1e-3);
    EXPECT_EQ(config.train.schedule.kind, "step");
    EXPECT_EQ(config.train.schedule.every, 10);
    EXPECT_EQ(config.train.schedule.gamma, 0.5);
    EXPECT_EQ(config.train.loss, "mse");
    EXPECT_EQ(config.train.clip, 0.0);
    EXPECT_EQ(config.train.ema, 0.0);
    EXPECT_EQ(config.train.guard, "none");
    EXPECT_EQ(config.solve.rcond, 1e-15);
    EXPECT_EQ(config.run.seeds, 8);
}

TEST(Presets, AreBuiltOnEachOther) {
    const Config seed = load({"sweetspot", "", {}}), rule = load({"sweetspot-rule", "", {}});
    EXPECT_EQ(differences(seed, rule), std::vector<std::string>{"model.init"});
    EXPECT_EQ(rule.model.init, "lnn");
}

}  // namespace lnn
