"""Students who are decided in columns, handed on as rows."""

from __future__ import annotations

import contextlib
import heapq
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from eligibility.batch.answering import Answering
from eligibility.batch.deciding import ByPatterns
from eligibility.batch.rows import Row
from eligibility.batch.run import Question, make_answering
from eligibility.batch.summary import Counting
from eligibility.columns.backends import Gathered, NotInColumnsError, Reading
from eligibility.patterns.arrays import Integers
from eligibility.patterns.bounded import Bounded
from eligibility.patterns.deciding import kinds_of
from eligibility.patterns.kinds import Kinds
from eligibility.sources import Part
from eligibility.sources.duck import DuckPart
from eligibility.sources.postgres import PostgresPart
from eligibility.sources.tables import TableSource

__all__ = ["Columns", "in_columns"]

_FEW = 2_000
"""How many students of a part take the ordinary way by their names, unless it is half of them.

Of more, all of them do.
"""

_AT_ONCE = 32_768
"""How many students are decided at once."""


@contextlib.contextmanager
def in_columns(question: Question, source: TableSource, backend: str) -> Iterator[Columns]:
    """What answers a question from columns, for as long as the block runs.

    `backend` is duckdb, postgres or spark. Raises `NotInColumnsError` where they cannot tell.
    """
    kinds = _kinds(question)
    rules = question.pack.rules
    if backend == "duckdb":
        from eligibility.columns.duck import duck

        with duck(source, rules, kinds) as reading:
            yield Columns(question, source, reading, kinds)
        return
    from eligibility.columns.adding import Adding

    if backend == "postgres":
        from eligibility.columns.postgres import postgres

        opened = postgres(source)
    else:
        from eligibility.columns.spark import spark

        opened = spark(source)
    with opened as database:
        yield Columns(question, source, Adding(database, source.plan, rules, kinds), kinds)


def _kinds(question: Question) -> Kinds:
    if question.reasons == "all":
        hint = "`--reasons blocking` tells those that count most"
        raise NotInColumnsError("all reasons are told one by one", hint)
    compiled = question.pack.compiled
    kinds = kinds_of(compiled, question.as_of, question.outcomes)
    untold = {*kinds.rest} - kinds.bounds.keys()
    if untold:
        place = next(node for node in compiled.nodes if node.leaf in untold)
        raise NotInColumnsError(f"no sum tells `{place.path}` of `{place.outcome}`")
    return kinds


@dataclass(frozen=True, slots=True)
class _Students:
    """Some students who were added up."""

    ids: Sequence[str]
    values: Integers
    sums: Integers
    numbers: Mapping[str, Integers]


class Columns:
    """Decides the students of a part as they were read in columns."""

    def __init__(
        self, question: Question, source: TableSource, reading: Reading, kinds: Kinds
    ) -> None:
        self._source = source
        self._reading = reading
        self._ordinary: Answering = make_answering(question)
        self._numbered = source.plan.numbered
        self._bounded = Bounded(kinds)
        self._seen = question.reasons != "none"
        self._patterns = ByPatterns(
            question.pack.compiled,
            kinds,
            question.outcomes,
            reading,
            blocking=question.reasons != "none",
            written=question.kind == "ndjson",
        )

    def rows(self, part: Part, counting: Counting) -> Iterator[Row]:
        """The students of a part that were answered, in their order; all are counted."""
        assert isinstance(part, DuckPart | PostgresPart)
        found = self._bound(self._reading.read(part))
        odd = {found.keys[place] for place in np.flatnonzero(~found.good).tolist()}
        odd.update(found.strays)
        if len(odd) > max(_FEW, len(found.keys) // 2) or any("\0" in str(key) for key in odd):
            yield from self._ordinary.rows(part, counting)
            return
        rows = self._decided(found, counting)
        if odd or found.unnamed:
            some = self._ordinary.rows(self._source.only(part, sorted(odd)), counting)
            yield from heapq.merge(rows, some, key=self._key)
        else:
            yield from rows
        self._patterns.count(counting.tally)

    def _bound(self, found: Gathered) -> Gathered:
        """What bounds decide; whom they leave open takes the ordinary way.

        So does everybody for whom it is to be told what was seen there.
        """
        good = found.good
        for undecided in self._bounded.decide(found.values, found.sums, seen=self._seen).values():
            good = good & ~undecided
        return replace(found, good=good)

    def _key(self, row: Row) -> Any:
        return int(row.id) if self._numbered else row.id

    def _decided(self, found: Gathered, counting: Counting) -> Iterator[Row]:
        """The students who can be told."""
        if not found.good.all():
            found = _of(found, np.flatnonzero(found.good))
        for first in range(0, len(found.keys), _AT_ONCE):
            some = slice(first, first + _AT_ONCE)
            keys = found.keys[some]
            batch = _Students(
                [*map(str, keys)] if self._numbered else keys,
                found.values[:, some],
                found.sums[:, some],
                {name: numbers[some] for name, numbers in found.numbers.items()},
            )
            yield from self._patterns.rows(batch, (), counting)


def _of(found: Gathered, some: Integers) -> Gathered:
    """Some of the students."""
    return Gathered(
        [found.keys[place] for place in some.tolist()],
        found.good[some],
        found.values[:, some],
        found.sums[:, some],
        {name: numbers[some] for name, numbers in found.numbers.items()},
        found.strays,
        found.unnamed,
    )
