"""`eligibility batch`: what it writes, that counts add up, and that it can be taken up again."""

from __future__ import annotations

import csv
import errno
import gzip
import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from io import StringIO
from pathlib import Path
from typing import Any

import duckdb
import pytest
from backports import zstd
from click.testing import Result
from commands import DAY, PROFILES, ROOT, RULES, check, command, environment, run
from pyarrow import parquet

from eligibility.batch import formats, sinks, summary
from eligibility.batch.rows import Blocking, Findings
from eligibility.batch.summary import Tally
from eligibility.errors import UsageError
from eligibility.model import Status
from eligibility.sources import files

ANN, BOB, CID = ((PROFILES / f"{name}.json").read_text("utf-8") for name in ("ann", "bob", "cid"))
FEW = ("--outcome", "entry", "--outcome", "guard")
DIGEST = json.loads(check(PROFILES / "ann.json", "--format", "json").stdout)["pack"]["digest"]


def batch(*words: str | Path, stdin: bytes | None = None) -> Result:
    """`eligibility batch` by the rules of the club, as of the day of all these tests."""
    return run("batch", "--rules", RULES, "--as-of", DAY, *words, stdin=stdin)


def many(count: int, wrong: tuple[int, ...] = ()) -> list[str]:
    """The profiles of the club over and over, as lines, each with an id of its own."""
    made = []
    for number in range(count):
        student = json.loads((ANN, BOB, CID)[number % 3]) | {"id": f"student-{number}"}
        made.append('{"id": "x", "gpa": 3}' if number in wrong else json.dumps(student))
    return made


def written(path: Path, lines: list[str]) -> Path:
    path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    return path


def documents(path: Path) -> list[Any]:
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()]


@pytest.fixture
def mixed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Two students who are answered among lines that are refused, each for another reason."""
    monkeypatch.chdir(tmp_path)
    lines = [
        ANN.replace("\n", " ").encode(),
        b'{"id": ',
        b'{"id": "late", "birth_date": "30 May"}',
        b"",
        b'{"bronze": true}',
        b'{"id": "z\xff"}',
        b'{"id": 7}',
        b'{"id": "two", "gpa": 3, "courses": [{"mark": "Z"}, {"mark": 4}]}',
        b'{"id": "again", "bronze": true, "bronze": false}',
        b"[]",
        BOB.replace("\n", " ").encode(),
    ]
    path = tmp_path / "students.ndjson"
    path.write_bytes(b"\n".join(lines))
    return Path("students.ndjson")


# What is written


ANN_STATUSES = {"entry": "eligible", "guard": "on_track"}
ANN_BLOCKING = {
    "guard": [
        {
            "path": "requires/all/2/trained",
            "value": "unmet",
            "projected": "met",
            "observed": 1,
            "short_by": 1,
        }
    ]
}
UNMET = {"value": "unmet"}
BOB_STATUSES = {"entry": "not_eligible", "guard": "not_eligible"}
BOB_BLOCKING = {
    "entry": [
        {"path": "requires/any/0", **UNMET, "observed": False},
        {"path": "requires/any/1", **UNMET, "observed": False},
    ],
    "guard": [
        {"path": "requires/all/0", **UNMET},
        {"path": "requires/all/1", **UNMET, "observed": 13, "short_by": 3},
        {
            "path": "requires/all/2/trained",
            "value": "unknown",
            "observed": 0,
            "short_by": 2,
        },
    ],
}
SCHEMA = "eligibility/statuses/v1"
LINES = [
    {"schema": SCHEMA, "profile": "ann", "statuses": ANN_STATUSES, "blocking": ANN_BLOCKING},
    {"schema": SCHEMA, "profile": "bob", "statuses": BOB_STATUSES, "blocking": BOB_BLOCKING},
]


def compact(document: object) -> str:
    return json.dumps(document, separators=(",", ":")) + "\n"


def without(document: dict[str, Any], key: str) -> dict[str, Any]:
    return {name: value for name, value in document.items() if name != key}


BLOCKING_CSV = """\
profile,outcome,status,blocking
ann,entry,eligible,
ann,guard,on_track,requires/all/2/trained
bob,entry,not_eligible,requires/any/0; requires/any/1
bob,guard,not_eligible,requires/all/0; requires/all/1; requires/all/2/trained
"""
STATUS_CSV = """\
profile,outcome,status
ann,entry,eligible
ann,guard,on_track
bob,entry,not_eligible
bob,guard,not_eligible
"""
WIDE_CSV = """\
profile,entry,guard
ann,eligible,on_track
bob,not_eligible,not_eligible
"""
WRITTEN = {
    ("out.ndjson", "blocking"): "".join(map(compact, LINES)),
    ("out.jsonl", "none"): "".join(compact(without(line, "blocking")) for line in LINES),
    ("out.csv", "blocking"): BLOCKING_CSV,
    ("out.csv", "none"): STATUS_CSV,
    ("out.csv", "wide"): WIDE_CSV,
}


@pytest.mark.parametrize(("name", "reasons"), WRITTEN)
def test_a_file_holds_the_students_who_were_answered(mixed: Path, name: str, reasons: str) -> None:
    options = ("--format", "wide") if reasons == "wide" else ("--reasons", reasons)
    result = batch(mixed, "--to", name, *options, *FEW)
    assert result.exit_code == 1
    assert Path(name).read_text("utf-8") == WRITTEN[name, reasons]
    beside = {"students.ndjson", name, f"{name}.rejects.ndjson", f"{name}.summary.json"}
    assert {path.name for path in Path().iterdir()} == beside


@pytest.mark.parametrize("kind", ["ndjson", "csv"])
def test_with_all_reasons_it_is_what_check_writes(mixed: Path, kind: str) -> None:
    batch(mixed, "--to", f"out.{kind}", "--reasons", "all")
    checked = check(mixed, "--engine", "batch", "--format", kind)
    assert Path(f"out.{kind}").read_text("utf-8") == checked.stdout


def test_a_parquet_file_has_a_record_for_each_student_and_outcome(mixed: Path) -> None:
    batch(mixed, "--to", "out.parquet", *FEW)

    def record(line: dict[str, Any], outcome: str) -> dict[str, Any]:
        return {
            "profile": line["profile"],
            "outcome": outcome,
            "status": line["statuses"][outcome],
            "blocking": [
                {
                    "path": one["path"],
                    "value": one["value"],
                    "projected": one.get("projected", one["value"]),
                    "observed": json.dumps(one["observed"]) if "observed" in one else None,
                    "short_by": one.get("short_by"),
                }
                for one in line["blocking"].get(outcome, [])
            ],
        }

    wanted = [record(line, outcome) for line in LINES for outcome in ("entry", "guard")]
    assert parquet.read_table("out.parquet").to_pylist() == wanted


def test_a_parquet_file_with_other_reasons_has_the_columns_of_csv(mixed: Path) -> None:
    batch(mixed, "--to", "none.parquet", "--reasons", "none", *FEW)
    statuses = parquet.read_table("none.parquet").to_pylist()
    assert statuses == [*csv.DictReader(StringIO(STATUS_CSV))]
    batch(mixed, "--to", "all.parquet", "--reasons", "all", *FEW)
    checked = check(mixed, "--format", "csv", *FEW).stdout
    assert parquet.read_table("all.parquet").to_pylist() == [*csv.DictReader(StringIO(checked))]


@pytest.mark.parametrize(
    ("options", "table", "text"),
    [
        ((), "verdicts", BLOCKING_CSV),
        (("--reasons", "none"), "verdicts", STATUS_CSV),
        (("--format", "wide", "--into", 'odd "name"'), 'odd "name"', WIDE_CSV),
    ],
)
def test_a_table_takes_the_place_of_the_old_one(
    mixed: Path, options: tuple[str, ...], table: str, text: str
) -> None:
    quoted = '"' + table.replace('"', '""') + '"'
    with duckdb.connect("out.duckdb") as made:
        made.execute(f"CREATE TABLE {quoted} AS SELECT 1 AS old")
        made.execute("CREATE TABLE other AS SELECT 2 AS kept")
    batch(mixed, "--to", "out.duckdb", *options, *FEW)
    with duckdb.connect("out.duckdb") as found:
        rows = found.execute(f"SELECT * FROM {quoted}").fetchall()
        tables = {name for (name,) in found.execute("SHOW TABLES").fetchall()}
    assert rows == [tuple(row) for row in [*csv.reader(StringIO(text))][1:]]
    assert tables == {table, "other"}


def test_a_folder_has_parts_and_what_is_told_of_them(mixed: Path) -> None:
    result = batch(mixed, "--to", "out", *FEW)
    assert sorted(path.name for path in Path("out").iterdir()) == [
        "part-00000.ndjson",
        "rejects.ndjson",
        "run.json",
        "summary.json",
    ]
    assert Path("out/part-00000.ndjson").read_text("utf-8") == WRITTEN["out.ndjson", "blocking"]
    manifest = json.loads(Path("out/run.json").read_text("utf-8"))
    assert without(manifest["asked"], "fingerprint") == {
        "eligibility": manifest["asked"]["eligibility"],
        "source": "students.ndjson",
        "pack": {"id": "club", "version": "7", "digest": DIGEST},
        "as_of": DAY,
        "outcomes": ["entry", "guard"],
        "reasons": "blocking",
        "format": "ndjson",
    }
    assert manifest["parts"] == [
        {
            "name": "00000",
            "file": "part-00000.ndjson",
            "bytes": Path("out/part-00000.ndjson").stat().st_size,
            "read": 10,
            "answered": 2,
            "rejected": 8,
        }
    ]
    assert "rejected, told in full in `out/rejects.ndjson`:\n" in result.stderr


@pytest.mark.parametrize("kind", ["csv", "wide", "parquet"])
def test_a_folder_may_have_parts_of_any_format(mixed: Path, kind: str) -> None:
    batch(mixed, "--to", "out", "--format", kind, *FEW)
    ending = "parquet" if kind == "parquet" else "csv"
    batch(mixed, "--to", f"out.{ending}", "--format", kind, *FEW)
    [part] = Path("out").glob("part-*")
    if kind == "parquet":
        assert parquet.read_table(part) == parquet.read_table("out.parquet")
    else:
        assert part.read_bytes() == Path("out.csv").read_bytes()


# What is refused


def reject(line: int, name: str | None, pointer: str | None, *words: str | None) -> dict[str, Any]:
    reason, hint = words
    return {
        "source": "students.ndjson",
        "line": line,
        "id": name,
        "pointer": pointer,
        "reason": reason,
        "hint": hint,
    }


NO_DATE = "is not a date such as 2024-05-31, 2024-05 or 2024"
MARKS = "known: `A`, `B`, `C`, `D`, `F`, `I`, `P`"
REJECTS = [
    reject(2, None, None, "is not JSON: expecting value", None),
    reject(3, "late", "/birth_date", f"`30 May` {NO_DATE}", None),
    reject(5, None, "/id", "is missing", 'e.g. "id": "student-1"'),
    reject(6, None, None, "is not UTF-8: byte 9", "save it as UTF-8"),
    reject(7, None, "/id", "must be a text, found a number", "put it in quotes"),
    reject(8, "two", "/courses/0/mark", "`Z` is not a declared value", MARKS),
    reject(8, "two", "/courses/1/mark", "must be a text, found a number", "put it in quotes"),
    reject(8, "two", "/gpa", "unknown key `gpa`", None),
    reject(9, None, "/bronze", "duplicate key `bronze`", None),
    reject(10, None, "", "must be an object, found a list", 'e.g. {"id": "student-1"}'),
]


def test_every_mistake_is_told_with_its_line_id_and_place(mixed: Path) -> None:
    batch(mixed, "--to", "out.ndjson", *FEW)
    assert documents(Path("out.ndjson.rejects.ndjson")) == REJECTS


def test_a_file_of_a_folder_that_is_refused_is_told_by_its_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "in" / "below").mkdir(parents=True)
    (tmp_path / "in" / "a.json").write_text('{"id": "a",\n "bronze": }', encoding="utf-8")
    (tmp_path / "in" / "b.json").write_text('[{"id": "b"}, {"id": "c", "gpa": 1}]', "utf-8")
    (tmp_path / "in" / "empty.json").write_text("", encoding="utf-8")
    os.mkfifo(tmp_path / "in" / "pipe.json")
    (tmp_path / "in" / "gone.json").symlink_to("nowhere")
    (tmp_path / "in" / "below" / "d.json").write_text('{"id": "d"}', encoding="utf-8")
    assert batch("in", "--to", "out.csv", "--format", "wide", *FEW).exit_code == 1
    told = [
        (one["source"], one["line"], one["id"], one["pointer"], one["reason"])
        for one in documents(Path("out.csv.rejects.ndjson"))
    ]
    assert told == [
        ("in/a.json", 2, None, None, "is not JSON: expecting value"),
        ("in/b.json[1]", None, "c", "/gpa", "unknown key `gpa`"),
        ("in/empty.json", None, None, None, "is empty"),
        ("in/gone.json", None, None, None, "cannot be read: No such file or directory"),
        ("in/pipe.json", None, None, None, "is not a file"),
    ]
    rows = [line.split(",")[0] for line in Path("out.csv").read_text("utf-8").splitlines()]
    assert rows == ["profile", "b", "d"]


# Counts


def test_the_summary_says_what_became_of_all(mixed: Path) -> None:
    result = batch(mixed, "--to", "out.ndjson", *FEW)
    found = json.loads(Path("out.ndjson.summary.json").read_text("utf-8"))
    assert found.pop("seconds") >= 0
    assert found.pop("rate") > 0
    assert found == {
        "schema": "eligibility/summary/v1",
        "pack": {"id": "club", "version": "7", "digest": DIGEST},
        "as_of": DAY,
        "source": "students.ndjson",
        "to": "out.ndjson",
        "reasons": "blocking",
        "read": 10,
        "answered": 2,
        "rejected": 8,
        "outcomes": [
            {
                "id": "entry",
                "title": "Entry to the club",
                "statuses": {"eligible": 1, "on_track": 0, "undetermined": 0, "not_eligible": 1},
                "blocking": [
                    kept("requires/any/0", "a bronze badge", 1, 0),
                    kept("requires/any/1", "a school badge", 1, 0),
                ],
            },
            {
                "id": "guard",
                "title": "Lifeguard",
                "statuses": {"eligible": 0, "on_track": 1, "undetermined": 0, "not_eligible": 1},
                "blocking": [
                    kept(
                        "requires/all/2/trained", "the two training topics", 2, 1, {"1": 1}, "topic"
                    ),
                    kept("requires/all/0", "Entry to the club", 1, 0),
                    kept("requires/all/1", AGE, 1, 0, unit="years"),
                ],
            },
        ],
        "rejects": {
            "file": "out.ndjson.rejects.ndjson",
            "records": 8,
            "reasons": [
                {"reason": reason, "count": 1}
                for reason in (
                    f"/birth_date: `...` {NO_DATE}",
                    "/bronze: duplicate key `...`",
                    "/courses/*/mark: `...` is not a declared value",
                    "/courses/*/mark: must be a text, found a number",
                    "/gpa: unknown key `...`",
                    "/id: is missing",
                    "/id: must be a text, found a number",
                    "is not JSON: expecting value",
                    "is not UTF-8: byte ...",
                    "must be an object, found a list",
                )
            ],
        },
    }
    assert result.stderr.startswith("10 read: 2 answered, 8 rejected, in ")


AGE = "at least 16 completed years since the date of birth"


def kept(
    path: str,
    text: str,
    students: int,
    alone: int,
    short_by: dict[str, int] | None = None,
    unit: str | None = None,
) -> dict[str, Any]:
    return {
        "path": path,
        "text": text,
        "unit": unit,
        "students": students,
        "alone": alone,
        "short_by": short_by or {},
    }


TOLD = """\
   2 students            ✓     →     ?     ·
1  Entry to the club     1                 1
2  Lifeguard                   1           1

✓ eligible   → on track   ? can't tell yet   · not yet

   what keeps the most from it  students  alone
1  a bronze badge                      1
2  the two training topics             2      1
"""


def test_the_summary_is_told_on_the_terminal(mixed: Path) -> None:
    result = batch(mixed, "--to", "out.ndjson", *FEW)
    assert result.stdout == TOLD
    assert result.stderr.partition("\n\n")[2] == (
        "rejected, told in full in `out.ndjson.rejects.ndjson`:\n"
        f"  1 time: /birth_date: `...` {NO_DATE}\n"
        "  1 time: /bronze: duplicate key `...`\n"
        "  1 time: /courses/*/mark: `...` is not a declared value\n"
    )


def told_by_summary() -> dict[str, Any]:
    found: dict[str, Any] = json.loads(Path("out/summary.json").read_text("utf-8"))
    return found


@pytest.mark.parametrize(
    ("head", "found"),
    [
        ("field of a line", lambda: documents(Path("out/part-00000.ndjson"))[1]),
        ("field of a reject", lambda: documents(Path("out/rejects.ndjson"))[0]),
        ("field of a summary", told_by_summary),
        ("field of the counts", lambda: told_by_summary()["outcomes"][1]),
        ("field of a count", lambda: told_by_summary()["outcomes"][1]["blocking"][0]),
        ("field of `rejects`", lambda: told_by_summary()["rejects"]),
    ],
)
def test_every_field_is_described(head: str, found: Callable[[], object], mixed: Path) -> None:
    batch(mixed, "--to", "out", *FEW)
    page = (ROOT / "docs" / "output.md").read_text("utf-8")
    [table] = re.findall(rf"^\| {re.escape(head)} \|.*\n((?:\|.*\n)+)", page, re.MULTILINE)
    told = re.findall(r"^\| `(\w+)`", table, re.MULTILINE)
    assert told == [*found()]  # type: ignore[misc]


def test_nothing_refused_is_exit_code_0_and_an_empty_file(tmp_path: Path) -> None:
    source = written(tmp_path / "students.ndjson", many(3))
    result = batch(source, "--to", tmp_path / "out.csv")
    assert result.exit_code == 0
    assert (tmp_path / "out.csv.rejects.ndjson").read_bytes() == b""


UNPACKINGS: dict[str, Callable[[bytes], bytes]] = {
    ".gz": gzip.decompress,
    ".zst": zstd.decompress,
}


@pytest.mark.parametrize("ending", ["ndjson", "jsonl", "csv"])
@pytest.mark.parametrize("packing", UNPACKINGS)
def test_a_file_is_compressed_where_its_name_says_so(
    packing: str, ending: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(files, "PART_BYTES", 5_000)
    source = written(tmp_path / "students.ndjson", many(60, wrong=(7,)))
    names = [f"out.{ending}", f"out.{ending}{packing}", f"again.{ending}{packing.upper()}"]
    for name, jobs in zip(names, ("1", "1", "2"), strict=True):
        assert batch(source, "--to", name, "--jobs", jobs, *FEW).exit_code == 1
    plain, packed, again = (Path(name).read_bytes() for name in names)
    assert UNPACKINGS[packing](packed) == plain
    assert again == packed
    rejects = [Path(f"{name}.rejects.ndjson").read_bytes() for name in names]
    assert rejects[0] == rejects[1] == rejects[2] != b""
    assert run("summary", names[1], "--format", "json").exit_code == 0
    assert len([*tmp_path.iterdir()]) == 1 + 3 * len(names)


@pytest.mark.parametrize("ending", ["ndjson", "csv", "csv.gz", "csv.zst", "parquet", "duckdb"])
def test_no_student_at_all_is_answered_with_no_row(ending: str, tmp_path: Path) -> None:
    source = written(tmp_path / "students.ndjson", [])
    target = tmp_path / f"out.{ending}"
    assert batch(source, "--to", target, *FEW).exit_code == 0
    assert json.loads((tmp_path / f"{target.name}.summary.json").read_text("utf-8"))["read"] == 0
    if ending.startswith("csv"):
        unpack = UNPACKINGS.get(target.suffix, bytes)
        assert unpack(target.read_bytes()) == b"profile,outcome,status,blocking\n"


def finding(*blocking: Any) -> Findings:
    made = tuple(Blocking(path, "unmet", "unmet", None, short) for path, short in blocking)
    return Findings((Status.NOT_ELIGIBLE if made else Status.ELIGIBLE,), (made,))


def test_how_far_students_are_short_is_counted_for_those_with_no_other_reason() -> None:
    tally = Tally(1)
    for found, students in (
        (finding(("gpa", 0.126)), 2),
        (finding(("gpa", 0.13)), 1),
        (finding(("gpa", "1.00000000000000000001")), 1),
        (finding(("gpa", 7), ("hours", 9)), 5),
        (finding(("hours", None)), 1),
        (finding(), 4),
    ):
        tally.read += students
        tally.found(found, students)
    tally.check()
    gpa, hours = tally.kept[0]["gpa"], tally.kept[0]["hours"]
    assert (gpa.students, gpa.alone, gpa.short_by) == (9, 4, {"0.13": 3, "1.01": 1})
    assert (hours.students, hours.alone, hours.short_by) == (6, 1, {})
    assert tally.statuses == [[4, 0, 0, 10]]


@pytest.mark.parametrize(
    ("short", "counted"),
    [
        ("123456789012345678901234567890", "123456789012345678901234567890"),
        ("12345678901234567890123456.7891", "12345678901234567890123456.79"),
        (1e22, "10000000000000000000000"),
    ],
)
def test_being_short_of_a_number_of_many_digits_is_counted(
    short: float | str, counted: str
) -> None:
    tally = Tally(1)
    tally.read += 1
    tally.found(finding(("gpa", short)), 1)
    assert tally.kept[0]["gpa"].short_by == {counted: 1}


def test_counts_that_do_not_add_up_are_noticed() -> None:
    tally = Tally(1)
    tally.found(finding(), 1)
    with pytest.raises(AssertionError):
        tally.check()


def test_reasons_beyond_a_bound_are_counted_together(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(summary, "_KINDS", 2)
    one, other = Tally(0), Tally(0)
    one.reasons.update({"a": 3})
    other.reasons.update({"b": 2, "c": 1, "d": 1})
    one.add(other)
    assert one.reasons == {"a": 3, "b": 2, "other": 2}


# Order and parts


@pytest.fixture
def small_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    """Sources are cut into parts of some students each."""
    monkeypatch.setattr(files, "PART_BYTES", 5_000)
    monkeypatch.setattr(files, "PART_FILES", 16)
    monkeypatch.setattr(files, "PART_PLACES", 16)


def outputs(folder: Path) -> dict[str, bytes]:
    """The files of a folder, without what tells of the time."""
    return {
        path.name: path.read_bytes()
        for path in sorted(folder.iterdir())
        if path.name not in ("run.json", "summary.json")
    }


def counted(path: Path) -> dict[str, Any]:
    """A summary, without what tells of the time and the place."""
    found = json.loads(path.read_text("utf-8"))
    for key in ("seconds", "rate", "to", "source"):
        del found[key]
    del found["rejects"]["file"]
    return found  # type: ignore[no-any-return]


@pytest.mark.usefixtures("small_parts")
@pytest.mark.parametrize("ending", [".ndjson", ".csv", ".parquet", ".duckdb", ""])
def test_the_order_is_that_of_the_source_whatever_the_number_of_processes(
    ending: str, tmp_path: Path
) -> None:
    source = written(tmp_path / "students.ndjson", many(300, wrong=(7, 99, 299)))
    targets = [tmp_path / f"{jobs}{ending}" for jobs in (1, 3)]
    for jobs, target in zip(("1", "3"), targets, strict=True):
        assert batch(source, "--to", target, "--jobs", jobs, *FEW).exit_code == 1
    wanted = [f"student-{number}" for number in range(300) if number not in (7, 99, 299)]
    one, three = targets
    if ending == ".duckdb":
        assert [*ids_of_table(one)] == [*ids_of_table(three)] == wanted
    elif ending == "":
        assert len([*one.glob("part-*")]) > 10
        assert outputs(one) == outputs(three)
        parts = sorted(one.glob("part-*"))
        assert [line["profile"] for part in parts for line in documents(part)] == wanted
    else:
        assert one.read_bytes() == three.read_bytes()
    summaries = [
        target / "summary.json" if ending == "" else target.with_name(f"{target.name}.summary.json")
        for target in targets
    ]
    assert counted(summaries[0]) == counted(summaries[1])


def ids_of_table(path: Path) -> Iterator[str]:
    with duckdb.connect(str(path)) as found:
        rows = found.execute("SELECT profile FROM verdicts WHERE outcome = 'entry'").fetchall()
    yield from (name for (name,) in rows)


@pytest.mark.usefixtures("small_parts")
def test_lines_are_numbered_through_all_parts(tmp_path: Path) -> None:
    lines = many(100, wrong=(50, 98))
    lines[20:20] = ["", "   "]
    source = written(tmp_path / "students.ndjson", lines)
    batch(source, "--to", tmp_path / "out.ndjson")
    rejects = documents(tmp_path / "out.ndjson.rejects.ndjson")
    assert [one["line"] for one in rejects] == [53, 101]


@pytest.mark.usefixtures("small_parts")
@pytest.mark.parametrize("end", ["\n", ""])
def test_parts_are_all_lines_and_each_once(end: str, tmp_path: Path) -> None:
    lines = [*many(50), "x" * 20_000, *many(3)]
    path = tmp_path / "students.ndjson"
    path.write_text("\n".join(lines) + end, encoding="utf-8")
    parts = [*files.Lines(path).parts()]
    assert len(parts) > 3
    found = [place for part in parts for place in part.places()]
    assert [place.data.decode() for place in found] == lines
    assert [place.line for place in found] == [*range(1, 55)]
    assert sum(part.size for part in parts) == path.stat().st_size


PACKINGS: dict[str, Callable[[bytes], bytes]] = {
    ".gz": gzip.compress,
    ".zst": zstd.compress,
    "": lambda data: data,
}


@pytest.mark.usefixtures("small_parts")
@pytest.mark.parametrize("packing", [*PACKINGS, "-"])
def test_streams_are_answered_like_the_lines(packing: str, tmp_path: Path) -> None:
    source = written(tmp_path / "students.ndjson", many(100, wrong=(3,)))
    batch(source, "--to", tmp_path / "plain.csv")
    if packing == "-":
        batch("-", "--to", tmp_path / "out.csv", stdin=source.read_bytes())
        name = "<stdin>"
    else:
        packed = tmp_path / (f"packed.ndjson{packing}" if packing else "packed.txt")
        packed.write_bytes(PACKINGS[packing](source.read_bytes()))
        batch(packed, "--to", tmp_path / "out.csv", "--jobs", "2")
        name = packed.as_posix()
    assert (tmp_path / "out.csv").read_bytes() == (tmp_path / "plain.csv").read_bytes()
    [wrong] = documents(tmp_path / "out.csv.rejects.ndjson")
    assert (wrong["source"], wrong["line"], wrong["id"]) == (name, 4, "x")


def test_a_folder_of_2000_small_files_is_answered_in_the_order_of_their_names(
    tmp_path: Path,
) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    for number, line in enumerate(many(2000, wrong=(5, 1999))):
        (folder / f"{number:05}.json").write_text(line, encoding="utf-8")
    parts = [*files.Folder(folder).parts()]
    assert [part.size for part in parts] == [500] * 4
    result = batch(folder, "--to", tmp_path / "out.csv", "--format", "wide", "--outcome", "entry")
    assert result.stderr.startswith("2,000 read: 1,998 answered, 2 rejected, in ")
    ids = [line.split(",")[0] for line in (tmp_path / "out.csv").read_text("utf-8").splitlines()]
    assert ids[1:] == [f"student-{number}" for number in range(2000) if number not in (5, 1999)]


def test_a_cut_off_file_is_answered_as_far_as_it_goes(tmp_path: Path) -> None:
    packed = tmp_path / "students.ndjson.gz"
    packed.write_bytes(gzip.compress("\n".join(many(300)).encode())[:-200])
    assert batch(packed, "--to", tmp_path / "out.csv", "--outcome", "entry").exit_code == 1
    [wrong] = documents(tmp_path / "out.csv.rejects.ndjson")
    assert wrong["reason"] == "cannot be read: it is not gzip, or not all of it is there"
    assert len((tmp_path / "out.csv").read_text("utf-8").splitlines()) > 1


# The same verdicts


def test_the_verdicts_are_those_of_check(mixed: Path) -> None:
    batch(mixed, "--to", "out.ndjson")
    checked = [json.loads(line) for line in check(mixed, "--format", "ndjson").stdout.splitlines()]
    for line, answer in zip(documents(Path("out.ndjson")), checked, strict=True):
        outcomes = answer["outcomes"]
        assert line["statuses"] == {one["id"]: one["status"] for one in outcomes}
        assert line["blocking"] == {
            one["id"]: [
                {
                    key: reason[key]
                    for key in ("path", "value", "projected", "observed", "short_by")
                    if reason[key] is not None
                    and (key != "projected" or reason[key] != reason["value"])
                }
                for reason in one["reasons"]
            ]
            for one in outcomes
            if one["status"] != "eligible"
        }


# Interrupted, and taken up again


PART_BYTES = 5_000


def answering(source: Path, target: Path, jobs: int) -> subprocess.Popen[str]:
    code = (
        f"import sys; from eligibility.sources import files; files.PART_BYTES = {PART_BYTES}\n"
        "from eligibility.cli import main; main(sys.argv[1:], prog_name='eligibility')"
    )
    words = command("batch", source, "--to", target, "--rules", RULES, "--as-of", DAY)[3:]
    return subprocess.Popen(
        [sys.executable, "-c", code, *words, "--jobs", str(jobs)],
        env=environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


def until(ready: Callable[[], bool], running: subprocess.Popen[str]) -> None:
    end = time.monotonic() + 60
    while not ready():
        assert running.poll() is None, running.communicate()
        assert time.monotonic() < end
        time.sleep(0.005)


@pytest.mark.parametrize("ending", ["ndjson", "csv", "csv.gz", "csv.zst", "parquet", "duckdb"])
@pytest.mark.parametrize("jobs", [1, 2])
def test_an_interrupted_run_leaves_nothing(ending: str, jobs: int, tmp_path: Path) -> None:
    source = tmp_path / "source" / "students.ndjson"
    source.parent.mkdir()
    written(source, many(20_000))
    running = answering(source, tmp_path / f"out.{ending}", jobs)
    until(lambda: any(tmp_path.glob(".eligibility-*/*part-*")), running)
    os.killpg(running.pid, signal.SIGINT)
    _, told = running.communicate(timeout=60)
    assert (running.returncode, told) == (130, "\ninterrupted\n")
    assert [path.name for path in tmp_path.iterdir()] == ["source"]


def test_an_interrupted_table_leaves_the_old_one(tmp_path: Path) -> None:
    source = written(tmp_path / "students.ndjson", many(20_000))
    target = tmp_path / "out.duckdb"
    with duckdb.connect(str(target)) as made:
        made.execute("CREATE TABLE verdicts AS SELECT 1 AS old")
    running = answering(source, target, 2)
    until(lambda: any(tmp_path.glob(".eligibility-*/*part-00009*")), running)
    os.killpg(running.pid, signal.SIGINT)
    running.communicate(timeout=60)
    with duckdb.connect(str(target)) as found:
        assert found.execute("SHOW TABLES").fetchall() == [("verdicts",)]
        assert found.execute("SELECT * FROM verdicts").fetchall() == [(1,)]


@pytest.mark.parametrize(
    ("sent", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGKILL, -9)]
)
def test_a_run_that_is_taken_up_again_ends_like_one_that_was_not_interrupted(
    sent: signal.Signals, code: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(files, "PART_BYTES", PART_BYTES)
    source = written(tmp_path / "students.ndjson", many(1_200, wrong=(3, 500, 1_199)))
    target, whole = tmp_path / "out", tmp_path / "whole"
    running = answering(source, target, 2)
    until((target / "part-00010.ndjson").exists, running)
    os.killpg(running.pid, sent)
    _, told = running.communicate(timeout=60)
    assert running.returncode == code
    if sent is signal.SIGINT:
        stays = f"\nwhat is done stays in `{target}`, and `--resume` goes on with it\n"
        assert told == f"{stays}\ninterrupted\n"
    assert not (target / "summary.json").exists()
    assert json.loads((target / "run.json").read_text("utf-8"))["asked"]["as_of"] == DAY

    again = batch(source, "--to", target, "--resume", "--jobs", "1")
    assert again.stderr.startswith("1,200 read: 1,197 answered, 3 rejected, in ")
    batch(source, "--to", whole)
    assert outputs(target) == outputs(whole)
    assert counted(target / "summary.json") == counted(whole / "summary.json")


def test_a_run_that_is_interrupted_while_a_part_is_counted_counts_it_once(
    mixed: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    true = Tally.add

    def counted(self: Tally, other: Tally) -> None:
        true(self, other)
        if sys._getframe(1).f_code.co_name == "fill":
            raise KeyboardInterrupt

    with monkeypatch.context() as made:
        made.setattr(Tally, "add", counted)
        assert batch(mixed, "--to", "out", *FEW).exit_code == 130
    again = batch(mixed, "--to", "out", "--resume", *FEW)
    assert again.stderr.startswith("10 read: 2 answered, 8 rejected, in ")


def test_a_database_that_was_just_made_when_the_run_was_interrupted_is_gone(
    mixed: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    true = duckdb.connect

    def interrupted(database: str) -> None:
        true(database).close()
        raise KeyboardInterrupt

    monkeypatch.setattr(duckdb, "connect", interrupted)
    assert batch(mixed, "--to", "out.duckdb", *FEW).exit_code == 130
    assert [path.name for path in Path().iterdir()] == ["students.ndjson"]


@pytest.mark.usefixtures("small_parts")
def test_only_what_is_not_done_is_answered(tmp_path: Path) -> None:
    source = written(tmp_path / "students.ndjson", many(100))
    target = tmp_path / "out"
    batch(source, "--to", target)
    manifest = json.loads((target / "run.json").read_text("utf-8"))
    before = {path.name: path.stat().st_mtime_ns for path in target.glob("part-*")}
    result = batch(source, "--to", target, "--resume")
    assert result.exit_code == 0
    assert {path.name: path.stat().st_mtime_ns for path in target.glob("part-*")} == before
    again = json.loads((target / "run.json").read_text("utf-8"))
    assert without(again, "seconds") == without(manifest, "seconds")


@pytest.mark.usefixtures("small_parts")
def test_the_rate_is_that_of_the_students_who_were_left(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = written(tmp_path / "students.ndjson", many(100))
    target = tmp_path / "out"
    true, calls = formats.Ndjson.write, []

    def full(self: formats.Ndjson, stream: Any, rows: Any) -> None:
        calls.append(stream)
        if len(calls) > 2:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        true(self, stream, rows)

    with monkeypatch.context() as patched:
        patched.setattr(formats.Ndjson, "write", full)
        assert batch(source, "--to", target, "--jobs", "1").exit_code == 2
    assert len(json.loads((target / "run.json").read_text("utf-8"))["parts"]) == 2
    assert batch(source, "--to", target, "--resume").exit_code == 0
    told = json.loads((target / "summary.json").read_text("utf-8"))
    assert (told["read"], told["rate"] > 0) == (100, True)


OTHER: dict[str, tuple[tuple[str, ...], str]] = {
    "as-of": (("--as-of", "2026-11-25"), 'as_of was "2026-11-24" and is "2026-11-25"'),
    "reasons": (("--reasons", "none"), 'reasons was "blocking" and is "none"'),
    "outcomes": (("--outcome", "guard"), "the outcomes changed"),
    "format": (("--format", "csv"), 'format was "ndjson" and is "csv"'),
    "all": (
        ("--format", "wide", "--reasons", "none"),
        'reasons was "blocking" and is "none"; format was "ndjson" and is "wide"',
    ),
}


@pytest.mark.parametrize("name", OTHER)
def test_another_question_is_not_taken_up(name: str, mixed: Path) -> None:
    batch(mixed, "--to", "out")
    words, told = OTHER[name]
    result = batch(mixed, "--to", "out", "--resume", *words)
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr == (
        f"the run in `out` was begun with another question: {told}\n"
        "  = ask the same, or name a new folder\n"
    )


def test_a_source_that_changed_is_not_taken_up(mixed: Path) -> None:
    batch(mixed, "--to", "out")
    mixed.write_text(ANN, encoding="utf-8")
    result = batch(mixed, "--to", "out", "--resume")
    assert result.exit_code == 2
    assert "was begun with another question: the source changed\n" in result.stderr


def test_a_part_that_is_not_what_was_written_is_not_taken_up(mixed: Path) -> None:
    batch(mixed, "--to", "out")
    Path("out/part-00000.ndjson").write_text("", encoding="utf-8")
    result = batch(mixed, "--to", "out", "--resume")
    assert result.exit_code == 2
    assert result.stderr.startswith("`out/part-00000.ndjson` is not what the run wrote\n")


@pytest.mark.parametrize("text", ["{", "[]", '{"asked": {}}'])
def test_what_does_not_tell_of_a_run_is_not_taken_up(text: str, mixed: Path) -> None:
    Path("out").mkdir()
    Path("out/run.json").write_text(text, encoding="utf-8")
    result = batch(mixed, "--to", "out", "--resume")
    assert result.exit_code == 2
    assert result.stderr.startswith("`out/run.json` does not tell of a run\n")


def test_to_resume_what_was_not_begun_is_to_begin(mixed: Path) -> None:
    batch(mixed, "--to", "out", "--resume", *FEW)
    assert Path("out/part-00000.ndjson").read_text("utf-8") == WRITTEN["out.ndjson", "blocking"]


# Mistakes of the question


WRONG: dict[str, tuple[tuple[str, ...], str]] = {
    "a source that is not there": (
        ("gone.ndjson", "--to", "out.csv"),
        "there is no source `gone.ndjson`\n  = name a file or folder of profiles, or `-`\n",
    ),
    "a folder without profiles": (
        ("empty", "--to", "out.csv"),
        "no profiles in `empty`\n  = a folder is searched for `*.json`\n",
    ),
    "the source itself": (
        ("students.ndjson", "--to", "students.ndjson"),
        "`students.ndjson` is what is read\n  = name another place to write to\n",
    ),
    "inside the folder that is read": (
        ("in", "--to", "in/out"),
        "`in/out` is inside the folder that is read\n  = name a place outside of it\n",
    ),
    "a format that belies the ending": (
        ("students.ndjson", "--to", "out.csv", "--format", "parquet"),
        "`--format parquet` does not go with a file that ends in `.csv`\n  = leave it out\n",
    ),
    "a format that belies the ending below a compressed one": (
        ("students.ndjson", "--to", "out.csv.gz", "--format", "ndjson"),
        "`--format ndjson` does not go with a file that ends in `.csv`\n  = leave it out\n",
    ),
    "standard output": (
        ("-", "--to", "-"),
        (
            "`--to -`: rejects and a summary stand beside the verdicts, which takes a name\n"
            "  = e.g. `verdicts.ndjson`; to standard output goes"
            " `eligibility check --format ndjson`\n"
        ),
    ),
    "what is compressed anyway": (
        ("students.ndjson", "--to", "out.parquet.gz"),
        (
            "`out.parquet.gz` cannot be written: a `.parquet` file is not compressed as a whole\n"
            "  = leave out `.gz`\n"
        ),
    ),
    "a table that is compressed": (
        ("students.ndjson", "--to", "out.duckdb.zst"),
        (
            "`out.duckdb.zst` cannot be written: a `.duckdb` file is not compressed as a whole\n"
            "  = leave out `.zst`\n"
        ),
    ),
    "something that is compressed": (
        ("students.ndjson", "--to", "spring.2026.gz"),
        (
            "`spring.2026.gz` does not say what is compressed\n"
            "  = end it in `.ndjson.gz` or `.csv.gz`\n"
        ),
    ),
    "to resume a compressed file": (
        ("students.ndjson", "--to", "out.csv.gz", "--resume"),
        "`--resume` goes with a folder of parts\n  = name one with --to, or leave it out\n",
    ),
    "a format that is no table": (
        ("students.ndjson", "--to", "out.duckdb", "--format", "ndjson"),
        "`--format ndjson` does not go with a table of a database\n  = leave it out\n",
    ),
    "all reasons in a column for a status": (
        ("students.ndjson", "--to", "out.csv", "--format", "wide", "--reasons", "all"),
        (
            "`--format wide` has a column for a status, and none for all reasons\n"
            "  = leave out `--reasons all`, or take `csv`\n"
        ),
    ),
    "a table of a file": (
        ("students.ndjson", "--to", "out.csv", "--into", "verdicts"),
        "`--into` names a table of a database\n  = leave it out\n",
    ),
    "to resume a file": (
        ("students.ndjson", "--to", "out.csv", "--resume"),
        "`--resume` goes with a folder of parts\n  = name one with --to, or leave it out\n",
    ),
    "to resume standard input": (
        ("-", "--to", "out", "--resume"),
        (
            "`-` cannot be read again, so a run over it cannot be resumed\n"
            "  = save it as a file first\n"
        ),
    ),
    "a folder with something else in it": (
        ("students.ndjson", "--to", "in"),
        "`in` is not empty, and no run was begun in it\n  = name a new folder\n",
    ),
    "a folder with a run in it": (
        ("students.ndjson", "--to", "begun"),
        (
            "a run was begun in `begun` before\n"
            "  = add `--resume` to go on with it, or name a new folder\n"
        ),
    ),
    "a file of unknown ending": (
        ("students.ndjson", "--to", "notes.txt"),
        (
            "`notes.txt` is a file, and its name says nothing of what to write to it\n"
            "  = end it in .ndjson, .csv or .parquet, or name a new folder\n"
        ),
    ),
    "a folder with the ending of a file": (
        ("students.ndjson", "--to", "folder.csv"),
        "`folder.csv` is not a file\n  = name a file to write to\n",
    ),
    "a place that is not there": (
        ("students.ndjson", "--to", "gone/out.csv"),
        "`gone/out.csv` cannot be written: No such file or directory\n",
    ),
    "a file that is no database": (
        ("students.ndjson", "--to", "text.duckdb"),
        "`text.duckdb` cannot be opened as DuckDB\n",
    ),
    "an outcome that is not there": (
        ("students.ndjson", "--to", "out.csv", "--outcome", "gard"),
        "unknown outcome `gard`\n  = did you mean `guard`?\n",
    ),
}


@pytest.mark.parametrize("name", WRONG)
def test_a_mistake_of_the_question_is_told_and_nothing_written(name: str, mixed: Path) -> None:
    for folder in ("empty", "in", "folder.csv"):
        Path(folder).mkdir()
    Path("in/a.json").write_text(ANN, encoding="utf-8")
    Path("notes.txt").write_text("mine", encoding="utf-8")
    Path("text.duckdb").write_text("mine", encoding="utf-8")
    batch(mixed, "--to", "begun", *FEW)
    before = {path: path.stat().st_mtime_ns for path in sorted(Path().rglob("*"))}
    words, told = WRONG[name]
    result = batch(*words, stdin=b"{}")
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr.startswith(told)
    assert {path: path.stat().st_mtime_ns for path in sorted(Path().rglob("*"))} == before


@pytest.mark.parametrize(
    ("module", "name", "told"),
    [
        ("pyarrow", "out.parquet", "Parquet cannot be written here\n  = `pip install "),
        ("duckdb", "out.duckdb", "`out.duckdb` cannot be written here: it is DuckDB\n  = `pip "),
    ],
)
def test_what_is_not_installed_is_told_with_how_to_get_it(
    module: str, name: str, told: str, mixed: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = {"pyarrow": "formats", "duckdb": "duckdb_table"}[module]
    monkeypatch.setattr(f"eligibility.batch.{place}.find_spec", lambda name: None)
    result = batch(mixed, "--to", name)
    assert result.exit_code == 2
    assert result.stderr.startswith(told)


def test_a_file_that_no_library_compresses_is_told_with_what_to_install(
    mixed: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "backports", None)
    result = batch(mixed, "--to", "out.csv.zst")
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr == (
        "`out.csv.zst` cannot be written here: it is Zstandard\n"
        "  = `pip install 'eligibility[zst]'` brings what writes it\n"
    )
    assert [path.name for path in Path().iterdir()] == ["students.ndjson"]


def test_a_table_that_cannot_take_the_place_of_a_view_is_told(mixed: Path) -> None:
    with duckdb.connect("out.duckdb") as connection:
        connection.execute("CREATE VIEW verdicts AS SELECT 1 AS one")
    result = batch(mixed, "--to", "out.duckdb")
    assert result.exit_code == 2
    assert "the table `verdicts` of `out.duckdb` cannot be written\n  = " in result.stderr
    with duckdb.connect("out.duckdb") as connection:
        [names] = connection.execute("SELECT list(table_name) FROM duckdb_tables()").fetchall()
        assert names == (None,)
        assert connection.execute("SELECT * FROM verdicts").fetchall() == [(1,)]


@pytest.mark.parametrize(
    ("target", "made"), [("out.csv", "put"), ("out.csv", "write_json"), ("out", "write_json")]
)
def test_a_disk_that_is_full_in_the_end_is_told_by_the_name_of_what_is_written(
    target: str, made: str, mixed: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The files of all parts were written by then."""
    true = getattr(sinks, made)

    def full(one: Path | str, other: Any) -> None:
        if made == "put" or Path(one).name == "summary.json":
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        true(one, other)

    monkeypatch.setattr(sinks, made, full)
    result = batch(mixed, "--to", target)
    assert result.exit_code == 2
    assert f"`{target}` cannot be written: No space left on device" in result.stderr
    assert not [*Path().glob(f"{target}*summary*"), *Path().glob("out.csv*")]


def test_two_runs_do_not_work_in_one_folder(mixed: Path) -> None:
    batch(mixed, "--to", "out")
    with sinks.FolderOfParts(Path("out"), json.loads(Path("out/run.json").read_text())["asked"],
                             resume=True):  # fmt: skip
        result = batch(mixed, "--to", "out", "--resume")
    assert result.exit_code == 2
    assert "another run is at work in `out`" in result.stderr
    assert batch(mixed, "--to", "out", "--resume").exit_code == 1


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a full device")
@pytest.mark.usefixtures("small_parts")
@pytest.mark.parametrize("jobs", ["1", "2"])
def test_a_full_disk_ends_the_run_with_a_message(
    jobs: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = written(tmp_path / "students.ndjson", many(100))
    monkeypatch.setattr(formats.Ndjson, "write", fill)
    result = batch(source, "--to", tmp_path / "out", "--jobs", jobs)
    assert result.exit_code == 2
    # which of the first two is told of is a matter of chance
    assert re.search(
        r"/part-0000[01]\.ndjson` cannot be written: No space left on device\n$", result.stderr
    )
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == [
        "rejects.ndjson",
        "run.json",
    ]


def fill(self: object, stream: object, rows: object) -> None:
    with open("/dev/full", "wb") as full:
        full.write(b"x")


def test_a_file_that_became_shorter_ends_the_run(tmp_path: Path) -> None:
    path = written(tmp_path / "students.ndjson", many(10))
    source = files.Lines(path)
    path.write_bytes(b"")
    with pytest.raises(UsageError, match="became shorter while it was read"):
        [*source.parts()]


# One student out of many


def test_a_file_that_became_shorter_while_a_part_was_read_ends_the_run(tmp_path: Path) -> None:
    path = written(tmp_path / "students.ndjson", many(9))
    [part] = files.Lines(path).parts()
    written(path, many(3))
    with pytest.raises(UsageError, match="became shorter while it was read"):
        list(part.places())


@pytest.mark.parametrize("changed", ["in place", "by another file", "at its end"])
def test_a_file_that_is_written_anew_while_it_is_read_ends_the_run(
    changed: str, tmp_path: Path
) -> None:
    path = written(tmp_path / "students.ndjson", many(9))
    [part] = files.Lines(path).parts()
    assert len(list(part.places())) == 9
    text = path.read_text("utf-8").replace("student-", "STUDENT-")
    if changed == "by another file":
        (tmp_path / "new").write_text(text, encoding="utf-8")
        (tmp_path / "new").replace(path)
    else:
        with open(path, "a" if changed == "at its end" else "r+", encoding="utf-8") as stream:
            stream.write(text)
    places = part.places()
    with pytest.raises(UsageError) as caught:
        list(places)
    assert str(caught.value) == (
        f"`{path}` was changed while it was read\n  = begin anew when nothing writes to it any more"
    )


@pytest.fixture
def crowd(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    lines = many(60)
    lines[40] = json.dumps({"id": "Zoë/1", "bronze": True}).replace("/", "\\/")
    lines[41] = '{"id": "wrong", "gpa": 3}'
    lines[42] = '{"id": "cut off", '
    lines[43] = lines[44]
    written(tmp_path / "students.ndjson", lines)
    Path("packed.ndjson.gz").write_bytes(gzip.compress(Path("students.ndjson").read_bytes()))
    Path("folder").mkdir()
    for number, line in enumerate(lines):
        Path(f"folder/{number:02}.json").write_text(line, encoding="utf-8")
    return tmp_path


@pytest.mark.parametrize("source", ["students.ndjson", "packed.ndjson.gz", "folder", "-"])
def test_one_student_is_found_by_id_and_answered_as_if_alone(source: str, crowd: Path) -> None:
    stdin = Path("students.ndjson").read_bytes() if source == "-" else None
    for student, number in (("student-3", 3), ("Zoë/1", 40)):
        alone = Path("alone.json")
        alone.write_text(Path(f"folder/{number:02}.json").read_text("utf-8"), "utf-8")
        found = check(source, "--id", student, "--explain", stdin=stdin)
        assert (found.exit_code, found.stderr) == (0, "")
        assert found.stdout == check(alone, "--explain").stdout


def test_one_student_is_named_by_the_place_where_it_was_found(crowd: Path) -> None:
    result = check("students.ndjson", "--id", "student-3", "--format", "json")
    assert json.loads(result.stdout)["source"] == "students.ndjson:4"
    several = check("packed.ndjson.gz", PROFILES, "--id", "ann", "--format", "json")
    assert json.loads(several.stdout)["profile"] == "ann"


@pytest.mark.parametrize(
    ("source", "student", "told"),
    [
        ("students.ndjson", "nobody", "there is no student `nobody` among 60 profiles\n"),
        ("folder", "STUDENT-1", "there is no student `STUDENT-1` among 60 profiles\n"),
        (
            "students.ndjson",
            "student-44",
            "the id `student-44` stands 2 times: in `students.ndjson:44` and `students.ndjson:45`",
        ),
        ("folder", "student-44", "the id `student-44` stands 2 times: in `folder/43.json` and "),
        ("students.ndjson", "cut off", "students.ndjson:43:18: is not JSON: "),
        ("gone.ndjson", "nobody", "there is no source `gone.ndjson`\n"),
    ],
)
def test_a_student_who_is_not_there_once_is_an_error(
    source: str, student: str, told: str, crowd: Path
) -> None:
    result = check(source, "--id", student)
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr.startswith(told)


def test_one_student_whose_profile_is_refused_is_told_of(crowd: Path) -> None:
    result = check("students.ndjson", "--id", "wrong")
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr == "students.ndjson:42#/gpa: unknown key `gpa`\n"
