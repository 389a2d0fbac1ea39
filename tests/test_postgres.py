"""Students in PostgreSQL, and tables written there, with a server of the tests' own."""

from __future__ import annotations

import json
import pickle
import sys
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import psycopg
import pytest
import servers
from click.testing import Result
from commands import DAY, run
from commands import RULES as CLUB
from student_tables import (
    MAPPING,
    RULES,
    Student,
    asked,
    made,
    mapping,
    one_by_one,
    profiles,
    read,
    row_tables,
)

from eligibility.errors import ProblemsError, UsageError
from eligibility.sources.postgres import TableWriter, display_name, write_table
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


def rows(url: str, query: str) -> list[tuple[object, ...]]:
    """The rows of the last of some statements."""
    with psycopg.connect(url) as connection:
        cursor = connection.execute(query.encode())
        while cursor.nextset():
            pass
        return cursor.fetchall()


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


# What is wrong


def test_mistakes_are_told_before_anything_is_read(url: str) -> None:
    rows(url, "CREATE TABLE students (id date, gap real, flag integer, tags text) ; SELECT 1")
    with pytest.raises(ProblemsError) as caught:
        open_tables(url, RULES)
    assert (
        str(caught.value)
        == """\
postgresql:///college: students: column `flag` is integer, and `flag` is true or false
  = say what its values mean: `values: {flag: {Y: true, N: false}}`
postgresql:///college: students: column `gap` is neither mapped nor ignored
  = did you mean `gpa`?
postgresql:///college: students: column `id` is date and cannot be an id
  = an id is a text or a whole number
postgresql:///college: students: column `tags` is text, and `tags` is a list of texts
  = cut it: `split: {tags: ";"}`"""
    )


def test_rows_that_belong_to_nobody_are_told(url: str) -> None:
    for text in (
        "CREATE TABLE students AS SELECT * FROM (VALUES (1), (10), (10), (2), (NULL)) AS t (id)",
        "CREATE TABLE job AS SELECT * FROM (VALUES (3, 'x'), (9, 'x'), (2, 'y')) AS t (id, title)",
    ):
        rows(url, f"{text}; SELECT 1")
    for size in (1, 100):
        with open_tables(url, RULES, size=size) as source:
            said = [
                str(one.error) if one.error else str(one.value)
                for part in source.parts()
                for one in part.places()
            ]
        twice = (
            "postgresql:///college: student 10: the id stands in 2 rows of `students`"
            "\n  = leave one of them"
        )
        assert said == [
            "students: a row of `students` has no student's id",
            "{'id': '1', 'job': []}",
            "{'id': '2', 'job': [{'title': 'y'}]}",
            "job: student 3: 1 row of a student who is not in `students`",
            "job: student 9: 1 row of a student who is not in `students`",
            twice,
            twice,
        ]


@pytest.mark.parametrize("size", [1, 100])
@pytest.mark.parametrize("kind", ["text", "integer"])
def test_students_may_be_the_ids_in_the_table_of_a_list(url: str, kind: str, size: int) -> None:
    table = "(VALUES (2, 'x'), (10, 'y'), (2, 'z'), (NULL, 'w'), (9, 'v')) AS t (id, title)"
    rows(url, f"CREATE TABLE job AS SELECT id::{kind} AS id, title FROM {table}; SELECT 1")
    file = mapping("students: {from: job}")
    with open_tables(url, RULES, mapping=file, size=size) as source:
        found = [one for part in source.parts() for one in part.places()]
    order = ["10", "2", "9"] if kind == "text" else ["2", "9", "10"]
    titles = {"2": ["x", "z"], "9": ["v"], "10": ["y"]}
    assert str(found[0].error) == "job: 1 row without a student's id"
    assert [one.value for one in found[1:]] == [
        {"id": name, "job": [{"title": title} for title in titles[name]]} for name in order
    ]


QUERIES = {
    "SELECT 1 AS": 'says: syntax error at or near ")" (SQLSTATE 42601)',
    "SELECT * FROM nobody": 'says: relation "nobody" does not exist (SQLSTATE 42P01)',
    "SELECT 'Ann'::int AS id": "has a value that cannot be taken as asked (SQLSTATE 22P02)",
    "DELETE FROM nobody": 'says: syntax error at or near "FROM" (SQLSTATE 42601)',
    "SELECT 1) AS t; DROP TABLE students; SELECT (1": (
        "says: cannot insert multiple commands into a prepared statement (SQLSTATE 42601)"
    ),
}


@pytest.mark.parametrize("query", [None, "SELECT * FROM people WHERE student LIKE 's-%'"])
def test_whoever_is_asked_for_it_is_as_if_all_were_looked_at(url: str, query: str | None) -> None:
    students = made(nested=False)
    load(url, students)
    names = [str(one["id"]) for one in students if one["id"][:2] != "s-" or one["id"][-2:] == "33"]
    others = ["S-001", "s-1", "07", "a b ", "", "%s", "{}", "' OR '1' = '1", "\udc80", "a\0b"]
    text = MAPPING if query is None else MAPPING.replace("table: people, ", "")
    with open_tables(url, RULES, mapping=mapping(text), query=query) as source:
        for name in [*names, *others]:
            assert asked(source, name) == one_by_one(source, name)
        [part] = source.student("s-001")
        assert [one.name for one in part.places()] == [f"{source.name}: student s-001"]


@pytest.mark.parametrize(
    ("kind", "ids", "others"),
    [
        ("smallint", ["7", "-3"], ["07", "65543", "9" * 38, "9" * 40, "seven"]),
        ("bigint", ["7", "9223372036854775807"], ["9223372036854775808"]),
        ("varchar", ["ann", "Ann"], ["ANN", "ann "]),
        ("char(5)", ["ann", "Ann"], ["ANN", "ann  "]),
        ("uuid", ["00000000-0000-0000-0000-00000000000a"], ["a"]),
        ("text COLLATE nobody_cares", ["ann", "Ann"], ["ANN"]),
    ],
)
def test_an_id_of_any_type_is_found_as_it_is_written(
    url: str, kind: str, ids: list[str], others: list[str]
) -> None:
    with psycopg.connect(url) as connection:
        connection.execute(
            "CREATE COLLATION nobody_cares"
            " (provider = icu, locale = 'und-u-ks-level2', deterministic = false)"
        )
        connection.execute(f"CREATE TABLE students (id {kind}, age integer)".encode())
        connection.execute("CREATE INDEX ON students (id)")
        for number, name in enumerate(ids):
            connection.execute("INSERT INTO students VALUES (%s, %s)", [name, number])
    with open_tables(url, RULES) as source:
        for name in ids:
            assert asked(source, name).startswith("Found(")
        for name in [*ids, *others]:
            assert asked(source, name) == one_by_one(source, name)


def test_characters_that_a_database_does_not_have_are_in_no_id(server: str, url: str) -> None:
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute("DROP DATABASE IF EXISTS old")
        connection.execute(
            "CREATE DATABASE old TEMPLATE template0 ENCODING latin1 LOCALE 'C' LOCALE_PROVIDER libc"
        )
    old = server.replace("///postgres?", "///old?")
    with psycopg.connect(old) as connection:
        connection.execute("CREATE TABLE students AS SELECT 'Zoë' AS id")
    with open_tables(old, RULES) as source:
        assert asked(source, "Zoë").startswith("Found(")
        assert asked(source, "名前").startswith("there is no student `名前` among 1 profile\n")


@pytest.mark.parametrize("query", QUERIES)
def test_a_query_that_fails_is_told_without_values(url: str, query: str) -> None:
    rows(url, "CREATE TABLE students (id text); SELECT 1")
    with pytest.raises(UsageError) as caught:
        open_tables(url, RULES, query=query)
    assert str(caught.value) == f"`postgresql:///college` {QUERIES[query]}"
    assert rows(url, "SELECT count(*) FROM students") == [(0,)]


def test_a_database_is_only_read(url: str) -> None:
    rows(
        url,
        "CREATE TABLE students (id text); CREATE FUNCTION harm() RETURNS text"
        " LANGUAGE plpgsql AS 'BEGIN DELETE FROM students; RETURN 1; END'; SELECT 1",
    )
    source = open_tables(url, RULES, query="SELECT harm() AS id")
    with source, pytest.raises(UsageError) as caught:
        list(source.parts())
    assert str(caught.value) == (
        "`postgresql:///college` says: cannot execute DELETE in a read-only transaction"
        " (SQLSTATE 25006)"
    )


def test_a_database_that_is_not_there_is_told_without_the_password(url: str) -> None:
    wrong = url.replace("///college?", "///nowhere?") + "&password=secret"
    with pytest.raises(UsageError, match=r"^`postgresql:///nowhere` cannot be reached: ") as caught:
        open_tables(wrong, RULES)
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize(
    ("address", "shown"),
    [
        (
            "postgresql://ann:secret@db.example.edu:5433/college",
            "postgresql://db.example.edu:5433/college",
        ),
        (
            "postgres://ann@db.example.edu/college?sslmode=require",
            "postgresql://db.example.edu/college",
        ),
        ("postgresql:///college?host=/var/run/postgresql", "postgresql:///college"),
    ],
)
def test_an_address_is_shown_without_user_and_password(address: str, shown: str) -> None:
    assert display_name(address) == shown


def test_an_address_that_is_none_is_refused() -> None:
    with pytest.raises(UsageError, match="this is not the address of a database"):
        display_name("postgresql://[::1/college")


def test_without_psycopg_it_is_said_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "psycopg", None)
    with pytest.raises(UsageError) as caught:
        open_tables("postgresql:///college", RULES)
    assert str(caught.value) == (
        "PostgreSQL is reached through psycopg, which is not here\n"
        "  = `pip install 'eligibility[postgres]'` brings it"
    )


# Tables that are written

COLUMNS = [("profile", "text"), ('a "b".c', "boolean"), ("blocking", "text[]"), ("n", "numeric")]
WRITTEN = [
    ("s-1", True, ["a", 'b"{}\\,'], Decimal("0.10")),
    ("Zoë\t\n\\N", None, [], None),
    ("", False, None, Decimal(-1)),
]


def test_a_table_is_written_and_written_again(url: str) -> None:
    assert write_table(url, "verdicts", COLUMNS, WRITTEN) == 3
    assert rows(url, "SELECT * FROM verdicts") == WRITTEN
    assert write_table(url, "verdicts", COLUMNS[:1], [("new",)]) == 1
    assert rows(url, "SELECT * FROM verdicts") == [("new",)]
    assert write_table(url, "verdicts", COLUMNS, []) == 0
    assert rows(url, "SELECT count(*) FROM verdicts") == [(0,)]


def test_a_table_may_have_a_schema_and_a_name_of_any_kind(url: str) -> None:
    rows(url, 'CREATE SCHEMA "Reports"; SELECT 1')
    for name in ("Reports.ver dicts", 'x"; DROP TABLE y; --', "n" * 63, "ü" * 31):
        write_table(url, name, COLUMNS, WRITTEN)
        write_table(url, name, COLUMNS, WRITTEN)
    found = rows(url, "SELECT relname FROM pg_class WHERE relkind = 'r' AND oid >= 16384")
    assert {name for (name,) in found} == {
        "ver dicts",
        'x"; DROP TABLE y; --',
        "n" * 63,
        "ü" * 31,
    }


def test_the_old_table_stays_until_the_new_one_is_whole(url: str) -> None:
    write_table(url, "verdicts", COLUMNS, WRITTEN)

    def broken_off() -> None:
        with TableWriter(url, "verdicts", COLUMNS) as writer:
            assert writer.write(WRITTEN[:1]) == 1
            assert writer.write(WRITTEN[:1]) == 1
            assert rows(url, "SELECT count(*) FROM verdicts") == [(3,)]
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        broken_off()
    assert rows(url, "SELECT * FROM verdicts") == WRITTEN
    assert rows(url, "SELECT to_regclass('verdicts_being_made')") == [(None,)]


def test_a_table_of_another_is_not_replaced(url: str) -> None:
    rows(url, "CREATE TABLE students (id text); SELECT 1")
    with pytest.raises(UsageError) as caught:
        write_table(url, "students", COLUMNS, WRITTEN)
    assert str(caught.value) == (
        "`postgresql:///college` has a table `students` that `eligibility` did not write\n"
        "  = name another table, or drop this one"
    )
    assert rows(url, "SELECT count(*) FROM students") == [(0,)]


def test_a_value_that_a_column_cannot_have_is_not_repeated(url: str) -> None:
    with pytest.raises(UsageError) as caught:
        write_table(url, "verdicts", [("n", "integer")], [("Ann Smith",)])
    assert str(caught.value) == (
        "`postgresql:///college` has a value that cannot be taken as asked (SQLSTATE 22P02)"
    )
    assert rows(url, "SELECT to_regclass('verdicts')") == [(None,)]


@pytest.mark.parametrize("name", ["", "a.b.c", ".a", "a."])
def test_a_name_that_is_none_is_refused(url: str, name: str) -> None:
    with pytest.raises(UsageError) as caught:
        write_table(url, name, COLUMNS, WRITTEN)
    assert str(caught.value) == (
        f"`{name}` is not the name of a table\n  = for example `verdicts` or `reports.verdicts`"
    )


# -- the command


def batch(*words: str) -> Result:
    return run("batch", *words, "--rules", CLUB, "--as-of", DAY, "--outcome", "entry")


def test_verdicts_become_a_table_and_the_rest_stands_beside(url: str) -> None:
    lines = ['{"id": "ann", "bronze": true}', '{"id": "bob", "bronze": 1}', '{"id": "cy"}']
    Path("students.ndjson").write_text("\n".join(lines), encoding="utf-8")
    first = batch("students.ndjson", "--to", url, "--into", "spring")
    assert (first.exit_code, first.exception.__class__) == (1, SystemExit)
    wanted = rows(url, "SELECT profile, outcome, status FROM spring ORDER BY profile")
    assert [row[:2] for row in wanted] == [("ann", "entry"), ("cy", "entry")]
    rejects = Path("spring.rejects.ndjson").read_text("utf-8").splitlines()
    assert [json.loads(line)["id"] for line in rejects] == ["bob"]
    summary = json.loads(Path("spring.summary.json").read_text("utf-8"))
    assert (summary["read"], summary["answered"], summary["rejected"]) == (3, 2, 1)
    assert "@" not in summary["to"]
    again = batch("students.ndjson", "--to", url, "--into", "spring", "--reasons", "none")
    assert again.exit_code == 1
    # the table of before, with a column for what is blocking, is gone
    assert rows(url, "SELECT * FROM spring ORDER BY profile") == wanted


def test_students_of_a_database_are_answered_and_one_of_them_in_full(url: str) -> None:
    with psycopg.connect(url) as connection:
        connection.execute("CREATE TABLE students (id text, bronze boolean)")
        connection.execute("INSERT INTO students VALUES ('ann', true), ('bob', false)")
    assert batch(url, "--to", "out.csv", "--format", "wide").exit_code == 0
    assert [line.split(",")[0] for line in Path("out.csv").read_text().splitlines()] == [
        "profile",
        "ann",
        "bob",
    ]
    words = ("--rules", CLUB, "--as-of", DAY, "--outcome", "entry")
    found = run("check", url, "--id", "bob", *words)
    assert (found.exit_code, found.stdout.split()[0]) == (0, "bob")
    missing = run("check", url, "--id", "cy", *words)
    assert missing.exit_code == 2
    assert missing.stderr.startswith("there is no student `cy` among 2 profiles\n")


def test_a_table_that_somebody_else_made_stays_as_it_is(url: str) -> None:
    with psycopg.connect(url) as connection:
        connection.execute("CREATE TABLE verdicts (mine text)")
    Path("students.ndjson").write_text('{"id": "ann"}\n', encoding="utf-8")
    refused = batch("students.ndjson", "--to", url)
    assert refused.exit_code == 2
    assert "verdicts" in refused.stderr
    assert rows(url, "SELECT * FROM verdicts") == []
    assert sorted(path.name for path in Path().iterdir()) == ["students.ndjson"]
