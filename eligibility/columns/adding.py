"""Students whose lists a database adds up, and what their facts set, which is found out here.

The database takes the items apart, tells their kinds by small tables of what their values come
to, and adds up for each student what the kinds add. The cells of the facts are fetched with that.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from eligibility.columns.backends import (
    Backend,
    Cells,
    Gathered,
)
from eligibility.columns.encoding import encoded, whole_of
from eligibility.columns.facts import Facts
from eligibility.columns.items import Listed, Listing, Tell, Told
from eligibility.columns.keys import is_told
from eligibility.columns.lists import NoItems
from eligibility.columns.packed import Packed
from eligibility.columns.values import Typed, distinct, either, one_if, whole
from eligibility.facts import Item
from eligibility.model import ListFact, RulePack
from eligibility.patterns.arrays import Integers, biased
from eligibility.patterns.items import ItemKinds, UnpackableError
from eligibility.patterns.kinds import Kinds
from eligibility.patterns.layout import MOST
from eligibility.schemas import ValueReader
from eligibility.sources import Part
from eligibility.sources.convert import converter
from eligibility.sources.duck import DuckPart
from eligibility.sources.joining import Key
from eligibility.sources.plan import Field, ListPlan, Plan
from eligibility.sources.postgres import PostgresPart

if TYPE_CHECKING:
    import pyarrow as pa
    from ibis.expr.types import Table

__all__ = ["Adding"]

MOST_TEXTS = 100_000
"""How many different texts a list in JSON may have: each is read here, and adds up."""


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
        self._listing = Listing(backend, rules)
        self._lists = [*self._every_list(cells)]
        stated = {one.fact.name for one in self._lists}
        self._absent = [
            NoItems(one, kinds)
            for one in rules.vocabulary.facts.values()
            if isinstance(one, ListFact) and one.name not in stated
        ]
        self._table = backend.keep(self._students(cells.table))
        self._strays, self._unnamed = self._stray()
        for kept in self._listing.kept:
            backend.drop(kept)

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
        if strays:
            good &= np.array([key not in self._strays for key in keys], bool)
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

    def _stray(self) -> tuple[set[Key], bool]:
        """The ids of items that belong to nobody or do not fit; and whether rows have no id."""
        key = self._table.key
        every = self._table.filter(key.isnull()).select("key")
        owners = [one.sums.select(key=one.sums.own) for one in self._lists if one.apart]
        for keys in (*self._listing.owners, *owners):
            every = every.union(keys.anti_join(self._table, keys.key == key).select("key"))
        for keys in self._listing.strays:
            every = every.union(keys)
        found = self._backend.fetch(every.distinct())["key"].to_pylist()
        return {key for key in found if key is not None}, None in found

    def _add(self, rows: pa.Table, place: int, one: _List, sums: Integers) -> None:
        """Add what a list does, and whether it is only partial."""
        for word, column, shift, mask, bit in one.packed.fields:
            cell: Integers = np.asarray(whole_of(rows[f"l{place}_{column}"]))
            if mask:
                cell = (cell >> shift) & mask
            sums[word] += cell << bit
        unknown: Any = 0
        if one.apart is None:
            shape = self._plan.fields[one.number].shape
            # what a text in JSON says of it was added with its items
            surely = shape.partial and not shape.json
            unknown = 1 if surely else np.asarray(whole_of(rows[f"n{one.number}"]))
        elif one.apart.partial:
            unknown = 1
        elif one.apart.unknown_where_missing:
            unknown = np.asarray(whole_of(rows[f"n{place}_apart"]))
        for word, amount in enumerate(self._kinds.layout.split(one.partial)):
            if amount:
                sums[word] += unknown * amount

    # -- lists ------------------------------------------------------------------------

    def _every_list(self, students: Cells) -> Iterator[_List]:
        facts = self._rules.vocabulary.facts
        for number, one in enumerate(self._plan.fields):
            fact = facts[one.name]
            if isinstance(fact, ListFact) and one.shape.json:
                yield self._list_of_texts(fact, one, students, number)
            elif isinstance(fact, ListFact):
                tell = _teller(self._kinds.lists.get(fact.name))
                listed = self._listing.in_column(fact, one, students, number, tell)
                yield self._list_of_items(fact, number, listed, None)
        for apart in self._plan.lists:
            fact = facts[apart.name]
            assert isinstance(fact, ListFact)
            tell = _teller(self._kinds.lists.get(fact.name))
            listed = self._listing.apart(fact, apart, tell)
            yield self._list_of_items(fact, -1, listed, apart)

    def _list_of_texts(self, fact: ListFact, one: Field, students: Cells, number: int) -> _List:
        """A list in JSON: of each text that there is, all that its items add."""
        import pyarrow as pa

        table, cell = students.table, f"c{number}"
        load, convert = students.loads[number], converter(one.shape)
        values, raws = distinct(self._backend, table, table[cell], one.column, MOST_TEXTS)
        adds, reader = self._kinds.lists.get(fact.name), ValueReader(fact)
        totals = [_total(adds, fact, reader, convert(load(raw))) for raw in raws]
        told = dict.fromkeys(totals)
        places = {total: place for place, total in enumerate(told)}
        kinds = pa.array([places[total] for total in totals], "int64")
        known = self._backend.put(pa.table({"text": values, "number": kinds}))
        stated = table.filter(table[cell].notnull())
        both = stated.left_join(known, stated[cell] == known.text)
        # a text that was not there when they were looked at
        kept = self._listing.keep(both.select(own=both.key, kind=either(both.number, -1)))
        return self._list(fact, number, kept, [*places.values(), -1], [*told, None], None)

    def _list_of_items(
        self, fact: ListFact, number: int, listed: Listed, apart: ListPlan | None
    ) -> _List:
        adds = self._kinds.lists.get(fact.name)
        told = [_added(adds, one) for one in listed.told]
        return self._list(fact, number, listed.table, listed.kinds, told, apart)

    def _list(
        self,
        fact: ListFact,
        number: int,
        table: Table,
        kinds: Sequence[int],
        told: Sequence[int | None],
        apart: ListPlan | None,
    ) -> _List:
        """A list as sums for each `own`: of a `table` of rows, what each of the `kinds` adds."""
        import pyarrow as pa

        adds = self._kinds.lists.get(fact.name)
        packed = Packed([one or 0 for one in told], self._kinds.layout)
        given = {"kind": kinds, "odd": [int(one is None) for one in told], **packed.columns}
        known = self._backend.put(
            pa.table(
                {
                    name: pa.array(one, "float64" if name in packed.columns else "int64")
                    for name, one in given.items()
                }
            )
        )
        both = table.join(known, "kind")
        many = both.count() > whole(MOST)
        sums = both.group_by("own").aggregate(
            many=one_if(many),
            odd=both.odd.max(),
            **{name: _added_up(both[name], many) for name in packed.columns},
        )
        partial = 0 if adds is None else 1 << adds.partial.offset
        return _List(fact, number, sums, packed, partial, apart)


@dataclass(frozen=True, slots=True)
class _List:
    """A list that was added up. `number` is that of its column."""

    fact: ListFact
    number: int
    sums: Table
    packed: Packed
    partial: int
    apart: ListPlan | None


def _teller(adds: ItemKinds | None) -> Tell:
    """What tells the values of attributes apart: by what the rules read of them."""

    def tell(name: str) -> Callable[[Typed], tuple[object, ...]]:
        if adds is None or name not in adds.reads:
            return lambda typed: ()
        return lambda typed: adds.told(name, Item("/0", *typed))

    return tell


def _added(adds: ItemKinds | None, told: Told | None) -> int | None:
    """What an item adds; None where that cannot be told."""
    if told is None or adds is None:
        return None if told is None else 0
    try:
        return adds.added(*told)
    except UnpackableError:
        return None


def _total(adds: ItemKinds | None, fact: ListFact, reader: ValueReader, value: Any) -> int | None:
    """What all items of a list add, and whether it is only partial; None where that is not told."""
    try:
        items = reader.read(value)[1][fact.name]
    except ValueError:
        return None
    if len(items.items) > MOST:
        return None
    if adds is None:
        return 0
    total = 0 if items.complete else 1 << adds.partial.offset
    for item in items.items:
        added = _added(adds, (item, {name: adds.told(name, item) for name in adds.reads}))
        if added is None:
            return None
        total += added
    return total


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
