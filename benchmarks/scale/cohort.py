"""Made-up students for the benchmark of scale: the same seed gives the same bytes.

    python benchmarks/scale/cohort.py 1000000 students.ndjson
    python benchmarks/scale/cohort.py 1000000 students.ndjson --parquet students.parquet
    python benchmarks/scale/cohort.py 20000 students.ndjson --folder students/

A student is 2.2 kB of JSON: 25 scalars, about 20 courses, credentials and CE credits.
Of every 100 pieces of information 3 to 8 are missing: half of them left out, half null.
Some courses are in progress, some planned. Nobody in it is real.

Students are made in chunks that know only the seed and their own number. So the first
ones are the same however many are asked for, and every processor can make some.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import random
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

__all__ = ["COLUMNS", "SCALARS", "to_folder", "to_parquet", "write_students"]

_CHUNK = 1000
"""How many students are made of one seed of their own."""

_LEAST_MISSING, _MOST_MISSING = 0.03, 0.08

_DEPTS = ("HIT", "MRM", "COD", "BIO", "MAT", "ENG", "CIS", "LAW", "BUS", "GEN")
_GRADES = ("A", "A-", "B+", "B", "B-", "C+", "C", "C-", "D", "F", "P", "W", "I")
_GRADE_WEIGHTS = (12, 12, 14, 16, 10, 10, 10, 4, 3, 3, 3, 2, 1)
_TERM_ENDS = ("05", "08", "12")
_FIRST_YEAR = 2021
_LAST_TERMS = 15
"""Terms are counted from the spring of 2021; the last one ends in December 2025."""

SCALARS = {
    "hs_diploma": "BOOLEAN",
    "ged": "BOOLEAN",
    "residency": "VARCHAR",
    "campus": "VARCHAR",
    "program": "VARCHAR",
    "born": "DATE",
    "admitted": "DATE",
    "enrolled": "DATE",
    "gpa": "DECIMAL(3,2)",
    "major_gpa": "DECIMAL(3,2)",
    "needed_gpa": "DECIMAL(3,2)",
    "terms": "INTEGER",
    "transfer": "DECIMAL(5,1)",
    "math": "INTEGER",
    "english": "INTEGER",
    "bill_due": "BOOLEAN",
    "conduct_hold": "BOOLEAN",
    "screened": "BOOLEAN",
    "screened_on": "DATE",
    "immunized": "BOOLEAN",
    "work_hours": "DECIMAL(4,1)",
    "volunteer": "DECIMAL(5,1)",
    "income": "INTEGER",
    "standing": "VARCHAR",
    "degree": "VARCHAR",
}
"""The scalars of a student, and what they are in SQL."""

COLUMNS = {
    "id": "VARCHAR",
    **SCALARS,
    "courses": (
        "STRUCT(dept VARCHAR, level INTEGER, status VARCHAR, grade VARCHAR,"
        " credits DECIMAL(4,1), ended DATE)[]"
    ),
    "credentials": "STRUCT(kind VARCHAR, code VARCHAR, status VARCHAR, awarded DATE)[]",
    "ceus": "STRUCT(topic VARCHAR, hours DECIMAL(4,1), date DATE)[]",
}
"""All that a student states, with exact types: the schema that SQL reads JSON by."""


def write_students(count: int, path: Path, seed: int = 1, processes: int | None = None) -> None:
    """Write `count` students to `path`, one a line."""
    numbers = range((count + _CHUNK - 1) // _CHUNK)
    asked = [(seed, number, min(_CHUNK, count - number * _CHUNK)) for number in numbers]
    processes = min(processes or os.cpu_count() or 1, max(1, len(asked)))
    with path.open("wb") as stream:
        if processes == 1:
            for one in asked:
                stream.write(_chunk(one))
            return
        with multiprocessing.Pool(processes) as pool:
            for text in pool.imap(_chunk, asked):
                stream.write(text)


def to_parquet(source: Path, target: Path) -> None:
    """The same students as Parquet: lists of structs, dates as dates, decimals exact."""
    import duckdb

    typed = ", ".join(f"{name!r}: {kind!r}" for name, kind in COLUMNS.items())
    with duckdb.connect() as database:
        database.execute(
            f"COPY (SELECT * FROM read_json('{source}', format = 'newline_delimited',"
            f" columns = {{{typed}}})) TO '{target}' (FORMAT parquet, COMPRESSION zstd)"
        )


def to_folder(source: Path, folder: Path) -> None:
    """The same students as a file each, a thousand to a folder."""
    with source.open("rb") as stream:
        for number, line in enumerate(stream):
            place = folder / f"{number // 1000:05}"
            if number % 1000 == 0:
                place.mkdir(parents=True, exist_ok=True)
            (place / f"student-{number:07}.json").write_bytes(line)


def _chunk(asked: tuple[int, int, int]) -> bytes:
    """The lines of one chunk: its seed, its number, and how many students it has."""
    seed, number, count = asked
    chance = random.Random(f"{seed}/{number}")  # noqa: S311  # nothing secret is made of it
    first = number * _CHUNK
    return "".join(_student(chance, first + one) for one in range(count)).encode()


def _student(chance: random.Random, number: int) -> str:
    share = chance.uniform(_LEAST_MISSING, _MOST_MISSING)
    terms = chance.randint(1, 8)
    last = chance.randint(max(terms, 9), _LAST_TERMS)
    facts = [
        *_kept(chance, share, SCALARS, _scalars(chance, terms)),
        *_kept(
            chance,
            share,
            ("courses", "credentials", "ceus"),
            (
                _courses(chance, share, terms, last),
                _credentials(chance, share, terms),
                _credits(chance, share),
            ),
        ),
    ]
    return f'{{"id":"student-{number:07}",{",".join(facts)}}}\n'


def _kept(
    chance: random.Random,
    share: float,
    names: Sequence[str] | dict[str, str],
    values: Sequence[str],
) -> Iterator[str]:
    """Members of a JSON object, some left out or null."""
    drawn = chance.random
    for name, value in zip(names, values, strict=True):
        luck = drawn()
        if luck >= share:
            yield f'"{name}":{value}'
        elif luck < share / 2:
            yield f'"{name}":null'


def _yes(chance: random.Random, share: float) -> str:
    return "true" if chance.random() < share else "false"


def _day(chance: random.Random, first: int, last: int) -> str:
    return f'"{chance.randint(first, last)}-{chance.randint(1, 12):02}-{chance.randint(1, 28):02}"'


def _scalars(chance: random.Random, terms: int) -> tuple[str, ...]:
    """The values of all scalars, as JSON, in the order of `SCALARS`."""
    gpa = chance.triangular(1.6, 4, 3.3)
    major = min(4.0, max(0.0, gpa + chance.uniform(-0.4, 0.4)))
    admitted = _day(chance, 2021, 2025)
    return (
        _yes(chance, 0.8),
        _yes(chance, 0.2),
        chance.choice(('"in state"', '"in state"', '"in state"', '"out of state"', '"abroad"')),
        chance.choice(('"north"', '"south"', '"east"', '"online"')),
        chance.choice(('"HIT"', '"HIT"', '"MRM"', '"COD"', '"NUR"', '"BUS"')),
        _day(chance, 1975, 2008),
        admitted,
        admitted if chance.random() < 0.7 else _day(chance, 2022, 2026),
        f"{gpa:.2f}",
        f"{major:.2f}",
        chance.choice(("2.0", "2.25", "2.5", "2.75", "3.0")),
        str(terms),
        chance.choice(("0", "0", "0", "3", "4.5", "9", "15", "30", "45")),
        str(chance.randint(20, 100)),
        str(chance.randint(25, 100)),
        _yes(chance, 0.1),
        _yes(chance, 0.05),
        _yes(chance, 0.8),
        _day(chance, 2024, 2026),
        _yes(chance, 0.9),
        chance.choice(("0", "0", "8", "12.5", "20", "24", "37.5", "40")),
        str(chance.randint(0, 80)),
        str(chance.randint(8, 160) * 1000),
        chance.choice(('"honors"', '"good"', '"good"', '"good"', '"warning"', '"probation"')),
        chance.choice(('"none"', '"none"', '"none"', '"certificate"', '"diploma"', '"associate"')),
    )


_COURSE = ("dept", "level", "status", "grade", "credits", "ended")
_OPEN_COURSE = ("dept", "level", "status", "credits")


def _courses(chance: random.Random, share: float, terms: int, last: int) -> str:
    """The courses of so many terms, of which `last` is the last one."""
    count = terms * 3 + chance.randint(3, 9)
    depts = chance.choices(_DEPTS, k=count)
    grades = chance.choices(_GRADES, _GRADE_WEIGHTS, k=count)
    worth = chance.choices(("1", "2", "3", "3", "3", "3", "4", "4", "1.5"), k=count)
    studying = chance.random() < 0.6
    made: list[str] = []
    for index, (dept, grade, credits_) in enumerate(zip(depts, grades, worth, strict=True)):
        term = index * terms // count
        level = str(min(4, 1 + term // 2 + (chance.random() < 0.3)))
        if studying and term == terms - 1:
            luck = chance.random()
            if luck < 0.75:
                state = '"enrolled"' if luck < 0.55 else '"planned"'
                values: tuple[str, ...] = (f'"{dept}"', level, state, credits_)
                kept = _kept(chance, share, _OPEN_COURSE, values)
                made.append(f"{{{','.join(kept)}}}")
                continue
        when = last - terms + term
        ended = (
            f'"{_FIRST_YEAR + when // 3}-{_TERM_ENDS[when % 3]}-{8 + int(chance.random() * 15):02}"'
        )
        state = '"withdrawn"' if grade == "W" else '"completed"'
        values = (f'"{dept}"', level, state, f'"{grade}"', credits_, ended)
        made.append(f"{{{','.join(_kept(chance, share, _COURSE, values))}}}")
    return f"[{','.join(made)}]"


def _list(items: Iterable[Iterable[str]]) -> str:
    """A JSON array of objects, of each its members."""
    return "[" + ",".join("{" + ",".join(members) + "}" for members in items) + "]"


_CREDENTIAL = ("kind", "code", "status", "awarded")


def _credentials(chance: random.Random, share: float, terms: int) -> str:
    made: list[tuple[str, ...]] = []
    if terms >= 6 and chance.random() < 0.5:
        code = chance.choice(('"AS"', '"AAS"', '"AAS"'))
        if chance.random() < 0.7:
            made.append(('"degree"', code, '"earned"', _day(chance, 2023, 2025)))
        else:
            made.append(('"degree"', code, '"in progress"', ""))
    for code, luck in (('"RHIT"', 0.1), ('"CCA"', 0.15), ('"CPR"', 0.5)):
        if chance.random() < luck:
            made.append(('"certification"', code, '"earned"', _day(chance, 2022, 2026)))
    items = (
        _kept(chance, share, _CREDENTIAL if one[3] else _CREDENTIAL[:3], one if one[3] else one[:3])
        for one in made
    )
    return _list(items)


_CREDIT = ("topic", "hours", "date")


def _credits(chance: random.Random, share: float) -> str:
    items = (
        _kept(
            chance,
            share,
            _CREDIT,
            (
                chance.choice(('"privacy"', '"coding"', '"quality"', '"leadership"')),
                chance.choice(("1", "1.5", "2.5", "5", "6", "10")),
                _day(chance, 2022, 2026),
            ),
        )
        for _ in range(chance.randint(0, 4))
    )
    return _list(items)


def main() -> None:
    """Write students to a file, and what else is asked for beside it."""
    parser = argparse.ArgumentParser(description="Make up students for the benchmark of scale.")
    parser.add_argument("count", type=int, help="how many")
    parser.add_argument("file", type=Path, help="NDJSON to write")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--parquet", type=Path, help="the same students as Parquet")
    parser.add_argument("--folder", type=Path, help="the same students as a file each")
    arguments = parser.parse_args()
    write_students(arguments.count, arguments.file, arguments.seed)
    if arguments.parquet:
        to_parquet(arguments.file, arguments.parquet)
    if arguments.folder:
        to_folder(arguments.file, arguments.folder)


if __name__ == "__main__":
    main()
