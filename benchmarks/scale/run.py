"""How many students a second are answered, beside SQL and other engines, as a table.

    python benchmarks/scale/run.py --students 1000000 --few 20000 --rounds 5

Everything is a process of its own, and all have their turn in every round, so that whatever
else the machine does meets them all; the table shows medians. `eligibility` and SQL answer
`--students`, the other engines `--few`. Before that all answer the same few students once,
and their statuses are compared with those of `eligibility`: that is the column on
missing data, since hardly a student has none. The memory is that of all processes together,
looked at ten times a second in one more run, since looking takes a large process time. Rewrites
the marked block in docs/performance.md.
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
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from cohort import to_folder, to_parquet, write_students
from packs import write_pack

__all__ = ["END", "START"]

START = "<!-- scale table -->"
END = "<!-- end of scale table -->"

_HERE = Path(__file__).parent
_ROOT = _HERE.parent.parent
_PAGE = _ROOT / "docs" / "performance.md"
_RULES = _HERE / "rules"
_AS_OF = "2026-11-24"
_CONDITIONS = (10, 100, 1000)

Command = Callable[[Path, Path], Sequence[str]]
"""From the students and the file to write, the words of a command."""


@dataclass(frozen=True)
class Contestant:
    """One row of the table: its name, its command, and the form of students that it reads.

    `many` says that it answers all students and not the few.
    """

    name: str
    command: Command
    source: str = "ndjson"
    many: bool = True


@dataclass
class Run:
    """What one run took: seconds by the clock, seconds by step where it says so, megabytes."""

    wall: float
    peak: float
    steps: dict[str, float] = field(default_factory=dict)


def _program(name: str, *more: str) -> Command:
    return lambda source, target: (
        sys.executable,
        str(_HERE / name),
        str(source),
        str(target),
        *more,
    )


def _ours(reasons: str, rules: Path = _RULES) -> Command:
    asked = ("--rules", str(rules), "--as-of", _AS_OF, "--reasons", reasons)
    package = (sys.executable, "-m", "eligibility", "batch")
    return lambda source, target: (*package, str(source), "--to", str(target), *asked)


def contestants() -> list[Contestant]:
    """All rows of the table, in its order."""
    sql = "pathway_sql.py"
    return [
        Contestant("`eligibility`, statuses", _ours("none")),
        Contestant("`eligibility`, blocking conditions", _ours("blocking")),
        Contestant("`eligibility` on Parquet, statuses", _ours("none"), source="parquet"),
        Contestant(
            "`eligibility` on Parquet, blocking conditions", _ours("blocking"), source="parquet"
        ),
        Contestant("DuckDB SQL by hand, statuses", _program(sql)),
        Contestant("DuckDB SQL by hand, blocking conditions", _program(sql, "--blocking")),
        Contestant("DuckDB SQL on Parquet, statuses", _program(sql), source="parquet"),
        Contestant(
            "DuckDB SQL on Parquet, blocking conditions",
            _program(sql, "--blocking"),
            source="parquet",
        ),
        Contestant("Polars", _program("peers/polars_peer.py"), many=False),
        Contestant(
            "openfisca-core, 6 of 16 outcomes", _program("peers/openfisca_peer.py"), many=False
        ),
        Contestant("zen-engine", _program("peers/zen_peer.py"), many=False),
        Contestant("JsonLogic (datalogic-py)", _program("peers/jsonlogic_peer.py"), many=False),
        Contestant("CEL (common-expression-language)", _program("peers/cel_peer.py"), many=False),
    ]


@contextmanager
def _watched(process: subprocess.Popen[str], watch_it: bool) -> Iterator[list[float]]:
    """The memory of a process and of those that it starts, in megabytes, while it runs."""
    seen: list[float] = [0.0]
    if not watch_it:
        yield seen
        return
    done = threading.Event()

    def watch() -> None:
        while not done.wait(0.1):
            seen.append(_memory(process.pid))

    thread = threading.Thread(target=watch)
    thread.start()
    try:
        yield seen
    finally:
        done.set()
        thread.join()


def _memory(group: int) -> float:
    """What the processes of a group have in memory; what they share counts once."""
    total = 0
    for place in Path("/proc").glob("[0-9]*"):
        try:
            if os.getpgid(int(place.name)) != group:
                continue
            lines = (place / "smaps_rollup").read_text(encoding="ascii").splitlines()
        except OSError:
            continue
        total += sum(int(line.split()[1]) for line in lines if line.startswith("Pss:"))
    return total / 1024


def measured(words: Sequence[str], *, memory: bool = False) -> Run:
    """Run a command as a process of its own, and look at its `memory` or not.

    Raises `SystemExit` when it fails.
    """
    paths = os.pathsep.join([str(_ROOT), *filter(None, [os.environ.get("PYTHONPATH")])])
    start = time.perf_counter()
    with subprocess.Popen(
        words,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
        env={**os.environ, "PYTHONPATH": paths},
    ) as process:
        with _watched(process, memory) as seen:
            said, complaint = process.communicate()
        wall = time.perf_counter() - start
    if process.returncode:
        raise SystemExit(f"{complaint}\n{' '.join(words)} ended with {process.returncode}")
    last = said.strip().splitlines()[-1:] or [""]
    steps = json.loads(last[0]) if last[0].startswith("{") else {}
    return Run(wall, max(*seen, steps.pop("peak", 0.0)), steps)


def _answer(
    one: Contestant, students: Path, folder: Path, *, memory: bool = False
) -> tuple[Run, Path]:
    """A run, and the file that it wrote."""
    target = folder / "answers.ndjson"
    for old in folder.glob("answers.*"):
        old.unlink()
    words = one.command(students.with_suffix(f".{one.source}"), target)
    return measured(words, memory=memory), target


Statuses = dict[tuple[str, str], str]


def _statuses(target: Path) -> Statuses:
    """By student and outcome what a file says."""
    with target.open(encoding="utf-8") as stream:
        return {
            (found["profile"], outcome): status
            for found in map(json.loads, stream)
            for outcome, status in found["statuses"].items()
        }


def _right(known: Statuses, found: Statuses) -> str:
    """Whether statuses are those that `eligibility` found, of all that were given."""
    outcomes = {outcome for _, outcome in found}
    asked = {key: status for key, status in known.items() if key[1] in outcomes}
    differ = sum(found.get(key) != status for key, status in asked.items())
    return f"no: {differ:,} of {len(asked):,} differ" if differ else "yes"


def _table(rows: Sequence[Sequence[str]]) -> list[str]:
    head, *others = [f"| {' | '.join(row)} |" for row in rows]
    return [head, "|" + "---|" * len(rows[0]), *others]


def _seconds(runs: Sequence[Run], step: str) -> str:
    times = [run.steps[step] for run in runs if step in run.steps]
    return f"{statistics.median(times):.2f} s" if times else ""


def scale(many: int, few: int, rounds: int, folder: Path, but: Sequence[str] = ()) -> list[str]:
    """The table of all contestants, but for those whose names hold one of some words."""
    places = {True: folder / "many.ndjson", False: folder / "few.ndjson"}
    for place, count in ((places[True], many), (places[False], few)):
        write_students(count, place)
        to_parquet(place, place.with_suffix(".parquet"))
    rows = [one for one in contestants() if not any(word in one.name for word in but)]
    known: Statuses = {}
    right: dict[str, str] = {}
    for one in rows:
        found = _statuses(_answer(one, places[False], folder)[1])
        known = known or found
        right[one.name] = _right(known, found)
    runs: dict[str, list[Run]] = {one.name: [] for one in rows}
    for _ in range(rounds):
        for one in rows:
            runs[one.name].append(_answer(one, places[one.many], folder)[0])
    peaks = {one.name: _answer(one, places[one.many], folder, memory=True)[0].peak for one in rows}
    shown = [
        ["", "students", "load", "evaluate", "write", "total", "a second", "memory", "missing data"]
    ]
    for one in rows:
        took = runs[one.name]
        wall = statistics.median(run.wall for run in took)
        count = many if one.many else few
        shown.append(
            [
                one.name,
                f"{count:,}",
                *(_seconds(took, step) for step in ("load", "evaluate", "write")),
                f"{wall:.1f} s",
                f"{count / wall:,.0f}",
                f"{peaks[one.name]:,.0f} MB",
                right[one.name],
            ]
        )
    return _table(shown)


def growth(count: int, rounds: int, folder: Path) -> list[str]:
    """The table of so many students, and of four times as many."""
    place = folder / "growth.ndjson"
    shown = [["students", "total", "a second", "memory"]]
    one = contestants()[0]
    for many in (count, 4 * count):
        write_students(many, place)
        took = [_answer(one, place, folder)[0].wall for _ in range(rounds)]
        peak = _answer(one, place, folder, memory=True)[0].peak
        wall = statistics.median(took)
        shown.append([f"{many:,}", f"{wall:.1f} s", f"{many / wall:,.0f}", f"{peak:,.0f} MB"])
    place.unlink()
    return _table(shown)


def linear(count: int, rounds: int, folder: Path) -> list[str]:
    """The table of packs of more and more conditions."""
    place = folder / "linear.ndjson"
    write_students(count, place)
    packs = {number: folder / f"rules-{number}" for number in _CONDITIONS}
    for number, rules in packs.items():
        write_pack(number, rules)
    rows = {number: Contestant("", _ours("none", rules)) for number, rules in packs.items()}
    runs: dict[int, list[Run]] = {number: [] for number in rows}
    for _ in range(rounds):
        for number, one in rows.items():
            runs[number].append(_answer(one, place, folder)[0])
    shown = [["conditions", "students", "total", "a second", "memory"]]
    for number, took in runs.items():
        wall = statistics.median(run.wall for run in took)
        peak = _answer(rows[number], place, folder, memory=True)[0].peak
        rate = f"{count / wall:,.0f}"
        shown.append([f"{number:,}", f"{count:,}", f"{wall:.1f} s", rate, f"{peak:,.0f} MB"])
    return _table(shown)


def files(count: int, rounds: int, folder: Path) -> list[str]:
    """The table of a folder with a file for each student."""
    place = folder / "files.ndjson"
    write_students(count, place)
    to_folder(place, folder / "files")
    floor = (sys.executable, str(_HERE / "folder_floor.py"), str(folder / "files"))
    ours = _ours("none")
    runs: dict[str, list[Run]] = {"`eligibility`, statuses": [], "read and parsed by orjson": []}
    for _ in range(rounds):
        for old in folder.glob("answers.*"):
            old.unlink()
        asked = ours(folder / "files", folder / "answers.ndjson")
        for took, words in zip(runs.values(), (asked, floor), strict=True):
            took.append(measured(words))
    shown = [["", "files", "total", "a second"]]
    for name, took in runs.items():
        wall = statistics.median(run.wall for run in took)
        shown.append([name, f"{count:,}", f"{wall:.1f} s", f"{count / wall:,.0f}"])
    return _table(shown)


def rewritten(page: str, block: Sequence[str]) -> str:
    """A page with another block between the markers. Raises ValueError where they are not."""
    before, start, rest = page.partition(START)
    _, end, after = rest.partition(END)
    if not start or not end:
        raise ValueError(f"no `{START}` with `{END}` behind it")
    return f"{before}{START}\n\n" + "\n".join(block) + f"\n\n{END}{after}"


def main() -> None:
    """Measure, print, and rewrite the page."""
    parser = argparse.ArgumentParser(description="Measure the benchmark of scale.")
    parser.add_argument("--students", type=int, default=100_000, help="for eligibility and SQL")
    parser.add_argument("--few", type=int, default=2_000, help="for the other engines")
    parser.add_argument("--files", type=int, default=20_000, help="in the folder")
    parser.add_argument("--linear", type=int, default=10_000, help="for each size of pack")
    parser.add_argument("--growth", type=int, default=100_000, help="a quarter of the most")
    parser.add_argument("--rounds", type=int, default=5, help="how often")
    parser.add_argument("--but", action="append", default=[], help="leave out rows with this word")
    parser.add_argument("--keep", action="store_true", help="print only; leave the page as it is")
    arguments = parser.parse_args()
    rounds = arguments.rounds
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        python = f"{platform.python_implementation()} {platform.python_version()}"
        machine = f"{platform.system()}, {os.cpu_count()} processors"
        made = [
            f"{python}, {machine}; medians of {rounds} rounds.",
            "",
            *scale(arguments.students, arguments.few, rounds, folder, arguments.but),
            "",
            *growth(arguments.growth, rounds, folder),
            "",
            *linear(arguments.linear, rounds, folder),
            "",
            *files(arguments.files, rounds, folder),
        ]
    print("\n".join(made))
    if not arguments.keep:
        page = _PAGE.read_text(encoding="utf-8")
        _PAGE.write_text(rewritten(page, made), encoding="utf-8")


if __name__ == "__main__":
    main()
