"""What a file is by its content, and the plain files inside it: unpacked into the scratch folder, never trusted."""

from __future__ import annotations

import codecs
import gzip
import hashlib
import lzma
import re
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from analysis.errors import SluiceError
from analysis.imports.file import limits
from analysis.imports.watch import watching
from analysis.messages import say

CHUNK = 1 << 20
_PICTURES = (b"\x89PNG", b"\xff\xd8\xff", b"GIF8", b"%PDF")
_GZIP, _ZIP, _OLE, _PARQUET = b"\x1f\x8b", b"PK\x03\x04", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", b"PAR1"
_GAP = re.compile(rb'\n(?:#|\n|\r\n|,,|;;|\t\t|"#)')
_COMMAS = bytes.maketrans(b";\t|", b",,,")
_CONTENT = bytes(set(range(256)) - set(b",\n"))
_PADDED = re.compile(rb"\n[^,\n]+,+\n")
_BROKEN = (zipfile.BadZipFile, zlib.error, lzma.LZMAError, OSError, EOFError, ValueError, NotImplementedError)


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


def size_of(name: str, path: Path) -> int:
    """Return a file's bytes.

    Raises
    ------
    ImportFileError
        There is no such file, or it cannot be opened.
    """
    if path.is_dir():
        raise limits.refuse(name, say("it is a folder. Choose a file in it."), "folder")
    try:
        with path.open("rb"):
            return path.stat().st_size
    except FileNotFoundError as error:
        raise limits.refuse(name, say("there is no such file. Check where it lies."), "no-file") from error
    except (OSError, ValueError) as error:
        raise limits.refuse(name, say("it cannot be opened. Check that you may read it."), "no-access") from error


Unpacked = tuple[tuple["Plain", ...], tuple[SluiceError, ...]]
"""Plain files, and why members of an archive are none."""


def unpack(name: str, path: Path, folder: Path) -> Unpacked:
    """Return the plain files in a file, and the errors of archive members that are no tables.

    Raises
    ------
    ImportFileError
        The file is empty, damaged, too large, or no kind of table.
    """
    size = path.stat().st_size
    limits.check_size(name, size)
    return _unpack(name, path, folder, limits.Unpacking(name, size), 0)


def _unpack(name: str, path: Path, folder: Path, so_far: limits.Unpacking, depth: int) -> Unpacked:
    with path.open("rb") as file:
        head = file.read(65_536)
    if not head.strip() or head.strip() == codecs.BOM_UTF8:
        raise limits.refuse(name, say("the file is empty."), "empty-file")
    if head.startswith((_GZIP, _ZIP)) and depth > limits.DEPTH:
        reason = say("it holds archives more than {n} deep. Unpack it first.", n=limits.DEPTH)
        raise limits.refuse(name, reason, "nesting")
    if head.startswith(_GZIP):
        return _unpack(name.removesuffix(".gz"), _gunzipped(name, path, folder, so_far), folder, so_far, depth + 1)
    if head.startswith(_ZIP):
        return _zip(name, path, folder, so_far, depth)
    return (_plain(name, path, head),), ()


def _plain(name: str, path: Path, head: bytes) -> Plain:
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
    return folder / f"{len(list(folder.iterdir()))}{suffix}"


def _gunzipped(name: str, path: Path, folder: Path, so_far: limits.Unpacking) -> Path:
    out = fresh(folder, ".unpacked")
    try:
        with gzip.open(path) as packed:
            _copy(packed, out, so_far)
    except _BROKEN as error:
        raise limits.refuse(name, say("it is a damaged GZIP file. Download it again."), "damaged") from error
    return out


def _copy(packed: IO[bytes] | gzip.GzipFile, out: Path, so_far: limits.Unpacking) -> None:
    with out.open("wb") as file:
        while chunk := packed.read(CHUNK):
            so_far.writes(len(chunk))
            file.write(chunk)
            watching().step()


def _zip(name: str, path: Path, folder: Path, so_far: limits.Unpacking, depth: int) -> Unpacked:
    try:
        with zipfile.ZipFile(path) as archive:
            members = [m for m in archive.infolist() if not m.is_dir() and not _hidden(m.filename)]
            if any(m.filename == "[Content_Types].xml" or m.filename == "xl/workbook.xml" for m in members):
                return (_workbook(name, path, members),), ()
            if not members:
                raise limits.refuse(name, say("the archive is empty."), "empty-file")
            so_far.holds(len(members), sum(m.file_size for m in members))
            return _members(name, archive, members, folder, so_far, depth)
    except _BROKEN as error:
        reason = say("it is a ZIP or a damaged workbook, not XLSX. Unpack or re-save it.")
        raise limits.refuse(name, reason, "damaged") from error


def _workbook(name: str, path: Path, members: list[zipfile.ZipInfo]) -> Plain:
    unpacked = sum(m.file_size for m in members)
    if unpacked > limits.WORKBOOK:
        reason = say("the workbook unpacks to more than {n} MB. Save it as CSV.", n=limits.WORKBOOK >> 20)
        raise limits.refuse(name, reason, "too-large")
    limits.check_size(name, unpacked, path.stat().st_size)
    return Plain(name, path, "workbook", digest(path), True, False)


def _members(
    name: str,
    archive: zipfile.ZipFile,
    members: list[zipfile.ZipInfo],
    folder: Path,
    so_far: limits.Unpacking,
    depth: int,
) -> Unpacked:
    found: list[Plain] = []
    errors: list[SluiceError] = []
    for member in sorted(members, key=lambda m: _natural(m.filename)):
        own = f"{name}: {_member_name(member)}"
        try:
            plain, skipped = _unpack(own, _extracted(own, archive, member, folder, so_far), folder, so_far, depth + 1)
        except SluiceError as error:
            if dict(error.message.params)["file"] == so_far.file:
                raise  # a limit of the whole file, not of this member
            errors.append(error)
            continue
        found += plain
        errors += skipped
    if not found:
        raise errors[0]
    return tuple(found), tuple(errors)


def _extracted(
    name: str, archive: zipfile.ZipFile, member: zipfile.ZipInfo, folder: Path, so_far: limits.Unpacking
) -> Path:
    out = fresh(folder, ".unpacked")
    try:
        with archive.open(member) as packed:
            _copy(packed, out, so_far)
    except _BROKEN as error:
        raise limits.refuse(name, say("it is damaged in the archive. Pack it again."), "damaged") from error
    except RuntimeError as error:  # zipfile's word for a password
        raise limits.refuse(name, say("it needs a password. Unpack it first."), "password") from error
    return out


def _hidden(name: str) -> bool:
    return name.startswith("__MACOSX/") or name.rsplit("/", 1)[-1].startswith(".")


def _natural(name: str) -> list[tuple[int, str]]:
    """Sort part 10 after part 9."""
    return [(int(p), "") if p.isdigit() and p.isascii() else (-1, p) for p in re.split(r"(\d{1,15})", name)]


def _member_name(member: zipfile.ZipInfo) -> str:
    """Return a member's name; Chinese Windows writes it in GB18030 without saying so."""
    name = member.filename
    if not member.flag_bits & 0x800:
        try:
            name = name.encode("cp437").decode("gb18030")
        except UnicodeError:
            name = member.filename
    return name.rsplit("/", 1)[-1]
