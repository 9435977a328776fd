#include "files/dataset.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>
// after gtest.h, whose names it uses
#include <rapidcheck/gtest.h>

#include <cmath>

#include "files/atomic_file.hpp"
#include "files/lines.hpp"
#include "files/npz.hpp"
#include "files/scratch.hpp"

namespace lnn {
namespace {

using Numbers = std::vector<double>;

LoadedDataset parse_csv(const std::string& text) {
    Lines lines(text, "d.csv");
    return read_csv_dataset(lines);
}

void refused(const std::string& text, std::initializer_list<std::string> parts) {
    expect_error(Exit::file, parts, [&] { parse_csv(text); });
}

const Dataset pendulum = {
    2, 3, {1, 2, 3, 4, 5, 6}, {-1, -2, -3, -4, -5, -6}, {.1, .2, .3, .4, .5, .6}, {0, .5, 1}, {0, 0, 7}, {}, {}};

void expect_equal(const Dataset& x, const Dataset& y) {
    EXPECT_EQ(x.dof, y.dof);
    EXPECT_EQ(x.samples, y.samples);
    EXPECT_EQ(x.q, y.q);
    EXPECT_EQ(x.v, y.v);
    EXPECT_EQ(x.a, y.a);
    EXPECT_EQ(x.t, y.t);
    EXPECT_EQ(x.trajectory, y.trajectory);
    EXPECT_EQ(x.trial, y.trial);
    EXPECT_EQ(x.angles, y.angles);
}

TEST(Dataset, NpzRoundTrip) {
    const Scratch scratch;
    save_dataset(scratch / "d.npz", pendulum, false);
    const LoadedDataset back = load_dataset(scratch / "d.npz");
    expect_equal(back.data, pendulum);
    EXPECT_TRUE(back.notes.empty());

    Dataset known = pendulum;
    known.trial = {4, 4, 4};
    known.angles = 0b10;
    save_dataset(scratch / "known.npz", known, false);
    expect_equal(load_dataset(scratch / "known.npz").data, known);
    known.angles = 0;  // not the same as not known
    save_dataset(scratch / "known.npz", known, true);
    expect_equal(load_dataset(scratch / "known.npz").data, known);

    Dataset bare = pendulum;
    bare.a.clear();
    bare.t.clear();
    bare.trajectory.clear();
    save_dataset(scratch / "bare", bare, false);  // known by its first bytes
    expect_equal(load_dataset(scratch / "bare").data, bare);
    Dataset bad = pendulum;
    bad.a[3] = NAN;
    expect_error(Exit::file, {"bad.npz: a: row 2, column 2 is nan"},
                 [&] { save_dataset(scratch / "bad.npz", bad, false); });
    EXPECT_FALSE(std::filesystem::exists(scratch / "bad.npz"));
}

TEST(Dataset, NpzErrors) {
    const Scratch scratch;
    const Array good = {{2, 1}, {1, 2}};
    const auto load = [&](const std::map<std::string, Array>& arrays, std::initializer_list<std::string> parts) {
        write_npz(scratch / "d.npz", arrays, true);
        expect_error(Exit::file, parts, [&] { load_dataset(scratch / "d.npz"); });
    };
    load({{"q", good}, {"velocity", good}}, {"d.npz", "no array 'v'", "it holds: q, velocity"});
    load({{"v", good}, {"x", good}}, {"no array 'q'", "it holds: v, x"});
    load({{"q", {{2}, {1, 2}}}, {"v", {{2}, {1, 2}}}}, {"q has shape (2,)", "(N, n)"});
    load({{"q", {{0, 2}, {}}}, {"v", {{0, 2}, {}}}}, {"q has shape (0, 2)"});
    load({{"q", {{0, 1'000'000'000}, {}}}, {"v", good}}, {"q has shape (0, 1000000000)"});
    load({{"q", {{1, 10001}, Numbers(10001)}}, {"v", good}}, {"q has shape (1, 10001)", "n from 1 to 10000"});
    load({{"q", good}, {"v", {{1, 2}, {1, 2}}}}, {"v has shape (1, 2)", "(2, 1)"});
    load({{"q", good}, {"v", good}, {"a", {{2}, {1, 2}}}}, {"a has shape (2,)", "(2, 1)"});
    load({{"q", good}, {"v", good}, {"t", good}}, {"t has shape (2, 1)", "(2,)"});
    load({{"q", good}, {"v", good}, {"trajectory", {{2}, {1, 2.5}}}}, {"trajectory", "2.5", "integer"});
    load({{"q", good}, {"v", good}, {"trial", {{2}, {1, 2.5}}}}, {"trial", "2.5", "integer"});
    load({{"q", good}, {"v", good}, {"angles", {{2}, {1, 1}}}}, {"angles has shape (2,)", "(1,)"});
    load({{"q", good}, {"v", {{2, 1}, {1, INFINITY}}}}, {"d.npz: v: row 2, column 1 is inf"});
    expect_error(Exit::file, {"absent.npz", "No such file"}, [&] { load_dataset(scratch / "absent.npz"); });
    spill(scratch / "text.npz", "q1,v1\n1,2\n");
    expect_error(Exit::file, {"text.npz", "not a readable .npz"}, [&] { load_dataset(scratch / "text.npz"); });

    write_npz(scratch / "d.npz", {{"q", good}, {"v", good}, {"mass", good}}, true);
    EXPECT_EQ(load_dataset(scratch / "d.npz").notes.size(), 1u);
    EXPECT_NE(load_dataset(scratch / "d.npz").notes[0].find("mass"), std::string::npos);
}

// more coordinates than there are bits to say which are angles
TEST(Dataset, ManyAngles) {
    std::string header, row;
    for (int i = 1; i <= 40; ++i) {
        header += "theta" + std::to_string(i) + ",omega" + std::to_string(i) + (i < 40 ? "," : "\n");
        row += i < 40 ? "1,2," : "1,2\n";
    }
    Lines lines(header + row, "d.csv");
    const Dataset data = read_csv_dataset(lines).data;
    EXPECT_EQ(data.dof, 40);
    EXPECT_EQ(data.angles, ~0u);
    Lines back(encode_dataset(data, "d.npz"), "d.npz");
    EXPECT_EQ(load_dataset(back).data.angles, ~0u);
}

TEST(Dataset, NpzFromNumpy) {
    LNN_NEEDS_NUMPY();
    const Scratch scratch;
    ASSERT_TRUE(python(scratch.path(), R"(
import numpy as np
q = np.array([[1, 2], [3, 4], [5, 6]], dtype='<f4')
np.savez_compressed('d', q=np.asfortranarray(q), v=-q.astype('<f8'), a=q / 8,
                    trajectory=np.array([0, 0, 7]), t=np.array([0, .5, 1]),
                    names=np.array(['theta1', 'theta2']), extra=np.array([{}], dtype=object))
)"));
    const LoadedDataset loaded = load_dataset(scratch / "d.npz");
    EXPECT_EQ(loaded.data.q, pendulum.q);
    EXPECT_EQ(loaded.data.v, pendulum.v);
    EXPECT_EQ(loaded.data.a, (Numbers{.125, .25, .375, .5, .625, .75}));
    EXPECT_EQ(loaded.data.trajectory, pendulum.trajectory);
    ASSERT_EQ(loaded.notes.size(), 1u);
    EXPECT_NE(loaded.notes[0].find("extra, names"), std::string::npos) << loaded.notes[0];

    save_dataset(scratch / "ours.npz", pendulum, false);
    EXPECT_TRUE(python(scratch.path(), R"(
import numpy as np
d = np.load('ours.npz')
assert sorted(d.files) == ['a', 'q', 't', 'trajectory', 'v']
assert d['q'].tolist() == [[1, 2], [3, 4], [5, 6]]
assert d['trajectory'].tolist() == [0, 0, 7] and d['t'].shape == (3,)
)"));
}

TEST(Dataset, CsvInAnyOrder) {
    const LoadedDataset loaded = parse_csv(
        "\xEF\xBB\xBFv2, trajectory,\"q1\",mass,t,v1,a2 ,q2,a1\r\n"
        "-2,0,1, ,0,-1,.2,2,.1\r\n"
        "\r\n"
        " -4 ,0,\t3,x,.5,-3,0.4,+4,3e-1\n"
        "-6,7,5,,1,-5,.6,6,.5");
    expect_equal(loaded.data, pendulum);
    ASSERT_EQ(loaded.notes.size(), 1u);
    EXPECT_NE(loaded.notes[0].find("mass"), std::string::npos);

    const Dataset bare = parse_csv("# q1,v1\n1,2\n").data;  // as numpy.savetxt writes it
    EXPECT_EQ(bare.dof, 1);
    EXPECT_EQ(bare.q, Numbers{1});
    EXPECT_TRUE(bare.a.empty() && bare.t.empty() && bare.trajectory.empty());
    EXPECT_EQ(parse_csv("q1,v1\n1e-400,4.9e-324\n").data.q, Numbers{0});
}

TEST(Dataset, CsvHeaderErrors) {
    refused("", {"d.csv:1:1: empty"});
    refused("\n\n", {"d.csv:1:1: empty"});
    refused("1,2\n3,4\n", {"d.csv:1:1: no columns q1, v1"});
    refused("q1,v1\n", {"d.csv:1:1: a header without a row"});
    refused("q1,v1,q1\n1,2,3\n", {"d.csv:1:7: column 'q1' a second time"});
    refused("\nq1,q2,v1\n1,2,3\n", {"d.csv:2:1: column 'v2' is missing", "up to 2", "q1,q2,v1"});
    refused("q1,q3,v1,v2,v3\n", {"column 'q2' is missing"});
    refused("q1\n1\n", {"column 'v1' is missing"});
    refused("q1,q2,v1,v2,a2\n", {"column 'a1' is missing"});
    refused("q1,v1,a999999999\n", {"column 'q2' is missing"});
    refused(std::string("q1,v1\n1,2\0", 10), {"d.csv:1:1: not a text file"});
}

TEST(Dataset, CsvValueErrors) {
    refused("q1,v1\n1,2\n1, x2\n", {"d.csv:3:4: v1 is 'x2', not a number"});
    refused("q1,v1\n1,2;3\n", {"d.csv:2:3: v1 is '2;3'"});
    refused("q1,v1\n,2\n", {"d.csv:2:1: q1 is empty"});
    refused("q1,v1\n1\n", {"d.csv:2:1: 1 fields, but the header has 2"});
    refused("q1,v1\n1,2,3\n", {"d.csv:2:5: more fields than the 2 of the header"});
    for (const char* value : {"nan", "inf", "-inf", "1e999"})
        refused(fmt::format("q1,v1\n1,2\n1,{}\n", value),
                {fmt::format("d.csv:3:3: v1 is {}; every value must be finite", value)});
    for (const char* value : {"+-1", "--1", "1 2", "0x10", "1.2.3", "+", "1e", "++1"})
        refused(fmt::format("q1,v1\n1,{}\n", value), {fmt::format("d.csv:2:3: v1 is '{}', not a number", value)});
    refused("q1,v1,trajectory\n1,2,0.5\n", {"d.csv:2: trajectory is 0.5, not an integer"});
    refused("q1,v1,trajectory\n1,2,1e300\n", {"d.csv:2: trajectory"});
}

// what is printed to 17 digits comes back bit for bit
RC_GTEST_PROP(Dataset, CsvRoundTrip, (const std::vector<std::pair<double, double>>& rows)) {
    RC_PRE(!rows.empty());
    std::string text = "v1,q1\n";
    for (const auto& [v, q] : rows) text += fmt::format("{},{:.17g}\n", v, q);
    const Dataset data = parse_csv(text).data;
    RC_ASSERT(data.samples == rows.size());
    for (std::size_t i = 0; i < rows.size(); ++i) RC_ASSERT(data.v[i] == rows[i].first && data.q[i] == rows[i].second);
}

}  // namespace
}  // namespace lnn
