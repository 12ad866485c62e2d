"""What was measured beside spend, period by period: holidays, prices, the weather?"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from analysis.answer import Note
from analysis.arrays import Bools, Floats, Times
from analysis.messages import Message, Names, say
from analysis.tables import Tables, collect


@dataclass(frozen=True, slots=True)
class Measured:
    """The controls that explain revenue beside spend.

    Parameters
    ----------
    names : tuple of str
    values : ndarray, shape (periods, controls)
        The average over a period's days, less that of all, in standard deviations.
    gaps : tuple of str
        Controls without a value in some period: nothing is made up for it, so they are left out.
    crowded : tuple of str
        Controls for which there are too few periods beside all else that is fitted.
    """

    names: tuple[str, ...]
    values: Floats
    gaps: tuple[str, ...] = ()
    crowded: tuple[str, ...] = ()

    def without(self) -> Measured:
        """Return it with all controls left out, as there is no room for them."""
        return Measured((), self.values[:, :0], self.gaps, self.names)

    def notes(self) -> tuple[Note, ...]:
        """Say which controls are in the fit, and which are left out."""
        said = list[Message]()
        if self.names:
            said.append(say("Revenue is explained by these controls, too: {names}.", names=Names(self.names)))
        if self.gaps:
            said.append(say("Controls left out, as some period has no value of theirs: {names}.",
                            names=Names(self.gaps)))  # fmt: skip
        if self.crowded:
            said.append(say("Controls left out, as there are too few periods to fit them, too: {names}.",
                            names=Names(self.crowded)))  # fmt: skip
        return tuple(Note("controls", text) for text in said)


def measured(tables: Tables, starts: Times, until: Times, known: Bools) -> Measured:
    """Return what was measured in the periods given, ascending; of each control the average of a period's days.

    Parameters
    ----------
    tables : Tables
    starts, until : ndarray of datetime64[us], shape (periods,)
    known : ndarray of bool, shape (periods,)
        Periods that are fitted; the others need no value.
    """
    if not tables.count("controls"):
        return Measured((), np.empty((len(starts), 0)))
    rows = collect(tables.frame("controls").select("day", "name", "value"))
    at = rows["day"].to_numpy().astype("datetime64[us]")
    rows["period"] = np.searchsorted(starts, at, side="right") - 1
    inside = rows[(rows["period"] >= 0) & (at < until[rows["period"]])]
    wide = inside.pivot_table(index="period", columns="name", values="value").reindex(range(len(starts)))
    names, values = np.array(wide.columns, dtype=object), wide.to_numpy(float)
    whole = ~np.isnan(values[known]).any(axis=0)
    gaps = {*rows["name"], *names} - {*names[whole]}
    held = values[:, whole]
    spread = held[known].std(axis=0)
    apart = np.divide(held - held[known].mean(axis=0), spread, out=np.zeros_like(held), where=spread > 0)
    return Measured(tuple(map(str, names[whole])), np.nan_to_num(apart), tuple(sorted(map(str, gaps))))
