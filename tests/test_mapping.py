"""What is wrong with a mapping, or with columns, is said before anything is read."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import duckdb
import pytest
from student_tables import RULES

from eligibility.errors import EligibilityError
from eligibility.sources.tables import open_tables

PEOPLE = "id VARCHAR, gpa DOUBLE"


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def mistakes(
    mapping: str | None, table: str | None = None, query: str | None = None, **tables: str
) -> str:
    """All that is said of a mapping for a DuckDB file with tables of these columns."""
    with duckdb.connect("s.duckdb") as connection:
        for name, columns in tables.items():
            connection.execute(f"CREATE TABLE {name} ({columns})")
    if mapping is not None:
        Path("m.yaml").write_text(mapping, encoding="utf-8")
    file = None if mapping is None else "m.yaml"
    with pytest.raises(EligibilityError) as caught:
        open_tables("s.duckdb", RULES, mapping=file, table=table, query=query)
    return str(caught.value)


MAPPED = {
    "unknown key": (
        "students: {tabel: people}\nstudent: {}\n",
        {"students": PEOPLE},
        """
m.yaml:1:12: unknown key `tabel` of `students`
  | students: {tabel: people}
  |            ^^^^^
  = did you mean `table`?
m.yaml:2:1: unknown key `student` of a mapping
  | student: {}
  | ^^^^^^^
  = did you mean `students`?
""",
    ),
    "unknown fact": (
        "facts: {gap: gpa}\n",
        {"students": PEOPLE},
        """
m.yaml:1:9: unknown fact `gap`
  | facts: {gap: gpa}
  |         ^^^
  = did you mean `gpa`?
""",
    ),
    "unknown column": (
        "facts: {gpa: cum_gap}\nignore: [cum_gpa, nmae]\nvalues: {hsd: {}}\nsplit: {tagz: x}\n",
        {"students": "id VARCHAR, cum_gpa DOUBLE, name VARCHAR"},
        """
m.yaml:1:1: column `name` of `students` is neither mapped nor ignored
  | facts: {gpa: cum_gap}
  | ^
  = map it under `facts`, or name it under `ignore`
m.yaml:1:14: unknown column `cum_gap` of `students`
  | facts: {gpa: cum_gap}
  |              ^^^^^^^
  = did you mean `cum_gpa`?
m.yaml:2:19: unknown column `nmae` of `students`
  | ignore: [cum_gpa, nmae]
  |                   ^^^^
  = did you mean `name`?
m.yaml:3:10: unknown column `hsd` of `students`
  | values: {hsd: {}}
  |          ^^^
  = known: `cum_gpa`, `id`, `name`
m.yaml:4:9: unknown column `tagz` of `students`
  | split: {tagz: x}
  |         ^^^^
  = known: `cum_gpa`, `id`, `name`
""",
    ),
    "a column mapped twice": (
        "facts:\n  gpa: points\n  amount: points\n  note: id\n",
        {"students": "id VARCHAR, points DOUBLE"},
        """
m.yaml:3:11: column `points` is mapped twice: it is the fact `gpa` already
  |   amount: points
  |           ^^^^^^
  = first in line 2
m.yaml:4:9: column `id` is mapped twice: it is the student's id already
  |   note: id
  |         ^^
  = remove one of them
""",
    ),
    "a column mapped and ignored": (
        "facts: {amount: gpa}\nignore: [gpa]\n",
        {"students": PEOPLE},
        """
m.yaml:2:10: column `gpa` is ignored, and is the fact `amount`
  | ignore: [gpa]
  |          ^^^
  = remove it from `ignore`
""",
    ),
    "a column neither mapped nor ignored": (
        "students: {id: student}\nfacts: {gpa: cum_gpa}\n",
        {"students": "student INTEGER, cum_gpa DOUBLE, first_name VARCHAR, nnote VARCHAR"},
        """
m.yaml:1:1: column `first_name` of `students` is neither mapped nor ignored
  | students: {id: student}
  | ^^^^^^^^
  = map it under `facts`, or name it under `ignore`
m.yaml:1:1: column `nnote` of `students` is neither mapped nor ignored
  | students: {id: student}
  | ^^^^^^^^
  = did you mean `note`?
""",
    ),
    "types that cannot fit": (
        "facts: {gpa: a, age: b, flag: c, note: d, born: e, tags: f, best: g}\n",
        {
            "students": "id VARCHAR, a VARCHAR, b DATE, c VARCHAR, d INTEGER, e TIMESTAMP,"
            " f VARCHAR, g BOOLEAN, steps BLOB, topics INTEGER[]"
        },
        """
m.yaml:1:1: column `steps` of `students` is BLOB, and `steps` is a whole number
  | facts: {gpa: a, age: b, flag: c, note: d, born: e, tags: f, best: g}
  | ^
  = cast it, in a view or in `--query`
m.yaml:1:1: column `topics` of `students` is INTEGER[], and `topics` is a list of texts
  | facts: {gpa: a, age: b, flag: c, note: d, born: e, tags: f, best: g}
  | ^
m.yaml:1:9: column `a` of `students` is VARCHAR, and `gpa` is a number
  | facts: {gpa: a, age: b, flag: c, note: d, born: e, tags: f, best: g}
  |         ^^^
  = cast it, in a view or in `--query`
m.yaml:1:17: column `b` of `students` is DATE, and `age` is a whole number
  | facts: {gpa: a, age: b, flag: c, note: d, born: e, tags: f, best: g}
  |                 ^^^
  = cast it, in a view or in `--query`
m.yaml:1:25: column `c` of `students` is VARCHAR, and `flag` is true or false
  | facts: {gpa: a, age: b, flag: c, note: d, born: e, tags: f, best: g}
  |                         ^^^^
  = say what its values mean: `values: {c: {Y: true, N: false}}`
m.yaml:1:34: column `d` of `students` is INTEGER, and `note` is a text
  | facts: {gpa: a, age: b, flag: c, note: d, born: e, tags: f, best: g}
  |                                  ^^^^
  = cast it, in a view or in `--query`
m.yaml:1:43: column `e` of `students` is TIMESTAMP, and `born` is a date
  | facts: {gpa: a, age: b, flag: c, note: d, born: e, tags: f, best: g}
  |                                           ^^^^
  = cast it, in a view or in `--query`
m.yaml:1:52: column `f` of `students` is VARCHAR, and `tags` is a list of texts
  | facts: {gpa: a, age: b, flag: c, note: d, born: e, tags: f, best: g}
  |                                                    ^^^^
  = cut it: `split: {f: ";"}`
m.yaml:1:61: column `g` of `students` is BOOLEAN, and `best` is a text
  | facts: {gpa: a, age: b, flag: c, note: d, born: e, tags: f, best: g}
  |                                                             ^^^^
  = cast it, in a view or in `--query`
""",
    ),
    "values that a fact cannot have": (
        """\
values:
  flag: {Y: yes}
  state: {NY: New York, NJ: New Jersey}
  age: {old: 99.5, none: null}
  born: {never: 2024-02-30}
  tags: {x: [1]}
  course: {}
""",
        {
            "students": "id VARCHAR, flag VARCHAR, state VARCHAR, age VARCHAR, born VARCHAR,"
            " tags VARCHAR, course STRUCT(title VARCHAR)[]"
        },
        """
m.yaml:2:13: `flag` is true or false, found `yes`
  |   flag: {Y: yes}
  |             ^^^
  = write true or false
m.yaml:3:29: `New Jersey` is not a declared value of `state`
  |   state: {NY: New York, NJ: New Jersey}
  |                             ^^^^^^^^^^
  = did you mean `new-jersey`?
m.yaml:4:14: `age` is a whole number, found `99.5`
  |   age: {old: 99.5, none: null}
  |              ^^^^
m.yaml:5:17: `born` is a date, found `2024-02-30`
  |   born: {never: 2024-02-30}
  |                 ^^^^^^^^^^
m.yaml:6:13: `tags` is a text, found `1`
  |   tags: {x: [1]}
  |             ^
  = put it in quotes
""",
    ),
    "values and cuts of what has none": (
        "values: {tags: {a: [b]}, name: {a: b}}\nsplit: {gpa: '-', tags: ';'}\nignore: [name]\n",
        {"students": f"{PEOPLE}, tags VARCHAR[], name VARCHAR"},
        """
m.yaml:1:1: column `tags` of `students` is VARCHAR[], which cannot be replaced by `values`
  | values: {tags: {a: [b]}, name: {a: b}}
  | ^
  = cast it, in a view or in `--query`
m.yaml:1:26: `values` of column `name`, which nothing maps
  | values: {tags: {a: [b]}, name: {a: b}}
  |                          ^^^^
  = map it under `facts`
m.yaml:2:14: `gpa` holds one value: `gpa` is no list of texts
  | split: {gpa: '-', tags: ';'}
  |              ^^^
  = remove it
m.yaml:2:25: `tags` is no text
  | split: {gpa: '-', tags: ';'}
  |                         ^^^
  = remove it
""",
    ),
    "a list among the facts": (
        "facts: {course: courses}\n",
        {"students": f"{PEOPLE}, courses STRUCT(title VARCHAR)[]"},
        """
m.yaml:1:9: `course` is a list
  | facts: {course: courses}
  |         ^^^^^^
  = say it under `lists`
""",
    ),
    "a list that is no list": (
        "lists: {course: {column: courses}}\n",
        {"students": f"{PEOPLE}, courses VARCHAR, job VARCHAR[]"},
        """
m.yaml:1:1: column `job` of `students` is VARCHAR[], and `job` is a list
  | lists: {course: {column: courses}}
  | ^
  = a list is a column of lists of structs, or a table: `table: ...`
m.yaml:1:9: column `courses` of `students` is VARCHAR, and `course` is a list
  | lists: {course: {column: courses}}
  |         ^^^^^^
  = a list is a column of lists of structs, or a table: `table: ...`
""",
    ),
    "a list that needs a table": (
        "lists:\n  course: {}\n  job: {table: jbos}\n  jobs: {table: jobs}\n",
        {"students": PEOPLE, "courses": "id VARCHAR", "jobs": "id VARCHAR"},
        """
m.yaml:2:3: the list `course` has no table and no column
  |   course: {}
  |   ^^^^^^
  = did you mean `courses`?
m.yaml:3:16: no table `jbos` in `s.duckdb`
  |   job: {table: jbos}
  |                ^^^^
  = did you mean `jobs`?
m.yaml:4:3: unknown list `jobs`
  |   jobs: {table: jobs}
  |   ^^^^
  = did you mean `job`?
""",
    ),
    "a list with a table and a column": (
        "lists:\n  job: {table: job, column: job}\n  course: {columns: {title: name}}\n",
        {
            "students": f"{PEOPLE}, job STRUCT(title VARCHAR)[], course STRUCT(title VARCHAR)[]",
            "course": "id VARCHAR",
        },
        """
m.yaml:2:29: `table` and `column` cannot stand together
  |   job: {table: job, column: job}
  |                             ^^^
  = use one of them
m.yaml:3:3: the list `course` has a column in `students` and a table
  |   course: {columns: {title: name}}
  |   ^^^^^^
  = say which: `lists: {course: {table: ...}}` or `{column: ...}`
""",
    ),
    "no id": (
        "students: {id: student}\nlists: {course: {}, job: {id: studnet}}\n",
        {"students": "student DATE", "course": "title VARCHAR", "job": "student VARCHAR"},
        """
m.yaml:1:16: column `student` of `students` is DATE and cannot be an id
  | students: {id: student}
  |                ^^^^^^^
  = an id is a text or a whole number
m.yaml:2:9: no column `id` of `course` for the student's id
  | lists: {course: {}, job: {id: studnet}}
  |         ^^^^^^
  = say which column holds the student's id: `lists: {course: {id: COLUMN}}`
m.yaml:2:21: column `student` of `job` is neither mapped nor ignored
  | lists: {course: {}, job: {id: studnet}}
  |                     ^^^
  = map it under `columns` of `job`, or name it under `ignore`
m.yaml:2:31: unknown column `studnet` of `job`
  | lists: {course: {}, job: {id: studnet}}
  |                               ^^^^^^^
  = did you mean `student`?
""",
    ),
    "mistakes in a list": (
        """\
lists:
  course:
    columns: {titel: name, grade: mark}
    order: [term]
    missing: null_
    complete: partly
    item: name
""",
        {"students": PEOPLE, "course": "id VARCHAR, name VARCHAR, mark DOUBLE, hours INTEGER"},
        """
m.yaml:3:15: unknown attribute `titel` of `course`
  |     columns: {titel: name, grade: mark}
  |               ^^^^^
  = did you mean `title`?
m.yaml:3:28: column `mark` of `course` is DOUBLE, and `grade` is a text
  |     columns: {titel: name, grade: mark}
  |                            ^^^^^
  = cast it, in a view or in `--query`
m.yaml:4:13: unknown column `term` of `course`
  |     order: [term]
  |             ^^^^
  = known: `hours`, `id`, `mark`, `name`
m.yaml:5:14: unknown word for what is missing `null_`
  |     missing: null_
  |              ^^^^^
  = known: `empty`, `unknown`
m.yaml:6:15: expected true or false for `complete` of list `course`, found `partly`
  |     complete: partly
  |               ^^^^^^
m.yaml:7:5: unknown key `item` of list `course`
  |     item: name
  |     ^^^^
  = known: `column`, `columns`, `complete`, `id`, `ignore`, `key`, `lists`, `missing`, `order`, \
`split`, `table`, `values`
""",
    ),
    "mistakes in a list in a column": (
        """\
lists:
  course:
    columns: {grade: mark}
    order: [term]
    lists: {part: {columns: {name: nmae}}}
""",
        {
            "students": f"{PEOPLE}, course STRUCT(mark INTEGER, other VARCHAR,"
            " part STRUCT(name VARCHAR)[])[]"
        },
        """
m.yaml:2:3: column `other` of `students: course` is neither mapped nor ignored
  |   course:
  |   ^^^^^^
  = map it under `columns` of `course`, or name it under `ignore`
m.yaml:3:15: column `mark` of `students: course` is INTEGER, and `grade` is a text
  |     columns: {grade: mark}
  |               ^^^^^
  = cast it, in a view or in `--query`
m.yaml:4:13: `term` is of use for a list in a table, and this one stands in a column
  |     order: [term]
  |             ^^^^
  = remove it
m.yaml:5:13: column `name` of `students: course: part` is neither mapped nor ignored
  |     lists: {part: {columns: {name: nmae}}}
  |             ^^^^
  = map it under `columns` of `part`, or name it under `ignore`
m.yaml:5:36: unknown column `nmae` of `students: course: part`
  |     lists: {part: {columns: {name: nmae}}}
  |                                    ^^^^
  = did you mean `name`?
""",
    ),
    "a list in a list without the names of items": (
        "lists: {course: {lists: {part: {table: parts}}}}\n",
        {"students": PEOPLE, "course": "id VARCHAR", "parts": "id VARCHAR, name VARCHAR"},
        """
m.yaml:1:26: the list `part` has a table, so its rows must name the item around
  | lists: {course: {lists: {part: {table: parts}}}}
  |                          ^^^^
  = say `item: COLUMN` here, and `key: COLUMN` in the list around it
""",
    ),
    "no table of the students": (
        "students: {table: poeple}\nfacts: {gap: x}\nlists: {cours: {}}\n",
        {"people": PEOPLE},
        """
m.yaml:1:19: no table `poeple` in `s.duckdb`
  | students: {table: poeple}
  |                   ^^^^^^
  = did you mean `people`?
m.yaml:2:9: unknown fact `gap`
  | facts: {gap: x}
  |         ^^^
  = did you mean `gpa`?
m.yaml:3:9: unknown list `cours`
  | lists: {cours: {}}
  |         ^^^^^
  = did you mean `course`?
""",
    ),
    "students from what is no list": (
        "students: {from: cours}\n",
        {"course": "id VARCHAR"},
        """
m.yaml:1:18: unknown list `cours`
  | students: {from: cours}
  |                  ^^^^^
  = did you mean `course`?
""",
    ),
    "students from a list without a table": (
        "students: {from: course}\nlists: {jobs: {}}\n",
        {"transcript": "id VARCHAR"},
        """
m.yaml:1:18: no table `course` in `s.duckdb`
  | students: {from: course}
  |                  ^^^^^^
  = say `lists: {course: {table: ...}}`
m.yaml:2:9: unknown list `jobs`
  | lists: {jobs: {}}
  |         ^^^^
  = did you mean `job`?
""",
    ),
    "students from a table that is not there": (
        "students: {from: course}\nlists: {course: {table: transcirpt}}\n",
        {"transcript": "id VARCHAR"},
        """
m.yaml:2:25: no table `transcirpt` in `s.duckdb`
  | lists: {course: {table: transcirpt}}
  |                         ^^^^^^^^^^
  = did you mean `transcript`?
""",
    ),
    "students from a list without their id": (
        "students: {from: course, id: student}\nlists: {job: {id: person}}\n",
        {"course": "sid VARCHAR, title VARCHAR", "job": "title VARCHAR"},
        """
m.yaml:1:1: column `sid` of `course` is neither mapped nor ignored
  | students: {from: course, id: student}
  | ^^^^^^^^
  = did you mean `id`?
m.yaml:1:1: no column `student` of `course` for the student's id
  | students: {from: course, id: student}
  | ^^^^^^^^
  = say which column holds the student's id: `lists: {course: {id: COLUMN}}`
m.yaml:2:19: unknown column `person` of `job`
  | lists: {job: {id: person}}
  |                   ^^^^^^
  = known: `title`
""",
    ),
    "students from a list and a table": (
        "students: {from: course, table: people}\n",
        {"people": PEOPLE, "course": "id VARCHAR"},
        """
m.yaml:1:18: `table` and `from` cannot stand together
  | students: {from: course, table: people}
  |                  ^^^^^^
  = use one of them
""",
    ),
    "columns of students who have no table": (
        (
            "students: {from: course}\nfacts: {gpa: cum}\nvalues: {cum: {x: 1}}\n"
            "ignore: [name]\nlists: {job: {column: jobs}}\n"
        ),
        {"course": "id VARCHAR, cum DOUBLE"},
        """
m.yaml:2:9: `gpa` is said of the students' table, and there is none: the students are the ids \
in the table of `course`
  | facts: {gpa: cum}
  |         ^^^
  = remove it, or name a table of the students
m.yaml:3:10: `cum` is said of the students' table, and there is none: the students are the ids \
in the table of `course`
  | values: {cum: {x: 1}}
  |          ^^^
  = remove it, or name a table of the students
m.yaml:4:10: `name` is said of the students' table, and there is none: the students are the ids \
in the table of `course`
  | ignore: [name]
  |          ^^^^
  = remove it, or name a table of the students
m.yaml:5:23: the students have no table with such a column: the students are the ids in the \
table of `course`
  | lists: {job: {column: jobs}}
  |                       ^^^^
  = name the table of the list: `table: ...`
""",
    ),
    "judgements": (
        "judgements: {fare: is_fair, asked: was_asked}\n",
        {"students": "id VARCHAR, is_fair BOOLEAN, was_asked INTEGER"},
        """
m.yaml:1:14: unknown judgement `fare`
  | judgements: {fare: is_fair, asked: was_asked}
  |              ^^^^
  = did you mean `fair`?
m.yaml:1:29: column `was_asked` of `students` is INTEGER, and `asked` is true or false
  | judgements: {fare: is_fair, asked: was_asked}
  |                             ^^^^^
  = say what its values mean: `values: {was_asked: {Y: true, N: false}}`
""",
    ),
    "a list in JSON": (
        """\
lists:
  course: {columns: {titel: t}, values: {t: {a: b}}, split: {t: x}, lists: {part: {}}}
""",
        {"students": f"{PEOPLE}, course JSON"},
        """
m.yaml:2:22: unknown attribute `titel` of `course`
  |   course: {columns: {titel: t}, values: {t: {a: b}}, split: {t: x}, lists: {part: {}}}
  |                      ^^^^^
  = did you mean `title`?
m.yaml:2:42: `t` has no meaning for a list in JSON, whose objects are taken as they are
  |   course: {columns: {titel: t}, values: {t: {a: b}}, split: {t: x}, lists: {part: {}}}
  |                                          ^
m.yaml:2:62: `t` has no meaning for a list in JSON, whose objects are taken as they are
  |   course: {columns: {titel: t}, values: {t: {a: b}}, split: {t: x}, lists: {part: {}}}
  |                                                              ^
m.yaml:2:77: `part` has no meaning for a list in JSON, whose objects are taken as they are
  |   course: {columns: {titel: t}, values: {t: {a: b}}, split: {t: x}, lists: {part: {}}}
  |                                                                             ^^^^
""",
    ),
    "values of every type": (
        """\
values:
  age: {a: 1, b: x}
  amount: {a: 1.5, b: "1"}
  born: {a: 2024, b: 2024-05-31, c: May}
  note: {a: x, b: 1}
  tags: {a: x, b: [x, y], c: null, d: 1}
""",
        {
            "students": "id VARCHAR, age VARCHAR, amount VARCHAR, born VARCHAR, note VARCHAR,"
            " tags VARCHAR"
        },
        """
m.yaml:2:18: `age` is a whole number, found `x`
  |   age: {a: 1, b: x}
  |                  ^
m.yaml:3:23: `amount` is a number, found the text `1`
  |   amount: {a: 1.5, b: "1"}
  |                       ^^^
m.yaml:4:37: `born` is a date, found `May`
  |   born: {a: 2024, b: 2024-05-31, c: May}
  |                                     ^^^
m.yaml:5:19: `note` is a text, found `1`
  |   note: {a: x, b: 1}
  |                   ^
  = put it in quotes
m.yaml:6:39: `tags` is a text, found `1`
  |   tags: {a: x, b: [x, y], c: null, d: 1}
  |                                       ^
  = put it in quotes
""",
    ),
    "values that are no pairs": (
        "values: {gpa: x}\nlists: {job: x}\nfacts: [gpa]\n",
        {"students": PEOPLE, "job": "id VARCHAR"},
        """
m.yaml:1:15: expected `key: value` pairs for the values of `gpa`, found `x`
  | values: {gpa: x}
  |               ^
m.yaml:2:14: expected `key: value` pairs for list `job`, found `x`
  | lists: {job: x}
  |              ^
m.yaml:3:8: expected `key: value` pairs for `facts`, found a list
  | facts: [gpa]
  |        ^
""",
    ),
    "broken YAML": (
        "students: {table: people\n",
        {"students": PEOPLE},
        """
m.yaml:1:25: a mapping in `{` `}` is broken
  | students: {table: people
  |                         ^
  = check the brackets and commas here and in the lines above
""",
    ),
    "duplicate keys": (
        "facts: {gpa: gpa}\nfacts: {gpa: gpa}\n",
        {"students": PEOPLE},
        """
m.yaml:2:1: duplicate key `facts`
  | facts: {gpa: gpa}
  | ^^^^^
  = first given in line 1
""",
    ),
    "no mapping at all": (
        "- students\n",
        {"students": PEOPLE},
        """
m.yaml:1:1: expected `key: value` pairs for a mapping, found a list
  | - students
  | ^
""",
    ),
}


@pytest.mark.parametrize("case", MAPPED)
def test_every_mistake_of_a_mapping_is_told_at_its_place(case: str) -> None:
    mapping, tables, said = MAPPED[case]
    assert mistakes(mapping, **tables) == said.strip("\n")


# Without a mapping


def test_without_a_mapping_columns_have_the_names_of_the_vocabulary() -> None:
    said = mistakes(
        None,
        students=f"{PEOPLE}, gap DOUBLE, courses VARCHAR",
        course="id VARCHAR, titel VARCHAR, grade INTEGER",
    )
    assert (
        said
        == """\
s.duckdb: course: column `grade` is INTEGER, and `grade` is a text
  = cast it, in a view or in `--query`
s.duckdb: course: column `titel` is neither mapped nor ignored
  = did you mean `title`?
s.duckdb: students: column `courses` is neither mapped nor ignored
  = did you mean `course`?
s.duckdb: students: column `gap` is neither mapped nor ignored
  = did you mean `gpa`?"""
    )


def test_students_who_have_no_table_need_a_mapping() -> None:
    assert (
        mistakes(None, grades="id VARCHAR")
        == """\
s.duckdb: no table `students` in `s.duckdb`
  = say `students: {table: ...}` in a mapping, or `{from: LIST}`"""
    )


def test_a_folder_has_no_file_that_nothing_reads() -> None:
    Path("set").mkdir()
    for name in ("students", "cuorse", "notes"):
        Path("set", f"{name}.csv").write_text("id\n", encoding="utf-8")
    with pytest.raises(EligibilityError) as caught:
        open_tables("set", RULES)
    assert (
        str(caught.value)
        == """\
set/cuorse.csv: is the table of no list
  = did you mean `course`?
set/notes.csv: is the table of no list
  = name its list under `lists` in a mapping, or keep it elsewhere"""
    )


CSV_FILES = {
    "nothing in it": ("", "set/students.csv: is empty\n  = its first line names the columns"),
    "other separators": (
        "id;gpa\n",
        "set/students.csv: its first line is one column\n  = separate the columns by commas",
    ),
    "a column twice": (
        "id,gpa,GPA\n",
        "set/students.csv: the column `GPA` is named twice in its first line",
    ),
    "a column without a name": (
        "id,,gpa\n",
        "set/students.csv: a column has no name in its first line",
    ),
    "another encoding": (
        "id,né\n",
        "set/students.csv: its first line cannot be read\n  = it is to be CSV in UTF-8",
    ),
}


@pytest.mark.parametrize("case", CSV_FILES)
def test_the_first_line_of_a_csv_file_names_its_columns(case: str) -> None:
    text, said = CSV_FILES[case]
    Path("set").mkdir()
    Path("set", "students.csv").write_bytes(text.encode("latin-1"))
    with pytest.raises(EligibilityError) as caught:
        open_tables("set", RULES)
    assert str(caught.value) == said


# Questions


def test_the_table_of_the_students_is_named_once() -> None:
    text = "students: {table: people}\n"
    assert (
        mistakes(text, table="others", people=PEOPLE, others=PEOPLE)
        == """\
m.yaml:1:19: the table of the students is named here and by the command
  | students: {table: people}
  |                   ^^^^^^
  = leave out one of them"""
    )


@pytest.mark.parametrize("asked", [{"table": "people"}, {"query": "SELECT * FROM people"}])
@pytest.mark.parametrize("named", ["from: job", "table: others"])
def test_the_command_does_not_name_what_the_mapping_names(
    asked: dict[str, str], named: str
) -> None:
    people = "id VARCHAR, gpa DOUBLE"
    said = mistakes(
        f"students: {{{named}}}\n", **asked, people=people, others=people, job="id VARCHAR"
    )
    assert said.startswith(
        f"m.yaml:1:{13 + named.index(' ')}: the table of the students is named here and by the"
        " command\n"
    )
    assert said.endswith("  = leave out one of them")


QUESTIONS: dict[str, tuple[tuple[str, dict[str, Any]], str]] = {
    "both": (
        ("s.duckdb", {"table": "a", "query": "SELECT 1"}),
        "`--table` and `--query` cannot stand together\n  = use one",
    ),
    "a table of a file": (
        ("x.parquet", {"table": "a"}),
        """\
`--table` is for databases, and `x.parquet` is none
  = a mapping says which file is the table of the students""",
    ),
    "no amount of memory": (
        ("s.duckdb", {"memory_limit": "much"}),
        "`much` is not an amount of memory\n  = e.g. `2GB` or `500MB`",
    ),
    "memory of a server": (
        ("postgresql:///x", {"memory_limit": "2GB"}),
        "`--memory-limit` is for files, and PostgreSQL has limits of its own\n  = leave it out",
    ),
    "no such database": (("s.duckdb", {}), "no such file: `s.duckdb`"),
    "no such file": (("x.parquet", {}), "no such file: `x.parquet`"),
    "no such files": (("*.parquet", {}), "no such file: `*.parquet`"),
    "no such mapping": (
        ("one.csv", {"mapping": "m.yaml"}),
        "m.yaml: cannot be read: no such file or directory",
    ),
}


@pytest.mark.parametrize("case", QUESTIONS)
def test_a_question_that_is_wrong_is_refused(case: str) -> None:
    (place, options), said = QUESTIONS[case]
    Path("one.csv").write_text("id\n", encoding="utf-8")
    with pytest.raises(EligibilityError) as caught:
        open_tables(place, RULES, **options)
    assert str(caught.value) == said


def test_files_of_two_kinds_in_a_folder_are_refused() -> None:
    Path("set").mkdir()
    for name in ("a.csv", "b.parquet"):
        Path("set", name).touch()
    with pytest.raises(EligibilityError) as caught:
        open_tables("set", RULES)
    assert str(caught.value) == (
        "`set` holds CSV files and Parquet files\n  = keep them in folders of their own"
    )
