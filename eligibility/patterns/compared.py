"""What many comparisons of one value come to, by where it stands among what the rules name.

A grade-point average is compared with a hundred numbers of the rules, and every student has
another one. Whichever numbers and days stand in the same place among those of the rules come to
the same in every comparison by order, so each place is asked about once. What a comparison
means is not said here.
"""

from __future__ import annotations

import datetime
from bisect import bisect_left
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Generic, TypeVar

from eligibility.conditions import Operand, Reference
from eligibility.truth import Truth
from eligibility.values import Days, Duration, Unit, Value, since

__all__ = ["Compared", "by_order", "literals", "order"]

_KNOWN = 4_096
"""For how many places it is remembered what stands there."""

_BY_ORDER = frozenset(
    "is is_not one_of none_of exists at_least more_than at_most less_than"
    " before after on_or_before on_or_after within".split()
)
"""Operators that look at nothing else of a number or a day than where it stands."""

_Point = Decimal | int | datetime.date
_Place = tuple[int, ...]
_Test = TypeVar("_Test")
_Found = TypeVar("_Found")


def by_order(operator: str, unit: Unit | None) -> bool:
    """Whether a comparison of numbers or days rests on nothing but which of them is greater."""
    return unit is None and operator in _BY_ORDER


def order(one: Value | None, other: Value | None) -> int | None:
    """-1, 0 or 1 as a number is less, equal or greater than another; None for other values."""
    if isinstance(one, bool) or isinstance(other, bool):
        return None
    if not isinstance(one, int | Decimal) or not isinstance(other, int | Decimal):
        return None
    return (one > other) - (one < other)


def literals(
    operator: str, operand: Operand, unit: Unit | None, as_of: datetime.date
) -> tuple[_Point, ...] | None:
    """The numbers and days that decide a comparison on a day; None where others may do so."""
    if isinstance(operand, Reference) or not by_order(operator, unit):
        return None
    found: list[_Point] = []
    for literal in operand if isinstance(operand, tuple) else (operand,):
        match literal.value:
            case bool():
                if operator != "exists":
                    return None
            case int() | Decimal() as number:
                found.append(number)
            case Days(first=first, last=last):
                found += (first, last)
            case Duration() as duration:
                days = since(as_of, duration)
                found += (days.first, days.last)
            case _:
                return None
    return tuple(found)


@dataclass(slots=True)
class _Known(Generic[_Test]):
    """A test, the places of what it compares with, and what it came to by those."""

    test: _Test
    points: tuple[int, ...] | None
    known: dict[_Place, Truth] = field(default_factory=dict)


class Compared(Generic[_Test, _Found]):
    """Comparisons of one fact or attribute: `made` is given a byte for the value of each.

    `tests` has the `literals` of each. To be used from one thread.
    """

    def __init__(
        self,
        tests: Sequence[tuple[_Test, tuple[_Point, ...] | None]],
        made: Callable[[bytes], _Found],
    ) -> None:
        every = {point for _, some in tests for point in some or ()}
        self._points: list[_Point] = sorted(every)
        self._tests = [
            _Known(test, None if some is None else tuple(map(self._at, some)))
            for test, some in tests
        ]
        self._made = made
        self._lasting = all(one.points is not None for one in self._tests)
        self._found: dict[_Place, _Found] = {}

    def of(self, value: Value | None, evaluate: Callable[[_Test], Truth]) -> _Found:
        """What is made of a value, of which `evaluate` says what a test comes to."""
        place = self._place(value)
        if place is None:
            return self._made(bytes([evaluate(one.test) for one in self._tests]))
        if not self._lasting:
            return self._made(self._values(place, evaluate))
        found = self._found.get(place)
        if found is None:
            if len(self._found) >= _KNOWN:
                self._found.clear()
            found = self._found[place] = self._made(self._values(place, evaluate))
        return found

    def _values(self, place: _Place, evaluate: Callable[[_Test], Truth]) -> bytes:
        values = bytearray()
        for one in self._tests:
            if one.points is None:
                values.append(evaluate(one.test))
                continue
            own = tuple([(at > point) - (at < point) for point in one.points for at in place])
            value = one.known.get(own)
            if value is None:
                value = one.known[own] = evaluate(one.test)
            values.append(value)
        return bytes(values)

    def _place(self, value: Value | None) -> _Place | None:
        """Where a number or a day stands, or both ends of a partial date; None for others."""
        match value:
            case bool():
                return None
            case int() | Decimal():
                return (self._at(value),)
            case Days(first=first, last=last):
                at = self._at(first)
                return (at, at if last is first else self._at(last))
        return None

    def _at(self, point: _Point) -> int:
        """Odd at a point, and even between two."""
        at = bisect_left(self._points, point)
        return 2 * at + (at < len(self._points) and self._points[at] == point)
