"""What lists add: the kinds of their items, by the classes of what the items state."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from eligibility.facts import Item, Items
from eligibility.model import Declaration, Fact, Kind, ListFact
from eligibility.patterns.arrays import Grown, Integers, numbered, sums_of
from eligibility.patterns.items import ItemKinds, UnpackableError
from eligibility.patterns.kinds import Kinds
from eligibility.patterns.layout import MOST, WORD
from eligibility.patterns.typed import KEY, NotPlainError, Values, is_short, marks, unset
from eligibility.values import Value

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["PLAIN", "REMEMBERED", "Classes", "Known", "Lists", "NarrowError"]

REMEMBERED = 65_536
"""How many values of a fact or an attribute are remembered."""

_ROOM = 1 << 21
"""How many integers may be remembered of the kinds of items of a list: 16 megabytes."""

_KEY = 62
"""The bits of a key, and less than an integer has."""

_DIRECT = 22
"""The bits of a key by which a table is looked up directly: it has so many entries."""

_OPEN = 3
"""Bits for the classes of an attribute that may have any value, to begin with."""

_MOST = 20
"""The most bits for the classes of an attribute."""


class NarrowError(Exception):
    """An attribute has more classes of values than its place in the key of an item can tell."""


class Known(dict[Any, int]):
    """Numbers of values, of which others are found by calling `find`."""

    def __init__(self, find: Callable[[Any], int]) -> None:
        super().__init__()
        self._find = find

    def __missing__(self, value: Any) -> int:
        return self._find(value)


_Typed = tuple[dict[str, Value], dict[str, Items], tuple[object, ...], int]


class Classes:
    """A number for each value of an attribute; the same for values that are treated alike.

    It stands in its place, from `shift` on, in the key of an item. Values that differ in
    quotation marks are not alike. `numbers` looks a value up. It raises `NotPlainError` for one
    that is not allowed, and `NarrowError`.
    """

    def __init__(self, kinds: ItemKinds | None, reader: Values) -> None:
        self.numbers = Known(self._placed)
        self.typed: list[_Typed] = []
        self.shift = 0
        self._kinds = kinds
        self._reader = reader
        self._classes: dict[object, int] = {}
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
        told: tuple[object, ...] = ()
        if self._read:
            assert self._kinds is not None
            told = self._kinds.told(self._reader.fact.name, Item("/0", values, lists))
        quotes = marks(raw)
        number = self._classes.get((told, quotes))
        if number is None:
            number = len(self.typed)
            if number >> _MOST:
                raise NotPlainError
            self._classes[told, quotes] = number
            self.typed.append((values, lists, told, quotes))
        if number >> self.width:
            raise NarrowError
        return number

    def of(self, key: int) -> int:
        """The number of the class in a key."""
        return (key >> self.shift) & ((1 << self.width) - 1)

    def place(self, shift: int) -> None:
        """Make room for all classes, with the number of a class in another place."""
        self.width = max(self.width, len(self.typed).bit_length())
        self.shift = shift
        self.numbers.clear()

    def forget(self) -> None:
        """Forget all values."""
        self.numbers.clear()
        self.typed.clear()
        self._classes.clear()


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

    def __init__(self, of: ListFact, kinds: Kinds) -> None:
        self._of = of
        self._kinds = kinds.lists.get(of.name)
        self._layout = kinds.layout
        self.classes = {
            name: Classes(self._kinds, Values(one)) for name, one in of.attributes.items()
        }
        self.groups: list[list[str]] = []
        self.keys: list[list[int]] = []
        # what the kinds add: a column for each word of the sums that any of them adds to,
        # and the last one for the quotation marks
        self._used: Integers = np.zeros(0, np.int64)
        self._rows = Grown(1)
        self._rows.add([_UNPACKABLE])
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
        many = any(len(one.typed) >= REMEMBERED for one in self.classes.values())
        if many or len(self._rows) * self._rows.width >= _ROOM:
            self._known.clear()
            self._table[:] = -1
            self._rows.clear()
            self._rows.add([_UNPACKABLE] * self._rows.width)
            if many:
                for classes in self.classes.values():
                    classes.forget()

    def add(
        self, states: Integers, counts: Integers, values: Integers, sums: Integers
    ) -> NDArray[np.bool_]:
        """Add what the lists of the students of a batch do, and forget their items.

        Found is for whom that could be told.
        """
        good = np.ones(len(counts), bool)
        some = counts > 0
        keys = [np.array(one, np.int64) for one in self.keys]
        for one in self.keys:
            one.clear()
        if len(keys[0]):
            items = self._found(keys)
            first = (np.cumsum(counts) - counts)[some]
            good[some] = np.minimum.reduceat(items, first) > _UNPACKABLE
            rows = self._rows.all().take(items, axis=0)
            found = np.add.reduceat(rows, first, axis=0).T
            sums[np.ix_(self._used, some)] += found[:-1]
            values[0, some] += found[-1]
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
                self._table[some] = self._numbered(keys, missing[first])
                items = self._table[key]
            return items.astype(np.int64)
        first, kind = numbered(keys)
        return self._numbered(keys, first)[kind]

    def _numbered(self, keys: Sequence[Integers], places: Integers) -> Integers:
        """The numbers of the kinds of items at some places."""
        found = np.empty(len(places), np.int64)
        new: list[tuple[int, int]] = []
        every = zip(*(key[places].tolist() for key in keys), strict=True)
        for place, told in enumerate(every):
            numbers = tuple(
                self.classes[name].of(key)
                for key, names in zip(told, self.groups, strict=True)
                for name in names
            )
            known = self._known.get(numbers)
            if known is None:
                known = self._new(numbers, new)
            found[place] = known
        if new:
            self._keep(
                sums_of(self._layout, [adds for adds, _ in new]),
                np.array([count for _, count in new], np.int64),
            )
        return found

    def _keep(self, sums: Integers, quotes: Integers) -> None:
        """Add rows of kinds of items."""
        used = np.union1d(self._used, np.flatnonzero(sums.any(axis=0)))
        if len(used) > len(self._used):
            before = self._rows.all()
            wider = np.zeros((len(before), len(used) + 1), np.int64)
            wider[:, np.searchsorted(used, self._used)] = before[:, :-1]
            wider[:, -1] = before[:, -1]
            self._used = used
            self._rows = Grown(wider.shape[1])
            self._rows.extend(wider)
        self._rows.extend(np.hstack([sums[:, used], quotes[:, None]]))

    def _new(self, numbers: tuple[int, ...], new: list[tuple[int, int]]) -> int:
        """The number of a kind of items that is `new`, as are others."""
        values: dict[str, Value] = {}
        lists: dict[str, Items] = {}
        told: dict[str, tuple[object, ...]] = {}
        quotes = 0
        for number, (name, classes) in zip(numbers, self.classes.items(), strict=True):
            some, more, told[name], count = classes.typed[number]
            values.update(some)
            lists.update(more)
            quotes += count
        adds = 0
        if self._kinds is not None:
            try:
                adds = self._kinds.added(Item("/0", values, lists), told)
            except UnpackableError:
                return _UNPACKABLE
        found = self._known[numbers] = len(self._rows) + len(new)
        new.append((adds, quotes))
        return found
