"""What every engine is: a function from leaf values to condition values."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from eligibility.truth import Truth

__all__ = ["Derivation", "Engine"]


@dataclass(frozen=True, slots=True)
class Derivation:
    """The value of every node for one vector of leaf values.

    `values[n]` belongs to node `n`. `trace` is the order in which the engine derived
    the nodes, as node numbers: what `--explain` shows as the proof.
    """

    values: tuple[Truth, ...]
    trace: tuple[int, ...]


class Engine(Protocol):
    """An engine for one pack. It sees leaf vectors, never a profile."""

    name: str

    def derive(self, vectors: Sequence[Sequence[Truth]]) -> list[Derivation]:
        """Value every node for each of the vectors, in their order.

        A vector holds one value for each of `CompiledPack.leaves`.
        Raises `EngineError` when the engine cannot answer.
        """
        ...
