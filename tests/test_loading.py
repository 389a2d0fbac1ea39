"""From folders to documents: which files belong to a pack, and what they may use."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from eligibility import loading
from eligibility.errors import RulesError
from eligibility.loading import Rules, find_packs, read_case_files, read_rules, shown

HEAD = "pack: {name}\ntitle: A\nversion: '1'\nuse: [{use}]\n"


def write(root: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
    return root


def head(name: str, use: str = "") -> str:
    return HEAD.format(name=name, use=use)


def names(rules: Rules) -> list[str]:
    return [document.name for document in rules.documents]


def told(rules: Rules) -> list[str]:
    return [f"{problem.place}: {problem.message.text}" for problem in rules.problems]


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


# -- finding packs --------------------------------------------------------------------


def test_a_pack_is_found_by_its_folder_its_file_or_the_folder_around(here: Path) -> None:
    write(here, {"b/pack.yaml": head("b"), "a/pack.yaml": head("a"), "c/other.yaml": "x: 1"})
    assert find_packs(Path("a")) == (Path("a"),)
    assert find_packs(Path("a/pack.yaml")) == (Path("a"),)
    assert find_packs(Path()) == (Path("a"), Path("b"))


@pytest.mark.parametrize(
    ("path", "report"),
    [
        ("none", "none: no such folder of rules"),
        ("c", "c: no rule pack here: no `pack.yaml` in it or right below it"),
        ("c/other.yaml", "c/other.yaml: is a file, not a folder of rules"),
        ("a\0b", "a\0b: no such folder of rules"),
    ],
)
def test_where_there_is_no_pack_the_hint_says_what_to_name(
    here: Path, path: str, report: str
) -> None:
    write(here, {"c/other.yaml": "x: 1"})
    with pytest.raises(RulesError) as caught:
        find_packs(Path(path))
    assert str(caught.value) == f"{report}\n  = name the folder of a pack, or a folder of packs"


# -- what belongs to a pack -----------------------------------------------------------


def test_all_yaml_files_of_a_pack_are_its_parts_its_head_first(here: Path) -> None:
    write(
        here,
        {
            "a/pack.yaml": head("a"),
            "a/B.YML": "outcomes: {}",
            "a/all.yaml": "outcomes: {}",
            "a/below/deep/c.yaml": "outcomes: {}",
            "a/notes.txt": "no rules",
            "a/.hidden.yaml": "no: rules",
            "a/.git/x.yaml": "no: rules",
        },
    )
    rules = read_rules([Path("a")])
    assert told(rules) == []
    assert names(rules) == ["a/pack.yaml", "a/B.YML", "a/all.yaml", "a/below/deep/c.yaml"]
    assert [document.head for document in rules.documents] == [True, False, False, False]
    assert not rules.incomplete


def test_case_files_are_no_part_of_the_rules(here: Path) -> None:
    cases = "cases: []"
    write(
        here,
        {
            "a/pack.yaml": head("a"),
            "a/cases.yaml": cases,
            "a/cases/x.yaml": "base: {}",
            "a/below/cases/y.yaml": cases,
            "a/examples.yaml": cases,
        },
    )
    rules = read_rules([Path("a")])
    assert names(rules) == ["a/pack.yaml"]
    documents, problems = read_case_files([Path("a")])
    assert problems == []
    assert [document.name for document in documents] == [
        "a/cases.yaml",
        "a/examples.yaml",
        "a/below/cases/y.yaml",
        "a/cases/x.yaml",
    ]


def test_cases_do_not_change_the_digest_and_rules_do(here: Path) -> None:
    write(here, {"a/pack.yaml": head("a"), "a/cases.yaml": "cases: []"})
    first = read_rules([Path("a")]).digest
    write(here, {"a/cases.yaml": "cases: [1]", "a/examples.yaml": "cases: []"})
    assert read_rules([Path("a")]).digest == first
    write(here, {"a/b.yaml": "outcomes: {}"})
    assert read_rules([Path("a")]).digest != first


def test_broken_cases_do_not_keep_the_rules_from_being_read(here: Path) -> None:
    write(here, {"a/pack.yaml": head("a"), "a/cases/x.yaml": "cases: ["})
    assert told(read_rules([Path("a")])) == []
    _, problems = read_case_files([Path("a")])
    assert [problem.place for problem in problems] == ["a/cases/x.yaml:1:9"]


def test_broken_rules_are_not_reported_with_the_cases(here: Path) -> None:
    write(here, {"a/pack.yaml": head("a"), "a/b.yaml": "x: [", "a/cases.yaml": "cases: []"})
    documents, problems = read_case_files([Path("a")])
    assert [document.name for document in documents] == ["a/cases.yaml"]
    assert problems == []


def test_a_pack_is_the_same_from_wherever_it_is_named(
    here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(here, {"rules/a/pack.yaml": head("a", "words"), "rules/words.yaml": "vocabulary: w"})
    first = read_rules([Path("rules/a")])
    assert told(first) == []
    absolute = read_rules([here / "rules" / "a"])
    monkeypatch.chdir(here / "rules" / "a")
    inside = read_rules([Path()])
    assert told(inside) == []
    assert first.digest == absolute.digest == inside.digest
    assert names(inside) == [(here / "rules" / "words.yaml").as_posix(), "pack.yaml"]


def test_packs_of_one_name_in_two_places_both_count_in_the_digest(here: Path) -> None:
    write(here, {"x/a/pack.yaml": head("a"), "y/a/pack.yaml": head("b")})
    first = read_rules([Path("x/a"), Path("y/a")]).digest
    write(here, {"x/a/pack.yaml": head("c")})
    assert read_rules([Path("x/a"), Path("y/a")]).digest != first


def test_the_order_of_files_on_disk_does_not_matter(here: Path) -> None:
    files = {f"a/{name}.yaml": "outcomes: {}" for name in "xcbz"}
    write(here, {"a/pack.yaml": head("a"), **files})
    write(here / "again", dict(reversed([("a/pack.yaml", head("a")), *files.items()])))
    assert read_rules([Path("a")]).digest == read_rules([Path("again/a")]).digest


def test_a_link_to_a_folder_is_not_followed(here: Path) -> None:
    write(here, {"a/pack.yaml": head("a")})
    (here / "a" / "loop").symlink_to(here / "a", target_is_directory=True)
    assert names(read_rules([Path("a")])) == ["a/pack.yaml"]


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes on this system")
def test_a_pipe_among_the_rules_is_refused(here: Path) -> None:
    write(here, {"a/pack.yaml": head("a")})
    os.mkfifo(here / "a" / "pipe.yaml")
    rules = read_rules([Path("a")])
    assert told(rules) == ["a/pipe.yaml: is not a file"]
    assert rules.incomplete


def test_a_file_that_is_no_mapping_is_refused(here: Path) -> None:
    write(here, {"a/pack.yaml": head("a"), "a/b.yaml": "- x", "a/c.yaml": "---\n...\n"})
    assert told(read_rules([Path("a")])) == [
        "a/b.yaml:1:1: a file of rules starts with a key",
        "a/c.yaml: the file is empty",
    ]


def test_a_pack_inside_a_pack_is_refused_and_its_files_are_left_out(here: Path) -> None:
    write(
        here,
        {"a/pack.yaml": head("a"), "a/b/pack.yaml": head("b"), "a/b/c/d.yaml": "outcomes: {}"},
    )
    rules = read_rules([Path("a")])
    assert names(rules) == ["a/pack.yaml"]
    assert told(rules) == ["a/b/pack.yaml: is a pack inside another pack"]


def test_the_number_of_files_is_bounded(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(loading, "MAX_FILES", 3)
    write(here, {"a/pack.yaml": head("a"), **{f"a/{n}.yaml": "outcomes: {}" for n in range(9)}})
    rules = read_rules([Path("a")])
    assert told(rules) == ["a: more than 3 files in one pack"]


def test_the_bytes_of_all_files_are_bounded(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(here, {"a/pack.yaml": head("a"), "a/b.yaml": "outcomes: {}", "a/c.yaml": "define: {}"})
    monkeypatch.setattr(loading, "MAX_BYTES", 50)
    assert told(read_rules([Path("a")])) == [
        "a/c.yaml: all files together are larger than 50 bytes"
    ]


# -- use ------------------------------------------------------------------------------


def test_what_is_used_is_read_once_and_before_what_uses_it(here: Path) -> None:
    write(
        here,
        {
            "a/pack.yaml": head("a", "b, words/more"),
            "b/pack.yaml": head("b", "words/more, c"),
            "c/pack.yaml": head("c"),
            "words/more.yaml": "vocabulary: more",
        },
    )
    rules = read_rules([Path("a"), Path("c")])
    assert told(rules) == []
    assert names(rules) == ["words/more.yaml", "c/pack.yaml", "b/pack.yaml", "a/pack.yaml"]
    assert [path.name for path in rules.packs] == ["a", "c"]
    assert [document.pack is None for document in rules.documents] == [True, False, False, False]


def test_a_vocabulary_in_the_pack_itself_is_not_read_twice(here: Path) -> None:
    write(here, {"a/pack.yaml": head("a", "a/words"), "a/words.yaml": "vocabulary: w"})
    rules = read_rules([Path("a")])
    assert told(rules) == []
    assert names(rules) == ["a/pack.yaml", "a/words.yaml"]


@pytest.mark.parametrize(
    ("use", "report"),
    [
        ("../b", "`../b` is not a path below the folder of rules"),
        ("/etc/passwd", "`/etc/passwd` is not a path below the folder of rules"),
        ("b/../../b", "`b/../../b` is not a path below the folder of rules"),
        ("./b", "`./b` is not a path below the folder of rules"),
        ("b/", "`b/` is not a path below the folder of rules"),
        ("B", "`B` is not a path below the folder of rules"),
        ("b.yaml", "`b.yaml` is not a path below the folder of rules"),
        ('"c:\\\\b"', "`c:\\b` is not a path below the folder of rules"),
        ("none", "nothing to use at `none`"),
        ("a", "packs use each other: `a` -> `a`"),
    ],
)
def test_only_what_is_below_the_rules_can_be_used(here: Path, use: str, report: str) -> None:
    write(here, {"rules/a/pack.yaml": head("a", use), "b.yaml": "vocabulary: b"})
    assert told(read_rules([Path("rules/a")])) == [f"rules/a/pack.yaml:4:7: {report}"]


def test_packs_that_use_each_other_are_refused_with_the_circle(here: Path) -> None:
    write(
        here,
        {
            "a/pack.yaml": head("a", "b"),
            "b/pack.yaml": head("b", "c"),
            "c/pack.yaml": head("c", "b"),
        },
    )
    rules = read_rules([Path("a")])
    assert told(rules) == ["c/pack.yaml:4:7: packs use each other: `b` -> `c` -> `b`"]
    # all there is has been read, so what it declares is not unknown
    assert not rules.incomplete
    assert names(rules) == ["c/pack.yaml", "b/pack.yaml", "a/pack.yaml"]


def test_a_long_chain_of_packs_is_refused(here: Path) -> None:
    write(here, {f"p{n}/pack.yaml": head("p", f"p{n + 1}") for n in range(2_000)})
    rules = read_rules([Path("p0")])
    assert told(rules) == ["p20/pack.yaml:4:7: more than 20 packs use one another"]
    assert rules.incomplete


def test_what_cannot_be_followed_makes_the_rules_incomplete(here: Path) -> None:
    write(here, {"a/pack.yaml": head("a", "{b: c}")})
    assert read_rules([Path("a")]).incomplete
    write(here, {"a/pack.yaml": "pack: a\nuse: b", "b.yaml": "vocabulary: b"})
    rules = read_rules([Path("a")])
    assert names(rules) == ["b.yaml", "a/pack.yaml"]
    assert not rules.incomplete


# -- names ----------------------------------------------------------------------------


def test_a_path_is_shown_as_a_person_here_would_write_it(here: Path) -> None:
    assert shown(here / "a" / "b.yaml") == "a/b.yaml"
    assert shown(Path("a")) == "a"
    assert shown(here) == "."
    assert shown(here.parent) == here.parent.as_posix()


def test_a_path_is_shown_as_given_where_here_has_been_deleted(here: Path) -> None:
    gone = here / "gone"
    gone.mkdir()
    os.chdir(gone)
    gone.rmdir()
    assert shown(here / "a.yaml") == (here / "a.yaml").as_posix()
    assert shown(Path("a.yaml")) == "a.yaml"
