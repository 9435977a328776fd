#include "files/segments.hpp"

#include <algorithm>
#include <numeric>

#include "statistics/statistics.hpp"

namespace lnn {

namespace {

// rows of an array of any width; nothing of one that is not there
template <class T>
std::vector<T> picked(const std::vector<T>& from, std::size_t samples, const std::vector<std::size_t>& rows) {
    std::vector<T> to;
    if (from.empty()) return to;
    const std::size_t width = from.size() / samples;
    to.reserve(rows.size() * width);
    for (const std::size_t row : rows)
        to.insert(to.end(), from.begin() + row * width, from.begin() + (row + 1) * width);
    return to;
}

}  // namespace

const std::vector<std::int64_t>& motions(const Dataset& data) {
    return data.trial.empty() ? data.trajectory : data.trial;
}

Dataset rows_of(const Dataset& data, const std::vector<std::size_t>& rows) {
    Dataset some;
    some.dof = data.dof;
    some.samples = rows.size();
    some.angles = data.angles;
    some.q = picked(data.q, data.samples, rows);
    some.v = picked(data.v, data.samples, rows);
    some.a = picked(data.a, data.samples, rows);
    some.t = picked(data.t, data.samples, rows);
    some.trajectory = picked(data.trajectory, data.samples, rows);
    some.trial = picked(data.trial, data.samples, rows);
    return some;
}

std::vector<std::size_t> gather_motions(Dataset& data) {
    std::vector<std::size_t> order(data.samples);
    std::iota(order.begin(), order.end(), 0);
    const std::vector<std::int64_t>& of = motions(data);
    if (std::is_sorted(of.begin(), of.end())) return order;
    std::stable_sort(order.begin(), order.end(), [&](std::size_t x, std::size_t y) { return of[x] < of[y]; });
    data = rows_of(data, order);
    return order;
}

std::vector<Stretch> motions_of(const Dataset& data) {
    const std::vector<std::int64_t>& of = motions(data);
    std::vector<Stretch> found;
    for (std::size_t row = 0; row < data.samples; ++row) {
        if (row == 0 || (!of.empty() && of[row] != of[row - 1])) found.push_back({row, row});
        found.back().last = row + 1;
    }
    return found;
}

std::vector<Stretch> segments_of(const Dataset& data, const Stretch& motion, double gap) {
    std::vector<double> steps;
    for (std::size_t row = motion.first + 1; row < motion.last; ++row) steps.push_back(data.t[row] - data.t[row - 1]);
    const double longest = steps.empty() ? 0 : gap * quantile(sorted(steps), 0.5);
    std::vector<Stretch> segments = {{motion.first, motion.first + 1}};
    for (std::size_t row = motion.first + 1; row < motion.last; ++row) {
        if (steps[row - motion.first - 1] > longest) segments.push_back({row, row});
        segments.back().last = row + 1;
    }
    return segments;
}

std::pair<Dataset, Dataset> hold_out(const Dataset& data, double share, HeldOut where) {
    std::vector<std::size_t> learned, held_out;
    double end = double(data.samples - 1), start = 0;
    if (!data.t.empty()) {
        const auto [low, high] = std::minmax_element(data.t.begin(), data.t.end());
        start = *low, end = *high;
    }
    const double span = share * (end - start);
    for (std::size_t row = 0; row < data.samples; ++row) {
        const double time = data.t.empty() ? double(row) : data.t[row];
        const bool out = where == HeldOut::end ? time > end - span : time < start + span;
        (share > 0 && out ? held_out : learned).push_back(row);
    }
    return {rows_of(data, learned), rows_of(data, held_out)};
}

}  // namespace lnn
