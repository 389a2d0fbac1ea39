"""What was found out about others is put to use, and never shows."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from commands import DAY, make_pack

from eligibility import remembered
from eligibility.leaves import Fold
from eligibility.packs import Pack
from eligibility.report import as_json

TODAY = datetime.date.fromisoformat(DAY)
PASSED = "{courses: {count: {mark: {at_least: C}, credits: {at_least: 3}}, at_least: 2}}"
OLD_ENOUGH = (
    "{jobs: {count: {started_on: {after: {fact: birth_date, plus: {years: 16}}}}, at_least: 1}}"
)
PERMITTED = (
    "{jobs: {count: {permits: {has: {kind: pool, holds_on: {outer: started_on}}}}, at_least: 1}}"
)


def pack_of(folder: Path, requires: str) -> Pack:
    text = f"outcomes:\n  x: {{title: X, source: {{title: S}}, requires: {requires}}}\n"
    return make_pack(folder, text, "batch")


def course(**stated: Any) -> dict[str, Any]:
    """A course passed, except for what is stated otherwise."""
    usual = {"mark": "C", "credits": 3, "status": "completed", "completed_on": "2026-01-01"}
    return {name: value for name, value in {**usual, **stated}.items() if value is not None}


def job(**stated: Any) -> dict[str, Any]:
    return {"employer": "E", "started_on": "2020-01-01", "ended_on": "2020-12-31", **stated}


PAIRS = [
    pytest.param(
        PASSED,
        {"courses": [course(title="Riding")]},
        {"courses": [course(title="Diving"), course()]},
        id="courses that differ in what no rule reads",
    ),
    pytest.param(
        PASSED,
        {"courses": [course(credits=Decimal("2.0"))]},
        {"courses": [course(credits=2)]},
        id="numbers that are equal and written otherwise",
    ),
    pytest.param(
        PASSED,
        {"courses": [course(title="Riding", mark=None)]},
        {"courses": [course(), course(title="Diving", mark=None)]},
        id="a mark that is missing in another place, of another name",
    ),
    pytest.param(
        PASSED,
        {"courses": [course(title="Riding", status=None)]},
        {"courses": [course(), course(status=None)]},
        id="a course of which nothing says how far it is",
    ),
    pytest.param(
        PASSED,
        {"courses": [course(title="Riding", status="enrolled", mark=None)]},
        {"courses": [course(title="Diving", mark=None)]},
        id="a course in progress and one that is completed",
    ),
    pytest.param(
        OLD_ENOUGH,
        {"birth_date": "1990-01-01", "jobs": [job()]},
        {"birth_date": "2010-01-01", "jobs": [job()]},
        id="the same job of people of another age",
    ),
    pytest.param(
        PERMITTED,
        {"jobs": [job(permits={"complete": True, "items": [{"kind": "pool"}]})]},
        {"jobs": [job(), job(employer="F", permits=[{"kind": "pool"}])]},
        id="permits that are all there are, and that may not be",
    ),
    pytest.param(
        PERMITTED,
        {"jobs": [job(employer="F", permits={"complete": False, "items": []})]},
        {"jobs": [job(), job(employer="G", permits={"complete": False, "items": []})]},
        id="permits of which only a part is told, of jobs with other names",
    ),
    pytest.param(
        PERMITTED,
        {"jobs": [job(employer="F", permits=[{"valid_from": "2020-01-01"}])]},
        {"jobs": [job(employer="G", permits=[{"valid_from": "2020-01-01"}])]},
        id="a permit whose kind is missing, of jobs with other names",
    ),
    pytest.param(
        PERMITTED,
        {"jobs": [job(permits=[{"kind": "pool", "valid_from": "2020-01-01"}])]},
        {"jobs": [job(started_on="2019-12-31", permits=[{"kind": "pool"}])]},
        id="the first day of the job around a permit",
    ),
]


@pytest.mark.parametrize(("requires", "one", "other"), PAIRS)
def test_who_was_asked_about_before_makes_no_difference(
    requires: str, one: Mapping[str, Any], other: Mapping[str, Any], tmp_path: Path
) -> None:
    pack = pack_of(tmp_path, requires)
    profiles = [{"id": "one", **one}, {"id": "other", **other}]
    for given in (profiles, profiles[::-1]):
        together = pack_of(tmp_path / given[0]["id"], requires)
        for profile in [*given, *given]:
            found = as_json(together.check(profile, as_of=TODAY), explain=True)
            alone = Pack(pack.compiled, "batch").check(profile, as_of=TODAY)
            assert found == as_json(alone, explain=True)


def test_another_day_is_another_answer(tmp_path: Path) -> None:
    pack = pack_of(tmp_path, "{courses: {count: {mark: C}, at_least: 1}}")
    profile = {"id": "p", "courses": [course(completed_on="2026-06-01")]}
    days = [TODAY, datetime.date(2026, 1, 1), TODAY]
    statuses = [pack.check(profile, as_of=day).verdict("x").status.value for day in days]
    assert statuses == ["eligible", "not_eligible", "eligible"]


def counted(monkeypatch: pytest.MonkeyPatch) -> list[object]:
    """A list that grows by each item that is put to the test."""
    tested: list[object] = []
    derive = Fold._item

    def item(self: Fold, *given: Any) -> Any:
        tested.append(given)
        return derive(self, *given)

    monkeypatch.setattr(Fold, "_item", item)
    return tested


@pytest.mark.parametrize(
    ("requires", "facts", "tests"),
    [
        pytest.param(PASSED, {"courses": [course()] * 5}, 1, id="alike: once for all"),
        pytest.param(
            PASSED,
            {"courses": [course(), course(mark="D"), course(mark=None)]},
            3,
            id="not alike: once for each kind",
        ),
        pytest.param(
            OLD_ENOUGH,
            {"birth_date": "1990-01-01", "jobs": [job()]},
            2,
            id="read with facts of the person: again for each",
        ),
    ],
)
def test_an_item_is_tested_once_for_all_that_are_like_it(
    requires: str,
    facts: Mapping[str, Any],
    tests: int,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    pack = pack_of(tmp_path, requires)
    tested = counted(monkeypatch)
    for name in ("one", "other"):
        pack.check({"id": name, **facts}, as_of=TODAY)
    assert len(tested) == tests


def test_what_is_too_much_to_remember_is_forgotten_and_found_out_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(remembered, "REMEMBERED", 3)
    pack = pack_of(tmp_path, PASSED)
    marks = ["A", "B", "C", "D", None]
    profile = {
        "id": "p",
        "courses": [course(mark=mark, credits=n) for mark in marks for n in (2, 3)],
    }
    answers = [as_json(pack.check(profile, as_of=TODAY), explain=True) for _ in range(2)]
    assert answers[0] == answers[1]
    memory = pack._recall.items(TODAY)
    assert sum(map(len, memory._tables)) + len(memory._kinds) <= 3
