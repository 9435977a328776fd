// A sample does not know its neighbours: the same bits alone, in a full pack, in the last one, in any order;
// and nothing is written beside the arrays.
#include <numeric>

#include "doors.hpp"

namespace lnn {
namespace {

using Samples = EachDoor;
LNN_EACH_DOOR(Samples);

const std::vector<int> counts = {1, 2, 15, 16, 17, 1023, 1025};
constexpr int most = 1025;

TEST_P(Samples, AccelerationsOfAnyNumber) {
    const Nets net = nets(2, 2);
    const Numbers all = states(2, most);
    const auto expected = accelerate(*backend, net, precision, all);
    for (const int count : counts) {
        const auto found = accelerate(*backend, net, precision, columns(all, most, 0, count));
        EXPECT_TRUE(same_bits(found.accelerations, columns(expected.accelerations, most, 0, count))) << count;
        EXPECT_TRUE(same_bits(found.energies, columns(expected.energies, most, 0, count))) << count;
        EXPECT_TRUE(same_bits(found.lagrangians, columns(expected.lagrangians, most, 0, count))) << count;
        const auto exact = truth(*backend, double_pendulum, columns(all, most, 0, count));
        EXPECT_TRUE(same_bits(exact, columns(truth(*backend, double_pendulum, all), most, 0, count))) << count;
    }
}

TEST_P(Samples, TrajectoriesOfAnyNumber) {
    const Nets net = nets(2, 1);
    const Integration run{.dt = 0.05, .instants = 4};
    const Numbers all = states(2, 40);
    for (const Precision state : {Precision::f32, Precision::f64}) {
        const Numbers expected = rollout(*backend, net, precision, state, run, all);
        for (const int count : {1, 2, 3, 7, 15, 16, 17, 33})
            EXPECT_TRUE(same_bits(rollout(*backend, net, precision, state, run, columns(all, 40, 0, count)),
                                  columns(expected, 40, 0, count)))
                << count;
    }
}

TEST_P(Samples, InAnyOrder) {
    const Nets net = nets(2, 1);
    const Integration run{.dt = 0.05, .instants = 3};
    constexpr int samples = 101;
    std::vector<int> order(samples);
    std::iota(order.begin(), order.end(), 0);
    std::shuffle(order.begin(), order.end(), std::mt19937(3));
    const auto permuted = [&](const Numbers& rows) {
        Numbers out(rows.size());
        for (std::size_t r = 0; r < rows.size() / samples; ++r)
            for (int i = 0; i < samples; ++i) out[r * samples + i] = rows[r * samples + order[i]];
        return out;
    };
    const Numbers x = states(2, samples);
    const auto straight = accelerate(*backend, net, precision, x),
               shuffled = accelerate(*backend, net, precision, permuted(x));
    EXPECT_TRUE(same_bits(permuted(straight.accelerations), shuffled.accelerations));
    EXPECT_TRUE(same_bits(permuted(straight.energies), shuffled.energies));
    EXPECT_TRUE(same_bits(permuted(rollout(*backend, net, precision, Precision::f64, run, x)),
                          rollout(*backend, net, precision, Precision::f64, run, permuted(x))));
}

// every number of degrees of freedom: alone or in company
TEST_P(Samples, OfEveryDegreeOfFreedom) {
    for_each_kind([&](int kind) {
        for (const int n : some_dofs) {
            const Nets net = nets_of(kind, n, 1);
            const Numbers x = states(n, 19);
            const auto together = accelerate(*backend, net, precision, x);
            for (int i = 0; i < 19; ++i)
                EXPECT_TRUE(same_bits(accelerate(*backend, net, precision, columns(x, 19, i, 1)).accelerations,
                                      columns(together.accelerations, 19, i, 1)))
                    << "kind " << kind << ", n " << n;
        }
    });
}

// a model without a Lagrangian has no energy, and says so
TEST_P(Samples, EnergiesOfLagrangiansAlone) {
    for_each_kind([&](int kind) {
        const Nets net = nets_of(kind, 2, 1);
        const auto found = accelerate(*backend, net, precision, states(2, 3));
        const bool there = model_table(net.spec).lagrangian;
        for (const double e : found.energies) EXPECT_EQ(std::isfinite(e), there);
        for (const double L : found.lagrangians) EXPECT_EQ(std::isfinite(L), there);
    });
}

// a roll-out integrates the accelerations of its model
TEST_P(Samples, RollOutsOfEveryModel) {
    for_each_kind([&](int kind) {
        for (const int n : some_dofs) {
            const Nets net = nets_of(kind, n, 1);
            const Integration run{.dt = 1e-4, .instants = 2};
            const Numbers x = states(n, 3), path = rollout(*backend, net, Precision::f64, Precision::f64, run, x),
                          a = accelerate(*backend, net, Precision::f64,
                                         {path.begin() + 2 * n * 3, path.begin() + 2 * 2 * n * 3})
                                  .accelerations;
            // the central difference: h^2 times a third derivative
            for (int i = 0; i < n * 3; ++i) {
                const double difference = (path[2 * 2 * n * 3 + n * 3 + i] - path[n * 3 + i]) / (2 * run.dt);
                EXPECT_NEAR(difference, a[i], 1e-4 * (1 + std::abs(a[i]))) << "kind " << kind << ", n " << n;
            }
            // in the arithmetic of a network that the parameter says, and in either of a state
            for (const Precision state : {Precision::f32, Precision::f64}) {
                const Numbers other = rollout(*backend, net, precision, state, run, x);
                for (std::size_t i = 0; i < path.size(); ++i)
                    EXPECT_NEAR(other[i], path[i], 1e-5 * (1 + std::abs(path[i]))) << "kind " << kind << ", n " << n;
            }
        }
    });
}

// what every speed is measured against
TEST_P(Samples, HaveABound) {
    const double rate = backend->peak(precision, 1e-3);
    EXPECT_TRUE(std::isfinite(rate) && rate > 0) << rate;
}

// a sample at NaN, one that overflows, one beyond the range of angles
TEST_P(Samples, BadOnesStayAmongThemselves) {
    const Nets net = nets(2, 1);
    Numbers x = states(2, 35);
    const auto good = accelerate(*backend, net, precision, x);
    const std::vector<std::pair<int, double>> bad = {{3, NAN}, {4, 1e300}, {18, 1e12}, {34, -INFINITY}};
    for (const auto& [at, value] : bad) x[at] = value;
    const auto mixed = accelerate(*backend, net, precision, x);
    for (int i = 0; i < 35; ++i) {
        const bool is_bad = std::any_of(bad.begin(), bad.end(), [&](const auto& b) { return b.first == i; });
        if (is_bad) {
            EXPECT_TRUE(std::isnan(mixed.accelerations[i])) << i;
        } else {
            EXPECT_TRUE(same_bits(columns(mixed.accelerations, 35, i, 1), columns(good.accelerations, 35, i, 1))) << i;
        }
    }
}

// outputs in the middle of larger arrays
TEST_P(Samples, NothingIsWrittenBeside) {
    constexpr std::size_t margin = 20;
    struct Middle {
        Numbers memory;
        explicit Middle(std::size_t size) : memory(size + 2 * margin, 77) {}
        std::span<double> span() { return std::span(memory).subspan(margin, memory.size() - 2 * margin); }
        bool intact() const {
            for (std::size_t i = 0; i < margin; ++i)
                if (memory[i] != 77 || memory[memory.size() - 1 - i] != 77) return false;
            return true;
        }
    };
    const Nets net = nets(2, 1);
    for (const int count : {1, 3, 7, 15, 17, 33}) {
        const Numbers x = states(2, count);
        Middle a(2 * count), e(count), l(count), path(4 * 3 * count), exact(2 * count), exact_path(4 * 3 * count),
            drawn(4 * count), losses(1), gradient(net.weights.size());
        backend->accelerate(net.models(), {}, precision, x, a.span(), e.span(), l.span());
        backend->rollout(net.models(), {}, {.instants = 2}, precision, Precision::f32, x, path.span());
        backend->accelerate(double_pendulum, x, exact.span(), {});
        backend->rollout(double_pendulum, {.instants = 2}, x, exact_path.span());
        backend->draw({}, 2, 0, count, drawn.span());
        backend->gradient(net.models(), {}, {}, precision, x, exact.span(), losses.span(), gradient.span());
        for (const Middle* m : {&a, &e, &l, &path, &exact, &exact_path, &drawn, &losses, &gradient})
            EXPECT_TRUE(m->intact()) << count;
    }
}

TEST_P(Samples, None) {
    const Nets net = nets(2, 1);
    EXPECT_TRUE(accelerate(*backend, net, precision, {}).accelerations.empty());
    EXPECT_TRUE(truth(*backend, double_pendulum, {}).empty());
    EXPECT_TRUE(rollout(*backend, net, precision, Precision::f64, {}, {}).empty());
}

}  // namespace
}  // namespace lnn
