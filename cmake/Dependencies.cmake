# What the build needs besides a compiler. An installed cowarp needs none of these but Threads.
find_package(Threads REQUIRED GLOBAL)

# fmt: text of reports; header-only and private, so that no user of the library needs it.
find_package(fmt QUIET GLOBAL)
if(NOT fmt_FOUND)
  message(FATAL_ERROR "cowarp needs {fmt} to be built. Install it (Debian, Ubuntu: libfmt-dev) or "
                      "set fmt_DIR.")
endif()
add_library(cowarp_fmt INTERFACE)
target_link_libraries(cowarp_fmt INTERFACE fmt::fmt-header-only)
# nvcc warns of long double in functions that may run on the GPU, but never do.
target_compile_options(cowarp_fmt INTERFACE
  $<$<COMPILE_LANG_AND_ID:CUDA,NVIDIA>:-diag-suppress=20208>)

# Catch2, version 2 or 3: tests only. Provides the target cowarp_catch2.
if(COWARP_BUILD_TESTS)
  find_package(Catch2 QUIET)
  if(NOT Catch2_FOUND)
    message(FATAL_ERROR "cowarp's tests need Catch2. Install it (Debian, Ubuntu: catch2), set "
                        "Catch2_DIR, or configure with COWARP_BUILD_TESTS=OFF.")
  endif()
  include(Catch)
  add_library(cowarp_catch2 INTERFACE)
  if(Catch2_VERSION VERSION_GREATER_EQUAL 3)
    target_compile_definitions(cowarp_catch2 INTERFACE COWARP_CATCH2_V3)
    target_link_libraries(cowarp_catch2 INTERFACE Catch2::Catch2WithMain)
  elseif(TARGET Catch2::Catch2WithMain)
    target_link_libraries(cowarp_catch2 INTERFACE Catch2::Catch2WithMain)
  else()
    add_library(cowarp_catch2_main STATIC "${PROJECT_SOURCE_DIR}/tests/support/catch_main.cpp")
    target_link_libraries(cowarp_catch2_main PUBLIC Catch2::Catch2)
    target_link_libraries(cowarp_catch2 INTERFACE cowarp_catch2_main)
  endif()
endif()
