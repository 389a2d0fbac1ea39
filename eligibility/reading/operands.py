"""Reading what stands behind an operator: literals, references, durations."""

from __future__ import annotations

import datetime
from collections.abc import Mapping as MappingType
from dataclasses import dataclass
from decimal import Decimal

from eligibility.conditions import AS_OF, Literal, Operand, Reference
from eligibility.errors import Message
from eligibility.model import Declaration, Fact, Kind, ListFact
from eligibility.operators import OPERATORS
from eligibility.reading import messages
from eligibility.reading.form import Form
from eligibility.source import Mapping, Node, Scalar
from eligibility.values import Days, Duration, Value

__all__ = ["OperandReader", "Surroundings", "type_words"]

_AS_OF = Fact(AS_OF, Kind.DATE, "the as-of date", "")
_MAX_LENGTH = 10_000


@dataclass(frozen=True, slots=True)
class Surroundings:
    """The lists around a comparison: the item's own, and the one around that."""

    item: ListFact | None = None
    outer: ListFact | None = None


def type_words(fact: Fact) -> str:
    """A type in words, for `x is ...`."""
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


class OperandReader:
    """Reads operands against the facts of a profile and the lists around."""

    def __init__(self, form: Form, facts: MappingType[str, Declaration]) -> None:
        self._form = form
        self._facts = facts

    def lists(self) -> dict[str, ListFact]:
        """Every list there is, nested ones included, by name."""
        found: dict[str, ListFact] = {}
        waiting = list(self._facts.values())
        while waiting:
            declaration = waiting.pop()
            if isinstance(declaration, ListFact):
                found.setdefault(declaration.name, declaration)
                waiting.extend(declaration.attributes.values())
        return found

    def operator(self, key: Scalar, fact: Fact) -> bool:
        """Whether `key` is an operator that can compare `fact`; reports where it is not."""
        operator = OPERATORS.get(key.text)
        fitting = [
            name
            for name, entry in OPERATORS.items()
            if fact.kind in entry.kinds and (entry.many == fact.many or entry.shape == "flag")
        ]
        if operator is None:
            self._form.report(key, messages.unknown("operator", key.text, OPERATORS))
            return False
        if key.text not in fitting:
            self._form.report(
                key, messages.wrong_type(key.text, fact.name, type_words(fact), fitting)
            )
            return False
        return True

    def operand(
        self, node: Node, fact: Fact, operator: str, around: Surroundings
    ) -> Operand | None:
        """What stands behind `operator`, typed by `fact`; None where it is wrong."""
        match OPERATORS[operator].shape:
            case "values":
                literals = [
                    self.literal(item, fact)
                    for item in self._form.sequence(node, f"values for `{operator}`")
                ]
                found = tuple(literal for literal in literals if literal is not None)
                return found if found and len(found) == len(literals) else None
            case "duration":
                duration = self.duration(node)
                return None if duration is None else Literal(duration)
            case "pattern":
                text = self._form.text(node, "a pattern")
                return None if text is None else Literal(text)
            case "flag":
                if not isinstance(node, Scalar) or not isinstance(node.value, bool):
                    self._form.report(node, messages.expected("true or false", node))
                    return None
                if not node.value and not fact.complete:
                    hint = f"what is not stated is unknown, unless `{fact.name}` is `complete`"
                    self._form.report(node, messages.never_met("`exists: false`", hint))
                return Literal(node.value)
            case _:
                if isinstance(node, Mapping):
                    return self._reference(node, fact, around)
                return self.literal(node, fact)

    def literal(self, node: Node, fact: Fact) -> Literal | None:
        """A value of the type of `fact`."""
        value = self._value(node, fact) if isinstance(node, Scalar) else None
        if value is not None:
            return Literal(value)
        if not isinstance(node, Scalar):
            hint = "use `one_of` for several" if not isinstance(node, Mapping) else None
            self._form.report(node, messages.expected(type_words(fact), node, hint))
        elif isinstance(node.value, str) and fact.kind in (Kind.SCALE, Kind.TEXT):
            declared = fact.scale.values if fact.scale else fact.values or ()
            self._form.report(node, messages.unknown_value(fact.name, node.text, declared))
        elif fact.kind is Kind.TEXT and node.value is not None:
            self._form.report(
                node, Message(f"`{fact.name}` is a text, found {node.text}", "put it in quotes")
            )
        elif isinstance(node.value, str) and fact.kind is not Kind.BOOLEAN and _numeric(node.text):
            self._form.report(
                node, messages.quoted_number(fact.name, type_words(fact), node.text)
            )
        else:
            self._form.report(node, messages.wrong_operand(fact.name, type_words(fact), node))
        return None

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

    def duration(self, node: Node) -> Duration | None:
        """A duration, `{years: 2, months: 6}`."""
        units = ("years", "months", "weeks", "days")
        mapping = self._form.mapping(node, "a duration", units)
        if mapping is None:
            return None
        numbers = {
            unit: self._form.whole(mapping.get(unit), f"`{unit}`", minimum=1) or 0
            for unit in units
        }
        if not any(numbers.values()):
            if not mapping.entries:
                self._form.report(node, messages.expected("a duration", node, "e.g. {years: 2}"))
            return None
        if max(numbers.values()) > 10_000:
            self._form.report(node, Message("a duration of more than 10,000 units"))
            return None
        return Duration(**numbers)

    def _reference(self, node: Mapping, fact: Fact, around: Surroundings) -> Reference | None:
        scopes = [scope for scope in ("fact", "item", "outer") if node.get(scope) is not None]
        known = ("fact", "item", "outer", "plus", "minus")
        self._form.mapping(node, "an operand", known)
        if len(scopes) != 1:
            self._form.report(node, messages.expected("one of `fact`, `item` or `outer`", node))
            return None
        scope = scopes[0]
        key = node.get(scope)
        name = self._form.text(key, "the name of a fact")
        if key is None or name is None:
            return None
        target = self._target(scope, name, key, around)
        if target is None:
            return None
        if target.kind is not fact.kind and not (target.kind.numeric and fact.kind.numeric):
            wrong = f"`{name}` is {type_words(target)}, `{fact.name}` is {type_words(fact)}"
            self._form.report(key, Message(wrong, "only like can be compared with like"))
            return None
        if target.scale is not fact.scale or target.many:
            self._form.report(key, Message(f"`{name}` cannot be compared with `{fact.name}`"))
            return None
        plus, minus = node.get("plus"), node.get("minus")
        if plus is not None and minus is not None:
            self._form.report(minus, Message("`plus` and `minus` together", "use one of them"))
            return None
        step = plus or minus
        if step is None:
            return Reference(scope, name)
        amount = self._step(step, target)
        return None if amount is None else Reference(scope, name, amount, 1 if plus else -1)

    def _step(self, node: Node, target: Fact) -> Duration | Decimal | None:
        if target.kind is Kind.DATE:
            return self.duration(node)
        if target.kind.numeric:
            return self._form.number(node, "the number to add")
        self._form.report(
            node, Message(f"nothing can be added to `{target.name}`, {type_words(target)}")
        )
        return None

    def _target(self, scope: str, name: str, node: Node, around: Surroundings) -> Fact | None:
        if scope == "fact":
            if name == AS_OF:
                return _AS_OF
            known: MappingType[str, Declaration] = self._facts
        else:
            holder = around.item if scope == "item" else around.outer
            if holder is None:
                where = "a quantifier" if scope == "item" else "a nested list"
                self._form.report(node, Message(f"`{scope}` has a meaning only inside {where}"))
                return None
            known = holder.attributes
        target = known.get(name)
        if target is None:
            kind = "fact" if scope == "fact" else "attribute"
            self._form.report(node, messages.unknown(kind, name, known))
            return None
        if isinstance(target, ListFact):
            self._form.report(node, Message(f"`{name}` is a list, not a value to compare with"))
            return None
        return target


def _numeric(text: str) -> bool:
    return text.replace(".", "", 1).replace("-", "").isdigit()
