"""Many small numbers in one integer, so that adding two integers adds all of them at once.

A student's courses are added up one by one, whatever the rules count and sum of them: every
quantity has a field of bits of its own. After the last, one addition and one mask say of
every bound whether it is reached, because each field starts as far below its highest bit as
the bound is high.

Fields are laid out in words, none across two, so that a database can add the words up as
columns of integers.
"""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["MOST", "WORD", "Amount", "Bits", "Counter", "Layout"]

WORD = 63
"""The bits of a word: beside a sign, what the integers of every database hold."""

_COUNTER = 9
MOST = (1 << (_COUNTER - 1)) - 1
"""The most items that can be added up. The fewer bits a counter has the quicker all goes, and
hardly any student has more than 255 courses."""

_FAR = 1 << (WORD - 2)
"""What no amount may reach."""


@dataclass(frozen=True, slots=True)
class Bits:
    """A value that is set, and not added up."""

    offset: int
    width: int

    @property
    def mask(self) -> int:
        """Its bits in the whole."""
        return ((1 << self.width) - 1) << self.offset

    def of(self, total: int) -> int:
        """The value in a total."""
        return (total >> self.offset) & ((1 << self.width) - 1)


@dataclass(frozen=True, slots=True)
class _Sum:
    """A sum and one bound: `reached` tells whether it is at least that."""

    offset: int
    bound: int
    width: int

    @property
    def bias(self) -> int:
        """What is added to the whole, so that the highest bit is set by the bound."""
        return ((1 << (self.width - 1)) - self.bound) << self.offset

    @property
    def mask(self) -> int:
        """The bit that tells, in the whole."""
        return 1 << (self.offset + self.width - 1)

    @property
    def field(self) -> int:
        """All its bits in the whole."""
        return ((1 << self.width) - 1) << self.offset

    def reached(self, total: int) -> bool:
        """Whether a biased total has reached the bound."""
        return bool(total & self.mask)

    def of(self, total: int) -> int:
        """The sum in a biased total."""
        return ((total & self.field) >> self.offset) - (1 << (self.width - 1)) + self.bound


class Counter(_Sum):
    """A number of items: 0 up to `MOST`."""


class Amount(_Sum):
    """A sum of whole numbers, which may be negative."""


class Layout:
    """Gives out places in an integer."""

    def __init__(self) -> None:
        self._words = 0
        self._free: dict[int, list[int]] = {}
        self.bias = 0

    @property
    def words(self) -> int:
        """How many words there are."""
        return self._words

    def bits(self, width: int) -> Bits:
        """A place for a value of some bits."""
        return Bits(self._place(width), width)

    def counter(self, bound: int) -> Counter:
        """A place to count up to `MOST` items, with a bound; one out of reach is never reached."""
        found = Counter(self._place(_COUNTER), min(max(bound, 0), MOST + 1), _COUNTER)
        self.bias += found.bias
        return found

    def amount(self, bound: int) -> Amount:
        """A place for a sum, with a bound. Raises OverflowError for one that is too far."""
        if abs(bound) >= _FAR:
            raise OverflowError(bound)
        found = Amount(self._place(WORD), bound, WORD)
        self.bias += found.bias
        return found

    def _place(self, width: int) -> int:
        free = self._free.setdefault(width, [])
        if not free:
            start = self._words * WORD
            self._words += 1
            free.extend(range(start, start + WORD - width + 1, width))
        return free.pop(0)
