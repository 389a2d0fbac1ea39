"""What every test stands on: how many examples a property gets, and a plain terminal."""

from __future__ import annotations

import os

import pytest
from hypothesis import settings

# The terminal of whoever runs the tests is no part of what they say.
for name in ("COLUMNS", "LINES", "FORCE_COLOR", "NO_COLOR", "TTY_COMPATIBLE", "TTY_INTERACTIVE"):
    os.environ.pop(name, None)

# A property is tried with this many examples unless its test says otherwise; on a machine
# that counts (CI) with the same ones each time.
settings.register_profile(
    "eligibility",
    max_examples=int(os.environ.get("ELIGIBILITY_EXAMPLES", "2000")),
    deadline=None,
    derandomize="CI" in os.environ,
    print_blob=True,
)
settings.load_profile("eligibility")


@pytest.hookimpl(trylast=True)  # once Hypothesis has marked its own
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Properties and acceptance tests are not measured for coverage.

    Thousands of examples take two to three times as long under it, and a line that only
    chance or other people's data reaches is not covered.
    """
    if config.getoption("--no-cov", default=True):
        return  # the mark would be looked up in a plugin that is not at work
    for item in items:
        if item.get_closest_marker("hypothesis") or item.path.parent.name == "acceptance":
            item.add_marker(pytest.mark.no_cover)
