"""From the places of a part to rows, by the engine that answers `check`."""

from __future__ import annotations

import datetime
from collections.abc import Iterator, Sequence
from typing import Protocol

from eligibility.batch.rows import Blocking, Findings, Rejected, Row
from eligibility.batch.summary import Counting
from eligibility.errors import ProfileError
from eligibility.inputs import Found, Unread, opened
from eligibility.model import Status
from eligibility.packs import Pack
from eligibility.profile_json import MAX_ID
from eligibility.report import seen_fields
from eligibility.sources import Part
from eligibility.verdict import Answer, OutcomeVerdict, Reason

__all__ = ["Answering", "OneByOne"]


class Answering(Protocol):
    """Answers the students of parts. What it finds out it may remember for the next part."""

    def rows(self, part: Part, counting: Counting) -> Iterator[Row]:
        """The students of a part that were answered, in their order; all are counted.

        Raises `UsageError` when the part cannot be read, and `EngineError` when the engine
        cannot answer.
        """
        ...


class OneByOne:
    """Answers each student by themselves, as `check` does."""

    def __init__(
        self, pack: Pack, as_of: datetime.date, outcomes: Sequence[str], reasons: str
    ) -> None:
        self._pack = pack
        self._as_of = as_of
        self._outcomes = outcomes
        self._reasons = reasons
        self._shared: dict[tuple[Status, ...], Findings] = {}

    def rows(self, part: Part, counting: Counting) -> Iterator[Row]:
        """The students of a part that were answered, in their order; all are counted."""
        for place in part.places():
            yield from self.rows_of(place, counting)

    def rows_of(self, place: Found | Unread, counting: Counting) -> Iterator[Row]:
        """The students of one place."""
        for found in opened(place):
            row = self._row(place, found)
            if isinstance(row, Rejected):
                counting.refused(row)
            else:
                counting.answered(row.found)
                yield row

    def _row(self, place: Found | Unread, found: Found) -> Row | Rejected:
        try:
            if found.error is not None:
                raise found.error
            profile = self._pack.reader.read(found.value, found.name)
        except ProfileError as error:
            line = place.line or None if isinstance(place, Unread) else None
            source = found.name if line is None else place.name
            return Rejected(source, line, _id_of(found.value), error.problems)
        return Row(profile.id, self._found(self._pack.answer(profile, self._as_of, self._outcomes)))

    def _found(self, answer: Answer) -> Findings:
        statuses = tuple(verdict.status for verdict in answer.verdicts)
        if self._reasons == "none":
            if len(self._shared) > _SHARED:
                self._shared.clear()
            return self._shared.setdefault(statuses, Findings(statuses))
        blocking = tuple(_blocking(answer, verdict) for verdict in answer.verdicts)
        return Findings(statuses, blocking, answer if self._reasons == "all" else None)


_SHARED = 16_384
"""How many findings are kept: a few kilobytes each, with what the formats made of them."""


def _blocking(answer: Answer, verdict: OutcomeVerdict) -> tuple[Blocking, ...]:
    if verdict.status is Status.ELIGIBLE:
        return ()
    return tuple(_one(answer, reason) for reason in verdict.reasons)


def _one(answer: Answer, reason: Reason) -> Blocking:
    node = reason.node
    leaf = None if node.leaf is None else answer.compiled.leaves[node.leaf]
    seen = seen_fields(leaf, reason.observation)
    return Blocking(
        node.path,
        reason.value.word,
        reason.projected.word,
        seen["observed"],
        seen["short_by"],
    )


def _id_of(value: object) -> str | None:
    """The id of a profile that is refused, where it has one that can be written down."""
    name = value.get("id") if isinstance(value, dict) else None
    return name if isinstance(name, str) and 0 < len(name) <= MAX_ID else None
