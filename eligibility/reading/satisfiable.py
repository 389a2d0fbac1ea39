"""Finding conditions that nothing can meet.

Comparisons that must hold together are tried on every value that could tell them apart:
the literals themselves, their neighbours, and the ends of what is declared. The operator
table decides, so that the check can never disagree with the evaluation. What a quantifier
measures is compared like a number fact.
"""

from __future__ import annotations

import datetime
import decimal
import itertools
from collections.abc import Callable, Hashable, Iterable, Iterator
from collections.abc import Mapping as MappingType
from dataclasses import dataclass, replace
from decimal import Decimal
from functools import partial

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
    OutcomeValue,
    Quantifier,
    Test,
)
from eligibility.model import Declaration, Fact, Kind, ListFact
from eligibility.operators import OPERATORS, compare
from eligibility.reading import messages
from eligibility.reading.form import Form
from eligibility.source import Node, Span
from eligibility.truth import Truth
from eligibility.values import Absent, Days, Duration, Value, decimal_text

__all__ = ["check_alone", "check_group", "check_items", "completed_fact", "measured_fact"]

_MOST_LITERALS = 300
"""Comparisons of one fact with more literals than that are not searched."""

_EXACT = decimal.Context(prec=200)


@dataclass(frozen=True, slots=True)
class _Claim:
    """A comparison with literals that must hold, or must not where `negated`."""

    subject: Hashable
    fact: Fact
    operator: str
    operand: Operand
    negated: bool
    span: Span | None
    told: Callable[[], str]

    @property
    def shown(self) -> str:
        """What it is called: put into words for a message, and not for each one that is well."""
        return self.told()


def completed_fact() -> Fact:
    """The completed units since a date, as a fact to compare."""
    return Fact("completed", Kind.INTEGER, "completed", "", minimum=Decimal(0))


def measured_fact(measure: Measure, of: ListFact) -> Fact:
    """What a measure can come to, as a fact to compare."""
    if measure.kind in ("count", "duration"):
        return Fact(measure.kind, Kind.INTEGER, measure.kind, "", minimum=Decimal(0))
    if measure.kind == "fraction":
        whole = Decimal(1)
        return Fact("fraction", Kind.NUMBER, "fraction", "", minimum=Decimal(0), maximum=whole)
    fact = of.attributes.get(measure.attribute or "")
    assert isinstance(fact, Fact)
    low, high = fact.minimum, fact.maximum
    if fact.scale is not None and fact.scale.points:
        low, high = min(fact.scale.points.values()), max(fact.scale.points.values())
    if measure.kind == "sum":
        # a sum of nothing is zero, and no number bounds how many there are
        low = Decimal(0) if low is not None and low >= 0 else None
        high = Decimal(0) if high is not None and high <= 0 else None
    return Fact(measure.kind, Kind.NUMBER, measure.kind, "", minimum=low, maximum=high)


def check_alone(form: Form, node: Node, fact: Fact, operator: str, operand: Operand) -> None:
    """Report a comparison with literals that no value of the fact can meet."""
    declared = fact.kind in (Kind.BOOLEAN, Kind.TEXT, Kind.SCALE)
    if operator in ("is", "one_of") and declared:
        return  # its literals are values of the fact, or have been reported
    if not _comparable(fact, operator, operand):
        return
    claim = _Claim(fact.name, fact, operator, operand, False, None, str)
    with decimal.localcontext(_EXACT):
        possible = any(_holds(claim, value) for value in _candidates(fact, [claim]))
    if not possible:
        shown = f"`{fact.name}: {_operand_words(operator, operand)}`"
        form.report(node, messages.never_met(shown, _declared(fact)))


def check_group(form: Form, condition: Condition, facts: MappingType[str, Declaration]) -> None:
    """Report what a condition requires together and no profile can state."""
    _check(form, _claims(condition, facts, negated=False))


def check_items(form: Form, test: ItemTest, of: ListFact) -> None:
    """Report what a test requires of one item and no item can have."""
    for part in _conjunctions(test):
        _check(form, _item_claims(part, of))


def _check(form: Form, claims: Iterable[_Claim]) -> None:
    together: dict[Hashable, list[_Claim]] = {}
    for claim in claims:
        together.setdefault(claim.subject, []).append(claim)
    with decimal.localcontext(_EXACT):
        for found in together.values():
            # one that stands alone has been checked by `check_alone`, unless it is turned round
            if len(found) > 1 or found[0].negated:
                _check_subject(form, found)


def _check_subject(form: Form, claims: list[_Claim]) -> None:
    """Try all claims about one fact together, in the order of the file."""
    if sum(1 for claim in claims for _ in _literals(claim.operand)) > _MOST_LITERALS:
        return
    candidates = list(_candidates(claims[0].fact, claims))
    if any(all(_holds(claim, value) for claim in claims) for value in candidates):
        return  # as it nearly always is
    left = candidates
    kept: list[_Claim] = []
    for claim in claims:
        alone = [value for value in candidates if _holds(claim, value)]
        if not alone:
            if claim.negated and claim.span is not None:
                form.report(claim.span, messages.always_met(_words(replace(claim, negated=False))))
            continue
        both = [value for value in left if _holds(claim, value)]
        if both:
            left = both
            kept.append(claim)
        else:
            _report(form, kept, claim, alone)


def _report(form: Form, kept: list[_Claim], claim: _Claim, alone: list[Value]) -> None:
    pair = [one for one in kept if not any(_holds(one, value) for value in alone)]
    if claim.span is None:
        return
    # where no other by itself is enough to contradict it, all of them together are
    others = [
        f"{_words(one)} in {_place(one.span, claim.span)}"
        for one in pair[:1] or kept
        if one.span is not None
    ]
    form.report(claim.span, messages.contradicts(_words(claim), " and ".join(others)))


def _place(span: Span, seen_from: Span) -> str:
    place = f"line {span.line}"
    return place if span.file == seen_from.file else f"{place} of {span.file}"


def _words(claim: _Claim) -> str:
    return f"the opposite of `{claim.shown}`" if claim.negated else f"`{claim.shown}`"


def _operand_words(operator: str, operand: Operand) -> str:
    if isinstance(operand, tuple):
        values = [_value_words(literal.value) for literal in operand]
        shown = f"[{', '.join(values[:4])}{', ...' if len(values) > 4 else ''}]"
    else:
        shown = _value_words(operand.value) if isinstance(operand, Literal) else "..."
    return shown if operator == "is" else f"{{{operator}: {shown}}}"


def _value_words(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    text = decimal_text(value) if isinstance(value, Decimal) else str(value)
    return text if len(text) <= 40 else f"{text[:40]}..."


def _declared(fact: Fact) -> str | None:
    if fact.scale is not None:
        return f"the scale goes from `{fact.scale.order[0]}` to `{fact.scale.order[-1]}`"
    low, high = (None if one is None else _value_words(one) for one in (fact.minimum, fact.maximum))
    if low is not None and high is not None:
        return f"`{fact.name}` goes from {low} to {high}"
    if low is not None or high is not None:
        return f"`{fact.name}` is {'at least' if low is not None else 'at most'} {low or high}"
    return None


def _holds(claim: _Claim, value: Value) -> bool:
    right: object
    if isinstance(claim.operand, tuple):
        right = tuple(literal.value for literal in claim.operand)
    else:
        assert isinstance(claim.operand, Literal)
        right = claim.operand.value
    wanted = Truth.UNMET if claim.negated else Truth.MET
    return compare(claim.operator, value, right, claim.fact.scale) is wanted


def _candidates(fact: Fact, claims: list[_Claim]) -> Iterator[Value]:
    literals = [value for claim in claims for value in _literals(claim.operand)]
    if fact.complete and fact.kind is not Kind.BOOLEAN:
        yield Absent()
    if fact.kind is Kind.BOOLEAN:
        yield from (True, False)
    elif fact.scale is not None:
        yield from fact.scale.values
    elif fact.values is not None:
        yield from fact.values
    elif fact.kind is Kind.TEXT:
        texts = dict.fromkeys(value for value in literals if isinstance(value, str))
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
            for step in (-1, 0, 1):
                try:
                    yield Days.on(value.first + datetime.timedelta(days=step))
                except OverflowError:
                    continue


def _numbers(fact: Fact, literals: Iterable[object]) -> Iterator[Value]:
    given = {Decimal(value) for value in literals if isinstance(value, int | Decimal)}
    points = {*given, *(one for one in (fact.minimum, fact.maximum) if one is not None)}
    points |= {number + step for number in given or {Decimal(0)} for step in (-1, 1)}
    if fact.kind is Kind.INTEGER:
        floors = {number.to_integral_value(decimal.ROUND_FLOOR) for number in points}
        points = {number + step for number in floors for step in (0, 1)}
    else:
        points |= {(one + other) / 2 for one, other in itertools.pairwise(sorted(points))}
    for number in sorted(points):
        low = fact.minimum is None or fact.minimum <= number
        if low and (fact.maximum is None or number <= fact.maximum):
            yield number


def _literals(operand: Operand) -> Iterator[object]:
    if isinstance(operand, tuple):
        yield from (literal.value for literal in operand)
    elif isinstance(operand, Literal):
        yield operand.value


def _comparable(fact: Fact, operator: str, operand: Operand) -> bool:
    """Whether a comparison is decided by the fact alone, whatever else is stated."""
    if fact.many or not isinstance(operand, tuple | Literal):
        return False
    if isinstance(operand, Literal) and isinstance(operand.value, Duration):
        return False
    shape = OPERATORS[operator].shape
    return shape in ("value", "values") or (shape == "pattern" and fact.values is not None)


def _compared(
    fact: Declaration | None, test: Comparison | ItemComparison, negated: bool, span: Span | None
) -> Iterator[_Claim]:
    if not isinstance(fact, Fact):
        return
    name, within, counted = fact.name, None, fact
    if test.completed is not None:
        within, counted = f"completed: {test.completed}", completed_fact()
    if _comparable(counted, test.operator, test.operand):
        told = partial(_shown, name, within, test.operator, test.operand)
        subject = (name, test.completed)
        yield _Claim(subject, counted, test.operator, test.operand, negated, span, told)


def _measured(
    of: Declaration | None, leaf: Quantifier, negated: bool, span: Span | None
) -> Iterator[_Claim]:
    if not isinstance(of, ListFact) or not isinstance(leaf.measure, Measure):
        return
    fact = measured_fact(leaf.measure, of)
    if _comparable(fact, leaf.operator, leaf.bound):
        subject = (leaf.list, leaf.measure, leaf.where, leaf.every_state)
        told = partial(_measure_shown, leaf, leaf.measure.kind)
        yield _Claim(subject, fact, leaf.operator, leaf.bound, negated, span, told)


def _measure_shown(leaf: Quantifier, measured: str) -> str:
    if leaf.has:
        return f"{leaf.list}: {{has: ...}}"
    return _shown(leaf.list, f"{measured}: ...", leaf.operator, leaf.bound)


def _shown(name: str, within: str | None, operator: str, operand: Operand) -> str:
    """A comparison as the author wrote it, or nearly."""
    if within is None:
        return f"{name}: {_operand_words(operator, operand)}"
    return f"{name}: {{{within}, {operator}: {_operand_words('is', operand)}}}"


def _claims(
    condition: Condition, facts: MappingType[str, Declaration], *, negated: bool
) -> Iterator[_Claim]:
    """The comparisons that must hold for a condition (or its negation) to be met."""
    match condition:
        case Test(leaf=Comparison() as leaf):
            yield from _compared(facts.get(leaf.fact), leaf, negated, condition.span)
        case Test(leaf=Quantifier() as leaf):
            yield from _measured(facts.get(leaf.list), leaf, negated, condition.span)
        case Not():
            yield from _claims(condition.child, facts, negated=not negated)
        case Group():
            every = _every(condition, negated)
            for child in condition.children if every is not None else ():
                yield from _claims(child, facts, negated=not every)
        case Test() | OutcomeValue():
            pass


def _every(group: Group, negated: bool) -> bool | None:
    """True where all children must be met, False where none may be, None otherwise."""
    count = len(group.children)
    least, most = {
        "all": (count, count),
        "any": (1, count),
        "none": (0, 0),
        "at_least": (group.k, count),
        "at_most": (0, group.k),
    }[group.kind]
    if not negated:
        return True if least == count else False if most == 0 else None
    # the negation wants fewer than `least` or more than `most`
    if most >= count:
        return False if least == 1 else None
    return True if least == 0 and most == count - 1 else None


def _item_claims(test: ItemTest, of: ListFact) -> Iterator[_Claim]:
    if isinstance(test, ItemComparison):
        declaration = of.attributes.get(test.attribute)
        yield from _compared(declaration, test, test.negated, test.span)
    elif isinstance(test, ItemGroup) and test.k == len(test.children):
        for child in test.children:
            yield from _item_claims(child, of)


def _conjunctions(test: ItemTest, within: bool = False) -> Iterator[ItemTest]:
    """A test and, below its alternatives, each of them."""
    if not within:
        yield test
    if isinstance(test, ItemGroup):
        every = test.k == len(test.children)
        for child in test.children:
            yield from _conjunctions(child, within=every)
