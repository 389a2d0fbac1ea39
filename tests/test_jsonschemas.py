"""The JSON Schemas: that they agree with what the package reads and writes."""

from __future__ import annotations

import datetime
import json
import random
from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from beyond_the_schema import BEYOND_THE_SCHEMA
from every_type import FACTS, every_type
from hypothesis import given, reject, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator, FormatChecker
from jsonschema.exceptions import best_match
from rule_mistakes import MISTAKES
from strategies import Question, load, questions, yaml_text

from eligibility.errors import ProfileError, RulesError
from eligibility.jsonschemas import profile_schema, rules_schema, summary_schema, verdict_schema
from eligibility.loading import Rules, read_case_files, read_rules
from eligibility.model import Fact, Kind, ListFact, RulePack
from eligibility.operators import OPERATORS
from eligibility.packs import load_pack
from eligibility.profile_json import MAX_ID, MAX_ITEMS, MAX_TEXT, parse_json
from eligibility.reading import cases, citations, conditions, items, operands, outcomes, vocabulary
from eligibility.reading.packs import read_pack
from eligibility.report import SCHEMA, as_json
from eligibility.schemas import ProfileReader
from eligibility.source import Mapping, Node, Scalar, Sequence, Span, read_text, read_yaml

ROOT = Path(__file__).parent.parent
PACKAGE = ROOT / "eligibility"
RULES = ROOT / "rules"
PROFILES = sorted((ROOT / "profiles").glob("*.json"))
RULE_FILES = sorted(RULES.rglob("*.yaml"))
BAD_RULES = ROOT / "tests" / "bad_rules"
AS_OF = datetime.date(2026, 11, 24)

SHIPPED = load_pack(RULES, engine="reference")
SHIPPED_FILES = {
    "rules.schema.json": rules_schema,
    "summary.schema.json": summary_schema,
    "verdicts.schema.json": verdict_schema,
}


def validator(schema: Any) -> Draft202012Validator:
    return Draft202012Validator(schema, format_checker=FormatChecker(["date"]))


def complaint(found: Draft202012Validator, value: object) -> str | None:
    """What is wrong with a value, and where; None where nothing is."""
    error = best_match(found.iter_errors(value))
    return None if error is None else f"{error.json_path}: {error.message[:300]}"


# The schemas themselves


@pytest.mark.parametrize("name", SHIPPED_FILES)
def test_the_shipped_file_is_current(name: str) -> None:
    """After a change: `python tests/test_jsonschemas.py` writes the files anew."""
    assert (PACKAGE / name).read_text(encoding="utf-8") == written(SHIPPED_FILES[name]())


@pytest.mark.parametrize(
    "schema",
    [
        verdict_schema(),
        summary_schema(),
        rules_schema(),
        rules_schema(SHIPPED.rules),
        rules_schema(every_type()),
        profile_schema(SHIPPED.rules),
        profile_schema(every_type()),
    ],
    ids=[
        "verdicts",
        "summary",
        "rules",
        "rules-shipped",
        "rules-every-type",
        "profile",
        "profile-every-type",
    ],
)
def test_it_is_a_schema_and_every_reference_in_it_leads_somewhere(schema: Any) -> None:
    Draft202012Validator.check_schema(schema)
    assert schema["$id"].startswith("urn:eligibility:")
    json.dumps(schema, allow_nan=False)
    wanted = {ref.removeprefix("#/$defs/") for ref in references(schema)}
    assert wanted <= schema["$defs"].keys()


def references(schema: object) -> Iterator[str]:
    if isinstance(schema, dict):
        if isinstance(schema.get("$ref"), str):
            yield schema["$ref"]
        for below in schema.values():
            yield from references(below)
    elif isinstance(schema, list):
        for below in schema:
            yield from references(below)


def objects(schema: object) -> Iterator[dict[str, Any]]:
    """Every part of a schema that describes an object by its keys."""
    if isinstance(schema, dict):
        if isinstance(schema.get("properties"), dict) and "additionalProperties" in schema:
            yield schema
        for below in schema.values():
            yield from objects(below)
    elif isinstance(schema, list):
        for below in schema:
            yield from objects(below)


def written(schema: object) -> str:
    return json.dumps(schema, ensure_ascii=False, indent=1) + "\n"


# Profiles


@pytest.mark.parametrize("path", PROFILES, ids=lambda path: path.stem)
def test_every_shipped_profile_is_valid(path: Path) -> None:
    profile = json.loads(path.read_text(encoding="utf-8"))
    assert complaint(validator(profile_schema(SHIPPED.rules)), profile) is None


def test_a_profile_schema_tells_editors_what_to_ask() -> None:
    schema = profile_schema(every_type())
    assert schema["properties"]["gpa"] == {
        "title": "the gpa",
        "description": "What is the gpa?",
        "type": ["number", "null"],
        "minimum": 0,
        "maximum": 4.5,
    }
    assert schema["properties"]["state"]["enum"] == ["New York", "new-jersey", "CA", None]
    assert schema["$defs"]["course"]["properties"]["part"]["items"] == {
        "$ref": "#/$defs/course.part"
    }
    assert schema["properties"]["judgements"]["properties"]["fair"] == {
        "type": ["boolean", "null"],
        "description": "Is it fair? Decided by the dean.",
    }
    assert schema["$id"] == "urn:eligibility:profile:every-type:1%2B2"


READER = ProfileReader(every_type())
PROFILE = validator(profile_schema(every_type()))

TEXTS = st.sampled_from(
    [
        "",
        " ",
        "a",
        "a\n",
        "\n",
        "a\x00",
        "a\x1b",
        "ü",
        "\u202e",
        "\u2028",
        "x" * MAX_ID,
        "x" * (MAX_ID + 1),
    ]
) | st.text(max_size=3)
DATES = st.sampled_from(
    [
        "2024", "2024-02", "2024-02-29", "2023-02-29", "2024-13", "2024-00", "2024-1", "24", "0000",
        "0000-01-01", "2024-02-30", "2024-02-29T00:00", "2024-02-29\n", "2024\n", "20240229",
        "२०२४", "2024-W01-1", " 2024",
    ]
)  # fmt: skip
SMALL = st.integers(-5, 200) | st.sampled_from([-1, 0, 4.5, 4.5000001, 120, 121, 2.0, 2.5, -0.0])
# Too large for a profile: its text is refused wherever they stand, comments included.
NUMBERS = SMALL | st.sampled_from([10**30, 10**30 - 1, -(10**30), 1e29])
WORDS = st.sampled_from(["F", "B+", "b+", "P", "CA", "law", "ethics", "new-jersey", "Law"])
SCALARS = st.none() | st.booleans() | SMALL | TEXTS | DATES | WORDS
ANYTHING = st.recursive(
    SCALARS,
    lambda below: (
        st.lists(below, max_size=3)
        | st.dictionaries(
            st.sampled_from(["complete", "items", "title", "//", "// x", "/", "grade"]),
            below,
            max_size=3,
        )
    ),
    max_leaves=6,
)


def near(declaration: Fact | ListFact) -> st.SearchStrategy[Any]:
    """Values that a fact may have, and some that it may not."""
    if isinstance(declaration, ListFact):
        listed = st.lists(members(tuple(declaration.attributes.values())), max_size=2)
        record = st.fixed_dictionaries(
            {"items": listed}, optional={"complete": st.booleans() | SCALARS, "// why": SCALARS}
        )
        return st.none() | listed | record
    fitting = {
        Kind.BOOLEAN: st.booleans(),
        Kind.INTEGER: NUMBERS,
        Kind.NUMBER: NUMBERS,
        Kind.TEXT: TEXTS | WORDS,
        Kind.DATE: DATES,
        Kind.SCALE: WORDS,
    }[declaration.kind]
    return st.none() | (st.lists(fitting, max_size=3) if declaration.many else fitting)


def members(facts: tuple[Fact | ListFact, ...], **more: Any) -> st.SearchStrategy[dict[str, Any]]:
    """Objects with some of the facts: near what is right, and seldom anything else."""
    known = {fact.name: st.one_of(*[near(fact)] * 9, ANYTHING) for fact in facts}
    few = st.lists(st.sampled_from(sorted(known)), max_size=3, unique=True)
    return few.flatmap(
        lambda names: st.fixed_dictionaries(
            {name: known[name] for name in names},
            optional={"// comment": ANYTHING, **more},
        )
    )


JUDGEMENTS = st.dictionaries(
    st.sampled_from(["fair", "in_time", "asked", "//"]), st.none() | st.booleans(), max_size=3
) | st.dictionaries(st.sampled_from(["fair", "other", "//"]), SCALARS, max_size=2)
IDS = st.one_of(*[st.just("student-1")] * 8, TEXTS, SCALARS)
ODD_KEYS = st.sampled_from([*[{}] * 9, {"other": 1}, {"Flag": True}, {"/": None}])


@settings(max_examples=1000)
@given(members(FACTS, judgements=JUDGEMENTS), ODD_KEYS, IDS)
def test_schema_and_reader_accept_the_same_profiles(
    profile: dict[str, Any], odd: dict[str, Any], name: Any
) -> None:
    """What the one accepts the other accepts."""
    assert_agree({**profile, **odd, "id": name})


@settings(max_examples=300)
@given(ANYTHING)
def test_schema_and_reader_agree_on_whatever_stands_for_a_profile(value: Any) -> None:
    """The same where no profile was meant."""
    assert_agree(value)


@pytest.mark.parametrize(
    ("profile", "accepted"),
    [
        ({"id": "x", "note": "x" * MAX_TEXT}, True),
        ({"id": "x", "note": "x" * (MAX_TEXT + 1)}, False),
        ({"id": "x", "tags": ["a"] * MAX_ITEMS}, True),
        ({"id": "x", "tags": ["a"] * (MAX_ITEMS + 1)}, False),
        ({"id": "x", "course": [{}] * MAX_ITEMS}, True),
        ({"id": "x", "course": [{}] * (MAX_ITEMS + 1)}, False),
        ({"id": "x", "course": {"items": [{}] * (MAX_ITEMS + 1)}}, False),
        ({"id": "x", "note": "\ud800"}, False),
        ({"id": "\ud800"}, False),
        ({}, False),
        ({"id": None}, False),
    ],
    ids=range(11),
)
def test_limits_are_the_same(profile: Any, accepted: bool) -> None:
    assert assert_agree(profile) is accepted


def test_days_that_the_calendar_lacks_pass_only_where_formats_are_not_asserted() -> None:
    profile = {"id": "x", "born": "2023-02-29"}
    assert not PROFILE.is_valid(profile)
    assert Draft202012Validator(profile_schema(every_type())).is_valid(profile)


def assert_agree(profile: Any) -> bool:
    """Whether both accept a profile; the test fails where only one does."""
    try:
        READER.read(parse_json(json.dumps(profile), "p.json"), "p.json")
        refusal = None
    except ProfileError as error:
        refusal = str(error)
    found = complaint(PROFILE, profile)
    assert (refusal is None) == (found is None), f"reader: {refusal}\nschema: {found}"
    return refusal is None


# Rules


def plain(node: Node) -> Any:
    """What an editor makes of YAML 1.2: days are texts."""
    if isinstance(node, Mapping):
        return {key.text: plain(value) for key, value in node.entries}
    if isinstance(node, Sequence):
        return [plain(item) for item in node.items]
    if isinstance(node.value, Decimal):
        return float(node.value)
    return node.text if isinstance(node.value, datetime.date) else node.value


def yaml_file(path: Path) -> Node | None:
    text, problems = read_text(path, path.name, 10**7)
    return None if problems else read_yaml(text, path.name)[0]


ANY_RULES = validator(rules_schema())
THESE_RULES = validator(rules_schema(SHIPPED.rules))


@pytest.mark.parametrize("path", RULE_FILES, ids=lambda path: path.relative_to(RULES).as_posix())
def test_every_shipped_rule_file_is_valid(path: Path) -> None:
    node = yaml_file(path)
    assert node is not None
    assert complaint(ANY_RULES, plain(node)) is None
    assert complaint(THESE_RULES, plain(node)) is None


def test_an_object_has_the_keys_that_the_reader_knows() -> None:
    """Those of the reader's tables that the schema does not import."""
    known = [frozenset(one["properties"]) for one in objects(rules_schema())]
    for keys in (
        cases._FILE_KEYS,
        cases._CASE_KEYS,
        cases._EXPECTATION_KEYS,
        citations.CITATION_KEYS,
        citations.CITATION_KEYS[1:],
        conditions._JUDGEMENT_KEYS,
        items._DEFINITION_KEYS,
        (*operands._SCOPES, "plus", "minus"),
        operands._UNITS,
        outcomes._VERSION_KEYS,
        outcomes._INFORMATION_KEYS,
        vocabulary._SCALE_KEYS,
        vocabulary._STATE_KEYS,
        vocabulary.FACT_KEYS,
        vocabulary.LIST_KEYS,
        tuple(OPERATORS),
    ):
        assert frozenset(keys) in known, keys


def test_a_schema_for_a_pack_completes_its_names_and_values() -> None:
    defs = rules_schema(SHIPPED.rules)["$defs"]
    facts = SHIPPED.rules.vocabulary.facts
    assert defs["condition"]["properties"].keys() >= facts.keys()
    outcome = defs["condition"]["properties"]["outcome"]["anyOf"][0]
    assert outcome["enum"] == list(SHIPPED.rules.outcomes)
    degree = defs["condition"]["properties"]["degree_sought"]["else"]
    assert "AAS" in degree["anyOf"][0]["enum"]
    assert "grade" in defs["where.courses"]["properties"]
    assert "holds_on" in defs["where.credentials.accreditations"]["properties"]


@pytest.mark.parametrize(
    "requires",
    [
        {"ged": "yes"},
        {"ged": {"at_least": 1}},
        {"gpa": "3"},
        {"gpa": {"one_of": []}},
        {"degree_sought": "AX"},
        {"courses": {"has": {"grade": {"at_least": "Z"}}}},
        {"courses": {"sum": "credit", "at_least": 3}},
        {"courses": True},
        {"courses": {"has": {"topics": "pharmacology"}}},
        {"courses": {"has": {"completed_on": {"before": "yesterday"}}}},
        {"credentials": {"has": {"accreditations": {"has": {"body": "x"}}}}},
        {"jobs": {"has": {"from": {"completed": "years", "at_least": 1}}}},
        {"courses": {"sum": "title", "at_least": 3}},
        {"courses": {"mean": "status", "at_least": 3}},
        {"courses": {"covers": {"topics": ["pharmacolgy"]}}},
        {"courses": {"covers": {"completed_on": ["2024-01-01"]}}},
        {"courses": {"duration": "years", "at_least": 1}},
        {"courses": {"has": {"holds_on": {"fact": "as_of"}}}},
    ],
    ids=str,
)
def test_a_schema_for_a_pack_knows_its_types(requires: Any) -> None:
    file = {"outcomes": {"x": {"title": "X", "source": {"title": "Y"}, "requires": requires}}}
    assert complaint(THESE_RULES, file) is not None


@pytest.mark.parametrize(
    "requires",
    [
        {"ged": {"is": {"fact": "high_school_diploma"}}},
        {"some_definition": True},
        {"new_quantity": {"at_least": 3}},
        {"courses": {"has": {"some_definition": False}}},
        {"jobs": {"duration": "years", "at_least": 2, "where": {"holds_on": {"fact": "as_of"}}}},
        {"outcome": "not-yet-written"},
    ],
    ids=str,
)
def test_a_schema_for_a_pack_leaves_room_for_what_is_being_written(requires: Any) -> None:
    file = {"outcomes": {"x": {"title": "X", "source": {"title": "Y"}, "requires": requires}}}
    assert complaint(THESE_RULES, file) is None


@pytest.mark.parametrize("file", MISTAKES.values(), ids=MISTAKES)
def test_a_mistake_that_needs_no_other_file_is_caught(file: Any) -> None:
    assert complaint(ANY_RULES, file) is not None


def test_what_no_schema_can_catch_is_listed() -> None:
    """Every broken file is caught, but for those of which `beyond_the_schema.py` says why."""
    listed = [name for names in BEYOND_THE_SCHEMA.values() for name in names]
    assert len(set(listed)) == len(listed)
    missed = {
        path.stem for path in BAD_RULES.iterdir() if path.suffix != ".txt" and missed_by(path)
    }
    assert missed - {"vocabulary"} == set(listed)


def missed_by(path: Path) -> bool:
    """Whether the schema finds nothing wrong with a file, or with any of a folder's."""
    files = [path] if path.is_file() else sorted(path.rglob("*.yaml"))
    nodes = [yaml_file(file) for file in files]
    return all(node is None or ANY_RULES.is_valid(plain(node)) for node in nodes)


@pytest.mark.parametrize("seed", range(4))
def test_the_schema_refuses_nothing_that_the_reader_accepts(seed: int) -> None:
    """The shipped rules, changed at random: an editor must not complain of what is right."""
    chance = random.Random(seed)
    rules = read_rules([RULES / "medical-records"])
    accepted = 0
    for _ in range(60):
        place = chance.randrange(len(rules.documents))
        document = rules.documents[place]
        root = document.root
        for _ in range(chance.randint(1, 2)):
            root = changed_root(root, chance)
        documents = [*rules.documents]
        documents[place] = replace(document, root=root)
        if used(root) == used(document.root) and accepts(replace(rules, documents=documents)):
            accepted += 1
            assert complaint(ANY_RULES, plain(root)) is None
            if document.pack is not None:
                assert complaint(THESE_RULES, plain(root)) is None
    assert accepted > 5


@pytest.mark.parametrize("seed", range(2))
def test_the_schema_refuses_no_case_file_that_the_reader_accepts(seed: int) -> None:
    chance = random.Random(seed)
    documents, _ = read_case_files([RULES / "medical-records"])
    accepted = 0
    for _ in range(40):
        document = chance.choice(documents)
        root = changed_root(document.root, chance)
        found, problems = cases.read_cases([replace(document, root=root)], SHIPPED.rules)
        if not problems and all(readable(case.profile) for case in found):
            accepted += 1
            assert complaint(ANY_RULES, plain(root)) is None
            assert complaint(THESE_RULES, plain(root)) is None
    assert accepted > 5


def readable(profile: object) -> bool:
    try:
        SHIPPED.reader.read(profile)
    except ProfileError:
        return False
    return True


def used(root: Mapping) -> Any:
    """What a file uses, which is looked at when the files are found."""
    node = root.get("use")
    return None if node is None else plain(node)


def accepts(rules: Rules) -> RulePack | None:
    try:
        return read_pack(rules)
    except RulesError:
        return None


SPAN = Span("x.yaml", 1, 1, 1, "")
ODD = [
    Scalar(value, str(value), SPAN)
    for value in (None, True, 0, 1, 2, Decimal("0.5"), "a", "any", AS_OF, "2026-11-24")
]


def changed_root(root: Mapping, chance: random.Random) -> Mapping:
    found = changed(root, chance)
    return found if isinstance(found, Mapping) else root


def changed(node: Node, chance: random.Random) -> Node:
    """The same with one thing left out, put elsewhere, or put in another's place."""
    if isinstance(node, Scalar) or chance.random() < 0.02:
        return chance.choice(ODD)
    if isinstance(node, Sequence):
        found = list(node.items)
        if found and chance.random() < 0.8:
            at = chance.randrange(len(found))
            found[at] = changed(found[at], chance)
        elif found:
            found.pop(chance.randrange(len(found)))
        return Sequence(tuple(found), SPAN)
    entries = list(node.entries)
    if not entries:
        return node
    at = chance.randrange(len(entries))
    key, value = entries[at]
    roll = chance.random()
    if roll < 0.75:
        entries[at] = (key, changed(value, chance))
    elif roll < 0.9:
        entries.pop(at)
    else:
        other = chance.choice(entries)
        entries[at] = (key, other[1])
    return Mapping(tuple(entries), SPAN)


@settings(max_examples=50)
@given(questions())
def test_every_pack_that_can_be_made_up_is_valid(question: Question) -> None:
    """As are its profiles, by the schema of the pack."""
    try:
        pack = load(question.vocabulary, question.pack)
    except RulesError:
        reject()
    of_pack = validator(rules_schema(pack.rules))
    for data in (question.vocabulary, question.pack):
        node, _ = read_yaml(yaml_text(data), "generated.yaml")
        assert node is not None
        assert complaint(ANY_RULES, plain(node)) is None
        assert complaint(of_pack, plain(node)) is None
    of_profile = validator(profile_schema(pack.rules))
    for profile in question.profiles:
        data = json.loads(json.dumps(profile, default=as_json_has_it))
        pack.reader.read(data)
        assert complaint(of_profile, data) is None


def as_json_has_it(value: object) -> object:
    return float(value) if isinstance(value, Decimal) else str(value)


# Verdicts

VERDICTS = validator(verdict_schema())


@pytest.mark.parametrize("explain", [False, True], ids=["plain", "explained"])
@pytest.mark.parametrize("path", PROFILES, ids=lambda path: path.stem)
def test_every_verdict_is_valid(path: Path, explain: bool) -> None:
    data: Any = parse_json(path.read_text(encoding="utf-8"), path.name)
    document = as_json(SHIPPED.check(data, as_of=AS_OF, source=path.name), explain=explain)
    assert complaint(VERDICTS, json.loads(json.dumps(document))) is None


def some_verdict(*, explain: bool) -> Any:
    data = {"id": "x", "credentials": {"complete": False, "items": [{"status": "in progress"}]}}
    answer = SHIPPED.check(data, as_of=AS_OF, outcomes=["program-admission", "rhit-exam"])
    document = as_json(answer, explain=explain)
    return json.loads(json.dumps(document))


def test_every_key_of_a_verdict_is_required_and_no_other_is_allowed() -> None:
    """Nothing can be added, left out or renamed in the contract without its schema."""
    document = some_verdict(explain=True)
    assert complaint(VERDICTS, document) is None
    assert document["schema"] == SCHEMA
    kept: list[str] = []
    for owner in owners(document):
        for key, value in list(owner.items()):
            del owner[key]
            if VERDICTS.is_valid(document):
                kept.append(key)
            owner[key] = value
        owner["extra"] = 1
        assert not VERDICTS.is_valid(document)
        del owner["extra"]
    # a trace has the second scenario only where something is in progress
    assert kept == ["projected"]


def owners(value: Any) -> Iterator[dict[str, Any]]:
    if isinstance(value, dict):
        yield value
    for below in (
        value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    ):
        yield from owners(below)


def test_trees_and_trace_come_together() -> None:
    document = some_verdict(explain=True)
    del document["trace"]
    assert complaint(VERDICTS, document) is not None
    plain_document = some_verdict(explain=False)
    plain_document["trace"] = {"now": []}
    assert complaint(VERDICTS, plain_document) is not None


if __name__ == "__main__":
    for shipped_name, make in SHIPPED_FILES.items():
        (PACKAGE / shipped_name).write_text(written(make()), encoding="utf-8")
