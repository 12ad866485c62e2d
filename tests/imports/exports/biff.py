"""A workbook of Excel 97 (.xls), written by hand: BIFF8 records in the one stream of an OLE2 compound file.

After Microsoft's [MS-XLS] and [MS-CFB]; only what a reader of cells looks at.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence

SECTOR = 512
_END, _FREE, _FAT = 0xFFFFFFFE, 0xFFFFFFFF, 0xFFFFFFFD
_DATE = 14
"""Number format m/d/yy, built in."""


def xls(*rows: Sequence[object], sheet: str = "Sheet1") -> bytes:
    """Write one sheet; texts, numbers, and days as ``("day", serial)``, which have a date's number format."""
    return _compound(_workbook(rows, sheet))


def _record(kind: int, body: bytes) -> bytes:
    return struct.pack("<HH", kind, len(body)) + body


def _text(text: str, count: str) -> bytes:
    """Write a string: its length, the flag for UTF-16, the characters."""
    return struct.pack(f"<{count}B", len(text), 1) + text.encode("utf-16-le")


def _workbook(rows: Sequence[Sequence[object]], sheet: str) -> bytes:
    begin = _record(0x0809, struct.pack("<HHHHII", 0x0600, 0x0005, 0x0DBB, 0x07CC, 0, 6))
    formats = b"".join(_record(0x00E0, struct.pack("<HHHH", 0, number, 0, 0) + bytes(12)) for number in (0, _DATE))
    codepage = _record(0x0042, struct.pack("<H", 1200))
    end = _record(0x000A, b"")
    name = _text(sheet, "B")
    head = len(begin) + len(codepage) + len(formats) + 4 + 6 + len(name) + len(end)
    bound = _record(0x0085, struct.pack("<IH", head, 0) + name)
    return begin + codepage + formats + bound + end + _sheet(rows)


def _sheet(rows: Sequence[Sequence[object]]) -> bytes:
    begin = _record(0x0809, struct.pack("<HHHHII", 0x0600, 0x0010, 0x0DBB, 0x07CC, 0, 6))
    widest = max(map(len, rows))
    extent = _record(0x0200, struct.pack("<IIHHH", 0, len(rows), 0, widest, 0))
    cells = (_cell(r, c, value) for r, row in enumerate(rows) for c, value in enumerate(row) if value is not None)
    return begin + extent + b"".join(cells) + _record(0x000A, b"")


def _cell(row: int, column: int, value: object) -> bytes:
    if isinstance(value, tuple):
        return _record(0x0203, struct.pack("<HHHd", row, column, 1, value[1]))
    if isinstance(value, int | float):
        return _record(0x0203, struct.pack("<HHHd", row, column, 0, value))
    return _record(0x0204, struct.pack("<HHH", row, column, 0) + _text(str(value), "H"))


def _compound(stream: bytes) -> bytes:
    """Lay a stream in a compound file: header, the stream's sectors, the directory, the allocation table."""
    stream += bytes(max(4096, -(-len(stream) // SECTOR) * SECTOR) - len(stream))
    sectors = len(stream) // SECTOR
    chain = [*range(1, sectors), _END, _END, _FAT]
    table = struct.pack(f"<{SECTOR // 4}I", *chain, *[_FREE] * (SECTOR // 4 - len(chain)))
    directory = _entry("Root Entry", 5, _END, 0, child=1) + _entry("Workbook", 2, 0, len(stream))
    directory += bytes(SECTOR - len(directory))
    header = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(16)
    header += struct.pack("<HHHHH", 0x3E, 3, 0xFFFE, 9, 6) + bytes(6)
    header += struct.pack("<IIIIIIIII", 0, 1, sectors, 0, 4096, _END, 0, _END, 0)
    header += struct.pack("<109I", sectors + 1, *[_FREE] * 108)
    return header + stream + directory + table


def _entry(name: str, kind: int, start: int, size: int, child: int = _FREE) -> bytes:
    text = name.encode("utf-16-le") + b"\0\0"
    head = text.ljust(64, b"\0") + struct.pack("<HBB", len(text), kind, 1)
    return head + struct.pack("<III", _FREE, _FREE, child) + bytes(36) + struct.pack("<IQ", start, size)
