"""A consistent copy of a workspace, while it is open: here, in another program, or nowhere."""

from __future__ import annotations

import os
import shutil
import time
from pathlib import Path

import duckdb

from analysis.errors import WorkspaceError
from analysis.messages import say
from analysis.store import duck
from analysis.workspace.disk import room

_ROWS = 100_000
_STILL, _PATIENCE = 0.1, 10.0
"""Seconds that a file has to lie still, and that are waited for it to do so."""


def write(con: duckdb.DuckDBPyConnection, target: Path) -> None:
    """Write all that a connection sees into a new file: one moment's state, whatever is committed meanwhile.

    The file that is open is not read as a file: that would give up DuckDB's lock on it.

    Raises
    ------
    WorkspaceError
        There is such a file already, or no room for it.
    """
    if target.exists():
        text = say("There is a file {path} already. Choose another name for the copy.", path=target.name)
        raise WorkspaceError.because(text, "file-exists")
    target.parent.mkdir(parents=True, exist_ok=True)
    beside = partial(target)
    try:
        with room(target):
            write_anew(con, beside)
            beside.rename(target)
            settle(target.parent)
    finally:
        remove(beside)


def partial(target: Path) -> Path:
    """Return where a file is written before it is whole."""
    return target.with_name(f"{target.name}.partial")


def real(path: Path) -> Path:
    """Return where a link leads; one that leads in a circle is itself."""
    return Path(os.path.realpath(path))


def remove(path: Path) -> None:
    """Delete a workspace file, if there is one, and DuckDB's logs of it."""
    for part in (path, *logs_of(path)):
        part.unlink(missing_ok=True)


def size(path: Path) -> int:
    """Return the bytes that a workspace takes on the disk: with DuckDB's log, in which lies what was just written."""
    found = 0
    for part in (path, *logs_of(path)):
        try:
            found += part.stat().st_size
        except FileNotFoundError:  # a log was taken into the file meanwhile
            continue
    return found


def logs_of(path: Path) -> tuple[Path, ...]:
    """Return the logs in which DuckDB keeps what is not in a file yet."""
    names = (f"{path.name}.wal", f"{path.name}.wal.checkpoint", f"{path.name}.wal.recovery")
    return tuple(log for name in names if (log := path.with_name(name)).exists())


def write_anew(con: duckdb.DuckDBPyConnection, target: Path) -> None:
    """Write all that a connection sees into a new file, which is on the disk when this returns."""
    remove(target)
    con.begin()
    made = duck.connect(target, share=duck.resources(threads=2))
    try:
        made.begin()
        for name, sql in con.execute("SELECT table_name, sql FROM duckdb_tables() ORDER BY table_oid").fetchall():
            table = duck.identifier(name)
            made.execute(sql)
            made.register("coming", con.sql(f"FROM {table}").to_arrow_reader(_ROWS))
            made.execute(f"INSERT INTO {table} FROM coming")
            made.unregister("coming")
        made.commit()
        made.execute("CHECKPOINT")
    finally:
        made.close()
        con.rollback()
    settle(target)


def put_in_place(beside: Path, path: Path) -> None:
    """Let a file that was written anew take the place of one that nobody has open.

    Where a log is left, what is in it is not in the file, and the file stays; as it does where a frame still reads it.
    """
    if not logs_of(path) and not logs_of(beside) and not duck.is_open(path):
        beside.replace(path)
        settle(path.parent)


def settle(path: Path) -> None:
    """Wait until a file, or what a folder lists, is on the disk: it is still there after a power cut."""
    if os.name != "posix" and path.is_dir():
        return
    handle = os.open(path, os.O_RDONLY if os.name == "posix" else os.O_RDWR)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def write_still(source: Path, target: Path) -> None:
    """Copy a file that another program may have open, with its log, at a moment when nobody writes to it.

    What then lies on the disk is what DuckDB itself would find there after the other program stopped.

    Raises
    ------
    WorkspaceError
        There is no such file, no room for the copy, or it is being written to all the time.
    """
    if not source.is_file():
        raise no_workspace(source)
    with room(source):
        source.open("rb").close()
    until = time.monotonic() + _PATIENCE
    with room(target):
        while True:
            before = _stamps(source)
            time.sleep(_STILL)
            if _stamps(source) == before:
                for path in before:
                    shutil.copyfile(path, target.with_name(target.name + path.name.removeprefix(source.name)))
                if _stamps(source) == before:
                    return
            if time.monotonic() > until:
                text = say("{path} is being written to. Open it again when that is done.", path=source.name)
                raise WorkspaceError.because(text, "being-written")


def no_workspace(path: Path) -> WorkspaceError:
    """Return the error about a file that is not there, or not any more."""
    text = say("There is no workspace {path}. Check the name and the folder.", path=str(path))
    return WorkspaceError.because(text, "no-workspace")


def _stamps(source: Path) -> dict[Path, tuple[int, int]]:
    """Return what tells whether anybody wrote: size and time of the file, and of the logs DuckDB keeps beside it."""
    stats = {}
    for path in (source, *logs_of(source)):
        try:
            found = path.stat()
        except FileNotFoundError:  # a log that was just folded into the file
            continue
        stats[path] = found.st_size, found.st_mtime_ns
    return stats
