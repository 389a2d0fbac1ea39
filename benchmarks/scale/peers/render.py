"""Formulas of the plan in the language of an engine of two truth values."""

from __future__ import annotations

import abc
from collections.abc import Sequence
from typing import Any, Generic, TypeVar

from plan import Atom, Group, Node, Quantity, Reference, Side

__all__ = ["Renderer"]

T = TypeVar("T")


class Renderer(abc.ABC, Generic[T]):
    """Writes a formula down for one side: what is missing counts against it, or for it."""

    def node(self, node: Node, side: Side) -> T:
        """A formula about a student."""
        match node:
            case Atom():
                return self.atom(node, side.possible, item=False)
            case Reference():
                return self.reference(node.outcome, side)
            case Quantity():
                test = node.projected if side.projected else node.now
                return self.quantity(node, self._test(test, side), side.possible)
            case Group():
                # what is certain of a negation is what is not possible of the rest
                inner = Side(side.projected, side.possible != node.negated)
                return self._group(node, [self.node(child, inner) for child in node.children])

    def _test(self, node: Node, side: Side) -> T:
        if isinstance(node, Atom):
            return self.atom(node, side.possible, item=True)
        assert isinstance(node, Group)
        return self._group(node, [self._test(child, side) for child in node.children])

    def _group(self, node: Group, parts: Sequence[T]) -> T:
        if node.k == len(parts):
            whole = self.all(parts)
        else:
            whole = self.any(parts) if node.k == 1 else self.k_of(node.k, parts)
        return self.no(whole) if node.negated else whole

    @abc.abstractmethod
    def all(self, parts: Sequence[T]) -> T:
        """Every part holds."""

    @abc.abstractmethod
    def any(self, parts: Sequence[T]) -> T:
        """Some part holds."""

    @abc.abstractmethod
    def k_of(self, k: int, parts: Sequence[T]) -> T:
        """At least `k` parts hold."""

    @abc.abstractmethod
    def no(self, part: T) -> T:
        """The part does not hold."""

    @abc.abstractmethod
    def reference(self, outcome: str, side: Side) -> T:
        """What another outcome came to on this side."""

    @abc.abstractmethod
    def atom(self, atom: Atom, possible: Any, *, item: bool) -> T:
        """A comparison of the student, or of the item at hand."""

    @abc.abstractmethod
    def quantity(self, quantity: Quantity, test: T, possible: Any) -> T:
        """A bound on the items that pass the test."""
