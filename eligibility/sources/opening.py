"""From what a source is called to the source."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from eligibility.errors import Message, UsageError
from eligibility.inputs import LINES, STDIN
from eligibility.model import RulePack
from eligibility.sources import Source
from eligibility.sources.files import Folder, Lines, Stream

__all__ = ["Asked", "open_source"]


@dataclass(frozen=True, slots=True)
class Asked:
    """What is asked of a source of tables beside its name; None where nothing is said.

    `mapping` is a file, `table` or `query` give the students of a database, and
    `memory_limit` is a size such as 500MB.
    """

    mapping: str | None = None
    table: str | None = None
    query: str | None = None
    memory_limit: str | None = None


@contextmanager
def open_source(
    name: str, stdin: BinaryIO, rules: RulePack, asked: Asked = Asked()
) -> Iterator[Source]:
    """The source of this name; it can be read inside the block.

    Raises `UsageError` when there is none, or none that could hold a profile, and
    `ProblemsError` with all that is wrong with a mapping and the columns of tables.
    """
    from eligibility.sources.tables import is_table, open_tables

    if is_table(name):
        with open_tables(
            name,
            rules,
            mapping=asked.mapping,
            table=asked.table,
            query=asked.query,
            memory_limit=asked.memory_limit,
        ) as tables:
            yield tables
        return
    for option in ("mapping", "table", "query", "memory_limit"):
        if getattr(asked, option) is not None:
            text = f"`--{option.replace('_', '-')}` is for tables, and `{name}` is none"
            raise UsageError(Message(text, "leave it out"))
    yield _files(name, stdin)


def _files(name: str, stdin: BinaryIO) -> Source:
    path = Path(name)
    if name == STDIN:
        return Stream(name, stdin)
    if path.is_dir():
        return Folder(path)
    if not os.path.lexists(path):
        text = f"there is no source `{name}`"
        raise UsageError(Message(text, "name a file or folder of profiles, or `-`"))
    if path.suffix.lower() in LINES and path.is_file():
        return Lines(path)
    return Stream(name, stdin)
