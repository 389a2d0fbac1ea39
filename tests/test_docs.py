"""What the docs show is what happens.

Run as a program, this writes anew what the docs show commands to print.
"""

from __future__ import annotations

import datetime
import functools
import itertools
import json
import os
import re
import shlex
import socket
import tempfile
import textwrap
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import click
import jsonschema
import pytest
from click.testing import CliRunner

from eligibility import cli, loading, profile_json, solver, source, truth
from eligibility.cases import run_case
from eligibility.commands import shared
from eligibility.engines.rete import available
from eligibility.errors import Problem, ProblemsError
from eligibility.jsonschemas import profile_schema, rules_schema, verdict_schema
from eligibility.leaves import Scenario
from eligibility.model import Kind, Status
from eligibility.operators import OPERATORS
from eligibility.packs import Pack, load_cases, load_pack
from eligibility.reading import (
    cases,
    citations,
    conditions,
    definitions,
    items,
    operands,
    outcomes,
    packs,
    thresholds,
    vocabulary,
)
from eligibility.report import CSV_FIELDS, SCHEMA, as_json
from eligibility.truth import Truth
from eligibility.verdict import status_of

ROOT = Path(__file__).parent.parent
DOCS = ROOT / "docs"
PAGES = [*sorted(DOCS.glob("*.md")), ROOT / "README.md"]
LANGUAGE = DOCS / "language.md"
OUTPUT = DOCS / "output.md"
COMMANDS = DOCS / "cli.md"
SHOWING = ["cli.md", "output.md", "ten-minutes.md"]
"""The pages that show what commands print."""

AGAIN = "`python tests/test_docs.py` writes it anew"
AS_OF = datetime.date(2026, 11, 24)
TRUTH = {value.word: value for value in Truth}
VERDICTS = jsonschema.Draft202012Validator(verdict_schema())
NOW, PROJECTED = Scenario.NOW, Scenario.PROJECTED


# Pages


@dataclass(frozen=True)
class Fence:
    """A code block, with the line of text before it."""

    line: int
    language: str
    text: str
    before: str


@dataclass(frozen=True)
class Table:
    """A table: its head and rows, cells without the blanks around them."""

    line: int
    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]

    @property
    def words(self) -> list[str]:
        """The first code word of each row."""
        return [found[1] for row in self.rows if (found := re.search("`([^`]+)`", row[0]))]


@dataclass(frozen=True)
class Prose:
    """A line that is neither."""

    line: int
    text: str


@functools.cache
def parts(page: Path) -> tuple[Fence | Table | Prose, ...]:
    """The blocks, tables and other lines of a page, blank lines left out."""
    lines = page.read_text(encoding="utf-8").splitlines()
    found: list[Fence | Table | Prose] = []
    at, before = 0, ""
    while at < len(lines):
        start, line = at, lines[at]
        at += 1
        if line.startswith("```"):
            while lines[at] != "```":
                at += 1
            text = "\n".join(lines[start + 1 : at]) + "\n"
            at += 1
            found.append(Fence(start + 1, line[3:], text, before))
        elif line.startswith("|"):
            while at < len(lines) and lines[at].startswith("|"):
                at += 1
            rows = [tuple(map(str.strip, one.strip("|").split("|"))) for one in lines[start:at]]
            found.append(Table(start + 1, rows[0], tuple(rows[2:])))
        elif line.strip():
            before = line
            found.append(Prose(start + 1, line))
    return tuple(found)


def tables(page: Path) -> dict[str, Table]:
    """The tables of a page by the first cell of their head; of several alike the first."""
    found: dict[str, Table] = {}
    for part in parts(page):
        if isinstance(part, Table):
            found.setdefault(part.head[0], part)
    return found


# What commands print


def _run(command: str) -> tuple[str, int]:
    words = shlex.split(command)
    assert words[0] == "eligibility", command
    result = CliRunner().invoke(cli.main, words[1:], prog_name="eligibility")
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    text = re.sub(r"^durable_rules does not work on .*\n", "", result.output, flags=re.MULTILINE)
    if not available() and "--engine" not in command:
        text = text.replace('"engine": "reference"', '"engine": "rete"')
    return text, result.exit_code


def _shown(block: str) -> str:
    """A block of commands, each with what it prints now."""
    made, code = "", 0
    for line in block.splitlines():
        if line == "$ echo $?":
            made += f"{line}\n{code}\n"
        elif line.startswith("$ "):
            text, code = _run(line[2:])
            made += f"{line}\n{text}"
    return made


def _apply(diff: str, path: Path) -> None:
    """Replace the lines that start with `-` by those that start with `+`."""
    lines = diff.splitlines(keepends=True)
    old, new = ("".join(line[1:] for line in lines if line[0] in kept) for kept in (" -", " +"))
    text = path.read_text(encoding="utf-8")
    assert text.count(old) == 1, f"{path.name} does not have once:\n{old}"
    path.write_text(text.replace(old, new), encoding="utf-8")


def rendered(page: Path) -> str:
    """A page as it would be if all that it shows were made anew, in the current folder.

    A block after a line that ends in `path`: is that file, or a change of it. A block of
    JSON right below a command is what it prints.
    """
    lines = page.read_text(encoding="utf-8").splitlines(keepends=True)
    found = parts(page)
    for part, below in itertools.pairwise((*found, None)):
        if not isinstance(part, Fence):
            continue
        named = re.search(r"`([\w./-]+)`:$", part.before)
        if part.language == "console":
            shown, made = part, _shown(part.text)
            if isinstance(below, Fence) and below.language == "json":
                shown, made = below, made.removeprefix(part.text)
            # a block's own lines become one, so that the lines after it keep their numbers
            size = shown.text.count("\n")
            lines[shown.line : shown.line + size] = [made, *[""] * (size - 1)]
        elif named and part.language == "diff":
            _apply(part.text, Path(named[1]))
        elif named:
            Path(named[1]).parent.mkdir(parents=True, exist_ok=True)
            Path(named[1]).write_text(part.text, encoding="utf-8")
    return "".join(lines)


def _lasting(text: str) -> str:
    """Without the digest, which is another one after every change of a rule."""
    return re.sub("sha256:[0-9a-f]{64}", "sha256:", text)


def _folder(page: Path, made: Path) -> Path:
    return made if page.name == "ten-minutes.md" else ROOT


@pytest.mark.parametrize("name", SHOWING)
def test_what_commands_are_shown_to_print_is_what_they_print(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = DOCS / name
    monkeypatch.chdir(_folder(page, tmp_path))
    assert _lasting(page.read_text(encoding="utf-8")) == _lasting(rendered(page)), AGAIN


# The examples of the rule language


@dataclass(frozen=True)
class Example:
    """A block of YAML and the table below it."""

    fence: Fence
    table: Table

    @property
    def outcome(self) -> str:
        """The outcome that is asked for: the one in the head of the table, or its own."""
        named = re.fullmatch("status of `(.+)`", self.table.head[-1])
        return named[1] if named else f"example-{self.fence.line}"

    @property
    def profiles(self) -> Iterator[tuple[datetime.date, str, list[str]]]:
        """The as-of date of each row, its profile, and what must come out."""
        for row in self.table.rows:
            cells = dict(zip(self.table.head, row, strict=True))
            day = cells.pop("as of", None)
            profile = cells.pop("profile").strip("`")
            yield datetime.date.fromisoformat(day) if day else AS_OF, profile, [*cells.values()]


def examples() -> list[Example]:
    """Every block of YAML that has a table of profiles below it."""
    return [
        Example(fence, table)
        for fence, table in itertools.pairwise(parts(LANGUAGE))
        if isinstance(fence, Fence) and isinstance(table, Table) and "profile" in table.head
    ]


def _sections() -> list[Fence]:
    """The blocks that are files, as against conditions."""
    alone = [one for one in parts(LANGUAGE) if isinstance(one, Fence) and one.language == "yaml"]
    conditions = [one.fence for one in examples() if one.outcome.startswith("example-")]
    return [one for one in alone if one not in conditions]


def _as_outcome(name: str, condition: str) -> str:
    head = f"outcomes:\n  {name}:\n    title: X\n    source: {{title: Y}}\n    requires:\n"
    return head + textwrap.indent(condition, " " * 6)


def _write(folder: Path, *, conditions: bool = True) -> Path:
    """The one pack that all examples make."""
    pack = folder / "rules" / "examples"
    (pack / "cases").mkdir(parents=True)
    (folder / "rules" / "vocabulary").mkdir()
    for fence in _sections():
        places = {"pack:": "pack.yaml", "vocabulary:": "../vocabulary/student.yaml"}
        place = places.get(fence.text.split()[0], f"part-{fence.line}.yaml")
        (pack / place).write_text(fence.text, encoding="utf-8")
    for example in examples() if conditions else ():
        if example.fence not in _sections():
            text = _as_outcome(example.outcome, example.fence.text)
            (pack / f"{example.outcome}.yaml").write_text(text, encoding="utf-8")
    return pack


@functools.cache
def example_pack(engine: str = "reference") -> Pack:
    with tempfile.TemporaryDirectory() as folder:
        return load_pack(_write(Path(folder)), engine=engine)


ENGINES = ["reference", "batch", *(["rete"] if available() else [])]


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("example", examples(), ids=lambda one: f"line-{one.fence.line}")
def test_the_examples_come_out_as_shown(example: Example, engine: str) -> None:
    pack = example_pack(engine)
    root = pack.compiled.nodes[pack.compiled.roots[example.outcome]]
    for day, profile, expected in example.profiles:
        parsed = profile_json.parse_json(profile, "a row")
        assert isinstance(parsed, dict)
        answer = pack.check({"id": "x", **parsed}, as_of=day, outcomes=[example.outcome])
        values = [answer.value(root, NOW).word, answer.value(root, PROJECTED).word]
        if example.table.head[-1] == "value":
            values = [] if values[0] != values[1] else values[:1]
        elif example.table.head[-1] != "projected":
            values = [answer.verdicts[0].status.value]
        assert values == expected, f"{profile} as of {day}"
        assert [*VERDICTS.iter_errors(as_json(answer, explain=True))] == []


def _for_editors(node: source.Node) -> Any:
    """What an editor makes of YAML: days are texts, numbers are floats."""
    if isinstance(node, source.Mapping):
        return {key.text: _for_editors(below) for key, below in node.entries}
    if isinstance(node, source.Sequence):
        return [_for_editors(below) for below in node.items]
    if isinstance(node.value, datetime.date):
        return node.text
    return float(node.value) if isinstance(node.value, Decimal) else node.value


def test_editors_find_nothing_wrong_with_the_examples(tmp_path: Path) -> None:
    pack = example_pack().rules
    _write(tmp_path)
    nodes = [
        source.read_yaml(path.read_text(encoding="utf-8"), path.name)[0]
        for path in tmp_path.rglob("*.yaml")
    ]
    files = [_for_editors(node) for node in nodes if node is not None]
    rows = [json.loads(profile) for one in examples() for _, profile, _ in one.profiles]
    profiles = [{"id": "x", **row} for row in rows]
    assert files and profiles
    for schema, documents in (
        (rules_schema(), files),
        (rules_schema(pack), files),
        (profile_schema(pack), profiles),
    ):
        validator = jsonschema.Draft202012Validator(schema)
        assert [error.message for one in documents for error in validator.iter_errors(one)] == []


def test_the_cases_shown_pass(tmp_path: Path) -> None:
    folder = _write(tmp_path)
    pack = load_pack(folder, engine="reference")
    found = load_cases(pack.rules, folder)
    assert len(found) == 2
    assert [failure for case in found for failure in run_case(pack, case).failures] == []


# The mistakes that are shown

WRAPPED = {
    "condition": lambda text: _as_outcome("example", text),
    "outcome": lambda text: f"outcomes:\n  example:\n    {text}",
    "definition": lambda text: f"define:\n  new_name: {text}",
}


def refused() -> Iterator[tuple[str, int, tuple[str, ...]]]:
    """The rows of the tables of mistakes: what is wrong, the line, the cells."""
    for part in parts(LANGUAGE):
        if isinstance(part, Table) and part.head[1:] == ("what is said", "hint"):
            for number, row in enumerate(part.rows):
                yield part.head[0], part.line + 2 + number, row


def told(kind: str, written: str, folder: Path) -> tuple[str, str]:
    """What is said of a mistake and the hint, where it is said to be the only one."""
    problems: Sequence[Problem] = ()
    try:
        if kind == "profile":
            text = written.replace("{", '{"id": "x", ', 1)
            example_pack().reader.read(profile_json.parse_json(text, "a row"), "a row")
        else:
            pack = _write(folder, conditions=False)
            (pack / "refused.yaml").write_text(WRAPPED[kind](written), encoding="utf-8")
            load_pack(pack, engine="reference")
    except ProblemsError as error:
        problems = error.problems
    assert len(problems) == 1, problems
    message = problems[0].message
    # a place in the file is one of the pages' own
    return message.text, re.sub(r"at \S*refused\.yaml:\d+", "above", message.hint or "")


@pytest.mark.parametrize(
    ("kind", "row"), [pytest.param(kind, row, id=f"line-{line}") for kind, line, row in refused()]
)
def test_mistakes_are_told_as_shown(kind: str, row: tuple[str, ...], tmp_path: Path) -> None:
    assert told(kind, row[0].strip("`"), tmp_path) == row[1:], AGAIN


# Nothing is left out of the rule language

KEYS: dict[str, Collection[str]] = {
    "key of a pack": packs.PACK_KEYS,
    "key of a part": packs.PART_KEYS,
    "key of a vocabulary": packs.VOCABULARY_KEYS,
    "key of a fact": vocabulary.FACT_KEYS,
    "key of a list": vocabulary.LIST_KEYS,
    "key of a scale": vocabulary._SCALE_KEYS,
    "key of a state": vocabulary._STATE_KEYS,
    "type": vocabulary.TYPES,
    "key of an outcome": outcomes.OUTCOME_KEYS,
    "key of a version": outcomes._VERSION_KEYS,
    "key of information": outcomes._INFORMATION_KEYS,
    "key of a citation": citations.CITATION_KEYS,
    "key of a judgement": conditions._JUDGEMENT_KEYS,
    "key of a case file": cases._FILE_KEYS,
    "key of a case": cases._CASE_KEYS,
    "key of an expectation": cases._EXPECTATION_KEYS,
    "operator": OPERATORS,
    "quantifier": definitions.MEASURES,
}


@pytest.mark.parametrize("head", KEYS)
def test_every_key_is_told_of_and_none_that_is_not(head: str) -> None:
    assert sorted(tables(LANGUAGE)[head].words) == sorted(KEYS[head])


def test_every_needed_key_is_told_to_be_needed() -> None:
    needed = {
        "key of a pack": packs._HEAD,
        "key of a fact": vocabulary._NEEDED,
        "key of a list": (*vocabulary._NEEDED, "item", "attributes"),
        "key of a state": vocabulary._STATE_KEYS[:2],
        "key of information": outcomes._INFORMATION_KEYS[:2],
        "key of a judgement": conditions._JUDGEMENT_KEYS,
    }
    for head, keys in needed.items():
        table = tables(LANGUAGE)[head]
        told = [
            word for word, row in zip(table.words, table.rows, strict=True) if "Needed" in row[1]
        ]
        assert sorted(told) == sorted(keys), head


def test_the_types_of_every_operator_are_told() -> None:
    table = tables(LANGUAGE)["operator"]
    told = {word: row[1] for word, row in zip(table.words, table.rows, strict=True)}
    for name, operator in OPERATORS.items():
        kinds = [kind.value for kind in Kind if kind in operator.kinds]
        types = "all" if len(kinds) == len(Kind) else ", ".join(kinds)
        assert told[name] == types + (" with `many`" if operator.many else "")


def _written(fences: Sequence[Fence]) -> Iterator[tuple[str, Fence]]:
    """Every key of the YAML in the blocks."""

    def keys(node: source.Node | None) -> Iterator[str]:
        if isinstance(node, source.Mapping):
            for key, below in node.entries:
                yield key.text
                yield from keys(below)
        elif isinstance(node, source.Sequence):
            for below in node.items:
                yield from keys(below)

    for fence in fences:
        node, problems = source.read_yaml(fence.text, "a block")
        assert problems == []
        yield from ((key, fence) for key in keys(node))


@pytest.mark.parametrize(
    "word",
    [
        *OPERATORS,
        *definitions.MEASURES,
        *definitions.BOUNDS,
        *sorted({*conditions._WORDS, *thresholds.THRESHOLDS, *vocabulary.CONDITION_WORDS}),
        *items._GROUPS,
        *operands._SCOPES,
        "completed",
        "distinct",
        "minus",
        "plus",
        "weight",
    ],
)
def test_every_word_of_a_condition_has_an_example_that_is_met_and_not_always(word: str) -> None:
    values = {
        one
        for example in examples()
        for key, _ in _written([example.fence])
        if key == word
        for _, _, expected in example.profiles
        for one in expected
    }
    assert values & {"met", "eligible"}
    assert values & {"unmet", "unknown"}


def test_every_word_of_a_condition_and_of_a_test_is_in_the_tables_of_forms() -> None:
    forms = [
        re.findall(r"`\W*(\w+)", row[0])
        for part in parts(LANGUAGE)
        if isinstance(part, Table) and part.head[0] == "form"
        for row in part.rows
    ]
    told = {word for words in forms for word in words}
    assert {*conditions._WORDS, *thresholds.THRESHOLDS, "completed", "holds_on"} <= told


def test_the_reserved_words_are_all_told() -> None:
    blocks = [one.text.split() for one in parts(LANGUAGE) if isinstance(one, Fence)]
    assert sorted(vocabulary.RESERVED) in [sorted(words) for words in blocks]


def test_the_tables_of_values_are_true() -> None:
    two = tables(LANGUAGE)["one"]
    assert len(two.rows) == 6
    for row in two.rows:
        pair = [TRUTH[row[0]], TRUTH[row[1]]]
        values = (
            truth.conjunction(pair),
            truth.disjunction(pair),
            truth.negation(truth.disjunction(pair)),
            truth.at_least(2, pair),
            truth.at_most(1, pair),
        )
        assert tuple(value.word for value in values) == row[2:], row
    single = next(
        one
        for one in parts(LANGUAGE)
        if isinstance(one, Table) and len(one.head) == 2 and one.head[0] == "one"
    )
    assert [(row[0], row[1]) for row in single.rows] == [
        (value.word, truth.negation(value).word) for value in reversed(Truth)
    ]


def test_the_table_of_statuses_is_true() -> None:
    rows = tables(LANGUAGE)["now"].rows
    assert rows == tuple(
        (now.word, then.word, status_of(now, then).value)
        for now in reversed(Truth)
        for then in reversed(Truth)
    )


def test_the_limits_are_those_of_the_code() -> None:
    limits = [
        loading.MAX_FILES,
        source.MAX_FILE_BYTES,
        loading.MAX_BYTES,
        source.MAX_NODES,
        source.MAX_ALIASED_NODES,
        source.MAX_DEPTH,
        definitions.MAX_CONDITIONS,
        definitions.MAX_NESTED,
        loading.MAX_USES,
        source.MAX_PROBLEMS,
        profile_json.MAX_PROFILE_BYTES,
        profile_json.MAX_DEPTH,
        profile_json.MAX_DIGITS,
        profile_json.MAX_ITEMS,
        profile_json.MAX_TEXT,
        profile_json.MAX_ID,
        profile_json.MAX_MISTAKES,
        solver.MAX_PAIRS,
    ]
    assert [row[1] for row in tables(LANGUAGE)["limit"].rows] == [f"{one:,}" for one in limits]


# The output

OBJECTS = {
    "field": verdict_schema(),
    "field of `pack`": verdict_schema()["properties"]["pack"],
    "field of `trace`": verdict_schema()["properties"]["trace"],
    "field of an outcome": verdict_schema()["$defs"]["outcome"],
    "field of a reason": verdict_schema()["$defs"]["reason"],
    "field of a question": verdict_schema()["$defs"]["outcome"]["properties"]["ask"]["items"],
    "field of a warning": verdict_schema()["$defs"]["outcome"]["properties"]["warnings"]["items"],
    "field of a condition": verdict_schema()["$defs"]["condition"],
    "field of an assignment": verdict_schema()["$defs"]["assignment"],
    "field of a need": verdict_schema()["$defs"]["assignment"]["properties"]["needs"]["items"],
    "field of an item": verdict_schema()["$defs"]["given"],
    "field of a citation": verdict_schema()["$defs"]["citation"],
}


def _nullable(schema: dict[str, Any]) -> bool:
    if "$ref" in schema:
        return _nullable(verdict_schema()["$defs"][schema["$ref"].rpartition("/")[2]])
    return "null" in schema.get("type", ()) or any(map(_nullable, schema.get("anyOf", ())))


@pytest.mark.parametrize("head", OBJECTS)
def test_every_field_is_told_with_whether_it_may_be_null(head: str) -> None:
    table = tables(OUTPUT)[head]
    properties = OBJECTS[head]["properties"]
    assert table.words == list(properties)
    null = table.head.index("null when")
    told = {word for word, row in zip(table.words, table.rows, strict=True) if row[null]}
    assert told == {name for name, schema in properties.items() if _nullable(schema)}


def test_the_words_of_the_contract_are_told() -> None:
    text = OUTPUT.read_text(encoding="utf-8")
    words = [
        *Status,
        *TRUTH,
        SCHEMA,
        *verdict_schema()["$defs"]["condition"]["properties"]["kind"]["enum"],
    ]
    assert [word for word in words if f"`{word}`" not in text] == []
    assert tables(OUTPUT)["column"].words == list(CSV_FIELDS)


def test_the_json_shown_keeps_the_contract() -> None:
    shown = [one for one in parts(OUTPUT) if isinstance(one, Fence) and one.language == "json"]
    assert shown
    for one in shown:
        assert [*VERDICTS.iter_errors(json.loads(one.text))] == []


# The commands


def commands(
    group: click.Group = cli.main, path: str = "eligibility"
) -> Iterator[tuple[str, click.Command]]:
    """Every command by its words."""
    yield path, group
    for name, command in group.commands.items():
        if isinstance(command, click.Group):
            yield from commands(command, f"{path} {name}")
        else:
            yield f"{path} {name}", command


def _options(command: click.Command) -> list[str]:
    return [
        option.opts[0]
        for option in command.params
        if isinstance(option, click.Option) and "--help" not in option.opts
    ]


@pytest.mark.parametrize("name", [name for name, _ in commands()])
def test_every_command_is_told_with_its_options(name: str) -> None:
    command = dict(commands())[name]
    text = COMMANDS.read_text(encoding="utf-8")
    assert f"\n## {name}\n" in text or f"\n### {name}\n" in text
    table = tables(COMMANDS).get(f"option of `{name}`")
    told = [] if table is None else [word.split()[0] for word in table.words]
    assert told == _options(command)


def test_every_choice_is_told() -> None:
    text = COMMANDS.read_text(encoding="utf-8")
    choices = {
        choice
        for _, command in commands()
        for option in command.params
        if isinstance(option.type, click.Choice)
        for choice in option.type.choices
    }
    assert len(choices) >= 7
    assert {choice for choice in choices if f"`{choice}`" not in text} == set()


@pytest.mark.parametrize("page", [COMMANDS, OUTPUT], ids=lambda page: page.name)
def test_every_exit_code_is_told(page: Path) -> None:
    codes = {int(code) for code in re.findall(r"\b\d+\b", shared.EXIT_CODES)}
    assert len(codes) == 7
    assert [int(code) for code in tables(page)["exit code"].words] == sorted(codes)


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_shells_are_told_how_to_complete(shell: str) -> None:
    assert f"_ELIGIBILITY_COMPLETE={shell}_source" in COMMANDS.read_text(encoding="utf-8")
    env = {"_ELIGIBILITY_COMPLETE": f"{shell}_source"}
    result = CliRunner().invoke(cli.main, [], prog_name="eligibility", env=env)
    assert result.exit_code == 0
    assert f"_ELIGIBILITY_COMPLETE={shell}_complete" in result.output


def test_no_color_means_no_color(monkeypatch: pytest.MonkeyPatch) -> None:
    assert "`NO_COLOR`" in COMMANDS.read_text(encoding="utf-8")
    monkeypatch.chdir(ROOT)
    words = ["rules", "list", "--rules", "rules/medical-records"]
    monkeypatch.setenv("FORCE_COLOR", "1")
    bright = CliRunner().invoke(cli.main, words).output
    monkeypatch.setenv("NO_COLOR", "1")
    plain = CliRunner().invoke(cli.main, words).output
    assert re.search(r"\x1b\[[0-9;]*3[0-9]", plain) is None
    assert "\x1b" in bright


def test_a_check_opens_no_connection(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("a connection was asked for")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    monkeypatch.chdir(ROOT)
    result = CliRunner().invoke(cli.main, ["check", "profiles", "--format", "csv"])
    assert result.exit_code == 0


# All pages


def _anchors(page: Path) -> set[str]:
    headings = [one.text for one in parts(page) if isinstance(one, Prose) and one.text[0] == "#"]
    plain = [re.sub(r"[^\w -]", "", heading.lstrip("#").strip().lower()) for heading in headings]
    return {heading.replace(" ", "-") for heading in plain}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_link_leads_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\(([^)\s]+)\)", page.read_text(encoding="utf-8")):
        place, _, anchor = target.partition("#")
        if "://" in target:
            continue
        found = page.parent / place if place else page
        assert found.exists(), target
        if anchor:
            assert anchor in _anchors(found), target


def test_the_index_names_every_page() -> None:
    index = (DOCS / "README.md").read_text(encoding="utf-8")
    assert [one.name for one in DOCS.glob("*.md") if f"({one.name})" not in index] == ["README.md"]


@pytest.mark.parametrize("page", sorted(DOCS.glob("*.md")), ids=lambda page: page.name)
def test_no_line_of_prose_is_longer_than_100(page: Path) -> None:
    assert [one for one in parts(page) if isinstance(one, Prose) and len(one.text) > 100] == []


def refresh() -> None:
    """Write anew what commands print, and what is said of mistakes."""
    for name in SHOWING:
        page = DOCS / name
        with tempfile.TemporaryDirectory() as made:
            os.chdir(_folder(page, Path(made)))
            text = rendered(page)
            os.chdir(ROOT)
        page.write_text(text, encoding="utf-8")
    lines = LANGUAGE.read_text(encoding="utf-8").splitlines(keepends=True)
    for kind, line, (written, *_) in refused():
        with tempfile.TemporaryDirectory() as made:
            said, hint = told(kind, written.strip("`"), Path(made))
        lines[line - 1] = f"| {written} | {said} | {hint} |\n".replace("|  |", "| |")
    LANGUAGE.write_text("".join(lines), encoding="utf-8")


if __name__ == "__main__":
    refresh()
