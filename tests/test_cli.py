"""Every command as a person or a program meets it: what is printed, and the exit code."""

from __future__ import annotations

import gc
import gzip
import json
import os
import re
import shlex
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click
import pytest
from commands import (
    DATA,
    DAY,
    PROFILES,
    ROOT,
    RULES,
    WITHOUT_RETE,
    check,
    command,
    environment,
    make_rules,
    process,
    run,
)

from eligibility.cli import main
from eligibility.commands.shared import Signals
from eligibility.engines import rete
from eligibility.packs import Pack
from eligibility.verdict import Answer

EXPECTED = DATA / "expected"
CLUB = ("--rules", "tests/data/rules")
ANN, BOB, CID = (f"tests/data/profiles/{name}.json" for name in ("ann", "bob", "cid"))
LEFT_OVER = ".eligibility-*"


@pytest.fixture(autouse=True)
def _at_the_root(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)


# What each command prints, in tests/data/expected. Where a change is meant, write the files anew
# by `REWRITE_OUTPUTS=1 pytest tests/test_cli.py`, and then read what has changed.
OUTPUTS: dict[str, tuple[str, ...]] = {
    "check-ann": ("check", *CLUB, ANN, "--as-of", DAY),
    "check-bob": ("check", *CLUB, BOB, "--as-of", DAY),
    "check-cid": ("check", *CLUB, CID, "--as-of", DAY),
    "check-ann-explain": ("check", *CLUB, ANN, "--as-of", DAY, "--explain"),
    "check-ann-json": ("check", *CLUB, ANN, "--as-of", DAY, "--format", "json"),
    "check-all": ("check", *CLUB, "tests/data/profiles", "--as-of", DAY),
    "check-all-ndjson": ("check", *CLUB, ANN, CID, "--as-of", DAY, "--format", "ndjson"),
    "check-all-csv": ("check", *CLUB, ANN, BOB, CID, "--as-of", DAY, "--format", "csv"),
    "check-one-outcome": ("check", *CLUB, ANN, "--as-of", DAY, "--outcome", "guard"),
    "explain-guard": ("explain", "guard", *CLUB, "--as-of", DAY),
    "explain-guard-ann": ("explain", "guard", ANN, *CLUB, "--as-of", DAY),
    "explain-senior": ("explain", "senior", *CLUB, "--as-of", DAY),
    "explain-instructor-bob": ("explain", "instructor", BOB, *CLUB, "--as-of", DAY),
    "rules-list": ("rules", "list", *CLUB),
    "rules-show-guard": ("rules", "show", "guard", *CLUB, "--as-of", DAY),
    "rules-show-examiner": ("rules", "show", "examiner", *CLUB, "--as-of", DAY),
    "rules-lint": ("rules", "lint", *CLUB),
    "rules-test": ("rules", "test", *CLUB),
    "profile-validate": ("profile", "validate", "tests/data/profiles", *CLUB),
    "help": ("--help",),
    "help-check": ("check", "--help"),
    "shipped": (
        "check",
        "profiles/ged-with-everything-else-unknown.json",
        "--rules",
        "rules/medical-records",
        "--as-of",
        DAY,
    ),
}


@pytest.mark.parametrize("name", OUTPUTS)
def test_the_output_is_as_expected_and_fits_80_columns(name: str) -> None:
    result = run(*OUTPUTS[name])
    assert result.exit_code == 0
    expected = EXPECTED / f"{name}.txt"
    if os.environ.get("REWRITE_OUTPUTS"):
        expected.write_text(result.output, encoding="utf-8")
    wanted = expected.read_text(encoding="utf-8")
    if WITHOUT_RETE:
        wanted = wanted.replace('"engine": "rete"', '"engine": "reference"')
        wanted = wanted.replace("derived by rete", "derived by reference")
    assert result.output == wanted
    if not name.endswith(("json", "csv")):
        assert max(map(len, result.output.splitlines())) <= 80


def test_every_expected_output_belongs_to_a_command() -> None:
    assert {path.stem for path in EXPECTED.iterdir()} == set(OUTPUTS)


# -- options


def test_an_unknown_outcome_is_refused_with_a_suggestion() -> None:
    result = check(ANN, "--outcome", "gaurd")
    assert result.exit_code == 2
    assert result.stderr == "unknown outcome `gaurd`\n  = did you mean `guard`?\n"
    assert check(ANN, "--fail-unless", "gaurd").exit_code == 2
    assert run("explain", "gaurd", *CLUB).stderr == result.stderr
    assert run("rules", "show", "gaurd", *CLUB).stderr == result.stderr


def test_an_alias_stands_for_its_outcome_in_capitals_or_not(tmp_path: Path) -> None:
    rules = make_rules(
        tmp_path,
        "outcomes:\n"
        "  swim-badge: {title: Badge, aliases: [SB, SB-2], requires: {bronze: true},"
        " source: {title: S}}\n",
    )
    options = ("--rules", rules)
    student = tmp_path / "p.json"
    student.write_text('{"id": "p", "bronze": true}', encoding="utf-8")
    twice = ("--outcome", "sb", "--outcome", "SB-2")
    asked = run("check", student, *options, "--format", "json", *twice)
    assert [one["id"] for one in json.loads(asked.stdout)["outcomes"]] == ["swim-badge"]
    for words in (("explain", "Sb"), ("rules", "show", "sb-2")):
        assert "aliases   SB, SB-2" in run(*words, *options).stdout.splitlines()
    assert run("check", student, *options, "--fail-unless", "SB").exit_code == 0
    assert run("explain", "SB-3", *options).stderr == (
        "unknown outcome `SB-3`\n  = did you mean `SB-2`?\n"
    )


@pytest.mark.parametrize("day", ["2026-13-01", "2026-02-30", "20261124", "2026-1-1", "today", ""])
def test_a_day_that_is_none_is_refused(day: str) -> None:
    result = run("check", ANN, *CLUB, "--as-of", day)
    assert result.exit_code == 2
    assert f"`{day}` is not a day; write it like 2026-11-24" in result.stderr


def test_outcomes_are_told_in_the_order_asked_for_and_once() -> None:
    result = check(
        ANN, "--outcome", "senior", "--outcome", "entry", "--outcome", "senior", "--format", "json"
    )
    assert [one["id"] for one in json.loads(result.stdout)["outcomes"]] == ["senior", "entry"]


def test_several_packs_are_answered_together(tmp_path: Path) -> None:
    _club(tmp_path, None)
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "pack.yaml").write_text(
        'pack: other\ntitle: Other\nversion: "2"\nuse: [people]\noutcomes:\n'
        "  swim: {title: Swimming, requires: {bronze: true}, source: {title: S}}\n",
        encoding="utf-8",
    )
    apart = ("--rules", tmp_path / "club", "--rules", tmp_path / "other")
    together = ("--rules", tmp_path)
    for rules in (apart, together):
        answer = json.loads(run("check", ANN, *rules, "--format", "json").stdout)
        assert (answer["pack"]["id"], answer["pack"]["version"]) == ("club+other", "7+2")
        assert {"entry", "swim"} <= {one["id"] for one in answer["outcomes"]}


def test_the_same_input_gives_the_same_bytes_whatever_the_engine() -> None:
    outputs = [
        check(PROFILES, "--format", "json", "--explain", "--engine", engine).stdout
        for engine in ("reference", "reference", "rete")
        if engine == "reference" or rete.available()
    ]
    for output in outputs:
        assert output.replace('"engine": "rete"', '"engine": "reference"').count("reference") == 3
    without = [
        [
            {key: value for key, value in one.items() if key not in ("engine", "trace")}
            for one in json.loads(output)
        ]
        for output in outputs
    ]
    assert outputs[0] == outputs[1]
    assert all(answers == without[0] for answers in without)


def test_without_durable_rules_the_reference_engine_answers_and_says_so(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with_it = check(ANN).stdout
    monkeypatch.setattr(rete, "available", lambda: False)
    result = check(ANN, "--engine", "auto")
    assert result.exit_code == 0
    assert result.stdout == with_it
    version = f"{sys.version_info[0]}.{sys.version_info[1]}"
    assert result.stderr == (
        f"durable_rules does not work on Python {version}: the reference engine answers\n"
    )
    assert check(ANN, "--engine", "reference").stderr == ""


def test_the_rete_engine_asked_for_by_name_and_not_there_is_an_error(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(rete, "available", lambda: False)
    result = check(ANN, "--engine", "rete")
    assert result.exit_code == 2
    assert result.stdout == ""
    assert "durable_rules" in result.stderr
    assert "reference" in result.stderr


def test_outcomes_are_completed_by_the_shell() -> None:
    complete = next(one for one in main.commands["explain"].params if one.name == "outcome")
    context = click.Context(main.commands["explain"])
    for rules, wanted in (("tests/data/rules", ["entry", "examiner"]), ("none", [])):
        context.params = {"rules": (rules,)}
        assert [one.value for one in complete.shell_complete(context, "e")] == wanted


# -- signals


def test_a_signal_ends_the_run_at_once_or_waits_until_it_may() -> None:
    signals = Signals()
    before = signal.getsignal(signal.SIGTERM)
    with signals.handled():
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(signal.SIGINT)
        done = []
        with pytest.raises(SystemExit) as left, signals.held():  # noqa: PT012  # in this order
            signal.raise_signal(signal.SIGTERM)
            done.append("derived")
        assert (left.value.code, done) == (143, ["derived"])
    assert signal.getsignal(signal.SIGTERM) is before


def test_outside_the_main_thread_signals_are_left_alone() -> None:
    found = []
    thread = threading.Thread(target=lambda: found.append(check(ANN)))
    thread.start()
    thread.join()
    assert found[0].exit_code == 0


# -- exit codes


def _bad(folder: Path) -> Path:
    path = folder / "bad.json"
    path.write_text('{"id": "dan", "bronze": "Daniel Secret"}', encoding="utf-8")
    return path


def test_a_refused_profile_is_reported_and_the_rest_is_answered(tmp_path: Path) -> None:
    result = check(ANN, _bad(tmp_path), CID, tmp_path / "none.json")
    assert result.exit_code == 1
    assert "ann" in result.stdout
    assert "cid" in result.stdout
    assert result.stderr == (
        "4 read: 2 answered, 2 refused\n"
        "\n"
        f"{tmp_path}/bad.json#/bronze: must be true or false, found a text\n"
        "\n"
        f"{tmp_path}/none.json: cannot be read: No such file or directory\n"
    )


def test_no_text_of_a_profile_is_in_an_error(tmp_path: Path) -> None:
    bad = _bad(tmp_path)
    for words in (("check", bad), ("profile", "validate", bad), ("explain", "entry", bad)):
        result = run(*words, *CLUB)
        assert "Secret" not in result.output
        assert result.exit_code in (1, 2)


def test_one_profile_that_is_refused_leaves_standard_output_empty(tmp_path: Path) -> None:
    for kind in ("text", "json", "ndjson"):
        result = check(_bad(tmp_path), "--format", kind)
        assert (result.exit_code, result.stdout) == (1, "")
        assert result.stderr.startswith(f"{tmp_path}/bad.json#/bronze: must be")


@pytest.mark.parametrize(
    ("outcome", "paths", "code", "said"),
    [
        ("entry", [ANN], 0, ""),
        ("guard", [ANN], 3, "eligible for `guard`: 0 of 1\n"),
        ("entry", [ANN, BOB, CID], 3, "eligible for `entry`: 1 of 3\n"),
        ("last-try", [BOB, CID], 0, ""),
    ],
)
def test_fail_unless_exits_with_3(outcome: str, paths: list[str], code: int, said: str) -> None:
    result = check(*paths, "--fail-unless", outcome)
    assert result.exit_code == code
    assert result.stderr.endswith(said)


def test_a_refused_profile_weighs_more_than_an_outcome_that_is_not_met(tmp_path: Path) -> None:
    result = check(BOB, _bad(tmp_path), "--fail-unless", "entry")
    assert result.exit_code == 1
    assert result.stderr.endswith("eligible for `entry`: 0 of 1\n")


def test_fail_unless_adds_its_outcome_to_those_asked_for() -> None:
    result = check(ANN, "--outcome", "entry", "--fail-unless", "guard", "--format", "json")
    assert [one["id"] for one in json.loads(result.stdout)["outcomes"]] == ["entry", "guard"]
    assert result.exit_code == 3


def test_rules_that_are_wrong_are_all_reported_and_nothing_is_answered(tmp_path: Path) -> None:
    (tmp_path / "pack.yaml").write_text(
        'pack: p\ntitle: P\nversion: "1"\noutcomes:\n'
        "  a: {title: A, requires: {nothing: true}}\n  b: {title: B, requires: {nobody: true}}\n",
        encoding="utf-8",
    )
    result = run("check", ANN, "--rules", tmp_path)
    assert (result.exit_code, result.stdout) == (2, "")
    assert "unknown fact `nothing`" in result.stderr
    assert "unknown fact `nobody`" in result.stderr
    assert result.stderr.splitlines()[-1].endswith(" mistakes")


def test_rules_that_are_not_there_are_an_error(tmp_path: Path) -> None:
    result = run("check", ANN, "--rules", tmp_path / "none")
    assert result.exit_code == 2
    assert result.stderr.startswith(f"{tmp_path}/none: no such folder of rules\n")


def test_a_folder_without_profiles_is_an_error(tmp_path: Path) -> None:
    for words in (("check", tmp_path), ("check", ANN, tmp_path), ("profile", "validate", tmp_path)):
        result = run(*words, *CLUB)
        assert (result.exit_code, result.stdout) == (2, "")
        assert result.stderr == (
            f"no profiles in `{tmp_path}`\n  = a folder is searched for `*.json`\n"
        )


def test_explaining_takes_one_profile() -> None:
    result = run("explain", "guard", "tests/data/profiles", *CLUB)
    assert result.exit_code == 2
    assert result.stderr == "`tests/data/profiles` holds 3 profiles\n  = name the file of one\n"


# -- standard input


def test_a_profile_comes_from_standard_input() -> None:
    result = check("-", "--format", "json", stdin='{"id": "eve", "bronze": true}')
    answer = json.loads(result.stdout)
    assert (answer["profile"], answer["source"]) == ("eve", "<stdin>")


def test_lines_and_arrays_come_from_standard_input_too() -> None:
    lines = '{"id": "a"}\n\n{"id": "b"}\n'
    array = '[{"id": "a"},\n {"id": "b"}]'
    for stdin in (lines, array):
        result = check("-", "--format", "json", stdin=stdin)
        assert [one["profile"] for one in json.loads(result.stdout)] == ["a", "b"]


@pytest.mark.parametrize("words", [("check", ANN), ("check", "gone.json"), ("rules", "schema")])
def test_a_command_leaves_the_process_looking_for_garbage(words: tuple[str, ...]) -> None:
    run(*words, *(CLUB if words[0] == "check" else ()))
    assert gc.isenabled()
    assert gc.get_freeze_count() == 0


def test_garbage_is_looked_for_while_profiles_are_answered(monkeypatch: pytest.MonkeyPatch) -> None:
    true, seen = Pack.answer, []

    def answered(*words: Any) -> Answer:
        seen.append(gc.isenabled())
        return true(*words)

    monkeypatch.setattr(Pack, "answer", answered)
    assert check(ANN).exit_code == 0
    assert seen == [True]


@pytest.mark.parametrize("ending", ["ndjson", "ndjson.gz", "txt", None])
@pytest.mark.parametrize("content", ["", "\ufeff\n \n"])
def test_of_an_empty_source_nothing_is_read_and_that_is_told(
    content: str, ending: str | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    place = "-" if ending is None else f"x.{ending}"
    if ending is not None:
        data = content.encode()
        Path(place).write_bytes(gzip.compress(data) if place.endswith(".gz") else data)
    told = f"there is no profile in {'standard input' if place == '-' else f'`{place}`'}\n"
    result = check(place, "--format", "json", stdin=content)
    assert (result.exit_code, result.stdout) == (0, "[]\n")
    assert result.stderr == f"0 read: 0 answered, 0 refused\n{told}"
    result = run("profile", "validate", place, "--rules", RULES, stdin=content)
    assert (result.exit_code, result.output) == (0, f"0 read: 0 valid, 0 not\n{told}")
    result = run("batch", place, "--to", "out.ndjson", "--rules", RULES, stdin=content)
    assert result.exit_code == 0
    assert re.sub(r", in .*", "", result.stderr) == f"0 read: 0 answered, 0 rejected\n{told}"
    assert Path("out.ndjson").read_text() == Path("out.ndjson.rejects.ndjson").read_text() == ""


def test_many_empty_sources_are_told_together(tmp_path: Path) -> None:
    for name in "abcdefg":
        (tmp_path / f"{name}.ndjson").touch()
    result = check(*sorted(tmp_path.iterdir()))
    assert result.stderr.endswith("e.ndjson` and 2 more\n")
    some = check(ANN, *sorted(tmp_path.iterdir()))
    assert some.stderr == "1 read: 1 answered, 0 refused\n"


# -- the cases beside the rules


CASES = """
as_of: 2026-11-24
cases:
  - name: A badge closes the club
    profile: {bronze: true}
    expect:
      entry: {status: not_eligible, because: [requires/any/1]}
"""


def _club(folder: Path, cases: str | None) -> Path:
    (folder / "club").mkdir()
    (folder / "people.yaml").write_bytes((RULES / "people.yaml").read_bytes())
    pack = (RULES / "club" / "pack.yaml").read_bytes()
    (folder / "club" / "pack.yaml").write_bytes(pack)
    if cases is not None:
        (folder / "club" / "cases.yaml").write_text(cases, encoding="utf-8")
    return folder


def test_a_case_that_fails_is_told_with_what_came_out(tmp_path: Path) -> None:
    result = run("rules", "test", "--rules", _club(tmp_path, CASES))
    assert result.exit_code == 1
    lines = result.stdout.splitlines()
    assert lines[0] == f"FAILED {tmp_path}/club/cases.yaml:4: A badge closes the club"
    assert lines[1:4] == [
        "  entry: expected not_eligible, got eligible because of requires/any/0: a bronze badge",
        "  entry: expected the reason `requires/any/1`",
        "  entry: did not expect the reason `requires/any/0`: a bronze badge",
    ]
    assert lines[-1] == "1 case: 0 passed, 1 failed"


def test_lint_finds_what_is_wrong_with_the_profile_of_a_case(tmp_path: Path) -> None:
    wrong = CASES.replace("bronze: true", "bronce: true, fitness: '7'")
    assert wrong != CASES
    result = run("rules", "lint", "--rules", _club(tmp_path, wrong))
    assert result.exit_code == 2
    said = "the profile of this case is wrong at"
    place = f"{tmp_path}/club/cases.yaml:4"
    told = [line for line in result.stderr.splitlines() if line.startswith(str(tmp_path))]
    assert [line.partition(": ")[2] for line in told] == [
        f"{said} `/bronce`: unknown key `bronce`",
        f"{said} `/fitness`: must be a number, found a text",
    ]
    assert all(line.startswith(place) for line in told)


@pytest.mark.skipif(os.name != "posix", reason="needs a shell of that kind")
@pytest.mark.parametrize(
    ("closing", "said"),
    [
        (">&-", "standard output is closed\n"),
        ("- <&-", "0 read: 0 answered, 0 refused\nthere is no profile in standard input\n"),
    ],
)
def test_a_closed_stream_is_no_accident(closing: str, said: str) -> None:
    words = [*command("check", *CLUB), *([] if closing.startswith("-") else [str(ANN)])]
    line = f"{shlex.join(words)} {closing}"
    done = subprocess.run(
        line, shell=True, env=environment(), capture_output=True, text=True, check=False
    )
    assert done.returncode == (2 if closing == ">&-" else 0)
    assert done.stderr == said


def test_outcomes_are_found_in_capitals_too() -> None:
    assert run("explain", "GUARD", *CLUB).stdout == run("explain", "guard", *CLUB).stdout


def test_rules_without_cases_cannot_be_tested(tmp_path: Path) -> None:
    result = run("rules", "test", "--rules", _club(tmp_path, None))
    assert result.exit_code == 2
    assert result.stderr == "no cases found\n  = write some in `cases/` beside the rules\n"


# -- schemas and starters


def test_schemas_are_json() -> None:
    for words in (("rules", "schema"), ("profile", "schema", *CLUB)):
        schema = json.loads(run(*words).stdout)
        assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"


def test_the_schema_of_rules_knows_the_names_of_the_rules_given() -> None:
    assert '"entry"' not in run("rules", "schema").stdout
    assert '"entry"' in run("rules", "schema", *CLUB).stdout


def test_a_starter_is_a_profile_of_which_nothing_is_known(tmp_path: Path) -> None:
    new = tmp_path / "new.json"
    assert run("profile", "new", *CLUB, "--output", new).exit_code == 0
    assert new.read_text(encoding="utf-8") == run("profile", "new", *CLUB).stdout
    result = check(new, "--format", "json", "--outcome", "entry")
    assert json.loads(result.stdout)["outcomes"][0]["status"] == "undetermined"


def test_a_starter_never_takes_the_place_of_a_file(tmp_path: Path) -> None:
    filled = tmp_path / "filled.json"
    filled.write_text("{}", encoding="utf-8")
    result = run("profile", "new", *CLUB, "--output", filled)
    assert result.exit_code == 2
    assert result.stderr == (f"`{filled}` exists already\n  = name a file that does not\n")
    assert filled.read_text(encoding="utf-8") == "{}"


# -- files written


def test_an_output_file_holds_what_would_be_printed(tmp_path: Path) -> None:
    for kind in ("text", "json", "ndjson", "csv"):
        target = tmp_path / kind
        result = check(PROFILES, "--format", kind, "--output", target)
        assert (result.exit_code, result.stdout) == (0, "")
        assert target.read_text(encoding="utf-8") == check(PROFILES, "--format", kind).stdout
    assert list(tmp_path.glob(LEFT_OVER)) == []


def test_where_nothing_was_answered_the_old_file_stays(tmp_path: Path) -> None:
    old = tmp_path / "old.json"
    old.write_text("old", encoding="utf-8")
    result = check(_bad(tmp_path), "--format", "json", "--output", old)
    assert result.exit_code == 1
    assert old.read_text(encoding="utf-8") == "old"
    assert list(tmp_path.glob(LEFT_OVER)) == []


# -- as a process


def _many(folder: Path, count: int) -> Path:
    folder.mkdir()
    text = Path(ANN).read_text(encoding="utf-8")
    for number in range(count):
        (folder / f"{number:05}.json").write_text(
            text.replace('"id": "ann"', f'"id": "student-{number}"'), encoding="utf-8"
        )
    return folder


@pytest.mark.skipif(os.name != "posix", reason="signals")
@pytest.mark.parametrize(("sent", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_an_interrupted_run_leaves_no_file(sent: signal.Signals, code: int, tmp_path: Path) -> None:
    students = _many(tmp_path / "students", 1500)
    out = tmp_path / "out"
    out.mkdir()
    target = out / "verdicts.ndjson"
    target.write_text("old", encoding="utf-8")
    words = ("check", students, *CLUB, "--format", "ndjson", "--output", target)
    running = subprocess.Popen(
        command(*words), cwd=ROOT, env=environment(), stderr=subprocess.PIPE, text=True
    )
    while running.poll() is None and not any(
        path.stat().st_size > 0 for path in out.glob(LEFT_OVER)
    ):
        time.sleep(0.01)
    running.send_signal(sent)
    _, stderr = running.communicate(timeout=60)
    assert running.returncode == code
    assert "Traceback" not in stderr
    assert [path.name for path in out.iterdir()] == [target.name]
    assert target.read_text(encoding="utf-8") == "old"


@pytest.mark.skipif(os.name != "posix", reason="pipes")
def test_a_reader_that_goes_away_is_no_traceback(tmp_path: Path) -> None:
    students = _many(tmp_path / "students", 100)
    words = ("check", students, *CLUB, "--format", "ndjson")
    running = subprocess.Popen(
        command(*words),
        cwd=ROOT,
        env=environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    with running:
        assert running.stdout is not None and running.stderr is not None
        assert running.stdout.readline().startswith('{"schema"')
        running.stdout.close()
        assert running.stderr.read() == ""
    assert running.returncode == 141


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
def test_a_full_disk_is_said_without_a_traceback() -> None:
    with Path("/dev/full").open("w", encoding="utf-8") as full:
        done = subprocess.run(
            command("check", ANN, *CLUB),
            cwd=ROOT,
            env=environment(),
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
    assert done.returncode == 2
    assert done.stderr == "standard output cannot be used: No space left on device\n"


@pytest.mark.skipif(not Path("/dev/stdout").exists(), reason="needs /dev/stdout")
def test_the_output_may_be_a_device() -> None:
    wanted = process("check", ANN, *CLUB, "--as-of", DAY).stdout
    done = process("check", ANN, *CLUB, "--as-of", DAY, "--output", "/dev/stdout")
    assert (done.returncode, done.stdout, done.stderr) == (0, wanted, "")


def test_a_terminal_that_is_not_utf_8_gets_plain_letters() -> None:
    done = process("check", ANN, *CLUB, "--as-of", DAY, PYTHONIOENCODING="ascii")
    assert done.returncode == 0
    lines = done.stdout.splitlines()
    assert lines[2:4] == ["+ eligible       Entry to the club", "> on track       Lifeguard (a)"]
    assert '    source   "Everyone is trained in rescue and in first aid" [1]' in lines
    done.stdout.encode("ascii")


@pytest.mark.parametrize("kind", ["json", "ndjson", "csv"])
def test_what_programs_read_is_utf_8_on_any_terminal(kind: str, tmp_path: Path) -> None:
    path = tmp_path / "zoë.json"
    path.write_text('{"id": "zoë 水"}', encoding="utf-8")
    done = process("check", path, *CLUB, "--format", kind, PYTHONIOENCODING="ascii")
    assert done.returncode == 0
    assert "zoë 水" in done.stdout


def test_json_loads_no_rich() -> None:
    code = (
        "import sys; from eligibility.cli import main\n"
        f"try: main(['check', {ANN!r}, '--rules', 'tests/data/rules', '--format', 'json'])\n"
        "except SystemExit: pass\n"
        "sys.exit('rich' in sys.modules)"
    )
    assert _python(code).returncode == 0


def _python(code: str, words: Sequence[str] = ()) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", code, *words],
        cwd=ROOT,
        env=environment(),
        capture_output=True,
        text=True,
        check=False,
    )
