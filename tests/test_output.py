"""Output is whole or not there."""

from __future__ import annotations

import os
import stat
import sys
from pathlib import Path

import pytest

from eligibility.errors import UsageError
from eligibility.output import opened, written_once


def write(path: Path | str, text: str = "new") -> None:
    with opened(str(path)) as stream:
        stream.write(text)


def write_half(path: Path, fault: type[BaseException]) -> None:
    with opened(str(path)) as stream:
        stream.write("half")
        stream.flush()
        raise fault


@pytest.fixture(autouse=True)
def _nothing_is_left_over(tmp_path: Path) -> object:
    yield
    assert list(tmp_path.rglob(".eligibility-*")) == []


def test_a_new_file_has_the_mode_of_any_new_file(tmp_path: Path) -> None:
    write(tmp_path / "new")
    (tmp_path / "other").touch()
    assert (tmp_path / "new").read_text() == "new"
    assert (tmp_path / "new").stat().st_mode == (tmp_path / "other").stat().st_mode


def test_an_old_file_is_replaced_and_keeps_its_mode(tmp_path: Path) -> None:
    old = tmp_path / "old"
    old.write_text("old")
    old.chmod(0o640)
    write(old)
    assert old.read_text() == "new"
    assert stat.S_IMODE(old.stat().st_mode) == 0o640


@pytest.mark.parametrize("fault", [KeyboardInterrupt, SystemExit, ValueError])
def test_an_old_file_stays_when_the_new_one_is_not_finished(
    fault: type[BaseException], tmp_path: Path
) -> None:
    old = tmp_path / "old"
    old.write_text("old")
    with pytest.raises(fault):
        write_half(old, fault)
    assert old.read_text() == "old"


def test_a_link_stays_a_link_and_its_file_is_replaced(tmp_path: Path) -> None:
    (tmp_path / "there").mkdir()
    real, link = tmp_path / "there" / "real", tmp_path / "link"
    link.symlink_to(real)
    write(link, "first")
    write(link, "second")
    assert link.is_symlink()
    assert real.read_text() == "second"


def test_a_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError) as refused:
        write(tmp_path)
    assert str(refused.value) == f"`{tmp_path}` is a folder\n  = name a file to write to"


def test_a_folder_that_is_not_there_is_said(tmp_path: Path) -> None:
    path = tmp_path / "none" / "new"
    with pytest.raises(UsageError) as refused:
        write(path)
    assert str(refused.value) == f"`{path}` cannot be written: No such file or directory"


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
def test_a_full_disk_is_said() -> None:
    with pytest.raises(UsageError, match="`/dev/full` cannot be written: No space left on device"):
        write("/dev/full")


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs pipes with names")
def test_a_pipe_is_written_to_and_not_replaced(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    write(pipe)
    assert os.read(reader, 10) == b"new"
    os.close(reader)
    assert stat.S_ISFIFO(pipe.stat().st_mode)


def test_text_is_utf_8_and_line_ends_are_kept(tmp_path: Path) -> None:
    write(tmp_path / "new", "水\n\udc80\n")
    assert (tmp_path / "new").read_bytes() == "水\n\\udc80\n".encode()


def test_without_a_path_it_is_standard_output() -> None:
    with opened(None) as stream:
        assert stream is sys.stdout


def test_what_is_written_once_never_takes_the_place_of_a_file(tmp_path: Path) -> None:
    written_once(None)
    written_once(str(tmp_path / "new"))
    (tmp_path / "old").touch()
    with pytest.raises(UsageError, match="exists already"):
        written_once(str(tmp_path / "old"))
