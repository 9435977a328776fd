// The bodies of kernels whose threads work alone, on stand-ins of the host: every sample of every model once, whatever
// the team, with the bits of the CPU backend's portable lanes.
#include <numeric>

#include "blocks.hpp"
#include "many.hpp"

namespace lnn {
namespace {

constexpr int models = 3, samples = 17;

template <class T>
struct Many : testing::Test {
    static constexpr Precision precision = std::is_same_v<T, float> ? Precision::f32 : Precision::f64;
    const std::unique_ptr<Backend> portable = door("portable");
    const Nets net = nets(2, models, {6, 5});
    const MlpShape shape = model_shape(net.spec);
    const std::vector<T> weights{net.weights.begin(), net.weights.end()};
    const Numbers x = states(2, samples);

    // body(grid, scratch) on every thread, with scratch of its own of exactly the size: one word in three
    template <class Body>
    void on_teams(Body&& body) const {
        on_teams(Lnn::Pass<T, 2, Tape::none, T, Strided<T>>::scratch(shape, 2), body);
    }
    template <class Body>
    void on_teams(int words, Body&& body) const {
        const auto with_scratch = [&](const auto& grid) {
            constexpr int stride = 3;
            Guarded<T> memory((words - 1) * stride + 1);
            body(grid, Strided<T>{memory.get(), stride});
            EXPECT_TRUE(memory.intact());
        };
        Serial().run(with_scratch);
        for (const unsigned seed : {1, 2, 3, 4, 5}) Shuffled{seed}.run(with_scratch);
        for (const int threads : {1, 2, 7, 32}) Threaded{threads}.run(with_scratch);
    }
};
using Scalars = testing::Types<float, double>;
TYPED_TEST_SUITE(Many, Scalars);

TYPED_TEST(Many, Accelerations) {
    using T = TypeParam;
    const auto expected = accelerate(*this->portable, this->net, this->precision, this->x);
    Accelerations found{Numbers(models * 2 * samples), Numbers(models * samples), Numbers(models * samples)};
    const AccelerateJob<T> job{this->net.spec,
                               {},
                               samples,
                               this->weights.data(),
                               this->x.data(),
                               found.accelerations.data(),
                               found.energies.data(),
                               found.lagrangians.data()};
    this->on_teams([&](const auto& grid, Strided<T> scratch) {
        grid.for_each(1, [&](int) {
            for (auto* numbers : {&found.accelerations, &found.energies, &found.lagrangians})
                std::fill(numbers->begin(), numbers->end(), NAN);
        });
        accelerate_many<Lnn, 2>(grid, job, this->shape, models, scratch);
        grid.for_each(1, [&](int) {
            EXPECT_TRUE(same_bits(found.accelerations, expected.accelerations));
            EXPECT_TRUE(same_bits(found.energies, expected.energies));
            EXPECT_TRUE(same_bits(found.lagrangians, expected.lagrangians));
        });
    });
}

// in stretches, each from where the one before has come
TYPED_TEST(Many, Trajectories) {
    using T = TypeParam;
    const Integration run{.dt = 0.05, .substeps = 2, .instants = 5};
    const auto check = [&]<class S>(S, Precision state) {
        const Numbers expected = rollout(*this->portable, this->net, this->precision, state, run, this->x);
        Numbers found(expected.size());
        const RolloutJob<T> job{this->net.spec, {},          run, table_of(run), samples, this->weights.data(),
                                this->x.data(), found.data()};
        this->on_teams([&](const auto& grid, Strided<T> scratch) {
            for (const Stretch stretch : {Stretch{0, 1}, {1, 4}, {4, 5}})
                rollout_many<Lnn, 2, S>(grid, job, this->shape, models, stretch, scratch);
            grid.for_each(1, [&](int) {
                EXPECT_TRUE(same_bits(found, expected));
                std::fill(found.begin(), found.end(), NAN);
            });
        });
    };
    check(1.0f, Precision::f32);
    check(1.0, Precision::f64);
}

// paths of the truth, its twin and models, compared in stretches
TYPED_TEST(Many, Scores) {
    constexpr std::int64_t first = 5, count = 11, instants = 6, row = 4 * count;
    EvaluateJob evaluate = pendulum_job(this->precision, instants);
    evaluate.integration.substeps = 2;
    evaluate.valid_below = 1e-3;
    const auto numbers = [](const std::vector<TrajectoryScore>& scores) {
        Numbers all;
        for (const auto& s : scores)
            append(all, {s.mse[0], s.mse[1], s.energy_error, s.energy_drift, s.valid_time, s.twin_valid_time,
                         s.lyapunov, double(s.diverged)});
        return all;
    };
    const auto energies = [&](std::span<const double> states) {
        Numbers a(2 * count), e(count);
        this->portable->accelerate(evaluate.system, states, a, e);
        return e;
    };
    for (const Precision state : {Precision::f32, Precision::f64}) {
        evaluate.state = state;
        std::vector<TrajectoryScore> expected(models * count), found(models * count);
        this->portable->evaluate(this->net.models(), evaluate, first, expected);

        Numbers start(row), both, truth((instants + 1) * 2 * row);
        for (std::int64_t s = 0; s < count; ++s)
            draw_column(evaluate.draw, Stream::evaluation, 2, first, count, s, start.data());
        for (int i = 0; i < 4; ++i)
            for (const double off : {0.0, i == 0 ? twin_offset : 0.0})
                for (std::int64_t s = 0; s < count; ++s) both.push_back(start[i * count + s] + off);
        this->portable->rollout(evaluate.system, evaluate.integration, both, truth);
        const Numbers learned =
            rollout(*this->portable, this->net, this->precision, state, evaluate.integration, start);
        const auto instant_of = [&](int model, std::int64_t k) {
            return std::span(learned).subspan((model * (instants + 1) + k) * row, row);
        };
        const Numbers at_start = energies(start),
                      at_end = energies(columns({truth.end() - 2 * row, truth.end()}, 2 * count, 0, count));
        Numbers reached;
        for (int m = 0; m < models; ++m) append(reached, energies(instant_of(m, instants)));

        std::vector<ScoreState> states(models * count);
        Numbers pair(2 * row), truth_alone(row), model_reached(models * row), paths[3];
        constexpr std::pair<int, int> stretches[] = {{0, 2}, {2, 3}, {3, 6}};
        for (int k = 0; k < 3; ++k)
            for (int m = 0; m < models; ++m)
                for (int i = stretches[k].first; i <= stretches[k].second; ++i)
                    append(paths[k], {instant_of(m, i).begin(), instant_of(m, i).end()});
        this->on_teams([&](const auto& grid, auto) {
            start_many(grid, StartJob{2, count, start.data(), at_start.data(), pair.data(), states.data()}, models);
            grid.for_each(1, [&](int) { EXPECT_TRUE(same_bits(pair, both)); });
            for (int k = 0; k < 3; ++k) {
                const auto [from, to] = stretches[k];
                compare_many(grid,
                             CompareJob{evaluate, count, from, to, &truth[from * 2 * row], paths[k].data(),
                                        states.data(), pair.data(), truth_alone.data(), model_reached.data()},
                             models);
            }
            finish_many(grid, FinishJob{evaluate, count, at_end.data(), reached.data(), states.data(), found.data()},
                        models);
            grid.for_each(1, [&](int) {  // where they have come to
                EXPECT_TRUE(same_bits(pair, {truth.end() - 2 * row, truth.end()}));
                EXPECT_TRUE(same_bits(truth_alone, columns(pair, 2 * count, 0, count)));
                for (int m = 0; m < models; ++m)
                    EXPECT_TRUE(std::equal(instant_of(m, instants).begin(), instant_of(m, instants).end(),
                                           model_reached.begin() + m * row));
            });
            grid.for_each(1, [&](int) {
                EXPECT_TRUE(same_bits(numbers(found), numbers(expected)));
                std::fill(found.begin(), found.end(), TrajectoryScore{});
            });
        });
    }
}

// their products are the CPU backend's normal equations; a sample that is not finite is left out
TYPED_TEST(Many, RowsOfTheJacobian) {
    using T = TypeParam;
    constexpr int rows = 2 * samples;
    const std::size_t parameters = this->net.parameters();
    const RobustSpec robust{.delta = 0.7, .scale = scales({2, 0.5})};
    Numbers all, targets = scattered<double>(-4, 4, models * rows, 8);
    for (int m = 0; m < models; ++m) append(all, states(2, samples, 40 + m));
    all[5] = NAN;  // of the first model
    Numbers matrix(this->net.weights.size() * parameters), right(this->net.weights.size());
    std::vector<std::int64_t> expected_out(models);
    NormalEquations expected{matrix, right, expected_out};
    this->portable->normal_equations(this->net.models(), {}, robust, this->precision, all, targets, expected);

    std::vector<T> j(models * parameters * rows), r(models * rows);
    std::vector<std::uint8_t> left_out(models * samples);
    const JacobianJob<T> job{this->net.spec, {},       robust,   samples,        this->weights.data(), all.data(),
                             targets.data(), j.data(), r.data(), left_out.data()};
    const double tolerance = std::is_same_v<T, float> ? 1e-5 : 1e-13;
    this->on_teams(
        jacobian_reals<Lnn::Pass<T, 2, Tape::regular, T, Strided<T>>>(this->shape, 2),
        [&](const auto& grid, Strided<T> scratch) {
            jacobian_many<Lnn, 2>(grid, job, this->shape, models, scratch);
            grid.for_each(1, [&](int) {
                for (int m = 0; m < models; ++m) {
                    EXPECT_EQ(std::count(left_out.begin() + m * samples, left_out.begin() + (m + 1) * samples, 1),
                              expected_out[m]);
                    EXPECT_EQ(expected_out[m], m == 0);
                    double size = 0;
                    for (std::size_t p = 0; p < parameters; ++p)
                        size = std::max(size, matrix[(m * parameters + p) * parameters + p]);
                    for (std::size_t p = 0; p < parameters; ++p) {
                        const T* const own = &j[(m * parameters + p) * rows];
                        ASSERT_NEAR(std::inner_product(own, own + rows, &r[m * rows], 0.0) / rows,
                                    right[m * parameters + p], tolerance * size);
                        for (std::size_t o = 0; o <= p; ++o)
                            ASSERT_NEAR(
                                std::inner_product(own, own + rows, &j[(m * parameters + o) * rows], 0.0) / rows,
                                matrix[(m * parameters + p) * parameters + o], tolerance * size);
                    }
                }
                for (auto* numbers : {&j, &r}) std::fill(numbers->begin(), numbers->end(), T(NAN));
                std::fill(left_out.begin(), left_out.end(), 7);
            });
        });
}

TEST(AddMany, IsASumInDouble) {
    const std::vector<float> x = {1, 2, 3};
    Numbers sum = {1e-12, 1, 2};
    Serial().run([&](const auto& grid) { add_many(grid, 3, x.data(), sum.data()); });
    EXPECT_EQ(sum, (Numbers{1 + 1e-12, 3, 5}));
}

struct ManyOfTheTruth : Many<double> {};

TEST_F(ManyOfTheTruth, AccelerationsTrajectoriesAndDraws) {
    const Numbers a = truth(*portable, double_pendulum, x);
    const Integration run{.dt = 0.05, .instants = 5};
    Numbers path(x.size() * 6), drawn(4 * samples), found_a(a.size()), found_path(path.size()),
        found_drawn(drawn.size());
    portable->rollout(double_pendulum, run, x, path);
    const Draw draw{.seed = 3, .low = {-1, -2, -3, -4}, .high = {1, 2, 3, 4}};
    portable->draw(draw, 2, 100, samples, drawn);
    on_teams([&](const auto& grid, Strided<double>) {
        accelerate_many<DoublePendulum>(grid, {double_pendulum, samples, x.data(), found_a.data(), nullptr});
        for (const Stretch stretch : {Stretch{0, 2}, {2, 5}})
            rollout_many<DoublePendulum>(
                grid, {double_pendulum, run, table_of(run), samples, x.data(), found_path.data()}, stretch);
        draw_many(grid, draw, Stream::states, 2, 100, samples, found_drawn.data());
        grid.for_each(1, [&](int) {
            EXPECT_TRUE(same_bits(found_a, a));
            EXPECT_TRUE(same_bits(found_path, path));
            EXPECT_TRUE(same_bits(found_drawn, drawn));
            for (auto* numbers : {&found_a, &found_path, &found_drawn})
                std::fill(numbers->begin(), numbers->end(), NAN);
        });
    });
}

TEST_F(ManyOfTheTruth, ChunksAreAddedInTheirOrder) {
    constexpr int chunks = 5, parameters = 7;
    const auto partial = scattered<double>(-1, 1, models * chunks * parameters, 1);
    Numbers expected(models * parameters);
    for (int m = 0; m < models; ++m)
        for (int c = 0; c < chunks; ++c)
            for (int p = 0; p < parameters; ++p)
                expected[m * parameters + p] += partial[(m * chunks + c) * parameters + p];
    Numbers sum(expected.size());
    on_teams([&](const auto& grid, Strided<double>) {
        sum_chunks(grid, models, chunks, parameters, partial.data(), sum.data());
        grid.for_each(1, [&](int) {
            EXPECT_TRUE(same_bits(sum, expected));
            std::fill(sum.begin(), sum.end(), 0.0);
        });
    });
}

}  // namespace
}  // namespace lnn
