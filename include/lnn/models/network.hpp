// A network of phi(q, v) or phi(q), what every learned model is made of: its shape, its inputs, and where a pass leaves the factors
// of its weight gradients.
//
// phi: for each coordinate q, or cos q, sin q where it is an angle; then, where a network sees them, the velocities divided
// by a scale.
#pragma once

#include "lnn/dof.hpp"
#include "lnn/mlp.hpp"

namespace lnn::inline LNN_ISA {

// how many inputs coordinates make
LNN_HD int coordinate_inputs(const ModelSpec& m) {
    int inputs = m.dof;
    for (int i = 0; i < m.dof; ++i) inputs += m.angles >> i & 1;
    return inputs;
}
// of phi(q, v)
LNN_HD MlpShape network_shape(const ModelSpec& m, int outputs, int beside = 0) {
    return mlp_shape(coordinate_inputs(m) + m.dof, m.depth, m.hidden.data(), outputs, beside);
}

// a network over a shape and parameters that somebody else owns
template <class T>
struct NetworkView {
    const MlpShape& shape;
    const T* parameters;
    int dof;
    unsigned angles;
    T velocity_inverse;  // 1 / velocity scale
    T mass_prior;

    LNN_HD NetworkView(const MlpShape& s, const ModelSpec& m, const T* p)
        : shape(s),
          parameters(p),
          dof(m.dof),
          angles(m.angles),
          velocity_inverse(T(1 / m.velocity_scale)),
          mass_prior(T(m.mass_prior)) {}
    LNN_HD bool is_angle(int i) const { return angles >> i & 1; }
};

// what a sample's inputs leave for later
template <Real R, int N>
struct NetworkInputs {
    R sine[most_dof<N>], cosine[most_dof<N>], v[most_dof<N>];
};

// put(k, y, along_v) for each input that a coordinate makes: its value, and its tangent as the coordinates move along v;
// returns how many there are
template <Real R, int N, class T, class State, class Put>
LNN_HD int put_coordinates(const NetworkView<T>& net, const State* q, const State* v, NetworkInputs<R, N>& inputs,
                           Put&& put) {
    int k = 0;
    for (int i = 0; i < dof_of<N>(net.dof); ++i) {
        inputs.v[i] = convert<R>(v[i]);
        if (net.is_angle(i)) {
            State sine, cosine;
            sin_cos(q[i], sine, cosine);
            inputs.sine[i] = convert<R>(sine);
            inputs.cosine[i] = convert<R>(cosine);
            put(k++, inputs.cosine[i], -inputs.sine[i] * inputs.v[i]);
            put(k++, inputs.sine[i], inputs.cosine[i] * inputs.v[i]);
        } else {
            put(k++, convert<R>(q[i]), inputs.v[i]);
        }
    }
    return k;
}

// put(k, y, along_v, velocity) for each input of phi(q, v); velocity: the number of the velocity it is, or -1
template <Real R, int N, class T, class State, class Put>
LNN_HD void network_inputs(const NetworkView<T>& net, const State* q, const State* v, NetworkInputs<R, N>& inputs,
                           Put&& put) {
    int k = put_coordinates(net, q, v, inputs, [&](int at, R y, R along_v) { put(at, y, along_v, -1); });
    for (int i = 0; i < dof_of<N>(net.dof); ++i) put(k++, inputs.v[i] * R(net.velocity_inverse), R(0), i);
}

// f(k, i, slope): input k has the derivative `slope` in coordinate i; returns how many there are
template <Real R, int N, class T, class F>
LNN_HD int for_coordinates(const NetworkView<T>& net, const NetworkInputs<R, N>& inputs, F&& f) {
    int k = 0;
    for (int i = 0; i < dof_of<N>(net.dof); ++i) {
        if (net.is_angle(i)) {
            f(k++, i, -inputs.sine[i]);
            f(k++, i, inputs.cosine[i]);
        } else {
            f(k++, i, R(1));
        }
    }
    return k;
}

// derivatives in q from those in the inputs, slope(k); returns how many of these there are
template <Real R, int N, class T, class Slope>
LNN_HD int derivatives_in_coordinates(const NetworkView<T>& net, const NetworkInputs<R, N>& inputs, Slope&& slope,
                                      R* in_q) {
    int k = 0;
    for (int i = 0; i < dof_of<N>(net.dof); ++i) {
        in_q[i] = slope(k++);
        if (net.is_angle(i)) in_q[i] = inputs.cosine[i] * slope(k++) - inputs.sine[i] * in_q[i];
    }
    return k;
}

// derivatives in q and v from those in the inputs of phi(q, v)
template <Real R, int N, class T, class Slope>
LNN_HD void derivatives_in_states(const NetworkView<T>& net, const NetworkInputs<R, N>& inputs, Slope&& slope, R* in_q,
                                  R* in_v) {
    int k = derivatives_in_coordinates(net, inputs, slope, in_q);
    for (int i = 0; i < dof_of<N>(net.dof); ++i) in_v[i] = slope(k++) * R(net.velocity_inverse);
}

// Adds what tangents of the inputs as q moves along lambda and along v give, of which along_lambda(k) and along_v(k) are
// the derivatives: the tangents move with q, and that along v with v.
template <Real R, int N, class T, class Along, class Lambda, class V>
LNN_HD void add_derivatives_in_tangents(const NetworkView<T>& net, const NetworkInputs<R, N>& inputs,
                                        const Along& along, Lambda&& along_lambda, V&& along_v, R* in_q, R* in_v) {
    int k = 0;
    for (int i = 0; i < dof_of<N>(net.dof); ++i) {
        if (!net.is_angle(i)) {
            in_v[i] = in_v[i] + along_v(k++);
            continue;
        }
        const R s = inputs.sine[i], c = inputs.cosine[i], lambda = along.lambda(i), v = inputs.v[i];
        const R moved = mul_add(lambda, along_lambda(k), v * along_v(k)),
                turned = mul_add(lambda, along_lambda(k + 1), v * along_v(k + 1));
        in_q[i] = in_q[i] - (c * moved + s * turned);
        in_v[i] = in_v[i] + (c * along_v(k + 1) - s * along_v(k));
        k += 2;
    }
}

// where a pass leaves the factors of the outer products: unit k's columns at k stride
template <class Ptr>
struct Factors {
    Ptr left, right;
    int stride;
};

}  // namespace lnn::inline LNN_ISA
