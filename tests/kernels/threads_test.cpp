// The bits do not depend on the number of threads.
#include "doors.hpp"

namespace lnn {
namespace {

using Threads = EachDoor;
LNN_EACH_DOOR(Threads);

// f(backend) gives the same numbers on one thread and on more
template <class F>
void same_on_threads(const std::string& isa, F&& f, const std::vector<int>& more = {2, 3}) {
    const Numbers alone = f(*door(isa, 1));
    for (const int threads : more) EXPECT_TRUE(same_bits(alone, f(*door(isa, threads)))) << threads << " threads";
}

TEST_P(Threads, Accelerate) {
    for (const int samples : {5, 1025, 3100})
        same_on_threads(isa, [&](Backend& team) {
            const Numbers x = states(2, samples);
            auto out = accelerate(team, nets(2, 2), precision, x);
            append(out.accelerations, out.energies);
            append(out.accelerations, out.lagrangians);
            append(out.accelerations, truth(team, double_pendulum, x));
            return out.accelerations;
        });
}

// chunks of 32 samples, groups of 64 chunks
TEST_P(Threads, Gradient) {
    for (const int samples : {1, 31, 33, 100, 2100})
        same_on_threads(isa, [&](Backend& team) {
            const Numbers x = states(2, samples);
            auto out = gradients(team, nets(2, 2), precision, {}, x, truth(team, double_pendulum, x));
            append(out.gradient, out.losses);
            return out.gradient;
        });
}

TEST_P(Threads, Rollout) {
    for (const Precision state : {Precision::f32, Precision::f64})
        same_on_threads(isa, [&](Backend& team) {
            const Numbers x = states(2, 37);
            Numbers out = rollout(team, nets(2, 2), precision, state, {.dt = 0.05, .substeps = 2, .instants = 5}, x);
            Numbers exact(x.size() * 6);
            team.rollout(double_pendulum, {.dt = 0.05, .instants = 5}, x, exact);
            append(out, exact);
            return out;
        });
}

TEST_P(Threads, Evaluate) {
    const Nets net = nets(2, 2);
    EvaluateJob job = pendulum_job(precision, 10);
    same_on_threads(isa, [&](Backend& team) {
        std::vector<TrajectoryScore> scores(2 * 41);
        team.evaluate(net.models(), job, 3, scores);
        Numbers out;
        for (const auto& s : scores)
            append(out, {s.mse[0], s.mse[1], s.energy_error, s.energy_drift, s.valid_time, double(s.diverged)});
        return out;
    });
}

TEST_P(Threads, Draw) {
    Draw draw{.seed = 3};
    for (int i = 0; i < 6; ++i) draw.low[i] = -i, draw.high[i] = 1 + i;
    same_on_threads(isa, [&](Backend& team) {
        Numbers out(6 * 2500);
        team.draw(draw, 3, 10, 2500, out);
        return out;
    });
}

// one model for all threads, one for each of them, and more models than threads; more than one block of
// parameters
TEST_P(Threads, Train) {
    for (const int models : {1, 2, 5})
        for (const int batch : {1, 3, 4, 5, 31, 32, 33, 64, 100}) {
            SCOPED_TRACE(testing::Message() << models << " models, batch " << batch);
            same_on_threads(isa, [&](Backend& team) {
                Training training(team, nets(2, models), batch, 3, precision);
                training.run(team, 0, 3);
                return training.left();
            });
        }
    same_on_threads(isa, [&](Backend& team) {
        Training training(team, nets(2, 1, {33, 31}), 100, 5, precision);
        EXPECT_GT(training.weights.size(), 1024u);
        training.run(team, 0, 5);
        return training.left();
    });
}

// Fewer models than threads: batches of 4 chunks, in teams of 1 to 4 threads side by side and with threads left over. A
// model that fails on the way leaves its team in step.
TEST_P(Threads, TrainInTeams) {
    for (const int models : {1, 2, 3, 5}) {
        SCOPED_TRACE(testing::Message() << models << " models");
        same_on_threads(isa,
                        [&](Backend& team) {
                            Training training(team, nets(2, models), 100, 6, precision);
                            if (models > 1) {
                                training.adam[1].skip_bad = false;
                                training.targets[training.targets.size() / models] = NAN;  // a sample of model 1
                            }
                            training.run(team, 0, 4);
                            training.run(team, 4, 2);
                            if (models > 1) {
                                EXPECT_GE(training.failed[1], 0);
                            }
                            return training.left();
                        },
                        {4, 6, 7, 9, 16});
    }
}

}  // namespace
}  // namespace lnn
