"""Reading rules: what conditions become, what may not be reported, and hostile files."""

from __future__ import annotations

import functools
import itertools
import random
import re
import shutil
import sys
from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path

import pytest

from eligibility import loading, truth
from eligibility.compiler import compile_pack
from eligibility.conditions import (
    Comparison,
    Condition,
    Cover,
    Group,
    ItemComparison,
    ItemGroup,
    ItemQuantifier,
    ItemTest,
    Literal,
    Measure,
    Not,
    Nothing,
    OutcomeValue,
    Quantifier,
    Reference,
)
from eligibility.conditions import (
    Test as Placed,
)
from eligibility.errors import Problem, RulesError
from eligibility.loading import find_packs, read_case_files, read_rules
from eligibility.model import Fact, ListFact, RulePack
from eligibility.operators import compare
from eligibility.reading.cases import read_cases
from eligibility.reading.packs import read_pack
from eligibility.source import read_yaml
from eligibility.truth import Truth
from eligibility.values import Days, Duration

VOCABULARY = (Path(__file__).parent / "bad_rules" / "vocabulary" / "student.yaml").read_text()
SHIPPED = Path(__file__).parent.parent / "rules"
HEAD = "pack: college\ntitle: College\nversion: '1'\nuse: [vocabulary/student]\n"


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def load(text: str, vocabulary: str = VOCABULARY) -> RulePack:
    for name, content in (("vocabulary/student", vocabulary), ("college/pack", text)):
        path = Path(f"{name}.yaml")
        path.parent.mkdir(exist_ok=True)
        path.write_text(content, "utf-8")
    return read_pack(read_rules([Path("college")]))


def required(requires: str, define: str = "") -> Condition:
    """What an outcome requires, in one line of YAML; definitions are one line each."""
    section = f"define:\n{define}\n" if define else ""
    outcome = f"outcomes:\n  it: {{title: It, requires: {requires}, source: {{title: H}}}}\n"
    condition = load(f"{HEAD}{section}{outcome}").outcomes["it"].requires
    assert condition is not None
    return condition


def leaf(requires: str, define: str = "") -> object:
    condition = required(requires, define)
    assert isinstance(condition, Placed)
    return condition.leaf


def told(text: str, vocabulary: str = VOCABULARY) -> list[str]:
    with pytest.raises(RulesError) as caught:
        load(text, vocabulary)
    return [problem.message.text for problem in caught.value.problems]


def refused(requires: str, define: str = "") -> list[str]:
    section = f"define:\n{define}\n" if define else ""
    outcome = f"outcomes:\n  it: {{title: It, requires: {requires}, source: {{title: H}}}}\n"
    return told(f"{HEAD}{section}{outcome}")


# -- what a condition becomes ---------------------------------------------------------


@pytest.mark.parametrize(
    ("requires", "made"),
    [
        ("{ged: true}", Comparison("ged", "is", Literal(True))),
        ("{gpa: {at_least: 2}}", Comparison("gpa", "at_least", Literal(Decimal(2)))),
        ("{gpa: 2.50}", Comparison("gpa", "is", Literal(Decimal("2.5")))),
        ("{credits_earned: 12}", Comparison("credits_earned", "is", Literal(12))),
        ("{home_state: 'no'}", Comparison("home_state", "is", Literal("no"))),
        ("{home_state: no}", Comparison("home_state", "is", Literal("no"))),
        ("{languages: {includes: French}}", Comparison("languages", "includes", Literal("French"))),
        (
            "{programme: {one_of: [AA, AS]}}",
            Comparison("programme", "one_of", (Literal("AA"), Literal("AS"))),
        ),
        (
            "{birth_date: {before: 2000-02-29}}",
            Comparison("birth_date", "before", Literal(Days.parse("2000-02-29"))),
        ),
        (
            "{birth_date: {within: {years: 2, weeks: 1}}}",
            Comparison("birth_date", "within", Literal(Duration(years=2, weeks=1))),
        ),
        (
            "{birth_date: {after: {fact: as_of, minus: {years: 18}}}}",
            Comparison("birth_date", "after", Reference("fact", "as_of", Duration(years=18), -1)),
        ),
        (
            "{gpa: {at_least: {fact: credits_earned, plus: 0.5}}}",
            Comparison("gpa", "at_least", Reference("fact", "credits_earned", Decimal("0.5"))),
        ),
        (
            "{birth_date: {completed: years, at_least: 18}}",
            Comparison("birth_date", "at_least", Literal(18), "years"),
        ),
        ("{sanction: {exists: false}}", Comparison("sanction", "exists", Literal(False))),
        (
            "{courses: {has: {}}}",
            Quantifier("courses", Measure("count"), ItemGroup(0, ()), has=True),
        ),
        (
            "{courses: {count: {}, less_than: 3}}",
            Quantifier(
                "courses", Measure("count"), ItemGroup(0, ()), "less_than", Literal(Decimal(3))
            ),
        ),
        (
            "{courses: {has: {status: enrolled}}}",
            Quantifier(
                "courses",
                Measure("count"),
                ItemComparison("status", "is", Literal("enrolled")),
                every_state=True,
            ),
        ),
        (
            "{courses: {mean: grade, weight: credits, at_least: B}}",
            Quantifier(
                "courses",
                Measure("mean", "grade", "credits"),
                ItemGroup(0, ()),
                bound=Literal(Decimal(3)),
            ),
        ),
        (
            "{courses: {mean: grade, at_least: 2.5}}",
            Quantifier(
                "courses",
                Measure("mean", "grade"),
                ItemGroup(0, ()),
                bound=Literal(Decimal("2.5")),
            ),
        ),
        (
            "{courses: {fraction: {topics: {includes: law}}, weight: credits, at_least: 0.5}}",
            Quantifier(
                "courses",
                Measure(
                    "fraction",
                    weight="credits",
                    part=ItemComparison("topics", "includes", Literal("law")),
                ),
                ItemGroup(0, ()),
                bound=Literal(Decimal("0.5")),
            ),
        ),
        (
            "{courses: {fraction: {status: enrolled}, less_than: 1}}",
            Quantifier(
                "courses",
                Measure("fraction", part=ItemComparison("status", "is", Literal("enrolled"))),
                ItemGroup(0, ()),
                "less_than",
                Literal(Decimal(1)),
                every_state=True,
            ),
        ),
        (
            "{courses: {covers: {topics: [law, coding]}, distinct: true}}",
            Quantifier("courses", Cover("topics", ("law", "coding"), True), ItemGroup(0, ())),
        ),
        (
            "{jobs: {duration: months, at_least: {fact: credits_earned}}}",
            Quantifier(
                "jobs",
                Measure("duration", unit="months"),
                ItemGroup(0, ()),
                bound=Reference("fact", "credits_earned"),
            ),
        ),
    ],
)
def test_a_leaf_is_typed_by_the_vocabulary(requires: str, made: object) -> None:
    assert leaf(requires) == made


def test_an_outcome_may_require_nothing() -> None:
    condition = required("nothing")
    assert isinstance(condition, Placed)
    assert (condition.path, condition.leaf) == ("requires", Nothing())


def test_numbers_given_where_they_are_always_met_are_let_through() -> None:
    assert leaf("{courses: {count: {}, at_least: 0}}")
    assert leaf("{gpa: {at_least: 0}}")
    assert leaf("{gpa: {is_not: 7}}")


def paths(condition: Condition) -> list[str]:
    below: tuple[Condition, ...] = ()
    if isinstance(condition, Group):
        below = condition.children
    elif isinstance(condition, Not):
        below = (condition.child,)
    return [condition.path, *itertools.chain.from_iterable(paths(child) for child in below)]


def test_every_condition_has_the_path_that_the_language_gives_it() -> None:
    condition = required(
        "{any: [{ged: true, good: true}, {good: false}, {not: {ged: true}},"
        " {gpa: {at_least: 1, less_than: 3}}, {total: {at_least: 3, at_most: 9}},"
        " {at_most: 1, of: [{ged: true}, {courses: {count: {}, at_least: 1, at_most: 2}}]}]}",
        "  good: {any: [{gpa: {at_least: 3}}, {credits_earned: {at_least: 9}}]}\n"
        "  total: {courses: {sum: credits}}",
    )
    assert paths(condition) == [
        "requires",
        "requires/any/0",
        "requires/any/0/ged",
        "requires/any/0/good",
        "requires/any/0/good/any/0",
        "requires/any/0/good/any/1",
        "requires/any/1/good",
        "requires/any/1/good/not",
        "requires/any/1/good/not/any/0",
        "requires/any/1/good/not/any/1",
        "requires/any/2",
        "requires/any/2/not",
        "requires/any/3",
        "requires/any/3/gpa/at_least",
        "requires/any/3/gpa/less_than",
        "requires/any/4",
        "requires/any/4/total/at_least",
        "requires/any/4/total/at_most",
        "requires/any/5",
        "requires/any/5/of/0",
        "requires/any/5/of/1",
        "requires/any/5/of/1/courses/at_least",
        "requires/any/5/of/1/courses/at_most",
    ]
    assert len(set(paths(condition))) == len(paths(condition))


def test_words_beside_a_condition_win_over_those_of_its_definition() -> None:
    define = "  good: {title: a good GPA, gpa: {at_least: 3}, source: {title: Memo}}"
    own = required("{good: true}", define)
    assert own.title == "a good GPA"
    assert own.source is not None
    assert own.source.title == "Memo"
    assert required("{title: at least a B, good: true}", define).title == "at least a B"


def test_a_condition_remembers_the_word_it_was_written_by() -> None:
    condition = required("{gpa: {at_least: 1, less_than: 3}}")
    assert isinstance(condition, Group)
    for child, word in zip(condition.children, ("at_least", "less_than"), strict=True):
        assert child.span is not None
        start = child.span.column - 1
        assert child.span.excerpt[start : start + child.span.width] == word


def test_several_packs_are_read_as_one() -> None:
    load(f"{HEAD}outcomes:\n  a: {{title: A, confidence: unverified}}\n")
    other = Path("school") / "pack.yaml"
    other.parent.mkdir()
    other.write_text(
        "pack: school\ntitle: School\nversion: 2\nuse: [college]\n"
        "outcomes:\n  b: {title: B, requires: {outcome: a}, source: {title: H}}\n"
    )
    pack = read_pack(read_rules([Path("college"), Path("school")]))
    assert (pack.id, pack.version, pack.title) == ("college+school", "1+2", "College + School")
    assert {name: outcome.pack for name, outcome in pack.outcomes.items()} == {
        "a": "college",
        "b": "school",
    }
    requires = pack.outcomes["b"].requires
    assert isinstance(requires, OutcomeValue)
    alone = read_pack(read_rules([Path("school")]))
    assert (alone.id, list(alone.outcomes)) == ("school", ["a", "b"])


def test_what_completing_supplies_is_any_value_the_as_of_date_or_what_passes_a_test() -> None:
    listed = load(f"{HEAD}outcomes: {{}}").vocabulary.facts["courses"]
    assert isinstance(listed, ListFact)
    grade, day = listed.completing["grade"], listed.completing["completed_on"]
    assert grade.well == ("C", "B", "A", "P")
    assert (day.on_as_of, day.well) == (True, None)
    changed = VOCABULARY.replace(
        "completing_supplies: {grade: {at_least: C}, completed_on: as_of}",
        "completing_supplies: {grade: any, topics: {includes: law}, level: {none_of: [diploma]}}",
    )
    listed = load(f"{HEAD}outcomes: {{}}", changed).vocabulary.facts["courses"]
    assert isinstance(listed, ListFact)
    assert {name: one.well for name, one in listed.completing.items()} == {
        "grade": None,
        "topics": ("law",),
        "level": ("certificate", "associate", "bachelor"),
    }


def test_a_scale_is_read_in_its_order_with_points_for_all_of_it() -> None:
    scale = load(f"{HEAD}outcomes: {{}}").vocabulary.scales["letter_grade"]
    assert scale.order == ("F", "D", "C", "B", "A")
    assert scale.values == ("F", "D", "C", "B", "A", "P", "AU", "I")
    assert scale.points == {"F": 0, "D": 1, "C": 2, "B": 3, "A": 4}
    assert scale.title == "letter grade"


# -- tests of items: negation is pushed down, and changes nothing -----------------------

FLAGS = """vocabulary: student
facts:
  things:
    type: list
    item: thing
    title: things
    question: Which?
    attributes:
      a: {type: boolean, title: a, question: A?}
      b: {type: boolean, title: b, question: B?}
      c: {type: boolean, title: c, question: C?}
      parts:
        {type: list, item: part, title: parts, question: Which?,
         attributes: {d: {type: boolean, title: d, question: D?}}}
"""


def value_of(test: ItemTest, item: Mapping[str, bool | None]) -> Truth:
    """The value of a test of an item, as the reader made it."""
    if isinstance(test, ItemComparison):
        assert isinstance(test.operand, Literal)
        value = compare(test.operator, item[test.attribute], test.operand.value, None)
        return truth.negation(value) if test.negated else value
    assert isinstance(test, ItemGroup)
    return truth.at_least(test.k, [value_of(child, item) for child in test.children])


def meant_by(data: object, item: Mapping[str, bool | None]) -> Truth:
    """The same, straight from the words of the language."""
    assert isinstance(data, dict)
    values = []
    for key, below in data.items():
        if key in ("at_least", "at_most"):
            continue
        if key in ("a", "b", "c"):
            values.append(compare("is", item[key], below, None))
        elif key == "not":
            values.append(truth.negation(meant_by(below, item)))
        else:
            parts = [meant_by(one, item) for one in below]
            if key == "none":
                values.append(truth.negation(truth.disjunction(parts)))
            elif key == "of" and "at_least" in data:
                values.append(truth.at_least(data["at_least"], parts))
            elif key == "of":
                values.append(truth.at_most(data["at_most"], parts))
            else:
                join = truth.conjunction if key == "all" else truth.disjunction
                values.append(join(parts))
    return truth.conjunction(values)


def written(data: object) -> str:
    if isinstance(data, dict):
        return "{" + ", ".join(f"{key}: {written(below)}" for key, below in data.items()) + "}"
    if isinstance(data, list):
        return "[" + ", ".join(written(one) for one in data) + "]"
    return str(data).lower()


def some_test(chance: random.Random, depth: int) -> dict[str, object]:
    kind = chance.choice(["leaf", "all", "any", "none", "not", "at_least", "at_most", "two"])
    if depth == 0 or kind == "leaf":
        return {chance.choice("abc"): chance.choice([True, False])}
    if kind == "not":
        return {"not": some_test(chance, depth - 1)}
    parts = [some_test(chance, depth - 1) for _ in range(chance.randint(1, 3))]
    if kind == "two":
        return {"all": parts, "not": some_test(chance, depth - 1)}
    if kind in ("at_least", "at_most"):
        k = chance.randint(1, len(parts)) if kind == "at_least" else chance.randint(0, 4)
        return {kind: k, "of": parts}
    return {kind: parts}


@pytest.mark.parametrize("seed", range(4))
def test_a_test_of_an_item_means_the_same_with_negation_pushed_down(seed: int) -> None:
    chance = random.Random(seed)
    compared = 0
    while compared < 25:
        data = some_test(chance, 3)
        text = f"{{things: {{has: {written(data)}}}}}"
        outcome = f"outcomes:\n  it: {{title: It, requires: {text}, source: {{title: H}}}}\n"
        try:
            condition = load(f"{HEAD}{outcome}", FLAGS).outcomes["it"].requires
        except RulesError:
            continue  # it asks for what cannot be: see the next test
        assert isinstance(condition, Placed)
        assert isinstance(condition.leaf, Quantifier)
        compared += 1
        for values in itertools.product((True, False, None), repeat=3):
            item = dict(zip("abc", values, strict=True))
            assert value_of(condition.leaf.where, item) is meant_by(data, item), (text, item)


@pytest.mark.parametrize("seed", range(4))
def test_only_what_no_item_can_meet_is_said_to_be_never_met(seed: int) -> None:
    chance = random.Random(100 + seed)
    for _ in range(40):
        data = some_test(chance, 2)
        text = f"{{things: {{has: {written(data)}}}}}"
        outcome = f"outcomes:\n  it: {{title: It, requires: {text}, source: {{title: H}}}}\n"
        items = [
            dict(zip("abc", values, strict=True))
            for values in itertools.product((True, False), repeat=3)
        ]
        try:
            load(f"{HEAD}{outcome}", FLAGS)
        except RulesError:
            # what is refused is met by nothing, or has an alternative that is
            assert any(
                all(meant_by(part, item) is not Truth.MET for item in items)
                for part in alternatives(data)
            ), text


def alternatives(data: object) -> list[object]:
    """All parts of a test that some part of it may require, and their opposites."""
    found: list[object] = [data, {"not": data}]
    if isinstance(data, dict):
        for below in data.values():
            for part in below if isinstance(below, list) else [below]:
                found.extend(alternatives(part) if isinstance(part, dict) else [])
    return found


def test_a_quantifier_in_an_item_is_negated_as_a_whole() -> None:
    text = "{things: {has: {none: [{a: true}, {parts: {has: {d: false}}}]}}}"
    outcome = f"outcomes:\n  it: {{title: It, requires: {text}, source: {{title: H}}}}\n"
    condition = load(f"{HEAD}{outcome}", FLAGS).outcomes["it"].requires
    assert isinstance(condition, Placed)
    assert isinstance(condition.leaf, Quantifier)
    where = condition.leaf.where
    assert isinstance(where, ItemGroup)
    first, second = where.children
    assert where.k == 2
    assert isinstance(first, ItemComparison)
    assert first.negated
    assert isinstance(second, ItemQuantifier)
    assert second.negated
    assert second.quantifier.where == ItemComparison("d", "is", Literal(False))


def test_an_item_definition_can_be_wanted_or_not() -> None:
    define = "  passed: {of: courses, title: passed, where: {grade: {at_least: D}}}"
    wanted = leaf("{courses: {has: {passed: true}}}", define)
    assert isinstance(wanted, Quantifier)
    assert wanted.where == ItemGroup(1, (ItemComparison("grade", "at_least", Literal("D")),))
    assert isinstance(wanted.where, ItemGroup)
    assert wanted.where.title == "passed"
    unwanted = leaf("{courses: {has: {passed: false}}}", define)
    assert isinstance(unwanted, Quantifier)
    assert unwanted.where == ItemComparison("grade", "at_least", Literal("D"), negated=True)


def test_nested_lists_of_one_name_may_share_a_definition_where_it_fits() -> None:
    twice = FLAGS + FLAGS.split("facts:\n")[1].replace("things:", "others:").replace("d:", "e:")
    define = "define:\n  sound: {of: parts, where: {d: true}}\n"
    fitting = "{things: {has: {parts: {has: {sound: true}}}}}"
    outcome = "outcomes:\n  it: {{title: It, requires: {}, source: {{title: H}}}}\n"
    load(f"{HEAD}{define}{outcome.format(fitting)}", twice)
    other = fitting.replace("things", "others")
    assert told(f"{HEAD}{define}{outcome.format(other)}", twice) == [
        "unknown attribute `d` of `parts`"
    ]


# -- one mistake, one report ------------------------------------------------------------


def test_an_outcome_that_is_wrong_is_known_all_the_same() -> None:
    text = (
        "outcomes:\n  a: {title: A, requires: {gde: true}, source: {title: H}}\n"
        "  b: {title: B, requires: {outcome: a}, source: {title: H}}\n"
    )
    assert told(HEAD + text) == ["unknown fact `gde`"]


def test_circles_are_found_among_outcomes_that_have_other_mistakes() -> None:
    text = (
        "outcomes:\n"
        "  a: {title: A, requires: {all: [{gde: true}, {outcome: b}]}, source: {title: H}}\n"
        "  b: {title: B, requires: {outcome: a}, source: {title: H}}\n"
    )
    assert told(HEAD + text) == [
        "unknown fact `gde`",
        "outcomes depend on themselves: `a` -> `b` -> `a`",
    ]


def test_a_mistake_in_a_definition_is_reported_once_however_often_it_is_used() -> None:
    uses = ", ".join(["{bad: true}", "{bad: false}", "{worse: true}"] * 20)
    define = "  bad: {gpa: {at_least: high}}\n  worse: {any: [{bad: true}, {not: {bad: true}}]}"
    assert refused(f"{{any: [{uses}]}}", define) == ["`gpa` is a number, found `high`"]


@pytest.mark.parametrize("broken", ["vocabulary: [", "vocabulary: student\nfacts: [x]\n", "\t"])
def test_where_a_file_cannot_be_read_nothing_is_called_unknown(broken: str) -> None:
    text = "outcomes:\n  a: {title: A, requires: {zodiac: leo, outcome: z}, source: {from: q}}\n"
    assert len(told(HEAD + text, broken)) == 1


def test_the_problems_of_a_report_are_sorted_and_none_is_there_twice() -> None:
    text = "outcomes:\n" + "".join(
        f"  a{n}: {{title: A, requires: {{gde: true, gap: 1, ged: 7}}, source: {{title: H}}}}\n"
        for n in range(20)
    )
    with pytest.raises(RulesError) as caught:
        load(HEAD + text)
    places = [(one.file, one.line, one.column) for one in caught.value.problems]
    assert places == sorted(set(places))
    assert len(places) == 60


def test_the_whole_report_is_bounded() -> None:
    parts = ", ".join(f"{{gde{n}: true}}" for n in range(1_500))
    found = refused(f"{{all: [{parts}]}}")
    assert len(found) == 1_001
    assert found[0] == "more than 1,000 mistakes, of which these are the first"


def test_the_report_on_cases_is_bounded() -> None:
    pack = load(f"{HEAD}outcomes: {{}}")
    Path("college/cases.yaml").write_text("cases: [" + "x, " * 1_500 + "]")
    documents, _ = read_case_files([Path("college")])
    cases, problems = read_cases(documents, pack)
    assert (len(cases), len(problems)) == (0, 1_001)


def test_a_text_may_have_ten_thousand_characters() -> None:
    assert leaf(f"{{home_state: {'x' * 10_000}}}")
    (found,) = refused(f"{{home_state: {'x' * 10_001}}}")
    assert found == f"`home_state` is a text, found `{'x' * 60}...`"


def test_nothing_of_a_file_can_write_on_the_terminal() -> None:
    with pytest.raises(RulesError) as caught:
        load(f'{HEAD}"\\e[31m\\nred\\r": 1\noutcomes: {{}}\n')
    report = str(caught.value)
    assert all(char.isprintable() or char == "\n" for char in report)
    assert report.startswith("college/pack.yaml:5:1: unknown key ` [31m red ` of a pack\n")


# -- hostile files: a clear error, soon ---------------------------------------------------


def laughs(first: str, body: str, count: int = 20) -> str:
    """Each definition uses the one before it ten times over."""
    lines = [f"  d0: {first}"]
    lines += [
        f"  d{n}: {body.format(', '.join([f'{{d{n - 1}: true}}'] * 10))}" for n in range(1, count)
    ]
    return "\n".join(lines)


@pytest.mark.parametrize(
    ("requires", "define"),
    [
        ("{d19: true}", laughs("{ged: true}", "{{any: [{}]}}")),
        ("{d19: false}", laughs("{ged: true}", "{{none: [{}]}}")),
        (
            "{courses: {has: {d19: true}}}",
            laughs("{of: courses, where: {grade: A}}", "{{of: courses, where: {{any: [{}]}}}}"),
        ),
    ],
)
def test_definitions_cannot_blow_up(requires: str, define: str) -> None:
    assert refused(requires, define) == ["more than 50,000 conditions"]


def chain(body: str, first: str, length: int, *, backwards: bool) -> str:
    lines = [f"  d0: {first}", *(f"  d{n}: {body.format(n - 1)}" for n in range(1, length))]
    return "\n".join(reversed(lines) if backwards else lines)


@pytest.mark.parametrize("backwards", [True, False])
@pytest.mark.parametrize(
    ("requires", "body", "first"),
    [
        ("{{d{}: true}}", "{{d{}: true}}", "{ged: true}"),
        ("{{d{}: true}}", "{{not: {{d{}: true}}}}", "{ged: true}"),
        ("{{d{}: true}}", "{{all: [{{ged: true}}, {{d{}: true}}]}}", "{ged: true}"),
        (
            "{{courses: {{has: {{d{}: true}}}}}}",
            "{{of: courses, where: {{any: [{{grade: A}}, {{d{}: true}}]}}}}",
            "{of: courses, where: {grade: B}}",
        ),
    ],
)
def test_a_long_chain_of_definitions_is_refused_and_not_followed(
    requires: str, body: str, first: str, backwards: bool
) -> None:
    length = sys.getrecursionlimit() * 3
    found = refused(requires.format(length - 1), chain(body, first, length, backwards=backwards))
    assert len(found) == 1
    assert found[0].startswith("conditions stand more than 60 deep in one another: `d")


def test_a_circle_of_very_many_definitions_is_refused() -> None:
    length = sys.getrecursionlimit() * 3
    define = "\n".join(f"  d{n}: {{d{(n + 1) % length}: true}}" for n in range(length))
    assert len(refused("{ged: true}", define)) == 1


def test_conditions_may_stand_as_deep_as_a_file_can_hold() -> None:
    deep = "{not: " * 50 + "{ged: true}" + "}" * 50
    compile_pack(
        load(f"{HEAD}outcomes:\n  a: {{title: A, requires: {deep}, source: {{title: H}}}}\n")
    )
    test = "{not: " * 48 + "{grade: A}" + "}" * 48
    assert isinstance(leaf(f"{{courses: {{has: {test}}}}}"), Quantifier)
    define = chain("{{not: {{d{}: true}}}}", "{ged: true}", 29, backwards=False)
    assert len(paths(required("{d28: true}", define))) == 29


def outcomes_in_a_row(length: int, last: str) -> str:
    lines = [
        f"  a{n}: {{title: A, requires: {{outcome: a{n + 1}}}, source: {{title: H}}}}\n"
        for n in range(length)
    ]
    end = f"  a{length}: {{title: A, requires: {last}, source: {{title: H}}}}\n"
    return f"{HEAD}outcomes:\n{''.join(lines)}{end}"


def test_a_long_chain_of_outcomes_is_read() -> None:
    length = sys.getrecursionlimit() * 2
    pack = load(outcomes_in_a_row(length, "{ged: true}"))
    assert len(compile_pack(pack).roots) == length + 1


def test_a_long_circle_of_outcomes_is_refused_with_its_ends() -> None:
    length = sys.getrecursionlimit() * 2
    (found,) = told(outcomes_in_a_row(length, "{outcome: a0}"))
    assert found.startswith("outcomes depend on themselves: `a0` -> `a1` -> ")
    assert found.endswith(f"`a{length - 1}` -> `a{length}` -> `a0`")
    assert len(found) < 300


def test_very_many_comparisons_of_one_fact_are_not_searched_for_ever() -> None:
    parts = ", ".join(f"{{gpa: {{at_least: 0.{n}}}}}" for n in range(5_000))
    assert isinstance(required(f"{{all: [{parts}]}}"), Group)
    values = ", ".join(f"s{n}" for n in range(20_000))
    assert leaf(f"{{home_state: {{one_of: [{values}]}}}}")
    assert refused(f"{{home_state: {{one_of: [{values}, s7]}}}}") == ["`s7` is listed twice"]


def test_numbers_of_many_digits_are_compared_exactly() -> None:
    near = "{all: [{gpa: {more_than: 1.000000000000000000000000000001}}, {gpa: {less_than: %s}}]}"
    assert isinstance(required(near % "1.000000000000000000000000000002"), Group)
    assert len(refused(near % "1.000000000000000000000000000001")) == 1
    large = "9" * 30
    assert leaf(f"{{credits_earned: {{more_than: {large}}}}}")
    assert refused(f"{{credits_earned: {{more_than: {large}9}}}}") == [
        f"`credits_earned` is a whole number, found `{large}9`"
    ]


def test_a_word_of_a_million_letters_is_shown_in_part() -> None:
    (found,) = refused("{? " + "x" * 1_000_000 + "\n: true}")
    assert found == f"unknown fact `{'x' * 60}...`"


# -- whatever is done to the shipped packs, rules load or the report says where -----------


def change_line(text: str, chance: random.Random) -> str:
    """A line deleted, repeated, moved, or indented otherwise."""
    lines = text.splitlines(keepends=True)
    at, other = chance.randrange(len(lines)), chance.randrange(len(lines))
    match chance.randrange(5):
        case 0:
            del lines[at]
        case 1:
            lines.insert(at, lines[at])
        case 2:
            lines[at], lines[other] = lines[other], lines[at]
        case 3:
            lines[at] = chance.choice([" ", "  ", "\t", "- "]) + lines[at]
        case _:
            lines[at] = lines[at].removeprefix("  ")
    return "".join(lines)


def change_word(text: str, chance: random.Random) -> str:
    """A word deleted, cut, repeated, or another in its place."""
    words = re.split(r"(\W+)", text)
    at = chance.randrange(len(words))
    others = [*JUNK, chance.choice(words), words[at] * 2, words[at][1:], "", ""]
    words[at] = chance.choice(others)
    return "".join(words)


def change_sign(text: str, chance: random.Random) -> str:
    """A sign that means something to YAML put anywhere."""
    at = chance.randrange(len(text))
    return text[:at] + chance.choice(":{}[],'\"#-&*!|>%@`\n\0") + text[at:]


JUNK = "[] {} null -1 2024-02-30 1e9 *x &x !t true at_least any not of where has fact ü \0".split(
    " "
)


def mutated(text: str, chance: random.Random) -> str:
    """A text with one or two small changes."""
    for _ in range(chance.randint(1, 2)):
        text = chance.choice([change_line, change_word, change_word, change_sign])(text, chance)
    return text


@pytest.fixture(scope="session")
def shipped() -> dict[str, str]:
    return {
        path.relative_to(SHIPPED).as_posix(): path.read_text("utf-8")
        for path in sorted(SHIPPED.rglob("*.yaml"))
    }


@pytest.mark.parametrize("seed", range(15))
def test_whatever_is_done_to_the_rules_they_load_or_the_report_says_where(
    seed: int, here: Path, shipped: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    # the files that are not changed need not be parsed again
    monkeypatch.setattr(loading, "read_yaml", functools.cache(read_yaml))
    chance = random.Random(seed)
    shutil.copytree(SHIPPED, here / "rules")
    for _ in range(30):
        name = chance.choice([*shipped])
        path = here / "rules" / name
        path.write_bytes(mutated(shipped[name], chance).encode())
        for problem in problems_of(find_packs(Path("rules"))):
            assert problem.file.startswith("rules/")
            assert problem.line > 0 or problem.message.text == "the file is empty", problem
            assert problem.message.text[0] in "`abcdefghijklmnopqrstuvwxyz"
        path.write_text(shipped[name], "utf-8")
    assert problems_of(find_packs(Path("rules"))) == ()


def problems_of(packs: tuple[Path, ...]) -> tuple[Problem, ...]:
    """All that is wrong with the packs and, where nothing is, with their cases."""
    try:
        pack = read_pack(read_rules(packs))
    except RulesError as error:
        return error.problems or pytest.fail("an error without a problem")
    documents, unread = read_case_files(packs)
    _, wrong = read_cases(documents, pack)
    return RulesError([*unread, *wrong]).problems


def test_a_fact_of_a_vocabulary_keeps_all_that_is_said_of_it() -> None:
    gpa = load(f"{HEAD}outcomes: {{}}").vocabulary.facts["gpa"]
    assert isinstance(gpa, Fact)
    assert (gpa.minimum, gpa.maximum) == (Decimal(0), Decimal(4))
    assert (gpa.title, gpa.question) == ("a GPA", "Which GPA?")
