"""From a value as a table holds it to one as a JSON profile would.

Nothing is refused here: what cannot be what it must stays as it is, and the strict
reader of profiles says what is wrong with it, and where.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal

from eligibility.errors import ProfileError
from eligibility.model import Kind
from eligibility.profile_json import parse_json
from eligibility.sources.plan import Field, Shape
from eligibility.values import decimal_text

__all__ = ["Convert", "converter", "members", "partial"]

Convert = Callable[[object], object]

_KEPT = frozenset({str, int, bool, type(None)})
_NUMBER = re.compile(r"-?[0-9]{1,30}(\.[0-9]{1,30})?")
_DIGITS = 30


def converter(shape: Shape) -> Convert:
    """The function that makes values of such a column."""
    if shape.members is not None:
        items = _renamed(shape.members) if shape.json else _items(shape.members)
        return _partial(items) if shape.partial else items
    if shape.json:
        return _json
    convert = _READ.get(shape.read, _plain)
    if shape.split is not None:
        convert = _split(shape.split)
    return convert if shape.values is None else _replaced(shape.values, convert)


def members(fields: Sequence[Field]) -> tuple[tuple[str, Convert], ...]:
    """The names of fields and what makes their values, in the order of the columns."""
    return tuple((field.name, converter(field.shape)) for field in fields)


def _plain(value: object) -> object:
    """A value with a type of its own."""
    if type(value) in _KEPT:  # as most are, and there are many
        return value
    match value:
        case float():
            # the shortest text that stands for it, without an exponent where it has one
            exact = Decimal(repr(value))
            return Decimal(f"{exact:f}") if exact.is_finite() else exact
        case Decimal() if value.is_finite() and value != 0 and value.adjusted() < _DIGITS:
            return Decimal(f"{value:f}")
        case list():
            return [_plain(one) for one in value]
        case _:
            return value


def _number(value: object) -> object:
    """A number of a file without types: plain digits, and no more of them than allowed."""
    if not isinstance(value, str) or not _NUMBER.fullmatch(value):
        return value
    if len(value.lstrip("-").replace(".", "")) > _DIGITS:
        return value
    return Decimal(value) if "." in value else int(value)


def _boolean(value: object) -> object:
    """`true` or `false`, in small letters."""
    return {"true": True, "false": False}.get(value, value) if isinstance(value, str) else value


_READ: dict[Kind | None, Convert] = {
    Kind.BOOLEAN: _boolean,
    Kind.INTEGER: _number,
    Kind.NUMBER: _number,
}


def _split(at: str) -> Convert:
    """One text for several: those between the cuts, blanks around them left out."""

    def convert(value: object) -> object:
        if not isinstance(value, str):
            return _plain(value)
        return [part for one in value.split(at) if (part := one.strip())]

    return convert


def _replaced(values: Mapping[str | None, object], convert: Convert) -> Convert:
    def replace(value: object) -> object:
        key = _key(value)
        return values[key] if key in values else convert(value)

    return replace


def _key(value: object) -> str | None:
    match value:
        case None | str():
            return value
        case bool():
            return "true" if value else "false"
        case float():
            return decimal_text(Decimal(repr(value)))
        case Decimal():
            return decimal_text(value)
        case _:
            return str(value)


def _items(fields: tuple[Field, ...]) -> Convert:
    """A list of structs: of each the fields that are mapped, by their names here."""
    parts = tuple((field.column, field.name, converter(field.shape)) for field in fields)

    def convert(value: object) -> object:
        if not isinstance(value, list):
            return value
        return [
            {name: make(one.get(column)) for column, name, make in parts}
            if isinstance(one, dict)
            else one
            for one in value
        ]

    return convert


def partial(items: list[object]) -> dict[str, object]:
    """A list that may lack items, as a profile states it."""
    return {"complete": False, "items": items}


def _partial(convert: Convert) -> Convert:
    """What makes a list, whose items are not all there are."""

    def taken(value: object) -> object:
        items = convert(value)
        return partial(items) if isinstance(items, list) else items

    return taken


def _json(value: object) -> object:
    """The value of a JSON text, read as strictly as a profile."""
    if not isinstance(value, str):
        return value
    try:
        return parse_json(value, "")
    except ProfileError:
        return value


def _renamed(fields: tuple[Field, ...]) -> Convert:
    """A list of JSON objects: keys renamed, or left out where they have no name here."""
    names = {field.column: field.name for field in fields}
    changed = frozenset({*names, ""})

    def convert(text: object) -> object:
        value = _json(text)
        if not isinstance(value, list):
            return value
        return [
            {names.get(key, key): below for key, below in one.items() if names.get(key, key)}
            if isinstance(one, dict) and not changed.isdisjoint(one)
            else one
            for one in value
        ]

    return convert
