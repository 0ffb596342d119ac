#!/usr/bin/env bash
# Checks the models exhaustively, then demands that each of their faults is found.
# usage: run.sh [--help] [model ...]
#
# exit status: 0 all is as it should be; 1 it is not; 2 wrong usage; 3 a tool is missing (says which)
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")" || exit 2
if [[ ${1:-} == --help ]]; then sed -n '2,5s/^# \{0,1\}//p' "${0##*/}" && exit 0; fi
for tool in spin gcc; do
  command -v "$tool" > /dev/null || missing="${missing:-} $tool"
done
if [[ -n ${missing:-} ]]; then echo "Please install first:  apt-get install$missing" && exit 3; fi

known=(run_queue ready_word wait_queue termination)
models=("$@")
(($# > 0)) || models=("${known[@]}")
for model in "${models[@]}"; do
  [[ " ${known[*]} " == *" $model "* ]] || { echo "There is no model '$model', only: ${known[*]}" && exit 2; }
done
scratch=$(mktemp -d) && trap 'rm -rf "$scratch"' EXIT

# Several models: side by side, each in a run of its own.
if ((${#models[@]} > 1)); then
  # shellcheck disable=SC2016 # the inner shell expands them
  printf '%s\n' "${models[@]}" |
    xargs -P "${COWARP_JOBS:-$(nproc)}" -I{} sh -c '"$0" "$1" > "$2/$1.log" 2>&1' "./${0##*/}" {} "$scratch"
  status=$?
  for model in "${models[@]}"; do sed '$d' "$scratch/$model.log"; done
  tail -qn 1 "$scratch"/*.log | awk '{ passed += $1; failed += $3 } END { print passed + 0 " passed, " failed + 0 " failed" }'
  exit $((status != 0))
fi
here=$PWD passed=0 failed=0

# search <model> <sizes and fault> <compiler options> <pan options>
# Leaves what was said in $scratch/out.
search() {
  cd "$scratch" || exit 2
  # Each word of the second to fourth argument is one option.
  # shellcheck disable=SC2086
  {
    spin $2 -a "$here/$1.pml" && gcc -w -DVECTORSZ=512 -DMEMLIM=2000 $3 -o pan pan.c &&
      timeout 120 ./pan -m100000 $4
  } > out 2>&1
  cd "$here" || exit 2
}

states() { sed -n 's/^ *\([0-9.e+]*\) states, stored.*/\1/p' "$scratch/out" | head -1; }

# True if the search was neither cut short nor bitstate.
is_complete() {
  grep -q 'errors: 0' "$scratch/out" && grep -q '^Full statespace search' "$scratch/out" &&
    ! grep -qE 'Search not completed|too small|out of memory|reached -DMEMLIM' "$scratch/out"
}

report() { # report <true or false> <text>
  if $1; then
    passed=$((passed + 1))
    printf 'ok      %s\n' "$2"
  else
    failed=$((failed + 1))
    printf 'FAILED  %s\n' "$2"
    tail -n 12 "$scratch/out"
  fi
}

holds() { # holds <model> [<sizes> [<compiler options>]]: the laws hold in every interleaving
  search "$1" "${2:-}" "-O2 -DSAFETY ${3:-}" ''
  local result=false
  is_complete && result=true
  report $result "$1 ${2:+$2 }holds: $(states) states"
}

ends() { # ends <model> [<sizes>]: there is no cycle, so with no deadlock every run ends
  search "$1" "${2:-}" '-O2 -DNP' '-l'
  local result=false
  is_complete && result=true
  report $result "$1 ${2:+$2 }ends: $(states) states"
}

refutes() { # refutes <model> <fault>: the laws notice the fault, soon, so -O0 costs less
  search "$1" "-D$2" '-O0 -DSAFETY' ''
  local result=false why
  why=$(sed -nE 's/^pan:1: (assertion violated|invalid end state).*/\1/p' "$scratch/out")
  [[ -n $why ]] && result=true
  report $result "$1 $2 refuted: ${why:-not found}"
}

for model in "${models[@]}"; do
  case $model in
  run_queue)
    holds run_queue
    holds run_queue '-DWAKERS=3 -DROUNDS=1'
    ends run_queue '-DROUNDS=1'
    ;;
  ready_word)
    holds ready_word '-DWAKERS=2'
    holds ready_word '-DSPAWNERS=1 -DSPAWNS=3 -DWAKES=2'
    ends ready_word
    ;;
  wait_queue)
    holds wait_queue
    holds wait_queue '-DSENDS=2 -DSTRANGERS=0 -DCLOSERS=0'
    holds wait_queue '-DSENDS=2 -DCAPACITY=2 -DSTRANGERS=0'
    # Only here does a drop move up more than one; slower, but within the memory.
    holds wait_queue '-DSENDS=3 -DRECEIVES=2 -DCAPACITY=3 -DSTRANGERS=0 -DCLOSERS=0' -DCOLLAPSE
    ends wait_queue '-DSTRANGERS=0'
    ends wait_queue '-DSENDS=2 -DCAPACITY=2 -DSTRANGERS=0 -DCLOSERS=0'
    ;;
  termination)
    holds termination
    holds termination '-DPOOL=2'
    holds termination '-DBLOCKS=3 -DPOSTS=2 -DSPAWNS=1'
    ends termination
    ;;
  esac
  mapfile -t faults < <(grep -o 'FAULT_[A-Z_]*' "$model.pml" | sort -u)
  for fault in "${faults[@]}"; do refutes "$model" "$fault"; done
done

echo "$passed passed, $failed failed"
((failed == 0))
