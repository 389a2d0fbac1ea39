"""Sentences about a verdict, made from what was recorded when it was reached."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from decimal import Decimal

from eligibility.compiled import CompiledPack, Node, NodeKind
from eligibility.conditions import (
    Assignment,
    Comparison,
    Cover,
    ItemComparison,
    ItemGroup,
    ItemTest,
    Leaf,
    Nothing,
    Quantifier,
    Undecidable,
)
from eligibility.leaves import Scenario
from eligibility.model import Fact, Kind, ListFact, Status
from eligibility.observations import Blocker, Given, Missing, Note, Observation, Used
from eligibility.truth import Truth, negation
from eligibility.values import Absent, Days, Value
from eligibility.verdict import Answer, OutcomeVerdict, Reason
from eligibility.words import Words, amount_words, clean, joined, plural, value_words, without

__all__ = [
    "CLOSED",
    "STATUS_WORDS",
    "Explainer",
    "Line",
    "condition_words",
    "heading_of",
    "heading_words",
    "parts_of",
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
_NAMING = ("is", "one_of", "includes", "matches")
"""Operators that say what an item is, as against how good it is."""

_DECIDED = {Truth.MET: "yes", Truth.UNKNOWN: "not decided yet", Truth.UNMET: "no"}
_MANY = 12
"""How many items are named in a row."""

_LONG = 100
"""How many characters of a value are shown."""


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
    if isinstance(leaf, Assignment):
        made = seen.assignment
        lacking = 0 if made is None else sum(not used.met for used in made.needs)
        return Decimal(lacking) if lacking else None
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


def heading_of(node: Node) -> str:
    """The heading over a group's conditions."""
    if node.path == "versions":
        return "by date, one of these:"
    if node.kind in (NodeKind.AT_LEAST, NodeKind.AT_MOST):
        return f"{node.kind.value.replace('_', ' ')} {node.k} of these:"
    return _HEADINGS[node.kind]


def heading_words(node: Node) -> str:
    """A group by its heading alone, for where its parts follow below."""
    return f"{node.title}: {heading_of(node)}" if node.title else heading_of(node)


def parts_of(compiled: CompiledPack, node: Node) -> list[Node]:
    """What stands below a condition in an outline.

    Nothing does where one sentence says it all, or where it is another outcome, which has
    an outline of its own.
    """
    if node.kind is NodeKind.OUTCOME or _held(compiled, node) is not None:
        return []
    return [compiled.nodes[number] for number in node.children]


def condition_words(compiled: CompiledPack, node: Node, words: Words, *, full: bool = False) -> str:
    """A condition in words: leaves and outcomes by themselves, groups with their parts.

    A condition with a title is called by it; in `full`, what that stands for is added.
    """
    held = _held(compiled, node)
    title = _title(node, held)
    if held is not None:
        assert held.leaf is not None
        if title is not None and not full:
            return title
        leaf = words.leaf(compiled.leaves[held.leaf], negated=held is not node)
        return leaf if title is None else f"{title} ({leaf})"
    if title is not None:
        return title
    children = [compiled.nodes[number] for number in node.children]
    if node.kind is NodeKind.OUTCOME:
        return compiled.pack.outcomes[children[0].outcome].title
    parts = "; ".join(condition_words(compiled, child, words) for child in children)
    return f"{heading_of(node)} {parts}"


def _held(compiled: CompiledPack, node: Node) -> Node | None:
    """The leaf that a node is, or is the negation of: what one sentence can say."""
    if node.leaf is not None:
        return node
    if node.kind in (NodeKind.NOT, NodeKind.NONE) and len(node.children) == 1:
        child = compiled.nodes[node.children[0]]
        return child if child.leaf is not None else None
    return None


def _title(node: Node, held: Node | None) -> str | None:
    if node.title is not None or held is None or held is node or held.title is None:
        return node.title
    return without(held.title)


def _counts_up(leaf: Quantifier) -> bool:
    """Whether a lower bound on an amount is asked for, so that it can be short of it."""
    kind = getattr(leaf.measure, "kind", "")
    return not leaf.has and kind in ("count", "sum", "duration") and leaf.operator in _GROWING


def _unstated(of: ListFact, seen: Observation) -> bool:
    """Whether nothing at all is known of the list: not even a part of it."""
    known = seen.observed or seen.have or seen.notes
    asked = (f"/{of.name}", of.question)
    return not known and any((one.pointer, one.question) == asked for one in seen.missing)


def _first_test(test: ItemTest) -> ItemTest:
    """The test that an author wrote first: as a rule it says what is looked for."""
    while isinstance(test, ItemGroup) and test.title is None and test.children:
        test = test.children[0]
    return test


def _names(seen: Observation) -> list[str]:
    return [clean(name) for name in seen.found]


def _given(items: Iterable[Given]) -> str:
    names = [clean(one.item) for one in items]
    if len(names) > _MANY:
        names = [*names[: _MANY - 1], f"{len(names) - _MANY + 1:,} more"]
    return joined(names)


def _shown(value: Value | None) -> str:
    """A value of the profile, cut where it is long."""
    text = value_words(value)
    return text if len(text) <= _LONG else f"{text[: _LONG - 3]}..."


class Explainer:
    """Says in sentences what decided the verdicts of one answer."""

    def __init__(self, answer: Answer) -> None:
        self.answer = answer
        self._nodes = answer.compiled.nodes
        self._leaves = answer.compiled.leaves
        self._facts = answer.compiled.pack.vocabulary.facts
        self._asked = {verdict.outcome.id: verdict for verdict in answer.verdicts}
        self.words = Words(answer.compiled.pack.vocabulary, answer.as_of)

    def reason(self, reason: Reason) -> str:
        """One condition with what was seen: a sentence without its period."""
        return self.node(reason.node)

    def node(self, node: Node, scenario: Scenario = Scenario.NOW, *, full: bool = False) -> str:
        """A condition with what was seen of it in a scenario.

        In `full`, what an author's title stands for is added to it.
        """
        held = _held(self.answer.compiled, node)
        if held is not None:
            return self._leaf(node, held, scenario, full)
        words = self.condition(node)
        if node.kind is NodeKind.OUTCOME:
            verdict = self._decided(self._nodes[node.children[0]].outcome)
            return f"{words}: {status_words(verdict)}"
        value = self.answer.value(node, scenario)
        if value is Truth.UNKNOWN:
            return f"{words}: can't tell yet"
        met = [self.node(child, scenario) for child in self._met_below(node, scenario)]
        if value is Truth.UNMET and met:
            return f"{words}: not so, because of {joined(met)}"
        return words

    def _decided(self, outcome: str) -> OutcomeVerdict:
        found = self._asked.get(outcome)
        if found is None:
            found = self._asked[outcome] = self.answer.decide(outcome)
        return found

    def _leaf(self, node: Node, held: Node, scenario: Scenario, full: bool) -> str:
        seen = self.answer.observation(held, scenario)
        assert seen is not None and held.leaf is not None
        leaf = self._leaves[held.leaf]
        if held is not node:
            finding = self._against(leaf, seen)
        elif node.title is None:
            return self.leaf(leaf, seen)
        else:
            finding = self._finding(leaf, seen)
        words = condition_words(self.answer.compiled, node, self.words, full=full)
        return f"{words}: {finding}" if finding else words

    def lost(self, reason: Reason) -> str:
        """A condition that holds now and would not once what is in progress is completed."""
        then = self.node(reason.node, Scenario.PROJECTED)
        return f"completing what is in progress would lose it: {then}"

    def _met_below(self, node: Node, scenario: Scenario) -> list[Node]:
        children = [self._nodes[number] for number in node.children]
        return [one for one in children if self.answer.value(one, scenario) is Truth.MET]

    def condition(self, node: Node) -> str:
        """A condition in words, without what was seen."""
        return condition_words(self.answer.compiled, node, self.words)

    # -- leaves -----------------------------------------------------------------------

    def leaf(self, leaf: Leaf, seen: Observation) -> str:
        """A leaf with what was seen of it."""
        if isinstance(leaf, Quantifier) and seen.value is not Truth.MET:
            of = self._list(leaf)
            if (isinstance(leaf.measure, Cover) or _counts_up(leaf)) and not _unstated(of, seen):
                # `18 of 20 CE hours dated since 2024-11-23: 2 short`
                amount = self._amount(leaf, of, seen)
                return f"{amount}: {self._lacking(leaf, of, seen)}{self._notes(leaf, seen)}"
        finding = self._finding(leaf, seen)
        words = self.words.leaf(leaf)
        if isinstance(leaf, Assignment) and finding:
            # what is found names each need, so that its words need not
            words = self.words.shared(leaf)
        return f"{words}: {finding}" if finding else words

    def _list(self, leaf: Quantifier | Assignment) -> ListFact:
        of = self._facts[leaf.list]
        assert isinstance(of, ListFact)
        return of

    def _finding(self, leaf: Leaf, seen: Observation) -> str:
        """What was seen of a leaf; nothing where its words say it all."""
        match leaf:
            case Comparison():
                return self._comparison(leaf, seen)
            case Quantifier():
                return self._quantifier(leaf, self._list(leaf), seen)
            case Assignment():
                return "; ".join(self.shared_out(leaf, seen))
            case Undecidable() | Nothing():
                return ""
            case _:
                return _DECIDED[seen.value]

    def _against(self, leaf: Leaf, seen: Observation) -> str:
        """What was seen of a leaf that must not be met."""
        match leaf:
            case Comparison():
                return self._comparison(leaf, replace(seen, value=negation(seen.value)), True)
            case Quantifier() if seen.value is Truth.UNKNOWN or _unstated(self._list(leaf), seen):
                return self._quantifier(leaf, self._list(leaf), seen)
            case Quantifier(measure=Cover()):
                return "all are covered" if seen.value is Truth.MET else ""
            case Quantifier() if leaf.has:
                return f"there is {joined(_names(seen))}" if seen.value is Truth.MET else ""
            case Quantifier():
                return f"it is {amount_words(leaf.measure, seen.observed)}"
            case Assignment() if seen.value is not Truth.UNMET:
                return "; ".join(self.shared_out(leaf, seen))
            case Assignment():
                return ""
            case _:
                return _DECIDED[seen.value]

    def _comparison(self, leaf: Comparison, seen: Observation, negated: bool = False) -> str:
        fact = self.words.fact(leaf.fact)
        if seen.value is Truth.UNKNOWN:
            partial = isinstance(seen.observed, Days) and not seen.observed.known
            return f"known only as {seen.observed}" if partial else "not known"
        if isinstance(seen.observed, Absent):
            return "there is none" if seen.value is Truth.UNMET else ""
        if fact.kind is Kind.BOOLEAN:
            if seen.value is Truth.MET:
                return ""
            return "the profile says yes" if seen.observed is True else "the profile says no"
        if seen.value is Truth.MET and leaf.operator == "is" and not negated:
            return ""
        gap = None if negated else short_by(leaf, seen)
        short = f", {value_words(gap)} short" if gap is not None else ""
        return f"it is {_shown(seen.observed)}{short}"

    def _quantifier(self, leaf: Quantifier, of: ListFact, seen: Observation) -> str:
        notes = self._notes(leaf, seen)
        if _unstated(of, seen):
            return f"{of.title} not known"
        if leaf.has:
            if seen.value is Truth.MET:
                return joined(_names(seen))
            ending = "none on record" if seen.value is Truth.UNMET else "can't tell yet"
            return f"{ending}{notes}"
        if isinstance(leaf.measure, Cover):
            if seen.value is Truth.MET:
                return ""
            amount = f"{len(seen.have)} of {len(leaf.measure.values)}"
            return f"{amount}, {self._lacking(leaf, of, seen)}{notes}"
        if seen.observed is None:
            return f"can't tell yet{notes}"
        observed = amount_words(leaf.measure, seen.observed)
        if _counts_up(leaf) and seen.value is not Truth.MET and not isinstance(seen.needed, tuple):
            return (
                f"{observed} of {value_words(seen.needed)}, {self._lacking(leaf, of, seen)}{notes}"
            )
        if seen.value is Truth.UNKNOWN:
            most = amount_words(leaf.measure, seen.possible)
            possible = "more" if seen.possible is None else most
            return f"{observed} for certain, perhaps {possible}{notes}"
        gap = short_by(leaf, seen)
        short = f", {amount_words(leaf.measure, gap)} short" if gap is not None else ""
        return f"it is {observed}{short}"

    def _amount(self, leaf: Quantifier, of: ListFact, seen: Observation) -> str:
        """`18 of 20 CE hours dated since 2024-11-23`."""
        if isinstance(leaf.measure, Cover):
            noun = plural(of.attributes[leaf.measure.attribute].title)
            clause = self.words.clause(leaf.where, of)
            return f"{len(seen.have)} of {len(leaf.measure.values)} {noun} in {of.title}{clause}"
        observed = "none" if seen.observed is None else value_words(seen.observed)
        more = "more than " if leaf.operator == "more_than" else ""
        needed = "?" if isinstance(seen.needed, tuple) else value_words(seen.needed)
        return self.words.amount(leaf, of, f"{observed} of {more}{needed}")

    def _lacking(self, leaf: Quantifier, of: ListFact, seen: Observation) -> str:
        """What is still wanted of an amount or of what should be covered."""
        if isinstance(leaf.measure, Cover):
            parts = []
            if seen.lack:
                parts.append(f"still missing {joined([value_words(one) for one in seen.lack])}")
            if seen.unsure:
                parts.append(f"not certain: {joined([value_words(one) for one in seen.unsure])}")
            return "; ".join(parts) or f"not each by another {of.item}"
        if seen.value is Truth.UNMET:
            gap = short_by(leaf, seen)
            least = short_by(leaf, replace(seen, observed=seen.possible))
            if gap is not None and least is not None and least < gap:
                more = value_words(seen.possible)
                return f"up to {more} may count, at least {value_words(least)} short"
            return f"{value_words(gap)} short" if gap is not None else "more needed"
        if seen.possible is None:
            return "more may count"
        return f"up to {value_words(seen.possible)} may count"

    def _notes(self, leaf: Quantifier, seen: Observation) -> str:
        """Items that come near: they are what is looked for, and fail hardly any test."""
        first = _first_test(leaf.where)
        named = isinstance(first, ItemComparison) and first.operator in _NAMING
        texts: list[str] = []
        for note in seen.notes:
            failing = [blocker.test for blocker in note.blockers]
            apart = note.value is Truth.UNMET and named and first in failing
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
                return f"{words} not known"
            return without(words) if words.startswith(("a ", "an ")) else f"not {words}"
        fact = of.attributes[test.attribute]
        assert isinstance(fact, Fact)
        if blocker.observed is None:
            return f"{fact.title} not known"
        wanted = self.words.wanted(test, of).removeprefix("is ")
        return f"{fact.title} {_shown(blocker.observed)}, needs {wanted}"

    # -- items shared out -------------------------------------------------------------

    def shared_out(self, leaf: Assignment, seen: Observation) -> list[str]:
        """Each need with the items given to it, and the items left over."""
        made = seen.assignment
        assert made is not None
        if made.limited:
            return ["can't tell: there are too many ways to share out the items"]
        if not made.needs:
            return ["there are too many ways to share out the items to show one"]
        known = made.left or any(used.given or used.seen.notes for used in made.needs)
        if not known and any(one.pointer == f"/{leaf.list}" for one in seen.missing):
            return [f"{self._list(leaf).title} not known"]
        texts = [self.need(used) for used in made.needs]
        return [*texts, f"left over: {_given(made.left)}"] if made.left else texts

    def need(self, used: Used) -> str:
        """A need with the items given to it: `a course with code A: Anatomy`."""
        leaf, seen = used.need.quantifier, used.seen
        words = self.words.need(used.need)
        given = _given(used.given)
        if used.met:
            return f"{words}: {given}" if given else words
        if leaf.has:
            ending = "still missing" if seen.value is Truth.UNMET else "can't tell yet"
            text = f"{words}: {ending}{self._notes(leaf, seen)}"
        elif used.need.title is not None:
            text = f"{words}: {self._finding(leaf, seen)}"
        else:
            text = self.leaf(leaf, seen)
        others = f"{_given(used.elsewhere)} used elsewhere" if used.elsewhere else ""
        more = ", ".join(one for one in (f"so far {given}" if given else "", others) if one)
        return f"{text}; {more}" if more else text

    # -- outlines ---------------------------------------------------------------------

    def outline(self, verdict: OutcomeVerdict) -> list[Line]:
        """The reasons in the shape of the requirement: alternatives under their heading.

        Below an outcome that was not asked for itself stands what that one lacks.
        """
        told = {one.outcome.id for one in self.answer.verdicts} | {verdict.outcome.id}
        return list(self._outline(verdict, told))

    def _outline(self, verdict: OutcomeVerdict, told: set[str]) -> Iterator[Line]:
        reasons = {reason.node.number: reason for reason in verdict.reasons}
        root = self._nodes[self.answer.compiled.roots[verdict.outcome.id]]
        for line in self._outlined(root, reasons, NodeKind.ALL):
            yield line
            if line.reason is None or line.node.kind is not NodeKind.OUTCOME:
                continue
            name = self._nodes[line.node.children[0]].outcome
            if name not in told and len(told) < len(self.answer.verdicts) + _DEEP:
                told.add(name)
                for below in self._outline(self._decided(name), told):
                    yield replace(below, depth=line.depth + 1 + below.depth)

    def _outlined(self, node: Node, reasons: dict[int, Reason], above: NodeKind) -> Iterator[Line]:
        reason = reasons.get(node.number)
        if reason is not None:
            yield from self._reason_lines(reason)
            return
        if node.kind is NodeKind.OUTCOME:
            return
        below = self._parts(node, reasons, node.kind)
        if len(below) == 1:
            # one alternative left is no choice: what it needs reads on from above
            below = self._parts(node, reasons, above)
        # all of `all` reads as one list
        apart = len(below) > 1 and not (node.kind is above is NodeKind.ALL)
        heading = self._choice(node) if apart else node.title
        if heading is not None and below:
            yield Line(0, heading if heading.endswith(":") else f"{heading}:", node)
        for lines in below:
            for line in lines:
                deeper = line.depth + (1 if heading is not None else 0)
                yield Line(deeper, line.text, line.node, line.reason)

    def _reason_lines(self, reason: Reason) -> Iterator[Line]:
        """A reason in a line; with a line below it for each need that shares out items."""
        node, seen = reason.node, reason.observation
        leaf = None if node.leaf is None else self._leaves[node.leaf]
        if not isinstance(leaf, Assignment) or seen is None:
            yield Line(0, self.reason(reason), node, reason)
            return
        yield Line(0, f"{node.title or self.words.shared(leaf)}:", node, reason)
        for text in self.shared_out(leaf, seen):
            yield Line(1, text, node)

    def _choice(self, node: Node) -> str:
        """The heading over alternatives; those that are met already are taken off."""
        if node.kind is NodeKind.ALL and node.title is not None:
            return node.title
        left = node.k - len(self._met_below(node, Scenario.NOW))
        if node.kind is not NodeKind.AT_LEAST or left == node.k:
            return heading_words(node)
        more = f"{'one' if left == 1 else left} more of these:"
        return f"{node.title}: {more}" if node.title else more

    def _parts(self, node: Node, reasons: dict[int, Reason], above: NodeKind) -> list[list[Line]]:
        """The lines of each child that has any."""
        outlined = (
            list(self._outlined(self._nodes[number], reasons, above)) for number in node.children
        )
        return [lines for lines in outlined if lines]
