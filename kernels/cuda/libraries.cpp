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

// `mend` ends the line where the library is not there
void* function_of(void* library, const char* library_name, const char* name, const char* mend) {
    if (!library) throw Error(Exit::backend, std::string(library_name) + " is missing; " + mend);
    if (void* function = dlsym(library, name)) return function;
    throw Error(Exit::backend, std::string(library_name) + " has no " + name + "; " + mend);
}

}  // namespace

void* cublas_function(const char* name) {
    static void* const library = open(cublas_name);
    return function_of(library, cublas_name, name, "install cuBLAS of this CUDA version, or use --backend cpu");
}

void* cusolver_function(const char* name) {
    static void* const library = open(cusolver_name);
    return function_of(library, cusolver_name, name,
                       "install cuSOLVER of this CUDA version, or use solve.pinv = \"fused\" (--backend cpu where "
                       "train.optimizer is \"lm\")");
}

std::string libraries_present() {
    std::string text;
    for (const char* name : {cusolver_name, cublas_name})
        text += std::string(text.empty() ? "" : ", ") + name + (open(name) ? "" : " missing");
    return text;
}

}  // namespace lnn::cuda
