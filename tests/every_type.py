"""A pack whose vocabulary has a fact of every type, with every limit; and two judgements."""

from __future__ import annotations

from decimal import Decimal

from eligibility.conditions import Decision, Group, Not, Test
from eligibility.model import (
    Fact,
    Kind,
    ListFact,
    OffScale,
    Outcome,
    RulePack,
    Scale,
    Vocabulary,
)

GRADE = Scale("grade", "grade", ("F", "D", "C", "B+", "A"), {"P": OffScale("C")})


def fact(
    name: str,
    kind: Kind,
    *,
    values: tuple[str, ...] | None = None,
    low: int | None = None,
    high: str | None = None,
    many: bool = False,
    complete: bool = False,
) -> Fact:
    return Fact(
        name,
        kind,
        f"the {name}",
        f"What is the {name}?",
        complete=complete,
        many=many,
        values=values,
        scale=GRADE if kind is Kind.SCALE else None,
        minimum=None if low is None else Decimal(low),
        maximum=None if high is None else Decimal(high),
    )


def listed(name: str, *attributes: Fact | ListFact, complete: bool = False) -> ListFact:
    return ListFact(
        name,
        f"{name}s",
        name,
        f"Which {name}s?",
        {attribute.name: attribute for attribute in attributes},
        complete=complete,
    )


FACTS: tuple[Fact | ListFact, ...] = (
    fact("flag", Kind.BOOLEAN),
    fact("none_known", Kind.BOOLEAN, complete=True),
    fact("age", Kind.INTEGER, low=0, high="120"),
    fact("steps", Kind.INTEGER),
    fact("gpa", Kind.NUMBER, low=0, high="4.5"),
    fact("amount", Kind.NUMBER),
    fact("note", Kind.TEXT),
    fact("state", Kind.TEXT, values=("New York", "new-jersey", "CA")),
    fact("born", Kind.DATE),
    fact("best", Kind.SCALE),
    fact("tags", Kind.TEXT, many=True),
    fact("topics", Kind.TEXT, many=True, values=("law", "ethics")),
    # names that marshmallow uses itself
    *(fact(name, Kind.BOOLEAN) for name in ("fields", "load", "context", "opts", "validate")),
    listed(
        "course",
        fact("title", Kind.TEXT),
        fact("grade", Kind.SCALE),
        fact("done", Kind.DATE),
        fact("hours", Kind.INTEGER, low=1),
        fact("id", Kind.TEXT),
        listed("part", fact("name", Kind.TEXT), fact("credits", Kind.NUMBER, low=0)),
    ),
    listed("job", fact("title", Kind.TEXT), complete=True),
)
"""Lists are called by the word for one item."""


def every_type() -> RulePack:
    decisions = {
        name: Decision(name, f"Is it {name}?", "the dean") for name in ("fair", "in_time", "asked")
    }
    tests = {name: Test("requires", decision) for name, decision in decisions.items()}
    requires = Group("requires", "all", (tests["fair"], Not("requires/all/1", tests["in_time"])))
    outcome = Outcome("everything", "Everything", "every-type", requires=requires)
    return RulePack(
        id="every-type",
        title="A fact of every type",
        version="1+2",
        digest="sha256:" + "0" * 64,
        vocabulary=Vocabulary({one.name: one for one in FACTS}, {"grade": GRADE}),
        outcomes={"everything": outcome},
        judgements=("asked", "fair", "in_time"),
    )
