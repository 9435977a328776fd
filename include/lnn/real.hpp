// The number a formula runs on: float or double (one CUDA thread, or one value on the host), or a Pack (one SIMD
// register, a sample a lane). Every function of floor 0 is written once on these operations.
//
// A product and a sum are fused only where the source says so:
//   mul_add(a, b, c)  a b + c in one rounding where the processor has the instruction, in two where it has not;
//                     for sums of products
//   fused(a, b, c)    always one rounding; for error-free transformations, which are wrong without it
//
// The instruction set is part of the namespace (LNN_ISA), so that two object files built for two instruction sets
// never share an inline function: the linker would keep one copy for both.
#pragma once

#include <cmath>
#include <concepts>
#include <cstdint>
#include <cstring>
#include <type_traits>

#if defined(__CUDACC__)
#define LNN_HD __host__ __device__ inline
#define LNN_UNROLL_BY(n) _Pragma("unroll")
#define LNN_ROLLED _Pragma("unroll 1")  // a long body: once in the code
#else
#define LNN_HD inline
#define LNN_PRAGMA(x) _Pragma(#x)
#define LNN_UNROLL_BY(n) LNN_PRAGMA(GCC unroll n)
#define LNN_ROLLED _Pragma("GCC unroll 1")
#endif
#define LNN_UNROLL LNN_UNROLL_BY(8)

#ifndef LNN_ISA
#define LNN_ISA isa_base
#endif

namespace lnn::inline LNN_ISA {

// Scalar: the type of one lane; With<T>: the same lanes of another scalar; width: lanes; registers: Reals a matrix
// product may hold; Mask: of a comparison
template <class R>
struct RealTraits;

template <std::floating_point T>
struct RealTraits<T> {
    using Scalar = T;
    template <class S>
    using With = S;
    using Mask = bool;
    template <class S>
    static LNN_HD T load(const S* p) {
        return static_cast<T>(*p);
    }
    static constexpr int width = 1;
    static constexpr int registers = 64;
};

template <class R>
using ScalarOf = typename RealTraits<R>::Scalar;
template <class R>
using MaskOf = typename RealTraits<R>::Mask;
template <class R, class T>
using WithScalar = typename RealTraits<R>::template With<T>;
template <class R>
inline constexpr int width_of = RealTraits<R>::width;

template <class R>
concept Real = requires {
    typename RealTraits<R>::Scalar;
};

#if defined(__FMA__) || defined(__CUDA_ARCH__)
LNN_HD float mul_add(float a, float b, float c) { return std::fma(a, b, c); }
LNN_HD double mul_add(double a, double b, double c) { return std::fma(a, b, c); }
#else
LNN_HD float mul_add(float a, float b, float c) { return a * b + c; }
LNN_HD double mul_add(double a, double b, double c) { return a * b + c; }
#endif
LNN_HD float fused(float a, float b, float c) { return std::fma(a, b, c); }
LNN_HD double fused(double a, double b, double c) { return std::fma(a, b, c); }

LNN_HD float square_root(float x) { return std::sqrt(x); }
LNN_HD double square_root(double x) { return std::sqrt(x); }
LNN_HD float select(bool m, float a, float b) { return m ? a : b; }
LNN_HD double select(bool m, double a, double b) { return m ? a : b; }
LNN_HD bool any(bool m) { return m; }
LNN_HD bool lane(bool m, int) { return m; }
LNN_HD float lane(float x, int) { return x; }
LNN_HD double lane(double x, int) { return x; }

// bits of a number as an integer of its size, and back
LNN_HD std::int32_t bits(float x) {
    std::int32_t i;
    std::memcpy(&i, &x, sizeof i);
    return i;
}
LNN_HD std::int64_t bits(double x) {
    std::int64_t i;
    std::memcpy(&i, &x, sizeof i);
    return i;
}
LNN_HD float from_bits(std::int32_t i) {
    float x;
    std::memcpy(&x, &i, sizeof x);
    return x;
}
LNN_HD double from_bits(std::int64_t i) {
    double x;
    std::memcpy(&x, &i, sizeof x);
    return x;
}

// the other precision, lane by lane
template <class To, class From>
requires std::floating_point<To> && std::floating_point<From> LNN_HD To convert(From x) { return static_cast<To>(x); }

// dense memory of scalars: a Real is width_of<Real> neighbours
template <Real R, class S>
LNN_HD R load(const S* p) {
    return RealTraits<R>::load(p);
}
template <class S, class R>
requires std::floating_point<R> LNN_HD void store(S* p, R x) { *p = static_cast<S>(x); }

template <Real R>
LNN_HD R absolute(R x) {
    return select(x < R(0), -x, x);
}
template <Real R>
LNN_HD R maximum(R a, R b) {  // b where a is NaN
    return select(a > b, a, b);
}

// a b - c d, with the rounding errors of the products put back (Kahan)
template <Real R>
LNN_HD R difference_of_products(R a, R b, R c, R d) {
    const R cd = c * d;
    const R error = fused(-c, d, cd);
    return fused(a, b, -cd) + error;
}

}  // namespace lnn::inline LNN_ISA
