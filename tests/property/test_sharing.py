"""Groups with `share`: the promises once more, of packs that have nothing else."""

from __future__ import annotations

from typing import Any

import oracle
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from strategies import Question, forgotten, learned, loaded, questions

from eligibility.conditions import Assignment, Cover, Quantifier
from eligibility.engines import make_engine, rete
from eligibility.leaves import Scenario
from eligibility.observations import Assigned, Used
from eligibility.report import as_json, dump
from eligibility.truth import Truth
from eligibility.verdict import Answer, answer

# The oracle tries every way to share out, which takes its time.
_PROPERTY = settings(
    max_examples=max(1, settings().max_examples // 4),
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
_RETE = pytest.mark.skipif(not rete.available(), reason="durable_rules does not work here")


def values(found: Answer) -> dict[tuple[str, Scenario], Truth]:
    nodes = found.compiled.nodes
    return {(node.id, one): found.value(node, one) for node in nodes for one in Scenario}


@pytest.mark.parametrize("engine", ["reference", pytest.param("rete", marks=_RETE), "batch"])
@_PROPERTY
@given(question=questions(sharing=True))
def test_the_value_is_the_best_of_all_ways_to_share_out(engine: str, question: Question) -> None:
    """Every engine gives the value that the oracle finds by trying all ways."""
    pack = loaded(question)
    made = make_engine(pack.compiled, engine)
    for data in question.profiles:
        found = answer(pack.compiled, made, pack.reader.read(data), question.as_of)
        wanted = oracle.evaluate(question.vocabulary, question.pack, data, question.as_of)
        for scenario in Scenario:
            there = {node.path: found.value(node, scenario) - 1 for node in pack.compiled.nodes}
            assert there == wanted[scenario.value]["outcome-1"]


@_PROPERTY
@given(question=questions(sharing=True), data=st.data())
def test_what_is_learned_contradicts_nothing(question: Question, data: st.DataObject) -> None:
    """A piece that is missing, or learned later, moves a value away from UNKNOWN only."""
    pack = loaded(question)
    for profile in question.profiles:
        less, fillings = data.draw(forgotten(question, profile))
        for before, after in (
            *((less, filled) for filled in fillings),
            (profile, data.draw(learned(question, profile))),
        ):
            known = values(pack.check(before, as_of=question.as_of))
            now = values(pack.check(after, as_of=question.as_of))
            assert {key for key, value in known.items() if value not in (1, now[key])} == set()


@_PROPERTY
@given(question=questions(sharing=True))
def test_the_assignment_shown_proves_the_value(question: Question) -> None:
    """Each item is used as often as it may be, and what is said to be met is enough.

    What is met as a whole has no need that is not met. The same question has the same answer
    to the last byte.
    """
    pack = loaded(question)
    for profile in question.profiles:
        found = pack.check(profile, as_of=question.as_of)
        again = pack.check(profile, as_of=question.as_of)
        assert dump(as_json(found, explain=True)) == dump(as_json(again, explain=True))
        for number, leaf in enumerate(pack.compiled.leaves):
            if isinstance(leaf, Assignment):
                for scenario, seen in found.observations.items():
                    made = seen[number].assignment
                    assert made is not None
                    assert not made.limited
                    assert (seen[number].value is Truth.MET) is all(one.met for one in made.needs)
                    if scenario is Scenario.NOW:  # what completing supplies is in no profile
                        check(leaf, made, profile)


def check(leaf: Assignment, made: Assigned, profile: dict[str, Any]) -> None:
    times: dict[str, int] = {}
    for used in made.needs:
        assert len({one.pointer for one in used.given}) == len(used.given)
        for one in used.given:
            times[one.pointer] = times.get(one.pointer, 0) + 1
        if used.met:
            assert reached(used, profile)
    assert not times.keys() & {one.pointer for one in made.left}
    if leaf.share is None:
        assert {*times.values()} <= {1}
    else:
        further = {place: count - 1 for place, count in times.items() if count > 1}
        name = leaf.share.attribute
        total = sum(count * (at(profile, place).get(name) or 0) for place, count in further.items())
        assert total <= leaf.share.most


def at(profile: dict[str, Any], pointer: str) -> dict[str, Any]:
    name, number = pointer.split("/")[1], pointer.rpartition("/")[2]
    items = profile[name]["items"] if isinstance(profile[name], dict) else profile[name]
    found: dict[str, Any] = items[int(number)]
    return found


def reached(used: Used, profile: dict[str, Any]) -> bool:
    """Whether the items given are as many, or as much, as is wanted."""
    leaf: Quantifier = used.need.quantifier
    items = [at(profile, one.pointer) for one in used.given]
    if isinstance(leaf.measure, Cover):
        name = leaf.measure.attribute
        several = [value for item in items for value in listed(item.get(name))]
        enough = not leaf.measure.distinct or len(items) >= len(leaf.measure.values)
        return enough and {*leaf.measure.values} <= {*several}
    amount = len(items)
    if leaf.measure.kind == "sum":
        amount = sum(item.get(leaf.measure.attribute or "") or 0 for item in items)
    needed: Any = used.seen.needed
    return bool(amount > needed if leaf.operator == "more_than" else amount >= needed)


def listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]
