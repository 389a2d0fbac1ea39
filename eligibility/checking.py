"""Checking profiles one after the other, and writing the answers in a format."""

from __future__ import annotations

import csv
import datetime
from collections.abc import Callable, Iterable, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from typing import IO, Protocol

from eligibility.errors import Problem, ProfileError
from eligibility.inputs import Found
from eligibility.model import Status
from eligibility.packs import Pack
from eligibility.verdict import Answer

__all__ = ["FORMATS", "Tally", "Writer", "check_all", "make_writer"]

FORMATS = ("text", "json", "ndjson", "csv")


@dataclass(slots=True)
class Tally:
    """What became of the profiles: read = answered + refused.

    `problems` holds a group of mistakes for each profile refused; `short_of` counts the
    answered profiles that are not eligible for an outcome that they had to be.
    """

    answered: int = 0
    problems: list[Sequence[Problem]] = field(default_factory=list)
    short_of: dict[str, int] = field(default_factory=dict)

    @property
    def refused(self) -> int:
        """How many profiles were refused."""
        return len(self.problems)


class Writer(Protocol):
    """Takes answers one at a time; `finish` writes what only then can be written."""

    def add(self, answer: Answer) -> None:
        """Write one answer."""
        ...

    def finish(self) -> None:
        """Write the end."""
        ...


def check_all(
    pack: Pack,
    found: Iterable[Found],
    writer: Writer,
    as_of: datetime.date,
    outcomes: Sequence[str],
    must: Sequence[str] = (),
    *,
    step: Callable[[], object] = lambda: None,
    whole: Callable[[], AbstractContextManager[None]] = nullcontext,
) -> Tally:
    """Answer every profile that can be read, and note the others with their mistakes.

    `must` names outcomes to count the shortfalls of; `step` is called after each, and what
    is derived for one is derived in a `whole` block, which is not to be interrupted.
    """
    tally = Tally(short_of=dict.fromkeys(must, 0))
    asked = list(dict.fromkeys([*outcomes, *must]))
    for one in found:
        try:
            if one.error is not None:
                raise one.error
            read = pack.reader.read(one.value, one.name)
            with whole():
                answer = pack.answer(read, as_of, asked)
        except ProfileError as error:
            tally.problems.append(error.problems)
        else:
            tally.answered += 1
            for name in must:
                tally.short_of[name] += answer.verdict(name).status is not Status.ELIGIBLE
            writer.add(answer)
        step()
    return tally


def make_writer(
    kind: str, stream: IO[str], pack: Pack, outcomes: Sequence[str], *, single: bool, explain: bool
) -> Writer:
    """The writer for a format; `single` when one profile is asked about."""
    if kind == "csv":
        return _Csv(stream)
    if kind == "text":
        return _Text(stream, pack, outcomes, single, explain)
    return _Json(stream, explain, kind if kind == "ndjson" or not single else "object")


class _Json:
    """An object, an array of objects, or an object a line."""

    def __init__(self, stream: IO[str], explain: bool, shape: str) -> None:
        self._stream = stream
        self._explain = explain
        self._shape = shape
        self._count = 0

    def add(self, answer: Answer) -> None:
        from eligibility.report import as_json, dump

        document = as_json(answer, explain=self._explain)
        if self._shape == "ndjson":
            self._stream.write(dump(document) + "\n")
            return
        if self._shape == "json":
            self._stream.write(",\n" if self._count else "[\n")
        self._stream.write(dump(document, indent=2))
        if self._shape == "object":
            self._stream.write("\n")
        self._count += 1

    def finish(self) -> None:
        if self._shape == "json":
            self._stream.write("\n]\n" if self._count else "[]\n")


class _Csv:
    def __init__(self, stream: IO[str]) -> None:
        from eligibility.report import CSV_FIELDS

        self._writer = csv.DictWriter(stream, CSV_FIELDS, lineterminator="\n")
        self._writer.writeheader()

    def add(self, answer: Answer) -> None:
        from eligibility.report import csv_rows

        self._writer.writerows(csv_rows(answer))

    def finish(self) -> None:
        pass


class _Text:
    """One student in full; several in a table, each in full before it with `explain`."""

    def __init__(
        self, stream: IO[str], pack: Pack, outcomes: Sequence[str], single: bool, explain: bool
    ) -> None:
        from eligibility.text import console_for

        self._console = console_for(stream)
        self._rules = pack.rules
        self._outcomes = outcomes
        self._single = single
        self._explain = explain
        self._rows: list[tuple[str, tuple[Status, ...]]] = []

    def add(self, answer: Answer) -> None:
        from eligibility.text import emit, profile_text

        if self._single or self._explain:
            emit(self._console, profile_text(answer, self._console, explain=self._explain))
        self._rows.append((answer.profile.id, tuple(one.status for one in answer.verdicts)))

    def finish(self) -> None:
        from eligibility.text import emit, table_text

        if not self._single and self._rows:
            table = table_text(self._rules, self._outcomes, self._rows, self._console)
            emit(self._console, table)
