// Scores against the trajectories they stand for.
#include "doors.hpp"
#include "lnn/random.hpp"
#include "lnn/runge_kutta.hpp"
#include "score.hpp"

namespace lnn {
namespace {

using Evaluate = EachDoor;
LNN_EACH_DOOR(Evaluate);

EvaluateJob job_of(Precision precision) {
    EvaluateJob job = pendulum_job(precision, 12);
    job.integration.dt = 0.05;
    job.integration.substeps = 2;
    job.draw.seed = 4;
    job.valid_below = 0.1;
    job.diverged_above = 1.0;
    return job;
}

std::vector<TrajectoryScore> scores_of(Backend& backend, const Nets& net, const EvaluateJob& job, std::int64_t first,
                                       int count) {
    std::vector<TrajectoryScore> scores(net.count * count);
    backend.evaluate(net.models(), job, first, scores);
    return scores;
}

bool equal(const TrajectoryScore& a, const TrajectoryScore& b) {
    const auto numbers = [](const TrajectoryScore& s) {
        return Numbers{s.mse[0],     s.mse[1],          s.energy_error, s.energy_drift,
                       s.valid_time, s.twin_valid_time, s.lyapunov,     double(s.diverged)};
    };
    return same_bits(numbers(a), numbers(b));
}

// where trajectories first .. first + count - 1 start
Numbers starts_of(const EvaluateJob& job, int first, int count) {
    Numbers start(4 * count);
    for (int row = 0; row < 4; ++row)
        for (int s = 0; s < count; ++s)
            start[row * count + s] = job.draw.low[row] + (job.draw.high[row] - job.draw.low[row]) *
                                                             uniform(job.draw.seed, Stream::evaluation, first + s, row);
    return start;
}

TEST_P(Evaluate, IsWhatTheTrajectoriesSay) {
    constexpr int count = 37, first = 5;
    const Nets net = nets(2, 1);
    const EvaluateJob job = job_of(precision);
    const auto scores = scores_of(*backend, net, job, first, count);

    const Numbers start = starts_of(job, first, count);
    const int instants = int(job.integration.instants);
    const Numbers model = rollout(*backend, net, precision, Precision::f64, job.integration, start);
    Numbers exact(start.size() * (instants + 1));
    backend->rollout(double_pendulum, job.integration, start, exact);
    const auto energies = [&](const Numbers& path, int instant) {
        Numbers e(count), a(2 * count);
        backend->accelerate(double_pendulum, std::span(path).subspan(instant * start.size(), start.size()), a, e);
        return e;
    };
    const Numbers begin = energies(exact, 0), end = energies(exact, instants), reached = energies(model, instants);

    int valid = 0, diverged = 0;
    for (int s = 0; s < count; ++s) {
        double mse[2] = {}, valid_time = 0;
        bool within = true, good = true;
        for (int k = 1; k <= instants; ++k) {
            for (int i = 0; i < 2; ++i) {
                const std::size_t at = k * start.size() + i * count + s;
                const double e = std::abs(model[at] - exact[at]);
                mse[i] += e * e / instants;
                within = within && e < job.valid_below;
                good = good && e <= job.diverged_above;
            }
            if (within) valid_time = k * job.integration.dt;
        }
        for (int i = 0; i < 2; ++i) EXPECT_NEAR(scores[s].mse[i], mse[i], 1e-14 + 1e-12 * mse[i]);
        EXPECT_NEAR(scores[s].energy_error, std::abs(reached[s] - end[s]), 1e-11);
        EXPECT_NEAR(scores[s].energy_drift, std::abs(end[s] - begin[s]), 1e-11);
        EXPECT_DOUBLE_EQ(scores[s].valid_time, valid_time);
        EXPECT_EQ(scores[s].diverged, !good);
        valid += within;
        diverged += !good;
    }
    // the thresholds cut through the middle: both sides were seen
    EXPECT_GT(diverged, 0);
    EXPECT_LT(diverged, count);
    EXPECT_LT(valid, count);
}

// the floor that chaos sets, from a second roll-out of the truth
TEST_P(Evaluate, TwinsAreWhatTheTrajectoriesSay) {
    constexpr int count = 37, first = 5;
    EvaluateJob job = job_of(precision);
    const int instants = int(job.integration.instants);
    const Numbers start = starts_of(job, first, count);
    Numbers beside = start, truth(start.size() * (instants + 1)), twin(truth.size());
    for (int s = 0; s < count; ++s) beside[s] += twin_offset;
    backend->rollout(double_pendulum, job.integration, start, truth);
    backend->rollout(double_pendulum, job.integration, beside, twin);

    int always = 0, for_a_while = 0, never = 0;
    for (const double below : {0.1, twin_offset, 0.99 * twin_offset}) {
        job.valid_below = below;
        const auto scores = scores_of(*backend, nets(2, 1), job, first, count);
        for (int s = 0; s < count; ++s) {
            double valid_time = 0, distance = 0;
            bool within = true;
            for (int k = 1; k <= instants; ++k) {
                double squares = 0;
                for (int i = 0; i < 4; ++i) {
                    const std::size_t at = k * start.size() + i * count + s;
                    const double off = std::abs(twin[at] - truth[at]);
                    squares += off * off;
                    within = within && (i >= 2 || off < below);
                }
                if (within) valid_time = k * job.integration.dt, distance = std::sqrt(squares);
            }
            EXPECT_DOUBLE_EQ(scores[s].twin_valid_time, valid_time);
            EXPECT_NEAR(scores[s].lyapunov, valid_time > 0 ? std::log(distance / twin_offset) / valid_time : 0.0,
                        1e-12);
            ++(within ? always : valid_time > 0 ? for_a_while : never);
        }
    }
    // all three were seen
    EXPECT_GT(always, 0);
    EXPECT_GT(for_a_while, 0);
    EXPECT_GT(never, 0);
}

TEST_P(Evaluate, InPartsAndOfAnyNumber) {
    const Nets net = nets(2, 2);
    for (const Precision state : {Precision::f32, Precision::f64}) {
        EvaluateJob job = job_of(precision);
        job.state = state;
        const auto whole = scores_of(*backend, net, job, 0, 40);
        for (const auto& [first, count] : {std::pair{0, 1}, {3, 17}, {39, 1}, {8, 16}, {7, 33}}) {
            const auto part = scores_of(*backend, net, job, first, count);
            for (int m = 0; m < 2; ++m)
                for (int s = 0; s < count; ++s)
                    EXPECT_TRUE(equal(part[m * count + s], whole[m * 40 + first + s])) << first << " " << count;
        }
    }
}

// Paths are compared a stretch at a time; what an integrator remembers goes from one to the next.
TEST_P(Evaluate, OfManyInstants) {
    constexpr int count = 7;
    const Nets net = nets(2, 2);
    for (std::size_t integrator = 0; integrator < std::size(integrators); ++integrator)
        for (const Precision state : {Precision::f32, Precision::f64}) {
            if (isa == "cuda" && integrators[integrator].table.adaptive()) continue;
            EvaluateJob job = job_of(precision);
            job.state = state;
            job.integration = {.dt = 0.01, .instants = 150, .integrator = int(integrator), .tolerance = 1e-6};
            const auto scores = scores_of(*backend, net, job, 0, count);
            Numbers start(4 * count);
            for (int s = 0; s < count; ++s)
                for (int i = 0; i < 4; ++i) start[i * count + s] = 2 * uniform(4, Stream::evaluation, s, i) - 1;
            const Numbers models = rollout(*backend, net, precision, state, job.integration, start);
            Numbers exact(start.size() * 151);
            backend->rollout(double_pendulum, job.integration, start, exact);
            for (int m = 0; m < 2; ++m)
                for (int s = 0; s < count; ++s)
                    for (int i = 0; i < 2; ++i) {
                        double mse = 0;
                        for (int k = 1; k <= 150; ++k) {
                            const std::size_t at = k * start.size() + i * count + s;
                            mse += std::pow(models[m * exact.size() + at] - exact[at], 2) / 150;
                        }
                        EXPECT_NEAR(scores[m * count + s].mse[i], mse, 1e-12 * mse) << integrators[integrator].name;
                    }
        }
}

TEST_P(Evaluate, SumsAreThoseOfTheScores) {
    constexpr int models = 2;
    const int count = backend->info().name == "cpu" ? 9001 : 501;  // more than the CPU backend adds at once
    Nets net = nets(2, models);
    EvaluateJob job = job_of(precision);
    job.integration.instants = 3;
    job.diverged_above = 0.05;
    const auto scores = scores_of(*backend, net, job, 4, count);
    std::vector<TrajectorySums> sums(models);
    backend->evaluate(net.models(), job, 4, count - 1, sums);
    backend->evaluate(net.models(), job, 4 + count - 1, 1, sums);
    for (int m = 0; m < models; ++m) {
        TrajectoryScore sum;
        int diverged = 0;
        for (int s = 0; s < count; ++s) {
            const TrajectoryScore& score = scores[m * count + s];
            if (score.diverged) {
                ++diverged;
                continue;
            }
            for (int i = 0; i < 2; ++i) sum.mse[i] += score.mse[i];
            sum.energy_error += score.energy_error;
            sum.energy_drift += score.energy_drift;
            sum.valid_time += score.valid_time;
        }
        EXPECT_GT(diverged, 0);
        EXPECT_LT(diverged, count);
        EXPECT_EQ(sums[m].trajectories, count);
        EXPECT_EQ(sums[m].diverged, diverged);
        const auto close = [](double a, double b) { EXPECT_NEAR(a, b, 1e-12 * std::abs(b)); };  // in another order
        for (int i = 0; i < 2; ++i) close(sums[m].sum.mse[i], sum.mse[i]);
        close(sums[m].sum.energy_error, sum.energy_error);
        close(sums[m].sum.energy_drift, sum.energy_drift);
        close(sums[m].sum.valid_time, sum.valid_time);
    }
}

TEST_P(Evaluate, NotANumberHasDiverged) {
    Nets net = nets(2, 1);
    net.weights[3] = NAN;
    for (const auto& score : scores_of(*backend, net, job_of(precision), 0, 5)) {
        EXPECT_TRUE(score.diverged);
        EXPECT_EQ(score.valid_time, 0);
        EXPECT_TRUE(std::isnan(score.mse[0]));
        EXPECT_TRUE(std::isfinite(score.energy_drift));
    }
}

// velocities that leave the finite in the last instant leave coordinates that were close to the truth
TEST(Score, AnEnergyThatIsNotANumberHasDiverged) {
    const EvaluateJob job = job_of(Precision::f64);
    const ScoreState close{0, {0.01, 0.02}, 0.3, 0.2, 1e-12, true, true, true};
    EXPECT_FALSE(finish_score(job, 2, close, 1, 2).diverged);
    for (const double energy : {double(NAN), double(INFINITY), -double(INFINITY)})
        EXPECT_TRUE(finish_score(job, 2, close, 1, energy).diverged) << energy;
    ScoreState far = close;
    far.good = false;
    EXPECT_TRUE(finish_score(job, 2, far, 1, 2).diverged);
}

}  // namespace
}  // namespace lnn
