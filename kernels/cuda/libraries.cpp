#include "cuda/libraries.hpp"

#include <cublas_v2.h>
#include <cusolver_common.h>
#include <dlfcn.h>

#include "lnn/error.hpp"

namespace lnn::cuda {
namespace {

#define LNN_TEXT_OF(x) #x
#define LNN_SONAME(library, major) "lib" library ".so." LNN_TEXT_OF(major)
constexpr const char* cusolver_name = LNN_SONAME("cusolver", CUSOLVER_VER_MAJOR);
constexpr const char* cublas_name = LNN_SONAME("cublas", CUBLAS_VER_MAJOR);

// null where it is missing; stays open
void* open(const char* name) {
    if (void* library = dlopen(name, RTLD_NOW | RTLD_LOCAL)) return library;
    return dlopen((std::string("/usr/local/cuda/lib64/") + name).c_str(), RTLD_NOW | RTLD_LOCAL);
}

}  // namespace

void* cusolver_function(const char* name) {
    static void* const library = open(cusolver_name);
    if (!library)
        throw Error(Exit::backend, std::string(cusolver_name) +
                                       " is missing; install cuSOLVER of this CUDA version, or use solve.pinv = \"fused\"");
    if (void* function = dlsym(library, name)) return function;
    throw Error(Exit::backend, std::string(cusolver_name) + " has no " + name + "; install cuSOLVER of this CUDA version");
}

std::string libraries_present() {
    std::string text;
    for (const char* name : {cusolver_name, cublas_name})
        text += std::string(text.empty() ? "" : ", ") + name + (open(name) ? "" : " missing");
    return text;
}

}  // namespace lnn::cuda
