#!/usr/bin/env bash
# Runs several copies of the soak program side by side, on cores or one on each GPU, and adds up their counts.
set -uo pipefail
usage() {
  cat << TEXT
usage: scripts/soak.sh [options] PROGRAM

PROGRAM is cowarp_soak, or cowarp_soak_nvcc with --gpus. Each copy has seeds of its own.

  --seconds N  for so long (default 60)
  --copies N   copies on this machine's cores (default 1)
  --gpus N     instead, one copy on each of N GPUs, which it sees as its only one
  --blocks N   blocks of each launch (default 4, with --gpus 64)
  --seed N     the first copy's first seed (default 1)

A program under ThreadSanitizer stops at the first race. Where the kernel spreads addresses so far that
ThreadSanitizer does not start, it is run by setarch -R.

Prints a line for each copy, and a total. exit status: 0 nothing was lost; 1 something was; 2 wrong usage
TEXT
}

seconds=60 copies=1 gpus=0 blocks="" seed=1 program=""
while (($# > 0)); do
  case $1 in
    --seconds) seconds=${2:?} && shift ;;
    --copies) copies=${2:?} && shift ;;
    --gpus) gpus=${2:?} && shift ;;
    --blocks) blocks=${2:?} && shift ;;
    --seed) seed=${2:?} && shift ;;
    --help) usage && exit 0 ;;
    -*) usage >&2 && exit 2 ;;
    *) program=$1 ;;
  esac
  shift
done
[[ -x $program ]] || { usage >&2 && exit 2; }
((gpus > 0)) && copies=$gpus
blocks=${blocks:-$((gpus > 0 ? 64 : 4))}
export TSAN_OPTIONS="halt_on_error=1 exitcode=66 ${TSAN_OPTIONS:-}"

logs=$(mktemp -d) && trap 'rm -rf "$logs"' EXIT
start=("$program")
if ! "$program" 0 1 > "$logs/try" 2>&1 && grep -q 'unexpected memory mapping' "$logs/try"; then
  start=(setarch -R "$program")
fi

for ((i = 0; i < copies; ++i)); do
  (
    if ((gpus > 0)); then export CUDA_VISIBLE_DEVICES=$i; fi
    # A copy that hangs is a loss too.
    timeout -k 10 $((seconds + 120)) "${start[@]}" "$seconds" "$blocks" $((seed + i * 1000000)) \
      > "$logs/$i" 2>&1
    echo $? > "$logs/$i.status"
  ) &
done
wait

lost=0
for ((i = 0; i < copies; ++i)); do
  status=$(< "$logs/$i.status")
  if ((status == 0)) && grep -q 'nothing lost$' "$logs/$i"; then
    echo "copy $i: $(tail -1 "$logs/$i")"
  else
    lost=$((lost + 1))
    echo "copy $i: LOST, exit status $status" && tail -40 "$logs/$i"
  fi
done
cat "$logs"/[0-9]* | awk -v copies="$copies" -v lost="$lost" -v seconds="$seconds" '
  /nothing lost$/ { for (i = 1; i <= NF; ++i) if ($i ~ /^[0-9]+$/) { ++n; sum[n] += $i } n = 0 }
  END { printf "%d copies, %d s each: %.0f launches, %.0f tasks, %.0f messages, %.0f sends given up, " \
               "%.0f locks and permits; %d copies lost something\n",
               copies, seconds, sum[1], sum[2], sum[3], sum[4], sum[5], lost }'
((lost == 0))
