"""Lists in columns of JSON: their texts are read here, and their items stand in columns then."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from eligibility.columns.encoding import Codes
from eligibility.columns.facts import exact_key
from eligibility.columns.lists import Items
from eligibility.model import ListFact
from eligibility.patterns.typed import unset
from eligibility.sources.convert import Convert

__all__ = ["items_of"]


def items_of(texts: Codes, of: ListFact, convert: Convert) -> Items:
    """The items of all students, a column for each attribute; each text is read once.

    A text that is no list has one item, which is none.
    """
    lists = [_list(convert(one)) for one in texts.values]
    items = [one for every, _ in lists for one in every]
    names = frozenset(of.attributes)
    gone = [not isinstance(one, dict) or not one.keys() <= names for one in items]
    objects = [{} if none else one for one, none in zip(items, gone, strict=True)]
    cells = [_cells(objects, name) for name in of.attributes]
    sizes = np.array([len(every) for every, _ in lists], np.int64)
    counts = sizes[texts.codes]
    # where the items of each text begin, and where those of each student will
    first = (np.cumsum(sizes) - sizes)[texts.codes]
    places = np.arange(int(counts.sum())) + np.repeat(first - (np.cumsum(counts) - counts), counts)
    return (
        [Codes(one.codes[places], one.values) for one in cells],
        np.array(gone, bool)[places],
        counts,
        np.array([not whole for _, whole in lists], bool)[texts.codes],
    )


def _list(value: object) -> tuple[Sequence[Any], bool]:
    """The items of a list as a profile states it, and whether they are all."""
    if value is None:
        return (), False
    record: dict[str, Any] = {"items": value}
    if isinstance(value, dict) and value.keys() <= {"items", "complete"}:
        record = value
    items, whole = record.get("items"), record.get("complete", True)
    if isinstance(items, list) and isinstance(whole, bool):
        return items, whole
    return (None,), True


def _cells(objects: Sequence[Mapping[str, Any]], name: str) -> Codes:
    """An attribute of some items."""
    known: dict[Any, int] = {}
    none = unset()
    values = (exact_key(one.get(name, none)) for one in objects)
    codes = [known.setdefault(one, len(known)) for one in values]
    return Codes(np.array(codes, np.int64), [*known])
