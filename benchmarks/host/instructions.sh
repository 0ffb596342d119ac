#!/usr/bin/env bash
# Counts host instructions per poll, per message and per spawned task with callgrind, and compares
# them with expected.json: more than 5 % above or below fails. Counts do not depend on how busy the
# machine is, but on the compiler: the file has a section for each.
# usage: instructions.sh [--update] [--help]
#
#   --update  writes what was counted into expected.json; say in the commit why it changed
#
# exit status: 0 all within the band; 1 not, or a build failed; 2 wrong usage; 77 nothing to compare:
# no valgrind here, or expected.json has no section for this compiler (CXX)
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=$(cd "$here/../.." && pwd)
update=0
case ${1:-} in
  --help) sed -n '2,11s/^# \{0,1\}//p' "$0" && exit 0 ;;
  --update) update=1 ;;
  "") ;;
  *) sed -n '5s/^# //p' "$0" >&2 && exit 2 ;;
esac
command -v valgrind > /dev/null || { echo "no valgrind here: apt-get install valgrind" && exit 77; }

compiler=${CXX:-g++}
version=$("$compiler" -dumpfullversion 2> /dev/null || "$compiler" -dumpversion)
name=$(basename "$compiler" | sed 's/-[0-9]*$//')-${version%%.*}-$(uname -m)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir "$work/include" && ln -s "$root" "$work/include/cowarp"
flags=(-std=c++20 -O2 -DNDEBUG -DFMT_HEADER_ONLY -I"$work/include" -pthread -Wno-mismatched-new-delete)
for source in executor/flight_recorder.cpp executor/report.cpp platform/host/host_launch.cpp; do
  "$compiler" "${flags[@]}" -c "$root/$source" -o "$work/$(basename "$source").o"
done

# Prints how many instructions the program needs for one unit of work: the difference of two runs, so
# that starting and ending do not count.
per_unit() {
  local program=$1 less=$2 more=$3 counts=()
  for units in "$less" "$more"; do
    valgrind --tool=callgrind --callgrind-out-file="$work/out" "$work/$program" "$units" \
      2> "$work/log" || { cat "$work/log" >&2 && return 1; }
    counts+=("$(sed -n 's/.*Collected : *//p' "$work/log")")
  done
  awk -v a="${counts[0]}" -v b="${counts[1]}" -v n=$((more - less)) 'BEGIN { printf "%.2f", (b - a) / n }'
}

results=()
for program in poll_loop channel spawn; do
  "$compiler" "${flags[@]}" "$here/$program.cpp" "$work"/*.o -o "$work/$program"
  results+=("$program=$(per_unit "$program" 32000 320000)")
done

python3 - "$here/expected.json" "$name" "$update" "${results[@]}" << 'PYTHON'
import json, pathlib, sys

path, compiler, update, found = pathlib.Path(sys.argv[1]), sys.argv[2], sys.argv[3] == "1", sys.argv[4:]
expected = json.loads(path.read_text()) if path.exists() else {}
known, band, status = expected.get(compiler, {}), 0.05, 0
print(f"instructions on the host, {compiler}")
for item in found:
    name, value = item.split("=")
    value, was = float(value), known.get(name)
    if was is None:
        verdict, status = "new", 77 if status == 0 else status
    elif abs(value - was) > band * was:
        verdict, status = f"FAILED: expected {was} within 5 %", 1
    else:
        verdict = f"ok, expected {was}"
    print(f"  {name:<10} {value:8.2f}  {verdict}")
if update:
    expected[compiler] = {name: float(value) for name, value in (item.split("=") for item in found)}
    path.write_text(json.dumps(expected, indent=2, sort_keys=True) + "\n")
    print(f"written to {path.name}")
    status = 0
elif status == 1:
    print("if the change is meant: benchmarks/host/instructions.sh --update, and say why in the commit")
elif status == 77:
    print("nothing to compare with: benchmarks/host/instructions.sh --update makes a section")
sys.exit(status)
PYTHON
