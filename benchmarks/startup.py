"""How long the command line takes: CPU of `--help`, wall time of checking one profile.

    .venv/bin/python benchmarks/startup.py

Runs each command once to warm the disk and then several times, and prints the medians
beside their targets. Exits 1 when one is missed.
"""

from __future__ import annotations

import argparse
import os
import platform
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

from eligibility.packs import shipped


class Cost(NamedTuple):
    """What one run took, in seconds."""

    cpu: float
    wall: float


def measure(arguments: Sequence[str | Path]) -> Cost:
    """Run `eligibility` with these arguments as a process of its own.

    Raises `CalledProcessError` when it fails.
    """
    command = [Path(sys.executable).parent / "eligibility", *arguments]
    # As pip leaves a package: compiled. The run that warms up compiles a checkout.
    environment = {
        name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"
    }
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    start = time.perf_counter()
    subprocess.run(
        command,
        check=True,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
    )
    wall = time.perf_counter() - start
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return Cost(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, wall)


def median(runs: int, arguments: Sequence[str | Path], pick: Callable[[Cost], float]) -> float:
    """The median over some runs, in milliseconds, after one that does not count."""
    measure(arguments)
    return 1000 * statistics.median(pick(measure(arguments)) for _ in range(runs))


def processor() -> str:
    """The processor's name, where the system tells it."""
    information = Path("/proc/cpuinfo")
    if information.exists():
        for line in information.read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()


def main() -> int:
    """Measure, print, and say by the exit code whether the targets are met."""
    parser = argparse.ArgumentParser(description="Measure how long the command line takes.")
    parser.add_argument("--runs", type=int, default=11, help="how often (at least 5)")
    runs = max(5, parser.parse_args().runs)
    profile = shipped("profiles") / "first-year-complete-at-a-school-that-issues-a-diploma.json"

    print(f"{platform.python_implementation()} {platform.python_version()}, {processor()},")
    print(f"{os.cpu_count()} processors, {platform.system()}; medians of {runs} runs")
    rows = [
        ("CPU of `eligibility --help`", 150, median(runs, ["--help"], lambda cost: cost.cpu)),
        (
            f"time of `eligibility check {profile.name}`",
            500,
            median(runs, ["check", profile], lambda cost: cost.wall),
        ),
    ]
    for what, target, found in rows:
        met = "met" if found <= target else "missed"
        print(f"{found:6.0f} ms  target {target:3} ms  {met:6}  {what}")
    return 0 if all(found <= target for _, target, found in rows) else 1


if __name__ == "__main__":
    sys.exit(main())
