#include "evaluation/box.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>

#include "evaluation/trajectories.hpp"

namespace lnn {

BoxEvaluation evaluate_box(Backend& backend, const Problem& problem, const Network& network, std::int64_t states) {
    const SystemSpec& spec = problem.true_system();
    const SystemInfo& system = problem.coordinates;
    check_system(network, system);
    const int n = spec.dof;
    const Draw draw = [&] {
        Draw d = pendulum_draw(system, 2 * std::numbers::pi, 10);
        d.seed = problem.seed ^ 0x626f78;  // not the states it was trained on
        return d;
    }();
    constexpr std::int64_t slice = 8192;
    std::vector<double> errors, sizes;
    for (std::int64_t first = 0; first < states; first += slice) {
        const std::int64_t count = std::min(slice, states - first);
        std::vector<double> x(2 * n * count), truth(n * count), learned(n * count);
        backend.draw(draw, n, first, count, x);
        backend.accelerate(spec, x, truth, {});
        backend.accelerate(network.models(), problem.arithmetic.solve, problem.arithmetic.network, x, learned, {}, {});
        for (std::int64_t s = 0; s < count; ++s) {
            double error = 0, size = 0;
            for (int i = 0; i < n; ++i) {
                error += std::abs(learned[i * count + s] - truth[i * count + s]);
                size += std::abs(truth[i * count + s]);
            }
            errors.push_back(error);
            sizes.push_back(size);
        }
    }
    const std::int64_t bad = std::count_if(errors.begin(), errors.end(), [](double e) { return !std::isfinite(e); });
    return {system.name, states, quantiles(errors), mean(sizes), bad, {}};
}

}  // namespace lnn
