"""Which plain files are in a file: archives are unpacked into the scratch folder, and never trusted."""

from __future__ import annotations

import codecs
import gzip
import lzma
import re
import zipfile
import zlib
from pathlib import Path
from typing import IO

from analysis.errors import SluiceError
from analysis.imports.file import limits
from analysis.imports.file.plain import CHUNK, Plain, digest, fresh, plain_of
from analysis.messages import say
from analysis.store.watch import watching

_GZIP, _ZIP = b"\x1f\x8b", b"PK\x03\x04"
_BROKEN = (zipfile.BadZipFile, zlib.error, lzma.LZMAError, OSError, EOFError, ValueError, NotImplementedError)


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
    return (plain_of(name, path, head),), ()


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
