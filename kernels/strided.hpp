// Memory of many samples interleaved: element i of one of them at i stride, so that threads on neighbouring samples
// touch neighbouring words.
#pragma once

#include "lnn/real.hpp"

namespace lnn::inline LNN_ISA {

template <class T>
struct Strided {
    T* p;
    int stride;

    LNN_HD T& operator[](int i) const { return p[std::int64_t(i) * stride]; }
    LNN_HD Strided operator+(int i) const { return {p + std::int64_t(i) * stride, stride}; }
};

}  // namespace lnn::inline LNN_ISA
