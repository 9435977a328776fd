#include "files/measured.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numbers>
#include <span>

#include "files/columns.hpp"
#include "files/lines.hpp"
#include "files/memory.hpp"
#include "files/segments.hpp"
#include "files/table.hpp"
#include "lnn/error.hpp"
#include "lnn/spec.hpp"

namespace lnn {

namespace {

constexpr double pi = std::numbers::pi;

Table read_table(Lines& file, const Choose& choose) {
    return is_npz(file) ? read_npz_table(file.rest(), file.where(), choose) : read_text_table(file, choose);
}

void check_times(const Table& table, const Dataset& data, const std::vector<std::size_t>& rows, const Stretch& motion) {
    for (std::size_t row = motion.first + 1; row < motion.last; ++row) {
        const double step = data.t[row] - data.t[row - 1];
        if (step > 0) continue;
        throw Error(
            Exit::file,
            fmt::format("{}: time {} {}; sort the rows, remove the repeated ones, or number the trials in a "
                        "column 'trajectory'",
                        table.place(rows[row]), data.t[row],
                        step == 0 ? "comes a second time"
                                  : fmt::format("comes after {} of {}", data.t[row - 1], table.place(rows[row - 1]))));
    }
}

// whole turns between neighbours that are more than half a turn apart are taken back; returns how many there were
std::size_t unwrap(Dataset& data, const Stretch& segment, std::size_t coordinate, bool change) {
    std::size_t jumps = 0;
    double turns = 0, before = data.q[segment.first * std::size_t(data.dof) + coordinate];
    for (std::size_t row = segment.first + 1; row < segment.last; ++row) {
        double& angle = data.q[row * std::size_t(data.dof) + coordinate];
        const double recorded = angle;
        if (std::abs(recorded - before) > pi) {
            turns -= std::round((recorded - before) / (2 * pi));
            ++jumps;
        }
        if (change) angle += 2 * pi * turns;
        before = recorded;
    }
    return jumps;
}

void require_columns(const Table& table, const Columns& columns, const Measurement& how) {
    const int dof = static_cast<int>(columns.q.size());
    if (dof > max_dof)
        throw Error(
            Exit::file,
            fmt::format("{}: {} coordinates q1, ...; models have up to {} degrees of freedom; choose columns by "
                        "--columns",
                        table.header_place(), dof, max_dof));
    if (how.dof && dof != *how.dof)
        throw Error(Exit::file,
                    fmt::format("{}: {} coordinates q1, ..., but the system has {}; tell the right columns by "
                                "--columns, or another system",
                                table.header_place(), dof, *how.dof));
    for (const int number : how.angles.value_or(std::vector<int>{}))
        if (number > dof)
            throw Error(Exit::file, fmt::format("{}: no q{} that --angles could name: there are {} coordinates",
                                                table.header_place(), number, dof));
    const bool derive = columns.v.empty() || columns.a.empty();
    if (derive && !columns.t)
        throw Error(Exit::file,
                    fmt::format("{}: no column of times, by which {} could be derived; name it t, or tell it "
                                "by --columns t=NAME",
                                table.header_place(), columns.v.empty() ? "velocities" : "accelerations"));
}

// [false, true, ...]: which coordinates are angles
std::vector<bool> angles_of(const Columns& columns, const Measurement& how) {
    std::vector<bool> angles(columns.q.size(), columns.angles && !how.angles);
    for (const int number : how.angles.value_or(std::vector<int>{})) angles[std::size_t(number) - 1] = true;
    if (how.degrees && std::find(angles.begin(), angles.end(), true) == angles.end())
        throw Error(Exit::usage, "--degrees: which coordinates are angles? say it by --angles q1,...");
    return angles;
}

// the rows of these segments alone, each a trajectory of its own
void keep(Dataset& data, const std::vector<Stretch>& segments) {
    std::vector<std::size_t> rows;
    std::vector<std::int64_t> numbers;
    for (std::size_t s = 0; s < segments.size(); ++s)
        for (std::size_t row = segments[s].first; row < segments[s].last; ++row) {
            rows.push_back(row);
            numbers.push_back(std::int64_t(s));
        }
    data = rows_of(data, rows);
    data.trajectory = std::move(numbers);
}

// `out` becomes the derivative of `from`, segment by segment
void derive(const Dataset& data, const std::vector<double>& from, SavitzkyGolay filter, int derivative,
            std::vector<double>& out) {
    out.resize(from.size());
    const std::size_t n = std::size_t(data.dof);
    for (std::size_t first = 0, last = 0; first < data.samples; first = last) {
        while (last < data.samples && data.trajectory[last] == data.trajectory[first]) ++last;
        const Stretch s{first, last};
        differentiate(std::span(data.t).subspan(s.first, s.samples()),
                      std::span(from).subspan(s.first * n, s.samples() * n), filter, derivative,
                      std::span(out).subspan(s.first * n, s.samples() * n));
    }
}

}  // namespace

Import import_measured(const std::filesystem::path& path, const Measurement& how) {
    return within_memory(path, [&] {
        Lines file(path);
        return import_measured(file, how);
    });
}

Import import_measured(Lines& file, const Measurement& how) {
    Columns columns;
    Table table = read_table(file, [&](const Table& header) {
        columns = how.columns.empty() ? named_columns(header) : told_columns(header, how.columns);
        if (columns.q.empty())
            throw Error(Exit::file,
                        fmt::format("{}: column 'q1' is missing; positions cannot be derived", header.header_place()));
        require_columns(header, columns, how);
        return columns.all();
    });
    const std::vector<bool> angles = angles_of(columns, how);
    Import import;
    const auto note = [&]<class... T>(fmt::format_string<T...> format, T&&... values) {
        import.notes.push_back(fmt::format(format, std::forward<T>(values)...));
    };
    if (const auto unused = columns.unused(table); !unused.empty())
        note("{}: columns ignored: {}", table.where, fmt::join(unused, ", "));

    Dataset& data = import.data;
    data = samples_in(table, columns);
    if (data.samples < 2)
        throw Error(Exit::file, fmt::format("{}: a single sample, which is no trajectory; give two rows or more",
                                            data.samples == 1 ? table.place(0) : table.where));
    for (double& t : data.t) t *= how.seconds;
    for (auto* rows : {&data.q, &data.v, &data.a})
        for (std::size_t at = 0; how.degrees && at < rows->size(); ++at)
            if (angles[at % angles.size()]) (*rows)[at] *= pi / 180;

    const std::vector<std::size_t> rows = gather_motions(data);
    const std::vector<Stretch> motions = motions_of(data);
    import.trials = motions.size();
    std::vector<Stretch> segments = motions;
    if (!data.t.empty()) {
        segments.clear();
        for (const Stretch& motion : motions) {
            check_times(table, data, rows, motion);
            const std::vector<Stretch> own = segments_of(data, motion, how.gap);
            segments.insert(segments.end(), own.begin(), own.end());
        }
    }
    import.gaps = segments.size() - motions.size();
    if (import.gaps > 0)
        note("{} gaps: steps of more than {} times the median; {} segments", import.gaps, how.gap, segments.size());

    for (std::size_t i = 0; i < angles.size() && !data.t.empty(); ++i) {
        std::size_t jumps = 0;
        for (const Stretch& segment : segments) jumps += unwrap(data, segment, i, angles[i]);
        if (angles[i]) import.unwrapped += jumps;
        if (jumps > 0 && (angles[i] || !how.angles))
            note("q{}: {} jumps of more than pi between neighbours {}", i + 1, jumps,
                 angles[i] ? "unwrapped" : "left as they are; if it is an angle, say so by --angles");
    }

    // what is not there is derived from the highest that is
    const bool velocities = !columns.v.empty(), accelerations = !columns.a.empty();
    if (!velocities || !accelerations) {
        const std::size_t window = std::size_t(how.filter.window);
        const auto too_short = [&](const Stretch& s) { return s.samples() < window; };
        std::size_t longest = 0;
        for (const Stretch& segment : segments) {
            longest = std::max(longest, segment.samples());
            import.short_segments += too_short(segment);
            import.short_samples += too_short(segment) ? segment.samples() : 0;
        }
        if (longest < window)
            throw Error(Exit::file, fmt::format("{}: too few samples for a derivative: the longest segment has {}, a "
                                                "window {}; give a smaller --window or a larger --gap",
                                                table.place(0), longest, window));
        std::erase_if(segments, too_short);
        if (import.short_segments > 0)
            note("{} segments of fewer than {} samples dropped, {} samples in all", import.short_segments, window,
                 import.short_samples);
    }
    for (std::size_t k = 0; k < motions.size(); ++k)
        data.trial.insert(data.trial.end(), motions[k].samples(), std::int64_t(k));
    if (how.angles || columns.angles) {
        data.angles = 0;
        for (std::size_t i = 0; i < angles.size() && i < 32; ++i) *data.angles |= std::uint32_t(angles[i]) << i;
    }
    keep(data, segments);
    const auto say_derived = [&](char letter, const char* from) {
        for (int i = 1; i <= data.dof; ++i) import.derived.push_back(fmt::format("{}{}", letter, i));
        note("{} derived from {} by Savitzky-Golay, window {}, order {}",
             letter == 'v' ? "velocities" : "accelerations", from, how.filter.window, how.filter.order);
    };
    if (!velocities) {
        derive(data, data.q, how.filter, 1, data.v);
        say_derived('v', "positions");
    }
    if (!accelerations) {
        derive(data, velocities ? data.v : data.q, how.filter, velocities ? 1 : 2, data.a);
        say_derived('a', velocities ? "velocities" : "positions");
    }
    return import;
}

}  // namespace lnn
