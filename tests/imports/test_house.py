"""The room's own floors: formats and lexicon below the file, the file below its columns, the columns below its rows."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from analysis.imports.formats import formats

ROOT = Path(__file__).resolve().parents[2]
ROOM = ROOT / "analysis" / "imports"
FLOORS = ("formats", "lexicon", "file", "columns", "rows", "export", "read", "")
"""From the bottom; the last is the room's public face."""
SOURCES = sorted(ROOM.rglob("*.py"))


def floor(module: str) -> str:
    """Return the floor of a module of this room, named from the room on."""
    return module.split(".")[0]


def name(path: Path) -> str:
    return ".".join(path.relative_to(ROOM).with_suffix("").parts).removesuffix("__init__").rstrip(".")


def imported(path: Path) -> Iterator[str]:
    """Yield the modules of this room that a file imports, for their types too."""
    modules = {name(p) for p in SOURCES}
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module and f"{node.module}.".startswith("analysis.imports."):
            source = node.module.removeprefix("analysis.imports").lstrip(".")
            inner = {f"{source}.{alias.name}".lstrip(".") for alias in node.names} & modules
            yield from inner or {source}


@pytest.mark.parametrize("path", SOURCES, ids=name)
def test_imports_go_down(path: Path) -> None:
    here = floor(name(path))
    for other in imported(path):
        assert FLOORS.index(floor(other)) <= FLOORS.index(here), f"{name(path)} imports {other}"


def test_no_two_modules_import_each_other_in_a_circle() -> None:
    left = {name(path): {m for m in imported(path) if m != name(path)} for path in SOURCES}
    while free := {module for module, needs in left.items() if not needs & left.keys()}:
        left = {module: needs for module, needs in left.items() if module not in free}
    assert not left


def test_every_folder_is_a_floor() -> None:
    assert {floor(name(path)) for path in SOURCES} == set(FLOORS)


@pytest.mark.parametrize("path", SOURCES, ids=name)
def test_a_module_is_no_longer_than_one_reads(path: Path) -> None:
    assert len(path.read_text(encoding="utf-8").splitlines()) <= 400


@pytest.mark.parametrize("path", SOURCES, ids=name)
def test_no_platform_is_named_in_code(path: Path) -> None:
    """Recognisers are data: what one platform calls its columns, words and totals stands in no module."""
    named = {f.name.split("/")[0].split()[0] for f in formats() if not f.exactly}
    text = path.read_text(encoding="utf-8")
    assert not [platform for platform in named if re.search(rf"\b{re.escape(platform)}\b", text)]
