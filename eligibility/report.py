"""Verdicts as JSON, NDJSON and CSV: the output contract, `eligibility/verdicts/v1`."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from eligibility.compiled import Node, NodeKind
from eligibility.conditions import Assignment, Comparison, Leaf, Quantifier
from eligibility.explain import Explainer, heading_words, question_text, short_by
from eligibility.leaves import Scenario
from eligibility.model import Citation
from eligibility.observations import Given, Observation
from eligibility.values import plain
from eligibility.verdict import Answer, OutcomeVerdict, Reason

__all__ = [
    "CSV_FIELDS",
    "SCHEMA",
    "SUMMARY",
    "as_json",
    "citation_json",
    "csv_rows",
    "dump",
    "seen_fields",
]

SCHEMA = "eligibility/verdicts/v1"
SUMMARY = "eligibility/summary/v1"
"""The contract of what a batch counts."""

CSV_FIELDS = ("profile", "source", "as_of", "outcome", "status", "reasons", "ask")


def as_json(answer: Answer, *, explain: bool = False) -> dict[str, Any]:
    """One profile's answer as the contract has it; `explain` adds trees and trace."""
    explainer = Explainer(answer)
    pack = answer.compiled.pack
    document: dict[str, Any] = {
        "schema": SCHEMA,
        "profile": answer.profile.id,
        "source": answer.profile.source,
        "as_of": answer.as_of.isoformat(),
        "pack": {"id": pack.id, "version": pack.version, "digest": pack.digest},
        "engine": answer.engine,
        "outcomes": [_outcome(answer, verdict, explainer, explain) for verdict in answer.verdicts],
    }
    if explain:
        document["trace"] = {
            scenario.value: [node.id for node in answer.trace(scenario)]
            for scenario in answer.derivations
        }
    return document


def _outcome(
    answer: Answer, verdict: OutcomeVerdict, explainer: Explainer, explain: bool
) -> dict[str, Any]:
    found: dict[str, Any] = {
        "id": verdict.outcome.id,
        "title": verdict.outcome.title,
        "status": verdict.status.value,
        "reachable": verdict.reachable,
        "reasons": [_reason(answer, reason, explainer) for reason in verdict.reasons],
        "ask": [
            {"fact": one.pointer.removeprefix("/"), "question": question_text(one)}
            for one in verdict.ask
        ],
        "warnings": [
            {"path": lost.node.path, "text": explainer.lost(lost)} for lost in verdict.lost_by
        ],
        "assumptions": list(verdict.outcome.assumptions),
    }
    if explain:
        root = answer.compiled.nodes[answer.compiled.roots[verdict.outcome.id]]
        found["conditions"] = _condition(answer, root, explainer)
    return found


def _reason(answer: Answer, reason: Reason, explainer: Explainer) -> dict[str, Any]:
    node = reason.node
    leaf = None if node.leaf is None else answer.compiled.leaves[node.leaf]
    return {
        "path": node.path,
        "value": reason.value.word,
        "projected": reason.projected.word,
        "text": explainer.reason(reason),
        **seen_fields(leaf, reason.observation),
        "outcome": _referred(answer, node),
        "source": None if reason.source is None else citation_json(reason.source),
        **_assignment(node, reason.observation, explainer),
    }


def seen_fields(leaf: Leaf | None, seen: Observation | None) -> dict[str, Any]:
    """What was seen, as JSON has it; null where the condition is not about a fact."""
    if leaf is None or seen is None or not isinstance(leaf, Comparison | Quantifier | Assignment):
        return {"fact": None, "observed": None, "needed": None, "short_by": None}
    return {
        "fact": leaf.fact if isinstance(leaf, Comparison) else leaf.list,
        "observed": plain(seen.observed),
        "needed": plain(seen.needed),
        "short_by": plain(short_by(leaf, seen)),
    }


def _referred(answer: Answer, node: Node) -> str | None:
    if node.kind is not NodeKind.OUTCOME:
        return None
    return answer.compiled.nodes[node.children[0]].outcome


def _condition(answer: Answer, node: Node, explainer: Explainer) -> dict[str, Any]:
    """A condition with all below it; another outcome's tree is given with that outcome."""
    leaf = None if node.leaf is None else answer.compiled.leaves[node.leaf]
    referred = _referred(answer, node)
    children = [] if referred else [answer.compiled.nodes[number] for number in node.children]
    return {
        "path": node.path,
        "kind": node.kind.value,
        "value": answer.value(node).word,
        "projected": answer.value(node, Scenario.PROJECTED).word,
        "text": heading_words(node) if children else explainer.node(node),
        **seen_fields(leaf, answer.observation(node)),
        "outcome": referred,
        "children": [_condition(answer, child, explainer) for child in children],
        **_assignment(node, answer.observation(node), explainer),
    }


def _assignment(node: Node, seen: Observation | None, explainer: Explainer) -> dict[str, Any]:
    """How items are shared out; nothing for a condition that shares out none."""
    made = None if seen is None else seen.assignment
    if made is None:
        return {}
    needs = [
        {
            "path": f"{node.path}/{used.need.path}",
            "text": explainer.need(used),
            "met": used.met,
            "given": _given(used.given),
            "short_by": plain(short_by(used.need.quantifier, used.seen)),
            "source": None if used.need.source is None else citation_json(used.need.source),
        }
        for used in made.needs
    ]
    left = _given(made.left)
    return {"assignment": {"needs": needs, "left": left, "limited": made.limited}}


def _given(items: Sequence[Given]) -> list[dict[str, str]]:
    return [{"item": one.item, "fact": one.pointer.removeprefix("/")} for one in items]


def citation_json(citation: Citation) -> dict[str, Any]:
    """A citation as the contract has it."""
    return {
        "title": citation.title,
        "url": citation.url,
        "quote": citation.quote,
        "read": None if citation.read is None else citation.read.isoformat(),
    }


def dump(document: Mapping[str, Any], *, indent: int | None = None) -> str:
    """JSON text: the same document gives the same bytes."""
    return json.dumps(document, ensure_ascii=False, indent=indent)


def csv_rows(answer: Answer) -> list[dict[str, str]]:
    """A row for each outcome."""
    explainer = Explainer(answer)
    return [
        {
            "profile": answer.profile.id,
            "source": answer.profile.source or "",
            "as_of": answer.as_of.isoformat(),
            "outcome": verdict.outcome.id,
            "status": verdict.status.value,
            "reasons": "; ".join(explainer.reason(reason) for reason in verdict.reasons),
            "ask": "; ".join(question_text(one) for one in verdict.ask),
        }
        for verdict in answer.verdicts
    ]
