"""What a summary says, in sentences that can be repeated as they are."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal

from eligibility.model import Status
from eligibility.summaries.document import Counts, Keeper, Summary
from eligibility.words import joined, plural, singular

__all__ = [
    "CERTAIN",
    "NOT_TOLD",
    "Sentence",
    "asked",
    "heading",
    "kept",
    "left_out",
    "nearest",
    "open_outcomes",
    "refused",
    "share",
    "students_words",
]

CERTAIN = "Short is counted by what the profiles state for certain."
NOT_TOLD = "What keeps whom was not asked for: the run was made with --reasons none."
_AMOUNTS = 3
"""How many amounts are told one by one; the others are told together."""


@dataclass(frozen=True, slots=True)
class Sentence:
    """What a condition does to how many students, and what is to be added to it, if anything."""

    text: str
    more: str | None = None


def share(count: int, of: int) -> str:
    """A part in percent: `0%` and `100%` only where it is none or all of them."""
    if not of or count in (0, of):
        return "100%" if of and count == of else "0%"
    percent = (200 * count + of) // (2 * of)
    if percent == 0:
        return "<1%"
    return ">99%" if percent == 100 else f"{percent}%"


def students_words(count: int) -> str:
    """`1 student`, `1,200 students`."""
    return "1 student" if count == 1 else f"{count:,} students"


def asked(summary: Summary) -> list[tuple[str, str]]:
    """What was asked, of how many, and where it stands: labels and texts."""
    counts = f"{summary.read:,} read: {summary.answered:,} answered, {summary.rejected:,} rejected"
    return [
        ("rules", summary.pack),
        ("digest", summary.digest),
        ("as of", summary.as_of),
        ("source", summary.source),
        ("written to", summary.to),
        ("students", f"{counts}, in {summary.seconds:,} s"),
    ]


def heading(counts: Counts, answered: int) -> str:
    """How many are not eligible for an outcome: `783 of 1,200 are not eligible`."""
    short = answered - counts.statuses[Status.ELIGIBLE]
    who = "the only student is" if answered == 1 else f"{short:,} of {answered:,} are"
    return f"{who} not eligible now"


def open_outcomes(summary: Summary) -> list[tuple[int, Counts]]:
    """The outcomes that something keeps students from, with their numbers from 1."""
    return [(number, one) for number, one in enumerate(summary.outcomes, 1) if one.blocking]


def nearest(summary: Summary, top: int) -> list[Sentence]:
    """Who is short of a single condition by an amount that is known, the most first."""
    found = [
        (sum(count for _, count in keeper.short_by), number, counts, keeper)
        for number, counts in enumerate(summary.outcomes)
        for keeper in counts.blocking
        if keeper.short_by
    ]
    found.sort(key=lambda one: (-one[0], one[1]))
    return [
        Sentence(f"{_who(students)} {_short(keeper)} of: {counts.title} \N{EN DASH} {keeper.text}")
        for students, _, counts, keeper in found[:top]
    ]


def kept(keeper: Keeper) -> Sentence:
    """Whom a condition keeps from being eligible, alone and with others."""
    others = keeper.students - keeper.alone
    if not keeper.alone:
        return Sentence(f"{_kept(others)} by this and by more: {keeper.text}")
    more = [f"{others:,} others {_are(others)} kept by this and by more"] if others else []
    if others == 1:
        more = ["1 other is kept by this and by more"]
    short = sum(count for _, count in keeper.short_by)
    if short == keeper.alone:
        text = f"{_who(short)} {_short(keeper)} of: {keeper.text}"
    else:
        text = f"{_kept(keeper.alone)} by this alone: {keeper.text}"
    if len(keeper.short_by) > 1 or 0 < short < keeper.alone:
        amounts = [*_amounts(keeper)]
        if left := keeper.alone - short:
            amounts.append(f"{left:,} by an amount that is not known")
        more.insert(0, joined(amounts))
    return Sentence(text, "; ".join(more) or None)


def left_out(counts: Counts, top: int) -> str | None:
    """How many conditions are not told of; None where all are."""
    left = len(counts.blocking) - top
    if left <= 0:
        return None
    return "1 more condition" if left == 1 else f"{left:,} more conditions"


def refused(summary: Summary, top: int) -> list[Sentence]:
    """The most frequent mistakes in what was rejected."""
    return [
        Sentence(f"{count:,} {'time' if count == 1 else 'times'}: {reason}")
        for reason, count in summary.refused[:top]
    ]


def _are(count: int) -> str:
    return "is" if count == 1 else "are"


def _who(count: int) -> str:
    return f"{students_words(count)} {_are(count)}"


def _kept(count: int) -> str:
    return f"{_who(count)} kept"


def _short(keeper: Keeper) -> str:
    """`one course short`, `1 to 12 courses short`."""
    least, most = keeper.short_by[0][0], keeper.short_by[-1][0]
    return f"{_range(least, most, keeper.unit)} short"


def _amounts(keeper: Keeper) -> Iterator[str]:
    """How many are short by each amount: `300 are one course short`."""
    told: Sequence[tuple[Decimal, int]] = keeper.short_by
    if len(told) > _AMOUNTS + 1:
        told = told[:_AMOUNTS]
    for amount, count in told:
        yield f"{count:,} {_are(count)} {_range(amount, amount, keeper.unit)} short"
    if rest := keeper.short_by[len(told) :]:
        count = sum(one for _, one in rest)
        yield f"{count:,} {_are(count)} {_range(rest[0][0], rest[-1][0], keeper.unit)} short"


def _range(least: Decimal, most: Decimal, unit: str | None) -> str:
    amount = f"{least:,}" if least == most else f"{least:,} to {most:,}"
    if unit is None:
        return amount
    if least == most == 1:
        return f"one {_one(unit)}"
    return f"{amount} {_many(unit)}"


def _one(unit: str) -> str:
    """`hour worked` for `hours worked`."""
    first, *others = unit.split(" ")
    return singular(unit) if unit.endswith("s") else " ".join([singular(first), *others])


def _many(unit: str) -> str:
    """`courses` for `course`; `hours worked` stays."""
    first = unit.partition(" ")[0]
    return unit if singular(first) != first else plural(unit)
