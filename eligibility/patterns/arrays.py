"""Whole numbers of many bits as rows of words, so that those of many students are one array."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from eligibility.patterns.layout import WORD, Layout

__all__ = [
    "VALUES",
    "Grown",
    "Integers",
    "Run",
    "ValueRows",
    "biased",
    "numbered",
    "reached",
    "runs",
    "value_words",
    "values_of",
]

Integers = NDArray[np.int64]

VALUES = 60
"""The bits of a word of values."""

_BYTE = 8
_BYTES = WORD // _BYTE
_WORDS = 8
"""How many words of sums tell their bits in one word."""

_HIGHEST = 0x01010101010101
_GATHER = sum(1 << (48 - 7 * place) for place in range(_BYTES))


class Grown:
    """Rows that are added one by one, and taken all at once."""

    def __init__(self, width: int) -> None:
        self.width = width
        self._waiting: list[Any] = []
        self._rows: Integers = np.zeros((64, width), np.int64)
        self._count = 0

    def __len__(self) -> int:
        return self._count + len(self._waiting)

    def add(self, row: int | Sequence[int]) -> int:
        """Add a row: its number."""
        self._waiting.append(row)
        return len(self) - 1

    def clear(self) -> None:
        """Forget all rows, and let go of their room."""
        self._waiting.clear()
        self._rows = self._rows[:64].copy()
        self._count = 0

    def all(self) -> Integers:
        """All rows; to be used before another one is added."""
        if self._waiting:
            waiting = np.array(self._waiting, np.int64).reshape(-1, self.width)
            self._waiting.clear()
            self.extend(waiting)
        return self._rows[: self._count]

    def extend(self, rows: Integers) -> None:
        """Add some rows at once."""
        self.all()
        count = self._count + len(rows)
        if count > len(self._rows):
            more = np.zeros((max(count, 2 * len(self._rows)), self.width), np.int64)
            more[: self._count] = self._rows[: self._count]
            self._rows = more
        self._rows[self._count : count] = rows
        self._count = count


class ValueRows:
    """What values set, in words: a row for each value that was given a number."""

    def __init__(self, words: int) -> None:
        self._rows = Grown(words)
        self._used: set[int] = set()

    def __len__(self) -> int:
        return len(self._rows)

    def add(self, adds: int) -> int:
        """Take what a value sets: its number."""
        row = values_of(adds, self._rows.width)
        self._used.update(word for word, one in enumerate(row) if one)
        return self._rows.add(row)

    def set(self, numbers: Integers, values: Integers) -> None:
        """Set what the values of these numbers do, one for each student."""
        rows = self._rows.all()
        for word in self._used:
            values[word] += rows[numbers, word]

    def clear(self) -> None:
        """Forget all values."""
        self._rows.clear()
        self._used.clear()


def value_words(layout: Layout) -> int:
    """How many words of values there are."""
    return -(-layout.most // VALUES)


def biased(layout: Layout, students: int) -> Integers:
    """The sums of so many students before anything is added up."""
    words = [(layout.bias >> (WORD * word)) % (1 << WORD) for word in range(layout.words)]
    found: Integers = np.empty((len(words), students), np.int64)
    found[:] = np.array(words, np.int64)[:, None]
    return found


def values_of(pattern: int, words: int) -> list[int]:
    """What is set in a pattern, word by word."""
    return [(pattern >> (VALUES * word)) & ((1 << VALUES) - 1) for word in range(words)]


def reached(sums: Integers) -> Integers:
    """The highest bits of all bytes of sums with the bias, those of `_WORDS` words in a word.

    `sums` has a row for each word and a column for each student, and so has what is found.
    """
    bits = (sums.view(np.uint64) >> np.uint64(_BYTE - 1)) & np.uint64(_HIGHEST)
    bits *= np.uint64(_GATHER)
    bits >>= np.uint64(WORD - _BYTE)
    bits &= np.uint64((1 << _BYTES) - 1)
    count = -(-len(sums) // _WORDS)
    found = np.zeros((count, sums.shape[1]), np.uint64)
    for word, one in enumerate(bits):
        found[word // _WORDS] |= one << np.uint64(_BYTES * (word % _WORDS))
    return found.view(np.int64)


def numbered(keys: Sequence[Integers]) -> tuple[Integers, Integers]:
    """A place of each kind, and the kind of each place: places are alike whose keys are."""
    first, kind = _unique(keys[0])
    for key in keys[1:]:
        _, other = _unique(key)
        first, kind = _unique(kind * (int(np.max(other, initial=0)) + 1) + other)
    return first, kind


def _unique(key: Integers) -> tuple[Integers, Integers]:
    _, first, kind = np.unique(key, return_index=True, return_inverse=True)
    return first, kind


@dataclass(frozen=True, slots=True)
class Run:
    """Bits that stand together in a word, from `shift` on, and in a pattern, from `offset` on."""

    word: int
    shift: int
    offset: int
    width: int

    def of(self, words: Integers) -> Integers:
        """The bits of all students."""
        row: Integers = words[self.word]
        return ((row >> self.shift) if self.shift else row) & np.int64((1 << self.width) - 1)


def runs(mask: int, width: int, offset: int = 0) -> list[Run]:
    """Bits of a pattern in words of so many bits, the first of which has this offset."""
    found: list[Run] = []
    for bit in _ones(mask >> offset):
        word, shift = divmod(bit, width)
        last = found[-1] if found else None
        if last and last.word == word and last.shift + last.width == shift:
            found[-1] = Run(word, last.shift, last.offset, last.width + 1)
        else:
            found.append(Run(word, shift, offset + bit, 1))
    return found


def _ones(mask: int) -> Iterable[int]:
    """The places of the bits that are set."""
    while mask:
        yield (mask & -mask).bit_length() - 1
        mask &= mask - 1
