#include "evaluation/links.hpp"

#include <algorithm>
#include <cmath>
#include <vector>

#include <fmt/format.h>

#include "evaluation/evaluation.hpp"
#include "statistics/statistics.hpp"

namespace lnn {

namespace {

using Json = nlohmann::ordered_json;

constexpr Integration links_run = {0.03, 15, 100};  // steps of 0.002 s
constexpr int links = 2;

// positions and velocities in the plane of the state in column `sample` of (2n, samples)
std::array<double, 4 * links> in_the_plane(const SystemSpec& system, const double* states, std::int64_t samples,
                                           std::int64_t sample) {
    std::array<double, 4 * links> z{};
    double x = 0, y = 0, vx = 0, vy = 0;
    for (int i = 0; i < links; ++i) {
        const double length = system.parameters[links + i], angle = states[i * samples + sample],
                     turn = states[(links + i) * samples + sample];
        x += length * std::sin(angle);
        y -= length * std::cos(angle);
        vx += length * std::cos(angle) * turn;
        vy += length * std::sin(angle) * turn;
        std::copy_n(std::array{x, y, vx, vy}.begin(), 4, z.begin() + 4 * i);
    }
    return z;
}

// |a - b| / (|a| + |b|); what is not finite is as far off as can be
double relative_error(const std::array<double, 4 * links>& a, const std::array<double, 4 * links>& b) {
    double difference = 0, of_a = 0, of_b = 0;
    for (std::size_t i = 0; i < a.size(); ++i) {
        difference += (a[i] - b[i]) * (a[i] - b[i]);
        of_a += a[i] * a[i];
        of_b += b[i] * b[i];
    }
    const double error = std::sqrt(difference) / (std::sqrt(of_a) + std::sqrt(of_b));
    return std::isfinite(error) ? error : 1;
}

}  // namespace

nlohmann::ordered_json evaluate_links(Backend& backend, const Problem& problem, const Network& network,
                                      std::int64_t starts) {
    const SystemSpec& system = problem.true_system();
    const SystemInfo& coordinates = problem.coordinates;
    if (coordinates.name != "double_pendulum")
        throw Error(Exit::usage, fmt::format("the protocol links is for double_pendulum, not {}", coordinates.name));
    check_system(network, coordinates);
    Draw draw;
    draw.seed = problem.seed ^ 0x6c696e6b73;  // not the states it was trained on
    draw.distribution = Distribution::normal;
    draw.low.fill(-1);
    draw.high.fill(1);
    constexpr std::int64_t slice = 1000, rows = 2 * links, instants = links_run.instants;
    std::vector<double> logarithms;  // mean over the instants, of each start
    std::int64_t diverged = 0;
    for (std::int64_t first = 0; first < starts; first += slice) {
        const std::int64_t count = std::min(slice, starts - first);
        std::vector<double> initial(rows * count), truth((instants + 1) * rows * count), learned(truth.size());
        backend.draw(draw, links, first, count, initial);
        backend.rollout(system, links_run, initial, truth);
        backend.rollout(network.models(), problem.arithmetic.solve, links_run, problem.arithmetic.network,
                        Precision::f64, initial, learned);
        for (std::int64_t s = 0; s < count; ++s) {
            double sum = 0;
            for (std::int64_t k = 1; k <= instants; ++k) {
                const auto at = [&](const std::vector<double>& path) {
                    return in_the_plane(system, path.data() + k * rows * count, count, s);
                };
                sum += std::log(std::max(relative_error(at(truth), at(learned)), 1e-16));
            }
            logarithms.push_back(sum / double(instants));
            diverged += !std::isfinite(learned[instants * rows * count + s]);
        }
    }
    const auto s = sorted(logarithms);
    return {{"protocol", "links"},
            {"system", coordinates.name},
            {"m", {system.parameters[0], system.parameters[1]}},
            {"l", {system.parameters[2], system.parameters[3]}},
            {"g", system.parameters[4]},
            {"starts", starts},
            {"t_end", links_run.dt * double(instants)},
            {"dt", links_run.dt},
            {"relative_error",
             {{"geometric_mean", std::exp(mean(s))},
              {"median", std::exp(quantile(s, 0.5))},
              {"worst", std::exp(s.back())}}},
            {"diverged", diverged},
            {"trained_on", "states and accelerations"},
            {"published_trained_on", "roll-outs, without accelerations"},
            {"published", {{"NeuralODE", 6.5e-2}, {"HNN", 1.9e-3}, {"DeLaN", 1.2e-3}, {"CLNN", 1.1e-4}}}};
}

std::string links_table(const nlohmann::ordered_json& r) {
    const auto& error = r["relative_error"];
    const auto number = [](const Json& x) { return fmt::format("{:.3g}", x.get<double>()); };
    return fmt::format(
        "links, {} starts, 3 s, g = {}: relative error {} (geometric mean; median start {}, worst {}); diverged: {}\n"
        "trained on accelerations; published, with g = 1 and trained on roll-outs without them: NeuralODE 6.5e-2, HNN "
        "1.9e-3, DeLaN 1.2e-3, constrained (CLNN) 1.1e-4\n",
        r["starts"].dump(), r["g"].dump(), number(error["geometric_mean"]), number(error["median"]),
        number(error["worst"]), r["diverged"].dump());
}

}  // namespace lnn
