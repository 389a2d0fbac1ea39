"""Reading a vocabulary: scales, facts, lists with their attributes."""

from __future__ import annotations

from collections.abc import Mapping as MappingType
from decimal import Decimal

from eligibility.conditions import AS_OF
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
from eligibility.operators import OPERATORS
from eligibility.reading import messages
from eligibility.reading.form import Form
from eligibility.source import Mapping, Node, Scalar
from eligibility.truth import Truth

__all__ = ["CONDITION_WORDS", "TYPES", "read_fact", "read_scale"]

CONDITION_WORDS = frozenset(
    "all any none not at_least at_most of outcome judgement title source where holds_on".split()
)
"""Keys of a condition that no fact may be called by."""

_RESERVED = CONDITION_WORDS | {AS_OF, "id", "judgements"}

TYPES = tuple(kind.value for kind in Kind if kind is not Kind.SCALE) + ("list",)

_FACT_KEYS = frozenset(
    "type title question phrase complete many values minimum maximum fixed".split()
)
_LIST_KEYS = frozenset(
    "type title item question named_by complete state completing_supplies dated_by interval"
    " attributes".split()
)


def read_scale(form: Form, name: str, node: Node) -> Scale | None:
    """A scale: its order, its off-scale values, its points."""
    what = f"scale `{name}`"
    known = ("title", "order", "off_scale", "points")
    mapping = form.mapping(node, what, known, required=["order"])
    if mapping is None:
        return None
    order = form.texts(mapping.get("order"), f"values of {what}")
    off_scale: dict[str, OffScale] = {}
    for key, value in _entries(form, mapping.get("off_scale"), f"off-scale values of {what}"):
        if key.text in order:
            form.report(key, Message(f"`{key.text}` is on the scale already"))
        entry = form.mapping(
            value, f"off-scale value `{key.text}`", ("counts_as", "title"), ["counts_as"]
        )
        counts_as = form.word(
            entry.get("counts_as") if entry else None,
            "value to count as",
            [*order, "nothing", "unknown"],
        )
        if entry is not None and counts_as is not None:
            off_scale[key.text] = OffScale(counts_as, form.text(entry.get("title"), "the title"))
    points: dict[str, Decimal] = {}
    for key, value in _entries(form, mapping.get("points"), f"points of {what}"):
        if key.text not in order and key.text not in off_scale:
            form.report(key, messages.unknown_value(name, key.text, [*order, *off_scale]))
        number = form.number(value, f"points of `{key.text}`")
        if number is not None:
            points[key.text] = number
    title = form.text(mapping.get("title"), f"the title of {what}") or name.replace("_", " ")
    return Scale(name, title, order, off_scale, points)


def read_fact(
    form: Form, name: str, node: Node, scales: MappingType[str, Scale], depth: int = 0
) -> Declaration | None:
    """A fact or a list, with all its attributes."""
    what = f"fact `{name}`" if depth == 0 else f"attribute `{name}`"
    mapping = form.mapping(node, what, required=["type", "title", "question"])
    if mapping is None:
        return None
    type_name = form.word(mapping.get("type"), "type", [*TYPES, *scales])
    if type_name is None:
        return None
    if type_name == "list":
        return _read_list(form, name, mapping, scales, depth)
    form.mapping(mapping, what, _FACT_KEYS)
    scale = scales.get(type_name)
    kind = Kind.SCALE if scale else Kind(type_name)
    values = form.texts(mapping.get("values"), f"values of `{name}`") or None
    for key in ("values", "many"):
        if mapping.get(key) is not None and kind is not Kind.TEXT:
            form.report(mapping.key(key) or mapping, Message(f"`{key}` is for texts only"))
            values = None
    bounds: dict[str, Decimal | None] = {"minimum": None, "maximum": None}
    for key in bounds:
        if mapping.get(key) is not None and not kind.numeric:
            form.report(mapping.key(key) or mapping, Message(f"`{key}` is for numbers only"))
        else:
            bounds[key] = form.number(mapping.get(key), f"the {key} of `{name}`")
    low, high = bounds["minimum"], bounds["maximum"]
    if low is not None and high is not None and low > high:
        form.report(mapping.key("maximum") or mapping, Message("the maximum is below the minimum"))
    return Fact(
        name,
        kind,
        form.text(mapping.get("title"), "the title") or name,
        form.text(mapping.get("question"), "the question") or name,
        phrase=form.text(mapping.get("phrase"), "the phrase"),
        complete=form.flag(mapping.get("complete"), "`complete`", default=False),
        many=kind is Kind.TEXT and form.flag(mapping.get("many"), "`many`", default=False),
        values=values,
        scale=scale,
        minimum=low,
        maximum=high,
        fixed=form.flag(mapping.get("fixed"), "`fixed`", default=False),
    )


def _read_list(
    form: Form, name: str, mapping: Mapping, scales: MappingType[str, Scale], depth: int
) -> ListFact | None:
    what = f"list `{name}`"
    form.mapping(mapping, what, _LIST_KEYS, required=["attributes", "item"])
    if depth >= 2:
        form.report(mapping, Message("lists nest two deep at the most"))
        return None
    attributes: dict[str, Declaration] = {}
    for key, value in _entries(form, mapping.get("attributes"), f"attributes of {what}"):
        if form.name(key, "an attribute"):
            if key.text in _RESERVED - {"id", "title", "source"}:
                form.report(key, messages.reserved_name(key.text))
            declaration = read_fact(form, key.text, value, scales, depth + 1)
            if declaration is not None:
                attributes[key.text] = declaration
    reader = _ListReader(form, what, attributes)
    states = reader.states(mapping.get("state"))
    completing = reader.completing(mapping.get("completing_supplies"), states)
    if completing and states is None:
        form.report(
            mapping.key("completing_supplies") or mapping,
            Message("only items with a `state` can be completed", "declare `state` too"),
        )
    interval = reader.interval(mapping.get("interval"))
    dated_by = reader.attribute(mapping.get("dated_by"), Kind.DATE)
    if interval and dated_by:
        form.report(
            mapping.key("dated_by") or mapping,
            Message("a list has `dated_by` or `interval`, not both"),
        )
    named_by = tuple(
        attribute
        for node in _one_or_many(mapping.get("named_by"))
        if (attribute := reader.attribute(node, None)) is not None
    )
    return ListFact(
        name,
        form.text(mapping.get("title"), "the title") or name,
        form.text(mapping.get("item"), "the word for an item") or name,
        form.text(mapping.get("question"), "the question") or name,
        attributes,
        named_by=named_by,
        complete=form.flag(mapping.get("complete"), "`complete`", default=False),
        states=states,
        completing=completing,
        dated_by=dated_by,
        interval=interval,
    )


class _ListReader:
    """The parts of a list's declaration that speak of its attributes."""

    def __init__(
        self, form: Form, what: str, attributes: MappingType[str, Declaration]
    ) -> None:
        self._form = form
        self._what = what
        self._attributes = attributes

    def attribute(self, node: Node | None, kind: Kind | None) -> str | None:
        """The name of an attribute, of a kind if one is asked for."""
        name = self._form.text(node, "an attribute")
        if node is None or name is None:
            return None
        declaration = self._attributes.get(name)
        if declaration is None:
            self._form.report(node, messages.unknown("attribute", name, self._attributes))
            return None
        if not isinstance(declaration, Fact) or (kind and declaration.kind is not kind):
            word = kind.value if kind else "scalar"
            self._form.report(node, Message(f"`{name}` must be a {word} attribute"))
            return None
        return name

    def states(self, node: Node | None) -> States | None:
        known = ("attribute", "finished", "in_progress", "planned")
        mapping = self._form.mapping(node, f"state of {self._what}", known, known[:2])
        if mapping is None:
            return None
        name = self.attribute(mapping.get("attribute"), Kind.TEXT)
        if name is None:
            return None
        declaration = self._attributes[name]
        assert isinstance(declaration, Fact)
        groups: dict[str, tuple[str, ...]] = {}
        for key in known[1:]:
            groups[key] = self._form.texts(mapping.get(key), f"values of `{key}`")
            for value in groups[key]:
                if value not in (declaration.values or ()):
                    self._form.report(
                        mapping.get(key) or mapping,
                        messages.unknown_value(name, value, declaration.values or ()),
                    )
                if any(value in groups[other] for other in groups if other != key):
                    self._form.report(
                        mapping.get(key) or mapping, Message(f"`{value}` stands in two states")
                    )
        return States(name, groups["finished"], groups["in_progress"], groups["planned"])

    def completing(self, node: Node | None, states: States | None) -> dict[str, Completing]:
        found: dict[str, Completing] = {}
        for key, value in _entries(self._form, node, f"what completing supplies in {self._what}"):
            name = self.attribute(key, None)
            if name is None:
                continue
            if states is not None and name == states.attribute:
                self._form.report(key, Message("the state itself is not supplied by completing"))
                continue
            declaration = self._attributes[name]
            assert isinstance(declaration, Fact)
            supplied = self._supplied(declaration, value)
            if supplied is not None:
                found[name] = supplied
        return found

    def _supplied(self, fact: Fact, node: Node) -> Completing | None:
        if isinstance(node, Scalar):
            allowed = ["any", AS_OF] if fact.kind is Kind.DATE else ["any"]
            word = self._form.word(node, "meaning of completed well", allowed)
            return None if word is None else Completing(fact.name, on_as_of=word == AS_OF)
        if fact.kind is not Kind.SCALE and fact.values is None:
            self._form.report(
                node, Message(f"`{fact.name}` has no list of values to choose from", "write `any`")
            )
            return None
        assert fact.scale is not None or fact.values is not None
        mapping = self._form.mapping(node, "a test", [*OPERATORS])
        if mapping is None:
            return None
        well = fact.scale.values if fact.scale else fact.values or ()
        for key, operand in mapping.entries:
            operator = OPERATORS.get(key.text)
            if operator is None or operator.shape not in ("value", "values"):
                continue
            wanted = self._form.texts(operand, f"the operand of `{key.text}`")
            if any(value not in (fact.scale.values if fact.scale else well) for value in wanted):
                self._form.report(operand, messages.unknown_value(fact.name, wanted[0], well))
                continue
            right = wanted if operator.shape == "values" else wanted[0]
            well = tuple(
                value
                for value in well
                if operator.scalar(value, right, fact.scale) is Truth.MET
            )
        if not well:
            self._form.report(node, messages.never_met("this"))
        return Completing(fact.name, well=well)

    def interval(self, node: Node | None) -> Interval | None:
        known = ("from", "until")
        mapping = self._form.mapping(node, f"interval of {self._what}", known, known)
        if mapping is None:
            return None
        start = self.attribute(mapping.get("from"), Kind.DATE)
        end = self.attribute(mapping.get("until"), Kind.DATE)
        return Interval(start, end) if start and end else None


def _one_or_many(node: Node | None) -> tuple[Node, ...]:
    if node is None:
        return ()
    return (node,) if isinstance(node, Scalar) else tuple(getattr(node, "items", ()))


def _entries(form: Form, node: Node | None, what: str) -> tuple[tuple[Scalar, Node], ...]:
    mapping = form.mapping(node, what)
    return mapping.entries if mapping is not None else ()
