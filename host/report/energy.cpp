#include <cmath>

#include "lnn/backend.hpp"
#include "problem.hpp"
#include "report/figures.hpp"
#include "report/truth_and_model.hpp"

namespace lnn {

namespace {

// the true energy along both paths
Pair energy_of(const Config& config, const Motion& motion) {
    const auto backend = make_cpu_backend({1, "auto", 0});
    const std::size_t instants = motion.instants.size(), rows = motion.along[truth].size();
    Pair energy{"energy", {}};
    for (Path path : {truth, model}) {
        std::vector<double> states, accelerations(rows / 2 * instants);
        for (const std::vector<double>& row : motion.along[path])
            states.insert(states.end(), row.begin(), row.end());
        energy.along[path].resize(instants);
        backend->accelerate(system_spec(config), states, accelerations, energy.along[path]);
    }
    return energy;
}

}  // namespace

Figure energy_figure(const Config& config, const Motions& motions) {
    const Motion& motion = motions.all[0];
    const std::vector<Pair> energy = {energy_of(config, motion)};
    const double size = std::max(std::abs(energy[0].along[truth][0]), 1e-2);
    const Frame frame = frame_of(energy, 1e-4 * size, size);
    Figure figure{
        "energy", "Energy over time",
        "The true energy along both motions: the truth keeps its own, so a departure is energy that "
        "the model gains or loses.",
        over_time(energy, motion), ""};
    if (frame.cut) figure.meaning += frame_note;
    figure.plot = "set xlabel 't / s'\nset ylabel 'energy / J'\n" + axis('y', frame.low, frame.high, 6) +
                  time_axis(motion) + "plot " + plot("energy.csv", "1:2", "1:3", motions.called) + "\n";
    return figure;
}

}  // namespace lnn
