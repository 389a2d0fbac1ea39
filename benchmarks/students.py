"""Made-up students for the benchmarks: the same seed gives the same lines.

    .venv/bin/python benchmarks/students.py 10000 > students.ndjson

A student is about 1.8 kB of JSON: some facts, about 20 courses, a credential or two and
continuing education. Of every 100 pieces of information 3 to 8 are missing. Nobody in it
is real.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
from collections.abc import Iterator
from typing import Any

__all__ = ["students"]

_TOPICS = (
    "medical records management",
    "medical terminology",
    "medical coding and classifications",
    "health information technology",
    "microcomputer applications",
    "anatomy and physiology",
    "legal issues in health information",
    "health statistics and database management",
    "intermediate and advanced coding",
    "electronic health records",
    "pathology and pathophysiology",
    "data analysis",
    "general education",
    "other",
)
_GRADES = ("A", "A-", "B+", "B", "B-", "C+", "C", "C-", "D", "F", "P", "W")
_GRADE_WEIGHTS = (12, 12, 14, 16, 10, 10, 10, 4, 3, 3, 3, 3)
_FIELDS = (
    "health information technology",
    "health information management",
    "medical coding",
    "nursing",
)
_BODIES = ("CAHIIM", "CAHIIM", "CAHIIM", "other")
_LEAST_MISSING, _MOST_MISSING = 0.03, 0.08


def students(count: int, seed: int = 1) -> Iterator[dict[str, Any]]:
    """`count` students, one after the other."""
    chance = random.Random(seed)  # noqa: S311  # nothing secret is made of it
    for number in range(count):
        yield _student(chance, number)


def _student(chance: random.Random, number: int) -> dict[str, Any]:
    share = chance.uniform(_LEAST_MISSING, _MOST_MISSING)
    terms = chance.randint(1, 4)
    courses = [
        _kept(chance, share, _course(chance, term, terms))
        for term in range(terms)
        for _ in range(chance.randint(5, 9))
    ]
    facts: dict[str, Any] = {
        "high_school_diploma": chance.random() < 0.8,
        "ged": chance.random() < 0.2,
        "gpa": round(chance.uniform(1.8, 4.0), 2),
        "school_issues_diploma": chance.random() < 0.6,
        "degree_sought": chance.choice(("AA", "AS", "AAS", "AAS")),
        "courses": courses,
        "credentials": [
            _kept(chance, share, one) for one in _credentials(chance, finished=terms == 4)
        ],
        "ceus": [_kept(chance, share, _credit(chance)) for _ in range(chance.randint(0, 3))],
    }
    return {"id": f"student-{number:07}", **_kept(chance, share, facts)}


def _kept(chance: random.Random, share: float, facts: dict[str, Any]) -> dict[str, Any]:
    """The facts, some left out or null."""
    kept: dict[str, Any] = {}
    for name, value in facts.items():
        if chance.random() >= share:
            kept[name] = value
        elif chance.random() < 0.5:
            kept[name] = None
    return kept


def _course(chance: random.Random, term: int, terms: int) -> dict[str, Any]:
    found: dict[str, Any] = {
        "topics": [chance.choice(_TOPICS)],
        "status": "completed",
        "credits": chance.choice((2, 3, 3, 3, 4)),
    }
    if term == terms - 1 and chance.random() < 0.4:
        found["status"] = chance.choice(("enrolled", "enrolled", "planned"))
        return found
    found["grade"] = chance.choices(_GRADES, _GRADE_WEIGHTS)[0]
    found["completed_on"] = f"{2023 + term // 2}-{chance.choice(('05', '06', '12'))}-15"
    return found


def _credentials(chance: random.Random, *, finished: bool) -> list[dict[str, Any]]:
    if not finished:
        return []
    degree = {
        "kind": "degree",
        "level": "associate",
        "field": chance.choice(_FIELDS),
        "status": chance.choice(("earned", "earned", "in progress")),
        "awarded_on": "2025-06-15",
        "accreditations": [
            {"body": chance.choice(_BODIES), "status": "accredited", "from": "2015-01-01"}
        ],
    }
    if chance.random() < 0.5:
        return [degree]
    code = {
        "kind": "certification",
        "code": "RHIT",
        "status": "earned",
        "standing": "active",
        "awarded_on": f"2025-{chance.randint(7, 12):02}-01",
    }
    return [degree, code]


def _credit(chance: random.Random) -> dict[str, Any]:
    return {
        "topic": chance.choice(("privacy", "coding", "leadership")),
        "hours": chance.choice((1, 2.5, 5, 10)),
        "date": f"202{chance.randint(4, 6)}-{chance.randint(1, 9):02}-{chance.randint(1, 28):02}",
    }


def main() -> None:
    """Write students to standard output, one a line."""
    parser = argparse.ArgumentParser(description="Make up students for the benchmarks.")
    parser.add_argument("count", type=int, help="how many")
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    for student in students(arguments.count, arguments.seed):
        sys.stdout.write(json.dumps(student) + "\n")


if __name__ == "__main__":
    main()
