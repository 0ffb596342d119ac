"""What the checks of this folder have in common: their command line."""
import argparse
import pathlib


def run(doc, self_test, check, fix_help=None):
    """Runs a check over the repository, or its self-test. Returns the exit status.

    `check(root)` returns true if it found something; with `fix_help` there is an option --fix, and it
    is called `check(root, fix)`.
    """
    parser = argparse.ArgumentParser(
        description=doc, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--self-test", action="store_true", help="check this script")
    if fix_help:
        parser.add_argument("--fix", action="store_true", help=fix_help)
    options = parser.parse_args()
    if options.self_test:
        return self_test()
    root = pathlib.Path(__file__).resolve().parents[2]
    return 1 if check(root, *([options.fix] if fix_help else [])) else 0
