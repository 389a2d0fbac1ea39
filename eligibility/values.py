"""Values as they are compared: days that may be known only in part, and durations."""

from __future__ import annotations

import calendar
import datetime
import re
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from typing import Any, Literal

from dateutil.relativedelta import relativedelta

__all__ = [
    "UNITS",
    "Absent",
    "Days",
    "Duration",
    "Unit",
    "Value",
    "completed",
    "decimal_text",
    "plain",
    "shift",
    "since",
    "total_completed",
]

Unit = Literal["years", "months", "days"]
UNITS: tuple[Unit, ...] = ("years", "months", "days")


@dataclass(frozen=True, slots=True)
class Days:
    """A day, or a partial date: some day from `first` to `last`, both included."""

    first: datetime.date
    last: datetime.date

    @classmethod
    def on(cls, day: datetime.date) -> Days:
        """One known day."""
        return cls(day, day)

    @classmethod
    def parse(cls, text: str) -> Days:
        """`2024-02-28`, `2024-02` or `2024`; ValueError for anything else."""
        match = _DATE.fullmatch(text)
        if match is None:
            raise ValueError(text)
        if match[3]:
            return cls.on(datetime.date.fromisoformat(text))
        year = int(match[1])
        if not match[2]:
            return cls(datetime.date(year, 1, 1), datetime.date(year, 12, 31))
        first = datetime.date(year, int(match[2]), 1)
        last = calendar.monthrange(year, first.month)[1]
        return cls(first, datetime.date(year, first.month, last))

    @property
    def known(self) -> bool:
        """Whether it is one day."""
        return self.first == self.last

    @property
    def partial(self) -> str | None:
        """`2024-02` or `2024` where it is just that, else None."""
        month = self.first.isoformat()[:7]
        for text in (month, month[:4]):
            if Days.parse(text) == self:
                return text
        return None

    def __str__(self) -> str:
        if self.known:
            return self.first.isoformat()
        return self.partial or f"{self.first} to {self.last}"


_DATE = re.compile(r"([0-9]{4})(?:-([0-9]{2})(?:-([0-9]{2}))?)?")


@dataclass(frozen=True, slots=True)
class Duration:
    """A calendar duration, such as two years and six months."""

    years: int = 0
    months: int = 0
    weeks: int = 0
    days: int = 0

    def __str__(self) -> str:
        parts = [
            f"{number} {word if number != 1 else word[:-1]}"
            for word in ("years", "months", "weeks", "days")
            if (number := getattr(self, word))
        ]
        return " and ".join(parts) or "0 days"


class Absent:
    """The value of a fact declared `complete` that a profile leaves out: there is none."""

    def __repr__(self) -> str:
        return "none"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Absent)

    def __hash__(self) -> int:
        return hash(Absent)


Value = bool | int | Decimal | str | Days | tuple[str, ...] | Absent


def shift(day: datetime.date, duration: Duration, sign: int = 1) -> datetime.date:
    """The day a calendar duration later (or earlier, with sign -1).

    A day that the month lacks becomes its last one: two years before 2026-02-28 is
    2024-02-28, one month after 2024-01-31 is 2024-02-29. Clamped to the calendar's ends.
    """
    step = relativedelta(
        years=sign * duration.years,
        months=sign * duration.months,
        weeks=sign * duration.weeks,
        days=sign * duration.days,
    )
    try:
        return day + step
    except (ValueError, OverflowError):
        return datetime.date.max if sign > 0 else datetime.date.min


@lru_cache(maxsize=1024)
def since(day: datetime.date, duration: Duration) -> Days:
    """The days from a calendar duration before a day up to that day, both included."""
    return Days(shift(day, duration, -1), day)


def completed(start: datetime.date, end: datetime.date, unit: Unit) -> int:
    """Whole units from `start` up to `end` (exclusive of `end` itself as a day worked).

    A month from the 31st is complete on the first day that follows it, so a span that
    contains another never has fewer units; 0 when `end` is not after `start`.
    """
    if end <= start:
        return 0
    if unit == "days":
        return (end - start).days
    months = (end.year - start.year) * 12 + end.month - start.month
    if _after_months(start, months) > end:
        months -= 1
    return months // 12 if unit == "years" else months


def _after_months(day: datetime.date, months: int) -> datetime.date:
    landed = shift(day, Duration(months=months))
    if landed.day < day.day and landed != datetime.date.max:
        landed += datetime.timedelta(days=1)
    return landed


def total_completed(spans: list[tuple[datetime.date, datetime.date]], unit: Unit) -> int:
    """Whole units over spans of days, `first` to `last` both included.

    Overlapping and touching spans are merged; each unbroken period counts its completed
    months, and twelve of them make a year.
    """
    total = 0
    for first, last in _merged(spans):
        end = last + datetime.timedelta(days=1) if last < datetime.date.max else last
        total += completed(first, end, "days" if unit == "days" else "months")
    return total // 12 if unit == "years" else total


def _merged(
    spans: list[tuple[datetime.date, datetime.date]],
) -> list[tuple[datetime.date, datetime.date]]:
    merged: list[tuple[datetime.date, datetime.date]] = []
    for first, last in sorted(span for span in spans if span[0] <= span[1]):
        if merged and (first - merged[-1][1]).days <= 1:
            merged[-1] = (merged[-1][0], max(merged[-1][1], last))
        else:
            merged.append((first, last))
    return merged


def plain(value: Value | Duration | tuple[Value, ...] | None) -> Any:
    """A value as JSON has it. A number that JSON cannot carry exactly becomes a text."""
    match value:
        case None | Absent():
            return None
        case bool() | int() | str():
            return value
        case Decimal():
            text = decimal_text(value)
            if "." not in text:
                return int(text)
            return float(text) if repr(float(text)) == text else text
        case tuple():
            return [plain(one) for one in value]
        case Days() if not value.known and not value.partial:
            return {"from": value.first.isoformat(), "until": value.last.isoformat()}
        case _:
            return str(value)


def decimal_text(value: Decimal) -> str:
    """A decimal as people write it: no exponent, no trailing zeros."""
    text = f"{value:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text
