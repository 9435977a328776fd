// config.toml reads back to the identical Config, whatever is in it.
#include <bit>
#include <cmath>

#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <nlohmann/json.hpp>

#include "files.hpp"
#include "settings/load.hpp"
#include "settings/schema.hpp"
#include "settings/text_system.hpp"
#include "settings/validate.hpp"
#include "settings/write.hpp"

namespace lnn {

// doubles of any bit pattern, folded into a rule
static double any_double(const Rule& rule) {
    double x = std::bit_cast<double>(*rc::gen::resize(100, rc::gen::arbitrary<std::uint64_t>()));
    if (!rule.allows(x)) x = -x;
    if (!rule.allows(x)) x = 1 / std::fabs(x);
    if (!rule.allows(x)) x = 0.5;
    return rule.allows(x) ? x : rule.allows(rule.high) ? rule.high : rule.low + 1;
}

static std::int64_t any_integer(const Rule& rule) {
    const double high = std::min(rule.high, 0x1p62);
    return *rc::gen::inRange(static_cast<std::int64_t>(rule.low), static_cast<std::int64_t>(high) + 1);
}

static void fill(const Key& key, Config& config) {
    const Rule& rule = key.rule;
    const auto length = *rc::gen::inRange(rule.shortest, rule.longest + 1);
    const auto assign = [&](auto* out) {
        using T = std::remove_pointer_t<decltype(out)>;
        if constexpr (std::is_same_v<T, std::string>) {
            if (!rule.words.empty()) *out = rule.words[*rc::gen::inRange<std::size_t>(0, rule.words.size())].name;
        } else if constexpr (std::is_same_v<T, double>) {
            *out = any_double(rule);
        } else if constexpr (std::is_integral_v<T>) {
            *out = static_cast<T>(any_integer(rule));
        } else {
            out->resize(length);
            for (auto& x : *out) {
                if constexpr (std::is_same_v<T, std::vector<int>>)
                    x = static_cast<int>(any_integer(rule));
                else
                    x = any_double(rule);
            }
        }
    };
    std::visit(assign, key.at(config));
}

// settings that must fit each other
static void reconcile(Config& config) {
    const auto letter = rc::gen::element<std::string>("a", "B", " ", "\"", "'", "\\", "#", "=", "\t", "\n", "\r",
                                                      "\x01", "\x7f", "\u00e9", "\u2200");
    std::string path = "file:x";
    for (const std::string& next : *rc::gen::container<std::vector<std::string>>(letter)) path += next;
    config.data.source = *rc::gen::element<std::string>("box", "trajectories", path);
    config.run.device = *rc::gen::element<std::string>("0", "1", "15");
    const ModelInfo& model = *find_model(config.model.kind);
    std::vector<std::string> rules{"auto"};
    for (const auto& rule : model.init_rules) rules.push_back(rule.first);
    config.model.init = *rc::gen::elementOf(rules);
    if (!model.lagrangian) {
        config.model.mass_prior = 0;
        config.model.damping = "none";
    }
    const bool by_epochs = config.data.source != "box" && *rc::gen::arbitrary<bool>();
    config.train.epochs = by_epochs ? std::max(1, config.train.epochs) : 0;
    config.train.steps = by_epochs ? 0 : std::max<std::int64_t>(1, config.train.steps);
    if (config.train.optimizer == "lm" && config.train.balance == "large") config.train.balance = "scale";
    if (config.run.precision != "f64" || config.run.state != "f64")
        config.eval.tolerance = std::max(config.eval.tolerance, 1e-10);
    config.data.trajectories = std::max(config.data.trajectories, config.train.batch / 2 + 1);
    config.data.points = int(std::min<std::int64_t>(config.data.points, most_samples / config.data.trajectories));
    for (auto* range : {&config.data.angle, &config.data.position, &config.data.velocity})
        std::sort(range->begin(), range->end());
    config.data.t_end = config.data.dt * 3.7;
    config.eval.t_end = config.eval.dt * 1e5;
    config.eval.film = config.eval.dt * 7.5;
    if (!std::isfinite(config.eval.film)) config.eval.film = config.eval.dt;
    if (!std::isfinite(config.data.t_end)) config.data.t_end = config.data.dt;
    if (!std::isfinite(config.eval.t_end)) config.eval.t_end = config.eval.dt;
    config.system.lagrangian = "";
    config.system.coordinates.clear();
    config.system.angles.clear();
    if (config.system.kind == text_system_name) {
        config.system.lagrangian = "m/2*vx^2 +\n \t b*vx*vphi + vphi^2";
        config.system.coordinates = {"x", "phi"};
        if (*rc::gen::arbitrary<bool>()) config.system.angles = {"phi"};
        config.system.parameters = {{"m", {1}}, {"b", {2}}};
    }
    for (const ParameterInfo& parameter : chosen_system(config.system).parameters) {
        std::vector<double>& values = config.system.parameters[parameter.name];
        values.resize(parameter.defaults.size());
        for (double& x : values) x = any_double({});
    }
}

TEST(RoundTrip, TomlReadsBackToTheSame) {
    EXPECT_TRUE(rc::check("config.toml reads back to the same", [](bool documented) {
        Config config;
        for (const Key& key : schema()) fill(key, config);
        reconcile(config);
        validate(config);
        const TemporaryFile file(config_to_toml(config, documented));
        const std::vector<std::string> changed = differences(load({"", file.path(), {}}), config);
        RC_ASSERT(changed == std::vector<std::string>{});
    }));
}

TEST(RoundTrip, DoublesAreShort) {
    Config config = load({});
    config.train.lr = 0.1 + 0.2;
    config.train.eps = 1e-8;
    config.train.clip = 1e300;
    const std::string text = config_to_toml(config);
    EXPECT_NE(text.find("\nlr = 0.30000000000000004\n"), text.npos);
    EXPECT_NE(text.find("\neps = 1e-08\n"), text.npos);
    EXPECT_NE(text.find("\nclip = 1e+300\n"), text.npos);
    EXPECT_NE(text.find("\nl = [1.0, 1.0]\n"), text.npos);
}

TEST(RoundTrip, DocumentedTextHasACommentAboveEveryKey) {
    const std::string text = config_to_toml(load({}), true);
    std::string before;
    std::size_t keys = 0;
    for (std::size_t at = 0, end; at < text.size(); at = end + 1) {
        end = text.find('\n', at);
        const std::string line = text.substr(at, end - at);
        if (line.find(" = ") != line.npos && line[0] != '#') {
            ++keys;
            EXPECT_EQ(before.substr(0, 1), "#") << line;
        }
        before = line;
    }
    EXPECT_EQ(keys, schema().size() + find_system("double_pendulum")->parameters.size());
}

TEST(RoundTrip, JsonHasTheSameKeys) {
    const nlohmann::ordered_json json = config_to_json(load({"sweetspot", "", {}}));
    EXPECT_EQ(json["train"]["schedule"]["every"], 10);
    EXPECT_EQ(json["model"]["hidden"], (std::vector<int>{16, 16, 16}));
    EXPECT_EQ(json["system"]["g"], 9.8);
    for (const Key& key : schema()) {
        if (key.name.starts_with("system.") && key.name != "system.kind") continue;  // of systems that are text
        std::string pointer = "/" + key.name;
        for (char& c : pointer)
            if (c == '.') c = '/';
        EXPECT_TRUE(json.contains(nlohmann::ordered_json::json_pointer(pointer))) << key.name;
    }
}

}  // namespace lnn
