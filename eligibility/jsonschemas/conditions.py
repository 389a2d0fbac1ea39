"""The JSON Schema of conditions, out of the operator table and the reader's tables.

Three levels, as in the reader: conditions about a profile, tests of an item of a list,
tests of an item of a list nested in that. They differ in what an operand may refer to.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping

from eligibility.conditions import AS_OF
from eligibility.jsonschemas.parts import JsonSchema, array, closed, day, ref, words
from eligibility.model import Declaration, Fact, Kind, ListFact
from eligibility.operators import OPERATORS, Operator
from eligibility.reading.form import FACT_NAME, ID
from eligibility.reading.quantifiers import BESIDE, BOUNDS, MEASURES
from eligibility.reading.sharing import SHARING
from eligibility.reading.vocabulary import CONDITION_WORDS, RESERVED
from eligibility.values import UNITS

__all__ = ["ID_PATTERN", "NAME_PATTERN", "TEXT", "condition_schemas", "name", "unreserved"]

NAME_PATTERN = f"^{FACT_NAME.pattern}$"
ID_PATTERN = f"^{ID.pattern}$"
TEXT = ref("words")
"""Words for people. YAML takes a number or a day for what it is; here it is a text."""

_DAY = ref("day")
_NOTHING: JsonSchema = {"not": {}}
_SCOPES = ("fact", "item", "outer")
_LEVELS = ("", "item.", "outer.")
_MOST = 1_000_000
_LABELS = ("title", "source")
_CONDITION_WORDS = CONDITION_WORDS - {"where", "holds_on"}
_WHERE_WORDS = CONDITION_WORDS - {"outcome", "judgement", "share", "where"}
_COUNTED = ("count", "duration")
_UPPER = {"at_most": 0, "less_than": 1, "is": 0}
_FRACTIONS: dict[str, JsonSchema] = {
    "at_least": {"maximum": 1},
    "more_than": {"exclusiveMaximum": 1},
    "at_most": {"minimum": 0},
    "less_than": {"exclusiveMinimum": 0},
}
_COVERED = (Kind.INTEGER, Kind.NUMBER, Kind.TEXT, Kind.SCALE)

_ABOUT = {
    "all": "all of these must be met",
    "any": "one of these must be met",
    "none": "none of these may be met",
    "not": "this must not be met",
    "of": "the conditions that `at_least` or `at_most` counts",
    "at_least": "how many of those under `of` must be met at the least",
    "at_most": "how many of those under `of` may be met at the most",
    "share": "how much the quantifiers below may share; `none`: each has items of its own",
    "outcome": "another outcome must be met",
    "judgement": "a person decides, and the profile records it",
    "holds_on": "the item lasts on this day",
    "where": "what an item must be like to count",
    "has": "there is an item like this",
    "count": "how many items are like this",
    "sum": "the sum of this attribute over the items",
    "mean": "the mean of this attribute over the items",
    "fraction": "the fraction of the items like this in all that count, from 0 to 1",
    "weight": "the attribute that weighs each item in the mean or in the fraction",
    "covers": "for each value some item has it",
    "distinct": "whether each value needs an item of its own",
    "duration": "how long the items last, overlaps counted once",
    "completed": "whole units since the date",
}


def condition_schemas(
    facts: Mapping[str, Declaration] | None = None, outcomes: Collection[str] = ()
) -> dict[str, JsonSchema]:
    """The entries of `$defs` for `condition`, `where` and `definition`.

    With the facts of a vocabulary each is compared as its type allows, and editors can
    complete names and values. Other names stay allowed: definitions have names too, and
    so have facts and outcomes that are just being written.
    """
    lists = dict(_lists(facts or {}, ""))
    found = {
        "words": {"type": ["string", "number", "boolean"], "pattern": r"\S"},
        "day": day("a day, without quotes"),
        "duration": closed(
            {unit: _whole(1, 10_000) for unit in ("years", "months", "weeks", "days")},
            minProperties=1,
        ),
        "condition": _condition(facts or {}, outcomes),
        "definition": _definition(),
    }
    for level, prefix in enumerate(_LEVELS):
        found[f"{prefix}reference"] = _reference(level, {"type": "number"})
        found[f"{prefix}day_reference"] = _reference(level, _NOTHING)
        found[f"{prefix}comparisons"] = _comparisons(OPERATORS.values(), level, None)
        found[f"{prefix}test"] = _test(level)
    found["fixed.comparisons"] = _comparisons(OPERATORS.values(), None, None)
    for level in (1, 2):
        found[f"{_LEVELS[level]}where"] = _where(level, None, "")
    for place, of in lists.items():
        level = place.count(".") + 1
        found[f"where.{place}"] = _where(level, of, f"{place}.")
    return found


def name(what: str) -> JsonSchema:
    """A name written as a value."""
    return {"type": "string", "pattern": NAME_PATTERN, "description": what}


def unreserved(free: Iterable[str] = ()) -> JsonSchema:
    """A name that is no word of the rule language, but for those that are `free`."""
    return {"pattern": NAME_PATTERN, "not": {"enum": sorted(RESERVED - set(free))}}


def _lists(facts: Mapping[str, Declaration], around: str) -> Iterable[tuple[str, ListFact]]:
    for declaration in facts.values():
        if isinstance(declaration, ListFact):
            place = f"{around}{declaration.name}"
            yield place, declaration
            yield from _lists(declaration.attributes, f"{place}.")


def _whole(low: int, high: int = _MOST) -> JsonSchema:
    return {"type": "integer", "minimum": low, "maximum": high}


def _said(word: str, schema: JsonSchema) -> JsonSchema:
    return {"description": _ABOUT[word], **schema}


# -- groups ---------------------------------------------------------------------------


def _condition(facts: Mapping[str, Declaration], outcomes: Collection[str]) -> JsonSchema:
    known: JsonSchema = {"pattern": ID_PATTERN}
    outcome = {"anyOf": [{"enum": list(outcomes)}, known]} if outcomes else known
    judgement = closed(
        {"id": name("its name in profiles"), "question": TEXT, "decided_by": TEXT},
        ("id", "question", "decided_by"),
    )
    schema = _groups("condition")
    schema["properties"] |= {
        "share": _said("share", _share()),
        "outcome": _said("outcome", {"type": "string", **outcome}),
        "judgement": _said("judgement", judgement),
        "title": {"description": "words for people", **TEXT},
        "source": ref("citation"),
        **{one.name: _fact_test(one, 0, "") for one in facts.values()},
    }
    return {
        **schema,
        "additionalProperties": ref("test"),
        "propertyNames": unreserved(_CONDITION_WORDS),
        "not": {"propertyNames": {"enum": list(_LABELS)}},
        "dependentSchemas": {"share": _sharing()},
    }


def _share() -> JsonSchema:
    """`none`, or one attribute with what of it may be counted twice."""
    amount = {"type": "number", "minimum": 0}
    names = {"pattern": NAME_PATTERN}
    shared = {
        "type": "object",
        "minProperties": 1,
        "maxProperties": 1,
        "propertyNames": names,
        "additionalProperties": amount,
    }
    return {"if": {"type": "object"}, "then": shared, "else": {"const": "none"}}


def _sharing() -> JsonSchema:
    """What may stand beside `share`: one group, and words for people."""
    return {
        "propertyNames": {"enum": [*_LABELS, "share", *SHARING, "at_least"]},
        "oneOf": [{"required": [word]} for word in SHARING],
    }


def _where(level: int, of: ListFact | None, around: str) -> JsonSchema:
    prefix = _LEVELS[level]
    schema = _groups(f"where.{around.removesuffix('.')}" if around else f"{prefix}where")
    schema["properties"] |= {
        one.name: _fact_test(one, level, around) for one in (of.attributes.values() if of else ())
    }
    lasting = of is None or of.interval is not None
    holds_on = _operand(_DAY, level) if lasting else _NOTHING
    schema["properties"]["holds_on"] = _said("holds_on", holds_on)
    return {
        **schema,
        "additionalProperties": ref(f"{prefix}test"),
        "propertyNames": unreserved(_WHERE_WORDS | {"id", "share", "title", "source"}),
    }


def _groups(below: str) -> JsonSchema:
    """What conditions and tests of items have in common; `below` is what they hold."""
    one = {**ref(below), "minProperties": 1}
    several = array(one, minItems=1)
    properties = {
        **{word: _said(word, several) for word in ("all", "any", "none")},
        "not": _said("not", one),
        "of": _said("of", several),
        "at_least": _said("at_least", _whole(1)),
        "at_most": _said("at_most", _whole(0)),
    }
    return {
        "type": "object",
        "properties": properties,
        "dependentRequired": {"at_least": ["of"], "at_most": ["of"]},
        "if": {"required": ["of"]},
        "then": {"oneOf": [{"required": ["at_least"]}, {"required": ["at_most"]}]},
    }


# -- comparisons ----------------------------------------------------------------------


def _test(level: int) -> JsonSchema:
    """What may stand behind a name of which nothing is known."""
    prefix = _LEVELS[level]
    forms: dict[str, JsonSchema] = {}
    if level < 2:
        where = ref(f"{_LEVELS[level + 1]}where")
        forms = {word: _quantifier(word, where, None) for word in MEASURES}
    if level == 0:
        forms["completed"] = _completed()
    return {
        "type": ["string", "number", "boolean", "object"],
        "minLength": 1,
        "if": {"type": "object"},
        "then": _dispatch(forms, ref(f"{prefix}comparisons")),
    }


def _dispatch(forms: Mapping[str, JsonSchema], otherwise: JsonSchema) -> JsonSchema:
    """The form whose word is there."""
    for word, schema in reversed(list(forms.items())):
        otherwise = {"if": {"required": [word]}, "then": schema, "else": otherwise}
    return otherwise


def _fact_test(declaration: Declaration, level: int, around: str) -> JsonSchema:
    """What may stand behind the name of a declared fact."""
    said = {"title": declaration.title, "description": declaration.question}
    if isinstance(declaration, ListFact):
        where = ref(f"where.{around}{declaration.name}")
        forms = {word: _quantifier(word, where, declaration) for word in MEASURES}
        if declaration.interval is None:
            forms["duration"] = _NOTHING
        needed = {"type": "object", "oneOf": [{"required": [word]} for word in MEASURES]}
        return {**said, "type": "object", **_dispatch(forms, needed)}
    fitting = [
        entry
        for entry in OPERATORS.values()
        if declaration.kind in entry.kinds
        and (entry.many == declaration.many or entry.shape == "flag")
    ]
    comparisons = _comparisons(fitting, level, declaration)
    if level == 0 and declaration.kind is Kind.DATE:
        comparisons = _dispatch({"completed": _completed()}, comparisons)
    if declaration.many:
        return {**said, **comparisons}
    return {
        **said,
        "if": {"type": "object"},
        "then": comparisons,
        "else": _literal([declaration.kind], declaration),
    }


def _comparisons(operators: Iterable[Operator], level: int | None, fact: Fact | None) -> JsonSchema:
    """Operators with their operands."""
    return closed(
        {
            entry.name: {
                "description": entry.words.format("..."),
                **_behind(entry, level, fact),
            }
            for entry in operators
        },
        minProperties=1,
    )


def _behind(entry: Operator, level: int | None, fact: Fact | None) -> JsonSchema:
    kinds = [fact.kind] if fact else entry.kinds
    match entry.shape:
        case "values":
            return array(_literal(kinds, fact), minItems=1, uniqueItems=True)
        case "duration":
            return ref("duration")
        case "pattern":
            return {**TEXT, "description": "* for any text, ? for any character"}
        case "flag":
            return {"type": "boolean"}
        case _:
            return _operand(_literal(kinds, fact), level)


def _operand(literal: JsonSchema, level: int | None) -> JsonSchema:
    """A value, or a reference to one; without a level a value only."""
    if level is None:
        return literal
    reference = ref(f"{_LEVELS[level]}{'day_' if literal == _DAY else ''}reference")
    return {"if": {"type": "object"}, "then": reference, "else": literal}


def _literal(kinds: Iterable[Kind], fact: Fact | None) -> JsonSchema:
    """A value of one of the kinds, of a fact if it is known."""
    kinds = set(kinds)
    if kinds == {Kind.DATE}:
        return _DAY
    declared = None if fact is None else fact.scale.values if fact.scale else fact.values
    if declared is not None:
        # a value such as 1 may be written without quotes
        return {"anyOf": [{"enum": list(declared)}, {"type": "number"}]}
    types = {
        json
        for kind, json in (
            (Kind.BOOLEAN, "boolean"),
            (Kind.INTEGER, "integer"),
            (Kind.NUMBER, "number"),
            (Kind.TEXT, "string"),
            (Kind.SCALE, "string"),
            (Kind.SCALE, "number"),
            (Kind.DATE, "string"),
        )
        if kind in kinds
    }
    if "number" in types:
        types.discard("integer")
    schema: JsonSchema = {"type": sorted(types)}
    return {**schema, "minLength": 1} if "string" in types else schema


def _reference(level: int, amount: JsonSchema) -> JsonSchema:
    """A fact, with a duration or an `amount` to add or to take away."""
    scopes = _SCOPES[: level + 1]
    step = {"if": {"type": "object"}, "then": ref("duration"), "else": amount}
    about = {
        "fact": f"a fact of the profile, or `{AS_OF}`",
        "item": "another attribute of the item",
        "outer": "an attribute of the item around this one",
    }
    return closed(
        {scope: name(about[scope]) for scope in scopes} | {"plus": step, "minus": step},
        oneOf=[{"required": [scope]} for scope in scopes],
        **{"not": {"required": ["plus", "minus"]}},
    )


def _completed() -> JsonSchema:
    whole = [entry for entry in OPERATORS.values() if Kind.INTEGER in entry.kinds]
    fact = Fact("completed", Kind.INTEGER, "completed", "")
    comparisons = _comparisons(whole, 0, fact)["properties"]
    comparisons |= {key: _bound(key, "completed") for key in BOUNDS}
    return closed({"completed": _said("completed", words(UNITS)), **comparisons}, minProperties=2)


# -- quantifiers ----------------------------------------------------------------------


def _quantifier(
    word: str, where: JsonSchema, of: ListFact | None, *, bounded: bool = True
) -> JsonSchema:
    """A quantifier with what may stand beside it; without its bounds it is a quantity."""
    bounds = [key for key in BESIDE[word] if key in BOUNDS]
    if word not in _COUNTED and "is" in bounds:
        bounds.remove("is")
    beside = [key for key in BESIDE[word] if key not in BOUNDS]
    parts: dict[str, JsonSchema] = {
        "where": where,
        "weight": _attribute(f"{word} weight", of),
        "distinct": {"type": "boolean"},
    }
    properties = {word: _said(word, _measured(word, where, of))}
    properties |= {key: _said(key, parts[key]) for key in beside}
    if not bounds or not bounded:
        return closed(properties, [word])
    properties |= {key: _bound(key, word) for key in bounds}
    return closed(properties, [word], anyOf=[{"required": [key]} for key in bounds])


def _measured(word: str, where: JsonSchema, of: ListFact | None) -> JsonSchema:
    match word:
        case "has" | "count":
            return where
        case "fraction":
            return {**where, "minProperties": 1}
        case "sum" | "mean":
            return _attribute(word, of)
        case "covers":
            return _covered(of)
        case _:
            return words(UNITS)


def _covered(of: ListFact | None) -> JsonSchema:
    """One attribute with the values to cover."""
    one: JsonSchema = {"minProperties": 1, "maxProperties": 1}
    if of is not None:
        known = {
            fact.name: array(_literal([fact.kind], fact), minItems=1, uniqueItems=True)
            for fact in of.attributes.values()
            if isinstance(fact, Fact) and fact.kind in _COVERED
        }
        return closed(known, **one)
    values = array(_literal(_COVERED, None), minItems=1, uniqueItems=True)
    names = {"pattern": NAME_PATTERN}
    return {"type": "object", **one, "propertyNames": names, "additionalProperties": values}


def _attribute(word: str, of: ListFact | None) -> JsonSchema:
    """The name of an attribute to reckon with."""
    if of is None:
        return name("an attribute")
    fitting = [
        fact.name
        for fact in of.attributes.values()
        if isinstance(fact, Fact)
        and (fact.kind.numeric or (word == "mean" and fact.scale and fact.scale.points))
        and (word != "fraction weight" or (fact.minimum is not None and fact.minimum >= 0))
    ]
    return words(fitting) if fitting else _NOTHING


def _bound(key: str, word: str) -> JsonSchema:
    types = {"sum": ["number"], "mean": ["number", "string"], "fraction": ["number"]}
    literal: JsonSchema = {"type": types.get(word, ["integer"])}
    if word == "fraction":
        literal |= _FRACTIONS[key]
    elif word not in types and key in _UPPER:
        literal["minimum"] = _UPPER[key]
    return {"description": OPERATORS[key].words.format("..."), **_operand(literal, 0)}


# -- definitions ----------------------------------------------------------------------


def _definition() -> JsonSchema:
    """What a name can stand for: a test of items, a quantity, or a condition."""
    where = {**ref("item.where"), "minProperties": 1}
    item = closed({"of": name("a list"), "where": where, "title": TEXT}, ("of", "where"))
    several: JsonSchema = {"type": "array"}
    return {
        "if": {"required": ["of"], "properties": {"of": {"not": several}}},
        "then": item,
        "else": {
            "if": _is_quantity(),
            "then": {
                "properties": {"title": TEXT, "source": ref("citation")},
                "additionalProperties": _dispatch(
                    {
                        **{
                            word: _quantifier(word, ref("item.where"), None, bounded=False)
                            for word in _quantities()
                        },
                        "completed": closed({"completed": words(UNITS)}, ["completed"]),
                    },
                    {},
                ),
                "propertyNames": unreserved(_LABELS),
            },
            "else": ref("condition"),
        },
    }


def _quantities() -> list[str]:
    return [word for word in MEASURES if word not in ("has", "covers")]


def _is_quantity() -> JsonSchema:
    """One fact, measured and not compared."""
    counts: list[JsonSchema] = [
        {"maxProperties": 1},
        *({"required": [label], "maxProperties": 2} for label in _LABELS),
        {"required": list(_LABELS), "maxProperties": 3},
    ]
    return {
        "type": "object",
        "properties": dict.fromkeys(_LABELS, True),
        "additionalProperties": {
            "type": "object",
            "anyOf": [{"required": [word]} for word in (*_quantities(), "completed")],
            "propertyNames": {"not": {"enum": list(OPERATORS)}},
        },
        "anyOf": counts,
        "not": {"propertyNames": {"enum": list(_LABELS)}},
    }
