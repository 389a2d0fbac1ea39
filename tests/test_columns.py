"""Students decided in columns: the same files as one by one, whatever decides."""

from __future__ import annotations

import datetime
import json
import os
import shutil
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from importlib.util import find_spec
from pathlib import Path

import duckdb
import psycopg
import pytest
from commands import DAY, run
from servers import running
from student_tables import (
    MAPPING,
    made,
    row_tables,
    write_csv,
    write_duckdb,
    write_parquet,
)

from eligibility import load_pack
from eligibility.batch.run import Question, make_answering
from eligibility.batch.summary import Counting
from eligibility.columns.answering import in_columns
from eligibility.sources.tables import open_tables

VOCABULARY = """\
vocabulary: types
title: Facts of every type
scales:
  grade:
    title: grade
    order: [F, D, C, B+, A]
    off_scale: {P: {counts_as: C}}
    points: {F: 0, D: 1, C: 2, B+: 3.3, A: 4}
facts:
  flag: {type: boolean, title: flag, question: "?"}
  none_known: {type: boolean, complete: true, title: none known, question: "?"}
  age: {type: integer, minimum: 0, maximum: 120, title: age, question: "?"}
  steps: {type: integer, title: steps, question: "?"}
  gpa: {type: number, minimum: 0, maximum: 4.5, title: GPA, question: "?"}
  amount: {type: number, title: amount, question: "?"}
  note: {type: text, title: note, question: "?"}
  state: {type: text, values: [New York, new-jersey, CA], title: state, question: "?"}
  born: {type: date, title: born, question: "?"}
  best: {type: grade, title: best, question: "?"}
  tags: {type: text, many: true, title: tags, question: "?"}
  course:
    type: list
    item: course
    title: courses
    question: "?"
    named_by: [title]
    dated_by: done
    attributes:
      title: {type: text, title: title, question: "?"}
      grade: {type: grade, title: grade, question: "?"}
      done: {type: date, title: done, question: "?"}
      hours: {type: integer, minimum: 1, title: hours, question: "?"}
      status: {type: text, values: [done, taken, planned], title: status, question: "?"}
      part:
        type: list
        item: part
        title: parts
        question: "?"
        named_by: [name]
        attributes:
          name: {type: text, title: name, question: "?"}
          credits: {type: number, minimum: 0, title: credits, question: "?"}
    state: {attribute: status, finished: [done], in_progress: [taken], planned: [planned]}
    completing_supplies: {grade: {at_least: C}, done: as_of}
  job:
    type: list
    complete: true
    item: job
    title: jobs
    question: "?"
    named_by: [title]
    attributes:
      title: {type: text, title: title, question: "?"}
"""

PACK = """\
pack: every-leaf
title: Leaves of every kind that a sum can tell
version: "1"
use: [types]
sources:
  book: {title: A book, read: 2026-11-24}
outcomes:
"""

CONDITIONS = {
    "scalars": [
        "flag: true",
        "none_known: false",
        "age: {at_least: 40}",
        "gpa: {at_least: 2.25}",
        "state: {one_of: [New York, CA]}",
        "tags: {includes: a}",
        "best: {at_least: C}",
        "note: ünïcode",
    ],
    "pairs": ["age: {at_least: {fact: gpa}}", "amount: {less_than: {fact: steps}}"],
    "days": ["born: {before: 2008-06-01}"],
    "counts": [
        "course: {count: {grade: {at_least: C}}, at_least: 1}",
        "course: {count: {title: plain}, at_most: 0}",
        "course: {has: {done: {within: {years: 10}}}}",
    ],
    "amounts": [
        "course: {sum: hours, at_least: 60}",
        "course: {sum: hours, at_most: 90, where: {grade: {at_least: D}}}",
        "course: {mean: grade, weight: hours, at_least: 2.5}",
        "course: {mean: grade, at_least: 2}",
    ],
    "states": [
        "course: {count: {status: {one_of: [done, taken]}}, at_least: 2}",
        "course: {has: {status: taken, hours: {at_least: 40}}}",
        "course: {count: {grade: {at_most: D}}, at_most: 0}",
    ],
    "covers": ["course: {covers: {grade: [A, C]}}", "job: {covers: {title: [plain, '60']}}"],
    "jobs": ["job: {count: {title: plain}, at_least: 1}"],
    "fairness": ["judgement: {id: fair, question: Is it fair?, decided_by: the dean}"],
    "nested": ["course: {has: {part: {count: {credits: {at_least: 3}}, at_least: 1}}}"],
    "all-in-one": ["any: [{outcome: scalars}, {outcome: counts}]", "outcome: pairs"],
}


SHARES = {
    "shares": [
        "{share: none, all: [course: {has: {grade: {at_least: C}}}, course: {has: {}}]}",
        "{share: none, any: [{all: [course: {has: {title: plain}}, course: {has: {}}]}]}",
        "{share: {hours: 30}, all: [course: {sum: hours, at_least: 40}, course: {has: {}}]}",
        "{share: none, all: [course: {covers: {grade: [A, C]}}, course: {count: {}, at_least: 3}]}",
    ],
    "fairness": CONDITIONS["fairness"],
}
"""Conditions of which bounds tell something, and the solver the rest."""


def rules(folder: Path, every_group: Mapping[str, Sequence[str]] = CONDITIONS) -> Path:
    """The pack, with an outcome for every group of conditions, and one for each of them."""
    text = PACK
    for name, conditions in every_group.items():
        every = {name: conditions, **{f"{name}-{n}": [c] for n, c in enumerate(conditions)}}
        for outcome, some in every.items():
            listed = "".join(f"        - {one}\n" for one in some)
            text += (
                f"  {outcome}:\n    title: {outcome}\n    source: {{from: book}}\n"
                f"    requires:\n      all:\n{listed}"
            )
    (folder / "rules" / "every-leaf").mkdir(parents=True)
    (folder / "rules" / "types.yaml").write_text(VOCABULARY, encoding="utf-8")
    (folder / "rules" / "every-leaf" / "pack.yaml").write_text(text, encoding="utf-8")
    return folder / "rules"


@pytest.fixture(scope="session")
def server() -> Iterator[str]:
    with running() as url:
        yield url


# -- the ways that students come in tables


def nested(folder: Path, files: int = 1) -> tuple[str, str]:
    students = folder / "students"
    students.mkdir()
    write_parquet(students, made(nested=True), files)
    return str(students if files > 1 else students / "students-0.parquet"), NESTED


STATES = (
    '{plain: done, "a, b": done, "two\\nlines": done, ünïcode: done,'
    " 'say \"so\"': taken, '60': taken, 'true': planned}"
)
"""What the texts in the column of the state stand for."""

NESTED = f"""\
judgements: {{fair: is_fair}}
lists:
  course: {{columns: {{status: id}}, values: {{id: {STATES}}}}}
"""

TABLES = MAPPING.replace("id: code}", f"status: code}}\n    values: {{code: {STATES}}}")


TEXTS = TABLES.replace(
    "    key: number\n    lists:\n      part: {table: parts, item: of_course, order: [line]}\n", ""
).replace("  job: {missing: unknown, order: [line]}\n", "")


def csv_set(folder: Path) -> tuple[str, str]:
    return str(write_csv(folder / "tables", made(nested=False))), TABLES


def database(folder: Path) -> tuple[str, str]:
    return str(write_duckdb(folder / "college.duckdb", made(nested=False))), TABLES


def parquet_set(folder: Path) -> tuple[str, str]:
    write_duckdb(folder / "college.duckdb", made(nested=False))
    (folder / "tables").mkdir()
    with duckdb.connect(str(folder / "college.duckdb")) as connection:
        for name in ("people", "transcript", "parts", "job"):
            connection.execute(f"COPY {name} TO '{folder}/tables/{name}.parquet'")
    return str(folder / "tables"), TABLES


def in_json(folder: Path) -> tuple[str, str]:
    """Jobs and the parts of courses in JSON, some of them in other ways than usual."""
    source = write_duckdb(folder / "college.duckdb", made(nested=False))
    with duckdb.connect(str(source)) as connection:
        for sql in JSON:
            connection.execute(sql.replace("jsonb", "JSON"))
    return str(source), TEXTS


def json_in_parquet(folder: Path) -> tuple[str, str]:
    source, mapping = in_json(folder)
    (folder / "tables").mkdir()
    with duckdb.connect(source) as connection:
        for name in ("people", "transcript"):
            connection.execute(f"COPY {name} TO '{folder}/tables/{name}.parquet'")
    return str(folder / "tables"), mapping


JSON = (
    "ALTER TABLE people ADD job jsonb",
    "UPDATE people SET job = '[]' WHERE age < 20",
    """UPDATE people SET job = '[{"title": "plain"}]' WHERE age BETWEEN 20 AND 50""",
    """UPDATE people SET job = '[{"title": "plain"}, {"title": "60"}]' WHERE age > 90""",
    """UPDATE people SET job = '{"complete": false, "items": [{"title": "60"}]}' WHERE age > 95""",
    """UPDATE people SET job = 'null' WHERE student IN ('s-001', 's-002')""",
    """UPDATE people SET job = '[{"title": 60}]' WHERE student = 's-003'""",
    """UPDATE people SET job = '[5]' WHERE student = 's-004'""",
    """UPDATE people SET job = '{"items": 1}' WHERE student = 's-005'""",
    """UPDATE people SET job = '[{"title": "60", "//": "so"}]' WHERE student = 's-006'""",
    """UPDATE people SET job = '{"complete": true, "items": []}' WHERE student = 's-007'""",
    """UPDATE people SET job = '{"complete": true}' WHERE student = 's-008'""",
    """UPDATE people SET job = '[{"title": "plain", "pay": 7}]' WHERE student = 's-009'""",
    "ALTER TABLE transcript ADD part jsonb",
    """UPDATE transcript SET part = '[{"name": "x", "credits": 3.0}]' WHERE number = 1""",
    """UPDATE transcript SET part = '[{"credits": 2.99999999999999999999}]' WHERE number = 2""",
    """UPDATE transcript SET part = '[{"credits": 1}, {"name": null}]' WHERE number = 0""",
    """UPDATE transcript SET part = '[{"credits": true}]' WHERE student = 's-012'""",
    """UPDATE transcript SET part = '[{"credits": -1}]' WHERE student = 's-010'""",
    "DROP TABLE parts",
    "DROP TABLE job",
)

REFUSED = {"s-003", "s-004", "s-005", "s-008", "s-009", "s-010", "s-012"}


def postgres(folder: Path, server: str, more: Sequence[str] = ()) -> tuple[str, str]:
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute("DROP DATABASE IF EXISTS columns")
        # a language in which capitals are no matter of code points
        connection.execute(
            "CREATE DATABASE columns TEMPLATE template0 LOCALE_PROVIDER icu ICU_LOCALE 'en'"
        )
    url = server.replace("///postgres?", "///columns?")
    with psycopg.connect(url) as connection, connection.cursor() as cursor:
        for name, kinds, rows in row_tables(made(nested=False)):
            columns = ", ".join(f"{column} {kind}" for column, kind in kinds.items())
            cursor.execute(f"CREATE TABLE {name} ({columns})".encode())
            marks = ", ".join(["%s"] * len(kinds))
            cursor.executemany(f"INSERT INTO {name} VALUES ({marks})".encode(), rows)
        for sql in more:
            cursor.execute(sql.encode())
    return url, TEXTS if more else TABLES


WAYS: dict[str, tuple[str, Callable[..., tuple[str, str]]]] = {
    "nested Parquet": ("duckdb", nested),
    "Parquet in three files": ("duckdb", lambda folder: nested(folder, 3)),
    "a Parquet file for each list": ("duckdb", parquet_set),
    "a CSV file for each list": ("duckdb", csv_set),
    "a DuckDB file": ("duckdb", database),
    "lists in JSON": ("duckdb", in_json),
    "lists in JSON in Parquet": ("duckdb", json_in_parquet),
}


def batch(
    folder: Path, source: str, backend: str, *words: str | Path, reasons: str = "blocking"
) -> dict[str, bytes]:
    """The files that a run writes, all that tells of the run itself left out."""
    to = folder / backend
    to.mkdir()
    ending = "parquet" if "parquet" in words else "csv" if "wide" in words else "ndjson"
    name = f"out.{ending}"
    result = run(
        "batch", source, "--to", to / name, "--reasons", reasons, "--as-of", DAY,
        "--backend", backend, *words,
    )  # fmt: skip
    assert result.exit_code in (0, 1), result.stderr
    assert isinstance(result.exception, SystemExit | None), result.exception
    summary = json.loads((to / f"{name}.summary.json").read_text())
    assert summary["read"] == summary["answered"] + summary["rejected"] > 0
    told = {key: summary[key] for key in ("read", "answered", "rejected", "outcomes")}
    told["reasons"] = summary["rejects"]["reasons"]
    files = {one.name: one.read_bytes() for one in to.iterdir() if "summary" not in one.name}
    return {**files, "summary": json.dumps(told).encode()}


def compare(
    folder: Path, source: str, backend: str, *words: str | Path, reasons: str = "blocking"
) -> dict[str, bytes]:
    found = batch(folder, source, backend, *words, reasons=reasons)
    assert found == batch(folder, source, "rows", *words, reasons=reasons)
    return found


def rejected(found: dict[str, bytes]) -> set[str]:
    """The ids of those who are refused."""
    records = found.get("out.ndjson.rejects.ndjson", b"").splitlines()
    return {json.loads(one)["id"] for one in records}


def mapped(
    folder: Path, mapping: str, every_group: Mapping[str, Sequence[str]] = CONDITIONS
) -> tuple[str | Path, ...]:
    (folder / "mapping.yaml").write_text(mapping, encoding="utf-8")
    return ("--rules", rules(folder, every_group), "--mapping", folder / "mapping.yaml")


@pytest.mark.parametrize("way", WAYS)
def test_columns_write_what_rows_do(way: str, tmp_path: Path) -> None:
    backend, make = WAYS[way]
    source, mapping = make(tmp_path)
    words = mapped(tmp_path, mapping)
    found = compare(tmp_path, source, backend, *words)
    assert len(found["out.ndjson"].splitlines()) + len(rejected(found)) == len(made(nested=True))
    assert found["out.ndjson"].count(b'"on_track"') > 20


def test_columns_in_postgres_write_what_rows_do(server: str, tmp_path: Path) -> None:
    source, mapping = postgres(tmp_path, server)
    compare(tmp_path, source, "postgres", *mapped(tmp_path, mapping))


def test_lists_in_json_in_postgres_come_out_as_by_rows(server: str, tmp_path: Path) -> None:
    for kind in ("json", "jsonb"):
        more = [sql.replace("jsonb", kind) for sql in JSON]
        source, mapping = postgres(tmp_path, server, more)
        (tmp_path / kind).mkdir()
        found = compare(tmp_path / kind, source, "postgres", *mapped(tmp_path / kind, mapping))
        assert rejected(found) == REFUSED


def test_a_list_with_too_many_texts_is_answered_one_by_one(
    server: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("eligibility.columns.adding.MOST_TEXTS", 3)
    source, mapping = postgres(tmp_path, server, JSON)
    message = refusal(source, tmp_path, *mapped(tmp_path, mapping), "--backend", "postgres")
    assert "`job` has more than 3 different values" in message


def test_texts_of_a_database_in_another_encoding_are_the_same(server: str, tmp_path: Path) -> None:
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute("DROP DATABASE IF EXISTS latin")
        connection.execute("CREATE DATABASE latin TEMPLATE template0 ENCODING 'LATIN1' LOCALE 'C'")
    url = server.replace("///postgres?", "///latin?")
    with psycopg.connect(url) as connection:
        connection.execute("CREATE TABLE students (id text, note text)")
        for row in (("a", "ünïcode"), ("b", 'two\nlines, "so"'), ("c", ""), ("d", None)):
            connection.execute("INSERT INTO students VALUES (%s, %s)", row)
    words = mapped(tmp_path, "facts: {note: note}\n")
    found = compare(tmp_path, url, "postgres", *words, "--outcome", "scalars-7")
    statuses = [json.loads(one)["statuses"] for one in found["out.ndjson"].splitlines()]
    told = ["eligible", "not_eligible", "undetermined"]
    assert [one["scalars-7"] for one in statuses] == told


@pytest.mark.parametrize("reasons", ["none", "blocking"])
@pytest.mark.parametrize("way", ["Parquet in three files", "a CSV file for each list"])
def test_items_that_are_used_once_are_told_as_by_rows(
    way: str, reasons: str, tmp_path: Path
) -> None:
    backend, make = WAYS[way]
    source, mapping = make(tmp_path)
    found = compare(tmp_path, source, backend, *mapped(tmp_path, mapping, SHARES), reasons=reasons)
    for status in ("eligible", "on_track", "undetermined", "not_eligible"):
        assert f'-0":"{status}"'.encode() in found["out.ndjson"]


def test_items_that_are_used_once_are_told_as_by_rows_in_postgres(
    server: str, tmp_path: Path
) -> None:
    source, mapping = postgres(tmp_path, server)
    words = mapped(tmp_path, mapping, SHARES)
    compare(tmp_path, source, "postgres", *words, reasons="none")


def test_bounds_decide_most_students_where_items_are_used_once(tmp_path: Path) -> None:
    """Only those whom they leave open are fetched one by one."""
    source, mapping = nested(tmp_path)
    words = mapped(tmp_path, mapping, SHARES)
    pack = load_pack(Path(words[1]), engine="batch")
    asked = Question(pack, datetime.date.fromisoformat(DAY), ["shares"], "none", "ndjson")
    with (
        open_tables(source, pack.rules, mapping=str(words[3])) as tables,
        in_columns(asked, tables, "duckdb") as columns,
    ):
        [part] = tables.parts()
        read = columns._reading.read(part)
        left = read.good & ~columns._bound(read).good
    assert 0 < left.sum() < read.good.sum() / 2


PARTIAL = {
    "in columns": (
        nested,
        NESTED.replace("course: {", "course: {complete: false, lists: {part: {complete: false}}, ")
        + "  job: {complete: false}\n",
    ),
    "in lists in columns": (
        nested,
        NESTED.replace("course: {", "course: {lists: {part: {complete: false}}, "),
    ),
    "in tables": (
        database,
        TABLES.replace("  course:\n", "  course:\n    complete: false\n").replace(
            "job: {missing: unknown, ", "job: {complete: false, "
        ),
    ),
    "in tables of lists in lists": (
        database,
        TABLES.replace("part: {", "part: {complete: false, "),
    ),
    "in JSON": (
        in_json,
        TEXTS.replace("ignore:", "  job: {complete: false}\nignore:"),
    ),
    "in tables that some are not in": (
        csv_set,
        TABLES.replace("  course:\n", "  course:\n    complete: false\n    missing: unknown\n"),
    ),
}


@pytest.mark.parametrize("case", PARTIAL)
def test_lists_that_may_lack_items_are_told_as_by_rows(case: str, tmp_path: Path) -> None:
    make, mapping = PARTIAL[case]
    source, whole = make(tmp_path)
    assert mapping != whole
    words = mapped(tmp_path, mapping)
    found = compare(tmp_path, source, "duckdb", *words)
    shutil.rmtree(tmp_path / "duckdb")
    (tmp_path / "mapping.yaml").write_text(whole, encoding="utf-8")
    assert batch(tmp_path, source, "duckdb", *words)["summary"] != found["summary"]


def test_lists_that_may_lack_items_are_told_as_by_rows_in_postgres(
    server: str, tmp_path: Path
) -> None:
    source, _ = postgres(tmp_path, server)
    for case in ("in tables", "in tables of lists in lists"):
        folder = tmp_path / case
        folder.mkdir()
        compare(folder, source, "postgres", *mapped(folder, PARTIAL[case][1]))


@pytest.mark.parametrize("reasons", ["none", "blocking"])
@pytest.mark.parametrize("kind", ["ndjson", "csv", "wide", "parquet"])
def test_all_formats_come_out_the_same(kind: str, reasons: str, tmp_path: Path) -> None:
    source, mapping = nested(tmp_path)
    words = mapped(tmp_path, mapping)
    if kind == "csv":
        folder = tmp_path / "folder"
        for backend in ("rows", "duckdb"):
            to = folder / backend
            result = run(
                "batch", source, "--to", to, "--reasons", reasons, "--as-of", DAY,
                "--backend", backend, "--format", kind, *words,
            )  # fmt: skip
            assert result.exit_code == 0, result.stderr
        parts = [(folder / one / "part-00000.csv").read_bytes() for one in ("rows", "duckdb")]
        assert parts[0] == parts[1]
        return
    compare(tmp_path, source, "duckdb", "--format", kind, *words, reasons=reasons)


@pytest.mark.skipif(
    find_spec("pyspark") is None or shutil.which("java") is None, reason="there is no Spark here"
)
@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(
    "way",
    ["Parquet in three files", "a Parquet file for each list", "lists in JSON in Parquet"],
)
def test_spark_writes_what_rows_do(
    way: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MASTER", "local[2]")
    monkeypatch.setenv("PYSPARK_PYTHON", sys.executable)
    source, mapping = WAYS[way][1](tmp_path)
    asked = ("amounts", "all-in-one", "nested", "states", "jobs")
    words = [word for one in asked for word in ("--outcome", one)]
    compare(tmp_path, source, "spark", *mapped(tmp_path, mapping), *words)


@pytest.mark.skipif(find_spec("pyspark") is None, reason="there is no Spark here")
@pytest.mark.filterwarnings("ignore")
def test_a_server_of_spark_that_does_not_answer_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in list(os.environ):
        if name.lower().endswith("_proxy"):
            monkeypatch.delenv(name)
    monkeypatch.setenv("SPARK_REMOTE", "sc://localhost:1")
    source, mapping = nested(tmp_path)
    message = refusal(source, tmp_path, *mapped(tmp_path, mapping), "--backend", "spark")
    assert "the server of Spark at `localhost` cannot be reached" in message
    assert "= `SPARK_REMOTE` is its address: `sc://HOST:PORT`" in message


@pytest.mark.parametrize(
    "name", ["_first.parquet", ".first.parquet", "a[b].parquet", "a:b.parquet"]
)
def test_spark_is_given_no_file_that_it_would_leave_out(name: str, tmp_path: Path) -> None:
    source, mapping = nested(tmp_path, 2)
    (Path(source) / "students-0.parquet").rename(Path(source) / name)
    message = refusal(source, tmp_path, *mapped(tmp_path, mapping), "--backend", "spark")
    assert f"Spark does not find files that are called like `{source}/{name}`" in message


def test_spark_is_given_no_files_with_other_columns(tmp_path: Path) -> None:
    source, mapping = nested(tmp_path, 2)
    with duckdb.connect() as connection:
        connection.execute(
            f"COPY (SELECT * REPLACE (CAST(age AS INTEGER) AS age) FROM"
            f" '{source}/students-0.parquet') TO '{source}/students-2.parquet'"
        )
    message = refusal(source, tmp_path, *mapped(tmp_path, mapping), "--backend", "spark")
    assert "students-2.parquet` has other columns or types than" in message


# -- students whom the columns cannot tell


def odd(folder: Path) -> str:
    """Students with a value, a list, an id or a number of items that is not plain."""
    source, _ = nested(folder)
    target = folder / "odd.parquet"
    changes = {
        "state": "CASE WHEN n % 7 = 0 THEN 'Nowhere' ELSE state END",
        "amount": "CASE WHEN n % 11 = 0 THEN 123456.123456 ELSE amount END",
        "course": "CASE WHEN n % 13 = 0 THEN [NULL] WHEN n % 17 = 0"
        " THEN list_transform(range(130), lambda i: course[1]) ELSE course END",
        "id": "CASE WHEN n % 19 = 0 THEN NULL WHEN n % 23 = 0 THEN 'twice'"
        " WHEN n = 29 THEN '' ELSE id END",
    }
    replaced = ", ".join(f"{sql} AS {name}" for name, sql in changes.items())
    with duckdb.connect() as connection:
        connection.execute(
            f"COPY (SELECT * EXCLUDE (n) REPLACE ({replaced}) FROM"
            f" (SELECT *, row_number() OVER () AS n FROM '{source}')) TO '{target}'"
        )
    return str(target)


def test_broken_lines_of_csv_files_are_told_as_always(tmp_path: Path) -> None:
    source, mapping = csv_set(tmp_path)
    people = Path(source) / "people.csv"
    lines = people.read_text("utf-8").splitlines(keepends=True)
    people.write_text("".join([lines[0], "x,y\n", *lines[1:], "z,\n"]), encoding="utf-8")
    found = compare(tmp_path, source, "duckdb", *mapped(tmp_path, mapping))
    rejects = [json.loads(one) for one in found["out.ndjson.rejects.ndjson"].splitlines()]
    number = people.read_bytes().count(b"\n")
    assert [(one["line"], one["reason"]) for one in rejects] == [
        (line, "has too few cells: the first line has 14") for line in (2, number)
    ]
    assert rejects[0] == {
        "source": str(people),
        "line": 2,
        "id": None,
        "pointer": None,
        "reason": "has too few cells: the first line has 14",
        "hint": None,
    }


def test_students_who_are_odd_are_told_as_always(tmp_path: Path) -> None:
    found = compare(tmp_path, odd(tmp_path), "duckdb", *mapped(tmp_path, NESTED))
    rejects = [json.loads(one) for one in found["out.ndjson.rejects.ndjson"].splitlines()]
    told = {one["pointer"] or one["reason"].partition("`")[0] for one in rejects}
    assert told >= {"/state", "/course/0", "/id", "a row of ", "the id stands in 2 rows of "}


def test_items_of_nobody_are_told_as_always(tmp_path: Path) -> None:
    source, mapping = database(tmp_path)
    with duckdb.connect(source) as connection:
        connection.execute("DELETE FROM people WHERE student = '7'")
        connection.execute("UPDATE job SET student = NULL WHERE student = '007'")
        connection.execute("INSERT INTO job VALUES ('nobody', 1, 'plain')")
        connection.execute("INSERT INTO parts VALUES ('somebody', 1, 1, 'plain', 3)")
    found = compare(tmp_path, source, "duckdb", *mapped(tmp_path, mapping))
    rejects = found["out.ndjson.rejects.ndjson"].decode()
    assert "1 row of a student who is not in" in rejects
    assert "parts: student somebody" in rejects


MISFITS = {
    "a part of no course": (
        "INSERT INTO parts VALUES ('s-001', 99, 1, 'plain', 3)",
        "a row of `parts` is of no item of `transcript`",
    ),
    "a part that names no course": (
        "INSERT INTO parts VALUES ('s-001', NULL, 1, 'plain', 3)",
        "a row of `parts` is of no item of `transcript`",
    ),
    "courses of one name": (
        "INSERT INTO transcript (student, number) VALUES ('s-001', 7), ('s-001', 7)",
        "several items of `transcript` have the same `number`",
    ),
    "a part that is not allowed": (
        """INSERT INTO transcript (student, number) VALUES ('s-001', 7);
        INSERT INTO parts VALUES ('s-001', 7, 1, 'plain', -3)""",
        "is below 0, the least that is declared",
    ),
    "many parts": (
        """INSERT INTO transcript (student, number) SELECT 's-001', 7 + n FROM range(4) AS t (n);
        INSERT INTO parts SELECT 's-001', 7 + n % 4, n, 'plain', 3 FROM range(10001) AS t (n)""",
        "more than 10,000 rows of `parts` are the student's",
    ),
}


@pytest.mark.parametrize("misfit", MISFITS)
def test_lists_in_lists_that_do_not_fit_are_refused_as_always(misfit: str, tmp_path: Path) -> None:
    sql, message = MISFITS[misfit]
    source, mapping = database(tmp_path)
    with duckdb.connect(source) as connection:
        connection.execute(sql)
    words = mapped(tmp_path, mapping)
    found = compare(tmp_path, source, "duckdb", *words, "--outcome", "nested")
    [reject] = found["out.ndjson.rejects.ndjson"].splitlines()
    assert message in json.loads(reject)["reason"]
    assert json.loads(reject)["id"] == "s-001"


@pytest.mark.parametrize(("order", "sorted_first"), [("id", False), ("hash(id)", True)])
def test_files_in_no_order_are_sorted_before_parts_are_taken_out(
    order: str, sorted_first: bool, tmp_path: Path
) -> None:
    source, _ = nested(tmp_path)
    target = tmp_path / "ordered.parquet"
    with duckdb.connect() as connection:
        connection.execute(f"COPY (SELECT * FROM '{source}' ORDER BY {order}) TO '{target}'")
    pack = load_pack(rules(tmp_path))
    mapping = tmp_path / "mapping.yaml"
    mapping.write_text(NESTED, encoding="utf-8")
    outcomes = [*pack.rules.outcomes]
    question = Question(pack, datetime.date.fromisoformat(DAY), outcomes, "blocking", "csv")
    found = []
    with open_tables(str(target), pack.rules, mapping=str(mapping), size=20) as tables:
        assert (tables.whole().opening.database is not None) == sorted_first
        with in_columns(question, tables, "duckdb") as columns:
            for way in (columns, make_answering(question)):
                counting = Counting(len(outcomes))
                rows = [row for part in tables.parts() for row in way.rows(part, counting)]
                told = [(row.id, row.found.statuses, row.found.blocking) for row in rows]
                found.append((told, counting.finish().as_json()))
    assert found[0] == found[1]
    assert len(found[0][0]) == len(made(nested=True))


# -- what is refused


def refusal(source: str, folder: Path, *words: str | Path) -> str:
    """What is said where nothing is answered."""
    to = folder / "refused.ndjson"
    result = run(
        "batch", source, "--to", to, "--as-of", DAY, "--reasons", "none", *words
    )  # fmt: skip
    assert result.exit_code == 2
    assert not to.exists()
    return " ".join(result.stderr.replace("\n  ", " ").split())


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (
            ("--backend", "duckdb", "--reasons", "all"),
            "all reasons are told one by one = `--reasons blocking` tells those that count most",
        ),
        (
            ("--backend", "postgres", "--reasons", "none"),
            "`--backend postgres` does not go with `college.duckdb` = `--backend duckdb` does",
        ),
        (
            ("--backend", "spark", "--reasons", "none"),
            "Spark reads Parquet files, and these are others",
        ),
    ],
)
def test_a_backend_that_cannot_do_it_says_so(
    words: tuple[str, ...], message: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    database(tmp_path)
    more = mapped(tmp_path, TABLES)
    result = run("batch", "college.duckdb", "--to", "out.ndjson", "--as-of", DAY, *more, *words)
    assert result.exit_code == 2
    assert message in " ".join(result.stderr.split())
    assert not Path("out.ndjson").exists()


def test_items_that_are_named_by_other_values_are_told_as_always(tmp_path: Path) -> None:
    source, mapping = database(tmp_path)
    with duckdb.connect(source) as connection:
        connection.execute("ALTER TABLE parts ALTER of_course TYPE DECIMAL(6, 1)")
    found = compare(tmp_path, source, "duckdb", *mapped(tmp_path, mapping))
    rejects = found["out.ndjson.rejects.ndjson"].decode()
    assert "a row of `parts` is of no item of `transcript`" in rejects


def test_a_source_without_tables_has_no_columns(tmp_path: Path) -> None:
    (tmp_path / "students.ndjson").write_text('{"id": "a"}\n')
    to = tmp_path / "out.ndjson"
    words = ("--rules", rules(tmp_path), "--reasons", "none", "--backend", "duckdb")
    result = run("batch", tmp_path / "students.ndjson", "--to", to, *words)
    assert result.exit_code == 2
    assert "`--backend duckdb` is for tables" in " ".join(result.stderr.split())
