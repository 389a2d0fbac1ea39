"""The profile to start from: it loads as it is, and says how to fill it in."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from every_type import every_type
from jsonschema import Draft202012Validator

from eligibility.conditions import Nothing
from eligibility.conditions import Test as Placed
from eligibility.jsonschemas import profile_schema
from eligibility.model import Fact, Kind, ListFact, Outcome, RulePack, Status
from eligibility.packs import load_pack
from eligibility.profile_json import COMMENT, parse_json
from eligibility.schemas import ProfileReader
from eligibility.starter import starter_profile

SHIPPED = load_pack(Path(__file__).parent.parent / "rules", engine="reference")
PACKS = {"shipped": SHIPPED.rules, "every type": every_type()}


@pytest.fixture(params=list(PACKS.values()), ids=list(PACKS))
def pack(request: pytest.FixtureRequest) -> RulePack:
    found: RulePack = request.param
    return found


def test_it_is_read_as_it_is_and_states_nothing(pack: RulePack) -> None:
    profile = ProfileReader(pack).read(parse_json(starter_profile(pack), "new.json"))
    assert profile.id == "student-1"
    assert profile.values == {}
    assert profile.judgements == {}
    assert not any(listed.stated for listed in profile.lists.values())


def test_it_is_valid(pack: RulePack) -> None:
    schema = Draft202012Validator(profile_schema(pack))
    assert schema.is_valid(json.loads(starter_profile(pack)))


def test_with_nothing_known_nothing_is_determined() -> None:
    profile: Any = parse_json(starter_profile(SHIPPED.rules), "new.json")
    statuses = {verdict.outcome.id: verdict.status for verdict in SHIPPED.check(profile).verdicts}
    open_to_all = {name for name in statuses if requires_nothing(SHIPPED.rules.outcomes[name])}
    assert open_to_all
    assert {name for name, one in statuses.items() if one is Status.ELIGIBLE} == open_to_all
    assert {statuses[name] for name in set(statuses) - open_to_all} == {Status.UNDETERMINED}


def requires_nothing(outcome: Outcome) -> bool:
    return isinstance(outcome.requires, Placed) and outcome.requires.leaf == Nothing()


def test_every_fact_stands_there_with_its_question_before_it(pack: RulePack) -> None:
    starter = json.loads(starter_profile(pack))
    facts = pack.vocabulary.facts
    assert [key for key in starter if not key.startswith(COMMENT)] == [
        "id",
        *facts,
        *(["judgements"] if pack.judgements else []),
    ]
    asked = [(starter, name, fact) for name, fact in facts.items()]
    for inside, name, fact in asked:
        keys = list(inside)
        before = keys[keys.index(name) - 1]
        assert before == f"// {name}"
        assert fact.question in inside[before] or fact.question == inside[before][0]
        if isinstance(fact, ListFact):
            item = inside[keys[keys.index(name) + 1]]
            asked.extend((item, below, one) for below, one in fact.attributes.items())
    assert len(asked) > len(facts)


def test_an_item_can_be_copied_into_its_list(pack: RulePack) -> None:
    """As can all that its comments hold, down to the lists within."""
    starter = json.loads(starter_profile(pack))
    read = ProfileReader(pack).read(uncommented(starter))
    assert read.lists
    assert all(len(listed.items) == 1 for listed in read.lists.values())
    nested = [below for listed in read.lists.values() for below in listed.items[0].lists.values()]
    assert nested
    assert all(len(listed.items) == 1 for listed in nested)


def uncommented(item: dict[str, Any]) -> dict[str, Any]:
    """The same with the item that follows each list put into it."""
    found = dict(item)
    for key, value in item.items():
        if key.startswith(COMMENT) and ": one " in key:
            found[key.removeprefix("// ").partition(":")[0]] = [uncommented(value)]
    return found


def test_filling_it_in_by_what_it_says_is_accepted(pack: RulePack) -> None:
    """What the comments offer is what the reader takes."""
    starter = json.loads(starter_profile(pack))
    reader = ProfileReader(pack)
    tried = 0
    for name, fact in pack.vocabulary.facts.items():
        if isinstance(fact, Fact):
            for value in offered(fact, starter[f"// {name}"]):
                reader.read({**starter, name: value})
                tried += 1
    assert tried > 10


def offered(fact: Fact, comment: str | list[str]) -> Iterator[Any]:
    text = " ".join(comment) if isinstance(comment, list) else comment
    if ": " in text.removeprefix(fact.question):
        values = text.rpartition(": ")[2].rstrip(")").split(", ")
        yield from ([value] if fact.many else value for value in values)
    elif fact.kind is Kind.BOOLEAN:
        assert "true or false" in text
        yield from (True, False)
    elif fact.kind.numeric:
        assert "number" in text
        yield 4


def test_lines_are_short_enough_to_read() -> None:
    lines = starter_profile(SHIPPED.rules).splitlines()
    assert max(map(len, lines)) < 140


def test_the_text_as_a_whole() -> None:
    text = starter_profile(every_type())
    assert text.startswith(
        """{
  "//": [
    "A profile for: A fact of every type (every-type, version 1+2).",
    "Keys that begin with // are comments: nothing reads them, delete them freely.",
    "null says that it is not known. Fill in what is known, leave the rest as it is.",
    "Texts and dates stand in quotes, numbers and true or false do not.",
    "A date is 2024-05-31, or 2024-05 or 2024 where no more is known.",
    "A list is taken to be all there is, and [] to be none; otherwise write it like this:"
  ],
  "// a list that may lack something": {
    "complete": false,
    "items": []
  },

  "id": "student-1",

  "// flag": "What is the flag? (true or false)",
  "flag": null,
"""
    )
    assert '"What is the age? (a whole number from 0 to 120)"' in text
    assert '"What is the steps? (a whole number)"' in text
    assert '"What is the credits? (a number of at least 0)"' in text
    assert '"What is the topics? (a list of these: law, ethics)"' in text
    assert '"What is the state? (one of: New York, new-jersey, CA)"' in text
    assert text.endswith(
        """
  "// judgements": "What people have decided; null as long as it is open.",
  "judgements": {
    "asked": null,
    "// fair": "Is it fair? (true or false, decided by the dean)",
    "fair": null,
    "// in_time": "Is it in_time? (true or false, decided by the dean)",
    "in_time": null
  }
}
"""
    )
