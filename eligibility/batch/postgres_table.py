"""Verdicts as a table of PostgreSQL."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Any

from eligibility.batch.sinks import Beside, Done
from eligibility.sources.postgres import TableWriter, display_name

__all__ = ["PostgresTable"]


class PostgresTable(Beside):
    """A table of texts, which takes the place of an earlier one when all is written.

    What was refused and the summary are files here, called by the name of the table.
    """

    def __init__(self, url: str, table: str, columns: Sequence[str]) -> None:
        """Raises `UsageError` for what cannot be the name of a table."""
        super().__init__(Path(table))
        self.name = f"{display_name(url)} {table}"
        self._writing = TableWriter(url, table, [(name, "text") for name in columns])
        self._writer: TableWriter | None = None
        self._open = ExitStack()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        # left by an error, the transaction is rolled back
        self._open.__exit__(kind, error, trace)
        super().__exit__(kind, error, trace)

    def fill(self, parts: Iterable[Done]) -> None:
        """Take all parts in their order, as they come."""
        for file in self.files(parts):
            with open(file, encoding="utf-8", newline="") as stream:
                rows = csv.reader(stream)
                next(rows)
                self._connected().write(rows)
        self._connected()

    def finish(self, summary: Mapping[str, Any]) -> None:
        """Let the table appear, and the files beside it."""
        self.prepare(summary)
        self._open.close()
        self.appear()

    def _connected(self) -> TableWriter:
        """The table, opened when there is something to write.

        A connection is not to be copied to the processes that answer.
        """
        if self._writer is None:
            self._writer = self._open.enter_context(self._writing)
        return self._writer
