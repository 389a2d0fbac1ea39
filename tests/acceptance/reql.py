"""Requirement lists (FORMAT.md of the data set) to rule packs, mechanically.

| requirement list | rule pack |
|---|---|
| a list | a pack; the outcome `whole-list` requires its sections |
| `name := ...` | an outcome; the name is `outcome: name` wherever it stands |
| a subject id | `has`, by the id |
| a category (`HASS`, `CI-H`, `GIR:...`) | `has`, by the id or one of the categories |
| `a, b` and `a/b` | `all` and `any` |
| `{>=2}` over subject ids | `at_least: 2` of a `has` for each distinct id below |
| `{>=2}` over categories | `count` of the subjects that are no repeats |
| `{>=54u}` | `sum` of the units of the subjects that are no repeats |
| `{>=0}` | `at_most: n` of the n ids below, which always holds |
| `{|>=2}` | `at_least: 2` of the alternatives, each `any` of what is below it |
| free text | `judgement` |
| free text below `{>=54u}` | holds too when it is decided that it brings the rest of the units |

A modifier after a comma list is asked for beside all of the list.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

__all__ = ["VOCABULARY", "Key", "RequirementList", "Translation", "translate"]

Key = tuple[str | int, ...]
"""A statement: its name, then which part of it; last `count` or `alternatives`."""

Condition = dict[str, Any]

_TOKEN = re.compile(
    r'""(?P<text>[^"]*)""|"(?P<quoted>[^"]*)"|\{(?P<bounds>[^}]*)\}|(?P<mark>[(),/])'
    r'|(?P<word>[^\s(),/{}"]+)'
)
_BOUND = re.compile(r"(>=|<=|>|<)([0-9]+)(u?)")
_DEFINITION = re.compile(r'(?P<name>\w+)\s*(?:,\s*"(?P<title>[^"]*)"\s*)?:=(?P<body>.*)')
_CATEGORY = re.compile(r"GIR:|HASS|CI-")

VOCABULARY: dict[str, Any] = {
    "vocabulary": "transcript",
    "title": "What a transcript says",
    "facts": {
        "subjects": {
            "type": "list",
            "item": "subject",
            "title": "subjects",
            "question": "Which subjects were taken?",
            "named_by": ["id"],
            "state": {
                "attribute": "status",
                "finished": ["completed"],
                "in_progress": ["in progress"],
                "planned": ["planned"],
            },
            "attributes": {
                "id": {"type": "text", "title": "id", "question": "What is its id?"},
                "categories": {
                    "type": "text",
                    "many": True,
                    "title": "categories",
                    "question": "Which requirements does it count for?",
                },
                "units": {
                    "type": "number",
                    "minimum": 0,
                    "title": "units",
                    "question": "How many units is it worth?",
                },
                "repeat": {
                    "type": "boolean",
                    "title": "a repeat",
                    "question": "Is it a repeat of a subject that counts already?",
                },
                "status": {
                    "type": "text",
                    "values": ["completed", "in progress", "planned", "dropped"],
                    "title": "status",
                    "question": "How far is it?",
                },
            },
        }
    },
}


@dataclass(frozen=True)
class Bound:
    """An operator and a number of subjects, units or alternatives.

    More than 2 subjects are at least 3; units are not always whole.
    """

    operator: str
    number: int
    units: bool

    @classmethod
    def read(cls, text: str) -> Bound:
        match = _BOUND.fullmatch(text)
        if match is None:
            raise ValueError(f"not a bound: {text}")
        sign, number, unit = match.groups()
        if unit:
            word = {">=": "at_least", ">": "more_than", "<=": "at_most", "<": "less_than"}[sign]
            return cls(word, int(number), units=True)
        step = {">": 1, "<": -1}.get(sign, 0)
        return cls("at_least" if ">" in sign else "at_most", int(number) + step, units=False)


@dataclass(frozen=True)
class Term:
    """A subject id, a category or a defined name."""

    word: str


@dataclass(frozen=True)
class Text:
    """Free text, which a person decides."""

    words: str
    name: str


@dataclass(frozen=True)
class Parts:
    """Parts joined by `all`, `any` or nothing (one part), with the bounds behind them."""

    joined: str
    parts: tuple[Statement, ...]
    subjects: Bound | None = None
    alternatives: Bound | None = None


Statement = Term | Text | Parts


@dataclass(frozen=True)
class Named:
    """A definition."""

    title: str
    statement: Statement


@dataclass(frozen=True)
class RequirementList:
    """A file: its title, the names of its sections, and its definitions."""

    title: str
    sections: tuple[str, ...]
    definitions: dict[str, Named]

    @classmethod
    def read(cls, text: str) -> RequirementList:
        lines = [re.sub(r"\s*%%.*", "", line) for line in text.splitlines()]
        titles = [part for part in lines[0].split("#,#") if not part.startswith("threshold")]
        first = next(at for at, line in enumerate(lines) if ":=" in line)
        found: dict[str, Named] = {}
        for line in lines[first:]:
            if line.strip():
                match = _DEFINITION.fullmatch(line.strip())
                if match is None:
                    raise ValueError(f"not a definition: {line}")
                name = match["name"]
                found[name] = Named(match["title"] or name, _Reader(name, match["body"]).read())
        sections: list[str] = []
        for at in range(3, first, 2):
            if not lines[at].strip():
                break
            sections.append(lines[at].strip())
        return cls(titles[-1], tuple(sections), found)


class _Reader:
    """Reads one statement."""

    def __init__(self, name: str, text: str) -> None:
        self._name = name
        self._tokens = list(_TOKEN.finditer(text))
        if _TOKEN.sub("", text).strip():
            raise ValueError(f"cannot be read: {text}")
        self._at = 0
        self._texts = 0

    def read(self) -> Statement:
        found = self._parts()
        if self._at < len(self._tokens):
            raise ValueError(f"{self._name}: more than a statement")
        return found

    def _next(self, group: str) -> str | None:
        if self._at == len(self._tokens):
            return None
        value = self._tokens[self._at][group]
        return value if isinstance(value, str) else None

    def _parts(self) -> Statement:
        parts = [self._part()]
        signs: set[str] = set()
        while (sign := self._next("mark")) in (",", "/"):
            assert sign is not None
            signs.add(sign)
            self._at += 1
            parts.append(self._part())
        if len(signs) > 1:
            raise ValueError(f"{self._name}: commas and slashes mixed")
        joined = {",": "all", "/": "any"}[signs.pop()] if signs else "one"
        bounds = self._next("bounds")
        if bounds is None:
            return parts[0] if joined == "one" else Parts(joined, tuple(parts))
        self._at += 1
        one, _, other = bounds.partition("|")
        return Parts(
            joined,
            tuple(parts),
            Bound.read(one) if one else None,
            Bound.read(other) if other else None,
        )

    def _part(self) -> Statement:
        token = self._tokens[self._at]
        self._at += 1
        if token["mark"] == "(":
            inner = self._parts()
            if self._next("mark") != ")":
                raise ValueError(f"{self._name}: a parenthesis is not closed")
            self._at += 1
            return inner
        if token["text"] is not None:
            self._texts += 1
            return Text(token["text"], f"{self._name}_{self._texts}")
        word = token["quoted"] if token["quoted"] is not None else token["word"]
        if word is None:
            raise ValueError(f"{self._name}: {token[0]} cannot stand here")
        return Term(str(word))


@dataclass(frozen=True)
class Translation:
    """A pack, and for every statement the outcome and the path of its condition."""

    pack: dict[str, Any]
    places: dict[Key, tuple[str, str]]
    terms: tuple[str, ...]
    judgements: tuple[str, ...]


def translate(name: str, text: str) -> Translation:
    """The pack that says what a list says."""
    return _Translator(RequirementList.read(text)).translate(name)


def _id(name: str) -> str:
    return name.lower().replace("_", "-")


def _taken(term: str) -> Condition:
    """The subject is on the transcript."""
    return {"subjects": {"has": _like(term)}}


def _like(term: str) -> Condition:
    if _CATEGORY.match(term):
        return {"any": [{"id": term}, {"categories": {"includes": term}}]}
    return {"id": term}


def _one_or_any(conditions: list[Condition]) -> Condition:
    return conditions[0] if len(conditions) == 1 else {"any": conditions}


class _Translator:
    def __init__(self, read: RequirementList) -> None:
        self._list = read
        self._places: dict[Key, tuple[str, str]] = {}
        self._judgements: dict[str, None] = {}

    def translate(self, name: str) -> Translation:
        source = {"title": f"{self._list.title}, requirement list {name}"}
        sections: list[Condition] = [{"outcome": _id(one)} for one in self._list.sections]
        whole = {"title": self._list.title, "requires": {"all": sections}, "source": source}
        outcomes = {"whole-list": whole}
        self._places["whole-list",] = ("whole-list", "requires")
        for key, named in self._list.definitions.items():
            requires = self._condition(named.statement, (key,), _id(key), "requires")
            outcomes[_id(key)] = {"title": named.title, "requires": requires, "source": source}
        pack = {
            "pack": _id(name),
            "title": self._list.title,
            "version": "2018",
            "use": ["transcript"],
            "outcomes": outcomes,
        }
        terms = {
            one.word: None
            for named in self._list.definitions.values()
            for one in self._below(named.statement)
            if isinstance(one, Term)
        }
        return Translation(pack, self._places, tuple(terms), tuple(self._judgements))

    def _condition(self, one: Statement, key: Key, outcome: str, path: str) -> Condition:
        self._places[key] = (outcome, path)
        match one:
            case Term() if one.word in self._list.definitions:
                return {"outcome": _id(one.word)}
            case Term():
                return _taken(one.word)
            case Text():
                return self._judgement(one.name.lower(), one.words)
            case Parts(subjects=None, alternatives=None):
                return {one.joined: self._children(one, key, outcome, f"{path}/{one.joined}")}
            case _:
                return self._bounded(one, key, outcome, path)

    def _children(self, one: Parts, key: Key, outcome: str, path: str) -> list[Condition]:
        return [
            self._condition(part, (*key, at), outcome, f"{path}/{at}")
            for at, part in enumerate(one.parts)
        ]

    def _bounded(self, one: Parts, key: Key, outcome: str, path: str) -> Condition:
        parts: list[tuple[Key, Condition]] = []
        if one.subjects is not None:
            parts.append(((*key, "count"), self._counted(one, one.subjects)))
        if one.alternatives is not None:
            parts.append(((*key, "alternatives"), self._alternatives(one, one.alternatives)))
        children = []
        if one.joined == "all":
            children = self._children(one, key, outcome, f"{path}/all")
        if len(parts) == 1 and not children:
            self._places[parts[0][0]] = (outcome, path)
            return parts[0][1]
        for at, (part, _) in enumerate(parts, len(children)):
            self._places[part] = (outcome, f"{path}/all/{at}")
        return {"all": [*children, *(condition for _, condition in parts)]}

    def _below(self, one: Statement) -> Iterator[Term | Text]:
        """The ids, categories and free texts anywhere below, names looked up."""
        match one:
            case Term() if one.word in self._list.definitions:
                yield from self._below(self._list.definitions[one.word].statement)
            case Parts():
                for part in one.parts:
                    yield from self._below(part)
            case _:
                yield one

    def _counted(self, one: Parts, bound: Bound) -> Condition:
        below = list(dict.fromkeys(self._below(one)))
        terms = [term.word for term in below if isinstance(term, Term)]
        texts = [text for text in below if isinstance(text, Text)]
        limit = {bound.operator: bound.number}
        if bound.units or any(map(_CATEGORY.match, terms)):
            measure: Condition = {"sum": "units"} if bound.units else {"count": {}}
            where = {"repeat": False, **_one_or_any([_like(term) for term in terms])}
            found: Condition = {"subjects": {**measure, **limit, "where": where}}
        else:
            if bound == Bound("at_least", 0, units=False):
                limit = {"at_most": len(terms)}
            elif bound.operator == "at_most":
                limit = {"at_most": min(bound.number, len(terms))}
            found = {**limit, "of": [_taken(term) for term in terms]}
        if not texts:
            return found
        if bound.operator in ("at_most", "less_than"):
            raise ValueError("free text below an upper bound")
        return {"any": [found, *(self._brings(text, bound) for text in texts)]}

    def _brings(self, text: Text, bound: Bound) -> Condition:
        """What a person decides once the text is decided: whether it is enough."""
        words = f"Does it bring the total to {bound.number}: {text.words}?"
        return {
            "all": [
                self._judgement(text.name.lower(), text.words),
                self._judgement(f"{text.name.lower()}_enough", words),
            ]
        }

    def _alternatives(self, one: Parts, bound: Bound) -> Condition:
        found = [
            _one_or_any(
                [
                    _taken(below.word)
                    if isinstance(below, Term)
                    else self._judgement(below.name.lower(), below.words)
                    for below in dict.fromkeys(self._below(part))
                ]
            )
            for part in one.parts
        ]
        return {bound.operator: bound.number, "of": found}

    def _judgement(self, name: str, words: str) -> Condition:
        self._judgements[name] = None
        return {"judgement": {"id": name, "question": words, "decided_by": "the department"}}
