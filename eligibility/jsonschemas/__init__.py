"""JSON Schemas (2020-12) for editors and for programs at either end of a check."""

from __future__ import annotations

from eligibility.jsonschemas.profile import profile_schema
from eligibility.jsonschemas.rules import rules_schema
from eligibility.jsonschemas.summary import summary_schema
from eligibility.jsonschemas.verdicts import verdict_schema

__all__ = ["profile_schema", "rules_schema", "summary_schema", "verdict_schema"]
