"""DuckDB as the database that decides: Parquet, CSV, and files of its own."""

from __future__ import annotations

import contextlib
import itertools
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from eligibility.columns.backends import Backend, Cells, NotInColumnsError, same
from eligibility.sources.duck import DuckTables, told
from eligibility.sources.duck_types import cast_sql
from eligibility.sources.joining import columns_of, tables_of
from eligibility.sources.plan import ListPlan, Plan

if TYPE_CHECKING:
    import pyarrow as pa
    from duckdb import DuckDBPyConnection
    from ibis.expr.types import Table

__all__ = ["duck"]


@contextlib.contextmanager
def duck(tables: DuckTables, plan: Plan, threads: int | None) -> Iterator[Backend]:
    """DuckDB with the tables of a source, for as long as the block runs."""
    with tables.cells(plan) as (connection, texts):
        if threads is not None:
            connection.execute(f"SET threads = {threads:d}")
        # what is decided has no order until it is fetched
        connection.execute("SET preserve_insertion_order = false")
        names = {id(of): text for of, text in zip(tables_of(plan), texts, strict=True)}
        yield _Duck(tables.name, connection, names)


class _Duck:
    def __init__(self, name: str, connection: DuckDBPyConnection, texts: dict[int, str]) -> None:
        self._name = name
        self._connection = connection
        self._texts = texts
        self._numbers = itertools.count()

    def cells(self, of: Plan | ListPlan) -> Cells:
        """A table of the source."""
        import pyarrow as pa

        text = self._texts[id(of)]
        schema = self._arrow(f"SELECT * FROM ({text}) LIMIT 0").schema
        columns = columns_of(of)
        replaced = []
        for number, (_, casts) in enumerate(columns):
            kind = schema.field(f"c{number}").type
            if _holds(kind, lambda one: pa.types.is_decimal(one) and one.precision == _HUGE):
                raise NotInColumnsError(f"column `{columns[number][0]}` has numbers of 128 bits")
            if _holds(kind, _odd):
                replaced.append(f"{cast_sql(f'c{number}', casts)} AS c{number}")
        if replaced:
            text = f"SELECT * REPLACE ({', '.join(replaced)}) FROM ({text})"
        name = self._new("VIEW", text)
        table = self._table(name)
        own = "place" if "place" in table.columns else "key"
        return Cells(table, own, [same] * len(columns))

    def keep(self, table: Table) -> Table:
        """The same, worked out once, and held by the database."""
        import ibis

        name = self._new("TABLE", ibis.to_sql(table, dialect="duckdb"))
        return ibis.table(table.schema(), name=name)

    def put(self, rows: pa.Table) -> Table:
        """A table of the database with these rows."""
        with told(self._name):
            given = f"given_{next(self._numbers)}"
            self._connection.register(given, rows)
            name = self._new("TABLE", f"SELECT * FROM {given}")
            self._connection.unregister(given)
        return self._table(name)

    def fetch(self, table: Table) -> pa.Table:
        """The rows of a table."""
        import ibis

        return self._arrow(ibis.to_sql(table, dialect="duckdb"))

    def drop(self, table: Table) -> None:
        """Let go of what was kept."""
        self._connection.execute(f"DROP TABLE {table.get_name()}")

    def _arrow(self, text: str) -> pa.Table:
        with told(self._name):
            relation = self._connection.sql(text)
            return relation.to_arrow_table()

    def _new(self, what: str, text: str) -> str:
        name = f"made_{next(self._numbers)}"
        with told(self._name):
            self._connection.execute(f"CREATE TEMP {what} {name} AS {text}")
        return name

    def _table(self, name: str) -> Table:
        import ibis

        schema = self._arrow(f"SELECT * FROM {name} LIMIT 0").schema
        return ibis.table(ibis.Schema.from_pyarrow(schema), name=name)


_HUGE = 38
"""The digits of a decimal that a number of 128 bits is fetched as."""


def _odd(kind: pa.DataType) -> bool:
    """Whether a type is only read when it is cast: an enumeration, or a list of a fixed length."""
    import pyarrow as pa

    return bool(pa.types.is_dictionary(kind) or pa.types.is_fixed_size_list(kind))


def _holds(kind: pa.DataType, asked: Callable[[pa.DataType], bool]) -> bool:
    """Whether a type is of a sort, or holds values that are."""
    if asked(kind):
        return True
    return any(_holds(kind.field(n).type, asked) for n in range(kind.num_fields))
