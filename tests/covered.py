"""A coverage plugin: the rete engine counts only where durable_rules is there to run it."""

from __future__ import annotations

from importlib.util import find_spec
from typing import TYPE_CHECKING

from coverage import CoveragePlugin

if TYPE_CHECKING:
    from coverage.plugin_support import Plugins
    from coverage.types import TConfigurable


class _Configurer(CoveragePlugin):
    def configure(self, config: TConfigurable) -> None:
        if find_spec("durable") is None:
            config.set_option("run:omit", ["*/eligibility/engines/rete.py"])


def coverage_init(reg: Plugins, options: object) -> None:
    reg.add_configurer(_Configurer())
