#!/usr/bin/env python3
"""Draws what the tasks of one block did when, from the log of benchmarks/pipeline/timeline.

    COWARP_TIMELINE=log.csv build/cuda/benchmarks/cowarp_bench_pipeline_timeline_nvcc
    scripts/timeline.py log.csv --svg docs/pictures/timeline.svg
    scripts/timeline.py log.csv                    # the same as text
    scripts/timeline.py log.csv --window 0.4 0.6   # from 40 % to 60 % of the time

Each worker has a row with what it transformed, and under it a row for each of its tasks, with what the
task awaited: l load, t transform, s store; a gap is a wait for the worker.
"""
import argparse
import sys
from collections import namedtuple

Event = namedtuple("Event", "worker task what begin end")
COLOURS = {"load": "#7fb2e5", "transform": "#e8853a", "store": "#6bbf7b"}


def read(path):
    """Returns the events, with times from 0, and the unit of time."""
    unit, events = "cycles", []
    for line in open(path, encoding="utf-8"):
        line = line.strip()
        if line.startswith("#"):
            unit = line.split()[-1]
        elif line and not line.startswith("worker"):
            worker, task, what, begin, end = line.split(",")
            events.append(Event(int(worker), int(task), what, int(begin), int(end)))
    if not events:
        sys.exit(f"{path}: no events")
    first = min(e.begin for e in events)
    return [e._replace(begin=e.begin - first, end=e.end - first) for e in events], unit


def rows_of(events):
    """Yields (name, is_worker, events) for each worker and each of its tasks."""
    for worker in sorted({e.worker for e in events}):
        own = [e for e in events if e.worker == worker]
        yield f"worker {worker}", True, [e for e in own if e.what == "transform"]
        for task in sorted({e.task for e in own}):
            yield f"task {task}", False, [e for e in own if e.task == task]


def share(events, begin, end):
    """Returns the part of the window in which one of the events was going on, none overlapping."""
    return sum(max(0, min(e.end, end) - max(e.begin, begin)) for e in events) / (end - begin)


def text(events, unit, begin, end, width=96):
    lines = [f"{begin} to {end} {unit}; l load, t transform, s store"]
    for name, is_worker, own in rows_of(events):
        cells = [" "] * width
        for e in sorted(own, key=lambda e: e.what == "transform"):
            first = int((e.begin - begin) * width / (end - begin))
            last = int((e.end - begin) * width / (end - begin))
            for i in range(max(first, 0), min(max(last, first + 1), width)):
                cells[i] = e.what[0]
        busy = f" {share(own, begin, end):4.0%}" if is_worker else ""
        lines.append(f"{name if is_worker else '  ' + name:<10}|{''.join(cells)}|{busy}")
    return "\n".join(lines) + "\n"


def svg(events, unit, begin, end):
    left, plot, top = 90, 900, 40
    scale = plot / (end - begin)
    parts, y = [], top
    for name, is_worker, own in rows_of(events):
        height = 16 if is_worker else 9
        y += 8 if is_worker else 0
        weight = ' font-weight="bold"' if is_worker else ""
        parts.append(f'<text x="{left - 6}" y="{y + height - 2}" text-anchor="end"{weight}>{name}</text>')
        for e in own:
            if e.end < begin or e.begin > end:
                continue
            x, x_end = max(e.begin, begin), min(e.end, end)
            parts.append(
                f'<rect x="{left + (x - begin) * scale:.1f}" y="{y}" '
                f'width="{max((x_end - x) * scale, 0.5):.1f}" height="{height - 1}" '
                f'fill="{COLOURS.get(e.what, "#999")}"/>')
        if is_worker:
            parts.append(f'<text x="{left + plot + 6}" y="{y + height - 3}">'
                         f"{share(own, begin, end):.0%}</text>")
        y += height
    for i in range(6):
        x, value = left + plot * i / 5, begin + (end - begin) * i // 5
        parts.append(f'<line x1="{x}" y1="{top}" x2="{x}" y2="{y + 4}" stroke="#ccc"/>')
        parts.append(f'<text x="{x}" y="{y + 16}" text-anchor="middle">{value:,}</text>')
    parts.append(f'<text x="{left + plot + 6}" y="{y + 16}">{unit}</text>')
    for i, (what, colour) in enumerate(COLOURS.items()):
        parts.append(f'<rect x="{left + 110 * i}" y="12" width="12" height="12" fill="{colour}"/>')
        parts.append(f'<text x="{left + 110 * i + 17}" y="22">{what}</text>')
    body = "\n".join(parts)
    return (f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {left + plot + 60} {y + 26}" '
            f'font-family="sans-serif" font-size="10">\n'
            f'<rect width="100%" height="100%" fill="white"/>\n{body}\n</svg>\n')


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("log")
    parser.add_argument("--svg", metavar="FILE", help="write a picture instead of text")
    parser.add_argument("--window", nargs=2, type=float, default=(0, 1), metavar=("FROM", "TO"),
                        help="the part of the time to show, as fractions")
    options = parser.parse_args()
    events, unit = read(options.log)
    last = max(e.end for e in events)
    begin, end = (int(fraction * last) for fraction in options.window)
    if begin >= end:
        parser.error("the window is empty")
    if options.svg:
        with open(options.svg, "w", encoding="utf-8") as file:
            file.write(svg(events, unit, begin, end))
    else:
        sys.stdout.write(text(events, unit, begin, end))


if __name__ == "__main__":
    main()
