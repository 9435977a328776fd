// The black-box Lagrangian network once more, as plainly as it can be said: softplus layers on duals, which
// know their gradient and Hessian. What lnn/models/lnn.hpp derives by hand has to agree with it.
#pragma once

#include <array>
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

// L with its derivatives along (q, v)
template <int N>
Dual<double, 2 * N> lagrangian(const Network& net, const std::vector<double>& weights, const double* q,
                               const double* v) {
    using D = Dual<double, 2 * N>;
    std::vector<D> y;
    D kinetic = D::constant(0);
    for (int i = 0; i < N; ++i) {
        const D coordinate = D::variable(q[i], i);
        if (net.spec.angles >> i & 1) {
            y.push_back(cos(coordinate));
            y.push_back(sin(coordinate));
        } else {
            y.push_back(coordinate);
        }
    }
    for (int i = 0; i < N; ++i) {
        const D velocity = D::variable(v[i], N + i);
        y.push_back((1 / net.spec.velocity_scale) * velocity);
        kinetic = kinetic + 0.5 * net.spec.mass_prior * (velocity * velocity);
    }
    std::size_t at = 0;
    for (int l = 0; l <= net.spec.depth; ++l) {
        const std::size_t out = l < net.spec.depth ? net.spec.hidden[l] : 1, in = y.size();
        std::vector<D> z;
        for (std::size_t o = 0; o < out; ++o) {
            D sum = D::constant(weights[at + out * in + o]);
            for (std::size_t i = 0; i < in; ++i) sum = sum + weights[at + o * in + i] * y[i];
            z.push_back(sum);
        }
        at += out * (in + 1);
        if (l < net.spec.depth)
            for (D& x : z) {
                const double s = 1 / (1 + std::exp(-x.value));
                x = chain(x, std::log(1 + std::exp(x.value)), s, s * (1 - s));
            }
        y = z;
    }
    return y[0] + kinetic;
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
