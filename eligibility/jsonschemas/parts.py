"""What the schemas are put together from."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any

from eligibility.profile_json import DAY

__all__ = ["DIALECT", "JsonSchema", "array", "closed", "day", "number", "ref", "words"]

DIALECT = "https://json-schema.org/draft/2020-12/schema"

JsonSchema = dict[str, Any]
"""A JSON Schema, ready for `json.dumps`."""


def closed(
    properties: Mapping[str, JsonSchema], required: Iterable[str] = (), **more: Any
) -> JsonSchema:
    """An object with these keys and no others."""
    schema: JsonSchema = {"type": "object", "properties": dict(properties)}
    if names := list(required):
        schema["required"] = names
    return {**schema, **more, "additionalProperties": False}


def array(items: JsonSchema, **more: Any) -> JsonSchema:
    """A list."""
    return {"type": "array", "items": items, **more}


def ref(name: str) -> JsonSchema:
    """What `$defs` holds under a name."""
    return {"$ref": f"#/$defs/{name}"}


def words(values: Iterable[str]) -> JsonSchema:
    """One of the words."""
    return {"type": "string", "enum": list(values)}


def day(description: str) -> JsonSchema:
    """A day in full."""
    return {"type": "string", "format": "date", "pattern": DAY, "description": description}


def number(value: Decimal) -> int | float:
    """A bound as JSON has it."""
    return int(value) if value == int(value) else float(value)
