"""Tables that DuckDB reads: Parquet files, CSV files, and databases of its own.

Everything is read in the order of the student's id, sorted by DuckDB, which goes to
temporary files where that takes more memory than it may have.
"""

from __future__ import annotations

import contextlib
import glob
import hashlib
import os
import re
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from eligibility.errors import Message, Problem, ProfileError, UsageError
from eligibility.inputs import Found
from eligibility.loading import shown
from eligibility.sources.columns import Column, Family, Table
from eligibility.sources.csv_files import broken_lines, csv_sql, first_line, refused_lines
from eligibility.sources.duck_types import (
    cast_sql,
    duck_column,
    key_sql,
    literal,
    path_sql,
    quoted,
)
from eligibility.sources.files import Stamp, stamp, unchanged
from eligibility.sources.joining import Key, Row, columns_of, joined, tables_of
from eligibility.sources.plan import ListPlan, Plan

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

__all__ = ["DuckPart", "DuckTables", "check_size", "told"]

_BATCH = 2_000
"""How many rows are taken out of DuckDB at once."""

_LOOKED_AT = 200_000
"""How many rows are looked at to see whether they are in the order of the ids."""

_SIZE = re.compile(r"[0-9]+(\.[0-9]+)? ?[KMGT]i?B", re.IGNORECASE)
_CSV = (".csv", ".csv.gz")
_PARQUET = (".parquet",)
_USUAL = "students"


def check_size(text: str) -> None:
    """Raise `UsageError` unless a text is an amount of memory, such as `2GB`."""
    if not _SIZE.fullmatch(text.strip()):
        raise UsageError(Message(f"`{text}` is not an amount of memory", "e.g. `2GB` or `500MB`"))


@dataclass(frozen=True, slots=True)
class _Relation:
    """A table as SQL, and the columns that say where a row of it stands, if any do."""

    sql: str
    place: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Opening:
    """All it takes to read the tables, in any process.

    `database` is a file of DuckDB's, or nothing. `temporary` is the folder for what does
    not fit into memory. `written` are the files that are read, with their stamps from before,
    and `broken` the lines of the students' CSV file that cannot be read, each a row without an id.
    """

    name: str
    database: str | None
    relations: dict[str | None, _Relation]
    chosen: bool
    temporary: str
    memory_limit: str | None
    written: tuple[tuple[str, Stamp | None], ...] = ()
    broken: tuple[Problem, ...] = ()

    def unchanged(self) -> None:
        """Raise `UsageError` where a file is another than before anything was read."""
        for file, before in self.written:
            unchanged(file, before)

    @contextlib.contextmanager
    def connection(self) -> Iterator[DuckDBPyConnection]:
        """A connection that can write nothing but temporary files of its own."""
        duckdb = _duckdb()
        own = tempfile.mkdtemp(dir=self.temporary)
        try:
            with told(self.name):
                connection = duckdb.connect(
                    self.database or ":memory:", read_only=self.database is not None
                )
            try:
                with told(self.name):
                    _settle(connection, own, self.memory_limit)
                    yield connection
            finally:
                connection.close()
        finally:
            shutil.rmtree(own, ignore_errors=True)


def _settle(connection: DuckDBPyConnection, temporary: str, memory_limit: str | None) -> None:
    """What holds for every connection: nothing is fetched, and memory has its bound."""
    connection.execute("SET autoinstall_known_extensions = false")
    connection.execute("SET autoload_known_extensions = false")
    connection.execute(f"SET temp_directory = {literal(temporary)}")
    if memory_limit is not None:
        connection.execute(f"SET memory_limit = {literal(memory_limit.strip())}")


class DuckTables:
    """The tables of a file or a folder: what there is, and how it is read.

    `closed` says that it is a folder, whose files are all meant to be read. To be closed,
    for it keeps temporary files.
    """

    def __init__(
        self, path: str, query: str | None = None, memory_limit: str | None = None
    ) -> None:
        """`query` is the SQL that gives the students, in a database.

        Raises `UsageError` where there is nothing that can be read.
        """
        _duckdb()
        self.path = path
        self.name = shown(Path(path))
        self.closed = False
        self._files: dict[str, list[str]] = {}
        self._tables: dict[str | None, Table] = {}
        self._query = query
        self._csv = False
        self._alone = False
        temporary = tempfile.mkdtemp(prefix="eligibility-")
        self._opening = _Opening(self.name, None, {}, query is not None, temporary, memory_limit)
        try:
            if path.lower().endswith(".duckdb"):
                self._database()
            else:
                self._find()
            files = [one for files in self._files.values() for one in files] or [path]
            written = tuple((one, stamp(one)) for one in files)
            self._opening = replace(self._opening, written=written)
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """Remove the temporary files."""
        shutil.rmtree(self._opening.temporary, ignore_errors=True)

    # -- what there is ----------------------------------------------------------------

    def _database(self) -> None:
        if not os.path.isfile(self.path):
            raise UsageError(Message(f"no such file: `{self.path}`"))
        self._opening = replace(self._opening, database=self.path)
        relations: dict[str | None, _Relation] = {}
        with self._opening.connection() as connection:
            rows = connection.execute(
                "SELECT table_schema, table_name, table_type FROM information_schema.tables"
                " WHERE table_catalog = current_database() ORDER BY ALL"
            ).fetchall()
            for schema, table, kind in rows:
                name = table if schema == "main" else f"{schema}.{table}"
                place = ("rowid",) if kind == "BASE TABLE" else ()
                relations[name] = _Relation(f"{quoted(schema)}.{quoted(table)}", place)
            if self._query is not None:
                relations[None] = _Relation(f"({self._query.strip().rstrip(';')}\n)")
        self._opening = replace(self._opening, relations=relations)

    def _find(self) -> None:
        """The files of a folder, of a pattern, or a file alone."""
        if os.path.isdir(self.path):
            self._folder()
            return
        files = [self.path] if os.path.isfile(self.path) else sorted(glob.glob(self.path))
        if not files:
            hint = "mount what it is on: a file is read by its path" if "://" in self.path else None
            raise UsageError(Message(f"no such file: `{self.path}`", hint))
        self._csv = all(one.lower().endswith(_CSV) for one in files)
        if self._csv and len(files) > 1:
            text = f"several CSV files in `{self.path}`"
            raise UsageError(Message(text, "name the folder: each of them is a table"))
        self._alone = True
        self._files[_USUAL] = files

    def _folder(self) -> None:
        names = sorted(os.listdir(self.path))
        csvs = [name for name in names if name.lower().endswith(_CSV)]
        parquets = [name for name in names if name.lower().endswith(_PARQUET)]
        if csvs and parquets:
            text = f"`{self.path}` holds CSV files and Parquet files"
            raise UsageError(Message(text, "keep them in folders of their own"))
        self._csv = bool(csvs)
        self.closed = True
        for name in csvs or parquets:
            stem = _stem(name)
            if stem in self._files:
                raise UsageError(Message(f"`{self.path}` holds the table `{stem}` twice"))
            self._files[stem] = [os.path.join(self.path, name)]
        for name in names if not csvs else ():
            below = sorted(glob.glob(os.path.join(glob.escape(self.path), name, "*.parquet")))
            if below:
                self._files[name] = below

    @property
    def tables(self) -> Sequence[str]:
        """The names of the tables: of a folder its files without their endings."""
        if self._alone:
            return ()
        return [*self._files, *(name for name in self._opening.relations if name is not None)]

    def table(self, name: str) -> Table | None:
        """The table of this name, or None."""
        if name not in self.tables:
            return None
        return self._table(name)

    def students(self, name: str | None) -> Table | None:
        """The students: the file alone, the query, or the table of this name."""
        if self._query is not None:
            return self._table(None)
        if self._alone or (name is None and self._parts_of_one()):
            return self._table(_USUAL)
        return self.table(name or _USUAL)

    def _parts_of_one(self) -> bool:
        """Whether a folder of Parquet files is one table in several files."""
        if self._csv or not self._files or _USUAL in self._files:
            return False
        self._files = {_USUAL: [one for files in self._files.values() for one in files]}
        self._alone, self.closed = True, False
        return True

    def _table(self, name: str | None) -> Table:
        if name not in self._tables:
            self._tables[name] = self._header(name) if self._csv else self._described(name)
        return self._tables[name]

    def _described(self, name: str | None) -> Table:
        if name in self._files:
            # filled in where it is first asked for, so that files nobody reads are not opened
            relation = _Relation(
                f"read_parquet([{', '.join(map(path_sql, self._files[name]))}])",
                ("file_index", "file_row_number"),
            )
            self._opening.relations[name] = relation
        with self._opening.connection() as connection:
            sql = f"SELECT * FROM {self._opening.relations[name].sql} AS t LIMIT 0"
            if len(connection.extract_statements(sql)) > 1:
                raise UsageError(Message("`--query` is to be one statement", "leave out the `;`"))
            described = connection.execute(sql).description
        columns = tuple(duck_column(word, of) for word, of, *_ in described or ())
        if name is None:
            return Table("query", columns, f"{self.name}: query")
        if name in self._files:
            shown_name = self._shown(name)
            return Table(shown_name, columns, shown_name)
        return Table(name, columns, f"{self.name}: {name}")

    def _shown(self, name: str) -> str:
        files = self._files[name]
        return shown(Path(files[0])) if len(files) == 1 else self.name

    def _header(self, name: str | None) -> Table:
        """The columns of a CSV file, by its first line."""
        assert name is not None
        file = self._shown(name)
        words = first_line(self._files[name][0], file)
        columns = tuple(Column(one, Family.TEXT, "VARCHAR") for one in words)
        return Table(file, columns, file, typed=False)

    # -- how it is read ---------------------------------------------------------------

    def fingerprint(self, plan: Plan) -> str:
        """The names, sizes and times of the files that are read."""
        names = dict.fromkeys([self._students(plan), *(one.table for one in plan.all_lists)])
        files = [one for name in names for one in self._files.get(name or "", ())]
        told = []
        for one in files or [self.path]:
            about = os.stat(one)
            told.append(f"{one}\0{about.st_size}\0{about.st_mtime_ns}")
        told.append(self._query or "")
        return hashlib.sha256("\n".join(told).encode("utf-8", "surrogateescape")).hexdigest()

    def parts(self, plan: Plan, size: int) -> Iterator[DuckPart]:
        """The students in parts of about so many, in the order of the id."""
        opening, students = self._ready(plan)
        key = key_sql(plan, plan.id)
        each = "DISTINCT " if plan.distinct else ""
        with opening.connection() as connection:
            cuts = connection.execute(
                "SELECT key FROM (SELECT key, row_number() OVER (ORDER BY key) AS n"
                f" FROM (SELECT {each}{key} AS key FROM {opening.relations[students].sql} AS t)"
                f" WHERE key IS NOT NULL) WHERE n % {size} = 0 ORDER BY key"
            ).fetchall()
        bounds: list[Key] = [None]
        for (cut,) in cuts:
            # a zero cannot stand in a literal
            if cut != bounds[-1] and "\0" not in str(cut):
                bounds.append(cut)
        for number, (after, until) in enumerate(zip(bounds, [*bounds[1:], None], strict=True)):
            yield DuckPart(f"{self.name}#{number}", opening, plan, students, after, until)
            opening = replace(opening, broken=())

    def whole(self, plan: Plan, size: int) -> DuckPart:
        """All students as one part, out of which ranges of so many are quickly taken.

        Parquet files whose rows are in no order are copied to a temporary file for that.
        """
        opening, students = self._ready(plan)
        if opening.database is None and self._in_disorder(opening, plan, size):
            opening = self._named(self._staged(plan, None), plan)
        return DuckPart(self.name, opening, plan, students, None, None)

    def _in_disorder(self, opening: _Opening, plan: Plan, size: int) -> bool:
        """Whether there are more students than so many, and the first rows are in no order."""
        part = DuckPart(self.name, opening, plan, self._students(plan), None, None)
        with opening.connection() as connection:
            for of in tables_of(plan):
                [found] = connection.execute(
                    "SELECT count(*), count(*) FILTER (key < before)"
                    " FROM (SELECT key, lag(key) OVER () AS before"
                    f" FROM (SELECT key FROM ({part.cells(of)}) LIMIT {_LOOKED_AT}))"
                ).fetchall()
                count, fallen = found
                if of is plan and count <= size:
                    return False
                if fallen > count // 100:
                    return True
        return False

    def student(self, plan: Plan, key: Key) -> Iterator[DuckPart]:
        """The student of this id alone; of CSV files no other rows are copied."""
        opening, students = self._ready(plan, key)
        yield DuckPart(f"{self.name}#{key}", opening, plan, students, None, None, (key,))

    def count(self, plan: Plan) -> int:
        """How many rows the students' table has, or how many students there are without one."""
        name = self._students(plan)
        each = f"DISTINCT {key_sql(plan, plan.id)}" if plan.distinct else "*"
        with self._opening.connection() as connection:
            [[count]] = connection.execute(
                f"SELECT count({each}) FROM {self._rows(name)} AS t"
            ).fetchall()
        return int(count)

    def files(self, plan: Plan | ListPlan) -> list[str]:
        """The files of a table; none of one in a database."""
        name = self._students(plan) if isinstance(plan, Plan) else plan.table
        return self._files.get(_USUAL if self._alone else name or _USUAL, [])

    def _ready(self, plan: Plan, only: Key = None) -> tuple[_Opening, str | None]:
        """All it takes to read what is planned, and the name of the students' table.

        Of CSV files, the rows of `only` one student where one is named.
        """
        students = self._students(plan)
        opening = self._opening
        if self._csv and opening.database is None:
            opening = self._staged(plan, only)
            if only is None:
                self._opening = opening
        return self._named(opening, plan), students

    def _named(self, opening: _Opening, plan: Plan) -> _Opening:
        """The same with a table that stands alone by whatever name a list calls it."""
        opening = replace(opening, relations=dict(opening.relations))
        if self._alone:
            opening.relations.update((one.table, opening.relations[_USUAL]) for one in plan.lists)
        return opening

    def _rows(self, name: str | None) -> str:
        """The SQL of the rows of a table of files."""
        if self._csv:
            return csv_sql(self._files[name or _USUAL][0], self._table(name).columns)
        return self._opening.relations[name].sql

    def _students(self, plan: Plan) -> str | None:
        """The name of the students' table; None where it is a query."""
        if self._query is not None:
            return None
        return _USUAL if self._alone or plan.table is None else plan.table

    def _staged(self, plan: Plan, only: Key) -> _Opening:
        """Files are read once, into a database of temporary files, sorted by the id."""
        duckdb = _duckdb()
        broken: list[Problem] = []
        folder = tempfile.mkdtemp(dir=self._opening.temporary)
        path = os.path.join(folder, "tables.duckdb")
        relations: dict[str | None, _Relation] = {}
        with contextlib.closing(duckdb.connect(path)) as connection:
            _settle(connection, os.path.join(folder, "sort"), self._opening.memory_limit)
            # one table may be read for several lists, or for the students and a list
            wanted: dict[str, list[Plan | ListPlan]] = {self._students(plan) or _USUAL: [plan]}
            for below in plan.all_lists:
                wanted.setdefault(_USUAL if self._alone else below.table, []).append(below)
            for number, (name, readers) in enumerate(wanted.items()):
                columns = self._table(name).columns
                place = "place"
                while place in (column.name.casefold() for column in columns):
                    place += "_"
                ids = dict.fromkeys(quoted(one.id.name) for one in readers)
                needed = dict(ids)
                for one in readers:
                    needed |= dict.fromkeys(quoted(column) for column, _ in columns_of(one))
                    if isinstance(one, ListPlan):
                        needed |= dict.fromkeys(map(quoted, one.order))
                some = " OR ".join(f"{one} = {literal(only)}" for one in ids) if only else "true"
                lines, refused = [], []
                file = self._files[name][0] if self._csv else None
                rows = self._rows(name) if file is None else csv_sql(file, columns, number)
                with told(self._shown(name)):
                    connection.execute(
                        f"CREATE TABLE t{number} AS SELECT * FROM"
                        f" (SELECT {', '.join(needed)}, row_number() OVER () AS {quoted(place)}"
                        f" FROM {rows}) WHERE {some}"
                        f" ORDER BY {key_sql(plan, readers[0].id)} NULLS FIRST, {quoted(place)}"
                    )
                    if file is not None:
                        lines = broken_lines(connection, file, columns, number)
                        students = readers == [plan] and not plan.distinct
                        refused = refused_lines(lines, self._shown(name), students=students)
                    if refused and only is None:
                        more = f"SELECT -i AS {quoted(place)} FROM range({len(refused)}) AS t(i)"
                        connection.execute(f"INSERT INTO t{number} BY NAME {more}")
                for line, problem in zip(lines, refused, strict=True):
                    if only is None or str(only) in line.text:
                        broken.append(problem)
                relations[name] = _Relation(f"t{number}", (place,))
        self._opening.unchanged()
        # the files are not read any more
        return replace(
            self._opening, database=path, relations=relations, written=(), broken=(*broken,)
        )


@dataclass(frozen=True, slots=True)
class DuckPart:
    """The students whose id is after one id, until another; None for no bound.

    Of these `only` some, where they are named; None among them are the rows without an id.
    """

    name: str
    opening: _Opening
    plan: Plan
    students: str | None
    after: Key
    until: Key
    only: tuple[Key, ...] | None = None
    size = 1

    def places(self) -> Iterator[Found]:
        """Its students in the order of the id. Raises `UsageError` when they can't be read."""
        with self.opening.connection() as connection:

            def rows(of: Plan | ListPlan) -> Iterator[Row]:
                cursor = connection.cursor()
                cursor.execute(self._sql(of))
                # parts of the result, as they come
                while found := cursor.fetchmany(_BATCH):
                    yield from found

            broken = self.opening.broken
            yield from (Found(one.file, None, ProfileError([one])) for one in broken)
            yield from joined(self.plan, self.opening.name, rows, len(broken))
        self.opening.unchanged()

    def cells(self, of: Plan | ListPlan) -> str:
        """The SQL of the rows of a table, in no order.

        Their columns are `key`, the student's id as it is compared, and `c0`, `c1` and so on,
        those of `columns_of`, without their casts.
        """
        columns = [f"{quoted(name)} AS c{n}" for n, (name, _) in enumerate(columns_of(of))]
        key = key_sql(self.plan, of.id)
        key = f"CAST({key} AS BIGINT)" if self.plan.numbered else key
        return self._select(of, [f"{key} AS key", *columns])

    def _relation(self, of: Plan | ListPlan) -> _Relation:
        return self.opening.relations[self.students if isinstance(of, Plan) else of.table]

    def _sql(self, of: Plan | ListPlan) -> str:
        relation = self._relation(of)
        columns = [cast_sql(quoted(name), casts) for name, casts in columns_of(of)]
        order = [f"{key_sql(self.plan, of.id)} NULLS FIRST"]
        if isinstance(of, ListPlan):
            order += [f"{quoted(name)} NULLS FIRST" for name in of.order]
        named = dict.fromkeys(name for name, _ in columns_of(of))
        if not (isinstance(of, Plan) and of.distinct):  # rows that are one have no place
            order += map(quoted, relation.place or named)
        key = key_sql(self.plan, of.id)
        return f"{self._select(of, [f'{key} AS key', *columns])} ORDER BY {', '.join(order)}"

    def _select(self, of: Plan | ListPlan, columns: Sequence[str]) -> str:
        """Columns of the rows that are asked for."""
        key = key_sql(self.plan, of.id)
        conditions = []
        if self.after is not None:
            conditions.append(f"{key} > {literal(self.after)}")
        if self.until is not None:
            null = f" OR {key} IS NULL" if self.after is None else ""
            conditions.append(f"({key} <= {literal(self.until)}{null})")
        if self.only is not None:
            some = [self._given(of, one) for one in self.only if one is not None]
            either = [f"{key} IS NULL"] if None in self.only else []
            either += [f"{key} IN ({', '.join(some)})"] if some else []
            conditions.append(f"({' OR '.join(either)})")
        if isinstance(of, Plan) and of.distinct:
            conditions.append(f"{key} IS NOT NULL")
        if self.opening.chosen and isinstance(of, ListPlan):
            # the rows of students who were not chosen are nobody's mistake
            asked = self.opening.relations[None].sql
            conditions.append(f"{key} IN (SELECT {key_sql(self.plan, self.plan.id)} FROM {asked})")
        each = "DISTINCT " if isinstance(of, Plan) and of.distinct else ""
        where = f" WHERE {' AND '.join(conditions)}" if conditions else ""
        return f"SELECT {each}{', '.join(columns)} FROM {self._relation(of).sql} AS t{where}"

    def _given(self, of: Plan | ListPlan, key: Key) -> str:
        """An id as it is compared; nothing where the column is too small for the number."""
        return f"TRY_CAST('{key}' AS {of.id.type})" if self.plan.numbered else literal(key)


# -- files ----------------------------------------------------------------------------


def _stem(name: str) -> str:
    ending = next(end for end in (*_CSV[::-1], *_PARQUET) if name.lower().endswith(end))
    return name[: -len(ending)]


# -- DuckDB ---------------------------------------------------------------------------


def _duckdb() -> Any:
    try:
        import duckdb
    except ImportError:
        hint = "`pip install 'eligibility[duckdb]'` brings it"
        text = "Parquet, CSV and DuckDB files are read by DuckDB, which is not here"
        raise UsageError(Message(text, hint)) from None
    return duckdb


@contextlib.contextmanager
def told(name: str) -> Iterator[None]:
    """Errors of DuckDB as those of the user, without what stands in the data."""
    duckdb = _duckdb()
    try:
        yield
    except duckdb.InterruptException:
        raise KeyboardInterrupt from None
    except duckdb.Error as error:
        raise UsageError(_message(name, error)) from None


_VALUES = "Conversion", "InvalidInput", "OutOfRange", "InvalidType", "TypeMismatch", "Constraint"


def _message(name: str, error: Exception) -> Message:
    text, kind = str(error), type(error).__name__
    if "CSV Parser state machine" in text:
        hint = "do all lines end in the same way, and quoted cells in a quotation mark?"
        return Message(f"`{name}` cannot be read: it is not CSV", hint)
    if kind.startswith("OutOfMemory"):
        return Message(
            f"`{name}` takes more memory than there is", "give it more: `--memory-limit`"
        )
    if kind.startswith(_VALUES):
        return Message(f"`{name}` cannot be read: it holds a value that cannot be taken as asked")
    said = text.splitlines()[0].partition("Error: ")[2] or text.splitlines()[0]
    return Message(f"`{name}` cannot be read: {said}")
