# Whether there is a CUDA compiler for the backend, and how it is called: LNN_WITH_CUDA; the runtime it is linked to:
# LNN_CUDA_RUNTIME. LNN_EMULATED where that is the emulator of tests/emulated_device.
set(LNN_WITH_CUDA OFF)
set(LNN_EMULATED OFF)
find_program(LNN_NVCC nvcc HINTS $ENV{CUDA_HOME}/bin $ENV{CUDA_PATH}/bin /usr/local/cuda/bin)
mark_as_advanced(LNN_NVCC)
if(LNN_CUDA STREQUAL OFF)
  return()
endif()

if(LNN_CUDA STREQUAL EMULATED)
  get_filename_component(nvcc "${LNN_NVCC}" REALPATH)
  find_path(LNN_CUDA_INCLUDE_DIR cusolverDn.h HINTS ${nvcc}/../../include)
  mark_as_advanced(LNN_CUDA_INCLUDE_DIR)
  if(NOT LNN_CUDA_INCLUDE_DIR)
    message(FATAL_ERROR "LNN_CUDA=EMULATED needs the headers of a CUDA toolkit; set CUDA_HOME to it")
  endif()
  set(LNN_CUDA_INCLUDE_DIRS ${LNN_CUDA_INCLUDE_DIR} ${LNN_CUDA_INCLUDE_DIR}/cccl)  # Thrust is in the latter from 13.0 on
  set(LNN_WITH_CUDA ON)
  set(LNN_EMULATED ON)
  set(LNN_CUDA_RUNTIME lnn_emulated_device)
  return()
endif()

if(LNN_NVCC)
  execute_process(COMMAND ${LNN_NVCC} --version OUTPUT_VARIABLE nvcc_says ERROR_QUIET)
  string(REGEX MATCH "release ([0-9.]+)" nvcc_says "${nvcc_says}")
  set(nvcc_version ${CMAKE_MATCH_1})
endif()
if(NOT nvcc_version VERSION_GREATER_EQUAL 12.0)  # C++20 on the card
  if(LNN_CUDA STREQUAL ON)
    message(FATAL_ERROR "LNN_CUDA=ON needs a CUDA toolkit of at least 12.0 (found: ${LNN_NVCC} ${nvcc_version}); "
                        "set CUDA_HOME to it, or LNN_CUDA=AUTO to build without")
  endif()
  message(STATUS "no CUDA toolkit of at least 12.0: the CPU backend alone")
  return()
endif()

# code for the card that is here; where none answers, for the H100 and, through PTX, all that came after it
if(NOT CMAKE_CUDA_ARCHITECTURES)
  execute_process(COMMAND nvidia-smi -L OUTPUT_VARIABLE cards ERROR_QUIET)
  if(cards MATCHES "GPU 0")
    set(CMAKE_CUDA_ARCHITECTURES native)
  else()
    set(CMAKE_CUDA_ARCHITECTURES 90)
  endif()
endif()
set(CMAKE_CUDA_COMPILER ${LNN_NVCC})
set(CMAKE_CUDA20_STANDARD_COMPILE_OPTION -std=c++20)  # CMake 3.25 does not know it of nvcc 13
set(CMAKE_CUDA20_EXTENSION_COMPILE_OPTION -std=c++20)
enable_language(CUDA)
set(CMAKE_CUDA_STANDARD 20)
set(CMAKE_CUDA_STANDARD_REQUIRED ON)
set(CMAKE_CUDA_FLAGS_RELEASE -O3)
find_package(CUDAToolkit REQUIRED)

# -fmad=false: a product is fused only where the source says so, as on the CPU
set(LNN_CUDA_FLAGS -fmad=false --expt-relaxed-constexpr -Werror=all-warnings -Xptxas=-v,--warning-as-error
    -Xcompiler=-ffp-contract=off,-Wall,-Wextra,-Wno-psabi,-Wno-unknown-pragmas)
add_compile_options("$<$<COMPILE_LANGUAGE:CUDA>:${LNN_CUDA_FLAGS}>")
# all code for cards compressed: gpu_check carries it to another machine
add_compile_options("$<$<COMPILE_LANGUAGE:CUDA>:-Xfatbin=-compress-all>")
set(LNN_WITH_CUDA ON)
set(LNN_CUDA_RUNTIME CUDA::cudart_static)
message(STATUS "CUDA ${nvcc_version} for ${CMAKE_CUDA_ARCHITECTURES}")
