#include "evaluation/links.hpp"

#include <algorithm>
#include <cmath>
#include <vector>

#include <fmt/format.h>

#include "evaluation/trajectories.hpp"
#include "statistics/statistics.hpp"

namespace lnn {

namespace {

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

LinksEvaluation evaluate_links(Backend& backend, const Problem& problem, const Network& network, std::int64_t starts) {
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
    return {system, starts, std::exp(mean(s)), std::exp(quantile(s, 0.5)), std::exp(s.back()), diverged};
}

}  // namespace lnn
