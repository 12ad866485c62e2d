"""How far out the cells of an Excel 97 workbook (.xls) lie, before its reader sets memory aside up to there.

A compound file ([MS-CFB]) holds the workbook's records ([MS-XLS]) in one stream, as a chain of sectors.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

_CELLS = frozenset((0x0006, 0x00D6, 0x00FD, 0x0201, 0x0203, 0x0204, 0x0205, 0x027E, 0x0406, 0x00BD, 0x00BE))
_RUNS = frozenset((0x00BD, 0x00BE))
"""Records of one cell, and those of several beside each other, which end with the last column."""
_BEGIN = 0x0809
_ROOT = "Root Entry"
_SPECIAL = 0xFFFFFFFA
"""From here on, a number is that of no sector: it ends a chain, or says what a sector is."""


def extent(path: Path) -> int:
    """Return the most cells that any sheet spans from its first row and column to its last.

    Raises
    ------
    ValueError, LookupError, struct.error
        It is no whole compound file, or holds no workbook.
    """
    most = rows = columns = 0
    for kind, body in _records(_stream(path.read_bytes())):
        if kind == _BEGIN:
            rows = columns = 0
        elif kind in _CELLS and len(body) >= 6:
            row, column = struct.unpack_from("<HH", body)
            last = struct.unpack_from("<H", body, len(body) - 2)[0] if kind in _RUNS else column
            rows, columns = max(rows, row + 1), max(columns, column + 1, last + 1)
            most = max(most, rows * columns)
    return most


def _records(stream: bytes) -> Iterator[tuple[int, bytes]]:
    at = 0
    while at + 4 <= len(stream):
        kind, size = struct.unpack_from("<HH", stream, at)
        yield kind, stream[at + 4 : at + 4 + size]
        at += 4 + size


def _stream(file: bytes) -> bytes:
    """Return the workbook's stream; a short one lies in pieces of the root entry's."""
    size, small = (1 << shift for shift in struct.unpack_from("<HH", file, 30))
    directories, tables = struct.unpack_from("<II", file, 40)
    first, _, cutoff, first_small, smalls, more, further = struct.unpack_from("<IIIIIII", file, 48)
    if not 64 <= small < size <= 1 << 16:
        raise ValueError("no compound file")
    body = file[size:]
    if max(directories, tables, smalls, further) > len(body) // size + 1:
        raise ValueError("more sectors than there are")
    table = _numbers(b"".join(body[n * size : (n + 1) * size] for n in _table_sectors(file, body, size, more)))
    entries = dict(_entries(_chain(body, size, table, first)))
    large = {name: entry for name, entry in entries.items() if entry[1] >= cutoff or name == _ROOT}
    _check_chains(table, len(body) / size, [first, *([first_small] if smalls else []), *_starts(large, len(file))])
    start, length = entries["Workbook"] if "Workbook" in entries else entries["Book"]
    small_table = _numbers(_chain(body, size, table, first_small))
    pieces = _chain(body, size, table, entries[_ROOT][0])
    short = {name: entry for name, entry in entries.items() if name not in large}
    _check_chains(small_table, len(pieces) / small, _starts(short, len(file)))
    if length >= cutoff:
        return _chain(body, size, table, start)[:length]
    return _chain(pieces, small, small_table, start)[:length]


def _starts(entries: Mapping[str, tuple[int, int]], most: int) -> list[int]:
    """Return where streams begin that hold anything."""
    if any(length > most for _, length in entries.values()):
        raise ValueError("a stream is longer than its file")
    return [start for start, length in entries.values() if length]


def _check_chains(table: Sequence[int], sectors: float, starts: Sequence[int]) -> None:
    """Raise where a chain leads into itself or out of the file: its reader would ask for memory without end."""
    walks = dict[int, int]()
    for walk, start in enumerate(starts):
        n = start
        while n not in walks and n < sectors and n < len(table):
            walks[n] = walk
            n = table[n]
        if walks.get(n) == walk or (n not in walks and n < _SPECIAL):
            raise ValueError("a chain of sectors has no end")


def _table_sectors(file: bytes, body: bytes, size: int, more: int) -> list[int]:
    """Return the sectors that the allocation table lies in: the header names 109, further sectors the rest."""
    found, seen = list(struct.unpack_from("<109I", file, 76)), set[int]()
    while more * size < len(body) and more not in seen:
        seen.add(more)
        *others, more = _numbers(body[more * size : (more + 1) * size])
        found += others
    if more < _SPECIAL or any(len(body) <= n * size and n < _SPECIAL for n in found):
        raise ValueError("the allocation table lies elsewhere")
    return [n for n in found if n * size < len(body)]


def _entries(directory: bytes) -> Iterator[tuple[str, tuple[int, int]]]:
    for at in range(0, len(directory) - 127, 128):
        length = struct.unpack_from("<H", directory, at + 64)[0]
        name = directory[at : at + max(0, min(length, 64) - 2)].decode("utf-16-le", errors="replace")
        yield name, struct.unpack_from("<II", directory, at + 116)


def _chain(body: bytes, size: int, table: tuple[int, ...], start: int) -> bytes:
    parts, seen, n = [], set[int](), start
    while n * size < len(body) and n not in seen:
        seen.add(n)
        parts.append(body[n * size : (n + 1) * size])
        n = table[n] if n < len(table) else len(body)
    return b"".join(parts)


def _numbers(text: bytes) -> tuple[int, ...]:
    return struct.unpack(f"<{len(text) // 4}I", text[: len(text) // 4 * 4])
