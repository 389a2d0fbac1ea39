"""The pack of the benchmark read into plain formulas, for engines of two truth values.

An engine that knows only true and false can still answer in three values, when it is asked
twice: whether a condition is *certain*, all that is missing taken against it, and whether
it is *possible*, all that is missing taken for it. Met is certain, unmet is not
possible, and unknown is possible and not certain. With the two scenarios, now and
projected, that is four questions an outcome, the four `SIDES`.

Only what the pack of the benchmark uses is read here: comparisons with literals and facts,
`has`, `count` and `sum`, groups, `not`, and other outcomes.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

__all__ = [
    "AS_OF",
    "SIDES",
    "Atom",
    "Group",
    "Node",
    "Plan",
    "Quantity",
    "Reference",
    "Side",
    "levels",
]

AS_OF = datetime.date(2026, 11, 24)


@dataclass(frozen=True)
class Side:
    """One of the four questions: of which scenario, and what of the missing."""

    projected: bool
    possible: bool

    @property
    def name(self) -> str:
        """`now_certain`, for instance."""
        when = "projected" if self.projected else "now"
        return f"{when}_{'possible' if self.possible else 'certain'}"


SIDES = tuple(Side(when, what) for when in (False, True) for what in (False, True))


@dataclass(frozen=True)
class Atom:
    """A comparison of one value.

    Either `values` says which values meet it and `open` which may, or `operator` (`>=`,
    `>`, `<=`, `<`) compares it with `operand`, or with the fact named by `other`. A
    date is a text, which compares like the day.
    """

    name: str
    operator: str = "in"
    operand: Any = None
    other: str | None = None
    values: tuple[Any, ...] = ()
    open: tuple[Any, ...] = ()


@dataclass(frozen=True)
class Group:
    """At least `k` of what is below it. All of them, and one of them, are such groups."""

    k: int
    children: tuple[Node, ...]
    negated: bool = False


@dataclass(frozen=True)
class Reference:
    """The value of another outcome."""

    outcome: str


@dataclass(frozen=True)
class Quantity:
    """How many items pass a test, or what a number of theirs adds up to, with its bound.

    `now` and `projected` are the tests in the two scenarios, groups of atoms. The bound is
    one from below: at most two is not at least three.
    """

    list: str
    now: Node
    projected: Node
    bound: Any
    summed: str | None = None


Node = Atom | Group | Reference | Quantity

_OPERATORS = {
    "at_least": ">=",
    "more_than": ">",
    "at_most": "<=",
    "less_than": "<",
    "on_or_after": ">=",
    "after": ">",
    "on_or_before": "<=",
    "before": "<",
}


@dataclass(frozen=True)
class Plan:
    """The outcomes with their formulas, each after those that it refers to."""

    outcomes: Mapping[str, Node]

    @classmethod
    def read(cls, rules: Path) -> Plan:
        """Read the pack in a folder of rules: one vocabulary, one `pack.yaml`."""
        (vocabulary,) = rules.glob("vocabulary/*.yaml")
        (pack,) = rules.glob("*/pack.yaml")
        reader = _Reader(yaml.safe_load(vocabulary.read_text(encoding="utf-8")))
        outcomes = yaml.safe_load(pack.read_text(encoding="utf-8"))["outcomes"]
        found = {name: reader.condition(one["requires"]) for name, one in outcomes.items()}
        ordered: dict[str, Node] = {}
        for name in found:
            _place(name, found, ordered)
        return cls(ordered)

    def only(self, names: Sequence[str]) -> Plan:
        """The plan of some outcomes."""
        return Plan({name: node for name, node in self.outcomes.items() if name in names})


def _place(name: str, found: Mapping[str, Node], ordered: dict[str, Node]) -> None:
    if name not in ordered:
        for other in _references(found[name]):
            _place(other, found, ordered)
        ordered[name] = found[name]


def _references(node: Node) -> Iterator[str]:
    if isinstance(node, Reference):
        yield node.outcome
    elif isinstance(node, Group):
        for child in node.children:
            yield from _references(child)


def levels(plan: Plan) -> list[list[str]]:
    """The outcomes by what they stand on: those of a level refer to the levels before."""
    height: dict[str, int] = {}
    for name, node in plan.outcomes.items():
        height[name] = 1 + max((height[other] for other in _references(node)), default=-1)
    found: list[list[str]] = [[] for _ in range(max(height.values()) + 1)]
    for name, at in height.items():
        found[at].append(name)
    return found


def _all(children: Sequence[Node]) -> Node:
    return children[0] if len(children) == 1 else Group(len(children), tuple(children))


class _Reader:
    def __init__(self, vocabulary: Mapping[str, Any]) -> None:
        self._facts = vocabulary["facts"]
        self._scales = vocabulary["scales"]

    def condition(self, given: Mapping[str, Any]) -> Node:
        """A condition of the pack."""
        if "of" in given:
            children = tuple(map(self.condition, given["of"]))
            if "at_least" in given:
                return Group(given["at_least"], children)
            return Group(given["at_most"] + 1, children, negated=True)
        found: list[Node] = []
        for key, value in given.items():
            match key:
                case "all":
                    found.append(_all([self.condition(one) for one in value]))
                case "any" | "none":
                    children = tuple(map(self.condition, value))
                    found.append(Group(1, children, negated=key == "none"))
                case "not":
                    found.append(Group(1, (self.condition(value),), negated=True))
                case "outcome":
                    found.append(Reference(value))
                case _ if self._facts[key]["type"] == "list":
                    found.append(self._quantity(key, value))
                case _:
                    found += self._atoms(key, self._facts[key], value)
        return _all(found)

    def _quantity(self, name: str, given: Mapping[str, Any]) -> Node:
        of = self._facts[name]
        where = {**given.get("where", {}), **given.get("has", {}), **given.get("count", {})}
        now, projected = self._tests(of, where)
        if "has" in given:
            return Quantity(name, now, projected, 1)
        if "at_most" in given:
            return Group(1, (Quantity(name, now, projected, given["at_most"] + 1),), negated=True)
        return Quantity(name, now, projected, given["at_least"], given.get("sum"))

    def _tests(self, of: Mapping[str, Any], where: Mapping[str, Any]) -> tuple[Node, Node]:
        """The test of an item in each scenario."""
        attributes = of["attributes"]
        passed = [
            atom
            for name, value in where.items()
            for atom in self._atoms(name, attributes[name], value)
        ]
        happened = Atom(of["dated_by"], "<=", AS_OF.isoformat())
        state = of.get("state")
        if state is None:
            whole = _all([happened, *passed])
            return whole, whole
        if state["attribute"] in where:
            return _all(passed), _all(passed)
        supplied = of["completing_supplies"]
        met = {atom: self._supplied(atom, supplied, attributes) for atom in passed}
        finished = Atom(state["attribute"], values=tuple(state["finished"]))
        open_ = Atom(state["attribute"], values=tuple(state["in_progress"]))
        now = _all([finished, happened, *passed])
        if False in met.values():
            # to complete it well is not what is asked for
            return now, now
        later = [atom for atom in passed if met[atom] is None]
        either: list[Node] = [now, _all([open_, *later])]
        counted = {*state["finished"], *state["in_progress"]}
        if counted == set(attributes[state["attribute"]]["values"]):
            # whatever its state may be, it counts
            either.append(_all([happened, *passed, *later]))
        return now, Group(1, tuple(either))

    def _supplied(
        self, atom: Atom, supplied: Mapping[str, Any], attributes: Mapping[str, Any]
    ) -> bool | None:
        """Whether completing an item well meets the comparison; None where it supplies nothing."""
        if atom.name not in supplied:
            return None
        what = supplied[atom.name]
        if what == "as_of":
            return atom.operator.startswith(">") and atom.operand <= AS_OF.isoformat()
        if what == "any":
            return True
        (good,) = self._atoms(atom.name, attributes[atom.name], what)
        return bool(set(good.values) & set(atom.values))

    def _atoms(self, name: str, fact: Mapping[str, Any], given: Any) -> list[Atom]:
        if not isinstance(given, Mapping):
            given = {"is": given}
        return [self._atom(name, fact, *one) for one in self._plain(given)]

    def _plain(self, given: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
        for operator, operand in given.items():
            if operator == "within":
                first = AS_OF.replace(year=AS_OF.year - operand["years"])
                yield "on_or_after", first
                yield "on_or_before", AS_OF
            else:
                yield operator, operand

    def _atom(self, name: str, fact: Mapping[str, Any], operator: str, operand: Any) -> Atom:
        kind = fact["type"]
        if isinstance(operand, Mapping):
            return Atom(name, _OPERATORS[operator], other=operand["fact"])
        if isinstance(operand, datetime.date):
            operand = operand.isoformat()
        scale = self._scales.get(kind)
        if scale and operator in _OPERATORS:
            return self._ranked(name, scale, operator, operand)
        if operator in _OPERATORS:
            return Atom(name, _OPERATORS[operator], operand)
        wanted = operand if isinstance(operand, list) else [operand]
        if operator in ("is", "one_of"):
            return Atom(name, values=tuple(wanted))
        declared = [*scale["order"], *scale.get("off_scale", ())] if scale else fact["values"]
        return Atom(name, values=tuple(value for value in declared if value not in wanted))

    def _ranked(self, name: str, scale: Mapping[str, Any], operator: str, operand: str) -> Atom:
        order = scale["order"]
        at = order.index(operand)
        met = {"at_least": order[at:], "at_most": order[: at + 1]}[operator]
        values, open_ = list(met), []
        for value, what in scale.get("off_scale", {}).items():
            if what["counts_as"] in met:
                values.append(value)
            elif what["counts_as"] == "unknown":
                open_.append(value)
        return Atom(name, values=tuple(values), open=tuple(open_))
