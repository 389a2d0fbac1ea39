"""From the bytes of a part to rows, without an object for any student in between.

A student is decoded, added up and decided by patterns (see `eligibility.patterns`). Whoever
takes the ordinary way to answer, or to refuse, takes it; the rows are the same.
"""

from __future__ import annotations

import datetime
from collections.abc import Callable, Iterator, Sequence

from eligibility.batch.answering import OneByOne
from eligibility.batch.deciding import ByPatterns
from eligibility.batch.rows import Row
from eligibility.batch.summary import Counting
from eligibility.errors import ProfileError
from eligibility.inputs import Found, Unread, opened
from eligibility.leaves import Scenario, fold
from eligibility.observations import Observation
from eligibility.packs import Pack
from eligibility.patterns.arrays import values_of
from eligibility.patterns.deciding import kinds_of
from eligibility.patterns.decoding import Batch, Decoder
from eligibility.remembered import Remembered
from eligibility.sources import Part

__all__ = ["Streaming"]

_BATCH = 2_048
_WORDS = 1 << 20
"""How many students are decided at once, and how many words of sums they may have together."""

_BYTES = 1 << 23
"""How many bytes of them, at the most, before another one is taken."""


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
        self._ordinary = OneByOne(pack, as_of, outcomes, reasons)
        self._kinds = kinds_of(compiled, as_of, outcomes)
        self._decoder = Decoder(compiled.pack, self._kinds)
        self._rest = [compiled.leaves[number] for number in self._kinds.rest]
        self._remembered = Remembered(self._rest, compiled.pack.vocabulary, as_of)
        self._patterns = ByPatterns(
            compiled,
            self._kinds,
            outcomes,
            self._decoder,
            blocking=reasons != "none",
            written=written,
        )

    def rows(self, part: Part, counting: Counting) -> Iterator[Row]:
        """The students of a part that were answered, in their order; all are counted."""
        most = min(_BATCH, _WORDS // max(self._kinds.layout.words, 1))
        for places, lines in _batches(part, most, self._decoder.encode):
            done = 0
            while done < len(places):
                batch = self._decoder.batch(lines[done:])
                yield from self._rows(batch, places[done : done + batch.read], counting)
                done += batch.read
        self._patterns.count(counting.tally)

    def _rows(
        self, batch: Batch, places: Sequence[Found | Unread], counting: Counting
    ) -> Iterator[Row]:
        """The students of a batch, and those who take the ordinary way, in their order."""
        seen: list[dict[int, Observation]] = []
        if self._rest and batch.ids:
            batch, seen = self._with_rest(batch, places)
        rows = self._patterns.rows(batch, seen, counting) if batch.ids else iter(())
        after = 0
        for place in batch.places:
            for other in places[after:place]:
                yield from self._ordinary.rows_of(other, counting)
            yield next(rows)
            after = place + 1
        for other in places[after:]:
            yield from self._ordinary.rows_of(other, counting)

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


def _batches(
    part: Part, most: int, encode: Callable[[object], bytes]
) -> Iterator[tuple[list[Found | Unread], list[bytes]]]:
    """The places of a part, so many at the `most`, with the bytes of what stands there.

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
        if len(places) == most or size > _BYTES:
            yield places, lines
            places, lines, size = [], [], 0
    if places:
        yield places, lines
