#include "evaluation/links.hpp"

#include <algorithm>
#include <cmath>
#include <vector>

#include <fmt/format.h>

#include "evaluation/trajectories.hpp"
#include "statistics/statistics.hpp"

namespace lnn {

namespace {

// positions and velocities in the plane of the state in column `sample` of (2n, samples)
std::vector<double> in_the_plane(std::span<const double> lengths, const double* states, std::int64_t samples,
                                 std::int64_t sample) {
    std::vector<double> z;
    double x = 0, y = 0, vx = 0, vy = 0;
    for (std::size_t i = 0; i < lengths.size(); ++i) {
        const double length = lengths[i], angle = states[i * samples + sample],
                     turn = states[(lengths.size() + i) * samples + sample];
        x += length * std::sin(angle);
        y -= length * std::cos(angle);
        vx += length * std::cos(angle) * turn;
        vy += length * std::sin(angle) * turn;
        z.insert(z.end(), {x, y, vx, vy});
    }
    return z;
}

// |a - b| / (|a| + |b|); what is not finite is as far off as can be
double relative_error(const std::vector<double>& a, const std::vector<double>& b) {
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

std::vector<Published> published_links(const LinksEvaluation& e) {
    switch (e.lengths.size()) {
        case 2:
            return {{"NeuralODE", 6.5e-2}, {"HNN", 1.9e-3}, {"DeLaN", 1.2e-3}, {"CLNN", 1.1e-4}};
        case 3:
            return {{"DeLaN", 4.1e-2}};
        case 5:
            return {{"DeLaN", 3.3e-1}};
        default:
            return {};
    }
}

LinksEvaluation evaluate_links(Backend& backend, const Problem& problem, const Network& network, std::int64_t starts) {
    const SystemSpec& system = problem.true_system();
    const SystemInfo& coordinates = problem.coordinates;
    LinksEvaluation found{coordinates.name, of_each_body(problem, "m"), of_each_body(problem, "l")};
    const std::size_t links = coordinates.dof;
    if (coordinates.picture != Picture::chain || found.masses.size() != links || found.lengths.size() != links)
        throw Error(Exit::usage,
                    fmt::format("the protocol links is for chains: double_pendulum, chain_pendulum_N; not {}",
                                coordinates.name));
    check_system(network, coordinates);
    found.gravity = problem.parameters.at("g").front();
    found.starts = starts;
    Draw draw;
    draw.seed = problem.seed ^ 0x6c696e6b73;  // not the states it was trained on
    draw.distribution = Distribution::normal;
    draw.low.fill(-1);
    draw.high.fill(1);
    constexpr std::int64_t slice = 1000, instants = links_run.instants;
    const std::int64_t rows = 2 * std::int64_t(links);
    std::vector<double> logarithms;  // mean over the instants, of each start
    for (std::int64_t first = 0; first < starts; first += slice) {
        const std::int64_t count = std::min(slice, starts - first);
        std::vector<double> initial(rows * count), truth((instants + 1) * rows * count), learned(truth.size());
        backend.draw(draw, int(links), first, count, initial);
        backend.rollout(system, links_run, initial, truth);
        backend.rollout(network.models(), problem.arithmetic.solve, links_run, problem.arithmetic.network,
                        Precision::f64, initial, learned);
        for (std::int64_t s = 0; s < count; ++s) {
            double sum = 0;
            for (std::int64_t k = 1; k <= instants; ++k) {
                const auto at = [&](const std::vector<double>& path) {
                    return in_the_plane(found.lengths, path.data() + k * rows * count, count, s);
                };
                sum += std::log(std::max(relative_error(at(truth), at(learned)), 1e-16));
            }
            logarithms.push_back(sum / double(instants));
            found.diverged += !std::isfinite(learned[instants * rows * count + s]);
        }
    }
    const auto s = sorted(logarithms);
    found.geometric_mean = std::exp(mean(s));
    found.median = std::exp(quantile(s, 0.5));
    found.worst = std::exp(s.back());
    return found;
}

}  // namespace lnn
