"""From the bytes of a part to rows, without an object for any student in between.

A student is decoded, added up and decided by patterns (see `eligibility.patterns`). Whoever
takes the ordinary way to answer, or to refuse, takes it; the rows are the same.
"""

from __future__ import annotations

import datetime
import json
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from eligibility.batch.answering import OneByOne
from eligibility.batch.pieces import Condition, Pieces
from eligibility.batch.rows import Blocking, Findings, Row
from eligibility.batch.summary import Counting
from eligibility.errors import ProfileError
from eligibility.inputs import Found, Unread, opened
from eligibility.leaves import Scenario, fold
from eligibility.model import Status
from eligibility.observations import Observation
from eligibility.packs import Pack
from eligibility.patterns.arrays import numbered, values_of
from eligibility.patterns.deciding import deciders, kinds_of
from eligibility.patterns.decoding import Batch, Decoder
from eligibility.patterns.tables import STATUSES, Came, Patterns, Tables
from eligibility.remembered import Remembered
from eligibility.sources import Part

__all__ = ["Streaming"]

_BATCH = 1_024
"""How many students are decided at once."""

_BYTES = 1 << 22
"""How many bytes of them, at the most, before another one is taken."""

_HELD = 65_536
"""How many findings are held."""

_COMPACT: dict[str, Any] = {"ensure_ascii": False, "separators": (",", ":")}


class Streaming:
    """Answers students by patterns, without reasons or with what is blocking.

    `written` says that rows are wanted as lines of NDJSON.
    """

    def __init__(
        self,
        pack: Pack,
        as_of: datetime.date,
        outcomes: Sequence[str],
        reasons: str,
        *,
        written: bool,
    ) -> None:
        compiled = pack.compiled
        self._pack = pack
        self._as_of = as_of
        self._outcomes = tuple(outcomes)
        self._blocking = reasons != "none"
        self._written = written
        self._ordinary = OneByOne(pack, as_of, outcomes, reasons)
        self._kinds = kinds_of(compiled, as_of, self._outcomes)
        every = deciders(compiled, self._kinds, self._outcomes)
        self._tables = Tables(every, self._kinds.layout)
        self._decoder = Decoder(compiled.pack, self._kinds)
        self._rest = [compiled.leaves[number] for number in self._kinds.rest]
        self._remembered = Remembered(self._rest, compiled.pack.vocabulary, as_of)
        self._pieces = Pieces(compiled, self._kinds, self._decoder)
        self._findings: dict[bytes, Findings] = {}
        self._between = _between(self._outcomes)

    def rows(self, part: Part, counting: Counting) -> Iterator[Row]:
        """The students of a part that were answered, in their order; all are counted."""
        for places, lines in _batches(part, self._decoder.encode):
            done = 0
            while done < len(places):
                batch = self._decoder.batch(lines[done:])
                yield from self._rows(batch, places[done : done + batch.read], counting)
                done += batch.read
        self._pieces.count(counting.tally)

    def _rows(
        self, batch: Batch, places: Sequence[Found | Unread], counting: Counting
    ) -> Iterator[Row]:
        """The students of a batch, and those who take the ordinary way, in their order."""
        seen: list[dict[int, Observation]] = []
        if self._rest and batch.ids:
            batch, seen = self._with_rest(batch, places)
        rows = self._decided(batch, seen, counting) if batch.ids else iter(())
        after = 0
        for place in batch.places:
            for other in places[after:place]:
                yield from self._ordinary.rows_of(other, counting)
            yield next(rows)
            after = place + 1
        for other in places[after:]:
            yield from self._ordinary.rows_of(other, counting)

    def _decided(
        self, batch: Batch, seen: list[dict[int, Observation]], counting: Counting
    ) -> Iterator[Row]:
        """The students of a batch as rows."""
        self._pieces.begin(counting.tally)
        patterns = Patterns(self._kinds.layout, batch.values, batch.sums)
        came = {one.decider.name: one for one in self._tables.decide(patterns)}
        asked = [came[name] for name in self._outcomes]
        found, kinds = self._found([one.status for one in asked], counting)
        students = len(batch.ids)
        counting.tally.read += students
        findings = map(found.__getitem__, kinds)
        if not self._blocking:
            yield from map(Row, batch.ids, findings)
            return
        every: list[list[Condition]] = []
        for place, one in enumerate(asked):
            conditions = [*self._pieces.conditions(place, one, patterns, batch, seen)]
            self._pieces.counted(conditions, students)
            every.append(conditions)
        if self._written:
            yield from map(Row, batch.ids, findings, self._texts(found, kinds, asked, every))
            return
        blocking = zip(*(self._each(conditions, students) for conditions in every), strict=True)
        for name, finding, told in zip(batch.ids, findings, blocking, strict=True):
            yield Row(name, Findings(finding.statuses, told))

    def _found(
        self, statuses: Sequence[NDArray[np.uint8]], counting: Counting
    ) -> tuple[list[Findings], list[int]]:
        """What came out: all there is, and which of it for each student; counted."""
        keys = []
        for first in range(0, len(statuses), _IN_ONE):
            some = statuses[first : first + _IN_ONE]
            key = np.zeros(len(some[0]), np.int64)
            for place, status in enumerate(some):
                key |= status.astype(np.int64) << (2 * place)
            keys.append(key)
        first_of, kinds = numbered(keys)
        every = np.array(statuses)[:, first_of]
        found = [self._statuses(one) for one in every.T]
        for one, count in zip(found, np.bincount(kinds).tolist(), strict=True):
            counting.tally.came_out(one.statuses, count)
        return found, kinds.tolist()

    def _statuses(self, numbers: NDArray[np.uint8]) -> Findings:
        """What students of these statuses share."""
        code = numbers.tobytes()
        findings = self._findings.get(code)
        if findings is None:
            if len(self._findings) >= _HELD:
                self._findings.clear()
            statuses = tuple(STATUSES[number] for number in code)
            findings = self._findings[code] = Findings(statuses, () if self._blocking else None)
            named = zip(self._outcomes, statuses, strict=True)
            told = json.dumps({name: status.value for name, status in named}, **_COMPACT)
            findings.rendered["head"] = f',"statuses":{told},"blocking":{{'
        return findings

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
        begun = np.zeros(students, np.int64)
        last = np.zeros(students, np.int64)
        for place, (came, conditions) in enumerate(zip(asked, every, strict=True)):
            told = (came.status != _ELIGIBLE).astype(np.int64)
            columns.append(self._between[place][last + 2 * told + 4 * (begun & told)])
            begun |= told
            last = told
            behind = np.zeros(students, np.int64)
            for one in conditions:
                column = np.full(students, "", object)
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

    # -- leaves that no sum can tell ----------------------------------------------------

    def _with_rest(
        self, batch: Batch, places: Sequence[Found | Unread]
    ) -> tuple[Batch, list[dict[int, Observation]]]:
        """The batch with what those leaves set; and what was seen there in each student."""
        seen = []
        kept = []
        for student, place in enumerate(batch.places):
            folded = self._folded(places[place])
            if folded is not None:
                kept.append(student)
                adds, observations = folded
                batch.values[:, student] += values_of(adds, len(batch.values))
                seen.append(observations)
        return batch.of(kept), seen

    def _folded(self, place: Found | Unread) -> tuple[int, dict[int, Observation]] | None:
        """What the leaves that no sum can tell add; None where the place holds several."""
        [*found] = opened(place)
        if len(found) != 1 or found[0].error is not None:
            return None
        try:
            profile = self._pack.reader.read(found[0].value, found[0].name)
        except ProfileError:
            return None
        vocabulary = self._pack.rules.vocabulary
        folded = fold(self._rest, vocabulary, profile, self._as_of, self._remembered)
        now = folded[Scenario.NOW]
        then = folded.get(Scenario.PROJECTED, now)
        total = 0
        for number, one, other in zip(self._kinds.rest, now, then, strict=True):
            total += self._kinds.given(number, one.value, other.value)
        return total, dict(zip(self._kinds.rest, now, strict=True))


_IN_ONE = 31
"""How many statuses are told by one integer, in two bits each."""

_ELIGIBLE = STATUSES.index(Status.ELIGIBLE)


def _batches(
    part: Part, encode: Callable[[object], bytes]
) -> Iterator[tuple[list[Found | Unread], list[bytes]]]:
    """The places of a part, so many at once, with the bytes of what stands there.

    These are none where it is not one profile, or not known.
    """
    places: list[Found | Unread] = []
    lines: list[bytes] = []
    size = 0
    for place in part.places():
        if isinstance(place, Unread):
            line = place.data
        else:
            line = b"" if place.error else encode(place.value)
        places.append(place)
        lines.append(line)
        size += len(line)
        if len(places) == _BATCH or size > _BYTES:
            yield places, lines
            places, lines, size = [], [], 0
    if places:
        yield places, lines


def _between(outcomes: Sequence[str]) -> list[NDArray[np.object_]]:
    """What is written before the conditions of each outcome.

    By whether those of the last one end there, whether these begin, and whether any came before.
    """
    found = []
    for name in outcomes:
        begin = json.dumps(name, ensure_ascii=False) + ":["
        told = ["", "]", begin, "]" + begin, "", "]", "," + begin, "]," + begin]
        found.append(np.array(told, object))
    return found
