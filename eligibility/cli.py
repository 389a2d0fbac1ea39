"""The command line: arguments in, exit code out.

Everything but click is imported where it is used, so that `--help` starts at once.
"""

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

import eligibility
from eligibility.errors import (
    EligibilityError,
    Message,
    ProblemsError,
    RulesError,
    UsageError,
)

if TYPE_CHECKING:
    from eligibility.checking import Tally
    from eligibility.facts import Profile
    from eligibility.packs import Pack
    from eligibility.verdict import Answer

__all__ = ["main"]

REFUSED = 1
USAGE = 2
SHORT = 3
INTERRUPTED = 128 + signal.SIGINT
UNREAD = 141
"""128 and the number of SIGPIPE, which not every system has."""

_SIGNALS = (signal.SIGINT, signal.SIGTERM)

_EXIT_CODES = """
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


class _Group(click.Group):
    """Turns what may go wrong for a user into a message and an exit code."""

    def invoke(self, ctx: click.Context) -> Any:
        ctx.obj = _Signals()
        if sys.stdout is None:
            _say("standard output is closed")
            ctx.exit(USAGE)
        try:
            with ctx.obj.handled():
                try:
                    return super().invoke(ctx)
                finally:
                    sys.stdout.flush()
        except EligibilityError as error:
            _say(str(error))
            if isinstance(error, ProblemsError) and len(error.problems) > 1:
                _say(f"{len(error.problems)} mistakes")
            ctx.exit(USAGE)
        except KeyboardInterrupt:
            _say("\ninterrupted")
            ctx.exit(INTERRUPTED)
        except BrokenPipeError:
            _nobody_reads()
            ctx.exit(UNREAD)
        except OSError as error:
            what = f"`{error.filename}`" if error.filename else "standard output"
            _say(f"{what} cannot be used: {error.strerror or error}")
            _nobody_reads()
            ctx.exit(USAGE)


class _Signals:
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


def _say(text: str) -> None:
    """A message on standard error; a file's name may hold anything."""
    lines = text.split("\n")
    shown = ("".join(char if char.isprintable() else "?" for char in line) for line in lines)
    click.echo("\n".join(shown), err=True)


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


def _complete_outcome(ctx: click.Context, parameter: click.Parameter, incomplete: str) -> list[str]:
    from eligibility.packs import load_pack

    try:
        pack = load_pack(*(ctx.params.get("rules") or ()), engine="reference")
    except EligibilityError:
        return []
    return [name for name in pack.outcome_names if name.startswith(incomplete)]


_rules = click.option(
    "--rules",
    multiple=True,
    type=click.Path(),
    metavar="DIR",
    help="A pack, or a folder of packs; may be repeated.  [default: the shipped packs]",
)
_day = click.option(
    "--as-of",
    type=_Day(),
    metavar="DATE",
    help="The day the question is asked for, YYYY-MM-DD.  [default: today]",
)
_engine = click.option(
    "--engine",
    type=click.Choice(["auto", "rete", "reference", "batch"]),
    default="auto",
    show_default=True,
    help="What derives the verdicts; auto is batch for many profiles, and else rete where "
    "durable_rules works.",
)
_jobs = click.option(
    "--jobs",
    type=click.IntRange(1, 64),
    metavar="N",
    help="How many processes the batch engine uses.  [default: one for each processor]",
)


def _outcomes(name: str, help_text: str) -> Callable[[_Command], _Command]:
    return click.option(
        name, multiple=True, metavar="ID", help=help_text, shell_complete=_complete_outcome
    )


@click.group(cls=_Group, epilog=_EXIT_CODES)
@click.version_option(eligibility.__version__, prog_name="eligibility")
def main() -> None:
    """Check what students are eligible for, by rules written in YAML, and say why."""


@main.command(epilog=_EXIT_CODES)
@click.argument("paths", nargs=-1, required=True, metavar="PATH...")
@_rules
@_outcomes("--outcome", "Ask about this outcome only; may be repeated.")
@_day
@click.option(
    "--format",
    "kind",
    type=click.Choice(["text", "json", "ndjson", "csv"]),
    default="text",
    show_default=True,
    help="For people, or for programs.",
)
@click.option("--output", metavar="FILE", help="Write here; the file appears when it is whole.")
@_engine
@_jobs
@click.option("--explain", is_flag=True, help="Show every condition, with its value. Not in csv.")
@_outcomes("--fail-unless", "Exit with 3 unless all are eligible for it; may be repeated.")
@click.pass_context
def check(
    ctx: click.Context,
    paths: tuple[str, ...],
    rules: tuple[str, ...],
    outcome: tuple[str, ...],
    as_of: datetime.date | None,
    kind: str,
    output: str | None,
    engine: str,
    jobs: int | None,
    explain: bool,
    fail_unless: tuple[str, ...],
) -> None:
    """Check profiles: files, folders (all *.json below), NDJSON, or - for standard input."""
    from eligibility.checking import FEW, Check, ahead, answered, lonely, make_writer
    from eligibility.inputs import places, spared
    from eligibility.output import opened

    if jobs is not None and engine in ("rete", "reference"):
        text = f"`--jobs` goes with the batch engine, and not with `{engine}`"
        raise UsageError(Message(text, "leave out one of the two"))
    day = as_of or _today()
    spared(output, paths)
    pack = _load(rules, "reference")
    must = pack.require(fail_unless)
    asked = pack.require([*(outcome or pack.rules.outcomes), *must])
    head, rest = ahead(places(paths, _stdin()), FEW if engine == "auto" else 1)
    single = len(paths) == 1 and lonely(head) and not os.path.isdir(paths[0])
    pack = _engaged(pack, "batch" if engine == "auto" and len(head) > FEW else engine)
    # a bar would be torn by what is written to the same terminal
    streams = output is None and sys.stdout.isatty() and (explain or kind != "text")
    with contextlib.suppress(_NothingAnsweredError), opened(output, exact=kind != "text") as stream:
        writer = make_writer(kind, stream, pack, asked, single=single, explain=explain)
        every = Check(pack, writer, day, asked, must, ctx.obj.held)
        # a text for people is drawn for the terminal, which only this process has
        alone = pack.engine.name != "batch" or (explain and kind == "text")
        with _progress(paths, shown=not single and not streams) as step:
            tally = answered(every, head, rest, 1 if alone else jobs, step)
        if output is not None and not tally.answered:
            raise _NothingAnsweredError
        writer.finish()
    sys.stdout.flush()
    ctx.exit(_closing(tally, single))


class _NothingAnsweredError(Exception):
    """There is nothing to write, so what an output file holds is left alone."""


def _stdin() -> BinaryIO:
    """Standard input; an empty one where it is closed."""
    return io.BytesIO() if sys.stdin is None else sys.stdin.buffer


def _today() -> datetime.date:
    """The only place of the command line where today's date is read."""
    return datetime.date.today()


def _load(rules: Sequence[str], engine: str) -> Pack:
    from eligibility.packs import load_pack

    # What is loaded stays, so looking for garbage among it is time lost.
    gc.disable()
    try:
        pack = load_pack(*rules, engine="reference")
    finally:
        gc.enable()
    return _engaged(pack, engine)


def _engaged(pack: Pack, engine: str) -> Pack:
    """The pack with an engine to answer."""
    if engine != "reference":
        pack = pack.using(engine)
    if engine == "auto" and pack.engine.name != "rete":
        version = ".".join(str(part) for part in sys.version_info[:2])
        _say(f"durable_rules does not work on Python {version}: the reference engine answers")
    return pack


def _closing(tally: Tally, single: bool) -> int:
    """Say what could not be answered; the exit code."""
    if not single:
        _say(f"{tally.read} read: {tally.answered} answered, {tally.refused} refused")
    for problems in tally.problems:
        text = "\n".join(problem.render() for problem in problems)
        _say(text if single else f"\n{text}")
    for name, count in tally.short_of.items():
        if count:
            _say(f"eligible for `{name}`: {tally.answered - count} of {tally.answered}")
    if tally.refused:
        return REFUSED
    return SHORT if any(tally.short_of.values()) else 0


@contextlib.contextmanager
def _progress(paths: Sequence[str], *, shown: bool) -> Iterator[Callable[[int], object]]:
    """A progress bar on standard error, where that is a terminal."""
    if not shown or not sys.stderr.isatty():
        yield lambda count: None
        return
    import time

    from rich.console import Console
    from rich.progress import Progress

    from eligibility.inputs import count_profiles

    total = count_profiles(paths)
    # no thread of its own: a process with threads is not to be copied
    bar = Progress(console=Console(stderr=True), transient=True, auto_refresh=False)
    drawn = 0.0

    def step(count: int) -> None:
        nonlocal drawn
        bar.advance(task, count)
        if time.monotonic() - drawn > _REDRAWN:
            bar.refresh()
            drawn = time.monotonic()

    with bar:
        task = bar.add_task("checking", total=total)
        yield step


_REDRAWN = 0.1
"""Seconds between two states of the progress bar."""


@main.command()
@click.argument("outcome", shell_complete=_complete_outcome)
@click.argument("profile", required=False, type=click.Path())
@_rules
@_day
@_engine
def explain(
    outcome: str,
    profile: str | None,
    rules: tuple[str, ...],
    as_of: datetime.date | None,
    engine: str,
) -> None:
    """Show what an OUTCOME requires, in words; with a PROFILE, its values beside it."""
    day = as_of or _today()
    pack = _load(rules, engine if profile else "reference")
    [outcome] = pack.require([outcome])
    answer = None if profile is None else pack.answer(_profile(pack, profile), day, [outcome])
    _show(pack, outcome, day, answer)


def _show(pack: Pack, outcome: str, day: datetime.date, answer: Answer | None = None) -> None:
    from eligibility.text import console_for, emit, outcome_text
    from eligibility.words import Words

    console = console_for(sys.stdout)
    words = Words(pack.rules.vocabulary, day)
    emit(console, outcome_text(pack.compiled, outcome, words, console, answer))


def _profile(pack: Pack, path: str) -> Profile:
    from eligibility.inputs import find_profiles

    found = list(find_profiles([path], _stdin()))
    if len(found) != 1:
        raise UsageError(Message(f"`{path}` holds {len(found)} profiles", "name the file of one"))
    if found[0].error is not None:
        raise found[0].error
    return pack.reader.read(found[0].value, found[0].name)


# -- rules ------------------------------------------------------------------------------


@main.group()
def rules() -> None:
    """Look at rule packs, and test them."""


@rules.command("list")
@_rules
def rules_list(rules: tuple[str, ...]) -> None:
    """List the outcomes of the packs."""
    from eligibility.text import console_for, emit, outcomes_text

    emit(console_for(sys.stdout), outcomes_text(_load(rules, "reference").rules))


@rules.command("show")
@click.argument("outcome", shell_complete=_complete_outcome)
@_rules
@_day
def rules_show(outcome: str, rules: tuple[str, ...], as_of: datetime.date | None) -> None:
    """Show an OUTCOME with its information, assumptions, sources and place in the files."""
    pack = _load(rules, "reference")
    [outcome] = pack.require([outcome])
    _show(pack, outcome, as_of or _today())
    span = pack.rules.outcomes[outcome].span
    if span is not None:
        click.echo(f"\n{outcome}, in {span.file}:{span.line}")


@rules.command("lint")
@_rules
def rules_lint(rules: tuple[str, ...]) -> None:
    """Find every mistake in the packs and their cases."""
    from eligibility.cases import wrong_profiles
    from eligibility.packs import load_cases

    pack = _load(rules, "reference")
    cases = load_cases(pack.rules, *rules)
    if problems := wrong_profiles(pack, cases):
        raise RulesError(problems)
    counts = [
        _count(len(pack.rules.outcomes), "outcome"),
        _count(len(pack.compiled.nodes), "condition"),
        _count(len(cases), "case"),
    ]
    click.echo(f"{pack.rules.id} {pack.rules.version}: {', '.join(counts)}, no mistakes")


@rules.command("test")
@_rules
@_engine
@click.pass_context
def rules_test(ctx: click.Context, rules: tuple[str, ...], engine: str) -> None:
    """Run the cases beside the rules."""
    from eligibility.cases import run_case, uncovered
    from eligibility.packs import load_cases

    pack = _load(rules, engine)
    cases = load_cases(pack.rules, *rules)
    if not cases:
        raise UsageError(Message("no cases found", "write some in `cases/` beside the rules"))
    failed = 0
    for case in cases:
        result = run_case(pack, case)
        if result.failures:
            failed += 1
            click.echo(f"FAILED {case.file}:{case.span.line}: {case.name}")
            for failure in result.failures:
                click.echo(f"  {failure}")
    for name, lacking in uncovered(pack.rules, cases).items():
        click.echo(f"{name}: no case expects {' or '.join(lacking)}")
    passed = len(cases) - failed
    click.echo(f"{_count(len(cases), 'case')}: {passed} passed, {failed} failed")
    ctx.exit(REFUSED if failed else 0)


@rules.command("schema")
@click.option(
    "--rules",
    multiple=True,
    type=click.Path(),
    metavar="DIR",
    help="Know the names of this pack, or folder of packs; may be repeated.",
)
def rules_schema(rules: tuple[str, ...]) -> None:
    """Print a JSON Schema for rule files."""
    from eligibility.jsonschemas import rules_schema as schema

    _dump(schema(_load(rules, "reference").rules if rules else None))


# -- profiles ---------------------------------------------------------------------------


@main.group()
def profile() -> None:
    """Write profiles, and find what is wrong with them."""


@profile.command("schema")
@_rules
def profile_schema(rules: tuple[str, ...]) -> None:
    """Print a JSON Schema for profiles."""
    from eligibility.jsonschemas import profile_schema as schema

    _dump(schema(_load(rules, "reference").rules))


@profile.command("validate")
@click.argument("paths", nargs=-1, required=True, metavar="PATH...")
@_rules
@click.pass_context
def profile_validate(ctx: click.Context, paths: tuple[str, ...], rules: tuple[str, ...]) -> None:
    """Say whether profiles can be checked, and if not, why."""
    from eligibility.inputs import find_profiles

    reader = _load(rules, "reference").reader
    good = bad = 0
    for found in find_profiles(paths, _stdin()):
        try:
            if found.error is not None:
                raise found.error
            reader.read(found.value, found.name)
            good += 1
        except ProblemsError as error:
            bad += 1
            _say(str(error))
    click.echo(f"{good + bad} read: {good} valid, {bad} not")
    ctx.exit(REFUSED if bad else 0)


@profile.command("new")
@_rules
@click.option("--output", metavar="FILE", help="Write to this new file.")
def profile_new(rules: tuple[str, ...], output: str | None) -> None:
    """Write a starter profile: every fact, with its question, still unknown."""
    from eligibility.output import opened, written_once
    from eligibility.starter import starter_profile

    written_once(output)
    text = starter_profile(_load(rules, "reference").rules)
    with opened(output) as stream:
        stream.write(text)


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def _dump(document: dict[str, Any]) -> None:
    import json

    click.echo(json.dumps(document, indent=2, ensure_ascii=False))
