"""The JSON Schema of profiles: the vocabulary of a pack, as `eligibility.schemas` reads it.

Both accept the same values, with formats asserted; without that, days that the calendar
does not have pass (`2023-02-29`). What only the text of a file can show (a repeated key,
a number of more than 30 digits) is no schema's business.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from urllib.parse import quote

from eligibility.conditions import Condition, Decision, Group, Not, Test
from eligibility.jsonschemas.parts import DIALECT, JsonSchema, array, closed, number, ref
from eligibility.model import Declaration, Fact, Kind, ListFact, RulePack
from eligibility.profile_json import (
    COMMENT,
    DAY,
    ID,
    MAX_DIGITS,
    MAX_ID,
    MAX_ITEMS,
    MAX_TEXT,
    PARTIAL_DATE,
    TEXT,
)

__all__ = ["decisions", "item_schemas", "members", "profile_schema", "value_schemas"]

_TYPES = {
    Kind.BOOLEAN: "boolean",
    Kind.INTEGER: "integer",
    Kind.NUMBER: "number",
    Kind.TEXT: "string",
    Kind.DATE: "string",
    Kind.SCALE: "string",
}
_COMMENTS: JsonSchema = {f"^{COMMENT}": {"description": "a comment, which nothing reads"}}


def profile_schema(pack: RulePack) -> JsonSchema:
    """The JSON Schema of a profile of this pack."""
    vocabulary = pack.vocabulary
    return {
        "$schema": DIALECT,
        "$id": f"urn:eligibility:profile:{quote(pack.id)}:{quote(pack.version)}",
        "title": f"Profile for: {pack.title}",
        "description": (
            "What is known of one student. Leave out, or write null for, what is not known."
            f" Keys that begin with {COMMENT} are comments."
        ),
        **closed(
            {"id": _id(), **members(vocabulary.facts), "judgements": _judgements(pack)},
            ["id"],
            patternProperties=_COMMENTS,
        ),
        "$defs": {
            **dict(item_schemas(vocabulary.facts.values())),
            **value_schemas(),
        },
    }


def value_schemas() -> dict[str, JsonSchema]:
    """The entries of `$defs` that `members` refers to, besides the items of lists."""
    return {
        "text": {"pattern": TEXT, "maxLength": MAX_TEXT},
        "date": {
            "description": "a day (2024-05-31), or just its month (2024-05) or year (2024)",
            "anyOf": [{"pattern": DAY, "format": "date"}, {"pattern": PARTIAL_DATE}],
        },
    }


def members(declared: Mapping[str, Declaration], around: str = "") -> dict[str, JsonSchema]:
    """A property for each declaration; null says that it is not known."""
    return {name: _member(below, f"{around}{name}") for name, below in declared.items()}


def _member(declaration: Declaration, place: str) -> JsonSchema:
    if isinstance(declaration, ListFact):
        return _list(declaration, place)
    return _many(declaration) if declaration.many else _scalar(declaration)


def _said(declaration: Declaration) -> JsonSchema:
    return {"title": declaration.title, "description": declaration.question}


def _scalar(fact: Fact) -> JsonSchema:
    return {**_said(fact), "type": [_TYPES[fact.kind], "null"], **_limits(fact, null=True)}


def _many(fact: Fact) -> JsonSchema:
    one = {"type": "string", **_limits(fact, null=False)}
    return {**_said(fact), "type": ["array", "null"], "items": one, "maxItems": MAX_ITEMS}


def _limits(fact: Fact, *, null: bool) -> JsonSchema:
    """What a value must be besides its type."""
    declared = fact.scale.values if fact.scale else fact.values
    if declared is not None:
        return {"enum": [*declared, None] if null else [*declared]}
    if fact.kind is Kind.TEXT:
        return ref("text")
    if fact.kind is Kind.DATE:
        return ref("date")
    return _bounds(fact) if fact.kind.numeric else {}


def _bounds(fact: Fact) -> JsonSchema:
    most = 10**MAX_DIGITS
    return {
        **(
            {"exclusiveMinimum": -most}
            if fact.minimum is None
            else {"minimum": number(fact.minimum)}
        ),
        **(
            {"exclusiveMaximum": most}
            if fact.maximum is None
            else {"maximum": number(fact.maximum)}
        ),
    }


def _list(declaration: ListFact, place: str) -> JsonSchema:
    items = array(ref(place), maxItems=MAX_ITEMS)
    return {
        **_said(declaration),
        "type": ["array", "object", "null"],
        "items": items["items"],
        "maxItems": MAX_ITEMS,
        "properties": {
            "complete": {"type": "boolean", "description": "whether these are all there are"},
            "items": items,
        },
        "required": ["items"],
        "patternProperties": _COMMENTS,
        "additionalProperties": False,
    }


def item_schemas(
    declared: Iterable[Declaration], around: str = ""
) -> Iterator[tuple[str, JsonSchema]]:
    """An entry of `$defs` for the items of each list, nested ones by their whole path."""
    for declaration in declared:
        if isinstance(declaration, ListFact):
            place = f"{around}{declaration.name}"
            attributes = members(declaration.attributes, f"{place}.")
            item = closed(attributes, patternProperties=_COMMENTS)
            yield place, {"title": declaration.item, **item}
            yield from item_schemas(declaration.attributes.values(), f"{place}.")


def _id() -> JsonSchema:
    return {
        "title": "id",
        "description": "What verdicts call the student by: no name, if it can be avoided.",
        "type": "string",
        "maxLength": MAX_ID,
        "pattern": ID,
    }


def _judgements(pack: RulePack) -> JsonSchema:
    asked = decisions(pack)
    return {
        "title": "judgements",
        "description": "What people have decided; null or left out while it is open.",
        "type": ["object", "null"],
        "properties": {
            name: {
                "type": ["boolean", "null"],
                **(
                    {"description": f"{asked[name].question} Decided by {asked[name].decided_by}."}
                    if name in asked
                    else {}
                ),
            }
            for name in pack.judgements
        },
        "patternProperties": _COMMENTS,
        "additionalProperties": False,
    }


def decisions(pack: RulePack) -> dict[str, Decision]:
    """The judgements that the outcomes ask for, by name."""
    waiting: list[Condition] = []
    for outcome in pack.outcomes.values():
        waiting.extend(version.requires for version in outcome.versions or ())
        if outcome.requires is not None:
            waiting.append(outcome.requires)
    found: dict[str, Decision] = {}
    while waiting:
        condition = waiting.pop()
        if isinstance(condition, Group):
            waiting.extend(condition.children)
        elif isinstance(condition, Not):
            waiting.append(condition.child)
        elif isinstance(condition, Test) and isinstance(condition.leaf, Decision):
            found[condition.leaf.name] = condition.leaf
    return found
