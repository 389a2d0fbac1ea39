"""From condition values to verdicts: the status, what decides it, what to ask."""

from __future__ import annotations

import datetime
import itertools
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property

from eligibility.compiled import CompiledPack, Node, NodeKind
from eligibility.conditions import (
    AS_OF,
    Comparison,
    ItemComparison,
    ItemQuantifier,
    ItemTest,
    Leaf,
    Literal,
    Measure,
    Operand,
    Quantifier,
    Reference,
)
from eligibility.engines.base import Derivation, Engine
from eligibility.engines.reference import ReferenceEngine
from eligibility.facts import Profile
from eligibility.leaves import Scenario, fold
from eligibility.model import Citation, Declaration, Fact, ListFact, Outcome, Status
from eligibility.observations import Missing, Observation, distinct_missing
from eligibility.remembered import Remembered
from eligibility.truth import Truth
from eligibility.values import Duration

__all__ = [
    "Answer",
    "Deciding",
    "OutcomeVerdict",
    "Reason",
    "Recall",
    "answer",
    "blocking",
    "status_of",
]


@dataclass(frozen=True, slots=True)
class Reason:
    """A condition that decides a verdict.

    `value` is its value now, `projected` with what is in progress completed well.
    `observation` and `then` are what was seen in the two, None for a condition that is
    not a leaf. `source` is the citation nearest to the condition.
    """

    node: Node
    value: Truth
    projected: Truth
    observation: Observation | None
    then: Observation | None
    source: Citation | None


@dataclass(frozen=True, slots=True)
class OutcomeVerdict:
    """One outcome for one profile.

    `reasons` are the conditions that make it eligible, or all that are missing: were
    those met, it would be. `lost_by` are the conditions that hold now and would no more
    when what is in progress is completed. `reachable` is false where it is certain that
    neither time nor anything that the student does can make it eligible.
    """

    outcome: Outcome
    status: Status
    now: Truth
    projected: Truth
    reasons: tuple[Reason, ...]
    lost_by: tuple[Reason, ...]
    ask: tuple[Missing, ...]
    reachable: bool


@dataclass(frozen=True, slots=True)
class Answer:
    """Everything about one profile on one day: a verdict for each outcome asked for."""

    compiled: CompiledPack
    profile: Profile
    as_of: datetime.date
    engine: str
    observations: Mapping[Scenario, tuple[Observation, ...]]
    derivations: Mapping[Scenario, Derivation]
    verdicts: tuple[OutcomeVerdict, ...]
    recall: Recall | None = field(default=None, compare=False, repr=False)

    def verdict(self, outcome: str) -> OutcomeVerdict:
        """The verdict of one outcome. Raises KeyError for one that was not asked for."""
        for verdict in self.verdicts:
            if verdict.outcome.id == outcome:
                return verdict
        raise KeyError(outcome)

    def decide(self, outcome: str) -> OutcomeVerdict:
        """The verdict of any outcome of the pack, asked for or not."""
        return _verdict(self, self.recall or Recall(self.compiled), outcome)

    def value(self, node: Node, scenario: Scenario = Scenario.NOW) -> Truth:
        """The value of any condition; a profile asked once has it in both scenarios."""
        return self._derivation(scenario).values[node.number]

    def observation(self, node: Node, scenario: Scenario = Scenario.NOW) -> Observation | None:
        """What was seen at a leaf; None for a condition that is not a leaf."""
        if node.leaf is None:
            return None
        seen = self.observations.get(scenario, self.observations[Scenario.NOW])
        return seen[node.leaf]

    def trace(self, scenario: Scenario = Scenario.NOW) -> tuple[Node, ...]:
        """The conditions in the order in which the engine derived them."""
        return tuple(self.compiled.nodes[number] for number in self._derivation(scenario).trace)

    def _derivation(self, scenario: Scenario) -> Derivation:
        return self.derivations.get(scenario, self.derivations[Scenario.NOW])


def status_of(now: Truth, projected: Truth) -> Status:
    """The verdict's status by the values in the two scenarios."""
    if now is Truth.MET:
        return Status.ELIGIBLE
    if projected is Truth.MET:
        return Status.ON_TRACK
    if now is Truth.UNMET and projected is Truth.UNMET:
        return Status.NOT_ELIGIBLE
    return Status.UNDETERMINED


def answer(
    compiled: CompiledPack,
    engine: Engine,
    profile: Profile,
    as_of: datetime.date,
    outcomes: Sequence[str] | None = None,
    recall: Recall | None = None,
) -> Answer:
    """Ask all outcomes (or those named) of one profile.

    A `recall` of the same pack makes it quicker, and makes no other difference. Raises
    `EngineError` when the engine cannot answer.
    """
    recall = recall or Recall(compiled)
    vocabulary = compiled.pack.vocabulary
    observations = fold(compiled.leaves, vocabulary, profile, as_of, recall.items(as_of))
    vectors = [[seen.value for seen in leaves] for leaves in observations.values()]
    derivations = dict(zip(observations, engine.derive(vectors), strict=True))
    bare = Answer(compiled, profile, as_of, engine.name, observations, derivations, (), recall)
    asked = compiled.pack.outcomes if outcomes is None else dict.fromkeys(outcomes)
    return replace(bare, verdicts=tuple(_verdict(bare, recall, name) for name in asked))


_FINDINGS = 16_384
"""How many are remembered: 1 kB each, so 16 MB. A pack of 20 outcomes gets 800 of each; of
10,000 students, an outcome of the shipped packs has fewer."""


class Recall:
    """What earlier profiles came out as, so that the next like them is answered quicker.

    Everything in it is bounded. It is to be used from one thread.
    """

    def __init__(self, compiled: CompiledPack) -> None:
        self._compiled = compiled
        self._items: Remembered | None = None
        self._own: dict[str, tuple[int, ...]] = {}
        self._findings: dict[object, _Finding] = {}
        self._finder: _Finder | None = None

    def items(self, as_of: datetime.date) -> Remembered:
        """What items came out as on that day; of one day at a time."""
        if self._items is None or self._items.as_of != as_of:
            compiled = self._compiled
            self._items = Remembered(compiled.leaves, compiled.pack.vocabulary, as_of)
        return self._items

    def finding(self, found: Answer, name: str) -> _Finding:
        """What decides an outcome, by the values of its own leaves."""
        own = self._own.get(name)
        if own is None:
            own = self._own[name] = self._compiled.leaves_of(name)
        # bytes, because a Truth is slow to hash
        key = (
            name,
            *(bytes([seen[leaf].value for leaf in own]) for seen in found.observations.values()),
        )
        finding = self._findings.pop(key, None)
        if finding is None:
            # for all outcomes of one answer it is asked once what cannot change any more
            if self._finder is None or self._finder.found is not found:
                self._finder = _Finder(found)
            finding = self._finder.finding(name)
            if len(self._findings) >= _FINDINGS:
                del self._findings[next(iter(self._findings))]
        # behind all others: the one at the front is the one not asked for the longest
        self._findings[key] = finding
        return finding


@dataclass(frozen=True, slots=True)
class _Finding:
    """What decides an outcome: the same wherever its leaves have the same values."""

    status: Status
    now: Truth
    projected: Truth
    reasons: tuple[Deciding, ...]
    lost_by: tuple[Deciding, ...]
    open: tuple[Node, ...]
    reachable: bool


@dataclass(frozen=True, slots=True)
class Deciding:
    """A reason, before what was seen in a profile."""

    node: Node
    value: Truth
    projected: Truth
    source: Citation | None


def _verdict(found: Answer, recall: Recall, name: str) -> OutcomeVerdict:
    """A finding with what was seen in the profile."""
    finding = recall.finding(found, name)
    seen = (
        observed.missing
        for node in finding.open
        for scenario in found.observations
        if (observed := found.observation(node, scenario))
    )
    return OutcomeVerdict(
        found.compiled.pack.outcomes[name],
        finding.status,
        finding.now,
        finding.projected,
        tuple(_reason(found, one) for one in finding.reasons),
        tuple(_reason(found, one) for one in finding.lost_by),
        distinct_missing(itertools.chain.from_iterable(seen)),
        finding.reachable,
    )


def _reason(found: Answer, one: Deciding) -> Reason:
    now = found.observation(one.node)
    then = found.observation(one.node, Scenario.PROJECTED)
    return Reason(one.node, one.value, one.projected, now, then, one.source)


def blocking(
    compiled: CompiledPack, nodes: Sequence[Node], now: Sequence[Truth], then: Sequence[Truth]
) -> tuple[Deciding, ...]:
    """What is missing for some conditions of one outcome, each in its turn.

    `now` and `then` are the values of all nodes, of which those below the conditions count.
    """
    derivations = {
        Scenario.NOW: Derivation(tuple(now), ()),
        Scenario.PROJECTED: Derivation(tuple(then), ()),
    }
    nobody = Profile("", {}, {}, {})
    found = Answer(compiled, nobody, datetime.date.min, "batch", {}, derivations, ())
    finder = _Finder(found)
    return tuple(one for node in nodes for one in finder.blocking(node))


_Place = tuple[Node, Citation | None]
"""A condition, and the citation nearest to it from above."""

_PARTS = (NodeKind.ALL, NodeKind.ANY, NodeKind.AT_LEAST)
"""Groups that are made of what must hold. All others are named as a whole: the parts of
a negation are not what is missing."""


class _Finder:
    """Finds what decides a verdict in the values that an engine derived.

    Nothing here follows an outcome reference by recursion: outcomes may form long chains.
    """

    def __init__(self, found: Answer) -> None:
        self.found = found
        self._nodes = found.compiled.nodes

    def blocking(self, node: Node) -> tuple[Deciding, ...]:
        """What is missing for a condition; nothing where it is met now."""
        if self._now(node) is Truth.MET:
            return ()
        outcome = self.found.compiled.pack.outcomes[node.outcome]
        return self._reasons(outcome, node, self._missing)

    def finding(self, name: str) -> _Finding:
        """What decides one outcome."""
        compiled = self.found.compiled
        root = self._nodes[compiled.roots[name]]
        outcome = compiled.pack.outcomes[name]
        now, then = self._now(root), self._then(root)
        status = status_of(now, then)
        lost: tuple[Deciding, ...] = ()
        ask: tuple[Node, ...] = ()
        if status is Status.ELIGIBLE:
            reasons = self._reasons(outcome, root, self._supporting)
            if then is not Truth.MET:
                lost = self._reasons(outcome, root, self._lost)
        else:
            reasons = self.blocking(root)
            ask = tuple(self._open(root))
        reachable = status is not Status.NOT_ELIGIBLE or self._lasting[root.number] is not _NEVER
        return _Finding(status, now, then, reasons, lost, ask, reachable)

    def _now(self, node: Node) -> Truth:
        return self.found.value(node)

    def _then(self, node: Node) -> Truth:
        return self.found.value(node, Scenario.PROJECTED)

    def _children(self, node: Node) -> list[Node]:
        return [self._nodes[number] for number in node.children]

    # -- reasons ----------------------------------------------------------------------

    def _reasons(
        self, outcome: Outcome, root: Node, deciding: Callable[[Node], Sequence[Node]]
    ) -> tuple[Deciding, ...]:
        found: dict[int, Deciding] = {}
        for node, source in self._walk(root, None, deciding):
            cited = source or outcome.source
            found[node.number] = Deciding(node, self._now(node), self._then(node), cited)
        return tuple(found.values())

    def _walk(
        self, node: Node, source: Citation | None, deciding: Callable[[Node], Sequence[Node]]
    ) -> Iterator[_Place]:
        """The conditions that decide `node`: those below that `deciding` picks, else itself."""
        source = node.source or source
        picked = deciding(node) if node.kind in _PARTS else ()
        for child in picked:
            yield from self._walk(child, source, deciding)
        if not picked:
            yield node, source

    def _missing(self, node: Node) -> Sequence[Node]:
        """The parts that are not met and that together would make a group met.

        Of alternatives, those count that come nearest with what is in progress.
        """
        children = [child for child in self._children(node) if self._now(child) is not Truth.MET]
        if node.kind is NodeKind.ALL:
            return children
        best = self._then(node)
        return [child for child in children if self._then(child) >= best and self._applies(child)]

    def _supporting(self, node: Node) -> Sequence[Node]:
        """The parts that are met, as many as a group needs."""
        met = [child for child in self._children(node) if self._now(child) is Truth.MET]
        wanted = {NodeKind.ALL: len(met), NodeKind.ANY: 1}.get(node.kind, node.k)
        return met[:wanted]

    def _lost(self, node: Node) -> Sequence[Node]:
        """The parts that are met now and would not be when what is in progress is completed."""
        return [
            child
            for child in self._children(node)
            if self._now(child) is Truth.MET and self._then(child) is not Truth.MET
        ]

    def _applies(self, node: Node) -> bool:
        """False for a dated version whose days do not hold the key date."""
        if not node.path.startswith("versions/") or node.path.count("/") != 1:
            return True
        *selectors, _ = self._children(node)
        return all(self._now(selector) is not Truth.UNMET for selector in selectors)

    # -- questions --------------------------------------------------------------------

    def _open(self, root: Node) -> Iterator[Node]:
        """The leaves' places below conditions that some scenario leaves open."""
        seen: set[int] = set()
        waiting = [root]
        while waiting:
            node = waiting.pop()
            settled = Truth.UNKNOWN not in (self._now(node), self._then(node))
            if node.number in seen or settled or not self._applies(node):
                continue
            seen.add(node.number)
            if node.leaf is not None:
                yield node
            waiting.extend(reversed(self._children(node)))

    # -- what can still change --------------------------------------------------------

    @cached_property
    def _lasting(self) -> tuple[Truth, ...]:
        """For every condition MET or UNMET where it stays so for good, else UNKNOWN.

        That is the tree once more, over leaves of which all that may change is not known.
        """
        now = self.found.observations[Scenario.NOW]
        then = self.found.observations.get(Scenario.PROJECTED, now)
        facts = self.found.compiled.pack.vocabulary.facts
        leaves = [
            seen.value
            if seen.value is later.value and _stays(leaf, seen.value, facts)
            else Truth.UNKNOWN
            for leaf, seen, later in zip(self.found.compiled.leaves, now, then, strict=True)
        ]
        return ReferenceEngine(self.found.compiled).derive([leaves])[0].values


_NEVER = Truth.UNMET
_RISING = ("at_least", "more_than", "after", "on_or_after")
_FALLING = ("at_most", "less_than", "before", "on_or_before")


def _stays(leaf: Leaf, value: Truth, facts: Mapping[str, Declaration]) -> bool:
    """Whether a leaf keeps its value whatever time and the student do.

    Time only goes on, what is `fixed` does not change, and items only add up.
    """
    if value is Truth.UNKNOWN:
        return False
    met = value is Truth.MET
    match leaf:
        case Comparison(fact=fact) if fact == AS_OF:
            stays = _RISING if met else _FALLING
            return isinstance(leaf.operand, Literal) and leaf.operator in stays
        case Comparison():
            if not _fixed(facts.get(leaf.fact)):
                return False
            if leaf.completed is not None:
                # what is completed since a day grows
                stays = _RISING if met else _FALLING
                return isinstance(leaf.operand, Literal) and leaf.operator in stays
            if _follows_today(leaf.operand):
                # the day it is compared with moves on
                return leaf.operator in (_FALLING if met else _RISING)
            return _constant(leaf.operand, facts)
        case Quantifier():
            return leaf.operator in (_RISING if met else _FALLING) and _adds_up(leaf, facts)
    return False


def _fixed(declaration: Declaration | None) -> bool:
    return isinstance(declaration, Fact) and declaration.fixed


def _constant(operand: Operand, facts: Mapping[str, Declaration]) -> bool:
    if isinstance(operand, Reference):
        return operand.name != AS_OF and _fixed(facts.get(operand.name))
    return not (isinstance(operand, Literal) and isinstance(operand.value, Duration))


def _follows_today(operand: Operand) -> bool:
    return isinstance(operand, Reference) and operand.name == AS_OF


def _adds_up(leaf: Quantifier, facts: Mapping[str, Declaration]) -> bool:
    """Whether an amount can only grow: no item that counts will ever cease to."""
    of, what = facts[leaf.list], leaf.measure
    assert isinstance(of, ListFact)
    if not isinstance(what, Measure) or leaf.every_state or not isinstance(leaf.bound, Literal):
        return False
    if what.kind == "sum":
        summed = of.attributes[what.attribute or ""]
        least = summed.minimum if isinstance(summed, Fact) else None
        if least is None or least < 0:
            return False
    return what.kind not in ("mean", "fraction") and _frozen(leaf.where, of)


def _frozen(test: ItemTest, of: ListFact) -> bool:
    """Whether what an item comes out as in a test stays so."""
    match test:
        case ItemComparison():
            attribute = of.attributes[test.attribute]
            return (
                _fixed(attribute)
                and test.completed is None
                and not isinstance(test.operand, Reference)
                and _constant(test.operand, {})
            )
        case ItemQuantifier():
            return False
        case _:
            return all(_frozen(child, of) for child in test.children)
