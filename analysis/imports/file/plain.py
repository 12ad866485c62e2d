"""What is a file by its content: a text, a workbook, a Parquet file, or no table at all?"""

from __future__ import annotations

import codecs
import hashlib
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from analysis.imports.file import limits
from analysis.messages import say
from analysis.store.watch import watching

CHUNK = 1 << 20
_PICTURES = (b"\x89PNG", b"\xff\xd8\xff", b"GIF8", b"%PDF")
_OLE, _PARQUET = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", b"PAR1"
_GAP = re.compile(rb'\n(?:#|\n|\r\n|,,|;;|\t\t|"#)')
_COMMAS = bytes.maketrans(b";\t|", b",,,")
_CONTENT = bytes(set(range(256)) - set(b",\n"))
_PADDED = re.compile(rb"\n[^,\n]+,+\n")


@dataclass(frozen=True, slots=True)
class Plain:
    """One unpacked file: what it is by content, and what one pass over it showed.

    Parameters
    ----------
    name : str
        For people; inside an archive, the member's.
    path : Path
    kind : {"text", "workbook", "parquet"}
    digest : str
        SHA-256 of the content.
    utf8 : bool
        Whether all of it is UTF-8.
    gaps : bool
        Whether blank lines, comments or titles stand in it, so that tables may be stacked.
    """

    name: str
    path: Path
    kind: str
    digest: str
    utf8: bool
    gaps: bool


def plain_of(name: str, path: Path, head: bytes) -> Plain:
    """Say what a file that is no archive is, by its first bytes; a text is read through.

    Raises
    ------
    ImportFileError
        It is no kind of table.
    """
    if head.startswith(_PARQUET):
        return Plain(name, path, "parquet", digest(path), True, False)
    if head.startswith(_OLE):
        return Plain(name, path, "workbook", digest(path), True, False)
    wide = head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)) or looks_like_utf16(head)
    if not wide and (head.startswith(_PICTURES) or b"\x00" in head):
        reason = say(
            "this is not a table but a picture, a document or another binary file. Upload CSV, Parquet or XLSX."
        )
        raise limits.refuse(name, reason, "not-a-table")
    return _surveyed(name, path)


def _surveyed(name: str, path: Path) -> Plain:
    """Read a text file through: its digest, whether it is UTF-8, and whether tables may be stacked in it."""
    found, decoder, utf8, tail = hashlib.sha256(), codecs.getincrementaldecoder("utf-8")(), True, b""
    # Where tables may be stacked is only asked of files small enough to be searched for them.
    gaps = path.stat().st_size > limits.STACKED
    for chunk in chunks(path):
        found.update(chunk)
        utf8 = utf8 and _goes_on(decoder, chunk)
        if not gaps:
            near = tail + chunk
            gaps = bool(_GAP.search(near)) or _has_title(near) or b"\r\r" in near or (chunk[:1] in b"#\n" and not tail)
        tail = chunk[-300:]
    utf8 = utf8 and _goes_on(decoder, b"", final=True)
    return Plain(name, path, "text", found.hexdigest(), utf8, gaps)


def _has_title(text: bytes) -> bool:
    """Say whether a line has one cell at most, as a title does; a sheet saved as text pads it with separators."""
    text = text.translate(_COMMAS, b"\r")
    return b"\n\n" in text.translate(None, _CONTENT) or (b",\n" in text and bool(_PADDED.search(text)))


def _goes_on(decoder: codecs.IncrementalDecoder, chunk: bytes, *, final: bool = False) -> bool:
    """Say whether a piece of a text goes on in the encoding."""
    if chunk.isascii() and not decoder.getstate()[0]:
        return True
    try:
        decoder.decode(chunk, final)
    except UnicodeDecodeError:
        return False
    return True


def looks_like_utf16(head: bytes) -> str | None:
    """Return the UTF-16 byte order that text without a mark is in, or None."""
    if len(head) < 8 or not (share := head.count(0) / len(head)):
        return None
    even, odd = head[0::2].count(0), head[1::2].count(0)
    text = 0.2 < share <= 0.55 and min(even, odd) < 0.02 * len(head)
    breaks = b"\n\x00" in head[0:] or b"\x00\n" in head
    return ("utf-16-le" if odd > even else "utf-16-be") if text and breaks else None


def chunks(path: Path) -> Iterator[bytes]:
    """Yield a file's content in pieces of a megabyte."""
    with path.open("rb") as file:
        while chunk := file.read(CHUNK):
            watching().step(len(chunk))
            yield chunk


def digest(path: Path) -> str:
    """Return the SHA-256 of a file."""
    found = hashlib.sha256()
    for chunk in chunks(path):
        found.update(chunk)
    return found.hexdigest()


def fresh(folder: Path, suffix: str) -> Path:
    """Return a new file name in the scratch folder."""
    return folder / f"{len(os.listdir(folder))}{suffix}"
