"""What would each of the columns that could serve give: what they add up to, and some of their values?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from analysis.imports.columns.cells import Source
from analysis.imports.columns.mapping import ColumnMapping
from analysis.imports.columns.numbers import number, number_style
from analysis.imports.columns.rivals import Rival
from analysis.imports.rows.judged import Judged
from analysis.messages import Message, Names, say


@dataclass(frozen=True, slots=True)
class Option:
    """One of several columns that could serve: what it adds up to over the rows kept (None: no amount), its values."""

    heading: str
    total: float | None
    values: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Choice:
    """A table's column, and the columns of the file that could each be it; the one that is mapped stands first."""

    column: str
    options: tuple[Option, ...]

    @property
    def question(self) -> Message:
        """Ask which is meant."""
        options = Names(tuple(_shown(option) for option in self.options))
        return say("{column} could be each of these columns: {options}. Which one is meant?",
                   column=self.column, options=options)  # fmt: skip


def _shown(option: Option) -> str:
    total = "" if option.total is None else f" = {option.total:,.2f}"
    return f"{option.heading}{total} ({' · '.join(option.values)})"


def open_rivals(rivals: Sequence[Rival], mapping: ColumnMapping, proposed: ColumnMapping) -> list[Rival]:
    """Return the rivals that nobody has settled: the heading is the one proposed, and was not said to be the one."""
    headings, first = dict(mapping.columns), dict(proposed.columns)
    return [
        r
        for r in rivals
        if mapping.table == proposed.table
        and r.column not in mapping.settled
        and headings.get(r.column) == first.get(r.column) == r.headings[0]
    ]


def choice(judged: Judged, rival: Rival) -> Choice:
    """Look at the columns that could serve, over the rows that are kept."""
    return Choice(rival.column, tuple(_option(judged, heading) for heading in rival.headings))


def _option(judged: Judged, heading: str) -> Option:
    scratch = judged.scratch
    place = scratch.column(heading)
    kind = scratch.types()[scratch.headings.index(heading)]
    source = Source(scratch.con, scratch.relation, place, kind)
    kept = f"SELECT {judged.line} FROM {judged.relation} WHERE bad IS NULL OR bad = 'continuation|'"
    text = f"{number(source, number_style(source))}"
    rows = f"FROM {scratch.relation} WHERE line IN ({kept})"
    total, read, given = scratch.con.execute(
        f"SELECT sum({text}), count({text}), count_if(trim({place}::VARCHAR) <> '') {rows}"
    ).fetchall()[0]
    values = scratch.con.execute(
        f"SELECT {place}::VARCHAR {rows} AND trim({place}::VARCHAR) <> '' ORDER BY line LIMIT 3"
    ).fetchall()
    amount = bool(given) and read >= 0.9 * given
    return Option(heading, float(total) if amount else None, tuple(str(value)[:40] for (value,) in values))
