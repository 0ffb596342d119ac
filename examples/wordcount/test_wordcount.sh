#!/usr/bin/env bash
# Compares wordcount with wc and with sort | uniq -c, on files that try its edges.
# usage: test_wordcount.sh [--small] PROGRAM
#
# PROGRAM is the path of cowarp_wordcount or cowarp_wordcount_cuda. --small leaves out the file of
# 100 MB, for builds with a sanitizer. The last line reads "N checks passed" or says what failed.
# exit status: 0 all passed; 1 something failed; 2 wrong usage
set -uo pipefail
export LC_ALL=C

small=0
if [[ ${1:-} == --small ]]; then small=1 && shift; fi
if (($# != 1)) || [[ ! -x $1 ]]; then sed -n '3s/^# //p' "$0" >&2 && exit 2; fi
program=$(realpath "$1")
if [[ $program == *_cuda ]] && ! nvidia-smi -L 2> /dev/null | grep -q GPU &&
  ! compgen -G '/dev/nvidia[0-9]*' > /dev/null && [[ ! -e /dev/dxg ]]; then
  echo "skipped: this machine has no GPU" && exit 0 # SKIP_REGULAR_EXPRESSION of the test
fi
here=$(dirname "$(realpath "${BASH_SOURCE[0]}")")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work" || exit 2

passed=0 failed=0
pass() { passed=$((passed + 1)); }
fail() { failed=$((failed + 1)) && printf 'FAILED: %s\n' "$*"; }

# The laws' other side: maximal runs of bytes other than the six, one a line.
words_of() { for file in "$@"; do tr -s ' \t\n\v\f\r' '\n' < "$file" && echo; done | sed '/^$/d'; }
frequencies_of() { words_of "$@" | sort -S 256M | uniq -c | sort -rn; }

# Lines, words and bytes of each file and of all, without wc's idea of a word.
counts_of() {
  local lines words bytes all_lines=0 all_words=0 all_bytes=0 file
  for file in "$@"; do
    lines=$(wc -l < "$file") words=$(words_of "$file" | wc -l) bytes=$(wc -c < "$file")
    echo "$lines $words $bytes $file"
    all_lines=$((all_lines + lines)) all_words=$((all_words + words))
    all_bytes=$((all_bytes + bytes))
  done
  if (($# > 1)); then echo "$all_lines $all_words $all_bytes total"; fi
}

# check NAME [OPTION...] -- FILE...: counts and all frequencies are right.
check() {
  local name=$1 options=() status different
  shift
  while [[ $1 != -- ]]; do options+=("$1") && shift; done
  shift
  timeout 300 "$program" -n 100000000 --progress never "${options[@]}" "$@" > out 2> err
  status=$?
  if ((status != 0)); then fail "$name: exit status $status: $(tail -3 err)" && return; fi
  counts_of "$@" > want_counts
  frequencies_of "$@" > want_words
  different=$(wc -l < want_words)
  sed '/^$/,$d' out | sed 's/^ *//; s/  */ /g' > got_counts
  if cmp -s got_counts want_counts; then pass; else
    fail "$name: counts" && diff want_counts got_counts | head -5
  fi
  if grep -aq "^most frequent of $different different words:\$" out; then pass; else
    fail "$name: $different different words expected"
  fi
  sed '1,/^most frequent of/d' out > got_words
  if cmp -s got_words want_words; then pass; else
    fail "$name: frequencies" && diff -a want_words got_words | head -5
  fi
}

# refuses NAME WHAT ARGUMENT...: status 2, nothing on stdout, one line with WHAT on stderr.
refuses() {
  local name=$1 what=$2 status
  shift 2
  timeout 60 "$program" "$@" > out 2> err
  status=$?
  if ((status == 2)) && [[ ! -s out ]] && (($(wc -l < err) == 1)) && grep -q -- "$what" err; then
    pass
  else
    fail "$name: status $status, stderr: $(< err)"
  fi
}

# says NAME WHAT STREAM ARGUMENT...: status 0, and a line with WHAT in the stream out or err.
says() {
  local name=$1 what=$2 stream=$3
  shift 3
  if timeout 60 "$program" "$@" > out 2> err && grep -aq -- "$what" "$stream"; then pass; else
    fail "$name: $(tail -3 out err)"
  fi
}

# interrupts FILE: Ctrl-C ends a run with status 130, nothing on stdout, and a report on stderr.
interrupts() {
  local status
  env --default-signal=INT "$program" --blocks 1 --piece-bytes 64 --progress always \
    "$1" > out 2> err &
  # The second number is shown while the tasks run.
  until (($(tr '\r' '\n' < err | grep -c '%') > 1)) || ! kill -0 $! 2> /dev/null; do sleep 0.01; done
  kill -INT $!
  wait $!
  status=$?
  if ((status == 130)) && [[ ! -s out ]] && grep -q 'interrupted after' err &&
    tail -1 err | grep -q 'wordcount: interrupted$'; then pass; else
    fail "Ctrl-C: status $status, stderr: $(tail -3 err)"
  fi
}

# N numbers as words, a few to a line, some of them often.
make_text() {
  awk -v n="$1" -v seed="$2" 'BEGIN { srand(seed)
    for (i = 0; i < n; ++i) printf "w%d%s", int(exp(rand() * 9)), (i % 9 == 8 ? "\n" : " ") }'
}

: > empty
printf 'a' > one_letter
printf '\n' > one_newline
printf ' ' > one_space
printf 'no newline at the end' > no_final_newline
printf '  \n\n leading and  double\t\ttabs \r\n\v\f\r\n' > spaces
printf 'na\xc3\xafve caf\xc3\xa9 \xe2\x80\x94 \xce\xb1\xce\xb2\xce\xb3 \xe2\x80\x94 caf\xc3\xa9\n' > utf8
printf 'nul\0 \0 \0\0 a\0b \0 end\x80\xff \x85 \xa0 \x1f\n' > nul
head -c 200000 /dev/urandom > random
tr -d ' \t\n\v\f\r' < random > one_long_word
head -c 100000 /dev/zero | tr '\0' ' ' > only_spaces
for length in {1..140}; do printf '%*s ' "$length" '' | tr ' ' x && printf ' y\n'; done > lengths
for ends in 63 64 65 127 128 129 1023 1024 1025 16384; do
  head -c "$ends" /dev/zero | tr '\0' z > "ends_at_$ends"
done
make_text 30000 1 > text

for file in empty one_letter one_newline one_space no_final_newline spaces utf8 nul random \
  one_long_word only_spaces lengths ends_at_* text; do
  check "$file" -- "$file"
done
check "pieces of 64 bytes" --piece-bytes 64 -- text lengths one_long_word spaces
check "a table that must grow" --slots 2 -- text utf8
check "one block" --blocks 1 -- text nul
check "five blocks" --blocks 5 --piece-bytes 64 -- text
check "several files" -- empty text one_letter no_final_newline no_final_newline empty nul utf8
check "the sources" -- "$here"/*.hpp "$here"/*.cpp "$here"/*.sh

# The very bytes that wc and the pipeline print.
plain=(text lengths spaces one_letter empty)
"$program" --no-frequencies "${plain[@]}" > out 2> err
if wc "${plain[@]}" | cmp -s - out; then pass; else fail "wc prints something else" && cat out; fi
"$program" --no-frequencies text > out 2> err
if wc text | cmp -s - out; then pass; else fail "wc prints something else for one file"; fi
"$program" -n 7 text > out 2> err
tr -s '[:space:]' '\n' < text | sort | uniq -c | sort -rn > want_words
if cmp -s <(head -7 want_words) <(tail -7 out); then pass; else fail "the first seven words"; fi

refuses "no file named" "FILE is required"
refuses "a missing file" "cannot read 'missing': No such file" text missing
refuses "a folder" "cannot read '.*': Is a directory" "$work"
touch secret && chmod 000 secret
if [[ ! -r secret ]]; then refuses "an unreadable file" "Permission denied" secret; fi
refuses "an unknown option" "--wrong" --wrong text
refuses "a negative number" "--blocks" --blocks -1 text
refuses "a word for a number" "--top" --top many text
refuses "a piece of 65 bytes" "multiple of 64" --piece-bytes 65 text
refuses "progress sometimes" "sometimes" --progress sometimes text
refuses "too many blocks" "ask for" --blocks 1000000 text

says "help" "exit status: 0 done; 1 .*; 2 " out --help
says "a rate" "GB/s" err text
says "the rate of wc" "^wc: .*GB/s" err --compare-wc text
says "the report" "all tasks done" out --report text
says "progress" "100 %\|0 %" err --progress always text
"$program" text > out 2> err
if grep -q '%' err; then fail "progress without a terminal"; else pass; fi

"$program" text > /dev/full 2> err
if (($? == 1)) && grep -q 'cannot write' err; then pass; else fail "a full disk"; fi

if ((small == 0)); then
  make_text 200000 2 > base
  for i in {1..150}; do printf 'part%d ' "$i" && cat base; done | head -c 100000000 > large
  rm base
  check "100 MB" -- large
  if [[ $program != *_cuda ]]; then interrupts large; fi # a GPU would be done before
  rm large
fi

if ((failed > 0)); then echo "$passed checks passed, $failed failed" && exit 1; fi
echo "$passed checks passed"
