// cuBLAS and cuSOLVER at work: their handles, and what a status of theirs means. Throws Exit::backend where they are
// missing.
#pragma once

#include <cublas_v2.h>
#include <cusolverDn.h>

#include "cuda/libraries.hpp"

namespace lnn::cuda {

// made once and never given back: at the end of the program the driver may be gone before them
cublasHandle_t cublas_handle();
cusolverDnHandle_t cusolver_handle();

void check_cublas(cublasStatus_t);
void check_cusolver(cusolverStatus_t);

}  // namespace lnn::cuda
