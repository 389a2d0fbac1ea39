"""Running the command line in tests, and making small packs to run it on."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from click.testing import CliRunner, Result

from eligibility.cli import main
from eligibility.engines import rete
from eligibility.packs import Pack, load_pack

ROOT = Path(__file__).parent.parent
DATA = ROOT / "tests" / "data"
RULES = DATA / "rules"
PROFILES = DATA / "profiles"
DAY = "2026-11-24"


WITHOUT_RETE = not rete.available()
"""Whether this is a Python on which durable_rules does not work."""


def _arguments(words: Sequence[str | Path]) -> list[str]:
    """Words as given; where rete cannot answer, without the line that says so."""
    given = [str(word) for word in words]
    answers = given[:1] in (["check"], ["explain"]) or given[:2] == ["rules", "test"]
    # a number of processes goes with the batch engine, which works everywhere
    quiet = WITHOUT_RETE and answers and not {"--engine", "--jobs"} & set(given)
    return [*given, "--engine", "reference"] if quiet else given


def run(*words: str | Path, stdin: str | bytes | None = None, **env: str | None) -> Result:
    """What the command says, in this process."""
    return CliRunner().invoke(main, _arguments(words), stdin, env, prog_name="eligibility")


def check(*words: str | Path, stdin: str | bytes | None = None, **env: str | None) -> Result:
    """`eligibility check` by the rules of the club, as of the day of all these tests."""
    return run("check", "--rules", RULES, "--as-of", DAY, *words, stdin=stdin, **env)


def command(*words: str | Path) -> list[str]:
    """The command as a process of its own."""
    return [sys.executable, "-m", "eligibility", *_arguments(words)]


def environment(**more: str) -> dict[str, str]:
    """The environment of such a process, in which the package is found."""
    return {**os.environ, "PYTHONPATH": str(ROOT), **more}


def process(*words: str | Path, cwd: Path = ROOT, **env: str) -> subprocess.CompletedProcess[str]:
    """What the command says as a process of its own."""
    return subprocess.run(
        command(*words),
        cwd=cwd,
        env=environment(**env),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        encoding="utf-8",
        errors="surrogateescape",
        check=False,
    )


def make_rules(folder: Path, text: str) -> Path:
    """A rules folder with one pack of this text, by the vocabulary of the club."""
    (folder / "rules" / "made").mkdir(parents=True)
    shutil.copy(RULES / "people.yaml", folder / "rules")
    head = 'pack: made\ntitle: Made for a test\nversion: "1"\nuse: [people]\n'
    (folder / "rules" / "made" / "pack.yaml").write_text(head + text, encoding="utf-8")
    return folder / "rules"


def make_pack(folder: Path, text: str, engine: str = "reference") -> Pack:
    """Such a pack, loaded."""
    return load_pack(make_rules(folder, text), engine=engine)
