"""The reference engine: the definition of the semantics, a walk of one page."""

from __future__ import annotations

from collections.abc import Sequence

from eligibility import truth
from eligibility.compiled import CompiledPack, Node, NodeKind
from eligibility.engines.base import Derivation
from eligibility.truth import Truth

__all__ = ["ReferenceEngine"]


class ReferenceEngine:
    """Values every node in the order of their numbers, children before parents."""

    name = "reference"

    def __init__(self, compiled: CompiledPack) -> None:
        self._nodes = compiled.nodes
        self._trace = tuple(range(len(compiled.nodes)))

    def derive(self, vectors: Sequence[Sequence[Truth]]) -> list[Derivation]:
        """Value every node for each vector of leaf values."""
        return [self._derive(vector) for vector in vectors]

    def _derive(self, vector: Sequence[Truth]) -> Derivation:
        values: list[Truth] = []
        for node in self._nodes:
            values.append(_value(node, vector, values))
        return Derivation(tuple(values), self._trace)


def _value(node: Node, vector: Sequence[Truth], values: Sequence[Truth]) -> Truth:
    if node.leaf is not None:
        return vector[node.leaf]
    below = [values[child] for child in node.children]
    match node.kind:
        case NodeKind.ALL:
            return truth.conjunction(below)
        case NodeKind.ANY:
            return truth.disjunction(below)
        case NodeKind.NONE:
            return truth.negation(truth.disjunction(below))
        case NodeKind.NOT:
            return truth.negation(below[0])
        case NodeKind.AT_LEAST:
            return truth.at_least(node.k, below)
        case NodeKind.AT_MOST:
            return truth.at_most(node.k, below)
        case _:
            return below[0]
