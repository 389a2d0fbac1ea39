"""Reading citations: the text that a rule comes from."""

from __future__ import annotations

from eligibility.errors import Message
from eligibility.model import Citation
from eligibility.reading import messages
from eligibility.reading.form import Form
from eligibility.source import Mapping, Node, Scalar

__all__ = ["CITATION_KEYS", "CitationReader"]

CITATION_KEYS = ("from", "title", "url", "quote", "read")


class CitationReader:
    """Reads citations, some of which start from a source that the pack names."""

    def __init__(self, form: Form) -> None:
        self._form = form
        self._named: dict[str, Citation] = {}

    def name(self, key: Scalar, node: Node) -> None:
        """Take a source by its name, for citations to start `from`."""
        mapping = self._form.mapping(node, f"source `{key.text}`", CITATION_KEYS[1:], at=key)
        made = None if mapping is None else self._citation(mapping, key, Citation(""))
        # a named source that is wrong is not to be missed where it is used
        self._named[key.text] = made if made is not None and made.title else Citation("?")

    def __call__(self, node: Node | None) -> Citation | None:
        """The citation at a node, if there is one."""
        mapping = self._form.mapping(node, "a source", CITATION_KEYS)
        if mapping is None:
            return None
        origin = mapping.get("from")
        name = self._form.text(origin, "the name of a source")
        base = Citation("" if origin is None else "?")
        if origin is not None and name is not None:
            if name in self._named:
                base = self._named[name]
            else:
                self._form.unknown(origin, "source", self._named)
        return self._citation(mapping, mapping, base)

    def _citation(self, mapping: Mapping, at: Node, base: Citation) -> Citation:
        title = self._form.text(mapping.get("title"), "the title of a source")
        if not base.title and self._form.lacks(mapping, "title", CITATION_KEYS):
            hint = "or `from`, the name of one of the `sources`" if at is mapping else None
            self._form.report(at, messages.missing_key("title", "a source", hint))
        return Citation(
            title or base.title,
            self._address(mapping.get("url")) or base.url,
            self._form.text(mapping.get("quote"), "the quote") or base.quote,
            self._form.day(mapping.get("read"), "the day it was read") or base.read,
        )

    def _address(self, node: Node | None) -> str | None:
        text = self._form.text(node, "the address of a source")
        if node is None or text is None:
            return None
        if not text.startswith(("https://", "http://")) or " " in text:
            hint = "write it in full, for example `https://example.org/rules`"
            self._form.report(node, Message(f"{messages.quoted(text)} is not an address", hint))
        return text
