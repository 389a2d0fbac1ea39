"""Some made-up students with a fact of every type, and the same students in tables."""

from __future__ import annotations

import csv
import json
import random
from collections.abc import Callable, Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
from every_type import every_type

from eligibility.errors import EligibilityError
from eligibility.facts import Profile
from eligibility.profile_json import parse_json
from eligibility.schemas import ProfileReader
from eligibility.sources import Part, Source
from eligibility.sources.finding import find_student
from eligibility.sources.tables import TableSource

__all__ = [
    "COLUMNS",
    "MAPPING",
    "RULES",
    "asked",
    "json_text",
    "made",
    "mapping",
    "one_by_one",
    "profiles",
    "read",
    "row_tables",
    "write_csv",
    "write_duckdb",
    "write_ndjson",
    "write_parquet",
]

RULES = every_type()
_READER = ProfileReader(RULES)

Student = dict[str, Any]


def made(count: int = 60, *, nested: bool) -> list[Student]:
    """Students in the order of their ids, the same ones each time.

    Without `nested`, lists are as rows of tables can say them: a student without courses
    or a course without parts has an empty list, and without jobs one that is not known.
    """
    chance = random.Random(20261124)
    ids = {f"s-{number:03}" for number in range(count - 6)}
    ids |= {"007", "7", "Zoë", "a b", "名前", "😀'x\""}
    return [_student(chance, one, nested) for one in sorted(ids)]


def _student(chance: random.Random, name: str, nested: bool) -> Student:
    def maybe(make: Callable[[], Any]) -> Any:
        return make() if chance.random() < 0.8 else None

    def text() -> str:
        return chance.choice(["plain", "a, b", 'say "so"', "two\nlines", "ünïcode", "60", "true"])

    def amount() -> Decimal:
        return Decimal(chance.randrange(-(10**9), 10**9)).scaleb(-chance.randrange(6))

    def day(partial: bool = True) -> str:
        whole = f"{chance.randrange(1990, 2027)}-{chance.randrange(1, 13):02}-28"
        return whole[: chance.choice([4, 7, 10])] if partial else whole

    def part() -> Student:
        credits_ = Decimal(chance.randrange(80)).scaleb(-1)
        return {"name": maybe(text), "credits": maybe(lambda: credits_)}

    def course() -> Student:
        parts = [part() for _ in range(chance.randrange(3))]
        return {
            "title": maybe(text),
            "grade": maybe(lambda: chance.choice(["F", "D", "C", "B+", "A", "P"])),
            "done": maybe(lambda: day(partial=False)),
            "hours": maybe(lambda: chance.randrange(1, 90)),
            "id": maybe(text),
            "part": (maybe(lambda: parts) if nested else parts),
        }

    courses = [course() for _ in range(chance.randrange(4))]
    jobs = [{"title": maybe(text)} for _ in range(chance.randrange(3))]
    return {
        "id": name,
        "flag": maybe(lambda: chance.random() < 0.5),
        "none_known": maybe(lambda: chance.random() < 0.5),
        "age": maybe(lambda: chance.randrange(121)),
        "steps": maybe(lambda: chance.randrange(-(10**12), 10**12)),
        "gpa": maybe(lambda: Decimal(chance.randrange(451)).scaleb(-2)),
        "amount": maybe(amount),
        "note": maybe(text),
        "state": maybe(lambda: chance.choice(["New York", "new-jersey", "CA"])),
        "born": maybe(day),
        "best": maybe(lambda: chance.choice(["F", "C", "A", "P"])),
        "tags": maybe(lambda: [chance.choice("abc") for _ in range(chance.randrange(3))]),
        "course": maybe(lambda: courses) if nested else courses,
        "job": maybe(lambda: jobs) if nested else (jobs or None),
        "judgements": {"fair": maybe(lambda: chance.random() < 0.5)},
    }


def json_text(value: object) -> str:
    """JSON with exact numbers."""
    if isinstance(value, Decimal):
        return f"{value:f}"
    if isinstance(value, dict):
        return (
            "{"
            + ",".join(f"{json.dumps(key)}:{json_text(one)}" for key, one in value.items())
            + "}"
        )
    if isinstance(value, list):
        return "[" + ",".join(map(json_text, value)) + "]"
    return json.dumps(value)


def write_ndjson(path: Path, students: list[Student]) -> Path:
    path.write_text("".join(f"{json_text(one)}\n" for one in students), encoding="utf-8")
    return path


def profiles(students: list[Student]) -> list[Profile]:
    """What the reader makes of them, by way of their JSON."""
    return [_READER.read(parse_json(json_text(one), "")) for one in students]


class _Whole:
    """A source of which nobody knows that it is tables."""

    size: int | None = None
    again = True

    def __init__(self, source: TableSource) -> None:
        self.name = source.name
        self._source = source

    def parts(self) -> Iterator[Part]:
        yield from self._source.parts()

    def fingerprint(self) -> str:
        return ""


def asked(source: Source, student: str) -> str:
    """Who is found, or what is said."""
    try:
        return repr(find_student(student, [source]))
    except EligibilityError as error:
        return str(error)


def one_by_one(source: TableSource, student: str) -> str:
    """Who is found when all are looked at, or what is said."""
    return asked(_Whole(source), student)


def read(source: TableSource) -> list[Profile]:
    """What it makes of all parts of a source, which has nothing that is wrong."""
    found = []
    with source:
        for part in source.parts():
            for one in part.places():
                assert one.error is None, str(one.error)
                found.append(_READER.read(one.value, "profile"))
    return found


# -- columns of their own names -------------------------------------------------------

COLUMNS = {
    "id": "VARCHAR",
    "flag": "BOOLEAN",
    "none_known": "BOOLEAN",
    "age": "TINYINT",
    "steps": "BIGINT",
    "gpa": "DECIMAL(4, 2)",
    "amount": "DECIMAL(20, 6)",
    "note": "VARCHAR",
    "state": "VARCHAR",
    "born": "VARCHAR",
    "best": "VARCHAR",
    "tags": "VARCHAR[]",
    "course": (
        "STRUCT(title VARCHAR, grade VARCHAR, done DATE, hours INTEGER, id VARCHAR,"
        " part STRUCT(name VARCHAR, credits DECIMAL(6, 1))[])[]"
    ),
    "job": "STRUCT(title VARCHAR)[]",
}
_AS_TEXT = {
    "course": (
        "STRUCT(title VARCHAR, grade VARCHAR, done VARCHAR, hours VARCHAR, id VARCHAR,"
        " part STRUCT(name VARCHAR, credits VARCHAR)[])[]"
    )
}


def write_parquet(folder: Path, students: list[Student], files: int = 1) -> list[Path]:
    """Parquet files with lists in columns, and the judgement in a column `is_fair`."""
    lines = write_ndjson(folder / "made.ndjson", students)
    texts = {
        name: _AS_TEXT.get(name, kind if kind.endswith("[]") else "VARCHAR")
        for name, kind in {**COLUMNS, "judgements": "STRUCT(fair BOOLEAN)[]"}.items()
    }
    texts["judgements"] = "STRUCT(fair VARCHAR)"
    given = ", ".join(f"'{name}': '{kind}'" for name, kind in texts.items())
    taken = ", ".join(f"CAST({name} AS {kind}) AS {name}" for name, kind in COLUMNS.items())
    paths = [folder / f"students-{number}.parquet" for number in range(files)]
    with duckdb.connect() as connection:
        connection.execute(
            f"CREATE TABLE made AS SELECT {taken},"
            " CAST(judgements.fair AS BOOLEAN) AS is_fair, row_number() OVER () AS n"
            f" FROM read_json('{lines}', format = 'newline_delimited', columns = {{{given}}})"
        )
        for number, path in enumerate(paths):
            # later ids first: the order is that of the id, not that of the files
            connection.execute(
                f"COPY (SELECT * EXCLUDE (n) FROM made WHERE n % {files} = {number}"
                f" ORDER BY n DESC) TO '{path}' (FORMAT parquet)"
            )
    lines.unlink()
    return paths


# -- rows of tables -------------------------------------------------------------------

MAPPING = """\
students: {table: people, id: student}
facts: {gpa: cum_gpa, flag: has_flag, tags: tags}
judgements: {fair: is_fair}
values:
  has_flag: {Y: true, N: false}
  tags: {none: []}
split: {tags: ";"}
lists:
  course:
    table: transcript
    columns: {grade: final_grade, id: code}
    order: [number]
    key: number
    lists:
      part: {table: parts, item: of_course, order: [line]}
  job: {missing: unknown, order: [line]}
ignore: [first_name]
"""
"""How the tables below are to be read."""

_KINDS = {
    "people": {
        "student": "text",
        "first_name": "text",
        "has_flag": "text",
        "none_known": "boolean",
        "age": "smallint",
        "steps": "bigint",
        "cum_gpa": "numeric(4, 2)",
        "amount": "numeric(20, 6)",
        "note": "text",
        "state": "text",
        "born": "text",
        "best": "text",
        "tags": "text",
        "is_fair": "boolean",
    },
    "transcript": {
        "student": "text",
        "number": "integer",
        "title": "text",
        "final_grade": "text",
        "done": "date",
        "hours": "integer",
        "code": "text",
    },
    "parts": {
        "student": "text",
        "of_course": "bigint",
        "line": "integer",
        "name": "text",
        "credits": "numeric(6, 1)",
    },
    "job": {"student": "text", "line": "integer", "title": "text"},
}

Rows = list[tuple[Any, ...]]


def row_tables(students: list[Student]) -> Iterator[tuple[str, dict[str, str], Rows]]:
    """Each table: its name, its columns with their types in SQL, its rows, mixed up."""
    rows: dict[str, Rows] = {name: [] for name in _KINDS}
    for one in students:
        flag = None if one["flag"] is None else "NY"[one["flag"]]
        tags = None if one["tags"] is None else "; ".join(one["tags"]) or "none"
        names = ("none_known", "age", "steps", "gpa", "amount", "note", "state", "born", "best")
        person = [one[name] for name in names]
        fair = one["judgements"]["fair"]
        rows["people"].append((one["id"], "Secret", flag, *person, tags, fair))
        for number, course in enumerate(one["course"]):
            taken = [course[name] for name in ("title", "grade", "done", "hours", "id")]
            rows["transcript"].append((one["id"], number, *taken))
            for line, part in enumerate(course["part"]):
                rows["parts"].append((one["id"], number, line, part["name"], part["credits"]))
        for line, job in enumerate(one["job"] or ()):
            rows["job"].append((one["id"], line, job["title"]))
    for name, kinds in _KINDS.items():
        random.Random(name).shuffle(rows[name])
        yield name, dict(kinds), rows[name]


def write_csv(folder: Path, students: list[Student]) -> Path:
    folder.mkdir()
    for name, kinds, rows in row_tables(students):
        with (folder / f"{name}.csv").open("w", encoding="utf-8", newline="") as stream:
            writer = csv.writer(stream)
            writer.writerow(kinds)
            writer.writerows([_cell(one) for one in row] for row in rows)
    return folder


def _cell(value: object) -> object:
    return {True: "true", False: "false"}[value] if isinstance(value, bool) else value


def write_duckdb(path: Path, students: list[Student]) -> Path:
    with duckdb.connect(str(path)) as connection:
        for name, kinds, rows in row_tables(students):
            columns = ", ".join(f"{column} {kind}" for column, kind in kinds.items())
            connection.execute(f"CREATE TABLE {name} ({columns})")
            if rows:
                marks = ", ".join("?" * len(kinds))
                connection.executemany(f"INSERT INTO {name} VALUES ({marks})", rows)
    return path


def mapping(text: str, name: str = "mapping.yaml") -> str:
    """A file with a mapping in the folder where the test is at work."""
    Path(name).write_text(text, encoding="utf-8")
    return name
