// The physical systems there are. A new one: its header, and a line here; acceleration, energy, data, command-line
// name and tests come with it.
#pragma once

#include "lnn/systems/double_pendulum.hpp"
#include "lnn/systems/harmonic_oscillator.hpp"
#include "lnn/systems/pendulum.hpp"
#include "lnn/systems/spring_pendulum.hpp"

namespace lnn::inline LNN_ISA {

template <class... S>
struct SystemList {
    static constexpr int count = sizeof...(S);

    // f.template operator()<System>() for the system at place `kind`
    template <class F>
    static void visit(int kind, F&& f) {
        int place = 0;
        ((place++ == kind ? f.template operator()<S>() : void()), ...);
    }
};

// the order is SystemSpec::kind
using Systems = SystemList<DoublePendulum, SpringPendulum, SpringPendulumSeed, Pendulum, HarmonicOscillator>;

}  // namespace lnn::inline LNN_ISA
