"""What one item is to a quantifier, and what is told of the items that come nearest."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from eligibility.conditions import Cover
from eligibility.facts import Item, Items, name_of
from eligibility.model import ListFact
from eligibility.observations import Blocker, Missing, Note, Observation, distinct_missing
from eligibility.truth import Truth

__all__ = ["MET", "Result", "both", "names_of_met", "nearest", "uncovered"]

_TOLD = 3
"""How many items are told of."""


@dataclass(frozen=True, slots=True)
class Result:
    """A test of one item: its value, and what keeps it from being MET."""

    value: Truth
    blockers: tuple[Blocker, ...] = ()
    missing: tuple[Missing, ...] = ()
    state: str | None = None


MET = Result(Truth.MET)


def both(one: Result, other: Result) -> Result:
    """Kleene's and of two results."""
    if one.value is Truth.MET:
        return other
    if other.value is Truth.MET:
        return one
    value = min(one.value, other.value)
    missing = distinct_missing([*one.missing, *other.missing])
    return Result(
        value,
        (*one.blockers, *other.blockers),
        missing if value is Truth.UNKNOWN else (),
        one.state or other.state,
    )


def nearest(
    of: ListFact, items: Items, results: Sequence[Result], wanted: bool
) -> tuple[Note, ...]:
    """The items that come nearest, fewest obstacles first."""
    near = [
        (item, result)
        for item, result in zip(items.items, results, strict=True)
        if result.value is Truth.UNKNOWN or (wanted and result.value is Truth.UNMET)
    ]
    near.sort(key=lambda one: (-one[1].value, len(one[1].blockers) + (one[1].state is not None)))
    return tuple(_note(of, item, result) for item, result in near[:_TOLD])


def uncovered(
    wanted: Cover, of: ListFact, items: Items, results: Sequence[Result], found: Observation
) -> tuple[Note, ...]:
    """The items that would cover what is lacking, were they to count."""
    lacking = {*found.lack, *found.unsure}
    notes: list[Note] = []
    for item, result in zip(items.items, results, strict=True):
        own = item.values.get(wanted.attribute)
        covers = lacking & ({*own} if isinstance(own, tuple) else {own})
        if result.value is not Truth.MET and covers:
            notes.append(_note(of, item, result))
    return tuple(notes)


def names_of_met(of: ListFact, items: Items, results: Sequence[Result]) -> tuple[str, ...]:
    """The first items that count, by name."""
    names = [
        name_of(item, of)
        for item, result in zip(items.items, results, strict=True)
        if result.value is Truth.MET
    ]
    return tuple(names[:_TOLD])


def _note(of: ListFact, item: Item, result: Result) -> Note:
    return Note(name_of(item, of), item.pointer, result.value, result.blockers, result.state)
