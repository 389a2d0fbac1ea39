"""Reading conditions: names resolved, operands typed, definitions put in their place."""

from __future__ import annotations

from collections.abc import Callable
from collections.abc import Mapping as MappingType
from dataclasses import replace

from eligibility.conditions import (
    Comparison,
    Condition,
    Decision,
    Group,
    Leaf,
    Not,
    OutcomeValue,
    Test,
)
from eligibility.errors import Message
from eligibility.model import Citation, Declaration, Fact, Kind, ListFact
from eligibility.operators import OPERATORS
from eligibility.reading import messages
from eligibility.reading.definitions import (
    BOUNDS,
    MEASURES,
    Defined,
    Definitions,
    defined_as,
)
from eligibility.reading.form import FACT_NAME, Form
from eligibility.reading.operands import OperandReader, Surroundings, type_words
from eligibility.reading.quantifiers import QuantifierReader
from eligibility.reading.satisfiable import check_group, completed_fact
from eligibility.reading.sharing import SharingReader
from eligibility.reading.thresholds import THRESHOLDS, bare_threshold, read_threshold
from eligibility.source import Mapping, Node, Scalar, Span
from eligibility.values import UNITS, Unit

__all__ = ["ConditionReader"]

_GROUPS = ("all", "any", "none")
_WORDS = (*_GROUPS, "not", "outcome", "judgement", "share")
_LABELS = ("title", "source")
_JUDGEMENT_KEYS = ("id", "question", "decided_by")
_OF_LISTS = ("where", "distinct", "weight")
_BELOW_A_FACT = {*MEASURES, *OPERATORS, *_OF_LISTS, "completed"}

_Leaves = list[tuple[Scalar, Leaf | None]]


class ConditionReader:
    """Reads the conditions of one pack against its vocabulary, definitions and outcomes.

    `judgements` are those met so far, and `referred` the outcomes, each where it was
    first named.
    """

    def __init__(
        self,
        form: Form,
        facts: MappingType[str, Declaration],
        definitions: MappingType[str, Node],
        outcomes: MappingType[str, Node],
        cite: Callable[[Node | None], Citation | None],
    ) -> None:
        self._form = form
        self._facts = facts
        self._outcomes = outcomes
        self._cite = cite
        self._operands = OperandReader(form, facts)
        self._definitions = Definitions(form, definitions)
        self._definitions.check = self._check_definition
        self._lists = QuantifierReader(form, self._operands, self._definitions, facts)
        self._sharing = SharingReader(form, facts)
        self.judgements: dict[str, tuple[Decision, Span]] = {}
        self.referred: dict[str, Span] = {}

    def condition(self, node: Node, path: str, base: str | None = None) -> Condition | None:
        """The condition at `path`; None where it is wrong. `base` starts its children's paths."""
        base = path if base is None else base
        if not isinstance(node, Mapping) or not node.entries:
            self._form.report(node, messages.expected("a condition", node, self._hint(node)))
            return None
        self._definitions.enter(node)
        title = self._form.text(node.get("title"), "the title")
        source = self._cite(node.get("source"))
        parts = self._parts(node)
        if node.get("share") is not None:
            made = self._shared(node, parts, base, path)
        elif not parts:
            text = "a condition needs more than a title and a source"
            self._form.report(node, Message(text, "say what must hold"))
            made = None
        elif len(parts) == 1:
            made = self._part(node, parts[0], base, path)
        else:
            children = [self._part(node, key, base, f"{base}/{key.text}") for key in parts]
            made = self._group("all", path, children, node.span)
        self._definitions.leave()
        return None if made is None else _labelled(made, title, source)

    def check_definitions(self) -> None:
        """Read every definition once, so that those never used are checked as well."""
        self._definitions.check_all()

    def _hint(self, node: Node) -> str | None:
        """What to write where a word or a list stands in place of a condition."""
        if isinstance(node, Scalar):
            if node.text in self._facts or node.text in self._definitions.nodes:
                return f"write `{node.text}: true`"
            if node.text in self._outcomes:
                return f"write `outcome: {node.text}`"
        elif not isinstance(node, Mapping):
            return "put the list below `all` or `any`"
        return None

    def _parts(self, mapping: Mapping) -> list[Scalar]:
        """The keys that are conditions; a threshold goes with its `of`."""
        skipped = {*_LABELS, "share"}
        if mapping.get("of") is not None:
            skipped |= {*THRESHOLDS}
        return [key for key, _ in mapping.entries if key.text not in skipped]

    def _part(self, mapping: Mapping, key: Scalar, base: str, own: str) -> Condition | None:
        node = mapping.get(key.text)
        assert node is not None
        word = key.text
        if word in _GROUPS:
            return self._group(word, own, self._children(node, f"{base}/{word}"), key.span)
        if word == "of":
            return self._threshold(mapping, key, node, base, own)
        if word == "not":
            child = self.condition(node, f"{own}/not")
            return None if child is None else self._checked(Not(own, child, span=key.span))
        if word == "outcome":
            return self._outcome(node, own)
        if word == "judgement":
            return self._judgement(key, node, own)
        if word in self._definitions.nodes:
            return self._definition(key, node, base, own)
        return self._fact(key, node, base, own)

    # -- groups -----------------------------------------------------------------------

    def _children(self, node: Node, base: str) -> list[Condition | None]:
        items = self._form.sequence(node, "conditions")
        return [self.condition(item, f"{base}/{index}") for index, item in enumerate(items)]

    def _group(
        self, kind: str, path: str, children: list[Condition | None], span: Span, k: int = 0
    ) -> Condition | None:
        found = tuple(child for child in children if child is not None)
        if not found or len(found) != len(children):
            return None
        return self._checked(Group(path, kind, found, k, span=span))

    def _checked(self, condition: Condition) -> Condition:
        check_group(self._form, condition, self._facts)
        return condition

    def _shared(
        self, mapping: Mapping, parts: list[Scalar], base: str, own: str
    ) -> Condition | None:
        """A group whose parts do not share items: one leaf, whatever is below it."""
        key, node = mapping.key("share"), mapping.get("share")
        assert key is not None and node is not None
        fitting = self._sharing.fitting(mapping, parts)
        group = self._part(mapping, parts[0], base, own) if fitting else None
        made = None if group is None else self._sharing.assignment(node, group, base)
        return None if made is None else Test(own, made, span=key.span)

    def _threshold(
        self, mapping: Mapping, key: Scalar, node: Node, base: str, own: str
    ) -> Condition | None:
        children = self._children(node, f"{base}/of")
        threshold = read_threshold(self._form, mapping, len(children))
        if threshold is None:
            return None
        return self._group(threshold[0].text, own, children, threshold[0].span, threshold[1])

    # -- references and judgements ----------------------------------------------------

    def _outcome(self, node: Node, own: str) -> Condition | None:
        name = self._form.text(node, "the id of an outcome")
        if name is None:
            return None
        if name not in self._outcomes:
            self._form.unknown(node, "outcome", self._outcomes)
            return None
        self.referred.setdefault(name, node.span)
        return OutcomeValue(own, name, span=node.span)

    def _judgement(self, word: Scalar, node: Node, own: str) -> Condition | None:
        known = _JUDGEMENT_KEYS
        mapping = self._form.mapping(node, "a judgement", known, known, at=word)
        if mapping is None:
            return None
        key = mapping.get("id")
        name, question, person = (self._form.text(mapping.get(key), f"`{key}`") for key in known)
        if key is None or name is None or question is None or person is None:
            return None
        if not FACT_NAME.fullmatch(name):
            shape = "at most 64 lower-case letters, digits and `_`"
            self._form.report(key, messages.bad_name(name, "a judgement", shape, "_"))
            return None
        decision = Decision(name, question, person)
        first, span = self.judgements.setdefault(name, (decision, key.span))
        if (first.question, first.decided_by) != (question, person):
            text = f"judgement `{name}` is asked in other words at {span.file}:{span.line}"
            hint = "use the same `question` and `decided_by`, or another `id`"
            self._form.report(key, Message(text, hint))
        return Test(own, decision, span=node.span)

    # -- definitions ------------------------------------------------------------------

    def _check_definition(self, name: str, body: Node) -> None:
        """Read a definition by itself."""
        kind = defined_as(body)
        path = f"define/{name}"
        if kind is Defined.CONDITION:
            self.condition(body, path)
            return
        assert isinstance(body, Mapping)
        if kind is Defined.ITEM:
            self._lists.items.check_definition(name, body)
            return
        self._form.text(body.get("title"), "the title")
        self._cite(body.get("source"))
        key, inner = _measured(body)
        self._fact(key, inner, path, path, bare=True)

    def _definition(self, key: Scalar, node: Node, base: str, own: str) -> Condition | None:
        name = key.text
        body = self._definitions.nodes[name]
        kind = defined_as(body)
        if kind is Defined.ITEM:
            of = body.get("of") if isinstance(body, Mapping) else None
            example = of.text if isinstance(of, Scalar) else "the list"
            text = f"`{name}` is about one item of a list"
            hint = f"write `{example}: {{has: {{{name}: true}}}}`"
            self._form.report(key, Message(text, hint))
            return None
        if kind is Defined.QUANTITY:
            return self._quantity(key, node, base, own)
        path = f"{base}/{name}"
        wanted = self._form.flag(node, f"`{name}`", default=True)
        if self._definitions.open(key) is None:
            return None
        child = self.condition(body, path if wanted else f"{path}/not")
        self._definitions.close()
        if wanted or child is None:
            return child
        return self._checked(Not(path, child, span=key.span))

    def _quantity(self, key: Scalar, node: Node, base: str, own: str) -> Condition | None:
        """A quantity with the bounds asked of it, as if it were written there in full."""
        known = tuple(pair for pair in _entries(node) if pair[0].text in BOUNDS)
        if not isinstance(node, Mapping) or not node.entries:
            hint = f"write for example `{key.text}: {{at_least: 20}}`"
            self._form.report(node, messages.expected(f"a bound on `{key.text}`", node, hint))
            return None
        self._form.mapping(node, f"the bounds on `{key.text}`", BOUNDS)
        body = self._definitions.open(key)
        if not known or body is None:
            if body is not None:
                self._definitions.close()
            return None
        assert isinstance(body, Mapping)
        name, inner = _measured(body)
        assert isinstance(inner, Mapping)
        made = self._fact(name, Mapping((*inner.entries, *known), key.span), base, own, at=key)
        self._definitions.close()
        title = self._form.text(body.get("title"), "the title")
        return None if made is None else _labelled(made, title, self._cite(body.get("source")))

    # -- facts ------------------------------------------------------------------------

    def _fact(
        self,
        key: Scalar,
        node: Node,
        base: str,
        own: str,
        *,
        bare: bool = False,
        at: Scalar | None = None,
    ) -> Condition | None:
        """The comparisons of a fact. A `bare` quantity is only checked.

        The place is `at` for a quantity, which is compared elsewhere than it is defined.
        """
        place = at or key
        declaration = self._facts.get(key.text)
        if declaration is None:
            self._unknown(key)
            return None
        leaves: _Leaves
        if isinstance(declaration, ListFact):
            leaves = [*self._lists.quantifier(key, node, declaration, Surroundings(), bare=bare)]
        else:
            leaves = self._comparisons(node, declaration, bare=bare)
        if len(leaves) == 1:
            leaf = leaves[0][1]
            return None if leaf is None else Test(own, leaf, span=place.span)
        tests: list[Condition | None] = [
            None if leaf is None else Test(f"{base}/{place.text}/{word.text}", leaf, span=word.span)
            for word, leaf in leaves
        ]
        return self._group("all", own, tests, place.span)

    def _unknown(self, key: Scalar) -> None:
        """Report a key that is no condition, with what it may have been meant for."""
        word = key.text
        if bare_threshold(self._form, key):
            return
        holder = next(
            (
                name
                for name, one in self._facts.items()
                if isinstance(one, ListFact) and word in one.attributes
            ),
            None,
        )
        if word in _BELOW_A_FACT:
            self._below(key)
        elif word in self._outcomes:
            hint = f"write `outcome: {word}`"
            self._form.report(key, Message(f"`{word}` is an outcome, not a fact", hint))
        elif holder is not None:
            hint = f"it is an attribute of `{holder}`: write `{holder}: {{has: {{{word}: ...}}}}`"
            self._form.unknown(key, "fact", (), hint=hint)
        else:
            known = [*self._facts, *self._definitions.nodes, *_WORDS]
            near = messages.group_word(word) or messages.near(word, known)
            hint = near or "declare it under `facts` in a vocabulary, or under `define`"
            self._form.unknown(key, "fact", (), hint=hint)

    def _below(self, key: Scalar) -> None:
        """Report a word that stands below the name of a fact, and has none above it."""
        wanted: type = ListFact if key.text in MEASURES or key.text in _OF_LISTS else Fact
        named = [name for name, one in self._facts.items() if isinstance(one, wanted)]
        hint = f"for example `{named[0]}: {{{key.text}: ...}}`" if named else None
        where = f"below the name of a {'list' if wanted is ListFact else 'fact'}"
        self._form.report(key, messages.misplaced(key.text, where, hint))

    def _comparisons(self, node: Node, fact: Fact, *, bare: bool) -> _Leaves:
        if not isinstance(node, Mapping):
            place = node if isinstance(node, Scalar) else Scalar("is", "is", node.span)
            if fact.many and isinstance(node, Scalar) and node.value is not None:
                hint = f"write `{{includes: {node.text[:40]}}}`"
                self._form.report(node, Message(f"`{fact.name}` is a list of texts", hint))
                return [(place, None)]
            literal = self._operands.operand(node, fact, "is", Surroundings())
            return [(place, None if literal is None else Comparison(fact.name, "is", literal))]
        if node.get("completed") is not None:
            return self._completed(node, fact, bare=bare)
        if not node.entries:
            self._form.report(node, messages.expected(f"an operator for `{fact.name}`", node))
        return [
            (key, self._comparison(key, operand, fact, fact.name, None))
            for key, operand in node.entries
        ]

    def _comparison(
        self, key: Scalar, node: Node, fact: Fact, name: str, unit: Unit | None
    ) -> Leaf | None:
        if not self._operands.operator(key, fact):
            return None
        operand = self._operands.operand(node, fact, key.text, Surroundings())
        return None if operand is None else Comparison(name, key.text, operand, unit)

    def _completed(self, node: Mapping, fact: Fact, *, bare: bool) -> _Leaves:
        key = node.key("completed")
        assert key is not None
        if fact.kind is not Kind.DATE:
            text = f"`completed` counts from a date, and `{fact.name}` is {type_words(fact)}"
            self._form.report(key, Message(text))
            return [(key, None)]
        unit = self._form.word(node.get("completed"), "unit", UNITS)
        bounds = [pair for pair in node.entries if pair[0].text != "completed"]
        if not bounds and not bare and node.whole:
            self._form.report(key, messages.bound_missing("completed", "at_least: 18"))
        exact = next((known for known in UNITS if known == unit), None)
        counted = completed_fact()
        leaves = [
            (word, self._comparison(word, operand, counted, fact.name, exact))
            for word, operand in bounds
        ]
        return leaves if leaves and exact is not None else [(key, None)]


def _entries(node: Node) -> tuple[tuple[Scalar, Node], ...]:
    return node.entries if isinstance(node, Mapping) else ()


def _measured(body: Mapping) -> tuple[Scalar, Node]:
    """The fact or list that a quantity measures, with what is said of it."""
    return next(pair for pair in body.entries if pair[0].text not in _LABELS)


def _labelled(made: Condition, title: str | None, source: Citation | None) -> Condition:
    """The condition with the words given beside it, where it has none of its own."""
    if title is None and source is None:
        return made
    return replace(made, title=title or made.title, source=source or made.source)
