# Turns COWARP_WITH_CUDA into COWARP_HAS_CUDA and enables the language.
#
# AUTO means: in a project of our own, where a toolkit with nvcc is found (on PATH, in
# CUDAToolkit_ROOT or where the toolkit installs itself); inside another project, where that project
# has enabled CUDA.
set(COWARP_HAS_CUDA OFF)
if(NOT COWARP_WITH_CUDA STREQUAL "OFF")
  if(NOT CMAKE_CUDA_COMPILER AND (PROJECT_IS_TOP_LEVEL OR COWARP_WITH_CUDA STREQUAL "ON"))
    find_package(CUDAToolkit QUIET GLOBAL)
    if(CUDAToolkit_NVCC_EXECUTABLE)
      set(CMAKE_CUDA_COMPILER "${CUDAToolkit_NVCC_EXECUTABLE}")
    endif()
  endif()
  if(CMAKE_CUDA_COMPILER)
    if(NOT DEFINED CMAKE_CUDA_ARCHITECTURES)
      set(CMAKE_CUDA_ARCHITECTURES "${COWARP_CUDA_ARCHITECTURES}")
    endif()
    enable_language(CUDA)
    find_package(CUDAToolkit REQUIRED GLOBAL) # a parent project sees its targets too
    set(COWARP_HAS_CUDA ON)
  elseif(COWARP_WITH_CUDA STREQUAL "ON")
    message(FATAL_ERROR "COWARP_WITH_CUDA is ON but no nvcc was found. Put nvcc on PATH, set "
                        "CUDAToolkit_ROOT to the toolkit, or configure with COWARP_WITH_CUDA=OFF.")
  endif()
endif()
if(PROJECT_IS_TOP_LEVEL)
  message(STATUS "cowarp: CUDA backend: ${COWARP_HAS_CUDA}")
else()
  set(COWARP_HAS_CUDA ${COWARP_HAS_CUDA} PARENT_SCOPE) # cowarp_add_coroutine_executable asks
endif()
