"""Students in tables are the students that the tables were made from."""

from __future__ import annotations

import contextlib
import gzip
import pickle
import sys
import tempfile
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pytest
from student_tables import (
    MAPPING,
    RULES,
    asked,
    made,
    mapping,
    profiles,
    read,
    write_csv,
    write_duckdb,
    write_parquet,
)

from eligibility.errors import ProfileError, UsageError
from eligibility.inputs import Found, Unread
from eligibility.profile_json import MAX_ITEMS
from eligibility.schemas import ProfileReader
from eligibility.sources import Part, Source
from eligibility.sources.duck import DuckTables
from eligibility.sources.joining import joined
from eligibility.sources.mapping import read_mapping
from eligibility.sources.planning import make_plan
from eligibility.sources.tables import TableSource, is_table, open_tables


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


FAIR = "judgements: {fair: is_fair}\n"


# The same students


def test_parquet_with_lists_in_columns(tmp_path: Path) -> None:
    students = made(nested=True)
    [path] = write_parquet(tmp_path, students)
    assert read(open_tables(str(path), RULES, mapping=mapping(FAIR))) == profiles(students)


@pytest.mark.parametrize("place", [".", "*.parquet"])
def test_parquet_in_several_files_comes_in_the_order_of_the_id(tmp_path: Path, place: str) -> None:
    students = made(nested=True)
    write_parquet(tmp_path, students, files=3)
    source = open_tables(place, RULES, mapping=mapping(FAIR), size=7)
    assert read(source) == profiles(students)


def test_a_folder_of_csv_files(tmp_path: Path) -> None:
    students = made(nested=False)
    folder = write_csv(tmp_path / "set", students)
    source = open_tables(str(folder), RULES, mapping=mapping(MAPPING), size=25)
    assert read(source) == profiles(students)


def test_csv_files_that_are_compressed(tmp_path: Path) -> None:
    students = made(nested=False)
    folder = write_csv(tmp_path / "set", students)
    for path in list(folder.iterdir()):
        Path(f"{path}.gz").write_bytes(gzip.compress(path.read_bytes()))
        path.unlink()
    assert read(open_tables("set", RULES, mapping=mapping(MAPPING))) == profiles(students)


def test_a_folder_with_a_parquet_file_for_each_list(tmp_path: Path) -> None:
    students = made(nested=False)
    write_duckdb(tmp_path / "s.duckdb", students)
    (tmp_path / "set").mkdir()
    with duckdb.connect("s.duckdb") as connection:
        for name in ("people", "transcript", "parts"):
            connection.execute(f"COPY {name} TO 'set/{name}.parquet' (FORMAT parquet)")
        # a table may be a folder of files
        (tmp_path / "set" / "job").mkdir()
        connection.execute("COPY (FROM job WHERE line = 0) TO 'set/job/1.parquet' (FORMAT parquet)")
        connection.execute("COPY (FROM job WHERE line > 0) TO 'set/job/2.parquet' (FORMAT parquet)")
    assert read(open_tables("set", RULES, mapping=mapping(MAPPING))) == profiles(students)


@pytest.mark.parametrize("size", [1, 7, 60, 1000])
def test_a_duckdb_file_in_parts_of_any_size(tmp_path: Path, size: int) -> None:
    students = made(nested=False)
    path = write_duckdb(tmp_path / "students.duckdb", students)
    source = open_tables(
        str(path), RULES, mapping=mapping(MAPPING), size=size, memory_limit="200MB"
    )
    assert read(source) == profiles(students)


def test_a_query_chooses_students_and_nobody_misses_the_others(tmp_path: Path) -> None:
    students = made(nested=False)
    path = write_duckdb(tmp_path / "students.duckdb", students)
    text = MAPPING.replace("table: people, ", "")
    query = "SELECT * FROM people WHERE student LIKE 's-%' -- and 100% of them;"
    source = open_tables(str(path), RULES, mapping=mapping(text), query=query, size=10)
    assert read(source) == profiles([one for one in students if one["id"].startswith("s-")])


def test_tables_are_a_source_like_any_other() -> None:
    with open_tables(csv_set(students="id\na\n"), RULES) as tables:
        source: Source = tables
        parts: list[Part] = list(source.parts())
    assert [part.name for part in parts] == ["set#0"]


def test_a_part_is_read_by_another_process_all_the_same(tmp_path: Path) -> None:
    students = made(nested=False)
    folder = write_csv(tmp_path / "set", students)
    with open_tables(str(folder), RULES, mapping=mapping(MAPPING), size=50) as source:
        parts = [pickle.loads(pickle.dumps(part)) for part in source.parts()]
        names = [one.name for part in parts for one in part.places()]
    assert [part.name for part in parts] == ["set#0", "set#1"]
    assert names == [f"set: student {one['id']}" for one in students]


# What values become


def value_of(column: str, sql: str, text: str = "") -> object:
    """What a column of a DuckDB table becomes for one student."""
    with duckdb.connect("one.duckdb") as connection:
        connection.execute(f"CREATE OR REPLACE TABLE students AS SELECT 7 AS id, {sql} AS {column}")
    with open_tables("one.duckdb", RULES, mapping=mapping(text) if text else None) as source:
        [found] = [one for part in source.parts() for one in part.places()]
    assert isinstance(found.value, dict)
    assert found.value["id"] == "7"
    assert found.value[column] is None or type(found.value[column]) is not float
    value: object = found.value[column]
    return value


VALUES = {
    "a decimal": ("amount", "3.50::DECIMAL(9, 2)", Decimal("3.50")),
    "a double by its shortest text": ("amount", "0.1::DOUBLE", Decimal("0.1")),
    "a float by its shortest text": ("amount", "0.1::FLOAT", Decimal("0.1")),
    "a double without its exponent": ("amount", "1e20::DOUBLE", Decimal(10**20)),
    "a whole number of any size": ("steps", "(2::HUGEINT ** 100)::HUGEINT", 2**100),
    "a day": ("born", "DATE '2024-02-29'", "2024-02-29"),
    "a day that no profile has": ("born", "'infinity'::DATE", "infinity"),
    "a partial date": ("born", "'2024-02'", "2024-02"),
    "a word of an enumeration": ("best", "'A'::ENUM('A', 'B')", "A"),
    "a list of texts": ("tags", "['a', NULL]", ["a", None]),
    "an array of texts": ("tags", "['a', 'b']::VARCHAR[2]", ["a", "b"]),
    "texts in JSON": ("tags", """'["a"]'::JSON""", ["a"]),
    "an empty list": ("job", "[]::STRUCT(title VARCHAR)[]", []),
    "a list that is not known": ("job", "NULL::STRUCT(title VARCHAR)[]", None),
    "an item that is none": ("job", "[NULL]::STRUCT(title VARCHAR)[]", [None]),
    "floats and days in items": (
        "course",
        "[{'hours': 0.1::FLOAT, 'done': DATE '2024-01-01'}]",
        [{"hours": Decimal("0.1"), "done": "2024-01-01"}],
    ),
    "items in JSON": (
        "course",
        """'[{"hours": 1.50, "part": []}]'::JSON""",
        [{"hours": Decimal("1.50"), "part": []}],
    ),
}


@pytest.mark.parametrize("case", VALUES)
def test_a_value_becomes_that_of_a_profile(case: str) -> None:
    column, sql, wanted = VALUES[case]
    assert value_of(column, sql) == wanted


def test_a_list_of_json_objects_has_its_keys_renamed() -> None:
    text = "lists: {course: {columns: {hours: hrs, title: t}, ignore: [x]}}"
    sql = """'[{"hrs": 2, "t": null, "x": 1, "y": 3}, 5]'::JSON"""
    assert value_of("course", sql, text) == [{"hours": 2, "title": None, "y": 3}, 5]
    # what is no list, or breaks the format of profiles, is for the reader to refuse
    assert value_of("course", """'{"hrs": 2}'::JSON""", text) == {"hrs": 2}
    twice = '[{"hrs": 1, "hrs": 2}]'
    assert value_of("course", f"'{twice}'::JSON", text) == twice


def test_values_are_replaced_by_their_text_and_null_by_itself() -> None:
    text = "values: {flag: {1: true, 0: false, null: false}}"
    assert [value_of("flag", sql, text) for sql in ("1", "0", "NULL::INTEGER", "2")] == [
        True,
        False,
        False,
        2,
    ]
    assert value_of("flag", "true", "values: {flag: {true: false}}") is False
    text = "values: {amount: {1.5: 3, -1: 4}}"
    assert [value_of("amount", sql, text) for sql in ("1.50::DECIMAL(4, 2)", "-1::DOUBLE")] == [
        3,
        4,
    ]
    text = "values: {best: {Pass: P}}"
    assert [value_of("best", sql, text) for sql in ("'Pass'", "'A'")] == ["P", "A"]


def some(*items: object) -> object:
    return {"complete": False, "items": [*items]}


IN_COLUMNS = {
    "structs": (
        "[{'title': 'x', 'part': [{'name': 'p'}]}, {'title': NULL, 'part': NULL}]",
        "lists: {course: {complete: false, lists: {part: {complete: false}}}}",
        some({"title": "x", "part": some({"name": "p"})}, {"title": None, "part": None}),
    ),
    "structs of which only those inside are not all": (
        "[{'title': 'x', 'part': []::STRUCT(name VARCHAR)[]}]",
        "lists: {course: {complete: true, lists: {part: {complete: false}}}}",
        [{"title": "x", "part": some()}],
    ),
    "no structs": (
        "[]::STRUCT(title VARCHAR)[]",
        "lists: {course: {complete: false}}",
        some(),
    ),
    "a list that is not known": (
        "NULL::STRUCT(title VARCHAR)[]",
        "lists: {course: {complete: false}}",
        None,
    ),
    "JSON": (
        """'[{"t": "x"}]'::JSON""",
        "lists: {course: {complete: false, columns: {title: t}}}",
        some({"title": "x"}),
    ),
    "JSON that says itself what it is": (
        """'{"complete": true, "items": []}'::JSON""",
        "lists: {course: {complete: false}}",
        {"complete": True, "items": []},
    ),
}


@pytest.mark.parametrize("case", IN_COLUMNS)
def test_a_list_in_a_column_may_lack_items(case: str) -> None:
    sql, text, wanted = IN_COLUMNS[case]
    assert value_of("course", sql, text) == wanted


@pytest.mark.parametrize(("missing", "nothing"), [("empty", some()), ("unknown", None)])
def test_a_list_in_a_table_may_lack_items(missing: str, nothing: object) -> None:
    place = csv_set(
        students="id\na\nb\n",
        course="id,n,title\na,1,x\na,2,y\n",
        part="id,n,name\na,2,p\na,2,q\n",
    )
    text = f"""\
lists:
  course:
    key: n
    complete: false
    missing: {missing}
    lists: {{part: {{table: part, item: n, complete: false, missing: {missing}}}}}
"""
    with open_tables(place, RULES, mapping=mapping(text)) as source:
        values: list[Any] = [one.value for part in source.parts() for one in part.places()]
    parts = some({"name": "p"}, {"name": "q"})
    assert [value["course"] for value in values] == [
        some({"title": "x", "part": nothing}, {"title": "y", "part": parts}),
        nothing,
    ]
    for value in values:
        profile = ProfileReader(RULES).read(value)
        assert profile.lists["course"].complete is False


# What is wrong with students


def refused(place: str, text: str | None = None, **options: Any) -> list[str]:
    """Everything that is said of students, by the source or by the reader of profiles."""
    said = []
    reader = ProfileReader(RULES)
    file = None if text is None else mapping(text)
    with open_tables(place, RULES, mapping=file, **options) as source:
        for found in (one for part in source.parts() for one in part.places()):
            try:
                if found.error is not None:
                    raise found.error
                reader.read(found.value, found.name)
            except ProfileError as error:
                said += str(error).splitlines()
            else:
                assert isinstance(found.value, dict)
                said.append(f"{found.value['id']} is well")
    return said


def csv_set(**files: str) -> str:
    Path("set").mkdir()
    for name, text in files.items():
        Path("set", f"{name}.csv").write_text(text, encoding="utf-8")
    return "set"


def test_cells_of_csv_files_are_taken_strictly() -> None:
    place = csv_set(
        students="id,age,gpa,flag,born,best\n"
        "1,60,3.50,true,2024-02,A\n"
        "2,,,,,\n"
        "3,abc,1e5, true,2024-02-30,Ann Smith\n"
        "4,1.5,+1,True,1.1.2024,a\n"
        "5,99999999999999999999999999999999,5,yes,,\n"
    )
    assert refused(place) == [
        "1 is well",
        "2 is well",
        "set: student 3#/age: must be a whole number, found a text",
        "set: student 3#/best: `Ann Smith` is not a declared value",
        "  = known: `A`, `B+`, `C`, `D`, `F`, `P`",
        "set: student 3#/born: `2024-02-30` is not a day of the calendar",
        "set: student 3#/flag: must be true or false, found a text",
        "  = write true or false, without quotes",
        "set: student 3#/gpa: must be a number, found a text",
        "set: student 4#/age: must be a whole number",
        "set: student 4#/best: `a` is not a declared value",
        "  = did you mean `A`?",
        "set: student 4#/born: `1.1.2024` is not a date such as 2024-05-31, 2024-05 or 2024",
        "set: student 4#/flag: must be true or false, found a text",
        "  = write true or false, without quotes",
        "set: student 4#/gpa: must be a number, found a text",
        "set: student 5#/age: must be a whole number, found a text",
        "set: student 5#/flag: must be true or false, found a text",
        "  = write true or false, without quotes",
        "set: student 5#/gpa: is above 4.5, the most that is declared",
    ]


@pytest.mark.parametrize("size", [1, 2, 100])
def test_rows_that_belong_to_nobody_are_told_whatever_the_parts_are(size: int) -> None:
    place = csv_set(
        students="id,age\nb,1\nd,2\n,3\nd,4\nf,5\n",
        course="id,title\na,x\nb,y\nc,x\nc,x\nd,x\nz,x\n,x\n",
    )
    assert refused(place, size=size) == [
        "set/students.csv: a row of `set/students.csv` has no student's id",
        "set/course.csv: 1 row without a student's id",
        "set/course.csv: student a: 1 row of a student who is not in `set/students.csv`",
        "b is well",
        "set/course.csv: student c: 2 rows of a student who is not in `set/students.csv`",
        *["set: student d: the id stands in 2 rows of `set/students.csv`", "  = leave one of them"]
        * 2,
        "f is well",
        "set/course.csv: student z: 1 row of a student who is not in `set/students.csv`",
    ]


# Students without a table

GRADES = "sid,name,mark\nb,x,A\na,y,C\nb,z,\na,w,F\nB,v,A\n"
FROM = """\
students: {from: course, id: sid}
lists:
  course:
    columns: {title: name, grade: mark}
"""
FOUND = [
    ("B", [("v", "A")]),
    ("a", [("y", "C"), ("w", "F")]),
    ("b", [("x", "A"), ("z", None)]),
]


def courses(place: str, text: str, **options: Any) -> list[tuple[object, list[tuple[object, ...]]]]:
    """Each student's id, with the title and grade of each course."""
    with open_tables(place, RULES, mapping=mapping(text), **options) as source:
        values: list[Any] = [one.value for part in source.parts() for one in part.places()]
    return [
        (value["id"], [(one["title"], one["grade"]) for one in value["course"]]) for value in values
    ]


@pytest.mark.parametrize("size", [1, 2, 100])
@pytest.mark.parametrize("table", ["", "    table: grades\n", "    table: whatever\n"])
def test_a_file_alone_may_hold_the_items_of_all_students(size: int, table: str) -> None:
    Path("grades.csv").write_text(GRADES, encoding="utf-8")
    assert courses("grades.csv", FROM + table, size=size) == FOUND


@pytest.mark.parametrize("size", [1, 100])
def test_students_may_come_from_the_table_of_a_list_in_a_folder(size: int) -> None:
    place = csv_set(grades=GRADES, job="sid,title\na,cook\n")
    text = f"{FROM}    table: grades\n"
    assert courses(place, text, size=size) == FOUND
    for own in (text, text.replace(", id: sid", "") + "    id: sid\n"):
        with open_tables(place, RULES, mapping=mapping(own)) as source:
            values: list[Any] = [one.value for part in source.parts() for one in part.places()]
        assert [value["job"] for value in values] == [[], [{"title": "cook"}], []]


@pytest.mark.parametrize("place", ["s.duckdb", "grades.parquet", "in", "*.parquet"])
@pytest.mark.parametrize("size", [1, 100])
def test_students_may_come_from_the_table_of_a_list_anywhere(place: str, size: int) -> None:
    Path("grades.csv").write_text(GRADES, encoding="utf-8")
    Path("in").mkdir()
    text = FROM
    with duckdb.connect("s.duckdb") as connection:
        connection.execute("CREATE TABLE grades AS FROM read_csv('grades.csv')")
        connection.execute("COPY grades TO 'grades.parquet'")
        connection.execute("COPY (FROM grades LIMIT 3) TO 'in/1.parquet'")
        connection.execute("COPY (FROM grades OFFSET 3) TO 'in/2.parquet'")
        connection.execute("ALTER TABLE grades ALTER sid TYPE VARCHAR COLLATE NOCASE")
    if place == "s.duckdb":
        text += "    table: grades\n"
    assert courses(place, text, size=size) == FOUND


@pytest.mark.parametrize("size", [1, 2, 100])
def test_rows_of_students_who_are_in_no_table_are_told(size: int) -> None:
    place = csv_set(
        course="id,title\n,x\nb,x\na,y\n,z\nb,z\n", job="id,title\nab,x\na,y\n,z\nc,z\n"
    )
    assert refused(place, "students: {from: course}", size=size) == [
        "set/course.csv: 2 rows without a student's id",
        "set/job.csv: 1 row without a student's id",
        "a is well",
        "set/job.csv: student ab: 1 row of a student who is not in `set/course.csv`",
        "b is well",
        "set/job.csv: student c: 1 row of a student who is not in `set/course.csv`",
    ]


def test_one_table_may_hold_two_lists() -> None:
    place = csv_set(students="id\na\n", both="id,name,work\na,x,y\n")
    text = """\
lists:
  course: {table: both, columns: {title: name}, ignore: [work]}
  job: {table: both, columns: {title: work}, ignore: [name]}
"""
    with open_tables(place, RULES, mapping=mapping(text)) as source:
        [found] = [one for part in source.parts() for one in part.places()]
    assert found.value == {"id": "a", "course": [{"title": "x"}], "job": [{"title": "y"}]}


def test_capitals_make_two_ids_whatever_the_column_says() -> None:
    with duckdb.connect("s.duckdb") as connection:
        connection.execute("CREATE TABLE students (id VARCHAR COLLATE NOCASE)")
        connection.execute("INSERT INTO students VALUES ('b'), ('A'), ('a'), ('B')")
        connection.execute("CREATE TABLE job (id VARCHAR, title VARCHAR)")
        connection.execute("INSERT INTO job VALUES ('A', 'x'), ('b', 'y')")
    for size in (1, 100):
        said = [f"{one} is well" for one in "ABab"]
        assert refused("s.duckdb", size=size) == said


def test_ids_in_another_order_are_not_joined() -> None:
    csv_set(students="id\na\n", course="id,title\na,x\n")
    with contextlib.closing(DuckTables("set")) as tables:
        plan = make_plan(read_mapping(None), RULES, tables, None)
    rows: dict[str, list[tuple[object, ...]]] = {
        "set/students.csv": [("a",), ("b",), ("B",)],
        "set/course.csv": [],
    }
    with pytest.raises(UsageError, match="the ids do not come in their order"):
        list(joined(plan, "set", lambda of: iter(rows[of.shown])))


def one_student(path: str) -> None:
    with duckdb.connect() as connection:
        connection.execute(f"COPY (SELECT 'a' AS id) TO '{path}' (FORMAT parquet)")


def test_names_of_files_may_look_like_patterns() -> None:
    for name in ("a[1].parquet", "b*.parquet"):
        one_student(name)
        assert refused(name) == ["a is well"]
    Path("c[1].csv").write_text("id,place,Place_\na,,\n", encoding="utf-8")
    assert refused("c[1].csv", "ignore: [place, Place_]") == ["a is well"]


def test_tables_may_be_folders_of_parquet_files() -> None:
    for name in ("students", "job"):
        Path("set", name).mkdir(parents=True)
        one_student(f"set/{name}/1.parquet")
    assert is_table("set")
    with open_tables("set", RULES) as source:
        [found] = [one for part in source.parts() for one in part.places()]
    assert found.value == {"id": "a", "job": [{}]}


def test_too_little_memory_is_told() -> None:
    with duckdb.connect("s.duckdb") as connection:
        connection.execute("CREATE TABLE students AS SELECT 1 AS id")
    with pytest.raises(UsageError) as caught:
        refused("s.duckdb", memory_limit="1KB")
    assert str(caught.value) == (
        "`s.duckdb` takes more memory than there is\n  = give it more: `--memory-limit`"
    )


def test_items_in_items_must_name_one_item() -> None:
    place = csv_set(
        students="id\na\nb\nc\nd\n",
        course="id,n\na,1\na,2\nb,1\nb,1\nc,\nc,\n",
        part="id,n,name\na,2,x\na,2,y\na,3,z\na,,z\nc,,\nd,1,\ne,1,\n",
    )
    text = "lists: {course: {key: n, lists: {part: {table: part, item: n}}}}"
    assert refused(place, text) == [
        "set: student a: a row of `set/part.csv` is of no item of `set/course.csv`",
        "  = compare its `n`",
        "set: student b: several items of `set/course.csv` have the same `n`",
        "set: student c: a row of `set/part.csv` is of no item of `set/course.csv`",
        "  = compare its `n`",
        "set: student d: a row of `set/part.csv` is of no item of `set/course.csv`",
        "  = compare its `n`",
        "set/part.csv: student e: 1 row of a student who is not in `set/students.csv`",
    ]


def test_a_student_with_too_many_items_is_refused() -> None:
    rows = "a,x\n" * (MAX_ITEMS + 5)
    place = csv_set(students="id\na\nb\n", course=f"id,title\n{rows}b,x\n")
    assert refused(place) == [
        "set: student a#/course: has more than 10,000 items",
        "b is well",
    ]


def test_a_table_without_students_has_none() -> None:
    assert refused(csv_set(students="id,age\n")) == []
    with open_tables("set", RULES) as source:
        assert [part.name for part in source.parts()] == ["set#0"]


def test_items_stand_in_the_order_of_their_file() -> None:
    place = csv_set(students="id\na\n", course="id,title\na,z\na,a\na,m\n")
    with open_tables(place, RULES) as source:
        [found] = [one for part in source.parts() for one in part.places()]
    assert found.value == {"id": "a", "course": [{"title": title} for title in "zam"]}


BROKEN_CSV = {
    "no UTF-8": ("Zo\xeb,1\n", "line 3 is not UTF-8"),
    "no UTF-8 with too few cells": ("Zo\xeb\n", "line 3 is not UTF-8"),
    "a quote that is never closed": ('a,"Ann\n', "line 3 is not CSV"),
    "text behind a quote": ('a\nb,"Ann" Smith,x\n', "line 4 is not CSV"),
    "a line that is too long": (f"a,{'x' * 3_000_000}\n", "line 3 is too long"),
    "lines that end in two ways": (
        "a,1\r\n",
        (
            "it is not CSV\n"
            "  = do all lines end in the same way, and quoted cells in a quotation mark?"
        ),
    ),
}


@pytest.mark.parametrize("case", BROKEN_CSV)
def test_a_csv_file_that_is_broken_is_told_by_its_line_alone(case: str) -> None:
    line, said = BROKEN_CSV[case]
    Path("students.csv").write_bytes(f"id,age\nb,2\n{line}".encode("latin-1"))
    with pytest.raises(UsageError) as caught:
        refused("students.csv")
    assert str(caught.value) == f"`students.csv` cannot be read: {said}"


WRONG_CELLS = {
    "too many": ("id,note\nb,2\na,1,x\n", ["3:1: has too many"]),
    "too few": ("id,note\na\nb,2\n", ["2:1: has too few"]),
    "several, and blank lines": (
        "id,note\n\na,2,,x\n\n\na\nb,2\nc,1,x",
        ["3:1: has too many", "6:1: has too few", "8:1: has too many"],
    ),
    "below texts of several lines": (
        'id,"note"\nb,"2\n\n3"\n\na\n"c\nc",3,x\n',
        ["6:1: has too few", "7:1: has too many"],
    ),
    "but one that is only longer by empty cells": ("id,note\nb,2,\n", []),
}


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("name", ["students.csv", "students.csv.gz"])
@pytest.mark.parametrize("case", WRONG_CELLS)
def test_a_line_of_the_students_with_too_few_or_many_cells_is_refused_alone(
    case: str, name: str, end: str
) -> None:
    lines, told = WRONG_CELLS[case]
    data = f"\ufeff{lines}\n,3\n".replace("\n", end).encode()
    Path(name).write_bytes(gzip.compress(data) if name.endswith(".gz") else data)
    assert refused(name, size=1) == [
        *(f"{name}:{one} cells: the first line has 2" for one in told),
        f"{name}: a row of `{name}` has no student's id",
        "b is well",
    ]


def test_students_whose_line_is_broken_have_no_row(tmp_path: Path) -> None:
    place = csv_set(students="id,age\na,1,x\nb,2\n", course="id,title\na,x\nb,y\n")
    assert refused(place) == [
        "set/students.csv:2:1: has too many cells: the first line has 2",
        "set/course.csv: student a: 1 row of a student who is not in `set/students.csv`",
        "b is well",
    ]
    for student, said in (("b", "Found("), ("a", "set/course.csv: student a: 1 row ")):
        with open_tables(place, RULES) as source:
            assert asked(source, student).startswith(said)
    with open_tables(place, RULES) as source:
        assert "\nset/students.csv:2:1: has too many cells" in asked(source, "a")
    with open_tables(place, RULES) as source:
        assert asked(source, "c").startswith("there is no student `c` among 1 profile\n")


def test_of_a_list_no_line_is_left_out() -> None:
    place = csv_set(students="id\na\n", course="id,title\na,x\na,y,z\na,z\n")
    with pytest.raises(UsageError) as caught:
        refused(place)
    said = "`set/course.csv` cannot be read: line 3 has too many cells: the first line has 2\n"
    assert str(caught.value) == f"{said}  = mend it: whose row it is cannot be told"
    Path("set", "course.csv").write_text("id,title\na\n,y,z\na,z\na\n")
    with pytest.raises(UsageError, match="= mend it, and 2 like it: whose row it is cannot be"):
        refused(place)
    with pytest.raises(UsageError, match="line 2 has too few cells: the first line has 2\n"):
        refused("set/course.csv", "students: {from: course}")


def test_a_file_of_broken_lines_is_not_what_it_seems() -> None:
    Path("students.csv").write_text("id,age\n" + "a,1,x\n" * 5000)
    with pytest.raises(UsageError) as caught:
        refused("students.csv")
    said = "`students.csv` cannot be read: line 2 has too many cells: the first line has 2\n"
    assert str(caught.value) == f"{said}  = mend it, and 1,000 or more like it"


def test_what_the_database_says_of_values_is_not_repeated(tmp_path: Path) -> None:
    write_duckdb(tmp_path / "s.duckdb", made(nested=False))
    query = "SELECT student AS id, CAST(first_name AS INTEGER) AS age FROM people"
    text = "lists: {job: {id: student, ignore: [line]}}"
    with pytest.raises(UsageError) as caught:
        refused("s.duckdb", text, query=query)
    said = "`s.duckdb` cannot be read: it holds a value that cannot be taken as asked"
    assert str(caught.value) == said


def test_what_the_database_says_of_a_query_is_repeated(tmp_path: Path) -> None:
    write_duckdb(tmp_path / "s.duckdb", made(nested=False))
    with pytest.raises(UsageError, match=r"^`s\.duckdb` cannot be read: .*studnet"):
        refused("s.duckdb", query="SELECT studnet FROM people")


def test_a_query_is_one_statement(tmp_path: Path) -> None:
    write_duckdb(tmp_path / "s.duckdb", made(nested=False))
    with pytest.raises(UsageError) as caught:
        refused("s.duckdb", query="SELECT 1 AS id) AS t; COPY people TO 'x.csv'; FROM (SELECT 1")
    assert str(caught.value) == "`--query` is to be one statement\n  = leave out the `;`"
    assert not Path("x.csv").exists()


def test_a_file_that_is_not_what_its_name_says_is_refused(tmp_path: Path) -> None:
    for name in ("s.duckdb", "s.parquet"):
        Path(name).write_text("no such thing", encoding="utf-8")
        with pytest.raises(UsageError, match=rf"^`{name}` cannot be read: "):
            refused(name)


def test_nothing_is_written_beside_the_files_and_nothing_is_left(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "temporary").mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "temporary"))
    write_duckdb(tmp_path / "s.duckdb", made(nested=False))
    csv_set(students="id\na\n")
    before = sorted(tmp_path.iterdir())
    for place in ("s.duckdb", "set"):
        text = MAPPING if place == "s.duckdb" else ""
        with open_tables(place, RULES, mapping=mapping(text) if text else None) as source:
            for part in source.parts():
                list(part.places())
                assert list((tmp_path / "temporary").iterdir()) != []
    Path("mapping.yaml").unlink()
    assert sorted(tmp_path.iterdir()) == before
    assert list((tmp_path / "temporary").iterdir()) == []


def test_the_fingerprint_is_another_when_data_or_mapping_are() -> None:
    def fingerprint(text: str | None = None, size: int = 10) -> str:
        file = None if text is None else mapping(text)
        with open_tables("set", RULES, mapping=file, size=size) as source:
            return source.fingerprint()

    csv_set(students="id,age\na,1\n")
    first = fingerprint()
    assert fingerprint() == first
    others = {fingerprint("ignore: [age]"), fingerprint(size=11)}
    Path("set", "students.csv").write_text("id,age\na,1\nb,2\n", encoding="utf-8")
    others.add(fingerprint())
    assert len(others - {first}) == 3


@pytest.mark.parametrize("place", ["s.parquet", "s.duckdb", "s.csv"])
def test_a_file_that_is_written_anew_while_it_is_read_ends_the_run(place: str) -> None:
    def made(age: int) -> None:
        Path(place).unlink(missing_ok=True)
        with duckdb.connect(place if place.endswith(".duckdb") else ":memory:") as connection:
            connection.execute(f"CREATE TABLE students AS SELECT 1 AS id, {age} AS age")
            if not place.endswith(".duckdb"):
                connection.execute(f"COPY students TO '{place}'")

    made(20)
    with open_tables(place, RULES) as source:
        made(30)
        with pytest.raises(UsageError, match=f"`{place}` was changed while it was read"):
            list(places_of(source))
    with open_tables(place, RULES) as source:
        [part] = source.parts()
        made(40)
        if place == "s.csv":  # it was copied before
            [found] = part.places()
            assert found.value == {"id": "1", "age": 30}
        else:
            with pytest.raises(UsageError, match=f"`{place}` was changed while it was read"):
                list(part.places())


def places_of(source: TableSource) -> Iterator[Found | Unread]:
    for part in source.parts():
        yield from part.places()


@pytest.mark.parametrize(
    ("place", "table"),
    [
        ("postgresql://host/base", True),
        ("postgres://host/base", True),
        ("a.parquet", True),
        ("a/*.parquet", True),
        ("a.CSV", True),
        ("a.csv.gz", True),
        ("a.duckdb", True),
        ("csvs", True),
        ("profiles", False),
        ("a.ndjson", False),
        ("-", False),
    ],
)
def test_tables_are_known_by_their_names(place: str, table: bool) -> None:
    Path("csvs").mkdir()
    Path("csvs", "students.csv").touch()
    Path("profiles").mkdir()
    Path("profiles", "a.json").touch()
    assert is_table(place) is table


def test_without_duckdb_it_is_said_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "duckdb", None)
    with pytest.raises(UsageError) as caught:
        open_tables("a.csv", RULES)
    assert str(caught.value) == (
        "Parquet, CSV and DuckDB files are read by DuckDB, which is not here\n"
        "  = `pip install 'eligibility[duckdb]'` brings it"
    )
