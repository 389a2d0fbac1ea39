"""The columns of tables as a mapping sees them, whatever they are kept in."""

from __future__ import annotations

import enum
from collections.abc import Collection
from dataclasses import dataclass
from typing import Protocol

__all__ = ["Catalog", "Column", "Family", "Table"]


class Family(enum.Enum):
    """What kind of values a column holds, in the words of messages."""

    BOOLEAN = "booleans"
    INTEGER = "whole numbers"
    NUMBER = "numbers"
    TEXT = "texts"
    DATE = "dates"
    KEY = "keys"
    """Such as UUIDs: good for an id, and for nothing else."""

    LIST = "lists"
    STRUCT = "structs"
    JSON = "JSON"
    OTHER = "other values"


@dataclass(frozen=True, slots=True)
class Column:
    """A column: its name, what it holds, and its type as the database writes it.

    `element` is what a list holds (its name says nothing), `members` what a struct holds.
    `casts` are the types, as the database writes them, that it is cast to when it is read.
    """

    name: str
    family: Family
    type: str
    element: Column | None = None
    members: tuple[Column, ...] = ()
    casts: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Table:
    """A table: the name to show, its columns, and whether they have types of their own.

    The columns of a CSV file have none: all of them are texts. `file` is what an error
    about the whole table names.
    """

    name: str
    columns: tuple[Column, ...]
    file: str
    typed: bool = True

    def get(self, name: str) -> Column | None:
        """The column of exactly this name, or None."""
        return next((column for column in self.columns if column.name == name), None)


class Catalog(Protocol):
    """What there is to read in a source, before anything is read."""

    @property
    def name(self) -> str:
        """What the source is called in messages."""

    @property
    def tables(self) -> Collection[str]:
        """The names of the tables that are known."""

    @property
    def closed(self) -> bool:
        """Whether every table is meant to be read: true of a folder, not of a database."""

    def table(self, name: str) -> Table | None:
        """The table of this name, or None."""

    def students(self, name: str | None) -> Table | None:
        """The table of the students: of this name, or, for None, what is usual here."""
