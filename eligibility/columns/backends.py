"""What the columns ask of a database."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from eligibility.errors import Message
from eligibility.sources.plan import ListPlan, Plan

if TYPE_CHECKING:
    import pyarrow as pa
    from ibis.expr.types import Table

__all__ = ["Backend", "Cells", "NotInColumnsError", "same"]


class NotInColumnsError(Exception):
    """Something that the columns cannot tell exactly; `message` says what, and what helps."""

    def __init__(self, text: str, hint: str | None = "`--backend rows` answers one by one") -> None:
        super().__init__(text)
        self.message = Message(text, hint)


@dataclass(frozen=True, slots=True)
class Cells:
    """A table that is read: its `key`, and `c0`, `c1` and so on, in the order of `columns_of`.

    `own` is the column by which its rows are told apart and joined: the key, or a number.
    `loads` make of what is fetched of a column what the ordinary way would read.
    """

    table: Table
    own: str
    loads: Sequence[Callable[[Any], Any]]


class Backend(Protocol):
    """A database that evaluates expressions. Raises `UsageError` with what it says."""

    def cells(self, of: Plan | ListPlan) -> Cells:
        """A table of the source."""
        ...

    def keep(self, table: Table) -> Table:
        """The same, worked out once, and held by the database."""
        ...

    def put(self, rows: pa.Table) -> Table:
        """A table of the database with these rows."""
        ...

    def fetch(self, table: Table) -> pa.Table:
        """The rows of a table."""
        ...

    def drop(self, table: Table) -> None:
        """Let go of what was kept."""
        ...


def same(value: Any) -> Any:
    """What is fetched as it is."""
    return value
