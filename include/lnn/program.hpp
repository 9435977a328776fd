// A Lagrangian as data: a short program of operations on registers, each a number that carries derivatives (dual.hpp).
// Made once from text (host/settings/lagrangian_text.hpp), it crosses the door with the spec of its system and runs in
// lanes and threads alike: no compiler is needed at run time.
#pragma once

#include <array>
#include <cstdint>

namespace lnn {

enum class Op : std::uint8_t {
    variable,  // number a: q_1 .. q_n, v_1 .. v_n
    add,       // x + y
    subtract,
    multiply,
    divide,
    add_constant,       // x + c
    multiply_constant,  // c x
    divide_constant,    // c / x
    power,              // x^c
    sin,
    cos,
    tan,
    asin,
    acos,
    atan,
    exp,
    log,
    sqrt,
    tanh,
    abs
};

// register `to` becomes the operation on registers x = a and y = b, or on x and constant number b
struct Instruction {
    Op op;
    std::uint8_t to, a, b;
};

constexpr bool takes_constant(Op op) { return op >= Op::add_constant && op <= Op::power; }
constexpr bool takes_two(Op op) { return op >= Op::add && op <= Op::divide; }

inline constexpr int max_instructions = 256;
inline constexpr int max_constants = 64;
inline constexpr int max_registers = 24;

struct Program {
    int size = 0;    // instructions; 0: there is no program
    int result = 0;  // the register that L is in at the end
    std::array<Instruction, max_instructions> code{};
    std::array<double, max_constants> constants{};
};

}  // namespace lnn
