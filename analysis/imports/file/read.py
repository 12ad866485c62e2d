"""Which tables are in a file, whatever it is, or why is there none?"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from analysis.errors import SluiceError
from analysis.imports.file import limits
from analysis.imports.file.archive import unpack
from analysis.imports.file.layout import Layout, Said
from analysis.imports.file.load import Part, loaded
from analysis.imports.file.plain import Plain
from analysis.imports.file.scratch import Database, Scratch
from analysis.imports.file.structure import layouts
from analysis.imports.file.text import as_utf8
from analysis.imports.file.typed import is_json, json_records, parquet
from analysis.imports.file.workbook import sheets
from analysis.messages import say


@dataclass(frozen=True, slots=True)
class Contents:
    """A file's tables, and why parts of it are none."""

    tables: tuple[Scratch, ...]
    unread: tuple[SluiceError, ...]


def read(source: str | Path | bytes, name: str) -> Contents:
    """Read a file's tables, parts with the same headings as one.

    Parameters
    ----------
    source : path or bytes
    name : str
        For people.

    Raises
    ------
    ImportFileError
        There is no table in it.
    """
    database = Database(None if isinstance(source, bytes) else Path(source).resolve())
    try:
        if isinstance(source, bytes):
            path = database.folder / "upload"
            path.write_bytes(source)
        else:
            path = Path(source).resolve()
        plains, damaged = unpack(name, path, database.folder)
        once = {plain.digest: plain for plain in reversed(plains)}
        parts, refused = _parts((plain for plain in plains if once[plain.digest] is plain), database)
        again = [_again(plain, first) for plain in plains if (first := once[plain.digest]) is not plain]
        tables, empty = _joined(name, parts, database)
    except BaseException:
        database.close()
        raise
    database.hold(table.id for table in tables)
    return Contents(tuple(tables), (*damaged, *refused, *again, *empty))


def _again(plain: Plain, first: Plain) -> SluiceError:
    return limits.refuse(plain.name, say("it holds the same as {other}.", other=first.name), "same-file")


def _parts(plains: Iterable[Plain], database: Database) -> tuple[list[Part], list[SluiceError]]:
    """Return the tables in plain files, and why there are none in others."""
    parts, errors = list[Part](), list[SluiceError]()
    for plain in plains:
        try:
            found, refused = _layouts(plain, database)
            errors += refused
            parts += [Part(plain, i, len(found), layout) for i, layout in enumerate(found)]
        except SluiceError as error:
            errors.append(error)
    if not parts:
        raise errors[-1]
    return parts, errors


def _layouts(plain: Plain, database: Database) -> tuple[Sequence[Layout], Sequence[SluiceError]]:
    if plain.kind == "parquet":
        return [parquet(plain, database.con)], ()
    if plain.kind == "workbook":
        return sheets(plain, database.folder)
    path = as_utf8(plain, database.folder)
    if is_json(path):
        return [json_records(plain, path, database.con)], ()
    return layouts(plain, path, database.folder), ()


def _joined(name: str, parts: Sequence[Part], database: Database) -> tuple[list[Scratch], list[SluiceError]]:
    """Load the tables; parts of one export, files with the same headings that say the same of all rows, become one."""
    groups = dict[tuple[tuple[str, ...], bool, Said | None, tuple[int, str] | None], list[Part]]()
    for part in parts:
        alone = (part.place, part.plain.name) if part.many > 1 else None
        layout = part.layout
        groups.setdefault((layout.headings, bool(layout.header), layout.said, alone), []).append(part)
    limits.check_tables(name, len(groups))
    made, errors = list[Scratch](), list[SluiceError]()
    titles = Counter(group[0].layout.title for group in groups.values())
    for n, group in enumerate(groups.values()):
        own = name if len(groups) == 1 else _name(name, group[0], titles)
        try:
            made.append(loaded(database, f"raw{n or ''}", own, group))
        except SluiceError as error:
            errors.append(error)
    if not made:
        raise errors[-1]
    return made, errors


def _name(name: str, part: Part, titles: Counter[str]) -> str:
    title, file = part.layout.title, part.plain.name
    if title and (titles[title] == 1 or file == name):
        return f"{name} · {title}"
    return f"{name} · {file if file != name else part.place + 1}"
