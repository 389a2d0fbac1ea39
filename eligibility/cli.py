"""The command line: arguments in, exit code out.

Everything but click is imported where it is used, so that `--help` starts at once.
"""

from __future__ import annotations

import contextlib
import datetime
import os
import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import click

import eligibility
from eligibility.commands.batch import batch
from eligibility.commands.shared import (
    EXIT_CODES,
    REFUSED,
    SHORT,
    Group,
    complete_outcome,
    count_of,
    day_option,
    engaged,
    engine_option,
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
from eligibility.commands.summary import summary
from eligibility.errors import Message, ProblemsError, RulesError, UsageError

if TYPE_CHECKING:
    from eligibility.checking import Tally
    from eligibility.facts import Profile
    from eligibility.inputs import Found
    from eligibility.model import RulePack
    from eligibility.packs import Pack
    from eligibility.sources.opening import Asked
    from eligibility.verdict import Answer

__all__ = ["main"]


@click.group(cls=Group, epilog=EXIT_CODES)
@click.version_option(eligibility.__version__, prog_name="eligibility")
def main() -> None:
    """Check what students are eligible for, by rules written in YAML, and say why."""


main.add_command(batch)
main.add_command(summary)


@main.command(epilog=EXIT_CODES)
@click.argument("paths", nargs=-1, required=True, metavar="PATH...")
@rules_option
@outcomes_option("--outcome", "Ask about this outcome only; may be repeated.")
@day_option
@click.option(
    "--format",
    "kind",
    type=click.Choice(["text", "json", "ndjson", "csv"]),
    default="text",
    show_default=True,
    help="For people, or for programs.",
)
@click.option("--output", metavar="FILE", help="Write here; the file appears when it is whole.")
@engine_option
@jobs_option
@click.option("--explain", is_flag=True, help="Show every condition, with its value. Not in csv.")
@outcomes_option("--fail-unless", "Exit with 3 unless all are eligible for it; may be repeated.")
@click.option("--id", "student", metavar="ID", help="Only the student of this id, among many.")
@tables_options
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
    student: str | None,
    mapping: str | None,
    table: str | None,
    query: str | None,
    memory_limit: str | None,
) -> None:
    """Check profiles: files, folders (all *.json below), NDJSON, or - for standard input."""
    from eligibility.checking import FEW, Check, ahead, answered, lonely, make_writer
    from eligibility.inputs import count_profiles, places, spared
    from eligibility.output import opened

    if jobs is not None and engine in ("rete", "reference"):
        text = f"`--jobs` goes with the batch engine, and not with `{engine}`"
        raise UsageError(Message(text, "leave out one of the two"))
    day = as_of or today()
    spared(output, paths)
    pack = load(rules, "reference")
    must = pack.require(fail_unless)
    asked = pack.require([*(outcome or pack.rules.outcomes), *must])
    if student is None:
        if any(one is not None for one in (mapping, table, query, memory_limit)):
            text = "`--mapping`, `--table`, `--query` and `--memory-limit` go with `--id`"
            raise UsageError(Message(text, "`eligibility batch` answers all students of tables"))
        every_place = places(paths, stdin())
    else:
        from eligibility.sources.opening import Asked

        tables = Asked(mapping, table, query, memory_limit)
        every_place = _only(student, paths, pack.rules, tables)
    head, rest = ahead(every_place, FEW if engine == "auto" else 1)
    single = lonely(head) and (
        student is not None or (len(paths) == 1 and not os.path.isdir(paths[0]))
    )
    pack = engaged(pack, "batch" if engine == "auto" and len(head) > FEW else engine)
    # a bar would be torn by what is written to the same terminal
    streams = output is None and sys.stdout.isatty() and (explain or kind != "text")
    with contextlib.suppress(_NothingAnsweredError), opened(output, exact=kind != "text") as stream:
        writer = make_writer(kind, stream, pack, asked, single=single, explain=explain)
        every = Check(pack, writer, day, asked, must, ctx.obj.held)
        # a text for people is drawn for the terminal, which only this process has
        alone = pack.engine.name != "batch" or (explain and kind == "text")
        with progress(lambda: count_profiles(paths), shown=not single and not streams) as step:
            tally = answered(every, head, rest, 1 if alone else jobs, step)
        if output is not None and not tally.answered:
            raise _NothingAnsweredError
        writer.finish()
    sys.stdout.flush()
    code = _closing(tally, single)
    say_if_none(tally.read, paths)
    ctx.exit(code)


def _only(student: str, paths: tuple[str, ...], rules: RulePack, asked: Asked) -> Iterator[Found]:
    """The one student of this id."""
    from eligibility.sources.finding import find_student
    from eligibility.sources.opening import open_source

    with contextlib.ExitStack() as stack:
        opened = (open_source(path, stdin(), rules, asked) for path in paths)
        found = find_student(student, map(stack.enter_context, opened))
    yield found


class _NothingAnsweredError(Exception):
    """There is nothing to write, so what an output file holds is left alone."""


def _closing(tally: Tally, single: bool) -> int:
    """Say what could not be answered; the exit code."""
    if not single:
        say(f"{tally.read} read: {tally.answered} answered, {tally.refused} refused")
    for problems in tally.problems:
        text = "\n".join(problem.render() for problem in problems)
        say(text if single else f"\n{text}")
    for name, count in tally.short_of.items():
        if count:
            say(f"eligible for `{name}`: {tally.answered - count} of {tally.answered}")
    if tally.refused:
        return REFUSED
    return SHORT if any(tally.short_of.values()) else 0


@main.command()
@click.argument("outcome", shell_complete=complete_outcome)
@click.argument("profile", required=False, type=click.Path())
@rules_option
@day_option
@engine_option
def explain(
    outcome: str,
    profile: str | None,
    rules: tuple[str, ...],
    as_of: datetime.date | None,
    engine: str,
) -> None:
    """Show what an OUTCOME requires, in words; with a PROFILE, its values beside it."""
    day = as_of or today()
    pack = load(rules, engine if profile else "reference")
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

    found = list(find_profiles([path], stdin()))
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
@rules_option
def rules_list(rules: tuple[str, ...]) -> None:
    """List the outcomes of the packs."""
    from eligibility.text import console_for, emit, outcomes_text

    emit(console_for(sys.stdout), outcomes_text(load(rules, "reference").rules))


@rules.command("show")
@click.argument("outcome", shell_complete=complete_outcome)
@rules_option
@day_option
def rules_show(outcome: str, rules: tuple[str, ...], as_of: datetime.date | None) -> None:
    """Show an OUTCOME with its information, assumptions, sources and place in the files."""
    pack = load(rules, "reference")
    [outcome] = pack.require([outcome])
    _show(pack, outcome, as_of or today())
    span = pack.rules.outcomes[outcome].span
    if span is not None:
        click.echo(f"\n{outcome}, in {span.file}:{span.line}")


@rules.command("lint")
@rules_option
def rules_lint(rules: tuple[str, ...]) -> None:
    """Find every mistake in the packs and their cases."""
    from eligibility.cases import wrong_profiles
    from eligibility.packs import load_cases

    pack = load(rules, "reference")
    cases = load_cases(pack.rules, *rules)
    if problems := wrong_profiles(pack, cases):
        raise RulesError(problems)
    counts = [
        count_of(len(pack.rules.outcomes), "outcome"),
        count_of(len(pack.compiled.nodes), "condition"),
        count_of(len(cases), "case"),
    ]
    click.echo(f"{pack.rules.id} {pack.rules.version}: {', '.join(counts)}, no mistakes")


@rules.command("test")
@rules_option
@engine_option
@click.pass_context
def rules_test(ctx: click.Context, rules: tuple[str, ...], engine: str) -> None:
    """Run the cases beside the rules."""
    from eligibility.cases import run_case, uncovered
    from eligibility.packs import load_cases

    pack = load(rules, engine)
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
    click.echo(f"{count_of(len(cases), 'case')}: {passed} passed, {failed} failed")
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

    _dump(schema(load(rules, "reference").rules if rules else None))


# -- profiles ---------------------------------------------------------------------------


@main.group()
def profile() -> None:
    """Write profiles, and find what is wrong with them."""


@profile.command("schema")
@rules_option
def profile_schema(rules: tuple[str, ...]) -> None:
    """Print a JSON Schema for profiles."""
    from eligibility.jsonschemas import profile_schema as schema

    _dump(schema(load(rules, "reference").rules))


@profile.command("validate")
@click.argument("paths", nargs=-1, required=True, metavar="PATH...")
@rules_option
@click.pass_context
def profile_validate(ctx: click.Context, paths: tuple[str, ...], rules: tuple[str, ...]) -> None:
    """Say whether profiles can be checked, and if not, why."""
    from eligibility.inputs import find_profiles

    reader = load(rules, "reference").reader
    good = bad = 0
    for found in find_profiles(paths, stdin()):
        try:
            if found.error is not None:
                raise found.error
            reader.read(found.value, found.name)
            good += 1
        except ProblemsError as error:
            bad += 1
            say(str(error))
    click.echo(f"{good + bad} read: {good} valid, {bad} not")
    say_if_none(good + bad, paths)
    ctx.exit(REFUSED if bad else 0)


@profile.command("new")
@rules_option
@click.option("--output", metavar="FILE", help="Write to this new file.")
def profile_new(rules: tuple[str, ...], output: str | None) -> None:
    """Write a starter profile: every fact, with its question, still unknown."""
    from eligibility.output import opened, written_once
    from eligibility.starter import starter_profile

    written_once(output)
    text = starter_profile(load(rules, "reference").rules)
    with opened(output) as stream:
        stream.write(text)


def _dump(document: dict[str, Any]) -> None:
    import json

    click.echo(json.dumps(document, indent=2, ensure_ascii=False))
