"""Students decided by patterns come out as those who are answered one by one."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from hypothesis import HealthCheck, given, settings
from strategies import Question, loaded, questions

from eligibility.batch.answering import Answering, OneByOne
from eligibility.batch.streaming import Streaming
from eligibility.batch.summary import Counting
from eligibility.inputs import Found, Unread


@dataclass
class Lines:
    """A part of a source: lines, or JSON values."""

    found: Sequence[Found | Unread]
    name: str = "lines"
    size: int = 0

    def places(self) -> Iterator[Found | Unread]:
        yield from self.found


def text(value: object) -> str:
    """JSON with numbers as they were written."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{json.dumps(k)}: {text(v)}" for k, v in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(text, value)) + "]"
    return f"{value:f}" if isinstance(value, Decimal) else json.dumps(value)


def answers(way: Answering, part: Lines) -> tuple[list[Any], Any]:
    counting = Counting(len(part.outcomes) if hasattr(part, "outcomes") else _OUTCOMES[0])
    rows = [(row.id, row.found.statuses, row.found.blocking) for row in way.rows(part, counting)]
    return rows, (counting.finish().as_json(), counting.rejects)


_OUTCOMES = [0]


@settings(suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(question=questions())
def test_statuses_reasons_and_counts_are_those_of_one_by_one(question: Question) -> None:
    pack = loaded(question).using("batch")
    asked = [*pack.rules.outcomes]
    _OUTCOMES[0] = len(asked)
    profiles = question.profiles * 2
    lines = Lines([Unread("lines", n, text(one).encode()) for n, one in enumerate(profiles, 1)])
    values = Lines([Found(f"row {n}", one) for n, one in enumerate(profiles, 1)])
    for reasons in ("none", "blocking"):
        plain = OneByOne(pack, question.as_of, asked, reasons)
        quick = Streaming(pack, question.as_of, asked, reasons, written=False)
        for part in (lines, values):
            assert answers(quick, part) == answers(plain, part)
