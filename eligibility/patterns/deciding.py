"""Verdicts by patterns of bits: every part of an outcome decided once for each pattern.

An outcome that asks for all of several conditions is decided part by part, a few conditions
in each, since what is missing for all of them is what is missing for each. So the patterns of
a part stay few, though students in whom all parts agree are rare. An outcome that refers to
another is decided by what that one came out as, however long a chain of outcomes is.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from eligibility.compiled import CompiledPack, Node, NodeKind
from eligibility.engines.reference import ReferenceEngine
from eligibility.patterns.kinds import TRUTHS, Kinds
from eligibility.patterns.layout import Bits
from eligibility.truth import Truth
from eligibility.verdict import Deciding, blocking

__all__ = ["Blocked", "Decided", "Decider", "Part", "deciders", "kinds_of"]

_VALUES = 4_096
"""For how many values of the leaves of a part it is remembered what they come to."""

_LEAVES = 3
"""How many leaves a part has, unless a single condition has more."""


@dataclass(frozen=True, slots=True, eq=False)
class Blocked:
    """A condition that blocks, with its values now and projected: one for all who have it so.

    What was seen there rests on some bits of the pattern (`told`), on the `fields` of the sums
    shifted by `shift`, and on some `facts`; or, where `lasting` is false, on more than these.
    """

    deciding: Deciding
    told: int
    shift: int
    fields: int
    facts: tuple[str, ...]
    lasting: bool


class Decided:
    """What a pattern of a part's leaves comes to.

    `now` and `then` are the values of all its conditions together.
    """

    __slots__ = ("_blocking", "_part", "_values", "now", "then")

    def __init__(self, now: int, then: int, part: Part, values: Sequence[int]) -> None:
        self.now = now
        self.then = then
        self._part = part
        self._values = values
        self._blocking: tuple[Blocked, ...] | None = None

    @property
    def blocking(self) -> tuple[Blocked, ...]:
        """What is missing; found when it is asked for first."""
        if self._blocking is None:
            self._blocking = self._part.missing(self._values)
        return self._blocking


class Part:
    """Some conditions of an outcome, all of which it asks for."""

    def __init__(
        self,
        compiled: CompiledPack,
        kinds: Kinds,
        nodes: Sequence[Node],
        outcomes: _Places,
    ) -> None:
        self._kinds = kinds
        own = {number for node in nodes for number in _own(compiled, node)}
        self._own = [compiled.nodes[number] for number in sorted(own)]
        self._leaves = [node.leaf for node in self._own if node.leaf is not None]
        self._referred = [
            outcomes[compiled.nodes[node.children[0]].outcome]
            for node in self._own
            if node.kind is NodeKind.OUTCOME
        ]
        self._alone = _alone(compiled, self._own, self._leaves)
        self._engine = ReferenceEngine(self._alone)
        places = {node.number: place for place, node in enumerate(self._own)}
        self._roots = [self._alone.nodes[places[node.number]] for node in nodes]
        self._read: list[tuple[int, Mapping[int, int]]] = [
            (kinds.decoders[leaf].mask, kinds.values(leaf)) for leaf in self._leaves
        ]
        for now, then in self._referred:
            self._read.append((now.mask | then.mask, _Set(now, then)))
        self.mask = 0
        for bits, _ in self._read:
            self.mask |= bits
        self._by_values: dict[tuple[int, ...], Decided] = {}
        self._told: dict[tuple[int, int, int], Blocked] = {}

    def decide(self, pattern: int) -> Decided:
        """What a pattern comes to: one object for all that come to the same, if it is known."""
        # few patterns differ in the values of leaves, and those alone decide
        values = tuple([each[pattern & bits] for bits, each in self._read])
        found = self._by_values.get(values)
        if found is None:
            if len(self._by_values) >= _VALUES:
                self._by_values.clear()
            found = self._by_values[values] = self._decided(values)
        return found

    def _decided(self, values: Sequence[int]) -> Decided:
        now, then = self._derived(values)
        return Decided(
            int(min(now[root.number] for root in self._roots)),
            int(min(then[root.number] for root in self._roots)),
            self,
            values,
        )

    def _derived(self, values: Sequence[int]) -> tuple[Sequence[Truth], Sequence[Truth]]:
        """The values of the part's own nodes, now and projected."""
        pairs = [TRUTHS[value] for value in values]
        rows = [[now for now, _ in pairs]]
        if any(now is not then for now, then in pairs):
            rows.append([then for _, then in pairs])
        found = self._engine.derive(rows)
        return found[0].values, found[-1].values

    def missing(self, values: Sequence[int]) -> tuple[Blocked, ...]:
        """What is missing where the leaves have these values, each a number in `TRUTHS`."""
        missing = blocking(self._alone, self._roots, *self._derived(values))
        return tuple(self._blocked(one) for one in missing)

    def _blocked(self, one: Deciding) -> Blocked:
        key = (one.node.number, int(one.value), int(one.projected))
        found = self._told.get(key)
        if found is None:
            node = self._own[one.node.number]
            leaf = node.leaf
            told = fields = 0
            facts: tuple[str, ...] = ()
            if leaf is not None:
                decoder = self._kinds.decoders[leaf]
                told, fields, facts = decoder.told, decoder.fields, self._kinds.read(leaf)
            # small numbers are quicker to look up
            shift = max((fields & -fields).bit_length() - 1, 0)
            lasting = leaf not in self._kinds.rest
            found = Blocked(replace(one, node=node), told, shift, fields >> shift, facts, lasting)
            self._told[key] = found
        return found


class _Set(dict[int, int]):
    """The value of an outcome, by the bits of a pattern that it is set in."""

    def __init__(self, now: Bits, then: Bits) -> None:
        super().__init__()
        self._now = now
        self._then = then

    def __missing__(self, bits: int) -> int:
        found = self[bits] = 3 * self._now.of(bits) + self._then.of(bits)
        return found


@dataclass(frozen=True, slots=True)
class Decider:
    """An outcome in its parts, and where its own value stands for those that refer to it.

    The `pair` is the place of its value now, and of that projected.
    """

    name: str
    parts: Sequence[Part]
    pair: tuple[Bits, Bits]


_Places = Mapping[str, tuple[Bits, Bits]]


def deciders(compiled: CompiledPack, kinds: Kinds, asked: Sequence[str]) -> tuple[Decider, ...]:
    """All outcomes that these rest on, each behind those that it refers to."""
    needed = {
        compiled.nodes[number].outcome for name in asked for number in compiled.nodes_of(name)
    }
    order = sorted(needed, key=lambda name: compiled.roots[name])
    places = {name: (kinds.layout.bits(2), kinds.layout.bits(2)) for name in order}
    return tuple(
        Decider(
            name,
            [Part(compiled, kinds, nodes, places) for nodes in _parted(compiled, name)],
            places[name],
        )
        for name in order
    )


def kinds_of(compiled: CompiledPack, as_of: datetime.date, asked: Sequence[str]) -> Kinds:
    """The leaves that these outcomes rest on, as sums."""
    leaves = sorted({leaf for name in asked for leaf in compiled.leaves_of(name)})
    vocabulary = compiled.pack.vocabulary
    return Kinds(compiled.leaves, vocabulary, as_of, leaves, len(compiled.roots))


def _parted(compiled: CompiledPack, name: str) -> Iterator[list[Node]]:
    """The conditions of an outcome, few to a part."""
    root = compiled.nodes[compiled.roots[name]]
    if root.kind is not NodeKind.ALL:
        yield [root]
        return
    part: list[Node] = []
    leaves = 0
    for child in (compiled.nodes[number] for number in root.children):
        more = sum(
            node.leaf is not None or node.kind is NodeKind.OUTCOME
            for node in (compiled.nodes[number] for number in _own(compiled, child))
        )
        if part and leaves + more > _LEAVES:
            yield part
            part, leaves = [], 0
        part.append(child)
        leaves += more
    yield part


def _own(compiled: CompiledPack, node: Node) -> Iterator[int]:
    """A condition and all below it, up to the outcomes that it refers to."""
    yield node.number
    if node.kind is not NodeKind.OUTCOME:
        for child in node.children:
            yield from _own(compiled, compiled.nodes[child])


def _alone(compiled: CompiledPack, own: Sequence[Node], leaves: Sequence[int]) -> CompiledPack:
    """Some nodes, with their leaves alone.

    These come as they are named in `own`, and the outcomes referred to behind them.
    """
    places = {node.number: place for place, node in enumerate(own)}
    behind, at = len(leaves), iter(range(len(leaves)))
    alone = []
    for node in own:
        number = places[node.number]
        if node.kind is NodeKind.OUTCOME:
            alone.append(replace(node, number=number, leaf=behind, children=()))
            behind += 1
        else:
            children = tuple(places[child] for child in node.children)
            leaf = None if node.leaf is None else next(at)
            alone.append(replace(node, number=number, leaf=leaf, children=children))
    return CompiledPack(compiled.pack, compiled.leaves, tuple(alone), {})
