"""The pack as a decision of zen-engine (in Rust): one expression node for each level of outcomes.

The engine is given the lines as they are. Its comparisons refuse null, so every one asks
first whether there is a value.
"""

from __future__ import annotations

import itertools
import json
from pathlib import Path
from typing import Any

import zen
from measured import run, status, write_rows
from plan import SIDES, Plan, levels
from textual import Textual


class _Zen(Textual):
    conjunction = " and "
    disjunction = " or "
    negation = "not "
    item = "#."

    def dated(self, name: str, operator: str, day: str) -> str:
        return f"d({name}) {operator} d('{day}')"

    def counted(self, name: str, test: str, bound: int) -> str:
        if bound == 1:
            return f"some({name}, {test})"
        return f"count({name}, {test}) >= {bound}"

    def summed(self, name: str, test: str, number: str, bound: Any) -> str:
        return f"sum(map(filter({name}, {test}), {number} == null ? 0 : {number})) >= {bound}"


def load(source: Path) -> list[bytes]:
    """The lines: the engine reads JSON itself."""
    return source.read_bytes().splitlines()


def prepare(rules: Path) -> zen.ZenDecision:
    """The decision: a chain of expression nodes that hand on all that they are given."""
    writer = _Zen()
    plan = Plan.read(rules)
    nodes: list[dict[str, Any]] = [{"id": "start", "name": "start", "type": "inputNode"}]
    for number, level in enumerate(levels(plan)):
        expressions = [
            {
                "id": f"{outcome}-{side.name}",
                "key": writer.reference(outcome, side),
                "value": writer.node(plan.outcomes[outcome], side),
            }
            for outcome in level
            for side in SIDES
        ]
        content = {"expressions": expressions, "passThrough": True}
        name = f"level {number}"
        nodes.append({"id": name, "name": name, "type": "expressionNode", "content": content})
    # only what was found goes out, not the student again
    kept = [writer.reference(outcome, side) for outcome in plan.outcomes for side in SIDES]
    shown = [{"id": f"out-{key}", "key": f"out.{key}", "value": key} for key in kept]
    content = {"expressions": shown, "passThrough": False}
    nodes.append({"id": "out", "name": "out", "type": "expressionNode", "content": content})
    nodes.append({"id": "end", "name": "end", "type": "outputNode"})
    edges = [
        {"id": f"edge {at}", "type": "edge", "sourceId": one["id"], "targetId": other["id"]}
        for at, (one, other) in enumerate(itertools.pairwise(nodes))
    ]
    return zen.ZenEngine().create_decision(json.dumps({"nodes": nodes, "edges": edges}))


def evaluate(rules: zen.ZenDecision, found: list[bytes]) -> list[tuple[str, dict[str, str]]]:
    """Every student, one after the other."""
    rows = []
    for line in found:
        out = rules.evaluate(line)["result"]["out"]
        statuses: dict[str, str] = {}
        for key in out:
            stem, _, rest = key.rpartition("_now_certain")
            if rest or not stem:
                continue
            now = (out[key], out[f"{stem}_now_possible"])
            then = (out[f"{stem}_projected_certain"], out[f"{stem}_projected_possible"])
            statuses[stem.replace("_", "-")] = status(now, then)
        rows.append((line[7 : line.index(b'"', 7)].decode(), statuses))
    return rows


if __name__ == "__main__":
    run(load, prepare, evaluate, write_rows)
