"""`eligibility batch`: verdicts for a great many students, into files or a table."""

from __future__ import annotations

import datetime
import os
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from eligibility.commands.shared import (
    EXIT_CODES,
    REFUSED,
    count_of,
    day_option,
    jobs_option,
    load,
    outcomes_option,
    progress,
    rules_option,
    say,
    say_if_none,
    stdin,
    tables_options,
    today,
)
from eligibility.errors import Message, UsageError

if TYPE_CHECKING:
    from eligibility.batch.answering import Answering
    from eligibility.batch.formats import Format
    from eligibility.batch.run import Question
    from eligibility.batch.sinks import Sink
    from eligibility.sources import Source

__all__ = ["batch"]

_BY_ENDING = {
    ".ndjson": ("ndjson",),
    ".jsonl": ("ndjson",),
    ".csv": ("csv", "wide"),
    ".parquet": ("parquet",),
    ".duckdb": ("csv", "wide"),
    "//": ("csv", "wide"),
}
"""The formats that go with the ending of a name, the usual one first."""

_DATABASES = (".duckdb", "//")
_TEXTS = (".ndjson", ".jsonl", ".csv")
"""What may be compressed, with `.gz` or `.zst` behind it."""


@click.command(epilog=EXIT_CODES)
@click.argument("source", metavar="SOURCE")
@click.option("--to", required=True, metavar="OUT", help="Write here: a file, table or folder.")
@rules_option
@outcomes_option("--outcome", "Ask about this outcome only; may be repeated.")
@day_option
@click.option(
    "--reasons",
    type=click.Choice(["none", "blocking", "all"]),
    default="blocking",
    show_default=True,
    help="How much to tell of why.",
)
@click.option(
    "--format",
    "kind",
    type=click.Choice(["ndjson", "csv", "wide", "parquet"]),
    help="How to write it.  [default: by the ending of OUT, else ndjson]",
)
@click.option(
    "--into",
    metavar="TABLE",
    help="The table to fill, where OUT is a database.  [default: verdicts]",
)
@tables_options
@click.option(
    "--backend",
    type=click.Choice(["auto", "rows", "duckdb", "postgres", "spark"]),
    default="auto",
    show_default=True,
    help="What decides: one by one, or in columns.",
)
@jobs_option
@click.option("--resume", is_flag=True, help="Go on with the run that was begun in the folder OUT.")
@click.pass_context
def batch(
    ctx: click.Context,
    source: str,
    to: str,
    rules: tuple[str, ...],
    outcome: tuple[str, ...],
    as_of: datetime.date | None,
    reasons: str,
    kind: str | None,
    into: str | None,
    mapping: str | None,
    table: str | None,
    query: str | None,
    memory_limit: str | None,
    backend: str,
    jobs: int | None,
    resume: bool,
) -> None:
    """Answer all students of SOURCE.

    It is NDJSON, a folder of *.json, - for standard input, Parquet, CSV, a .duckdb file, or the
    postgresql:// address of a database.
    """
    from eligibility.batch.formats import make_format
    from eligibility.batch.run import Question, run
    from eligibility.sources.opening import Asked, open_source

    day = as_of or today()
    kind = _kind(to, kind)
    _apart(source, to)
    pack = load(rules, "batch")
    asked = pack.require(outcome or [*pack.rules.outcomes])
    question = Question(pack, day, asked, reasons, kind)
    form = make_format(question.kind, asked, reasons)
    tables = Asked(mapping, table, query, memory_limit)
    began = time.monotonic()
    try:
        with (
            open_source(source, stdin(), pack.rules, tables) as students,
            _sink(to, question, students, form, into, resume=resume) as sink,
            progress(lambda: students.size, shown=True, rate=True) as step,
            _answering(backend, question, students, jobs) as (answering, processes),
        ):
            summary = run(question, students, sink, answering, form, processes, step, began)
    except KeyboardInterrupt:
        if _lasting(to):
            say(f"\nwhat is done stays in `{to}`, and `--resume` goes on with it")
        raise
    _tell(question, summary)
    sys.stdout.flush()
    ctx.exit(REFUSED if summary["rejected"] else 0)


@contextmanager
def _answering(
    backend: str, question: Question, source: Source, jobs: int | None
) -> Iterator[tuple[Answering, int | None]]:
    """What answers, and by how many processes.

    Raises `UsageError` where a backend that is asked for cannot tell what is.
    """
    from eligibility.batch.run import make_answering

    fitting = _fitting(backend, question, source)
    with ExitStack() as stack:
        if fitting is not None:
            from eligibility.columns.answering import in_columns
            from eligibility.columns.backends import NotInColumnsError
            from eligibility.sources.tables import TableSource

            assert isinstance(source, TableSource)
            try:
                answering = stack.enter_context(in_columns(question, source, fitting))
                yield answering, jobs if fitting == "duckdb" else 1
            except NotInColumnsError as error:
                if backend != "auto":
                    raise UsageError(error.message) from None
                say(f"answered one by one: {error.message.text}")
            else:
                return
        yield make_answering(question), jobs


def _fitting(backend: str, question: Question, source: Source) -> str | None:
    """The backend that decides in columns; None for one by one.

    Raises `UsageError` for one that does not go with the source, or is not here.
    """
    from eligibility.sources.duck import DuckTables
    from eligibility.sources.tables import TableSource

    if backend == "rows":
        return None
    tables = source.tables if isinstance(source, TableSource) else None
    usual = None if tables is None else "duckdb" if isinstance(tables, DuckTables) else "postgres"
    if backend == "auto":
        return usual if question.reasons != "all" and usual and _is_here(usual) else None
    if usual is None:
        text = f"`--backend {backend}` is for tables, and `{source.name}` is none"
        raise UsageError(Message(text, "leave it out"))
    if usual != backend and not (backend == "spark" and usual == "duckdb"):
        text = f"`--backend {backend}` does not go with `{source.name}`"
        raise UsageError(Message(text, f"`--backend {usual}` does"))
    if not _is_here(backend):
        text = f"`--backend {backend}` takes {_TAKES[backend]}, which is not here"
        raise UsageError(Message(text, f"`pip install 'eligibility[{backend}]'` brings it"))
    return backend


_TAKES = {"duckdb": "pyarrow", "postgres": "Ibis", "spark": "Ibis"}


def _is_here(backend: str) -> bool:
    """Whether what a backend takes is installed."""
    names = ("ibis", "pyarrow", "pyarrow_hotfix") if _TAKES[backend] == "Ibis" else ("pyarrow",)
    return all(find_spec(name) for name in names)


def _apart(source: str, to: str) -> None:
    """Raise `UsageError` where what is written would be read."""
    from eligibility.sources.postgres import is_url

    if is_url(source) or is_url(to):
        return
    inside = os.path.realpath(to)
    folder = os.path.realpath(source)
    if inside == folder:
        text = f"`{to}` is what is read"
        raise UsageError(Message(text, "name another place to write to"))
    if os.path.isdir(folder) and os.path.commonpath([inside, folder]) == folder:
        text = f"`{to}` is inside the folder that is read"
        raise UsageError(Message(text, "name a place outside of it"))


def _ending(to: str) -> str:
    """What kind of thing is written to, by its name: an ending, or `//` for a database.

    Of a file that is compressed it is the ending before that. Raises `UsageError` for a name
    by which nothing can be written.
    """
    from eligibility.inputs import STDIN
    from eligibility.packing import PACKED
    from eligibility.sources.postgres import is_url

    if is_url(to):
        return "//"
    if to == STDIN:
        text = "`--to -`: rejects and a summary stand beside the verdicts, which takes a name"
        hint = "e.g. `verdicts.ndjson`; to standard output goes `eligibility check --format ndjson`"
        raise UsageError(Message(text, hint))
    ending = Path(to).suffix.lower()
    if ending not in PACKED:
        return ending
    within = Path(Path(to).stem).suffix.lower()
    if within in _TEXTS:
        return within
    if within in _BY_ENDING:
        text = f"`{to}` cannot be written: a `{within}` file is not compressed as a whole"
        raise UsageError(Message(text, f"leave out `{ending}`"))
    text = f"`{to}` does not say what is compressed"
    raise UsageError(Message(text, f"end it in `.ndjson{ending}` or `.csv{ending}`"))


def _lasting(to: str) -> bool:
    """Whether it is a folder of parts."""
    return _ending(to) not in _BY_ENDING


def _kind(to: str, kind: str | None) -> str:
    """The format that is meant. Raises `UsageError` for one that belies the name of the file."""
    ending = _ending(to)
    fitting = _BY_ENDING.get(ending)
    if fitting is None:
        return kind or "ndjson"
    if kind is not None and kind not in fitting:
        table = ending in _DATABASES
        what = "a table of a database" if table else f"a file that ends in `{ending}`"
        raise UsageError(Message(f"`--format {kind}` does not go with {what}", "leave it out"))
    return kind or fitting[0]


def _sink(
    to: str, question: Question, source: Source, form: Format, into: str | None, *, resume: bool
) -> Sink:
    """Where the verdicts go. Raises `UsageError` for options that do not go with it."""
    from eligibility.batch.run import asked_of
    from eligibility.batch.sinks import File, FolderOfParts

    target = Path(to)
    ending = _ending(to)
    if into is not None and ending not in _DATABASES:
        raise UsageError(Message("`--into` names a table of a database", "leave it out"))
    if ending not in _BY_ENDING:
        if resume and not source.again:
            text = f"`{source.name}` cannot be read again, so a run over it cannot be resumed"
            raise UsageError(Message(text, "save it as a file first"))
        return FolderOfParts(target, asked_of(question, source), resume=resume)
    if resume:
        text = "`--resume` goes with a folder of parts"
        raise UsageError(Message(text, "name one with --to, or leave it out"))
    if ending == "//":
        from eligibility.batch.postgres_table import PostgresTable

        return PostgresTable(to, into or "verdicts", form.columns or ())
    if target.exists() and not target.is_file():
        raise UsageError(Message(f"`{to}` is not a file", "name a file to write to"))
    if ending == ".duckdb":
        from eligibility.batch.duckdb_table import DuckdbTable

        return DuckdbTable(target, into or "verdicts", form.columns or ())
    return File(target, form)


_TOLD = 3
"""How many reasons for refusing profiles are told; the summary has more."""


def _tell(question: Question, summary: dict[str, Any]) -> None:
    """Say on the terminal what became of all students."""
    from eligibility.text import console_for, emit, summary_text

    read, answered, rejected = (summary[name] for name in ("read", "answered", "rejected"))
    console = console_for(sys.stdout)
    emit(console, summary_text(summary, console))
    say(
        f"{read:,} read: {answered:,} answered, {rejected:,} rejected, "
        f"in {summary['seconds']:,} s ({summary['rate']:,.0f} a second)"
    )
    say_if_none(read, [summary["source"]])
    if not rejected:
        return
    rejects = summary["rejects"]
    say(f"\nrejected, told in full in `{rejects['file']}`:")
    for one in rejects["reasons"][:_TOLD]:
        say(f"  {count_of(one['count'], 'time')}: {one['reason']}")
