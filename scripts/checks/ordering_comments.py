#!/usr/bin/env python3
"""Checks that every explicit memory order has a comment that says what it is for.

A use of `platform::release` (or `order::release`, or bare `release` as an argument) must have, on
its own line or within the three lines above, a comment with the ordering's name and a colon:

    // release: publishes the frame to the next worker.
    word_.store(ready, platform::release);

Looks at platform/, executor/, future/, sync/ and timer/. Prints offenders as file:line. Exempt are
lines of platform/atomic.hpp that only map the enumerators to those of the library underneath.
"""
import re
import sys

from command import run

PARTS = ("platform", "executor", "future", "sync", "timer", "width", "copy")
NAMES = r"relaxed|acquire|release|acq_rel|seq_cst"
QUALIFIED = re.compile(rf"\b(?:platform::|order::|memory_order::|memory_order_)({NAMES})\b(?!\s*\()")
BARE = re.compile(rf"(?<=[(,])\s*({NAMES})\s*(?=[),])")
STRING = re.compile(r'"(?:\\.|[^"\\])*"')
MAPPING = re.compile(r"enum class order|native_order::|native\(order::relaxed\)")
REACH = 3


def split(text):
    """Returns the code and the comments of the text, each as a list of lines."""
    code, comments, inside = [], [], False
    for line in text.splitlines():
        line, kept, said = STRING.sub('""', line), "", ""
        while line:
            if inside:
                body, end, line = line.partition("*/")
                said, inside = said + body, not end
            else:
                mark = re.search(r"//|/\*", line)
                if mark is None:
                    kept, line = kept + line, ""
                elif mark.group() == "//":
                    kept, said, line = kept + line[: mark.start()], said + line[mark.start() :], ""
                else:
                    kept, line, inside = kept + line[: mark.start()], line[mark.end() :], True
        code.append(kept)
        comments.append(said)
    return code, comments


def offenders(text, is_mapping_file=False):
    """Yields (line number, ordering) of each use that nothing explains."""
    code, comments = split(text)
    for i, line in enumerate(code):
        if is_mapping_file and MAPPING.search(line):
            continue
        near = "\n".join(comments[max(0, i - REACH) : i + 1])
        for name in dict.fromkeys(QUALIFIED.findall(line) + BARE.findall(line)):
            if not re.search(rf"\b{name}:(?!:)", near):
                yield i + 1, name


def check(root):
    """Prints the offenders below the folder; returns how many there are."""
    count = 0
    for part in PARTS:
        for path in sorted((root / part).rglob("*")):
            if path.suffix in (".hpp", ".cpp", ".cuh", ".cu"):
                shown = path.relative_to(root).as_posix()
                text = path.read_text(encoding="utf-8")
                for line, name in offenders(text, shown == "platform/atomic.hpp"):
                    print(f"{shown}:{line}: no comment '// {name}: ...' here or in the {REACH} lines above")
                    count += 1
    return count


def self_test():
    def found(text, mapping=False):
        return list(offenders(text, mapping))

    assert found("// release: why\nw.store(1, platform::release);") == []
    assert found("w.store(1, platform::release);  // release: why") == []
    assert found("w.store(1, platform::release);") == [(1, "release")]
    assert found("// relaxed: why\nw.load(platform::acquire);") == [(2, "acquire")]
    assert found("// acquire: a\n\n\n\nw.load(platform::acquire);") == [(5, "acquire")]
    assert found("w.load(acquire);\nw.add(1, relaxed);") == [(1, "acquire"), (2, "relaxed")]
    assert found("co_await s.acquire();\ns.release(1);\n// platform::release") == []
    assert found("/* acq_rel: both\n*/ w.swap(1, order::acq_rel);") == []
    assert found('f("platform::release");') == []
    assert found("native_order::relaxed", True) == []
    assert found("w.load(order::relaxed)", True) == [(1, "relaxed")]


if __name__ == "__main__":
    sys.exit(run(__doc__, self_test, check))
