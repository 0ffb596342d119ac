#!/usr/bin/env python3
"""Checks that docs/primitives.md quotes tests that exist, and one for every promise of cowarp.

Every text in straight double quotes on that page, and on those of QUOTING_PAGES, is the name of a test: of a TEST_CASE or
TEMPLATE_TEST_CASE below tests/, also of one that a macro writes out of a prefix and its argument.

In its tables, a row whose second cell is **cowarp** promises something in every further cell,
unless that is `none` (there is no such thing) or `—` (the question does not arise). A promise
ends in marks:

    | channel | **cowarp** | `Capacity` messages [1; a] | none | ... |

A number stands for tests in the row's line under the table, `* channel: 1 "name", "name"; 2 "n"`;
a letter for a reason why another library promises more, in a line `* a: reason`. Each mark must be
explained, each explanation used.
"""
import re
import sys

from command import run

PAGE = "docs/primitives.md"
QUOTING_PAGES = ("docs/embassy.md", "docs/reliability.md")  # only the quotes are checked
COLUMNS = 8  # what, whose, and six promises

LITERAL = r'"((?:[^"\\\n]|\\.)*)"'
LITERALS = rf"{LITERAL}(?:\s*{LITERAL})*"
CASE = re.compile(rf"\b(?:TEMPLATE_)?TEST_CASE\(\s*({LITERALS})\s*[,)]")
MACRO = re.compile(r"^#define (\w+)\((\w+)[^)]*\)((?:.*\\\n)*.*)", re.MULTILINE)
MACRO_CASE = r"\b(?:TEMPLATE_)?TEST_CASE\(\s*(?:{0}\s*)?\b{1}\b\s*(?:{0}\s*)?[,)]"

QUOTE = re.compile(r'"([^"]*)"')
MARKS = re.compile(r"\[([0-9, ]*)(?:; ?)?([a-z, ]*)\]$")
ITEM = re.compile(r"^\* (\w+): (.*(?:\n +.*)*)", re.MULTILINE)
NUMBER = re.compile(r'(?:^|;\s+)(\d+)\s+(?=")')


def joined(literals):
    return "".join(re.findall(LITERAL, literals))


def names(source):
    """Returns the names of the tests in a source file."""
    found = {joined(match[1]) for match in CASE.finditer(source)}
    for macro in MACRO.finditer(source):
        name, parameter, body = macro.groups()
        case = re.search(MACRO_CASE.format(LITERAL, parameter), body)
        if case:
            uses = re.finditer(rf"^\s*{name}\(\s*({LITERALS})", source, re.MULTILINE)
            found |= {(case[1] or "") + joined(use[1]) + (case[2] or "") for use in uses}
    return found


def rows(page):
    """Yields (line number, cells) of each table row."""
    for i, line in enumerate(page.splitlines(), 1):
        if line.startswith("|") and not re.match(r"\|[-:| ]+$", line):
            yield i, [cell.strip() for cell in line.strip().strip("|").split("|")]


def marks_of_cell(cell):
    """Returns the numbers and the letters at the end of a cell."""
    match = MARKS.search(cell)
    if match is None:
        return [], []
    return re.findall(r"\d+", match[1]), re.findall(r"[a-z]", match[2])


def quote_problems(page, known):
    quoted = list(QUOTE.finditer(page))
    if page.count('"') % 2 != 0:
        yield "?", "has a double quote that is not closed"
    elif not quoted:
        yield "?", "quotes no test"
    for match in quoted:
        name = " ".join(match[1].split())
        if name not in known:
            yield page.count("\n", 0, match.start()) + 1, f'no TEST_CASE is called "{name}"'


def mark_problems(page):
    items = {match[1]: match[2] for match in ITEM.finditer(page)}
    reasons = {name for name in items if len(name) == 1}
    used = set()
    for line, cells in rows(page):
        if len(cells) != COLUMNS:
            yield line, f"has {len(cells)} cells, not {COLUMNS}"
        elif cells[1] == "**cowarp**":
            tests = set(NUMBER.findall(items.get(cells[0], "")))
            numbers = set()
            for cell in cells[2:]:
                of_cell, letters = marks_of_cell(cell)
                if not of_cell and cell.partition(" [")[0] not in ("none", "—"):
                    yield line, f"{cells[0]} promises without a test: {cell}"
                numbers |= set(of_cell)
                used |= {(line, letter) for letter in letters}
            for number in sorted(numbers ^ tests):
                yield line, f"{cells[0]}: {number} is not both in the row and in its tests"
    for line, letter in sorted(used):
        if letter not in reasons:
            yield line, f"reason {letter} is not given"
    for letter in sorted(reasons - {letter for _, letter in used}):
        yield "?", f"reason {letter} is given but not referred to"


def check(root):
    """Prints what is wrong; returns how much."""
    known = set()
    for path in sorted((root / "tests").rglob("*.cpp")):
        known |= names(path.read_text(encoding="utf-8"))
    page = (root / PAGE).read_text(encoding="utf-8")
    found = [*quote_problems(page, known), *mark_problems(page)]
    for line, what in found:
        print(f"{PAGE}:{line}: {what}")
    for name in QUOTING_PAGES:
        for line, what in quote_problems((root / name).read_text(encoding="utf-8"), known):
            print(f"{name}:{line}: {what}")
            found.append((line, what))
    return len(found)


def self_test():
    assert names('TEST_CASE("a: b", "[x]") {') == {"a: b"}
    assert names('TEMPLATE_TEST_CASE("a: b"\n  " c",\n "[x]", T)') == {"a: b c"}
    law = '#define LAW(text, law) \\\n  TEST_CASE("a: " text, "[x]") { play<law>(); }\n'
    assert names(law + 'LAW("b", c)\n  LAW("d "\n  "e", f)\n') == {"a: b", "a: d e"}
    assert names('#define OTHER(x) f(x)\nOTHER("b")\n') == set()

    def quotes(page):
        return [what for _, what in quote_problems(page, {"a: b"})]

    assert quotes('x "a: b" and "a:\n  b"') == []
    assert quotes('"a: c"') == ['no TEST_CASE is called "a: c"']
    assert quotes('"a: b" "') and quotes("nothing")

    def marks(cells, *items):
        return [what for _, what in mark_problems(f"| pp | {cells} |\n\n" + "\n".join(items))]

    good = "**cowarp** | some [1] | none | — | all [1, 2; a] | none [b] | few [2]"
    tests = ('* pp: 1 "x", "y"; 2\n  "z"', "* a: why", "* b: why")
    assert marks(good, *tests) == []
    assert marks("tokio | some | none | — | all | none | few") == []
    assert marks("tokio | some") == ["has 3 cells, not 8"]
    assert marks(good.replace("some [1]", "some"), *tests) == ["pp promises without a test: some"]
    assert marks(good.replace("[2]", "[1]").replace(", 2", ""), *tests)
    assert marks(good.replace("[2]", "[2, 3]"), *tests)
    assert marks(good, tests[0], tests[1]) == ["reason b is not given"]
    assert marks(good, *tests, "* c: why") == ["reason c is given but not referred to"]


if __name__ == "__main__":
    sys.exit(run(__doc__, self_test, check))
