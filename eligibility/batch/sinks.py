"""Where the verdicts of many students go: a file, a table, or a folder of parts.

The processes that answer write a file for each part. A sink takes these in their order and
makes of them what was asked for; until it is finished, nothing stands there that looks whole.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import tempfile
import time
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from types import TracebackType
from typing import Any, BinaryIO, Protocol, Self

from eligibility.batch.formats import Format
from eligibility.batch.summary import Tally
from eligibility.errors import Message, UsageError
from eligibility.output import put
from eligibility.packing import PACKED, packer

__all__ = ["PART", "Beside", "Done", "File", "FolderOfParts", "Resumed", "Sink", "write_json"]


@dataclass(frozen=True, slots=True)
class Done:
    """A part that was answered: the file with its rows, what was refused, and the counts."""

    name: str
    size: int
    file: Path
    rejects: bytes
    tally: Tally


@dataclass(frozen=True, slots=True)
class Resumed:
    """What an earlier run did: so many parts, what came of them, and how long that took."""

    parts: int
    tally: Tally
    seconds: float


class Sink(Protocol):
    """Takes what was answered. To be used as a context, which cleans up behind it.

    `name` is what it is called, `folder` is where the files of parts are written, and
    `lasting` says that they stay. `rejects` is the file of what was refused.
    """

    name: str
    folder: Path
    lasting: bool
    rejects: str

    def __enter__(self) -> Self: ...

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None: ...

    def resumed(self) -> Resumed | None:
        """What is there of an earlier run that is to be taken up again."""
        ...

    def fill(self, parts: Iterable[Done]) -> None:
        """Take all parts in their order, as they come."""
        ...

    def finish(self, summary: Mapping[str, Any]) -> None:
        """Let all that was taken appear, the summary last."""
        ...


def write_json(path: Path, document: Mapping[str, Any]) -> None:
    """Write a document for people to read, too; the file is replaced in one step."""
    made = path.with_name(f".{path.name}")
    try:
        text = json.dumps(document, indent=2, ensure_ascii=False) + "\n"
        made.write_text(text, encoding="utf-8")
        put(made, path)
    except OSError:
        made.unlink(missing_ok=True)
        raise


class Beside:
    """A sink that is one thing, with the rejects and the summary in files beside it.

    What is made is made in a folder of its own, which is gone in the end.
    """

    lasting = False

    def __init__(self, beside: Path) -> None:
        """`beside` is what the names of these files begin with."""
        self.name = str(beside)
        self._beside = beside
        self.rejects = f"{beside}.rejects.ndjson"

    def __enter__(self) -> Self:
        target = Path(os.path.realpath(self._beside))
        try:
            self.folder = Path(tempfile.mkdtemp(prefix=".eligibility-", dir=target.parent))
        except OSError as error:
            text = f"`{self._beside}` cannot be written: {error.strerror or error}"
            raise UsageError(Message(text)) from error
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        shutil.rmtree(self.folder, ignore_errors=True)

    def resumed(self) -> Resumed | None:
        """Nothing: it was whole, or it was not there."""
        return None

    def files(self, parts: Iterable[Done]) -> Iterator[Path]:
        """The file of each part, which is gone afterwards; what was refused is noted."""
        with open(self.folder / _REJECTS, "wb") as rejects:
            for part in parts:
                rejects.write(part.rejects)
                yield part.file
                part.file.unlink()

    def prepare(self, summary: Mapping[str, Any]) -> None:
        """Write the summary, before anything appears: there may be no room for it."""
        write_json(self.folder / _SUMMARY, summary)

    def appear(self) -> None:
        """Let the files beside it appear."""
        put(self.folder / _REJECTS, self.rejects)
        put(self.folder / _SUMMARY, f"{self._beside}.summary.json")


class File(Beside):
    """One file, compressed where its name says so."""

    def __init__(self, target: Path, form: Format) -> None:
        """Raises `UsageError` where no library can compress it."""
        super().__init__(target)
        self._target = target
        self._form = form
        try:
            self._packed = packer(target)
        except ImportError:
            text = f"`{target}` cannot be written here: it is {PACKED[target.suffix.lower()]}"
            hint = "`pip install 'eligibility[zst]'` brings what writes it"
            raise UsageError(Message(text, hint)) from None

    def fill(self, parts: Iterable[Done]) -> None:
        """Take all parts in their order, as they come."""
        with open(self.folder / _WHOLE, "wb") as whole, self._packed(whole) as stream:
            self._form.join(stream, self._opened(parts))

    def finish(self, summary: Mapping[str, Any]) -> None:
        """Let the file appear, and those beside it."""
        self.prepare(summary)
        put(self.folder / _WHOLE, self._target)
        self.appear()

    def _opened(self, parts: Iterable[Done]) -> Iterator[BinaryIO]:
        for file in self.files(parts):
            with open(file, "rb") as stream:
                yield stream


_WHOLE, _REJECTS = "whole", "rejects"


class FolderOfParts:
    """A folder with a file for each part, which a later run can go on with.

    `asked` is all that decides what the files hold: with another question they would not fit
    together. `run.json` tells of it and of the parts that are done.
    """

    lasting = True

    def __init__(self, folder: Path, asked: Mapping[str, Any], *, resume: bool) -> None:
        """Raises `UsageError` for a folder that holds something else, or another question."""
        self.name = str(folder)
        self.rejects = str(folder / "rejects.ndjson")
        self.folder = folder
        self._asked = json.loads(json.dumps(asked))
        self._parts: list[dict[str, Any]] = []
        self._tally: Tally | None = None
        self._seconds = 0.0
        self._rejected = 0
        self._counted = True
        self._lock = contextlib.ExitStack()
        self._noted = self._began = time.monotonic()
        if folder.is_dir() and any(folder.iterdir()):
            self._take_up(resume)
        elif folder.exists() and not folder.is_dir():
            text = f"`{folder}` is a file, and its name says nothing of what to write to it"
            hint = "end it in .ndjson, .csv or .parquet, or name a new folder"
            raise UsageError(Message(text, hint))

    def _take_up(self, resume: bool) -> None:
        """Read what an earlier run did, and make sure that it was asked the same."""
        name = self.folder / _RUN
        if not name.is_file():
            text = f"`{self.folder}` is not empty, and no run was begun in it"
            raise UsageError(Message(text, "name a new folder"))
        if not resume:
            text = f"a run was begun in `{self.folder}` before"
            raise UsageError(Message(text, "add `--resume` to go on with it, or name a new folder"))
        try:
            run = json.loads(name.read_text(encoding="utf-8"))
            asked, self._parts = run["asked"], run["parts"]
            self._seconds, self._rejected = run["seconds"], run["rejects_bytes"]
            self._tally = Tally.from_json(run["tally"]) if run["tally"] else None
        except (ValueError, KeyError, TypeError, AttributeError):
            text = f"`{name}` does not tell of a run"
            raise UsageError(Message(text, "name a new folder")) from None
        other = [key for key, value in self._asked.items() if asked.get(key) != value]
        if other:
            told = "; ".join(_difference(key, asked.get(key), self._asked[key]) for key in other)
            text = f"the run in `{self.folder}` was begun with another question: {told}"
            raise UsageError(Message(text, "ask the same, or name a new folder"))
        for part in self._parts:
            file = self.folder / part["file"]
            if not file.is_file() or file.stat().st_size != part["bytes"]:
                text = f"`{file}` is not what the run wrote"
                raise UsageError(Message(text, "name a new folder, and begin anew"))

    def __enter__(self) -> Self:
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            self._alone()
            with contextlib.suppress(FileNotFoundError):
                (self.folder / _SUMMARY).unlink()
            self._note()
            with open(self.rejects, "ab") as stream:
                # what was refused in parts that were not noted will be refused again
                stream.truncate(self._rejected)
        except OSError as error:
            self._lock.close()
            text = f"`{self.folder}` cannot be written: {error.strerror or error}"
            raise UsageError(Message(text)) from error
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        # interrupted while a part was counted, what was noted before is true
        if kind is not None and self._counted:
            with contextlib.suppress(OSError):
                self._note()
        for file in self.folder.glob(f".{PART}*"):
            file.unlink(missing_ok=True)
        self._lock.close()

    def _alone(self) -> None:
        """Keep other runs out of the folder, until this process ends or leaves it.

        Raises `UsageError` where another run is at work in it.
        """
        if find_spec("fcntl") is None:
            return
        import fcntl

        held = os.open(self.folder, os.O_RDONLY)
        self._lock.callback(os.close, held)
        try:
            fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            self._lock.close()
            text = f"another run is at work in `{self.folder}`"
            raise UsageError(Message(text, "let it end, or name a new folder")) from None
        except OSError:
            # not every file system can lock a folder
            return

    def resumed(self) -> Resumed | None:
        """What is there of the earlier run."""
        if self._tally is None:
            return None
        return Resumed(len(self._parts), self._tally, self._seconds)

    def fill(self, parts: Iterable[Done]) -> None:
        """Take all parts in their order, and note them from time to time."""
        with open(self.rejects, "ab") as stream:
            for part in parts:
                stream.write(part.rejects)
                stream.flush()
                self._counted = False
                if self._tally is None:
                    self._tally = Tally(len(part.tally.statuses))
                self._tally.add(part.tally)
                self._rejected += len(part.rejects)
                self._parts.append(
                    {
                        "name": part.name,
                        "file": part.file.name,
                        "bytes": part.file.stat().st_size,
                        "read": part.tally.read,
                        "answered": part.tally.answered,
                        "rejected": part.tally.rejected,
                    }
                )
                self._counted = True
                if time.monotonic() - self._noted > _NOTED:
                    os.fsync(stream.fileno())
                    self._note()
            os.fsync(stream.fileno())
        self._note()

    def finish(self, summary: Mapping[str, Any]) -> None:
        """Write the summary, which says that all is there."""
        write_json(self.folder / _SUMMARY, summary)

    def _note(self) -> None:
        """Write down what is done."""
        seconds = self._seconds + time.monotonic() - self._began
        run = {
            "schema": RUN,
            "asked": self._asked,
            "seconds": round(seconds, 1),
            "rejects_bytes": self._rejected,
            "tally": None if self._tally is None else self._tally.as_json(),
            "parts": self._parts,
        }
        write_json(self.folder / _RUN, run)
        self._noted = time.monotonic()


RUN = "eligibility/run/v1"
PART = "part-"
_RUN, _SUMMARY = "run.json", "summary.json"

_NOTED = 2.0
"""Seconds between two notes of what is done: so much is done again after a power cut."""


def _difference(key: str, then: object, now: object) -> str:
    if key in ("fingerprint", "pack", "outcomes"):
        return f"the {key} changed" if key != "fingerprint" else "the source changed"
    return f"{key} was {json.dumps(then)} and is {json.dumps(now)}"
