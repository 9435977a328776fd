// Where the program looks for cuBLAS and cuSOLVER it finds the stand-ins, unless a dial says that they are missing.
#include <dlfcn.h>

#include <string>

#include "cuda_as_cpp.hpp"
#undef dlopen

namespace emulated {

void* open_library(const char* name, int flags) {
    const std::string file(name);
    const auto is = [&](const char* library) { return file.find(library) != std::string::npos; };
    if ((is("libcublas.") && !dials().cublas) || (is("libcusolver.") && !dials().cusolver)) return nullptr;
    return dlopen((LNN_STAND_INS "/" + file.substr(file.rfind('/') + 1)).c_str(), flags);
}

}  // namespace emulated
