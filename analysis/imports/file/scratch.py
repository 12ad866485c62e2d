"""Where do the rows of a file lie while they are looked at? In a private database, one relation for each table.

The scratch database lives in its own folder and may read only there (and the one file it was given); the workspace is
never touched.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cache
from itertools import count
from pathlib import Path
from typing import TypeVar, cast

import duckdb

from analysis.imports.file import limits
from analysis.imports.file.lines import Member, key
from analysis.messages import say
from analysis.store import duck
from analysis.store.watch import watching

T = TypeVar("T")
_MEMORY = "1000MB"
"""What a scratch database may hold in memory; the rest goes to its folder."""
_FOLDER = "sluice-import-"
FIRST = 2
"""Number of a text's first record under its headings."""
HEAD = 10_000
"""Rows of a larger file that are copied, to look at."""


class Database:
    """The folder and the private DuckDB that the tables of one file share; gone when the last of them is let go.

    Stages of an import lay relations in it. What was last made of a table is kept (see :meth:`once`), one of each kind:
    the page asks for the same several times.
    """

    def __init__(self, source: Path | None) -> None:
        sweep()
        self._folder = tempfile.TemporaryDirectory(prefix=f"{_FOLDER}{os.getpid()}-")
        self.folder = Path(self._folder.name)
        self._tables = frozenset[str]()
        self._made = dict[str, tuple[str, str, object]]()
        self._numbers = count(1)
        self.con = duckdb.connect(
            config={
                "autoinstall_known_extensions": "false",
                "autoload_known_extensions": "false",
                "memory_limit": _MEMORY,
                "temp_directory": str(self.folder / "spilled"),
                **duck.resources(),
            },
        )
        duck.quietly_measured(self.con)
        self.con.execute("SET TimeZone='UTC'")
        self.con.execute("SET allowed_directories=?", [[str(self.folder)]])
        self.con.execute("SET allowed_paths=?", [[str(source)] if source else []])
        self.con.execute("SET enable_external_access=false; SET lock_configuration=true")
        watching().also(self.con)

    def hold(self, tables: Iterable[str]) -> None:
        """Stay open until these are let go."""
        self._tables = frozenset(tables)

    def hold_also(self, table: str) -> None:
        """Stay open until this one is let go, too."""
        self._tables |= {table}

    def let_go(self, table: str) -> None:
        """Let go of a table; the last one drops the database and the folder."""
        if table in self._tables:
            self._tables -= {table}
            if not self._tables:
                self.close()

    def close(self) -> None:
        """Drop the database and the folder."""
        self.con.close()
        self._folder.cleanup()

    def once(self, stage: str, asked: str, make: Callable[[str], T]) -> T:
        """Return what was last made of a stage where the same is asked; else make it, and drop what was made before.

        Parameters
        ----------
        stage : str
            Its kind and its table, as part of a name in SQL.
        asked : str
            What it is made under.
        make : callable
            Given the name of the relation to lay; others may be laid under names that begin with it.
        """
        if (last := self._made.get(stage)) and last[0] == asked:
            return cast(T, last[2])
        if last:
            self._drop(last[1])
        relation = f"{stage}_{next(self._numbers)}"
        self._made[stage] = "", relation, None  # dropped the next time, should it not be finished
        made = make(relation)
        self._made[stage] = asked, relation, made
        return made

    def _drop(self, relation: str) -> None:
        query = "SELECT table_name FROM duckdb_tables() WHERE table_name = $1 OR starts_with(table_name, $1 || '_')"
        for (name,) in self.con.execute(query, [relation]).fetchall():
            self.con.execute(f"DROP TABLE {name}")


@cache
def sweep() -> None:
    """Delete, once per process, the folders of processes that were killed: uploads may lie in them."""
    if os.name != "posix":  # elsewhere there is no harmless way to ask whether a process lives
        return
    for folder in Path(tempfile.gettempdir()).glob(f"{_FOLDER}*-*"):
        process = folder.name.removeprefix(_FOLDER).split("-")[0]
        if process.isdecimal() and not _lives(int(process)):
            shutil.rmtree(folder, ignore_errors=True)


def _lives(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except (PermissionError, OverflowError):  # somebody else's, or no process's number
        pass
    return True


@dataclass(frozen=True, slots=True, eq=False)
class Scratch:
    """One table of a file, as it was read.

    Its relation has the columns `line`, then `c0`, `c1`, … in file order, and `mark` (repeated headings). Headings stay
    out of SQL: they are kept beside.

    Parameters
    ----------
    id : str
        Which of the file's tables it is; part of its relations' names.
    name : str
        For people.
    digest : str
        SHA-256 of its content.
    database : Database
    relation : str
        All rows; of a large file a view that reads it again.
    head : str
        A relation with the first of them.
    rows : int
    headings : tuple of str
    headerless : bool
        Whether the file has none of its own.
    title : str
        What the file calls it; empty where it says nothing.
    above : tuple of str
        The lines above its headings.
    members : tuple of Member
        The files its rows are from.
    whole : bool
        Whether `head` is all rows.
    in_order : bool
        Whether rows lie in the order of the file, one record each: a row's key then follows from its place, and DuckDB
        need not count them (that takes it one thread).
    mailed : frozenset of str
        Headings of users under which an e-mail address stands anywhere.
    """

    id: str
    name: str
    digest: str
    database: Database
    relation: str
    head: str
    rows: int
    headings: tuple[str, ...]
    headerless: bool
    title: str
    above: tuple[str, ...]
    members: tuple[Member, ...]
    whole: bool
    in_order: bool
    mailed: frozenset[str]

    @property
    def con(self) -> duckdb.DuckDBPyConnection:
        """The private database."""
        return self.database.con

    @property
    def line(self) -> str:
        """SQL for a row's key in a relation that was made of this one's rows, in their order."""
        return f"({key(0, f'rowid + {FIRST}')})" if self.in_order else "line"

    def again(self) -> Scratch:
        """Return the same rows as a further table of the file, to be closed by itself."""
        further = replace(self, id=f"{self.id}_again")
        self.database.hold_also(further.id)
        return further

    def close(self) -> None:
        """Let go of the table; the last one drops the scratch database and its folder."""
        self.database.let_go(self.id)

    def column(self, heading: str) -> str:
        """Return the name in SQL of the column under a heading."""
        return f"c{self.headings.index(heading)}"

    def types(self) -> list[str]:
        """Return the DuckDB type of each column."""
        return [str(kind) for kind in self.con.table(self.relation).types[1:-1]]

    def sample(self, n: int = 200) -> dict[str, list[str]]:
        """Return up to `n` non-empty values of each column, as text, by heading."""
        found = [self._sampled(i, n) for i in range(len(self.headings))]
        if not self.whole and (empty := [i for i, values in enumerate(found) if not values]):
            texts = ", ".join(f"arg_min(c{i}::VARCHAR, line, {n}) FILTER (trim(c{i}::VARCHAR) <> '')" for i in empty)
            with readable(self.name):
                values = self.con.execute(f"SELECT {texts} FROM {self.relation}").fetchall()[0]
            for i, texts_found in zip(empty, values, strict=True):
                found[i] = texts_found or []
        return dict(zip(self.headings, found, strict=True))

    def head_of(self, heading: str) -> list[str]:
        """Return the non-empty values of a column in all rows that are at hand."""
        return self._sampled(self.headings.index(heading), HEAD)

    def _sampled(self, place: int, n: int) -> list[str]:
        text = f"c{place}::VARCHAR"
        query = f"SELECT {text} FROM {self.head} WHERE c{place} IS NOT NULL AND trim({text}) <> '' LIMIT {n}"
        return [row[0] for row in self.con.execute(query).fetchall()]


@contextmanager
def readable(name: str) -> Iterator[None]:
    """Turn what DuckDB says of a file's content into the error that refuses it.

    Raises
    ------
    ImportFileError
    """
    try:
        yield
    except duckdb.InterruptException:
        raise
    except (duckdb.Error, RuntimeError, UnicodeError) as error:
        reason = say("its lines could not be read as a table: {why}", why=str(error).splitlines()[0][:200])
        raise limits.refuse(name, reason, "unreadable") from error
