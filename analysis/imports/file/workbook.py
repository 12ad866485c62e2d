"""How do the sheets of a workbook become texts, without its reader taking all the memory there is?"""

from __future__ import annotations

import csv
import datetime as dt
import re
import struct
import zipfile
import zlib
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

from python_calamine import CalamineWorkbook

from analysis.errors import SluiceError
from analysis.imports.file import limits, xls
from analysis.imports.file.layout import Layout
from analysis.imports.file.plain import Plain, fresh
from analysis.imports.file.structure import layouts
from analysis.messages import say

_CELL = re.compile(rb"""<(?:\w+:)?c\b[^>]{0,200}?\br=["']([A-Za-z]{1,4})(\d{1,9})""")
_DAMAGED = say("it is a ZIP or a damaged workbook, not XLSX. Unpack or re-save it.")
_Cell = int | float | str | bool | dt.time | dt.date | dt.datetime | dt.timedelta
"""What its reader makes of a cell; an empty one is an empty text."""


def sheets(plain: Plain, folder: Path) -> tuple[list[Layout], list[SluiceError]]:
    """Return the tables of a workbook, and why sheets of it are none.

    Raises
    ------
    ImportFileError
        It is damaged, too large, or no sheet is a table.
    """
    found, errors = list[Layout](), list[SluiceError]()
    texts = _texts(plain, folder)
    for title, path in texts:
        name = plain.name if len(texts) == 1 else f"{plain.name}: {title}"
        try:
            tables = layouts(replace(plain, name=name, gaps=True), path, folder)
            found += [replace(t, title=t.title or title) for t in tables]
        except SluiceError as error:
            errors.append(error)
    if not found:
        raise errors[0] if errors else limits.refuse(plain.name, say("its sheets are empty."), "empty-file")
    return found, errors


def _check_extent(plain: Plain) -> None:
    """Refuse a sheet with a cell far out: its reader would ask for memory up to there, and the process would end."""
    if not zipfile.is_zipfile(plain.path):
        _refuse_far(plain, xls.extent(plain.path))
        return
    with zipfile.ZipFile(plain.path) as book:
        for name in book.namelist():
            if name.startswith("xl/worksheets/") and name.endswith(".xml"):
                _refuse_far(plain, _extent(book, name))


def _refuse_far(plain: Plain, extent: int) -> None:
    if extent > limits.CELLS:
        reason = say("one cell lies so far out that the sheet would fill the memory. Delete it first.")
        raise limits.refuse(plain.name, reason, "too-large")


def _extent(book: zipfile.ZipFile, name: str) -> int:
    columns, last, tail = set[bytes](), 0, b""
    with book.open(name) as sheet:
        while piece := sheet.read(1 << 22):
            for column, row in _CELL.findall(tail + piece):
                columns.add(column)
                last = max(last, int(row))
            tail = piece[-300:]
    widest = max((_column(c) for c in columns), default=0)
    return widest * last


def _column(letters: bytes) -> int:
    number = 0
    for letter in letters.upper():
        number = 26 * number + letter - 64
    return number


def _texts(plain: Plain, folder: Path) -> list[tuple[str, Path]]:
    """Write each sheet that holds anything as a text; return its title and path."""
    found = list[tuple[str, Path]]()
    try:
        _check_extent(plain)
    except (OSError, zipfile.BadZipFile, ValueError, LookupError, struct.error, zlib.error) as error:
        raise limits.refuse(plain.name, _DAMAGED, "damaged") from error
    try:
        book = CalamineWorkbook.from_path(str(plain.path))
        for title in book.sheet_names[: limits.TABLES_IN_A_FILE]:
            path = fresh(folder, ".csv")
            if _write(book.get_sheet_by_name(title).iter_rows(), path):
                found.append((title, path))
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # its reader's panics are no Exception
        raise limits.refuse(plain.name, _DAMAGED, "damaged") from error
    return found


def _write(rows: Iterable[list[_Cell]], path: Path) -> int:
    written = 0
    with path.open("w", encoding="utf-8", newline="") as file:
        write = csv.writer(file).writerow
        for row in rows:
            cells = [_cell(cell) for cell in row]
            write(cells)
            written += any(cells)
    return written


def _cell(cell: _Cell) -> str:
    if isinstance(cell, dt.datetime):
        return cell.isoformat(sep=" ")
    if isinstance(cell, float):
        return str(int(cell)) if cell.is_integer() and abs(cell) < 1e15 else repr(cell)
    return "" if cell is None else str(cell).upper() if isinstance(cell, bool) else str(cell)
