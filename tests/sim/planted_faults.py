#!/usr/bin/env python3
"""Checks the checker: plants one known fault at a time and sees that exploration finds it.

Each fault is a small textual change to a copy of the library. The named test is compiled against the
copy and must fail, or crash; without a fault it must pass. A change that no longer applies is an error: adapt it.

    tests/sim/planted_faults.py [--only pattern] [--check] [--compiler g++] [--jobs N]

It needs {fmt}, Catch2 (version 2's header, or version 3) and Boost.Context where the compiler finds them; CPATH
and LIBRARY_PATH say where else.
"""
import argparse
import concurrent.futures
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import time

from faults import FAULTS, Fault

NO_FAULT = "(no fault)"
ROOT = pathlib.Path(__file__).resolve().parents[2]
PARTS = ("platform", "executor", "future", "sync", "timer", "width", "copy", "cowarp.hpp", "fmt.hpp")
SIM_SOURCES = ("fiber", "memory_model", "race_hooks", "ready_set", "schedule", "scheduler",
               "sim_launch")
WATCHED = ["-fsanitize=thread"]  # of tests: race_hooks.cpp takes the place of the sanitizer
FLAGS = ["-std=c++20", "-O1", "-DCOWARP_SIM", "-DFMT_HEADER_ONLY", "-Wno-mismatched-new-delete"]
# The laws run with warps of two lanes: see CMakeLists.txt.
LAWS = ["-DCOWARP_SIM_LANES=2", "-DCOWARP_LAW_SEEDS=2000"]


def has_header(compiler, name):
    """Returns whether the compiler finds a header."""
    probe = subprocess.run([compiler, "-E", "-x", "c++", "-"], input=f"#include <{name}>\n", text=True,
                           capture_output=True)
    return probe.returncode == 0


def planted(fault, library):
    """Returns a fault's changed files; raises ValueError if a change does not apply exactly once."""
    texts = {}
    for name, old, new in fault.changes:
        text = texts.get(name) or (library / name).read_text()
        if text.count(old) != 1:
            raise ValueError(f"{name}: found {text.count(old)} times: {old.strip()[:70]}")
        texts[name] = text.replace(old, new)
    return texts


class Workshop:
    """A folder with a copy of the library, in which one fault at a time is planted."""

    def __init__(self, folder, compiler):
        self.folder, self.compiler = folder, compiler
        self.original, self.copy = folder / "original", folder / "include" / "cowarp"
        for part in PARTS + ("tests/sim", "tests/support"):
            if (ROOT / part).is_dir():
                shutil.copytree(ROOT / part, self.original / part)
            else:
                shutil.copy(ROOT / part, self.original / part)
        shutil.copytree(self.original, self.copy)
        (self.folder / "include" / "support").symlink_to(self.original / "tests" / "support")

    def compile(self, source, name, flags=()):
        target = self.folder / f"{name}.o"
        subprocess.run([self.compiler, *FLAGS, *flags, f"-I{self.folder / 'include'}", "-c", str(source),
                        "-o", str(target)], check=True)
        return str(target)

    def plant(self, fault):
        """Applies a fault's changes; raises ValueError if one does not apply."""
        for name, text in planted(fault, self.copy).items():
            (self.copy / name).write_text(text)

    def run(self, test, common, seconds):
        """Compiles and runs a test. Returns (was it caught, how)."""
        source = self.original / "tests" / "sim" / f"{test}.cpp"
        is_law, name = test.startswith("laws/"), test.replace("/", "_")
        try:
            built = self.compile(source, name, WATCHED + (LAWS if is_law else []) + common.flags)
        except subprocess.CalledProcessError:
            return None, "does not compile"
        program = str(self.folder / name)
        objects = common.of_laws if is_law else common.of_tests
        subprocess.run([self.compiler, built, *objects, *common.libraries, "-o", program], check=True)
        try:
            done = subprocess.run([program, "--abort"], capture_output=True, text=True,
                                  timeout=seconds, env={**os.environ, "COWARP_SIM_MEMORY": "1",
                                       "COWARP_SIM_SHRINK": "0"})
        except subprocess.TimeoutExpired:
            return True, f"hangs for {seconds} s"
        if done.returncode == 0:
            return False, "not found"
        return True, how_it_failed(done)


class Common:
    """What no fault changes, compiled once: Catch2's main, and the simulation for each number of lanes."""

    def __init__(self, folder, compiler, pool):
        shop = Workshop(folder, compiler)
        self.flags, self.libraries, main = [], ["-lboost_context"], []
        if has_header(compiler, "catch2/catch.hpp"):
            main = [pool.submit(shop.compile, shop.original / "tests/support/catch_main.cpp", "main")]
        else:
            self.flags = ["-DCOWARP_CATCH2_V3"]
            self.libraries += ["-lCatch2Main", "-lCatch2"]
        sources = [f"executor/{s}.cpp" for s in ("flight_recorder", "report")]
        sources += [f"platform/sim/{s}.cpp" for s in SIM_SOURCES]
        of_lanes = [[pool.submit(shop.compile, shop.original / s, pathlib.Path(s).stem + suffix, flags)
                     for s in sources] for suffix, flags in (("", ()), ("2", LAWS))]
        self.of_tests, self.of_laws = ([job.result() for job in main + jobs] for jobs in of_lanes)


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
    parser.add_argument("--jobs", type=int, default=1, help="faults at once")
    parser.add_argument("--seconds", type=int, default=120, help="limit for one test run")
    parser.add_argument("--check", action="store_true", help="only see whether all changes apply")
    options = parser.parse_args()

    faults = [fault for fault in FAULTS if re.search(options.only, fault.name + " " + fault.test)]
    # What fails by itself finds nothing.
    if not options.check:
        faults = [Fault(NO_FAULT, test, []) for test in sorted({f.test for f in faults})] + faults
    counts = {"passes": 0, "found": 0, "MISSED": 0, "ERROR": 0, "applies": 0}
    with tempfile.TemporaryDirectory(prefix="cowarp_faults_") as folder, \
            concurrent.futures.ThreadPoolExecutor(options.jobs) as pool:
        folder = pathlib.Path(folder)
        common = None if options.check else Common(folder / "common", options.compiler, pool)
        jobs = [pool.submit(judge, folder / f"fault_{i}", fault, common, options)
                for i, fault in enumerate(faults)]
        for fault, job in zip(faults, jobs):
            word, how, seconds = job.result()
            counts[word] += 1
            print(f"{word:7} {fault.name:62} {fault.test:18} {seconds:4.0f} s  {how}", flush=True)
    print(", ".join(f"{count} {word}" for word, count in counts.items() if count))
    return 1 if counts["MISSED"] or counts["ERROR"] else 0


def judge(folder, fault, common, options):
    """Plants one fault in a folder of its own. Returns (word for the table, how it was found, seconds)."""
    begin = time.time()
    try:
        if options.check:
            planted(fault, ROOT)
            word, how = "applies", ""
        else:
            shop = Workshop(folder, options.compiler)
            shop.plant(fault)
            caught, how = shop.run(fault.test, common, options.seconds)
            word = {True: "found", False: "MISSED", None: "ERROR"}[caught]
            if fault.name == NO_FAULT:
                word = {True: "ERROR", False: "passes", None: "ERROR"}[caught]
    except ValueError as problem:
        word, how = "ERROR", f"does not apply: {problem}"
    shutil.rmtree(folder, ignore_errors=True)
    return word, how, time.time() - begin


if __name__ == "__main__":
    sys.exit(main())
