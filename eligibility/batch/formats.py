"""How rows are written: a line, a record or columns for each student."""

from __future__ import annotations

import csv
import io
import itertools
import json
from collections.abc import Iterable, Sequence
from importlib.util import find_spec
from json.encoder import encode_basestring
from typing import BinaryIO, Protocol

from eligibility.batch.rows import Findings, Row
from eligibility.errors import Message, UsageError
from eligibility.model import Status
from eligibility.report import CSV_FIELDS, as_json, csv_rows, dump

__all__ = ["FORMATS", "STATUSES", "Csv", "Format", "Ndjson", "Wide", "make_format"]

FORMATS = ("ndjson", "csv", "wide", "parquet")
STATUSES = "eligibility/statuses/v1"


class Format(Protocol):
    """Writes rows to files, and makes one file of several.

    `ending` is how the name of such a file ends. `columns` is None where the rows are no
    table of texts.
    """

    ending: str

    @property
    def columns(self) -> Sequence[str] | None:
        """The names of the columns of a table of texts."""
        ...

    def write(self, stream: BinaryIO, rows: Iterable[Row]) -> None:
        """Write a whole file."""
        ...

    def join(self, stream: BinaryIO, files: Iterable[BinaryIO]) -> None:
        """Write one file of the rows of others, which are read one after the other."""
        ...


def make_format(kind: str, outcomes: Sequence[str], reasons: str) -> Format:
    """The format of this name.

    Raises `UsageError` where it cannot tell what is asked for, or is not installed.
    """
    match kind:
        case "ndjson":
            return Ndjson(outcomes, reasons)
        case "csv":
            return Csv(outcomes, reasons)
        case "wide":
            if reasons == "all":
                text = "`--format wide` has a column for a status, and none for all reasons"
                raise UsageError(Message(text, "leave out `--reasons all`, or take `csv`"))
            return Wide(outcomes)
        case _:
            if find_spec("pyarrow") is None:
                hint = "`pip install 'eligibility[parquet]'` brings what writes it"
                raise UsageError(Message("Parquet cannot be written here", hint))
            from eligibility.batch.parquet import Parquet

            return Parquet(outcomes, reasons)


_AT_ONCE = 200
"""How many lines are written at once."""


class Ndjson:
    """A JSON object a line."""

    ending = ".ndjson"
    columns = None

    def __init__(self, outcomes: Sequence[str], reasons: str) -> None:
        self._outcomes = outcomes
        self._reasons = reasons
        self._head = '{"schema":' + _json(STATUSES) + ',"profile":'

    def write(self, stream: BinaryIO, rows: Iterable[Row]) -> None:
        """Write a line for each row."""
        texts = map(self._line, rows)
        while some := "".join(itertools.islice(texts, _AT_ONCE)):
            stream.write(some.encode("utf-8", "backslashreplace"))

    def join(self, stream: BinaryIO, files: Iterable[BinaryIO]) -> None:
        """Write the lines of all files."""
        for file in files:
            _copy(file, stream)

    def _line(self, row: Row) -> str:
        name, found, rest = row
        if rest is None:
            if found.answer is not None:
                return dump(as_json(found.answer)) + "\n"
            rest = found.rendered.get("ndjson")
            if rest is None:
                rest = found.rendered["ndjson"] = self._rest(found)
        return f"{self._head}{encode_basestring(name)}{rest}"

    def _rest(self, found: Findings) -> str:
        """All but the student's id, which is what others like them share."""
        named = zip(self._outcomes, found.statuses, strict=True)
        told: dict[str, object] = {"statuses": {name: one.value for name, one in named}}
        if found.blocking is not None:
            told["blocking"] = {
                name: [one.as_json() for one in blocking]
                for name, status, blocking in zip(
                    self._outcomes, found.statuses, found.blocking, strict=True
                )
                if status is not Status.ELIGIBLE
            }
        return "," + _json(told)[1:] + "\n"


class Csv:
    """A row for each student and outcome."""

    ending = ".csv"

    def __init__(self, outcomes: Sequence[str], reasons: str) -> None:
        self._outcomes = outcomes
        self.columns: Sequence[str] = {
            "none": ("profile", "outcome", "status"),
            "blocking": ("profile", "outcome", "status", "blocking"),
            "all": CSV_FIELDS,
        }[reasons]

    def write(self, stream: BinaryIO, rows: Iterable[Row]) -> None:
        """Write the names of the columns, and the rows."""
        stream.write(_csv(self.columns))
        stream.writelines(map(self._lines, rows))

    def join(self, stream: BinaryIO, files: Iterable[BinaryIO]) -> None:
        """Write the rows of all files below the names of the columns."""
        _join_csv(stream, files, self.columns)

    def _lines(self, row: Row) -> bytes:
        found = row.found
        if found.answer is not None:
            return b"".join(_csv([*one.values()]) for one in csv_rows(found.answer))
        rests = found.rendered.get("csv")
        if rests is None:
            rests = found.rendered["csv"] = self._rests(found)
        start = _csv([row.id])[:-1] + b","
        return b"".join(start + rest for rest in rests)

    def _rests(self, found: Findings) -> list[bytes]:
        told = zip(self._outcomes, found.statuses, strict=True)
        if found.blocking is None:
            return [_csv([name, status.value]) for name, status in told]
        return [
            _csv([name, status.value, "; ".join(one.path for one in blocking)])
            for (name, status), blocking in zip(told, found.blocking, strict=True)
        ]


class Wide:
    """A row for each student, a column for each outcome."""

    ending = ".csv"

    def __init__(self, outcomes: Sequence[str]) -> None:
        self.columns: Sequence[str] = ("profile", *outcomes)

    def write(self, stream: BinaryIO, rows: Iterable[Row]) -> None:
        """Write the names of the columns, and the rows."""
        stream.write(_csv(self.columns))
        stream.writelines(map(self._line, rows))

    def join(self, stream: BinaryIO, files: Iterable[BinaryIO]) -> None:
        """Write the rows of all files below the names of the columns."""
        _join_csv(stream, files, self.columns)

    def _line(self, row: Row) -> bytes:
        rest = row.found.rendered.get("wide")
        if rest is None:
            statuses = [status.value for status in row.found.statuses]
            rest = row.found.rendered["wide"] = b"," + _csv(statuses)
        return _csv([row.id])[:-1] + rest


def _join_csv(stream: BinaryIO, files: Iterable[BinaryIO], columns: Sequence[str]) -> None:
    head = _csv(columns)
    stream.write(head)
    for file in files:
        file.seek(len(head))
        _copy(file, stream)


def _copy(file: BinaryIO, stream: BinaryIO) -> None:
    while chunk := file.read(1 << 20):
        stream.write(chunk)


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def _csv(cells: Sequence[str]) -> bytes:
    """A line of cells, quoted where they have to be."""
    line = io.StringIO()
    csv.writer(line, lineterminator="\n").writerow(cells)
    return line.getvalue().encode("utf-8", "backslashreplace")
