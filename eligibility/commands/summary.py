"""`eligibility summary`: what a batch found, told to people."""

from __future__ import annotations

import sys

import click

from eligibility.commands.shared import EXIT_CODES

__all__ = ["summary"]


@click.command(epilog=EXIT_CODES)
@click.argument("out", metavar="OUT")
@click.option(
    "--format",
    "kind",
    type=click.Choice(["text", "json"]),
    default="text",
    show_default=True,
    help="For people, or the document as it is.",
)
@click.option(
    "--top",
    type=click.IntRange(1),
    metavar="N",
    default=5,
    show_default=True,
    help="How many conditions to tell of for each outcome.",
)
@click.option("--html", metavar="FILE", help="Write a page for a browser, too, with plots.")
def summary(out: str, kind: str, top: int, html: str | None) -> None:
    """Tell what `eligibility batch` found: OUT is what it wrote, or its summary."""
    from eligibility.output import opened
    from eligibility.summaries.document import read_summary
    from eligibility.summaries.finding import find_summary, spared, text_of

    path = find_summary(out)
    text = text_of(path)
    document = read_summary(text, str(path))
    if html is not None:
        from eligibility.summaries.html import html_page

        spared(html, (path, out))
        page = html_page(document, top)
        with opened(html) as stream:
            stream.write(page)
    if kind == "json":
        with opened(None) as stream:
            stream.write(text)
        return
    from eligibility.summaries.page import summary_page
    from eligibility.text import console_for, emit

    console = console_for(sys.stdout)
    emit(console, summary_page(document, console, top))
