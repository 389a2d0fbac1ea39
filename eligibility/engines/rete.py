"""The rete engine: durable_rules derives every condition by forward chaining.

Three-valued logic is not monotone, a rule engine that only adds facts is. So each leaf and
each node has four *rails*, facts that are derived or never heard of:

    met        the value is MET          unmet        the value is UNMET
    possible   the value is not UNMET    refutable    the value is not MET

Exactly two hold: MET is {met, possible}, UNKNOWN {possible, refutable} and UNMET {unmet,
refutable}. Every kind of node is `at least k of` its children on each rail, with the rails
swapped for a negation, so no rule ever asks for the absence of a fact. Whatever durable_rules
lost on the way would leave a node with fewer than two rails: that is checked, never guessed.

This is the only module that imports `durable`, and not before an engine is made. Its traps
are named where they are guarded. An engine may be called from any thread, but all engines of
a process take turns: durable_rules keeps process-wide tables.
"""

from __future__ import annotations

import hashlib
import threading
import weakref
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, NamedTuple

from eligibility.compiled import CompiledPack, Node, NodeKind
from eligibility.engines.base import Derivation
from eligibility.errors import EngineError
from eligibility.truth import Truth

__all__ = ["ReteEngine", "available"]

# The rails of a leaf or node are the facts `base + rail`.
_MET, _POSSIBLE, _UNMET, _REFUTABLE = range(4)
_SWAPPED = {_MET: _UNMET, _POSSIBLE: _REFUTABLE, _UNMET: _MET, _REFUTABLE: _POSSIBLE}
_RAILS = {
    Truth.MET: (_MET, _POSSIBLE),
    Truth.UNKNOWN: (_POSSIBLE, _REFUTABLE),
    Truth.UNMET: (_UNMET, _REFUTABLE),
}
_VALUES: dict[tuple[int, ...], Truth] = {rails: value for value, rails in _RAILS.items()}

# The fact that is always stated first: premise of the catch-all rule.
_START = 0

# durable_rules keeps 256 consumers of one fact (the next gets error 108 or overruns the list)
# and 16 facts in one match; both are kept far away from.
_FAN_OUT = 48
_JOIN = 8

# A ruleset holds at most 4,096 rules, and each state costs 10 kB per premise: rules beyond
# this many premises go into a further ruleset.
_PREMISES = 1000

# 512 tests may stand side by side (the 513th never returns), so a fact is told from the
# others by two properties, one test below the other.
_SIDE_BY_SIDE = 64

# A rule takes 8 kB; only thresholds over more than a hundred children get here.
_MOST_RULES = 50_000

_lock = threading.Lock()


class _Rule(NamedTuple):
    """When all the premises are derived, so is the conclusion."""

    premises: tuple[int, ...]
    conclusion: int


def available() -> bool:
    """Whether durable_rules can be used here (it cannot on Python 3.13 and later)."""
    try:
        import durable.engine  # noqa: F401  # only whether it can be
    except Exception:  # noqa: BLE001  # a half-working build may fail in any way
        return False
    return True


class ReteEngine:
    """Values every node of a pack by rules of its own.

    `trace` is the order in which the first rail of each node was derived.
    """

    name = "rete"

    def __init__(self, compiled: CompiledPack) -> None:
        """Raises `EngineError` where durable_rules is missing or cannot hold the pack."""
        if not available():
            raise _missing()
        network = _Network(compiled)
        self._leaves = network.leaves
        self._nodes = tuple(zip(compiled.nodes, network.nodes, strict=True))
        self._named: dict[int, list[int]] = {}
        for number, base in enumerate(network.nodes):
            for rail in range(4):
                self._named.setdefault(base + rail, []).append(number)
        self._stages = [_Stage(rules) for rules in _slices(network.rules)]
        with _lock:
            self._host = _host(self._stages)
        weakref.finalize(self, _free, self._host, self._stages).atexit = False
        self._asked = 0

    def derive(self, vectors: Sequence[Sequence[Truth]]) -> list[Derivation]:
        """Value every node for each vector of leaf values.

        Raises `EngineError` when a rule failed, or when durable_rules lost a conclusion.
        """
        with _lock:
            return [self._derive(vector) for vector in vectors]

    def _derive(self, vector: Sequence[Truth]) -> Derivation:
        if len(vector) != len(self._leaves):
            raise _misfit(len(vector), len(self._leaves))
        self._asked += 1
        derived = {_START: None}
        for base, value in zip(self._leaves, vector, strict=True):
            derived.update((base + rail, None) for rail in _RAILS[value])
        for stage in self._stages:
            stage.run(self._host, self._asked, derived)
        values = tuple(_value(node, base, derived) for node, base in self._nodes)
        trace = dict.fromkeys(node for fact in derived for node in self._named.get(fact, ()))
        return Derivation(values, tuple(trace))


def _value(node: Node, base: int, derived: dict[int, None]) -> Truth:
    rails = tuple(rail for rail in range(4) if base + rail in derived)
    if rails not in _VALUES:
        raise _incomplete(node, rails)
    return _VALUES[rails]


class _Network:
    """The rules of a pack, every premise before its conclusion; facts are numbers."""

    def __init__(self, compiled: CompiledPack) -> None:
        self.rules: list[_Rule] = []
        self._facts = _START + 1
        self._serving: dict[int, tuple[int, int]] = {}
        self.leaves = [self._fact(4) for _ in compiled.leaves]
        self.nodes: list[int] = []
        for node in compiled.nodes:
            self.nodes.append(self._node(node))

    def _fact(self, count: int = 1) -> int:
        first = self._facts
        self._facts += count
        return first

    def _node(self, node: Node) -> int:
        if node.leaf is not None:
            # A leaf's place in a tree: the asserted fact is the node's.
            return self.leaves[node.leaf]
        base = self._fact(4)
        count = len(node.children)
        k, negated = _threshold(node)
        for rail in range(4):
            # at least k are met; or enough are not met for k of them never to be reached
            needed = k if rail in (_MET, _POSSIBLE) else count - k + 1
            goal = base + (_SWAPPED[rail] if negated else rail)
            self._at_least(needed, [self.nodes[child] + rail for child in node.children], goal)
        return base

    def _at_least(self, k: int, facts: list[int], goal: int) -> None:
        if k <= 0:
            self._rule([_START], goal)
        elif k == 1:
            # One rule each, never `$or`: that fires once for every combination.
            for fact in dict.fromkeys(facts):
                self._rule([fact], goal)
        elif k == len(facts):
            self._all(facts, goal)
        elif k < len(facts):
            self._count(k, facts, goal)

    def _all(self, facts: list[int], goal: int) -> None:
        # A rule's premises must be different facts: one fact never matches two of them.
        facts = list(dict.fromkeys(facts))
        while len(facts) > _JOIN:
            joined: list[int] = []
            for start in range(0, len(facts), _JOIN):
                part = facts[start : start + _JOIN]
                if len(part) > 1:
                    together = self._fact()
                    self._rule(part, together)
                    part = [together]
                joined += part
            facts = joined
        self._rule(facts, goal)

    def _count(self, k: int, facts: list[int], goal: int) -> None:
        """Derive `reached[j]`, at least j of the facts so far, where k is still in reach."""
        reached = {0: _START}
        for seen, fact in enumerate(facts, 1):
            left = len(facts) - seen
            now = {0: _START}
            for j in range(max(1, k - left), min(seen, k) + 1):
                now[j] = self._fact() if left else goal
                if j in reached:
                    self._rule([reached[j]], now[j])
                self._rule([fact] if j == 1 else [reached[j - 1], fact], now[j])
            reached = now

    def _rule(self, premises: Iterable[int], conclusion: int) -> None:
        if len(self.rules) >= _MOST_RULES:
            raise _too_large()
        self.rules.append(_Rule(tuple(self._served(fact) for fact in premises), conclusion))

    def _served(self, fact: int) -> int:
        """The fact itself or, once enough rules ask for it, one that a relay rule derives."""
        server, served = self._serving.get(fact, (fact, 0))
        if served == _FAN_OUT - 1:
            relay = self._fact()
            self.rules.append(_Rule((server,), relay))
            server, served = relay, 0
        self._serving[fact] = (server, served + 1)
        return server


def _threshold(node: Node) -> tuple[int, bool]:
    """The node as `at least k of` its children, and whether it is the negation of that."""
    match node.kind:
        case NodeKind.ALL:
            return len(node.children), False
        case NodeKind.AT_LEAST:
            return node.k, False
        case NodeKind.AT_MOST:
            return node.k + 1, True
        case NodeKind.NONE | NodeKind.NOT:
            return 1, True
        case _:
            return 1, False


def _slices(rules: list[_Rule]) -> Iterator[list[_Rule]]:
    """The rules in runs of `_PREMISES`, in order: a run needs facts of earlier ones only."""
    part: list[_Rule] = []
    premises = 0
    for rule in rules:
        if premises + len(rule.premises) > _PREMISES:
            yield part
            part, premises = [], 0
        part.append(rule)
        premises += len(rule.premises)
    if part:
        yield part


class _Stage:
    """One ruleset: a run of the rules. Facts of earlier runs are stated to it anew."""

    def __init__(self, rules: list[_Rule]) -> None:
        self._rules = rules
        # Facts that no rule of this ruleset consumes are recorded but not asserted: that
        # would raise. Small explicit ids, because durable_rules takes two facts with the
        # same 32-bit hash of their id for one (no two decimals below 300,000 have it).
        consumed = dict.fromkeys([_START, *(fact for rule in rules for fact in rule.premises)])
        self._tests = {
            fact: (f"a{place // _SIDE_BY_SIDE}", f"b{place % _SIDE_BY_SIDE}")
            for place, fact in enumerate(consumed)
        }
        self._properties: dict[int, dict[str, object]] = {
            fact: {"id": str(place), **dict.fromkeys(self._tests[fact], 1)}
            for place, fact in enumerate(consumed)
        }
        # The name must be unique in the process: two packs may be loaded.
        self.name = "eligibility-" + hashlib.sha256(repr(rules).encode()).hexdigest()
        self._derived: dict[int, None] = {}
        self._failure: BaseException | None = None

    def definition(self) -> dict[str, dict[str, Any]]:
        """The rules in durable_rules' JSON form."""
        # The catch-all: a state with facts that never fired is a segmentation fault to delete.
        rules = [_Rule((_START,), _START), *self._rules]
        return {
            f"r{number}": {
                "all": [
                    {f"m{place}": {"$and": [{name: 1} for name in self._tests[fact]]}}
                    for place, fact in enumerate(rule.premises)
                ],
                "run": self._action(rule.conclusion),
            }
            for number, rule in enumerate(rules)
        }

    def run(self, host: Any, asked: int, derived: dict[int, None]) -> None:
        """State what is derived already, and add what follows from it."""
        # A fresh state every time; 1,024 are the most there can be, so each is deleted. Only
        # START is asserted alone: once it has fired, the state can be deleted in any case.
        sid = str(asked)
        self._derived, self._failure = derived, None
        known = [
            {**properties, "sid": sid}
            for fact, properties in self._properties.items()
            if fact in derived and fact != _START
        ]
        try:
            state = host.assert_fact(self.name, {**self._properties[_START], "sid": sid})
            try:
                self._check(state)
                if known:
                    self._check(host.assert_facts(self.name, known))
            finally:
                host.delete_state(self.name, sid)
        except EngineError:
            raise
        except Exception as error:
            raise _failed(error) from error

    def _action(self, conclusion: int) -> Callable[[Any], None]:
        def run(closure: Any) -> None:
            try:
                self._conclude(conclusion, closure)
            except BaseException as error:
                self._failure = error  # durable_rules swallows all, Ctrl-C too
                raise

        return run

    def _conclude(self, fact: int, closure: Any) -> None:
        if fact in self._derived:  # a second rule with the same conclusion
            return
        self._derived[fact] = None
        if fact in self._properties:
            closure.assert_fact(dict(self._properties[fact]))

    def _check(self, state: dict[str, Any] | None) -> None:
        """Raise what went wrong in an action: durable_rules only notes it in the state."""
        if self._failure is not None and not isinstance(self._failure, Exception):
            raise self._failure
        if self._failure is not None:
            raise _failed(self._failure) from self._failure
        if state is not None and "exception" in state:
            raise _failed(state["exception"])


def _host(stages: list[_Stage]) -> Any:
    """A host without the two timer threads that fire rules behind the caller's back."""
    from durable.engine import Host

    try:
        host = type("QuietHost", (Host,), {"_run": lambda self: None})()
        for stage in stages:
            host.register_rulesets({stage.name: stage.definition()})
    except Exception as error:
        raise _refused(error) from error
    return host


def _free(host: Any, stages: list[_Stage]) -> None:
    """Give back what durable_rules never does: 3 MB for each engine of a usual pack."""
    import durable_rules_engine

    for stage in stages:
        ruleset = host.get_ruleset(stage.name)
        durable_rules_engine.delete_ruleset(ruleset._handle)  # noqa: SLF001  # no other way to it


def _missing() -> EngineError:
    return EngineError(
        "the rete engine needs `durable_rules`, which cannot be imported here\n"
        "  = it runs on Python 3.12 and earlier; the reference engine runs everywhere"
    )


def _too_large() -> EngineError:
    return EngineError(
        f"the rete engine would need more than {_MOST_RULES:,} rules for this pack\n"
        "  = thresholds over hundreds of conditions cost most; use the reference engine"
    )


def _refused(error: Exception) -> EngineError:
    return EngineError(
        f"durable_rules refused the rules of this pack: {error}\n  = use the reference engine"
    )


def _failed(error: object) -> EngineError:
    return EngineError(f"a rule of the rete engine failed: {error}")


def _misfit(given: int, expected: int) -> EngineError:
    return EngineError(f"a vector has {given} leaf values where the pack has {expected} leaves")


def _incomplete(node: Node, rails: tuple[int, ...]) -> EngineError:
    words = [("met", "possible", "unmet", "refutable")[rail] for rail in rails]
    derived = " and ".join(words) or "nothing"
    return EngineError(f"internal fault of the rete engine: `{node.id}` came out as {derived}")
