"""One student out of many, by id."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from eligibility.errors import Message, ProfileError, UsageError
from eligibility.inputs import Found, Unread, opened
from eligibility.sources import Part, Source
from eligibility.sources.tables import TableSource

__all__ = ["find_student"]


def find_student(student: str, sources: Iterable[Source]) -> Found:
    """The student of this id, as if it were the only one there is.

    Every source is looked through to its end, but tables are asked for this student alone.
    Raises `UsageError` where there is none of that id or more than one, and `ProfileError`
    where there is none, and a place that holds the id cannot be read.
    """
    search = _Search(student)
    tables = []
    for source in sources:
        parts: Iterator[Part]
        if isinstance(source, TableSource):
            tables.append(source)
            parts = source.student(student)
        else:
            parts = source.parts()
        for part in parts:
            for place in part.places():
                search.look(place)
    return search.result(tables)


class _Search:
    def __init__(self, student: str) -> None:
        self._student = student
        self._written = json.dumps(student, ensure_ascii=False).encode("utf-8", "replace")
        self._looked = 0
        self._found: list[Found] = []
        self._broken: list[Found] = []

    def look(self, place: Found | Unread) -> None:
        """Look at all profiles of a place."""
        if isinstance(place, Unread) and place.data and not self._may_hold(place.data):
            self._looked += 1
            return
        for found in opened(place):
            self._looked += 1
            if found.error is not None:
                if not (isinstance(place, Unread) and place.data) or self._written in place.data:
                    self._broken.append(found)
            elif isinstance(found.value, dict) and found.value.get("id") == self._student:
                self._found.append(found)

    def _may_hold(self, data: bytes) -> bool:
        """Whether the id may stand there: as it is, or with an escape in it."""
        return self._written in data or b"\\" in data

    def result(self, tables: Sequence[TableSource]) -> Found:
        """What was found; the `tables` were asked for the student, and tell how many others."""
        if len(self._found) == 1:
            return replace(self._found[0], alone=True)
        if self._found:
            places = " and ".join(f"`{one.name}`" for one in self._found[:_TOLD])
            text = f"the id `{self._student}` stands {len(self._found)} times: in {places}"
            raise UsageError(Message(text, "check the files one by one"))
        if self._broken:
            raise ProfileError(
                problem
                for one in self._broken[:_TOLD]
                if one.error
                for problem in one.error.problems
            )
        count = self._looked + sum(source.count() for source in tables)
        noun = "profile" if count == 1 else "profiles"
        text = f"there is no student `{self._student}` among {count:,} {noun}"
        raise UsageError(Message(text, "an id is written as it stands there, case and all"))


_TOLD = 5
"""How many places are named."""
