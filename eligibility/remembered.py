"""What items came out as in tests, for the next item like them.

Transcripts say the same few things over and over. What a test of an item comes to follows
from what the rules read of the item, from the day and from the scenario: two courses that
agree in those come to the same, whoever took them and whatever else is said of them.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from eligibility.assignment import needs_of
from eligibility.conditions import (
    AS_OF,
    Assignment,
    ItemComparison,
    ItemGroup,
    ItemQuantifier,
    ItemTest,
    Leaf,
    Measure,
    Operand,
    Quantifier,
    Reference,
)
from eligibility.facts import Item, Items, Profile, name_of
from eligibility.model import ListFact, Vocabulary
from eligibility.observations import Missing
from eligibility.results import Result
from eligibility.values import Days

__all__ = ["REMEMBERED", "Known", "Remembered", "Table", "always_read", "part", "read"]

REMEMBERED = 131_072
"""How many results and kinds of items. One takes about 200 bytes, so 26 MB at the most; then
all are forgotten at once."""

_EXACT = (str, bool, tuple, Days, type(None))
"""What is shown the same where it is equal. Numbers are not: 3 and 3.0."""

_OF_A_PROFILE = object()
"""Stands for what a test reads beside the item."""


class Known(NamedTuple):
    """A result, and what is missing in the item: where below it, the question, and whose it is.

    That is None for the item itself, which may have another name than the one it came from.
    """

    result: Result
    lacks: tuple[tuple[str, str, str | None], ...]


Table = dict[int, Known]
"""What is known of a test, by the kind of the item."""


class Remembered:
    """The results of the tests of a pack's leaves on one day. To be used from one thread."""

    def __init__(
        self, leaves: Sequence[Leaf], vocabulary: Vocabulary, as_of: datetime.date
    ) -> None:
        self.as_of = as_of
        self._leaves = leaves  # they are known by their identity, so they have to live
        self._numbers: dict[int, int] = {}
        self._tables: list[Table] = []
        self._reads: dict[str, dict[str, None]] = {}
        self._lists: dict[str, ListFact] = {}
        self._kinds: dict[tuple[object, ...], int] = {}
        self._kept = 0
        self._next = 0
        self._number_tests(vocabulary)

    def _number_tests(self, vocabulary: Vocabulary) -> None:
        known: dict[tuple[str, ItemTest, bool], int] = {}
        for leaf in _quantifiers(self._leaves):
            names_read = list(read(leaf.where))
            if _OF_A_PROFILE in names_read:
                continue
            number = known.setdefault((leaf.list, leaf.where, leaf.every_state), len(known))
            self._numbers[id(leaf)] = number
            of = vocabulary.facts[leaf.list]
            assert isinstance(of, ListFact)
            self._lists[leaf.list] = of
            names = self._reads.setdefault(leaf.list, dict.fromkeys(always_read(of)))
            names.update(dict.fromkeys(name for name in names_read if isinstance(name, str)))
        self._tables = [{} for _ in range(2 * len(known))]

    def kinds(self, profile: Profile) -> dict[str, tuple[int, ...]]:
        """For every list a number for each item: items with the same number are alike."""
        return {
            name: tuple(self._kind(of, item) for item in profile.lists[name].items)
            for name, of in self._lists.items()
        }

    def table(self, leaf: Quantifier, projected: bool) -> Table | None:
        """What is known of a leaf's `where`; None where the item alone does not decide it."""
        number = self._numbers.get(id(leaf))
        return None if number is None else self._tables[2 * number + projected]

    def recall(self, table: Table, kind: int, item: Item, of: ListFact) -> Result | None:
        """What items of this kind came to, said of this one."""
        known = table.get(kind)
        if known is None or not known.lacks:
            return known and known.result
        found, name = known.result, name_of(item, of)
        missing = tuple(
            Missing(item.pointer + below, question, name if own is None else own)
            for below, question, own in known.lacks
        )
        return Result(found.value, found.blockers, missing, found.state)

    def keep(self, table: Table, kind: int, item: Item, result: Result) -> None:
        """Remember what an item came to."""
        self._make_room()
        start = len(item.pointer)
        lacks: list[tuple[str, str, str | None]] = []
        for one in result.missing:
            own = one.item if _inside(item, one.pointer) else None
            lacks.append((one.pointer[start:], one.question, own))
        table[kind] = Known(result, tuple(lacks))

    def _kind(self, of: ListFact, item: Item) -> int:
        key = (of.name, *(part(of, item, name) for name in self._reads[of.name]))
        kind = self._kinds.get(key)
        if kind is None:
            self._make_room()
            # never a number that was used before: a profile may still hold it
            self._next += 1
            kind = self._kinds[key] = self._next
        return kind

    def _make_room(self) -> None:
        self._kept += 1
        if self._kept > REMEMBERED:
            self._kept = 0
            self._kinds.clear()
            for table in self._tables:
                table.clear()


def part(of: ListFact, item: Item, name: str) -> object:
    """What an item states of one attribute, whole, as something to compare exactly."""
    attribute = of.attributes[name]
    if not isinstance(attribute, ListFact):
        value = item.values.get(name)
        return value if isinstance(value, _EXACT) else repr(value)
    nested = item.lists.get(name, Items(""))
    # a list is written in one of two ways, and what is missing in it is told by its place
    start = len(item.pointer)
    inside = tuple(
        (one.pointer[start:], *(part(attribute, one, each) for each in attribute.attributes))
        for one in nested.items
    )
    return (nested.pointer[start:], nested.complete, nested.stated, inside)


def _inside(item: Item, pointer: str) -> bool:
    """Whether a place belongs to an item of a list nested in this one, which names it."""
    nested = (one for items in item.lists.values() for one in items.items)
    return any(pointer.startswith(f"{one.pointer}/") for one in nested)


def _quantifiers(leaves: Sequence[Leaf]) -> Iterator[Quantifier]:
    for leaf in leaves:
        if isinstance(leaf, Quantifier):
            yield leaf
        elif isinstance(leaf, Assignment):
            yield from (need.quantifier for need in needs_of(leaf.needs))


def always_read(of: ListFact) -> Iterator[str]:
    """The attributes that say whether an item counts at all."""
    if of.states is not None:
        yield of.states.attribute
    if of.dated_by is not None:
        yield of.dated_by
    if of.interval is not None:
        yield from (of.interval.start, of.interval.end)


def read(test: ItemTest) -> Iterator[object]:
    """The attributes of an item that a test reads, and a mark where it reads a profile's facts."""
    match test:
        case ItemComparison():
            yield test.attribute
            yield from _referred(test.operand, "item")
        case ItemGroup():
            for child in test.children:
                yield from read(child)
        case ItemQuantifier():
            yield test.quantifier.list
            yield from _read_below(test.quantifier)


def _read_below(quantifier: Quantifier, scope: str = "outer") -> Iterator[object]:
    """What a quantifier over a nested list reads beside that list.

    `scope` is what the attributes of the item itself are called there, "" for none.
    """
    yield from _referred(quantifier.bound, scope)
    tests = [quantifier.where]
    if isinstance(quantifier.measure, Measure) and quantifier.measure.part is not None:
        tests.append(quantifier.measure.part)
    while tests:
        match tests.pop():
            case ItemComparison(operand=operand):
                yield from _referred(operand, scope)
            case ItemGroup(children=children):
                tests.extend(children)
            case ItemQuantifier(quantifier=below):
                yield from _read_below(below, "")


def _referred(operand: Operand, scope: str) -> Iterator[object]:
    if isinstance(operand, Reference):
        if operand.scope == "fact" and operand.name != AS_OF:
            yield _OF_A_PROFILE
        elif operand.scope == scope:
            yield operand.name
