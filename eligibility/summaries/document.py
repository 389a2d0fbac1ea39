"""The summary document, read strictly: every field in its place, and counts that add up.

What it holds may have been written elsewhere, so nothing is taken for granted. Fields that
are not known are left alone: the contract lets new ones come.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import NoReturn

from eligibility.errors import Message, Problem, ProblemsError
from eligibility.model import Status
from eligibility.profile_json import limited, step
from eligibility.report import SUMMARY

__all__ = ["Counts", "Keeper", "Summary", "read_summary"]


@dataclass(frozen=True, slots=True)
class Keeper:
    """A condition that keeps students from being eligible, and how many.

    `alone` counts those for whom it is the only one, and `short_by` how many of these are
    short by how much, the least first. `unit` is what is short, such as `course`; None where
    the amounts have no name.
    """

    path: str
    text: str
    unit: str | None
    students: int
    alone: int
    short_by: tuple[tuple[Decimal, int], ...]


@dataclass(frozen=True, slots=True)
class Counts:
    """How many students have which status for an outcome, and what keeps them from it."""

    id: str
    title: str
    statuses: Mapping[Status, int]
    blocking: Sequence[Keeper]


@dataclass(frozen=True, slots=True)
class Summary:
    """What a batch asked, of how many students, and what came out.

    `pack` is its id and version; `reasons` is what `--reasons` was; `seconds` is how long it
    took. `refused` are the most frequent mistakes, each with its count, and `rejects` is the
    file that has all of them.
    """

    pack: str
    digest: str
    as_of: str
    source: str
    to: str
    reasons: str
    read: int
    answered: int
    rejected: int
    seconds: Decimal
    outcomes: Sequence[Counts]
    rejects: str
    refused: Sequence[tuple[str, int]]


def read_summary(text: str, name: str) -> Summary:
    """The summary that a JSON text holds; `name` is the file to name in errors.

    Raises `ProblemsError` with every mistake.
    """
    try:
        value = json.loads(text, parse_float=Decimal, parse_constant=_constant)
    except json.JSONDecodeError as error:
        said = error.msg[0].lower() + error.msg[1:].removesuffix(" at").removesuffix(" starting")
        message = Message(f"is not JSON: {said}" if text.strip() else "is empty", _WRITTEN)
        place = (error.lineno, error.colno) if text.strip() else (0, 0)
        raise ProblemsError([Problem(name, message, *place)]) from None
    except (ValueError, RecursionError):
        message = Message("is not JSON that a summary could be", _WRITTEN)
        raise ProblemsError([Problem(name, message)]) from None
    notes = _Notes()
    found = _read(_Place(value, "", notes))
    # counts of which some are no counts do not add up anyway
    if mistakes := notes.wrong or notes.unsound:
        raise ProblemsError(limited(mistakes, name))
    assert found is not None
    return found


_WRITTEN = "`eligibility batch` writes it anew"
_KIND = re.compile(r"eligibility/[a-z]{1,20}/v[0-9]{1,4}")


def _constant(word: str) -> NoReturn:
    raise ValueError(word)


class _Nothing:
    """Stands where something is missing or wrong, which was noted; no more is said of it."""


_NOTHING = _Nothing()


class _Notes:
    """What is wrong with a document, and, apart from that, what does not add up."""

    def __init__(self) -> None:
        self.wrong: list[tuple[str, Message]] = []
        self.unsound: list[tuple[str, Message]] = []


class _Place:
    """A value of the document and its pointer; what is wrong with it is noted."""

    def __init__(self, value: object, pointer: str, notes: _Notes) -> None:
        self._value = value
        self._pointer = pointer
        self._notes = notes

    def note(self, text: str, hint: str | None = None) -> None:
        """Note a mistake."""
        self._notes.wrong.append((self._pointer, Message(text, hint)))

    def doubt(self, text: str) -> None:
        """Note that it does not go with other numbers."""
        self._notes.unsound.append((self._pointer, Message(text, _WRITTEN)))

    def _must(self, wanted: str) -> None:
        if self._value is not _NOTHING:
            self.note(f"must be {wanted}, found {_found(self._value)}")

    def at(self, key: str) -> _Place:
        """What stands below a key that must be there."""
        pointer = f"{self._pointer}/{step(key)}"
        below = _Place(_NOTHING, pointer, self._notes)
        if not isinstance(self._value, dict):
            return below
        if key not in self._value:
            below.note("is missing", _WRITTEN)
            return below
        return _Place(self._value[key], pointer, self._notes)

    def known(self) -> bool:
        """Whether it is an object, which is noted where not."""
        if not isinstance(self._value, dict):
            self._must("an object")
        return isinstance(self._value, dict)

    def each(self) -> Iterator[_Place]:
        """The entries of a list of objects."""
        if not isinstance(self._value, list):
            self._must("a list")
            return
        for index, one in enumerate(self._value):
            below = _Place(one, f"{self._pointer}/{index}", self._notes)
            if below.known():
                yield below

    def entries(self) -> Iterator[tuple[str, _Place]]:
        """The keys of an object, and what stands below them."""
        if self.known():
            assert isinstance(self._value, dict)
            for key in self._value:
                yield key, self.at(key)

    def text(self) -> str:
        """A text."""
        if isinstance(self._value, str):
            return self._value
        self._must("a text")
        return ""

    def optional(self, key: str) -> str | None:
        """The text below a key of an object; None where there is none, or null."""
        assert isinstance(self._value, dict)
        return None if self._value.get(key) is None else self.at(key).text()

    def count(self) -> int:
        """A whole number that is not negative."""
        if isinstance(self._value, int) and not isinstance(self._value, bool) and self._value >= 0:
            return self._value
        self._must("a whole number of 0 or more")
        return 0

    def number(self) -> Decimal:
        """A number that is not negative."""
        value = self._value
        if isinstance(value, int | Decimal) and not isinstance(value, bool) and value >= 0:
            return Decimal(value)
        self._must("a number of 0 or more")
        return Decimal(0)


def _found(value: object) -> str:
    """The type of a value in words, without the value."""
    match value:
        case None:
            return "null"
        case bool():
            return "true" if value else "false"
        case int() | Decimal():
            return "a negative number" if value < 0 else "a number"
        case str():
            return "a text"
        case list():
            return "a list"
        case _:
            return "an object"


def _read(top: _Place) -> Summary | None:
    """The document; what is wrong is noted. None where it is something else altogether."""
    if not top.known() or not _is_summary(top.at("schema")):
        return None
    pack, rejects = top.at("pack"), top.at("rejects")
    pack.known()
    rejects.known()
    read, answered, rejected = (top.at(name).count() for name in ("read", "answered", "rejected"))
    outcomes = [_counts(one, answered) for one in top.at("outcomes").each()]
    if read != answered + rejected:
        top.at("read").doubt("is not `answered` and `rejected` together")
    return Summary(
        pack=f"{pack.at('id').text()} {pack.at('version').text()}",
        digest=pack.at("digest").text(),
        as_of=top.at("as_of").text(),
        source=top.at("source").text(),
        to=top.at("to").text(),
        reasons=top.at("reasons").text(),
        read=read,
        answered=answered,
        rejected=rejected,
        seconds=top.at("seconds").number(),
        outcomes=outcomes,
        rejects=rejects.at("file").text(),
        refused=[
            (one.at("reason").text(), one.at("count").count())
            for one in rejects.at("reasons").each()
        ],
    )


def _is_summary(schema: _Place) -> bool:
    told = schema.text()
    if told and told != SUMMARY:
        other = f"`{told}`" if _KIND.fullmatch(told) else "another text"
        schema.note(f"must be `{SUMMARY}`, found {other}", "name what `eligibility batch` wrote")
    return told == SUMMARY


def _counts(place: _Place, answered: int) -> Counts:
    below = place.at("statuses")
    statuses = {}
    if below.known():
        statuses = {status: below.at(status.value).count() for status in Status}
        if sum(statuses.values()) != answered:
            below.doubt("do not add up to `answered`")
    blocking = [_keeper(one, answered) for one in place.at("blocking").each()]
    return Counts(place.at("id").text(), place.at("title").text(), statuses, blocking)


def _keeper(place: _Place, answered: int) -> Keeper:
    students, alone = place.at("students").count(), place.at("alone").count()
    if students > answered:
        place.at("students").doubt("is more than `answered`")
    if alone > students:
        place.at("alone").doubt("is more than `students`")
    amounts = place.at("short_by")
    short_by = [(_amount(key, below), below.count()) for key, below in amounts.entries()]
    if sum(count for _, count in short_by) > alone:
        amounts.doubt("counts more than `alone`")
    return Keeper(
        place.at("path").text(),
        place.at("text").text(),
        place.optional("unit"),
        students,
        alone,
        tuple(sorted(short_by)),
    )


def _amount(key: str, place: _Place) -> Decimal:
    if _AMOUNT.fullmatch(key):
        return Decimal(key)
    place.note("is not below an amount such as `2` or `0.5`", _WRITTEN)
    return Decimal(0)


_AMOUNT = re.compile(r"[0-9]{1,30}(\.[0-9]{1,30})?")
