"""Where is a text parted: at which blank and comment lines, and what do the records of each block begin with?"""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from analysis.imports.lexicon.known import known
from analysis.imports.lexicon.looks import is_value

Record = list[str]
DELIMITERS = ",\t;|"
_HEAD = 60
"""Records of a block that are looked at."""
_HEAD_BYTES = 1 << 20
_MANY_BLOCKS = 2_000


@dataclass(slots=True)
class Block:
    """Records between two blank or comment lines: where it starts, the first few, and the comments above; it grows."""

    start: int
    comments: list[str]
    head: list[Record] = field(default_factory=list)
    size: int = 0


def delimiter_of(path: Path) -> str:
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


def blocks(path: Path, delimiter: str, *, whole: bool) -> list[Block]:
    """Part a text, or (not `whole`) its beginning, into blocks."""
    found, comments, open_ = list[Block](), list[str](), False
    last: Record = []
    for place, record in enumerate(_records(path, delimiter, None if whole else _HEAD_BYTES)):
        comment = _is_comment(record) and not (open_ and any(map(is_value, filter(str.strip, record[1:]))))
        if comment or not any(cell.strip() for cell in record):
            comments += [text] if (text := line_of(record).lstrip("# ").strip("-").strip()) else []
            open_ = False
            continue
        if not open_ and len(found) < _MANY_BLOCKS:
            found.append(Block(place, comments))
            comments, open_ = [], True
        elif whole and len(found) < _MANY_BLOCKS and _is_titled(last, record, found[-1]):
            _cut_last(found[-1])
            found.append(Block(place - 1, comments, [last]))
            comments = []
        last, block = record, found[-1]
        block.size = place + 1 - block.start
        if len(block.head) < _HEAD:
            block.head.append(record)
        elif not whole:
            break
    return found


def _is_titled(title: Record, record: Record, block: Block) -> bool:
    """Say whether a record and the one above it are the headings and the title of a table below another."""
    return (
        filled(title) == 1
        and hits(record) >= 2
        and not any(is_value(cell) for cell in record if cell.strip())
        and any(hits(row) >= 2 for row in block.head)
    )


def _cut_last(block: Block) -> None:
    if len(block.head) == block.size:
        block.head.pop()
    block.size -= 1


def _is_comment(record: Record) -> bool:
    """Say whether a record is a comment line: ``# text``, not an order ``#1001``, nor headings: ``# of clicks``."""
    first = record[0].lstrip() if record else ""
    return (first == "#" or first.startswith(("# ", "#-", "##"))) and hits(record) < 2


def line_of(record: Record) -> str:
    """Return a record as one line of text."""
    return " ".join(cell.strip() for cell in record if cell.strip())


def filled(record: Record) -> int:
    """Count the cells that are not blank."""
    return sum(bool(cell.strip()) for cell in record)


def hits(record: Record) -> int:
    """Count the cells that are headings of some export."""
    return sum(known(cell) for cell in record if cell.strip())


def _records(path: Path, delimiter: str, at_most: int | None = None) -> Iterator[Record]:
    with path.open(encoding="utf-8-sig", errors="replace", newline="") as file:
        lines = file if at_most is None else iter(file.read(at_most).splitlines(keepends=True))
        for record in csv.reader(lines, delimiter=delimiter):
            yield [_bare(cell) if cell.startswith('="') else cell for cell in record]


def _bare(cell: str) -> str:
    """Return the text in a formula that Excel's users write to keep it one: ``="0010"``."""
    return cell[2:-1] if len(cell) > 2 and cell.endswith('"') else cell
