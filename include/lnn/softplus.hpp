// softplus(z) = log(1 + e^z) and its first three derivatives, all from the one exponential e = e^-|z|:
//   s1 = sigmoid(z),  s2 = e / (1 + e)^2,  s3 = s2 (1 - 2 s1) with 1 - 2 s1 = -sign(z) (1 - e) / (1 + e).
// (s1 (1 - s1) would cancel: 17 % wrong in float32 at z = 15.)
#pragma once

#include "lnn/elementary.hpp"

namespace lnn::inline LNN_ISA {

template <Real R>
struct Softplus {
    R y, s1, s2, s3;
};

template <Real R>
LNN_HD Softplus<R> softplus(R z) {
    const R e = exponential(-absolute(z));
    const R inverse = R(1) / (R(1) + e);
    const auto positive = z > R(0);
    const R ratio = e * inverse;
    const R s2 = ratio * inverse;
    const R slope = (R(1) - e) * inverse;
    return {select(positive, z, R(0)) + log1p_unit(e), select(positive, inverse, ratio), s2,
            s2 * select(positive, -slope, slope)};
}

}  // namespace lnn::inline LNN_ISA
