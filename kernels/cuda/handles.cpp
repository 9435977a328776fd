#include "cuda/handles.hpp"

#include "lnn/error.hpp"

namespace lnn::cuda {
namespace {

// what such a library takes on the card for itself
[[noreturn]] void throw_out_of_memory(const std::string& library) {
    throw OutOfDeviceMemory("out of device memory (" + library + "); use fewer models at once, or --backend cpu");
}

}  // namespace

void check_cublas(cublasStatus_t status) {
    if (status == CUBLAS_STATUS_ALLOC_FAILED) throw_out_of_memory("cuBLAS");
    if (status != CUBLAS_STATUS_SUCCESS)
        throw Error(Exit::backend, "cuBLAS failed with status " + std::to_string(int(status)) + "; use --backend cpu");
}

void check_cusolver(cusolverStatus_t status) {
    if (status == CUSOLVER_STATUS_ALLOC_FAILED) throw_out_of_memory("cuSOLVER");
    if (status != CUSOLVER_STATUS_SUCCESS)
        throw Error(Exit::backend,
                    "cuSOLVER failed with status " + std::to_string(int(status)) +
                        "; use solve.pinv = \"fused\", or --backend cpu where train.optimizer is \"lm\"");
}

cublasHandle_t cublas_handle() {
    static const cublasHandle_t handle = [] {
        cublasHandle_t made = nullptr;
        check_cublas(LNN_CUBLAS(cublasCreate_v2)(&made));
        return made;
    }();
    return handle;
}

cusolverDnHandle_t cusolver_handle() {
    static const cusolverDnHandle_t handle = [] {
        cusolverDnHandle_t made = nullptr;
        check_cusolver(LNN_CUSOLVER(cusolverDnCreate)(&made));
        return made;
    }();
    return handle;
}

}  // namespace lnn::cuda
