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

__all__ = ["PACK_FILE", "RuleDocument", "Rules", "find_packs", "read_case_files", "read_rules"]

PACK_FILE = "pack.yaml"
MAX_FILES = 500
_CASES = "cases"
_SEGMENT = re.compile(r"[a-z0-9][a-z0-9_-]*")


@dataclass(frozen=True, slots=True)
class RuleDocument:
    """One file: its name as shown, the pack it belongs to (None for a vocabulary), its nodes."""

    name: str
    pack: Path | None
    root: Mapping


@dataclass(slots=True)
class Rules:
    """All documents of one or several packs, in a fixed order, with what went wrong.

    `packs` are the folders asked for, as against those merely used by them.
    """

    packs: tuple[Path, ...]
    documents: list[RuleDocument] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    digest: str = ""


def find_packs(path: Path) -> tuple[Path, ...]:
    """The packs at a path: the folder itself, or those right below it, sorted.

    Raises `RulesError` when there is none.
    """
    if path.name == PACK_FILE and path.is_file():
        return (path.parent,)
    if (path / PACK_FILE).is_file():
        return (path,)
    if path.is_dir():
        found = tuple(sorted(below.parent for below in path.glob(f"*/{PACK_FILE}")))
        if found:
            return found
        message = Message(
            f"no rule pack here: no `{PACK_FILE}` in it or right below it",
            "name the folder of a pack, or a folder of packs",
        )
    else:
        message = Message("no such folder of rules")
    raise RulesError([Problem(shown(path), message)])


def read_rules(packs: Iterable[Path]) -> Rules:
    """The documents of these packs and of all that they use.

    Nothing is raised for a mistake: all of them are in `problems`, so that they come
    out together with those found later.
    """
    reader = _Reader(tuple(dict.fromkeys(packs)))
    for pack in reader.rules.packs:
        reader.pack(pack)
    reader.rules.digest = f"sha256:{reader.hash()}"
    return reader.rules


def read_case_files(packs: Iterable[Path]) -> tuple[list[RuleDocument], list[Problem]]:
    """The case files beside the rules: `cases.yaml`, and all files in `cases/`."""
    rules = Rules(tuple(packs))
    for pack in rules.packs:
        for path in _yaml_files(pack):
            if _is_case_file(path, pack):
                document = _document(path, pack, rules)
                if document is not None:
                    rules.documents.append(document)
    return rules.documents, rules.problems


class _Reader:
    def __init__(self, packs: tuple[Path, ...]) -> None:
        self.rules = Rules(packs)
        self._seen: set[Path] = set()
        self._contents: dict[str, str] = {}

    def hash(self) -> str:
        """One digest over the names and texts of all files, in the order of the names."""
        digest = hashlib.sha256()
        for name, text in sorted(self._contents.items()):
            content = text.encode("utf-8")
            digest.update(f"{name}\0{len(content)}\0".encode())
            digest.update(content)
        return digest.hexdigest()

    def pack(self, pack: Path) -> None:
        """Read a pack once, and what it uses before it."""
        if self._first(pack):
            documents = [
                document
                for path in _yaml_files(pack)
                if not _is_case_file(path, pack)
                and (document := self._read(path, pack, pack.parent)) is not None
            ]
            for document in documents:
                if Path(document.name).name == PACK_FILE:
                    self._used(document, pack.parent)
            self.rules.documents.extend(documents)

    def _used(self, document: RuleDocument, root: Path) -> None:
        uses = document.root.get("use")
        for node in uses.items if isinstance(uses, Sequence) else ():
            if not isinstance(node, Scalar):
                continue
            segments = node.text.split("/")
            if not all(_SEGMENT.fullmatch(segment) for segment in segments):
                self._problem(node, Message(f"`{node.text}` is not a path below the rules"))
                continue
            target = root.joinpath(*segments)
            vocabulary = target.with_name(f"{target.name}.yaml")
            if (target / PACK_FILE).is_file():
                self.pack(target)
            elif vocabulary.is_file():
                if self._first(vocabulary):
                    found = self._read(vocabulary, None, root)
                    if found is not None:
                        self.rules.documents.append(found)
            else:
                hint = f"looked for `{shown(vocabulary)}` and `{shown(target / PACK_FILE)}`"
                self._problem(node, Message(f"nothing to use at `{node.text}`", hint))

    def _first(self, path: Path) -> bool:
        resolved = path.resolve()
        if resolved in self._seen:
            return False
        self._seen.add(resolved)
        return True

    def _read(self, path: Path, pack: Path | None, root: Path) -> RuleDocument | None:
        return _document(path, pack, self.rules, self._contents, root)

    def _problem(self, node: Node, message: Message) -> None:
        self.rules.problems.append(node.span.problem(message))


def _document(
    path: Path,
    pack: Path | None,
    rules: Rules,
    contents: dict[str, str] | None = None,
    root: Path | None = None,
) -> RuleDocument | None:
    name = shown(path)
    text, problems = read_text(path, name, MAX_FILE_BYTES)
    rules.problems.extend(problems)
    if problems:
        return None
    if contents is not None and root is not None:
        contents[path.relative_to(root).as_posix()] = text
    node, problems = read_yaml(text, name)
    rules.problems.extend(problems)
    if node is None:
        return None
    if not isinstance(node, Mapping):
        message = Message("the file must be a mapping", "start with `pack:` or `outcomes:`")
        rules.problems.append(node.span.problem(message))
        return None
    return RuleDocument(name, pack, node)


def _is_case_file(path: Path, pack: Path) -> bool:
    parts = path.relative_to(pack).parts
    return parts[-1] == f"{_CASES}.yaml" or _CASES in parts[:-1]


def _yaml_files(pack: Path) -> Iterator[Path]:
    """The YAML files of a pack, sorted; links to folders are not followed."""
    count = 0
    for folder, below, names in os.walk(pack):
        below[:] = sorted(name for name in below if not name.startswith("."))
        for name in sorted(names):
            if name.endswith((".yaml", ".yml")) and not name.startswith("."):
                count += 1
                if count > MAX_FILES:
                    message = Message(f"more than {MAX_FILES} files in one pack")
                    raise RulesError([Problem(shown(pack), message)])
                yield Path(folder) / name


def shown(path: Path) -> str:
    """A path as a person would write it: from here where it is below here."""
    try:
        return path.absolute().relative_to(Path.cwd()).as_posix() or "."
    except ValueError:
        return path.as_posix()
