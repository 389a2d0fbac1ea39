"""CSV files: the names of their columns, and how DuckDB is to read them."""

from __future__ import annotations

import csv
import gzip
import zlib
from collections.abc import Iterable

from eligibility.errors import Message, Problem, ProblemsError
from eligibility.reading import messages
from eligibility.sources.columns import Column
from eligibility.sources.duck_types import literal, path_sql

__all__ = ["csv_sql", "first_line"]


def csv_sql(path: str, columns: Iterable[Column]) -> str:
    """The rows of a file as SQL, every cell a text."""
    typed = ", ".join(f"{literal(column.name)}: 'VARCHAR'" for column in columns)
    return (
        f"read_csv({path_sql(path)}, auto_detect = false, header = true, delim = ',',"
        f" quote = '\"', escape = '\"', columns = {{{typed}}})"
    )


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
