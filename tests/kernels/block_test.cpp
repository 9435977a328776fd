// The training body of a CUDA block, on stand-ins of the host: the bits do not depend on the team, and are those of the
// CPU backend's portable lanes.
#include "blocks.hpp"
#include "many.hpp"

namespace lnn {
namespace {

template <class T>
struct BlockTrain : testing::Test {
    static constexpr Precision precision = std::is_same_v<T, float> ? Precision::f32 : Precision::f64;
    static constexpr std::int64_t steps = 4;
    const std::unique_ptr<Backend> portable = door("portable");

    Training training(int batch, std::vector<int> hidden = {6, 5}, int models = 2) {
        return Training(*portable, nets(2, models, std::move(hidden)), batch, steps, precision);
    }
};
using Scalars = testing::Types<float, double>;
TYPED_TEST_SUITE(BlockTrain, Scalars);

template <class T, class Team>
Numbers trained_on(const Team& team, Training training) {
    run_on<T>(team, training, 0, training.steps);
    return training.left();
}

TYPED_TEST(BlockTrain, GivesTheBitsOfTheCpuBackend) {
    for (const int batch : {1, 2, 3, 4, 5, 31, 32, 33, 70})
        for (const auto& hidden : {std::vector<int>{1}, {7}, {6, 5}, {5, 9, 17}, {3, 4, 2, 3}}) {
            SCOPED_TRACE(batch);
            auto expected = this->training(batch, hidden);
            const Numbers found = trained_on<TypeParam>(Serial(), expected);
            expected.run(*this->portable, 0, this->steps);
            EXPECT_TRUE(same_bits(found, expected.left()));
        }
}

TYPED_TEST(BlockTrain, OfEveryNumberOfDegreesOfFreedom) {
    for_each_kind([&](int kind) {
        for (const int n : some_dofs) {
            SCOPED_TRACE(testing::Message() << "kind " << kind << ", n " << n);
            Training t(*this->portable, nets(2, 1), 5, this->steps, this->precision);
            t.net = nets_of(kind, n, 1, {4, 5});
            t.weights = t.average = t.net.weights;
            t.first = t.second = Numbers(t.weights.size());
            t.states = states(n, int(t.samples));
            t.targets = scattered<double>(-1, 1, n * t.samples, 3);
            Training expected = t, threaded = t;
            with_model(t.net.spec, [&]<class Model, int N>() {
                run_on<TypeParam, Model, N>(Shuffled{unsigned(n)}, t, 0, this->steps);
                run_on<TypeParam, Model, N>(Threaded{3}, threaded, 0, this->steps);
            });
            expected.run(*this->portable, 0, this->steps);
            EXPECT_TRUE(same_bits(t.left(), expected.left()));
            EXPECT_TRUE(same_bits(threaded.left(), expected.left()));
        }
    });
}

TYPED_TEST(BlockTrain, DoesNotDependOnTheTeam) {
    for (const int batch : {3, 37}) {
        const auto training = this->training(batch);
        const Numbers expected = trained_on<TypeParam>(Serial(), training);
        for (const unsigned seed : {1, 2, 3, 4, 5, 6})
            EXPECT_TRUE(same_bits(trained_on<TypeParam>(Shuffled{seed}, training), expected)) << "order " << seed;
        for (const int threads : {1, 2, 7, 32})
            EXPECT_TRUE(same_bits(trained_on<TypeParam>(Threaded{threads}, training), expected))
                << threads << " threads";
    }
}

// a first layer of one unit leaves M of two coordinates with rank 1
TYPED_TEST(BlockTrain, TakesRankDeficientSamplesOneByOne) {
    auto training = this->training(37, {1, 4}, 1);
    training.net = nets(2, 1, {1, 4}, 0b1, 0);
    training.weights = training.average = training.net.weights;
    training.solve.rcond = 1e-3;
    auto expected = training;
    expected.run(*this->portable, 0, this->steps);
    EXPECT_EQ(expected.report.truncated[0], 37 * this->steps);
    for (const unsigned seed : {1, 2, 3})
        EXPECT_TRUE(same_bits(trained_on<TypeParam>(Shuffled{seed}, training), expected.left()));
    EXPECT_TRUE(same_bits(trained_on<TypeParam>(Threaded{7}, training), expected.left()));
}

TYPED_TEST(BlockTrain, TakesSamplesBelowTheFloorOneByOne) {
    auto training = this->training(37);
    training.solve.floor = 3;  // about the mass prior: some samples are below
    auto expected = training;
    expected.run(*this->portable, 0, this->steps);
    EXPECT_GT(expected.report.truncated[0], 0);
    EXPECT_LT(expected.report.truncated[0], 37 * this->steps);
    EXPECT_TRUE(same_bits(trained_on<TypeParam>(Shuffled{1}, training), expected.left()));
}

TYPED_TEST(BlockTrain, SkipsBadStepsOrFails) {
    for (const bool skip : {true, false}) {
        auto training = this->training(4);
        training.adam[0].skip_bad = training.adam[1].skip_bad = skip;
        for (int i = 0; i < 4; ++i) training.order[training.batch + i] = 0;  // model 0, step 1
        training.targets[0] = HUGE_VAL;
        auto expected = training;
        expected.run(*this->portable, 0, this->steps);
        EXPECT_EQ(skip ? expected.report.skipped[0] > 0 : expected.failed[0] >= 0, true);
        for (const unsigned seed : {1, 2, 3})
            EXPECT_TRUE(same_bits(trained_on<TypeParam>(Shuffled{seed}, training), expected.left()));
        EXPECT_TRUE(same_bits(trained_on<TypeParam>(Threaded{7}, training), expected.left()));
    }
}

TYPED_TEST(BlockTrain, SlicesAddUp) {
    auto whole = this->training(5), parts = whole;
    run_on<TypeParam>(Serial(), whole, 0, 4);
    run_on<TypeParam>(Serial(), parts, 0, 1);
    run_on<TypeParam>(Serial(), parts, 1, 3);
    EXPECT_TRUE(same_bits(whole.weights, parts.weights));
    EXPECT_TRUE(same_bits(whole.average, parts.average));
    EXPECT_EQ(whole.applied, parts.applied);
}

// block by block, of several models and of a part of the chunks
TYPED_TEST(BlockTrain, GradientsOfChunksAddUp) {
    using T = TypeParam;
    constexpr int models = 3, samples = 70;
    const Nets net = nets(2, models, {6, 5});
    const MlpShape shape = model_shape(net.spec);
    const Numbers x = states(2, samples), targets = scattered<double>(-4, 4, 2 * samples, 3);
    const auto expected = gradients(*this->portable, net, this->precision, {}, x, targets);
    const std::vector<T> weights(net.weights.begin(), net.weights.end());
    const auto on = [&](const auto& team) {
        Gradients found{Numbers(models), Numbers(net.weights.size())};
        std::int64_t counted = 0;
        for (const auto& [first, count] : {std::pair{0, 1}, {1, 2}}) {
            std::vector<T> partial(models * count * shape.parameters);
            Numbers loss(models * count);
            std::vector<std::int64_t> counts(models * count * (condition_bins + 1));
            const GradientJob<T> job{{net.spec, {}, {}, samples, samples, 0, 1},
                                     {samples, x.data(), targets.data(), nullptr, 0, samples},
                                     models,
                                     first,
                                     count,
                                     weights.data(),
                                     partial.data(),
                                     loss.data(),
                                     found.gradient.data(),
                                     counts.data()};
            for (int i = 0; i < models * count; ++i) {
                const ExactMemory<Lnn, 2, T> exact(shape, 2, samples);
                team.run([&](const auto& block) {
                    gradient_block<portable_width<T>, Lnn, 2>(block, job, shape, exact.memory().chunk, i);
                });
                EXPECT_TRUE(exact.intact());
                found.losses[i / count] += loss[i];
            }
            sum_chunks(SerialBlock(), models, count, shape.parameters, partial.data(), found.gradient.data());
            counted += std::accumulate(counts.begin(), counts.end(), std::int64_t(0));
        }
        EXPECT_EQ(counted, models * samples);
        EXPECT_TRUE(same_bits(found.gradient, expected.gradient));
        EXPECT_TRUE(same_bits(found.losses, expected.losses));
    };
    on(Serial());
    on(Shuffled{1});
    on(Threaded{7});
}
static_assert(chunk_samples == 32);  // 70 samples are three chunks

// what fits on chip is on chip, nothing overlaps, everything is aligned
TEST(BlockLayout, PlacesEveryArrayOnce) {
    const MlpShape shape = model_shape(nets(2, 1, {16, 16, 16}).spec);
    const BlockSizes sizes = block_sizes<Lnn, 2, float>(shape, 2, 64);
    std::size_t all = 0;
    for (const std::size_t bytes : sizes.bytes) all += (bytes + 15) / 16 * 16;
    for (const std::size_t limit : {std::size_t(0), std::size_t(1000), std::size_t(48 << 10), all - 1, all}) {
        const BlockLayout layout = block_layout(sizes, limit);
        EXPECT_LE(layout.shared_bytes, limit);
        EXPECT_EQ(layout.shared_bytes + layout.global_bytes, all);
        EXPECT_EQ(layout.global_bytes == 0, limit == all);
        for (const bool on_chip : {false, true}) {
            std::vector<int> owner(on_chip ? layout.shared_bytes : layout.global_bytes, -1);
            for (int a = 0; a < block_arrays; ++a) {
                if (layout.on_chip[a] != on_chip) continue;
                EXPECT_EQ(layout.at[a] % 16, 0u);
                for (std::size_t i = 0; i < sizes.bytes[a]; ++i) {
                    ASSERT_LT(layout.at[a] + i, owner.size());
                    ASSERT_EQ(std::exchange(owner[layout.at[a] + i], a), -1);
                }
            }
        }
    }
}

}  // namespace
}  // namespace lnn
