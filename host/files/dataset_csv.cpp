// CSV datasets: a header line q1..qn, v1..vn, a1..an (any order; a may be absent), t and trajectory where
// known, further columns ignored with a note; then a line of numbers a sample. Errors name file:line:column.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdlib>
#include <map>

#include "files/array.hpp"
#include "files/dataset.hpp"
#include "lnn/error.hpp"

namespace lnn {

namespace {

// a field and where it begins; line and column count from 1
struct Place {
    const std::string& where;
    std::size_t line, column;
};

template <class... T>
[[noreturn]] void refuse(const Place& place, fmt::format_string<T...> format, T&&... values) {
    throw Error(Exit::file, fmt::format("{}:{}:{}: {}", place.where, place.line, place.column,
                                        fmt::format(format, std::forward<T>(values)...)));
}

constexpr std::string_view blank = " \t\r";

// one field after the other, without the blanks around it, and the column where it begins
class Fields {
  public:
    explicit Fields(std::string_view line, std::size_t at = 0) : line_(line), at_(at) {}
    bool next(std::string_view& field, std::size_t& column) {
        if (at_ > line_.size()) return false;
        const std::size_t end = std::min(line_.find(',', at_), line_.size());
        std::size_t first = at_, last = end;
        while (first < last && blank.find(line_[first]) != blank.npos) ++first;
        while (last > first && blank.find(line_[last - 1]) != blank.npos) --last;
        field = line_.substr(first, last - first);
        column = first + 1;
        at_ = end + 1;
        return true;
    }

  private:
    std::string_view line_;
    std::size_t at_;
};

// where the numbers of a column go: table[row * stride + offset]; no table: ignored
struct Column {
    std::string name;
    std::vector<double>* table = nullptr;
    std::size_t offset = 0, stride = 1;
};

struct Layout {
    std::vector<Column> columns;
    int dof = 0;
    std::vector<std::string> ignored;
};

// "q3" -> ('q', 3), anything else -> 0
int number_of(std::string_view name, char letter) {
    int number = 0;
    const char* const end = name.data() + name.size();
    if (name.size() < 2 || name[0] != letter || name[1] == '0') return 0;
    const auto [next, error] = std::from_chars(name.data() + 1, end, number);
    return error == std::errc() && next == end && number > 0 ? number : 0;
}

Layout parse_header(std::string_view line, const Place& start, Dataset& data,
                    std::vector<double>& trajectory) {
    Layout layout;
    std::map<std::string, std::size_t> seen;  // name -> its column in the text
    std::size_t counts[3] = {0, 0, 0}, highest = 0;
    const std::pair<char, std::vector<double>*> tables[] = {{'q', &data.q}, {'v', &data.v}, {'a', &data.a}};

    Fields fields(line, line.starts_with('#') ? 1 : 0);  // numpy.savetxt puts "# " before its header
    std::string_view field;
    Place place = start;
    while (fields.next(field, place.column)) {
        if (field.size() >= 2 && field.front() == '"' && field.back() == '"')
            field = field.substr(1, field.size() - 2);
        Column column{std::string(field)};
        if (!seen.emplace(column.name, place.column).second)
            refuse(place, "column '{}' a second time", column.name);
        for (int k = 0; k < 3; ++k)
            if (const int number = number_of(field, tables[k].first)) {
                column.table = tables[k].second;
                column.offset = static_cast<std::size_t>(number) - 1;
                ++counts[k];
                highest = std::max<std::size_t>(highest, static_cast<std::size_t>(number));
            }
        if (field == "t") column.table = &data.t;
        if (field == "trajectory") column.table = &trajectory;
        if (!column.table) layout.ignored.push_back(column.name);
        layout.columns.push_back(std::move(column));
    }

    if (counts[0] == 0 && counts[1] == 0)
        refuse(start,
               "no columns q1, v1, ... in the header; begin the file with a line such as q1,q2,v1,v2,a1,a2");
    for (int k = 0; k < 3; ++k) {
        if (k == 2 && counts[k] == 0) continue;
        if (counts[k] == highest) continue;
        std::size_t missing = 1;
        while (seen.contains(fmt::format("{}{}", tables[k].first, missing))) ++missing;
        refuse(start, "column '{}{}' is missing: the header names coordinates up to {}; it holds: {}",
               tables[k].first, missing, highest, line);
    }
    for (Column& column : layout.columns)
        for (const auto& [letter, table] : tables)
            if (column.table == table) column.stride = highest;
    layout.dof = static_cast<int>(highest);
    return layout;
}

double parse_number(std::string_view field, const std::string& name, const Place& place) {
    if (field.empty()) refuse(place, "{} is empty; give a number", name);
    const std::string_view digits =
        field.starts_with('+') && !field.starts_with("+-") ? field.substr(1) : field;
    double value = 0;
    const auto [next, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
    if (error == std::errc::invalid_argument || next != digits.data() + digits.size())
        refuse(place, "{} is '{}', not a number", name, field);
    // out of range: too small is 0, too large is caught below
    if (error != std::errc()) value = std::strtod(std::string(digits).c_str(), nullptr);
    if (!std::isfinite(value))
        refuse(place, "{} is {}; every value must be finite: mend or remove the row", name, field);
    return value;
}

}  // namespace

LoadedDataset parse_csv_dataset(std::string_view text, const std::string& where) {
    LoadedDataset loaded;
    Dataset& data = loaded.data;
    std::vector<double> trajectory;
    Layout layout;
    Place place{where, 0, 1};
    if (text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);
    if (text.find('\0') != text.npos) refuse({where, 1, 1}, "not a text file; give a .csv or an .npz");

    while (!text.empty()) {
        const std::size_t end = std::min(text.find('\n'), text.size());
        std::string_view line = text.substr(0, end);
        text.remove_prefix(std::min(end + 1, text.size()));
        ++place.line;
        place.column = 1;
        if (line.find_first_not_of(blank) == line.npos) continue;

        if (layout.columns.empty()) {
            layout = parse_header(line, place, data, trajectory);
            data.dof = layout.dof;
            continue;
        }

        for (const Column& column : layout.columns)
            if (column.table && column.offset == 0) column.table->resize((data.samples + 1) * column.stride);
        Fields fields(line);
        std::string_view field;
        std::size_t count = 0;
        while (fields.next(field, place.column)) {
            if (count == layout.columns.size())
                refuse(place, "more fields than the {} of the header", layout.columns.size());
            const Column& column = layout.columns[count++];
            if (!column.table) continue;
            const double value = parse_number(field, column.name, place);
            if (column.table == &trajectory && !is_integer(value))
                refuse(place, "trajectory is {}, not an integer", field);
            (*column.table)[data.samples * column.stride + column.offset] = value;
        }
        if (count < layout.columns.size())
            refuse(place, "{} fields, but the header has {}", count, layout.columns.size());
        ++data.samples;
    }

    place.column = 1;
    if (layout.columns.empty())
        refuse({where, 1, 1}, "empty; begin the file with a line such as q1,q2,v1,v2,a1,a2");
    if (data.samples == 0) refuse(place, "a header without a row of numbers");
    data.trajectory.assign(trajectory.begin(), trajectory.end());
    if (!layout.ignored.empty())
        loaded.notes.push_back(
            fmt::format("{}: columns ignored: {}", where, fmt::join(layout.ignored, ", ")));
    return loaded;
}

}  // namespace lnn
