#include "files/measured.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <numbers>

#include "files/npz.hpp"
#include "files/scratch.hpp"
#include "statistics/statistics.hpp"

namespace lnn {
namespace {

using Numbers = std::vector<double>;
using Trajectories = std::vector<std::int64_t>;
using Names = std::vector<std::string>;

constexpr double pi = std::numbers::pi;

Import import_text(const std::string& text, const Measurement& how = {}) {
    const Scratch scratch;
    spill(scratch / "d.csv", text);
    return import_measured(scratch / "d.csv", how);
}

void refused(const std::string& text, std::initializer_list<std::string> parts, const Measurement& how = {}) {
    expect_error(Exit::file, parts, [&] { import_text(text, how); });
}

// measured data that is not part of the project: LNN_SHARED_DATA, or ../shared/data beside it
std::filesystem::path shared_data() {
    const char* const given = std::getenv("LNN_SHARED_DATA");
    return given ? given : std::filesystem::path(LNN_SOURCE_DIR) / ".." / "shared" / "data";
}

bool noted(const Import& import, const std::string& part) {
    return std::any_of(import.notes.begin(), import.notes.end(),
                       [&](const std::string& note) { return note.find(part) != note.npos; });
}

TEST(Measured, NothingChangesWhereEverythingIsMeasured) {
    const Import import = import_text("t,q1,q2,v1,v2,a1,a2,trajectory\n0,1,2,3,4,5,6,8\n0.5,3,4,9,10,11,12,8\n");
    EXPECT_EQ(import.data.q, (Numbers{1, 2, 3, 4}));
    EXPECT_EQ(import.data.v, (Numbers{3, 4, 9, 10}));
    EXPECT_EQ(import.data.a, (Numbers{5, 6, 11, 12}));
    EXPECT_EQ(import.data.t, (Numbers{0, 0.5}));
    EXPECT_EQ(import.data.trajectory, (Trajectories{0, 0}));
    EXPECT_TRUE(import.notes.empty() && import.derived.empty());
    // no times are needed then
    EXPECT_EQ(import_text("q1,v1,a1\n1,2,3\n4,5,6\n").data.a, (Numbers{3, 6}));
}

TEST(Measured, TrialsAndGaps) {
    // trial 5 at steps of 1 with a gap of 1.6, trial 3 at steps of 10; their rows are mixed
    const Import import = import_text(
        "trial,t,q1,v1,a1\n5,0,1,0,0\n3,0,10,0,0\n5,1,2,0,0\n3,10,11,0,0\n5,2,3,0,0\n3,20,12,0,0\n5,3.6,4,0,0\n5,4.6,5,"
        "0,0\n5,6,6,0,0\n");
    EXPECT_EQ(import.data.q, (Numbers{10, 11, 12, 1, 2, 3, 4, 5, 6}));
    EXPECT_EQ(import.data.trajectory, (Trajectories{0, 0, 0, 1, 1, 1, 2, 2, 2}));
    EXPECT_EQ(import.trials, 2u);
    EXPECT_EQ(import.gaps, 1u);
    EXPECT_TRUE(noted(import, "1 gaps"));

    Measurement how;
    how.gap = 1.3;  // of which the step of 1.4 is one more
    EXPECT_EQ(import_text("t,q1,v1,a1\n0,1,0,0\n1,2,0,0\n2,3,0,0\n3.4,4,0,0\n", how).gaps, 1u);
    EXPECT_EQ(import_text("t,q1,v1,a1\n0,1,0,0\n1,2,0,0\n2,3,0,0\n3.4,4,0,0\n").gaps, 0u);
}

TEST(Measured, TimesMustRise) {
    refused("t,q1,v1,a1\n0,1,0,0\n1,2,0,0\n\n1,3,0,0\n", {"d.csv:5: time 1 comes a second time; sort"});
    refused("t,q1,v1,a1\n0,1,0,0\n2,2,0,0\n1,3,0,0\n", {"d.csv:4: time 1 comes after 2 of", "d.csv:3; sort"});
    // also where the rows of trials are mixed
    refused("trial,t,q1,v1,a1\n2,3,0,0,0\n1,0,0,0,0\n1,5,0,0,0\n2,2,0,0,0\n",
            {"d.csv:5: time 2 comes after 3 of", ":2;"});
    const Scratch scratch;
    write_npz(scratch / "d.npz", {{"t", {{3}, {0, 1, 1}}}, {"q", {{3}, {0, 1, 1}}}}, false);
    expect_error(Exit::file, {"d.npz: row 3: time 1 comes a second"}, [&] { import_measured(scratch / "d.npz", {}); });
}

TEST(Measured, Units) {
    Measurement how;
    how.degrees = true;
    how.seconds = 1e-3;
    how.angles = {1};
    const Import import = import_text("t,q1,q2,v1,v2,a1,a2\n0,180,1,90,2,45,3\n250,90,1,-90,2,-45,3\n", how);
    const Numbers q = {pi, 1, pi / 2, 1}, v = {pi / 2, 2, -pi / 2, 2}, a = {pi / 4, 3, -pi / 4, 3};
    for (std::size_t i = 0; i < 4; ++i) {
        EXPECT_DOUBLE_EQ(import.data.q[i], q[i]);
        EXPECT_DOUBLE_EQ(import.data.v[i], v[i]);
        EXPECT_DOUBLE_EQ(import.data.a[i], a[i]);
    }
    EXPECT_EQ(import.data.t, (Numbers{0, 0.25}));
    how.angles.reset();
    expect_error(Exit::usage, {"--degrees", "--angles"}, [&] { import_text("q1,v1,a1\n1,2,3\n4,5,6\n", how); });
    EXPECT_DOUBLE_EQ(import_text("theta,omega,alpha\n180,2,3\n4,5,6\n", how).data.q[0], pi);
}

// a motion that turns over again and again, recorded in [-pi, pi], with a gap after row 30
std::string turning(const char* header) {
    std::string text = header;
    for (int i = 0; i < 80; ++i) {
        const double t = 0.01 * (i < 30 ? i : i + 7), angle = 40 * t + std::sin(5 * t);
        text += fmt::format("{},{:.17g},{:.17g}\n", t, std::remainder(angle, 2 * pi), std::cos(9 * t));
    }
    return text;
}

TEST(Measured, AnglesAreUnwrappedBeforeDerivatives) {
    const Import import = import_text(turning("t,theta1,theta2\n"));
    ASSERT_EQ(import.data.samples, 80u);
    EXPECT_EQ(import.gaps, 1u);
    EXPECT_EQ(import.derived, (Names{"v1", "v2", "a1", "a2"}));
    EXPECT_TRUE(noted(import, "velocities derived from positions by Savitzky-Golay, window 11, order 4"));
    for (std::size_t s = 0; s < 80; ++s) {
        const double t = import.data.t[s];
        // one-sided fits at the ends of a segment err by h^3 times the fifth derivative, 9^5
        EXPECT_NEAR(import.data.v[2 * s], 40 + 5 * std::cos(5 * t), 0.05) << t;
        EXPECT_NEAR(import.data.v[2 * s + 1], -9 * std::sin(9 * t), 0.05) << t;
        EXPECT_NEAR(import.data.a[2 * s], -25 * std::sin(5 * t), 3) << t;
        EXPECT_NEAR(import.data.a[2 * s + 1], -81 * std::cos(9 * t), 3) << t;
    }
    // from 0 to 12.6 past pi and 3 pi, from 15.8 to 33.5 past 7 pi and 9 pi
    EXPECT_EQ(import.unwrapped, 4u);
    EXPECT_TRUE(noted(import, "q1: 4 jumps of more than pi between neighbours unwrapped"));

    // a coordinate that is no angle, by its name or as told, stays as it is; only where nobody told is that said
    const std::string said = "q1: 4 jumps of more than pi between neighbours left as they are";
    for (const auto& angles : {std::optional<std::vector<int>>(), std::optional(std::vector<int>{2})}) {
        Measurement how;
        how.angles = angles;
        const Import as_it_is = import_text(turning("t,q1,q2\n"), how);
        EXPECT_EQ(as_it_is.unwrapped, 0u);
        EXPECT_EQ(noted(as_it_is, said), !angles);
        EXPECT_LE(*std::max_element(as_it_is.data.q.begin(), as_it_is.data.q.end()), pi);
    }
}

TEST(Measured, OnlyWhatIsMissingIsDerived) {
    std::string text = "t,q1,v1\n", other = "t,q1,a1\n";
    for (int i = 0; i < 20; ++i) {
        text += fmt::format("{},{},{}\n", 0.1 * i, i % 7, 3 + 0.1 * i);  // v = 3 + t, whatever q does
        other += fmt::format("{},{},{}\n", 0.1 * i, 0.2 * i, i);         // q = 2 t, whatever a does
    }
    const Import first = import_text(text), second = import_text(other);
    EXPECT_EQ(first.derived, Names{"a1"});
    EXPECT_EQ(second.derived, Names{"v1"});
    for (int i = 0; i < 20; ++i) {
        EXPECT_NEAR(first.data.a[i], 1, 1e-9);
        EXPECT_EQ(first.data.v[i], 3 + 0.1 * i);
        EXPECT_NEAR(second.data.v[i], 2, 1e-9);
        EXPECT_EQ(second.data.a[i], i);
    }
}

TEST(Measured, ShortSegmentsAreDroppedAndCounted) {
    std::string text = "t,q1,trial\n";
    for (int i = 0; i < 30; ++i) text += fmt::format("{},{},1\n", i + (i < 4 ? 0 : 10), i);  // 4, then 26
    for (int i = 0; i < 5; ++i) text += fmt::format("{},{},2\n", i, i);
    const Import import = import_text(text);
    EXPECT_EQ(import.short_segments, 2u);
    EXPECT_EQ(import.short_samples, 9u);
    EXPECT_EQ(import.data.samples, 26u);
    EXPECT_EQ(import.data.q.front(), 4);
    EXPECT_EQ(import.data.trajectory, Trajectories(26, 0));
    EXPECT_TRUE(noted(import, "2 segments of fewer than 11 samples dropped, 9 samples in all"));
    Measurement how;
    how.filter = {4, 3};
    EXPECT_EQ(import_text(text, how).short_segments, 0u);
    how.filter = {27, 3};
    refused(text, {"d.csv:2: too few samples for a derivative", "has 26, a window 27", "--window"}, how);
}

TEST(Measured, Errors) {
    refused("t,q1,v1,a1\n0,1,2,3\n", {"d.csv:2: a single sample"});
    refused("q1,v1\n1,2\n3,4\n", {"d.csv:1:1: no column of times", "accelerations", "--columns t=NAME"});
    refused("t,v1,a1\n0,1,2\n", {"d.csv:1:1: column 'q1' is missing"});
    Measurement how;
    how.dof = 1;
    refused("t,q1,q2\n0,1,2\n1,2,3\n", {"d.csv:1:1: 2 coordinates q1, ..., but the system has 1"}, how);
    how = {};
    how.angles = {3};
    refused("t,q1,q2\n0,1,2\n1,2,3\n", {"d.csv:1:1: no q3 that --angles could name: there are 2"}, how);
}

TEST(Measured, Npz) {
    const Scratch scratch;
    Array t{{12}, {}}, theta{{12, 2}, {}};
    for (int i = 0; i < 12; ++i) {
        t.values.push_back(i);
        theta.values.insert(theta.values.end(), {2.0 * i, -0.5 * i});
    }
    write_npz(scratch / "d.npz", {{"t", t}, {"theta", theta}, {"mass", {{1}, {3}}}}, false);
    const Import import = import_measured(scratch / "d.npz", {});
    EXPECT_EQ(import.data.q, theta.values);
    EXPECT_NEAR(import.data.v[6], 2, 1e-9);
    EXPECT_NEAR(import.data.v[7], -0.5, 1e-9);
    EXPECT_TRUE(noted(import, "columns ignored: mass"));
}

// the double pendulum that Schmidt and Lipson filmed
TEST(Measured, FilmedPendulum) {
    const std::filesystem::path file = shared_data() / "schmidt-lipson-2009" / "real_double_pend_trial0.txt";
    if (!std::filesystem::exists(file)) LNN_SKIP_OR_FAIL("LNN_REQUIRE_DATA", "no shared data (LNN_SHARED_DATA)");
    const Import recorded = import_measured(file, {});
    EXPECT_EQ(recorded.data.samples, 819u);
    EXPECT_EQ(recorded.gaps, 32u);
    EXPECT_EQ(recorded.data.trajectory.back(), 32);
    EXPECT_TRUE(recorded.derived.empty());
    EXPECT_EQ(recorded.unwrapped, 0u);
    EXPECT_DOUBLE_EQ(recorded.data.q[0], -1.1336150169372559);
    EXPECT_DOUBLE_EQ(recorded.data.v[1], -6.1550583839416504);
    EXPECT_DOUBLE_EQ(recorded.data.a[1], 5.443181037902832);

    Measurement how;
    how.columns = "trajectory=1,t=2,q1=3,q2=4,v1=5,v2=6";
    const auto derived = [&](SavitzkyGolay filter) {
        how.filter = filter;
        return import_measured(file, how);
    };
    // both by their instants, which are of no two rows
    const auto differences = [&](const Import& import, int coordinate) {
        Numbers all;
        std::size_t row = 0;
        for (std::size_t s = 0; s < import.data.samples; ++s) {
            while (recorded.data.t[row] != import.data.t[s]) ++row;
            const std::size_t i = std::size_t(coordinate);
            all.push_back(std::abs(import.data.a[2 * s + i] - recorded.data.a[2 * row + i]));
        }
        return all;
    };
    const auto rms = [](const Numbers& x) {
        double sum = 0;
        for (const double value : x) sum += value * value;
        return std::sqrt(sum / double(x.size()));
    };
    // the recorded accelerations are, but for the ends, derivatives of the recorded velocities by windows of 5 and
    // parabolas: the medians of the differences are 0.0005 and 0.0009 rad/s^2
    const Import narrow = derived({5, 2});
    EXPECT_EQ(narrow.short_segments, 6u);
    for (const int i : {0, 1}) EXPECT_LT(quantile(sorted(differences(narrow, i)), 0.5), 0.002);
    // by the defaults, which are wider: 6.8 % and 6.9 % of their size
    const Import usual = derived({});
    EXPECT_EQ(usual.data.samples, 772u);
    EXPECT_EQ(usual.short_segments, 11u);
    for (const int i : {0, 1}) {
        Numbers sizes;
        for (std::size_t row = std::size_t(i); row < recorded.data.a.size(); row += 2)
            sizes.push_back(recorded.data.a[row]);
        const double share = rms(differences(usual, i)) / rms(sizes);
        EXPECT_LT(share, 0.072) << i;
        EXPECT_GT(share, 0.05) << i;
    }
}

}  // namespace
}  // namespace lnn
