"""Reading what the items of a list must pass; negation is pushed to the comparisons."""

from __future__ import annotations

from collections.abc import Callable
from collections.abc import Mapping as MappingType

from eligibility.conditions import (
    ItemComparison,
    ItemGroup,
    ItemQuantifier,
    ItemTest,
    Quantifier,
)
from eligibility.errors import Message
from eligibility.model import Declaration, Fact, ListFact
from eligibility.operators import OPERATORS
from eligibility.reading import messages
from eligibility.reading.definitions import Defined, Definitions, defined_as
from eligibility.reading.form import Form
from eligibility.reading.operands import OperandReader, Surroundings
from eligibility.reading.thresholds import THRESHOLDS, bare_threshold, read_threshold
from eligibility.source import Mapping, Node, Scalar

__all__ = ["ANYTHING", "ItemReader", "group"]

ANYTHING = ItemGroup(0, ())
"""What every item passes."""

_GROUPS = ("all", "any", "none")
_HOLDS_ON = "holds_on"
_OUTSIDE = ("outcome", "judgement")
_DEFINITION_KEYS = ("of", "where", "title")

QuantifierOf = Callable[
    [Scalar, Node, ListFact, Surroundings], list[tuple[Scalar, Quantifier | None]]
]


class ItemReader:
    """Reads item tests; item definitions stand in for what they say."""

    def __init__(
        self,
        form: Form,
        operands: OperandReader,
        definitions: Definitions,
        facts: MappingType[str, Declaration],
        quantifier: QuantifierOf,
    ) -> None:
        self._form = form
        self._operands = operands
        self._definitions = definitions
        self._facts = facts
        self._quantifier = quantifier
        self._lists = _lists(facts)

    def check_definition(self, name: str, body: Mapping) -> None:
        """Check an item definition by itself, against the list it is `of`."""
        self._form.mapping(body, f"definition `{name}`", _DEFINITION_KEYS, ["where"])
        self._form.text(body.get("title"), "the title")
        of = body.get("of")
        listed = self._form.text(of, "the list that it is `of`")
        if listed is None or of is None:
            return
        found = self._lists.get(listed)
        if found is None:
            self._form.unknown(of, "list", self._lists)
        elif len(found) == 1:
            # of several nested lists of one name only the use tells which is meant
            self.test(body.get("where"), Surroundings(found[0]), nested=True)

    def test(
        self, node: Node | None, around: Surroundings, negated: bool = False, nested: bool = False
    ) -> ItemTest | None:
        """What an item must pass. A test that is `nested` in another must say something."""
        if node is None:
            return ANYTHING
        mapping = self._form.mapping(node, "a test of an item")
        if mapping is None:
            return None
        if nested and not mapping.entries:
            self._form.report(node, messages.expected("a test of an item", node))
            return None
        self._definitions.enter(node)
        keys = [key for key, _ in mapping.entries]
        if mapping.get("of") is not None:
            keys = [key for key in keys if key.text not in THRESHOLDS]
        parts = [self._part(mapping, key, around, negated) for key in keys]
        self._definitions.leave()
        if not parts:
            return ItemGroup(1, ()) if negated else ANYTHING
        return group(parts, 1 if negated else len(parts))

    def _part(
        self, mapping: Mapping, key: Scalar, around: Surroundings, negated: bool
    ) -> ItemTest | None:
        node = mapping.get(key.text)
        assert node is not None and around.item is not None
        if key.text in _GROUPS:
            return self._group(key.text, node, around, negated)
        if key.text == "not":
            return self.test(node, around, not negated, nested=True)
        if key.text == "of":
            return self._threshold(mapping, node, around, negated)
        if key.text == _HOLDS_ON:
            return self._holds_on(key, node, around, negated)
        if key.text in around.item.attributes:
            return self._attribute(key, node, around, negated)
        if key.text in self._definitions.nodes:
            return self._definition(key, node, around, negated)
        self._unknown(key, around.item)
        return None

    def _unknown(self, key: Scalar, item: ListFact) -> None:
        word = key.text
        if bare_threshold(self._form, key):
            return
        if word in self._facts or word in _OUTSIDE:
            what = f"`{word}` is about the profile, not about one of `{item.name}`"
            self._form.report(key, Message(what, f"join it to the test of `{item.name}` by `all`"))
        elif word in OPERATORS:
            hint = f"name the attribute first, for example `{next(iter(item.attributes))}`"
            self._form.report(key, messages.misplaced(word, "below an attribute", hint))
        else:
            known = [*item.attributes, *self._item_definitions(item), *_GROUPS, "not"]
            hint = messages.group_word(word) or ""
            self._form.unknown(key, "attribute", known, f" of `{item.name}`", hint)

    def _item_definitions(self, item: ListFact) -> list[str]:
        found = []
        for name, body in self._definitions.nodes.items():
            of = body.get("of") if isinstance(body, Mapping) else None
            if isinstance(of, Scalar) and of.text == item.name:
                found.append(name)
        return found

    def _group(self, word: str, node: Node, around: Surroundings, negated: bool) -> ItemTest | None:
        items = self._form.sequence(node, "tests")
        turned = negated != (word == "none")
        parts = [self.test(item, around, turned, nested=True) for item in items]
        # a negated `all` is `any` of the negations, and so on (De Morgan)
        every = negated if word == "any" else not negated
        return group(parts, len(parts) if every else 1) if parts else None

    def _threshold(
        self, mapping: Mapping, node: Node, around: Surroundings, negated: bool
    ) -> ItemTest | None:
        items = self._form.sequence(node, "tests")
        threshold = read_threshold(self._form, mapping, len(items))
        at_least = threshold is None or threshold[0].text == "at_least"
        # `at most k` is `not at least k + 1`, and that is `at least n - k of the negations`
        turned = at_least == negated
        parts = [self.test(item, around, turned, nested=True) for item in items]
        if threshold is None or not parts:
            return None
        k = threshold[1] if at_least else threshold[1] + 1
        return group(parts, max(0, len(parts) - k + 1) if turned else k)

    def _holds_on(
        self, key: Scalar, node: Node, around: Surroundings, negated: bool
    ) -> ItemTest | None:
        item = around.item
        assert item is not None
        if item.interval is None:
            text = f"items of `{item.name}` have no `interval`"
            self._form.report(key, Message(text, "declare `interval` in the vocabulary"))
            return None
        start = item.attributes[item.interval.start]
        assert isinstance(start, Fact)
        day = self._operands.operand(node, start, "is", around)
        if day is None:
            return None
        parts: list[ItemTest | None] = [
            ItemComparison(item.interval.start, "on_or_before", day, None, negated, key.span),
            ItemComparison(item.interval.end, "on_or_after", day, None, negated, key.span),
        ]
        return group(parts, 1 if negated else 2)

    def _attribute(
        self, key: Scalar, node: Node, around: Surroundings, negated: bool
    ) -> ItemTest | None:
        assert around.item is not None
        declaration = around.item.attributes[key.text]
        parts: list[ItemTest | None]
        if isinstance(declaration, ListFact):
            parts = [
                None if quantifier is None else ItemQuantifier(quantifier, negated)
                for _, quantifier in self._quantifier(key, node, declaration, around)
            ]
        elif isinstance(node, Mapping) and node.get("completed") is not None:
            text = f"`completed` is for facts of the profile, and `{key.text}` is an attribute"
            self._form.report(node.key("completed") or node, Message(text))
            return None
        elif isinstance(node, Mapping):
            parts = [
                self._comparison(word, operand, declaration, around, negated)
                for word, operand in node.entries
            ]
        else:
            parts = [self._plain(key, node, declaration, around, negated)]
        if not parts:
            self._form.report(node, messages.expected(f"an operator for `{key.text}`", node))
            return None
        return group(parts, 1 if negated else len(parts))

    def _plain(
        self, key: Scalar, node: Node, fact: Fact, around: Surroundings, negated: bool
    ) -> ItemTest | None:
        """An attribute with a literal, which is `is`."""
        if fact.many and isinstance(node, Scalar) and node.value is not None:
            text = f"`{fact.name}` is a list of texts"
            hint = f"write `{{includes: {node.text[:40]}}}`"
            self._form.report(node, Message(text, hint))
            return None
        literal = self._operands.operand(node, fact, "is", around)
        if literal is None:
            return None
        return ItemComparison(fact.name, "is", literal, None, negated, key.span)

    def _comparison(
        self, word: Scalar, node: Node, fact: Fact, around: Surroundings, negated: bool
    ) -> ItemTest | None:
        if not self._operands.operator(word, fact):
            return None
        operand = self._operands.operand(node, fact, word.text, around)
        if operand is None:
            return None
        return ItemComparison(fact.name, word.text, operand, None, negated, word.span)

    def _definition(
        self, key: Scalar, node: Node, around: Surroundings, negated: bool
    ) -> ItemTest | None:
        item = around.item
        assert item is not None
        body = self._definitions.nodes[key.text]
        if defined_as(body) is not Defined.ITEM or not isinstance(body, Mapping):
            text = f"`{key.text}` is about the profile, not about one of `{item.name}`"
            self._form.report(key, Message(text, f"join it to the test of `{item.name}` by `all`"))
            return None
        of = body.get("of")
        if isinstance(of, Scalar) and of.text in self._lists and of.text != item.name:
            text = f"`{key.text}` is about `{of.text}`, not about `{item.name}`"
            self._form.report(key, Message(text))
            return None
        wanted = self._form.flag(node, f"`{key.text}`", default=True)
        if self._definitions.open(key) is None:
            return None
        made = self.test(body.get("where"), around, negated == wanted)
        title = self._form.text(body.get("title"), "the title")
        self._definitions.close()
        if made is None or title is None or negated == wanted:
            return made
        return ItemGroup(1, (made,), title=title)


def group(parts: list[ItemTest | None], k: int) -> ItemTest | None:
    """At least `k` of the parts; None where one of them is wrong."""
    found = tuple(part for part in parts if part is not None)
    if len(found) != len(parts):
        return None
    return found[0] if len(found) == 1 and k == 1 else ItemGroup(k, found)


def _lists(facts: MappingType[str, Declaration]) -> dict[str, list[ListFact]]:
    """Every list there is, nested ones included, by name."""
    found: dict[str, list[ListFact]] = {}
    waiting = list(facts.values())
    while waiting:
        declaration = waiting.pop()
        if isinstance(declaration, ListFact):
            found.setdefault(declaration.name, []).append(declaration)
            waiting.extend(declaration.attributes.values())
    return found
