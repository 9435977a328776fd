// Stand-ins for a CUDA block, and a model's training on one of them. What a body may use of a block: kernels/block.hpp.
#pragma once

#include <algorithm>
#include <barrier>
#include <numeric>
#include <random>
#include <stdexcept>
#include <thread>

#include "block_memory.hpp"
#include "doors.hpp"

namespace lnn {

template <class State>
std::vector<State> lanes_of(int n) {
    if (n > max_lanes) throw std::logic_error("more lanes than a block has threads");
    return std::vector<State>(n);
}

// one thread
struct SerialBlock {
    template <class F>
    void for_each(int n, F&& f) const {
        for (int i = 0; i < n; ++i) f(i);
    }
    template <class State>
    std::vector<State> lanes(int n) const {
        return lanes_of<State>(n);
    }
};

// one thread that takes the items of each for_each in another order: a barrier that is missing shows
struct ShuffledBlock {
    mutable std::mt19937 engine;

    explicit ShuffledBlock(unsigned seed) : engine(seed) {}
    template <class F>
    void for_each(int n, F&& f) const {
        std::vector<int> order(n);
        std::iota(order.begin(), order.end(), 0);
        std::shuffle(order.begin(), order.end(), engine);
        for (const int i : order) f(i);
    }
    template <class State>
    std::vector<State> lanes(int n) const {
        return lanes_of<State>(n);
    }
};

// one of several threads: a barrier that is missing shows under the thread sanitizer
struct ThreadedBlock {
    int index, size;
    std::barrier<>* barrier;

    template <class F>
    void for_each(int n, F&& f) const {
        for (int i = index; i < n; i += size) f(i);
        barrier->arrive_and_wait();
    }
    template <class State>
    std::vector<State> lanes(int n) const {
        return lanes_of<State>(n);
    }
};

// body(block) on each thread of a team
struct Serial {
    template <class Body>
    void run(Body&& body) const {
        body(SerialBlock());
    }
};
struct Shuffled {
    unsigned seed;
    template <class Body>
    void run(Body&& body) const {
        body(ShuffledBlock(seed));
    }
};
struct Threaded {
    int threads;
    template <class Body>
    void run(Body&& body) const {
        std::barrier<> barrier(threads);
        std::vector<std::jthread> team;
        for (int t = 0; t < threads; ++t) team.emplace_back([&, t] { body(ThreadedBlock{t, threads, &barrier}); });
    }
};

// the memory of a block, each array of exactly its size and full of NaN
template <class Model, int N, class T>
struct ExactMemory {
    using Words = Guarded<float>;  // 4 bytes divide the size of every array
    std::vector<std::unique_ptr<Words>> arrays;
    BlockLayout layout;

    ExactMemory(const MlpShape& shape, int n, int batch) {
        const BlockSizes sizes = block_sizes<Model, N, T>(shape, n, batch);
        for (const std::size_t bytes : sizes.bytes) arrays.push_back(std::make_unique<Words>(bytes / sizeof(float)));
        // `shared` is null: an array lies where its own memory is
        for (int a = 0; a < block_arrays; ++a) {
            layout.on_chip[a] = true;
            layout.at[a] = reinterpret_cast<std::uintptr_t>(arrays[a]->get());
        }
    }
    BlockMemory<T> memory() const { return block_memory<T>(layout, nullptr, nullptr); }
    bool intact() const {
        return std::all_of(arrays.begin(), arrays.end(), [](const auto& a) { return a->intact(); });
    }
};

// lanes of the portable instruction set: with so many, a block gives its bits
template <class T>
inline constexpr int portable_width = 16 / sizeof(T);

// what Training::run does through the door, by a block for each model
template <class T, class Model = Lnn, int N = 2, class Team>
void run_on(const Team& team, Training& t, std::int64_t from, std::int64_t count) {
    const MlpShape shape = model_shape(t.net.spec);
    const std::size_t parameters = shape.parameters, n = t.net.spec.dof;
    const TrainShape job{t.net.spec, t.solve, t.loss, t.batch, t.samples, from, count};
    t.report = {};
    for (int m = 0; m < t.net.count; ++m) {
        const auto own = [&](Numbers& all) {
            return std::vector<T>(all.begin() + m * parameters, all.begin() + (m + 1) * parameters);
        };
        auto weights = own(t.weights), first = own(t.first), second = own(t.second), average = own(t.average);
        std::vector<std::int64_t> counts(condition_bins + 1);
        Numbers loss(count), norm(count);
        TrainModel<T> model{t.adam[m],
                            {t.applied[m], t.failed[m], 0},
                            t.states.data() + m * 2 * n * t.samples,
                            t.targets.data() + m * n * t.samples,
                            t.order.data() + (m * t.steps + from) * t.batch,
                            weights.data(),
                            first.data(),
                            second.data(),
                            average.data(),
                            nullptr,
                            nullptr,
                            nullptr,
                            nullptr,
                            counts.data(),
                            loss.data(),
                            norm.data()};
        const ExactMemory<Model, N, T> exact(shape, int(n), t.batch);
        team.run([&](const auto& block) {
            block_train<portable_width<T>, Model, N>(block, job, shape, model, exact.memory());
        });
        EXPECT_TRUE(exact.intact());
        const auto back = [&](const std::vector<T>& x, Numbers& all) {
            std::copy(x.begin(), x.end(), all.begin() + m * parameters);
        };
        back(weights, t.weights), back(first, t.first), back(second, t.second), back(average, t.average);
        t.applied[m] = model.progress.applied;
        t.failed[m] = model.progress.failed;
        append(t.report.loss, loss);
        append(t.report.grad_norm, norm);
        t.report.skipped.push_back(model.progress.skipped);
        t.report.truncated.push_back(counts[condition_bins]);
        t.report.condition.insert(t.report.condition.end(), counts.begin(), counts.end() - 1);
    }
}

}  // namespace lnn
