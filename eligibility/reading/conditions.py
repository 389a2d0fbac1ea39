"""Reading conditions: names resolved, operands typed, definitions put in their place."""

from __future__ import annotations

from collections.abc import Callable, Mapping as MappingType
from decimal import Decimal

from eligibility.conditions import (
    Comparison,
    Condition,
    Decision,
    Group,
    Leaf,
    Not,
    Operand,
    OutcomeValue,
    Test,
)
from eligibility.errors import Message
from eligibility.model import Citation, Declaration, Fact, Kind, ListFact
from eligibility.operators import OPERATORS
from eligibility.reading import messages
from eligibility.reading.form import FACT_NAME, Form
from eligibility.reading.operands import OperandReader, Surroundings, type_words
from eligibility.reading.quantifiers import BOUNDS, QuantifierReader
from eligibility.reading.satisfiable import check_group
from eligibility.source import Mapping, Node, Scalar, Span
from eligibility.values import UNITS, Unit

__all__ = ["MAX_CONDITIONS", "ConditionReader"]

MAX_CONDITIONS = 50_000
"""The conditions of one pack, definitions counted at every use."""

MAX_NESTED = 200
"""How many steps a condition's path may have, definitions included."""

_GROUPS = ("all", "any", "none")
_THRESHOLDS = ("at_least", "at_most")
_UNITS_FACT = Fact("completed", Kind.INTEGER, "completed", "", minimum=Decimal(0))

CitationReader = Callable[[Node | None], Citation | None]


class TooManyConditionsError(Exception):
    """Definitions within definitions have grown past `MAX_CONDITIONS` or `MAX_NESTED`."""


class ConditionReader:
    """Reads the conditions of one pack against its vocabulary, definitions and outcomes."""

    def __init__(
        self,
        form: Form,
        facts: MappingType[str, Declaration],
        definitions: MappingType[str, Node],
        outcomes: MappingType[str, object],
        cite: CitationReader,
    ) -> None:
        self._form = form
        self._facts = facts
        self._definitions = definitions
        self._outcomes = outcomes
        self._cite = cite
        self._operands = OperandReader(form, facts)
        self._items = QuantifierReader(form, self._operands, definitions)
        self._within: list[str] = []
        self._made = 0
        self.judgements: dict[str, tuple[Decision, Span]] = {}

    def condition(self, node: Node, path: str, base: str | None = None) -> Condition | None:
        """The condition at `path`; None where it is wrong. `base` starts its children's paths."""
        base = path if base is None else base
        mapping = self._form.mapping(node, "a condition")
        if mapping is None:
            return None
        self._made += 1
        if self._made > MAX_CONDITIONS or path.count("/") > MAX_NESTED:
            raise TooManyConditionsError
        title = self._form.text(mapping.get("title"), "the title")
        source = self._cite(mapping.get("source"))
        parts = self._parts(mapping)
        if not parts:
            self._form.report(node, messages.expected("a condition", node, "it says nothing"))
            return None
        if len(parts) == 1:
            made = self._part(mapping, parts[0], base, path)
            return None if made is None else _labelled(made, title, source)
        children = [self._part(mapping, key, base, f"{base}/{key.text}") for key in parts]
        return self._group("all", path, children, mapping.span, title=title, source=source)

    def check_definitions(self) -> None:
        """Read every definition once, so that those never used are checked as well."""
        for name, node in self._definitions.items():
            self._within.append(name)
            kind = self._items.kind_of(node)
            if kind == "item":
                self._items.check_definition(name, node)
            elif kind == "quantity":
                self._quantity(name, node)
            else:
                self.condition(node, f"define/{name}")
            self._within.pop()

    def _parts(self, mapping: Mapping) -> list[Scalar]:
        """The keys that are conditions; a threshold goes with its `of`."""
        skipped = {"title", "source"}
        if mapping.get("of") is not None:
            skipped |= set(_THRESHOLDS)
            wanted = [key for key in mapping.keys if key in _THRESHOLDS]
            if len(wanted) != 1:
                hint = "write `at_least: 2` beside it"
                key = mapping.key("of") or mapping
                self._form.report(key, Message("`of` needs one of `at_least`, `at_most`", hint))
        return [key for key, _ in mapping.entries if key.text not in skipped]

    def _part(self, mapping: Mapping, key: Scalar, base: str, own: str) -> Condition | None:
        node = mapping.get(key.text)
        assert node is not None
        word = key.text
        if word in _GROUPS:
            return self._group(word, own, self._children(node, f"{base}/{word}"), key.span)
        if word == "of":
            return self._threshold(mapping, node, base, own)
        if word == "not":
            child = self.condition(node, f"{base}/not")
            return None if child is None else Not(own, child, span=key.span)
        if word == "outcome":
            return self._outcome(node, own)
        if word == "judgement":
            return self._judgement(node, own)
        if word in self._definitions:
            return self._definition(key, node, base, own)
        return self._fact(key, node, base, own)

    def _children(self, node: Node, base: str) -> list[Condition | None]:
        items = self._form.sequence(node, "conditions")
        return [self.condition(item, f"{base}/{index}") for index, item in enumerate(items)]

    def _group(
        self,
        kind: str,
        path: str,
        children: list[Condition | None],
        span: Span,
        *,
        k: int = 0,
        title: str | None = None,
        source: Citation | None = None,
    ) -> Condition | None:
        found = tuple(child for child in children if child is not None)
        if not found or len(found) != len(children):
            return None
        group = Group(path, kind, found, k, span=span, title=title, source=source)
        if kind == "all":
            check_group(self._form, group, self._facts)
        return group

    def _threshold(self, mapping: Mapping, node: Node, base: str, own: str) -> Condition | None:
        kind = next((key for key in mapping.keys if key in _THRESHOLDS), None)
        children = self._children(node, f"{base}/of")
        if kind is None:
            return None
        wanted = mapping.get(kind)
        k = self._form.whole(wanted, f"`{kind}`", minimum=1 if kind == "at_least" else 0)
        if k is None or wanted is None:
            return None
        if kind == "at_least" and k > len(children):
            self._form.report(wanted, messages.too_many_wanted(k, len(children)))
            return None
        span = (mapping.key(kind) or mapping).span
        return self._group(kind, own, children, span, k=k)

    def _outcome(self, node: Node, own: str) -> Condition | None:
        name = self._form.text(node, "the id of an outcome")
        if name is None:
            return None
        if name not in self._outcomes:
            self._form.report(node, messages.unknown("outcome", name, self._outcomes))
            return None
        return OutcomeValue(own, name, span=node.span)

    def _judgement(self, node: Node, own: str) -> Condition | None:
        known = ("id", "question", "decided_by")
        mapping = self._form.mapping(node, "a judgement", known, known)
        if mapping is None:
            return None
        key = mapping.get("id")
        name, question, person = (self._form.text(mapping.get(key), f"`{key}`") for key in known)
        if key is None or name is None or question is None or person is None:
            return None
        if not FACT_NAME.fullmatch(name):
            shape = "lower-case letters, digits and `_`"
            self._form.report(key, messages.bad_name(name, "a judgement", shape))
            return None
        decision = Decision(name, question, person)
        first, span = self.judgements.setdefault(name, (decision, key.span))
        if (first.question, first.decided_by) != (question, person):
            place = f"{span.file}:{span.line}"
            self._form.report(key, messages.duplicate("judgement", name, place))
        return Test(own, decision, span=node.span)

    def _definition(self, key: Scalar, node: Node, base: str, own: str) -> Condition | None:
        name = key.text
        body = self._definitions[name]
        if name in self._within:
            start = self._within.index(name)
            path = [*self._within[start:], name]
            self._form.report(key, messages.cycle("definitions", path))
            return None
        kind = self._items.kind_of(body)
        if kind == "item":
            self._form.report(
                key, Message(f"`{name}` is about one item of a list", "use it inside its `where`")
            )
            return None
        self._within.append(name)
        try:
            if kind == "quantity":
                return self._bounded(key, body, node, base, own)
            wanted = self._form.flag(node, f"`{name}`", default=True)
            path = f"{base}/{name}"
            if wanted:
                return self.condition(body, path)
            child = self.condition(body, f"{path}/not")
            return None if child is None else Not(path, child, span=key.span)
        finally:
            self._within.pop()

    def _quantity(self, name: str, body: Node) -> None:
        """Check a quantity by itself, with a bound that any measure allows."""
        assert isinstance(body, Mapping)
        bound = Scalar(1, "1", body.span)
        test = Mapping(((Scalar("at_least", "at_least", body.span), bound),), body.span)
        key = Scalar(name, name, body.span)
        self._bounded(key, body, test, f"define/{name}", f"define/{name}", checked=False)

    def _bounded(
        self, key: Scalar, body: Node, test: Node, base: str, own: str, *, checked: bool = True
    ) -> Condition | None:
        """A quantity with the bounds asked of it, as if it were written there in full."""
        hint = "write for example `at_least: 20`"
        what = f"`{key.text}`, a quantity"
        if not isinstance(test, Mapping) or not test.entries:
            self._form.report(test, messages.expected(f"a bound on {what}", test, hint))
            return None
        self._form.mapping(test, what, BOUNDS)
        assert isinstance(body, Mapping)
        name, inner = next(pair for pair in body.entries if pair[0].text not in ("title", "source"))
        assert isinstance(inner, Mapping)
        bounds = tuple(pair for pair in test.entries if pair[0].text in BOUNDS)
        whole = Mapping((*inner.entries, *bounds), key.span)
        made = self._fact(name, whole, base, own, checked=checked)
        title = self._form.text(body.get("title"), "the title")
        return None if made is None else _labelled(made, title, self._cite(body.get("source")))

    def _fact(
        self, key: Scalar, node: Node, base: str, own: str, *, checked: bool = True
    ) -> Condition | None:
        declaration = self._facts.get(key.text)
        if declaration is None:
            known = [*self._facts, *self._definitions, *_GROUPS, "not", "outcome", "judgement"]
            if key.text in (*_THRESHOLDS, "at least", "at most"):
                hint = "give the conditions to choose from under `of`"
                self._form.report(key, Message(f"`{key.text}` needs `of`", hint))
            else:
                self._form.report(key, messages.unknown("fact", key.text, known))
            return None
        leaves: list[tuple[str, Leaf | None]]
        if isinstance(declaration, ListFact):
            leaves = [
                (word, leaf)
                for word, leaf in self._items.quantifier(
                    node, declaration, Surroundings(), key=key, checked=checked
                )
            ]
        else:
            leaves = self._comparisons(node, declaration)
        if len(leaves) == 1:
            leaf = leaves[0][1]
            return None if leaf is None else self._test(own, leaf, key)
        tests = [
            None if leaf is None else self._test(f"{base}/{key.text}/{word}", leaf, key)
            for word, leaf in leaves
        ]
        return self._group("all", own, [*tests], key.span)

    def _test(self, path: str, leaf: Leaf, key: Scalar) -> Test:
        test = Test(path, leaf, span=key.span)
        if isinstance(leaf, Comparison):
            check_group(self._form, test, self._facts)
        return test

    def _comparisons(self, node: Node, fact: Fact) -> list[tuple[str, Leaf | None]]:
        if fact.kind is Kind.TEXT and fact.many and isinstance(node, Scalar):
            self._form.report(node, Message(f"`{fact.name}` is a list of texts", "use `includes`"))
            return [("is", None)]
        if not isinstance(node, Mapping):
            literal = self._operands.literal(node, fact)
            return [("is", None if literal is None else Comparison(fact.name, "is", literal))]
        if node.get("completed") is not None:
            return self._completed(node, fact)
        if not node.entries:
            self._form.report(node, messages.expected("an operator", node, "e.g. `is`"))
        return [
            (key.text, self._comparison(key, operand, fact, fact.name, None))
            for key, operand in node.entries
        ]

    def _comparison(
        self, key: Scalar, node: Node, fact: Fact, name: str, unit: Unit | None
    ) -> Leaf | None:
        if not self._operands.operator(key, fact):
            return None
        operand: Operand | None = self._operands.operand(node, fact, key.text, Surroundings())
        return None if operand is None else Comparison(name, key.text, operand, unit)

    def _completed(self, node: Mapping, fact: Fact) -> list[tuple[str, Leaf | None]]:
        key = node.key("completed")
        assert key is not None
        if fact.kind is not Kind.DATE:
            wrong = f"`completed` counts from a date, and `{fact.name}` is {type_words(fact)}"
            self._form.report(key, Message(wrong))
            return [("completed", None)]
        unit = self._form.word(node.get("completed"), "unit", UNITS)
        bounds = [pair for pair in node.entries if pair[0].text != "completed"]
        if not bounds:
            self._form.report(node, Message("`completed` needs a bound", "e.g. `at_least: 18`"))
        if unit is None or not bounds:
            return [("completed", None)]
        exact = next(known for known in UNITS if known == unit)
        return [
            (word.text, self._comparison(word, operand, _UNITS_FACT, fact.name, exact))
            for word, operand in bounds
        ]


def _labelled(made: Condition, title: str | None, source: Citation | None) -> Condition:
    """The condition with the words given beside it, where it has none of its own."""
    if title is None and source is None:
        return made
    import dataclasses

    return dataclasses.replace(made, title=title or made.title, source=source or made.source)

