"""A profile to start from: everything a vocabulary asks for, with nothing known yet.

JSON has no comments, so keys that begin with `//` are comments in a profile: the starter
puts one before each fact, and one with an item to copy behind each list.
"""

from __future__ import annotations

import json
import textwrap
from collections.abc import Mapping

from eligibility.jsonschemas.profile import decisions
from eligibility.model import Declaration, Fact, Kind, ListFact, RulePack
from eligibility.profile_json import COMMENT
from eligibility.values import decimal_text

__all__ = ["starter_profile"]

_WIDTH = 90
_JOINT = "\0"


def starter_profile(pack: RulePack) -> str:
    """The text of a profile in which every fact is null, with comments to fill it in by."""
    head = f"A profile for: {pack.title} ({pack.id}, version {pack.version})."
    about = [
        *textwrap.wrap(head, _WIDTH, break_long_words=False, break_on_hyphens=False),
        f"Keys that begin with {COMMENT} are comments: nothing reads them, delete them freely.",
        "null says that it is not known. Fill in what is known, leave the rest as it is.",
        "Texts and dates stand in quotes, numbers and true or false do not.",
        "A date is 2024-05-31, or 2024-05 or 2024 where no more is known.",
        "A list is taken to be all there is, and [] to be none; otherwise write it like this:",
    ]
    partial = {"complete": False, "items": []}
    blocks: list[dict[str, object]] = [
        {COMMENT: about, f"{COMMENT} a list that may lack something": partial},
        {"id": "student-1"},
    ]
    for name, declaration in pack.vocabulary.facts.items():
        blocks.append(_block(name, declaration))
    if pack.judgements:
        blocks.append(_judgements(pack))
    texts = [json.dumps(block, ensure_ascii=False, indent=2)[2:-2] for block in blocks]
    return "{\n" + ",\n\n".join(texts) + "\n}\n"


def _block(name: str, declaration: Declaration) -> dict[str, object]:
    """A fact with its comments; a list with an item to copy."""
    block: dict[str, object] = {f"{COMMENT} {name}": _comment(declaration), name: None}
    if isinstance(declaration, ListFact):
        block[f"{COMMENT} {name}: one {declaration.item}, to copy into the list"] = _item(
            declaration.attributes
        )
    return block


def _item(attributes: Mapping[str, Declaration]) -> dict[str, object]:
    item: dict[str, object] = {}
    for name, declaration in attributes.items():
        item |= _block(name, declaration)
    return item


def _comment(declaration: Declaration) -> str | list[str]:
    question, answer = declaration.question, _answer(declaration)
    if len(question) + len(answer) < _WIDTH:
        return f"{question} ({answer.replace(_JOINT, ' ')})"
    # a value of several words is not to be torn apart
    return [
        question,
        *(
            line.replace(_JOINT, " ")
            for line in textwrap.wrap(answer, _WIDTH, break_on_hyphens=False)
        ),
    ]


def _answer(declaration: Declaration) -> str:
    """What may be written."""
    if isinstance(declaration, ListFact):
        return f"a list with an object for each {declaration.item}"
    declared = declaration.scale.values if declaration.scale else declaration.values
    if declared is not None:
        words = ", ".join(value.replace(" ", _JOINT) for value in declared)
        return f"a list of these: {words}" if declaration.many else f"one of: {words}"
    if declaration.many:
        return "a list of texts"
    return _SHAPES[declaration.kind] + _range(declaration)


_SHAPES = {
    Kind.BOOLEAN: "true or false",
    Kind.INTEGER: "a whole number",
    Kind.NUMBER: "a number",
    Kind.TEXT: "a text",
    Kind.DATE: "a date",
}


def _range(fact: Fact) -> str:
    low, high = fact.minimum, fact.maximum
    if low is not None and high is not None:
        return f" from {decimal_text(low)} to {decimal_text(high)}"
    if low is not None:
        return f" of at least {decimal_text(low)}"
    return "" if high is None else f" of at most {decimal_text(high)}"


def _judgements(pack: RulePack) -> dict[str, object]:
    asked = decisions(pack)
    block: dict[str, object] = {}
    for name in pack.judgements:
        if name in asked:
            decision = asked[name]
            block[f"{COMMENT} {name}"] = (
                f"{decision.question} (true or false, decided by {decision.decided_by})"
            )
        block[name] = None
    comment = "What people have decided; null as long as it is open."
    return {f"{COMMENT} judgements": comment, "judgements": block}
