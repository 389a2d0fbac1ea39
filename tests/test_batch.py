"""Many profiles at once: the batch engine, several processes, and counts that add up."""

from __future__ import annotations

import gzip
import json
import os
import pickle
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
from backports import zstd
from commands import DAY, PROFILES, RULES, check, command, environment

from eligibility import checking, team
from eligibility.checking import Tally
from eligibility.compiled import CompiledPack
from eligibility.engines import batch, make_engine
from eligibility.engines.reference import ReferenceEngine
from eligibility.errors import EngineError, Message, Problem, ProfileError
from eligibility.packs import Pack, load_pack
from eligibility.truth import Truth

MANY = 300
TEXTS = [path.read_text(encoding="utf-8") for path in sorted(PROFILES.glob("*.json"))]
WRONG = '{"id": "x", "no-such-fact": 1}'


def lines(count: int, wrong: Sequence[int] = ()) -> list[str]:
    """The profiles of the club over and over, as lines, each with an id of its own."""
    made = []
    for number in range(count):
        student = json.loads(TEXTS[number % len(TEXTS)])
        text = json.dumps(student | {"id": f"student-{number}"})
        made.append(WRONG if number in wrong else text)
    return made


@pytest.fixture(scope="module")
def many(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file of many lines, three of them wrong."""
    path = tmp_path_factory.mktemp("many") / "students.ndjson"
    path.write_text("\n".join(lines(MANY, (5, 70, MANY - 1))) + "\n", encoding="utf-8")
    return path


# The engine


def pack() -> Pack:
    return load_pack(RULES, engine="reference")


def vectors(compiled: CompiledPack) -> list[list[Truth]]:
    """Rows that differ from one another, each of them twice."""
    count = len(compiled.leaves)
    rows = [[Truth((place * step + step) % 3) for place in range(count)] for step in range(9)]
    return [*rows, *rows]


def test_every_condition_has_the_value_that_the_reference_engine_gives() -> None:
    compiled = pack().compiled
    rows = vectors(compiled)
    assert batch.BatchEngine(compiled).derive(rows) == ReferenceEngine(compiled).derive(rows)


def test_a_tree_is_valued_once_for_each_row_of_its_own_leaves(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked: list[object] = []
    derive = ReferenceEngine.derive

    def counted(self: ReferenceEngine, rows: Sequence[Sequence[Truth]]) -> object:
        asked.extend(rows)
        return derive(self, rows)

    monkeypatch.setattr(ReferenceEngine, "derive", counted)
    compiled = pack().compiled
    engine = batch.BatchEngine(compiled)
    engine.derive(vectors(compiled))
    first = len(asked)
    engine.derive(vectors(compiled))
    assert 0 < first <= 9 * len(compiled.roots)
    assert len(asked) == first


def test_what_no_longer_fits_is_forgotten_and_worked_out_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(batch, "REMEMBERED", 2)
    compiled = pack().compiled
    rows = vectors(compiled)
    engine = batch.BatchEngine(compiled)
    assert engine.derive(rows) == ReferenceEngine(compiled).derive(rows)
    assert engine._values.cache_info().currsize == 2


def test_a_row_of_the_wrong_length_is_an_error() -> None:
    compiled = pack().compiled
    with pytest.raises(EngineError) as caught:
        make_engine(compiled, "batch").derive([[Truth.MET]])
    leaves = len(compiled.leaves)
    assert str(caught.value) == f"a vector has 1 leaf values where the pack has {leaves} leaves"


# The same, whatever does it


@pytest.mark.parametrize("kind", ["ndjson", "json", "csv", "text"])
def test_several_processes_write_what_one_does_and_what_the_reference_does(
    kind: str, many: Path
) -> None:
    options = (many, "--format", kind)
    one = check(*options, "--engine", "reference")
    alone = check(*options, "--engine", "batch", "--jobs", "1")
    together = check(*options, "--engine", "batch", "--jobs", "2")
    assert together.exit_code == alone.exit_code == one.exit_code == 1
    assert together.stdout == alone.stdout
    assert together.stdout.replace('"batch"', '"reference"') == one.stdout
    assert together.stderr == alone.stderr == one.stderr


def test_explained_answers_come_from_several_processes_too(many: Path) -> None:
    options = (many, "--format", "ndjson", "--explain", "--engine", "batch", "--jobs")
    assert check(*options, "2").stdout == check(*options, "1").stdout


def test_texts_for_people_that_are_explained_come_from_one_process(many: Path) -> None:
    options = (many, "--explain", "--engine", "batch", "--outcome", "guard", "--jobs")
    assert check(*options, "2").stdout == check(*options, "1").stdout


def test_a_folder_is_answered_in_the_order_of_its_files(tmp_path: Path) -> None:
    for number, text in enumerate(lines(MANY, wrong=(7,))):
        (tmp_path / f"{number:03}.json").write_text(text, encoding="utf-8")
    result = check(tmp_path, "--format", "csv", "--outcome", "guard", "--jobs", "2")
    read = [line.split(",")[0] for line in result.stdout.splitlines()[1:]]
    assert read == [f"student-{number}" for number in range(MANY) if number != 7]
    assert result.stderr.startswith(f"{MANY} read: {MANY - 1} answered, 1 refused\n")


def test_shortfalls_of_all_processes_are_counted(many: Path) -> None:
    options = (many, "--format", "csv", "--fail-unless", "guard", "--jobs")
    told = check(*options, "2").stderr
    assert told == check(*options, "1").stderr
    assert f"of {MANY - 3}\n" in told


# Counts


def test_read_is_answered_and_refused(many: Path) -> None:
    result = check(many, "--format", "ndjson", "--jobs", "2")
    assert len(result.stdout.splitlines()) == MANY - 3
    summary, *mistakes = result.stderr.split("\n\n")
    assert summary == f"{MANY} read: {MANY - 3} answered, 3 refused"
    assert [one.split("#")[0].rpartition(":")[2] for one in mistakes] == ["6", "71", str(MANY)]


def test_counts_of_parts_add_up() -> None:
    mistake = [Problem("a.json", Message("is empty"))]
    total = Tally(2, [mistake], {"guard": 1})
    total.add(Tally(3, [mistake, mistake], {"guard": 2}))
    assert (total.read, total.answered, total.refused) == (8, 5, 3)
    assert total.short_of == {"guard": 3}


# Which engine


@pytest.mark.parametrize(
    ("count", "few"),
    [(1, True), (checking.FEW, True), (checking.FEW + 1, False)],
)
def test_auto_is_batch_for_more_than_a_few(count: int, few: bool, tmp_path: Path) -> None:
    path = tmp_path / "students.ndjson"
    path.write_text("\n".join(lines(count)), encoding="utf-8")
    array = tmp_path / "students.json"
    array.write_text(f"[{','.join(lines(count))}]", encoding="utf-8")
    by_default = make_engine(pack().compiled).name
    for place in (path, array):
        found = check(place, "--format", "ndjson", "--engine", "auto").stdout.splitlines()
        engines = {json.loads(line)["engine"] for line in found}
        assert len(found) == count
        assert engines == {by_default if few else "batch"}


def test_fewer_profiles_than_are_worth_it_start_no_process(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(team.Team, "__enter__", lambda self: pytest.fail("a team was made"))
    path = tmp_path / "students.ndjson"
    path.write_text("\n".join(lines(checking._WORTH_A_TEAM)), encoding="utf-8")
    assert check(path, "--format", "csv", "--jobs", "2").exit_code == 0


@pytest.mark.parametrize("engine", ["rete", "reference"])
def test_engines_that_work_alone_take_no_number_of_processes(engine: str, many: Path) -> None:
    result = check(many, "--engine", engine, "--jobs", "2")
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr == (
        f"`--jobs` goes with the batch engine, and not with `{engine}`\n"
        "  = leave out one of the two\n"
    )


# Compressed lines


COMPRESSED: dict[str, tuple[str, Callable[[bytes], bytes]]] = {
    ".gz": ("gzip", gzip.compress),
    ".zst": ("Zstandard", zstd.compress),
}


@pytest.mark.parametrize("ending", COMPRESSED)
def test_compressed_lines_are_read_like_the_lines(ending: str, many: Path, tmp_path: Path) -> None:
    _, compress = COMPRESSED[ending]
    packed = tmp_path / f"students.ndjson{ending}"
    packed.write_bytes(compress(many.read_bytes()))
    options = ("--format", "ndjson")
    plain = check(many, *options)
    result = check(packed, *options)
    assert result.stdout == plain.stdout.replace(many.as_posix(), packed.as_posix())
    assert result.stderr == plain.stderr.replace(many.as_posix(), packed.as_posix())


@pytest.mark.parametrize("ending", COMPRESSED)
def test_a_compressed_profile_is_read_like_the_profile(ending: str, tmp_path: Path) -> None:
    _, compress = COMPRESSED[ending]
    plain, packed = tmp_path / "x.json", tmp_path / f"x.json{ending}"
    plain.write_text(TEXTS[0], encoding="utf-8")
    packed.write_bytes(compress(plain.read_bytes()))
    assert check(packed).stdout == check(plain).stdout != ""


@pytest.mark.parametrize("kept", [0.5, 0.0])
@pytest.mark.parametrize("ending", COMPRESSED)
def test_a_compressed_file_that_is_cut_off_is_refused_after_what_is_there(
    ending: str, kept: float, many: Path, tmp_path: Path
) -> None:
    name, compress = COMPRESSED[ending]
    packed = tmp_path / f"students.ndjson{ending}"
    # numbers that do not repeat, so that half of the file is more than its first block
    notes = "".join(f'{{"id": "{random.Random(n).getrandbits(400):x}"}}\n' for n in range(4000))
    whole = compress(many.read_bytes() + notes.encode())
    packed.write_bytes(whole[: int(len(whole) * kept)] or b"neither of the two")
    result = check(packed, "--format", "ndjson", "--outcome", "guard")
    assert result.exit_code == 1
    assert result.stderr.endswith(
        f"{packed.as_posix()}: cannot be read: it is not {name}, or not all of it is there\n"
    )
    answered = len(result.stdout.splitlines())
    assert (answered > 0) is (kept > 0)


def test_a_file_that_no_library_reads_is_refused_with_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "backports", None)
    packed = tmp_path / "students.ndjson.zst"
    packed.write_bytes(zstd.compress(b"{}"))
    result = check(packed, PROFILES)
    assert result.exit_code == 1
    assert result.stderr.endswith(
        f"{packed.as_posix()}: cannot be read: it is Zstandard\n"
        "  = `pip install 'eligibility[zst]'` brings what reads it\n"
    )


# Processes


def doubled(number: int) -> int:
    if number == 13:
        raise EngineError("thirteen")
    if number == 14:
        os._exit(9)
    # the first takes longest, so that the others have to wait for it
    time.sleep(0.2 if number == 0 else 0)
    return 2 * number


@pytest.mark.parametrize("size", [1, 3])
def test_results_come_in_the_order_of_the_work(size: int) -> None:
    with team.Team(doubled, size) as members:
        assert list(members.each(range(13))) == [2 * number for number in range(13)]
        assert list(members.each([])) == []


def test_a_worker_is_never_far_ahead_of_the_slowest() -> None:
    taken = []

    def pieces() -> object:
        for number in range(100):
            taken.append(number)
            yield number % 13

    with team.Team(doubled, 2) as members:
        results = members.each(pieces())  # type: ignore[arg-type]
        next(results)
        assert len(taken) <= 2 * (team._AHEAD + 2)


ENDED = """\
a process of this check was ended (exit code 9)
  = perhaps memory was short: `--jobs 1` needs the least"""


@pytest.mark.parametrize(("piece", "said"), [(13, "thirteen"), (14, ENDED)])
def test_what_goes_wrong_in_a_process_is_said(piece: int, said: str) -> None:
    with team.Team(doubled, 2) as members, pytest.raises(EngineError) as caught:
        list(members.each([1, piece]))
    assert str(caught.value) == said


def test_mistakes_reach_another_process_whole() -> None:
    error = ProfileError([Problem("b.json", Message("is empty", "write one"), pointer="/id")])
    found = pickle.loads(pickle.dumps(error))
    assert (type(found), found.problems, str(found)) == (ProfileError, error.problems, str(error))


def test_lines_of_standard_input_are_shared_out_too(many: Path) -> None:
    options = ("-", "--format", "ndjson", "--jobs")
    text = many.read_bytes()
    one, two = (check(*options, jobs, stdin=text) for jobs in ("1", "2"))
    assert (two.stdout, two.stderr) == (one.stdout, one.stderr)
    assert two.stderr.startswith(f"{MANY} read: {MANY - 3} answered, 3 refused\n")


def test_a_process_that_is_ended_at_once_does_nothing_that_this_one_would(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    fork = os.fork

    def ended_at_once() -> int:
        made = fork()
        if made == 0:
            os.kill(os.getpid(), signal.SIGTERM)
        return made

    before = signal.signal(signal.SIGTERM, lambda *_: os._exit(7))
    try:
        monkeypatch.setattr(os, "fork", ended_at_once)
        with team.Team(doubled, 1) as members:
            [member] = members._members.values()
            member.join()
    finally:
        signal.signal(signal.SIGTERM, before)
    assert member.exitcode == -signal.SIGTERM


def test_no_process_outlives_the_block() -> None:
    with team.Team(doubled, 2) as members:
        next(members.each([1, 2, 3]))
        processes = list(members._members.values())
    assert [one.is_alive() for one in processes] == [False, False]


def test_larger_work_than_a_pipe_holds_goes_both_ways() -> None:
    with team.Team(str.upper, 2) as members:
        assert list(members.each(["a" * 1_000_000] * 6)) == ["A" * 1_000_000] * 6


@pytest.mark.parametrize(("sent", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_an_interrupted_team_ends_and_leaves_no_file(
    sent: signal.Signals, code: int, tmp_path: Path
) -> None:
    source = tmp_path / "source" / "students.ndjson"
    source.parent.mkdir()
    source.write_text("\n".join(lines(20_000)), encoding="utf-8")
    target = tmp_path / "answers.ndjson"
    options = ("--rules", RULES, "--as-of", DAY, "--format", "ndjson", "--output", target)
    running = subprocess.Popen(
        command("check", source, *options, "--jobs", "2"),
        env=environment(),
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    until = time.monotonic() + 60
    while not any(path.stat().st_size for path in tmp_path.glob(".eligibility-*")):
        assert running.poll() is None
        assert time.monotonic() < until
        time.sleep(0.01)
    # as a terminal sends it: to all processes
    os.killpg(running.pid, sent)
    _, told = running.communicate(timeout=60)
    assert running.returncode == code
    assert told == ("\ninterrupted\n" if sent is signal.SIGINT else "")
    assert [path.name for path in tmp_path.iterdir()] == ["source"]
    with pytest.raises(ProcessLookupError):
        os.killpg(running.pid, 0)


def test_a_reader_that_goes_away_ends_the_team(many: Path) -> None:
    text = " ".join(map(str, command("check", many, "--rules", RULES, "--engine", "batch")))
    done = subprocess.run(
        ["bash", "-c", f"{text} --format json --jobs 2 | head -c 10; exit ${{PIPESTATUS[0]}}"],
        env=environment(),
        capture_output=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (141, b"")


# The benchmark


def test_made_up_students_are_answered_and_the_same_each_time() -> None:
    script = Path(__file__).parent.parent / "benchmarks" / "students.py"
    made = [
        subprocess.run([sys.executable, script, "25"], capture_output=True, check=True).stdout
        for _ in range(2)
    ]
    assert made[0] == made[1]
    pack = load_pack(engine="batch")
    sizes = [len(line) for line in made[0].splitlines()]
    for line in made[0].splitlines():
        pack.check(json.loads(line))
    assert len(sizes) == 25
    assert 1200 < sum(sizes) / 25 < 3000
