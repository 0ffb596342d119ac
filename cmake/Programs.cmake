# cowarp_add_program(target FRONT_END host|nvcc|clang SOURCES source... [LIBRARIES library...]
#                    [OPTIONS option...])
#
# One executable for one front end, with cowarp's own warnings, and options for its compiler. A directory that calls it for nvcc
# must not call it for host with the same source: LANGUAGE is a property of a source in a directory.
function(cowarp_add_program target)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "FRONT_END" "SOURCES;LIBRARIES;OPTIONS")
  if(arg_FRONT_END STREQUAL "clang")
    cowarp_add_coroutine_executable(${target} ${arg_SOURCES}
      COMPILE_OPTIONS ${COWARP_CLANG_DEVELOPER_OPTIONS} ${arg_OPTIONS})
  else()
    add_executable(${target} ${arg_SOURCES})
    set_target_properties(${target} PROPERTIES CXX_EXTENSIONS OFF)
    target_link_libraries(${target} PRIVATE cowarp::cowarp cowarp_developer)
    target_compile_options(${target} PRIVATE ${arg_OPTIONS})
  endif()
  if(arg_FRONT_END STREQUAL "nvcc")
    set_source_files_properties(${arg_SOURCES} PROPERTIES LANGUAGE CUDA)
    set_target_properties(${target} PROPERTIES
      CUDA_ARCHITECTURES "${COWARP_CUDA_ARCHITECTURES}" CUDA_RUNTIME_LIBRARY Static)
  endif()
  target_link_libraries(${target} PRIVATE ${arg_LIBRARIES})
endfunction()
