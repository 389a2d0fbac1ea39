"""Check what students are eligible for, by declarative rules, and say why.

>>> import datetime, eligibility
>>> pack = eligibility.load_pack()
>>> answer = pack.check({"id": "pat", "ged": True}, as_of=datetime.date(2026, 11, 24))
>>> answer.verdict("program-admission").status.value
'eligible'

The names below are loaded when they are first used, so that `import eligibility` costs
next to nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from eligibility.errors import (
        EligibilityError,
        EngineError,
        Problem,
        ProfileError,
        RulesError,
        UsageError,
    )
    from eligibility.explain import Explainer
    from eligibility.model import Status
    from eligibility.packs import Pack, load_cases, load_pack
    from eligibility.report import as_json
    from eligibility.truth import Truth
    from eligibility.verdict import Answer, OutcomeVerdict, Reason

__all__ = [
    "Answer",
    "EligibilityError",
    "EngineError",
    "Explainer",
    "OutcomeVerdict",
    "Pack",
    "Problem",
    "ProfileError",
    "Reason",
    "RulesError",
    "Status",
    "Truth",
    "UsageError",
    "as_json",
    "load_cases",
    "load_pack",
]

__version__ = "0.1.0"

_HOMES = {
    "errors": "EligibilityError EngineError Problem ProfileError RulesError UsageError",
    "explain": "Explainer",
    "model": "Status",
    "packs": "Pack load_cases load_pack",
    "report": "as_json",
    "truth": "Truth",
    "verdict": "Answer OutcomeVerdict Reason",
}


def __getattr__(name: str) -> Any:
    import importlib

    for module, names in _HOMES.items():
        if name in names.split():
            return getattr(importlib.import_module(f"eligibility.{module}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])
