#!/usr/bin/env bash
# Builds and tests everything that this machine can. See --help.
set -uo pipefail
# shellcheck source=scripts/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
cd "$root" || exit 2

all_stages=(checks model host host-clang host-tsan cuda cuda-clang packaging gpu)
usage() {
  cat << TEXT
usage: scripts/test.sh [--quick] [--stage NAME]... [--help]

  --quick        only the stages checks and host
  --stage NAME   only this stage; may be given again. Stages, in order:
                 ${all_stages[*]}

Installs what is missing on Debian and Ubuntu (as root or with sudo). A stage whose compiler or GPU is
not here says so and counts as skipped. Build folders are build/<stage>, logs build/logs/<stage>.log;
COWARP_JOBS sets the number of parallel jobs. The last line reads "N passed, N failed[, N skipped]".

exit status: 0 all passed; 1 something failed; 2 wrong usage; 3 something must be installed first
TEXT
}

stages=("${all_stages[@]}") chosen=()
while (($# > 0)); do
  case $1 in
    --quick) stages=(checks host) ;;
    --stage)
      [[ " ${all_stages[*]} " == *" ${2:-?} "* ]] || { usage >&2 && exit 2; }
      chosen+=("$2") && shift
      ;;
    --help) usage && exit 0 ;;
    *) usage >&2 && exit 2 ;;
  esac
  shift
done
((${#chosen[@]} > 0)) && stages=("${chosen[@]}")
mkdir -p build/logs

skip_stage() { echo "skipped: $1" && add_counts 0 0 1; }

# One check of stage `checks`: a name, and a command that exits with 0, or with 77 when skipped.
check() {
  local name=$1 output status
  shift
  output=$("$@" 2>&1)
  status=$?
  case $status in
    0) echo "  ok       $name" && add_counts 1 0 0 ;;
    77) echo "  skipped  $name: $output" && add_counts 0 0 1 ;;
    *) printf '  FAILED   %s\n%s\n' "$name" "$output" && add_counts 0 1 0 ;;
  esac
}

run_checks() {
  check "format" scripts/checks/format.sh
  for script in ordering_comments include_arrows snippets primitive_tests; do
    check "$script: self-test" python3 "scripts/checks/$script.py" --self-test
    check "$script" python3 "scripts/checks/$script.py"
  done
}

# Runs CTest in a build folder and adds up its counts; further arguments go to CTest.
run_ctest() {
  local preset=$1 log=build/logs/$1.ctest.log status
  shift
  ctest --preset "$preset" -j "$jobs" --no-tests=ignore "$@" > "$log" 2>&1
  status=$?
  local counts
  read -ra counts <<< "$(read_counts "$log")"
  if ((status != 0 && counts[1] == 0)); then counts[1]=1; fi
  if ((counts[1] > 0)); then cat "$log"; fi
  echo "  tests: ${counts[0]} passed, ${counts[1]} failed, ${counts[2]} skipped"
  add_counts "${counts[@]}"
}

# Configures, builds and tests a preset; further arguments go to CMake.
run_preset() {
  local preset=$1 log=build/logs/$1.log
  shift
  if ! { cmake --preset "$preset" "$@" && cmake --build --preset "$preset" -j "$jobs"; } \
    > "$log" 2>&1; then
    grep -n -m 20 -E 'error|Error|FAILED' "$log"
    tail -15 "$log"
    echo "  FAILED   the build; all of it is in $log"
    add_counts 0 1 0
    return 1
  fi
  run_ctest "$preset" -LE gpu
}

# Adds the totals in a log's last line, "N passed, N failed[, N skipped]".
add_last_line() {
  local totals='^([0-9]+) passed, ([0-9]+) failed(, ([0-9]+) skipped)?$'
  if [[ $(tail -1 "$1") =~ $totals ]]; then
    add_counts "${BASH_REMATCH[1]}" "${BASH_REMATCH[2]}" "${BASH_REMATCH[4]:-0}"
  else
    add_counts 0 1 0
  fi
}

run_stage() {
  local clang options
  case $1 in
    checks) run_checks ;;
    # Lines for traces, no variables: smaller objects, which compile and link faster.
    host) run_preset host -DCMAKE_CXX_FLAGS_DEBUG=-g1 ;;
    host-tsan) run_preset host-tsan ;;
    host-clang)
      clang=$(coroutine_clang || echo clang++)
      echo "  compiler: $("$clang" --version | head -1)"
      run_preset host-clang "-DCMAKE_CXX_COMPILER=$clang"
      ;;
    model)
      tests/model/run.sh | tee build/logs/model.log
      add_last_line build/logs/model.log
      ;;
    cuda | cuda-clang)
      if ! cuda_toolkit > /dev/null; then
        skip_stage "no CUDA toolkit (no nvcc on PATH, in CUDAToolkit_ROOT or CUDA_PATH)"
      elif [[ $1 == cuda-clang ]] && ! coroutine_clang > /dev/null; then
        skip_stage "no clang++ >= 20, which compiles coroutines for the GPU (install clang-22)"
      else
        # The assembler takes far longer for many kernels in one file than for as many in several.
        options=(-DCOWARP_TEST_BATCH=6)
        if has_gpu; then
          [[ $1 == cuda ]] || options=(-DCOWARP_TEST_BATCH=2 -DCOWARP_TEST_CLANG_SYNC=ON)
        else # nothing will run: machine code for the examples, of one architecture for each compiler
          options+=(-DCOWARP_TEST_CUDA_ARCHITECTURES=90-virtual)
          if [[ $1 == cuda ]]; then
            options+=(-DCOWARP_BENCHMARK_CUDA_ARCHITECTURES=90-virtual)
            options+=(-DCOWARP_CUDA_ARCHITECTURES=80 "-DCMAKE_CUDA_FLAGS_RELEASE=-DNDEBUG -Xcicc=-O1")
          else
            # nvcc compiles the same benchmarks, but for those of coroutines, which g++ does.
            options+=(-DCOWARP_CUDA_ARCHITECTURES=90 -DCOWARP_BUILD_BENCHMARKS=OFF)
          fi
        fi
        run_preset "$1" "${options[@]}"
      fi
      ;;
    packaging)
      scripts/checks/packaging.sh | tee build/logs/packaging.log
      add_last_line build/logs/packaging.log
      ;;
    gpu)
      has_gpu || echo "  no GPU here (nvidia-smi shows none): every GPU test counts as skipped"
      if ! cuda_toolkit > /dev/null; then skip_stage "no CUDA toolkit, so no GPU tests"; fi
      for preset in cuda cuda-clang; do
        [[ -f build/$preset/CTestTestfile.cmake ]] && run_ctest "$preset" -L gpu
      done
      ;;
  esac
}

scripts/install_missing.sh || exit 3
begin=$SECONDS
for stage in "${stages[@]}"; do
  stage_begin=$SECONDS
  echo "==== $stage"
  run_stage "$stage"
  echo "---- $stage: $((SECONDS - stage_begin)) s"
done
echo "all stages: $((SECONDS - begin)) s"
print_totals
((failed == 0))
