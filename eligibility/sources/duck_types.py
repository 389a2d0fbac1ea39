"""How DuckDB writes names, values and types, and what its types are here."""

from __future__ import annotations

import glob
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from eligibility.sources.columns import Column, Family
from eligibility.sources.joining import Key
from eligibility.sources.plan import Plan

__all__ = ["cast_sql", "duck_column", "key_sql", "literal", "path_sql", "quoted"]


def quoted(name: str) -> str:
    """A name in quotation marks."""
    return '"' + name.replace('"', '""') + '"'


def literal(value: Key) -> str:
    """An id as it is written."""
    return str(value) if isinstance(value, int) else "'" + str(value).replace("'", "''") + "'"


def path_sql(file: str) -> str:
    """A file as it is called, for DuckDB takes `*` and `[` for a pattern."""
    return literal(glob.escape(file))


def cast_sql(sql: str, casts: Sequence[str]) -> str:
    """A value cast to some types, one after the other."""
    for kind in casts:
        sql = f"CAST({sql} AS {kind})"
    return sql


def key_sql(plan: Plan, column: Column) -> str:
    """The id as it is compared: a number where all are, else a text."""
    name = quoted(column.name)
    return name if plan.numbered else f'CAST({name} AS TEXT) COLLATE "binary"'


# -- types ----------------------------------------------------------------------------

_FAMILIES = {
    "boolean": Family.BOOLEAN,
    **dict.fromkeys(("tinyint", "smallint", "integer", "bigint", "hugeint"), Family.INTEGER),
    **dict.fromkeys(("utinyint", "usmallint", "uinteger", "ubigint", "uhugeint"), Family.INTEGER),
    **dict.fromkeys(("decimal", "float", "double"), Family.NUMBER),
    **dict.fromkeys(("varchar", "enum"), Family.TEXT),
    "date": Family.DATE,
    "uuid": Family.KEY,
    "struct": Family.STRUCT,
    **dict.fromkeys(("list", "array"), Family.LIST),
}


_AS_TEXT = dict.fromkeys(("date", "enum", "uuid"), "VARCHAR")


def duck_column(name: str, of: Any) -> Column:
    """A column by its type in DuckDB.

    A FLOAT is cast to the DOUBLE that is written the same, for 0.1 is to be 0.1. A DATE
    is cast to text, for DuckDB has days that Python has not.
    """
    column = _typed(name, of)
    if not any(_holds(of, kind) for kind in (*_AS_TEXT, "float", "array")):
        return column
    casts = [_wire(of, {**_AS_TEXT, "float": "VARCHAR"})]
    if _holds(of, "float"):
        casts.append(_wire(of, {**_AS_TEXT, "float": "DOUBLE"}))
    return replace(column, casts=tuple(casts))


def _typed(name: str, of: Any) -> Column:
    if str(of) == "JSON":
        return Column(name, Family.JSON, "JSON")
    family = _FAMILIES.get(of.id, Family.OTHER)
    if family is Family.LIST:
        return Column(name, family, str(of), element=_typed(name, of.children[0][1]))
    if family is Family.STRUCT:
        members = tuple(_typed(word, below) for word, below in of.children)
        return Column(name, family, str(of), members=members)
    return Column(name, family, str(of))


def _holds(of: Any, kind: str) -> bool:
    """Whether a type is of a kind, or holds values that are."""
    if of.id == kind:
        return True
    if of.id in ("list", "array"):
        return _holds(of.children[0][1], kind)
    return of.id == "struct" and any(_holds(below, kind) for _, below in of.children)


def _wire(of: Any, others: dict[str, str]) -> str:
    """The type to cast to, so that what Python gets is exact."""
    if str(of) == "JSON":
        return "JSON"
    if of.id in ("list", "array"):
        return f"{_wire(of.children[0][1], others)}[]"
    if of.id == "struct":
        inner = ", ".join(f"{quoted(word)} {_wire(below, others)}" for word, below in of.children)
        return f"STRUCT({inner})"
    return others.get(of.id, str(of))
