"""Filling in a form from nodes: each helper returns the value or reports what is wrong."""

from __future__ import annotations

import datetime
import re
from collections.abc import Collection, Iterable
from decimal import Decimal

from eligibility.errors import Message, Problem
from eligibility.reading import messages
from eligibility.source import MAX_PROBLEMS, Mapping, Node, Scalar, Sequence, Span

__all__ = ["ALIAS", "FACT_NAME", "ID", "Form", "TooMuchError", "day_hint", "number_hint"]

FACT_NAME = re.compile(r"[a-z][a-z0-9_]{0,63}")
ID = re.compile(r"[a-z][a-z0-9-]{0,63}")
ALIAS = re.compile(r"[A-Za-z][A-Za-z0-9-]{0,63}")


class TooMuchError(Exception):
    """Reading goes no further; the problem that says why is on the form."""


class Form:
    """Collects the problems of a whole pack while its documents are read.

    One mistake is reported once: what was declared but is wrong is *spoilt*, and to use
    it is no further mistake. `blind` is true where a file could not be read: what it may
    declare is not known, so no name is reported as unknown.
    """

    def __init__(self, *, blind: bool = False) -> None:
        self._problems: dict[Problem, None] = {}
        self._spoilt: set[str] = set()
        self.blind = blind

    @property
    def problems(self) -> list[Problem]:
        """All mistakes so far, none twice."""
        return list(self._problems)

    def report(self, where: Node | Span, message: Message) -> None:
        """Note a mistake at a node."""
        span = where if isinstance(where, Span) else where.span
        self.note(span.problem(message))

    def note(self, problem: Problem) -> None:
        """Note a mistake that has its place already."""
        if len(self._problems) >= MAX_PROBLEMS:
            text = f"more than {MAX_PROBLEMS:,} mistakes, of which these are the first"
            self._problems[Problem(problem.file, Message(text))] = None
            raise TooMuchError
        self._problems[problem] = None

    def stop(self, where: Node | Span, message: Message) -> None:
        """Note a mistake after which reading cannot go on. Raises `TooMuchError`."""
        self.report(where, message)
        raise TooMuchError

    def spoil(self, name: str) -> None:
        """Note that `name` was declared, but wrongly."""
        self._spoilt.add(name)

    def unknown(
        self, node: Node, kind: str, candidates: Iterable[str], of: str = "", hint: str = ""
    ) -> None:
        """Report the name at a node as unknown, unless its declaration is what is wrong."""
        assert isinstance(node, Scalar)
        name = node.text.strip()
        if self.blind or name in self._spoilt:
            return
        message = messages.unknown(kind, name, candidates, of)
        self.report(node, Message(message.text, hint) if hint else message)

    def mapping(
        self,
        node: Node | None,
        what: str,
        known: Collection[str] | None = None,
        required: Iterable[str] = (),
        at: Node | None = None,
    ) -> Mapping | None:
        """A mapping whose keys are `known` and hold the `required` ones.

        What is missing is reported at `at`, the key that the mapping stands below.
        """
        if node is None:
            return None
        if not isinstance(node, Mapping):
            self.report(node, messages.expected(f"`key: value` pairs for {what}", node))
            return None
        for key, _ in node.entries if known is not None else ():
            if key.text not in (known or ()):
                self.report(key, messages.unknown("key", key.text, known or (), f" of {what}"))
        for name in required:
            if self.lacks(node, name, known or ()):
                self.report(at or node, messages.missing_key(name, what))
        return node

    def lacks(self, mapping: Mapping, name: str, known: Collection[str]) -> bool:
        """Whether a key is missing, and not merely misspelt."""
        if mapping.get(name) is not None or not mapping.whole:
            return False
        hint = f"did you mean `{name}`?"
        return not any(
            messages.near(key, known) == hint for key in mapping.keys if key not in known
        )

    def sequence(self, node: Node | None, what: str, at_least: int = 1) -> tuple[Node, ...]:
        """The items of a list of at least so many."""
        if node is None:
            return ()
        if not isinstance(node, Sequence) or len(node.items) < at_least:
            hint = None
            if isinstance(node, Mapping) and node.entries:
                hint = "begin each of them with `- `"
            elif isinstance(node, Scalar) and node.value is not None:
                hint = f"write `[{node.text}]`" if len(node.text) < 40 else "put it in `[` `]`"
            self.report(node, messages.expected(f"a list of {what}", node, hint))
            return ()
        return node.items

    def text(self, node: Node | None, what: str) -> str | None:
        """A text; numbers and days are taken as written."""
        if node is None:
            return None
        if isinstance(node, Scalar) and node.value is not None and node.text.strip():
            return node.text.strip()
        self.report(node, messages.expected(f"a text for {what}", node))
        return None

    def texts(self, node: Node | None, what: str) -> tuple[str, ...]:
        """A list of distinct texts, or one text alone."""
        return tuple(self.text_nodes(node, what))

    def text_nodes(self, node: Node | None, what: str) -> dict[str, Node]:
        """The same, each with its node."""
        found: dict[str, Node] = {}
        items = (node,) if isinstance(node, Scalar) else self.sequence(node, what)
        for item in items:
            text = self.text(item, what if item is node else f"one of the {what}")
            if text is not None and text in found:
                self.report(item, messages.listed_twice(text))
            elif text is not None:
                found[text] = item
        return found

    def flag(self, node: Node | None, what: str, default: bool) -> bool:
        """True or false."""
        if node is None:
            return default
        if isinstance(node, Scalar) and isinstance(node.value, bool):
            return node.value
        self.report(node, messages.expected(f"true or false for {what}", node))
        return default

    def whole(
        self, node: Node | None, what: str, minimum: int = 0, maximum: int = 1_000_000
    ) -> int | None:
        """A whole number from `minimum` to `maximum`."""
        if node is None:
            return None
        if (
            isinstance(node, Scalar)
            and isinstance(node.value, int)
            and not isinstance(node.value, bool)
            and minimum <= node.value <= maximum
        ):
            return node.value
        hint = f"at most {maximum:,}" if _too_large(node, maximum) else number_hint(node)
        wanted = f"a whole number from {minimum} for {what}"
        self.report(node, messages.expected(wanted, node, hint))
        return None

    def number(self, node: Node | None, what: str) -> Decimal | None:
        """An exact number."""
        if node is None:
            return None
        value = node.value if isinstance(node, Scalar) else None
        if isinstance(value, int | Decimal) and not isinstance(value, bool):
            return Decimal(value)
        self.report(node, messages.expected(f"a number for {what}", node, number_hint(node)))
        return None

    def day(self, node: Node | None, what: str) -> datetime.date | None:
        """A day, `2025-01-01`."""
        if node is None:
            return None
        if isinstance(node, Scalar) and isinstance(node.value, datetime.date):
            return node.value
        self.report(node, messages.expected(f"a day for {what}", node, day_hint(node)))
        return None

    def word(self, node: Node | None, what: str, words: Collection[str]) -> str | None:
        """One of the words allowed."""
        text = self.text(node, f"the {what}")
        if node is None or text is None:
            return None
        if text not in words:
            self.unknown(node, what, words)
            return None
        return text

    def name(self, key: Scalar, kind: str, pattern: re.Pattern[str] = FACT_NAME) -> bool:
        """Whether a key is fit to be a name."""
        if pattern.fullmatch(key.text):
            return True
        joint = "_" if pattern is FACT_NAME else "-"
        shape = f"at most 64 lower-case letters, digits and `{joint}`"
        self.report(key, messages.bad_name(key.text, kind, shape, joint))
        self.spoil(key.text)
        return False


def _too_large(node: Node, maximum: int) -> bool:
    return isinstance(node, Scalar) and isinstance(node.value, int) and node.value > maximum


_DIGITS = re.compile(r"[-+]?[0-9]*\.?[0-9]+|[-+]?[0-9]+\.")
_EXPONENT = re.compile(r"[-+]?[0-9.]+[eE][-+]?[0-9]+")
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


def number_hint(node: Node) -> str | None:
    """What to do where a number was wanted and something like a number was found."""
    if not isinstance(node, Scalar) or not isinstance(node.value, str):
        return None
    text = node.text.strip()
    bare = re.sub(r"[ ,_$%]", "", text)
    if _DIGITS.fullmatch(text):
        if len(text) > 30:
            return "use at most 30 digits"
        return "remove the quotes"
    if _EXPONENT.fullmatch(text):
        return "write it out in digits"
    return f"write `{bare}`" if len(bare) <= 30 and _DIGITS.fullmatch(bare) else None


def day_hint(node: Node) -> str:
    """What to do where a day was wanted and something else was found."""
    text = node.text.strip() if isinstance(node, Scalar) else ""
    if _DAY.fullmatch(text):
        try:
            datetime.date.fromisoformat(text)
        except ValueError:
            return "the calendar has no such day"
        return "remove the quotes"
    return "write it as YYYY-MM-DD, for example `2025-01-31`"
