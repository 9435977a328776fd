// Text to a table; table.hpp says what is read.
#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdlib>
#include <optional>
#include <unordered_set>

#include "files/table.hpp"
#include "lnn/error.hpp"

namespace lnn {

namespace {

// where a field begins; line and column count from 1
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

bool is_blank(std::string_view line) { return line.find_first_not_of(blank) == line.npos; }

// length of a comment's mark with the blanks around it; 0: the line is no comment
std::size_t comment_mark(std::string_view line) {
    const std::size_t mark = line.find_first_not_of(blank);
    if (mark == line.npos || (line[mark] != '#' && line[mark] != '%')) return 0;
    return std::min(line.find_first_not_of(blank, mark + 1), line.size());
}

// what parts the fields of a line: ' ' stands for any number of blanks
char delimiter_of(std::string_view line) {
    for (const char c : {';', ',', '\t'})
        if (line.find(c) != line.npos) return c;
    return ' ';
}

// a field as an error shows it: short, and on one line
std::string shown(std::string_view field) {
    std::string text(field.substr(0, 40));
    for (char& c : text)
        if (static_cast<unsigned char>(c) < ' ') c = '?';
    return field.size() > 40 ? text + "..." : text;
}

// one field after the other, without the blanks and quotes around it, and the column where it begins
class Fields {
  public:
    Fields(std::string_view line, char delimiter, std::size_t at = 0) : line_(line), delimiter_(delimiter), at_(at) {}

    bool next(std::string_view& field, std::size_t& column) {
        if (delimiter_ == ' ') at_ = std::min(line_.find_first_not_of(blank, at_), line_.size() + 1);
        if (at_ > line_.size()) return false;
        const std::size_t found = delimiter_ == ' ' ? line_.find_first_of(blank, at_) : line_.find(delimiter_, at_);
        const std::size_t end = std::min(found, line_.size());
        std::size_t first = at_, last = end;
        while (first < last && blank.find(line_[first]) != blank.npos) ++first;
        while (last > first && blank.find(line_[last - 1]) != blank.npos) --last;
        column = first + 1;
        if (last - first >= 2 && line_[first] == '"' && line_[last - 1] == '"') ++first, --last;
        field = line_.substr(first, last - first);
        at_ = end + 1;
        return true;
    }

  private:
    std::string_view line_;
    char delimiter_;
    std::size_t at_;
};

// a number as people write it, perhaps infinite or NaN
std::optional<double> number_of(std::string_view field) {
    if (field.starts_with('+') && !field.starts_with("+-")) field.remove_prefix(1);
    double value = 0;
    const char* const end = field.data() + field.size();
    const auto [next, error] = std::from_chars(field.data(), end, value);
    if (error == std::errc::invalid_argument || next != end) return {};
    // out of range: too small is 0, too large infinite
    if (error != std::errc()) value = std::strtod(std::string(field).c_str(), nullptr);
    return value;
}

double finite_number(std::string_view field, const std::string& label, const Place& place) {
    if (field.empty()) refuse(place, "{} is empty; give a number", label);
    const std::optional<double> value = number_of(field);
    if (!value) {
        std::string pointed(field);
        std::replace(pointed.begin(), pointed.end(), ',', '.');
        if (pointed != field && number_of(pointed))
            refuse(place, "{} is '{}', with a decimal comma; write {}", label, shown(field), pointed);
        refuse(place, "{} is '{}', not a number; mend or remove the row", label, shown(field));
    }
    if (!std::isfinite(*value))
        refuse(place, "{} is {}; every value must be finite: mend or remove the row", label, shown(field));
    return *value;
}

struct Name {
    std::string text;
    std::size_t column;
};

std::vector<Name> names_in(std::string_view line, std::size_t from) {
    std::vector<Name> names;
    Fields fields(line, delimiter_of(line.substr(from)), from);
    std::string_view field;
    std::size_t column = 0;
    while (fields.next(field, column)) names.push_back({std::string(field), column});
    return names;
}

// comments that name fewer columns than the rows below them have, and what the others are by their publication
struct Published {
    std::vector<std::string> comment, names;
};
const Published published[] = {
    // M. Schmidt, H. Lipson, Science 324, 81 (2009): measured and simulated pendulums
    {{"o1", "o2", "w1", "w2"}, {"trial", "t", "o1", "o2", "w1", "w2", "w1 again", "w2 again", "a1", "a2"}},
};

void set_names(Table& table, const std::vector<Name>& header, std::size_t line) {
    table.header_line = line;
    std::unordered_set<std::string> before;
    for (const Name& name : header) {
        if (!name.text.empty() && !before.insert(name.text).second)
            refuse({table.where, line, name.column}, "column '{}' a second time; give it a name of its own",
                   shown(name.text));
        table.names.push_back(name.text);
    }
}

// names of the columns in the comment above the rows, as far as it fits them
void set_names_of_comment(Table& table, const std::vector<Name>& comment, std::size_t line) {
    if (comment.size() == table.width) return set_names(table, comment, line);
    for (const Published& known : published)
        if (known.names.size() == table.width &&
            std::equal(known.comment.begin(), known.comment.end(), comment.begin(), comment.end(),
                       [](const std::string& text, const Name& name) { return text == name.text; }))
            table.names = known.names;
}

void require_text(const Lines& text) {
    const std::string_view start = text.ahead();
    const Place place{text.where(), 1, 1};
    if (start.size() >= 2 && start[0] == '\x80' && start[1] >= 2 && start[1] <= 5)
        refuse(place, "a pickle, which is never loaded; save its arrays with numpy.savez");
    if (start.starts_with("\xFF\xFE") || start.starts_with("\xFE\xFF"))
        refuse(place, "text in UTF-16; save it in UTF-8");
    if (start.find('\0') != start.npos) refuse(place, "not a text file; give a .csv, .txt or .npz");
    if (const std::size_t lone = start.find('\r');
        lone != start.npos && start.find('\n') == start.npos && lone + 1 < start.size())
        refuse(place, "its lines end in CR alone; convert them to LF");
}

}  // namespace

Table read_text_table(Lines& text, const Choose& choose) {
    require_text(text);
    Table table;
    table.where = text.where();

    // down to the first line that is no comment
    std::vector<Name> comment;
    std::size_t comment_line = 0;
    std::string_view line;
    bool more = text.next(line);
    for (; more && (is_blank(line) || comment_mark(line) > 0); more = text.next(line)) {
        if (is_blank(line)) continue;
        comment = names_in(line, comment_mark(line));
        comment_line = text.number();
    }
    if (!more && comment.empty())
        refuse({table.where, 1, 1}, "empty; begin the file with a line such as t,q1,q2,v1,v2,a1,a2");
    if (!more) refuse({table.where, comment_line, 1}, "a header without a row of numbers; write a row a sample");

    const char delimiter = delimiter_of(line);
    const std::vector<Name> first = names_in(line, 0);
    table.width = first.size();
    table.header_line = text.number();
    if (table.width > most_columns)
        refuse({table.where, table.header_line, first[most_columns].column},
               "{} columns, of which at most {} are read; write one row a sample, one column a coordinate", table.width,
               most_columns);
    const bool is_row =
        std::any_of(first.begin(), first.end(), [](const Name& field) { return number_of(field.text).has_value(); });
    if (is_row)
        set_names_of_comment(table, comment, comment_line);
    else
        set_names(table, first, text.number());

    table.columns.resize(table.width);
    std::vector<std::vector<double>*> wanted(table.width, nullptr);
    for (const std::size_t at : choose(table)) wanted[at] = &table.columns[at];

    for (more = is_row || text.next(line); more; more = text.next(line)) {
        if (is_blank(line) || comment_mark(line) > 0) continue;
        Place place{table.where, text.number(), 1};
        if (line.find('\0') != line.npos) refuse(place, "a zero byte: no text from here on; write the file again");
        Fields fields(line, delimiter);
        std::string_view field;
        std::size_t count = 0;
        while (fields.next(field, place.column)) {
            if (count == table.width)
                refuse(place, "more fields than the {} of the {}; write the same columns in every row", table.width,
                       is_row ? "first row" : "header");
            if (wanted[count]) wanted[count]->push_back(finite_number(field, table.label(count), place));
            ++count;
        }
        if (count < table.width)
            refuse(place, "{} fields, but the {} has {}; write the same columns in every row", count,
                   is_row ? "first row" : "header", table.width);
        table.lines.push_back(text.number());
    }
    table.rows = table.lines.size();
    if (table.rows == 0)
        refuse({table.where, table.header_line, 1}, "a header without a row of numbers; write a row a sample");
    return table;
}

}  // namespace lnn
