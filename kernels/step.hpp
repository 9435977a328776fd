// What a step of training does once its gradient is there: its norm, and whether and how the weights follow. The same
// for a team of CPU threads and a CUDA block.
#pragma once

#include "jobs.hpp"
#include "lnn/adam.hpp"

namespace lnn::inline LNN_ISA {

// A norm is summed in float64 (a float32 gradient may be finite and its square not), over blocks of parameters and
// in each over so many strands: strand s has parameters s, s + 32, ...
inline constexpr int norm_strands = 32;

template <class T>
LNN_HD double norm_strand(const T* gradient, int begin, int end, int strand) {
    double sum = 0;
    for (int p = begin + strand; p < end; p += norm_strands)
        sum = mul_add(double(gradient[p]), double(gradient[p]), sum);
    return sum;
}

// strands to one sum, by halves
LNN_HD double sum_of_strands(const double* strands) {
    constexpr int half = norm_strands / 2;
    double s[half];
    LNN_UNROLL
    for (int i = 0; i < half; ++i) s[i] = strands[i] + strands[i + half];
    LNN_UNROLL
    for (int n = half / 2; n > 0; n /= 2) {
        LNN_UNROLL
        for (int i = 0; i < half / 2; ++i)
            if (i < n) s[i] = s[i] + s[i + n];
    }
    return s[0];
}

template <class T>
struct StepDecision {
    bool update;  // else the weights stay as they are
    T scale;      // of the gradient: clipping
    AdamStep<T> adam;
};

// step `step` of a model, from its gradient's norm and its loss; counts it as applied, skipped or failed
template <class T>
LNN_HD StepDecision<T> decide(const AdamSpec& adam, std::int64_t step, double norm, double loss,
                              TrainProgress& progress) {
    const bool clipped = adam.clip > 0 && norm > adam.clip;
    const T scale = clipped ? T(adam.clip / norm) : T(1);
    // Adam squares every entry of the gradient, of which none is larger than the norm.
    const T largest = T(norm * double(scale)), square = T(1 - adam.beta2) * largest * largest;
    const bool finite = std::isfinite(square) && std::isfinite(loss);
    if (finite)
        ++progress.applied;
    else if (adam.skip_bad)
        ++progress.skipped;
    else
        progress.failed = step;
    return {finite, scale,
            AdamStep<T>(adam, learning_rate(adam.schedule, step), power(adam.beta1, progress.applied),
                        power(adam.beta2, progress.applied))};
}

// power of two below a condition number; the last bin holds all beyond
template <class T>
LNN_HD int condition_bin(T condition) {
    const int exponent = int(bits(condition) >> Elementary<T>::mantissa) - Elementary<T>::bias;
    return exponent < 0 ? 0 : exponent < condition_bins ? exponent : condition_bins - 1;
}

}  // namespace lnn::inline LNN_ISA
