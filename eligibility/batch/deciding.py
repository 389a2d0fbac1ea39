"""From what students add up to, to rows: decided by patterns, many at once, and counted."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from eligibility.batch.pieces import Condition, Known, Pieces, Seen
from eligibility.batch.rows import Blocking, Findings, Row
from eligibility.batch.summary import Counting, Tally
from eligibility.compiled import CompiledPack
from eligibility.model import Status
from eligibility.patterns.arrays import Integers, numbered
from eligibility.patterns.deciding import deciders
from eligibility.patterns.kinds import Kinds
from eligibility.patterns.tables import STATUSES, Came, Patterns, Tables

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["ByPatterns", "Students"]

_HELD = 1 << 18
"""How many statuses are held in findings, which take some fifty bytes for each."""


class Students(Protocol):
    """Students who were added up: what is set for each, and the sums with the bias.

    `values` and `sums` have a row for each word and a column for each student; `numbers` has
    the number of each student's value for each fact.
    """

    @property
    def ids(self) -> Sequence[str]:
        """What they are called."""
        ...

    @property
    def values(self) -> Integers:
        """What is set."""
        ...

    @property
    def sums(self) -> Integers:
        """What was added up."""
        ...

    @property
    def numbers(self) -> Mapping[str, Integers]:
        """The numbers of values."""
        ...


class ByPatterns:
    """Decides students, without reasons or with what is `blocking`.

    `known` are the values of facts by their numbers. `written` says that rows are wanted as
    lines of NDJSON.
    """

    def __init__(
        self,
        compiled: CompiledPack,
        kinds: Kinds,
        outcomes: Sequence[str],
        known: Known,
        *,
        blocking: bool,
        written: bool,
    ) -> None:
        self._layout = kinds.layout
        self._outcomes = tuple(outcomes)
        self._blocking = blocking
        self._written = written
        self._tables = Tables(deciders(compiled, kinds, self._outcomes), kinds.layout)
        self._pieces = Pieces(compiled, kinds, known)
        self._findings: dict[tuple[int, ...], Findings] = {}
        self._between = _between(self._outcomes)
        self._told: list[dict[int, tuple[tuple[Status, ...], str]]] = [
            {} for _ in range(0, 2 * len(self._outcomes), _BITS)
        ]

    def count(self, tally: Tally) -> None:
        """Tell of what blocked the students up to now; to be done at the end of a part."""
        self._pieces.count(tally)

    def rows(self, batch: Students, seen: Seen, counting: Counting) -> Iterator[Row]:
        """The students as rows, in their order; all are counted.

        `seen` is what was seen of the leaves that no sum can tell, if there are any.
        """
        self._pieces.begin(counting.tally)
        patterns = Patterns(self._layout, batch.values, batch.sums)
        came = {one.decider.name: one for one in self._tables.decide(patterns)}
        asked = [came[name] for name in self._outcomes]
        found, kinds = self._found([one.status for one in asked], counting.tally)
        students = len(batch.ids)
        counting.tally.read += students
        findings = map(found.__getitem__, kinds)
        if not self._blocking:
            yield from map(Row, batch.ids, findings)
            return
        every: list[list[Condition]] = []
        for place, one in enumerate(asked):
            conditions = [*self._pieces.conditions(place, one, patterns, batch.numbers, seen)]
            self._pieces.counted(conditions, students)
            every.append(conditions)
        if self._written:
            yield from map(Row, batch.ids, findings, self._texts(found, kinds, asked, every))
            return
        blocking = zip(*(self._each(conditions, students) for conditions in every), strict=True)
        for name, finding, told in zip(batch.ids, findings, blocking, strict=True):
            yield Row(name, Findings(finding.statuses, told))

    def _found(
        self, statuses: Sequence[NDArray[np.uint8]], tally: Tally
    ) -> tuple[list[Findings], list[int]]:
        """What came out: all there is, and which of it for each student; counted."""
        counts = [np.bincount(status, minlength=len(STATUSES)).tolist() for status in statuses]
        tally.came_out_as(len(statuses[0]), counts)
        keys = []
        for first in range(0, len(statuses), _IN_ONE):
            some = statuses[first : first + _IN_ONE]
            key: Integers = np.zeros(len(some[0]), np.int64)
            for place, status in enumerate(some):
                key |= status.astype(np.int64) << (2 * place)
            keys.append(key)
        first_of, kinds = numbered(keys)
        if len(self._findings) * len(self._outcomes) >= _HELD:
            self._findings.clear()
        codes = zip(*(key[first_of].tolist() for key in keys), strict=True)
        found = [self._findings.get(code) or self._statuses(code) for code in codes]
        return found, kinds.tolist()

    def _statuses(self, code: tuple[int, ...]) -> Findings:
        """What students of these statuses share."""
        whole = sum(one << (2 * _IN_ONE * place) for place, one in enumerate(code))
        told = []
        for place, known in enumerate(self._told):
            some = (whole >> (_BITS * place)) & ((1 << _BITS) - 1)
            if some not in known:
                known[some] = self._few(place * _BITS // 2, some)
            told.append(known[some])
        statuses = tuple(itertools.chain.from_iterable(one for one, _ in told))
        found = self._findings[code] = Findings(statuses, () if self._blocking else None)
        if self._written:
            text = ",".join([one for _, one in told])
            if self._blocking:
                found.rendered["head"] = f',"statuses":{{{text}}},"blocking":{{'
            else:
                found.rendered["ndjson"] = f',"statuses":{{{text}}}}}\n'
        return found

    def _few(self, first: int, code: int) -> tuple[tuple[Status, ...], str]:
        """The statuses of a few outcomes, and how they are written."""
        names = self._outcomes[first : first + _BITS // 2]
        statuses = tuple(STATUSES[(code >> (2 * place)) & 3] for place in range(len(names)))
        told = {name: one.value for name, one in zip(names, statuses, strict=True)}
        return statuses, json.dumps(told, ensure_ascii=False, separators=(",", ":"))[1:-1]

    def _texts(
        self,
        found: Sequence[Findings],
        kinds: Sequence[int],
        asked: Sequence[Came],
        every: Sequence[Sequence[Condition]],
    ) -> Iterator[str]:
        """The lines of NDJSON behind the ids."""
        students = len(kinds)
        columns: list[Any] = [[found[kind].rendered["head"] for kind in kinds]]
        begun: Integers = np.zeros(students, np.int64)
        last: Integers = np.zeros(students, np.int64)
        for place, (came, conditions) in enumerate(zip(asked, every, strict=True)):
            told = (came.status != _ELIGIBLE).astype(np.int64)
            columns.append(self._between[place][last + 2 * told + 4 * (begun & told)])
            begun |= told
            last = told
            behind: Integers = np.zeros(students, np.int64)
            for one in conditions:
                column: NDArray[np.object_] = np.full(students, "", object)
                column[one.students] = self._pieces.texts(one.pieces, behind[one.students])
                behind[one.students] = 1
                columns.append(column)
        columns.append(np.array(["}}\n", "]}}\n"], object)[last])
        lists = [one if isinstance(one, list) else one.tolist() for one in columns]
        return map("".join, zip(*lists, strict=True))

    def _each(self, conditions: Sequence[Condition], students: int) -> list[tuple[Blocking, ...]]:
        """What blocks each student from one outcome."""
        found: list[list[Blocking]] = [[] for _ in range(students)]
        for one in conditions:
            for student, piece in zip(one.students.tolist(), one.pieces.tolist(), strict=True):
                found[student].append(self._pieces.blocking[piece])
        return [tuple(one) for one in found]


_IN_ONE = 31
"""How many statuses are told by one integer, in two bits each."""

_BITS = 8
"""The bits of a few statuses, which are written at once."""

_ELIGIBLE = STATUSES.index(Status.ELIGIBLE)


def _between(outcomes: Sequence[str]) -> list[NDArray[np.object_]]:
    """What is written before the conditions of each outcome.

    By whether those of the last one end there, whether these begin, and whether any came before.
    """
    found = []
    for name in outcomes:
        begin = _json(name) + ":["
        told = ["", "]", begin, "]" + begin, "", "]", "," + begin, "]," + begin]
        found.append(np.array(told, object))
    return found


def _json(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)
