"""The cases of a city's benefit checks: what is null there is undetermined here."""

from __future__ import annotations

import datetime
import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from eligibility.engines import rete
from eligibility.packs import Pack, load_pack

FETCHED = datetime.date(2026, 11, 23)
"""The day asked for where a case names none: the checks take today."""

STATUS = {True: "eligible", False: "not_eligible", None: "undetermined"}
FLAGS = {
    "ownerOccupant": "owner_occupant",
    "livesInPhiladelphiaPa": "lives_in_philadelphia",
    "taxDelinquent": "tax_delinquent",
    "tenYearTaxAbatement": "ten_year_tax_abatement",
}


@pytest.fixture(scope="module", params=["reference", "rete", "batch"])
def pack(packs: Path, request: pytest.FixtureRequest) -> Pack:
    if request.param == "rete" and not rete.available():
        pytest.skip("durable_rules does not work here")
    return load_pack(packs / "philadelphia", engine=request.param)


def profile_of(name: str, given: Mapping[str, Any]) -> dict[str, Any]:
    """What a case says about one person, in the words of the vocabulary."""
    situation, parameters = given["situation"], given.get("parameters", {})
    person = parameters.get("personId", situation.get("primaryPersonId"))
    born = {one["id"]: one.get("dateOfBirth") for one in situation.get("people", ())}
    spouses = [
        {"birth_date": born.get(one["relatedPersonId"])}
        for one in situation.get("relationships", ())
        if one["type"] == "spouse" and one["personId"] == person
    ]
    enrollments = [
        {"person": one["personId"], "benefit": one["benefit"]}
        for one in situation.get("enrollments") or ()
    ]
    return {
        "id": name,
        "person": person,
        "birth_date": born.get(person),
        "minimum_age": parameters.get("minAge"),
        "maximum_age": parameters.get("maxAge"),
        "benefit_asked": parameters.get("benefit"),
        # an empty list says as little as null there: the expected result is null for both
        "enrollments": enrollments or None,
        "spouses": spouses if "relationships" in situation else None,
        **{ours: situation.get("simpleChecks", {}).get(theirs) for theirs, ours in FLAGS.items()},
    }


def test_every_case_comes_out_as_the_toolkit_says(
    pack: Pack, external: Callable[[str], Path]
) -> None:
    cases = json.loads(external("philly-bdt/derived_cases.json").read_text(encoding="utf-8"))
    found, wanted = {}, {}
    for case in cases:
        outcome = case["endpoint"].rpartition("/")[2]
        day = case["input"].get("parameters", {}).get("asOfDate")
        as_of = FETCHED if day is None else datetime.date.fromisoformat(day)
        answer = pack.check(
            profile_of(case["case"], case["input"]), as_of=as_of, outcomes=[outcome]
        )
        found[case["case"]] = answer.verdict(outcome).status.value
        [expected] = case["expected"].values()
        wanted[case["case"]] = STATUS[expected]
    assert len(wanted) == 35
    assert found == wanted
