"""The sentences: what was seen, what is needed, what is short."""

from __future__ import annotations

import datetime
from pathlib import Path
from typing import Any

import pytest
from commands import DAY, make_pack

from eligibility.explain import Explainer
from eligibility.leaves import Scenario
from eligibility.verdict import Answer

TODAY = datetime.date.fromisoformat(DAY)
DONE = {"title": "Rescue I", "topic": "rescue", "status": "completed", "completed_on": "2026-01-01"}
B = {**DONE, "mark": "B"}


def answer(folder: Path, condition: str, profile: dict[str, Any], more: str = "") -> Answer:
    text = (
        f"{more}\noutcomes:\n  x:\n    title: X\n    source: {{title: S}}\n"
        f"    requires: {condition}\n"
    )
    return make_pack(folder, text).check({"id": "p", **profile}, as_of=TODAY)


def said(found: Answer) -> list[str]:
    explainer = Explainer(found)
    return [explainer.reason(reason) for reason in found.verdicts[0].reasons]


DUTY = "{duty: {sum: hours, at_least: 20, where: {date: {within: {years: 2}}}}}"
COVER = "{courses: {covers: {topic: [rescue, first aid]}, where: {mark: {at_least: C}}}}"
EACH = "{courses: {covers: {topic: [rescue, first aid]}, distinct: true}}"
TEACHES = "{judgement: {id: t, question: Can they teach?, decided_by: the board}}"

SENTENCES: list[tuple[str, dict[str, Any], str]] = [
    ("nothing", {}, "nothing is required"),
    # scalars
    ("{bronze: true}", {"bronze": True}, "a bronze badge"),
    ("{bronze: true}", {"bronze": False}, "a bronze badge: the profile says no"),
    ("{bronze: true}", {}, "a bronze badge: not known"),
    ("{bronze: false}", {"bronze": True}, "no bronze badge: the profile says yes"),
    ("{not: {bronze: true}}", {"bronze": False}, "no bronze badge"),
    ("{not: {bronze: true}}", {"bronze": True}, "no bronze badge: the profile says yes"),
    ("{not: {bronze: true}}", {}, "no bronze badge: not known"),
    ("{bronze: {exists: true}}", {}, "a bronze badge is stated: not known"),
    ("{sponsor: {exists: false}}", {"sponsor": "L"}, "a sponsor is not stated: it is L"),
    ("{sponsor: {exists: true}}", {}, "a sponsor is stated: there is none"),
    ("{sponsor: L}", {}, "a sponsor is L: there is none"),
    (
        "{fitness: {at_least: 5.5}}",
        {"fitness": 4},
        "a fitness score of at least 5.5: it is 4, 1.5 short",
    ),
    ("{fitness: {at_least: 5.5}}", {"fitness": 6}, "a fitness score of at least 5.5: it is 6"),
    ("{fitness: {less_than: 5}}", {"fitness": 6}, "a fitness score of less than 5: it is 6"),
    ("{not: {fitness: {at_least: 5}}}", {"fitness": 6}, "a fitness score below 5: it is 6"),
    ("{home: Lakeside}", {"home": "Lakeside"}, "the home club is Lakeside"),
    ("{home: {one_of: [A, B, C]}}", {"home": "D"}, "the home club is A, B or C: it is D"),
    ("{home: {none_of: [A, B]}}", {"home": "B"}, "the home club is not A or B: it is B"),
    ("{home: {matches: 'L*'}}", {"home": "M"}, "the home club is like L*: it is M"),
    ("{none: [home: A]}", {"home": "A"}, "the home club is not A: it is A"),
    (
        "{birth_date: {on_or_before: 2010-06-30}}",
        {"birth_date": "2010"},
        "date of birth on or before 2010-06-30: known only as 2010",
    ),
    (
        "{birth_date: {completed: years, at_least: 16}}",
        {"birth_date": "2012-01-01"},
        "at least 16 completed years since the date of birth: it is 14, 2 short",
    ),
    (
        "{cycle_start: {on_or_after: {fact: birth_date, plus: {years: 16}}}}",
        {"birth_date": "2012-01-01", "cycle_start": "2026-01-01"},
        "start of the cycle on or after 16 years after the date of birth: it is 2026-01-01",
    ),
    # has
    (
        "{courses: {has: {topic: rescue}}}",
        {"courses": [B]},
        "a course with topic rescue: Rescue I",
    ),
    (
        "{courses: {has: {topic: rescue}}}",
        {"courses": []},
        "a course with topic rescue: none on record",
    ),
    ("{courses: {has: {topic: rescue}}}", {}, "a course with topic rescue: courses not known"),
    (
        "{courses: {has: {topic: first aid}}}",
        {"courses": [B]},
        "a course with topic first aid: none on record",
    ),
    (
        "{courses: {has: {topic: rescue, mark: {at_least: A}}}}",
        {"courses": [B]},
        (
            "a course with topic rescue and mark at least A: none on record "
            "(Rescue I: mark B, needs at least A)"
        ),
    ),
    (
        "{courses: {has: {mark: {at_least: A}}}}",
        {"courses": [B]},
        "a course with mark at least A: none on record (Rescue I: mark B, needs at least A)",
    ),
    (
        "{courses: {has: {topic: rescue, mark: {at_least: C}}}}",
        {"courses": [DONE]},
        "a course with topic rescue and mark at least C: can't tell yet (Rescue I: mark not known)",
    ),
    (
        "{courses: {has: {topic: rescue}}}",
        {"courses": [{**B, "status": "enrolled"}, {**B, "status": "dropped"}]},
        "a course with topic rescue: none on record (Rescue I: in progress; Rescue I: dropped)",
    ),
    (
        "{courses: {has: {topic: rescue}}}",
        {"courses": [{**B, "completed_on": "2027-01-01"}]},
        "a course with topic rescue: none on record (Rescue I: after 2026-11-24)",
    ),
    (
        "{not: {courses: {has: {topic: rescue}}}}",
        {"courses": [B]},
        "no course with topic rescue: there is Rescue I",
    ),
    ("{not: {courses: {has: {topic: rescue}}}}", {"courses": []}, "no course with topic rescue"),
    (
        "{not: {courses: {has: {topic: rescue}}}}",
        {},
        "no course with topic rescue: courses not known",
    ),
    (
        "{not: {courses: {covers: {topic: [rescue]}}}}",
        {"courses": [B]},
        "not all of rescue covered by courses: all are covered",
    ),
    (
        "{courses: {count: {topic: rescue}, at_most: 1}}",
        {"courses": [B, DONE, {"title": "Other", "topic": "rescue"}]},
        "at most 1 course with topic rescue: it is 2",
    ),
    (
        "{courses: {count: {topic: rescue, mark: {at_least: C}}, at_most: 1}}",
        {"courses": [B, DONE]},
        (
            "at most 1 course with topic rescue and mark at least C: "
            "1 for certain, perhaps 2 (Rescue I: mark not known)"
        ),
    ),
    # amounts
    (
        DUTY,
        {"duty": [{"hours": 18, "date": "2026-01-01"}]},
        "18 of 20 hours of duty dated since 2024-11-24: 2 short",
    ),
    (
        DUTY,
        {"duty": [{"hours": 25, "date": "2026-01-01"}]},
        "at least 20 hours of duty dated since 2024-11-24: it is 25",
    ),
    (DUTY, {}, "at least 20 hours of duty dated since 2024-11-24: duties not known"),
    (
        DUTY,
        {
            "duty": [
                {"place": "Lake", "hours": 18, "date": "2026-01-01"},
                {"place": "Sea", "date": "2026-01-01"},
            ]
        },
        "18 of 20 hours of duty dated since 2024-11-24: more may count",
    ),
    (
        DUTY,
        {
            "duty": [
                {"hours": 12, "date": "2026-01-01"},
                {"place": "Sea", "hours": 9, "date": "2024"},
            ]
        },
        (
            "12 of 20 hours of duty dated since 2024-11-24: up to 21 may count "
            "(Sea: date 2024, needs since 2024-11-24)"
        ),
    ),
    (
        f"{{not: {DUTY}}}",
        {"duty": [{"hours": 25, "date": "2026-01-01"}]},
        "fewer than 20 hours of duty dated since 2024-11-24: it is 25",
    ),
    (
        "{courses: {count: {topic: rescue}, at_least: 2}}",
        {"courses": [B]},
        "1 of 2 courses with topic rescue: 1 short",
    ),
    (
        "{courses: {count: {}, more_than: 1}}",
        {"courses": [B]},
        "1 of more than 1 course: more needed",
    ),
    ("{attempts: {count: {}, at_most: 1}}", {"attempts": [{}, {}]}, "at most 1 attempt: it is 2"),
    (
        "{jobs: {duration: months, at_least: 6}}",
        {"jobs": [{"employer": "L", "started_on": "2026-07-01"}]},
        "4 of 6 months of jobs: 2 short",
    ),
    (
        "{courses: {mean: mark, weight: credits, at_least: 3.5}}",
        {"courses": [{**B, "credits": 3}]},
        "mark of at least 3.5 on average over courses, weighted by credits: it is 3, 0.5 short",
    ),
    (
        "{courses: {mean: mark, at_least: 3.5}}",
        {"courses": [DONE]},
        "mark of at least 3.5 on average over courses: can't tell yet",
    ),
    (
        "{courses: {fraction: {topic: rescue}, weight: credits, at_least: 0.5}}",
        {"courses": [{**B, "credits": 1}, {**B, "topic": "first aid", "credits": 2}]},
        (
            "courses with topic rescue with at least 50% of the credits of all courses: "
            "it is 33.33%, 16.67% short"
        ),
    ),
    (
        "{courses: {fraction: {topic: rescue}, at_least: 0.5}}",
        {"courses": [B, {**B, "topic": "first aid"}, {**DONE, "title": "Aid", "topic": None}]},
        (
            "courses with topic rescue as at least 50% of all courses: "
            "33.33% for certain, perhaps 66.66% (Aid: topic not known)"
        ),
    ),
    (
        "{not: {courses: {fraction: {topic: rescue}, at_least: 0.5}}}",
        {"courses": [B]},
        "courses with topic rescue as less than 50% of all courses: it is 100%",
    ),
    (
        "{courses: {fraction: {topic: rescue}, at_least: 0.5}}",
        {"courses": []},
        "courses with topic rescue as at least 50% of all courses: it is 0%, 50% short",
    ),
    # covers
    (
        COVER,
        {"courses": [B]},
        "1 of 2 topics in courses with mark at least C: still missing first aid",
    ),
    (
        COVER,
        {"courses": [B, {**DONE, "title": "Aid", "topic": "first aid"}]},
        (
            "1 of 2 topics in courses with mark at least C: "
            "not certain: first aid (Aid: mark not known)"
        ),
    ),
    (
        COVER,
        {"courses": [B, {**B, "topic": "first aid"}]},
        "rescue and first aid covered by courses with mark at least C",
    ),
    (
        EACH,
        {"courses": [B, {**B, "topic": "first aid"}]},
        "rescue and first aid covered by courses, each by another course",
    ),
    # decisions
    (TEACHES, {}, "Can they teach? (the board decides): not decided yet"),
    (TEACHES, {"judgements": {"t": False}}, "Can they teach? (the board decides): no"),
    (TEACHES, {"judgements": {"t": True}}, "Can they teach? (the board decides): yes"),
    (
        f"{{not: {TEACHES}}}",
        {"judgements": {"t": True}},
        "not: Can they teach? (the board decides): yes",
    ),
    # groups that are named as a whole
    (
        "{none: [bronze: true, home: A]}",
        {"bronze": True, "home": "B"},
        "none of these: a bronze badge; the home club is A: not so, because of a bronze badge",
    ),
    (
        "{none: [bronze: true, home: A]}",
        {"bronze": False, "home": "B"},
        "none of these: a bronze badge; the home club is A",
    ),
    (
        "{none: [bronze: true, home: A]}",
        {},
        "none of these: a bronze badge; the home club is A: can't tell yet",
    ),
    # titles
    ("{title: the badge, bronze: true}", {"bronze": False}, "the badge: the profile says no"),
    (
        f"{{title: training, all: [{COVER}]}}",
        {"courses": [B]},
        "1 of 2 topics in courses with mark at least C: still missing first aid",
    ),
    (
        "{title: enough duty, duty: {sum: hours, at_least: 20}}",
        {"duty": [{"hours": 18, "date": "2026-01-01"}]},
        "enough duty: 18 of 20, 2 short",
    ),
    ("{not: {title: the ban, bronze: true}}", {"bronze": True}, "no ban: the profile says yes"),
]


@pytest.mark.parametrize(("condition", "profile", "wanted"), SENTENCES)
def test_a_sentence_says_what_was_seen(
    condition: str, profile: dict[str, Any], wanted: str, tmp_path: Path
) -> None:
    assert said(answer(tmp_path, condition, profile)) == [wanted]


def test_an_outcome_is_named_with_its_verdict(tmp_path: Path) -> None:
    text = """
outcomes:
  x: {title: X, source: {title: S}, requires: {outcome: y}}
  y: {title: Y, source: {title: S}, requires: {birth_date: {before: 1990-01-01}}}
"""
    pack = make_pack(tmp_path, text)
    for born, word in (("1980", "eligible"), ("1995", "no longer open"), (None, "can't tell yet")):
        found = pack.check({"id": "p", "birth_date": born}, as_of=TODAY, outcomes=["x"])
        root = found.compiled.nodes[found.compiled.roots["x"]]
        assert Explainer(found).node(root) == f"Y: {word}"


def test_a_sentence_can_be_of_the_time_when_what_is_in_progress_is_completed(
    tmp_path: Path,
) -> None:
    courses = [B, {**B, "topic": "first aid", "status": "enrolled"}]
    found = answer(tmp_path, COVER, {"courses": courses})
    root = found.compiled.nodes[found.compiled.roots["x"]]
    explainer = Explainer(found)
    assert explainer.node(root).startswith("1 of 2 topics")
    assert explainer.node(root, Scenario.PROJECTED).startswith("rescue and first aid covered by")


def test_in_full_a_title_is_followed_by_what_it_stands_for(tmp_path: Path) -> None:
    found = answer(tmp_path, "{title: the badge, bronze: true}", {"bronze": False})
    root = found.compiled.nodes[found.compiled.roots["x"]]
    text = Explainer(found).node(root, full=True)
    assert text == "the badge (a bronze badge): the profile says no"


def outline(found: Answer) -> list[str]:
    lines = Explainer(found).outline(found.verdicts[0])
    return ["  " * line.depth + line.text for line in lines]


def test_an_outline_has_the_shape_of_the_requirement(tmp_path: Path) -> None:
    condition = """
      all:
        - all: [bronze: true, school_badge: true]
        - any:
            - home: A
            - all: [home: B, fitness: {at_least: 5}]
        - title: two of the three
          at_least: 2
          of: [home: C, home: D, fitness: {at_least: 1}]"""
    profile = {"bronze": False, "school_badge": False, "home": "Z", "fitness": 1}
    assert outline(answer(tmp_path, condition, profile)) == [
        "a bronze badge: the profile says no",
        "a school badge: the profile says no",
        "one of these:",
        "  the home club is A: it is Z",
        "  all of these:",
        "    the home club is B: it is Z",
        "    a fitness score of at least 5: it is 1, 4 short",
        "two of the three: one more of these:",
        "  the home club is C: it is Z",
        "  the home club is D: it is Z",
    ]


def test_a_choice_of_which_one_is_left_is_no_choice(tmp_path: Path) -> None:
    condition = "{any: [{all: [bronze: true, fitness: {at_least: 5}]}, home: A]}"
    assert outline(answer(tmp_path, condition, {"home": "Z"})) == [
        "a bronze badge: not known",
        "a fitness score of at least 5: not known",
    ]


def test_a_long_chain_of_outcomes_is_taken_apart_some_way(tmp_path: Path) -> None:
    chain = "".join(
        f"  o{n}: {{title: O{n}, source: {{title: S}}, requires: {{outcome: o{n - 1}}}}}\n"
        for n in range(1, 300)
    )
    text = (
        f"outcomes:\n  o0: {{title: O0, source: {{title: S}}, requires: {{bronze: true}}}}\n{chain}"
    )
    found = make_pack(tmp_path, text).check({"id": "p"}, as_of=TODAY, outcomes=["o299"])
    lines = outline(found)
    assert lines[0] == "O298: can't tell yet"
    assert len(lines) == 11
