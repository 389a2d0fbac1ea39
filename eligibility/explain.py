"""Sentences about a verdict, made from what was recorded when it was reached."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from eligibility.compiled import CompiledPack, Node, NodeKind
from eligibility.conditions import (
    Comparison,
    Cover,
    ItemComparison,
    ItemGroup,
    ItemTest,
    Leaf,
    Measure,
    Quantifier,
    Undecidable,
)
from eligibility.leaves import Scenario
from eligibility.model import Fact, Kind, ListFact, Status
from eligibility.observations import Blocker, Missing, Note, Observation
from eligibility.truth import Truth
from eligibility.values import Absent, Days
from eligibility.verdict import Answer, OutcomeVerdict, Reason, status_of
from eligibility.words import Words, clean, joined, value_words, without

__all__ = [
    "CLOSED",
    "STATUS_WORDS",
    "Explainer",
    "Line",
    "condition_words",
    "heading_of",
    "question_text",
    "short_by",
    "status_words",
]

STATUS_WORDS = {
    Status.ELIGIBLE: "eligible",
    Status.ON_TRACK: "on track",
    Status.UNDETERMINED: "can't tell yet",
    Status.NOT_ELIGIBLE: "not yet",
}
CLOSED = "no longer open"
"""What people read for `not_eligible` where nothing can change it any more."""

_HEADINGS = {
    NodeKind.ALL: "all of these:",
    NodeKind.ANY: "one of these:",
    NodeKind.NONE: "none of these:",
    NodeKind.NOT: "not:",
}
_DEEP = 10
"""How many outcomes that were not asked for are taken apart for one that was."""

_GROWING = ("at_least", "more_than")


@dataclass(frozen=True, slots=True)
class Line:
    """A line of an outline: a heading over lines that are deeper, or a condition."""

    depth: int
    text: str
    node: Node
    reason: Reason | None = None


def status_words(verdict: OutcomeVerdict) -> str:
    """The status as people read it."""
    if verdict.status is Status.NOT_ELIGIBLE and not verdict.reachable:
        return CLOSED
    return STATUS_WORDS[verdict.status]


def question_text(missing: Missing) -> str:
    """The question to ask, with the item that it is about."""
    if missing.item is None:
        return missing.question
    return f"{clean(missing.item)}: {missing.question}"


def short_by(leaf: Leaf, seen: Observation) -> Decimal | None:
    """How much is missing to a lower bound; None where that is no number."""
    operator = getattr(leaf, "operator", None)
    if isinstance(leaf, Quantifier) and isinstance(leaf.measure, Cover):
        lacking = len(seen.lack) + len(seen.unsure)
        return Decimal(lacking) if lacking else None
    if operator not in _GROWING or seen.value is Truth.MET:
        return None
    observed, needed = seen.observed, seen.needed
    if isinstance(observed, bool) or not isinstance(observed, int | Decimal):
        return None
    if isinstance(needed, bool) or not isinstance(needed, int | Decimal):
        return None
    gap = Decimal(needed) - Decimal(observed)
    return gap if gap > 0 else None


def condition_words(compiled: CompiledPack, node: Node, words: Words) -> str:
    """A condition in words: leaves and outcomes by themselves, groups with their parts."""
    if node.title is not None:
        return node.title
    if node.leaf is not None:
        return words.leaf(compiled.leaves[node.leaf])
    children = [compiled.nodes[number] for number in node.children]
    if node.kind is NodeKind.OUTCOME:
        return compiled.pack.outcomes[children[0].outcome].title
    if node.kind is NodeKind.NOT and children[0].leaf is not None and children[0].title is None:
        return words.leaf(compiled.leaves[children[0].leaf], negated=True)
    parts = "; ".join(condition_words(compiled, child, words) for child in children)
    return f"{heading_of(node)} {parts}"


def _counts_up(leaf: Quantifier) -> bool:
    """Whether a lower bound on an amount is asked for, so that it can be short of it."""
    kind = getattr(leaf.measure, "kind", "")
    return not leaf.has and kind in ("count", "sum", "duration") and leaf.operator in _GROWING


def _unstated(leaf: Quantifier, seen: Observation) -> bool:
    """Whether nothing at all is known of the list."""
    known = seen.observed or seen.have or seen.notes
    return not known and any(one.pointer == f"/{leaf.list}" for one in seen.missing)


def _first_test(test: ItemTest) -> tuple[ItemTest, int]:
    """The test that an author wrote first, and how many there are."""
    count = 1
    while isinstance(test, ItemGroup) and test.title is None and test.children:
        count += len(test.children) - 1
        test = test.children[0]
    return test, count


class Explainer:
    """Says in sentences what decided the verdicts of one answer."""

    def __init__(self, answer: Answer) -> None:
        self._answer = answer
        self._nodes = answer.compiled.nodes
        self._leaves = answer.compiled.leaves
        self._facts = answer.compiled.pack.vocabulary.facts
        self.words = Words(answer.compiled.pack.vocabulary, answer.as_of)

    def reason(self, reason: Reason) -> str:
        """One condition with what was seen: a sentence without its period."""
        return self.node(reason.node)

    def node(self, node: Node, scenario: Scenario = Scenario.NOW) -> str:
        """A condition with what was seen of it in a scenario."""
        value = self._answer.value(node, scenario)
        if node.leaf is not None:
            seen = self._answer.observation(node, scenario)
            assert seen is not None
            return self.leaf(self._leaves[node.leaf], seen, node.title)
        words = self.condition(node)
        if node.kind is NodeKind.OUTCOME:
            target = self._nodes[node.children[0]]
            then = self._answer.value(target, Scenario.PROJECTED)
            return f"{words}: {STATUS_WORDS[status_of(value, then)]}"
        if value is Truth.MET:
            return words
        if value is Truth.UNKNOWN:
            return f"{words}: not known"
        against = [self.node(child) for child in self._met_below(node)]
        return f"{words}: not so, because of {joined(against)}" if against else words

    def heading(self, node: Node) -> str:
        """A group by its heading alone, for where its parts follow below."""
        return node.title or heading_of(node)

    def lost(self, reason: Reason) -> str:
        """A condition that holds now and would not once what is in progress is completed."""
        then = self.node(reason.node, Scenario.PROJECTED)
        return f"completing what is in progress would lose it: {then}"

    def _met_below(self, node: Node) -> list[Node]:
        children = [self._nodes[number] for number in node.children]
        return [child for child in children if self._answer.value(child) is Truth.MET]

    def condition(self, node: Node) -> str:
        """A condition in words, without what was seen."""
        return condition_words(self._answer.compiled, node, self.words)

    # -- leaves -----------------------------------------------------------------------

    def leaf(self, leaf: Leaf, seen: Observation, title: str | None = None) -> str:
        """A leaf with what was seen of it; `title` is what the author calls it."""
        words = title or self.words.leaf(leaf)
        match leaf:
            case Comparison():
                finding = self._comparison(leaf, seen)
            case Quantifier():
                of = self._facts[leaf.list]
                assert isinstance(of, ListFact)
                if isinstance(leaf.measure, Cover) or _counts_up(leaf):
                    amount = self._amount(leaf, of, seen)
                    return f"{title}: {amount}" if title else amount
                finding = self._quantifier(leaf, of, seen)
            case Undecidable():
                finding = ""
            case _:
                finding = {Truth.MET: "", Truth.UNKNOWN: "not decided yet", Truth.UNMET: "no"}[
                    seen.value
                ]
        return f"{words}: {finding}" if finding else words

    def _comparison(self, leaf: Comparison, seen: Observation) -> str:
        fact = self.words.fact(leaf.fact)
        if seen.value is Truth.UNKNOWN:
            partial = isinstance(seen.observed, Days) and not seen.observed.known
            return f"known only as {seen.observed}" if partial else "not known"
        if fact.kind is Kind.BOOLEAN:
            if seen.value is Truth.MET:
                return ""
            return "the profile says yes" if seen.observed is True else "the profile says no"
        if isinstance(seen.observed, Absent):
            return "there is none"
        observed = value_words(seen.observed)
        if seen.value is Truth.MET:
            return "" if leaf.operator == "is" else f"it is {observed}"
        gap = short_by(leaf, seen)
        return f"it is {observed}" + (f", {value_words(gap)} short" if gap is not None else "")

    def _quantifier(self, leaf: Quantifier, of: ListFact, seen: Observation) -> str:
        notes = self._notes(leaf, seen)
        if _unstated(leaf, seen):
            return f"{of.title} not known"
        if leaf.has:
            if seen.value is Truth.MET:
                return joined([clean(name) for name in seen.found])
            ending = "none on record" if seen.value is Truth.UNMET else "can't tell yet"
            return f"{ending}{notes}"
        if seen.observed is None:
            return f"can't tell yet{notes}"
        observed = value_words(seen.observed)
        if seen.value is Truth.UNKNOWN:
            possible = "more" if seen.possible is None else value_words(seen.possible)
            return f"{observed} for certain, perhaps {possible}{notes}"
        gap = short_by(leaf, seen)
        return f"it is {observed}" + (f", {value_words(gap)} short" if gap is not None else "")

    def _amount(self, leaf: Quantifier, of: ListFact, seen: Observation) -> str:
        """`18 of 20 CE hours dated since 2024-11-23: 2 short`."""
        if isinstance(leaf.measure, Cover):
            text = self._covered(leaf, leaf.measure, of, seen)
        else:
            observed = "none" if seen.observed is None else value_words(seen.observed)
            more = "more than " if leaf.operator == "more_than" else ""
            needed = "?" if isinstance(seen.needed, tuple) else value_words(seen.needed)
            text = self.words.amount(leaf, of, f"{observed} of {more}{needed}")
        if seen.value is Truth.MET:
            return text
        if _unstated(leaf, seen):
            return f"{text}: {of.title} not known"
        finding = self._lacking(leaf, leaf.measure, of, seen)
        return f"{text}: {finding}{self._notes(leaf, seen)}"

    def _covered(self, leaf: Quantifier, cover: Cover, of: ListFact, seen: Observation) -> str:
        noun = of.attributes[cover.attribute].title
        plural = noun if noun.endswith("s") else f"{noun}s"
        clause = self.words.clause(leaf.where, of)
        return f"{len(seen.have)} of {len(cover.values)} {plural} in {of.title}{clause}"

    def _lacking(
        self, leaf: Quantifier, measure: Measure | Cover, of: ListFact, seen: Observation
    ) -> str:
        """What is still wanted of an amount or of what should be covered."""
        if isinstance(measure, Cover):
            parts = []
            if seen.lack:
                parts.append(f"still missing {joined([value_words(one) for one in seen.lack])}")
            if seen.unsure:
                parts.append(f"not certain: {joined([value_words(one) for one in seen.unsure])}")
            return "; ".join(parts) or f"not each by another {of.item}"
        gap = short_by(leaf, seen)
        if seen.value is Truth.UNMET:
            return f"{value_words(gap)} short" if gap is not None else "more needed"
        if seen.possible is None:
            return "more may count"
        return f"up to {value_words(seen.possible)} may count"

    def _notes(self, leaf: Quantifier, seen: Observation) -> str:
        """Items that come near: they pass the first test, and fail hardly any other."""
        first, tests = _first_test(leaf.where)
        texts: list[str] = []
        for note in seen.notes:
            failing = [blocker.test for blocker in note.blockers]
            apart = note.value is Truth.UNMET and tests > 1 and first in failing
            if not apart and len(failing) <= 2 and (text := self._note(note)):
                texts.append(text)
        return f" ({'; '.join(texts)})" if texts else ""

    def _note(self, note: Note) -> str:
        words = [note.state] if note.state else [self._blocker(one) for one in note.blockers]
        return f"{clean(note.item)}: {joined(words)}" if words else ""

    def _blocker(self, blocker: Blocker) -> str:
        of = self._facts[blocker.list]
        assert isinstance(of, ListFact)
        test = blocker.test
        if not isinstance(test, ItemComparison):
            words = self.words.test(test, of)
            if blocker.value is Truth.UNKNOWN:
                return f"not known: {words}"
            return without(words) if words.startswith(("a ", "an ")) else f"not {words}"
        fact = of.attributes[test.attribute]
        assert isinstance(fact, Fact)
        if blocker.observed is None:
            return f"{fact.title} not known"
        wanted = self.words.wanted(test, of).removeprefix("is ")
        return f"{fact.title} {value_words(blocker.observed)}, needs {wanted}"

    # -- outlines ---------------------------------------------------------------------

    def outline(self, verdict: OutcomeVerdict) -> list[Line]:
        """The reasons in the shape of the requirement: alternatives under their heading.

        Below an outcome that was not asked for itself stands what that one lacks.
        """
        told = {one.outcome.id for one in self._answer.verdicts}
        return list(self._outline(verdict, told))

    def _outline(self, verdict: OutcomeVerdict, told: set[str]) -> Iterator[Line]:
        reasons = {reason.node.number: reason for reason in verdict.reasons}
        root = self._nodes[self._answer.compiled.roots[verdict.outcome.id]]
        for line in self._outlined(root, reasons, NodeKind.ALL):
            yield line
            if line.reason is None or line.node.kind is not NodeKind.OUTCOME:
                continue
            name = self._nodes[line.node.children[0]].outcome
            if name not in told and len(told) <= len(self._answer.verdicts) + _DEEP:
                told.add(name)
                for below in self._outline(self._answer.decide(name), told):
                    yield replace(below, depth=line.depth + 1 + below.depth)


    def _outlined(
        self, node: Node, reasons: dict[int, Reason], above: NodeKind
    ) -> Iterator[Line]:
        reason = reasons.get(node.number)
        if reason is not None:
            yield Line(0, self.reason(reason), node, reason)
            return
        if node.kind is NodeKind.OUTCOME:
            return
        below = self._parts(node, reasons, node.kind)
        if len(below) == 1:
            # one alternative left is no choice: what it needs reads on from above
            below = self._parts(node, reasons, above)
        # all of `all` reads as one list
        apart = len(below) > 1 and not (node.kind is above is NodeKind.ALL)
        heading = node.title or (heading_of(node) if apart else None)
        if heading is not None and below:
            yield Line(0, heading if heading.endswith(":") else f"{heading}:", node)
        for lines in below:
            for line in lines:
                deeper = line.depth + (1 if heading is not None else 0)
                yield Line(deeper, line.text, line.node, line.reason)

    def _parts(
        self, node: Node, reasons: dict[int, Reason], above: NodeKind
    ) -> list[list[Line]]:
        """The lines of each child that has any."""
        outlined = (
            list(self._outlined(self._nodes[number], reasons, above)) for number in node.children
        )
        return [lines for lines in outlined if lines]


def heading_of(node: Node) -> str:
    """The heading over a group's conditions."""
    if node.path == "versions":
        return "by date, one of these:"
    if node.kind in (NodeKind.AT_LEAST, NodeKind.AT_MOST):
        return f"{node.kind.value.replace('_', ' ')} {node.k} of these:"
    return _HEADINGS[node.kind]
