"""From a mapping, a vocabulary and the tables there are to a plan of what is read.

Every mistake is found before anything is read, all of them in one report.
"""

from __future__ import annotations

import contextlib
from collections.abc import Collection, Mapping

from eligibility.errors import Message, Problem, ProblemsError
from eligibility.model import Declaration, Fact, Kind, ListFact, RulePack
from eligibility.reading import messages
from eligibility.reading.form import TooMuchError
from eligibility.source import Node, Scalar, Span
from eligibility.sources.columns import Catalog, Column, Family, Table
from eligibility.sources.fitting import NoValueError, misfit, read_value
from eligibility.sources.mapping import Document, Rows
from eligibility.sources.plan import Field, ListPlan, Plan, Shape

__all__ = ["make_plan"]

STUDENT_ID = "id"
"""The column of the student's id, unless a mapping names another."""


def make_plan(
    document: Document,
    rules: RulePack,
    catalog: Catalog,
    table: str | None,
    query: str | None = None,
) -> Plan:
    """The plan of a source; the command may name the `table` of the students, or a `query`.

    Raises `ProblemsError` with every mistake of the mapping and the tables.
    """
    planner = _Planner(document, rules, catalog)
    plan = None
    with contextlib.suppress(TooMuchError):
        plan = planner.plan(table, query)
    if document.form.problems or planner.problems:
        raise ProblemsError([*document.form.problems, *planner.problems])
    assert plan is not None
    return plan


class _Used:
    """The columns of one table, or of the structs in one column, and what each is for."""

    def __init__(self, table: Table, rows: Rows) -> None:
        self.table = table
        self.rows = rows
        self.taken: dict[str, tuple[str, Span | None]] = {}
        self.touched: set[str] = set()
        """Columns that something names beside its mapping, rightly or not."""


class _Planner:
    def __init__(self, document: Document, rules: RulePack, catalog: Catalog) -> None:
        self._rows = document.students
        self._form = document.form
        self._facts = rules.vocabulary.facts
        self._decisions = rules.judgements
        self._catalog = catalog
        self._read: set[str] = set()
        self.problems: list[Problem] = []

    # -- students ---------------------------------------------------------------------

    def plan(self, asked: str | None, query: str | None) -> Plan | None:
        rows = self._rows
        if self._form.blind:
            return None
        named = rows.source or rows.table
        if named is not None and (asked or query) is not None:
            hint = "leave out one of them"
            text = "the table of the students is named here and by the command"
            self._form.report(named, Message(text, hint))
        if rows.source is not None:
            return self._distinct(rows, rows.source)
        name = asked or (rows.table.text if rows.table else None)
        table = self._catalog.students(name)
        if table is None:
            usual = f"`{name or 'students'}`"
            near = messages.near(name or "students", self._catalog.tables)
            hint = near or "say `students: {table: ...}` in a mapping, or `{from: LIST}`"
            self._say(rows.table, Message(f"no table {usual} in `{self._catalog.name}`", hint))
            self._judge_words(rows)
            return None
        used = _Used(table, rows)
        self._read.add(table.name)
        identity = self._identity(used, rows.id, STUDENT_ID, "students: {id: COLUMN}")
        scalars = {n: one for n, one in self._facts.items() if not _apart(one)}
        fields = self._fields(used, scalars, self._facts, "fact", "")
        judgements = self._judgements(used)
        inside, apart = self._lists(used, self._facts, "", identity)
        self._rest(used, self._facts, "`facts`")
        self._unread()
        if identity is None:
            return None
        return Plan(name, table.name, identity, (*fields, *inside), judgements, apart)

    def _distinct(self, rows: Rows, source: Scalar) -> Plan | None:
        """Students without a table: each id in the table of a list is one."""
        names = self._list_names(self._facts)
        if source.text not in names:
            self._form.unknown(source, "list", names)
            return None
        if any(one.column is not None for _, one in rows.lists):
            return None  # which is told already
        own = next((one for name, one in rows.lists if name.text == source.text), Rows())
        if self._table_of(source.text, own) is None:
            shown = own.table.text if own.table is not None else source.text
            text = f"no table {messages.quoted(shown)} in `{self._catalog.name}`"
            near = messages.near(shown, self._catalog.tables)
            hint = near or f"say `lists: {{{source.text}: {{table: ...}}}}`"
            self._form.report(own.table or source, Message(text, hint))
            self._judge_words(rows)
            return None
        nobody = _Used(Table(self._catalog.name, (), self._catalog.name), rows)
        word = rows.id or own.id
        # only its name matters: the lists have their ids in columns of the same name
        identity = None if word is None else Column(word.text, Family.TEXT, "")
        _, apart = self._lists(nobody, self._facts, "", identity)
        self._unread()
        found = next((one for one in apart if one.name == source.text), None)
        if found is None:
            return None
        return Plan(found.table, found.shown, found.id, (), (), apart, distinct=True)

    def _table_of(self, name: str, rows: Rows) -> Table | None:
        """The table of a list; a file alone is that of the list that students come from."""
        source = self._rows.source
        table = self._catalog.table(rows.table.text if rows.table is not None else name)
        if table is None and source is not None and source.text == name:
            # a folder of Parquet files that no list is named after is one table, too
            if rows.table is None or not self._catalog.tables:
                table = self._catalog.students(None)
            table = table if not self._catalog.tables else None
        return table

    def _judge_words(self, rows: Rows) -> None:
        """What can be said of a mapping without its table."""
        for name, _ in rows.columns:
            if name.text not in self._facts:
                self._form.unknown(name, "fact", self._facts)
        for name, _ in rows.lists:
            if name.text not in self._list_names(self._facts):
                self._form.unknown(name, "list", self._list_names(self._facts))

    def _judgements(self, used: _Used) -> tuple[Field, ...]:
        found = []
        for name, word in used.rows.judgements:
            if name.text not in self._decisions:
                self._form.unknown(name, "judgement", self._decisions)
            column = self._column(used, word, f"judgement {messages.quoted(name.text)}")
            if column is not None and name.text in self._decisions:
                decision = Fact(name.text, Kind.BOOLEAN, name.text, name.text)
                found.append(self._field(used, column, decision, name))
        return tuple(found)

    # -- columns ----------------------------------------------------------------------

    def _identity(self, used: _Used, word: Scalar | None, usual: str, how: str) -> Column | None:
        """The column of the student's id."""
        name = word.text if word is not None else usual
        column = used.table.get(name)
        if column is None:
            if word is not None:
                self._unknown_column(used, word)
            else:
                text = f"no column {messages.quoted(name)}{_of(used, used.rows.at)}"
                hint = f"say which column holds the student's id: `{how}`"
                self._say(used.rows.at, Message(f"{text} for the student's id", hint), used)
            return None
        used.taken[name] = ("the student's id", word.span if word is not None else None)
        if column.family not in (Family.INTEGER, Family.TEXT, Family.KEY):
            at = word or used.rows.at
            text = f"column {messages.quoted(name)}{_of(used, at)} is {column.type}"
            hint = "an id is a text or a whole number"
            self._say(at, Message(f"{text} and cannot be an id", hint), used)
            return None
        return column

    def _column(self, used: _Used, word: Scalar, purpose: str) -> Column | None:
        """The column that a word of the mapping names, for one purpose alone."""
        column = used.table.get(word.text)
        if column is None:
            self._unknown_column(used, word)
            return None
        if word.text in used.taken:
            first, span = used.taken[word.text]
            text = f"column {messages.quoted(word.text)} is mapped twice: it is {first} already"
            hint = f"first in line {span.line}" if span is not None else "remove one of them"
            self._form.report(word, Message(text, hint))
            return None
        used.taken[word.text] = (purpose, word.span)
        return column

    def _unknown_column(self, used: _Used, word: Scalar) -> None:
        names = [column.name for column in used.table.columns]
        self._form.report(
            word, messages.unknown("column", word.text, names, f" of `{used.table.name}`")
        )

    def _fields(
        self,
        used: _Used,
        declared: Mapping[str, Declaration],
        known: Mapping[str, Declaration],
        noun: str,
        of: str,
    ) -> tuple[Field, ...]:
        """The fields of a table that are no lists, in the order of the vocabulary."""
        found: dict[str, Field] = {}
        for name, word in used.rows.columns:
            fact = declared.get(name.text)
            column = self._column(used, word, f"the {noun} {messages.quoted(name.text)}")
            if fact is None and name.text in known:
                hint = "say it under `lists`"
                self._form.report(name, Message(f"{messages.quoted(name.text)} is a list", hint))
            elif fact is None:
                self._form.unknown(name, noun, known, of)
            elif column is not None:
                assert isinstance(fact, Fact)
                found[fact.name] = self._field(used, column, fact, name)
        named = {name.text for name, _ in used.rows.columns}
        ignored = {word.text for word in used.rows.ignore}
        for fact in declared.values():
            column = used.table.get(fact.name)
            if column is None or fact.name in named or fact.name in {*used.taken, *ignored}:
                continue
            assert isinstance(fact, Fact)
            used.taken[fact.name] = (f"the {noun} `{fact.name}`", None)
            found[fact.name] = self._field(used, column, fact, None)
        return tuple(found[name] for name in declared if name in found)

    def _field(self, used: _Used, column: Column, fact: Fact, at: Scalar | None) -> Field:
        return Field(fact.name, column.name, self._shape(used, column, fact, at), column.casts)

    def _shape(self, used: _Used, column: Column, fact: Fact, at: Scalar | None) -> Shape:
        """What becomes of a column's values, reported where they can't be what they must."""
        values = self._values(used, column, fact)
        cuts = next((cut for word, cut in used.rows.split if word.text == column.name), None)
        if cuts is not None and not (fact.many and column.family is Family.TEXT):
            why = (
                "is no text" if fact.many else f"holds one value: `{fact.name}` is no list of texts"
            )
            self._form.report(cuts, Message(f"{messages.quoted(column.name)} {why}", "remove it"))
        message = misfit(
            column,
            fact,
            _of(used, at or used.rows.at),
            typed=used.table.typed,
            replaced=values is not None,
            split=cuts is not None,
        )
        if message is not None:
            self._say(at or used.rows.at, message, used)
        return Shape(
            read=None if used.table.typed or fact.many else fact.kind,
            values=values,
            split=cuts.text if cuts is not None else None,
            json=column.family is Family.JSON,
        )

    def _values(
        self, used: _Used, column: Column, fact: Fact
    ) -> Mapping[str | None, object] | None:
        node = next((node for word, node in used.rows.values if word.text == column.name), None)
        if node is None:
            return None
        found: dict[str | None, object] = {}
        for key, below in node.entries:
            try:
                found[None if key.value is None else key.text] = read_value(below, fact)
            except NoValueError as wrong:
                self._form.report(below, wrong.message)
        return found

    def _rest(self, used: _Used, declared: Collection[str], where: str) -> None:
        """Columns that nothing maps, and words about columns that are not there."""
        for word in used.rows.ignore:
            if used.table.get(word.text) is None:
                self._unknown_column(used, word)
            elif word.text in used.taken:
                purpose = used.taken[word.text][0]
                text = f"column {messages.quoted(word.text)} is ignored, and is {purpose}"
                self._form.report(word, Message(text, "remove it from `ignore`"))
        for key, word in [
            *(("values", word) for word, _ in used.rows.values),
            *(("split", word) for word, _ in used.rows.split),
        ]:
            if used.table.get(word.text) is None:
                self._unknown_column(used, word)
            elif word.text not in used.taken:
                text = f"`{key}` of column {messages.quoted(word.text)}, which nothing maps"
                self._form.report(word, Message(text, f"map it under {where}"))
        ignored = {word.text for word in used.rows.ignore}
        seen: set[str] = set()
        for column in used.table.columns:
            if column.name in {*used.taken, *used.touched, *ignored} or column.name in seen:
                continue
            seen.add(column.name)
            hint = f"map it under {where}, or name it under `ignore`"
            if column.name not in declared:
                hint = messages.near(column.name, declared) or hint
            text = f"column {messages.quoted(column.name)}{_of(used, used.rows.at)}"
            self._say(used.rows.at, Message(f"{text} is neither mapped nor ignored", hint), used)

    # -- lists ------------------------------------------------------------------------

    def _list_names(self, declared: Mapping[str, Declaration]) -> list[str]:
        return [name for name, one in declared.items() if _apart(one)]

    def _lists(
        self,
        used: _Used,
        declared: Mapping[str, Declaration],
        of: str,
        identity: Column | None,
        around: Rows | None = None,
    ) -> tuple[list[Field], tuple[ListPlan, ...]]:
        """The lists in columns of this table, and those in tables of their own."""
        said = {name.text: (name, rows) for name, rows in used.rows.lists}
        names = self._list_names(declared)
        for given, _ in said.values():
            if given.text not in names:
                self._form.unknown(given, "list", names, of)
        inside, apart = [], []
        for name in names:
            one = declared[name]
            assert isinstance(one, ListFact)
            word, rows = said.get(name, (None, Rows(at=used.rows.at)))
            if rows.table is None and rows.column is None:
                found = self._usual(used, name, around, word)
            else:
                found = rows.column is not None
            if found is None:
                continue
            if found:
                column = rows.column
                held = self._column(used, column, f"the list `{name}`") if column else None
                if column is None:
                    held = used.table.get(name)
                    used.taken[name] = (f"the list `{name}`", None)
                if held is not None:
                    shape = self._inside(used, held, one, rows, word)
                    inside.append(Field(name, held.name, shape, held.casts))
            else:
                plan = self._apart(one, rows, word, identity, around, used)
                if plan is not None:
                    apart.append(plan)
        return inside, tuple(apart)

    def _usual(
        self, used: _Used, name: str, around: Rows | None, word: Scalar | None
    ) -> bool | None:
        """Where a list stands of which the mapping says nothing: True for a column.

        None where it stands nowhere, and is not known.
        """
        ignored = {one.text for one in used.rows.ignore}
        in_column = used.table.get(name) is not None and name not in ignored
        in_table = around is None and self._table_of(name, Rows()) is not None
        if in_column and name in used.taken:
            in_column = False
        if in_column and in_table:
            text = f"the list `{name}` has a column in `{used.table.name}` and a table"
            hint = f"say which: `lists: {{{name}: {{table: ...}}}}` or `{{column: ...}}`"
            self._say(word or used.rows.at, Message(text, hint), used)
            used.touched.add(name)
            return None
        if in_column or in_table:
            return in_column
        if word is not None:
            what = f"the list `{name}` has no table and no column"
            near = messages.near(name, self._catalog.tables)
            self._form.report(word, Message(what, near or "say `table: ...` or `column: ...`"))
        return None

    def _inside(
        self, used: _Used, column: Column, one: ListFact, rows: Rows, word: Scalar | None
    ) -> Shape:
        """A list in a column: of structs, or of JSON objects."""
        for given in (rows.id, rows.item, rows.key, *rows.order):
            if given is not None:
                text = "is of use for a list in a table, and this one stands in a column"
                self._form.report(
                    given, Message(f"{messages.quoted(given.text)} {text}", "remove it")
                )
        place = f"{used.table.name}: {column.name}"
        struct = column.element
        if column.family is Family.JSON:
            return self._json(one, rows)
        if struct is None or struct.family is not Family.STRUCT:
            at = word or rows.at
            text = f"column {messages.quoted(column.name)}{_of(used, at)} is {column.type}"
            hint = "a list is a column of lists of structs, or a table: `table: ...`"
            self._say(at, Message(f"{text}, and `{one.name}` is a list", hint), used)
            return Shape()
        within = _Used(
            Table(place, struct.members, f"{used.table.file}: {column.name}", used.table.typed),
            rows,
        )
        scalars = {n: at for n, at in one.attributes.items() if not _apart(at)}
        of = f" of `{one.name}`"
        fields = self._fields(within, scalars, one.attributes, "attribute", of)
        inside, apart = self._lists(within, one.attributes, of, None, rows)
        assert not apart
        self._rest(within, one.attributes, f"`columns` of `{one.name}`")
        return Shape(members=(*fields, *inside), partial=rows.partial)

    def _json(self, one: ListFact, rows: Rows) -> Shape:
        """The objects of a JSON column: their keys are seen only when they are read."""
        fields = []
        for name, word in rows.columns:
            attribute = one.attributes.get(name.text)
            if attribute is None:
                self._form.unknown(name, "attribute", one.attributes, f" of `{one.name}`")
            else:
                fields.append(Field(name.text, word.text, Shape()))
        for unused in (*rows.values, *rows.split, *rows.lists):
            text = "has no meaning for a list in JSON, whose objects are taken as they are"
            self._form.report(unused[0], Message(f"{messages.quoted(unused[0].text)} {text}"))
        ignored = (Field("", word.text, Shape()) for word in rows.ignore)
        return Shape(members=(*fields, *ignored), json=True, partial=rows.partial)

    def _apart(
        self,
        one: ListFact,
        rows: Rows,
        word: Scalar | None,
        identity: Column | None,
        around: Rows | None,
        outer: _Used,
    ) -> ListPlan | None:
        """A list in a table of its own."""
        name = rows.table.text if rows.table is not None else one.name
        table = self._table_of(one.name, rows)
        if table is None:
            assert rows.table is not None
            text = f"no table {messages.quoted(name)} in `{self._catalog.name}`"
            hint = messages.near(name, self._catalog.tables)
            self._form.report(rows.table, Message(text, hint))
            return None
        self._read.add(table.name)
        used = _Used(table, rows)
        usual = identity.name if identity is not None else STUDENT_ID
        how = f"lists: {{{one.name}: {{id: COLUMN}}}}"
        own = self._identity(used, rows.id, usual, how)
        key = self._beside(used, rows.key)
        item = self._beside(used, rows.item)
        if around is not None and (item is None or around.key is None):
            text = f"the list `{one.name}` has a table, so its rows must name the item around"
            hint = "say `item: COLUMN` here, and `key: COLUMN` in the list around it"
            if around.key is None or rows.item is None:
                self._say(word or rows.at, Message(text, hint), used)
            own = None
        for one_word in rows.order:
            self._beside(used, one_word)
        scalars = {n: at for n, at in one.attributes.items() if not _apart(at)}
        of = f" of `{one.name}`"
        fields = self._fields(used, scalars, one.attributes, "attribute", of)
        inside, below = self._lists(used, one.attributes, of, own or identity, rows)
        self._rest(used, one.attributes, f"`columns` of `{one.name}`")
        if own is None:
            return None
        return ListPlan(
            name=one.name,
            table=name,
            shown=table.name,
            id=own,
            fields=(*fields, *inside),
            order=tuple(one_word.text for one_word in rows.order),
            unknown_where_missing=rows.unknown_where_missing,
            partial=rows.partial,
            key=key.name if key is not None else None,
            item=item.name if item is not None else None,
            below=below,
        )

    def _beside(self, used: _Used, word: Scalar | None) -> Column | None:
        """A column that something names beside its mapping, if it has one."""
        if word is None:
            return None
        used.touched.add(word.text)
        column = used.table.get(word.text)
        if column is None:
            self._unknown_column(used, word)
        return column

    def _unread(self) -> None:
        """Tables of a folder that nothing reads: a name misspelt would go unseen."""
        if not self._catalog.closed:
            return
        lists = self._list_names(self._facts)
        for name in self._catalog.tables:
            table = self._catalog.table(name)
            if table is not None and table.name not in self._read:
                hint = messages.near(name, lists)
                hint = hint or "name its list under `lists` in a mapping, or keep it elsewhere"
                self._say(None, Message("is the table of no list", hint), _Used(table, Rows()))

    def _say(self, at: Node | Span | None, message: Message, used: _Used | None = None) -> None:
        """Report a mistake in the mapping, or, where there is none, of the table."""
        if at is not None:
            self._form.report(at, message)
        else:
            name = used.table.file if used is not None else self._catalog.name
            self.problems.append(Problem(name, message))


def _apart(declaration: Declaration) -> bool:
    return isinstance(declaration, ListFact)


def _of(used: _Used, at: object) -> str:
    """Which table a column is of, where the place of a mistake does not say it."""
    return f" of `{used.table.name}`" if at is not None else ""
