#include "report/film.hpp"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "report/html.hpp"

namespace lnn {

namespace {

using Json = nlohmann::ordered_json;

constexpr std::size_t most_instants = 1000;  // of a motion on the page
constexpr double shortest = 8;               // s that a film lasts; briefer ones are slowed down

// five digits, as text that JSON takes as it is; null where a model has left the finite numbers
std::string list(const std::vector<double>& values, std::size_t every) {
    std::string text;
    for (std::size_t k = 0; k < values.size(); k += every)
        text += (k == 0 ? "" : ",") + (std::isfinite(values[k]) ? fmt::format("{:.5g}", values[k]) : "null");
    return "[" + text + "]";
}

template <class Columns>
std::string lists(const Columns& columns, std::size_t every) {
    std::string text;
    for (const auto& column : columns) text += (text.empty() ? "" : ",") + list(column, every);
    return "[" + text + "]";
}

std::string path_text(const Motion& motion, const std::vector<Body>& bodies, Path path, std::size_t every) {
    std::vector<std::vector<double>> x, y, q(motion.along[path]);
    q.resize(q.size() / 2);
    for (const Body& body : bodies) x.push_back(body.x[path]), y.push_back(body.y[path]);
    return fmt::format("{{\"x\":{},\"y\":{},\"q\":{}}}", lists(x, every), lists(y, every), lists(q, every));
}

// what holds all true places and the anchor: lowest and highest x, then y
std::array<double, 4> bounds_of(const Drawing& drawing, const Motions& motions) {
    double low[2] = {HUGE_VAL, HUGE_VAL}, high[2] = {-HUGE_VAL, -HUGE_VAL};
    const auto hold = [&](double value, int axis) {
        low[axis] = std::min(low[axis], value), high[axis] = std::max(high[axis], value);
    };
    if (drawing.anchor)
        for (int axis : {0, 1}) hold((*drawing.anchor)[axis], axis);
    for (const Motion& motion : motions.all)
        for (const Body& body : drawing.bodies(motion)) {
            for (double x : body.x[truth]) hold(x, 0);
            for (double y : body.y[truth]) hold(y, 1);
        }
    const double longest = std::max({high[0] - low[0], high[1] - low[1], 1e-6});
    for (int axis : {0, 1}) {
        const double middle = 0.5 * (low[axis] + high[axis]);
        const double half = 0.5 * std::max(high[axis] - low[axis], 0.4 * longest) + 0.12 * longest;
        low[axis] = middle - half, high[axis] = middle + half;
    }
    return {low[0], high[0], low[1], high[1]};
}

std::string data(const Drawing& drawing, const Motions& motions) {
    Json coordinates;
    for (std::size_t i = 0; i < motions.names.size(); ++i)
        coordinates.push_back({{"name", motions.names[i]}, {"unit", motions.units[i]}});
    std::string axes = coordinates.dump(-1, ' ', false, Json::error_handler_t::replace);
    // nothing in a script may look like its end
    for (std::size_t at; (at = axes.find('<')) != axes.npos;) axes.replace(at, 1, "\\u003c");
    std::string all;
    for (const Motion& motion : motions.all) {
        const std::size_t every = (motion.instants.size() + most_instants - 1) / most_instants;
        const std::vector<Body> bodies = drawing.bodies(motion);
        all += fmt::format("{}{{\"t\":{},\"truth\":{},\"model\":{}}}", all.empty() ? "" : ",\n",
                           list(motion.instants, every), path_text(motion, bodies, truth, every),
                           path_text(motion, bodies, model, every));
    }
    const auto [left, right, bottom, top] = bounds_of(drawing, motions);
    return fmt::format(
        "{{\"link\":\"{}\",\"anchor\":{},\"frame\":[{:.5g},{:.5g},{:.5g},{:.5g}],\"coordinates\":{},\n"
        "\"motions\":[{}]}}",
        drawing.link(),
        drawing.anchor ? fmt::format("[{:.5g},{:.5g}]", (*drawing.anchor)[0], (*drawing.anchor)[1]) : "null", left,
        right, bottom, top, axes, all);
}

}  // namespace

std::string film(const Drawing& drawing, const Motions& motions) {
    std::string choices, panels;
    for (const Motion& motion : motions.all) choices += fmt::format("<option>{}</option>", escape(motion.label));
    for (std::size_t i = 0; i < motions.names.size(); ++i)
        panels += fmt::format(
            "<div class=\"panel\"><p><b>{0}</b> <span class=\"truth\"></span> <span class=\"model\"></span> "
            "<span class=\"error\"></span></p>\n"
            "<svg viewBox=\"0 0 100 100\" preserveAspectRatio=\"none\" role=\"img\" aria-label=\"{0} over "
            "time\"></svg></div>\n",
            escape(motions.names[i]));
    double seconds = 0;
    for (const Motion& motion : motions.all) seconds = std::max(seconds, motion.instants.back());
    const double slowed = seconds > 0 ? std::max(1.0, shortest / seconds) : 1;
    const std::string pace = slowed > 1 ? fmt::format("slowed {:.3g} times", slowed) : std::string("in real time");
    return fmt::format(
        "<figure class=\"film\" id=\"film\" data-slowed=\"{:.5g}\">\n"
        "<div class=\"legend\"><span class=\"truth\">{}</span><span class=\"model\">model</span>"
        "<select aria-label=\"start\">{}</select></div>\n"
        "<div class=\"scene\"><svg class=\"stage\" role=\"img\" "
        "aria-label=\"the bodies, true and predicted\"></svg>\n"
        "<div class=\"panels\">\n{}</div></div>\n"
        "<div class=\"controls\"><button type=\"button\">Play</button>"
        "<input type=\"range\" min=\"0\" max=\"1\" step=\"any\" value=\"0\" aria-label=\"time\">"
        "<output></output></div>\n"
        "<figcaption>The same start, {} and predicted, {}; "
        "angles are unwrapped, errors are those of the moment. Space plays and pauses, the arrows step.</figcaption>\n"
        "<noscript>The film needs scripts, which this page carries but the browser does not run.</noscript>\n"
        "<script type=\"application/json\">{}</script>\n</figure>\n",
        slowed, motions.called, choices, panels, motions.called == "truth" ? "true" : motions.called, pace,
        data(drawing, motions));
}

}  // namespace lnn
