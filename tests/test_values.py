"""Days that may be known only in part, calendar durations, units that are complete, scales."""

from __future__ import annotations

import datetime
import itertools
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from eligibility.model import OffScale, Scale
from eligibility.operators import band
from eligibility.values import (
    UNITS,
    Absent,
    Days,
    Duration,
    Unit,
    completed,
    decimal_text,
    plain,
    shift,
    total_completed,
)


def day(text: str) -> datetime.date:
    return datetime.date.fromisoformat(text)


def days(text: str) -> Days:
    """`2024-05-01..2024-06-30`, or what `Days.parse` takes."""
    first, _, last = text.partition("..")
    return Days(day(first), day(last)) if last else Days.parse(text)


# -- days


@pytest.mark.parametrize(
    ("text", "first", "last"),
    [
        pytest.param("2024-02-29", "2024-02-29", "2024-02-29", id="a day is itself"),
        pytest.param("2024-02", "2024-02-01", "2024-02-29", id="a leap February has 29 days"),
        pytest.param("2023-02", "2023-02-01", "2023-02-28", id="a common February has 28 days"),
        pytest.param("1900-02", "1900-02-01", "1900-02-28", id="1900 was no leap year"),
        pytest.param("2000-02", "2000-02-01", "2000-02-29", id="2000 was a leap year"),
        pytest.param("2024", "2024-01-01", "2024-12-31", id="a year is all of its days"),
        pytest.param("0001", "0001-01-01", "0001-12-31", id="the first year there is"),
        pytest.param("9999-12", "9999-12-01", "9999-12-31", id="the last month there is"),
    ],
)
def test_a_date_is_all_the_days_that_it_may_be(text: str, first: str, last: str) -> None:
    assert Days.parse(text) == Days(day(first), day(last))


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("", id="nothing"),
        pytest.param("2024-1", id="a month of one digit"),
        pytest.param("2024-01-1", id="a day of one digit"),
        pytest.param("24-01-01", id="a year of two digits"),
        pytest.param("20240101", id="no hyphens"),
        pytest.param("2024-13", id="a thirteenth month"),
        pytest.param("2024-00", id="a month before the first"),
        pytest.param("2023-02-29", id="a leap day of a common year"),
        pytest.param("2024-04-31", id="a day that the month lacks"),
        pytest.param("0000", id="a year that the calendar lacks"),
        pytest.param("0000-01", id="a month of a year that the calendar lacks"),
        pytest.param("2024-01-01 ", id="a blank behind it"),
        pytest.param("2024-01-01\n", id="a line end behind it"),
        pytest.param("\uff12\uff10\uff12\uff14", id="digits of another script"),
        pytest.param("2024-01-01T00:00", id="a time of the day"),
        pytest.param("-2024", id="a sign"),
    ],
)
def test_anything_else_is_no_date(text: str) -> None:
    with pytest.raises(ValueError, match=r".*"):
        Days.parse(text)


@pytest.mark.parametrize(
    ("text", "known", "partial", "shown"),
    [
        pytest.param("2024-05-31", True, None, "2024-05-31", id="a day"),
        pytest.param("2024-05", False, "2024-05", "2024-05", id="a month"),
        pytest.param("2024", False, "2024", "2024", id="a year"),
        pytest.param("2024-02-01..2024-02-29", False, "2024-02", "2024-02", id="a leap month"),
        pytest.param(
            "2023-02-01..2023-02-27", False, None, "2023-02-01 to 2023-02-27", id="short of a month"
        ),
        pytest.param(
            "2024-01-01..2024-12-30", False, None, "2024-01-01 to 2024-12-30", id="short of a year"
        ),
        pytest.param(
            "2024-01-01..2025-12-31", False, None, "2024-01-01 to 2025-12-31", id="two years"
        ),
        pytest.param("2024-01-01..2024-12-31", False, "2024", "2024", id="a year by its days"),
    ],
)
def test_days_are_shown_as_short_as_they_can_be(
    text: str, known: bool, partial: str | None, shown: str
) -> None:
    found = days(text)
    assert (found.known, found.partial, str(found)) == (known, partial, shown)


# -- durations


@pytest.mark.parametrize(
    ("duration", "words"),
    [
        (Duration(years=1), "1 year"),
        (Duration(years=2, months=6), "2 years and 6 months"),
        (Duration(weeks=1, days=1), "1 week and 1 day"),
        (Duration(1, 1, 1, 1), "1 year and 1 month and 1 week and 1 day"),
        (Duration(), "0 days"),
    ],
)
def test_a_duration_is_said_without_what_is_nought(duration: Duration, words: str) -> None:
    assert str(duration) == words


@pytest.mark.parametrize(
    ("start", "duration", "sign", "landed"),
    [
        pytest.param("2026-02-28", Duration(years=2), -1, "2024-02-28", id="back from a 28th"),
        pytest.param("2024-01-31", Duration(months=1), 1, "2024-02-29", id="kept in February"),
        pytest.param("2024-02-29", Duration(years=1), 1, "2025-02-28", id="kept in a common year"),
        pytest.param("2024-02-29", Duration(years=4), 1, "2028-02-29", id="to the next leap day"),
        pytest.param("2024-03-31", Duration(months=1), -1, "2024-02-29", id="kept going back"),
        pytest.param("2023-12-31", Duration(months=2), 1, "2024-02-29", id="over the year's end"),
        pytest.param("2024-01-31", Duration(months=1, days=1), 1, "2024-03-01", id="months first"),
        pytest.param("2024-03-01", Duration(months=1, days=1), -1, "2024-01-31", id="also back"),
        pytest.param("2024-01-01", Duration(weeks=6), 1, "2024-02-12", id="weeks of seven days"),
        pytest.param("2024-01-01", Duration(), 1, "2024-01-01", id="nothing"),
        pytest.param("2024-01-15", Duration(months=14), 1, "2025-03-15", id="more than 12 months"),
        pytest.param("9999-12-31", Duration(days=1), 1, "9999-12-31", id="no day after the last"),
        pytest.param("0001-01-01", Duration(days=1), -1, "0001-01-01", id="none before the first"),
        pytest.param("2024-01-01", Duration(years=9000), 1, "9999-12-31", id="years beyond"),
        pytest.param("2024-01-01", Duration(years=9000), -1, "0001-01-01", id="years before"),
        pytest.param("2024-01-01", Duration(days=10**9), 1, "9999-12-31", id="days too many"),
        pytest.param("2024-01-01", Duration(days=10**9), -1, "0001-01-01", id="too many back"),
    ],
)
def test_a_duration_is_one_of_the_calendar(
    start: str, duration: Duration, sign: int, landed: str
) -> None:
    assert shift(day(start), duration, sign) == day(landed)


# -- completed units


@pytest.mark.parametrize(
    ("start", "end", "years", "months", "number"),
    [
        pytest.param("2008-11-24", "2026-11-24", 18, 216, 6574, id="a birthday"),
        pytest.param("2008-11-24", "2026-11-23", 17, 215, 6573, id="the day before a birthday"),
        pytest.param("2024-02-29", "2025-02-28", 0, 11, 365, id="a leap day's child waits"),
        pytest.param("2024-02-29", "2025-03-01", 1, 12, 366, id="until the first of March"),
        pytest.param("2024-02-29", "2028-02-29", 4, 48, 1461, id="or the next leap day"),
        pytest.param("2026-01-31", "2026-02-28", 0, 0, 28, id="no whole month from the 31st"),
        pytest.param("2026-01-31", "2026-03-01", 0, 1, 29, id="it is whole on the first after"),
        pytest.param("2026-01-31", "2026-03-31", 0, 2, 59, id="two months are whole on a 31st"),
        pytest.param("2026-01-30", "2026-03-30", 0, 2, 59, id="from a 30th over February"),
        pytest.param("2025-12-15", "2026-01-14", 0, 0, 30, id="over the year's end, a day short"),
        pytest.param("2025-12-15", "2026-01-15", 0, 1, 31, id="over the year's end"),
        pytest.param("2026-01-01", "2026-01-01", 0, 0, 0, id="the day itself"),
        pytest.param("2026-01-02", "2026-01-01", 0, 0, 0, id="a day that is still to come"),
        pytest.param("0001-01-01", "9999-12-31", 9998, 119987, 3652058, id="all there is"),
        pytest.param("9998-12-31", "9999-12-31", 1, 12, 365, id="up to the last day there is"),
    ],
)
def test_only_whole_units_are_complete(
    start: str, end: str, years: int, months: int, number: int
) -> None:
    found = tuple(completed(day(start), day(end), unit) for unit in UNITS)
    assert found == (years, months, number)


EDGES = [
    datetime.date(2023, 12, 1) + datetime.timedelta(days=number)
    for number in range(460)  # through a leap February and a common one
    if (datetime.date(2023, 12, 1) + datetime.timedelta(days=number)).day in (1, 2, 15, 28, 29)
    or (datetime.date(2023, 12, 1) + datetime.timedelta(days=number + 1)).day in (1, 2)
]


@pytest.mark.parametrize("unit", UNITS)
def test_a_span_that_contains_another_never_has_fewer_units(unit: Unit) -> None:
    for start, end in itertools.combinations(EDGES, 2):
        whole = completed(start, end, unit)
        later = start + datetime.timedelta(days=1)
        earlier = end - datetime.timedelta(days=1)
        assert completed(later, end, unit) <= whole, (start, end)
        assert completed(start, earlier, unit) <= whole, (start, end)


@pytest.mark.parametrize("unit", UNITS)
def test_two_spans_end_to_end_never_have_more_units_than_both_as_one(unit: Unit) -> None:
    for start, middle, end in itertools.combinations(EDGES[::4], 3):
        parts = completed(start, middle, unit) + completed(middle, end, unit)
        assert parts <= completed(start, end, unit), (start, middle, end)


@pytest.mark.parametrize(
    ("spans", "years", "months", "number"),
    [
        pytest.param([], 0, 0, 0, id="no span"),
        pytest.param(["2024-01-01..2024-12-31"], 1, 12, 366, id="both days count"),
        pytest.param(["2024-01-01..2024-12-30"], 0, 11, 365, id="a day short of a year"),
        pytest.param(["2024-01-01..2024-01-01"], 0, 0, 1, id="one day"),
        pytest.param(["2024-02-01..2024-01-31"], 0, 0, 0, id="a span that ends before it begins"),
        pytest.param(
            ["2024-01-01..2024-06-30", "2024-07-01..2024-12-31"],
            1,
            12,
            366,
            id="the second begins the day after the first",
        ),
        pytest.param(
            ["2024-01-01..2024-06-29", "2024-07-01..2024-12-31"],
            0,
            11,
            365,
            id="a day between them breaks the period",
        ),
        pytest.param(
            ["2024-07-01..2024-12-31", "2024-01-01..2024-06-30"], 1, 12, 366, id="in any order"
        ),
        pytest.param(
            ["2024-01-01..2024-12-31", "2024-03-01..2024-04-30"], 1, 12, 366, id="one in another"
        ),
        pytest.param(
            ["2024-01-01..2024-03-31", "2024-02-01..2024-05-31"], 0, 5, 152, id="overlapping"
        ),
        pytest.param(
            ["2024-01-01..2024-12-31", "2024-03-01..2024-04-30", "2025-01-01..2025-01-31"],
            1,
            13,
            397,
            id="the longer one of two decides what touches",
        ),
        pytest.param(
            ["2020-01-15..2020-03-14", "2022-01-01..2022-10-31"], 1, 12, 364, id="months make years"
        ),
        pytest.param(
            ["2020-01-15..2020-03-13", "2022-01-01..2022-10-31"],
            0,
            11,
            363,
            id="broken months are not put together",
        ),
        pytest.param(["9999-01-01..9999-12-31"], 0, 11, 364, id="up to the calendar's end"),
    ],
)
def test_spans_that_touch_are_one(spans: list[str], years: int, months: int, number: int) -> None:
    pairs = [_pair(text) for text in spans]
    assert tuple(total_completed(pairs, unit) for unit in UNITS) == (years, months, number)


def _pair(text: str) -> tuple[datetime.date, datetime.date]:
    first, last = text.split("..")
    return day(first), day(last)


# -- what is shown


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        pytest.param(None, None, id="not known"),
        pytest.param(Absent(), None, id="none"),
        pytest.param(True, True, id="a boolean"),
        pytest.param(3, 3, id="an integer"),
        pytest.param("B+", "B+", id="a text"),
        pytest.param(Decimal("2.50"), 2.5, id="a number"),
        pytest.param(Decimal("3.00"), 3, id="a whole number"),
        pytest.param(Decimal("1E+3"), 1000, id="a number with an exponent"),
        pytest.param(Decimal("0.1"), 0.1, id="a tenth"),
        pytest.param(
            Decimal("0.12345678901234567890"), "0.1234567890123456789", id="more than JSON carries"
        ),
        pytest.param(("a", "b"), ["a", "b"], id="texts"),
        pytest.param((), [], id="no texts"),
        pytest.param(Days.parse("2024-02-29"), "2024-02-29", id="a day"),
        pytest.param(Days.parse("2024-02"), "2024-02", id="a month"),
        pytest.param(
            days("2024-02-02..2024-03-01"),
            {"from": "2024-02-02", "until": "2024-03-01"},
            id="days from one to another",
        ),
        pytest.param(Duration(years=2), "2 years", id="a duration"),
    ],
)
def test_a_value_is_shown_in_json_exactly(value: Any, shown: Any) -> None:
    found = plain(value)
    assert found == shown
    assert type(found) is type(shown)


@pytest.mark.parametrize(
    ("number", "text"),
    [
        ("2.50", "2.5"),
        ("2.00", "2"),
        ("100", "100"),
        ("1E+2", "100"),
        ("1E-7", "0.0000001"),
        ("-0.50", "-0.5"),
        ("0", "0"),
    ],
)
def test_a_number_is_written_as_people_write_it(number: str, text: str) -> None:
    assert decimal_text(Decimal(number)) == text


def test_none_is_equal_to_none_and_to_nothing_else() -> None:
    assert Absent() == Absent()
    assert len({Absent(), Absent()}) == 1
    assert repr(Absent()) == "none"
    others: list[object] = [None, False, 0, "", "none", ()]
    assert [one for one in others if one == Absent()] == []


# -- scales

GRADES = Scale(
    "grade",
    "grade",
    ("F", "D", "C", "B", "A"),
    {
        "P": OffScale("C"),
        "TOP": OffScale("A"),
        "AU": OffScale("nothing"),
        "I": OffScale("unknown"),
    },
)


@pytest.mark.parametrize(
    ("grade", "lowest", "highest"),
    [
        pytest.param("F", 0, 0, id="the lowest has the lowest rank"),
        pytest.param("A", 4, 4, id="the highest has the highest rank"),
        pytest.param("P", 2, 2, id="a pass stands where it counts"),
        pytest.param("TOP", 4, 4, id="what counts as the highest is no higher"),
        pytest.param("I", -1, 5, id="an incomplete may be less than all and more than all"),
    ],
)
def test_a_grade_is_its_rank(grade: str, lowest: int, highest: int) -> None:
    assert band(grade, GRADES) == (lowest, highest)


def test_what_counts_as_nothing_has_no_rank() -> None:
    assert band("AU", GRADES) is None


def test_a_scale_takes_the_values_on_it_and_those_beside_it() -> None:
    assert GRADES.values == ("F", "D", "C", "B", "A", "P", "TOP", "AU", "I")


@pytest.mark.parametrize(
    ("make", "wanted"),
    [
        pytest.param(lambda: Decimal("2.5"), (Decimal("2.5"), Decimal("2.5")), id="a number"),
        pytest.param(
            lambda: Days.parse("2024-02"), (day("2024-02-01"), day("2024-02-29")), id="a month"
        ),
        pytest.param(
            lambda: Days.parse("2024-02-03"), (day("2024-02-03"), day("2024-02-03")), id="a day"
        ),
    ],
)
def test_a_value_without_a_scale_is_a_band_of_all_it_may_be(
    make: Callable[[], Any], wanted: tuple[Any, Any]
) -> None:
    assert band(make(), None) == wanted
