"""Where the tables of a text file are: which line holds the headings, what stands above, what is stacked below.

A file is read as records. Blank records and comment lines part it into blocks; a block whose first wide record
reads like headings opens a table, any other goes on with the table above it.
"""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from analysis.imports.file import limits
from analysis.imports.file.aligned import aligned
from analysis.imports.file.blocks import Block, Record, blocks, delimiter_of, filled, hits, line_of
from analysis.imports.file.layout import Found, Layout, Text, laid
from analysis.imports.file.plain import Plain
from analysis.imports.lexicon.looks import MOMENT, TELLING, all_like, is_value
from analysis.messages import say


def layouts(plain: Plain, path: Path, folder: Path) -> tuple[Layout, ...]:
    """Find the tables of a text file.

    Parameters
    ----------
    plain : Plain
        The file as it came.
    path : Path
        Its text in UTF-8.
    folder : Path
        Where copies may be made.

    Raises
    ------
    ImportFileError
        There is no table of two columns or more.
    """
    try:
        printed = aligned(path, folder) if plain.kind == "text" else None
        text = (
            Text(printed.path, folder, ",", False, printed.lines)
            if printed
            else Text(path, folder, delimiter_of(path), plain.kind == "workbook")
        )
        # Blank lines were looked for in the bytes; in UTF-16 they do not show there.
        searched = plain.gaps or not plain.utf8 or plain.kind == "workbook"
        whole = printed is not None or (searched and path.stat().st_size <= limits.STACKED)
        found = _tables(blocks(text.path, text.delimiter, whole=whole))
        wide = _checked(plain.name, found)
        return laid(wide if whole else wide[:1], text, whole=whole, direct=len(found) == 1 and printed is None)
    except csv.Error as error:
        reason = say("a cell holds more than {n} characters, or a quote is never closed.", n=limits.CELL)
        raise limits.refuse(plain.name, reason, "unreadable") from error


def _checked(name: str, found: Sequence[Found]) -> list[Found]:
    """Return the tables of two columns and more; refuse a file without any, and one with too many or too wide ones."""
    if not found:
        raise limits.refuse(name, say("the file is empty."), "empty-file")
    wide = [f for f in found if f.width >= 2]
    if not wide:
        reason = say("it has only one column. A table needs at least a time and a value; check the separator.")
        raise limits.refuse(name, reason, "one-column")
    if max(f.width for f in wide) > limits.COLUMNS:
        reason = say("it has more than {n} columns. Leave out the ones not needed.", n=limits.COLUMNS)
        raise limits.refuse(name, reason, "too-wide")
    limits.check_tables(name, len(wide))
    return wide


# ---- headings ---------------------------------------------------------------------------------------------


def _header(head: Sequence[Record]) -> tuple[int, bool]:
    """Return where a block's first wide record is, and whether it reads like headings."""
    widths = Counter(n for n in map(filled, head) if n >= 2)
    usual = max(widths, key=lambda n: (widths[n] * n, n), default=1)
    wide = [i for i, record in enumerate(head[:40]) if filled(record) >= max(2, usual / 2)]
    if not wide:
        return 0, True
    named = {i: hits(head[i]) for i in wide if _labels(head[i]) and not _is_row(head[i], head[i + 1 :])}
    best = max(named, key=lambda i: (named[i], -i), default=None)
    if best is not None and named[best] >= 2:
        # Headings that stand again further down, with more columns, are not the first: rows lie between.
        return next(i for i in named if named[i] >= 2 and 2 * filled(head[i]) > filled(head[best])), True
    if named and min(named) == wide[0]:
        return wide[0], True
    first = head[wide[0]]
    values = sum(is_value(cell) for cell in first if cell.strip())
    below = head[wide[0] + 1 :]
    return wide[0], not (_is_row(first, below) or (2 * values >= filled(first) and _alike(first, below)))


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
        if MOMENT.fullmatch(first[i].strip()) and not any(MOMENT.fullmatch(o[i].strip()) for o in others):
            return False  # a column for each day
    return all(sum(is_value(o[i]) or not o[i].strip() for o in others) >= 0.9 * len(others) for i in places)


def _is_row(record: Record, below: Sequence[Record]) -> bool:
    """Say whether a cell proves a record to be data: a moment or an address, with others of its kind below it."""
    kinds = ((i, kind) for i, cell in enumerate(record) for kind in TELLING if kind.fullmatch(cell.strip()[:200]))
    return any(all_like(kind, (r[i].strip() for r in below[:20] if i < len(r))) for i, kind in kinds)


# ---- tables -----------------------------------------------------------------------------------------------


def _tables(parts: Sequence[Block]) -> list[Found]:
    found = list[Found]()
    for block in parts:
        at, named = _header(block.head)
        width = max(len(r) for r in block.head[at : at + 5])
        above = [*block.comments, *map(line_of, block.head[:at])]
        if found and found[-1].rows and not _opens(block, at, found[-1]):
            found[-1] = found[-1].going_on(block.start, block.start + block.size)
            continue
        if found and not found[-1].rows and found[-1].width >= width and not _opens(block, at, found[-1]):
            found[-1] = found[-1].going_on(block.start, block.start + block.size)  # a blank line under the headings
            continue
        if len(found) == 1 and _is_preamble(found[-1], width):
            gone = found.pop()
            above = [*gone.above, line_of(gone.header), *map(line_of, gone.head), *above]
        header = block.head[at] if named else []
        begin = block.start + at + (1 if named else 0)
        below = block.head[at + named :]
        rows = ((begin, block.start + block.size),)
        found.append(Found(tuple(above), header, len(header) or width, rows, below))
    return found


def _opens(block: Block, at: int, last: Found) -> bool:
    """Say whether a block below a table begins another: headings by their names, or by the values under them."""
    record = block.head[at]
    below = block.head[at + 1 : at + 6]
    if not below or filled(record) < 2 or not _labels(record):
        return bool(block.comments) and bool(below) and filled(record) >= 2 and _labels(record)
    if _is_row(record, block.head[at + 1 :]):
        return False
    if hits(record) >= 2 or _is_preamble(last, len(record)):
        return True
    return any(is_value(cell) for row in below for cell in row) and len(set(record)) == len(record)


def _is_preamble(table: Found, width: int) -> bool:
    """Say whether what looked like a small table is only lines above a wider one."""
    return (
        not table.above
        and table.rows <= 20
        # By the cells that are filled: a workbook's short lines come padded to its widest.
        and (table.width <= 1 or 2 * (filled(table.header) or table.width) <= width)
        and hits(table.header) < 2
    )
