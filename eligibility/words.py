"""Conditions in words: what a person reads instead of a rule."""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal

from eligibility.conditions import (
    AS_OF,
    Assignment,
    Comparison,
    Cover,
    Decision,
    ItemComparison,
    ItemGroup,
    ItemQuantifier,
    ItemTest,
    Leaf,
    Literal,
    Measure,
    Need,
    NeedGroup,
    Needs,
    Nothing,
    Operand,
    Quantifier,
    Reference,
    Undecidable,
)
from eligibility.model import Declaration, Fact, Kind, ListFact, Vocabulary
from eligibility.operators import OPERATORS
from eligibility.values import Absent, Duration, Value, decimal_text, shift

__all__ = [
    "Words",
    "amount_words",
    "clean",
    "joined",
    "plural",
    "singular",
    "the",
    "value_words",
    "with_article",
    "without",
]

_BOUNDS = {
    "at_least": "at least",
    "more_than": "more than",
    "at_most": "at most",
    "less_than": "fewer than",
    "is": "exactly",
}
_OPPOSITE = {
    "at_least": "fewer than",
    "more_than": "at most",
    "at_most": "more than",
    "less_than": "at least",
    "is": "other than",
}
_ARTICLES = ("a ", "an ", "the ")


def clean(text: str) -> str:
    """A text fit for a terminal: on one line, and control characters become `?`."""
    if text.isprintable():
        return text
    return "".join(char if char.isprintable() else " " if char.isspace() else "?" for char in text)


def plural(noun: str) -> str:
    """`topics` for `topic`, `subjects` for `subjects`."""
    if noun.endswith("s"):
        return noun
    if noun.endswith("y") and noun[-2:-1] not in "aeiou":
        return f"{noun[:-1]}ies"
    return f"{noun}s"


def singular(noun: str) -> str:
    """`year` for `years`, `course` for `course`."""
    return noun[:-1] if noun.endswith("s") and not noun.endswith(("ss", "us", "is")) else noun


def joined(parts: Sequence[str], word: str = "and") -> str:
    """`a`, `a and b`, `a, b and c`."""
    if len(parts) < 2:
        return "".join(parts)
    return f"{', '.join(parts[:-1])} {word} {parts[-1]}"


def value_words(value: Value | Duration | None) -> str:
    """A value as a person writes it."""
    match value:
        case None:
            return "not known"
        case Absent():
            return "none"
        case bool():
            return "yes" if value else "no"
        case Decimal():
            return decimal_text(value)
        case tuple():
            return joined([clean(one) for one in value])
        case _:
            return clean(str(value))


def amount_words(measure: Measure | Cover, value: Value | None) -> str:
    """What a measure comes to as a person writes it: a fraction in percent."""
    fraction = isinstance(measure, Measure) and measure.kind == "fraction"
    if fraction and isinstance(value, int | Decimal):
        return f"{decimal_text(Decimal(value) * 100)}%"
    return value_words(value)


def with_article(noun: str) -> str:
    """`a course`, `an accreditation`; what has an article keeps it."""
    if noun.startswith(_ARTICLES):
        return noun
    return f"an {noun}" if noun[:1].lower() in "aeiou" else f"a {noun}"


def without(noun: str) -> str:
    """`no GED` for `a GED`."""
    for article in _ARTICLES:
        if noun.startswith(article):
            return f"no {noun.removeprefix(article)}"
    return f"no {noun}"


def the(noun: str) -> str:
    """`the award date`; what has an article keeps it."""
    return noun if noun.startswith(_ARTICLES) else f"the {noun}"


class Words:
    """Puts conditions into words, as of a day."""

    def __init__(self, vocabulary: Vocabulary, as_of: datetime.date) -> None:
        self._facts = vocabulary.facts
        self._as_of = as_of

    def leaf(self, leaf: Leaf, negated: bool = False) -> str:
        """A leaf as a noun phrase: what one must have for it to be met."""
        match leaf:
            case Comparison():
                return self._comparison(leaf, negated)
            case Quantifier():
                of = self._facts[leaf.list]
                assert isinstance(of, ListFact)
                return self.quantifier(leaf, of, negated)
            case Assignment():
                text = f"{self.shared(leaf)}, {self._needs(leaf.needs)}"
                return f"not: {text}" if negated else text
            case Decision():
                text = f"{leaf.question} ({leaf.decided_by} decides)"
                return f"not: {text}" if negated else text
            case Undecidable():
                return leaf.reason
            case Nothing():
                return "nothing is required"

    def unit(self, leaf: Leaf) -> str | None:
        """What an amount that is missing to a leaf counts: `course`, `years`, `credits`.

        None where it has no name.
        """
        if isinstance(leaf, Comparison):
            return leaf.completed
        if not isinstance(leaf, Quantifier):
            return None
        of = self._facts[leaf.list]
        assert isinstance(of, ListFact)
        measure = leaf.measure
        if isinstance(measure, Cover):
            return of.attributes[measure.attribute].title
        match measure.kind:
            case "count":
                return of.item
            case "duration":
                return measure.unit
            case "sum":
                return of.attributes[measure.attribute or ""].title
        return None

    def _comparison(self, leaf: Comparison, negated: bool) -> str:
        fact = self.fact(leaf.fact)
        operand = self.operand(leaf.operator, leaf.operand)
        if leaf.completed is not None:
            bounds = _OPPOSITE if negated else _BOUNDS
            bound = bounds.get(leaf.operator, leaf.operator.replace("_", " "))
            return f"{bound} {operand} completed {leaf.completed} since {the(fact.title)}"
        if fact.kind is Kind.BOOLEAN and leaf.operator in ("is", "is_not"):
            return self._flag(fact.title, leaf.operator, leaf.operand, negated)
        words = _predicate(leaf.operator, leaf.operand, negated).format(operand)
        between = " of " if fact.kind.numeric and words.startswith(("at ", "more", "less")) else " "
        return f"{fact.title}{between}{words}"

    def _flag(self, title: str, operator: str, operand: Operand, negated: bool) -> str:
        wanted = isinstance(operand, Literal) and operand.value is True
        if (operator == "is_not") != negated:
            wanted = not wanted
        return title if wanted else without(title)

    def fact(self, name: str) -> Fact:
        """The declaration of a scalar fact, the as-of date included."""
        if name == AS_OF:
            return Fact(AS_OF, Kind.DATE, "the day asked for", "")
        declaration = self._facts[name]
        assert isinstance(declaration, Fact)
        return declaration

    def quantifier(
        self,
        leaf: Quantifier,
        of: ListFact,
        negated: bool = False,
        outer: ListFact | None = None,
    ) -> str:
        """A quantifier as a noun phrase; `outer` is the list whose items hold this one."""
        clause = self.clause(leaf.where, of, outer)
        if isinstance(leaf.measure, Cover):
            values = joined([value_words(value) for value in leaf.measure.values])
            each = f", each by another {of.item}" if leaf.measure.distinct else ""
            start = f"not all of {values} covered by" if negated else f"{values} covered by"
            return f"{start} {of.title}{clause}{each}"
        if leaf.has:
            start = without(of.item) if negated else with_article(of.item)
            return f"{start}{clause}"
        bound = (_OPPOSITE if negated else _BOUNDS)[leaf.operator]
        measure = leaf.measure
        if measure.kind == "fraction":
            bound = bound.replace("fewer", "less")
        if isinstance(leaf.bound, Literal) and isinstance(leaf.bound.value, int | Decimal):
            wanted = amount_words(measure, leaf.bound.value)
        else:
            wanted = self.operand(leaf.operator, leaf.bound)
        return self.amount(leaf, of, f"{bound} {wanted}", outer)

    def amount(
        self, leaf: Quantifier, of: ListFact, amount: str, outer: ListFact | None = None
    ) -> str:
        """A measured amount with its unit: `at least 20 CE hours dated since ...`."""
        measure = leaf.measure
        assert isinstance(measure, Measure)
        clause = self.clause(leaf.where, of, outer)
        one = f" {amount}".endswith(" 1")
        if measure.kind == "count":
            return f"{amount} {of.item if one else of.title}{clause}"
        if measure.kind == "duration":
            unit = (measure.unit or "").removesuffix("s") if one else measure.unit
            return f"{amount} {unit} of {of.title}{clause}"
        if measure.part is not None:
            weighed = f"of all {of.title}"
            if measure.weight is not None:
                weighed = f"of the {of.attributes[measure.weight].title} {weighed}"
            word = "as" if measure.weight is None else "with"
            part = f"{of.title}{self.clause(measure.part, of, outer)}"
            return f"{part} {word} {amount} {weighed}{clause}"
        attribute = of.attributes[measure.attribute or ""].title
        if measure.kind == "sum":
            return f"{amount} {attribute}{clause}"
        weight = ""
        if measure.weight is not None:
            weight = f", weighted by {of.attributes[measure.weight].title}"
        return f"{attribute} of {amount} on average over {of.title}{clause}{weight}"

    # -- needs that share out items ---------------------------------------------------

    def shared(self, leaf: Assignment) -> str:
        """How far items may be used twice: `no course used twice`."""
        of = self._facts[leaf.list]
        assert isinstance(of, ListFact)
        if leaf.share is None:
            return f"no {of.item} used twice"
        title = of.attributes[leaf.share.attribute].title
        return f"at most {value_words(leaf.share.most)} {title} used twice"

    def need(self, need: Need) -> str:
        """A need by its title, or in words."""
        of = self._facts[need.quantifier.list]
        assert isinstance(of, ListFact)
        return need.title or self.quantifier(need.quantifier, of)

    def _needs(self, needs: Needs) -> str:
        if isinstance(needs, Need):
            return self.need(needs)
        if needs.title is not None:
            return needs.title
        parts = [
            f"({words})" if isinstance(child, NeedGroup) and child.title is None else words
            for child in needs.children
            for words in (self._needs(child),)
        ]
        heading = {len(parts): "all", 1: "one"}.get(needs.k, f"at least {needs.k}")
        return f"{heading} of these: {'; '.join(parts)}"

    # -- tests of items ---------------------------------------------------------------

    def clause(self, test: ItemTest, of: ListFact, outer: ListFact | None = None) -> str:
        """What stands behind a noun: ` dated since 2024-11-23 with code RHIT`."""
        phrases: list[str] = []
        nouns: list[str] = []
        for part in _parts(test):
            kind = phrases if self._phrased(part, of, outer) else nouns
            kind.append(self.test(part, of, outer))
        clause = "".join(f" {phrase}" for phrase in phrases)
        return f"{clause} with {joined(nouns)}" if nouns else clause

    def _phrased(self, test: ItemTest, of: ListFact, outer: ListFact | None) -> bool:
        if not isinstance(test, ItemComparison):
            return self._in_force(test, of, outer) is not None
        return of.attributes[test.attribute].phrase is not None

    def test(self, test: ItemTest, of: ListFact, outer: ListFact | None = None) -> str:
        """A test of an item as a noun phrase."""
        match test:
            case ItemComparison():
                return self.item_comparison(test, of, outer)
            case ItemQuantifier():
                nested = of.attributes[test.quantifier.list]
                assert isinstance(nested, ListFact)
                return self._nested(test, nested, of)
            case ItemGroup():
                return self._group(test, of, outer)

    def _nested(self, test: ItemQuantifier, nested: ListFact, of: ListFact) -> str:
        leaf = test.quantifier
        parts = [self.test(part, nested, of) for part in _parts(leaf.where)]
        inside = f" ({joined(parts)})" if parts else ""
        if leaf.has:
            noun = without(nested.item) if test.negated else with_article(nested.item)
            return f"{noun}{inside}"
        return self.quantifier(leaf, nested, test.negated, of)

    def _group(self, test: ItemGroup, of: ListFact, outer: ListFact | None) -> str:
        if test.title is not None:
            return test.title
        force = self._in_force(test, of, outer)
        if force is not None:
            return force
        words = [self.test(child, of, outer) for child in test.children]
        if not words:
            return "anything" if test.k == 0 else "nothing"
        if test.k == len(words):
            return joined(words)
        if test.k == 1:
            return f"({joined(words, 'or')})"
        return f"at least {test.k} of ({'; '.join(words)})"

    def _in_force(self, test: ItemTest, of: ListFact, outer: ListFact | None = None) -> str | None:
        """`in force on ...`, for the two comparisons that `holds_on` stands for."""
        if not isinstance(test, ItemGroup) or of.interval is None or len(test.children) != 2:
            return None
        one, other = test.children
        if not isinstance(one, ItemComparison) or not isinstance(other, ItemComparison):
            return None
        ends = (one.attribute, other.attribute) == (of.interval.start, of.interval.end)
        if not ends or one.operand != other.operand or one.operator != "on_or_before":
            return None
        day = self.operand("is", one.operand, of, outer)
        return f"not in force on {day}" if one.negated else f"in force on {day}"

    def item_comparison(
        self, test: ItemComparison, of: ListFact, outer: ListFact | None = None
    ) -> str:
        """A comparison of an attribute: `grade at least C`."""
        fact = of.attributes[test.attribute]
        assert isinstance(fact, Fact)
        if fact.kind is Kind.BOOLEAN and test.operator in ("is", "is_not"):
            return self._flag(fact.title, test.operator, test.operand, test.negated)
        wanted = self.wanted(test, of, outer).removeprefix("is ")
        return f"{fact.phrase or fact.title} {wanted}"

    def wanted(self, test: ItemComparison, of: ListFact, outer: ListFact | None = None) -> str:
        """What a comparison asks of an attribute: `at least C`."""
        operand = self.operand(test.operator, test.operand, of, outer)
        return _predicate(test.operator, test.operand, test.negated).format(operand)

    # -- operands ---------------------------------------------------------------------

    def operand(
        self,
        operator: str,
        operand: Operand,
        of: ListFact | None = None,
        outer: ListFact | None = None,
    ) -> str:
        """The right side of a comparison, as it stands on this day."""
        if isinstance(operand, tuple):
            return joined([value_words(literal.value) for literal in operand], "or")
        if isinstance(operand, Literal):
            if isinstance(operand.value, Duration):
                return str(shift(self._as_of, operand.value, -1))
            return value_words(operand.value)
        return self._reference(operand, of, outer)

    def _reference(self, operand: Reference, of: ListFact | None, outer: ListFact | None) -> str:
        if operand.scope == "fact":
            if operand.name == AS_OF:
                return self._as_of_words(operand)
            known: Mapping[str, Declaration] = self._facts
        else:
            holder = of if operand.scope == "item" else outer
            assert holder is not None
            known = holder.attributes
        noun = the(known[operand.name].title)
        if operand.plus is None:
            return noun
        amount = value_words(operand.plus)
        if isinstance(operand.plus, Duration):
            return f"{amount} {'after' if operand.sign > 0 else 'before'} {noun}"
        return f"{noun} {'plus' if operand.sign > 0 else 'minus'} {amount}"

    def _as_of_words(self, operand: Reference) -> str:
        day = self._as_of
        if isinstance(operand.plus, Duration):
            day = shift(day, operand.plus, operand.sign)
        return day.isoformat()


def _predicate(operator: str, operand: Operand, negated: bool) -> str:
    """An operator's words, with `{}` for the operand; `exists: false` is turned round."""
    entry = OPERATORS[operator]
    if entry.shape == "flag" and operand == Literal(False):
        negated = not negated
    return entry.negated if negated else entry.words


def _parts(test: ItemTest) -> Iterable[ItemTest]:
    """The tests that all must pass, taken out of their groups."""
    if isinstance(test, ItemGroup) and test.k == len(test.children) and test.title is None:
        if len(test.children) == 2 and _looks_like_interval(test):
            return (test,)
        return [part for child in test.children for part in _parts(child)]
    return (test,)


def _looks_like_interval(test: ItemGroup) -> bool:
    operators = [child.operator for child in test.children if isinstance(child, ItemComparison)]
    operands = {child.operand for child in test.children if isinstance(child, ItemComparison)}
    return operators == ["on_or_before", "on_or_after"] and len(operands) == 1
