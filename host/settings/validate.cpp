#include "settings/validate.hpp"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "lnn/error.hpp"
#include "lnn/runge_kutta.hpp"
#include "settings/catalog.hpp"
#include "settings/schema.hpp"
#include "settings/text_system.hpp"

namespace lnn {

namespace {

[[noreturn]] void refuse(const std::string& line) { throw Error(Exit::usage, line); }

void check_parameters(const Config::System& chosen) {
    const SystemInfo system = chosen_system(chosen);
    for (const auto& [name, values] : chosen.parameters) {
        const ParameterInfo* parameter = find_parameter(system, name);
        if (!parameter) refuse(fmt::format("system.{}: {} has no such parameter", name, system.name));
        const auto finite = [](double x) { return std::isfinite(x); };
        if (values.size() != parameter->defaults.size() || !std::all_of(values.begin(), values.end(), finite))
            refuse(fmt::format("system.{} of {} must be {}", name, system.name, expected(*parameter)));
    }
}

void check_ordered(std::string_view key, const std::vector<double>& range) {
    if (range[0] > range[1])
        refuse(fmt::format("{} = [{}, {}]: the first number must not exceed the second", key, range[0], range[1]));
}

// a recording of t_end seconds in instants dt apart
void check_times(std::string_view section, double t_end, double dt) {
    if (dt > t_end) refuse(fmt::format("{0}.dt = {1} exceeds {0}.t_end = {2}", section, dt, t_end));
    if (t_end / dt > 1e9) refuse(fmt::format("{0}.t_end / {0}.dt = {1:.3g}: more than 1e9 steps", section, t_end / dt));
}

// what only some models have
void check_model(const Config::Model& chosen) {
    const ModelInfo& model = *find_model(chosen.kind);
    const bool known =
        chosen.init == "auto" || std::any_of(model.init_rules.begin(), model.init_rules.end(),
                                             [&](const auto& rule) { return rule.first == chosen.init; });
    if (!known)
        refuse(fmt::format("model.init = \"{}\" is not for the model {}; use model.init = \"auto\"", chosen.init,
                           model.name));
    if (!model.lagrangian && chosen.mass_prior != 0)
        refuse(fmt::format("model.mass_prior = {}: the model {} has no Lagrangian; set it to 0", chosen.mass_prior,
                           model.name));
    if (!model.lagrangian && chosen.damping != "none")
        refuse(fmt::format("model.damping = \"{}\": the model {} has no forces; set it to \"none\"", chosen.damping,
                           model.name));
}

void check_source(const Config& config) {
    const std::string& source = config.data.source;
    const bool file = config.data.is_file() && !config.data.file().empty();
    if (source != "box" && source != "trajectories" && !file)
        refuse(fmt::format("data.source = \"{}\": expected \"box\", \"trajectories\" or \"file:PATH\"", source));
    if (source == "box" && config.train.epochs > 0)
        refuse(
            "train.epochs needs a set of samples: set data.source to \"trajectories\" or \"file:PATH\", "
            "or train.steps in place of train.epochs");
    const std::int64_t samples = std::int64_t{config.data.trajectories} * config.data.points;
    if (source == "trajectories" && samples > most_samples)
        refuse(fmt::format("data.trajectories x data.points = {}: more than {} samples; make one of them smaller",
                           samples, most_samples));
    if (source == "trajectories" && config.train.batch > samples)
        refuse(fmt::format("train.batch = {} exceeds the {} samples of data.trajectories x data.points",
                           config.train.batch, samples));
}

}  // namespace

void validate(const Config& config) {
    for (const Key& key : schema())
        if (const std::string wrong = violation(key, config); !wrong.empty()) refuse(wrong);
    check_parameters(config.system);
    check_text_system(config.system);
    check_model(config.model);
    check_ordered("data.angle", config.data.angle);
    check_ordered("data.position", config.data.position);
    check_ordered("data.velocity", config.data.velocity);
    check_times("data", config.data.t_end, config.data.dt);
    check_times("eval", config.eval.t_end, config.eval.dt);
    if (config.eval.film < config.eval.dt || config.eval.film / config.eval.dt > 1e6)
        refuse(fmt::format("eval.film = {} must be 1 to 1e6 steps of eval.dt = {}", config.eval.film, config.eval.dt));
    const bool lm = config.train.optimizer == "lm";
    if (config.train.epochs > 0 ? config.train.steps > 0 : config.train.steps == 0 && !lm)
        refuse(fmt::format("train.epochs = {} and train.steps = {}: {} one of them must be positive",
                           config.train.epochs, config.train.steps, lm ? "at most" : "exactly"));
    check_source(config);
    if (find_integrator(config.eval.integrator)->table.adaptive() && config.eval.tolerance < 1e-10 &&
        (config.run.precision != "f64" || config.run.state != "f64"))
        refuse(fmt::format(
            "eval.tolerance = {} is below the rounding of float32; set run.precision and run.state to \"f64\", or "
            "it to 1e-10 or more",
            config.eval.tolerance));
    if (lm && config.train.balance == "large")
        refuse(
            "train.balance = \"large\" is no sum of squares, which train.optimizer = \"lm\" needs; use \"scale\" or "
            "\"none\"");
}

}  // namespace lnn
