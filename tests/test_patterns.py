"""Students decided by patterns: who takes this way, and that it changes no answer."""

from __future__ import annotations

import datetime
import io
import json
from collections.abc import Mapping, Sequence
from decimal import Decimal
from itertools import groupby
from pathlib import Path
from typing import cast

import numpy as np
import pytest
from numpy.typing import NDArray
from parts import Places, came_out

from eligibility.batch.answering import OneByOne
from eligibility.batch.formats import Ndjson
from eligibility.batch.streaming import Streaming
from eligibility.batch.summary import Counting
from eligibility.conditions import Literal, Operand, Reference
from eligibility.facts import Item
from eligibility.inputs import Found, Unread
from eligibility.operators import compare
from eligibility.packs import Pack, load_cases, load_pack
from eligibility.patterns.arrays import Integers
from eligibility.patterns.compared import Compared, literals
from eligibility.patterns.deciding import kinds_of
from eligibility.patterns.decoding import Decoder
from eligibility.patterns.families import UnpackableError
from eligibility.patterns.items import ItemKinds
from eligibility.patterns.layout import MOST, WORD, Layout
from eligibility.patterns.tables import Patterns
from eligibility.truth import Truth
from eligibility.values import Absent, Days, Duration, Unit, Value, since

TODAY = datetime.date(2026, 11, 24)

VOCABULARY = """
vocabulary: club
facts:
  gpa: {type: number, minimum: 0, maximum: 5, title: GPA, question: Which GPA?}
  age: {type: integer, minimum: 0, title: age, question: How old?}
  member: {type: boolean, title: member, question: A member?}
  dropped: {type: boolean, complete: true, title: dropped, question: Dropped?}
  born: {type: date, title: birth date, question: Born when?}
  town: {type: text, title: town, question: Which town?}
  tags: {type: text, many: true, title: tags, question: Which tags?}
  courses:
    type: list
    title: courses
    item: course
    question: Which courses?
    attributes:
      topic: {type: text, values: [law, ethics, coding], title: topic, question: Which topic?}
      credits: {type: number, minimum: 0, title: credits, question: How many credits?}
      status: {type: text, values: [done, enrolled], title: status, question: Done?}
      note: {type: text, title: note, question: Any note?}
    state: {attribute: status, finished: [done], in_progress: [enrolled]}
"""

PACK = """
pack: club
title: The club
version: "1"
use: [vocabulary]
sources: {here: {title: Rules of the club}}
outcomes:
  entry:
    title: Entry
    source: {from: here}
    requires:
      all:
        - gpa: {at_least: 2.5}
        - age: {at_least: 16}
        - member: true
        - dropped: false
        - tags: {includes: keen}
        - courses: {count: {topic: law}, at_least: 2}
        - courses: {sum: credits, at_least: 10}
"""


@pytest.fixture(scope="module")
def club(tmp_path_factory: pytest.TempPathFactory) -> Pack:
    folder = tmp_path_factory.mktemp("rules")
    (folder / "club").mkdir()
    (folder / "vocabulary.yaml").write_text(VOCABULARY, encoding="utf-8")
    (folder / "club" / "pack.yaml").write_text(PACK, encoding="utf-8")
    return load_pack(folder / "club", engine="batch")


def decoder_of(way: Streaming) -> Decoder:
    return way._decoder


def whole(courses: str) -> str:
    """A line with a value for the courses."""
    return f'{{"id":"a","courses":{courses}}}'


COURSE = '{"topic":"law","credits":3,"status":"done"}'
QUICK = {
    "all that is asked": '{"id":"a","gpa":3.1,"age":17,"member":true,"tags":["keen"],"courses":[]}',
    "nothing but an id": '{"id":"a"}',
    "nulls": '{"id":"a","gpa":null,"courses":null,"tags":null,"judgements":null}',
    "blanks between": '{ "id" : "a" ,\t"gpa" : 2.5 }  ',
    "a list that is said to be partial": whole(f'{{"complete":false,"items":[{COURSE}]}}'),
    "a list that is said to be whole": whole(f'{{"complete":true,"items":[{COURSE}]}}'),
    "a list with nothing said": whole(f'{{"items":[{COURSE}]}}'),
    "a course in progress": '{"id":"a","courses":[{"topic":"law","status":"enrolled"}]}',
    "a course of which little is known": whole('[{},{"status":null},{"credits":null}]'),
    "the most courses": whole(f"[{','.join([COURSE] * MOST)}]"),
    "a partial date": '{"id":"a","born":"2004-05"}',
    "an escaped letter": r'{"id":"\u00e4","town":"\u00e4"}',
    "letters of all kinds": '{"id":"Zoë 李","town":"Łódź"}',
    "numbers with noughts": '{"id":"a","gpa":3.0,"courses":[{"credits":3.00}]}',
    "a number with an exponent": '{"id":"a","gpa":25E-1}',
}
ORDINARY = {
    "a number in quotes": '{"id":"a","gpa":"3.1"}',
    "a number in quotes in an item": '{"id":"a","courses":[{"credits":"3"}]}',
    "a number that is none, in quotes": '{"id":"a","gpa":"NaN"}',
    "a signalling one": '{"id":"a","gpa":"sNaN"}',
    "NaN": '{"id":"a","gpa":NaN}',
    "an infinity": '{"id":"a","gpa":1e999}',
    "a key twice": '{"id":"a","gpa":3,"gpa":4}',
    "a key twice in an item": '{"id":"a","courses":[{"credits":3,"credits":4}]}',
    "a key twice, one of them null": '{"id":"a","gpa":null,"gpa":3}',
    "a list twice": f'{{"id":"a","courses":[{COURSE}],"courses":[]}}',
    "an unknown key": '{"id":"a","gpaa":3}',
    "an unknown key in an item": '{"id":"a","courses":[{"credit":3}]}',
    "a comment": '{"id":"a","// why":"because"}',
    "an unknown judgement": '{"id":"a","judgements":{"x":true}}',
    "true for a number": '{"id":"a","gpa":true}',
    "1 for true": '{"id":"a","member":1}',
    "a fraction for a whole number": '{"id":"a","age":16.5}',
    "a whole number with a point": '{"id":"a","age":16.0}',
    "a value that is not declared": '{"id":"a","courses":[{"topic":"Law"}]}',
    "a number below the least": '{"id":"a","gpa":-1}',
    "a number above the most": '{"id":"a","gpa":5.01}',
    "noughts in a row": '{"id":"a","gpa":3.0000000000000000}',
    "nothing with an exponent": '{"id":"a","gpa":0e-40}',
    "a whole number of too many digits": '{"id":"a","age":' + "1" * 31 + "}",
    "a number of too many digits": '{"id":"a","gpa":3.' + "1" * 40 + "}",
    "a day that is none": '{"id":"a","born":"2023-02-30"}',
    "an empty text": '{"id":"a","town":" "}',
    "a control character": r'{"id":"a","town":"a\u0007"}',
    "a control character as it is": '{"id":"a","town":"a\x07"}',
    "half a character": r'{"id":"a","town":"\ud800"}',
    "a quotation mark in a text": r'{"id":"a","town":"\""}',
    "no id": '{"gpa":3}',
    "an empty id": '{"id":""}',
    "a blank id": '{"id":" "}',
    "an id of two lines": r'{"id":"a\nb"}',
    "an id that is a number": '{"id":7}',
    "a long id": '{"id":"' + "a" * 201 + '"}',
    "a list for an object": "[]",
    "an array of two": '[{"id":"a"},{"id":"b"}]',
    "more than one value": '{"id":"a"} {"id":"b"}',
    "no JSON": '{"id":"a"',
    "a comma too many": '{"id":"a",}',
    "a number that begins with a nought": '{"id":"a","age":016}',
    "more courses than are added up": '{"id":"a","courses":['
    + ",".join([COURSE] * (MOST + 1))
    + "]}",
    "credits too fine to be added up": '{"id":"a","courses":[{"credits":0.00001,"status":"done"}]}',
    "credits too many to be added up": '{"id":"a","courses":[{"credits":1e20,"status":"done"}]}',
    "a record without items": '{"id":"a","courses":{"complete":true}}',
    "a record with another key": '{"id":"a","courses":{"items":[],"whole":true}}',
}


@pytest.mark.parametrize("reasons", ["none", "blocking"])
@pytest.mark.parametrize("name", [*QUICK, *ORDINARY])
def test_a_line_comes_out_as_it_does_one_by_one(name: str, reasons: str, club: Pack) -> None:
    line = (QUICK | ORDINARY)[name].encode("utf-8", "surrogatepass")
    asked = ["entry"]
    quick = Streaming(club, TODAY, asked, reasons, written=False)
    plain = OneByOne(club, TODAY, asked, reasons)
    place = [Unread("students.ndjson", 7, line)]
    assert came_out(quick, 1, place) == came_out(plain, 1, place)
    assert (bool(decoder_of(quick).batch([line]).ids)) == (name in QUICK)


def test_a_bound_of_many_digits_is_not_rounded(tmp_path: Path) -> None:
    (tmp_path / "club").mkdir()
    (tmp_path / "vocabulary.yaml").write_text(VOCABULARY, encoding="utf-8")
    bound = "at_least: 100000.000000000000000000000001"
    requires = f"    requires:\n      courses: {{sum: credits, {bound}}}\n"
    text = PACK[: PACK.index("    requires:")] + requires
    (tmp_path / "club" / "pack.yaml").write_text(text, encoding="utf-8")
    pack = load_pack(tmp_path / "club", engine="batch")
    quick = Streaming(pack, TODAY, ["entry"], "blocking", written=False)
    plain = OneByOne(pack, TODAY, ["entry"], "blocking")
    line = whole('[{"credits":100000,"status":"done"}]').encode()
    assert bool(decoder_of(quick).batch([line]).ids)
    place = [Unread("students.ndjson", 1, line)]
    assert came_out(quick, 1, place) == came_out(plain, 1, place)


def test_bytes_that_are_no_text_take_the_ordinary_way(club: Pack) -> None:
    quick = Streaming(club, TODAY, ["entry"], "none", written=False)
    plain = OneByOne(club, TODAY, ["entry"], "none")
    for line in (b'{"id":"\xff"}', b'\xef\xbb\xbf{"id":"a"}', b'{"id":"\xed\xa0\x80"}'):
        assert not decoder_of(quick).batch([line]).ids
        place = [Unread("students.ndjson", 1, line)]
        assert came_out(quick, 1, place) == came_out(plain, 1, place)


def test_values_that_are_equal_and_written_otherwise_are_each_told(club: Pack) -> None:
    """1 and true are equal to Python, and so are 3 and 3.00."""
    quick = Streaming(club, TODAY, ["entry"], "blocking", written=False)
    plain = OneByOne(club, TODAY, ["entry"], "blocking")
    lines = [
        '{"id":"a","gpa":1}',
        '{"id":"b","gpa":1.0}',
        '{"id":"c","gpa":true}',
        '{"id":"d","member":true}',
        '{"id":"e","member":1}',
        '{"id":"f","age":1}',
        '{"id":"g","age":true}',
        '{"id":"h","age":"1"}',
        '{"id":"i","gpa":2.' + "0" * 40 + "}",
        '{"id":"j","gpa":1.234567890123456789012345678901}',
        '{"id":"k","gpa":1.23456789012345678901234567890}',
        '{"id":"l","gpa":1.2345678901234567890123456789}',
        '{"id":"m","gpa":1.23456789012345678901234567890}',
        '{"id":"n","gpa":1.2345678901234567890123456789000}',
        '{"id":"o","gpa":0}',
        '{"id":"p","gpa":0e-40}',
        '{"id":"q","gpa":0.0E+50}',
        '{"id":"r","gpa":1e-20}',
        '{"id":"s","gpa":1.00000000000e-20}',
        '{"id":"t","gpa":1000000000000000.000000000000000e-15}',
        '{"id":"u","courses":[{"credits":1e15},{"credits":0}]}',
        '{"id":"v","courses":[{"credits":1000000000000000.000000000000000}]}',
        '{"id":"w","courses":[{"credits":0e-40}]}',
        '{"id":"x 0e1","courses":[{"credits":10e-1}]}',
    ]
    places = [Unread("lines", number, line.encode()) for number, line in enumerate(lines, 1)]
    assert came_out(quick, 1, places) == came_out(plain, 1, places)


LIMITS: dict[str, dict[str, int]] = {
    "few values and patterns": {
        "patterns.decoding.REMEMBERED": 2,
        "patterns.listed.REMEMBERED": 2,
        "patterns.tables.PATTERNS": 2,
        "patterns.deciding._VALUES": 2,
        "patterns.families.KNOWN": 2,
        "batch.deciding._HELD": 2,
        "batch.pieces._HELD": 2,
    },
    "no room for kinds of items": {"patterns.listed._ROOM": 1},
    "kinds that are looked up by several keys": {"patterns.listed._KEY": 6},
    "kinds that are not looked up directly": {"patterns.listed._DIRECT": 0},
    "few integers at once": {"patterns.listed._AT_ONCE": 1},
}


@pytest.mark.parametrize("limits", LIMITS.values(), ids=LIMITS)
def test_what_is_remembered_is_forgotten_when_it_is_too_much(
    limits: dict[str, int], club: Pack, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("eligibility.batch.streaming._BATCH", 7)
    for name, limit in limits.items():
        monkeypatch.setattr(f"eligibility.{name}", limit)
    lines = [
        json.dumps(
            {
                "id": f"s{number}",
                "gpa": number % 5,
                "age": 10 + number % 11,
                "town": f"town {number}",
                "courses": [
                    {"topic": ("law", "ethics")[one % 2], "credits": one, "status": "done"}
                    for one in range(number % 7)
                ],
            }
        )
        for number in range(60)
    ]
    places = [Unread("lines", number, line.encode()) for number, line in enumerate(lines, 1)]
    quick = Streaming(club, TODAY, ["entry"], "blocking", written=False)
    plain = OneByOne(club, TODAY, ["entry"], "blocking")
    assert came_out(quick, 1, places) == came_out(plain, 1, places)


def test_what_blocks_is_written_in_the_order_of_the_outcomes_asked_for(
    shipped: Pack,
) -> None:
    """An outcome that refers to others is decided behind them, and may be written before them."""
    asked = [*shipped.rules.outcomes][::-1]
    line = Unread("lines", 1, b'{"id":"a"}')
    form = Ndjson(asked, "blocking")
    texts = []
    for way in (
        Streaming(shipped, TODAY, asked, "blocking", written=True),
        OneByOne(shipped, TODAY, asked, "blocking"),
    ):
        stream = io.BytesIO()
        form.write(stream, way.rows(Places([line]), Counting(len(asked))))
        texts.append(stream.getvalue())
    assert texts[0] == texts[1]
    told = json.loads(texts[0])["blocking"]
    assert [*told] == [name for name in asked if name in told]


def test_values_of_an_attribute_beyond_the_numbers_for_them_take_the_ordinary_way(
    club: Pack, monkeypatch: pytest.MonkeyPatch
) -> None:
    from eligibility.patterns import listed

    monkeypatch.setattr(listed, "_MOST", 2)
    quick = Streaming(club, TODAY, ["entry"], "blocking", written=False)
    plain = OneByOne(club, TODAY, ["entry"], "blocking")
    lines = [
        whole(f'[{{"topic":"law","credits":{amount},"status":"{status}"}}]')
        for amount in range(9)
        for status in ("done", "enrolled")
    ] * 2
    places = [Unread("lines", number, line.encode()) for number, line in enumerate(lines, 1)]
    assert came_out(quick, 1, places) == came_out(plain, 1, places)
    told = [bool(decoder_of(quick).batch([line.encode()]).ids) for line in lines]
    assert told == ([True] * 8 + [False] * 10) * 2


# -- cases ------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def shipped() -> Pack:
    return load_pack(engine="batch")


def test_every_shipped_case_comes_out_as_it_says(shipped: Pack) -> None:
    cases = sorted(load_cases(shipped.rules), key=lambda case: case.as_of)
    wrong: list[tuple[str, str]] = []
    for day, some in groupby(cases, key=lambda case: case.as_of):
        group = [*some]
        asked = [*dict.fromkeys(one.outcome for case in group for one in case.expect)]
        way = Streaming(shipped, day, asked, "none", written=False)
        places = [Found(case.name, {"id": "case", **case.profile}) for case in group]
        rows, rejects, _ = came_out(way, len(asked), places)
        assert (len(rows), rejects) == (len(group), [])
        for case, (_, statuses, _) in zip(group, rows, strict=True):
            came = dict(zip(asked, statuses, strict=True))
            wrong += [
                (case.name, one.outcome) for one in case.expect if came[one.outcome] != one.status
            ]
    assert len(cases) > 500
    assert wrong == []


def test_every_shipped_profile_comes_out_as_it_does_one_by_one(shipped: Pack) -> None:
    files = sorted(Path(__file__).parent.parent.joinpath("profiles").glob("*.json"))
    places = [Unread(file.name, 0, file.read_bytes()) for file in files]
    asked = [*shipped.rules.outcomes]
    quick = Streaming(shipped, TODAY, asked, "blocking", written=False)
    plain = OneByOne(shipped, TODAY, asked, "blocking")
    assert len(files) > 50
    assert came_out(quick, len(asked), places) == came_out(plain, len(asked), places)


# -- kinds of items ---------------------------------------------------------------------


def item(**stated: object) -> Item:
    values = {name: value for name, value in stated.items() if value is not None}
    return Item("/0", cast("dict[str, Value]", values), {})


ITEMS = [
    item(topic=topic, credits=amount, status=status)
    for topic in ("law", "ethics", None)
    for amount in (Decimal(3), Decimal("2.5"), Decimal(0), Decimal("1e30"), None)
    for status in ("done", "enrolled", None)
]


def rows_of(kinds: ItemKinds, classes: Integers) -> tuple[Integers, NDArray[np.bool_]]:
    """What items add word by word, and which of them can be added up at all."""
    first, last = kinds.words
    cases = kinds.cases(classes)
    good = cases.min(axis=1, initial=0) >= 0
    rows = np.zeros((len(classes), last - first), np.int64)
    for column, (begin, end, table) in zip(cases[good].T, kinds.tables(), strict=True):
        rows[good, begin - first : end - first] += table[column]
    return rows, good


def test_many_items_at_once_add_what_each_adds_by_itself(club: Pack) -> None:
    kinds = kinds_of(club.compiled, TODAY, ["entry"])
    courses = kinds.lists["courses"]
    for _ in range(2):
        classes = np.array(
            [[courses.number(name, one, 99) for name in courses.reads] for one in ITEMS]
        )
        rows, good = rows_of(courses, classes)
        assert [*good] == [one.values.get("credits") != Decimal("1e30") for one in ITEMS]
        assert (rows[~good] == 0).all()
        first, last = courses.words
        for one, row in zip(classes[good], rows[good], strict=True):
            assert kinds.layout.split(courses.total([*one]))[first:last] == [*row]
        with pytest.raises(UnpackableError):
            courses.total([*classes[~good][0]])
        assert courses.taken > 0
        courses.forget()
        assert courses.taken == 0


def test_no_items_add_nothing(club: Pack) -> None:
    courses = kinds_of(club.compiled, TODAY, ["entry"]).lists["courses"]
    rows, good = rows_of(courses, np.zeros((0, len(courses.reads)), np.int64))
    assert (len(rows), len(good)) == (0, 0)


# -- where values stand -----------------------------------------------------------------

NUMBERS = [*range(1, 10), Decimal("2.5"), Decimal("4.0"), Decimal(-1), Absent(), None]
DATES = [
    *(Days.parse(text) for text in ("2019", "2020", "2020-01", "2020-02", "2020-02-01", "2021")),
    *(Days.on(TODAY + datetime.timedelta(days)) for days in range(-800, 30, 20)),
    *(
        Days.parse(text)
        for text in ("2024-11", "2024-11-24", "2024-11-23", "2026-11", "2026-11-25")
    ),
    Absent(),
    None,
]


@pytest.mark.parametrize(
    ("values", "tests"),
    [
        (
            NUMBERS,
            [
                (operator, Literal(number))
                for operator in "is is_not at_least more_than at_most less_than".split()
                for number in (3, Decimal("4.00"), 7)
            ]
            + [(operator, (Literal(2), Literal(8))) for operator in ("one_of", "none_of")]
            + [("exists", Literal(value=True)), ("exists", Literal(value=False))],
        ),
        (
            DATES,
            [
                (operator, Literal(Days.parse(text)))
                for operator in "is is_not before after on_or_before on_or_after".split()
                for text in ("2020-02-01", "2020-01-31", "2020-02")
            ]
            + [("within", Literal(Duration(years=2))), ("within", Literal(Duration(days=30)))],
        ),
    ],
    ids=["numbers", "dates"],
)
def test_values_in_one_place_come_to_the_same_in_all_comparisons(
    values: Sequence[Value | None], tests: Sequence[tuple[str, Operand]]
) -> None:
    asked: list[object] = []
    named = [(test, literals(*test, None, TODAY)) for test in tests]
    assert all(some is not None for _, some in named)
    compared = Compared(named, bytes)

    def right(operand: Operand) -> object:
        if isinstance(operand, tuple):
            return tuple(one.value for one in operand)
        assert isinstance(operand, Literal)
        return since(TODAY, operand.value) if isinstance(operand.value, Duration) else operand.value

    for value in [*values, *values]:

        def evaluate(test: tuple[str, Operand], value: Value | None = value) -> Truth:
            asked.append((test, value))
            return compare(test[0], value, right(test[1]), None)

        direct = bytes(compare(operator, value, right(one), None) for operator, one in tests)
        assert compared.of(value, evaluate) == direct, value
    assert len(asked) < len(values) * len(tests)


@pytest.mark.parametrize(
    ("operator", "operand", "unit"),
    [
        ("matches", Literal("a*"), None),
        ("is", Literal("a"), None),
        ("is", Literal(value=True), None),
        ("at_least", Literal(18), "years"),
        ("at_least", Reference("fact", "gpa"), None),
        ("on_or_before", Reference("fact", "as_of"), None),
        ("one_of", (Literal("a"), Literal("b")), None),
    ],
)
def test_what_does_not_rest_on_places_is_not_told_by_them(
    operator: str, operand: Operand, unit: Unit | None
) -> None:
    assert literals(operator, operand, unit, TODAY) is None


# -- the layout -------------------------------------------------------------------------


def test_sums_side_by_side_do_not_touch_each_other() -> None:
    layout = Layout(8)
    few, many, least = layout.counter(3), layout.counter(MOST), layout.amount(-5)
    far = layout.amount(1000)
    full = MOST << many.offset
    sums = (2 << few.offset) + full + (-5 << least.offset) + (999 << far.offset)
    words = np.array([layout.split(sums)]).T
    words += [[(layout.bias >> (WORD * word)) % (1 << WORD)] for word in range(layout.words)]
    pattern = Patterns(layout, np.array([[0b1010]]), words).one(0)
    assert [one.reached(pattern) for one in (few, many, least, far)] == [False, True, True, False]
    assert [one.of(sums + layout.bias) for one in (few, many, least, far)] == [2, MOST, -5, 999]
    assert pattern & 0xFF == 0b1010


def test_words_added_one_by_one_are_the_sums() -> None:
    layout = Layout(0)
    fields = [*(layout.counter(2) for _ in range(9)), layout.amount(0), layout.counter(1)]
    parts: list[Mapping[int, int]] = [{0: 1, 9: -7}, {8: 1, 9: 3, 10: 1}, {0: 1, 7: 1, 9: -(10**9)}]
    sums = [sum(n << fields[place].offset for place, n in part.items()) for part in parts]
    words = [sum(column) for column in zip(*(layout.split(one) for one in sums), strict=True)]
    assert all(-(1 << 63) <= word < 1 << 63 for word in words)
    assert sum(word << (WORD * place) for place, word in enumerate(words)) == sum(sums)


def test_a_bound_that_is_too_far_is_refused() -> None:
    with pytest.raises(OverflowError):
        Layout(0).amount(1 << 60)
