#include "settings/load.hpp"

#include <cstdlib>
#include <filesystem>

#include <gtest/gtest.h>

#include "files.hpp"
#include "lnn/error.hpp"
#include "settings/refusal.hpp"
#include "settings/schema.hpp"

namespace lnn {

// an environment variable for the length of a test
class Variable {
  public:
    Variable(const char* name, const char* value) : name_(name) { setenv(name, value, 1); }
    ~Variable() { unsetenv(name_); }
    Variable(const Variable&) = delete;
    Variable& operator=(const Variable&) = delete;

  private:
    const char* name_;
};

static Config from_text(const std::string& text) { return load({"", TemporaryFile(text).path(), {}}); }

static Config from_flag(const std::string& key, const std::string& value) {
    return load({"", "", {{key, value, "--set " + key + "=" + value}}});
}

static std::string refused_text(const std::string& text) {
    return refusal([&] { from_text(text); });
}

static std::string refused_flag(const std::string& key, const std::string& value) {
    return refusal([&] { from_flag(key, value); });
}

TEST(Load, OrderOfAuthority) {
    const TemporaryFile file("[train]\nlr = 0.25\nbatch = 8\ndelta = 0.5\n");
    EXPECT_EQ(load({"sweetspot", "", {}}).train.batch, 4);  // preset over defaults
    EXPECT_EQ(load({"sweetspot", file.path(), {}}).train.batch, 8);
    EXPECT_EQ(load({"sweetspot", file.path(), {}}).model.inputs, "raw");
    const Variable lr("LNN_GPU_TRAIN_LR", "0.125"), batch("LNN_GPU_TRAIN_BATCH", "16");
    const Config config =
        load({"sweetspot", file.path(), {{"train.batch", "32", "--set"}, {"train.batch", "64", "--set"}}});
    EXPECT_EQ(config.train.delta, 0.5);  // file
    EXPECT_EQ(config.train.lr, 0.125);   // environment
    EXPECT_EQ(config.train.batch, 64);   // the last flag
}

TEST(Load, FileMayNameItsBase) {
    EXPECT_EQ(from_text("base = \"sweetspot\"\n[train]\nlr = 0.5").model.init, "lnn-seed");
    const TemporaryFile file("base = \"sweetspot\"");
    EXPECT_EQ(load({"default", file.path(), {}}).model.init, "positive-output");
    EXPECT_PRED2(says, refused_text("base = \"sweatspot\""), "unknown preset 'sweatspot' (did you mean 'sweetspot'?)");
    EXPECT_EQ(refused_text("base = 3"), "DIR/c.toml:1:8: base must be the name of a preset, not 3");
}

TEST(Load, EpochsAndStepsReplaceEachOther) {
    const Config steps = load({"sweetspot", "", {{"train.steps", "10", "--set"}}});
    EXPECT_EQ(steps.train.steps, 10);
    EXPECT_EQ(steps.train.epochs, 0);
    const Config epochs = from_text("[data]\nsource = \"trajectories\"\n[train]\nepochs = 3");
    EXPECT_EQ(epochs.train.epochs, 3);
    EXPECT_EQ(epochs.train.steps, 0);
    EXPECT_PRED2(says, refused_text("base = \"adam\"\n[train]\nepochs = 3\nsteps = 4"), "exactly one");
    EXPECT_PRED2(says, refused_text("base = \"adam\"\n[train]\nsteps = 0"), "exactly one");
    // lm may do without a start by Adam
    EXPECT_EQ(from_flag("train.steps", "0").train.steps, 0);
    EXPECT_PRED2(says, refused_text("[train]\nepochs = 3\nsteps = 4"), "at most one");
}

TEST(Load, UnknownNamesWithPlaceAndSuggestion) {
    EXPECT_EQ(refused_text("[train]\nlr = 0.1\nbacth = 3"),
              "DIR/c.toml:3:1: unknown key 'train.bacth' (did you mean 'train.batch'?)");
    EXPECT_EQ(refused_text("\n[trian]\nlr = 0.1"), "DIR/c.toml:2:2: unknown section 'trian' (did you mean 'train'?)");
    EXPECT_EQ(refused_text("lr = 0.1"), "DIR/c.toml:1:1: unknown key 'lr' (did you mean 'train.lr'?)");
    EXPECT_EQ(refused_text("[train]\nschedule = { knd = \"step\" }"),
              "DIR/c.toml:2:14: unknown key 'train.schedule.knd' (did you mean 'train.schedule.kind'?)");
    EXPECT_EQ(refused_text("[model]\nxyzzy = 1"), "DIR/c.toml:2:1: unknown key 'model.xyzzy'");
    EXPECT_EQ(refused_text("train = 1"), "DIR/c.toml:1:1: train is a section, not a setting");
    EXPECT_EQ(refused_flag("train.batc", "3"),
              "--set train.batc=3: unknown key 'train.batc' (did you mean 'train.batch'?)");
    EXPECT_EQ(refused_flag("trian.batch", "3"),
              "--set trian.batch=3: unknown key 'trian.batch' (did you mean 'train.batch'?)");
    EXPECT_EQ(refused_flag("base", "sweetspot"), "--set base=sweetspot: unknown key 'base'");
}

TEST(Load, WrongTypesAndRangesSayWhatIsExpected) {
    EXPECT_EQ(refused_text("[train]\nlr = \"fast\""),
              "DIR/c.toml:2:6: train.lr must be a finite number above 0, not 'fast'");
    EXPECT_EQ(refused_text("[train]\nlr = nan"), "DIR/c.toml:2:6: train.lr must be a finite number above 0, not nan");
    EXPECT_EQ(refused_text("[train]\nlr = -inf"), "DIR/c.toml:2:6: train.lr must be a finite number above 0, not -inf");
    EXPECT_PRED2(says, refused_text("[train]\nlr = inf"), "not inf");
    EXPECT_PRED2(says, refused_text("[train]\nbatch = 4.0"), "an integer from 1 to 100000000, not 4.0");
    EXPECT_PRED2(says, refused_text("[train]\nbatch = 4294967297"), "not 4294967297");
    EXPECT_PRED2(says, refused_text("[train]\nbatch = true"), "not true");
    EXPECT_PRED2(says, refused_text("[train.lr]\nx = 1"), "not a section");
    EXPECT_PRED2(says, refused_text("[run]\nseed = -1"), "an integer from 0 to 9.223372036854776e+18, not -1");
    EXPECT_PRED2(says, refused_text("[train]\nloss = \"msee\""), "not 'msee' (did you mean 'mse'?)");
    EXPECT_PRED2(says, refused_text("[model]\nhidden = [16, 1.5]"),
                 "a list of 1 to 8 integers from 1 to 4096, not [ 16, 1.5 ]");
    EXPECT_PRED2(says, refused_text("[model]\nhidden = 16"), "not 16");
    EXPECT_PRED2(says, refused_text("[data]\nangle = [0, 1, 2]"), "a list of 2 finite numbers");
}

TEST(Load, SyntaxErrorsHaveAPlace) {
    EXPECT_TRUE(refused_text("[train]\nlr = \n").starts_with("DIR/c.toml:2:")) << refused_text("[train]\nlr = \n");
    EXPECT_TRUE(refused_text("[train]\nlr = 1\nlr = 2\n").starts_with("DIR/c.toml:3:"));
    EXPECT_EQ(refused_text("[train]\nlr = \n").find('\n'), std::string::npos);
    EXPECT_TRUE(refused_text(std::string("\0\xff\xfe", 3)).starts_with("DIR/c.toml:1:"));
}

TEST(Load, FilesThatCannotBeRead) {
    EXPECT_PRED2(says, refusal([] { load({"", "/no/such/file.toml", {}}); }, Exit::file), "No such file or directory");
    const std::string directory = std::filesystem::temp_directory_path();
    EXPECT_PRED2(says, refusal([&] { load({"", directory, {}}); }, Exit::file), "Is a directory");
    EXPECT_PRED2(says, refusal([] { load({"", "/dev/zero", {}}); }, Exit::file), "more than the 1048576 bytes");
    EXPECT_TRUE(differences(from_text(""), load({})).empty());  // an empty file changes nothing
}

TEST(Load, FlagsAreTomlValuesOrBareWords) {
    EXPECT_EQ(from_flag("train.loss", "l1").train.loss, "l1");
    EXPECT_EQ(from_flag("train.loss", "\"l1\"").train.loss, "l1");
    EXPECT_EQ(from_flag("train.loss", "'l1'").train.loss, "l1");
    for (const char* angles : {"auto", "none", "q1", "q3,q1", "q32"})
        EXPECT_EQ(from_flag("data.angles", angles).data.angles, angles);
    EXPECT_EQ(from_flag("run.device", "1").run.device, "1");  // a string, whatever it looks like
    EXPECT_EQ(from_flag("model.hidden", "[64,32]").model.hidden, (std::vector<int>{64, 32}));
    EXPECT_EQ(from_flag("data.angle", "[-1, 2.5]").data.angle, (std::vector<double>{-1, 2.5}));
    EXPECT_EQ(from_flag("train.lr", "1e-4").train.lr, 1e-4);
    EXPECT_EQ(from_flag("train.lr", "1").train.lr, 1.0);
    EXPECT_EQ(from_flag("run.seed", "9223372036854775807").run.seed, 9223372036854775807u);
    EXPECT_EQ(from_flag("data.source", "file:a=\"b\".npz").data.source, "file:a=\"b\".npz");
    EXPECT_PRED2(says, refused_flag("data.source", "file:\xff"), "the value of data.source is not UTF-8 text");
    // no way to smuggle in a second setting
    EXPECT_PRED2(says, refused_flag("train.lr", "1\nother = 2"), "train.lr must be");
    EXPECT_PRED2(says, refused_flag("train.lr", ""), "train.lr must be");
    EXPECT_PRED2(says, refused_flag("run.seed", "99999999999999999999"), "run.seed must be");
}

// file, flag and environment name their place
TEST(Load, OneDevice) {
    const std::string line = ": run.device must be the number of one device, as in \"0\" (a process uses one), not ";
    EXPECT_EQ(refused_flag("run.device", "0,1"), "--set run.device=0,1" + line + "'0,1'");
    EXPECT_EQ(refused_text("[run]\ndevice = \"x\""), "DIR/c.toml:2:10" + line + "'x'");
    EXPECT_EQ(refused_text("[run]\ndevice = 1"), "DIR/c.toml:2:10" + line + "1");
    for (const std::string angles : {"foo", "q0", "q33", "q1,", "q1,x", "auto,q1"})
        EXPECT_EQ(refused_flag("data.angles", angles),
                  "--set data.angles=" + angles +
                      ": data.angles must be \"auto\", \"none\" or coordinates as in \"q1,q2\", not '" + angles + "'");
    const Variable several("LNN_GPU_RUN_DEVICE", "0,1");
    EXPECT_EQ(refusal([] { load({}); }), "environment LNN_GPU_RUN_DEVICE" + line + "'0,1'");
}

// known, but of no backend: not the fault of who asks
TEST(Load, PrecisionsOfNoBackend) {
    EXPECT_EQ(refusal([] { from_text("[run]\nprecision = \"tf32x3\""); }, Exit::backend),
              "DIR/c.toml:2:13: run.precision must be one of \"f32\", \"f64\", not 'tf32x3', which no backend offers "
              "yet");
    EXPECT_EQ(refused_text("[run]\nprecision = \"f16\""),
              "DIR/c.toml:2:13: run.precision must be one of \"f32\", \"f64\", not 'f16'");
}

TEST(Load, Environment) {
    {
        const Variable kind("LNN_GPU_TRAIN_SCHEDULE_KIND", "step"), g("LNN_GPU_SYSTEM_G", "1.5");
        EXPECT_EQ(load({}).train.schedule.kind, "step");
        EXPECT_EQ(load({}).system.parameters.at("g"), std::vector<double>{1.5});
    }
    {
        const Variable wrong("LNN_GPU_TRAIN_BACTH", "3");
        EXPECT_EQ(refusal([] { load({}); }),
                  "environment: unknown variable LNN_GPU_TRAIN_BACTH (did you mean 'LNN_GPU_TRAIN_BATCH'?)");
    }
    {
        const Variable wrong("LNN_GPU_TRAIN_BATCH", "many");
        EXPECT_PRED2(says, refusal([] { load({}); }),
                     "environment LNN_GPU_TRAIN_BATCH: train.batch must be an integer");
    }
    const Variable foreign("LNN_REQUIRE_GPU", "1");
    EXPECT_NO_THROW(load({}));
}

TEST(Load, ParametersFollowTheSystem) {
    const Config config = from_text("[system]\nm = [2, 1]\ng = 1");
    EXPECT_EQ(config.system.parameters.at("m"), (std::vector<double>{2, 1}));
    EXPECT_EQ(config.system.parameters.at("g"), std::vector<double>{1});
    EXPECT_EQ(config.system.parameters.at("l"), (std::vector<double>{1, 1}));  // filled in
    EXPECT_EQ(from_flag("system.g", "[2]").system.parameters.at("g"), std::vector<double>{2});
    EXPECT_PRED2(says, refused_text("[system]\nm = 1"),
                 "DIR/c.toml:2:5: system.m of double_pendulum must be a list of 2");
    EXPECT_PRED2(says, refused_text("[system]\nm = [1, inf]"), "system.m of double_pendulum must be");
    EXPECT_PRED2(says, refused_text("[system]\nmm = [1, 1]"), "unknown key 'system.mm' (did you mean 'system.m'?)");
    EXPECT_PRED2(says, refused_text("[system]\nkind = \"double_pendulun\""), "(did you mean 'double_pendulum'?)");
}

// a parameter that only another system has, and a parameter of a system chosen at a higher rank
TEST(Load, ParametersOfOtherSystems) {
    for (const SystemInfo& other : systems())
        for (const ParameterInfo& parameter : other.parameters) {
            const SystemInfo& own = *find_system("double_pendulum");
            if (find_parameter(own, parameter.name)) continue;
            EXPECT_PRED2(says, refused_text("[system]\n" + parameter.name + " = 1"),
                         "double_pendulum has no parameter '" + parameter.name + "'");
            const TemporaryFile file("[system]\n" + parameter.name +
                                     (parameter.defaults.size() == 1 ? " = 3" : " = [3, 3]"));
            const Config config = load({"", file.path(), {{"system.kind", other.name, "--set"}}});
            EXPECT_EQ(config.system.parameters.at(parameter.name)[0], 3);
        }
}

}  // namespace lnn
