"""Students in tables are the students that the tables were made from."""

from __future__ import annotations

import gzip
from pathlib import Path

import duckdb
import pytest
from student_tables import (
    MAPPING,
    RULES,
    made,
    profiles,
    read,
    write_csv,
    write_duckdb,
    write_parquet,
)

from eligibility.sources.tables import open_tables


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def mapping(text: str, name: str = "mapping.yaml") -> str:
    Path(name).write_text(text, encoding="utf-8")
    return name


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
