// Every system of the list obeys the Euler-Lagrange equation of its own Lagrangian and keeps its energy: a
// new one is tested by being listed. The known ones, besides, against equations of motion derived by hand.
#include "lnn/systems/list.hpp"

#include "lnn/runge_kutta.hpp"
#include "reals.hpp"

namespace lnn {
namespace {

template <class System>
std::vector<double> parameters(bool defaults) {
    std::vector<double> p;
    for (int row = 0; row < System::table.rows; ++row)
        for (int k = 0; k < System::table.parameters[row].count; ++k)
            p.push_back(System::table.parameters[row].value *
                        (defaults ? 1 : 1 + 0.3 * std::sin(1.0 + double(p.size()))));
    return p;
}

// angles anywhere on the circle, lengths away from zero
template <class System>
std::vector<double> state(unsigned seed) {
    std::vector<double> x;
    for (int i = 0; i < System::dof; ++i) {
        const bool angle = System::table.angles >> i & 1;
        x.push_back(scattered<double>(angle ? -3 : 0.5, angle ? 3 : 1.5, 1, 10 * seed + i)[0]);
    }
    for (int i = 0; i < System::dof; ++i) x.push_back(scattered<double>(-2, 2, 1, 10 * seed + 5 + i)[0]);
    return x;
}

template <class System>
Terms<double, System::dof> terms_at(const std::vector<double>& p, const double* x) {
    SystemSpec spec;
    std::copy(p.begin(), p.end(), spec.parameters.begin());
    return system_terms<System>(spec, x, x + System::dof);
}

template <class System>
std::vector<double> accelerations(const std::vector<double>& p, const double* x) {
    std::vector<double> a(System::dof);
    const auto terms = terms_at<System>(p, x);
    SymmetricSolve<double, System::dof>(terms.mass, SolveSpec{0.0}).apply(terms.force, a.data());
    return a;
}

template <class System>
double energy_at(const std::vector<double>& p, const double* x) {
    return energy(terms_at<System>(p, x), x + System::dof);
}

template <class System>
std::vector<double> after(const std::vector<double>& p, std::vector<double> x, double time, int steps) {
    constexpr int N = System::dof;
    const auto field = [&](const double* y, double* dydt) {
        const auto a = accelerations<System>(p, y);
        for (int i = 0; i < N; ++i) dydt[i] = y[N + i], dydt[N + i] = a[i];
    };
    for (int k = 0; k < steps; ++k) runge_kutta_step<2 * N>(integrators[0].table, field, 2 * N, x.data(), time / steps);
    return x;
}

template <class System>
struct EverySystem : testing::Test {};
template <class List>
struct AsTypes;
template <class... S>
struct AsTypes<TypeList<S...>> {
    using Types = testing::Types<S...>;
};
TYPED_TEST_SUITE(EverySystem, AsTypes<Systems>::Types);

TYPED_TEST(EverySystem, TableIsWhole) {
    const SystemTable& table = TypeParam::table;
    EXPECT_FALSE(std::string(table.name).empty());
    EXPECT_FALSE(std::string(table.summary).empty());
    for (int i = 0; i < TypeParam::dof; ++i) ASSERT_NE(table.coordinates[i], nullptr);
    EXPECT_EQ(table.angles >> TypeParam::dof, 0u);
    EXPECT_LE(parameters<TypeParam>(true).size(), std::size_t(max_parameters));
    for (int row = 0; row < table.rows; ++row) {
        ASSERT_NE(table.parameters[row].name, nullptr);
        ASSERT_NE(table.parameters[row].unit, nullptr);
        ASSERT_NE(table.parameters[row].meaning, nullptr);
        EXPECT_GT(table.parameters[row].count, 0);
        EXPECT_GT(table.parameters[row].value, 0);
    }
}

TYPED_TEST(EverySystem, MomentumAndMassAreDerivativesOfTheLagrangian) {
    constexpr int N = TypeParam::dof;
    const double h = 1e-5;  // differences: h^2 and eps / h, both below 1e-8
    for (const bool defaults : {true, false})
        for (unsigned seed = 1; seed < 10; ++seed) {
            const auto p = parameters<TypeParam>(defaults);
            const auto x = state<TypeParam>(seed);
            const auto terms = terms_at<TypeParam>(p, x.data());
            for (int j = 0; j < N; ++j) {
                auto up = x, down = x;
                up[N + j] += h, down[N + j] -= h;
                const auto above = terms_at<TypeParam>(p, up.data()), below = terms_at<TypeParam>(p, down.data());
                EXPECT_NEAR(terms.momentum[j], (above.value - below.value) / (2 * h), 1e-7);
                // row and column: M is symmetric
                for (int i = 0; i < N; ++i)
                    EXPECT_NEAR(terms.mass[packed(i, j)], (above.momentum[i] - below.momentum[i]) / (2 * h), 1e-7);
            }
        }
}

// d/dt dL/dv = dL/dq along the motion, both by differences
TYPED_TEST(EverySystem, ObeysEulerAndLagrange) {
    constexpr int N = TypeParam::dof;
    const double h = 1e-5;
    for (const bool defaults : {true, false})
        for (unsigned seed = 1; seed < 20; ++seed) {
            const auto p = parameters<TypeParam>(defaults);
            const auto x = state<TypeParam>(seed);
            const auto a = accelerations<TypeParam>(p, x.data());
            auto later = x, earlier = x;
            for (int i = 0; i < N; ++i) {
                later[i] += h * x[N + i], later[N + i] += h * a[i];
                earlier[i] -= h * x[N + i], earlier[N + i] -= h * a[i];
            }
            const auto next = terms_at<TypeParam>(p, later.data()), last = terms_at<TypeParam>(p, earlier.data());
            for (int i = 0; i < N; ++i) {
                auto up = x, down = x;
                up[i] += h, down[i] -= h;
                const double slope =
                    (terms_at<TypeParam>(p, up.data()).value - terms_at<TypeParam>(p, down.data()).value) / (2 * h);
                EXPECT_NEAR((next.momentum[i] - last.momentum[i]) / (2 * h), slope, 1e-6) << seed;
            }
        }
}

TYPED_TEST(EverySystem, MassMatrixIsPositiveDefinite) {
    constexpr int N = TypeParam::dof;
    for (unsigned seed = 1; seed < 20; ++seed) {
        const auto terms = terms_at<TypeParam>(parameters<TypeParam>(false), state<TypeParam>(seed).data());
        for (const auto& along : {scattered<double>(-1, 1, N, seed), scattered<double>(-1, 1, N, seed + 100)}) {
            double twice_kinetic = 0;
            for (int i = 0; i < N; ++i)
                for (int j = 0; j < N; ++j) twice_kinetic += along[i] * terms.mass[packed(i, j)] * along[j];
            EXPECT_GT(twice_kinetic, 0);
        }
    }
}

// halving the step divides the error by 16, in the state; in the energy by at least as much
TYPED_TEST(EverySystem, Rk4IsOfOrderFour) {
    for (unsigned seed = 1; seed < 6; ++seed) {
        const auto p = parameters<TypeParam>(false);
        const auto x = state<TypeParam>(seed);
        std::vector<std::vector<double>> end;
        for (const int steps : {50, 100, 200}) end.push_back(after<TypeParam>(p, x, 0.5, steps));
        double coarse = 0, fine = 0;
        for (std::size_t i = 0; i < x.size(); ++i) {
            coarse = std::hypot(coarse, end[0][i] - end[1][i]);
            fine = std::hypot(fine, end[1][i] - end[2][i]);
        }
        EXPECT_GT(coarse / fine, 12) << seed;
        EXPECT_LT(coarse / fine, 22) << seed;

        const double start = energy_at<TypeParam>(p, x.data());
        const double drift = std::abs(energy_at<TypeParam>(p, end[0].data()) - start);
        const double finer = std::abs(energy_at<TypeParam>(p, end[1].data()) - start);
        EXPECT_LT(finer, drift / 10 + 1e-13 * std::abs(start)) << seed;
        EXPECT_LT(drift, 1e-4 * (1 + std::abs(start)));
    }
}

TEST(TypeList, VisitsThePlaceAndNothingBeyond) {
    for (int kind = -1; kind <= Systems::count; ++kind) {
        int visits = 0;
        std::string name;
        Systems::visit(kind, [&]<class S>() { ++visits, name = S::table.name; });
        EXPECT_EQ(visits, kind >= 0 && kind < Systems::count);
        if (kind == 0) {
            EXPECT_EQ(name, "double_pendulum");
        }
    }
}

// equations of motion by hand, relative to the size of the accelerations
template <class System, class ByHand>
void against(ByHand by_hand) {
    for (unsigned seed = 1; seed < 200; ++seed) {
        const auto p = parameters<System>(false);
        const auto x = state<System>(seed);
        const auto found = accelerations<System>(p, x.data());
        long double expected[max_system_dof], energy_expected;
        by_hand(p, x, expected, energy_expected);
        long double size = 0;
        for (int i = 0; i < System::dof; ++i) size = std::hypot(size, expected[i]);
        for (int i = 0; i < System::dof; ++i) EXPECT_NEAR(found[i], expected[i], 1e-12 * size);
        // a sum of a few terms of the size of p_i x_j^2
        EXPECT_NEAR(energy_at<System>(p, x.data()), energy_expected, 1e-13 * 100);
    }
}

TEST(ByHand, DoublePendulum) {
    const auto p = parameters<DoublePendulum>(false);
    ASSERT_NE(p[0], p[1]);
    ASSERT_NE(p[2], p[3]);
    against<DoublePendulum>([](const auto& par, const auto& x, long double* a, long double& e) {
        const long double m1 = par[0], m2 = par[1], l1 = par[2], l2 = par[3], g = par[4];
        const long double t1 = x[0], t2 = x[1], w1 = x[2], w2 = x[3], d = t1 - t2;
        // mass matrix and right-hand side of the torques, by Cramer's rule
        const long double A = (m1 + m2) * l1 * l1, B = m2 * l1 * l2 * std::cos(d), C = m2 * l2 * l2;
        const long double f1 = -m2 * l1 * l2 * w2 * w2 * std::sin(d) - (m1 + m2) * g * l1 * std::sin(t1);
        const long double f2 = m2 * l1 * l2 * w1 * w1 * std::sin(d) - m2 * g * l2 * std::sin(t2);
        a[0] = (C * f1 - B * f2) / (A * C - B * B);
        a[1] = (A * f2 - B * f1) / (A * C - B * B);
        // masses by their Cartesian velocities and heights
        const long double vx1 = l1 * w1 * std::cos(t1), vy1 = l1 * w1 * std::sin(t1);
        const long double vx2 = vx1 + l2 * w2 * std::cos(t2), vy2 = vy1 + l2 * w2 * std::sin(t2);
        const long double y1 = -l1 * std::cos(t1), y2 = y1 - l2 * std::cos(t2);
        e = m1 * (vx1 * vx1 + vy1 * vy1) / 2 + m2 * (vx2 * vx2 + vy2 * vy2) / 2 + m1 * g * y1 + m2 * g * y2;
    });
}

TEST(ByHand, SpringPendulum) {
    against<SpringPendulum>([](const auto& par, const auto& x, long double* a, long double& e) {
        const long double m = par[0], k = par[1], r0 = par[2], g = par[3];
        const long double r = x[0], t = x[1], u = x[2], w = x[3];
        a[0] = r * w * w + g * std::cos(t) - k / m * (r - r0);
        a[1] = -(g * std::sin(t) + 2 * u * w) / r;
        e = m * (u * u + r * r * w * w) / 2 - m * g * r * std::cos(t) + k * (r - r0) * (r - r0) / 2;
    });
}

// the seed's potential g (r - r cos theta) + k (r - r0)^2
TEST(ByHand, SpringPendulumSeed) {
    against<SpringPendulumSeed>([](const auto& par, const auto& x, long double* a, long double& e) {
        const long double k = par[0], r0 = par[1], g = par[2];
        const long double r = x[0], t = x[1], u = x[2], w = x[3];
        a[0] = r * w * w - g * (1 - std::cos(t)) - 2 * k * (r - r0);
        a[1] = -(g * std::sin(t) + 2 * u * w) / r;
        e = (u * u + r * r * w * w) / 2 + g * r * (1 - std::cos(t)) + k * (r - r0) * (r - r0);
    });
}

TEST(ByHand, Pendulum) {
    against<Pendulum>([](const auto& par, const auto& x, long double* a, long double& e) {
        const long double m = par[0], l = par[1], g = par[2];
        a[0] = -g / l * std::sin((long double)x[0]);
        e = m * l * l * x[1] * x[1] / 2 - m * g * l * std::cos((long double)x[0]);
    });
}

TEST(ByHand, HarmonicOscillator) {
    against<HarmonicOscillator>([](const auto& par, const auto& x, long double* a, long double& e) {
        const long double m = par[0], k = par[1];
        a[0] = -k / m * x[0];
        e = (m * x[1] * x[1] + k * x[0] * x[0]) / 2;
    });
}

}  // namespace
}  // namespace lnn
