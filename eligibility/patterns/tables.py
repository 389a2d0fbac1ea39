"""What many students come to at once: each part of an outcome by a table of its patterns."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from eligibility.model import Status
from eligibility.patterns.arrays import VALUES, Integers, Run, numbered, reached, runs
from eligibility.patterns.deciding import Decided, Decider, Part
from eligibility.patterns.layout import WORD, Layout
from eligibility.truth import Truth
from eligibility.verdict import status_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["PATTERNS", "STATUSES", "Came", "Key", "PartTable", "Patterns", "Tables"]

PATTERNS = 1 << 17
"""How many patterns are remembered, of all parts together."""

_DIRECT = 20
_ENTRIES = 1 << 22
"""The most bits of a pattern by which a table is looked up directly, and how many entries all of
these tables may have together."""

_KEY = 62
"""The bits of a key, and less than an integer has."""

_REACHED = 8 * (WORD // 8)

STATUSES = tuple(Status)
"""The statuses, in the order of their numbers."""

_STATUS = np.array(
    [STATUSES.index(status_of(Truth(code // 3), Truth(code % 3))) for code in range(9)], np.uint8
)
"""The number of the status for 3 times the value now plus the value projected."""


class Patterns:
    """The patterns of the students of a batch, in words: a row for a word, a column for each.

    `values` has what is set, `sums` what was added up, with the bias, and `told` which of
    their bounds are reached.
    """

    def __init__(self, layout: Layout, values: Integers, sums: Integers) -> None:
        self.values = values
        self.sums = sums
        self.told = reached(sums)
        self._layout = layout

    def __len__(self) -> int:
        return len(self.values.T)

    def one(self, student: int) -> int:
        """The pattern of one of them."""
        found = 0
        for word, bits in enumerate(self.values[:, student].tolist()):
            found |= bits << (VALUES * word)
        told = 0
        for word, bits in enumerate(self.told[:, student].tolist()):
            told |= bits << (_REACHED * word)
        return found | (told << self._layout.most)

    def sum(self, student: int) -> int:
        """The sums of one of them, with the bias."""
        found = 0
        for word, bits in enumerate(self.sums[:, student].tolist()):
            found += bits << (WORD * word)
        return found


class Key:
    """Bits of a pattern, brought together for all students."""

    def __init__(self, mask: int, layout: Layout) -> None:
        values = mask & ((1 << layout.most) - 1)
        set_ = [(False, one) for one in runs(values, VALUES)]
        told = [(True, one) for one in runs(mask & ~values, _REACHED, layout.most)]
        self._runs: list[list[tuple[bool, Run]]] = [[]]
        self.width = 0
        width = 0
        for one in (*set_, *told):
            if width + one[1].width > _KEY:
                self._runs.append([])
                width = 0
            self._runs[-1].append(one)
            width += one[1].width
            self.width += one[1].width

    def of(self, patterns: Patterns) -> list[Integers]:
        """The bits of all students, in as many integers as it takes; none for no bits."""
        found = []
        for some in self._runs:
            total: Integers | None = None
            place = 0
            for told, run in some:
                bits = run.of(patterns.told if told else patterns.values)
                total = bits if total is None else total | (bits << place)
                place += run.width
            if total is not None:
                found.append(total)
        return found

    def one(self, patterns: Patterns, student: int) -> int:
        """The bits of one student, where they stand in the pattern."""
        found = 0
        for some in self._runs:
            for told, run in some:
                words = patterns.told if told else patterns.values
                bits = (int(words[run.word, student]) >> run.shift) & ((1 << run.width) - 1)
                found |= bits << run.offset
        return found


class PartTable:
    """The patterns of a part that came up, and what each comes to."""

    def __init__(self, part: Part, layout: Layout, most: int) -> None:
        """So many patterns are remembered at the `most`."""
        self.part = part
        self.decided: list[Decided] = []
        self._key = Key(part.mask, layout)
        self._direct = False
        self._most = most
        self._known: dict[tuple[int, ...], int] = {}
        self._where: dict[Decided, int] = {}
        self._clear()

    @property
    def entries(self) -> int:
        """How many there are where it is looked up directly."""
        return 1 << self._key.width

    def open(self) -> None:
        """Have it looked up directly."""
        self._direct = True
        self._clear()

    def _clear(self) -> None:
        self.decided.clear()
        self._known.clear()
        self._where.clear()
        self._values: NDArray[np.uint8] = np.zeros((64, 2), np.uint8)
        size = self.entries if self._direct else 0
        self._places = np.full(size, -1, np.int32)

    def find(self, patterns: Patterns) -> tuple[Integers, NDArray[np.uint8]]:
        """The place in `decided` for each student, and the values now and projected there."""
        if max(len(self.decided), len(self._known)) >= self._most:
            self._clear()
        keys = self._key.of(patterns)
        if not keys:
            places: Integers = np.full(len(patterns), self._place((), patterns, 0), np.int64)
        elif self._direct:
            [key] = keys
            places = self._places[key].astype(np.int64)
            missing = np.flatnonzero(places < 0)
            if len(missing):
                _, first = np.unique(key[missing], return_index=True)
                for student in missing[first].tolist():
                    self._places[key[student]] = self._place((), patterns, student)
                places = self._places[key].astype(np.int64)
        else:
            first, kind = numbered(keys)
            told = zip(*(key[first].tolist() for key in keys), strict=True)
            found = [
                self._place(one, patterns, student)
                for one, student in zip(told, first.tolist(), strict=True)
            ]
            places = np.array(found, np.int64)[kind]
        return places, self._values[places]

    def _place(self, told: tuple[int, ...], patterns: Patterns, student: int) -> int:
        """Where in `decided` the student's pattern is; `told` is that in integers."""
        place = self._known.get(told)
        if place is None:
            decided = self.part.decide(self._key.one(patterns, student))
            place = self._where.get(decided)
            if place is None:
                place = self._where[decided] = len(self.decided)
                self.decided.append(decided)
                if place >= len(self._values):
                    self._values = np.concatenate([self._values, np.zeros_like(self._values)])
                self._values[place] = decided.now, decided.then
            if not self._direct:
                self._known[told] = place
        return place


@dataclass(frozen=True, slots=True)
class Came:
    """What an outcome came to: the number of the status for each student; the parts' tables.

    `parts` are the tables of its parts, and where in each the student's pattern is.
    """

    decider: Decider
    status: NDArray[np.uint8]
    parts: Sequence[tuple[PartTable, Integers]]


class Tables:
    """All outcomes, each behind those that it refers to."""

    def __init__(self, deciders: Sequence[Decider], layout: Layout) -> None:
        parts = sum(len(one.parts) for one in deciders)
        most = max(PATTERNS // parts, 1)
        self._deciders = [
            (one, [PartTable(part, layout, most) for part in one.parts], _slots(one))
            for one in deciders
        ]
        left = _ENTRIES
        tables = (table for _, some, _ in self._deciders for table in some)
        for table in sorted(tables, key=lambda table: table.entries):
            left -= table.entries
            if left >= 0 and table.entries <= 1 << _DIRECT:
                table.open()

    def decide(self, patterns: Patterns) -> Iterator[Came]:
        """What all students come to, outcome by outcome.

        What came out is set in the patterns, where other outcomes look for it.
        """
        for decider, tables, (now, then) in self._deciders:
            found = [table.find(patterns) for table in tables]
            least = found[0][1]
            for _, values in found[1:]:
                least = np.minimum(least, values)
            for place, (word, shift) in enumerate((now, then)):
                patterns.values[word] |= least[:, place].astype(np.int64) << shift
            status = _STATUS[3 * least[:, 0] + least[:, 1]]
            parts = [(table, places) for table, (places, _) in zip(tables, found, strict=True)]
            yield Came(decider, status, parts)


def _slots(decider: Decider) -> tuple[tuple[int, int], tuple[int, int]]:
    """Where the value of an outcome now, and projected, stands: the word and the bit there."""
    now, then = (one.offset for one in decider.pair)
    return divmod(now, VALUES), divmod(then, VALUES)
