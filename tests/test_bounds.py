"""Groups with `share` that sums decide: for whom, and that the solver says the same."""

from __future__ import annotations

import datetime
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from commands import DAY
from parts import came_out
from test_assignment import ALL, CASES, GOING_ON, MED, RESCUE, SIX, SWIM, D, M, R, S, course, made

from eligibility.batch.answering import OneByOne
from eligibility.batch.streaming import Streaming
from eligibility.inputs import Unread
from eligibility.leaves import Scenario, fold
from eligibility.packs import Pack
from eligibility.patterns.bounded import Bounded
from eligibility.patterns.deciding import kinds_of
from eligibility.patterns.decoding import Decoder
from eligibility.patterns.tables import Patterns

TODAY = datetime.date.fromisoformat(DAY)

LEFT_OPEN = {
    "a sum uses up what it adds up",
    "a sum takes the course that is large enough",
    "what falls short by a part of a credit is short",
    "one course covers two topics for one need",
    "a cover leaves over what it can",
    "a course of 3 is shared by a share of 3",
    "used three times it is shared twice",
    "the smaller course is the one to share",
}
"""The cases that the solver has to look at."""

UNBOUNDED = {"an amount that nobody knows is no reason"}
"""The cases of rules that no sums say anything about."""


def bounded(pack: Pack, students: Sequence[Any]) -> list[list[str] | None]:
    """What bounds say of the one group with `share`, now and projected; None where it is open.

    It is compared with what giving out the items comes to.
    """
    kinds = kinds_of(pack.compiled, TODAY, [*pack.rules.outcomes])
    [number] = kinds.rest
    profiles = [{"id": "p", "courses": courses} for courses in students]
    batch = Decoder(pack.rules, kinds).batch([json.dumps(one).encode() for one in profiles])
    assert len(batch.ids) == len(students)
    undecided = Bounded(kinds).decide(batch.values, batch.sums)[number]
    patterns = Patterns(kinds.layout, batch.values, batch.sums)
    found: list[list[str] | None] = []
    for student, data in enumerate(profiles):
        if undecided[student]:
            found.append(None)
            continue
        pattern = patterns.one(student)
        values = [kinds.decoders[number].value(pattern, scenario) for scenario in Scenario]
        leaf = pack.compiled.leaves[number]
        seen = fold([leaf], pack.rules.vocabulary, pack.reader.read(data), TODAY)
        now = seen[Scenario.NOW]
        then = seen.get(Scenario.PROJECTED, now)
        assert values == [now[0].value, then[0].value]
        found.append([value.word for value in values])
    return found


@pytest.mark.parametrize(
    ("name", "condition", "courses", "value"),
    [pytest.param(*case, id=case[0].replace(" ", "-")) for case in CASES],
)
def test_bounds_decide_all_but_a_few(
    name: str, condition: str, courses: Any, value: str, tmp_path: Path
) -> None:
    pack = made(tmp_path, condition)
    if name in UNBOUNDED:
        assert not kinds_of(pack.compiled, TODAY, ["x"]).bounds
        return
    if condition.startswith("not"):
        value = {"met": "unmet", "unmet": "met"}[value]
    wanted = None if name in LEFT_OPEN else [value, value]
    assert bounded(pack, [courses]) == [wanted]


def several(*courses: tuple[Any, int]) -> list[Any]:
    return [one for one, count in courses for _ in range(count)]


FEW = "courses: {count: {topic: swim}, at_least: 2}"
GOOD = "courses: {has: {mark: {at_least: C}}}"
MANY = f"{SWIM}, {MED}, {RESCUE}, {FEW}, {GOOD}"
SHARED = "share: {credits: 3}, all"
NOTHING = "courses: {sum: credits, at_least: 0}"
HUNDRED = "courses: {count: {topic: swim}, at_least: 100}"
APART = "courses: {covers: {topic: [swim, med]}, distinct: true}"
MORE = f"{MANY}, courses: {{has: {{topic: drill}}}}"


@pytest.mark.parametrize(
    ("condition", "courses", "value"),
    [
        # sums: too little in all, enough for each of what is its own, enough whatever is taken
        (f"{ALL}: [{SIX}, {SIX}]", several((S, 3)), ["unmet", "unmet"]),
        (f"{ALL}: [{SIX}, {SIX}]", several((S, 4)), None),
        (f"{ALL}: [{SIX}, {SIX}]", several((S, 6)), ["met", "met"]),
        (f"{ALL}: [{SIX}, {FEW}]", several((S, 2), (M, 2)), ["met", "met"]),
        (f"{ALL}: [{SIX}, {FEW}]", several((S, 2), (M, 1)), None),
        (f"{ALL}: [{SIX}, {FEW}]", several((S, 1), (M, 3)), ["unmet", "unmet"]),
        # what is shared adds to what there is
        (f"{SHARED}: [{SIX}, {SIX}]", several((S, 3)), None),
        (f"{SHARED}: [{SIX}, {SIX}]", several((S, 2)), ["unmet", "unmet"]),
        # five counts are told by all sets of them, and six are not
        (f"{ALL}: [{MANY}]", several((S, 3), (M, 1), (R, 1)), ["unmet", "unmet"]),
        (f"{ALL}: [{MANY}]", several((S, 4), (M, 1), (R, 1)), ["met", "met"]),
        (f"{ALL}: [{MORE}]", several((S, 3), (M, 1), (R, 1), (D, 1)), ["unmet", "unmet"]),
        (f"{ALL}: [{MORE}]", several((S, 4), (M, 1), (R, 1), (D, 1)), None),
        (f"{ALL}: [{MORE}]", several((S, 8), (M, 1), (R, 1), (D, 1)), ["met", "met"]),
        # of the ways to choose one is enough
        (f"share: none, at_least: 2, of: [{SIX}, {SWIM}, {MED}]", [M, S], ["met", "met"]),
        (f"share: none, at_least: 2, of: [{SIX}, {SWIM}, {MED}]", [M, M], None),
        # a need of nothing takes nothing, and one of very much leaves nothing
        (f"{ALL}: [{NOTHING}, {SIX}, {SWIM}]", several((S, 4)), ["met", "met"]),
        (f"{ALL}: [{NOTHING}, {SIX}, {SWIM}]", several((S, 3)), None),
        (f"{ALL}: [{HUNDRED}, {HUNDRED}, {SIX}]", several((S, 120)), ["unmet", "unmet"]),
        # each value by another course
        (f"{ALL}: [{APART}, {SWIM}]", [S, M], ["unmet", "unmet"]),
        (f"{ALL}: [{APART}, {SWIM}]", [S, M, S], ["met", "met"]),
        (f"{ALL}: [{APART}, {SIX}]", several((S, 2), (M, 1)), None),
        (f"{ALL}: [{APART}, {SIX}]", several((S, 5), (M, 5)), ["met", "met"]),
        # what is not known may cost nothing where it is shared, and count for much
        (f"{SHARED}: [{SIX}, {SIX}]", [course("U", "swim", None)], ["unknown", "unknown"]),
        # what is in progress counts when it is completed
        (f"{ALL}: [{SWIM}, {SWIM}]", [S, GOING_ON], ["unmet", "met"]),
        # a list that may lack items is no reason
        (f"{ALL}: [{SIX}, {SIX}]", {"complete": False, "items": [S]}, ["unknown", "unknown"]),
        (f"{ALL}: [{SIX}, {SIX}]", None, ["unknown", "unknown"]),
        # what is not known may be enough
        (f"{ALL}: [{SIX}, {SIX}]", [S, course("U", "med", None)], ["unmet", "unmet"]),
        (f"{ALL}: [{SIX}, {SIX}]", [S, S, course("U", "med", None)], None),
        (f"{ALL}: [{SIX}, {SWIM}]", [S, course("U", "med", None)], ["unknown", "unknown"]),
    ],
    ids=range(29),
)
def test_bounds_say(condition: str, courses: Any, value: list[str] | None, tmp_path: Path) -> None:
    assert bounded(made(tmp_path, condition), [courses]) == [value]


@pytest.mark.parametrize(
    "condition",
    [
        f"{ALL}: [courses: {{sum: credits, at_least: 0.00001}}, {SWIM}]",
        f"{ALL}: [courses: {{sum: credits, at_least: 1000000}}, {SWIM}]",
        f"share: {{credits: 1000000}}, all: [{SIX}, {SWIM}]",
        f"{ALL}: [{', '.join([SWIM] * 79)}]",
    ],
    ids=["too fine", "too much", "too much is shared", "too many needs"],
)
def test_there_are_no_bounds_where_the_solver_might_not_say_the_same(
    condition: str, tmp_path: Path
) -> None:
    pack = made(tmp_path, condition)
    kinds = kinds_of(pack.compiled, TODAY, ["x"])
    assert len(kinds.rest) == 1
    assert not kinds.bounds


def test_of_too_many_ways_to_choose_only_what_needs_come_to_alone_is_told(tmp_path: Path) -> None:
    ten = ", ".join([SWIM] * 10)
    pack = made(tmp_path, f"share: none, at_least: 5, of: [{ten}]")
    assert bounded(pack, [[M], [S], {"complete": False, "items": [M]}]) == [
        ["unmet", "unmet"],
        None,
        ["unknown", "unknown"],
    ]


def test_of_a_pack_with_very_many_sums_only_what_needs_come_to_alone_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from eligibility.patterns import bounds as module

    monkeypatch.setattr(module, "_WORDS", 0)
    pack = made(tmp_path, f"{ALL}: [{SWIM}, {FEW}]")
    assert bounded(pack, [[S], [S, S], [M]]) == [["unmet", "unmet"], None, ["unmet", "unmet"]]


def test_what_is_remembered_of_patterns_is_forgotten_when_it_is_too_much(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from eligibility.patterns import bounded as module

    monkeypatch.setattr(module, "REMEMBERED", 1)
    pack = made(tmp_path, f"{ALL}: [{SWIM}, {MED}]")
    met, unmet = ["met", "met"], ["unmet", "unmet"]
    assert bounded(pack, [[S, M], [S], [S, M], [M]]) == [met, unmet, met, unmet]


def looked_at(way: Streaming, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The ids of the students whose leaves are folded, as they are."""
    found: list[str] = []
    folding = way._fold
    plain = folding.fold

    def fold_and_note(profile: Any, numbers: Sequence[int]) -> Any:
        found.append(profile.id)
        return plain(profile, numbers)

    monkeypatch.setattr(folding, "fold", fold_and_note)
    return found


@pytest.mark.parametrize(
    ("reasons", "folded"),
    [("none", ["open"]), ("blocking", ["open", "unmet", "unknown"])],
)
def test_only_those_are_looked_at_who_are_open_or_whose_reasons_are_told(
    reasons: str, folded: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pack = made(tmp_path, f"all: [fitness: {{at_least: 1}}, {{{ALL}: [{SIX}, {SIX}]}}]", "batch")
    students = {
        "met": several((S, 6)),
        "open": several((S, 4)),
        "unmet": several((S, 3)),
        "unknown": None,
    }
    lines = [
        Unread("lines", number, json.dumps({"id": name, "fitness": 2, "courses": one}).encode())
        for number, (name, one) in enumerate(students.items(), 1)
    ]
    quick = Streaming(pack, TODAY, ["x"], reasons, written=False)
    found = looked_at(quick, monkeypatch)
    assert came_out(quick, 1, lines) == came_out(OneByOne(pack, TODAY, ["x"], reasons), 1, lines)
    assert found == folded
