"""Assignments that bounds decide, for the students of a batch."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from eligibility.patterns.arrays import VALUES, Integers, numbered
from eligibility.patterns.bounds import OPEN, Bounds
from eligibility.patterns.kinds import TRUTHS, Kinds
from eligibility.patterns.sums import Set
from eligibility.patterns.tables import Key, Patterns
from eligibility.truth import Truth

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["REMEMBERED", "Bounded"]

REMEMBERED = 65_536
"""For how many patterns of a leaf it is remembered what it comes to."""


class Bounded:
    """The leaves that bounds decide for most students."""

    def __init__(self, kinds: Kinds) -> None:
        self._layout = kinds.layout
        self._leaves = {number: _Leaf(one, kinds, number) for number, one in kinds.bounds.items()}

    def decide(
        self, values: Integers, sums: Integers, *, seen: bool = False
    ) -> Mapping[int, NDArray[np.bool_]]:
        """Set what the leaves come to, and say by the number of the leaf for whom it is open.

        `values` and `sums`, with the bias, have a row for each word and a column for each
        student; the values are changed. Where it is to be told what was `seen` of a leaf
        that is not met, it is open for everybody of whom that is so.
        """
        if not self._leaves:
            return {}
        patterns = Patterns(self._layout, values, sums)
        return {number: leaf.decide(patterns, seen) for number, leaf in self._leaves.items()}


class _Leaf:
    """One of them, and what is known of its patterns."""

    def __init__(self, bounds: Bounds, kinds: Kinds, number: int) -> None:
        self._bounds = bounds
        self._key = Key(bounds.mask, kinds.layout)
        self._known: dict[tuple[int, ...], int] = {}
        place = kinds.decoders[number]
        assert isinstance(place, Set)
        assert place.then is not None
        self._places = [divmod(one.offset, VALUES) for one in (place.now, place.then)]

    def decide(self, patterns: Patterns, seen: bool) -> NDArray[np.bool_]:
        """Set what it comes to, and say for whom it is open."""
        keys = self._key.of(patterns)
        first, kind = numbered(keys)
        told = zip(*(key[first].tolist() for key in keys), strict=True)
        each = zip(told, first.tolist(), strict=True)
        codes = np.array([self._code(one, patterns, student) for one, student in each], np.int64)
        code: Integers = codes[kind]
        for (word, shift), values in zip(self._places, _VALUES.T, strict=True):
            patterns.values[word] |= values[code] << shift
        found: NDArray[np.bool_] = code == OPEN
        if seen:
            found |= code < _MET
        return found

    def _code(self, told: tuple[int, ...], patterns: Patterns, student: int) -> int:
        code = self._known.get(told)
        if code is None:
            if len(self._known) >= REMEMBERED:
                self._known.clear()
            pattern = self._key.one(patterns, student)
            code = self._known[told] = self._bounds.values(pattern)
        return code


_MET = 3 * Truth.MET
"""From which code on it is met now."""

_VALUES: Integers = np.array([*TRUTHS, (0, 0)], np.int64)
"""By code the values now and projected; nothing is set where that is open."""
