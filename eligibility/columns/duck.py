"""Tables that DuckDB reads, part by part: their columns are taken apart and added up here.

Each process reads with a connection of its own. A list in a column comes as the members of all
items, and so does one in a table of its own.
"""

from __future__ import annotations

import contextlib
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from eligibility.columns.backends import Gathered, NotInColumnsError, same
from eligibility.columns.encoding import Codes, encoded, whole_of
from eligibility.columns.facts import CellValues, Facts, JsonValues
from eligibility.columns.keys import is_told, order_of, places_of
from eligibility.columns.lists import ItemCells, Items, NoItems
from eligibility.columns.texts import items_of
from eligibility.model import ListFact, RulePack
from eligibility.patterns.arrays import Integers, biased, numbered
from eligibility.patterns.kinds import Kinds
from eligibility.patterns.typed import Values
from eligibility.profile_json import MAX_ITEMS
from eligibility.sources import Part
from eligibility.sources.convert import converter
from eligibility.sources.duck import DuckPart, told
from eligibility.sources.duck_types import cast_sql
from eligibility.sources.joining import columns_of, stated, tables_of
from eligibility.sources.plan import Field, ListPlan, Plan, Shape
from eligibility.sources.tables import TableSource

if TYPE_CHECKING:
    import pyarrow as pa
    from duckdb import DuckDBPyConnection

__all__ = ["DuckReading", "duck"]


@contextlib.contextmanager
def duck(source: TableSource, rules: RulePack, kinds: Kinds) -> Iterator[DuckReading]:
    """Reads the tables of a source, for as long as the block runs, in copies of it as well.

    Raises `NotInColumnsError`.
    """
    made = DuckReading(source.whole(), rules, kinds)
    try:
        yield made
    finally:
        made.close()


class DuckReading:
    """Reads parts of the students, and knows the values of their facts by number."""

    def __init__(self, whole: DuckPart, rules: RulePack, kinds: Kinds) -> None:
        plan = whole.plan
        self._opening = whole.opening
        self._plan = plan
        self._kinds = kinds
        self._opened = contextlib.ExitStack()
        self._connection: DuckDBPyConnection | None = None
        self._replaced: dict[int, str] = {}
        loads = [same] * (len(plan.fields) + len(plan.judgements))
        self._facts = Facts(plan, loads, rules, kinds)
        self.value = self._facts.value
        self._nested: list[tuple[int, ListFact, ItemCells]] = []
        self._apart: list[tuple[ListPlan, ItemCells]] = []
        lists = {
            one.name: one for one in rules.vocabulary.facts.values() if isinstance(one, ListFact)
        }
        for number, field in enumerate(plan.fields):
            of = lists.get(field.name)
            if of is not None:
                if field.shape.json:
                    members: list[Values] = [JsonValues(one) for one in of.attributes.values()]
                else:
                    members = _members(of, field.shape.members or ())
                self._nested.append((number, of, ItemCells(of, members, kinds)))
        for apart in plan.lists:
            of = lists[apart.name]
            # lists in it come as they are to be read
            below = [Field(one.name, one.shown, Shape()) for one in apart.below]
            made = ItemCells(of, _members(of, (*apart.fields, *below)), kinds)
            self._apart.append((apart, made))
        stated = {field.name for field in plan.fields} | {apart.name for apart in plan.lists}
        self._absent = [NoItems(of, kinds) for name, of in lists.items() if name not in stated]
        self._look(whole)

    def close(self) -> None:
        """Let go of the connection."""
        self._opened.close()
        self._connection = None

    @property
    def epoch(self) -> int:
        """Another number whenever values have been forgotten, and numbers begin anew."""
        return self._facts.epoch

    def read(self, part: Part) -> Gathered:
        """The students of a part. Raises `UsageError` where they cannot be read."""
        assert isinstance(part, DuckPart)
        part = replace(part, opening=self._opening)
        table = self._fetch(part, self._plan)
        key = whole_of(table["key"])
        unnamed = key.null_count > 0
        if unnamed:
            table = table.filter(key.is_valid())
            key = whole_of(table["key"])
        order = order_of(key)
        if order is not None:
            table, key = table.take(order), key.take(order)
        keys = key.to_pylist()
        good = is_told(keys, numbered=self._plan.numbered)
        values: Integers = np.zeros((self._facts.words, len(keys)), np.int64)
        sums = biased(self._kinds.layout, len(keys))
        columns = {number: encoded(table[f"c{number}"]) for number in self._facts.fields}
        numbers, known = self._facts.add(columns, values)
        good &= known
        for number, of, made in self._nested:
            shape, column = self._plan.fields[number].shape, table[f"c{number}"]
            if shape.json:
                some = items_of(encoded(column), of, converter(shape))
            else:
                some = _items(whole_of(column), shape)
            good &= made.add(*some, values, sums)
        strays: set[Any] = set()
        for apart, made in self._apart:
            some = self._of_table(part, apart, key, strays)
            good &= made.add(*some, values, sums)
        for none in self._absent:
            none.add(values, sums)
        part.opening.unchanged()
        unnamed |= None in strays
        if strays:
            good &= np.array([key not in strays for key in keys], bool)
        return Gathered(keys, good, values, sums, numbers, [*(strays - {None})], unnamed)

    def _of_table(
        self, part: DuckPart, apart: ListPlan, students: pa.Array, strays: set[Any]
    ) -> Items:
        """The items of a list in a table of its own.

        The ids of items of nobody, and of students whose items do not fit together, are added
        to the `strays`.
        """
        rows = self._rows(part, apart, strays)
        places, lost = places_of(rows.keys, students)
        strays.update(lost.unique().to_pylist())
        cells = rows.cells
        order = np.flatnonzero(places >= 0)
        if (places[1:] < places[:-1]).any():
            order = order[np.argsort(places[order], kind="stable")]
            cells = [Codes(one.codes[order], one.values) for one in cells]
        elif len(order) < len(places):
            cells = [Codes(one.codes[order], one.values) for one in cells]
        counts = np.bincount(places[order], minlength=len(students))
        unknown = (counts == 0) & apart.unknown_where_missing | apart.partial
        return cells, np.zeros(len(order), bool), counts, unknown

    def _rows(self, part: DuckPart, of: ListPlan, strays: set[Any]) -> _Rows:
        """The rows of a list in a table of its own, with the lists in its items."""
        rows = self._fetch(part, of)
        skipped = len(columns_of(of)) - len(of.fields)
        keys = whole_of(rows["key"])
        cells = [encoded(rows[f"c{skipped + place}"]) for place in range(len(of.fields))]
        names = rows[f"c{skipped - 1}"].to_pylist() if of.key is not None else []
        around = rows["c0"].to_pylist() if of.item is not None else []
        if of.below:
            own = [*zip(keys.to_pylist(), names, strict=True)]
            twice = Counter(one for one in own if one[1] is not None)
            strays.update(key for (key, _), count in twice.items() if count > 1)
            cells += [self._below(part, one, own, strays) for one in of.below]
        return _Rows(keys, cells, around)

    def _below(
        self, part: DuckPart, of: ListPlan, outer: Sequence[_Named], strays: set[Any]
    ) -> Codes:
        """A list in the items of another one: for each of these the list as it is to be read."""
        rows = self._rows(part, of, strays)
        keys = rows.keys.to_pylist()
        alike: Integers = np.zeros(len(keys), np.int64)
        first, kinds = numbered([alike, *(one.codes.astype(np.int64) for one in rows.cells)])
        fields = [(one.name, converter(one.shape)) for one in of.fields]
        fields += [(one.name, same) for one in of.below]
        items = [
            {
                name: convert(one.values[one.codes[place]])
                for (name, convert), one in zip(fields, rows.cells, strict=True)
            }
            for place in first.tolist()
        ]
        known = set(outer)
        strays.update(key for key, count in Counter(keys).items() if count > MAX_ITEMS)
        inside: dict[_Named, list[int]] = {}
        for key, name, kind in zip(keys, rows.around, kinds.tolist(), strict=True):
            if name is None or (key, name) not in known:
                strays.add(key)
            inside.setdefault((key, name), []).append(kind)
        lists: dict[tuple[int, ...], int] = {}
        # the order of the items makes no difference to the rules
        codes = [
            lists.setdefault(tuple(sorted(inside.get(one, ()))) if one[1] else (), len(lists))
            for one in outer
        ]
        values = [stated(of, [items[kind] for kind in one]) for one in lists]
        return Codes(np.array(codes, np.int64), values)

    # -- DuckDB -----------------------------------------------------------------------

    def _look(self, whole: DuckPart) -> None:
        """Look at the types of all columns. Raises `NotInColumnsError`."""
        with whole.opening.connection() as connection, told(self._opening.name):
            for of in tables_of(self._plan):
                connection.execute(f"DESCRIBE {whole.cells(of)}")
                types = {name: kind for name, kind, *_ in connection.fetchall()}
                replaced = []
                columns = columns_of(of)
                judged = len(of.judgements) if isinstance(of, Plan) else 0
                for number, (name, casts) in enumerate(columns):
                    kind = types[f"c{number}"]
                    if "HUGEINT" in kind:
                        raise NotInColumnsError(f"column `{name}` has numbers of 128 bits")
                    if _CAST.search(kind) or number < len(columns) - len(of.fields) - judged:
                        replaced.append(f"{cast_sql(f'c{number}', casts)} AS c{number}")
                if replaced:
                    self._replaced[id(of)] = ", ".join(replaced)

    def _fetch(self, part: DuckPart, of: Plan | ListPlan) -> pa.Table:
        """The rows of a table."""
        if self._connection is None:
            self._connection = self._opened.enter_context(part.opening.connection())
            # other processes read as well
            self._connection.execute("SET threads = 1")
        text = part.cells(of)
        replaced = self._replaced.get(id(of))
        if replaced:
            text = f"SELECT * REPLACE ({replaced}) FROM ({text})"
        with told(self._opening.name):
            return self._connection.sql(text).to_arrow_table()


_CAST = re.compile(r"\bENUM\(|\bUUID\b|\[[0-9]+\]")
"""Types that are cast: an enumeration, a UUID, and a list of a fixed length."""

_Named = tuple[Any, str | None]
"""A student's id, and the name of an item."""


@dataclass(frozen=True, slots=True)
class _Rows:
    """Rows of a list: the students' ids, the cells, and the names of the items `around` them."""

    keys: pa.Array
    cells: Sequence[Codes]
    around: Sequence[str | None]


def _items(column: pa.Array, of: Shape) -> Items:
    """The items of a list in a column."""
    from pyarrow import compute

    counts = np.asarray(compute.fill_null(compute.list_value_length(column), 0)).astype(np.int64)
    items = column.flatten()
    every = items.flatten()
    cells = [encoded(every[items.type.get_field_index(one.column)]) for one in of.members or ()]
    unknown = np.asarray(column.is_null()) | of.partial
    return cells, np.asarray(items.is_null()), counts, unknown


def _members(of: ListFact, fields: Sequence[Field]) -> list[Values]:
    """What reads the cells of an item."""
    return [CellValues(of.attributes[one.name], one, same) for one in fields]
