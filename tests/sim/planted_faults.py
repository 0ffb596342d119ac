#!/usr/bin/env python3
"""Checks the checker: plants one known fault at a time and sees that exploration finds it.

Each fault is a small textual change to a copy of the library. The named test is compiled against the
copy and must fail, or crash. A change that no longer applies is an error: adapt it.

    tests/sim/planted_faults.py [--only text] [--keep] [--compiler g++]
"""
import argparse
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import time

from faults import FAULTS

ROOT = pathlib.Path(__file__).resolve().parents[2]
PARTS = ("platform", "executor", "future", "sync", "timer", "cowarp.hpp", "fmt.hpp")
SIM_SOURCES = ("scheduler", "ready_set", "schedule", "sim_launch", "memory_model")
FLAGS = ["-std=c++20", "-O1", "-DCOWARP_SIM", "-DFMT_HEADER_ONLY", "-Wno-mismatched-new-delete"]


class Workshop:
    """A folder with a copy of the library, and what is compiled once for all faults."""

    def __init__(self, folder, compiler):
        self.folder, self.compiler = folder, compiler
        self.copy = folder / "include" / "cowarp"
        self.restore()
        (folder / "include" / "support").symlink_to(ROOT / "tests" / "support")
        self.common = [self.compile(ROOT / "tests/support/catch_main.cpp", "main"),
                       self.compile(ROOT / "executor/report.cpp", "report")]
        self.common += [self.compile(ROOT / f"platform/sim/{s}.cpp", s) for s in SIM_SOURCES
                        if (ROOT / f"platform/sim/{s}.cpp").exists()]

    def restore(self):
        """Makes the copy equal to the tree again."""
        shutil.rmtree(self.copy, ignore_errors=True)
        self.copy.mkdir(parents=True)
        for part in PARTS:
            if (ROOT / part).is_dir():
                shutil.copytree(ROOT / part, self.copy / part)
            else:
                shutil.copy(ROOT / part, self.copy / part)

    def compile(self, source, name):
        target = self.folder / f"{name}.o"
        subprocess.run([self.compiler, *FLAGS, f"-I{self.folder / 'include'}", "-c", str(source),
                        "-o", str(target)], check=True)
        return str(target)

    def plant(self, fault):
        """Applies a fault's changes; raises ValueError if one does not apply exactly once."""
        for name, old, new in fault.changes:
            path = self.copy / name
            text = path.read_text()
            if text.count(old) != 1:
                raise ValueError(f"{name}: found {text.count(old)} times: {old.strip()[:70]}")
            path.write_text(text.replace(old, new))

    def run(self, test, seconds):
        """Compiles and runs a test. Returns (was it caught, how)."""
        source = ROOT / "tests" / "sim" / f"{test}.cpp"
        try:
            built = self.compile(source, test)
        except subprocess.CalledProcessError:
            return None, "does not compile"
        program = str(self.folder / test)
        subprocess.run([self.compiler, built, *self.common, "-lboost_context", "-o", program],
                       check=True)
        try:
            done = subprocess.run([program, "--abort"], capture_output=True, text=True,
                                  timeout=seconds)
        except subprocess.TimeoutExpired:
            return True, f"hangs for {seconds} s"
        if done.returncode == 0:
            return False, "not found"
        return True, how_it_failed(done)


def how_it_failed(done):
    """Returns one line: the seed and the law, or the signal."""
    output = " ".join(done.stdout.split())
    signal = re.search(r"(SIG\w+)", output)
    if done.returncode < 0 or signal:
        return f"crash: {signal.group(1) if signal else done.returncode}"
    seed = re.search(r"again: COWARP_SIM_SEED= ?(\d+)", output)
    law = re.search(r"explicitly with message: (.*?)(?: \[|with seed|;|$)", output)
    return f"seed {seed.group(1) if seed else '?':>3}: {law.group(1)[:60] if law else 'a check failed'}"


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", default="", help="faults whose name contains this text")
    parser.add_argument("--compiler", default=os.environ.get("CXX", "g++"))
    parser.add_argument("--seconds", type=int, default=120, help="limit for one test run")
    parser.add_argument("--check", action="store_true", help="only see whether all changes apply")
    options = parser.parse_args()

    faults = [fault for fault in FAULTS if options.only in fault.name]
    missed, broken = [], []
    with tempfile.TemporaryDirectory(prefix="cowarp_faults_") as folder:
        shop = None
        for fault in faults:
            begin = time.time()
            if shop is None:
                shop = Workshop(pathlib.Path(folder), options.compiler) if not options.check else (
                    Dry(pathlib.Path(folder)))
            shop.restore()
            try:
                shop.plant(fault)
            except ValueError as problem:
                broken.append(f"{fault.name}: {problem}")
                print(f"{'ERROR':6} {fault.name:62} does not apply: {problem}", flush=True)
                continue
            if options.check:
                continue
            caught, how = shop.run(fault.test, options.seconds)
            if caught is None:
                broken.append(f"{fault.name}: {how}")
            elif not caught:
                missed.append(fault.name)
            word = {True: "found", False: "MISSED", None: "ERROR"}[caught]
            print(f"{word:6} {fault.name:62} {fault.test:15} {time.time() - begin:4.0f} s  {how}",
                  flush=True)
    print(f"{len(faults)} faults: {len(faults) - len(missed) - len(broken)} found, "
          f"{len(missed)} missed, {len(broken)} in error")
    return 1 if missed or broken else 0


class Dry(Workshop):
    """Only copies and plants."""

    def __init__(self, folder):  # noqa: no compilation
        self.copy = folder / "include" / "cowarp"


if __name__ == "__main__":
    sys.exit(main())
