"""Is a workspace's file open just now? It is while somebody uses it; one that nobody uses can be given back.

Many workspaces of a server would hold memory and threads each. What has a cursor, or anything that reads through one,
uses the file; what only holds the workspace does not, and finds it open again when it asks for something.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import NamedTuple
from weakref import WeakSet

import duckdb

from analysis.store.duck import quietly_measured

Connection = duckdb.DuckDBPyConnection


class Opened(NamedTuple):
    """An open file, and what is to be called once it is closed."""

    con: Connection
    let_go: Callable[[], object]


class Link:
    """The way to a workspace's file.

    Parameters
    ----------
    opened : Opened
    again : callable, optional
        Opens the file again; without it, it stays open until it is closed for good.
    """

    def __init__(self, opened: Opened, again: Callable[[], Opened] | None = None) -> None:
        self._opened: Opened | None = opened
        self._again = again
        self._lock = threading.RLock()
        self._out: WeakSet[Connection] = WeakSet()
        self.closed = False
        self.used = time.monotonic()

    @property
    def awake(self) -> bool:
        """Whether the file is open."""
        return self._opened is not None

    @property
    def users(self) -> int:
        """How many cursors there are that somebody holds, or reads through."""
        return len(self._out)

    def cursor(self) -> Connection:
        """Return a cursor of one's own; the file is open for as long as that, or what reads through it, is held.

        Raises
        ------
        WorkspaceError
            It was given back, and cannot be opened again.
        """
        with self._lock:
            if self._opened is None and not self.closed and self._again:
                self._opened = self._again()
            if self._opened is None:
                raise duckdb.ConnectionException("Connection already closed!")
            self.used = time.monotonic()
            cursor = self._opened.con.cursor()
            quietly_measured(cursor)
            self._out.add(cursor)
            return cursor

    def give_back(self, first: Callable[[], object] = lambda: None, then: Callable[[], object] = lambda: None) -> bool:
        """Close the file, unless somebody uses it; say whether it is closed.

        Parameters
        ----------
        first, then : callable
            Called when it is sure that nobody uses it, and once it is closed, before anybody can open it again.
        """
        if not self._lock.acquire(blocking=False):
            return False
        try:
            if self._opened is None or self._again is None or self.users:
                return self._opened is None
            first()
            self._end(then)
            return True
        finally:
            self._lock.release()

    def close(self) -> None:
        """Close the file for good, whoever uses it."""
        with self._lock:
            self.closed = True
            self._end()

    def _end(self, then: Callable[[], object] = lambda: None) -> None:
        opened, self._opened = self._opened, None
        if opened is not None:
            try:
                opened.con.close()
                then()
            finally:
                opened.let_go()
