"""Folding a profile into leaf values: what each quantifier sees, in each scenario, and how."""

from __future__ import annotations

import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from eligibility.leaves import Scenario, fold
from eligibility.observations import Observation
from eligibility.packs import Pack, load_pack
from eligibility.truth import Truth

TODAY = datetime.date(2026, 11, 24)
SHORT = {"+": Truth.MET, "?": Truth.UNKNOWN, "-": Truth.UNMET}

VOCABULARY = """
vocabulary: diver
scales:
  mark:
    order: [F, D, C, B, A]
    off_scale: {P: {counts_as: C}, AU: {counts_as: nothing}, I: {counts_as: unknown}}
    points: {F: 0, D: 1, C: 2, B: 3, A: 4}
facts:
  born: {type: date, title: day of birth, question: Born when?}
  depth: {type: number, title: depth, question: How deep?, complete: true}
  needed: {type: number, title: depth needed, question: How deep must it be?}
  club: {type: text, title: club, question: Which club?}
  dives:
    type: list
    item: dive
    title: dives
    question: Which dives?
    named_by: [place]
    state: {attribute: status, finished: [done], in_progress: [going on], planned: [planned]}
    completing_supplies: {mark: {at_least: C}, kind: {one_of: [sea, lake]}, day: any, seen: as_of}
    dated_by: day
    attributes:
      place: {type: text, title: place, question: Where?}
      kind: {type: text, values: [sea, lake, pool], title: kind, question: What kind?}
      tags: {type: text, many: true, title: tags, question: Which tags?}
      mark: {type: mark, title: mark, question: Which mark?}
      least: {type: mark, title: least mark, question: Which mark is the least?}
      minutes: {type: number, minimum: 0, maximum: 90, title: minutes, question: How long?}
      status:
        type: text
        values: [done, going on, planned, called off]
        title: status
        question: How far is it?
      day: {type: date, title: day, question: When?}
      seen: {type: date, title: day it was seen, question: Seen when?}
      buddies:
        type: list
        item: buddy
        title: buddies
        question: With whom?
        attributes:
          name: {type: text, title: name, question: Who?}
          best: {type: mark, title: best mark, question: Which was the best mark?}
  jobs:
    type: list
    item: job
    title: jobs
    question: Which jobs?
    named_by: [boss]
    interval: {from: start, until: end}
    attributes:
      boss: {type: text, title: boss, question: For whom?}
      start: {type: date, title: start, question: From when?}
      end: {type: date, title: end, question: Until when?}
      pay: {type: number, title: pay, question: How much?, complete: true}
      permits:
        type: list
        item: permit
        title: permits
        question: Which permits?
        complete: true
        interval: {from: start, until: end}
        attributes:
          start: {type: date, title: start, question: From when?}
          end: {type: date, title: end, question: Until when?}
"""
OUTCOME = """
pack: sea
title: Sea
version: "1"
use: [diver]
outcomes:
  x:
    title: X
    source: {title: S}
    requires: {all: [{CONDITION}]}
"""
DONE = {"status": "done", "day": "2026-01-10"}
GOING = {"status": "going on"}


def pack_of(folder: Path, condition: str) -> Pack:
    (folder / "rules" / "sea").mkdir(parents=True)
    (folder / "rules" / "diver.yaml").write_text(VOCABULARY, encoding="utf-8")
    text = OUTCOME.replace("{CONDITION}", condition)
    (folder / "rules" / "sea" / "pack.yaml").write_text(text, encoding="utf-8")
    return load_pack(folder / "rules", engine="reference")


def folded(
    folder: Path, condition: str, profile: dict[str, Any], day: datetime.date = TODAY
) -> dict[Scenario, tuple[Observation, ...]]:
    pack = pack_of(folder, condition)
    read = pack.reader.read({"id": "ada", **profile})
    return fold(pack.compiled.leaves, pack.rules.vocabulary, read, day)


def seen(folder: Path, condition: str, profile: dict[str, Any]) -> Observation:
    """The one leaf of a condition, now."""
    (observation,) = folded(folder, condition, profile)[Scenario.NOW]
    return observation


def dives(*items: dict[str, Any]) -> dict[str, Any]:
    return {"dives": list(items)}


def done(**more: Any) -> dict[str, Any]:
    return {**DONE, **more}


def going(**more: Any) -> dict[str, Any]:
    return {**GOING, **more}


def some(name: str, *items: dict[str, Any]) -> dict[str, Any]:
    """A list that may lack something."""
    return {name: {"complete": False, "items": list(items)}}


@pytest.mark.parametrize(
    ("condition", "profile", "wanted"),
    [
        # one sign: nothing is in progress, so it is asked once; two: now, then projected
        pytest.param("dives: {has: {}}", dives(done()), "+", id="a finished item counts"),
        pytest.param("dives: {has: {}}", dives(), "-", id="no item"),
        pytest.param("dives: {has: {}}", {}, "?", id="a list that is left out"),
        pytest.param("dives: {has: {}}", {"dives": None}, "?", id="a list that is null"),
        pytest.param("dives: {has: {}}", some("dives"), "?", id="a list that may lack all"),
        pytest.param("dives: {has: {}}", dives(going()), "-+", id="under way counts projected"),
        pytest.param(
            "dives: {has: {}}", dives({"status": "planned"}), "-", id="planned counts in neither"
        ),
        pytest.param("dives: {has: {}}", dives({"status": "called off"}), "-", id="nor called off"),
        pytest.param("dives: {has: {}}", dives({}), "??", id="a state that is not known"),
        pytest.param(
            "dives: {has: {mark: A}}", dives({"mark": "B"}), "-?", id="it may be under way"
        ),
        pytest.param(
            "dives: {has: {place: Rome}}",
            dives({"place": "Bari"}),
            "--",
            id="in no state does it pass",
        ),
        pytest.param(
            "dives: {has: {place: Rome, status: {exists: true}}}",
            dives({"place": "Rome"}),
            "??",
            id="a test that names the state sees no state where none is stated",
        ),
        pytest.param(
            "dives: {has: {status: {none_of: [planned]}, place: Rome}}",
            dives({"place": "Rome", "status": "going on"}),
            "++",
            id="a test that names the state sees an item under way",
        ),
        pytest.param(
            "dives: {has: {status: {one_of: [going on, planned]}, mark: {at_least: C}}}",
            dives(going()),
            "??",
            id="and supplies nothing to it",
        ),
        # supplied by completing
        pytest.param(
            "dives: {has: {mark: {at_least: B}}}", dives(going()), "-+", id="a good mark may do"
        ),
        pytest.param(
            "dives: {has: {mark: {less_than: C}}}", dives(going()), "--", id="no good mark is low"
        ),
        pytest.param(
            "dives: {has: {not: {mark: {at_least: C}}}}",
            dives(going()),
            "--",
            id="no good mark fails what good marks pass",
        ),
        pytest.param(
            "dives: {has: {not: {mark: {at_least: B}}}}",
            dives(going()),
            "-+",
            id="a good mark may be a C",
        ),
        pytest.param(
            "dives: {has: {mark: {at_least: B}}}",
            dives(going(mark="D")),
            "-+",
            id="the mark so far does not matter",
        ),
        pytest.param(
            "dives: {has: {mark: {is: P}}}", dives(going()), "-+", id="a pass is a good mark"
        ),
        pytest.param("dives: {has: {mark: {is: AU}}}", dives(going()), "--", id="an audit is none"),
        pytest.param(
            "dives: {has: {kind: pool}}", dives(going()), "--", id="a value that is not supplied"
        ),
        pytest.param(
            "dives: {has: {kind: {one_of: [pool, sea]}}}", dives(going()), "-+", id="one that is"
        ),
        pytest.param(
            "dives: {has: {day: {before: 2000-01-01}}}", dives(going()), "-+", id="any day at all"
        ),
        pytest.param(
            "dives: {has: {seen: {on_or_after: 2026-11-24}}}", dives(going()), "-+", id="today"
        ),
        pytest.param(
            "dives: {has: {seen: {after: 2026-11-24}}}", dives(going()), "--", id="not tomorrow"
        ),
        pytest.param(
            "dives: {has: {mark: {at_least: {item: least}}}}",
            dives(going(least="A")),
            "-+",
            id="as good as another attribute asks",
        ),
        pytest.param(
            "dives: {has: {least: {at_most: {item: mark}}}}",
            dives(going(least="A")),
            "-+",
            id="a supplied value on the right",
        ),
        pytest.param(
            "dives: {has: {mark: {at_least: {item: least}}}}",
            dives(going()),
            "-?",
            id="the other attribute is not known",
        ),
        pytest.param(
            "dives: {has: {minutes: {at_least: 30}}}",
            dives(going()),
            "-?",
            id="what completing does not supply stays unknown",
        ),
        pytest.param(
            "dives: {has: {mark: {exists: true}}}", dives(going()), "-+", id="supplied is stated"
        ),
        # dated by
        pytest.param(
            "dives: {has: {}}", dives(done(day="2026-11-24")), "+", id="today has happened"
        ),
        pytest.param("dives: {has: {}}", dives(done(day="2026-11-25")), "-", id="tomorrow has not"),
        pytest.param("dives: {has: {}}", dives(done(day="2026-11")), "?", id="this month may have"),
        pytest.param("dives: {has: {}}", dives(done(day="2026-10")), "+", id="last month has"),
        pytest.param("dives: {has: {}}", dives({"status": "done"}), "?", id="no day may have"),
        pytest.param(
            "dives: {has: {}}",
            dives(going(day="2026-11-25")),
            "-+",
            id="an item under way has its day to come",
        ),
        # count
        pytest.param(
            "dives: {count: {mark: {at_least: C}}, at_least: 2}",
            dives(done(mark="A"), going(), done(mark="F")),
            "-+",
            id="count, with one under way",
        ),
        pytest.param(
            "dives: {count: {mark: {at_least: C}}, is: 1}",
            dives(done(mark="A"), going()),
            "+-",
            id="finishing may lose an exact count",
        ),
        pytest.param(
            "dives: {count: {}, at_most: 1}",
            some("dives", done()),
            "?",
            id="a list that may lack something may have too many",
        ),
        pytest.param(
            "dives: {count: {}, at_most: 1}", some("dives", done(), done()), "-", id="it has"
        ),
        pytest.param(
            "dives: {count: {}, at_least: 2}", some("dives", done(), done()), "+", id="enough"
        ),
        # sum
        pytest.param(
            "dives: {sum: minutes, at_least: 60}",
            dives(done(minutes=30), going(minutes=30)),
            "-+",
            id="sum, with one under way",
        ),
        pytest.param(
            "dives: {sum: minutes, at_least: 120}",
            dives(done(minutes=30), done()),
            "?",
            id="a missing number adds at most what is declared, and that may do",
        ),
        pytest.param(
            "dives: {sum: minutes, more_than: 120}",
            dives(done(minutes=30), done()),
            "-",
            id="a missing number adds at most what is declared, and that does not do",
        ),
        pytest.param(
            "dives: {sum: minutes, at_most: 120}",
            some("dives", done(minutes=30)),
            "?",
            id="sum of a list that may lack something",
        ),
        pytest.param(
            "jobs: {sum: pay, at_least: 1}",
            {"jobs": [{"start": "2020"}]},
            "-",
            id="a number of which there is none adds nothing",
        ),
        pytest.param(
            "jobs: {sum: pay, at_least: 1}",
            {"jobs": [{"start": "2020", "pay": None}]},
            "?",
            id="a number that is not known may add anything",
        ),
        pytest.param(
            "jobs: {sum: pay, at_least: 1}",
            some("jobs", {"start": "2020", "pay": 5}),
            "?",
            id="what is missing from a list may take away where no minimum is declared",
        ),
        # mean
        pytest.param(
            "dives: {mean: minutes, at_least: 40}",
            dives(done(minutes=30), going(minutes=50)),
            "-+",
            id="mean, with one under way",
        ),
        pytest.param(
            "dives: {mean: mark, at_least: 3}",
            dives(done(mark="A"), done(mark="C"), done(mark="P"), done(mark="AU")),
            "+",
            id="mean of a scale leaves out what has no points",
        ),
        pytest.param(
            "dives: {mean: mark, at_least: B}",
            dives(done(mark="A"), done(mark="I")),
            "?",
            id="mean with an incomplete",
        ),
        pytest.param(
            "dives: {mean: mark, weight: minutes, at_least: B}",
            dives(done(mark="A", minutes=1), done(mark="I", minutes=0)),
            "+",
            id="what weighs nothing does not matter",
        ),
        pytest.param(
            "dives: {mean: mark, weight: minutes, at_least: B}",
            dives(done(mark="A", minutes=1), done(mark="A")),
            "?",
            id="a weight that is not known does, whatever it weighs",
        ),
        pytest.param("dives: {mean: mark, at_least: B}", dives(), "?", id="mean of nothing"),
        pytest.param(
            "dives: {mean: mark, at_least: B}",
            some("dives", done(mark="A")),
            "?",
            id="mean of a list that may lack something",
        ),
        pytest.param(
            "jobs: {mean: pay, at_least: 5}",
            {"jobs": [{"start": "2020"}, {"start": "2020", "pay": 5}]},
            "+",
            id="a number of which there is none is left out of a mean",
        ),
        pytest.param(
            "jobs: {mean: pay, weight: pay, at_least: 5}",
            {"jobs": [{"start": "2020"}, {"start": "2020", "pay": 5}]},
            "+",
            id="and weighs nothing",
        ),
        # covers
        pytest.param(
            "dives: {covers: {kind: [sea, lake]}}",
            dives(done(kind="sea"), going()),
            "-+",
            id="covers, by what completing may supply",
        ),
        pytest.param(
            "dives: {covers: {kind: [sea, pool]}}",
            dives(done(kind="sea"), going()),
            "--",
            id="covers, by what it does not",
        ),
        pytest.param(
            "dives: {covers: {tags: [deep, cold]}}",
            dives(done(tags=["deep"]), going(tags=["cold"])),
            "-+",
            id="covers many texts",
        ),
        pytest.param(
            "dives: {covers: {tags: [deep, cold]}}",
            dives(done(tags=["deep"]), {"tags": ["cold"], "day": "2026-01-10"}),
            "??",
            id="covers, by an item of which the state is not known",
        ),
        pytest.param(
            "dives: {covers: {tags: [deep, cold]}, distinct: true}",
            dives(done(tags=["deep", "cold"]), going(tags=["deep"])),
            "-+",
            id="each value by another item, with one under way",
        ),
        pytest.param(
            "dives: {covers: {tags: [deep, cold]}, distinct: true}",
            some("dives", done(tags=["deep", "cold"])),
            "?",
            id="each value by another item, which may be missing from the list",
        ),
        pytest.param(
            "dives: {covers: {tags: [deep]}}", some("dives"), "?", id="covers of a partial list"
        ),
        pytest.param(
            "dives: {covers: {tags: [deep]}}",
            some("dives", done(tags=["deep"])),
            "+",
            id="covers what is there, whatever is missing",
        ),
        # duration and intervals
        pytest.param(
            "jobs: {duration: months, at_least: 12}",
            {"jobs": [{"start": "2025-11-25"}]},
            "+",
            id="an open job lasts until today, and today counts",
        ),
        pytest.param(
            "jobs: {duration: days, is: 2}",
            {"jobs": [{"start": "2026-11-23", "end": "2027-05-31"}]},
            "+",
            id="a job that goes on is cut today",
        ),
        pytest.param(
            "jobs: {duration: days, at_least: 1}",
            {"jobs": [{"start": "2026-11-25"}]},
            "-",
            id="a job that begins tomorrow is left out",
        ),
        pytest.param(
            "jobs: {duration: years, at_least: 1}",
            {"jobs": [{"end": "2026-01-01"}]},
            "?",
            id="a job without a beginning",
        ),
        pytest.param(
            "jobs: {duration: years, at_most: 1}",
            some("jobs", {"start": "2026-01-01"}),
            "?",
            id="duration over a list that may lack something",
        ),
        pytest.param(
            "jobs: {duration: months, at_least: 6}",
            {"jobs": [{"start": "2025", "end": "2026-06-30"}]},
            "+",
            id="the shortest that it may be is enough",
        ),
        pytest.param(
            "jobs: {duration: months, at_least: 7}",
            {"jobs": [{"start": "2025", "end": "2026-06-30"}]},
            "?",
            id="the longest that it may be is enough",
        ),
        pytest.param(
            "jobs: {duration: months, at_least: 19}",
            {"jobs": [{"start": "2025", "end": "2026-06-30"}]},
            "-",
            id="the longest that it may be is not",
        ),
        pytest.param(
            "jobs: {has: {end: {exists: true}}}",
            {"jobs": [{"start": "2020"}]},
            "?",
            id="an open end is not stated",
        ),
        pytest.param(
            "jobs: {has: {end: 2026-11-24}}", {"jobs": [{"start": "2020"}]}, "+", id="it is today"
        ),
        pytest.param(
            "jobs: {has: {holds_on: {fact: as_of, minus: {years: 1}}}}",
            {"jobs": [{"start": "2025-11-24", "end": "2025-11-24"}]},
            "+",
            id="holds on its only day",
        ),
        pytest.param(
            "jobs: {has: {not: {holds_on: 2025-06-01}}}",
            {"jobs": [{"start": "2025-06-02"}]},
            "+",
            id="does not hold before it begins",
        ),
        # nested lists, and the item around
        pytest.param(
            "dives: {has: {buddies: {has: {best: {at_most: {outer: mark}}}}}}",
            dives(done(mark="B", buddies=[{"best": "C"}])),
            "+",
            id="an attribute of the item around",
        ),
        pytest.param(
            "dives: {has: {buddies: {has: {best: {at_most: {outer: mark}}}}}}",
            dives(done(mark="D", buddies=[{"best": "C"}])),
            "-",
            id="an attribute of the item around, too low",
        ),
        pytest.param(
            "dives: {has: {buddies: {has: {best: {at_most: {outer: mark}}}}}}",
            dives(done(buddies=[{"best": "C"}])),
            "?",
            id="an attribute of the item around that is not known",
        ),
        pytest.param(
            "dives: {has: {buddies: {has: {best: {at_most: {outer: mark}}}}}}",
            dives(going(buddies=[{"best": "A"}])),
            "-+",
            id="an attribute of the item around that completing supplies",
        ),
        pytest.param(
            "dives: {has: {buddies: {count: {}, at_least: 2}}}",
            dives(going(buddies=[{}, {}])),
            "-+",
            id="how far the item around is counts for what is in it",
        ),
        pytest.param(
            "dives: {has: {buddies: {count: {}, at_least: 2}}}",
            dives(done(), done(buddies=[{}])),
            "?",
            id="a nested list that is left out",
        ),
        pytest.param(
            "dives: {has: {not: {buddies: {has: {name: Ben}}}}}",
            dives(done(buddies=[{"name": "Cleo"}])),
            "+",
            id="not, over a nested list",
        ),
        pytest.param(
            "dives: {has: {not: {buddies: {has: {name: Ben}}}}}",
            dives(done(buddies=[{}])),
            "?",
            id="not, over a nested list with an item that is not known",
        ),
        pytest.param(
            "jobs: {has: {permits: {count: {}, at_most: 0}}}",
            {"jobs": [{"start": "2020"}]},
            "+",
            id="a nested list declared complete is empty when left out",
        ),
        pytest.param(
            "jobs: {has: {permits: {has: {holds_on: {outer: start}}}}}",
            {"jobs": [{"start": "2020-05-01", "permits": [{"start": "2020-05-01"}]}]},
            "+",
            id="in force when the item around began",
        ),
        pytest.param(
            "jobs: {has: {permits: {duration: years, at_least: 2}}}",
            {"jobs": [{"start": "2020", "permits": [{"start": "2022", "end": "2024"}]}]},
            "?",
            id="duration over a nested list",
        ),
        # completed units of a partial date
        pytest.param("born: {completed: years, is: 18}", {"born": "2008"}, "?", id="17 or 18"),
        pytest.param(
            "born: {completed: years, one_of: [17, 18]}",
            {"born": "2008"},
            "+",
            id="17 or 18, both of which are listed",
        ),
        pytest.param(
            "born: {completed: years, none_of: [17, 18]}", {"born": "2008"}, "-", id="and neither"
        ),
        pytest.param(
            "born: {completed: years, one_of: [16, 17]}", {"born": "2008"}, "?", id="17 is listed"
        ),
        pytest.param(
            "born: {completed: years, is_not: 20}", {"born": "2008"}, "+", id="neither is 20"
        ),
        pytest.param(
            "born: {completed: years, is_not: 18}", {"born": "2008-01"}, "-", id="18 by now"
        ),
        # bounds that are not known, or of which there is none
        pytest.param(
            "dives: {count: {}, at_least: {fact: needed}}",
            dives(done()),
            "?",
            id="a bound that is not known",
        ),
        pytest.param(
            "dives: {count: {}, at_least: {fact: needed, minus: 1}}",
            {**dives(done()), "needed": 2},
            "+",
            id="a bound with something taken away",
        ),
        pytest.param(
            "dives: {count: {}, at_least: {fact: depth}}",
            dives(done()),
            "-",
            id="a bound of which there is none",
        ),
        pytest.param(
            "depth: {at_least: {fact: needed, plus: 1}}",
            {"depth": 3, "needed": 2},
            "+",
            id="an operand with something added",
        ),
        pytest.param(
            "needed: {at_least: {fact: depth, plus: 1}}",
            {"needed": 2},
            "-",
            id="nothing can be added to none",
        ),
    ],
)
def test_the_value_of_a_condition(
    tmp_path: Path, condition: str, profile: dict[str, Any], wanted: str
) -> None:
    found = folded(tmp_path, condition, profile)
    assert [one.value for (one,) in found.values()] == [SHORT[sign] for sign in wanted]


# -- how often it is asked


@pytest.mark.parametrize(
    ("profile", "scenarios"),
    [
        pytest.param({}, [Scenario.NOW], id="no list"),
        pytest.param(dives(done(), {"status": "planned"}), [Scenario.NOW], id="nothing under way"),
        pytest.param(dives(done(), going()), list(Scenario), id="one under way"),
        pytest.param(dives(done(), {}), list(Scenario), id="one that may be under way"),
        pytest.param({"jobs": [{}]}, [Scenario.NOW], id="a list without states"),
    ],
)
def test_a_profile_is_asked_as_often_as_there_is_something_to_ask(
    tmp_path: Path, profile: dict[str, Any], scenarios: list[Scenario]
) -> None:
    assert list(folded(tmp_path, "club: X", profile)) == scenarios


# -- what was observed


@pytest.mark.parametrize(
    ("condition", "profile", "observed", "possible"),
    [
        pytest.param(
            "dives: {count: {}, at_least: 3}",
            dives(done(), {"status": "done"}),
            1,
            2,
            id="count: those that are certain, and those that may count",
        ),
        pytest.param(
            "dives: {count: {}, at_least: 3}",
            some("dives", done()),
            1,
            None,
            id="no limit to what may be missing",
        ),
        pytest.param(
            "dives: {sum: minutes, at_least: 300}",
            dives(done(minutes=12.5), done()),
            Decimal("12.5"),
            Decimal("102.5"),
            id="sum: with what a missing number may add",
        ),
        pytest.param(
            "dives: {sum: minutes, at_least: 300}",
            dives(done(minutes=12.5), done(minutes=7.5)),
            20,
            20,
            id="a whole sum is a whole number",
        ),
        pytest.param(
            "jobs: {sum: pay, at_least: 1}",
            {"jobs": [{"start": "2020", "pay": None}]},
            None,
            None,
            id="sum: without limits",
        ),
        pytest.param(
            "dives: {mean: minutes, at_least: 40}",
            dives(done(minutes=10), done(minutes=10), done(minutes=11)),
            Decimal("10.3333"),
            Decimal("10.3333"),
            id="mean: cut to four places",
        ),
        pytest.param(
            "dives: {mean: minutes, at_least: 11}",
            dives(done(minutes=10.99999), done(minutes=10.99999)),
            Decimal("10.9999"),
            Decimal("10.9999"),
            id="mean: never rounded up to a bound that it misses",
        ),
        pytest.param(
            "jobs: {duration: months, at_least: 40}",
            {"jobs": [{"start": "2025", "end": "2026-06-30"}]},
            6,
            18,
            id="duration: the shortest and the longest",
        ),
        pytest.param("needed: {at_least: 5}", {"needed": 3}, 3, None, id="a scalar"),
        pytest.param(
            "born: {completed: years, at_least: 40}", {"born": "2008"}, 17, None, id="units so far"
        ),
    ],
)
def test_what_was_observed(
    tmp_path: Path, condition: str, profile: dict[str, Any], observed: Any, possible: Any
) -> None:
    found = seen(tmp_path, condition, profile)
    assert (found.observed, found.possible) == (observed, possible)


def test_a_cover_shares_out_its_values(tmp_path: Path) -> None:
    condition = "dives: {covers: {tags: [deep, cold, dark]}}"
    profile = dives(done(tags=["deep"]), {"status": "done", "tags": ["cold"]})
    found = seen(tmp_path, condition, profile)
    assert (found.have, found.unsure, found.lack) == (("deep",), ("cold",), ("dark",))
    assert found.observed == 1
    assert [(note.item, note.state) for note in found.notes] == [("dive 2", "date not known")]


@pytest.mark.parametrize(
    ("condition", "profile", "pointers"),
    [
        pytest.param("club: X", {}, ["/club"], id="a fact"),
        pytest.param("born: {before: 2008-06-01}", {"born": "2008"}, ["/born"], id="part of a day"),
        pytest.param(
            "needed: {at_least: {fact: depth}}", {"depth": 3}, ["/needed"], id="one side of two"
        ),
        pytest.param("dives: {has: {}}", {}, ["/dives"], id="a list"),
        pytest.param(
            "dives: {has: {minutes: {at_least: 5}}}",
            dives(done(minutes=1), done()),
            ["/dives/1/minutes"],
            id="an attribute of the item that may pass",
        ),
        pytest.param(
            "dives: {has: {place: Rome, minutes: {at_least: 5}}}",
            dives(done(place="Bari"), {"status": "done", "place": "Rome"}),
            ["/dives/1/day", "/dives/1/minutes"],
            id="no attribute of an item that cannot pass",
        ),
        pytest.param(
            "dives: {has: {any: [{place: Rome}, {kind: sea, minutes: 5}]}}",
            dives(done(kind="pool")),
            ["/dives/0/place"],
            id="nothing of a way that is closed",
        ),
        pytest.param(
            "dives: {has: {minutes: {at_least: 5}}}",
            dives(done(day="2027"), {"status": "done", "minutes": 1}, done(day="2026")),
            ["/dives/2/day", "/dives/2/minutes"],
            id="nothing of an item that has not happened, nor a day that would not help",
        ),
        pytest.param(
            "dives: {has: {mark: {at_least: C}}}",
            dives(done(mark="I")),
            ["/dives/0/mark"],
            id="an incomplete that is stated",
        ),
        pytest.param(
            "dives: {mean: mark, weight: minutes, at_least: C}",
            dives(done(mark="I"), done(mark="A")),
            ["/dives/0/mark", "/dives/0/minutes", "/dives/1/minutes"],
            id="what a mean lacks",
        ),
        pytest.param(
            "dives: {has: {buddies: {has: {name: Ben}}}}",
            dives(done(buddies=[{}])),
            ["/dives/0/buddies/0/name"],
            id="an attribute of a nested item",
        ),
        pytest.param(
            "dives: {count: {}, at_least: {fact: needed}}",
            dives(done()),
            ["/needed"],
            id="a bound",
        ),
        pytest.param(
            "dives: {has: {}}",
            dives({"day": "2026"}),
            ["/dives/0/status", "/dives/0/day"],
            id="state",
        ),
        pytest.param("dives: {has: {}}", dives(done(), {}), [], id="nothing where it is decided"),
    ],
)
def test_what_is_missing_is_named(
    tmp_path: Path, condition: str, profile: dict[str, Any], pointers: list[str]
) -> None:
    found = seen(tmp_path, condition, profile)
    assert [one.pointer for one in found.missing] == pointers


@pytest.mark.parametrize(
    ("item", "state"),
    [
        pytest.param(done(place="Bari"), None, id="a finished item"),
        pytest.param(done(place="Bari", day="2027"), "after 2026-11-24", id="still to come"),
        pytest.param(going(place="Bari"), "in progress", id="under way"),
        pytest.param({"place": "Bari", "status": "planned"}, "planned", id="planned"),
        pytest.param(
            {"place": "Bari", "status": "called off"}, "called off", id="in its own words"
        ),
    ],
)
def test_an_item_that_does_not_count_is_noted_with_its_state(
    tmp_path: Path, item: dict[str, Any], state: str | None
) -> None:
    found = seen(tmp_path, "dives: {has: {minutes: {at_least: 50}}}", dives({**item, "minutes": 9}))
    (note,) = found.notes
    assert (note.item, note.state, note.value) == ("Bari", state, Truth.UNMET)
    assert [(one.value, one.observed) for one in note.blockers] == [(Truth.UNMET, 9)]


def test_the_items_that_come_nearest_are_noted_first_and_three_at_most(tmp_path: Path) -> None:
    condition = "dives: {has: {minutes: {at_least: 50}, kind: sea}}"
    profile = dives(
        done(place="both wrong", minutes=1, kind="pool"),
        done(place="one wrong", minutes=1, kind="sea"),
        done(place="not known", kind="sea"),
        done(place="one wrong and planned", minutes=1, kind="sea") | {"status": "planned"},
    )
    found = seen(tmp_path, condition, profile)
    assert [note.item for note in found.notes] == ["not known", "one wrong", "both wrong"]


def test_the_first_three_items_that_count_are_named(tmp_path: Path) -> None:
    names = ["Bari", "Rome", "Pisa", "Nice"]
    found = seen(
        tmp_path, "dives: {has: {}}", dives({"status": "planned"}, *(done(place=n) for n in names))
    )
    assert found.found == ("Bari", "Rome", "Pisa")
