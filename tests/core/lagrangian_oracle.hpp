// The models that have a Lagrangian once more, as plainly as they can be said: softplus layers on duals, which know
// their gradient and Hessian. What their headers derive by hand has to agree with it.
#pragma once

#include <array>
#include <cmath>
#include <utility>
#include <vector>

#include "guarded.hpp"
#include "lnn/models/list.hpp"
#include "reals.hpp"

namespace lnn {

struct Network {
    ModelSpec spec;
    std::vector<double> weights;
};

// weights of order 1 / sqrt(inputs), a velocity scale and a prior that are not 1
inline Network network(int dof, unsigned angles, std::vector<int> hidden, double prior = 0.3, unsigned seed = 1,
                       bool damping = false, int kind = 0) {
    Network net;
    net.spec.kind = kind;
    net.spec.dof = dof;
    net.spec.depth = int(hidden.size());
    std::copy(hidden.begin(), hidden.end(), net.spec.hidden.begin());
    net.spec.angles = angles;
    net.spec.velocity_scale = 1.7;
    net.spec.mass_prior = prior;
    net.spec.damping = damping;
    const MlpShape shape = model_shape(net.spec);
    for (int l = 1; l <= shape.depth + 1; ++l) {
        const double size = 2 / std::sqrt(double(shape.widths[l - 1]));
        const auto layer = scattered<double>(-size, size, shape.widths[l] * (shape.widths[l - 1] + 1), seed + 100 * l);
        net.weights.insert(net.weights.end(), layer.begin(), layer.end());
    }
    const auto c = scattered<double>(-1, 1, damping ? dof * dof : 0, seed + 7);
    net.weights.insert(net.weights.end(), c.begin(), c.end());
    return net;
}

// Q = -C C^T v, where C is the last of the weights
template <int N>
std::array<double, N> damping_force(const Network& net, const std::vector<double>& weights, const double* v) {
    std::array<double, N> force{};
    if (!net.spec.damping) return force;
    const double* const c = weights.data() + weights.size() - N * N;
    for (int i = 0; i < N; ++i)
        for (int j = 0; j < N; ++j)
            for (int k = 0; k < N; ++k) force[i] -= c[i * N + k] * c[j * N + k] * v[j];
    return force;
}

template <int N>
using Variable = Dual<double, 2 * N>;

template <int N>
Variable<N> plain_softplus(const Variable<N>& x) {
    const double s = 1 / (1 + std::exp(-x.value));
    return chain(x, std::log(1 + std::exp(x.value)), s, s * (1 - s));
}

// the outputs of the network
template <int N>
std::vector<Variable<N>> outputs(const Network& net, const std::vector<double>& weights,
                                 std::vector<Variable<N>> inputs) {
    std::vector<Variable<N>> y = std::move(inputs);
    const MlpShape shape = model_shape(net.spec);
    std::size_t at = 0;
    for (int l = 1; l <= shape.depth + 1; ++l) {
        const std::size_t out = shape.widths[l], in = y.size();
        std::vector<Variable<N>> z;
        for (std::size_t o = 0; o < out; ++o) {
            Variable<N> sum = Variable<N>::constant(weights[at + out * in + o]);
            for (std::size_t i = 0; i < in; ++i) sum = sum + weights[at + o * in + i] * y[i];
            z.push_back(l <= shape.depth ? plain_softplus<N>(sum) : sum);
        }
        at += out * (in + 1);
        y = z;
    }
    return y;
}

// what the network makes of the Lagrangian, without the prior
template <int N>
Variable<N> lagrangian_of(Lnn, const Network& net, const std::vector<double>& weights, std::vector<Variable<N>> inputs,
                          const std::array<Variable<N>, N>& v) {
    for (const auto& velocity : v) inputs.push_back((1 / net.spec.velocity_scale) * velocity);
    return outputs<N>(net, weights, inputs)[0];
}
template <int N>
Variable<N> lagrangian_of(Delan, const Network& net, const std::vector<double>& weights,
                          std::vector<Variable<N>> inputs, const std::array<Variable<N>, N>& v) {
    const auto o = outputs<N>(net, weights, inputs);
    Variable<N> L = -1.0 * o.back();
    for (int j = 0; j < N; ++j) {
        Variable<N> along = Variable<N>::constant(0);  // (C^T v)_j
        for (int i = j; i < N; ++i) {
            const auto& entry = o[i * (i + 1) / 2 + j];
            along = along + (i == j ? plain_softplus<N>(entry) : entry) * v[i];
        }
        L = L + 0.5 * (along * along);
    }
    return L;
}

// L with its derivatives along (q, v)
template <class Model, int N>
Variable<N> lagrangian(const Network& net, const std::vector<double>& weights, const double* q, const double* v) {
    std::vector<Variable<N>> inputs;
    std::array<Variable<N>, N> velocities;
    Variable<N> kinetic = Variable<N>::constant(0);
    for (int i = 0; i < N; ++i) {
        const auto coordinate = Variable<N>::variable(q[i], i);
        if (net.spec.angles >> i & 1) {
            inputs.push_back(cos(coordinate));
            inputs.push_back(sin(coordinate));
        } else {
            inputs.push_back(coordinate);
        }
        velocities[i] = Variable<N>::variable(v[i], N + i);
        kinetic = kinetic + 0.5 * net.spec.mass_prior * (velocities[i] * velocities[i]);
    }
    return lagrangian_of<N>(Model{}, net, weights, inputs, velocities) + kinetic;
}

// f.template operator()<Model>(kind) for every model of the list that has a Lagrangian
template <class F>
void for_each_lagrangian(F&& f) {
    for (int kind = 0; kind < ModelKinds::count; ++kind)
        ModelKinds::visit(kind, [&]<class Model>() {
            if constexpr (Model::table.lagrangian) f.template operator()<Model>(kind);
        });
}

// with `angles` of each kind: none, all, every second
inline std::vector<unsigned> feature_kinds(int dof) {
    if (dof == 1) return {0b0, 0b1};
    return {0b0, (1u << dof) - 1, 0b1010u & ((1u << dof) - 1)};
}

// f.template operator()<N>() for N = 1 .. 8: those that have code of their own, and some that have not
template <class F>
void for_each_dof(F&& f) {
    [&]<int... before>(std::integer_sequence<int, before...>) { (f.template operator()<before + 1>(), ...); }
    (std::make_integer_sequence<int, 8>());
}

// what a model's code for n degrees of freedom is compiled for
template <class Model, int n>
inline constexpr int code_for = n <= Model::exact_dof ? n : any_dof;

inline const std::vector<std::vector<int>> some_hidden = {{}, {1}, {5}, {16, 7}, {3, 17, 4}};

}  // namespace lnn
