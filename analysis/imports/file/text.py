"""Which encoding a text is in, by evidence from its bytes, and the same text as a UTF-8 file."""

from __future__ import annotations

import codecs
import re
from pathlib import Path

from charset_normalizer import from_bytes

from analysis.imports.file import limits
from analysis.imports.file.plain import CHUNK, Plain, chunks, fresh, looks_like_utf16
from analysis.messages import say

_COMMON = re.compile(rb"[\xa1-\xa3\xb0-\xd7][\xa1-\xfe]")
_HIGH = re.compile(rb"[\x80-\xff]+")
_ACCENTED = re.compile(rb"(?<=[A-Za-z])[\xd8-\xff][\xc0-\xff](?=[a-z])")
"""Two accented letters inside a word (Größe): as Chinese, a rare sign glued between Latin letters."""
_UNDEFINED = re.compile(rb"[\x81\x8d\x8f\x90\x9d]")
_LAST_RESORT = ("cp1250", "cp1251", "cp1252", "cp1253", "cp1254", "big5", "shift_jis", "cp949", "euc_jp", "euc_kr")
_EVIDENCE = 4 * CHUNK


def as_utf8(plain: Plain, folder: Path) -> Path:
    """Return a path to the text in UTF-8: the file itself where it is, else a copy made in pieces.

    Raises
    ------
    ImportFileError
        No encoding fits.
    """
    with plain.path.open("rb") as file:
        head = file.read(_EVIDENCE)
    if plain.utf8 and b"\x00" not in head:
        return plain.path
    for encoding in _candidates(head):
        out = fresh(folder, ".csv")
        if _transcoded(plain.path, out, encoding):
            return out
    reason = say("its text encoding was not recognised. Save it as UTF-8 and try again.")
    raise limits.refuse(plain.name, reason, "encoding")


def _candidates(head: bytes) -> tuple[str, ...]:
    if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return ("utf-16",)
    if found := looks_like_utf16(head):
        return (found,)
    if b"\x00" in head:
        return ()
    if _mostly_latin(head):
        return ("cp1252", "gb18030")
    return ("gb18030", *_guessed(head))


def _mostly_latin(head: bytes) -> bool:
    """Say whether high bytes stand alone among letters, as accents do; Chinese bytes come in long runs of pairs."""
    runs = _HIGH.findall(head)
    total = sum(map(len, runs))
    alone = sum(len(run) for run in runs if len(run) == 1) + 2 * len(_ACCENTED.findall(head))
    common = 2 * len(_COMMON.findall(b" ".join(runs)))
    return total > 0 and alone > 0.6 * total and common < 0.4 * total and not _UNDEFINED.search(head)


def _guessed(head: bytes) -> tuple[str, ...]:
    if len(_HIGH.findall(head)) < 16:
        return ()  # too little to guess from
    best = from_bytes(head[:262_144], cp_isolation=list(_LAST_RESORT)).best()
    return (best.encoding,) if best else ()


def _transcoded(path: Path, out: Path, encoding: str) -> bool:
    decoder = codecs.getincrementaldecoder(encoding)()
    try:
        with out.open("w", encoding="utf-8", newline="") as file:
            for chunk in chunks(path):
                file.write(decoder.decode(chunk))
            file.write(decoder.decode(b"", True))
    except UnicodeError:
        out.unlink()
        return False
    return True
