"""A workspace is one DuckDB file: the data, the campaign, the import batches and what is kept under names."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar, cast

import duckdb
import pandas as pd
import pyarrow as pa

from analysis.errors import DataError, ImportFileError, QuestionError, WorkspaceError
from analysis.imports import Export, Overlap
from analysis.imports.rows.clean import REASONS, hidden
from analysis.imports.rows.incoming import Incoming, covers
from analysis.imports.rows.reconcile import SAME
from analysis.imports.rows.states import StateChange
from analysis.messages import say
from analysis.names import DisplayNames
from analysis.records import Alias, DisplayName, ExchangeRate, Recorded, distinct, meanings, settled
from analysis.store import duck
from analysis.store.columns import stored
from analysis.store.watch import Watch, watching
from analysis.tables import Tables, version_with
from analysis.values import Campaign, Value
from analysis.vocabulary import SERIES_COLUMN, TABLES, TIME_COLUMN
from analysis.workspace import copies, kept, replaced, segments, states
from analysis.workspace.disk import room, spoken
from analysis.workspace.kept import Kept, V
from analysis.workspace.keys import hash_key as _hash_key
from analysis.workspace.link import Link
from analysis.workspace.mappings import FileMapping
from analysis.workspace.segments import Segment

T = TypeVar("T")
_WASTE = 8_000_000
"""Bytes that a file may hold for nothing, however small it is."""


@dataclass(frozen=True, slots=True)
class BatchFile:
    """One file of a batch: what it became, how many rows were kept and set aside."""

    file: str
    table: str
    rows: int
    set_aside: int


@dataclass(frozen=True, slots=True)
class Batch:
    """Files that were imported together; `imported_at` is UTC.

    With `changes` it says what became of orders that were there already: see :mod:`analysis.workspace.states`.
    """

    id: int
    imported_at: dt.datetime
    files: tuple[BatchFile, ...]
    changes: tuple[StateChange, ...] = ()


class Workspace:
    """An open workspace file; see :func:`analysis.workspace.opening.open_workspace`. One process may have it open.

    Parameters
    ----------
    path : Path
    link : Link
        The way to its file, which may be closed while nobody uses it.
    read_only : bool
        Whether it is a snapshot, in which nothing can be changed.
    """

    def __init__(self, path: Path, link: Link, *, read_only: bool = False) -> None:
        self.path, self._link, self.read_only = path, link, read_only
        self._writing = threading.RLock()
        self._facts: tuple[str, dict[str, Any]] = ("", {})
        self._changes = 0  # odd while something is being changed
        self._memory: tuple[int, dict[Any, Any]] = (0, {})

    # ---- reading

    def tables(self) -> Tables:
        """Return the data for one run of a question: one snapshot, on a cursor of its own."""
        con = self._link.cursor()
        changes = self._changes
        # In a transaction, so that a batch that lands meanwhile cannot mix its counts into this version's facts.
        con.begin()
        with room(self.path):
            con.execute("SELECT 1 FROM meta LIMIT 1").fetchall()  # the moment is that of the first query
            same = changes if changes == self._changes else None
            settings, facts = self._recall("settings", lambda: _settings(con), same), self._facts
        if facts[0] != settings.version:
            self._facts = facts = (settings.version, {})
        return Tables.over(con, **vars(settings), facts=facts[1], meant=lambda error: spoken(error, self.path))

    def _recall(self, what: object, find: Callable[[], T], changes: int | None) -> T:
        """Return what holds until something is changed; found anew while somebody changes something (None)."""
        if changes is None or changes % 2:
            return find()
        if self._memory[0] != changes:
            self._memory = (changes, {})
        memory = self._memory[1]
        if what in memory:
            return cast(T, memory[what])
        value = find()
        if self._changes == changes:
            memory[what] = value
        return value

    @property
    def _now(self) -> Settings:
        return self._recall("settings", lambda: _settings(self._link.cursor()), self._changes)

    @property
    def display(self) -> DisplayNames:
        """What the team calls the codes in its data, beside the standard names; no part of the version."""
        return self._recall("display", lambda: DisplayNames(self._now.display), self._changes)

    @property
    def version(self) -> str:
        """Digest of what the data is: the campaign, every file with its mapping, in order, segments and records."""
        return self._now.version

    @property
    def planned(self) -> str:
        """The version with what the team plans, for caching answers about the plan."""
        now = self._now
        return version_with(now.version, now.records)

    @property
    def campaign(self) -> Campaign | None:
        """The campaign, if one was set."""
        return self._now.campaign

    @campaign.setter
    def campaign(self, campaign: Campaign) -> None:
        with self._transaction() as con:
            con.execute("INSERT OR REPLACE INTO meta VALUES ('campaign', ?)", [campaign.to_json()])

    @property
    def name(self) -> str:
        """What people call this workspace."""
        return name_in(self._link.cursor()) or self.path.stem

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
            of the new file's zone; a row of several days as soon as one of them is). Orders of a file with one that
            is stored go by their numbers instead: the furthest state of each stands, whichever came first, and this
            is said of those alone that differ in amount, time or currency.
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
        watch = Watch(sum(export.rows for export in exports), progress, cancel, cancelled)
        batch = watch.run(lambda: self._add(exports, overlap), *(export.scratch.con for export in exports))
        return next(b for b in self.batches() if b.id == batch)

    def _add(self, exports: tuple[Export, ...], overlap: str) -> int:
        key = _hash_key() if any(export.mapping.hashed for export in exports) else b""
        coming = [export.incoming(key) for export in exports]
        if not any(rows.count() for rows in coming):
            raise _nothing_usable(coming[0].set_aside().to_pandas() if coming else pd.DataFrame())
        with self._transaction() as con, watching().holding(con):
            batch = _next(con, "batches")
            con.execute("INSERT INTO batches VALUES (?, ?)", [batch, kept.now()])
            held = duck.holds_rows(con, "events")
            ready = replaced.settled_beside([replaced.settled(con, r, batch, overlap) for r in coming], overlap)
            if not any(rows.count() for rows in ready):
                raise _nothing_new()
            orders = 0
            for export, rows in zip(exports, ready, strict=True):
                _store(con, export, rows, batch + orders * (rows.table == "orders"))
                self._record(con, batch, export, rows.count(), rows.set_aside())
                orders += rows.table == "orders"
            if orders > 1:
                states.settle_files(con, batch, orders, overlap)
            if orders:
                states.settle(con, batch, overlap)
            events = sum(rows.table == "events" for rows in ready)
            by_user = segments.by_user(con)
            if events > 1 or (events and (held or by_user)):
                with watching().during(con, 0):
                    duck.sort(con, by_user)
            if by_user and any(rows.table == "orders" for rows in ready):
                segments.lay(con, ["orders"])
        return batch

    def compare(self, export: Export) -> tuple[int, tuple[Overlap, ...], tuple[StateChange, ...]]:
        """Return how many of an export's rows are stored, the batches it overlaps, and what it does to stored orders.

        Where any of its orders is stored they are told apart by their numbers, and no days overlap.
        """
        table = export.mapping.table
        rows = export.incoming(_hash_key() if export.mapping.hashed else b"")
        con, moment = self._link.cursor(), TIME_COLUMN[table]
        own = [c for c in SAME[table] if c in rows.columns]
        con.register("spans", rows.spans())
        con.register("incoming", rows.stream(tuple(own)))
        same = " AND ".join(f"s.{c} IS NOT DISTINCT FROM i.{c}" for c in own)
        near = "SELECT min(lo) AS lo, max(hi) AS hi FROM spans"
        theirs = f"(FROM {table} SEMI JOIN ({near}) ON {moment} BETWEEN lo AND hi)" if moment in own else table
        again = f"SELECT count(*) FROM incoming AS i SEMI JOIN {theirs} AS s ON {same}"
        rows_again = int(con.execute(again).fetchall()[0][0])
        if table == "orders" and rows_again:
            changed = states.beside(con, rows)
            con.close()
            return rows_again, (), changed
        found = con.execute(
            f"SELECT batch, {SERIES_COLUMN[table]}, min({moment}), max({moment}), count(*) FROM {table} AS s "
            f"SEMI JOIN spans AS i ON {covers(table, 'i', 's')} "
            "GROUP BY 1, 2 ORDER BY 1, 2"
        ).fetchall()
        con.close()
        return rows_again, tuple(Overlap(*row) for row in found), ()

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

    def _record(
        self, con: duckdb.DuckDBPyConnection, batch: int, export: Export, rows: int, set_aside: pa.Table
    ) -> None:
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
        with room(self.path), closing(self._link.cursor()) as con:
            changes = states.changes(con)
        return tuple(Batch(id, at, tuple(files.get(id, ())), changes.get(id, ())) for id, at in found)

    def undo(self, batch: int) -> None:
        """Take a batch's rows, and those it set aside, out again; what it replaced and changed is as it was before.

        Raises
        ------
        WorkspaceError
            There is no such batch.
        """
        if batch not in {b.id for b in self.batches()}:
            text = say("There is no batch {batch}; it may be undone already.", batch=batch)
            raise WorkspaceError.because(text, "no-batch")
        with self._transaction() as con:
            states.undone(con, batch)
            for table in (*TABLES, "batch_files", "quarantine"):
                con.execute(f"DELETE FROM {table} WHERE batch = ?", [batch])
            con.execute("DELETE FROM batches WHERE id = ?", [batch])
            replaced.restore(con, batch)
            states.settled_again(con)
            duck.drop_event_names(con, "events", *replaced.tables(con, "events"))

    def set_aside(self, batch: int) -> pd.DataFrame:
        """Return the rows a batch set aside: file, line, reason, column, text."""
        query = 'SELECT file, line, reason, "column", text FROM quarantine WHERE batch = ? ORDER BY file, line'
        with room(self.path):
            return self._link.cursor().execute(query, [batch]).df()

    # ---- kept things

    def keep(self, name: str, value: V, *, over: int | None = None) -> Kept[V]:
        """Keep a value under a name: a question, a segment, a mapping, a record, a notebook.

        What is kept under the same name, of the same kind, becomes an earlier revision of it. A :class:`Segment` is
        counted as it is kept: its users stand, from then on, in a column of the events and of the orders that is
        called so, to split and filter other questions by. Rows imported later have their user's value too; those of
        users whom the question did not count have none, unless the segment is live: then it is counted anew.

        Parameters
        ----------
        name : str
        value : Value
        over : int, optional
            The revision that this is a change of, nought for a name that is new: where somebody else changed it
            meanwhile, nothing is kept.

        Raises
        ------
        QuestionError
            The name is not one line of text, or an alias closes a circle.
        WorkspaceError
            Another column has the name of a segment, a segment asks of itself, or another revision than `over` is
            current.
        DataError
            Nobody is counted for a segment, or the tables lack what its question needs.

        Examples
        --------
        >>> import tempfile
        >>> from analysis import Contents, ExchangeRate, open_workspace
        >>> folder = tempfile.TemporaryDirectory()
        >>> workspace = open_workspace(f"{folder.name}/demo.duckdb")
        >>> rate = ExchangeRate(currency="USD", day="2026-11-11", rate=7.1, into="CNY")
        >>> first = workspace.keep("dollar", rate)
        >>> second = workspace.keep("dollar", rate.replace(rate=7.2))
        >>> [kept.value.rate for kept in workspace.kept(ExchangeRate)], second.revision
        ([7.2], 2)
        >>> workspace.restore(second.id).value.rate
        7.1
        >>> workspace.close(); folder.cleanup()
        """
        with self._transaction() as con:
            if isinstance(value, Segment):
                id = segments.keep(con, name, value, self.tables())
                segments.renew(con, lambda: _within(con), of=name)
            else:
                id = kept.keep(con, name, value, over)
            meanings(_aliases(con))  # spellings in a circle would leave no tables to read
        return next(k for k in self.kept(type(value)) if k.id == id)

    def kept(self, base: type[V]) -> tuple[Kept[V], ...]:
        """Return what is kept of a class and the classes below it, what changed last first.

        What only a newer release can read is left out.
        """
        return self._recall(base, lambda: kept.listed(self._link.cursor(), base), self._changes)

    def forgotten(self, base: type[V]) -> tuple[Kept[V], ...]:
        """Return what was forgotten of a class and the classes below it, the last first."""
        return kept.listed(self._link.cursor(), base, forgotten=True)

    def history(self, id: int) -> tuple[Kept[Value], ...]:
        """Return every revision of a kept thing, the last first; what only a newer release can read is left out."""
        return kept.history(self._link.cursor(), id)

    def forget(self, id: int) -> None:
        """Let go of a kept thing, a segment with its column; its history stays, and :meth:`restore` brings it back.

        Raises
        ------
        WorkspaceError
            Live segments ask of it who is in them.
        """
        with self._transaction() as con:
            segments.refuse_in_use(con, id)
            segments.take_out(con, id)
            kept.forget(con, id)

    def restore(self, id: int, revision: int | None = None) -> Kept[Value]:
        """Make a kept thing what it was, as a new revision; a segment has the users it had then, unless it is live.

        Parameters
        ----------
        id : int
        revision : int, optional
            Which one; without it, what held before the last change, be that a replacement or forgetting it.

        Raises
        ------
        WorkspaceError
            There is no such revision, or another thing or column has the name by now.
        """
        with self._transaction() as con:
            segments.take_out(con, id)
            found = kept.restore(con, id, revision)
            segments.again(con, id, found)
            if back := next((one for one in kept.listed(con, Segment) if one.id == id), None):
                segments.renew(con, lambda: _within(con), of=None if back.value.live else back.name)
            meanings(_aliases(con))
        return self.history(id)[0]

    def standing(self, ids: pa.Array, *names: str) -> pa.Table:
        """Return in which groups of current segments somebody else's users are, such as a CRM's.

        Their ids are hashed here as imports hash them, with the same key, and forgotten.

        Parameters
        ----------
        ids : Arrow array of str
            In clear; null and blank ones are nobody's. An import that did not hash ids is matched by them as they are.
        *names : str
            Of segments.

        Returns
        -------
        pyarrow.Table
            One row per id, in their order: `known`, whether the user is in the data at all, and a column for each
            segment; null where it says nothing of them.

        Raises
        ------
        DataError
            There is no such segment.
        """
        key, shown = _hash_key(), [(text or "").strip() for text in ids.to_pylist()]
        coded = pa.table({
            "place": range(len(shown)), "shown": shown, "hash": [hidden(text, key) if text else "" for text in shown],
        })  # fmt: skip
        with closing(self._link.cursor()) as con:
            own = segments.by_user(con)
            if lacking := next((name for name in names if stored(name) not in own), None):
                raise DataError.no_segment(lacking)
            con.register("coded", coded)
            here = (
                "(SELECT place, min(user_key) AS user_key FROM coded "
                "JOIN users ON user_id = hash OR user_id = shown WHERE shown <> '' GROUP BY place)"
            )
            columns = ["h.user_key IS NOT NULL AS known", *(f"v{i}.value AS v{i}" for i in range(len(names)))]
            joins = (
                f"LEFT JOIN {own[stored(name)]} AS v{i} ON v{i}.user_key = h.user_key" for i, name in enumerate(names)
            )
            query = f"SELECT {', '.join(columns)} FROM coded LEFT JOIN {here} AS h USING (place) {' '.join(joins)} "
            found = con.sql(f"{query} ORDER BY place").to_arrow_table()
        return found.rename_columns(["known", *names])

    # ---- kept mappings

    def remember(self, export: Export, name: str) -> Kept[FileMapping]:
        """Keep an export's mapping for files with the same headings; a name that stands for others gets a number.

        Raises
        ------
        WorkspaceError
            A heading looks like somebody's address.
        """
        others = {k.name for k in self.kept(FileMapping) if not k.value.is_of(export)}
        return self.keep(kept.unused(name, others), FileMapping.of(export))

    def fitting(self, export: Export) -> tuple[Kept[FileMapping], ...]:
        """Return the mappings kept for a file's headings, the newest first."""
        return tuple(k for k in self.kept(FileMapping) if k.value.fits(export))

    def proposed(self, export: Export) -> Export:
        """Return an export under the newest mapping kept for its headings; as it was where there is none.

        Where the same rows hold two tables, a mapping is one for either.
        """
        fitting = [k for k in self.kept(FileMapping) if k.value.is_of(export)]
        return export.under(fitting[0].value.mapping, fitting[0].name) if fitting else export

    def imported(self, export: Export) -> int | None:
        """Return the batch that brought this very file as this table; None where none did."""
        query = 'SELECT batch FROM batch_files WHERE digest = ? AND "table" = ?'
        found = self._rows(query, [export.scratch.digest, export.mapping.table])
        return int(found[0][0]) if found else None

    def copy(self, path: str | Path) -> Path:
        """Write all that is here into a new workspace file: one moment's state, whatever is changed meanwhile.

        Parameters
        ----------
        path : path
            Where to; the folder is made where there is none.

        Returns
        -------
        Path

        Raises
        ------
        WorkspaceError
            There is such a file already, or no room for it on the disk.

        Examples
        --------
        >>> import tempfile
        >>> from analysis import Contents, open_workspace
        >>> folder = tempfile.TemporaryDirectory()
        >>> workspace = open_workspace(f"{folder.name}/demo.duckdb")
        >>> kept = workspace.keep("all", Contents())
        >>> backup = open_workspace(workspace.copy(f"{folder.name}/backup.duckdb"))
        >>> backup.kept(Contents) == (kept,)
        True
        >>> backup.close(); workspace.close(); folder.cleanup()
        """
        with closing(self._link.cursor()) as con:
            copies.write(con, Path(path))
        return Path(path)

    # ---- the file

    @property
    def closed(self) -> bool:
        """Whether it was closed, for good."""
        return self._link.closed

    @property
    def awake(self) -> bool:
        """Whether its file is open; one that is not opens by itself when something is asked of it."""
        return self._link.awake

    @property
    def idle(self) -> float:
        """Seconds since anybody used it; nought while somebody does."""
        return 0.0 if self._link.users else time.monotonic() - self._link.used

    def wake(self) -> None:
        """Open the file, where it is closed: what is wrong with it is said here.

        Raises
        ------
        WorkspaceError
            As in :func:`analysis.workspace.opening.open_workspace`.
        """
        self._link.cursor().close()

    def rest(self) -> bool:
        """Close the file until something is asked of it again, unless somebody uses it; say whether it is closed."""
        if not self._writing.acquire(blocking=False):
            return False
        try:
            return self._link.give_back(first=self._forget)
        finally:
            self._writing.release()

    def compact(self, *, always: bool = True) -> bool:
        """Write the file anew, without the room that it holds for rows that are gone; say whether that was done.

        Others work on meanwhile. Where one of them changes something or uses the file at the end, it stays as it is,
        to be tried another time. Whenever the program is stopped, the file is whole: the old one or the new one.

        Parameters
        ----------
        always : bool
            Without it, only a file that is a third empty, or more, is written anew.

        Raises
        ------
        WorkspaceError
            There is no room on the disk for both.
        """
        if self.read_only or not (always or self._is_wasteful()):
            return False
        path = copies.real(self.path)  # where a link leads
        changes, beside = self._changes, copies.partial(path)
        try:
            with room(self.path), closing(self._link.cursor()) as con:
                copies.write_anew(con, beside)
            del con
            if changes % 2 or not self._writing.acquire(blocking=False):
                return False
            try:
                if self._changes == changes:
                    self._link.give_back(first=self._forget, then=lambda: copies.put_in_place(beside, path))
                return not beside.exists()
            finally:
                self._writing.release()
        finally:
            copies.remove(beside)

    def _is_wasteful(self) -> bool:
        """Say whether a third of the file, and some megabytes, are room for nothing."""
        with closing(self._link.cursor()) as con:
            try:
                con.execute("CHECKPOINT")
            except duckdb.TransactionException:  # somebody is just changing something
                return False
            sizes = "SELECT block_size, total_blocks, free_blocks FROM pragma_database_size()"
            block, total, free = con.execute(sizes).fetchall()[0]
        return 3 * int(free) > int(total) and int(free) * int(block) > _WASTE

    def close(self) -> None:
        """Close the file, once what is being written is."""
        with self._writing:
            self._link.close()

    def _forget(self) -> None:
        """Forget what the file held: by the next time another program may have changed it."""
        self._changes += 2
        self._facts = ("", {})

    def _rows(self, query: str, params: list[Any] | None = None) -> list[Any]:
        with room(self.path):
            return self._link.cursor().execute(query, params or []).fetchall()

    @contextmanager
    def _transaction(self) -> Iterator[duckdb.DuckDBPyConnection]:
        if self.read_only:
            text = say(
                "{name} is a snapshot to read; nothing in it can be changed. Change a copy of it.", name=self.name
            )
            raise WorkspaceError.because(text, "read-only")
        with self._writing, room(self.path), closing(self._link.cursor()) as con:
            self._changes += 1
            try:
                con.begin()
                before = _of_data(con) if segments.live(con) else None
                yield con
                if before is not None and _of_data(con) != before:
                    segments.renew(con, lambda: _within(con))
                con.commit()
            except BaseException:
                with suppress(duckdb.Error):  # a commit that failed has ended it; the first error is what tells
                    con.rollback()
                raise
            finally:
                self._changes += 1


def _next(con: duckdb.DuckDBPyConnection, table: str) -> int:
    """Return a number never used before, also when the newest rows were deleted."""
    key = f"last {table}"
    number = int(con.execute("SELECT value FROM meta WHERE key = ?", [key]).fetchall()[0][0]) + 1
    con.execute("UPDATE meta SET value = ? WHERE key = ?", [str(number), key])
    return number


def _store(con: duckdb.DuckDBPyConnection, export: Export, rows: Incoming, batch: int) -> None:
    if rows.table != "events":
        duck.insert(con, rows.table, rows.stream(), batch)
        return
    try:
        users, names = (duck.numbered(con, column, rows.distinct(column)) for column in duck.KEYS)
    except DataError as error:
        raise ImportFileError.because(export.name, error.message, error.code) from error
    duck.insert(con, rows.table, rows.keyed(users, names), batch)


def _nothing_new() -> WorkspaceError:
    text = say("All rows lie in days that are stored already, so none was left to import. Nothing was imported.")
    return WorkspaceError.because(text, "nothing-new")


def cancelled() -> WorkspaceError:
    """Return what an import says that was stopped."""
    return WorkspaceError.because(say("The import was cancelled. Nothing was imported."), "cancelled")


def meta(con: duckdb.DuckDBPyConnection, key: str) -> str | None:
    """Return one of the workspace's own settings."""
    found = con.execute("SELECT value FROM meta WHERE key = ?", [key]).fetchall()
    return found[0][0] if found else None


def name_in(con: duckdb.DuckDBPyConnection) -> str | None:
    """Return what people call the workspace, if they have said."""
    return meta(con, "name")


def _campaign(con: duckdb.DuckDBPyConnection) -> Campaign | None:
    found = meta(con, "campaign")
    return Campaign.from_json(found) if found else None


@dataclass(frozen=True)
class Settings:
    """What is said about the data, and the digest of both."""

    version: str
    campaign: Campaign | None
    rates: tuple[ExchangeRate, ...]
    display: tuple[DisplayName, ...]
    dated: Mapping[str, str]
    aliases: tuple[Alias, ...]
    records: tuple[Recorded, ...]


def _settings(con: duckdb.DuckDBPyConnection) -> Settings:
    return Settings(
        _version(con),
        _campaign(con),
        _rates(con),
        _display(con),
        segments.dated(con),
        _aliases(con),
        _records(con),
    )


def _version(con: duckdb.DuckDBPyConnection) -> str:
    columns = con.execute(f"SELECT name, value FROM {kept.CURRENT} WHERE kind = 'segment' ORDER BY id").fetchall()
    campaign, files, *beside = _of_data(con)
    return hashlib.sha256(json.dumps([campaign, files, *columns, *beside]).encode()).hexdigest()


def _of_data(con: duckdb.DuckDBPyConnection) -> list[Any]:
    """Return what tells the data, but for segments: the campaign, the files and what is known beside them."""
    files = con.execute('SELECT batch, digest, "table", mapping FROM batch_files ORDER BY ALL').fetchall()
    records = (record for record in _records(con) if record.figures)
    return [meta(con, "campaign"), files, *(v.to_json() for v in (*_rates(con), *_aliases(con), *records))]


def _within(con: duckdb.DuckDBPyConnection) -> Tables:
    """Return the data as they stand in a transaction that is not over."""
    return Tables.over(con, **vars(_settings(con)), facts={})


def _rates(con: duckdb.DuckDBPyConnection) -> tuple[ExchangeRate, ...]:
    """Return the current rates; of several of one day the one that was kept last holds."""
    return settled(k.value for k in reversed(kept.listed(con, ExchangeRate)))


def _aliases(con: duckdb.DuckDBPyConnection) -> tuple[Alias, ...]:
    """Return the current aliases, the one that was kept last at the end."""
    return tuple(k.value for k in reversed(kept.listed(con, Alias)))


def _records(con: duckdb.DuckDBPyConnection) -> tuple[Recorded, ...]:
    """Return what else people know beside the rows; of several of one title the one that was kept last holds."""
    return distinct(k.value for k in reversed(kept.listed(con, Recorded)))


def _display(con: duckdb.DuckDBPyConnection) -> tuple[DisplayName, ...]:
    return tuple(k.value for k in kept.listed(con, DisplayName))


def _nothing_usable(aside: pd.DataFrame) -> WorkspaceError:
    worst = aside[["reason", "column"]].mode().iloc[0].tolist() if len(aside) else ["", ""]
    text = say(
        "No row could be used: most have {reason} in {column}. Check the mapping of that column.",
        reason=say(REASONS.get(worst[0], worst[0])),
        column=worst[1],
    )
    return WorkspaceError.because(text, "nothing-usable")
