"""Reading case files: profiles with the verdicts that they must have."""

from __future__ import annotations

import datetime
from collections.abc import Iterable
from decimal import Decimal

from eligibility.errors import Message, Problem
from eligibility.loading import RuleDocument
from eligibility.model import Case, Expectation, RulePack, Status
from eligibility.reading import messages
from eligibility.reading.form import Form
from eligibility.source import Mapping, Node, Scalar

__all__ = ["read_cases"]


def read_cases(
    documents: Iterable[RuleDocument], pack: RulePack
) -> tuple[list[Case], list[Problem]]:
    """The cases of all files, and what is wrong with them."""
    form = Form()
    cases: list[Case] = []
    names: dict[str, str] = {}
    for document in documents:
        known = ("base", "as_of", "cases", "title")
        root = form.mapping(document.root, "a case file", known, ["cases"])
        if root is None:
            continue
        base = _profile(form, root.get("base"), "base")
        as_of = form.day(root.get("as_of"), "`as_of`")
        for node in form.sequence(root.get("cases"), "cases"):
            case = _case(form, document, node, base, as_of, pack)
            if case is None:
                continue
            if case.name in names:
                form.report(node, messages.duplicate("case", case.name, names[case.name]))
            names.setdefault(case.name, f"{document.name}:{node.span.line}")
            cases.append(case)
    return cases, form.problems


def _case(
    form: Form,
    document: RuleDocument,
    node: Node,
    base: dict[str, object],
    as_of: datetime.date | None,
    pack: RulePack,
) -> Case | None:
    known = ("name", "profile", "as_of", "expect")
    mapping = form.mapping(node, "a case", known, ("name", "expect"))
    if mapping is None:
        return None
    name = form.text(mapping.get("name"), "the name of a case")
    day = form.day(mapping.get("as_of"), "`as_of`") or as_of
    if day is None:
        form.report(node, messages.missing_key("as_of", "a case"))
    profile = {**base, **_profile(form, mapping.get("profile"), "profile")}
    expect = _expectations(form, mapping.get("expect"), pack)
    if name is None or day is None or not expect:
        return None
    profile.setdefault("id", "case")
    return Case(name, document.name, profile, day, expect, node.span)


def _expectations(form: Form, node: Node | None, pack: RulePack) -> tuple[Expectation, ...]:
    mapping = form.mapping(node, "`expect`")
    found: list[Expectation] = []
    for key, value in mapping.entries if mapping else ():
        if key.text not in pack.outcomes:
            form.report(key, messages.unknown("outcome", key.text, pack.outcomes))
            continue
        because: tuple[str, ...] | None = None
        status: Node | None = value
        if isinstance(value, Mapping):
            inner = form.mapping(value, "an expectation", ("status", "because"), ["status"])
            status = inner.get("status") if inner else None
            if inner is not None and inner.get("because") is not None:
                because = form.texts(inner.get("because"), "reasons")
        word = form.word(status, "status", [one.value for one in Status])
        if word is not None:
            found.append(Expectation(key.text, Status(word), because, key.span))
    if mapping is not None and not mapping.entries:
        form.report(mapping, Message("a case must expect something"))
    return tuple(found)


def _profile(form: Form, node: Node | None, what: str) -> dict[str, object]:
    mapping = form.mapping(node, f"`{what}`")
    return {} if mapping is None else {key.text: _plain(value) for key, value in mapping.entries}


def _plain(node: Node) -> object:
    """A node as JSON would carry it: days become texts again, numbers stay exact."""
    if isinstance(node, Mapping):
        return {key.text: _plain(value) for key, value in node.entries}
    if not isinstance(node, Scalar):
        return [_plain(item) for item in node.items]
    if isinstance(node.value, datetime.date):
        return node.text
    assert node.value is None or isinstance(node.value, bool | int | Decimal | str)
    return node.value
