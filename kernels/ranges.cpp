// Ranges as NVTX has them, in the domain lnn_gpu: what Nsight Systems shows and Nsight Compute filters by.
#include "lnn/range.hpp"

#include <nvtx3/nvToolsExt.h>

namespace lnn {
namespace {

// null where no profiler has come along
nvtxDomainHandle_t domain() {
    static const nvtxDomainHandle_t handle = nvtxDomainCreateA("lnn_gpu");
    return handle;
}

}  // namespace

bool ranges_wanted() noexcept { return domain() != nullptr; }

void open_range(const char* name) noexcept {
    nvtxEventAttributes_t range = {};
    range.version = NVTX_VERSION;
    range.size = NVTX_EVENT_ATTRIB_STRUCT_SIZE;
    range.messageType = NVTX_MESSAGE_TYPE_ASCII;
    range.message.ascii = name;
    nvtxDomainRangePushEx(domain(), &range);
}

void close_range() noexcept { nvtxDomainRangePop(domain()); }

}  // namespace lnn
