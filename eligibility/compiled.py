"""A pack as the engines see it: leaves, and trees over leaf numbers.

A *leaf* is one typed comparison of a profile with literals or other facts (item
quantifiers included), each distinct leaf once. A *node* is one authored condition: a
group, a negation, a reference to another outcome, or a leaf's place in a tree. Nodes are
numbered so that every child comes before its parent, outcome references included; one
pass in that order therefore values them all. Engines see nothing else: no profile, no
vocabulary.
"""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from eligibility.conditions import Leaf
    from eligibility.model import Citation, RulePack
    from eligibility.source import Span

__all__ = ["CompiledPack", "Node", "NodeKind"]


class NodeKind(enum.Enum):
    """What a node does with the values below it."""

    LEAF = "leaf"
    ALL = "all"
    ANY = "any"
    NONE = "none"
    NOT = "not"
    AT_LEAST = "at_least"
    AT_MOST = "at_most"
    OUTCOME = "outcome"


@dataclass(frozen=True, slots=True)
class Node:
    """One authored condition.

    `children` are node numbers, all lower than `number`; a LEAF has none and names its
    `leaf`; NOT and OUTCOME have exactly one (for OUTCOME the root of the outcome
    referred to). `k` is the threshold of AT_LEAST and AT_MOST.
    """

    number: int
    kind: NodeKind
    outcome: str
    path: str
    children: tuple[int, ...] = ()
    leaf: int | None = None
    k: int = 0
    title: str | None = field(default=None, compare=False)
    source: Citation | None = field(default=None, compare=False)
    span: Span | None = field(default=None, compare=False)

    @property
    def id(self) -> str:
        """The same in errors, reasons, traces and coverage: `outcome#path`."""
        return f"{self.outcome}#{self.path}"


@dataclass(frozen=True, slots=True)
class CompiledPack:
    """Everything an engine needs. `roots` maps an outcome's id to its root's number."""

    pack: RulePack
    leaves: tuple[Leaf, ...]
    nodes: tuple[Node, ...]
    roots: Mapping[str, int]

    def nodes_of(self, outcome: str) -> tuple[int, ...]:
        """The numbers of all nodes that the value of an outcome rests on, in their order."""
        found: set[int] = set()
        waiting = [self.roots[outcome]]
        while waiting:
            number = waiting.pop()
            if number not in found:
                found.add(number)
                waiting.extend(self.nodes[number].children)
        return tuple(sorted(found))

    def leaves_of(self, outcome: str) -> tuple[int, ...]:
        """The numbers of all leaves that the value of an outcome rests on, in their order."""
        nodes = (self.nodes[number] for number in self.nodes_of(outcome))
        return tuple(sorted({node.leaf for node in nodes if node.leaf is not None}))
