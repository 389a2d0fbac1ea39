"""Leaves of a pack as sums: what each fact and each list adds to one integer.

A student costs a look-up for each fact and each item, and what a test means stays written in
one place, `eligibility.leaves`. Leaves that no sum can tell are left to `fold`, which takes
them as they are.
"""

from __future__ import annotations

import datetime
import decimal
from collections.abc import Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from fractions import Fraction

from eligibility.assignment import needs_of
from eligibility.conditions import (
    AS_OF,
    Assignment,
    Comparison,
    Cover,
    Decision,
    Leaf,
    Literal,
    Nothing,
    Quantifier,
    Reference,
    Undecidable,
)
from eligibility.facts import Profile
from eligibility.leaves import EXACT, Fold, Scenario
from eligibility.model import ListFact, Vocabulary
from eligibility.observations import Observation
from eligibility.patterns.bounds import Bounds, bounds
from eligibility.patterns.compared import Compared, by_order, literals, order
from eligibility.patterns.items import ItemKinds
from eligibility.patterns.layout import Bits, Layout
from eligibility.patterns.sums import Fixed, Set, Sum
from eligibility.remembered import read
from eligibility.truth import Truth
from eligibility.values import Value

__all__ = ["REMEMBERED", "TRUTHS", "Kinds"]

TRUTHS = tuple((now, then) for now in Truth for then in Truth)
"""The values of a leaf or an outcome, now and projected, by the number for both."""

_QUOTES = 24
"""Bits enough to count the quotation marks of a profile."""

REMEMBERED = 4_096
"""For how many patterns of a leaf its values are remembered."""

_BOUNDS = ("at_least", "more_than", "at_most", "less_than")


class Kinds:
    """The leaves of a pack on one day. To be used from one thread.

    `rest` are the numbers of the leaves that have to be folded; of some of them there are
    `bounds`, which tell for most students what they come to. `facts` says which facts a
    profile's scalars are looked up by, `lists` which lists are added up.
    """

    def __init__(
        self,
        leaves: Sequence[Leaf],
        vocabulary: Vocabulary,
        as_of: datetime.date,
        numbers: Sequence[int],
        outcomes: int,
    ) -> None:
        # two values of two bits for each leaf and each outcome, at the most
        self.layout = Layout(_QUOTES + 4 * (len(numbers) + outcomes))
        self.quotes = self.layout.bits(_QUOTES)
        self.decoders: dict[int, Sum] = {}
        self.facts: dict[tuple[str, ...], list[int]] = {}
        self.judgements: dict[str, Bits] = {}
        self.rest: tuple[int, ...] = ()
        self.bounds: dict[int, Bounds] = {}
        self._leaves = leaves
        self._vocabulary = vocabulary
        bare = Profile("", {}, {}, {})
        self._folds = {scenario: Fold(vocabulary, bare, as_of, scenario) for scenario in Scenario}
        self._as_of = as_of
        self._compared: dict[tuple[str, ...], Compared[int, int]] = {}
        # of facts that are compared with one another, by which is greater
        self._ordered: dict[tuple[str, ...], dict[int | None, int]] = {}
        self.lists: dict[str, ItemKinds] = {}
        rest = set()
        # what is worked out together stands together
        for number in sorted(numbers, key=lambda number: _looks(leaves[number])):
            decoder = self._decoder(leaves[number])
            if decoder is None:
                rest.add(number)
                found = self._bounds(leaves[number])
                if found is not None:
                    self.bounds[number] = found
                decoder = Set(self.layout.bits(2), self.layout.bits(2))
            self.decoders[number] = decoder
            if isinstance(leaves[number], Comparison) and number not in rest:
                self.facts.setdefault(_facts_of(leaves[number]), []).append(number)
        # what an outcome came out as is set, too
        self.layout.close(4 * outcomes)
        self.rest = tuple(number for number in numbers if number in rest)
        self._values = {number: _Values(one) for number, one in self.decoders.items()}

    def values(self, number: int) -> Mapping[int, int]:
        """The number of a leaf's values in `TRUTHS`, by the bits of a pattern that decide them."""
        return self._values[number]

    def read(self, number: int) -> tuple[str, ...]:
        """The facts that a leaf reads, beside lists."""
        leaf = self._leaves[number]
        return _facts_of(leaf) if isinstance(leaf, Comparison) else ()

    def given(self, number: int, now: Truth, then: Truth) -> int:
        """What a leaf of `rest` adds."""
        decoder = self.decoders[number]
        assert isinstance(decoder, Set)
        assert decoder.then is not None
        return (now << decoder.now.offset) | (then << decoder.then.offset)

    def of_facts(self, names: tuple[str, ...], values: Mapping[str, Value]) -> int:
        """What these facts add, each left out of `values` where it is not known."""
        compared = self._compared.get(names)
        if compared is None:
            compared = self._compared[names] = self._comparisons(names)
            if len(names) > 1 and all(
                map(_ordered, map(self._leaves.__getitem__, self.facts[names]))
            ):
                self._ordered[names] = {}
        fold: Fold | None = None

        def evaluate(number: int) -> Truth:
            nonlocal fold
            if fold is None:
                profile = Profile("", values, {}, {})
                fold = Fold(self._vocabulary, profile, self._as_of, Scenario.NOW)
            return fold.leaf(self._leaves[number]).value

        place = None
        if names in self._ordered:
            place = order(*(values.get(name) for name in names))
            if place in self._ordered[names]:
                return self._ordered[names][place]
        with decimal.localcontext(EXACT):
            found = compared.of(values.get(names[0]), evaluate)
        if place is not None:
            self._ordered[names][place] = found
        return found

    def _comparisons(self, names: tuple[str, ...]) -> Compared[int, int]:
        """The leaves that read these facts; those that read two rest on no place of one."""
        numbers = self.facts.get(names, ())
        offsets = []
        tests = []
        for number in numbers:
            decoder, leaf = self.decoders[number], self._leaves[number]
            assert isinstance(decoder, Set)
            assert isinstance(leaf, Comparison)
            offsets.append(decoder.now.offset)
            tests.append(
                (number, literals(leaf.operator, leaf.operand, leaf.completed, self._as_of))
            )

        def total(values: bytes) -> int:
            return sum(
                value << offset for value, offset in zip(values, offsets, strict=True) if value
            )

        return Compared(tests, total)

    def of_judgement(self, name: str, decided: bool | None) -> int:
        """What a decision adds."""
        value = Truth.UNKNOWN if decided is None else Truth.MET if decided else Truth.UNMET
        place = self.judgements.get(name)
        return 0 if place is None else value << place.offset

    def observation(
        self, number: int, pattern: int, sums: int, values: Mapping[str, Value]
    ) -> Observation:
        """What is seen now at a leaf that is not of `rest`; `values` are the facts it reads.

        The `sums` have the bias in them.
        """
        leaf = self._leaves[number]
        if isinstance(leaf, Comparison):
            profile = Profile("", values, {}, {})
            with decimal.localcontext(EXACT):
                return Fold(self._vocabulary, profile, self._as_of, Scenario.NOW).leaf(leaf)
        return self.decoders[number].seen(pattern, sums)

    # -- leaves -----------------------------------------------------------------------

    def _decoder(self, leaf: Leaf) -> Sum | None:
        match leaf:
            case Comparison():
                if not _facts_of(leaf):
                    return Fixed(self._folds[Scenario.NOW].leaf(leaf).value)
                return Set(self.layout.bits(2))
            case Decision():
                place = self.judgements.setdefault(leaf.name, self.layout.bits(2))
                return Set(place)
            case Undecidable():
                return Fixed(Truth.UNKNOWN)
            case Nothing():
                return Fixed(Truth.MET)
            case Quantifier():
                return self._quantifier(leaf)
        return None

    def _bounds(self, leaf: Leaf) -> Bounds | None:
        """What sums tell of a leaf that they cannot tell for everybody."""
        if not isinstance(leaf, Assignment):
            return None
        alone = []
        for need in needs_of(leaf.needs):
            quantifier = need.quantifier
            if isinstance(quantifier.measure, Cover):
                # what is distinct is looked at together with the other needs
                cover = replace(quantifier.measure, distinct=False)
                quantifier = replace(quantifier, measure=cover)
            decoder = self._quantifier(quantifier)
            if decoder is None:
                return None
            alone.append(decoder)
        try:
            return bounds(leaf, self._place(leaf.list), self.layout, alone)
        except OverflowError:
            return None

    def _place(self, name: str) -> ItemKinds:
        of = self._vocabulary.facts[name]
        assert isinstance(of, ListFact)
        place = self.lists.get(name)
        if place is None:
            place = self.lists[name] = ItemKinds(of, self._folds, self._as_of, self.layout)
        return place

    def _quantifier(self, leaf: Quantifier) -> Sum | None:
        if any(not isinstance(name, str) for name in read(leaf.where)):
            return None  # it reads facts of the profile as well
        place = self._place(leaf.list)
        if isinstance(leaf.measure, Cover):
            return None if leaf.measure.distinct else place.cover(self.layout, leaf, leaf.measure)
        bound = leaf.bound
        if not isinstance(bound, Literal) or leaf.operator not in _BOUNDS:
            return None
        if not isinstance(bound.value, int | Decimal):
            return None
        try:
            match leaf.measure.kind:
                case "count":
                    return place.count(self.layout, leaf, Decimal(bound.value))
                case "sum":
                    return place.sum(self.layout, leaf, leaf.measure, Decimal(bound.value))
                case "mean":
                    return place.mean(self.layout, leaf, leaf.measure, Fraction(bound.value))
        except OverflowError:
            return None
        return None


class _Values(dict[int, int]):
    """What a leaf comes to, by the bits of a pattern that decide it."""

    def __init__(self, decoder: Sum) -> None:
        super().__init__()
        self._decoder = decoder

    def __missing__(self, bits: int) -> int:
        if len(self) >= REMEMBERED:
            self.clear()
        now, then = (self._decoder.value(bits, scenario) for scenario in Scenario)
        found = self[bits] = 3 * now + then
        return found


def _ordered(leaf: Leaf) -> bool:
    """Whether a comparison of one number with another rests on which is greater."""
    assert isinstance(leaf, Comparison)
    assert isinstance(leaf.operand, Reference)
    return leaf.operand.plus is None and by_order(leaf.operator, leaf.completed)


def _looks(leaf: Leaf) -> tuple[str, bool, tuple[str, ...]]:
    """The list that a leaf is about, whether it adds up amounts, and what of an item it reads."""
    if isinstance(leaf, Assignment):
        return (leaf.list, True, ())
    if not isinstance(leaf, Quantifier):
        return ("", False, ())
    names = {name for name in read(leaf.where) if isinstance(name, str)}
    if isinstance(leaf.measure, Cover):
        return (leaf.list, False, tuple(sorted({*names, leaf.measure.attribute})))
    sums = leaf.measure.attribute is not None
    added = {name for name in (leaf.measure.attribute, leaf.measure.weight) if name is not None}
    return (leaf.list, sums, tuple(sorted(names | added)))


def _facts_of(leaf: Leaf) -> tuple[str, ...]:
    """The facts that a comparison reads, each once."""
    assert isinstance(leaf, Comparison)
    names = {leaf.fact: None}
    if isinstance(leaf.operand, Reference):
        names[leaf.operand.name] = None
    names.pop(AS_OF, None)
    return tuple(names)
