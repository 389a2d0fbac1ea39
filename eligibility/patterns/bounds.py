"""Bounds of an assignment: what sums of items say of it without giving any item to a need.

Whether items can be given out is a problem for a solver, and most students need none. Some have
too few items for what is needed, whoever is given which, and some so many that any way of giving
them out will do. Both are told by sums: how many items fit any of some needs, and how many a need
has left when others took all that they may. Whoever is between is left open.

Where all needs are counts nobody is, as long as they are few: by Hall's theorem items can be
given out if and only if any needs together have as many items as they take.
"""

from __future__ import annotations

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
    """What is added up in one scenario.

    `certain` and `possible`: how many items fit any piece of a set, by the set in bits.
    `high`: what items come to that fit any need of a set, and how many may come to anything.
    `disputed`: how many items fit several needs, for certain and possibly; and `again`, how
    many of these may be used again.
    For each need `first` has what it gets of the items that no earlier one wants, and `left`
    what there is for it even if others took all they may. It has enough where all of these
    places are reached; None stands for places that there are not.
    """

    disputed: tuple[Counter, Counter]
    again: Counter
    certain: dict[int, Counter] = field(default_factory=dict)
    possible: dict[int, Counter] = field(default_factory=dict)
    high: dict[int, tuple[Amount, Counter]] = field(default_factory=dict)
    first: list[tuple[_Place, ...] | None] = field(default_factory=list)
    left: list[tuple[_Place, ...] | None] = field(default_factory=list)

    def places(self) -> Iterator[_Place]:
        """All of them."""
        yield from (*self.disputed, self.again)
        yield from self.certain.values()
        yield from self.possible.values()
        for pair in self.high.values():
            yield from pair
        for some in (*self.first, *self.left):
            yield from some or ()


class Bounds:
    """What a pattern says of an assignment."""

    def __init__(
        self,
        leaf: Assignment,
        alone: Sequence[Sum],
        partial: Counter,
        plan: _Plan,
        sums: Mapping[Scenario, _Sums],
    ) -> None:
        self._needs = leaf.needs
        # of what is distinct no need alone knows all
        self._apart = any(one.distinct for one in plan.wants)
        self._alone = alone
        self._partial = partial
        self._plan = plan
        self._sums = sums
        self.mask = partial.mask
        for one in alone:
            self.mask |= one.mask
        for each in sums.values():
            for place in each.places():
                self.mask |= place.mask

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
        sums = self._sums[scenario]
        # where no item fits two needs, what they come to alone tells all
        certain, possibly = (self._apart or one.reached(pattern) for one in sums.disputed)
        met: bool | None = most is Truth.MET
        if met and certain:
            met = self._any(lambda way: self._certain(way, pattern, sums, alone))
        if met:
            return Truth.MET
        possible: bool | None = True
        if possibly and not self._partial.reached(pattern):
            possible = self._any(lambda way: self._possible(way, pattern, sums, alone))
        if possible is False:
            return Truth.UNMET
        return None if met is None or possible is None else Truth.UNKNOWN

    def _any(self, tried: Callable[[int], bool | None]) -> bool | None:
        """Whether one of the ways will do; None where that is open."""
        if self._plan.ways is None:
            return None
        found: bool | None = False
        for way in self._plan.ways:
            will = tried(way)
            if will:
                return True
            found = None if will is None else found
        return found

    def _certain(self, way: int, pattern: int, sums: _Sums, alone: Sequence[Truth]) -> bool | None:
        """Whether the items that certainly fit do for these needs; None where that is open."""
        if any(alone[need] is not Truth.MET for need in _bits(way)):
            return False
        # whoever has enough after all others comes last, and takes nothing away
        for need in _bits(way):
            if _enough(sums.left[need], pattern):
                way &= ~(1 << need)
        needs = _bits(way)
        if self._plan.easy(way) or all(_enough(sums.first[need], pattern) for need in needs):
            return True
        if not self._plan.counted(way):
            return None
        reached = _reached(sums.certain, self._plan.pieces_of(way), pattern)
        # what fails without sharing may do with it
        return None if sums.again.reached(pattern) and not reached else reached

    def _possible(self, way: int, pattern: int, sums: _Sums, alone: Sequence[Truth]) -> bool | None:
        """Whether all items that may fit do for these needs; None where that is open."""
        if any(alone[need] is Truth.UNMET for need in _bits(way)):
            return False
        if self._plan.easy(way):
            return True
        for some, (amount, endless) in sums.high.items():
            if not some & ~way and not amount.reached(pattern) and not endless.reached(pattern):
                return False
        if _reached(sums.possible, self._plan.pieces_of(way), pattern):
            return True if self._plan.counted(way) else None
        return None if sums.again.reached(pattern) else False


def bounds(
    leaf: Assignment, place: ItemKinds, layout: Layout, alone: Sequence[Sum]
) -> Bounds | None:
    """Make room for the sums that bound an assignment; None where nothing does.

    `alone` are its needs, each by itself; a cover with `distinct` is one without. Raises
    OverflowError where too much is wanted.
    """
    plan = _Plan(leaf, place)
    # at more than that the solver does not look, and bounds are not to know better
    if len(plan.wants) * MOST > MAX_PAIRS:
        return None

    def make(scenario: Scenario) -> tuple[_Sums, int, Callable[[Item, Sequence[Truth]], int]]:
        sums = plan.sums(layout)
        fields = 0
        for one in sums.places():
            fields |= one.field
        return sums, fields, lambda item, values: plan.added(sums, item, values)

    tests = [test for want in plan.wants for test in place.tests(want.quantifier)]
    made = place.joint(tests, plan.numbers, make)
    return Bounds(leaf, alone, place.partial, plan, made)


class _Plan:
    """What there is to be added up for an assignment.

    `ways` are the least sets of needs that will do, in bits; None where there are too many.
    `attributes` are summed, and `numbers` are all that it rests on.
    """

    def __init__(self, leaf: Assignment, place: ItemKinds) -> None:
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
        try:
            self.ways: tuple[int, ...] | None = _ways(leaf.needs, itertools.count())
        except OverflowError:
            self.ways = None
        self._pieces: list[_Piece] = []
        self._places: list[int] = []
        for want in self.wants:
            own = [*self._taking(want)]
            self._places.append(((1 << len(own)) - 1) << len(self._pieces))
            self._pieces += own
        hard = [way for way in self.ways or () if not self.easy(way)]
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

    def easy(self, way: int) -> bool:
        """Whether needs do that each have enough by itself: there is no more than one."""
        needs = _bits(way)
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
        large //= 2
        most = self._facts[self.attributes[0]].maximum
        if most is not None:
            large = min(large, math.ceil(most * UNIT))
        return large, max(large // 3, 1)

    # -- places -----------------------------------------------------------------------

    def sums(self, layout: Layout) -> _Sums:
        """Places for all that is added up."""
        found = _Sums((layout.counter(1), layout.counter(1)), layout.counter(1))
        for some in self._sets:
            pieces = [self._pieces[one] for one in _bits(some)]
            takes = sum(one.takes for one in pieces)
            found.possible[some] = layout.counter(takes)
            if all(one.counted for one in pieces):
                found.certain[some] = layout.counter(takes)
        for some in self._summed:
            least = sum(self.wants[need].least for need in _bits(some))
            if self._share is not None:
                least -= math.floor(self._share.most * UNIT)
            found.high[some] = layout.amount(least), layout.counter(1)
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
        total = self._disputed(sums, item, values)
        for least, places in ((Truth.MET, sums.certain), (Truth.UNKNOWN, sums.possible)):
            fits = 0
            for number, piece in enumerate(self._pieces):
                fits |= any(values[test] >= least for test in piece.tests) << number
            total += sum(1 << place.offset for some, place in places.items() if some & fits)
        bands = {name: number_band(fact, item) for name, fact in self._facts.items()}
        for some, (amount, endless) in sums.high.items():
            wants = [self.wants[need] for need in _bits(some)]
            fitting = [one for one in wants if max(values[one.first : one.last]) > Truth.UNMET]
            if fitting:
                low, high = bands[fitting[0].attribute or ""]
                # what is not known may be little where it is shared, and much where it counts
                if not high.is_finite() or (self._share is not None and low != high):
                    total += 1 << endless.offset
                else:
                    most = max(one.least for one in fitting)
                    total += min(exact(high, UNIT), most) << amount.offset
        lows = {name: exact(low, UNIT) for name, (low, _) in bands.items()}
        if any(value is Truth.MET for value in values):
            total += self._first_of(sums, lows, values) + self._left_of(sums, lows, values)
        return total

    def _disputed(self, sums: _Sums, item: Item, values: Sequence[Truth]) -> int:
        """What an item adds that several needs may want."""
        best = [max(values[one.first : one.last]) for one in self.wants if one.least]
        low, high, most = Decimal(1), Decimal(1), Decimal(0)
        if self._weight is not None and self._share is not None:
            low, high = number_band(self._weight, item)
            most = self._share.most
        total = 0
        # what weighs nothing is for all of them
        if high and best.count(Truth.MET) > 1:
            total += 1 << sums.disputed[0].offset
        if len(best) - best.count(Truth.UNMET) > 1:
            total += bool(low) << sums.disputed[1].offset
            total += (low <= most) << sums.again.offset
        return total

    def _first_of(self, sums: _Sums, lows: Mapping[str, int], values: Sequence[Truth]) -> int:
        """What an item adds for the first need that it certainly fits."""
        for number in self._order:
            want, places = self.wants[number], sums.first[number]
            tests = values[want.first : want.last]
            if places and Truth.MET in tests:
                if want.attribute is not None:
                    return lows[want.attribute] << places[0].offset
                met = [place for place, one in zip(places, tests, strict=True) if one is Truth.MET]
                return sum(1 << place.offset for place in (met[:1] if want.distinct else met))
        return 0

    def _left_of(self, sums: _Sums, lows: Mapping[str, int], values: Sequence[Truth]) -> int:
        """What an item adds for each need that it certainly fits, unless it may cost too much."""
        [size] = lows.values() if len(lows) == 1 else [0]
        summed = any(
            one.attribute is not None and values[one.first] is Truth.MET for one in self.wants
        )
        total = 0
        for want, places in zip(self.wants, sums.left, strict=True):
            if not places:
                continue
            tests = values[want.first : want.last]
            if want.attribute is not None:
                if tests[0] is Truth.MET and size <= self._large:
                    total += size << places[0].offset
            elif not summed or size >= self._small:
                for place, one in zip(places, tests, strict=True):
                    total += (one is Truth.MET) << place.offset
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


def _reached(places: Mapping[int, _Place], within: int, pattern: int) -> bool:
    """Whether the bounds of all sets within this one are reached."""
    return all(place.reached(pattern) for some, place in places.items() if not some & ~within)


def _enough(places: tuple[_Place, ...] | None, pattern: int) -> bool:
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
