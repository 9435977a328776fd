// cuSOLVER and cuBLAS, opened at run time by their sonames: the program starts, and does all but what needs them, without.
#pragma once

#include <string>

namespace lnn::cuda {

// a function of cuSOLVER by name; throws Exit::backend where the library is missing
void* cusolver_function(const char* name);

// which of the libraries are there, as `doctor` shows it
std::string libraries_present();

}  // namespace lnn::cuda

// a function of cuSOLVER with the type of its declaration in cusolverDn.h
#define LNN_CUSOLVER(name) reinterpret_cast<decltype(&name)>(::lnn::cuda::cusolver_function(#name))
