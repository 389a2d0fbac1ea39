"""The summary as a page for a browser: one file that needs no network and no other file."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from html import escape

from eligibility.explain import STATUS_WORDS
from eligibility.model import Status
from eligibility.summaries.document import Counts, Keeper, Summary
from eligibility.summaries.plots import Bar, Plots
from eligibility.summaries.sentences import (
    CERTAIN,
    NOT_TOLD,
    Sentence,
    asked,
    heading,
    kept,
    nearest,
    open_outcomes,
    share,
    students_words,
)
from eligibility.words import clean

__all__ = ["html_page"]

_SYMBOLS = {
    Status.ELIGIBLE: "✓",
    Status.ON_TRACK: "→",
    Status.UNDETERMINED: "?",
    Status.NOT_ELIGIBLE: "·",
}


def html_page(summary: Summary, top: int) -> str:
    """The page: tables of all that the summary counts, plots and sentences of the `top`.

    Raises `UsageError` where matplotlib is not installed.
    """
    plots = Plots()
    title = f"{summary.pack} as of {summary.as_of}"
    body = [
        f"<h1>{_text(title)}</h1>",
        _facts(summary),
        *_statuses(summary, plots),
        *_nearest(summary, top),
        *_keepers(summary, plots, top),
        *_refused(summary),
    ]
    return _PAGE.format(title=_text(title), style=_STYLE, body="\n".join(body))


def _text(text: str) -> str:
    return escape(clean(text))


def _facts(summary: Summary) -> str:
    rows = "".join(f"<dt>{label}</dt><dd>{_text(text)}</dd>" for label, text in asked(summary))
    return f"<dl>{rows}</dl>"


def _table(caption: str, heads: Sequence[str], rows: Iterable[Sequence[str]], texts: int) -> str:
    """A table of cells that are HTML; the first `texts` columns hold texts, the others numbers.

    The first column names the row.
    """
    kinds = [' class="text"' if place < texts else "" for place in range(len(heads))]
    head = "".join(
        f'<th scope="col"{kind}>{one}</th>' for one, kind in zip(heads, kinds, strict=True)
    )
    lines = [f"<tr>{head}</tr>"]
    for first, *others in rows:
        cells = "".join(
            f"<td{kind}>{one}</td>" for one, kind in zip(others, kinds[1:], strict=True)
        )
        lines.append(f'<tr><th scope="row"{kinds[0]}>{first}</th>{cells}</tr>')
    head, *below = lines
    return (
        f'<div class="wide"><table><caption>{caption}</caption><thead>{head}</thead>'
        f"<tbody>{''.join(below)}</tbody></table></div>"
    )


def _figure(svg: str) -> str:
    return f'<figure class="wide">{svg}</figure>'


def _sentences(sentences: Iterable[Sentence]) -> str:
    entries = "".join(
        f"<li>{_text(one.text)}"
        + (f' <span class="more">{_text(one.more)}.</span>' if one.more else "")
        + "</li>"
        for one in sentences
    )
    return f"<ul>{entries}</ul>"


# -- the parts of the page --------------------------------------------------------------


def _statuses(summary: Summary, plots: Plots) -> Iterator[str]:
    answered = summary.answered
    yield "<h2>Who is what</h2>"
    if not summary.outcomes:
        return
    bars = [
        Bar(f"{number} {clean(one.title)}", [one.statuses[status] for status in Status])
        for number, one in enumerate(summary.outcomes, 1)
    ]
    about = f"A bar for each outcome, of {students_words(answered)}. The table has the numbers."
    title = "How many students have which status"
    for start in range(0, len(bars) if answered else 0, _BARS):
        yield _figure(plots.statuses(bars[start : start + _BARS], title, about))
    heads = [f"{_SYMBOLS[status]} {escape(STATUS_WORDS[status])}" for status in Status]
    rows = [
        [
            f'{number} <a href="#{_anchor(number)}">{_text(one.title)}</a>'
            if one.blocking
            else f"{number} {_text(one.title)}",
            *(_count(one.statuses[status], answered) for status in Status),
        ]
        for number, one in enumerate(summary.outcomes, 1)
    ]
    yield _table(f"Of {students_words(answered)}", ["outcome", *heads], rows, 1)


_BARS = 18
"""How many bars make a plot: it has to fit a sheet of paper."""


def _anchor(number: int) -> str:
    return f"outcome-{number}"


def _count(count: int, answered: int) -> str:
    return f'{count:,} <span class="share">{escape(share(count, answered))}</span>'


def _nearest(summary: Summary, top: int) -> Iterator[str]:
    if found := nearest(summary, top):
        yield "<h2>Short of one thing only</h2>"
        yield _sentences(found)
        yield f"<p>{CERTAIN}</p>"


def _keepers(summary: Summary, plots: Plots, top: int) -> Iterator[str]:
    if summary.reasons == "none":
        yield f"<p>{escape(NOT_TOLD)}</p>"
        return
    found = open_outcomes(summary)
    if found:
        yield "<h2>What keeps students from it</h2>"
    for number, counts in found:
        yield f'<section id="{_anchor(number)}">'
        yield f"<h3>{number} {_text(counts.title)}</h3>"
        yield f"<p>{heading(counts, summary.answered)}.</p>".replace("<p>the", "<p>The")
        yield _sentences(kept(one) for one in counts.blocking[:top])
        yield _figure(_plot(plots, counts, top))
        yield "<details><summary>All the numbers</summary>"
        rows = (_row(one) for one in counts.blocking)
        heads = ["condition", "place", "students", "alone", "short by: students"]
        yield _table(f"What keeps students from <code>{_text(counts.id)}</code>", heads, rows, 2)
        yield "</details></section>"


def _plot(plots: Plots, counts: Counts, top: int) -> str:
    bars = [
        Bar(clean(one.text), (one.alone, one.students - one.alone)) for one in counts.blocking[:top]
    ]
    title = f"What keeps students from: {clean(counts.title)}"
    about = (
        "A bar for each condition: how many students it keeps alone, and how many with"
        " others. The table has the numbers."
    )
    return plots.keepers(bars, title, about)


def _row(keeper: Keeper) -> list[str]:
    short = "".join(f"<li>{amount:,}: {count:,}</li>" for amount, count in keeper.short_by)
    return [
        _text(keeper.text),
        f"<code>{_text(keeper.path)}</code>",
        f"{keeper.students:,}",
        f"{keeper.alone:,}",
        f"<ul>{short}</ul>" if short else "",
    ]


def _refused(summary: Summary) -> Iterator[str]:
    if not summary.rejected:
        return
    yield "<h2>What was rejected</h2>"
    file = f"<code>{_text(summary.rejects)}</code>"
    yield f"<p>{summary.rejected:,} of {summary.read:,}, told in full in {file}.</p>"
    rows = [[_text(reason), f"{count:,}"] for reason, count in summary.refused]
    yield _table("The most frequent reasons", ["reason", "times"], rows, 1)


_PAGE = """\
<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<style>
{style}</style>
</head>
<body>
<main>
{body}
</main>
</body>
</html>
"""
_STYLE = """\
:root { color-scheme: light; }
body { margin: 0; background: #fff; color: #1f2328; font: 1rem/1.5 system-ui, sans-serif; }
main { max-width: 56rem; margin: 0 auto; padding: 1.5rem 1rem 4rem; }
h1 { font-size: 1.6rem; line-height: 1.25; }
h2 { font-size: 1.25rem; margin: 2.5rem 0 .75rem; padding-top: .75rem; border-top: 2px solid; }
h3 { font-size: 1.05rem; margin: 2rem 0 .25rem; }
p, ul { margin: .25rem 0 .75rem; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: .15rem 1.25rem; }
dt { color: #57606a; }
dd { margin: 0; overflow-wrap: anywhere; }
figure { margin: .75rem 0; }
.wide { overflow-x: auto; }
figure { break-inside: avoid; }
svg { display: block; width: 100%; height: auto; min-width: 34rem; }
svg text { font-family: system-ui, sans-serif !important; }
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; }
caption { text-align: left; color: #57606a; padding: .25rem 0; }
th, td { text-align: right; vertical-align: top; font-weight: normal; padding: .3rem .6rem; }
th { border-bottom: 1px solid #d0d7de; }
td { border-bottom: 1px solid #d0d7de; white-space: nowrap; }
thead th { border-bottom: 2px solid #57606a; font-weight: 600; white-space: nowrap; }
th.text, td.text { text-align: left; white-space: normal; }
td ul { list-style: none; margin: 0; padding: 0; }
code { font-size: .85em; overflow-wrap: anywhere; }
.share, .more { color: #57606a; }
.more { display: block; }
.share { display: inline-block; min-width: 3.2em; }
summary { cursor: pointer; color: #0b5394; }
a { color: #0b5394; }
@media print { details > * { display: block; } section { break-inside: avoid; } }
"""
