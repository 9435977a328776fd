// Runs the programs built for wider registers, where the processor has them.
#include <gtest/gtest.h>

#include <cstdlib>
#include <iostream>
#include <string>

namespace {

// floor 0 in a program of its own: its tests pass
void run(bool present, const char* isa, const char* program) {
    if (!present) {
        std::cout << "skipped: this processor has no " << isa << "\n";
        return;
    }
    EXPECT_EQ(std::system(("'" + std::string(program) + "' --gtest_brief=1").c_str()), 0) << program;
}

#ifdef LNN_TESTS_AVX2
TEST(InstructionSets, Avx2) {
    run(__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma"), "avx2", LNN_TESTS_AVX2);
}
#endif

#ifdef LNN_TESTS_AVX512
TEST(InstructionSets, Avx512) {
    run(__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl") &&
            __builtin_cpu_supports("avx512bw"),
        "avx512", LNN_TESTS_AVX512);
}
#endif

}  // namespace
