# Every test file, relative to tests/. A new test gets one line in one of these lists.

# Compiled by all front ends: g++ or clang++, nvcc, clang as CUDA compiler.
set(COWARP_STATE_MACHINE_TESTS
  platform/bits_test.cpp)

# Use co_await: compiled by all front ends but nvcc.
set(COWARP_COROUTINE_TESTS)

# Must not compile; the first lines of each file say what the compiler must answer.
set(COWARP_COMPILE_FAIL_TESTS)
