"""From folders of YAML to rule documents: which files belong to a pack, and their nodes."""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from eligibility.errors import Message, Problem, RulesError
from eligibility.source import MAX_FILE_BYTES, Mapping, Node, Scalar, Sequence, read_text, read_yaml

__all__ = [
    "MAX_BYTES",
    "MAX_FILES",
    "MAX_USES",
    "PACK_FILE",
    "SEGMENT",
    "RuleDocument",
    "Rules",
    "find_packs",
    "read_case_files",
    "read_rules",
    "shown",
]

PACK_FILE = "pack.yaml"
MAX_FILES = 500
"""The files of one pack."""

MAX_BYTES = 20_000_000
"""The bytes of all files that are read together."""

MAX_USES = 20
"""How many packs may stand in a chain, each using the next."""

SEGMENT = re.compile(r"[a-z0-9][a-z0-9_-]*")
_CASES = "cases"


@dataclass(frozen=True, slots=True)
class RuleDocument:
    """One file: its name as shown, the pack it belongs to (None for a vocabulary), its nodes.

    `head` is true for a pack's own `pack.yaml`.
    """

    name: str
    pack: Path | None
    root: Mapping
    head: bool = False


@dataclass(slots=True)
class Rules:
    """All documents of one or several packs, in a fixed order, with what went wrong.

    `packs` are the folders asked for, as against those merely used by them. Where a file
    is missing or cannot be read, the rules are `incomplete`: what it declares is unknown.
    """

    packs: tuple[Path, ...]
    documents: list[RuleDocument] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    digest: str = ""
    incomplete: bool = False


def find_packs(path: Path) -> tuple[Path, ...]:
    """The packs at a path: the folder itself, or those right below it, sorted.

    Raises `RulesError` when there is none.
    """
    if path.name == PACK_FILE and path.is_file():
        return (path.parent,)
    if (path / PACK_FILE).is_file():
        return (path,)
    hint = "name the folder of a pack, or a folder of packs"
    if path.is_dir():
        found = tuple(sorted(below.parent for below in path.glob(f"*/{PACK_FILE}")))
        if found:
            return found
        message = Message(f"no rule pack here: no `{PACK_FILE}` in it or right below it", hint)
    elif path.exists():
        message = Message("is a file, not a folder of rules", hint)
    else:
        message = Message("no such folder of rules", hint)
    raise RulesError([Problem(shown(path), message)])


def read_rules(packs: Iterable[Path]) -> Rules:
    """The documents of these packs and of all that they use.

    Nothing is raised for a mistake: all of them are in `problems`, so that they come
    out together with those found later.
    """
    reader = _Reader(_absolute(packs))
    for pack in reader.rules.packs:
        reader.pack(pack)
    reader.rules.digest = f"sha256:{reader.hash()}"
    return reader.rules


def read_case_files(packs: Iterable[Path]) -> tuple[list[RuleDocument], list[Problem]]:
    """The case files beside the rules.

    They are `cases.yaml`, all files in a folder `cases`, and any other file with `cases:`
    at its top.
    """
    reader = _Reader(_absolute(packs))
    for pack in reader.rules.packs:
        reader.cases(pack)
    return reader.rules.documents, reader.rules.problems


def _absolute(packs: Iterable[Path]) -> tuple[Path, ...]:
    # a pack given as `.` has a name and a folder around it all the same
    return tuple(dict.fromkeys(Path(os.path.abspath(pack)) for pack in packs))


class _Reader:
    def __init__(self, packs: tuple[Path, ...]) -> None:
        self.rules = Rules(packs)
        self._seen: set[Path] = set()
        self._within: list[Path] = []
        self._contents: list[tuple[str, str]] = []
        self._bytes = 0

    def hash(self) -> str:
        """One digest over the names and texts of all files, in the order of the names."""
        digest = hashlib.sha256()
        for name, text in sorted(self._contents):
            content = text.encode("utf-8")
            digest.update(f"{name}\0{len(content)}\0".encode())
            digest.update(content)
        return digest.hexdigest()

    def pack(self, pack: Path) -> None:
        """Read a pack once, and what it uses before it."""
        if not self._first(pack):
            return
        self._within.append(pack)
        documents: list[RuleDocument] = []
        # the head comes first, for what is declared twice is blamed on the second
        for path in sorted(self._files(pack), key=lambda path: path != pack / PACK_FILE):
            if not _in_cases(path, pack) and self._first(path):
                document = self._document(path, pack, pack.parent)
                if document is not None and document.root.get(_CASES) is None:
                    documents.append(document)
        for document in documents:
            if document.head:
                self._uses(document, pack.parent)
        self.rules.documents.extend(documents)
        self._within.pop()

    def cases(self, pack: Path) -> None:
        """Read the case files of a pack; what is wrong with other files is told elsewhere."""
        for path in self._files(pack):
            known = len(self.rules.problems)
            document = self._document(path, pack, pack.parent)
            if _in_cases(path, pack) or (document and document.root.get(_CASES) is not None):
                if document is not None:
                    self.rules.documents.append(document)
            else:
                del self.rules.problems[known:]

    # -- what a pack uses -------------------------------------------------------------

    def _uses(self, document: RuleDocument, root: Path) -> None:
        uses = document.root.get("use")
        # a single word is reported later; it is followed all the same
        nodes = uses.items if isinstance(uses, Sequence) else (uses,)
        for node in nodes:
            if not isinstance(node, Scalar):
                self.rules.incomplete |= node is not None
            elif not all(SEGMENT.fullmatch(segment) for segment in node.text.split("/")):
                hint = "name it by lower-case words with `/` between, like `vocabulary/student`"
                if node.text.endswith((".yaml", ".yml")):
                    hint = f"leave out `.{node.text.rsplit('.', 1)[1]}`"
                text = f"`{node.text[:60]}` is not a path below the folder of rules"
                self._missing(node, Message(text, hint))
            else:
                self._use(node, root)

    def _use(self, node: Scalar, root: Path) -> None:
        target = root.joinpath(*node.text.split("/"))
        vocabulary = target.with_name(f"{target.name}.yaml")
        if (target / PACK_FILE).is_file():
            if target in self._within:
                circle = [*self._within[self._within.index(target) :], target]
                names = " -> ".join(f"`{one.name}`" for one in circle)
                message = Message(f"packs use each other: {names}", "break the circle")
                self.rules.problems.append(node.span.problem(message))
            elif len(self._within) > MAX_USES:
                self._missing(node, Message(f"more than {MAX_USES} packs use one another"))
            else:
                self.pack(target)
        elif vocabulary.is_file():
            if self._first(vocabulary):
                found = self._document(vocabulary, None, root)
                if found is not None:
                    self.rules.documents.append(found)
        else:
            hint = f"looked for `{shown(vocabulary)}` and `{shown(target / PACK_FILE)}`"
            self._missing(node, Message(f"nothing to use at `{node.text}`", hint))

    def _missing(self, node: Node, message: Message) -> None:
        self.rules.problems.append(node.span.problem(message))
        self.rules.incomplete = True

    def _first(self, path: Path) -> bool:
        resolved = path.resolve()
        if resolved in self._seen:
            return False
        self._seen.add(resolved)
        return True

    # -- files ------------------------------------------------------------------------

    def _document(self, path: Path, pack: Path | None, root: Path) -> RuleDocument | None:
        """The nodes of a file; None, with the rules incomplete, where it cannot be read."""
        document = self._parsed(path, pack, root)
        if document is None:
            self.rules.incomplete = True
        return document

    def _parsed(self, path: Path, pack: Path | None, root: Path) -> RuleDocument | None:
        name = shown(path)
        text, problems = read_text(path, name, MAX_FILE_BYTES)
        self.rules.problems.extend(problems)
        if problems:
            return None
        self._bytes += len(text)
        if self._bytes > MAX_BYTES:
            self._problem(name, Message(f"all files together are larger than {MAX_BYTES:,} bytes"))
            return None
        node, problems = read_yaml(text, name)
        self.rules.problems.extend(problems)
        if node is None:
            return None
        if not isinstance(node, Mapping):
            message = Message("a file of rules starts with a key", "for example `outcomes:`")
            self.rules.problems.append(node.span.problem(message))
            return None
        if node.get(_CASES) is None:
            self._contents.append((path.relative_to(root).as_posix(), text))
        head = pack is not None and path == pack / PACK_FILE
        return RuleDocument(name, pack, node, head)

    def _files(self, pack: Path) -> Iterator[Path]:
        """The YAML files of a pack, sorted; links to folders are not followed."""
        count = 0
        for folder, below, names in os.walk(pack, onerror=self._unreadable):
            below[:] = sorted(name for name in below if not name.startswith("."))
            place = Path(folder)
            if place != pack and PACK_FILE in names:
                message = Message(
                    "is a pack inside another pack", "put its folder beside the other"
                )
                self._problem(shown(place / PACK_FILE), message)
                below.clear()
                continue
            for name in sorted(names):
                if name.startswith(".") or not name.lower().endswith((".yaml", ".yml")):
                    continue
                count += 1
                if count > MAX_FILES:
                    self._problem(shown(pack), Message(f"more than {MAX_FILES} files in one pack"))
                    return
                yield place / name

    def _unreadable(self, error: OSError) -> None:
        reason = (error.strerror or str(error)).lower()
        self._problem(shown(Path(error.filename)), Message(f"cannot be read: {reason}"))

    def _problem(self, name: str, message: Message) -> None:
        self.rules.problems.append(Problem(name, message))
        self.rules.incomplete = True


def _in_cases(path: Path, pack: Path) -> bool:
    """Whether a file is a case file by its place."""
    parts = path.relative_to(pack).parts
    return parts[-1] == f"{_CASES}.yaml" or _CASES in parts[:-1]


def shown(path: Path) -> str:
    """A path as a person would write it: from here where it is below here."""
    try:
        return path.absolute().relative_to(Path.cwd()).as_posix() or "."
    except (ValueError, FileNotFoundError):  # not below here; here was deleted
        return path.as_posix()
