"""Giving each need items of its own: what is certain, what is possible, and how.

MET is what the items that certainly fit can do, UNMET what not even all that may fit can
do. Each is a problem for the solver, unless no item fits two needs: then no need gets in
another's way, and each has the value that it has by itself.
"""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from fractions import Fraction
from typing import Any

from eligibility import reduction, truth
from eligibility.conditions import Assignment, Cover, Need, NeedGroup, Needs
from eligibility.facts import Items, name_of
from eligibility.measures import Counted, number_band
from eligibility.model import Fact, ListFact
from eligibility.observations import Assigned, Given, Missing, Observation, Used
from eligibility.solver import Choice, Plan, Problem, Want
from eligibility.truth import Truth
from eligibility.values import Absent

__all__ = ["Candidates", "assign", "needs_of"]

_FINEST = 10**12
"""A bound is reckoned in no more parts than that."""


@dataclass(frozen=True, slots=True)
class Candidates:
    """The items of the list as one need sees them.

    `alone` is what the need comes to where it may use all of them, `bound` its bound on
    this day (None where it is not known), and `having[v][i]` for a cover whether item i
    counts and has value v.
    """

    need: Need
    alone: Observation
    counted: Sequence[Counted]
    bound: Any = None
    having: Sequence[Sequence[Truth]] = ()

    def fitting(self, least: Truth) -> list[int]:
        """The items that fit with at least this value."""
        if self.having:
            best = [max(column) for column in zip(*self.having, strict=True)]
        else:
            best = [one.value for one in self.counted]
        return [item for item, value in enumerate(best) if value >= least]


def needs_of(needs: Needs) -> list[Need]:
    """The needs below a group, in the order of the file."""
    if isinstance(needs, Need):
        return [needs]
    return [need for child in needs.children for need in needs_of(child)]


def _contested(fitting: Sequence[Sequence[int]]) -> set[int]:
    """The items that fit more than one need."""
    times = Counter(itertools.chain.from_iterable(fitting))
    return {item for item, count in times.items() if count > 1}


def assign(
    leaf: Assignment,
    of: ListFact,
    candidates: Sequence[Candidates],
    items: Items,
    *,
    told: bool = True,
) -> Observation:
    """The value of an assignment, and which item is used where as far as that is certain.

    The latter is left out if it is not to be `told`.
    """
    case = _Case(leaf, of, candidates, items)
    value, limited = case.value()
    if not told:
        return Observation(value)
    found = case.observed(value, limited)
    return replace(found, missing=case.missing()) if value is Truth.UNKNOWN else found


class _Case:
    """One assignment for one list of items."""

    def __init__(
        self, leaf: Assignment, of: ListFact, candidates: Sequence[Candidates], items: Items
    ) -> None:
        self._leaf = leaf
        self._of = of
        self._candidates = candidates
        self._items = items
        self._choice = _choice(leaf.needs, itertools.count())
        self._certain = self._problem(certain=True)

    # -- the value --------------------------------------------------------------------

    def value(self) -> tuple[Truth, bool]:
        """The value, and whether it is UNKNOWN because there was too much to try."""
        most = _combined(self._choice, [one.alone.value for one in self._candidates])
        if most is Truth.UNMET:
            return Truth.UNMET, False
        met: bool | None = most is Truth.MET
        if met:
            met = reduction.solvable(self._certain)
        if met:
            return Truth.MET, False
        possible = reduction.solvable(self._problem(certain=False))
        if possible is False:
            return Truth.UNMET, False
        return Truth.UNKNOWN, met is None or possible is None

    def _problem(self, *, certain: bool) -> Problem:
        """What the items that certainly fit, or all that may, have to do."""
        wants = tuple(self._want(one, certain) for one in self._candidates)
        share = self._leaf.share
        if share is None:
            return Problem(wants, self._choice)
        disputed = _contested([want.items for want in wants])
        bands = {item: _band(self._of, share.attribute, self._items, item) for item in disputed}
        costs = {item: high if certain else low for item, (low, high) in bands.items()}
        known = {item: cost for item, cost in costs.items() if cost is not None}
        factor = _factor([share.most, *known.values()], share.most)
        weights = {item: _whole(cost, factor, up=certain) for item, cost in known.items()}
        return Problem(wants, self._choice, weights, _whole(share.most, factor, up=False))

    def _want(self, one: Candidates, certain: bool) -> Want:
        """What a need wants of the items that certainly, or possibly, fit it."""
        open_ended = not self._items.complete or one.bound is None
        if isinstance(one.bound, Absent) or (certain and one.bound is None):
            return Want(never=True)
        if not certain and one.alone.value is Truth.UNMET:
            return Want(never=True)
        if not certain and open_ended:
            # items that nobody knows of yet, or a lower bound, may do
            return Want()
        least = Truth.MET if certain else Truth.UNKNOWN
        measure = one.need.quantifier.measure
        if isinstance(measure, Cover):
            rows = [[item for item, has in enumerate(row) if has >= least] for row in one.having]
            return Want(rows=tuple(map(tuple, rows)), distinct=measure.distinct)
        fitting = one.fitting(least)
        more = one.need.quantifier.operator == "more_than"
        bound = Decimal(one.bound)
        if measure.kind == "count":
            return Want(dict.fromkeys(fitting, 1), _least(bound, Fraction(1), more))
        bands = {item: _band(self._of, measure.attribute, self._items, item) for item in fitting}
        amounts = {item: low if certain else high for item, (low, high) in bands.items()}
        return _summed(amounts, bound, more, up=not certain)

    def missing(self) -> tuple[Missing, ...]:
        """What is not known of how much may be shared."""
        share = self._leaf.share
        if share is None:
            return ()
        fact = self._of.attributes[share.attribute]
        disputed = _contested([one.fitting(Truth.UNKNOWN) for one in self._candidates])
        return tuple(
            Missing(f"{one.pointer}/{fact.name}", fact.question, name_of(one, self._of))
            for one in (self._items.items[item] for item in sorted(disputed))
            if fact.name not in one.values
        )

    # -- what is seen -----------------------------------------------------------------

    def observed(self, value: Truth, limited: bool) -> Observation:
        """The value with the plan that it stands on, or that comes nearest."""
        plan = None
        if not limited:
            plan = reduction.plan(self._certain, all_met=value is Truth.MET)
        if plan is None:
            return Observation(value, assignment=Assigned((), (), limited))
        taken = {item: want for want, given in plan.given.items() for item in given}
        used = [self._used(want, plan, taken, value) for want in plan.chosen]
        fitting = {item for one in self._candidates for item in one.fitting(Truth.MET)}
        left = tuple(self._named(item) for item in sorted(fitting - set(taken)))
        return Observation(
            value,
            observed=len(plan.met),
            needed=len(plan.chosen),
            assignment=Assigned(tuple(used), left, limited),
        )

    def _used(self, want: int, plan: Plan, taken: Mapping[int, int], value: Truth) -> Used:
        one = self._candidates[want]
        given = plan.given[want]
        others = taken.keys() - {*given}
        elsewhere = [item for item in one.fitting(Truth.MET) if item in others]
        met = want in plan.met
        return Used(
            one.need,
            met,
            tuple(self._named(item) for item in given),
            () if met else tuple(self._named(item) for item in elsewhere),
            self._seen(one, given, Truth.MET if met else value),
        )

    def _seen(self, one: Candidates, given: Collection[int], value: Truth) -> Observation:
        """What a need has of the items given to it."""
        names = tuple(self._named(item).item for item in given)
        if value is not Truth.MET:
            # a need that all items together cannot meet is unmet, whatever the others are
            value = min(value, one.alone.value)
        seen = replace(one.alone, value=value, found=names, missing=())
        measure = one.need.quantifier.measure
        if isinstance(measure, Cover):
            rows = zip(measure.values, one.having, strict=True)
            has = [v for v, row in rows if any(row[item] is Truth.MET for item in given)]
            lack = tuple(v for v in measure.values if v not in has)
            unsure, lack = (lack, ()) if value is Truth.UNKNOWN else ((), lack)
            return replace(seen, observed=len(has), have=tuple(has), unsure=unsure, lack=lack)
        if measure.kind == "count":
            return replace(seen, observed=len(given))
        low = (_band(self._of, measure.attribute, self._items, item)[0] for item in given)
        amount = sum((Decimal(one or 0) for one in low), Decimal(0))
        whole = amount == amount.to_integral_value()
        return replace(seen, observed=int(amount) if whole else amount)

    def _named(self, item: int) -> Given:
        one = self._items.items[item]
        return Given(name_of(one, self._of), one.pointer)


# -- choices -----------------------------------------------------------------------------


def _choice(needs: NeedGroup, numbers: itertools.count[int]) -> Choice:
    below = [
        next(numbers) if isinstance(child, Need) else _choice(child, numbers)
        for child in needs.children
    ]
    return Choice(needs.k, tuple(below))


def _combined(choice: Choice | int, values: Sequence[Truth]) -> Truth:
    if isinstance(choice, int):
        return values[choice]
    return truth.at_least(choice.k, [_combined(child, values) for child in choice.children])


# -- wants -------------------------------------------------------------------------------


def _summed(amounts: Mapping[int, Decimal | None], bound: Decimal, more: bool, *, up: bool) -> Want:
    """A sum in whole parts; None is any amount.

    What is certain is rounded down and what is possible `up`, so that rounding can leave
    something open and never settles it wrongly.
    """
    known = [amount for amount in amounts.values() if amount is not None]
    factor = _factor([bound, *known], bound)
    least = _least(bound, factor, more)
    parts = {
        item: least if amount is None else min(least, _whole(amount, factor, up=up))
        for item, amount in amounts.items()
    }
    return Want({item: part for item, part in parts.items() if part > 0}, least)


def _least(bound: Decimal, factor: Fraction, more: bool) -> int:
    """The lowest whole number that is at least, or more than, the bound."""
    if more:
        return max(0, _whole(bound, factor, up=False) + 1)
    return max(0, _whole(bound, factor, up=True))


def _factor(numbers: Sequence[Decimal], bound: Decimal) -> Fraction:
    """In how many parts a unit is cut, so that all numbers are whole or the bound is huge."""
    places = max(-int(number.as_tuple().exponent) for number in numbers)
    factor = Fraction(10) ** max(0, places)
    while Fraction(bound) * factor > _FINEST:
        factor /= 10
    return factor


def _whole(number: Decimal, factor: Fraction, *, up: bool) -> int:
    parts = Fraction(number) * factor
    return -(-parts.numerator // parts.denominator) if up else parts.numerator // parts.denominator


def _band(
    of: ListFact, attribute: str | None, items: Items, item: int
) -> tuple[Decimal, Decimal | None]:
    """The least and the most that an item's number may be; None where there is no limit."""
    fact = of.attributes[attribute or ""]
    assert isinstance(fact, Fact) and fact.minimum is not None
    least, most = number_band(fact, items.items[item])
    return least, most if most.is_finite() else None
