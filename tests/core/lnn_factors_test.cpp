// The factors of the gradient: for any directions lambda, a_k, b_k their outer products are the derivative,
// with respect to every parameter, of the bracket DL[P0] - sum_k D2L[A_k, B_k] + lambda . Q, which duals give directly.
#include "lnn_oracle.hpp"

namespace lnn {
namespace {

template <int N, int pairs>
Directions<double, N, pairs> directions(unsigned seed) {
    Directions<double, N, pairs> d;
    const auto x = scattered<double>(-1, 1, N * (1 + 2 * pairs), seed);
    std::copy(x.begin(), x.end(), reinterpret_cast<double*>(&d));
    return d;
}

// P0 = (lambda, 0), A_k = (0, a_k), B_k = (v for k = 0, else 0; b_k)
template <int N, int pairs>
double bracket(const Network& net, const std::vector<double>& weights, const double* q, const double* v,
               const Directions<double, N, pairs>& d) {
    const auto L = lagrangian<N>(net, weights, q, v);
    const auto damping = damping_force<N>(net, weights, v);
    double sum = 0;
    for (int i = 0; i < N; ++i) {
        sum += d.lambda[i] * (L.first[i] + damping[i]);
        for (int k = 0; k < pairs; ++k)
            for (int j = 0; j < N; ++j) {
                sum -= d.a[k][i] * L.second[packed(N + i, N + j)] * d.b[k][j];
                if (k == 0) sum -= d.a[k][i] * L.second[packed(N + i, j)] * v[j];
            }
    }
    return sum;
}

// the same by a pass with exactly the memory it asks for, which held `before`
template <int N, int pairs>
std::vector<double> by_factors(const Network& net, const double* q, const double* v,
                               const Directions<double, N, pairs>& d, double before = NAN) {
    constexpr int F = factor_columns<pairs>;
    const MlpShape s = lnn_shape(net.spec);
    const LnnView<double, N> view(s, net.spec, net.weights.data());
    Guarded<double> scratch(lnn_scratch<N, pairs>(s)), left(s.left_units() * F), right(s.right_units() * F);
    for (auto* memory : {&scratch, &left, &right}) memory->fill(before);
    LnnPass<double, N, pairs, double, double*> pass(view, scratch.get(), {left.get(), right.get(), F});
    LnnInputs<double, N> inputs;
    pass.terms(q, v, inputs);
    pass.factors(inputs, d);
    for (const auto* memory : {&scratch, &left, &right}) EXPECT_TRUE(memory->intact());

    std::vector<double> gradient(s.parameters);
    for (int l = 1; l <= outer_matrices(s); ++l) {
        const OuterMatrix m = outer_matrix(s, l);
        for (int o = 0; o < m.rows; ++o) {
            const double* row = left.get() + (m.left + o) * F;
            for (int i = 0; i < m.columns; ++i)
                for (int c = 0; c < F; ++c)
                    gradient[m.weights + o * m.columns + i] += row[c] * right.get()[(m.right + i) * F + c];
            if (m.bias >= 0) gradient[m.bias + o] = row[1];
        }
    }
    return gradient;
}

template <int N, int pairs>
void against_differences(const Network& net, unsigned seed) {
    const auto q = scattered<double>(-2, 2, N, seed), v = scattered<double>(-2, 2, N, seed + 50);
    const auto d = directions<N, pairs>(seed + 70);
    const auto found = by_factors<N, pairs>(net, q.data(), v.data(), d);
    const auto difference = [&](std::size_t p, double h) {
        auto up = net.weights, down = net.weights;
        up[p] += h, down[p] -= h;
        return (bracket(net, up, q.data(), v.data(), d) - bracket(net, down, q.data(), v.data(), d)) / (2 * h);
    };
    double size = 0;
    for (const double g : found) size = std::max(size, std::abs(g));
    // Richardson: h^4 = 6e-11 and eps / h = 1e-13
    for (std::size_t p = 0; p < found.size(); ++p)
        EXPECT_NEAR(found[p], (4 * difference(p, 1e-3) - difference(p, 2e-3)) / 3, 1e-8 * (size + 1e-3)) << p;
}

TEST(LnnFactors, AreTheGradientOfTheBracket) {
    for_each_dof([]<int N>() {
        for (const unsigned angles : feature_kinds(N))
            for (const auto& hidden : {std::vector<int>{}, {1}, {5}, {4, 3}, {3, 5, 4}}) {
                SCOPED_TRACE(testing::Message() << "n " << N << ", angles " << angles << ", depth " << hidden.size());
                for (const bool damping : {false, true}) {
                    const Network net = network(N, angles, hidden, 0.5, N, damping);
                    against_differences<N, 1>(net, 3 * N);
                    against_differences<N, 3>(net, 5 * N);
                }
            }
    });
}

// a pair more that is zero changes nothing
TEST(LnnFactors, ThreePairsContainOne) {
    const Network net = network(2, 0b01, {6, 5});
    const auto q = scattered<double>(-2, 2, 2), v = scattered<double>(-2, 2, 2, 2);
    const auto one = directions<2, 1>(9);
    Directions<double, 2, 3> three{};
    for (int i = 0; i < 2; ++i) {
        three.lambda[i] = one.lambda[i];
        three.a[0][i] = one.a[0][i];
        three.b[0][i] = one.b[0][i];
    }
    const auto expected = by_factors<2, 1>(net, q.data(), v.data(), one),
               found = by_factors<2, 3>(net, q.data(), v.data(), three);
    for (std::size_t p = 0; p < found.size(); ++p) EXPECT_NEAR(found[p], expected[p], 1e-14) << p;
}

TEST(LnnFactors, DoNotDependOnWhatMemoryHeld) {
    for_each_dof([]<int N>() {
        const Network net = network(N, 0b1, {3, 19, 6});
        const auto q = scattered<double>(-2, 2, N), v = scattered<double>(-2, 2, N, 2);
        const auto one = directions<N, 1>(3);
        EXPECT_EQ((by_factors<N, 1>(net, q.data(), v.data(), one, NAN)),
                  (by_factors<N, 1>(net, q.data(), v.data(), one, 7)));
        const auto three = directions<N, 3>(4);
        EXPECT_EQ((by_factors<N, 3>(net, q.data(), v.data(), three, NAN)),
                  (by_factors<N, 3>(net, q.data(), v.data(), three, 7)));
    });
}

TEST(LnnFactors, ConstantOfTheLagrangianHasNoGradient) {
    const Network net = network(2, 0, {7});
    const auto q = scattered<double>(-2, 2, 2), v = scattered<double>(-2, 2, 2, 2);
    EXPECT_EQ((by_factors<2, 1>(net, q.data(), v.data(), directions<2, 1>(1))).back(), 0);
}

}  // namespace
}  // namespace lnn
