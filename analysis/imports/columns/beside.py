"""How is a column read that cannot tell alone: what do the columns beside it say?"""

from __future__ import annotations

from dataclasses import replace
from functools import cached_property

from analysis.imports.columns.amounts import AMOUNTS
from analysis.imports.columns.cells import Source, Style, halved
from analysis.imports.columns.decimals import Signs, signs
from analysis.imports.columns.mapping import ColumnMapping
from analysis.imports.columns.numbers import bare
from analysis.imports.columns.times import time_style
from analysis.imports.file.scratch import Scratch
from analysis.vocabulary import TABLES

_DAYS = "^\\d{1,2}[/.\\-]\\d{1,2}[/.\\-](\\d{2}|\\d{4})([ T].*)?$"


class Beside:
    """A file's columns beside the one that is looked at; they are read only once they are asked.

    Parameters
    ----------
    scratch : Scratch
    mapping : ColumnMapping
        Says which columns are amounts, and which of those are counts.
    """

    def __init__(self, scratch: Scratch, mapping: ColumnMapping) -> None:
        self._scratch, self._year_first = scratch, mapping.year_first
        self._texts = [f"c{i}" for i, kind in enumerate(scratch.types()) if kind == "VARCHAR"]
        place, heading = {h: f"c{i}" for i, h in enumerate(scratch.headings)}, dict(mapping.columns)
        kinds = {place.get(heading.get(c.name, ""), ""): c.type for c in TABLES[mapping.table]}
        self._whole = {source: kind == "count" for source, kind in kinds.items() if kind in AMOUNTS}

    @property
    def semicolons(self) -> bool:
        """Whether semicolons part the file's cells, as where the comma is the decimal sign."""
        return any(member.delimiter == ";" for member in self._scratch.members)

    @cached_property
    def comma(self) -> bool | None:
        """Whether the comma is the file's decimal sign (else the point); None where no column or several prove it.

        The amounts that are mapped go before all other numbers.
        """
        if not self._texts:
            return None
        each = [signs(f"b{i}") for i in range(len(self._texts))]
        texts = ", ".join(f"{bare(source)} AS b{i}" for i, source in enumerate(self._texts))
        row = self._row(
            f"SELECT {', '.join(each)} FROM (SELECT {texts} FROM {self._scratch.relation} WHERE mark IS NULL)"
        )
        size = len(row) // len(self._texts)
        found = {c: Signs(*row[i * size : (i + 1) * size]) for i, c in enumerate(self._texts)}
        amounts = {found[c].proven(whole=whole) for c, whole in self._whole.items() if c in found} - {None}
        others = {s.proven(whole=False) for c, s in found.items() if c not in self._whole and s.given == s.numbers}
        return _agreed(amounts or others)

    @property
    def day_first(self) -> bool | None:
        """Whether the day stands before the month in the file's dates; None where no column or several tell it."""
        return _agreed({style.day_first for style in self._dates})

    @property
    def year_first(self) -> bool | None:
        """Whether its two-digit years stand first; None where no column or several tell it."""
        return _agreed({s.short.order == "ymd" for s in self._dates if s.short and not s.short.year_unsure})

    @cached_property
    def _dates(self) -> list[Style]:
        """How the columns of dates such as 01/02/2026 are written, each as it says itself."""
        if not self._texts:
            return []
        counts = ", ".join(
            f"count({text}), count_if(regexp_matches({text}, '{_DAYS}'))" for text in map(halved, self._texts)
        )
        row = self._row(f"SELECT {counts} FROM {self._scratch.relation} WHERE mark IS NULL")
        dates = [c for c, n, days in zip(self._texts, row[::2], row[1::2], strict=True) if days and days >= 0.9 * n]
        of = self._scratch.con, self._scratch.relation
        return [time_style(Source(*of, c, "VARCHAR"), year_first=self._year_first) for c in dates]

    def _row(self, query: str) -> tuple[int, ...]:
        return tuple(int(n or 0) for n in self._scratch.con.execute(query).fetchall()[0])


def _agreed(said: set[bool | None]) -> bool | None:
    """Return what all columns say that say anything, if they agree."""
    proven = said - {None}
    return proven.pop() if len(proven) == 1 else None


def number_style_beside(style: Style, beside: Beside | None, told: str | None) -> Style:
    """Return a column's style with its decimal sign: its own, else that of the others, else as told, else as is likely.

    Parameters
    ----------
    style : Style
        As :func:`numbers.number_style` sees it.
    beside : Beside, optional
    told : {".", ","}, optional
        What the analyst said.
    """
    if not style.ambiguous:
        return style
    comma, semicolons = (beside.comma, beside.semicolons) if beside else (None, False)
    unclear = comma is None and (style.pointed or semicolons)  # 1,234 is most often more than a thousand
    if comma is None:
        comma = told == "," if told else semicolons and style.pointed
    return replace(style, comma=comma, ambiguous=unclear)


def time_style_beside(
    source: Source, beside: Beside | None, *, day_first: bool | None, year_first: bool | None, nth: bool
) -> Style:
    """Look at a whole column of times; where it cannot tell its order, the dates beside it go before what was said."""
    style = time_style(source, day_first=day_first, year_first=year_first, nth=nth)
    if beside and style.short and style.short.year_unsure and beside.year_first is not None:
        year_first = beside.year_first
        style = time_style(source, year_first=year_first, nth=nth)
    if beside and style.ambiguous and beside.day_first is not None:
        style = time_style(source, day_first=beside.day_first, year_first=year_first, nth=nth)
        style = replace(style, ambiguous=False)
    return style
