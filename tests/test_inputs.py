"""Where profiles come from, and what is said of a place that holds none."""

from __future__ import annotations

import io
import json
import os
import sys
from pathlib import Path

import pytest

from eligibility.errors import UsageError
from eligibility.inputs import count_profiles, find_profiles, spared
from eligibility.profile_json import MAX_PROFILE_BYTES


def found(*paths: Path | str, stdin: bytes = b"") -> list[tuple[str, object]]:
    """Names with ids, or with the whole message."""
    return [
        (
            one.name,
            one.value["id"] if isinstance(one.value, dict) else str(one.error or one.value),
        )
        for one in find_profiles([str(path) for path in paths], io.BytesIO(stdin))
    ]


def write(path: Path, content: str | bytes) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def test_a_folder_stands_for_its_json_files_in_order_and_below(tmp_path: Path) -> None:
    for name in ("b.json", "a.json", "deep/er/c.JSON", ".hidden.json", ".git/d.json", "x.ndjson"):
        write(tmp_path / name, json.dumps({"id": name}))
    assert found(tmp_path) == [
        ("a.json", "a.json"),
        ("b.json", "b.json"),
        ("deep/er/c.JSON", "deep/er/c.JSON"),
    ]
    assert count_profiles([str(tmp_path), "a.json"]) == 4
    assert count_profiles([str(tmp_path), "x.ndjson"]) is None


def test_links_to_folders_are_not_followed(tmp_path: Path) -> None:
    write(tmp_path / "in" / "a.json", '{"id": "a"}')
    (tmp_path / "in" / "loop").symlink_to(tmp_path / "in")
    assert found(tmp_path / "in") == [("in/a.json", "a")]


def test_a_folder_without_profiles_is_refused_before_anything_is_read(tmp_path: Path) -> None:
    write(tmp_path / "a.json", '{"id": "a"}')
    (tmp_path / "empty").mkdir()
    with pytest.raises(UsageError, match="no profiles in `empty`"):
        found("a.json", "empty")


def test_an_array_holds_a_profile_in_each_place(tmp_path: Path) -> None:
    write(tmp_path / "a.json", '[{"id": "a"},\n {"id": "b"}, 3]')
    assert found("a.json") == [("a.json[0]", "a"), ("a.json[1]", "b"), ("a.json[2]", "3")]
    write(tmp_path / "b.json", "[]")
    assert found("b.json") == [("b.json", "b.json: holds no profile: the array is empty")]


def test_only_a_whole_file_is_alone(tmp_path: Path) -> None:
    write(tmp_path / "one.json", '{"id": "a"}')
    write(tmp_path / "bad.json", "{")
    write(tmp_path / "list.json", '[{"id": "a"}]')
    write(tmp_path / "lines.ndjson", '{"id": "a"}')
    paths = ["one.json", "bad.json", "none.json", "list.json", "lines.ndjson"]
    alone = [one.alone for one in find_profiles(paths, io.BytesIO())]
    assert alone == [True, True, True, False, False]


def test_lines_are_counted_and_blank_ones_are_left_out(tmp_path: Path) -> None:
    lines = b'\xef\xbb\xbf{"id": "a"}\r\n\n  \n{"id": "b",\n{"id": "c"}'
    write(tmp_path / "x.ndjson", lines)
    assert found("x.ndjson") == [
        ("x.ndjson:1", "a"),
        (
            "x.ndjson:4",
            "x.ndjson:4:12: is not JSON: expecting property name enclosed in double quotes",
        ),
        ("x.ndjson:5", "c"),
    ]


@pytest.mark.parametrize("name", ["-", "x.ndjson"])
def test_a_line_that_is_too_long_is_refused_and_the_next_one_read(
    name: str, tmp_path: Path
) -> None:
    long = b'{"id": "a", "home": "' + b"x" * MAX_PROFILE_BYTES + b'"}'
    lines = b'{"id": "1"}\n' + long + b'\n{"id": "2"}\n'
    write(tmp_path / "x.ndjson", lines)
    place = "<stdin>" if name == "-" else name
    assert found(name, stdin=lines) == [
        (f"{place}:1", "1"),
        (f"{place}:2", f"{place}:2: is larger than 5,000,000 bytes"),
        (f"{place}:3", "2"),
    ]


@pytest.mark.parametrize(
    ("content", "wanted"),
    [
        (b"", 'is empty\n  = write at least {"id": "student-1"}'),
        (b'\xef\xbb\xbf{"id": "bom"}', None),
        (b'{"id": ', "1:8: is not JSON: expecting value"),
        (b'{"id": "a"} {"id": "b"}', "1:13: is not JSON: extra data"),
        (b'{"id": "\xff"}', "is not UTF-8: byte 8\n  = save it as UTF-8"),
        (b" " * (MAX_PROFILE_BYTES + 1), "is larger than 5,000,000 bytes"),
    ],
)
def test_a_file_that_is_no_json_is_said_to_be_none(
    content: bytes, wanted: str | None, tmp_path: Path
) -> None:
    write(tmp_path / "x.json", content)
    [(name, text)] = found("x.json")
    assert name == "x.json"
    place = "x.json:" if wanted and wanted[0].isdigit() else "x.json: "
    assert text == ("bom" if wanted is None else place + wanted)


def test_a_file_that_cannot_be_read_is_reported(tmp_path: Path) -> None:
    assert found("none.json") == [
        ("none.json", "none.json: cannot be read: No such file or directory")
    ]
    write(tmp_path / "under" / "closed.json", "{}").unlink()
    os.symlink("nowhere", tmp_path / "under" / "closed.json")
    assert found("under") == [
        ("under/closed.json", "under/closed.json: cannot be read: No such file or directory")
    ]


def test_a_folder_that_cannot_be_read_is_reported(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Root may read everything, so the refusal is made up."""
    write(tmp_path / "a" / "a.json", '{"id": "a"}')
    (tmp_path / "a" / "closed").mkdir()
    real = os.scandir

    def scandir(path: str) -> object:
        if str(path).endswith("closed"):
            raise PermissionError(13, "Permission denied", path)
        return real(path)

    monkeypatch.setattr(os, "scandir", scandir)
    assert found("a") == [
        ("a/a.json", "a"),
        ("a/closed", "a/closed: cannot be read: Permission denied"),
    ]


@pytest.mark.parametrize(
    ("stdin", "wanted"),
    [
        (b'{"id": "a"}', [("<stdin>", "a")]),
        (b'\n\n{"id": "a"}\n\n', [("<stdin>", "a")]),
        (b'\xef\xbb\xbf\n{"id": "a"}', [("<stdin>", "a")]),
        (b'{\n  "id": "a"\n}\n', [("<stdin>", "a")]),
        (b'{"courses": {}\n, "id": "a"}', [("<stdin>", "a")]),
        (b'{"id": "a"}\n{"id": "b"}\n', [("<stdin>:1", "a"), ("<stdin>:2", "b")]),
        (b'\n{"id": "a"}\n\n\n{"id": "b"}', [("<stdin>:2", "a"), ("<stdin>:5", "b")]),
        (b'[{"id": "a"}, {"id": "b"}]', [("<stdin>[0]", "a"), ("<stdin>[1]", "b")]),
        (b'[\n{"id": "a"},\n{"id": "b"}\n]', [("<stdin>[0]", "a"), ("<stdin>[1]", "b")]),
        (b"", []),
        (b" \n \n", []),
        (
            b'{"id": "a",}\n{"id": "b"}\n',
            [
                (
                    "<stdin>:1",
                    # the words are those of the Python that reads it
                    "<stdin>:1:11: is not JSON: illegal trailing comma before end of object"
                    if sys.version_info >= (3, 13)
                    else "<stdin>:1:12: is not JSON: "
                    "expecting property name enclosed in double quotes",
                ),
                ("<stdin>:2", "b"),
            ],
        ),
        (b"nonsense\n", [("<stdin>", "<stdin>:1:1: is not JSON: expecting value")]),
    ],
)
def test_standard_input_is_one_value_or_lines(
    stdin: bytes, wanted: list[tuple[str, object]]
) -> None:
    assert found("-", stdin=stdin) == wanted


def test_a_file_of_no_known_ending_is_read_like_standard_input(tmp_path: Path) -> None:
    write(tmp_path / "students.txt", '{"id": "a"}\n{"id": "b"}\n')
    assert found("students.txt") == [("students.txt:1", "a"), ("students.txt:2", "b")]


def test_lines_are_read_one_at_a_time() -> None:
    class Stream(io.BytesIO):
        read_lines = 0

        def readline(self, size: int | None = -1, /) -> bytes:
            self.read_lines += 1
            return super().readline(size)

    stream = Stream(b'{"id": "a"}\n' * 100)
    profiles = find_profiles(["-"], stream)
    next(profiles)
    next(profiles)
    assert stream.read_lines <= 3


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes on this system")
def test_a_pipe_in_a_folder_is_not_waited_for(tmp_path: Path) -> None:
    write(tmp_path / "a.json", '{"id": "a"}')
    os.mkfifo(tmp_path / "b.json")
    assert found(tmp_path) == [("a.json", "a"), ("b.json", "b.json: is not a file")]


def test_a_file_that_is_read_is_not_written_to(tmp_path: Path) -> None:
    write(tmp_path / "deep" / "a.json", '{"id": "a"}')
    write(tmp_path / "other.json", "{}")
    for paths in (["deep/a.json"], ["-", "deep"], [str(tmp_path)]):
        with pytest.raises(UsageError, match=r"`deep/a\.json` is one of the files to check"):
            spared("deep/a.json", paths)
    for output in (None, "other.json", "not-there.json"):
        spared(output, ["deep", "-", "nowhere.json"])
