"""Checking profiles, here or in several processes, and writing the answers in a format."""

from __future__ import annotations

import csv
import datetime
import itertools
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from typing import IO, TYPE_CHECKING, Any, Protocol

from eligibility.errors import Problem, ProfileError
from eligibility.inputs import Found, Unread, opened
from eligibility.model import Status
from eligibility.packs import Pack
from eligibility.verdict import Answer

if TYPE_CHECKING:
    from rich.console import RenderableType

    from eligibility.team import Team

__all__ = [
    "FEW",
    "FORMATS",
    "Check",
    "Tally",
    "Writer",
    "ahead",
    "answered",
    "lonely",
    "make_writer",
]

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

    @property
    def read(self) -> int:
        """How many profiles were read."""
        return self.answered + self.refused

    def add(self, other: Tally) -> None:
        """Count what became of other profiles, too."""
        self.answered += other.answered
        self.problems += other.problems
        for name, count in other.short_of.items():
            self.short_of[name] += count


class Writer(Protocol):
    """Takes answers one at a time; `finish` writes what only then can be written.

    To `render` an answer and to `add` what came of it are two steps, because the first may
    be done by another process.
    """

    def render(self, answer: Answer) -> Any:
        """What is to be written of an answer."""
        ...

    def add(self, rendered: Any) -> None:
        """Write it."""
        ...

    def finish(self) -> None:
        """Write the end."""
        ...


@dataclass(slots=True)
class _Part:
    """What became of some of the profiles, in their order."""

    tally: Tally
    rendered: list[Any] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Check:
    """What is asked of every profile.

    `must` names those of the outcomes to count the shortfalls of. What is derived for one
    profile is derived in a `whole` block, which is not to be interrupted.
    """

    pack: Pack
    writer: Writer
    as_of: datetime.date
    outcomes: Sequence[str]
    must: Sequence[str] = ()
    whole: Callable[[], AbstractContextManager[None]] = nullcontext

    def part(self, some: Iterable[Found | Unread]) -> _Part:
        """Answer every profile of some places that can be read, and note the mistakes."""
        part = _Part(self._tally())
        for place in some:
            for one in opened(place):
                self._one(one, part)
        return part

    def alone(
        self, places: Iterable[Found | Unread], step: Callable[[int], object] = lambda count: None
    ) -> Tally:
        """Answer all of them here, one after the other; `step` is told how many were read."""
        return self._gathered((self.part([place]) for place in places), step)

    def together(
        self,
        team: Team[Iterable[Found | Unread], _Part],
        places: Iterable[Found | Unread],
        step: Callable[[int], object] = lambda count: None,
    ) -> Tally:
        """Let a team whose work is `part` answer them; written is the same, in the same order."""
        return self._gathered(team.each(_parcels(places)), step)

    def _gathered(self, parts: Iterable[_Part], step: Callable[[int], object]) -> Tally:
        total = self._tally()
        for part in parts:
            for rendered in part.rendered:
                self.writer.add(rendered)
            total.add(part.tally)
            step(part.tally.read)
        return total

    def _tally(self) -> Tally:
        return Tally(short_of=dict.fromkeys(self.must, 0))

    def _one(self, found: Found, part: _Part) -> None:
        try:
            if found.error is not None:
                raise found.error
            profile = self.pack.reader.read(found.value, found.name)
            with self.whole():
                answer = self.pack.answer(profile, self.as_of, self.outcomes)
        except ProfileError as error:
            part.tally.problems.append(error.problems)
            return
        part.tally.answered += 1
        for name in self.must:
            short = answer.verdict(name).status is not Status.ELIGIBLE
            part.tally.short_of[name] += short
        part.rendered.append(self.writer.render(answer))


_PARCEL = 16
"""How many profiles a worker gets at once: what is sent and what waits stays small (about a
megabyte), and sending costs a hundredth of the work."""

_PARCEL_BYTES = 1_000_000


def _parcels(places: Iterable[Found | Unread]) -> Iterator[list[Found | Unread]]:
    parcel: list[Found | Unread] = []
    size = 0
    for place in places:
        parcel.append(place)
        size += len(place.data) if isinstance(place, Unread) else 0
        if len(parcel) == _PARCEL or size > _PARCEL_BYTES:
            yield parcel
            parcel, size = [], 0
    if parcel:
        yield parcel


FEW = 2
"""Up to so many profiles `auto` takes rete, whose rules are the proof of what it derives, and
the batch engine beyond, where it is the quicker: docs/performance.md has the measurement."""

_WORTH_A_TEAM = 40
"""Up to so many profiles starting processes is not worth it, which have to find all out anew."""


def ahead(
    every: Iterator[Found | Unread], count: int
) -> tuple[list[Found | Unread], Iterator[Found | Unread]]:
    """The first profiles, more than `count` of them if there are as many, and the rest."""
    head: list[Found | Unread] = list(itertools.islice(every, count + 1))
    if len(head) <= count:
        # a file may hold several
        head = [one for place in head for one in opened(place)]
    return head, every


def lonely(head: Sequence[Found | Unread]) -> bool:
    """Whether the input begins with a file that is one profile."""
    return bool(head) and isinstance(head[0], Found) and head[0].alone


def answered(
    every: Check,
    head: Sequence[Found | Unread],
    rest: Iterator[Found | Unread],
    jobs: int | None,
    step: Callable[[int], object],
) -> Tally:
    """What became of all profiles, checked by as many processes as are worth it."""
    if jobs != 1:
        head = [*head, *itertools.islice(rest, _WORTH_A_TEAM)]
        if len(head) > _WORTH_A_TEAM:
            from eligibility.team import Team, processors

            size = jobs or processors()
            if size > 1:
                with Team(every.part, size) as team:
                    return every.together(team, itertools.chain(head, rest), step)
    return every.alone(itertools.chain(head, rest), step)


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

    def render(self, answer: Answer) -> str:
        from eligibility.report import as_json, dump

        indent = None if self._shape == "ndjson" else 2
        return dump(as_json(answer, explain=self._explain), indent=indent)

    def add(self, rendered: str) -> None:
        if self._shape == "ndjson":
            self._stream.write(rendered + "\n")
            return
        if self._shape == "json":
            self._stream.write(",\n" if self._count else "[\n")
        self._stream.write(rendered)
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

    def render(self, answer: Answer) -> list[dict[str, str]]:
        from eligibility.report import csv_rows

        return csv_rows(answer)

    def add(self, rendered: list[dict[str, str]]) -> None:
        self._writer.writerows(rendered)

    def finish(self) -> None:
        pass


_Row = tuple[str, tuple[Status, ...]]


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
        self._rows: list[_Row] = []

    def render(self, answer: Answer) -> tuple[_Row, RenderableType | None]:
        from eligibility.text import profile_text

        row = answer.profile.id, tuple(one.status for one in answer.verdicts)
        if self._single or self._explain:
            return row, profile_text(answer, self._console, explain=self._explain)
        return row, None

    def add(self, rendered: tuple[_Row, RenderableType | None]) -> None:
        from eligibility.text import emit

        row, text = rendered
        if text is not None:
            emit(self._console, text)
        self._rows.append(row)

    def finish(self) -> None:
        from eligibility.text import emit, table_text

        if not self._single and self._rows:
            table = table_text(self._rules, self._outcomes, self._rows, self._console)
            emit(self._console, table)
