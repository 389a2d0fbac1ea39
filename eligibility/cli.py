"""The command line: arguments in, exit code out.

Everything but click is imported where it is used, so that `--help` starts at once.
"""

from __future__ import annotations

import contextlib
import datetime
import itertools
import os
import signal
import sys
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

import click

import eligibility
from eligibility.errors import EligibilityError, Message, ProblemsError, UsageError

if TYPE_CHECKING:
    from rich.console import RenderableType

    from eligibility.checking import Tally
    from eligibility.packs import Pack

__all__ = ["main"]

REFUSED = 1
USAGE = 2
SHORT = 3
INTERRUPTED = 130

_EXIT_CODES = """
\b
Exit codes:
  0    every profile was answered
  1    some profile was refused, or some case failed; the rest is answered
  2    the question or the rules are wrong; nothing was answered
  3    a profile is not eligible for an outcome given to --fail-unless
  130  interrupted; no output file was written
"""

_Command = TypeVar("_Command", bound=Callable[..., Any])


class _Group(click.Group):
    """Turns the package's errors into a message and exit code 2, Ctrl-C into 130."""

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except EligibilityError as error:
            click.echo(str(error), err=True)
            if isinstance(error, ProblemsError) and len(error.problems) > 1:
                click.echo(f"{len(error.problems)} mistakes", err=True)
            ctx.exit(USAGE)
        except KeyboardInterrupt:
            click.echo("\ninterrupted", err=True)
            ctx.exit(INTERRUPTED)


def _complete_outcome(
    ctx: click.Context, parameter: click.Parameter, incomplete: str
) -> list[str]:
    from eligibility.packs import load_pack

    try:
        pack = load_pack(*(ctx.params.get("rules") or ()), engine="reference")
    except EligibilityError:
        return []
    return [name for name in pack.rules.outcomes if name.startswith(incomplete)]


_rules = click.option(
    "--rules",
    multiple=True,
    type=click.Path(),
    metavar="DIR",
    help="A pack, or a folder of packs; may be repeated.  [default: the shipped packs]",
)
_day = click.option(
    "--as-of",
    type=click.DateTime(["%Y-%m-%d"]),
    metavar="DATE",
    help="The day the question is asked for, YYYY-MM-DD.  [default: today]",
)
_engine = click.option(
    "--engine",
    type=click.Choice(["auto", "rete", "reference"]),
    default="auto",
    show_default=True,
    help="What derives the verdicts; auto is rete where durable_rules works.",
)


def _outcomes(name: str, help_text: str) -> Callable[[_Command], _Command]:
    return click.option(
        name, multiple=True, metavar="ID", help=help_text, shell_complete=_complete_outcome
    )


@click.group(cls=_Group, epilog=_EXIT_CODES)
@click.version_option(eligibility.__version__, prog_name="eligibility")
def main() -> None:
    """Check what students are eligible for, by rules written in YAML, and say why."""


@main.command()
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
)
@click.option("--output", metavar="FILE", help="Write here; the file appears when it is whole.")
@_engine
@click.option("--explain", is_flag=True, help="Show every condition, and what was derived.")
@_outcomes("--fail-unless", "Exit with 3 unless all are eligible for it; may be repeated.")
@click.pass_context
def check(
    ctx: click.Context,
    paths: tuple[str, ...],
    rules: tuple[str, ...],
    outcome: tuple[str, ...],
    as_of: datetime.datetime | None,
    kind: str,
    output: str | None,
    engine: str,
    explain: bool,
    fail_unless: tuple[str, ...],
) -> None:
    """Check profiles: files, directories (all *.json below), NDJSON, or - for stdin."""
    from eligibility.checking import check_all, make_writer
    from eligibility.inputs import count_profiles, find_profiles
    from eligibility.output import opened

    # a killed run cleans up behind itself as an interrupted one does
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    day = _as_of(as_of)
    pack = _load(rules, engine)
    pack.require([*outcome, *fail_unless])
    asked = list(dict.fromkeys([*outcome, *fail_unless])) if outcome else list(pack.rules.outcomes)
    found = find_profiles(paths, sys.stdin.buffer)
    first = next(found, None)
    single = len(paths) == 1 and first is not None and first.alone and not os.path.isdir(paths[0])
    every = found if first is None else itertools.chain([first], found)
    with opened(output) as stream:
        writer = make_writer(kind, stream, pack, asked, single=single, explain=explain)
        with _progress(None if single else count_profiles(paths), shown=not single) as step:
            tally = check_all(pack, every, writer, day, asked, fail_unless, step)
    ctx.exit(_closing(tally, single))


def _as_of(given: datetime.datetime | None) -> datetime.date:
    """The as-of date: the only place of the command line where today's date is read."""
    return given.date() if given is not None else datetime.date.today()


def _load(rules: Sequence[str], engine: str) -> Pack:
    from eligibility.packs import load_pack

    pack = load_pack(*rules, engine=engine)
    if engine == "auto" and pack.engine.name != "rete":
        version = ".".join(str(part) for part in sys.version_info[:2])
        click.echo(
            f"durable_rules does not work on Python {version}: the reference engine answers",
            err=True,
        )
    return pack


def _closing(tally: Tally, single: bool) -> int:
    """Say what could not be answered; the exit code."""
    if not tally.answered and not tally.refused:
        raise UsageError(Message("no profiles found", "a folder is searched for `*.json`"))
    if not single:
        read = tally.answered + tally.refused
        click.echo(f"{read} read: {tally.answered} answered, {tally.refused} refused", err=True)
    for problems in tally.problems:
        click.echo("", err=True)
        for problem in problems:
            click.echo(problem.render(), err=True)
    for name, count in tally.short_of.items():
        if count:
            click.echo(f"not eligible for `{name}`: {count} of {tally.answered}", err=True)
    if tally.refused:
        return REFUSED
    return SHORT if any(tally.short_of.values()) else 0


@contextlib.contextmanager
def _progress(total: int | None, *, shown: bool) -> Iterator[Callable[[], object]]:
    """A progress bar on standard error, where that is a terminal."""
    if not shown or not sys.stderr.isatty():
        yield lambda: None
        return
    from rich.console import Console
    from rich.progress import Progress

    with Progress(console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task("checking", total=total)
        yield lambda: progress.advance(task)


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
    as_of: datetime.datetime | None,
    engine: str,
) -> None:
    """Show what an OUTCOME requires, in words; with a PROFILE, its values beside it."""
    from eligibility.text import console_for, emit, outcome_text, requirement_text
    from eligibility.words import Words

    day = _as_of(as_of)
    pack = _load(rules, engine if profile else "reference")
    pack.require([outcome])
    answer = None if profile is None else pack.answer(_profile(pack, profile), day, [outcome])
    words = Words(pack.rules.vocabulary, day)
    console = console_for(sys.stdout)
    body = requirement_text(pack.compiled, outcome, words, answer, console)
    emit(console, outcome_text(pack.rules.outcomes[outcome], body))


def _profile(pack: Pack, path: str) -> Any:
    from eligibility.inputs import find_profiles

    found = list(find_profiles([path], sys.stdin.buffer))
    if len(found) != 1:
        raise UsageError(Message(f"`{path}` holds {len(found)} profiles", "name one"))
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
    from eligibility.text import outcomes_text

    _print(outcomes_text(_load(rules, "reference").rules))


@rules.command("show")
@click.argument("outcome", shell_complete=_complete_outcome)
@_rules
def rules_show(outcome: str, rules: tuple[str, ...]) -> None:
    """Show an OUTCOME with its information, assumptions, sources and place in the files."""
    from eligibility.text import console_for, emit, outcome_text, requirement_text
    from eligibility.words import Words

    pack = _load(rules, "reference")
    pack.require([outcome])
    found = pack.rules.outcomes[outcome]
    console = console_for(sys.stdout)
    words = Words(pack.rules.vocabulary, _as_of(None))
    body = requirement_text(pack.compiled, outcome, words, None, console)
    emit(console, outcome_text(found, body))
    if found.span is not None:
        click.echo(f"\n{found.id}, in {found.span.file}:{found.span.line}")


@rules.command("lint")
@_rules
def rules_lint(rules: tuple[str, ...]) -> None:
    """Find every mistake in the packs and their cases."""
    from eligibility.packs import load_cases

    pack = _load(rules, "reference")
    cases = load_cases(pack.rules, *rules)
    counts = f"{len(pack.rules.outcomes)} outcomes, {len(pack.compiled.nodes)} conditions"
    click.echo(f"{pack.rules.id} {pack.rules.version}: {counts}, {len(cases)} cases, no mistakes")


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
    click.echo(f"{len(cases)} cases: {len(cases) - failed} passed, {failed} failed")
    ctx.exit(REFUSED if failed else 0)


@rules.command("schema")
def rules_schema() -> None:
    """Print a JSON Schema for rule files."""
    from eligibility.jsonschemas import rules_schema as schema

    _dump(schema())


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
    for found in find_profiles(paths, sys.stdin.buffer):
        try:
            if found.error is not None:
                raise found.error
            reader.read(found.value, found.name)
            good += 1
        except ProblemsError as error:
            bad += 1
            click.echo(str(error), err=True)
    if not good and not bad:
        raise UsageError(Message("no profiles found", "a folder is searched for `*.json`"))
    click.echo(f"{good + bad} read: {good} valid, {bad} not")
    ctx.exit(REFUSED if bad else 0)


@profile.command("new")
@_rules
@click.option("--output", metavar="FILE", help="Write here; the file appears when it is whole.")
def profile_new(rules: tuple[str, ...], output: str | None) -> None:
    """Write a starter profile: every fact, with its question, still unknown."""
    from eligibility.output import opened
    from eligibility.starter import starter_profile

    text = starter_profile(_load(rules, "reference").rules)
    with opened(output) as stream:
        stream.write(text)


def _print(renderable: RenderableType) -> None:
    from eligibility.text import console_for, emit

    emit(console_for(sys.stdout), renderable)


def _dump(document: dict[str, Any]) -> None:
    import json

    click.echo(json.dumps(document, indent=2, ensure_ascii=False))
