"""Published degree requirements: 22 lists of a university, said in the rule language.

Each list is translated to a pack, mechanically. A plain reading of the same text, which
shares no code with the package, says what every statement must come to.
"""

from __future__ import annotations

import dataclasses
import datetime
import json
import random
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from acceptance.reql import VOCABULARY, Translation, translate
from acceptance.reql_plainly import Place, Reading, Row, Transcript
from commands import run

from eligibility.compiled import Node
from eligibility.engines import make_engine, rete
from eligibility.leaves import Scenario, fold
from eligibility.packs import Pack, load_pack
from eligibility.truth import Truth

External = Callable[[str], Path]
DATA = "fireroad-reql-2018"
TODAY = datetime.date(2026, 11, 24)
TRANSCRIPTS = 500
BY_RETE = 10
"""How many of the transcripts of a list the slower engine is asked about."""

TRUTHS = {Truth.MET: True, Truth.UNKNOWN: None, Truth.UNMET: False}
FURTHEST = ["completed", "in progress", "planned", "dropped"]
COUNTING = {
    Scenario.NOW: ("completed",),
    Scenario.PROJECTED: ("completed", "in progress"),
}
LISTS = [
    *"girs major1 major16-ENG major16 major2 major2a major2oe major3 major3a major3c".split(),
    *"major4 major4b major5-7 major5 major6-1 major6-7 major9 minor21m minor6 minor9".split(),
    *"minorJapanese minorRussian".split(),
]


@dataclasses.dataclass(frozen=True)
class Subject:
    """A list in both forms: the pack that was made of it, and its plain reading."""

    translation: Translation
    pack: Pack
    reading: Reading
    nodes: dict[Place, Node]


def text_of(folder: Path, name: str) -> str:
    path = folder / "test.reql" if name == "test" else folder / "reql" / f"{name}.reql"
    return path.read_text(encoding="utf-8")


def write(folder: Path, name: str, translation: Translation) -> Path:
    """The folder of rules with the pack in it."""
    rules = folder / "rules"
    (rules / name).mkdir(parents=True)
    (rules / "transcript.yaml").write_text(json.dumps(VOCABULARY), encoding="utf-8")
    (rules / name / "pack.yaml").write_text(json.dumps(translation.pack), encoding="utf-8")
    return rules


def subject_of(name: str, text: str, folder: Path) -> Subject:
    translation = translate(name, text)
    pack = load_pack(write(folder, name, translation), engine="reference")
    nodes = {(node.outcome, node.path): node for node in pack.compiled.nodes}
    places = {key: nodes[place] for key, place in translation.places.items()}
    return Subject(translation, pack, Reading(text), places)


@pytest.fixture
def subject(request: pytest.FixtureRequest, external: External, tmp_path: Path) -> Subject:
    return subject_of(request.param, text_of(external(DATA), request.param), tmp_path)


# -- transcripts


def profile(transcript: Transcript) -> dict[str, Any]:
    """A transcript as a profile: 12 units where none are given, and repeats marked."""
    best: dict[str, int] = {}
    for at, row in enumerate(transcript.rows):
        known = best.setdefault(row.subject, at)
        if FURTHEST.index(row.status) < FURTHEST.index(transcript.rows[known].status):
            best[row.subject] = at
    items = [
        {
            "id": row.subject,
            "status": row.status,
            "units": 12 if row.units is None else row.units,
            "categories": None if row.categories is None else sorted(row.categories),
            "repeat": best[row.subject] != at,
        }
        for at, row in enumerate(transcript.rows)
    ]
    listed = items if transcript.whole else {"complete": False, "items": items}
    return {"id": "ada", "subjects": listed, "judgements": dict(transcript.decided)}


def random_transcript(chance: random.Random, translation: Translation) -> Transcript:
    """Some of what a list names, and a little that it does not."""
    groups = [term for term in translation.terms if term.startswith(("GIR:", "HASS", "CI-"))]
    ids = [term for term in translation.terms if term not in groups]
    part = chance.choice([0.3, 0.7, 0.9, 1])
    if chance.random() < 0.1:
        taken = [one for one in ids if chance.random() < part]
    else:
        taken = chance.sample(ids, min(len(ids), chance.randrange(10)))
    others = [f"99.{number:03}" for number in range(2 * len(groups))]
    taken += chance.sample([*groups, *others], chance.randrange(len([*groups, *others]) + 1))
    well = chance.choice([0.5, 0.9, 1, 1])
    informed = chance.choice([0.8, 1])
    rows: list[Row] = []
    for one in taken:
        units = chance.choice([None, 6, 9, 12, 15])
        known: frozenset[str] | None = None
        if chance.random() < informed:
            known = frozenset(group for group in groups if chance.random() < part * 0.6)
        for _ in range(chance.choice([1, 1, 1, 2])):
            status = "completed" if chance.random() < well else chance.choice(FURTHEST)
            rows.append(Row(one, status, units, known))
    chance.shuffle(rows)
    decided = {
        one: chance.random() < 0.6 for one in translation.judgements if chance.random() < 0.7
    }
    return Transcript(rows, chance.random() < 0.85, decided)


def plan(path: Path, finished: int, under_way: int) -> Transcript:
    """The student plan in a term: what it has before is finished, what is later planned.

    It does not say what its subjects count for.
    """
    rows = [
        Row(
            one["subject_id"],
            "completed"
            if one["semester"] < finished
            else "in progress"
            if one["semester"] < under_way
            else "planned",
            one["units"],
        )
        for one in json.loads(path.read_text(encoding="utf-8"))["selectedSubjects"]
    ]
    return Transcript(rows)


# -- the two answers


def derived(
    subject: Subject, transcripts: Sequence[Transcript], engine: str = "reference"
) -> Iterator[dict[Scenario, dict[Place, bool | None]]]:
    """What the package says to every statement, in the scenarios that it asks."""
    made = make_engine(subject.pack.compiled, engine)
    for transcript in transcripts:
        read = subject.pack.reader.read(profile(transcript))
        seen = fold(subject.pack.compiled.leaves, subject.pack.rules.vocabulary, read, TODAY)
        vectors = [[one.value for one in leaves] for leaves in seen.values()]
        yield {
            scenario: {
                key: TRUTHS[found.values[node.number]] for key, node in subject.nodes.items()
            }
            for scenario, found in zip(seen, made.derive(vectors), strict=True)
        }


def wanted(
    subject: Subject, transcript: Transcript, scenario: Scenario
) -> dict[Place, bool | None]:
    """What the plain reading says."""
    found = subject.reading.values(transcript, COUNTING[scenario])
    return {key: found[key] for key in subject.nodes}


def transcripts_of(name: str, subject: Subject, number: int) -> list[Transcript]:
    chance = random.Random(f"transcripts for {name}")
    return [random_transcript(chance, subject.translation) for _ in range(number)]


every_list = pytest.mark.parametrize("subject", [*LISTS, "test"], indirect=True, ids=str)


def test_there_are_22_lists(external: External) -> None:
    assert sorted(path.stem for path in (external(DATA) / "reql").iterdir()) == sorted(LISTS)


@pytest.mark.parametrize("name", [*LISTS, "test"])
def test_the_pack_of_a_list_has_no_mistake_and_no_warning(
    name: str, external: External, tmp_path: Path
) -> None:
    rules = write(tmp_path, name, translate(name, text_of(external(DATA), name)))
    result = run("rules", "lint", "--rules", rules)
    assert (result.exit_code, result.stderr) == (0, "")
    assert "warning" not in result.stdout


@every_list
def test_every_statement_has_a_condition(subject: Subject) -> None:
    assert {key[0] for key in subject.nodes} == {*subject.reading.bodies, "whole-list"}
    read = subject.reading.values(Transcript([]), ())
    assert [key for key in subject.nodes if key not in read] == []


@every_list
def test_500_transcripts_get_what_the_plain_reading_says(
    subject: Subject, request: pytest.FixtureRequest
) -> None:
    name = request.node.callspec.id
    given = transcripts_of(name, subject, TRANSCRIPTS)
    seen: dict[str, set[bool | None]] = {name: set() for name in subject.reading.bodies}
    for transcript, found in zip(given, derived(subject, given), strict=True):
        for scenario, values in found.items():
            assert values == wanted(subject, transcript, scenario), (scenario, transcript)
            for key, so_far in seen.items():
                so_far.add(values[key,])
    always = {key for key, body in subject.reading.bodies.items() if body.endswith("{>=0}")}
    one_sided = {key for key, values in seen.items() if {True, False} - values}
    assert one_sided - always == set()


@every_list
@pytest.mark.parametrize("engine", ["rete", "batch"])
def test_the_other_engines_say_so_too(
    engine: str, subject: Subject, request: pytest.FixtureRequest
) -> None:
    if engine == "rete" and not rete.available():
        pytest.skip("durable_rules does not work here")
    given = transcripts_of(request.node.callspec.id, subject, BY_RETE)
    for transcript, found in zip(given, derived(subject, given, engine), strict=True):
        for scenario, values in found.items():
            assert values == wanted(subject, transcript, scenario), (scenario, transcript)


@every_list
@pytest.mark.parametrize(
    ("finished", "under_way"),
    [
        pytest.param(16, 16, id="all of it is finished"),
        pytest.param(7, 8, id="half of it is finished"),
        pytest.param(0, 0, id="all of it is planned"),
    ],
)
def test_the_student_plan_gets_what_the_plain_reading_says(
    subject: Subject, external: External, finished: int, under_way: int
) -> None:
    transcript = plan(external(DATA) / "example.road.json", finished, under_way)
    (found,) = derived(subject, [transcript])
    for scenario, values in found.items():
        assert values == wanted(subject, transcript, scenario)


# -- by hand, so that the two do not agree on nonsense


@pytest.mark.parametrize(
    ("taken", "met"),
    [
        ("", ""),
        ("A B C", "1 5 6"),
        ("D", "2 5"),
        ("G", ""),
        ("G G", ""),
        ("G H", "3 5 6"),
        ("A D", "2 5 6 7 8"),
        ("A B C D G H", "1 2 3 4 5 6 7 8"),
        ("A B D G I", "2 3 5 6 7 8"),
        ("A A G", "6 7 8"),
    ],
)
@pytest.mark.parametrize("subject", ["test"], indirect=True)
def test_the_list_that_is_a_test_comes_out_as_worked_out_by_hand(
    subject: Subject, taken: str, met: str
) -> None:
    transcript = Transcript([Row(one, "completed") for one in taken.split()])
    (found,) = derived(subject, [transcript])
    values = found[Scenario.NOW]
    assert [n for n in range(1, 9) if values[f"test_{n}",]] == [int(n) for n in met.split()]
    assert None not in values.values()


MADE = """M#,#Made#,#Made#,#Made up
Every sign that a modifier may have.

more

more := A/B/C{>1}
fewer := A/B/C{<2}
most := A/B/C{<=2}
units := A/B{>12u}
light := A/B/C{<24u}
ways := (A, B)/C{>=1|<2}
every := A, B{>=2} %% all of it, and two
talk := ""a talk"", A
"""


@pytest.mark.parametrize(
    ("taken", "met", "unknown"),
    [
        ("", "fewer most light", ""),
        ("A", "fewer most light ways", "talk"),
        ("A A", "fewer most light ways", "talk"),
        ("A B", "more most units ways every", "talk"),
        ("A C", "more most", "talk"),
        ("A B C", "more units every", "talk"),
    ],
)
def test_every_sign_of_a_modifier_comes_out_as_worked_out_by_hand(
    taken: str, met: str, unknown: str, tmp_path: Path
) -> None:
    subject = subject_of("made", MADE, tmp_path)
    transcript = Transcript([Row(one, "completed") for one in taken.split()])
    (found,) = derived(subject, [transcript])
    for values in (found[Scenario.NOW], subject.reading.values(transcript, ("completed",))):
        names = [name for name in subject.reading.bodies if values[name,]]
        assert names == met.split()
        names = [name for name in subject.reading.bodies if values[name,] is None]
        assert names == unknown.split()


@pytest.mark.parametrize(
    ("subject", "statement", "value"),
    [
        pytest.param("girs", "science_gir", None, id="what a subject counts for is not known"),
        pytest.param("minor6", "required_subjects", True, id="(6.0001, 6.002), 6.042, ..."),
        pytest.param("minor6", "advanced_level", True, id="6.031, 6.045 and 6.046"),
        pytest.param("minor6", "whole-list", True, id="the minor"),
        pytest.param("major6-1", "eecs_reqs", False, id="one of three"),
        pytest.param("major6-1", "aus", True, id="6.101, 6.115 and more"),
        pytest.param("major6-1", "prob", False, id="no probability"),
        pytest.param("major2a", "elective_eng", None, id="72 units that a person must decide"),
        pytest.param("major2a", "whole-list", False, id="what is decided decides"),
    ],
    indirect=["subject"],
)
def test_the_student_plan_comes_out_as_worked_out_by_hand(
    subject: Subject, external: External, statement: str, value: bool | None
) -> None:
    transcript = plan(external(DATA) / "example.road.json", 16, 16)
    (found,) = derived(subject, [transcript])
    assert found[Scenario.NOW][statement,] is value


def test_the_transcripts_have_repeats_gaps_and_rows_in_every_state(external: External) -> None:
    translation = translate("major1", text_of(external(DATA), "major1"))
    chance = random.Random(1)
    made = [random_transcript(chance, translation) for _ in range(100)]
    rows = [row for transcript in made for row in transcript.rows]
    times = {n for one in made for n in Counter(row.subject for row in one.rows).values()}
    assert times == {1, 2}
    assert {row.status for row in rows} == set(FURTHEST)
    assert {row.categories is None for row in rows} == {True, False}
    assert {transcript.whole for transcript in made} == {True, False}
    decided = {transcript.decided.get("elect_eng_1") for transcript in made}
    assert decided == {True, False, None}
