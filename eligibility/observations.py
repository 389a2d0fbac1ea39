"""What was seen when a leaf was valued: kept for the explanation.

It needs no second evaluation.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from eligibility.conditions import ItemTest
from eligibility.truth import Truth
from eligibility.values import Days, Duration, Value

__all__ = ["Blocker", "Missing", "Note", "Observation", "distinct_missing"]

Amount = Value | None
"""A measured amount; None where there is no limit to it."""


@dataclass(frozen=True, slots=True)
class Missing:
    """A piece of the profile that would help to decide: where it belongs, what to ask.

    `item` names the item that it is an attribute of.
    """

    pointer: str
    question: str
    item: str | None = None


@dataclass(frozen=True, slots=True)
class Blocker:
    """A test that an item does not (or not yet certainly) pass, and the value seen."""

    list: str
    test: ItemTest
    value: Truth
    observed: Value | None


@dataclass(frozen=True, slots=True)
class Note:
    """An item that comes near: what keeps it from counting.

    `state` says it where the item is not finished, or dated after the as-of date.
    """

    item: str
    pointer: str
    value: Truth
    blockers: tuple[Blocker, ...] = ()
    state: str | None = None


@dataclass(frozen=True, slots=True)
class Observation:
    """A leaf's value with what was seen.

    `observed` is a scalar fact's value or the amount that is certain, `possible` the
    amount that may come of it (None for a scalar, and where there is no limit),
    `needed` the operand as it stands on this day, `found` the first items that count,
    by name. For a cover `have`, `unsure` and
    `lack` share out its values.
    """

    value: Truth
    observed: Value | None = None
    possible: Value | None = None
    needed: Value | Duration | tuple[Value, ...] | Days | None = None
    missing: tuple[Missing, ...] = ()
    notes: tuple[Note, ...] = ()
    found: tuple[str, ...] = ()
    have: tuple[Value, ...] = ()
    unsure: tuple[Value, ...] = ()
    lack: tuple[Value, ...] = ()


def distinct_missing(missing: Iterable[Missing]) -> tuple[Missing, ...]:
    """Each piece once, in the order of the first mention."""
    return tuple({one.pointer: one for one in missing}.values())
