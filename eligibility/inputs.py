"""Where profiles come from: files, directories, lines of NDJSON, standard input."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import BinaryIO

from eligibility.errors import Message, Problem, ProfileError
from eligibility.loading import shown

__all__ = ["LINES", "STDIN", "Found", "MAX_PROFILE_BYTES", "count_profiles", "find_profiles"]

MAX_PROFILE_BYTES = 5_000_000
LINES = (".ndjson", ".jsonl")
"""Endings of files that hold a profile a line."""

STDIN = "-"
_BOM = b"\xef\xbb\xbf"


@dataclass(frozen=True, slots=True)
class Found:
    """A place that should hold a profile: its name, and its JSON value or what is wrong.

    `alone` says that a whole file, or standard input, is this one profile.
    """

    name: str
    value: object = None
    error: ProfileError | None = None
    alone: bool = False


def find_profiles(paths: Sequence[str], stdin: BinaryIO) -> Iterator[Found]:
    """Every profile of the paths, in a fixed order, read one at a time.

    A directory stands for all `*.json` in and below it, a file ending in `.ndjson` or
    `.jsonl` for its lines, `-` for standard input (one JSON value, or NDJSON).
    """
    for path in paths:
        if path == STDIN:
            yield from _stream(stdin)
        elif Path(path).is_dir():
            for file in _files(Path(path)):
                yield from _file(file)
        else:
            yield from _file(Path(path))


def count_profiles(paths: Sequence[str]) -> int | None:
    """How many profiles there will be; None where only reading would tell."""
    total = 0
    for path in paths:
        if path == STDIN or Path(path).suffix.lower() in LINES:
            return None
        total += sum(1 for _ in _files(Path(path))) if Path(path).is_dir() else 1
    return total


def _files(folder: Path) -> Iterator[Path]:
    """All `*.json` in and below a folder, sorted; links to folders are not followed."""
    for place, below, names in os.walk(folder):
        below[:] = sorted(name for name in below if not name.startswith("."))
        yield from (
            Path(place) / name
            for name in sorted(names)
            if name.lower().endswith(".json") and not name.startswith(".")
        )


def _file(path: Path) -> Iterator[Found]:
    name = shown(path)
    try:
        with path.open("rb") as stream:
            if path.suffix.lower() in LINES:
                yield from _lines(stream, name)
                return
            data = stream.read(MAX_PROFILE_BYTES + 1)
    except OSError as error:
        yield _wrong(name, Message(f"cannot be read: {error.strerror or error}"))
        return
    yield from _values(_parsed(data, name), name)


def _lines(stream: BinaryIO, name: str, first: int = 1) -> Iterator[Found]:
    number = first - 1
    while line := stream.readline(MAX_PROFILE_BYTES + 1):
        number += 1
        place = f"{name}:{number}"
        if len(line) > MAX_PROFILE_BYTES:
            while line and not line.endswith(b"\n"):
                line = stream.readline(MAX_PROFILE_BYTES + 1)
            yield _wrong(place, _too_large())
        elif line.strip() and line.strip() != _BOM:
            yield _parsed(line, place)


def _stream(stdin: BinaryIO) -> Iterator[Found]:
    """Standard input: NDJSON when its first line is a JSON value by itself."""
    name = "<stdin>"
    line = stdin.readline(MAX_PROFILE_BYTES + 1)
    while line and not line.strip():
        line = stdin.readline(MAX_PROFILE_BYTES + 1)
    if not line:
        yield _wrong(name, Message("is empty"))
        return
    following = stdin.readline(MAX_PROFILE_BYTES + 1)
    first = _parsed(line, f"{name}:1")
    if following.strip() and first.error is None:
        yield first
        rest = _parsed(following, f"{name}:2")
        yield rest
        yield from _lines(stdin, name, first=3)
        return
    data = line + following + stdin.read(MAX_PROFILE_BYTES + 1)
    yield from _values(_parsed(data, name), name)


def _values(found: Found, name: str) -> Iterator[Found]:
    """One profile, or each profile of an array."""
    if not isinstance(found.value, list):
        yield replace(found, alone=True)
        return
    for index, value in enumerate(found.value):
        yield Found(f"{name}[{index}]", value)
    if not found.value:
        yield _wrong(name, Message("holds no profile: the array is empty"))


def _parsed(data: bytes, name: str) -> Found:
    # marshmallow stands behind the schema module: pay for it when there is a profile
    from eligibility.schemas import parse_json

    if len(data) > MAX_PROFILE_BYTES:
        return _wrong(name, _too_large())
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        return _wrong(name, Message(f"is not UTF-8: byte {error.start}", "save it as UTF-8"))
    try:
        return Found(name, parse_json(text, name))
    except ProfileError as error:
        return Found(name, error=error)


def _too_large() -> Message:
    return Message(f"is larger than {MAX_PROFILE_BYTES:,} bytes")


def _wrong(name: str, message: Message) -> Found:
    return Found(name, error=ProfileError([Problem(name, message)]))

