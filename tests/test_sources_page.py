"""What the page about students in tables says is what happens."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from eligibility.packs import load_pack
from eligibility.profile_json import parse_json
from eligibility.sources.mapping import LIST_KEYS, NESTED_KEYS, TOP_KEYS
from eligibility.sources.tables import open_tables

ROOT = Path(__file__).parent.parent
PAGE = (ROOT / "docs" / "sources.md").read_text(encoding="utf-8")

PROFILES = re.compile(r"^<!-- profiles -->\n```json\n(.+?)^```$", re.MULTILINE | re.DOTALL)
FIRST, SHOWN, SECOND, SHOWN_SECOND, _ = PROFILES.split(PAGE)
EXAMPLES = {"tables": (FIRST, SHOWN, 5), "no table of students": (SECOND, SHOWN_SECOND, 2)}


@pytest.mark.parametrize("case", EXAMPLES)
def test_the_example_makes_the_profiles_shown(case: str, tmp_path: Path) -> None:
    text, shown, number = EXAMPLES[case]
    files = re.findall(r"^<!-- file: (\S+) -->\n```\w+\n(.+?)^```$", text, re.MULTILINE | re.DOTALL)
    assert len(files) == number
    (tmp_path / "set").mkdir()
    for name, content in files:
        folder = tmp_path / "set" if name.endswith(".csv") else tmp_path
        (folder / name).write_text(content, encoding="utf-8")
    # one file is named itself
    place = tmp_path / "set" if number > 2 else next((tmp_path / "set").iterdir())

    pack = load_pack(engine="reference")
    mapping = str(tmp_path / "mapping.yaml")
    with open_tables(str(place), pack.rules, mapping=mapping) as source:
        found = [one.value for part in source.parts() for one in part.places()]
    assert found == [parse_json(line, "") for line in shown.splitlines()]
    for value in found:
        pack.reader.read(value)


def keys(head: str) -> list[str]:
    """The words of the first column of the table with this head."""
    table = PAGE.partition(f"| {head} | meaning |\n")[2].partition("\n\n")[0]
    return re.findall(r"^\| `(\w+)` \|", table, re.MULTILINE)


def test_every_key_of_a_mapping_is_told() -> None:
    assert sorted(keys("key of a mapping")) == sorted(TOP_KEYS)
    assert sorted(keys("key of a list")) == sorted({*LIST_KEYS, *NESTED_KEYS})
