"""What the values in a column come to, each of them read once."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from eligibility.columns.backends import Backend, Cells, NotInColumnsError
from eligibility.facts import Items
from eligibility.model import Declaration
from eligibility.schemas import ValueReader, absent_value
from eligibility.sources.convert import Convert, converter
from eligibility.sources.plan import Field
from eligibility.values import Value

if TYPE_CHECKING:
    from ibis.expr.datatypes import DataType
    from ibis.expr.types import Column, Table
    from ibis.expr.types import Value as Expression

__all__ = [
    "MOST_VALUES",
    "Classes",
    "Typed",
    "Valued",
    "at",
    "at_once",
    "distinct",
    "either",
    "one_if",
    "valued",
    "whole",
]

MOST_VALUES = 2_000_000
"""How many different values a column may have, or a list different kinds of items."""

Typed = tuple[Mapping[str, Value], Mapping[str, Items]]
"""A value by its name, or a list by its name, as the rules see them."""


def whole(number: int) -> Any:
    """A whole number as an expression."""
    import ibis

    return ibis.literal(number, "int64")


def one_if(condition: Any) -> Any:
    """1 where it holds, and 0 where it does not."""
    import ibis

    return ibis.ifelse(condition, whole(1), whole(0))


def either(column: Any, otherwise: int) -> Any:
    """A whole number, and another one where it is null."""
    return column.fill_null(whole(otherwise))


def distinct(
    backend: Backend, table: Table, column: Column, name: str, most: int = MOST_VALUES
) -> tuple[Any, list[Any]]:
    """The values of a column that are not null: as the database has them, and as Python does.

    Raises `NotInColumnsError` where there are more than `most`.
    """
    found = table.select(value=column).distinct()
    found = found.filter(found.value.notnull()).limit(most + 1)
    told = _told(found.value)
    rows = backend.fetch(found if told is None else found.mutate(told=told))
    if rows.num_rows > most:
        raise NotInColumnsError(f"`{name}` has more than {most:,} different values")
    return rows["value"], rows["value" if told is None else "told"].to_pylist()


def at_once(backend: Backend, table: Table) -> dict[int, Table]:
    """The values of all columns `c0`, `c1` ... found in one go, each as a table by the number.

    Columns of lists and structs are left out.
    """
    import pyarrow as pa

    flat = [
        name for name, kind in table.schema().items() if name[0] == "c" and not kind.is_nested()
    ]
    if not flat:
        return {}
    rows = backend.fetch(
        table.aggregate(**{name: table[name].collect(distinct=True) for name in flat})
    )
    found = {}
    for name in flat:
        values = rows[name].combine_chunks().flatten()
        found[int(name[1:])] = backend.put(pa.table({name: values}))
    return found


def _told(value: Column) -> Expression | None:
    """Values cast to what Python can have: days as texts, and 0.1 as 0.1 whatever its bits."""
    exact, texts = _cast(value.type(), float_as="float64"), _cast(value.type(), float_as="string")
    if exact == value.type() == texts:
        return None
    found = value.cast(texts)
    return found if texts == exact else found.cast(exact)


def _cast(kind: DataType, float_as: str) -> DataType:
    import ibis.expr.datatypes as dt

    if isinstance(kind, dt.Date):
        return dt.dtype("string")
    if isinstance(kind, dt.Float32):
        return dt.dtype(float_as)
    if isinstance(kind, dt.Array):
        return dt.Array(_cast(kind.value_type, float_as))
    if isinstance(kind, dt.Struct):
        return dt.Struct({name: _cast(one, float_as) for name, one in kind.items()})
    return kind


@dataclass(slots=True)
class Classes:
    """The classes of the values of one fact or attribute.

    Values of one class come to the same wherever the rules look at them. `typed` has a value
    for each class, and None for the one of all that are not allowed; `known` is what the rules
    are `told` of it.
    """

    fact: Declaration
    told: Callable[[Typed], tuple[object, ...]]
    typed: list[Typed | None] = field(default_factory=list)
    known: list[tuple[object, ...]] = field(default_factory=list)
    _numbers: dict[Hashable, int] = field(default_factory=dict)
    _reader: ValueReader = field(init=False)

    def __post_init__(self) -> None:
        self._reader = ValueReader(self.fact)

    def of(self, raw: object, convert: Convert) -> int:
        """The class of a value as the ordinary way reads it."""
        value = convert(raw)
        try:
            typed: Typed | None = self._reader.read(value)
        except ValueError:
            typed = None
        return self._number(typed)

    def of_typed(self, typed: Typed | None) -> int:
        """The class of a value that was read already; None for what is not allowed."""
        return self._number(typed)

    def absent(self) -> int:
        """The class of what is not stated at all."""
        return self._number(absent_value(self.fact))

    def _number(self, typed: Typed | None) -> int:
        known = () if typed is None else self.told(typed)
        number = self._numbers.setdefault((typed is None, known), len(self.typed))
        if number == len(self.typed):
            self.typed.append(typed)
            self.known.append(known)
        return number


@dataclass(frozen=True, slots=True)
class Valued:
    """The values of a column, as the database has them, and the class of each and of null."""

    values: Any
    numbers: Sequence[int]
    null: int

    @property
    def constant(self) -> bool:
        """Whether all are of one class, null too."""
        return all(one == self.null for one in self.numbers)

    def put(self, backend: Backend, place: int, columns: Mapping[str, Sequence[int]]) -> Table:
        """A table of the values, with columns whose names end in a number."""
        import pyarrow as pa

        given = {f"value_{place}": self.values}
        for name, one in columns.items():
            given[f"{name}_{place}"] = pa.array(one, "int64")
        return backend.put(pa.table(given))


def at(table: Table, place: int, name: str, null: int, unseen: int) -> Any:
    """What was joined for a value; other numbers for null, and for one that is not there."""
    import ibis

    null_too = ibis.ifelse(table[f"c{place}"].isnull(), whole(null), whole(unseen))
    return ibis.coalesce(table[f"{name}_{place}"], null_too)


def valued(
    backend: Backend, table: Table, number: int, one: Field, classes: Classes, cells: Cells
) -> Valued:
    """The values of a column, each read once."""
    load, convert = cells.loads[number], converter(one.shape)
    values, raws = distinct(backend, table, table[f"c{number}"], one.column)
    numbers = [classes.of(load(raw), convert) for raw in raws]
    return Valued(values, numbers, classes.of(None, convert))
