#include <algorithm>
#include <array>
#include <cmath>
#include <span>

#include <fmt/format.h>

#include "lnn/backend.hpp"
#include "problem.hpp"
#include "report/figures.hpp"

namespace lnn {

namespace {

using Column = std::vector<double>;

// what truth and model share: one sample, one meaning of colours
constexpr std::size_t shown = 0;
constexpr const char* truth_style = "with lines linewidth 3.5 linecolor rgb '#3b82c4'";
constexpr const char* model_style = "with lines linewidth 1.75 dashtype (6,4) linecolor rgb '#d9731a'";
constexpr const char* frame_note = " The model leaves the frame.";

// a quantity along the truth and along the model, over the instants
struct Pair {
    std::string name;
    std::array<Column, 2> along;  // Samples::truth, Samples::model
};

Pair row_of(const Samples& s, std::string name, std::size_t row) {
    Pair pair{std::move(name), {}};
    for (Samples::Path path : {Samples::truth, Samples::model})
        for (std::size_t k = 0; k < s.instants; ++k) pair.along[path].push_back(s.at(path, shown, k, row));
    return pair;
}

// the truth fills the frame, `smallest` wide at least; a model that runs away widens it by `reach` to each
// side (0: as wide again), no further
struct Frame {
    double low, high;
    bool cut;  // the model goes beyond it
};

Frame frame_of(std::span<const Pair> pairs, double smallest, double reach = 0) {
    double low = HUGE_VAL, high = -HUGE_VAL, model_low = HUGE_VAL, model_high = -HUGE_VAL;
    bool finite = true;
    for (const Pair& pair : pairs) {
        for (double x : pair.along[Samples::truth]) low = std::min(low, x), high = std::max(high, x);
        for (double x : pair.along[Samples::model]) {
            model_low = std::min(model_low, x), model_high = std::max(model_high, x);
            finite = finite && std::isfinite(x);
        }
    }
    const double span = std::max(high - low, smallest), middle = 0.5 * (low + high);
    low = middle - 0.5 * span, high = middle + 0.5 * span;
    const double least = low - (reach > 0 ? reach : span), most = high + (reach > 0 ? reach : span);
    const bool cut = !finite || model_low < least || model_high > most;
    low = std::max(std::min(low, model_low), least);
    high = std::min(std::max(high, model_high), most);
    const double margin = 0.05 * (high - low);
    return {low - margin, high + margin, cut};
}

// t, then truth and model of each quantity
std::string over_time(std::span<const Pair> pairs, double dt) {
    std::string csv = "t";
    for (const Pair& pair : pairs) csv += fmt::format(",{0} truth,{0} model", pair.name);
    for (std::size_t k = 0; k < pairs[0].along[0].size(); ++k) {
        csv += "\n" + value_text(double(k) * dt);
        for (const Pair& pair : pairs)
            csv += fmt::format(",{},{}", value_text(pair.along[0][k]), value_text(pair.along[1][k]));
    }
    return csv + "\n";
}

// "plot" of columns x:y of the truth and of the model
std::string plot(const std::string& file, std::string_view truth, std::string_view model,
                 bool titled = true) {
    return fmt::format("'{0}' using {1} {2} title '{3}', \\\n     '{0}' using {4} {5} title '{6}'", file,
                       truth, truth_style, titled ? "truth" : "", model, model_style, titled ? "model" : "");
}

std::string time_axis(const Config& config, const Samples& s) {
    return axis('x', 0, double(s.instants - 1) * config.eval.dt, 6);
}

std::string unit(const SystemInfo& system, std::size_t i) { return system.angles >> i & 1 ? "rad" : "m"; }

// the true energy of both motions
Pair energy_of(const Config& config, const Samples& s) {
    const auto backend = make_cpu_backend({1, "auto", 0});
    Pair energy{"energy", {}};
    for (Samples::Path path : {Samples::truth, Samples::model}) {
        Column states(2 * s.dof * s.instants), accelerations(s.dof * s.instants);
        for (std::size_t row = 0; row < 2 * s.dof; ++row)
            for (std::size_t k = 0; k < s.instants; ++k)
                states[row * s.instants + k] = s.at(path, shown, k, row);
        energy.along[path].resize(s.instants);
        backend->accelerate(system_spec(config), states, accelerations, energy.along[path]);
    }
    return energy;
}

// places in the plane of the bodies of a system, x and y of each in turn; nothing where the coordinates are
// not places
std::vector<Pair> places_of(const Config& config, const Samples& s) {
    const SystemInfo& system = system_info(system_spec(config));
    const auto l = config.system.parameters.find("l");
    const bool chain = system.angles == (1u << system.dof) - 1 && l != config.system.parameters.end() &&
                       l->second.size() == s.dof;
    const bool polar = system.coordinates == std::vector<std::string>{"r", "theta"};
    std::vector<Pair> places;
    if (chain)  // rods, each hanging from the end of the one before
        for (std::size_t i = 0; i < s.dof; ++i) {
            const Pair angle = row_of(s, "", i);
            Pair x{fmt::format("x{}", i + 1), {}}, y{fmt::format("y{}", i + 1), {}};
            for (int path : {0, 1})
                for (std::size_t k = 0; k < s.instants; ++k) {
                    const double theta = angle.along[path][k], length = l->second[i];
                    const double from_x = i == 0 ? 0 : places[2 * i - 2].along[path][k];
                    const double from_y = i == 0 ? 0 : places[2 * i - 1].along[path][k];
                    x.along[path].push_back(from_x + length * std::sin(theta));
                    y.along[path].push_back(from_y - length * std::cos(theta));
                }
            places.push_back(std::move(x));
            places.push_back(std::move(y));
        }
    if (polar) {
        const Pair r = row_of(s, "", 0), theta = row_of(s, "", 1);
        places = {{"x", {}}, {"y", {}}};
        for (int path : {0, 1})
            for (std::size_t k = 0; k < s.instants; ++k) {
                places[0].along[path].push_back(r.along[path][k] * std::sin(theta.along[path][k]));
                places[1].along[path].push_back(-r.along[path][k] * std::cos(theta.along[path][k]));
            }
    }
    return places;
}

Figure energy_figure(const Config& config, const Samples& s) {
    const std::vector<Pair> energy = {energy_of(config, s)};
    const double size = std::max(std::abs(energy[0].along[Samples::truth][0]), 1e-2);
    const Frame frame = frame_of(energy, 1e-4 * size, size);
    Figure figure{"energy", "Energy over time",
                  "The true energy along both motions: the truth keeps its own, so a departure is energy "
                  "that the model "
                  "gains or loses.",
                  over_time(energy, config.eval.dt), ""};
    if (frame.cut) figure.meaning += frame_note;
    figure.plot = "set xlabel 't / s'\nset ylabel 'energy / J'\n" + axis('y', frame.low, frame.high, 6) +
                  time_axis(config, s) + "plot " + plot("energy.csv", "1:2", "1:3") + "\n";
    return figure;
}

Figure places_figure(const Config& config, const Samples& s, const std::vector<Pair>& places) {
    std::vector<Pair> xs, ys;
    for (std::size_t i = 0; i < places.size(); i += 2) xs.push_back(places[i]), ys.push_back(places[i + 1]);
    // the pivot is part of the picture
    ys[0].along[Samples::truth].push_back(0);
    xs[0].along[Samples::truth].push_back(0);
    const double smallest = 0.5 * std::max(frame_of(xs, 1e-3).high - frame_of(xs, 1e-3).low,
                                           frame_of(ys, 1e-3).high - frame_of(ys, 1e-3).low);
    const Frame x = frame_of(xs, smallest), y = frame_of(ys, smallest);
    const std::size_t bodies = xs.size();
    Figure figure{"motion",
                  "Motion in the plane",
                  fmt::format("{} of the truth and of the model over {:.4g} s from the same start (dots); "
                              "the cross is the pivot.",
                              bodies > 1 ? "The paths of the bobs" : "The path",
                              double(s.instants - 1) * config.eval.dt),
                  over_time(places, config.eval.dt),
                  "",
                  540,
                  460};
    if (x.cut || y.cut) figure.meaning += frame_note;
    const double longest = std::max(x.high - x.low, y.high - y.low);
    const auto equal = [&](char name, const Frame& f) {  // the same steps on both
        return axis(name, f.low, f.high, std::max(1, int(std::lround(8 * (f.high - f.low) / longest))));
    };
    figure.plot = "set xlabel 'x / m'\nset ylabel 'y / m'\nset size ratio -1\n" + equal('x', x) +
                  equal('y', y) + "set label '+' at 0,0 center\n";
    std::string lines;
    for (std::size_t i = 0; i < bodies; ++i) {
        figure.plot += fmt::format(
            "set object circle at {},{} size {:.6g} front fillstyle solid noborder fillcolor rgb '#3b82c4'\n",
            value_text(xs[i].along[Samples::truth][0]), value_text(ys[i].along[Samples::truth][0]),
            0.012 * longest);
        lines += (i == 0 ? "plot " : ", \\\n     ") +
                 plot("motion.csv", fmt::format("{}:{}", 4 * i + 2, 4 * i + 4),
                      fmt::format("{}:{}", 4 * i + 3, 4 * i + 5), i == 0);
    }
    figure.plot += lines + "\n";
    return figure;
}

// a panel below the other for each of `count`; the legend stands above the first
template <class Panel>
void stack(Figure& figure, std::size_t count, Panel panel) {
    figure.height = int(60 + 200 * count);
    figure.plot = fmt::format("set multiplot layout {},1\n", count);
    for (std::size_t i = 0; i < count; ++i) figure.plot += panel(i) + (i == 0 ? "unset key\n" : "");
    figure.plot += "unset multiplot\n";
}

Figure coordinates_figure(const Config& config, const Samples& s, const SystemInfo& system) {
    std::vector<Pair> pairs;
    for (std::size_t i = 0; i < s.dof; ++i) pairs.push_back(row_of(s, system.coordinates[i], i));
    Figure figure{"coordinates", "Coordinates over time",
                  "Each coordinate from the same start, angles unwrapped: where the dashed line leaves the "
                  "solid one, the "
                  "prediction no longer holds.",
                  over_time(pairs, config.eval.dt), ""};
    stack(figure, s.dof, [&](std::size_t i) {
        const Frame frame = frame_of(std::span(&pairs[i], 1), 1e-6);
        if (frame.cut && !figure.meaning.ends_with(frame_note)) figure.meaning += frame_note;
        return fmt::format(
            "set xlabel '{}'\nset ylabel '{} / {}' noenhanced\n{}{}plot {}\n", i + 1 == s.dof ? "t / s" : "",
            pairs[i].name, unit(system, i), time_axis(config, s), axis('y', frame.low, frame.high, 5),
            plot("coordinates.csv", fmt::format("1:{}", 2 * i + 2), fmt::format("1:{}", 2 * i + 3)));
    });
    return figure;
}

// for coordinates that are not places
Figure phase_figure(const Config& config, const Samples& s, const SystemInfo& system) {
    std::vector<Pair> pairs;
    for (std::size_t i = 0; i < s.dof; ++i) {
        pairs.push_back(row_of(s, system.coordinates[i], i));
        pairs.push_back(row_of(s, system.coordinates[i] + " velocity", s.dof + i));
    }
    Figure figure{"motion", "Motion in phase space",
                  "Velocity against coordinate, from the same start: a motion without friction that repeats "
                  "is a closed curve.",
                  over_time(pairs, config.eval.dt), ""};
    stack(figure, s.dof, [&](std::size_t i) {
        const Frame x = frame_of(std::span(&pairs[2 * i], 1), 1e-6),
                    y = frame_of(std::span(&pairs[2 * i + 1], 1), 1e-6);
        if ((x.cut || y.cut) && !figure.meaning.ends_with(frame_note)) figure.meaning += frame_note;
        return fmt::format(
            "set xlabel '{0} / {1}' noenhanced\nset ylabel '{0} velocity / ({1}/s)' noenhanced\n{2}{3}plot "
            "{4}\n",
            system.coordinates[i], unit(system, i), axis('x', x.low, x.high, 6), axis('y', y.low, y.high, 5),
            plot("motion.csv", fmt::format("{}:{}", 4 * i + 2, 4 * i + 4),
                 fmt::format("{}:{}", 4 * i + 3, 4 * i + 5)));
    });
    return figure;
}

}  // namespace

std::vector<Figure> motion(const Part<Config>& config, const Part<Samples>& samples,
                           std::vector<std::string>& left_out) {
    if (!config || !samples) {
        left_out.push_back("Motion and energy: " + samples.reason);
        return {};
    }
    for (std::size_t k = 0; k < samples->instants; ++k)
        for (std::size_t row = 0; row < 2 * samples->dof; ++row)
            if (!std::isfinite(samples->at(Samples::truth, shown, k, row))) {
                left_out.push_back(
                    fmt::format("Motion and energy: the true motion itself is not finite at instant {}", k));
                return {};
            }
    const SystemInfo& system = system_info(system_spec(*config));
    const std::vector<Pair> places = places_of(*config, *samples);
    return {
        coordinates_figure(*config, *samples, system),
        places.empty() ? phase_figure(*config, *samples, system) : places_figure(*config, *samples, places),
        energy_figure(*config, *samples)};
}

}  // namespace lnn
