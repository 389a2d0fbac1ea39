"""Reading quantifiers over lists and the tests that their items must pass."""

from __future__ import annotations

from collections.abc import Mapping as MappingType
from decimal import Decimal

from eligibility.conditions import (
    Cover,
    ItemComparison,
    ItemGroup,
    ItemQuantifier,
    ItemTest,
    Literal,
    Measure,
    Operand,
    Quantifier,
)
from eligibility.errors import Message
from eligibility.model import Fact, Kind, ListFact
from eligibility.operators import OPERATORS
from eligibility.reading import messages
from eligibility.reading.form import Form
from eligibility.reading.operands import OperandReader, Surroundings
from eligibility.reading.satisfiable import check_items, never_in_range
from eligibility.source import Mapping, Node, Scalar
from eligibility.values import UNITS, Value

__all__ = ["BOUNDS", "MEASURES", "QuantifierReader"]

MEASURES = ("has", "count", "sum", "mean", "covers", "duration")
BOUNDS = ("at_least", "more_than", "at_most", "less_than", "is")

_ANYTHING = ItemGroup(0, ())
_HOLDS_ON = "holds_on"
_ALLOWED_BESIDE = {
    "has": ("where",),
    "count": ("where", *BOUNDS),
    "sum": ("where", *BOUNDS),
    "mean": ("where", "weight", *BOUNDS),
    "covers": ("where", "distinct"),
    "duration": ("where", *BOUNDS),
}


class QuantifierReader:
    """Reads quantifiers and item tests; item definitions stand in for what they say."""

    def __init__(
        self, form: Form, operands: OperandReader, definitions: MappingType[str, Node]
    ) -> None:
        self._form = form
        self._operands = operands
        self._definitions = definitions
        self._within: list[str] = []
        self._lists: dict[str, ListFact] = {}

    def kind_of(self, body: Node) -> str:
        """What a definition defines: an `item` test, a `quantity` or a `condition`."""
        if not isinstance(body, Mapping):
            return "condition"
        if isinstance(body.get("of"), Scalar) and body.get("where") is not None:
            return "item"
        keys = [key for key in body.keys if key not in ("title", "source")]
        inner = body.get(keys[0]) if len(keys) == 1 else None
        if isinstance(inner, Mapping):
            measured = set(inner.keys) & {*MEASURES, "completed"} - {"has", "covers"}
            if measured and not set(inner.keys) & {*OPERATORS}:
                return "quantity"
        return "condition"

    def check_definition(self, name: str, body: Node) -> None:
        """Check an item definition by itself, against the list it is `of`."""
        mapping = self._form.mapping(body, f"definition `{name}`", ("of", "where", "title"))
        of = mapping.get("of") if mapping else None
        if mapping is None or of is None:
            return
        listed = self._form.text(of, "the list")
        lists = self._known_lists()
        if listed is not None and listed not in lists:
            self._form.report(of, messages.unknown("list", listed, lists))
        elif listed is not None:
            self._within.append(name)
            self.test(mapping.get("where"), Surroundings(lists[listed]))
            self._within.pop()

    def _known_lists(self) -> dict[str, ListFact]:
        if not self._lists:
            self._lists = self._operands.lists()
        return self._lists

    def quantifier(
        self,
        node: Node,
        of: ListFact,
        around: Surroundings,
        *,
        key: Scalar,
        checked: bool = True,
    ) -> list[tuple[str, Quantifier | None]]:
        """One quantifier for each bound, with the word that it was written by."""
        hint = f"e.g. `has: {{...}}`; one of {', '.join(f'`{word}`' for word in MEASURES)}"
        mapping = node if isinstance(node, Mapping) else None
        words = [word for word in mapping.keys if word in MEASURES] if mapping else []
        if mapping is None or len(words) != 1:
            self._form.report(
                node if mapping is None else key,
                Message(f"`{of.name}` is a list and needs one quantifier", hint),
            )
            return [("has", None)]
        word = words[0]
        self._form.mapping(mapping, f"`{word}`", (word, *_ALLOWED_BESIDE[word]))
        inside = Surroundings(of, around.item)
        tests = [self.test(mapping.get("where"), inside)]
        if word in ("has", "count"):
            tests.insert(0, self.test(mapping.get(word), inside))
        measure = self._measure(word, mapping, of)
        where = _both([test for test in tests if test is not _ANYTHING])
        if measure is None or where is None:
            return [(word, None)]
        check_items(self._form, where, of)
        every = of.states is not None and _names(where, of.states.attribute)
        if word == "has":
            return [(word, Quantifier(of.name, measure, where, every_state=every, has=True))]
        if isinstance(measure, Cover):
            return [(word, Quantifier(of.name, measure, where, every_state=every))]
        return self._bounds(mapping, word, of, measure, where, every, checked)

    def _bounds(
        self,
        mapping: Mapping,
        word: str,
        of: ListFact,
        measure: Measure,
        where: ItemTest,
        every: bool,
        checked: bool,
    ) -> list[tuple[str, Quantifier | None]]:
        bounds = [pair for pair in mapping.entries if pair[0].text in BOUNDS]
        if not bounds:
            key = mapping.key(word) or mapping
            self._form.report(key, Message(f"`{word}` needs a bound", "e.g. `at_least: 2`"))
            return [(word, None)]
        made: list[tuple[str, Quantifier | None]] = []
        for key, node in bounds:
            operand = self._bound(key, node, measure, of)
            if operand is not None and checked and isinstance(operand, Literal):
                assert isinstance(operand.value, Decimal)
                if never_in_range(key.text, operand.value, measure, of):
                    shown = f"`{word}` {key.text.replace('_', ' ')} {node_text(node)}"
                    self._form.report(node, messages.never_met(shown))
            quantifier = (
                None
                if operand is None
                else Quantifier(of.name, measure, where, key.text, operand, every)
            )
            made.append((key.text, quantifier))
        return made

    def _bound(self, key: Scalar, node: Node, measure: Measure, of: ListFact) -> Operand | None:
        whole = measure.kind in ("count", "duration")
        if key.text == "is" and not whole:
            hint = "use `at_least` and `at_most`"
            self._form.report(key, Message(f"a {measure.kind} cannot be compared by `is`", hint))
            return None
        fact = Fact(measure.kind, Kind.INTEGER if whole else Kind.NUMBER, measure.kind, "")
        if measure.kind == "mean":
            averaged = of.attributes[measure.attribute or ""]
            assert isinstance(averaged, Fact)
            if averaged.scale is not None and isinstance(node, Scalar):
                value = averaged.scale.points.get(node.text)
                if value is not None:
                    return Literal(value)
        operand = self._operands.operand(node, fact, key.text, Surroundings())
        if isinstance(operand, Literal):
            assert isinstance(operand.value, int | Decimal)
            return Literal(Decimal(operand.value))
        return operand

    def _measure(self, word: str, mapping: Mapping, of: ListFact) -> Measure | Cover | None:
        node = mapping.get(word)
        assert node is not None
        if word in ("has", "count"):
            return Measure("count")
        if word == "covers":
            return self._cover(node, mapping.get("distinct"), of)
        if word == "duration":
            if of.interval is None:
                wrong = f"items of `{of.name}` have no `interval` to measure"
                self._form.report(node, Message(wrong))
                return None
            unit = self._form.word(node, "unit", UNITS)
            exact = next((known for known in UNITS if known == unit), None)
            return None if exact is None else Measure("duration", unit=exact)
        attribute = self._number(node, of, scales=word == "mean")
        weight_node = mapping.get("weight")
        weight = self._number(weight_node, of, scales=False) if weight_node else None
        if attribute is None or (weight_node is not None and weight is None):
            return None
        return Measure(word, attribute, weight)

    def _number(self, node: Node, of: ListFact, *, scales: bool) -> str | None:
        """The name of an attribute that is a number, or a scale with points."""
        name = self._form.text(node, "an attribute")
        if name is None:
            return None
        fact = of.attributes.get(name)
        if fact is None:
            self._form.report(node, messages.unknown("attribute", name, of.attributes))
            return None
        if isinstance(fact, Fact) and (fact.kind.numeric or (scales and _has_points(fact))):
            return name
        self._form.report(node, Message(f"`{name}` has no numbers to reckon with"))
        return None

    def _cover(self, node: Node, distinct: Node | None, of: ListFact) -> Cover | None:
        mapping = self._form.mapping(node, "`covers`")
        apart = self._form.flag(distinct, "`distinct`", default=False)
        if mapping is None:
            return None
        if len(mapping.entries) != 1:
            hint = "e.g. `covers: {topic: [a, b]}`"
            self._form.report(node, Message("`covers` takes one attribute with its values", hint))
            return None
        key, listed = mapping.entries[0]
        fact = of.attributes.get(key.text)
        if not isinstance(fact, Fact):
            self._form.report(key, messages.unknown("attribute", key.text, of.attributes))
            return None
        if fact.kind in (Kind.DATE, Kind.BOOLEAN):
            self._form.report(key, Message(f"`covers` needs texts, and `{key.text}` has none"))
            return None
        values: list[Value] = []
        for item in self._form.sequence(listed, "values to cover"):
            literal = self._operands.literal(item, fact)
            if literal is None:
                return None
            assert not isinstance(literal.value, type(None))
            if literal.value in values:
                self._form.report(item, Message(f"`{node_text(item)}` is listed twice"))
                return None
            values.append(literal.value)  # type: ignore[arg-type]  # a literal of a fact is a value
        return Cover(key.text, tuple(values), apart) if values else None

    def test(self, node: Node | None, around: Surroundings, negated: bool = False) -> ItemTest | None:
        """What an item must pass; negation is pushed down to the comparisons."""
        if node is None:
            return _ANYTHING
        mapping = self._form.mapping(node, "a test of an item")
        if mapping is None:
            return None
        keys = [key for key, _ in mapping.entries]
        if mapping.get("of") is not None:
            keys = [key for key in keys if key.text not in ("at_least", "at_most")]
        parts = [self._part(mapping, key, around, negated) for key in keys]
        if not parts:
            return _ANYTHING if not negated else ItemGroup(1, ())
        return _group(parts, 1 if negated else len(parts))

    def _part(
        self, mapping: Mapping, key: Scalar, around: Surroundings, negated: bool
    ) -> ItemTest | None:
        node = mapping.get(key.text)
        assert node is not None
        assert around.item is not None
        match key.text:
            case "all" | "any" | "none":
                inner = negated != (key.text == "none")
                items = self._form.sequence(node, "tests")
                parts = [self.test(item, around, inner) for item in items]
                # a negated `all` is `any` of the negations, and so on (De Morgan)
                every = (key.text == "all") != negated if key.text != "none" else not negated
                return _group(parts, len(parts) if every else 1)
            case "not":
                return self.test(node, around, not negated)
            case "of":
                return self._threshold(mapping, node, around, negated)
            case _ if key.text == _HOLDS_ON:
                return self._holds_on(key, node, around, negated)
            case _ if key.text in around.item.attributes:
                return self._attribute(key, node, around, negated)
            case _ if key.text in self._definitions:
                return self._definition(key, node, around, negated)
        known = [*around.item.attributes, *self._definitions]
        self._form.report(
            key, messages.unknown(f"attribute of `{around.item.name}`", key.text, known)
        )
        return None

    def _threshold(
        self, mapping: Mapping, node: Node, around: Surroundings, negated: bool
    ) -> ItemTest | None:
        kinds = [key for key in mapping.keys if key in ("at_least", "at_most")]
        items = self._form.sequence(node, "tests")
        if len(kinds) != 1:
            self._form.report(
                mapping.key("of") or mapping, Message("`of` needs one of `at_least`, `at_most`")
            )
            return None
        wanted = mapping.get(kinds[0])
        k = self._form.whole(wanted, f"`{kinds[0]}`", minimum=1 if kinds[0] == "at_least" else 0)
        if k is None or wanted is None:
            return None
        if kinds[0] == "at_least" and k > len(items):
            self._form.report(wanted, messages.too_many_wanted(k, len(items)))
            return None
        at_least = kinds[0] == "at_least"
        # `at most k` is `not at least k + 1`, and that is `at least n - k of the negations`
        turned = at_least == negated
        parts = [self.test(item, around, turned) for item in items]
        if not turned:
            return _group(parts, k if at_least else k + 1)
        return _group(parts, len(items) - (k - 1 if at_least else k))

    def _holds_on(
        self, key: Scalar, node: Node, around: Surroundings, negated: bool
    ) -> ItemTest | None:
        item = around.item
        assert item is not None
        if item.interval is None:
            wrong = f"items of `{item.name}` have no `interval`"
            self._form.report(key, Message(wrong, "declare `interval` in the vocabulary"))
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
        return _group(parts, 1 if negated else 2)

    def _attribute(
        self, key: Scalar, node: Node, around: Surroundings, negated: bool
    ) -> ItemTest | None:
        assert around.item is not None
        declaration = around.item.attributes[key.text]
        if isinstance(declaration, ListFact):
            found = self.quantifier(node, declaration, around, key=key)
            parts: list[ItemTest | None] = [
                None if quantifier is None else ItemQuantifier(quantifier, negated)
                for _, quantifier in found
            ]
            return _group(parts, 1 if negated else len(parts))
        if not isinstance(node, Mapping):
            if declaration.many:
                wrong = f"`{key.text}` is a list of texts"
                self._form.report(node, Message(wrong, "use `includes`"))
                return None
            literal = self._operands.literal(node, declaration)
            if literal is None:
                return None
            return ItemComparison(key.text, "is", literal, None, negated, key.span)
        comparisons = [
            self._comparison(word, operand, declaration, around, negated)
            for word, operand in node.entries
        ]
        if not comparisons:
            self._form.report(node, messages.expected("an operator", node, "e.g. `is`"))
            return None
        return _group(comparisons, 1 if negated else len(comparisons))

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
        name = key.text
        body = self._definitions[name]
        if name in self._within:
            path = [*self._within[self._within.index(name) :], name]
            self._form.report(key, messages.cycle("definitions", path))
            return None
        assert around.item is not None
        if self.kind_of(body) != "item" or not isinstance(body, Mapping):
            self._form.report(
                key,
                Message(f"`{name}` is not about one item", "define it with `of` and `where`"),
            )
            return None
        of = body.get("of")
        if isinstance(of, Scalar) and of.text != around.item.name:
            wrong = f"`{name}` is about `{of.text}`, not about `{around.item.name}`"
            self._form.report(key, Message(wrong))
            return None
        wanted = self._form.flag(node, f"`{name}`", default=True)
        self._within.append(name)
        try:
            made = self.test(body.get("where"), around, negated == wanted)
        finally:
            self._within.pop()
        title = self._form.text(body.get("title"), "the title")
        if made is None or title is None or negated == wanted:
            return made
        return ItemGroup(1, (made,), title=title)


def node_text(node: Node) -> str:
    """A node in short, as written."""
    return node.text if isinstance(node, Scalar) else "..."


def _has_points(fact: Fact) -> bool:
    return fact.scale is not None and bool(fact.scale.points)


def _both(tests: list[ItemTest | None]) -> ItemTest | None:
    return _group(tests, len(tests)) if tests else _ANYTHING


def _group(parts: list[ItemTest | None], k: int) -> ItemTest | None:
    found = tuple(part for part in parts if part is not None)
    if len(found) != len(parts):
        return None
    return found[0] if len(found) == 1 and k == 1 else ItemGroup(k, found)


def _names(test: ItemTest, attribute: str) -> bool:
    """Whether a test of an item compares `attribute`."""
    if isinstance(test, ItemComparison):
        return test.attribute == attribute
    if isinstance(test, ItemGroup):
        return any(_names(child, attribute) for child in test.children)
    return False

