"""The condition tree, as authored, with names resolved and operands typed.

Two levels: a *condition* belongs to an outcome and is about a profile; an *item test*
belongs to a quantifier and is about one item of a list. Item tests are in negation
normal form: negation stands at the comparisons only. A *leaf* is a condition that looks
at the profile; everything else is a group or a reference.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from eligibility.values import Duration, Unit, Value

if TYPE_CHECKING:
    from decimal import Decimal

    from eligibility.model import Citation
    from eligibility.source import Span

__all__ = [
    "AS_OF",
    "Assignment",
    "Comparison",
    "Condition",
    "Cover",
    "Decision",
    "Group",
    "ItemComparison",
    "ItemGroup",
    "ItemQuantifier",
    "ItemTest",
    "Leaf",
    "Literal",
    "Measure",
    "Need",
    "NeedGroup",
    "Needs",
    "Not",
    "Nothing",
    "Operand",
    "OutcomeValue",
    "Quantifier",
    "Reference",
    "Share",
    "Test",
    "Undecidable",
]

AS_OF = "as_of"
"""The built-in date fact: the day the question is asked for."""


@dataclass(frozen=True, slots=True)
class Literal:
    """A value written in the rules."""

    value: Value | Duration


@dataclass(frozen=True, slots=True)
class Reference:
    """The value of a fact or an attribute, shifted by `plus`.

    `scope` is "fact", "item" for an attribute of the item at hand, or "outer" for one of
    the item around a nested list.
    """

    scope: str
    name: str
    plus: Duration | Decimal | None = None
    sign: int = 1


Operand = Literal | Reference | tuple[Literal, ...]


@dataclass(frozen=True, slots=True)
class Comparison:
    """A scalar fact compared. With `completed`, the units completed since a date fact."""

    fact: str
    operator: str
    operand: Operand
    completed: Unit | None = None


@dataclass(frozen=True, slots=True)
class ItemComparison:
    """An attribute of an item compared; `negated` turns the result round."""

    attribute: str
    operator: str
    operand: Operand
    completed: Unit | None = None
    negated: bool = False
    span: Span | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class ItemQuantifier:
    """A quantifier over a list nested in an item."""

    quantifier: Quantifier
    negated: bool = False


@dataclass(frozen=True, slots=True)
class ItemGroup:
    """At least `k` of `children`: `all` has k = their number, `any` k = 1.

    Two children of which one is wanted are `any`; no children and k = 0 let all pass.
    `title` is what a definition calls it.
    """

    k: int
    children: tuple[ItemTest, ...]
    title: str | None = field(default=None, compare=False)


ItemTest = ItemComparison | ItemQuantifier | ItemGroup


@dataclass(frozen=True, slots=True)
class Measure:
    """What a quantifier measures: `count`, `sum`, `mean`, `fraction` or `duration`.

    `attribute` is what is summed or averaged, `weight` the attribute that weighs it,
    `unit` the unit of a duration, `part` the test of the items whose fraction is taken.
    """

    kind: str
    attribute: str | None = None
    weight: str | None = None
    unit: Unit | None = None
    part: ItemTest | None = None


@dataclass(frozen=True, slots=True)
class Cover:
    """For every value some item has it in `attribute`, each another item if `distinct`."""

    attribute: str
    values: tuple[Value, ...]
    distinct: bool = False


@dataclass(frozen=True, slots=True)
class Quantifier:
    """A statement about a list's items that pass `where`.

    `operator` and `bound` compare a measure; a cover has neither. `every_state` is true
    where `where` names the state attribute itself. `has` says that the author wrote
    `has`, which changes words only.
    """

    list: str
    measure: Measure | Cover
    where: ItemTest
    operator: str = "at_least"
    bound: Operand = Literal(1)
    every_state: bool = False
    has: bool = field(default=False, compare=False)


@dataclass(frozen=True, slots=True)
class Decision:
    """A person decides; the profile records the decision under `judgements`."""

    name: str
    question: str = field(compare=False)
    decided_by: str = field(compare=False)


@dataclass(frozen=True, slots=True)
class Undecidable:
    """Always UNKNOWN: nobody can tell yet, and `reason` says why."""

    reason: str


@dataclass(frozen=True, slots=True)
class Nothing:
    """Always MET: an outcome that requires nothing."""


@dataclass(frozen=True, slots=True)
class Need:
    """A quantifier below `share`, met by items of its own.

    `path` is its place below the group that shares. `source` is the nearest citation.
    """

    path: str
    quantifier: Quantifier
    title: str | None = None
    source: Citation | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class NeedGroup:
    """At least `k` of `children`: `all` has k = their number, `any` k = 1."""

    k: int
    children: tuple[Needs, ...]
    title: str | None = None


Needs = Need | NeedGroup


@dataclass(frozen=True, slots=True)
class Share:
    """How much of a number attribute may be counted twice, all items together."""

    attribute: str
    most: Decimal


@dataclass(frozen=True, slots=True)
class Assignment:
    """Needs over one list, each met by items of its own; without a `share` no item is shared."""

    list: str
    needs: NeedGroup
    share: Share | None = None


Leaf = Comparison | Quantifier | Assignment | Decision | Undecidable | Nothing


@dataclass(frozen=True, slots=True)
class _Authored:
    path: str
    span: Span | None = field(default=None, compare=False, kw_only=True)
    title: str | None = field(default=None, compare=False, kw_only=True)
    source: Citation | None = field(default=None, compare=False, kw_only=True)


@dataclass(frozen=True, slots=True)
class Test(_Authored):
    """A leaf in its place."""

    leaf: Leaf


@dataclass(frozen=True, slots=True)
class Group(_Authored):
    """`kind` is all, any, none, at_least or at_most; the last two have a threshold `k`."""

    kind: str
    children: tuple[Condition, ...]
    k: int = 0


@dataclass(frozen=True, slots=True)
class Not(_Authored):
    """The negation of one condition."""

    child: Condition


@dataclass(frozen=True, slots=True)
class OutcomeValue(_Authored):
    """The value of another outcome for the same profile, date and scenario."""

    outcome: str


Condition = Test | Group | Not | OutcomeValue
