"""PostgreSQL: tables that students are read from, and tables that rows are written to."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from eligibility.errors import Message, UsageError
from eligibility.inputs import Found
from eligibility.sources.columns import Column, Family, Table
from eligibility.sources.joining import Key, Row, columns_of, joined, tables_of
from eligibility.sources.plan import ListPlan, Plan
from eligibility.sources.postgres_types import NAMES, TEXTS, TYPES, postgres_column

if TYPE_CHECKING:
    from psycopg import Connection
    from psycopg.sql import Composed

__all__ = [
    "COLUMN_TYPES",
    "Cells",
    "PostgresPart",
    "PostgresTables",
    "TableWriter",
    "as_written",
    "display_name",
    "is_url",
    "refused",
    "write_table",
]

_BATCH = 2_000
"""How many rows are fetched at once."""

_SCHEMES = ("postgresql://", "postgres://")
_USUAL = "students"


def is_url(place: str) -> bool:
    """Whether a source is the address of a PostgreSQL database."""
    return place.lower().startswith(_SCHEMES)


def display_name(url: str) -> str:
    """The address without user and password. Raises `UsageError` where it is none."""
    psycopg = _psycopg()
    try:
        parts = psycopg.conninfo.conninfo_to_dict(url)
    except psycopg.Error:
        hint = "for example `postgresql://user@host:5432/database`"
        raise UsageError(Message("this is not the address of a database", hint)) from None
    host = str(parts.get("host") or "")
    # a folder of sockets says nothing to a reader
    host = "" if host.startswith("/") else host
    port = f":{parts['port']}" if parts.get("port") and host else ""
    return f"postgresql://{host}{port}/{parts.get('dbname') or ''}"


# -- reading --------------------------------------------------------------------------


class PostgresTables:
    """The tables of a database, read within one transaction that can write nothing.

    All parts see the same moment, in whichever process they are read; they can be read
    until this is closed.
    """

    closed = False

    def __init__(self, url: str, query: str | None = None) -> None:
        """`query` is the SQL that gives the students.

        Raises `UsageError` when the database cannot be reached.
        """
        self.name = display_name(url)
        self._url = url
        self._query = None if query is None else query.strip().rstrip(";")
        self._tables: dict[str | None, Table] = {}
        with _told(self.name):
            self._connection = _connect(url)
            try:
                with self._connection.cursor() as cursor:
                    # others read what is seen here for as long as the run takes
                    cursor.execute("SET LOCAL idle_in_transaction_session_timeout = 0")
                    cursor.execute("SELECT pg_export_snapshot()")
                    self._snapshot = str(_one(cursor.fetchone()))
                    cursor.execute(NAMES)
                    found = cursor.fetchall()
            except BaseException:
                self._connection.close()
                raise
        self._names: dict[str, tuple[str, str]] = {}
        for schema, table, usual in found:
            self._names.setdefault(f"{schema}.{table}", (schema, table))
            if usual:
                self._names[table] = (schema, table)

    def close(self) -> None:
        """End the transaction."""
        self._connection.close()

    @property
    def tables(self) -> Sequence[str]:
        """The names of tables and views: those that need no schema first."""
        return sorted(self._names, key=lambda name: ("." in name, name))

    def table(self, name: str) -> Table | None:
        """The table or view of this name, or None."""
        return self._table(name) if name in self._names else None

    def students(self, name: str | None) -> Table | None:
        """The query, or the table of this name."""
        return self._table(None) if self._query is not None else self.table(name or _USUAL)

    def _table(self, name: str | None) -> Table:
        if name not in self._tables:
            from psycopg import sql

            asked = sql.SQL("SELECT * FROM {} AS t LIMIT 0").format(self._relation(name))
            with _told(self.name), self._connection.cursor() as cursor:
                # prepared, it can be one statement and no more
                cursor.execute(asked, prepare=True)
                described = [(one.name, one.type_code) for one in cursor.description or ()]
                cursor.execute(TYPES, [[oid for _, oid in described]])
                types = {oid: rest for oid, *rest in cursor.fetchall()}
            columns = tuple(postgres_column(word, *types[oid]) for word, oid in described)
            self._tables[name] = Table(name or "query", columns, f"{self.name}: {name or 'query'}")
        return self._tables[name]

    def _relation(self, name: str | None) -> Composed:
        from psycopg import sql

        if name is None:
            assert self._query is not None
            # the line end closes a comment
            return sql.SQL("({}\n)").format(as_written(self._query))
        return sql.Composed([sql.Identifier(*self._names[name])])

    def fingerprint(self, plan: Plan) -> str:
        """The query and the numbers of rows of the tables that are read."""
        names = [self._students(plan), *(one.table for one in plan.all_lists)]
        counts = (f"{name}: {self._counted(name, as_written('*'))}" for name in names)
        return "\n".join([self._query or "", *counts])

    def count(self, plan: Plan) -> int:
        """How many rows the students' table has, or how many students there are without one."""
        each = as_written("DISTINCT {}").format(_key(plan, plan.id))
        return self._counted(self._students(plan), each if plan.distinct else as_written("*"))

    def _counted(self, name: str | None, each: Any) -> int:
        counted = as_written("SELECT count({}) FROM {} AS t").format(each, self._relation(name))
        with _told(self.name), self._connection.cursor() as cursor:
            cursor.execute(counted)
            return int(_one(cursor.fetchone()))

    def _students(self, plan: Plan) -> str | None:
        return None if self._query is not None else plan.table or _USUAL

    def parts(self, plan: Plan, size: int) -> Iterator[PostgresPart]:
        """The students in parts of about so many, in the order of the id."""
        from psycopg import sql

        students = self._students(plan)
        key = _key(plan, plan.id)
        relation = self._relation(students)
        cuts = sql.SQL(
            "SELECT key FROM (SELECT key, row_number() OVER (ORDER BY key) AS n"
            " FROM (SELECT{} {} AS key FROM {} AS t) AS keys WHERE key IS NOT NULL) AS numbered"
            " WHERE n % {} = 0 ORDER BY key"
        ).format(_each(plan), key, relation, sql.Literal(size))
        with _told(self.name), self._connection.cursor() as cursor:
            cursor.execute(cuts)
            found = [_one(row) for row in cursor.fetchall()]
        bounds: list[Key] = [None, *dict.fromkeys(found)]
        for number, (after, until) in enumerate(zip(bounds, [*bounds[1:], None], strict=True)):
            yield self._part(f"{self.name}#{number}", plan, after, until, None)

    def _part(
        self, name: str, plan: Plan, after: Key, until: Key, only: Sequence[Key] | None
    ) -> PostgresPart:
        texts = tuple(
            _rows_sql(plan, of, relation, self._chosen, after, until, only).as_string(
                self._connection
            )
            for relation, of in self._wanted(plan)
        )
        return PostgresPart(name, self.name, self._url, self._snapshot, plan, texts, after, until)

    def only(self, part: PostgresPart, keys: Sequence[Key]) -> PostgresPart:
        """Some students of a part; None among them are the rows without an id."""
        return self._part(part.name, part.plan, part.after, part.until, keys)

    def student(self, plan: Plan, key: Key) -> Iterator[PostgresPart]:
        """The student of this id alone; none where the database has no such characters."""
        with contextlib.suppress(UnicodeEncodeError):
            yield self._part(f"{self.name}#{key}", plan, None, None, [key])

    @property
    def _chosen(self) -> Composed | None:
        return None if self._query is None else self._relation(None)

    def _wanted(self, plan: Plan) -> Iterator[tuple[Composed, Plan | ListPlan]]:
        """The students' table, and those of the lists."""
        yield self._relation(self._students(plan)), plan
        for one in plan.all_lists:
            yield self._relation(one.table), one

    @contextlib.contextmanager
    def cells(self, plan: Plan) -> Iterator[tuple[Connection[Any], list[Cells]]]:
        """A connection that sees the same moment, and all tables as it reads them.

        It may make tables of its own, which are gone in the end.
        """
        found = []
        for of in tables_of(plan):
            name = of.table if isinstance(of, ListPlan) else self._students(plan)
            table = self._table(name)
            families = [column.family for word, _ in columns_of(of) if (column := table.get(word))]
            text = _cells_sql(plan, of, self._relation(name), self._chosen, families)
            found.append(Cells(text.as_string(self._connection), tuple(families), plan.numbered))
        with (
            _told(self.name),
            contextlib.closing(_connect(self._url, self._snapshot, making=True)) as connection,
        ):
            yield connection, found


@dataclass(frozen=True, slots=True)
class Cells:
    """The SQL of a table whose cells are all texts but the `key`, and what each text holds."""

    sql: str
    families: tuple[Family, ...]
    numbered: bool


@dataclass(frozen=True, slots=True, repr=False)
class PostgresPart:
    """The students of a range of ids; `texts` is the SQL of the rows of each table."""

    name: str
    source: str
    url: str
    snapshot: str
    plan: Plan
    texts: tuple[str, ...]
    after: Key
    until: Key
    size = 1

    def places(self) -> Iterator[Found]:
        """Its students in the order of the id. Raises `UsageError` when they can't be read."""
        tables = (self.plan, *self.plan.all_lists)
        with _told(self.source), contextlib.closing(_connect(self.url, self.snapshot)) as open_one:

            def rows(of: Plan | ListPlan) -> Iterator[Row]:
                number = next(n for n, one in enumerate(tables) if one is of)
                with open_one.cursor(name=f"rows_{number}") as cursor:
                    cursor.itersize = _BATCH
                    cursor.execute(as_written(self.texts[number]))
                    yield from cursor

            yield from joined(self.plan, self.source, rows)


def _rows_sql(
    plan: Plan,
    of: Plan | ListPlan,
    relation: Composed,
    chosen: Composed | None,
    after: Key,
    until: Key,
    only: Sequence[Key] | None,
) -> Composed:
    """The rows of a table whose id is in a range; of the students chosen where some are."""
    from psycopg import sql

    key = _key(plan, of.id)
    named = columns_of(of)
    columns = [key, *(_cast(sql.Identifier(name), casts) for name, casts in named)]
    conditions: list[Composed] = []
    if only is not None:
        conditions.append(_some(key, of.id, only))
    if after is not None:
        conditions.append(sql.SQL("{} > {}").format(key, sql.Literal(after)))
    if until is not None:
        text = "({0} <= {1} OR {0} IS NULL)" if after is None else "{0} <= {1}"
        conditions.append(as_written(text).format(key, sql.Literal(until)))
    conditions += _asked(plan, of, chosen)
    order = [sql.SQL("{} NULLS FIRST").format(key)]
    if isinstance(of, ListPlan):
        order += [sql.SQL("{} NULLS FIRST").format(sql.Identifier(name)) for name in of.order]
    order += [_as_text(sql.Identifier(name)) for name in dict.fromkeys(name for name, _ in named)]
    return sql.SQL("SELECT{} {} FROM {} AS t{} ORDER BY {}").format(
        _each(of),
        sql.SQL(", ").join(columns),
        relation,
        _where(conditions),
        sql.SQL(", ").join(order),
    )


def _some(key: Composed, column: Column, only: Sequence[Key]) -> Any:
    """Whether an id is one of these."""
    from psycopg import sql

    named = [one for one in only if one is not None]
    if None in only:
        text = "({0} = ANY({2}) OR {0} IS NULL)" if named else "{0} IS NULL"
    else:
        # what is the same by its characters is so for the column, too, which may have an index
        text = "{0} = ANY({2}) AND {1} = ANY({2})" if column.type in TEXTS else "{0} = ANY({2})"
    return as_written(text).format(key, sql.Identifier(column.name), sql.Literal(named))


def _cells_sql(
    plan: Plan,
    of: Plan | ListPlan,
    relation: Composed,
    chosen: Composed | None,
    families: Sequence[Family],
) -> Composed:
    """All rows of a table: the `key`, and the columns `c0`, `c1` and so on as texts.

    A text is compared by its characters, whatever the column says.
    """
    from psycopg import sql

    key = _key(plan, of.id)
    columns = [sql.SQL("{}{} AS key").format(key, as_written("::bigint" * plan.numbered))]
    for number, ((name, casts), family) in enumerate(zip(columns_of(of), families, strict=True)):
        cell = _cast(sql.Identifier(name), casts)
        if family is Family.LIST:
            cell = sql.SQL("array_to_json({})").format(cell)
        named = sql.Identifier(f"c{number}")
        columns.append(sql.SQL("{} AS {}").format(_as_text(cell), named))
    return sql.SQL("SELECT{} {} FROM {} AS t{}").format(
        _each(of), sql.SQL(", ").join(columns), relation, _where(_asked(plan, of, chosen))
    )


def _asked(plan: Plan, of: Plan | ListPlan, chosen: Composed | None) -> list[Composed]:
    """What holds for all rows that are asked for."""
    from psycopg import sql

    key = _key(plan, of.id)
    if isinstance(of, Plan):
        return [sql.SQL("{} IS NOT NULL").format(key)] if of.distinct else []
    if chosen is None:
        return []
    # the rows of students who were not chosen are nobody's mistake
    text = "{} IN (SELECT {} FROM {} AS chosen)"
    return [as_written(text).format(key, _key(plan, plan.id), chosen)]


def _where(conditions: Sequence[Composed]) -> Any:
    from psycopg import sql

    if not conditions:
        return sql.SQL("")
    return sql.SQL(" WHERE ") + sql.SQL(" AND ").join(conditions)


def _key(plan: Plan, column: Column) -> Composed:
    """The id as it is compared: a number where all are, else a text, by its characters."""
    from psycopg import sql

    name = sql.Identifier(column.name)
    return sql.Composed([name]) if plan.numbered else _as_text(name)


def _each(of: Plan | ListPlan) -> Any:
    """What makes one row of all that are equal, where that is how students are found."""
    return as_written(" DISTINCT" if isinstance(of, Plan) and of.distinct else "")


def _as_text(one: Any) -> Composed:
    from psycopg import sql

    return sql.SQL('({}::text COLLATE "C")').format(one)


def _cast(one: Any, casts: Sequence[str]) -> Composed:
    from psycopg import sql

    for kind in casts:
        one = sql.SQL("CAST({} AS {})").format(one, as_written(kind))
    return sql.Composed([one])


def as_written(text: str) -> Any:
    """A text as SQL, nothing in it changed."""
    from psycopg import sql

    return sql.SQL(text)


# -- writing --------------------------------------------------------------------------

COLUMN_TYPES = ("text", "text[]", "boolean", "integer", "bigint", "numeric", "date", "jsonb")
"""What a column of a table that is written may be."""

_OURS = "written by eligibility"
"""The comment of a table that may be replaced."""


class TableWriter:
    """A table that appears when all its rows are written, in a `with` block.

    Rows go by COPY into a table of another name, which then takes the place of the one
    asked for, all in one transaction: whoever reads sees the old table, then the new one.
    Only a table that was written so before is replaced.
    """

    def __init__(self, url: str, table: str, columns: Sequence[tuple[str, str]]) -> None:
        """`table` may have a schema before a point; `columns` are names with types.

        Raises `UsageError` when the database cannot be reached, or has a table of this
        name that is not to be replaced.
        """
        from psycopg import sql

        unknown = [kind for _, kind in columns if kind not in COLUMN_TYPES]
        if unknown:
            raise ValueError(f"no type of a column: {unknown}")
        self.name = display_name(url)
        path = table.split(".")
        if not all(path) or len(path) > 2:
            text = f"`{table}` is not the name of a table"
            raise UsageError(Message(text, "for example `verdicts` or `reports.verdicts`"))
        self._table = table
        self._target = sql.Identifier(*path)
        # 63 bytes are all that a name may have
        staging = path[-1].encode()[:50].decode(errors="ignore") + "_being_made"
        self._staging = sql.Identifier(*path[:-1], staging)
        self._last = sql.Identifier(path[-1])
        self._columns = columns
        self._open = contextlib.ExitStack()
        self._copy: Any = None
        self._url = url

    def __enter__(self) -> TableWriter:
        from psycopg import sql

        psycopg = _psycopg()
        with _told(self.name), contextlib.ExitStack() as opened:
            # left by an error the transaction is rolled back, and committed otherwise
            connection: Connection[Any] = opened.enter_context(psycopg.connect(self._url))
            self._connection = connection
            self._refuse_other()
            columns = sql.SQL(", ").join(
                sql.SQL("{} {}").format(sql.Identifier(name), as_written(kind))
                for name, kind in self._columns
            )
            connection.execute(sql.SQL("CREATE TABLE {} ({})").format(self._staging, columns))
            names = sql.SQL(", ").join(sql.Identifier(name) for name, _ in self._columns)
            copying = sql.SQL("COPY {} ({}) FROM STDIN").format(self._staging, names)
            cursor = opened.enter_context(connection.cursor())
            opened.push(self._rename)
            self._copy = opened.enter_context(cursor.copy(copying))
            self._open = opened.pop_all()
        return self

    def write(self, rows: Iterable[Sequence[object]]) -> int:
        """Write rows, a value for each column; how many they were."""
        count = 0
        with _told(self.name):
            for row in rows:
                self._copy.write_row(row)
                count += 1
        return count

    def __exit__(self, *error: Any) -> None:
        with _told(self.name):
            self._open.__exit__(*error)

    def _refuse_other(self) -> None:
        """Raise `UsageError` where another's table has the name."""
        from psycopg import sql

        asked = "SELECT obj_description(to_regclass(%s), 'pg_class'), to_regclass(%s) IS NULL"
        name = self._target.as_string(self._connection)
        found = self._connection.execute(sql.SQL(asked), [name, name]).fetchone()
        assert found is not None
        comment, absent = found
        if not absent and comment != _OURS:
            text = f"`{self.name}` has a table `{self._table}` that `eligibility` did not write"
            raise UsageError(Message(text, "name another table, or drop this one"))

    def _rename(self, kind: object, error: object, trace: object) -> None:
        """What was written takes the place of what was there."""
        from psycopg import sql

        if kind is not None:
            return
        for text, *names in (
            ("DROP TABLE IF EXISTS {}", self._target),
            ("ALTER TABLE {} RENAME TO {}", self._staging, self._last),
        ):
            self._connection.execute(as_written(str(text)).format(*names))
        said = sql.SQL("COMMENT ON TABLE {} IS {}").format(self._target, sql.Literal(_OURS))
        self._connection.execute(said)


def write_table(
    url: str, table: str, columns: Sequence[tuple[str, str]], rows: Iterable[Sequence[object]]
) -> int:
    """Write a whole table, as `TableWriter` does; how many rows it has."""
    with TableWriter(url, table, columns) as writer:
        return writer.write(rows)


# -- psycopg --------------------------------------------------------------------------


def _psycopg() -> Any:
    try:
        import psycopg
        import psycopg.conninfo
    except ImportError:
        hint = "`pip install 'eligibility[postgres]'` brings it"
        text = "PostgreSQL is reached through psycopg, which is not here"
        raise UsageError(Message(text, hint)) from None
    return psycopg


def refused() -> Any:
    """The errors of a database that lets nothing be made."""
    errors = _psycopg().errors
    return errors.InsufficientPrivilege, errors.ReadOnlySqlTransaction


def _connect(url: str, snapshot: str | None = None, *, making: bool = False) -> Connection[Any]:
    """A transaction that reads one moment, that of the snapshot where there is one."""
    psycopg = _psycopg()
    from psycopg import sql
    from psycopg.types.numeric import NumericLoader
    from psycopg.types.string import TextLoader

    connection: Connection[Any] = psycopg.connect(url)
    try:
        connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
        connection.read_only = not making
        # exact: the shortest text of a float, days that Python has not, numbers in JSON
        for word in ("float4", "float8"):
            connection.adapters.register_loader(word, NumericLoader)
        for word in ("date", "json", "jsonb"):
            connection.adapters.register_loader(word, TextLoader)
        if snapshot is not None:
            asked = sql.SQL("SET TRANSACTION SNAPSHOT {}").format(sql.Literal(snapshot))
            connection.execute(asked)
        connection.execute("SET LOCAL datestyle = ISO")
        connection.execute("SET LOCAL extra_float_digits = 1")
    except BaseException:
        connection.close()
        raise
    return connection


def _one(row: Any) -> Any:
    assert row is not None
    return row[0]


@contextlib.contextmanager
def _told(name: str) -> Iterator[None]:
    """Errors of PostgreSQL as those of the user, without what stands in the data."""
    psycopg = _psycopg()
    try:
        yield
    except psycopg.Error as error:
        raise UsageError(_message(name, error)) from None


_SAYS_VALUES = re.compile("22|23")
"""Classes of errors whose texts repeat values."""


def _message(name: str, error: Any) -> Message:
    state = error.sqlstate
    if state is None:
        lines = str(error).strip().splitlines() or [type(error).__name__]
        return Message(f"`{name}` cannot be reached: {lines[0]}")
    if _SAYS_VALUES.match(state):
        return Message(f"`{name}` has a value that cannot be taken as asked (SQLSTATE {state})")
    return Message(f"`{name}` says: {error.diag.message_primary} (SQLSTATE {state})")
