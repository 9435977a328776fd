// Normal equations against the door's gradients and differences of its accelerations; damped steps against a
// dense solve.
#include <numeric>

#include "doors.hpp"
#include "lnn/robust.hpp"

namespace lnn {
namespace {

struct Equations {
    Numbers matrix, right;
    std::vector<std::int64_t> left_out;
    NormalEquations view() { return {matrix, right, left_out}; }
};

Equations equations(Backend& backend, const Nets& net, const RobustSpec& robust, Precision precision, const Numbers& x,
                    const Numbers& targets, const SolveSpec& solve = {}) {
    Equations e{Numbers(net.weights.size() * net.parameters()), Numbers(net.weights.size()),
                std::vector<std::int64_t>(net.count)};
    NormalEquations view = e.view();
    backend.normal_equations(net.models(), solve, robust, precision, x, targets, view);
    return e;
}

// what is below the diagonal, on both sides of it
double entry(const Equations& e, std::size_t parameters, std::size_t i, std::size_t j) {
    return e.matrix[std::max(i, j) * parameters + std::min(i, j)];
}

struct LeastSquares : testing::TestWithParam<std::string> {
    std::unique_ptr<Backend> backend;
    void SetUp() override {
        if (GetParam() == "cuda") LNN_NEEDS_CARD();
        backend = door(GetParam());
    }

    // row k of the sample in x, by the gradient of a loss with r = e_k: targets are n / 2 away in component k
    // alone
    Numbers row(const Nets& net, const Numbers& x, int k) {
        const int n = net.spec.dof;
        Numbers targets = accelerate(*backend, net, Precision::f64, x).accelerations;
        targets[k] -= 0.5 * n;
        return gradients(*backend, net, Precision::f64, {}, x, targets).gradient;
    }

    // all sums over the rows, one by one
    void against_rows(const Nets& net, const RobustSpec& robust, int samples) {
        const int n = net.spec.dof;
        const std::size_t parameters = net.parameters();
        const Numbers x = states(n, samples), targets = scattered<double>(-4, 4, samples * n, 31);
        const Numbers a = accelerate(*backend, net, Precision::f64, x).accelerations;
        Numbers matrix(parameters * parameters), right(parameters);
        for (int s = 0; s < samples; ++s)
            for (int k = 0; k < n; ++k) {
                const double r = (a[k * samples + s] - targets[k * samples + s]) / robust.scale[k];
                const double w = robust_weight(robust.delta, r), share = 1.0 / (samples * n);
                Numbers j = row(net, columns(x, samples, s, 1), k);
                for (double& y : j) y *= w / robust.scale[k];
                for (std::size_t p = 0; p < parameters; ++p) {
                    right[p] += share * j[p] * w * r;
                    for (std::size_t o = 0; o <= p; ++o) matrix[p * parameters + o] += share * j[p] * j[o];
                }
            }
        const Equations found = equations(*backend, net, robust, Precision::f64, x, targets);
        EXPECT_EQ(found.left_out[0], 0);
        const auto near = [](const Numbers& got, const Numbers& expected) {
            double size = 0;
            for (const double y : expected) size = std::max(size, std::abs(y));
            EXPECT_GT(size, 1e-3);
            for (std::size_t i = 0; i < got.size(); ++i) ASSERT_NEAR(got[i], expected[i], 1e-12 * size) << i;
        };
        near(found.right, right);
        for (std::size_t p = 0; p < parameters; ++p)  // what is above the diagonal is nobody's
            for (std::size_t o = p + 1; o < parameters; ++o) matrix[p * parameters + o] = 0;
        Numbers lower = found.matrix;
        for (std::size_t p = 0; p < parameters; ++p)
            for (std::size_t o = p + 1; o < parameters; ++o) lower[p * parameters + o] = 0;
        near(lower, matrix);
    }
};
INSTANTIATE_TEST_SUITE_P(Doors, LeastSquares, testing::ValuesIn(doors()), [](const auto& i) { return i.param; });

TEST_P(LeastSquares, AreSumsOverTheRows) {
    const RobustSpec plain, robust{.delta = 0.7}, scaled{.delta = 1.3, .scale = scales({2, 0.5, 3, 1.5})};
    for (int n = 1; n <= 4; ++n)
        for (const unsigned angles : feature_kinds(n))
            for (const RobustSpec& spec : {plain, robust, scaled}) {
                SCOPED_TRACE(testing::Message() << "n " << n << ", angles " << angles << ", delta " << spec.delta);
                against_rows(nets(n, 1, {5, 4}, angles), spec, 7);
            }
}

TEST_P(LeastSquares, OfEveryModel) {
    for_each_kind([&](int kind) {
        for (const int n : {1, 2, 3, 5, 8, 12}) {
            SCOPED_TRACE(testing::Message() << "kind " << kind << ", n " << n);
            against_rows(nets_of(kind, n, 1, {4, 3}), {.delta = 0.7}, 3);
        }
    });
}

// depths 1 to 4; one sample, packs that are full and not, more than one chunk of 512 rows; more than one tile
// of parameters
TEST_P(LeastSquares, OfOtherShapesAndSizes) {
    for (const auto& hidden : {std::vector<int>{7}, {3, 4}, {3, 4, 5}, {2, 3, 2, 3}})
        against_rows(nets(2, 1, hidden), {}, 33);
    for (const int samples : {1, 8, 17, 263}) against_rows(nets(2, 1, {3}), {.delta = 1}, samples);
    against_rows(nets(2, 1, {9, 8}), {}, 19);
}

// one row against differences of accelerations: with one sample and n = 1 the matrix is row times row
TEST_P(LeastSquares, RowsAreDerivativesOfAccelerations) {
    const Nets net = nets(1, 1, {4, 3}, 0b1);
    const std::size_t parameters = net.parameters();
    const Numbers x = states(1, 1), a = accelerate(*backend, net, Precision::f64, x).accelerations;
    const Equations found =
        equations(*backend, net, {}, Precision::f64, x, {a[0] - 1});  // r = 1: the right side is the row
    const double h = 1e-5;
    for (std::size_t p = 0; p < parameters; ++p) {
        Nets up = net, down = net;
        up.weights[p] += h, down.weights[p] -= h;
        const double slope = (accelerate(*backend, up, Precision::f64, x).accelerations[0] -
                              accelerate(*backend, down, Precision::f64, x).accelerations[0]) /
                             (2 * h);
        EXPECT_NEAR(found.right[p], slope, 1e-8 * (1 + std::abs(slope))) << p;
    }
}

// the right side is the gradient of the mean robust cost
TEST_P(LeastSquares, RightSideIsHalfTheGradientOfTheCost) {
    const Nets net = nets(2, 1);
    const RobustSpec robust{.delta = 0.3, .scale = scales({2, 0.5})};
    const Numbers x = states(2, 21), targets = scattered<double>(-4, 4, 42, 8);
    const auto cost = [&](const Nets& at) {
        const Numbers a = accelerate(*backend, at, Precision::f64, x).accelerations;
        double sum = 0;
        for (std::size_t i = 0; i < a.size(); ++i)
            sum += robust_cost(robust.delta, (a[i] - targets[i]) / robust.scale[i / 21]);
        return sum / double(a.size());
    };
    const Equations found = equations(*backend, net, robust, Precision::f64, x, targets);
    for (std::size_t p = 0; p < net.parameters(); p += 7) {
        const double h = 1e-5;
        Nets up = net, down = net;
        up.weights[p] += h, down.weights[p] -= h;
        EXPECT_NEAR(2 * found.right[p], (cost(up) - cost(down)) / (2 * h), 1e-7) << p;
    }
}

TEST_P(LeastSquares, ModelsDoNotTouchEachOther) {
    const Nets net = nets(2, 3);
    const std::size_t parameters = net.parameters();
    const Numbers x = states(2, 3 * 9), targets = scattered<double>(-4, 4, 3 * 18, 8);
    const Equations together = equations(*backend, net, {.delta = 1}, Precision::f64, x, targets);
    for (int m = 0; m < 3; ++m) {
        const Nets one{net.spec,
                       Numbers(net.weights.begin() + m * parameters, net.weights.begin() + (m + 1) * parameters), 1};
        const Equations alone = equations(*backend, one, {.delta = 1}, Precision::f64,
                                          Numbers(x.begin() + m * 36, x.begin() + (m + 1) * 36),
                                          Numbers(targets.begin() + m * 18, targets.begin() + (m + 1) * 18));
        for (std::size_t p = 0; p < parameters; ++p) {
            EXPECT_EQ(alone.right[p], together.right[m * parameters + p]);
            for (std::size_t o = 0; o <= p; ++o)
                ASSERT_EQ(alone.matrix[p * parameters + o], together.matrix[(m * parameters + p) * parameters + o]);
        }
    }
}

TEST_P(LeastSquares, InSingleIsTheSame) {
    const auto same = [&](const Nets& net, int samples) {
        const int n = net.spec.dof;
        const Numbers x = states(n, samples), targets = scattered<double>(-4, 4, n * samples, 5);
        const Equations fine = equations(*backend, net, {.delta = 1}, Precision::f64, x, targets);
        const Equations coarse = equations(*backend, net, {.delta = 1}, Precision::f32, x, targets);
        double size = 0;
        for (std::size_t p = 0; p < net.parameters(); ++p) size = std::max(size, entry(fine, net.parameters(), p, p));
        for (std::size_t p = 0; p < net.parameters(); ++p)
            for (std::size_t o = 0; o <= p; ++o)
                ASSERT_NEAR(entry(coarse, net.parameters(), p, o), entry(fine, net.parameters(), p, o), 1e-4 * size);
        EXPECT_FALSE(same_bits(coarse.right, fine.right));
    };
    for (int n = 1; n <= 4; ++n) same(nets(n, 1, {8, 7}), 333);
    for_each_kind([&](int kind) { same(nets_of(kind, 5, 1), 7); });
}

// a first layer narrower than n, or all of M below the floor: no sample has a row, and there is no step to take
TEST_P(LeastSquares, TruncatedSamplesAreLeftOut) {
    const Nets net = nets(2, 1, {1, 5}, 0b1, 0);
    for (const SolveSpec& solve : {SolveSpec{.rcond = 1e-8}, SolveSpec{.floor = 1e6}}) {
        Equations found =
            equations(*backend, net, {}, Precision::f64, states(2, 11), scattered<double>(-4, 4, 22, 5), solve);
        EXPECT_EQ(found.left_out[0], 11);
        for (const double y : found.right) EXPECT_EQ(y, 0);
        Numbers step(net.parameters());
        EXPECT_FALSE(backend->damped_steps(found.view(), Numbers{1.0}, step)[0]);
    }
}

TEST_P(LeastSquares, SamplesThatAreNotFiniteAreLeftOut) {
    const Nets net = nets(2, 1);
    Numbers x = states(2, 13), targets = scattered<double>(-4, 4, 26, 5);
    const auto without_fifth = [](const Numbers& rows) {
        Numbers rest;
        for (std::size_t i = 0; i < rows.size(); ++i)
            if (i % 13 != 5) rest.push_back(rows[i]);
        return rest;
    };
    const Equations rest = equations(*backend, net, {}, Precision::f64, without_fifth(x), without_fifth(targets));
    x[13 + 5] = NAN;
    const Equations found = equations(*backend, net, {}, Precision::f64, x, targets);
    EXPECT_EQ(found.left_out[0], 1);
    for (std::size_t p = 0; p < net.parameters(); ++p)
        EXPECT_NEAR(found.right[p], rest.right[p] * 12 / 13, 1e-12 * (1 + std::abs(rest.right[p])));
}

// --- damped steps

// A x = b by elimination with pivots
Numbers dense_solve(std::vector<long double> a, const Numbers& b) {
    const std::size_t n = b.size();
    std::vector<long double> x(b.begin(), b.end());
    for (std::size_t k = 0; k < n; ++k) {
        std::size_t pivot = k;
        for (std::size_t i = k; i < n; ++i)
            if (std::abs(a[i * n + k]) > std::abs(a[pivot * n + k])) pivot = i;
        for (std::size_t j = 0; j < n; ++j) std::swap(a[k * n + j], a[pivot * n + j]);
        std::swap(x[k], x[pivot]);
        for (std::size_t i = k + 1; i < n; ++i) {
            const long double f = a[i * n + k] / a[k * n + k];
            for (std::size_t j = k; j < n; ++j) a[i * n + j] -= f * a[k * n + j];
            x[i] -= f * x[k];
        }
    }
    for (std::size_t k = n; k-- > 0;) {
        for (std::size_t j = k + 1; j < n; ++j) x[k] -= a[k * n + j] * x[j];
        x[k] /= a[k * n + k];
    }
    return Numbers(x.begin(), x.end());
}

// J^T J and J^T r of `rows` random rows, of models side by side; what is above the diagonal must not be
// looked at
Equations random_equations(int parameters, int rows, int models = 1) {
    Equations e{Numbers(models * parameters * parameters, NAN), Numbers(models * parameters),
                std::vector<std::int64_t>(models)};
    for (int m = 0; m < models; ++m) {
        const Numbers j = scattered<double>(-1, 1, rows * parameters, 50 + m),
                      r = scattered<double>(-1, 1, rows, 90 + m);
        for (int p = 0; p < parameters; ++p) {
            double& right = e.right[m * parameters + p];
            for (int k = 0; k < rows; ++k) right += j[k * parameters + p] * r[k];
            for (int o = 0; o <= p; ++o) {
                double& sum = e.matrix[(m * parameters + p) * parameters + o] = 0;
                for (int k = 0; k < rows; ++k) sum += j[k * parameters + p] * j[k * parameters + o];
            }
        }
    }
    return e;
}

TEST_P(LeastSquares, StepsSolveTheDampedEquations) {
    for (const int parameters : {1, 2, 5, 63, 64, 65, 130, 201}) {
        Equations e = random_equations(parameters, 3 * parameters, 3);
        const Numbers damping = {0, 1e-3, 10};
        Numbers steps(3 * parameters);
        const std::vector<bool> solved = backend->damped_steps(e.view(), damping, steps);
        for (int m = 0; m < 3; ++m) {
            EXPECT_TRUE(solved[m]);
            const Equations one{Numbers(e.matrix.begin() + m * parameters * parameters,
                                        e.matrix.begin() + (m + 1) * parameters * parameters),
                                {},
                                {}};
            double largest = 0;
            for (int p = 0; p < parameters; ++p) largest = std::max(largest, entry(one, parameters, p, p));
            std::vector<long double> a(parameters * parameters);
            for (int p = 0; p < parameters; ++p)
                for (int o = 0; o < parameters; ++o)
                    a[p * parameters + o] = entry(one, parameters, p, o) +
                                            (p == o ? damping[m] * (entry(one, parameters, p, p) + 1e-6 * largest) : 0);
            const Numbers expected =
                dense_solve(a, Numbers(e.right.begin() + m * parameters, e.right.begin() + (m + 1) * parameters));
            for (int p = 0; p < parameters; ++p)
                ASSERT_NEAR(steps[m * parameters + p], expected[p], 1e-11) << parameters << " " << p;
        }
    }
}

// r = J x: one step without damping is x
TEST_P(LeastSquares, ALinearProblemIsSolvedInOneStep) {
    const int parameters = 70, rows = 300;
    const Numbers j = scattered<double>(-1, 1, rows * parameters, 50), x = scattered<double>(-1, 1, parameters, 51);
    Equations e = random_equations(parameters, rows);
    std::fill(e.right.begin(), e.right.end(), 0.0);
    for (int k = 0; k < rows; ++k) {
        const double r = std::inner_product(x.begin(), x.end(), j.begin() + k * parameters, 0.0);
        for (int p = 0; p < parameters; ++p) e.right[p] += j[k * parameters + p] * r;
    }
    Numbers step(parameters);
    ASSERT_TRUE(backend->damped_steps(e.view(), Numbers{0.0}, step)[0]);
    for (int p = 0; p < parameters; ++p) EXPECT_NEAR(step[p], x[p], 1e-13);
}

TEST_P(LeastSquares, AMatrixThatIsNotPositiveDefiniteIsRefused) {
    for (const int parameters : {1, 64, 100}) {
        Numbers step(parameters, 7.0);
        for (const double diagonal : {-1.0, -1e300, double(NAN), HUGE_VAL}) {
            Equations e = random_equations(parameters, 2 * parameters);
            e.matrix.back() = diagonal;
            EXPECT_FALSE(backend->damped_steps(e.view(), Numbers{1e-3}, step)[0]) << parameters << " " << diagonal;
        }
        Equations zero{Numbers(parameters * parameters), Numbers(parameters), {0}};
        EXPECT_FALSE(backend->damped_steps(zero.view(), Numbers{1.0}, step)[0]);
        Equations infinite = random_equations(parameters, 2 * parameters);
        infinite.right[0] = HUGE_VAL;
        EXPECT_FALSE(backend->damped_steps(infinite.view(), Numbers{1.0}, step)[0]);
    }
    // one that is stands beside it
    Equations e = random_equations(5, 10, 2);
    e.matrix.back() = -1;
    Numbers steps(10);
    EXPECT_EQ(backend->damped_steps(e.view(), Numbers{1e-3, 1e-3}, steps), (std::vector<bool>{true, false}));
}

// one model for all threads, and more models than threads; several tiles and chunks
TEST_P(LeastSquares, OnAnyNumberOfThreadsTheSame) {
    for (const int models : {1, 2, 5})
        for (const Precision precision : {Precision::f32, Precision::f64}) {
            const Nets net = nets(2, models, {11, 9});
            const Numbers x = states(2, models * 700), targets = scattered<double>(-4, 4, models * 1400, 5);
            Numbers first;
            for (const int threads : {1, 2, 3}) {
                const auto team = door(GetParam(), threads);
                Equations e = equations(*team, net, {.delta = 1}, precision, x, targets);
                Numbers steps(net.weights.size());
                const auto solved = team->damped_steps(e.view(), Numbers(models, 1e-3), steps);
                EXPECT_EQ(solved, std::vector<bool>(models, true));
                append(e.matrix, e.right);
                append(e.matrix, steps);
                if (threads == 1) first = e.matrix;
                EXPECT_TRUE(same_bits(first, e.matrix)) << models << " models, " << threads << " threads";
            }
        }
}

}  // namespace
}  // namespace lnn
