// The factors of the gradient of each model that has a Lagrangian: for any directions lambda, a_k, b_k their outer products are the derivative,
// with respect to every parameter, of the bracket DL[P0] - sum_k D2L[A_k, B_k] + lambda . Q, which duals give directly.
#include "lagrangian_oracle.hpp"

namespace lnn {
namespace {

// lambda, a_k, b_k
using Numbers = std::vector<double>;
template <Tape tape, int N>
Numbers directions(unsigned seed) {
    return scattered<double>(-1, 1, direction_reals<tape, N>(N), seed);
}

// P = (lambda, 0), A_k = (0, a_k), B_k = (v for k = 0, else 0; b_k)
template <class Model, Tape tape, int N>
double bracket(const Network& net, const Numbers& weights, const double* q, const double* v, const Numbers& along) {
    const auto L = lagrangian<Model, N>(net, weights, q, v);
    const auto damping = damping_force<N>(net, weights, v);
    const Directions<const double*, N> d{along.data(), N};
    double sum = 0;
    for (int i = 0; i < N; ++i) {
        sum += d.lambda(i) * (L.first[i] + damping[i]);
        for (int k = 0; k < bracket_pairs<tape, N>(N); ++k)
            for (int j = 0; j < N; ++j) {
                sum -= d.a(k, i) * L.second[packed(N + i, N + j)] * d.b(k, j);
                if (k == 0) sum -= d.a(k, i) * L.second[packed(N + i, j)] * v[j];
            }
    }
    return sum;
}

struct Found {
    Numbers gradient, cotangent;  // in the parameters; in q, v
};

// the same by a pass with exactly the memory it asks for, which held `before`
template <class Model, Tape tape, int N>
Found by_factors(const Network& net, const double* q, const double* v, Numbers along, double before = NAN) {
    using Pass = typename Model::template Pass<double, code_for<Model, N>, tape, double, double*>;
    const int F = Pass::factor_columns(N);
    const MlpShape s = model_shape(net.spec);
    const NetworkView<double> view(s, net.spec, net.weights.data());
    Guarded<double> scratch(Pass::scratch(s, N)), left(s.left_units() * F), right(s.right_units() * F);
    for (auto* memory : {&scratch, &left, &right}) memory->fill(before);
    Pass pass(view, scratch.get(), {left.get(), right.get(), F});
    typename Pass::Inputs inputs;
    typename Pass::Output terms;
    pass.forward(q, v, inputs, terms);
    // another pass back before it: many share one forward (kernels/jacobian.hpp)
    Numbers other = scattered<double>(-1, 1, int(along.size()), 99);
    pass.backward(inputs, Directions<double*, code_for<Model, N>>{other.data(), N});
    const Directions<double*, code_for<Model, N>> d{along.data(), N};
    pass.backward(inputs, d);

    Found found{Numbers(s.parameters), Numbers(2 * N)};
    for (int l = 1; l <= outer_matrices(s); ++l) {
        const OuterMatrix m = outer_matrix(s, l);
        for (int o = 0; o < m.rows; ++o) {
            const double* row = left.get() + (m.left + o) * F;
            for (int i = 0; i < m.columns; ++i)
                for (int c = 0; c < F; ++c)
                    found.gradient[m.weights + o * m.columns + i] += row[c] * right.get()[(m.right + i) * F + c];
            if (m.bias >= 0) found.gradient[m.bias + o] = row[Pass::bias_column];
        }
    }
    pass.cotangent(inputs, d, found.cotangent.data(), found.cotangent.data() + N);
    for (const auto* memory : {&scratch, &left, &right}) EXPECT_TRUE(memory->intact());
    return found;
}

// by Richardson's extrapolation: h^4 = 6e-11 and eps / h = 1e-13
template <class F>
void near_the_derivative(const Numbers& found, const F& moved) {
    double size = 0;
    for (const double g : found) size = std::max(size, std::abs(g));
    const auto difference = [&](std::size_t p, double h) { return (moved(p, h) - moved(p, -h)) / (2 * h); };
    for (std::size_t p = 0; p < found.size(); ++p)
        EXPECT_NEAR(found[p], (4 * difference(p, 1e-3) - difference(p, 2e-3)) / 3, 1e-8 * (size + 1e-3)) << p;
}

template <class Model, Tape tape, int N>
void against_differences(const Network& net, unsigned seed) {
    const auto x = scattered<double>(-2, 2, 2 * N, seed);
    const auto d = directions<tape, N>(seed + 70);
    const auto found = by_factors<Model, tape, N>(net, x.data(), x.data() + N, d);
    near_the_derivative(found.gradient, [&](std::size_t p, double h) {
        auto weights = net.weights;
        weights[p] += h;
        return bracket<Model, tape, N>(net, weights, x.data(), x.data() + N, d);
    });
    near_the_derivative(found.cotangent, [&](std::size_t i, double h) {
        auto y = x;
        y[i] += h;
        return bracket<Model, tape, N>(net, net.weights, y.data(), y.data() + N, d);
    });
}

template <Tape tape>
void are_the_gradient_of_the_bracket() {
    for_each_lagrangian([]<class Model>(int kind) {
        for_each_dof([&]<int N>() {
            for (const unsigned angles : feature_kinds(N))
                for (const auto& hidden : {std::vector<int>{}, {1}, {5}, {4, 3}, {3, 5, 4}}) {
                    if (N > 4 && hidden.size() != 2) continue;  // what depends on n does not depend on the depth
                    SCOPED_TRACE(testing::Message() << Model::table.name << ", n " << N << ", angles " << angles
                                                    << ", depth " << hidden.size());
                    for (const bool damping : {false, true}) {
                        const Network net = network(N, angles, hidden, 0.5, N, damping, kind);
                        against_differences<Model, tape, N>(net, tape == Tape::regular ? 3 * N : 5 * N);
                    }
                }
        });
    });
}
TEST(LagrangianFactors, AreTheGradientOfTheBracket) { are_the_gradient_of_the_bracket<Tape::regular>(); }
TEST(LagrangianFactors, AreTheGradientOfManyPairs) { are_the_gradient_of_the_bracket<Tape::truncated>(); }

// pairs more that are zero change nothing
TEST(LagrangianFactors, ThreePairsContainOne) {
    for_each_lagrangian([]<class Model>(int kind) {
        const Network net = network(2, 0b01, {6, 5}, 0.3, 1, false, kind);
        const auto q = scattered<double>(-2, 2, 2), v = scattered<double>(-2, 2, 2, 2);
        const auto one = directions<Tape::regular, 2>(9);
        Numbers three = one;
        three.resize(direction_reals<Tape::truncated, 2>(2));
        const auto expected = by_factors<Model, Tape::regular, 2>(net, q.data(), v.data(), one),
                   found = by_factors<Model, Tape::truncated, 2>(net, q.data(), v.data(), three);
        for (std::size_t p = 0; p < found.gradient.size(); ++p)
            EXPECT_NEAR(found.gradient[p], expected.gradient[p], 1e-14) << p;
    });
}

TEST(LagrangianFactors, DoNotDependOnWhatMemoryHeld) {
    for_each_lagrangian([]<class Model>(int kind) {
        for_each_dof([&]<int N>() {
            const Network net = network(N, 0b1, {3, 19, 6}, 0.3, 1, false, kind);
            const auto q = scattered<double>(-2, 2, N), v = scattered<double>(-2, 2, N, 2);
            const auto check = [&]<Tape tape>() {
                const auto d = directions<tape, N>(3);
                const auto one = by_factors<Model, tape, N>(net, q.data(), v.data(), d, NAN),
                           other = by_factors<Model, tape, N>(net, q.data(), v.data(), d, 7);
                EXPECT_EQ(one.gradient, other.gradient);
                EXPECT_EQ(one.cotangent, other.cotangent);
            };
            check.template operator()<Tape::regular>();
            check.template operator()<Tape::truncated>();
        });
    });
}

// nor has that of the potential, the last of all weights
TEST(LagrangianFactors, ConstantOfTheLagrangianHasNoGradient) {
    for_each_lagrangian([]<class Model>(int kind) {
        const Network net = network(2, 0, {7}, 0.3, 1, false, kind);
        const auto q = scattered<double>(-2, 2, 2), v = scattered<double>(-2, 2, 2, 2);
        const auto along = directions<Tape::regular, 2>(1);
        EXPECT_EQ((by_factors<Model, Tape::regular, 2>(net, q.data(), v.data(), along).gradient.back()), 0);
    });
}

}  // namespace
}  // namespace lnn
