"""Compressed files: gzip, and Zstandard where a library for it is installed."""

from __future__ import annotations

import contextlib
import gzip
import sys
import zlib
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any, BinaryIO, cast

__all__ = ["PACKED", "BrokenError", "packer", "unpacked"]

PACKED = {".gz": "gzip", ".zst": "Zstandard"}
"""Behind another ending: what it says is compressed, and how."""


class BrokenError(Exception):
    """A compressed file is not what its ending says, or is cut off."""


@contextlib.contextmanager
def unpacked(path: Path) -> Iterator[BinaryIO]:
    """What a file holds, not compressed.

    Raises `BrokenError` where it is not what its ending says, and ImportError where no
    library can read it.
    """
    broken: tuple[type[Exception], ...] = (EOFError, gzip.BadGzipFile, zlib.error)
    opening: Callable[..., Any]
    match path.suffix.lower():
        case ".gz":
            opening = gzip.open
        case ".zst":
            zstd = _zstd()
            opening = zstd.open
            broken = (EOFError, zstd.ZstdError)
        case _:
            opening = open
    with opening(path, "rb") as stream:
        try:
            yield cast("BinaryIO", stream)
        except broken:
            raise BrokenError from None


def packer(path: Path) -> Callable[[BinaryIO], AbstractContextManager[BinaryIO]]:
    """What makes of a stream to a file one to write to, which is compressed as its ending says.

    The same content gives the same bytes. Raises ImportError where no library can write it.
    """
    match path.suffix.lower():
        case ".gz":
            # neither the time nor a name is noted
            return lambda stream: _closed(gzip.GzipFile("", "wb", fileobj=stream, mtime=0))
        case ".zst":
            zstd = _zstd()
            return lambda stream: _closed(zstd.open(stream, "wb"))
        case _:
            return contextlib.nullcontext


def _closed(stream: Any) -> AbstractContextManager[BinaryIO]:
    """A stream that ends with the block; the file below it stays open."""
    return contextlib.closing(stream)


def _zstd() -> Any:
    """The library for Zstandard. Raises ImportError where there is none."""
    if sys.version_info >= (3, 14):
        from compression import zstd
    else:
        from backports import zstd
    return zstd
