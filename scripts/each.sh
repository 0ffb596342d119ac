# Sourced by scripts that run each test case of a Catch2 program in a process of its own. Needs bash.
# shellcheck shell=bash

# Prints the names of the program's test cases, one a line.
test_names() {
  local names
  names=$("$1" --list-test-names-only 2> /dev/null) # version 2; the exit status is their number
  [[ -n $names && $names != *[Uu]nrecogni[sz]ed* ]] || names=$("$1" --list-tests --verbosity quiet)
  grep -v '^$' <<< "$names"
}

# Prints a test case's name such that Catch2 takes it for a name and for nothing else.
escaped() { sed 's/[][\\,*]/\\&/g' <<< "$1"; }
