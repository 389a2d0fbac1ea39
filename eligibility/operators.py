"""The operator table: each comparison once, with its meaning and its words.

An ordered value is compared as a *band* from its lowest to its highest possible value:
a number or a scale's rank is a band of one, a partial date a band of days, an uncertain
sum a band of amounts. A comparison that a band does not decide is UNKNOWN.
"""

from __future__ import annotations

import datetime
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from eligibility.model import Kind, Scale
from eligibility.truth import Truth, disjunction, negation
from eligibility.values import Absent, Days, Unit, Value, completed

__all__ = [
    "OPERATORS",
    "Band",
    "Operator",
    "Shape",
    "band",
    "compare",
    "compare_bands",
    "compare_completed",
]

Band = tuple[Any, Any]
"""The lowest and the highest possible value; both of one ordered type."""

Shape = str
"""What stands behind an operator: `value`, `values`, `duration`, `pattern` or `flag`."""


@dataclass(frozen=True, slots=True)
class Operator:
    """One comparison.

    `scalar` compares two present values of a fact (the second is a tuple for shape
    `values`, a window of days for `duration`); `ordering` compares bands and is there
    for the operators that also bound a measure. `words` and `negated` are what people
    read, with `{}` for the operand.
    """

    name: str
    kinds: frozenset[Kind]
    shape: Shape
    words: str
    negated: str
    scalar: Callable[[Value, Any, Scale | None], Truth]
    ordering: Callable[[Band, Band], Truth] | None = None
    many: bool = False
    when_absent: Truth = Truth.UNMET


def _decide(met: bool, unmet: bool) -> Truth:
    if met:
        return Truth.MET
    return Truth.UNMET if unmet else Truth.UNKNOWN


def _at_least(left: Band, right: Band) -> Truth:
    return _decide(left[0] >= right[1], left[1] < right[0])


def _more_than(left: Band, right: Band) -> Truth:
    return _decide(left[0] > right[1], left[1] <= right[0])


def _at_most(left: Band, right: Band) -> Truth:
    return _at_least(right, left)


def _less_than(left: Band, right: Band) -> Truth:
    return _more_than(right, left)


def _same(left: Band, right: Band) -> Truth:
    return _decide(
        left[0] == left[1] == right[0] == right[1],
        left[1] < right[0] or right[1] < left[0],
    )


def band(value: Value, scale: Scale | None) -> Band | None:
    """A value as a band; None for a value that stands for nothing on its scale."""
    if isinstance(value, Days):
        return (value.first, value.last)
    if scale is None:
        return (value, value)
    assert isinstance(value, str)
    if value in scale.off_scale:
        value = scale.off_scale[value].counts_as
        if value == "nothing":
            return None
        if value == "unknown":
            # may come out as anything, and as nothing
            return (-1, len(scale.order))
    rank = scale.order.index(value)
    return (rank, rank)


def _ordered(
    ordering: Callable[[Band, Band], Truth],
) -> Callable[[Value, Any, Scale | None], Truth]:
    def scalar(left: Value, right: Value, scale: Scale | None) -> Truth:
        one, other = band(left, scale), band(right, scale)
        if one is None or other is None:
            return Truth.UNMET
        return ordering(one, other)

    return scalar


def _is(left: Value, right: Value, scale: Scale | None) -> Truth:
    if isinstance(left, Days) and isinstance(right, Days):
        return _same((left.first, left.last), (right.first, right.last))
    return Truth.MET if left == right else Truth.UNMET


def _is_not(left: Value, right: Value, scale: Scale | None) -> Truth:
    return negation(_is(left, right, scale))


def _one_of(left: Value, right: tuple[Value, ...], scale: Scale | None) -> Truth:
    return disjunction([_is(left, value, scale) for value in right])


def _none_of(left: Value, right: tuple[Value, ...], scale: Scale | None) -> Truth:
    return negation(_one_of(left, right, scale))


def _within(left: Value, right: Days, scale: Scale | None) -> Truth:
    assert isinstance(left, Days)
    return _decide(
        left.first >= right.first and left.last <= right.last,
        left.last < right.first or left.first > right.last,
    )


def _exists(left: Value, right: bool, scale: Scale | None) -> Truth:
    return Truth.MET if right else Truth.UNMET


@lru_cache(maxsize=1024)
def _pattern(pattern: str) -> re.Pattern[str]:
    # every `*` but the last is matched lazily and atomically, so no text takes long
    first, *rest = [re.escape(part).replace(r"\?", ".") for part in pattern.split("*")]
    if not rest:
        return re.compile(first, re.DOTALL)
    middle = "".join(f"(?>.*?{part})" for part in rest[:-1])
    return re.compile(f"{first}{middle}.*{rest[-1]}", re.DOTALL)


def _matches(left: Value, right: str, scale: Scale | None) -> Truth:
    assert isinstance(left, str)
    return Truth.MET if _pattern(right).fullmatch(left) else Truth.UNMET


def _includes(left: Value, right: str, scale: Scale | None) -> Truth:
    assert isinstance(left, tuple)
    return Truth.MET if right in left else Truth.UNMET


_NUMBERS = frozenset({Kind.INTEGER, Kind.NUMBER})
_ORDERED = _NUMBERS | {Kind.SCALE}
_LISTED = _ORDERED | {Kind.TEXT}
_DATES = frozenset({Kind.DATE})
_TEXTS = frozenset({Kind.TEXT})
_ALL = frozenset(Kind)
_MET = Truth.MET


def _table(operators: Iterable[Operator]) -> dict[str, Operator]:
    return {operator.name: operator for operator in operators}


OPERATORS: dict[str, Operator] = _table(
    [
        Operator("is", _ALL, "value", "is {}", "is not {}", _is, _same),
        Operator("is_not", _ALL, "value", "is not {}", "is {}", _is_not, when_absent=_MET),
        Operator("one_of", _LISTED, "values", "is {}", "is not {}", _one_of),
        Operator("none_of", _LISTED, "values", "is not {}", "is {}", _none_of, when_absent=_MET),
        Operator(
            "at_least", _ORDERED, "value", "at least {}", "below {}", _ordered(_at_least), _at_least
        ),
        Operator(
            "more_than",
            _ORDERED,
            "value",
            "more than {}",
            "at most {}",
            _ordered(_more_than),
            _more_than,
        ),
        Operator(
            "at_most", _ORDERED, "value", "at most {}", "more than {}", _ordered(_at_most), _at_most
        ),
        Operator(
            "less_than",
            _ORDERED,
            "value",
            "less than {}",
            "at least {}",
            _ordered(_less_than),
            _less_than,
        ),
        Operator("before", _DATES, "value", "before {}", "on or after {}", _ordered(_less_than)),
        Operator("after", _DATES, "value", "after {}", "on or before {}", _ordered(_more_than)),
        Operator(
            "on_or_before", _DATES, "value", "on or before {}", "after {}", _ordered(_at_most)
        ),
        Operator(
            "on_or_after", _DATES, "value", "on or after {}", "before {}", _ordered(_at_least)
        ),
        Operator("within", _DATES, "duration", "since {}", "not since {}", _within),
        Operator("matches", _TEXTS, "pattern", "is like {}", "is not like {}", _matches),
        Operator(
            "includes", _TEXTS, "value", "includes {}", "does not include {}", _includes, many=True
        ),
        Operator("exists", _ALL, "flag", "is stated", "is not stated", _exists),
    ]
)


def compare(operator: str, left: Value | None, right: Any, scale: Scale | None) -> Truth:
    """The value of a comparison; UNKNOWN when either side is missing.

    `right` is None, or holds None, where an operand is missing.
    """
    entry = OPERATORS[operator]
    if left is None or right is None:
        return Truth.UNKNOWN
    if isinstance(left, Absent):
        if entry.shape == "flag":
            return Truth.UNMET if right else Truth.MET
        return entry.when_absent
    if isinstance(right, Absent):
        return entry.when_absent
    return entry.scalar(left, right, scale)


def compare_bands(operator: str, left: Band, right: Band) -> Truth:
    """The value of a bound on a measure that is only known to lie in a band."""
    ordering = OPERATORS[operator].ordering
    assert ordering is not None, operator
    return ordering(left, right)


def compare_completed(
    operator: str, since: Days, right: Any, unit: Unit, as_of: datetime.date
) -> tuple[Truth, Value]:
    """A comparison with the units completed since a date, and the least that these may be."""
    # a partial date may be any of its days; the count falls as the day moves on
    most = completed(since.first, as_of, unit)
    least = completed(since.last, as_of, unit)
    ordering = OPERATORS[operator].ordering
    if ordering is not None:
        return ordering((least, most), (right, right)), least
    if least == most:
        return compare(operator, least, right, None), least
    values = {compare(operator, count, right, None) for count in range(least, most + 1)}
    return (values.pop() if len(values) == 1 else Truth.UNKNOWN), least
