#!/usr/bin/env bash
# Checks that every C++ file is formatted as .clang-format says; --fix formats them.
# usage: format.sh [--fix | --which | --help]
#
# Versions of clang-format disagree in small things. Version 14 is the reference (Debian, Ubuntu:
# clang-format-14; PyPI: clang-format==14.0.6); without it the check is skipped with status 77.
# CLANG_FORMAT names another program.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

reference() {
  local name
  for name in ${CLANG_FORMAT:-clang-format-14 clang-format}; do
    if [[ -n ${CLANG_FORMAT:-} ]] || "$name" --version 2> /dev/null | grep -q 'version 14\.'; then
      echo "$name"
      return
    fi
  done
  return 1
}

case ${1:-} in
  --help) sed -n '2,7s/^# //p' "$0" && exit 0 ;;
  --which) reference && exit 0 || exit 1 ;;
  --fix) options=(-i) ;;
  "") options=(--dry-run --Werror) ;;
  *) sed -n '3s/^# //p' "$0" >&2 && exit 2 ;;
esac
if ! program=$(reference); then
  echo "clang-format 14 is not installed" && exit 77
fi
# Tracked files and new ones that are not ignored.
git ls-files -z --cached --others --exclude-standard '*.hpp' '*.cpp' '*.cu' '*.cuh' |
  while IFS= read -r -d '' file; do if [[ -f $file ]]; then printf '%s\0' "$file"; fi; done |
  xargs -0 -r "$program" "${options[@]}"
