"""The JSON Schema of vocabularies: scales, facts, lists with their attributes."""

from __future__ import annotations

from collections.abc import Collection

from eligibility.conditions import AS_OF
from eligibility.jsonschemas.conditions import NAME_PATTERN, TEXT, name, unreserved
from eligibility.jsonschemas.parts import JsonSchema, array, closed, ref, words
from eligibility.model import Kind
from eligibility.reading.vocabulary import FACT_KEYS, LIST_KEYS, TYPES

__all__ = ["TEXTS", "declared", "scales", "texts"]


def texts(one: JsonSchema) -> JsonSchema:
    """Distinct texts, or one alone."""
    several = array(one, minItems=1, uniqueItems=True)
    return {"if": {"type": "array"}, "then": several, "else": one}


TEXTS = texts(TEXT)
"""Distinct texts, or one alone."""

# a value of a scale: what off-scale values may count as besides is none
_RANK: JsonSchema = {**TEXT, "not": {"enum": ["nothing", "unknown"]}}

_FLAG: JsonSchema = {"type": "boolean"}
_NUMBER: JsonSchema = {"type": "number"}
_NUMERIC = [kind.value for kind in Kind if kind.numeric]

_SAID: dict[str, JsonSchema] = {
    "title": {"description": "a noun phrase, fit to stand before `: not known`", **TEXT},
    "question": {"description": "what to ask when it is not known", **TEXT},
    "complete": {"description": "whether leaving it out means that there is none", **_FLAG},
}
_FACT: dict[str, JsonSchema] = {
    **_SAID,
    "phrase": {"description": "the words that introduce a comparison in a sentence", **TEXT},
    "many": {"description": "whether it is a list of texts", **_FLAG},
    "values": {"description": "the only values that there are", **TEXTS},
    "minimum": _NUMBER,
    "maximum": _NUMBER,
    "fixed": {"description": "whether nothing that the student does changes it", **_FLAG},
}
_LIST: dict[str, JsonSchema] = {
    **_SAID,
    "item": {"description": "the word for one item", **TEXT},
    "named_by": {"description": "the attributes that name an item, best first", **TEXTS},
    "state": closed(
        {
            "attribute": name("the attribute that says how far an item is"),
            "finished": TEXTS,
            "in_progress": TEXTS,
            "planned": TEXTS,
        },
        ("attribute", "finished"),
    ),
    "completing_supplies": {
        "description": "what completing an item supplies, and what completed well means",
        "type": "object",
        "minProperties": 1,
        "propertyNames": {"pattern": NAME_PATTERN},
        "additionalProperties": {
            "if": {"type": "object"},
            "then": ref("fixed.comparisons"),
            "else": words(("any", AS_OF)),
        },
    },
    "dated_by": name("the date on which an item happened"),
    "interval": closed(
        {"from": name("the first day"), "until": name("the last day")}, ("from", "until")
    ),
}


def scales() -> JsonSchema:
    """The section `scales`."""
    off_scale = closed(
        {
            "counts_as": {"description": "a value of the scale, `nothing` or `unknown`", **TEXT},
            "title": TEXT,
        },
        ["counts_as"],
    )
    scale = closed(
        {
            "title": TEXT,
            "order": {"description": "the values, lowest first", **texts(_RANK)},
            "off_scale": _map(off_scale),
            "points": _map(_NUMBER),
        },
        ["order"],
    )
    named = {"pattern": NAME_PATTERN, "not": {"enum": list(TYPES)}}
    return {"type": "object", "propertyNames": named, "additionalProperties": scale}


def _map(schema: JsonSchema) -> JsonSchema:
    return {"type": "object", "minProperties": 1, "additionalProperties": schema}


def declared(depth: int = 0) -> JsonSchema:
    """The section `facts`, or the `attributes` of a list so deep."""
    return {
        "type": "object",
        "propertyNames": unreserved()
        if depth == 0
        else unreserved(("id", "share", "title", "source")),
        "additionalProperties": {
            "if": {"properties": {"type": {"const": "list"}}, "required": ["type"]},
            "then": _list(depth) if depth < 2 else {"not": {}},
            "else": _fact(depth),
        },
    }


def _fact(depth: int) -> JsonSchema:
    known = [kind for kind in TYPES if depth < 2 or kind != "list"]
    named = {"type": "string", "anyOf": [{"enum": known}, {"pattern": NAME_PATTERN}]}
    table = {"type": {"description": "a type, or the name of a scale", **named}, **_FACT}
    return closed(
        {key: table[key] for key in _ordered(table, FACT_KEYS)},
        ("type", "title", "question"),
        allOf=[
            _only_for(["text"], ("values", "many")),
            _only_for(_NUMERIC, ("minimum", "maximum")),
        ],
    )


def _only_for(types: list[str], keys: tuple[str, ...]) -> JsonSchema:
    """Refuses the keys for any other type."""
    return {
        "if": {"properties": {"type": {"enum": types}}},
        "else": {"properties": {key: {"not": {}} for key in keys}},
    }


def _list(depth: int) -> JsonSchema:
    attributes = {**declared(depth + 1), "minProperties": 1}
    table = {"type": {"const": "list"}, **_LIST, "attributes": attributes}
    return closed(
        {
            # items of a list within a list have no state of their own
            key: {"not": {}} if depth and key in ("state", "completing_supplies") else table[key]
            for key in _ordered(table, LIST_KEYS)
        },
        ("type", "title", "question", "item", "attributes"),
        dependentRequired={"completing_supplies": ["state"]},
        **{"not": {"required": ["interval", "dated_by"]}},
    )


def _ordered(table: dict[str, JsonSchema], keys: Collection[str]) -> list[str]:
    """The keys that the reader knows; each must have a schema here, and no other may."""
    assert table.keys() == set(keys), table.keys() ^ set(keys)
    return list(table)
