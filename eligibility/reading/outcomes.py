"""Reading outcomes: what they require, in which versions, and what there is to know."""

from __future__ import annotations

import datetime
import itertools
from collections.abc import Callable
from collections.abc import Mapping as MappingType
from dataclasses import dataclass

from eligibility.conditions import Condition, Nothing, Test
from eligibility.errors import Message
from eligibility.model import (
    Citation,
    Declaration,
    Fact,
    Information,
    Kind,
    Outcome,
    Version,
)
from eligibility.reading import messages
from eligibility.reading.conditions import ConditionReader
from eligibility.reading.form import ALIAS, Form
from eligibility.source import Mapping, Node, Scalar, Sequence, Span

__all__ = ["NOTHING", "OUTCOME_KEYS", "OutcomeReader"]

OUTCOME_KEYS = (
    "title",
    "description",
    "aliases",
    "requires",
    "versions",
    "version_by",
    "source",
    "confidence",
    "assumptions",
    "information",
)
NOTHING = "nothing"
"""What stands behind `requires` where all are eligible."""

_VERSION_KEYS = ("from", "until", "requires", "source")
_INFORMATION_KEYS = ("title", "value", "year", "source")
_DAY = datetime.timedelta(days=1)


@dataclass(frozen=True, slots=True)
class _Days:
    """From when until when a version holds, and where it says so."""

    start: datetime.date | None
    end: datetime.date | None
    span: Span


class OutcomeReader:
    """Reads the outcomes of one pack, and finds the circles among them."""

    def __init__(
        self,
        form: Form,
        facts: MappingType[str, Declaration],
        conditions: ConditionReader,
        cite: Callable[[Node | None], Citation | None],
    ) -> None:
        self._form = form
        self._facts = facts
        self._conditions = conditions
        self._cite = cite
        self._graph: dict[str, dict[str, Span]] = {}
        self._aliases: list[tuple[str, Scalar]] = []

    def outcome(self, key: Scalar, node: Node, pack: str) -> Outcome | None:
        """One outcome of the pack with that id."""
        name = key.text
        what = f"outcome `{name}`"
        mapping = self._form.mapping(node, what, OUTCOME_KEYS, ["title"], at=key)
        if mapping is None:
            return None
        confidence = mapping.get("confidence")
        sure = self._form.word(confidence, "confidence", ("verified", "unverified"))
        self._check_keys(key, mapping, doubtful=confidence is not None and sure != "verified")
        self._conditions.referred = self._graph[name] = {}
        requires, versions = mapping.get("requires"), mapping.get("versions")
        condition = None if requires is None else self._requires(requires, "requires")
        assumptions = mapping.get("assumptions")
        return Outcome(
            name,
            self._form.text(mapping.get("title"), "the title") or name,
            pack,
            description=self._form.text(mapping.get("description"), "the description"),
            aliases=self._outcome_aliases(name, mapping.get("aliases")),
            requires=condition,
            versions=None if versions is None else self._versions(versions),
            version_by=self._version_by(mapping),
            source=self._cite(mapping.get("source")),
            verified=sure != "unverified",
            assumptions=self._form.texts(assumptions, "assumptions"),
            information=self._information(mapping.get("information")),
            span=key.span,
        )

    def _requires(self, node: Node, path: str) -> Condition | None:
        """The condition of an outcome or of a version, which may be that there is none."""
        if isinstance(node, Scalar) and node.value == NOTHING:
            return Test(path, Nothing(), span=node.span)
        return self._conditions.condition(node, path)

    def check_cycles(self) -> None:
        """Report the circles of outcomes, each where its first outcome names the second."""
        done: set[str] = set()
        for start in self._graph:
            _walk(self._graph, start, done, self._cycle)

    def _cycle(self, path: list[str]) -> None:
        self._form.report(self._graph[path[0]][path[1]], messages.cycle("outcomes", path))

    def check_aliases(self, ids: MappingType[str, Scalar]) -> None:
        """Report aliases that name another outcome too; whoever asks cannot tell them apart."""
        taken = dict(ids)
        owners = {name: name for name in ids}
        for owner, node in self._aliases:
            folded = node.text.strip().casefold()
            first = taken.setdefault(folded, node)
            if owners.setdefault(folded, owner) == owner and first is node:
                continue
            place = f"{first.span.file}:{first.span.line}"
            self._form.report(node, messages.alias_taken(node.text.strip(), owners[folded], place))

    def _outcome_aliases(self, name: str, node: Node | None) -> tuple[str, ...]:
        """Other names of an outcome, as people know it."""
        found: list[str] = []
        for alias, where in self._form.text_nodes(node, "aliases").items():
            assert isinstance(where, Scalar)
            if ALIAS.fullmatch(alias) is None:
                self._form.report(where, messages.bad_alias(alias))
                continue
            self._aliases.append((name, where))
            found.append(alias)
        return tuple(found)

    def _check_keys(self, key: Scalar, mapping: Mapping, *, doubtful: bool) -> None:
        """Report what an outcome has too much or too little of."""
        what = f"outcome `{key.text}`"
        if mapping.get("requires") is not None and mapping.get("versions") is not None:
            second = mapping.key("versions") or mapping
            self._form.report(second, messages.not_beside("requires", "versions"))
        lacks = [
            word
            for word in ("requires", "versions", "source")
            if not doubtful and self._form.lacks(mapping, word, OUTCOME_KEYS)
        ]
        if "requires" in lacks and "versions" in lacks:
            hint = "or `confidence: unverified` where no source states what it requires"
            self._form.report(key, messages.missing_key("requires", what, hint))
        if "source" in lacks and not _cited(mapping.get("versions")):
            hint = "say which text the rule comes from"
            self._form.report(key, messages.missing_key("source", what, hint))

    def _version_by(self, mapping: Mapping) -> str | None:
        node = mapping.get("version_by")
        name = self._form.text(node, "`version_by`")
        if node is None or name is None:
            return None
        fact = self._facts.get(name)
        if fact is None:
            dates = [
                one.name
                for one in self._facts.values()
                if isinstance(one, Fact) and one.kind is Kind.DATE
            ]
            self._form.unknown(node, "date fact", dates)
        elif not isinstance(fact, Fact) or fact.kind is not Kind.DATE:
            self._form.report(node, Message(f"`{name}` is not a date", "versions go by a date"))
        elif self._form.lacks(mapping, "versions", OUTCOME_KEYS):
            key = mapping.key("version_by") or mapping
            self._form.report(key, Message("`version_by` needs `versions` beside it"))
        return name

    # -- versions ---------------------------------------------------------------------

    def _versions(self, node: Node) -> tuple[Version, ...] | None:
        versions: list[Version] = []
        days: list[_Days | None] = []
        for index, item in enumerate(self._form.sequence(node, "versions")):
            mapping = self._form.mapping(item, "a version", _VERSION_KEYS, ["requires"])
            held = None if mapping is None else self._days(mapping)
            days.append(held)
            if mapping is None:
                continue
            source = self._cite(mapping.get("source"))
            requires = mapping.get("requires")
            condition: Condition | None = None
            if requires is not None:
                condition = self._requires(requires, f"versions/{index}/requires")
            if condition is not None and held is not None:
                versions.append(Version(condition, held.start, held.end, source))
        for before, after in itertools.pairwise(days):
            if before is not None and after is not None:
                self._follow(before, after)
        return tuple(versions)

    def _days(self, mapping: Mapping) -> _Days | None:
        """The days of a version; None where they are wrong."""
        first, last = mapping.get("from"), mapping.get("until")
        start, end = self._form.day(first, "`from`"), self._form.day(last, "`until`")
        if (first is not None and start is None) or (last is not None and end is None):
            return None
        if start is not None and end is not None and start > end:
            self._form.report(last or mapping, Message("`until` is before `from`"))
            return None
        return _Days(start, end, (first or mapping).span)

    def _follow(self, before: _Days, after: _Days) -> None:
        """Check that a version begins the day after the one before it ends."""
        if before.start is not None and _first(after) < before.start:
            text, hint = "this version is older than the one before it", "put the oldest first"
        elif before.end is None or after.start is None:
            text = "this version overlaps the one before it"
            hint = "give `until` to the one before and `from` to this one"
            if before.end is None and after.start is not None:
                hint = f"give `until: {_eve(after.start)}` to the one before"
            elif before.end is not None:
                hint = f"give `from: {_morrow(before.end)}` to this one"
        elif after.start <= before.end:
            text = f"this version overlaps the one before it, which lasts until {before.end}"
            hint = f"write `from: {_morrow(before.end)}`"
            if before.end == datetime.date.max:
                hint = "end the one before it earlier"
        elif _eve(after.start) > before.end:
            text = f"no version holds from {_morrow(before.end)} to {_eve(after.start)}"
            hint = f"write `from: {_morrow(before.end)}`, or add a version"
        else:
            return
        self._form.report(after.span, Message(text, hint))

    def _information(self, node: Node | None) -> tuple[Information, ...]:
        found: list[Information] = []
        known = _INFORMATION_KEYS
        for item in self._form.sequence(node, "pieces of information"):
            mapping = self._form.mapping(item, "a piece of information", known, known[:2])
            if mapping is None:
                continue
            title, value, year = (
                self._form.text(mapping.get(key), f"the {key}") for key in known[:3]
            )
            source = self._cite(mapping.get("source"))
            if title is not None and value is not None:
                found.append(Information(title, value, year, source))
        return tuple(found)


def _first(days: _Days) -> datetime.date:
    """The day that puts a version before or after another."""
    return days.start or days.end or datetime.date.max


def _morrow(day: datetime.date) -> datetime.date:
    return day + _DAY if day < datetime.date.max else day


def _eve(day: datetime.date) -> datetime.date:
    return day - _DAY if day > datetime.date.min else day


def _cited(versions: Node | None) -> bool:
    """Whether every version brings a source of its own."""
    items = versions.items if isinstance(versions, Sequence) else ()
    return bool(items) and all(
        isinstance(item, Mapping) and item.get("source") is not None for item in items
    )


def _walk(
    graph: MappingType[str, MappingType[str, Span]],
    start: str,
    done: set[str],
    found: Callable[[list[str]], None],
) -> None:
    """Depth first without recursion, since outcomes may form long chains."""
    path: dict[str, None] = {}
    stack = [(start, iter(graph.get(start, ())))] if start not in done else []
    while stack:
        name, below = stack[-1]
        path[name] = None
        step = next(below, None)
        if step is None:
            stack.pop()
            del path[name]
            done.add(name)
        elif step in path:
            steps = list(path)
            found([*steps[steps.index(step) :], step])
        elif step not in done:
            stack.append((step, iter(graph.get(step, ()))))
