"""What the patterns of all students come to: each that there is decided once, and joined back."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from eligibility.columns.adding import VALUES
from eligibility.columns.backends import Backend
from eligibility.columns.values import whole
from eligibility.patterns.deciding import Decider, Part
from eligibility.patterns.layout import Layout

if TYPE_CHECKING:
    import pyarrow as pa
    from ibis.expr.types import Table

__all__ = ["CODE", "decided"]

CODE = 15
"""How many outcomes a word of what came out has, each in four bits."""

_BITS = 60
"""The bits of a column of a pattern."""

_OUTCOME = 4

_MESH = 8
"""How many words of sums go into one column."""


def decided(
    backend: Backend,
    students: Table,
    deciders: Sequence[Decider],
    asked: Sequence[Decider],
    layout: Layout,
) -> Table:
    """All students who can be told: `key`, `odd`, and `r0` ... with what came out.

    What came out of an outcome is its value now, and above that its value projected.
    """
    keys = [
        _Key(f"k{number}_", one, part, layout, deciders)
        for number, (one, part) in enumerate(_parts(deciders))
    ]
    columns = {name: made for key in keys for name, made in key.columns(students)}
    table = backend.keep(students.select("key", "odd", **columns))
    done: set[str] = set()
    while len(done) < len(deciders):
        ready = [one for one in deciders if one.name not in done and _ready(one, keys, done)]
        joined = table
        for key in keys:
            if key.decider in ready:
                mine = key.whole(table)
                known = backend.put(key.decide(backend.fetch(table.select(**mine).distinct())))
                joined = joined.left_join(
                    known,
                    [table_column == known[f"{name}d"] for name, table_column in mine.items()],
                )
        done.update(one.name for one in ready)
        left = [key for key in keys if key.decider.name not in done]
        needed = {one.name for one in (*asked, *(one for key in left for one in key.refers))}
        made = {_out(one): _least(joined, keys, one) for one in ready if one.name in needed}
        kept = [name for key in left for name in key.names]
        kept += [_out(one) for one in deciders if one.name in needed and _out(one) in table.columns]
        before, table = table, backend.keep(joined.select("key", "odd", *kept, **made))
        backend.drop(before)
    words: dict[str, Any] = {}
    for place, one in enumerate(asked):
        word, within = divmod(place, CODE)
        value = table[_out(one)] * whole(1 << (_OUTCOME * within))
        words[f"r{word}"] = words[f"r{word}"] + value if f"r{word}" in words else value
    result = backend.keep(table.select("key", "odd", **words))
    backend.drop(table)
    return result


def _parts(deciders: Sequence[Decider]) -> Iterator[tuple[Decider, Part]]:
    for one in deciders:
        for part in one.parts:
            yield one, part


def _ready(one: Decider, keys: Sequence[_Key], done: set[str]) -> bool:
    """Whether all outcomes that an outcome refers to are decided."""
    return all(other.name in done for key in keys if key.decider is one for other in key.refers)


def _out(one: Decider) -> str:
    """The column of what came out of an outcome."""
    return f"o_{one.name}"


def _least(table: Table, keys: Sequence[_Key], one: Decider) -> Any:
    """The value of an outcome that asks for all of its parts: now, and projected above."""
    import ibis

    parts = [key.name for key in keys if key.decider is one]
    now, then = ([table[f"{name}{when}"] for name in parts] for when in ("now", "then"))
    if len(parts) == 1:
        return now[0] + then[0] * whole(1 << 2)
    return ibis.least(*now) + ibis.least(*then) * whole(1 << 2)


@dataclass(frozen=True, slots=True)
class _Bits:
    """Bits that stand together in a column, from `shift` on, and in a pattern, from `offset` on."""

    column: str
    shift: int
    offset: int
    width: int


class _Key:
    """The pattern of a part in columns of integers, whose names begin with `name`.

    `refers` are the outcomes that the part refers to, which have to be decided before.
    """

    def __init__(
        self, name: str, decider: Decider, part: Part, layout: Layout, every: Sequence[Decider]
    ) -> None:
        self.name = name
        self.decider = decider
        self._part = part
        values, reached = layout.where(part.mask)
        self.refers = [one for one in every if one.slots & values]
        for one in self.refers:
            values &= ~one.slots
        bits = [_Bits(f"v{bit // VALUES}", bit % VALUES, bit, 1) for bit in _ones(values)]
        self._own = _packed(_runs(bits))
        self._reached = _meshed(reached, layout)
        outcomes = [
            _Bits(_out(one), 0, (one.slots & -one.slots).bit_length() - 1, _OUTCOME)
            for one in self.refers
        ]
        self._others = _packed(outcomes)
        self.names = [f"{name}{n}" for n in range(len(self._own) + len(self._reached))]

    def columns(self, students: Table) -> Iterator[tuple[str, Any]]:
        """The columns of what does not rest on other outcomes, by their `names`."""
        names = iter(self.names)
        for some in self._own:
            yield next(names), _together(students, some)
        for mesh in self._reached:
            total: Any = None
            for place, (word, bits) in enumerate(mesh):
                cell = students[f"s{word}"] & whole(sum(1 << bit for bit, _ in bits))
                cell = cell >> whole(place) if place else cell
                total = cell if total is None else total + cell
            yield next(names), total

    def whole(self, table: Table) -> dict[str, Any]:
        """All columns, where the outcomes that the part refers to are decided."""
        found = {name: table[name] for name in self.names}
        for number, some in enumerate(self._others):
            found[f"{self.name}o{number}"] = _together(table, some)
        if not found:
            found[f"{self.name}0"] = whole(0)
        return found

    def decide(self, rows: pa.Table) -> pa.Table:
        """What each pattern comes to: the columns again, a `d` behind their names; now and then."""
        import pyarrow as pa

        columns = [column.to_pylist() for column in rows.columns]
        now, then = [], []
        for words in zip(*columns, strict=True):
            pattern = 0
            every = iter(words)
            for some in self._own:
                pattern |= _apart(next(every), some)
            for mesh in self._reached:
                pattern |= _unmeshed(next(every), mesh)
            for some in self._others:
                pattern |= _apart(next(every), some)
            found = self._part.decide(pattern)
            now.append(found.now)
            then.append(found.then)
        given = {
            f"{name}d": pa.array(one, "int64")
            for name, one in zip(rows.column_names, columns, strict=True)
        }
        given[f"{self.name}now"] = pa.array(now, "int64")
        given[f"{self.name}then"] = pa.array(then, "int64")
        return pa.table(given)


def _together(table: Table, some: Sequence[_Bits]) -> Any:
    """Bits of several columns in one."""
    total: Any = None
    place = 0
    for one in some:
        cell = table[one.column]
        cell = cell >> whole(one.shift) if one.shift else cell
        cell = (cell & whole((1 << one.width) - 1)) * whole(1 << place)
        total = cell if total is None else total + cell
        place += one.width
    return total


def _apart(word: int, some: Sequence[_Bits]) -> int:
    """What such a column says of the pattern."""
    pattern = 0
    for one in some:
        pattern |= (word & ((1 << one.width) - 1)) << one.offset
        word >>= one.width
    return pattern


_Mesh = list[tuple[int, list[tuple[int, int]]]]
"""Words of sums, with bits of each, and the bits of a pattern that these are."""


def _meshed(reached: Sequence[tuple[int, int]], layout: Layout) -> list[_Mesh]:
    """Bits of words by column: of those in one column each is shifted one further than the last.

    A bit that tells of a bound is the highest of eight, so as many words fit into one another.
    """
    words: dict[int, list[tuple[int, int]]] = {}
    for word, bit in reached:
        words.setdefault(word, []).append((bit, layout.reached(word, bit)))
    every = list(words.items())
    return [every[first : first + _MESH] for first in range(0, len(every), _MESH)]


def _unmeshed(word: int, mesh: _Mesh) -> int:
    """What such a column says of the pattern."""
    return sum(
        told
        for place, (_, bits) in enumerate(mesh)
        for bit, told in bits
        if word >> (bit - place) & 1
    )


def _ones(mask: int) -> Iterator[int]:
    """The places of the bits that are set."""
    while mask:
        yield (mask & -mask).bit_length() - 1
        mask &= mask - 1


def _runs(bits: Sequence[_Bits]) -> list[_Bits]:
    """The same with those together that stand together in both."""
    found: list[_Bits] = []
    for one in bits:
        last = found[-1] if found else None
        if (
            last is not None
            and last.column == one.column
            and last.shift + last.width == one.shift
            and last.offset + last.width == one.offset
        ):
            found[-1] = replace(last, width=last.width + one.width)
        else:
            found.append(one)
    return found


def _packed(bits: Sequence[_Bits]) -> list[list[_Bits]]:
    """As many to a column as fit in."""
    found: list[list[_Bits]] = []
    width = _BITS
    for one in bits:
        if width + one.width > _BITS:
            found.append([])
            width = 0
        found[-1].append(one)
        width += one.width
    return found
