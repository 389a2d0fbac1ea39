"""Profiles decoded by a typed reader that is made for one pack, and added up on the way.

A student is decoded, looked up value by value and forgotten: no object of it is kept, only
the numbers of its values and of its kinds of items. What those of a batch add up to is worked
out for all at once. What this way accepts is exactly what the schema of profiles accepts, since
every value, and every kind of item, was read by that schema when it came up first. Whatever
is not plain (a comment in it, a mistake, a number too fine to add up) is not told here, and the
ordinary way takes the profile.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from eligibility.model import Fact, ListFact, RulePack
from eligibility.patterns.arrays import Integers, ValueRows, biased, value_words
from eligibility.patterns.families import UnpackableError
from eligibility.patterns.kinds import Kinds
from eligibility.patterns.layout import MOST
from eligibility.patterns.listed import PLAIN, REMEMBERED, Known, Lists, NarrowError
from eligibility.patterns.typed import (
    KEY,
    TEXT,
    NotPlainError,
    Types,
    Values,
    is_short,
    marks,
    unset,
)
from eligibility.profile_json import MAX_PROFILE_BYTES
from eligibility.schemas import ids_allowed
from eligibility.values import Value

__all__ = ["REMEMBERED", "Batch", "Decoder"]

_NOUGHTS = b"0" * 16
_SCALED = re.compile(rb"[\s:,\[]-?[0-9.]*0[eE]")
"""Numbers that are equal are looked up as one, although one may have more digits than are allowed:
that one has so many noughts, or one before an exponent, if no number is remembered that has more
than 14 digits before the point and as many behind it."""


@dataclass(frozen=True, slots=True)
class Batch:
    """The profiles that were told, in their order: what is set for each, and what was added up.

    So many lines were `read`. `places` says which of them these were, `ids` what they are
    called. `values` and `sums` have a row for each word and a column for each student; the bias
    is in the latter. `numbers` has for each fact the numbers of the students' values.
    """

    read: int
    places: Sequence[int]
    ids: Sequence[str]
    values: Integers
    sums: Integers
    numbers: Mapping[str, Integers]

    def of(self, some: Sequence[int]) -> Batch:
        """Some of the students."""
        if len(some) == len(self.ids):
            return self
        return Batch(
            self.read,
            [self.places[one] for one in some],
            [self.ids[one] for one in some],
            self.values[:, some],
            self.sums[:, some],
            {name: numbers[some] for name, numbers in self.numbers.items()},
        )


class Decoder:
    """Decodes the profiles of one pack. To be used from one thread.

    `epoch` is another number whenever values have been forgotten, and numbers begin anew.
    """

    def __init__(self, pack: RulePack, kinds: Kinds) -> None:
        # Every quotation mark is counted: a key that stands twice, or a number in quotes,
        # leaves more of them in the text than the values account for.
        self._quotes = kinds.quotes.mask
        facts = tuple(pack.vocabulary.facts.values())
        judged = tuple(pack.judgements)
        types = Types()
        self.encode = types.encode
        self.epoch = 0
        self._decode = types.decoder(facts, judged)
        self._refused = types.refused
        self._layout = kinds.layout
        words = self._words = value_words(kinds.layout)
        self._flat: list[int] = []
        self._slots = {fact.name: f"f{place}" for place, fact in enumerate(facts)}
        self._slots[_JUDGED] = "judgements"
        single = {
            fact.name: _Facts(words, kinds, Values(fact))
            for fact in facts
            if isinstance(fact, Fact)
        }
        columns = [
            *single.values(),
            *(
                _Pairs(words, kinds, names, [single[name] for name in names])
                for names in kinds.facts
                if len(names) > 1
            ),
            _Judged(words, kinds, judged),
        ]
        self._columns = {"\0".join(one.names): one for one in columns}
        self._lists = {
            fact.name: Lists(fact, kinds) for fact in facts if isinstance(fact, ListFact)
        }
        self._width = len(self._columns) + 2 * len(self._lists)
        self._generate()

    def batch(self, lines: Sequence[bytes]) -> Batch:
        """What profiles add up to, but for those that take the ordinary way to tell.

        Not all lines may be read at once, but one of them is.
        """
        self._forget()
        places: list[int] = []
        ids: list[str] = []
        odd = self._odd(lines)
        decode, add = self._decode, self._add
        refused = (*self._refused, NotPlainError, UnpackableError, TypeError)
        read = 0
        while read < len(lines):
            line = lines[read]
            if read not in odd:
                try:
                    student = decode(line)
                    add(student)
                    places.append(read)
                    ids.append(student.id)
                except refused:
                    # a TypeError is a number that is none: Decimal("sNaN") has no hash
                    self._take_back()
                except NarrowError:
                    self._take_back()
                    if read:
                        break
                    self._widen()
                    add = self._add
                    continue
            read += 1
        quotes = np.array([lines[place].count(b'"') for place in places], np.int64)
        return self._told(read, places, ids, quotes)

    def value(self, name: str, number: int) -> dict[str, Value]:
        """A fact by the number of its value, as the rules see it."""
        column = self._columns[name]
        assert isinstance(column, _Facts)
        return column.value(number)

    # -- a batch ----------------------------------------------------------------------

    @staticmethod
    def _odd(lines: Sequence[bytes]) -> set[int]:
        """The lines that are too large, or that may have numbers with too many digits."""
        odd = {place for place, line in enumerate(lines) if not 0 < len(line) <= MAX_PROFILE_BYTES}
        data = b"\n".join(lines)
        if _NOUGHTS in data:
            odd.update(place for place, line in enumerate(lines) if _NOUGHTS in line)
        text = np.frombuffer(data, np.uint8)
        # few lines have a nought and an E anywhere, and few of those in a number
        if (((text[1:] | np.uint8(32)) == ord("e")) & (text[:-1] == ord("0"))).any():
            odd.update(place for place, line in enumerate(lines) if _SCALED.search(line))
        return odd

    def _forget(self) -> None:
        """Forget what is remembered, where it has become too much."""
        full = [one for one in self._columns.values() if one.count() >= REMEMBERED]
        for one in full:
            one.forget()
        self.epoch += bool(full)
        for lists in self._lists.values():
            lists.forget()

    def _told(self, read: int, places: list[int], ids: list[str], quotes: Integers) -> Batch:
        flat = np.array(self._flat, np.int64).reshape(len(ids), self._width).T
        self._flat.clear()
        values = np.zeros((self._words, len(ids)), np.int64)
        values[0] += KEY + TEXT
        sums = biased(self._layout, len(ids))
        rows = iter(flat)
        named = {}
        for name, column in self._columns.items():
            named[name] = next(rows)
            column.add(named[name], values)
        good = np.ones(len(ids), bool)
        for lists in self._lists.values():
            good &= lists.add(next(rows), next(rows), values, sums)
        good &= (values[0] & self._quotes) == quotes
        good &= np.array(ids_allowed(ids), bool)
        return Batch(read, places, ids, values, sums, named).of(np.flatnonzero(good).tolist())

    def _take_back(self) -> None:
        """Forget the items of a student who was given up half-way."""
        first = len(self._columns) + 1
        for place, lists in enumerate(self._lists.values()):
            count = sum(self._flat[first + 2 * place :: self._width])
            for keys in lists.keys:
                del keys[count:]

    def _widen(self) -> None:
        """Make room for more values of attributes."""
        for lists in self._lists.values():
            lists.widen()
        self._generate()

    # -- the function that adds up ----------------------------------------------------

    def _generate(self) -> None:
        """Make a function of a student, of a look-up for each fact and each part of an item.

        It notes the number of every value, and the kinds of the items. No word of a pack gets
        into its text: facts are told by their number.
        """
        space: dict[str, object] = {"note": self._flat.extend}
        terms: list[str] = []
        lines: list[str] = []
        for column in self._columns.values():
            name = f"v{len(terms)}"
            space[name] = column.numbers
            told = ", ".join("s." + self._slots[one] for one in column.names)
            terms.append(f"{name}[{told}]")
        for name, made in self._lists.items():
            slot = self._slots[name]
            places = {one: place for place, one in enumerate(made.classes)}
            space[f"odd_{slot}"] = made.odd
            lines += [
                f"    {slot} = s.{slot}",
                f"    if type({slot}) is tuple and len({slot}) <= {MOST}:",
                f"        m{slot} = {PLAIN}",
                "    else:",
                f"        m{slot}, {slot} = odd_{slot}({slot})",
            ]
            for number, keys in enumerate(made.keys):
                space[f"more{number}_{slot}"] = keys.extend
                looked = []
                for one in made.groups[number]:
                    place = places[one]
                    space[f"c{place}_{slot}"] = made.classes[one].numbers
                    looked.append(f"c{place}_{slot}[i.f{place}]")
                lines.append(
                    f"    more{number}_{slot}([{' + '.join(looked) or 0} for i in {slot}])"
                )
            terms += [f"m{slot}", f"len({slot})"]
        # this comes last, when nothing can be refused any more
        lines.append(f"    note(({', '.join(terms)},))")
        exec("\n".join(["def add(s):", *lines]), space)  # noqa: S102  # made here, of numbers
        self._add: Callable[[Any], None] = space["add"]  # type: ignore[assignment]


# -- facts ----------------------------------------------------------------------------


class _Column:
    """A number for each value that was decoded, and what it adds to the words of values.

    The values of the facts with these `names` are looked up together, in `numbers`. That raises
    `NotPlainError` for a value that is not allowed.
    """

    def __init__(self, words: int, names: tuple[str, ...]) -> None:
        self.names = names
        self.numbers = Known(self._number)
        self._rows = ValueRows(words)

    def _number(self, raw: Any) -> int:
        """The number of a new value."""
        number = self._rows.add(self._adds(raw))
        if is_short(raw):
            # else another value may be taken for this one
            self.numbers[raw] = number
        return number

    def _adds(self, raw: Any) -> int:
        """What a value adds. Raises `NotPlainError` for one that is not allowed."""
        raise NotImplementedError

    def count(self) -> int:
        """How many values have a number."""
        return len(self._rows)

    def forget(self) -> None:
        """Forget all values."""
        self.numbers.clear()
        self._rows.clear()

    def add(self, numbers: Integers, values: Integers) -> None:
        """Add what the values of these numbers do, one for each student."""
        self._rows.set(numbers, values)


class _Facts(_Column):
    """The values of a fact."""

    def __init__(self, words: int, kinds: Kinds, reader: Values) -> None:
        name = reader.fact.name
        super().__init__(words, (name,))
        self._kinds = kinds
        self._reader = reader
        # nearly every student may have another value, and no rule reads it
        self._keeps = not reader.endless or any(name in names for names in kinds.facts)
        self._alike: dict[int, int] = {}
        self._typed: list[dict[str, Value]] = []

    def _number(self, raw: Any) -> int:
        values, _ = self._reader.read(raw)
        adds = self._kinds.of_facts(self.names, values) + marks(raw)
        if not self._keeps:
            number = self._alike.get(adds)
            if number is None:
                number = self._alike[adds] = self._rows.add(adds)
                self._typed.append({})
            return number
        number = self._rows.add(adds)
        self._typed.append(values)
        if is_short(raw):
            # else another value may be taken for this one
            self.numbers[raw] = number
        return number

    def forget(self) -> None:
        """Forget all values."""
        super().forget()
        self._typed.clear()
        self._alike.clear()

    def value(self, number: int) -> dict[str, Value]:
        """The fact by the number of its value, as the rules see it."""
        return self._typed[number]


class _Pairs(_Column):
    """The values of facts that are compared with one another."""

    def __init__(
        self, words: int, kinds: Kinds, names: tuple[str, ...], facts: Sequence[_Facts]
    ) -> None:
        super().__init__(words, names)
        self._kinds = kinds
        self._facts = facts

    def _adds(self, raw: Any) -> int:
        values: dict[str, Value] = {}
        for fact, one in zip(self._facts, raw, strict=True):
            values.update(fact.value(fact.numbers[one]))
        return self._kinds.of_facts(self.names, values)


_JUDGED = "\0"
"""What stands for the decisions where facts have names."""


class _Judged(_Column):
    """The decisions."""

    def __init__(self, words: int, kinds: Kinds, names: Sequence[str]) -> None:
        super().__init__(words, (_JUDGED,))
        self._kinds = kinds
        self._judged = names

    def _adds(self, raw: Any) -> int:
        absent = raw is None or raw is unset()
        total = marks(raw)
        for place, name in enumerate(self._judged):
            value = None if absent else getattr(raw, f"f{place}")
            total += self._kinds.of_judgement(name, value if isinstance(value, bool) else None)
        return total
