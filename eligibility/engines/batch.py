"""The batch engine: each outcome's tree once for every row of its leaves that comes up.

Students differ in much and qualify in few ways: among thousands, an outcome of which ten
leaves decide sees some hundred rows of values. What the reference engine made of a row is
remembered, so what a condition means stays written in one place.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import lru_cache
from typing import NamedTuple

from eligibility.compiled import CompiledPack
from eligibility.engines.base import Derivation
from eligibility.engines.reference import ReferenceEngine
from eligibility.errors import EngineError
from eligibility.truth import Truth

__all__ = ["REMEMBERED", "BatchEngine"]

REMEMBERED = 16_384
"""How many rows, of all outcomes together. One takes half a kilobyte: 8 MB at the most, where
10,000 students need 3,000 with the shipped packs."""


class BatchEngine:
    """Values every node by what the same row of leaves came out as before."""

    name = "batch"

    def __init__(self, compiled: CompiledPack) -> None:
        self._leaves = len(compiled.leaves)
        self._trees = [_tree(compiled, name) for name in compiled.roots]
        self._trace = tuple(range(len(compiled.nodes)))
        self._values = lru_cache(maxsize=REMEMBERED)(self._valued)

    def derive(self, vectors: Sequence[Sequence[Truth]]) -> list[Derivation]:
        """Value every node for each vector of leaf values."""
        return [self._derive(vector) for vector in vectors]

    def _derive(self, vector: Sequence[Truth]) -> Derivation:
        if len(vector) != self._leaves:
            text = (
                f"a vector has {len(vector)} leaf values where the pack has {self._leaves} leaves"
            )
            raise EngineError(text)
        row = bytes(vector)  # because a Truth is slow to hash
        values = [Truth.UNKNOWN] * len(self._trace)
        for number, tree in enumerate(self._trees):
            found = self._values(number, bytes([row[leaf] for leaf in tree.leaves]))
            for node, value in zip(tree.nodes, found, strict=True):
                values[node] = value
        return Derivation(tuple(values), self._trace)

    def _valued(self, number: int, row: bytes) -> tuple[Truth, ...]:
        """The values of an outcome's own nodes, by the reference engine."""
        tree = self._trees[number]
        (found,) = tree.engine.derive([[Truth(value) for value in row]])
        return tuple(found.values[place] for place in tree.places)


class _Tree(NamedTuple):
    """One outcome by itself: the leaves that it rests on, and the nodes that are its own.

    `engine` knows it with the outcomes that it refers to; `places` are its own nodes there.
    """

    engine: ReferenceEngine
    leaves: tuple[int, ...]
    nodes: tuple[int, ...]
    places: tuple[int, ...]


def _tree(compiled: CompiledPack, name: str) -> _Tree:
    leaves, nodes = compiled.leaves_of(name), compiled.nodes_of(name)
    leaf_at = {leaf: place for place, leaf in enumerate(leaves)}
    node_at = {node: place for place, node in enumerate(nodes)}
    alone = [
        replace(
            node,
            number=node_at[node.number],
            children=tuple(node_at[child] for child in node.children),
            leaf=None if node.leaf is None else leaf_at[node.leaf],
        )
        for node in (compiled.nodes[number] for number in nodes)
    ]
    engine = ReferenceEngine(
        CompiledPack(
            compiled.pack,
            tuple(compiled.leaves[leaf] for leaf in leaves),
            tuple(alone),
            {name: node_at[compiled.roots[name]]},
        )
    )
    own = tuple(number for number in nodes if compiled.nodes[number].outcome == name)
    return _Tree(engine, leaves, own, tuple(node_at[number] for number in own))
