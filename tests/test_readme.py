"""What the README shows is what happens.

After a change of words `python tests/test_readme.py` writes the terminal output anew.
"""

from __future__ import annotations

import datetime
import doctest
import html
import importlib.util
import re
import shlex
from pathlib import Path
from types import ModuleType

import pytest
from click.testing import CliRunner

from eligibility.cli import main
from eligibility.model import Status
from eligibility.packs import load_pack
from eligibility.profile_json import parse_json

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")


def _blocks(marker: str, language: str) -> list[tuple[str, str]]:
    """The text in a marker comment, and the code block below it."""
    pattern = rf"<!-- {marker}(.*?) -->\n```{language}\n(.*?)```"
    return [(found[1].strip(), found[2]) for found in re.finditer(pattern, README, re.DOTALL)]


def _picture() -> ModuleType:
    spec = importlib.util.spec_from_file_location("picture", ROOT / "docs" / "make_picture.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def _words(svg: str) -> list[str]:
    return [html.unescape(text) for text in re.findall(r"<text[^>]*>([^<]*)</text>", svg)]


def _printed(command: str) -> str:
    """What a command of the README prints, run at the root."""
    words = shlex.split(command.removeprefix("$ eligibility "))
    result = CliRunner().invoke(main, words, prog_name="eligibility")
    assert result.exit_code == 0, result.output
    return result.stdout


def _as_printed(block: str) -> str:
    """The commands of a block, each with what it prints."""
    commands = [line for line in block.splitlines() if line.startswith("$ ")]
    return "\n".join(f"{command}\n{_printed(command)}" for command in commands)


def test_the_terminal_output_is_what_the_command_prints(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    blocks = _blocks("output", "console")
    assert blocks
    for _, block in blocks:
        assert _as_printed(block) == block


_TOUR = re.compile(r"<!-- tour: (.*?) -->\n((?:\|.*\n)+)")
_SAID = {
    Status.ELIGIBLE: "✓ eligible",
    Status.ON_TRACK: "→ on track",
    Status.UNDETERMINED: "? can't tell yet",
    Status.NOT_ELIGIBLE: "· not yet",
}


def _tour(table: re.Match[str]) -> str:
    """The table of a tour: days by outcomes, each with its status on that day."""
    head, rule, *rows = table[2].splitlines()
    outcomes = re.findall(r"`([a-z-]+)`", head)[1:]
    pack = load_pack(engine="reference")
    profile = pack.reader.read(parse_json((ROOT / table[1]).read_text(encoding="utf-8"), table[1]))
    lines = [f"<!-- tour: {table[1]} -->", head, rule]
    for row in rows:
        day = datetime.date.fromisoformat(row.split("|")[1].strip())
        verdicts = pack.answer(profile, day, outcomes).verdicts
        lines.append(f"| {day} | {' | '.join(_SAID[one.status] for one in verdicts)} |")
    return "".join(f"{line}\n" for line in lines)


def test_the_tour_is_what_comes_out_on_its_days() -> None:
    found = _TOUR.search(README)
    assert found is not None
    assert len(found[2].splitlines()) == 2 + 6
    assert found[0] == _tour(found)


def test_the_rule_file_shown_is_the_one_that_made_it() -> None:
    blocks = _blocks("file:", "yaml")
    assert blocks
    for path, block in blocks:
        assert block in (ROOT / path).read_text(encoding="utf-8")


def test_the_python_example_is_true() -> None:
    results = doctest.testfile(str(ROOT / "README.md"), module_relative=False)
    assert results.attempted >= 5
    assert results.failed == 0


def test_the_picture_is_current_and_loads_nothing_from_elsewhere() -> None:
    picture = _picture()
    kept = picture.PICTURE.read_text(encoding="utf-8")
    assert _words(kept) == _words(picture.draw())
    assert len(_words(kept)) > 20
    assert "url(http" not in kept.replace('"', "")


def test_the_two_commands_are_the_only_ones_with_set_up() -> None:
    commands = re.findall(r"^python3\.11 -m venv .*$", README, re.MULTILINE)
    assert len(commands) == 2
    assert commands[0].endswith("eligibility check profiles")
    assert commands[1].endswith("python -m pytest")


def _write_anew() -> None:
    text = README
    for _, block in _blocks("output", "console"):
        text = text.replace(block, _as_printed(block))
    text = _TOUR.sub(_tour, text)
    (ROOT / "README.md").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    _write_anew()
