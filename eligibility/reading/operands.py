"""Reading what stands behind an operator: literals, references, durations."""

from __future__ import annotations

import datetime
from collections.abc import Mapping as MappingType
from dataclasses import dataclass
from decimal import Decimal

from eligibility.conditions import AS_OF, Literal, Operand, Reference
from eligibility.errors import Message
from eligibility.model import Declaration, Fact, Kind, ListFact
from eligibility.operators import OPERATORS, Operator
from eligibility.reading import messages
from eligibility.reading.definitions import MEASURES
from eligibility.reading.form import Form, day_hint, number_hint
from eligibility.reading.satisfiable import check_alone
from eligibility.source import Mapping, Node, Scalar
from eligibility.values import Days, Duration, Value

__all__ = ["OperandReader", "Surroundings", "type_words"]

_AS_OF = Fact(AS_OF, Kind.DATE, "the as-of date", "")
_UNITS = ("years", "months", "weeks", "days")
_SCOPES = ("fact", "item", "outer")
_MAX_LENGTH = 10_000
_MAX_DURATION = 10_000


@dataclass(frozen=True, slots=True)
class Surroundings:
    """The lists around a comparison: the item's own, and the one around that."""

    item: ListFact | None = None
    outer: ListFact | None = None


def type_words(fact: Declaration) -> str:
    """A type in words, for `x is ...`."""
    if isinstance(fact, ListFact):
        return "a list"
    if fact.many:
        return "a list of texts"
    if fact.kind is Kind.SCALE:
        assert fact.scale is not None
        return f"a value of the scale `{fact.scale.name}`"
    return {
        Kind.BOOLEAN: "true or false",
        Kind.INTEGER: "a whole number",
        Kind.NUMBER: "a number",
        Kind.TEXT: "a text",
        Kind.DATE: "a date",
    }[fact.kind]


def _fits(operator: Operator, fact: Fact) -> bool:
    """Whether an operator can compare a fact."""
    return fact.kind in operator.kinds and (operator.many == fact.many or operator.shape == "flag")


class OperandReader:
    """Reads operands against the facts of a profile and the lists around."""

    def __init__(self, form: Form, facts: MappingType[str, Declaration]) -> None:
        self._form = form
        self._facts = facts

    def operator(self, key: Scalar, fact: Fact) -> bool:
        """Whether `key` is an operator that can compare `fact`; reports where it is not."""
        operator = OPERATORS.get(key.text)
        if operator is not None and _fits(operator, fact):
            return True
        fitting = [name for name, entry in OPERATORS.items() if _fits(entry, fact)]
        if key.text in (*MEASURES, "where"):
            text = f"`{key.text}` is for lists, and `{fact.name}` is {type_words(fact)}"
            self._form.report(key, Message(text, f"use {messages.listed(fitting)}"))
        elif operator is None:
            self._form.report(key, messages.unknown("operator", key.text, fitting))
        else:
            self._form.report(
                key, messages.wrong_operator(key.text, fact.name, type_words(fact), fitting)
            )
        return False

    def operand(
        self, node: Node, fact: Fact, operator: str, around: Surroundings
    ) -> Operand | None:
        """What stands behind `operator`, typed by `fact`; None where it is wrong."""
        match OPERATORS[operator].shape:
            case "values":
                operand: Operand | None = self._values(node, fact, operator)
            case "duration":
                duration = self.duration(node)
                operand = None if duration is None else Literal(duration)
            case "pattern":
                text = self._form.text(node, "a pattern")
                operand = None if text is None else Literal(text)
            case "flag":
                operand = self._flag(node, fact)
            case _ if isinstance(node, Mapping):
                operand = self._reference(node, fact, around)
            case _:
                operand = self.literal(node, fact)
        if operand is not None:
            check_alone(self._form, node, fact, operator, operand)
        return operand

    def literal(self, node: Node, fact: Fact) -> Literal | None:
        """A value of the type of `fact`."""
        value = self._value(node, fact) if isinstance(node, Scalar) else None
        if value is not None:
            return Literal(value)
        self._form.report(node, self._wrong(node, fact))
        return None

    def duration(self, node: Node) -> Duration | None:
        """A duration, `{years: 2, months: 6}`."""
        if not isinstance(node, Mapping) or not node.entries:
            hint = "write for example `{years: 2}`"
            self._form.report(node, messages.expected("a duration", node, hint))
            return None
        self._form.mapping(node, "a duration", _UNITS)
        numbers = {
            unit: self._form.whole(node.get(unit), f"`{unit}`", 1, _MAX_DURATION) or 0
            for unit in _UNITS
        }
        return Duration(**numbers) if any(numbers.values()) else None

    def _values(self, node: Node, fact: Fact, operator: str) -> tuple[Literal, ...] | None:
        literals: list[Literal] = []
        items = self._form.sequence(node, f"values for `{operator}`")
        seen: set[object] = set()
        for item in items:
            literal = self.literal(item, fact)
            if literal is None:
                continue
            if literal.value in seen:
                self._form.report(item, messages.listed_twice(item.text))  # type: ignore[union-attr]  # literals are scalars
            seen.add(literal.value)
            literals.append(literal)
        return tuple(literals) if literals and len(literals) == len(items) else None

    def _flag(self, node: Node, fact: Fact) -> Literal | None:
        if not isinstance(node, Scalar) or not isinstance(node.value, bool):
            self._form.report(node, messages.expected("true or false for `exists`", node))
            return None
        if not node.value and not fact.complete:
            hint = f"what is not stated is unknown, unless `{fact.name}` is declared `complete`"
            self._form.report(node, messages.never_met("`exists: false`", hint))
        return Literal(node.value)

    def _wrong(self, node: Node, fact: Fact) -> Message:
        """What to say where a node is no value of the type of `fact`."""
        words = type_words(fact)
        if not isinstance(node, Scalar):
            several = not isinstance(node, Mapping) and fact.kind not in (Kind.BOOLEAN, Kind.DATE)
            return messages.wrong_operand(
                fact.name, words, node, "use `one_of` for several" if several else None
            )
        if node.value is None:
            return messages.wrong_operand(fact.name, words, node)
        if fact.scale is not None or fact.values is not None:
            declared = fact.scale.values if fact.scale else fact.values or ()
            return messages.unknown_value(fact.name, node.text, declared)
        hint = {
            Kind.BOOLEAN: "write `true` or `false`",
            Kind.TEXT: f'put it in quotes: `"{node.text[:40]}"`',
            Kind.DATE: day_hint(node),
        }.get(fact.kind, number_hint(node))
        if fact.kind is Kind.TEXT and isinstance(node.value, str):
            hint = f"use at most {_MAX_LENGTH:,} characters" if node.value else None
        return messages.wrong_operand(fact.name, words, node, hint)

    def _value(self, node: Scalar, fact: Fact) -> Value | None:
        value = node.value
        if fact.scale is not None:
            return node.text if node.text in fact.scale.values else None
        if fact.values is not None:
            return node.text if node.text in fact.values else None
        match fact.kind, value:
            case Kind.BOOLEAN, bool():
                return value
            case Kind.INTEGER | Kind.NUMBER, bool():
                return None
            case Kind.INTEGER, int():
                return value
            case Kind.NUMBER, int() | Decimal():
                return Decimal(value)
            case Kind.TEXT, str() if 0 < len(value) <= _MAX_LENGTH:
                return value
            case Kind.DATE, datetime.date():
                return Days.on(value)
        return None

    def _reference(self, node: Mapping, fact: Fact, around: Surroundings) -> Reference | None:
        scopes = [scope for scope in _SCOPES if node.get(scope) is not None]
        if len(scopes) != 1:
            near = (messages.near(key, _SCOPES) for key in node.keys if key not in _SCOPES)
            hint = next(
                (one for one in near if one), "write a value, or `{fact: ...}` for that of a fact"
            )
            wrong = messages.wrong_operand(fact.name, type_words(fact), node, hint)
            self._form.report(node, wrong)
            return None
        self._form.mapping(node, "an operand", (*_SCOPES, "plus", "minus"))
        scope = scopes[0]
        key = node.get(scope)
        name = self._form.text(key, "the name of a fact")
        if key is None or name is None:
            return None
        target = self._target(scope, name, key, around)
        plus, minus = node.get("plus"), node.get("minus")
        if plus is not None and minus is not None:
            self._form.report(node.key("minus") or minus, messages.not_beside("plus", "minus"))
            return None
        if target is None or not self._alike(key, target, fact):
            return None
        step = plus or minus
        if step is None:
            return Reference(scope, name)
        amount = self._step(step, target)
        return None if amount is None else Reference(scope, name, amount, 1 if plus else -1)

    def _alike(self, node: Node, target: Fact, fact: Fact) -> bool:
        """Whether two facts can be compared with each other."""
        same = target.kind is fact.kind or (target.kind.numeric and fact.kind.numeric)
        if same and target.scale is fact.scale and not target.many:
            return True
        text = f"`{target.name}` is {type_words(target)}, and `{fact.name}` is {type_words(fact)}"
        self._form.report(node, Message(text, "only like can be compared with like"))
        return False

    def _step(self, node: Node, target: Fact) -> Duration | Decimal | None:
        if target.kind is Kind.DATE:
            return self.duration(node)
        if target.kind.numeric:
            return self._form.number(node, f"what to add to `{target.name}`")
        text = f"nothing can be added to `{target.name}`, which is {type_words(target)}"
        self._form.report(node, Message(text))
        return None

    def _target(self, scope: str, name: str, node: Node, around: Surroundings) -> Fact | None:
        if scope == "fact":
            if name == AS_OF:
                return _AS_OF
            known: MappingType[str, Declaration] = self._facts
            kind, of = "fact", ""
        else:
            holder = around.item if scope == "item" else around.outer
            if holder is None:
                where = "in a test of an item" if scope == "item" else "inside a nested list"
                hint = f"write `{{fact: {name}}}` for a fact of the profile"
                self._form.report(node, messages.misplaced(scope, where, hint))
                return None
            known = holder.attributes
            kind, of = "attribute", f" of `{holder.name}`"
        target = known.get(name)
        if target is None:
            hint = ""
            if scope == "fact" and around.item is not None and name in around.item.attributes:
                hint = f"write `{{item: {name}}}` for the attribute of the same item"
            self._form.unknown(node, kind, known, of, hint)
            return None
        if isinstance(target, ListFact):
            self._form.report(node, Message(f"`{name}` is a list, not a value to compare with"))
            return None
        return target
