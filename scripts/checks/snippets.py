#!/usr/bin/env python3
"""Checks that code shown in README.md and docs/*.md is the code of the examples.

    <!-- snippet: examples/coroutine/01_hello_task.cpp#tag -->
    ```cpp
    ...
    ```

must show the lines between `// [tag]` and `// [/tag]` in that file, less their common indentation;
without `#tag`, the whole file. --fix rewrites the blocks.
"""
import re
import sys
import textwrap

from command import run

BLOCK = re.compile(
    r"(?P<mark><!-- snippet: (?P<file>[^#\s]+)(?:#(?P<tag>\S+))? -->\n+(?P<fence>```+)[^\n]*\n)"
    r"(?P<code>.*?)(?=^(?P=fence)\s*$)", re.DOTALL | re.MULTILINE)
MARK = re.compile(r"<!-- snippet:")
ANY_TAG = re.compile(r"^\s*// \[/?[\w-]+\]\s*$")


def snippet(source, tag):
    """Returns the tagged lines of the source, or all of them; tag lines themselves are left out."""
    lines = source.splitlines()
    if tag:
        marks = [line.strip() for line in lines]
        begin, end = f"// [{tag}]", f"// [/{tag}]"
        if marks.count(begin) != 1 or marks.count(end) != 1:
            raise ValueError(f"needs '{begin}' and '{end}' exactly once")
        lines = lines[marks.index(begin) + 1 : marks.index(end)]
    lines = [line for line in lines if not ANY_TAG.match(line)]
    return textwrap.dedent("\n".join(lines)).strip("\n") + "\n"


def refresh(page, read):
    """Returns the page with its snippets as `read(file)` has them, and what was wrong."""
    problems = []

    def replace(match):
        place = match["file"] + (f"#{match['tag']}" if match["tag"] else "")
        try:
            code = snippet(read(match["file"]), match["tag"])
        except (OSError, ValueError) as error:
            problems.append(f"{place}: {error}")
            return match[0]
        if code != match["code"]:
            problems.append(f"{place}: differs")
        return match["mark"] + code

    result, count = BLOCK.subn(replace, page)
    if count != len(MARK.findall(page)):
        problems.append("a snippet comment is not followed by a code block")
    return result, problems


def check(root, fix):
    count = 0
    for path in [root / "README.md", *sorted((root / "docs").rglob("*.md"))]:
        if not path.exists():
            continue
        page = path.read_text(encoding="utf-8")
        fresh, problems = refresh(page, lambda file: (root / file).read_text(encoding="utf-8"))
        if fix and fresh != page:
            path.write_text(fresh, encoding="utf-8")
            problems = [problem for problem in problems if not problem.endswith(": differs")]
        for problem in problems:
            print(f"{path.relative_to(root)}: {problem}")
        count += len(problems)
    if count:
        print("python3 scripts/checks/snippets.py --fix rewrites blocks that differ")
    return count


def self_test():
    source = "int main() {\n  // [body]\n  int x;\n\n    f(x);\n  // [/body]\n}\n"
    assert snippet(source, "body") == "int x;\n\n  f(x);\n"
    assert snippet(source, None) == "int main() {\n  int x;\n\n    f(x);\n}\n"
    page = "a\n<!-- snippet: e.cpp#body -->\n```cpp\n{}```\nb\n"
    good = page.replace("{}", "int x;\n\n  f(x);\n")
    assert refresh(good, lambda _: source) == (good, [])
    assert refresh(page.replace("{}", "old\n"), lambda _: source) == (good, ["e.cpp#body: differs"])
    assert refresh(page.replace("{}", "").replace("#body", "#no"), lambda _: source)[1]
    assert refresh("<!-- snippet: e.cpp -->\ntext\n", lambda _: source)[1]


if __name__ == "__main__":
    sys.exit(run(__doc__, self_test, check, "rewrite blocks that differ"))
