"""What the facts and the decisions of students set, each different value read once."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import numpy as np

from eligibility.columns.encoding import Codes
from eligibility.facts import Items
from eligibility.model import Declaration, Fact, Kind, RulePack
from eligibility.patterns.arrays import Integers, ValueRows, numbered, value_words, values_of
from eligibility.patterns.kinds import Kinds
from eligibility.patterns.listed import Known
from eligibility.patterns.typed import NotPlainError, Values, unset
from eligibility.schemas import ValueReader, absent_value
from eligibility.sources.convert import converter
from eligibility.sources.plan import Field, Plan
from eligibility.values import Value

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["REMEMBERED", "CellValues", "Facts", "JsonValues", "Load", "exact_key", "key_of"]

REMEMBERED = 65_536
"""How many values of a fact are remembered."""

Load = Callable[[Any], Any]
"""What makes of a cell as it is fetched what the ordinary way would read."""

_WRONG = 0
"""The number of all values that are not allowed."""


class CellValues(Values):
    """The typed values of one fact or attribute, by what stands in a cell."""

    def __init__(self, fact: Declaration, field: Field, load: Load) -> None:
        super().__init__(fact)
        self._cells = ValueReader(fact)
        self._load = load
        self._convert = converter(field.shape)

    def read(self, raw: object) -> tuple[dict[str, Value], dict[str, Items]]:
        """Its value or its list. Raises `NotPlainError`."""
        cell = raw.cell if isinstance(raw, _Cell) else raw
        if cell is not None:
            cell = self._load(cell)
        try:
            return self._cells.read(self._convert(cell))
        except ValueError:
            raise NotPlainError from None


class JsonValues(Values):
    """The typed values of one attribute, by what stands in JSON, looked up by `exact_key`."""

    def __init__(self, fact: Declaration) -> None:
        super().__init__(fact)
        self._cells = ValueReader(fact)

    def read(self, raw: object) -> tuple[dict[str, Value], dict[str, Items]]:
        """Its value or its list. Raises `NotPlainError`."""
        value = raw.cell if isinstance(raw, _Cell) else raw
        if value is unset():
            return absent_value(self.fact)
        try:
            return self._cells.read(value)
        except ValueError:
            raise NotPlainError from None


class _Cell:
    """A cell as something to look up exactly, which a list, or 0 and -0, is not by itself."""

    __slots__ = ("_text", "cell")

    def __init__(self, cell: object) -> None:
        self.cell = cell
        self._text = repr(cell)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Cell) and self._text == other._text

    def __hash__(self) -> int:
        return hash(self._text)


_EXACT = frozenset({str, bool, int, Decimal, type(None), _Cell})


def key_of(cell: object) -> Any:
    """What a cell is looked up by: the same for equal cells of one column only."""
    return cell if type(cell) in _EXACT else _Cell(cell)


_APART = frozenset({str, type(None), _Cell})


def exact_key(value: object) -> Any:
    """What a value in JSON is looked up by, where others may be of other types."""
    return value if type(value) in _APART else _Cell(value)


class Facts:
    """The facts and decisions that stand in the table of the students.

    `fields` are the numbers of the columns that hold them. `epoch` is another number whenever
    values have been forgotten, and numbers begin anew.
    """

    def __init__(self, plan: Plan, loads: Sequence[Load], rules: RulePack, kinds: Kinds) -> None:
        self.epoch = 0
        self.words = value_words(kinds.layout)
        self.fields: list[int] = []
        self._facts: dict[str, _Column] = {}
        self._columns: list[tuple[int, _Column]] = []
        self._constant = 0
        facts = {one.name: one for one in rules.vocabulary.facts.values() if isinstance(one, Fact)}
        compared = {name for names in kinds.facts for name in names}
        for number, one in enumerate(plan.fields):
            fact = facts.get(one.name)
            if fact is not None:
                reader = CellValues(fact, one, loads[number])
                column = _OfFact(self.words, kinds, reader, keeps=fact.name in compared)
                self._facts[fact.name] = column
                self._add(number, column)
        decided = set()
        for number, one in enumerate(plan.judgements, len(plan.fields)):
            decided.add(one.name)
            fact = Fact(one.name, Kind.BOOLEAN, one.name, one.name)
            self._add(number, _Decided(self.words, kinds, CellValues(fact, one, loads[number])))
        for name in rules.judgements:
            if name not in decided:
                self._constant |= kinds.of_judgement(name, None)
        for name, fact in facts.items():
            if name not in self._facts:
                self._facts[name] = _Absent(self.words, kinds, fact)
        self._pairs = [
            _Pairs(self.words, kinds, {name: self._facts[name] for name in names})
            for names in kinds.facts
            if len(names) > 1
        ]

    def _add(self, number: int, column: _Column) -> None:
        self.fields.append(number)
        self._columns.append((number, column))

    def value(self, name: str, number: int) -> dict[str, Value]:
        """A fact by the number of its value, as the rules see it."""
        return self._facts[name].typed[number]

    def add(
        self, columns: Mapping[int, Codes], values: Integers
    ) -> tuple[dict[str, Integers], NDArray[np.bool_]]:
        """Set what the values of all students do: their numbers, and who can be told so.

        `columns` are by the number of the column. `values` has a row for each word and a
        column for each student.
        """
        self._forget()
        for word, one in enumerate(values_of(self._constant, self.words)):
            values[word] += one
        count = values.shape[1]
        good = np.ones(count, bool)
        numbers: dict[str, Integers] = {}
        for number, column in self._columns:
            found = column.numbers(columns[number])
            good &= found != _WRONG
            column.add(found, values)
            if isinstance(column, _OfFact):
                numbers[column.name] = found
        for name, column in self._facts.items():
            if isinstance(column, _Absent):
                numbers[name] = np.ones(count, np.int64)
                column.add(numbers[name], values)
        for pair in self._pairs:
            pair.add(numbers, values)
        return numbers, good

    def _forget(self) -> None:
        """Forget what is remembered, where it has become too much."""
        full = [one for _, one in self._columns if one.full]
        for column in full:
            column.forget()
        if full:
            self.epoch += 1
        for pair in self._pairs:
            if full or pair.full:
                pair.forget()


class _Column:
    """A number for each value, and what it adds to the words of values.

    `typed` are the values as the rules see them.
    """

    def __init__(self, words: int) -> None:
        self.typed: list[dict[str, Value]] = []
        self._known = Known(self._find)
        self._rows = ValueRows(words)
        self.forget()

    def forget(self) -> None:
        """Forget all values."""
        self.typed.clear()
        self._known.clear()
        self._rows.clear()
        self._new({}, 0)  # that is _WRONG

    @property
    def full(self) -> bool:
        """Whether too many values are remembered."""
        return len(self.typed) >= REMEMBERED or len(self._known) >= REMEMBERED

    def _new(self, typed: dict[str, Value], adds: int) -> int:
        self.typed.append(typed)
        return self._rows.add(adds)

    def numbers(self, cells: Codes) -> Integers:
        """The numbers of the values of all students."""
        known = self._known
        found = [known[key] for key in map(key_of, cells.values)]
        return np.array(found, np.int64)[cells.codes]

    def _find(self, key: Any) -> int:
        number = self._known[key] = self._read(key)
        return number

    def _read(self, key: Any) -> int:
        raise NotImplementedError

    def add(self, numbers: Integers, values: Integers) -> None:
        """Set what the values of these numbers do, one for each student."""
        self._rows.set(numbers, values)


class _OfFact(_Column):
    """The values of a fact; those that no rule compares are of one number."""

    def __init__(self, words: int, kinds: Kinds, reader: CellValues, *, keeps: bool) -> None:
        self.name = reader.fact.name
        self._kinds = kinds
        self._reader = reader
        self._keeps = keeps
        super().__init__(words)

    def _read(self, key: Any) -> int:
        try:
            typed, _ = self._reader.read(key)
        except NotPlainError:
            return _WRONG
        if not self._keeps and len(self.typed) > 1:
            return 1
        return self._new(typed, self._kinds.of_facts((self.name,), typed))


class _Absent(_Column):
    """A fact that has no column."""

    def __init__(self, words: int, kinds: Kinds, fact: Fact) -> None:
        super().__init__(words)
        typed = dict(absent_value(fact)[0])
        self._new(typed, kinds.of_facts((fact.name,), typed))


class _Decided(_Column):
    """The values of a decision."""

    def __init__(self, words: int, kinds: Kinds, reader: CellValues) -> None:
        self._kinds = kinds
        self._reader = reader
        super().__init__(words)

    def _read(self, key: Any) -> int:
        name = self._reader.fact.name
        try:
            value = self._reader.read(key)[0].get(name)
        except NotPlainError:
            return _WRONG
        assert value is None or isinstance(value, bool)
        return self._new({}, self._kinds.of_judgement(name, value))


class _Pairs:
    """What facts set that are compared with one another, by the numbers of their values."""

    def __init__(self, words: int, kinds: Kinds, columns: Mapping[str, _Column]) -> None:
        self._names = tuple(columns)
        self._columns = columns
        self._kinds = kinds
        self._rows = ValueRows(words)
        self._known: dict[tuple[int, ...], int] = {}

    def forget(self) -> None:
        """Forget all that was compared."""
        self._known.clear()
        self._rows.clear()

    @property
    def full(self) -> bool:
        """Whether too much is remembered."""
        return len(self._known) >= REMEMBERED

    def add(self, numbers: Mapping[str, Integers], values: Integers) -> None:
        """Set what the facts with these numbers do, one for each student."""
        mine = [numbers[name] for name in self._names]
        first, kind = numbered(mine)
        every = zip(*(one[first].tolist() for one in mine), strict=True)
        rows = np.array([self._row(told) for told in every], np.int64)
        self._rows.set(rows[kind], values)

    def _row(self, told: tuple[int, ...]) -> int:
        row = self._known.get(told)
        if row is None:
            typed: dict[str, Value] = {}
            for column, number in zip(self._columns.values(), told, strict=True):
                typed.update(column.typed[number])
            adds = self._kinds.of_facts(self._names, typed)
            row = self._known[told] = self._rows.add(adds)
        return row
