"""The shipped rules and profiles: every case, all engines, every quote."""

from __future__ import annotations

import datetime
import html
import json
import re
from pathlib import Path

import pytest
from commands import DAY, ROOT

from eligibility.cases import run_case, uncovered
from eligibility.engines import rete
from eligibility.loading import find_packs
from eligibility.model import Case, Citation, Status
from eligibility.packs import Pack, load_cases, load_pack, shipped
from eligibility.profile_json import parse_json
from eligibility.report import as_json
from eligibility.text import console_for, emit, profile_text

TODAY = datetime.date.fromisoformat(DAY)
RULES = shipped("rules")
PROFILES = sorted(shipped("profiles").glob("*.json"))
SEED = ROOT.parent / "shared" / "seed" / "medical-records-education.txt"
REFERENCE = load_pack(engine="reference")
CASES = load_cases(REFERENCE.rules)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_the_case_comes_out_as_it_says(case: Case) -> None:
    assert run_case(REFERENCE, case).failures == ()


def test_every_outcome_has_a_met_an_unmet_and_an_undetermined_case() -> None:
    """As far as they can come out so."""
    assert uncovered(REFERENCE.rules, CASES) == {}


@pytest.fixture(scope="module", params=["rete", "batch"])
def derived(request: pytest.FixtureRequest) -> Pack:
    if request.param == "rete" and not rete.available():
        pytest.skip("durable_rules does not work here")
    return load_pack(engine=request.param)


def profile(path: Path) -> dict[str, object]:
    value = parse_json(path.read_text(encoding="utf-8"), path.name)
    assert isinstance(value, dict)
    return value


def without_engine(document: dict[str, object]) -> str:
    kept = {key: value for key, value in document.items() if key not in ("engine", "trace")}
    return json.dumps(kept, sort_keys=True)


@pytest.mark.parametrize("path", PROFILES, ids=lambda path: path.stem)
def test_all_engines_answer_the_profile_the_same(path: Path, derived: Pack) -> None:
    one, other = (
        as_json(pack.check(profile(path), as_of=TODAY), explain=True)
        for pack in (REFERENCE, derived)
    )
    assert without_engine(one) == without_engine(other)


@pytest.mark.parametrize("path", PROFILES, ids=lambda path: path.stem)
def test_every_verdict_has_a_reason_a_source_and_fits_80_columns(
    path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    import sys

    answer = REFERENCE.check(profile(path), as_of=TODAY)
    for verdict in answer.verdicts:
        assert verdict.reasons
        assert all(reason.source is not None for reason in verdict.reasons)
        assert (
            verdict.ask or verdict.status is not Status.UNDETERMINED or not verdict.outcome.verified
        )
    console = console_for(sys.stdout)
    emit(console, profile_text(answer, console))
    shown = capsys.readouterr().out
    assert answer.profile.id in shown
    assert max(map(len, shown.splitlines())) <= 80


def test_profiles_have_ids_of_their_own() -> None:
    ids = [profile(path)["id"] for path in PROFILES]
    assert len(set(ids)) == len(ids) > 0


# -- quotes


def plain(text: str) -> str:
    """A text without tags, and with one blank for any run of blanks."""
    return " ".join(html.unescape(re.sub(r"<[^>]*>", " ", text)).split())


def quotes() -> list[str]:
    """All that the pack cites from the seed text."""
    [folder] = [path for path in find_packs(RULES) if path.name == "medical-records"]
    pack = load_pack(folder, engine="reference")
    cited: list[Citation | None] = [node.source for node in pack.compiled.nodes]
    for outcome in pack.rules.outcomes.values():
        cited.append(outcome.source)
        cited += [one.source for one in outcome.information]
        cited += [version.source for version in outcome.versions or ()]
    return sorted({one.quote for one in cited if one is not None and one.quote})


@pytest.mark.skipif(not SEED.exists(), reason=f"needs {SEED.name}, which is not shipped")
@pytest.mark.parametrize("quote", quotes())
def test_a_quote_is_in_the_text_word_for_word(quote: str) -> None:
    assert plain(quote) in plain(SEED.read_text(encoding="utf-8"))
