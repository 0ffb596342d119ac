#!/usr/bin/env bash
# Installs cowarp to a temporary prefix and builds the projects of tests/packaging against it: without
# CUDA, and with it where there is a toolkit. Runs their programs (GPU ones where there is a GPU).
# usage: packaging.sh [--help]
#
# Last line: "N passed, N failed[, N skipped]". exit status: 0 all passed, 1 not, 2 wrong usage
set -uo pipefail
# shellcheck source=scripts/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"
if [[ ${1:-} == --help ]]; then sed -n '2,6s/^# \{0,1\}//p' "$0" && exit 0; fi
(($# == 0)) || exit 2
cd "$root" || exit 2
prefix=$(mktemp -d)
trap 'rm -rf "$prefix"' EXIT
work=build/packaging
mkdir -p "$work"

# Runs a command as one counted case; shows its output only if it fails.
run_case() {
  local name=$1 log
  log=$work/${1//[ :\/]/_}.log
  shift
  if "$@" > "$log" 2>&1; then
    echo "  ok       $name" && add_counts 1 0 0
  else
    echo "  FAILED   $name: $log" && tail -25 "$log" && add_counts 0 1 0
    return 1
  fi
}

build() { cmake -S "$1" -B "$2" -G Ninja "${@:3}" && cmake --build "$2" -j "$jobs"; }

install_package() {
  build . "$work/$1/package" -DCMAKE_BUILD_TYPE=Release -DCOWARP_BUILD_TESTS=OFF \
    -DCOWARP_BUILD_EXAMPLES=OFF -DCOWARP_BUILD_BENCHMARKS=OFF "${@:2}" &&
    cmake --install "$work/$1/package" --prefix "$prefix/$1"
}

run_programs() {
  local program
  for program in host nvcc clang; do
    [[ -x $1/consumer_$program ]] || continue
    if [[ $program == host ]] || has_gpu; then
      timeout 60 "$1/consumer_$program" || return 1
    fi
  done
}

consume() { # a variant (host or cuda), a project, options
  local folder=$work/$1/$2
  run_case "$1: $2 builds" build "tests/packaging/$2" "$folder" "${@:3}" &&
    run_case "$1: $2 runs" run_programs "$folder"
}

run_variant() {
  local variant=$1
  shift
  run_case "$variant: installs" install_package "$variant" "$@" || return
  consume "$variant" find_package "-DCMAKE_PREFIX_PATH=$prefix/$variant" "$@"
  consume "$variant" add_subdirectory "$@"
}

run_variant host -DCOWARP_WITH_CUDA=OFF
if toolkit=$(cuda_toolkit); then
  coroutines=OFF
  if coroutine_clang > /dev/null; then coroutines=ON; fi
  echo "  CUDA toolkit found; coroutine consumer: $coroutines"
  run_variant cuda -DCOWARP_WITH_CUDA=ON "-DCMAKE_CUDA_COMPILER=$toolkit/bin/nvcc" \
    -DCMAKE_CUDA_ARCHITECTURES=90 -DCOWARP_CUDA_ARCHITECTURES=90 -DCONSUMER_COROUTINES=$coroutines
else
  echo "  skipped  cuda: no CUDA toolkit" && add_counts 0 0 1
fi
print_totals
((failed == 0))
