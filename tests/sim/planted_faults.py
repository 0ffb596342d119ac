#!/usr/bin/env python3
"""Checks the checker: plants one known fault at a time and sees that exploration finds it.

Each fault is a small textual change to a copy of the library. The named test is compiled against the
copy and must fail, or crash. A change that no longer applies is an error: adapt it.

    tests/sim/planted_faults.py [--only pattern] [--check] [--compiler g++]
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
SIM_SOURCES = ("fiber", "memory_model", "race_hooks", "ready_set", "schedule", "scheduler",
               "sim_launch")
WATCHED = ["-fsanitize=thread"]  # of tests: race_hooks.cpp takes the place of the sanitizer
FLAGS = ["-std=c++20", "-O1", "-DCOWARP_SIM", "-DFMT_HEADER_ONLY", "-Wno-mismatched-new-delete"]
# The laws run with warps of two lanes: see CMakeLists.txt.
LAWS = ["-DCOWARP_SIM_LANES=2", "-DCOWARP_LAW_SEEDS=2000"]


class Workshop:
    """A folder with a copy of the library, and what is compiled once for all faults."""

    def __init__(self, folder, compiler):
        self.folder, self.compiler = folder, compiler
        self.copy = folder / "include" / "cowarp"

        self.original = folder / "original"
        for part in PARTS + ("tests/sim", "tests/support"):
            if (ROOT / part).is_dir():
                shutil.copytree(ROOT / part, self.original / part)
            else:
                shutil.copy(ROOT / part, self.original / part)

    def prepare(self):
        """Compiles what no fault changes."""
        self.restore()
        (self.folder / "include" / "support").symlink_to(self.original / "tests" / "support")
        main = self.compile(self.original / "tests/support/catch_main.cpp", "main")
        self.common = [main, *self.compile_simulation("")]
        self.common_of_laws = [main, *self.compile_simulation("2", LAWS)]

    def compile_simulation(self, suffix, flags=()):
        """Compiles what a test is linked with, once for each number of lanes."""
        sources = ["executor/flight_recorder.cpp", "executor/report.cpp"] + [f"platform/sim/{s}.cpp" for s in SIM_SOURCES]
        return [self.compile(self.original / s, pathlib.Path(s).stem + suffix, flags)
                for s in sources]

    def restore(self):
        """Takes the last fault out again."""
        shutil.rmtree(self.copy, ignore_errors=True)
        shutil.copytree(self.original, self.copy)

    def compile(self, source, name, flags=()):
        target = self.folder / f"{name}.o"
        subprocess.run([self.compiler, *FLAGS, *flags, f"-I{self.folder / 'include'}", "-c", str(source),
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
        source = self.original / "tests" / "sim" / f"{test}.cpp"
        is_law, name = test.startswith("laws/"), test.replace("/", "_")
        try:
            built = self.compile(source, name, WATCHED + (LAWS if is_law else []))
        except subprocess.CalledProcessError:
            return None, "does not compile"
        program = str(self.folder / name)
        common = self.common_of_laws if is_law else self.common
        subprocess.run([self.compiler, built, *common, "-lboost_context", "-o", program], check=True)
        try:
            done = subprocess.run([program, "--abort"], capture_output=True, text=True,
                                  timeout=seconds, env={**os.environ, "COWARP_SIM_MEMORY": "1"})
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
    parser.add_argument("--only", default="", help="faults whose name or test matches this pattern")
    parser.add_argument("--compiler", default=os.environ.get("CXX", "g++"))
    parser.add_argument("--seconds", type=int, default=120, help="limit for one test run")
    parser.add_argument("--check", action="store_true", help="only see whether all changes apply")
    options = parser.parse_args()

    faults = [fault for fault in FAULTS if re.search(options.only, fault.name + " " + fault.test)]
    counts = {"found": 0, "MISSED": 0, "ERROR": 0, "applies": 0}
    with tempfile.TemporaryDirectory(prefix="cowarp_faults_") as folder:
        shop = Workshop(pathlib.Path(folder), options.compiler)
        if not options.check:
            shop.prepare()
        for fault in faults:
            begin = time.time()
            word, how = judge(shop, fault, options)
            counts[word] += 1
            print(f"{word:7} {fault.name:62} {fault.test:18} {time.time() - begin:4.0f} s  {how}",
                  flush=True)
    print(", ".join(f"{count} {word}" for word, count in counts.items() if count))
    return 1 if counts["MISSED"] or counts["ERROR"] else 0


def judge(shop, fault, options):
    """Plants one fault. Returns (word for the table, how it was found)."""
    shop.restore()
    try:
        shop.plant(fault)
    except ValueError as problem:
        return "ERROR", f"does not apply: {problem}"
    if options.check:
        return "applies", ""
    caught, how = shop.run(fault.test, options.seconds)
    return {True: "found", False: "MISSED", None: "ERROR"}[caught], how


if __name__ == "__main__":
    sys.exit(main())
