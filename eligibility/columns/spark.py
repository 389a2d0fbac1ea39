"""Spark as what decides: a session of its own here, or the cluster that it is started on.

`SPARK_REMOTE` names a server to connect to, and `spark-submit` brings a session; without
either, all processors of this machine are used. The students are Parquet files, which Spark
finds by the same names.
"""

from __future__ import annotations

import contextlib
import itertools
import os
import re
import socket
import uuid
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit
from urllib.request import getproxies

from eligibility.columns.backends import Backend, Cells, NotInColumnsError, same
from eligibility.errors import Message, UsageError
from eligibility.loading import shown
from eligibility.sources.duck import DuckTables
from eligibility.sources.joining import columns_of, tables_of
from eligibility.sources.plan import ListPlan, Plan
from eligibility.sources.tables import TableSource
from eligibility.team import processors

if TYPE_CHECKING:
    import ibis
    import pyarrow as pa
    from ibis.expr.types import Table

__all__ = ["spark"]


@contextlib.contextmanager
def spark(source: TableSource) -> Iterator[Backend]:
    """Spark with the Parquet files of a source, for as long as the block runs."""
    tables, plan = source.tables, source.plan
    files = {}
    if isinstance(tables, DuckTables):
        files = {
            id(of): [os.path.abspath(one) for one in tables.files(of)] for of in tables_of(plan)
        }
    if not files or not all(
        all(n.lower().endswith(".parquet") for n in one) and one for one in files.values()
    ):
        raise NotInColumnsError("Spark reads Parquet files, and these are others", None)
    for some in files.values():
        _check(some)
    session, own = _session()
    made = _Spark(session, plan, files)
    try:
        with _told():
            yield made
    finally:
        made.close()
        if own:
            session.stop()


_PATTERN = re.compile(r"[][{}*?\\:]|/[._][^/]*$")
"""What Spark takes for something else than a name: files that begin so are left out unsaid."""


def _check(files: Sequence[str]) -> None:
    """Raise `NotInColumnsError` for files of which Spark would read something else."""
    import pyarrow.parquet as pq

    first = pq.read_schema(files[0])
    for one in files:
        if _PATTERN.search(one):
            text = f"Spark does not find files that are called like `{shown(Path(one))}`"
            raise NotInColumnsError(text, "rename it: no `[]{}*?\\:`, and no `.` or `_` in front")
        if not pq.read_schema(one).equals(first):
            text = f"`{shown(Path(one))}` has other columns or types than `{shown(Path(files[0]))}`"
            raise NotInColumnsError(text)


@contextlib.contextmanager
def _told() -> Iterator[None]:
    """Errors of Spark as those of the user, without what stands in the data."""
    try:
        yield
    except Exception as error:
        # those of the Java behind it have no type in common with the others
        if type(error).__module__.partition(".")[0] not in ("py4j", "pyspark"):
            raise
        condition = getattr(error, "getCondition", lambda: None)()
        text = f"Spark stopped: {condition or type(error).__name__}"
        raise UsageError(Message(text, "its log says more")) from error


def _session() -> tuple[Any, bool]:
    """The session there is, or a new one; and whether it is new."""
    try:
        from pyspark.sql import SparkSession
    except ImportError:
        hint = "`pip install 'eligibility[spark]'` brings it, and it needs Java"
        raise UsageError(Message("Spark is not here", hint)) from None
    found = SparkSession.getActiveSession()
    if found is not None:
        return found, False
    remote = os.environ.get("SPARK_REMOTE", "")
    _reach(remote)
    try:
        builder = SparkSession.builder.appName("eligibility")
        if not any(name in os.environ for name in _ELSEWHERE):
            builder = builder.config("spark.ui.enabled", "false")
        session = builder.config("spark.ui.showConsoleProgress", "false").getOrCreate()
        _settle(session, remote)
    except Exception as error:  # whatever it is, it cannot be started
        text = f"Spark cannot be started: {str(error).splitlines()[0]}"
        hint = "`pip install 'pyspark[connect]'` brings what it takes to connect to a server"
        raise UsageError(Message(text, hint if remote else "it needs Java 17 or later")) from error
    return session, True


_ELSEWHERE = ("SPARK_REMOTE", "MASTER", "PYSPARK_SUBMIT_ARGS", "PYSPARK_GATEWAY_PORT")
"""What is in the environment where somebody else says how Spark is to run."""


def _settle(session: Any, remote: str) -> None:
    """On one machine, a shuffle is not worth more parts than it has processors."""
    name = "spark.sql.shuffle.partitions"
    if remote:
        alone = remote.startswith("local")
    else:
        context = session.sparkContext
        alone = context.master.startswith("local") and not context.getConf().contains(name)
    if alone:
        session.conf.set(name, str(processors()))


def _reach(remote: str) -> None:
    """Raise `UsageError` where a server does not answer: Spark would ask it for ten minutes."""
    place = urlsplit(remote)
    if place.scheme != "sc" or place.hostname is None or getproxies():
        return
    try:
        socket.create_connection((place.hostname, place.port or _PORT), timeout=_WAIT).close()
    except (OSError, ValueError) as error:
        text = f"the server of Spark at `{place.hostname}` cannot be reached: {error}"
        raise UsageError(Message(text, "`SPARK_REMOTE` is its address: `sc://HOST:PORT`")) from None


_PORT = 15_002
"""Where Spark Connect answers unless the address says otherwise."""

_WAIT = 20
"""Seconds."""


class _Spark:
    def __init__(self, session: Any, plan: Plan, files: dict[int, list[str]]) -> None:
        import ibis

        # it has options of its own, which are there only when it is named
        _ = ibis.pyspark
        self._session = session
        self._plan = plan
        self._files = files
        self._prefix = f"eligibility_{uuid.uuid4().hex[:12]}"
        self._numbers = itertools.count()
        self._kept: dict[str, Any] = {}

    def cells(self, of: Plan | ListPlan) -> Cells:
        """A table of the source."""
        import ibis
        from pyspark.sql import functions

        columns = columns_of(of)
        # whatever the cluster keeps its own files on
        frame = self._session.read.parquet(*(f"file://{one}" for one in self._files[id(of)]))
        kind = "bigint" if self._plan.numbered else "string"
        key = functions.col(_quoted(of.id.name)).cast(kind).alias("key")
        frame = frame.select(
            key,
            *(functions.col(_quoted(name)).alias(f"c{n}") for n, (name, _) in enumerate(columns)),
        )
        if isinstance(of, Plan) and of.distinct:
            frame = frame.where(frame.key.isNotNull()).distinct()
        schema = ibis.Schema.from_pyarrow(frame.limit(0).toArrow().schema)
        return Cells(self._table(frame, schema), [same] * len(columns))

    def keep(self, table: Table) -> Table:
        """The same, worked out once, and held by Spark."""
        import ibis

        frame = self._session.sql(str(ibis.to_sql(table, dialect="pyspark"))).persist()
        frame.count()
        found = self._table(frame, table.schema())
        self._kept[found.get_name()] = frame
        return found

    def put(self, rows: pa.Table) -> Table:
        """A table of Spark with these rows."""
        import ibis

        return self._table(
            self._session.createDataFrame(rows), ibis.Schema.from_pyarrow(rows.schema)
        )

    def fetch(self, table: Table) -> pa.Table:
        """The rows of a table."""
        import ibis

        return self._session.sql(str(ibis.to_sql(table, dialect="pyspark"))).toArrow()

    def drop(self, table: Table) -> None:
        """Let go of what was kept."""
        self._kept.pop(table.get_name()).unpersist()

    def close(self) -> None:
        """Let go of everything that was kept."""
        for frame in self._kept.values():
            frame.unpersist()

    def _table(self, frame: Any, schema: ibis.Schema) -> Table:
        import ibis

        name = f"{self._prefix}_{next(self._numbers)}"
        frame.createOrReplaceTempView(name)
        return ibis.table(schema, name=name)


def _quoted(name: str) -> str:
    return "`" + name.replace("`", "``") + "`"
