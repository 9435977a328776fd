// The gradient of the door against differences of the losses of the door, in double.
#include "doors.hpp"

namespace lnn {
namespace {

struct Gradient : testing::TestWithParam<std::string> {
    std::unique_ptr<Backend> backend;

    void SetUp() override {
        if (GetParam() == "cuda") LNN_NEEDS_CARD();
        backend = door(GetParam());
    }

    // every parameter, or some of them, moved by +-h and +-2h, all as models of one call; Richardson's extrapolation of
    // the losses
    void against_differences(const Nets& net, const LossSpec& loss, const Numbers& x, const Numbers& targets,
                             const SolveSpec& solve = {}, double h = 3e-4, double tolerance = 1e-7,
                             std::size_t every = 1) {
        const std::size_t parameters = net.weights.size();
        Nets moved{net.spec, {}, 0};
        for (std::size_t p = 0; p < parameters; p += every)
            for (const double by : {h, -h, 2 * h, -2 * h}) {
                append(moved.weights, net.weights);
                moved.weights[moved.count++ * parameters + p] += by;
            }
        const auto found = gradients(*backend, net, Precision::f64, loss, x, targets, solve);
        const auto around = gradients(*backend, moved, Precision::f64, loss, x, targets, solve).losses;
        double size = 0;
        for (const double g : found.gradient) size = std::max(size, std::abs(g));
        EXPECT_GT(size, 1e-4);
        for (std::size_t p = 0; p < parameters; p += every) {
            const double* l = &around[4 * (p / every)];
            const double expected = (8 * (l[0] - l[1]) - (l[2] - l[3])) / (12 * h);
            ASSERT_NEAR(found.gradient[p], expected, tolerance * size) << "parameter " << p;
        }
    }
};
INSTANTIATE_TEST_SUITE_P(Doors, Gradient, testing::ValuesIn(doors()), [](const auto& i) { return i.param; });

std::vector<LossSpec> losses() {
    std::vector<LossSpec> all;
    for (int kind = 0; kind < Losses::count; ++kind)
        for (const Balance balance : {Balance::none, Balance::scale, Balance::large}) {
            LossSpec spec{.kind = kind, .delta = 0.7, .balance = balance};
            if (balance == Balance::scale) spec.scale = scales({2, 0.5, 3, 1.5});
            all.push_back(spec);
        }
    return all;
}

// 5 samples: a pack that is full and one that is not, whatever their width
TEST_P(Gradient, OfEveryLoss) {
    for (int n = 1; n <= 4; ++n)
        for (const unsigned angles : feature_kinds(n))
            for (const LossSpec& loss : losses()) {
                SCOPED_TRACE(testing::Message() << "n " << n << ", angles " << angles << ", loss " << int(loss.kind)
                                                << ", balance " << int(loss.balance));
                const Nets net = nets(n, 1, {5, 4}, angles);
                // differences: h^4 times a fifth derivative
                against_differences(net, loss, states(n, 5), scattered<double>(-4, 4, 5 * n, 77));
            }
}

// and of any number of degrees of freedom
TEST_P(Gradient, OfEveryModel) {
    for_each_kind([&](int kind) {
        for (const int n : some_dofs)
            for (const auto& hidden : {std::vector<int>{5, 4}, {3, 4, 5}}) {
                if (n > 4 && hidden.size() != 2) continue;  // what depends on n does not depend on the depth
                SCOPED_TRACE(testing::Message() << "kind " << kind << ", n " << n << ", depth " << hidden.size());
                const Nets net = nets_of(kind, n, 1, hidden, 0b101);
                const std::size_t every = 1 + net.weights.size() / 60;
                against_differences(net, {}, states(n, 5), scattered<double>(-4, 4, 5 * n, 77), {}, 3e-4, 1e-7, every);
            }
    });
}

TEST_P(Gradient, OfOtherDepths) {
    for (const auto& hidden : {std::vector<int>{7}, {3, 4, 5}, {2, 3, 2, 3}})
        against_differences(nets(2, 1, hidden), {}, states(2, 33), scattered<double>(-4, 4, 66, 7));
}

// M of lower rank, everywhere: the first layer is narrower than n
TEST_P(Gradient, WhereTheMassMatrixIsRankDeficient) {
    for (const auto& [n, narrow] : {std::pair{2, 1}, {3, 1}, {3, 2}, {4, 2}, {5, 2}})
        for (const unsigned angles : feature_kinds(n)) {
            SCOPED_TRACE(testing::Message() << "n " << n << ", rank " << narrow << ", angles " << angles);
            const Nets net = nets(n, 1, {narrow, 5}, angles, 0);
            // accelerations are large where an eigenvalue is small, and so are the higher derivatives: a
            // smaller h
            against_differences(net, {}, states(n, 5, 3), scattered<double>(-4, 4, 5 * n, 78), {1e-8}, 2e-4, 1e-6);
        }
}

// some eigenvalues of M, or all of them, below the floor of the solve
TEST_P(Gradient, WhereTheMassMatrixIsBelowTheFloor) {
    for (int n = 1; n <= 4; ++n)
        for (const double floor : {0.3, 1.0, 10.0}) {
            SCOPED_TRACE(testing::Message() << "n " << n << ", floor " << floor);
            const Nets net = nets(n, 1, {5, 4}, 0b1, 0);
            const Numbers x = states(n, 5), targets = scattered<double>(-4, 4, 5 * n, 78);
            against_differences(net, {}, x, targets, {.floor = floor}, 2e-4, 1e-6);
            EXPECT_NE(gradients(*backend, net, Precision::f64, {}, x, targets, {.floor = floor}).gradient,
                      gradients(*backend, net, Precision::f64, {}, x, targets).gradient);
        }
}

// the mean over any number of samples is the mean of the gradients of each
TEST_P(Gradient, IsTheMeanOverTheSamples) {
    const Nets net = nets(2, 1);
    for (const int samples : {1, 2, 3, 4, 5, 31, 32, 33, 100}) {
        const Numbers x = states(2, samples), targets = truth(*backend, double_pendulum, x);
        const auto together = gradients(*backend, net, Precision::f64, {}, x, targets);
        Numbers mean(net.weights.size());
        double loss = 0;
        for (int i = 0; i < samples; ++i) {
            const auto one = gradients(*backend, net, Precision::f64, {}, columns(x, samples, i, 1),
                                       columns(targets, samples, i, 1));
            loss += one.losses[0] / samples;
            for (std::size_t p = 0; p < mean.size(); ++p) mean[p] += one.gradient[p] / samples;
        }
        EXPECT_NEAR(together.losses[0], loss, 1e-13 * loss) << samples;
        for (std::size_t p = 0; p < mean.size(); ++p)
            EXPECT_NEAR(together.gradient[p], mean[p], 1e-12 * loss) << samples;
    }
}

// single precision: the same within its rounding
TEST_P(Gradient, InSingleIsTheSame) {
    for (const int n : {1, 2, 3, 4, 7, 12}) {
        const Nets net = nets(n, 1, {8, 7});
        const Numbers x = states(n, 33), targets = scattered<double>(-4, 4, 33 * n, 5);
        const auto fine = gradients(*backend, net, Precision::f64, {}, x, targets);
        const auto coarse = gradients(*backend, net, Precision::f32, {}, x, targets);
        double size = 0;
        for (const double g : fine.gradient) size = std::max(size, std::abs(g));
        for (std::size_t p = 0; p < fine.gradient.size(); ++p)
            EXPECT_NEAR(coarse.gradient[p], fine.gradient[p], 1e-4 * size);
        EXPECT_FALSE(same_bits(coarse.gradient, fine.gradient));
    }
}

}  // namespace
}  // namespace lnn
