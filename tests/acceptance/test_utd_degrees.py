"""27 degrees of a university, and what the engine of their publisher says of 324 transcripts.

In that engine each course is offered to the sub-rules in their order, and the first that
takes it uses it up. Here the courses are shared out exactly.
"""

from __future__ import annotations

import datetime
import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import pytest

# the folder of a test is not on the path that tests are imported by
from acceptance.conftest import EXTERNAL
from acceptance.utd_translate import DEGREE, hours_of, lay_out, outcome_of, profile_of, requirements

from eligibility.engines.rete import available
from eligibility.model import Status
from eligibility.packs import Pack, load_pack
from eligibility.report import as_json
from eligibility.verdict import Answer

UTD = EXTERNAL / "utd-degrees"
ORACLE = UTD / "oracle_top_level.jsonl"
AS_OF = datetime.date(2026, 11, 24)

pytestmark = pytest.mark.skipif(
    not ORACLE.exists(), reason="the degrees of utd-degrees are not beside this checkout"
)

DIFFERENCES: dict[tuple[int, str], str] = {}
"""Where we say otherwise, by the line of the oracle and the requirement, and why. Nowhere:
the oracle was made of requirements on which the order of the courses has no bearing."""

ALONE = {
    "Business Administration Sales Concentration(BS)": (82, 83),
    "Computer Science(BS)": (105, 107, 261),
    "Psychology(BS)": (199, 200, 201, 202),
}
"""The lines of transcripts that meet each requirement of the degree, and not all of them
together: one course would have to count for two."""


@dataclass(frozen=True)
class Asked:
    """A line of the oracle, with what the degree requires and what we say."""

    line: int
    record: Mapping[str, Any]
    requires: Mapping[str, Any]
    answer: Answer

    def met(self, outcome: str) -> bool:
        return self.answer.verdict(outcome).status is Status.ELIGIBLE


@pytest.fixture(scope="module")
def packs(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, tuple[Mapping[str, Any], Pack]]:
    """Every degree by the name of its file: what it requires, and its pack."""
    found = {}
    for number, path in enumerate(sorted((UTD / "validator" / "degree_data").rglob("*.json"))):
        degree = json.loads(path.read_text(encoding="utf-8"))
        folder = tmp_path_factory.mktemp(f"degree-{number}")
        pack = load_pack(lay_out(degree, folder), engine="reference")
        found[str(path.relative_to(UTD / "validator"))] = (requirements(degree), pack)
    return found


@pytest.fixture(scope="module")
def asked(packs: Mapping[str, tuple[Mapping[str, Any], Pack]]) -> list[Asked]:
    found = []
    for line, text in enumerate(ORACLE.read_text(encoding="utf-8").splitlines(), 1):
        record = json.loads(text)
        requires, pack = packs[record["degree"]]
        answer = pack.check(profile_of(record["courses"]), as_of=AS_OF)
        found.append(Asked(line, record, requires, answer))
    return found


def test_all_27_degrees_are_translated(
    packs: Mapping[str, tuple[Mapping[str, Any], Pack]],
) -> None:
    assert len(packs) == 27
    assert sum(len(requires) for requires, _ in packs.values()) == 27 + 117


def test_the_oracle_is_the_one_that_was_looked_at(asked: list[Asked]) -> None:
    kinds = Counter((kind, met) for one in asked for _, kind, met in one.record["results"])
    assert kinds == {
        ("AndRequirement", False): 634,
        ("AndRequirement", True): 314,
        ("HoursRequirement", False): 8,
        ("HoursRequirement", True): 52,
    }


def test_every_verdict_is_that_of_the_publishers_engine(asked: list[Asked]) -> None:
    different = {
        (one.line, name): f"we say {one.met(outcome_of(name))}, they say {met}"
        for one in asked
        for name, _, met in one.record["results"]
        if one.met(outcome_of(name)) is not met
    }
    assert different == DIFFERENCES


def test_a_degree_is_more_than_its_parts_where_a_course_would_count_twice(
    asked: list[Asked],
) -> None:
    alone: dict[str, list[int]] = {}
    whole = 0
    for one in asked:
        parts = all(one.met(name) for name in one.requires if name != DEGREE)
        assert parts or not one.met(DEGREE)
        whole += one.met(DEGREE)
        if parts and not one.met(DEGREE):
            alone.setdefault(Path(one.record["degree"]).stem, []).append(one.line)
    assert {name: tuple(lines) for name, lines in alone.items()} == ALONE
    assert whole == 45


def test_every_assignment_that_is_shown_proves_its_verdict(asked: list[Asked]) -> None:
    """Checked by code of its own, against the requirement as it was translated."""
    proved = 0
    for one in asked:
        document = as_json(one.answer)
        for outcome in document["outcomes"]:
            needs, left = shown(outcome)
            courses = one.record["courses"]
            faults = faults_of(one.requires[outcome["id"]], needs, left, courses)
            if outcome["status"] == "eligible":
                assert faults == [], (one.line, outcome["id"])
                proved += 1
            else:
                assert faults == ["not all is met"], (one.line, outcome["id"])
    assert proved == 765


def shown(outcome: Mapping[str, Any]) -> tuple[dict[str, list[str]], list[str]]:
    """The courses given to each need that is met, by its path, and those left over."""
    (reason,) = outcome["reasons"]
    assignment = reason["assignment"]
    assert not assignment["limited"]
    needs = {
        need["path"]: [given["item"] for given in need["given"]]
        for need in assignment["needs"]
        if need["met"]
    }
    return needs, [given["item"] for given in assignment["left"]]


def faults_of(
    requires: Mapping[str, Any],
    needs: Mapping[str, Sequence[str]],
    left: Sequence[str],
    courses: Sequence[str],
) -> list[str]:
    """What is wrong with an assignment as a proof; nothing where it is one."""
    faults = []
    used = [course for given in needs.values() for course in given]
    if len(used) != len({*used}):
        faults.append("a course is used twice")
    if not {*used} <= {*courses} or {*used} & {*left}:
        faults.append("a course is made up")
    for path, given in needs.items():
        if not enough(at(requires, path)["courses"], given):
            faults.append(f"{path} is not met")
    if not holds(requires, "requires", needs):
        faults.append("not all is met")
    return faults


def at(condition: Any, path: str) -> Any:
    for step in path.split("/")[1:]:
        condition = condition[int(step) if step.isdigit() else step]
    return condition


def enough(wanted: Mapping[str, Any], given: Sequence[str]) -> bool:
    """Whether these courses meet a quantifier by themselves."""
    where = wanted.get("has", wanted.get("count", wanted.get("where", {})))
    if not all(passes(course, where) for course in given):
        return False
    if "sum" in wanted:
        return sum(hours_of(course) or 0 for course in given) >= int(wanted["at_least"])
    return len(given) >= int(wanted.get("at_least", 1))


def passes(course: str, where: Mapping[str, Any]) -> bool:
    if "any" in where:
        return any(passes(course, one) for one in where["any"])
    test = where.get("code", {})
    if "matches" in test:
        return fnmatchcase(course, test["matches"])
    return course in test.get("one_of", [course]) and course not in test.get("none_of", [])


def holds(condition: Mapping[str, Any], path: str, met: Mapping[str, Any]) -> bool:
    for word, least in (("all", None), ("any", 1), ("of", condition.get("at_least"))):
        if word in condition:
            children = condition[word]
            values = [
                holds(child, f"{path}/{word}/{number}", met)
                for number, child in enumerate(children)
            ]
            return sum(values) >= (len(values) if least is None else least)
    return path in met


def has(*courses: str) -> dict[str, Any]:
    return {"courses": {"has": {"code": {"one_of": [*courses]}}}}


@pytest.mark.parametrize(
    ("needs", "left", "fault"),
    [
        ({"requires/all/0": ["A 1301"], "requires/all/1": ["A 1302"]}, [], []),
        (
            {"requires/all/0": ["A 1301"], "requires/all/1": ["A 1301"]},
            [],
            ["a course is used twice"],
        ),
        (
            {"requires/all/0": ["A 1302"], "requires/all/1": ["A 1301"]},
            [],
            ["requires/all/0 is not met"],
        ),
        ({"requires/all/0": ["A 1301"]}, [], ["not all is met"]),
        (
            {"requires/all/0": ["A 1301"], "requires/all/1": ["A 1303"]},
            [],
            ["a course is made up", "requires/all/1 is not met"],
        ),
        (
            {"requires/all/0": ["A 1301"], "requires/all/1": ["A 1302"]},
            ["A 1302"],
            ["a course is made up"],
        ),
    ],
)
def test_what_proves_nothing_is_found_out(
    needs: dict[str, list[str]], left: list[str], fault: list[str]
) -> None:
    requires = {"all": [has("A 1301"), has("A 1301", "A 1302")]}
    assert faults_of(requires, needs, left, ["A 1301", "A 1302"]) == fault


@pytest.mark.parametrize("engine", ["rete", "batch"])
def test_the_other_engines_say_the_same(
    engine: str,
    asked: list[Asked],
    packs: Mapping[str, tuple[Mapping[str, Any], Pack]],
) -> None:
    """One transcript for each degree, the longest."""
    if engine == "rete" and not available():
        pytest.skip("durable_rules does not work here")
    longest: dict[str, Asked] = {}
    for one in asked:
        known = longest.get(one.record["degree"], one)
        if len(one.record["courses"]) >= len(known.record["courses"]):
            longest[one.record["degree"]] = one
    for name, one in longest.items():
        other = Pack(packs[name][1].compiled, engine)
        answer = other.check(profile_of(one.record["courses"]), as_of=AS_OF)
        statuses = [verdict.status for verdict in answer.verdicts]
        assert statuses == [verdict.status for verdict in one.answer.verdicts]
