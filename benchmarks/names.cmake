# Every benchmark: <part>/<noun>, source <part>/<noun>_bench.cpp. They are built, never run by CTest.

# Built for the host, and by nvcc and by clang for the GPU.
set(COWARP_STATE_MACHINE_BENCHMARKS
  executor/yield executor/embassy_port executor/wake executor/idle executor/spawn sync/channel
  sync/pairs sync/payload timer/sleep
  timer/arming pipeline/gather pipeline/matvec pipeline/tiles pipeline/timeline width/lanes
  width/grid_for)

# Use co_await: built for the host and by clang for the GPU.
set(COWARP_COROUTINE_BENCHMARKS
  executor/yield_coroutine)
