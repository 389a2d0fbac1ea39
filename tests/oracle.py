"""The semantics once more, straight from the plain data of a pack and a profile.

It shares no code with the package and reckons otherwise where it can: sums over every
choice of items, durations over sets of days, assignments over every permutation, and items
that are shared out over every way to do so. Values are
numbers, so that `all` is the lowest, `any` the highest and `not` a change of sign.
"""

from __future__ import annotations

import calendar
import datetime
import functools
import itertools
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

__all__ = ["MET", "UNKNOWN", "UNMET", "evaluate"]

UNMET, UNKNOWN, MET = -1, 0, 1

Values = dict[str, dict[str, int]]
"""The value of every condition, by outcome and path."""

_NONE = object()
"""There is none: a fact declared `complete` that is left out."""
_SUPPLIED = object()
"""What completing an item will supply, whatever it may be."""
_INFINITY = float("inf")
_LABELS = ("title", "source")
_MEASURES = ("has", "count", "sum", "mean", "fraction", "covers", "duration")
_BOUNDS = ("at_least", "more_than", "at_most", "less_than", "is")


def evaluate(
    vocabulary: Mapping[str, Any],
    pack: Mapping[str, Any],
    profile: Mapping[str, Any],
    as_of: datetime.date,
) -> dict[str, Values]:
    """The value of every condition of every outcome, `now` and `projected`."""
    return {
        word: _Oracle(vocabulary, pack, profile, as_of, word == "projected").outcomes()
        for word in ("now", "projected")
    }


# -- days


def _moved(day: datetime.date, duration: Mapping[str, int], sign: int) -> datetime.date:
    """A day so many years and months on, kept within the month, then weeks and days."""
    months = day.year * 12 + day.month - 1
    months += sign * (12 * duration.get("years", 0) + duration.get("months", 0))
    year, month = divmod(months, 12)
    if not datetime.MINYEAR <= year <= datetime.MAXYEAR:
        return datetime.date.max if sign > 0 else datetime.date.min
    last = calendar.monthrange(year, month + 1)[1]
    moved = datetime.date(year, month + 1, min(day.day, last)).toordinal()
    moved += sign * (7 * duration.get("weeks", 0) + duration.get("days", 0))
    return datetime.date.fromordinal(max(1, min(moved, datetime.date.max.toordinal())))


def _anniversary(day: datetime.date, months: int) -> datetime.date:
    """The same day of a later month, or the first after it where the month is too short."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    try:
        return datetime.date(year, month + 1, day.day)
    except ValueError:
        return datetime.date(year + (month + 1) // 12, (month + 1) % 12 + 1, 1)


def _units(start: datetime.date, end: datetime.date, unit: str) -> int:
    if unit == "days":
        return max(0, (end - start).days)
    months = 0
    while _anniversary(start, months + 1) <= end:
        months += 1
    return months // 12 if unit == "years" else months


def _total_units(days: set[int], unit: str) -> int:
    """Units over a set of days: each unbroken run counts its whole months."""
    if unit == "days":
        return len(days)
    months = 0
    for first in (day for day in days if day - 1 not in days):
        end = first
        while end in days:
            end += 1
        start, stop = datetime.date.fromordinal(first), datetime.date.fromordinal(end)
        months += _units(start, stop, "months")
    return months // 12 if unit == "years" else months


def _interval(text: str) -> tuple[datetime.date, datetime.date]:
    """The first and the last day that a date, perhaps a partial one, may be."""
    year, month, day = (int(part) for part in (text + "-0-0").split("-")[:3])
    if day:
        return (datetime.date(year, month, day),) * 2
    last = 31 if not month else calendar.monthrange(year, month)[1]
    return datetime.date(year, month or 1, 1), datetime.date(year, month or 12, last)


def _overlap(one: tuple[Any, Any], other: tuple[Any, Any]) -> bool:
    return bool(one[0] <= other[1] and other[0] <= one[1])


# -- connectives and comparisons


def _kth(k: int, values: Iterable[int]) -> int:
    """At least k: the k-th highest value."""
    ordered = sorted(values, reverse=True)
    if k <= 0:
        return MET
    return ordered[k - 1] if k <= len(ordered) else UNMET


def _common(values: Iterable[int]) -> int:
    """The value that all have, UNKNOWN when they differ."""
    different = set(values)
    return different.pop() if len(different) == 1 else UNKNOWN


def _truth(holds: bool) -> int:
    return MET if holds else UNMET


_ORDER: dict[str, Callable[[Any, Any], bool]] = {
    "at_least": lambda left, right: left >= right,
    "more_than": lambda left, right: left > right,
    "at_most": lambda left, right: left <= right,
    "less_than": lambda left, right: left < right,
}
_ORDER |= {
    "on_or_after": _ORDER["at_least"],
    "after": _ORDER["more_than"],
    "on_or_before": _ORDER["at_most"],
    "before": _ORDER["less_than"],
}


def _ordered(operator: str, left: tuple[Any, Any], right: tuple[Any, Any]) -> int:
    """An ordering between intervals: it holds at every corner, at none, or nobody knows."""
    return _common(_truth(_ORDER[operator](one, other)) for one in left for other in right)


def _bounded(operator: str, band: tuple[Any, Any], bound: Any) -> int:
    if operator != "is":
        return _ordered(operator, band, (bound, bound))
    if not _overlap(band, (bound, bound)):
        return UNMET
    return MET if band[0] == band[1] else UNKNOWN


def _like(text: str, pattern: str) -> bool:
    if not pattern:
        return not text
    if pattern[0] == "*":
        return _like(text, pattern[1:]) or (bool(text) and _like(text[1:], pattern))
    return bool(text) and pattern[0] in ("?", text[0]) and _like(text[1:], pattern[1:])


@dataclass(frozen=True)
class _Here:
    """An item with the list it is of; `assumed` where it is taken to be completed well."""

    of: Mapping[str, Any]
    item: Mapping[str, Any]
    assumed: bool
    outer: _Here | None


class _Oracle:
    def __init__(
        self,
        vocabulary: Mapping[str, Any],
        pack: Mapping[str, Any],
        profile: Mapping[str, Any],
        as_of: datetime.date,
        projected: bool,
    ) -> None:
        self.facts = vocabulary["facts"]
        self.scales = vocabulary.get("scales", {})
        self.define = pack.get("define", {})
        self.pack = pack
        self.profile = profile
        self.as_of = as_of
        self.projected = projected
        self.found: Values = {}
        self.roots: dict[str, int] = {}

    def outcomes(self) -> Values:
        for name in self.pack["outcomes"]:
            self.outcome(name)
        return self.found

    def outcome(self, name: str) -> int:
        if name in self.found:
            return self.roots[name]
        outcome = self.pack["outcomes"][name]
        values: dict[str, int] = {}
        root: int | None = None
        if "versions" in outcome:
            root = self.versions(outcome, values)
        elif "requires" in outcome:
            root = self.condition(outcome["requires"], "requires", values)
        if outcome.get("confidence") == "unverified":
            values["confidence"] = UNKNOWN
            if root is None:
                root = UNKNOWN
            else:
                root = values["outcome"] = min(root, UNKNOWN)
        assert root is not None
        self.found[name], self.roots[name] = values, root
        return root

    def versions(self, outcome: Mapping[str, Any], values: dict[str, int]) -> int:
        """Whichever version holds on the key date; days that none covers are UNKNOWN."""
        key = outcome.get("version_by", "as_of")
        branches = []

        def dated(path: str, operator: str, day: datetime.date) -> int:
            values[path] = self.compared(key, operator, day)
            return values[path]

        versions = outcome["versions"]
        for index, version in enumerate(versions):
            path = f"versions/{index}"
            parts = [self.condition(version["requires"], f"{path}/requires", values)]
            if "from" in version:
                parts.append(dated(f"{path}/from", "on_or_after", version["from"]))
            if "until" in version:
                parts.append(dated(f"{path}/until", "on_or_before", version["until"]))
            values[path] = min(parts)
            branches.append(path)
        uncovered = []
        if "from" in versions[0]:
            dated("versions/before/until", "before", versions[0]["from"])
            uncovered.append(("versions/before", "until"))
        if "until" in versions[-1]:
            dated("versions/after/from", "after", versions[-1]["until"])
            uncovered.append(("versions/after", "from"))
        if self.facts.get(key, {}).get("complete"):
            absent = self.comparison("exists", self.fact(key), False, self.facts[key])
            values["versions/none/exists"] = absent
            uncovered.append(("versions/none", "exists"))
        for path, word in uncovered:
            values[f"{path}/requires"] = UNKNOWN
            values[path] = min(values[f"{path}/{word}"], UNKNOWN)
            branches.append(path)
        values["versions"] = max(values[path] for path in branches)
        return values["versions"]

    # -- conditions

    def condition(self, data: Any, path: str, values: dict[str, int]) -> int:
        if data == "nothing":
            values[path] = MET
            return MET
        if "share" in data:
            values[path] = self.shared(data)
            return values[path]
        keys = [key for key in data if key not in _LABELS]
        if "of" in keys:
            keys = [key for key in keys if key not in ("at_least", "at_most")]
        if len(keys) == 1:
            return self.part(data, keys[0], path, path, values)
        values[path] = min(self.part(data, key, path, f"{path}/{key}", values) for key in keys)
        return values[path]

    def part(
        self, data: Mapping[str, Any], key: str, base: str, own: str, values: dict[str, int]
    ) -> int:
        """One key of a condition: `own` is its path, its children's paths start at `base`."""
        body = data[key]

        def children() -> list[int]:
            return [
                self.condition(child, f"{base}/{key}/{index}", values)
                for index, child in enumerate(body)
            ]

        if key == "all":
            value = min(children())
        elif key == "any":
            value = max(children())
        elif key == "none":
            value = -max(children())
        elif key == "of" and "at_least" in data:
            value = _kth(data["at_least"], children())
        elif key == "of":
            value = -_kth(data["at_most"] + 1, children())
        elif key == "not":
            value = -self.condition(body, f"{own}/not", values)
        elif key == "outcome":
            value = self.outcome(body)
        elif key == "judgement":
            decided = (self.profile.get("judgements") or {}).get(body["id"])
            value = UNKNOWN if decided is None else _truth(decided)
        elif key in self.define:
            return self.defined(key, body, base, own, values)
        else:
            return self.about(key, body, key, base, own, values)
        values[own] = value
        return value

    def defined(self, name: str, wanted: Any, base: str, own: str, values: dict[str, int]) -> int:
        body = self.define[name]
        path = f"{base}/{name}"
        if isinstance(wanted, Mapping):  # a quantity with its bounds
            ((about, measure),) = ((k, v) for k, v in body.items() if k not in _LABELS)
            return self.about(about, {**measure, **wanted}, name, base, own, values)
        if wanted:
            return self.condition(body, path, values)
        values[path] = -self.condition(body, f"{path}/not", values)
        return values[path]

    def about(
        self, name: str, body: Any, word: str, base: str, own: str, values: dict[str, int]
    ) -> int:
        """What is asked of a fact: one value, or one for each operator."""
        if self.facts[name]["type"] == "list":
            found = self.quantified(self.facts[name], self.items(self.facts[name], name), body)
        elif not isinstance(body, Mapping):
            found = {"is": self.compared(name, "is", body)}
        else:
            unit = body.get("completed")
            found = {
                operator: self.compared(name, operator, operand, unit)
                for operator, operand in body.items()
                if operator != "completed"
            }
        if len(found) > 1:
            values |= {f"{base}/{word}/{key}": value for key, value in found.items()}
        values[own] = min(found.values())
        return values[own]

    def compared(self, name: str, operator: str, operand: Any, unit: str | None = None) -> int:
        if name == "as_of":
            declared: Mapping[str, Any] = {"type": "date"}
        else:
            declared = self.facts[name]
        left = self.fact(name)
        if unit is None:
            return self.comparison(operator, left, self.operand(operand, declared), declared)
        number = {"type": "integer"}
        right = self.operand(operand, number)
        if left is None or left is _NONE:
            return self.comparison(operator, left, right, number)
        first, last = left
        days = (first + datetime.timedelta(days=day) for day in range((last - first).days + 1))
        counts = {_units(day, self.as_of, unit) for day in days}
        return _common(self.comparison(operator, Fraction(c), right, number) for c in counts)

    # -- items that are shared out

    def shared(self, data: Mapping[str, Any]) -> int:
        """The best that comes of any way to give items to the quantifiers below."""
        needs: list[tuple[str, Mapping[str, Any]]] = []
        tree = self.gathered(data, needs)
        of = self.facts[needs[0][0]]
        items, complete = self.items(of, needs[0][0])
        numbers = range(len(items))

        @functools.cache
        def valued(need: int, given: tuple[int, ...]) -> int:
            chosen = [items[number] for number in given]
            return min(self.quantified(of, (chosen, complete), needs[need][1]).values())

        every = range(len(needs))
        ways = [(), *((need,) for need in every)]
        if data["share"] != "none":
            ways = [way for k in range(len(needs) + 1) for way in itertools.combinations(every, k)]
        best = UNMET
        for uses in itertools.product(ways, repeat=len(items)):
            found = [
                valued(need, tuple(number for number in numbers if need in uses[number]))
                for need in every
            ]
            best = max(best, min(self.chosen(tree, found), self.shares(data, of, items, uses)))
        return best

    def gathered(self, data: Mapping[str, Any], needs: list[tuple[str, Mapping[str, Any]]]) -> Any:
        """A group as (k, children) and a quantifier as its number."""
        for word in ("all", "any", "of"):
            if word in data:
                below = [self.gathered(child, needs) for child in data[word]]
                k = {"all": len(below), "any": 1}.get(word) or data["at_least"]
                return k, below
        ((name, body),) = ((key, body) for key, body in data.items() if key not in _LABELS)
        needs.append((name, body))
        return len(needs) - 1

    def chosen(self, tree: Any, found: Sequence[int]) -> int:
        if isinstance(tree, int):
            return found[tree]
        return _kth(tree[0], [self.chosen(child, found) for child in tree[1]])

    def shares(
        self,
        data: Mapping[str, Any],
        of: Mapping[str, Any],
        items: Sequence[Mapping[str, Any]],
        uses: Sequence[tuple[int, ...]],
    ) -> int:
        """Whether what is used more than once stays within what may be."""
        if data["share"] == "none":
            return MET
        ((name, most),) = data["share"].items()
        declared = of["attributes"][name]
        low = high = Fraction(0)
        for item, used in zip(items, uses, strict=True):
            further = max(0, len(used) - 1)
            number = self.stated(item, name, declared)
            if not further or number is _NONE:
                continue
            least = Fraction(str(declared["minimum"])) if number is None else number
            low += further * least
            most_of_it = declared.get("maximum", _INFINITY) if number is None else number
            high += further * most_of_it
        allowed = Fraction(str(most))
        return MET if high <= allowed else UNMET if low > allowed else UNKNOWN

    # -- values

    def fact(self, name: str) -> Any:
        if name == "as_of":
            return (self.as_of, self.as_of)
        return self.stated(self.profile, name, self.facts[name])

    def stated(self, holder: Mapping[str, Any], name: str, declared: Mapping[str, Any]) -> Any:
        value = holder.get(name)
        if value is not None:
            return self.typed(value, declared)
        if declared.get("complete") and name not in holder:
            return False if declared["type"] == "boolean" else _NONE
        return None

    def typed(self, value: Any, declared: Mapping[str, Any]) -> Any:
        kind = declared["type"]
        if kind == "date" and isinstance(value, datetime.date):
            return (value, value)
        if kind == "date":
            return _interval(value)
        if kind in ("integer", "number"):
            return Fraction(str(value))
        return value

    def operand(self, operand: Any, declared: Mapping[str, Any], here: _Here | None = None) -> Any:
        """What stands behind an operator; None where it is not known."""
        if isinstance(operand, list):
            return [self.typed(one, declared) for one in operand]
        if not isinstance(operand, Mapping):
            return operand if isinstance(operand, bool) else self.typed(operand, declared)
        if "fact" in operand:
            value = self.fact(operand["fact"])
        elif "item" in operand or "outer" in operand:
            assert here is not None
            holder = here if "item" in operand else here.outer
            assert holder is not None
            value = self.attribute(holder, operand.get("item") or operand["outer"])
        else:  # a duration before the as-of date
            return (_moved(self.as_of, operand, -1), self.as_of)
        step = operand.get("plus", operand.get("minus"))
        sign = 1 if "plus" in operand else -1
        if step is None or value is None or value is _NONE or value is _SUPPLIED:
            return value
        if isinstance(step, Mapping):
            return tuple(_moved(day, step, sign) for day in value)
        return value + sign * Fraction(str(step))

    def comparison(self, operator: str, left: Any, right: Any, declared: Mapping[str, Any]) -> int:
        if left is None or right is None:
            return UNKNOWN
        if operator == "exists":
            return _truth((left is not _NONE) == right)
        if left is _NONE or right is _NONE:
            return _truth(operator in ("is_not", "none_of"))
        if operator in ("is_not", "none_of"):
            positive = "is" if operator == "is_not" else "one_of"
            return -self.comparison(positive, left, right, declared)
        if operator == "one_of":
            return _truth(left in right)
        if operator == "includes":
            return _truth(right in left)
        if operator == "matches":
            return _truth(_like(left, right))
        if declared["type"] == "date":
            return self.between_days(operator, left, right)
        if operator == "is":
            return _truth(left == right)
        if declared["type"] in self.scales:
            return self.ranked(operator, left, right, self.scales[declared["type"]])
        return _truth(_ORDER[operator](left, right))

    def between_days(self, operator: str, left: Any, right: Any) -> int:
        if operator == "within":
            inside = right[0] <= left[0] and left[1] <= right[1]
            return MET if inside else UNKNOWN if _overlap(left, right) else UNMET
        if operator == "is":
            known = left[0] == left[1] and right[0] == right[1]
            return UNMET if not _overlap(left, right) else MET if known else UNKNOWN
        return _ordered(operator, left, right)

    def ranked(self, operator: str, left: str, right: str, scale: Mapping[str, Any]) -> int:
        ranks = []
        for value in (left, right):
            beside = scale.get("off_scale", {}).get(value)
            ranks.append(beside["counts_as"] if beside else value)
        if "nothing" in ranks:
            return UNMET
        if "unknown" in ranks:
            return UNKNOWN
        one, other = (scale["order"].index(rank) for rank in ranks)
        return _truth(_ORDER[operator](one, other))

    # -- lists

    def items(
        self, declared: Mapping[str, Any], name: str, holder: Mapping[str, Any] | None = None
    ) -> tuple[Sequence[Mapping[str, Any]], bool]:
        """The items, and whether they are all there is."""
        holder = self.profile if holder is None else holder
        value = holder.get(name)
        if value is None:
            return (), bool(declared.get("complete")) and name not in holder
        if isinstance(value, Mapping):
            return value["items"], value.get("complete", True)
        return value, True

    def quantified(
        self,
        of: Mapping[str, Any],
        items: tuple[Sequence[Mapping[str, Any]], bool],
        body: Mapping[str, Any],
        outer: _Here | None = None,
    ) -> dict[str, int]:
        """The value of a quantifier, for each of its bounds."""
        word = next(key for key in body if key in _MEASURES)
        where = [body["where"]] if "where" in body else []
        if word in ("has", "count"):
            where.append(body[word])
        stated, complete = items

        def counting(*more: Mapping[str, Any]) -> list[int]:
            every = self.names_state(of, where)
            return [self.counted(of, item, [*where, *more], every, outer) for item in stated]

        if word == "has":
            return {word: max([*counting(), UNMET if complete else UNKNOWN])}
        if word == "covers":
            return {word: self.covered(of, body, counting, complete)}
        found = {}
        for operator in (key for key in body if key in _BOUNDS):
            bound = self.operand(body[operator], {"type": "number"})
            if word == "fraction":
                fractions = self.fractions(of, body, stated, where, outer) if complete else None
                found[operator] = UNKNOWN
                if fractions is not None and bound is not None:
                    absent = bound is _NONE
                    found[operator] = UNMET if absent else _bounded(operator, fractions, bound)
                continue
            counted = list(zip(stated, counting(), strict=True))
            found[operator] = self.bound(word, operator, bound, of, body, counted, complete)
        return found

    def bound(
        self,
        word: str,
        operator: str,
        bound: Any,
        of: Mapping[str, Any],
        body: Mapping[str, Any],
        counted: list[tuple[Mapping[str, Any], int]],
        complete: bool,
    ) -> int:
        if bound is None:
            return UNKNOWN
        if word == "count":
            values = [value for _, value in counted]
            return UNMET if bound is _NONE else self.number(operator, bound, values, complete)
        band = self.band(word, of, body, counted, complete)
        if band is None:
            return UNKNOWN
        return UNMET if bound is _NONE else _bounded(operator, band, bound)

    def number(self, operator: str, bound: Fraction, counts: list[int], complete: bool) -> int:
        """A bound on a count, all by the k-th highest value."""

        def reaches(k: int) -> int:
            value = _kth(k, counts)
            return value if complete else max(value, UNKNOWN)

        least, above = -(-bound // 1), bound // 1 + 1  # the counts not below it, and beyond it
        match operator:
            case "at_least":
                return reaches(least)
            case "more_than":
                return reaches(above)
            case "at_most":
                return -reaches(above)
            case "less_than":
                return -reaches(least)
        return min(reaches(least), -reaches(above))

    def band(
        self,
        word: str,
        of: Mapping[str, Any],
        body: Mapping[str, Any],
        counted: list[tuple[Mapping[str, Any], int]],
        complete: bool,
    ) -> tuple[Any, Any] | None:
        """The least and the most that a measure may come to; None where nobody can tell."""
        counted = [(item, value) for item, value in counted if value != UNMET]
        if word == "sum":
            return self.sums(of["attributes"][body["sum"]], body["sum"], counted, complete)
        if word == "mean":
            mean = self.mean(of["attributes"], body, counted) if complete else None
            return None if mean is None else (mean, mean)
        return self.lasting(of, body["duration"], counted, complete)

    def sums(
        self,
        declared: Mapping[str, Any],
        name: str,
        counted: list[tuple[Mapping[str, Any], int]],
        complete: bool,
    ) -> tuple[Any, Any]:
        """The lowest and highest of all sums: every choice of items, at every extreme."""
        anything = [
            Fraction(str(declared["minimum"])) if "minimum" in declared else -_INFINITY,
            Fraction(str(declared["maximum"])) if "maximum" in declared else _INFINITY,
        ]
        choices: list[list[Any]] = []
        for item, value in counted:
            number = self.stated(item, name, declared)
            known = [0] if number is _NONE else anything if number is None else [number]
            choices.append([*known, 0] if value == UNKNOWN else known)
        if not complete:  # any number of further items
            choices.append([0, *(extreme * _INFINITY for extreme in anything if extreme != 0)])
        totals = []
        for chosen in itertools.product(*choices):
            if {_INFINITY, -_INFINITY} <= set(chosen):
                totals += [_INFINITY, -_INFINITY]
            else:
                totals.append(sum(chosen))
        return min(totals), max(totals)

    def mean(
        self,
        attributes: Mapping[str, Any],
        body: Mapping[str, Any],
        counted: list[tuple[Mapping[str, Any], int]],
    ) -> Fraction | None:
        name, weight = body["mean"], body.get("weight")
        total = weights = Fraction(0)
        for item, value in counted:
            number = self.brought(item, name, attributes[name])
            weighs: Any = Fraction(1)
            if weight is not None:
                weighs = self.stated(item, weight, attributes[weight])
            if _NONE in (number, weighs) or weighs == 0:
                continue  # does not matter
            if value == UNKNOWN or number is None or weighs is None:
                return None
            total += number * weighs
            weights += weighs
        return total / weights if weights else None

    def fractions(
        self,
        of: Mapping[str, Any],
        body: Mapping[str, Any],
        items: Sequence[Mapping[str, Any]],
        where: Sequence[Mapping[str, Any]],
        outer: _Here | None,
    ) -> tuple[Any, Any]:
        """The lowest and the highest of all fractions: every choice of items, at every extreme."""
        both = [*where, body["fraction"]]
        every = self.names_state(of, both)
        choices: list[list[tuple[Any, Any]]] = []
        for item in items:
            counts = self.counted(of, item, where, every, outer)
            belongs = self.counted(of, item, both, every, outer)
            if counts == UNMET:
                continue
            weights = self.weights(of["attributes"], body.get("weight"), item)
            places: list[tuple[Any, Any]] = []
            places += [(weight, 0) for weight in weights if belongs != UNMET]
            places += [(0, weight) for weight in weights if belongs != MET]
            choices.append([*places, (0, 0)] if counts == UNKNOWN else places)
        found = []
        for chosen in itertools.product(*choices):
            one, other = sum(part for part, _ in chosen), sum(rest for _, rest in chosen)
            if one + other == 0:
                found.append(Fraction(0))
            elif other != _INFINITY:
                found.append(Fraction(1) if one == _INFINITY else Fraction(one) / (one + other))
            elif one != _INFINITY:
                found.append(Fraction(0))
        return min(found), max(found)

    def weights(
        self, attributes: Mapping[str, Any], name: str | None, item: Mapping[str, Any]
    ) -> list[Any]:
        """What an item may weigh, at the extremes."""
        if name is None:
            return [1]
        declared = attributes[name]
        weight = self.stated(item, name, declared)
        if weight is None:
            most = Fraction(str(declared["maximum"])) if "maximum" in declared else _INFINITY
            return [Fraction(str(declared["minimum"])), most]
        return [0 if weight is _NONE else weight]

    def brought(self, item: Mapping[str, Any], name: str, declared: Mapping[str, Any]) -> Any:
        """What an item brings to a mean: a number, nothing, or None when that is unknown."""
        value = self.stated(item, name, declared)
        if value is None or value is _NONE or declared["type"] not in self.scales:
            return value
        scale = self.scales[declared["type"]]
        points = scale.get("points", {}).get(value)
        if points is not None:
            return Fraction(str(points))
        beside = scale.get("off_scale", {}).get(value, {})
        return None if beside.get("counts_as") == "unknown" else _NONE

    def lasting(
        self,
        of: Mapping[str, Any],
        unit: str,
        counted: list[tuple[Mapping[str, Any], int]],
        complete: bool,
    ) -> tuple[Any, Any]:
        """Days that certainly and days that possibly belong to an item, counted in units."""
        interval, attributes = of["interval"], of["attributes"]
        certain: set[int] = set()
        possible: set[int] = set()
        endless = not complete
        today = self.as_of.toordinal()
        for item, value in counted:
            start = self.stated(item, interval["from"], attributes[interval["from"]])
            end = self.stated(item, interval["until"], attributes[interval["until"]])
            end = end or (self.as_of, self.as_of)
            if start is None:
                endless = True
                continue
            (early, late), (soon, final) = (
                [day.toordinal() for day in days] for days in (start, end)
            )
            if value == MET:
                certain.update(range(late, min(soon, today) + 1))
            possible.update(range(early, min(final, today) + 1))
        least = _total_units(certain, unit)
        return least, _INFINITY if endless else _total_units(possible, unit)

    def covered(
        self,
        of: Mapping[str, Any],
        body: Mapping[str, Any],
        counting: Callable[..., list[int]],
        complete: bool,
    ) -> int:
        ((name, wanted),) = body["covers"].items()
        operator = "includes" if of["attributes"][name].get("many") else "is"
        rows = [counting({name: {operator: value}}) for value in wanted]
        unseen = UNMET if complete else UNKNOWN
        if not body.get("distinct"):
            return min(max([*row, unseen]) for row in rows)
        rows = [row + [unseen] * len(rows) for row in rows]
        return max(
            min(row[place] for row, place in zip(rows, places, strict=True))
            for places in itertools.permutations(range(len(rows[0])), len(rows))
        )

    # -- one item

    def names_state(self, of: Mapping[str, Any], tests: Iterable[Mapping[str, Any]]) -> bool:
        state = of.get("state", {}).get("attribute")

        def names(test: Mapping[str, Any]) -> bool:
            for key, body in test.items():
                if key in ("all", "any", "none", "of"):
                    if any(names(one) for one in body):
                        return True
                elif key == "not":
                    if names(body):
                        return True
                elif key == state or (key in self.define and names(self.define[key]["where"])):
                    return True
            return False

        return state is not None and any(names(test) for test in tests)

    def counted(
        self,
        of: Mapping[str, Any],
        item: Mapping[str, Any],
        tests: Sequence[Mapping[str, Any]],
        every_state: bool,
        outer: _Here | None,
    ) -> int:
        """Whether an item counts: its state and its day, and the tests it must pass."""
        states: Mapping[str, Any] = of.get("state", {})

        def passed(one: Mapping[str, Any], assumed: bool = False) -> int:
            here = _Here(of, one, assumed, outer)
            return min([self.passes(test, here, False) for test in tests], default=MET)

        def valued(one: Mapping[str, Any], state: str) -> int:
            if state in states["finished"]:
                return min(self.happened(of, item), passed(one))
            if every_state:
                return passed(one)
            in_progress = state in states.get("in_progress", ())
            return passed(one, True) if in_progress and self.projected else UNMET

        if not states:
            return min(self.happened(of, item), passed(item))
        name = states["attribute"]
        if item.get(name) is not None:
            return valued(item, item[name])
        return _common(valued({**item, name: s}, s) for s in of["attributes"][name]["values"])

    def happened(self, of: Mapping[str, Any], item: Mapping[str, Any]) -> int:
        name = of.get("dated_by") or of.get("interval", {}).get("from")
        if name is None:
            return MET
        day = self.attribute(_Here(of, item, False, None), name)
        return UNKNOWN if day is None else _ordered("on_or_before", day, (self.as_of, self.as_of))

    def attribute(self, here: _Here, name: str) -> Any:
        supplied = here.of.get("completing_supplies", {}).get(name) if here.assumed else None
        if supplied == "as_of":
            return (self.as_of, self.as_of)
        if supplied is not None:
            return _SUPPLIED
        value = self.stated(here.item, name, here.of["attributes"][name])
        if value is None and name == here.of.get("interval", {}).get("until"):
            return (self.as_of, self.as_of)
        return value

    def passes(self, test: Mapping[str, Any], here: _Here, negated: bool) -> int:
        """A test of an item; a negation is carried down to the comparisons."""
        parts = [
            self.item_part(test, key, here, negated)
            for key in test
            if not ("of" in test and key in ("at_least", "at_most"))
        ]
        return max(parts, default=UNMET) if negated else min(parts, default=MET)

    def item_part(self, test: Mapping[str, Any], key: str, here: _Here, negated: bool) -> int:
        body = test[key]
        attributes = here.of["attributes"]

        def below(turned: bool) -> list[int]:
            return [self.passes(one, here, turned) for one in body]

        if key == "all":
            return max(below(True)) if negated else min(below(False))
        if key == "any":
            return min(below(True)) if negated else max(below(False))
        if key == "none":
            return max(below(False)) if negated else min(below(True))
        if key == "not":
            return self.passes(body, here, not negated)
        if key == "of":
            return self.threshold(test, len(body), below, negated)
        if key == "holds_on":
            first, last = here.of["interval"]["from"], here.of["interval"]["until"]
            found = [
                self.item_comparison(first, "on_or_before", body, here, negated),
                self.item_comparison(last, "on_or_after", body, here, negated),
            ]
        elif key in self.define and key not in attributes:
            return self.passes(self.define[key]["where"], here, negated == body)
        elif attributes[key]["type"] == "list":
            items = self.items(attributes[key], key, here.item)
            values = self.quantified(attributes[key], items, body, here).values()
            found = [-value if negated else value for value in values]
        else:
            operators = body if isinstance(body, Mapping) else {"is": body}
            found = [
                self.item_comparison(key, operator, operand, here, negated)
                for operator, operand in operators.items()
            ]
        return max(found) if negated else min(found)

    def threshold(
        self, test: Mapping[str, Any], count: int, below: Callable[[bool], list[int]], negated: bool
    ) -> int:
        """At least k; at most k is that enough of the others do not hold."""
        if ("at_least" in test) is not negated:
            least = test["at_least"] if "at_least" in test else test["at_most"] + 1
            return _kth(least, below(False))
        most = test["at_most"] if "at_most" in test else test["at_least"] - 1
        return _kth(count - most, below(True))

    def item_comparison(
        self, name: str, operator: str, operand: Any, here: _Here, negated: bool
    ) -> int:
        declared = here.of["attributes"][name]
        left = self.attribute(here, name)
        right = self.operand(operand, declared, here)
        if right is _SUPPLIED:
            return MET
        if left is _SUPPLIED:
            return self.completed_well(name, operator, right, here, negated)
        supplied = here.assumed and here.of.get("completing_supplies", {}).get(name) == "as_of"
        if operator == "exists" and here.item.get(name) is None and not supplied:
            # an open end is as good as the as-of date, but it is not stated
            left = self.stated(here.item, name, declared)
        value = self.comparison(operator, left, right, declared)
        return -value if negated else value

    def completed_well(
        self, name: str, operator: str, right: Any, here: _Here, negated: bool
    ) -> int:
        """Met when some value of an item completed well satisfies the comparison."""
        well = here.of["completing_supplies"][name]
        if well == "any":
            return MET
        declared = here.of["attributes"][name]
        if declared["type"] in self.scales:
            scale = self.scales[declared["type"]]
            values = [*scale["order"], *scale.get("off_scale", {})]
        else:
            values = declared["values"]
        ((test, wanted),) = well.items()
        good = [one for one in values if self.comparison(test, one, wanted, declared) == MET]
        many = declared.get("many")
        found = [self.comparison(operator, [one] if many else one, right, declared) for one in good]
        return max(-value if negated else value for value in found)
