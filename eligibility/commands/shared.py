"""What the commands share: their options, messages, signals, and the bar that shows progress."""

from __future__ import annotations

import contextlib
import datetime
import gc
import io
import os
import signal
import sys
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, BinaryIO, NoReturn, TypeVar

import click

from eligibility.errors import EligibilityError, ProblemsError

if TYPE_CHECKING:
    from eligibility.packs import Pack

__all__ = [
    "EXIT_CODES",
    "REFUSED",
    "SHORT",
    "USAGE",
    "Group",
    "Signals",
    "complete_outcome",
    "count_of",
    "day_option",
    "engaged",
    "engine_option",
    "jobs_option",
    "load",
    "outcomes_option",
    "progress",
    "rules_option",
    "say",
    "say_if_none",
    "stdin",
    "tables_options",
    "today",
]

REFUSED = 1
USAGE = 2
SHORT = 3
INTERRUPTED = 128 + signal.SIGINT
UNREAD = 141
"""128 and the number of SIGPIPE, which not every system has."""

_SIGNALS = (signal.SIGINT, signal.SIGTERM)

EXIT_CODES = """
\b
Exit codes:
  0    every profile was answered
  1    some profile was refused, or some case failed; the rest is answered
  2    the question or the rules are wrong; nothing was answered
  3    every profile was answered, and one is not eligible for an outcome
       given to --fail-unless; where 1 applies too, it is 1
  130  interrupted; no output file was written (143 terminated, 141 nobody
       reads the output any more)
"""

_Command = TypeVar("_Command", bound=Callable[..., Any])


class Group(click.Group):
    """Turns what may go wrong for a user into a message and an exit code."""

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command; the context holds the signals, for who has to hold them back."""
        ctx.obj = Signals()
        # what is imported and loaded stays, so looking for garbage among it is time lost
        gc.disable()
        ctx.call_on_close(_collecting)
        if sys.stdout is None:
            say("standard output is closed")
            ctx.exit(USAGE)
        try:
            with ctx.obj.handled():
                try:
                    return super().invoke(ctx)
                finally:
                    sys.stdout.flush()
        except EligibilityError as error:
            say(str(error))
            if isinstance(error, ProblemsError) and len(error.problems) > 1:
                say(f"{len(error.problems)} mistakes")
            ctx.exit(USAGE)
        except KeyboardInterrupt:
            say("\ninterrupted")
            ctx.exit(INTERRUPTED)
        except BrokenPipeError:
            _nobody_reads()
            ctx.exit(UNREAD)
        except OSError as error:
            what = f"`{error.filename}`" if error.filename else "standard output"
            say(f"{what} cannot be used: {error.strerror or error}")
            _nobody_reads()
            ctx.exit(USAGE)


class Signals:
    """Ctrl-C and termination end a run so that it cleans up behind itself.

    While they are `held` they wait: durable_rules prints a traceback of its own for what
    is raised inside it.
    """

    def __init__(self) -> None:
        self._holding = False
        self._waiting: int | None = None

    @contextlib.contextmanager
    def handled(self) -> Iterator[None]:
        """Handle signals in this block, where that is possible."""
        try:
            before = {one: signal.signal(one, self._arrived) for one in _SIGNALS}
        except ValueError:  # not the main thread, which alone gets signals
            before = {}
        try:
            yield
        finally:
            for one, handler in before.items():
                signal.signal(one, handler)

    @contextlib.contextmanager
    def held(self) -> Iterator[None]:
        """Let signals wait until the end of this block."""
        self._holding = True
        try:
            yield
        finally:
            self._holding = False
        if self._waiting is not None:
            self._leave(self._waiting)

    def _arrived(self, number: int, _: object) -> None:
        if self._holding:
            self._waiting = number
        else:
            self._leave(number)

    @staticmethod
    def _leave(number: int) -> NoReturn:
        if number == signal.SIGINT:
            raise KeyboardInterrupt
        sys.exit(128 + number)


def _nobody_reads() -> None:
    """Let go of standard output, so that leaving does not try to write to it once more."""
    with contextlib.suppress(OSError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def say(text: str) -> None:
    """A message on standard error; a file's name may hold anything."""
    lines = text.split("\n")
    shown = ("".join(char if char.isprintable() else "?" for char in line) for line in lines)
    click.echo("\n".join(shown), err=True)


def say_if_none(read: int, places: Sequence[str]) -> None:
    """Say that nothing was read, which would look as if all were well."""
    if read:
        return
    named = ["standard input" if place == "-" else f"`{place}`" for place in places]
    more = f" and {len(named) - _NAMED} more" if len(named) > _NAMED else ""
    say(f"there is no profile in {', '.join(named[:_NAMED])}{more}")


_NAMED = 5
"""How many places are named."""


def _collecting() -> None:
    """Look for garbage again, everywhere: this process may go on."""
    gc.unfreeze()
    gc.enable()


class _Day(click.ParamType[datetime.date]):
    name = "date"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> datetime.date:
        if isinstance(value, datetime.date):
            return value
        day = None
        with contextlib.suppress(ValueError):
            day = datetime.date.fromisoformat(value)
        if day is None or day.isoformat() != value:
            self.fail(f"`{value}` is not a day; write it like 2026-11-24", param, ctx)
        return day


def complete_outcome(ctx: click.Context, parameter: click.Parameter, incomplete: str) -> list[str]:
    """The names of outcomes that begin so, for the shell."""
    from eligibility.packs import load_pack

    try:
        pack = load_pack(*(ctx.params.get("rules") or ()), engine="reference")
    except EligibilityError:
        return []
    return [name for name in pack.outcome_names if name.startswith(incomplete)]


rules_option = click.option(
    "--rules",
    multiple=True,
    type=click.Path(),
    metavar="DIR",
    help="A pack, or a folder of packs; may be repeated.  [default: the shipped packs]",
)
day_option = click.option(
    "--as-of",
    type=_Day(),
    metavar="DATE",
    help="The day the question is asked for, YYYY-MM-DD.  [default: today]",
)
engine_option = click.option(
    "--engine",
    type=click.Choice(["auto", "rete", "reference", "batch"]),
    default="auto",
    show_default=True,
    help="What derives the verdicts; auto is batch for many profiles, and else rete where "
    "durable_rules works.",
)
jobs_option = click.option(
    "--jobs",
    type=click.IntRange(1, 64),
    metavar="N",
    help="How many processes the batch engine uses.  [default: one for each processor]",
)


def tables_options(command: _Command) -> _Command:
    """What may be said of a source of tables."""
    options = (
        click.option("--mapping", metavar="FILE", help="What the columns of tables stand for."),
        click.option("--table", metavar="NAME", help="The table of a database with the students."),
        click.option("--query", metavar="SQL", help="A query that gives the students instead."),
        click.option(
            "--memory-limit",
            metavar="SIZE",
            help="The most memory for reading tables, like 500MB; more goes to disk.",
        ),
    )
    for option in reversed(options):
        command = option(command)
    return command


def outcomes_option(name: str, help_text: str) -> Callable[[_Command], _Command]:
    """An option that names outcomes."""
    return click.option(
        name, multiple=True, metavar="ID", help=help_text, shell_complete=complete_outcome
    )


def stdin() -> BinaryIO:
    """Standard input; an empty one where it is closed."""
    return io.BytesIO() if sys.stdin is None else sys.stdin.buffer


def today() -> datetime.date:
    """The only place of the command line where today's date is read."""
    return datetime.date.today()


def load(rules: Sequence[str], engine: str) -> Pack:
    """The pack of these folders, or the shipped ones, with an engine to answer."""
    from eligibility.packs import load_pack

    pack = load_pack(*rules, engine="reference")
    gc.freeze()
    gc.enable()
    return engaged(pack, engine)


def engaged(pack: Pack, engine: str) -> Pack:
    """The pack with an engine to answer."""
    if engine != "reference":
        pack = pack.using(engine)
    if engine == "auto" and pack.engine.name != "rete":
        version = ".".join(str(part) for part in sys.version_info[:2])
        say(f"durable_rules does not work on Python {version}: the reference engine answers")
    return pack


def count_of(number: int, noun: str) -> str:
    """A number with its noun."""
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


@contextlib.contextmanager
def progress(
    count: Callable[[], int | None], *, shown: bool, rate: bool = False
) -> Iterator[Callable[..., object]]:
    """A progress bar on standard error, where that is a terminal.

    `count` says how much there is to do, or that it is not known. What it gives is to be
    called with how much of that is done since the last time; and with a `rate`, with how
    many students that was, so that it shows how many there were and how many a second.
    """
    if not shown or not sys.stderr.isatty():
        yield lambda done, students=0: None
        return
    import time

    from rich.console import Console
    from rich.progress import (
        BarColumn,
        Progress,
        TaskProgressColumn,
        TextColumn,
        TimeElapsedColumn,
        TimeRemainingColumn,
    )

    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TaskProgressColumn(),
        *([TextColumn("{task.fields[told]}"), TimeElapsedColumn()] if rate else ()),
        TimeRemainingColumn(),
    )
    # no thread of its own: a process with threads is not to be copied
    console = Console(stderr=True)
    bar = Progress(*columns, console=console, transient=True, auto_refresh=False)
    started, drawn, seen = time.monotonic(), 0.0, 0

    def step(done: int, students: int = 0) -> None:
        nonlocal drawn, seen
        seen += students
        bar.advance(task, done)
        now = time.monotonic()
        if now - drawn > _REDRAWN:
            told = f"{count_of(seen, 'student')}, {seen / (now - started):,.0f} a second"
            bar.update(task, refresh=True, told=told)
            drawn = now

    with bar:
        task = bar.add_task("checking", total=count(), told="")
        yield step


_REDRAWN = 0.1
"""Seconds between two states of the progress bar."""
