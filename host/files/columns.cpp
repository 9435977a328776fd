#include "files/columns.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <map>
#include <set>

#include "files/array.hpp"
#include "lnn/error.hpp"
#include "terminal/did_you_mean.hpp"

namespace lnn {

namespace {

using Numbered = std::map<int, std::size_t>;  // number of a coordinate -> place in the table

// what a kind of column is called; the first that is there counts
struct Kind {
    std::string letter;
    std::vector<std::string> stems;
};
const Kind kinds[] = {{"q", {"q", "theta", "o"}}, {"v", {"v", "omega", "w"}}, {"a", {"a", "alpha"}}};
const std::vector<std::string> angle_stems = {"theta", "o"};
const std::vector<std::string> time_names = {"t", "time"}, trajectory_names = {"trajectory", "trial"};

template <class... T>
[[noreturn]] void refuse(const Table& table, fmt::format_string<T...> format, T&&... values) {
    throw Error(Exit::file, table.header_place() + ": " + fmt::format(format, std::forward<T>(values)...));
}

std::optional<std::size_t> place_of(const Table& table, const std::string& name) {
    const auto found = std::find(table.names.begin(), table.names.end(), name);
    if (found == table.names.end()) return {};
    return static_cast<std::size_t>(found - table.names.begin());
}

std::optional<std::size_t> place_of_any(const Table& table, const std::vector<std::string>& names) {
    for (const std::string& name : names)
        if (const auto place = place_of(table, name)) return place;
    return {};
}

// a single coordinate needs no number
Numbered numbered(const Table& table, const std::string& stem) {
    Numbered found;
    for (std::size_t at = 0; at < table.names.size(); ++at)
        if (const int number = number_in(table.names[at], stem)) found[number] = at;
    if (const auto bare = place_of(table, stem); bare && found.empty()) found[1] = *bare;
    return found;
}

std::string names_there(const Table& table) {
    if (table.names.empty()) return fmt::format("{} columns without names", table.width);
    return fmt::format("{}", fmt::join(table.names, ","));
}

// the coordinates of each kind are 1 .. n, with the same n
Columns arranged(const Table& table, const Numbered (&found)[3]) {
    int highest = 0;
    for (const Numbered& kind : found)
        if (!kind.empty()) highest = std::max(highest, kind.rbegin()->first);
    Columns columns;
    std::vector<std::size_t>* const places[] = {&columns.q, &columns.v, &columns.a};
    for (int k = 0; k < 3; ++k) {
        if (k > 0 && found[k].empty()) continue;
        int next = 1;
        for (const auto& [number, at] : found[k]) {
            if (number != next) break;
            places[k]->push_back(at);
            ++next;
        }
        if (next <= highest)
            refuse(table,
                   "column '{}{}' is missing: there are coordinates up to {}; give every one its column; the file "
                   "holds: {}",
                   kinds[k].letter, next, highest, names_there(table));
    }
    return columns;
}

// NAME of a told column: a name of the table, or a number from 1
std::size_t told_place(const Table& table, const std::string& name, const std::string& key) {
    if (const auto place = place_of(table, name)) return *place;
    std::size_t number = 0;
    const char* const end = name.data() + name.size();
    if (const auto [next, error] = std::from_chars(name.data(), end, number); error == std::errc() && next == end) {
        if (number >= 1 && number <= table.width) return number - 1;
        refuse(table, "no column {} for {}: there are {}; count from 1", name, key, table.width);
    }
    refuse(table, "no column '{}' for {}{}; the file holds: {}", name, key, did_you_mean(name, table.names),
           names_there(table));
}

}  // namespace

int number_in(std::string_view name, std::string_view stem) {
    if (!name.starts_with(stem)) return 0;
    name.remove_prefix(stem.size());
    int number = 0;
    const char* const end = name.data() + name.size();
    if (name.empty() || name[0] == '0') return 0;
    const auto [next, error] = std::from_chars(name.data(), end, number);
    return error == std::errc() && next == end && number > 0 ? number : 0;
}

std::vector<int> coordinate_numbers(const std::string& text, std::string_view origin) {
    std::vector<int> numbers;
    for (std::size_t from = 0; text != "none" && from <= text.size();) {
        const std::size_t end = std::min(text.find(',', from), text.size());
        const int number = number_in(std::string_view(text).substr(from, end - from), "q");
        if (number == 0 || number > 32)
            throw Error(Exit::usage, fmt::format("{} {}: expected coordinates as in q1,q2, or none", origin, text));
        numbers.push_back(number);
        from = end + 1;
    }
    return numbers;
}

std::string coordinate_names(std::uint32_t which) {
    std::string text;
    for (int i = 0; i < 32; ++i)
        if (which >> i & 1) text += fmt::format("{}q{}", text.empty() ? "" : ",", i + 1);
    return text.empty() ? "none" : text;
}

std::vector<std::size_t> Columns::all() const {
    std::vector<std::size_t> places = q;
    places.insert(places.end(), v.begin(), v.end());
    places.insert(places.end(), a.begin(), a.end());
    if (t) places.push_back(*t);
    if (trajectory) places.push_back(*trajectory);
    return places;
}

std::vector<std::string> Columns::unused(const Table& table) const {
    std::vector<bool> used(table.width);
    for (const std::size_t place : all()) used[place] = true;
    std::vector<std::string> names;
    for (std::size_t at = 0; at < table.names.size(); ++at)
        if (!used[at] && !table.names[at].empty()) names.push_back(table.names[at]);
    return names;
}

Columns named_columns(const Table& table) {
    Numbered found[3];
    bool angles = false;
    for (int k = 0; k < 3; ++k)
        for (const std::string& stem : kinds[k].stems) {
            found[k] = numbered(table, stem);
            if (found[k].empty()) continue;
            angles |= k == 0 && std::find(angle_stems.begin(), angle_stems.end(), stem) != angle_stems.end();
            break;
        }
    if (found[0].empty() && found[1].empty())
        refuse(
            table,
            "no columns q1, v1, ... by name; call them so, as in t,q1,q2,v1,v2,a1,a2, or say which is which: lnn_gpu "
            "data import --columns q1={0},...; the file holds: {1}",
            table.names.empty() ? "1" : "NAME", names_there(table));
    Columns columns = arranged(table, found);
    columns.t = place_of_any(table, time_names);
    columns.trajectory = place_of_any(table, trajectory_names);
    columns.angles = angles;
    return columns;
}

Columns told_columns(const Table& table, const std::string& told) {
    const auto malformed = [&](const std::string& why) {
        throw Error(Exit::usage, fmt::format("--columns {}: {}; write q1=NAME,q2=NAME,v1=NAME,...,t=NAME", told, why));
    };
    Numbered found[3];
    std::optional<std::size_t> t, trajectory;
    std::set<std::string> keys;
    std::map<std::size_t, std::string> taken;  // place -> key
    for (std::size_t from = 0; from <= told.size();) {
        const std::size_t end = std::min(told.find(',', from), told.size());
        const std::string pair = told.substr(from, end - from);
        from = end + 1;
        const std::size_t equals = pair.find('=');
        if (equals == pair.npos) malformed(fmt::format("'{}' has no '='", pair));
        const std::string key = pair.substr(0, equals), name = pair.substr(equals + 1);
        if (!keys.insert(key).second) malformed(fmt::format("{} a second time", key));
        Numbered* kind = nullptr;
        int number = 0;
        for (int k = 0; k < 3 && !kind; ++k)
            if ((number = number_in(key, kinds[k].letter))) kind = &found[k];
        const auto one_of = [&](const std::vector<std::string>& names) {
            return std::find(names.begin(), names.end(), key) != names.end();
        };
        if (!kind && !one_of(time_names) && !one_of(trajectory_names))
            malformed(fmt::format("'{}' is none of q1.., v1.., a1.., t, trial", key));
        const std::size_t place = told_place(table, name, key);
        if (const auto [other, fresh] = taken.emplace(place, key); !fresh)
            refuse(table, "column '{}' is told to be both {} and {}; give each its own", name, other->second, key);
        if (kind) {
            (*kind)[number] = place;
            continue;
        }
        std::optional<std::size_t>& one = one_of(time_names) ? t : trajectory;
        if (one) malformed(fmt::format("{} and {} mean the same", taken[*one], key));
        one = place;
    }
    Columns columns = arranged(table, found);
    if (columns.q.empty()) malformed("no positions q1, ...");
    columns.t = t;
    columns.trajectory = trajectory;
    return columns;
}

Dataset samples_in(Table& table, const Columns& columns) {
    Dataset data;
    data.dof = static_cast<int>(columns.q.size());
    data.samples = table.rows;
    const auto interleave = [&](const std::vector<std::size_t>& places, std::vector<double>& rows) {
        rows.resize(places.size() * table.rows);
        for (std::size_t i = 0; i < places.size(); ++i) {
            const std::vector<double> column = std::move(table.columns[places[i]]);
            for (std::size_t s = 0; s < table.rows; ++s) rows[s * places.size() + i] = column[s];
        }
    };
    interleave(columns.q, data.q);
    interleave(columns.v, data.v);
    interleave(columns.a, data.a);
    if (columns.t) data.t = std::move(table.columns[*columns.t]);
    if (columns.trajectory) {
        const std::vector<double> numbers = std::move(table.columns[*columns.trajectory]);
        for (std::size_t s = 0; s < table.rows; ++s) {
            if (!is_integer(numbers[s]))
                throw Error(Exit::file, fmt::format("{}: {} is {}, not an integer; number the trajectories",
                                                    table.place(s), table.label(*columns.trajectory), numbers[s]));
            data.trajectory.push_back(static_cast<std::int64_t>(numbers[s]));
        }
    }
    return data;
}

}  // namespace lnn
