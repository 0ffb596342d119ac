# Which compilers build tests, examples and benchmarks:
#   host   the C++ compiler, host backend, both dialects
#   nvcc   the CUDA compiler, cuda backend, state-machine dialect
#   clang  clang >= 20 as CUDA compiler, cuda backend, both dialects
if(COWARP_FRONT_ENDS STREQUAL "AUTO")
  set(front_ends host)
  if(COWARP_HAS_CUDA)
    list(APPEND front_ends nvcc)
    cowarp_find_clang()
    if(COWARP_CLANG)
      list(APPEND front_ends clang)
    endif()
  endif()
else()
  set(front_ends ${COWARP_FRONT_ENDS})
endif()

foreach(front_end IN ITEMS host nvcc clang)
  set(COWARP_FRONT_END_${front_end} OFF)
endforeach()
foreach(front_end IN LISTS front_ends)
  if(NOT front_end MATCHES "^(host|nvcc|clang)$")
    message(FATAL_ERROR "COWARP_FRONT_ENDS: '${front_end}' is none of host, nvcc, clang.")
  elseif(NOT front_end STREQUAL "host" AND NOT COWARP_HAS_CUDA)
    message(FATAL_ERROR "COWARP_FRONT_ENDS: '${front_end}' needs the CUDA backend.")
  endif()
  set(COWARP_FRONT_END_${front_end} ON)
endforeach()
if(PROJECT_IS_TOP_LEVEL)
  message(STATUS "cowarp: front ends: ${front_ends}")
endif()

# Flags for cowarp's own files, never for its users'. Linked privately everywhere.
add_library(cowarp_developer INTERFACE)
target_compile_options(cowarp_developer INTERFACE
  $<$<COMPILE_LANGUAGE:CXX>:-Wall>
  $<$<COMPILE_LANGUAGE:CXX>:-Wextra>
  $<$<COMPILE_LANG_AND_ID:CUDA,NVIDIA>:-Xcompiler=-Wall>
  $<$<AND:$<BOOL:${COWARP_WERROR}>,$<COMPILE_LANGUAGE:CXX>>:-Werror>
  "$<$<AND:$<BOOL:${COWARP_WERROR}>,$<COMPILE_LANG_AND_ID:CUDA,NVIDIA>>:SHELL:-Werror all-warnings>")
set(COWARP_CLANG_DEVELOPER_OPTIONS -Wall -Wextra)
if(COWARP_WERROR)
  list(APPEND COWARP_CLANG_DEVELOPER_OPTIONS -Werror)
endif()
