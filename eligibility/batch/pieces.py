"""What blocks the students of a batch, condition by condition, as it was seen in each of them."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from eligibility.batch.rows import Blocking
from eligibility.batch.summary import Tally
from eligibility.compiled import CompiledPack
from eligibility.observations import Observation
from eligibility.patterns.arrays import Integers, numbered
from eligibility.patterns.deciding import Blocked
from eligibility.patterns.kinds import Kinds
from eligibility.patterns.layout import WORD
from eligibility.patterns.tables import Came, Key, Patterns
from eligibility.report import seen_fields
from eligibility.values import Value

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["Condition", "Known", "Looked", "Pieces", "Seen"]

_HELD = 32_768
"""How many pieces are held; a piece takes a kilobyte."""

_DIRECT = 1 << 16
"""How many entries a table may have by which a piece is looked up directly."""

_COMPACT: dict[str, Any] = {"ensure_ascii": False, "separators": (",", ":")}


@dataclass(frozen=True, slots=True)
class Condition:
    """A condition that blocks some students of a batch, and the number of the piece for each."""

    students: Integers
    pieces: Integers


Numbers = Mapping[str, Integers]
"""The numbers of the values of facts: of each fact one for each student."""


class Looked(Protocol):
    """What is seen in a student of the leaves that no sum can tell."""

    def get(self, number: int) -> Observation | None:
        """What is seen now of a leaf; None for one that sums can tell."""
        ...


Seen = Sequence[Looked]
"""That of each student of a batch; empty where sums tell all leaves."""


class Known(Protocol):
    """The values of facts by their numbers.

    `epoch` is another number whenever values have been forgotten, and numbers begin anew.
    """

    @property
    def epoch(self) -> int:
        """It."""
        ...

    def value(self, name: str, number: int) -> Mapping[str, Value]:
        """A fact by the number of its value, as the rules see it."""
        ...


class Pieces:
    """Blocking conditions as they were seen: one piece for all students that have it so."""

    def __init__(self, compiled: CompiledPack, kinds: Kinds, known: Known) -> None:
        self.blocking: list[Blocking] = []
        self._compiled = compiled
        self._kinds = kinds
        self._values = known
        self._outcome: list[int] = []
        self._views: dict[Blocked, _View] = {}
        self._texts: NDArray[np.object_] = np.empty(2 * _HELD, object)
        self._students: Integers = np.zeros(0, np.int64)
        self._alone: Integers = np.zeros(0, np.int64)
        self._epoch = known.epoch

    def texts(self, pieces: Integers, behind: Any) -> NDArray[np.object_]:
        """The pieces as JSON, with a comma before those that stand behind another one."""
        found: NDArray[np.object_] = self._texts[2 * pieces + behind]
        return found

    def begin(self, tally: Tally) -> None:
        """Get ready for a batch: forget what is too much, or can no longer be told."""
        if len(self.blocking) >= _HELD or self._epoch != self._values.epoch:
            self.count(tally)
            self._epoch = self._values.epoch
            self.blocking.clear()
            self._outcome.clear()
            self._views.clear()

    def conditions(
        self, outcome: int, came: Came, patterns: Patterns, numbers: Numbers, seen: Seen
    ) -> Iterator[Condition]:
        """The conditions that block an outcome, in the order of the rules."""
        for table, places in came.parts:
            every: dict[int, dict[Blocked, list[Integers]]] = {}
            for place, students in _by_place(places):
                for one in table.decided[place].blocking:
                    number = one.deciding.node.number
                    every.setdefault(number, {}).setdefault(one, []).append(students)
            # the conditions of a part are numbered in the order of the rules
            for _, blocked in sorted(every.items()):
                found = []
                for one, some in blocked.items():
                    students = some[0] if len(some) == 1 else np.concatenate(some)
                    found.append(self._condition(outcome, one, students, patterns, numbers, seen))
                yield found[0] if len(found) == 1 else _together(found)

    def counted(self, conditions: Sequence[Condition], students: int) -> None:
        """Count the conditions of one outcome, and which of them block a student alone."""
        if not conditions:
            return
        both = _together(conditions)
        several = np.bincount(both.students, minlength=students)
        self._students = _more(self._students, np.bincount(both.pieces))
        alone = both.pieces[several[both.students] == 1]
        self._alone = _more(self._alone, np.bincount(alone))

    def count(self, tally: Tally) -> None:
        """Tell of all that was counted, and begin anew."""
        alone = np.zeros_like(self._students)
        alone[: len(self._alone)] = self._alone
        for piece in np.flatnonzero(self._students).tolist():
            students, single = int(self._students[piece]), int(alone[piece])
            tally.blocked(self._outcome[piece], [self.blocking[piece]], students, single)
        self._students[:] = 0
        self._alone[:] = 0

    # -- pieces -----------------------------------------------------------------------

    def _condition(
        self,
        outcome: int,
        one: Blocked,
        students: Integers,
        patterns: Patterns,
        numbers: Numbers,
        seen: Seen,
    ) -> Condition:
        if not one.lasting:
            made = [
                self._piece(outcome, one, patterns, numbers, seen, n) for n in students.tolist()
            ]
            return Condition(students, np.array(made, np.int64))
        view = self._views.get(one)
        if view is None:
            view = self._views[one] = _View(one, self._kinds, self._values)
        told = view.told(patterns, numbers, students)
        if not told:
            if view.only < 0:
                view.only = self._piece(outcome, one, patterns, numbers, seen, int(students[0]))
            return Condition(students, np.full(len(students), view.only, np.int64))
        if view.direct(told):
            [key] = told
            pieces = view.table[key]
            missing = np.flatnonzero(pieces < 0)
            if len(missing):
                some, first = np.unique(key[missing], return_index=True)
                for number, place in zip(some.tolist(), missing[first].tolist(), strict=True):
                    student = int(students[place])
                    made_one = self._piece(outcome, one, patterns, numbers, seen, student)
                    view.table[number] = made_one
                pieces = view.table[key]
            return Condition(students, pieces)
        first, kind = numbered(told)
        found = []
        keys = zip(*(one[first].tolist() for one in told), strict=True)
        for key_of, place in zip(keys, first.tolist(), strict=True):
            piece = view.known.get(key_of)
            if piece is None:
                student = int(students[place])
                piece = self._piece(outcome, one, patterns, numbers, seen, student)
                view.known[key_of] = piece
            found.append(piece)
        return Condition(students, np.array(found, np.int64)[kind])

    def _piece(
        self,
        outcome: int,
        one: Blocked,
        patterns: Patterns,
        numbers: Numbers,
        seen: Seen,
        student: int,
    ) -> int:
        """The number of a new piece, which is as it was seen in a student."""
        node = one.deciding.node
        leaf = observation = None
        if node.leaf is not None:
            leaf = self._compiled.leaves[node.leaf]
            observation = seen[student].get(node.leaf) if seen else None
            if observation is None:
                values: dict[str, Value] = {}
                for name in one.facts:
                    number = int(numbers[name][student])
                    values.update(self._values.value(name, number))
                pattern, sums = patterns.one(student), patterns.sum(student)
                observation = self._kinds.observation(node.leaf, pattern, sums, values)
        told = seen_fields(leaf, observation)
        made = Blocking(
            node.path,
            one.deciding.value.word,
            one.deciding.projected.word,
            told["observed"],
            told["short_by"],
        )
        number = len(self.blocking)
        self.blocking.append(made)
        self._outcome.append(outcome)
        if 2 * number >= len(self._texts):
            self._texts = np.concatenate([self._texts, np.empty_like(self._texts)])
        text = json.dumps(made.as_json(), **_COMPACT)
        self._texts[2 * number], self._texts[2 * number + 1] = text, f",{text}"
        return number


class _View:
    """What tells how a blocking condition is seen apart: bits, sums and values of facts.

    `only` is its piece where nothing does; else it is in the `table` or `known`.
    """

    def __init__(self, one: Blocked, kinds: Kinds, known: Known) -> None:
        self.only = -1
        self.table: Integers = np.zeros(0, np.int64)
        self.known: dict[tuple[int, ...], int] = {}
        self._key = Key(one.told, kinds.layout)
        self._facts = one.facts
        fields = one.fields << one.shift
        self._fields: list[tuple[int, int, int]] = []
        for word in range(kinds.layout.words):
            mask = (fields >> (WORD * word)) & ((1 << WORD) - 1)
            if mask:
                shift = (mask & -mask).bit_length() - 1
                self._fields.append((word, shift, mask >> shift))
        # a counter, and nothing else, or the value of a fact
        small = len(self._fields) == 1 and self._fields[0][2] < _DIRECT
        alone = not self._key.width and len(self._fields) + len(self._facts) == 1
        self._direct = alone and (small or not self._fields)

    def told(self, patterns: Patterns, numbers: Numbers, students: Integers) -> list[Integers]:
        """Integers that are equal for students in whom it is seen alike."""
        found = [one[students] for one in self._key.of(patterns)]
        for word, shift, mask in self._fields:
            found.append((patterns.sums[word][students] >> shift) & mask)
        found.extend(numbers[name][students] for name in self._facts)
        return found

    def direct(self, told: Sequence[Integers]) -> bool:
        """Whether the `table` tells, which has room for these."""
        if not self._direct:
            return False
        most = int(np.max(told[0]))
        if most >= len(self.table):
            more = np.full(max(most + 1, 2 * len(self.table), 256), -1, np.int64)
            more[: len(self.table)] = self.table
            self.table = more
        return True


def _by_place(places: Integers) -> Iterator[tuple[int, Integers]]:
    """The students of each place that there is."""
    counts = np.bincount(places)
    # small integers are sorted in one go
    small = np.uint16 if len(counts) <= 1 << 16 else np.int64
    order = np.argsort(places.astype(small), kind="stable")
    there = np.flatnonzero(counts)
    ends = np.cumsum(counts[there]).tolist()
    first = 0
    for place, end in zip(there.tolist(), ends, strict=True):
        yield place, order[first:end]
        first = end


def _together(conditions: Sequence[Condition]) -> Condition:
    return Condition(
        np.concatenate([one.students for one in conditions]),
        np.concatenate([one.pieces for one in conditions]),
    )


def _more(counts: Integers, others: Integers) -> Integers:
    """The sums of counts, of which there may be more now."""
    if len(others) > len(counts):
        counts, others = others.astype(np.int64), counts
    counts[: len(others)] += others
    return counts
