"""Which columns of a file could serve as well as those that were proposed?"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from analysis.imports.columns.amounts import LEAD
from analysis.imports.file.scratch import Scratch
from analysis.imports.lexicon.brackets import likeness
from analysis.imports.lexicon.reductions import refund_headings


@dataclass(frozen=True, slots=True)
class Rival:
    """A table's column, and the file's headings that could each be it; what was proposed stands first."""

    column: str
    headings: tuple[str, ...]


def rivals(
    table: str, columns: Mapping[str, str], names: Mapping[str, Sequence[str]], scratch: Scratch, *, known: bool
) -> tuple[Rival, ...]:
    """Return the columns for which the file has several headings that are as like, and whose cells differ.

    Parameters
    ----------
    table : str
    columns : mapping of str to str
        What was proposed.
    names : mapping of str to sequence of str
        What each column may be called.
    scratch : Scratch
    known : bool
        Whether a platform is known to use these names: then their order tells which of two is meant.
    """
    free = [h for h in scratch.headings if h not in columns.values()]
    found = []
    for column, heading in columns.items():
        again = [h for h in free if column == LEAD.get(table) and re.fullmatch(rf"{re.escape(heading)} \(\d+\)", h)]
        alike = _as_refund(column, heading, names.get(column, ()), free) or _as_like(
            heading, names.get(column, ()), free, any_name=not known and column == LEAD.get(table)
        )
        if others := [other for other in dict.fromkeys([*alike, *again]) if _differ(scratch, heading, other)]:
            found.append(Rival(column, (heading, *others)))
    return tuple(found)


def _as_refund(column: str, heading: str, names: Sequence[str], others: Sequence[str]) -> list[str]:
    """Return the other headings that are called a refund, where this one was taken for that alone."""
    named = column != "refund" or any(likeness(heading, name) is not None for name in names)
    return [] if named else list(refund_headings(others))


def _as_like(heading: str, names: Sequence[str], others: Sequence[str], *, any_name: bool) -> list[str]:
    """Return the other headings that are the same name as well as this one is, or (`any_name`) any of the names."""
    own = {name: rank for name in names if (rank := likeness(heading, name)) is not None}
    if not own:
        return []
    best = min(own.values())
    wanted = names if any_name else [name for name in own if own[name] == best]
    ranks = {other: [r for name in wanted if (r := likeness(other, name)) is not None] for other in others}
    return [other for other, found in ranks.items() if found and min(found) <= best]


def _differ(scratch: Scratch, one: str, other: str) -> bool:
    """Say whether two columns are filled and not the same in every row."""
    here, there = (f"trim({scratch.column(h)}::VARCHAR)" for h in (one, other))
    query = (
        f"SELECT coalesce(bool_or({here} IS DISTINCT FROM {there}), false), "
        f"coalesce(bool_or({there} <> ''), false) FROM {scratch.head} WHERE mark IS NULL"
    )
    return all(scratch.con.execute(query).fetchall()[0])
