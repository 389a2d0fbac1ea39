"""Conditions in words, and the small things that words are made of."""

from __future__ import annotations

import datetime
from decimal import Decimal
from pathlib import Path

import pytest
from commands import DAY, make_pack

from eligibility.explain import condition_words
from eligibility.values import Absent, Days, Duration
from eligibility.words import Words, clean, joined, plural, the, value_words, with_article, without

TODAY = datetime.date.fromisoformat(DAY)

NESTED = "{any: [topic: a, topic: b]}"
CONDITIONS = [
    ("{fitness: 5}", "a fitness score is 5"),
    ("{fitness: {is_not: 5}}", "a fitness score is not 5"),
    (
        "{fitness: {more_than: 5, at_most: 9}}",
        "all of these: a fitness score of more than 5; a fitness score of at most 9",
    ),
    ("{birth_date: {before: 1990-01-01}}", "date of birth before 1990-01-01"),
    ("{birth_date: {within: {years: 2, months: 6}}}", "date of birth since 2024-05-24"),
    ("{not: {birth_date: {within: {years: 2}}}}", "date of birth not since 2024-11-24"),
    (
        "{not: {birth_date: {completed: years, at_least: 16}}}",
        "fewer than 16 completed years since the date of birth",
    ),
    (
        "{birth_date: {on_or_before: {fact: as_of, minus: {years: 18}}}}",
        "date of birth on or before 2008-11-24",
    ),
    ("{home: {is_not: A}}", "the home club is not A"),
    ("{home: {exists: true}}", "the home club is stated"),
    ("{sponsor: {exists: false}}", "a sponsor is not stated"),
    ("{not: {sponsor: {exists: false}}}", "a sponsor is stated"),
    ("{courses: {has: {}}}", "a course"),
    ("{not: {courses: {has: {}}}}", "no course"),
    ("{attempts: {has: {exam: x}}}", "an attempt with exam x"),
    (
        "{courses: {has: {topic: a, completed_on: {after: 2020-01-01}}}}",
        "a course completed after 2020-01-01 with topic a",
    ),
    (f"{{courses: {{has: {NESTED}}}}}", "a course with (topic a or topic b)"),
    (
        "{courses: {has: {at_least: 2, of: [topic: a, topic: b, mark: C]}}}",
        "a course with at least 2 of (topic a; topic b; mark C)",
    ),
    ("{courses: {has: {not: {topic: a}}}}", "a course with topic not a"),
    ("{courses: {has: {mark: {exists: true}}}}", "a course with mark stated"),
    ("{courses: {count: {topic: a}, at_least: 1}}", "at least 1 course with topic a"),
    ("{courses: {count: {topic: a}, is: 2}}", "exactly 2 courses with topic a"),
    ("{courses: {count: {topic: a}, less_than: 2}}", "fewer than 2 courses with topic a"),
    ("{not: {courses: {count: {topic: a}, is: 2}}}", "other than 2 courses with topic a"),
    ("{courses: {sum: credits, more_than: 12.5}}", "more than 12.5 credits"),
    (
        "{courses: {mean: mark, weight: credits, at_least: 2}}",
        "mark of at least 2 on average over courses, weighted by credits",
    ),
    ("{jobs: {duration: years, at_least: 1}}", "at least 1 year of jobs"),
    ("{jobs: {duration: months, at_least: 11}}", "at least 11 months of jobs"),
    (
        "{courses: {fraction: {topic: a}, weight: credits, at_least: 0.25}}",
        "courses with topic a with at least 25% of the credits of all courses",
    ),
    (
        "{courses: {fraction: {topic: a}, where: {mark: C}, less_than: 0.125}}",
        "courses with topic a as less than 12.5% of all courses with mark C",
    ),
    (
        "{not: {courses: {fraction: {topic: a}, less_than: 1}}}",
        "courses with topic a as at least 100% of all courses",
    ),
    (
        "{jobs: {duration: years, at_least: 2, where: {kind: guard}}}",
        "at least 2 years of jobs with kind guard",
    ),
    (
        "{courses: {covers: {topic: [a, b]}, distinct: true}}",
        "a and b covered by courses, each by another course",
    ),
    ("{not: {courses: {covers: {topic: [a, b]}}}}", "not all of a and b covered by courses"),
    ("{none: [bronze: true, school_badge: true]}", "none of these: a bronze badge; a school badge"),
    (
        "{at_least: 1, of: [bronze: true, school_badge: true]}",
        "at least 1 of these: a bronze badge; a school badge",
    ),
    ("{judgement: {id: j, question: 'Fit?', decided_by: a doctor}}", "Fit? (a doctor decides)"),
]


HELD = "permits: {has: {kind: pool, holds_on: {outer: started_on}}}"
JOBS = [
    ("paid: true", "a job with pay"),
    ("paid: false", "a job with no pay"),
    (
        "weeks: {at_least: {item: least, plus: 2}}",
        "a job with weeks at least the weeks agreed plus 2",
    ),
    ("weeks: {at_least: {item: least}}", "a job with weeks at least the weeks agreed"),
    (
        "started_on: {before: {item: ended_on, minus: {months: 6}}}",
        "a job with first day before 6 months before the last day",
    ),
    (
        "started_on: {after: {fact: birth_date, plus: {years: 16}}}",
        "a job with first day after 16 years after the date of birth",
    ),
    (
        "started_on: {after: {fact: as_of, minus: {years: 1}}}",
        "a job with first day after 2025-11-24",
    ),
    ("started_on: {before: {fact: as_of}}", "a job with first day before 2026-11-24"),
    (HELD, "a job with a permit (kind pool and in force on the first day)"),
    (f"not: {{{HELD}}}", "a job with no permit (kind pool and in force on the first day)"),
    ("permits: {has: {}}", "a job with a permit"),
    ("permits: {count: {kind: pool}, at_least: 2}", "a job with at least 2 permits with kind pool"),
    (
        "permits: {count: {kind: pool, holds_on: {outer: started_on}}, at_least: 2}",
        "a job with at least 2 permits in force on the first day with kind pool",
    ),
    (
        "permits: {count: {not: {holds_on: {outer: ended_on}}}, is: 1}",
        "a job with exactly 1 permit not in force on the last day",
    ),
    (
        "permits: {has: {not: {holds_on: 2020-01-01}}}",
        "a job with a permit (not in force on 2020-01-01)",
    ),
    ("any: [all: [kind: a, paid: true], kind: b]", "a job with (kind a and pay or kind b)"),
]


@pytest.mark.parametrize(("where", "wanted"), JOBS)
def test_a_test_of_an_item_reads_as_a_phrase(where: str, wanted: str, tmp_path: Path) -> None:
    test_a_condition_reads_as_a_phrase(f"{{jobs: {{has: {{{where}}}}}}}", wanted, tmp_path)


@pytest.mark.parametrize(("condition", "wanted"), CONDITIONS)
def test_a_condition_reads_as_a_phrase(condition: str, wanted: str, tmp_path: Path) -> None:
    text = f"outcomes:\n  x: {{title: X, source: {{title: S}}, requires: {condition}}}\n"
    compiled = make_pack(tmp_path, text).compiled
    words = Words(compiled.pack.vocabulary, TODAY)
    assert condition_words(compiled, compiled.nodes[compiled.roots["x"]], words) == wanted


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("plain é 水", "plain é 水"),
        ("a\x1b[31mb", "a?[31mb"),
        ("a\nb\tc", "a b c"),
        ("a\u00a0b\u3000c", "a b c"),
        ("a\u202eb\u200bc\ud800", "a?b?c?"),
        ("", ""),
    ],
)
def test_a_clean_text_is_one_line_without_control_characters(text: str, wanted: str) -> None:
    assert clean(text) == wanted


@pytest.mark.parametrize(
    ("parts", "wanted"),
    [([], ""), (["a"], "a"), (["a", "b"], "a and b"), (["a", "b", "c"], "a, b and c")],
)
def test_parts_are_joined(parts: list[str], wanted: str) -> None:
    assert joined(parts) == wanted


@pytest.mark.parametrize(
    ("value", "wanted"),
    [
        (None, "not known"),
        (Absent(), "none"),
        (True, "yes"),
        (False, "no"),
        (3, "3"),
        (Decimal("2.50"), "2.5"),
        (("a", "b"), "a and b"),
        (Days.parse("2024-05"), "2024-05"),
        (Duration(years=1, months=2), "1 year and 2 months"),
    ],
)
def test_a_value_is_written_as_people_do(value: object, wanted: str) -> None:
    assert value_words(value) == wanted  # type: ignore[arg-type]  # any of them


def test_articles_come_and_go() -> None:
    assert [with_article(noun) for noun in ("course", "attempt", "the badge")] == [
        "a course",
        "an attempt",
        "the badge",
    ]
    assert [without(noun) for noun in ("a GED", "an exam", "the ban", "debts")] == [
        "no GED",
        "no exam",
        "no ban",
        "no debts",
    ]
    assert [the(noun) for noun in ("date", "a date")] == ["the date", "a date"]
    assert [plural(noun) for noun in ("topic", "topics", "category", "day")] == [
        "topics",
        "topics",
        "categories",
        "days",
    ]
