"""One small file per platform: the headings it uses in each language and what they are. Adding one needs no code.

``telling`` headings choose the format (at least ``least`` of them, none of ``never``; ``exactly``: all of them, and
beside them only such as stand in ``columns``); ``columns`` lists, for each of a table's columns, the headings it may
stand under, the first present winning; ``constants`` are texts for every row; ``events`` turns the platform's codes
into ours, ``statuses`` its own words for how an order stands, ``otherwise`` names the heading that stands in where a
column has nothing, ``kinds`` says by a column's words which rows are something else, ``zone`` the zone of its times.
``identified`` names an id that totals lack, ``choose`` the column whose longest attribution window is kept, ``lines``
how an order's lines become one order, ``decimal`` the sign in amounts such as 1.234, ``headerless`` the kinds of values
of a file without headings, ``spread`` columns that become rows, ``delays`` how long after the one time given the file's
events are placed, and ``steps`` the column whose values are steps without times. ``grade`` is the evidence: A a real
file, B importers of live files, C documentation.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable


@dataclass(frozen=True, kw_only=True, eq=False)
class Format:
    """One platform's export; see the module's docstring for the fields."""

    name: str
    grade: str
    table: str
    least: int
    telling: tuple[str, ...]
    never: tuple[str, ...] = ()
    exactly: bool = False
    columns: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    constants: Mapping[str, str] = field(default_factory=dict)
    events: Mapping[str, str] = field(default_factory=dict)
    statuses: Mapping[str, str] = field(default_factory=dict)
    otherwise: Mapping[str, str] = field(default_factory=dict)
    kinds: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    zone: str | None = None
    headerless: tuple[str, ...] = ()
    identified: str | None = None
    choose: str | None = None
    lines: str = "each"
    day_first: bool | None = None
    decimal: str | None = None
    end_included: bool | None = None
    nth_day: str | None = None
    spread: Mapping[str, str] = field(default_factory=dict)
    delays: Mapping[str, str] = field(default_factory=dict)
    steps: str | None = None


@cache
def formats() -> tuple[Format, ...]:
    """Return every format there is a file for."""
    held = sorted((f for f in files(__name__).iterdir() if f.name.endswith(".toml")), key=lambda f: f.name)
    return tuple(map(read_format, held))


def read_format(path: Traversable) -> Format:
    """Return the format that a file describes."""
    given = tomllib.loads(path.read_text(encoding="utf-8"))
    for name in ("telling", "never", "headerless"):
        given[name] = tuple(given.get(name, ()))
    given["columns"] = {column: tuple(headings) for column, headings in given.get("columns", {}).items()}
    return Format(**given)
