"""The JSON Schema of verdicts: what `eligibility.report.as_json` writes."""

from __future__ import annotations

from eligibility.compiled import NodeKind
from eligibility.jsonschemas.conditions import ID_PATTERN
from eligibility.jsonschemas.parts import DIALECT, JsonSchema, array, closed, ref, words
from eligibility.leaves import Scenario
from eligibility.model import Status
from eligibility.report import SCHEMA
from eligibility.truth import Truth

__all__ = ["verdict_schema"]

_TEXT: JsonSchema = {"type": "string"}


def verdict_schema() -> JsonSchema:
    """The JSON Schema of the verdicts for one profile: one object, or one line of NDJSON."""
    outcomes = array(ref("outcome"), description="a verdict for each outcome asked for")
    properties = {
        "schema": {"const": SCHEMA, "description": "the name and version of this contract"},
        "profile": _text("the profile's id"),
        "source": _text("the file, or the file and line, that it came from", null=True),
        "as_of": _day("the day the question was asked for"),
        "pack": closed(
            {
                "id": _text("several packs are joined with +"),
                "version": _text("as the pack says; several are joined with +"),
                "digest": {
                    "type": "string",
                    "pattern": "^sha256:[0-9a-f]{64}$",
                    "description": "of the names and texts of all its files, cases left out",
                },
            },
            ("id", "version", "digest"),
            description="the rules that decided",
        ),
        "engine": _text("what derived the values: rete, reference or batch"),
        "outcomes": outcomes,
        "trace": closed(
            {
                scenario.value: array(
                    _text("outcome#path"),
                    description="the conditions in the order in which the engine derived them",
                )
                for scenario in Scenario
            },
            [Scenario.NOW.value],
            description="only with --explain; `projected` only where something is in progress",
        ),
    }
    return {
        "$schema": DIALECT,
        "$id": f"urn:{SCHEMA.replace('/', ':')}",
        "title": "Verdicts for one profile",
        **closed(properties, [key for key in properties if key != "trace"]),
        "if": {"required": ["trace"]},
        "then": _each_outcome({"required": ["conditions"]}),
        "else": _each_outcome({"properties": {"conditions": False}}),
        "$defs": {
            "outcome": _outcome(),
            "reason": _reason(),
            "condition": _condition(),
            "assignment": _assignment(),
            "given": _given(),
            "citation": _citation(),
            "value": _value(),
        },
    }


_SHARED_OUT = {**ref("assignment"), "description": "only for a group with `share`"}


def _text(description: str, *, null: bool = False) -> JsonSchema:
    return {"type": ["string", "null"] if null else "string", "description": description}


def _day(description: str) -> JsonSchema:
    return {"type": "string", "format": "date", "description": description}


def _all(properties: dict[str, JsonSchema], *optional: str) -> JsonSchema:
    """An object that has all of these keys, but for the optional ones, and no others."""
    return closed(properties, [key for key in properties if key not in optional])


def _each_outcome(schema: JsonSchema) -> JsonSchema:
    return {"properties": {"outcomes": {"items": schema}}}


def _outcome() -> JsonSchema:
    status = {
        Status.ELIGIBLE: "the requirement is met now",
        Status.ON_TRACK: "it will be when what is in progress is completed well",
        Status.UNDETERMINED: "something that decides is not known",
        Status.NOT_ELIGIBLE: "it is not met, and will not be by what is in progress",
    }
    meaning = "; ".join(f"{one.value}: {what}" for one, what in status.items())
    about = {
        "reasons": "what makes it eligible, or all that is missing: were it met, it would be",
        "ask": "what to ask, to decide what is not known",
        "warnings": "conditions that hold now and would not when what is in progress is done",
    }
    asked = {
        "fact": _text("where the answer belongs in the profile, such as courses/0/grade"),
        "question": _text("the question"),
    }
    warning = {"path": _text("the condition's place"), "text": _text("a sentence")}
    return _all(
        {
            "id": {"type": "string", "pattern": ID_PATTERN, "description": "the outcome's id"},
            "title": _text("the outcome in words"),
            "status": {**words(one.value for one in status), "description": meaning},
            "reachable": {
                "type": "boolean",
                "description": "false where a missing condition can no longer be met",
            },
            "reasons": array(ref("reason"), description=about["reasons"]),
            "ask": array(_all(asked), description=about["ask"]),
            "warnings": array(_all(warning), description=about["warnings"]),
            "assumptions": array(_TEXT, description="what the rule takes for granted"),
            "conditions": {**ref("condition"), "description": "only with --explain"},
        },
        "conditions",
    )


def _values() -> dict[str, JsonSchema]:
    truth = words(one.word for one in Truth)
    return {
        "value": {**truth, "description": "its value now"},
        "projected": {**truth, "description": "its value with what is in progress completed"},
    }


def _seen() -> dict[str, JsonSchema]:
    """What reasons and conditions have in common."""
    return {
        "fact": _text("the fact or list that it looks at; null for a group", null=True),
        "observed": {**ref("value"), "description": "what the profile has"},
        "needed": {**ref("value"), "description": "what it is compared with, on this day"},
        "short_by": {
            "type": ["number", "string", "null"],
            "description": "what is missing to the amount needed",
        },
        "outcome": _text("the outcome that it stands for; null for any other", null=True),
    }


def _reason() -> JsonSchema:
    return _all(
        {
            "path": _text("the condition's place in the outcome's tree, such as requires/all/1"),
            **_values(),
            "text": _text("a sentence"),
            **_seen(),
            "source": {
                "description": "the text that the rule comes from",
                "anyOf": [ref("citation"), {"type": "null"}],
            },
            "assignment": _SHARED_OUT,
        },
        "assignment",
    )


def _condition() -> JsonSchema:
    return _all(
        {
            "path": _text("its place in the outcome's tree"),
            "kind": {
                **words(kind.value for kind in NodeKind),
                "description": "leaf: it looks at the profile",
            },
            **_values(),
            "text": _text("the condition in words"),
            **_seen(),
            "children": array(
                ref("condition"),
                description="the conditions below; those of another outcome stand there",
            ),
            "assignment": _SHARED_OUT,
        },
        "assignment",
    )


def _assignment() -> JsonSchema:
    """How items are shared out among the quantifiers below a `share`."""
    need = {
        "path": _text("its place in the outcome's tree"),
        "text": _text("the quantifier in words, with its items"),
        "met": {"type": "boolean", "description": "whether the items given to it are enough"},
        "given": array(ref("given"), description="the items given to it"),
        "short_by": {
            "type": ["number", "string", "null"],
            "description": "what is missing to the amount needed",
        },
        "source": {
            "description": "the text that it comes from, where it has one of its own",
            "anyOf": [ref("citation"), {"type": "null"}],
        },
    }
    return _all(
        {
            "needs": array(_all(need), description="the quantifiers that items are given to"),
            "left": array(ref("given"), description="items that fit and are not needed"),
            "limited": {
                "type": "boolean",
                "description": "true where there was too much to try, so that the value is unknown",
            },
        }
    )


def _given() -> JsonSchema:
    return _all(
        {
            "item": _text("the item's name"),
            "fact": _text("its place in the profile, such as courses/0"),
        }
    )


def _citation() -> JsonSchema:
    return _all(
        {
            "title": _text("the text's title"),
            "url": _text("its address", null=True),
            "quote": _text("its words", null=True),
            "read": {
                "type": ["string", "null"],
                "format": "date",
                "description": "the day it was read",
            },
        }
    )


def _value() -> JsonSchema:
    """A value; a number that JSON cannot carry exactly is a text."""
    span = _all({"from": _day("the first day"), "until": _day("the last day")})
    return {
        "description": (
            "Null where there is none, or where no amount is the limit. A number of more"
            " digits than JSON carries exactly is a text; days that are known in part are"
            " a text (2024-05), other spans of days an object."
        ),
        "type": ["boolean", "number", "string", "array", "object", "null"],
        "items": {"type": ["boolean", "number", "string"]},
        **{key: span[key] for key in ("properties", "required", "additionalProperties")},
    }
