#!/usr/bin/env bash
# Runs everything on a machine with a GPU: builds the nvcc flavour of tests, examples and benchmarks
# (needs nvcc, CMake, {fmt} and Catch2), adds programs built elsewhere, runs each under a time limit,
# and prints a table last.
set -uo pipefail
# shellcheck source=scripts/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
usage() {
  cat << TEXT
usage: scripts/gpu.sh [options]

  --coroutine-bin DIR  also run the programs in DIR, made by scripts/build_coroutine_bin.sh
  --out DIR            logs and results.md go here (default: build/gpu)
  --sanitize           also run compute-sanitizer memcheck and racecheck on the test programs
  --no-build           run only what --coroutine-bin gives
  --filter REGEX       run only programs whose name matches (grep -E)
  --timeout SECONDS    limit of one program (default 120; ten times that under the sanitizer)

exit status: 0 all passed; 1 something failed; 2 wrong usage; 3 no GPU or no nvcc
TEXT
}

prebuilt="" out=$root/build/gpu sanitize=0 build=1 filter=. limit=120
while (($# > 0)); do
  case $1 in
    --coroutine-bin) prebuilt=$(cd "${2:?}" && pwd) && shift ;;
    --out) out=${2:?} && shift ;;
    --filter) filter=${2:?} && shift ;;
    --timeout) limit=${2:?} && shift ;;
    --sanitize) sanitize=1 ;;
    --no-build) build=0 ;;
    --help) usage && exit 0 ;;
    *) usage >&2 && exit 2 ;;
  esac
  shift
done
mkdir -p "$out/logs" && out=$(cd "$out" && pwd)
cd "$root" || exit 2
has_gpu || { echo "no GPU: nvidia-smi shows none" >&2 && exit 3; }

table=()
# Notes one line of the table: program, status, seconds, counts.
note() { table+=("$1|$2|$3|$4") && printf '%-58s %-8s %5s s  %s\n' "$1" "$2" "$3" "$4"; }

# Runs a command under a time limit and notes how it went.
run_one() {
  local name=$1 seconds=$2 log=$out/logs/$1.log begin=$SECONDS status result=ok counts=""
  shift 2
  timeout -k 10 "$seconds" "$@" > "$log" 2>&1
  status=$?
  case $status in
    0) ;;
    124 | 137) result=TIMEOUT ;;
    *) result="FAILED" ;;
  esac
  if [[ $name == cowarp_tests_* ]]; then
    read -ra numbers <<< "$(read_counts "$log")"
    counts="${numbers[0]} passed, ${numbers[1]} failed"
    if ((status != 0 && numbers[1] == 0)); then numbers[1]=1; fi
    [[ $name == *@* ]] || add_counts "${numbers[@]}"
  elif ((status == 0)); then
    add_counts 1 0 0
  else
    add_counts 0 1 0
  fi
  [[ $result == ok ]] || { tail -15 "$log" && failures=1; }
  note "$name" "$result" $((SECONDS - begin)) "$counts"
}

build_here() {
  local toolkit options=() capability log=$out/logs/build.log begin=$SECONDS
  toolkit=$(cuda_toolkit) || { echo "no nvcc; use --no-build and --coroutine-bin" >&2 && exit 3; }
  capability=$(nvidia-smi --query-gpu=compute_cap --format=csv,noheader | head -1 | tr -d .)
  if command -v ninja > /dev/null; then options+=(-G Ninja); fi
  if cmake -S . -B build/gpu-nvcc "${options[@]}" -DCMAKE_BUILD_TYPE=Release -DCOWARP_WITH_CUDA=ON \
    -DCOWARP_FRONT_ENDS=nvcc "-DCMAKE_CUDA_COMPILER=$toolkit/bin/nvcc" \
    "-DCOWARP_CUDA_ARCHITECTURES=$capability" > "$log" 2>&1 &&
    cmake --build build/gpu-nvcc -j "$jobs" >> "$log" 2>&1; then
    note "build (nvcc, sm_$capability)" ok $((SECONDS - begin)) ""
  else
    tail -25 "$log" && failures=1 && add_counts 0 1 0
    note "build (nvcc, sm_$capability)" FAILED $((SECONDS - begin)) "see logs/build.log"
  fi
}

run_program() {
  local path=$1 name example tool
  name=$(basename "$path")
  case $name in
    cowarp_example_*)
      example=$(sed -E 's/cowarp_example_(coroutine|state_machine)_(.*)_(nvcc|clang)$/\2/' <<< "$name")
      run_one "$name" "$limit" cmake "-DPROGRAM=$path" \
        "-DEXPECTED=$root/examples/expected/$example.txt" -P cmake/CompareOutput.cmake
      ;;
    cowarp_wordcount_cuda) run_one "$name" "$limit" "$path" README.md LICENSE ;;
    *) run_one "$name" "$limit" "$path" ;;
  esac
  if ((sanitize)) && [[ $name == cowarp_tests_* ]]; then
    for tool in memcheck racecheck; do
      run_one "$name@$tool" $((limit * 10)) compute-sanitizer --tool "$tool" --error-exitcode 9 "$path"
    done
  fi
}

failures=0
PATH=$PATH:$(cuda_toolkit)/bin # compute-sanitizer
if ((build)); then build_here; fi
mapfile -t programs < <(find ${prebuilt:+"$prebuilt"} build/gpu-nvcc -type f -perm -u+x \
  -name 'cowarp_*' -not -path '*/CMakeFiles/*' 2> /dev/null | grep -E "$filter" | sort -u)
for program in "${programs[@]}"; do run_program "$program"; done
((${#programs[@]} > 0)) || { echo "no program to run" && failures=1; }

{
  echo "# GPU run" && echo
  echo "- date: $(date -u +%F)"
  echo "- GPU: $(nvidia-smi --query-gpu=name,driver_version --format=csv,noheader | head -1)"
  echo "- commit: $(git rev-parse --short HEAD 2> /dev/null || echo unknown)" && echo
  echo "| program | status | seconds | counts |" && echo "|---|---|---|---|"
  printf '| %s |\n' "${table[@]//|/ | }"
  for log in "$out"/logs/cowarp_bench_*.log; do
    [[ -f $log ]] && printf '\n## %s\n\n```text\n%s\n```\n' "$(basename "$log" .log)" "$(< "$log")"
  done
} > "$out/results.md"
echo && echo "==== $out/results.md"
for row in "${table[@]}"; do
  IFS='|' read -r name status seconds counts <<< "$row"
  printf '%-58s %-8s %5s s  %s\n' "$name" "$status" "$seconds" "$counts"
done
print_totals
((failures == 0))
