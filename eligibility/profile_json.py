"""The format of a profile: JSON, strict, exact and bounded, before any vocabulary.

Strict means: a repeated key is a mistake, NaN and infinities are refused, and numbers
are exact decimals of a bounded length.
"""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterable, Iterator
from decimal import Decimal, InvalidOperation

from eligibility.errors import Message, Problem, ProfileError

__all__ = [
    "COMMENT",
    "DAY",
    "ID",
    "MAX_DEPTH",
    "MAX_DIGITS",
    "MAX_ID",
    "MAX_ITEMS",
    "MAX_MISTAKES",
    "MAX_PROFILE_BYTES",
    "MAX_TEXT",
    "PARTIAL_DATE",
    "TEXT",
    "exact_number",
    "limited",
    "parse_json",
    "printable",
    "step",
]

MAX_PROFILE_BYTES = 5_000_000
MAX_DEPTH = 20
MAX_DIGITS = 30
"""The digits of a number, before and after the point together."""

MAX_MISTAKES = 100
"""How many mistakes of one profile are listed."""

MAX_ITEMS = 10_000
MAX_TEXT = 10_000
MAX_ID = 200

TEXT = r"^(?=[\s\S]*\S)[^\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f\ud800-\udfff]*$"
"""A text: not blank, no control characters but tabs and line ends, no half characters."""

ID = (
    r"^(?=.*\S)[^\u0000-\u001f\u007f-\u009f\u00ad\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff"
    r"\ud800-\udfff]*$(?!\n)"
)
"""An id: one line, and nothing in it that cannot be seen."""

DAY = r"^(?!0000)[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])$(?!\n)"
PARTIAL_DATE = r"^(?!0000)[0-9]{4}(-(0[1-9]|1[0-2]))?$(?!\n)"
"""A month or a year. These patterns mean the same to Python and to JSON Schema."""

COMMENT = "//"
"""How the key of a comment begins: nothing reads it or what stands below it."""


def parse_json(text: str, name: str) -> object:
    """The JSON value of a text, numbers exact; `name` is the file to name in errors.

    Raises `ProfileError` for bad syntax (its first place), and for duplicate keys, NaN,
    infinities, numbers out of bounds and nesting too deep (all of them in one report).
    """
    text = text.removeprefix("\ufeff")
    if len(text) > MAX_PROFILE_BYTES // 4 and len(_bytes(text)) > MAX_PROFILE_BYTES:
        raise _whole(name, Message(f"is larger than {MAX_PROFILE_BYTES:,} bytes"))
    if not text.strip():
        raise _whole(name, Message("is empty", 'write at least {"id": "student-1"}'))
    reader = _Reader()
    try:
        value = json.loads(
            text,
            object_pairs_hook=reader.pairs,
            parse_constant=reader.constant,
            parse_float=reader.number,
            parse_int=reader.number,
        )
    except json.JSONDecodeError as error:
        said = error.msg[0].lower() + error.msg[1:].removesuffix(" at").removesuffix(" starting")
        place = Problem(name, Message(f"is not JSON: {said}"), error.lineno, error.colno)
        raise ProfileError([place]) from None
    except RecursionError:
        raise _whole(name, _TOO_DEEP) from None
    if _depth(value) > MAX_DEPTH:
        raise _whole(name, _TOO_DEEP)
    if reader.mistaken:
        mistakes = ((pointer, Message(text)) for pointer, text in reader.mistakes(value))
        raise ProfileError(limited(mistakes, name))
    return value


def limited(mistakes: Iterable[tuple[str, Message]], name: str) -> list[Problem]:
    """The first `MAX_MISTAKES` as problems, and one more where there are others."""
    first = list(itertools.islice(mistakes, MAX_MISTAKES + 1))
    problems = [Problem(name, message, pointer=at) for at, message in first[:MAX_MISTAKES]]
    if len(first) > MAX_MISTAKES:
        text = f"has more than {MAX_MISTAKES} mistakes; these are the first"
        problems.append(Problem(name, Message(text)))
    return problems


def printable(text: str, limit: int) -> str:
    """A word of the user's to show: cut where it is long, without control characters."""
    shown = text[:limit]
    if not shown.isprintable():
        shown = "".join(char if char.isprintable() else "?" for char in shown)
    return shown + "..." if len(text) > limit else shown


def step(key: object) -> str:
    """A key as a step of a JSON pointer, fit to be shown."""
    return printable(str(key), 60).replace("~", "~0").replace("/", "~1")


_TOO_DEEP = Message(f"is nested deeper than {MAX_DEPTH} levels")


def _whole(name: str, message: Message) -> ProfileError:
    return ProfileError([Problem(name, message)])


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")


class _Refused:
    """Stands where a number was refused, until its place is known."""

    __slots__ = ("text",)

    def __init__(self, text: str) -> None:
        self.text = text


class _Reader:
    """The hooks of the parser, which know no places, and the places found afterwards."""

    def __init__(self) -> None:
        self.mistaken = False
        # by the identity of the object: all of them stay alive until the report is made
        self._repeated: dict[int, list[tuple[str, object]]] = {}

    def pairs(self, entries: list[tuple[str, object]]) -> dict[str, object]:
        found = dict(entries)
        if len(found) != len(entries):
            seen: set[str] = set()
            for key, value in entries:
                if key in seen and not key.startswith(COMMENT):
                    self.mistaken = True
                    self._repeated.setdefault(id(found), []).append((key, value))
                seen.add(key)
        return found

    def constant(self, word: str) -> _Refused:
        self.mistaken = True
        return _Refused(f"`{word}` is not a number in JSON")

    def number(self, word: str) -> int | Decimal | _Refused:
        if word.isdigit() and len(word) <= MAX_DIGITS:
            return int(word)
        exact = exact_number(word)
        if exact is None:
            self.mistaken = True
            return _Refused(f"has more than {MAX_DIGITS} digits")
        return exact

    def mistakes(self, value: object, pointer: str = "") -> Iterator[tuple[str, str]]:
        """Each mistake with its JSON pointer, in the order of the file."""
        if isinstance(value, _Refused):
            yield pointer, value.text
        elif isinstance(value, list):
            for index, one in enumerate(value):
                yield from self.mistakes(one, f"{pointer}/{index}")
        elif isinstance(value, dict):
            repeated = self._repeated.get(id(value), ())
            for key, _ in repeated:
                yield f"{pointer}/{step(key)}", f"duplicate key `{printable(key, 60)}`"
            for key, one in itertools.chain(value.items(), repeated):
                yield from self.mistakes(one, f"{pointer}/{step(key)}")


def exact_number(word: str) -> int | Decimal | None:
    """The number, without an exponent; None where it has too many digits for that."""
    if len(word) > 2 * MAX_DIGITS:
        return None
    try:
        value = Decimal(word)
    except InvalidOperation:
        return None
    exponent = value.as_tuple().exponent
    assert isinstance(exponent, int)
    before, after = max(1, value.adjusted() + 1), max(0, -exponent)
    if before + after > MAX_DIGITS:
        return None
    if not value:
        value = abs(value)
    return Decimal(f"{value:f}") if "." in word or after else int(value)


def _depth(value: object) -> int:
    depth, level = 0, [value]
    while level and depth <= MAX_DEPTH:
        depth += 1
        level = [
            below
            for one in level
            if isinstance(one, dict | list)
            for below in (one.values() if isinstance(one, dict) else one)
        ]
    return depth
