"""Everything that can go wrong for a user, and how it is said.

    EligibilityError
    ├── ProblemsError         a file is wrong; carries every problem found, sorted
    │   ├── RulesError        ... in a rule pack
    │   └── ProfileError      ... in a student's profile
    ├── UsageError            the question itself is wrong (an unknown outcome, say)
    └── EngineError           an engine cannot answer

Messages are lower case without a final period, the user's own words stand in backticks,
and what to do is the hint, on a line of its own.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

__all__ = [
    "EligibilityError",
    "EngineError",
    "Message",
    "Problem",
    "ProblemsError",
    "ProfileError",
    "RulesError",
    "UsageError",
    "did_you_mean",
]


@dataclass(frozen=True, slots=True)
class Message:
    """What is wrong, and what to do about it."""

    text: str
    hint: str | None = None


@dataclass(frozen=True, slots=True)
class Problem:
    """One mistake in one file.

    `line` and `column` count from 1 and are 0 where the whole file is meant. `pointer`
    is the JSON pointer of a profile's mistake. `excerpt` is the line of the file, with
    `width` characters to underline.
    """

    file: str
    message: Message
    line: int = 0
    column: int = 0
    pointer: str | None = None
    excerpt: str | None = None
    width: int = 1

    @property
    def place(self) -> str:
        """`file:line:column`, or `file#/json/pointer`, or the file alone."""
        if self.pointer is not None:
            return f"{self.file}#{self.pointer}"
        if self.line:
            return f"{self.file}:{self.line}:{self.column}"
        return self.file

    def render(self) -> str:
        """Place and message, the line with a caret below it, and the hint."""
        lines = [f"{self.place}: {self.message.text}"]
        if self.excerpt is not None:
            shown, start = _window(self.excerpt, self.column - 1)
            marked = shown[start : start + self.width]
            lines.append(f"  | {shown}")
            lines.append("  | " + " " * _cells(shown[:start]) + "^" * max(1, _cells(marked)))
        if self.message.hint:
            lines.append(f"  = {self.message.hint}")
        return "\n".join(lines)

    @property
    def order(self) -> tuple[str, int, int, str, str]:
        """Sort key: by place, then by what is said."""
        return (self.file, self.line, self.column, self.pointer or "", self.message.text)


class EligibilityError(Exception):
    """The base of every error that is the user's to mend."""


class ProblemsError(EligibilityError):
    """Files are wrong. `problems` holds all of the mistakes, sorted, none twice."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(sorted(set(problems), key=lambda problem: problem.order))
        super().__init__("\n".join(problem.render() for problem in self.problems))

    def __reduce__(self) -> tuple[type[ProblemsError], tuple[tuple[Problem, ...]]]:
        """How it is sent to another process: as what it was made of."""
        return type(self), (self.problems,)


class RulesError(ProblemsError):
    """A rule pack cannot be used."""


class ProfileError(ProblemsError):
    """A profile cannot be used."""


class UsageError(EligibilityError):
    """The question itself is wrong."""

    def __init__(self, message: Message) -> None:
        self.message = message
        super().__init__(f"{message.text}\n  = {message.hint}" if message.hint else message.text)

    def __reduce__(self) -> tuple[type[UsageError], tuple[Message]]:
        """How it is sent to another process: as what it was made of."""
        return type(self), (self.message,)


class EngineError(EligibilityError):
    """An engine cannot answer, or was refused by what it stands on."""


def did_you_mean(word: str, candidates: Iterable[str]) -> str | None:
    """A hint naming the candidate nearest to `word`, or None when none is near."""
    import difflib

    near = difflib.get_close_matches(word, sorted(set(candidates)), n=1, cutoff=0.6)
    return f"did you mean `{near[0]}`?" if near else None


_WIDTH = 100


def _cells(text: str) -> int:
    """How many cells of a terminal a text takes: Chinese characters take two, for one."""
    if text.isascii():
        return len(text)
    import unicodedata

    wide = sum(unicodedata.east_asian_width(char) in "WF" for char in text)
    return len(text) + wide - sum(unicodedata.combining(char) > 0 for char in text)


def _window(line: str, start: int) -> tuple[str, int]:
    """The part of a long line around `start`, and where `start` is in it."""
    first = 0 if len(line) <= _WIDTH else max(0, start - _WIDTH // 3)
    shown = line[first : first + _WIDTH]
    return "".join(char if char.isprintable() else " " for char in shown), start - first
