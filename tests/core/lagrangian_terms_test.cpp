// M, f, p and L of each model that has a Lagrangian against duals run through a plain one.
#include "lagrangian_oracle.hpp"

namespace lnn {
namespace {

// terms of a pass with exactly the scratch it asks for, which held `before`
template <class Model, class R, int N>
Terms<R, N> pass_terms(const Network& net, const std::vector<ScalarOf<R>>& weights, const R* q, const R* v,
                       double before = NAN) {
    using T = ScalarOf<R>;
    using Pass = typename Model::template Pass<R, code_for<Model, N>, Tape::none, T, R*>;
    const MlpShape shape = model_shape(net.spec);
    Guarded<R> scratch(Pass::scratch(shape, N));
    scratch.fill(T(before));
    const NetworkView<T> view(shape, net.spec, weights.data());
    typename Pass::Inputs inputs;
    typename Pass::Output terms;
    Pass(view, scratch.get()).forward(q, v, inputs, terms, true);
    EXPECT_TRUE(scratch.intact());
    Terms<R, N> of_n;
    std::copy_n(terms.mass, packed_size(N), of_n.mass);
    std::copy_n(terms.force, N, of_n.force);
    std::copy_n(terms.momentum, N, of_n.momentum);
    of_n.value = terms.value;
    return of_n;
}

template <class Model, int N>
void against_duals(const Network& net, unsigned seed) {
    const auto q = scattered<double>(-2, 2, N, seed), v = scattered<double>(-3, 3, N, seed + 50);
    const auto L = lagrangian<Model, N>(net, net.weights, q.data(), v.data());
    const auto terms = pass_terms<Model, double, N>(net, net.weights, q.data(), v.data());

    // sums of a few hundred products of order 1 to 10
    const double tolerance = 1e-12;
    EXPECT_NEAR(terms.value, L.value, tolerance * (1 + std::abs(L.value)));
    for (int i = 0; i < N; ++i) {
        EXPECT_NEAR(terms.momentum[i], L.first[N + i], tolerance * (1 + std::abs(L.first[N + i])));
        double force = L.first[i] + damping_force<N>(net, net.weights, v.data())[i], size = std::abs(force);
        for (int j = 0; j < N; ++j) {
            force -= L.second[packed(N + i, j)] * v[j];
            size += std::abs(L.second[packed(N + i, j)] * v[j]);
            EXPECT_NEAR(terms.mass[packed(i, j)], L.second[packed(N + i, N + j)],
                        tolerance * (1 + std::abs(L.second[packed(N + i, N + j)])));
        }
        EXPECT_NEAR(terms.force[i], force, tolerance * (1 + size));
    }
}

TEST(LagrangianTerms, AgreeWithDuals) {
    for_each_lagrangian([]<class Model>(int kind) {
        for_each_dof([&]<int N>() {
            for (const unsigned angles : feature_kinds(N))
                for (const auto& hidden : some_hidden)
                    for (const auto& [prior, damping] : {std::pair{0.0, false}, {0.8, false}, {0.8, true}})
                        for (unsigned seed = 1; seed < 6; ++seed) {
                            SCOPED_TRACE(testing::Message()
                                         << Model::table.name << ", n " << N << ", angles " << angles << ", depth "
                                         << hidden.size() << ", prior " << prior << ", damping " << damping);
                            against_duals<Model, N>(network(N, angles, hidden, prior, seed, damping, kind), seed);
                        }
        });
    });
}

template <class T, int N>
void same_terms(const Terms<T, N>& a, const Terms<T, N>& b) {
    for (int k = 0; k < N * (N + 1) / 2; ++k) EXPECT_TRUE(same(a.mass[k], b.mass[k]));
    for (int i = 0; i < N; ++i) {
        EXPECT_TRUE(same(a.force[i], b.force[i]));
        EXPECT_TRUE(same(a.momentum[i], b.momentum[i]));
    }
    EXPECT_TRUE(same(a.value, b.value));
}

TEST(LagrangianTerms, DoNotDependOnWhatScratchHeld) {
    for_each_lagrangian([]<class Model>(int kind) {
        for_each_dof([&]<int N>() {
            const Network net = network(N, 0b1, {5, 19, 3}, 0.3, 1, false, kind);
            const auto q = scattered<double>(-2, 2, N), v = scattered<double>(-2, 2, N, 2);
            same_terms(pass_terms<Model, double, N>(net, net.weights, q.data(), v.data(), NAN),
                       pass_terms<Model, double, N>(net, net.weights, q.data(), v.data(), 7));
        });
    });
}

// one of the lanes is at NaN, one far out: the others do not notice
template <class Model, class R>
void lanes_alone(int kind) {
    using T = ScalarOf<R>;
    constexpr int N = 2, W = width_of<R>;
    const Network net = network(N, 0b10, {9, 6}, 0.3, 1, false, kind);
    const std::vector<T> weights(net.weights.begin(), net.weights.end());
    auto rows = scattered<T>(-2, 2, 2 * N * W);
    rows[0] = std::numeric_limits<T>::quiet_NaN();
    rows[1] = T(1e30);
    R x[2 * N];
    for (int i = 0; i < 2 * N; ++i) x[i] = load<R>(&rows[i * W]);
    const auto terms = pass_terms<Model, R, N>(net, weights, x, x + N);
    for (int w = 0; w < W; ++w) {
        T y[2 * N];
        for (int i = 0; i < 2 * N; ++i) y[i] = rows[i * W + w];
        Terms<T, N> lanes;
        for (int k = 0; k < 3; ++k) lanes.mass[k] = lane(terms.mass[k], w);
        for (int i = 0; i < N; ++i)
            lanes.force[i] = lane(terms.force[i], w), lanes.momentum[i] = lane(terms.momentum[i], w);
        lanes.value = lane(terms.value, w);
        same_terms(lanes, pass_terms<Model, T, N>(net, weights, y, y + N));
    }
}
TEST(LagrangianTerms, LanesHaveTheScalarsBits) {
    for_each_lagrangian([]<class Model>(int kind) {
        lanes_alone<Model, Pack<float, 4>>(kind);
        lanes_alone<Model, Pack<float, 8>>(kind);
        lanes_alone<Model, Pack<double, 4>>(kind);
    });
}

// a float32 network at a float64 state: the angle is reduced in float64, its sine rounded once
TEST(LagrangianTerms, StatesMayBeFinerThanTheNetwork) {
    for_each_lagrangian([]<class Model>(int kind) {
        constexpr int N = 1;
        const Network net = network(N, 0b1, {8}, 0.3, 1, false, kind);
        const std::vector<float> weights(net.weights.begin(), net.weights.end());
        using Pass = typename Model::template Pass<float, code_for<Model, N>, Tape::none, float, float*>;
        const MlpShape shape = model_shape(net.spec);
        const NetworkView<float> view(shape, net.spec, weights.data());
        typename Pass::Inputs inputs;
        std::vector<float> scratch(Pass::scratch(shape, N));
        Pass pass(view, scratch.data());
        const double turns = 2 * 3.14159265358979323846 * 1000, v = 0.5;
        for (const double q : {0.3, 1.2, -2.0}) {
            const double far = q + turns;
            typename Pass::Output here, there;
            pass.forward(&q, &v, inputs, here, true);
            pass.forward(&far, &v, inputs, there, true);
            // float32 would round the angle itself to 2e-4
            EXPECT_NEAR(here.force[0], there.force[0], 1e-6);
            EXPECT_NEAR(here.value, there.value, 1e-6);
        }
    });
}

TEST(LnnShape, CountsTheInputs) {
    ModelSpec spec;
    spec.dof = 3;
    spec.depth = 1;
    spec.hidden[0] = 4;
    EXPECT_EQ(model_shape(spec).widths[0], 6);
    spec.angles = 0b101;
    EXPECT_EQ(model_shape(spec).widths[0], 8);
    spec.angles = 0b111;
    EXPECT_EQ(model_shape(spec).widths[0], 9);
    EXPECT_EQ(model_shape(spec).widths[2], 1);
    spec.kind = ModelKinds::place<Delan>;
    EXPECT_EQ(model_shape(spec).widths[0], 6);
    EXPECT_EQ(model_shape(spec).widths[2], 7);  // C, and the potential
}

}  // namespace
}  // namespace lnn
