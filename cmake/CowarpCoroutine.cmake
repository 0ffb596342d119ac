# cowarp_add_coroutine_executable: GPU programs in the coroutine dialect, next to g++ and nvcc.
#
#   cowarp_add_coroutine_executable(name source... [COMPILE_OPTIONS option...])
#
# nvcc does not compile co_await in device code, clang >= 20 does. CMake cannot have two compilers
# for one language, so each source is compiled by a custom command, as CUDA, and the objects are
# linked by the project's C++ compiler. The result is an ordinary executable that links
# cowarp::cowarp; give it more with target_link_libraries, target_include_directories and
# target_compile_definitions, which the compile commands follow. (Compile *options* of linked
# targets are not followed; pass COMPILE_OPTIONS.)
#
#   COWARP_CLANG               the clang++ to use; found by name when not set
#   COWARP_CUDA_PATH           the CUDA toolkit; the one that CMake's FindCUDAToolkit finds when not set
#   COWARP_CUDA_ARCHITECTURES  80;90 when not set. A number alone with -virtual, 90-virtual: no machine
#                              code, only PTX, which the driver translates when the program starts
#                              (assembling takes most of a build)
cmake_minimum_required(VERSION 3.25)

set(COWARP_CLANG_OLDEST 20)

function(cowarp_clang_is_new_enough result candidate)
  execute_process(COMMAND "${candidate}" --version OUTPUT_VARIABLE text ERROR_QUIET)
  if(NOT text MATCHES "clang version ([0-9]+)" OR CMAKE_MATCH_1 LESS COWARP_CLANG_OLDEST)
    set(${result} FALSE PARENT_SCOPE)
  endif()
endfunction()

# Sets the cache entry COWARP_CLANG, to a false value if there is no clang++ that will do.
function(cowarp_find_clang)
  set(names "")
  if(CMAKE_CXX_COMPILER_ID STREQUAL "Clang")
    list(APPEND names "${CMAKE_CXX_COMPILER}")
  endif()
  foreach(version RANGE 26 ${COWARP_CLANG_OLDEST} -1)
    list(APPEND names clang++-${version})
  endforeach()
  find_program(COWARP_CLANG NAMES ${names} clang++ VALIDATOR cowarp_clang_is_new_enough
    DOC "clang++ >= ${COWARP_CLANG_OLDEST}, compiles coroutines for the GPU")
  mark_as_advanced(COWARP_CLANG)
endfunction()

# Sets `result` to the toolkit's folder.
function(cowarp_cuda_path result)
  set(path "${COWARP_CUDA_PATH}")
  if(NOT path)
    find_package(CUDAToolkit REQUIRED)
    cmake_path(GET CUDAToolkit_BIN_DIR PARENT_PATH path)
  endif()
  set(${result} "${path}" PARENT_SCOPE)
endfunction()

# Sets `result` to the options that make clang a CUDA compiler, `ptx` to the one architecture of a program
# without machine code.
function(cowarp_clang_cuda_options result ptx path)
  set(options -x cuda "--cuda-path=${path}" -std=c++20 -fPIE -Wno-unknown-cuda-version)
  # Embed every awaited frame in its caller's, also those on paths that clang takes for unlikely.
  list(APPEND options -mllvm -coro-elide-branch-ratio=0.0)
  if(IS_DIRECTORY "${path}/include/cccl") # libcu++ has moved here in CUDA 13
    list(APPEND options -isystem "${path}/include/cccl")
  endif()
  set(architectures ${COWARP_CUDA_ARCHITECTURES})
  if(NOT architectures)
    set(architectures 80 90)
  endif()
  set(${ptx} "" PARENT_SCOPE)
  foreach(architecture IN LISTS architectures)
    if(NOT architecture MATCHES "^([0-9]+[af]?)(-real|-virtual)?$")
      message(FATAL_ERROR "COWARP_CUDA_ARCHITECTURES: clang needs numbers such as 90, not "
                          "'${architecture}'.")
    endif()
    list(APPEND options --cuda-gpu-arch=sm_${CMAKE_MATCH_1})
    if(architectures STREQUAL "${CMAKE_MATCH_1}-virtual")
      set(${ptx} ${CMAKE_MATCH_1} PARENT_SCOPE)
    endif()
  endforeach()
  set(${result} ${options} PARENT_SCOPE)
endfunction()

function(cowarp_add_coroutine_executable name)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "" "SOURCES;COMPILE_OPTIONS")
  set(sources ${arg_SOURCES} ${arg_UNPARSED_ARGUMENTS})
  cowarp_find_clang()
  if(NOT COWARP_CLANG)
    message(FATAL_ERROR
      "cowarp_add_coroutine_executable(${name}): no clang++ >= ${COWARP_CLANG_OLDEST} was found. "
      "Install one (Debian, Ubuntu: clang-22, or apt.llvm.org), set COWARP_CLANG to it, or write "
      "the program in the state-machine dialect, which nvcc compiles.")
  endif()
  if(NOT COWARP_HAS_CUDA)
    message(FATAL_ERROR "cowarp_add_coroutine_executable(${name}): this cowarp was built without "
                        "CUDA. Build it with COWARP_WITH_CUDA=ON.")
  endif()

  cowarp_cuda_path(cuda_path)
  cowarp_clang_cuda_options(cuda_options ptx_architecture "${cuda_path}")
  set(definitions "$<TARGET_PROPERTY:${name},COMPILE_DEFINITIONS>")
  set(includes "$<FILTER:$<TARGET_PROPERTY:${name},INCLUDE_DIRECTORIES>,EXCLUDE,^/usr/include$>")
  set(objects "")
  # $<SEMICOLON>: the commands are lists already, which a plain one would cut.
  foreach(source IN LISTS sources)
    cmake_path(ABSOLUTE_PATH source BASE_DIRECTORY "${CMAKE_CURRENT_SOURCE_DIR}" NORMALIZE)
    cmake_path(RELATIVE_PATH source BASE_DIRECTORY "${CMAKE_CURRENT_SOURCE_DIR}"
      OUTPUT_VARIABLE relative)
    string(REPLACE ".." "__" relative "${relative}")
    set(object "${CMAKE_CURRENT_BINARY_DIR}/${name}.dir/${relative}.o")
    cmake_path(GET object PARENT_PATH object_dir)
    file(MAKE_DIRECTORY "${object_dir}")
    set(compile
      ${CMAKE_CXX_COMPILER_LAUNCHER} "${COWARP_CLANG}" ${cuda_options}
      "$<IF:$<CONFIG:Debug>,-O0$<SEMICOLON>-g,-O3>" "$<$<CONFIG:RelWithDebInfo>:-g>"
      "$<$<NOT:$<CONFIG:Debug>>:-DNDEBUG>" "$<$<BOOL:${definitions}>:-D$<JOIN:${definitions},$<SEMICOLON>-D>>"
      "$<$<BOOL:${includes}>:-I$<JOIN:${includes},$<SEMICOLON>-I>>" ${arg_COMPILE_OPTIONS} "${source}")
    set(make_ptx "")
    set(embed_ptx "")
    if(ptx_architecture)
      set(make_ptx
        COMMAND ${compile} --cuda-device-only -S -o "${object}.ptx"
        COMMAND "${cuda_path}/bin/fatbinary" --64 "--create=${object}.fatbin"
          "--image3=kind=ptx,sm=${ptx_architecture},file=${object}.ptx")
      set(embed_ptx --cuda-host-only -Xclang -fcuda-include-gpubinary -Xclang "${object}.fatbin")
    endif()
    add_custom_command(
      OUTPUT "${object}"
      ${make_ptx}
      COMMAND ${compile} ${embed_ptx} -MD -MF "${object}.d" -c -o "${object}"
      DEPENDS "${source}"
      DEPFILE "${object}.d"
      COMMENT "Building CUDA coroutine object ${name}: ${relative}"
      COMMAND_EXPAND_LISTS VERBATIM)
    list(APPEND objects "${object}")
  endforeach()
  add_executable(${name} ${objects})
  set_target_properties(${name} PROPERTIES LINKER_LANGUAGE CXX)
  target_link_libraries(${name} PRIVATE cowarp::cowarp)
endfunction()
