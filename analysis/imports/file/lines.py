"""Where a row stands in its file: a row's key in the scratch table, and the line a text editor shows for it.

A key is made of the place of the row's file among the parts of an export, the number of its record there (the first,
the headings, is 1) or, where that was known, of its line, and the place of the cell that became a row.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import numpy as np
import pyarrow as pa

STEP = 1 << 12
"""Keys between one record and the next; `limits.COLUMNS` fit in."""
PART = 1 << 52
"""Keys between one file and the next."""
_NEWLINE = ord("\n")


@dataclass(frozen=True, slots=True)
class Member:
    """One file's share of a table.

    Parameters
    ----------
    name : str
        For people; inside an archive, the member's.
    text : Path, optional
        The text its records were counted in, where a record may be longer than a line; None where keys hold lines.
    delimiter : str
    records : int
        How many there are, the headings included.
    """

    name: str
    text: Path | None = None
    delimiter: str = ","
    records: int = 0


def key(part: int, number: str) -> str:
    """Return SQL for a row's key: `number` is SQL for its record or line."""
    return f"{part * PART} + ({number}) * {STEP}"


def located(keys: Sequence[int] | pa.ChunkedArray, members: Sequence[Member]) -> tuple[pa.Array, pa.Array]:
    """Return the file each key's row is in, and its line there; a record is where it begins."""
    numbers = np.asarray(keys, dtype=np.int64)
    parts, lines = numbers // PART, numbers % PART // STEP
    for part in np.unique(parts):
        own = parts == part
        if (text := members[part].text) and not _a_line_each(text, members[part].records):
            starts = np.fromiter(islice(_starts(text, members[part].delimiter), int(lines[own].max())), np.int64)
            known = np.minimum(lines[own], len(starts)) - 1
            lines[own] = starts[known] if len(starts) else lines[own]
    names = pa.array([member.name for member in members], pa.string())
    return names.take(pa.array(parts)), pa.array(lines)


def _a_line_each(path: Path, records: int) -> bool:
    """Say whether a text has as many lines as records: then none is longer than a line, and no line is blank."""
    lines, last = 0, b""
    with path.open("rb") as file:
        while chunk := file.read(1 << 20):
            # Much faster than counting in bytes, which begins a search at every line.
            lines, last = lines + int(np.count_nonzero(np.frombuffer(chunk, np.uint8) == _NEWLINE)), chunk[-1:]
    return lines + (last not in (b"\n", b"")) == records


def _starts(path: Path, delimiter: str) -> Iterator[int]:
    """Yield the line each record begins on; blank lines are no records."""
    return (line for line, record in numbered(path, delimiter) if record)


def numbered(path: Path, delimiter: str) -> Iterator[tuple[int, list[str]]]:
    """Yield a text's records, each with the line it begins on; a blank line is an empty record."""
    with path.open(encoding="utf-8-sig", errors="replace", newline="") as file:
        reader, begin = csv.reader(file, delimiter=delimiter), 1
        for record in reader:
            yield begin, record
            begin = reader.line_num + 1
