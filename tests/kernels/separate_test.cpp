// The solve apart from the network, on stand-ins of the host: with the closed form in the library's place it gives the
// bits of the fused kernels; with a decomposition, M^+.
#include "separate.hpp"

#include <numeric>

#include "blocks.hpp"

namespace lnn {
namespace {

constexpr int models = 3, samples = 13;

template <class Body>
void on_teams(Body&& body) {
    Serial().run(body);
    for (const unsigned seed : {1, 2, 3, 4, 5}) Shuffled{seed}.run(body);
    for (const int threads : {1, 2, 7, 32}) Threaded{threads}.run(body);
}

template <class T>
struct Separate : testing::Test {
    static constexpr Precision precision = std::is_same_v<T, float> ? Precision::f32 : Precision::f64;
    const std::unique_ptr<Backend> portable = door("portable");
    const Nets net = nets(2, models, {6, 5});
    const MlpShape shape = model_shape(net.spec);
    const std::vector<T> weights{net.weights.begin(), net.weights.end()};
    std::vector<T> mass = std::vector<T>(models * samples * 4), force = std::vector<T>(models * samples * 2);

    template <class S>
    TermsJob<T, S> job(const S* x, std::int64_t model_states) {
        return {net.spec, samples, weights.data(), x, model_states, mass.data(), force.data()};
    }
    template <class Grid, class S>
    void terms(const Grid& grid, const TermsJob<T, S>& job) {
        std::vector<T> scratch(Lnn::Pass<T, 2, Tape::none, T, Strided<T>>::scratch(shape, 2));
        terms_many<Lnn, 2>(grid, job, shape, models, Strided<T>{scratch.data(), 1});
    }
    // force := M^-1 force by the closed form
    template <class Grid>
    void solve(const Grid& grid) {
        grid.for_each(models * samples, [&](int i) {
            Terms<T, 2> terms;
            const T* const m = &mass[4 * i];
            terms.mass[0] = m[0], terms.mass[1] = m[2], terms.mass[2] = m[3];
            EXPECT_EQ(m[1], m[2]);
            terms.force[0] = force[2 * i], terms.force[1] = force[2 * i + 1];
            acceleration(terms, SolveSpec{}, &force[2 * i]);
        });
    }
};
using Scalars = testing::Types<float, double>;
TYPED_TEST_SUITE(Separate, Scalars);

TYPED_TEST(Separate, TermsGiveTheAccelerations) {
    const Numbers x = states(2, samples);
    const auto expected = accelerate(*this->portable, this->net, this->precision, x);
    Numbers found(expected.accelerations.size());
    on_teams([&](const auto& grid) {
        this->terms(grid, this->job(x.data(), 0));
        this->solve(grid);
        accelerations_to_rows(grid, models, samples, 2, this->force.data(), found.data());
        grid.for_each(1, [&](int) {
            EXPECT_TRUE(same_bits(found, expected.accelerations));
            std::fill(found.begin(), found.end(), NAN);
        });
    });
}

TYPED_TEST(Separate, StagesGiveTheTrajectories) {
    const Numbers x = states(2, samples);
    const Integration run{.dt = 0.05, .substeps = 2, .instants = 3};
    const auto check = [&]<class S>(S, Precision state) {
        const Numbers expected = rollout(*this->portable, this->net, this->precision, state, run, x);
        Numbers found(expected.size());
        std::vector<S> at(models * 4 * samples), next(at.size()), slopes(4 * at.size());
        const StageStates<S> stages{2, at.data(), next.data(), slopes.data()};
        on_teams([&](const auto& grid) {
            const auto record = [&](std::int64_t k) {
                record_stages(grid, models, samples, 4 * (run.instants + 1), stages, found.data() + k * 4 * samples);
            };
            start_stages(grid, models, samples, x.data(), stages);
            record(0);
            for (std::int64_t k = 1; k <= run.instants; ++k) {
                for (int s = 0; s < run.substeps; ++s)
                    for (int stage = 0; stage < 4; ++stage) {
                        this->terms(grid, this->job(static_cast<const S*>(next.data()), 4 * samples));
                        this->solve(grid);
                        stage_many(grid, table_of(run), models, samples, stage, run.dt / run.substeps,
                                   this->force.data(), stages);
                    }
                record(k);
            }
            grid.for_each(1, [&](int) {
                EXPECT_TRUE(same_bits(found, expected));
                std::fill(found.begin(), found.end(), NAN);
            });
        });
    };
    check(1.0f, Precision::f32);
    check(1.0, Precision::f64);
}

// a library may not come to an end with a number that is not finite
TYPED_TEST(Separate, BadSamplesDoNotReachTheLibrary) {
    Numbers x = states(2, samples);
    x[3] = NAN;
    this->terms(SerialBlock(), this->job(x.data(), 0));
    for (const auto entry : this->mass) EXPECT_TRUE(std::isfinite(entry));
    for (int i = 0; i < models * samples; ++i) EXPECT_EQ(std::isnan(this->force[2 * i]), i % samples == 3);
}

// M = Q diag(w) Q^T with Q two reflections, so that its decomposition is known; matrix c lacks its last c directions
TEST(Decomposition, AppliesThePseudoInverse) {
    for (const int n : {1, 2, 3, 8, 32}) {
        const int count = std::min(n, 5);
        const auto first = scattered<double>(-1, 1, n, 2), second = scattered<double>(-1, 1, n, 4),
                   y = scattered<double>(-1, 1, n * count, 3);
        const auto dot = [](const Numbers& a, const Numbers& b) {
            return std::inner_product(a.begin(), a.end(), b.begin(), 0.0);
        };
        const double cosine = dot(first, second) / (dot(first, first) * dot(second, second));
        const auto q = [&](int i, int j) {
            return (i == j) - 2 * first[i] * first[j] / dot(first, first) -
                   2 * second[i] * second[j] / dot(second, second) + 4 * first[i] * second[j] * cosine;
        };
        Numbers s, u, v, along(n * count), expected(n * count), x(n * count);
        for (int c = 0; c < count; ++c)
            for (int k = 0; k < n; ++k) {
                const bool kept = k < n - c;
                const double w = (k % 2 ? -1 : 1) * (kept ? 2.0 + k : 1e-9);
                s.push_back(std::abs(w));
                double sum = 0;
                for (int r = 0; r < n; ++r) {
                    u.push_back(kept ? q(r, k) * (w < 0 ? -1 : 1) : NAN);  // of no direction
                    v.push_back(kept ? q(r, k) : NAN);
                    sum += q(r, k) * y[c * n + r];
                }
                for (int r = 0; r < n; ++r) expected[c * n + r] += kept ? q(r, k) * sum / w : 0;
            }
        std::vector<int> failed(count);
        const Decompositions<double> all{n, count, s.data(), u.data(), v.data(), along.data(), failed.data()};
        on_teams([&](const auto& grid) {
            apply_decompositions(grid, all, {1e-6}, y.data(), x.data());
            grid.for_each(1, [&](int) {
                for (int i = 0; i < n * count; ++i)
                    EXPECT_NEAR(x[i], expected[i], 1e-12 * (1 + std::abs(expected[i]))) << n << ", number " << i;
                std::fill(x.begin(), x.end(), NAN);
            });
        });
    }
}

TEST(Decomposition, HidesNothingThatWentWrong) {
    Numbers s(4), one{1, 0, 0, 1, 1, 0, 0, 1}, along(4), y{3, 4, 3, 4}, x(4, 1.0);
    std::vector<int> failed{0, 0};
    const Decompositions<double> two{2, 2, s.data(), one.data(), one.data(), along.data(), failed.data()};
    apply_decompositions(SerialBlock(), two, {1e-15}, y.data(), x.data());
    EXPECT_EQ(x, Numbers(4));  // M = 0
    y[0] = NAN;
    apply_decompositions(SerialBlock(), two, {1e-15}, y.data(), x.data());
    EXPECT_TRUE(std::isnan(x[0]) && std::isnan(x[1]));
    EXPECT_EQ(x[2], 0);
    failed[1] = 1;  // did not converge
    apply_decompositions(SerialBlock(), two, {1e-15}, y.data(), x.data());
    EXPECT_TRUE(std::isnan(x[2]) && std::isnan(x[3]));
}

}  // namespace
}  // namespace lnn
