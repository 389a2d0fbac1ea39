"""Hypothesis strategies for vocabularies, packs and profiles, all of them plain data.

Everything is drawn from small pools around the as-of date and the literals of the rules, so
that boundaries are met often. Packs are made so that loading has nothing to refuse: within
what must hold together, no fact is compared twice with literals, and every bound is in range.
"""

from __future__ import annotations

import copy
import datetime
import itertools
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from functools import lru_cache
from pathlib import Path
from typing import Any

from dateutil.relativedelta import relativedelta
from hypothesis import reject
from hypothesis import strategies as st

from eligibility.compiler import compile_pack
from eligibility.errors import RulesError
from eligibility.loading import RuleDocument, Rules
from eligibility.packs import Pack
from eligibility.reading.packs import read_pack
from eligibility.source import Mapping as Node
from eligibility.source import read_yaml

__all__ = [
    "Question",
    "forgotten",
    "learned",
    "load",
    "loaded",
    "questions",
    "resolved",
    "yaml_text",
]

Data = dict[str, Any]


@dataclass
class Question:
    """A pack and the profiles that are asked, as of a day."""

    vocabulary: Data
    pack: Data
    profiles: list[Data]
    as_of: datetime.date

    def __repr__(self) -> str:
        return "\n".join(
            [
                f"as_of={self.as_of}",
                f"vocabulary={yaml_text(self.vocabulary)}",
                f"pack={yaml_text(self.pack)}",
                *(f"profile={yaml_text(profile)}" for profile in self.profiles),
            ]
        )


# -- from plain data to a pack


def yaml_text(data: object) -> str:
    """Plain data as YAML: texts quoted, days and decimals plain."""
    if isinstance(data, Mapping):
        return "{" + ", ".join(f"{yaml_text(k)}: {yaml_text(v)}" for k, v in data.items()) + "}"
    if isinstance(data, list | tuple):
        return "[" + ", ".join(yaml_text(one) for one in data) + "]"
    if isinstance(data, datetime.date):
        return data.isoformat()
    if isinstance(data, Decimal):
        return f"{data:f}"
    return json.dumps(data, ensure_ascii=False)


def load(vocabulary: Data, pack: Data, engine: str = "reference") -> Pack:
    """The pack that the data say; `RulesError` where they are refused."""
    folder = Path("pack")
    documents = [
        RuleDocument("vocabulary.yaml", None, _root(vocabulary)),
        RuleDocument("pack/pack.yaml", folder, _root(pack), head=True),
    ]
    rules = Rules((folder,), documents, [], "sha256:0")
    return Pack(compile_pack(read_pack(rules)), engine)


def loaded(question: Question) -> Pack:
    """The pack of a question; the few that are refused are passed over."""
    try:
        return load(question.vocabulary, question.pack)
    except RulesError:
        reject()


def _root(data: Data) -> Node:
    node, problems = read_yaml(yaml_text(data), "generated.yaml")
    assert isinstance(node, Node), problems
    assert not problems, problems
    return node


# -- choosing


@lru_cache(maxsize=256)
def _below(count: int) -> st.SearchStrategy[int]:
    return st.integers(0, count - 1)


class Choose:
    """Small decisions; the first option is what a counterexample shrinks to."""

    def __init__(self, draw: st.DrawFn) -> None:
        self._draw = draw

    def below(self, count: int) -> int:
        return self._draw(_below(count)) if count > 1 else 0

    def one(self, options: Sequence[Any]) -> Any:
        return options[self.below(len(options))]

    def chance(self, percent: int) -> bool:
        return self.below(100) >= 100 - percent

    def some(self, options: Sequence[Any], least: int, most: int) -> list[Any]:
        """Different options, in the order drawn."""
        left = list(options)
        count = min(len(left), least + self.below(most - least + 1))
        return [left.pop(self.below(len(left))) for _ in range(count)]

    def sorted(self, options: Sequence[Any], least: int, most: int) -> list[Any]:
        chosen = self.some(options, least, most)
        return [one for one in options if one in chosen]


# -- pools

_DAYS_ASKED = (
    datetime.date(2026, 11, 24),
    datetime.date(2026, 2, 28),
    datetime.date(2024, 2, 29),
    datetime.date(2025, 3, 31),
    datetime.date(2025, 1, 1),
)
_STEPS = (
    relativedelta(),
    relativedelta(years=-1),
    relativedelta(days=-1),
    relativedelta(days=1),
    relativedelta(months=-1),
    relativedelta(years=-2),
    relativedelta(years=-1, days=-1),
    relativedelta(years=-2, days=1),
    relativedelta(months=-1, days=1),
    relativedelta(months=6),
    relativedelta(years=-3, months=-5),
    relativedelta(years=2),
)
_DURATIONS: tuple[Data, ...] = (
    {"years": 1},
    {"months": 1},
    {"days": 1},
    {"years": 2},
    {"weeks": 1},
    {"years": 1, "months": 1},
    {"days": 30},
    {"years": 18},
    {"months": 2, "days": 2},
)
_NUMBERS = tuple(map(Decimal, ("1", "2", "0", "2.5", "3", "0.1", "4", "-1")))
_INTEGERS = (1, 2, 0, 3, 4, -1)
_FREE_TEXTS = ("a", "ab", "b", "abc", "A b", "a.c")
_PATTERNS = ("a*", "?b", "*", "*b*", "a?c", "A ?", "a.c", "*a*b*")
_WORDS = ("red", "green", "blue")
_STATUSES = ("done", "passed", "doing", "begun", "planned", "dropped")
_NUMERIC = ("integer", "number")


def days_around(as_of: datetime.date) -> list[datetime.date]:
    """Days on and beside the boundaries that durations from the as-of date make."""
    return [as_of + step for step in _STEPS]


# -- vocabularies


def _declared(kind: str, **more: object) -> Data:
    return {"type": kind, "title": f"some {kind}", "question": f"Which {kind}?", **more}


class VocabularyMaker:
    def __init__(self, choose: Choose) -> None:
        self.choose = choose

    def vocabulary(self) -> Data:
        choose = self.choose
        facts: Data = {}
        for kind in choose.some(("boolean", "number", "date", "integer", "text", "grade"), 3, 6):
            facts[f"{kind}_1"] = self.scalar(kind)
        for kind in choose.some(("date", "integer", "grade", "texts", "level", "boolean"), 0, 3):
            facts[f"{kind}_2"] = self.scalar(kind)
        facts["courses"] = self.list(0)
        if choose.chance(40):
            facts["jobs"] = self.list(0)
        return {"vocabulary": "generated", "scales": self.scales(), "facts": facts}

    def scales(self) -> Data:
        choose = self.choose
        grades = ["F", "D", "C", "B", "A"]
        beside = {
            "P": {"counts_as": "C"},
            "AU": {"counts_as": "nothing"},
            "I": {"counts_as": "unknown"},
            "T": {"counts_as": "A", "title": "transferred"},
        }
        grade: Data = {"order": grades}
        chosen = choose.sorted(list(beside), 0, 4)
        if chosen:
            grade["off_scale"] = {name: beside[name] for name in chosen}
        grade["points"] = {"F": 0, "D": 1, "C": 2, "B": 3, "A": Decimal("4.0")}
        if "T" in chosen and choose.chance(50):
            grade["points"]["T"] = 4
        return {"grade": grade, "level": {"order": ["low", "lower", "higher", "high"]}}

    def scalar(self, kind: str, plain: bool = False) -> Data:
        """A declaration; a plain one is not `complete`."""
        choose = self.choose
        more: Data = {}
        if kind == "texts":
            kind, more = "text", {"many": True}
        if kind == "text" and choose.chance(60):
            more["values"] = list(_WORDS)
        if kind in _NUMERIC and choose.chance(60):
            more["minimum"] = 0
            if choose.chance(50):
                more["maximum"] = 5
        if not plain and choose.chance(15):
            more["complete"] = True
        return _declared(kind, **more)

    def list(self, depth: int) -> Data:
        choose = self.choose
        attributes: Data = {"credits": self.scalar(choose.one(("number", "integer")))}
        for name, kind in choose.some(
            (("code", "text"), ("grade", "grade"), ("topics", "texts"), ("ok", "boolean"),
             ("weight", "number"), ("level", "level"), ("due", "date")), 1, 4,
        ):  # fmt: skip
            attributes[name] = self.scalar(kind)
        made = _declared("list", item="item", attributes=attributes)
        if depth == 0 and choose.chance(60):
            made["state"] = self.state(attributes)
            if choose.chance(70):
                self.completing(made)
        timed = choose.one(("dated", "lasting", "timeless"))
        if timed == "dated":
            attributes["done_on"] = self.scalar("date", plain=True)
            made["dated_by"] = "done_on"
            if "state" in made and choose.chance(50):
                made.setdefault("completing_supplies", {})["done_on"] = choose.one(("any", "as_of"))
        elif timed == "lasting":
            attributes["since"] = self.scalar("date", plain=True)
            attributes["until"] = self.scalar("date", plain=True)
            made["interval"] = {"from": "since", "until": "until"}
        if choose.chance(10):
            made["complete"] = True
        if depth == 0 and choose.chance(40):
            attributes["parts"] = self.list(1)
        return made

    def state(self, attributes: Data) -> Data:
        choose = self.choose
        statuses = list(_STATUSES if choose.chance(70) else _STATUSES[:3])
        attributes["status"] = _declared("text", values=statuses)
        state: Data = {"attribute": "status", "finished": ["done"]}
        if choose.chance(30):
            state["finished"].append("passed")
        if choose.chance(85):
            state["in_progress"] = ["doing", "begun"] if len(statuses) > 3 else ["doing"]
        if "planned" in statuses and choose.chance(50):
            state["planned"] = ["planned"]
        return state

    def completing(self, made: Data) -> None:
        choose = self.choose
        attributes = made["attributes"]
        names = [name for name in attributes if name not in ("status", "parts")]
        supplied: Data = {}
        for name in choose.some(names, 1, 3):
            declared = attributes[name]
            supplied[name] = "any"
            if declared["type"] == "date" and choose.chance(50):
                supplied[name] = "as_of"
            elif declared["type"] == "grade" and choose.chance(80):
                supplied[name] = choose.one(
                    ({"at_least": "C"}, {"at_most": "B"}, {"one_of": ["C", "A"]}, {"is": "B"})
                )
            elif declared.get("many") and declared.get("values"):
                supplied[name] = {"includes": "green"}
            elif declared.get("values") and choose.chance(60):
                supplied[name] = choose.one(({"is": "red"}, {"none_of": ["red", "blue"]}))
        if supplied:
            made["completing_supplies"] = supplied


# -- packs


@dataclass
class _Scope:
    """Where a test stands: the lists around, and what was compared with literals already."""

    item: Data | None = None
    outer: Data | None = None
    used: set[str] = field(default_factory=set)


class PackMaker:
    def __init__(
        self, choose: Choose, vocabulary: Data, as_of: datetime.date, orderings: bool = False
    ) -> None:
        self.choose = choose
        self.facts: Data = vocabulary["facts"]
        self.scales: Data = vocabulary["scales"]
        self.days = days_around(as_of)
        self.orderings = orderings
        self.define: Data = {}
        self.conditions: dict[str, set[str]] = {}
        self.items: dict[str, tuple[str, set[str]]] = {}
        self.quantities: dict[str, tuple[Data, str, str | None]] = {}
        self.outcomes: list[str] = []
        self.judgements = 0

    def pack(self) -> Data:
        choose = self.choose
        self.definitions()
        outcomes: Data = {}
        for number in range(1 + choose.below(3)):
            name = f"outcome-{number + 1}"
            outcomes[name] = self.outcome()
            self.outcomes.append(name)
        made: Data = {"pack": "generated", "title": "Generated", "version": "1"}
        if choose.chance(50):  # outcomes may refer to those further down
            outcomes = dict(reversed(outcomes.items()))
        made["outcomes"] = outcomes
        if self.define:
            made["define"] = self.define
        return made

    def sharing(self) -> Data:
        """A pack of one outcome that shares out items, or must not be able to."""
        requires = self.share()
        if self.choose.chance(10):
            requires = {"not": requires}
        outcome = {"title": "An outcome", "source": {"title": "A text"}, "requires": requires}
        head = {"pack": "generated", "title": "Generated", "version": "1"}
        return {**head, "outcomes": {"outcome-1": outcome}}

    def definitions(self) -> None:
        choose = self.choose
        if choose.chance(40):
            scope = _Scope()
            self.define["condition_1"] = self.condition(1, scope)
            self.conditions["condition_1"] = scope.used
        if choose.chance(40):
            name, declared = self.any_list()
            scope = _Scope(declared)
            where = self.where(declared, 1, scope, 1)
            self.define["item_1"] = {"of": name, "where": where}
            self.items["item_1"] = (name, scope.used)
        if choose.chance(40):
            self.quantity()

    def quantity(self) -> None:
        choose = self.choose
        dates = self.named(self.facts, ("date",))
        if dates and choose.chance(30):
            name, unit = choose.one(dates), choose.one(("years", "months", "days"))
            self.define["quantity_1"] = {name: {"completed": unit}}
            self.quantities["quantity_1"] = ({}, "count", None)
            return
        name, declared = self.any_list()
        word, body, attribute = self.measured(
            declared, ("count", "sum", "mean", "fraction", "duration")
        )
        self.add_where(word, body, declared, _Scope(declared), 1)
        self.define["quantity_1"] = {name: body}
        self.quantities["quantity_1"] = (declared, word, attribute)

    def outcome(self) -> Data:
        choose = self.choose
        made: Data = {"title": "An outcome", "source": {"title": "A text"}}
        form = choose.below(100)
        if form >= 95:
            made["confidence"] = "unverified"
        elif form >= 75:
            made["versions"] = self.versions()
            dates = self.named(self.facts, ("date",))
            if dates and choose.chance(60):
                made["version_by"] = choose.one(dates)
        elif form >= 72:
            made["requires"] = "nothing"
        else:
            made["requires"] = self.condition(2, _Scope())
        if choose.chance(6):
            made["confidence"] = "unverified"
        return made

    def versions(self) -> list[Data]:
        choose = self.choose
        cuts = sorted(choose.some(sorted(set(self.days)), 1, 3))
        day = datetime.timedelta(days=1)
        ends: list[tuple[datetime.date | None, datetime.date | None]] = [
            (first, last - day) for first, last in itertools.pairwise(cuts)
        ]
        if not ends or choose.chance(60):
            ends.insert(0, (None, cuts[0] - day))
        if choose.chance(60):
            ends.append((cuts[-1], None))
        made = []
        for first, last in ends:
            version: Data = {"requires": self.condition(1, _Scope())}
            if first is not None:
                version["from"] = first
            if last is not None:
                version["until"] = last
            made.append(version)
        return made

    # -- conditions

    def condition(self, depth: int, scope: _Scope) -> Data:
        choose = self.choose
        kinds = ["fact", "list", "fact", "list", "list"]
        if self.outcomes:
            kinds.append("outcome")
        if depth:
            kinds += ["all", "any", "none", "not", "at_least", "at_most", "several", "any", "all"]
            if choose.chance(40):  # seldom: `sharing` packs are made of it, and it takes long
                kinds.append("share")
        kinds += ["judgement", "definition"]
        made = self.part(choose.one(kinds), depth, scope)
        if choose.chance(5):
            made["title"] = "What it says"
        return made

    def part(self, kind: str, depth: int, scope: _Scope) -> Data:
        choose = self.choose
        match kind:
            case "all" | "any" | "none":
                return {kind: [self.condition(depth - 1, scope) for _ in range(self.count())]}
            case "not":
                return {"not": self.condition(depth - 1, scope)}
            case "at_least" | "at_most":
                count = self.count()
                k = choose.below(count) + 1 if kind == "at_least" else choose.below(count + 1)
                return {kind: k, "of": [self.condition(depth - 1, scope) for _ in range(count)]}
            case "several":
                made: Data = {}
                for _ in range(2 + choose.below(2)):
                    part = self.condition(depth - 1, scope)
                    if not set(part) & set(made):
                        made |= part
                return made
            case "share":
                return self.share()
            case "outcome":
                return {"outcome": choose.one(self.outcomes)}
            case "judgement":
                number = 1 + choose.below(2)
                name, question = f"decision_{number}", f"Decision {number}?"
                return {"judgement": {"id": name, "question": question, "decided_by": "the dean"}}
            case "definition" if self.define:
                return self.defined(scope)
            case "fact":
                return self.fact(scope)
        name, declared = self.any_list()
        return {name: self.quantifier(declared, _Scope(declared), depth)}

    # -- items that are shared out

    def share(self) -> Data:
        """A group with `share`: quantifiers over one list that grow, few of them."""
        choose = self.choose
        name, declared = self.any_list()
        amounts = [
            one
            for one, attribute in declared["attributes"].items()
            if attribute["type"] in _NUMERIC and attribute.get("minimum", -1) >= 0
        ]
        share: Any = "none"
        left = 4
        if amounts and choose.chance(40):
            share, left = {choose.one(amounts): choose.one((2, 1, 0, Decimal("2.5"), 4))}, 3
        # a test may name the state in all of the quantifiers or in none
        states = declared.get("state") and choose.chance(15) and choose.some(_STATUSES[:3], 1, 2)

        def need() -> Data:
            body = self.growing(declared, amounts)
            if states:
                body["where"] = {**body.get("where", {}), "status": {"one_of": states}}
            return {name: body}

        children: list[Data] = []
        while left and (not children or choose.chance(75)):
            size = 1 + choose.below(2) if choose.chance(25) and left > 1 else 0
            children.append(self.grouped([need() for _ in range(size)]) if size else need())
            left -= size or 1
        return {"share": share, **self.grouped(children)}

    def grouped(self, children: list[Data]) -> Data:
        choose = self.choose
        word = choose.one(("all", "all", "any", "of"))
        if word == "of":
            return {"at_least": 1 + choose.below(len(children)), "of": children}
        return {word: children}

    def growing(self, of: Data, amounts: Sequence[str]) -> Data:
        """A quantifier to which more items can only help."""
        choose = self.choose
        word = choose.one(("has", "has", "count", "covers", *(["sum", "sum"] if amounts else [])))
        body: Data = {}
        if word in ("has", "count"):
            body[word] = self.stateless(of, 0)
        elif word == "sum":
            body[word] = choose.one(amounts)
        else:
            body = self.measured(of, ("covers",))[1]
        if choose.chance(30):
            body["where"] = self.stateless(of, 1)
        if word in ("count", "sum"):
            known = self.named(self.facts, _NUMERIC)
            values: Sequence[Any] = (2, 1, 3) if word == "count" else (2, 3, Decimal("2.5"), 5)
            refers = known and choose.chance(15)
            bound = {"fact": choose.one(known)} if refers else choose.one(values)
            body[choose.one(("at_least", "at_least", "more_than"))] = bound
        return body

    def stateless(self, of: Data, at_least: int) -> Data:
        """A test that does not name the state."""
        bare = {key: value for key, value in of.items() if key != "state"}
        self.items, kept = {}, self.items  # a definition may name it
        made = self.where(bare, 0, _Scope(bare), at_least)
        self.items = kept
        return made

    def count(self) -> int:
        return 1 + self.choose.below(3)

    def defined(self, scope: _Scope) -> Data:
        choose = self.choose
        free = [name for name, used in self.conditions.items() if not used & scope.used]
        names = [*free, *self.quantities]
        if not names:
            return self.part("list", 0, scope)
        name = choose.one(names)
        if name in self.quantities:
            declared, word, attribute = self.quantities[name]
            return {name: self.bounds(word, declared, attribute)}
        scope.used |= self.conditions[name]
        return {name: not choose.chance(30)}

    def any_list(self) -> tuple[str, Data]:
        name = self.choose.one([one for one in ("courses", "jobs") if one in self.facts])
        return name, self.facts[name]

    def named(self, holder: Data, kinds: Sequence[str], many: bool = False) -> list[str]:
        """The scalars of these kinds."""
        return [
            name
            for name, declared in holder.items()
            if declared["type"] in kinds and declared.get("many", False) is many
        ]

    # -- comparisons

    def fact(self, scope: _Scope) -> Data:
        choose = self.choose
        name = choose.one([one for one, declared in self.facts.items() if "item" not in declared])
        declared = self.facts[name]
        if declared["type"] == "date" and choose.chance(30):
            unit = choose.one(("years", "months", "days"))
            return {name: {"completed": unit, **self.bounds("count", {}, None, counting=True)}}
        return {name: self.comparison(name, declared, scope)}

    def comparison(self, name: str, declared: Data, scope: _Scope) -> Any:
        """What is asked of a scalar: a literal, or operators with their operands."""
        choose = self.choose
        if name not in scope.used and choose.chance(65):
            scope.used.add(name)
            return self.literally(declared)
        others = self.references(declared, scope)
        kind = choose.one(["exists", *(["refer"] * 3 if others else []), *(
            ["within"] * 2 if declared["type"] == "date" else [])])  # fmt: skip
        if kind == "within":
            return {"within": choose.one(_DURATIONS)}
        if kind == "refer":
            return {choose.one(self.comparing(declared)): self.reference(declared, others)}
        return {"exists": not (declared.get("complete", False) and choose.chance(50))}

    def comparing(self, declared: Data) -> list[str]:
        """The operators that compare with one value."""
        kind = declared["type"]
        equal = ["is", "is_not"]
        if kind == "date":
            return ["before", "after", "on_or_before", "on_or_after", *equal]
        if kind in (*_NUMERIC, *self.scales):
            ordered = ["at_least", "more_than", "at_most", "less_than"]
            return ordered if self.only_ordered(declared) else [*ordered, *equal]
        return equal

    def only_ordered(self, declared: Data) -> bool:
        return self.orderings and declared["type"] == "grade"

    def literally(self, declared: Data) -> Any:
        choose = self.choose
        kind = declared["type"]
        if declared.get("many"):
            return {"includes": choose.one(self.texts(declared))}
        if kind == "boolean":
            value = not choose.chance(40)
            return choose.one((value, {"is": value}, {"is_not": value}))
        if kind == "text" and choose.chance(30):
            return {"matches": choose.one(_PATTERNS)} if "values" not in declared else {
                "one_of": choose.some(declared["values"], 1, 2)}  # fmt: skip
        if kind == "date":
            return {choose.one(self.comparing(declared)): choose.one(self.days)}
        values = self.literals(declared)
        if self.only_ordered(declared):
            return {choose.one(self.comparing(declared)): choose.one(values[1:4])}
        form = choose.one(("plain", "operator", "operator", "listed", "between"))
        if form == "operator" and kind != "text":
            operator = choose.one(self.comparing(declared))
            inner = values if operator in ("is", "is_not") else self.inner(declared)
            return {operator: choose.one(inner)}
        if form == "between" and kind != "text":
            inner = self.inner(declared)
            low, high = sorted(choose.some(inner, 2, 2), key=inner.index)
            return {"at_least": low, choose.one(("at_most", "less_than")): high}
        if form == "listed":
            return {choose.one(("one_of", "none_of")): choose.some(values, 1, 2)}
        value = choose.one(values)
        return choose.one((value, {"is": value}, {"is_not": value}))

    def texts(self, declared: Data) -> Sequence[str]:
        return declared.get("values") or _FREE_TEXTS

    def literals(self, declared: Data) -> list[Any]:
        """Values that the fact may have."""
        kind = declared["type"]
        if kind in self.scales:
            scale = self.scales[kind]
            return [*scale["order"], *scale.get("off_scale", {})]
        if kind == "text":
            return list(self.texts(declared))
        return numbers(declared)

    def inner(self, declared: Data) -> list[Any]:
        """Values, lowest first, with some to each side, so that no ordering is in vain."""
        if declared["type"] in self.scales:
            return list(self.scales[declared["type"]]["order"][1:-1])
        low, high = declared.get("minimum", -2), declared.get("maximum", 6)
        return sorted(one for one in numbers(declared) if low < one < high)

    # -- operands

    def references(self, declared: Data, scope: _Scope) -> list[tuple[str, str, Data]]:
        if declared.get("many"):
            return []
        holders = [("fact", self.facts)]
        if scope.item is not None:
            holders.append(("item", scope.item["attributes"]))
        if scope.outer is not None:
            holders.append(("outer", scope.outer["attributes"]))
        kind = declared["type"]
        kinds = _NUMERIC if kind in _NUMERIC else (kind,)
        found = [
            (word, name, holder[name])
            for word, holder in holders
            for name in self.named(holder, kinds)
        ]
        return [("fact", "as_of", declared), *found] if kind == "date" else found

    def reference(self, declared: Data, others: list[tuple[str, str, Data]]) -> Data:
        choose = self.choose
        word, name, _ = choose.one(others[::-1])
        made: Data = {word: name}
        if declared["type"] in ("date", *_NUMERIC) and choose.chance(40):
            step = choose.one(_DURATIONS if declared["type"] == "date" else _NUMBERS)
            made[choose.one(("plus", "minus"))] = step
        return made

    # -- quantifiers

    def quantifier(self, declared: Data, scope: _Scope, depth: int) -> Data:
        word, body, attribute = self.measured(
            declared, ("has", "has", "count", "sum", "mean", "fraction", "covers", "duration")
        )
        self.add_where(word, body, declared, scope, depth)
        if word not in ("has", "covers"):
            body |= self.bounds(word, declared, attribute)
        return body

    def measured(self, of: Data, words: Sequence[str]) -> tuple[str, Data, str | None]:
        """A measure of a list, without tests and bounds."""
        choose = self.choose
        attributes = of["attributes"]
        if "interval" not in of:
            words = [word for word in words if word != "duration"]
        word = choose.one(words)
        if word in ("has", "count"):
            return word, {word: {}}, None
        if word == "fraction":
            weights = [
                name
                for name in self.named(attributes, _NUMERIC)
                if attributes[name].get("minimum") is not None
            ]
            weighed = {"weight": choose.one(weights)} if weights and choose.chance(70) else {}
            return word, {word: {}, **weighed}, None
        if word == "duration":
            return word, {word: choose.one(("years", "months", "days"))}, None
        if word == "covers":
            names = [
                name
                for name, declared in attributes.items()
                if declared["type"] in ("text", *_NUMERIC, *self.scales)
                and not self.only_ordered(declared)
            ]
            name = choose.one(names[::-1])
            values = choose.some(self.literals(attributes[name]), 1, 3)
            body: Data = {"covers": {name: values}}
            if choose.chance(50):
                body["distinct"] = True
            return word, body, name
        numeric = self.named(attributes, (*_NUMERIC, "grade") if word == "mean" else _NUMERIC)
        name = choose.one(numeric)
        body = {word: name}
        if word == "mean" and choose.chance(60):
            body["weight"] = choose.one(self.named(attributes, _NUMERIC))
        return word, body, name

    def add_where(self, word: str, body: Data, of: Data, scope: _Scope, depth: int) -> None:
        choose = self.choose
        if word in ("has", "count"):
            body[word] = self.where(of, depth, scope)
        if word == "fraction":
            body[word] = self.where(of, depth, scope, 1)
        if choose.chance(20 if word in ("has", "count") else 70):
            body["where"] = self.where(of, depth, scope, 1)

    def bounds(self, word: str, of: Data, attribute: str | None, counting: bool = False) -> Data:
        """One bound on a measure, or two that can both hold."""
        choose = self.choose
        whole = word in ("count", "duration")
        operators = ["at_least", "more_than", "at_most", "less_than", *(["is"] if whole else [])]
        operator = choose.one(operators)
        if choose.chance(20):
            kinds = ("integer",) if operator == "is" else _NUMERIC
            known = self.named(self.facts, kinds)
            if known:
                return {operator: {"fact": choose.one(known)}}
        values: Sequence[Any] = (1, 2, 3, 4)
        if word == "mean":
            assert attribute is not None
            declared = of["attributes"][attribute]
            values = (2, 1, Decimal("2.5"), 3)
            if declared["type"] in _NUMERIC:
                values = self.inner(declared)
        elif word == "fraction":
            values = tuple(map(Decimal, ("0.5", "0.25", "0.75", "0.3")))
        elif not whole:
            values = (2, 1, Decimal("2.5"), 3, 4, 6)
        if word == "duration" and "months" in of:
            values = (6, 12, 13)
        if choose.chance(15):
            low, high = sorted(choose.some(values, 2, 2))
            return {"at_least": low, "at_most": high}
        return {operator: choose.one(values)}

    # -- tests of an item

    def where(self, of: Data, depth: int, scope: _Scope, at_least: int = 0) -> Data:
        choose = self.choose
        made: Data = {}
        for _ in range(max(at_least, choose.one((1, 1, 0, 2, 2)))):
            part = self.item_part(of, depth, scope)
            if not set(part) & set(made):
                made |= part
        return made

    def item_part(self, of: Data, depth: int, scope: _Scope) -> Data:
        choose = self.choose
        kinds = ["attribute"] * 4 + (["status"] * 2 if "state" in of else [])
        kinds += ["holds_on"] if "interval" in of else []
        kinds += ["nested"] * 2 if "parts" in of["attributes"] and scope.outer is None else []
        kinds += ["all", "any", "none", "not", "at_least", "at_most"] if depth else []
        kinds += ["definition"] if self.items else []
        kind = choose.one(kinds)
        match kind:
            case "all" | "any" | "none":
                return {kind: [self.where(of, depth - 1, scope, 1) for _ in range(self.count())]}
            case "not":
                return {"not": self.where(of, depth - 1, scope, 1)}
            case "at_least" | "at_most":
                count = self.count()
                k = choose.below(count) + 1 if kind == "at_least" else choose.below(count + 1)
                tests = [self.where(of, depth - 1, scope, 1) for _ in range(count)]
                return {kind: k, "of": tests}
            case "nested":
                parts = of["attributes"]["parts"]
                return {"parts": self.quantifier(parts, _Scope(parts, of), depth and depth - 1)}
            case "holds_on":
                if not {"since", "until"} & scope.used and choose.chance(40):
                    scope.used |= {"since", "until"}
                    return {"holds_on": choose.one(self.days)}
                since = of["attributes"]["since"]
                return {"holds_on": self.reference(since, self.references(since, scope))}
            case "definition":
                for name, (listed, used) in self.items.items():
                    if self.facts[listed] is of and not used & scope.used:
                        scope.used |= used
                        return {name: not choose.chance(30)}
        names = [name for name in of["attributes"] if name not in ("parts", "status")]
        name = "status" if kind == "status" else choose.one(names)
        return {name: self.comparison(name, of["attributes"][name], scope)}


def numbers(declared: Data) -> list[Any]:
    """The numbers of the pool that a fact may have."""
    pool = _INTEGERS if declared["type"] == "integer" else _NUMBERS
    low, high = declared.get("minimum", -100), declared.get("maximum", 100)
    return [one for one in pool if low <= one <= high]


# -- profiles


class ProfileMaker:
    """Profiles of one vocabulary, and what may be learned or forgotten about them."""

    def __init__(self, choose: Choose, vocabulary: Data, as_of: datetime.date) -> None:
        self.choose = choose
        self.facts: Data = vocabulary["facts"]
        self.scales: Data = vocabulary["scales"]
        self.days = days_around(as_of)

    def profile(self, judgements: Sequence[str] = ()) -> Data:
        made: Data = {"id": "student"}
        made |= self.members(self.facts)
        decided = {
            name: self.choose.one((True, None, False))
            for name in judgements
            if self.choose.chance(60)
        }
        if decided:
            made["judgements"] = decided
        return made

    def members(self, declared: Data) -> Data:
        made: Data = {}
        for name, declaration in declared.items():
            kind = self.choose.below(10)
            if kind < 2:
                continue  # absent
            made[name] = None if kind == 2 else self.value(declaration)
        return made

    def value(self, declared: Data) -> Any:
        if declared["type"] == "list":
            return self.list(declared)
        return self.scalar(declared)

    def scalar(self, declared: Data) -> Any:
        choose = self.choose
        kind = declared["type"]
        if kind == "boolean":
            return choose.one((True, False))
        if kind in _NUMERIC:
            return choose.one(numbers(declared))
        if kind == "date":
            text = choose.one(self.days).isoformat()
            return text[: choose.one((10, 10, 10, 10, 7, 4))]
        if kind in self.scales:
            scale = self.scales[kind]
            return choose.one([*scale["order"][::-1], *scale.get("off_scale", {})])
        texts = declared.get("values") or _FREE_TEXTS
        return choose.some(texts, 0, 3) if declared.get("many") else choose.one(texts)

    def list(self, declared: Data, most: int = 3) -> Any:
        items = [self.members(declared["attributes"]) for _ in range(self.choose.below(most + 1))]
        if self.choose.chance(20):
            return {"complete": self.choose.chance(30), "items": items}
        return items

    # -- learning

    def learn(self, data: Data, declared: Data, opening: Sequence[str] = ()) -> None:
        """Fill in some of what is not known, here and below."""
        for name, declaration in declared.items():
            value = data.get(name)
            if value is None:
                silent = name in data or not declaration.get("complete", False)
                if silent and name not in opening and self.choose.chance(50):
                    data[name] = self.value(declaration)
            elif declaration["type"] == "list":
                self.learn_list(data, name, declaration)
            elif declaration["type"] == "date" and self.choose.chance(60):
                data[name] = self.narrower(value)

    def learn_list(self, data: Data, name: str, declared: Data) -> None:
        value = data[name]
        partial = isinstance(value, dict) and not value["complete"]
        items = value["items"] if isinstance(value, dict) else value
        for item in items:
            self.learn(item, declared["attributes"], open_ends(declared))
        if partial and self.choose.chance(70):
            more = [self.members(declared["attributes"]) for _ in range(self.choose.below(3))]
            data[name] = {"complete": self.choose.chance(60), "items": [*items, *more]}

    def narrower(self, date: str) -> str:
        """A month or a day within a partial date."""
        while len(date) < 10 and self.choose.chance(70):
            date += "-" + self.choose.one(("01", "02", "11", "28" if len(date) == 7 else "12"))
        return date


def open_ends(declared: Data) -> Sequence[str]:
    """Attributes whose absence is a statement: an interval without an end is open."""
    return [declared["interval"]["until"]] if "interval" in declared else []


def places(data: Data, declared: Data, opening: Sequence[str] = ()) -> Iterator[Blank]:
    """Every piece of a profile that is stated and could be unknown."""
    for name, declaration in declared.items():
        value = data.get(name)
        if value is None or name in opening:
            continue
        yield Blank(data, name, declaration)
        if declaration["type"] == "list":
            for item in value["items"] if isinstance(value, dict) else value:
                yield from places(item, declaration["attributes"], open_ends(declaration))


@dataclass
class Blank:
    """A place in a profile: the object that holds it, its name, and its declaration."""

    holder: Data
    name: str
    declared: Data


@st.composite
def learned(draw: st.DrawFn, question: Question, profile: Data) -> Data:
    """The profile with some of what is unknown filled in."""
    choose = Choose(draw)
    maker = ProfileMaker(choose, question.vocabulary, question.as_of)
    more = copy.deepcopy(profile)
    maker.learn(more, question.vocabulary["facts"])
    decisions = more.setdefault("judgements", {})
    for name in judgements_of(question.pack):
        if decisions.get(name) is None and choose.chance(50):
            decisions[name] = choose.one((True, False))
    return more


@st.composite
def forgotten(draw: st.DrawFn, question: Question, profile: Data) -> tuple[Data, list[Data]]:
    """The profile with one piece unknown, and several with some value in its place."""
    choose = Choose(draw)
    maker = ProfileMaker(choose, question.vocabulary, question.as_of)
    less = copy.deepcopy(profile)
    blanks = list(places(less, question.vocabulary["facts"]))
    decisions = less.get("judgements", {})
    blanks += [
        Blank(decisions, name, {"type": "boolean"})
        for name, decided in decisions.items()
        if decided is not None
    ]
    if not blanks:
        return less, [profile]
    blank = blanks[choose.below(len(blanks))]
    filled = [profile]
    for _ in range(2):
        blank.holder[blank.name] = maker.value(blank.declared)
        filled.append(copy.deepcopy(less))
    if blank.declared.get("complete") or choose.chance(50):
        blank.holder[blank.name] = None
    else:
        del blank.holder[blank.name]
    return less, filled


@st.composite
def resolved(draw: st.DrawFn, question: Question, profile: Data) -> tuple[Data, Data]:
    """The profile with grades that are not decided yet, and with what they come to."""
    choose = Choose(draw)
    maker = ProfileMaker(choose, question.vocabulary, question.as_of)
    before = copy.deepcopy(profile)
    facts = question.vocabulary["facts"]
    graded = [one for one in places(before, facts) if one.declared["type"] == "grade"]
    for blank in graded:
        if choose.chance(60):
            blank.holder[blank.name] = "I"
    after = copy.deepcopy(before)
    for blank in places(after, facts):
        undecided = blank.declared["type"] == "grade" and blank.holder[blank.name] == "I"
        if undecided and not choose.chance(20):
            blank.holder[blank.name] = maker.scalar(blank.declared)
    return before, after


def judgements_of(pack: Data) -> list[str]:
    """The decisions that a pack asks for, in the order of their names."""
    found: set[str] = set()

    def walk(data: object) -> None:
        if isinstance(data, dict):
            if isinstance(data.get("judgement"), dict):
                found.add(data["judgement"]["id"])
            for below in data.values():
                walk(below)
        elif isinstance(data, list):
            for below in data:
                walk(below)

    walk(pack)
    return sorted(found)


@st.composite
def questions(
    draw: st.DrawFn, profiles: int = 2, orderings: bool = False, sharing: bool = False
) -> Question:
    """A pack over a vocabulary of its own, and profiles to ask it about.

    With `orderings`, grades are compared by their order only. With `sharing`, the pack is
    one group that shares out items.
    """
    choose = Choose(draw)
    as_of = choose.one(_DAYS_ASKED)
    vocabulary = VocabularyMaker(choose).vocabulary()
    packs = PackMaker(choose, vocabulary, as_of, orderings)
    pack = packs.sharing() if sharing else packs.pack()
    maker = ProfileMaker(choose, vocabulary, as_of)
    asked = judgements_of(pack)
    return Question(vocabulary, pack, [maker.profile(asked) for _ in range(profiles)], as_of)
