"""The project as a whole: style, types, layers, packaging, and what starting up costs."""

from __future__ import annotations

import ast
import configparser
import json
import os
import re
import shutil
import subprocess
import sys
import tarfile
import venv
import zipfile
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

from packaging.requirements import Requirement

import eligibility

ROOT = Path(__file__).parent.parent
VERSION = eligibility.__version__

# None of these may be loaded before it is needed.
HEAVY = {
    "durable",
    "durable_rules_engine",
    "marshmallow",
    "matplotlib",
    "msgspec",
    "numpy",
    "networkx",
    "ortools",
    "pandas",
    "ibis",
    "duckdb",
    "pyarrow",
    "psycopg",
    "pyspark",
    "django",
    "fastapi",
    "flask",
    "starlette",
    "tornado",
    "uvicorn",
    "werkzeug",
}


def run(*command: str | Path, cwd: Path = ROOT) -> str:
    """What a program prints; the test fails with all of it when the program does."""
    done = subprocess.run(
        [str(word) for word in command],
        cwd=cwd,
        env={name: value for name, value in os.environ.items() if name != "PYTHONPATH"},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    shown = " ".join(map(str, command))
    assert done.returncode == 0, f"$ {shown}\n{done.stdout}{done.stderr}"
    return done.stdout


def files() -> list[Path]:
    """Every file that git has or would take, relative to the root."""
    names = run("git", "ls-files", "-z", "--cached", "--others", "--exclude-standard")
    return [Path(name) for name in sorted(set(names.split("\0"))) if (ROOT / name).is_file()]


def module_name(path: Path) -> str:
    """The dotted name of a module by its path relative to the root."""
    parts = path.with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


MODULES = {
    module_name(path): ROOT / path
    for path in files()
    if path.parts[0] == "eligibility" and path.suffix == ".py"
}


# Tools


def test_ruff_finds_nothing() -> None:
    run(sys.executable, "-m", "ruff", "check", "--quiet", ".")


def test_ruff_would_format_nothing_anew() -> None:
    run(sys.executable, "-m", "ruff", "format", "--check", "--quiet", ".")


def test_types_are_sound() -> None:
    run(sys.executable, "-m", "mypy", "--no-error-summary")


def test_imports_point_one_way() -> None:
    lint = "from importlinter.cli import lint_imports_command as main; main()"
    run(sys.executable, "-c", lint, "--no-cache")


# Modules


def test_no_module_is_longer_than_600_lines() -> None:
    length = {name: len(path.read_text().splitlines()) for name, path in MODULES.items()}
    assert {name: lines for name, lines in length.items() if lines > 600} == {}


def test_every_module_says_what_it_offers() -> None:
    """`__all__` names every public function and class; ruff sorts it."""
    unsaid = {
        name: sorted(public(tree) - set(offered(tree))) for name, tree in parsed_modules().items()
    }
    assert {name: words for name, words in unsaid.items() if words} == {}


def test_modules_take_from_each_other_only_what_is_offered() -> None:
    modules = parsed_modules()
    taken = [
        f"{name}:{node.lineno}: {node.module} does not offer {alias.name}"
        for name, tree in modules.items()
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and node.module in modules
        for alias in node.names
        if f"{node.module}.{alias.name}" not in modules
        and alias.name not in offered(modules[node.module])
    ]
    assert taken == []


def parsed_modules() -> dict[str, ast.Module]:
    return {name: ast.parse(path.read_text()) for name, path in MODULES.items()}


def public(tree: ast.Module) -> set[str]:
    """The functions and classes of a module that no underscore hides.

    Commands are reached by the name they have on the command line.
    """
    return {
        node.name
        for node in tree.body
        if isinstance(node, ast.FunctionDef | ast.ClassDef)
        and not node.name.startswith("_")
        and not any(".command(" in ast.unparse(mark) for mark in node.decorator_list)
        and not any(".group(" in ast.unparse(mark) for mark in node.decorator_list)
    }


def offered(tree: ast.Module) -> list[str]:
    """A module's `__all__`; nothing without one."""
    for node in tree.body:
        match node:
            case ast.Assign(targets=[ast.Name("__all__")], value=value):
                found: list[str] = ast.literal_eval(value)
                return found
    return []


# What starting up loads


def loaded(code: str) -> set[str]:
    """The top-level modules that are loaded once `code` has run."""
    tell = "import sys; print('loaded:', *{name.partition('.')[0] for name in sys.modules})"
    last = run(sys.executable, "-c", f"{code}\n{tell}").splitlines()[-1]
    return set(last.removeprefix("loaded:").split())


def test_importing_the_package_loads_nothing_heavy() -> None:
    found = loaded("import eligibility")
    assert "eligibility" in found
    assert not found & (HEAVY | {"click", "rich", "yaml"})


def test_asking_for_help_loads_nothing_heavy() -> None:
    found = loaded(
        "from eligibility.cli import main\n"
        "try:\n    main(['--help'], prog_name='eligibility')\n"
        "except SystemExit:\n    pass"
    )
    assert {"eligibility", "click"} <= found
    assert not found & (HEAVY | {"rich", "yaml"})


# Version, changelog, README


def test_the_version_stands_in_one_place() -> None:
    places = [*MODULES.values(), ROOT / "setup.cfg", ROOT / "pyproject.toml"]
    found = [path for path in places if VERSION in path.read_text()]
    assert found == [MODULES["eligibility"]]


def test_the_changelog_tells_of_this_version() -> None:
    text = (ROOT / "CHANGELOG.md").read_text()
    headings = re.findall(r"^## \[(.+?)\]", text, re.MULTILINE)
    assert headings[0] in ("Unreleased", VERSION)
    assert f"[{VERSION}]" in text


def test_the_readme_has_one_test_command_that_ci_can_run() -> None:
    commands = re.findall(
        r"^<!-- test command -->\n+```\w*\n(.+)\n```$",
        (ROOT / "README.md").read_text(),
        re.MULTILINE,
    )
    assert len(commands) == 1
    assert commands[0].startswith("python3.11 -m venv .venv && ")
    assert commands[0].endswith(" -m pytest")


# Files


def test_no_file_tells_of_a_machine_or_an_index() -> None:
    """No absolute path of somebody's machine, no host that serves packages."""
    # Put together here, or this file would be the first to be found.
    folders = [f"/{name}/" for name in ("home", "root", "Users", "work", "opt", "tmp")]
    hosts = [
        ".".join(name) for name in (("pypi", "org"), ("pythonhosted", "org"), ("npmjs", "org"))
    ]
    wrong = re.compile(
        "|".join(rf"(?<![\w.}}$~-]){re.escape(f)}" for f in folders)
        + "|"
        + "|".join(map(re.escape, hosts))
    )
    found = []
    for path in files():
        for number, line in enumerate((ROOT / path).read_text().splitlines(), 1):
            if wrong.search(line):
                found.append(f"{path}:{number}: {line.strip()}")
    assert not found, "\n".join(found)


# Packaging


def setup() -> configparser.ConfigParser:
    parser = configparser.ConfigParser()
    parser.read(ROOT / "setup.cfg")
    return parser


def requirements() -> list[Requirement]:
    """What the package needs, and what its extras for users do."""
    lines = setup()["options"]["install_requires"].splitlines()
    for extra in ("assign", "duckdb", "html", "parquet", "postgres", "spark", "zst"):
        lines += setup()["options.extras_require"][extra].splitlines()
    return [Requirement(line) for line in lines if line and not line.startswith("#")]


def imported() -> Iterator[str]:
    """The top-level names that the package imports."""
    for tree in parsed_modules().values():
        for node in ast.walk(tree):
            if isinstance(node, ast.Import):
                yield from (alias.name.partition(".")[0] for alias in node.names)
            elif isinstance(node, ast.ImportFrom):
                yield (node.module or "").partition(".")[0]


def test_every_import_is_a_requirement_and_every_requirement_is_imported() -> None:
    modules = {
        "backports.zstd": {"backports"},
        "click": {"click"},
        "duckdb": {"duckdb"},
        "ibis-framework": {"ibis"},
        "durable-rules": {"durable", "durable_rules_engine"},
        "marshmallow": {"marshmallow"},
        "matplotlib": {"matplotlib"},
        "msgspec": {"msgspec"},
        "numpy": {"numpy"},
        "networkx": {"networkx"},
        "ortools": {"ortools"},
        "pyarrow": {"pyarrow"},
        "pyspark": {"pyspark"},
        "psycopg": {"psycopg"},
        "python-dateutil": {"dateutil"},
        "PyYAML": {"yaml"},
        "rich": {"rich"},
    }
    assert {requirement.name for requirement in requirements()} == set(modules)
    # `compression` came to the standard library with 3.14
    known = {*sys.stdlib_module_names, "compression", "eligibility"}
    foreign = set(imported()) - known
    assert foreign == set().union(*modules.values())


def test_the_package_can_be_built_and_used_outside_the_checkout(tmp_path: Path) -> None:
    """The sdist has everything, the wheel built from it the rules and profiles, and it works."""
    tree = tmp_path / "tree"
    for path in files():
        (tree / path).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(ROOT / path, tree / path)
    run(sys.executable, "-m", "build", "--outdir", tmp_path, tree, cwd=tmp_path)
    shutil.rmtree(tree)

    sdist_is_complete(tmp_path / f"eligibility-{VERSION}.tar.gz")
    wheel = tmp_path / f"eligibility-{VERSION}-py3-none-any.whl"
    wheel_is_complete(wheel)
    wheel_works(wheel, tmp_path)


def sdist_is_complete(path: Path) -> None:
    with tarfile.open(path) as sdist:
        found = {name.partition("/")[2] for name in sdist.getnames()}
    left_out = {str(path) for path in files()} - found
    assert left_out == {".ci/run", ".gitignore"}


def wheel_is_complete(path: Path) -> None:
    with zipfile.ZipFile(path) as wheel:
        found = {name for name in wheel.namelist() if ".dist-info/" not in name}
    code = {str(path) for path in files() if path.parts[0] == "eligibility"}
    data = {str(path) for path in files() if path.parts[0] in ("rules", "profiles")}
    assert {"eligibility/py.typed", "eligibility/cli.py"} <= code
    assert {"rules/vocabulary/student.yaml", "profiles/ged-only.json"} <= data
    assert found == code | {f"eligibility/data/{name}" for name in data}


def wheel_works(wheel: Path, folder: Path) -> None:
    """Installed into a fresh environment with what it asks for, it checks a profile."""
    fresh = folder / "fresh"
    venv.create(fresh, with_pip=False)
    python, command = fresh / "bin" / "python", fresh / "bin" / "eligibility"
    run(sys.executable, "-m", "pip", "--python", python, "install", "--quiet", wheel, cwd=folder)

    assert VERSION in run(command, "--version", cwd=folder)
    where = "from eligibility.packs import shipped; print(shipped('profiles'))"
    profiles = Path(run(python, "-c", where, cwd=folder).strip())
    assert profiles.is_relative_to(fresh)
    shutil.copy2(profiles / "ged-only.json", folder)
    shown = json.loads(run(command, "check", "ged-only.json", "--format", "json", cwd=folder))
    status = {outcome["id"]: outcome["status"] for outcome in shown["outcomes"]}
    assert status["program-admission"] == "eligible"
    assert status["rhit-exam"] != "eligible"
    assert shown["engine"] == ("rete" if find_spec("durable") else "reference")
