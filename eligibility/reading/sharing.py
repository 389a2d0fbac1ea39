"""Reading `share`: needs over one list that are each met by items of their own."""

from __future__ import annotations

from collections.abc import Mapping as MappingType
from dataclasses import dataclass

from eligibility.conditions import (
    Assignment,
    Comparison,
    Condition,
    Cover,
    Group,
    Need,
    NeedGroup,
    Needs,
    Not,
    OutcomeValue,
    Quantifier,
    Share,
    Test,
)
from eligibility.errors import Message
from eligibility.model import Citation, Declaration, Fact, ListFact
from eligibility.reading import messages
from eligibility.reading.form import Form
from eligibility.reading.operands import type_words
from eligibility.source import Mapping, Node, Scalar, Span

__all__ = ["SHARING", "SharingReader"]

SHARING = ("all", "any", "of")
"""The groups that `share` may stand beside; of `of` those with `at_least`."""

_NONE = "none"
_GROWING = ("at_least", "more_than")


@dataclass(frozen=True, slots=True)
class _Placed:
    """A need, and where it is written."""

    need: Need
    span: Span


class SharingReader:
    """Turns a group with `share` beside it into an assignment."""

    def __init__(self, form: Form, facts: MappingType[str, Declaration]) -> None:
        self._form = form
        self._facts = facts

    def fitting(self, mapping: Mapping, parts: list[Scalar]) -> bool:
        """Whether what stands beside `share` is one group that it can be about."""
        key = mapping.key("share")
        assert key is not None
        hint = "write `all`, `any` or `at_least` with `of` beside it"
        if not parts:
            if mapping.whole:
                self._form.report(key, Message("`share` needs a group", hint))
            return False
        for part in parts:
            if part.text not in SHARING:
                self._form.report(part, messages.misplaced_beside_share(part.text, hint))
                return False
        if len(parts) > 1:
            both = messages.not_beside(parts[0].text, parts[1].text)
            hint = f"`share` is about one group: put them below one `{SHARING[0]}`"
            self._form.report(parts[1], Message(both.text, hint))
            return False
        most = mapping.key("at_most")
        if most is not None:
            self._form.report(most, messages.misplaced_beside_share("at_most", hint))
        return most is None

    def assignment(self, node: Node, group: Condition, base: str) -> Assignment | None:
        """The assignment that a group makes; None where something below it is wrong."""
        placed: list[_Placed] = []
        needs = self._needs(group, base, None, placed)
        of = self._common_list(placed)
        if of is None:
            return None
        share = self._share(node, of)
        if not isinstance(needs, NeedGroup) or (share is None and not _is_none(node)):
            return None
        return Assignment(of.name, needs, share)

    # -- needs ------------------------------------------------------------------------

    def _needs(
        self, condition: Condition, base: str, source: Citation | None, placed: list[_Placed]
    ) -> Needs | None:
        source = condition.source or source
        match condition:
            case Group(kind="all" | "any" | "at_least"):
                children = [
                    self._needs(child, base, source, placed) for child in condition.children
                ]
                found = tuple(child for child in children if child is not None)
                k = {"all": len(children), "any": 1}.get(condition.kind, condition.k)
                whole = len(found) == len(children)
                return NeedGroup(k, found, condition.title) if whole else None
            case Test(leaf=Quantifier() as leaf) if self._grows(leaf, condition.span):
                path = condition.path.removeprefix(f"{base}/")
                need = Need(path, leaf, condition.title, source)
                assert condition.span is not None
                placed.append(_Placed(need, condition.span))
                return need
            case Test(leaf=Assignment()):
                self._report(condition.span, messages.nested_share())
            case Test(leaf=Quantifier()):
                pass
            case _:
                self._report(condition.span, messages.never_shared(_word(condition)))
        return None

    def _grows(self, leaf: Quantifier, span: Span | None) -> bool:
        """Whether more items can only help a quantifier; reports where they may not."""
        if isinstance(leaf.measure, Cover):
            return True
        kind = leaf.measure.kind
        if kind not in ("count", "sum"):
            self._report(span, messages.never_shared(kind))
            return False
        if leaf.operator not in _GROWING:
            self._report(span, messages.never_shared(leaf.operator))
            return False
        if kind == "count":
            return True
        of = self._facts[leaf.list]
        assert isinstance(of, ListFact)
        summed = of.attributes[leaf.measure.attribute or ""]
        assert isinstance(summed, Fact)
        return self._never_negative(summed, span)

    def _never_negative(self, fact: Fact, place: Node | Span | None) -> bool:
        if fact.minimum is not None and fact.minimum >= 0:
            return True
        self._report(place, messages.perhaps_negative(fact.name))
        return False

    def _common_list(self, placed: list[_Placed]) -> ListFact | None:
        """The list that all needs are about, in the same states."""
        if not placed:
            return None
        first = placed[0].need.quantifier
        sound = True
        for one in placed[1:]:
            leaf = one.need.quantifier
            if leaf.list != first.list:
                self._report(one.span, messages.other_list(leaf.list, first.list))
                sound = False
            elif leaf.every_state is not first.every_state:
                self._report(one.span, messages.other_states(leaf.list, leaf.every_state))
                sound = False
        of = self._facts[first.list]
        assert isinstance(of, ListFact)
        return of if sound else None

    # -- how much is shared -----------------------------------------------------------

    def _share(self, node: Node, of: ListFact) -> Share | None:
        """What may be counted twice; None for `none`, and where it is wrong."""
        if _is_none(node):
            return None
        if not isinstance(node, Mapping) or len(node.entries) != 1:
            example = next(iter(_numbers(of)), "credits")
            hint = f"write `share: none`, or for example `share: {{{example}: 6}}`"
            text = "`none` or one attribute with an amount for `share`"
            self._form.report(node, messages.expected(text, node, hint))
            return None
        name, amount = node.entries[0]
        fact = of.attributes.get(name.text)
        if fact is None:
            self._form.unknown(name, "attribute", of.attributes, f" of `{of.name}`")
            return None
        if not isinstance(fact, Fact) or not fact.kind.numeric:
            text = f"`share` needs a number, and `{name.text}` is {type_words(fact)}"
            numbers = _numbers(of)
            hint = f"use {messages.listed(numbers)}" if numbers else "write `share: none`"
            self._form.report(name, Message(text, hint))
            return None
        most = self._form.number(amount, f"how much of `{name.text}` is shared")
        if most is None or not self._never_negative(fact, name):
            return None
        if most < 0:
            self._form.report(
                amount, Message("`share` cannot be less than 0", "write `share: none`")
            )
            return None
        return Share(name.text, most)

    def _report(self, place: Node | Span | None, message: Message) -> None:
        assert place is not None
        self._form.report(place, message)


def _is_none(node: Node) -> bool:
    return isinstance(node, Scalar) and node.text == _NONE


def _numbers(of: ListFact) -> list[str]:
    return [
        fact.name for fact in of.attributes.values() if isinstance(fact, Fact) and fact.kind.numeric
    ]


def _word(condition: Condition) -> str:
    """What an author wrote for a condition that is no quantifier over a list."""
    match condition:
        case Group():
            return condition.kind
        case Not():
            return "not"
        case OutcomeValue():
            return "outcome"
        case Test(leaf=Comparison() as leaf):
            return leaf.fact
        case _:
            return "judgement"
