// A stand-in for cuSOLVER: the functions that the project calls, by LAPACK.
#include <cusolverDn.h>

#include <utility>
#include <vector>

#include "device.hpp"

extern "C" {

void sgesvd_(const char*, const char*, const int*, const int*, float*, const int*, float*, float*, const int*, float*,
             const int*, float*, const int*, int*);
void dgesvd_(const char*, const char*, const int*, const int*, double*, const int*, double*, double*, const int*,
             double*, const int*, double*, const int*, int*);
void dpotrf_(const char*, const int*, double*, const int*, int*);
void dpotrs_(const char*, const int*, const int*, const double*, const int*, double*, const int*, int*);
}

namespace {

char handle, settings;

const char* name_of(cublasFillMode_t fill) { return fill == CUBLAS_FILL_MODE_UPPER ? "U" : "L"; }

// counts a call; how it fails, or success
cusolverStatus_t counted(cusolverStatus_t failure) {
    const cudaError_t error = emulated::fault_of("cusolver");
    return error == cudaSuccess                 ? CUSOLVER_STATUS_SUCCESS
           : error == cudaErrorMemoryAllocation ? CUSOLVER_STATUS_ALLOC_FAILED
                                                : failure;
}

// counted; the work waits its turn
template <class F>
cusolverStatus_t call(F&& work) {
    const cusolverStatus_t status = counted(CUSOLVER_STATUS_EXECUTION_FAILED);
    if (status == CUSOLVER_STATUS_SUCCESS) emulated::enqueue(std::forward<F>(work));
    return status;
}

// words of work, which LAPACK's own memory makes needless here: asked for as the library asks for some
constexpr int some_words = 64;

// A = U diag(s) V^T of each matrix, where LAPACK gives V^T
template <class T, class Gesvd>
void decompose(Gesvd gesvd, int n, T* A, int lda, T* S, T* U, int ldu, T* V, int ldv, int* info, int count) {
    std::vector<T> right(n * n), work(64 * n);
    const int words = int(work.size());
    for (int c = 0; c < count; ++c) {
        T* const v = V + std::int64_t(c) * ldv * n;
        gesvd("A", "A", &n, &n, A + std::int64_t(c) * lda * n, &lda, S + std::int64_t(c) * n,
              U + std::int64_t(c) * ldu * n, &ldu, right.data(), &n, work.data(), &words, &info[c]);
        for (int i = 0; i < n; ++i)
            for (int j = 0; j < n; ++j) v[i * ldv + j] = right[j * n + i];
    }
}

}  // namespace

#define LNN_GESVDJ(name, T, gesvd)                                                                                     \
    cusolverStatus_t name##_bufferSize(cusolverDnHandle_t, cusolverEigMode_t, int m, int n, const T*, int, const T*,   \
                                       const T*, int, const T*, int, int* words, gesvdjInfo_t, int) {                  \
        *words = some_words;                                                                                           \
        return m == n && n <= 32 ? CUSOLVER_STATUS_SUCCESS : CUSOLVER_STATUS_INVALID_VALUE;                            \
    }                                                                                                                  \
    cusolverStatus_t name(cusolverDnHandle_t, cusolverEigMode_t, int, int n, T* A, int lda, T* S, T* U, int ldu, T* V, \
                          int ldv, T*, int, int* info, gesvdjInfo_t, int count) {                                      \
        return call([=] { decompose(gesvd, n, A, lda, S, U, ldu, V, ldv, info, count); });                             \
    }

extern "C" {

cusolverStatus_t cusolverDnCreate(cusolverDnHandle_t* made) {
    *made = reinterpret_cast<cusolverDnHandle_t>(&handle);
    return counted(CUSOLVER_STATUS_NOT_INITIALIZED);
}

cusolverStatus_t cusolverDnCreateGesvdjInfo(gesvdjInfo_t* made) {
    *made = reinterpret_cast<gesvdjInfo_t>(&settings);
    return CUSOLVER_STATUS_SUCCESS;
}

LNN_GESVDJ(cusolverDnSgesvdjBatched, float, sgesvd_)
LNN_GESVDJ(cusolverDnDgesvdjBatched, double, dgesvd_)

cusolverStatus_t cusolverDnDpotrf_bufferSize(cusolverDnHandle_t, cublasFillMode_t, int, double*, int, int* words) {
    *words = some_words;
    return CUSOLVER_STATUS_SUCCESS;
}

cusolverStatus_t cusolverDnDpotrf(cusolverDnHandle_t, cublasFillMode_t fill, int n, double* A, int lda, double*, int,
                                  int* info) {
    return call([=] { dpotrf_(name_of(fill), &n, A, &lda, info); });
}

cusolverStatus_t cusolverDnDpotrs(cusolverDnHandle_t, cublasFillMode_t fill, int n, int right, const double* A, int lda,
                                  double* B, int ldb, int* info) {
    return call([=] { dpotrs_(name_of(fill), &n, &right, A, &lda, B, &ldb, info); });
}

cusolverStatus_t cusolverDnDpotrfBatched(cusolverDnHandle_t, cublasFillMode_t fill, int n, double* A[], int lda,
                                         int* info, int count) {
    return call([=] {
        for (int c = 0; c < count; ++c) dpotrf_(name_of(fill), &n, A[c], &lda, &info[c]);
    });
}

cusolverStatus_t cusolverDnDpotrsBatched(cusolverDnHandle_t, cublasFillMode_t fill, int n, int right, double* A[],
                                         int lda, double* B[], int ldb, int* info, int count) {
    if (right != 1) return CUSOLVER_STATUS_NOT_SUPPORTED;
    return call([=] {
        for (int c = 0; c < count; ++c) dpotrs_(name_of(fill), &n, &right, A[c], &lda, B[c], &ldb, info);
    });
}
}
