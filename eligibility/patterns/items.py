"""What the items of a list add to a total.

Items that agree in all that the rules read of them are of one *kind*. Quantities that rest on
the same attributes are worked out together, once for each kind, by `eligibility.leaves`.
"""

from __future__ import annotations

import datetime
import decimal
import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from fractions import Fraction
from functools import cached_property
from typing import TypeVar

import numpy as np

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
from eligibility.facts import Item, Items
from eligibility.leaves import EXACT, Fold, Scenario
from eligibility.measures import number_band, points
from eligibility.model import Fact, ListFact
from eligibility.patterns.arrays import Integers
from eligibility.patterns.compared import Compared, literals
from eligibility.patterns.families import (
    HAPPENED,
    Adds,
    Attribute,
    Comparing,
    Counting,
    Family,
    Joining,
    Joint,
    Member,
    Slice,
    Summing,
    Test,
    UnpackableError,
)
from eligibility.patterns.layout import MOST, WORD, Amount, Counter, Layout
from eligibility.patterns.sums import UNIT, Average, Count, Covered, Ends, Mean, Pair, Summed
from eligibility.remembered import always_read, part, read
from eligibility.truth import Truth
from eligibility.values import Absent, Value

__all__ = ["ItemKinds", "UnpackableError", "exact", "least_of"]

_FAR = 1 << (WORD - 3 - MOST.bit_length())
"""What no amount of a single item may reach, so that all of them fit into a field."""


_CODES = 1 << 62
"""What the numbers for what is seen of items may not reach."""

_Looks = dict[str, dict[Comparing | None, None]]
"""The comparisons with each attribute that a test rests on; None where it takes all of it."""

_Found = TypeVar("_Found")


class ItemKinds:
    """A list of a profile: its quantities, and what each kind of item adds to them.

    A kind is told by a number for each of the attributes that it `reads`: that of a class of
    values that are treated alike. `partial` is set where the items stated are not all there
    are.
    """

    def __init__(
        self,
        of: ListFact,
        folds: Mapping[Scenario, Fold],
        as_of: datetime.date,
        layout: Layout,
    ) -> None:
        self.of = of
        self.partial = layout.counter(1)
        self._folds = folds
        self._as_of = as_of
        self._layout = layout
        moving = of.states is not None and of.states.in_progress
        self._scenarios = tuple(Scenario) if moving else (Scenario.NOW,)
        self._tests: dict[tuple[ItemTest, bool], Test] = {}
        self._joints: list[Joint] = []
        self._reads = dict.fromkeys(always_read(of))
        self._compared: dict[str, dict[Comparing, None]] = {}
        # attributes of which each value may count for itself
        self._whole: set[str] = set()
        if of.states is not None:
            self._whole.add(of.states.attribute)
        start = of.interval.start if of.interval is not None else None
        self._dated = [name for name in (of.dated_by, start) if name is not None]
        for name in self._dated:
            self._compared[name] = {HAPPENED: None}

    @property
    def reads(self) -> tuple[str, ...]:
        """The attributes that decide what an item adds."""
        return tuple(self._reads)

    @cached_property
    def words(self) -> tuple[int, int]:
        """The first word that items add to, and the one behind the last."""
        _, families = self._placed
        first = min((one.first for one in families), default=0)
        return first, max((one.last for one in families), default=first)

    def told(self, name: str, item: Item) -> tuple[object, ...]:
        """What the rules can tell of an attribute: equal for values that are treated alike."""
        if name in self._whole:
            return (part(self.of, item, name),)
        return (self._truths(self._placed[0][name], item),)

    def number(self, name: str, item: Item, most: int) -> int:
        """The number of the class of an attribute's value.

        Raises `UnpackableError` for a class beyond so many.
        """
        return self._number(self._placed[0][name], self.told(name, item), item, most)

    def added(self, item: Item, told: Mapping[str, tuple[object, ...]]) -> int:
        """What an item adds; `told` is that of each attribute it `reads`.

        Raises `UnpackableError`.
        """
        attributes, _ = self._placed
        return self.total([self._number(one, told[name], item) for name, one in attributes.items()])

    def total(self, classes: Sequence[int]) -> int:
        """What an item adds of which the values are of these classes, in the order of `reads`.

        Raises `UnpackableError`.
        """
        total = 0
        for family in self._placed[1]:
            key = tuple([one.numbers[classes[at]] for at, one in family.parts])
            added = family.added(key, classes, self)
            if added is None:
                raise UnpackableError
            total += added << family.shift
        return total

    def cases(self, classes: Integers) -> Integers:
        """What many items add, as a row of each of the `tables`, or -1 where that is not known.

        `classes` is an array with a row for each item and a column for each attribute that is
        read, and so is what comes back, with a column for each table. An item with a -1 cannot
        be added up.
        """
        families = self._placed[1]
        found: Integers = np.zeros((len(classes), len(families)), np.int64)
        for number, family in enumerate(families if len(classes) else ()):
            seen = [
                np.frombuffer(one.numbers, np.int64)[classes[:, at]] for at, one in family.parts
            ]
            codes = np.zeros(len(classes), np.int64)
            size = 1
            for column in seen:
                most = int(np.max(column)) + 1
                if size * most >= _CODES:
                    codes = np.unique(codes, return_inverse=True)[1]
                    size = len(classes)
                codes = codes * most + column
                size *= most
            _, first, inverse = np.unique(codes, return_index=True, return_inverse=True)
            keys = [*zip(*(column[first].tolist() for column in seen), strict=True)] or [()]
            alike = zip(keys, classes[first].tolist(), strict=True)
            made = [family.case(key, like, self) for key, like in alike]
            found[:, number] = np.array(made, np.int64)[inverse]
        return found

    def tables(self) -> list[tuple[int, int, Integers]]:
        """What cases add: the first word, the one behind the last, and a row for each case.

        Rows are 64-bit integers; those that are there stay as they are until `forget`.
        """
        return [(one.first, one.last, one.table()) for one in self._placed[1]]

    @property
    def taken(self) -> int:
        """About how many bytes the classes and the cases take."""
        attributes, families = self._placed
        classes = sum(one.taken for one in attributes.values())
        return classes + sum(one.taken for one in families)

    def forget(self) -> None:
        """Forget all classes and cases: the numbers for them stand for nothing from now on."""
        attributes, families = self._placed
        for attribute in attributes.values():
            attribute.forget()
        for family in families:
            family.forget()

    def item(self, classes: Sequence[int]) -> Item:
        """An item of these classes."""
        values: dict[str, Value] = {}
        lists: dict[str, Items] = {}
        for number, one in zip(classes, self._placed[0].values(), strict=True):
            some, more = one.typed(number)
            values.update(some)
            lists.update(more)
        return Item("/0", values, lists)

    def value(self, test: Test, item: Item) -> int:
        """Whether an item counts for a test, in each scenario, as a number of the test."""
        with decimal.localcontext(EXACT):
            now = self._folds[Scenario.NOW].item(test.leaf, item)
            if len(self._scenarios) == 1:
                return now
            states = self.of.states
            state = None if states is None else item.values.get(states.attribute)
            if states is not None and state is not None and state not in states.in_progress:
                return 3 * now + now
            return 3 * now + self._folds[Scenario.PROJECTED].item(test.leaf, item)

    def _number(
        self, of: Attribute, told: tuple[object, ...], item: Item, most: int = _CODES
    ) -> int:
        found = of.numbers.get(told)
        if found is not None:
            return found
        if len(of.numbers) >= most:
            raise UnpackableError
        return of.add(told, item, self._truths(of, item))

    def _truths(self, of: Attribute, item: Item) -> bytes:
        fold = self._folds[Scenario.NOW]

        def evaluate(test: Comparing) -> Truth:
            if isinstance(test, ItemComparison):
                return fold.tested(test, self.of, item)
            return fold.happened(self.of, item)

        with decimal.localcontext(EXACT):
            return of.truths(item, evaluate)

    @cached_property
    def _placed(self) -> tuple[dict[str, Attribute], tuple[Family, ...]]:
        """What is read, and the tests by what they look at, once all quantities are there."""
        attributes = {name: self._attribute(name) for name in self._reads}
        alike: dict[tuple[bool, frozenset[str]], list[tuple[Test, _Looks]]] = {}
        for test in self._tests.values():
            looks = self._looks(test.leaf.where)
            if any(one.counters for one in test.adds):
                alike.setdefault((False, frozenset(looks)), []).append((test, looks))
            if any(one.sums for one in test.adds):
                names = frozenset([*looks, *test.numbers])
                alike.setdefault((True, names), []).append((test, looks))
        families = [
            self._family(attributes, names, tests, sums=sums)
            for (sums, names), tests in alike.items()
        ]
        for joint in self._joints:
            looks = self._together([self._looks(test.leaf.where) for test in joint.tests])
            names = frozenset([*looks, *joint.numbers])
            families.append(self._family(attributes, names, [(joint, looks)], sums=True))
        return attributes, tuple(families)

    def _attribute(self, name: str) -> Attribute:
        tests = [*self._compared.get(name, ())]
        named = [
            literals(one.operator, one.operand, one.completed, self._as_of)
            if isinstance(one, ItemComparison)
            else (self._as_of,)
            for one in tests
        ]
        return Attribute(name, tests, Compared([*zip(tests, named, strict=True)], bytes))

    def _looks(self, where: ItemTest) -> _Looks:
        """What a test looks at."""
        found: _Looks = {}
        if self.of.states is not None:
            found[self.of.states.attribute] = {None: None}
        for name in self._dated:
            found.setdefault(name, {})[HAPPENED] = None
        tests = [where]
        while tests:
            match tests.pop():
                case ItemComparison(operand=Reference(scope="item")) | ItemQuantifier() as test:
                    for name in _names(test):
                        found.setdefault(name, {})[None] = None
                case ItemComparison() as test:
                    found.setdefault(test.attribute, {})[test] = None
                case ItemGroup(children=children):
                    tests.extend(children)
        return found

    @staticmethod
    def _together(every: Iterable[_Looks]) -> _Looks:
        """What any of several tests looks at."""
        found: _Looks = {}
        for looks in every:
            for name, each in looks.items():
                found.setdefault(name, {}).update(each)
        return found

    def _family(
        self,
        attributes: Mapping[str, Attribute],
        names: frozenset[str],
        tests: Sequence[tuple[Test | Joint, _Looks]],
        *,
        sums: bool,
    ) -> Family:
        parts: list[tuple[int, Slice]] = []
        places: dict[tuple[str, Comparing | None], int] = {}
        for at, (name, attribute) in enumerate(attributes.items()):
            if name not in names:
                continue
            seen = {one for _, looks in tests for one in looks.get(name, ())}
            if sums and any(name in test.numbers for test, _ in tests):
                seen.add(None)
            compared = [one for one in attribute.tests if one in seen]
            parts.append((at, attribute.slice(compared, None in seen)))
            places |= {(name, one): len(places) + place for place, one in enumerate(compared)}
            if None in seen:
                places[name, None] = len(places)
        members: list[Member] = []
        for test, looks in tests:
            sees = [places[name, one] for name, each in looks.items() for one in each]
            numbers: list[int] = []
            if sums:
                numbers = [places[name, None] for name in test.numbers]
            if isinstance(test, Joint):
                members.append(Joining(test, sees, numbers))
            elif sums:
                members.append(Summing(test, sees, numbers))
            else:
                members.append(Counting(test, sees))
        return Family(parts, members, self._layout)

    # -- quantities -------------------------------------------------------------------

    def count(self, layout: Layout, leaf: Quantifier, bound: Decimal) -> Count:
        """A number of items."""
        least = least_of(bound, leaf.operator)

        def pair(scenario: Scenario) -> Pair:
            return self._pair(layout, self._for(leaf, scenario), least)

        return Count(leaf.operator, bound, self.partial, self._each(pair))

    def sum(self, layout: Layout, leaf: Quantifier, what: Measure, bound: Decimal) -> Summed:
        """An amount of items."""
        fact = self.of.attributes[what.attribute or ""]
        assert isinstance(fact, Fact)
        least = least_of(EXACT.multiply(bound, Decimal(UNIT)), leaf.operator)
        self._add_up(leaf, fact.name)

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
                        total += exact(end, UNIT) << place.offset
                    elif open_ended is not None:
                        total += 1 << open_ended.offset
                return total

            fields = (found.low, found.high, found.bottomless, found.endless)
            self._sum(leaf, scenario, work, fields)
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
            self._add_up(leaf, weight.name)
        self._add_up(leaf, fact.name)
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
                weighs = exact(Decimal(weight), UNIT)
                brings = exact(Decimal(number or 0) * Decimal(weight), UNIT * UNIT)
                distance = brings * bound.denominator - weighs * UNIT * bound.numerator
                if abs(distance) >= _FAR:
                    raise UnpackableError
                total: int = weighs << found.weights.offset
                total += brings << found.total.offset
                total += distance << found.above.offset
                return total

            fields = (found.weights, found.total, found.above, found.uncertain)
            self._sum(leaf, scenario, work, fields)
            return found

        return Mean(leaf.operator, bound, self.partial, self._each(average))

    def cover(self, layout: Layout, leaf: Quantifier, wanted: Cover) -> Covered:
        """Values that some item must have, each."""
        self._whole.add(wanted.attribute)
        self._reads[wanted.attribute] = None
        rows = self.tests(leaf)

        def pairs(scenario: Scenario) -> tuple[Pair, ...]:
            return tuple(self._pair(layout, self._for(one, scenario), 1) for one in rows)

        return Covered(wanted, self.partial, self._each(pairs))

    def tests(self, leaf: Quantifier) -> tuple[Quantifier, ...]:
        """The tests that say whether an item counts: of a cover one for each of its values."""
        if not isinstance(leaf.measure, Cover):
            return (leaf,)
        fact = self.of.attributes[leaf.measure.attribute]
        assert isinstance(fact, Fact)
        operator = "includes" if fact.many else "is"
        tests = [ItemComparison(fact.name, operator, Literal(one)) for one in leaf.measure.values]
        # an item counts for a value when it passes both, in one and the same state
        return tuple(replace(leaf, where=ItemGroup(2, (leaf.where, test))) for test in tests)

    def joint(
        self,
        leaves: Sequence[Quantifier],
        numbers: Sequence[str],
        make: Callable[[Scenario], tuple[_Found, int, Callable[[Item, Sequence[Truth]], int]]],
    ) -> dict[Scenario, _Found]:
        """Have items looked at by several tests together.

        `make` gives for a scenario what is kept of it, the bits of the fields that are added
        to, and what an item adds by what the tests come to. `numbers` are the attributes that
        amounts rest on.
        """
        tests = tuple(self._test(one) for one in leaves)
        for name in numbers:
            self._whole.add(name)
            self._reads[name] = None
        made = {scenario: make(scenario) for scenario in self._scenarios}
        fields = 0
        for _, more, _ in made.values():
            fields |= more
        if fields:
            works = tuple(work for _, _, work in made.values())
            self._joints.append(Joint(tests, works, fields, tuple(numbers)))
        return {scenario: made.get(scenario, made[Scenario.NOW])[0] for scenario in Scenario}

    def _each(self, make: Callable[[Scenario], _Found]) -> dict[Scenario, _Found]:
        """One for each scenario; the same one where the list has only one."""
        made = {scenario: make(scenario) for scenario in self._scenarios}
        return {scenario: made.get(scenario, made[Scenario.NOW]) for scenario in Scenario}

    def _pair(self, layout: Layout, adds: Adds, least: int) -> Pair:
        pair = Pair(layout.counter(least), layout.counter(least))
        adds.maybe += 1 << pair.possible.offset
        adds.met += (1 << pair.possible.offset) + (1 << pair.certain.offset)
        adds.counters |= pair.possible.field | pair.certain.field
        return pair

    def _sum(
        self,
        leaf: Quantifier,
        scenario: Scenario,
        work: Callable[[Item, Truth], int],
        fields: Iterable[Counter | Amount | None],
    ) -> None:
        adds = self._for(leaf, scenario)
        adds.amounts.append(work)
        for one in fields:
            adds.sums |= 0 if one is None else one.field

    def _add_up(self, leaf: Quantifier, name: str) -> None:
        """Take note of an attribute that is added up, so that each of its values counts."""
        self._test(leaf).numbers[name] = None
        self._whole.add(name)
        self._reads[name] = None

    def _for(self, leaf: Quantifier, scenario: Scenario) -> Adds:
        return self._test(leaf).adds[self._scenarios.index(scenario)]

    def _test(self, leaf: Quantifier) -> Test:
        key = (leaf.where, leaf.every_state)
        found = self._tests.get(key)
        if found is None:
            found = self._tests[key] = Test(leaf, tuple(Adds() for _ in self._scenarios))
            self._note(leaf.where)
        return found

    def _note(self, test: ItemTest) -> None:
        """Note what a test reads, and whether it can tell values apart one by one."""
        names = _names(test)
        self._reads.update(dict.fromkeys(names))
        match test:
            case ItemComparison(operand=Reference(scope="item")) | ItemQuantifier():
                self._whole.update(names)
            case ItemComparison():
                self._compared.setdefault(test.attribute, {})[test] = None
            case ItemGroup():
                for child in test.children:
                    self._note(child)


def _names(test: ItemTest) -> list[str]:
    """The attributes that a test reads."""
    return [name for name in read(test) if isinstance(name, str)]


def least_of(bound: Decimal, operator: str) -> int:
    """The whole number from which a bound is passed, or a limit broken."""
    if operator in ("at_least", "less_than"):
        return math.ceil(bound)
    return math.floor(bound) + 1


def exact(amount: Decimal, unit: int) -> int:
    """An amount in such parts of it. Raises `UnpackableError` where that is no whole number."""
    scaled = amount * unit
    whole = int(scaled)
    if whole != scaled or abs(whole) >= _FAR:
        raise UnpackableError
    return whole
