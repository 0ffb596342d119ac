#!/usr/bin/env bash
# Runs the laws of the simulation under many seeds, on all cores: each law's seeds are divided into parts.
set -uo pipefail
usage() {
  cat << TEXT
usage: scripts/laws.sh [options] PROGRAM

PROGRAM is cowarp_tests_sim_laws, built by tests/sim.

  --seeds N       seeds of each law (default 1000000)
  --first N       the first of them (default 1), so that seeds can be run in several goes
  --only PATTERN  only laws whose name matches (grep -E)
  --step N        seeds of one process (default 10000)
  --jobs N        processes at once (default: one for each core)

  --limit S       begin nothing more after S seconds; seeds are taken in their order, all laws side by side

Prints a line for each law, what failed, and a total.
exit status: 0 no law was broken; 1 one was; 2 wrong usage; 3 none was, but the limit came first
TEXT
}

seeds=1000000 first=1 only=. step=10000 jobs=$(nproc) limit=0 program=""
while (($# > 0)); do
  case $1 in
    --seeds) seeds=${2:?} && shift ;;
    --first) first=${2:?} && shift ;;
    --only) only=${2:?} && shift ;;
    --step) step=${2:?} && shift ;;
    --jobs) jobs=${2:?} && shift ;;
    --limit) limit=${2:?} && shift ;;
    --help) usage && exit 0 ;;
    -*) usage >&2 && exit 2 ;;
    *) program=$1 ;;
  esac
  shift
done
[[ -x $program ]] || { usage >&2 && exit 2; }
# shellcheck source=scripts/each.sh
source "$(dirname "${BASH_SOURCE[0]}")/each.sh"

logs=$(mktemp -d) && trap 'rm -rf "$logs"' EXIT
mapfile -t laws < <(test_names "$program" | grep -E "$only")
((${#laws[@]} > 0)) || { echo "no law matches $only" >&2 && exit 2; }

# Runs one part: number of the law, first seed, seeds. Leaves "law seeds seconds" in a file, or what failed.
run_part() {
  local log=$logs/$1.$2 begin=$EPOCHREALTIME status
  ((limit == 0 || EPOCHSECONDS < limit)) || return 0
  COWARP_SIM_LAW_FIRST=$2 COWARP_SIM_LAW_SEEDS=$3 "$program" "$4" > "$log.out" 2>&1
  status=$?
  if ((status == 0)) && grep -q '^All tests passed' "$log.out"; then
    rm "$log.out"
    awk -v law="$1" -v seeds="$3" -v from="$begin" -v to="$EPOCHREALTIME" \
      'BEGIN { print law, seeds, to - from }' > "$log.ok"
  fi
}
export -f run_part
((limit == 0)) || limit=$((EPOCHSECONDS + limit))
export logs program limit

begin=$SECONDS
for ((at = first; at < first + seeds; at += step)); do
  count=$((first + seeds - at < step ? first + seeds - at : step))
  for i in "${!laws[@]}"; do printf '%s\0%s\0%s\0%s\0' "$i" "$at" "$count" "$(escaped "${laws[i]}")"; done
done | xargs -0 -n 4 -P "$jobs" bash -c 'run_part "$@"' _

broken=0 fewest=$seeds
for i in "${!laws[@]}"; do
  read -r done_seeds seconds <<< "$(find "$logs" -name "$i.*.ok" -exec cat {} + |
    awk '{ seeds += $2; seconds += $3 } END { printf "%d %.0f\n", seeds, seconds }')"
  word=held
  if [[ -n $(find "$logs" -name "$i.*.out") ]]; then word=BROKEN && broken=$((broken + 1)); fi
  if ((done_seeds < fewest)); then fewest=$done_seeds; fi
  printf '%-7s %9d seeds %6d s  %s\n' "$word" "$done_seeds" "$seconds" "${laws[i]}"
done
for log in "$logs"/*.out; do [[ -f $log ]] && tail -25 "$log"; done
echo "${#laws[@]} laws, $fewest seeds each from $first on: $broken broken; $((SECONDS - begin)) s, $jobs at once"
((broken == 0)) || exit 1
((fewest == seeds)) || exit 3
