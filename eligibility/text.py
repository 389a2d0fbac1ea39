"""Verdicts for people: one student in full, or many in a table."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import IO

from rich.console import Console, Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from eligibility.compiled import CompiledPack, Node, NodeKind
from eligibility.explain import (
    Explainer,
    condition_words,
    heading_of,
    question_text,
    status_words,
)
from eligibility.leaves import Scenario
from eligibility.model import Citation, Information, Outcome, RulePack, Status
from eligibility.truth import Truth
from eligibility.verdict import Answer, OutcomeVerdict
from eligibility.words import Words, clean

__all__ = [
    "Row",
    "console_for",
    "emit",
    "outcome_text",
    "outcomes_text",
    "profile_text",
    "requirement_text",
    "table_text",
]

_STYLES = {
    Status.ELIGIBLE: "bold green",
    Status.ON_TRACK: "bold cyan",
    Status.UNDETERMINED: "bold yellow",
    Status.NOT_ELIGIBLE: "bold",
}
_SYMBOLS = {
    Status.ELIGIBLE: ("✓", "+"),
    Status.ON_TRACK: ("→", ">"),
    Status.UNDETERMINED: ("?", "?"),
    Status.NOT_ELIGIBLE: ("·", "-"),
}
_VALUES = {
    Truth.MET: ("✓", "+", "green"),
    Truth.UNKNOWN: ("?", "?", "yellow"),
    Truth.UNMET: ("·", "-", "default"),
}
_LABEL = 14
_QUOTE = 150
"""How much of a quote is shown beside a verdict; `explain` shows all of it."""

Row = tuple[str, Mapping[str, Status]]
"""A student in a table: the id, and the status of each outcome."""


def console_for(stream: IO[str], width: int | None = None) -> Console:
    """A console that is plain where the stream is no terminal or NO_COLOR is set."""
    console = Console(file=stream, width=width, highlight=False, markup=False, emoji=False)
    if width is None and not console.is_terminal:
        # a file or a pipe has no width of its own
        console = Console(file=stream, width=80, highlight=False, markup=False, emoji=False)
    return console


def emit(console: Console, renderable: RenderableType) -> None:
    """Print without the blanks that fill lines up to the width."""
    with console.capture() as captured:
        console.print(renderable)
    for line in captured.get().splitlines():
        console.file.write(line.rstrip() + "\n")


def _symbol(pair: tuple[str, str], console: Console) -> str:
    return pair[0] if (console.encoding or "").lower().startswith("utf") else pair[1]


def _grid(*widths: int | None) -> Table:
    grid = Table.grid(padding=(0, 1), expand=True)
    for width in widths:
        grid.add_column(width=width, ratio=None if width else 1, overflow="fold")
    return grid


# -- one student ------------------------------------------------------------------------


class _Notes:
    """What is said once at the foot and referred to by a mark: sources and assumptions."""

    def __init__(self) -> None:
        self._sources: dict[tuple[str, str | None, object], str] = {}
        self._assumptions: dict[str, str] = {}

    def source(self, citation: Citation) -> str:
        """The quote, with the mark of the text that it is from."""
        key = (citation.title, citation.url, citation.read)
        mark = self._sources.setdefault(key, str(len(self._sources) + 1))
        return f"{_quoted(citation)} [{mark}]".strip()

    def assumptions(self, texts: Sequence[str]) -> str:
        """The marks of assumptions: `a, c`."""
        marks = [
            self._assumptions.setdefault(text, _letters(len(self._assumptions))) for text in texts
        ]
        return ", ".join(sorted(marks, key=lambda mark: (len(mark), mark)))

    def foot(self) -> RenderableType | None:
        """The notes that were referred to."""
        grid = _grid(4, None)
        for text, mark in self._assumptions.items():
            grid.add_row(Text(mark, style="dim"), Text(text, style="dim"))
        for (title, url, read), mark in self._sources.items():
            parts = [title, *([url] if url else []), *([f"read {read}"] if read else [])]
            grid.add_row(Text(f"[{mark}]", style="dim"), Text(", ".join(parts), style="dim"))
        return grid if grid.row_count else None


def _letters(number: int) -> str:
    return (_letters(number // 26 - 1) if number >= 26 else "") + chr(ord("a") + number % 26)


def _quoted(citation: Citation) -> str:
    if not citation.quote:
        return citation.title
    quote = citation.quote
    if len(quote) > _QUOTE:
        quote = quote[:_QUOTE].rsplit(" ", 1)[0] + " ..."
    return f"“{quote}”"


def profile_text(answer: Answer, console: Console, *, explain: bool = False) -> RenderableType:
    """Everything about one student: what is met in a line, what is not in detail."""
    explainer = Explainer(answer)
    notes = _Notes()
    pack = answer.compiled.pack
    head = Text(clean(answer.profile.id), style="bold")
    head.append(f"  as of {answer.as_of}  {pack.id} {pack.version}", style="dim")
    parts: list[RenderableType] = [head, Text("")]
    for verdict in answer.verdicts:
        parts.append(_verdict(answer, verdict, explainer, notes, console, explain))
    foot = notes.foot()
    if foot is not None:
        parts += [Text(""), foot]
    if explain:
        parts += [Text(""), _trace(answer)]
    return Group(*parts)


def _verdict(
    answer: Answer,
    verdict: OutcomeVerdict,
    explainer: Explainer,
    notes: _Notes,
    console: Console,
    explain: bool,
) -> RenderableType:
    style = _STYLES[verdict.status]
    label = Text(f"{_symbol(_SYMBOLS[verdict.status], console)} {status_words(verdict)}", style)
    title = Text(verdict.outcome.title, style="bold")
    marks = notes.assumptions(verdict.outcome.assumptions)
    if marks:
        title.append(f"  assumes {marks}", style="dim")
    grid = _grid(_LABEL + 2, None)
    grid.add_row(label, title)
    details = _grid(8, None)
    for name, text, depth, look in _details(verdict, explainer, notes, explain):
        line = Padding(Text(text, style=look), (0, 0, 0, 2 * depth))
        details.add_row(Text(name, style="dim"), line)
    parts: list[RenderableType] = [grid]
    if details.row_count:
        parts.append(Padding(details, (0, 0, 0, 4)))
    if explain:
        root = answer.compiled.nodes[answer.compiled.roots[verdict.outcome.id]]
        tree = _grid(None)
        for depth, node in _walk(answer.compiled, root):
            tree.add_row(_condition(answer, node, depth, explainer, console))
        parts.append(Padding(tree, (0, 0, 0, 4)))
    return Group(*parts)


_OPEN = {
    Status.ON_TRACK: "needs",
    Status.UNDETERMINED: "unclear",
    Status.NOT_ELIGIBLE: "needs",
}


def _details(
    verdict: OutcomeVerdict, explainer: Explainer, notes: _Notes, explain: bool
) -> Iterator[tuple[str, str, int, str]]:
    """Label, text, depth and style of each line below an outcome."""
    if verdict.status is not Status.ELIGIBLE:
        label = _OPEN[verdict.status]
        for line in explainer.outline(verdict):
            yield label, line.text, line.depth, ""
            label = ""
        if verdict.status is Status.ON_TRACK:
            yield "then", "eligible, once what is in progress is completed well", 0, ""
        yield from (("ask", question_text(one), 0, "") for one in verdict.ask)
    for lost in verdict.lost_by:
        yield "careful", explainer.lost(lost), 0, "yellow"
    if verdict.status is not Status.ELIGIBLE or explain:
        sources = dict.fromkeys(one.source for one in verdict.reasons if one.source is not None)
        yield from (("source", notes.source(source), 0, "dim") for source in sources)


def _trace(answer: Answer) -> RenderableType:
    grid = _grid(None)
    for scenario in answer.derivations:
        grid.add_row(Text(f"derived by {answer.engine}, {scenario.value}:", style="dim"))
        for node in answer.trace(scenario):
            value = answer.value(node, scenario).word
            grid.add_row(Text(f"  {node.id} = {value}", style="dim"))
    return grid


def citation_text(citation: Citation) -> str:
    """A citation in a line: quote, title, address, day read."""
    parts = [f"“{citation.quote}”"] if citation.quote else []
    parts.append(citation.title)
    if citation.url:
        parts.append(citation.url)
    if citation.read:
        parts.append(f"read {citation.read}")
    return " - ".join(parts[:1]) + "".join(f", {part}" for part in parts[1:])


# -- many students ----------------------------------------------------------------------


def table_text(
    pack: RulePack, outcomes: Sequence[str], rows: Sequence[Row], console: Console
) -> RenderableType:
    """Students by outcomes, with a summary of counts that is also the legend."""
    numbered = list(enumerate(outcomes, start=1))
    longest = max((len(name) for name, _ in rows), default=0)
    named = min(max(longest, len("student")), console.width // 2)
    across = max(1, (console.width - named - 2) // (len(str(len(outcomes))) + 2))
    parts: list[RenderableType] = []
    for start in range(0, len(numbered), across):
        parts += [_statuses(numbered[start : start + across], rows, named, console), Text("")]
    return Group(*parts, _summary(pack, outcomes, rows, console))


def _statuses(
    numbered: Sequence[tuple[int, str]], rows: Sequence[Row], named: int, console: Console
) -> Table:
    """As many outcomes as fit beside each other."""
    table = Table(box=None, padding=(0, 1), pad_edge=False)
    table.add_column("student", overflow="fold", width=named)
    for number, _ in numbered:
        table.add_column(str(number), justify="center", no_wrap=True)
    for name, statuses in rows:
        cells = [
            Text(_symbol(_SYMBOLS[statuses[one]], console), _STYLES[statuses[one]])
            for _, one in numbered
        ]
        table.add_row(Text(clean(name)), *cells)
    return table


def _summary(
    pack: RulePack, outcomes: Sequence[str], rows: Sequence[Row], console: Console
) -> RenderableType:
    table = Table(box=None, padding=(0, 1), pad_edge=False)
    table.add_column("", justify="right")
    table.add_column(f"{len(rows)} students", overflow="fold")
    words = {
        Status.ELIGIBLE: "eligible",
        Status.ON_TRACK: "on track",
        Status.UNDETERMINED: "can't tell",
        Status.NOT_ELIGIBLE: "not yet",
    }
    for status in Status:
        heading = Text(f"{_symbol(_SYMBOLS[status], console)} {words[status]}", _STYLES[status])
        table.add_column(heading, justify="right", no_wrap=True)
    for number, name in enumerate(outcomes, start=1):
        counts = Counter(statuses[name] for _, statuses in rows)
        cells = [Text(str(counts[status]) if counts[status] else "") for status in Status]
        table.add_row(str(number), Text(pack.outcomes[name].title), *cells)
    return table


# -- rules ------------------------------------------------------------------------------


def outcomes_text(pack: RulePack) -> RenderableType:
    """Every outcome with its id, title and confidence."""
    grid = Table(box=None, padding=(0, 1), pad_edge=False)
    grid.add_column("outcome", no_wrap=True)
    grid.add_column("title", overflow="fold")
    for outcome in pack.outcomes.values():
        title = Text(outcome.title)
        if not outcome.verified:
            title.append(" (unverified)", style="dim")
        grid.add_row(Text(outcome.id), title)
    head = Text(f"{pack.title}, version {pack.version}", style="bold")
    return Group(head, Text(pack.digest, style="dim"), Text(""), grid)


def outcome_text(outcome: Outcome, body: RenderableType) -> RenderableType:
    """One outcome: title, what it requires, information, assumptions, source."""
    parts: list[RenderableType] = [Text(outcome.title, style="bold")]
    if outcome.description:
        parts.append(Text(outcome.description))
    parts += [Text(""), body]
    details = _grid(9, None)
    for information in outcome.information:
        details.add_row(Text("know", style="dim"), Text(_information(information)))
        if information.source:
            details.add_row("", Text(citation_text(information.source), style="dim"))
    for assumption in outcome.assumptions:
        details.add_row(Text("assumes", style="dim"), Text(assumption))
    if not outcome.verified:
        text = "unverified: its verdict is undetermined at best"
        details.add_row(Text("trust", style="dim"), Text(text))
    for source in _sources(outcome):
        details.add_row(Text("source", style="dim"), Text(citation_text(source), style="dim"))
    if details.row_count:
        parts += [Text(""), details]
    return Group(*parts)


def _sources(outcome: Outcome) -> Sequence[Citation]:
    versions = [version.source for version in outcome.versions or ()]
    return tuple(dict.fromkeys(one for one in (outcome.source, *versions) if one is not None))


def _information(information: Information) -> str:
    year = f" ({information.year})" if information.year else ""
    return f"{information.title}{year}: {information.value}"


def requirement_text(
    compiled: CompiledPack, outcome: str, words: Words, answer: Answer | None, console: Console
) -> RenderableType:
    """The requirement tree of one outcome in words; with an answer, its values beside it."""
    root = compiled.nodes[compiled.roots[outcome]]
    explainer = None if answer is None else Explainer(answer)
    grid = _grid(None)
    for depth, node in _walk(compiled, root):
        if answer is not None and explainer is not None:
            grid.add_row(_condition(answer, node, depth, explainer, console))
        else:
            text = heading_words(node) if node.children else condition_words(compiled, node, words)
            if node.kind is NodeKind.OUTCOME:
                text = f"eligible for: {condition_words(compiled, node, words)}"
            grid.add_row(Padding(Text(text), (0, 0, 0, 2 * depth)))
    return grid


def heading_words(node: Node) -> str:
    """A group's own words, with its title where it has one."""
    heading = heading_of(node) if node.kind is not NodeKind.OUTCOME else ""
    return f"{node.title}: {heading}" if node.title else heading


def _walk(compiled: CompiledPack, root: Node, depth: int = 0) -> Iterator[tuple[int, Node]]:
    """A tree from the top; another outcome's tree is shown with that outcome."""
    yield depth, root
    if root.kind is not NodeKind.OUTCOME:
        for number in root.children:
            yield from _walk(compiled, compiled.nodes[number], depth + 1)


def _condition(
    answer: Answer, node: Node, depth: int, explainer: Explainer, console: Console
) -> RenderableType:
    value, then = answer.value(node), answer.value(node, Scenario.PROJECTED)
    group = node.children and node.kind is not NodeKind.OUTCOME
    text = heading_words(node) if group else explainer.node(node)
    line = _grid(1, None)
    shown, plain, style = _VALUES[value]
    words = Text(text, style="" if value is not Truth.MET else "green")
    if then is not value:
        words.append(f" [{then.word} with what is in progress]", style="cyan")
    line.add_row(Text(_symbol((shown, plain), console), style=style), words)
    return Padding(line, (0, 0, 0, 2 * depth))
