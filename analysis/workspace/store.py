"""A workspace is one DuckDB file: the data, the campaign, the import batches and the saved questions."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import os
import secrets
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd

from analysis.errors import QuestionError, WorkspaceError
from analysis.imports import Export, Overlap
from analysis.imports.rows.clean import REASONS
from analysis.imports.rows.incoming import Incoming, covers
from analysis.imports.rows.reconcile import SAME
from analysis.messages import say
from analysis.question import Question, Segmentation
from analysis.store import duck
from analysis.store.watch import Watch, watching
from analysis.tables import Tables
from analysis.values import Campaign, kinds
from analysis.vocabulary import TABLES, TIME_COLUMN
from analysis.workspace import replaced, segments
from analysis.workspace.mappings import SCHEMA as MAPPINGS
from analysis.workspace.mappings import KeptMapping, kept_text
from analysis.workspace.segments import Segment

FORMAT = 1
_SCHEMA = """
CREATE TABLE meta (key VARCHAR PRIMARY KEY, value VARCHAR);
CREATE TABLE batches (id INTEGER PRIMARY KEY, imported_at TIMESTAMP);
CREATE TABLE batch_files (
    batch INTEGER, file VARCHAR, digest VARCHAR, "table" VARCHAR, mapping VARCHAR, rows BIGINT, set_aside BIGINT
);
CREATE TABLE quarantine (
    batch INTEGER, file VARCHAR, line BIGINT, reason VARCHAR, "column" VARCHAR, text VARCHAR
);
CREATE TABLE saved (id INTEGER PRIMARY KEY, name VARCHAR, question VARCHAR, saved_at TIMESTAMP);
"""


@dataclass(frozen=True, slots=True)
class BatchFile:
    """One file of a batch: what it became, how many rows were kept and set aside."""

    file: str
    table: str
    rows: int
    set_aside: int


@dataclass(frozen=True, slots=True)
class Batch:
    """Files that were imported together; `imported_at` is UTC."""

    id: int
    imported_at: dt.datetime
    files: tuple[BatchFile, ...]


@dataclass(frozen=True, slots=True)
class Saved:
    """A question kept under a name; `saved_at` is UTC."""

    id: int
    name: str
    question: Question
    saved_at: dt.datetime


class Workspace:
    """An open workspace file; see :func:`open_workspace`. One process may have it open."""

    def __init__(self, path: Path, con: duckdb.DuckDBPyConnection) -> None:
        self.path, self._con = path, con
        self._writing = threading.RLock()
        self._facts: tuple[str, dict[str, Any]] = ("", {})

    # ---- reading

    def tables(self) -> Tables:
        """Return the data for one run of a question: one snapshot, on a cursor of its own."""
        con = self._con.cursor()
        # In a transaction, so that a batch that lands meanwhile cannot mix its counts into this version's facts.
        con.begin()
        version, facts = _version(con), self._facts
        if facts[0] != version:
            self._facts = facts = (version, {})
        return Tables.over(con, campaign=_campaign(con), version=version, facts=facts[1])

    @property
    def version(self) -> str:
        """Digest of what the data is: the campaign, every file with its mapping, in order, and the saved segments."""
        return _version(self._con.cursor())

    @property
    def campaign(self) -> Campaign | None:
        """The campaign, if one was set."""
        return _campaign(self._con.cursor())

    @campaign.setter
    def campaign(self, campaign: Campaign) -> None:
        with self._transaction() as con:
            con.execute("INSERT OR REPLACE INTO meta VALUES ('campaign', ?)", [campaign.to_json()])

    @property
    def name(self) -> str:
        """What people call this workspace."""
        return _meta(self._con.cursor(), "name") or self.path.stem

    @name.setter
    def name(self, name: str) -> None:
        with self._transaction() as con:
            con.execute("INSERT OR REPLACE INTO meta VALUES ('name', ?)", [name])

    # ---- importing

    def add(
        self,
        *exports: Export,
        overlap: str = "keep",
        progress: Callable[[int, int], None] | None = None,
        cancel: Callable[[], bool] | None = None,
    ) -> Batch:
        """Import files as one batch: all of them, or none.

        Parameters
        ----------
        *exports : Export
        overlap : {"keep", "replace", "skip"}
            What to do where earlier batches have the same channel in the same days: keep both, take the earlier
            rows out (undoing this batch brings them back), or leave out the new ones of days that are stored (days
            of the new file's zone; a row of several days as soon as one of them is).
        progress : callable, optional
            Called about twice a second with the rows done and the rows in all.
        cancel : callable, optional
            Asked ten times a second; once it says True, nothing is imported.

        Raises
        ------
        ImportFileError
            A mapping is incomplete or wrong.
        WorkspaceError
            A file was imported before, every row of the files was set aside or left out, or it was cancelled.
        """
        if overlap not in ("keep", "replace", "skip"):
            raise QuestionError.field("overlap", overlap, say("choose keep, replace or skip."))
        for i, export in enumerate(exports):
            self._refuse_repeat(export, exports[:i])
        watch = Watch(sum(export.rows for export in exports), progress, cancel, _cancelled)
        batch = watch.run(lambda: self._add(exports, overlap), *(export.scratch.con for export in exports))
        return next(b for b in self.batches() if b.id == batch)

    def _add(self, exports: tuple[Export, ...], overlap: str) -> int:
        key = _hash_key() if any(export.mapping.hashed for export in exports) else b""
        coming = [export.incoming(key) for export in exports]
        if not any(rows.count() for rows in coming):
            raise _nothing_usable(coming[0].set_aside().to_pandas() if coming else pd.DataFrame())
        with self._transaction() as con, watching().holding(con):
            batch = self._next("batches")
            con.execute("INSERT INTO batches VALUES (?, ?)", [batch, _now()])
            stored = duck.holds_rows(con, "events")
            settled = replaced.settled_beside([replaced.settled(con, r, batch, overlap) for r in coming], overlap)
            if not any(rows.count() for rows in settled):
                raise _nothing_new()
            for export, rows in zip(exports, settled, strict=True):
                _store(con, rows, batch)
                self._record(con, batch, export, rows.count(), rows.set_aside())
            events = sum(rows.table == "events" for rows in settled)
            by_user = segments.by_user(con)
            if events > 1 or (events and (stored or by_user)):
                with watching().during(con, 0):
                    duck.sort(con, by_user)
        return batch

    def compare(self, export: Export) -> tuple[int, tuple[Overlap, ...]]:
        """Return how many of an export's rows are stored already, and the earlier batches it overlaps."""
        table = export.mapping.table
        rows = export.incoming(_hash_key() if export.mapping.hashed else b"")
        con, time, own = self._con.cursor(), TIME_COLUMN[table], [c for c in SAME[table] if c in rows.columns]
        con.register("spans", rows.spans())
        con.register("incoming", rows.stream(tuple(own)))
        same = " AND ".join(f"s.{c} IS NOT DISTINCT FROM i.{c}" for c in own)
        near = "SELECT min(lo) AS lo, max(hi) AS hi FROM spans"
        theirs = f"(FROM {table} SEMI JOIN ({near}) ON {time} BETWEEN lo AND hi)" if time in own else table
        stored = con.execute(f"SELECT count(*) FROM incoming AS i SEMI JOIN {theirs} AS s ON {same}").fetchall()[0][0]
        found = con.execute(
            f"SELECT batch, channel, min({time}), max({time}), count(*) FROM {table} AS s "
            f"SEMI JOIN spans AS i ON {covers(table, 'i', 's')} "
            "GROUP BY 1, 2 ORDER BY 1, 2"
        ).fetchall()
        con.close()
        return int(stored), tuple(Overlap(*row) for row in found)

    def _refuse_repeat(self, export: Export, before: tuple[Export, ...]) -> None:
        whole = (export.scratch.digest, export.mapping.table)
        if any((other.scratch.digest, other.mapping.table) == whole for other in before):
            text = say("{file} is in this import twice. Take one of the two out.", file=export.name)
            raise WorkspaceError.because(text, "same-file")
        query = 'SELECT batch FROM batch_files WHERE digest = ? AND "table" = ?'
        if found := self._rows(query, list(whole)):
            text = say(
                "{file} was imported before, in batch {batch}. Undo that batch first to import it again.",
                file=export.name,
                batch=found[0][0],
            )
            raise WorkspaceError.because(text, "same-file")

    def _record(self, con: Any, batch: int, export: Export, rows: int, set_aside: Any) -> None:
        entry = [export.name, export.scratch.digest, export.mapping.table, export.mapping.to_json()]
        con.execute("INSERT INTO batch_files VALUES (?, ?, ?, ?, ?, ?, ?)", [batch, *entry, rows, set_aside.num_rows])
        con.register("aside", set_aside)
        query = 'INSERT INTO quarantine SELECT ?, coalesce(file, ?), line, reason, "column", text FROM aside'
        con.execute(query, [batch, export.name])
        con.unregister("aside")

    def batches(self) -> tuple[Batch, ...]:
        """Return the batches, newest first."""
        files: dict[int, list[BatchFile]] = {}
        for batch, *rest in self._rows('SELECT batch, file, "table", rows, set_aside FROM batch_files ORDER BY rowid'):
            files.setdefault(batch, []).append(BatchFile(*rest))
        found = self._rows("SELECT id, imported_at FROM batches ORDER BY id DESC")
        return tuple(Batch(id, at, tuple(files.get(id, ()))) for id, at in found)

    def undo(self, batch: int) -> None:
        """Take a batch's rows, and those it set aside, out again; rows of earlier batches that it replaced come back.

        Raises
        ------
        WorkspaceError
            There is no such batch.
        """
        if batch not in {b.id for b in self.batches()}:
            text = say("There is no batch {batch}; it may be undone already.", batch=batch)
            raise WorkspaceError.because(text, "no-batch")
        with self._transaction() as con:
            for table in (*TABLES, "batch_files", "quarantine"):
                con.execute(f"DELETE FROM {table} WHERE batch = ?", [batch])
            con.execute("DELETE FROM batches WHERE id = ?", [batch])
            replaced.restore(con, batch)

    def set_aside(self, batch: int) -> pd.DataFrame:
        """Return the rows a batch set aside: file, line, reason, column, text."""
        query = 'SELECT file, line, reason, "column", text FROM quarantine WHERE batch = ? ORDER BY file, line'
        return self._con.cursor().execute(query, [batch]).df()

    # ---- saved questions

    def save(self, name: str, question: Question) -> Saved:
        """Keep a question under a name; a question saved under the same name is replaced."""
        with self._transaction() as con:
            con.execute("DELETE FROM saved WHERE name = ?", [name])
            id = self._next("saved")
            con.execute("INSERT INTO saved VALUES (?, ?, ?, ?)", [id, name, question.to_json(), _now()])
        return next(s for s in self.saved() if s.id == id)

    def saved(self) -> tuple[Saved, ...]:
        """Return the saved questions, newest first; one that only a newer release can read is left out."""
        found = []
        for id, name, text, at in self._rows("SELECT id, name, question, saved_at FROM saved ORDER BY id DESC"):
            with suppress(QuestionError):
                found.append(Saved(id, name, Question.from_json(text), at))
        return tuple(found)

    def forget(self, saved: int) -> None:
        """Delete a saved question."""
        with self._transaction() as con:
            con.execute("DELETE FROM saved WHERE id = ?", [saved])

    # ---- saved segments

    def save_segment(self, name: str, question: Segmentation) -> Segment:
        """Keep who stands where as a column of the events, to split and filter other questions by.

        Events imported later have their user's value too; events of users the question did not count have none.

        Parameters
        ----------
        name : str
            What the column is called; a segment saved under the same name is replaced.
        question : Segmentation
            Such as :class:`analysis.audience.lifecycle.Lifecycle`; its members are found once, now.

        Raises
        ------
        WorkspaceError
            Another column has this name.
        QuestionError
            The name is not one line of text, or the question does not put users into groups.
        DataError
            Nobody is counted, or the tables lack what the question needs.
        """
        if not isinstance(question, Segmentation):
            raise QuestionError.unknown_kind(question.kind, kinds(Segmentation))
        with self._transaction() as con:
            segments.checked(con, name)
            tables = self.tables()
            row = (self._next("segments"), name, question.to_json(), _now(), tables.version)
            segments.put(con, row, question.members(tables))
            duck.sort(con, segments.by_user(con))
        return next(s for s in self.segments() if s.name == name)

    def segments(self) -> tuple[Segment, ...]:
        """Return the saved segments, newest first; one that only a newer release can read is left out."""
        found = []
        for row in self._rows("SELECT name, question, saved_at, users FROM segments ORDER BY id DESC"):
            with suppress(QuestionError):
                found.append(Segment.read(row))
        return tuple(found)

    def forget_segment(self, name: str) -> None:
        """Drop a saved segment and its column; questions that name it say that it is not there."""
        with self._transaction() as con:
            if segments.remove(con, name):
                con.execute(f"ALTER TABLE events DROP COLUMN {duck.identifier(name)}")

    # ---- kept mappings

    def keep_mapping(self, export: Export, name: str) -> KeptMapping:
        """Keep an export's mapping for files with the same headings; theirs of the same name is replaced.

        Raises
        ------
        WorkspaceError
            A heading looks like somebody's address.
        """
        headings, mapping = kept_text(export)
        with self._transaction() as con:
            con.execute("DELETE FROM mappings WHERE name = ? AND headings = ?", [name, headings])
            id = self._next("mappings")
            con.execute("INSERT INTO mappings VALUES (?, ?, ?, ?, ?)", [id, name, headings, mapping, _now()])
        return next(m for m in self.mappings() if m.id == id)

    def mappings(self, export: Export | None = None) -> tuple[KeptMapping, ...]:
        """Return the kept mappings, or those that fit an export, newest first; unreadable newer ones are left out."""
        found = []
        for row in self._rows("SELECT id, name, headings, mapping, kept_at FROM mappings ORDER BY id DESC"):
            with suppress(QuestionError):
                found.append(KeptMapping.read(row))
        return tuple(m for m in found if export is None or m.fits(export))

    def proposed(self, export: Export) -> Export:
        """Return an export under the newest mapping kept for its headings; as it was where there is none."""
        fitting = self.mappings(export)
        return fitting[0].on(export) if fitting else export

    def imported(self, export: Export) -> int | None:
        """Return the batch that brought this very file as this table; None where none did."""
        query = 'SELECT batch FROM batch_files WHERE digest = ? AND "table" = ?'
        found = self._rows(query, [export.scratch.digest, export.mapping.table])
        return int(found[0][0]) if found else None

    def forget_mapping(self, mapping: int) -> None:
        """Delete a kept mapping."""
        with self._transaction() as con:
            con.execute("DELETE FROM mappings WHERE id = ?", [mapping])

    def close(self) -> None:
        """Close the file."""
        self._con.close()

    # ---- the file

    def _next(self, table: str) -> int:
        """Return a number never used before, also when the newest rows were deleted."""
        key = f"last {table}"
        number = int(self._con.execute("SELECT value FROM meta WHERE key = ?", [key]).fetchall()[0][0]) + 1
        self._con.execute("UPDATE meta SET value = ? WHERE key = ?", [str(number), key])
        return number

    def _rows(self, query: str, params: list[Any] | None = None) -> list[Any]:
        return self._con.cursor().execute(query, params or []).fetchall()

    @contextmanager
    def _transaction(self) -> Iterator[duckdb.DuckDBPyConnection]:
        with self._writing:
            self._con.begin()
            try:
                yield self._con
                self._con.commit()
            except BaseException:
                self._con.rollback()
                raise


def _store(con: duckdb.DuckDBPyConnection, rows: Incoming, batch: int) -> None:
    if rows.table != "events":
        duck.insert(con, rows.table, rows.stream(), batch)
        return
    users, names = (duck.numbered(con, column, rows.distinct(column)) for column in duck.KEYS)
    duck.insert(con, rows.table, rows.keyed(users, names), batch)


def _nothing_new() -> WorkspaceError:
    text = say("All rows lie in days that are stored already, so none was left to import. Nothing was imported.")
    return WorkspaceError.because(text, "nothing-new")


def _cancelled() -> WorkspaceError:
    return WorkspaceError.because(say("The import was cancelled. Nothing was imported."), "cancelled")


def _meta(con: duckdb.DuckDBPyConnection, key: str) -> str | None:
    found = con.execute("SELECT value FROM meta WHERE key = ?", [key]).fetchall()
    return found[0][0] if found else None


def _campaign(con: duckdb.DuckDBPyConnection) -> Campaign | None:
    found = _meta(con, "campaign")
    return Campaign.from_json(found) if found else None


def _version(con: duckdb.DuckDBPyConnection) -> str:
    files = con.execute('SELECT batch, digest, "table", mapping FROM batch_files ORDER BY ALL').fetchall()
    kept = con.execute("SELECT name, question, version FROM segments ORDER BY id").fetchall()
    return hashlib.sha256(json.dumps([_meta(con, "campaign"), files, *kept]).encode()).hexdigest()


def open_workspace(path: str | Path) -> Workspace:
    """Open a workspace file, made new where there is none.

    Raises
    ------
    WorkspaceError
        Another process has it open, or the file is not a workspace.

    Examples
    --------
    >>> import tempfile
    >>> folder = tempfile.TemporaryDirectory()
    >>> workspace = open_workspace(f"{folder.name}/demo.duckdb")
    >>> workspace.batches()
    ()
    >>> workspace.close(); folder.cleanup()
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    new = not path.exists()
    try:
        con = duck.connect(path)
    except duckdb.IOException as error:
        raise _cannot_open(path, error) from error
    workspace = Workspace(path, con)
    if new:
        with workspace._transaction():
            duck.create(con)
            con.execute(_SCHEMA)
            for key, text in (("format", str(FORMAT)), ("last batches", "0"), ("last saved", "0")):
                con.execute("INSERT INTO meta VALUES (?, ?)", [key, text])
    else:
        _check_format(workspace)
    con.execute(MAPPINGS + segments.SCHEMA)  # a workspace made before these were kept has no tables for them
    return workspace


def _check_format(workspace: Workspace) -> None:
    try:
        found = int(_meta(workspace._con, "format") or 0)
    except (duckdb.Error, ValueError):
        found = 0
    if found == FORMAT:
        return
    workspace.close()
    if found > FORMAT:
        text = say("{path} was made by a newer version of Sluice. Update Sluice to open it.", path=workspace.path.name)
        raise WorkspaceError.because(text, "newer-format")
    text = say("{path} is not a Sluice workspace. Choose another file.", path=workspace.path.name)
    raise WorkspaceError.because(text, "not-a-workspace")


def _cannot_open(path: Path, error: Exception) -> WorkspaceError:
    if "lock" in str(error).lower():
        text = say("{path} is open in another program. Close it there, or work on a copy.", path=path.name)
        return WorkspaceError.because(text, "locked")
    text = say("{path} is not a Sluice workspace, or it is damaged. Choose another file.", path=path.name)
    return WorkspaceError.because(text, "not-a-workspace")


def _nothing_usable(aside: pd.DataFrame) -> WorkspaceError:
    worst = aside[["reason", "column"]].mode().iloc[0].tolist() if len(aside) else ["", ""]
    text = say(
        "No row could be used: most have {reason} in {column}. Check the mapping of that column.",
        reason=say(REASONS.get(worst[0], worst[0])),
        column=worst[1],
    )
    return WorkspaceError.because(text, "nothing-usable")


def _hash_key() -> bytes:
    """Return the secret that hides identifiers; it lives in the user's own folder, not in the workspace."""
    path = Path(os.environ.get("SLUICE_KEY_FILE") or Path.home() / ".config" / "sluice" / "key")
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        path.touch(mode=0o600)
        path.write_bytes(secrets.token_bytes(32))
    if len(key := path.read_bytes()) < 16:
        text = say(
            "The key file {path} is empty or too short. Put the key back that earlier imports were hashed with.",
            path=str(path),
        )
        raise WorkspaceError.because(text, "bad-key")
    return key


def _now() -> dt.datetime:
    return dt.datetime.now(dt.UTC).replace(tzinfo=None, microsecond=0)
