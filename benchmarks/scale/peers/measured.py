"""What every peer has in common: three steps, each with its time, as a process of its own."""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

import orjson

__all__ = ["STATUSES", "run", "status", "students", "write_rows"]

STATUSES = ("eligible", "on_track", "undetermined", "not_eligible")


def status(now: tuple[bool, bool], projected: tuple[bool, bool]) -> str:
    """The status by what is certain and what is possible, now and projected."""
    if now[0]:
        return "eligible"
    if projected[0]:
        return "on_track"
    return "undetermined" if now[1] or projected[1] else "not_eligible"


def students(source: Path) -> list[dict[str, Any]]:
    """The students of an NDJSON file, each as a dict."""
    with source.open("rb") as stream:
        return [orjson.loads(line) for line in stream]


def write_rows(rows: Iterable[tuple[str, dict[str, str]]], target: Path) -> None:
    """An object a line, as `eligibility batch` writes with `--reasons none`."""
    with target.open("wb") as stream:
        for name, statuses in rows:
            line = {"profile": name, "statuses": statuses}
            stream.write(orjson.dumps(line, option=orjson.OPT_APPEND_NEWLINE))


def run(
    load: Callable[[Path], Any],
    prepare: Callable[[Path], Any],
    evaluate: Callable[[Any, Any], Any],
    write: Callable[[Any, Path], object],
    arguments: Sequence[str] | None = None,
) -> None:
    """Load the students, prepare the rules, evaluate and write; print what it took as JSON."""
    parser = argparse.ArgumentParser(description="Answer the benchmark with another engine.")
    parser.add_argument("source", type=Path)
    parser.add_argument("target", type=Path)
    parser.add_argument("--rules", type=Path, default=Path(__file__).parent.parent / "rules")
    given = parser.parse_args(arguments)
    times = [time.perf_counter()]
    rules = prepare(given.rules)
    times.append(time.perf_counter())
    loaded = load(given.source)
    times.append(time.perf_counter())
    found = evaluate(rules, loaded)
    times.append(time.perf_counter())
    write(found, given.target)
    times.append(time.perf_counter())
    steps = ("prepare", "load", "evaluate", "write")
    took = {step: times[at + 1] - times[at] for at, step in enumerate(steps)}
    print(json.dumps({**took, "peak": _peak()}))


def _peak() -> float:
    """The most memory that this process had, in megabytes.

    Not by `getrusage`, which counts what the process that started this one had, too.
    """
    lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM:")) / 1024
