"""Lists in columns of JSON: their texts are read here, and their items stand in columns then."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
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
    columns: dict[str, list[Any]] = {name: [] for name in of.attributes}
    gone: list[bool] = []
    sizes, unknown = np.zeros(len(texts.values), np.int64), np.zeros(len(texts.values), bool)
    none = unset()
    # no object is kept, since so many of them would be looked at again and again as garbage
    for place, text in enumerate(texts.values):
        items, whole = _list(convert(text))
        wrong = [not isinstance(one, dict) or not one.keys() <= columns.keys() for one in items]
        if True in wrong:
            items = [{} if bad else one for one, bad in zip(items, wrong, strict=True)]
        for name, values in columns.items():
            values += [one.get(name, none) for one in items]
        gone += wrong
        sizes[place], unknown[place] = len(items), not whole
    cells = [_cells(values) for values in columns.values()]
    counts = sizes[texts.codes]
    # where the items of each text begin, and where those of each student will
    first = (np.cumsum(sizes) - sizes)[texts.codes]
    places = np.arange(int(counts.sum())) + np.repeat(first - (np.cumsum(counts) - counts), counts)
    return (
        [Codes(one.codes[places], one.values) for one in cells],
        np.array(gone, bool)[places],
        counts,
        unknown[texts.codes],
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


def _cells(values: list[Any]) -> Codes:
    """An attribute of all items."""
    types = {*map(type, values)} - {type(None), type(unset())}
    if len(types) > 1 or not types <= _ALIKE:
        values = [exact_key(one) for one in values]
    known = dict.fromkeys(values)
    for number, one in enumerate(known):
        known[one] = number
    codes = np.fromiter(map(known.__getitem__, values), np.int64, len(values))
    return Codes(codes, [exact_key(one) for one in known])


_ALIKE = frozenset({str, int, bool, Decimal})
"""Types whose values are the same to the rules where they are equal, if all are of one type."""
