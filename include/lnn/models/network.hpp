// A network of phi(q, v), what every learned model is made of: its shape, its inputs, and where a pass leaves the factors
// of its weight gradients.
//
// phi: for each coordinate q, or cos q, sin q where it is an angle; then the velocities divided by a scale.
#pragma once

#include "lnn/dof.hpp"
#include "lnn/mlp.hpp"

namespace lnn::inline LNN_ISA {

LNN_HD MlpShape network_shape(const ModelSpec& m, int outputs, int beside = 0) {
    int inputs = 2 * m.dof;
    for (int i = 0; i < m.dof; ++i) inputs += m.angles >> i & 1;
    return mlp_shape(inputs, m.depth, m.hidden.data(), outputs, beside);
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

// put(k, y, along_c, velocity) for each input: its value, its tangent along (v, 0), and the number of the velocity it is,
// or -1
template <Real R, int N, class T, class State, class Put>
LNN_HD void network_inputs(const NetworkView<T>& net, const State* q, const State* v, NetworkInputs<R, N>& inputs,
                           Put&& put) {
    int k = 0;
    const int n = dof_of<N>(net.dof);
    for (int i = 0; i < n; ++i) {
        inputs.v[i] = convert<R>(v[i]);
        if (net.is_angle(i)) {
            State sine, cosine;
            sin_cos(q[i], sine, cosine);
            inputs.sine[i] = convert<R>(sine);
            inputs.cosine[i] = convert<R>(cosine);
            put(k++, inputs.cosine[i], -inputs.sine[i] * inputs.v[i], -1);
            put(k++, inputs.sine[i], inputs.cosine[i] * inputs.v[i], -1);
        } else {
            put(k++, convert<R>(q[i]), inputs.v[i], -1);
        }
    }
    for (int i = 0; i < n; ++i) put(k++, inputs.v[i] * R(net.velocity_inverse), R(0), i);
}

// derivatives in q and v from those in the inputs, slope(k)
template <Real R, int N, class T, class Slope>
LNN_HD void derivatives_in_states(const NetworkView<T>& net, const NetworkInputs<R, N>& inputs, Slope&& slope, R* in_q,
                                  R* in_v) {
    int k = 0;
    const int n = dof_of<N>(net.dof);
    for (int i = 0; i < n; ++i) {
        in_q[i] = slope(k++);
        if (net.is_angle(i)) in_q[i] = inputs.cosine[i] * slope(k++) - inputs.sine[i] * in_q[i];
    }
    for (int i = 0; i < n; ++i) in_v[i] = slope(k++) * R(net.velocity_inverse);
}

// where a pass leaves the factors of the outer products: unit k's columns at k stride
template <class Ptr>
struct Factors {
    Ptr left, right;
    int stride;
};

}  // namespace lnn::inline LNN_ISA
