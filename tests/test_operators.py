"""The operator table, row by row: known, partial, off-scale and missing values; the words."""

from __future__ import annotations

import datetime
from decimal import Decimal
from typing import Any

import pytest

from eligibility.model import Kind, OffScale, Scale
from eligibility.operators import OPERATORS, compare, compare_bands
from eligibility.truth import Truth
from eligibility.values import Absent, Days, Value

MET, UNKNOWN, UNMET = Truth.MET, Truth.UNKNOWN, Truth.UNMET
SHORT = {"+": MET, "?": UNKNOWN, "-": UNMET}
NONE = Absent()
GRADES = Scale(
    "grade",
    "grade",
    ("F", "D", "C", "B", "A"),
    {"P": OffScale("C"), "AU": OffScale("nothing"), "I": OffScale("unknown")},
)


def number(text: str) -> Decimal:
    return Decimal(text)


def value_of(text: str) -> Value:
    """A day, a month, a year, or `first..last`."""
    first, _, last = text.partition("..")
    if last:
        return Days(datetime.date.fromisoformat(first), datetime.date.fromisoformat(last))
    return Days.parse(text)


def given(*rows: tuple[str, Any, Any, str]) -> pytest.MarkDecorator:
    """Rows of a sentence, the fact, the operand, and the value under each operator."""
    return pytest.mark.parametrize(
        ("left", "right", "wanted"), [pytest.param(*row[1:], id=row[0]) for row in rows]
    )


def found(operators: str, left: Any, right: Any, scale: Scale | None) -> str:
    """`+?-`: a sign for the value under each of the operators."""
    signs = {value: sign for sign, value in SHORT.items()}
    return "".join(signs[compare(name, left, right, scale)] for name in operators.split())


ORDERINGS = "is is_not at_least more_than at_most less_than"


@given(
    ("a number is compared by its amount", number("3.0"), number("3"), "+-+-+-"),
    ("an integer is compared with a number", 3, number("3.00"), "+-+-+-"),
    ("a higher number", number("3.01"), number("3"), "-+++--"),
    ("a lower number", number("2.99"), number("3"), "-+--++"),
    ("a negative number is lower than nought", number("-1"), number("0"), "-+--++"),
    ("a number that no float can hold", number("0.1") + number("0.2"), number("0.3"), "+-+-+-"),
    ("a number that is not known", None, number("3"), "??????"),
    ("an operand that is not known", number("3"), None, "??????"),
    ("neither known", None, None, "??????"),
    ("a number of which there is none", NONE, number("3"), "-+----"),
    ("an operand of which there is none", number("3"), NONE, "-+----"),
    ("none on both sides is not the same", NONE, NONE, "-+----"),
    ("none, and an operand that is not known", NONE, None, "??????"),
    ("not known, and an operand of which there is none", None, NONE, "??????"),
)
def test_numbers(left: Any, right: Any, wanted: str) -> None:
    assert found(ORDERINGS, left, right, None) == wanted


@given(
    ("the same grade", "C", "C", "+-+-+-"),
    ("a higher grade", "B", "C", "-+++--"),
    ("a lower grade", "D", "C", "-+--++"),
    ("the lowest grade", "F", "F", "+-+-+-"),
    ("the order is that of the scale and not of the alphabet", "A", "B", "-+++--"),
    ("a pass is ordered like a C but is none", "P", "C", "-++-+-"),
    ("a pass is the pass that is asked for", "P", "P", "+-+-+-"),
    ("a C is ordered like the pass asked for", "C", "P", "-++-+-"),
    ("an audit has no place in the order", "AU", "F", "-+----"),
    ("not even beside itself", "AU", "AU", "+-----"),
    ("nor as an operand", "C", "AU", "-+----"),
    ("an incomplete may come out as anything", "I", "C", "-+????"),
    ("even as less than the lowest", "I", "F", "-+????"),
    ("and as more than the highest", "I", "A", "-+????"),
    ("an incomplete beside itself is the same text in no certain order", "I", "I", "+-????"),
    ("an incomplete as an operand", "C", "I", "-+????"),
    ("a grade that is not known", None, "C", "??????"),
    ("a grade of which there is none", NONE, "C", "-+----"),
)
def test_values_of_a_scale(left: Any, right: Any, wanted: str) -> None:
    assert found(ORDERINGS, left, right, GRADES) == wanted


DATES = "is is_not before after on_or_before on_or_after"


def dates(*rows: tuple[str, str, str, str]) -> pytest.MarkDecorator:
    return given(*((name, value_of(a), value_of(b), wanted) for name, a, b, wanted in rows))


@dates(
    ("the same day", "2024-05-31", "2024-05-31", "+---++"),
    ("the day before", "2024-05-30", "2024-05-31", "-++-+-"),
    ("the day after", "2024-06-01", "2024-05-31", "-+-+-+"),
    ("a month that is over by then", "2024-04", "2024-05-01", "-++-+-"),
    ("a month that begins after it", "2024-06", "2024-05-31", "-+-+-+"),
    ("a month that begins on it", "2024-05", "2024-05-01", "??-??+"),
    ("a month that ends on it", "2024-05", "2024-05-31", "???-+?"),
    ("a month around it", "2024-05", "2024-05-15", "??????"),
    ("a year around it", "2024", "2024-05-15", "??????"),
    ("the same month twice is not the same day", "2024-05", "2024-05", "??????"),
    ("a day in a month that is only partly known", "2024-05-15", "2024-05", "??????"),
    ("the first day of such a month", "2024-05-01", "2024-05", "???-+?"),
    ("the last day of such a month", "2024-05-31", "2024-05", "??-??+"),
    ("a month before another", "2024-04", "2024-05", "-++-+-"),
    ("a month after another", "2024-06", "2024-05", "-+-+-+"),
    ("a year and a month of it", "2024", "2024-12", "??????"),
    ("two that share one day", "2024-01-01..2024-05-01", "2024-05-01..2024-06-01", "???-+?"),
)
def test_dates(left: Value, right: Value, wanted: str) -> None:
    assert found(DATES, left, right, None) == wanted


@given(
    ("a date that is not known", None, value_of("2024"), "??????"),
    ("a day compared with one that is not known", value_of("2024"), None, "??????"),
    ("a date of which there is none", NONE, value_of("2024"), "-+----"),
    ("a day compared with one of which there is none", value_of("2024"), NONE, "-+----"),
)
def test_dates_that_are_missing(left: Any, right: Any, wanted: str) -> None:
    assert found(DATES, left, right, None) == wanted


@given(
    ("the same text", "CA", "CA", "+-"),
    ("another text", "CA", "NV", "-+"),
    ("case counts", "ca", "CA", "-+"),
    ("blanks count", "CA ", "CA", "-+"),
    ("one letter and two signs for it are not one text", "\u00e9", "e\u0301", "-+"),
    ("true is true", True, True, "+-"),
    ("false is not true", False, True, "-+"),
    ("a text that is not known", None, "CA", "??"),
    ("none", NONE, "CA", "-+"),
)
def test_texts_and_booleans(left: Any, right: Any, wanted: str) -> None:
    assert found("is is_not", left, right, None) == wanted


@given(
    ("the first of them", "CA", ("CA", "OR"), "+-"),
    ("the last of them", "OR", ("CA", "OR"), "+-"),
    ("none of them", "NV", ("CA", "OR"), "-+"),
    ("a number by its amount", number("2.0"), (1, 2), "+-"),
    ("not known", None, ("CA", "OR"), "??"),
    ("there is none", NONE, ("CA", "OR"), "-+"),
)
def test_lists_of_values(left: Any, right: Any, wanted: str) -> None:
    assert found("one_of none_of", left, right, None) == wanted


@given(
    ("a pass is looked at itself", "P", ("C", "B"), "-+"),
    ("and may be listed", "P", ("P", "B"), "+-"),
    ("an incomplete is none of the others", "I", ("C", "B"), "-+"),
    ("an audit is none of the others", "AU", ("C", "B"), "-+"),
)
def test_lists_of_values_of_a_scale(left: Any, right: Any, wanted: str) -> None:
    assert found("one_of none_of", left, right, GRADES) == wanted


WINDOW = value_of("2024-11-24..2026-11-24")


@given(
    ("its first day is in it", value_of("2024-11-24"), WINDOW, "+"),
    ("its last day is in it", value_of("2026-11-24"), WINDOW, "+"),
    ("the day before is not", value_of("2024-11-23"), WINDOW, "-"),
    ("the day after is not", value_of("2026-11-25"), WINDOW, "-"),
    ("a month inside it", value_of("2025-01"), WINDOW, "+"),
    ("a year before it", value_of("2023"), WINDOW, "-"),
    ("a year after it", value_of("2027"), WINDOW, "-"),
    ("a month across its first day", value_of("2024-11"), WINDOW, "?"),
    ("a year across its last day", value_of("2026"), WINDOW, "?"),
    ("longer than it is", value_of("2024-01-01..2026-12-31"), WINDOW, "?"),
    ("not known", None, WINDOW, "?"),
    ("there is none", NONE, WINDOW, "-"),
)
def test_within(left: Any, right: Any, wanted: str) -> None:
    assert found("within", left, right, None) == wanted


@given(
    ("no star and no question mark", "MED", "MED", "+"),
    ("the pattern is for the whole text", "MED-1", "MED", "-"),
    ("its beginning too", "A-MED", "MED", "-"),
    ("a star is any characters", "MED-201 evening", "MED*", "+"),
    ("a star is no characters", "MED", "MED*", "+"),
    ("a star alone takes all", "anything", "*", "+"),
    ("a star first", "evening MED", "*MED", "+"),
    ("a star takes line ends", "MED\n1", "MED*1", "+"),
    ("a question mark is one character", "MED-1", "MED-?", "+"),
    ("and not none", "MED-", "MED-?", "-"),
    ("and not two", "MED-12", "MED-?", "-"),
    ("it may be a line end", "MED\n", "MED?", "+"),
    ("several stars", "a1b22c", "a*b*c", "+"),
    ("several stars in order", "acb", "a*b*c", "-"),
    ("a middle part that comes twice", "a-b-x-b-c", "a*b*b*c", "+"),
    ("a middle part that is the end too", "abc", "a*bc*bc", "-"),
    ("the end is looked for from behind", "a-b-b", "a*b", "+"),
    ("stars beside each other", "ab", "a**b", "+"),
    ("a question mark between stars", "ab", "a*?*b", "-"),
    ("a dot is a dot", "aXc", "a.c", "-"),
    ("so are brackets", "[a]", "[a]", "+"),
    ("and a backslash", "a\\b", "a\\b", "+"),
    ("case counts", "med", "MED", "-"),
    ("a text that is not known", None, "*", "?"),
    ("a text of which there is none", NONE, "*", "-"),
)
def test_matches(left: Any, right: Any, wanted: str) -> None:
    assert found("matches", left, right, None) == wanted


def test_no_pattern_takes_long() -> None:
    assert found("matches", "a" * 10_000, "*a" * 30 + "*b", None) == "-"


@given(
    ("one of its texts", ("English", "Spanish"), "Spanish", "+"),
    ("no part of one", ("English",), "Eng", "-"),
    ("no texts", (), "Spanish", "-"),
    ("not known", None, "Spanish", "?"),
    ("there are none", NONE, "Spanish", "-"),
)
def test_includes(left: Any, right: Any, wanted: str) -> None:
    assert found("includes", left, right, None) == wanted


@given(
    ("nought is stated", number("0"), True, "+"),
    ("false is stated", False, True, "+"),
    ("a partial date is stated", value_of("2024"), True, "+"),
    ("what is stated is not left out", number("0"), False, "-"),
    ("not known is not known to be stated", None, True, "?"),
    ("nor to be left out", None, False, "?"),
    ("none is not stated", NONE, True, "-"),
    ("none is left out", NONE, False, "+"),
)
def test_exists(left: Any, right: Any, wanted: str) -> None:
    assert found("exists", left, right, None) == wanted


# -- negations

OPPOSITES = [
    ("is", "is_not"),
    ("one_of", "none_of"),
    ("at_least", "less_than"),
    ("more_than", "at_most"),
    ("before", "on_or_after"),
    ("after", "on_or_before"),
]
KNOWN: dict[str, list[Any]] = {
    "is": [number("2"), number("3"), value_of("2024"), value_of("2024-05-15"), None],
    "one_of": [number("2"), number("3"), None],
    "at_least": [number("2"), number("3"), number("4"), None],
    "more_than": [number("2"), number("3"), number("4"), None],
    "before": [value_of("2024"), value_of("2024-05-14"), value_of("2024-05-15"), None],
    "after": [value_of("2024"), value_of("2024-05-15"), value_of("2024-05-16"), None],
}


@pytest.mark.parametrize(("one", "other"), OPPOSITES)
def test_an_operator_and_its_opposite_are_never_met_together(one: str, other: str) -> None:
    right: Any = value_of("2024-05-15") if one in ("before", "after") else number("3")
    values = KNOWN[one]
    operand = (right,) if one == "one_of" else right
    seen = [
        (compare(one, left, operand, None), compare(other, left, operand, None)) for left in values
    ]
    assert all({first, second} in ({MET, UNMET}, {UNKNOWN}) for first, second in seen)
    assert (MET, UNMET) in seen
    assert (UNMET, MET) in seen
    assert (UNKNOWN, UNKNOWN) in seen


@pytest.mark.parametrize(("one", "other"), [("at_least", "less_than"), ("more_than", "at_most")])
def test_an_audit_is_neither_high_enough_nor_too_low(one: str, other: str) -> None:
    assert [compare(name, "AU", "C", GRADES) for name in (one, other)] == [UNMET, UNMET]


# -- bands


@pytest.mark.parametrize(
    ("low", "high", "limit", "wanted"),
    [
        pytest.param(2, 2, 2, "++-+-", id="certain, and the limit"),
        pytest.param(3, 3, 2, "-++--", id="certain, and higher"),
        pytest.param(1, 1, 2, "---++", id="certain, and lower"),
        pytest.param(1, 3, 2, "?????", id="around the limit"),
        pytest.param(2, 3, 2, "?+??-", id="from the limit up"),
        pytest.param(1, 2, 2, "??-+?", id="up to the limit"),
        pytest.param(3, 4, 2, "-++--", id="above the limit"),
        pytest.param(0, 1, 2, "---++", id="below the limit"),
        pytest.param(0, Decimal("Infinity"), 2, "?????", id="without an end"),
        pytest.param(3, Decimal("Infinity"), 2, "-++--", id="above it without an end"),
        pytest.param(Decimal("-Infinity"), 1, 2, "---++", id="below it without a beginning"),
    ],
)
def test_an_amount_that_lies_in_a_band(low: Any, high: Any, limit: int, wanted: str) -> None:
    bound = (Decimal(limit), Decimal(limit))
    operators = ("is", "at_least", "more_than", "at_most", "less_than")
    values = [compare_bands(name, (Decimal(low), Decimal(high)), bound) for name in operators]
    assert values == [SHORT[sign] for sign in wanted]


# -- the table itself

NUMBERS = {Kind.INTEGER, Kind.NUMBER}
ORDERED = {*NUMBERS, Kind.SCALE}
EVERY = set(Kind)


@pytest.mark.parametrize(
    ("name", "kinds", "shape", "words", "negated"),
    [
        ("is", EVERY, "value", "is {}", "is not {}"),
        ("is_not", EVERY, "value", "is not {}", "is {}"),
        ("one_of", {*ORDERED, Kind.TEXT}, "values", "is {}", "is not {}"),
        ("none_of", {*ORDERED, Kind.TEXT}, "values", "is not {}", "is {}"),
        ("at_least", ORDERED, "value", "at least {}", "below {}"),
        ("more_than", ORDERED, "value", "more than {}", "at most {}"),
        ("at_most", ORDERED, "value", "at most {}", "more than {}"),
        ("less_than", ORDERED, "value", "less than {}", "at least {}"),
        ("before", {Kind.DATE}, "value", "before {}", "on or after {}"),
        ("after", {Kind.DATE}, "value", "after {}", "on or before {}"),
        ("on_or_before", {Kind.DATE}, "value", "on or before {}", "after {}"),
        ("on_or_after", {Kind.DATE}, "value", "on or after {}", "before {}"),
        ("within", {Kind.DATE}, "duration", "since {}", "not since {}"),
        ("matches", {Kind.TEXT}, "pattern", "is like {}", "is not like {}"),
        ("includes", {Kind.TEXT}, "value", "includes {}", "does not include {}"),
        ("exists", EVERY, "flag", "is stated", "is not stated"),
    ],
)
def test_what_an_operator_is_for_and_how_it_is_said(
    name: str, kinds: set[Kind], shape: str, words: str, negated: str
) -> None:
    entry = OPERATORS[name]
    assert (entry.name, set(entry.kinds), entry.shape) == (name, kinds, shape)
    assert (entry.words, entry.negated) == (words, negated)


def test_the_table_has_these_rows_and_no_others() -> None:
    assert list(OPERATORS) == [
        *"is is_not one_of none_of at_least more_than at_most less_than".split(),
        *"before after on_or_before on_or_after within matches includes exists".split(),
    ]


def test_only_what_is_for_many_texts_is_marked_so() -> None:
    assert [name for name, entry in OPERATORS.items() if entry.many] == ["includes"]


def test_these_operators_bound_a_measure() -> None:
    bounds = [name for name, entry in OPERATORS.items() if entry.ordering is not None]
    assert bounds == ["is", "at_least", "more_than", "at_most", "less_than"]
