"""Students in PostgreSQL, and tables written there, with a server of the tests' own."""

from __future__ import annotations

import pickle
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
import servers
from student_tables import MAPPING, RULES, Student, made, profiles, read, row_tables

from eligibility.sources.tables import open_tables


@pytest.fixture(scope="session")
def server() -> Iterator[str]:
    with servers.running() as url:
        yield url


@pytest.fixture
def url(server: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """An empty database."""
    monkeypatch.chdir(tmp_path)
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute("DROP DATABASE IF EXISTS college")
        # a language in which capitals are no matter of code points
        connection.execute(
            "CREATE DATABASE college TEMPLATE template0 LOCALE_PROVIDER icu ICU_LOCALE 'en'"
        )
    return server.replace("///postgres?", "///college?")


def load(url: str, students: list[Student]) -> None:
    with psycopg.connect(url) as connection, connection.cursor() as cursor:
        for name, kinds, rows in row_tables(students):
            columns = ", ".join(f"{column} {kind}" for column, kind in kinds.items())
            cursor.execute(f"CREATE TABLE {name} ({columns})")
            marks = ", ".join(["%s"] * len(kinds))
            cursor.executemany(f"INSERT INTO {name} VALUES ({marks})", rows)


def mapping(text: str) -> str:
    Path("mapping.yaml").write_text(text, encoding="utf-8")
    return "mapping.yaml"


def rows(url: str, query: str) -> list[tuple[object, ...]]:
    with psycopg.connect(url) as connection:
        return connection.execute(query).fetchall()


@pytest.mark.parametrize("size", [1, 7, 1000])
def test_tables_in_parts_of_any_size(url: str, size: int) -> None:
    students = made(nested=False)
    load(url, students)
    source = open_tables(url, RULES, mapping=mapping(MAPPING), size=size)
    assert source.name == "postgresql:///college"
    assert read(source) == profiles(students)


def test_a_query_chooses_students_and_nobody_misses_the_others(url: str) -> None:
    students = made(nested=False)
    load(url, students)
    text = MAPPING.replace("table: people, ", "")
    query = "SELECT * FROM people WHERE student LIKE 's-%' -- and 100% of them;"
    source = open_tables(url, RULES, mapping=mapping(text), query=query, size=10)
    assert read(source) == profiles([one for one in students if one["id"].startswith("s-")])


def test_lists_may_stand_in_json_and_texts_in_arrays(url: str) -> None:
    with psycopg.connect(url) as connection:
        connection.execute(
            "CREATE TABLE students AS SELECT 1 AS id, ARRAY['a', 'b']::varchar[] AS tags,"
            """ '[{"title": "x", "hrs": 3, "part": [{"credits": 0.10}], "n": 1}]'::jsonb"""
            " AS course, 0.1::real AS amount, DATE '2024-05-31' AS born, 'x '::char(9) AS note"
        )
    text = "lists: {course: {columns: {hours: hrs}, ignore: [n]}}"
    [found] = read(open_tables(url, RULES, mapping=mapping(text)))
    [wanted] = profiles(
        [
            {
                "id": "1",
                "tags": ["a", "b"],
                "course": [{"title": "x", "hours": 3, "part": [{"credits": 0.1}]}],
                "amount": 0.1,
                "born": "2024-05-31",
                "note": "x",
            }
        ]
    )
    assert found == wanted


def test_all_parts_see_the_moment_at_which_the_source_was_opened(url: str) -> None:
    students = made(nested=False)
    load(url, students)
    source = open_tables(url, RULES, mapping=mapping(MAPPING), size=20)
    first = source.fingerprint()
    rows(url, "DELETE FROM people RETURNING 1")
    assert source.fingerprint() == first
    assert read(source) == profiles(students)
    with open_tables(url, RULES, mapping=mapping(MAPPING), size=20) as later:
        assert later.fingerprint() != first


def test_a_part_is_read_by_another_process_all_the_same(url: str) -> None:
    students = made(nested=False)
    load(url, students)
    with open_tables(url, RULES, mapping=mapping(MAPPING), size=50) as source:
        parts = [pickle.loads(pickle.dumps(part)) for part in source.parts()]
        names = [one.name for part in parts for one in part.places()]
    assert names == [f"postgresql:///college: student {one['id']}" for one in students]
