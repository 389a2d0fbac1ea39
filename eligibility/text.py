"""Verdicts for people: one student in full, or many in a table."""

from __future__ import annotations

import itertools
import os
import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import IO, Any

from rich.cells import cell_len, chop_cells, set_cell_size
from rich.console import Console, ConsoleOptions, Group, RenderableType, RenderResult
from rich.padding import Padding
from rich.segment import Segment
from rich.table import Table
from rich.text import Text

from eligibility.compiled import CompiledPack, Node, NodeKind
from eligibility.explain import (
    STATUS_WORDS,
    Explainer,
    condition_words,
    heading_words,
    parts_of,
    question_text,
    status_words,
)
from eligibility.leaves import Scenario
from eligibility.model import Citation, Outcome, RulePack, Status
from eligibility.observations import Missing
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
    "status_cell",
    "summary_text",
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
_ASCII = str.maketrans({"\u201c": '"', "\u201d": '"', "\u2019": "'", "\u2013": "-"})
_LABEL, _DETAIL, _ABOUT, _MARK = 14, 8, 9, 7
"""The columns of a status, and of the labels below one, of an outcome, and at the foot."""

_QUOTE = 150
"""How much of a quote is shown beside a verdict; `explain` shows all of it."""

Row = tuple[str, Sequence[Status]]
"""A student in a table: the id, and the statuses in the order of the outcomes."""


def console_for(stream: IO[str], width: int | None = None) -> Console:
    """A console that is plain where the stream is no terminal or NO_COLOR is set."""
    console = _console(stream, width)
    # a file or a pipe has no width of its own
    return console if console.is_terminal or width is not None else _console(stream, 80)


def _console(stream: IO[str], width: int | None) -> Console:
    plain = bool(os.environ.get("NO_COLOR")) or stream is not sys.stdout
    return Console(
        file=stream,
        width=width,
        color_system=None if plain else "auto",
        highlight=False,
        markup=False,
        emoji=False,
    )


def emit(console: Console, renderable: RenderableType) -> None:
    """Print without the blanks that fill lines up to the width.

    What the terminal cannot show is replaced by what it can.
    """
    with console.capture() as captured:
        console.print(renderable)
    text = captured.get()
    if not console.encoding.startswith("utf"):
        text = text.translate(_ASCII)
    text = text.encode(console.encoding, "replace").decode(console.encoding)
    console.file.writelines(f"{line.rstrip()}\n" for line in text.splitlines())


def _symbol(pair: tuple[str, str], console: Console) -> str:
    return pair[0] if console.encoding.startswith("utf") else pair[1]


@dataclass(frozen=True, slots=True)
class _Line:
    """A text that hangs beside a label. A table of such rows takes three times as long.

    `width` columns are for the label, `left` are free before it, and `inner` before the text.
    """

    label: Text
    width: int
    text: Text
    left: int = 0
    inner: int = 0

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        beside = self.left + self.width + 1 + self.inner
        width = max(1, options.max_width - beside)
        lines = _wrapped(self.text, width, console)
        labels = _wrapped(self.label, self.width, console)
        for label, line in itertools.zip_longest(labels, lines):
            yield Segment(" " * self.left)
            if label is not None:
                yield from _drawn(label, console)
            if line is not None:
                used = 0 if label is None else label.cell_len
                yield Segment(" " * (self.width + 1 + self.inner - used))
                yield from _drawn(line, console)
            yield Segment.line()


def _wrapped(text: Text, width: int, console: Console) -> Iterable[Text]:
    if text.cell_len <= width and "\n" not in text.plain and "\t" not in text.plain:
        return [text]
    return text.wrap(console, width, overflow="fold")


def _drawn(text: Text, console: Console) -> Iterable[Segment]:
    # `render` leaves out the style of a text that has no other
    return Segment.apply_style(text.render(console), console.get_style(text.style))


# -- one student ------------------------------------------------------------------------


class _Notes:
    """What is said once and referred to by a mark: quotes, questions and assumptions."""

    def __init__(self, quote: int | None = _QUOTE) -> None:
        self._quote = quote
        self._sources: dict[Citation, int] = {}
        self._questions: dict[str, int] = {}
        self._assumptions: dict[str, str] = {}

    def sources(self, citations: Iterable[Citation]) -> list[str]:
        """Each quote with its mark; those that were quoted before by their marks alone."""
        texts: list[str] = []
        before: list[str] = []
        for citation in dict.fromkeys(citations):
            known = len(self._sources)
            number = self._sources.setdefault(citation, known + 1)
            if number > known:
                texts.append(f"{self._quoted(citation)} [{number}]".strip())
            else:
                before.append(f"[{number}]")
        return _with_known(texts, " ".join(before))

    def _quoted(self, citation: Citation) -> str:
        quote = citation.quote or ""
        if self._quote is not None and len(quote) > self._quote:
            quote = quote[: self._quote].rsplit(" ", 1)[0] + " ..."
        return f"“{quote}”" if quote else ""

    def questions(self, missing: Iterable[Missing]) -> list[str]:
        """Each question with its number; those that were asked before by number alone."""
        texts: list[str] = []
        before: list[int] = []
        for one in missing:
            known = len(self._questions)
            number = self._questions.setdefault(one.pointer, known + 1)
            if number > known:
                texts.append(f"{number}. {question_text(one)}")
            else:
                before.append(number)
        if before:
            noun = "question" if len(before) == 1 else "questions"
            texts.append(f"{noun} {_ranges(sorted(before))}")
        return texts

    def assumptions(self, texts: Sequence[str]) -> str:
        """The marks of assumptions: ` (a,c)`."""
        for text in texts:
            self._assumptions.setdefault(text, _letters(len(self._assumptions)))
        marks = sorted((self._assumptions[text] for text in texts), key=lambda one: (len(one), one))
        return f" ({','.join(marks)})" if marks else ""

    def foot(self) -> list[_Line]:
        """The assumptions, and the texts that the quotes are from."""
        lines: list[tuple[str, str]] = []
        if self._assumptions:
            lines.append(("", "What the verdicts assume:"))
        lines += [(f"({mark})", text) for text, mark in self._assumptions.items()]
        texts: dict[str, list[int]] = {}
        for citation, number in self._sources.items():
            read = f"read {citation.read}" if citation.read else None
            parts = [one for one in (citation.title, citation.url, read) if one]
            texts.setdefault(", ".join(parts), []).append(number)
        lines += [(f"[{_ranges(numbers)}]", text) for text, numbers in texts.items()]
        width = max([_MARK, *(cell_len(mark) for mark, _ in lines)])
        return [_Line(Text(mark, "dim"), width, Text(text, "dim")) for mark, text in lines]


def _with_known(texts: list[str], known: str) -> list[str]:
    if texts and known:
        return [*texts[:-1], f"{texts[-1]}, and {known}"]
    return [*texts, known] if known else texts


def _letters(number: int) -> str:
    return (_letters(number // 26 - 1) if number >= 26 else "") + chr(ord("a") + number % 26)


def _ranges(numbers: Sequence[int]) -> str:
    """`1-3, 5` for 1, 2, 3 and 5."""
    runs: list[list[int]] = []
    for number in numbers:
        if runs and runs[-1][-1] == number - 1:
            runs[-1].append(number)
        else:
            runs.append([number])
    return ", ".join(f"{run[0]}-{run[-1]}" if len(run) > 1 else str(run[0]) for run in runs)


def profile_text(answer: Answer, console: Console, *, explain: bool = False) -> RenderableType:
    """Everything about one student: what is met in a line, what is not in detail.

    What the student is eligible for comes first, and what is furthest off last.
    """
    explainer = Explainer(answer)
    notes = _Notes()
    pack = answer.compiled.pack
    head = Text(clean(answer.profile.id), style="bold")
    several = "+" in pack.id
    packs = pack.id.replace("+", ", ") if several else f"{pack.id} {pack.version}"
    head.append(f"  as of {answer.as_of}  {packs}", style="dim")
    if explain:
        head.append(f"  derived by {answer.engine}", style="dim")
    parts: list[RenderableType] = [head, Text("")]
    statuses = [*Status]
    ordered = sorted(answer.verdicts, key=lambda one: statuses.index(one.status))
    parts += [_verdict(answer, one, explainer, notes, console, explain) for one in ordered]
    if foot := notes.foot():
        parts += [Text(""), *foot]
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
    title.append(notes.assumptions(verdict.outcome.assumptions), style="dim not bold")
    parts: list[RenderableType] = [_Line(label, _LABEL + 2, title)]
    parts += [
        _Line(Text(name, "dim"), _DETAIL, Text(text, look), left=4, inner=2 * depth)
        for name, text, depth, look in _details(verdict, explainer, notes, explain)
    ]
    if explain:
        root = answer.compiled.nodes[answer.compiled.roots[verdict.outcome.id]]
        parts += [
            _condition(node, depth, explainer, console, left=4)
            for depth, node in _walk(answer.compiled, root)
        ]
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
        yield from (("ask", text, 0, "") for text in notes.questions(verdict.ask))
    for lost in verdict.lost_by:
        yield "careful", explainer.lost(lost), 0, "yellow"
    if verdict.status is not Status.ELIGIBLE or explain:
        cited = [one.source for one in verdict.reasons if one.source is not None]
        yield from (("source", text, 0, "dim") for text in notes.sources(cited))


# -- many students ----------------------------------------------------------------------


def table_text(
    pack: RulePack, outcomes: Sequence[str], rows: Sequence[Row], console: Console
) -> RenderableType:
    """Students by outcomes, and a summary of counts that names the outcomes' numbers.

    As many outcomes as fit stand beside each other; the others follow below.
    """
    wide = len(str(len(outcomes))) + 2
    longest = max(cell_len(name) for name in ("student", *(clean(name) for name, _ in rows)))
    named = min(longest, console.width // 2)
    across = max(1, (console.width - named) // wide)
    lines: list[Text] = []
    for start in range(0, len(outcomes), across):
        part = range(start, min(start + across, len(outcomes)))
        lines.append(_line("student", named, [(str(one + 1), "bold") for one in part], wide))
        for name, statuses in rows:
            cells = [status_cell(statuses[one], console) for one in part]
            lines += _student(clean(name), named, cells, wide)
        lines.append(Text(""))
    counts = [
        (pack.outcomes[name].title, Counter(statuses[number] for _, statuses in rows))
        for number, name in enumerate(outcomes)
    ]
    return Group(*lines, _counts(len(rows), counts, console))


def status_cell(status: Status, console: Console) -> tuple[str, str]:
    """The symbol of a status, and its style."""
    return _symbol(_SYMBOLS[status], console), _STYLES[status]


def _student(name: str, named: int, cells: Sequence[tuple[str, str]], wide: int) -> list[Text]:
    """A row; a long name goes on below."""
    first, *more = chop_cells(name, named)
    return [_line(first, named, cells, wide), *(Text(one) for one in more)]


def _line(name: str, named: int, cells: Sequence[tuple[str, str]], wide: int) -> Text:
    line = Text(set_cell_size(name, named), no_wrap=True)
    for word, style in cells:
        line.append(word.rjust(wide), style)
    return line


def _counts(
    students: int, counts: Sequence[tuple[str, Mapping[Status, int]]], console: Console
) -> RenderableType:
    """How many students have which status, for outcomes by title."""
    table = Table(box=None, padding=(0, 1), pad_edge=False)
    table.add_column("", justify="right", no_wrap=True)
    table.add_column("1 student" if students == 1 else f"{students:,} students", ratio=1)
    for status in Status:
        symbol, style = status_cell(status, console)
        table.add_column(Text(symbol, style), justify="right", no_wrap=True, min_width=4)
    for number, (title, found) in enumerate(counts, 1):
        cells = [Text(f"{found[status]:,}" if found[status] else "") for status in Status]
        table.add_row(str(number), Text(title), *cells)
    legend = Text()
    for status in Status:
        symbol, style = status_cell(status, console)
        legend.append(symbol, style).append(f" {STATUS_WORDS[status]}   ")
    return Group(table, Text(""), legend)


def summary_text(summary: Mapping[str, Any], console: Console) -> RenderableType:
    """The summary of a batch: counts, and what keeps the most students from each outcome."""
    outcomes = summary["outcomes"]
    counts = [
        (one["title"], {status: one["statuses"][status.value] for status in Status})
        for one in outcomes
    ]
    table = Table(box=None, padding=(0, 1), pad_edge=False)
    table.add_column("", justify="right", no_wrap=True)
    table.add_column("what keeps the most from it", ratio=1)
    for name in ("students", "alone"):
        table.add_column(name, justify="right", no_wrap=True)
    for number, one in enumerate(outcomes, 1):
        for most in one["blocking"][:1]:
            cells = [f"{most[name]:,}" if most[name] else "" for name in ("students", "alone")]
            table.add_row(str(number), Text(clean(most["text"])), *cells)
    found = [_counts(summary["answered"], counts, console)]
    return Group(*found, Text(""), table) if table.row_count else Group(*found)


# -- rules ------------------------------------------------------------------------------


def outcomes_text(pack: RulePack) -> RenderableType:
    """Every outcome with its id, title and confidence."""
    grid = Table(box=None, padding=(0, 1), pad_edge=False)
    grid.add_column("outcome", overflow="fold")
    grid.add_column("title", overflow="fold", ratio=1)
    for outcome in pack.outcomes.values():
        title = Text(outcome.title)
        if outcome.aliases:
            title.append(f" ({', '.join(outcome.aliases)})", style="dim")
        if not outcome.verified:
            title.append(" (unverified)", style="dim")
        grid.add_row(Text(outcome.id), title)
    head = Text(f"{pack.title}, version {pack.version}", style="bold")
    return Group(head, Text(pack.digest, style="dim"), Text(""), grid)


def outcome_text(
    compiled: CompiledPack, name: str, words: Words, console: Console, answer: Answer | None = None
) -> RenderableType:
    """One outcome: what it requires, in words, with its information, assumptions, sources.

    With an answer, its values stand beside the requirement.
    """
    outcome = compiled.pack.outcomes[name]
    root = compiled.nodes[compiled.roots[name]]
    explainer = None if answer is None else Explainer(answer)
    parts: list[RenderableType] = [Text(outcome.title, style="bold")]
    if outcome.description:
        parts.append(Text(outcome.description))
    tree: list[RenderableType]
    if explainer is None:
        required = _requirements(compiled, root, words)
        tree = [Padding(Text(text), (0, 0, 0, 2 * depth)) for depth, text in required]
    else:
        tree = [
            _condition(node, depth, explainer, console) for depth, node in _walk(compiled, root)
        ]
    notes = _Notes(quote=None)
    details = [
        _Line(Text(label, "dim"), _ABOUT, Text(text, "dim" if label == "source" else ""))
        for label, text in _about(outcome, (node for _, node in _walk(compiled, root)), notes)
    ]
    for more in (tree, details, notes.foot()):
        if more:
            parts += [Text(""), *more]
    return Group(*parts)


def _about(outcome: Outcome, nodes: Iterable[Node], notes: _Notes) -> Iterator[tuple[str, str]]:
    """What is worth knowing of an outcome beside its requirement, with labels."""
    if outcome.aliases:
        yield "aliases", ", ".join(outcome.aliases)
    for one in outcome.information:
        year = f" ({one.year})" if one.year else ""
        mark = "".join(f" {source}" for source in notes.sources([one.source] if one.source else []))
        yield "know", f"{one.title}{year}: {one.value}{mark}"
    yield from (("assumes", text) for text in outcome.assumptions)
    if not outcome.verified:
        yield "trust", "unverified: its verdict is undetermined at best"
    sources = [outcome.source, *(node.source for node in nodes)]
    cited = [source for source in sources if source is not None]
    yield from (("source", text) for text in notes.sources(cited))


def _requirements(compiled: CompiledPack, root: Node, words: Words) -> Iterator[tuple[int, str]]:
    """Depth and words of each line; what has a title and several lines is said in full once."""
    said: set[object] = set()

    def lines(node: Node, depth: int) -> Iterator[tuple[int, str]]:
        parts = parts_of(compiled, node)
        if parts and node.title:
            shape = _shape(compiled, node)
            if shape in said:
                yield depth, f"{node.title} (as above)"
                return
            said.add(shape)
        yield depth, _requirement(compiled, node, words)
        for part in parts:
            yield from lines(part, depth + 1)

    return lines(root, 0)


def _shape(compiled: CompiledPack, node: Node) -> object:
    """The same for conditions that read the same."""
    below = tuple(_shape(compiled, compiled.nodes[number]) for number in node.children)
    return node.kind, node.leaf, node.k, node.title, below


def _requirement(compiled: CompiledPack, node: Node, words: Words) -> str:
    if parts_of(compiled, node):
        return heading_words(node)
    text = condition_words(compiled, node, words, full=True)
    return f"eligible for: {text}" if node.kind is NodeKind.OUTCOME else text


def _walk(compiled: CompiledPack, node: Node, depth: int = 0) -> Iterator[tuple[int, Node]]:
    """A tree from the top; another outcome's tree is shown with that outcome."""
    yield depth, node
    for part in parts_of(compiled, node):
        yield from _walk(compiled, part, depth + 1)


def _condition(
    node: Node, depth: int, explainer: Explainer, console: Console, left: int = 0
) -> _Line:
    answer = explainer.answer
    value, then = answer.value(node), answer.value(node, Scenario.PROJECTED)
    group = parts_of(answer.compiled, node)
    text = heading_words(node) if group else explainer.node(node, full=True)
    shown, plain, style = _VALUES[value]
    words = Text(text, style="" if value is not Truth.MET else "green")
    if then is not value:
        words.append(f" [{then.word} with what is in progress]", style="cyan")
    symbol = Text(_symbol((shown, plain), console), style=style)
    return _Line(symbol, 1, words, left=left + 2 * depth)
