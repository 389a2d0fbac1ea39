"""PostgreSQL as the database that decides, in place: the students stay there."""

from __future__ import annotations

import contextlib
import itertools
import json
import uuid
from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from eligibility.columns.backends import Backend, Cells, NotInColumnsError, same
from eligibility.sources.columns import Family
from eligibility.sources.joining import tables_of
from eligibility.sources.plan import ListPlan, Plan
from eligibility.sources.postgres import Cells as Read
from eligibility.sources.postgres import PostgresTables, refused
from eligibility.sources.tables import TableSource

if TYPE_CHECKING:
    import pyarrow as pa
    from ibis.expr.types import Table
    from psycopg import Connection

__all__ = ["postgres"]

_LOADS: dict[Family, Callable[[str], Any]] = {
    Family.BOOLEAN: {"true": True, "false": False}.__getitem__,
    Family.INTEGER: int,
    Family.NUMBER: Decimal,
    Family.TEXT: same,
    Family.DATE: same,
    Family.KEY: same,
    Family.JSON: same,
    Family.LIST: json.loads,
}

_TYPES = {
    "int64": "bigint",
    "float64": "double precision",
    "string": 'text COLLATE "C"',
    "array<int64>": "bigint[]",
}


@contextlib.contextmanager
def postgres(source: TableSource) -> Iterator[Backend]:
    """The database with the tables of a source, as they are at one moment."""
    tables, plan = source.tables, source.plan
    assert isinstance(tables, PostgresTables)
    with tables.cells(plan) as (connection, read):
        found = {id(of): one for of, one in zip(tables_of(plan), read, strict=True)}
        yield _Postgres(connection, found)


class _Postgres:
    def __init__(self, connection: Connection[Any], read: dict[int, Read]) -> None:
        # Arrow takes all texts for UTF-8
        connection.execute("SET LOCAL client_encoding = 'UTF8'")
        self._connection = connection
        self._read = read
        self._prefix = f"eligibility_{uuid.uuid4().hex[:12]}"
        self._numbers = itertools.count()

    def cells(self, of: Plan | ListPlan) -> Cells:
        """A table of the source; all cells are texts that say exactly what they hold."""
        import ibis

        read = self._read[id(of)]
        for family in read.families:
            if family not in _LOADS:
                raise NotInColumnsError(f"a column holds {family.value}")
        name = self._new("VIEW", read.sql)
        kind = "int64" if read.numbered else "string"
        schema = {"key": kind, **{f"c{n}": "string" for n in range(len(read.families))}}
        return Cells(ibis.table(schema, name=name), [_LOADS[one] for one in read.families])

    def keep(self, table: Table) -> Table:
        """The same, worked out once, and held by the database."""
        import ibis

        name = self._new("TABLE", ibis.to_sql(table, dialect="postgres"))
        self._execute(f"ANALYZE {name}")
        return ibis.table(table.schema(), name=name)

    def put(self, rows: pa.Table) -> Table:
        """A table of the database with these rows."""
        import ibis

        schema = ibis.Schema.from_pyarrow(rows.schema)
        name = self._name()
        columns = ", ".join(f'"{one}" {_TYPES[str(kind)]}' for one, kind in schema.items())
        self._execute(f"CREATE TEMP TABLE {name} ({columns})")
        with (
            self._connection.cursor() as cursor,
            cursor.copy(_text(f"COPY {name} FROM STDIN")) as copy,
        ):
            for row in zip(*(column.to_pylist() for column in rows.columns), strict=True):
                copy.write_row(row)
        self._execute(f"ANALYZE {name}")
        return ibis.table(schema, name=name)

    def fetch(self, table: Table) -> pa.Table:
        """The rows of a table."""
        import ibis
        import pyarrow as pa
        from pyarrow import csv

        schema = table.schema().to_pyarrow()
        # bytes that Arrow reads: no cell becomes an object on the way
        text = f"COPY ({ibis.to_sql(table, dialect='postgres')}) TO STDOUT (FORMAT csv)"
        with self._connection.cursor() as cursor, cursor.copy(_text(text)) as copy:
            data = b"".join(copy)
        nested = [one for one in schema if pa.types.is_list(one.type)]
        plain = {one.name: pa.string() if one in nested else one.type for one in schema}
        if not data:
            return schema.empty_table()
        found = csv.read_csv(
            pa.BufferReader(data),
            csv.ReadOptions(use_threads=False, column_names=schema.names),
            csv.ParseOptions(newlines_in_values=True, ignore_empty_lines=False),
            csv.ConvertOptions(
                column_types=plain,
                null_values=[""],
                strings_can_be_null=True,
                quoted_strings_can_be_null=False,
            ),
        )
        for one in nested:
            lists = [
                None if cell is None else _whole_numbers(cell)
                for cell in found[one.name].to_pylist()
            ]
            found = found.set_column(
                schema.get_field_index(one.name), one, pa.array(lists, one.type)
            )
        return found

    def drop(self, table: Table) -> None:
        """Let go of what was kept."""
        self._execute(f"DROP TABLE {table.get_name()}")

    def _new(self, what: str, text: str) -> str:
        name = self._name()
        self._execute(f"CREATE TEMP {what} {name} AS {text}")
        return name

    def _name(self) -> str:
        return f"{self._prefix}_{next(self._numbers)}"

    def _execute(self, text: str) -> None:
        try:
            self._connection.execute(_text(text))
        except refused() as error:
            said = "tables for the time being cannot be made in this database"
            raise NotInColumnsError(said) from error


def _text(text: str) -> Any:
    """A text as SQL, nothing in it changed."""
    from eligibility.sources.postgres import as_written

    return as_written(str(text))


def _whole_numbers(cell: str) -> list[int]:
    """An array of whole numbers, as PostgreSQL writes it."""
    return [int(one) for one in cell.strip("{}").split(",") if one]
