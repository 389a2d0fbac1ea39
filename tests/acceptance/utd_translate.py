"""Degrees of a university, as trees of matchers in JSON, put into the rule language.

Each top-level requirement of a degree becomes an outcome: a group that shares no course.
A further outcome, `degree`, is the whole degree: no course twice in all of it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

__all__ = ["DEGREE", "hours_of", "lay_out", "outcome_of", "profile_of", "requirements"]

Tree = Mapping[str, Any]
DEGREE = "degree"
VOCABULARY: dict[str, Any] = {
    "vocabulary": "transcript",
    "facts": {
        "courses": {
            "type": "list",
            "item": "course",
            "title": "courses",
            "question": "Which courses?",
            "named_by": ["code"],
            "attributes": {
                "code": {"type": "text", "title": "code", "question": "Which code?"},
                "hours": {
                    "type": "integer",
                    "minimum": 0,
                    "title": "hours",
                    "question": "How many hours?",
                },
            },
        }
    },
}


def hours_of(course: str) -> int | None:
    """The second digit of the number: 3 for `CS 1337`. There is none in `ACCT 4V80`."""
    digit = course.split()[1][1]
    return int(digit) if digit.isdigit() else None


def profile_of(courses: Sequence[str]) -> dict[str, Any]:
    """A transcript as a profile."""
    return {"id": "x", "courses": [{"code": one, "hours": hours_of(one)} for one in courses]}


def outcome_of(requirement: str) -> str:
    """`req-12` for `Accounting(BS)-12`."""
    return f"req-{requirement.rpartition('-')[2]}"


def requirements(degree: Tree) -> dict[str, dict[str, Any]]:
    """What each outcome of a degree requires."""
    trees = degree["requirements"]["major"]
    found = {outcome_of(one["metadata"]["id"]): _shared([one]) for one in trees}
    return {**found, DEGREE: _shared(trees)}


def lay_out(degree: Tree, folder: Path) -> Path:
    """Write the pack of a degree and its vocabulary; JSON is YAML."""
    source = {"title": "UTD Nebula planner"}
    outcomes = {
        name: {"title": name, "requires": requires, "source": source}
        for name, requires in requirements(degree).items()
    }
    head = {"pack": "degree", "title": "A degree", "version": "1", "use": ["transcript"]}
    pack = folder / "degree"
    pack.mkdir(parents=True)
    (folder / "transcript.yaml").write_text(json.dumps(VOCABULARY), encoding="utf-8")
    (pack / "pack.yaml").write_text(json.dumps({**head, "outcomes": outcomes}), encoding="utf-8")
    return pack


def _shared(trees: Sequence[Tree]) -> dict[str, Any]:
    return {"share": "none", "all": [_condition(tree) for tree in trees]}


def _condition(tree: Tree) -> dict[str, Any]:
    match tree["matcher"]:
        case "CourseRequirement":
            return _has([tree["course"]])
        case "AndRequirement":
            return {"all": _below(tree)}
        case "OrRequirement":
            return {"any": _below(tree)}
        case "SelectRequirement":
            return {"at_least": tree["required_count"], "of": _below(tree)}
        case "HoursRequirement":
            return _hours(tree)
        case "FreeElectiveRequirement":
            excluded = tree["excluded_courses"]
            where = {"code": {"none_of": excluded}} if excluded else {}
            return _sum(tree["required_hours"], where)
        case "CSGuidedElectiveRequirement":
            also = [one["course"] for one in tree["also_fulfills"]]
            where = _listed(also, [tree["starts_with"]])
            return {"courses": {"count": where, "at_least": tree["required_count"]}}
        case "PsychologyPrefixesOrCourses":
            where = _listed(tree["accepted_courses"], tree["accepted_prefixes"])
            return _sum(tree["required_hours"], where)
    raise ValueError(tree["matcher"])


def _below(tree: Tree) -> list[dict[str, Any]]:
    return [_condition(one) for one in tree["requirements"]]


def _has(courses: Sequence[str]) -> dict[str, Any]:
    return {"courses": {"has": _listed(courses, [])}}


def _sum(hours: int, where: dict[str, Any]) -> dict[str, Any]:
    return {"courses": {"sum": "hours", "at_least": hours, **({"where": where} if where else {})}}


def _listed(courses: Sequence[str], prefixes: Sequence[str]) -> dict[str, Any]:
    """A test for one of the courses, or one that begins like this."""
    different = list(dict.fromkeys(courses))
    tests: list[dict[str, Any]] = [{"code": {"one_of": different}}] if different else []
    tests += [{"code": {"matches": f"{prefix}*"}} for prefix in prefixes]
    return tests[0] if len(tests) == 1 else {"any": tests}


def _hours(tree: Tree) -> dict[str, Any]:
    """So many hours out of a pool of courses, and out of choices that give one course each.

    All courses of all choices have the same hours, so that only how many of the choices are
    met matters: any number of them, and the other hours out of the pool.
    """
    kinds: dict[str, list[Tree]] = {}
    for one in tree["requirements"]:
        kinds.setdefault(one["matcher"], []).append(one)
    pool = _listed(
        [one["course"] for one in kinds.pop("CourseRequirement", [])],
        [one["prefix"] for one in kinds.pop("PrefixBucketRequirement", [])],
    )
    choices = [
        [below["course"] for below in one["requirements"]] for one in kinds.pop("OrRequirement", [])
    ]
    assert not kinds, kinds
    wanted = tree["required_hours"]
    if not choices:
        return _sum(wanted, pool)
    useful = [[course for course in choice if hours_of(course)] for choice in choices]
    (each,) = {hours_of(course) for choice in useful for course in choice}
    assert each is not None
    ways = []
    for count in range(len(useful) + 1):
        parts = []
        if count:
            parts.append({"at_least": count, "of": [_has(choice) for choice in useful]})
        if wanted > count * each:
            parts.append(_sum(wanted - count * each, pool))
        ways.append({"all": parts})
        if wanted <= count * each:
            break
    return {"any": ways}
