"""Profiles: a marshmallow schema built from a vocabulary.

Strict means: `"60"` is not 60, 1 is not true, an unknown key is a mistake, sizes are
bounded. Null says that a value is not known. What is wrong is said without repeating
what a student's text says: only keys, and words that stand for a declared value or a
date, are shown.
"""

from __future__ import annotations

import datetime
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, NoReturn

from marshmallow import RAISE, Schema, ValidationError, fields

from eligibility.errors import Message, Problem, ProfileError, did_you_mean
from eligibility.facts import Item, Items, Profile
from eligibility.model import Declaration, Fact, Kind, ListFact, RulePack
from eligibility.profile_json import (
    COMMENT,
    DAY,
    ID,
    MAX_DIGITS,
    MAX_ID,
    MAX_ITEMS,
    MAX_TEXT,
    TEXT,
    limited,
    parse_json,
    printable,
    step,
)
from eligibility.values import Absent, Days, Value, decimal_text

__all__ = ["ProfileReader", "ValueReader", "absent_value", "ids_allowed", "parse_json", "schema_of"]

_ID = "id"
_JUDGEMENTS = "judgements"
_RECORD_KEYS = ("complete", "items")


class ProfileReader:
    """Reads profiles by the vocabulary of one pack."""

    def __init__(self, pack: RulePack) -> None:
        self._facts = pack.vocabulary.facts
        judgements = _Judgements(pack.judgements)
        self._schema = schema_of(self._facts.values(), **{_ID: _Id(), _JUDGEMENTS: judgements})

    def read(self, data: object, source: str = "profile") -> Profile:
        """The profile that a JSON value states.

        `source` is the file to name in errors. Raises `ProfileError` with every mistake.
        """
        if not isinstance(data, Mapping):
            text = f"must be an object, found {_found(data)}"
            message = Message(text, 'e.g. {"id": "student-1"}')
            raise ProfileError([Problem(source, message, pointer="")])
        try:
            loaded = _load(self._schema, data)
        except ValidationError as error:
            mistakes = ((place, mistake.message) for place, mistake in _flat(error.messages, ""))
            raise ProfileError(limited(mistakes, source)) from None
        values, lists = _members(loaded, self._facts, "")
        return Profile(loaded[_ID], values, lists, loaded.get(_JUDGEMENTS) or {}, source)


class ValueReader:
    """Reads what is stated of one declared fact or list, by itself."""

    def __init__(self, declaration: Declaration) -> None:
        self._declaration = declaration
        self._field = schema_of([declaration]).fields[declaration.name]

    def read(self, data: object) -> tuple[dict[str, Value], dict[str, Items]]:
        """The typed value, by its name; nothing where it is null.

        Raises `ValueError` where the vocabulary does not allow it.
        """
        name = self._declaration.name
        try:
            if isinstance(self._field, _Scalar):
                return ({} if data is None else {name: self._field.value(data)}), {}
            loaded = self._field.deserialize(data, name)
        except ValidationError:
            raise ValueError(name) from None
        return _members({name: loaded}, {name: self._declaration}, "")


def absent_value(
    declaration: Declaration,
) -> tuple[dict[str, Value], dict[str, Items]]:
    """What it means that a fact or a list is not stated at all."""
    return _members({}, {declaration.name: declaration}, "")


def _id_allowed(text: str) -> bool:
    """Whether a profile may have this id."""
    if text.isascii() and text.isprintable() and len(text) <= MAX_ID:
        return not text.isspace() and text != ""
    try:
        _Id().deserialize(text)
    except ValidationError:
        return False
    return True


def ids_allowed(texts: Sequence[str]) -> list[bool]:
    """Whether profiles may have these ids; told at once where all are of the usual sort."""
    every = "".join(texts)
    usual = every.isascii() and every.isprintable() and " " not in every
    if usual and all(0 < len(one) <= MAX_ID for one in texts):
        return [True] * len(texts)
    return [_id_allowed(one) for one in texts]


def schema_of(declarations: Iterable[Declaration], **more: fields.Field[Any]) -> Schema:
    """A marshmallow schema with a field for each declaration."""
    members: dict[str, fields.Field[Any]] = {
        declaration.name: _List(declaration)
        if isinstance(declaration, ListFact)
        else _Scalar(declaration)
        for declaration in declarations
    }
    return Schema.from_dict({**members, **more})(unknown=RAISE)


# -- mistakes -------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Mistake:
    """What is wrong; a near miss of `word` is looked for when it is shown."""

    text: str
    hint: str | None = None
    word: str | None = None
    candidates: Iterable[str] = ()

    @property
    def message(self) -> Message:
        if self.word is None:
            return Message(self.text, self.hint)
        return Message(self.text, _nearest(self.word, self.candidates) or self.hint)


def _wrong(text: str, hint: str | None = None) -> ValidationError:
    return ValidationError([_Mistake(text, hint)])


def _undeclared(text: str, word: str, candidates: Iterable[str]) -> ValidationError:
    return ValidationError([_Mistake(text, None, word, candidates)])


def _refuse(errors: Mapping[Any, object]) -> NoReturn:
    raise ValidationError(dict(errors))


def _mistyped(wanted: str, value: object, hint: str | None = None) -> ValidationError:
    return _wrong(f"must be {wanted}, found {_found(value)}", hint)


def _found(value: object) -> str:
    """The type of a value, in words, without the value."""
    match value:
        case None:
            return "null"
        case bool():
            return "true" if value else "false"
        case int() | Decimal() | float():
            return "a number"
        case str():
            return "a text"
        case list():
            return "a list"
        case dict():
            return "an object"
        case _:
            return f"a Python {type(value).__name__}"


def _nearest(word: str, candidates: Iterable[str]) -> str | None:
    """The candidate meant, in spite of its case, else what is near; few are all listed."""
    known = sorted(set(candidates))
    word = word[:100]
    folded = _folded(word)
    for candidate in known:
        if _folded(candidate) == folded:
            return f"did you mean `{candidate}`?"
    hint = did_you_mean(word, known) or did_you_mean(folded, known)
    if hint is None and 0 < len(known) <= 12:
        return f"known: {', '.join(f'`{candidate}`' for candidate in known)}"
    return hint


def _folded(word: str) -> str:
    return "_".join(word.casefold().replace("-", " ").replace("_", " ").split())


def _flat(errors: object, pointer: str) -> Iterator[tuple[str, _Mistake]]:
    """Mistakes with their JSON pointers, out of marshmallow's nested messages."""
    if isinstance(errors, Mapping):
        for key, below in errors.items():
            yield from _flat(below, f"{pointer}/{step(key)}")
    elif isinstance(errors, list):
        for mistake in errors:
            yield pointer, mistake if isinstance(mistake, _Mistake) else _Mistake(str(mistake))


# -- fields ---------------------------------------------------------------------------


class _Scalar(fields.Field[Any]):
    """A fact that is not a list, exactly as declared."""

    def __init__(self, fact: Fact) -> None:
        super().__init__(allow_none=True)
        self._fact = fact
        self._declared = fact.scale.values if fact.scale else fact.values

    def _deserialize(self, value: Any, attr: Any, data: Any, **kwargs: Any) -> Value:
        return self.value(value)

    def value(self, value: object) -> Value:
        """The typed value of what is stated, and not null. Raises `ValidationError`."""
        return self._texts(value) if self._fact.many else self._one(value)

    def _texts(self, value: object) -> tuple[str, ...]:
        if not isinstance(value, list):
            hint = 'one text goes in a list too: ["..."]' if isinstance(value, str) else None
            raise _mistyped("a list of texts", value, hint)
        if len(value) > MAX_ITEMS:
            raise _wrong(f"has more than {MAX_ITEMS:,} texts")
        found: list[str] = []
        errors: dict[int, object] = {}
        for index, one in enumerate(value):
            try:
                text = self._one(one)
                assert isinstance(text, str)
                found.append(text)
            except ValidationError as error:
                errors[index] = error.messages
        if errors:
            _refuse(errors)
        return tuple(found)

    def _one(self, value: object) -> Value:
        if self._declared is not None:
            return self._word(value, self._declared)
        match self._fact.kind, value:
            case Kind.BOOLEAN, bool():
                return value
            case Kind.INTEGER | Kind.NUMBER, int() | Decimal() | float() if not isinstance(
                value, bool
            ):
                return self._number(value)
            case Kind.TEXT, str():
                return _text(value)
            case Kind.DATE, _:
                return _days(value)
        raise _mistyped(_WORDS[self._fact.kind], value, _quotes(self._fact.kind, value))

    def _word(self, value: object, declared: tuple[str, ...]) -> str:
        if not isinstance(value, str):
            raise _mistyped("a text", value, _quotes(Kind.TEXT, value))
        if value not in declared:
            text = f"`{printable(value, 40)}` is not a declared value"
            raise _undeclared(text, value, declared)
        return value

    def _number(self, value: float | Decimal) -> Value:
        exact = _exact(value)
        low, high = self._fact.minimum, self._fact.maximum
        if low is not None and exact < low:
            raise _wrong(f"is below {decimal_text(low)}, the least that is declared")
        if high is not None and exact > high:
            raise _wrong(f"is above {decimal_text(high)}, the most that is declared")
        if self._fact.kind is Kind.NUMBER:
            return exact
        if exact != int(exact):
            raise _wrong("must be a whole number")
        return int(exact)


_WORDS = {
    Kind.BOOLEAN: "true or false",
    Kind.INTEGER: "a whole number",
    Kind.NUMBER: "a number",
    Kind.TEXT: "a text",
}
_A_DATE = "a date such as 2024-05-31, 2024-05 or 2024"


def _quotes(kind: Kind, value: object) -> str | None:
    """A hint where the type is wrong by quotes alone."""
    match kind, value:
        case Kind.TEXT, int() | Decimal() | float() if not isinstance(value, bool):
            return "put it in quotes"
        case Kind.BOOLEAN, str() if value.strip().casefold() in ("true", "false", "yes", "no"):
            return "write true or false, without quotes"
        case Kind.INTEGER | Kind.NUMBER, str() if _NUMERIC.fullmatch(value.strip()):
            return "write it without quotes"
    return None


_NUMERIC = re.compile(r"-?[0-9]{1,30}(\.[0-9]{1,30})?")
_BLANK = re.compile(r"\s*")
_TEXT = re.compile(TEXT)
_ONE_LINE = re.compile(ID)
_DAY = re.compile(DAY)


def _text(value: str) -> str:
    if len(value) > MAX_TEXT:
        raise _wrong(f"has more than {MAX_TEXT:,} characters")
    if not _TEXT.search(value):
        if _BLANK.fullmatch(value):
            raise _wrong("is an empty text", "write null when it is not known")
        raise _wrong("has a control character or half a character in it")
    return value


def _exact(value: float | Decimal) -> Decimal:
    exact = value if isinstance(value, Decimal) else Decimal(repr(value))
    if not exact.is_finite():
        raise _wrong("must be a finite number")
    exponent = exact.as_tuple().exponent
    assert isinstance(exponent, int)
    if exact.adjusted() >= MAX_DIGITS or exponent < -2 * MAX_DIGITS:
        raise _wrong(f"has more than {MAX_DIGITS} digits")
    return exact or Decimal(0)


def _days(value: object) -> Days:
    match value:
        case Days():
            return value
        case datetime.date() if not isinstance(value, datetime.datetime):
            return Days.on(value)
        case str():
            try:
                return Days.parse(value)
            except ValueError:
                wanted = "a day of the calendar" if _DAY.search(value) else _A_DATE
                raise _wrong(f"`{printable(value, 40)}` is not {wanted}") from None
    hint = "put it in quotes" if isinstance(value, int) and not isinstance(value, bool) else None
    raise _mistyped(_A_DATE, value, hint)


class _List(fields.Field[Any]):
    """A list of items: an array, or an object that says whether the array is all."""

    def __init__(self, declaration: ListFact) -> None:
        super().__init__(allow_none=True)
        self._item = declaration.item
        self._schema = schema_of(declaration.attributes.values())

    def _deserialize(self, value: Any, attr: Any, data: Any, **kwargs: Any) -> dict[str, Any]:
        if isinstance(value, list):
            return {"complete": True, "items": self._items(value), "below": None}
        if isinstance(value, dict) and any(key in value for key in _RECORD_KEYS):
            return self._record(value)
        hint = f"one {self._item} goes in a list too: [{{...}}]"
        raise _mistyped("a list of objects", value, hint if isinstance(value, dict) else None)

    def _record(self, value: dict[Any, Any]) -> dict[str, Any]:
        errors = _unknown_keys(value, _RECORD_KEYS)
        complete = value.get("complete", True)
        if not isinstance(complete, bool):
            errors["complete"] = _mistyped("true or false", complete).messages
        items: list[dict[str, Any]] = []
        if "items" not in value:
            errors["items"] = _wrong("is missing").messages
        elif not isinstance(value["items"], list):
            errors["items"] = _mistyped("a list", value["items"]).messages
        else:
            try:
                items = self._items(value["items"])
            except ValidationError as error:
                errors["items"] = error.messages
        if errors:
            _refuse(errors)
        return {"complete": complete, "items": items, "below": "items"}

    def _items(self, value: list[Any]) -> list[dict[str, Any]]:
        if len(value) > MAX_ITEMS:
            raise _wrong(f"has more than {MAX_ITEMS:,} items")
        items: list[dict[str, Any]] = []
        errors: dict[int, object] = {}
        for index, one in enumerate(value):
            try:
                if not isinstance(one, dict):
                    raise _mistyped(f"an object for one {self._item}", one)
                items.append(_load(self._schema, one))
            except ValidationError as error:
                errors[index] = error.messages
        if errors:
            _refuse(errors)
        return items


class _Id(fields.Field[Any]):
    """The name that verdicts carry."""

    def __init__(self) -> None:
        missing = _Mistake("is missing", 'e.g. "id": "student-1"')
        null = _Mistake("must be a text, found null")
        super().__init__(required=True, error_messages={"required": [missing], "null": [null]})

    def _deserialize(self, value: Any, attr: Any, data: Any, **kwargs: Any) -> str:
        if not isinstance(value, str):
            raise _mistyped("a text", value, _quotes(Kind.TEXT, value))
        if len(value) > MAX_ID:
            raise _wrong(f"has more than {MAX_ID} characters")
        if _BLANK.fullmatch(value):
            raise _wrong("is an empty text")
        if not _ONE_LINE.search(value):
            raise _wrong("must be one line of characters that can be seen")
        return value


class _Judgements(fields.Field[Any]):
    """Decisions by name; a name that no rule asks for is unknown."""

    def __init__(self, names: Iterable[str]) -> None:
        super().__init__(allow_none=True)
        self._names = tuple(names)

    def _deserialize(self, value: Any, attr: Any, data: Any, **kwargs: Any) -> dict[str, bool]:
        if not isinstance(value, dict):
            raise _mistyped("an object", value)
        errors = _unknown_keys(value, self._names, "judgement")
        decided: dict[str, bool] = {}
        for name in self._names:
            decision = value.get(name)
            if isinstance(decision, bool):
                decided[name] = decision
            elif decision is not None:
                hint = _quotes(Kind.BOOLEAN, decision)
                errors[name] = _mistyped("true or false", decision, hint).messages
        if errors:
            _refuse(errors)
        return decided


def _unknown_keys(
    data: Mapping[Any, Any], known: Iterable[str], what: str = "key"
) -> dict[Any, object]:
    """A mistake for each key that is neither known nor a comment."""
    names = tuple(known)
    return {
        key: [_Mistake(f"unknown {what} `{printable(str(key), 60)}`", None, str(key), names)]
        for key in data
        if key not in names and not str(key).startswith(COMMENT)
    }


def _load(schema: Schema, data: Mapping[Any, Any]) -> dict[str, Any]:
    """What marshmallow makes of an object, its unknown keys reported with the rest."""
    errors = _unknown_keys(data, schema.fields)
    known = {key: value for key, value in data.items() if key in schema.fields}
    loaded: object = None
    try:
        loaded = schema.load(known)
    except ValidationError as error:
        errors.update(error.messages_dict)
    if errors:
        _refuse(errors)
    assert isinstance(loaded, dict)
    return loaded


# -- from what was loaded to a profile ------------------------------------------------


def _members(
    loaded: Mapping[str, Any], declared: Mapping[str, Declaration], pointer: str
) -> tuple[dict[str, Value], dict[str, Items]]:
    values: dict[str, Value] = {}
    lists: dict[str, Items] = {}
    for name, declaration in declared.items():
        value = loaded.get(name)
        if isinstance(declaration, ListFact):
            known = declaration.complete and name not in loaded
            lists[name] = _items(value, declaration, f"{pointer}/{name}", known)
        elif value is not None:
            values[name] = value
        elif declaration.complete and name not in loaded:
            values[name] = False if declaration.kind is Kind.BOOLEAN else Absent()
    return values, lists


def _items(value: Any, declaration: ListFact, pointer: str, known: bool) -> Items:
    if value is None:
        return Items(pointer, complete=known, stated=known)
    within = pointer + ("/items" if value["below"] else "")
    items = []
    for index, one in enumerate(value["items"]):
        place = f"{within}/{index}"
        values, lists = _members(one, declaration.attributes, place)
        items.append(Item(place, values, lists))
    return Items(pointer, tuple(items), value["complete"], stated=True)
