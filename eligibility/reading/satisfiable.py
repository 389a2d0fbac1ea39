"""Finding conditions that nothing can meet.

A set of comparisons of one fact is tried on every value that could tell them apart: the
literals themselves, their neighbours, and the ends of what is declared. The operator
table decides, so that the check can never disagree with the evaluation.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Iterator, Mapping as MappingType
from dataclasses import dataclass
from decimal import Decimal

from eligibility.conditions import (
    Comparison,
    Condition,
    Group,
    ItemComparison,
    ItemGroup,
    ItemTest,
    Literal,
    Measure,
    Not,
    Operand,
    Test,
)
from eligibility.model import Declaration, Fact, Kind, ListFact
from eligibility.operators import OPERATORS, compare, compare_bands
from eligibility.reading import messages
from eligibility.reading.form import Form
from eligibility.source import Span
from eligibility.truth import Truth
from eligibility.values import Days, Duration, Value

__all__ = ["check_group", "check_items", "never_in_range"]

_INFINITY = Decimal("Infinity")


@dataclass(frozen=True, slots=True)
class _Claim:
    """One comparison with literals that must hold."""

    operator: str
    operand: Operand
    negated: bool
    span: Span | None


def check_group(form: Form, condition: Condition, facts: MappingType[str, Declaration]) -> None:
    """Report comparisons below an `all` that cannot be met, alone or together."""
    claims: dict[str, list[_Claim]] = {}
    for name, claim in _claims(condition):
        claims.setdefault(name, []).append(claim)
    _check(form, claims, facts)


def check_items(form: Form, test: ItemTest, of: ListFact) -> None:
    """The same for the tests that one item must pass."""
    for group in _conjunctions(test):
        claims: dict[str, list[_Claim]] = {}
        for name, claim in _item_claims(group):
            claims.setdefault(name, []).append(claim)
        _check(form, claims, of.attributes)


def never_in_range(operator: str, bound: Decimal, measure: Measure, of: ListFact) -> bool:
    """Whether no amount that the measure can come to satisfies the bound."""
    low, high = -_INFINITY, _INFINITY
    fact = of.attributes.get(measure.attribute) if measure.attribute else None
    if measure.kind in ("count", "duration"):
        low = Decimal(0)
    elif isinstance(fact, Fact):
        least, most = _range(fact)
        if measure.kind == "mean":
            low, high = least, most
        elif least >= 0:
            low = Decimal(0)
    return compare_bands(operator, (low, high), (bound, bound)) is Truth.UNMET


def _range(fact: Fact) -> tuple[Decimal, Decimal]:
    if fact.scale is not None and fact.scale.points:
        return min(fact.scale.points.values()), max(fact.scale.points.values())
    low = -_INFINITY if fact.minimum is None else fact.minimum
    return low, _INFINITY if fact.maximum is None else fact.maximum


def _check(
    form: Form, claims: MappingType[str, list[_Claim]], facts: MappingType[str, Declaration]
) -> None:
    for name, found in claims.items():
        fact = facts.get(name)
        if not isinstance(fact, Fact) or fact.many:
            continue
        for count in range(1, len(found) + 1):
            if not _possible(fact, found[:count]):
                last = found[count - 1]
                if last.span is not None:
                    _report(form, fact, found[: count - 1], last, last.span)
                break


def _report(form: Form, fact: Fact, before: list[_Claim], last: _Claim, span: Span) -> None:
    if not _possible(fact, [last]):
        form.report(span, messages.never_met(f"this comparison of `{fact.name}`", _declared(fact)))
        return
    against = next((one for one in before if not _possible(fact, [one, last])), before[0])
    line = against.span.line if against.span else 0
    form.report(span, messages.contradicts(fact.name, line))


def _declared(fact: Fact) -> str | None:
    if fact.scale is not None:
        return f"the scale goes from `{fact.scale.order[0]}` to `{fact.scale.order[-1]}`"
    if fact.minimum is not None or fact.maximum is not None:
        low = "any" if fact.minimum is None else fact.minimum
        high = "any" if fact.maximum is None else fact.maximum
        return f"`{fact.name}` is declared from {low} to {high}"
    return None


def _possible(fact: Fact, claims: list[_Claim]) -> bool:
    """Whether some value meets all the claims."""
    if any(claim.operator == "matches" for claim in claims):
        return True
    return any(
        all(_holds(fact, claim, value) for claim in claims) for value in _candidates(fact, claims)
    )


def _holds(fact: Fact, claim: _Claim, value: Value) -> bool:
    right: object
    if isinstance(claim.operand, tuple):
        right = tuple(literal.value for literal in claim.operand)
    else:
        assert isinstance(claim.operand, Literal)
        right = claim.operand.value
    wanted = Truth.UNMET if claim.negated else Truth.MET
    return compare(claim.operator, value, right, fact.scale) is wanted


def _candidates(fact: Fact, claims: list[_Claim]) -> Iterator[Value]:
    literals = [value for claim in claims for value in _literals(claim.operand)]
    if fact.kind is Kind.BOOLEAN:
        yield from (True, False)
    elif fact.scale is not None:
        yield from fact.scale.values
    elif fact.values is not None:
        yield from fact.values
    elif fact.kind is Kind.TEXT:
        texts = [value for value in literals if isinstance(value, str)]
        yield from texts
        yield "".join(texts) + " and another"
    elif fact.kind is Kind.DATE:
        yield from _days(literals)
    else:
        yield from _numbers(fact, literals)


def _days(literals: Iterable[object]) -> Iterator[Value]:
    yield Days.on(datetime.date(2000, 1, 1))
    for value in literals:
        if isinstance(value, Days):
            for day in (-1, 0, 1):
                try:
                    yield Days.on(value.first + datetime.timedelta(days=day))
                except OverflowError:
                    continue


def _numbers(fact: Fact, literals: Iterable[object]) -> Iterator[Value]:
    given = sorted(Decimal(value) for value in literals if isinstance(value, int | Decimal))
    low, high = _range(fact)
    points = {*given, *(one for one in (low, high) if one.is_finite())}
    points |= {number + step for number in given for step in (-1, 1)}
    if fact.kind is Kind.INTEGER:
        points = {number // 1 + step for number in points for step in (0, 1)}
    else:
        ordered = sorted(points)
        points |= {(one + other) / 2 for one, other in zip(ordered, ordered[1:], strict=False)}
    yield from (number for number in sorted(points or {Decimal(0)}) if low <= number <= high)


def _literals(operand: Operand) -> Iterator[object]:
    if isinstance(operand, tuple):
        yield from (literal.value for literal in operand)
    elif isinstance(operand, Literal):
        yield operand.value


def _comparable(operator: str, operand: Operand) -> bool:
    """Whether a comparison is decided by the fact alone: with literals, not existence."""
    fixed = isinstance(operand, tuple | Literal)
    if isinstance(operand, Literal) and isinstance(operand.value, Duration):
        return False
    return fixed and OPERATORS[operator].shape in ("value", "values", "pattern")


def _claims(condition: Condition, negated: bool = False) -> Iterator[tuple[str, _Claim]]:
    """The comparisons that must hold for a condition to be met."""
    if isinstance(condition, Test):
        leaf = condition.leaf
        if (
            isinstance(leaf, Comparison)
            and leaf.completed is None
            and _comparable(leaf.operator, leaf.operand)
        ):
            yield leaf.fact, _Claim(leaf.operator, leaf.operand, negated, condition.span)
    elif isinstance(condition, Not):
        yield from _claims(condition.child, not negated)
    elif isinstance(condition, Group):
        if condition.kind == ("any" if negated else "all"):
            for child in condition.children:
                yield from _claims(child, negated)
        elif condition.kind == "none" and not negated:
            for child in condition.children:
                yield from _claims(child, True)


def _item_claims(test: ItemTest) -> Iterator[tuple[str, _Claim]]:
    if isinstance(test, ItemComparison):
        if test.completed is None and _comparable(test.operator, test.operand):
            yield test.attribute, _Claim(test.operator, test.operand, test.negated, test.span)
    elif isinstance(test, ItemGroup) and test.k == len(test.children):
        for child in test.children:
            yield from _item_claims(child)


def _conjunctions(test: ItemTest) -> Iterator[ItemTest]:
    """A test and, below each of its alternatives, the tests there."""
    yield test
    if isinstance(test, ItemGroup):
        for child in test.children:
            if test.k != len(test.children):
                yield from _conjunctions(child)

