"""What a pack says, once read: vocabulary, outcomes, citations, cases.

Everything here is frozen and independent of files and engines; conditions are in
`eligibility.conditions`.
"""

from __future__ import annotations

import datetime
import enum
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from eligibility.conditions import Condition
    from eligibility.source import Span

__all__ = [
    "Case",
    "Citation",
    "Completing",
    "Declaration",
    "Expectation",
    "Fact",
    "Information",
    "Interval",
    "Kind",
    "ListFact",
    "OffScale",
    "Outcome",
    "RulePack",
    "Scale",
    "States",
    "Status",
    "Version",
    "Vocabulary",
]


class Kind(enum.Enum):
    """The type of a fact that is not a list."""

    BOOLEAN = "boolean"
    INTEGER = "integer"
    NUMBER = "number"
    TEXT = "text"
    DATE = "date"
    SCALE = "scale"

    @property
    def numeric(self) -> bool:
        """Whether values are numbers."""
        return self in (Kind.INTEGER, Kind.NUMBER)


@dataclass(frozen=True, slots=True)
class OffScale:
    """A value beside a scale. `counts_as` is a value on it, `nothing` or `unknown`."""

    counts_as: str
    title: str | None = None


@dataclass(frozen=True, slots=True)
class Scale:
    """An ordered scale, lowest first, with the values that stand beside it."""

    name: str
    title: str
    order: tuple[str, ...]
    off_scale: Mapping[str, OffScale] = field(default_factory=dict, hash=False)
    points: Mapping[str, Decimal] = field(default_factory=dict, hash=False)

    @property
    def values(self) -> tuple[str, ...]:
        """Everything that a profile may state, on the scale and beside it."""
        return (*self.order, *self.off_scale)


@dataclass(frozen=True, slots=True)
class Fact:
    """A declared scalar: a fact of a profile, or an attribute of a list's items."""

    name: str
    kind: Kind
    title: str
    question: str
    phrase: str | None = None
    complete: bool = False
    many: bool = False
    values: tuple[str, ...] | None = None
    scale: Scale | None = None
    minimum: Decimal | None = None
    maximum: Decimal | None = None
    fixed: bool = False


@dataclass(frozen=True, slots=True)
class States:
    """Which attribute says how far an item is, and what its values mean."""

    attribute: str
    finished: tuple[str, ...]
    in_progress: tuple[str, ...] = ()
    planned: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Completing:
    """An attribute that completing an item supplies.

    For an item in progress, a comparison with it counts as met: always; where `well`
    lists the values that an item completed well can have, when one of them satisfies
    it; where `on_as_of`, when the as-of date, as the day of completion, does.
    """

    attribute: str
    well: tuple[str, ...] | None = None
    on_as_of: bool = False


@dataclass(frozen=True, slots=True)
class Interval:
    """The attributes that say from when until when an item lasts."""

    start: str
    end: str


@dataclass(frozen=True, slots=True)
class ListFact:
    """A declared list of items: of a profile, or of another list's items."""

    name: str
    title: str
    item: str
    question: str
    attributes: Mapping[str, Declaration] = field(hash=False)
    named_by: tuple[str, ...] = ()
    complete: bool = False
    states: States | None = None
    completing: Mapping[str, Completing] = field(default_factory=dict, hash=False)
    dated_by: str | None = None
    interval: Interval | None = None

    @property
    def phrase(self) -> str | None:
        """Lists are introduced by their title alone."""
        return None


Declaration = Fact | ListFact


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """The facts that a profile may state."""

    facts: Mapping[str, Declaration]
    scales: Mapping[str, Scale]


@dataclass(frozen=True, slots=True)
class Citation:
    """The text that a rule comes from: title, address, quote, and the day it was read."""

    title: str
    url: str | None = None
    quote: str | None = None
    read: datetime.date | None = None


@dataclass(frozen=True, slots=True)
class Information:
    """Something worth knowing about an outcome that decides nothing."""

    title: str
    value: str
    year: str | None = None
    source: Citation | None = None


@dataclass(frozen=True, slots=True)
class Version:
    """What an outcome requires from `start` until `end`, both days included."""

    requires: Condition
    start: datetime.date | None = None
    end: datetime.date | None = None
    source: Citation | None = None


@dataclass(frozen=True, slots=True)
class Outcome:
    """Something that a student can be eligible for.

    `versions` is None when one requirement holds for all time; `requires` is then it,
    or None for an unverified outcome of which no requirement is known.
    """

    id: str
    title: str
    pack: str
    description: str | None = None
    aliases: tuple[str, ...] = ()
    requires: Condition | None = None
    versions: tuple[Version, ...] | None = None
    version_by: str | None = None
    source: Citation | None = None
    verified: bool = True
    assumptions: tuple[str, ...] = ()
    information: tuple[Information, ...] = ()
    span: Span | None = field(default=None, compare=False)


class Status(enum.StrEnum):
    """The verdict in one word."""

    ELIGIBLE = "eligible"
    ON_TRACK = "on_track"
    UNDETERMINED = "undetermined"
    NOT_ELIGIBLE = "not_eligible"


@dataclass(frozen=True, slots=True)
class Expectation:
    """What a case expects of one outcome; `because` None leaves the reasons open."""

    outcome: str
    status: Status
    because: tuple[str, ...] | None = None
    span: Span | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class Case:
    """A profile with what its verdicts must be."""

    name: str
    file: str
    profile: Mapping[str, object] = field(hash=False)
    as_of: datetime.date
    expect: tuple[Expectation, ...]
    span: Span = field(compare=False)


@dataclass(frozen=True, slots=True)
class RulePack:
    """A pack, checked: nothing in it refers to what is not there."""

    id: str
    title: str
    version: str
    digest: str
    vocabulary: Vocabulary
    outcomes: Mapping[str, Outcome]
    description: str | None = None
    judgements: tuple[str, ...] = ()

    def outcome_id(self, name: str) -> str | None:
        """The id of the outcome that has this id or alias, in capitals or not."""
        folded = name.casefold()
        for outcome in self.outcomes.values():
            if any(one.casefold() == folded for one in (outcome.id, *outcome.aliases)):
                return outcome.id
        return None
