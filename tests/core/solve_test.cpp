// The small solve against Gauss in 113-bit arithmetic, and the axioms of the pseudo-inverse, on every Real.
#include "lnn/solve.hpp"

#include <array>

#include "reals.hpp"

namespace lnn {
namespace {

using Exact = __float128;

// a symmetric matrix in double, its packed triangle rounded to T
template <int N>
struct Symmetric {
    double at[N][N];
    template <class T>
    std::array<T, N*(N + 1) / 2> packed_triangle() const {
        std::array<T, N*(N + 1) / 2> m;
        for (int i = 0; i < N; ++i)
            for (int j = 0; j <= i; ++j) m[packed(i, j)] = T(at[i][j]);
        return m;
    }
};

// Q diag(eigenvalues) Q^T, Q a random rotation
template <int N>
Symmetric<N> with_eigenvalues(const std::array<double, N>& eigenvalues, std::mt19937_64& engine) {
    std::normal_distribution<double> number;
    double q[N][N];
    for (int i = 0; i < N; ++i) {
        for (auto& x : q[i]) x = number(engine);
        for (int again = 0; again < 2; ++again)
            for (int k = 0; k < i; ++k) {
                double dot = 0;
                for (int j = 0; j < N; ++j) dot += q[i][j] * q[k][j];
                for (int j = 0; j < N; ++j) q[i][j] -= dot * q[k][j];
            }
        double norm = 0;
        for (const auto x : q[i]) norm += x * x;
        for (auto& x : q[i]) x /= std::sqrt(norm);
    }
    Symmetric<N> m{};
    for (int i = 0; i < N; ++i)
        for (int j = 0; j < N; ++j)
            for (int k = 0; k < N; ++k) m.at[i][j] += eigenvalues[k] * q[k][i] * q[k][j];
    return m;
}

// M x = y with the rounded entries, by elimination with pivots
template <int N, class T>
std::array<double, N> gauss(const std::array<T, N*(N + 1) / 2>& m, const T* y) {
    Exact a[N][N + 1];
    const auto size = [](Exact x) { return x < 0 ? -x : x; };
    for (int i = 0; i < N; ++i) {
        for (int j = 0; j < N; ++j) a[i][j] = m[packed(i, j)];
        a[i][N] = y[i];
    }
    for (int k = 0; k < N; ++k) {
        int pivot = k;
        for (int i = k + 1; i < N; ++i)
            if (size(a[i][k]) > size(a[pivot][k])) pivot = i;
        for (int j = 0; j <= N; ++j) std::swap(a[k][j], a[pivot][j]);
        for (int i = 0; i < N; ++i) {
            if (i == k) continue;
            const Exact factor = a[i][k] / a[k][k];
            for (int j = k; j <= N; ++j) a[i][j] -= factor * a[k][j];
        }
    }
    std::array<double, N> x;
    for (int i = 0; i < N; ++i) x[i] = double(a[i][N] / a[i][i]);
    return x;
}

template <class R, int N>
struct Solved {
    using T = ScalarOf<R>;
    T x[N][width_of<R>], condition[width_of<R>];
    bool truncated[width_of<R>];
};

// lane w solves matrices[w] x = y
template <class R, int N>
Solved<R, N> solve(const std::vector<std::array<ScalarOf<R>, N*(N + 1) / 2>>& matrices, const ScalarOf<R>* y,
                   ScalarOf<R> rcond, ScalarOf<R> floor = 0) {
    constexpr int W = width_of<R>, K = N * (N + 1) / 2;
    ScalarOf<R> rows[K][W];
    for (int k = 0; k < K; ++k)
        for (int w = 0; w < W; ++w) rows[k][w] = matrices[w % matrices.size()][k];
    R mass[K], right[N], x[N];
    for (int k = 0; k < K; ++k) mass[k] = load<R>(rows[k]);
    for (int i = 0; i < N; ++i) right[i] = R(y[i]);
    // with code of its own up to four
    const SolveSpec spec{.rcond = rcond, .floor = floor};
    const SymmetricSolve<R, N <= 4 ? N : any_dof> solver(mass, spec, N);
    solver.apply(right, x);
    Solved<R, N> out;
    for (int i = 0; i < N; ++i) store(out.x[i], x[i]);
    store(out.condition, solver.condition());
    for (int w = 0; w < W; ++w) out.truncated[w] = lane(solver.truncated, w);
    return out;
}

template <class R>
struct SolveOn : testing::Test {
    using Number = ScalarOf<R>;

    // worst error, relative to the norm of the solution, over random matrices of a condition number
    template <int N>
    static double error(double condition, bool definite) {
        constexpr int W = width_of<R>;
        std::mt19937_64 engine(N + (definite ? 100 : 0));
        std::uniform_real_distribution<double> share(0, 1);
        double worst = 0;
        for (int trial = 0; trial < (N <= 4 ? 100 : 400 / (N * N) + 1); ++trial) {
            std::vector<std::array<Number, N*(N + 1) / 2>> matrices;
            for (int w = 0; w < W; ++w) {
                std::array<double, N> eigenvalues;
                for (int k = 0; k < N; ++k) {
                    const double place = k == 0 ? 0 : k == N - 1 ? 1 : share(engine);
                    eigenvalues[k] = std::pow(condition, -place) * (definite || share(engine) < 0.5 ? 3 : -3);
                }
                matrices.push_back(with_eigenvalues<N>(eigenvalues, engine).template packed_triangle<Number>());
            }
            Number y[N];
            for (auto& v : y) v = Number(share(engine) - 0.5);
            const auto found = solve<R, N>(matrices, y, Number(0));
            for (int w = 0; w < W; ++w) {
                EXPECT_FALSE(found.truncated[w]);
                const auto expected = gauss<N>(matrices[w], y);
                double distance = 0, norm = 0;
                for (int i = 0; i < N; ++i) {
                    distance = std::hypot(distance, found.x[i][w] - expected[i]);
                    norm = std::hypot(norm, expected[i]);
                }
                if (!(distance / norm <= worst)) worst = distance / norm;
                // an estimate good for a histogram of powers of two: of many eigenvalues, within n^(1/16)
                if (N > 1) {
                    EXPECT_NEAR(std::log2(found.condition[w]), std::log2(condition),
                                std::max(0.2, std::log2(N) / 16 + 1e-3) + condition * 4 * eps<Number>);
                }
            }
        }
        return worst;
    }
};
TYPED_TEST_SUITE(SolveOn, Reals);

template <class T>
std::vector<double> conditions() {
    if (std::is_same_v<T, float>) return {1, 10, 1e3, 1e6};
    return {1, 10, 1e3, 1e6, 1e9, 1e12};
}

// determinant and numerators are good to two units each, whatever cancels in them
TYPED_TEST(SolveOn, TwoByTwoDoesNotLoseTheConditionNumber) {
    using T = ScalarOf<TypeParam>;
    for (const double condition : conditions<T>())
        for (const bool definite : {true, false})
            EXPECT_LT(this->template error<2>(condition, definite), 6 * eps<T>) << condition << definite;
    static_assert(6 * eps<float> < 1e-6);
}

// an eigenvalue method loses what the condition number says, as LAPACK does, times a few sweeps of 3 or 6
// rotations
TYPED_TEST(SolveOn, ThreeAndFourAreAsGoodAsTheirCondition) {
    using T = ScalarOf<TypeParam>;
    for (const double condition : conditions<T>())
        for (const bool definite : {true, false}) {
            EXPECT_LT(this->template error<3>(condition, definite), 20 * eps<T> * condition) << condition << definite;
            EXPECT_LT(this->template error<4>(condition, definite), 40 * eps<T> * condition) << condition << definite;
        }
}

TYPED_TEST(SolveOn, SoAreMore) {
    using T = ScalarOf<TypeParam>;
    for (const double condition : conditions<T>())
        for (const bool definite : {true, false}) {
            const double lost = eps<T> * condition;
            EXPECT_LT(this->template error<5>(condition, definite), 40 * lost) << condition << definite;
            EXPECT_LT(this->template error<8>(condition, definite), 60 * lost) << condition << definite;
            EXPECT_LT(this->template error<12>(condition, definite), 100 * lost) << condition << definite;
            EXPECT_LT(this->template error<32>(condition, definite), 200 * lost) << condition << definite;
        }
}

TYPED_TEST(SolveOn, OneIsADivision) {
    using R = TypeParam;
    using T = ScalarOf<R>;
    const T y[1] = {3};
    for (const T m : {T(7), T(-0.3), T(1e-20), T(1e20)}) {
        const auto found = solve<R, 1>({{m}}, y, T(0));
        EXPECT_NEAR(found.x[0][0] / (3 / m), 1, 2 * eps<T>);
        EXPECT_FALSE(found.truncated[0]);
        EXPECT_EQ(found.condition[0], 1);
    }
}

// whether a matrix of this size, of condition 4 at most, is solved
template <class R, int N>
bool is_solved(double size) {
    using T = ScalarOf<R>;
    constexpr double entries[] = {2, 0.5, 1, 0.25, 0.25, 2};
    std::array<T, N*(N + 1) / 2> m;
    for (std::size_t k = 0; k < m.size(); ++k) m[k] = T(size * entries[k]);
    const T y[3] = {1, T(-0.7), T(0.3)};
    const auto found = solve<R, N>({m}, y, T(1e-15));
    const auto expected = gauss<N>(m, y);
    bool good = true;
    for (int i = 0; i < N; ++i) good = good && std::abs(found.x[i][0] / expected[i] - 1) < 20 * eps<T>;
    return good;
}
// a product of two eigenvalues is a number where they are, or not
TYPED_TEST(SolveOn, TwoByTwoHasTheRangeOfItsDeterminant) {
    using R = TypeParam;
    constexpr bool single = std::is_same_v<ScalarOf<R>, float>;
    for (const double within : {single ? 1e-19 : 1e-154, 1e-9, 1e9, single ? 1e19 : 1e154}) {
        EXPECT_TRUE((is_solved<R, 1>(within))) << within;
        EXPECT_TRUE((is_solved<R, 2>(within))) << within;
        EXPECT_TRUE((is_solved<R, 3>(within))) << within;
    }
    for (const double beyond : {single ? 1e-23 : 1e-163, single ? 1e-20 : 1e-155, single ? 1e20 : 1e155}) {
        EXPECT_TRUE((is_solved<R, 1>(beyond))) << beyond;
        EXPECT_FALSE((is_solved<R, 2>(beyond))) << beyond;
        EXPECT_TRUE((is_solved<R, 3>(beyond))) << beyond;
    }
}

template <class R, int N>
void zero_matrix() {
    using T = ScalarOf<R>;
    const T y[4] = {1, -2, 3, -4};
    for (const T rcond : {T(0), T(1e-15), T(1e-3)}) {
        const auto found = solve<R, N>({std::array<T, N*(N + 1) / 2>{}}, y, rcond);
        for (int w = 0; w < width_of<R>; ++w) {
            EXPECT_TRUE(found.truncated[w]);
            EXPECT_EQ(found.condition[w], std::numeric_limits<T>::infinity());
            for (int i = 0; i < N; ++i) EXPECT_EQ(found.x[i][w], 0) << N;
        }
    }
}
TYPED_TEST(SolveOn, ZeroMatrixMovesNothing) {
    zero_matrix<TypeParam, 1>();
    zero_matrix<TypeParam, 2>();
    zero_matrix<TypeParam, 3>();
    zero_matrix<TypeParam, 4>();
}

// e e^T with integers, its determinant exactly zero: M^+ = e e^T / |e|^4
TYPED_TEST(SolveOn, RankOneIsAProjection) {
    using R = TypeParam;
    using T = ScalarOf<R>;
    for (const auto& [ex, ey] : {std::pair{3, 4}, {-3, 4}, {5, 0}, {0, 2}, {7, 7}, {1, 1000}, {1000, -1}})
        for (const int sign : {1, -1}) {
            const std::array<T, 3> m = {T(sign * ex * ex), T(sign * ex * ey), T(sign * ey * ey)};
            const T y[2] = {2, T(0.5)};
            const double norm2 = ex * ex + ey * ey, along = sign * (2 * ex + 0.5 * ey) / (norm2 * norm2);
            const auto found = solve<R, 2>({m}, y, T(0));
            EXPECT_TRUE(found.truncated[0]);
            EXPECT_EQ(found.condition[0], std::numeric_limits<T>::infinity());
            const double size = std::abs(along) * std::sqrt(norm2);
            EXPECT_NEAR(found.x[0][0], ex * along, 8 * eps<T> * size);
            EXPECT_NEAR(found.x[1][0], ey * along, 8 * eps<T> * size);
        }
}

// columns of M^+ for rank k < N, by the four axioms of Moore and Penrose
template <class R, int N>
void axioms(int rank) {
    using T = ScalarOf<R>;
    constexpr T rcond = std::is_same_v<T, float> ? T(1e-4) : T(1e-10);
    std::mt19937_64 engine(N * 10 + rank);
    for (int trial = 0; trial < 50; ++trial) {
        std::array<double, N> eigenvalues{};
        for (int k = 0; k < rank; ++k) eigenvalues[k] = (k % 2 ? -1.0 : 1.0) / (k + 1);
        const auto m = with_eigenvalues<N>(eigenvalues, engine).template packed_triangle<T>();
        double plus[N][N], product[N][N]{}, dense[N][N];
        for (int j = 0; j < N; ++j) {
            T y[N]{};
            y[j] = 1;
            const auto found = solve<R, N>({m}, y, rcond);
            EXPECT_EQ(found.truncated[0], rank < N);
            for (int i = 0; i < N; ++i) plus[i][j] = found.x[i][0];
        }
        for (int i = 0; i < N; ++i)
            for (int j = 0; j < N; ++j) {
                dense[i][j] = m[packed(i, j)];
                for (int k = 0; k < N; ++k) product[i][j] += m[packed(i, k)] * plus[k][j];
            }
        // eigenvalues are 1 to 1/4: a few roundings of numbers of order 1 to 4
        const double tolerance = 100 * eps<T>;
        for (int i = 0; i < N; ++i)
            for (int j = 0; j < N; ++j) {
                double again = 0, inverse_again = 0;
                for (int k = 0; k < N; ++k) {
                    again += product[i][k] * dense[k][j];
                    inverse_again += plus[i][k] * product[k][j];
                }
                EXPECT_NEAR(again, dense[i][j], tolerance);         // M M^+ M = M
                EXPECT_NEAR(inverse_again, plus[i][j], tolerance);  // M^+ M M^+ = M^+
                EXPECT_NEAR(product[i][j], product[j][i], tolerance);
                EXPECT_NEAR(plus[i][j], plus[j][i], tolerance);
            }
    }
}
TYPED_TEST(SolveOn, IsThePseudoInverse) {
    for (int rank = 1; rank <= 2; ++rank) axioms<TypeParam, 2>(rank);
    for (int rank = 1; rank <= 3; ++rank) axioms<TypeParam, 3>(rank);
    for (int rank = 1; rank <= 4; ++rank) axioms<TypeParam, 4>(rank);
}

// diag(1, ..., 2^-10): dropped at rcond = 2^-10, kept at the next smaller rcond
template <class R, int N>
void threshold() {
    using T = ScalarOf<R>;
    const T small = T(0x1p-10);
    std::array<T, N*(N + 1) / 2> m{};
    for (int i = 0; i < N - 1; ++i) m[packed(i, i)] = T(1) / T(1 << i);
    m[packed(N - 1, N - 1)] = small;
    T y[N];
    for (auto& v : y) v = 1;
    const auto dropped = solve<R, N>({m}, y, small), kept = solve<R, N>({m}, y, std::nextafter(small, T(0)));
    EXPECT_TRUE(dropped.truncated[0]);
    EXPECT_EQ(dropped.x[N - 1][0], 0);
    EXPECT_FALSE(kept.truncated[0]);
    EXPECT_NEAR(kept.x[N - 1][0], 1024, 1024 * 4 * eps<T>);
    for (int i = 0; i < N - 1; ++i) {
        EXPECT_NEAR(dropped.x[i][0], 1 << i, (1 << i) * 4 * eps<T>);
        EXPECT_NEAR(kept.x[i][0], 1 << i, (1 << i) * 4 * eps<T>);
    }
}
TYPED_TEST(SolveOn, TruncatesAtTheThreshold) {
    threshold<TypeParam, 2>();
    threshold<TypeParam, 3>();
    threshold<TypeParam, 4>();
}

// sum phi(lambda_k) e_k e_k^T with phi = lambda / floor^2 below the floor, found without the eigenvectors: phi is the
// polynomial through the points (lambda_k, phi_k), and so is the matrix
template <class R, int N>
void below_a_floor() {
    using T = ScalarOf<R>;
    std::mt19937_64 engine(N);
    const T y[4] = {1, T(-0.7), T(0.3), 2}, floor = T(0.125);
    constexpr double all[4] = {-0.05, 2, -0.5, 0.02};
    std::array<double, N> eigenvalues;
    std::copy_n(all, N, eigenvalues.begin());
    const auto phi = [&](double l) { return std::abs(l) < floor ? l / (floor * floor) : 1 / l; };
    const auto m = with_eigenvalues<N>(eigenvalues, engine);
    double expected[N]{};
    for (int k = 0; k < N; ++k) {  // Lagrange's basis at M, times y
        double term[N];
        for (int i = 0; i < N; ++i) term[i] = phi(eigenvalues[k]) * y[i];
        for (int j = 0; j < N; ++j) {
            if (j == k) continue;
            double next[N];
            for (int i = 0; i < N; ++i) {
                next[i] = -eigenvalues[j] * term[i];
                for (int c = 0; c < N; ++c) next[i] += m.at[i][c] * term[c];
                next[i] /= eigenvalues[k] - eigenvalues[j];
            }
            std::copy_n(next, N, term);
        }
        for (int i = 0; i < N; ++i) expected[i] += term[i];
    }
    const auto packed = m.template packed_triangle<T>();
    const auto found = solve<R, N>({packed}, y, T(0), floor);
    EXPECT_TRUE(found.truncated[0]);
    for (int i = 0; i < N; ++i) EXPECT_NEAR(found.x[i][0], expected[i], 1000 * eps<T>) << N;

    // a floor that nothing is below leaves the bits
    const auto above = solve<R, N>({packed}, y, T(0), T(0.01)), none = solve<R, N>({packed}, y, T(0));
    EXPECT_FALSE(above.truncated[0]);
    for (int i = 0; i < N; ++i) EXPECT_EQ(above.x[i][0], none.x[i][0]);
}
TYPED_TEST(SolveOn, DampsBelowTheFloor) {
    below_a_floor<TypeParam, 1>();
    below_a_floor<TypeParam, 2>();
    below_a_floor<TypeParam, 3>();
    below_a_floor<TypeParam, 4>();
}

// on the floor an eigenvalue is kept; M = 0 moves nothing, as without one
TYPED_TEST(SolveOn, FloorHasAnEnd) {
    using T = TypeParam;
    const ScalarOf<T> y[2] = {1, 1}, floor = 0.5, below = std::nextafter(floor, ScalarOf<T>(0));
    EXPECT_FALSE((solve<T, 2>({{2, 0, floor}}, y, 0, floor).truncated[0]));
    EXPECT_TRUE((solve<T, 2>({{2, 0, below}}, y, 0, floor).truncated[0]));
    EXPECT_EQ((solve<T, 2>({{2, 0, below}}, y, 0, floor).x[1][0]), 4 * below);
    const auto nothing = solve<T, 2>({{0, 0, 0}}, y, 0, floor);
    EXPECT_TRUE(nothing.truncated[0]);
    EXPECT_EQ(nothing.x[0][0], 0);
}

template <int N>
void differences_of_a_diagonal(const SolveSpec& spec, double first, double second, double expected) {
    double mass[N * (N + 1) / 2]{};
    // a direction of 0 asks for the eigenvalues of three and more
    for (int i = 0; i < N; ++i) mass[packed(i, i)] = i == 0 ? first : i == 1 ? second : 0;
    const SymmetricSolve<double, N> solve(mass, spec);
    if (N == 2 && !solve.truncated) return;  // in closed form, without phi
    EXPECT_TRUE(solve.truncated);
    int k = 0;  // eigenvalues come in any order
    while (k < N - 1 && solve.value(k) != first) ++k;
    const int other = k == 0 ? 1 : 0;
    EXPECT_NEAR(solve.divided_difference(k, other, spec), expected, 1e-12) << N << " " << first << " " << second;
    EXPECT_NEAR(solve.divided_difference(other, k, spec), expected, 1e-12);
}
TEST(Solve, DividedDifferences) {
    const auto check = [](const SolveSpec& spec, double first, double second, double expected) {
        differences_of_a_diagonal<2>(spec, first, second, expected);
        differences_of_a_diagonal<3>(spec, first, second, expected);
        differences_of_a_diagonal<4>(spec, first, second, expected);
    };
    const SolveSpec plain{.rcond = 1e-6}, floor{.rcond = 1e-6, .floor = 0.8};
    check(plain, 2, 4, -1.0 / 8);
    check(plain, 2, 2, -1.0 / 4);  // the slope of 1 / lambda
    check(plain, 2, 0, 1.0 / 4);   // of constant rank
    check(plain, 0, 0, 0);
    check(floor, 2, 4, -1.0 / 8);
    check(floor, 0.5, 0.25, 1 / 0.64);
    check(floor, 0.5, 0.5, 1 / 0.64);
    check(floor, 2, -0.5, (0.5 + 0.5 / 0.64) / 2.5);  // across the floor
}

// a lane has the scalar's bits, whatever stands beside it
template <class R, int N>
void lanes_alone(double largest = 1) {
    using T = ScalarOf<R>;
    constexpr int W = width_of<R>, K = N * (N + 1) / 2;
    std::mt19937_64 engine(N);
    const T y[4] = {1, T(-0.7), T(0.3), 2};
    std::array<double, N> eigenvalues;
    for (int k = 0; k < N; ++k) eigenvalues[k] = largest * std::pow(-0.3, k);
    std::vector<std::array<T, K>> good, bad(3);
    for (int w = 0; w < W; ++w) good.push_back(with_eigenvalues<N>(eigenvalues, engine).template packed_triangle<T>());
    bad[0].fill(std::numeric_limits<T>::quiet_NaN());
    bad[1].fill(0);
    bad[2].fill(std::numeric_limits<T>::infinity());
    for (int place = 0; place < W; ++place)
        for (const auto& intruder : bad) {
            auto matrices = good;
            matrices[place] = intruder;
            const auto found = solve<R, N>(matrices, y, T(1e-6));
            for (int w = 0; w < W; ++w) {
                const auto alone = solve<T, N>({matrices[w]}, y, T(1e-6));
                EXPECT_EQ(found.truncated[w], alone.truncated[0]);
                EXPECT_EQ(found.condition[w], alone.condition[0]);
                for (int i = 0; i < N; ++i) EXPECT_TRUE(same(found.x[i][w], alone.x[i][0])) << N << " " << w;
            }
        }
}
TYPED_TEST(SolveOn, LanesHaveTheScalarsBits) {
    lanes_alone<TypeParam, 1>();
    // 49 times the rounded 1 / 49 is not 1
    lanes_alone<TypeParam, 1>(49);
    lanes_alone<TypeParam, 2>();
    lanes_alone<TypeParam, 3>();
    lanes_alone<TypeParam, 4>();
}

// not finite in, NaN out, and counted as the worst condition
template <class R, int N>
void poisoned() {
    using T = ScalarOf<R>;
    const T y[4] = {1, 1, 1, 1};
    for (int k = 0; k < N * (N + 1) / 2; ++k) {
        std::array<T, N*(N + 1) / 2> m{};
        for (int i = 0; i < N; ++i) m[packed(i, i)] = T(i + 1);
        m[k] = std::numeric_limits<T>::quiet_NaN();
        for (const T rcond : {T(0), T(1e-15)}) {
            const auto found = solve<R, N>({m}, y, rcond);
            EXPECT_EQ(found.condition[0], std::numeric_limits<T>::infinity()) << N << " " << k;
            EXPECT_FALSE(found.truncated[0]);
            for (int i = 0; i < N; ++i) EXPECT_TRUE(std::isnan(found.x[i][0])) << N << " " << k;
        }
    }
}
TYPED_TEST(SolveOn, NanInNanOut) {
    poisoned<TypeParam, 1>();
    poisoned<TypeParam, 2>();
    poisoned<TypeParam, 3>();
    poisoned<TypeParam, 4>();
}

}  // namespace
}  // namespace lnn
