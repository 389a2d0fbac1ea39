"""From a checked pack to leaves and trees.

A tuple of pure passes: each outcome is lowered to one condition (dated versions and
missing confidence become ordinary conditions, so that every engine gets them for free),
outcomes are put in the order of their dependence, and the trees are numbered, each
distinct leaf once.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from eligibility.compiled import CompiledPack, Node, NodeKind
from eligibility.conditions import (
    AS_OF,
    Comparison,
    Condition,
    Group,
    Leaf,
    Literal,
    Not,
    OutcomeValue,
    Test,
    Undecidable,
)
from eligibility.model import Declaration, Outcome, RulePack, Version
from eligibility.values import Days

__all__ = ["UNVERIFIED", "compile_pack"]

UNVERIFIED = "no trustworthy source states what this requires"


def compile_pack(pack: RulePack) -> CompiledPack:
    """The leaves and trees of a pack."""
    facts = pack.vocabulary.facts
    lowered = {name: _lower(outcome, facts) for name, outcome in pack.outcomes.items()}
    order = _by_dependence(lowered)
    numbering = _Numbering()
    for name in order:
        numbering.outcome(name, lowered[name])
    roots = {name: numbering.roots[name] for name in pack.outcomes}
    return CompiledPack(pack, tuple(numbering.leaves), tuple(numbering.nodes), roots)


def _lower(outcome: Outcome, facts: Mapping[str, Declaration]) -> Condition:
    """One condition for an outcome, whatever form it is given in."""
    if outcome.versions is not None:
        condition: Condition | None = _versions(outcome, outcome.versions, facts)
    else:
        condition = outcome.requires
    if outcome.verified:
        assert condition is not None
        return condition
    doubt = Test("confidence", Undecidable(UNVERIFIED), span=outcome.span)
    if condition is None:
        return doubt
    return Group("outcome", "all", (condition, doubt), span=outcome.span)


def _versions(
    outcome: Outcome, versions: tuple[Version, ...], facts: Mapping[str, Declaration]
) -> Condition:
    """`any` version whose days hold the key date, with what it requires.

    A date that no version covers is a branch of its own that is never decided: a silent
    fall-back to another version would be a defect.
    """
    key = outcome.version_by or AS_OF
    branches: list[Condition] = []

    def dated(path: str, operator: str, version: Version, end: bool) -> Condition:
        day = version.end if end else version.start
        assert day is not None
        return Test(path, Comparison(key, operator, Literal(Days.on(day))), span=outcome.span)

    for index, version in enumerate(versions):
        path = f"versions/{index}"
        parts: list[Condition] = []
        if version.start is not None:
            parts.append(dated(f"{path}/from", "on_or_after", version, False))
        if version.end is not None:
            parts.append(dated(f"{path}/until", "on_or_before", version, True))
        parts.append(version.requires)
        branches.append(Group(path, "all", tuple(parts), span=outcome.span, source=version.source))
    first, last = versions[0], versions[-1]
    if first.start is not None:
        reason = f"no version of this rule covers days before {first.start}"
        uncovered = dated("versions/before/until", "before", first, False)
        branches.append(_undecided("versions/before", uncovered, reason))
    if last.end is not None:
        reason = f"no version of this rule covers days after {last.end}"
        uncovered = dated("versions/after/from", "after", last, True)
        branches.append(_undecided("versions/after", uncovered, reason))
    if key in facts and facts[key].complete:
        path = "versions/none"
        reason = f"no version of this rule is for those without {facts[key].title}"
        absent = Comparison(key, "exists", Literal(False))
        nowhere = Test(f"{path}/exists", absent, span=outcome.span)
        branches.append(_undecided(path, nowhere, reason))
    return Group("versions", "any", tuple(branches), span=outcome.span)


def _undecided(path: str, selector: Condition, reason: str) -> Condition:
    doubt = Test(f"{path}/requires", Undecidable(reason), span=selector.span)
    return Group(path, "all", (selector, doubt), span=selector.span)


def _by_dependence(lowered: Mapping[str, Condition]) -> list[str]:
    """Outcomes with those that they refer to before them.

    Without recursion, since outcomes may form long chains.
    """
    order: dict[str, None] = {}
    for start in lowered:
        stack: list[tuple[str, Iterator[str]]] = [(start, _referred(lowered[start]))]
        while stack:
            name, below = stack[-1]
            step = next((one for one in below if one not in order), None)
            if name in order or step is None:
                order.setdefault(name)
                stack.pop()
            else:
                stack.append((step, _referred(lowered[step])))
    return list(order)


def _referred(condition: Condition) -> Iterator[str]:
    match condition:
        case OutcomeValue():
            yield condition.outcome
        case Not():
            yield from _referred(condition.child)
        case Group():
            for child in condition.children:
                yield from _referred(child)
        case Test():
            pass


class _Numbering:
    def __init__(self) -> None:
        self.nodes: list[Node] = []
        self.leaves: dict[Leaf, int] = {}
        self.roots: dict[str, int] = {}

    def outcome(self, name: str, condition: Condition) -> None:
        self.roots[name] = self._number(name, condition)

    def _number(self, outcome: str, condition: Condition) -> int:
        children: tuple[int, ...] = ()
        leaf: int | None = None
        k = 0
        match condition:
            case Test():
                kind = NodeKind.LEAF
                leaf = self.leaves.setdefault(condition.leaf, len(self.leaves))
            case Not():
                kind = NodeKind.NOT
                children = (self._number(outcome, condition.child),)
            case OutcomeValue():
                kind = NodeKind.OUTCOME
                children = (self.roots[condition.outcome],)
            case _:
                kind = NodeKind(condition.kind)
                children = tuple(self._number(outcome, child) for child in condition.children)
                k = condition.k
        self.nodes.append(
            Node(
                len(self.nodes),
                kind,
                outcome,
                condition.path,
                children,
                leaf,
                k,
                title=condition.title,
                source=condition.source,
                span=condition.span,
            )
        )
        return len(self.nodes) - 1
