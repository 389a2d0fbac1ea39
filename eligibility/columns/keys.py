"""The ids of students and of items: in which order they stand, and who they are."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from eligibility.patterns.arrays import Integers
from eligibility.schemas import ids_allowed

if TYPE_CHECKING:
    import pyarrow as pa
    from numpy.typing import NDArray

__all__ = ["is_told", "order_of", "places_of"]


def order_of(keys: pa.Array) -> pa.Array | None:
    """The places of ids in their order, where they do not stand in it already."""
    from pyarrow import compute

    if len(keys) < 2 or compute.all(compute.less(keys[:-1], keys[1:])).as_py():
        return None
    return compute.sort_indices(keys)


def is_told(keys: Sequence[Any], *, numbered: bool) -> NDArray[np.bool_]:
    """Who of all, in the order of their ids, has one that is allowed and stands there once."""
    good = np.ones(len(keys), bool)
    if len(set(keys)) < len(keys):
        for place in range(1, len(keys)):
            if keys[place] == keys[place - 1]:
                good[place - 1 : place + 1] = False
    if not numbered:
        good &= np.array(ids_allowed(keys), bool)
    return good


def places_of(keys: pa.Array, students: pa.Array) -> tuple[Integers, pa.Array]:
    """The place of the student for each id of an item, -1 for nobody; and those ids."""
    from pyarrow import compute

    found = compute.fill_null(compute.index_in(keys, value_set=students), -1)
    places = np.asarray(found).astype(np.int64)
    strays = keys.filter(np.equal(places, -1)) if (places < 0).any() else keys[:0]
    return places, strays
