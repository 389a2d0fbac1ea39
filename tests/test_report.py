"""The output contract: every field of the JSON, and the CSV."""

from __future__ import annotations

import csv
import datetime
import io
import json
from pathlib import Path
from typing import Any

import pytest
from commands import DAY, PROFILES, RULES, check, make_pack

from eligibility.jsonschemas import verdict_schema
from eligibility.packs import Pack, load_pack
from eligibility.profile_json import parse_json
from eligibility.report import CSV_FIELDS, SCHEMA, as_json, csv_rows, dump

TODAY = datetime.date.fromisoformat(DAY)
REASON = {
    "path",
    "value",
    "projected",
    "text",
    "fact",
    "observed",
    "needed",
    "short_by",
    "outcome",
    "source",
}


@pytest.fixture(scope="module")
def club() -> Pack:
    return load_pack(RULES, engine="reference")


def ann(club: Pack, *, explain: bool = False) -> dict[str, Any]:
    profile = json.loads((PROFILES / "ann.json").read_text(encoding="utf-8"))
    return as_json(club.check(profile, as_of=TODAY, source="ann.json"), explain=explain)


def test_an_answer_says_what_was_asked_of_what_and_by_what(club: Pack) -> None:
    answer = ann(club)
    outcomes = answer.pop("outcomes")
    assert answer == {
        "schema": SCHEMA,
        "profile": "ann",
        "source": "ann.json",
        "as_of": DAY,
        "pack": {"id": "club", "version": "7", "digest": club.rules.digest},
        "engine": "reference",
    }
    assert [one["id"] for one in outcomes] == list(club.rules.outcomes)
    keys = {"id", "title", "status", "reachable", "reasons", "ask", "warnings", "assumptions"}
    assert all(set(one) == keys for one in outcomes)
    assert all(one["reasons"] for one in outcomes)
    assert all(set(reason) == REASON for one in outcomes for reason in one["reasons"])


def test_a_reason_says_what_was_seen_what_is_needed_and_the_shortfall(club: Pack) -> None:
    [reason] = next(one for one in ann(club)["outcomes"] if one["id"] == "renewal")["reasons"]
    assert reason == {
        "path": "requires/all/0",
        "value": "unmet",
        "projected": "unmet",
        "text": "18 of 20 hours of duty dated since 2024-11-24: 2 short",
        "fact": "duty",
        "observed": 18,
        "needed": 20,
        "short_by": 2,
        "outcome": None,
        "source": {
            "title": "The Club Book",
            "url": "https://club.example/book",
            "quote": "20 hours of duty in two years",
            "read": "2026-01-15",
        },
    }


def test_a_reason_that_is_an_outcome_names_it(club: Pack) -> None:
    answer = as_json(club.check({"id": "cid"}, as_of=TODAY, outcomes=["guard"]))
    reason = answer["outcomes"][0]["reasons"][0]
    assert (reason["outcome"], reason["fact"], reason["observed"]) == ("entry", None, None)
    assert reason["text"] == "Entry to the club: can't tell yet"


def test_a_question_says_where_its_answer_belongs(club: Pack) -> None:
    courses = [
        {
            "title": topic.title(),
            "topic": topic,
            "status": "completed",
            "completed_on": "2026-01-01",
        }
        for topic in ("rescue", "first aid")
    ]
    profile = {"id": "p", "courses": courses}
    answer = as_json(club.check(profile, as_of=TODAY, outcomes=["guard", "instructor"]))
    asked = {one["fact"]: one["question"] for out in answer["outcomes"] for one in out["ask"]}
    assert asked["courses/0/mark"] == "Rescue: Which mark was given?"
    assert asked["judgements/teaches_well"] == "Does the person teach well? (decided by the board)"


def test_explaining_adds_the_whole_tree_and_the_order_of_derivation(club: Pack) -> None:
    answer = ann(club, explain=True)
    assert set(answer["trace"]) == {"now", "projected"}
    assert sorted(answer["trace"]["now"]) == sorted(node.id for node in club.compiled.nodes)
    guard = next(one for one in answer["outcomes"] if one["id"] == "guard")
    tree = guard["conditions"]
    assert (tree["path"], tree["kind"], tree["value"], tree["projected"]) == (
        "requires",
        "all",
        "unmet",
        "met",
    )
    assert [child["path"] for child in tree["children"]] == [
        "requires/all/0",
        "requires/all/1",
        "requires/all/2/trained",
    ]
    assert tree["children"][0]["outcome"] == "entry"
    assert tree["children"][0]["children"] == []


def test_what_completing_would_lose_is_a_warning(tmp_path: Path) -> None:
    text = """
outcomes:
  x:
    title: X
    source: {title: S}
    requires: {courses: {count: {topic: rescue}, at_most: 1}}
"""
    done = {"topic": "rescue", "status": "completed", "mark": "B", "completed_on": "2026-01-01"}
    profile = {"id": "p", "courses": [done, {**done, "status": "enrolled"}]}
    answer = as_json(make_pack(tmp_path, text).check(profile, as_of=TODAY))
    assert answer["outcomes"][0]["status"] == "eligible"
    assert answer["outcomes"][0]["warnings"] == [
        {
            "path": "requires",
            "text": "completing what is in progress would lose it: "
            "at most 1 course with topic rescue: it is 2",
        }
    ]


def test_every_answer_is_valid_by_the_schema(club: Pack) -> None:
    jsonschema = pytest.importorskip("jsonschema")
    validator = jsonschema.Draft202012Validator(verdict_schema())
    for path in sorted(PROFILES.glob("*.json")):
        profile = json.loads(path.read_text(encoding="utf-8"))
        answer = club.check(profile, as_of=TODAY)
        for explain in (False, True):
            document = json.loads(dump(as_json(answer, explain=explain)))
            assert [error.message for error in validator.iter_errors(document)] == []


def test_numbers_are_exact(club: Pack) -> None:
    profile = parse_json('{"id": "p", "fitness": 5.4999999999999999999}', "p")
    assert isinstance(profile, dict)
    answer = as_json(club.check(profile, as_of=TODAY, outcomes=["renewal"]))
    reason = answer["outcomes"][0]["reasons"][1]
    assert reason["text"] == (
        "a fitness score of at least 5.5: it is 5.4999999999999999999, 0.0000000000000000001 short"
    )
    assert (reason["observed"], reason["needed"]) == ("5.4999999999999999999", 5.5)


def test_a_row_for_each_outcome_survives_any_letter() -> None:
    odd = 'a "b", c; =1+1\'é水'
    result = check("-", "--format", "csv", stdin=json.dumps([{"id": odd}, {"id": "x"}]))
    rows = list(csv.DictReader(io.StringIO(result.stdout)))
    assert {row["profile"] for row in rows} == {odd, "x"}
    assert set(rows[0]) == set(CSV_FIELDS)
    assert len(rows) == 14


def test_a_row_holds_all_reasons_and_questions(club: Pack) -> None:
    [row] = csv_rows(club.check({"id": "p"}, as_of=TODAY, outcomes=["entry"], source="p.json"))
    assert row == {
        "profile": "p",
        "source": "p.json",
        "as_of": DAY,
        "outcome": "entry",
        "status": "undetermined",
        "reasons": "a bronze badge: not known; a school badge: not known",
        "ask": "Does the person have a bronze badge?; Does the person have a school badge?",
    }
