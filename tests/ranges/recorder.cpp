// A profiler of a kind: NVTX loads it into the program (NVTX_INJECTION64_PATH), and it writes what it hears into the
// file that LNN_RANGES_FILE names, a line each: "THREAD push DOMAIN NAME" or "THREAD pop DOMAIN".
#include <atomic>
#include <cstdio>
#include <cstdlib>

#include <nvtx3/nvToolsExt.h>

namespace {

std::FILE* file;

int thread_index() {
    static std::atomic<int> threads = 0;
    thread_local const int index = threads++;
    return index;
}

int pushed(const char* domain, const char* name) {
    return std::fprintf(file, "%d push %s %s\n", thread_index(), domain, name);
}
int popped(const char* domain) { return std::fprintf(file, "%d pop %s\n", thread_index(), domain); }

// a domain is its name
nvtxDomainHandle_t NVTX_API create_domain(const char* name) {
    return reinterpret_cast<nvtxDomainHandle_t>(const_cast<char*>(name));
}
int NVTX_API push(nvtxDomainHandle_t domain, const nvtxEventAttributes_t* event) {
    return pushed(reinterpret_cast<const char*>(domain), event->message.ascii);
}
int NVTX_API pop(nvtxDomainHandle_t domain) { return popped(reinterpret_cast<const char*>(domain)); }

// without a domain
int NVTX_API plain_push(const char* name) { return pushed("-", name); }
int NVTX_API plain_push_event(const nvtxEventAttributes_t* event) { return pushed("-", event->message.ascii); }
int NVTX_API plain_pop() { return popped("-"); }

template <class F>
void hear(NvtxFunctionTable table, int call, F* f) {
    *table[call] = reinterpret_cast<NvtxFunctionPointer>(f);
}

}  // namespace

extern "C" int InitializeInjectionNvtx2(NvtxGetExportTableFunc_t exports) {
    const char* path = std::getenv("LNN_RANGES_FILE");
    file = path ? std::fopen(path, "w") : nullptr;
    const auto* callbacks = static_cast<const NvtxExportTableCallbacks*>(exports(NVTX_ETID_CALLBACKS));
    NvtxFunctionTable core, core2;
    unsigned size;
    if (!file || !callbacks || !callbacks->GetModuleFunctionTable(NVTX_CB_MODULE_CORE, &core, &size) ||
        !callbacks->GetModuleFunctionTable(NVTX_CB_MODULE_CORE2, &core2, &size))
        return 0;
    hear(core2, NVTX_CBID_CORE2_DomainCreateA, create_domain);
    hear(core2, NVTX_CBID_CORE2_DomainRangePushEx, push);
    hear(core2, NVTX_CBID_CORE2_DomainRangePop, pop);
    hear(core, NVTX_CBID_CORE_RangePushA, plain_push);
    hear(core, NVTX_CBID_CORE_RangePushEx, plain_push_event);
    hear(core, NVTX_CBID_CORE_RangePop, plain_pop);
    return 1;
}
