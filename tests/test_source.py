"""Text with places: what a YAML file means, what is refused in it, and where."""

from __future__ import annotations

import datetime
import os
from decimal import Decimal
from pathlib import Path

import pytest

from eligibility import source
from eligibility.errors import Problem
from eligibility.source import Mapping, Node, Scalar, Sequence, read_text, read_yaml


def tree(node: Node | None) -> object:
    """A node as plain data."""
    if isinstance(node, Mapping):
        return {key.text: tree(below) for key, below in node.entries}
    if isinstance(node, Sequence):
        return [tree(item) for item in node]
    assert isinstance(node, Scalar)
    return node.value


def read(text: str) -> dict[str, object]:
    node, problems = read_yaml(text, "x.yaml")
    assert problems == []
    found = tree(node)
    assert isinstance(found, dict)
    return found


def refused(text: str) -> list[str]:
    _, problems = read_yaml(text, "x.yaml")
    return [f"{problem.place}: {problem.message.text}" for problem in problems]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("true", True),
        ("false", False),
        ("null", None),
        ("~", None),
        ("", None),
        ("True", "True"),
        ("NULL", "NULL"),
        ("yes", "yes"),
        ("no", "no"),
        ("on", "on"),
        ("off", "off"),
        ("7", 7),
        ("-7", -7),
        ("+7", 7),
        ("007", 7),
        ("0x1F", "0x1F"),
        ("0o17", "0o17"),
        ("1_000", "1_000"),
        ("1:30", "1:30"),
        ("0.1", Decimal("0.1")),
        ("2.50", Decimal("2.50")),
        (".5", Decimal("0.5")),
        ("5.", Decimal(5)),
        ("1e3", "1e3"),
        (".inf", ".inf"),
        (".nan", ".nan"),
        ("9" * 30, 10**30 - 1),
        ("9" * 31, "9" * 31),
        ("2024-02-29", datetime.date(2024, 2, 29)),
        ("2024-02-30", "2024-02-30"),
        ("2024-2-9", "2024-2-9"),
        ("2024-02", "2024-02"),
        ("2024-02-29T10:00:00Z", "2024-02-29T10:00:00Z"),
        ('"true"', "true"),
        ("'7'", "7"),
        ("'2024-02-29'", "2024-02-29"),
        ("=", "="),
        ("A+", "A+"),
        ("D-", "D-"),
    ],
)
def test_a_scalar_means_what_yaml_1_2_says_and_numbers_stay_exact(text: str, value: object) -> None:
    found = read(f"a: {text}")
    assert found == {"a": value}
    assert [type(one) for one in found.values()] == [type(value)]


def test_a_block_text_is_a_text_whatever_it_says() -> None:
    assert read("a: >-\n  2024-02-29\nb: |\n  7\n") == {"a": "2024-02-29", "b": "7\n"}


def test_keys_are_texts_as_written() -> None:
    node, _ = read_yaml("1: a\ntrue: b\n2024-01-01: c\nnull: d\n", "x.yaml")
    assert isinstance(node, Mapping)
    assert node.keys == ("1", "true", "2024-01-01", "null")
    assert node.whole


def test_an_alias_repeats_a_part_with_the_place_it_was_written_at() -> None:
    node, problems = read_yaml("a: &x {b: 1}\nc: *x\n", "x.yaml")
    assert problems == []
    assert isinstance(node, Mapping)
    repeated = node.get("c")
    assert repeated == node.get("a")
    assert repeated is not None
    assert repeated.span.line == 1


def test_spans_count_from_one_in_characters() -> None:
    node, _ = read_yaml("häse: [ja, 'nö']\nb:\n  - lang\n", "x.yaml")
    assert isinstance(node, Mapping)
    first = node.get("häse")
    assert isinstance(first, Sequence)
    assert (first.items[1].span.line, first.items[1].span.column) == (1, 12)
    assert first.items[1].span.width == 4
    assert first.items[1].span.excerpt == "häse: [ja, 'nö']"
    last = node.get("b")
    assert isinstance(last, Sequence)
    assert (last.items[0].span.line, last.items[0].span.column) == (3, 5)


@pytest.mark.parametrize("ending", ["\n", "\r\n", "\r", "\u2028"])
def test_lines_are_counted_whatever_ends_them(ending: str) -> None:
    text = ending.join(["a: 1", "b: 2", "b: 3", ""])
    _, problems = read_yaml(text, "x.yaml")
    assert [(one.line, one.column, one.excerpt) for one in problems] == [(3, 1, "b: 3")]


def test_a_caret_stands_below_its_word_among_tabs_and_wide_characters() -> None:
    _, problems = read_yaml('{a: "入\t学", b: 1, b: 2}', "x.yaml")
    shown, caret = problems[0].render().splitlines()[1:3]
    assert shown == '  | {a: "入 学", b: 1, b: 2}'
    # each of the two characters takes two cells
    assert caret == "  | " + " " * 19 + "^"


def test_a_caret_stands_below_its_word_in_a_long_line() -> None:
    _, problems = read_yaml("{" + "a: x, " * 500 + "}", "x.yaml")
    for problem in problems[:3] + problems[-3:]:
        shown, caret = problem.render().splitlines()[1:3]
        assert len(shown) <= 104
        assert shown[caret.index("^")] == "a"


@pytest.mark.parametrize(
    ("text", "report"),
    [
        ("a: 1\na: 2", "x.yaml:2:1: duplicate key `a`"),
        ("{a: 1, b: {c: 1, c: 2}}", "x.yaml:1:18: duplicate key `c`"),
        ("1: a\n'1': b", "x.yaml:2:1: duplicate key `1`"),
        ("a: !!int 3", "x.yaml:1:4: tags such as `!!int` are not allowed"),
        ("a: !x [1]", "x.yaml:1:4: tags such as `!x` are not allowed"),
        ("a: ! 3", "x.yaml:1:4: tags such as `!` are not allowed"),
        ("<<: {a: 1}", "x.yaml:1:1: merge keys (`<<`) are not allowed"),
        ("[a]: 1", "x.yaml:1:1: a key must be one word"),
        ("{a: b}: 1", "x.yaml:1:1: a key must be one word"),
        ("a: 1\n---\nb: 1", "x.yaml:2:1: a second document starts here"),
        ("", "x.yaml: the file is empty"),
        ("# nothing", "x.yaml: the file is empty"),
        ("---\n...\n", "x.yaml: the file is empty"),
        ("a: *b", "x.yaml:1:4: alias `*b` has no anchor above it"),
        ("a: &b [*b]", "x.yaml:1:8: alias `*b` stands inside what it repeats"),
        ("a: [1", "x.yaml:1:6: a list in `[` `]` is broken"),
        ("a: {b: 1", "x.yaml:1:9: a mapping in `{` `}` is broken"),
        ("a: 'b\nc: d\n\n\n", "x.yaml:1:4: this quote is never closed"),
        ('a: "b\n---\nc: d"', "x.yaml:1:4: this quote is never closed"),
        ("a:\n\tb: 1", "x.yaml:2:1: a tab cannot indent"),
        ("a: %b", "x.yaml:1:4: a text cannot start with `%`"),
        ("a: `b`", "x.yaml:1:4: a text cannot start with ```"),
        ('a: "\\q"', "x.yaml:1:5: `\\` has a meaning in double quotes"),
        ("%YAML 9.1\n---\na: 1", "x.yaml:1:1: is not YAML: found incompatible YAML document"),
        ("a: b\x07", "x.yaml:1:5: holds a character that cannot be read, U+0007"),
        ("a: b\r\nc: \ufffe", "x.yaml:2:4: holds a character that cannot be read, U+FFFE"),
    ],
)
def test_what_is_refused_is_shown_at_its_place(text: str, report: str) -> None:
    assert refused(text) == [report]


def test_all_duplicates_are_found_and_the_first_is_kept() -> None:
    node, problems = read_yaml("a: 1\nb: {c: 1, c: 2}\na: 2\na: 3\n", "x.yaml")
    assert tree(node) == {"a": 1, "b": {"c": 1}}
    assert [one.line for one in problems] == [2, 3, 4]


def test_a_mapping_that_lost_a_key_says_so() -> None:
    node, _ = read_yaml("a: {<<: {b: 1}, c: 2}\nd: {e: 1, e: 2}\n", "x.yaml")
    assert isinstance(node, Mapping)
    without, doubled = node.get("a"), node.get("d")
    assert isinstance(without, Mapping)
    assert isinstance(doubled, Mapping)
    assert not without.whole
    assert doubled.whole


# -- limits ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        "[" * 200_000,
        "{a: " * 200_000,
        "- " * 200_000,
        "? " * 200_000,
        "".join(" " * depth + "a:\n" for depth in range(200)),
    ],
)
def test_depth_is_bounded(text: str) -> None:
    assert [report.split(": ")[1] for report in refused(text)] == ["nested deeper than 60 levels"]


def test_the_number_of_values_is_bounded() -> None:
    assert refused("[" + "a," * source.MAX_NODES + "]")[0].endswith(": more than 200,000 values")


def test_aliases_cannot_blow_up() -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 20)]
    assert refused("\n".join(lines))[0].endswith(": aliases repeat more than 20,000 values")


def test_problems_are_bounded() -> None:
    found = refused("{" + "a: b, " * 50_000 + "}")
    assert len(found) == source.MAX_PROBLEMS + 1
    assert found[-1] == "x.yaml: more than 1,000 mistakes, of which these are the first"


# -- files ----------------------------------------------------------------------------


def told(path: Path, limit: int = 100) -> str:
    text, problems = read_text(path, "x.yaml", limit)
    assert text == ""
    assert all(isinstance(problem, Problem) for problem in problems)
    return "\n".join(problem.render() for problem in problems)


def test_a_file_may_begin_with_a_byte_order_mark(tmp_path: Path) -> None:
    path = tmp_path / "x.yaml"
    path.write_bytes("\ufeffa: ü".encode())
    assert read_text(path, "x.yaml", 100) == ("a: ü", [])


def test_a_file_that_is_not_utf_8_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "x.yaml"
    path.write_bytes("a: 1\nb: ü\n".encode("latin-1"))
    assert told(path) == ("x.yaml: is not UTF-8 text, first in line 2\n  = save the file as UTF-8")
    path.write_bytes("a: 1".encode("utf-16"))
    assert told(path).startswith("x.yaml: is not UTF-8 text, first in line 1")


def test_a_file_may_have_its_limit_and_no_more(tmp_path: Path) -> None:
    path = tmp_path / "x.yaml"
    path.write_text("a" * 100)
    assert read_text(path, "x.yaml", 100) == ("a" * 100, [])
    path.write_text("a" * 101)
    assert told(path) == "x.yaml: is larger than 100 bytes\n  = split the file"


def test_a_file_that_is_not_there_is_a_problem_like_any_other(tmp_path: Path) -> None:
    assert told(tmp_path / "none.yaml") == "x.yaml: cannot be read: no such file or directory"


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes on this system")
def test_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.yaml")
    assert told(tmp_path / "pipe.yaml") == "x.yaml: is not a file"


def test_a_folder_is_not_a_file(tmp_path: Path) -> None:
    assert told(tmp_path) == "x.yaml: is not a file"
