"""Where profiles come from: files, directories, lines of NDJSON, standard input."""

from __future__ import annotations

import itertools
import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import BinaryIO, NamedTuple

from eligibility.errors import Message, Problem, ProfileError, UsageError
from eligibility.loading import shown
from eligibility.packing import PACKED, BrokenError, unpacked
from eligibility.profile_json import MAX_PROFILE_BYTES, parse_json

__all__ = [
    "LINES",
    "STDIN",
    "Found",
    "Unread",
    "count_profiles",
    "each_line",
    "files_below",
    "find_profiles",
    "lines_of",
    "no_file",
    "opened",
    "places",
    "spared",
    "unreadable",
]

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


class Unread(NamedTuple):
    """A place of which nothing is known yet: a line as it stands in a file, or a file.

    `line` counts from 1 and is 0 for a file, whose `data` is empty where it is still to be read.
    """

    name: str
    line: int = 0
    data: bytes = b""


def find_profiles(paths: Sequence[str], stdin: BinaryIO) -> Iterator[Found]:
    """Every profile of the paths, in a fixed order, read one at a time.

    A directory stands for all `*.json` in and below it, a file ending in `.ndjson` or
    `.jsonl` for its lines. A `.json` file is one JSON value: a profile, or an array of
    them; any other file, and `-` for standard input, is that or lines. With `.gz` or
    `.zst` behind it, a file is that, compressed. Raises `UsageError` for a directory that holds no
    profile.
    """
    for place in places(paths, stdin):
        yield from opened(place)


def opened(place: Found | Unread) -> Iterator[Found]:
    """The profiles of a place; of a file it may be several."""
    if isinstance(place, Found):
        yield place
    elif place.line:
        yield _parsed(place.data, place.name, place.line)
    elif place.data:
        yield from _values(_parsed(place.data, place.name), place.name)
    else:
        for one in _file(Path(place.name)):
            yield from opened(one)


def places(paths: Sequence[str], stdin: BinaryIO) -> Iterator[Found | Unread]:
    """Where the profiles are, in their order: the same as `find_profiles`, before reading.

    What is read already, to see what it is, is a `Found`.
    """
    for path in paths:
        if path != STDIN and os.path.isdir(path) and next(files_below(path), None) is None:
            text = f"no profiles in `{path}`"
            raise UsageError(Message(text, "a folder is searched for `*.json`"))
    for path in paths:
        if path == STDIN:
            yield from _sniffed(lines_of(stdin), "<stdin>")
        elif os.path.isdir(path):
            for one in files_below(path):
                if isinstance(one, Found):
                    yield one
                    continue
                file = Path(one)
                if file.exists() and not file.is_file():
                    # a pipe would be waited for without end
                    yield no_file(file)
                else:
                    yield Unread(str(file))
        elif _kind(Path(path)) == ".json":
            yield Unread(path)
        else:
            yield from _file(Path(path))


def spared(output: str | None, paths: Sequence[str]) -> None:
    """Raise `UsageError` when a file to write to is one of those that are read."""
    if output is None or not os.path.isfile(output):
        return
    for path in paths:
        files = files_below(path) if os.path.isdir(path) else [path]
        known = (one for one in files if isinstance(one, str) and os.path.exists(one))
        if any(os.path.samefile(one, output) for one in known):
            text = f"`{output}` is one of the files to check"
            raise UsageError(Message(text, "name another file to write to"))


def count_profiles(paths: Sequence[str]) -> int | None:
    """How many profiles there will be; None where only reading would tell."""
    total = 0
    for path in paths:
        if os.path.isdir(path):
            total += sum(1 for _ in files_below(path))
        elif Path(path).suffix.lower() == ".json":
            total += 1
        else:
            return None
    return total


def files_below(folder: str) -> Iterator[str | Found]:
    """All `*.json` in and below a folder, sorted; links to folders are not followed."""
    closed: list[OSError] = []
    for place, below, names in os.walk(folder, onerror=closed.append):
        below[:] = sorted(name for name in below if not name.startswith("."))
        for name in sorted(names):
            if name.lower().endswith(".json") and not name.startswith("."):
                yield os.path.join(place, name)
    yield from (unreadable(shown(Path(error.filename)), error) for error in closed)


def _kind(path: Path) -> str:
    """The ending that says what is in a file."""
    ending = path.suffix.lower()
    return Path(path.stem).suffix.lower() if ending in PACKED else ending


def _file(path: Path) -> Iterator[Found | Unread]:
    name = shown(path)
    kind = _kind(path)
    try:
        with unpacked(path) as stream:
            if kind in LINES:
                yield from each_line(lines_of(stream), name)
            elif kind == ".json":
                yield from _values(_parsed(stream.read(MAX_PROFILE_BYTES + 1), name), name)
            else:
                yield from _sniffed(lines_of(stream), name)
    except BrokenError:
        form = PACKED[path.suffix.lower()]
        text = f"cannot be read: it is not {form}, or not all of it is there"
        yield replace(_wrong(name, Message(text)), alone=True)
    except ImportError:
        hint = "`pip install 'eligibility[zst]'` brings what reads it"
        yield replace(_wrong(name, Message("cannot be read: it is Zstandard", hint)), alone=True)
    except OSError as error:
        yield unreadable(name, error)


def lines_of(stream: BinaryIO) -> Iterator[bytes]:
    """The lines of a stream; of one that is too long just enough to say so."""
    while line := stream.readline(MAX_PROFILE_BYTES + 1):
        rest = line
        while len(rest) > MAX_PROFILE_BYTES and not rest.endswith(b"\n"):
            rest = stream.readline(MAX_PROFILE_BYTES + 1)
        yield line


def each_line(lines: Iterable[bytes], name: str, first: int = 1) -> Iterator[Unread]:
    """A profile for each line that is not blank; `first` is the number of the first line."""
    return _each(enumerate(lines, start=first), name)


def _each(lines: Iterable[tuple[int, bytes]], name: str) -> Iterator[Unread]:
    for number, line in lines:
        told = line.rstrip()
        if told and not (told.endswith(_BOM) and told.lstrip() == _BOM):
            yield Unread(name, number, told)


def _sniffed(lines: Iterator[bytes], name: str) -> Iterator[Found | Unread]:
    """One JSON value, or a profile a line: that is when the first line is one by itself.

    Of nothing but blanks, nothing: there is no line.
    """
    numbered = enumerate(lines, start=1)
    first = next((one for one in numbered if one[1].strip() not in (b"", _BOM)), None)
    if first is None:
        return
    found = _parsed(first[1].rstrip(), name, first[0])
    if found.error is None:
        following = _each(numbered, name)
        second = next(following, None)
        if second is None:
            yield from _values(replace(found, name=name), name)
        else:
            alone = Unread(name, first[0], first[1].rstrip())
            yield from itertools.chain([alone, second], following)
        return
    taken = [first]
    size = len(first[1])
    for one in numbered:
        taken.append(one)
        size += len(one[1])
        if size > MAX_PROFILE_BYTES:
            break
    whole = _parsed(b"".join(line for _, line in taken), name)
    broken = first[1].strip()
    if whole.error is not None and broken.startswith(b"{") and broken.endswith(b"}"):
        # a line of its own, with a mistake in it
        yield from _each(itertools.chain(taken, numbered), name)
    else:
        yield from _values(whole, name)


def _values(found: Found, name: str) -> Iterator[Found]:
    """One profile, or each profile of an array."""
    if not isinstance(found.value, list):
        yield replace(found, alone=True)
        return
    for index, value in enumerate(found.value):
        yield Found(f"{name}[{index}]", value)
    if not found.value:
        yield _wrong(name, Message("holds no profile: the array is empty"))


def _parsed(data: bytes, name: str, line: int = 0) -> Found:
    """The JSON value of a file, or of one line of it."""
    place = f"{name}:{line}" if line else name
    if len(data) > MAX_PROFILE_BYTES:
        return _wrong(place, Message(f"is larger than {MAX_PROFILE_BYTES:,} bytes"))
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        return _wrong(place, Message(f"is not UTF-8: byte {error.start}", "save it as UTF-8"))
    try:
        return Found(place, parse_json(text, place))
    except ProfileError as error:
        if line:
            error = ProfileError(_in_line(problem, name, line) for problem in error.problems)
        return Found(place, error=error)


def _in_line(problem: Problem, name: str, line: int) -> Problem:
    """A mistake that the parser counted from the start of the line."""
    return replace(problem, file=name, line=line) if problem.line else problem


def no_file(path: Path) -> Found:
    """What is said of a pipe, say, among the files of a folder."""
    return _wrong(shown(path), Message("is not a file"))


def unreadable(name: str, error: OSError) -> Found:
    """What is said of a file that cannot be read."""
    return replace(_wrong(name, Message(f"cannot be read: {error.strerror or error}")), alone=True)


def _wrong(name: str, message: Message) -> Found:
    return Found(name, error=ProfileError([Problem(name, message)]))
