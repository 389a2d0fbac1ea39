"""One student out of tables is who a look through all of them would find."""

from __future__ import annotations

import gzip
from collections.abc import Callable
from pathlib import Path

import duckdb
import pytest
from student_tables import (
    MAPPING,
    RULES,
    asked,
    made,
    mapping,
    one_by_one,
    write_csv,
    write_duckdb,
    write_parquet,
)

from eligibility.errors import UsageError
from eligibility.sources.finding import find_student
from eligibility.sources.tables import TableSource, open_tables


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def parquet() -> TableSource:
    [path] = write_parquet(Path(), made(nested=True))
    return open_tables(str(path), RULES, mapping=mapping("judgements: {fair: is_fair}\n"))


def csv() -> TableSource:
    write_csv(Path("set"), made(nested=False))
    return open_tables("set", RULES, mapping=mapping(MAPPING))


def csv_compressed() -> TableSource:
    for path in list(write_csv(Path("set"), made(nested=False)).iterdir()):
        Path(f"{path}.gz").write_bytes(gzip.compress(path.read_bytes()))
        path.unlink()
    return open_tables("set", RULES, mapping=mapping(MAPPING), memory_limit="200MB")


def database() -> TableSource:
    path = write_duckdb(Path("s.duckdb"), made(nested=False))
    return open_tables(str(path), RULES, mapping=mapping(MAPPING))


def query() -> TableSource:
    path = write_duckdb(Path("s.duckdb"), made(nested=False))
    text = MAPPING.replace("table: people, ", "")
    asked = "SELECT * FROM people WHERE student LIKE 's-%' -- and 100% of them;"
    return open_tables(str(path), RULES, mapping=mapping(text), query=asked)


KINDS: dict[str, Callable[[], TableSource]] = {
    "Parquet with lists in columns": parquet,
    "a set of CSV files": csv,
    "a set of compressed CSV files": csv_compressed,
    "a database": database,
    "a query": query,
}


@pytest.mark.parametrize("kind", KINDS)
def test_whoever_is_asked_for_it_is_as_if_all_were_looked_at(kind: str) -> None:
    names = [str(one["id"]) for one in made(nested=False)]
    names = [name for name in names if name[:2] != "s-" or name[-2:] == "33"]
    others = ["S-001", "s-1", "07", "Zoe", "a b ", "", "%", "' OR '1' = '1", "\udc80", "a\0b"]
    with KINDS[kind]() as source:
        for name in [*names, *others]:
            told = one_by_one(source, name)
            assert told.startswith(("there is no student", "Found("))
            assert asked(source, name) == told


def seen(source: TableSource, student: str) -> list[str]:
    """The places that are looked at for a student."""
    return [one.name for part in source.student(student) for one in part.places()]


@pytest.mark.parametrize("kind", KINDS)
def test_nobody_else_is_looked_at(kind: str) -> None:
    with KINDS[kind]() as source:
        assert seen(source, "s-001") == [f"{source.name}: student s-001"]
        assert seen(source, "nobody") == []
        # and all are there when all are asked for afterwards
        count = sum(1 for part in source.parts() for _ in part.places())
        assert count == (54 if kind == "a query" else 60)


def test_a_number_is_the_id_that_is_written_so() -> None:
    with duckdb.connect("s.duckdb") as connection:
        connection.execute("CREATE TABLE students (id SMALLINT, age INTEGER)")
        connection.execute("INSERT INTO students VALUES (7, 30), (-3, 31), (0, 32), (300, 33)")
        connection.execute("CREATE TABLE job (id BIGINT, title VARCHAR)")
        connection.execute("INSERT INTO job VALUES (7, 'cook'), (70000, 'cook')")
    with open_tables("s.duckdb", RULES) as source:
        others = ("07", "7.0", "-0", "+7", "seven", "8", "65543", "9" * 38, "9" * 40, "9" * 5000)
        for name in ("7", "-3", "0", "300"):
            assert asked(source, name) == one_by_one(source, name)
            assert asked(source, name).startswith("Found(")
        for name in others:
            assert asked(source, name).startswith(f"there is no student `{name}` among 4 profiles")
        assert asked(source, "70000") == (
            "job: student 70000: 1 row of a student who is not in `students`"
        )


WRONG = {
    "d": "set: student d: the id stands in 2 rows of `set/students.csv`\n  = leave one of them",
    "c": "set/course.csv: student c: 2 rows of a student who is not in `set/students.csv`",
    "e": "set: student e: several items of `set/course.csv` have the same `n`",
    # what is wrong with others is nothing to this one
    "x": "there is no student `x` among 5 profiles\n"
    "  = an id is written as it stands there, case and all",
}


@pytest.mark.parametrize("student", WRONG)
def test_what_is_wrong_with_a_student_is_told_and_nothing_of_others(student: str) -> None:
    Path("set").mkdir()
    for name, text in {
        "students": "id,age\nb,1\nd,2\n,3\nd,4\ne,5\n",
        "course": "id,n\nb,1\nc,1\nc,2\n,1\ne,1\ne,1\n",
        "part": "id,n,name\nb,1,x\nb,1,y\n",
    }.items():
        Path("set", f"{name}.csv").write_text(text, encoding="utf-8")
    text = "lists: {course: {key: n, lists: {part: {table: part, item: n}}}}"
    with open_tables("set", RULES, mapping=mapping(text)) as source:
        assert asked(source, student) == WRONG[student]
        [found] = [one for part in source.student("b") for one in part.places()]
    assert found.value == {
        "id": "b",
        "age": 1,
        "course": [{"part": [{"name": "x"}, {"name": "y"}]}],
    }


@pytest.mark.parametrize("place", ["grades.csv", "grades.parquet"])
def test_students_without_a_table_are_found_in_that_of_their_list(place: str) -> None:
    Path("grades.csv").write_text("id,title\na,x\nb,z\na,y\n,w\n", encoding="utf-8")
    with duckdb.connect() as connection:
        connection.execute("COPY (FROM read_csv('grades.csv')) TO 'grades.parquet'")
    with open_tables(place, RULES, mapping=mapping("students: {from: course}")) as source:
        [found] = [one for part in source.student("a") for one in part.places()]
        assert found.value == {"id": "a", "course": [{"title": "x"}, {"title": "y"}]}
        assert asked(source, "c").startswith("there is no student `c` among 2 profiles\n")


def test_several_sources_are_counted_together() -> None:
    for name in ("one", "other"):
        Path(f"{name}.csv").write_text("id,age\na,1\nb,2\n", encoding="utf-8")

    with open_tables("one.csv", RULES) as one, open_tables("other.csv", RULES) as other:
        with pytest.raises(UsageError, match="there is no student `c` among 4 profiles"):
            find_student("c", [one, other])
        with pytest.raises(UsageError, match="the id `a` stands 2 times"):
            find_student("a", [one, other])
