"""Students decided in columns come out as those who are answered one by one."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from profile_tables import Tabled, tabled
from strategies import Question, loaded, questions

from eligibility.batch.answering import Answering, OneByOne
from eligibility.batch.run import Question as Asked
from eligibility.batch.summary import Counting
from eligibility.columns.answering import in_columns
from eligibility.columns.backends import NotInColumnsError
from eligibility.errors import ProfileError
from eligibility.model import Status
from eligibility.packs import Pack
from eligibility.patterns.deciding import kinds_of
from eligibility.sources.tables import TableSource, open_tables

# An example takes a second, most of it for a database to start and to be asked.
_PROPERTY = settings(
    max_examples=max(1, settings().max_examples // 20),
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)


def came_out(way: Answering, source: TableSource, outcomes: int) -> tuple[Any, Any, Any]:
    """The statuses of everybody and what blocks them, the rejects, and the counts."""
    counting = Counting(outcomes)
    rows = [
        (row.id, row.found.statuses, row.found.blocking)
        for part in source.parts()
        for row in way.rows(part, counting)
    ]
    return rows, counting.rejects, counting.finish().as_json()


def by_the_reference(
    pack: Pack, question: Question, made: Tabled, asked: Sequence[str]
) -> dict[str, tuple[Status, ...]]:
    """The statuses of those whose profiles can be read, by their ids; each id once."""
    found: dict[str, tuple[Status, ...]] = {}
    ids = [one["id"] for one in made.profiles]
    for one in made.profiles:
        try:
            name = None if one["id"] is None else str(one["id"])
            profile = pack.reader.read({**one, "id": name})
        except ProfileError:
            continue
        if ids.count(one["id"]) == 1 and one["id"] not in made.astray:
            verdicts = pack.answer(profile, question.as_of, asked).verdicts
            found[profile.id] = tuple(one.status for one in verdicts)
    return found


def sums_tell(pack: Pack, question: Question, name: str) -> bool:
    """Whether sums tell an outcome, or bound what they cannot tell."""
    kinds = kinds_of(pack.compiled, question.as_of, [name])
    return {*kinds.rest} == kinds.bounds.keys()


@_PROPERTY
@given(question=questions(profiles=4) | questions(profiles=4, sharing=True), data=st.data())
def test_statuses_and_rejects_are_those_of_one_by_one(
    question: Question, data: st.DataObject
) -> None:
    """Outcomes that sums tell are decided in columns; where there are others, none of them is."""
    pack = loaded(question)
    made = data.draw(tabled(question))
    every = [*pack.rules.outcomes]
    told = [name for name in every if sums_tell(pack, question, name)]
    with tempfile.TemporaryDirectory() as folder:
        tables = Path(folder) / "tables"
        tables.mkdir()
        place, mapping = made.write(tables)
        with open_tables(place, pack.rules, mapping=mapping, size=3) as source:
            for asked in [told] if told == every else [told, every]:
                if not asked:
                    continue
                wanted = by_the_reference(pack, question, made, asked)
                plain = OneByOne(pack, question.as_of, asked, "blocking")
                by_rows = came_out(plain, source, len(asked))
                told_by_rows = {name: statuses for name, statuses, _ in by_rows[0]}
                assert told_by_rows == wanted
                whole = Asked(pack, question.as_of, asked, "blocking", "csv")
                if asked is told:
                    with in_columns(whole, source, "duckdb") as columns:
                        assert came_out(columns, source, len(asked)) == by_rows
                else:
                    with pytest.raises(NotInColumnsError), in_columns(whole, source, "duckdb"):
                        pass
