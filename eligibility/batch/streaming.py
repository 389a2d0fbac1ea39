"""From the bytes of a part to rows, without an object for any student in between.

A student is decoded, added up and decided by patterns (see `eligibility.patterns`). Whoever
takes the ordinary way to answer, or to refuse, takes it; the rows are the same.
"""

from __future__ import annotations

import datetime
import json
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from eligibility.batch.answering import OneByOne
from eligibility.batch.rows import Blocking, Findings, Row
from eligibility.batch.summary import Counting
from eligibility.errors import ProfileError
from eligibility.inputs import Found, Unread, opened
from eligibility.leaves import Scenario, fold
from eligibility.model import Status
from eligibility.observations import Observation
from eligibility.packs import Pack
from eligibility.patterns.deciding import Blocked, Decided, deciders, kinds_of
from eligibility.patterns.decoding import Decoded, Decoder
from eligibility.remembered import Remembered
from eligibility.report import seen_fields
from eligibility.sources import Part

__all__ = ["Streaming"]

_HELD = 65_536
"""How many pieces, and how many findings, are held; a piece takes half a kilobyte."""


class _Piece:
    """A blocking condition as it was seen in some students.

    `students` had it, and for `alone` of those it was the only condition of the outcome.
    """

    __slots__ = ("alone", "blocking", "students", "text")

    def __init__(self, blocking: Blocking) -> None:
        self.blocking = blocking
        self.text = json.dumps(blocking.as_json(), **_COMPACT)
        self.students = 0
        self.alone = 0


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
        self._deciders = deciders(compiled, self._kinds, self._outcomes)
        self._decoder = Decoder(compiled.pack, self._kinds)
        self._rest = [compiled.leaves[number] for number in self._kinds.rest]
        self._remembered = Remembered(self._rest, compiled.pack.vocabulary, as_of)
        self._decide = self._generated()
        self._places = {name: place for place, name in enumerate(self._outcomes)}
        by_name = {one.name: one for one in self._deciders}
        self._asked = tuple(by_name[name] for name in self._outcomes)
        self._words = {
            (place, status): f"{json.dumps(name, **_COMPACT)}:{json.dumps(status)}"
            for place, name in enumerate(self._outcomes)
            for status in Status
        }
        self._names = {name: json.dumps(name, ensure_ascii=False) + ":[" for name in self._outcomes}
        self._pieces: list[list[_Piece]] = [[] for _ in self._outcomes]
        self._findings: dict[int, Findings] = {}
        self._slots = 0
        for one in self._deciders:
            self._slots |= one.slots

    def rows(self, part: Part, counting: Counting) -> Iterator[Row]:
        """The students of a part that were answered, in their order; all are counted."""
        counts: dict[Findings, int] = {}
        answered = 0
        total, encode = self._decoder.total, self._decoder.encode
        for place in part.places():
            if isinstance(place, Unread):
                data = place.data
            else:
                data = b"" if place.error else encode(place.value)
            got = total(data) if data else None
            row = None if got is None else self._row(got, place)
            if row is None:
                yield from self._ordinary.rows_of(place, counting)
                continue
            answered += 1
            findings = row.found
            counts[findings] = counts.get(findings, 0) + 1
            yield row
            if len(counts) > _HELD:
                self._counted(counting, counts)
        counting.tally.read += answered
        self._counted(counting, counts)

    def _counted(self, counting: Counting, counts: dict[Findings, int]) -> None:
        for findings, students in counts.items():
            counting.tally.came_out(findings.statuses, students)
        counts.clear()
        for place, pieces in enumerate(self._pieces):
            for piece in pieces:
                counting.tally.blocked(place, [piece.blocking], piece.students, piece.alone)
                piece.students = piece.alone = 0
            pieces.clear()

    # -- one student ------------------------------------------------------------------

    def _row(self, got: Decoded, place: Found | Unread) -> Row | None:
        name, student, pattern, sums = got
        seen: dict[int, Observation] = {}
        if self._rest:
            folded = self._folded(place)
            if folded is None:
                return None
            more, seen = folded
            pattern += more
        pattern, blocked = self._decide(pattern)
        findings = self._findings.get(pattern & self._slots)
        if findings is None:
            findings = self._statuses(pattern & self._slots)
        if not self._blocking:
            return Row(name, findings)
        if self._written:
            texts = []
            for outcome, parts in blocked:
                pieces = self._seen(outcome, parts, pattern, sums, student, seen)
                told = ",".join([piece.text for piece in pieces])
                texts.append(f"{self._names[outcome]}{told}]")
            rest = (findings.rendered["head"], ",".join(texts), "}}\n")
            return Row(name, findings, "".join(rest))
        each: list[tuple[Blocking, ...]] = [()] * len(self._outcomes)
        for outcome, parts in blocked:
            pieces = self._seen(outcome, parts, pattern, sums, student, seen)
            each[self._places[outcome]] = tuple(piece.blocking for piece in pieces)
        return Row(name, Findings(findings.statuses, tuple(each)))

    def _seen(
        self,
        outcome: str,
        parts: Sequence[Decided],
        pattern: int,
        sums: int,
        student: Any,
        seen: dict[int, Observation],
    ) -> list[_Piece]:
        """What blocks an outcome, as it was seen in a student; counted."""
        pieces = []
        for part in parts:
            for one in part.blocking:
                key: object = (sums >> one.shift) & one.fields if one.fields else 0
                if one.told or one.facts:
                    stated = self._decoder.stated(student, one.facts)
                    key = (key, pattern & one.told, *stated)
                piece = one.known.get(key)
                if piece is None:
                    piece = self._piece(one, pattern, sums, student, seen)
                    if len(one.known) >= _HELD:
                        one.known.clear()
                    if one.lasting:
                        one.known[key] = piece
                if not piece.students:
                    self._pieces[self._places[outcome]].append(piece)
                piece.students += 1
                pieces.append(piece)
        if len(pieces) == 1:
            pieces[0].alone += 1
        return pieces

    def _piece(
        self,
        one: Blocked,
        pattern: int,
        sums: int,
        student: Any,
        seen: dict[int, Observation],
    ) -> _Piece:
        node = one.deciding.node
        leaf = observation = None
        if node.leaf is not None:
            leaf = self._pack.compiled.leaves[node.leaf]
            observation = seen.get(node.leaf)
            if observation is None:
                values = self._decoder.values(student, one.facts)
                observation = self._kinds.observation(node.leaf, pattern, sums, values)
        told = seen_fields(leaf, observation)
        return _Piece(
            Blocking(
                node.path,
                one.deciding.value.word,
                one.deciding.projected.word,
                told["observed"],
                told["short_by"],
            )
        )

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

    def _statuses(self, code: int) -> Findings:
        """What students of these statuses share."""
        if len(self._findings) >= _HELD:
            self._findings.clear()
        statuses = tuple(one.status(code) for one in self._asked)
        findings = self._findings[code] = Findings(statuses, () if self._blocking else None)
        told = ",".join(map(self._words.__getitem__, enumerate(statuses)))
        findings.rendered["head"] = f',"statuses":{{{told}}},"blocking":{{'
        return findings

    # -- the function that decides ----------------------------------------------------

    def _generated(self) -> Callable[[int], tuple[int, list[tuple[str, tuple[Decided, ...]]]]]:
        """A function of a total, made of a look-up for each part of an outcome."""
        space: dict[str, Any] = {}
        lines = ["def decide(t):", "    blocked = []"]
        missing: dict[str, list[str]] = {}
        number = 0
        for place, one in enumerate(self._deciders):
            names = [f"p{number + count}" for count in range(len(one.parts))]
            for name, part in zip(names, one.parts, strict=True):
                space |= {f"{name}g": part.known.get, f"{name}d": part.decide}
                space[f"{name}m"] = part.mask
                lines.append(f"    {name} = {name}g(t & {name}m) or {name}d(t)")
            number += len(names)
            now, then = (
                f"{names[0]}.{when}"
                if len(names) == 1
                else f"min({', '.join(f'{name}.{when}' for name in names)})"
                for when in ("now", "then")
            )
            space |= {f"b{place}": one.bits, f"n{place}": one.name}
            lines.append(f"    now{place} = {now}")
            lines.append(f"    t |= b{place}[now{place}][{then}]")
            missing[one.name] = [
                f"    if now{place} != 2:",
                f"        blocked.append((n{place}, ({', '.join(names)},)))",
            ]
        if self._blocking:
            # those asked for come in their order, whichever refer to others
            lines += [line for name in self._outcomes for line in missing[name]]
        lines.append("    return t, blocked")
        exec("\n".join(lines), space)  # noqa: S102  # made here, of numbers
        made: Callable[[int], Any] = space["decide"]
        return made
