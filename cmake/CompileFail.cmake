# Programs that must not compile, and what the compiler must say.
#
#   cowarp_add_compile_fail_test(file [MESSAGE regex])
#
# adds one CTest test per enabled front end. The first lines of the file say what is expected:
#
#   // expect: <regex>                 in the compiler's output; MESSAGE overrides it
#   // front ends: host clang          only these; all three when the line is missing
#
# The same file, run as a script, is the test: it compiles once and looks at the outcome.
if(CMAKE_SCRIPT_MODE_FILE)
  execute_process(
    COMMAND ${COMMAND} RESULT_VARIABLE status OUTPUT_VARIABLE output ERROR_VARIABLE output)
  if(status EQUAL 0)
    message(FATAL_ERROR "It compiled, but must not.")
  elseif(NOT output MATCHES "${EXPECT}")
    message(FATAL_ERROR "It failed for another reason than '${EXPECT}':\n${output}")
  endif()
  return()
endif()

set(COWARP_COMPILE_FAIL_SCRIPT "${CMAKE_CURRENT_LIST_FILE}")

function(cowarp_add_compile_fail_test file)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "MESSAGE" "")
  cmake_path(ABSOLUTE_PATH file BASE_DIRECTORY "${CMAKE_CURRENT_SOURCE_DIR}" OUTPUT_VARIABLE source)
  set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS "${source}")
  file(STRINGS "${source}" head LIMIT_COUNT 12)
  set(expect "${arg_MESSAGE}")
  set(front_ends host nvcc clang)
  foreach(line IN LISTS head)
    if(NOT expect AND line MATCHES "^// expect: (.+)$")
      set(expect "${CMAKE_MATCH_1}")
    elseif(line MATCHES "^// front ends: (.+)$")
      string(REPLACE " " ";" front_ends "${CMAKE_MATCH_1}")
    endif()
  endforeach()
  if(NOT expect)
    message(FATAL_ERROR "${file}: says no '// expect: <regex>' in its first 12 lines.")
  endif()

  set(compile_host "${CMAKE_CXX_COMPILER}" -std=c++20 -O2)
  set(compile_nvcc "${CMAKE_CUDA_COMPILER}" -x cu -std=c++20 -O2 -arch=sm_90
    --expt-relaxed-constexpr --extended-lambda)
  if(COWARP_FRONT_END_clang)
    set(COWARP_CUDA_ARCHITECTURES 90)
    cowarp_cuda_path(path)
    cowarp_clang_cuda_options(options ptx_architecture "${path}")
    set(compile_clang "${COWARP_CLANG}" ${options} -O3)
  endif()
  cmake_path(GET file STEM name)
  foreach(front_end IN LISTS front_ends)
    if(COWARP_FRONT_END_${front_end})
      set(command ${compile_${front_end}} "-I${COWARP_INCLUDE_DIR}" -c "${source}" -o /dev/null)
      add_test(NAME ${front_end}.compile_fail.${name}
        COMMAND "${CMAKE_COMMAND}" "-DCOMMAND=${command}" "-DEXPECT=${expect}"
                -P "${COWARP_COMPILE_FAIL_SCRIPT}")
      set_tests_properties(${front_end}.compile_fail.${name} PROPERTIES TIMEOUT 300)
    endif()
  endforeach()
endfunction()
