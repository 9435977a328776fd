// Stands in for the CUDA backend in a build without it.
#include "lnn/backend.hpp"

namespace lnn {

std::unique_ptr<Backend> make_cuda_backend(const BackendOptions&) {
    throw Error(Exit::backend, "this build has no CUDA backend");
}

}  // namespace lnn
