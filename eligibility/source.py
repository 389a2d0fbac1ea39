"""Text with places: reading a YAML file into nodes that know where they stand.

The parser is libyaml's (through PyYAML); only its stream of events is used, so that the
limits below hold before anything is built, and so that scalars mean what YAML 1.2 says:
`no` is a text, `2025-01-01` a date, `0.7` an exact decimal. What looks like a number or a
day and is none (`1e5`, `2024-02-30`) stays a text: whoever wanted one says so.
"""

from __future__ import annotations

import datetime
import re
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import NoReturn

import yaml

from eligibility.errors import Message, Problem

__all__ = [
    "MAX_ALIASED_NODES",
    "MAX_DEPTH",
    "MAX_FILE_BYTES",
    "MAX_NODES",
    "MAX_PROBLEMS",
    "Mapping",
    "Node",
    "Scalar",
    "ScalarValue",
    "Sequence",
    "Span",
    "plain_value",
    "read_text",
    "read_yaml",
]

MAX_FILE_BYTES = 2_000_000
MAX_DEPTH = 60
MAX_NODES = 200_000
MAX_ALIASED_NODES = 20_000
MAX_PROBLEMS = 1_000

ScalarValue = None | bool | int | Decimal | datetime.date | str


@dataclass(frozen=True, slots=True)
class Span:
    """A place in a file: `line` and `column` count from 1, `width` in characters."""

    file: str
    line: int
    column: int
    width: int
    excerpt: str

    def problem(self, message: Message) -> Problem:
        """The mistake `message`, here."""
        return Problem(
            self.file,
            message,
            line=self.line,
            column=self.column,
            excerpt=self.excerpt,
            width=self.width,
        )


@dataclass(frozen=True, slots=True)
class Scalar:
    """A scalar: its value by the YAML 1.2 core schema, and its text as written."""

    value: ScalarValue
    text: str
    span: Span


@dataclass(frozen=True, slots=True)
class Sequence:
    """A list of nodes."""

    items: tuple[Node, ...]
    span: Span

    def __iter__(self) -> Iterator[Node]:
        return iter(self.items)


@dataclass(frozen=True, slots=True)
class Mapping:
    """Keys with their nodes, in the order of the file; keys are distinct texts.

    `whole` is false where a key was refused, so that what it may have brought is not
    missed as well.
    """

    entries: tuple[tuple[Scalar, Node], ...]
    span: Span
    whole: bool = True

    def get(self, key: str) -> Node | None:
        """The node below `key`, or None."""
        for name, node in self.entries:  # asked so often that a generator is felt
            if name.text == key:
                return node
        return None

    def key(self, key: str) -> Scalar | None:
        """The key itself, for its place."""
        return next((name for name, _ in self.entries if name.text == key), None)

    @property
    def keys(self) -> tuple[str, ...]:
        """The keys as written."""
        return tuple(name.text for name, _ in self.entries)


Node = Scalar | Sequence | Mapping


def read_text(path: Path, name: str, limit: int) -> tuple[str, list[Problem]]:
    """The text of a UTF-8 file (with or without BOM) of at most `limit` bytes."""
    try:
        if not stat.S_ISREG(path.stat().st_mode):
            # a pipe or a device could be read for ever
            return "", [Problem(name, Message("is not a file"))]
        with path.open("rb") as stream:
            data = stream.read(limit + 1)
    except OSError as error:
        return "", [Problem(name, Message(f"cannot be read: {_reason(error)}"))]
    if len(data) > limit:
        message = Message(f"is larger than {limit:,} bytes", "split the file")
        return "", [Problem(name, message)]
    try:
        return data.decode("utf-8-sig"), []
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        message = Message(f"is not UTF-8 text, first in line {line}", "save the file as UTF-8")
        return "", [Problem(name, message)]


def _reason(error: OSError) -> str:
    return (error.strerror or str(error)).lower()


def read_yaml(text: str, name: str) -> tuple[Node | None, list[Problem]]:
    """The nodes of a YAML text, or None, with the problems found.

    Duplicate keys, tags, several documents and whatever is over the limits are
    problems; so is bad syntax, after which nothing further is reported for the file.
    """
    return _Reader(text, name).read()


class _TooMuchError(Exception):
    def __init__(self, problem: Problem) -> None:
        self.problem = problem


@dataclass(slots=True)
class _Open:
    """A collection whose end has not come yet."""

    mapping: bool
    span: Span
    anchor: str | None
    first: int
    children: list[Node]


class _Reader:
    def __init__(self, text: str, name: str) -> None:
        self._text = text
        self._name = name
        self._lines = _LINE_BREAK.split(text)
        self._problems: list[Problem] = []
        self._anchors: dict[str, tuple[Node, int]] = {}
        self._open: list[_Open] = []
        self._nodes = 0
        self._aliased = 0
        self._root: Node | None = None

    def read(self) -> tuple[Node | None, list[Problem]]:
        loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
        documents = 0
        try:
            for event in yaml.parse(self._text, Loader=loader):
                if isinstance(event, yaml.DocumentStartEvent):
                    documents += 1
                    if documents > 1:
                        message = Message("a second document starts here", "use a file for each")
                        self._stop(event, message)
                else:
                    self._event(event)
        except _TooMuchError as stop:
            return None, [*self._problems, stop.problem]
        except yaml.MarkedYAMLError as error:
            return None, [*self._problems, self._syntax(error)]
        except yaml.reader.ReaderError as error:
            return None, [*self._problems, self._character(error)]
        if self._root is None or (isinstance(self._root, Scalar) and not self._root.text):
            return None, [*self._problems, Problem(self._name, Message("the file is empty"))]
        return self._root, self._problems

    def _event(self, event: yaml.Event) -> None:
        if isinstance(event, yaml.AliasEvent):
            self._alias(event)
        elif isinstance(event, yaml.NodeEvent):
            self._node(event)
        elif isinstance(event, yaml.CollectionEndEvent):
            self._close()

    def _node(self, event: yaml.NodeEvent) -> None:
        self._count(event, 1)
        span = self._span(event)
        tag = getattr(event, "tag", None)
        if tag is not None:
            written = tag.replace("tag:yaml.org,2002:", "!!")
            shown = f"tags such as `{written[:60]}` are not allowed"
            self._report(span, Message(shown, "write a plain value"))
        if isinstance(event, yaml.ScalarEvent):
            value = event.value if event.style else plain_value(event.value)
            self._add(Scalar(value, event.value, span), event.anchor, 1)
        else:
            if len(self._open) >= MAX_DEPTH:
                self._stop(event, _TOO_DEEP)
            mapping = isinstance(event, yaml.MappingStartEvent)
            self._open.append(_Open(mapping, span, event.anchor, self._nodes, []))

    def _count(self, event: yaml.Event, nodes: int) -> None:
        self._nodes += nodes
        if self._nodes > MAX_NODES:
            self._stop(event, Message(f"more than {MAX_NODES:,} values", "split the file"))

    def _alias(self, event: yaml.AliasEvent) -> None:
        anchor = event.anchor or ""
        if anchor not in self._anchors:
            inside = any(one.anchor == anchor for one in self._open)
            wrong = "stands inside what it repeats" if inside else "has no anchor above it"
            hint = f"mark what it repeats by `&{anchor[:60]}`, above this line"
            self._stop(event, Message(f"alias `*{anchor[:60]}` {wrong}", None if inside else hint))
        node, size = self._anchors[anchor]
        self._aliased += size
        if self._aliased > MAX_ALIASED_NODES:
            message = Message(
                f"aliases repeat more than {MAX_ALIASED_NODES:,} values", "use `define` instead"
            )
            self._stop(event, message)
        self._count(event, size)
        self._add(node, None, size)

    def _close(self) -> None:
        done = self._open.pop()
        size = self._nodes - done.first + 1
        node: Node
        if done.mapping:
            entries = tuple(self._entries(done.children))
            given = {getattr(key, "text", None) for key in done.children[::2]}
            node = Mapping(entries, done.span, whole=len(entries) == len(given))
        else:
            node = Sequence(tuple(done.children), done.span)
        self._add(node, done.anchor, size)

    def _entries(self, children: list[Node]) -> Iterator[tuple[Scalar, Node]]:
        seen: dict[str, Span] = {}
        for key, node in zip(children[::2], children[1::2], strict=True):
            if not isinstance(key, Scalar):
                hint = "quote a text that begins with `{` or `[`"
                self._report(key.span, Message("a key must be one word", hint))
            elif not key.text:
                self._report(key.span, Message("a key is missing before `:`"))
            elif key.text == "<<":
                self._report(key.span, Message("merge keys (`<<`) are not allowed", "use `define`"))
            elif key.text in seen:
                hint = f"first given in line {seen[key.text].line}"
                self._report(key.span, Message(f"duplicate key `{key.text[:60]}`", hint))
            else:
                seen[key.text] = key.span
                yield key, node

    def _add(self, node: Node, anchor: str | None, size: int) -> None:
        if anchor is not None:
            self._anchors[anchor] = (node, size)
        if self._open:
            self._open[-1].children.append(node)
        else:
            self._root = node

    def _span(self, event: yaml.Event) -> Span:
        start, end = event.start_mark, event.end_mark
        assert start is not None and end is not None
        excerpt = self._lines[start.line] if start.line < len(self._lines) else ""
        # a block or a text over several lines is marked to the end of its first line
        width = end.column - start.column if end.line == start.line else len(excerpt) - start.column
        return Span(self._name, start.line + 1, start.column + 1, max(1, width), excerpt)

    def _report(self, span: Span, message: Message) -> None:
        if len(self._problems) >= MAX_PROBLEMS:
            text = f"more than {MAX_PROBLEMS:,} mistakes, of which these are the first"
            raise _TooMuchError(Problem(self._name, Message(text)))
        self._problems.append(span.problem(message))

    def _stop(self, event: yaml.Event, message: Message) -> NoReturn:
        raise _TooMuchError(self._span(event).problem(message))

    def _syntax(self, error: yaml.MarkedYAMLError) -> Problem:
        message, at_start = _SYNTAX.get(error.problem or "", (None, False))
        mark = error.context_mark if at_start else error.problem_mark
        mark = mark or error.problem_mark or error.context_mark
        if mark is None:
            return Problem(self._name, message or Message(f"is not YAML: {error}"))
        span = self._at(mark.line, mark.column)
        if message is None and error.problem == "found character that cannot start any token":
            message = _not_a_start(span.excerpt[mark.column : mark.column + 1])
        return span.problem(message or Message(f"is not YAML: {error.problem or error.context}"))

    def _character(self, error: yaml.reader.ReaderError) -> Problem:
        """A character that no YAML text may hold, such as a control character."""
        found = _UNPRINTABLE.search(self._text)
        if found is None:
            return Problem(self._name, Message(f"is not YAML: {error.reason}"))
        before = _LINE_BREAK.split(self._text[: found.start()])
        text = f"holds a character that cannot be read, U+{ord(found.group()):04X}"
        span = self._at(len(before) - 1, len(before[-1]))
        return span.problem(Message(text, "delete it"))

    def _at(self, line: int, column: int) -> Span:
        last = max(0, len(self._lines) - 1)
        if line > last or (line == last and not self._lines[last]):
            # the end of the file: the last line that says something
            line = next((one for one in range(last, -1, -1) if self._lines[one].strip()), 0)
            column = len(self._lines[line])
        return Span(self._name, line + 1, column + 1, 1, self._lines[line])


def _not_a_start(character: str) -> Message:
    if character == "\t":
        return Message("a tab cannot indent", "use spaces")
    return Message(f"a text cannot start with `{character}`", "put it in quotes")


_LINE_BREAK = re.compile("\r\n|[\r\n\x85\u2028\u2029]")
_UNPRINTABLE = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\ud800-\udfff\ufeff\ufffe\uffff]"
)

_INDENT = "check the indentation here and the quotes in the lines above"
_QUOTE = "put a text that holds `: ` in quotes, and check the indentation"
_CLOSE = "check the brackets and commas here and in the lines above"
_OPEN_QUOTE = Message("this quote is never closed", "end the text by the same quote")
_TOO_DEEP = Message(f"nested deeper than {MAX_DEPTH} levels")
_SYNTAX: dict[str, tuple[Message, bool]] = {
    # libyaml reads ahead, and newer ones meet their own bound before an event reaches ours
    "exceeded maximum nesting depth": (_TOO_DEEP, False),
    "mapping values are not allowed in this context": (
        Message("a `:` cannot stand here", _QUOTE),
        False,
    ),
    "could not find expected ':'": (Message("`:` is missing after this key", _INDENT), True),
    "did not find expected key": (
        Message("this is not in line with the keys above it", _INDENT),
        False,
    ),
    "did not find expected '-' indicator": (
        Message("this is not in line with the `-` above it", _INDENT),
        False,
    ),
    "block sequence entries are not allowed in this context": (
        Message("a list cannot start here", "start it on a line of its own"),
        False,
    ),
    "did not find expected ',' or ']'": (Message("a list in `[` `]` is broken", _CLOSE), False),
    "did not find expected ',' or '}'": (Message("a mapping in `{` `}` is broken", _CLOSE), False),
    "did not find expected node content": (Message("a value is missing here", _CLOSE), False),
    "did not find expected <document start>": (
        Message("this is not in line with the keys above it", _INDENT),
        False,
    ),
    "found unexpected end of stream": (_OPEN_QUOTE, True),
    "found unexpected document indicator": (_OPEN_QUOTE, True),
    "found unknown escape character": (
        Message("`\\` has a meaning in double quotes", "use single quotes"),
        False,
    ),
    "found a tab character that violates indentation": (
        Message("a tab cannot indent", "use spaces"),
        False,
    ),
}
"""What libyaml says, in plain words, and whether the mistake is where it began to look."""

_INTEGER = re.compile(r"[-+]?[0-9]{1,30}")
_DECIMAL = re.compile(r"[-+]?(?:[0-9]{1,30}\.[0-9]{0,30}|\.[0-9]{1,30})")
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_WORDS: dict[str, ScalarValue] = {"": None, "~": None, "null": None, "true": True, "false": False}


def plain_value(text: str) -> ScalarValue:
    """What a text means that stands without quotes."""
    if text in _WORDS:
        return _WORDS[text]
    if _INTEGER.fullmatch(text):
        return int(text)
    if _DECIMAL.fullmatch(text):
        return Decimal(text)
    if _DATE.fullmatch(text):
        try:
            return datetime.date.fromisoformat(text)
        except ValueError:
            return text
    return text
