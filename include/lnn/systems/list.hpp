// The physical systems there are. A new one: its header, and a line here; acceleration, energy, data, command-line
// name and tests come with it.
#pragma once

#include "lnn/list.hpp"
#include "lnn/systems/double_pendulum.hpp"
#include "lnn/systems/harmonic_oscillator.hpp"
#include "lnn/systems/pendulum.hpp"
#include "lnn/systems/spring_pendulum.hpp"
#include "lnn/systems/text.hpp"

namespace lnn::inline LNN_ISA {

// the order is SystemSpec::kind
using Systems = TypeList<DoublePendulum, SpringPendulum, SpringPendulumSeed, Pendulum, HarmonicOscillator>;

// f.template operator()<System>() for the system of a spec; not at all where there is none
template <class F>
void with_system(const SystemSpec& spec, F&& f) {
    if (spec.kind == text_system)
        f.template operator()<TextSystem>();
    else
        Systems::visit(spec.kind, f);
}

}  // namespace lnn::inline LNN_ISA
