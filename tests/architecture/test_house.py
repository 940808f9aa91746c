# SPDX-License-Identifier: Apache-2.0
"""The rules of the house that import-linter cannot see."""

from __future__ import annotations

import ast
import importlib
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SOURCE = ROOT / "src" / "haechi"
MODULES = sorted(path for path in SOURCE.rglob("*.py") if "_migrations" not in path.parts)
ROOMS = sorted(path.parent.name for path in SOURCE.glob("*/__init__.py"))
SQL_WORDS = {"sqlalchemy", "alembic", "psycopg"}


def imported(path: Path) -> list[str]:
    """The absolute names of all that a module imports, relative imports resolved."""
    package = ["haechi", *path.relative_to(SOURCE).parent.parts]
    names = []
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else []
            module = ".".join([*base, *([node.module] if node.module else [])])
            names += [f"{module}.{alias.name}" for alias in node.names]
    return names


@pytest.mark.parametrize("room", ROOMS)
def test_a_room_exports_what_it_says(room: str) -> None:
    module = importlib.import_module(f"haechi.{room}")
    assert module.__doc__
    assert len(set(module.__all__)) == len(module.__all__)
    for name in module.__all__:
        assert hasattr(module, name), f"{room} exports {name} and has none"


@pytest.mark.parametrize("room", ROOMS)
def test_every_module_of_a_room_is_private(room: str) -> None:
    for path in (SOURCE / room).glob("*.py"):
        assert path.stem.startswith("_"), f"{path.name} in {room} needs a leading underscore"


def test_no_room_reaches_into_another() -> None:
    wrong = []
    for path in MODULES:
        own = path.relative_to(SOURCE).parts[0]
        for name in imported(path):
            parts = name.split(".")
            if (
                parts[0] == "haechi"
                and len(parts) > 2
                and parts[1] != own
                and re.match(r"_[a-z]", parts[2])
            ):
                wrong.append(f"{path.relative_to(SOURCE)} imports {name}")
    assert wrong == []


def test_only_rooms_that_own_tables_know_sql() -> None:
    """SQL stands in storage and in the rooms that have `_tables.py`; tables are declared only there."""
    wrong = []
    for path in MODULES:
        room = path.relative_to(SOURCE).parts[0]
        knows = any(name.split(".")[0] in SQL_WORDS for name in imported(path))
        # A verb holds the transaction in its hand, and hands it down.
        owns = (SOURCE / room / "_tables.py").exists() or room in {"storage", "workflows"}
        if knows and not owns:
            wrong.append(f"{path.relative_to(SOURCE)} knows SQL")
        declares = "metadata,\n" in path.read_text() and "Table(" in path.read_text()
        if declares and path.name != "_tables.py":
            wrong.append(f"{path.relative_to(SOURCE)} declares a table")
    assert wrong == []


def test_no_room_touches_the_tables_of_another() -> None:
    for path in MODULES:
        own = path.relative_to(SOURCE).parts[0]
        for name in imported(path):
            if "._tables" in name:
                assert name.startswith(f"haechi.{own}."), path


def test_files_and_functions_stay_short() -> None:
    long = []
    for path in MODULES:
        text = path.read_text()
        if text.count("\n") > 500:
            long.append(f"{path.relative_to(SOURCE)}: {text.count(chr(10))} lines")
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                body = node.body[1:] if ast.get_docstring(node) else node.body
                lines = (node.end_lineno or 0) - body[0].lineno + 1 if body else 0
                if lines > 40:
                    long.append(f"{path.relative_to(SOURCE)}: {node.name} has {lines} lines")
    assert long == []


def test_every_public_thing_says_what_it_is() -> None:
    silent = []
    for path in MODULES:
        tree = ast.parse(path.read_text())
        if not ast.get_docstring(tree):
            silent.append(str(path.relative_to(SOURCE)))
        for node in tree.body:
            is_thing = isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef)
            if is_thing and not node.name.startswith("_") and not ast.get_docstring(node):
                silent.append(f"{path.relative_to(SOURCE)}: {node.name}")
    assert silent == []


def test_every_file_of_ours_carries_its_licence() -> None:
    files = [
        *(path for path in SOURCE.rglob("*") if path.suffix in {".py", ".js", ".css", ".toml"}),
        *(ROOT / "tests").rglob("*.py"),
        *(ROOT / "tools").glob("*.py"),
        ROOT / "Makefile",
        ROOT / ".ci" / "run",
    ]
    bare = [
        str(path.relative_to(ROOT))
        for path in files
        if "SPDX-License-Identifier: Apache-2.0" not in path.read_text()[:200]
    ]
    assert bare == []


def test_nothing_names_where_packages_come_from() -> None:
    hosts = re.compile(
        r"https?://[^\s\"')]*(?:pypi|pythonhosted|registry|npmjs)[^\s\"')]*", re.IGNORECASE
    )
    for path in [
        *ROOT.glob("*.*"),
        *(ROOT / "requirements").glob("*"),
        *(ROOT / "tools").glob("*"),
    ]:
        if path.is_file():
            assert not hosts.search(path.read_text(errors="replace")), path


def test_no_left_over_notes() -> None:
    marks = re.compile(r"\b(TODO|FIXME|XXX)\b|NotImplementedError")
    left = [str(path.relative_to(ROOT)) for path in MODULES if marks.search(path.read_text())]
    assert left == []


def test_no_module_is_called_after_nothing() -> None:
    for path in MODULES:
        assert not re.search(r"util|helper|manager|misc|common", path.stem), path
