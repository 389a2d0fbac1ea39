"""The promises of the design, one property each; the third is in `test_engines.py`."""

from __future__ import annotations

from typing import Any

from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from strategies import Question, forgotten, learned, loaded, questions, resolved

from eligibility.compiled import Node, NodeKind
from eligibility.engines import make_engine
from eligibility.leaves import Scenario
from eligibility.model import Status
from eligibility.packs import Pack
from eligibility.truth import Truth
from eligibility.verdict import Answer, Recall, answer

_PROPERTY = settings(suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
_OPPOSITE = {Status.ELIGIBLE: Status.NOT_ELIGIBLE, Status.NOT_ELIGIBLE: Status.ELIGIBLE}


def ask(pack: Pack, question: Question, profile: dict[str, Any]) -> Answer:
    return pack.check(profile, as_of=question.as_of)


def contradictions(before: Answer, after: Answer) -> list[tuple[str, Scenario, Truth, Truth]]:
    """The conditions that were decided and are no longer, or otherwise."""
    return [
        (node.id, scenario, was, became)
        for scenario in Scenario
        for node in before.compiled.nodes
        if (was := before.value(node, scenario)) is not Truth.UNKNOWN
        and (became := after.value(node, scenario)) is not was
    ]


def turned(before: Answer, after: Answer) -> list[str]:
    """The outcomes that went from eligible to not eligible, or back."""
    pairs = zip(before.verdicts, after.verdicts, strict=True)
    return [one.outcome.id for one, other in pairs if other.status is _OPPOSITE.get(one.status)]


@_PROPERTY
@given(question=questions(), data=st.data())
def test_missing_is_never_false(question: Question, data: st.DataObject) -> None:
    """Missing is never false.

    Where one piece of a profile is missing, every condition is UNKNOWN, or it has the value
    that it has whatever stands in that place.
    """
    pack = loaded(question)
    for profile in question.profiles:
        less, fillings = data.draw(forgotten(question, profile))
        missing = ask(pack, question, less)
        for filled in fillings:
            assert contradictions(missing, ask(pack, question, filled)) == []


@_PROPERTY
@given(question=questions(), data=st.data())
def test_learning_more_never_contradicts(question: Question, data: st.DataObject) -> None:
    """Learning more never contradicts.

    Whatever is filled in for what was unknown, a condition that was met stays met and one
    that was unmet stays unmet, in each scenario; no verdict goes from eligible to not
    eligible or back.
    """
    pack = loaded(question)
    for profile in question.profiles:
        more = data.draw(learned(question, profile))
        before, after = ask(pack, question, profile), ask(pack, question, more)
        assert contradictions(before, after) == []
        assert turned(before, after) == []


@_PROPERTY
@given(question=questions(profiles=1, orderings=True), data=st.data())
def test_a_grade_that_is_decided_later_contradicts_nothing(
    question: Question, data: st.DataObject
) -> None:
    """Learning what an undecided grade comes to is learning.

    This holds for rules that ask for the order of grades; a rule that asks whether the grade
    is itself the undecided one is answered by what is stated.
    """
    scale = question.vocabulary["scales"]["grade"]
    scale.setdefault("off_scale", {})["I"] = {"counts_as": "unknown"}
    pack = loaded(question)
    (profile,) = question.profiles
    undecided, decided = data.draw(resolved(question, profile))
    assume(undecided != decided)
    before, after = ask(pack, question, undecided), ask(pack, question, decided)
    assert contradictions(before, after) == []
    assert turned(before, after) == []


def with_met(answer: Answer, met: set[int]) -> list[Truth]:
    """The values of all conditions now, had these been met."""
    values: list[Truth] = []
    for node in answer.compiled.nodes:
        values.append(Truth.MET if node.number in met else _derived(node, answer, values))
    return values


def _derived(node: Node, answer: Answer, values: list[Truth]) -> Truth:
    below = sorted((values[child] for child in node.children), reverse=True)
    match node.kind:
        case NodeKind.LEAF:
            return answer.value(node)
        case NodeKind.ALL:
            return below[-1]
        case NodeKind.ANY | NodeKind.OUTCOME:
            return below[0]
        case NodeKind.NONE | NodeKind.NOT:
            return Truth(2 - below[0])
        case NodeKind.AT_LEAST:
            return below[node.k - 1]
    return Truth(2 - below[node.k]) if node.k < len(below) else Truth.MET


@_PROPERTY
@given(question=questions(), data=st.data())
def test_what_is_remembered_of_others_makes_no_difference(
    question: Question, data: st.DataObject
) -> None:
    """Promise 3, of verdicts: they are the same, whoever was asked about before."""
    pack = loaded(question)
    more = [data.draw(learned(question, profile)) for profile in question.profiles]
    made, recall = make_engine(pack.compiled, "batch"), Recall(pack.compiled)
    plain = make_engine(pack.compiled, "reference")
    for stated in [*question.profiles, *more] * 2:
        read = pack.reader.read(stated)
        remembered = answer(pack.compiled, made, read, question.as_of, recall=recall)
        alone = answer(pack.compiled, plain, read, question.as_of)
        assert remembered.verdicts == alone.verdicts


@_PROPERTY
@given(question=questions())
def test_every_reason_is_real(question: Question) -> None:
    """Every reason is real.

    Were all the conditions named as missing met, the verdict would be eligible; nothing that
    is met is named as missing. A verdict of eligible has reasons, and all of them are met.
    """
    pack = loaded(question)
    for profile in question.profiles:
        answer = ask(pack, question, profile)
        for verdict in answer.verdicts:
            root = answer.compiled.nodes[answer.compiled.roots[verdict.outcome.id]]
            assert verdict.reasons
            for reason in verdict.reasons:
                met = verdict.status is Status.ELIGIBLE
                assert (reason.value is Truth.MET) is met
                assert reason.value is answer.value(reason.node)
            if verdict.status is not Status.ELIGIBLE:
                named = {reason.node.number for reason in verdict.reasons}
                assert with_met(answer, named)[root.number] is Truth.MET
            for reason in verdict.lost_by:
                assert reason.value is Truth.MET
                assert reason.projected is not Truth.MET
