#!/usr/bin/env bash
# Builds every GPU program of tests, examples and benchmarks with clang as CUDA compiler and copies
# them to DIR, to be run by scripts/gpu.sh on a machine that has a GPU but no such clang. They carry
# the CUDA runtime and libstdc++ with them and need only a driver and this machine's glibc or newer.
# usage: build_coroutine_bin.sh [--nvcc] [--help] DIR
#
#   --nvcc  the same for the nvcc flavours, for a machine that lacks {fmt} or Catch2
#
# exit status: 0 done; 1 a build failed; 2 wrong usage
set -euo pipefail
# shellcheck source=scripts/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
presets=(cuda-clang)
directory=
for argument in "$@"; do
  case $argument in
    --help) sed -n '2,9s/^# \{0,1\}//p' "$0" && exit 0 ;;
    --nvcc) presets+=(cuda) ;;
    -*) sed -n '5s/^# //p' "$0" >&2 && exit 2 ;;
    *) directory=$argument ;;
  esac
done
[[ -n $directory ]] || { sed -n '5s/^# //p' "$0" >&2 && exit 2; }
mkdir -p "$directory"
directory=$(cd "$directory" && pwd)
cd "$root"

for preset in "${presets[@]}"; do
  cmake --preset "$preset" -DCOWARP_TEST_BATCH=6 -DCOWARP_TEST_CLANG_SYNC=ON \
    "-DCMAKE_EXE_LINKER_FLAGS=-static-libstdc++ -static-libgcc"
  cmake --build --preset "$preset" -j "$jobs"
  find "build/$preset" -type f -perm -u+x -name 'cowarp_*' -not -path '*/CMakeFiles/*' \
    -exec cp -p {} "$directory" \;
done
strip --strip-unneeded "$directory"/cowarp_*
du -sh "$directory"
ls "$directory"
