"""Packs of any number of conditions, to see how the time grows with them.

    python benchmarks/scale/packs.py 1000 rules-1000/

Every condition is another one. Ten of them make an outcome, with an `all`, an `any`, an
`at_least` and a `not`, and each outcome but the first refers to one before it.
"""

from __future__ import annotations

import argparse
import json
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

__all__ = ["write_pack"]

_VOCABULARY = Path(__file__).parent / "rules" / "vocabulary" / "campus.yaml"
_DEPTS = ("HIT", "MRM", "COD", "BIO", "MAT", "ENG", "CIS", "LAW", "BUS", "GEN")
_GRADES = ("D", "C-", "C", "C+", "B-", "B", "B+", "A-", "A")
_OUTCOME = 10
"""How many conditions an outcome has."""


def write_pack(conditions: int, folder: Path) -> None:
    """Write a folder of rules with so many conditions, a multiple of ten up to 2,000."""
    if conditions % _OUTCOME or not 0 < conditions <= 2000:
        raise ValueError(f"{conditions} is not a multiple of ten from 10 to 2,000")
    (folder / "vocabulary").mkdir(parents=True, exist_ok=True)
    (folder / "generated").mkdir(exist_ok=True)
    shutil.copy(_VOCABULARY, folder / "vocabulary")
    outcomes = {f"outcome-{at}": _outcome(at) for at in range(conditions // _OUTCOME)}
    lines = [
        "pack: generated",
        f"title: A pack of {conditions} conditions",
        'version: "1"',
        "use: [vocabulary/campus]",
        "outcomes:",
    ]
    # JSON is YAML, but for its dates: those are written without quotes
    lines += [f"  {name}: {_yaml(outcome)}" for name, outcome in outcomes.items()]
    text = "\n".join(lines) + "\n"
    (folder / "generated" / "pack.yaml").write_text(text, encoding="utf-8")


class _Day(str):
    """A date, which YAML has without quotes."""

    __slots__ = ()


def _yaml(value: Any) -> str:
    if isinstance(value, _Day):
        return value
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{key}: {_yaml(one)}" for key, one in value.items()) + "}"
    if isinstance(value, list):
        return f"[{', '.join(map(_yaml, value))}]"
    return json.dumps(value)


def _outcome(at: int) -> dict[str, Any]:
    one = _conditions(at)
    parts: list[Any] = [
        one[0],
        {"any": one[1:4]},
        {"at_least": 2, "of": one[4:8]},
        {"not": one[8]},
        one[9],
    ]
    if at:
        parts.insert(0, {"outcome": f"outcome-{(at - 1) // 2}"})
    return {
        "title": f"Outcome {at}",
        "source": {"title": "Made up"},
        "requires": {"all": parts},
    }


def _day(first: int, at: int) -> _Day:
    return _Day(f"{first + at // 84}-{1 + at % 84 // 7:02}-{1 + 4 * (at % 7):02}")


def _conditions(at: int) -> list[dict[str, Any]]:
    """Ten conditions, other ones for each `at` below 200."""
    dept, other = _DEPTS[at % 10], _DEPTS[(at + 3) % 10]
    grade = _GRADES[at // 10 % 9]
    more = 1 + at // 90
    return [
        {"gpa": {"at_least": round(1.5 + at / 100, 2)}},
        {"courses": {"count": {"dept": dept, "grade": {"at_least": grade}}, "at_least": more}},
        {
            "courses": {
                "sum": "credits",
                "at_least": 3 + at // 10,
                "where": {"dept": {"one_of": [dept, other]}, "grade": {"at_least": "C"}},
            }
        },
        {"courses": {"has": {"dept": dept, "ended": {"on_or_after": _day(2022, at)}}}},
        {"income": {"at_most": 20000 + 500 * at}},
        {"ceus": {"sum": "hours", "at_least": 2, "where": {"date": {"after": _day(2022, at)}}}},
        {
            "courses": {
                "count": {"level": {"at_least": 2}, "ended": {"before": _day(2023, at)}},
                "at_least": 2,
            }
        },
        {"born": {"on_or_before": _day(2000, at)}},
        {"credentials": {"has": {"kind": "certification", "awarded": {"before": _day(2022, at)}}}},
        {"volunteer": {"more_than": at / 4}},
    ]


def main() -> None:
    """Write one pack."""
    parser = argparse.ArgumentParser(description="Make a pack of so many conditions.")
    parser.add_argument("conditions", type=int)
    parser.add_argument("folder", type=Path)
    arguments = parser.parse_args()
    write_pack(arguments.conditions, arguments.folder)


if __name__ == "__main__":
    main()
