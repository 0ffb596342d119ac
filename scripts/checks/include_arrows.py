#!/usr/bin/env python3
"""Checks who includes whom, that `#if` stays in platform/, and that CMakeLists.txt lists every file.

The arrows (ALLOWED below) read: platform <- the executor's core <- future, sync, timer, and the rest
of the executor. sync/ and timer/ never include each other, but for a mailbox, whose ends look now and then;
neither they nor future/ reach the executor itself, not even through another header. Every #include of the library is in angle brackets.
Preprocessor conditions are for platform/ only; the coroutine dialect's headers may stand as a whole
under `#if COWARP_HAS_COROUTINES`.
"""
import re
import sys

from command import run

CORE = ("context", "waker", "future", "block", "run_queue", "child_wakes", "assertion")
AWAIT = r"executor/(context|waker|future|block|child_wakes|lane)\.hpp"
WIDTH = r"executor/(width_request|fail)\.hpp"
# First match decides. A header whose path matches the left side may include what matches the right.
ALLOWED = (
    (r"platform/", r"platform/"),
    (rf"executor/({'|'.join(CORE)})\.hpp", rf"platform/|executor/({'|'.join(CORE)})\.hpp"),
    (r"executor/(worker|executor)\.hpp", r"platform/|executor/|timer/(clock|expiry)\.hpp"),
    (r"executor/place_line\.hpp", r"platform/|executor/|sync/detail/wait_list\.hpp"),
    (r"executor/join_link\.hpp", r"platform/|executor/|sync/detail/line\.hpp"),
    (r"executor/", r"platform/|executor/"),
    (r"future/", rf"platform/|{AWAIT}|future/"),
    (r"sync/mailbox\.hpp", rf"platform/|{AWAIT}|future/|sync/|timer/sleep\.hpp"),
    (r"sync/", rf"platform/|{AWAIT}|future/|sync/"),
    (r"timer/", rf"platform/|{AWAIT}|future/|timer/"),
    (r"width/grid_(for|team)\.hpp", rf"platform/|executor/task\.hpp|{AWAIT}|{WIDTH}|future/|sync/|width/"),
    (r"width/", rf"platform/|{AWAIT}|{WIDTH}|future/|width/"),
    (r"copy/", rf"platform/|{AWAIT}|future/|sync/|copy/"),
    (r"(cowarp|fmt)\.hpp", r"platform/|executor/|future/|sync/|timer/|width/|copy/"),
)
SOURCE_MAY = r"platform/|executor/|timer/|cowarp\.hpp"  # a .cpp of the library
NEVER_REACHED = re.compile(r"executor/(executor|program|launch)\.hpp")
MUST_NOT_REACH = re.compile(r"(future|sync|timer|width|copy)/")
MAY_GUARD = re.compile(r"executor/(async|coroutine_task)\.hpp")

INCLUDE = re.compile(r'^\s*#\s*include\s*(["<])([^">]+)[">]')
CONDITION = re.compile(r"^\s*#\s*(if|ifdef|ifndef|elif)\b")
GUARD = re.compile(r"^\s*#\s*if COWARP_HAS_COROUTINES\s*$")


def includes(text):
    """Yields (line number, path) of each cowarp header that the text includes."""
    for i, line in enumerate(text.splitlines(), 1):
        match = INCLUDE.match(line)
        if match and match[1] == '"':
            yield i, None
        elif match and match[2].startswith("cowarp/"):
            yield i, match[2].removeprefix("cowarp/")


def reached(start, graph):
    found, todo = set(), [start]
    while todo:
        for path in graph.get(todo.pop(), ()):
            if path not in found:
                found.add(path)
                todo.append(path)
    return found


def problems(files, listed=None):
    """Yields (place, what) for a dictionary of path to text; `listed` is the text of CMakeLists.txt."""
    graph = {path: {to for _, to in includes(text) if to} for path, text in files.items()}
    for path, text in files.items():
        is_header = path.endswith(".hpp")
        allowed = next((to for of, to in ALLOWED if is_header and re.match(of, path)), SOURCE_MAY)
        for line, to in includes(text):
            if to is None:
                yield f"{path}:{line}", 'includes with "...": use <cowarp/...>'
            elif not re.match(allowed, to):
                yield f"{path}:{line}", f"must not include {to}"
        if is_header and MUST_NOT_REACH.match(path):
            for to in sorted(filter(NEVER_REACHED.match, reached(path, graph))):
                yield path, f"reaches {to} through what it includes"
        if not path.startswith("platform/"):
            guards = 0
            for i, line in enumerate(text.splitlines(), 1):
                guards += bool(MAY_GUARD.match(path) and GUARD.match(line))
                if CONDITION.match(line) and not (guards == 1 and GUARD.match(line)):
                    yield f"{path}:{i}", "asks the preprocessor; only platform/ may"
        if listed is not None and path not in listed:
            yield path, "is in no list of CMakeLists.txt"


def check(root):
    paths = [root / "cowarp.hpp", root / "fmt.hpp"]
    for part in ("platform", "executor", "future", "sync", "timer", "width", "copy"):
        paths += sorted((root / part).rglob("*"))
    files = {path.relative_to(root).as_posix(): path.read_text(encoding="utf-8")
             for path in paths if path.suffix in (".hpp", ".cpp", ".cuh", ".cu") and path.exists()}
    words = set((root / "CMakeLists.txt").read_text(encoding="utf-8").replace(")", " ").split())
    found = list(problems(files, words))
    for place, what in found:
        print(f"{place}: {what}")
    return len(found)


def self_test():
    def found(listed=None, **files):
        named = {key.replace("__", "/") + ".hpp": text for key, text in files.items()}
        return [what for _, what in problems(named, listed)]

    good = "#pragma once\n#include <cowarp/executor/waker.hpp>\n#include <atomic>\n"
    assert found(sync__mutex=good) == []
    assert found(platform__atomic=good) == ["must not include executor/waker.hpp"]
    assert found(sync__mutex="#include <cowarp/timer/clock.hpp>") == ["must not include timer/clock.hpp"]
    assert found(timer__sleep="#include <cowarp/executor/executor.hpp>")
    assert found(executor__waker="#include <cowarp/executor/task.hpp>")
    assert found(executor__executor="#include <cowarp/timer/expiry.hpp>") == []
    assert found(executor__waker='#include "waker.hpp"')
    assert len(found(sync__a="#include <cowarp/sync/b.hpp>", sync__b="#include <cowarp/platform/c.hpp>",
                     platform__c="#include <cowarp/executor/launch.hpp>")) == 3
    assert found(sync__mutex="#if 1\n#endif") == ["asks the preprocessor; only platform/ may"]
    assert found(platform__a="#ifdef X\n#endif") == []
    assert found(executor__async="#if COWARP_HAS_COROUTINES\n#endif") == []
    assert found(executor__waker="#if COWARP_HAS_COROUTINES\n#endif")
    assert found({"sync/b.hpp"}, sync__a="") == ["is in no list of CMakeLists.txt"]


if __name__ == "__main__":
    sys.exit(run(__doc__, self_test, check))
