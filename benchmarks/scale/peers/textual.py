"""What CEL and the expressions of zen have in common: infix operators and comprehensions."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from plan import Atom, Quantity, Side
from render import Renderer

__all__ = ["Textual"]


class Textual(Renderer[str]):
    """Formulas as texts. The words of the language are the class's attributes."""

    conjunction = " && "
    disjunction = " || "
    negation = "!"
    item = "i."

    def all(self, parts: Sequence[str]) -> str:
        return f"({self.conjunction.join(parts)})"

    def any(self, parts: Sequence[str]) -> str:
        return f"({self.disjunction.join(parts)})"

    def k_of(self, k: int, parts: Sequence[str]) -> str:
        return f"({' + '.join(f'({part} ? 1 : 0)' for part in parts)} >= {k})"

    def no(self, part: str) -> str:
        return f"{self.negation}({part})"

    def reference(self, outcome: str, side: Side) -> str:
        return f"{outcome.replace('-', '_')}_{side.name}"

    def atom(self, atom: Atom, possible: Any, *, item: bool) -> str:
        prefix = self.item if item else ""
        name = prefix + atom.name
        missing = [f"{name} == null"]
        known = [f"{name} != null"]
        if atom.other is not None:
            missing.append(f"{prefix}{atom.other} == null")
            known.append(f"{prefix}{atom.other} != null")
            compared = f"{name} {atom.operator} {prefix}{atom.other}"
        elif atom.operator == "in":
            values = [*atom.values, *(atom.open if possible else ())]
            if len(values) == 1 and isinstance(values[0], bool):
                compared = f"{name} == {json.dumps(values[0])}"
            else:
                compared = f"{name} in {json.dumps(values)}"
        elif isinstance(atom.operand, str):
            compared = self.dated(name, atom.operator, atom.operand)
        else:
            compared = f"{name} {atom.operator} {json.dumps(atom.operand)}"
        parts = [*missing, compared] if possible else [*known, compared]
        return (self.any if possible else self.all)(parts)

    def dated(self, name: str, operator: str, day: str) -> str:
        """A comparison with a day."""
        return f'{name} {operator} "{day}"'

    def quantity(self, quantity: Quantity, test: str, possible: Any) -> str:
        name, unknown = quantity.list, f"{quantity.list} == null"
        if quantity.summed is None:
            reached = self.counted(name, test, quantity.bound)
            known = f"{name} != null"
            return self.any([unknown, reached]) if possible else self.all([known, reached])
        number = self.item + quantity.summed
        reached = self.summed(name, test, number, quantity.bound)
        if not possible:
            return self.all([f"{name} != null", reached])
        open_ = self.counted(name, self.all([f"{number} == null", test]), 1)
        return self.any([unknown, open_, reached])

    def counted(self, name: str, test: str, bound: int) -> str:
        """At least so many items pass the test."""
        raise NotImplementedError

    def summed(self, name: str, test: str, number: str, bound: Any) -> str:
        """The number of the items that pass the test adds up to this."""
        raise NotImplementedError
