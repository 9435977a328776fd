// The numbers behind the figures, gaps where numbers are not finite, and gnuplot: scripts that draw the same
// again, a missing program, a failing one.
#include "problem/initialise.hpp"
#include "report/run.hpp"

namespace lnn {
namespace {

TEST_F(Report, ScriptsDrawTheSamePictureAgain) {
    write_all();
    write_report(run);
    for (const std::string name : figure_names) {
        const fs::path svg = run / "figures" / (name + ".svg");
        const std::string before = slurp(svg);
        fs::remove(svg);
        ASSERT_EQ(std::system(fmt::format("cd '{}' && gnuplot {}.gp", svg.parent_path().string(), name).c_str()), 0);
        EXPECT_EQ(slurp(svg), before) << name;
    }
}

// bobs hang from the pivot by their rods; the energy is the textbook's, of the truth and of the model
TEST_F(Report, DoublePendulumNumbers) {
    write_all();
    write_report(run);
    const auto q = numbers("coordinates.csv"), places = numbers("motion.csv"), energy = numbers("energy.csv");
    const Array a = read_npy(run / "eval/trajectories.npy");
    ASSERT_EQ(q.size(), 20u);
    ASSERT_EQ(places.size(), 20u);
    ASSERT_EQ(energy.size(), 20u);
    for (std::size_t k = 0; k < 20; ++k)
        for (std::size_t path : {0, 1}) {
            const double* x = &a.values[(path * 3 * 20 + k) * 4];
            const double x1 = std::sin(x[0]), y1 = -std::cos(x[0]);
            const double x2 = x1 + std::sin(x[1]), y2 = y1 - std::cos(x[1]);
            const double e = x[2] * x[2] + 0.5 * x[3] * x[3] + x[2] * x[3] * std::cos(x[0] - x[1]) + 9.8 * (y1 + y2);
            EXPECT_DOUBLE_EQ(q[k][0], double(k) / 100);
            const double expected[] = {x[0], x[1], x1, y1, x2, y2, e};
            const double found[] = {q[k][1 + path],      q[k][3 + path],      places[k][1 + path], places[k][3 + path],
                                    places[k][5 + path], places[k][7 + path], energy[k][1 + path]};
            // nine digits are written
            for (int i = 0; i < 7; ++i)
                EXPECT_NEAR(found[i], expected[i], 1e-8 * std::max(1.0, std::abs(expected[i]))) << i;
        }
}

// motion leaves scale and offset of an energy open: a network of another scale and offset has the same curve
TEST_F(Report, LearnedEnergyIsAligned) {
    write_all();
    EXPECT_FALSE((write_report(run), html()).find("fitted to 3 motions") != std::string::npos);
    Network network;
    network.spec.dof = 2, network.spec.depth = 1, network.spec.hidden[0] = 5, network.spec.angles = 3;
    network.weights = initial_weights(network.spec, 0, 1);
    write_safetensors(run / "model.safetensors", network_file(network, true), true);
    EXPECT_NE((write_report(run), html()).find("fitted to 3 motions"), std::string::npos);
    const auto first = numbers("energy.csv");
    const std::size_t output = network.weights.size() - 6;  // fc2: five weights and a bias
    for (std::size_t i = output; i < output + 5; ++i) network.weights[i] *= -2.5;
    network.weights[output + 5] += 7;
    write_safetensors(run / "model.safetensors", network_file(network, true), true);
    write_report(run);
    const auto second = numbers("energy.csv");
    double moves = 0;
    for (std::size_t k = 0; k < first.size(); ++k) {
        ASSERT_EQ(first[k].size(), 4u);
        EXPECT_NEAR(second[k][3], first[k][3], 1e-6);
        moves = std::max(moves, std::abs(first[k][3] - first[0][3]));
    }
    EXPECT_GT(moves, 0.01);
}

TEST_F(Report, SpringPendulumIsPolar) {
    write_all("spring_pendulum", 2, {"r", "theta"});
    EXPECT_TRUE(write_report(run).empty());
    const Array a = read_npy(run / "eval/trajectories.npy");
    const auto places = numbers("motion.csv");
    EXPECT_NEAR(places[5][1], a.values[20] * std::sin(a.values[21]), 1e-8);
    EXPECT_NEAR(places[5][3], -a.values[20] * std::cos(a.values[21]), 1e-8);
    EXPECT_EQ(pictures(html()), 8u);
}

TEST_F(Report, OtherSystemsInPhaseSpace) {
    write_all("harmonic_oscillator", 1, {"x"});
    EXPECT_TRUE(write_report(run).empty());
    expect_has(html(), "Motion in phase space");
    const Array a = read_npy(run / "eval/trajectories.npy");
    EXPECT_NEAR(numbers("phase.csv")[3][3], a.values[7], 1e-8);  // velocity of the truth at instant 3
    EXPECT_EQ(pictures(html()), 6u);
}

// every trajectory in one bin, the median where half of them lie below
TEST_F(Report, DistributionOfErrors) {
    write_all();
    EXPECT_TRUE(write_report(run).empty());
    const auto rows = numbers("errors.csv");
    for (std::size_t column : {1, 2}) {
        double twice = 0;  // each bin has two corners
        for (const auto& row : rows) twice += row[column];
        EXPECT_NEAR(twice, 200, 1e-5) << column;
        EXPECT_EQ(rows.front()[column], 0) << column;
        EXPECT_EQ(rows.back()[column], 0) << column;
    }
    // medians of 300 errors, and ten times that
    std::smatch median;
    const std::string script = figure("errors.gp");
    const std::regex arrow("set arrow from ([^,]*), graph 0");
    auto at = std::sregex_iterator(script.begin(), script.end(), arrow);
    ASSERT_EQ(std::distance(at, std::sregex_iterator()), 2);
    EXPECT_NEAR(std::stod((*at)[1]), 1e-3 * 150.5, 1e-8);
    EXPECT_NEAR(std::stod((*++at)[1]), 1e-2 * 150.5, 1e-7);

    const auto pairs = numbers("pairs.csv");
    ASSERT_EQ(pairs.size(), 300u);
    EXPECT_DOUBLE_EQ(pairs[41][0], 0.042);
    EXPECT_DOUBLE_EQ(pairs[41][1], 0.42);
}

// errors of 0, infinite ones and NaN have no logarithm; a thousand decades are no reason to hang
TEST_F(Report, ErrorsBeyondEveryAxis) {
    write_all();
    spill(run / "eval/per_trajectory.csv", "mse_theta1,mse_theta2\n0,1\ninf,2\nnan,3\n1e-300,4\n1e300,5\n1,-nan\n");
    EXPECT_TRUE(write_report(run).empty());
    expect_has(html(), "4 errors of 0 or not finite have no place in it.");
    EXPECT_EQ(pictures(html()), 8u);
    // where most are not finite there is no median to mark, and the steps do not add up to all
    spill(run / "eval/per_trajectory.csv", "mse_theta1,mse_theta2\n1,1\ninf,2\ninf,2\nnan,2\n");
    EXPECT_TRUE(write_report(run).empty());
    EXPECT_EQ(count(figure("errors.gp"), "set arrow"), 1u);
    double twice = 0;
    for (const auto& row : numbers("errors.csv")) twice += row[1];
    EXPECT_NEAR(twice, 50, 1e-6);
    spill(run / "eval/per_trajectory.csv", "mse_theta1,mse_theta2\ninf,inf\ninf,nan\n");
    EXPECT_TRUE(write_report(run).empty());
    EXPECT_EQ(pictures(html()), 6u);
}

TEST_F(Report, NonFiniteMetricsAreGapsAndSaidSo) {
    write_all();
    std::vector<Metrics> rows = metrics(12);
    rows[4].loss = nan;
    rows[6].loss = infinity;
    rows[9].grad_norm = -infinity;
    spill(run / "metrics.csv", metrics_csv(rows));
    EXPECT_TRUE(write_report(run).empty());
    expect_has(html(), "2 of 24 values are not finite");
    expect_has(html(), "1 of 24 values are not finite");
    EXPECT_TRUE(std::isnan(numbers("loss.csv")[2][1]));
    EXPECT_TRUE(std::isnan(numbers("loss.csv")[3][1]));
    EXPECT_TRUE(std::isnan(numbers("gradient.csv")[4][2]));
    EXPECT_EQ(count(figure("loss.csv"), "inf"), 0u);
    EXPECT_EQ(pictures(html()), 8u);
}

TEST_F(Report, MetricsWithNothingToDraw) {
    write_all();
    std::vector<Metrics> rows = metrics(12);
    for (Metrics& m : rows) m.loss = nan;
    spill(run / "metrics.csv", metrics_csv(rows));
    EXPECT_TRUE(write_report(run).empty());
    expect_has(html(), "Loss: metrics.csv has fewer than two finite values");
    EXPECT_EQ(pictures(html()), 7u);

    spill(run / "metrics.csv", metrics_csv(metrics(1)));
    EXPECT_TRUE(write_report(run).empty());
    EXPECT_EQ(pictures(html()), 6u);
}

TEST_F(Report, ConstantMetricsAndManySeeds) {
    write_all();
    std::vector<Metrics> rows;
    for (std::int64_t step : {1, 2, 3})
        for (std::uint64_t seed = 0; seed < 40; ++seed)
            rows.push_back({.step = step, .seed = seed, .loss = 1, .lr = 1, .grad_norm = 1e-300, .cond_p99 = 8});
    spill(run / "metrics.csv", metrics_csv(rows));
    EXPECT_TRUE(write_report(run).empty());
    EXPECT_EQ(numbers("loss.csv")[0].size(), 41u);
    EXPECT_EQ(pictures(html()), 8u);
}

TEST_F(Report, ModelThatRunsAway) {
    write_all();
    write_samples(2);
    Array a = read_npy(run / "eval/trajectories.npy");
    for (std::size_t k = 5; k < 20; ++k)  // the model, first sample
        for (std::size_t row = 0; row < 4; ++row)
            a.values[(3 * 20 + k) * 4 + row] = k < 8 ? (row % 2 == 0 ? 1e300 : -1e300) : k < 12 ? infinity : nan;
    write_npy(run / "eval/trajectories.npy", a, true);
    EXPECT_TRUE(write_report(run).empty());
    EXPECT_EQ(pictures(html()), 8u);
    EXPECT_GE(count(html(), "The model leaves the frame."), 2u);
    EXPECT_TRUE(std::isnan(numbers("coordinates.csv")[10][2]));
    // the truth stays visible
    const std::string script = figure("coordinates.gp");
    const std::regex frame("set yrange .([^:]*):([^]]*).");
    int frames = 0;
    for (std::sregex_iterator f(script.begin(), script.end(), frame), end; f != end; ++f, ++frames)
        for (int side : {1, 2}) EXPECT_LT(std::abs(std::stod((*f)[side])), 10) << f->str();
    EXPECT_EQ(frames, 2);

    a.values[3] = nan;  // the truth, first sample: the next one is shown
    write_npy(run / "eval/trajectories.npy", a, true);
    EXPECT_TRUE(write_report(run).empty());
    expect_has(html(), "Motion and energy are those of trajectory 2.");
    EXPECT_EQ(pictures(html()), 8u);
    a.values[80 + 79] = a.values[160] = infinity;  // and all others
    write_npy(run / "eval/trajectories.npy", a, true);
    EXPECT_EQ(write_report(run).size(), 1u);
    expect_has(html(), "the true motions themselves are not finite");
    EXPECT_EQ(pictures(html()), 4u);
}

TEST_F(Report, SystemAtRest) {
    for (const auto& [kind, dof] :
         {std::pair{"double_pendulum", 2}, {"harmonic_oscillator", 1}, {"spring_pendulum", 2}}) {
        write_all(kind, dof, {"a", "b"});
        write_samples(dof, 20, [](double) { return 0.0; });
        EXPECT_TRUE(write_report(run).empty()) << kind;
        EXPECT_EQ(pictures(html()), kind == std::string("harmonic_oscillator") ? 7u : 8u) << kind;
    }
}

TEST_F(Report, WithoutGnuplot) {
    write_all();
    write_report(run);
    ASSERT_TRUE(in_child([&] {
        ::setenv("PATH", (scratch / "no programs").c_str(), 1);
        const auto notes = write_report(run);
        return notes ==
                       std::vector<std::string>{
                           "gnuplot is not installed: the figures are left out; apt install gnuplot-nox"}
                   ? 0
                   : 2;
    }));
    expect_has(html(), "apt install gnuplot-nox");
    expect_has(html(), "all theta1");
    EXPECT_EQ(pictures(html()), 0u);
    // the numbers and scripts are there for later, no stale picture beside them
    EXPECT_TRUE(fs::exists(run / "figures/loss.csv"));
    EXPECT_TRUE(fs::exists(run / "figures/loss.gp"));
    EXPECT_FALSE(fs::exists(run / "figures/loss.svg"));
    expect_balanced(html());
}

TEST_F(Report, GnuplotThatFails) {
    write_all();
    spill(scratch / "gnuplot", "#!/bin/sh\nexit 1\n");
    fs::permissions(scratch / "gnuplot", fs::perms::owner_all);
    ASSERT_TRUE(in_child([&] {
        ::setenv("PATH", scratch.path().c_str(), 1);
        return write_report(run).size() == 8 ? 0 : 2;
    }));
    expect_has(html(), "gnuplot could not draw");
    EXPECT_EQ(pictures(html()), 0u);
}

}  // namespace
}  // namespace lnn
