"""Where third-party data is found: none of it is part of the project."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
EXTERNAL = Path(os.environ.get("ELIGIBILITY_EXTERNAL", ROOT.parent / "shared" / "external"))


@pytest.fixture(scope="session")
def external() -> Callable[[str], Path]:
    """The path of a file of third-party data; the test is skipped where it is absent."""

    def find(name: str) -> Path:
        path = EXTERNAL / name
        if not path.exists():
            pytest.skip(f"needs {name}, third-party data that is not shipped")
        return path

    return find


@pytest.fixture(scope="session")
def packs() -> Path:
    """The packs that put third-party rules into the rule language."""
    return Path(__file__).parent / "packs"
