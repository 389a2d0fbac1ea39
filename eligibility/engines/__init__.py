"""The engines, by name. None is imported before it is asked for."""

from __future__ import annotations

from eligibility.compiled import CompiledPack
from eligibility.engines.base import Engine
from eligibility.errors import EngineError

__all__ = ["ENGINES", "make_engine"]

ENGINES = ("auto", "rete", "reference", "batch")


def make_engine(compiled: CompiledPack, name: str = "auto") -> Engine:
    """The engine called `name` for a pack; `auto` is rete where it works, else reference.

    Raises `EngineError` for rete where durable_rules does not work, and when the pack
    is more than the engine can take.
    """
    from eligibility.engines.reference import ReferenceEngine

    if name == "reference":
        return ReferenceEngine(compiled)
    if name == "batch":
        from eligibility.engines.batch import BatchEngine

        return BatchEngine(compiled)
    from eligibility.engines import rete

    if rete.available():
        return rete.ReteEngine(compiled)
    if name == "auto":
        return ReferenceEngine(compiled)
    raise EngineError(
        "the engine `rete` needs durable_rules, which does not work on this Python\n"
        "  = use `--engine reference`: it gives the same verdicts"
    )
