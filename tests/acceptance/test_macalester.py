"""Real grades of 443 students, compared with a plain computation of its own.

The data has half of each student's record. Said to be the whole of it, every count and
average is decided; said to be a part, only what further courses cannot change is.
"""

from __future__ import annotations

import csv
import datetime
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from eligibility.engines import rete
from eligibility.packs import Pack, load_pack
from eligibility.report import as_json

TODAY = datetime.date(2026, 11, 24)
WITHOUT_POINTS = {"S", "AU", "NC"}
LEVELS = (100, 200, 300, 400)


class Row(NamedTuple):
    """A line of the table."""

    department: str
    level: int
    grade: str
    points: Fraction | None


class Seen(NamedTuple):
    """What a verdict says: its status and the number that it goes by."""

    status: str
    observed: float | None


@pytest.fixture(scope="module")
def students(external: Callable[[str], Path]) -> dict[str, list[Row]]:
    found: dict[str, list[Row]] = {}
    with external("macalester-grades/College_grades.csv").open(encoding="utf-8") as table:
        for line in csv.DictReader(table):
            points = Fraction(line["gradepoint"]) if line["gradepoint"] else None
            row = Row(line["dept"], int(line["level"]), line["grade"], points)
            found.setdefault(line["sid"], []).append(row)
    assert (len(found), sum(map(len, found.values()))) == (443, 6124)
    return found


@pytest.fixture(scope="module")
def reference(packs: Path) -> Pack:
    return load_pack(packs / "macalester", engine="reference")


def asked(
    pack: Pack, name: str, rows: Sequence[Row], *, complete: bool, outcomes: Sequence[str] = ()
) -> dict[str, Seen]:
    items = [{"department": row.department, "level": row.level, "grade": row.grade} for row in rows]
    courses: Any = items if complete else {"complete": False, "items": items}
    answer = pack.check({"id": name, "courses": courses}, as_of=TODAY, outcomes=outcomes or None)
    return {
        verdict["id"]: Seen(verdict["status"], verdict["reasons"][0]["observed"])
        for verdict in as_json(answer)["outcomes"]
    }


# -- the plain computation


def outcome_of(department: str) -> str:
    return f"{'upper' if department.isupper() else 'lower'}-{department.lower()}"


def average(rows: Sequence[Row]) -> Fraction | None:
    points = [row.points for row in rows if row.grade not in WITHOUT_POINTS]
    assert None not in points
    return (
        sum((one for one in points if one is not None), Fraction(0)) / len(points)
        if points
        else None
    )


def counts(rows: Sequence[Row], departments: Sequence[str]) -> Iterator[tuple[str, int, int]]:
    """The outcomes that count up, with how many there are and how many are wanted."""
    yield "fourteen-courses", len(rows), 14
    levels, taught = Counter(row.level for row in rows), Counter(row.department for row in rows)
    yield from ((f"level-{level}", levels[level], 4) for level in LEVELS)
    yield from ((outcome_of(one), taught[one], 3) for one in departments)


def expected(rows: Sequence[Row], departments: Sequence[str], *, complete: bool) -> dict[str, Seen]:
    open_end = "not_eligible" if complete else "undetermined"
    found = {
        name: Seen("eligible" if number >= wanted else open_end, number)
        for name, number, wanted in counts(rows, departments)
    }
    without = sum(row.grade in WITHOUT_POINTS for row in rows)
    few = "not_eligible" if without > 2 else "eligible" if complete else "undetermined"
    found["few-without-points"] = Seen(few, without)
    mean = average(rows) if complete else None
    for name, bound in (("three-point-average", Fraction(3)), ("honours-average", Fraction(18, 5))):
        if mean is None:
            found[name] = Seen("undetermined", None)
        else:
            cut = mean.numerator * 10_000 // mean.denominator / 10_000
            found[name] = Seen("eligible" if mean >= bound else "not_eligible", cut)
    return found


def departments_of(students: dict[str, list[Row]]) -> list[str]:
    return sorted({row.department for rows in students.values() for row in rows})


@pytest.mark.parametrize("complete", [True, False], ids=["whole record", "half record"])
def test_counts_and_averages_are_those_of_a_plain_computation(
    complete: bool, students: dict[str, list[Row]], reference: Pack
) -> None:
    departments = departments_of(students)
    assert len(departments) == 40
    statuses: Counter[str] = Counter()
    for name, rows in students.items():
        found = asked(reference, name, rows, complete=complete)
        assert found == expected(rows, departments, complete=complete), name
        statuses.update(seen.status for seen in found.values())
    assert set(statuses) == {"eligible", "not_eligible"} | (set() if complete else {"undetermined"})


@pytest.mark.parametrize("engine", ["rete", "batch"])
def test_the_other_engines_give_the_same(
    engine: str, students: dict[str, list[Row]], packs: Path
) -> None:
    if engine == "rete" and not rete.available():
        pytest.skip("durable_rules does not work here")
    pack = load_pack(packs / "macalester", engine=engine)
    wanted = ["three-point-average", "honours-average", "few-without-points", "level-300"]
    for name, rows in list(students.items())[::5]:
        for complete in (True, False):
            found = asked(pack, name, rows, complete=complete, outcomes=wanted)
            plain = expected(rows, [], complete=complete)
            assert found == {one: plain[one] for one in wanted}, name
