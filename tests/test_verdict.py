"""What decides a verdict: reasons, questions, what would be lost, what is out of reach."""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from pathlib import Path

import pytest
from commands import DAY, make_pack
from hypothesis import given, settings
from hypothesis import strategies as st

from eligibility.compiled import CompiledPack, Node, NodeKind
from eligibility.conditions import Decision
from eligibility.engines.reference import ReferenceEngine
from eligibility.facts import Profile
from eligibility.leaves import Scenario
from eligibility.model import Outcome, RulePack, Status, Vocabulary
from eligibility.observations import Missing, Observation
from eligibility.truth import Truth
from eligibility.verdict import Answer, OutcomeVerdict, status_of

MET, UNKNOWN, UNMET = Truth.MET, Truth.UNKNOWN, Truth.UNMET
TODAY = datetime.date.fromisoformat(DAY)
ENROLLED = {"title": "T", "topic": "rescue", "status": "enrolled"}
DONE = {**ENROLLED, "status": "completed", "mark": "B", "completed_on": "2026-01-01"}


def ask(folder: Path, text: str, profile: dict[str, object], outcome: str = "x") -> OutcomeVerdict:
    pack = make_pack(folder, text)
    return pack.check({"id": "p", **profile}, as_of=TODAY).verdict(outcome)


def requires(condition: str) -> str:
    return f"outcomes:\n  x:\n    title: X\n    requires: {condition}\n    source: {{title: S}}\n"


def paths(verdict: OutcomeVerdict) -> list[str]:
    return [reason.node.path.removeprefix("requires") for reason in verdict.reasons]


@pytest.mark.parametrize(
    ("now", "projected", "status"),
    [
        (MET, MET, "eligible"),
        (MET, UNKNOWN, "eligible"),
        (MET, UNMET, "eligible"),
        (UNKNOWN, MET, "on_track"),
        (UNMET, MET, "on_track"),
        (UNMET, UNMET, "not_eligible"),
        (UNMET, UNKNOWN, "undetermined"),
        (UNKNOWN, UNMET, "undetermined"),
        (UNKNOWN, UNKNOWN, "undetermined"),
    ],
)
def test_the_status_is_that_of_the_table(now: Truth, projected: Truth, status: str) -> None:
    assert status_of(now, projected).value == status


A, B, C = "bronze: true", "school_badge: true", "fitness: {at_least: 5}"


@pytest.mark.parametrize(
    ("condition", "profile", "wanted"),
    [
        # met: what makes it so, and no more than is needed
        (f"{{all: [{A}, {B}]}}", {"bronze": True, "school_badge": True}, ["/all/0", "/all/1"]),
        (f"{{any: [{A}, {B}]}}", {"bronze": True, "school_badge": True}, ["/any/0"]),
        (f"{{any: [{A}, {B}]}}", {"bronze": False, "school_badge": True}, ["/any/1"]),
        (
            f"{{at_least: 2, of: [{A}, {B}, {C}]}}",
            {"bronze": True, "school_badge": False, "fitness": 6},
            ["/of/0", "/of/2"],
        ),
        (f"{{not: {{any: [{A}, {B}]}}}}", {"bronze": False, "school_badge": False}, [""]),
        (f"{{none: [{A}, {B}]}}", {"bronze": False, "school_badge": False}, [""]),
        # unmet: all that is wanted, never what is met
        (f"{{all: [{A}, {B}]}}", {"bronze": True, "school_badge": False}, ["/all/1"]),
        (f"{{all: [{A}, {B}]}}", {"bronze": False}, ["/all/0", "/all/1"]),
        (f"{{any: [{A}, {B}]}}", {"bronze": False, "school_badge": False}, ["/any/0", "/any/1"]),
        (
            f"{{at_least: 2, of: [{A}, {B}, {C}]}}",
            {"bronze": True, "school_badge": False, "fitness": 1},
            ["/of/1", "/of/2"],
        ),
        (f"{{none: [{A}, {B}]}}", {"bronze": True, "school_badge": False}, [""]),
        (f"{{at_most: 1, of: [{A}, {B}]}}", {"bronze": True, "school_badge": True}, [""]),
        # unknown: alternatives that are closed are left out
        (f"{{any: [{A}, {B}]}}", {"bronze": False}, ["/any/1"]),
        (f"{{any: [{{all: [{A}, {B}]}}, {C}]}}", {"bronze": False}, ["/any/1"]),
        (f"{{any: [{{all: [{A}, {B}]}}, {C}]}}", {"bronze": True}, ["/any/0/all/1", "/any/1"]),
    ],
)
def test_reasons_name_what_decides(
    condition: str, profile: dict[str, object], wanted: list[str], tmp_path: Path
) -> None:
    assert paths(ask(tmp_path, requires(condition), profile)) == wanted


def test_of_alternatives_the_one_under_way_is_named(tmp_path: Path) -> None:
    condition = "{any: [fitness: {at_least: 5}, courses: {has: {topic: rescue}}]}"
    verdict = ask(tmp_path, requires(condition), {"fitness": 1, "courses": [ENROLLED]})
    assert verdict.status is Status.ON_TRACK
    assert paths(verdict) == ["/any/1"]


def test_completing_a_course_may_lose_what_is_met(tmp_path: Path) -> None:
    condition = "{all: [bronze: true, courses: {count: {topic: rescue}, at_most: 1}]}"
    verdict = ask(tmp_path, requires(condition), {"bronze": True, "courses": [DONE, ENROLLED]})
    assert verdict.status is Status.ELIGIBLE
    assert [lost.node.path for lost in verdict.lost_by] == ["requires/all/1"]
    assert verdict.lost_by[0].projected is UNMET


@pytest.mark.parametrize(
    ("condition", "profile", "wanted"),
    [
        (f"{{all: [{A}, {B}]}}", {}, ["bronze", "school_badge"]),
        (f"{{all: [{A}, {B}]}}", {"bronze": False}, []),
        (f"{{any: [{A}, {B}]}}", {"bronze": True}, []),
        (f"{{any: [{A}, {{all: [{B}, {C}]}}]}}", {"fitness": 1}, ["bronze"]),
        (f"{{not: {{{A}}}}}", {}, ["bronze"]),
        ("{courses: {has: {topic: rescue}}}", {"courses": [ENROLLED]}, []),
        (
            "{all: [bronze: true, courses: {has: {topic: rescue}}]}",
            {"courses": [ENROLLED]},
            ["bronze"],
        ),
        (
            "{courses: {has: {topic: rescue, mark: {at_least: C}}}}",
            {"courses": [{**DONE, "mark": None}]},
            ["courses/0/mark"],
        ),
    ],
)
def test_what_would_help_is_asked_and_nothing_that_is_settled(
    condition: str, profile: dict[str, object], wanted: list[str], tmp_path: Path
) -> None:
    verdict = ask(tmp_path, requires(condition), profile)
    assert [one.pointer.removeprefix("/") for one in verdict.ask] == wanted


VERSIONS = """
outcomes:
  x:
    title: X
    versions:
      - {from: 2024-01-01, until: 2024-12-31, requires: {bronze: true}, source: {title: old}}
      - {from: 2025-01-01, until: 2026-12-31, requires: {school_badge: true}, source: {title: new}}
    version_by: cycle_start
    source: {title: S}
"""


@pytest.mark.parametrize(
    ("profile", "status", "wanted", "sources"),
    [
        (
            {"cycle_start": "2024-05-01", "bronze": False},
            "not_eligible",
            ["versions/0/requires"],
            ["old"],
        ),
        (
            {"cycle_start": "2025-01-01", "bronze": False},
            "undetermined",
            ["versions/1/requires"],
            ["new"],
        ),
        (
            {"cycle_start": "2025-01-01", "school_badge": True},
            "eligible",
            ["versions/1/from", "versions/1/until", "versions/1/requires"],
            ["new"] * 3,
        ),
        ({"cycle_start": "2027-01-01"}, "undetermined", ["versions/after/requires"], ["S"]),
        ({"cycle_start": "2023-12-31"}, "undetermined", ["versions/before/requires"], ["S"]),
    ],
)
def test_of_dated_versions_only_those_that_apply_are_named(
    profile: dict[str, object],
    status: str,
    wanted: list[str],
    sources: list[str],
    tmp_path: Path,
) -> None:
    verdict = ask(tmp_path, VERSIONS, profile)
    assert verdict.status.value == status
    assert paths(verdict) == wanted
    assert [reason.source and reason.source.title for reason in verdict.reasons] == sources


def test_without_the_key_date_every_version_may_apply(tmp_path: Path) -> None:
    verdict = ask(tmp_path, VERSIONS, {"bronze": True, "school_badge": True})
    assert verdict.status is Status.UNDETERMINED
    assert [one.pointer for one in verdict.ask] == ["/cycle_start"]


UNVERIFIED = """
outcomes:
  x: {title: X, confidence: unverified, source: {title: S}, requires: {bronze: true}}
  y: {title: Y, confidence: unverified, source: {title: S}}
"""


@pytest.mark.parametrize(
    ("bronze", "status", "wanted"),
    [
        (True, "undetermined", ["confidence"]),
        (None, "undetermined", ["", "confidence"]),
        (False, "not_eligible", ["", "confidence"]),
    ],
)
def test_an_unverified_outcome_is_undetermined_at_best(
    bronze: bool | None, status: str, wanted: list[str], tmp_path: Path
) -> None:
    verdict = ask(tmp_path, UNVERIFIED, {"bronze": bronze})
    assert verdict.status.value == status
    assert paths(verdict) == wanted


def test_an_unverified_outcome_without_a_requirement_has_nothing_to_ask(tmp_path: Path) -> None:
    verdict = ask(tmp_path, UNVERIFIED, {}, "y")
    assert (verdict.status.value, paths(verdict), verdict.ask) == (
        "undetermined",
        ["confidence"],
        (),
    )


def test_the_nearest_citation_is_the_reasons_source(tmp_path: Path) -> None:
    text = """
define:
  fit: {fitness: {at_least: 5}, source: {title: definition}}
outcomes:
  x:
    title: X
    source: {title: outcome}
    requires:
      all:
        - {bronze: true, source: {title: condition}}
        - school_badge: true
        - fit: true
"""
    verdict = ask(tmp_path, text, {"bronze": False, "school_badge": False, "fitness": 1})
    found = [reason.source.title for reason in verdict.reasons if reason.source]
    assert found == ["condition", "outcome", "definition"]


def test_a_chain_of_500_outcomes_is_answered_and_asked_about(tmp_path: Path) -> None:
    chain = ["  o0: {title: O0, source: {title: S}, requires: {bronze: true}}"]
    chain += [
        f"  o{n}: {{title: O{n}, source: {{title: S}}, requires: {{outcome: o{n - 1}}}}}"
        for n in range(1, 500)
    ]
    pack = make_pack(tmp_path, "outcomes:\n" + "\n".join(chain))
    asked = pack.check({"id": "p"}, as_of=TODAY).verdict("o499")
    assert [one.pointer for one in asked.ask] == ["/bronze"]
    last = pack.check({"id": "p", "bronze": False}, as_of=TODAY, outcomes=["o499"])
    assert [one.status.value for one in last.verdicts] == ["not_eligible"]
    assert last.decide("o3").reasons[0].node.id == "o3#requires"


@pytest.mark.parametrize(
    ("condition", "profile"),
    [
        ("{birth_date: {before: 1990-01-01}}", {"birth_date": "2000-01-01"}),
        ("{birth_date: {completed: years, at_most: 20}}", {"birth_date": "2000-01-01"}),
        ("{birth_date: {after: {fact: as_of, minus: {years: 5}}}}", {"birth_date": "2000-01-01"}),
        ("{not: {birth_date: {after: 1990-01-01}}}", {"birth_date": "2000-01-01"}),
        ("{attempts: {count: {exam: guard}, less_than: 2}}", {"attempts": [{"exam": "guard"}] * 2}),
        ("{not: {attempts: {count: {}, at_least: 1}}}", {"attempts": [{"exam": "guard"}]}),
        ("{duty: {sum: hours, at_most: 10}}", {"duty": [{"hours": 11, "date": "2026-01-01"}]}),
    ],
)
def test_what_nothing_can_change_any_more_is_out_of_reach(
    condition: str, profile: dict[str, object], tmp_path: Path
) -> None:
    verdict = ask(tmp_path, requires(condition), profile)
    assert (verdict.status.value, verdict.reachable) == ("not_eligible", False)


@pytest.mark.parametrize(
    ("condition", "profile"),
    [
        ("{bronze: true}", {"bronze": False}),
        (
            "{birth_date: {before: {fact: cycle_start}}}",
            {"birth_date": "2000-01-01", "cycle_start": "1999-01-01"},
        ),
        ("{courses: {mean: credits, at_most: 3}}", {"courses": [{**DONE, "credits": 4}]}),
        ("{jobs: {sum: weeks, at_most: 3}}", {"jobs": [{"started_on": "2026-01-01", "weeks": 4}]}),
        (
            "{jobs: {count: {permits: {has: {}}}, at_most: 0}}",
            {"jobs": [{"started_on": "2026-01-01", "permits": [{"valid_from": "2026-01-01"}]}]},
        ),
        ("{birth_date: {completed: years, at_least: 30}}", {"birth_date": "2000-01-01"}),
        (
            "{birth_date: {on_or_before: {fact: as_of, minus: {years: 30}}}}",
            {"birth_date": "2000-01-01"},
        ),
        ("{birth_date: {within: {years: 2}}}", {"birth_date": "2000-01-01"}),
        (
            "{any: [birth_date: {before: 1990-01-01}, bronze: true]}",
            {"birth_date": "2000-01-01", "bronze": False},
        ),
        ("{duty: {sum: hours, at_least: 10}}", {"duty": []}),
        # a duty of two years ago drops out of the window
        (
            "{duty: {count: {date: {within: {years: 2}}}, at_most: 0}}",
            {"duty": [{"date": "2026-01-01"}]},
        ),
        # nothing says that a topic on record stays as it is
        ("{courses: {count: {topic: rescue}, at_most: 0}}", {"courses": [DONE]}),
        ("{courses: {count: {status: enrolled}, at_most: 0}}", {"courses": [ENROLLED]}),
    ],
)
def test_what_time_or_effort_can_change_is_only_not_yet(
    condition: str, profile: dict[str, object], tmp_path: Path
) -> None:
    verdict = ask(tmp_path, requires(condition), profile)
    assert (verdict.status.value, verdict.reachable) == ("not_eligible", True)


def test_what_a_later_version_may_allow_is_only_not_yet(tmp_path: Path) -> None:
    text = """
outcomes:
  x:
    title: X
    source: {title: S}
    versions:
      - {until: 2026-12-31, requires: {birth_date: {before: 1990-01-01}}, source: {title: S}}
      - {from: 2027-01-01, requires: {bronze: true}, source: {title: S}}
"""
    verdict = ask(tmp_path, text, {"birth_date": "2000-01-01", "bronze": False})
    assert (verdict.status.value, verdict.reachable) == ("not_eligible", True)


# -- promises, over trees of any shape


KINDS = ["all", "any", "none", "not", "at_least", "at_most", "outcome"]


@st.composite
def answers(draw: st.DrawFn) -> Answer:
    """An answer of some pack of conditions, with values for its leaves in both scenarios."""
    leaves = draw(st.integers(1, 6))
    nodes = [Node(n, NodeKind.LEAF, "x", f"requires/{n}", leaf=n) for n in range(leaves)]
    loose = list(range(leaves))
    while len(loose) > 1 or len(nodes) == 1:
        kind = NodeKind(draw(st.sampled_from(KINDS)))
        most = 1 if kind in (NodeKind.NOT, NodeKind.OUTCOME) else 4
        below = draw(st.lists(st.sampled_from(loose), min_size=1, max_size=most, unique=True))
        k = draw(st.integers(1, len(below)))
        loose = [*(number for number in loose if number not in below), len(nodes)]
        nodes.append(Node(len(nodes), kind, "x", f"requires/{len(nodes)}", tuple(below), k=k))
    outcome = Outcome("x", "X", "p")
    rules = RulePack("p", "P", "1", "", Vocabulary({}, {}), {"x": outcome})
    decisions = tuple(Decision(f"d{n}", "?", "a person") for n in range(leaves))
    compiled = CompiledPack(rules, decisions, tuple(nodes), {"x": len(nodes) - 1})
    vectors = [
        [draw(st.sampled_from(Truth)) for _ in range(leaves)]
        for _ in range(draw(st.integers(1, 2)))
    ]
    seen = {
        scenario: tuple(
            Observation(value, missing=(Missing(f"/d{n}", "?"),) if value is UNKNOWN else ())
            for n, value in enumerate(vector)
        )
        for scenario, vector in zip(Scenario, vectors, strict=False)
    }
    derived = dict(zip(seen, ReferenceEngine(compiled).derive(vectors), strict=True))
    return Answer(compiled, Profile("p", {}, {}, {}), TODAY, "reference", seen, derived, ())


def value_with(answer: Answer, met: Sequence[int]) -> Truth:
    """The value of the root, were these conditions met."""
    values: list[Truth] = []
    for node in answer.compiled.nodes:
        below = [values[child] for child in node.children]
        count = sorted(below, reverse=True)
        match node.kind:
            case NodeKind.LEAF:
                value = answer.value(node)
            case NodeKind.ALL:
                value = min(below)
            case NodeKind.ANY | NodeKind.OUTCOME:
                value = max(below)
            case NodeKind.NONE | NodeKind.NOT:
                value = Truth(2 - max(below))
            case NodeKind.AT_LEAST:
                value = count[node.k - 1]
            case _:
                value = Truth(2 - count[node.k]) if node.k < len(count) else MET
        values.append(MET if node.number in met else value)
    return values[-1]


@settings(max_examples=500)
@given(answers())
def test_a_verdict_has_a_reason_and_every_reason_is_real(answer: Answer) -> None:
    """Were all that is named as missing met, the verdict would be eligible.

    Nothing that is met is named as missing; what supports a verdict is met.
    """
    verdict = answer.decide("x")
    assert verdict.reasons
    values = [reason.value for reason in verdict.reasons]
    if verdict.status is Status.ELIGIBLE:
        assert set(values) == {MET}
        assert bool(verdict.lost_by) == (verdict.projected is not MET)
    else:
        assert MET not in values
        assert value_with(answer, [reason.node.number for reason in verdict.reasons]) is MET


@settings(max_examples=500)
@given(answers())
def test_an_undetermined_verdict_of_these_leaves_has_a_question(answer: Answer) -> None:
    """Every leaf here can be asked about, and what is settled is not."""
    verdict = answer.decide("x")
    if verdict.status is Status.UNDETERMINED:
        assert verdict.ask
    if verdict.status in (Status.ELIGIBLE, Status.NOT_ELIGIBLE):
        assert verdict.ask == ()


def test_the_verdict_of_an_outcome_that_was_not_asked_for_is_not_there(tmp_path: Path) -> None:
    pack = make_pack(tmp_path, UNVERIFIED)
    answer = pack.check({"id": "p"}, as_of=TODAY, outcomes=["x"])
    with pytest.raises(KeyError):
        answer.verdict("y")
    assert answer.decide("y").status is Status.UNDETERMINED
