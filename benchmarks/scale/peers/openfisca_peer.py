"""A part of the pack in openfisca-core: the six outcomes that rest on scalars and courses.

OpenFisca knows persons and groups of them. A course is taken for a person here and a
student for a group, so a second and a third list have no place. It has no value for what is
missing either; every outcome is four variables, one for each side, and NaN stands in the
inputs. All students are worked out at once, in NumPy.
"""

from __future__ import annotations

import datetime
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from measured import run, status, students, write_rows
from openfisca_core.entities import build_entity
from openfisca_core.periods import DateUnit
from openfisca_core.simulations import SimulationBuilder
from openfisca_core.taxbenefitsystems import TaxBenefitSystem
from openfisca_core.variables import Variable
from plan import SIDES, Atom, Plan, Quantity, Side
from render import Renderer

_OUTCOMES = (
    "admission",
    "good-standing",
    "first-year",
    "second-year",
    "coding-certificate",
    "scholarship",
)
_PERIOD = "2026-11"
_COURSE = ("dept", "level", "status", "grade", "credits", "ended")
_SCALARS = (
    "hs_diploma ged residency campus program born admitted enrolled gpa major_gpa needed_gpa terms"
    " transfer math english bill_due conduct_hold screened screened_on immunized work_hours"
    " volunteer income standing degree"
).split()
_NOTHING: dict[str, object] = dict.fromkeys(_COURSE, 0)
_EPOCH = datetime.date(1970, 1, 1).toordinal()

Formula = Callable[[Any, Any], Any]

_COURSES = build_entity("course", "courses", "A course", is_person=True)
_STUDENTS = build_entity(
    "student", "students", "A student", roles=[{"key": "taken", "plural": "taken_courses"}]
)


class _Codes(dict[str, float]):
    """Texts as numbers, days as the days since 1970: OpenFisca's arrays hold numbers."""

    def of(self, value: object) -> float:
        """The number of a value; NaN for what is missing."""
        if value is None:
            return float("nan")
        if not isinstance(value, str):
            return float(value)  # type: ignore[arg-type]  # a number or a boolean
        if value[:1].isdigit():
            return float(datetime.date.fromisoformat(value).toordinal() - _EPOCH)
        return self.setdefault(value, float(len(self) + 1))


_CODES = _Codes()


class _Arrays(Renderer[Formula]):
    def all(self, parts: Sequence[Formula]) -> Formula:
        return lambda of, at: np.all([part(of, at) for part in parts], axis=0)

    def any(self, parts: Sequence[Formula]) -> Formula:
        return lambda of, at: np.any([part(of, at) for part in parts], axis=0)

    def k_of(self, k: int, parts: Sequence[Formula]) -> Formula:
        return lambda of, at: sum(part(of, at).astype(np.int8) for part in parts) >= k

    def no(self, part: Formula) -> Formula:
        return lambda of, at: ~part(of, at)

    def reference(self, outcome: str, side: Side) -> Formula:
        return lambda of, at: of(_variable(outcome, side), at)

    def atom(self, atom: Atom, possible: Any, *, item: bool) -> Formula:
        values = [_CODES.of(value) for value in (*atom.values, *(atom.open if possible else ()))]
        operand = _CODES.of(atom.operand)

        def formula(of: Any, at: Any) -> Any:
            read = of.members if item else of
            value = read(atom.name, at)
            other = operand if atom.other is None else read(atom.other, at)
            missing = np.isnan(value) | np.isnan(other if atom.other is not None else 0)
            match atom.operator:
                case "in":
                    met = np.isin(value, values)
                case ">=":
                    met = value >= other
                case ">":
                    met = value > other
                case "<=":
                    met = value <= other
                case _:
                    met = value < other
            return met | missing if possible else met & ~missing

        return formula

    def quantity(self, quantity: Quantity, test: Formula, possible: Any) -> Formula:
        def formula(of: Any, at: Any) -> Any:
            added = test(of, at).astype(np.float64)
            if quantity.summed is not None:
                number = of.members(quantity.summed, at)
                nothing = 1e6 if possible else 0
                added = added * np.where(np.isnan(number), nothing, number)
            reached = of.sum(added) >= quantity.bound
            listed = of("has_courses", at) > 0
            return reached | ~listed if possible else reached & listed

        return formula


def _variable(outcome: str, side: Side) -> str:
    return f"{outcome.replace('-', '_')}_{side.name}"


def prepare(rules: Path) -> TaxBenefitSystem:
    """The system with its variables: the inputs, and four of each outcome."""
    system = TaxBenefitSystem([_COURSES, _STUDENTS])
    for names, entity in ((_COURSE, _COURSES), ((*_SCALARS, "has_courses"), _STUDENTS)):
        for name in names:
            shape = {"value_type": float, "entity": entity, "definition_period": DateUnit.MONTH}
            system.add_variable(type(name, (Variable,), shape))
    writer = _Arrays()
    for outcome, node in Plan.read(rules).only(_OUTCOMES).outcomes.items():
        for side in SIDES:
            formula = writer.node(node, side)
            shape = {
                "value_type": bool,
                "entity": _STUDENTS,
                "definition_period": DateUnit.MONTH,
                "formula": _method(formula),
            }
            system.add_variable(type(_variable(outcome, side), (Variable,), shape))
    return system


def _method(formula: Formula) -> Formula:
    """A function of two arguments, by name, as OpenFisca looks for."""

    def found(student: Any, period: Any) -> Any:
        return formula(student, period)

    return found


def load(source: Path) -> tuple[list[str], dict[str, Any], dict[str, Any], Any]:
    """Ids, the inputs of students and of courses, and whose each course is."""
    ids: list[str] = []
    facts: dict[str, list[float]] = {name: [] for name in (*_SCALARS, "has_courses")}
    items: dict[str, list[float]] = {name: [] for name in _COURSE}
    owners: list[int] = []
    code = _CODES.of
    for number, student in enumerate(students(source)):
        ids.append(student["id"])
        for name in _SCALARS:
            facts[name].append(code(student.get(name)))
        courses = student.get("courses")
        facts["has_courses"].append(courses is not None)
        # a group has members here, so who has no course gets one that counts for nothing
        for course in courses or (_NOTHING,):
            owners.append(number)
            for name in _COURSE:
                items[name].append(code(course.get(name)))
    return (
        ids,
        {name: np.array(values, np.float32) for name, values in facts.items()},
        {name: np.array(values, np.float32) for name, values in items.items()},
        np.array(owners, np.int32),
    )


def evaluate(system: TaxBenefitSystem, found: Any) -> list[tuple[str, dict[str, str]]]:
    """All students at once."""
    ids, facts, items, owners = found
    builder = SimulationBuilder()
    builder.create_entities(system)
    builder.declare_person_entity("course", [str(number) for number in range(len(owners))])
    group = builder.declare_entity("student", ids)
    builder.join_with_persons(group, [ids[owner] for owner in owners], ["taken"] * len(owners))
    simulation = builder.build(system)
    for inputs in (facts, items):
        for name, values in inputs.items():
            simulation.set_input(name, _PERIOD, values)
    sides = {
        outcome: [
            simulation.calculate(_variable(outcome, side), _PERIOD).tolist() for side in SIDES
        ]
        for outcome in _OUTCOMES
    }
    return [
        (
            name,
            {
                outcome: status((four[0][at], four[1][at]), (four[2][at], four[3][at]))
                for outcome, four in sides.items()
            },
        )
        for at, name in enumerate(ids)
    ]


if __name__ == "__main__":
    run(load, prepare, evaluate, write_rows)
