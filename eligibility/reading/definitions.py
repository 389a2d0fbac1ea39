"""Definitions while a pack is read: their kinds, their circles, and how much they make.

A definition stands for its body wherever it is used. It is checked by itself before its
first use, so that a mistake in it is one mistake however often it is used.
"""

from __future__ import annotations

from collections.abc import Callable
from collections.abc import Mapping as MappingType
from enum import Enum

from eligibility.errors import Message
from eligibility.operators import OPERATORS
from eligibility.reading import messages
from eligibility.reading.form import Form
from eligibility.source import Mapping, Node, Scalar, Sequence

__all__ = [
    "BOUNDS",
    "MAX_CONDITIONS",
    "MAX_NESTED",
    "MEASURES",
    "Defined",
    "Definitions",
    "defined_as",
]

MAX_CONDITIONS = 50_000
"""The conditions and item tests of one pack, definitions counted at every use."""

MAX_NESTED = 60
"""How deep conditions and item tests may stand in one another, definitions included."""

MEASURES = ("has", "count", "sum", "mean", "fraction", "covers", "duration")
BOUNDS = ("at_least", "more_than", "at_most", "less_than", "is")


class Defined(Enum):
    """What a definition stands for."""

    CONDITION = "condition"
    ITEM = "item"
    QUANTITY = "quantity"


def defined_as(body: Node) -> Defined:
    """What a definition stands for, by its shape."""
    if not isinstance(body, Mapping):
        return Defined.CONDITION
    of = body.get("of")
    if of is not None and not isinstance(of, Sequence):
        return Defined.ITEM
    keys = [key for key in body.keys if key not in ("title", "source")]
    inner = body.get(keys[0]) if len(keys) == 1 else None
    if isinstance(inner, Mapping):
        measured = set(inner.keys) & {"count", "sum", "mean", "fraction", "duration", "completed"}
        if measured and not set(inner.keys) & {*OPERATORS}:
            return Defined.QUANTITY
    return Defined.CONDITION


class Definitions:
    """The definitions of a pack, each opened where it is used.

    `check` reads one by itself and reports what is wrong with it.
    """

    def __init__(self, form: Form, nodes: MappingType[str, Node]) -> None:
        self.nodes = nodes
        self.check: Callable[[str, Node], None] | None = None
        self._form = form
        self._within: list[str] = []
        self._checked: set[str] = set()
        self._spoilt: set[str] = set()
        self._made = 0
        self._deep = 0

    def check_all(self) -> None:
        """Check every definition, so that those never used are checked as well."""
        for name in self.nodes:
            self._ensure(name)

    def open(self, key: Scalar) -> Node | None:
        """The body to read in place of `key`; None where there is none to read.

        To be closed by `close` when a body was given.
        """
        name = key.text
        if name in self._within:
            path = [*self._within[self._within.index(name) :], name]
            self._form.report(key, messages.cycle("definitions", path))
            return None
        self._ensure(name)
        if name in self._spoilt:
            return None
        self._within.append(name)
        return self.nodes[name]

    def close(self) -> None:
        """Leave the body opened last."""
        self._within.pop()

    def enter(self, node: Node) -> None:
        """Count one condition or item test, and go a level deeper.

        Raises `TooMuchError` where definitions in definitions have grown too large.
        """
        self._made += 1
        self._deep += 1
        hint = "what `define` names counts at every use; `outcome` does not"
        if self._made > MAX_CONDITIONS:
            self._form.stop(node, Message(f"more than {MAX_CONDITIONS:,} conditions", hint))
        if self._deep > MAX_NESTED:
            text = f"conditions stand more than {MAX_NESTED} deep in one another"
            if self._within:
                text += f": {messages.path_words(self._within)}"
            self._form.stop(node, Message(text, hint))

    def leave(self) -> None:
        """Go a level back."""
        self._deep -= 1

    def _ensure(self, name: str) -> None:
        if name in self._checked:
            return
        self._checked.add(name)
        before = len(self._form.problems)
        self._within.append(name)
        if self.check is not None:
            self.check(name, self.nodes[name])
        self._within.pop()
        if len(self._form.problems) > before:
            self._spoilt.add(name)
