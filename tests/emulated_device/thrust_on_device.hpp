// Thrust's own system for the processor, its work done where the device's is: comes before sources that use Thrust.
#pragma once

#include <thrust/execution_policy.h>
#include <thrust/system_error.h>
#include <thrust/transform_reduce.h>

#include <optional>

#include "device.hpp"

namespace thrust::system::cpp::detail {

template <class Iterator, class Unary, class T, class Binary>
T transform_reduce(par_t&, Iterator first, Iterator last, Unary unary, T initial, Binary binary) {
    std::optional<T> sum;
    emulated::enqueue([&] { sum = thrust::transform_reduce(thrust::seq, first, last, unary, initial, binary); });
    if (const cudaError_t error = emulated::synchronize(); error != cudaSuccess)
        throw thrust::system_error(error, thrust::generic_category(), "transform_reduce");
    return *sum;
}

}  // namespace thrust::system::cpp::detail
