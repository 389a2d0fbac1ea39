"""The way in for programs: load a pack, check a mapping, read a verdict."""

from __future__ import annotations

import copy
import datetime
from collections.abc import Mapping, Sequence
from pathlib import Path

from eligibility import solver
from eligibility.compiled import CompiledPack
from eligibility.compiler import compile_pack
from eligibility.conditions import Assignment
from eligibility.engines import make_engine
from eligibility.errors import Message, RulesError, UsageError, did_you_mean
from eligibility.facts import Profile
from eligibility.loading import find_packs, read_case_files, read_rules
from eligibility.model import Case, RulePack
from eligibility.reading.packs import read_pack
from eligibility.schemas import ProfileReader
from eligibility.verdict import Answer, Recall, answer

__all__ = ["Pack", "load_cases", "load_pack", "shipped"]


def shipped(name: str) -> Path:
    """The folder `rules` or `profiles` that came with the package.

    A wheel carries them inside the package; a checkout has them beside it.
    """
    here = Path(__file__).parent
    inside = here / "data" / name
    return inside if inside.is_dir() else here.parent / name


class Pack:
    """A pack ready to answer, with one engine.

    `engine` is `auto` (rete where durable_rules works, else reference), `rete`,
    `reference`, or `batch`, which is the quickest for many profiles. An instance is to be
    used from one thread.
    """

    def __init__(self, compiled: CompiledPack, engine: str = "auto") -> None:
        """Raises `EngineError` where the engine, or what shares out items, is missing."""
        if any(isinstance(leaf, Assignment) for leaf in compiled.leaves):
            solver.require()
        self.compiled = compiled
        self.rules: RulePack = compiled.pack
        self.engine = make_engine(compiled, engine)
        self.reader = ProfileReader(compiled.pack)
        self._recall = Recall(compiled)

    def using(self, engine: str) -> Pack:
        """The same pack with another engine. Raises `EngineError` when that cannot work."""
        other = copy.copy(self)
        other.engine = make_engine(self.compiled, engine)
        return other

    def check(
        self,
        profile: Mapping[str, object],
        *,
        as_of: datetime.date | None = None,
        outcomes: Sequence[str] | None = None,
        source: str = "profile",
    ) -> Answer:
        """The verdicts for one profile, as of a day (today unless said).

        `outcomes` limits the answer to those ids or aliases. Raises `ProfileError` when the
        profile breaks the vocabulary, `UsageError` for an unknown outcome, and
        `EngineError` when the engine cannot answer.
        """
        asked = None if outcomes is None else self.require(outcomes)
        day = as_of if as_of is not None else datetime.date.today()
        return self.answer(self.reader.read(profile, source), day, asked)

    def answer(
        self, profile: Profile, as_of: datetime.date, outcomes: Sequence[str] | None = None
    ) -> Answer:
        """The verdicts for a profile that has been read already."""
        return answer(self.compiled, self.engine, profile, as_of, outcomes, self._recall)

    def require(self, outcomes: Sequence[str]) -> list[str]:
        """The ids of outcomes named by id or alias, each once.

        Raises `UsageError` unless the pack has them all.
        """
        found = {name: self.rules.outcome_id(name) for name in outcomes}
        unknown = [name for name, known in found.items() if known is None]
        if unknown:
            hint = did_you_mean(unknown[0], self.outcome_names)
            words = ", ".join(f"`{name}`" for name in unknown)
            noun = "outcome" if len(unknown) == 1 else "outcomes"
            hint = hint or "`eligibility rules list` names them all"
            raise UsageError(Message(f"unknown {noun} {words}", hint))
        return list(dict.fromkeys(known for known in found.values() if known is not None))

    @property
    def outcome_names(self) -> list[str]:
        """All that outcomes may be asked for by: ids, then aliases."""
        aliases = [name for one in self.rules.outcomes.values() for name in one.aliases]
        return [*self.rules.outcomes, *aliases]


def load_pack(*paths: str | Path, engine: str = "auto") -> Pack:
    """Load a pack, or several as one; the shipped packs when no path is given.

    Each path is a pack's folder or a folder of packs. Raises `RulesError` with every
    mistake of all files, `EngineError` when the engine cannot work.
    """
    folders = [folder for path in _paths(paths) for folder in find_packs(path)]
    return Pack(compile_pack(read_pack(read_rules(folders))), engine)


def load_cases(pack: RulePack, *paths: str | Path) -> list[Case]:
    """The cases beside the rules of these paths.

    Raises `RulesError` with every mistake of all case files.
    """
    from eligibility.reading.cases import read_cases

    folders = [folder for path in _paths(paths) for folder in find_packs(path)]
    documents, problems = read_case_files(folders)
    cases, more = read_cases(documents, pack)
    if problems or more:
        raise RulesError([*problems, *more])
    return cases


def _paths(paths: Sequence[str | Path]) -> list[Path]:
    return [Path(path) for path in paths] or [shipped("rules")]
