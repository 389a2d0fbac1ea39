"""Leaves of a pack as sums: what each item and each fact adds to one integer.

Items that agree in all that the rules read of them are of one *kind*. An item of each kind
is valued once, by `eligibility.leaves`; from then on items are only added up. So what a test
means stays written in one place, and a student costs a look-up for each item. Leaves that
no sum can tell are left to `fold`, which takes them as they are.
"""

from __future__ import annotations

import datetime
import decimal
import math
import operator
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from fractions import Fraction
from functools import cached_property
from typing import Protocol, TypeVar

from eligibility.conditions import (
    AS_OF,
    Comparison,
    Cover,
    Decision,
    ItemComparison,
    ItemGroup,
    ItemQuantifier,
    ItemTest,
    Leaf,
    Literal,
    Measure,
    Nothing,
    Quantifier,
    Reference,
    Undecidable,
)
from eligibility.facts import Item, Profile
from eligibility.leaves import EXACT, Fold, Scenario
from eligibility.measures import number_band, points, shown
from eligibility.model import Fact, ListFact, Vocabulary
from eligibility.observations import Observation
from eligibility.patterns.layout import MOST, WORD, Amount, Bits, Counter, Layout
from eligibility.remembered import always_read, part, read
from eligibility.truth import Truth
from eligibility.values import Absent, Value

__all__ = ["ItemKinds", "Kinds", "UnpackableError"]

_GROWING = ("at_least", "more_than")
_BOUNDS = (*_GROWING, "at_most", "less_than")
_PLACES = 4
_UNIT = 10**_PLACES
"""Amounts are added up in ten-thousandths."""

_KNOWN = 16_384
"""How many classes of items are remembered for tests of the same attributes."""

_FAR = 1 << (WORD - 3 - MOST.bit_length())
"""What no amount of a single item may reach, so that all of them fit into a field."""


class UnpackableError(Exception):
    """An item that cannot be added up: an amount is too large, or too fine."""


class _Decoder(Protocol):
    """Reads a leaf out of a total."""

    def value(self, total: int, scenario: Scenario) -> Truth: ...

    def seen(self, total: int) -> Observation: ...

    @property
    def mask(self) -> int:
        """The bits that decide its value."""
        ...

    @property
    def fields(self) -> int:
        """The bits that what was seen rests on."""
        ...


class Kinds:
    """The leaves of a pack on one day. To be used from one thread.

    `rest` are the numbers of the leaves that have to be folded. `facts` says which facts a
    profile's scalars are looked up by, `lists` which lists are added up.
    """

    def __init__(
        self,
        leaves: Sequence[Leaf],
        vocabulary: Vocabulary,
        as_of: datetime.date,
        numbers: Sequence[int],
    ) -> None:
        self.layout = Layout()
        self.quotes = self.layout.bits(WORD)
        self.decoders: dict[int, _Decoder] = {}
        self.facts: dict[tuple[str, ...], list[int]] = {}
        self.judgements: dict[str, Bits] = {}
        self.rest: tuple[int, ...] = ()
        self._leaves = leaves
        self._vocabulary = vocabulary
        bare = Profile("", {}, {}, {})
        self._folds = {scenario: Fold(vocabulary, bare, as_of, scenario) for scenario in Scenario}
        self._as_of = as_of
        self.lists: dict[str, ItemKinds] = {}
        rest = []
        # what is set comes first: a small number is quicker to add than a large one
        for number in sorted(numbers, key=lambda one: isinstance(leaves[one], Quantifier)):
            decoder = self._decoder(leaves[number])
            if decoder is None:
                rest.append(number)
                decoder = _Set(self.layout.bits(2), self.layout.bits(2))
            self.decoders[number] = decoder
            if isinstance(leaves[number], Comparison) and number not in rest:
                self.facts.setdefault(_facts_of(leaves[number]), []).append(number)
        self.rest = tuple(rest)

    def value(self, number: int, total: int, scenario: Scenario) -> Truth:
        """The value of a leaf in a total that `Layout.bias` is in."""
        return self.decoders[number].value(total, scenario)

    def read(self, number: int) -> tuple[str, ...]:
        """The facts that a leaf reads, beside lists."""
        leaf = self._leaves[number]
        return _facts_of(leaf) if isinstance(leaf, Comparison) else ()

    def given(self, number: int, now: Truth, then: Truth) -> int:
        """What a leaf of `rest` adds."""
        decoder = self.decoders[number]
        assert isinstance(decoder, _Set)
        assert decoder.then is not None
        return (now << decoder.now.offset) | (then << decoder.then.offset)

    def of_facts(self, names: tuple[str, ...], values: Mapping[str, Value]) -> int:
        """What these facts add, each left out of `values` where it is not known."""
        profile = Profile("", values, {}, {})
        fold = Fold(self._vocabulary, profile, self._as_of, Scenario.NOW)
        total = 0
        with decimal.localcontext(EXACT):
            for number in self.facts.get(names, ()):
                decoder = self.decoders[number]
                assert isinstance(decoder, _Set)
                total |= fold.leaf(self._leaves[number]).value << decoder.now.offset
        return total

    def of_judgement(self, name: str, decided: bool | None) -> int:
        """What a decision adds."""
        value = Truth.UNKNOWN if decided is None else Truth.MET if decided else Truth.UNMET
        place = self.judgements.get(name)
        return 0 if place is None else value << place.offset

    def observation(self, number: int, total: int, values: Mapping[str, Value]) -> Observation:
        """What is seen now at a leaf that is not of `rest`; `values` are the facts it reads."""
        leaf = self._leaves[number]
        if isinstance(leaf, Comparison):
            profile = Profile("", values, {}, {})
            return Fold(self._vocabulary, profile, self._as_of, Scenario.NOW).leaf(leaf)
        return self.decoders[number].seen(total)

    # -- leaves -----------------------------------------------------------------------

    def _decoder(self, leaf: Leaf) -> _Decoder | None:
        match leaf:
            case Comparison():
                if not _facts_of(leaf):
                    return _Fixed(self._folds[Scenario.NOW].leaf(leaf).value)
                return _Set(self.layout.bits(2))
            case Decision():
                place = self.judgements.setdefault(leaf.name, self.layout.bits(2))
                return _Set(place)
            case Undecidable():
                return _Fixed(Truth.UNKNOWN)
            case Nothing():
                return _Fixed(Truth.MET)
            case Quantifier():
                return self._quantifier(leaf)
        return None

    def _quantifier(self, leaf: Quantifier) -> _Decoder | None:
        if any(not isinstance(name, str) for name in read(leaf.where)):
            return None  # it reads facts of the profile as well
        of = self._vocabulary.facts[leaf.list]
        assert isinstance(of, ListFact)
        place = self.lists.get(leaf.list)
        if place is None:
            place = self.lists[leaf.list] = ItemKinds(of, self._folds, self.layout.bits(1))
        if isinstance(leaf.measure, Cover):
            return None if leaf.measure.distinct else place.cover(self.layout, leaf, leaf.measure)
        bound = leaf.bound
        if not isinstance(bound, Literal) or leaf.operator not in _BOUNDS:
            return None
        if not isinstance(bound.value, int | Decimal):
            return None
        try:
            match leaf.measure.kind:
                case "count":
                    return place.count(self.layout, leaf, Decimal(bound.value))
                case "sum":
                    return place.sum(self.layout, leaf, leaf.measure, Decimal(bound.value))
                case "mean":
                    return place.mean(self.layout, leaf, leaf.measure, Fraction(bound.value))
        except OverflowError:
            return None
        return None


def _facts_of(leaf: Leaf) -> tuple[str, ...]:
    """The facts that a comparison reads, each once."""
    assert isinstance(leaf, Comparison)
    names = {leaf.fact: None}
    if isinstance(leaf.operand, Reference):
        names[leaf.operand.name] = None
    names.pop(AS_OF, None)
    return tuple(names)


# -- what a total says of a leaf ------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Fixed:
    """The same for every student."""

    always: Truth
    mask: int = 0
    fields: int = 0

    def value(self, total: int, scenario: Scenario) -> Truth:
        return self.always

    def seen(self, total: int) -> Observation:
        return Observation(self.always)


@dataclass(frozen=True, slots=True)
class _Set:
    """A value that is set; `then` where it may be another one when projected."""

    now: Bits
    then: Bits | None = None
    fields: int = 0

    @property
    def mask(self) -> int:
        return self.now.mask | (self.then.mask if self.then else 0)

    def value(self, total: int, scenario: Scenario) -> Truth:
        place = self.then if self.then and scenario is Scenario.PROJECTED else self.now
        return Truth(place.of(total))

    def seen(self, total: int) -> Observation:
        return Observation(Truth(self.now.of(total)))


@dataclass(frozen=True, slots=True)
class _Pair:
    """A bound, asked of what is certain and of what is possible."""

    certain: Counter
    possible: Counter

    @property
    def mask(self) -> int:
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
class _Count:
    operator: str
    bound: Decimal
    partial: Bits
    pairs: Mapping[Scenario, _Pair]

    @property
    def mask(self) -> int:
        return self.partial.mask | _masks(self.pairs.values())

    @property
    def fields(self) -> int:
        return self.pairs[Scenario.NOW].certain.field

    def value(self, total: int, scenario: Scenario) -> Truth:
        value = self.pairs[scenario].value(total, self.partial.of(total))
        return _turned(value, self.operator)

    def seen(self, total: int) -> Observation:
        number = self.pairs[Scenario.NOW].certain.of(total)
        value = self.value(total, Scenario.NOW)
        return Observation(value, observed=number, needed=self.bound)


def _mask(place: Counter | None) -> int:
    return 0 if place is None else place.mask


def _any(place: Counter | None, total: int) -> bool:
    return place is not None and place.reached(total)


@dataclass(frozen=True, slots=True)
class _Ends:
    """The two ends of a sum, and how many items leave each end open."""

    low: Amount
    high: Amount
    bottomless: Counter | None
    endless: Counter | None

    @property
    def mask(self) -> int:
        return self.low.mask | self.high.mask | _mask(self.bottomless) | _mask(self.endless)


@dataclass(frozen=True, slots=True)
class _Summed:
    operator: str
    bound: Decimal
    partial: Bits
    falls: bool
    rises: bool
    ends: Mapping[Scenario, _Ends]

    @property
    def mask(self) -> int:
        return self.partial.mask | _masks(self.ends.values())

    @property
    def fields(self) -> int:
        now = self.ends[Scenario.NOW]
        return now.low.field | _mask(now.bottomless) | self.partial.mask

    def value(self, total: int, scenario: Scenario) -> Truth:
        ends = self.ends[scenario]
        partial = bool(self.partial.of(total))
        value = Truth.UNMET
        if ends.low.reached(total) and self._grounded(ends, total):
            value = Truth.MET
        elif ends.high.reached(total) or _any(ends.endless, total) or (partial and self.rises):
            value = Truth.UNKNOWN
        return _turned(value, self.operator)

    def _grounded(self, ends: _Ends, total: int) -> bool:
        """Whether there is a least that the sum may be."""
        partial = bool(self.partial.of(total))
        return not (_any(ends.bottomless, total) or (partial and self.falls))

    def seen(self, total: int) -> Observation:
        ends = self.ends[Scenario.NOW]
        value = self.value(total, Scenario.NOW)
        least = None
        if self._grounded(ends, total):
            least = shown(Decimal(ends.low.of(total)).scaleb(-_PLACES))
        return Observation(value, observed=least, needed=self.bound)


@dataclass(frozen=True, slots=True)
class _Average:
    """A mean by its distance from the bound, which needs no division."""

    weights: Amount
    total: Amount
    above: Amount
    uncertain: Counter

    @property
    def mask(self) -> int:
        return self.weights.mask | self.above.mask | self.uncertain.mask


@dataclass(frozen=True, slots=True)
class _Mean:
    operator: str
    bound: Fraction
    partial: Bits
    averages: Mapping[Scenario, _Average]

    @property
    def mask(self) -> int:
        return self.partial.mask | _masks(self.averages.values())

    @property
    def fields(self) -> int:
        now = self.averages[Scenario.NOW]
        both = now.weights.field | now.total.field
        return both | now.uncertain.field | self.partial.mask

    def value(self, total: int, scenario: Scenario) -> Truth:
        found = self.averages[scenario]
        if not self._known(found, total):
            return Truth.UNKNOWN
        reached = Truth.MET if found.above.reached(total) else Truth.UNMET
        return _turned(reached, self.operator)

    def _known(self, found: _Average, total: int) -> bool:
        open_ended = self.partial.of(total) or found.uncertain.reached(total)
        return not open_ended and found.weights.reached(total)

    def seen(self, total: int) -> Observation:
        found = self.averages[Scenario.NOW]
        value = self.value(total, Scenario.NOW)
        needed = Decimal(self.bound.numerator) / Decimal(self.bound.denominator)
        if not self._known(found, total):
            return Observation(value, needed=needed)
        mean = Fraction(found.total.of(total), found.weights.of(total) * _UNIT)
        return Observation(value, observed=shown(mean), needed=needed)


@dataclass(frozen=True, slots=True)
class _Covered:
    cover: Cover
    partial: Bits
    values: Mapping[Scenario, tuple[_Pair, ...]]

    @property
    def mask(self) -> int:
        return self.partial.mask | _masks(one for pairs in self.values.values() for one in pairs)

    @property
    def fields(self) -> int:
        return self.mask

    def value(self, total: int, scenario: Scenario) -> Truth:
        return min(self._each(total, scenario))

    def _each(self, total: int, scenario: Scenario) -> list[Truth]:
        partial = self.partial.of(total)
        return [pair.value(total, partial) for pair in self.values[scenario]]

    def seen(self, total: int) -> Observation:
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


# -- what an item adds ----------------------------------------------------------------

_Found = TypeVar("_Found")


@dataclass(slots=True)
class _Adds:
    """What an item adds to the quantities that rest on one test, in one scenario.

    `met` is for an item that counts, `maybe` for one that may; `more` works out the amounts.
    """

    leaf: Quantifier
    scenario: Scenario
    met: int = 0
    maybe: int = 0
    more: list[Callable[[Item, Truth], int]] = field(default_factory=list)
    reads: dict[str, None] = field(default_factory=dict)


@dataclass(slots=True)
class _Family:
    """Quantities that rest on the same attributes, and what is known of those together."""

    key: Callable[[Mapping[str, object]], object]
    adds: list[_Adds] = field(default_factory=list)
    known: dict[object, int] = field(default_factory=dict)


class ItemKinds:
    """A list of a profile: its quantities, and what each kind of item adds to them.

    `partial` is set where the items stated are not all there are.
    """

    def __init__(self, of: ListFact, folds: Mapping[Scenario, Fold], partial: Bits) -> None:
        self.of = of
        self.partial = partial
        self._folds = folds
        moving = of.states is not None and of.states.in_progress
        self._scenarios = tuple(Scenario) if moving else (Scenario.NOW,)
        self._adds: dict[tuple[ItemTest, bool, Scenario], _Adds] = {}
        self._reads = dict.fromkeys(always_read(of))
        self._tests: dict[str, dict[ItemComparison, None]] = {}
        self._whole: set[str] = set()
        if of.states is not None:
            self._whole.add(of.states.attribute)

    @property
    def reads(self) -> tuple[str, ...]:
        """The attributes that decide what an item adds."""
        return tuple(self._reads)

    def told(self, name: str, item: Item) -> object:
        """What the rules can tell of an attribute: equal for values that are treated alike."""
        if name in self._whole:
            return part(self.of, item, name)
        fold = self._folds[Scenario.NOW]
        with decimal.localcontext(EXACT):
            told = [fold.tested(test, self.of, item) for test in self._tests.get(name, ())]
            if name in (self.of.dated_by, self.of.interval and self.of.interval.start):
                told.append(fold.happened(self.of, item))
        return tuple(told)

    def added(self, item: Item, classes: Mapping[str, object]) -> int:
        """What an item adds. Raises `UnpackableError`.

        `classes` has something for each of `reads`, the same for the same that is `told`.
        """
        total = 0
        for family in self._families:
            key = family.key(classes)
            found = family.known.get(key)
            if found is None:
                if len(family.known) >= _KNOWN:
                    family.known.clear()
                with decimal.localcontext(EXACT):
                    found = family.known[key] = sum(self._adding(family, item))
            total += found
        return total

    def _adding(self, family: _Family, item: Item) -> Iterator[int]:
        for one in family.adds:
            value = self._folds[one.scenario].item(one.leaf, item)
            if value is not Truth.UNMET:
                yield one.met if value is Truth.MET else one.maybe
                yield from (work(item, value) for work in one.more)

    @cached_property
    def _families(self) -> tuple[_Family, ...]:
        found: dict[tuple[str, ...], _Family] = {}
        for one in self._adds.values():
            names = tuple(name for name in self._reads if name in one.reads)
            if names not in found:
                # of a list that has neither states nor days a test may read nothing
                found[names] = _Family(operator.itemgetter(*names) if names else _nothing)
            found[names].adds.append(one)
        return tuple(found.values())

    # -- quantities -------------------------------------------------------------------

    def count(self, layout: Layout, leaf: Quantifier, bound: Decimal) -> _Count:
        """A number of items."""
        least = _least(bound, leaf.operator)

        def pair(scenario: Scenario) -> _Pair:
            return self._pair(layout, self._for(leaf, scenario), least)

        return _Count(leaf.operator, bound, self.partial, self._each(pair))

    def sum(self, layout: Layout, leaf: Quantifier, what: Measure, bound: Decimal) -> _Summed:
        """An amount of items."""
        fact = self.of.attributes[what.attribute or ""]
        assert isinstance(fact, Fact)
        least = _least(bound * _UNIT, leaf.operator)
        self._whole.add(fact.name)
        self._reads[fact.name] = None

        def ends(scenario: Scenario) -> _Ends:
            found = _Ends(
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
                        total += _exact(end, _UNIT) << place.offset
                    elif open_ended is not None:
                        total += 1 << open_ended.offset
                return total

            adds = self._for(leaf, scenario)
            adds.more.append(work)
            adds.reads[fact.name] = None
            return found

        falls = fact.minimum is None or fact.minimum < 0
        rises = fact.maximum is None or fact.maximum > 0
        return _Summed(leaf.operator, bound, self.partial, falls, rises, self._each(ends))

    def mean(
        self, layout: Layout, leaf: Quantifier, what: Measure, bound: Fraction
    ) -> _Mean | None:
        """A mean of items; None where its weights may be negative."""
        fact = self.of.attributes[what.attribute or ""]
        assert isinstance(fact, Fact)
        if what.weight is not None:
            weight = self.of.attributes[what.weight]
            assert isinstance(weight, Fact)
            if weight.minimum is None or weight.minimum < 0:
                return None
        averaged = [name for name in (what.attribute, what.weight) if name is not None]
        self._whole.update(averaged)
        self._reads.update(dict.fromkeys(averaged))
        over = leaf.operator in ("more_than", "at_most")

        def average(scenario: Scenario) -> _Average:
            found = _Average(
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
                weighs = _exact(Decimal(weight), _UNIT)
                brings = _exact(Decimal(number or 0) * Decimal(weight), _UNIT * _UNIT)
                distance = brings * bound.denominator - weighs * _UNIT * bound.numerator
                if abs(distance) >= _FAR:
                    raise UnpackableError
                total: int = weighs << found.weights.offset
                total += brings << found.total.offset
                total += distance << found.above.offset
                return total

            adds = self._for(leaf, scenario)
            adds.more.append(work)
            adds.reads.update(dict.fromkeys(averaged))
            return found

        return _Mean(leaf.operator, bound, self.partial, self._each(average))

    def cover(self, layout: Layout, leaf: Quantifier, wanted: Cover) -> _Covered:
        """Values that some item must have, each."""
        fact = self.of.attributes[wanted.attribute]
        assert isinstance(fact, Fact)
        operator = "includes" if fact.many else "is"
        self._whole.add(fact.name)
        self._reads[fact.name] = None

        def pairs(scenario: Scenario) -> tuple[_Pair, ...]:
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

        return _Covered(wanted, self.partial, self._each(pairs))

    def _each(self, make: Callable[[Scenario], _Found]) -> dict[Scenario, _Found]:
        """One for each scenario; the same one where the list has only one."""
        made = {scenario: make(scenario) for scenario in self._scenarios}
        return {scenario: made.get(scenario, made[Scenario.NOW]) for scenario in Scenario}

    def _pair(self, layout: Layout, adds: _Adds, least: int) -> _Pair:
        pair = _Pair(layout.counter(least), layout.counter(least))
        adds.maybe += 1 << pair.possible.offset
        adds.met += (1 << pair.possible.offset) + (1 << pair.certain.offset)
        return pair

    def _for(self, leaf: Quantifier, scenario: Scenario) -> _Adds:
        key = (leaf.where, leaf.every_state, scenario)
        found = self._adds.get(key)
        if found is None:
            names = [name for name in read(leaf.where) if isinstance(name, str)]
            reads = dict.fromkeys([*always_read(self.of), *names])
            found = self._adds[key] = _Adds(leaf, scenario, reads=reads)
            self._note(leaf.where)
        return found

    def _note(self, test: ItemTest) -> None:
        """Note what a test reads, and whether it can tell values apart one by one."""
        match test:
            case ItemComparison(operand=Reference(scope="item")):
                self._whole.update(name for name in read(test) if isinstance(name, str))
            case ItemComparison():
                self._tests.setdefault(test.attribute, {})[test] = None
            case ItemGroup():
                for child in test.children:
                    self._note(child)
            case ItemQuantifier():
                self._whole.update(name for name in read(test) if isinstance(name, str))
        self._reads.update(dict.fromkeys(name for name in read(test) if isinstance(name, str)))


def _nothing(classes: Mapping[str, object]) -> object:
    return None


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
