"""Rows as Parquet, which only this module knows how to write.

pyarrow is loaded when something is written, and not before: it starts threads, and a process
with threads is not to be copied.
"""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, BinaryIO

import numpy as np

from eligibility.batch.rows import Blocking, Row
from eligibility.model import Status
from eligibility.report import CSV_FIELDS, csv_rows

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["Parquet"]

_ROWS = 1_000
"""How many students are gathered before they are written."""


class Parquet:
    """A record for each student and outcome, what blocks it as a list of structures."""

    ending = ".parquet"
    columns = None

    def __init__(self, outcomes: Sequence[str], reasons: str) -> None:
        self._outcomes = outcomes
        self._reasons = reasons

    def write(self, stream: BinaryIO, rows: Iterable[Row]) -> None:
        """Write the records of all rows."""
        self._write(stream, map(self._table, _gathered(rows)))

    def join(self, stream: BinaryIO, files: Iterable[BinaryIO]) -> None:
        """Write the records of all files."""
        self._write(stream, itertools.chain.from_iterable(map(_tables, files)))

    def _write(self, stream: BinaryIO, tables: Iterable[pa.Table]) -> None:
        from pyarrow import parquet

        with parquet.ParquetWriter(stream, self._schema()) as writer:
            for table in tables:
                writer.write_table(table)

    def _schema(self) -> pa.Schema:
        import pyarrow as pa

        text = pa.string()
        if self._reasons == "all":
            return pa.schema([(name, text) for name in CSV_FIELDS])
        word = pa.dictionary(pa.int32(), text)
        columns = [("profile", text), ("outcome", word), ("status", word)]
        if self._reasons == "none":
            return pa.schema(columns)
        blocking = pa.struct(
            [
                ("path", text),
                ("value", text),
                ("projected", text),
                ("observed", text),
                ("short_by", pa.float64()),
            ]
        )
        return pa.schema([*columns, ("blocking", pa.list_(blocking))])

    def _table(self, rows: Sequence[Row]) -> pa.Table:
        import pyarrow as pa

        if self._reasons == "all":
            told = [one for row in rows if row.found.answer for one in csv_rows(row.found.answer)]
            return pa.Table.from_pylist(told, self._schema())
        count = len(self._outcomes)
        ids = pa.array([row.id for row in rows], pa.string())
        places = np.repeat(np.arange(len(rows), dtype=np.int32), count)
        outcomes = np.tile(np.arange(count, dtype=np.int32), len(rows))
        codes = b"".join([_statuses(row) for row in rows])
        statuses = np.frombuffer(codes, np.uint8).astype(np.int32)
        made = [
            ids.take(pa.array(places)),
            pa.DictionaryArray.from_arrays(outcomes, pa.array(self._outcomes, pa.string())),
            pa.DictionaryArray.from_arrays(statuses, pa.array([one.value for one in Status])),
        ]
        schema = self._schema()
        if self._reasons == "blocking":
            blocking = [one for row in rows for one in _structures(row)]
            made.append(pa.array(blocking, schema.types[-1]))
        return pa.Table.from_arrays(made, schema=schema)


def _gathered(rows: Iterable[Row]) -> Iterator[list[Row]]:
    every = iter(rows)
    while some := list(itertools.islice(every, _ROWS)):
        yield some


def _tables(file: BinaryIO) -> Iterator[pa.Table]:
    """What a file holds, in pieces: it may be larger than the memory."""
    from pyarrow import parquet

    held = parquet.ParquetFile(file)
    for number in range(held.num_row_groups):
        yield held.read_row_group(number)


_CODES = {status: number for number, status in enumerate(Status)}


def _statuses(row: Row) -> bytes:
    """The numbers of all statuses, as what others like them share."""
    found = row.found
    made: bytes | None = found.rendered.get("parquet statuses")
    if made is None:
        made = bytes([_CODES[one] for one in found.statuses])
        found.rendered["parquet statuses"] = made
    return made


def _structures(row: Row) -> list[list[dict[str, Any]]]:
    """What blocks each outcome, as what others like them share."""
    found = row.found
    made: list[list[dict[str, Any]]] | None = found.rendered.get("parquet")
    if made is None:
        blocking = found.blocking or ()
        made = [[_structure(one) for one in some] for some in blocking]
        found.rendered["parquet"] = made
    return made


def _structure(one: Blocking) -> dict[str, Any]:
    """A column has one type, so values of all types are written as JSON."""
    return {
        "path": one.path,
        "value": one.value,
        "projected": one.projected,
        "observed": None if one.observed is None else json.dumps(one.observed, ensure_ascii=False),
        "short_by": None if one.short_by is None else float(one.short_by),
    }
