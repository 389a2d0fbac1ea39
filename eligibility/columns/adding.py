"""Students whose lists a database adds up, and what their facts set, which is found out here.

The database takes the items apart, tells their kinds by small tables of what their values come
to, and adds up for each student what the kinds add. The cells of the facts are fetched with that.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from eligibility.columns.backends import (
    Backend,
    Cells,
    Gathered,
    NotInColumnsError,
    biased,
    same,
)
from eligibility.columns.encoding import encoded, whole_of
from eligibility.columns.facts import Facts
from eligibility.columns.keys import is_told
from eligibility.columns.lists import NoItems
from eligibility.columns.packed import Packed
from eligibility.columns.values import (
    MOST_VALUES,
    Classes,
    at_once,
    distinct,
    either,
    one_if,
    whole,
)
from eligibility.facts import Item, Items
from eligibility.model import ListFact, RulePack
from eligibility.patterns.arrays import Integers
from eligibility.patterns.items import ItemKinds, UnpackableError
from eligibility.patterns.kinds import Kinds
from eligibility.patterns.layout import MOST
from eligibility.sources import Part
from eligibility.sources.convert import converter
from eligibility.sources.duck import DuckPart
from eligibility.sources.joining import Key, columns_of
from eligibility.sources.plan import Field, ListPlan, Plan
from eligibility.sources.postgres import PostgresPart
from eligibility.values import Value

if TYPE_CHECKING:
    import pyarrow as pa
    from ibis.expr.types import Table

__all__ = ["Adding"]

_RADIX = 1 << 62
"""What no number of a kind of items may reach."""


class Adding:
    """Reads parts of the students, and knows the values of their facts by number."""

    def __init__(self, backend: Backend, plan: Plan, rules: RulePack, kinds: Kinds) -> None:
        """Have all lists added up. Raises `NotInColumnsError`, `UsageError`."""
        self._backend = backend
        self._plan = plan
        self._rules = rules
        self._kinds = kinds
        cells = backend.cells(plan)
        self._facts = Facts(plan, cells.loads, rules, kinds)
        self.value = self._facts.value
        self._lists = [*self._every_list(cells)]
        stated = {one.fact.name for one in self._lists}
        self._absent = [
            NoItems(one, kinds)
            for one in rules.vocabulary.facts.values()
            if isinstance(one, ListFact) and one.name not in stated
        ]
        self._table = backend.keep(self._students(cells.table))
        self._strays, self._unnamed = self._stray()
        for one in self._lists:
            backend.drop(one.kept)

    @property
    def epoch(self) -> int:
        """Another number whenever values have been forgotten, and numbers begin anew."""
        return self._facts.epoch

    def read(self, part: Part) -> Gathered:
        """The students of a part. Raises `UsageError` where they cannot be read."""
        assert isinstance(part, DuckPart | PostgresPart)
        table = self._table.filter(self._table.key.notnull())
        if part.after is not None:
            table = table.filter(table.key > part.after)
        if part.until is not None:
            table = table.filter(table.key <= part.until)
        rows = self._backend.fetch(table.order_by("key"))
        keys = rows["key"].to_pylist()
        good = is_told(keys, numbered=self._plan.numbered)
        good &= np.asarray(whole_of(rows["odd"])) == 0
        values: Integers = np.zeros((self._facts.words, len(keys)), np.int64)
        sums = biased(self._kinds.layout, len(keys))
        columns = {number: encoded(rows[f"c{number}"]) for number in self._facts.fields}
        numbers, known = self._facts.add(columns, values)
        for place, one in enumerate(self._lists):
            self._add(rows, place, one, sums)
        for none in self._absent:
            none.add(values, sums)
        strays = [key for key in self._strays if _within(key, part.after, part.until)]
        unnamed = part.after is None and self._unnamed
        return Gathered(keys, good & known, values, sums, numbers, strays, unnamed)

    # -- students ---------------------------------------------------------------------

    def _students(self, table: Table) -> Table:
        """Their facts, whether a list in a column is null, and the sums of all lists."""
        facts = {f"c{number}": table[f"c{number}"] for number in self._facts.fields}
        columns = {
            f"n{one.number}": one_if(table[f"c{one.number}"].isnull())
            for one in self._lists
            if one.apart is None
        }
        found = table.select("key", **facts, **columns)
        odd: Any = whole(0)
        more: dict[str, Any] = {}
        for place, one in enumerate(self._lists):
            renamed = {f"l{place}_{name}": one.sums[name] for name in one.sums.columns}
            sums = one.sums.select(**renamed)
            found = found.left_join(sums, found.key == sums[f"l{place}_own"])
            odd = odd + either(found[f"l{place}_odd"], 0) + either(found[f"l{place}_many"], 0)
            if one.apart is not None:
                more[f"n{place}_apart"] = one_if(found[f"l{place}_own"].isnull())
            for name in one.packed.columns:
                more[f"l{place}_{name}"] = either(found[f"l{place}_{name}"], 0)
        return found.select("key", *facts, *columns, odd=odd, **more)

    def _stray(self) -> tuple[list[Key], bool]:
        """The ids of items that belong to nobody, and whether there are rows without an id."""
        key = self._table.key
        every = self._table.filter(key.isnull()).select("key")
        for one in self._lists:
            if one.apart is not None:
                keys = one.sums.select(key=one.sums.own)
                every = every.union(keys.anti_join(self._table, keys.key == key).select("key"))
        found = self._backend.fetch(every.distinct())["key"].to_pylist()
        return sorted(key for key in found if key is not None), None in found

    def _add(self, rows: pa.Table, place: int, one: _List, sums: Integers) -> None:
        """Add what a list does, and whether it is only partial."""
        for word, column, shift, mask, bit in one.packed.fields:
            cell: Integers = np.asarray(whole_of(rows[f"l{place}_{column}"]))
            if mask:
                cell = (cell >> shift) & mask
            sums[word] += cell << bit
        if one.apart is None:
            unknown = f"n{one.number}"
        elif one.apart.unknown_where_missing:
            unknown = f"n{place}_apart"
        else:
            return
        for word, amount in enumerate(self._kinds.layout.split(one.partial)):
            if amount:
                sums[word] += np.asarray(whole_of(rows[unknown])) * amount

    # -- lists ------------------------------------------------------------------------

    def _every_list(self, students: Cells) -> Iterator[_List]:
        facts = self._rules.vocabulary.facts
        for number, one in enumerate(self._plan.fields):
            fact = facts[one.name]
            if isinstance(fact, ListFact):
                assert one.shape.members is not None
                name = f"c{number}"
                items = students.table.select(
                    own=students.table.key, item=students.table[name].unnest()
                )
                cells = {
                    f"c{place}": items.item[member.column]
                    for place, member in enumerate(one.shape.members)
                }
                gone = one_if(items.item.isnull())
                table = items.select("own", gone=gone, **cells)
                yield self._list(fact, number, table, one.shape.members, None, None)
        for apart in self._plan.lists:
            if apart.below:
                text = f"`{apart.below[0].name}`, a list in the list `{apart.name}`, has a table"
                raise NotInColumnsError(text)
            fact = facts[apart.name]
            assert isinstance(fact, ListFact)
            read = self._backend.cells(apart)
            skipped = len(columns_of(apart)) - len(apart.fields)
            columns = {
                f"c{place}": read.table[f"c{place + skipped}"] for place in range(len(apart.fields))
            }
            table = read.table.select(own=read.table.key, **columns)
            yield self._list(fact, -1, table, apart.fields, apart, read.loads[skipped:])

    def _list(
        self,
        fact: ListFact,
        number: int,
        table: Table,
        members: Sequence[Field],
        apart: ListPlan | None,
        loads: Sequence[Any] | None,
    ) -> _List:
        """A list as sums for each `own`, and the number of its items."""
        import ibis
        import pyarrow as pa

        adds = self._kinds.lists.get(fact.name)
        gone = "gone" in table.columns
        radix = 1
        places: list[tuple[str, Classes, int, int]] = []
        digits: list[tuple[int, int, Mapping[str, int]]] = []
        cells = Cells(table, loads or [same] * len(members))
        joined = table
        stated = set()
        known_values = {} if apart else at_once(self._backend, table)
        for place, member in enumerate(members):
            attribute = fact.attributes[member.name]
            if isinstance(attribute, ListFact) and member.shape.json:
                raise NotInColumnsError(f"column `{member.column}` holds JSON")
            stated.add(attribute.name)
            classes = Classes(attribute, _teller(adds, attribute.name))
            found = _valued(
                self._backend,
                known_values.get(place, table),
                place,
                member,
                classes,
                cells,
            )
            if found.constant:
                places.append((attribute.name, classes, radix, 1))
                continue
            known = found.put(self._backend, place, {"number": found.numbers})
            joined = joined.left_join(known, table[f"c{place}"] == known[f"value_{place}"])
            # one number more, for values that were not there when they were looked at
            nulls = {"null": found.null, "unseen": len(classes.typed)}
            digits.append((place, radix, nulls))
            places.append((attribute.name, classes, radix, len(classes.typed) + 1))
            radix *= len(classes.typed) + 1
            if radix >= _RADIX:
                raise NotInColumnsError(f"`{fact.name}` has too many kinds of items")
        for name, attribute in fact.attributes.items():
            if name not in stated:
                classes = Classes(attribute, _teller(adds, name))
                classes.absent()
                places.append((name, classes, radix, 1))
        kind: Any = whole(0)
        for place, weight, other in digits:
            digit = _at(joined, place, "number", other["null"], other["unseen"])
            kind = kind + digit * whole(weight)
        if gone:
            kind = ibis.ifelse(joined.gone == whole(1), whole(-1), kind)
        table = joined
        items = self._backend.keep(table.select("own", kind=kind))
        rows = self._backend.fetch(items.select("kind").distinct().limit(MOST_VALUES + 1))
        if rows.num_rows > MOST_VALUES:
            raise NotInColumnsError(f"`{fact.name}` has too many kinds of items")
        every = rows["kind"].to_pylist()
        told = [self._kind(adds, places, one) for one in every]
        layout = self._kinds.layout
        packed = Packed([0 if one is None else one for one in told], layout)
        given = {"kind": every, "odd": [int(one is None) for one in told], **packed.columns}
        known = self._backend.put(
            pa.table(
                {
                    name: pa.array(one, "float64" if name in packed.columns else "int64")
                    for name, one in given.items()
                }
            )
        )
        both = items.join(known, "kind")
        many = both.count() > whole(MOST)
        sums = both.group_by("own").aggregate(
            many=one_if(many),
            odd=both.odd.max(),
            **{name: _added_up(both[name], many) for name in packed.columns},
        )
        partial = 0 if adds is None else 1 << adds.partial.offset
        return _List(fact, number, items, sums, packed, partial, apart)

    def _kind(
        self, adds: ItemKinds | None, places: Sequence[tuple[str, Classes, int, int]], kind: int
    ) -> int | None:
        """What a kind of items adds; None where that cannot be told."""
        if kind < 0:
            return None
        values: dict[str, Value] = {}
        lists: dict[str, Items] = {}
        told: dict[str, tuple[object, ...]] = {}
        for name, classes, radix, count in places:
            number = kind // radix % count if count > 1 else 0
            typed = classes.typed[number] if number < len(classes.typed) else None
            if typed is None:
                return None
            told[name] = classes.known[number]
            values.update(typed[0])
            lists.update(typed[1])
        if adds is None:
            return 0
        try:
            return adds.added(Item("/0", values, lists), told)
        except UnpackableError:
            return None


@dataclass(frozen=True, slots=True)
class _List:
    """A list that was added up. `number` is that of its column."""

    fact: ListFact
    number: int
    kept: Table
    sums: Table
    packed: Packed
    partial: int
    apart: ListPlan | None


@dataclass(frozen=True, slots=True)
class _Valued:
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


def _at(table: Table, place: int, name: str, null: int, unseen: int) -> Any:
    """What was joined for a value; other numbers for null, and for one that is not there."""
    import ibis

    null_too = ibis.ifelse(table[f"c{place}"].isnull(), whole(null), whole(unseen))
    return ibis.coalesce(table[f"{name}_{place}"], null_too)


def _valued(
    backend: Backend, table: Table, number: int, one: Field, classes: Classes, cells: Cells
) -> _Valued:
    """The values of a column, each read once."""
    load, convert = cells.loads[number], converter(one.shape)
    values, raws = distinct(backend, table, table[f"c{number}"], one.column)
    numbers = [classes.of(load(raw), convert) for raw in raws]
    return _Valued(values, numbers, classes.of(None, convert))


def _teller(adds: ItemKinds | None, name: str) -> Any:
    """What tells the values of an attribute apart."""
    if adds is None or name not in adds.reads:
        return lambda typed: ()
    return lambda typed: adds.told(name, Item("/0", *typed))


def _added_up(column: Any, many: Any) -> Any:
    """A sum, which is a whole number where there are not too many items.

    A sum of integers is one of more than 64 bits in some databases, and slow there. That of
    floating-point numbers is exact as long as all of them are whole and small enough.
    """
    import ibis

    return ibis.ifelse(many, ibis.literal(0.0), column.sum()).cast("int64")


def _within(key: Any, after: Any, until: Any) -> bool:
    """Whether an id is of a part."""
    return (after is None or key > after) and (until is None or key <= until)
