// What the film on the page is made of: places of the bodies for each kind of drawing.
#include "report/film.hpp"
#include "report/run.hpp"

namespace lnn {
namespace {

class Film : public Report {
  protected:
    // of the page of a run of this system
    Json data(const std::string& kind, std::size_t dof, const std::vector<std::string>& names) {
        write_all(kind, dof, names);
        return data();
    }
    Json data() {
        EXPECT_TRUE(write_report(run).empty());
        const std::string page = html(), opening = "<script type=\"application/json\">";
        const std::size_t begin = page.find(opening) + opening.size();
        return Json::parse(page.substr(begin, page.find("</script>", begin) - begin));
    }
    // a number of trajectories.npy
    double stored(int path, std::size_t sample, std::size_t instant, std::size_t row) const {
        const Array a = read_npy(run / "eval/trajectories.npy");
        return a.values[((path * a.shape[1] + sample) * a.shape[2] + instant) * a.shape[3] + row];
    }
};

constexpr double digits = 1e-4;  // five are written

TEST_F(Film, DoublePendulumIsAChainOfRods) {
    const Json film = data("double_pendulum", 2, {"theta1", "theta2"});
    EXPECT_EQ(film["link"], "rod");
    EXPECT_EQ(film["anchor"], Json({0, 0}));
    ASSERT_EQ(film["motions"].size(), 3u);
    const Json& motion = film["motions"][2];
    EXPECT_EQ(motion["t"].size(), 20u);
    EXPECT_DOUBLE_EQ(motion["t"][7].get<double>(), 0.07);
    for (int path : {0, 1}) {
        const Json& along = motion[path == 0 ? "truth" : "model"];
        const double q1 = stored(path, 2, 7, 0), q2 = stored(path, 2, 7, 1);
        EXPECT_NEAR(along["q"][1][7].get<double>(), q2, digits);
        EXPECT_NEAR(along["x"][0][7].get<double>(), std::sin(q1), digits);
        EXPECT_NEAR(along["x"][1][7].get<double>(), std::sin(q1) + std::sin(q2), digits);
        EXPECT_NEAR(along["y"][1][7].get<double>(), -std::cos(q1) - std::cos(q2), digits);
    }
}

TEST_F(Film, AChainThatIsTextHasItsRods) {
    const Json film = data("chain_pendulum_3", 3, {"theta1", "theta2", "theta3"});
    EXPECT_EQ(film["link"], "rod");
    double x = 0;
    for (std::size_t i = 0; i < 3; ++i) x += std::sin(stored(1, 1, 4, i));
    EXPECT_NEAR(film["motions"][1]["model"]["x"][2][4].get<double>(), x, digits);
}

TEST_F(Film, SpringPendulumIsABobOnASpring) {
    const Json film = data("spring_pendulum", 2, {"r", "theta"});
    EXPECT_EQ(film["link"], "spring");
    const double r = stored(1, 0, 3, 0), theta = stored(1, 0, 3, 1);
    EXPECT_NEAR(film["motions"][0]["model"]["x"][0][3].get<double>(), r * std::sin(theta), digits);
    EXPECT_NEAR(film["motions"][0]["model"]["y"][0][3].get<double>(), -r * std::cos(theta), digits);
}

TEST_F(Film, HarmonicOscillatorSlides) {
    const Json film = data("harmonic_oscillator", 1, {"x"});
    EXPECT_EQ(film["link"], "spring");
    EXPECT_LT(film["anchor"][0], film["frame"][1]);
    const Json& truth = film["motions"][1]["truth"];
    EXPECT_NEAR(truth["x"][0][5].get<double>(), stored(0, 1, 5, 0), digits);
    EXPECT_EQ(truth["y"][0][5], 0);
    for (const Json& x : truth["x"][0]) EXPECT_GT(x, film["anchor"][0]);  // the spring never turns over
}

TEST_F(Film, TruthStaysInTheFrameAndARunawayModelIsNull) {
    write_all("spring_pendulum", 2, {"r", "theta"});
    Array a = read_npy(run / "eval/trajectories.npy");
    a.values[(3 * 20 + 5) * 4] = nan;  // r of the model, first sample, instant 5
    a.values[(3 * 20 + 6) * 4] = 1e30;
    write_npy(run / "eval/trajectories.npy", a, true);
    const Json film = data(), model = film["motions"][0]["model"];
    EXPECT_TRUE(model["q"][0][5].is_null());
    EXPECT_TRUE(model["x"][0][5].is_null());
    EXPECT_TRUE(model["q"][1][5].is_number());
    EXPECT_GT(std::abs(model["y"][0][6].get<double>()), 1e29);
    const Json frame = film["frame"];
    for (const Json& motion : film["motions"])
        for (std::size_t k = 0; k < 20; ++k) {
            EXPECT_GT(motion["truth"]["x"][0][k], frame[0]);
            EXPECT_LT(motion["truth"]["x"][0][k], frame[1]);
            EXPECT_GT(motion["truth"]["y"][0][k], frame[2]);
            EXPECT_LT(motion["truth"]["y"][0][k], frame[3]);
        }
    EXPECT_LT(frame[1], 10);
}

// motions of another source: no anchor, no link, names that would rather be markup, lengths of their own
TEST_F(Film, AnyMotionIsAPointInItsPlane) {
    Motions motions{{"a", "</script><b>"}, {"m", "m"}, {}};
    motions.all.push_back({"first", {0, 0.5}, {}});
    motions.all.push_back({"second", {0, 1, 2}, {}});
    for (Motion& motion : motions.all)
        for (Path path : {truth, model})
            for (int row = 0; row < 4; ++row)
                motion.along[path].emplace_back(motion.instants.size(), 10.0 * row + double(path));
    const std::string html = film(Drawing{}, motions);
    EXPECT_EQ(count(html, "</script>"), 1u);
    expect_has(html, "<option>first</option><option>second</option>");
    expect_has(html, "slowed 4 times");
    expect_has(html, "\"link\":\"none\",\"anchor\":null");
    expect_has(html, R"("model":{"x":[[1,1]],"y":[[11,11]],"q":[[1,1],[11,11]]})");
}

// a page carries at most a thousand instants of a motion
TEST_F(Film, LongMotionsAreThinned) {
    write_all();
    write_samples(2, 2501);
    const Json film = data();
    EXPECT_EQ(film["motions"][0]["t"].size(), 834u);
    EXPECT_DOUBLE_EQ(film["motions"][0]["t"][100].get<double>(), 3.0);
    EXPECT_NEAR(film["motions"][1]["truth"]["q"][0][100].get<double>(), stored(0, 1, 300, 0), digits);
    EXPECT_EQ(numbers("coordinates.csv").size(), 2501u);
}

}  // namespace
}  // namespace lnn
