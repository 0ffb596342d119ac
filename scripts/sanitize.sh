#!/usr/bin/env bash
# Runs each test case of GPU test programs by itself under compute-sanitizer, several at once.
set -uo pipefail
usage() {
  cat << TEXT
usage: scripts/sanitize.sh [options] PROGRAM...

  --tool NAME      memcheck, racecheck, initcheck or synccheck; may be given several times
                   (default: initcheck and synccheck)
  --jobs N         test cases at once (default 8)
  --gpus N         spread them over so many GPUs (default: all that nvidia-smi shows)
  --limit SECONDS  of one test case (default 110); what takes longer counts as not run to its end
  --total SECONDS  begin no test case after this time (default: no limit)
  --only PATTERN   only test cases whose name matches (grep -E)
  --out DIR        logs of what is not clean go here (default: build/sanitize)

Prints what is not clean, and a line for each tool and program.
exit status: 0 all that ran to its end is clean; 1 something is not; 2 wrong usage
TEXT
}

tools=() jobs=8 gpus="" limit=110 total=1000000 only=. out=build/sanitize programs=()
while (($# > 0)); do
  case $1 in
    --tool) tools+=("${2:?}") && shift ;;
    --jobs) jobs=${2:?} && shift ;;
    --gpus) gpus=${2:?} && shift ;;
    --limit) limit=${2:?} && shift ;;
    --total) total=${2:?} && shift ;;
    --only) only=${2:?} && shift ;;
    --out) out=${2:?} && shift ;;
    --help) usage && exit 0 ;;
    -*) usage >&2 && exit 2 ;;
    *) programs+=("$1") ;;
  esac
  shift
done
((${#programs[@]} > 0)) || { usage >&2 && exit 2; }
((${#tools[@]} > 0)) || tools=(initcheck synccheck)
# shellcheck source=scripts/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
# shellcheck source=scripts/each.sh
source "$(dirname "${BASH_SOURCE[0]}")/each.sh"
if toolkit=$(cuda_toolkit); then PATH=$PATH:$toolkit/bin; fi
command -v compute-sanitizer > /dev/null || { echo "no compute-sanitizer" >&2 && exit 2; }
gpus=${gpus:-$(nvidia-smi -L 2> /dev/null | grep -c '^GPU ')}
((gpus > 0)) || { echo "no GPU" >&2 && exit 2; }
mkdir -p "$out" && out=$(cd "$out" && pwd)
until=$((EPOCHSECONDS + total))

# Runs one test case: tool, program, number, name. Writes one word into a file: how it went.
run_case() {
  local log=$out/$1.$(basename "$2").$3 status word=clean
  ((EPOCHSECONDS < until)) || { echo "not begun" > "$log.word" && return; }
  CUDA_VISIBLE_DEVICES=$(($3 % gpus)) timeout -k 10 "$limit" compute-sanitizer --tool "$1" \
    --error-exitcode 9 "$2" "$4" > "$log.log" 2>&1
  status=$?
  case $status in
    0) ;;
    124 | 137) word=late ;;
    9) word=unclean ;;
    *) word=failed ;;
  esac
  echo "$word" > "$log.word"
  if [[ $word == clean ]]; then rm "$log.log"; else echo "$word: $1 $(basename "$2"): $4"; fi
}
export -f run_case
export out limit until gpus

bad=0
for tool in "${tools[@]}"; do
  for program in "${programs[@]}"; do
    begin=$SECONDS
    rm -f "$out/$tool.$(basename "$program")".*
    i=0
    while IFS= read -r name; do
      printf '%s\0%s\0%s\0%s\0' "$tool" "$program" "$((i++))" "$(escaped "$name")"
    done < <(test_names "$program" | grep -E "$only") | xargs -0 -n 4 -P "$jobs" bash -c 'run_case "$@"' _
    counts=$(cat "$out/$tool.$(basename "$program")".*.word | sort | uniq -c | awk '
      { sum += $1; n = $1; $1 = ""; text = text "," $0 " " n } END { print sum " test cases:" substr(text, 2) }')
    echo "$tool $(basename "$program"): $counts; $((SECONDS - begin)) s"
    [[ $counts == *unclean* || $counts == *failed* ]] && bad=1
  done
done
exit $bad
