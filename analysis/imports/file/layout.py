"""How is a table laid out in its text: its headings, what is said above them, and which lines are its rows?"""

from __future__ import annotations

import csv
import datetime as dt
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import zip_longest
from pathlib import Path

from analysis.imports.file.blocks import Record
from analysis.imports.file.lines import numbered
from analysis.imports.file.plain import fresh
from analysis.imports.lexicon.currencies import said_currency
from analysis.imports.lexicon.days import is_day_in, period
from analysis.imports.lexicon.headings import distinct

Said = tuple[tuple[dt.date, dt.date] | None, str | None]
"""The period and the currency that the lines above a table say of every row."""
_TO_THE_END = 1 << 62
_SETTING = re.compile(
    r"sep=|(?:account|property|start date|end date|date|currency|time zone|report time|generated|"
    r"账户|账号|时间|日期|开始|结束|币种|统计)[^:：]{0,30}[:：]",
    re.IGNORECASE,
)
"""Lines above a table that say something about it but are not its name."""


@dataclass(frozen=True, slots=True)
class Layout:
    """One table of a text file.

    Parameters
    ----------
    title : str
        What the file calls it; empty where it says nothing.
    above : tuple of str
        The lines above its headings: report name, period, comments.
    headings : tuple of str
        Distinct names; "column 1", … where the file has none.
    header : tuple of str
        The heading record as it stands, empty where there is none.
    path : Path
        UTF-8 text to load.
    delimiter : str
    numbered : bool
        Whether each record begins with its line in the original file, or row in its sheet (a copy made here).
    said : Said
        What the lines above say of every row; None where there can be none.
    places : tuple of (int, str)
        Of nested records: for each heading the column it is in, from 0 on, and its JSON pointer there.
    """

    title: str
    above: tuple[str, ...]
    headings: tuple[str, ...]
    header: tuple[str, ...]
    path: Path
    delimiter: str
    numbered: bool
    said: Said | None = None
    places: tuple[tuple[int, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Found:
    """A table found in a text: its lines above, its heading record, the ranges of its rows, and the first of them."""

    above: tuple[str, ...]
    header: Record
    width: int
    ranges: tuple[tuple[int, int], ...]
    head: Sequence[Record] = ()

    @property
    def rows(self) -> int:
        """How many rows lie in its ranges."""
        return sum(end - start for start, end in self.ranges)

    def going_on(self, start: int, end: int) -> Found:
        """Return the table with further rows."""
        return replace(self, ranges=(*self.ranges, (start, end)))


@dataclass(frozen=True, slots=True)
class Text:
    """A text to copy tables from; a sheet's rows are its records, however many lines a cell has.

    `lines` holds each record's line in the original, where it is a copy that leaves lines out.
    """

    path: Path
    folder: Path
    delimiter: str
    sheet: bool
    lines: tuple[int, ...] | None = None

    def records(self) -> Iterator[tuple[int, Record]]:
        """Yield each record with its line, or its row in a sheet."""
        found = numbered(self.path, self.delimiter)
        if self.lines is not None:
            return zip(self.lines, (record for _, record in found), strict=True)
        return enumerate((record for _, record in found), 1) if self.sheet else found


def laid(found: Sequence[Found], text: Text, *, whole: bool, direct: bool) -> tuple[Layout, ...]:
    """Lay tables out: the text itself where it is nothing but one table (`direct`), else copies of their rows."""
    layouts = [_layout(table, text) for table in found]
    table = found[0]
    if (direct or not whole) and table.header and table.ranges[0][0] == 1 and len(table.ranges) == 1:
        return (layouts[0],)
    if not whole:  # only the head was looked at: the rest of the file is its rows
        found = [replace(table, ranges=((table.ranges[0][0], _TO_THE_END),)), *found[1:]]
    return tuple(_copied(text, table, layout) for table, layout in zip(found, layouts, strict=True))


def _layout(table: Found, text: Text) -> Layout:
    names = [cell.strip().strip("\ufeff").strip() for cell in table.header] or [""] * table.width
    while len(names) > 2 and not names[-1] and table.header:
        names.pop()
    above = table.above[-20:]
    said = _said(above, table.head)
    return Layout(_title(above), above, distinct(names), tuple(table.header), text.path, text.delimiter, False, said)


def _copied(text: Text, table: Found, layout: Layout) -> Layout:
    """Write a table's rows to a file of its own, every record led by its line in the original."""
    out = fresh(text.folder, ".csv")
    with out.open("w", encoding="utf-8", newline="") as file:
        write = csv.writer(file).writerow
        for place, (line, record) in enumerate(text.records()):
            if any(start <= place < end for start, end in table.ranges) and record:
                write([line, *record])
    return replace(layout, path=out, delimiter=",", numbered=True)


def _title(above: Sequence[str]) -> str:
    """Return the first line above a table that is neither a setting nor a period."""
    return next((line for line in above if not _SETTING.match(line) and not period((line,))), "")[:200]


def _said(above: Sequence[str], rows: Sequence[Record]) -> Said:
    """Return the period, unless the rows have days of their own in it, and the currency."""
    days = period(above)
    return None if days and _has_days(rows, *days) else days, said_currency(above)


def _has_days(rows: Sequence[Record], first: dt.date, last: dt.date) -> bool:
    """Say whether a column holds days, none outside the period; a day the month of which is unsure is inside."""
    columns = ([cell.strip() for cell in cells if cell.strip()] for cells in zip_longest(*rows, fillvalue=""))
    return any(cells and all(is_day_in(cell, first, last) for cell in cells) for cells in columns)
