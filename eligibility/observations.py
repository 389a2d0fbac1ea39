"""What was seen when a leaf was valued: kept for the explanation.

It needs no second evaluation.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from eligibility.conditions import ItemTest, Need
from eligibility.truth import Truth
from eligibility.values import Days, Duration, Value

__all__ = [
    "Assigned",
    "Blocker",
    "Given",
    "Missing",
    "Note",
    "Observation",
    "Used",
    "distinct_missing",
]

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
    by name. For a cover `have`, `unsure` and `lack` share out its values. For needs that
    share out items, `observed` of the `needed` ones are met, as `assignment` says.
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
    assignment: Assigned | None = None


@dataclass(frozen=True, slots=True)
class Given:
    """An item, by its name and its place in the profile."""

    item: str
    pointer: str


@dataclass(frozen=True, slots=True)
class Used:
    """A need with the items given to it; `seen` is what it comes to with those.

    `elsewhere` are the items that would fit a need that is not met, and are given to others.
    """

    need: Need
    met: bool
    given: tuple[Given, ...]
    elsewhere: tuple[Given, ...]
    seen: Observation


@dataclass(frozen=True, slots=True)
class Assigned:
    """How items are shared out: each need that is gone for, and the items `left` over.

    `limited` says that there was too much to try, so that the value is not known. Without
    that there may have been too much to try to find out what comes nearest: then there are
    no needs.
    """

    needs: tuple[Used, ...]
    left: tuple[Given, ...]
    limited: bool = False


def distinct_missing(missing: Iterable[Missing]) -> tuple[Missing, ...]:
    """Each piece once, in the order of the first mention."""
    return tuple({one.pointer: one for one in missing}.values())
