"""`eligibility summary`: the page for a terminal, the page for a browser, and what is refused."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from decimal import Decimal
from html.parser import HTMLParser
from io import BytesIO, StringIO, TextIOWrapper
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result
from commands import DAY, PROFILES, RULES, run
from jsonschema import Draft202012Validator

from eligibility.jsonschemas import summary_schema
from eligibility.model import Status
from eligibility.summaries import page, plots
from eligibility.summaries.document import Keeper, read_summary
from eligibility.summaries.html import html_page
from eligibility.summaries.sentences import Sentence, kept, nearest, share
from eligibility.text import console_for

STATUSES = [status.value for status in Status]
ANN, BOB, CID = (
    json.loads((PROFILES / f"{one}.json").read_text("utf-8")) for one in ("ann", "bob", "cid")
)


def batch(to: str, *words: str, students: int = 7) -> Result:
    """A run over the people of the club, over and over, and a line that is refused."""
    lines = [(ANN, BOB, CID)[number % 3] | {"id": f"s{number}"} for number in range(students)]
    text = "".join(f"{json.dumps(line)}\n" for line in [*lines, {"id": "x", "gpa": 3}])
    Path("students.ndjson").write_text(text, encoding="utf-8")
    asked = ("--rules", RULES, "--as-of", DAY, "--outcome", "entry", "--outcome", "guard")
    return run("batch", "students.ndjson", "--to", to, *asked, *words)


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of its own, in which every test runs."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def made(**changes: Any) -> dict[str, Any]:
    """A summary document of a made-up run, with a keeper of every kind."""
    document: dict[str, Any] = {
        "schema": "eligibility/summary/v1",
        "pack": {"id": "club", "version": "7", "digest": f"sha256:{'0' * 64}"},
        "as_of": DAY,
        "source": "students.ndjson",
        "to": "out.csv",
        "reasons": "blocking",
        "read": 1203,
        "answered": 1200,
        "rejected": 3,
        "seconds": 12.3,
        "rate": 97.8,
        "outcomes": [
            {
                "id": "diploma",
                "title": "Diploma <b>&amp; more</b> for $5",
                "statuses": dict(zip(STATUSES, (417, 2, 781, 0), strict=True)),
                "blocking": [
                    keeper("at least 12 courses", 783, 417, {"1": 417}, "course"),
                    keeper("a GED", 366, 0, {}, None),
                ],
            },
            {
                "id": "entry",
                "title": "入会",
                "statuses": dict(zip(STATUSES, (1200, 0, 0, 0), strict=True)),
                "blocking": [],
            },
        ],
        "rejects": {
            "file": "out.csv.rejects.ndjson",
            "records": 3,
            "reasons": [{"reason": "/gpa: unknown key `...`", "count": 3}],
        },
    }
    return document | changes


def keeper(
    text: str, students: int, alone: int, short_by: dict[str, int], unit: str | None
) -> dict[str, Any]:
    return {
        "path": "requires/all/0",
        "text": text,
        "unit": unit,
        "students": students,
        "alone": alone,
        "short_by": short_by,
    }


def saved(document: object, name: str = "made.json") -> str:
    Path(name).write_text(json.dumps(document), encoding="utf-8")
    return name


# The page for a terminal


PAGE = """\
rules       club 7
digest      sha256:000000000000
as of       2026-11-24
source      students.ndjson
written to  out.csv
students    8 read: 7 answered, 1 rejected, in 0.1 s

7 students                            ✓         →         ?         ·
1 Entry to the club
  ██████████████▒▒▒▒▒▒▒▒▒░░░░░░░░░    3  43%              2  29%    2  29%
2 Lifeguard
  ▓▓▓▓▓▓▓▓▓▓▓▓▓▓▒▒▒▒▒▒▒▒▒░░░░░░░░░              3  43%    2  29%    2  29%

█ ✓ eligible   ▓ → on track   ▒ ? can't tell yet   ░ · not yet

Short of one thing only
  - 3 students are one topic short of: Lifeguard \N{EN DASH} the two training topics

What keeps students from it

1 Entry to the club: 4 of 7 are not eligible now
  - 4 students are kept by this and by more: a bronze badge
  - 4 students are kept by this and by more: a school badge

2 Lifeguard: 7 of 7 are not eligible now
  - 3 students are one topic short of: the two training topics
    4 others are kept by this and by more
  - 4 students are kept by this and by more: Entry to the club
  - 4 students are kept by this and by more: at least 16 completed years since
    the date of birth

Short is counted by what the profiles state for certain.

1 rejected, told in full in out.csv.rejects.ndjson
  - 1 time: /gpa: unknown key `...`
"""


def told(text: str) -> str:
    """Without what is another thing every time."""
    return re.sub(r"in [\d.]+ s$", "in 0.1 s", text, flags=re.MULTILINE)


def test_a_run_is_told_on_a_page() -> None:
    batch("out.csv")
    result = run("summary", "out.csv")
    assert (result.exit_code, result.stderr) == (0, "")
    digest = re.compile(r"(?<=^digest      sha256:)[0-9a-f]{12}$", re.MULTILINE)
    assert digest.sub("0" * 12, told(result.stdout)) == PAGE


@pytest.mark.parametrize("out", ["out.csv", "out.ndjson", "out.parquet", "out.duckdb", "folder"])
def test_whatever_a_batch_wrote_has_its_summary(out: str) -> None:
    batch(out)
    named = run("summary", out)
    document = f"{out}/summary.json" if out == "folder" else f"{out}.summary.json"
    assert named.exit_code == 0
    assert "written to  " + out in named.stdout
    assert run("summary", document).stdout == named.stdout


def test_a_terminal_without_shades_shows_signs() -> None:
    console = console_for(TextIOWrapper(BytesIO(), "ascii"), 60)
    drawn = page._bar(dict(zip(Status, (2, 1, 0, 1), strict=True)), 8, console)
    assert drawn == "####==.."


@pytest.mark.parametrize(
    ("counts", "drawn"),
    [
        ((0, 0, 0, 0), "          "),
        ((1, 0, 0, 0), "██████████"),
        ((1, 1, 0, 0), "█████▓▓▓▓▓"),
        ((1, 0, 0, 999), "█░░░░░░░░░"),
        ((999, 1, 1, 1), "███████▓▒░"),
        ((1, 1, 1, 0), "████▓▓▓▒▒▒"),
    ],
)
def test_a_bar_is_full_and_shows_whoever_there_is(counts: tuple[int, ...], drawn: str) -> None:
    console = console_for(StringIO(), 60)
    assert page._bar(dict(zip(Status, counts, strict=True)), 10, console) == drawn


@pytest.mark.parametrize(
    ("count", "of", "text"),
    [
        (0, 0, "0%"),
        (0, 9, "0%"),
        (9, 9, "100%"),
        (1, 3, "33%"),
        (1, 1000, "<1%"),
        (999, 1000, ">99%"),
        (1, 200, "1%"),
    ],
)
def test_shares_are_none_or_all_only_where_they_are(count: int, of: int, text: str) -> None:
    assert share(count, of) == text


SHORT = "at least 12 courses"


@pytest.mark.parametrize(
    ("unit", "students", "alone", "short_by", "text", "more"),
    [
        ("course", 417, 417, {1: 417}, f"417 students are one course short of: {SHORT}", None),
        ("course", 1, 1, {1: 1}, f"1 student is one course short of: {SHORT}", None),
        ("hours worked", 1, 1, {1: 1}, f"1 student is one hour worked short of: {SHORT}", None),
        ("hours worked", 1, 1, {2: 1}, f"1 student is 2 hours worked short of: {SHORT}", None),
        (
            None,
            1417,
            1417,
            {Decimal("0.25"): 1417},
            f"1,417 students are 0.25 short of: {SHORT}",
            None,
        ),
        (
            "course",
            10,
            9,
            {1: 5, 2: 4},
            f"9 students are 1 to 2 courses short of: {SHORT}",
            "5 are one course short and 4 are 2 courses short; 1 other is kept by this and by more",
        ),
        (
            "course",
            15,
            15,
            {1: 5, 2: 4, 3: 1, 5: 2, 9: 3},
            f"15 students are 1 to 9 courses short of: {SHORT}",
            (
                "5 are one course short, 4 are 2 courses short, 1 is 3 courses short and 5 are"
                " 5 to 9 courses short"
            ),
        ),
        (
            "course",
            9,
            7,
            {1: 5},
            f"7 students are kept by this alone: {SHORT}",
            (
                "5 are one course short and 2 by an amount that is not known; 2 others are kept by"
                " this and by more"
            ),
        ),
        (None, 417, 417, {}, f"417 students are kept by this alone: {SHORT}", None),
        (None, 366, 0, {}, f"366 students are kept by this and by more: {SHORT}", None),
    ],
)
def test_who_is_kept_is_said_in_a_sentence(
    unit: str | None,
    students: int,
    alone: int,
    short_by: dict[Decimal, int],
    text: str,
    more: str | None,
) -> None:
    amounts = tuple((Decimal(amount), count) for amount, count in short_by.items())
    assert kept(Keeper("requires", SHORT, unit, students, alone, amounts)) == Sentence(text, more)


def test_a_sentence_that_stands_alone_names_the_outcome() -> None:
    found = nearest(read_summary(json.dumps(made()), "made.json"), 5)
    text = "Diploma <b>&amp; more</b> for $5 \N{EN DASH} at least 12 courses"
    assert [one.text for one in found] == [f"417 students are one course short of: {text}"]


def test_top_says_how_many_conditions_are_told() -> None:
    batch("out.csv")
    one = run("summary", "out.csv", "--top", "1").stdout
    assert one.count("\n  - ") == 4
    assert "    1 more condition\n" in one
    assert "    2 more conditions\n" in one
    assert "more condition" not in run("summary", "out.csv").stdout


def test_a_run_without_reasons_says_that_it_was_not_asked() -> None:
    batch("out.csv", "--reasons", "none")
    told = run("summary", "out.csv", "--html", "page.html").stdout
    shown = Page(Path("page.html").read_text("utf-8"))
    assert "the run was made with --reasons none" in shown.text
    assert len(shown.plots) == 1
    assert "\nWhat keeps whom was not asked for: the run was made with --reasons none.\n" in told
    assert "What keeps students" not in told


def test_a_run_over_nobody_is_told_too() -> None:
    batch("out.csv", students=0)
    told = run("summary", "out.csv", "--html", "page.html")
    assert told.exit_code == 0
    assert "1 read: 0 answered, 1 rejected" in told.stdout
    assert "<h2>Who is what</h2>" in Path("page.html").read_text("utf-8")


def test_what_a_document_says_cannot_steer_the_terminal() -> None:
    document = made(source="\x1b[31mstudents\n")
    result = run("summary", saved(document))
    assert "source      ?[31mstudents" in result.stdout
    assert "\x1b" not in result.stdout


def test_json_is_the_document_as_it_is() -> None:
    batch("folder")
    result = run("summary", "folder", "--format", "json")
    assert result.stdout == Path("folder/summary.json").read_text("utf-8")


@pytest.mark.parametrize("reasons", ["none", "blocking", "all"])
def test_the_summary_of_a_run_keeps_the_contract(reasons: str) -> None:
    batch("out.ndjson", "--reasons", reasons)
    validator = Draft202012Validator(summary_schema())
    for document in (json.loads(Path("out.ndjson.summary.json").read_text("utf-8")), made()):
        assert [error.message for error in validator.iter_errors(document)] == []


def test_fields_that_are_not_known_are_left_alone() -> None:
    document = made(later={"x": 1})
    del document["outcomes"][0]["blocking"][0]["unit"]
    assert "417 students are 1 short of: at least 12" in run("summary", saved(document)).stdout


# The page for a browser


class Page(HTMLParser):
    """What a page holds: its texts, its links, its tables and whether its tags fit together."""

    EMPTY = ("meta",)

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.rows: list[list[str]] = []
        self.plots: list[list[str]] = []
        self._open: list[str] = []
        self.text = ""
        self.feed(text)
        self.close()
        assert self._open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag in self.EMPTY:
            return
        self._open.append(tag)
        if tag == "tr":
            self.rows.append([])
        elif tag in ("td", "th"):
            self.rows[-1].append("")
        elif tag == "svg":
            self.plots.append([])

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag

    def handle_data(self, data: str) -> None:
        if "style" in self._open:
            return
        self.text += data
        if "td" in self._open or "th" in self._open:
            self.rows[-1][-1] += data
        if self._open and self._open[-1] in ("text", "title", "desc") and "svg" in self._open:
            self.plots[-1].append(data)


def drawn(document: dict[str, Any], top: int = 5) -> str:
    return html_page(read_summary(json.dumps(document), "made.json"), top)


def addresses(text: str) -> Iterator[str]:
    """Whatever in a page could lead somewhere."""
    for _, attributes in Page(text).tags:
        for name, value in attributes.items():
            if name.endswith("href") or name in ("src", "srcset", "data", "action", "poster"):
                yield str(value)
    yield from (found.strip("'\"") for found in re.findall(r"url\(([^)]*)\)", text))


def test_the_page_leads_nowhere_and_runs_nothing() -> None:
    text = drawn(made())
    found = [*addresses(text)]
    assert found
    assert [one for one in found if not one.startswith("#")] == []
    assert "http://" not in text
    assert "https://" not in text
    assert "@import" not in text
    tags = Page(text).tags
    assert not {tag for tag, _ in tags} & {"script", "link", "iframe", "img", "object", "image"}
    policy = "default-src 'none'; style-src 'unsafe-inline'"
    assert ("meta", {"http-equiv": "Content-Security-Policy", "content": policy}) in tags


def test_every_link_of_the_page_arrives_and_no_id_is_there_twice() -> None:
    text = drawn(made())
    ids = [str(attributes["id"]) for _, attributes in Page(text).tags if "id" in attributes]
    assert len(ids) == len(set(ids))
    assert {one.removeprefix("#") for one in addresses(text)} <= set(ids)


def test_the_page_holds_every_outcome_and_every_number_in_tables() -> None:
    found = Page(drawn(made(), top=1))
    assert found.rows == [
        ["outcome", "✓ eligible", "→ on track", "? can't tell yet", "· not yet"],
        ["1 Diploma <b>&amp; more</b> for $5", "417 35%", "2 <1%", "781 65%", "0 0%"],
        ["2 入会", "1,200 100%", "0 0%", "0 0%", "0 0%"],
        ["condition", "place", "students", "alone", "short by: students"],
        ["at least 12 courses", "requires/all/0", "783", "417", "1: 417"],
        ["a GED", "requires/all/0", "366", "0", ""],
        ["reason", "times"],
        ["/gpa: unknown key `...`", "3"],
    ]
    for text in ("club 7", DAY, "students.ndjson", "out.csv", "1,203 read", "12.3 s"):
        assert text in found.text


def test_plots_say_what_they_show_and_their_numbers_are_texts() -> None:
    statuses, keepers = Page(drawn(made())).plots
    assert statuses == [
        "How many students have which status",
        "A bar for each outcome, of 1,200 students. The table has the numbers.",
        "1 Diploma <b>&amp; more</b> for $5",
        "✓ 417",
        "? 781",
        "2 入会",
        "✓ 1,200",
        "✓ eligible",
        "→ on track",
        "? can't tell yet",
        "· not yet",
    ]
    assert keepers == [
        "What keeps students from: Diploma <b>&amp; more</b> for $5",
        (
            "A bar for each condition: how many students it keeps alone, and how many with others."
            " The table has the numbers."
        ),
        "at least 12 courses",
        "417",
        "366",
        "a GED",
        "366",
        "by this alone",
        "by this and by more",
    ]


def test_every_plot_is_named_for_those_who_hear_it() -> None:
    tags = Page(drawn(made())).tags
    ids = {attributes.get("id") for _, attributes in tags}
    found = [attributes for tag, attributes in tags if tag == "svg"]
    assert len(found) == 2
    for one in found:
        assert one["role"] == "img"
        assert set(str(one["aria-labelledby"]).split()) <= ids


def test_statuses_differ_by_more_than_colour() -> None:
    looks = [*plots._STATUSES.values()]
    assert len({look.word for look in looks}) == 4
    assert len({(look.hatch, look.text) for look in looks}) == 4


def luminance(colour: str) -> float:
    named = {"white": "#ffffff"}
    parts = [int(named.get(colour, colour)[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (
        one / 12.92 if one <= 0.04045 else ((one + 0.055) / 1.055) ** 2.4 for one in parts
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


@pytest.mark.parametrize("look", [*plots._STATUSES.values(), *plots._KEEPERS])
def test_what_stands_in_a_bar_can_be_read_and_the_bar_be_seen(look: plots._Look) -> None:
    def contrast(one: str, other: str) -> float:
        low, high = sorted((luminance(one), luminance(other)))
        return (high + 0.05) / (low + 0.05)

    assert contrast(look.fill, look.text) >= 4.5
    assert max(contrast(look.fill, "white"), contrast(look.edge, "white")) >= 3


def test_the_same_summary_gives_the_same_page() -> None:
    assert drawn(made()) == drawn(made())


def test_the_page_is_written_beside_what_the_terminal_shows() -> None:
    batch("out.csv")
    result = run("summary", "out.csv", "--html", "page.html")
    assert result.stdout == run("summary", "out.csv").stdout
    found = Page(Path("page.html").read_text("utf-8"))
    assert ["1 Entry to the club", "3 43%", "0 0%", "2 29%", "2 29%"] in found.rows
    assert found.tags[0][0] == "html"


def test_more_outcomes_than_fit_a_sheet_are_drawn_in_several_plots() -> None:
    document = made()
    document["outcomes"] = document["outcomes"][1:] * 40
    assert [len(one) for one in Page(drawn(document)).plots] == [42, 42, 14]


def test_without_matplotlib_the_page_is_refused_and_nothing_is_written(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(plots, "find_spec", lambda name: None)
    result = run("summary", saved(made()), "--html", "page.html")
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr == (
        "a page with plots cannot be made here\n"
        "  = `pip install 'eligibility[html]'` brings what draws them\n"
    )
    assert not Path("page.html").exists()


# What is refused


def unfinished() -> str:
    batch("folder")
    Path("folder/summary.json").unlink()
    return "folder"


def empty_folder() -> str:
    Path("folder").mkdir()
    return "folder"


def alone() -> str:
    batch("out.csv")
    Path("out.csv.summary.json").unlink()
    return "out.csv"


def part() -> str:
    batch("folder")
    return "folder/part-00000.ndjson"


def not_utf_8() -> str:
    Path("made.json").write_bytes(b'{"a": "\xff"}')
    return "made.json"


NAME = "  = name what `--to` of `eligibility batch` named\n"
ANEW = "  = `eligibility batch` writes it anew\n"


@pytest.mark.parametrize(
    ("out", "said"),
    [
        (
            unfinished,
            (
                "the run in `folder` is not finished, so it has no summary yet\n"
                "  = run `eligibility batch` as before with `--resume` added, to go on with it\n"
            ),
        ),
        (empty_folder, f"`folder` holds no `summary.json`: no run was begun in it\n{NAME}"),
        (lambda: "no.csv", f"there is no `no.csv`, and no `no.csv.summary.json`\n{NAME}"),
        (
            alone,
            (
                "`out.csv` has no summary: `out.csv.summary.json` is not there\n"
                "  = `eligibility batch` with `--to out.csv` writes it\n"
            ),
        ),
        (
            part,
            (
                "`folder/part-00000.ndjson` is a part of what a run wrote\n"
                "  = name its folder, `folder`\n"
            ),
        ),
        (not_utf_8, "`made.json` is not UTF-8: byte 8\n"),
    ],
    ids=["unfinished", "no run", "nothing", "no summary", "part", "not UTF-8"],
)
def test_what_has_no_summary_is_an_error_that_says_why(out: Callable[[], str], said: str) -> None:
    result = run("summary", out())
    assert (result.exit_code, result.stdout, result.stderr) == (2, "", said)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", f"made.json: is empty\n{ANEW}"),
        ('{"a" 1}', f"made.json:1:6: is not JSON: expecting ':' delimiter\n{ANEW}"),
        ('{"a": NaN}', f"made.json: is not JSON that a summary could be\n{ANEW}"),
        ("[" * 100_000, f"made.json: is not JSON that a summary could be\n{ANEW}"),
        ("[]", "made.json#: must be an object, found a list\n"),
        ("{}", f"made.json#/schema: is missing\n{ANEW}"),
        ('{"schema": 3}', "made.json#/schema: must be a text, found a number\n"),
        (
            '{"schema": "eligibility/verdicts/v1"}',
            (
                "made.json#/schema: must be `eligibility/summary/v1`, found"
                " `eligibility/verdicts/v1`\n  = name what `eligibility batch` wrote\n"
            ),
        ),
        (
            '{"schema": "Ann Example"}',
            (
                "made.json#/schema: must be `eligibility/summary/v1`, found another text\n"
                "  = name what `eligibility batch` wrote\n"
            ),
        ),
    ],
)
def test_what_is_no_summary_is_refused(text: str, said: str) -> None:
    Path("made.json").write_text(text, encoding="utf-8")
    result = run("summary", "made.json")
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr == said


def changed(pointer: str, value: object) -> dict[str, Any]:
    """The made-up summary with another value in one place; `...` takes it away."""
    document: Any = made()
    place = document
    *steps, last = [int(one) if one.isdigit() else one for one in pointer.split("/")[1:]]
    for one in steps:
        place = place[one]
    if value is ...:
        del place[last]
    else:
        place[last] = value
    return document  # type: ignore[no-any-return]


FIRST = "/outcomes/0/blocking/0"


@pytest.mark.parametrize(
    ("pointer", "value", "said"),
    [
        ("/pack", "club", "must be an object, found a text"),
        ("/pack/version", ..., "is missing"),
        ("/as_of", None, "must be a text, found null"),
        ("/seconds", "12", "must be a number of 0 or more, found a text"),
        ("/rejected", True, "must be a whole number of 0 or more, found true"),
        ("/read", 1204, "is not `answered` and `rejected` together"),
        ("/outcomes", {}, "must be a list, found an object"),
        ("/outcomes/1", 3, "must be an object, found a number"),
        (
            "/outcomes/0/statuses/on_track",
            -1,
            "must be a whole number of 0 or more, found a negative number",
        ),
        ("/outcomes/1/statuses", dict.fromkeys(STATUSES, 1), "do not add up to `answered`"),
        ("/outcomes/0/blocking", ..., "is missing"),
        (f"{FIRST}/text", ["x"], "must be a text, found a list"),
        (f"{FIRST}/unit", 1, "must be a text, found a number"),
        (f"{FIRST}/students", 1.5, "must be a whole number of 0 or more, found a number"),
        (f"{FIRST}/students", 1201, "is more than `answered`"),
        (f"{FIRST}/alone", 784, "is more than `students`"),
        (f"{FIRST}/short_by", {"1": 418}, "counts more than `alone`"),
        (f"{FIRST}/short_by/many", 0, "is not below an amount such as `2` or `0.5`"),
        ("/rejects/reasons/0/count", ..., "is missing"),
        ("/rejects/file", ..., "is missing"),
    ],
)
def test_what_is_wrong_with_a_summary_is_told_with_its_place(
    pointer: str, value: object, said: str
) -> None:
    result = run("summary", saved(changed(pointer, value)))
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr.splitlines()[0] == f"made.json#{pointer}: {said}"


def test_all_mistakes_of_a_summary_are_told_at_once() -> None:
    document = changed("/seconds", None)
    document["outcomes"][1]["title"] = 4
    result = run("summary", saved(document))
    assert result.stderr == (
        "made.json#/outcomes/1/title: must be a text, found a number\n"
        "made.json#/seconds: must be a number of 0 or more, found null\n"
        "2 mistakes\n"
    )


@pytest.mark.parametrize("html", ["out.csv", "out.csv.summary.json"])
def test_a_page_never_takes_the_place_of_what_the_batch_wrote(html: str) -> None:
    batch("out.csv")
    before = Path(html).read_bytes()
    result = run("summary", "out.csv", "--html", html)
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr == (
        f"`{html}` is what `eligibility batch` wrote\n  = name another file to write to\n"
    )
    assert Path(html).read_bytes() == before


def test_fewer_than_one_condition_cannot_be_asked_for() -> None:
    result = run("summary", "out.csv", "--top", "0")
    assert result.exit_code == 2
    assert "Invalid value for '--top': 0 is not in the range x>=1." in result.stderr
