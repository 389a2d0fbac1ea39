"""Running the cases beside the rules."""

from __future__ import annotations

import datetime
from pathlib import Path

import pytest
from commands import DAY, RULES, make_pack

from eligibility.cases import run_case, uncovered
from eligibility.model import Case, Expectation, Status
from eligibility.packs import Pack, load_cases, load_pack
from eligibility.source import Span

TODAY = datetime.date.fromisoformat(DAY)


@pytest.fixture(scope="module")
def club() -> Pack:
    return load_pack(RULES, engine="reference")


def case(profile: dict[str, object], *expect: Expectation, club: Pack) -> Case:
    [first, *_] = load_cases(club.rules, RULES)
    return Case("A case", "cases.yaml", profile, TODAY, expect, first.span)


def test_a_span_is_part_of_a_case(club: Pack) -> None:
    assert isinstance(case({}, club=club).span, Span)


BADGE = "a bronze badge: the profile says no"
SCHOOL = "a school badge: the profile says no"
BECAUSE = f"requires/any/0: {BADGE}; requires/any/1: {SCHOOL}"


@pytest.mark.parametrize(
    ("status", "because", "failures"),
    [
        ("not_eligible", None, []),
        ("not_eligible", ("requires/any/0", "requires/any/1"), []),
        ("not_eligible", (BADGE, "requires/any/1"), []),
        (
            "eligible",
            None,
            [f"entry: expected eligible, got not_eligible because of {BECAUSE}"],
        ),
        (
            "not_eligible",
            ("requires/any/0",),
            [f"entry: did not expect the reason `requires/any/1`: {SCHOOL}"],
        ),
        (
            "not_eligible",
            ("requires/any/0", "requires/any/1", "elsewhere"),
            ["entry: expected the reason `elsewhere`"],
        ),
    ],
)
def test_a_case_fails_in_its_status_and_in_its_reasons(
    status: str, because: tuple[str, ...] | None, failures: list[str], club: Pack
) -> None:
    expectation = Expectation("entry", Status(status), because)
    profile: dict[str, object] = {"id": "p", "bronze": False, "school_badge": False}
    result = run_case(club, case(profile, expectation, club=club))
    assert list(result.failures) == failures


def test_a_case_with_a_profile_that_is_refused_fails_with_its_mistakes(club: Pack) -> None:
    expectation = Expectation("entry", Status.ELIGIBLE)
    profile: dict[str, object] = {"id": "p", "bronze": 1}
    [failure] = run_case(club, case(profile, expectation, club=club)).failures
    assert failure.startswith("cases.yaml#/bronze: must be true or false")


def test_what_no_case_expects_is_listed(tmp_path: Path) -> None:
    text = """
outcomes:
  a: {title: A, source: {title: S}, requires: {bronze: true}}
  b: {title: B, source: {title: S}, requires: {bronze: true}, confidence: unverified}
  c: {title: C, source: {title: S}, confidence: unverified}
  d: {title: D, source: {title: S}, requires: nothing}
"""
    pack = make_pack(tmp_path, text)
    assert uncovered(pack.rules, []) == {
        "a": ["met", "unmet", "undetermined"],
        "b": ["unmet", "undetermined"],
        "c": ["undetermined"],
        "d": ["met"],
    }
    all_of_a = [
        Expectation("a", Status(word)) for word in ("eligible", "not_eligible", "undetermined")
    ]
    rest = [
        Expectation("b", Status.NOT_ELIGIBLE),
        Expectation("c", Status.UNDETERMINED),
        Expectation("d", Status.ELIGIBLE),
    ]
    some = Case("A case", "cases.yaml", {}, TODAY, (*all_of_a, *rest), Span("x", 1, 1, 1, ""))
    assert uncovered(pack.rules, [some]) == {"b": ["undetermined"]}
