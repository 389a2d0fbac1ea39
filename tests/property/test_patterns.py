"""Students decided by patterns come out as those who are answered one by one."""

from __future__ import annotations

from hypothesis import HealthCheck, given, settings
from parts import came_out, text
from strategies import Question, loaded, questions

from eligibility.batch.answering import OneByOne
from eligibility.batch.streaming import Streaming
from eligibility.inputs import Found, Unread


@settings(suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(question=questions())
def test_statuses_reasons_and_counts_are_those_of_one_by_one(question: Question) -> None:
    pack = loaded(question).using("batch")
    asked = [*pack.rules.outcomes]
    profiles = question.profiles * 2
    lines = [Unread("lines", n, text(one).encode()) for n, one in enumerate(profiles, 1)]
    values = [Found(f"row {n}", one) for n, one in enumerate(profiles, 1)]
    for reasons in ("none", "blocking"):
        plain = OneByOne(pack, question.as_of, asked, reasons)
        quick = Streaming(pack, question.as_of, asked, reasons, written=False)
        for places in (lines, values):
            assert came_out(quick, len(asked), places) == came_out(plain, len(asked), places)
