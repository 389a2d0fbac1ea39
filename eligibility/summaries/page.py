"""The summary as a page for a terminal."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from rich.cells import cell_len
from rich.console import Console, Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from eligibility.explain import STATUS_WORDS
from eligibility.model import Status
from eligibility.summaries.document import Counts, Summary
from eligibility.summaries.sentences import (
    CERTAIN,
    NOT_TOLD,
    Sentence,
    asked,
    heading,
    kept,
    left_out,
    nearest,
    open_outcomes,
    refused,
    share,
    students_words,
)
from eligibility.text import status_cell
from eligibility.words import clean

__all__ = ["summary_page"]

_BLOCKS = {
    Status.ELIGIBLE: ("█", "#"),
    Status.ON_TRACK: ("▓", "="),
    Status.UNDETERMINED: ("▒", "?"),
    Status.NOT_ELIGIBLE: ("░", "."),
}
"""What a bar is made of: shades, and signs where the terminal has no shades."""

_NARROW, _WIDE = 10, 32
"""How few and how many columns a bar has."""


def summary_page(summary: Summary, console: Console, top: int) -> RenderableType:
    """All of a summary that fits a terminal, with `top` conditions of each outcome."""
    parts: list[RenderableType] = [_asked(summary), Text(""), _statuses(summary, console)]
    if found := nearest(summary, top):
        parts += [Text(""), Text("Short of one thing only", style="bold")]
        parts += [_sentence(one) for one in found]
    if summary.reasons == "none":
        parts += [Text(""), Text(NOT_TOLD)]
    elif open_outcomes(summary):
        parts += [Text(""), Text("What keeps students from it", style="bold")]
        for number, counts in open_outcomes(summary):
            parts += [Text(""), *_keepers(number, counts, summary.answered, top)]
    if any(one.short_by for _, counts in open_outcomes(summary) for one in counts.blocking):
        parts += [Text(""), Text(CERTAIN, style="dim")]
    if summary.rejected:
        head = Text(f"{summary.rejected:,} rejected", style="bold")
        parts += [Text(""), head.append(f", told in full in {clean(summary.rejects)}", "not bold")]
        parts += [_sentence(one) for one in refused(summary, top)]
    return Group(*parts)


def _asked(summary: Summary) -> RenderableType:
    grid = Table.grid(padding=(0, 2))
    grid.add_column(no_wrap=True, style="dim")
    grid.add_column(overflow="fold")
    for label, text in asked(summary):
        grid.add_row(label, Text(clean(text[:_DIGEST] if label == "digest" else text)))
    return grid


_DIGEST = 19
"""How much of the digest is shown: the first twelve digits."""


def _sentence(sentence: Sentence) -> RenderableType:
    """A sentence that hangs behind a dash, and below it what is to be added."""
    grid = Table.grid(padding=(0, 1))
    grid.add_column(no_wrap=True)
    grid.add_column(overflow="fold")
    grid.add_row("-", Text(clean(sentence.text)))
    if sentence.more is not None:
        grid.add_row("", Text(clean(sentence.more), style="dim"))
    return Padding(grid, (0, 0, 0, 2))


def _keepers(number: int, counts: Counts, answered: int, top: int) -> Iterator[RenderableType]:
    title = Table.grid(padding=(0, 1))
    title.add_column(no_wrap=True)
    title.add_column(overflow="fold")
    head = Text(clean(counts.title), style="bold")
    title.add_row(f"{number}", head.append(f": {heading(counts, answered)}", "not bold"))
    yield title
    yield from (_sentence(kept(one)) for one in counts.blocking[:top])
    if left := left_out(counts, top):
        yield Padding(Text(f"  {left}", style="dim"), (0, 0, 0, 2))


# -- statuses ---------------------------------------------------------------------------


def _statuses(summary: Summary, console: Console) -> RenderableType:
    """Each outcome by its title, below it a bar and how many have which status."""
    answered = summary.answered
    cells = [
        [_cell(counts.statuses[status], answered) for status in Status]
        for counts in summary.outcomes
    ]
    wide = max([8, *(cell_len(one) for row in cells for one in row)]) + 2
    margin = len(str(len(summary.outcomes))) + 1
    size = max(_NARROW, min(_WIDE, console.width - margin - 4 * wide))
    head = Text(students_words(answered).ljust(margin + size), style="bold", no_wrap=True)
    for status in Status:
        symbol, style = status_cell(status, console)
        head.append(symbol.rjust(wide - _SHARE), style).append(" " * _SHARE)
    lines: list[RenderableType] = [head]
    for number, (counts, row) in enumerate(zip(summary.outcomes, cells, strict=True), 1):
        title = Text(f"{number:>{margin - 1}} ")
        title.append(clean(counts.title))
        lines.append(_hanging(title, margin))
        line = Text(" " * margin, no_wrap=True)
        line.append(_bar(counts.statuses, size, console))
        for text in row:
            line.append(text.rjust(wide))
        lines.append(line)
    return Group(*lines, Text(""), _legend(console))


_SHARE = 5
"""The columns that a share takes, with the blank before it."""


def _cell(count: int, answered: int) -> str:
    return f"{count:,}{share(count, answered):>{_SHARE}}" if count else ""


def _hanging(title: Text, margin: int) -> RenderableType:
    grid = Table.grid()
    grid.add_column(no_wrap=True, width=margin)
    grid.add_column(overflow="fold")
    grid.add_row(title[:margin], title[margin:])
    return grid


def _legend(console: Console) -> Text:
    legend = Text()
    for status in Status:
        symbol, style = status_cell(status, console)
        legend.append(f"{_block(status, console)} ")
        legend.append(symbol, style).append(f" {STATUS_WORDS[status]}   ")
    return legend


def _block(status: Status, console: Console) -> str:
    shade, sign = _BLOCKS[status]
    return shade if console.encoding.startswith("utf") else sign


def _bar(statuses: Mapping[Status, int], size: int, console: Console) -> str:
    """A bar of so many columns; whoever there is has one at least, where there is room."""
    columns = _columns([statuses[status] for status in Status], size)
    return "".join(
        _block(status, console) * count for status, count in zip(Status, columns, strict=True)
    ).ljust(size)


def _columns(counts: Sequence[int], size: int) -> list[int]:
    """The columns shared out by the counts, which together fill the bar."""
    whole = sum(counts)
    if not whole:
        return [0] * len(counts)
    columns = [max(1, count * size // whole) if count else 0 for count in counts]
    while sum(columns) != size:
        step = 1 if sum(columns) < size else -1
        # the one whose columns are the furthest from its count gives or takes
        off = [
            step * (count * size - had * whole) for count, had in zip(counts, columns, strict=True)
        ]
        able = [one for one in range(len(counts)) if columns[one] > (1 if step < 0 else 0)]
        columns[max(able, key=lambda one: off[one])] += step
    return columns
