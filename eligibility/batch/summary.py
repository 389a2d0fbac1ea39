"""What became of all students, counted: how many are what, what keeps them, what was refused."""

from __future__ import annotations

import datetime
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import ROUND_UP, Context, Decimal
from typing import Any

from eligibility.batch.rows import Blocking, Findings, Rejected
from eligibility.explain import condition_words
from eligibility.model import Status
from eligibility.packs import Pack
from eligibility.words import Words

__all__ = ["Counting", "Kept", "Tally", "outcomes_json", "rejects_json"]

_REASONS = 10
"""How many reasons for refusing profiles are told."""

_KINDS = 10_000
"""How many different ones are counted; any others are counted together."""

_OTHER = "other"
_STATUSES = tuple(Status)
_PLACES = {status: place for place, status in enumerate(Status)}


@dataclass(slots=True)
class Kept:
    """How many students a condition keeps from being eligible, and for how many it does alone.

    `short_by` counts how far the latter are short, rounded up to two decimals.
    """

    students: int = 0
    alone: int = 0
    short_by: Counter[str] = field(default_factory=Counter)

    def add(self, other: Kept) -> None:
        """Count other students, too."""
        self.students += other.students
        self.alone += other.alone
        self.short_by.update(other.short_by)


class Tally:
    """The counts of some students. `outcomes` is how many outcomes were asked for."""

    def __init__(self, outcomes: int) -> None:
        self.read = 0
        self.answered = 0
        self.rejected = 0
        self.statuses = [[0] * len(_STATUSES) for _ in range(outcomes)]
        self.kept: list[dict[str, Kept]] = [{} for _ in range(outcomes)]
        self.reasons: Counter[str] = Counter()

    def check(self) -> None:
        """Make sure that every profile that was read is counted as one thing or the other."""
        assert self.read == self.answered + self.rejected
        assert all(sum(counts) == self.answered for counts in self.statuses)

    def found(self, found: Findings, students: int) -> None:
        """Count so many students with these findings."""
        self.came_out(found.statuses, students)
        for outcome, blocking in enumerate(found.blocking or ()):
            self.blocked(outcome, blocking, students, students if len(blocking) == 1 else 0)

    def came_out(self, statuses: Sequence[Status], students: int) -> None:
        """Count so many students with these statuses."""
        self.answered += students
        for number, status in enumerate(statuses):
            self.statuses[number][_PLACES[status]] += students

    def came_out_as(self, students: int, counts: Sequence[Sequence[int]]) -> None:
        """Count so many students, so many of each status for each outcome."""
        self.answered += students
        for mine, more in zip(self.statuses, counts, strict=True):
            mine[:] = map(sum, zip(mine, more, strict=True))

    def blocked(
        self, outcome: int, blocking: Iterable[Blocking], students: int, alone: int
    ) -> None:
        """Count so many students whom these conditions block, for some of them it alone."""
        kept = self.kept[outcome]
        for one in blocking:
            known = kept.get(one.path)
            if known is None:
                known = kept[one.path] = Kept()
            known.students += students
            known.alone += alone
            if alone and one.short_by is not None:
                known.short_by[_rounded(one.short_by)] += alone

    def refused(self, rejected: Rejected) -> None:
        """Count one profile that was refused, and its mistakes."""
        self.rejected += 1
        for problem in rejected.problems:
            self._reason(_kind(problem.pointer, problem.message.text), 1)

    def _reason(self, reason: str, count: int) -> None:
        if reason not in self.reasons and len(self.reasons) >= _KINDS:
            reason = _OTHER
        self.reasons[reason] += count

    def add(self, other: Tally) -> None:
        """Count other students, too."""
        self.read += other.read
        self.answered += other.answered
        self.rejected += other.rejected
        for ours, theirs in zip(self.statuses, other.statuses, strict=True):
            ours[:] = map(sum, zip(ours, theirs, strict=True))
        for mine, their in zip(self.kept, other.kept, strict=True):
            for path, kept in their.items():
                mine.setdefault(path, Kept()).add(kept)
        for reason, count in other.reasons.items():
            self._reason(reason, count)

    def as_json(self) -> dict[str, Any]:
        """All counts as JSON, for `from_json`."""
        return {
            "read": self.read,
            "answered": self.answered,
            "rejected": self.rejected,
            "statuses": self.statuses,
            "kept": [
                {path: [one.students, one.alone, one.short_by] for path, one in kept.items()}
                for kept in self.kept
            ],
            "reasons": self.reasons,
        }

    @classmethod
    def from_json(cls, told: Mapping[str, Any]) -> Tally:
        """The counts that `as_json` told of."""
        made = cls(len(told["statuses"]))
        made.read, made.answered, made.rejected = (
            told[name] for name in ("read", "answered", "rejected")
        )
        made.statuses = told["statuses"]
        made.kept = [
            {path: Kept(one[0], one[1], Counter(one[2])) for path, one in kept.items()}
            for kept in told["kept"]
        ]
        made.reasons = Counter(told["reasons"])
        return made


class Counting:
    """Counts rows on their way to a file, those that share findings together."""

    def __init__(self, outcomes: int) -> None:
        self.tally = Tally(outcomes)
        self.rejects: list[bytes] = []
        self._found: Counter[Findings] = Counter()

    def refused(self, rejected: Rejected) -> None:
        """Count a profile that was refused, and keep the records of its mistakes."""
        self.tally.read += 1
        self.tally.refused(rejected)
        self.rejects.append(rejected.records())

    def answered(self, found: Findings) -> None:
        """Count a student who was answered."""
        self.tally.read += 1
        self._found[found] += 1
        if len(self._found) > _HELD:
            self._count()

    def finish(self) -> Tally:
        """All counts. Raises AssertionError where they do not add up."""
        self._count()
        self.tally.check()
        return self.tally

    def _count(self) -> None:
        for found, students in self._found.items():
            self.tally.found(found, students)
        self._found.clear()


_HELD = 1_000
"""How many findings are held before they are counted."""


def outcomes_json(
    tally: Tally, pack: Pack, outcomes: Sequence[str], as_of: datetime.date
) -> list[dict[str, Any]]:
    """The counts of every outcome, conditions that keep the most students from it first."""
    words = Words(pack.rules.vocabulary, as_of)
    nodes = {(node.outcome, node.path): node for node in pack.compiled.nodes}

    def condition(outcome: str, path: str, kept: Kept) -> dict[str, Any]:
        node = nodes[outcome, path]
        return {
            "path": path,
            "text": condition_words(pack.compiled, node, words),
            "unit": None if node.leaf is None else words.unit(pack.compiled.leaves[node.leaf]),
            "students": kept.students,
            "alone": kept.alone,
            "short_by": dict(sorted(kept.short_by.items(), key=lambda one: Decimal(one[0]))),
        }

    return [
        {
            "id": name,
            "title": pack.rules.outcomes[name].title,
            "statuses": {
                status.value: count for status, count in zip(_STATUSES, counts, strict=True)
            },
            "blocking": [
                condition(name, path, one)
                for path, one in sorted(
                    kept.items(), key=lambda entry: (-entry[1].students, entry[0])
                )
            ],
        }
        for name, counts, kept in zip(outcomes, tally.statuses, tally.kept, strict=True)
    ]


def rejects_json(tally: Tally, file: str) -> dict[str, Any]:
    """How many profiles were refused, and the most frequent reasons."""
    most = sorted(tally.reasons.items(), key=lambda entry: (-entry[1], entry[0]))[:_REASONS]
    return {
        "file": file,
        "records": tally.rejected,
        "reasons": [{"reason": reason, "count": count} for reason, count in most],
    }


def _rounded(short_by: float | str) -> str:
    number = Decimal(str(short_by))
    rounded = number.quantize(_HUNDREDTH, ROUND_UP, _WIDE)
    return f"{rounded.normalize(_WIDE):f}"


_HUNDREDTH = Decimal("0.01")
_WIDE = Context(prec=100)
"""Has room for every number that a profile may hold, and more."""


def _kind(pointer: str | None, text: str) -> str:
    """A mistake without what only one record says: `/courses/*/grade: must be a text`."""
    told = _OWN.sub("...", text)
    return f"{_INDEX.sub('*', pointer)}: {told}" if pointer else told


_OWN = re.compile(r"(?<=`)[^`]*(?=`)|(?<=: byte )\d+")
"""What messages repeat of a file, and places in it."""

_INDEX = re.compile(r"(?<=/)\d+(?=/|$)")
