"""A PostgreSQL server of the tests' own, in a temporary folder."""

from __future__ import annotations

import contextlib
import glob
import os
import pwd
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

__all__ = ["running"]

_USER = "postgres"
_MADE = ("-A", "trust", "-E", "UTF8", "--locale=C.UTF-8", "--no-sync")
_RUN = ("-c", "fsync=off", "-c", "listen_addresses=")


def _binary(name: str) -> str:
    """A program of the server: on the path, or where Debian keeps it. Skips without it."""
    found = shutil.which(name)
    for path in sorted(glob.glob(f"/usr/lib/postgresql/*/bin/{name}")):
        found = found or path
    if found is None:
        pytest.skip(f"PostgreSQL is not here: there is no {name}")
    return found


def _as_other() -> list[str]:
    """What starts a program as another user: the server refuses to run as root."""
    if os.geteuid() != 0:
        return []
    try:
        user = pwd.getpwnam(_USER)
    except KeyError:
        pytest.skip(f"the server does not run as root, and there is no user {_USER}")
    if shutil.which("setpriv") is None:
        pytest.skip("the server does not run as root, and there is no setpriv")
    return ["setpriv", f"--reuid={user.pw_uid}", f"--regid={user.pw_gid}", "--clear-groups"]


@contextlib.contextmanager
def running() -> Iterator[str]:
    """The address of a server that runs meanwhile; it listens on a socket in its folder."""
    initdb, postgres, other = _binary("initdb"), _binary("postgres"), _as_other()
    # not below a test's own folder, for the path of a socket is short
    folder = Path(tempfile.mkdtemp(prefix="pg-"))
    server = None
    try:
        if other:
            shutil.chown(folder, _USER)
        data = folder / "data"
        made = subprocess.run(
            [*other, initdb, "-D", str(data), "-U", _USER, *_MADE],
            cwd=folder,
            capture_output=True,
            text=True,
            check=False,
        )
        assert made.returncode == 0, made.stderr
        with (folder / "log").open("wb") as log:
            server = subprocess.Popen(
                [*other, postgres, "-D", str(data), "-k", str(folder), *_RUN],
                cwd=folder,
                stdout=log,
                stderr=log,
            )
        url = f"postgresql:///{_USER}?host={folder}&user={_USER}"
        _wait(server, url, folder / "log")
        yield url
    finally:
        if server is not None:
            server.terminate()
            server.wait()
        shutil.rmtree(folder)


def _wait(server: subprocess.Popen[bytes], url: str, log: Path) -> None:
    """Until the server answers."""
    for _ in range(600):
        assert server.poll() is None, log.read_text()
        with contextlib.suppress(psycopg.OperationalError), psycopg.connect(url):
            return
        time.sleep(0.1)
    raise AssertionError(log.read_text())
