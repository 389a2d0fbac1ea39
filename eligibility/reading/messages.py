"""What is said about mistakes in rules: one named constructor a mistake."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from eligibility.errors import Message, did_you_mean
from eligibility.source import Mapping, Node, Scalar, plain_value

__all__ = [
    "alias_taken",
    "always_met",
    "bad_alias",
    "bad_name",
    "bound_missing",
    "contradicts",
    "cycle",
    "described",
    "duplicate",
    "expected",
    "group_word",
    "listed",
    "listed_twice",
    "misplaced",
    "misplaced_beside_share",
    "missing_key",
    "near",
    "nested_share",
    "never_met",
    "never_shared",
    "not_beside",
    "other_list",
    "other_states",
    "path_words",
    "perhaps_negative",
    "quoted",
    "reserved_name",
    "too_many_wanted",
    "unknown",
    "unknown_value",
    "wrong_operand",
    "wrong_operator",
]

_LONGEST = 60
_FEW = 12


def quoted(text: str) -> str:
    """The author's words in backticks, cut where they are long and kept on one line."""
    shown = "".join(char if char.isprintable() else " " for char in text[: _LONGEST + 1])
    return f"`{shown[:_LONGEST]}...`" if len(shown) > _LONGEST else f"`{shown}`"


_LIKE_GROUPS = {"and": "all", "or": "any", "nor": "none"}


def group_word(word: str) -> str | None:
    """The hint for a word that is no word of the language, and names a group elsewhere."""
    group = _LIKE_GROUPS.get(word.strip().casefold())
    return f"write `{group}`" if group else None


def near(word: str, candidates: Iterable[str]) -> str | None:
    """The hint naming the candidate nearest to `word`: its case and spaces count little."""
    known = sorted(set(candidates))
    folded = {_folded(one): one for one in known}
    same = folded.get(_folded(word))
    if same is not None and same != word:
        return f"did you mean `{same}`?"
    return did_you_mean(word[: _LONGEST * 2], known)


def _folded(word: str) -> str:
    return word.strip().casefold().replace(" ", "_").replace("-", "_")


def listed(words: Iterable[str]) -> str:
    return ", ".join(quoted(word) for word in words)


def described(node: Node) -> str:
    """A node in the author's words, for `found ...`."""
    if isinstance(node, Mapping):
        return "`key: value` pairs" if node.entries else "`{}`"
    if not isinstance(node, Scalar):
        return "a list" if node.items else "an empty list"
    if node.value is None:
        return "nothing"
    if not node.text.strip():
        return "an empty text"
    in_quotes = isinstance(node.value, str) and not isinstance(plain_value(node.text), str)
    return f"the text {quoted(node.text)}" if in_quotes else quoted(node.text)


def expected(what: str, node: Node, hint: str | None = None) -> Message:
    return Message(f"expected {what}, found {described(node)}", hint)


def unknown(kind: str, name: str, candidates: Iterable[str], of: str = "") -> Message:
    known = sorted(set(candidates))
    hint = near(name, known)
    if hint is None and 0 < len(known) <= _FEW:
        hint = f"known: {listed(known)}"
    return Message(f"unknown {kind} {quoted(name)}{of}", hint)


def missing_key(key: str, what: str, hint: str | None = None) -> Message:
    return Message(f"{what} needs `{key}`", hint)


def bad_name(name: str, kind: str, pattern: str, joint: str) -> Message:
    """`joint` is what may join the words of a name."""
    fit = re.sub(r"[^a-z0-9]+", joint, name.casefold()).strip(joint).lstrip("0123456789" + joint)
    hint = f"use {pattern}, starting with a letter" + (f": {quoted(fit[:40])}" if fit else "")
    return Message(f"{quoted(name)} is not a name for {kind}", hint)


def bad_alias(alias: str) -> Message:
    text = f"{quoted(alias)} is not a name for an outcome"
    return Message(text, "use at most 64 letters, digits and `-`, starting with a letter")


def alias_taken(alias: str, owner: str, first: str) -> Message:
    text = f"alias {quoted(alias)} already names the outcome {quoted(owner)}"
    return Message(text, f"first given at {first}; capitals make no difference")


def reserved_name(name: str) -> Message:
    return Message(f"{quoted(name)} is a word of the rule language", "choose another name")


def duplicate(kind: str, name: str, first: str) -> Message:
    return Message(f"duplicate {kind} {quoted(name)}", f"first given at {first}")


def listed_twice(name: str) -> Message:
    return Message(f"{quoted(name)} is listed twice", "remove one of them")


def wrong_operator(operator: str, name: str, type_word: str, allowed: Sequence[str]) -> Message:
    text = f"`{operator}` cannot compare `{name}`, which is {type_word}"
    return Message(text, f"use {listed(allowed)}")


def wrong_operand(name: str, type_word: str, node: Node, hint: str | None = None) -> Message:
    return Message(f"`{name}` is {type_word}, found {described(node)}", hint)


def unknown_value(name: str, value: str, values: Sequence[str]) -> Message:
    hint = near(value, values)
    if hint is None and values and len(values) <= 20:
        hint = f"declared: {listed(values)}"
    return Message(f"{quoted(value)} is not a declared value of `{name}`", hint)


def never_met(what: str, hint: str | None = None) -> Message:
    return Message(f"{what} can never be met", hint)


def always_met(what: str) -> Message:
    text = f"{what} holds for every value, so its opposite can never be met"
    return Message(text, "remove it, or change the value")


def contradicts(this: str, others: str) -> Message:
    return Message(
        f"{this} can never hold together with {others}",
        "all of this is required here; where one is enough, use `any`",
    )


def misplaced_beside_share(word: str, hint: str) -> Message:
    return Message(f"`{word}` cannot stand beside `share`", hint)


def never_shared(word: str) -> Message:
    return Message(
        f"`{word}` cannot stand below `share`",
        "what grows with every item can: `has`, `covers`, and `count` or `sum` with `at_least`",
    )


def nested_share() -> Message:
    return Message("`share` cannot stand below another `share`", "remove one of them")


def perhaps_negative(name: str) -> Message:
    text = f"`{name}` may be negative, so a sum of it does not grow with every item"
    return Message(text, f"declare `minimum: 0` for `{name}` in the vocabulary")


def other_list(name: str, first: str) -> Message:
    text = f"this is about `{name}`, and the first need below `share` is about `{first}`"
    return Message(text, "write a group with `share` for each list")


def other_states(name: str, every: bool) -> Message:
    so, other = ("names", "does not") if every else ("does not name", "does")
    text = f"this {so} the state of `{name}`, and the first need below `share` {other}"
    return Message(text, "name the state in all of them, or in none")


def too_many_wanted(k: int, count: int) -> Message:
    noun = "condition" if count == 1 else "conditions"
    return Message(
        f"at least {k} of {count} {noun} can never be met",
        f"use a number from 1 to {count}" if count > 1 else "use 1",
    )


def bound_missing(word: str, example: str) -> Message:
    return Message(f"`{word}` needs a bound", f"write for example `{example}` beside it")


def misplaced(word: str, where: str, hint: str | None = None) -> Message:
    return Message(f"`{word}` has a meaning only {where}", hint)


def not_beside(first: str, second: str) -> Message:
    return Message(f"`{first}` and `{second}` cannot stand together", "use one of them")


def cycle(kind: str, path: Sequence[str]) -> Message:
    return Message(f"{kind} depend on themselves: {path_words(path)}", "break the circle")


def path_words(path: Sequence[str]) -> str:
    """The names on a path, those in the middle of a long one left out."""
    steps = [quoted(step) for step in path]
    if len(steps) > _FEW:
        steps = [*steps[: _FEW // 2], f"{len(steps) - _FEW} more", *steps[-_FEW // 2 :]]
    return " -> ".join(steps)
