// Whatever call of a job fails, in whatever way: one line with exit code 3, memory given back, and the same job does
// well afterwards.
#include <gtest/gtest.h>

#include "jobs.hpp"

namespace lnn {
namespace {

using emulated::counters;
using emulated::dials;
using emulated::new_context;

struct Faults : testing::TestWithParam<std::size_t> {
    const emulated::Dials before = dials();
    void SetUp() override { new_context(); }
    void TearDown() override {
        dials() = before;
        new_context();
    }
};

// the message of the job's error; empty where it did well, with `found`
std::string refused(const Job& job, Backend& backend, bool out_of_memory, Numbers* found = nullptr) {
    try {
        const Numbers numbers = job.run(backend);
        if (found) *found = numbers;
    } catch (const Error& error) {
        EXPECT_EQ(error.exit(), Exit::backend);
        EXPECT_EQ(dynamic_cast<const OutOfDeviceMemory*>(&error) != nullptr, out_of_memory) << error.what();
        return error.what();
    }
    return "";
}

struct Kind {
    const char* call;
    cudaError_t error;
    const char* line;  // what the message holds
};
const Kind kinds[] = {
    {"allocate", cudaErrorMemoryAllocation, "out of device memory"},
    {"copy", cudaErrorIllegalAddress, "nvidia-smi says whether it is still there"},
    {"clear", cudaErrorUnknown, "nvidia-smi says whether it is still there"},
    {"launch", cudaErrorLaunchFailure, "unspecified launch failure"},
    {"synchronize", cudaErrorLaunchTimeout, "longer than the card's display allows"},
    {"cublas", cudaErrorUnknown, "cuBLAS failed"},
    {"cusolver", cudaErrorUnknown, "cuSOLVER failed"},
    {"cublas", cudaErrorMemoryAllocation, "out of device memory (cuBLAS)"},
    {"cusolver", cudaErrorMemoryAllocation, "out of device memory (cuSOLVER)"},
};

TEST_P(Faults, OfEveryCall) {
    const Job job = jobs()[GetParam()];
    const auto backend = door("cuda");
    const Numbers good = job.run(*backend);
    for (const Kind& kind : kinds) {
        const bool memory = kind.error == cudaErrorMemoryAllocation;
        std::int64_t number = 0;
        for (bool ended = false; !ended;) {
            new_context();
            dials().fault = {kind.call, ++number, kind.error, false};
            Numbers found;
            const std::string line = refused(job, *backend, memory, &found);
            ended = line.empty();
            if (ended) {  // for there was no such call, not because nobody looked at its failure
                EXPECT_EQ(emulated::failure(), cudaSuccess) << kind.call << " " << number;
                EXPECT_TRUE(same_bits(found, good)) << kind.call << " " << number;
            }
            if (!ended) {
                EXPECT_NE(line.find(kind.line), line.npos) << line;
                EXPECT_EQ(line.find('\n'), line.npos) << line;
            }
            // a context that is gone takes its memory along
            if (ended || memory) {
                EXPECT_EQ(counters().allocations, counters().frees) << kind.call << " " << number;
            }
            ASSERT_LT(number, 2000) << "a fault that nothing sees";
        }
        const std::string call = kind.call;
        if (call == "allocate" || call == "copy" || call == "launch" || job.name == "least_squares") {
            EXPECT_GT(number, 1) << call << " is never called";
        }
        dials().fault = {};
        new_context();
        EXPECT_TRUE(same_bits(job.run(*backend), good)) << kind.call;
    }
}
INSTANTIATE_TEST_SUITE_P(Jobs, Faults, testing::Range(std::size_t(0), jobs().size()),
                         [](const auto& job) { return jobs()[job.param].name; });

TEST_F(Faults, ATrainingIsAsTheLastSliceLeftIt) {
    const auto backend = door("cuda");
    const Nets net = nets(2, 5);
    Training training(*backend, net, 8, 4, Precision::f64);
    training.run(*backend, 0, 2);
    const Numbers kept = state_of(training);
    new_context();
    training.run(*backend, 2, 2);
    const std::int64_t all = counters().launches;
    const Numbers good = state_of(training);
    Training again(*backend, net, 8, 4, Precision::f64);
    again.run(*backend, 0, 2);
    // so little that the models come in several launches: some are done when the device fails
    dials().memory = 20 << 10;
    for (std::int64_t number = 1; number <= 2; ++number) {
        new_context();
        dials().fault = {"launch", number, cudaErrorLaunchFailure, false};
        EXPECT_THROW(again.run(*backend, 2, 2), Error);
        EXPECT_TRUE(same_bits(state_of(again), kept));
    }
    dials().fault = {};
    new_context();
    again.run(*backend, 2, 2);
    EXPECT_GT(counters().launches, all) << "the models fitted together, so that nothing was tried";
    EXPECT_TRUE(same_bits(state_of(again), good));
}

TEST_P(Faults, LittleMemory) {
    const Job job = jobs()[GetParam()];
    const auto backend = door("cuda");
    const Numbers good = job.run(*backend);
    const bool sums = job.name == "evaluate_sums";  // in an order that is Thrust's, of each piece
    for (const std::size_t kib : {16384, 2048, 512, 128, 32}) {
        new_context();
        dials().memory = kib << 10;
        try {
            const Numbers found = job.run(*backend);
            if (sums)
                for (std::size_t i = 0; i < good.size(); ++i) EXPECT_NEAR(found[i], good[i], 1e-12 * std::abs(good[i]));
            else
                EXPECT_TRUE(same_bits(found, good)) << kib;
        } catch (const OutOfDeviceMemory& error) {
            EXPECT_LT(kib, 512) << error.what();
        }
        EXPECT_EQ(counters().allocations, counters().frees);
    }
}

// weights, states and gradients, too, are cut: each alone is more than the device has
TEST_F(Faults, WhatDoesNotFitAtOnceIsCut) {
    const auto backend = door("cuda");
    const Nets few = nets(2, 2), many = nets(2, 400);
    const Numbers x = states(2, 6000), targets = truth(*backend, double_pendulum, x), some = states(2, 3);
    const std::vector<Job> large = {
        {"gradient", [&](Backend& b) { return gradients(b, few, Precision::f32, {}, x, targets).gradient; }},
        {"gradient of many",
         [&](Backend& b) {
             return gradients(b, many, Precision::f32, {}, some, truth(b, double_pendulum, some)).gradient;
         }},
        {"accelerate", [&](Backend& b) { return accelerate(b, many, Precision::f32, some).accelerations; }},
        {"rollout",
         [&](Backend& b) { return rollout(b, many, Precision::f32, Precision::f64, {.instants = 2}, some); }},
        {"evaluate",
         [&](Backend& b) {
             std::vector<TrajectoryScore> scores(many.count);
             b.evaluate(many.models(), pendulum_job(Precision::f32, 3), 0, scores);
             Numbers all;
             for (const auto& s : scores) append(all, {s.mse[0], s.mse[1], s.energy_error});
             return all;
         }},
    };
    for (const Job& job : large) {
        const Numbers good = job.run(*backend);
        dials().memory = 120 << 10;
        EXPECT_TRUE(same_bits(job.run(*backend), good)) << job.name;
        dials() = before;
    }
}

TEST_F(Faults, NoDeviceWorthTheName) {
    const auto why = [] {
        try {
            make_cuda_backend({});
        } catch (const Error& error) {
            EXPECT_EQ(error.exit(), Exit::backend);
            return std::string(error.what());
        }
        return std::string();
    };
    EXPECT_EQ(why(), "");
    dials().old_driver = true;
    EXPECT_NE(why().find("install a newer NVIDIA driver"), std::string::npos);
    dials() = before;
    dials().devices = 0;
    EXPECT_EQ(why(), "no CUDA device here");
    dials() = before;
    dials().code = false;
    EXPECT_NE(why().find("CMAKE_CUDA_ARCHITECTURES"), std::string::npos);
    dials() = before;
    new_context();
    dials().fault = {"properties", 1, cudaErrorUnknown, false};
    EXPECT_NE(why().find("nvidia-smi"), std::string::npos);
}

TEST_F(Faults, LibrariesThatAreMissing) {
    // each in a process of its own: a library stays open
    GTEST_FLAG_SET(death_test_style, "threadsafe");
    const auto run = [](const std::string& name, const std::string& expected) {
        for (const Job& job : jobs())
            if (job.name == name) {
                const std::string line = refused(job, *door("cuda"), false);
                std::exit(line.find(expected) != line.npos ? 0 : 1);
            }
    };
    const auto without_cublas = [&] {
        dials().cublas = false;
        run("least_squares", "is missing; install cuBLAS of this CUDA version, or use --backend cpu");
    };
    EXPECT_EXIT(without_cublas(), testing::ExitedWithCode(0), "");
    const auto without_cusolver = [&](const char* job) {
        dials().cusolver = false;
        run(job, "is missing; install cuSOLVER of this CUDA version");
    };
    EXPECT_EXIT(without_cusolver("least_squares"), testing::ExitedWithCode(0), "");
    EXPECT_EXIT(without_cusolver("accelerate_cusolver"), testing::ExitedWithCode(0), "");
}

TEST_F(Faults, StepsOfNoModel) {
    const auto backend = door("cuda");
    EXPECT_TRUE(backend->damped_steps({}, {}, {}).empty());
}

TEST_F(Faults, AnInfiniteMatrixHasNoStep) {
    const auto backend = door("cuda");
    Numbers matrix = {INFINITY, 0, 0, 1, 2, 0, 0, 1}, right = {1, 1, 1, 1}, steps(4);
    std::vector<std::int64_t> left_out(2);
    const auto solved = backend->damped_steps({matrix, right, left_out}, Numbers{1e-3, 1e-3}, steps);
    EXPECT_EQ(solved, (std::vector<bool>{false, true}));
}

}  // namespace
}  // namespace lnn
