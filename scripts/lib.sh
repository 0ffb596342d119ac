# Sourced by the scripts: where things are, and how results are counted. Needs bash.
# shellcheck shell=bash
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
jobs=${COWARP_JOBS:-$(nproc)}
passed=0 failed=0 skipped=0

export CTEST_OUTPUT_ON_FAILURE=1 UBSAN_OPTIONS=${UBSAN_OPTIONS:-print_stacktrace=1}
if command -v ccache > /dev/null; then
  export CMAKE_CXX_COMPILER_LAUNCHER=ccache CMAKE_CUDA_COMPILER_LAUNCHER=ccache
fi

# Prints the folder of the CUDA toolkit; fails if there is none with an nvcc.
cuda_toolkit() {
  local nvcc
  for nvcc in "${CUDAToolkit_ROOT:+$CUDAToolkit_ROOT/bin/nvcc}" "${CUDA_PATH:+$CUDA_PATH/bin/nvcc}" \
    "$(command -v nvcc)" /usr/local/cuda/bin/nvcc; do
    if [[ -x $nvcc ]]; then
      dirname "$(dirname "$nvcc")"
      return
    fi
  done
  return 1
}

# Prints the newest clang++ of version 20 or later, which compiles coroutines for the GPU.
coroutine_clang() {
  local name version
  for name in clang++-{26..20} clang++; do
    version=$("$name" --version 2> /dev/null | sed -n 's/.*clang version \([0-9]*\).*/\1/p')
    if [[ ${version:-0} -ge 20 ]]; then
      echo "$name"
      return
    fi
  done
  return 1
}

has_gpu() { nvidia-smi -L 2> /dev/null | grep -q '^GPU '; }

# Prints "passed failed skipped" of what CTest or Catch2 wrote into the file.
read_counts() {
  awk '
    /tests? failed out of/ { for (i = 1; i <= NF; ++i) if ($i == "of") total = $(i + 1)
                             bad = $4; seen = 1 }
    /\*\*\*Skipped/        { ++skip }
    /^All tests passed/    { good = $(NF - 2); catch = 1 }
    /^test cases:/         { n = split($0, part, "|"); catch = 1
                             for (i = 1; i <= n; ++i) {
                               split(part[i], word, " ")
                               if (word[2] == "passed") good = word[1]
                               if (word[2] == "failed") wrong = word[1]
                             } }
    END { if (seen) print total - bad - skip, bad + 0, skip + 0
          else if (catch) print good + 0, wrong + 0, 0
          else print 0, 0, 0 }' "$1"
}

add_counts() {
  passed=$((passed + $1)) failed=$((failed + $2)) skipped=$((skipped + $3))
}

print_totals() {
  if ((skipped > 0)); then
    echo "$passed passed, $failed failed, $skipped skipped"
  else
    echo "$passed passed, $failed failed"
  fi
}
