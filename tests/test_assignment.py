"""Groups with `share`: who is given what, what it comes to, and how it is told."""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path
from typing import Any

import pytest
from commands import DAY, make_pack, make_rules, run

from eligibility import solver
from eligibility.engines.rete import available
from eligibility.errors import EngineError
from eligibility.leaves import Scenario
from eligibility.packs import Pack
from eligibility.report import as_json, dump
from eligibility.solver import Choice, Plan, Problem, Want
from eligibility.truth import Truth

ENGINES = ["reference", *(["rete"] if available() else [])]
ALL, ANY = "share: none, all", "share: none, any"
RESCUE, SWIM, MED, DRILL = (
    f"courses: {{has: {{topic: {topic}}}}}" for topic in ("rescue", "swim", "med", "drill")
)
SWIM_OR_MED = "courses: {has: {topic: {one_of: [swim, med]}}}"
SWIM_OR_RESCUE = "courses: {has: {topic: {one_of: [swim, rescue]}}}"
ENROLLED = "courses: {has: {status: enrolled}}"
SIX = "courses: {sum: credits, at_least: 6}"


def course(title: str, topic: str | None, worth: float | None = 3, **more: Any) -> Any:
    """A course that is done."""
    made = {"title": title, "topic": topic, "credits": worth, "status": "completed"}
    return {**made, "mark": "B", "completed_on": "2026-01-01", **more}


R, S, M, D = (course(topic[0].upper(), topic) for topic in ("rescue", "swim", "med", "drill"))
GOING_ON = {"title": "G", "topic": "swim", "credits": 3, "status": "enrolled"}


def made(folder: Path, condition: str, engine: str = "reference") -> Pack:
    text = f"outcomes:\n  x: {{title: X, source: {{title: T}}, requires: {{{condition}}}}}\n"
    return make_pack(folder, text, engine)


def values(pack: Pack, courses: Any) -> tuple[str, str]:
    """The value now and in the projected scenario."""
    answer = pack.check({"id": "p", "courses": courses}, as_of=_today())
    root = pack.compiled.nodes[pack.compiled.roots["x"]]
    return answer.value(root).word, answer.value(root, Scenario.PROJECTED).word


def _today() -> Any:
    import datetime

    return datetime.date.fromisoformat(DAY)


CASES: list[tuple[str, str, Any, str]] = [
    # what is used up
    ("two needs want two courses", f"{ALL}: [{RESCUE}, {RESCUE}]", [R], "unmet"),
    ("two courses meet two needs", f"{ALL}: [{RESCUE}, {RESCUE}]", [R, R], "met"),
    ("one need is enough of any", f"{ANY}: [{RESCUE}, {SWIM}]", [S], "met"),
    (
        "the order of the needs would fail, and does not matter",
        f"{ALL}: [{SWIM_OR_MED}, {SWIM}]",
        [S, M],
        "met",
    ),
    (
        "a chain of three is followed to its end",
        f"{ALL}: [{SWIM_OR_RESCUE}, {SWIM_OR_MED}, {SWIM}]",
        [S, R, M],
        "met",
    ),
    (
        "the same chain with a course too few fails",
        f"{ALL}: [{SWIM_OR_RESCUE}, {SWIM_OR_MED}, {SWIM}]",
        [S, M],
        "unmet",
    ),
    (
        "nested groups take from the same courses",
        f"{ALL}: [{{any: [{RESCUE}, {SWIM}]}}, {{all: [{SWIM}, {MED}]}}]",
        [S, M, D],
        "unmet",
    ),
    (
        "an alternative that leaves the course to others is found",
        f"{ALL}: [{{any: [{SWIM}, {RESCUE}]}}, {{all: [{SWIM}, {MED}]}}]",
        [S, M, R],
        "met",
    ),
    (
        "so many of several needs are enough",
        f"share: none, at_least: 2, of: [{SWIM}, {SWIM}, {MED}]",
        [S, M],
        "met",
    ),
    (
        "a count takes as many as it counts",
        f"{ALL}: [courses: {{count: {{topic: swim}}, at_least: 2}}, {SWIM}]",
        [S, S],
        "unmet",
    ),
    (
        "more than one is two",
        f"{ALL}: [courses: {{count: {{topic: swim}}, more_than: 1}}, {SWIM}]",
        [S, S, S],
        "met",
    ),
    ("a sum uses up what it adds up", f"{ALL}: [{SIX}, {SWIM}]", [S, M], "unmet"),
    ("what a sum can do without is left to others", f"{ALL}: [{SIX}, {SWIM}]", [S, M, D], "met"),
    (
        "a sum takes the course that is large enough",
        f"{ALL}: [{SIX}, {SWIM}, {MED}]",
        [S, M, course("L", "swim", 6)],
        "met",
    ),
    (
        "parts of a credit are exact",
        f"{ALL}: [courses: {{sum: credits, at_least: 0.3}}, {SWIM}]",
        [course("A", "med", 0.1), course("B", "med", 0.2), S],
        "met",
    ),
    (
        "what falls short by a part of a credit is short",
        f"{ALL}: [courses: {{sum: credits, more_than: 0.3}}, {SWIM}]",
        [course("A", "med", 0.1), course("B", "med", 0.2), S],
        "unmet",
    ),
    (
        "one course covers two topics for one need",
        f"{ALL}: [courses: {{covers: {{topic: [swim, med]}}}}, {SWIM}]",
        [S, M],
        "unmet",
    ),
    (
        "a cover leaves over what it can",
        f"{ALL}: [courses: {{covers: {{topic: [swim, med]}}}}, {SWIM}]",
        [S, M, S],
        "met",
    ),
    (
        "each value by another course",
        f"{ALL}: [courses: {{covers: {{topic: [swim, med]}}, distinct: true}}, {SWIM_OR_MED}]",
        [S, M, M],
        "met",
    ),
    (
        "none is enough for a bound of nothing",
        f"{ALL}: [courses: {{sum: credits, at_least: 0}}]",
        [],
        "met",
    ),
    # what may be shared
    (
        "nothing is shared by a share of 2",
        f"share: {{credits: 2}}, all: [{SWIM}, {SWIM}]",
        [S],
        "unmet",
    ),
    (
        "a course of 3 is shared by a share of 3",
        f"share: {{credits: 3}}, all: [{SWIM}, {SWIM}]",
        [S],
        "met",
    ),
    (
        "used three times it is shared twice",
        f"share: {{credits: 3}}, all: [{SWIM}, {SWIM}, {SWIM}]",
        [S],
        "unmet",
    ),
    (
        "the smaller course is the one to share",
        f"share: {{credits: 2}}, all: [{SWIM}, {SWIM}, {SWIM_OR_MED}]",
        [S, course("Z", "swim", 2)],
        "met",
    ),
    (
        "a course of no credits is shared freely",
        f"share: {{credits: 0}}, all: [{SWIM}, {SWIM}]",
        [course("Z", "swim", 0)],
        "met",
    ),
    # what is not known
    ("a list that is not known is no reason", f"{ALL}: [{SWIM}, {MED}]", None, "unknown"),
    (
        "a list that may lack something is no reason",
        f"{ALL}: [{SWIM}, {SWIM}]",
        {"complete": False, "items": [S]},
        "unknown",
    ),
    (
        "a list that may lack something can have enough",
        f"{ALL}: [{SWIM}, {SWIM}]",
        {"complete": False, "items": [S, S]},
        "met",
    ),
    (
        "a topic that is not known may be any",
        f"{ALL}: [{SWIM}, {MED}]",
        [S, course("U", None)],
        "unknown",
    ),
    (
        "a topic that is not known is one topic",
        f"{ALL}: [{SWIM}, {MED}, {RESCUE}]",
        [S, course("U", None)],
        "unmet",
    ),
    (
        "an alternative that is certain decides",
        f"{ANY}: [{{all: [{SWIM}, {MED}]}}, {SWIM}]",
        [S, course("U", None)],
        "met",
    ),
    (
        "credits that are not known may be enough",
        f"{ALL}: [{SIX}, {SWIM}]",
        [S, course("U", "med", None)],
        "unknown",
    ),
    (
        "credits that are not known are none for certain",
        f"{ALL}: [{SIX}, {SWIM}]",
        [S, course("U", "med", None), course("L", "med", 6)],
        "met",
    ),
    (
        "whether it may be shared is not known",
        f"share: {{credits: 3}}, all: [{SWIM}, {SWIM}]",
        [course("U", "swim", None)],
        "unknown",
    ),
    (
        "an amount that nobody knows is no reason",
        f"{ALL}: [courses: {{sum: credits, at_least: {{fact: fitness}}}}, {SWIM}]",
        [S, M],
        "unknown",
    ),
    # what a negation makes of it
    ("what cannot be shared out must not be", f"not: {{{ALL}: [{SWIM}, {SWIM}]}}", [S], "met"),
    ("what can be shared out must not be", f"not: {{{ALL}: [{SWIM}, {SWIM}]}}", [S, S], "unmet"),
]


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize(
    ("condition", "courses", "value"),
    [pytest.param(*case[1:], id=case[0].replace(" ", "-")) for case in CASES],
)
def test_the_value_is(
    condition: str, courses: Any, value: str, engine: str, tmp_path: Path
) -> None:
    assert values(made(tmp_path, condition, engine), courses) == (value, value)


@pytest.mark.parametrize(
    ("condition", "courses", "now", "projected"),
    [
        (f"{ALL}: [{SWIM}, {SWIM}]", [S, GOING_ON], "unmet", "met"),
        (f"{ALL}: [{SWIM}, {SWIM}, {SWIM}]", [S, GOING_ON], "unmet", "unmet"),
        (f"{ALL}: [{SWIM}, {SIX}]", [M, D, {**GOING_ON, "credits": None}], "unmet", "met"),
        (
            f"{ALL}: [{ENROLLED}, {ENROLLED}]",
            [GOING_ON, GOING_ON],
            "met",
            "met",
        ),
    ],
)
def test_what_is_in_progress_counts_when_it_is_completed(
    condition: str, courses: Any, now: str, projected: str, tmp_path: Path
) -> None:
    assert values(made(tmp_path, condition), courses) == (now, projected)


# What is told


def text(pack: Pack, courses: Any) -> str:
    answer = pack.check({"id": "p", "courses": courses}, as_of=_today())
    (reason,) = as_json(answer)["outcomes"][0]["reasons"]
    found: str = reason["text"]
    return found


@pytest.mark.parametrize(
    ("condition", "courses", "told"),
    [
        (
            f"{ALL}: [{SWIM_OR_MED}, {SWIM}]",
            [S, M, D],
            "no course used twice: a course with topic swim or med: M; a course with topic swim: S",
        ),
        (
            f"{ALL}: [{SWIM}, {SIX}]",
            [S, M, R, D],
            (
                "no course used twice: a course with topic swim: S; at least 6 credits: M and R; "
                "left over: D"
            ),
        ),
        (
            f"{ALL}: [{SWIM}, {SWIM}]",
            [S, course("S2", "swim", status="dropped")],
            (
                "no course used twice: a course with topic swim: S; a course with topic swim: "
                "still missing (S2: dropped); S used elsewhere"
            ),
        ),
        (
            f"{ALL}: [{SWIM}, {SIX}]",
            [S, M],
            (
                "no course used twice: a course with topic swim: S; 3 of 6 credits: 3 short; "
                "so far M, S used elsewhere"
            ),
        ),
        (
            f"share: {{credits: 3}}, title: The core, any: [{{all: [{SWIM}, {MED}]}}, {RESCUE}]",
            [],
            "The core: a course with topic rescue: still missing",
        ),
        (
            f"{ALL}: [{{title: A swim, {SWIM}}}, {MED}]",
            [S, course("U", None)],
            (
                "no course used twice: A swim: S; a course with topic med: can't tell yet "
                "(U: topic not known)"
            ),
        ),
        (f"{ALL}: [{SWIM}, {MED}]", None, "no course used twice: courses not known"),
        (
            f"{ALL}: [{{title: Much, courses: {{count: {{}}, at_least: 3}}}}]",
            [S],
            "no course used twice: Much: 1 of 3, 2 short; so far S",
        ),
        (
            f"not: {{{ALL}: [{SWIM}, {SWIM}]}}",
            [S, S],
            (
                "not: no course used twice, all of these: a course with topic swim; a course with "
                "topic swim: a course with topic swim: S; a course with topic swim: S"
            ),
        ),
    ],
    ids=range(9),
)
def test_the_sentence_says_which_course_is_used_for_what(
    condition: str, courses: Any, told: str, tmp_path: Path
) -> None:
    assert text(made(tmp_path, condition), courses) == told


def test_the_json_says_which_course_is_used_for_what(tmp_path: Path) -> None:
    pack = made(tmp_path, f"all: [bronze: true, {{{ALL}: [{SWIM}, {SIX}]}}]")
    profile = {"id": "p", "bronze": True, "courses": [S, M, D]}
    document = as_json(pack.check(profile, as_of=_today()), explain=True)["outcomes"][0]
    (_, condition) = document["conditions"]["children"]
    assert (
        condition["assignment"]
        == document["reasons"][1]["assignment"]
        == {
            "needs": [
                {
                    "path": "requires/all/1/all/0",
                    "text": "a course with topic swim: S",
                    "met": True,
                    "given": [{"item": "S", "fact": "courses/0"}],
                    "short_by": None,
                    "source": None,
                },
                {
                    "path": "requires/all/1/all/1",
                    "text": "at least 6 credits: M and D",
                    "met": True,
                    "given": [
                        {"item": "M", "fact": "courses/1"},
                        {"item": "D", "fact": "courses/2"},
                    ],
                    "short_by": None,
                    "source": None,
                },
            ],
            "left": [],
            "limited": False,
        }
    )
    assert (condition["observed"], condition["needed"], condition["short_by"]) == (2, 2, None)
    assert "assignment" not in document["reasons"][0]


def test_the_command_shows_each_need_on_a_line(tmp_path: Path) -> None:
    text = (
        "outcomes:\n  x:\n    title: X\n    source: {title: T}\n    requires:\n"
        f"      {{{ALL}: [{SWIM}, {SIX}]}}\n"
    )
    rules = make_rules(tmp_path, text)
    profile = tmp_path / "p.json"
    profile.write_text(json.dumps({"id": "p", "courses": [S, R]}), encoding="utf-8")
    shown = run("check", "--rules", rules, "--as-of", DAY, profile).output
    assert shown.splitlines()[2:6] == [
        "· not yet        X",
        "    needs    no course used twice:",
        "               a course with topic swim: S",
        "               3 of 6 credits: 3 short; so far R, S used elsewhere",
    ]
    shown = run("rules", "show", "x", "--rules", rules).output
    assert "no course used twice, all of these: a course with topic swim; at least 6" in shown


def test_what_a_need_lacks_is_asked(tmp_path: Path) -> None:
    pack = made(tmp_path, f"share: {{credits: 3}}, all: [{SWIM}, {SWIM}]")
    answer = pack.check({"id": "p", "courses": [course("U", "swim", None)]}, as_of=_today())
    asked = [(one.pointer, one.question) for one in answer.verdict("x").ask]
    assert asked == [("/courses/0/credits", "How many credits is it worth?")]


def test_the_same_profile_has_the_same_answer_to_the_last_byte(tmp_path: Path) -> None:
    wanted = f"{SWIM_OR_MED}, {SWIM_OR_RESCUE}"
    pack = made(tmp_path, f"{ALL}: [{wanted}, {wanted}, {SIX}]")
    profile = {"id": "p", "courses": [course(f"{n}", ("swim", "med")[n % 2]) for n in range(7)]}
    shown = {dump(as_json(pack.check(profile, as_of=_today()), explain=True)) for _ in range(5)}
    assert len(shown) == 1


# The solver


def counting(*items: int, least: int = 1) -> Want:
    return Want(dict.fromkeys(items, 1), least)


def every(*wants: Want) -> Problem:
    return Problem(wants, Choice(len(wants), tuple(range(len(wants)))))


def test_the_plan_meets_the_first_wants_with_the_first_items() -> None:
    problem = every(*[counting(0, 1, 2, 3)] * 3)
    assert solver.plan(problem, all_met=True) == Plan(
        (0, 1, 2), (0, 1, 2), {0: (0,), 1: (1,), 2: (2,)}
    )


def test_the_plan_leaves_out_the_last_wants_and_lacks_the_fewest() -> None:
    wants = (counting(0), counting(0), counting(0, 1), counting(1))
    problem = Problem(wants, Choice(2, (Choice(2, (0, 1)), 2, 3)))
    for all_met in (True, False):
        assert solver.plan(problem, all_met=all_met) == Plan((2, 3), (2, 3), {2: (0,), 3: (1,)})
    short = every(counting(0), counting(0, 1), counting(0, 1))
    assert solver.plan(short, all_met=True) is None
    assert solver.plan(short, all_met=False) == Plan((0, 1, 2), (0, 1), {0: (0,), 1: (1,), 2: ()})


@pytest.mark.parametrize(("wants", "items", "answer"), [(12, 12, True), (13, 12, False)])
def test_more_wants_than_items_are_found_at_once(wants: int, items: int, answer: bool) -> None:
    assert solver.solvable(every(*[counting(*range(items))] * wants)) is answer


def test_too_much_to_try_is_unknown_and_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(solver, "MAX_PAIRS", 3)
    pack = made(tmp_path, f"{ALL}: [{SWIM_OR_MED}, {SWIM_OR_MED}]")
    assert values(pack, [S, M]) == ("unknown", "unknown")
    assert text(pack, [S, M]) == (
        "no course used twice: can't tell: there are too many ways to share out the items"
    )
    (reason,) = pack.check({"id": "p", "courses": [S, M]}, as_of=_today()).verdict("x").reasons
    assert reason.value is Truth.UNKNOWN


def test_where_time_runs_out_nothing_is_settled(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(solver, "_TIME", 0.0)
    pack = made(tmp_path, f"{ALL}: [{SWIM_OR_MED}, {SWIM_OR_MED}]")
    assert values(pack, [S, M]) == ("unknown", "unknown")
    assert values(pack, [S]) == ("unknown", "unknown")
    assert values(pack, [R]) == ("unmet", "unmet")


def test_where_time_runs_out_for_a_plan_the_value_stands(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(solver, "_TIME_TO_PLAN", 0.0)
    pack = made(tmp_path, f"{ALL}: [{SWIM_OR_MED}, {SWIM_OR_MED}, {SWIM_OR_MED}]")
    assert values(pack, [S, M]) == ("unmet", "unmet")
    assert text(pack, [S, M]) == (
        "no course used twice: there are too many ways to share out the items to show one"
    )


def test_no_solver_is_needed_where_no_course_fits_two_needs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("the solver was asked")

    monkeypatch.setattr(solver, "solvable", refuse)
    monkeypatch.setattr(solver, "plan", refuse)
    pack = made(
        tmp_path, f"{ALL}: [{SWIM}, {MED}, courses: {{count: {{topic: drill}}, at_least: 2}}]"
    )
    assert values(pack, [S, M, D])[0] == "unmet"
    assert values(pack, [S, M, D, D])[0] == "met"


def test_a_pack_that_needs_the_solver_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    there = importlib.util.find_spec
    monkeypatch.setattr(
        importlib.util, "find_spec", lambda name: None if name == "ortools" else there(name)
    )
    with pytest.raises(EngineError) as caught:
        made(tmp_path, f"{ALL}: [{SWIM}, {MED}]")
    assert str(caught.value) == (
        "this pack has a group with `share`, which needs OR-Tools\n"
        "  = install it: pip install 'eligibility[assign]'"
    )
    made(tmp_path / "other", f"all: [{SWIM}, {MED}]")
