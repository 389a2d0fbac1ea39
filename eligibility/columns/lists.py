"""What the items of a list add, where all of them are at hand: by the codes of their cells."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from eligibility.columns.encoding import Codes
from eligibility.columns.facts import key_of
from eligibility.model import Declaration, ListFact
from eligibility.patterns.arrays import Integers
from eligibility.patterns.kinds import Kinds
from eligibility.patterns.layout import MOST
from eligibility.patterns.listed import PLAIN, Lists, NarrowError
from eligibility.patterns.typed import NotPlainError, Values, unset

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["ItemCells", "Items", "NoItems"]

Items = tuple[Sequence[Codes], "NDArray[np.bool_]", Integers, "NDArray[np.bool_]"]
"""The members of all items, which items are none, how many each student has, and who is unknown."""

_AT_ONCE = 1_024
"""How many students are added up at once: what their items add is to stay near the processor."""


class ItemCells:
    """A list that stands in columns: one for each member of an item."""

    def __init__(self, of: ListFact, members: Sequence[Values], kinds: Kinds) -> None:
        """`members` read the cells of the columns."""
        found = {one.fact.name: one for one in members}

        def values(attribute: Declaration) -> Values:
            return found.get(attribute.name) or Values(attribute)

        self._places = {one.fact.name: place for place, one in enumerate(members)}
        self._lists = Lists(of, kinds, values)

    def add(
        self,
        cells: Sequence[Codes],
        gone: NDArray[np.bool_],
        counts: Integers,
        unknown: NDArray[np.bool_],
        values: Integers,
        sums: Integers,
    ) -> NDArray[np.bool_]:
        """Add what the items of all students do: who can be told so.

        `cells` are the members of all items, which stand in the order of the students; `gone`
        says which are none. `counts` is how many items each student has, and `unknown` says
        whose list is not known. `values` and `sums` have a row for each word and a column for
        each student.
        """
        self._lists.forget()
        tables, wrong = self._tables(cells, gone)
        good: NDArray[np.bool_] = counts <= MOST
        if wrong.any():
            students = np.repeat(np.arange(len(counts)), counts)[wrong]
            good[students] = False
            counts = counts - np.bincount(students, minlength=len(counts))
            cells = [Codes(one.codes[~wrong], one.values) for one in cells]
        states = np.full(len(counts), PLAIN, np.int64)
        if unknown.any():
            states[unknown] = self._lists.odd(None)[0]
        ends = np.cumsum(counts)
        for first in range(0, len(counts), _AT_ONCE):
            some = slice(first, first + _AT_ONCE)
            items = slice(int(ends[first] - counts[first]), int(ends[some][-1]))
            keys = [one.keys(cells, items) for one in tables]
            good[some] &= self._lists.summed(
                keys, states[some], counts[some], values[:, some], sums[:, some]
            )
        return good

    def _tables(
        self, cells: Sequence[Codes], gone: NDArray[np.bool_]
    ) -> tuple[list[_Key], NDArray[np.bool_]]:
        """What the keys are made of; which items are none or have a value that is not allowed."""
        while True:
            try:
                return self._looked_up(cells, gone)
            except NarrowError:
                self._lists.widen()

    def _looked_up(
        self, cells: Sequence[Codes], gone: NDArray[np.bool_]
    ) -> tuple[list[_Key], NDArray[np.bool_]]:
        keys = []
        for names in self._lists.groups:
            key = _Key()
            for name in names:
                numbers = self._lists.classes[name].numbers
                place = self._places.get(name)
                if place is None:
                    key.same += numbers[unset()]
                    continue
                told = np.array([_number(numbers, one) for one in cells[place].values], np.int64)
                if (told == _WRONG).any():
                    gone = gone | (told == _WRONG)[cells[place].codes]
                if (told == told[:1]).all():
                    key.same += int(told[:1].sum())
                else:
                    key.tables.append((place, told))
            keys.append(key)
        return keys, gone


@dataclass(slots=True)
class _Key:
    """What a key of items is made of: a number that all have, and one for each code of a member."""

    same: int = 0
    tables: list[tuple[int, Integers]] = field(default_factory=list)

    def keys(self, cells: Sequence[Codes], items: slice) -> Integers:
        """The keys of some items."""
        found: Integers = np.full(items.stop - items.start, self.same, np.int64)
        for place, told in self.tables:
            found += told.take(cells[place].codes[items])
        return found


_WRONG = -1
"""Stands for the number of a value that is not allowed."""


def _number(numbers: Mapping[Any, int], cell: object) -> int:
    try:
        return numbers[key_of(cell)]
    except NotPlainError:
        return _WRONG


class NoItems:
    """A list that is nowhere stated."""

    def __init__(self, of: ListFact, kinds: Kinds) -> None:
        self._lists = Lists(of, kinds)

    def add(self, values: Integers, sums: Integers) -> None:
        """Add what that does, for each student."""
        count = values.shape[1]
        states = np.full(count, self._lists.odd(unset())[0], np.int64)
        none: Integers = np.zeros(0, np.int64)
        self._lists.summed([none], states, np.zeros(count, np.int64), values, sums)
