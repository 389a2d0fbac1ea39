"""The patterns of all students: what their facts set, and what their items add up to."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from eligibility.columns.backends import Backend, Cells, NotInColumnsError
from eligibility.columns.items import Listed, Listing, Tell, Told
from eligibility.columns.packed import Packed
from eligibility.columns.values import Classes, Typed, Valued, at, either, one_if, valued, whole
from eligibility.facts import Item
from eligibility.model import Declaration, Fact, Kind, ListFact, RulePack
from eligibility.patterns.items import ItemKinds, UnpackableError
from eligibility.patterns.kinds import Kinds
from eligibility.patterns.layout import MOST, WORD
from eligibility.profile_json import MAX_ID
from eligibility.schemas import absent_value
from eligibility.sources.plan import ListPlan, Plan
from eligibility.values import Value

if TYPE_CHECKING:
    from ibis.expr.types import Table

__all__ = ["VALUES", "Added", "added"]

VALUES = 60
"""The bits of a word of values: an even number, and less than an integer has."""


@dataclass(frozen=True, slots=True)
class Added:
    """All students: `key`, `odd`, `v0` ... with what is set, `s0` ... with the sums and bias.

    `odd` is not 0 for students who take the ordinary way. `strays` are the keys of items
    that belong to nobody.
    """

    table: Table
    strays: Table | None
    kept: tuple[Table, ...]


def added(backend: Backend, plan: Plan, rules: RulePack, kinds: Kinds) -> Added:
    """What all students add up to. Raises `NotInColumnsError`, `UsageError`."""
    return _Adding(backend, plan, rules, kinds).all()


class _Adding:
    def __init__(self, backend: Backend, plan: Plan, rules: RulePack, kinds: Kinds) -> None:
        self._backend = backend
        self._plan = plan
        self._rules = rules
        self._kinds = kinds
        self._pairs = {one for names in kinds.facts if len(names) > 1 for one in names}
        self._classes: dict[str, Classes] = {}
        self._listing = Listing(backend, rules)

    def all(self) -> Added:
        cells = self._backend.cells(self._plan)
        kept = self._backend.keep(self._students(cells))
        lists = [*self._lists(cells)]
        table = kept
        for names in self._kinds.facts:
            if len(names) > 1:
                table = self._paired(table, names)
        owners = [*self._listing.owners]
        for one in lists:
            table = self._joined(table, one)
            if one.apart is not None:
                owners.append(one.sums.select(key=one.sums.own))
        strays = [*self._listing.strays]
        for keys in owners:
            strays.append(keys.anti_join(kept, keys.key == kept.key).select("key"))
            strays.append(keys.filter(keys.key.isnull()))
        sums = self._sums(table, lists)
        columns = {name: table[name] for name in kept.columns if name[0] == "v"}
        found = table.select("key", "odd", **columns, **sums)
        union = None
        for more in strays:
            union = more if union is None else union.union(more)
        return Added(found, union, (kept, *self._listing.kept))

    # -- facts ------------------------------------------------------------------------

    def _students(self, cells: Cells) -> Table:
        """Their facts as what these set; of the lists in columns, whether they are null."""
        wide = _Wide(self._backend, cells.table)
        facts = self._rules.vocabulary.facts
        more: dict[str, Any] = {}
        stated = set()
        for number, one in enumerate((*self._plan.fields, *self._plan.judgements)):
            judged = number >= len(self._plan.fields)
            fact: Declaration = facts[one.name] if not judged else _judgement(one.name)
            stated.add((judged, fact.name))
            if isinstance(fact, ListFact):
                if one.shape.json:
                    raise NotInColumnsError(f"column `{one.column}` holds JSON")
                more[f"n{number}"] = number
                continue
            classes = self._classes_of(fact, judged=judged)
            found = valued(self._backend, cells.table, number, one, classes, cells)
            adds = [self._adds(fact, judged, typed) for typed in classes.typed]
            paired = not judged and fact.name in self._pairs
            wide.add(number, found, classes, adds, f"p_{fact.name}" if paired else None)
        for fact in facts.values():
            if isinstance(fact, Fact) and (False, fact.name) not in stated:
                classes = self._classes_of(fact, judged=False)
                absent = classes.absent()
                wide.constant |= self._adds(fact, False, classes.typed[absent])
                if fact.name in self._pairs:
                    wide.named[f"p_{fact.name}"] = absent
        for name in self._rules.judgements:
            if (True, name) not in stated:
                wide.constant |= self._kinds.of_judgement(name, None)
        table = wide.table
        null = {name: one_if(table[f"c{n}"].isnull()) for name, n in more.items()}
        odd = wide.odd(self._odd_id(table.key))
        words = wide.words(-(-self._kinds.layout.most // VALUES))
        return table.select("key", odd=odd, own=table[cells.own], **words, **null, **wide.pairs())

    def _classes_of(self, fact: Fact, *, judged: bool) -> Classes:
        """Classes by what a fact adds, or by its value where it is compared with another one."""
        if not judged and fact.name in self._pairs:
            classes = Classes(fact, lambda typed: (typed[0].get(fact.name),))
            self._classes[fact.name] = classes
            return classes
        return Classes(fact, lambda typed: (self._adds(fact, judged, typed),))

    def _adds(self, fact: Declaration, judged: bool, typed: Any) -> int:
        if typed is None:
            return 0
        if judged:
            value = typed[0].get(fact.name)
            return self._kinds.of_judgement(fact.name, value if value is not None else None)
        return self._kinds.of_facts((fact.name,), typed[0])

    def _odd_id(self, key: Any) -> Any:
        """1 for an id that is not plain, which a profile may or may not have."""
        if self._plan.numbered:
            return one_if(key.isnull())
        plain = key.re_search("[!-~]") & ~key.re_search("[^ -~]") & (key.length() <= MAX_ID)
        return one_if(~plain | key.isnull())

    def _paired(self, table: Table, names: tuple[str, ...]) -> Table:
        """The table with what facts set that are compared with one another."""
        import pyarrow as pa

        columns = [f"p_{name}" for name in names]
        rows = self._backend.fetch(table.select(*columns).distinct())
        every = list(zip(*(rows[name].to_pylist() for name in columns), strict=True))
        adds = []
        for numbers in every:
            values: dict[str, Value] = {}
            for name, number in zip(names, numbers, strict=True):
                typed = self._classes[name].typed[number]
                if typed is not None:
                    values.update(typed[0])
            adds.append(self._kinds.of_facts(names, values))
        changed = sorted(set(_words_of(adds)))
        if not changed:
            return table
        given = {
            f"q_{name}": [*one] for name, one in zip(columns, zip(*every, strict=True), strict=True)
        }
        for word in changed:
            given[f"q{word}"] = [_word(one, word) for one in adds]
        known = self._backend.put(pa.table(given))
        on = [table[name] == known[f"q_{name}"] for name in columns]
        table = table.left_join(known, on)
        sums = {f"v{word}": table[f"v{word}"] + either(table[f"q{word}"], 0) for word in changed}
        return table.mutate(**sums).drop(*given)

    # -- lists ------------------------------------------------------------------------

    def _lists(self, students: Cells) -> Iterator[_List]:
        facts = self._rules.vocabulary.facts
        for number, one in enumerate(self._plan.fields):
            fact = facts[one.name]
            if isinstance(fact, ListFact):
                tell = _teller(self._kinds.lists.get(fact.name))
                listed = self._listing.in_column(fact, one, students, number, tell)
                yield self._list(fact, number, listed, None)
        for apart in self._plan.lists:
            fact = facts[apart.name]
            assert isinstance(fact, ListFact)
            tell = _teller(self._kinds.lists.get(fact.name))
            yield self._list(fact, -1, self._listing.apart(fact, apart, tell), apart)

    def _list(self, fact: ListFact, number: int, listed: Listed, apart: ListPlan | None) -> _List:
        """A list as sums for each `own`, and the number of its items."""
        import pyarrow as pa

        adds = self._kinds.lists.get(fact.name)
        told = [_added(adds, one) for one in listed.told]
        packed = Packed([one or 0 for one in told], self._kinds.layout)
        given = {"kind": listed.kinds, "odd": [int(one is None) for one in told], **packed.columns}
        known = self._backend.put(
            pa.table(
                {
                    name: pa.array(one, "float64" if name in packed.columns else "int64")
                    for name, one in given.items()
                }
            )
        )
        both = listed.table.join(known, "kind")
        many = both.count() > whole(MOST)
        sums = both.group_by("own").aggregate(
            many=one_if(many),
            odd=both.odd.max(),
            **{name: _added_up(both[name], many) for name in packed.columns},
        )
        partial = 0 if adds is None else 1 << adds.partial.offset
        return _List(fact, number, sums, packed, partial, apart)

    def _joined(self, table: Table, one: _List) -> Table:
        """The table with the sums of a list, and whether they are of no use."""
        name = one.fact.name
        renamed = {f"{name}.{word}": one.sums[word] for word in one.sums.columns}
        sums = one.sums.select(**renamed)
        own = table.own if one.apart is None else table.key
        table = table.left_join(sums, own == sums[f"{name}.own"])
        odd = either(table[f"{name}.odd"], 0) + either(table[f"{name}.many"], 0)
        return table.mutate(odd=table.odd + odd)

    def _sums(self, table: Table, lists: Sequence[_List]) -> dict[str, Any]:
        """The words of sums, with the bias."""
        layout = self._kinds.layout
        constant = [(layout.bias >> (WORD * word)) % (1 << WORD) for word in range(layout.words)]
        known = {one.fact.name for one in lists}
        for name, kinds in self._kinds.lists.items():
            if name not in known and not absent_value(kinds.of)[1][name].complete:
                for word, amount in enumerate(layout.split(1 << kinds.partial.offset)):
                    constant[word] += amount
        found = [whole(one) for one in constant]
        for one in lists:
            for word, amount in self._of_list(table, one):
                found[word] = found[word] + amount
        return {f"s{word}": total for word, total in enumerate(found)}

    def _of_list(self, table: Table, one: _List) -> Iterator[tuple[int, Any]]:
        """What a list adds to the words, and whether it is only partial."""
        for word, column, shift, mask, place in one.packed.fields:
            cell: Any = either(table[f"{one.fact.name}.{column}"], 0)
            if mask:
                cell = ((cell >> whole(shift)) if shift else cell) & whole(mask)
            yield word, cell * whole(1 << place) if place else cell
        unknown: Any = None
        if (one.apart or self._plan.fields[one.number].shape).partial:
            unknown = whole(1)
        elif one.apart is None:
            unknown = table[f"n{one.number}"]
        elif one.apart.unknown_where_missing:
            unknown = one_if(table[f"{one.fact.name}.own"].isnull())
        if unknown is not None:
            for word, amount in enumerate(self._kinds.layout.split(one.partial)):
                if amount:
                    yield word, unknown * whole(amount)


@dataclass(frozen=True, slots=True)
class _List:
    """A list that was added up. `number` is that of its column."""

    fact: ListFact
    number: int
    sums: Table
    packed: Packed
    partial: int
    apart: ListPlan | None


class _Wide:
    """A table that is joined with what the values of its columns come to."""

    def __init__(self, backend: Backend, table: Table) -> None:
        self.table = table
        self.constant = 0
        self.named: dict[str, int] = {}
        self._backend = backend
        self._narrow = table
        self._wrong = 0
        self._numbers: dict[str, tuple[int, int]] = {}
        self._odd: list[tuple[int, int]] = []
        self._adds: dict[int, list[tuple[int, int]]] = {}

    def add(
        self, number: int, found: Valued, classes: Classes, adds: Sequence[int], named: str | None
    ) -> None:
        """Join what the values of a column add, and their class as a column of this name."""
        wrong = [int(typed is None) for typed in classes.typed]
        if found.constant:
            self.constant |= adds[found.null]
            self._wrong += wrong[found.null]
            if named is not None:
                self.named[named] = found.null
            return
        columns: dict[str, Sequence[int]] = {"odd": [wrong[one] for one in found.numbers]}
        self._odd.append((number, wrong[found.null]))
        for word in _words_of(adds):
            columns[f"v{word}"] = [_word(adds[one], word) for one in found.numbers]
            self._adds.setdefault(word, []).append((number, _word(adds[found.null], word)))
        if named is not None:
            columns["number"] = found.numbers
            self._numbers[named] = (number, found.null)
        known = found.put(self._backend, number, columns)
        cell = self._narrow[f"c{number}"]
        self.table = self.table.left_join(known, cell == known[f"value_{number}"])

    def odd(self, more: Any) -> Any:
        """More than 0 where a value is not allowed, or was not there when it was looked at."""
        for number, null in self._odd:
            more = more + at(self.table, number, "odd", null, 1)
        return more + whole(self._wrong)

    def words(self, count: int) -> dict[str, Any]:
        """What is set, in words."""
        found = {}
        for word in range(count):
            total: Any = whole(_word(self.constant, word))
            for number, null in self._adds.get(word, ()):
                total = total + at(self.table, number, f"v{word}", null, 0)
            found[f"v{word}"] = total
        return found

    def pairs(self) -> dict[str, Any]:
        """The classes that were named."""
        found = {name: whole(number) for name, number in self.named.items()}
        for name, (number, null) in self._numbers.items():
            found[name] = at(self.table, number, "number", null, null)
        return found


def _judgement(name: str) -> Fact:
    return Fact(name, Kind.BOOLEAN, name, name)


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


def _added_up(column: Any, many: Any) -> Any:
    """A sum, which is a whole number where there are not too many items.

    A sum of integers is one of more than 64 bits in some databases, and slow there. That of
    floating-point numbers is exact as long as all of them are whole and small enough.
    """
    import ibis

    return ibis.ifelse(many, ibis.literal(0.0), column.sum()).cast("int64")


def _word(adds: int, word: int) -> int:
    return (adds >> (VALUES * word)) & ((1 << VALUES) - 1)


def _words_of(adds: Sequence[int]) -> Iterator[int]:
    """The words of values that any of these has something in."""
    every = 0
    for one in adds:
        every |= one
    for word in range(-(-every.bit_length() // VALUES)):
        if _word(every, word):
            yield word
