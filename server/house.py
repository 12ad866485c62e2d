"""What has to be done now and then, so that a server can run for months?

Closing, tidying, backing up, letting go, giving memory back.
"""

from __future__ import annotations

import datetime as dt
import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass, field

from analysis.errors import SluiceError
from analysis.workspace import away
from analysis.workspace.shelf import Shelf
from server.backups import Backups, Round
from server.memory import give_back

ROUND = 60.0
"""Seconds between two rounds."""


@dataclass
class House:
    """A server's rounds.

    Parameters
    ----------
    shelf : Shelf
    backups : Backups
    hours : float
        Between two rounds of backups; nought for none.
    trash_days : float
        For which a deleted workspace can be taken back.
    forget : callable
        Told the ids of workspaces that are gone for good.
    """

    shelf: Shelf
    backups: Backups
    hours: float = 24.0
    trash_days: float = away.DAYS
    forget: Callable[[tuple[str, ...]], object] = lambda _ids: None
    last: Round | None = None
    _alone: threading.Lock = field(default_factory=threading.Lock)

    def round(self, now: dt.datetime | None = None) -> None:
        """Do what is due; what fails is logged, and the rest is done."""
        for do in (self.shelf.tidy, lambda: self._let_go(now), lambda: self._back_up(now), give_back):
            try:
                do()
            except SluiceError as error:  # such as a disk that is full: in words
                logging.getLogger("sluice").error("a round failed: %s", error)
            except Exception:
                logging.getLogger("sluice").exception("a round failed")

    def _let_go(self, now: dt.datetime | None) -> None:
        ids = away.purge(self.backups.workspaces, self.trash_days, now=now, gone=self.backups.forget)
        if ids:
            self.forget(ids)

    def _back_up(self, now: dt.datetime | None) -> None:
        if self.hours and self.backups.due(self.hours, now):
            self.back_up(now)

    def back_up(self, now: dt.datetime | None = None) -> Round:
        """Back up at once what was used since the last time, one such round at a time."""
        with self._alone:
            self.last = self.backups.round(now)
        for id, why in self.last.failed:
            logging.getLogger("sluice").error("no backup of %s: %s", id, why.text())
        return self.last

    def keep(self) -> None:
        """Do rounds from now on, in a thread of their own, for as long as the program runs."""
        threading.Thread(target=self._keep, name="house", daemon=True).start()

    def _keep(self) -> None:
        pause = threading.Event()
        while not pause.wait(ROUND):
            self.round()
