"""Problems of sharing out items made small, so that only what is in dispute goes to a solver.

An item that one want alone can use is given to it, and a want that such items meet needs no
others. A want that no items can meet any more takes none away. Both may settle further
items. What is left, if anything, is for the solver.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from eligibility import solver
from eligibility.measures import matched
from eligibility.solver import Choice, Plan, Problem, Want

__all__ = ["plan", "solvable"]

_NOTHING = Want()
_NEVER = Want(never=True)


def solvable(problem: Problem) -> bool | None:
    """Whether all that is chosen can be met; None where there is too much to try."""
    left = _reduced(problem, all_met=True).problem
    if left is None or not _disputed(left):
        return left is not None and not _best(left.choice, _met(left.wants))[0]
    return solver.solvable(left)


def plan(problem: Problem, *, all_met: bool) -> Plan | None:
    """The plan in which the fewest wants are lacking; None where there is too much to try.

    Of equally good ones it is the one that leaves out the last wants, and that gives the
    first items to the first ones. No item is given that the others make needless. `all_met`
    says that no want need be lacking.
    """
    reduced = _reduced(problem, all_met=all_met)
    left = reduced.problem
    assert left is not None
    found = solver.plan(left, all_met=all_met) if _disputed(left) else _undisputed(left)
    if found is None:
        return None
    chosen = _picked(problem.choice, reduced.free, set(found.chosen))
    given = {
        want: _trimmed(
            problem.wants[want], [*reduced.given.get(want, ()), *found.given.get(want, ())]
        )
        for want in chosen
    }
    met = [want for want in chosen if want in reduced.free or want in found.met]
    _hand_out(problem, [want for want in chosen if want not in met], given)
    return Plan(tuple(chosen), tuple(met), given)


@dataclass(frozen=True, slots=True)
class _Reduced:
    """What is left of a problem: None where it cannot be solved.

    `free` are the wants that are met already, `given` the items that wants have already.
    """

    problem: Problem | None
    free: Collection[int]
    given: Mapping[int, tuple[int, ...]]


def _reduced(problem: Problem, *, all_met: bool) -> _Reduced:
    """The problem made small. With `all_met` what cannot be met is no alternative either."""
    given: dict[int, tuple[int, ...]] = {}
    wants = list(problem.wants)
    while True:
        free = {number for number, want in enumerate(wants) if want == _NOTHING}
        choice = _open(problem.choice, free)
        if all_met and choice is not None:
            choice = _possible(choice, wants)
            if choice is None:
                return _Reduced(None, free, given)
        left = choice if isinstance(choice, Choice) else Choice(0, ())
        live = {*_below(left)}
        wants = [
            want if number in live or number in free else _NEVER
            for number, want in enumerate(wants)
        ]
        rest = replace(problem, wants=tuple(wants), choice=left)
        disputed = _disputed(rest)
        for number in sorted(live):
            own = {*wants[number].items} - disputed
            smaller = _without(wants[number], own)
            if smaller is not wants[number]:
                wants[number] = smaller
                if not smaller.never:
                    given[number] = (*given.get(number, ()), *sorted(own))
        if tuple(wants) == rest.wants:
            return _Reduced(rest, free, given)


def _open(choice: Choice | int, free: Collection[int]) -> Choice | int | None:
    """What is still to be chosen where these wants are met; None where nothing is."""
    if isinstance(choice, int):
        return None if choice in free else choice
    below = [_open(child, free) for child in choice.children]
    left = tuple(child for child in below if child is not None)
    k = choice.k - (len(below) - len(left))
    return Choice(k, left) if k > 0 else None


def _possible(choice: Choice | int, wants: Sequence[Want]) -> Choice | int | None:
    """The alternatives that may be met; None where there are not enough of them."""
    if isinstance(choice, int):
        return None if wants[choice].never else choice
    below = [_possible(child, wants) for child in choice.children]
    left = tuple(child for child in below if child is not None)
    return Choice(choice.k, left) if len(left) >= choice.k else None


def _below(choice: Choice | int) -> list[int]:
    if isinstance(choice, int):
        return [choice]
    return [want for child in choice.children for want in _below(child)]


def _picked(choice: Choice | int, free: Collection[int], chosen: Collection[int]) -> list[int]:
    """The wants gone for in all: those that are met freely come first in each group."""
    if isinstance(choice, int):
        return [choice]
    freely = [_open(child, free) is None for child in choice.children]
    if sum(freely) >= choice.k:
        picked = [child for child, is_free in zip(choice.children, freely, strict=True) if is_free]
        return [want for child in picked[: choice.k] for want in _picked(child, free, chosen)]
    return [
        want
        for child, is_free in zip(choice.children, freely, strict=True)
        if is_free or any(below in chosen for below in _below(child))
        for want in _picked(child, free, chosen)
    ]


def _without(want: Want, own: set[int]) -> Want:
    """What is still wanted when these items are given; the want itself where all of it is."""
    if want in (_NEVER, _NOTHING):
        return want
    if not _meets(want):
        return _NEVER
    if _reached(want, own) >= _goal(want):
        return _NOTHING
    if want.rows or not own:
        return want
    amounts = {item: amount for item, amount in want.amounts.items() if item not in own}
    return Want(amounts, want.least - sum(want.amounts[item] for item in own))


def _disputed(problem: Problem) -> set[int]:
    """The items that several wants can use, and that cannot be given to all of them."""
    times = Counter(item for want in problem.wants for item in want.items)
    return {item for item, count in times.items() if count > 1 and problem.weights.get(item) != 0}


def _undisputed(problem: Problem) -> Plan:
    """The best plan where each want can have all that it can use."""
    met = _met(problem.wants)
    _, chosen = _best(problem.choice, met)
    given = {want: tuple(problem.wants[want].items) for want in chosen}
    return Plan(chosen, tuple(want for want in chosen if want in met), given)


def _best(choice: Choice | int, met: Collection[int]) -> tuple[int, tuple[int, ...]]:
    """How many wants are lacking at the least, and those gone for."""
    if isinstance(choice, int):
        return int(choice not in met), (choice,)
    below = [_best(child, met) for child in choice.children]
    order = sorted(range(len(below)), key=lambda number: below[number][0])[: choice.k]
    chosen = [want for number in sorted(order) for want in below[number][1]]
    return sum(below[number][0] for number in order), tuple(chosen)


def _hand_out(problem: Problem, lacking: Iterable[int], given: dict[int, tuple[int, ...]]) -> None:
    """Give what nobody uses to wants that are not met, so that they are nearer to it."""
    used = {item for items in given.values() for item in items}
    for number in lacking:
        want = problem.wants[number]
        unused = [item for item in want.items if item not in used]
        given[number] = _trimmed(want, sorted({*given[number], *unused}))
        used.update(given[number])


# -- one want ----------------------------------------------------------------------------


def _met(wants: Iterable[Want]) -> set[int]:
    return {number for number, want in enumerate(wants) if _meets(want)}


def _meets(want: Want) -> bool:
    return not want.never and _reached(want, want.items) >= _goal(want)


def _goal(want: Want) -> int:
    return want.least + len(want.rows)


def _reached(want: Want, items: Collection[int]) -> int:
    """How far items go towards what is wanted."""
    kept = set(items)
    if want.distinct:
        return matched([[item for item in row if item in kept] for row in want.rows])
    rows = sum(not kept.isdisjoint(row) for row in want.rows)
    return rows + min(want.least, sum(want.amounts.get(item, 0) for item in kept))


def _trimmed(want: Want, items: Iterable[int]) -> tuple[int, ...]:
    """The items without those, the last first, that the others can do without."""
    if want.distinct:
        return _trimmed_apart(want, items)
    kept = set(items)
    spare = sum(want.amounts.get(item, 0) for item in kept) - want.least
    rows = [[item for item in row if item in kept] for row in want.rows]
    held = [len(row) for row in rows]
    standing: dict[int, list[int]] = {item: [] for item in kept}
    for number, row in enumerate(rows):
        for item in row:
            standing[item].append(number)
    for item in sorted(kept, reverse=True):
        amount = want.amounts.get(item, 0)
        places = standing[item]
        if amount <= max(spare, 0) and all(held[number] > 1 for number in places):
            kept.remove(item)
            spare -= amount
            for number in places:
                held[number] -= 1
    return tuple(sorted(kept))


def _trimmed_apart(want: Want, items: Iterable[int]) -> tuple[int, ...]:
    """The same where each row needs another item.

    A row needs no more to choose from than there are rows: one of so many is always left.
    """
    given = set(items)
    rows = [[item for item in row if item in given][: len(want.rows)] for row in want.rows]
    kept = {item for row in rows for item in row}
    reached = matched(rows)
    for item in sorted(kept, reverse=True):
        others = kept - {item}
        if _reached(want, others) == reached:
            kept = others
    return tuple(sorted(kept))
