"""One broken file for each mistake, with the whole report that it must give.

`bad_rules/<mistake>.yaml` is a pack, a vocabulary (it begins with `vocabulary:`) or a
file of cases (it has `cases:`); what else a pack needs is put beside it. A mistake of
several files is a folder, laid out like a folder of rules. `<mistake>.txt` is the report.

To write the reports anew: `REWRITE_REPORTS=1 pytest tests/test_bad_rules.py`, and then
read what has changed.
"""

from __future__ import annotations

import os
import re
import shutil
from pathlib import Path

import pytest

from eligibility.errors import Problem, RulesError
from eligibility.loading import find_packs, read_case_files, read_rules
from eligibility.reading.cases import read_cases
from eligibility.reading.packs import read_pack

BAD_RULES = Path(__file__).parent / "bad_rules"
VOCABULARY = BAD_RULES / "vocabulary" / "student.yaml"
MISTAKES = sorted(
    path for path in BAD_RULES.iterdir() if path.suffix != ".txt" and path != VOCABULARY.parent
)
HEAD = "pack: college\ntitle: College\nversion: '1'\nuse: [vocabulary/student]\n"
SOUND = f"""{HEAD}
outcomes:
  admission: {{title: Admission, requires: {{ged: true}}, source: {{title: Handbook}}}}
  renewal: {{title: Renewal, confidence: unverified}}
"""
UNVERIFIED = f"{HEAD}outcomes: {{renewal: {{title: Renewal, confidence: unverified}}}}\n"


def lay_out(mistake: Path, rules: Path) -> None:
    """Put a mistake into a folder of rules."""
    if mistake.is_dir():
        shutil.copytree(mistake, rules, dirs_exist_ok=True)
    text = "" if mistake.is_dir() else mistake.read_text("utf-8")
    vocabulary = rules / "vocabulary" / "student.yaml"
    if not vocabulary.exists():
        vocabulary.parent.mkdir(exist_ok=True)
        shutil.copy(VOCABULARY, vocabulary)
    if mistake.is_dir():
        return
    pack = rules / "college"
    pack.mkdir()
    if re.search(r"^vocabulary:", text, re.MULTILINE):
        shutil.copy(mistake, vocabulary)
        (pack / "pack.yaml").write_text(UNVERIFIED)
    elif re.search(r"^cases:", text, re.MULTILINE):
        shutil.copy(mistake, pack / "cases.yaml")
        (pack / "pack.yaml").write_text(SOUND)
    else:
        shutil.copy(mistake, pack / "pack.yaml")


def problems_of(rules: Path) -> tuple[Problem, ...]:
    """All that is wrong with a folder of rules, cases included."""
    try:
        folders = find_packs(rules)
        pack = read_pack(read_rules(folders))
        documents, unread = read_case_files(folders)
        _, wrong = read_cases(documents, pack)
    except RulesError as error:
        return error.problems
    return RulesError([*unread, *wrong]).problems


@pytest.mark.parametrize("mistake", MISTAKES, ids=lambda path: path.stem)
def test_a_mistake_is_reported_word_for_word(
    mistake: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lay_out(mistake, tmp_path)
    monkeypatch.chdir(tmp_path)
    problems = problems_of(Path())
    report = f"{RulesError(problems)}\n"
    expected = mistake.with_suffix(".txt")
    if os.environ.get("REWRITE_REPORTS"):
        expected.write_text(report, "utf-8")
    assert report == expected.read_text("utf-8")
    check_style(problems)


def check_style(problems: tuple[Problem, ...]) -> None:
    """Each mistake once, in the style of the house, without a word of Python's."""
    assert problems, "there is nothing wrong with it"
    places = [(problem.place, problem.message.text) for problem in problems]
    assert len(places) == len(set(places)), "one mistake, reported twice"
    for problem in problems:
        for said in (problem.message.text, problem.message.hint):
            assert said is None or re.match(r"[a-z`0-9]", said), said
            assert said is None or not said.endswith((".", ":")), said
            assert said is None or "\n" not in said, said
            assert not re.search(r"Error|Traceback|None|Decimal|<.* object|\bstr\b", said or "")


def test_every_report_belongs_to_a_mistake() -> None:
    reports = {path.stem for path in BAD_RULES.glob("*.txt")}
    assert reports == {path.stem for path in MISTAKES}


def test_the_shared_vocabulary_and_the_packs_beside_the_mistakes_are_sound(
    tmp_path: Path,
) -> None:
    vocabulary = tmp_path / "vocabulary" / "student.yaml"
    vocabulary.parent.mkdir()
    shutil.copy(VOCABULARY, vocabulary)
    for name, text in (("sound", SOUND), ("unverified", UNVERIFIED)):
        (tmp_path / name).mkdir()
        (tmp_path / name / "pack.yaml").write_text(text)
        assert problems_of(tmp_path / name) == ()
