#include "cuda/device.hpp"

#include <string>
#include <utility>
#include <vector>

namespace lnn::cuda {

void check(cudaError_t status, const char* what) {
    if (status == cudaSuccess) return;
    cudaGetLastError();  // a failed call leaves its error behind
    if (status == cudaErrorMemoryAllocation)
        throw OutOfDeviceMemory(std::string("out of device memory (") + what +
                                "); use fewer models or samples at once, or --backend cpu");
    std::string line = std::string("the CUDA device failed (") + what + ": " + cudaGetErrorString(status) +
                       "); nvidia-smi says whether it is still there; start again, or use --backend cpu";
    if (status == cudaErrorLaunchTimeout)
        line = "a kernel ran longer than the card's display allows; use a card without a display, or --backend cpu";
    else if (status == cudaErrorNoKernelImageForDevice || status == cudaErrorInvalidDeviceFunction)
        line = "this build has no code for this card; build with CMAKE_CUDA_ARCHITECTURES set to its architecture";
    throw Error(Exit::backend, line);
}

Card open_card(int device) {
    int count = 0;
    const cudaError_t status = cudaGetDeviceCount(&count);
    if (status == cudaErrorInsufficientDriver)
        throw Error(Exit::backend, "no CUDA driver, or one older than this build's CUDA " +
                                       std::to_string(CUDART_VERSION / 1000) + "; install a newer NVIDIA driver");
    if (status == cudaErrorNoDevice || (status == cudaSuccess && count == 0))
        throw Error(Exit::backend, "no CUDA device here");
    check(status, "looking for devices");
    if (device >= count)
        throw Error(Exit::backend, "no CUDA device " + std::to_string(device) + "; there " +
                                       (count == 1 ? "is one, 0" : "are 0 to " + std::to_string(count - 1)));
    check(cudaSetDevice(device), "opening the device");
    cudaDeviceProp properties;
    check(cudaGetDeviceProperties(&properties, device), "asking for its properties");
    Card card;
    card.multiprocessors = properties.multiProcessorCount;
    card.shared_limit = properties.sharedMemPerBlockOptin;
    card.name = std::string(properties.name) + ", compute capability " + std::to_string(properties.major) + "." +
                std::to_string(properties.minor) + ", " + std::to_string(card.multiprocessors) + " multiprocessors, " +
                std::to_string(properties.totalGlobalMem >> 30) + " GiB";
    return card;
}

namespace {

// events around work that was started: they are recorded once somebody has asked for seconds, and kept until the next
// question
struct Timed {
    cudaEvent_t start, end;
};
bool wanted = false;
int open = 0;  // TimedWorks, one within another
std::vector<Timed> timed;

// null where the card has failed, which the work itself says
cudaEvent_t recorded() {
    cudaEvent_t event = nullptr;
    if (cudaEventCreate(&event) == cudaSuccess) cudaEventRecord(event, nullptr);
    return event;
}

}  // namespace

TimedWork::TimedWork() {
    if (open++ == 0 && wanted) timed.push_back({recorded(), nullptr});
}
TimedWork::~TimedWork() {
    if (--open == 0 && wanted) timed.back().end = recorded();
}

double kernel_seconds() {
    wanted = true;
    check(cudaDeviceSynchronize(), "measuring a time");
    double seconds = 0;
    cudaError_t failed = cudaSuccess;
    for (const auto& [start, end] : std::exchange(timed, {})) {
        float ms = 0;
        if (failed == cudaSuccess) failed = cudaEventElapsedTime(&ms, start, end);
        seconds += 1e-3 * double(ms);
        cudaEventDestroy(start), cudaEventDestroy(end);
    }
    check(failed, "measuring a time");
    return seconds;
}

std::size_t free_memory() {
    std::size_t free = 0, total = 0;
    check(cudaMemGetInfo(&free, &total), "asking for free memory");
    return free / 2;
}

}  // namespace lnn::cuda
