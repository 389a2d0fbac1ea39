"""A part of a source made for a test, and what became of the students in it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from eligibility.batch.answering import Answering
from eligibility.batch.summary import Counting
from eligibility.inputs import Found, Unread

__all__ = ["Places", "came_out", "text"]


@dataclass
class Places:
    """Lines, or JSON values."""

    found: Sequence[Found | Unread]
    name: str = "places"
    size: int = 0

    def places(self) -> Iterator[Found | Unread]:
        yield from self.found


def came_out(way: Answering, outcomes: int, found: Sequence[Found | Unread]) -> Any:
    """What became of some places: rows, rejects and counts."""
    counting = Counting(outcomes)
    rows = [
        (row.id, row.found.statuses, row.found.blocking)
        for row in way.rows(Places(found), counting)
    ]
    return rows, counting.rejects, counting.finish().as_json()


def text(value: object) -> str:
    """JSON with numbers as they were written."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{json.dumps(k)}: {text(v)}" for k, v in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(text, value)) + "]"
    return f"{value:f}" if isinstance(value, Decimal) else json.dumps(value)
