"""Students that stand in tables: Parquet and CSV files, DuckDB and PostgreSQL."""

from __future__ import annotations

import glob
import hashlib
import os
import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from types import TracebackType
from typing import Self

from eligibility.errors import Message, UsageError
from eligibility.model import RulePack
from eligibility.sources.duck import DuckPart, DuckTables, check_size
from eligibility.sources.joining import Key
from eligibility.sources.mapping import read_mapping
from eligibility.sources.plan import Plan
from eligibility.sources.planning import make_plan
from eligibility.sources.postgres import PostgresPart, PostgresTables, is_url

__all__ = ["SIZE", "TableSource", "is_table", "open_tables"]

SIZE = 50_000
"""How many students are in a part."""

_NUMBER = re.compile("0|-?[1-9][0-9]{0,38}")
"""A whole number as it is written, which may be too large for the column of the id."""

_ENDINGS = (".parquet", ".csv", ".csv.gz", ".duckdb")


class TableSource:
    """Students out of tables, in parts. To be closed, or used in a `with` block."""

    # only reading tells how many students, and so how many parts, there are
    size: int | None = None
    again = True

    def __init__(self, tables: DuckTables | PostgresTables, plan: Plan, size: int) -> None:
        self.name = tables.name
        self.tables = tables
        self.plan = plan
        self._size = size

    def parts(self) -> Iterator[DuckPart | PostgresPart]:
        """The parts, in the order of the id; they can be read until the source is closed."""
        return self.tables.parts(self.plan, self._size)

    def only(self, part: DuckPart | PostgresPart, keys: Sequence[Key]) -> DuckPart | PostgresPart:
        """Some students of a part, by their ids, and the rows without an id."""
        some = (None, *keys)
        if isinstance(part, DuckPart):
            return replace(part, only=some)
        assert isinstance(self.tables, PostgresTables)
        return self.tables.only(part, some)

    def student(self, name: str) -> Iterator[DuckPart | PostgresPart]:
        """The student of this id, and all that is wrong with their rows; nobody else is read.

        There is no part where the id is none that could stand in these tables.
        """
        if self.plan.numbered:
            if _NUMBER.fullmatch(name):
                yield from self.tables.student(self.plan, int(name))
        elif _storable(name):
            yield from self.tables.student(self.plan, name)

    def count(self) -> int:
        """How many rows of students there are, or students where they have no table."""
        return self.tables.count(self.plan)

    def whole(self) -> DuckPart:
        """All students as one part, out of which others are quickly taken; not of PostgreSQL."""
        assert isinstance(self.tables, DuckTables)
        return self.tables.whole(self.plan, self._size)

    def fingerprint(self) -> str:
        """Another text when the files, the number of rows, or the mapping are others."""
        told = f"{self.tables.fingerprint(self.plan)}\n{self.plan!r}\n{self._size}"
        return f"sha256:{hashlib.sha256(told.encode('utf-8', 'surrogateescape')).hexdigest()}"

    def close(self) -> None:
        """Let go of connections and temporary files."""
        self.tables.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


def _storable(name: str) -> bool:
    """Whether a text is one for databases: not all that may stand on a command line is."""
    try:
        name.encode()
    except UnicodeEncodeError:
        return False
    return "\0" not in name


def is_table(place: str) -> bool:
    """Whether a source holds tables: by its address, its ending, or the files of a folder."""
    if is_url(place) or place.lower().endswith(_ENDINGS):
        return True
    if not os.path.isdir(place):
        return False
    if any(name.lower().endswith(_ENDINGS[:3]) for name in os.listdir(place)):
        return True
    pattern = os.path.join(glob.escape(place), "*", "*.parquet")
    return next(glob.iglob(pattern), None) is not None


def open_tables(
    place: str,
    rules: RulePack,
    *,
    mapping: str | None = None,
    table: str | None = None,
    query: str | None = None,
    memory_limit: str | None = None,
    size: int = SIZE,
) -> TableSource:
    """The students in these tables, by the vocabulary of a pack.

    `mapping` is a file that says what the columns are; `table` or `query` give the
    students of a database. Raises `ProblemsError` with every mistake of the mapping and
    the columns, `UsageError` when the source cannot be read or the question is wrong.
    """
    database = is_url(place) or place.lower().endswith(".duckdb")
    if table is not None and query is not None:
        raise UsageError(Message("`--table` and `--query` cannot stand together", "use one"))
    if (table is not None or query is not None) and not database:
        option = "--table" if table is not None else "--query"
        text = f"`{option}` is for databases, and `{place}` is none"
        raise UsageError(Message(text, "a mapping says which file is the table of the students"))
    if memory_limit is not None:
        check_size(memory_limit)
    tables: DuckTables | PostgresTables
    if is_url(place):
        if memory_limit is not None:
            text = "`--memory-limit` is for files, and PostgreSQL has limits of its own"
            raise UsageError(Message(text, "leave it out"))
        tables = PostgresTables(place, query)
    else:
        tables = DuckTables(place, query, memory_limit)
    try:
        plan = make_plan(read_mapping(mapping), rules, tables, table, query)
    except BaseException:
        tables.close()
        raise
    return TableSource(tables, plan, size)
