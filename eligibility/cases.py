"""Running the cases that stand beside the rules."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from eligibility.conditions import Nothing, Test
from eligibility.errors import EligibilityError, Message, Problem, ProfileError
from eligibility.explain import Explainer
from eligibility.model import Case, Expectation, RulePack, Status
from eligibility.packs import Pack
from eligibility.verdict import OutcomeVerdict

__all__ = ["CaseResult", "Coverage", "run_case", "uncovered", "wrong_profiles"]


@dataclass(frozen=True, slots=True)
class CaseResult:
    """A case with what it failed in: a line each, none when it passed."""

    case: Case
    failures: tuple[str, ...]


Coverage = Mapping[str, Sequence[str]]
"""For an outcome, which of `met`, `unmet` and `undetermined` no case expects."""


def wrong_profiles(pack: Pack, cases: Iterable[Case]) -> list[Problem]:
    """What is wrong with the profiles of cases, each mistake at its case."""
    problems: list[Problem] = []
    for case in cases:
        try:
            pack.reader.read(case.profile, case.file)
        except ProfileError as error:
            for one in error.problems:
                text = f"the profile of this case is wrong at `{one.pointer}`: {one.message.text}"
                problems.append(case.span.problem(Message(text, one.message.hint)))
    return problems


def run_case(pack: Pack, case: Case) -> CaseResult:
    """Check a case's profile and compare with what it expects."""
    asked = [expectation.outcome for expectation in case.expect]
    try:
        answer = pack.check(case.profile, as_of=case.as_of, outcomes=asked, source=case.file)
    except EligibilityError as error:
        return CaseResult(case, (str(error),))
    explainer = Explainer(answer)
    failures: list[str] = []
    for expectation in case.expect:
        verdict = answer.verdict(expectation.outcome)
        failures.extend(_failures(expectation, verdict, explainer))
    return CaseResult(case, tuple(failures))


def _failures(expectation: Expectation, verdict: OutcomeVerdict, explainer: Explainer) -> list[str]:
    name = expectation.outcome
    reasons = [(reason.node.path, explainer.reason(reason)) for reason in verdict.reasons]
    failures: list[str] = []
    if verdict.status is not expectation.status:
        because = "; ".join(f"{path}: {text}" for path, text in reasons)
        failures.append(
            f"{name}: expected {expectation.status}, got {verdict.status} because of {because}"
        )
    if expectation.because is not None:
        unused = [one for one in expectation.because if not any(one in pair for pair in reasons)]
        failures.extend(f"{name}: expected the reason `{one}`" for one in unused)
        failures.extend(
            f"{name}: did not expect the reason `{path}`: {text}"
            for path, text in reasons
            if path not in expectation.because and text not in expectation.because
        )
    return failures


def uncovered(pack: RulePack, cases: Iterable[Case]) -> Coverage:
    """The outcomes that lack a met, an unmet or an undetermined case.

    An unverified outcome cannot be met, and one without a requirement not even unmet. One
    that requires nothing is always met.
    """
    seen: dict[str, set[Status]] = {name: set() for name in pack.outcomes}
    for case in cases:
        for expectation in case.expect:
            seen[expectation.outcome].add(expectation.status)
    lacking: dict[str, list[str]] = {}
    for name, outcome in pack.outcomes.items():
        required = outcome.requires is not None or outcome.versions is not None
        free = isinstance(outcome.requires, Test) and isinstance(outcome.requires.leaf, Nothing)
        wanted = [
            ("met", Status.ELIGIBLE, outcome.verified),
            ("unmet", Status.NOT_ELIGIBLE, required and not free),
            ("undetermined", Status.UNDETERMINED, not (free and outcome.verified)),
        ]
        missing = [word for word, status, can in wanted if can and status not in seen[name]]
        if missing:
            lacking[name] = missing
    return lacking
