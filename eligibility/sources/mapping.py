"""A mapping file as it is written: YAML, with the place of every word.

Whether its words fit the vocabulary and the tables is asked in `eligibility.sources.planning`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from eligibility.errors import Message
from eligibility.loading import shown
from eligibility.reading import messages
from eligibility.reading.form import Form, TooMuchError
from eligibility.source import MAX_FILE_BYTES, Mapping, Node, Scalar, Span, read_text, read_yaml

__all__ = [
    "LIST_KEYS",
    "NESTED_KEYS",
    "STUDENT_KEYS",
    "TOP_KEYS",
    "Document",
    "Rows",
    "read_mapping",
]

TOP_KEYS = ("students", "facts", "judgements", "values", "split", "ignore", "lists")
STUDENT_KEYS = ("table", "from", "id")
_COMMON = (
    *("table", "column", "id", "columns", "values", "split", "order", "ignore", "lists"),
    *("missing", "complete"),
)
LIST_KEYS = (*_COMMON, "key")
"""What may be said of a list of students."""

NESTED_KEYS = (*_COMMON, "item")
"""What may be said of a list of another list's items."""

_MISSING = ("empty", "unknown")


@dataclass(slots=True)
class Rows:
    """What is said of one table, or of the structs in one column.

    `source` is, of students who have no table, the list whose table has their ids.
    `columns` are pairs of a name of the vocabulary and a column. `values` is, for a
    column, what its values stand for, and `split` what its texts are cut at. `item` is
    the column that names an item of the list around, `key` the one that names an item
    for the lists in it. A list that is `partial` may lack items.
    """

    at: Span | None = None
    table: Scalar | None = None
    source: Scalar | None = None
    column: Scalar | None = None
    id: Scalar | None = None
    key: Scalar | None = None
    item: Scalar | None = None
    columns: list[tuple[Scalar, Scalar]] = field(default_factory=list)
    judgements: list[tuple[Scalar, Scalar]] = field(default_factory=list)
    values: list[tuple[Scalar, Mapping]] = field(default_factory=list)
    split: list[tuple[Scalar, Scalar]] = field(default_factory=list)
    order: list[Scalar] = field(default_factory=list)
    ignore: list[Scalar] = field(default_factory=list)
    unknown_where_missing: bool = False
    partial: bool = False
    lists: list[tuple[Scalar, Rows]] = field(default_factory=list)


@dataclass(slots=True)
class Document:
    """A mapping file: what it says of the students, and the mistakes found so far."""

    students: Rows
    form: Form
    name: str | None = None


def read_mapping(path: str | None) -> Document:
    """What a mapping file says; of no file, nothing.

    No mistake is raised: all of them are on the form, to be told with those found later.
    """
    form = Form()
    if path is None:
        return Document(Rows(), form)
    name = shown(Path(path))
    document = Document(Rows(), form, name)
    text, problems = read_text(Path(path), name, MAX_FILE_BYTES)
    if not problems:
        node, problems = read_yaml(text, name)
        if node is not None:
            try:
                document.students = _students(form, node)
            except TooMuchError:
                form.blind = True
    for problem in problems:
        form.note(problem)
    form.blind = form.blind or bool(problems)
    return document


def _students(form: Form, node: Node) -> Rows:
    top = form.mapping(node, "a mapping", TOP_KEYS)
    if top is None:
        form.blind = True
        return Rows(at=node.span)
    key = top.key("students")
    rows = Rows(at=key.span if key else Span(node.span.file, 1, 1, 1, node.span.excerpt))
    head = form.mapping(top.get("students"), "`students`", STUDENT_KEYS)
    if head is not None:
        rows.table = _word(form, head.get("table"), "the table of the students")
        rows.source = _word(form, head.get("from"), "the list that the students come from")
        rows.id = _word(form, head.get("id"), "the column of the student's id")
        if rows.table is not None and rows.source is not None:
            form.report(rows.source, messages.not_beside("table", "from"))
    rows.columns = _pairs(form, top.get("facts"), "`facts`", "the column of")
    rows.judgements = _pairs(form, top.get("judgements"), "`judgements`", "the column of")
    _fill(form, rows, top, "students")
    if rows.source is not None:
        _judge_nothing(form, rows, rows.source.text)
    return rows


def _judge_nothing(form: Form, rows: Rows, source: str) -> None:
    """What is said of columns of the students, where they have no table."""
    pairs = (*rows.columns, *rows.judgements, *rows.values, *rows.split)
    of = f"the students are the ids in the table of `{source}`"
    for word in (*(word for word, _ in pairs), *rows.ignore):
        text = f"{messages.quoted(word.text)} is said of the students' table, and there is none"
        form.report(word, Message(f"{text}: {of}", "remove it, or name a table of the students"))
    for _, one in rows.lists:
        if one.column is not None:
            text = f"the students have no table with such a column: {of}"
            form.report(one.column, Message(text, "name the table of the list: `table: ...`"))


def _list(form: Form, name: Scalar, node: Node, nested: bool) -> Rows:
    rows = Rows(at=name.span)
    what = f"list {messages.quoted(name.text)}"
    given = form.mapping(node, what, NESTED_KEYS if nested else LIST_KEYS)
    if given is None:
        return rows
    rows.table = _word(form, given.get("table"), f"the table of {what}")
    rows.column = _word(form, given.get("column"), f"the column of {what}")
    rows.id = _word(form, given.get("id"), f"the column of the student's id in {what}")
    if nested:
        rows.item = _word(form, given.get("item"), f"the column that names the item of {what}")
    else:
        rows.key = _word(form, given.get("key"), f"the column that names an item of {what}")
    if rows.table is not None and rows.column is not None:
        form.report(rows.column, messages.not_beside("table", "column"))
    rows.columns = _pairs(form, given.get("columns"), f"`columns` of {what}", "the column of")
    rows.order = _words(form, given.get("order"), f"columns to order {what} by")
    missing = form.word(given.get("missing"), "word for what is missing", _MISSING)
    rows.unknown_where_missing = missing == "unknown"
    rows.partial = not form.flag(given.get("complete"), f"`complete` of {what}", default=True)
    _fill(form, rows, given, what)
    return rows


def _fill(form: Form, rows: Rows, given: Mapping, what: str) -> None:
    """What is said of students and of lists alike."""
    values = form.mapping(given.get("values"), f"`values` of {what}")
    for column, below in values.entries if values is not None else ():
        words = form.mapping(below, f"the values of {messages.quoted(column.text)}")
        if words is not None:
            rows.values.append((column, words))
    rows.split = _pairs(form, given.get("split"), f"`split` of {what}", "what cuts")
    rows.ignore = _words(form, given.get("ignore"), f"columns of {what} to ignore")
    lists = form.mapping(given.get("lists"), f"`lists` of {what}")
    for name, node in lists.entries if lists is not None else ():
        rows.lists.append((name, _list(form, name, node, nested=what != "students")))


def _word(form: Form, node: Node | None, what: str) -> Scalar | None:
    if form.text(node, what) is None:
        return None
    assert isinstance(node, Scalar)
    return node


def _words(form: Form, node: Node | None, what: str) -> list[Scalar]:
    return [one for one in form.text_nodes(node, what).values() if isinstance(one, Scalar)]


def _pairs(form: Form, node: Node | None, what: str, of: str) -> list[tuple[Scalar, Scalar]]:
    found = []
    mapping = form.mapping(node, what)
    for key, below in mapping.entries if mapping is not None else ():
        # a text that cuts may be a blank
        plain = below if isinstance(below, Scalar) and below.text and of == "what cuts" else None
        word = plain or _word(form, below, f"{of} {messages.quoted(key.text)}")
        if word is not None:
            found.append((key, word))
    return found
