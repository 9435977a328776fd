// A Lagrangian as text; what is taken runs, and reads and writes its own registers alone.
#include "fuzz.hpp"
#include "lnn/systems/text.hpp"
#include "settings/lagrangian_text.hpp"

using namespace lnn;

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string text(fuzz::bytes_of(data, size));
    Program program;
    if (!fuzz::takes([&] { program = lagrangian_program(text, {"x", "theta1"}, {{"m", 2.0}, {"g", 9.8}}); })) return 0;
    fuzz::require(program.size >= 1 && program.size <= max_instructions, "a program of no instructions, or too many");
    for (int i = 0; i < program.size; ++i) {
        const Instruction& step = program.code[i];
        fuzz::require(step.to < max_registers && step.a < max_registers && step.b < max_constants, "a register");
        fuzz::require(step.op == Op::variable || step.to != step.a, "writes what it reads");
    }
    const double q[] = {0.3, -0.8}, v[] = {1.1, 0.2};
    run_program<Dual<double, 4>>(program, q, v, 2);
    return 0;
}
