"""Columns of Arrow in codes: a small number for each of the different values in a column."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from eligibility.patterns.arrays import Integers, numbered

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["Codes", "encoded", "whole_of"]


@dataclass(frozen=True, slots=True)
class Codes:
    """The code of each cell of a column, and the value that each code stands for."""

    codes: Integers
    values: Sequence[Any]


def encoded(column: pa.Array | pa.ChunkedArray) -> Codes:
    """A column in codes. Values are as Python has them: days as texts, and 0.1 is 0.1."""
    import pyarrow as pa

    array = whole_of(column)
    if pa.types.is_nested(array.type):
        first, codes = numbered([_codes(array)])
        return Codes(codes, _told(array.take(pa.array(first))).to_pylist())
    codes, values = _flat(array)
    return Codes(codes, _told(values).to_pylist())


def whole_of(column: pa.Array | pa.ChunkedArray) -> pa.Array:
    """A column in one piece, of a type that has no name of its own."""
    import pyarrow as pa

    if isinstance(column, pa.ChunkedArray):
        column = column.combine_chunks()
        if isinstance(column, pa.ChunkedArray):  # as some releases make of no piece, or of many
            column = pa.concat_arrays(column.chunks or [pa.array([], column.type)])
    return column.storage if isinstance(column.type, pa.BaseExtensionType) else column


def _flat(array: pa.Array) -> tuple[Integers, pa.Array]:
    import pyarrow as pa

    if pa.types.is_null(array.type):
        return np.zeros(len(array), np.int64), pa.nulls(1)
    if pa.types.is_dictionary(array.type):
        array = array.dictionary_decode()
    made = array.dictionary_encode(null_encoding="encode")
    return np.asarray(made.indices), made.dictionary


def _codes(array: pa.Array) -> Integers:
    """Numbers that are equal where values are, lists and structures too."""
    import pyarrow as pa
    from pyarrow import compute

    array = whole_of(array)
    if pa.types.is_struct(array.type):
        keys = [np.asarray(array.is_valid()).astype(np.int64)]
        keys += [_codes(one) for one in array.flatten()]
        return numbered(keys)[1]
    if pa.types.is_nested(array.type):
        counts = np.asarray(compute.fill_null(compute.list_value_length(array), -1)).astype(int)
        ends = np.cumsum(np.maximum(counts, 0)).tolist()
        inside = _codes(array.flatten()).astype(np.int64).tobytes()
        known: dict[tuple[int, bytes], int] = {}
        codes, first = [], 0
        for count, end in zip(counts.tolist(), ends, strict=True):
            told = (count, inside[8 * first : 8 * end])
            codes.append(known.setdefault(told, len(known)))
            first = end
        return np.array(codes, np.int64)
    return _flat(array)[0].astype(np.int64)


def _told(values: pa.Array) -> pa.Array:
    """Values cast to what Python can have."""
    import pyarrow as pa

    exact, texts = _cast(values.type, pa.float64()), _cast(values.type, pa.string())
    return values if exact == values.type == texts else values.cast(texts).cast(exact)


def _cast(kind: pa.DataType, of_floats: pa.DataType) -> pa.DataType:
    import pyarrow as pa

    if pa.types.is_date(kind):
        return pa.string()
    if pa.types.is_float32(kind):
        return of_floats
    if pa.types.is_struct(kind):
        members = (kind.field(number) for number in range(kind.num_fields))
        return pa.struct([one.with_type(_cast(one.type, of_floats)) for one in members])
    if pa.types.is_list(kind):
        return pa.list_(kind.value_field.with_type(_cast(kind.value_type, of_floats)))
    return kind
