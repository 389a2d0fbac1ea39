"""What the columns ask of a database, and what is made of a part of the students."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from eligibility.errors import Message
from eligibility.patterns.arrays import Integers
from eligibility.sources import Part
from eligibility.sources.joining import Key
from eligibility.sources.plan import ListPlan, Plan

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa
    from ibis.expr.types import Table
    from numpy.typing import NDArray

__all__ = ["Backend", "Cells", "Gathered", "NotInColumnsError", "Reading", "same"]


class NotInColumnsError(Exception):
    """Something that the columns cannot tell exactly; `message` says what, and what helps."""

    def __init__(self, text: str, hint: str | None = "`--backend rows` answers one by one") -> None:
        super().__init__(text)
        self.message = Message(text, hint)


@dataclass(frozen=True, slots=True)
class Gathered:
    """The students of a part, in the order of their ids, which are the `keys`.

    `good` says who can be told in columns. `values` and `sums` have a row for each word and a
    column for each student, the bias in the latter; `numbers` has the number of each student's
    value for each fact. `strays` are ids of items that belong to nobody, and `unnamed` says
    that there are rows without an id.
    """

    keys: Sequence[Any]
    good: NDArray[np.bool_]
    values: Integers
    sums: Integers
    numbers: Mapping[str, Integers]
    strays: Sequence[Key]
    unnamed: bool


class Reading(Protocol):
    """Reads parts of the students, and knows the values of their facts by number.

    `epoch` is another number whenever values have been forgotten, and numbers begin anew.
    """

    @property
    def epoch(self) -> int:
        """It."""
        ...

    def value(self, name: str, number: int) -> Mapping[str, Any]:
        """A fact by the number of its value, as the rules see it."""
        ...

    def read(self, part: Part) -> Gathered:
        """The students of a part. Raises `UsageError` where they cannot be read."""
        ...


@dataclass(frozen=True, slots=True)
class Cells:
    """A table that is read: its `key`, and `c0`, `c1` and so on, in the order of `columns_of`.

    `loads` make of what is fetched of a column what the ordinary way would read.
    """

    table: Table
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
