"""A run: all parts of a source answered by several processes, in order, and counted."""

from __future__ import annotations

import contextlib
import datetime
import itertools
import os
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from eligibility.batch.answering import Answering, OneByOne
from eligibility.batch.formats import Format
from eligibility.batch.sinks import PART, Done, Sink
from eligibility.batch.summary import Counting, Tally, outcomes_json, rejects_json
from eligibility.errors import Message, UsageError
from eligibility.packs import Pack
from eligibility.report import SUMMARY
from eligibility.sources import Part, Source
from eligibility.team import Team, processors

__all__ = ["Question", "asked_of", "make_answering", "run"]


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked of every student. `kind` is the name of the format."""

    pack: Pack
    as_of: datetime.date
    outcomes: Sequence[str]
    reasons: str
    kind: str


def make_answering(question: Question) -> Answering:
    """What answers the question the quickest."""
    asked = (question.pack, question.as_of, question.outcomes, question.reasons)
    if question.reasons == "all":
        return OneByOne(*asked)
    from eligibility.batch.streaming import Streaming

    return Streaming(*asked, written=question.kind == "ndjson")


def asked_of(question: Question, source: Source) -> dict[str, Any]:
    """All that decides what a run writes, as JSON."""
    import eligibility

    return {
        "eligibility": eligibility.__version__,
        "source": source.name,
        "fingerprint": source.fingerprint(),
        "pack": _pack(question.pack),
        "as_of": question.as_of.isoformat(),
        "outcomes": [*question.outcomes],
        "reasons": question.reasons,
        "format": question.kind,
    }


def run(
    question: Question,
    source: Source,
    sink: Sink,
    answering: Answering,
    form: Format,
    jobs: int | None,
    step: Callable[[int, int], object],
) -> dict[str, Any]:
    """Answer all students of a source: the summary document.

    `step` is told of every part that is done, its size and how many students were read.
    Raises `UsageError` where something cannot be read or written, `EngineError` when the
    engine cannot answer.
    """
    began = time.monotonic()
    earlier = sink.resumed()
    tally = Tally(len(question.outcomes))
    parts = enumerate(source.parts())
    if earlier is not None:
        tally.add(earlier.tally)
        skipped = itertools.islice(parts, earlier.parts)
        step(sum(part.size for _, part in skipped), 0)
    # the sink goes on counting in what it told of
    before = tally.read
    work = _Work(answering, form, sink.folder, sink.lasting, len(question.outcomes))
    with contextlib.ExitStack() as stack:

        def done() -> Iterator[Done]:
            for part in _answered(work, parts, jobs, stack):
                tally.add(part.tally)
                step(part.size, part.tally.read)
                yield part

        with _writing(sink):
            sink.fill(done())
    tally.check()
    seconds = time.monotonic() - began
    summary = {
        "schema": SUMMARY,
        "pack": _pack(question.pack),
        "as_of": question.as_of.isoformat(),
        "source": source.name,
        "to": sink.name,
        "reasons": question.reasons,
        "read": tally.read,
        "answered": tally.answered,
        "rejected": tally.rejected,
        "seconds": round(seconds + (earlier.seconds if earlier else 0), 1),
        "rate": round((tally.read - before) / seconds, 1),
        "outcomes": outcomes_json(tally, question.pack, question.outcomes, question.as_of),
        "rejects": rejects_json(tally, sink.rejects),
    }
    with _writing(sink):
        sink.finish(summary)
    return summary


@contextlib.contextmanager
def _writing(sink: Sink) -> Iterator[None]:
    """Say of what is not written, for want of room on a disk perhaps, where that was."""
    try:
        yield
    except OSError as error:
        text = f"`{sink.name}` cannot be written: {error.strerror or error}"
        raise UsageError(Message(text)) from error


def _pack(pack: Pack) -> dict[str, str]:
    return {"id": pack.rules.id, "version": pack.rules.version, "digest": pack.rules.digest}


@dataclass(frozen=True, slots=True)
class _Work:
    """What a process does with a part: answer it, and write its file."""

    answering: Answering
    form: Format
    folder: Path
    lasting: bool
    outcomes: int

    def __call__(self, piece: tuple[int, Part]) -> Done:
        number, part = piece
        counting = Counting(self.outcomes)
        file = self.folder / f"{PART}{number:05}{self.form.ending}"
        made = file.with_name(f".{file.name}")
        try:
            with open(made, "wb") as stream:
                self.form.write(stream, self.answering.rows(part, counting))
                if self.lasting:
                    stream.flush()
                    os.fsync(stream.fileno())
            os.replace(made, file)
        except OSError as error:
            text = f"`{file}` cannot be written: {error.strerror or error}"
            raise UsageError(Message(text)) from error
        tally = counting.finish()
        return Done(part.name, part.size, file, b"".join(counting.rejects), tally)


def _answered(
    work: _Work, parts: Iterator[tuple[int, Part]], jobs: int | None, stack: contextlib.ExitStack
) -> Iterator[Done]:
    """Every part, answered by as many processes as are asked for, or as can work at once."""
    head = list(itertools.islice(parts, 2))
    size = jobs or processors()
    every = itertools.chain(head, parts)
    if size == 1 or len(head) < 2:
        return map(work, every)
    return stack.enter_context(Team(work, size)).each(every)
