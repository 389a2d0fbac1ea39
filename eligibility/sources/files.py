"""Students in files: lines of NDJSON, folders of JSON, and whatever can only be read through."""

from __future__ import annotations

import hashlib
import os
import stat
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import BinaryIO

from eligibility.errors import Message, UsageError
from eligibility.inputs import (
    STDIN,
    Found,
    Unread,
    each_line,
    files_below,
    lines_of,
    no_file,
    places,
    unreadable,
)
from eligibility.loading import shown
from eligibility.profile_json import MAX_PROFILE_BYTES

__all__ = [
    "FilesPart",
    "Folder",
    "Lines",
    "LinesPart",
    "PlacesPart",
    "Stamp",
    "Stream",
    "stamp",
    "unchanged",
]

PART_BYTES = 1_000_000
"""The least bytes of lines in a part: some 500 students, worth sending to a process."""

LARGE_BYTES = 4_000_000
LARGE_FILES = 2_000
"""As many are in each of the parts of a large file or folder, if that makes `FEW_PARTS` at least:
what is worked out for many students at once is cheaper for each."""

FEW_PARTS = 16

MOST_PARTS = 1_000
"""Into so many parts the lines of a very large file are cut, of more bytes each: the parts may
become files, and a folder of too many is of no use to anyone."""

PART_FILES = 500
PART_PLACES = 2_000
"""How many files of a folder make a part at the least, and how many profiles of a stream do."""


# -- changes ----------------------------------------------------------------------------

Stamp = tuple[int, int]
"""How large a file is, and when it was written."""


def stamp(path: str) -> Stamp | None:
    """What tells a file from what was there before; None where there is none."""
    known = _stat(path)
    return None if known is None else (known.st_size, known.st_mtime_ns)


def unchanged(path: str, before: Stamp | None) -> None:
    """Raise `UsageError` where a file is another than it was: what was read of it is a mixture."""
    if stamp(path) != before:
        text = f"`{path}` was changed while it was read"
        raise UsageError(Message(text, "begin anew when nothing writes to it any more"))


# -- lines ------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class LinesPart:
    """Whole lines of a file: `size` bytes from `start`; `first` is the number of the first.

    `written` is the file's stamp, from before any of it was read.
    """

    name: str
    path: str
    start: int
    size: int
    first: int
    written: Stamp

    def places(self) -> Iterator[Unread]:
        """Every line that is not blank."""
        try:
            with open(self.path, "rb", buffering=_BUFFER) as stream:
                stream.seek(self.start)
                yield from each_line(self._lines(stream), self.source, self.first)
            unchanged(self.path, self.written)
        except OSError as error:
            raise _unread(self.path, error) from error

    @property
    def source(self) -> str:
        """The file, as errors name it."""
        return shown(Path(self.path))

    def _lines(self, stream: BinaryIO) -> Iterator[bytes]:
        left = self.size
        lines = lines_of(stream)
        while left > 0:
            line = next(lines, None)
            if line is None:
                raise _shorter(self.path)
            yield line
            # of a line that is too long not all is there
            long = len(line) > MAX_PROFILE_BYTES
            left = self.start + self.size - stream.tell() if long else left - len(line)


class Lines:
    """A file with a profile a line, cut at the ends of lines."""

    again = True

    def __init__(self, path: Path) -> None:
        """Raises `UsageError` when the file cannot be read."""
        self.name = str(path)
        self._path = path
        try:
            with open(path, "rb"):
                self._stat = path.stat()
        except OSError as error:
            raise _unread(self.name, error) from error
        self.size: int | None = self._stat.st_size

    def parts(self) -> Iterator[LinesPart]:
        """Parts of about the same size; lines are counted on the way."""
        size, written = self._stat.st_size, (self._stat.st_size, self._stat.st_mtime_ns)
        large = min(LARGE_BYTES, size // FEW_PARTS)
        step = max(PART_BYTES, large, size // MOST_PARTS)
        number, start, first = 0, 0, 1
        with open(self._path, "rb") as stream:
            while start < size:
                end, lines = _cut(stream, step)
                if end == start:
                    raise _shorter(self.name)
                yield LinesPart(f"{number:05}", self.name, start, end - start, first, written)
                number, start, first = number + 1, end, first + lines

    def fingerprint(self) -> str:
        """What the file is called, its size, and when it was written."""
        return _digest([(self._path.name, self._stat)])


_BUFFER = 1 << 18
_CHUNK = 1 << 20
"""How many bytes are read at once: as lines, and to count them."""


def _cut(stream: BinaryIO, size: int) -> tuple[int, int]:
    """Read on for so many bytes and to the end of a line: where that is, and how many lines."""
    lines, left, last = 0, size, b""
    while left > 0 and (chunk := stream.read(min(left, _CHUNK))):
        lines += chunk.count(b"\n")
        left -= len(chunk)
        last = chunk
    # of a line that has no end, nothing is kept either
    while last and not last.endswith(b"\n"):
        last = stream.readline(_CHUNK)
        lines += last.endswith(b"\n")
    return stream.tell(), lines


# -- folders ----------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class FilesPart:
    """Some files of a folder, each by its path there; what was wrong with a path is told."""

    name: str
    folder: str
    files: tuple[str | Found, ...]

    @property
    def size(self) -> int:
        """How many files there are."""
        return len(self.files)

    def places(self) -> Iterator[Found | Unread]:
        """Every file, with what it holds."""
        root = shown(Path(self.folder))
        before = "" if root == "." else f"{root}/"
        for file in self.files:
            if isinstance(file, Found):
                yield file
                continue
            name = before + file
            try:
                data = _held(f"{self.folder}/{file}")
            except OSError as error:
                yield unreadable(name, error)
                continue
            # of nothing, too, it is known that it was read
            yield Unread(name, 0, data or b" ")


def _held(file: str) -> bytes:
    """What a file holds; of one that is too large just enough to say so."""
    with open(file, "rb", buffering=0) as stream:
        large = os.fstat(stream.fileno()).st_size > MAX_PROFILE_BYTES
        # room for all that may be read would be made before reading
        return stream.read(MAX_PROFILE_BYTES + 1 if large else -1)


class Folder:
    """All `*.json` in and below a folder, in the order of their names."""

    again = True

    def __init__(self, path: Path) -> None:
        """Raises `UsageError` when there is none."""
        self.name = str(path)
        self._path = path
        if not self._files:
            text = f"no profiles in `{path}`"
            raise UsageError(Message(text, "a folder is searched for `*.json`"))
        self.size: int | None = len(self._files)

    def parts(self) -> Iterator[FilesPart]:
        """Parts of so many files each."""
        files = [file for file, _ in self._files]
        step = max(PART_FILES, min(LARGE_FILES, len(files) // FEW_PARTS))
        for number, start in enumerate(range(0, len(files), step)):
            some = tuple(files[start : start + step])
            yield FilesPart(f"{number:05}", self.name, some)

    def fingerprint(self) -> str:
        """What the files are called, their sizes, and when they were written."""
        return _digest(
            (file.name if isinstance(file, Found) else file, found) for file, found in self._files
        )

    @cached_property
    def _files(self) -> list[tuple[str | Found, os.stat_result | None]]:
        found: list[tuple[str | Found, os.stat_result | None]] = []
        before = len(os.path.join(self.name, ""))
        for file in files_below(self.name):
            if isinstance(file, Found):
                found.append((file, None))
                continue
            known = _stat(file)
            if known is not None and not stat.S_ISREG(known.st_mode):
                # a pipe would be waited for without end
                found.append((no_file(Path(file)), known))
            else:
                found.append((file[before:].replace(os.sep, "/"), known))
        return found


# -- streams ----------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class PlacesPart:
    """Places that another process could not read by itself, sent with what they hold."""

    name: str
    found: tuple[Found | Unread, ...]

    @property
    def size(self) -> int:
        """How many places there are."""
        return len(self.found)

    def places(self) -> Iterator[Found | Unread]:
        """The places."""
        yield from self.found


class Stream:
    """What can only be read from its beginning to its end: compressed, or standard input.

    Of a file of JSON too, which holds one profile or an array of them.
    """

    size: int | None = None

    def __init__(self, name: str, stdin: BinaryIO) -> None:
        self.name = name
        self.again = name != STDIN and Path(name).is_file()
        self._stdin = stdin

    def parts(self) -> Iterator[PlacesPart]:
        """Parts of so many profiles each, or of fewer that are large."""
        number, size, taken = 0, 0, list[Found | Unread]()
        for place in places([self.name], self._stdin):
            taken.append(place)
            size += len(place.data) if isinstance(place, Unread) else 0
            if len(taken) == PART_PLACES or size > 4 * PART_BYTES:
                yield PlacesPart(f"{number:05}", tuple(taken))
                number, size, taken = number + 1, 0, []
        if taken:
            yield PlacesPart(f"{number:05}", tuple(taken))

    def fingerprint(self) -> str:
        """What the file is called, its size, and when it was written; nothing for a stream."""
        path = Path(self.name)
        return _digest([(path.name, _stat(path))]) if self.again else ""


def _stat(path: str | Path) -> os.stat_result | None:
    try:
        return os.stat(path)
    except OSError:
        return None


def _digest(files: Iterable[tuple[str, os.stat_result | None]]) -> str:
    digest = hashlib.sha256()
    for name, known in files:
        size, written = (0, 0) if known is None else (known.st_size, known.st_mtime_ns)
        digest.update(f"{name}\0{size}\0{written}\0".encode("utf-8", "surrogateescape"))
    return f"sha256:{digest.hexdigest()}"


def _shorter(path: str) -> UsageError:
    return UsageError(Message(f"`{path}` became shorter while it was read"))


def _unread(path: str, error: OSError) -> UsageError:
    return UsageError(Message(f"`{path}` cannot be read: {error.strerror or error}"))
