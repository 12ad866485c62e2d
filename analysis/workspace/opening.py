"""Is this a workspace, and of which format? A file is made, opened or brought to the present format, or refused.

A file is first looked at without writing: what is refused stays as it is, byte for byte. One of an earlier format is
copied beside itself before anything in it changes; the copy's name says its format and the moment.
"""

from __future__ import annotations

import logging
import os
import shutil
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from weakref import WeakValueDictionary

import duckdb

from analysis.errors import WorkspaceError
from analysis.messages import say
from analysis.store import duck
from analysis.workspace import copies, kept, migrations, segments
from analysis.workspace.disk import damaged, room, spoken
from analysis.workspace.link import Link, Opened
from analysis.workspace.locks import FileLock
from analysis.workspace.store import Workspace, meta, name_in

ONE_AT_A_TIME = threading.RLock()
"""In one process DuckDB refuses to open a file in two ways at once."""
_OPEN: WeakValueDictionary[Path, Workspace] = WeakValueDictionary()
_HELD = ("Could not set lock on file", "being used by another process")
"""What DuckDB says where another process has a file open, the second on Windows."""
_NEWER = "database file with version number"
"""What it says of a file that a later DuckDB wrote."""
_PATIENCE = 0.5
"""Seconds to wait for who looks at a file."""

_SCHEMA = """
CREATE TABLE meta (key VARCHAR PRIMARY KEY, value VARCHAR);
CREATE TABLE batches (id INTEGER PRIMARY KEY, imported_at TIMESTAMP);
CREATE TABLE batch_files (
    batch INTEGER, file VARCHAR, digest VARCHAR, "table" VARCHAR, mapping VARCHAR, rows BIGINT, set_aside BIGINT
);
CREATE TABLE quarantine (
    batch INTEGER, file VARCHAR, line BIGINT, reason VARCHAR, "column" VARCHAR, text VARCHAR
);
"""


def open_workspace(
    path: str | Path,
    *,
    read_only: bool = False,
    new: bool = True,
    share: Mapping[str, str] | None = None,
    woken: Callable[[Path], object] = lambda _path: None,
) -> Workspace:
    """Open a workspace file, made new where there is none, and brought to the present format where it is older.

    Parameters
    ----------
    path : path
    read_only : bool
        Open a snapshot to read: a copy of the file as it is at this moment, also while the app has it open. It is in
        nobody's way and sees nothing of what is changed later.
    new : bool
        Make a workspace where there is no such file.
    share : mapping of str to str, optional
        How much of the machine it takes; see :func:`analysis.store.duck.resources`.
    woken : callable, optional
        Told each time that its file was opened; see :class:`analysis.workspace.shelf.Shelf`.

    Raises
    ------
    WorkspaceError
        Another process has it open, it is not a workspace, a newer release made it, or there is no room for the copy
        that is set aside of an older one. Of a snapshot: there is no such file, it is being written to all the time,
        or there is no room for the copy.

    Examples
    --------
    >>> import tempfile
    >>> folder = tempfile.TemporaryDirectory()
    >>> workspace = open_workspace(f"{folder.name}/demo.duckdb")
    >>> workspace.batches()
    ()
    >>> snapshot = open_workspace(f"{folder.name}/demo.duckdb", read_only=True)
    >>> snapshot.name = "other"
    Traceback (most recent call last):
    ...
    analysis.errors.WorkspaceError: demo is a snapshot to read; nothing in it can be changed. Change a copy of it.
    >>> snapshot.close(); workspace.close(); folder.cleanup()
    """
    path = Path(path)
    if read_only:
        return _snapshot(path)

    def opened(*, new: bool) -> Opened:
        found = _opened(path, share, new=new)
        woken(path)
        return found

    here = Workspace(path, Link(opened(new=new), lambda: opened(new=False)))
    _OPEN[copies.real(path)] = here
    return here


def _opened(path: Path, share: Mapping[str, str] | None, *, new: bool) -> Opened:
    """Open a file in the present format, under our own lock.

    Raises
    ------
    WorkspaceError
    """
    with ONE_AT_A_TIME, room(path):
        if new:
            path.parent.mkdir(parents=True, exist_ok=True)
        elif not path.exists():
            raise copies.no_workspace(path)
        if path.exists() and not path.is_file():  # a folder, or what would keep who opens it waiting
            raise not_a_workspace(path)
        try:
            lock = FileLock(copies.real(path))
        except BlockingIOError as error:
            raise _locked(path) from error
        try:
            copies.remove(copies.partial(path))  # what was being written anew when the program stopped
            return Opened(_present(path, share), lock.release)
        except BaseException:
            lock.release()
            raise


def open_here(path: Path) -> Workspace | None:
    """Return the workspace of a file where this process has the file open."""
    here = _OPEN.get(copies.real(path))
    return here if here is not None and here.awake else None


def _present(path: Path, share: Mapping[str, str] | None) -> duckdb.DuckDBPyConnection:
    """Connect to a file in the present format, made or migrated where that is due."""
    if not path.exists():
        return _made(path, share)
    format, behind = looked_at(path)
    return _migrated(path, format, share) if behind else connected(path, share=share)


def _snapshot(path: Path) -> Workspace:
    folder = tempfile.TemporaryDirectory(prefix="sluice-snapshot-", ignore_cleanup_errors=True)
    copy = Path(folder.name) / path.name
    try:
        if here := open_here(path):
            here.copy(copy)
        else:
            copies.write_still(path, copy)
        with ONE_AT_A_TIME:
            format, _behind = looked_at(copy)
            con = connected(copy)
            migrations.migrate(con, migrations.due(con, format))
            con.close()
            con = connected(copy, read_only=True)
    except BaseException:
        folder.cleanup()
        raise
    if os.name == "posix":
        copy.unlink()  # it stays readable here, and goes even if this process is killed
    return Workspace(path, Link(Opened(con, folder.cleanup)), read_only=True)


def _made(path: Path, share: Mapping[str, str] | None) -> duckdb.DuckDBPyConnection:
    con = connected(path, share=share)
    con.begin()
    duck.create(con)
    con.execute(_SCHEMA + kept.SCHEMA + segments.SCHEMA)
    for key, text in (("format", str(migrations.FORMAT)), ("last batches", "0")):
        con.execute("INSERT INTO meta VALUES (?, ?)", [key, text])
    con.commit()
    return con


def connected(
    path: Path, *, read_only: bool = False, share: Mapping[str, str] | None = None
) -> duckdb.DuckDBPyConnection:
    """Connect to a file; where another process just looks at what it is, that is over in a moment.

    Raises
    ------
    WorkspaceError
        Another process has it open, or it is not a workspace.
    """
    until = time.monotonic() + _PATIENCE
    while True:
        try:
            return duck.connect(path, read_only=read_only, share=share)
        except duckdb.Error as error:
            refused = _cannot_open(path, error)
            if refused.code != "locked" or read_only or time.monotonic() > until:
                raise refused from error
            time.sleep(0.05)


def looked_at(path: Path) -> tuple[int, bool]:
    """Return a file's format, and whether it is behind the present one; nothing is written.

    Raises
    ------
    WorkspaceError
        It is not a workspace, or a newer release made it.
    """
    with look(path) as con:
        found = _checked(path, con)
        return found, bool(migrations.due(con, found))


def name_of(path: Path) -> str | None:
    """Return what people call the workspace of a file, if they have said; nothing is written.

    Raises
    ------
    WorkspaceError
        As in :func:`looked_at`.
    """
    with look(path) as con:
        _checked(path, con)
        return name_in(con)


def _checked(path: Path, con: duckdb.DuckDBPyConnection) -> int:
    """Return a file's format, if it is one that this release knows."""
    found = _format(con)
    if found > migrations.FORMAT:
        raise newer_format(path)
    if found < 1:
        raise not_a_workspace(path)
    return found


@contextmanager
def look(path: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """Stand in a file that this process has not open, to read what it is.

    Raises
    ------
    WorkspaceError
        Another process has it open, or it is not a workspace.
    """
    with ONE_AT_A_TIME:
        try:
            with duck.looking(path) as con:
                yield con
        except duckdb.Error as error:
            raise _cannot_open(path, error) from error


def _format(con: duckdb.DuckDBPyConnection) -> int:
    """Return what a file's own table says; nothing else in it is run."""
    try:
        own = "SELECT 1 FROM duckdb_tables() WHERE database_name = current_database() AND table_name = 'meta'"
        return int((con.execute(own).fetchall() and meta(con, "format")) or 0)
    except (duckdb.BinderException, ValueError):
        return 0


# ---- of an earlier format ---------------------------------------------------------------------------------


def _migrated(path: Path, format: int, share: Mapping[str, str] | None) -> duckdb.DuckDBPyConnection:
    """Set a copy aside, and open the file in the present format."""
    if copies.logs_of(path):  # a program that stopped left it: into the file, so into the copy
        con = connected(path)
        con.execute("CHECKPOINT")
        con.close()
    before = _written(path)
    _set_aside(path, format)
    con = connected(path, share=share)
    if _written(path) != before:
        con.close()
        raise _locked(path)
    try:
        migrations.migrate(con, migrations.due(con, format))
    except duckdb.Error as error:
        con.close()
        logging.getLogger("sluice").exception("migration failed")
        text = say(
            "{path} could not be brought to the present format: {reason}. It is as it was. Make room if the disk is "
            "full, then open it again.",
            path=path.name,
            reason=str(error)[:200],
        )
        raise WorkspaceError.because(text, "not-migrated") from error
    return con


def _set_aside(path: Path, format: int) -> None:
    """Copy a file beside itself; not while it is open here, as closing a file gives up the locks that one holds."""
    beside = {p.name for p in path.parent.iterdir()}
    name = kept.unused(f"{path.name}.format-{format}.{kept.now():%Y%m%dT%H%M%SZ}", beside)
    partial = path.with_name(f"{path.name}.partial")
    try:
        shutil.copyfile(path, partial)
        with partial.open("rb+") as file:
            os.fsync(file.fileno())
        partial.rename(path.with_name(name))
    except OSError as error:
        partial.unlink(missing_ok=True)
        text = say(
            "{path} is of an earlier format, and no copy of it could be set aside before it is changed: {reason}. "
            "Make room on the disk, then open it again.",
            path=path.name,
            reason=str(error),
        )
        raise WorkspaceError.because(text, "no-copy") from error


def _written(path: Path) -> tuple[int, int]:
    """Return what tells whether another program wrote the file meanwhile."""
    found = path.stat()
    return found.st_size, found.st_mtime_ns


def _cannot_open(path: Path, error: Exception) -> WorkspaceError:
    if meant := spoken(error, path):
        return meant
    if any(words in str(error) for words in _HELD) or isinstance(error, duckdb.ConnectionException):
        return _locked(path)
    if _NEWER in str(error):
        return newer_format(path)
    return damaged(path) if _was_one(path) else not_a_workspace(path)


def _was_one(path: Path) -> bool:
    """Say whether a file that cannot be opened was a DuckDB file: by its mark, or as nothing but zeros are left."""
    try:
        with path.open("rb") as file:
            begin = file.read(4096)
    except OSError:
        return False
    return begin[8:12] == b"DUCK" or not begin.strip(b"\0")


def newer_format(path: Path) -> WorkspaceError:
    """Return the error about a file that a later release made."""
    text = say("{path} was made by a newer version of Sluice. Update Sluice to open it.", path=path.name)
    return WorkspaceError.because(text, "newer-format")


def not_a_workspace(path: Path) -> WorkspaceError:
    """Return the error about a file that is not one."""
    text = say("{path} is not a Sluice workspace, or it is damaged. Choose another file.", path=path.name)
    return WorkspaceError.because(text, "not-a-workspace")


def _locked(path: Path) -> WorkspaceError:
    text = say("{path} is open in another program. Close it there, or work on a copy.", path=path.name)
    return WorkspaceError.because(text, "locked")


def in_use(path: Path) -> WorkspaceError:
    """Return the error about a file that somebody uses who cannot be interrupted."""
    text = say("{path} is being used right now. Try again in a moment.", path=path.name)
    return WorkspaceError.because(text, "in-use")
