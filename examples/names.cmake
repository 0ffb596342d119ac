# Every example. A new one gets one line here, its source in each dialect that has it, and what it
# must print in expected/<name>.txt, the same for both dialects.

# coroutine/<name>.cpp: built for the host and by clang for the GPU.
set(COWARP_COROUTINE_EXAMPLES
  01_hello_task 02_vectorware_demos 03_three_tasks 04_channel 05_timeout 06_join_and_select
  20_lanes 21_tiles 22_matrix)

# state_machine/<name>.cpp: built for the host, and by nvcc and by clang for the GPU.
set(COWARP_STATE_MACHINE_EXAMPLES
  01_hello_task 02_vectorware_demos 03_three_tasks 04_channel 05_timeout 06_join_and_select
  20_lanes 21_tiles 22_matrix)

# educational/<name>.cpp: one pipeline in five levels, each faster by one idea; as the above, one dialect.
set(COWARP_EDUCATIONAL_EXAMPLES
  level_1_scalar level_2_lanes level_3_wide level_4_tiles level_5_tuned)

# <name>/<name>.cpp: whole programs; targets cowarp_<name> and cowarp_<name>_cuda. "nvcc" or "clang"
# after the colon says who compiles the GPU flavour. <name>/<name>.cmake adds what is its own.
set(COWARP_APPLICATIONS)
find_package(CLI11 QUIET) # the options of wordcount
if(CLI11_FOUND)
  list(APPEND COWARP_APPLICATIONS wordcount:nvcc)
else()
  message(STATUS "cowarp: no CLI11 (Debian, Ubuntu: libcli11-dev), so no example wordcount")
endif()
