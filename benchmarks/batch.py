"""How many students a second `eligibility check` answers, by engine, and in how much memory.

    .venv/bin/python benchmarks/batch.py

Makes up students (see students.py), checks them with each engine as a process of its own,
all engines in turn in each of five rounds, and prints the medians as the table that
docs/performance.md shows. The memory is the peak of the largest process.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from students import students

_AS_OF = "2026-11-24"
_WAYS: dict[str, tuple[str, ...]] = {
    "`rete`": ("--engine", "rete"),
    "`reference`": ("--engine", "reference"),
    "`batch`, one process": ("--engine", "batch", "--jobs", "1"),
    "`batch`, two processes": ("--engine", "batch", "--jobs", "2"),
}


class Run(NamedTuple):
    """What one run took: seconds by the clock, seconds of processors, and megabytes."""

    wall: float
    cpu: float
    peak: float


def check(path: Path, options: Sequence[str]) -> Run:
    """Check a file as a process of its own. Raises `CalledProcessError` when it fails."""
    program = str(Path(sys.executable).parent / "eligibility")
    asked = ("--as-of", _AS_OF, "--format", "ndjson", *options)
    command = [program, "check", str(path), *asked]
    start = time.perf_counter()
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise subprocess.CalledProcessError(process.returncode, command)
    wall = time.perf_counter() - start
    return Run(wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024)


def rounds(path: Path, count: int) -> dict[str, list[Run]]:
    """Every way once in each round, so that whatever else the machine does meets them all."""
    runs: dict[str, list[Run]] = {way: [] for way in _WAYS}
    for _ in range(count):
        for way, options in _WAYS.items():
            runs[way].append(check(path, options))
    return runs


def table(runs: dict[str, list[Run]], count: int) -> list[str]:
    """The medians as lines of Markdown."""
    first = statistics.median(run.wall for run in next(iter(runs.values())))
    lines = [
        "| engine | students a second | times `rete` | CPU for a student | memory |",
        "|---|---|---|---|---|",
    ]
    for way, taken in runs.items():
        wall = statistics.median(run.wall for run in taken)
        cpu = 1000 * statistics.median(run.cpu for run in taken) / count
        peak = statistics.median(run.peak for run in taken)
        cells = (
            way,
            f"{count / wall:.0f}",
            f"{first / wall:.1f}",
            f"{cpu:.1f} ms",
            f"{peak:.0f} MB",
        )
        lines.append(f"| {' | '.join(cells)} |")
    return lines


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description="Measure how many students are checked a second.")
    parser.add_argument("--students", type=int, default=300, help="how many")
    parser.add_argument("--rounds", type=int, default=5, help="how often (at least 3)")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "students.ndjson")
        with path.open("w", encoding="utf-8") as stream:
            for student in students(arguments.students):
                stream.write(json.dumps(student) + "\n")
        size = path.stat().st_size / arguments.students
        runs = rounds(path, max(3, arguments.rounds))
    print(f"{platform.python_implementation()} {platform.python_version()}, {platform.system()},")
    print(f"{os.cpu_count()} processors; {arguments.students:,} students of {size:,.0f} bytes;")
    print(f"medians of {max(3, arguments.rounds)} runs")
    print()
    print("\n".join(table(runs, arguments.students)))


if __name__ == "__main__":
    main()
