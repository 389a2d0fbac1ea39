"""Reading rule documents into one checked pack."""

from __future__ import annotations

import re
from pathlib import Path

from eligibility.errors import RulesError
from eligibility.loading import RuleDocument, Rules
from eligibility.model import Declaration, Outcome, RulePack, Scale, Vocabulary
from eligibility.reading import messages
from eligibility.reading.citations import CITATION_KEYS, CitationReader
from eligibility.reading.conditions import ConditionReader
from eligibility.reading.form import FACT_NAME, ID, Form, TooMuchError
from eligibility.reading.outcomes import OUTCOME_KEYS, OutcomeReader
from eligibility.reading.vocabulary import RESERVED, TYPES, read_fact, read_scale
from eligibility.source import Mapping, Node, Scalar

__all__ = [
    "CITATION_KEYS",
    "OUTCOME_KEYS",
    "PACK_KEYS",
    "PART_KEYS",
    "VOCABULARY_KEYS",
    "read_pack",
]

PACK_KEYS = ("pack", "title", "version", "description", "use", "sources", "outcomes", "define")
PART_KEYS = ("outcomes", "define", "sources")
VOCABULARY_KEYS = ("vocabulary", "title", "description", "scales", "facts", "define")
_HEAD = ("pack", "title", "version")


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
    """What was declared under one heading, by name, the first of each name."""

    def __init__(self, form: Form, kind: str) -> None:
        self._form = form
        self._kind = kind
        self.keys: dict[str, Scalar] = {}
        self.nodes: dict[str, Node] = {}

    def add(self, key: Scalar, node: Node) -> bool:
        """Take a name, unless it is taken; then report that."""
        first = self.keys.setdefault(key.text, key)
        if first is not key:
            place = f"{first.span.file}:{first.span.line}"
            self._form.report(key, messages.duplicate(self._kind, key.text, place))
            return False
        self.nodes[key.text] = node
        return True


class _PackReader:
    def __init__(self, rules: Rules) -> None:
        self.form = Form(blind=rules.incomplete)
        self._rules = rules
        self._scales = _Names(self.form, "scale")
        self._facts = _Names(self.form, "fact")
        self._definitions = _Names(self.form, "definition")
        self._outcomes = _Names(self.form, "outcome")
        self._sources = _Names(self.form, "source")
        self._packs = _Names(self.form, "pack")
        self._owners: dict[str, str] = {}
        self._heads: dict[Path, Mapping] = {}

    def read(self) -> RulePack | None:
        """The pack; None where something is wrong."""
        try:
            return self._read()
        except TooMuchError:
            return None

    def _read(self) -> RulePack | None:
        for document in self._rules.documents:
            if document.head:
                self._head(document)
        for document in self._rules.documents:
            self._document(document)
        vocabulary = self._vocabulary()
        self._check_names()
        cite = CitationReader(self.form)
        for name, node in self._sources.nodes.items():
            cite.name(self._sources.keys[name], node)
        conditions = ConditionReader(
            self.form, vocabulary.facts, self._definitions.nodes, self._outcomes.nodes, cite
        )
        conditions.check_definitions()
        reader = OutcomeReader(self.form, vocabulary.facts, conditions, cite)
        outcomes: dict[str, Outcome] = {}
        for name, node in self._outcomes.nodes.items():
            outcome = reader.outcome(self._outcomes.keys[name], node, self._owners[name])
            if outcome is not None:
                outcomes[name] = outcome
        reader.check_cycles()
        reader.check_aliases(self._outcomes.keys)
        if self.form.problems or self._rules.problems:
            return None
        return self._pack(vocabulary, outcomes, tuple(sorted(conditions.judgements)))

    def _pack(
        self, vocabulary: Vocabulary, outcomes: dict[str, Outcome], judgements: tuple[str, ...]
    ) -> RulePack:
        heads = [self._heads[pack] for pack in self._rules.packs]
        return RulePack(
            id="+".join(_said(head, "pack") for head in heads),
            title=" + ".join(_said(head, "title") for head in heads),
            version="+".join(_said(head, "version") for head in heads),
            digest=self._rules.digest,
            vocabulary=vocabulary,
            outcomes=outcomes,
            description=(_said(heads[0], "description") or None) if len(heads) == 1 else None,
            judgements=judgements,
        )

    # -- what is declared, and where --------------------------------------------------

    def _head(self, document: RuleDocument) -> None:
        assert document.pack is not None
        root = document.root
        self._heads[document.pack] = root
        self.form.mapping(root, "a pack", PACK_KEYS, _HEAD[1:])
        if self.form.lacks(root, "pack", PACK_KEYS):
            hint = "write for example `pack: our-college`"
            self.form.report(root, messages.missing_key("pack", "a pack", hint))
        for word in (*_HEAD[1:], "description"):
            self.form.text(root.get(word), f"the {word} of the pack")
        key = root.get("pack")
        name = self.form.text(key, "the id of the pack")
        if isinstance(key, Scalar) and name is not None and self.form.name(key, "a pack", ID):
            self._packs.add(key, root)
        for node in self.form.sequence(root.get("use"), "what to use", at_least=0):
            self.form.text(node, "what to use")

    def _document(self, document: RuleDocument) -> None:
        root = document.root
        if root.get("vocabulary") is not None:
            self.form.mapping(root, "a vocabulary", VOCABULARY_KEYS)
            self.form.text(root.get("vocabulary"), "the name of the vocabulary")
            for key in ("title", "description"):
                self.form.text(root.get(key), f"the {key} of the vocabulary")
        elif document.pack is None:
            self.form.mapping(root, "a vocabulary", VOCABULARY_KEYS)
            if self.form.lacks(root, "vocabulary", VOCABULARY_KEYS):
                hint = "write for example `vocabulary: student`"
                message = messages.missing_key("vocabulary", "a vocabulary", hint)
                self.form.report(root, message)
        elif not document.head:
            self.form.mapping(root, "a part of a pack", PART_KEYS)
        self._names(root, "scales", "a scale", self._scales)
        self._names(root, "facts", "a fact", self._facts)
        self._names(root, "define", "a definition", self._definitions)
        self._names(root, "sources", "a source", self._sources, ID)
        owner = self._heads.get(document.pack or Path())
        for name in self._names(root, "outcomes", "an outcome", self._outcomes, ID):
            self._owners[name] = "" if owner is None else _said(owner, "pack")

    def _names(
        self,
        root: Mapping,
        section: str,
        kind: str,
        names: _Names,
        pattern: re.Pattern[str] = FACT_NAME,
    ) -> list[str]:
        node = root.get(section)
        mapping = self.form.mapping(node, f"`{section}`")
        if node is not None and (mapping is None or not mapping.whole):
            self.form.blind = True
        return [
            key.text
            for key, node in (mapping.entries if mapping else ())
            if self.form.name(key, kind, pattern) and names.add(key, node)
        ]

    def _vocabulary(self) -> Vocabulary:
        scales: dict[str, Scale] = {}
        for name, node in self._scales.nodes.items():
            key = self._scales.keys[name]
            if name in TYPES:
                self.form.report(key, messages.reserved_name(name))
                continue
            scale = read_scale(self.form, key, node)
            if scale is None:
                self.form.spoil(name)
            else:
                scales[name] = scale
        facts: dict[str, Declaration] = {}
        for name, node in self._facts.nodes.items():
            fact = read_fact(self.form, self._facts.keys[name], node, scales)
            if fact is None:
                self.form.spoil(name)
            else:
                facts[name] = fact
        return Vocabulary(facts, scales)

    def _check_names(self) -> None:
        for names in (self._facts, self._definitions):
            for name, key in names.keys.items():
                if name in RESERVED:
                    self.form.report(key, messages.reserved_name(name))
        for name, key in self._definitions.keys.items():
            first = self._facts.keys.get(name)
            if first is not None:
                place = f"{first.span.file}:{first.span.line}"
                self.form.report(key, messages.duplicate("fact or definition", name, place))


def _said(root: Mapping, key: str) -> str:
    node = root.get(key)
    return node.text.strip() if isinstance(node, Scalar) else ""
