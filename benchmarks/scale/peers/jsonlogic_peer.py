"""The pack in JsonLogic (datalogic-py, in Rust).

Of the JsonLogic packages this one is maintained, compiles a rule once, and reads JSON
itself; the older ones in Python walk the rule for every student. A first rule gives all
that is asked about facts and items, and one rule for each level gives its outcomes.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import orjson
from datalogic_py import Engine, Rule
from measured import run, status, write_rows
from plan import SIDES, Atom, Plan, Quantity, Side, levels
from render import Renderer

_Rules = tuple[Rule, list[tuple[list[str], Rule]]]


class _JsonLogic(Renderer[Any]):
    """Formulas as JsonLogic. Leaves are numbered, and outcomes looked up by their names."""

    def __init__(self) -> None:
        self.leaves: dict[str, tuple[int, Any]] = {}

    def all(self, parts: Sequence[Any]) -> Any:
        return {"and": list(parts)}

    def any(self, parts: Sequence[Any]) -> Any:
        return {"or": list(parts)}

    def k_of(self, k: int, parts: Sequence[Any]) -> Any:
        return {">=": [{"+": [{"if": [part, 1, 0]} for part in parts]}, k]}

    def no(self, part: Any) -> Any:
        return {"!": [part]}

    def reference(self, outcome: str, side: Side) -> Any:
        return {"var": f"{outcome}.{SIDES.index(side)}"}

    def atom(self, atom: Atom, possible: Any, *, item: bool) -> Any:
        value = {"var": atom.name}
        sides = [value] if atom.other is None else [value, {"var": atom.other}]
        if atom.operator == "in":
            compared: Any = {"in": [value, [*atom.values, *(atom.open if possible else ())]]}
        else:
            other = {"var": atom.other} if atom.other is not None else atom.operand
            compared = {atom.operator: [value, other]}
        missing = [{"===": [one, None]} for one in sides]
        known = [{"!==": [one, None]} for one in sides]
        whole = {"or": [*missing, compared]} if possible else {"and": [*known, compared]}
        return whole if item else self._leaf(whole)

    def quantity(self, quantity: Quantity, test: Any, possible: Any) -> Any:
        items = {"var": quantity.list}
        passing = {"filter": [items, test]}
        if quantity.summed is None:
            reached: Any = {">=": [_size(passing), quantity.bound]}
            if quantity.bound == 1:
                reached = {"some": [items, test]}
            parts = [reached]
        else:
            number = {"var": f"current.{quantity.summed}"}
            added = {"+": [{"var": "accumulator"}, {"if": [number, number, 0]}]}
            parts = [{">=": [{"reduce": [passing, added, 0]}, quantity.bound]}]
            if possible:
                open_ = {"===": [{"var": quantity.summed}, None]}
                parts.append({"some": [items, {"and": [open_, test]}]})
        if possible:
            return self._leaf({"or": [{"===": [items, None]}, *parts]})
        return self._leaf({"and": [{"!==": [items, None]}, *parts]})

    def _leaf(self, formula: Any) -> Any:
        key = orjson.dumps(formula).decode()
        number, _ = self.leaves.setdefault(key, (len(self.leaves), formula))
        return {"var": f"v.{number}"}


def _size(items: Any) -> Any:
    return {"reduce": [items, {"+": [{"var": "accumulator"}, 1]}, 0]}


def load(source: Path) -> list[str]:
    """The lines: the engine reads JSON itself."""
    return source.read_text(encoding="utf-8").splitlines()


def prepare(rules: Path) -> _Rules:
    """The rule of the leaves, and one for each level of outcomes."""
    engine, writer = Engine(), _JsonLogic()
    plan = Plan.read(rules)
    written = [
        (level, [[writer.node(plan.outcomes[name], side) for side in SIDES] for name in level])
        for level in levels(plan)
    ]
    leaves = [formula for _, formula in writer.leaves.values()]
    return (
        engine.compile(orjson.dumps(leaves).decode()),
        [(level, engine.compile(orjson.dumps(formulas).decode())) for level, formulas in written],
    )


def evaluate(rules: _Rules, found: list[str]) -> list[tuple[str, dict[str, str]]]:
    """Every student, one after the other."""
    leaves, trees = rules
    rows = []
    for line in found:
        context: dict[str, Any] = {"v": orjson.loads(leaves.evaluate_str(line))}
        statuses: dict[str, str] = {}
        for level, rule in trees:
            known = orjson.dumps(context).decode()
            for name, sides in zip(level, orjson.loads(rule.evaluate_str(known)), strict=True):
                context[name] = sides
                statuses[name] = status((sides[0], sides[1]), (sides[2], sides[3]))
        rows.append((line[7 : line.index('"', 7)], statuses))
    return rows


if __name__ == "__main__":
    run(load, prepare, evaluate, write_rows)
