// cuSOLVER against the closed form and against decompositions that are known, on a card.
#include "cuda/solve.hpp"

#include "doors.hpp"

namespace lnn {
namespace {

// count x (Q diag(w) Q^T): Q a product of reflections, w from 1 down to 1 / condition, signs in turn; 0 from `rank` on
struct Matrices {
    Numbers mass, y, solution;

    Matrices(int n, int rank, double condition, int count) : solution(n * count) {
        y = scattered<double>(-1, 1, n * count, 3);
        for (int c = 0; c < count; ++c) {
            Numbers q(n * n);
            for (int i = 0; i < n; ++i) q[i * n + i] = 1;
            for (int reflection = 0; reflection < 3; ++reflection) {
                const auto axis = scattered<double>(-1, 1, n, 10 * c + reflection);
                double norm = 0;
                for (const double a : axis) norm += a * a;
                for (int i = 0; i < n; ++i) {
                    double along = 0;
                    for (int j = 0; j < n; ++j) along += q[i * n + j] * axis[j];
                    for (int j = 0; j < n; ++j) q[i * n + j] -= 2 * along * axis[j] / norm;
                }
            }
            const auto w = [&](int k) {
                const double size = rank > 1 ? std::pow(condition, -double(k) / (rank - 1)) : 1.0;
                return k < rank ? (k % 2 ? -size : size) : 0.0;
            };
            for (int i = 0; i < n; ++i)
                for (int j = 0; j < n; ++j) {
                    double sum = 0;
                    for (int k = 0; k < rank; ++k) sum += q[i * n + k] * w(k) * q[j * n + k];
                    mass.push_back(sum);
                }
            for (int k = 0; k < rank; ++k) {
                double sum = 0;
                for (int r = 0; r < n; ++r) sum += q[r * n + k] * y[c * n + r];
                for (int r = 0; r < n; ++r) solution[c * n + r] += q[r * n + k] * sum / w(k);
            }
        }
    }
};

double error(std::span<const double> found, std::span<const double> expected) {
    double d = 0, size = 0;
    for (std::size_t i = 0; i < found.size(); ++i) {
        d = std::hypot(d, found[i] - expected[i]);
        size = std::hypot(size, expected[i]);
    }
    return d / size;
}

template <class T>
Numbers by_cusolver(const cuda::Card& card, int n, const SolveSpec& solve, const Matrices& m) {
    const cuda::DeviceBuffer<T> mass{std::span<const T>(std::vector<T>(m.mass.begin(), m.mass.end()))},
        y{std::span<const T>(std::vector<T>(m.y.begin(), m.y.end()))};
    cuda::pseudo_inverses(card, n, std::int64_t(m.y.size()) / n, solve, mass.get(), y.get());
    std::vector<T> x(m.y.size());
    y.download(x);
    return Numbers(x.begin(), x.end());
}

TEST(cuda, CusolverSolvesEverySize) {
    LNN_NEEDS_CARD();
    const cuda::Card card = cuda::open_card(0);
    for (const int n : {1, 2, 3, 4, 7, 16, 32})
        for (const double condition : {1.0, 1e3, 1e6, 1e9, 1e12}) {
            const Matrices full(n, n, condition, 19);
            EXPECT_LT(error(by_cusolver<double>(card, n, {1e-15}, full), full.solution), 1e-14 * n * condition)
                << n << " " << condition;
            if (condition > 1e3) continue;
            EXPECT_LT(error(by_cusolver<float>(card, n, {1e-7}, full), full.solution), 1e-6 * n * condition)
                << n << " " << condition;
        }
}

TEST(cuda, CusolverDropsWhatIsBelowRcond) {
    LNN_NEEDS_CARD();
    const cuda::Card card = cuda::open_card(0);
    for (const int n : {2, 3, 4, 8, 32})
        for (const int rank : {1, n - 1}) {
            const Matrices m(n, rank, 10, 19);
            EXPECT_LT(error(by_cusolver<double>(card, n, {1e-8}, m), m.solution), 1e-11) << n << " rank " << rank;
            EXPECT_LT(error(by_cusolver<float>(card, n, {1e-3}, m), m.solution), 1e-4) << n << " rank " << rank;
        }
    for (const int n : {1, 2, 5})
        EXPECT_EQ(by_cusolver<double>(card, n, {1e-15}, Matrices(n, 0, 1, 3)), Numbers(3 * n)) << n;
}

template <int N>
void agrees_with_the_fused_solve(const cuda::Card& card) {
    for (const int rank : {1, N})
        for (const double condition : {1.0, 1e2, 1e4, 1e6, 1e8, 1e10, 1e12}) {
            const SolveSpec solve{rank < N ? 1e-8 : 1e-15};
            const Matrices m(N, rank, rank < N ? 1 : condition, 19);
            Numbers fused;
            for (int c = 0; c < 19; ++c) {
                double mass[N * (N + 1) / 2], x[N];
                for (int i = 0; i < N; ++i)
                    for (int j = 0; j <= i; ++j) mass[packed(i, j)] = m.mass[(c * N + i) * N + j];
                SymmetricSolve<double, N>(mass, solve).apply(&m.y[c * N], x);
                append(fused, Numbers(x, x + N));
            }
            EXPECT_LT(error(by_cusolver<double>(card, N, solve, m), fused), 1e-13 * condition)
                << N << " " << rank << " " << condition;
        }
}

TEST(cuda, SolversAgree) {
    LNN_NEEDS_CARD();
    const cuda::Card card = cuda::open_card(0);
    agrees_with_the_fused_solve<1>(card);
    agrees_with_the_fused_solve<2>(card);
    agrees_with_the_fused_solve<3>(card);
    agrees_with_the_fused_solve<4>(card);
}

// of every model that has a mass matrix
TEST(cuda, AccelerationsAndTrajectoriesAgreeOverSolvers) {
    LNN_NEEDS_CARD();
    const auto backend = door("cuda");
    const auto agree = [&](int kind, int n, Precision precision) {
        // some hundred roundings through 4 x 4 stages
        const double close = precision == Precision::f32 ? 1e-4 : 1e-12;
        const Nets net = nets_of(kind, n, 2, {17, 9});
        const Numbers x = states(n, 67);
        const Numbers inputs = scattered<double>(-3, 3, n * 67, 5);
        const auto accelerations = [&](Pinv pinv) {
            Numbers a(2 * n * 67);
            backend->accelerate(net.models(), {.rcond = 1e-15, .pinv = pinv}, precision, x, a, {}, {}, inputs);
            return a;
        };
        const auto paths = [&](Pinv pinv, Precision state) {
            Numbers path(2 * 3 * x.size());
            backend->rollout(net.models(), {.rcond = 1e-15, .pinv = pinv}, {.dt = 0.02, .substeps = 2, .instants = 2},
                             precision, state, x, path);
            return path;
        };
        EXPECT_LT(error(accelerations(Pinv::cusolver), accelerations(Pinv::fused)), close) << kind << ", " << n;
        for (const Precision state : {Precision::f32, Precision::f64})
            EXPECT_LT(error(paths(Pinv::cusolver, state), paths(Pinv::fused, state)),
                      state == Precision::f32 ? 1e-4 : close)
                << kind << ", " << n;
    };
    for_each_lagrangian([&]<class Model>(int kind) {
        for (const Precision precision : {Precision::f32, Precision::f64})
            for (int n = 1; n <= 4; ++n) agree(kind, n, precision);
    });
}

}  // namespace
}  // namespace lnn
