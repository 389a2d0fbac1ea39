"""Generated profiles as tables: nested Parquet, or a Parquet file for each list."""

from __future__ import annotations

import copy
import datetime
import itertools
from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from hypothesis import strategies as st
from strategies import Choose, Question, judgements_of, places, yaml_text
from student_tables import json_text

__all__ = ["Tabled", "tabled"]

Data = dict[str, Any]

_ID, _NUMBER, _AROUND = "student", "number", "of_number"

_TYPES: dict[str, tuple[pa.DataType, ...]] = {
    "boolean": (pa.bool_(),),
    "integer": (pa.int64(), pa.int8(), pa.decimal128(6, 0), pa.float64()),
    "number": (pa.decimal128(9, 3), pa.float64(), pa.float32(), pa.decimal128(4, 1)),
}
_IDS = (("", "b", "Zoë", "10", "9", "a\u00a0b", "A b", "a"), (3, 10, 9, -1, 0, 7, 8, 12))
"""Ids of students, and of two who are none."""

_ODD = ("twice", "nobody", "without", "astray", "value", "many", "item")
_MANY = 130
"""More items than are added up."""


@dataclass
class Tabled:
    """Profiles that state what the tables have columns for, and these tables.

    A table is its columns' types and its rows; that of the students comes first. `lists` is
    what the mapping says of lists with tables of their own. `astray` are the ids of students
    whose rows do not fit together.
    """

    profiles: list[Data]
    judgements: list[str]
    lists: dict[str, Data] = field(default_factory=dict)
    tables: dict[str, tuple[dict[str, pa.DataType], list[Data]]] = field(default_factory=dict)
    astray: set[Any] = field(default_factory=set)

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
    if isinstance(kind, pa.JsonType):
        return json_text(value)
    if pa.types.is_list(kind):
        return [_cell(one, kind.value_type) for one in _items(value)]
    if pa.types.is_struct(kind):
        return {one.name: _cell(value.get(one.name), one.type) for one in kind}
    if pa.types.is_floating(kind):
        return float(value)
    if pa.types.is_decimal(kind):
        return Decimal(value)
    if pa.types.is_date(kind):
        return datetime.date.fromisoformat(value)
    return str(value) if isinstance(value, int) and pa.types.is_string(kind) else value


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
        for one, name in zip(profiles, choose.some(self.ids[:-2], len(profiles), 99), strict=False):
            one["id"] = name
        odd = [one for one in _ODD if choose.chance(15)]
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
        apart = [name for name in apart if choose.chance(60)]
        kinds = {_ID: self.id_kind()}
        made.tables["students"] = (kinds, [])
        heads = [{_ID: one["id"]} for one in profiles]
        kinds |= self.columns(self.facts, profiles, apart, heads, made.lists)
        kinds |= dict.fromkeys(made.judgements, pa.bool_())
        made.tables["students"][1].extend(
            {**one, **one["judgements"], **head} for one, head in zip(profiles, heads, strict=True)
        )
        if "nobody" in odd:
            for _, rows in list(made.tables.values())[1:]:
                rows.append({_ID: choose.one(self.ids[-2:]), _NUMBER: 0, _AROUND: 0})
        if "astray" in odd:
            self.lead_astray()
        return made

    def lead_astray(self) -> None:
        """Have a row of an item that there is not, or two items of the same name."""
        choose = self.choose
        nested = [
            (self.made.tables[said["table"]], self.made.tables[below["table"]])
            for said in self.made.lists.values()
            for below in said.get("lists", {}).values()
            if "table" in below
        ]
        for (_, outer), (_, inner) in nested:
            if inner and choose.chance(60):
                row = choose.one(inner)
                row[_AROUND] = choose.one((99, None))
            elif pairs := [
                pair for pair in itertools.pairwise(outer) if pair[0][_ID] == pair[1][_ID]
            ]:
                first, row = choose.one(pairs)
                row[_NUMBER] = first[_NUMBER]
            else:
                continue
            self.made.astray.add(row[_ID])

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
        self,
        declared: Data,
        objects: list[Data],
        apart: Sequence[str] = (),
        heads: Sequence[Data] = (),
        lists: Data | None = None,
    ) -> dict[str, pa.DataType]:
        """The types of all columns that some objects need; each object states all of them.

        Lists that are `apart` become tables, which `lists` tells of; rows there begin with
        the head of their object.
        """
        found = {}
        for name, one in declared.items():
            if not any(name in each for each in objects):
                continue
            for each in objects:
                each.setdefault(name, None)
            if one["type"] != "list":
                found[name] = self.kind(one, [each[name] for each in objects])
                continue
            if lists is not None and self.choose.chance(25):
                found[name] = pa.json_()
            elif lists is not None and name in apart:
                lists[name] = self.table(name, one, objects, heads)
            else:
                for each in objects:
                    each[name] = None if each[name] is None else _items(each[name])
                items = [item for each in objects for item in each[name] or () if item is not None]
                inside = self.columns(one["attributes"], _stated(items)) or _NOTHING
                found[name] = pa.list_(pa.struct(list(inside.items())))
            if lists is not None and self.choose.chance(15):
                lists[name] = {**lists.get(name, {}), "complete": False}
                for each in objects:
                    if isinstance(each[name], list):
                        each[name] = {"complete": False, "items": each[name]}
        return found

    def table(self, name: str, declared: Data, objects: list[Data], heads: Sequence[Data]) -> Data:
        """A list as a table of its own, and what the mapping says of it."""
        choose = self.choose
        nested = _AROUND in heads[0]
        missing = choose.one(("empty", "unknown"))
        said: Data = {"table": f"{name}_{len(self.made.tables)}", "missing": missing}
        said |= {"order": [_NUMBER], **({"item": _AROUND} if nested else {})}
        rows: list[tuple[Data, Data]] = []
        for one, head in zip(objects, heads, strict=True):
            items = [item for item in _items(one[name] or []) if item is not None]
            one[name] = items or {"empty": [], "unknown": None}[missing]
            rows += [({**head, _NUMBER: number}, item) for number, item in enumerate(items)]
        names = choose.one((pa.int32(), pa.int64(), pa.string()))
        kinds = {_ID: self.id_kind(), _NUMBER: pa.int32(), **({_AROUND: names} if nested else {})}
        self.made.tables[said["table"]] = (kinds, [])
        inside = [{_ID: head[_ID], _AROUND: head[_NUMBER]} for head, _ in rows]
        apart = ["parts"] if not nested and choose.chance(80) else []
        lists: Data = {}
        items = _stated([item for _, item in rows])
        kinds |= self.columns(declared["attributes"], items, apart, inside, lists)
        self.made.tables[said["table"]][1].extend({**item, **head} for head, item in rows)
        return said | ({"key": _NUMBER, "lists": lists} if lists else {})

    def kind(self, declared: Data, values: list[Any]) -> pa.DataType:
        """The type of a column that holds such values."""
        if declared.get("many"):
            return pa.list_(pa.string())
        if declared["type"] == "date" and all(map(_whole_day, values)):
            return self.choose.one((pa.date32(), pa.string()))
        return self.choose.one(_TYPES.get(declared["type"], (pa.string(),)))


_INTEGERS = (pa.int64(), pa.int16(), pa.int64())


_NOTHING: dict[str, pa.DataType] = {"credits": pa.float64()}


def _stated(items: list[Data]) -> list[Data]:
    """Items that state something."""
    for one in items:
        one.setdefault("credits", None)
    return items


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
