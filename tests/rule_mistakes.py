"""Rule files with one mistake each, as plain data, that needs no other file to be seen."""

from __future__ import annotations

from typing import Any

__all__ = ["MISTAKES"]

ANY_PACK = {"pack": "p", "title": "P", "version": "1"}
ANY_SOURCE = {"title": "S"}
MISTAKES: dict[str, Any] = {
    "unknown key of a pack": {**ANY_PACK, "outcome": {}},
    "no version": {"pack": "p", "title": "P"},
    "bad id": {**ANY_PACK, "pack": "P 1"},
    "a path out of the rules": {**ANY_PACK, "use": ["../x"]},
    "null for a section": {"outcomes": None},
    "a part with a title": {"title": "x", "outcomes": {}},
    "bad id of an outcome": {"outcomes": {"rhit_exam": {}}},
    "bad name of a definition": {"define": {"a-b": {"x": True}}},
    "a reserved name": {"define": {"where": {"x": True}}},
    "a source without a title": {"sources": {"a": {"url": "https://example.org"}}},
    "a source from a source": {"sources": {"a": {"title": "A", "from": "b"}}},
    "an address that is none": {"sources": {"a": {"title": "A", "url": "example.org"}}},
    "a day in words": {"sources": {"a": {"title": "A", "read": "May 2024"}}},
}
OUTCOMES: dict[str, Any] = {
    "no title": {"requires": {"a": True}, "source": ANY_SOURCE},
    "nothing required": {"title": "x", "source": ANY_SOURCE},
    "no source": {"title": "x", "requires": {"a": True}},
    "an unknown key": {"title": "x", "require": {}, "confidence": "unverified"},
    "an unknown confidence": {"title": "x", "confidence": "sure"},
    "both": {"title": "x", "requires": {"a": True}, "versions": [{"requires": {"a": True}}]},
    "a version without source": {"title": "x", "versions": [{"requires": {"a": True}}]},
    "version_by alone": {"title": "x", "requires": {"a": True}, "version_by": "b"},
    "a version with requirement": {"title": "x", "versions": [{"requirement": {}}]},
    "information without value": {
        "title": "x",
        "confidence": "unverified",
        "information": [{"title": "y"}],
    },
}
CONDITIONS: dict[str, Any] = {
    "nothing": {},
    "a list": [],
    "a word": "ged",
    "a title alone": {"title": "x"},
    "an empty group": {"all": []},
    "a group of one mapping": {"any": {"a": True}},
    "a group with a word in it": {"any": ["ged"]},
    "of without a number": {"of": [{"a": True}]},
    "a number without of": {"at_least": 1},
    "of with both": {"of": [{"a": True}], "at_least": 1, "at_most": 1},
    "at least none": {"of": [{"a": True}], "at_least": 0},
    "a number in quotes": {"of": [{"a": True}], "at_least": "1"},
    "a fact in capitals": {"GED": True},
    "null": {"ged": None},
    "a list for a value": {"gpa": [1, 2]},
    "an unknown operator": {"gpa": {"min": 2}},
    "no operator": {"gpa": {}},
    "an operator with a space": {"gpa": {"at least": 2}},
    "one_of with a word": {"state": {"one_of": "CA"}},
    "one_of with a repetition": {"state": {"one_of": ["CA", "CA"]}},
    "at_least with a flag": {"gpa": {"at_least": True}},
    "before with a word": {"born": {"before": "yesterday"}},
    "within with a number": {"born": {"within": 2}},
    "within nothing": {"born": {"within": {}}},
    "a duration of no time": {"born": {"within": {"years": 0}}},
    "a unit unknown": {"born": {"within": {"year": 2}}},
    "exists with a word": {"gpa": {"exists": "yes"}},
    "a reference to an item": {"gpa": {"at_least": {"item": "x"}}},
    "two references": {"gpa": {"at_least": {"fact": "x", "item": "y"}}},
    "no reference": {"gpa": {"at_least": {"plus": 1}}},
    "plus and minus": {"gpa": {"at_least": {"fact": "x", "plus": 1, "minus": 1}}},
    "completed without a bound": {"born": {"completed": "years"}},
    "completed in weeks": {"born": {"completed": "weeks", "at_least": 1}},
    "a count without a bound": {"courses": {"count": {}}},
    "has with a bound": {"courses": {"has": {}, "at_least": 1}},
    "two measures": {"courses": {"has": {}, "count": {}, "at_least": 1}},
    "a sum that is": {"courses": {"sum": "credits", "is": 3}},
    "a count of a half": {"courses": {"count": {}, "at_least": 2.5}},
    "a sum of a mapping": {"courses": {"sum": {}, "at_least": 2}},
    "weight beside a sum": {"courses": {"sum": "a", "weight": "b", "at_least": 2}},
    "duration in weeks": {"jobs": {"duration": "weeks", "at_least": 2}},
    "covers of two": {"courses": {"covers": {"a": ["x"], "b": ["y"]}}},
    "covers of nothing": {"courses": {"covers": {"a": []}}},
    "covers twice": {"courses": {"covers": {"a": ["x", "x"]}}},
    "where with an outcome": {"courses": {"has": {"outcome": "x"}}},
    "an empty alternative": {"courses": {"has": {"any": [{}]}}},
    "outer of a list": {"courses": {"has": {"a": {"is": {"outer": "b"}}}}},
    "a bound that names an item": {"courses": {"count": {}, "at_least": {"item": "a"}}},
    "lists three deep": {"a": {"has": {"b": {"has": {"c": {"has": {}}}}}}},
    "a judgement without a person": {"judgement": {"id": "a", "question": "b"}},
    "a judgement in words": {"judgement": "fair"},
    "share without a group": {"share": "none", "title": "x"},
    "share beside a fact": {"share": "none", "a": {"has": {}}},
    "share beside two groups": {
        "share": "none",
        "all": [{"a": {"has": {}}}],
        "any": [{"a": {"has": {}}}],
    },
    "share with at_most": {"share": "none", "at_most": 1, "of": [{"a": {"has": {}}}]},
    "share of a word": {"share": "some", "all": [{"a": {"has": {}}}]},
    "share of two": {"share": {"a": 1, "b": 1}, "all": [{"a": {"has": {}}}]},
    "share of a word in place of a number": {"share": {"b": "1"}, "all": [{"a": {"has": {}}}]},
    "share of less than nothing": {"share": {"b": -1}, "all": [{"a": {"has": {}}}]},
    "an outcome in capitals": {"outcome": "RHIT"},
    "a source without a name": {"a": True, "source": {"quote": "b"}},
}
MISTAKES |= {f"outcome: {name}": {"outcomes": {"x": one}} for name, one in OUTCOMES.items()}
MISTAKES |= {
    f"condition: {name}": {"outcomes": {"x": {"title": "x", "source": ANY_SOURCE, "requires": one}}}
    for name, one in CONDITIONS.items()
}
DEFINITIONS: dict[str, Any] = {
    "an item test without a test": {"of": "courses"},
    "an item test that asks nothing": {"of": "courses", "where": {}},
    "an item test with more": {"of": "courses", "where": {"a": 1}, "all": []},
    "a quantity of two": {"a": {"count": {}}, "b": {"count": {}}},
    "a quantity with weight": {"a": {"sum": "x", "weight": "y"}},
    "a quantity in weeks": {"born": {"completed": "weeks"}},
    "a condition": {"gpa": {"min": 1}},
}
MISTAKES |= {f"definition: {name}": {"define": {"x": one}} for name, one in DEFINITIONS.items()}


def declaring(**more: Any) -> Any:
    fact = {"type": "boolean", "title": "x", "question": "x?", **more}
    return {key: value for key, value in fact.items() if value is not None}


def listing(**more: Any) -> Any:
    return declaring(type="list", item="x", attributes={"a": declaring()}, **more)


FACTS_WRONG: dict[str, Any] = {
    "no type": declaring(type=None),
    "no title": declaring(title=None),
    "no question": declaring(question=None),
    "an unknown key": declaring(default=True),
    "values of a flag": declaring(values=["a"]),
    "a bound on a text": declaring(type="text", minimum=1),
    "a bound in quotes": declaring(type="number", minimum="1"),
    "an item of a flag": declaring(item="x"),
    "a list of nothing": listing() | {"attributes": {}},
    "a list without attributes": declaring(type="list", item="x"),
    "a list of texts": listing(many=True),
    "completed without state": listing(completing_supplies={"a": "any"}),
    "completed somehow": listing(
        state={"attribute": "a", "finished": ["x"]}, completing_supplies={"a": "some"}
    ),
    "a state without an end": listing(state={"attribute": "a"}),
    "an interval without an end": listing(interval={"from": "a"}),
    "interval and day": listing(interval={"from": "a", "until": "b"}, dated_by="a"),
    "lists three deep": listing()
    | {"attributes": {"b": listing() | {"attributes": {"c": listing()}}}},
    "a state in a list": listing()
    | {"attributes": {"b": listing(state={"attribute": "a", "finished": ["x"]})}},
    "an attribute called where": listing() | {"attributes": {"where": declaring()}},
}
MISTAKES |= {
    f"fact: {name}": {"vocabulary": "v", "facts": {"x": one}} for name, one in FACTS_WRONG.items()
}
MISTAKES |= {
    "fact: reserved": {"vocabulary": "v", "facts": {"id": declaring()}},
    "scale: no order": {"vocabulary": "v", "scales": {"s": {"title": "x"}}},
    "scale: twice": {"vocabulary": "v", "scales": {"s": {"order": ["a", "a"]}}},
    "scale: a type": {"vocabulary": "v", "scales": {"date": {"order": ["a"]}}},
    "scale: counts as": {
        "vocabulary": "v",
        "scales": {"s": {"order": ["a"], "off_scale": {"P": "a"}}},
    },
    "scale: points": {"vocabulary": "v", "scales": {"s": {"order": ["a"], "points": {"a": "1"}}}},
    "cases: none": {"cases": []},
    "cases: no day": {"cases": [{"name": "x", "expect": {"y": "eligible"}}]},
    "cases: no name": {"as_of": "2024-01-01", "cases": [{"expect": {"y": "eligible"}}]},
    "cases: nothing expected": {"as_of": "2024-01-01", "cases": [{"name": "x", "expect": {}}]},
    "cases: a status unknown": {
        "as_of": "2024-01-01",
        "cases": [{"name": "x", "expect": {"y": "ineligible"}}],
    },
    "cases: no status": {
        "as_of": "2024-01-01",
        "cases": [{"name": "x", "expect": {"y": {"because": ["requires"]}}}],
    },
    "cases: an unknown key": {"base": {}, "case": []},
    "cases: a profile in a list": {
        "as_of": "2024-01-01",
        "cases": [{"name": "x", "profile": [], "expect": {"y": "eligible"}}],
    },
}
