"""Whether a column fits a fact, and what a mapping says that its values stand for."""

from __future__ import annotations

from decimal import Decimal

from eligibility.errors import Message
from eligibility.model import Fact, Kind
from eligibility.reading import messages
from eligibility.source import Node, Scalar, Sequence
from eligibility.sources.columns import Column, Family
from eligibility.values import Days

__all__ = ["NoValueError", "misfit", "read_value"]

_CAST = "cast it, in a view or in `--query`"
_FITTING = {
    Kind.BOOLEAN: {Family.BOOLEAN},
    Kind.INTEGER: {Family.INTEGER, Family.NUMBER},
    Kind.NUMBER: {Family.INTEGER, Family.NUMBER},
    Kind.TEXT: {Family.TEXT},
    Kind.SCALE: {Family.TEXT},
    Kind.DATE: {Family.DATE, Family.TEXT},
}
_WORDS = {
    Kind.BOOLEAN: "true or false",
    Kind.INTEGER: "a whole number",
    Kind.NUMBER: "a number",
    Kind.TEXT: "a text",
    Kind.SCALE: "a text",
    Kind.DATE: "a date",
}
_REPLACED = {Family.BOOLEAN, Family.INTEGER, Family.NUMBER, Family.TEXT, Family.DATE}


def misfit(
    column: Column, fact: Fact, of: str, *, typed: bool, replaced: bool, split: bool
) -> Message | None:
    """What is wrong with a column for a fact by its type; None where it can be right.

    `of` names its table. It may have a type, values that are replaced, or a text that is
    split.
    """
    text = f"column {messages.quoted(column.name)}{of}"
    text += f" is {column.type}" if typed else " is text"
    if replaced and column.family not in _REPLACED:
        return Message(f"{text}, which cannot be replaced by `values`", _CAST)
    if fact.many:
        return _many_misfit(column, fact, text, replaced or split)
    if not typed or replaced or column.family in _FITTING[fact.kind]:
        return None
    hint = _CAST
    if fact.kind is Kind.BOOLEAN and column.family in _REPLACED:
        hint = f"say what its values mean: `values: {{{column.name}: {{Y: true, N: false}}}}`"
    return Message(f"{text}, and `{fact.name}` is {_WORDS[fact.kind]}", hint)


def _many_misfit(column: Column, fact: Fact, text: str, told: bool) -> Message | None:
    """The same for a list of texts; `told` says that the mapping says how to make one."""
    held = column.element.family if column.element is not None else column.family
    if held is Family.JSON or (held is Family.TEXT and (told or column.element is not None)):
        return None
    hint = f'cut it: `split: {{{column.name}: ";"}}`' if held is Family.TEXT else None
    return Message(f"{text}, and `{fact.name}` is a list of texts", hint)


class NoValueError(Exception):
    """A value that the fact cannot have; `message` says why."""

    def __init__(self, message: Message) -> None:
        super().__init__(message.text)
        self.message = message


def read_value(node: Node, fact: Fact) -> object:
    """What a value of a column stands for. Raises `NoValueError`."""
    if isinstance(node, Scalar) and node.value is None:
        return None
    if fact.many:
        if isinstance(node, Sequence):
            return [_scalar(one, fact) for one in node.items]
        return [_scalar(node, fact)]
    return _scalar(node, fact)


def _scalar(node: Node, fact: Fact) -> object:
    value = node.value if isinstance(node, Scalar) else None
    declared = fact.scale.values if fact.scale else fact.values
    match fact.kind, value:
        case Kind.BOOLEAN, bool():
            return value
        case Kind.INTEGER, int() if not isinstance(value, bool):
            return value
        case Kind.NUMBER, int() | Decimal() if not isinstance(value, bool):
            return value
        case Kind.TEXT | Kind.SCALE, str():
            if declared is not None and value not in declared:
                raise NoValueError(messages.unknown_value(fact.name, value, declared))
            return value
        case Kind.DATE, _ if isinstance(node, Scalar) and _is_date(node.text):
            return node.text
    hint = None
    if fact.kind in (Kind.TEXT, Kind.SCALE) and isinstance(node, Scalar):
        hint = "put it in quotes"
    elif fact.kind is Kind.BOOLEAN:
        hint = "write true or false"
    raise NoValueError(messages.wrong_operand(fact.name, _WORDS[fact.kind], node, hint))


def _is_date(text: str) -> bool:
    try:
        Days.parse(text)
    except ValueError:
        return False
    return True
