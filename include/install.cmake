# cmake --install: the program, and for other programs find_package(lnn_gpu), whose target lnn_gpu::lnn is the library of
# the kernels with what loads weights. Headers keep the paths they have here: #include <lnn/backend.hpp>, <problem/network.hpp>.
# tests/installed has an example.
include(GNUInstallDirs)
include(CMakePackageConfigHelpers)
set(headers ${CMAKE_INSTALL_INCLUDEDIR}/lnn_gpu)
set(package ${CMAKE_INSTALL_LIBDIR}/cmake/lnn_gpu)

install(TARGETS lnn_gpu)
install(TARGETS lnn lnn_kernels EXPORT lnn_gpu INCLUDES DESTINATION ${headers})
install(DIRECTORY ${PROJECT_SOURCE_DIR}/include/lnn DESTINATION ${headers} FILES_MATCHING PATTERN *.hpp)
install(FILES ${PROJECT_SOURCE_DIR}/host/problem/network.hpp DESTINATION ${headers}/problem)
install(FILES ${PROJECT_SOURCE_DIR}/host/files/safetensors.hpp DESTINATION ${headers}/files)
install(EXPORT lnn_gpu NAMESPACE lnn_gpu:: FILE lnn_gpu-targets.cmake DESTINATION ${package})

set(cuda_dependency "")
if(LNN_WITH_CUDA)
  set(cuda_dependency "find_dependency(CUDAToolkit)\n")
endif()
file(CONFIGURE OUTPUT lnn_gpu-config.cmake @ONLY CONTENT [[
include(CMakeFindDependencyMacro)
find_dependency(Threads)
find_dependency(fmt)
@cuda_dependency@include(${CMAKE_CURRENT_LIST_DIR}/lnn_gpu-targets.cmake)
]])
write_basic_package_version_file(lnn_gpu-config-version.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${CMAKE_CURRENT_BINARY_DIR}/lnn_gpu-config.cmake ${CMAKE_CURRENT_BINARY_DIR}/lnn_gpu-config-version.cmake
        DESTINATION ${package})
