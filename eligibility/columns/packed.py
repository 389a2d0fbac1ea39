"""What kinds of items add, in as few columns of integers as it takes.

Many rules count the same items, and hardly anything of it differs between now and projected.
So each quantity is added up once, however many ask for it.
"""

from __future__ import annotations

from collections.abc import Sequence

from eligibility.patterns.layout import MOST, WORD, Layout

__all__ = ["Packed"]

_BYTE = 8
_BYTES = WORD // _BYTE

_ROOM = 53
"""The bits of a whole number that a floating-point number holds exactly."""


class Packed:
    """The `columns` to be added up, a number for each kind; and the `fields` made of the sums.

    A field is the word that it is of, the column, the first bit there, the mask (0 for all
    of the column), and the first bit in the word.
    """

    def __init__(self, adds: Sequence[int], layout: Layout) -> None:
        self.columns: dict[str, list[int]] = {}
        self.fields: list[tuple[int, str, int, int, int]] = []
        self._known: dict[object, tuple[str, int, int]] = {}
        self._count = len(adds)
        self._left = 0
        split = [layout.split(one) for one in adds]
        for word in range(layout.words):
            amounts = [one[word] for one in split]
            if not any(amounts):
                continue
            if layout.counts(word):
                self._counters(word, amounts)
            else:
                self._field(word, tuple(amounts), 0)

    def _counters(self, word: int, amounts: Sequence[int]) -> None:
        every = b"".join(one.to_bytes(_BYTES, "little") for one in amounts)
        for byte in range(_BYTES):
            self._field(word, every[byte::_BYTES], byte * _BYTE)

    def _field(self, word: int, amounts: bytes | tuple[int, ...], place: int) -> None:
        if not any(amounts):
            return
        found = self._known.get(amounts)
        if found is None:
            found = self._known[amounts] = self._placed(amounts)
        column, shift, mask = found
        if self.fields and mask:
            last = self.fields[-1]
            width = last[3].bit_length()
            # fields that stand together in both are taken out together
            if last[:3] == (word, column, shift - width) and last[4] == place - width:
                mask = last[3] | (mask << width)
                self.fields[-1] = (word, column, last[2], mask, last[4])
                return
        self.fields.append((word, column, shift, mask, place))

    def _placed(self, amounts: bytes | tuple[int, ...]) -> tuple[str, int, int]:
        """Where a quantity is added up: a column of its own, if it may be negative."""
        width = _BYTE if isinstance(amounts, bytes) else (max(amounts) * MOST).bit_length()
        if min(amounts) < 0 or width > _ROOM // 2:
            name = f"a{len(self.columns)}"
            self.columns[name] = [*amounts]
            return name, 0, 0
        name = f"s{len(self.columns) - 1}"
        if width > self._left or name not in self.columns:
            name = f"s{len(self.columns)}"
            self.columns[name] = [0] * self._count
            self._left = _ROOM
        column, shift = self.columns[name], _ROOM - self._left
        for number, amount in enumerate(amounts):
            if amount:
                column[number] += amount << shift
        self._left -= width
        return name, shift, (1 << width) - 1
