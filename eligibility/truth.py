"""The three truth values and their connectives (strong Kleene logic).

The order `UNMET < UNKNOWN < MET` carries all of it: `all` is the lowest value of its
children, `any` the highest, `at_least k of` the k-th highest, and `not` turns the order
round.
"""

from __future__ import annotations

import enum
from collections.abc import Sequence

__all__ = ["Truth", "at_least", "at_most", "conjunction", "disjunction", "negation"]


class Truth(enum.IntEnum):
    """The value of a condition for one profile, date and scenario."""

    UNMET = 0
    UNKNOWN = 1
    MET = 2

    @property
    def word(self) -> str:
        """The value as the output contract writes it: `met`, `unknown` or `unmet`."""
        return self.name.lower()


def negation(value: Truth) -> Truth:
    """`not`: MET and UNMET change places, UNKNOWN stays."""
    return Truth(2 - value)


def conjunction(values: Sequence[Truth]) -> Truth:
    """`all`: the lowest value; MET for no values."""
    return min(values, default=Truth.MET)


def disjunction(values: Sequence[Truth]) -> Truth:
    """`any`: the highest value; UNMET for no values."""
    return max(values, default=Truth.UNMET)


def at_least(k: int, values: Sequence[Truth]) -> Truth:
    """`at_least k of`: the k-th highest value; UNMET when there are fewer than k."""
    if k <= 0:
        return Truth.MET
    if k > len(values):
        return Truth.UNMET
    return sorted(values, reverse=True)[k - 1]


def at_most(k: int, values: Sequence[Truth]) -> Truth:
    """`at_most k of`: `not at_least k + 1 of`."""
    return negation(at_least(k + 1, values))
