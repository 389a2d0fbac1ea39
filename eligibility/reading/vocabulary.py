"""Reading a vocabulary: scales, facts, lists with their attributes."""

from __future__ import annotations

from collections.abc import Mapping as MappingType
from decimal import Decimal

from eligibility.conditions import AS_OF, Literal, Reference
from eligibility.errors import Message
from eligibility.model import (
    Completing,
    Declaration,
    Fact,
    Interval,
    Kind,
    ListFact,
    OffScale,
    Scale,
    States,
)
from eligibility.operators import compare
from eligibility.reading import messages
from eligibility.reading.form import FACT_NAME, Form
from eligibility.reading.operands import OperandReader, Surroundings
from eligibility.source import Mapping, Node, Scalar
from eligibility.truth import Truth
from eligibility.values import Value

__all__ = [
    "CONDITION_WORDS",
    "FACT_KEYS",
    "LIST_KEYS",
    "RESERVED",
    "TYPES",
    "read_fact",
    "read_scale",
]

CONDITION_WORDS = frozenset(
    {
        "all",
        "any",
        "at_least",
        "at_most",
        "holds_on",
        "judgement",
        "none",
        "not",
        "of",
        "outcome",
        "share",
        "source",
        "title",
        "where",
    }
)
"""Keys of a condition or of a test of an item."""

RESERVED = CONDITION_WORDS | {AS_OF, "id", "judgements"}
"""No fact, list or definition may be called by one of these."""

_FREE_IN_ITEMS = {"id", "share", "title", "source"}

TYPES = (*(kind.value for kind in Kind if kind is not Kind.SCALE), "list")

_SCALE_KEYS = ("title", "order", "off_scale", "points")
_COUNTS_AS = ("nothing", "unknown")
_NEEDED = ("type", "title", "question")
FACT_KEYS = (*_NEEDED, "phrase", "complete", "many", "values", "minimum", "maximum", "fixed")
LIST_KEYS = (
    *_NEEDED,
    "item",
    "named_by",
    "complete",
    "state",
    "completing_supplies",
    "dated_by",
    "interval",
    "attributes",
)
_ANY_KEYS = tuple(dict.fromkeys((*FACT_KEYS, *LIST_KEYS)))
_STATE_KEYS = ("attribute", "finished", "in_progress", "planned")


def read_scale(form: Form, key: Scalar, node: Node) -> Scale | None:
    """A scale: its order, its off-scale values, its points."""
    name = key.text
    what = f"scale `{name}`"
    mapping = form.mapping(node, what, _SCALE_KEYS, ["order"], at=key)
    if mapping is None:
        return None
    ranked = form.text_nodes(mapping.get("order"), f"values of {what}")
    for word in _COUNTS_AS:
        if word in ranked:
            text = f"`{word}` says what an off-scale value counts as, and cannot be on a scale"
            form.report(ranked[word], Message(text, "choose another name"))
    order = tuple(ranked)
    off_scale: dict[str, OffScale] = {}
    for beside, value in _entries(form, mapping.get("off_scale"), f"off-scale values of {what}"):
        if beside.text in order:
            form.report(beside, Message(f"`{beside.text}` is on the scale already"))
        elif order and (entry := _off_scale(form, beside, value, order)) is not None:
            off_scale[beside.text] = entry
    points = _points(form, name, mapping, order, off_scale)
    title = form.text(mapping.get("title"), f"the title of {what}") or name.replace("_", " ")
    return Scale(name, title, order, off_scale, points) if order else None


def _off_scale(form: Form, key: Scalar, node: Node, order: tuple[str, ...]) -> OffScale | None:
    what = f"off-scale value `{key.text}`"
    mapping = form.mapping(node, what, ("counts_as", "title"), ["counts_as"], at=key)
    if mapping is None:
        return None
    title = form.text(mapping.get("title"), f"the title of {what}")
    counted = mapping.get("counts_as")
    counts_as = form.word(counted, "value to count as", [*order, *_COUNTS_AS])
    return None if counts_as is None else OffScale(counts_as, title)


def _points(
    form: Form,
    name: str,
    mapping: Mapping,
    order: tuple[str, ...],
    off_scale: MappingType[str, OffScale],
) -> dict[str, Decimal]:
    points: dict[str, Decimal] = {}
    node = mapping.get("points")
    entries = _entries(form, node, f"points of scale `{name}`")
    beside = mapping.get("off_scale")
    declared = [*order, *(beside.keys if isinstance(beside, Mapping) else off_scale)]
    for key, value in entries if order else ():
        number = form.number(value, f"points of `{key.text}`")
        if key.text not in declared:
            form.report(key, messages.unknown_value(name, key.text, declared))
        elif number is not None:
            points[key.text] = number
    if isinstance(node, Mapping):
        lacking = [value for value in order if form.lacks(node, value, declared)]
        if lacking:
            text = f"scale `{name}` has no points for {messages.listed(lacking)}"
            place = mapping.key("points") or mapping
            form.report(place, Message(text, "give points to every value of `order`"))
    return points


def read_fact(
    form: Form, key: Scalar, node: Node, scales: MappingType[str, Scale], depth: int = 0
) -> Declaration | None:
    """A fact or a list, with all its attributes."""
    name = key.text
    what = f"fact `{name}`" if depth == 0 else f"attribute `{name}`"
    mapping = form.mapping(node, what, required=())
    if mapping is None:
        return None
    typed = mapping.get("type")
    type_name = None
    if typed is not None:
        type_name = form.word(typed, "type", [*TYPES, *scales])
    known = LIST_KEYS if type_name == "list" else FACT_KEYS if type_name else _ANY_KEYS
    form.mapping(mapping, what, known, _NEEDED, at=key)
    if type_name is None:
        return None
    if type_name == "list":
        return _read_list(form, key, mapping, scales, depth)
    return _read_scalar(form, name, mapping, scales.get(type_name), type_name)


def _read_scalar(
    form: Form, name: str, mapping: Mapping, scale: Scale | None, type_name: str
) -> Fact:
    kind = Kind.SCALE if scale else Kind(type_name)
    texts = _fits(form, mapping, ("values", "many"), "texts", kind is Kind.TEXT)
    numbers = _fits(form, mapping, ("minimum", "maximum"), "numbers", kind.numeric)
    low = form.number(numbers.get("minimum"), f"the minimum of `{name}`")
    high = form.number(numbers.get("maximum"), f"the maximum of `{name}`")
    if low is not None and high is not None and low > high:
        form.report(numbers["maximum"], Message("the maximum is below the minimum"))
    return Fact(
        name,
        kind,
        form.text(mapping.get("title"), "the title") or name,
        form.text(mapping.get("question"), "the question") or name,
        phrase=form.text(mapping.get("phrase"), "the phrase"),
        complete=form.flag(mapping.get("complete"), "`complete`", default=False),
        many=form.flag(texts.get("many"), "`many`", default=False),
        values=form.texts(texts.get("values"), f"values of `{name}`") or None,
        scale=scale,
        minimum=low,
        maximum=high,
        fixed=form.flag(mapping.get("fixed"), "`fixed`", default=False),
    )


def _fits(
    form: Form, mapping: Mapping, keys: tuple[str, ...], what: str, fitting: bool
) -> dict[str, Node]:
    """The nodes below keys that only one kind of fact may have."""
    found: dict[str, Node] = {}
    for key in keys:
        node = mapping.get(key)
        if node is not None and fitting:
            found[key] = node
        elif node is not None:
            form.report(mapping.key(key) or mapping, Message(f"`{key}` is for {what} only"))
    return found


def _read_list(
    form: Form, key: Scalar, mapping: Mapping, scales: MappingType[str, Scale], depth: int
) -> ListFact | None:
    name = key.text
    what = f"list `{name}`"
    form.mapping(mapping, what, LIST_KEYS, ("item", "attributes"), at=key)
    if depth >= 2:
        form.report(key, Message("lists nest two deep at the most"))
        return None
    attributes: dict[str, Declaration] = {}
    for word, value in _entries(form, mapping.get("attributes"), f"the attributes of {what}"):
        if not form.name(word, "an attribute", FACT_NAME):
            continue
        if word.text in RESERVED - _FREE_IN_ITEMS:
            form.report(word, messages.reserved_name(word.text))
        declaration = read_fact(form, word, value, scales, depth + 1)
        if declaration is None:
            form.spoil(word.text)
        else:
            attributes[word.text] = declaration
    reader = _ListReader(form, what, attributes)
    states = _states(form, mapping, reader, depth)
    interval = reader.interval(mapping.key("interval"), mapping.get("interval"))
    dated_by = reader.attribute(mapping.get("dated_by"), Kind.DATE)
    if mapping.get("interval") is not None and mapping.get("dated_by") is not None:
        second = mapping.key("dated_by") or mapping
        form.report(second, messages.not_beside("interval", "dated_by"))
    return ListFact(
        name,
        form.text(mapping.get("title"), "the title") or name,
        form.text(mapping.get("item"), "the word for an item") or name,
        form.text(mapping.get("question"), "the question") or name,
        attributes,
        named_by=reader.named_by(mapping.get("named_by")),
        complete=form.flag(mapping.get("complete"), "`complete`", default=False),
        states=states,
        completing=reader.completing(mapping.get("completing_supplies"), states),
        dated_by=dated_by,
        interval=interval,
    )


def _states(form: Form, mapping: Mapping, reader: _ListReader, depth: int) -> States | None:
    """The states of a list's items, which only lists of the profile itself have."""
    key, supplies = mapping.key("state"), mapping.key("completing_supplies")
    if key is not None and depth > 0:
        text = "items of a list within a list have no `state`"
        form.report(key, Message(text, "the state of the item around them counts"))
    elif key is None and supplies is not None and depth > 0:
        form.report(supplies, Message("items of a list within a list cannot be completed"))
    elif supplies is not None and form.lacks(mapping, "state", LIST_KEYS):
        text = "only items with a `state` can be completed"
        form.report(supplies, Message(text, "declare `state` too"))
    return None if key is None else reader.states(key, mapping.get("state"))


class _ListReader:
    """The parts of a list's declaration that speak of its attributes."""

    def __init__(self, form: Form, what: str, attributes: MappingType[str, Declaration]) -> None:
        self._form = form
        self._what = what
        self._attributes = attributes
        self._operands = OperandReader(form, {})

    def attribute(self, node: Node | None, kind: Kind | None) -> str | None:
        """The name of an attribute, of a kind if one is asked for."""
        fact = self._fact(node, kind)
        return None if fact is None else fact.name

    def named_by(self, node: Node | None) -> tuple[str, ...]:
        """The attributes that name an item."""
        found = self._form.text_nodes(node, "attributes") if node is not None else {}
        names = (self.attribute(item, None) for item in found.values())
        return tuple(name for name in names if name is not None)

    def states(self, key: Scalar, node: Node | None) -> States | None:
        """What the values of the state attribute mean."""
        what = f"the state of {self._what}"
        mapping = self._form.mapping(node, what, _STATE_KEYS, _STATE_KEYS[:2], at=key)
        if mapping is None:
            return None
        place = mapping.get("attribute")
        fact = self._fact(place, Kind.TEXT)
        if fact is None or place is None:
            return None
        if fact.values is None or fact.many:
            text = f"`{fact.name}` must be one text out of declared `values` to be a state"
            self._form.report(place, Message(text))
            return None
        groups: dict[str, tuple[str, ...]] = {}
        for group in _STATE_KEYS[1:]:
            nodes = self._form.text_nodes(mapping.get(group), f"values of `{fact.name}`")
            for value, item in nodes.items():
                if value not in fact.values:
                    message = messages.unknown_value(fact.name, value, fact.values)
                    self._form.report(item, message)
                elif any(value in before for before in groups.values()):
                    self._form.report(item, Message(f"`{value}` stands in two states"))
            groups[group] = tuple(nodes)
        return States(fact.name, groups["finished"], groups["in_progress"], groups["planned"])

    def completing(self, node: Node | None, states: States | None) -> dict[str, Completing]:
        """What completing an item supplies, and what completed well means."""
        found: dict[str, Completing] = {}
        for key, value in _entries(self._form, node, f"what completing supplies in {self._what}"):
            fact = self._fact(key, None)
            if fact is None:
                continue
            if states is not None and fact.name == states.attribute:
                self._form.report(key, Message("the state itself is not supplied by completing"))
                continue
            supplied = self._supplied(fact, value)
            if supplied is not None:
                found[fact.name] = supplied
        return found

    def interval(self, key: Scalar | None, node: Node | None) -> Interval | None:
        """From when until when an item lasts."""
        known = ("from", "until")
        what = f"the interval of {self._what}"
        mapping = self._form.mapping(node, what, known, known, at=key)
        if mapping is None:
            return None
        start = self.attribute(mapping.get("from"), Kind.DATE)
        until = mapping.get("until")
        end = self.attribute(until, Kind.DATE)
        if until is not None and start is not None and start == end:
            self._form.report(until, Message("an interval needs two attributes"))
        return Interval(start, end) if start and end else None

    def _fact(self, node: Node | None, kind: Kind | None) -> Fact | None:
        """A scalar attribute, of a kind if one is asked for."""
        name = self._form.text(node, "an attribute")
        if node is None or name is None:
            return None
        declaration = self._attributes.get(name)
        if declaration is None:
            self._form.unknown(node, "attribute", self._attributes, f" of {self._what}")
            return None
        if not isinstance(declaration, Fact):
            self._form.report(node, Message(f"`{name}` is a list, and cannot stand here"))
            return None
        if kind is not None and declaration.kind is not kind:
            self._form.report(node, Message(f"`{name}` must be a {kind.value} to stand here"))
            return None
        return declaration

    def _supplied(self, fact: Fact, node: Node) -> Completing | None:
        if isinstance(node, Mapping) and node.entries:
            return self._well(fact, node)
        words = ["any", AS_OF] if fact.kind is Kind.DATE else ["any"]
        if isinstance(node, Scalar) and node.text in words:
            return Completing(fact.name, on_as_of=node.text == AS_OF)
        tested = fact.scale is not None or fact.values is not None
        known = [f"`{word}`" for word in words] + ["a test"] * tested
        example = f"{{is: {(fact.scale.values if fact.scale else fact.values or ('',))[-1]}}}"
        hint = f"write for example `{fact.name}: {example}`" if tested else None
        wanted = f"{' or '.join(known)} for what completing supplies"
        self._form.report(node, messages.expected(wanted, node, hint))
        return None

    def _well(self, fact: Fact, node: Mapping) -> Completing | None:
        """The values that an item completed well can have."""
        well = fact.scale.values if fact.scale else fact.values
        if well is None:
            text = f"`{fact.name}` has no list of values to choose from"
            self._form.report(node, Message(text, "write `any`"))
            return None
        before = len(self._form.problems)
        for key, below in node.entries:
            if not self._operands.operator(key, fact):
                continue
            if isinstance(below, Mapping):
                text = "completed well cannot depend on another fact"
                self._form.report(below, Message(text, "write a value"))
                continue
            operand = self._operands.operand(below, fact, key.text, Surroundings())
            if operand is not None and not isinstance(operand, Reference):
                well = tuple(one for one in well if _passes(fact, one, key.text, operand))
        if not well and len(self._form.problems) == before:
            self._form.report(node, messages.never_met("this test"))
        return Completing(fact.name, well=well)


def _passes(fact: Fact, value: str, operator: str, operand: Literal | tuple[Literal, ...]) -> bool:
    left: Value = (value,) if fact.many else value
    if isinstance(operand, tuple):
        right: object = tuple(literal.value for literal in operand)
    else:
        right = operand.value
    return compare(operator, left, right, fact.scale) is Truth.MET


def _entries(form: Form, node: Node | None, what: str) -> tuple[tuple[Scalar, Node], ...]:
    mapping = form.mapping(node, what)
    if mapping is not None and not mapping.entries and mapping.whole:
        form.report(mapping, messages.expected(f"`key: value` pairs for {what}", mapping))
    return mapping.entries if mapping is not None else ()
