"""Reading quantifiers over lists: what they measure, and the bounds on it."""

from __future__ import annotations

from collections.abc import Mapping as MappingType
from decimal import Decimal

from eligibility.conditions import (
    Cover,
    ItemComparison,
    ItemGroup,
    ItemTest,
    Literal,
    Measure,
    Operand,
    Quantifier,
)
from eligibility.errors import Message
from eligibility.model import Declaration, Fact, Kind, ListFact
from eligibility.reading import messages
from eligibility.reading.definitions import BOUNDS, MEASURES, Definitions
from eligibility.reading.form import Form
from eligibility.reading.items import ANYTHING, ItemReader, group
from eligibility.reading.operands import OperandReader, Surroundings, type_words
from eligibility.reading.satisfiable import check_alone, check_items, measured_fact
from eligibility.source import Mapping, Node, Scalar
from eligibility.values import UNITS, Value

__all__ = ["BESIDE", "BOUNDS", "MEASURES", "QuantifierReader"]

BESIDE = {
    "has": ("where",),
    "count": ("where", *BOUNDS),
    "sum": ("where", *BOUNDS),
    "mean": ("where", "weight", *BOUNDS),
    "fraction": ("where", "weight", *BOUNDS),
    "covers": ("where", "distinct"),
    "duration": ("where", *BOUNDS),
}
"""The keys that each measure may have beside it."""


class QuantifierReader:
    """Reads quantifiers; what their items must pass is read by `items`."""

    def __init__(
        self,
        form: Form,
        operands: OperandReader,
        definitions: Definitions,
        facts: MappingType[str, Declaration],
    ) -> None:
        self._form = form
        self._operands = operands
        self.items = ItemReader(form, operands, definitions, facts, self.quantifier)

    def quantifier(
        self, key: Scalar, node: Node, of: ListFact, around: Surroundings, *, bare: bool = False
    ) -> list[tuple[Scalar, Quantifier | None]]:
        """One quantifier for each bound, with the word that it was written by.

        A `bare` measure needs no bound: it is a quantity, checked by itself.
        """
        word = self._word(key, node, of)
        if word is None:
            return [(key, None)]
        assert isinstance(node, Mapping)
        self._keys(node, word)
        inside = Surroundings(of, around.item)
        tests = [self.items.test(node.get("where"), inside)]
        if word.text in ("has", "count"):
            tests.insert(0, self.items.test(node.get(word.text), inside))
        part = self._part(word, node, inside)
        measure = self._measure(word, node, of, part)
        wanted = [test for test in tests if test is not ANYTHING]
        where = group(wanted, len(wanted)) if wanted else ANYTHING
        every_test = where if part is None else group([*wanted, part], len(wanted) + 1)
        if every_test is not None:
            check_items(self._form, every_test, of)
        every = of.states is not None and _names(every_test, of.states.attribute)
        if isinstance(measure, Measure) and word.text != "has":
            return self._bounds(node, word, of, measure, where, every, bare)
        if measure is None or where is None:
            return [(word, None)]
        has = word.text == "has"
        return [(word, Quantifier(of.name, measure, where, every_state=every, has=has))]

    def _word(self, key: Scalar, node: Node, of: ListFact) -> Scalar | None:
        """The measure of a quantifier, of which there must be one."""
        pairs = node.entries if isinstance(node, Mapping) else ()
        words = [word for word, _ in pairs if word.text in MEASURES]
        if len(words) == 1:
            return words[0]
        if words:
            message = messages.not_beside(words[0].text, words[1].text)
            self._form.report(words[1], Message(message.text, "write two conditions"))
            return None
        text = f"`{of.name}` is a list and needs one of {messages.listed(MEASURES)}"
        near = [hint for word, _ in pairs if (hint := messages.near(word.text, MEASURES))]
        hint = near[0] if near else f"for example `{of.name}: {{has: {{...}}}}`"
        self._form.report(key, Message(text, hint))
        return None

    def _keys(self, node: Mapping, word: Scalar) -> None:
        allowed = (word.text, *BESIDE[word.text])
        for key, _ in node.entries:
            if key.text in BOUNDS and key.text not in allowed:
                hint = "use `count` for how many" if word.text == "has" else None
                self._form.report(key, Message(f"`{word.text}` takes no `{key.text}`", hint))
            elif key.text not in allowed:
                of = f" beside `{word.text}`"
                self._form.report(key, messages.unknown("key", key.text, allowed[1:], of))

    # -- bounds -----------------------------------------------------------------------

    def _bounds(
        self,
        node: Mapping,
        word: Scalar,
        of: ListFact,
        measure: Measure,
        where: ItemTest | None,
        every: bool,
        bare: bool,
    ) -> list[tuple[Scalar, Quantifier | None]]:
        bounds = [pair for pair in node.entries if pair[0].text in BOUNDS]
        if not bounds:
            example = "at_least: 0.25" if word.text == "fraction" else "at_least: 2"
            near = {messages.near(key, BOUNDS) for key in node.keys if key not in MEASURES}
            if not bare and node.whole and near <= {None}:
                self._form.report(word, messages.bound_missing(word.text, example))
            return [(word, None)]
        made: list[tuple[Scalar, Quantifier | None]] = []
        for key, below in bounds:
            bound = self._bound(key, below, measure, of)
            quantifier = None
            if bound is not None and where is not None:
                quantifier = Quantifier(of.name, measure, where, key.text, bound, every)
            made.append((key, quantifier))
        return made

    def _bound(self, key: Scalar, node: Node, measure: Measure, of: ListFact) -> Operand | None:
        fact = measured_fact(measure, of)
        if key.text == "is" and fact.kind is not Kind.INTEGER:
            text = f"`{measure.kind}` cannot be compared by `is`"
            self._form.report(key, Message(text, "use `at_least` or `at_most`"))
            return None
        averaged = of.attributes.get(measure.attribute or "")
        if isinstance(averaged, Fact) and averaged.scale is not None and _is_word(node):
            assert isinstance(node, Scalar)
            points = averaged.scale.points.get(node.text)
            if points is None:
                hint = f"write a number or one of {messages.listed(averaged.scale.points)}"
                text = f"{messages.quoted(node.text)} has no points on `{averaged.scale.name}`"
                self._form.report(node, Message(text, hint))
                return None
            check_alone(self._form, node, fact, key.text, Literal(points))
            return Literal(points)
        operand = self._operands.operand(node, fact, key.text, Surroundings())
        if isinstance(operand, Literal):
            assert isinstance(operand.value, int | Decimal)
            return Literal(Decimal(operand.value))
        return operand

    # -- measures ---------------------------------------------------------------------

    def _part(self, word: Scalar, node: Mapping, inside: Surroundings) -> ItemTest | None:
        """What an item must pass to be of the part whose fraction is taken."""
        if word.text != "fraction":
            return None
        return self.items.test(node.get("fraction"), inside, nested=True)

    def _measure(
        self, word: Scalar, node: Mapping, of: ListFact, part: ItemTest | None
    ) -> Measure | Cover | None:
        measured = node.get(word.text)
        assert measured is not None
        match word.text:
            case "has" | "count":
                return Measure("count")
            case "covers":
                return self._cover(measured, node.get("distinct"), of)
            case "duration":
                return self._duration(word, measured, of)
            case "fraction":
                return self._fraction(node, of, part)
        attribute = self._number(word, measured, of)
        weighing, weight = self._weight(node, of)
        if attribute is None or (weighing is not None and weight is None):
            return None
        return Measure(word.text, attribute, weight)

    def _weight(self, node: Mapping, of: ListFact) -> tuple[Scalar | None, str | None]:
        """The key `weight`, where it is there, and the attribute behind it."""
        weighing = node.key("weight")
        if weighing is None:
            return None, None
        return weighing, self._number(weighing, node.get("weight"), of)

    def _fraction(self, node: Mapping, of: ListFact, part: ItemTest | None) -> Measure | None:
        weighing, weight = self._weight(node, of)
        if weight is not None:
            fact = of.attributes[weight]
            assert isinstance(fact, Fact)
            if fact.minimum is None or fact.minimum < 0:
                text = f"`fraction` needs a weight that is never negative, and `{weight}` may be"
                hint = "declare `minimum: 0` in the vocabulary"
                self._form.report(node.get("weight") or node, Message(text, hint))
                return None
        if part is None or (weighing is not None and weight is None):
            return None
        return Measure("fraction", weight=weight, part=part)

    def _duration(self, word: Scalar, node: Node, of: ListFact) -> Measure | None:
        unit = self._form.word(node, "unit", UNITS)
        if of.interval is None:
            hint = "declare `interval` in the vocabulary"
            text = f"items of `{of.name}` have no `interval`, so there is no duration"
            self._form.report(word, Message(text, hint))
            return None
        exact = next((known for known in UNITS if known == unit), None)
        return None if exact is None else Measure("duration", unit=exact)

    def _number(self, word: Scalar, node: Node | None, of: ListFact) -> str | None:
        """The name of an attribute that is a number or, for a mean, a scale with points."""
        name = self._form.text(node, "an attribute")
        if name is None or node is None:
            return None
        fact = of.attributes.get(name)
        if fact is None:
            self._form.unknown(node, "attribute", of.attributes, f" of `{of.name}`")
            return None
        if not isinstance(fact, Fact):
            text = f"`{word.text}` needs a number, and `{name}` is a list"
            self._form.report(node, Message(text))
            return None
        graded = word.text == "mean" and fact.scale is not None
        if fact.kind.numeric or (graded and fact.scale is not None and fact.scale.points):
            return name
        text = f"`{word.text}` needs a number, and `{name}` is {type_words(fact)}"
        hint = "give the scale `points` in the vocabulary" if graded else None
        self._form.report(node, Message(text, hint))
        return None

    def _cover(self, node: Node, distinct: Node | None, of: ListFact) -> Cover | None:
        apart = self._form.flag(distinct, "`distinct`", default=False)
        if not isinstance(node, Mapping) or len(node.entries) != 1:
            hint = "write for example `covers: {topics: [a, b]}`"
            text = "one attribute with its values for `covers`"
            self._form.report(node, messages.expected(text, node, hint))
            return None
        key, listed = node.entries[0]
        fact = of.attributes.get(key.text)
        if fact is None:
            self._form.unknown(key, "attribute", of.attributes, f" of `{of.name}`")
            return None
        if not isinstance(fact, Fact) or fact.kind in (Kind.DATE, Kind.BOOLEAN):
            text = f"`covers` needs texts or numbers, and `{key.text}` is {type_words(fact)}"
            self._form.report(key, Message(text))
            return None
        items = self._form.sequence(listed, "values to cover")
        values: dict[Value, Node] = {}
        for item in items:
            literal = self._operands.literal(item, fact)
            if literal is None:
                continue
            value: Value = literal.value  # type: ignore[assignment]  # a duration is no literal of a fact
            if value in values:
                assert isinstance(item, Scalar)
                self._form.report(item, messages.listed_twice(item.text))
            values[value] = item
        return Cover(key.text, tuple(values), apart) if values else None


def _is_word(node: Node) -> bool:
    return isinstance(node, Scalar) and isinstance(node.value, str)


def _names(test: ItemTest | None, attribute: str) -> bool:
    """Whether a test of an item compares `attribute`."""
    if isinstance(test, ItemComparison):
        return test.attribute == attribute
    if isinstance(test, ItemGroup):
        return any(_names(child, attribute) for child in test.children)
    return False
