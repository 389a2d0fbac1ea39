"""What the items of a list add to a total.

Items that agree in all that the rules read of them are of one *kind*. Quantities that rest on
the same attributes are worked out together, once for each kind, by `eligibility.leaves`.
"""

from __future__ import annotations

import decimal
import itertools
import math
import operator
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from fractions import Fraction
from typing import TypeVar

from eligibility.conditions import (
    Cover,
    ItemComparison,
    ItemGroup,
    ItemQuantifier,
    ItemTest,
    Literal,
    Measure,
    Quantifier,
    Reference,
)
from eligibility.facts import Item
from eligibility.leaves import EXACT, Fold, Scenario
from eligibility.measures import number_band, points
from eligibility.model import Fact, ListFact
from eligibility.patterns.layout import MOST, WORD, Counter, Layout
from eligibility.patterns.sums import UNIT, Average, Count, Covered, Ends, Mean, Pair, Summed
from eligibility.remembered import always_read, part, read
from eligibility.truth import Truth
from eligibility.values import Absent, Value

__all__ = ["ItemKinds", "UnpackableError"]

_KNOWN = 16_384
"""How many kinds of items are remembered for each test."""

_FAR = 1 << (WORD - 3 - MOST.bit_length())
"""What no amount of a single item may reach, so that all of them fit into a field."""


class UnpackableError(Exception):
    """An item that cannot be added up: an amount is too large, or too fine."""


_Found = TypeVar("_Found")


@dataclass(slots=True)
class _Adds:
    """What an item adds to the quantities that rest on one test, in one scenario.

    `met` is for an item that counts, `maybe` for one that may; `more` works out the amounts.
    """

    met: int = 0
    maybe: int = 0
    more: list[Callable[[Item, Truth], int]] = field(default_factory=list)


_Told = tuple[object, ...]


@dataclass(slots=True)
class _Amounts:
    """What works out the amounts that an item adds, and what they were by the numbers in it."""

    work: tuple[tuple[Callable[[Item, Truth], int], Truth], ...]
    known: dict[object, int] = field(default_factory=dict)


def _nothing(told: _Told) -> object:
    """What is picked for a test that reads nothing."""
    return None


@dataclass(slots=True)
class _Test:
    """A test, what it picks out of what is told of an item, and what it came to by that."""

    leaf: Quantifier
    adds: dict[Scenario, _Adds] = field(default_factory=dict)
    pick: Callable[[_Told], object] = field(default=_nothing)
    known: dict[object, tuple[Truth, ...]] = field(default_factory=dict)


class ItemKinds:
    """A list of a profile: its quantities, and what each kind of item adds to them.

    `partial` is set where the items stated are not all there are.
    """

    def __init__(self, of: ListFact, folds: Mapping[Scenario, Fold], partial: Counter) -> None:
        self.of = of
        self.partial = partial
        self._folds = folds
        moving = of.states is not None and of.states.in_progress
        self._placed = False
        self._pick: Callable[[_Told], object] = _nothing
        self._pick_numbers: Callable[[_Told], object] = _nothing
        self._known: dict[object, tuple[int, _Amounts]] = {}
        self._amounts: dict[object, _Amounts] = {}
        # attributes that are added up, and those that decide what counts
        self._summed: set[str] = set()
        self._needed = set(always_read(of))
        self._scenarios = tuple(Scenario) if moving else (Scenario.NOW,)
        self._tests: dict[tuple[ItemTest, bool], _Test] = {}
        self._reads = dict.fromkeys(always_read(of))
        self._compared: dict[str, dict[ItemComparison, None]] = {}
        self._whole: set[str] = set()
        if of.states is not None:
            self._whole.add(of.states.attribute)
        self._dated = {of.dated_by, of.interval and of.interval.start} - {None}

    @property
    def reads(self) -> tuple[str, ...]:
        """The attributes that decide what an item adds."""
        return tuple(self._reads)

    def told(self, name: str, item: Item) -> tuple[object, ...]:
        """What the rules can tell of an attribute: equal for values that are treated alike."""
        if name in self._whole:
            return (part(self.of, item, name),)
        fold = self._folds[Scenario.NOW]
        with decimal.localcontext(EXACT):
            told = [fold.tested(test, self.of, item) for test in self._compared.get(name, ())]
            if name in self._dated:
                told.append(fold.happened(self.of, item))
        return tuple(told)

    def added(self, item: Item, told: Mapping[str, tuple[object, ...]]) -> int:
        """What an item adds; `told` is that of each attribute it `reads`.

        Raises `UnpackableError`.
        """
        if not self._placed:
            self._place()
        flat = tuple(itertools.chain.from_iterable(told[name] for name in self._reads))
        key = self._pick(flat)
        known = self._known.get(key)
        with decimal.localcontext(EXACT):
            if known is None:
                if len(self._known) >= _KNOWN:
                    self._known.clear()
                known = self._known[key] = self._counted(item, flat)
            counted, amounts = known
            numbers = self._pick_numbers(flat)
            added = amounts.known.get(numbers)
            if added is None:
                if len(amounts.known) >= _KNOWN:
                    amounts.known.clear()
                added = sum(work(item, value) for work, value in amounts.work)
                amounts.known[numbers] = added
            return counted + added

    def _counted(self, item: Item, flat: _Told) -> tuple[int, _Amounts]:
        """What an item adds to numbers of items, and what works out the amounts it adds."""
        total = 0
        work: list[tuple[Callable[[Item, Truth], int], Truth]] = []
        for test in self._tests.values():
            key = test.pick(flat)
            values = test.known.get(key)
            if values is None:
                if len(test.known) >= _KNOWN:
                    test.known.clear()
                values = test.known[key] = self._values(test.leaf, item)
            for value, one in zip(values, test.adds.values(), strict=True):
                if value is not Truth.UNMET:
                    total += one.met if value is Truth.MET else one.maybe
                    work.extend((more, value) for more in one.more)
        known = tuple(work)
        return total, self._amounts.setdefault(known, _Amounts(known))

    def _values(self, leaf: Quantifier, item: Item) -> tuple[Truth, ...]:
        """Whether an item counts, in each scenario."""
        now = self._folds[Scenario.NOW].item(leaf, item)
        if len(self._scenarios) == 1:
            return (now,)
        states = self.of.states
        state = None if states is None else item.values.get(states.attribute)
        if states is not None and state is not None and state not in states.in_progress:
            return (now, now)
        return (now, self._folds[Scenario.PROJECTED].item(leaf, item))

    def _place(self) -> None:
        """Note where each test finds what it rests on among all that is told of an item."""
        self._placed = True
        places: dict[object, int] = {}
        kept: list[int] = []
        for name in self._reads:
            compared = self._compared.get(name, {})
            keys: list[object] = [name] if name in self._whole else [*compared]
            if name not in self._whole and name in self._dated:
                keys.append(name)
            for key in keys:
                if name not in self._summed or name in self._needed:
                    kept.append(len(places))
                places[key] = len(places)
        if kept:
            self._pick = operator.itemgetter(*kept)
        if self._summed:
            self._pick_numbers = operator.itemgetter(*(places[name] for name in self._summed))
        always = [name for name in always_read(self.of) if name in places]
        for test in self._tests.values():
            wanted = dict.fromkeys([*always, *_parts(test.leaf.where)])
            found = [places[key] for key in wanted if key in places]
            if found:
                test.pick = operator.itemgetter(*found)

    # -- quantities -------------------------------------------------------------------

    def count(self, layout: Layout, leaf: Quantifier, bound: Decimal) -> Count:
        """A number of items."""
        least = _least(bound, leaf.operator)

        def pair(scenario: Scenario) -> Pair:
            return self._pair(layout, self._for(leaf, scenario), least)

        return Count(leaf.operator, bound, self.partial, self._each(pair))

    def sum(self, layout: Layout, leaf: Quantifier, what: Measure, bound: Decimal) -> Summed:
        """An amount of items."""
        fact = self.of.attributes[what.attribute or ""]
        assert isinstance(fact, Fact)
        least = _least(EXACT.multiply(bound, Decimal(UNIT)), leaf.operator)
        self._add_up(fact.name)

        def ends(scenario: Scenario) -> Ends:
            found = Ends(
                layout.amount(least),
                layout.amount(least),
                layout.counter(1) if fact.minimum is None else None,
                layout.counter(1) if fact.maximum is None else None,
            )

            def work(item: Item, value: Truth) -> int:
                low, high = number_band(fact, item)
                if value is not Truth.MET:
                    low, high = min(Decimal(0), low), max(Decimal(0), high)
                total = 0
                for end, place, open_ended in (
                    (low, found.low, found.bottomless),
                    (high, found.high, found.endless),
                ):
                    if end.is_finite():
                        total += _exact(end, UNIT) << place.offset
                    elif open_ended is not None:
                        total += 1 << open_ended.offset
                return total

            self._for(leaf, scenario).more.append(work)
            return found

        falls = fact.minimum is None or fact.minimum < 0
        rises = fact.maximum is None or fact.maximum > 0
        return Summed(leaf.operator, bound, self.partial, falls, rises, self._each(ends))

    def mean(self, layout: Layout, leaf: Quantifier, what: Measure, bound: Fraction) -> Mean | None:
        """A mean of items; None where its weights may be negative."""
        fact = self.of.attributes[what.attribute or ""]
        assert isinstance(fact, Fact)
        if what.weight is not None:
            weight = self.of.attributes[what.weight]
            assert isinstance(weight, Fact)
            if weight.minimum is None or weight.minimum < 0:
                return None
            self._add_up(weight.name)
        self._add_up(fact.name)
        over = leaf.operator in ("more_than", "at_most")

        def average(scenario: Scenario) -> Average:
            found = Average(
                layout.amount(1), layout.amount(0), layout.amount(int(over)), layout.counter(1)
            )

            def work(item: Item, value: Truth) -> int:
                known, number = points(item.values.get(fact.name), fact)
                weight: Value | None = 1
                if what.weight is not None:
                    weight = item.values.get(what.weight)
                if (known and number is None) or weight == 0 or isinstance(weight, Absent):
                    return 0
                uncertain = value is Truth.UNKNOWN or number is None
                if uncertain or not isinstance(weight, int | Decimal):
                    return 1 << found.uncertain.offset
                weighs = _exact(Decimal(weight), UNIT)
                brings = _exact(Decimal(number or 0) * Decimal(weight), UNIT * UNIT)
                distance = brings * bound.denominator - weighs * UNIT * bound.numerator
                if abs(distance) >= _FAR:
                    raise UnpackableError
                total: int = weighs << found.weights.offset
                total += brings << found.total.offset
                total += distance << found.above.offset
                return total

            self._for(leaf, scenario).more.append(work)
            return found

        return Mean(leaf.operator, bound, self.partial, self._each(average))

    def cover(self, layout: Layout, leaf: Quantifier, wanted: Cover) -> Covered:
        """Values that some item must have, each."""
        fact = self.of.attributes[wanted.attribute]
        assert isinstance(fact, Fact)
        operator = "includes" if fact.many else "is"
        self._whole.add(fact.name)
        self._reads[fact.name] = None

        def pairs(scenario: Scenario) -> tuple[Pair, ...]:
            found = []
            for value in wanted.values:
                test = ItemComparison(wanted.attribute, operator, Literal(value))
                # an item counts for a value when it passes both, in one and the same state
                both = Quantifier(
                    leaf.list,
                    leaf.measure,
                    ItemGroup(2, (leaf.where, test)),
                    every_state=leaf.every_state,
                )
                found.append(self._pair(layout, self._for(both, scenario), 1))
            return tuple(found)

        return Covered(wanted, self.partial, self._each(pairs))

    def _each(self, make: Callable[[Scenario], _Found]) -> dict[Scenario, _Found]:
        """One for each scenario; the same one where the list has only one."""
        made = {scenario: make(scenario) for scenario in self._scenarios}
        return {scenario: made.get(scenario, made[Scenario.NOW]) for scenario in Scenario}

    def _pair(self, layout: Layout, adds: _Adds, least: int) -> Pair:
        pair = Pair(layout.counter(least), layout.counter(least))
        adds.maybe += 1 << pair.possible.offset
        adds.met += (1 << pair.possible.offset) + (1 << pair.certain.offset)
        return pair

    def _add_up(self, name: str) -> None:
        """Take note of an attribute that is added up, so that each of its values counts."""
        self._summed.add(name)
        self._whole.add(name)
        self._reads[name] = None

    def _for(self, leaf: Quantifier, scenario: Scenario) -> _Adds:
        key = (leaf.where, leaf.every_state)
        found = self._tests.get(key)
        if found is None:
            found = self._tests[key] = _Test(leaf)
            found.adds = {one: _Adds() for one in self._scenarios}
            self._note(leaf.where)
        return found.adds[scenario]

    def _note(self, test: ItemTest) -> None:
        """Note what a test reads, and whether it can tell values apart one by one."""
        names = [name for name in read(test) if isinstance(name, str)]
        self._reads.update(dict.fromkeys(names))
        self._needed.update(names)
        match test:
            case ItemComparison(operand=Reference(scope="item")) | ItemQuantifier():
                self._whole.update(names)
            case ItemComparison():
                self._compared.setdefault(test.attribute, {})[test] = None
            case ItemGroup():
                for child in test.children:
                    self._note(child)


def _parts(test: ItemTest) -> Iterator[object]:
    """The comparisons of a test, and the attributes that it reads."""
    yield from read(test)
    match test:
        case ItemComparison():
            yield test
        case ItemGroup():
            for child in test.children:
                yield from _parts(child)


def _least(bound: Decimal, operator: str) -> int:
    """The whole number from which a bound is passed, or a limit broken."""
    if operator in ("at_least", "less_than"):
        return math.ceil(bound)
    return math.floor(bound) + 1


def _exact(amount: Decimal, unit: int) -> int:
    scaled = amount * unit
    whole = int(scaled)
    if whole != scaled or abs(whole) >= _FAR:
        raise UnpackableError
    return whole
