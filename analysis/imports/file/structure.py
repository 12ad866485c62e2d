"""Where the tables of a text file are: which line holds the headings, what stands above, what is stacked below.

A file is read as records. Blank records and comment lines part it into blocks; a block whose first wide record
reads like headings opens a table, any other goes on with the table above it.
"""

from __future__ import annotations

import csv
import datetime as dt
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import zip_longest
from pathlib import Path

from analysis.imports.columns.headings import CURRENCIES, distinct, plain_heading
from analysis.imports.file import limits
from analysis.imports.file.lines import numbered
from analysis.imports.file.source import Plain, fresh
from analysis.messages import say

Record = list[str]
_HEAD = 60
_HEAD_BYTES = 1 << 20
_MANY_BLOCKS = 2_000
DELIMITERS = ",\t;|"


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
    said : tuple
        The period and the currency that the lines above say, where they are said of every row.
    """

    title: str
    above: tuple[str, ...]
    headings: tuple[str, ...]
    header: tuple[str, ...]
    path: Path
    delimiter: str
    numbered: bool
    said: tuple[object, ...] = ()


@dataclass(slots=True)
class _Block:
    """Records between two blank or comment lines: where it starts, the first few, and the comments above."""

    start: int
    comments: list[str]
    head: list[Record] = field(default_factory=list)
    size: int = 0


@dataclass(slots=True)
class _Found:
    """A table being found: its lines above, its heading record, and the ranges of its rows."""

    above: list[str]
    header: Record
    width: int
    ranges: list[tuple[int, int]]
    head: list[Record] = field(default_factory=list)

    @property
    def rows(self) -> int:
        return sum(end - start for start, end in self.ranges)


def layouts(plain: Plain, path: Path, folder: Path, known: Callable[[str], bool]) -> tuple[Layout, ...]:
    """Find the tables of a text file.

    Parameters
    ----------
    plain : Plain
        The file as it came.
    path : Path
        Its text in UTF-8.
    folder : Path
        Where copies may be made.
    known : callable
        Says whether a folded heading is one that some export uses.

    Raises
    ------
    ImportFileError
        There is no table of two columns or more.
    """
    try:
        delimiter = _delimiter(path)
        # Blank lines were looked for in the bytes; in UTF-16 they do not show there.
        searched = plain.gaps or not plain.utf8 or plain.kind == "workbook"
        whole = searched and path.stat().st_size <= limits.STACKED
        found = _tables(_blocks(path, delimiter, whole, known), known)
        if not found:
            raise limits.refuse(plain.name, say("the file is empty."), "empty-file")
        wide = [f for f in found if f.width >= 2]
        if not wide:
            reason = say("it has only one column. A table needs at least a time and a value; check the separator.")
            raise limits.refuse(plain.name, reason, "one-column")
        if max(f.width for f in wide) > limits.COLUMNS:
            reason = say("it has more than {n} columns. Leave out the ones not needed.", n=limits.COLUMNS)
            raise limits.refuse(plain.name, reason, "too-wide")
        if len(wide) > limits.TABLES_IN_A_FILE:
            reason = say("it holds more than {n} tables. Split it.", n=limits.TABLES_IN_A_FILE)
            raise limits.refuse(plain.name, reason, "too-many-tables")
        source = _Source(path, folder, delimiter, plain.kind == "workbook")
        return _laid(wide if whole else wide[:1], source, whole=whole, direct=len(found) == 1)
    except csv.Error as error:
        reason = say("a cell holds more than {n} characters, or a quote is never closed.", n=limits.CELL)
        raise limits.refuse(plain.name, reason, "unreadable") from error


# ---- records ----------------------------------------------------------------------------------------------


def _records(path: Path, delimiter: str, at_most: int | None = None) -> Iterator[Record]:
    with path.open(encoding="utf-8-sig", errors="replace", newline="") as file:
        lines = file if at_most is None else iter(file.read(at_most).splitlines(keepends=True))
        for record in csv.reader(lines, delimiter=delimiter):
            yield [bare(cell) if cell.startswith('="') else cell for cell in record]


def bare(cell: str) -> str:
    """Return the text in a formula that Excel's users write to keep it one: ``="0010"``."""
    return cell[2:-1] if len(cell) > 2 and cell.endswith('"') else cell


def _delimiter(path: Path) -> str:
    """Return the separator under which most of the first records have the same, largest, number of cells."""

    def score(delimiter: str) -> int:
        widths = Counter[int]()
        try:
            for n, record in enumerate(_records(path, delimiter, 65_536)):
                widths[len(record)] += 1
                if n >= 2 * _HEAD:
                    break
        except csv.Error:
            return 0
        return max(((width - 1) * many for width, many in widths.items()), default=0)

    return max(DELIMITERS, key=score)


def _blocks(path: Path, delimiter: str, whole: bool, known: Callable[[str], bool]) -> list[_Block]:
    blocks, comments, open_ = list[_Block](), list[str](), False
    last: Record = []
    for place, record in enumerate(_records(path, delimiter, None if whole else _HEAD_BYTES)):
        comment = _is_comment(record) and not (open_ and any(map(is_value, filter(str.strip, record[1:]))))
        if comment or not any(cell.strip() for cell in record):
            comments += [text] if (text := _line(record).lstrip("# ").strip("-").strip()) else []
            open_ = False
            continue
        if not open_ and len(blocks) < _MANY_BLOCKS:
            blocks.append(_Block(place, comments))
            comments, open_ = [], True
        elif whole and len(blocks) < _MANY_BLOCKS and _is_titled(last, record, blocks[-1], known):
            _cut_last(blocks[-1])
            blocks.append(_Block(place - 1, comments, [last]))
            comments = []
        last, block = record, blocks[-1]
        block.size = place + 1 - block.start
        if len(block.head) < _HEAD:
            block.head.append(record)
        elif not whole:
            break
    return blocks


def _is_titled(title: Record, record: Record, block: _Block, known: Callable[[str], bool]) -> bool:
    """Say whether a record and the one above it are the headings and the title of a table below another."""
    return (
        _filled(title) == 1
        and _hits(record, known) >= 2
        and not any(is_value(cell) for cell in record if cell.strip())
        and any(_hits(row, known) >= 2 for row in block.head)
    )


def _cut_last(block: _Block) -> None:
    if len(block.head) == block.size:
        block.head.pop()
    block.size -= 1


def _is_comment(record: Record) -> bool:
    """Say whether a record is a comment line: ``# text``, not an order named ``#1001``."""
    first = record[0].lstrip() if record else ""
    return first == "#" or first.startswith(("# ", "#-", "##"))


def _line(record: Record) -> str:
    return " ".join(cell.strip() for cell in record if cell.strip())


def _filled(record: Record) -> int:
    return sum(bool(cell.strip()) for cell in record)


# ---- headings ---------------------------------------------------------------------------------------------

_VALUE = re.compile(
    r"[<>]?\s*[-+]?\(?\s*(?:[A-Z]{2,3}\s?)?[$¥￥€£₹]?\s*[-+]?[\d０-９][\d０-９.,，\s':：/\-年月日T+Z时分秒]*\s?"
    r"(?:%|％|€|[AP]M|[A-Z]{3})?\)?|[A-Z][a-z]{2},? \d{1,2},? [A-Z]?[a-z]*,? ?\d{0,4}|--?|nan|null|true|false",
    re.IGNORECASE,
)


def is_value(cell: str) -> bool:
    """Say whether a cell reads like a number, a date or a blank mark rather than like a name."""
    return bool(_VALUE.fullmatch(cell.strip()))


def _header(head: Sequence[Record], known: Callable[[str], bool]) -> tuple[int, bool]:
    """Return where a block's first wide record is, and whether it reads like headings."""
    widths = Counter(n for n in map(_filled, head) if n >= 2)
    usual = max(widths, key=lambda n: (widths[n] * n, n), default=1)
    wide = [i for i, record in enumerate(head[:40]) if _filled(record) >= max(2, usual / 2)]
    if not wide:
        return 0, True
    named = {i: _hits(head[i], known) for i in wide if _labels(head[i]) and not _is_row(head[i], head[i + 1 :])}
    best = max(named, key=lambda i: (named[i], -i), default=None)
    if best is not None and named[best] >= 2:
        # Headings that stand again further down, with more columns, are not the first: rows lie between.
        return next(i for i in named if named[i] >= 2 and 2 * _filled(head[i]) > _filled(head[best])), True
    if named and min(named) == wide[0]:
        return wide[0], True
    first = head[wide[0]]
    values = sum(is_value(cell) for cell in first if cell.strip())
    below = head[wide[0] + 1 :]
    return wide[0], not (_is_row(first, below) or (2 * values >= _filled(first) and _alike(first, below)))


def _hits(record: Record, known: Callable[[str], bool]) -> int:
    return sum(known(plain_heading(cell)) for cell in record if cell.strip())


def _labels(record: Record) -> bool:
    cells = [cell.strip() for cell in record if cell.strip()]
    names = sum(not is_value(cell) and len(cell) <= 200 for cell in cells)
    return names >= 0.8 * len(cells)


def _alike(first: Record, others: Sequence[Record]) -> bool:
    """Say whether the first record's values stand where the next records' do: then it is data, not headings."""
    others = [o for o in others[:20] if len(o) == len(first)]
    if not others:
        return False
    places = [i for i, cell in enumerate(first) if cell.strip() and is_value(cell)]
    for i in places:
        if _MOMENT.fullmatch(first[i].strip()) and not any(_MOMENT.fullmatch(o[i].strip()) for o in others):
            return False  # a column for each day
    return all(sum(is_value(o[i]) or not o[i].strip() for o in others) >= 0.9 * len(others) for i in places)


_MOMENT = re.compile(r"\d{4}[-/.年]\d{1,2}[-/.月]\d{1,2}日?([T\s].*)?|\d{1,2}[-/.]\d{1,2}[-/.]\d{4}(\s.*)?")
_KINDS = (
    _MOMENT,
    re.compile(r"1[0-9]{9}(\d{3}){0,2}(\.\d+)?"),  # seconds since 1970, or thousandths of them, or fewer
    re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+"),
    re.compile(r"(\+?86[\s-]?)?1[3-9]\d([\s-]?[\d*]{4}){2}|\+\d{1,3}[\s\-\d()]{7,16}"),  # a phone number
)
"""What a heading can be like only in a table that has a column for each of them: the cells below are others then."""


def _is_row(record: Record, below: Sequence[Record]) -> bool:
    """Say whether a cell proves a record to be data: a moment or an address, with others of its kind below it."""
    kinds = ((i, kind) for i, cell in enumerate(record) for kind in _KINDS if kind.fullmatch(cell.strip()[:200]))
    return any(_all_like(kind, (r[i].strip() for r in below[:20] if i < len(r))) for i, kind in kinds)


def _all_like(kind: re.Pattern[str], cells: Iterable[str]) -> bool:
    given = [cell for cell in cells if cell]
    return bool(given) and sum(bool(kind.fullmatch(cell[:200])) for cell in given) >= 0.9 * len(given)


# ---- tables -----------------------------------------------------------------------------------------------


def _tables(blocks: Sequence[_Block], known: Callable[[str], bool]) -> list[_Found]:
    found = list[_Found]()
    loose = list[str]()
    for block in blocks:
        at, named = _header(block.head, known)
        width = max(len(r) for r in block.head[at : at + 5])
        above = [*loose, *block.comments, *map(_line, block.head[:at])]
        if found and found[-1].rows and not _opens(block, at, found[-1], known):
            found[-1].ranges.append((block.start, block.start + block.size))
            continue
        if found and not found[-1].rows and found[-1].width >= width and not _opens(block, at, found[-1], known):
            found[-1].ranges.append((block.start, block.start + block.size))  # a blank line under the headings
            continue
        if len(found) == 1 and _is_preamble(found[-1], width, known):
            gone = found.pop()
            above = [*gone.above, _line(gone.header), *map(_line, gone.head), *above]
        header = block.head[at] if named else []
        begin = block.start + at + (1 if named else 0)
        below = block.head[at + named :]
        found.append(_Found(above, header, len(header) or width, [(begin, block.start + block.size)], below))
        loose = []
    return found


def _opens(block: _Block, at: int, last: _Found, known: Callable[[str], bool]) -> bool:
    """Say whether a block below a table begins another: headings by their names, or by the values under them."""
    record = block.head[at]
    below = block.head[at + 1 : at + 6]
    if not below or _filled(record) < 2 or not _labels(record):
        return bool(block.comments) and bool(below) and _filled(record) >= 2 and _labels(record)
    if _is_row(record, block.head[at + 1 :]):
        return False
    if _hits(record, known) >= 2 or _is_preamble(last, len(record), known):
        return True
    return any(is_value(cell) for row in below for cell in row) and len(set(record)) == len(record)


def _is_preamble(table: _Found, width: int, known: Callable[[str], bool]) -> bool:
    """Say whether what looked like a small table is only lines above a wider one."""
    return (
        not table.above
        and table.rows <= 20
        # By the cells that are filled: a workbook's short lines come padded to its widest.
        and (table.width <= 1 or 2 * (_filled(table.header) or table.width) <= width)
        and _hits(table.header, known) < 2
    )


@dataclass(frozen=True, slots=True)
class _Source:
    """A text to copy tables from; a sheet's rows are its records, however many lines a cell has."""

    path: Path
    folder: Path
    delimiter: str
    sheet: bool

    def records(self) -> Iterator[tuple[int, Record]]:
        found = numbered(self.path, self.delimiter)
        return enumerate((record for _, record in found), 1) if self.sheet else found


def _laid(found: list[_Found], source: _Source, *, whole: bool, direct: bool) -> tuple[Layout, ...]:
    tables = []
    for table in found:
        names = [cell.strip().strip("﻿").strip() for cell in table.header] or [""] * table.width
        while len(names) > 2 and not names[-1] and table.header:
            names.pop()
        above = tuple(table.above[-20:])
        header = tuple(table.header)
        said = _said(above, table.head)
        layout = Layout(_title(above), above, distinct(names), header, source.path, source.delimiter, False, said)
        tables.append((table, layout))
    table, layout = tables[0]
    if (direct or not whole) and table.header and table.ranges[0][0] == 1 and len(table.ranges) == 1:
        return (layout,)
    return tuple(_copied(source, tables, whole=whole))


def _copied(source: _Source, tables: list[tuple[_Found, Layout]], *, whole: bool) -> Iterator[Layout]:
    """Write each table's rows to a file of its own, every record led by its line in the original."""
    if not whole:  # only the head was looked at: the rest of the file is its rows
        tables[0][0].ranges = [(tables[0][0].ranges[0][0], 1 << 62)]
    for table, layout in tables:
        out = fresh(source.folder, ".csv")
        with out.open("w", encoding="utf-8", newline="") as file:
            write = csv.writer(file).writerow
            for place, (line, record) in enumerate(source.records()):
                if any(start <= place < end for start, end in table.ranges) and record:
                    write([line, *record])
        yield replace(layout, path=out, delimiter=",", numbered=True)


def _title(above: Sequence[str]) -> str:
    """Return the first line above a table that is neither a setting nor a period."""
    return next((line for line in above if not _SETTING.match(line) and not period((line,))), "")[:200]


_SETTING = re.compile(
    r"sep=|(?:account|property|start date|end date|date|currency|time zone|report time|generated|"
    r"账户|账号|时间|日期|开始|结束|币种|统计)[^:：]{0,30}[:：]",
    re.IGNORECASE,
)
"""Lines above a table that say something about it but are not its name."""


def _said(above: Sequence[str], rows: Sequence[Record]) -> tuple[object, ...]:
    """Return the period, unless the rows have days of their own in it, and the currency."""
    days = period(above)
    return None if days and _has_days(rows, *days) else days, currency(above)


def _has_days(rows: Sequence[Record], first: dt.date, last: dt.date) -> bool:
    """Say whether a column holds days, none outside the period; a day the month of which is unsure is inside."""
    columns = ([cell.strip() for cell in cells if cell.strip()] for cells in zip_longest(*rows, fillvalue=""))
    return any(cells and all(_is_day_in(cell, first, last) for cell in cells) for cells in columns)


def _is_day_in(cell: str, first: dt.date, last: dt.date) -> bool:
    if (match := _DATE.search(cell)) and is_value(cell):
        day = _day(match)
        return day is not None and first <= day <= last
    return bool(_UNSURE_DAY.match(cell)) and is_value(cell)


_UNSURE_DAY = re.compile(r"\d{1,2}[-/.]\d{1,2}[-/.]\d{2,4}\b")


def currency(lines: Sequence[str]) -> str | None:
    """Return the currency that the lines above a table name.

    Examples
    --------
    >>> currency(["Campaign report", "Currency: EUR"])
    'EUR'
    """
    codes = (match[1] for line in lines if (match := _CURRENCY.search(line)))
    return next((code for code in codes if code in CURRENCIES), None)


_CURRENCY = re.compile(r"(?:currency|币种)\W+([A-Z]{3})\b", re.IGNORECASE)


# ---- periods ----------------------------------------------------------------------------------------------

_MONTHS = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"]
_DATE = re.compile(
    r"(?P<y>(?:19|20)\d\d)[-/.年](?P<m>\d{1,2})[-/.月](?P<d>\d{1,2})日?"
    r"|(?<!\d)(?P<cy>20\d\d)(?P<cm>[01]\d)(?P<cd>[0-3]\d)(?!\d)"
    r"|(?P<mon>[A-Za-z]{3})[a-z]*\.? (?P<md>\d{1,2}),? (?P<my>20\d\d)"
    r"|(?<!\d)(?P<dd>\d{1,2}) (?P<dmon>[A-Za-z]{3})[a-z]*\.?,? (?P<dy>20\d\d)"
)


def period(lines: Sequence[str]) -> tuple[dt.date, dt.date] | None:
    """Return the first and last day that the lines above a table name.

    Examples
    --------
    >>> period(["Campaign report", "July 8, 2025 - July 31, 2025"])
    (datetime.date(2025, 7, 8), datetime.date(2025, 7, 31))
    >>> period(["Start date: 20250801", "End date: 20250831"])
    (datetime.date(2025, 8, 1), datetime.date(2025, 8, 31))
    """
    ends: dict[str, dt.date] = {}
    for line in lines:
        days = [day for match in _DATE.finditer(line) if (day := _day(match))]
        if len(days) == 2 and days[0] <= days[1]:
            return days[0], days[1]
        if len(days) == 1:
            word = re.search(r"start|from|开始|起|end|\bto\b|结束|止", line.casefold())
            if word:
                ends.setdefault("start" if word[0] in ("start", "from", "开始", "起") else "end", days[0])
    return (ends["start"], ends["end"]) if len(ends) == 2 and ends["start"] <= ends["end"] else None


def _day(match: re.Match[str]) -> dt.date | None:
    part = match.groupdict()
    try:
        if part["y"] or part["cy"]:
            return dt.date(*(int(part[a] or part[b]) for a, b in (("y", "cy"), ("m", "cm"), ("d", "cd"))))
        month = _MONTHS.index((part["mon"] or part["dmon"]).casefold()) + 1
        return dt.date(int(part["my"] or part["dy"]), month, int(part["md"] or part["dd"]))
    except ValueError:
        return None
