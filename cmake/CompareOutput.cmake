# Runs PROGRAM and compares what it prints with the file EXPECTED, line by line.
#
#   cmake -DPROGRAM=... -DEXPECTED=... [-DNEEDS_GPU=ON] -P CompareOutput.cmake
#
# `<any>` in an expected line stands for any text. Lines after the last are not allowed.
if(NEEDS_GPU)
  execute_process(COMMAND nvidia-smi -L OUTPUT_VARIABLE gpus ERROR_QUIET RESULT_VARIABLE status)
  file(GLOB devices /dev/nvidia[0-9]* /dev/dxg)
  if(NOT gpus MATCHES "GPU" AND NOT devices)
    message("skipped: this machine has no GPU") # SKIP_REGULAR_EXPRESSION of the test
    return()
  endif()
endif()

execute_process(
  COMMAND "${PROGRAM}" RESULT_VARIABLE status OUTPUT_VARIABLE output ERROR_VARIABLE errors)
if(NOT status EQUAL 0)
  message(FATAL_ERROR "exit status ${status}\n${output}${errors}")
endif()

# A list of lines, with the characters that CMake lists give a meaning taken out on both sides.
function(to_lines result text)
  string(REGEX REPLACE "\n+$" "" text "${text}")
  string(REPLACE ";" "<semicolon>" text "${text}")
  string(REPLACE "[" "<open>" text "${text}")
  string(REPLACE "]" "<close>" text "${text}")
  string(REPLACE "\n" ";|" text "|${text}") # the bar keeps empty lines
  set(${result} "${text}" PARENT_SCOPE)
endfunction()

file(READ "${EXPECTED}" expected)
to_lines(expected "${expected}")
to_lines(actual "${output}")
list(LENGTH expected expected_length)
list(LENGTH actual actual_length)
if(NOT expected_length EQUAL actual_length)
  message(FATAL_ERROR
    "expected ${expected_length} lines, printed ${actual_length}:\n${output}${errors}")
endif()
foreach(want got IN ZIP_LISTS expected actual)
  string(REGEX REPLACE "([][+.*()^$?|\\\\{}])" "\\\\\\1" pattern "${want}")
  string(REPLACE "<any>" ".*" pattern "${pattern}")
  if(NOT got MATCHES "^${pattern}$")
    message(FATAL_ERROR "expected: ${want}\nprinted:  ${got}\n\nwhole output:\n${output}${errors}")
  endif()
endforeach()
