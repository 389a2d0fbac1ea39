"""Students out of tables: rows in the order of the id, lists joined to them as they come.

Of each table one row at a time is held, and the items of one student; so memory does not
grow with the tables.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from eligibility.errors import Message, Problem, ProfileError, UsageError
from eligibility.inputs import Found
from eligibility.profile_json import MAX_ITEMS, printable
from eligibility.sources.convert import members, partial
from eligibility.sources.plan import ListPlan, Plan

__all__ = ["Key", "Row", "columns_of", "joined", "stated", "tables_of"]

Key = int | str | None
"""A student's id as it is compared; None where there is none. None comes first."""

Row = tuple[object, ...]
"""The key of the student, and the columns of `columns_of`."""

_ID_SHOWN = 100


def columns_of(plan: Plan | ListPlan) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """The columns to read of a table besides the id, with the types to cast each to.

    A column that is for two things is there twice.
    """
    named = [(field.column, field.casts) for field in plan.fields]
    if isinstance(plan, Plan):
        return (*named, *((field.column, field.casts) for field in plan.judgements))
    # names of items are compared, and two tables may have two types for them
    names = [(name, ("TEXT",)) for name in (plan.item, plan.key) if name is not None]
    return (*names, *named)


def tables_of(plan: Plan) -> tuple[Plan | ListPlan, ...]:
    """What is read of every table, the students' first."""
    return (plan, *plan.all_lists)


def stated(plan: ListPlan, items: list[object]) -> object:
    """The items of a list as a profile states them: None where they are not known."""
    if not items and plan.unknown_where_missing:
        return None
    return partial(items) if plan.partial else items


def joined(
    plan: Plan, name: str, rows: Callable[[Plan | ListPlan], Iterator[Row]], told: int = 0
) -> Iterator[Found]:
    """Each student with all lists, in the order of the id; `name` is that of the source.

    `rows` gives the rows of a table in that order. What cannot be a student is a `Found`
    with an error: a row without an id, rows that share one, and items of nobody. So many of
    the rows without an id as were `told` already are left out.
    """
    make = _student(plan)
    lists = [_List(one, rows) for one in plan.lists]
    every = [below for one in lists for below in one.every()]
    ids = _Ahead(rows(plan))
    while not ids.done:
        key = ids.key
        yield from _orphans(every, plan.shown, key)
        row = next(ids)
        count = 1 + sum(1 for _ in ids.take(key))
        if key is None:
            text = f"a row of `{plan.shown}` has no student's id"
            yield from (_refused(plan.shown, None, Message(text)) for _ in range(count - told))
            continue
        place = f"{name}: {_called(key)}"
        items = {one.plan.name: one.items(key) for one in lists}
        wrong = [Problem(place, message) for one in lists for message in one.wrong()]
        if count > 1:
            text = f"the id stands in {count:,} rows of `{plan.shown}`"
            message = Message(text, "leave one of them")
            yield from (_refused(place, key, message) for _ in range(count))
        elif wrong:
            yield Found(place, {"id": str(key)}, ProfileError(wrong))
        else:
            yield Found(place, {**make(row), **items})
    yield from _orphans(every, plan.shown, None, rest=True)


def _orphans(
    lists: Sequence[_List], students: str, key: Key, *, rest: bool = False
) -> Iterator[Found]:
    """What stands before a student's rows, and so belongs to nobody, in the order of the id.

    One for each id in each list.
    """
    while found := [one for one in lists if one.rows.before(key) or (rest and not one.rows.done)]:
        first = min((one.rows.key for one in found), key=lambda key: (key is not None, key))
        for one in found:
            if one.rows.key == first:
                yield one.orphan(students)


def _student(plan: Plan) -> Callable[[Row], dict[str, object]]:
    """What makes a profile of a row, its lists in other tables left out."""
    facts, decisions = members(plan.fields), members(plan.judgements)
    first = 1 + len(facts)

    def make(row: Row) -> dict[str, object]:
        value: dict[str, object] = {"id": str(row[0])}
        for (fact, convert), cell in zip(facts, row[1:first], strict=True):
            value[fact] = convert(cell)
        if decisions:
            cells = zip(decisions, row[first:], strict=True)
            value["judgements"] = {word: convert(cell) for (word, convert), cell in cells}
        return value

    return make


def _called(key: Key) -> str:
    return f"student {printable(str(key), _ID_SHOWN)}"


def _refused(place: str, key: Key, message: Message) -> Found:
    value = None if key is None else {"id": str(key)}
    return Found(place, value, ProfileError([Problem(place, message)]))


def _key(row: Row) -> Key:
    key = row[0]
    assert key is None or isinstance(key, int | str)
    return key


def _earlier(key: Key, other: Key) -> bool:
    """Whether an id comes before another."""
    if key is None or other is None:
        return key is None and other is not None
    if isinstance(key, int):
        assert isinstance(other, int)
        return key < other
    assert isinstance(other, str)
    return key < other


class _Ahead(Iterator[Row]):
    """Rows with the key of the next one in sight."""

    def __init__(self, rows: Iterator[Row]) -> None:
        self._rows = rows
        self._next = next(rows, None)

    @property
    def done(self) -> bool:
        return self._next is None

    @property
    def key(self) -> Key:
        assert self._next is not None
        return _key(self._next)

    def __next__(self) -> Row:
        row = self._next
        if row is None:
            raise StopIteration
        following = self._next = next(self._rows, None)
        if following is not None and following[0] != row[0] and _earlier(self.key, _key(row)):
            text = "the ids do not come in their order, so nothing can be joined by them"
            raise UsageError(Message(text, "keep them in a database whose texts are UTF-8"))
        return row

    def before(self, key: Key) -> bool:
        """Whether the next row belongs to somebody before this one."""
        return self._next is not None and _earlier(self.key, key)

    def take(self, key: Key) -> Iterator[Row]:
        """The rows of one student."""
        while self._next is not None and self._next[0] == key:
            yield next(self)


class _List:
    """The rows of one list's table, and of the lists in it."""

    def __init__(self, plan: ListPlan, rows: Callable[[Plan | ListPlan], Iterator[Row]]) -> None:
        self.plan = plan
        self.rows = _Ahead(rows(plan))
        self._fields = members(plan.fields)
        self._skipped = 1 + (plan.item is not None) + (plan.key is not None)
        self._below = [_List(one, rows) for one in plan.below]
        self._wrong: dict[Message, None] = {}

    def every(self) -> Iterator[_List]:
        """The list and those in it."""
        yield self
        for one in self._below:
            yield from one.every()

    def orphan(self, students: str) -> Found:
        """The next rows, which are all of somebody who is none of the students."""
        own, table = self.rows.key, self.plan.shown
        count = sum(1 for _ in self.rows.take(own))
        noun = "row" if count == 1 else "rows"
        if own is None:
            return _refused(table, None, Message(f"{count:,} {noun} without a student's id"))
        text = f"{count:,} {noun} of a student who is not in `{students}`"
        return _refused(f"{table}: {_called(own)}", own, Message(text))

    def items(self, key: Key) -> object:
        """The list of a student; None where it is not known that there are no items."""
        return stated(self.plan, [item for _, item in self.taken(key)])

    def taken(self, key: Key) -> list[tuple[object, dict[str, object]]]:
        """The items of a student, each with the name of the item around it.

        No more are kept than it takes to see that they are too many.
        """
        found: list[tuple[object, dict[str, object]]] = []
        named: dict[object, dict[str, object]] = {}
        for row in self.rows.take(key):
            if len(found) > MAX_ITEMS:
                if self.plan.item is not None:  # none of the lists they go to need be too long
                    text = f"more than {MAX_ITEMS:,} rows of `{self.plan.shown}` are the student's"
                    self._wrong[Message(text)] = None
                continue
            item: dict[str, object] = {}
            for (name, convert), cell in zip(self._fields, row[self._skipped :], strict=True):
                item[name] = convert(cell)
            found.append((row[1] if self.plan.item is not None else None, item))
            if self._below:
                own = row[self._skipped - 1]
                if own in named and own is not None:
                    text = f"several items of `{self.plan.shown}` have the same"
                    self._wrong[Message(f"{text} `{self.plan.key}`")] = None
                named[own] = item
        for below in self._below:
            self._nest(below, key, [item for _, item in found], named)
        return found

    def _nest(
        self,
        below: _List,
        key: Key,
        items: list[dict[str, object]],
        named: dict[object, dict[str, object]],
    ) -> None:
        """Put the items of a list in this one into the items that they name."""
        name = below.plan.name
        inside: dict[int, list[object]] = {id(item): [] for item in items}
        for around, inner in below.taken(key):
            outer = named.get(around) if around is not None else None
            if outer is None:
                text = f"a row of `{below.plan.shown}` is of no item of `{self.plan.shown}`"
                self._wrong[Message(text, f"compare its `{below.plan.item}`")] = None
                continue
            inside[id(outer)].append(inner)
        for item in items:
            item[name] = stated(below.plan, inside[id(item)])
        for message in below.wrong():
            self._wrong[message] = None

    def wrong(self) -> list[Message]:
        """What was wrong with the items just taken."""
        found, self._wrong = list(self._wrong), {}
        return found
