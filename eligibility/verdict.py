"""From condition values to verdicts: the status, what decides it, what to ask."""

from __future__ import annotations

import datetime
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from eligibility.compiled import CompiledPack, Node, NodeKind
from eligibility.conditions import AS_OF, Comparison, Quantifier
from eligibility.engines.base import Derivation, Engine
from eligibility.facts import Profile
from eligibility.leaves import Scenario, fold
from eligibility.model import Citation, Fact, Outcome, Status
from eligibility.observations import Missing, Observation, distinct_missing
from eligibility.truth import Truth

__all__ = ["Answer", "OutcomeVerdict", "Reason", "answer", "status_of"]


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
    when what is in progress is completed. `reachable` is false where a missing
    condition can no longer be met by anything that the student does.
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

    def verdict(self, outcome: str) -> OutcomeVerdict:
        """The verdict of one outcome. Raises KeyError for one that was not asked for."""
        for verdict in self.verdicts:
            if verdict.outcome.id == outcome:
                return verdict
        raise KeyError(outcome)

    def decide(self, outcome: str) -> OutcomeVerdict:
        """The verdict of any outcome of the pack, asked for or not."""
        return _Finder(self).verdict(outcome)

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
) -> Answer:
    """Ask all outcomes (or those named) of one profile.

    Raises `EngineError` when the engine cannot answer.
    """
    observations = fold(compiled.leaves, compiled.pack.vocabulary, profile, as_of)
    vectors = [[seen.value for seen in leaves] for leaves in observations.values()]
    derivations = dict(zip(observations, engine.derive(vectors), strict=True))
    bare = Answer(compiled, profile, as_of, engine.name, observations, derivations, ())
    asked = compiled.pack.outcomes if outcomes is None else dict.fromkeys(outcomes)
    finder = _Finder(bare)
    verdicts = tuple(finder.verdict(name) for name in asked)
    return Answer(compiled, profile, as_of, engine.name, observations, derivations, verdicts)


class _Finder:
    """Finds what decides a verdict in the values that an engine derived."""

    def __init__(self, found: Answer) -> None:
        self._found = found
        self._nodes = found.compiled.nodes
        self._reachable = self._reach()

    def verdict(self, name: str) -> OutcomeVerdict:
        compiled = self._found.compiled
        root = self._nodes[compiled.roots[name]]
        outcome = compiled.pack.outcomes[name]
        now, projected = self._now(root), self._then(root)
        status = status_of(now, projected)
        lost: tuple[Reason, ...] = ()
        if status is Status.ELIGIBLE:
            reasons = self._reasons(self._support(root, True), root)
            if projected is not Truth.MET:
                lost = self._reasons(self._lost(root), root)
        else:
            reasons = self._reasons(self._missing(root), root)
        ask = () if status is Status.ELIGIBLE else distinct_missing(self._ask(root))
        return OutcomeVerdict(
            outcome, status, now, projected, reasons, lost, ask, self._reachable[root.number]
        )

    def _now(self, node: Node) -> Truth:
        return self._found.value(node)

    def _then(self, node: Node) -> Truth:
        return self._found.value(node, Scenario.PROJECTED)

    def _children(self, node: Node) -> list[Node]:
        return [self._nodes[number] for number in node.children]

    def _reasons(self, nodes: Iterator[tuple[Node, Citation | None]], root: Node) -> tuple[Reason, ...]:
        outcome = self._found.compiled.pack.outcomes[root.outcome]
        unique = {node.number: (node, source) for node, source in nodes}
        return tuple(
            Reason(
                node,
                self._now(node),
                self._then(node),
                self._found.observation(node),
                self._found.observation(node, Scenario.PROJECTED),
                node.source or source or outcome.source,
            )
            for node, source in unique.values()
        )

    def _missing(
        self, node: Node, source: Citation | None = None
    ) -> Iterator[tuple[Node, Citation | None]]:
        """Conditions that are not met and that together would make `node` met.

        Of alternatives, those count that come nearest with what is in progress.
        """
        source = node.source or source
        if self._now(node) is Truth.MET:
            return
        children = self._children(node)
        match node.kind:
            case NodeKind.ALL:
                pass
            case NodeKind.ANY | NodeKind.AT_LEAST:
                children = self._applying(node, children)
                best = self._then(node)
                children = [child for child in children if self._then(child) >= best]
            case _:
                # what must not hold is named as a whole: its parts are not what is missing
                yield node, source
                return
        for child in children:
            yield from self._missing(child, source)

    def _applying(self, node: Node, children: list[Node]) -> list[Node]:
        """Of dated versions, those whose days may hold the key date."""
        if node.path != "versions":
            return children
        return [
            child
            for child in children
            if all(self._now(part) is not Truth.UNMET for part in self._children(child)[:-1])
        ]

    def _lost(
        self, node: Node, source: Citation | None = None
    ) -> Iterator[tuple[Node, Citation | None]]:
        """Conditions met now that would not be met when what is in progress is completed."""
        source = node.source or source
        if self._now(node) is not Truth.MET or self._then(node) is Truth.MET:
            return
        if node.kind in (NodeKind.ALL, NodeKind.ANY, NodeKind.AT_LEAST):
            for child in self._children(node):
                yield from self._lost(child, source)
        else:
            yield node, source

    def _support(
        self, node: Node, wanted: bool, source: Citation | None = None
    ) -> Iterator[tuple[Node, Citation | None]]:
        """Conditions that make `node` met (or unmet, where not `wanted`)."""
        source = node.source or source
        children = self._children(node)
        value = Truth.MET if wanted else Truth.UNMET
        below = wanted
        match node.kind:
            case NodeKind.LEAF | NodeKind.OUTCOME:
                yield node, source
                return
            case NodeKind.NOT | NodeKind.NONE | NodeKind.AT_MOST if wanted:
                yield node, source
                return
            case NodeKind.NOT | NodeKind.NONE | NodeKind.AT_MOST:
                below, value = True, Truth.MET
        deciding = [child for child in children if self._now(child) is value]
        if node.kind is NodeKind.AT_LEAST and wanted:
            deciding = deciding[: node.k]
        elif node.kind is (NodeKind.ANY if wanted else NodeKind.ALL):
            deciding = deciding[:1]
        for child in deciding:
            yield from self._support(child, below, source)

    def _ask(self, node: Node) -> Iterator[Missing]:
        """What to ask: the pieces missing below conditions that are not settled."""
        seen: set[int] = set()
        waiting = [node]
        while waiting:
            current = waiting.pop()
            if current.number in seen:
                continue
            seen.add(current.number)
            now, then = self._now(current), self._then(current)
            if now is Truth.MET or (now is Truth.UNMET and then is not Truth.UNKNOWN):
                continue
            if current.leaf is not None:
                for scenario in Scenario:
                    seen_at = self._found.observation(current, scenario)
                    yield from seen_at.missing if seen_at else ()
            waiting.extend(reversed(self._unsettled(current)))

    def _unsettled(self, node: Node) -> list[Node]:
        children = self._children(node)
        if node.path == "versions":
            return self._applying(node, children)
        return children

    def _reach(self) -> list[bool]:
        """For every node whether it is met or can still become so; children come first."""
        reach: list[bool] = []
        for node in self._nodes:
            reach.append(
                self._now(node) is not Truth.UNMET
                or self._then(node) is not Truth.UNMET
                or self._within_reach(node, reach)
            )
        return reach

    def _within_reach(self, node: Node, reach: Sequence[bool]) -> bool:
        children = self._children(node)
        below = [reach[child.number] for child in self._applying(node, children)]
        match node.kind:
            case NodeKind.LEAF:
                return not self._final(node)
            case NodeKind.ALL | NodeKind.OUTCOME:
                return all(below)
            case NodeKind.ANY:
                return any(below)
            case NodeKind.AT_LEAST:
                return sum(below) >= node.k
            case _:
                return not any(self._lasting(child) for child in children)

    def _final(self, node: Node) -> bool:
        """Whether a leaf that is unmet stays so: time only goes on, items only add up."""
        assert node.leaf is not None
        leaf = self._found.compiled.leaves[node.leaf]
        match leaf:
            case Comparison(fact=fact, completed=None):
                declaration = self._found.compiled.pack.vocabulary.facts.get(fact)
                if fact == AS_OF:
                    return leaf.operator in ("before", "on_or_before", "is")
                fixed = isinstance(declaration, Fact) and declaration.fixed
                return fixed and leaf.operator != "within"
            case Quantifier():
                kind = getattr(leaf.measure, "kind", "cover")
                return kind in ("count", "sum", "duration") and leaf.operator in (
                    "at_most",
                    "less_than",
                )
        return False

    def _lasting(self, node: Node) -> bool:
        """Whether a condition that is met stays so, so that its negation is out of reach."""
        if self._now(node) is not Truth.MET or node.leaf is None:
            return False
        leaf = self._found.compiled.leaves[node.leaf]
        if isinstance(leaf, Comparison):
            declaration = self._found.compiled.pack.vocabulary.facts.get(leaf.fact)
            return isinstance(declaration, Fact) and declaration.fixed
        return isinstance(leaf, Quantifier) and leaf.operator in ("at_least", "more_than")
