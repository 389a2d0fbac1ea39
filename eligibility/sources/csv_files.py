"""CSV files: the names of their columns, how DuckDB reads them, and lines that it cannot."""

from __future__ import annotations

import csv
import gzip
import zlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from eligibility.errors import Message, Problem, ProblemsError, UsageError
from eligibility.reading import messages
from eligibility.sources.columns import Column
from eligibility.sources.duck_types import literal, path_sql

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

__all__ = ["MOST_BROKEN", "Broken", "broken_lines", "csv_sql", "first_line", "refused_lines"]

MOST_BROKEN = 1_000
"""So many lines that cannot be read are noted; a file with more is another than it seems."""


def csv_sql(path: str, columns: Iterable[Column], number: int = 0) -> str:
    """The rows of a file as SQL, every cell a text.

    Lines that cannot be read are left out and noted in tables whose names have a number.
    """
    typed = ", ".join(f"{literal(column.name)}: 'VARCHAR'" for column in columns)
    return (
        f"read_csv({path_sql(path)}, auto_detect = false, header = true, delim = ',',"
        f" quote = '\"', escape = '\"', columns = {{{typed}}}, store_rejects = true,"
        f" rejects_table = 'broken{number}', rejects_scan = 'scan{number}',"
        f" rejects_limit = {MOST_BROKEN + 1})"
    )


@dataclass(frozen=True, slots=True)
class Broken:
    """A line that cannot be read. It may be `one` line by itself, which has too few or many cells.

    Otherwise, as with a quotation mark that is never closed, others may be lost with it.
    """

    line: int
    text: str
    said: str
    one: bool


_COUNTS = {"MISSING COLUMNS": "few", "TOO MANY COLUMNS": "many"}
"""What is wrong with the number of cells alone."""

_OTHERS = {"INVALID ENCODING": "is not UTF-8", "LINE SIZE OVER MAXIMUM": "is too long"}


def broken_lines(
    connection: DuckDBPyConnection, path: str, columns: Sequence[Column], number: int = 0
) -> list[Broken]:
    """The lines that were left out when a file was read, in their order."""
    noted = connection.execute(
        "SELECT line_byte_position, csv_line, list(DISTINCT CAST(error_type AS VARCHAR))"
        f" FROM broken{number} GROUP BY ALL ORDER BY 1"
    ).fetchall()
    # a note counts from 1, and takes in the ends of lines before it
    starts = [place - 1 + len(text) - len(text.lstrip("\r\n")) for place, text, _ in noted]
    found = []
    for line, (_, text, kinds) in zip(_numbers(path, starts), noted, strict=True):
        much = _COUNTS.get(kinds[0]) if len(kinds) == 1 else None
        if much is not None:
            said = f"has too {much} cells: the first line has {len(columns)}"
        else:
            said = next((_OTHERS[one] for one in kinds if one in _OTHERS), "is not CSV")
        found.append(Broken(line, text, said, much is not None))
    return found


def refused_lines(lines: Sequence[Broken], name: str, *, students: bool) -> list[Problem]:
    """What is said of lines of a file, each of which is one of the `students`.

    Raises `UsageError` where it would not do to leave out these lines alone.
    """
    more = len(lines) > MOST_BROKEN
    lost = next((one for one in lines if not one.one), None)
    hint = None
    if lost is None:
        if not lines or (students and not more):
            return [Problem(name, Message(one.said), one.line, 1) for one in lines]
        lost = lines[0]
        others = f", and {len(lines) - 1:,}{' or more' * more} like it" * (len(lines) > 1)
        hint = f"mend it{others}" + ": whose row it is cannot be told" * (not students)
    raise UsageError(Message(f"`{name}` cannot be read: line {lost.line} {lost.said}", hint))


def _numbers(path: str, starts: Sequence[int]) -> Iterator[int]:
    """The numbers of lines, by the bytes before them. Nothing is read where there are none."""
    if not starts:
        return
    opening = gzip.open if path.lower().endswith(".gz") else open
    line, at, end = 1, 0, b""
    with opening(path, "rb") as stream:
        for start in starts:
            while at < start and (chunk := stream.read(min(start - at, 1 << 20))):
                end = end or (b"\n" if b"\n" in chunk else b"\r")
                line += chunk.count(end)
                at += len(chunk)
            yield line


def first_line(path: str, name: str) -> list[str]:
    """The names of the columns. Raises `ProblemsError` where they are none."""

    def wrong(text: str, hint: str | None = None) -> ProblemsError:
        return ProblemsError([Problem(name, Message(text, hint))])

    opening = gzip.open if path.lower().endswith(".gz") else open
    try:
        # more than the line is decoded, and what is wrong further on is told when it is read
        with opening(
            path, "rt", encoding="utf-8-sig", errors="surrogateescape", newline=""
        ) as stream:
            words = next(csv.reader(stream, strict=True), [])
        "".join(words).encode()
    except (csv.Error, UnicodeEncodeError, gzip.BadGzipFile, EOFError, zlib.error):
        raise wrong("its first line cannot be read", "it is to be CSV in UTF-8") from None
    except OSError as error:
        raise wrong(f"cannot be read: {(error.strerror or str(error)).lower()}") from None
    if not words:
        raise wrong("is empty", "its first line names the columns")
    if len(words) == 1 and any(mark in words[0] for mark in ";\t|"):
        raise wrong("its first line is one column", "separate the columns by commas")
    folded = [word.casefold() for word in words]
    twice = sorted({word for word in words if folded.count(word.casefold()) > 1})
    if twice:
        raise wrong(f"the column {messages.quoted(twice[0])} is named twice in its first line")
    if not all(words):
        raise wrong("a column has no name in its first line")
    return words
