// W samples side by side in one SIMD register: the Real of the CPU backend.
//
// Built on the vector types and shuffles of g++, with intrinsics only for the fused product and the square root.
// A Pack wider than the instruction set's register is two halves, used to hold float64 states beside float32 networks.
#pragma once

#include <immintrin.h>

#include "lnn/real.hpp"

#define LNN_LANES [[gnu::always_inline]] inline

namespace lnn::inline LNN_ISA {

#if defined(__AVX512F__) && defined(__AVX512DQ__)
inline constexpr int register_bytes = 64;
#elif defined(__AVX2__) && defined(__FMA__)
inline constexpr int register_bytes = 32;
#else
inline constexpr int register_bytes = 16;
#endif

// the compilers' vector types, spelled out: g++ 12 mistakes a vector_size that depends on a template argument
template <class T, int W>
struct Register;
#define LNN_REGISTER(T, I, W)                                         \
    template <>                                                       \
    struct Register<T, W> {                                           \
        typedef T Vector __attribute__((vector_size(W * sizeof(T)))); \
        typedef I Bits __attribute__((vector_size(W * sizeof(T))));   \
        typedef I Integer;                                            \
    };
LNN_REGISTER(float, std::int32_t, 2)
LNN_REGISTER(float, std::int32_t, 4)
LNN_REGISTER(float, std::int32_t, 8)
LNN_REGISTER(float, std::int32_t, 16)
LNN_REGISTER(double, std::int64_t, 2)
LNN_REGISTER(double, std::int64_t, 4)
LNN_REGISTER(double, std::int64_t, 8)
#undef LNN_REGISTER
template <class T>
using IntegerOf = typename Register<T, 4>::Integer;

template <class T, int W, bool fits = (W * sizeof(T) <= register_bytes)>
struct Pack;

template <class T, int W>
struct Pack<T, W, true> {
    using Vector = typename Register<T, W>::Vector;
    using Bits = typename Register<T, W>::Bits;
    Vector v;

    Pack() = default;
    LNN_LANES Pack(Vector x) : v(x) {}
    LNN_LANES explicit(false) Pack(T x) : v(x - Vector{}) {}
    LNN_LANES friend Pack operator+(Pack a, Pack b) { return a.v + b.v; }
    LNN_LANES friend Pack operator-(Pack a, Pack b) { return a.v - b.v; }
    LNN_LANES friend Pack operator*(Pack a, Pack b) { return a.v * b.v; }
    LNN_LANES friend Pack operator/(Pack a, Pack b) { return a.v / b.v; }
    LNN_LANES friend Pack operator-(Pack a) { return -a.v; }
};

template <class T, int W>
struct Pack<T, W, false> {
    Pack<T, W / 2> low, high;

    Pack() = default;
    LNN_LANES Pack(Pack<T, W / 2> l, Pack<T, W / 2> h) : low(l), high(h) {}
    LNN_LANES explicit(false) Pack(T x) : low(x), high(x) {}
    LNN_LANES friend Pack operator+(Pack a, Pack b) { return {a.low + b.low, a.high + b.high}; }
    LNN_LANES friend Pack operator-(Pack a, Pack b) { return {a.low - b.low, a.high - b.high}; }
    LNN_LANES friend Pack operator*(Pack a, Pack b) { return {a.low * b.low, a.high * b.high}; }
    LNN_LANES friend Pack operator/(Pack a, Pack b) { return {a.low / b.low, a.high / b.high}; }
    LNN_LANES friend Pack operator-(Pack a) { return {-a.low, -a.high}; }
};

// a comparison's result; all bits of a lane set or none
template <class T, int W, bool fits = (W * sizeof(T) <= register_bytes)>
struct Mask;

template <class T, int W>
struct Mask<T, W, true> {
    typename Pack<T, W>::Bits v;
    LNN_LANES friend Mask operator|(Mask a, Mask b) { return {a.v | b.v}; }
    LNN_LANES friend Mask operator&(Mask a, Mask b) { return {a.v & b.v}; }
    LNN_LANES friend Mask operator!(Mask a) { return {~a.v}; }
};

template <class T, int W>
struct Mask<T, W, false> {
    Mask<T, W / 2> low, high;
    LNN_LANES friend Mask operator|(Mask a, Mask b) { return {a.low | b.low, a.high | b.high}; }
    LNN_LANES friend Mask operator&(Mask a, Mask b) { return {a.low & b.low, a.high & b.high}; }
    LNN_LANES friend Mask operator!(Mask a) { return {!a.low, !a.high}; }
};

template <class P>
inline constexpr bool is_pack = false;
template <class T, int W>
inline constexpr bool is_pack<Pack<T, W>> = true;
// one register, or two halves
template <class T, int W>
inline constexpr bool is_register = W * sizeof(T) <= register_bytes;

#define LNN_COMPARE(op)                                            \
    template <class T, int W>                                      \
    LNN_LANES Mask<T, W> operator op(Pack<T, W> a, Pack<T, W> b) { \
        if constexpr (is_register<T, W>)                           \
            return {a.v op b.v};                                   \
        else                                                       \
            return {a.low op b.low, a.high op b.high};             \
    }
LNN_COMPARE(<)
LNN_COMPARE(>)
LNN_COMPARE(<=)
LNN_COMPARE(>=)
LNN_COMPARE(==)
#undef LNN_COMPARE

template <class T, int W>
LNN_LANES Pack<T, W> select(Mask<T, W> m, Pack<T, W> a, Pack<T, W> b) {
    if constexpr (is_register<T, W>)
        return Pack<T, W>(m.v ? a.v : b.v);
    else
        return {select(m.low, a.low, b.low), select(m.high, a.high, b.high)};
}

template <class T, int W>
LNN_LANES bool lane(Mask<T, W> m, int i) {
    if constexpr (is_register<T, W>)
        return m.v[i] != 0;
    else
        return i < W / 2 ? lane(m.low, i) : lane(m.high, i - W / 2);
}
template <class T, int W>
LNN_LANES T lane(Pack<T, W> x, int i) {
    if constexpr (is_register<T, W>)
        return x.v[i];
    else
        return i < W / 2 ? lane(x.low, i) : lane(x.high, i - W / 2);
}
template <class T, int W>
LNN_LANES bool any(Mask<T, W> m) {
    bool r = false;
    for (int i = 0; i < W; ++i) r |= lane(m, i);
    return r;
}

// fused product: by register size
#if defined(__FMA__)
LNN_LANES __m128 fma_register(__m128 a, __m128 b, __m128 c) { return _mm_fmadd_ps(a, b, c); }
LNN_LANES __m128d fma_register(__m128d a, __m128d b, __m128d c) { return _mm_fmadd_pd(a, b, c); }
LNN_LANES __m256 fma_register(__m256 a, __m256 b, __m256 c) { return _mm256_fmadd_ps(a, b, c); }
LNN_LANES __m256d fma_register(__m256d a, __m256d b, __m256d c) { return _mm256_fmadd_pd(a, b, c); }
#if defined(__AVX512F__)
LNN_LANES __m512 fma_register(__m512 a, __m512 b, __m512 c) { return _mm512_fmadd_ps(a, b, c); }
LNN_LANES __m512d fma_register(__m512d a, __m512d b, __m512d c) { return _mm512_fmadd_pd(a, b, c); }
#endif
#endif

template <class T, int W>
LNN_LANES Pack<T, W> fused(Pack<T, W> a, Pack<T, W> b, Pack<T, W> c) {
    if constexpr (!is_register<T, W>) {
        return {fused(a.low, b.low, c.low), fused(a.high, b.high, c.high)};
    } else {
#if defined(__FMA__)
        return Pack<T, W>(fma_register(a.v, b.v, c.v));
#else
        Pack<T, W> r(T(0));
        for (int i = 0; i < W; ++i) r.v[i] = std::fma(a.v[i], b.v[i], c.v[i]);
        return r;
#endif
    }
}

template <class T, int W>
LNN_LANES Pack<T, W> mul_add(Pack<T, W> a, Pack<T, W> b, Pack<T, W> c) {
#if defined(__FMA__)
    return fused(a, b, c);
#else
    return a * b + c;
#endif
}

LNN_LANES Register<float, 2>::Vector sqrt_register(Register<float, 2>::Vector x) {
    return Register<float, 2>::Vector{std::sqrt(x[0]), std::sqrt(x[1])};
}
LNN_LANES __m128 sqrt_register(__m128 x) { return _mm_sqrt_ps(x); }
LNN_LANES __m128d sqrt_register(__m128d x) { return _mm_sqrt_pd(x); }
#if defined(__AVX2__)
LNN_LANES __m256 sqrt_register(__m256 x) { return _mm256_sqrt_ps(x); }
LNN_LANES __m256d sqrt_register(__m256d x) { return _mm256_sqrt_pd(x); }
#endif
#if defined(__AVX512F__)
LNN_LANES __m512 sqrt_register(__m512 x) { return _mm512_sqrt_ps(x); }
LNN_LANES __m512d sqrt_register(__m512d x) { return _mm512_sqrt_pd(x); }
#endif

template <class T, int W>
LNN_LANES Pack<T, W> square_root(Pack<T, W> x) {
    if constexpr (is_register<T, W>)
        return Pack<T, W>(sqrt_register(x.v));
    else
        return {square_root(x.low), square_root(x.high)};
}

// integers in the lanes of a register, as `bits` and `from_bits` give and take them
template <class T, int W, bool fits = is_register<T, W>>
struct BitPack;
template <class T, int W>
struct BitPack<T, W, true> {
    typename Pack<T, W>::Bits v;
    LNN_LANES friend BitPack operator+(BitPack a, IntegerOf<T> b) { return {a.v + b}; }
    LNN_LANES friend BitPack operator&(BitPack a, IntegerOf<T> b) { return {a.v & b}; }
    LNN_LANES friend BitPack operator<<(BitPack a, int b) { return {a.v << b}; }
    LNN_LANES friend BitPack operator>>(BitPack a, int b) { return {a.v >> b}; }
    LNN_LANES friend Mask<T, W> operator!=(BitPack a, IntegerOf<T> b) { return {a.v != b}; }
};
template <class T, int W>
struct BitPack<T, W, false> {
    BitPack<T, W / 2> low, high;
    LNN_LANES friend BitPack operator+(BitPack a, IntegerOf<T> b) { return {a.low + b, a.high + b}; }
    LNN_LANES friend BitPack operator&(BitPack a, IntegerOf<T> b) { return {a.low & b, a.high & b}; }
    LNN_LANES friend BitPack operator<<(BitPack a, int b) { return {a.low << b, a.high << b}; }
    LNN_LANES friend BitPack operator>>(BitPack a, int b) { return {a.low >> b, a.high >> b}; }
    LNN_LANES friend Mask<T, W> operator!=(BitPack a, IntegerOf<T> b) { return {a.low != b, a.high != b}; }
};

template <class T, int W>
LNN_LANES BitPack<T, W> bits(Pack<T, W> x) {
    if constexpr (is_register<T, W>)
        return {(typename Pack<T, W>::Bits)x.v};
    else
        return {bits(x.low), bits(x.high)};
}
template <class T, int W>
LNN_LANES Pack<T, W> from_bits(BitPack<T, W> i) {
    if constexpr (is_register<T, W>)
        return Pack<T, W>((typename Pack<T, W>::Vector)i.v);
    else
        return {from_bits(i.low), from_bits(i.high)};
}

template <class P, class T, int W>
requires is_pack<P> LNN_LANES P convert(Pack<T, W> x) {
    using To = ScalarOf<P>;
    if constexpr (std::same_as<To, T>)
        return x;
    else if constexpr (is_register<T, W> && is_register<To, W>)
        return P(__builtin_convertvector(x.v, typename P::Vector));
    else if constexpr (is_register<T, W>) {  // one register in, two halves out
        typename Register<T, W / 2>::Vector low, high;
        __builtin_memcpy(&low, &x.v, sizeof low);
        __builtin_memcpy(&high, reinterpret_cast<const char*>(&x.v) + sizeof low, sizeof high);
        return P(convert<Pack<To, W / 2>>(Pack<T, W / 2>(low)), convert<Pack<To, W / 2>>(Pack<T, W / 2>(high)));
    } else if constexpr (is_register<To, W>) {  // two halves in, one register out
        const auto low = convert<Pack<To, W / 2>>(x.low), high = convert<Pack<To, W / 2>>(x.high);
        P r;
        __builtin_memcpy(&r.v, &low.v, sizeof low.v);
        __builtin_memcpy(reinterpret_cast<char*>(&r.v) + sizeof low.v, &high.v, sizeof high.v);
        return r;
    } else
        return P(convert<Pack<To, W / 2>>(x.low), convert<Pack<To, W / 2>>(x.high));
}

template <class T, int W>
struct RealTraits<Pack<T, W>> {
    using Scalar = T;
    template <class S>
    using With = Pack<S, W>;
    using Mask = LNN_ISA::Mask<T, W>;
    static constexpr int width = W;
    static constexpr int registers = register_bytes == 64 ? 32 : 16;

    // memory need not be aligned
    template <class S>
    LNN_LANES static Pack<T, W> load(const S* p) {
        if constexpr (is_register<S, W>) {
            typename Pack<S, W>::Vector v;
            __builtin_memcpy(&v, p, sizeof v);
            return convert<Pack<T, W>>(Pack<S, W>(v));
        } else {
            using Half = RealTraits<Pack<S, W / 2>>;
            return convert<Pack<T, W>>(Pack<S, W>(Half::load(p), Half::load(p + W / 2)));
        }
    }
};

template <class S, class T, int W>
LNN_LANES void store(S* p, Pack<T, W> x) {
    const auto y = convert<Pack<S, W>>(x);
    if constexpr (is_register<S, W>) {
        __builtin_memcpy(p, &y.v, sizeof y.v);
    } else {
        store(p, y.low);
        store(p + W / 2, y.high);
    }
}

// sums over the lanes of W registers at once, as pairs, pairs of pairs, ...: lane i of the result is the sum of x[i]
template <class T, int W>
LNN_LANES Pack<T, W> add_neighbours(Pack<T, W> a, Pack<T, W> b) {
    typename Pack<T, W>::Bits even, odd;
    for (int i = 0; i < W; ++i) even[i] = 2 * i, odd[i] = 2 * i + 1;
    return Pack<T, W>(__builtin_shuffle(a.v, b.v, even) + __builtin_shuffle(a.v, b.v, odd));
}
template <class T, int W>
LNN_LANES Pack<T, W> sums_of_lanes(const Pack<T, W>* x) {
    Pack<T, W> s[W];
    for (int i = 0; i < W; ++i) s[i] = x[i];
    for (int n = W / 2; n > 0; n /= 2)
        for (int i = 0; i < n; ++i) s[i] = add_neighbours(s[2 * i], s[2 * i + 1]);
    return s[0];
}
template <class T, int W>
LNN_LANES T sum_of_lanes(Pack<T, W> x) {
    T s[W];
    store(s, x);
    for (int n = W / 2; n > 0; n /= 2)
        for (int i = 0; i < n; ++i) s[i] = s[2 * i] + s[2 * i + 1];
    return s[0];
}

}  // namespace lnn::inline LNN_ISA
