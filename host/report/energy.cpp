#include <cmath>

#include <fmt/format.h>

#include "lnn/backend.hpp"
#include "report/figures.hpp"
#include "report/truth_and_model.hpp"
#include "settings/catalog.hpp"
#include "statistics/statistics.hpp"

namespace lnn {

namespace {

// the true energy along both paths
Pair energy_of(const SystemSpec& system, const Motion& motion) {
    const auto backend = make_cpu_backend({1, "auto", 0});
    const std::size_t instants = motion.instants.size(), rows = motion.along[truth].size();
    Pair energy{"energy", {}};
    for (Path path : {truth, model}) {
        std::vector<double> states, accelerations(rows / 2 * instants);
        for (const std::vector<double>& row : motion.along[path]) states.insert(states.end(), row.begin(), row.end());
        energy.along[path].resize(instants);
        backend->accelerate(system, states, accelerations, energy.along[path]);
    }
    return energy;
}

// the network's own energy along the truth
std::vector<double> learned_energy(const Network& network, const Motion& motion) {
    const auto backend = make_cpu_backend({1, "auto", 0});
    std::vector<double> states, accelerations(motion.instants.size() * network.spec.dof),
        energy(motion.instants.size());
    for (const std::vector<double>& row : motion.along[truth]) states.insert(states.end(), row.begin(), row.end());
    backend->accelerate(network.models(), {}, Precision::f64, states, accelerations, energy, {});
    return energy;
}

// y = scale x + offset by least squares
struct Line {
    double scale, offset;
};
Line fitted(const std::vector<double>& x, const std::vector<double>& y) {
    const double mean_x = mean(x), mean_y = mean(y);
    double xx = 0, xy = 0;
    for (std::size_t i = 0; i < x.size(); ++i) {
        xx += (x[i] - mean_x) * (x[i] - mean_x);
        xy += (x[i] - mean_x) * (y[i] - mean_y);
    }
    return {xy / xx, mean_y - xy / xx * mean_x};
}

// Equations of motion leave the scale and the offset of an energy open: both are set by all motions together, where
// there is a fit, and the learned energy joins the figure.
void add_learned(Figure& figure, const SystemSpec& system, const Motions& motions, const Network& network) {
    std::vector<double> learned, real;
    for (const Motion& motion : motions.all) {
        const auto own = learned_energy(network, motion);
        const auto others = energy_of(system, motion).along[truth];
        learned.insert(learned.end(), own.begin(), own.end());
        real.insert(real.end(), others.begin(), others.end());
    }
    const Line line = fitted(learned, real);
    if (!std::isfinite(line.scale) || !std::isfinite(line.offset)) return;
    std::string csv, rest = figure.csv;
    for (std::size_t k = 0; !rest.empty(); ++k) {
        const std::size_t end = rest.find('\n');
        csv += rest.substr(0, end) +
               (k == 0 ? ",learned energy" : "," + value_text(line.scale * learned[k - 1] + line.offset)) + "\n";
        rest.erase(0, end + 1);
    }
    figure.csv = std::move(csv);
    figure.meaning += fmt::format(
        " Learned: the energy that the network itself has along the truth, times {:.3g} plus {:.3g} J. Motion "
        "leaves both open; they are fitted to {} motion{}.",
        line.scale, line.offset, motions.all.size(), motions.all.size() == 1 ? "" : "s");
    figure.plot.pop_back();
    figure.plot +=
        ", \\\n     'energy.csv' using 1:4 with lines linewidth 1.5 linecolor rgb '#5b5b5b' title 'learned'\n";
}

}  // namespace

Figure energy_figure(const SystemSpec& system, const Motions& motions, const Network* network) {
    const Motion& motion = motions.all[0];
    const std::vector<Pair> energy = {energy_of(system, motion)};
    const double size = std::max(std::abs(energy[0].along[truth][0]), 1e-2);
    const Frame frame = frame_of(energy, 1e-4 * size, size);
    Figure figure{"energy", "Energy over time",
                  "The true energy along both motions: the truth keeps its own, so a departure is energy that "
                  "the model gains or loses.",
                  over_time(energy, motion), ""};
    if (frame.cut) figure.meaning += frame_note;
    figure.plot = "set xlabel 't / s'\nset ylabel 'energy / J'\n" + axis('y', frame.low, frame.high, 6) +
                  time_axis(motion) + "plot " + plot("energy.csv", "1:2", "1:3", motions.called) + "\n";
    if (network && models()[network->spec.kind].lagrangian && network->spec.dof == system.dof)
        add_learned(figure, system, motions, *network);
    return figure;
}

}  // namespace lnn
