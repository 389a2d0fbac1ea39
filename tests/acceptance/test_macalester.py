"""Real grades of 443 students, compared with a plain computation of its own.

The data has half of each student's record. Said to be the whole of it, every count and
average is decided; said to be a part, only what further courses cannot change is. The last
term there is counts as under way.
"""

from __future__ import annotations

import csv
import datetime
import json
import math
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from commands import run

from eligibility.engines import rete
from eligibility.packs import load_pack
from eligibility.report import seen_fields
from eligibility.verdict import Answer

AS_OF = datetime.date(2005, 3, 1)
LAST_TERM = "SP2005"
WITHOUT_POINTS = {"S", "AU", "NC"}
LEVELS = (100, 200, 300, 400)


class Row(NamedTuple):
    """A line of the table."""

    department: str
    level: int
    grade: str
    points: Fraction | None
    finished: bool


class Seen(NamedTuple):
    """What a verdict says: its status and its one condition."""

    status: str
    value: str
    projected: str
    observed: float | None
    needed: float
    short_by: float | None


Students = dict[str, list[Row]]


@pytest.fixture(scope="module")
def table(external: Callable[[str], Path]) -> Path:
    return external("macalester-grades/College_grades.csv")


@pytest.fixture(scope="module")
def students(table: Path) -> Students:
    found: Students = {}
    with table.open(encoding="utf-8") as lines:
        for line in csv.DictReader(lines):
            points = Fraction(line["gradepoint"]) if line["gradepoint"] else None
            row = Row(
                line["dept"],
                int(line["level"]),
                line["grade"],
                points,
                finished=line["sem"] != LAST_TERM,
            )
            found.setdefault(line["sid"], []).append(row)
    assert (len(found), sum(map(len, found.values()))) == (443, 6124)
    return found


# -- the plain computation


def expected(rows: Sequence[Row], departments: Sequence[str], *, complete: bool) -> dict[str, Seen]:
    """Every outcome of a student, in no order."""
    finished = [row for row in rows if row.finished]
    found = {}
    for name, numbers, wanted in counts(finished, rows, departments):
        values = [at_least(number, wanted, complete=complete) for number in numbers]
        found[name] = seen(values, numbers[0], wanted, max(wanted - numbers[0], 0))

    without = [sum(row.grade in WITHOUT_POINTS for row in some) for some in (finished, rows)]
    few = "met" if complete else "unknown"
    found["few-without-points"] = seen(["unmet" if n > 2 else few for n in without], without[0], 2)

    means = [average(some) if complete else None for some in (finished, rows)]
    for name, bound in (("three-point-average", Fraction(3)), ("honours-average", Fraction(18, 5))):
        values = ["unknown" if one is None else met(one >= bound) for one in means]
        now = means[0]
        cut = None if now is None else math.floor(now * 10_000) / 10_000
        lacking = None if now is None else math.ceil((bound - now) * 10_000) / 10_000
        found[name] = seen(values, cut, float(bound), lacking)
    return found


def counts(
    finished: Sequence[Row], rows: Sequence[Row], departments: Sequence[str]
) -> Iterator[tuple[str, list[int], int]]:
    """The outcomes that count up: how many there are, now and in the end, and how many to be."""
    yield "fourteen-courses", [len(finished), len(rows)], 14
    # it names the state, and so sees all courses in both scenarios
    yield "under-way", [len(rows) - len(finished)] * 2, 1
    levels = [Counter(row.level for row in some) for some in (finished, rows)]
    yield from ((f"level-{one}", [many[one] for many in levels], 4) for one in LEVELS)
    taught = [Counter(row.department for row in some) for some in (finished, rows)]
    for one in departments:
        name = f"{'upper' if one.isupper() else 'lower'}-{one.lower()}"
        yield name, [many[one] for many in taught], 3


def at_least(number: int, wanted: int, *, complete: bool) -> str:
    return met(number >= wanted) if complete or number >= wanted else "unknown"


def met(true: bool) -> str:
    return "met" if true else "unmet"


def average(rows: Sequence[Row]) -> Fraction | None:
    points = [row.points for row in rows if row.grade not in WITHOUT_POINTS]
    assert None not in points
    total = sum((one for one in points if one is not None), Fraction(0))
    return total / len(points) if points else None


def seen(
    values: Sequence[str], observed: float | None, needed: float, short_by: float | None = None
) -> Seen:
    """By the values now and in the end."""
    now, then = values
    if now == "met":
        status = "eligible"
    elif then == "met":
        status = "on_track"
    else:
        status = "not_eligible" if now == then == "unmet" else "undetermined"
    return Seen(status, now, then, observed, needed, None if now == "met" else short_by)


def departments_of(students: Students) -> list[str]:
    found = sorted({row.department for rows in students.values() for row in rows})
    assert len(found) == 40
    return found


# -- what the engines say


def profile(name: str, rows: Sequence[Row], *, complete: bool) -> dict[str, Any]:
    items = [
        {
            "department": row.department,
            "level": row.level,
            "grade": row.grade,
            "status": "completed" if row.finished else "in progress",
        }
        for row in rows
    ]
    return {"id": name, "courses": items if complete else {"complete": False, "items": items}}


def conditions(answer: Answer) -> dict[str, Seen]:
    """Of each outcome the one condition that it has in this pack."""
    found = {}
    for verdict in answer.verdicts:
        [reason] = verdict.reasons
        assert reason.node.leaf is not None
        fields = seen_fields(answer.compiled.leaves[reason.node.leaf], reason.observation)
        found[verdict.outcome.id] = Seen(
            verdict.status.value,
            reason.value.word,
            reason.projected.word,
            *(fields[name] for name in ("observed", "needed", "short_by")),
        )
    return found


def blocking(plain: Seen) -> list[dict[str, Any]]:
    """A condition as it is written to a file: what is null, or the same again, is left out."""
    said = {"path": "requires", "value": plain.value}
    if plain.projected != plain.value:
        said["projected"] = plain.projected
    numbers = {"observed": plain.observed, "short_by": plain.short_by}
    return [said | {name: one for name, one in numbers.items() if one is not None}]


@pytest.mark.parametrize("complete", [True, False], ids=["whole record", "half record"])
@pytest.mark.parametrize("engine", ["reference", "rete", "batch"])
def test_every_engine_gives_what_a_plain_computation_does(
    engine: str, complete: bool, students: Students, packs: Path
) -> None:
    if engine == "rete" and not rete.available():
        pytest.skip("durable_rules does not work here")
    pack = load_pack(packs / "macalester", engine=engine)
    departments = departments_of(students)
    statuses: Counter[str] = Counter()
    for name, rows in students.items():
        found = conditions(pack.check(profile(name, rows, complete=complete), as_of=AS_OF))
        assert found == expected(rows, departments, complete=complete), name
        statuses.update(one.status for one in found.values())
    assert statuses.total() == 443 * 49
    unsure = set() if complete else {"undetermined"}
    assert set(statuses) == {"eligible", "on_track", "not_eligible"} | unsure


def test_the_table_itself_is_answered_by_a_mapping(
    table: Path, students: Students, packs: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out.ndjson"
    mapping = packs / "macalester-mapping.yaml"
    asked = ("--mapping", mapping, "--rules", packs / "macalester", "--as-of", AS_OF.isoformat())
    result = run("batch", table, *asked, "--to", out)
    assert result.exit_code == 0, result.output
    departments = departments_of(students)
    lines = [json.loads(line) for line in out.read_text("utf-8").splitlines()]
    assert [line["profile"] for line in lines] == sorted(students)
    statuses: dict[str, Counter[str]] = {}
    for line in lines:
        plain = expected(students[line["profile"]], departments, complete=True)
        assert line["statuses"] == {name: one.status for name, one in plain.items()}
        assert line["blocking"] == {
            name: blocking(one) for name, one in plain.items() if one.status != "eligible"
        }
        for name, status in line["statuses"].items():
            statuses.setdefault(name, Counter())[status] += 1

    summary = json.loads(Path(f"{out}.summary.json").read_text("utf-8"))
    assert [summary[name] for name in ("read", "answered", "rejected")] == [443, 443, 0]
    told = {one["id"]: Counter(one["statuses"]) for one in summary["outcomes"]}
    assert told == statuses
