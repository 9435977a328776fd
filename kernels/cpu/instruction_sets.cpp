#include "cpu/instruction_sets.hpp"

#include <cpuid.h>

#include <algorithm>
#include <string_view>

#include "lnn/error.hpp"

// LNN_INSTRUCTION_SETS, given by CMake: SET(name) for each in this build, the widest last
#define SET(name)                                               \
    namespace lnn::isa_##name {                                 \
        extern const LaneKernels<float> lanes_f32;              \
        extern const LaneKernels<double> lanes_f64;             \
        extern const SystemLaneKernels lanes_systems;           \
        extern const EquationLanes<float> lanes_equations_f32;  \
        extern const EquationLanes<double> lanes_equations_f64; \
        extern const CholeskyLanes lanes_cholesky;              \
    }
LNN_INSTRUCTION_SETS
#undef SET

namespace lnn {

namespace {

#define SET(name)                      \
    {#name,                            \
     &isa_##name::lanes_f32,           \
     &isa_##name::lanes_f64,           \
     &isa_##name::lanes_systems,       \
     &isa_##name::lanes_equations_f32, \
     &isa_##name::lanes_equations_f64, \
     &isa_##name::lanes_cholesky},
const Lanes built[] = {LNN_INSTRUCTION_SETS};
#undef SET

bool supported(std::string_view name) {
    __builtin_cpu_init();
    if (name == "avx2") return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
    if (name == "avx512")
        return supported("avx2") && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq") &&
               __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512bw");
    return name == "portable";
}

}  // namespace

const Lanes& lanes_of(const std::string& wanted) {
    for (auto lanes = std::rbegin(built); lanes != std::rend(built); ++lanes)
        if ((wanted == "auto" || wanted == lanes->name) && supported(lanes->name)) return *lanes;
    const char* const known[] = {"portable", "avx2", "avx512"};
    if (std::find(std::begin(known), std::end(known), wanted) == std::end(known))
        throw Error(Exit::usage, "unknown instruction set '" + wanted + "'; use auto, avx512, avx2 or portable");
    throw Error(Exit::backend, std::string("this ") + (supported(wanted) ? "build" : "processor") + " has no " +
                                   wanted + "; use run.isa = \"auto\"");
}

std::string processor_name() {
    unsigned words[12] = {};
    for (unsigned i = 0; i < 3; ++i)
        if (!__get_cpuid(0x80000002 + i, &words[4 * i], &words[4 * i + 1], &words[4 * i + 2], &words[4 * i + 3]))
            return "unknown processor";
    const std::string name(reinterpret_cast<const char*>(words), sizeof words);
    return name.substr(0, name.find_last_not_of(std::string(" \0", 2)) + 1);
}

}  // namespace lnn
