"""What a source of students is: parts, each of which one process can answer by itself."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Protocol

from eligibility.inputs import Found, Unread

__all__ = ["Part", "Source"]


class Part(Protocol):
    """A piece of a source. It can be sent to another process, and opens what it needs there."""

    @property
    def name(self) -> str:
        """What it is called: the same in every run over the same data."""

    def places(self) -> Iterator[Found | Unread]:
        """Its students, in a fixed order."""


class Source(Protocol):
    """Where students come from."""

    @property
    def name(self) -> str:
        """What it is called in what people read."""

    def parts(self) -> Iterable[Part]:
        """All of it, in a fixed order."""

    def fingerprint(self) -> str:
        """A text that is another one when the data is."""
