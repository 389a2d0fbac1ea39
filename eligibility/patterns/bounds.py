"""Bounds of an assignment: what sums of items say of it without giving any item to a need.

Whether items can be given out is a problem for a solver, and most students need none. Some have
too few items for what is needed, whoever is given which, and some so many that any way of giving
them out will do. Both are told by sums: how many items fit any of some needs, and how many a need
has left when others took all that they may. Whoever is between is left open.

Where all needs are counts nobody is, as long as they are few: by Hall's theorem items can be
given out if and only if any needs together have as many items as they take.
"""

from __future__ import annotations

import contextlib
import itertools
import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from eligibility import truth
from eligibility.assignment import needs_of
from eligibility.conditions import (
    Assignment,
    Cover,
    ItemComparison,
    ItemGroup,
    ItemTest,
    Literal,
    Need,
    Needs,
    Quantifier,
)
from eligibility.facts import Item
from eligibility.leaves import EXACT, Scenario
from eligibility.measures import number_band
from eligibility.model import Fact
from eligibility.patterns.items import ItemKinds, exact, least_of
from eligibility.patterns.layout import MOST, Amount, Counter, Layout
from eligibility.patterns.sums import UNIT, Sum
from eligibility.solver import MAX_PAIRS
from eligibility.truth import Truth

__all__ = ["OPEN", "Bounds", "bounds"]

OPEN = 9
"""Stands for values that are left open; others are 3 times that now plus that projected."""

_WAYS = 128
"""How many ways to choose among needs are looked at."""

_SETS = 32
_SUMS = 12
"""How many sets of needs have the items counted, or added up, that fit any of them."""

_WORDS = 256
"""From how many words of sums on no more room is taken than needs alone take."""

_FAR = 10**6
"""What no sum that is wanted may reach, so that the solver does not round any amount."""

_Place = Counter | Amount


@dataclass(frozen=True, slots=True)
class _Want:
    """A need as it is counted: the tests of its items stand from `first` up to `last`.

    It wants `least` items, or so many parts of the sum of an `attribute`; of a cover with
    `distinct` an item for each test, and of another one, one or more for all of them.
    """

    quantifier: Quantifier
    first: int
    last: int
    least: int
    attribute: str | None
    distinct: bool

    @property
    def counted(self) -> bool:
        """Whether it takes so many items, and none of them goes further than another one."""
        return self.attribute is None and (self.distinct or self.last == self.first + 1)


@dataclass(frozen=True, slots=True)
class _Piece:
    """A need, or a value that it covers, that takes so many items of those that fit a test."""

    tests: range
    takes: int
    counted: bool


@dataclass(slots=True)
class _Sums:
    """What is added up of the items that fit with at `least` this value, in one scenario.

    `disputed`: how many fit several needs; `again`: how many of these may be used again.
    `counts`: how many fit any piece of a set, by the set in bits. `amounts`: what those that
    fit any need of a set come to, and how many of them may come to anything. For each need
    `first` has what it gets of the items that no earlier one wants, and `left` what there is
    for it even if others took all they may: it has enough where all of these places are
    reached. None stands for places that there are not.
    """

    least: Truth
    disputed: Counter
    again: Counter
    counts: dict[int, Counter] = field(default_factory=dict)
    amounts: dict[int, tuple[Amount, Counter]] = field(default_factory=dict)
    first: list[tuple[_Place, ...] | None] = field(default_factory=list)
    left: list[tuple[_Place, ...] | None] = field(default_factory=list)

    def places(self) -> Iterator[_Place]:
        """All of them."""
        yield from (self.disputed, self.again)
        yield from self.counts.values()
        for pair in self.amounts.values():
            yield from pair
        for some in (*self.first, *self.left):
            yield from some or ()


_Both = tuple[_Sums, _Sums]
"""Of the items that fit for certain, and of all that may fit."""


class Bounds:
    """What a pattern says of an assignment."""

    def __init__(
        self,
        leaf: Assignment,
        alone: Sequence[Sum],
        partial: Counter,
        plan: _Plan,
        sums: Mapping[Scenario, _Both],
    ) -> None:
        self._needs = leaf.needs
        # of what is distinct no need alone tells all
        self._distinct = any(one.distinct for one in plan.wants)
        self._alone = alone
        self._partial = partial
        self._plan = plan
        self._sums = sums

    @property
    def mask(self) -> int:
        """The bits of a pattern that decide its values."""
        found = self._partial.mask
        for leaf in self._alone:
            found |= leaf.mask
        for each in self._sums.values():
            for one in each:
                for place in one.places():
                    found |= place.mask
        return found

    def values(self, pattern: int) -> int:
        """Its values now and projected as one number, or `OPEN`."""
        now, then = (self.value(pattern, scenario) for scenario in Scenario)
        return OPEN if now is None or then is None else 3 * now + then

    def value(self, pattern: int, scenario: Scenario) -> Truth | None:
        """Its value, now or projected; None where that is left open."""
        alone = [one.value(pattern, scenario) for one in self._alone]
        most = _combined(self._needs, iter(alone))
        if most is Truth.UNMET:
            return Truth.UNMET
        certain, possible = self._sums[scenario]
        met: bool | None = False
        if most is Truth.MET:
            met = self._enough(certain, pattern, alone)
        if met:
            return Truth.MET
        may: bool | None = True
        if not self._partial.reached(pattern):
            may = self._enough(possible, pattern, alone)
        if may is False:
            return Truth.UNMET
        return None if met is None or may is None else Truth.UNKNOWN

    def _enough(self, sums: _Sums, pattern: int, alone: Sequence[Truth]) -> bool | None:
        """Whether the items can be given out; None where that is open.

        Each need alone has enough of them.
        """
        if not self._distinct and not sums.disputed.reached(pattern):
            return True
        if self._plan.ways is None:
            return None
        found: bool | None = False
        for way in self._plan.ways:
            if all(alone[need] >= sums.least for need in _bits(way)):
                will = self._will_do(way, sums, pattern)
                if will:
                    return True
                found = None if will is None else found
        return found

    def _will_do(self, way: int, sums: _Sums, pattern: int) -> bool | None:
        """Whether the items do for these needs; None where that is open."""
        for some, (amount, endless) in sums.amounts.items():
            if not some & ~way and not amount.reached(pattern) and not endless.reached(pattern):
                return False
        pieces = self._plan.pieces_of(way)
        reached = all(
            place.reached(pattern) for some, place in sums.counts.items() if not some & ~pieces
        )
        if reached and self._plan.counted(way):
            return True
        if not reached and not sums.again.reached(pattern):
            return False
        # whoever has enough after all others comes last, and takes nothing away
        needs = [need for need in _bits(way) if not _reached(sums.left[need], pattern)]
        if self._plan.easy(needs) or all(_reached(sums.first[need], pattern) for need in needs):
            return True
        return None


def bounds(
    leaf: Assignment, place: ItemKinds, layout: Layout, alone: Sequence[Sum]
) -> Bounds | None:
    """Make room for the sums that bound an assignment; None where nothing does.

    `alone` are its needs, each by itself; a cover with `distinct` is one without. Raises
    OverflowError where too much is wanted.
    """
    plan = _Plan(leaf, place, alone=layout.words >= _WORDS)
    # at more than that the solver does not look, and bounds are not to know better
    if len(plan.wants) * MOST > MAX_PAIRS:
        return None

    def make(scenario: Scenario) -> tuple[_Both, int, Callable[[Item, Sequence[Truth]], int]]:
        both = plan.sums(layout, Truth.MET), plan.sums(layout, Truth.UNKNOWN)
        fields = 0
        for one in (*both[0].places(), *both[1].places()):
            fields |= one.field
        return both, fields, lambda item, values: sum(plan.added(one, item, values) for one in both)

    tests = [test for want in plan.wants for test in place.tests(want.quantifier)]
    made = place.joint(tests, plan.numbers, make)
    return Bounds(leaf, alone, place.partial, plan, made)


class _Plan:
    """What there is to be added up for an assignment.

    `ways` are the least sets of needs that will do, in bits; None where there are too many, or
    needs are looked at `alone`. `attributes` are summed, and `numbers` are all that it rests on.
    """

    def __init__(self, leaf: Assignment, place: ItemKinds, *, alone: bool) -> None:
        self.wants = [*_wants(leaf, place)]
        names = (one.attribute for one in self.wants if one.attribute is not None)
        self.attributes = tuple(dict.fromkeys(names))
        self._facts: dict[str, Fact] = {}
        for name in self.attributes:
            fact = place.of.attributes[name]
            assert isinstance(fact, Fact)
            self._facts[name] = fact
        self._share = leaf.share
        self._weight: Fact | None = None
        self.numbers = self.attributes
        if leaf.share is not None:
            if leaf.share.most >= _FAR:
                raise OverflowError(leaf.share.most)
            weight = place.of.attributes[leaf.share.attribute]
            assert isinstance(weight, Fact)
            self._weight = weight
            self.numbers = tuple(dict.fromkeys((*self.attributes, weight.name)))
        self.ways: tuple[int, ...] | None = None
        if not alone:
            with contextlib.suppress(OverflowError):
                self.ways = _ways(leaf.needs, itertools.count())
        self._pieces: list[_Piece] = []
        self._places: list[int] = []
        for want in self.wants:
            own = [*self._taking(want)]
            self._places.append(((1 << len(own)) - 1) << len(self._pieces))
            self._pieces += own
        hard = [way for way in self.ways or () if not self.easy(_bits(way))]
        self._whole, sets = _sets([self.pieces_of(way) for way in hard], _SETS)
        self._sets = [one for one in sets if any(self._pieces[n].counted for n in _bits(one))]
        self._summed = [
            one
            for name in self.attributes
            if self._share is None or self._share.attribute == name
            for one in _sets([way & self._adding(name) for way in hard], _SUMS)[1]
        ]
        # where counts tell everything, there is nothing else to look at
        self._more = not all(self.counted(way) for way in hard)
        # what asks more of an item fits fewer, and comes first
        asked = [_asked(want.quantifier) for want in self.wants]
        self._order = sorted(range(len(asked)), key=lambda number: -asked[number])
        self._large, self._small = self._sizes()

    def easy(self, needs: Sequence[int]) -> bool:
        """Whether needs do that each have enough alone: there is no more than one."""
        return not needs or (len(needs) == 1 and not self.wants[needs[0]].distinct)

    def counted(self, way: int) -> bool:
        """Whether the items that fit any of these needs tell all there is about them."""
        return self._whole and all(self.wants[need].counted for need in _bits(way))

    def pieces_of(self, way: int) -> int:
        """The pieces of needs, in bits."""
        found = 0
        for need in _bits(way):
            found |= self._places[need]
        return found

    def _taking(self, want: _Want) -> Iterator[_Piece]:
        tests = range(want.first, want.last)
        if not want.least:
            return
        if want.distinct:
            yield from (_Piece(range(test, test + 1), 1, True) for test in tests)
        elif want.attribute is None:
            yield _Piece(tests, want.least if want.counted else 1, want.counted)
        else:
            most = self._facts[want.attribute].maximum
            takes = 1 if not most else max(1, math.ceil(Decimal(want.least) / (most * UNIT)))
            yield _Piece(tests, takes, False)

    def _adding(self, name: str) -> int:
        """The needs that want something of a sum, in bits."""
        return sum(
            1 << number
            for number, want in enumerate(self.wants)
            if want.attribute == name and want.least
        )

    def _sizes(self) -> tuple[int, int]:
        """From how large to how small items are, in parts, of which a need leaves some.

        What is wanted goes beyond its bound by less than the largest item.
        """
        if len(self.attributes) != 1:
            return 0, 0
        large = min((one.least for one in self.wants if one.attribute and one.least), default=0)
        large = large * 2 // 3
        most = self._facts[self.attributes[0]].maximum
        if most is not None:
            large = min(large, math.ceil(most * UNIT))
        return large, max(large // 3, 1)

    # -- places -----------------------------------------------------------------------

    def sums(self, layout: Layout, fitting: Truth) -> _Sums:
        """Places for all that is added up of the items that fit with at least this value."""
        found = _Sums(fitting, layout.counter(1), layout.counter(1))
        for some in self._sets:
            takes = sum(self._pieces[one].takes for one in _bits(some))
            found.counts[some] = layout.counter(takes)
        for some in self._summed:
            least = sum(self.wants[need].least for need in _bits(some))
            if self._share is not None:
                least -= math.floor(self._share.most * UNIT)
            found.amounts[some] = layout.amount(least), layout.counter(1)
        for want in self.wants:
            found.first.append(self._places_of(layout, want, 1, 0) if self._more else None)
            found.left.append(self._left(layout, want) if self._more else None)
        return found

    def _left(self, layout: Layout, want: _Want) -> tuple[_Place, ...] | None:
        """Places for what a need has left; None where that could never be enough."""
        if len(self.attributes) > 1:
            return None
        others = [one for one in self.wants if one is not want and one.least]
        taken = 0
        for one in others:
            if want.attribute is None:
                taken += one.least if one.attribute is None else -(-one.least // self._small)
            elif one.attribute is None:
                taken += one.least * self._large
            else:
                taken += one.least + self._large
        if want.attribute is None and want.least + taken > MOST:
            return None
        return self._places_of(layout, want, want.least if want.distinct else 1, taken)

    def _places_of(self, layout: Layout, want: _Want, each: int, more: int) -> tuple[_Place, ...]:
        """Places that are reached when there is what a need wants, and so much more.

        Of a value that is to be covered, `each` are wanted.
        """
        if not want.least:
            return ()
        if want.attribute is not None:
            return (layout.amount(want.least + more),)
        if isinstance(want.quantifier.measure, Cover):
            return tuple(layout.counter(each + more) for _ in range(want.first, want.last))
        return (layout.counter(want.least + more),)

    # -- items ------------------------------------------------------------------------

    def added(self, sums: _Sums, item: Item, values: Sequence[Truth]) -> int:
        """What an item adds for which the tests have these values. Raises `UnpackableError`."""
        fits = [value >= sums.least for value in values]
        fitting = [number for number, want in enumerate(self.wants) if _any(want, fits)]
        if not fitting:
            return 0
        total = self._disputed(sums, item, fitting)
        pieces = sum(
            1 << number
            for number, piece in enumerate(self._pieces)
            if any(fits[test] for test in piece.tests)
        )
        total += sum(1 << place.offset for some, place in sums.counts.items() if some & pieces)
        total += self._amounts(sums, item, fitting)
        worth = [self._worth(sums, item, want) for want in self.wants]
        total += self._first_of(sums, worth, fits)
        return total + self._left_of(sums, worth, fits)

    def _worth(self, sums: _Sums, item: Item, want: _Want) -> int:
        """How far an item goes towards what is wanted of a sum; all the way at the most."""
        if want.attribute is None:
            return 0
        low, high = number_band(self._facts[want.attribute], item)
        worth = low if sums.least is Truth.MET else high
        return min(exact(worth, UNIT), want.least) if worth.is_finite() else want.least

    def _amounts(self, sums: _Sums, item: Item, fitting: Sequence[int]) -> int:
        """What an item adds to what all items come to."""
        total = 0
        for some, (amount, endless) in sums.amounts.items():
            wants = [self.wants[need] for need in fitting if some >> need & 1]
            if wants:
                low, high = number_band(self._facts[wants[0].attribute or ""], item)
                # used again it may cost little, and come to much
                if sums.least is not Truth.MET and self._share is not None and low != high:
                    total += 1 << endless.offset
                else:
                    total += max(self._worth(sums, item, one) for one in wants) << amount.offset
        return total

    def _disputed(self, sums: _Sums, item: Item, fitting: Sequence[int]) -> int:
        """What an item adds that several needs want."""
        if sum(self.wants[need].least > 0 for need in fitting) < 2:
            return 0
        if self._weight is None or self._share is None:
            return 1 << sums.disputed.offset
        low, high = number_band(self._weight, item)
        weight = high if sums.least is Truth.MET else low
        # what weighs nothing is for all of them
        total = bool(weight) << sums.disputed.offset
        return total + ((weight <= self._share.most) << sums.again.offset)

    def _first_of(self, sums: _Sums, worth: Sequence[int], fits: Sequence[bool]) -> int:
        """What an item adds for the first need that it fits."""
        for number in self._order:
            want, places = self.wants[number], sums.first[number]
            if places and _any(want, fits):
                if want.attribute is not None:
                    return worth[number] << places[0].offset
                each = zip(places, fits[want.first : want.last], strict=True)
                own = [place for place, fit in each if fit]
                return sum(1 << place.offset for place in (own[:1] if want.distinct else own))
        return 0

    def _left_of(self, sums: _Sums, worth: Sequence[int], fits: Sequence[bool]) -> int:
        """What an item adds for each need that it fits, unless others may take too much with it."""
        summed = [
            one
            for one, want in zip(worth, self.wants, strict=True)
            if want.attribute is not None and want.least and fits[want.first]
        ]
        total = 0
        for number, (want, places) in enumerate(zip(self.wants, sums.left, strict=True)):
            if not places or not _any(want, fits):
                continue
            if want.attribute is not None:
                if worth[number] <= self._large:
                    total += worth[number] << places[0].offset
            elif min(summed, default=self._small) >= self._small:
                for place, fit in zip(places, fits[want.first : want.last], strict=True):
                    total += fit << place.offset
        return total


def _wants(leaf: Assignment, place: ItemKinds) -> Iterator[_Want]:
    at = 0
    for need in needs_of(leaf.needs):
        quantifier = need.quantifier
        measure = quantifier.measure
        until = at + len(place.tests(quantifier))
        if isinstance(measure, Cover):
            yield _Want(quantifier, at, until, until - at, None, measure.distinct)
        else:
            assert isinstance(quantifier.bound, Literal)
            assert isinstance(quantifier.bound.value, int | Decimal)
            bound = Decimal(quantifier.bound.value)
            if measure.attribute is not None:
                bound = EXACT.multiply(bound, Decimal(UNIT))
                if bound != bound.to_integral_value() or bound >= _FAR * UNIT:
                    raise OverflowError(bound)
            least = max(least_of(bound, quantifier.operator), 0)
            yield _Want(quantifier, at, until, least, measure.attribute, False)
        at = until


def _ways(needs: Needs, numbers: Iterator[int]) -> tuple[int, ...]:
    """The least sets of needs that will do, in bits. Raises OverflowError for too many."""
    if isinstance(needs, Need):
        return (1 << next(numbers),)
    below = [_ways(child, numbers) for child in needs.children]
    found: set[int] = set()
    for some in itertools.combinations(below, needs.k):
        for each in itertools.product(*some):
            way = 0
            for one in each:
                way |= one
            found.add(way)
            if len(found) > _WAYS:
                raise OverflowError
    return tuple(sorted(found))


def _sets(every: Iterable[int], most: int) -> tuple[bool, list[int]]:
    """All sets of several within these, in bits; or these themselves where there are too many."""
    own = [one for one in dict.fromkeys(every) if one.bit_count() > 1]
    found: set[int] = set()
    for one in own:
        if one.bit_count() > most or len(found) > most:
            return False, own[:most]
        some = one
        while some and len(found) <= most:
            if some.bit_count() > 1:
                found.add(some)
            some = (some - 1) & one
    return (True, sorted(found)) if len(found) <= most else (False, own[:most])


def _bits(number: int) -> list[int]:
    """The places of the bits that are set."""
    return [place for place in range(number.bit_length()) if number >> place & 1]


def _any(want: _Want, fits: Sequence[bool]) -> bool:
    """Whether an item fits a need."""
    return any(fits[want.first : want.last])


def _reached(places: tuple[_Place, ...] | None, pattern: int) -> bool:
    return places is not None and all(place.reached(pattern) for place in places)


def _combined(needs: Needs, values: Iterator[Truth]) -> Truth:
    if isinstance(needs, Need):
        return next(values)
    return truth.at_least(needs.k, [_combined(child, values) for child in needs.children])


def _asked(quantifier: Quantifier) -> int:
    """How much is asked of an item."""
    return _asked_by(quantifier.where) + isinstance(quantifier.measure, Cover)


def _asked_by(test: ItemTest) -> int:
    if isinstance(test, ItemGroup):
        below = sorted(_asked_by(child) for child in test.children)
        return sum(below[: test.k])
    return 1 + (isinstance(test, ItemComparison) and test.operator == "is")
