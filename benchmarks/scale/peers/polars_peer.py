"""The pack in Polars: nulls are unknown, and its `&`, `|` and `~` are those of the rules.

Each list is taken apart into rows, every test is worked out as a column of them, and what is
certain to count and what may is added up by student.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl
from measured import STATUSES, run
from plan import Atom, Plan, Quantity, Side, levels
from render import Renderer

_KINDS: dict[str, Any] = {
    **dict.fromkeys(
        ("hs_diploma", "ged", "bill_due", "conduct_hold", "screened", "immunized"), pl.Boolean
    ),
    **dict.fromkeys(("id", "residency", "campus", "program", "standing", "degree"), pl.String),
    **dict.fromkeys(("born", "admitted", "enrolled", "screened_on"), pl.String),
    **dict.fromkeys(
        ("gpa", "major_gpa", "needed_gpa", "transfer", "work_hours", "volunteer"), pl.Float64
    ),
    **dict.fromkeys(("terms", "math", "english", "income"), pl.Int64),
}
_LISTS: dict[str, dict[str, Any]] = {
    "courses": {
        "dept": pl.String,
        "level": pl.Int64,
        "status": pl.String,
        "grade": pl.String,
        "credits": pl.Float64,
        "ended": pl.String,
    },
    "credentials": dict.fromkeys(("kind", "code", "status", "awarded"), pl.String),
    "ceus": {"topic": pl.String, "hours": pl.Float64, "date": pl.String},
}
_SCHEMA: dict[str, Any] = {
    **_KINDS,
    **{name: pl.List(pl.Struct(of)) for name, of in _LISTS.items()},
}


@dataclass
class _Polars(Renderer[pl.Expr]):
    """Formulas as expressions of three values, so what is possible is not asked apart."""

    sums: dict[str, dict[str, pl.Expr]]

    def all(self, parts: Sequence[pl.Expr]) -> pl.Expr:
        whole = parts[0]
        for part in parts[1:]:
            whole = whole & part
        return whole

    def any(self, parts: Sequence[pl.Expr]) -> pl.Expr:
        whole = parts[0]
        for part in parts[1:]:
            whole = whole | part
        return whole

    def k_of(self, k: int, parts: Sequence[pl.Expr]) -> pl.Expr:
        low = pl.sum_horizontal([part.fill_null(value=False).cast(pl.Int8) for part in parts])
        high = pl.sum_horizontal([part.fill_null(value=True).cast(pl.Int8) for part in parts])
        return _reaches(low, high, k)

    def no(self, part: pl.Expr) -> pl.Expr:
        return ~part

    def reference(self, outcome: str, side: Side) -> pl.Expr:
        return pl.col(_column(outcome, projected=side.projected))

    def atom(self, atom: Atom, possible: Any, *, item: bool) -> pl.Expr:
        value = pl.col(atom.name)
        if atom.operator == "in":
            if isinstance(atom.values[0], bool):
                return value if atom.values[0] else ~value
            met = value.is_in(list(atom.values))
            if not atom.open:
                return met
            return pl.when(~value.is_in(list(atom.open))).then(met)
        operand = pl.col(atom.other) if atom.other is not None else pl.lit(atom.operand)
        match atom.operator:
            case ">=":
                return value >= operand
            case ">":
                return value > operand
            case "<=":
                return value <= operand
            case _:
                return value < operand

    def quantity(self, quantity: Quantity, test: pl.Expr, possible: Any) -> pl.Expr:
        sums = self.sums[quantity.list]
        key = f"{quantity.list}_{len(sums)}"
        may = test.fill_null(value=True)
        certain, most = f"{key}_certain", f"{key}_possible"
        if quantity.summed is None:
            sums[certain], sums[most] = test.sum(), may.sum()
        else:
            number = pl.col(quantity.summed)
            sums[certain] = pl.when(test).then(number).otherwise(0).sum()
            # what is missing may be anything
            sums[most] = pl.when(may).then(number.fill_null(float("inf"))).otherwise(0).sum()
        low, high = (pl.col(name).fill_null(0) for name in (certain, most))
        return pl.when(pl.col(f"has_{quantity.list}")).then(_reaches(low, high, quantity.bound))


def _reaches(low: pl.Expr, high: pl.Expr, bound: Any) -> pl.Expr:
    return pl.when(low >= bound).then(statement=True).when(high < bound).then(statement=False)


def _column(outcome: str, *, projected: bool) -> str:
    return f"{outcome} {'projected' if projected else 'now'}"


@dataclass(frozen=True)
class _Rules:
    levels: list[dict[str, pl.Expr]]
    sums: dict[str, dict[str, pl.Expr]]
    outcomes: list[str]


def prepare(rules: Path) -> _Rules:
    """The expressions of the outcomes, level by level, and the sums that they need."""
    plan = Plan.read(rules)
    writer = _Polars({name: {} for name in _LISTS})
    found = [
        {
            _column(name, projected=when): writer.node(plan.outcomes[name], Side(when, False))
            for name in level
            for when in (False, True)
        }
        for level in levels(plan)
    ]
    return _Rules(found, writer.sums, list(plan.outcomes))


def load(source: Path) -> pl.LazyFrame:
    """The students, by an explicit schema; a Parquet file is not read before it is asked."""
    if source.suffix == ".parquet":
        return pl.scan_parquet(source)
    return pl.read_ndjson(source, schema=_SCHEMA).lazy()


def evaluate(rules: _Rules, students: pl.LazyFrame) -> pl.DataFrame:
    """All students at once."""
    frame = students.drop(*_LISTS)
    for name, sums in rules.sums.items():
        added = (
            students.select("id", name)
            .explode(name)
            .filter(pl.col(name).is_not_null())
            .unnest(name)
            .group_by("id")
            .agg(**sums)
        )
        known = students.select("id", pl.col(name).is_not_null().alias(f"has_{name}"))
        frame = frame.join(known, on="id").join(added, on="id", how="left")
    for level in rules.levels:
        frame = frame.with_columns(**level)
    shown = []
    for outcome in rules.outcomes:
        now, then = (pl.col(_column(outcome, projected=when)) for when in (False, True))
        eligible, on_track, undetermined, not_eligible = map(pl.lit, STATUSES)
        shown.append(
            pl.when(now)
            .then(eligible)
            .when(then)
            .then(on_track)
            .when(~now & ~then)
            .then(not_eligible)
            .otherwise(undetermined)
            .alias(outcome)
        )
    frame = frame.select(pl.col("id").alias("profile"), pl.struct(shown).alias("statuses"))
    return frame.collect(engine="streaming")


def write(found: pl.DataFrame, target: Path) -> None:
    """An object a line."""
    found.write_ndjson(target)


if __name__ == "__main__":
    run(load, prepare, evaluate, write)
