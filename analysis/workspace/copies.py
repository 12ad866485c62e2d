"""A consistent copy of a workspace, while it is open: here, in another program, or nowhere."""

from __future__ import annotations

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
    partial = target.with_name(f"{target.name}.partial")
    partial.unlink(missing_ok=True)
    try:
        with room(target):
            _write(con, partial)
            partial.rename(target)
    finally:
        for left in (partial, partial.with_name(f"{partial.name}.wal")):
            left.unlink(missing_ok=True)


def _write(con: duckdb.DuckDBPyConnection, target: Path) -> None:
    con.begin()
    made = duck.connect(target)
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


def write_still(source: Path, target: Path) -> None:
    """Copy a file that another program may have open, with its log, at a moment when nobody writes to it.

    What then lies on the disk is what DuckDB itself would find there after the other program stopped.

    Raises
    ------
    WorkspaceError
        There is no such file, no room for the copy, or it is being written to all the time.
    """
    if not source.is_file():
        text = say("There is no workspace {path}. Check the name and the folder.", path=str(source))
        raise WorkspaceError.because(text, "no-workspace")
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


def _stamps(source: Path) -> dict[Path, tuple[int, int]]:
    """Return what tells whether anybody wrote: size and time of the file, and of the logs DuckDB keeps beside it."""
    logs = (p for p in source.parent.iterdir() if p.name.startswith(f"{source.name}.") and p.suffix == ".wal")
    stats = {}
    for path in (source, *sorted(logs)):
        try:
            found = path.stat()
        except FileNotFoundError:  # a log that was just folded into the file
            continue
        stats[path] = found.st_size, found.st_mtime_ns
    return stats
