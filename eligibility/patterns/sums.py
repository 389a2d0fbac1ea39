"""Leaves as they stand in a total: which bits they have there, and what those say."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import Protocol

from eligibility.conditions import Cover
from eligibility.leaves import Scenario
from eligibility.measures import shown
from eligibility.observations import Observation
from eligibility.patterns.layout import Amount, Bits, Counter
from eligibility.truth import Truth

__all__ = [
    "PLACES",
    "UNIT",
    "Average",
    "Count",
    "Covered",
    "Ends",
    "Fixed",
    "Mean",
    "Pair",
    "Set",
    "Sum",
    "Summed",
]

PLACES = 4
UNIT = 10**PLACES
"""Amounts are added up in ten-thousandths."""

_GROWING = ("at_least", "more_than")


class Sum(Protocol):
    """Reads a leaf out of a total."""

    def value(self, total: int, scenario: Scenario) -> Truth:
        """Its value, now or projected."""
        ...

    def seen(self, total: int) -> Observation:
        """What is seen now."""
        ...

    @property
    def mask(self) -> int:
        """The bits that decide its value."""
        ...

    @property
    def fields(self) -> int:
        """The bits that what was seen rests on."""
        ...


@dataclass(frozen=True, slots=True)
class Fixed:
    """The same for every student."""

    always: Truth
    mask: int = 0
    fields: int = 0

    def value(self, total: int, scenario: Scenario) -> Truth:
        """Its value, now or projected."""
        return self.always

    def seen(self, total: int) -> Observation:
        """What is seen now."""
        return Observation(self.always)


@dataclass(frozen=True, slots=True)
class Set:
    """A value that is set; `then` where it may be another one when projected."""

    now: Bits
    then: Bits | None = None
    fields: int = 0

    @property
    def mask(self) -> int:
        """The bits that decide its value."""
        return self.now.mask | (self.then.mask if self.then else 0)

    def value(self, total: int, scenario: Scenario) -> Truth:
        """Its value, now or projected."""
        place = self.then if self.then and scenario is Scenario.PROJECTED else self.now
        return Truth(place.of(total))

    def seen(self, total: int) -> Observation:
        """What is seen now."""
        return Observation(Truth(self.now.of(total)))


@dataclass(frozen=True, slots=True)
class Pair:
    """A bound, asked of what is certain and of what is possible."""

    certain: Counter
    possible: Counter

    @property
    def mask(self) -> int:
        """The bits that decide its value."""
        return self.certain.mask | self.possible.mask

    def value(self, total: int, partial: int) -> Truth:
        """MET when it is reached for certain, UNMET when it cannot be."""
        if self.certain.reached(total):
            return Truth.MET
        return Truth.UNKNOWN if partial or self.possible.reached(total) else Truth.UNMET


def _turned(value: Truth, operator: str) -> Truth:
    """At most 5 is not 6 or more."""
    return value if operator in _GROWING else Truth(2 - value)


@dataclass(frozen=True, slots=True)
class Count:
    """A number of items with a bound."""

    operator: str
    bound: Decimal
    partial: Bits
    pairs: Mapping[Scenario, Pair]

    @property
    def mask(self) -> int:
        """The bits that decide its value."""
        return self.partial.mask | _masks(self.pairs.values())

    @property
    def fields(self) -> int:
        """The bits that what was seen rests on."""
        return self.pairs[Scenario.NOW].certain.field

    def value(self, total: int, scenario: Scenario) -> Truth:
        """Its value, now or projected."""
        value = self.pairs[scenario].value(total, self.partial.of(total))
        return _turned(value, self.operator)

    def seen(self, total: int) -> Observation:
        """What is seen now."""
        number = self.pairs[Scenario.NOW].certain.of(total)
        value = self.value(total, Scenario.NOW)
        return Observation(value, observed=number, needed=self.bound)


def _mask(place: Counter | None) -> int:
    return 0 if place is None else place.mask


def _any(place: Counter | None, total: int) -> bool:
    return place is not None and place.reached(total)


@dataclass(frozen=True, slots=True)
class Ends:
    """The two ends of a sum, and how many items leave each end open."""

    low: Amount
    high: Amount
    bottomless: Counter | None
    endless: Counter | None

    @property
    def mask(self) -> int:
        """The bits that decide its value."""
        return self.low.mask | self.high.mask | _mask(self.bottomless) | _mask(self.endless)


@dataclass(frozen=True, slots=True)
class Summed:
    """An amount of items with a bound.

    `falls` and `rises` say what further items, of a list that is only partial, can do to it.
    """

    operator: str
    bound: Decimal
    partial: Bits
    falls: bool
    rises: bool
    ends: Mapping[Scenario, Ends]

    @property
    def mask(self) -> int:
        """The bits that decide its value."""
        return self.partial.mask | _masks(self.ends.values())

    @property
    def fields(self) -> int:
        """The bits that what was seen rests on."""
        now = self.ends[Scenario.NOW]
        return now.low.field | _mask(now.bottomless) | self.partial.mask

    def value(self, total: int, scenario: Scenario) -> Truth:
        """Its value, now or projected."""
        ends = self.ends[scenario]
        partial = bool(self.partial.of(total))
        value = Truth.UNMET
        if ends.low.reached(total) and self._grounded(ends, total):
            value = Truth.MET
        elif ends.high.reached(total) or _any(ends.endless, total) or (partial and self.rises):
            value = Truth.UNKNOWN
        return _turned(value, self.operator)

    def _grounded(self, ends: Ends, total: int) -> bool:
        """Whether there is a least that the sum may be."""
        partial = bool(self.partial.of(total))
        return not (_any(ends.bottomless, total) or (partial and self.falls))

    def seen(self, total: int) -> Observation:
        """What is seen now."""
        ends = self.ends[Scenario.NOW]
        value = self.value(total, Scenario.NOW)
        least = None
        if self._grounded(ends, total):
            least = shown(Decimal(ends.low.of(total)).scaleb(-PLACES))
        return Observation(value, observed=least, needed=self.bound)


@dataclass(frozen=True, slots=True)
class Average:
    """A mean by its distance from the bound, which needs no division."""

    weights: Amount
    total: Amount
    above: Amount
    uncertain: Counter

    @property
    def mask(self) -> int:
        """The bits that decide its value."""
        return self.weights.mask | self.above.mask | self.uncertain.mask


@dataclass(frozen=True, slots=True)
class Mean:
    """A mean of items with a bound; not known of a list that is partial."""

    operator: str
    bound: Fraction
    partial: Bits
    averages: Mapping[Scenario, Average]

    @property
    def mask(self) -> int:
        """The bits that decide its value."""
        return self.partial.mask | _masks(self.averages.values())

    @property
    def fields(self) -> int:
        """The bits that what was seen rests on."""
        now = self.averages[Scenario.NOW]
        both = now.weights.field | now.total.field
        return both | now.uncertain.field | self.partial.mask

    def value(self, total: int, scenario: Scenario) -> Truth:
        """Its value, now or projected."""
        found = self.averages[scenario]
        if not self._known(found, total):
            return Truth.UNKNOWN
        reached = Truth.MET if found.above.reached(total) else Truth.UNMET
        return _turned(reached, self.operator)

    def _known(self, found: Average, total: int) -> bool:
        open_ended = self.partial.of(total) or found.uncertain.reached(total)
        return not open_ended and found.weights.reached(total)

    def seen(self, total: int) -> Observation:
        """What is seen now."""
        found = self.averages[Scenario.NOW]
        value = self.value(total, Scenario.NOW)
        needed = Decimal(self.bound.numerator) / Decimal(self.bound.denominator)
        if not self._known(found, total):
            return Observation(value, needed=needed)
        mean = Fraction(found.total.of(total), found.weights.of(total) * UNIT)
        return Observation(value, observed=shown(mean), needed=needed)


@dataclass(frozen=True, slots=True)
class Covered:
    """Values each of which some item must have."""

    cover: Cover
    partial: Bits
    values: Mapping[Scenario, tuple[Pair, ...]]

    @property
    def mask(self) -> int:
        """The bits that decide its value."""
        return self.partial.mask | _masks(one for pairs in self.values.values() for one in pairs)

    @property
    def fields(self) -> int:
        """The bits that what was seen rests on."""
        return self.mask

    def value(self, total: int, scenario: Scenario) -> Truth:
        """Its value, now or projected."""
        return min(self._each(total, scenario))

    def _each(self, total: int, scenario: Scenario) -> list[Truth]:
        partial = self.partial.of(total)
        return [pair.value(total, partial) for pair in self.values[scenario]]

    def seen(self, total: int) -> Observation:
        """What is seen now."""
        each = list(zip(self.cover.values, self._each(total, Scenario.NOW), strict=True))
        return Observation(
            min(value for _, value in each),
            observed=sum(value is Truth.MET for _, value in each),
            needed=self.cover.values,
            have=tuple(one for one, value in each if value is Truth.MET),
            unsure=tuple(one for one, value in each if value is Truth.UNKNOWN),
            lack=tuple(one for one, value in each if value is Truth.UNMET),
        )


class _Masked(Protocol):
    @property
    def mask(self) -> int: ...


def _masks(parts: Iterable[_Masked]) -> int:
    found = 0
    for one in parts:
        found |= one.mask
    return found
