"""Verdicts on a terminal: colour, width, odd letters, many students, many outcomes."""

from __future__ import annotations

import io
import json
import re
import sys
from pathlib import Path
from typing import Any

import pytest
from commands import DAY, PROFILES, ROOT, RULES, check, make_rules, process, run
from rich.cells import cell_len

from eligibility.model import Outcome, RulePack, Status, Vocabulary
from eligibility.text import console_for, emit, table_text

ESCAPE = "\x1b["
ANN = PROFILES / "ann.json"


def lines(output: str) -> list[str]:
    assert output.endswith("\n")
    return output.splitlines()


# -- colour


def test_a_terminal_gets_colours_and_the_same_words() -> None:
    plain = check(ANN).stdout
    coloured = process(
        "check", ANN, "--rules", RULES, "--as-of", DAY, FORCE_COLOR="1", COLUMNS="80"
    )
    assert "\x1b[1;32m✓ eligible" in coloured.stdout
    assert "\x1b[1;36m→ on track" in coloured.stdout
    words = re.sub(r"\x1b\[[0-9;]*m", "", coloured.stdout)
    assert [line.rstrip() for line in words.splitlines()] == plain.splitlines()


@pytest.mark.parametrize("more", [{}, {"FORCE_COLOR": "1"}])
def test_no_color_means_no_escape_at_all(more: dict[str, str]) -> None:
    environment: dict[str, Any] = {"NO_COLOR": "1", "COLUMNS": "80", **more}
    done = process("check", ANN, "--rules", RULES, "--as-of", DAY, **environment)
    assert ESCAPE not in done.stdout
    assert done.stdout == check(ANN).stdout


def test_a_file_gets_no_colours_whatever_is_forced(tmp_path: Path) -> None:
    out = tmp_path / "out.txt"
    words = ("check", ANN, "--rules", RULES, "--as-of", DAY, "--output", out)
    assert process(*words, FORCE_COLOR="1").returncode == 0
    assert out.read_text(encoding="utf-8") == check(ANN).stdout


# -- what a profile may hold


ODD = {
    "markup": "[red]bold[/red] [link=x]y[/link] :smile:",
    "wide": "水泳クラブ" * 4,
    "combining": "Zoe\u0308",
    "spaces": "a\u00a0b\u3000c",
    "long": "x" * 190,
}


@pytest.mark.parametrize("kind", ODD)
def test_any_id_is_shown_as_it_is_and_fits_80_columns(kind: str) -> None:
    odd = ODD[kind]
    single = check("-", stdin=json.dumps({"id": odd})).stdout
    shown = odd.replace("\u00a0", " ").replace("\u3000", " ")
    assert shown in single.replace("\n", "")
    table = check("-", stdin=json.dumps([{"id": odd}, {"id": "b"}])).stdout
    for output in (single, table):
        assert max(map(cell_len, lines(output))) <= 80
    assert ESCAPE not in single


def test_control_characters_of_a_profile_never_reach_the_terminal() -> None:
    evil = "Pirates\u202e\u200b\x9b"
    profile = {
        "id": "p",
        "bronze": True,
        "courses": [{"title": "A\tB\nC\u2028D \u202eevil", "topic": "x", "status": "completed"}],
    }
    result = check("-", "--explain", stdin=json.dumps(profile))
    assert result.exit_code == 0
    assert all(line.isprintable() for line in lines(result.stdout))
    for stdin in ({"id": evil}, {"id": "p", "home": "\x1b[31mred"}, {"id": "p", "\x1b[31m": 1}):
        refused = check("-", stdin=json.dumps(stdin))
        assert refused.exit_code == 1
        assert all(line.isprintable() for line in lines(refused.stderr))


def test_a_file_name_with_escapes_is_shown_without_them(tmp_path: Path) -> None:
    path = tmp_path / "\x1b[31mred.json"
    path.write_text("{", encoding="utf-8")
    result = check(path)
    assert "?[31mred.json" in result.stderr
    assert ESCAPE not in result.stderr


def test_a_very_long_value_is_cut() -> None:
    profile = {"id": "p", "home": "x" * 9_000}
    result = check("-", "--outcome", "instructor", "--explain", stdin=json.dumps(profile))
    assert "xxx..." in result.stdout
    assert len(result.stdout) < 3_000


# -- many of anything


def _table(students: int, outcomes: int, width: int = 80) -> list[str]:
    found = {f"o{n}": Outcome(f"o{n}", f"Outcome {n}", "p") for n in range(outcomes)}
    pack = RulePack("p", "P", "1", "", Vocabulary({}, {}), found)
    statuses = list(Status)
    rows = [
        (f"student-{n}", [statuses[(n + m) % 4] for m in range(outcomes)]) for n in range(students)
    ]
    stream = io.StringIO()
    console = console_for(stream, width)
    emit(console, table_text(pack, list(found), rows, console))
    return lines(stream.getvalue())


def test_40_outcomes_are_told_in_parts_below_each_other() -> None:
    table = _table(3, 40)
    headings = [line.split() for line in table if line.startswith("student ")]
    assert [number for heading in headings for number in heading[1:]] == [
        str(number) for number in range(1, 41)
    ]
    assert len(headings) == 3
    assert max(map(cell_len, table)) <= 80
    assert table[-3].split() == ["40", "Outcome", "39", "1", "1", "1"]
    assert table[-1] == "✓ eligible   → on track   ? can't tell yet   · not yet"


def test_500_students_have_a_line_each() -> None:
    table = _table(500, 7)
    assert sum(line.startswith("student-") for line in table) == 500
    assert "   500 students" in "\n".join(table)


@pytest.mark.parametrize("width", [20, 40, 60, 120])
def test_the_table_fits_any_width(width: int) -> None:
    assert max(map(cell_len, _table(3, 12, width))) <= width


def test_one_student_of_many_asked_for_is_a_table_of_one(tmp_path: Path) -> None:
    (tmp_path / "one.json").write_text('{"id": "solo"}', encoding="utf-8")
    table = lines(check(tmp_path).stdout)
    assert table[1].split()[0] == "solo"
    assert table[3].split()[:2] == ["1", "student"]


def test_long_ids_of_outcomes_are_listed_within_80_columns(tmp_path: Path) -> None:
    name = "very-" * 12 + "long"
    rules = make_rules(
        tmp_path,
        f"outcomes:\n  {name}:\n    title: {'A long title ' * 12}\n"
        "    requires: {bronze: true}\n    source: {title: S}\n",
    )
    for words in (("rules", "list"), ("rules", "show", name), ("check", "-")):
        result = run(*words, "--rules", rules, stdin='{"id": "p"}')
        assert result.exit_code == 0
        shown = [line for line in lines(result.stdout) if f"{name}, in" not in line]
        assert max(map(cell_len, shown)) <= 80


# -- what is said once


def test_questions_and_quotes_are_given_once_and_then_by_number() -> None:
    output = check(PROFILES / "cid.json").stdout
    assert output.count("Does the person have a bronze badge?") == 1
    assert "    ask      questions 1-2\n" in output
    assert output.count("Everyone is trained") == 1


def test_a_condition_with_a_title_is_told_in_full_once(tmp_path: Path) -> None:
    rules = make_rules(
        tmp_path,
        "define:\n"
        "  badge: {title: a badge, any: [{bronze: true}, {school_badge: true}]}\n"
        "outcomes:\n"
        "  swim:\n"
        "    title: Swim\n"
        "    source: {title: S}\n"
        "    requires:\n"
        "      any:\n"
        "        - all: [{badge: true}, {fitness: 5}]\n"
        "        - all: [{badge: true}, {fitness: 6}]\n"
        "        - {title: a badge, any: [{bronze: true}, {fitness: 7}]}\n",
    )
    told = lines(run("explain", "swim", "--rules", rules).stdout)
    assert told[2 : told.index("", 2)] == [
        "one of these:",
        "  all of these:",
        "    a badge: one of these:",
        "      a bronze badge",
        "      a school badge",
        "    a fitness score is 5",
        "  all of these:",
        "    a badge (as above)",
        "    a fitness score is 6",
        "  a badge: one of these:",
        "    a bronze badge",
        "    a fitness score is 7",
    ]


def test_assumptions_go_on_after_z(tmp_path: Path) -> None:
    outcomes = [
        f"  o{n}: {{title: O{n}, source: {{title: S}}, requires: {{bronze: true}}, "
        f"assumptions: [Number {n}.]}}"
        for n in range(28)
    ]
    rules = make_rules(tmp_path, "outcomes:\n" + "\n".join(outcomes))
    output = run("check", "-", "--rules", rules, stdin='{"id": "p"}').stdout
    assert "(z)     Number 25.\n(aa)    Number 26.\n(ab)    Number 27.\n" in output


def test_a_version_that_closes_an_outcome_is_no_longer_open() -> None:
    assert "· no longer open Another attempt at the exam" in check(ANN).stdout


def test_a_warning_stands_with_an_outcome_that_completing_would_lose(tmp_path: Path) -> None:
    rules = make_rules(
        tmp_path,
        "outcomes:\n  x:\n    title: X\n    source: {title: S}\n"
        "    requires: {courses: {count: {topic: rescue}, at_most: 1}}\n",
    )
    done = {"topic": "rescue", "status": "completed", "mark": "B", "completed_on": "2026-01-01"}
    profile = {"id": "p", "courses": [done, {**done, "status": "enrolled"}]}
    result = run("check", "-", "--rules", rules, "--as-of", DAY, stdin=json.dumps(profile))
    assert lines(result.stdout)[2:] == [
        "✓ eligible       X",
        "    careful  completing what is in progress would lose it: at most 1 course with",
        "             topic rescue: it is 2",
    ]


def test_an_outcome_not_asked_for_is_taken_apart_below_the_one_that_needs_it() -> None:
    result = check(PROFILES / "bob.json", "--outcome", "guard")
    assert lines(result.stdout)[2:7] == [
        "· not yet        Lifeguard (a)",
        "    needs    Entry to the club: not yet",
        "               one of these:",
        "                 a bronze badge: the profile says no",
        "                 a school badge: the profile says no",
    ]


def test_the_progress_bar_is_for_terminals_only() -> None:
    assert check(PROFILES).stderr == "3 read: 3 answered, 0 refused\n"


@pytest.mark.skipif(sys.platform == "win32", reason="needs a pseudo-terminal")
def test_a_progress_bar_is_shown_while_many_are_checked(tmp_path: Path) -> None:
    import os
    import pty
    import subprocess

    from commands import command, environment

    for number in range(40):
        (tmp_path / f"{number}.json").write_text(f'{{"id": "s{number}"}}', encoding="utf-8")
    master, slave = pty.openpty()
    with subprocess.Popen(
        command("check", tmp_path, "--rules", RULES),
        cwd=ROOT,
        env=environment(TERM="xterm"),
        stdout=subprocess.PIPE,
        stderr=slave,
        text=True,
    ) as running:
        os.close(slave)
        assert running.stdout is not None
        table = running.stdout.read()
    shown = b""
    try:
        while part := os.read(master, 10_000):
            shown += part
    except OSError:  # Linux ends a pseudo-terminal with an error
        pass
    os.close(master)
    assert b"checking" in shown
    assert b"40 read: 40 answered, 0 refused" in shown
    assert ESCAPE not in table
    assert table.count("\ns") >= 39
