// Training against gradients of the door followed by Adam, step by step; and what a slice reports.
#include "doors.hpp"
#include "lnn/adam.hpp"

namespace lnn {
namespace {

using Train = EachDoor;
LNN_EACH_DOOR(Train);

TEST_P(Train, IsGradientAndAdamAgainAndAgain) {
    // sums of up to 70 samples in another order, through 7 steps
    const double close = precision == Precision::f64 ? 1e-11 : 1e-5;
    for_each_kind([&](int kind) {
        SCOPED_TRACE(testing::Message() << "kind " << kind);
        for (const int batch : {1, 3, 33, 70}) {
            // 59 parameters of lnn: some are left over by packs of 2, 4, 8 and 16
            constexpr int models = 2, steps = 7;
            Training training(*backend, nets_of(kind, 2, models, {5, 4}), batch, steps, precision);
            const Training start = training;
            training.run(*backend, 0, steps);
            const std::size_t parameters = training.net.parameters();
            for (int m = 0; m < models; ++m) {
                Nets one{start.net.spec,
                         Numbers(start.weights.begin() + m * parameters, start.weights.begin() + (m + 1) * parameters),
                         1};
                Numbers first(parameters), second(parameters), average = one.weights;
                const AdamSpec& adam = start.adam[m];
                for (int k = 0; k < steps; ++k) {
                    Numbers x, targets;
                    for (int row = 0; row < 4; ++row)
                        for (int i = 0; i < batch; ++i)
                            x.push_back(
                                start.states[(m * 4 + row) * start.samples + start.order[(m * steps + k) * batch + i]]);
                    for (int row = 0; row < 2; ++row)
                        for (int i = 0; i < batch; ++i)
                            targets.push_back(start.targets[(m * 2 + row) * start.samples +
                                                            start.order[(m * steps + k) * batch + i]]);
                    const auto g = gradients(*backend, one, precision, start.loss, x, targets);
                    double norm = 0;
                    for (const double y : g.gradient) norm = std::hypot(norm, y);
                    EXPECT_NEAR(training.report.loss[m * steps + k], g.losses[0], close * g.losses[0]);
                    EXPECT_NEAR(training.report.grad_norm[m * steps + k], norm, close * norm);
                    const double clip = adam.clip > 0 && norm > adam.clip ? adam.clip / norm : 1;
                    EXPECT_EQ(clip < 1, m == 1);
                    const AdamStep<double> step(adam, learning_rate(adam.schedule, k), power(adam.beta1, k + 1),
                                                power(adam.beta2, k + 1));
                    for (std::size_t p = 0; p < parameters; ++p)
                        step.update(g.gradient[p] * clip, one.weights[p], first[p], second[p], average[p]);
                }
                for (std::size_t p = 0; p < parameters; ++p) {
                    EXPECT_NEAR(training.weights[m * parameters + p], one.weights[p], close);
                    EXPECT_NEAR(training.first[m * parameters + p], first[p], 10 * close * (1 + std::abs(first[p])));
                    EXPECT_NEAR(training.second[m * parameters + p], second[p], 10 * close * (1 + std::abs(second[p])));
                    EXPECT_NEAR(training.average[m * parameters + p], average[p], close);
                }
                EXPECT_EQ(training.applied[m], steps);
                EXPECT_EQ(training.failed[m], -1);
                EXPECT_EQ(training.report.skipped[m], 0);
                EXPECT_EQ(training.report.truncated[m], 0);
            }
        }
    });
}

// no order: samples in sequence
TEST_P(Train, InSequenceWhereThereIsNoOrder) {
    for (const int batch : {1, 5, 33}) {
        Training ordered(*backend, nets(2, 2), batch, 3, precision);
        ordered.samples = 3 * batch;
        ordered.states.clear(), ordered.targets.clear();
        for (int m = 0; m < 2; ++m) {
            const Numbers x = states(2, 3 * batch, 40 + m);
            append(ordered.states, x);
            append(ordered.targets, truth(*backend, double_pendulum, x));
            for (int i = 0; i < 3 * batch; ++i) ordered.order[m * 3 * batch + i] = i;
        }
        Training plain = ordered;
        ordered.run(*backend, 0, 3);
        TrainState state{plain.weights, plain.first, plain.second, plain.average, plain.applied, plain.failed};
        plain.report = backend->train({plain.net.spec, 2, batch, precision, plain.solve, plain.loss, plain.adam},
                                      {plain.samples, plain.states, plain.targets, {}}, state, 0, 3);
        EXPECT_TRUE(same_bits(ordered.left(), plain.left())) << batch;
    }
}

TEST_P(Train, WithoutAnAverage) {
    Training with(*backend, nets(2, 1), 4, 3, precision);
    Training without = with;
    without.average.clear();
    with.run(*backend, 0, 3);
    without.run(*backend, 0, 3);
    EXPECT_TRUE(same_bits(with.weights, without.weights));
}

TEST_P(Train, ConditionsAreCountedOncePerSample) {
    for (const int batch : {1, 3, 5, 33, 70})
        for (const int threads : {1, 3}) {
            const auto team = door(isa, threads);
            Training training(*team, nets(2, 2), batch, 4, precision);
            training.run(*team, 0, 4);
            for (int m = 0; m < 2; ++m) {
                std::int64_t sum = 0;
                for (int b = 0; b < condition_bins; ++b) sum += training.report.condition[m * condition_bins + b];
                EXPECT_EQ(sum, 4 * batch);
            }
        }
}

// M = prior times one: condition 1. M of rank one: the last bin, and every sample truncated
TEST_P(Train, ConditionsAreInTheirBins) {
    constexpr int batch = 35, steps = 2;
    Training definite(*backend, nets(2, 1, {4}, 0b1, 3), batch, steps, precision);
    std::fill(definite.weights.begin(), definite.weights.end(), 0.0);
    definite.run(*backend, 0, 1);
    EXPECT_EQ(definite.report.condition[0], batch);

    Training singular(*backend, nets(2, 1, {1, 4}, 0b1, 0), batch, steps, precision);
    singular.solve.rcond = 1e-5;
    singular.run(*backend, 0, steps);
    std::int64_t above = 0;
    for (int b = 16; b < condition_bins; ++b) above += singular.report.condition[b];
    EXPECT_EQ(above, batch * steps);
    EXPECT_EQ(singular.report.truncated[0], batch * steps);

    // M = 0, and M that is not a number: the worst condition
    Training nothing(*backend, nets(2, 1, {4}, 0b1, 0), batch, steps, precision);
    std::fill(nothing.weights.begin(), nothing.weights.end(), 0.0);
    nothing.run(*backend, 0, 1);
    EXPECT_EQ(nothing.report.condition[condition_bins - 1], batch);
    EXPECT_EQ(nothing.report.truncated[0], batch);
    Training broken(*backend, nets(2, 1), batch, steps, precision);
    broken.weights[0] = NAN;
    broken.run(*backend, 0, steps);
    EXPECT_EQ(broken.report.condition[condition_bins - 1], batch * steps);
}

// a rank-deficient sample is learnt from: among regular ones its gradient is not lost
TEST_P(Train, TruncatedSamplesCount) {
    const Nets net = nets(2, 1, {1, 4}, 0b1, 0);
    const Numbers x = states(2, 3, 3), targets = scattered<double>(-1, 1, 6);
    const auto found = gradients(*backend, net, precision, {.kind = Losses::place<L1>}, x, targets, {1e-5});
    double norm = 0;
    for (const double g : found.gradient) norm = std::hypot(norm, g);
    EXPECT_GT(norm, 1e-3);
    EXPECT_TRUE(std::isfinite(norm));
}

}  // namespace
}  // namespace lnn
