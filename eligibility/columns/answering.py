"""Students that were decided in columns, handed on as rows."""

from __future__ import annotations

import contextlib
import heapq
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from eligibility.batch.answering import Answering
from eligibility.batch.rows import Findings, Row
from eligibility.batch.run import Question, make_answering
from eligibility.batch.summary import Counting
from eligibility.columns.adding import added
from eligibility.columns.backends import Backend, NotInColumnsError
from eligibility.columns.deciding import CODE, decided
from eligibility.patterns.deciding import deciders, kinds_of
from eligibility.patterns.kinds import Kinds
from eligibility.sources import Part
from eligibility.sources.duck import DuckPart, DuckTables
from eligibility.sources.joining import Key
from eligibility.sources.postgres import PostgresPart
from eligibility.sources.tables import TableSource
from eligibility.truth import Truth
from eligibility.verdict import status_of

if TYPE_CHECKING:
    from ibis.expr.types import Table

__all__ = ["Columns", "in_columns"]

_FEW = 2_000
"""How many students of a part take the ordinary way by their names; of more, all of them do."""


@contextlib.contextmanager
def in_columns(
    question: Question, source: TableSource, backend: str, jobs: int | None
) -> Iterator[Columns]:
    """What answers a question from columns, for as long as the block runs.

    `backend` is duckdb, postgres or spark. Raises `NotInColumnsError` where they cannot tell.
    """
    kinds = _kinds(question)
    if backend == "postgres":
        from eligibility.columns.postgres import postgres

        opened = postgres(source)
    elif backend == "spark":
        from eligibility.columns.spark import spark

        opened = spark(source)
    else:
        from eligibility.columns.duck import duck

        assert isinstance(source.tables, DuckTables)
        opened = duck(source.tables, source.plan, jobs)
    with opened as database:
        yield Columns(question, source, database, kinds)


def _kinds(question: Question) -> Kinds:
    if question.reasons != "none":
        raise NotInColumnsError("reasons are told one by one", "`--reasons none` leaves them out")
    compiled = question.pack.compiled
    kinds = kinds_of(compiled, question.as_of, question.outcomes)
    if kinds.rest:
        place = next(node for node in compiled.nodes if node.leaf in kinds.rest)
        raise NotInColumnsError(f"no sum tells `{place.path}` of `{place.outcome}`")
    return kinds


class Columns:
    """Hands on what was decided. To be used while the database is there."""

    def __init__(
        self, question: Question, source: TableSource, database: Backend, kinds: Kinds
    ) -> None:
        self._source = source
        self._database = database
        self._ordinary: Answering = make_answering(question)
        self._outcomes = len(question.outcomes)
        self._findings: dict[tuple[int, ...], Findings] = {}
        self._numbered = source.plan.numbered
        compiled = question.pack.compiled
        found = added(database, source.plan, compiled.pack, kinds)
        every = deciders(compiled, kinds, question.outcomes)
        by_name = {one.name: one for one in every}
        asked = [by_name[name] for name in question.outcomes]
        self._table = decided(database, found.table, every, asked, kinds.layout)
        self._odd = self._odd_keys(found.strays)
        for one in found.kept:
            database.drop(one)

    def rows(self, part: Part, counting: Counting) -> Iterator[Row]:
        """The students of a part that were answered, in their order; all are counted."""
        assert isinstance(part, DuckPart | PostgresPart)
        odd = [key for key in self._odd if _within(key, part.after, part.until)]
        if len(odd) > _FEW or any("\0" in str(key) for key in odd):
            yield from self._ordinary.rows(part, counting)
            return
        rows = self._decided(part, set(odd), counting)
        if not odd and (part.after is not None or not self._unnamed):
            yield from rows
            return
        some = self._ordinary.rows(self._source.only(part, odd), counting)
        yield from heapq.merge(rows, some, key=self._key)

    def _key(self, row: Row) -> Any:
        return int(row.id) if self._numbered else row.id

    def _odd_keys(self, strays: Table | None) -> list[Key]:
        """The ids of whoever takes the ordinary way; and whether there are rows without one."""
        table = self._table
        odd = table.filter(table.odd > 0).select("key")
        groups = table.group_by("key").aggregate(rows=table.count())
        twice = groups.filter(groups.rows > 1).select("key")
        every = odd.union(twice)
        if strays is not None:
            every = every.union(strays)
        keys = self._database.fetch(every.distinct())["key"].to_pylist()
        self._unnamed = None in keys
        return sorted(key for key in keys if key is not None)

    def _decided(
        self, part: DuckPart | PostgresPart, odd: set[Key], counting: Counting
    ) -> Iterator[Row]:
        """The others."""
        table = self._table.filter(self._table.odd == 0)
        if part.after is not None:
            table = table.filter(table.key > part.after)
        if part.until is not None:
            table = table.filter(table.key <= part.until)
        found = self._database.fetch(table.drop("odd").order_by("key"))
        keys, *codes = [column.to_pylist() for column in found.columns]
        counts: Counter[tuple[int, ...]] = Counter()
        every = zip(keys, zip(*codes, strict=True), strict=True)
        for key, code in every:
            if key in odd:
                continue
            findings = self._findings.get(code)
            if findings is None:
                findings = self._findings[code] = self._found(code)
            counts[code] += 1
            yield Row(str(key), findings)
        for code, students in counts.items():
            counting.tally.read += students
            counting.tally.came_out(self._findings[code].statuses, students)

    def _found(self, code: Sequence[int]) -> Findings:
        """What a code says that came out."""
        statuses = []
        for place in range(self._outcomes):
            word, within = divmod(place, CODE)
            statuses.append(_STATUSES[(code[word] >> (4 * within)) & 15])
        return Findings(tuple(statuses))


_STATUSES = {int(now) + 4 * int(then): status_of(now, then) for now in Truth for then in Truth}
"""The status for the values now and projected, two bits each."""


def _within(key: Any, after: Any, until: Any) -> bool:
    """Whether an id is of a part."""
    return (after is None or key > after) and (until is None or key <= until)
