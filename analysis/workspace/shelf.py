"""Which of many workspaces are open? The few that are in use; the others wait on the disk and open by themselves.

Each open file holds memory and threads, and a team or a classroom leaves hundreds behind. A shelf hands out the same
workspace to all who ask for a file, keeps those used last open, up to a number, and lets go of one that nobody used for
a while. One in use is never closed under its user: what counts is who holds a cursor, not who holds the workspace.
"""

from __future__ import annotations

import gc
import logging
import os
import threading
import time
from collections import OrderedDict
from pathlib import Path

import duckdb

from analysis.errors import SluiceError
from analysis.store import duck
from analysis.workspace.opening import open_workspace
from analysis.workspace.store import Workspace


class Shelf:
    """The workspaces that a server has at hand.

    Parameters
    ----------
    most : int
        How many may be open at once, those in use apart.
    idle : float
        Seconds after which one that nobody used is closed.
    threads : int, optional
        How many threads each may use; without it, as many as there are cores, four at most.
    memory : int, optional
        Bytes that each may use before it goes on on the disk; without it, a quarter of what the machine has.

    Examples
    --------
    >>> import tempfile
    >>> folder = tempfile.TemporaryDirectory()
    >>> shelf = Shelf(most=2)
    >>> all_ = [shelf.open(Path(folder.name) / f"{i}.duckdb", new=True) for i in range(5)]
    >>> [here.awake for here in all_]
    [False, False, False, True, True]
    >>> all_[0].batches(), all_[0].awake, all_[3].awake
    ((), True, False)
    >>> shelf.close(); folder.cleanup()
    """

    def __init__(
        self, *, most: int = 12, idle: float = 600.0, threads: int | None = None, memory: int | None = None
    ) -> None:
        self._most, self._idle = most, idle
        self._share = duck.resources(threads or min(4, os.cpu_count() or 1), memory or _machine() // 4 or None)
        self._lock = threading.Lock()
        self._here: OrderedDict[Path, Workspace] = OrderedDict()  # what was opened last, last
        self._opening: dict[Path, threading.Lock] = {}
        self._grown: set[Path] = set()

    def open(self, path: str | Path, *, new: bool = False) -> Workspace:
        """Return the workspace of a file, the same for all who ask.

        Parameters
        ----------
        path : path
        new : bool
            Make one where there is none.

        Raises
        ------
        WorkspaceError
            As in :func:`analysis.workspace.opening.open_workspace`.
        """
        path = Path(path)
        with self._lock:
            alone = self._opening.setdefault(path, threading.Lock())
        with alone:
            with self._lock:
                here = self._here.get(path)
            if here is None or here.closed:
                here = open_workspace(path, new=new, share=self._share, woken=self._woken)
                with self._lock:
                    self._here[path] = here
            here.wake()
        self._bound()
        return here

    def _woken(self, path: Path) -> None:
        with self._lock:
            if path in self._here:
                self._here.move_to_end(path)
        self._bound(but=path)

    def _bound(self, but: Path | None = None) -> None:
        """Close those used longest ago, where more are open than may be."""
        with self._lock:
            open_ = [(path, here) for path, here in self._here.items() if here.awake and path != but]
        over = len(open_) + (but is not None) - self._most
        for path, here in sorted(open_, key=lambda one: -one[1].idle):
            if over <= 0:
                return
            if here.rest():
                over -= 1
                self._grown.add(path)

    def tidy(self) -> None:
        """Close what nobody used for a while, write anew what is a third empty, and forget what is gone.

        To be called now and then, from a thread of its own: it may take as long as it takes to write a workspace.
        """
        with self._lock:
            held = list(self._here.items())
        for path, here in held:
            gone = not path.exists() and not here.awake
            if gone or here.closed:
                with self._lock:
                    self._here.pop(path, None)
                    self._opening.pop(path, None)
            elif path in self._grown or (here.awake and here.idle > self._idle):
                self._grown.discard(path)
                _tidied(here)
        self._bound()

    def open_now(self) -> tuple[Path, ...]:
        """Return the files that are open, what was opened last at the end."""
        with self._lock:
            return tuple(path for path, here in self._here.items() if here.awake)

    def give_back(self, path: str | Path, wait: float = 5.0) -> bool:
        """Close a file that is to be moved or replaced, waiting a moment for who uses it; say whether it is closed."""
        with self._lock:
            here = self._here.get(Path(path))
        until = time.monotonic() + wait
        if here is not None and not here.rest():
            gc.collect()  # what nobody holds any more may hold a cursor still
        while here is not None and here.awake and not here.rest():
            if time.monotonic() > until:
                return False
            time.sleep(0.05)
        return True

    def close(self) -> None:
        """Close all for good."""
        with self._lock:
            held, self._here = list(self._here.values()), OrderedDict()
        for here in held:
            here.close()


def _tidied(here: Workspace) -> None:
    """Let go of a workspace, without the room it holds for nothing; what is in the way of that waits."""
    try:
        here.compact(always=False)
    except (SluiceError, duckdb.Error, OSError):
        logging.getLogger("sluice").exception("could not write %s anew", here.path.name)
    here.rest()


def _machine() -> int:
    """Return how many bytes of memory the machine has; nought where it does not say."""
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, OSError, ValueError):
        return 0
