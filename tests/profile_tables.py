"""Generated profiles as tables: nested Parquet, or a Parquet file for each list."""

from __future__ import annotations

import copy
import datetime
from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from hypothesis import strategies as st
from strategies import Choose, Question, judgements_of, places, yaml_text

__all__ = ["Tabled", "tabled"]

Data = dict[str, Any]

_ID, _NUMBER, _AROUND = "student", "number", "of_number"

_TYPES: dict[str, tuple[pa.DataType, ...]] = {
    "boolean": (pa.bool_(),),
    "integer": (pa.int64(), pa.int8(), pa.decimal128(6, 0), pa.float64()),
    "number": (pa.decimal128(9, 3), pa.float64(), pa.float32(), pa.decimal128(4, 1)),
}
_IDS = (("a", "b", "Zoë", "10", "9", "A b", "", "a\u00a0b"), (3, 10, 9, -1, 0, 7, 8, 12))
"""Ids of students, and of one who is nobody."""

_ODD = ("value", "many", "item", "twice", "nobody", "without")
_MANY = 130
"""More items than are added up."""


@dataclass
class Tabled:
    """Profiles that state what the tables have columns for, and these tables.

    A table is its columns' types and its rows; that of the students comes first. `lists` is
    what the mapping says of lists with tables of their own.
    """

    profiles: list[Data]
    judgements: list[str]
    lists: dict[str, Data] = field(default_factory=dict)
    tables: dict[str, tuple[dict[str, pa.DataType], list[Data]]] = field(default_factory=dict)

    def __repr__(self) -> str:
        told = {name: ({k: str(t) for k, t in one[0].items()}, one[1]) for name, one in
                self.tables.items()}  # fmt: skip
        return f"Tabled(profiles={self.profiles}, lists={self.lists}, tables={told})"

    def write(self, folder: Path) -> tuple[str, str]:
        """Write the tables: the source, and the mapping that goes with it."""
        for name, (kinds, rows) in self.tables.items():
            columns = [
                pa.array([_cell(row.get(column), kind) for row in rows], kind)
                for column, kind in kinds.items()
            ]
            pq.write_table(pa.table(columns, [*kinds]), folder / f"{name}.parquet")
        alone = len(self.tables) == 1
        mapping: Data = {"students": {"id": _ID}, "lists": self.lists}
        mapping["judgements"] = {name: name for name in self.judgements}
        file = folder.parent / "mapping.yaml"
        file.write_text(yaml_text(mapping), encoding="utf-8")
        return str(folder / "students.parquet" if alone else folder), str(file)


def _cell(value: Any, kind: pa.DataType) -> Any:
    """A value of a profile as one of a column."""
    if value is None:
        return None
    if pa.types.is_list(kind):
        return [_cell(one, kind.value_type) for one in value]
    if pa.types.is_struct(kind):
        return {one.name: _cell(value.get(one.name), one.type) for one in kind}
    if pa.types.is_floating(kind):
        return float(value)
    if pa.types.is_decimal(kind):
        return Decimal(value)
    return datetime.date.fromisoformat(value) if pa.types.is_date(kind) else value


@st.composite
def tabled(draw: st.DrawFn, question: Question) -> Tabled:
    """The profiles of a question in tables, with some students who are odd."""
    return _Tabling(Choose(draw), question).tabled()


class _Tabling:
    def __init__(self, choose: Choose, question: Question) -> None:
        self.choose = choose
        self.facts: Data = question.vocabulary["facts"]
        self.profiles = copy.deepcopy(question.profiles)
        self.made = Tabled(self.profiles, judgements_of(question.pack))
        self.ids = choose.one(_IDS)

    def tabled(self) -> Tabled:
        choose, profiles, made = self.choose, self.profiles, self.made
        for one, name in zip(profiles, choose.some(self.ids[:-1], len(profiles), 99), strict=False):
            one["id"] = name
        odd = [one for one in _ODD if choose.chance(12)]
        for what in odd:
            self.spoil(choose.one(profiles), what)
        for one in profiles:
            one.setdefault("judgements", {})
        made.judgements = [
            n for n in made.judgements if any(n in p["judgements"] for p in profiles)
        ]
        for one in profiles:
            one["judgements"] = {name: one["judgements"].get(name) for name in made.judgements}
        apart = [name for name, one in self.facts.items() if one["type"] == "list"]
        apart = [name for name in apart if choose.chance(40)]
        kinds = {_ID: self.id_kind()}
        made.tables["students"] = (kinds, [])
        kinds |= self.columns(self.facts, profiles, apart)
        kinds |= dict.fromkeys(made.judgements, pa.bool_())
        made.tables["students"][1].extend(
            {**one, **one["judgements"], _ID: one["id"]} for one in profiles
        )
        if "nobody" in odd:
            for name in list(made.tables)[1:]:
                made.tables[name][1].append({_ID: self.ids[-1], _NUMBER: 0})
        return made

    def id_kind(self) -> pa.DataType:
        return pa.string() if isinstance(self.ids[0], str) else self.choose.one(_INTEGERS)

    def spoil(self, profile: Data, what: str) -> None:
        """Make a student odd: one who is refused, or whom the columns cannot tell."""
        choose = self.choose
        if what == "twice":
            choose.one(self.profiles)["id"] = profile["id"]
        if what == "without":
            profile["id"] = None
        blanks = list(places(profile, self.facts))
        if what == "value":
            wrong = [(one, value) for one in blanks if (value := _wrong(one.declared)) is not None]
            if wrong:
                blank, value = choose.one(wrong)
                blank.holder[blank.name] = value
        if what in ("many", "item"):
            lists = [one for one in blanks if one.declared["type"] == "list"]
            if lists:
                blank = choose.one(lists)
                items = _items(blank.holder[blank.name])
                more = copy.deepcopy(items) * _MANY if what == "many" else [None]
                blank.holder[blank.name] = [*items, *more]

    def columns(
        self, declared: Data, objects: list[Data], apart: Sequence[str]
    ) -> dict[str, pa.DataType]:
        """The types of all columns that some objects need; each object states all of them."""
        found = {}
        for name, one in declared.items():
            if not any(name in each for each in objects):
                continue
            for each in objects:
                each.setdefault(name, None)
            if one["type"] != "list":
                found[name] = self.kind(one, [each[name] for each in objects])
                continue
            for each in objects:
                each[name] = None if each[name] is None else _items(each[name])
            if name in apart:
                self.table(name, one, objects)
            else:
                found[name] = pa.list_(pa.struct(list(self.of_items(one, objects, name).items())))
        return found

    def of_items(
        self, declared: Data, objects: list[Data], name: str, apart: Sequence[str] = ()
    ) -> dict[str, pa.DataType]:
        """The same of the items of a list."""
        items = [item for one in objects for item in one[name] or () if item is not None]
        for item in items:
            item.setdefault("credits", None)
        return self.columns(declared["attributes"], items, apart) or {"credits": pa.float64()}

    def table(self, name: str, declared: Data, profiles: list[Data]) -> None:
        """A list as a table of its own."""
        choose = self.choose
        missing = choose.one(("empty", "unknown"))
        said: Data = {"table": name, "missing": missing, "order": [_NUMBER]}
        self.made.lists[name] = said
        for one in profiles:
            items = [item for item in one[name] or () if item is not None]
            one[name] = items or {"empty": [], "unknown": None}[missing]
        kinds = {_ID: self.id_kind(), _NUMBER: pa.int32()}
        kinds |= self.of_items(declared, profiles, name)
        rows = [
            {_ID: one["id"], _NUMBER: number, **item}
            for one in profiles
            for number, item in enumerate(one[name] or ())
        ]
        self.made.tables[name] = (kinds, rows)

    def kind(self, declared: Data, values: list[Any]) -> pa.DataType:
        """The type of a column that holds such values."""
        if declared.get("many"):
            return pa.list_(pa.string())
        if declared["type"] == "date" and all(map(_whole_day, values)):
            return self.choose.one((pa.date32(), pa.string()))
        return self.choose.one(_TYPES.get(declared["type"], (pa.string(),)))


_INTEGERS = (pa.int64(), pa.int16(), pa.int64())


def _items(value: Any) -> list[Any]:
    """The items of a list, whether or not they are said to be all."""
    found: list[Any] = value["items"] if isinstance(value, dict) else value
    return found


def _whole_day(value: str | None) -> bool:
    try:
        return value is None or (len(value) == 10 and bool(datetime.date.fromisoformat(value)))
    except ValueError:
        return False


def _wrong(declared: Data) -> Any:
    """A value that a column can hold and the vocabulary does not allow; None if there is none."""
    kind = declared["type"]
    if kind in ("integer", "number"):
        return declared["minimum"] - 1 if "minimum" in declared else None
    if kind in ("boolean", "list"):
        return None
    wrong = "2026-13-01" if kind == "date" else ""
    return [wrong] if declared.get("many") else wrong
