"""What kinds of items add to the quantities of a list, by as little of an item as decides it.

Tests that look at the same attributes make a *family*. What an item adds to the quantities of
a family rests on a few *classes*, one of each of these attributes, so there are much fewer
cases than kinds of items, and each is worked out once.
"""

from __future__ import annotations

import operator
from array import array
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np

from eligibility.conditions import ItemComparison, Quantifier
from eligibility.facts import Item, Items
from eligibility.patterns.arrays import Integers
from eligibility.patterns.compared import Compared
from eligibility.patterns.layout import WORD, Layout
from eligibility.truth import Truth
from eligibility.values import Value

__all__ = [
    "HAPPENED",
    "Adds",
    "Attribute",
    "Comparing",
    "Counting",
    "Family",
    "Joining",
    "Joint",
    "Member",
    "Slice",
    "Summing",
    "Test",
    "UnpackableError",
    "Working",
]

KNOWN = 16_384
"""How many cases of a family, and of a test, are remembered."""

_ROOM = 4 << 20
"""How many bytes the cases of a family may take."""

_OBJECT = 160
"""Bytes of a case, beside its words."""

_CLASS = 500
"""Bytes of a class of values."""

HAPPENED = "happened"
"""Stands for the test whether the day of an item has come."""

Comparing = ItemComparison | str


class UnpackableError(Exception):
    """An item that cannot be added up: an amount is too large, or too fine."""


@dataclass(slots=True)
class Adds:
    """What an item adds to the quantities that rest on one test, in one scenario.

    `met` is for an item that counts, `maybe` for one that may; `amounts` works out what is
    summed. `counters` and `sums` are the bits of the fields of both.
    """

    met: int = 0
    maybe: int = 0
    amounts: list[Callable[[Item, Truth], int]] = field(default_factory=list)
    counters: int = 0
    sums: int = 0


@dataclass(slots=True)
class Test:
    """A test, what it adds by scenario, and the number for what it came to by what it sees.

    `numbers` are the attributes that amounts rest on.
    """

    leaf: Quantifier
    adds: tuple[Adds, ...]
    numbers: dict[str, None] = field(default_factory=dict)
    known: dict[object, int] = field(default_factory=dict)

    def values(self, number: int) -> tuple[Truth, ...]:
        """What such a number stands for: a value for each scenario."""
        if len(self.adds) == 1:
            return (Truth(number),)
        now, then = divmod(number, 3)
        return (Truth(now), Truth(then))


@dataclass(slots=True)
class Joint:
    """Several tests of an item, and what it adds by what all of them come to.

    `works` has for each scenario what works that out; `fields` are the bits of all that it
    adds to, `numbers` the attributes that amounts rest on.
    """

    tests: tuple[Test, ...]
    works: tuple[Callable[[Item, Sequence[Truth]], int], ...]
    fields: int
    numbers: tuple[str, ...]
    known: dict[object, int] = field(default_factory=dict)

    def values(self, number: int) -> list[tuple[Truth, ...]]:
        """What such a number stands for: a value of each test, for each scenario."""
        each = []
        for test in self.tests:
            number, one = divmod(number, 9)
            each.append(test.values(one))
        return [*zip(*each, strict=True)]


class Attribute:
    """The classes of the values of an attribute: values of one class are treated alike.

    `tests` are those that compare it. `numbers` has the classes by what is told of them.
    """

    def __init__(
        self, name: str, tests: Sequence[Comparing], compared: Compared[Comparing, bytes]
    ) -> None:
        self.name = name
        self.tests = tuple(tests)
        self._places = {test: place for place, test in enumerate(tests)}
        self._compared = compared
        self.numbers: dict[object, int] = {}
        self._typed: list[tuple[Mapping[str, Value], Mapping[str, Items]]] = []
        self._slices: list[Slice] = []

    def truths(self, item: Item, evaluate: Callable[[Comparing], Truth]) -> bytes:
        """What each comparison of an item with this attribute comes to."""
        return self._compared.of(item.values.get(self.name), evaluate)

    def add(self, told: object, item: Item, truths: bytes) -> int:
        """A number for a class that is new, which is known by what is `told` of it."""
        number = self.numbers[told] = len(self._typed)
        values, lists, name = item.values, item.lists, self.name
        self._typed.append(
            (
                {name: values[name]} if name in values else {},
                {name: lists[name]} if name in lists else {},
            )
        )
        for one in self._slices:
            one.add(number, truths)
        return number

    def slice(self, tests: Iterable[Comparing], whole: bool) -> Slice:
        """The part of each class that some tests look at, and the class itself where `whole`."""
        places = tuple(self._places[test] for test in tests)
        for one in self._slices:
            if (one.places, one.whole) == (places, whole):
                return one
        found = Slice(places, whole)
        self._slices.append(found)
        return found

    @property
    def taken(self) -> int:
        """How many bytes the classes take."""
        return len(self._typed) * _CLASS

    def forget(self) -> None:
        """Forget all classes, and their numbers."""
        self.numbers.clear()
        self._typed.clear()
        for one in self._slices:
            one.forget()

    def typed(self, number: int) -> tuple[Mapping[str, Value], Mapping[str, Items]]:
        """A value of a class, as the rules see it."""
        return self._typed[number]


class Slice:
    """What some tests see of the classes of an attribute: `numbers` by the number of the class.

    `seen` has for each of these numbers the values of the tests, and the class if the tests
    look at more than these.
    """

    def __init__(self, places: tuple[int, ...], whole: bool) -> None:
        self.places = places
        self.whole = whole
        self.numbers = array("q")
        self.seen: list[tuple[int, ...]] = []
        self._known: dict[tuple[int, ...], int] = {}

    def add(self, number: int, truths: bytes) -> None:
        """Take note of the class that comes next."""
        seen = tuple([truths[place] for place in self.places])
        if self.whole:
            seen = (*seen, number)
        found = self._known.get(seen)
        if found is None:
            found = self._known[seen] = len(self.seen)
            self.seen.append(seen)
        self.numbers.append(found)

    def forget(self) -> None:
        """Forget all classes."""
        self.numbers = array("q")
        self.seen.clear()
        self._known.clear()


class Member:
    """A test as one of a family.

    `sees` takes what the test looks at out of what the family does; `fields` are the bits of
    all that it adds to.
    """

    def __init__(self, test: Test | Joint, sees: Sequence[int], rest: Sequence[int]) -> None:
        self.test = test
        self.sees = _picking(sees)
        self._rest = _picking(rest)
        self._known: dict[object, int] = {}
        self.fields = 0

    def added(self, number: int, flat: Sequence[int], item: Item) -> int:
        """What an item adds for which the test comes to this number."""
        key = (number, self._rest(flat))
        found = self._known.get(key)
        if found is None:
            if len(self._known) >= KNOWN:
                self._known.clear()
            found = self._known[key] = self._worked_out(number, item)
        return found

    def number(self, item: Item, working: Working) -> int:
        """What the test comes to for an item, as a number; 0 where it cannot count."""
        raise NotImplementedError

    def forget(self) -> None:
        """Forget what it came to."""
        self._known.clear()
        self.test.known.clear()

    def _worked_out(self, number: int, item: Item) -> int:
        raise NotImplementedError


class _Single(Member):
    """One test."""

    def __init__(self, test: Test, sees: Sequence[int], rest: Sequence[int]) -> None:
        super().__init__(test, sees, rest)
        self._test = test

    def number(self, item: Item, working: Working) -> int:
        """What the test comes to for an item, as a number; 0 where it cannot count."""
        return working.value(self._test, item)


class Counting(_Single):
    """A test whose items are counted."""

    def __init__(self, test: Test, sees: Sequence[int]) -> None:
        super().__init__(test, sees, ())
        for one in test.adds:
            self.fields |= one.counters

    def _worked_out(self, number: int, item: Item) -> int:
        total = 0
        for value, one in zip(self._test.values(number), self._test.adds, strict=True):
            if value is not Truth.UNMET:
                total += one.met if value is Truth.MET else one.maybe
        return total


class Summing(_Single):
    """A test of whose items amounts are added up, which rest on some more numbers."""

    def __init__(self, test: Test, sees: Sequence[int], rest: Sequence[int]) -> None:
        super().__init__(test, sees, rest)
        for one in test.adds:
            self.fields |= one.sums

    def _worked_out(self, number: int, item: Item) -> int:
        return sum(
            work(item, value)
            for value, one in zip(self._test.values(number), self._test.adds, strict=True)
            if value is not Truth.UNMET
            for work in one.amounts
        )


class Joining(Member):
    """Several tests that are looked at together."""

    def __init__(self, joint: Joint, sees: Sequence[int], rest: Sequence[int]) -> None:
        super().__init__(joint, sees, rest)
        self._joint = joint
        self.fields = joint.fields

    def number(self, item: Item, working: Working) -> int:
        """What the tests come to for an item, as a number; 0 where it cannot count."""
        found = 0
        for test in reversed(self._joint.tests):
            found = 9 * found + working.value(test, item)
        return found

    def _worked_out(self, number: int, item: Item) -> int:
        values = self._joint.values(number)
        return sum(work(item, each) for work, each in zip(self._joint.works, values, strict=True))


def _picking(places: Sequence[int]) -> Callable[[Sequence[int]], object]:
    return operator.itemgetter(*places) if places else _nothing


def _nothing(flat: Sequence[int]) -> object:
    return None


class Family:
    """Tests that look at the same attributes, and what items add to all of them together.

    `parts` has the place of each attribute among the classes of an item, and what is seen of
    it. The words from `first` up to `last` are those that are added to.
    """

    def __init__(
        self, parts: Sequence[tuple[int, Slice]], members: Sequence[Member], layout: Layout
    ) -> None:
        self.parts = tuple(parts)
        self._members = tuple(members)
        self._layout = layout
        fields = 0
        for one in members:
            fields |= one.fields
        self.first = ((fields & -fields).bit_length() - 1) // WORD
        self.last = -(-fields.bit_length() // WORD)
        self.shift = self.first * WORD
        self._width = self.last - self.first
        self._room = _ROOM // (self._width * 8 + _OBJECT)
        self._known: dict[tuple[int, ...], int | None] = {}
        self._cases: dict[tuple[int, ...], int] = {}
        self._rows = array("q")
        self._table: Integers = np.zeros((0, self._width), np.int64)

    def added(self, key: tuple[int, ...], classes: Sequence[int], working: Working) -> int | None:
        """What an item adds, counted from the first word on; None where it cannot be added up.

        `key` has the number of what is seen by each part.
        """
        try:
            return self._known[key]
        except KeyError:
            found = self._worked_out(key, classes, working)
        if len(self._known) >= min(self._room, KNOWN):
            self._known.clear()
        self._known[key] = found
        return found

    def case(self, key: tuple[int, ...], classes: Sequence[int], working: Working) -> int:
        """The row of `table` with the same word by word; -1 where it cannot be added up."""
        found = self._cases.get(key)
        if found is None:
            found = -1
            added = self.added(key, classes, working)
            if added is not None:
                found = len(self._rows) // self._width
                self._rows.extend(self._layout.split(added, self.first, self.last))
            self._cases[key] = found
        return found

    def table(self) -> Integers:
        """An array of 64-bit integers: a row for each case, a column for each word."""
        if self._table.size != len(self._rows):
            self._table = np.array(self._rows, np.int64).reshape(-1, self._width)
        return self._table

    @property
    def taken(self) -> int:
        """How many bytes the cases take."""
        return len(self._cases) * (_OBJECT + 8 * self._width)

    def forget(self) -> None:
        """Forget all cases, and what tests came to for them."""
        self._known.clear()
        self._cases.clear()
        del self._rows[:]
        self._table = self._table[:0]
        for one in self._members:
            one.forget()

    def _worked_out(
        self, key: tuple[int, ...], classes: Sequence[int], working: Working
    ) -> int | None:
        flat: list[int] = []
        for (_, part), place in zip(self.parts, key, strict=True):
            flat += part.seen[place]
        item = None
        total = 0
        for one in self._members:
            sees = one.sees(flat)
            number = one.test.known.get(sees)
            if number is None:
                item = item or working.item(classes)
                number = one.number(item, working)
                if len(one.test.known) >= KNOWN:
                    one.test.known.clear()
                one.test.known[sees] = number
            if number:
                item = item or working.item(classes)
                try:
                    total += one.added(number, flat, item)
                except UnpackableError:
                    return None
        return total >> self.shift


class Working(Protocol):
    """What knows the items of a list."""

    def item(self, classes: Sequence[int]) -> Item:
        """An item of these classes."""
        ...

    def value(self, test: Test, item: Item) -> int:
        """What a test of an item comes to, as the number that the test has for it."""
        ...
