"""What a quantifier measures over items that count, may count, or do not count.

Each measure comes out as a band: the least that is certain and the most that is
possible. The operator table compares bands, so UNKNOWN falls out where it must.
"""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import Any

from eligibility.conditions import Cover, Measure, Quantifier
from eligibility.facts import Item
from eligibility.model import Fact, ListFact
from eligibility.observations import Observation
from eligibility.operators import Band, compare_bands
from eligibility.truth import Truth
from eligibility.values import Absent, Days, Value, total_completed

__all__ = ["Counted", "cover", "matched", "measure", "number_band", "points", "shown"]

_INFINITY = Decimal("Infinity")
_NOUGHT = Decimal(0)


@dataclass(frozen=True, slots=True)
class Counted:
    """An item, and whether it counts.

    For a fraction, `part` is whether it counts and is of the part.
    """

    item: Item
    value: Truth
    part: Truth = Truth.UNMET


def measure(
    quantifier: Quantifier,
    of: ListFact,
    counted: Sequence[Counted],
    complete: bool,
    bound: Any,
    as_of: datetime.date,
) -> Observation:
    """The value of a bound on a measure; `bound` is None when it is not known."""
    what = quantifier.measure
    assert isinstance(what, Measure)
    band = _band(what, of, counted, complete, as_of)
    if band is None:
        return Observation(Truth.UNKNOWN, needed=bound)
    low, high = band
    value = Truth.UNKNOWN
    if isinstance(bound, Absent):
        value = Truth.UNMET
    elif bound is not None:
        limit = Fraction(bound) if isinstance(low, Fraction) else Decimal(bound)
        value = compare_bands(quantifier.operator, band, (limit, limit))
    return Observation(value, observed=shown(low), possible=shown(high), needed=bound)


def _band(
    what: Measure, of: ListFact, counted: Sequence[Counted], complete: bool, as_of: datetime.date
) -> Band | None:
    match what.kind:
        case "count":
            certain = sum(one.value is Truth.MET for one in counted)
            possible = sum(one.value is not Truth.UNMET for one in counted)
            return (Decimal(certain), Decimal(possible) if complete else _INFINITY)
        case "sum":
            return _sum(_fact(of, what.attribute), counted, complete)
        case "mean":
            return _mean(what, of, counted) if complete else None
        case "fraction":
            return _fraction(what, of, counted) if complete else None
        case _:
            return _duration(what, of, counted, complete, as_of)


def _fact(of: ListFact, name: str | None) -> Fact:
    declaration = of.attributes[name or ""]
    assert isinstance(declaration, Fact)
    return declaration


def number_band(fact: Fact, item: Item) -> tuple[Decimal, Decimal]:
    """The least and the most that a number of an item may be, infinite where nothing bounds it.

    A missing number may be anything that is declared possible; one that there is not is 0.
    """
    number = item.values.get(fact.name)
    if number is None:
        least = -_INFINITY if fact.minimum is None else fact.minimum
        return (least, _INFINITY if fact.maximum is None else fact.maximum)
    known = Decimal(number) if isinstance(number, int | Decimal) else _NOUGHT
    return (known, known)


def _sum(fact: Fact, counted: Sequence[Counted], complete: bool) -> Band:
    least = -_INFINITY if fact.minimum is None else fact.minimum
    most = _INFINITY if fact.maximum is None else fact.maximum
    low = high = Decimal(0)
    for one in counted:
        if one.value is Truth.UNMET:
            continue
        bottom, top = number_band(fact, one.item)
        certain = one.value is Truth.MET
        low += bottom if certain else min(Decimal(0), bottom)
        high += top if certain else max(Decimal(0), top)
    if not complete:
        low = low if least >= 0 else -_INFINITY
        high = high if most <= 0 else _INFINITY
    return (low, high)


def _mean(what: Measure, of: ListFact, counted: Sequence[Counted]) -> Band | None:
    """The exact mean as a band of one; None when an item that matters is uncertain."""
    fact = _fact(of, what.attribute)
    total, weights = Fraction(0), Fraction(0)
    for one in counted:
        if one.value is Truth.UNMET:
            continue
        known, number = points(one.item.values.get(fact.name), fact)
        weight: Value | None = 1
        if what.weight is not None:
            weight = one.item.values.get(what.weight)
        if (known and number is None) or weight == 0 or isinstance(weight, Absent):
            continue
        if one.value is Truth.UNKNOWN or number is None or not isinstance(weight, int | Decimal):
            return None
        total += Fraction(number) * Fraction(weight)
        weights += Fraction(weight)
    if weights == 0:
        return None
    return (total / weights, total / weights)


def _fraction(what: Measure, of: ListFact, counted: Sequence[Counted]) -> Band:
    """The least and the greatest fraction; of nothing it is 0.

    A fraction grows with the weight of its part and falls with that of the rest, and every
    item goes to one of the two: so the ends of the band are reached item by item.
    """
    part, rest = [_NOUGHT, _NOUGHT], [_NOUGHT, _NOUGHT]  # the least and the most of each
    for one in counted:
        if one.value is Truth.UNMET:
            continue
        least, most = _weight(what, of, one.item)
        if one.part is not Truth.UNMET:
            part[1] += most
            part[0] += least if one.part is Truth.MET else _NOUGHT
        if one.part is not Truth.MET:
            rest[1] += most
            certain = one.value is Truth.MET and one.part is Truth.UNMET
            rest[0] += least if certain else _NOUGHT
    return (_ratio(part[0], rest[1]), _ratio(part[1], rest[0]))


def _weight(what: Measure, of: ListFact, item: Item) -> tuple[Decimal, Decimal]:
    """The least and the most that an item may weigh; 1 where nothing weighs it."""
    if what.weight is None:
        return (Decimal(1), Decimal(1))
    return number_band(_fact(of, what.weight), item)


def _ratio(part: Decimal, rest: Decimal) -> Fraction:
    if not part.is_finite():
        return Fraction(1)
    if not part or not rest.is_finite():
        return Fraction(0)
    return Fraction(part) / (Fraction(part) + Fraction(rest))


def points(value: Value | None, fact: Fact) -> tuple[bool, int | Decimal | None]:
    """Whether it is known what an item brings to a mean, and what; known and None is left out."""
    if value is None:
        return False, None
    if fact.scale is None or isinstance(value, Absent):
        return True, value if isinstance(value, int | Decimal) else None
    assert isinstance(value, str)
    points = fact.scale.points.get(value)
    beside = fact.scale.off_scale.get(value)
    return points is not None or beside is None or beside.counts_as != "unknown", points


def _duration(
    what: Measure, of: ListFact, counted: Sequence[Counted], complete: bool, as_of: datetime.date
) -> Band:
    assert of.interval is not None and what.unit is not None
    certain: list[tuple[datetime.date, datetime.date]] = []
    possible: list[tuple[datetime.date, datetime.date]] = []
    endless = not complete
    for one in counted:
        start = one.item.values.get(of.interval.start)
        end = one.item.values.get(of.interval.end)
        last = end if isinstance(end, Days) else Days.on(as_of)
        if one.value is Truth.UNMET:
            continue
        if not isinstance(start, Days):
            endless = True
            continue
        if one.value is Truth.MET:
            certain.append((start.last, min(last.first, as_of)))
        possible.append((start.first, min(last.last, as_of)))
    low = Decimal(total_completed(certain, what.unit))
    return (low, _INFINITY if endless else Decimal(total_completed(possible, what.unit)))


def shown(amount: Decimal | Fraction) -> Decimal | int | None:
    """An amount for people: a mean or a fraction cut to four places, an infinite one left out."""
    if isinstance(amount, Fraction):
        scaled = amount.numerator * 10_000 // amount.denominator
        return Decimal(scaled).scaleb(-4)
    if not amount.is_finite():
        return None
    return int(amount) if amount == amount.to_integral_value() else amount


def cover(wanted: Cover, having: Sequence[Sequence[Truth]], complete: bool) -> Observation:
    """Whether every value is had by some item; `having[v][i]` is whether item i has value v.

    With `distinct` each value needs another item, which is an assignment: what counts
    is the largest matching, over what is certain and over what is possible.
    """
    best = [max(row, default=Truth.UNMET) for row in having]
    if not complete:
        best = [max(value, Truth.UNKNOWN) for value in best]
    value = min(best)
    if wanted.distinct and value is not Truth.UNMET:
        if not _assignable(having, Truth.MET):
            value = Truth.UNKNOWN
        if complete and not _assignable(having, Truth.UNKNOWN):
            value = Truth.UNMET
    shared = list(zip(wanted.values, best, strict=True))
    return Observation(
        value,
        observed=sum(one is Truth.MET for one in best),
        needed=wanted.values,
        have=tuple(one for one, seen in shared if seen is Truth.MET),
        unsure=tuple(one for one, seen in shared if seen is Truth.UNKNOWN),
        lack=tuple(one for one, seen in shared if seen is Truth.UNMET),
    )


def _assignable(having: Sequence[Sequence[Truth]], least: Truth) -> bool:
    """Whether every value can have an item of its own, of at least this value each."""
    rows = [[index for index, one in enumerate(row) if one >= least] for row in having]
    return matched(rows) == len(rows)


def matched(rows: Sequence[Sequence[int]]) -> int:
    """How many rows can each have an item of its own, out of those that it lists."""
    # networkx takes as long to import as all the rest: only packs that assign pay for it
    import networkx

    graph: networkx.Graph[tuple[str, int]] = networkx.Graph()
    wanted = [("row", number) for number in range(len(rows))]
    graph.add_nodes_from(wanted)
    for node, row in zip(wanted, rows, strict=True):
        graph.add_edges_from((node, ("item", item)) for item in row)
    matching = networkx.bipartite.hopcroft_karp_matching(graph, wanted)
    return sum(node in matching for node in wanted)
