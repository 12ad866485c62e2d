"""Read a file into a scratch DuckDB, whatever it is, or say why not.

The scratch database lives in its own folder and may read only there; the workspace is never touched.
"""

from __future__ import annotations

import csv
import datetime as dt
import hashlib
import io
import tempfile
from collections.abc import Iterator
from itertools import chain, count
from pathlib import Path
from typing import Any

import duckdb
import openpyxl

from analysis.errors import ImportFileError
from analysis.messages import say

LARGEST = 1_073_741_824
"""Most bytes one file may have."""
_ENCODINGS = ("utf-8-sig", "gb18030")
_PICTURES = (b"\x89PNG", b"\xff\xd8\xff", b"GIF8", b"%PDF")
_READ_CSV = """
CREATE TABLE raw AS SELECT row_number() OVER () + 1 AS line, * FROM read_csv(
    ?, delim=?, quote='"', escape='"', header=false, skip=1, all_varchar=true, auto_detect=false,
    null_padding=true, strict_mode=false, columns={columns}, max_line_size=10000000, parallel={parallel})
"""


class Scratch:
    """A file's rows as table `raw` of a private DuckDB: column `line`, then `c0`, `c1`, … in file order.

    Headings stay out of SQL: they are kept beside, in `headings`.
    """

    def __init__(self, name: str, content: bytes) -> None:
        self.name, self.digest = name, hashlib.sha256(content).hexdigest()
        self._folder = tempfile.TemporaryDirectory(prefix="sluice-import-")
        self.con = duckdb.connect(
            str(Path(self._folder.name) / "scratch.duckdb"),
            config={"autoinstall_known_extensions": "false", "autoload_known_extensions": "false"},
        )
        self.con.execute("SET TimeZone='UTC'; SET allowed_directories=?", [[self._folder.name]])
        self.con.execute("SET enable_external_access=false; SET lock_configuration=true")
        try:
            self.headings = self._load(content)
        except Exception:
            self.close()
            raise

    def close(self) -> None:
        """Drop the scratch database and its folder."""
        self.con.close()
        self._folder.cleanup()

    @property
    def rows(self) -> int:
        """Number of data rows read."""
        return int(self.con.execute("SELECT count(*) FROM raw").fetchall()[0][0])

    def sample(self, n: int = 200) -> dict[str, list[str]]:
        """Return up to `n` non-empty values of each column, as text, by heading."""
        found = {}
        for i, heading in enumerate(self.headings):
            query = f"SELECT c{i}::VARCHAR FROM raw WHERE c{i} IS NOT NULL AND trim(c{i}::VARCHAR) <> '' LIMIT {n}"
            found[heading] = [row[0] for row in self.con.execute(query).fetchall()]
        return found

    def _load(self, content: bytes) -> tuple[str, ...]:
        if not content.strip():
            raise self._refuse(say("the file is empty."), "empty-file")
        if len(content) > LARGEST:
            limit = LARGEST >> 30
            raise self._refuse(say("it is larger than {n} GB. Export a shorter period.", n=limit), "too-large")
        if content.startswith(b"PAR1"):
            return self._parquet(content)
        if content.startswith(b"PK\x03\x04"):
            return self._text(_workbook_as_csv(content, self._refuse))
        if content.startswith(_PICTURES) or b"\x00" in content[:65536]:
            reason = say("this is not a table but a picture, a document or another binary file. Upload CSV, "
                         "Parquet or XLSX.")  # fmt: skip
            raise self._refuse(reason, "not-a-table")
        return self._text(self._decoded(content))

    def _decoded(self, content: bytes) -> str:
        for encoding in _ENCODINGS:
            try:
                return content.decode(encoding)
            except UnicodeDecodeError:
                continue
        raise self._refuse(say("its text encoding was not recognised. Save it as UTF-8 and try again."), "encoding")

    def _parquet(self, content: bytes) -> tuple[str, ...]:
        path = Path(self._folder.name) / "upload.parquet"
        path.write_bytes(content)
        try:
            source = self.con.read_parquet(str(path))
            headings = tuple(source.columns)
            self._named(headings)
            columns = ", ".join(f"#{i + 1} AS c{i}" for i in range(len(headings)))
            order = "row_number() OVER () AS line"
            self.con.execute(f"CREATE TABLE raw AS SELECT {order}, {columns} FROM read_parquet(?)", [str(path)])
        except (duckdb.Error, RuntimeError, UnicodeError) as error:  # its messages can hold the file's broken bytes
            raise self._refuse(say("it is a damaged Parquet file. Export it again."), "damaged") from error
        path.unlink()
        self._filled()
        return headings

    def _text(self, text: str) -> tuple[str, ...]:
        if not text.strip():
            raise self._refuse(say("the file is empty."), "empty-file")
        headings, delimiter = self._header(text)
        path = Path(self._folder.name) / "upload.csv"
        path.write_text(text, encoding="utf-8", newline="")
        names = [f"c{i}" for i in range(len(headings))]
        try:
            self._lines(path, delimiter, names)
        except duckdb.Error as error:
            raise self._refuse(say("its lines could not be read as a table: {why}",
                                   why=_first_line(error)), "unreadable") from error  # fmt: skip
        path.unlink()
        self._filled()
        return headings

    def _lines(self, path: Path, delimiter: str, names: list[str]) -> None:
        try:
            self.con.execute(_READ_CSV.format(columns=_struct(names), parallel=True), [str(path), delimiter])
        except duckdb.Error:
            # DuckDB's parallel reader cannot pad short lines where a quoted cell holds a line break.
            self.con.execute(_READ_CSV.format(columns=_struct(names), parallel=False), [str(path), delimiter])

    def _filled(self) -> None:
        if not self.rows:
            raise self._refuse(say("it has a heading line but no rows."), "no-rows")

    def _header(self, text: str) -> tuple[tuple[str, ...], str]:
        try:
            first = next(csv.reader(io.StringIO(text[:200_000])))
            delimiter = max(",\t;|", key=text.splitlines()[0].count)
            if delimiter != ",":
                first = next(csv.reader(io.StringIO(text[:200_000]), delimiter=delimiter))
        except (csv.Error, StopIteration, IndexError) as error:
            raise self._refuse(say("its first line could not be read as headings."), "unreadable") from error
        headings = _unique([cell.strip() for cell in first])
        self._named(headings)
        return headings, delimiter

    def _named(self, headings: tuple[str, ...]) -> None:
        if len(headings) < 2:
            reason = say("it has only one column. A table needs at least a time and a value; check the separator.")
            raise self._refuse(reason, "one-column")

    def _refuse(self, reason: Any, code: str) -> ImportFileError:
        return ImportFileError.because(self.name, reason, code)


def _struct(names: list[str]) -> str:
    return "{" + ", ".join(f"'{name}': 'VARCHAR'" for name in names) + "}"


def _unique(headings: list[str]) -> tuple[str, ...]:
    """Give blank and repeated headings a name of their own."""
    given, named = set(headings), list[str]()
    for i, heading in enumerate(headings):
        if heading and heading not in named:
            named.append(heading)
            continue
        base = heading or f"column {i + 1}"
        candidates = chain([base], (f"{base} ({n})" for n in count(2)))
        named.append(next(c for c in candidates if c not in given and c not in named))
    return tuple(named)


def _first_line(error: Exception) -> str:
    return str(error).splitlines()[0][:200]


def _workbook_as_csv(content: bytes, refuse: Any) -> str:
    try:
        book = openpyxl.load_workbook(io.BytesIO(content), read_only=True, data_only=True)
        rows: Iterator[tuple[Any, ...]] = book.worksheets[0].iter_rows(values_only=True)
        out = io.StringIO()
        csv.writer(out).writerows([_cell(cell) for cell in row] for row in rows if any(c is not None for c in row))
    except Exception as error:  # openpyxl lets whatever its XML and ZIP readers raise come through
        raise refuse(say("it is a ZIP or a damaged workbook, not XLSX. Unpack or re-save it."), "damaged") from error
    if not out.getvalue():
        raise refuse(say("its first sheet is empty."), "empty-file")
    return out.getvalue()


def _cell(cell: Any) -> Any:
    return cell.isoformat(sep=" ") if isinstance(cell, dt.datetime) else "" if cell is None else cell
