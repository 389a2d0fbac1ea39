"""The JSON Schema of rule files: packs, parts of packs, vocabularies, case files."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from eligibility.jsonschemas.conditions import (
    ID_PATTERN,
    NAME_PATTERN,
    TEXT,
    condition_schemas,
    name,
    unreserved,
)
from eligibility.jsonschemas.parts import DIALECT, JsonSchema, array, closed, ref, words
from eligibility.jsonschemas.profile import item_schemas, members, value_schemas
from eligibility.jsonschemas.vocabulary import TEXTS, declared, scales, texts
from eligibility.loading import SEGMENT
from eligibility.model import RulePack, Status
from eligibility.profile_json import COMMENT
from eligibility.reading.citations import CITATION_KEYS
from eligibility.reading.form import ALIAS
from eligibility.reading.outcomes import NOTHING, OUTCOME_KEYS
from eligibility.reading.packs import PACK_KEYS, PART_KEYS, VOCABULARY_KEYS

__all__ = ["rules_schema"]

_PATH = f"^{SEGMENT.pattern}(/{SEGMENT.pattern})*$"
_UNVERIFIED: JsonSchema = {
    "required": ["confidence"],
    "properties": {"confidence": {"const": "unverified"}},
}


def rules_schema(pack: RulePack | None = None) -> JsonSchema:
    """The JSON Schema of every YAML file of a pack, and of vocabularies.

    With a pack it knows its facts, their values, and its outcomes, so that editors can
    complete them. Without one it is the schema that comes with the package. What only
    all files together can show (names that nothing declares, cycles, conditions that
    nothing can meet) is left to `eligibility rules lint`.
    """
    sections = _sections()
    facts = pack.vocabulary.facts if pack else {}
    outcomes = tuple(pack.outcomes) if pack else ()
    about = f" of the pack {pack.id} {pack.version}" if pack else ""
    return {
        "$schema": DIALECT,
        "$id": f"urn:eligibility:rules:v1{f':{pack.id}' if pack else ''}",
        "title": f"Rule files{about}",
        "description": "A pack (pack.yaml) or a part of one, a vocabulary, or a file of cases.",
        **_by_key(
            {
                ("vocabulary",): ref("vocabulary_file"),
                ("cases", "base", "as_of"): ref("case_file"),
                ("pack", "version"): ref("pack_file"),
            },
            ref("part_file"),
        ),
        "$defs": {
            "pack_file": closed(_pick(sections, PACK_KEYS), ("pack", "title", "version")),
            "part_file": closed(_pick(sections, PART_KEYS)),
            "vocabulary_file": closed(_pick(sections, VOCABULARY_KEYS), ["vocabulary"]),
            "case_file": _case_file(outcomes),
            "outcome": _outcome(),
            "citation": _citation(),
            **condition_schemas(facts, outcomes),
            "profile": _profile(pack),
            **(value_schemas() if pack else {}),
            **dict(item_schemas(facts.values(), "profile.")),
        },
    }


def _pick(table: Mapping[str, JsonSchema], keys: Iterable[str]) -> dict[str, JsonSchema]:
    return {key: table[key] for key in keys}


def _by_key(forms: Mapping[tuple[str, ...], JsonSchema], otherwise: JsonSchema) -> JsonSchema:
    """The form of which one of the keys is there."""
    for keys, schema in reversed(list(forms.items())):
        present: JsonSchema = {"anyOf": [{"required": [key]} for key in keys]}
        otherwise = {"if": present, "then": schema, "else": otherwise}
    return otherwise


def _sections() -> dict[str, JsonSchema]:
    """What stands at the top of a file, by its key."""
    return {
        "pack": {"type": "string", "pattern": ID_PATTERN, "description": "the id of the pack"},
        "vocabulary": TEXT,
        "title": TEXT,
        "version": TEXT,
        "description": TEXT,
        "use": array(
            {"type": "string", "pattern": _PATH},
            description="vocabularies and packs, by their path below the folder of rules",
        ),
        "sources": _map(ID_PATTERN, _citation(named=True)),
        "outcomes": _map(ID_PATTERN, ref("outcome")),
        "define": {
            "description": "conditions, tests of items and quantities that have a name",
            "type": "object",
            "propertyNames": unreserved(),
            "additionalProperties": ref("definition"),
        },
        "scales": scales(),
        "facts": declared(),
    }


def _map(pattern: str, schema: JsonSchema) -> JsonSchema:
    names = {"pattern": pattern}
    return {"type": "object", "propertyNames": names, "additionalProperties": schema}


def _outcome() -> JsonSchema:
    nothing = {"const": NOTHING, "description": "all are eligible"}
    requires = {"if": {"type": "string"}, "then": nothing, "else": ref("condition")}
    version: dict[str, JsonSchema] = {
        "from": ref("day"),
        "until": ref("day"),
        "requires": requires,
        "source": ref("citation"),
    }
    information = closed(
        {"title": TEXT, "value": TEXT, "year": TEXT, "source": ref("citation")},
        ("title", "value"),
    )
    table: dict[str, JsonSchema] = {
        "title": TEXT,
        "description": TEXT,
        "aliases": texts(
            {
                "description": "another name, such as an abbreviation",
                "type": "string",
                "pattern": rf"^\s*{ALIAS.pattern}\s*$",
            }
        ),
        "requires": requires,
        "versions": array(
            # Only the first may have held always.
            closed(version, ["from", "requires"]),
            prefixItems=[closed(version, ["requires"])],
            minItems=1,
            description="in the order of their days",
        ),
        "version_by": name("the date fact that versions go by; else the as-of date"),
        "source": ref("citation"),
        "confidence": words(("verified", "unverified")),
        "assumptions": TEXTS,
        "information": array(information, minItems=1),
    }
    cited = {
        "properties": {"versions": {"items": {"required": ["source"]}}},
        "required": ["versions"],
    }
    return closed(
        _pick(table, OUTCOME_KEYS),
        ["title"],
        dependentRequired={"version_by": ["versions"]},
        allOf=[
            {"anyOf": [_UNVERIFIED, {"required": ["requires"]}, {"required": ["versions"]}]},
            {"anyOf": [_UNVERIFIED, {"required": ["source"]}, cited]},
        ],
        **{"not": {"required": ["requires", "versions"]}},
    )


def _citation(*, named: bool = False) -> JsonSchema:
    """A citation, or a source that citations name."""
    table: dict[str, JsonSchema] = {
        "from": {"description": "the name of a source", "type": "string", "pattern": ID_PATTERN},
        "title": TEXT,
        "url": {"type": "string", "pattern": r"^\s*https?://[^ ]*\s*$"},
        "quote": {"description": "the words of the text, as they stand there", **TEXT},
        "read": {"description": "the day it was read", **ref("day")},
    }
    if named:
        return closed(_pick(table, CITATION_KEYS[1:]), ["title"])
    return closed(
        _pick(table, CITATION_KEYS), anyOf=[{"required": ["title"]}, {"required": ["from"]}]
    )


def _case_file(outcomes: tuple[str, ...]) -> JsonSchema:
    status = words(status.value for status in Status)
    expectation = {
        "if": {"type": "object"},
        "then": closed({"status": status, "because": TEXTS}, ["status"]),
        "else": status,
    }
    case = closed(
        {
            "name": {"description": "a sentence that says what must come out", **TEXT},
            "profile": ref("profile"),
            "as_of": ref("day"),
            "expect": {
                "type": "object",
                "minProperties": 1,
                "properties": dict.fromkeys(outcomes, expectation),
                "propertyNames": {"pattern": ID_PATTERN},
                "additionalProperties": expectation,
            },
        },
        ("name", "expect"),
    )
    dated = {"properties": {"cases": {"items": {"required": ["as_of"]}}}}
    return closed(
        {
            "title": TEXT,
            "as_of": ref("day"),
            "base": {"description": "the profile that each case starts from", **ref("profile")},
            "cases": array(case, minItems=1),
        },
        ["cases"],
        **{"if": {"not": {"required": ["as_of"]}}, "then": dated},
    )


def _profile(pack: RulePack | None) -> JsonSchema:
    """A profile, or a part of one."""
    names = {"pattern": f"^{COMMENT}|{NAME_PATTERN}"}
    known = members(pack.vocabulary.facts, "profile.") if pack else {}
    return {"type": "object", "propertyNames": names, "properties": known}
