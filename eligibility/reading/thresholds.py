"""Reading `at_least: k` and `at_most: k` beside `of`, for conditions and item tests alike."""

from __future__ import annotations

from eligibility.errors import Message
from eligibility.reading import messages
from eligibility.reading.form import Form
from eligibility.source import Mapping, Scalar

__all__ = ["THRESHOLDS", "bare_threshold", "read_threshold"]

THRESHOLDS = ("at_least", "at_most")


def read_threshold(form: Form, mapping: Mapping, count: int) -> tuple[Scalar, int] | None:
    """The threshold of an `of` with so many children: its key and its number."""
    keys = [key for key, _ in mapping.entries if key.text in THRESHOLDS]
    if len(keys) == 2:
        message = messages.not_beside("at_least", "at_most")
        form.report(keys[1], Message(message.text, "write two conditions"))
        return None
    if not keys:
        near = [key for key in mapping.keys if messages.near(key, THRESHOLDS)]
        if mapping.whole and not near:
            hint = "write for example `at_least: 2` beside it"
            form.report(mapping.key("of") or mapping, Message("`of` needs `at_least`", hint))
        return None
    key = keys[0]
    node = mapping.get(key.text)
    k = form.whole(node, f"`{key.text}`", minimum=1 if key.text == "at_least" else 0)
    if k is None or node is None:
        return None
    if key.text == "at_least" and k > count:
        if count:
            form.report(node, messages.too_many_wanted(k, count))
        return None
    return key, k


def bare_threshold(form: Form, key: Scalar) -> bool:
    """Report a threshold that has no `of` beside it."""
    if key.text.replace(" ", "_") not in THRESHOLDS:
        return False
    hint = "list what to choose from under `of`"
    form.report(key, Message(f"`{key.text}` needs `of`", hint))
    return True
