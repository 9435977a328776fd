// What a job asks of the device, counted: the structure of the data path, without a card. Each test prints its counts.
#include <gtest/gtest.h>

#include "jobs.hpp"

namespace lnn {
namespace {

using emulated::Counters;
using emulated::counters;

Counters counted(const std::string& name, const std::function<void()>& job) {
    emulated::new_context();
    job();
    const Counters found = counters();
    std::cout << name << ": " << emulated::text_of(found) << "\n";
    return found;
}

TEST(Structure, ATrainingIsOneLaunchHoweverManyModels) {
    const auto backend = door("cuda");
    for (const int models : {1, 7}) {
        Training training(*backend, nets(2, models), 4, 6, Precision::f32);
        const Counters c =
            counted("train, " + std::to_string(models) + " models", [&] { training.run(*backend, 0, 6); });
        EXPECT_EQ(c.launches, 1);
        EXPECT_EQ(c.allocations, 11);
        EXPECT_EQ(c.memory_questions, 1);
        EXPECT_EQ(c.synchronizations, 1);
        EXPECT_EQ(c.uploads, 8);
        EXPECT_EQ(c.downloads, 8);
    }
}

TEST(Structure, AccelerationsAreOneLaunchHoweverManyModels) {
    const auto backend = door("cuda");
    for (const int models : {1, 7}) {
        const Nets net = nets(2, models);
        const Numbers x = states(2, 100);
        const Counters c = counted("accelerate, " + std::to_string(models) + " models",
                                   [&] { accelerate(*backend, net, Precision::f32, x); });
        EXPECT_EQ(c.launches, 1);
        EXPECT_EQ(c.uploads, 2);    // weights and states
        EXPECT_EQ(c.downloads, 3);  // accelerations, energies, Lagrangians
        EXPECT_EQ(c.downloaded_bytes, models * 100 * 4 * 8);
    }
}

TEST(Structure, GradientsAreTwoLaunchesHoweverManyModels) {
    const auto backend = door("cuda");
    for (const int models : {1, 7}) {
        const Nets net = nets(2, models);
        const Numbers x = states(2, 100), targets = truth(*backend, double_pendulum, x);
        const Counters c = counted("gradient, " + std::to_string(models) + " models",
                                   [&] { gradients(*backend, net, Precision::f32, {}, x, targets); });
        EXPECT_EQ(c.launches, 2);  // chunks, then their sum
    }
}

TEST(Structure, AnEvaluationMovesScoresAlone) {
    const auto backend = door("cuda");
    std::vector<TrajectoryScore> scores(3 * 20);
    const Counters c = counted("evaluate, 3 models", [&] {
        backend->evaluate(nets(2, 3).models(), pendulum_job(Precision::f32, 10), 0, scores);
    });
    EXPECT_EQ(c.uploads, 1);  // weights: states are drawn where they are needed
    EXPECT_EQ(c.downloads, 1);
    EXPECT_EQ(c.downloaded_bytes, std::int64_t(scores.size() * sizeof(TrajectoryScore)));
}

}  // namespace
}  // namespace lnn
