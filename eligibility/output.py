"""Output that is whole or not there: a file is replaced only when all of it is written."""

from __future__ import annotations

import contextlib
import os
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from eligibility.errors import Message, UsageError

__all__ = ["opened"]


@contextlib.contextmanager
def opened(path: str | None) -> Iterator[IO[str]]:
    """A stream to write to: standard output, or a file that appears when it is complete.

    When the block is left by an exception, Ctrl-C included, an existing file stays as
    it was. Raises `UsageError` when the file cannot be written.
    """
    if path is None:
        yield sys.stdout
        return
    target = Path(os.path.realpath(path))
    if target.exists() and not target.is_file():
        if target.is_dir():
            raise UsageError(Message(f"`{path}` is a folder", "name a file to write to"))
        # a pipe or a terminal cannot be replaced
        with target.open("w", encoding="utf-8", newline="") as stream:
            yield stream
        return
    try:
        handle, name = tempfile.mkstemp(prefix=f".{target.name}.", dir=target.parent)
    except OSError as error:
        reason = error.strerror or str(error)
        raise UsageError(Message(f"`{path}` cannot be written: {reason}")) from None
    try:
        with open(handle, "w", encoding="utf-8", newline="") as stream:
            yield stream
            stream.flush()
            os.fsync(stream.fileno())
        _keep_mode(target, name)
        os.replace(name, target)
    except BaseException:
        with contextlib.suppress(OSError):
            os.unlink(name)
        raise


def _keep_mode(target: Path, name: str) -> None:
    """Give the new file the mode that the old one has, or a new one would get."""
    if target.exists():
        os.chmod(name, target.stat().st_mode & 0o777)
    else:
        mask = os.umask(0)
        os.umask(mask)
        os.chmod(name, 0o666 & ~mask)
