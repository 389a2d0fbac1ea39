"""Folding a profile into leaf values: the only place where rules meet a profile."""

from __future__ import annotations

import datetime
import decimal
import enum
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

from eligibility import truth
from eligibility.assignment import Candidates, assign, needs_of
from eligibility.conditions import (
    AS_OF,
    Assignment,
    Comparison,
    Cover,
    Decision,
    ItemComparison,
    ItemGroup,
    ItemQuantifier,
    ItemTest,
    Leaf,
    Literal,
    Measure,
    Nothing,
    Operand,
    Quantifier,
    Reference,
    Undecidable,
)
from eligibility.facts import Item, Items, Profile, in_progress, name_of
from eligibility.measures import Counted, cover, measure
from eligibility.model import Completing, Declaration, Fact, ListFact, States, Vocabulary
from eligibility.observations import Blocker, Missing, Observation, distinct_missing
from eligibility.operators import compare, compare_completed
from eligibility.remembered import Remembered, Table
from eligibility.results import MET, Result, both, names_of_met, nearest, uncovered
from eligibility.truth import Truth
from eligibility.values import Days, Duration, Unit, Value, shift, since

__all__ = ["EXACT", "Fold", "Scenario", "fold"]

EXACT = decimal.Context(prec=400, traps=[decimal.InvalidOperation, decimal.Inexact])
"""Sums and products of the numbers that profiles and rules may hold are exact in it."""


class Scenario(enum.Enum):
    """NOW: what is finished counts. PROJECTED: what is in progress is completed well."""

    NOW = "now"
    PROJECTED = "projected"


def fold(
    leaves: Sequence[Leaf],
    vocabulary: Vocabulary,
    profile: Profile,
    as_of: datetime.date,
    remembered: Remembered | None = None,
    *,
    told: bool = True,
) -> dict[Scenario, tuple[Observation, ...]]:
    """The value of every leaf, in each scenario that the profile must be asked.

    A profile in which nothing is in progress is asked once. What is `remembered` of these
    leaves and this day makes it quicker, and makes no other difference. Where nothing else is
    to be `told` than the values, what items of an assignment are used for is not looked for.
    """
    scenarios = [Scenario.NOW]
    if in_progress(vocabulary, profile):
        scenarios.append(Scenario.PROJECTED)
    found: dict[Scenario, tuple[Observation, ...]] = {}
    kinds = remembered.kinds(profile) if remembered else {}
    with decimal.localcontext(EXACT):
        for scenario in scenarios:
            folder = Fold(vocabulary, profile, as_of, scenario, remembered, kinds, told=told)
            found[scenario] = tuple(folder.leaf(leaf) for leaf in leaves)
    return found


@dataclass(frozen=True, slots=True)
class _Around:
    """The item at hand. `assume` is true where it is taken to be completed well."""

    of: ListFact
    item: Item
    assume: bool
    outer: _Around | None = None


@dataclass(frozen=True, slots=True)
class _Weighed:
    """What a quantifier comes to, and what each item is to it.

    `missing` is what else may decide, beside the items; `having` is for a cover.
    """

    found: Observation
    results: Sequence[Result]
    counted: Sequence[Counted]
    missing: Sequence[Missing]
    bound: Any
    having: Sequence[Sequence[Truth]] = ()


_SUPPLIED = object()
"""Stands for a value that completing the item will supply, whatever it may be."""


class Fold:
    """Values leaves for one profile, date and scenario."""

    def __init__(
        self,
        vocabulary: Vocabulary,
        profile: Profile,
        as_of: datetime.date,
        scenario: Scenario,
        remembered: Remembered | None = None,
        kinds: Mapping[str, Sequence[int]] | None = None,
        *,
        told: bool = True,
    ) -> None:
        self._facts = vocabulary.facts
        self._profile = profile
        self._as_of = as_of
        self._scenario = scenario
        self._remembered = remembered
        self._kinds = kinds or {}
        self._told = told
        self._tested: dict[tuple[str, ItemTest, bool], tuple[Result, ...]] = {}

    def leaf(self, leaf: Leaf) -> Observation:
        """The value of a leaf, with what was seen."""
        match leaf:
            case Comparison():
                return self._comparison(leaf)
            case Quantifier(list=name):
                return self._quantifier(leaf, self._list(name), self._profile.lists[name], None)
            case Assignment():
                return self._assignment(leaf)
            case Decision():
                return self._decision(leaf)
            case Undecidable():
                return Observation(Truth.UNKNOWN)
            case Nothing():
                return Observation(Truth.MET)

    def item(self, leaf: Quantifier, item: Item) -> Truth:
        """Whether an item of a profile's list counts for a leaf."""
        return self._item(leaf, self._list(leaf.list), item, None).value

    def tested(self, test: ItemComparison, of: ListFact, item: Item) -> Truth:
        """What a comparison with an attribute of an item comes to."""
        return self._item_comparison(test, _Around(of, item, False)).value

    def happened(self, of: ListFact, item: Item) -> Truth:
        """Whether an item's day has come."""
        return self._happened(of, item).value

    def _list(self, name: str) -> ListFact:
        declaration = self._facts[name]
        assert isinstance(declaration, ListFact)
        return declaration

    def _decision(self, leaf: Decision) -> Observation:
        decided = self._profile.judgements.get(leaf.name)
        if decided is None:
            question = f"{leaf.question} (decided by {leaf.decided_by})"
            missing = (Missing(f"/judgements/{leaf.name}", question),)
            return Observation(Truth.UNKNOWN, needed=True, missing=missing)
        return Observation(Truth.MET if decided else Truth.UNMET, observed=decided, needed=True)

    def _comparison(self, leaf: Comparison) -> Observation:
        left, missing = self._fact(leaf.fact)
        fact = self._declared(leaf.fact)
        right, more = self._operand(leaf.operator, leaf.operand, None)
        value, shown = self._compare(leaf.operator, left, right, leaf.completed, fact)
        missing = distinct_missing([*missing, *more])
        if not missing and fact is not None:
            missing = (Missing(f"/{leaf.fact}", fact.question),)
        return Observation(
            value,
            observed=shown,
            needed=right,
            missing=missing if value is Truth.UNKNOWN else (),
        )

    def _compare(
        self,
        operator: str,
        left: Value | None,
        right: Any,
        unit: Unit | None,
        fact: Fact | None,
    ) -> tuple[Truth, Value | None]:
        """The value of a comparison, and the left side as it was compared."""
        if unit is None:
            return compare(operator, left, right, fact.scale if fact else None), left
        if not isinstance(left, Days) or not isinstance(right, int | Decimal | tuple):
            return compare(operator, left, right, None), left
        return compare_completed(operator, left, right, unit, self._as_of)

    def _declared(self, name: str) -> Fact | None:
        declaration = self._facts.get(name)
        return declaration if isinstance(declaration, Fact) else None

    def _fact(self, name: str) -> tuple[Value | None, tuple[Missing, ...]]:
        if name == AS_OF:
            return Days.on(self._as_of), ()
        value = self._profile.values.get(name)
        fact = self._declared(name)
        assert fact is not None
        if value is None or (isinstance(value, Days) and not value.known):
            return value, (Missing(f"/{name}", fact.question),)
        return value, ()

    # -- operands ---------------------------------------------------------------------

    def _operand(
        self, operator: str, operand: Operand, around: _Around | None
    ) -> tuple[Any, tuple[Missing, ...]]:
        """The right side as it stands on this day; None where it is not known."""
        if isinstance(operand, tuple):
            return tuple(literal.value for literal in operand), ()
        if isinstance(operand, Literal):
            if isinstance(operand.value, Duration):
                return since(self._as_of, operand.value), ()
            return operand.value, ()
        value, missing = self._referred(operand, around)
        if operand.plus is None or value is None or value is _SUPPLIED:
            return value, missing
        if isinstance(value, Days):
            assert isinstance(operand.plus, Duration)
            first, last = (
                shift(day, operand.plus, operand.sign) for day in (value.first, value.last)
            )
            return Days(first, last), missing
        if isinstance(value, int | Decimal):
            assert isinstance(operand.plus, Decimal)
            return Decimal(value) + operand.sign * operand.plus, missing
        return value, missing

    def _referred(
        self, operand: Reference, around: _Around | None
    ) -> tuple[Any, tuple[Missing, ...]]:
        if operand.scope == "fact":
            return self._fact(operand.name)
        assert around is not None
        holder = around if operand.scope == "item" else around.outer
        assert holder is not None
        return self._attribute(holder, operand.name)

    def _attribute(self, around: _Around, name: str) -> tuple[Any, tuple[Missing, ...]]:
        """An attribute of an item, or what completing the item makes of it."""
        supplied = around.of.completing.get(name) if around.assume else None
        if supplied is not None:
            return (Days.on(self._as_of) if supplied.on_as_of else _SUPPLIED), ()
        value = around.item.values.get(name)
        interval = around.of.interval
        if value is None and interval is not None and name == interval.end:
            # open: it lasts until the as-of date
            return Days.on(self._as_of), ()
        if value is None or (isinstance(value, Days) and not value.known):
            return value, (_missing(around, around.of.attributes[name]),)
        return value, ()

    # -- items ------------------------------------------------------------------------

    def _quantifier(
        self, leaf: Quantifier, of: ListFact, items: Items, outer: _Around | None
    ) -> Observation:
        weighed = self._weigh(leaf, of, items, outer)
        if weighed.found.value is not Truth.UNKNOWN:
            return weighed.found
        missing = self._lacking(leaf, of, weighed, outer)
        return replace(weighed.found, missing=distinct_missing(missing))

    def _weigh(
        self, leaf: Quantifier, of: ListFact, items: Items, outer: _Around | None
    ) -> _Weighed:
        """What a quantifier comes to, with the part that each item has in it."""
        results = self._results(leaf, of, items, outer)
        missing: list[Missing] = []
        if not items.complete:
            question = of.question if not items.stated else f"Is anything missing in: {of.title}?"
            missing.append(Missing(items.pointer, question))
        counted = [
            Counted(item, result.value) for item, result in zip(items.items, results, strict=True)
        ]
        if isinstance(leaf.measure, Cover):
            having = self._having_each(leaf, leaf.measure, of, counted, outer, missing)
            found = cover(leaf.measure, having, items.complete)
            notes = uncovered(leaf.measure, of, items, results, found)
            return _Weighed(replace(found, notes=notes), results, counted, missing, 1, having)
        bound, more = self._operand("at_least", leaf.bound, None)
        missing.extend(more)
        if leaf.measure.part is not None:
            results = self._parts(leaf, leaf.measure.part, of, counted, results, outer)
            pairs = zip(counted, results, strict=True)
            counted = [replace(one, part=result.value) for one, result in pairs]
        found = measure(leaf, of, counted, items.complete, bound, self._as_of)
        notes = nearest(of, items, results, leaf.measure.kind == "count")
        found = replace(found, notes=notes, found=names_of_met(of, items, results))
        return _Weighed(found, results, counted, missing, bound)

    def _lacking(
        self, leaf: Quantifier, of: ListFact, weighed: _Weighed, outer: _Around | None
    ) -> list[Missing]:
        """All that is not known and may decide a quantifier."""
        missing = list(weighed.missing)
        for one, result in zip(weighed.counted, weighed.results, strict=True):
            missing.extend(result.missing)
            if one.value is not Truth.UNMET:
                missing.extend(self._unmeasured(leaf, _Around(of, one.item, False, outer)))
        return missing

    def _assignment(self, leaf: Assignment) -> Observation:
        """Needs that each have items of their own."""
        of = self._list(leaf.list)
        items = self._profile.lists[leaf.list]
        needs = needs_of(leaf.needs)
        weighed = [self._weigh(need.quantifier, of, items, None) for need in needs]
        candidates = [
            Candidates(need, one.found, one.counted, one.bound, one.having)
            for need, one in zip(needs, weighed, strict=True)
        ]
        found = assign(leaf, of, candidates, items, told=self._told)
        if found.value is not Truth.UNKNOWN or not self._told:
            return found
        missing = [
            piece
            for need, one in zip(needs, weighed, strict=True)
            for piece in self._lacking(need.quantifier, of, one, None)
        ]
        return replace(found, missing=distinct_missing([*missing, *found.missing]))

    def _unmeasured(self, leaf: Quantifier, around: _Around) -> list[Missing]:
        """What an item lacks that is summed, averaged or weighed."""
        measured = leaf.measure
        if not isinstance(measured, Measure):
            return []
        found: list[Missing] = []
        for name in (measured.attribute, measured.weight):
            if name is None:
                continue
            fact = around.of.attributes[name]
            assert isinstance(fact, Fact)
            value = around.item.values.get(name)
            undecided = fact.scale.off_scale.get(str(value)) if fact.scale else None
            if value is None or (undecided and undecided.counts_as == "unknown"):
                found.append(_missing(around, fact))
        return found

    def _having_each(
        self,
        leaf: Quantifier,
        wanted: Cover,
        of: ListFact,
        counted: Sequence[Counted],
        outer: _Around | None,
        missing: list[Missing],
    ) -> list[list[Truth]]:
        """For each value to cover whether each item counts and has it."""
        fact = of.attributes[wanted.attribute]
        assert isinstance(fact, Fact)
        operator = "includes" if fact.many else "is"
        having: list[list[Truth]] = []
        for value in wanted.values:
            test = ItemComparison(wanted.attribute, operator, Literal(value))
            row: list[Truth] = []
            for one in counted:
                if one.value is Truth.UNMET:
                    row.append(Truth.UNMET)
                    continue
                has = self._having(leaf, of, one, test, outer)
                missing.extend(has.missing)
                row.append(has.value)
            having.append(row)
        return having

    def _parts(
        self,
        leaf: Quantifier,
        part: ItemTest,
        of: ListFact,
        counted: Sequence[Counted],
        results: Sequence[Result],
        outer: _Around | None,
    ) -> tuple[Result, ...]:
        """Of each item, whether it counts and is of the part whose fraction is taken."""
        found: list[Result] = []
        for one, result in zip(counted, results, strict=True):
            if one.value is Truth.UNMET:
                found.append(result)
                continue
            has = self._having(leaf, of, one, part, outer)
            missing = distinct_missing([*result.missing, *has.missing])
            found.append(replace(has, missing=missing, state=has.state or result.state))
        return tuple(found)

    def _having(
        self,
        leaf: Quantifier,
        of: ListFact,
        one: Counted,
        test: ItemTest,
        outer: _Around | None,
    ) -> Result:
        """Whether an item counts and passes a further test, both in one and the same state."""
        if of.states is not None and of.states.attribute not in one.item.values:
            both = replace(leaf, where=ItemGroup(2, (leaf.where, test)))
            return self._item(both, of, one.item, outer)
        assume = not leaf.every_state and self._assumed(of, one.item)
        has = self._test(test, _Around(of, one.item, assume, outer))
        return replace(has, value=min(one.value, has.value))

    def _results(
        self, leaf: Quantifier, of: ListFact, items: Items, outer: _Around | None
    ) -> tuple[Result, ...]:
        """The value of every item; remembered, since many leaves share a `where`."""
        if outer is not None:
            return tuple(self._item(leaf, of, item, outer) for item in items.items)
        if self._remembered is not None:
            table = self._remembered.table(leaf, self._scenario is Scenario.PROJECTED)
            if table is not None:
                return tuple(
                    self._recalled(table, leaf, of, item, kind)
                    for item, kind in zip(items.items, self._kinds[leaf.list], strict=True)
                )
        key = (leaf.list, leaf.where, leaf.every_state)
        if key not in self._tested:
            self._tested[key] = tuple(self._item(leaf, of, item, None) for item in items.items)
        return self._tested[key]

    def _recalled(
        self, table: Table, leaf: Quantifier, of: ListFact, item: Item, kind: int
    ) -> Result:
        """What is remembered of items like this one; what is not is derived."""
        assert self._remembered is not None
        result = self._remembered.recall(table, kind, item, of)
        if result is None:
            result = self._item(leaf, of, item, None)
            self._remembered.keep(table, kind, item, result)
        return result

    def _assumed(self, of: ListFact, item: Item) -> bool:
        """Whether the item is in progress and taken to be completed well."""
        return (
            self._scenario is Scenario.PROJECTED
            and of.states is not None
            and item.values.get(of.states.attribute) in of.states.in_progress
        )

    def _item(self, leaf: Quantifier, of: ListFact, item: Item, outer: _Around | None) -> Result:
        """The value of one item: what it must pass, in the states that count."""
        if of.states is None:
            return both(self._happened(of, item), self._tests(leaf, of, item, outer))
        state = item.values.get(of.states.attribute)
        if state is None:
            return self._any_state(leaf, of, of.states, item, outer)
        if state in of.states.finished:
            return both(self._happened(of, item), self._tests(leaf, of, item, outer))
        if leaf.every_state:
            return self._tests(leaf, of, item, outer)
        if self._assumed(of, item):
            return self._tests(leaf, of, item, outer, assume=True)
        words = "planned" if state in of.states.planned else str(state)
        if state in of.states.in_progress:
            words = "in progress"
        tested = self._tests(leaf, of, item, outer)
        return replace(tested, value=Truth.UNMET, missing=(), state=words)

    def _tests(
        self,
        leaf: Quantifier,
        of: ListFact,
        item: Item,
        outer: _Around | None,
        assume: bool = False,
    ) -> Result:
        return self._test(leaf.where, _Around(of, item, assume, outer))

    def _any_state(
        self, leaf: Quantifier, of: ListFact, states: States, item: Item, outer: _Around | None
    ) -> Result:
        """An item of which the state is unknown: what it would be in each, if that is one."""
        declared = of.attributes[states.attribute]
        assert isinstance(declared, Fact)
        values = {
            self._item(leaf, of, item.with_value(states.attribute, state), outer).value
            for state in declared.values or ()
        }
        if values == {Truth.MET}:
            return MET
        seen = both(self._happened(of, item), self._tests(leaf, of, item, outer))
        if values == {Truth.UNMET}:
            return replace(seen, value=Truth.UNMET, missing=())
        missing = (_missing(_Around(of, item, False), declared), *seen.missing)
        words = None if leaf.every_state else "state not known"
        return Result(Truth.UNKNOWN, seen.blockers, distinct_missing(missing), words)

    def _happened(self, of: ListFact, item: Item) -> Result:
        """Whether an item's day has come: MET, UNMET after the as-of date, or UNKNOWN."""
        name = of.dated_by or (of.interval.start if of.interval else None)
        if name is None:
            return MET
        day, missing = self._attribute(_Around(of, item, False), name)
        value = compare("on_or_before", day, Days.on(self._as_of), None)
        if value is Truth.UNMET:
            return Result(value, state=f"after {self._as_of}")
        return MET if value is Truth.MET else Result(value, (), missing, "date not known")

    def _test(self, test: ItemTest, around: _Around) -> Result:
        match test:
            case ItemComparison():
                return self._item_comparison(test, around)
            case ItemQuantifier():
                return self._nested(test, around)
            case ItemGroup():
                results = [self._test(child, around) for child in test.children]
                value = truth.at_least(test.k, [result.value for result in results])
                if value is Truth.MET:
                    return MET
                below = [result for result in results if result.value is not Truth.MET]
                missing = [one for result in below for one in result.missing]
                blockers = [one for result in below for one in result.blockers]
                if test.title is not None:
                    # a test with a name of its own is named, not taken apart
                    blockers = [Blocker(around.of.name, test, value, None)]
                # to know more about an item that cannot count any more decides nothing
                asked = distinct_missing(missing) if value is Truth.UNKNOWN else ()
                return Result(value, tuple(blockers), asked)

    def _nested(self, test: ItemQuantifier, around: _Around) -> Result:
        quantifier = test.quantifier
        of = around.of.attributes[quantifier.list]
        assert isinstance(of, ListFact)
        seen = self._quantifier(quantifier, of, around.item.lists[quantifier.list], around)
        value = truth.negation(seen.value) if test.negated else seen.value
        if value is Truth.MET:
            return MET
        blocker = Blocker(around.of.name, test, value, seen.observed)
        named = name_of(around.item, around.of)
        missing = tuple(replace(one, item=one.item or named) for one in seen.missing)
        return Result(value, (blocker,), missing)

    def _item_comparison(self, test: ItemComparison, around: _Around) -> Result:
        fact = around.of.attributes[test.attribute]
        assert isinstance(fact, Fact)
        left, missing = self._attribute(around, test.attribute)
        if test.operator == "exists" and test.attribute not in around.item.values:
            # an open end counts as the as-of date, but it is not stated
            left = None if left is not _SUPPLIED else left
        right, more = self._operand(test.operator, test.operand, around)
        if left is _SUPPLIED or right is _SUPPLIED:
            value = self._supplied(test, fact, left, right, around)
        else:
            value, _ = self._compare(test.operator, left, right, test.completed, fact)
            value = truth.negation(value) if test.negated else value
        if value is Truth.MET:
            return MET
        shown = None if left is _SUPPLIED else left
        blocker = Blocker(around.of.name, test, value, shown)
        missing = (*missing, *more) if value is Truth.UNKNOWN else ()
        if value is Truth.UNKNOWN and not missing:
            # stated, but as something that is not decided yet, like an incomplete
            missing = (_missing(around, fact),)
        return Result(value, (blocker,), missing)

    def _supplied(
        self, test: ItemComparison, fact: Fact, left: Any, right: Any, around: _Around
    ) -> Truth:
        """A comparison with what completing supplies: MET if a good result can meet it."""
        supplied: Completing | None = around.of.completing.get(test.attribute)
        if left is not _SUPPLIED or right is _SUPPLIED or supplied is None:
            return Truth.MET
        if supplied.well is None or test.completed is not None:
            return Truth.MET
        values = [
            compare(test.operator, (one,) if fact.many else one, right, fact.scale)
            for one in supplied.well
        ]
        if test.negated:
            values = [truth.negation(value) for value in values]
        return truth.disjunction(values)


def _missing(around: _Around, declaration: Declaration) -> Missing:
    pointer = f"{around.item.pointer}/{declaration.name}"
    return Missing(pointer, declaration.question, name_of(around.item, around.of))
