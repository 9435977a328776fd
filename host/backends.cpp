#include "backends.hpp"

#include <cstdlib>

namespace lnn {

std::unique_ptr<Backend> open_backend(const Config& config, std::string* note) {
    BackendOptions options;
    options.threads = config.run.threads;
    options.isa = config.run.isa;
    options.device = std::atoi(config.run.device.c_str());
    const bool needs_card = config.solve.pinv == "cusolver";
    if (needs_card && config.run.backend == "cpu")
        throw Error(Exit::backend, "solve.pinv = \"cusolver\" needs the CUDA backend; use solve.pinv = \"fused\"");
    if (config.run.backend == "cpu") return make_cpu_backend(options);
    if (config.run.backend == "cuda" || needs_card) return make_cuda_backend(options);
    try {
        return make_cuda_backend(options);
    } catch (const Error& error) {
        if (note) *note = std::string("running on the CPU: ") + error.what();
        return make_cpu_backend(options);
    }
}

}  // namespace lnn
