"""Many small sums in one integer, so that adding two integers adds all of them at once.

A student's courses are added up one by one, whatever the rules count and sum of them: every
quantity has a field of bytes of its own. After the last, one addition says of every bound
whether it is reached, because each field starts as far below its highest bit as the bound is
high. Those bits, and the values of what is no sum, make the *pattern* of a student.

Fields are laid out in words, none across two, so that a database can add the words up as
columns of integers.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeVar

__all__ = ["MOST", "WORD", "Amount", "Bits", "Counter", "Layout"]

_BYTE = 8
MOST = 127
"""The most items that can be added up. The less a counter takes the quicker all goes, and hardly
any student has more than 127 courses."""

WORD = 56
"""The bits of a word. The integers of databases have 64, and some thousand words are added."""

_FAR = 1 << (WORD - 2)
"""What no amount may reach."""


@dataclass(frozen=True, slots=True)
class Bits:
    """A value that is set, and not added up: where it stands in a pattern."""

    offset: int
    width: int

    @property
    def mask(self) -> int:
        """Its bits in a pattern."""
        return ((1 << self.width) - 1) << self.offset

    def of(self, pattern: int) -> int:
        """The value in a pattern."""
        return (pattern >> self.offset) & ((1 << self.width) - 1)


@dataclass(frozen=True, slots=True)
class _Field:
    """A sum with one bound: where it stands among the sums, and the bit of a pattern that tells.

    `offset` and `width` are in bits.
    """

    layout: Layout
    offset: int
    bound: int
    width: int

    @property
    def mask(self) -> int:
        """The bit of a pattern that tells, once it is known how many values are set."""
        # of the bytes of a field, the last one has its highest bit
        return 1 << (self.layout.most + (self.offset + self.width) // _BYTE - 1)

    @property
    def bias(self) -> int:
        """What is added to the sums, so that the highest bit is set by the bound."""
        return ((1 << (self.width - 1)) - self.bound) << self.offset

    @property
    def field(self) -> int:
        """Its bits among the sums."""
        return ((1 << self.width) - 1) << self.offset

    def reached(self, pattern: int) -> bool:
        """Whether the bound is reached."""
        return bool(pattern & self.mask)

    def of(self, sums: int) -> int:
        """The sum in sums with the bias."""
        return ((sums & self.field) >> self.offset) - (1 << (self.width - 1)) + self.bound


class Counter(_Field):
    """A number of items: 0 up to `MOST`."""


class Amount(_Field):
    """A sum of whole numbers, which may be negative."""


_Kind = TypeVar("_Kind", bound=_Field)


class Layout:
    """Gives out places. `most` is the most bits of values that are set."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._set = 0
        self._words = 0
        # where the word ends that has room for counters, and how much
        self._counters = 0
        self._left = 0
        self._amounts: set[int] = set()
        self.bias = 0

    @property
    def most(self) -> int:
        """The most bits of values that are set."""
        return self._most

    @property
    def words(self) -> int:
        """How many words of sums there are."""
        return self._words

    def bits(self, width: int) -> Bits:
        """A place in a pattern for a value of some bits."""
        place = Bits(self._set, width)
        self._set += width
        assert self._set <= self._most
        return place

    def close(self, more: int) -> None:
        """Leave no more room for values than for so many bits beside those that are taken."""
        assert self._set + more <= self._most
        self._most = self._set + more

    def counter(self, bound: int) -> Counter:
        """A place to count up to `MOST` items, with a bound; one out of reach is never reached."""
        if not self._left:
            self._left = WORD
            self._words += 1
            self._counters = self._words
        offset = self._counters * WORD - self._left
        self._left -= _BYTE
        return self._added(Counter, offset, min(max(bound, 0), MOST + 1), _BYTE)

    def amount(self, bound: int) -> Amount:
        """A place for a sum, with a bound. Raises OverflowError for one that is too far."""
        if abs(bound) >= _FAR:
            raise OverflowError(bound)
        offset = self._words * WORD
        self._amounts.add(self._words)
        self._words += 1
        return self._added(Amount, offset, bound, WORD)

    def _added(self, kind: type[_Kind], offset: int, bound: int, width: int) -> _Kind:
        found = kind(self, offset, bound, width)
        self.bias += found.bias
        return found

    def split(self, sums: int, first: int = 0, last: int | None = None) -> list[int]:
        """Sums, without the bias, word by word: whatever is added up of each stands alone.

        A word of an amount may be negative, and one of counters is not. `sums` has the words
        from `first` up to `last` alone, if those are given.
        """
        words = []
        for number in range(first, self._words if last is None else last):
            word = sums & ((1 << WORD) - 1)
            if number in self._amounts and word >> (WORD - 1):
                word -= 1 << WORD
            words.append(word)
            sums = (sums - word) >> WORD
        return words

    def counts(self, word: int) -> bool:
        """Whether a word has counters, and no amount."""
        return word not in self._amounts
