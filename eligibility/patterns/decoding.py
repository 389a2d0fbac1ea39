"""Profiles decoded by a typed reader that is made for one pack, and added up on the way.

A student is decoded, looked up value by value and forgotten: no object of it is kept. What
this way accepts is exactly what the schema of profiles accepts, since every value, and every
kind of item, was read by that schema when it came up first. Whatever is not plain (a comment
in it, a mistake, a number too fine to add up) is not told here: `total` returns None, and the
ordinary way takes the profile.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from decimal import Decimal
from typing import Any, Literal

from eligibility.facts import Item, Items
from eligibility.model import Declaration, Fact, Kind, ListFact, RulePack
from eligibility.patterns.items import ItemKinds, UnpackableError
from eligibility.patterns.kinds import Kinds
from eligibility.patterns.layout import MOST, WORD
from eligibility.profile_json import MAX_PROFILE_BYTES, exact_number
from eligibility.schemas import ValueReader, absent_value, id_allowed
from eligibility.values import Value

__all__ = ["REMEMBERED", "Decoded", "Decoder"]

REMEMBERED = 65_536
"""How many values of a fact, or kinds of items of a list, are remembered."""

_DIGITS = 14
_NOUGHTS = b"0" * 16
_SCALED = re.compile(rb"[\s:,\[]-?[0-9.]*0[eE]")
"""Numbers that are equal are looked up as one, although one may have more digits than are allowed:
that one has so many noughts, or one before an exponent, if no number is remembered that has more
than 14 digits before the point and as many behind it."""

_ROOM = 16 << 20
_OBJECT = 200
"""How many bytes the kinds of items of a list may take, and each beside what it adds."""

_KEY = 2
_TEXT = 2
"""The quotation marks that a key and a text take."""

Decoded = tuple[str, Any, int, int]
"""A student's id, the facts as decoded, the pattern, and the sums."""


class Decoder:
    """Decodes the profiles of one pack. To be used from one thread."""

    def __init__(self, pack: RulePack, kinds: Kinds) -> None:
        import msgspec

        self._kinds = kinds
        # Every quotation mark is counted: a key that stands twice, or a number in quotes,
        # leaves more of them in the text than the values account for.
        self._quotes = kinds.quotes
        self._bias = kinds.layout.bias
        self._pattern = kinds.layout.pattern
        facts = tuple(pack.vocabulary.facts.values())
        judged = tuple(pack.judgements)
        types = _Types(msgspec)
        self._names = tuple(fact.name for fact in facts)
        profile: Any = types.profile(facts, judged)
        self._decode: Callable[[bytes], Any] = msgspec.json.Decoder(profile).decode
        self._encode = msgspec.json.Encoder(decimal_format="number").encode
        self._refused = (msgspec.MsgspecError, UnicodeDecodeError)
        self._slots = {name: f"f{place}" for place, name in enumerate(self._names)}
        self._add = self._generated(facts, judged)

    def total(self, line: bytes) -> Decoded | None:
        """What a profile adds up to; None where it takes the ordinary way to tell."""
        if len(line) > MAX_PROFILE_BYTES or _NOUGHTS in line:
            return None
        # few lines have this anywhere, and few of those in a number
        if (b"0e" in line or b"0E" in line) and _SCALED.search(line):
            return None
        try:
            student = self._decode(line)
            values, sums = self._add(student)
        except (*self._refused, _NotPlainError, UnpackableError, TypeError):
            # a TypeError is a number that is none: Decimal("sNaN") has no hash
            return None
        if values & self._quotes.mask != line.count(b'"') or not id_allowed(student.id):
            return None
        sums += self._bias
        return student.id, student, self._pattern(values, sums), sums

    def values(self, student: Any, names: Sequence[str]) -> dict[str, Value]:
        """Some facts of a student that was decoded, as the rules see them."""
        found: dict[str, Value] = {}
        for name in names:
            values, _ = self._readers[name].read(getattr(student, self._slots[name]))
            found.update(values)
        return found

    def encode(self, profile: object) -> bytes:
        """JSON values as the bytes that `total` takes; nothing where they cannot be written."""
        try:
            return self._encode(profile)
        except (*self._refused, TypeError, ValueError):
            return b""

    def stated(self, student: Any, names: Sequence[str]) -> list[object]:
        """Some facts of a student as they were decoded."""
        return [getattr(student, self._slots[name]) for name in names]

    # -- the function that adds up ----------------------------------------------------

    def _generated(
        self, facts: Sequence[Declaration], judged: Sequence[str]
    ) -> Callable[[Any], tuple[int, int]]:
        """A function of a student, made of a term for each fact: what is set, and the sums.

        The quotation marks are counted in the lowest bits of the former.

        No word of a pack gets into its text: facts are told by their number.
        """
        self._readers = {fact.name: _Values(fact) for fact in facts if isinstance(fact, Fact)}
        known: dict[str, object] = {}
        values, sums, lines = [str(_KEY + _TEXT)], ["0"], []
        for place, fact in enumerate(facts):
            if isinstance(fact, Fact):
                known[f"v{place}"] = _Facts(self._kinds, self._readers[fact.name])
                values.append(f"v{place}[s.f{place}]")
            else:
                known[f"v{place}"] = _Lists(fact, self._kinds.lists.get(fact.name)).add
                lines.append(f"    q{place}, t{place} = v{place}(s.f{place})")
                values.append(f"q{place}")
                sums.append(f"t{place}")
        for number, names in enumerate(one for one in self._kinds.facts if len(one) > 1):
            known[f"p{number}"] = _Pairs(self._kinds, names, self._readers)
            slots = ", ".join(f"s.{self._slots[name]}" for name in names)
            values.append(f"p{number}[{slots}]")
        known["j"] = _Judged(self._kinds, judged)
        values.append("j[s.judgements]")
        lines.append(f"    return {' + '.join(values)}, {' + '.join(sums)}")
        exec("\n".join(["def add(s):", *lines]), known)  # noqa: S102  # made here, of numbers
        made: Callable[[Any], tuple[int, int]] = known["add"]  # type: ignore[assignment]
        return made


class _NotPlainError(Exception):
    """A value that the schema refuses, or that only the ordinary way can take."""


class _Types:
    """The types that a vocabulary's facts are decoded to.

    They have places for names, f0, f1 and so on, since a fact may be called anything.
    """

    def __init__(self, msgspec: Any) -> None:
        self._msgspec = msgspec
        self._absent = msgspec.UNSET

    def profile(self, facts: Sequence[Declaration], judged: Sequence[str]) -> type:
        """The type of a profile."""
        members = self._members(facts)
        decisions = [(f"f{place}", self._maybe(bool), self._absent) for place in range(len(judged))]
        judgements = self._struct("Judgements", decisions, self._renamed(judged))
        members.append(("judgements", self._maybe(judgements), self._absent))
        renamed = self._renamed([fact.name for fact in facts])
        return self._struct("Profile", [("id", str), *members], renamed)

    def _struct(self, name: str, members: Any, renamed: dict[str, str]) -> type:
        made: type = self._msgspec.defstruct(
            name, members, frozen=True, forbid_unknown_fields=True, rename=renamed, gc=False
        )
        return made

    def _members(self, facts: Sequence[Declaration]) -> list[tuple[Any, ...]]:
        return [
            (f"f{place}", self._maybe(self._type(fact)), self._absent)
            for place, fact in enumerate(facts)
        ]

    def _maybe(self, known: Any) -> Any:
        return known | None | self._msgspec.UnsetType

    @staticmethod
    def _renamed(names: Sequence[str]) -> dict[str, str]:
        return {f"f{place}": name for place, name in enumerate(names)}

    def _type(self, fact: Declaration) -> Any:
        if isinstance(fact, ListFact):
            attributes = tuple(fact.attributes.values())
            renamed = self._renamed([one.name for one in attributes])
            item: Any = self._struct("Item", self._members(attributes), renamed)
            items: Any = tuple[item, ...]
            complete = ("complete", bool | self._msgspec.UnsetType, self._absent)
            return items | self._struct("Record", [("items", items), complete], {})
        one: Any = self._scalar(fact)
        return tuple[one, ...] if fact.many else one

    @staticmethod
    def _scalar(fact: Fact) -> Any:
        declared = fact.scale.values if fact.scale else fact.values
        if declared is not None:
            return Literal[declared]
        match fact.kind:
            case Kind.BOOLEAN:
                return bool
            case Kind.INTEGER:
                return int
            case Kind.NUMBER:
                return Decimal
            case _:
                return str


# -- one value ------------------------------------------------------------------------


def _marks(raw: Any) -> int:
    """The quotation marks that a decoded value takes."""
    if isinstance(raw, str):
        return _TEXT
    if isinstance(raw, tuple):
        return sum(_marks(one) for one in raw)
    fields = getattr(raw, "__struct_fields__", ())
    return sum(_member_marks(getattr(raw, name)) for name in fields)


def _member_marks(raw: Any) -> int:
    """The same with its key; none where it is not stated at all."""
    return 0 if raw is _unset() else _KEY + _marks(raw)


def _numbers(raw: Any) -> Iterator[Decimal | int]:
    """All numbers in a decoded value."""
    if isinstance(raw, Decimal) or (isinstance(raw, int) and not isinstance(raw, bool)):
        yield raw
    elif isinstance(raw, tuple):
        for one in raw:
            yield from _numbers(one)
    else:
        for name in getattr(raw, "__struct_fields__", ()):
            yield from _numbers(getattr(raw, name))


def _short(raw: Any) -> bool:
    """Whether no number has so many digits that another one may be taken for it."""
    if isinstance(raw, str):
        return True
    return all(_few_digits(number) for number in _numbers(raw) if isinstance(number, Decimal))


def _few_digits(number: Decimal) -> bool:
    _, digits, exponent = number.as_tuple()
    assert isinstance(exponent, int)
    return len(digits) <= _DIGITS and exponent >= -_DIGITS and number.adjusted() < _DIGITS


def _unset() -> object:
    import msgspec

    return msgspec.UNSET


def _plain(raw: Any, declaration: Declaration) -> Any:
    """A decoded value as the JSON that it was decoded from."""
    if not isinstance(declaration, ListFact):
        return list(raw) if isinstance(raw, tuple) else raw
    if raw is None:
        return None
    if isinstance(raw, tuple):
        return [_plain_item(one, declaration) for one in raw]
    record: dict[str, Any] = {"items": [_plain_item(one, declaration) for one in raw.items]}
    if raw.complete is not _unset():
        record["complete"] = raw.complete
    return record


def _plain_item(raw: Any, of: ListFact) -> dict[str, Any]:
    stated = {name: getattr(raw, f"f{place}") for place, name in enumerate(of.attributes)}
    return {
        name: _plain(value, of.attributes[name])
        for name, value in stated.items()
        if value is not _unset()
    }


class _Values:
    """The typed values of one fact or attribute, by what was decoded."""

    def __init__(self, fact: Declaration) -> None:
        self.fact = fact
        self._reader = ValueReader(fact)

    def read(self, raw: object) -> tuple[dict[str, Value], dict[str, Items]]:
        """Its value or its list. Raises `_NotPlainError`."""
        if raw is _unset():
            return absent_value(self.fact)
        try:
            if isinstance(raw, str):
                return self._reader.read(raw)
            for number in _numbers(raw):
                # a number in quotes may be none at all
                if isinstance(number, Decimal) and not number.is_finite():
                    raise _NotPlainError
                if exact_number(str(number)) is None:
                    raise _NotPlainError
            return self._reader.read(_plain(raw, self.fact))
        except ValueError:
            raise _NotPlainError from None

    @property
    def endless(self) -> bool:
        """Whether nearly every student may have another value."""
        fact = self.fact
        return isinstance(fact, Fact) and fact.kind is Kind.TEXT and fact.values is None


class _Remembered(dict[Any, int]):
    """What was worked out for values, as they were decoded."""

    def keep(self, raw: object, found: int) -> int:
        """Remember it, unless another value may be taken for this one."""
        if _short(raw):
            if len(self) >= REMEMBERED:
                self.clear()
            self[raw] = found
        return found


class _Facts(_Remembered):
    """What each value of a fact adds."""

    def __init__(self, kinds: Kinds, reader: _Values) -> None:
        super().__init__()
        self._kinds = kinds
        self._reader = reader
        self._kept = (reader.fact.name,) in kinds.facts or not reader.endless

    def __missing__(self, raw: object) -> int:
        values, _ = self._reader.read(raw)
        found = self._kinds.of_facts((self._reader.fact.name,), values) + _member_marks(raw)
        return self.keep(raw, found) if self._kept else found


class _Read(dict[Any, dict[str, Value]]):
    """The typed values of a fact that is compared with others."""

    def __init__(self, reader: _Values) -> None:
        super().__init__()
        self._reader = reader

    def __missing__(self, raw: object) -> dict[str, Value]:
        values, _ = self._reader.read(raw)
        if _short(raw):
            if len(self) >= REMEMBERED:
                self.clear()
            self[raw] = values
        return values


class _Pairs(_Remembered):
    """What facts add that are compared with one another."""

    def __init__(self, kinds: Kinds, names: tuple[str, ...], readers: dict[str, _Values]) -> None:
        super().__init__()
        self._kinds = kinds
        self._names = names
        self._read = [_Read(readers[name]) for name in names]

    def __missing__(self, raw: tuple[object, ...]) -> int:
        values: dict[str, Value] = {}
        for known, one in zip(self._read, raw, strict=True):
            values.update(known[one])
        return self.keep(raw, self._kinds.of_facts(self._names, values))


class _Judged(_Remembered):
    """What decisions add."""

    def __init__(self, kinds: Kinds, names: Sequence[str]) -> None:
        super().__init__()
        self._kinds = kinds
        self._names = names

    def __missing__(self, raw: Any) -> int:
        absent = raw is None or raw is _unset()
        total = _member_marks(raw)
        for place, name in enumerate(self._names):
            value = None if absent else getattr(raw, f"f{place}")
            total += self._kinds.of_judgement(name, value if isinstance(value, bool) else None)
        return self.keep(raw, total)


# -- lists ----------------------------------------------------------------------------

_MARKS = 16
_CLASS = 20
"""Bits of a key: the quotation marks of an item come first, then a number for each attribute."""


class _Classes(_Remembered):
    """A number for each value of an attribute; the same for values that are treated alike.

    It stands in its place in the key of an item, with the quotation marks in the lowest bits,
    which have room for so many as `most` of each attribute.
    """

    def __init__(self, kinds: ItemKinds | None, reader: _Values, place: int, most: int) -> None:
        super().__init__()
        self._most = most
        self._kinds = kinds
        self._reader = reader
        self._shift = _MARKS + _CLASS * place
        self._read = kinds is not None and reader.fact.name in kinds.reads
        self._kept = self._read or not reader.endless

    def __missing__(self, raw: object) -> int:
        values, lists = self._reader.read(raw)
        number = 0
        if self._read:
            assert self._kinds is not None
            item = Item("/0", values, lists)
            number = self._kinds.number(self._reader.fact.name, item, 1 << _CLASS)
        marks = _member_marks(raw)
        if marks > self._most:
            raise _NotPlainError
        found = (number << self._shift) + marks
        return self.keep(raw, found) if self._kept else found

    def number(self, key: int) -> int:
        """The number in the key of an item."""
        return (key >> self._shift) & ((1 << _CLASS) - 1)


class _Lists:
    """What a list adds: its quotation marks, and its items and whether they are all."""

    def __init__(self, of: ListFact, kinds: ItemKinds | None) -> None:
        self._of = of
        self._kinds = kinds
        most = ((1 << _MARKS) - 1) // len(of.attributes)
        self._classes = {
            name: _Classes(kinds, _Values(one), place, most)
            for place, (name, one) in enumerate(of.attributes.items())
        }
        self._known: dict[int, int] = {}
        self._items = self._generated()
        self._partial = 0 if kinds is None else 1 << kinds.partial.offset
        self._room = _ROOM // (_OBJECT + (0 if kinds is None else kinds.words[1] * WORD // 8))

    def add(self, raw: Any) -> tuple[int, int]:
        """What this list of a student adds."""
        if type(raw) is tuple:
            if len(raw) > MOST:
                raise _NotPlainError
            return self._items(raw)
        if raw is None:
            return _KEY, self._partial
        if raw is _unset():
            return 0, 0 if self._of.complete else self._partial
        marks, sums = self.add(raw.items)
        if raw.complete is not _unset():
            marks += _KEY
        return marks + _KEY, sums + self._partial if raw.complete is False else sums

    def _generated(self) -> Callable[[tuple[Any, ...]], tuple[int, int]]:
        """A function of the items, made of a look-up for each attribute."""
        names = {f"c{place}": one for place, one in enumerate(self._classes.values())}
        looked = " + ".join(f"c{place}[one.f{place}]" for place in range(len(names)))
        source = (
            "def added(items):\n"
            f"    marks, total = {_KEY}, 0\n"
            "    for one in items:\n"
            f"        key = {looked}\n"
            f"        marks += key & {(1 << _MARKS) - 1}\n"
            f"        key >>= {_MARKS}\n"
            "        found = known(key)\n"
            "        total += miss(key) if found is None else found\n"
            "    return marks, total\n"
        )
        space: dict[str, Any] = {**names, "known": self._known.get, "miss": self._miss}
        exec(source, space)  # noqa: S102  # made here, of numbers
        made: Callable[[tuple[Any, ...]], tuple[int, int]] = space["added"]
        return made

    def _miss(self, key: int) -> int:
        found = 0
        if self._kinds is not None:
            places = [self._classes[name].number(key << _MARKS) for name in self._kinds.reads]
            found = self._kinds.total(places)
        if len(self._known) >= min(REMEMBERED, self._room):
            self._known.clear()
        self._known[key] = found
        return found
