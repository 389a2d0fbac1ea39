"""Draws `docs/check.svg`, the picture in the README: run it after the output has changed."""

from __future__ import annotations

import datetime
import io
import json
import re
from pathlib import Path

from rich.console import Console

from eligibility import load_pack
from eligibility.text import profile_text

ROOT = Path(__file__).parent.parent
PROFILE = "profiles/last-term-in-progress-at-an-accredited-programme.json"
OUTCOMES = ("program-admission", "diploma", "rhit-exam", "rhit-renewal")
AS_OF = datetime.date(2026, 11, 24)
PICTURE = ROOT / "docs" / "check.svg"


def draw() -> str:
    """The picture as SVG, without the web fonts that rich would load from elsewhere."""
    pack = load_pack(ROOT / "rules" / "medical-records")
    profile = json.loads((ROOT / PROFILE).read_text(encoding="utf-8"))
    answer = pack.check(profile, as_of=AS_OF, outcomes=OUTCOMES, source=PROFILE)
    console = Console(
        file=io.StringIO(), record=True, width=80, force_terminal=True, highlight=False
    )
    console.print(profile_text(answer, console))
    svg = console.export_svg(title=f"eligibility check {Path(PROFILE).name}", unique_id="check")
    return re.sub(r"@font-face \{.*?\}\n?\s*", "", svg, flags=re.DOTALL)


if __name__ == "__main__":
    PICTURE.write_text(draw(), encoding="utf-8")
