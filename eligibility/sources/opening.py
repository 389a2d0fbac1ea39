"""From what a source is called to the source."""

from __future__ import annotations

import os
from pathlib import Path
from typing import BinaryIO

from eligibility.errors import Message, UsageError
from eligibility.inputs import LINES, STDIN
from eligibility.sources import Source
from eligibility.sources.files import Folder, Lines, Stream

__all__ = ["open_source"]


def open_source(name: str, stdin: BinaryIO) -> Source:
    """The source of this name; nothing of it is read yet.

    Raises `UsageError` when there is none, or none that could hold a profile.
    """
    path = Path(name)
    if name == STDIN:
        return Stream(name, stdin)
    if path.is_dir():
        return Folder(path)
    if not os.path.lexists(path):
        text = f"there is no source `{name}`"
        raise UsageError(Message(text, "name a file or folder of profiles, or `-`"))
    if path.suffix.lower() in LINES and path.is_file():
        return Lines(path)
    return Stream(name, stdin)
