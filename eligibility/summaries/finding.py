"""The summary of what a batch wrote: which file it is."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

from eligibility.errors import Message, UsageError

__all__ = ["find_summary", "spared", "text_of"]

_SUMMARY, _RUN = "summary.json", "run.json"


def find_summary(out: str) -> Path:
    """The file with the summary of OUT: a folder of parts, a file or table, or the file itself.

    Raises `UsageError` where there is none, and says why.
    """
    path = Path(out)
    if path.is_dir():
        return _inside(path)
    beside = Path(f"{out}.{_SUMMARY}")
    if beside.is_file():
        return beside
    if not os.path.lexists(path):
        text = f"there is no `{out}`, and no `{beside}`"
        raise UsageError(Message(text, "name what `--to` of `eligibility batch` named"))
    if path.suffix.lower() == ".json":
        return path
    if (path.parent / _RUN).is_file():
        text = f"`{out}` is a part of what a run wrote"
        raise UsageError(Message(text, f"name its folder, `{path.parent}`"))
    text = f"`{out}` has no summary: `{beside}` is not there"
    raise UsageError(Message(text, f"`eligibility batch` with `--to {out}` writes it"))


def _inside(folder: Path) -> Path:
    summary = folder / _SUMMARY
    if summary.is_file():
        return summary
    if (folder / _RUN).is_file():
        text = f"the run in `{folder}` is not finished, so it has no summary yet"
        hint = "run `eligibility batch` as before with `--resume` added, to go on with it"
        raise UsageError(Message(text, hint))
    text = f"`{folder}` holds no `{_SUMMARY}`: no run was begun in it"
    raise UsageError(Message(text, "name what `--to` of `eligibility batch` named"))


def spared(output: str, read: Iterable[str | Path]) -> None:
    """Raise `UsageError` where a file to write to is what a batch wrote."""
    target = Path(output)
    if target.is_file() and any(target.samefile(one) for one in read if Path(one).exists()):
        text = f"`{output}` is what `eligibility batch` wrote"
        raise UsageError(Message(text, "name another file to write to"))


def text_of(path: Path) -> str:
    """What a file says, as it is. Raises `UsageError` where it cannot be read."""
    try:
        return path.read_bytes().decode("utf-8")
    except OSError as error:
        text = f"`{path}` cannot be read: {error.strerror or error}"
        raise UsageError(Message(text)) from error
    except UnicodeDecodeError as error:
        raise UsageError(Message(f"`{path}` is not UTF-8: byte {error.start + 1}")) from None
