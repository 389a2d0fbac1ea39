"""A plan of what is read of a source: of which tables, and what becomes of their columns."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from eligibility.model import Kind
from eligibility.sources.columns import Column, Family

__all__ = ["Field", "ListPlan", "Plan", "Shape"]


@dataclass(frozen=True, slots=True)
class Shape:
    """How a value of a column becomes one of a profile.

    `read` is the kind that a text without a type is read as. `values` replace what is
    found, by its text (None for null); `split` cuts a text into several. `members` are
    the fields of the structs in a list. With `json` it is a JSON text: a list of texts,
    or of objects whose keys are renamed as the `members` say (to nothing: left out). A list
    that is `partial` may lack items.
    """

    read: Kind | None = None
    values: Mapping[str | None, object] | None = None
    split: str | None = None
    members: tuple[Field, ...] | None = None
    json: bool = False
    partial: bool = False


@dataclass(frozen=True, slots=True)
class Field:
    """A fact or an attribute, the column that it stands in, and what becomes of it."""

    name: str
    column: str
    shape: Shape
    casts: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ListPlan:
    """A list with a table of its own.

    `id` is the column of the student's id. `key` names an item for the lists `below`,
    which have that name in their column `item`. Where a student has no row, the list is
    empty, or not known with `unknown_where_missing`. A list that is `partial` may lack items.
    """

    name: str
    table: str
    shown: str
    id: Column
    fields: tuple[Field, ...]
    order: tuple[str, ...] = ()
    unknown_where_missing: bool = False
    partial: bool = False
    key: str | None = None
    item: str | None = None
    below: tuple[ListPlan, ...] = ()


@dataclass(frozen=True, slots=True)
class Plan:
    """What is read of a source; `table` is None where it is what is usual, or a query.

    Where students have no table, `distinct` says that they are the ids in that of a list.
    """

    table: str | None
    shown: str
    id: Column
    fields: tuple[Field, ...]
    judgements: tuple[Field, ...]
    lists: tuple[ListPlan, ...]
    distinct: bool = False

    @property
    def all_lists(self) -> tuple[ListPlan, ...]:
        """Those with tables, those below them too."""
        found = list(self.lists)
        for one in found:  # which grows meanwhile
            found += one.below
        return tuple(found)

    @property
    def numbered(self) -> bool:
        """Whether ids are whole numbers in every table; they are compared as texts if not."""
        ids = (self.id, *(one.id for one in self.all_lists))
        return all(column.family is Family.INTEGER for column in ids)
