// Forces from outside and inverse dynamics: a motion under forces needs those forces, by every model and system.
#include "doors.hpp"

namespace lnn {
namespace {

using Forces = EachDoor;
LNN_EACH_DOOR(Forces);

// lanes and their last, partial pack
constexpr int samples = 19;

// accelerations of one model under forces
Numbers under_forces(Backend& backend, const Nets& net, Precision precision, const Numbers& x, const Numbers& u) {
    Numbers a(net.count * x.size() / 2);
    backend.accelerate(net.models(), {}, precision, x, a, {}, {}, u);
    return a;
}

Numbers needed(Backend& backend, const Nets& net, Precision precision, const Numbers& x, const Numbers& a) {
    Numbers forces(net.count * a.size());
    backend.forces(net.models(), precision, x, a, forces);
    return forces;
}

TEST_P(Forces, OfAMotionUnderThemAreThose) {
    for_each_lagrangian([&]<class Model>(int kind) {
        for (const int n : some_dofs) {
            const Nets net = nets_of(kind, n, 1);
            const Numbers x = states(n, samples), u = scattered<double>(-5, 5, n * samples, 7);
            const Numbers a = under_forces(*backend, net, precision, x, u);
            const Numbers found = needed(*backend, net, precision, x, a);
            // what M a and f round to
            const double close = precision == Precision::f32 ? 2e-4 : 1e-11;
            for (std::size_t i = 0; i < u.size(); ++i)
                ASSERT_NEAR(found[i], u[i], close * (20 + std::abs(a[i]))) << "kind " << kind << ", n " << n;
            // without them it moves otherwise
            EXPECT_FALSE(same_bits(a, under_forces(*backend, net, precision, x, {})));
        }
    });
}

// models share states, forces and accelerations
TEST_P(Forces, OfModelsSideBySideAreThoseOfEach) {
    const Nets both = nets(2, 2), first = nets(2, 1);
    const Numbers x = states(2, samples), u = scattered<double>(-5, 5, 2 * samples, 7);
    const Numbers a = under_forces(*backend, both, precision, x, u), f = needed(*backend, both, precision, x, u);
    const auto begin = [](const Numbers& all) { return Numbers(all.begin(), all.begin() + 2 * samples); };
    EXPECT_TRUE(same_bits(begin(a), under_forces(*backend, first, precision, x, u)));
    EXPECT_TRUE(same_bits(begin(f), needed(*backend, first, precision, x, u)));
    EXPECT_FALSE(same_bits(begin(f), Numbers(f.begin() + 2 * samples, f.end())));
}

// m l^2 a + m g l sin q of a pendulum; and of two at once
TEST_P(Forces, OfTheTruth) {
    const SystemSpec pendulum{3, 1, {2, 0.5, 9.8}};
    const Numbers x = states(1, samples), a = scattered<double>(-5, 5, samples, 3);
    Numbers f(samples);
    backend->forces(pendulum, x, a, f);
    for (int i = 0; i < samples; ++i) EXPECT_NEAR(f[i], 0.5 * a[i] + 9.8 * std::sin(x[i]), 1e-12);

    const Numbers y = states(2, samples), u = scattered<double>(-5, 5, 2 * samples, 4);
    Numbers moved(2 * samples), found(2 * samples);
    backend->accelerate(double_pendulum, y, moved, {}, u);
    backend->forces(double_pendulum, y, moved, found);
    for (std::size_t i = 0; i < u.size(); ++i) EXPECT_NEAR(found[i], u[i], 1e-11);
}

TEST_P(Forces, AreRefusedWhereNoneFit) {
    const Nets net = nets(2, 1), plain = nets_of(1, 2, 1);
    Numbers x = states(2, 3), a(6), few(5);
    refused([&] { backend->accelerate(double_pendulum, x, a, {}, few); }, "inputs");
    refused([&] { backend->forces(double_pendulum, x, few, a); }, "accelerations");
    refused([&] { backend->forces(double_pendulum, x, {}, a); }, "accelerations");
    refused([&] { under_forces(*backend, net, precision, x, few); }, "inputs");
    refused([&] { needed(*backend, net, precision, x, few); }, "accelerations");
    ASSERT_FALSE(model_table(plain.spec).lagrangian);
    refused([&] { under_forces(*backend, plain, precision, x, a); }, "mass matrix");
    refused([&] { needed(*backend, plain, precision, x, a); }, "mass matrix");
}

}  // namespace
}  // namespace lnn
