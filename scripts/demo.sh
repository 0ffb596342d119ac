#!/usr/bin/env bash
# Counts the words of this repository's own text files with the example wordcount: on the GPU where
# there is one and a CUDA toolkit, else on the CPU. Says which.
# usage: demo.sh [--cpu | --help]
#
# exit status: 0 done; 1 the build or the program failed; 2 wrong usage; 3 something to install first
set -euo pipefail
# shellcheck source=scripts/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
case ${1:-} in
  --help) sed -n '2,6s/^# \{0,1\}//p' "$0" && exit 0 ;;
  --cpu) wants_gpu=0 ;;
  "") wants_gpu=1 ;;
  *) sed -n '4s/^# //p' "$0" >&2 && exit 2 ;;
esac
cd "$root"
scripts/install_missing.sh || exit 3

options=(-DCOWARP_WITH_CUDA=OFF -DCOWARP_FRONT_ENDS=host) target=cowarp_wordcount where="the CPU"
if ((wants_gpu)) && ! has_gpu; then
  echo "no GPU here (nvidia-smi shows none)"
elif ((wants_gpu)) && ! toolkit=$(cuda_toolkit); then
  echo "a GPU, but no CUDA toolkit: no nvcc on PATH, in CUDAToolkit_ROOT or in CUDA_PATH"
elif ((wants_gpu)); then
  front_ends=nvcc
  if coroutine_clang > /dev/null; then front_ends="nvcc;clang"; fi
  options=(-DCOWARP_WITH_CUDA=ON "-DCOWARP_FRONT_ENDS=$front_ends"
    "-DCMAKE_CUDA_COMPILER=$toolkit/bin/nvcc")
  target=cowarp_wordcount_cuda where="the GPU, $(nvidia-smi -L | head -1)"
fi

build=build/demo log=build/logs/demo.log
mkdir -p build/logs
if ! { cmake -S . -B "$build" -G Ninja -DCMAKE_BUILD_TYPE=Release -DCOWARP_BUILD_TESTS=OFF \
  -DCOWARP_BUILD_BENCHMARKS=OFF "${options[@]}" &&
  cmake --build "$build" -j "$jobs" --target "$target"; } > "$log" 2>&1; then
  tail -20 "$log"
  echo "the build failed; all of it is in $log"
  exit 1
fi
program=$(find "$build" -name "$target" -type f -perm -u+x | head -1)
mapfile -d '' files < <(git ls-files -z | xargs -0 grep -IlZ '')
echo "counting the words of ${#files[@]} files on $where"
"$program" "${files[@]}"
