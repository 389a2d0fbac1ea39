"""What the types of PostgreSQL are here."""

from __future__ import annotations

from eligibility.sources.columns import Column, Family

__all__ = ["postgres_column"]

_FAMILIES = {
    "bool": Family.BOOLEAN,
    **dict.fromkeys(("int2", "int4", "int8"), Family.INTEGER),
    **dict.fromkeys(("numeric", "float4", "float8"), Family.NUMBER),
    **dict.fromkeys(("text", "varchar", "bpchar", "name", "citext"), Family.TEXT),
    "date": Family.DATE,
    "uuid": Family.KEY,
    **dict.fromkeys(("json", "jsonb"), Family.JSON),
}


def postgres_column(name: str, shown: str, word: str, sort: str, element: str | None) -> Column:
    """A column by its type: as people write it, its name, its sort, and that of its items."""
    if element is not None:
        held = Column("", _FAMILIES.get(element, Family.OTHER), element)
        casts = () if element == "text" else ("text[]",)
        return Column(name, Family.LIST, shown, element=held, casts=casts)
    family = Family.TEXT if sort == "e" else _FAMILIES.get(word, Family.OTHER)
    # texts of a fixed length are filled up with blanks, which the cast takes off
    casts = ("text",) if word in ("bpchar", "uuid") else ()
    return Column(name, family, shown, casts=casts)
