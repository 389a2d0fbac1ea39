"""A plain reading of requirement lists, straight from the text.

It shares no code with the package, nor with the translator: statements are cut up as text,
a truth is True, False or None (not known), and a transcript is a list of rows.
"""

from __future__ import annotations

import operator
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

__all__ = ["Reading", "Row", "Transcript"]

Truth = bool | None
Place = tuple[str | int, ...]


class Row(NamedTuple):
    """A line of a transcript. `categories` None: it is not known what it counts for."""

    subject: str
    status: str
    units: int | None = None
    categories: frozenset[str] | None = None


class Transcript(NamedTuple):
    """Rows, whether they are all there is, and what a person has decided."""

    rows: Sequence[Row]
    whole: bool = True
    decided: Mapping[str, bool] = {}


def every(values: Iterable[Truth]) -> Truth:
    seen = list(values)
    return False if False in seen else None if None in seen else True


def some(values: Iterable[Truth]) -> Truth:
    seen = list(values)
    return True if True in seen else None if None in seen else False


def cut(text: str, sign: str) -> list[str]:
    """The text between the signs that stand outside parentheses and quotes."""
    pieces, depth, quoted = [""], 0, False
    for letter in text:
        quoted ^= letter == '"'
        depth += {"(": 1, ")": -1}.get(letter, 0) if not quoted else 0
        if letter == sign and not depth and not quoted:
            pieces.append("")
        else:
            pieces[-1] += letter
    return [piece.strip() for piece in pieces]


def within(low: float, high: float, bound: str) -> Truth:
    """Whether an amount from `low` to `high` keeps to `>=3` and the like."""
    sign = bound.rstrip("0123456789")
    limit = int(bound.removeprefix(sign))
    tests = {">=": operator.ge, "<=": operator.le, ">": operator.gt, "<": operator.lt}
    one, other = (bool(tests[sign](amount, limit)) for amount in (low, high))
    return one if one == other else None


class Reading:
    """A list, as its text says it."""

    def __init__(self, text: str) -> None:
        lines = [line.split("%%")[0].strip() for line in text.split("\n")]
        self.bodies: dict[str, str] = {}
        for line in lines:
            if ":=" in line:
                head, body = line.split(":=")
                self.bodies[head.split(",")[0].strip()] = body.strip()
        self.sections = []
        for name in lines[3::2]:
            if name not in self.bodies:
                break
            self.sections.append(name)

    def values(self, transcript: Transcript, counting: Sequence[str]) -> dict[Place, Truth]:
        """Every statement, where rows of these statuses count."""
        rows = [row for row in transcript.rows if row.status in counting]
        found: dict[Place, Truth] = {}
        asked = _Asked(self.bodies, rows, transcript, found)
        for name in self.bodies:
            asked.named(name)
        found["whole-list",] = every(found[name,] for name in self.sections)
        return found


class _Asked:
    def __init__(
        self,
        bodies: Mapping[str, str],
        rows: Sequence[Row],
        transcript: Transcript,
        found: dict[Place, Truth],
    ) -> None:
        self.bodies = bodies
        self.rows = rows
        self.whole = transcript.whole
        self.decided = transcript.decided
        self.found = found

    def named(self, name: str) -> Truth:
        if (name,) not in self.found:
            self.found[name,] = self.statement(self.bodies[name], (name,))
        return self.found[name,]

    def statement(self, text: str, place: Place) -> Truth:
        value = self._statement(text, place)
        self.found[place] = value
        return value

    def _statement(self, text: str, place: Place) -> Truth:
        text = self.bare(text)
        if text.startswith('""') and text.endswith('""'):
            return self.decided.get(self.decision(place))
        if text.endswith("}"):
            body, _, modifier = text[:-1].rpartition("{")
            return self.modified(body.strip(), modifier, place)
        for sign, join in ((",", every), ("/", some)):
            pieces = cut(text, sign)
            if len(pieces) > 1:
                return join(
                    [self.statement(piece, (*place, at)) for at, piece in enumerate(pieces)]
                )
        word = text.strip('"')
        return self.named(word) if word in self.bodies else self.taken(word)

    def bare(self, text: str) -> str:
        """Without parentheses around all of it."""
        text = text.strip()
        depth = 0
        for at, letter in enumerate(text):
            depth += {"(": 1, ")": -1}.get(letter, 0)
            if not depth:
                return self.bare(text[1:-1]) if at == len(text) - 1 and at else text
        return text

    def decision(self, place: Place) -> str:
        return f"{place[0]}_1".lower()

    def taken(self, word: str) -> Truth:
        return some([*(self.stands_for(row, word) for row in self.rows), self.more()])

    def more(self) -> Truth:
        """What a row that is missing may be."""
        return False if self.whole else None

    def stands_for(self, row: Row, word: str) -> Truth:
        if row.subject == word:
            return True
        if not word.startswith(("GIR:", "HASS", "CI-")):
            return False
        return None if row.categories is None else word in row.categories

    def leaves(self, text: str, place: Place) -> list[tuple[str, Place]]:
        """The ids and the free texts anywhere below, each where it stands."""
        text = self.bare(text)
        if text.startswith('""') and text.endswith('""'):
            return [(text, place)]
        text = text.partition("{")[0].strip() if text.endswith("}") else text
        pieces = cut(self.bare(text), ",")
        if len(pieces) == 1:
            pieces = cut(self.bare(text), "/")
        if len(pieces) > 1:
            return [leaf for piece in pieces for leaf in self.leaves(piece, place)]
        word = self.bare(text).strip('"')
        if word in self.bodies:
            return self.leaves(self.bodies[word], (word,))
        return [(word, place)]

    def modified(self, body: str, modifier: str, place: Place) -> Truth:
        asked: list[Truth] = []
        pieces = cut(body, ",")
        if len(pieces) > 1:
            asked += [self.statement(piece, (*place, at)) for at, piece in enumerate(pieces)]
        else:
            pieces = cut(body, "/")
        subjects, _, alternatives = modifier.partition("|")
        if subjects:
            value = self.counted(self.leaves(body, place), subjects)
            self.found[*place, "count"] = value
            asked.append(value)
        if alternatives:
            value = self.contributing([self.leaves(piece, place) for piece in pieces], alternatives)
            self.found[*place, "alternatives"] = value
            asked.append(value)
        return every(asked)

    def counted(self, leaves: Sequence[tuple[str, Place]], bound: str) -> Truth:
        words = {word for word, _ in leaves if not word.startswith('""')}
        texts = [self.decision(where) for word, where in leaves if word.startswith('""')]
        subjects: dict[str, tuple[Truth, int]] = {}
        for row in self.rows:
            worth = 12 if row.units is None else row.units
            seen = some(self.stands_for(row, word) for word in words)
            subjects.setdefault(row.subject, (seen, worth))
        units = bound.endswith("u")
        amounts = [(seen, worth if units else 1) for seen, worth in subjects.values()]
        low = sum(worth for seen, worth in amounts if seen)
        high: float = sum(worth for seen, worth in amounts if seen is not False)
        if not self.whole:
            open_ended = units or any(word.startswith(("GIR:", "HASS", "CI-")) for word in words)
            high = float("inf") if open_ended else len(words)
        value = within(low, high, bound.rstrip("u"))
        return some(
            [
                value,
                *(
                    every([self.decided.get(text), self.decided.get(f"{text}_enough")])
                    for text in texts
                ),
            ]
        )

    def contributing(
        self, alternatives: Sequence[Sequence[tuple[str, Place]]], bound: str
    ) -> Truth:
        """Whether so many alternatives have a subject (or what was decided) that counts."""
        given = [
            some(
                self.decided.get(self.decision(where))
                if word.startswith('""')
                else self.taken(word)
                for word, where in leaves
            )
            for leaves in alternatives
        ]
        return within(given.count(True), len(given) - given.count(False), bound)
