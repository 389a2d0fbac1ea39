"""The plots of a summary, as SVG to stand in a page: nothing in it leads anywhere else.

Statuses differ by colour, by pattern and by a label, and each plot has a title and a
description for those who hear it. Texts stay texts.
"""

from __future__ import annotations

import io
import logging
import textwrap
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree as ET

from eligibility.errors import Message, UsageError
from eligibility.explain import STATUS_WORDS
from eligibility.model import Status

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["Bar", "Plots"]


@dataclass(frozen=True, slots=True)
class Bar:
    """A bar of a plot: what stands above it, and the numbers of its segments."""

    label: str
    counts: Sequence[int]


@dataclass(frozen=True, slots=True)
class _Look:
    """How a segment looks, and the word for it."""

    word: str
    fill: str
    text: str
    hatch: str | None
    edge: str = "white"


_INK = "#1f2328"
_STATUSES: Mapping[Status, _Look] = {
    Status.ELIGIBLE: _Look("✓", "#14633a", "white", None),
    Status.ON_TRACK: _Look("→", "#1f6fb2", "white", "///"),
    Status.UNDETERMINED: _Look("?", "#a85f00", "white", "|||"),
    Status.NOT_ELIGIBLE: _Look("·", "#e6e8eb", _INK, None, "#6b7178"),
}
"""White on the first three and dark on the last has a contrast of 4.5 at least."""

_KEEPERS = (
    _Look("by this alone", "#7b1e5b", "white", None),
    _Look("by this and by more", "#f0dbe8", _INK, "///", "#9a5583"),
)

_WIDTH, _BAR, _HEAD = 7.6, 0.52, 0.5
"""Inches: of a plot, of each bar with its label, and of the legend and the margins."""

_LABEL = 88
"""How many characters stand above a bar; the table beside the plot has all of them."""


class Plots:
    """Draws with matplotlib, by no settings but these."""

    def __init__(self) -> None:
        """Raises `UsageError` where matplotlib is not installed."""
        if find_spec("matplotlib") is None:
            hint = "`pip install 'eligibility[html]'` brings what draws them"
            raise UsageError(Message("a page with plots cannot be made here", hint))
        # where a cache of fonts can be kept is not the user's business
        logging.getLogger("matplotlib").setLevel(logging.ERROR)
        self._made = 0

    def statuses(self, bars: Sequence[Bar], title: str, about: str) -> str:
        """Stacked bars of how many have which status, each as long as the others."""
        looks = [*_STATUSES.values()]
        words = [f"{look.word} {STATUS_WORDS[status]}" for status, look in _STATUSES.items()]
        return self._drawn(bars, looks, words, title, about)

    def keepers(self, bars: Sequence[Bar], title: str, about: str) -> str:
        """Bars of how many a condition keeps: alone, and with others."""
        return self._drawn(bars, _KEEPERS, [look.word for look in _KEEPERS], title, about)

    def _drawn(
        self,
        bars: Sequence[Bar],
        looks: Sequence[_Look],
        words: Sequence[str],
        title: str,
        about: str,
    ) -> str:
        from matplotlib import style

        with style.context(["default", _SETTINGS]), warnings.catch_warnings():
            # a font here may lack a character that the browser's has
            warnings.filterwarnings("ignore", message="Glyph .* missing from", category=UserWarning)
            figure = _figure(bars, looks, words)
            stream = io.StringIO()
            figure.savefig(
                stream, format="svg", metadata=dict.fromkeys(_METADATA), transparent=True
            )
        self._made += 1
        return _inline(stream.getvalue(), f"plot-{self._made}", title, about)


_SETTINGS: dict[str, Any] = {
    "font.family": "sans-serif",
    "font.size": 9.5,
    "hatch.linewidth": 0.9,
    "svg.fonttype": "none",
    "svg.hashsalt": "eligibility",
    "text.color": _INK,
    "text.parse_math": False,
}
_METADATA = ("Creator", "Date", "Format", "Type")


def _figure(bars: Sequence[Bar], looks: Sequence[_Look], words: Sequence[str]) -> Figure:
    from matplotlib.figure import Figure
    from matplotlib.patches import Patch

    height = _HEAD + _BAR * len(bars)
    figure = Figure(figsize=(_WIDTH, height))
    axes = figure.add_axes((0.01, 0.1 / height, 0.98, (height - _HEAD + 0.1) / height))
    longest = max([1, *(sum(bar.counts) for bar in bars)])
    for row, bar in enumerate(bars):
        _segments(axes, row, bar, looks, longest)
    axes.set_xlim(0, longest)
    axes.set_ylim(len(bars) - 0.6, -0.62)
    axes.set_axis_off()
    handles = [
        Patch(facecolor=look.fill, edgecolor=look.edge, hatch=look.hatch, label=word)
        for look, word in zip(looks, words, strict=True)
    ]
    figure.legend(
        handles=handles,
        loc="upper left",
        bbox_to_anchor=(0.0, 1.0),
        ncols=len(handles),
        frameon=False,
        handlelength=1.6,
        handleheight=1.1,
        columnspacing=2.2,
    )
    return figure


def _segments(axes: Axes, row: int, bar: Bar, looks: Sequence[_Look], longest: int) -> None:
    label = textwrap.shorten(bar.label, _LABEL, placeholder=" ...")
    axes.text(0, row - 0.32, label, va="center", ha="left", fontsize=9.5)
    left = 0
    for count, look in zip(bar.counts, looks, strict=True):
        if not count:
            continue
        axes.barh(
            row + 0.08,
            count,
            height=0.42,
            left=left,
            color=look.fill,
            edgecolor=look.edge,
            hatch=look.hatch,
            linewidth=0.9,
        )
        text = f"{look.word} {count:,}" if len(look.word) == 1 else f"{count:,}"
        if count / longest > 0.016 * (len(text) + 1):
            # a patch of the fill keeps the pattern away from the text
            box = {"facecolor": look.fill, "edgecolor": "none", "pad": 1.2}
            place = (left + count / 2, row + 0.09)
            axes.text(*place, text, color=look.text, va="center", ha="center", bbox=box, fontsize=9)
        left += count


_SVG = "{http://www.w3.org/2000/svg}"
_XLINK = "{http://www.w3.org/1999/xlink}"


def _inline(svg: str, name: str, title: str, about: str) -> str:
    """An SVG to stand in a page: with names of its own, a title and a description.

    HTML needs no namespaces, so that no address at all is left in it.
    """
    root = ET.fromstring(svg)  # noqa: S314  # it was made right here
    for element in root.iter():
        element.tag = element.tag.removeprefix(_SVG)
        for key, value in [*element.attrib.items()]:
            del element.attrib[key]
            element.attrib[key.removeprefix(_XLINK)] = _named(key, value, name)
    width, height = root.attrib["viewBox"].split()[2:]
    root.attrib.update(
        {
            "id": name,
            "role": "img",
            "aria-labelledby": f"{name}-title {name}-about",
            "width": width,
            "height": height,
        }
    )
    for place, (tag, text) in enumerate((("title", title), ("desc", about))):
        element = ET.Element(tag, {"id": f"{name}-{'title' if tag == 'title' else 'about'}"})
        element.text = text
        root.insert(place, element)
    return ET.tostring(root, encoding="unicode")


def _named(key: str, value: str, name: str) -> str:
    """The value of an attribute; ids, and what refers to one, begin with the plot's name."""
    if key == "id":
        return f"{name}-{value}"
    if value.startswith("#") and key.endswith("href"):
        return f"#{name}-{value[1:]}"
    return value.replace("url(#", f"url(#{name}-")
