"""Profiles: what is read, what is refused, and what the refusal says."""

from __future__ import annotations

import datetime
import json
import random
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from every_type import every_type
from hypothesis import given, settings
from hypothesis import strategies as st

from eligibility.errors import ProfileError
from eligibility.facts import Item, Items, Profile, name_of
from eligibility.model import Fact, Kind, ListFact
from eligibility.packs import load_pack
from eligibility.profile_json import (
    MAX_DEPTH,
    MAX_DIGITS,
    MAX_ID,
    MAX_ITEMS,
    MAX_MISTAKES,
    MAX_PROFILE_BYTES,
    MAX_TEXT,
    parse_json,
)
from eligibility.schemas import ProfileReader
from eligibility.values import Absent, Days

READER = ProfileReader(every_type())
SHIPPED = load_pack(engine="reference").reader
PROFILES = sorted((Path(__file__).parent.parent / "profiles").glob("*.json"))


def read(text: str) -> Profile:
    return READER.read(parse_json(text, "p.json"), "p.json")


def refused(text: str) -> str:
    """The whole report on a profile that is wrong."""
    with pytest.raises(ProfileError) as caught:
        read(text)
    return str(caught.value)


def stated(**facts: object) -> Profile:
    return READER.read({"id": "x", **facts})


def complaint(**facts: object) -> str:
    with pytest.raises(ProfileError) as caught:
        stated(**facts)
    return str(caught.value)


# What is read


def test_every_type_is_read_as_declared() -> None:
    profile = read(
        """{"id": "student-1", "flag": true, "age": 30, "gpa": 3.10, "note": "Ü\\nx",
            "state": "CA", "born": "1990-02", "best": "P", "tags": ["a", "a"], "topics": [],
            "fields": false, "judgements": {"fair": true, "asked": null}}"""
    )
    assert profile.id == "student-1"
    assert profile.source == "p.json"
    assert profile.values == {
        "flag": True,
        "none_known": False,
        "age": 30,
        "gpa": Decimal("3.1"),
        "note": "Ü\nx",
        "state": "CA",
        "born": Days(datetime.date(1990, 2, 1), datetime.date(1990, 2, 28)),
        "best": "P",
        "tags": ("a", "a"),
        "topics": (),
        "fields": False,
    }
    assert type(profile.values["age"]) is int
    assert type(profile.values["gpa"]) is Decimal
    assert profile.judgements == {"fair": True}


def test_missing_and_null_are_not_known() -> None:
    for profile in (stated(), stated(flag=None, tags=None, course=None, judgements=None)):
        assert profile.values == {"none_known": False}
        assert profile.judgements == {}
        assert profile.lists["course"] == Items("/course")


def test_leaving_out_what_is_complete_says_none_and_null_does_not() -> None:
    assert stated().lists["job"] == Items("/job", complete=True, stated=True)
    assert stated(job=None).lists["job"] == Items("/job")
    assert stated().values["none_known"] is False
    assert "none_known" not in stated(none_known=None).values


def test_a_list_is_all_there_is_unless_it_says_otherwise() -> None:
    whole = stated(course=[{"title": "a"}]).lists["course"]
    assert whole == Items("/course", (whole.items[0],), complete=True, stated=True)
    assert whole.items[0].pointer == "/course/0"
    part = stated(course={"complete": False, "items": [{}, {"part": [{"name": "b"}]}]})
    items = part.lists["course"]
    assert (items.complete, items.stated) == (False, True)
    assert [item.pointer for item in items.items] == ["/course/items/0", "/course/items/1"]
    nested = items.items[1].lists["part"].items[0]
    assert (nested.pointer, nested.values) == ("/course/items/1/part/0", {"name": "b"})
    assert stated(course={"items": []}).lists["course"].complete


def test_comments_are_read_by_nobody() -> None:
    profile = read(
        """{"//": "a", "//": ["b"], "id": "x", "// flag": {"a": [1]},
            "course": {"// a": 1, "items": [{"//title": null}]}, "judgements": {"//": 1}}"""
    )
    assert profile.values == {"none_known": False}
    assert profile.lists["course"].items[0].values == {}


def test_numbers_are_exact_and_mean_the_same_however_they_are_written() -> None:
    assert read('{"id": "x", "amount": 0.1}').values["amount"] == Decimal("0.1")
    assert read('{"id": "x", "amount": 1.5e1}').values["amount"] == Decimal(15)
    assert read('{"id": "x", "age": 30.0}').values["age"] == 30
    assert read('{"id": "x", "age": 3e1}').values["age"] == 30
    assert str(read('{"id": "x", "amount": -0.0}').values["amount"]) == "0"
    digits = "1" * 15 + "." + "1" * 15
    assert read(f'{{"id": "x", "amount": {digits}}}').values["amount"] == Decimal(digits)


def test_python_values_are_taken_as_well() -> None:
    day = datetime.date(2024, 5, 31)
    assert stated(born=day).values["born"] == Days.on(day)
    assert stated(born=Days.on(day)).values["born"] == Days.on(day)
    assert stated(gpa=0.1).values["gpa"] == Decimal("0.1")
    for value in (float("nan"), float("inf"), Decimal("sNaN")):
        assert complaint(gpa=value) == "profile#/gpa: must be a finite number"
    assert complaint(gpa=1e-300) == "profile#/gpa: has more than 30 digits"
    assert "found a Python datetime" in complaint(born=datetime.datetime(2024, 5, 31))  # noqa: DTZ001  # no day
    assert "unknown key `1`" in complaint(course=[{1: 2}])


def test_a_byte_order_mark_is_no_matter() -> None:
    assert read('\ufeff{"id": "x"}').id == "x"


# What is refused, and how: the report as a whole

MALFORMED = {
    "no JSON at all": ("nope", "p.json:1:1: is not JSON: expecting value"),
    "empty": (" \n", 'p.json: is empty\n  = write at least {"id": "student-1"}'),
    "cut off": ('{"id": "x"', "p.json:1:11: is not JSON: expecting ',' delimiter"),
    "an open text": ('{"id": "x', "p.json:1:8: is not JSON: unterminated string"),
    "a line end in a text": (
        '{"id": "a\nb"}',
        "p.json:1:10: is not JSON: invalid control character",
    ),
    "two values": ('{"id": "x"}\n{}', "p.json:2:1: is not JSON: extra data"),
    "no object": ("[]", 'p.json#: must be an object, found a list\n  = e.g. {"id": "student-1"}'),
    "a number alone": (
        "1",
        'p.json#: must be an object, found a number\n  = e.g. {"id": "student-1"}',
    ),
    "no id": ("{}", 'p.json#/id: is missing\n  = e.g. "id": "student-1"'),
    "null for an id": ('{"id": null}', "p.json#/id: must be a text, found null"),
    "a number for an id": (
        '{"id": 7}',
        "p.json#/id: must be a text, found a number\n  = put it in quotes",
    ),
    "a blank id": ('{"id": " "}', "p.json#/id: is an empty text"),
    "an id of two lines": (
        '{"id": "a\\nb"}',
        "p.json#/id: must be one line of characters that can be seen",
    ),
    "an id with a hidden character": (
        '{"id": "a\\u202eb"}',
        "p.json#/id: must be one line of characters that can be seen",
    ),
    "a long id": (f'{{"id": "{"x" * (MAX_ID + 1)}"}}', "p.json#/id: has more than 200 characters"),
    "repeated keys": (
        '{"id": "x", "course": [{"title": "a", "title": "b", "title": "c"}], "id": "y"}',
        "p.json#/course/0/title: duplicate key `title`\np.json#/id: duplicate key `id`",
    ),
    "a repeated key in what a repeated key hides": (
        '{"a": {"b": 1, "b": NaN}, "a": 2}',
        "p.json#/a: duplicate key `a`",
    ),
    "what a repeated key brings": (
        '{"a": 2, "a": {"b": 1, "b": NaN}}',
        (
            "p.json#/a: duplicate key `a`\np.json#/a/b: `NaN` is not a number in JSON\n"
            "p.json#/a/b: duplicate key `b`"
        ),
    ),
    "no numbers": (
        '{"gpa": NaN, "x/y~": [Infinity, -Infinity]}',
        (
            "p.json#/gpa: `NaN` is not a number in JSON\n"
            "p.json#/x~1y~0/0: `Infinity` is not a number in JSON\n"
            "p.json#/x~1y~0/1: `-Infinity` is not a number in JSON"
        ),
    ),
    "numbers too long": (
        f'{{"a": {"1" * 31}, "b": 1e30, "c": 1e-31, "d": 1e{"9" * 20}, "e": {"9" * 9999}}}',
        "\n".join(f"p.json#/{key}: has more than 30 digits" for key in "abcde"),
    ),
    "nested too deep": (
        "[" * (MAX_DEPTH + 1) + "]" * (MAX_DEPTH + 1),
        "p.json: is nested deeper than 20 levels",
    ),
    "nested without end": ("[" * 200_000, "p.json: is nested deeper than 20 levels"),
    "unknown keys": (
        '{"id": "x", "Flag": true, "note ": "a", "zzz": 1, "course": [{"titel": "a"}]}',
        (
            "p.json#/Flag: unknown key `Flag`\n  = did you mean `flag`?\n"
            "p.json#/course/0/titel: unknown key `titel`\n  = did you mean `title`?\n"
            "p.json#/note : unknown key `note `\n  = did you mean `note`?\n"
            "p.json#/zzz: unknown key `zzz`"
        ),
    ),
    "types": (
        """{"id": "x", "flag": 1, "age": true, "steps": "60", "gpa": "3,5", "amount": [],
            "note": 101, "state": null, "born": 2024, "best": 3, "tags": "a", "topics": {}}""",
        (
            "p.json#/age: must be a whole number, found true\n"
            "p.json#/amount: must be a number, found a list\n"
            "p.json#/best: must be a text, found a number\n  = put it in quotes\n"
            "p.json#/born: must be a date such as 2024-05-31, 2024-05 or 2024, found a number\n"
            "  = put it in quotes\n"
            "p.json#/flag: must be true or false, found a number\n"
            "p.json#/gpa: must be a number, found a text\n"
            "p.json#/note: must be a text, found a number\n  = put it in quotes\n"
            "p.json#/steps: must be a whole number, found a text\n  = write it without quotes\n"
            "p.json#/tags: must be a list of texts, found a text\n"
            '  = one text goes in a list too: ["..."]\n'
            "p.json#/topics: must be a list of texts, found an object"
        ),
    ),
    "a flag in words": (
        '{"id": "x", "flag": "Yes", "load": "true"}',
        (
            "p.json#/flag: must be true or false, found a text\n"
            "  = write true or false, without quotes\n"
            "p.json#/load: must be true or false, found a text\n"
            "  = write true or false, without quotes"
        ),
    ),
    "numbers out of range": (
        '{"id": "x", "age": -1, "gpa": 4.51, "steps": 2.5, "course": [{"hours": 0}]}',
        (
            "p.json#/age: is below 0, the least that is declared\n"
            "p.json#/course/0/hours: is below 1, the least that is declared\n"
            "p.json#/gpa: is above 4.5, the most that is declared\n"
            "p.json#/steps: must be a whole number"
        ),
    ),
    "undeclared values": (
        '{"id": "x", "state": "new york", "best": "b+", "topics": ["law", "ethic", "x"]}',
        (
            "p.json#/best: `b+` is not a declared value\n  = did you mean `B+`?\n"
            "p.json#/state: `new york` is not a declared value\n  = did you mean `New York`?\n"
            "p.json#/topics/1: `ethic` is not a declared value\n  = did you mean `ethics`?\n"
            "p.json#/topics/2: `x` is not a declared value\n  = known: `ethics`, `law`"
        ),
    ),
    "dates": (
        '{"id": "x", "born": "5/31/2024", "course": [{"done": "2023-02-29"}, {"done": "0000"}]}',
        (
            "p.json#/born: `5/31/2024` is not a date such as 2024-05-31, 2024-05 or 2024\n"
            "p.json#/course/0/done: `2023-02-29` is not a day of the calendar\n"
            "p.json#/course/1/done: `0000` is not a date such as 2024-05-31, 2024-05 or 2024"
        ),
    ),
    "texts": (
        '{"id": "x", "note": " ", "tags": ["a\\u001bb", "\\ud800", null, 1]}',
        (
            "p.json#/note: is an empty text\n  = write null when it is not known\n"
            "p.json#/tags/0: has a control character or half a character in it\n"
            "p.json#/tags/1: has a control character or half a character in it\n"
            "p.json#/tags/2: must be a text, found null\n"
            "p.json#/tags/3: must be a text, found a number\n  = put it in quotes"
        ),
    ),
    "lists": (
        '{"id": "x", "course": {"title": "a"}, "job": "a"}',
        (
            "p.json#/course: must be a list of objects, found an object\n"
            "  = one course goes in a list too: [{...}]\n"
            "p.json#/job: must be a list of objects, found a text"
        ),
    ),
    "items": (
        '{"id": "x", "course": [1, null, {"part": [[]]}]}',
        (
            "p.json#/course/0: must be an object for one course, found a number\n"
            "p.json#/course/1: must be an object for one course, found null\n"
            "p.json#/course/2/part/0: must be an object for one part, found a list"
        ),
    ),
    "a part of a list": (
        '{"id": "x", "course": {"complete": "no", "item": []}, "job": {"items": null}}',
        (
            "p.json#/course/complete: must be true or false, found a text\n"
            "p.json#/course/item: unknown key `item`\n  = did you mean `items`?\n"
            "p.json#/course/items: is missing\n"
            "p.json#/job/items: must be a list, found null"
        ),
    ),
    "items of a part of a list": (
        '{"id": "x", "course": {"complete": null, "items": [{"x": 1}]}}',
        (
            "p.json#/course/complete: must be true or false, found null\n"
            "p.json#/course/items/0/x: unknown key `x`\n"
            "  = known: `done`, `grade`, `hours`, `id`, `part`, `title`"
        ),
    ),
    "judgements": (
        '{"id": "x", "judgements": {"fair": "yes", "in time": true}}',
        (
            "p.json#/judgements/fair: must be true or false, found a text\n"
            "  = write true or false, without quotes\n"
            "p.json#/judgements/in time: unknown judgement `in time`\n  = did you mean `in_time`?"
        ),
    ),
    "no judgements": (
        '{"id": "x", "judgements": []}',
        "p.json#/judgements: must be an object, found a list",
    ),
    "control characters in keys and values": (
        '{"id": "x", "a\\u001b[31m\\n": 1, "state": "\\u001b]0;x\\u0007", "born": "\\u202e"}',
        (
            "p.json#/a?[31m?: unknown key `a?[31m?`\n"
            "p.json#/born: `?` is not a date such as 2024-05-31, 2024-05 or 2024\n"
            "p.json#/state: `?]0;x?` is not a declared value\n"
            "  = known: `CA`, `New York`, `new-jersey`"
        ),
    ),
    "long words": (
        f'{{"id": "x", "{"k" * 99}": 1, "state": "{"v" * 99}"}}',
        (
            f"p.json#/{'k' * 60}...: unknown key `{'k' * 60}...`\n"
            f"p.json#/state: `{'v' * 40}...` is not a declared value\n"
            "  = known: `CA`, `New York`, `new-jersey`"
        ),
    ),
}


@pytest.mark.parametrize(("text", "report"), MALFORMED.values(), ids=MALFORMED)
def test_the_report_names_every_mistake_and_its_place(text: str, report: str) -> None:
    assert refused(text) == report


def test_sizes_are_bounded() -> None:
    assert complaint(note="x" * (MAX_TEXT + 1)) == "profile#/note: has more than 10,000 characters"
    assert stated(note="x" * MAX_TEXT, tags=["a"] * MAX_ITEMS).values["note"]
    assert complaint(tags=["a"] * (MAX_ITEMS + 1)) == "profile#/tags: has more than 10,000 texts"
    many: list[object] = [{}] * (MAX_ITEMS + 1)
    assert complaint(course=many) == "profile#/course: has more than 10,000 items"
    assert len(stated(course=many[1:]).lists["course"].items) == MAX_ITEMS
    large = '{"id": "' + "ü" * (MAX_PROFILE_BYTES // 2) + '"}'
    assert refused(large) == "p.json: is larger than 5,000,000 bytes"
    assert stated(steps=10**MAX_DIGITS - 1).values["steps"] == 10**MAX_DIGITS - 1
    assert complaint(steps=10**MAX_DIGITS) == "profile#/steps: has more than 30 digits"


def test_of_very_many_mistakes_the_first_are_listed() -> None:
    for text in (
        '{"id": "x", ' + ", ".join(f'"k{number}": 1' for number in range(300)) + "}",
        "[" + ", ".join(["NaN"] * 300) + "]",
    ):
        report = refused(text)
        assert report.startswith("p.json: has more than 100 mistakes; these are the first\n")
        assert report.count("p.json#/") == MAX_MISTAKES


def test_a_long_word_costs_no_time() -> None:
    """A near miss is looked for by the first characters alone."""
    keys = ", ".join(f'"{"k" * 20_000}{number}": 1' for number in range(200))
    assert "has more than 100 mistakes" in refused(f"{{{keys}}}")


@pytest.mark.parametrize("name", ["note", "title", "tags"])
def test_what_a_text_says_is_never_repeated(name: str) -> None:
    """Free texts are a student's own words: names, as often as not."""
    secret = "Jane Roe"
    for wrong in (secret + "\x07", {secret: secret}, [[secret]], [secret + "\x07"]):
        report = complaint(**({"course": [{"title": wrong}]} if name == "title" else {name: wrong}))
        assert "Jane" not in report
    for other in ("flag", "age", "gpa", "tags", "course", "judgements"):
        assert "Jane" not in complaint(**{other: secret})
    assert "Jane" not in complaint(course={"complete": secret, "items": secret})
    assert "Jane" not in refused('{"id": "x", "note": "Jane Roe}')


def test_every_mistake_of_the_vocabulary_is_in_one_report() -> None:
    text = '{"flag": 1, "course": [{"grade": "Z", "x": 1}], "judgements": {"a": 1}, "y": 2}'
    places = [line.split(": ")[0] for line in refused(text).splitlines() if line[0] == "p"]
    assert [place.removeprefix("p.json#") for place in places] == [
        "/course/0/grade",
        "/course/0/x",
        "/flag",
        "/id",
        "/judgements/a",
        "/y",
    ]


# Whatever the bytes are

TEXTS = st.text(st.characters(), max_size=4)


@settings(max_examples=300)
@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | TEXTS,
        lambda below: st.lists(below, max_size=4) | st.dictionaries(TEXTS, below, max_size=4),
        max_leaves=10,
    )
)
def test_any_json_is_parsed_or_refused(value: Any) -> None:
    """Every JSON text gives its value or `ProfileError`, and numbers lose no digit."""
    text = json.dumps(value)
    try:
        parsed = parse_json(text, "p.json")
    except ProfileError:
        return
    assert json.loads(json.dumps(parsed, default=float)) == json.loads(text)


@pytest.mark.parametrize("seed", range(8))
def test_damaged_profiles_are_read_or_refused(seed: int) -> None:
    """Profiles with bytes changed, lost, doubled or swapped: nothing but `ProfileError`."""
    chance = random.Random(seed)
    texts = [path.read_bytes() for path in PROFILES]
    reports = [
        report(damaged(chance, chance.choice(texts)).decode("utf-8-sig", "replace"))
        for _ in range(400)
    ]
    assert {None} < set(reports)
    lines = [line for one in reports if one is not None for line in one.split("\n")]
    assert [line for line in lines if not line.isprintable()] == []


def report(text: str) -> str | None:
    """What is wrong with a profile; None where nothing is."""
    try:
        SHIPPED.read(parse_json(text, "p.json"), "p.json")
    except ProfileError as error:
        return str(error)
    return None


WORDS = [b"null", b"NaN", b"-1e9", b"[]", b"{}", b'"', b'"\\ud800"', b"\x00", b"\xff", b"//", b","]


def damaged(chance: random.Random, data: bytes) -> bytes:
    for _ in range(chance.randint(1, 3)):
        start = chance.randrange(len(data) + 1)
        end = min(len(data), start + chance.randint(0, 20))
        match chance.randrange(5):
            case 0:
                data = data[:start] + bytes([chance.randrange(256)]) + data[start + 1 :]
            case 1:
                data = data[:start] + data[end:]
            case 2:
                data = data[:end] + data[start:]
            case 3:
                data = data[:start] + chance.choice(WORDS) + data[end:]
            case _:
                data = data[:start] + data[start:end][::-1] + data[end:]
    return data


# What an item is called


def test_an_item_is_called_by_what_names_it() -> None:
    named: Any = {
        "topics": Fact("topics", Kind.TEXT, "topics", "?", many=True),
        "title": Fact("title", Kind.TEXT, "title", "?"),
        "size": Fact("size", Kind.NUMBER, "size", "?"),
    }
    of = ListFact("course", "courses", "course", "?", named, named_by=("topics", "title", "size"))

    def called(**values: Any) -> str:
        return name_of(Item("/course/4", values), of)

    assert called(topics=("law", "ethics"), title="Law") == "law, ethics"
    assert called(topics=(), title=" Law\nand  ethics ") == "Law and ethics"
    assert called(topics=Absent(), size=Decimal("2.50")) == "2.5"
    assert called() == "course 5"
    assert called(title="x" * 101) == "x" * 97 + "..."
