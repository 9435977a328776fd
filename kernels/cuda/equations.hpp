// Least squares on a card: normal equations by cuBLAS, damped steps by cuSOLVER. Throws Exit::backend where they are
// missing.
#pragma once

#include <vector>

#include "cuda/device.hpp"
#include "jobs.hpp"

namespace lnn::cuda {

// throws where a library is missing, before there is any work
void require_least_squares();

// Adds the products of a chunk: matrix (models, parameters, parameters), the lower triangle by rows, += share J^T J;
// right (models, parameters) += share J^T r. In T within the chunk.
template <class T>
void add_products(const Card&, const JacobianJob<T>&, int models, double share, double* matrix, double* right);

// matrix x = right for symmetric positive definite ones, the lower triangle by rows: matrix (models, parameters,
// parameters) becomes the factor, right (models, parameters) the solution. Whether each was positive definite.
std::vector<bool> solve_definite(int parameters, int models, double* matrix, double* right);

}  // namespace lnn::cuda
