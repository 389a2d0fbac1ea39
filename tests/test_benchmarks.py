from __future__ import annotations

import datetime
import json
import sys
from collections.abc import Callable, Iterator
from importlib import import_module
from pathlib import Path
from types import ModuleType

import pytest
from commands import DAY, ROOT, run

from eligibility.packs import load_pack

SCALE = ROOT / "benchmarks" / "scale"
PACK = SCALE / "rules"


@pytest.fixture
def benchmark(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str], ModuleType]]:
    """Programs of the benchmark of scale as modules."""
    monkeypatch.syspath_prepend(SCALE)
    yield import_module
    for name in ("agreement", "cohort", "packs", "pathway_sql", "run"):
        sys.modules.pop(name, None)


def test_the_pack_of_the_benchmark_has_no_mistake() -> None:
    done = run("rules", "lint", "--rules", PACK)
    assert done.output == "scale-pathway 1: 16 outcomes, 138 conditions, 0 cases, no mistakes\n"


@pytest.mark.parametrize("conditions", [10, 200])
def test_a_pack_of_so_many_conditions_has_so_many_different_ones(
    benchmark: Callable[[str], ModuleType], tmp_path: Path, conditions: int
) -> None:
    benchmark("packs").write_pack(conditions, tmp_path)
    assert run("rules", "lint", "--rules", tmp_path).exit_code == 0
    assert len(load_pack(tmp_path, engine="batch").compiled.leaves) == conditions


def test_the_same_seed_gives_the_same_students(
    benchmark: Callable[[str], ModuleType], tmp_path: Path
) -> None:
    write = benchmark("cohort").write_students
    paths = [tmp_path / name for name in ("one", "again", "more", "other")]
    write(20, paths[0], processes=1)
    write(20, paths[1], processes=1)
    write(1010, paths[2], processes=2)
    write(20, paths[3], seed=2, processes=1)
    one, again, more, other = (path.read_bytes() for path in paths)
    assert one == again
    assert more.startswith(one)
    assert len(more.splitlines()) == 1010
    assert other != one


def test_made_up_students_are_accepted_and_lack_a_few_in_a_hundred_facts(
    benchmark: Callable[[str], ModuleType], tmp_path: Path
) -> None:
    cohort = benchmark("cohort")
    cohort.write_students(60, tmp_path / "students", processes=1)
    pack = load_pack(PACK, engine="batch")
    students = [json.loads(line) for line in (tmp_path / "students").read_bytes().splitlines()]
    day = datetime.date.fromisoformat(DAY)
    answers = [pack.check(student, as_of=day) for student in students]
    statuses = {one.status for found in answers for one in found.verdicts}
    assert len(statuses) == 4
    stated = sum(student.get(name) is not None for student in students for name in cohort.SCALARS)
    assert 0.90 < stated / (60 * len(cohort.SCALARS)) < 0.98


def test_sql_written_by_hand_gives_the_same_verdicts(
    benchmark: Callable[[str], ModuleType], tmp_path: Path
) -> None:
    pytest.importorskip("duckdb")
    lines = tmp_path / "students.ndjson"
    benchmark("cohort").write_students(40, lines, processes=1)
    agreement = benchmark("agreement")
    ours = agreement.ours(lines, tmp_path, blocking=True)
    theirs = agreement.theirs(lines, tmp_path, blocking=True)
    assert len(ours) == 40 * 16
    assert agreement.differences(ours, theirs) == []
    changed = {**theirs, ("student-0000000", "exam"): ("eligible", "")}
    assert len(agreement.differences(ours, changed)) == 1


def test_only_the_marked_block_of_a_page_is_rewritten(
    benchmark: Callable[[str], ModuleType],
) -> None:
    measured = benchmark("run")
    page = f"before\n{measured.START}\nold\n{measured.END}\nafter\n"
    expected = f"before\n{measured.START}\n\nnew\n\n{measured.END}\nafter\n"
    assert measured.rewritten(page, ["new"]) == expected
    with pytest.raises(ValueError, match="scale table"):
        measured.rewritten("a page without one", ["new"])
    written = (ROOT / "docs" / "performance.md").read_text(encoding="utf-8")
    assert measured.rewritten(written, []).count(measured.START) == 1
