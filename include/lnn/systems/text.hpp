// A system whose Lagrangian is a program (program.hpp), of as many degrees of freedom as its spec says.
#pragma once

#include <new>

#include "lnn/dual.hpp"
#include "lnn/spec.hpp"

namespace lnn::inline LNN_ISA {

// D: a Dual along (q, v); q, v: (n). A result is made where it stays: no instruction writes a register that it reads.
template <class D, class R>
LNN_HD D run_program(const Program& program, const R* q, const R* v, int n) {
    union Registers {
        LNN_HD Registers() {}
        D of[max_registers];
    } registers;
    for (int i = 0; i < program.size; ++i) {
        const Instruction& step = program.code[i];
        const D &x = registers.of[step.a], &y = registers.of[takes_two(step.op) ? step.b : step.a];
        const double c = takes_constant(step.op) ? program.constants[step.b] : 0;
        void* const to = &registers.of[step.to];
        switch (step.op) {
            case Op::variable:
                new (to) D(D::variable(step.a < n ? q[step.a] : v[step.a - n], step.a, 2 * n));
                break;
            case Op::add:
                new (to) D(x + y);
                break;
            case Op::subtract:
                new (to) D(x - y);
                break;
            case Op::multiply:
                new (to) D(x * y);
                break;
            case Op::divide:
                new (to) D(x / y);
                break;
            case Op::add_constant:
                new (to) D(x + c);
                break;
            case Op::multiply_constant:
                new (to) D(c * x);
                break;
            case Op::divide_constant:
                new (to) D(c / x);
                break;
            case Op::power:
                new (to) D(pow(x, c));
                break;
            case Op::sin:
                new (to) D(sin(x));
                break;
            case Op::cos:
                new (to) D(cos(x));
                break;
            case Op::tan:
                new (to) D(tan(x));
                break;
            case Op::asin:
                new (to) D(asin(x));
                break;
            case Op::acos:
                new (to) D(acos(x));
                break;
            case Op::atan:
                new (to) D(atan(x));
                break;
            case Op::exp:
                new (to) D(exp(x));
                break;
            case Op::log:
                new (to) D(log(x));
                break;
            case Op::sqrt:
                new (to) D(sqrt(x));
                break;
            case Op::tanh:
                new (to) D(tanh(x));
                break;
            case Op::abs:
                new (to) D(abs(x));
                break;
        }
    }
    return registers.of[program.result];
}

struct TextSystem {
    static constexpr int dof = any_dof;

    template <class D, class R>
    LNN_HD static D lagrangian(const SystemSpec& spec, const R* q, const R* v) {
        return run_program<D>(spec.program, q, v, spec.dof);
    }
};

}  // namespace lnn::inline LNN_ISA
