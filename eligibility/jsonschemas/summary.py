"""The JSON Schema of a summary: what `eligibility batch` counts."""

from __future__ import annotations

from eligibility.jsonschemas.conditions import ID_PATTERN
from eligibility.jsonschemas.parts import DIALECT, JsonSchema, array, closed, day, ref, words
from eligibility.model import Status
from eligibility.report import SUMMARY

__all__ = ["summary_schema"]


def summary_schema() -> JsonSchema:
    """The JSON Schema of the summary of a batch."""
    properties = {
        "schema": {"const": SUMMARY, "description": "the name and version of this contract"},
        "pack": _all(
            {
                "id": _text("several packs are joined with +"),
                "version": _text("as the pack says; several are joined with +"),
                "digest": {
                    "type": "string",
                    "pattern": "^sha256:[0-9a-f]{64}$",
                    "description": "of the names and texts of all its files, cases left out",
                },
            },
            "the rules that decided",
        ),
        "as_of": day("the day the question was asked for"),
        "source": _text("what the students came from"),
        "to": _text("where the verdicts were written"),
        "reasons": {
            **words(("none", "blocking", "all")),
            "description": "how much was told of why; with none, nothing is blocking",
        },
        "read": _count("profiles read: those answered and those rejected"),
        "answered": _count("profiles answered"),
        "rejected": _count("profiles refused"),
        "seconds": _number("how long it took, all runs together"),
        "rate": _number("profiles read in a second, by the last run"),
        "outcomes": array(ref("outcome"), description="the counts of each outcome asked for"),
        "rejects": _all(
            {
                "file": _text("the file of what was refused"),
                "records": _count("profiles refused"),
                "reasons": array(
                    _all(
                        {
                            "reason": _text("a mistake, without what only one record says"),
                            "count": _count("how often it was made"),
                        }
                    ),
                    description="the ten most frequent mistakes",
                ),
            },
            "what was refused",
        ),
    }
    return {
        "$schema": DIALECT,
        "$id": f"urn:{SUMMARY.replace('/', ':')}",
        "title": "The summary of a batch",
        **_all(properties),
        "$defs": {"outcome": _outcome(), "keeper": _keeper()},
    }


def _outcome() -> JsonSchema:
    counts = {status.value: _count(f"students with the status {status.value}") for status in Status}
    return _all(
        {
            "id": {"type": "string", "pattern": ID_PATTERN, "description": "the outcome's id"},
            "title": _text("the outcome in words"),
            "statuses": _all(counts, "how many students have which status"),
            "blocking": array(
                ref("keeper"),
                description="what keeps students from being eligible, most students first",
            ),
        }
    )


def _keeper() -> JsonSchema:
    return _all(
        {
            "path": _text("the condition's place in the outcome's tree"),
            "text": _text("the condition in words"),
            "unit": {
                "type": ["string", "null"],
                "description": "what short_by counts; null where that has no name",
            },
            "students": _count("students whom it keeps, alone or with other conditions"),
            "alone": _count("students whom it keeps alone"),
            "short_by": {
                "type": "object",
                "propertyNames": {"pattern": r"^[0-9]+(\.[0-9]+)?$"},
                "additionalProperties": _count("how many of those kept alone are short by it"),
                "description": "by the amount that is missing, rounded up to two decimals",
            },
        }
    )


def _all(properties: dict[str, JsonSchema], description: str | None = None) -> JsonSchema:
    """An object that has all of these keys and no others."""
    more = {} if description is None else {"description": description}
    return closed(properties, properties, **more)


def _text(description: str) -> JsonSchema:
    return {"type": "string", "description": description}


def _count(description: str) -> JsonSchema:
    return {"type": "integer", "minimum": 0, "description": description}


def _number(description: str) -> JsonSchema:
    return {"type": "number", "minimum": 0, "description": description}
