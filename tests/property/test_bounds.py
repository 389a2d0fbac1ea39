"""Bounds of groups with `share`: what they say is what giving out the items finds."""

from __future__ import annotations

import numpy as np
from hypothesis import HealthCheck, given, settings
from parts import came_out, text
from strategies import Question, loaded, questions

from eligibility.batch.answering import OneByOne
from eligibility.batch.streaming import Streaming
from eligibility.inputs import Unread
from eligibility.leaves import Scenario, fold
from eligibility.patterns.bounded import Bounded
from eligibility.patterns.deciding import kinds_of
from eligibility.patterns.decoding import Decoder
from eligibility.patterns.tables import Patterns

_PROPERTY = settings(
    max_examples=max(1, settings().max_examples // 2),
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)


@_PROPERTY
@given(question=questions(sharing=True, profiles=6))
def test_bounds_say_what_the_solver_finds(question: Question) -> None:
    """Whatever is not left open has the value, in both scenarios, that every way of trying has."""
    pack = loaded(question)
    kinds = kinds_of(pack.compiled, question.as_of, [*pack.rules.outcomes])
    lines = [text(one).encode() for one in question.profiles]
    batch = Decoder(pack.rules, kinds).batch(lines)
    before = batch.values.copy()
    found = Bounded(kinds).decide(batch.values, batch.sums)
    patterns = Patterns(kinds.layout, batch.values, batch.sums)
    for number, undecided in found.items():
        leaf, place = pack.compiled.leaves[number], kinds.decoders[number]
        for student, line in enumerate(batch.places):
            pattern = patterns.one(student)
            if undecided[student]:
                assert [place.value(pattern, scenario) for scenario in Scenario] == [0, 0]
                continue
            profile = pack.reader.read(question.profiles[line])
            wanted = fold([leaf], pack.rules.vocabulary, profile, question.as_of)
            now = wanted[Scenario.NOW]
            then = wanted.get(Scenario.PROJECTED, now)
            assert place.value(pattern, Scenario.NOW) is now[0].value
            assert place.value(pattern, Scenario.PROJECTED) is then[0].value
    if not found:
        assert np.array_equal(before, batch.values)


@_PROPERTY
@given(question=questions(sharing=True))
def test_statuses_reasons_and_counts_are_those_of_one_by_one(question: Question) -> None:
    pack = loaded(question).using("batch")
    asked = [*pack.rules.outcomes]
    lines = [Unread("lines", n, text(one).encode()) for n, one in enumerate(question.profiles, 1)]
    for reasons in ("none", "blocking"):
        plain = OneByOne(pack, question.as_of, asked, reasons)
        quick = Streaming(pack, question.as_of, asked, reasons, written=False)
        assert came_out(quick, len(asked), lines) == came_out(plain, len(asked), lines)
