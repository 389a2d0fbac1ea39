"""The pack in the Common Expression Language (common-expression-language, in Rust).

A program for each outcome gives the four sides of it. What is missing is filled with null
when the students are loaded, since a key that is not there is an error; adding up is not
in the language, so a function is added to it.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import cel
from measured import run, status, students, write_rows
from plan import SIDES, Plan
from textual import Textual

_SCALARS = (
    "hs_diploma ged residency campus program born admitted enrolled gpa major_gpa needed_gpa terms"
    " transfer math english bill_due conduct_hold screened screened_on immunized work_hours"
    " volunteer income standing degree courses credentials ceus"
).split()
_ATTRIBUTES = {
    "courses": ("dept", "level", "status", "grade", "credits", "ended"),
    "credentials": ("kind", "code", "status", "awarded"),
    "ceus": ("topic", "hours", "date"),
}


class _Cel(Textual):
    def counted(self, name: str, test: str, bound: int) -> str:
        if bound == 1:
            return f"{name}.exists(i, {test})"
        return f"size({name}.filter(i, {test})) >= {bound}"

    def summed(self, name: str, test: str, number: str, bound: Any) -> str:
        return f"total({name}.filter(i, {test}).map(i, {number})) >= {json_number(bound)}"


def json_number(number: float) -> str:
    """A number that CEL takes for a double, which is what `total` gives."""
    return f"{float(number)}"


def _total(numbers: list[float | None]) -> float:
    return float(sum(number or 0 for number in numbers))


def load(source: Path) -> list[dict[str, Any]]:
    """The students, with null for what is not there."""
    found = []
    for student in students(source):
        filled: dict[str, Any] = dict.fromkeys(_SCALARS) | student
        for name, attributes in _ATTRIBUTES.items():
            nothing = dict.fromkeys(attributes)
            items = filled[name]
            if items is not None:
                filled[name] = [nothing | item for item in items]
        found.append(filled)
    return found


def prepare(rules: Path) -> Mapping[str, cel.Program]:
    """A program an outcome."""
    writer = _Cel()
    return {
        name: cel.compile(f"[{', '.join(writer.node(node, side) for side in SIDES)}]")
        for name, node in Plan.read(rules).outcomes.items()
    }


def evaluate(
    rules: Mapping[str, cel.Program], found: list[dict[str, Any]]
) -> list[tuple[str, dict[str, str]]]:
    """Every outcome of every student, one after the other."""
    rows = []
    for student in found:
        context = cel.Context(variables=student)
        context.add_function("total", _total)
        statuses: dict[str, str] = {}
        for outcome, program in rules.items():
            sides = program.execute(context)
            statuses[outcome] = status((sides[0], sides[1]), (sides[2], sides[3]))
            stem = outcome.replace("-", "_")
            for side, value in zip(SIDES, sides, strict=True):
                context.add_variable(f"{stem}_{side.name}", value)
        rows.append((student["id"], statuses))
    return rows


if __name__ == "__main__":
    run(load, prepare, evaluate, write_rows)
