"""From the bytes of a part to rows, without an object for any student in between.

A student is decoded, added up and decided by patterns (see `eligibility.patterns`). Whoever
takes the ordinary way to answer, or to refuse, takes it; the rows are the same.
"""

from __future__ import annotations

import datetime
from collections.abc import Callable, Iterator, Sequence

from eligibility.batch.answering import OneByOne
from eligibility.batch.deciding import ByPatterns
from eligibility.batch.pieces import Seen
from eligibility.batch.rows import Row
from eligibility.batch.summary import Counting
from eligibility.errors import ProfileError
from eligibility.facts import Profile
from eligibility.inputs import Found, Unread, opened
from eligibility.leaves import Scenario, fold
from eligibility.observations import Observation
from eligibility.packs import Pack
from eligibility.patterns.arrays import values_of
from eligibility.patterns.bounded import Bounded
from eligibility.patterns.deciding import kinds_of
from eligibility.patterns.decoding import Batch, Decoder
from eligibility.patterns.kinds import Kinds
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
        self._ordinary = OneByOne(pack, as_of, outcomes, reasons)
        self._kinds = kinds_of(compiled, as_of, outcomes)
        self._decoder = Decoder(compiled.pack, self._kinds)
        self._bounded = Bounded(self._kinds)
        self._fold = _Folding(pack, as_of, self._kinds, told=reasons != "none")
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
        seen: Seen = ()
        if self._kinds.rest and batch.ids:
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
    ) -> tuple[Batch, list[_Looked]]:
        """The batch with what those leaves set; and what is seen there in each student."""
        open_ = self._bounded.decide(batch.values, batch.sums)
        every = [number for number in self._kinds.rest if number not in open_]
        seen = []
        kept = []
        for student, place in enumerate(batch.places):
            looked = _Looked(self._fold, places[place])
            numbers = [*every, *(number for number, one in open_.items() if one[student])]
            if numbers:
                adds = looked.look(numbers)
                if adds is None:
                    continue
                batch.values[:, student] += values_of(adds, len(batch.values))
            kept.append(student)
            seen.append(looked)
        return batch.of(kept), seen


class _Folding:
    """Folds the leaves that no sum can tell; `told` says that what is seen there is told."""

    def __init__(self, pack: Pack, as_of: datetime.date, kinds: Kinds, *, told: bool) -> None:
        self._pack = pack
        self._as_of = as_of
        self._kinds = kinds
        self._told = told
        self._leaves = {number: pack.compiled.leaves[number] for number in kinds.rest}
        self.numbers = frozenset(self._leaves)
        self._vocabulary = pack.rules.vocabulary
        self._remembered = Remembered([*self._leaves.values()], self._vocabulary, as_of)

    def profile(self, place: Found | Unread) -> Profile | None:
        """The profile that stands in a place; None where it is not just one."""
        [*found] = opened(place)
        if len(found) != 1 or found[0].error is not None:
            return None
        try:
            return self._pack.reader.read(found[0].value, found[0].name)
        except ProfileError:
            return None

    def fold(self, profile: Profile, numbers: Sequence[int]) -> tuple[int, list[Observation]]:
        """What some leaves add, and what is seen there now."""
        leaves = [self._leaves[number] for number in numbers]
        found = fold(
            leaves,
            self._vocabulary,
            profile,
            self._as_of,
            self._remembered,
            told=self._told,
        )
        now = found[Scenario.NOW]
        total = 0
        for number, one, other in zip(
            numbers, now, found.get(Scenario.PROJECTED, now), strict=True
        ):
            total += self._kinds.given(number, one.value, other.value)
        return total, [*now]


class _Looked:
    """What is seen of those leaves in a student; looked at when it is asked for."""

    def __init__(self, folding: _Folding, place: Found | Unread) -> None:
        self._folding = folding
        self._place = place
        self._profile: Profile | None = None
        self._seen: dict[int, Observation] = {}

    def look(self, numbers: Sequence[int]) -> int | None:
        """What some leaves add; None where the place holds no profile, or several."""
        if self._profile is None:
            self._profile = self._folding.profile(self._place)
            if self._profile is None:
                return None
        total, seen = self._folding.fold(self._profile, numbers)
        self._seen.update(zip(numbers, seen, strict=True))
        return total

    def get(self, number: int) -> Observation | None:
        """What is seen now of a leaf; None for one that sums can tell."""
        if number not in self._folding.numbers:
            return None
        if number not in self._seen:
            self.look([number])
        return self._seen[number]


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
