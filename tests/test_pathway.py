"""One student's whole way, asked about on six days: each day opens what comes next.

The profile holds everything from the start, dated in the future; what has not happened on
the day of the question must not count.
"""

from __future__ import annotations

import datetime
from typing import Any

import pytest

from eligibility.engines import rete
from eligibility.model import Status
from eligibility.packs import load_pack, shipped
from eligibility.profile_json import parse_json

OPENED = {
    "2026-11-24": ["program-admission", "cca-exam"],
    "2028-05-12": ["first-year", "diploma", "work-in-field"],
    "2030-05-03": ["second-year", "associate-degree"],
    "2030-05-10": ["rhit-exam", "rhit-may-sit"],
    "2030-07-16": ["rhit-passed", "rhit-use", "ahima-active", "ahima-not-revoked"],
    "2032-06-01": ["rhit-renewal", "ahima-recertification"],
}
"""What the student is eligible for on a day, and was not on the day before it here."""


def student() -> dict[str, Any]:
    path = shipped("profiles") / "whole-pathway.json"
    value = parse_json(path.read_text(encoding="utf-8"), path.name)
    assert isinstance(value, dict)
    return value


@pytest.mark.parametrize("engine", ["reference", "rete"])
def test_each_day_opens_what_comes_next_and_closes_nothing(engine: str) -> None:
    if engine == "rete" and not rete.available():
        pytest.skip("durable_rules does not work here")
    pack = load_pack(engine=engine)
    followed = [name for names in OPENED.values() for name in names]
    reached: set[str] = set()
    for day, opened in OPENED.items():
        reached.update(opened)
        as_of = datetime.date.fromisoformat(day)
        verdicts = pack.check(student(), as_of=as_of, outcomes=followed).verdicts
        expected = {
            name: Status.ELIGIBLE if name in reached else Status.NOT_ELIGIBLE for name in followed
        }
        assert {one.outcome.id: one.status for one in verdicts} == expected, day


def test_the_day_before_each_step_it_has_not_been_taken() -> None:
    pack = load_pack(engine="reference")
    for day, step in (
        ("2028-05-04", "first-year"),
        ("2030-05-02", "associate-degree"),
        ("2030-05-09", "rhit-exam"),
        ("2030-07-15", "rhit-passed"),
        ("2032-05-11", "ahima-recertification"),
    ):
        before = datetime.date.fromisoformat(day)
        for as_of, status in (
            (before, Status.NOT_ELIGIBLE),
            (before + datetime.timedelta(days=1), Status.ELIGIBLE),
        ):
            [verdict] = pack.check(student(), as_of=as_of, outcomes=[step]).verdicts
            assert verdict.status is status, f"{step} on {as_of}"
