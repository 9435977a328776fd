#include "files/table.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <numeric>

#include "files/array.hpp"
#include "files/columns.hpp"
#include "files/npz.hpp"
#include "files/scratch.hpp"

namespace lnn {
namespace {

using Names = std::vector<std::string>;
using Numbers = std::vector<double>;

std::vector<std::size_t> everything(const Table& table) {
    std::vector<std::size_t> all(table.width);
    std::iota(all.begin(), all.end(), 0);
    return all;
}

Table read(const std::string& text) {
    Lines lines(text, "d.txt");
    return read_text_table(lines, everything);
}

void refused(const std::string& text, std::initializer_list<std::string> parts) {
    expect_error(Exit::file, parts, [&] { read(text); });
}

TEST(Table, EveryDelimiter) {
    for (const char* text : {"x;y\n1;2\n3;4\n", "x,y\n1,2\n3,4", "x\ty\n1\t2\n3\t4\n", "x y\n 1  2 \n3\t4\n",
                             "\r\nx , y\r\n1, 2\r\n\r\n# a remark\r\n3,4\r\n", "# x, y\n1 2\n3 4\n",
                             "% made on a Monday\n% x y\n1,2\n3,4\n", "\xEF\xBB\xBF\"x\",\"y\"\n\"1\",2\n3,4\n"}) {
        SCOPED_TRACE(text);
        const Table table = read(text);
        EXPECT_EQ(table.names, (Names{"x", "y"}));
        ASSERT_EQ(table.rows, 2u);
        EXPECT_EQ(table.columns[0], (Numbers{1, 3}));
        EXPECT_EQ(table.columns[1], (Numbers{2, 4}));
    }
    EXPECT_EQ(read("an angle\ta time\n1\t2\n").names, (Names{"an angle", "a time"}));
    EXPECT_EQ(read("x,y\n\n1,2\n# -\n3,4\n").lines, (std::vector<std::size_t>{3, 5}));
    EXPECT_EQ(read("x,y\n\n1,2\n# -\n3,4\n").place(1), "d.txt:5");
}

TEST(Table, NamesOrNone) {
    EXPECT_TRUE(read("1,2\n3,4\n").names.empty());
    EXPECT_EQ(read("1,2\n3,4\n").columns[0], (Numbers{1, 3}));
    EXPECT_TRUE(read("# three words here\n1,2\n").names.empty());  // a comment that names no two columns
    EXPECT_EQ(read("% o1 o2 w1 w2\n0 0 1 2 3 4 3 4 5 6\n").names,
              (Names{"trial", "t", "o1", "o2", "w1", "w2", "w1 again", "w2 again", "a1", "a2"}));
    // only the columns that were asked for are kept, or looked at
    Lines lines("x,y\n1,cheese\n", "d.txt");
    const Table table = read_text_table(lines, [](const Table&) { return std::vector<std::size_t>{0}; });
    EXPECT_EQ(table.columns, (std::vector<Numbers>{{1}, {}}));
}

TEST(Table, TextErrors) {
    refused("", {"d.txt:1:1: empty; begin"});
    refused("# x,y\n", {"d.txt:1:1: a header without a row"});
    refused("1;2\n3\n", {"d.txt:2:1: 1 fields, but the first row has 2", "in every row"});
    refused("1 2\n3 4 5\n", {"d.txt:2:5: more fields than the 2 of the first row"});
    refused("1,x\n", {"d.txt:1:3: column 2 is 'x', not a number"});
    refused("x;y\n1,5;2\n", {"d.txt:2:1: x is '1,5', with a decimal comma; write 1.5"});
    refused("x y\n1 " + std::string(100, 'z') + "\n", {"y is '" + std::string(40, 'z') + "...', not"});
    refused("x,y\n1,a\rb\n", {"d.txt:2:3: y is 'a?b'"});
    refused("x,y\r1,2\r", {"d.txt:1:1: its lines end in CR"});
    refused("\xFF\xFEx\0,\0", {"d.txt:1:1: text in UTF-16; save it in UTF-8"});
    refused("\x80\x04\x95", {"d.txt:1:1: a pickle", "numpy.savez"});
    refused(std::string("x\0y", 3), {"d.txt:1:1: not a text file"});
    refused("1\n" + std::string(1 << 21, '7'), {"d.txt:2:1: a line of more than 1048576 bytes"});
}

// rows across the pieces in which a file is read
TEST(Table, LongFilesAreReadInPieces) {
    const Scratch scratch;
    std::string text = "x,y\n";
    Numbers x;
    for (int i = 0; i < 100000; ++i) {
        x.push_back(i * 0.1);
        text += fmt::format("{},{:{}}\n", x.back(), i, i % 30 + 1);
    }
    spill(scratch / "d.csv", text);
    Lines lines(scratch / "d.csv");
    EXPECT_LT(lines.ahead().size(), text.size() / 4);
    const Table table = read_text_table(lines, everything);
    EXPECT_EQ(table.columns[0], x);
    EXPECT_EQ(table.lines.back(), 100001u);
    EXPECT_LT(lines.ahead().size(), text.size() / 4);

    // a piece that begins with the end of a line
    std::string thin = "xy\n";
    for (int i = 0; i < 200000; ++i) thin += "1\n";
    spill(scratch / "thin.csv", thin);
    Lines thin_lines(scratch / "thin.csv");
    EXPECT_EQ(read_text_table(thin_lines, everything).columns[0], Numbers(200000, 1));

    Lines again(scratch / "d.csv");
    std::string_view first;
    again.next(first);
    EXPECT_EQ(again.rest(), text.substr(4));
}

TEST(Table, Npz) {
    const Scratch scratch;
    write_npz(scratch / "d.npz", {{"t", {{2}, {0, 1}}}, {"theta", {{2, 2}, {1, 2, 3, 4}}}, {"k", {{3}, {1, 2, 3}}}},
              false);
    Lines file(scratch / "d.npz");
    EXPECT_TRUE(is_npz(file));
    const std::string bytes = file.rest();
    const Table table = read_npz_table(bytes, "d.npz", [](const Table& named) { return named_columns(named).all(); });
    EXPECT_EQ(table.names, (Names{"k", "t", "theta1", "theta2"}));
    EXPECT_EQ(table.columns[3], (Numbers{2, 4}));
    EXPECT_EQ(table.place(1), "d.npz: row 2");
    expect_error(Exit::file, {"d.npz: t has 2 rows, but k has 3"}, [&] { read_npz_table(bytes, "d.npz", everything); });
}

// an array of no rows may claim any number of columns, and a line may hold as many as fit
TEST(Table, RefusesAbsurdWidths) {
    const auto npz = [](const std::vector<std::size_t>& shape) {
        return encode_npz({{"q", {shape, std::vector<double>(*element_count(shape))}}}, "d.npz");
    };
    const auto refused_npz = [&](const std::vector<std::size_t>& shape, std::initializer_list<std::string> parts) {
        const std::string bytes = npz(shape);
        expect_error(Exit::file, parts, [&] { read_npz_table(bytes, "d.npz", everything); });
    };
    refused_npz({0, 1'000'000'000'000}, {"d.npz: more than 10000 columns, with those of q; save one row a sample"});
    refused_npz({1, most_columns + 1}, {"d.npz: more than 10000 columns"});
    refused_npz({0, 2}, {"d.npz: q1 has no rows"});
    EXPECT_EQ(read_npz_table(npz({1, most_columns}), "d.npz", everything).width, most_columns);

    const auto line = [](std::size_t columns, const auto& cell) {
        std::string text;
        for (std::size_t i = 0; i < columns; ++i) text += cell(i) + (i + 1 < columns ? "," : "\n");
        return text;
    };
    const auto name = [](std::size_t i) { return fmt::format("x{}", i); };
    const auto zero = [](std::size_t) { return std::string("0"); };
    refused(line(120'000, name), {"d.txt:1:", "120000 columns, of which at most 10000 are read"});
    refused(line(120'000, zero), {"d.txt:1:20001: 120000 columns"});
    EXPECT_EQ(read(line(most_columns, name) + line(most_columns, zero)).names.back(), "x9999");
}

Columns columns_of(const std::string& header, const std::string& told = "") {
    Columns columns;
    Lines lines(header + "\n", "d.txt");
    try {
        read_text_table(lines, [&](const Table& table) {
            columns = told.empty() ? named_columns(table) : told_columns(table, told);
            return columns.all();
        });
    } catch (const Error& error) {
        if (std::string(error.what()).find("without a row") == std::string::npos) throw;
    }
    return columns;
}

TEST(Columns, ByName) {
    using Places = std::vector<std::size_t>;
    const Columns columns = columns_of("time,omega2,theta1,omega1,theta2,trial,alpha1,alpha2,mass");
    EXPECT_EQ(columns.q, (Places{2, 4}));
    EXPECT_EQ(columns.v, (Places{3, 1}));
    EXPECT_EQ(columns.a, (Places{6, 7}));
    EXPECT_EQ(columns.t, 0u);
    EXPECT_EQ(columns.trajectory, 5u);
    EXPECT_TRUE(columns.angles);
    EXPECT_EQ(columns_of("theta,t").q, Places{0});
    // one name for all coordinates, and the shortest first
    const Columns both = columns_of("theta1,q1,o1,q2,t");
    EXPECT_EQ(both.q, (Places{1, 3}));
    EXPECT_FALSE(both.angles);
    EXPECT_TRUE(both.v.empty() && both.a.empty() && !both.trajectory);
}

TEST(Columns, AsTold) {
    using Places = std::vector<std::size_t>;
    const Columns columns = columns_of("when,beta,alpha,q1", "q2=alpha,q1=2,t=when");
    EXPECT_EQ(columns.q, (Places{1, 2}));
    EXPECT_EQ(columns.t, 0u);
    EXPECT_TRUE(columns.v.empty() && columns.a.empty());

    const auto refused = [](Exit exit, const std::string& told, std::initializer_list<std::string> parts) {
        expect_error(exit, parts, [&] { columns_of("when,left,right", told); });
    };
    refused(Exit::file, "q1=lift", {"d.txt:1:1: no column 'lift' for q1 (did you mean 'left'?)", "when,left,right"});
    refused(Exit::file, "q1=4", {"d.txt:1:1: no column 4 for q1: there are 3; count from 1"});
    refused(Exit::file, "q1=0", {"no column 0"});
    refused(Exit::file, "q1=left,q2=2", {"column '2' is told to be both q1 and q2"});
    refused(Exit::file, "q1=left,v2=right", {"column 'q2' is missing"});
    refused(Exit::file, "q1=left,q2=right,v1=when", {"column 'v2' is missing"});
    refused(Exit::usage, "q1=left,q1=right", {"--columns q1=left,q1=right: q1 a second time"});
    refused(Exit::usage, "q1=left,t=when,time=right", {"--columns", "t and time mean the same; write q1=NAME"});
    refused(Exit::usage, "q1=left,trial=when,trajectory=right", {"trial and trajectory mean the same"});
    refused(Exit::usage, "q1", {"'q1' has no '='"});
    refused(Exit::usage, "q1=left,", {"'' has no '='"});
    refused(Exit::usage, "p1=left", {"'p1' is none of q1"});
    refused(Exit::usage, "t=left", {"no positions"});
}

}  // namespace
}  // namespace lnn
