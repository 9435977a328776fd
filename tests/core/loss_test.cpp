// Losses against their definitions, and their derivatives by differences, on a scalar and on lanes.
#include "lnn/loss.hpp"

#include "reals.hpp"

namespace lnn {
namespace {

std::vector<LossSpec> specs(bool scaled) {
    std::vector<LossSpec> all;
    for (int kind = 0; kind < Losses::count; ++kind)
        for (const Balance balance : {Balance::none, Balance::scale, Balance::large}) {
            LossSpec spec{.kind = kind, .delta = 0.8, .balance = balance};
            if (scaled) spec.scale = {2.0, 0.5, 3.0, 1.5};
            all.push_back(spec);
        }
    return all;
}

// share of one sample, by definition
template <int N>
double by_definition(const LossSpec& spec, const double* a, const double* target, double share) {
    double component[N], mean = 0, squares = 0;
    for (int i = 0; i < N; ++i) {
        const double e = std::abs((a[i] - target[i]) / spec.scale[i]);
        component[i] = NAN;
        if (spec.kind == Losses::place<Mse>) component[i] = e * e;
        if (spec.kind == Losses::place<L1>) component[i] = e;
        if (spec.kind == Losses::place<Huber>)
            component[i] = e < spec.delta ? e * e / 2 : spec.delta * (e - spec.delta / 2);
        mean += component[i] / N;
        squares += component[i] * component[i] / N;
    }
    return share * (spec.balance == Balance::large ? std::sqrt(squares) : mean);
}

template <int N>
void against_definition() {
    for (const bool scaled : {false, true})
        for (const LossSpec& spec : specs(scaled))
            for (unsigned seed = 1; seed < 20; ++seed) {
                auto a = scattered<double>(-2, 2, N, seed);
                const auto target = scattered<double>(-2, 2, N, seed + 100);
                const double share = 1.0 / 7;
                double r[N];
                const double loss = sample_loss<double, N>(spec, a.data(), target.data(), share, r);
                EXPECT_NEAR(loss, by_definition<N>(spec, a.data(), target.data(), share), 1e-15 * (1 + loss));
                for (int i = 0; i < N; ++i) {
                    const double h = 1e-5, here = a[i];
                    a[i] = here + h;
                    const double up = by_definition<N>(spec, a.data(), target.data(), share);
                    a[i] = here - h;
                    const double down = by_definition<N>(spec, a.data(), target.data(), share);
                    a[i] = here;
                    EXPECT_NEAR(r[i], (up - down) / (2 * h), 1e-8) << spec.kind << int(spec.balance);
                }
            }
}
TEST(Loss, IsItsDefinitionAndItsDerivative) {
    against_definition<1>();
    against_definition<2>();
    against_definition<3>();
    against_definition<4>();
}

TEST(Loss, Values) {
    const double a[2] = {3, -1}, target[2] = {1, -0.5};
    double r[2];
    EXPECT_EQ((sample_loss<double, 2>({.kind = Losses::place<Mse>}, a, target, 0.5, r)), 0.5 * (4 + 0.25) / 2);
    EXPECT_EQ(r[0], 0.5 * 2 * 2 / 2);
    EXPECT_EQ(r[1], 0.5 * 2 * -0.5 / 2);
    EXPECT_EQ((sample_loss<double, 2>({.kind = Losses::place<L1>}, a, target, 0.5, r)), 0.5 * 2.5 / 2);
    EXPECT_EQ(r[0], 0.25);
    EXPECT_EQ(r[1], -0.25);
    EXPECT_EQ((sample_loss<double, 2>({.kind = Losses::place<Huber>, .delta = 1}, a, target, 0.5, r)),
              0.5 * (1.5 + 0.125) / 2);
    EXPECT_EQ(r[0], 0.25);
    EXPECT_EQ(r[1], 0.25 * -0.5);
}

// at the target: no loss, no slope, also where the balance divides by the loss
TEST(Loss, NothingAtTheTarget) {
    const double a[2] = {3, -1};
    for (const LossSpec& spec : specs(true)) {
        double r[2] = {1, 1};
        EXPECT_EQ((sample_loss<double, 2>(spec, a, a, 1.0, r)), 0);
        EXPECT_EQ(r[0], 0);
        EXPECT_EQ(r[1], 0);
    }
}

TEST(Loss, HuberIsSmoothWhereItTurns) {
    const LossSpec spec{.kind = Losses::place<Huber>, .delta = 0.5};
    const double target[1] = {0}, inside[1] = {std::nextafter(0.5, 0)}, outside[1] = {0.5};
    double r[1], s[1];
    EXPECT_NEAR((sample_loss<double, 1>(spec, inside, target, 1, r)),
                (sample_loss<double, 1>(spec, outside, target, 1, s)), 1e-15);
    EXPECT_NEAR(r[0], s[0], 1e-15);
}

TEST(Loss, NanStaysNan) {
    const double target[2] = {0, 0};
    for (const LossSpec& spec : specs(false)) {
        const double a[2] = {1, NAN};
        double r[2];
        EXPECT_TRUE(std::isnan(sample_loss<double, 2>(spec, a, target, 1, r)));
        EXPECT_TRUE(std::isnan(r[1]));
    }
}

TEST(Loss, LanesHaveTheScalarsBits) {
    using R = Pack<float, 4>;
    const auto x = scattered<float>(-2, 2, 16);
    R a[2] = {load<R>(&x[0]), load<R>(&x[4])}, target[2] = {load<R>(&x[8]), load<R>(&x[12])}, r[2];
    for (const LossSpec& spec : specs(true)) {
        const R loss = sample_loss<R, 2>(spec, a, target, R(0.25f), r);
        for (int w = 0; w < 4; ++w) {
            const float b[2] = {x[w], x[4 + w]}, t[2] = {x[8 + w], x[12 + w]};
            float s[2];
            EXPECT_EQ(lane(loss, w), (sample_loss<float, 2>(spec, b, t, 0.25f, s)));
            for (int i = 0; i < 2; ++i) EXPECT_EQ(lane(r[i], w), s[i]);
        }
    }
}

}  // namespace
}  // namespace lnn
