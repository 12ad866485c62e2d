"""Where does one goal stand? Plain facts, for tables, sentences and pictures."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from analysis.answer import Note
from analysis.estimates import UNKNOWN, Interval
from analysis.goals import Goal
from analysis.messages import N_, Message
from analysis.plan.forecast import Foretold

STATES = {
    "reached": N_("reached"), "missed": N_("missed"), "likely": N_("likely"), "on course": N_("open"),
    "unlikely": N_("unlikely"), "unknown": N_("not known"),
}  # fmt: skip
LIKELY, UNLIKELY = 0.9, 0.1
"""Chances from which on a goal counts as likely, or as unlikely, to be reached."""


@dataclass(frozen=True, slots=True)
class Stood:
    """Where one goal stands.

    Parameters
    ----------
    goal : Goal
    label : str
        Of its figure, in English.
    unit : str
    currency : str, optional
    less : bool
        Whether less of it is aimed at.
    date : str
        The day by which.
    over : bool
        Whether nothing more comes until then.
    base, target : float
        NaN where there is none.
    now : Interval
    ahead : Foretold, optional
    why : Message, optional
        Why it is not known, or not forecast.
    notes : tuple of Note
        What its figure is not of.
    seen : int
        Days it has been going on.
    """

    goal: Goal
    label: str = ""
    unit: str = "number"
    currency: str | None = None
    less: bool = False
    date: str = ""
    over: bool = False
    base: float = np.nan
    target: float = np.nan
    now: Interval = UNKNOWN
    ahead: Foretold | None = None
    why: Message | None = None
    notes: tuple[Note, ...] = ()
    seen: int = 0

    @property
    def chance(self) -> float:
        """That of reaching the target: 1 or 0 once it is settled, NaN where it cannot be told."""
        if self.ahead is not None:
            return self.ahead.chance(self.target, less=self.less)
        if not self.over or np.isnan(self.target) or np.isnan(self.now.value):
            return float("nan")
        return float(self.now.value <= self.target if self.less else self.now.value >= self.target)

    @property
    def state(self) -> str:
        """One of :data:`STATES`."""
        chance = self.chance
        if np.isnan(chance):
            return "unknown"
        if self.over:
            return "reached" if chance else "missed"
        return "likely" if chance >= LIKELY else "unlikely" if chance <= UNLIKELY else "on course"

    def progress(self, figure_: float) -> float:
        """Return how much of the way to the target is covered."""
        start = 0.0 if np.isnan(self.base) else self.base
        way = self.target - start
        return (figure_ - start) / way if way else float("nan")

    def row(self) -> dict[str, object]:
        """Return the goal's row of the public table."""
        ahead = self.ahead.at if self.ahead else self.now if self.over else UNKNOWN
        low, high = sorted(self.progress(float(bound)) for bound in (ahead.low, ahead.high))
        now = dict(zip(("now", "low", "high"), self.now.floats(), strict=True))
        ahead = self.ahead.at if self.ahead else UNKNOWN
        then = dict(zip(("forecast", "forecast_low", "forecast_high"), ahead.floats(), strict=True))
        code = self.goal.figure if isinstance(self.goal.figure, str) else self.label
        return {"goal": self.goal.name, "figure": code, "state": self.state, "progress": self.progress(now["now"]),
                "progress_low": low, "progress_high": high, "chance": self.chance, "date": self.date,
                "base": self.base, "target": self.target, **now, **then,
                "why": self.why.text() if self.why else ""}  # fmt: skip
