# cowarp_add_header_tests(): every public header compiles alone (and twice) as C++; as CUDA among all
# the others, in both orders of the alphabet, since nvcc takes some seconds for each file.
#
# Each front end has headers that are not its own: platform/cuda/ means nothing to a C++ compiler,
# and platform/sim/ nothing to a GPU.
function(cowarp_add_header_tests front_end extension foreign)
  set(sources "")
  set(headers ${COWARP_HEADERS})
  list(FILTER headers EXCLUDE REGEX "${foreign}")
  list(TRANSFORM headers REPLACE "(.+)" "#include <cowarp/\\1>\n" OUTPUT_VARIABLE lines)
  if(front_end STREQUAL "nvcc")
    list(FILTER lines EXCLUDE REGEX "<cowarp/cowarp.hpp>")  # it would come first and bring the rest
    foreach(order IN ITEMS ASCENDING DESCENDING)
      set(source "${PROJECT_BINARY_DIR}/header_tests/${front_end}/${order}.${extension}")
      list(SORT lines ORDER ${order})
      list(JOIN lines "" text)
      file(CONFIGURE OUTPUT "${source}" CONTENT "${text}")
      list(APPEND sources "${source}")
    endforeach()
  else()
    foreach(header line IN ZIP_LISTS headers lines)
      set(source "${PROJECT_BINARY_DIR}/header_tests/${front_end}/${header}.${extension}")
      file(CONFIGURE OUTPUT "${source}" CONTENT "${line}${line}")
      list(APPEND sources "${source}")
    endforeach()
  endif()
  set(target cowarp_header_tests_${front_end})
  add_library(${target} OBJECT ${sources})
  target_link_libraries(${target} PRIVATE cowarp::cowarp cowarp_developer cowarp_fmt)
  if(front_end STREQUAL "nvcc")
    # The device half only, to PTX: a third of the time, and the host half is tested above.
    list(GET COWARP_CUDA_ARCHITECTURES 0 architecture)
    string(REGEX REPLACE "-.*" "" architecture "${architecture}")
    set_target_properties(${target} PROPERTIES
      CUDA_PTX_COMPILATION ON CUDA_ARCHITECTURES "${architecture}-virtual")
  endif()
endfunction()

if(COWARP_FRONT_END_host AND COWARP_SANITIZER STREQUAL "none")
  cowarp_add_header_tests(host cpp "^platform/cuda/")
endif()
if(COWARP_FRONT_END_nvcc)
  cowarp_add_header_tests(nvcc cu "^platform/sim/")
endif()
