"""Whether the hand-written SQL and `eligibility` say the same, student by student.

    python benchmarks/scale/agreement.py --students 20000
    python benchmarks/scale/agreement.py --students 2000 --blocking

Statuses are compared for every student and outcome; with `--blocking` the paths of what is
missing too. NDJSON and Parquet are both asked. Prints the number of differences, and the first
of them; the exit code is 1 where there is one.
"""

from __future__ import annotations

import argparse
import csv
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from cohort import to_parquet, write_students
from pathway_sql import OUTCOMES

__all__ = ["differences", "ours", "theirs"]

_HERE = Path(__file__).parent
_SHOWN = 20

Said = dict[tuple[str, str], tuple[str, str]]
"""By student and outcome the status, and the paths of what is missing with `; ` between."""


def ours(source: Path, folder: Path, *, blocking: bool) -> Said:
    """What `eligibility check` says of every student."""
    form = "ndjson" if blocking else "csv"
    target = folder / f"ours.{form}"
    asked = ["check", source, "--rules", _HERE / "rules", "--as-of", "2026-11-24"]
    how = ["--engine", "batch", "--format", form, "--output", target]
    paths = [str(_HERE.parent.parent), os.environ.get("PYTHONPATH", "")]
    subprocess.run(
        [sys.executable, "-m", "eligibility", *map(str, [*asked, *how])],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, paths))},
        check=True,
    )
    with target.open(encoding="utf-8", newline="") as stream:
        if not blocking:
            rows = csv.DictReader(stream)
            return {(row["profile"], row["outcome"]): (row["status"], "") for row in rows}
        return {
            (found["profile"], one["id"]): (one["status"], _paths(one))
            for found in map(json.loads, stream)
            for one in found["outcomes"]
        }


def _paths(outcome: dict[str, object]) -> str:
    if outcome["status"] == "eligible":
        return ""
    reasons = outcome["reasons"]
    assert isinstance(reasons, list)
    return "; ".join(reason["path"] for reason in reasons)


def theirs(source: Path, folder: Path, *, blocking: bool) -> Said:
    """What the SQL says of every student."""
    target = folder / f"{source.suffix[1:]}.csv"
    more = ["--blocking"] if blocking else []
    program = _HERE / "pathway_sql.py"
    subprocess.run([sys.executable, program, source, target, *more], check=True)
    return dict(_rows(target, blocking=blocking))


def _rows(target: Path, *, blocking: bool) -> Iterator[tuple[tuple[str, str], tuple[str, str]]]:
    with target.open(encoding="utf-8", newline="") as stream:
        for row in csv.DictReader(stream):
            for outcome in OUTCOMES:
                paths = row[f"{outcome}: blocking"] if blocking else ""
                yield (row["profile"], outcome), (row[outcome], paths)


def differences(one: Said, other: Said) -> list[str]:
    """A line for each student and outcome of which the two do not say the same."""
    return [
        f"{student} {outcome}: {one.get((student, outcome))} and {other.get((student, outcome))}"
        for student, outcome in sorted(one.keys() | other.keys())
        if one.get((student, outcome)) != other.get((student, outcome))
    ]


def main() -> None:
    """Ask both, compare, and say how often they differ."""
    parser = argparse.ArgumentParser(description="Compare the SQL with eligibility.")
    parser.add_argument("--students", type=int, default=20_000, help="how many")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--blocking", action="store_true", help="what is missing too")
    arguments = parser.parse_args()
    found: list[str] = []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        lines = folder / "students.ndjson"
        write_students(arguments.students, lines, arguments.seed)
        to_parquet(lines, lines.with_suffix(".parquet"))
        known = ours(lines, folder, blocking=arguments.blocking)
        for source in (lines, lines.with_suffix(".parquet")):
            differ = differences(known, theirs(source, folder, blocking=arguments.blocking))
            print(f"{source.suffix[1:]}: {len(known):,} verdicts, {len(differ):,} differences")
            found += differ
    for line in found[:_SHOWN]:
        print(line)
    sys.exit(1 if found else 0)


if __name__ == "__main__":
    main()
