"""The names that programs use."""

from __future__ import annotations

import datetime
import doctest
import importlib

import pytest
from commands import DAY, RULES

import eligibility

TODAY = datetime.date.fromisoformat(DAY)


def test_the_example_of_the_package_is_true() -> None:
    results = doctest.testmod(eligibility)
    assert results.attempted
    assert results.failed == 0


@pytest.mark.parametrize("name", eligibility.__all__)
def test_every_public_name_is_there_and_is_the_one_of_its_module(name: str) -> None:
    found = getattr(eligibility, name)
    assert found.__name__ == name
    assert getattr(importlib.import_module(found.__module__), name) is found
    assert name in dir(eligibility)


def test_a_name_that_is_not_public_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="has no attribute 'Nonsense'"):
        _ = eligibility.Nonsense


def test_errors_have_one_base() -> None:
    for error in (
        eligibility.RulesError,
        eligibility.ProfileError,
        eligibility.UsageError,
        eligibility.EngineError,
    ):
        assert issubclass(error, eligibility.EligibilityError)


def test_a_pack_is_loaded_a_profile_checked_and_a_verdict_read() -> None:
    pack = eligibility.load_pack(RULES)
    answer = pack.check({"id": "ann", "bronze": True}, as_of=TODAY, outcomes=["entry"])
    verdict = answer.verdict("entry")
    assert verdict.status is eligibility.Status.ELIGIBLE
    assert isinstance(verdict, eligibility.OutcomeVerdict)
    assert isinstance(verdict.reasons[0], eligibility.Reason)
    assert verdict.reasons[0].value is eligibility.Truth.MET
    assert eligibility.Explainer(answer).reason(verdict.reasons[0]) == "a bronze badge"
    assert eligibility.as_json(answer)["profile"] == "ann"


def test_what_is_wrong_is_raised_with_all_mistakes() -> None:
    pack = eligibility.load_pack(RULES)
    with pytest.raises(eligibility.ProfileError) as refused:
        pack.check({"bronze": 1, "fitness": "7"}, as_of=TODAY, source="here")
    assert {problem.pointer for problem in refused.value.problems} == {"/id", "/bronze", "/fitness"}
    with pytest.raises(eligibility.UsageError, match="unknown outcomes `a`, `b`"):
        pack.check({"id": "p"}, as_of=TODAY, outcomes=["a", "b"])
    with pytest.raises(eligibility.RulesError):
        eligibility.load_pack(RULES / "none")


def test_today_is_taken_where_no_day_is_given() -> None:
    before = datetime.datetime.now().astimezone().date()
    answer = eligibility.load_pack(RULES).check({"id": "p"})
    assert before <= answer.as_of <= datetime.datetime.now().astimezone().date()
