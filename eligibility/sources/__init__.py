"""Where many students come from: a source, cut into parts that are answered one by one.

A part has all that another process needs to read it, and is sent to one as it is. How a
source is cut follows from its data alone, so that a run that was interrupted finds the same
parts again.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol

from eligibility.inputs import Found, Unread

__all__ = ["Part", "Source"]


class Part(Protocol):
    """Some of the students of a source, in their order.

    `size` is how much of the source's `size` it is.
    """

    @property
    def name(self) -> str:
        """What it is called: the same each time that the same source is cut."""
        ...

    @property
    def size(self) -> int:
        """How large it is, in the unit of its source."""
        ...

    def places(self) -> Iterator[Found | Unread]:
        """The places that should hold a profile; a table's rows are found already.

        Raises `UsageError` when the part as a whole cannot be read.
        """
        ...


class Source(Protocol):
    """All students to be answered.

    `size` is how large it is, in bytes, files or whatever its parts are measured in; None
    where only reading would tell. `again` says that it can be read a second time.
    """

    name: str
    size: int | None
    again: bool

    def parts(self) -> Iterator[Part]:
        """The parts in their order, cut as they are asked for."""
        ...

    def fingerprint(self) -> str:
        """A text that changes when the data does."""
        ...
