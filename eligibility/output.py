"""Output that is whole or not there: a file is replaced only when all of it is written."""

from __future__ import annotations

import contextlib
import io
import os
import stat
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from eligibility.errors import Message, UsageError

__all__ = ["opened", "put", "written_once"]


@contextlib.contextmanager
def opened(path: str | None, *, exact: bool = True) -> Iterator[IO[str]]:
    """A stream to write to: standard output, or a file that appears when it is complete.

    When the block is left by an exception, Ctrl-C included, an existing file stays as
    it was. What is `exact` (for programs to read) is UTF-8 on standard output too,
    whatever the terminal is. Raises `UsageError` when the file cannot be written.
    """
    if path is None:
        if exact and isinstance(sys.stdout, io.TextIOWrapper):
            # `\udc80`, for a file name that is not UTF-8, is what JSON would write too
            sys.stdout.reconfigure(encoding="utf-8", errors="backslashreplace")
        yield sys.stdout
        return
    try:
        with _replaced(path) if _is_plain(path) else _open(path) as stream:
            yield stream
    except OSError as error:
        reason = error.strerror or str(error)
        raise UsageError(Message(f"`{path}` cannot be written: {reason}")) from error


def written_once(path: str | None) -> None:
    """Raise `UsageError` when there is such a file already."""
    if path is not None and os.path.isfile(path):
        raise UsageError(Message(f"`{path}` exists already", "name a file that does not"))


def _is_plain(path: str) -> bool:
    """Whether it is a file, or could become one; a pipe or a terminal cannot be replaced."""
    try:
        mode = os.stat(path).st_mode
    except FileNotFoundError:
        return True
    if stat.S_ISDIR(mode):
        raise UsageError(Message(f"`{path}` is a folder", "name a file to write to"))
    return stat.S_ISREG(mode)


def _open(file: int | str) -> IO[str]:
    return open(file, "w", encoding="utf-8", errors="backslashreplace", newline="")


@contextlib.contextmanager
def _replaced(path: str) -> Iterator[IO[str]]:
    # a link stays, and what it points to is replaced
    target = Path(os.path.realpath(path))
    handle, name = tempfile.mkstemp(prefix=".eligibility-", dir=target.parent)
    try:
        with _open(handle) as stream:
            yield stream
        put(name, target)
    except BaseException:
        with contextlib.suppress(OSError):
            os.unlink(name)
        raise


def put(made: str | Path, target: str | Path) -> None:
    """Put a file that is complete where it belongs, in one step, with the mode of the old one.

    Both have to be in the same file system.
    """
    target = Path(os.path.realpath(target))
    with open(made, "rb+") as stream:
        os.fsync(stream.fileno())
    os.chmod(made, _mode(target))
    os.replace(made, target)


def _mode(target: Path) -> int:
    """The mode that the old file has, or a new one would get."""
    if target.exists():
        return stat.S_IMODE(target.stat().st_mode)
    mask = os.umask(0)
    os.umask(mask)
    return 0o666 & ~mask
