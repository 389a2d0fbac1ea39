"""Sharing out items among needs, exactly: OR-Tools' CP-SAT solver does it.

This is the only module that imports `ortools`, and not before there is something to share
out. One worker and a fixed seed: the same problem has the same answer each time. The time
is bounded by the solver's own clock, which counts work and not seconds.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from eligibility.errors import EngineError

__all__ = ["MAX_PAIRS", "Choice", "Plan", "Problem", "Want", "plan", "require", "solvable"]

_TIME = 5.0
"""How much work it may take to find whether wants can be met: about so many seconds."""

_TIME_TO_PLAN = 0.5
"""How much work it may take to find out what comes nearest, where they cannot."""

MAX_PAIRS = 10_000
"""How many pairs of a need and an item that fits it are looked at."""


@dataclass(frozen=True, slots=True)
class Want:
    """What one need wants of the items that are given to it.

    Either their `amounts`, by item, reach `least`; or in each of `rows` there is one of
    them, and where `distinct` each row has another one. `never` holds for what no items
    can meet; a `least` of 0 without rows is met by none.
    """

    amounts: Mapping[int, int] = field(default_factory=dict)
    least: int = 0
    rows: tuple[tuple[int, ...], ...] = ()
    distinct: bool = False
    never: bool = False

    @property
    def items(self) -> list[int]:
        """The items that fit, in their order."""
        if self.never:
            return []
        return sorted(set(self.amounts).union(*self.rows))


@dataclass(frozen=True, slots=True)
class Choice:
    """At least `k` of `children`, which are choices or numbers of wants."""

    k: int
    children: tuple[Choice | int, ...]


@dataclass(frozen=True, slots=True)
class Problem:
    """Wants, how they are combined, and how often an item may be given.

    Each item is given once; more than that costs its `weight` for every further time, up
    to `most` in all. An item without a weight is never given twice.
    """

    wants: tuple[Want, ...]
    choice: Choice
    weights: Mapping[int, int] = field(default_factory=dict)
    most: int = 0


@dataclass(frozen=True, slots=True)
class Plan:
    """Which wants are gone for, which of them are met, and by which items."""

    chosen: tuple[int, ...]
    met: tuple[int, ...]
    given: Mapping[int, tuple[int, ...]]


def require() -> None:
    """Raise `EngineError` where OR-Tools is not installed."""
    if importlib.util.find_spec("ortools") is None:
        raise EngineError(
            "this pack has a group with `share`, which needs OR-Tools\n"
            "  = install it: pip install 'eligibility[assign]'"
        )


def solvable(problem: Problem) -> bool | None:
    """Whether the items can be given so that the choice is met; None where time ran out."""
    if _too_large(problem):
        return None
    return _Model(problem, all_met=True).solve(_TIME)


def plan(problem: Problem, *, all_met: bool) -> Plan | None:
    """The best plan: fewest wants that are gone for and not met. None where time ran out.

    Of equally good plans it is the one that leaves out the last wants, meets the first and
    gives them the first items. `all_met` says that none need be lacking.
    """
    if _too_large(problem):
        return None
    least = None
    if not all_met:
        model = _Model(problem, all_met=False)
        model.minimize_lacking()
        if not model.solve(_TIME_TO_PLAN):
            return None
        # where time ran out, it is the least found so far
        least = model.objective()
    model = _Model(problem, all_met=all_met)
    model.limit_lacking(least)
    return model.plan() if model.solve(_TIME, in_order=True) else None


def _too_large(problem: Problem) -> bool:
    return sum(len(want.items) for want in problem.wants) > MAX_PAIRS


class _Model:
    """A problem in the solver's terms. All is linear, in yes or no.

    With `all_met`, every want that is gone for must be met.
    """

    def __init__(self, problem: Problem, *, all_met: bool) -> None:
        from ortools.sat.python import cp_model

        self._sat = cp_model
        self._model = cp_model.CpModel()
        self._solver = cp_model.CpSolver()
        self._groups: list[Any] = []
        self._chosen: dict[int, Any] = {}
        self._met: dict[int, Any] = {}
        self._lacking: list[Any] = []
        self._given: dict[tuple[int, int], Any] = {}
        self._add(self._choose(problem.choice) == 1)
        for number, chosen in self._chosen.items():
            self._met[number] = chosen if all_met else self._met_or_lacking(chosen)
            self._want(number, problem.wants[number])
        self._share(problem)

    def _add(self, *constraints: Any) -> None:
        for constraint in constraints:
            self._model.add(constraint)

    def minimize_lacking(self) -> None:
        """Look for the fewest wants that are gone for and not met."""
        self._model.minimize(sum(self._lacking))

    def limit_lacking(self, most: int | None) -> None:
        """Have no more of them than that."""
        if most is not None:
            self._add(sum(self._lacking) <= most)

    def objective(self) -> int:
        """The fewest that were found."""
        return round(self._solver.objective_value)

    def solve(self, time: float, *, in_order: bool = False) -> bool | None:
        """Whether there is a solution; None where time ran out before one was found.

        With `in_order` it is the first one in the order of what is decided.
        """
        parameters = self._solver.parameters
        parameters.num_workers = 1
        parameters.random_seed = 0
        parameters.max_deterministic_time = time
        if in_order:
            self._in_order()
            parameters.search_branching = self._sat.FIXED_SEARCH
            # what keeps to the order may not be simplified away, nor a twin be passed over
            parameters.cp_model_presolve = False
            parameters.symmetry_level = 0
            parameters.linearization_level = 2
        status = self._solver.solve(self._model)
        if status == self._sat.INFEASIBLE:
            return False
        return True if status in (self._sat.OPTIMAL, self._sat.FEASIBLE) else None

    def plan(self) -> Plan:
        """The solution."""
        chosen = [want for want, is_chosen in self._chosen.items() if self._is(is_chosen)]
        met = [want for want in chosen if self._is(self._met[want])]
        given: dict[int, list[int]] = {want: [] for want in chosen}
        for (want, item), is_given in self._given.items():
            if self._is(is_given):
                given[want].append(item)
        items = {want: tuple(sorted(found)) for want, found in given.items()}
        return Plan(tuple(sorted(chosen)), tuple(sorted(met)), items)

    def _is(self, variable: Any) -> bool:
        return bool(self._solver.value(variable))

    def _in_order(self) -> None:
        """Leave out the last wants, then meet the first ones and give the first items."""
        backwards = self._groups[::-1]
        self._model.add_decision_strategy(
            backwards, self._sat.CHOOSE_FIRST, self._sat.SELECT_MIN_VALUE
        )
        forwards = [*self._met.values(), *self._given.values()]
        self._model.add_decision_strategy(
            forwards, self._sat.CHOOSE_FIRST, self._sat.SELECT_MAX_VALUE
        )

    def _new(self) -> Any:
        return self._model.new_bool_var("")

    def _choose(self, choice: Choice | int) -> Any:
        """Whether a want or a group is gone for; in a group its children then are too."""
        variable = self._new()
        self._groups.append(variable)
        if isinstance(choice, int):
            self._chosen[choice] = variable
            return variable
        below = [self._choose(child) for child in choice.children]
        self._add(sum(below) >= choice.k * variable)
        self._add(*(child <= variable for child in below))
        return variable

    def _met_or_lacking(self, chosen: Any) -> Any:
        """Whether a want is met; where it is gone for and is not, it is lacking."""
        met, lacking = self._new(), self._new()
        self._lacking.append(lacking)
        self._add(met + lacking == chosen)
        return met

    def _want(self, number: int, want: Want) -> None:
        met, chosen = self._met[number], self._chosen[number]
        if want.never:
            self._add(met == 0)
            return
        given = {item: self._new() for item in want.items}
        self._given.update({(number, item): variable for item, variable in given.items()})
        self._add(*(variable <= chosen for variable in given.values()))
        if want.least > 0:
            reached = sum(amount * given[item] for item, amount in want.amounts.items())
            self._add(reached >= want.least * met)
            if set(want.amounts.values()) == {1}:
                self._add(reached <= want.least)
        if want.distinct:
            self._distinct(want, given, met)
        else:
            self._add(*(sum(given[item] for item in row) >= met for row in want.rows))

    def _distinct(self, want: Want, given: Mapping[int, Any], met: Any) -> None:
        """Each row has an item of its own."""
        standing: dict[int, list[Any]] = {item: [] for item in given}
        for row in want.rows:
            here = {item: self._new() for item in row}
            self._add(sum(here.values()) >= met)
            for item, variable in here.items():
                standing[item].append(variable)
        self._add(*(sum(standing[item]) == variable for item, variable in given.items()))

    def _share(self, problem: Problem) -> None:
        uses: dict[int, list[Any]] = {}
        for (_, item), variable in self._given.items():
            uses.setdefault(item, []).append(variable)
        costs = []
        for item, variables in uses.items():
            weight = problem.weights.get(item)
            if len(variables) < 2 or weight == 0:
                continue
            if weight is None or weight > problem.most:
                self._add(sum(variables) <= 1)
                continue
            further = self._model.new_int_var(0, len(variables) - 1, "")
            self._add(further >= sum(variables) - 1)
            costs.append(weight * further)
        if costs:
            self._add(sum(costs) <= problem.most)
