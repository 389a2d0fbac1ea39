"""How PostgreSQL tells of its tables and types, and what these types are here."""

from __future__ import annotations

from eligibility.sources.columns import Column, Family

__all__ = ["NAMES", "TEXTS", "TYPES", "postgres_column"]

NAMES = """
    SELECT n.nspname, c.relname, pg_table_is_visible(c.oid)
    FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
    WHERE c.relkind IN ('r', 'v', 'm', 'f', 'p')
      AND n.nspname NOT IN ('pg_catalog', 'information_schema', 'pg_toast')
    ORDER BY 1, 2
"""
"""SQL that gives every table: its schema, its name, and whether it needs no schema."""

TYPES = """
    SELECT t.oid, format_type(t.oid, NULL), t.typname, t.typtype, e.typname
    FROM pg_type AS t LEFT JOIN pg_type AS e ON e.oid = t.typelem AND t.typcategory = 'A'
    WHERE t.oid = ANY(%s)
"""
"""SQL that gives types by their numbers, with what `postgres_column` is to know of each."""

TEXTS = ("text", "character varying")
"""Types as people write them whose values are compared with texts as they are."""

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
