"""What comes out for one student, and what is noted of one that cannot be answered."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from eligibility.errors import Problem
from eligibility.model import Status
from eligibility.report import dump
from eligibility.verdict import Answer

__all__ = ["REASONS", "Blocking", "Findings", "Rejected", "Row"]

REASONS = ("none", "blocking", "all")
"""How much is told of why: nothing; what keeps from being eligible; all that `check` tells."""


@dataclass(frozen=True, slots=True)
class Blocking:
    """A condition that keeps a student from being eligible, its fields as JSON has them."""

    path: str
    value: str
    projected: str
    observed: Any
    short_by: Any

    def as_json(self) -> dict[str, Any]:
        """It in few words: `projected` only where it is another value, nothing that is null."""
        told = {"path": self.path, "value": self.value}
        if self.projected != self.value:
            told["projected"] = self.projected
        for name in ("observed", "short_by"):
            value = getattr(self, name)
            if value is not None:
                told[name] = value
        return told


@dataclass(slots=True, eq=False)
class Findings:
    """What came out, which many students may share.

    `statuses` are in the order of the outcomes asked for, and so is `blocking`: nothing for
    an outcome that the student is eligible for, and None where no reasons are asked for.
    `answer` is there only where all is asked for, and belongs to one student. What a format
    makes of them is kept in `rendered`, by its name.
    """

    statuses: tuple[Status, ...]
    blocking: tuple[tuple[Blocking, ...], ...] | None = None
    answer: Answer | None = None
    rendered: dict[str, Any] = field(default_factory=dict)


class Row(NamedTuple):
    """One student who was answered. `rest` is the line of NDJSON behind the id, if it is made."""

    id: str
    found: Findings
    rest: str | None = None


@dataclass(frozen=True, slots=True)
class Rejected:
    """A place whose profile was refused, with every mistake in it.

    `line` is None for a file, and `id` where it is not known. `source` is the file.
    """

    source: str
    line: int | None
    id: str | None
    problems: Sequence[Problem]

    def records(self) -> bytes:
        """A JSON object a line, for each mistake."""
        lines = [
            dump(
                {
                    "source": self.source,
                    "line": self.line if self.line is not None else problem.line or None,
                    "id": self.id,
                    "pointer": problem.pointer,
                    "reason": problem.message.text,
                    "hint": problem.message.hint,
                }
            )
            for problem in self.problems
        ]
        return "".join(f"{line}\n" for line in lines).encode("utf-8", "backslashreplace")
