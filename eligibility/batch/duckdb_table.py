"""Verdicts as a table of a DuckDB file."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator, Mapping
from importlib.util import find_spec
from pathlib import Path
from types import TracebackType
from typing import Any

from eligibility.batch.sinks import Beside, Done
from eligibility.errors import Message, UsageError
from eligibility.sources.duck_types import literal, quoted

__all__ = ["DuckdbTable"]


class DuckdbTable(Beside):
    """A table of texts, filled beside the one of that name and taking its place in the end."""

    def __init__(self, target: Path, table: str, columns: Iterable[str]) -> None:
        """Raises `UsageError` where DuckDB is not installed, or cannot open the file."""
        super().__init__(target)
        if find_spec("duckdb") is None:
            hint = "`pip install 'eligibility[duckdb]'` brings what writes it"
            raise UsageError(Message(f"`{target}` cannot be written here: it is DuckDB", hint))
        self._target = target
        self._table = table
        self._columns = [*columns]
        self._new = not target.exists()
        self._connection: Any = None
        self._begun = False

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._connection is not None:
            if kind is not None:
                self._forget()
            self._connection.close()
        if kind is not None and self._begun and self._new:
            for made in (self._target, Path(f"{self._target}.wal")):
                made.unlink(missing_ok=True)
        super().__exit__(kind, error, trace)

    def _forget(self) -> None:
        """Leave the file as it was, as far as that can be done: an error is told already."""
        import duckdb

        for statement in ("ROLLBACK", f"DROP TABLE IF EXISTS {quoted(self._staging)}"):
            with contextlib.suppress(duckdb.Error):
                self._connection.execute(statement)

    @contextlib.contextmanager
    def _writing(self) -> Iterator[None]:
        """Say of what DuckDB cannot do where that was: a disk is full, or a view has the name."""
        import duckdb

        try:
            yield
        except duckdb.Error as error:
            text = f"the table `{self._table}` of `{self._target}` cannot be written"
            raise UsageError(Message(text, str(error).splitlines()[0])) from error

    @property
    def _staging(self) -> str:
        return f"{self._table}__unfinished"

    def fill(self, parts: Iterable[Done]) -> None:
        """Take all parts in their order, as they come."""
        texts = ", ".join(f"{literal(name)}: 'VARCHAR'" for name in self._columns)
        kinds = "{" + texts + "}"
        for file in self.files(parts):
            # not before the first part is there: DuckDB starts threads, and a process with
            # threads is not to be copied
            connection = self._connected()
            with self._writing():
                connection.execute(
                    f"INSERT INTO {quoted(self._staging)} "  # noqa: S608  # quoted
                    f"SELECT * FROM read_csv(?, columns = {kinds},"
                    " auto_detect = false, header = true, delim = ',', quote = '\"',"
                    " escape = '\"', nullstr = ?)",
                    [str(file), _NEVER],
                )
        self._connected()

    def finish(self, summary: Mapping[str, Any]) -> None:
        """Put the table in the place of the old one, and let the files beside it appear."""
        self.prepare(summary)
        connection = self._connected()
        renamed = f"ALTER TABLE {quoted(self._staging)} RENAME TO {quoted(self._table)}"
        with self._writing():
            connection.execute("BEGIN")
            connection.execute(f"DROP TABLE IF EXISTS {quoted(self._table)}")
            connection.execute(renamed)
            connection.execute("COMMIT")
            # what closing does not get into the file it would leave beside it, unsaid
            connection.execute("CHECKPOINT")
        connection.close()
        self._connection = None
        self._begun = False
        self.appear()

    def _connected(self) -> Any:
        if self._connection is None:
            import duckdb

            # an interrupted call has made the file, and gives nothing to close
            self._begun = True
            try:
                self._connection = duckdb.connect(str(self._target))
            except duckdb.Error as error:
                text = f"`{self._target}` cannot be opened as DuckDB"
                raise UsageError(Message(text, str(error).splitlines()[0])) from error
            columns = ", ".join(f"{quoted(name)} VARCHAR" for name in self._columns)
            self._connection.execute(f"CREATE OR REPLACE TABLE {quoted(self._staging)} ({columns})")
        return self._connection


_NEVER = "\x01"
"""A text that no cell is: all of them are texts, and an empty one is not the lack of one."""
