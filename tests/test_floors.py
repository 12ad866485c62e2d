"""The house: each floor imports only from floors below it, and what is public says what it does."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
FLOORS = (
    ("app", "serve"),
    ("pages",),
    ("ui",),
    ("server",),
    ("analysis.sharing",),
    ("analysis.notebook",),
    ("analysis.overview",),
    ("analysis.plan",),
    ("analysis.reallocation",),
    ("analysis.budget",),
    ("analysis.comparison",),
    ("analysis.audience", "analysis.journey", "analysis.results", "analysis.rules", "analysis.workspace"),
    ("analysis.imports",),
    ("analysis",),
)
"""From the top; rooms of one floor do not import each other. The last is the ground floor."""
ALLOWED = {
    "analysis.sharing": {
        "analysis.notebook",
        "analysis.comparison",
        "analysis.reallocation",
        "analysis.rules",
        "analysis.budget",
        "analysis.audience",
        "analysis.journey",
        "analysis.workspace",
        "analysis.imports",
    },
    "analysis.notebook": {
        "analysis.plan",
        "analysis.reallocation",
        "analysis.budget",
        "analysis.audience",
        "analysis.journey",
        "analysis.results",
    },
    "analysis.overview": {
        "analysis.plan",
        "analysis.budget",
        "analysis.audience",
        "analysis.journey",
        "analysis.results",
    },
    "analysis.plan": {"analysis.reallocation", "analysis.audience", "analysis.journey", "analysis.results"},
    "analysis.workspace": {"analysis.imports"},
    "analysis.reallocation": {"analysis.budget", "analysis.rules"},
    "analysis.comparison": {"analysis.journey", "analysis.results"},
}
"""Rooms that may import other rooms of the library; all the others import the ground floor alone."""
GROUND = {"analysis.store", "analysis.values"}
"""Folders of the ground floor: any room may import them, and they import no room."""
HEAVY = {"pandas", "numpy", "duckdb", "statsmodels", "scipy", "narwhals", "pyarrow", "polars", "numba"}
ROOMS = {room for floor in FLOORS for room in floor}
KNOWS_STREAMLIT = {"entry.py", "running.py"}
"""Modules of the server that know the one it serves."""
OURS = ("analysis", "server", "ui", "pages")
SOURCES = [ROOT / "app.py", ROOT / "serve.py", *(p for d in OURS for p in sorted((ROOT / d).rglob("*.py")))]
EACH = pytest.mark.parametrize("path", SOURCES, ids=lambda p: str(p.relative_to(ROOT)))


def module(path: Path) -> str:
    return ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


def room(name: str) -> str | None:
    """Return the room a module is in; None for modules that are not ours."""
    parts = name.split(".")
    inner = ".".join(parts[:2])
    return inner if inner in ROOMS else parts[0] if parts[0] in ROOMS else None


def floor(of: str) -> int:
    return next(i for i, rooms in enumerate(FLOORS) if of in rooms)


def imports(path: Path) -> Iterator[str]:
    """Yield the modules a file imports anywhere, one that is imported only for its type too."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        match node:
            case ast.Import(names=names):
                yield from (alias.name for alias in names)
            case ast.ImportFrom(module=str(source), names=names, level=0):
                # `from analysis import budget` names a room, `from analysis import Funnel` does not.
                yield from {
                    source,
                    *(f"{source}.{a.name}" for a in names if room(f"{source}.{a.name}") != room(source)),
                }
            case ast.ImportFrom():
                pytest.fail(f"{path.name}: relative import on line {node.lineno}")


@EACH
def test_imports_go_down(path: Path) -> None:
    here = room(module(path))
    assert here is not None
    if path == ROOT / "analysis" / "__init__.py":
        return  # the library's public face names what is in its rooms
    for name in imports(path):
        there = room(name)
        if there in (None, here):
            continue
        assert floor(there) > floor(here), f"{module(path)} imports {name}"
        if here.startswith("analysis."):
            assert there == "analysis" or there in ALLOWED.get(here, set()), f"{module(path)} imports {name}"


def circles(graph: Mapping[str, set[str]]) -> list[list[str]]:
    """Return the sets of names that lead back to themselves (Tarjan's strongly connected components)."""
    found: list[list[str]] = []
    place: dict[str, int] = {}
    low: dict[str, int] = {}
    open_: list[str] = []

    def visit(name: str) -> None:
        place[name] = low[name] = len(place)
        open_.append(name)
        for other in sorted(graph[name]):
            if other not in place:
                visit(other)
            if other in open_:
                low[name] = min(low[name], low[other])
        if low[name] == place[name]:
            at = open_.index(name)
            ring, open_[at:] = open_[at:], []
            if len(ring) > 1 or name in graph[name]:
                found.append(sorted(ring))

    for name in sorted(graph):
        if name not in place:
            visit(name)
    return sorted(found)


def test_circles_are_seen() -> None:
    """b, c and d lead back to themselves, so does e alone; a only leads into them."""
    graph = {"a": {"b"}, "b": {"c"}, "c": {"d", "f"}, "d": {"b"}, "e": {"e"}, "f": set()}
    assert circles(graph) == [["b", "c", "d"], ["e"]]


def test_no_two_modules_import_each_other_in_a_circle() -> None:
    """Imports for a type alone count too: who cannot be described without the other cannot be read without it."""
    ours = {module(path): path for path in SOURCES}
    assert not circles({name: set(_named(path, ours)) for name, path in ours.items()})


def _named(path: Path, ours: Mapping[str, Path]) -> Iterator[str]:
    """Yield the modules of `ours` that a file imports: `from analysis import charts` names charts."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names if alias.name in ours)
        elif isinstance(node, ast.ImportFrom) and node.module:
            inner = [f"{node.module}.{alias.name}" for alias in node.names]
            yield from (name if name in ours else node.module for name in inner if {name, node.module} & set(ours))


@EACH
def test_nobody_computes_where_they_should_not(path: Path) -> None:
    outside = {name.split(".")[0] for name in imports(path)}
    if path.is_relative_to(ROOT / "analysis") or (
        path.is_relative_to(ROOT / "server") and path.name not in KNOWS_STREAMLIT
    ):
        assert "streamlit" not in outside
    if path.is_relative_to(ROOT / "pages") or path.name == "app.py":
        assert not outside & HEAVY


def test_the_map_shows_every_folder() -> None:
    folders = {module(p.parent / "__init__.py") for p in SOURCES if p.parent.parent == ROOT / "analysis"}
    assert folders == GROUND | {r for r in ROOMS if r.startswith("analysis.")}


@EACH
def test_modules_open_with_what_they_answer(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert not text.strip() or ast.get_docstring(ast.parse(text)), f"{module(path)} has no docstring"


@pytest.mark.parametrize(
    "path",
    [p for p in SOURCES if p.relative_to(ROOT).parts[0] in ("analysis", "server")],
    ids=lambda p: str(p.relative_to(ROOT)),
)
def test_what_is_public_is_described(path: Path) -> None:
    bare = [name for name, node in _public(ast.parse(path.read_text(encoding="utf-8"))) if not ast.get_docstring(node)]
    assert not bare, f"{module(path)}: no docstring on {', '.join(bare)}"


Definition = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef


def _public(tree: ast.Module | ast.ClassDef, prefix: str = "") -> Iterator[tuple[str, Definition]]:
    """Yield public functions, classes and methods; those of a private class are its own business."""
    for node in tree.body:
        if isinstance(node, Definition) and not node.name.startswith("_"):
            setter = any(isinstance(d, ast.Attribute) and d.attr == "setter" for d in node.decorator_list)
            if not setter:
                yield f"{prefix}{node.name}", node
            if isinstance(node, ast.ClassDef):
                yield from _public(node, f"{node.name}.")


def test_doctests_run() -> None:
    settings = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    assert "--doctest-modules" in settings
    assert 'testpaths = ["tests", "analysis", "server"]' in settings
