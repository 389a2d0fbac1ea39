"""The types that profiles of one pack are decoded to, and their values as the rules see them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from decimal import Decimal
from typing import Any, Literal

from eligibility.facts import Items
from eligibility.model import Declaration, Fact, Kind, ListFact
from eligibility.profile_json import exact_number
from eligibility.schemas import ValueReader, absent_value
from eligibility.values import Value

__all__ = [
    "KEY",
    "TEXT",
    "NotPlainError",
    "Types",
    "Values",
    "is_short",
    "marks",
    "unset",
]

KEY = 2
TEXT = 2
"""The quotation marks that a key and a text take."""

_DIGITS = 14


class NotPlainError(Exception):
    """A value that the schema refuses, or that only the ordinary way can take."""


class Types:
    """The types that a vocabulary's facts are decoded to.

    They have places for names, f0, f1 and so on, since a fact may be called anything.
    """

    def __init__(self) -> None:
        import msgspec

        self._msgspec = msgspec
        self._absent = msgspec.UNSET
        self._encode = msgspec.json.Encoder(decimal_format="number").encode
        self.refused = (msgspec.MsgspecError, UnicodeDecodeError)

    def decoder(self, facts: Sequence[Declaration], judged: Sequence[str]) -> Callable[..., Any]:
        """What decodes a profile. It raises one of `refused`."""
        decode: Callable[..., Any] = self._msgspec.json.Decoder(self._profile(facts, judged)).decode
        return decode

    def encode(self, profile: object) -> bytes:
        """JSON values as the bytes to decode; nothing where they cannot be written."""
        try:
            return self._encode(profile)
        except (*self.refused, TypeError, ValueError):
            return b""

    def _profile(self, facts: Sequence[Declaration], judged: Sequence[str]) -> Any:
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


def _marks(raw: Any) -> int:
    """The quotation marks that a decoded value takes."""
    if isinstance(raw, str):
        return TEXT
    if isinstance(raw, tuple):
        return sum(_marks(one) for one in raw)
    fields = getattr(raw, "__struct_fields__", ())
    return sum(marks(getattr(raw, name)) for name in fields)


def marks(raw: Any) -> int:
    """The same with its key; none where it is not stated at all."""
    return 0 if raw is unset() else KEY + _marks(raw)


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


def is_short(raw: Any) -> bool:
    """Whether no number has so many digits that another one may be taken for it."""
    if isinstance(raw, str):
        return True
    return all(_few_digits(number) for number in _numbers(raw) if isinstance(number, Decimal))


def _few_digits(number: Decimal) -> bool:
    _, digits, exponent = number.as_tuple()
    assert isinstance(exponent, int)
    return len(digits) <= _DIGITS and exponent >= -_DIGITS and number.adjusted() < _DIGITS


def unset() -> object:
    """What stands for a value that is not stated at all."""
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
    if raw.complete is not unset():
        record["complete"] = raw.complete
    return record


def _plain_item(raw: Any, of: ListFact) -> dict[str, Any]:
    stated = {name: getattr(raw, f"f{place}") for place, name in enumerate(of.attributes)}
    return {
        name: _plain(value, of.attributes[name])
        for name, value in stated.items()
        if value is not unset()
    }


class Values:
    """The typed values of one fact or attribute, by what was decoded."""

    def __init__(self, fact: Declaration) -> None:
        self.fact = fact
        self._reader = ValueReader(fact)

    def read(self, raw: object) -> tuple[dict[str, Value], dict[str, Items]]:
        """Its value or its list. Raises `NotPlainError`."""
        if raw is unset():
            return absent_value(self.fact)
        try:
            if isinstance(raw, str):
                return self._reader.read(raw)
            for number in _numbers(raw):
                # a number in quotes may be none at all
                if isinstance(number, Decimal) and not number.is_finite():
                    raise NotPlainError
                if exact_number(str(number)) is None:
                    raise NotPlainError
            return self._reader.read(_plain(raw, self.fact))
        except ValueError:
            raise NotPlainError from None

    @property
    def endless(self) -> bool:
        """Whether nearly every student may have another value."""
        fact = self.fact
        return isinstance(fact, Fact) and fact.kind is Kind.TEXT and fact.values is None
