#!/usr/bin/env bash
# Runs every benchmark that is built, each under a time limit, and writes one page of results:
# docs/results/<date>-<device>.md, with date, device, driver, commit and the programs' own tables.
set -uo pipefail
# shellcheck source=scripts/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
usage() {
  cat << TEXT
usage: scripts/bench.sh [options] [DIR]...

Looks for programs named cowarp_bench_* in every DIR; without one in build/. Where there is a GPU the
host flavours are left out, and elsewhere the GPU flavours are. Build with CMAKE_BUILD_TYPE=Release.

  --host             run the host flavours, whether or not there is a GPU
  --filter REGEX     run only programs whose name matches (grep -E)
  --timeout SECONDS  limit of one program (default 20; programs end by themselves after 10)
  --out FILE         write there instead of docs/results/<date>-<device>.md
  --json DIR         keep the programs' JSON files there (default build/bench)

exit status: 0 all passed; 1 one failed or ran out of time; 2 wrong usage; 3 no program found
TEXT
}

dirs=() filter=. limit=20 out="" json=$root/build/bench gpu=0
if has_gpu; then gpu=1; fi
while (($# > 0)); do
  case $1 in
    --host) gpu=0 ;;
    --filter) filter=${2:?} && shift ;;
    --timeout) limit=${2:?} && shift ;;
    --out) out=${2:?} && shift ;;
    --json) json=${2:?} && shift ;;
    --help) usage && exit 0 ;;
    -*) usage >&2 && exit 2 ;;
    *) dirs+=("$1") ;;
  esac
  shift
done
((${#dirs[@]} > 0)) || dirs=("$root/build")
flavour=_host
if ((gpu)); then flavour='_(nvcc|clang)'; fi

if ((gpu)); then
  device=$(nvidia-smi --query-gpu=name --format=csv,noheader | head -1)
  driver=$(nvidia-smi --query-gpu=driver_version --format=csv,noheader | head -1)
  clocks=$(nvidia-smi --query-gpu=clocks.sm,clocks.max.sm,power.limit --format=csv,noheader | head -1)
else
  device=$(sed -n 's/^model name[[:space:]]*: //p' /proc/cpuinfo | head -1)
  device="${device:-$(uname -m)}, $(nproc) cores"
  driver="$(uname -sr)" clocks=""
fi
slug=$(tr '[:upper:]' '[:lower:]' <<< "$device" | sed -E 's/\((r|tm)\)//g; s/[^a-z0-9]+/-/g; s/^-|-$//g')
date=$(date -u +%F)
out=${out:-$root/docs/results/$date-$slug.md}
mkdir -p "$(dirname "$out")" "$json" || exit 2

# One program per name: the newest, if several build folders have it.
mapfile -t programs < <(find "${dirs[@]}" -type f -perm -u+x -name 'cowarp_bench_*' \
  -not -path '*/CMakeFiles/*' -printf '%f\t%T@\t%p\n' 2> /dev/null |
  grep -P "^cowarp_bench_\S*$flavour\t" | sort -t $'\t' -k 1,1 -k 2,2nr | sort -t $'\t' -s -u -k 1,1 |
  cut -f 3 | grep -E "$filter")
((${#programs[@]} > 0)) || { echo "no program cowarp_bench_*$flavour in ${dirs[*]}" && exit 3; }

commit=$(git -C "$root" rev-parse --short HEAD 2> /dev/null || echo unknown)
if [[ -n $(git -C "$root" status --porcelain --untracked-files=no 2> /dev/null) ]]; then
  commit+=" with local changes"
fi
{
  echo "# Benchmarks, $date" && echo
  echo "- device: $device"
  echo "- driver: $driver"
  if [[ -n $clocks ]]; then echo "- SM clock, highest, power limit: $clocks"; fi
  echo "- commit: $commit"
  echo "- what the rows mean: [performance.md](../performance.md)"
} > "$out"

failures=0
for program in "${programs[@]}"; do
  name=$(basename "$program")
  log=$json/$name.log begin=$SECONDS
  timeout -k 5 "$limit" "$program" --json "$json/$name.json" > "$log" 2>&1
  status=$?
  verdict=ok
  case $status in
    0) ;;
    124 | 137) verdict="OUT OF TIME" ;;
    *) verdict="FAILED, exit status $status" ;;
  esac
  ((status == 0)) || failures=$((failures + 1))
  printf '%-52s %3s s  %s\n' "$name" $((SECONDS - begin)) "$verdict"
  { printf '\n## %s\n\n' "$name" && if ((status != 0)); then printf '%s\n\n' "$verdict"; fi; } >> "$out"
  { echo '```text' && cat "$log" && echo '```'; } >> "$out"
done
echo "$out"
echo "$((${#programs[@]} - failures)) passed, $failures failed"
((failures == 0))
