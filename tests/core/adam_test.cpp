// Learning rates against closed forms, and Adam against the recursion of the paper in long double.
#include "lnn/adam.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "reals.hpp"

namespace lnn {
namespace {

TEST(LearningRate, FallsInSteps) {
    Schedule s;
    s.lr = 0.1, s.every = 10, s.gamma = 0.5;
    for (const std::int64_t step : {0, 1, 9, 10, 11, 19, 20, 99, 100})
        EXPECT_DOUBLE_EQ(learning_rate(s, step), 0.1 * std::pow(0.5, double(step / 10))) << step;
    s.gamma = 1;
    EXPECT_EQ(learning_rate(s, 12345), 0.1);
}

TEST(LearningRate, RisesThenFallsAsACosine) {
    Schedule s;
    s.kind = ScheduleKind::cosine;
    s.lr = 0.2, s.total = 110, s.warmup = 10, s.floor = 0.1;
    for (std::int64_t step = 0; step < 10; ++step)
        EXPECT_DOUBLE_EQ(learning_rate(s, step), 0.2 * double(step + 1) / 10);
    for (std::int64_t step = 10; step < 110; ++step) {
        const double half = 0.5 * (1 + std::cos(M_PI * double(step - 10) / 100));
        EXPECT_NEAR(learning_rate(s, step), 0.2 * (0.1 + 0.9 * half), 1e-15) << step;
    }
    EXPECT_EQ(learning_rate(s, 10), 0.2);
    EXPECT_NEAR(learning_rate(s, 60), 0.2 * 0.55, 1e-15);
    // and stays at the floor
    for (const std::int64_t step : {110, 111, 1000}) EXPECT_NEAR(learning_rate(s, step), 0.02, 1e-15);
}

TEST(LearningRate, OfAWarmupThatIsAll) {
    Schedule s;
    s.kind = ScheduleKind::cosine;
    s.lr = 1, s.total = 5, s.warmup = 5;
    EXPECT_EQ(learning_rate(s, 4), 1);
    EXPECT_TRUE(std::isfinite(learning_rate(s, 5)));
}

RC_GTEST_PROP(Power, IsTheProduct, ()) {
    const double base = 0.5 + 0.5 * *rc::gen::inRange(0, 1000) / 1000.0;
    const std::int64_t n = *rc::gen::inRange(0, 5000);
    const long double exact = std::pow((long double)base, (long double)n);
    // a squaring doubles the relative error so far
    RC_ASSERT(std::abs(power(base, n) - exact) <= double(n + 1) * eps<double> * exact + 1e-300);
}

// T runs, long double follows; 200 steps of a changing gradient
template <class R>
void follow(double tolerance, double ema) {
    using T = ScalarOf<R>;
    AdamSpec spec;
    spec.beta1 = 0.8, spec.beta2 = 0.99, spec.eps = 1e-6, spec.ema = ema;
    const double rate = 0.01;
    R weight(T(0.5)), first(T(0)), second(T(0)), average(T(0.5));
    long double w = 0.5, m = 0, v = 0, smooth = 0.5;
    for (int t = 1; t <= 200; ++t) {
        const T g = T(std::sin(0.3 * t) + 0.4);
        AdamStep<T>(spec, rate, power(spec.beta1, t), power(spec.beta2, t))
            .update(R(g), weight, first, second, average);
        m = spec.beta1 * m + (1 - spec.beta1) * g;
        v = spec.beta2 * v + (1 - spec.beta2) * g * g;
        const long double corrected = m / (1 - std::pow((long double)spec.beta1, t));
        const long double size = std::sqrt(v / (1 - std::pow((long double)spec.beta2, t)));
        w -= rate * corrected / (size + spec.eps);
        smooth = spec.ema * smooth + (1 - spec.ema) * w;
        for (int lane_ = 0; lane_ < width_of<R>; ++lane_) {
            ASSERT_NEAR(lane(weight, lane_), w, tolerance) << t;
            ASSERT_NEAR(lane(first, lane_), m, tolerance) << t;
            ASSERT_NEAR(lane(second, lane_), v, tolerance) << t;
            ASSERT_NEAR(lane(average, lane_), smooth, tolerance) << t;
        }
    }
    EXPECT_GT(std::abs(w - 0.5), 0.3);
}
TEST(Adam, FollowsThePaper) {
    // 200 additions to numbers of order 1
    for (const double ema : {0.0, 0.9}) {
        follow<double>(200 * eps<double>, ema);
        follow<float>(200 * eps<float>, ema);
        follow<Pack<float, 4>>(200 * eps<float>, ema);
    }
}

// corrected for its start, Adam's first step has the size of the rate, whatever the gradient's
TEST(Adam, FirstStepIsTheRate) {
    const AdamSpec spec;
    for (const double g : {1e-3, 1.0, -50.0}) {
        double weight = 0, first = 0, second = 0, average = 0;
        AdamStep<double>(spec, 0.01, spec.beta1, spec.beta2).update(g, weight, first, second, average);
        EXPECT_NEAR(weight, g > 0 ? -0.01 : 0.01, 0.01 * 1.1 * spec.eps / std::abs(g) + 1e-16);
    }
}

TEST(Adam, NoAverageIsTheWeight) {
    double weight = 1, first = 0, second = 0, average = 77;
    AdamStep<double>(AdamSpec{}, 0.01, 0.9, 0.999).update(0.3, weight, first, second, average);
    EXPECT_EQ(average, weight);
}

}  // namespace
}  // namespace lnn
