"""Reading case files: profiles with the verdicts that they must have."""

from __future__ import annotations

import datetime
from collections.abc import Iterable
from decimal import Decimal

from eligibility.errors import Message, Problem
from eligibility.loading import RuleDocument
from eligibility.model import Case, Expectation, RulePack, Status
from eligibility.reading import messages
from eligibility.reading.form import Form, TooMuchError
from eligibility.source import Mapping, Node, Scalar

__all__ = ["read_cases"]

_FILE_KEYS = ("title", "base", "as_of", "cases")
_CASE_KEYS = ("name", "profile", "as_of", "expect")
_EXPECTATION_KEYS = ("status", "because")
_STATUSES = tuple(one.value for one in Status)


def read_cases(
    documents: Iterable[RuleDocument], pack: RulePack
) -> tuple[list[Case], list[Problem]]:
    """The cases of all files, and what is wrong with them."""
    reader = _CaseReader(pack)
    try:
        for document in documents:
            reader.file(document)
    except TooMuchError:
        pass
    return reader.cases, reader.form.problems


class _CaseReader:
    def __init__(self, pack: RulePack) -> None:
        self.form = Form()
        self.cases: list[Case] = []
        self._pack = pack
        self._places: dict[str, str] = {}

    def file(self, document: RuleDocument) -> None:
        """Read the cases of one file."""
        root = self.form.mapping(document.root, "a case file", _FILE_KEYS, ["cases"])
        if root is None:
            return
        self.form.text(root.get("title"), "the title")
        base = self._profile(root.get("base"), "base")
        as_of = self.form.day(root.get("as_of"), "`as_of`")
        # where the day of all cases is wrong, no case is to be blamed for having none
        dated = root.get("as_of") is not None or not root.whole
        for node in self.form.sequence(root.get("cases"), "cases"):
            case = self._case(document, node, base, as_of, dated)
            if case is not None:
                self.cases.append(case)

    def _case(
        self,
        document: RuleDocument,
        node: Node,
        base: dict[str, object],
        as_of: datetime.date | None,
        dated: bool,
    ) -> Case | None:
        mapping = self.form.mapping(node, "a case", _CASE_KEYS, ("name", "expect"))
        if mapping is None:
            return None
        name = self._name(mapping.get("name"))
        day = self.form.day(mapping.get("as_of"), "`as_of`") or as_of
        if not dated and self.form.lacks(mapping, "as_of", _CASE_KEYS):
            hint = "give it to the case, or to all cases at the top of the file"
            self.form.report(mapping, messages.missing_key("as_of", "a case", hint))
        profile = {**base, **self._profile(mapping.get("profile"), "profile")}
        expect = self._expectations(mapping.get("expect"))
        if name is None or day is None or not expect:
            return None
        profile.setdefault("id", "case")
        return Case(name, document.name, profile, day, expect, node.span)

    def _name(self, node: Node | None) -> str | None:
        name = self.form.text(node, "the name of a case")
        if node is None or name is None:
            return None
        if name in self._places:
            self.form.report(node, messages.duplicate("case", name, self._places[name]))
        self._places.setdefault(name, f"{node.span.file}:{node.span.line}")
        return name

    def _expectations(self, node: Node | None) -> tuple[Expectation, ...]:
        mapping = self.form.mapping(node, "`expect`")
        if mapping is not None and not mapping.entries:
            self.form.report(mapping, Message("a case must expect something"))
        return tuple(
            found
            for key, value in (mapping.entries if mapping else ())
            if (found := self._expectation(key, value)) is not None
        )

    def _expectation(self, key: Scalar, node: Node) -> Expectation | None:
        if key.text not in self._pack.outcomes:
            self.form.unknown(key, "outcome", self._pack.outcomes)
        status: Node | None = node
        because: Node | None = None
        if isinstance(node, Mapping):
            self.form.mapping(node, "an expectation", _EXPECTATION_KEYS, ["status"], at=key)
            status, because = node.get("status"), node.get("because")
        word = self.form.word(status, "status", _STATUSES)
        reasons = None if because is None else self.form.texts(because, "reasons")
        if word is None:
            return None
        return Expectation(key.text, Status(word), reasons, key.span)

    def _profile(self, node: Node | None, what: str) -> dict[str, object]:
        mapping = self.form.mapping(node, f"`{what}`")
        if mapping is None:
            return {}
        return {key.text: _plain(value) for key, value in mapping.entries}


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
