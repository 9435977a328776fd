// Models side by side do not touch each other: a failing one changes no bit of its neighbours.
#include "doors.hpp"

namespace lnn {
namespace {

using ManyModels = EachDoor;
LNN_EACH_DOOR(ManyModels);

constexpr int models = 5, sick = 2, steps = 6;

// weights at NaN, and weights whose accelerations overflow
const std::vector<double> sicknesses = {NAN, 1e200};

TEST_P(ManyModels, TrainAsIfAlone) {
    for (const int threads : {1, 2, 3})
        for (const double sickness : sicknesses)
            for (const bool skip_bad : {true, false}) {
                const auto team = door(isa, threads);
                Training healthy(*team, nets(2, models), 5, steps, precision);
                for (auto& adam : healthy.adam) adam.skip_bad = skip_bad;
                Training mixed = healthy;
                for (std::size_t p = 0; p < mixed.net.parameters(); ++p)
                    mixed.weights[sick * mixed.net.parameters() + p] = sickness;
                const Numbers sick_weights = mixed.weights;
                healthy.run(*team, 0, steps);
                mixed.run(*team, 0, steps);
                for (int m = 0; m < models; ++m)
                    if (m != sick) {
                        EXPECT_TRUE(same_bits(healthy.left_by(m), mixed.left_by(m))) << m;
                    }
                // the sick one keeps its weights, and says so
                EXPECT_EQ(mixed.applied[sick], 0);
                EXPECT_EQ(mixed.report.skipped[sick], skip_bad ? steps : 0);
                EXPECT_EQ(mixed.failed[sick], skip_bad ? -1 : 0);
                EXPECT_FALSE(std::isfinite(mixed.report.loss[sick * steps] + mixed.report.grad_norm[sick * steps]));
                const std::size_t at = sick * mixed.net.parameters();
                EXPECT_EQ(bits(mixed.weights[at]),
                          bits(precision == Precision::f32 ? double(float(sick_weights[at])) : sick_weights[at]));
            }
}

// one bad sample: its steps are left out, the others applied; without skip_bad training stops there for good
TEST_P(ManyModels, SkipBadSteps) {
    for (const int threads : {1, 3})
        for (const bool skip_bad : {true, false}) {
            const auto team = door(isa, threads);
            Training training(*team, nets(2, 1), 40, steps, precision);
            training.adam[0].skip_bad = skip_bad;
            for (auto& i : training.order) i = i == 7 ? 8 : i;
            training.order[2 * 40 + 35] = 7;  // steps 2 and 4 see sample 7
            training.order[4 * 40 + 1] = 7;
            training.targets[7] = NAN;
            training.run(*team, 0, 1);
            training.run(*team, 1, 2);
            EXPECT_EQ(training.applied[0], 2);
            EXPECT_EQ(training.report.skipped[0], skip_bad ? 1 : 0);
            EXPECT_EQ(training.failed[0], skip_bad ? -1 : 2);
            training.run(*team, 3, 3);
            EXPECT_EQ(training.applied[0], skip_bad ? 4 : 2);
            EXPECT_EQ(training.report.skipped[0], skip_bad ? 1 : 0);
            EXPECT_EQ(training.failed[0], skip_bad ? -1 : 2);
            for (int k = 0; k < 3; ++k) EXPECT_EQ(std::isnan(training.report.loss[k]), skip_bad ? k == 1 : true);
            for (const double w : training.weights) EXPECT_TRUE(std::isfinite(w));
        }
}

// a float32 gradient whose square is beyond float32 is a gradient like any other: it is clipped and applied
TEST_P(ManyModels, ClipGradientsWhoseSquareOverflows) {
    Training training(*backend, nets(2, 1), 4, 2, precision);
    training.loss = {.kind = Losses::place<L1>};
    training.loss.scale.fill(1e-30);
    training.adam[0].clip = 1;
    training.run(*backend, 0, 2);
    EXPECT_GT(training.report.grad_norm[0], 1e25);
    EXPECT_TRUE(std::isfinite(training.report.grad_norm[0]));
    EXPECT_EQ(training.report.skipped[0], 0);
    EXPECT_EQ(training.applied[0], 2);
    for (const double w : training.weights) EXPECT_TRUE(std::isfinite(w));
}

// Where it is not clipped, Adam cannot hold its square, which would stop a weight for good: the step is left out. A
// loss that is a number does not make up for that, nor does a norm, which is always summed in float64.
TEST_P(ManyModels, SkipGradientsWhoseSquareOverflows) {
    const bool single = precision == Precision::f32;
    for (const double clip : {0.0, 1e24}) {
        Training training(*backend, nets(2, 1), 4, 2, precision);
        training.loss = {.kind = Losses::place<L1>};
        training.loss.scale.fill(single ? 1e-30 : 1e-200);
        training.adam[0].clip = single ? clip : 0;
        const Training before = training;
        training.run(*backend, 0, 2);
        EXPECT_TRUE(std::isfinite(training.report.loss[0]));
        EXPECT_EQ(std::isfinite(training.report.grad_norm[0]), single);
        EXPECT_EQ(training.report.skipped[0], 2);
        EXPECT_EQ(training.applied[0], 0);
        EXPECT_TRUE(same_bits(training.second, before.second));
    }
}

// a large gradient whose square Adam can hold is applied, clipped or not
TEST_P(ManyModels, ApplyGradientsWhoseSquareDoesNot) {
    Training training(*backend, nets(2, 1), 4, 2, precision);
    training.loss = {.kind = Losses::place<L1>};
    training.loss.scale.fill(1e-18);
    training.run(*backend, 0, 2);
    EXPECT_GT(training.report.grad_norm[0], 1e17);
    EXPECT_EQ(training.applied[0], 2);
    for (const auto* numbers : {&training.weights, &training.first, &training.second})
        for (const double x : *numbers) EXPECT_TRUE(std::isfinite(x));
}

// a skipped step leaves everything as it was: the same as if it had not been there
TEST_P(ManyModels, SkippedStepLeavesNoTrace) {
    Training with(*backend, nets(2, 1), 4, 3, precision);
    with.adam[0].schedule.every = 100;
    with.targets[7] = NAN;
    for (auto& i : with.order) i = i == 7 ? 8 : i;
    Training without = with;
    with.order[4] = 7;
    std::copy_n(without.order.begin() + 8, 4, without.order.begin() + 4);
    with.run(*backend, 0, 3);
    without.run(*backend, 0, 2);
    EXPECT_EQ(with.report.skipped[0], 1);
    EXPECT_TRUE(same_bits(with.weights, without.weights));
    EXPECT_TRUE(same_bits(with.average, without.average));
    EXPECT_EQ(with.applied, without.applied);
}

TEST_P(ManyModels, MoveAsIfAlone) {
    const Nets all = nets(2, 3);
    Nets mixed = all;
    const std::size_t parameters = all.parameters();
    std::fill_n(mixed.weights.begin() + parameters, parameters, NAN);
    const Numbers x = states(2, 19), targets = truth(*backend, double_pendulum, x);
    const auto a = accelerate(*backend, mixed, precision, x);
    const auto path = rollout(*backend, mixed, precision, Precision::f64, {.instants = 3}, x);
    const auto g = gradients(*backend, mixed, precision, {}, x, targets);
    const auto part = [](const Numbers& y, int m) {
        return Numbers(y.begin() + m * (y.size() / 3), y.begin() + (m + 1) * (y.size() / 3));
    };
    for (const int m : {0, 2}) {
        const Nets one{all.spec, part(all.weights, m), 1};
        EXPECT_TRUE(same_bits(accelerate(*backend, one, precision, x).accelerations, part(a.accelerations, m)));
        EXPECT_TRUE(same_bits(rollout(*backend, one, precision, Precision::f64, {.instants = 3}, x), part(path, m)));
        EXPECT_TRUE(same_bits(gradients(*backend, one, precision, {}, x, targets).gradient, part(g.gradient, m)));
    }
    for (const double y : part(a.accelerations, 1)) EXPECT_TRUE(std::isnan(y));
    EXPECT_TRUE(std::isnan(g.losses[1]));
}

}  // namespace
}  // namespace lnn
