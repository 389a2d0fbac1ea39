"""The rows of lists as kinds: those whose cells are of the same classes are of one kind."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, is_dataclass, replace
from typing import TYPE_CHECKING, Any

from eligibility.columns.backends import Backend, Cells, NotInColumnsError, same
from eligibility.columns.values import (
    MOST_VALUES,
    Classes,
    Typed,
    at,
    at_once,
    either,
    one_if,
    valued,
    whole,
)
from eligibility.conditions import ItemQuantifier
from eligibility.facts import Item, Items
from eligibility.model import ListFact, RulePack
from eligibility.profile_json import MAX_ITEMS
from eligibility.remembered import always_read, part
from eligibility.sources.joining import columns_of, stated
from eligibility.sources.plan import Field, ListPlan
from eligibility.values import Value

if TYPE_CHECKING:
    from ibis.expr.types import Table

__all__ = ["Listed", "Listing", "Tell", "Told"]

_RADIX = 1 << 62
"""What no number of a kind of items may reach."""

Tell = Callable[[str], Callable[[Typed], tuple[object, ...]]]
"""For an attribute, what tells its values apart."""

Told = tuple[Item, dict[str, tuple[object, ...]]]
"""An item, and what the rules are told of each of its attributes."""


@dataclass(frozen=True, slots=True)
class Listed:
    """The rows of a list: a `table`, held by the database, with their `own` and `kind`.

    `told` tells once of each of the `kinds` that there are; None where something is not allowed.
    """

    table: Table
    kinds: Sequence[int]
    told: Iterator[Told | None]


@dataclass(frozen=True, slots=True)
class _Rows:
    """Rows as they are read: a `table` with `own` and `c0`, `c1` ... for the `fields`.

    It may have a `key` that names the item for lists `below`, the name `around` of the item
    that a row is of, and `gone`, 1 where there is no item.
    """

    table: Table
    fields: Sequence[Field]
    loads: Sequence[Callable[[Any], Any]]
    below: tuple[ListPlan, ...] = ()

    @property
    def beside(self) -> list[str]:
        """What is kept of a row beside its kind."""
        return [name for name in ("own", "around") if name in self.table.columns]


class Listing:
    """Makes kinds of the rows of lists.

    `owners` are tables of the `key` of whoever has rows of a list in a list, and `strays` of
    students whose rows do not fit together. `kept` is what the database holds meanwhile.
    """

    def __init__(self, backend: Backend, rules: RulePack) -> None:
        self.owners: list[Table] = []
        self.strays: list[Table] = []
        self.kept: list[Table] = []
        self._backend = backend
        self._words = frozenset(_words_below([*rules.outcomes.values()]))

    def in_column(
        self, fact: ListFact, one: Field, students: Cells, number: int, tell: Tell
    ) -> Listed:
        """A list of structs in a column of the students, of this number."""
        assert one.shape.members is not None
        table = students.table
        items = table.select(own=table.key, item=table[f"c{number}"].unnest())
        cells = {
            f"c{place}": items.item[member.column] for place, member in enumerate(one.shape.members)
        }
        rows = items.select("own", gone=one_if(items.item.isnull()), **cells)
        fields = one.shape.members
        return self._listed(fact, _Rows(rows, fields, [same] * len(fields)), tell)

    def apart(self, fact: ListFact, plan: ListPlan, tell: Tell) -> Listed:
        """A list in a table of its own."""
        return self._listed(fact, self._rows(plan), tell)

    def keep(self, table: Table) -> Table:
        """The same, held by the database until `kept` is let go of."""
        found = self._backend.keep(table)
        self.kept.append(found)
        return found

    def _rows(self, plan: ListPlan) -> _Rows:
        cells = self._backend.cells(plan)
        table = cells.table
        skipped = len(columns_of(plan)) - len(plan.fields)
        columns = {f"c{place}": table[f"c{place + skipped}"] for place in range(len(plan.fields))}
        if plan.item is not None:
            columns["around"] = _name(plan.item, table["c0"])
        if plan.key is not None:
            columns["key"] = _name(plan.key, table[f"c{skipped - 1}"])
        rows = table.select(own=table.key, **columns)
        return _Rows(rows, plan.fields, cells.loads[skipped:], plan.below)

    def _listed(self, fact: ListFact, rows: _Rows, tell: Tell) -> Listed:
        import ibis

        places = _Places(fact)
        digits: list[Any] = []
        cells = Cells(rows.table, rows.loads)
        table = rows.table
        values = at_once(self._backend, table) if "gone" in table.columns else {}
        for place, one in enumerate(rows.fields):
            attribute = fact.attributes[one.name]
            classes = Classes(attribute, tell(one.name))
            found = valued(self._backend, values.get(place, rows.table), place, one, classes, cells)
            if found.constant:
                places.add(classes, 1)
                continue
            known = found.put(self._backend, place, {"number": found.numbers})
            table = table.left_join(known, rows.table[f"c{place}"] == known[f"value_{place}"])
            # one number more, for values that were not there when they were looked at
            weight = places.add(classes, len(classes.typed) + 1)
            digits.append((place, weight, found.null, len(classes.typed)))
        inside: list[tuple[str, int, int]] = []
        for place, below in enumerate(rows.below, len(rows.fields)):
            inner = fact.attributes[below.name]
            assert isinstance(inner, ListFact)
            classes = Classes(inner, tell(below.name))
            none = classes.of(stated(below, []), same)
            within = self._within(inner, below, rows.table, classes, f"_{place}")
            matches = [rows.table.own == within[f"own_{place}"]]
            matches.append(rows.table.key == within[f"around_{place}"])
            table = table.left_join(within, matches)
            inside.append((f"number_{place}", places.add(classes, len(classes.typed)), none))
        for name, attribute in fact.attributes.items():
            if name not in places.names:
                classes = Classes(attribute, tell(name))
                classes.absent()
                places.add(classes, 1)
        # PostgreSQL takes a 0 that stands alone for a number of 32 bits
        kind: Any = ibis.literal(0, "int32").cast("int64")
        for place, weight, null, unseen in digits:
            kind = kind + at(table, place, "number", null, unseen) * whole(weight)
        for name, weight, none in inside:
            kind = kind + either(table[name], none) * whole(weight)
        if "gone" in rows.table.columns:
            kind = ibis.ifelse(table.gone == whole(1), whole(-1), kind)
        kept = self.keep(table.select(*rows.beside, kind=kind))
        kinds = self._distinct(fact, kept, "kind").to_pylist()
        return Listed(kept, kinds, places.told(kinds))

    # -- lists in lists ---------------------------------------------------------------

    def _within(
        self, fact: ListFact, plan: ListPlan, outer: Table, classes: Classes, end: str
    ) -> Table:
        """A list in the items of another one as a class for each of these.

        The columns are `own`, `around` and `number`, with this at the end of their names.
        """
        import pyarrow as pa

        rows = self._rows(plan)
        listed = self._listed(fact, rows, self._whole(fact))
        table = listed.table
        named = table.filter(table.around.notnull()).group_by("own", "around")
        # the order of the items makes no difference to the rules
        lists = self.keep(named.aggregate(items=table.kind.collect().sort()))
        self._note_strays(table, lists, outer)
        told = dict(zip(listed.kinds, listed.told, strict=True))
        every = self._distinct(fact, lists, "items")
        numbers = [
            classes.of_typed(_together(fact, plan, [told[kind] for kind in kinds]))
            for kinds in every.to_pylist()
        ]
        given = {f"items{end}": every, f"number{end}": pa.array(numbers, "int64")}
        known = self._backend.put(pa.table(given))
        both = lists.join(known, lists["items"] == known[f"items{end}"])
        return both.select(f"number{end}", **{f"own{end}": both.own, f"around{end}": both.around})

    def _note_strays(self, table: Table, lists: Table, outer: Table) -> None:
        """Take note of rows of no item, of too many, and of items of the same name."""
        self.owners.append(table.select(key=table.own))
        nameless = table.filter(table.around.isnull())
        items = [lists.own == outer.own, lists.around == outer.key]
        names = outer.filter(outer.key.notnull())
        twice = names.group_by("own", "key").aggregate(rows=names.count())
        each = table.group_by("own").aggregate(rows=table.count())
        for found in (
            nameless,
            lists.anti_join(outer, items),
            twice.filter(twice.rows > 1),
            each.filter(each.rows > MAX_ITEMS),
        ):
            self.strays.append(found.select(key=found.own))

    def _whole(self, fact: ListFact) -> Tell:
        """What tells apart the values of items in items: all of them, where they are read."""
        read = {*always_read(fact), *self._words}

        def tell(name: str) -> Callable[[Typed], tuple[object, ...]]:
            if name not in read:
                return lambda typed: ()
            return lambda typed: (part(fact, Item("", *typed), name),)

        return tell

    def _distinct(self, fact: ListFact, table: Table, name: str) -> Any:
        """The different values of a column."""
        rows = self._backend.fetch(table.select(name).distinct().limit(MOST_VALUES + 1))
        if rows.num_rows > MOST_VALUES:
            raise _too_many(fact)
        return rows[name]


class _Places:
    """What the number of a kind is made of: a class of each attribute."""

    def __init__(self, fact: ListFact) -> None:
        self.names: set[str] = set()
        self._fact = fact
        self._radix = 1
        self._told: dict[str, tuple[object, ...]] = {}
        self._typed: list[Typed | None] = []
        self._varying: list[tuple[str, Classes, int, int]] = []

    def add(self, classes: Classes, count: int) -> int:
        """What one of so many classes weighs in the number. Raises `NotInColumnsError`."""
        weight, name = self._radix, classes.fact.name
        self.names.add(name)
        if count == 1:
            self._told[name] = classes.known[0]
            self._typed.append(classes.typed[0])
            return weight
        self._varying.append((name, classes, weight, count))
        self._radix *= count
        if self._radix >= _RADIX:
            raise _too_many(self._fact)
        return weight

    def told(self, kinds: Sequence[int]) -> Iterator[Told | None]:
        """The item of each kind; None where something is not allowed."""
        values: dict[str, Value] = {}
        lists: dict[str, Items] = {}
        for typed in self._typed:
            values |= typed[0] if typed is not None else {}
            lists |= typed[1] if typed is not None else {}
        never = None in self._typed
        for kind in kinds:
            yield None if never or kind < 0 else self._one(kind, {**values}, {**lists})

    def _one(self, kind: int, values: dict[str, Value], lists: dict[str, Items]) -> Told | None:
        told = {**self._told}
        for name, classes, weight, count in self._varying:
            number = kind // weight % count
            typed = classes.typed[number] if number < len(classes.typed) else None
            if typed is None:
                return None
            told[name] = classes.known[number]
            values.update(typed[0])
            lists.update(typed[1])
        return Item("/0", values, lists), told


def _together(fact: ListFact, plan: ListPlan, told: Sequence[Told | None]) -> Typed | None:
    """A list of such items; None where something is not allowed."""
    items = []
    for number, one in enumerate(told):
        if one is None:
            return None
        items.append(replace(one[0], pointer=f"/{fact.name}/{number}"))
    complete = not plan.partial
    return {}, {fact.name: Items(f"/{fact.name}", tuple(items), complete=complete, stated=True)}


def _name(column: str, cell: Any) -> Any:
    """The name of an item, as it is compared."""
    if not (cell.type().is_string() or cell.type().is_integer()):
        raise NotInColumnsError(f"column `{column}` names items, and has no texts or whole numbers")
    return cell.cast("string")


def _too_many(fact: ListFact) -> NotInColumnsError:
    return NotInColumnsError(f"`{fact.name}` has too many kinds of items")


def _words_below(found: object, *, below: bool = False) -> Iterator[str]:
    """All words in conditions about lists in lists: the attributes they read are among them."""
    below = below or isinstance(found, ItemQuantifier)
    if isinstance(found, str):
        if below:
            yield found
    elif isinstance(found, Mapping):
        yield from _words_below([*found.items()], below=below)
    elif isinstance(found, list | tuple):
        for one in found:
            yield from _words_below(one, below=below)
    elif is_dataclass(found):
        for one in fields(found):
            yield from _words_below(getattr(found, one.name), below=below)
