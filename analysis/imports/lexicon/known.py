"""Which headings, event names and channels have exports been seen to use?

They stand as data in ``aliases.toml`` and ``channels.toml`` beside this, and in the formats.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from importlib.resources import files
from types import MappingProxyType

from analysis.imports.formats import formats
from analysis.imports.lexicon.brackets import OTHER_COLUMNS, best_heading, kinds_of
from analysis.imports.lexicon.headings import plain_heading
from analysis.vocabulary import TABLES, column_names

_FOLDER = files("analysis.imports.lexicon")  # not a path: on a cluster the package lies in an archive
_Aliases = Mapping[str, tuple[str, ...]]


def _aliases(names: Mapping[str, Sequence[str]]) -> _Aliases:
    return MappingProxyType({name: tuple(aliases) for name, aliases in names.items()})


_GIVEN = tomllib.loads((_FOLDER / "aliases.toml").read_text(encoding="utf-8"))
ALIASES: Mapping[str, _Aliases] = MappingProxyType({table: _aliases(_GIVEN[table]) for table in TABLES})
"""Headings seen in exports, by table and column, lower case; `ColumnMapping` carries any correction."""
EVENT_ALIASES = _aliases(_GIVEN["names_of_events"])
"""Event names seen in logs, by standard event, the most telling first."""
CHANNELS = frozenset(tomllib.loads((_FOLDER / "channels.toml").read_text(encoding="utf-8"))["names"])
"""Folded headings that name a channel."""
_KNOWN = frozenset(
    plain_heading(name)
    for name in (
        *(a for columns in ALIASES.values() for column, aliases in columns.items() for a in (column, *aliases)),
        *(h for f in formats() for h in (*f.telling, *(h for names in f.columns.values() for h in names))),
    )
)


def known(heading: str) -> bool:
    """Say whether a heading is one that some export uses.

    Examples
    --------
    >>> known("Amount spent (EUR)"), known("Favourite colour")
    (True, False)
    """
    return plain_heading(heading) in _KNOWN


def columns_named(table: str, headings: Sequence[str]) -> dict[str, str]:
    """Return a table's columns that stand under a name of their own or an alias, each with its heading.

    Examples
    --------
    >>> columns_named("spend", ["Day", "Cost", "Colour"])
    {'period_start': 'Day', 'spend': 'Cost'}
    >>> columns_named("orders", ["Total (refunded)", "Total (incl. tax)", "Total"])
    {'revenue': 'Total', 'refund': 'Total (refunded)'}
    """
    taken: dict[str, str] = {}
    for column in column_names(table):
        heading = best_heading(names_of(table, column), [h for h in headings if h not in taken.values()])
        if heading is None and column in OTHER_COLUMNS:
            heading = next((h for h in headings if h not in taken.values() and _other(table, column, h)), None)
        if heading is not None:
            taken[column] = heading
    return taken


def names_of(table: str, column: str) -> tuple[str, ...]:
    """Return what a table's column is called, its own name first."""
    return (column, *ALIASES[table].get(column, ()))


def _other(table: str, column: str, heading: str) -> bool:
    """Say whether a heading is the table's amount, but for a bracket that makes it an amount of this column."""
    amounts = {plain_heading(name) for name in names_of(table, "revenue")}
    return column in kinds_of(heading) and plain_heading(heading) in amounts
