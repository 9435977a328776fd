// cuSOLVER and cuBLAS, opened at run time by their sonames: the program starts, and does all but what needs them,
// without.
#pragma once

#include <string>

namespace lnn::cuda {

// a function by name; throws Exit::backend where the library is missing
void* cublas_function(const char* name);
void* cusolver_function(const char* name);

// which of the libraries are there, as `doctor` shows it
std::string libraries_present();

}  // namespace lnn::cuda

// the same with the type of its declaration in cublas_v2.h (whose names end in _v2) or cusolverDn.h
#define LNN_CUBLAS(name) reinterpret_cast<decltype(&name)>(::lnn::cuda::cublas_function(#name))
#define LNN_CUSOLVER(name) reinterpret_cast<decltype(&name)>(::lnn::cuda::cusolver_function(#name))
