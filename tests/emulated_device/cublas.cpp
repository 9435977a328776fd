// A stand-in for cuBLAS: the functions that the project calls, by BLAS. Scalars are read when the function is called,
// arrays when the device comes to it.
#include <cublas_v2.h>

#include "device.hpp"

extern "C" {

// of BLAS, whose hidden lengths of characters no implementation in use reads
void ssyrk_(const char*, const char*, const int*, const int*, const float*, const float*, const int*, const float*,
            float*, const int*);
void dsyrk_(const char*, const char*, const int*, const int*, const double*, const double*, const int*, const double*,
            double*, const int*);
void sgemv_(const char*, const int*, const int*, const float*, const float*, const int*, const float*, const int*,
            const float*, float*, const int*);
void dgemv_(const char*, const int*, const int*, const double*, const double*, const int*, const double*, const int*,
            const double*, double*, const int*);
}

namespace {

char handle;

const char* name_of(cublasOperation_t op) { return op == CUBLAS_OP_N ? "N" : "T"; }
const char* name_of(cublasFillMode_t fill) { return fill == CUBLAS_FILL_MODE_UPPER ? "U" : "L"; }

// counts a call; how it fails, or success
cublasStatus_t counted(cublasStatus_t failure) {
    const cudaError_t error = emulated::fault_of("cublas");
    return error == cudaSuccess                 ? CUBLAS_STATUS_SUCCESS
           : error == cudaErrorMemoryAllocation ? CUBLAS_STATUS_ALLOC_FAILED
                                                : failure;
}

// counted; the work waits its turn
template <class F>
cublasStatus_t call(F&& work) {
    const cublasStatus_t status = counted(CUBLAS_STATUS_EXECUTION_FAILED);
    if (status == CUBLAS_STATUS_SUCCESS) emulated::enqueue(std::forward<F>(work));
    return status;
}

}  // namespace

#define LNN_SYRK(name, T, blas)                                                                                    \
    cublasStatus_t name(cublasHandle_t, cublasFillMode_t fill, cublasOperation_t op, int n, int k, const T* alpha, \
                        const T* A, int lda, const T* beta, T* C, int ldc) {                                       \
        return call([=, alpha = *alpha, beta = *beta] {                                                            \
            blas(name_of(fill), name_of(op), &n, &k, &alpha, A, &lda, &beta, C, &ldc);                             \
        });                                                                                                        \
    }
#define LNN_GEMV(name, T, blas)                                                                                  \
    cublasStatus_t name(cublasHandle_t, cublasOperation_t op, int m, int n, const T* alpha, const T* A, int lda, \
                        const T* x, int incx, const T* beta, T* y, int incy) {                                   \
        return call([=, alpha = *alpha, beta = *beta] {                                                          \
            blas(name_of(op), &m, &n, &alpha, A, &lda, x, &incx, &beta, y, &incy);                               \
        });                                                                                                      \
    }

extern "C" {

cublasStatus_t cublasCreate_v2(cublasHandle_t* made) {
    *made = reinterpret_cast<cublasHandle_t>(&handle);
    return counted(CUBLAS_STATUS_NOT_INITIALIZED);
}

LNN_SYRK(cublasSsyrk_v2, float, ssyrk_)
LNN_SYRK(cublasDsyrk_v2, double, dsyrk_)
LNN_GEMV(cublasSgemv_v2, float, sgemv_)
LNN_GEMV(cublasDgemv_v2, double, dgemv_)
}
