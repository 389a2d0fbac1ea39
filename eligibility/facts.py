"""A profile as the rules see it: typed facts, items with their places."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal

from eligibility.model import ListFact, Vocabulary
from eligibility.values import Absent, Value, decimal_text

__all__ = ["Item", "Items", "Profile", "in_progress", "name_of"]

_NAME = 100
"""How many characters of a name are shown."""


@dataclass(frozen=True, slots=True)
class Item:
    """One item of a list. Attributes that are missing or null are not in `values`."""

    pointer: str
    values: Mapping[str, Value]
    lists: Mapping[str, Items] = field(default_factory=dict)

    def with_value(self, name: str, value: Value) -> Item:
        """The same item with another value of one attribute."""
        return replace(self, values={**self.values, name: value})


@dataclass(frozen=True, slots=True)
class Items:
    """A list: the items stated, and whether they are all there is.

    A list that is missing or null is no items and not complete; `stated` tells it from
    one that is stated to be partial.
    """

    pointer: str
    items: tuple[Item, ...] = ()
    complete: bool = False
    stated: bool = False


@dataclass(frozen=True, slots=True)
class Profile:
    """One student. Facts that are missing or null are not in `values`.

    `source` is the file (or line of a file) that it came from.
    """

    id: str
    values: Mapping[str, Value]
    lists: Mapping[str, Items]
    judgements: Mapping[str, bool]
    source: str | None = None


def name_of(item: Item, of: ListFact) -> str:
    """What to call an item in a sentence: its first naming attribute, or its number."""
    for attribute in of.named_by:
        name = _name(item.values.get(attribute))
        if name:
            return name if len(name) <= _NAME else name[: _NAME - 3] + "..."
    return f"{of.item} {int(item.pointer.rsplit('/', 1)[-1]) + 1}"


def _name(value: Value | None) -> str:
    """A value on one line; nothing where there is none."""
    match value:
        case None | Absent():
            return ""
        case Decimal():
            return decimal_text(value)
        case tuple():
            return " ".join(", ".join(value).split())
        case _:
            return " ".join(str(value).split())


def in_progress(vocabulary: Vocabulary, profile: Profile) -> bool:
    """Whether some item is in progress, or may be, its state being unknown."""
    for name, items in profile.lists.items():
        of = vocabulary.facts[name]
        if isinstance(of, ListFact) and of.states is not None and of.states.in_progress:
            for item in items.items:
                state = item.values.get(of.states.attribute)
                if state is None or state in of.states.in_progress:
                    return True
    return False
