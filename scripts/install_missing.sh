#!/usr/bin/env bash
# Installs what building and testing cowarp needs and this machine lacks (Debian, Ubuntu).
# usage: install_missing.sh [--help]
#
# exit status: 0 all is here; 3 something is missing and cannot be installed from here (says what)
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.." || exit 2
if [[ ${1:-} == --help ]]; then sed -n '2,5s/^# \{0,1\}//p' "$0" && exit 0; fi

missing=() optional=()
for pair in cmake:cmake ninja:ninja-build g++:g++ clang++:clang git:git python3:python3; do
  command -v "${pair%%:*}" > /dev/null || missing+=("${pair##*:}")
done
if command -v dpkg-query > /dev/null; then
  for package in libfmt-dev catch2 libcli11-dev libboost-context-dev spin; do
    dpkg-query -W -f '${Status}' "$package" 2> /dev/null | grep -q 'ok installed' ||
      missing+=("$package")
  done
fi
scripts/checks/format.sh --which > /dev/null || optional+=(clang-format-14)
# shellcheck source=scripts/lib.sh
source scripts/lib.sh
if clang=$(coroutine_clang); then
  # Debian has the sanitizers' libraries in a package of their own.
  version=${clang##*-}
  if [[ $version =~ ^[0-9]+$ ]] &&
    ! "$clang" -x c++ -fsanitize=address - -o /dev/null <<< 'int main() {}' 2> /dev/null; then
    optional+=("libclang-rt-$version-dev")
  fi
else
  optional+=(clang-22 libclang-rt-22-dev) # compiles co_await for the GPU
fi

if ((${#missing[@]} + ${#optional[@]} > 0)); then
  become=()
  if ((EUID != 0)); then become=(sudo -n); fi
  if command -v apt-get > /dev/null && "${become[@]}" true 2> /dev/null; then
    mkdir -p build/logs
    log=build/logs/install.log
    install=("${become[@]}" env DEBIAN_FRONTEND=noninteractive
      apt-get install -yq --no-install-recommends)
    echo "installing: ${missing[*]} ${optional[*]}"
    "${become[@]}" apt-get update -q > "$log" 2>&1
    if ((${#missing[@]} > 0)) && ! "${install[@]}" "${missing[@]}" >> "$log" 2>&1; then
      echo "apt-get could not install: ${missing[*]}; see $log" && exit 3
    fi
    for package in "${optional[@]}"; do # the check that wants it says that it was skipped
      "${install[@]}" "$package" >> "$log" 2>&1 || echo "apt-get has no $package"
    done
  elif ((${#missing[@]} > 0)); then
    echo "Please install first:  apt-get install ${missing[*]} ${optional[*]}" && exit 3
  fi
fi

version=$(cmake --version | sed -n '1s/[^0-9]*//p')
if [[ $(printf '%s\n' 3.25 "$version" | sort -V | head -1) != 3.25 ]]; then
  echo "CMake $version is too old. Please install 3.25 or newer (for example: pip install cmake)"
  exit 3
fi
