"""What lists add: the kinds of their items, by the classes of what the items state."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from eligibility.facts import Item
from eligibility.model import Declaration, Fact, Kind, ListFact
from eligibility.patterns.arrays import Grown, Integers, numbered
from eligibility.patterns.items import ItemKinds
from eligibility.patterns.kinds import Kinds
from eligibility.patterns.layout import MOST, WORD
from eligibility.patterns.typed import KEY, NotPlainError, Values, is_short, marks, unset

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["PLAIN", "REMEMBERED", "Classes", "Known", "Lists", "NarrowError"]

REMEMBERED = 65_536
"""How many values of a fact or an attribute are remembered."""

_ROOM = 24 << 20
_OBJECT = 250
"""How many bytes the kinds of items of a list may take, and each of those that are looked up."""

_KEY = 62
"""The bits of a key, and less than an integer has."""

_DIRECT = 22
"""The bits of a key by which a table is looked up directly: it has so many entries."""

_OPEN = 3
"""Bits for the classes of an attribute that may have any value, to begin with."""

_MOST = 20
"""The most bits for the classes of an attribute."""


_AT_ONCE = 1 << 17
"""How many integers are added up at once: one megabyte."""


class NarrowError(Exception):
    """An attribute has more classes of values than its place in the key of an item can tell."""


class Known(dict[Any, int]):
    """Numbers of values, of which others are found by calling `find`."""

    def __init__(self, find: Callable[[Any], int]) -> None:
        super().__init__()
        self._find = find

    def __missing__(self, value: Any) -> int:
        return self._find(value)


class Classes:
    """A number for each value of an attribute; the same for values that are treated alike.

    It stands in its place, from `shift` on, in the key of an item. Values that differ in
    quotation marks are not alike. `numbers` looks a value up. It raises `NotPlainError` for one
    that is not allowed, and `NarrowError`.
    """

    def __init__(self, kinds: ItemKinds | None, reader: Values) -> None:
        self.numbers = Known(self._placed)
        self.shift = 0
        self._kinds = kinds
        self._reader = reader
        # the number for what the rules can tell of a class, and its quotation marks
        self.told: list[tuple[int, int]] = []
        self._known: dict[tuple[int, int], int] = {}
        self._read = kinds is not None and reader.fact.name in kinds.reads
        self._keeps = self._read or not reader.endless
        declared = _declared(reader.fact)
        self.width = _OPEN if declared is None else (declared + 1).bit_length()

    def _placed(self, raw: Any) -> int:
        found = self._number(raw) << self.shift
        if self._keeps and is_short(raw):
            if len(self.numbers) >= REMEMBERED:
                self.numbers.clear()
            self.numbers[raw] = found
        return found

    def _number(self, raw: Any) -> int:
        values, lists = self._reader.read(raw)
        number = 0
        if self._kinds is not None and self._read:
            item = Item("/0", values, lists)
            number = self._kinds.number(self._reader.fact.name, item, 1 << _MOST)
        told = (number, marks(raw))
        found = self._known.get(told)
        if found is None:
            found = len(self.told)
            if found >> _MOST:
                raise NotPlainError
            self._known[told] = found
            self.told.append(told)
        if found >> self.width:
            raise NarrowError
        return found

    def of(self, key: Integers) -> Integers:
        """The numbers of the classes in keys."""
        return (key >> self.shift) & ((1 << self.width) - 1)

    def place(self, shift: int) -> None:
        """Make room for all classes, with the number of a class in another place."""
        self.width = max(self.width, len(self.told).bit_length())
        self.shift = shift
        self.numbers.clear()

    def forget(self) -> None:
        """Forget all values."""
        self.numbers.clear()
        self.told.clear()
        self._known.clear()


def _declared(fact: Declaration) -> int | None:
    """How many values an attribute can have; None where that is not known."""
    if not isinstance(fact, Fact) or fact.many:
        return None
    declared = fact.scale.values if fact.scale else fact.values
    if declared is not None:
        return len(declared)
    return 2 if fact.kind is Kind.BOOLEAN else None


_UNPACKABLE = 0
"""The number of all kinds of items that cannot be added up, and what stands in for that."""

PLAIN = 0
"""A list that is stated, and nothing else about it."""


class Lists:
    """What the items of one list add.

    `groups` are the attributes whose classes stand in one key, and `keys` such keys of the
    items of all students of a batch.
    """

    def __init__(
        self, of: ListFact, kinds: Kinds, values: Callable[[Declaration], Values] = Values
    ) -> None:
        self._of = of
        self._kinds = kinds.lists.get(of.name)
        self.classes = {
            name: Classes(self._kinds, values(one)) for name, one in of.attributes.items()
        }
        self.groups: list[list[str]] = []
        self.keys: list[list[int]] = []
        # which row of each of the tables the kinds add, and how many quotation marks
        self._rows = Grown(1 + (0 if self._kinds is None else len(self._kinds.tables())))
        self._known: dict[tuple[int, ...], int] = {}
        self._table: NDArray[np.int32] = np.zeros(0, np.int32)
        # the quotation marks of a list as it is stated, and whether it may be a part only
        self._states: dict[tuple[int, bool], int] = {(KEY, False): PLAIN}
        partial = None if self._kinds is None else self._kinds.partial.offset
        self._partial = None if partial is None else divmod(partial, WORD)
        self.widen()

    def widen(self) -> None:
        """Make room in the keys for the classes of all attributes."""
        self.groups, self.keys = [[]], [[]]
        shift = 0
        for name, classes in self.classes.items():
            classes.place(shift)
            if shift + classes.width > _KEY:
                self.groups.append([])
                self.keys.append([])
                shift = 0
                classes.place(shift)
            self.groups[-1].append(name)
            shift += classes.width
        direct = len(self.keys) == 1 and shift <= _DIRECT
        self._table = np.full(1 << shift if direct else 0, -1, np.int32)
        self._forget_kinds()

    def odd(self, raw: Any) -> tuple[int, tuple[Any, ...]]:
        """How a list is stated that is not just its items, and the items."""
        quotes, partial, items = KEY, True, ()
        if raw is unset():
            quotes, partial = 0, not self._of.complete
        elif raw is not None:
            if type(raw) is tuple or len(raw.items) > MOST:
                raise NotPlainError
            items = raw.items
            partial = raw.complete is False
            quotes += KEY if raw.complete is unset() else 2 * KEY
        return self._states.setdefault((quotes, partial), len(self._states)), items

    def forget(self) -> None:
        """Forget all kinds of items, where they have become too many."""
        taken = len(self._known) * _OBJECT + len(self._rows) * 8 * self._rows.width
        if self._kinds is not None:
            taken += self._kinds.taken
        if taken >= _ROOM or any(len(one.told) >= REMEMBERED for one in self.classes.values()):
            self._forget_kinds()
            for classes in self.classes.values():
                classes.forget()
            if self._kinds is not None:
                self._kinds.forget()

    def _forget_kinds(self) -> None:
        self._known.clear()
        self._table[:] = -1
        self._rows.clear()
        self._rows.add([0] * self._rows.width)

    def add(
        self, states: Integers, counts: Integers, values: Integers, sums: Integers
    ) -> NDArray[np.bool_]:
        """Add what the lists of the students of a batch do, and forget their items.

        Found is for whom that could be told.
        """
        keys = [np.array(one, np.int64) for one in self.keys]
        for one in self.keys:
            one.clear()
        return self.summed(keys, states, counts, values, sums)

    def summed(
        self,
        keys: Sequence[Integers],
        states: Integers,
        counts: Integers,
        values: Integers,
        sums: Integers,
    ) -> NDArray[np.bool_]:
        """The same with the keys of these items."""
        good = np.ones(len(counts), bool)
        some = counts > 0
        if len(keys[0]):
            items = self._found(keys)
            first = (np.cumsum(counts) - counts)[some]
            good[some] = np.minimum.reduceat(items, first) > _UNPACKABLE
            rows = self._rows.all().take(items, axis=0)
            values[0, some] += np.add.reduceat(rows[:, -1], first)
            students = np.flatnonzero(some)
            tables = [] if self._kinds is None else self._kinds.tables()
            for place, (start, end, table) in enumerate(tables):
                if len(table):
                    _add_up(table, rows[:, place], first, sums[start:end], students)
        quotes, partial = np.array([*self._states], np.int64).T
        values[0] += quotes[states]
        if self._partial is not None:
            word, bit = self._partial
            sums[word] += partial[states] << bit
        return good

    def _found(self, keys: Sequence[Integers]) -> Integers:
        """The number of the kind of each item."""
        if len(self._table):
            [key] = keys
            items = self._table[key]
            missing = np.flatnonzero(items == -1)
            if len(missing):
                some, first = np.unique(key[missing], return_index=True)
                self._table[some] = self._learnt(self._classes_of(keys, missing[first]))
                items = self._table[key]
            return items.astype(np.int64)
        first, kind = numbered(keys)
        told = self._classes_of(keys, first)
        every = [*zip(*told.tolist(), strict=True)]
        new = [place for place, one in enumerate(every) if one not in self._known]
        if new:
            numbers = self._learnt(told[:, new]).tolist()
            self._known.update(zip((every[place] for place in new), numbers, strict=True))
        return np.array([self._known[one] for one in every], np.int64)[kind]

    def _classes_of(self, keys: Sequence[Integers], places: Integers) -> Integers:
        """The classes of the items at some places: a row for each attribute."""
        return np.array(
            [
                self.classes[name].of(key[places])
                for key, names in zip(keys, self.groups, strict=True)
                for name in names
            ],
            np.int64,
        ).reshape(len(self.classes), len(places))

    def _learnt(self, told: Integers) -> Integers:
        """The numbers of kinds of items that are new: `told` has a column of classes for each."""
        count = told.shape[1]
        quotes = np.zeros(count, np.int64)
        read = {}
        for numbers, (name, classes) in zip(told, self.classes.items(), strict=True):
            number, marks_of = np.array(classes.told, np.int64).T
            read[name] = number[numbers]
            quotes += marks_of[numbers]
        if self._kinds is None:
            cases = np.zeros((count, 0), np.int64)
        else:
            which = [read[name] for name in self._kinds.reads]
            cases = self._kinds.cases(np.array(which, np.int64).reshape(len(which), count).T)
        found = len(self._rows) + np.arange(count)
        self._rows.extend(np.hstack([cases, quotes[:, None]]))
        found[cases.min(axis=1, initial=0) < 0] = _UNPACKABLE
        return found


def _add_up(
    table: Integers, rows: Integers, first: Integers, sums: Integers, students: Integers
) -> None:
    """Add to the sums of students the rows of a table for their items, from the `first` on."""
    step = max(_AT_ONCE // table.shape[1], MOST)
    begin = 0
    while begin < len(first):
        # so many students as have so many items, and one at the least
        until = max(int(np.searchsorted(first, first[begin] + step)), begin + 1)
        some = rows[first[begin] : first[until] if until < len(first) else len(rows)]
        added = np.add.reduceat(table.take(some, axis=0), first[begin:until] - first[begin], axis=0)
        sums[:, students[begin:until]] += added.T
        begin = until
