"""Reading rule documents into one checked pack."""

from __future__ import annotations

import datetime
from collections.abc import Callable
from pathlib import Path

from eligibility.conditions import Condition, Group, Not, OutcomeValue
from eligibility.errors import Message, Problem, RulesError
from eligibility.loading import PACK_FILE, RuleDocument, Rules
from eligibility.model import (
    Citation,
    Declaration,
    Fact,
    Information,
    Kind,
    Outcome,
    RulePack,
    Scale,
    Version,
    Vocabulary,
)
from eligibility.reading import messages
from eligibility.reading.conditions import (
    MAX_CONDITIONS,
    ConditionReader,
    TooManyConditionsError,
)
from eligibility.reading.form import FACT_NAME, ID, Form
from eligibility.reading.vocabulary import CONDITION_WORDS, TYPES, read_fact, read_scale
from eligibility.source import Mapping, Node, Scalar, Span

__all__ = ["read_pack"]

_PACK_KEYS = ("pack", "title", "version", "description", "use", "sources", "outcomes", "define")
_PART_KEYS = ("outcomes", "define", "sources")
_VOCABULARY_KEYS = ("vocabulary", "title", "description", "scales", "facts", "define")
_OUTCOME_KEYS = (
    "title",
    "description",
    "requires",
    "versions",
    "version_by",
    "source",
    "confidence",
    "assumptions",
    "information",
)
_CITATION_KEYS = ("from", "title", "url", "quote", "read")
_DAY = datetime.timedelta(days=1)


def read_pack(rules: Rules) -> RulePack:
    """The pack that the documents say, several packs merged into one.

    Raises `RulesError` with every mistake of all files.
    """
    reader = _PackReader(rules)
    pack = reader.read()
    problems = [*rules.problems, *reader.form.problems]
    if problems or pack is None:
        raise RulesError(problems)
    return pack


class _Names:
    """Names declared so far, and where, so that a second one can point to the first."""

    def __init__(self, form: Form, kind: str) -> None:
        self._form = form
        self._kind = kind
        self.nodes: dict[str, Node] = {}
        self._places: dict[str, Span] = {}

    def add(self, key: Scalar, node: Node) -> bool:
        if key.text in self.nodes:
            first = self._places[key.text]
            place = f"{first.file}:{first.line}"
            self._form.report(key, messages.duplicate(self._kind, key.text, place))
            return False
        self.nodes[key.text] = node
        self._places[key.text] = key.span
        return True

    def span(self, name: str) -> Span:
        return self._places[name]


class _PackReader:
    def __init__(self, rules: Rules) -> None:
        self.form = Form()
        self._rules = rules
        self._scales = _Names(self.form, "scale")
        self._facts = _Names(self.form, "fact")
        self._definitions = _Names(self.form, "definition")
        self._outcomes = _Names(self.form, "outcome")
        self._sources = _Names(self.form, "source")
        self._citations: dict[str, Citation] = {}
        self._owners: dict[str, str] = {}
        self._ids: dict[Path, str] = {}

    def read(self) -> RulePack | None:
        self._collect()
        vocabulary = self._vocabulary()
        self._check_names(vocabulary)
        for name, node in self._sources.nodes.items():
            citation = self._citation(node)
            if citation is not None:
                self._citations[name] = citation
        conditions = ConditionReader(
            self.form,
            vocabulary.facts,
            self._definitions.nodes,
            self._outcomes.nodes,
            self._citation,
        )
        outcomes: dict[str, Outcome] = {}
        try:
            conditions.check_definitions()
            for name, node in self._outcomes.nodes.items():
                outcome = self._outcome(name, node, conditions, vocabulary)
                if outcome is not None:
                    outcomes[name] = outcome
        except TooManyConditionsError:
            text = f"more than {MAX_CONDITIONS:,} conditions, definitions counted at every use"
            place = self._rules.documents[0].name
            self.form.problems.append(Problem(place, Message(text, "use `outcome` instead")))
        self._check_cycles(outcomes)
        if self.form.problems or self._rules.problems:
            return None
        heads = [self._head(pack) for pack in self._rules.packs]
        return RulePack(
            id="+".join(head[0] for head in heads),
            title=" + ".join(head[1] for head in heads),
            version="+".join(head[2] for head in heads),
            digest=self._rules.digest,
            vocabulary=vocabulary,
            outcomes=outcomes,
            description=heads[0][3] if len(heads) == 1 else None,
            judgements=tuple(sorted(conditions.judgements)),
        )

    def _collect(self) -> None:
        for document in self._rules.documents:
            if document.pack is not None and Path(document.name).name == PACK_FILE:
                self._pack_head(document)
        for document in self._rules.documents:
            root = document.root
            if root.get("vocabulary") is not None:
                self.form.mapping(root, "a vocabulary", _VOCABULARY_KEYS)
            elif document.pack is None:
                self.form.report(root, messages.missing_key("vocabulary", "a vocabulary"))
            elif Path(document.name).name != PACK_FILE:
                self.form.mapping(root, "a part of a pack", _PART_KEYS)
            self._names(root, "scales", "a scale", self._scales)
            self._names(root, "facts", "a fact", self._facts)
            self._names(root, "define", "a definition", self._definitions)
            self._names(root, "sources", "a source", self._sources)
            outcomes = self._names(root, "outcomes", "an outcome", self._outcomes)
            for name in outcomes:
                self._owners[name] = self._ids.get(document.pack or Path(), "")

    def _pack_head(self, document: RuleDocument) -> None:
        required = ("pack", "title", "version")
        self.form.mapping(document.root, "a pack", _PACK_KEYS, required)
        key = document.root.get("pack")
        name = self.form.text(key, "the id of the pack")
        if isinstance(key, Scalar) and name is not None:
            self.form.name(key, "a pack", ID)
        if document.pack is not None:
            self._ids[document.pack] = name or ""
        for node in self.form.sequence(document.root.get("use"), "what to use", at_least=0):
            self.form.text(node, "what to use")

    def _head(self, pack: Path) -> tuple[str, str, str, str | None]:
        root = next(
            document.root
            for document in self._rules.documents
            if document.pack == pack and Path(document.name).name == PACK_FILE
        )

        def text(key: str) -> str:
            node = root.get(key)
            return node.text if isinstance(node, Scalar) else ""

        return text("pack"), text("title"), text("version"), text("description") or None

    def _names(self, root: Mapping, section: str, kind: str, names: _Names) -> list[str]:
        mapping = self.form.mapping(root.get(section), f"`{section}`")
        pattern = ID if section in ("outcomes", "sources") else FACT_NAME
        added = []
        for key, node in mapping.entries if mapping else ():
            if self.form.name(key, kind, pattern) and names.add(key, node):
                added.append(key.text)
        return added

    def _vocabulary(self) -> Vocabulary:
        scales: dict[str, Scale] = {}
        for name, node in self._scales.nodes.items():
            scale = read_scale(self.form, name, node)
            if scale is not None:
                scales[name] = scale
            if name in TYPES:
                self.form.report(self._scales.span(name), messages.reserved_name(name))
        facts: dict[str, Declaration] = {}
        for name, node in self._facts.nodes.items():
            fact = read_fact(self.form, name, node, scales)
            if fact is not None:
                facts[name] = fact
        return Vocabulary(facts, scales)

    def _check_names(self, vocabulary: Vocabulary) -> None:
        reserved = CONDITION_WORDS | {"as_of", "id", "judgements"}
        for names in (self._facts, self._definitions):
            for name in names.nodes:
                if name in reserved:
                    self.form.report(names.span(name), messages.reserved_name(name))
        for name in self._definitions.nodes:
            if name in self._facts.nodes:
                first = self._facts.span(name)
                place = f"{first.file}:{first.line}"
                message = messages.duplicate("fact or definition", name, place)
                self.form.report(self._definitions.span(name), message)

    def _citation(self, node: Node | None) -> Citation | None:
        mapping = self.form.mapping(node, "a source", _CITATION_KEYS)
        if mapping is None:
            return None
        base = Citation("")
        origin = mapping.get("from")
        name = self.form.text(origin, "the name of a source")
        if origin is not None and name is not None:
            if name not in self._sources.nodes:
                known = self._sources.nodes
                self.form.report(origin, messages.unknown("source", name, known))
                return None
            base = self._citations.get(name, Citation("?"))
        title = self.form.text(mapping.get("title"), "the title of a source") or base.title
        if not title:
            self.form.report(mapping, messages.missing_key("title", "a source"))
        return Citation(
            title,
            self.form.text(mapping.get("url"), "the address of a source") or base.url,
            self.form.text(mapping.get("quote"), "the quote") or base.quote,
            self.form.day(mapping.get("read"), "the day it was read") or base.read,
        )

    def _outcome(
        self, name: str, node: Node, conditions: ConditionReader, vocabulary: Vocabulary
    ) -> Outcome | None:
        what = f"outcome `{name}`"
        mapping = self.form.mapping(node, what, _OUTCOME_KEYS, ["title"])
        if mapping is None:
            return None
        confidence = self.form.word(
            mapping.get("confidence"), "confidence", ("verified", "unverified")
        )
        requires, versions = mapping.get("requires"), mapping.get("versions")
        if requires is not None and versions is not None:
            key = mapping.key("versions") or mapping
            self.form.report(key, Message("`requires` and `versions` together", "use one"))
        if requires is None and versions is None and confidence != "unverified":
            hint = "or `confidence: unverified` where no source states what it requires"
            span = self._outcomes.span(name)
            self.form.report(span, Message(f"{what} needs `requires` or `versions`", hint))
        source = self._citation(mapping.get("source"))
        if source is None and confidence != "unverified" and not _cited(versions):
            span = self._outcomes.span(name)
            hint = "say which text the rule comes from"
            self.form.report(span, Message(f"{what} needs a `source`", hint))
        condition = None if requires is None else conditions.condition(requires, "requires")
        dated = None if versions is None else self._versions(versions, name, conditions)
        return Outcome(
            name,
            self.form.text(mapping.get("title"), "the title") or name,
            self._owners.get(name, ""),
            description=self.form.text(mapping.get("description"), "the description"),
            requires=condition,
            versions=dated,
            version_by=self._version_by(mapping, vocabulary),
            source=source,
            verified=confidence != "unverified",
            assumptions=tuple(self.form.texts(mapping.get("assumptions"), "assumptions"))
            if mapping.get("assumptions") is not None
            else (),
            information=self._information(mapping.get("information")),
            span=self._outcomes.span(name),
        )

    def _version_by(self, mapping: Mapping, vocabulary: Vocabulary) -> str | None:
        node = mapping.get("version_by")
        name = self.form.text(node, "`version_by`")
        if node is None or name is None:
            return None
        fact = vocabulary.facts.get(name)
        if fact is None:
            self.form.report(node, messages.unknown("fact", name, vocabulary.facts))
        elif not isinstance(fact, Fact) or fact.kind is not Kind.DATE:
            self.form.report(node, Message(f"`{name}` is not a date", "versions go by a date"))
        if mapping.get("versions") is None:
            self.form.report(node, Message("`version_by` without `versions`"))
        return name

    def _versions(
        self, node: Node, name: str, conditions: ConditionReader
    ) -> tuple[Version, ...] | None:
        versions: list[Version] = []
        spans: list[Span] = []
        for index, item in enumerate(self.form.sequence(node, "versions")):
            known = ("from", "until", "requires", "source")
            mapping = self.form.mapping(item, "a version", known, ["requires"])
            if mapping is None:
                continue
            start = self.form.day(mapping.get("from"), "`from`")
            end = self.form.day(mapping.get("until"), "`until`")
            requires = mapping.get("requires")
            condition: Condition | None = None
            if requires is not None:
                condition = conditions.condition(requires, f"versions/{index}/requires")
            if start is not None and end is not None and start > end:
                self.form.report(item, Message("`from` is after `until`"))
            if condition is None:
                continue
            source = self._citation(mapping.get("source"))
            versions.append(Version(condition, start, end, source))
            spans.append(item.span)
        self._check_versions(versions, spans)
        return tuple(versions)

    def _check_versions(self, versions: list[Version], spans: list[Span]) -> None:
        for index in range(1, len(versions)):
            before, after = versions[index - 1], versions[index]
            if before.end is None or after.start is None:
                hint = "give `until` to the one before and `from` to this one"
                self.form.report(
                    spans[index], Message("this version overlaps the one before it", hint)
                )
            elif after.start <= before.end:
                text = f"this version overlaps the one before it, which lasts until {before.end}"
                self.form.report(
                    spans[index], Message(text, f"start it on {before.end + _DAY}, in date order")
                )
            elif after.start != before.end + _DAY:
                text = f"no version holds from {before.end + _DAY} to {after.start - _DAY}"
                self.form.report(spans[index], Message(text, "close the gap"))

    def _information(self, node: Node | None) -> tuple[Information, ...]:
        found: list[Information] = []
        items = self.form.sequence(node, "pieces of information") if node is not None else ()
        for item in items:
            known = ("title", "value", "year", "source")
            mapping = self.form.mapping(item, "a piece of information", known, known[:2])
            if mapping is None:
                continue
            title, value, year = (
                self.form.text(mapping.get(key), f"the {key}") for key in known[:3]
            )
            source = self._citation(mapping.get("source"))
            if title is not None and value is not None:
                found.append(Information(title, value, year, source))
        return tuple(found)

    def _check_cycles(self, outcomes: dict[str, Outcome]) -> None:
        """Report each circle of outcomes once, from its first outcome in the files."""
        graph = {name: list(_referred(outcome)) for name, outcome in outcomes.items()}
        done: set[str] = set()
        for start in graph:
            _walk(graph, start, done, lambda path: self._report_cycle(path, outcomes))

    def _report_cycle(self, path: list[str], outcomes: dict[str, Outcome]) -> None:
        span = outcomes[path[0]].span
        assert span is not None
        self.form.report(span, messages.cycle("outcomes", path))


def _cited(versions: Node | None) -> bool:
    """Whether every version brings a source of its own."""
    items = getattr(versions, "items", ())
    return bool(items) and all(isinstance(item, Mapping) and item.get("source") for item in items)


def _referred(outcome: Outcome) -> list[str]:
    waiting: list[Condition] = [version.requires for version in outcome.versions or ()]
    if outcome.requires is not None:
        waiting.append(outcome.requires)
    names: dict[str, None] = {}
    while waiting:
        condition = waiting.pop()
        if isinstance(condition, OutcomeValue):
            names[condition.outcome] = None
        elif isinstance(condition, Not):
            waiting.append(condition.child)
        elif isinstance(condition, Group):
            waiting.extend(condition.children)
    return sorted(names)


def _walk(
    graph: dict[str, list[str]],
    start: str,
    done: set[str],
    found: Callable[[list[str]], None],
) -> None:
    """Depth first without recursion, since outcomes may form long chains."""
    path: list[str] = []
    on_path: set[str] = set()
    stack: list[tuple[str, int]] = [(start, 0)]
    while stack:
        name, index = stack.pop()
        if index == 0:
            if name in done:
                continue
            path.append(name)
            on_path.add(name)
        below = graph.get(name, [])
        if index < len(below):
            stack.append((name, index + 1))
            step = below[index]
            if step in on_path:
                found([*path[path.index(step) :], step])
            elif step not in done:
                stack.append((step, 0))
        else:
            done.add(name)
            path.pop()
            on_path.discard(name)
