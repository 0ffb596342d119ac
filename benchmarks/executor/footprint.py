#!/usr/bin/env python3
"""Prints what programs of 1, 3, 4 and 16 task types cost on a GPU, as a markdown table.

Compiles benchmarks/executor/footprint/*.cpp with nvcc and with clang (whichever is there) and reads
registers, stack, spills and static shared memory from ptxas; code size is that of the kernel. Fails
if three small tasks need a stack, spill, or take more than 48 registers with nvcc.

usage: footprint.py [--arch sm_90] [--nvcc PATH] [--clang PATH]
exit status: 0 all is well; 1 a check failed or a program did not compile; 3 no CUDA compiler
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

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
PROGRAMS = ["one_task", "three_tasks", "four_tasks", "sixteen_tasks"]
CHECKED = "three_tasks"
MOST_REGISTERS = 48


def newest_clang():
    """Returns the newest clang++ of version 20 or later, or None."""
    for name in [f"clang++-{version}" for version in range(26, 19, -1)] + ["clang++"]:
        path = shutil.which(name)
        if path is None:
            continue
        text = subprocess.run([path, "--version"], capture_output=True, text=True).stdout
        found = re.search(r"clang version (\d+)", text)
        if found and int(found.group(1)) >= 20:
            return path
    return None


def commands(options, source, out):
    """Yields (compiler's name, command) for each compiler that is there."""
    include = ["-std=c++20", "-O3", "-DNDEBUG", f"-I{out}/include"]
    if options.nvcc:
        yield "nvcc", [options.nvcc, "-x", "cu", f"-arch={options.arch}", *include,
                       "--expt-relaxed-constexpr", "--extended-lambda", "-Xptxas", "-v",
                       "-c", str(source), "-o", f"{out}/x.o"]
    if options.nvcc and options.clang:
        cuda = pathlib.Path(options.nvcc).resolve().parent.parent
        yield "clang", [options.clang, "-x", "cuda", f"--cuda-path={cuda}",
                        f"--cuda-gpu-arch={options.arch}", *include,
                        f"-I{cuda}/include/cccl", "-Wno-unknown-cuda-version",
                        "-Xcuda-ptxas", "-v", "-c", str(source), "-o", f"{out}/x.o"]


def read_kernel(text):
    """Returns what ptxas said of the executor's kernel."""
    numbers = {}
    for section in re.split(r"Compiling entry function", text)[1:]:
        used = re.search(r"Used (\d+) registers", section)
        stack = re.search(r"(\d+) bytes stack frame, (\d+) bytes spill stores, (\d+) bytes spill loads",
                          section)
        shared = re.search(r"(\d+) bytes smem", section)
        if used and stack:
            numbers = {"registers": int(used.group(1)), "stack": int(stack.group(1)),
                       "spills": int(stack.group(2)) + int(stack.group(3)),
                       "shared": int(shared.group(1)) if shared else 0}
    called = re.findall(r"Function properties for (\S+)\s+(\d+) bytes stack frame", text)
    if numbers:
        numbers["stack"] = max([numbers["stack"]] + [int(stack) for _, stack in called])
    return numbers


def main():
    """Compiles, prints and checks."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--arch", default="sm_90")
    parser.add_argument("--nvcc", default=shutil.which("nvcc") or "/usr/local/cuda/bin/nvcc")
    parser.add_argument("--clang", default=newest_clang())
    options = parser.parse_args()
    if not os.access(options.nvcc, os.X_OK):
        print("no nvcc: put it on PATH or give --nvcc", file=sys.stderr)
        return 3
    failures = []
    print(f"| program | compiler ({options.arch}) | registers | stack B | spills B | static shared B "
          "| seconds to compile |\n|---|---|---|---|---|---|---|")
    with tempfile.TemporaryDirectory() as out:
        (pathlib.Path(out) / "include").mkdir()
        os.symlink(ROOT, f"{out}/include/cowarp")
        for program in PROGRAMS:
            for name, command in commands(options, HERE / "footprint" / f"{program}.cpp", out):
                begin = time.monotonic()
                done = subprocess.run(command, capture_output=True, text=True)
                seconds = time.monotonic() - begin
                kernel = read_kernel(done.stdout + done.stderr)
                if done.returncode != 0 or not kernel:
                    print(done.stderr[-3000:], file=sys.stderr)
                    failures.append(f"{program} does not compile with {name}")
                    continue
                print(f"| {program.replace('_', ' ')} | {name} | {kernel['registers']} | "
                      f"{kernel['stack']} | {kernel['spills']} | {kernel['shared']} | {seconds:.1f} |",
                      flush=True)
                if program == CHECKED and name == "nvcc":
                    if kernel["stack"] or kernel["spills"]:
                        failures.append("three small tasks need a stack or spill")
                    if kernel["registers"] > MOST_REGISTERS:
                        failures.append(f"three small tasks take {kernel['registers']} registers, "
                                        f"more than {MOST_REGISTERS}")
    for failure in failures:
        print(f"FAILED: {failure}", file=sys.stderr)
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
