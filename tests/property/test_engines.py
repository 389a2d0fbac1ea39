"""Promise 3, with an oracle that shares no code with the package."""

from __future__ import annotations

import oracle
import pytest
from hypothesis import HealthCheck, given, settings
from strategies import Question, loaded, questions

from eligibility.engines import ENGINES, make_engine, rete
from eligibility.leaves import Scenario
from eligibility.verdict import answer

_ENGINES = [
    pytest.param(
        name,
        marks=pytest.mark.skipif(
            name == "rete" and not rete.available(), reason="durable_rules does not work here"
        ),
    )
    for name in ENGINES
    if name != "auto"
]


@pytest.mark.parametrize("engine", _ENGINES)
@settings(suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(question=questions())
def test_every_condition_has_the_value_of_the_oracle(engine: str, question: Question) -> None:
    """Every engine gives the same verdict and the same condition values."""
    pack = loaded(question)
    made = make_engine(pack.compiled, engine)
    for data in question.profiles:
        profile = pack.reader.read(data)
        found = answer(pack.compiled, made, profile, question.as_of)
        wanted = oracle.evaluate(question.vocabulary, question.pack, data, question.as_of)
        for scenario in Scenario:
            values = {
                outcome: {
                    node.path: found.value(node, scenario) - 1
                    for node in pack.compiled.nodes
                    if node.outcome == outcome
                }
                for outcome in question.pack["outcomes"]
            }
            assert values == wanted[scenario.value]
            assert sum(map(len, values.values())) == len(pack.compiled.nodes)
