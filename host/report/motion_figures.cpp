#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "report/figures.hpp"
#include "report/truth_and_model.hpp"

namespace lnn {

namespace {

Pair row_of(const Motion& motion, std::string name, std::size_t row) {
    return {std::move(name), {motion.along[truth][row], motion.along[model][row]}};
}

// the paths of the bodies; what moves on a line only has none to show
std::optional<Figure> places_figure(const Drawing& drawing, const Motions& motions, const Motion& motion) {
    if (drawing.kind == Picture::slider || (drawing.kind == Picture::points && !drawing.second)) return {};
    std::vector<Pair> places, xs, ys;
    for (const Body& body : drawing.bodies(motion)) {
        const std::size_t number = xs.size() + 1;
        places.push_back(xs.emplace_back(Pair{fmt::format("x{}", number), body.x}));
        places.push_back(ys.emplace_back(Pair{fmt::format("y{}", number), body.y}));
    }
    if (drawing.anchor) {  // part of the picture
        xs[0].along[truth].push_back((*drawing.anchor)[0]);
        ys[0].along[truth].push_back((*drawing.anchor)[1]);
    }
    const double smallest = 0.5 * std::max(frame_of(xs, 1e-3).high - frame_of(xs, 1e-3).low,
                                           frame_of(ys, 1e-3).high - frame_of(ys, 1e-3).low);
    const Frame x = frame_of(xs, smallest), y = frame_of(ys, smallest);
    const std::size_t bodies = xs.size();
    Figure figure{"motion", "Motion in the plane",
                  fmt::format("{}, {} and predicted, over {:.4g} s from the same start (dots){}{}.",
                              bodies > 1 ? "The paths of the bobs" : "The path",
                              motions.called == "truth" ? "true" : motions.called, motion.instants.back(),
                              drawing.anchor ? "; the cross is the pivot" : "",
                              drawing.unit == "rod" ? "; rods are drawn of equal length" : ""),
                  over_time(places, motion), ""};
    if (x.cut || y.cut) figure.meaning += frame_note;
    const double longest = std::max(x.high - x.low, y.high - y.low);
    const auto equal = [&](char name, const Frame& f) {  // the same steps on both
        return axis(name, f.low, f.high, std::max(1, int(std::lround(8 * (f.high - f.low) / longest))));
    };
    figure.plot = fmt::format("set xlabel 'x / {0}'\nset ylabel 'y / {0}'\nset size ratio -1\n", drawing.unit) +
                  equal('x', x) + equal('y', y);
    if (drawing.anchor)
        figure.plot += fmt::format("set label '+' at {},{} center front\n", (*drawing.anchor)[0], (*drawing.anchor)[1]);
    std::string lines;
    for (std::size_t i = 0; i < bodies; ++i) {
        figure.plot += fmt::format(
            "set object circle at {},{} size {:.6g} front fillstyle solid noborder fillcolor rgb '#3b82c4'\n",
            value_text(xs[i].along[truth][0]), value_text(ys[i].along[truth][0]), 0.012 * longest);
        lines += (i == 0 ? "plot " : ", \\\n     ") + plot("motion.csv", fmt::format("{}:{}", 4 * i + 2, 4 * i + 4),
                                                           fmt::format("{}:{}", 4 * i + 3, 4 * i + 5),
                                                           i == 0 ? motions.called : "");
    }
    figure.plot += lines + "\n";
    return figure;
}

// a panel below the other for each of `count`; the legend stands above the first
template <class Panel>
void stack(Figure& figure, std::size_t count, Panel panel) {
    figure.height = std::max(figure.height, int(60 + 190 * count));
    figure.plot = fmt::format("set multiplot layout {},1\n", count);
    for (std::size_t i = 0; i < count; ++i) figure.plot += panel(i) + (i == 0 ? "unset key\n" : "");
    figure.plot += "unset multiplot\n";
}

Figure coordinates_figure(const Motions& motions, const Motion& motion) {
    const std::size_t dof = motions.names.size();
    std::vector<Pair> pairs;
    for (std::size_t i = 0; i < dof; ++i) pairs.push_back(row_of(motion, motions.names[i], i));
    Figure figure{"coordinates", "Coordinates over time",
                  "Each coordinate from the same start, angles unwrapped: where the dashed line leaves the "
                  "solid one, the prediction no longer holds.",
                  over_time(pairs, motion), ""};
    stack(figure, dof, [&](std::size_t i) {
        const Frame frame = frame_of(std::span(&pairs[i], 1), 1e-6);
        if (frame.cut && !figure.meaning.ends_with(frame_note)) figure.meaning += frame_note;
        return fmt::format(
            "set xlabel '{}'\nset ylabel '{} / {}' noenhanced\n{}{}plot {}\n", i + 1 == dof ? "t / s" : "",
            pairs[i].name, motions.units[i], time_axis(motion), axis('y', frame.low, frame.high, 5),
            plot("coordinates.csv", fmt::format("1:{}", 2 * i + 2), fmt::format("1:{}", 2 * i + 3), motions.called));
    });
    return figure;
}

Figure phase_figure(const Motions& motions, const Motion& motion) {
    const std::size_t dof = motions.names.size();
    std::vector<Pair> pairs;
    for (std::size_t i = 0; i < dof; ++i) {
        pairs.push_back(row_of(motion, motions.names[i], i));
        pairs.push_back(row_of(motion, motions.names[i] + " velocity", dof + i));
    }
    Figure figure{"phase", "Motion in phase space",
                  "Velocity against coordinate, from the same start: a motion without friction that repeats "
                  "is a closed curve.",
                  over_time(pairs, motion), ""};
    stack(figure, dof, [&](std::size_t i) {
        const Frame x = frame_of(std::span(&pairs[2 * i], 1), 1e-6),
                    y = frame_of(std::span(&pairs[2 * i + 1], 1), 1e-6);
        if ((x.cut || y.cut) && !figure.meaning.ends_with(frame_note)) figure.meaning += frame_note;
        return fmt::format(
            "set xlabel '{0} / {1}' noenhanced\nset ylabel 'velocity / ({1}/s)' noenhanced\n{2}{3}plot "
            "{4}\n",
            motions.names[i], motions.units[i], axis('x', x.low, x.high, 6), axis('y', y.low, y.high, 5),
            plot("phase.csv", fmt::format("{}:{}", 4 * i + 2, 4 * i + 4), fmt::format("{}:{}", 4 * i + 3, 4 * i + 5),
                 motions.called));
    });
    return figure;
}

}  // namespace

std::vector<Figure> motion_figures(const Drawing& drawing, const Motions& motions) {
    const Motion& shown = motions.all[0];
    std::vector<Figure> figures;
    if (auto places = places_figure(drawing, motions, shown)) figures.push_back(std::move(*places));
    figures.push_back(coordinates_figure(motions, shown));
    figures.push_back(phase_figure(motions, shown));
    return figures;
}

}  // namespace lnn
