"""Who stopped at a step of a funnel, may still go on, or took it?"""

from __future__ import annotations

from dataclasses import field
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from analysis.charts import TOTAL
from analysis.errors import DataError, QuestionError
from analysis.journey.funnel.chains import Chains, chains
from analysis.journey.funnel.definition import FunnelDefinition
from analysis.journey.funnel.plan import before
from analysis.messages import Message, say
from analysis.people import People
from analysis.store.walk import Columns
from analysis.tables import Tables
from analysis.values import a, one_of, optional, text, value, whole

STATES = ("took", "dropped", "open")
"""Whether people took a step, did not in time, or still may."""


@value("funnel-stop")
class FunnelStop(People):
    """Who took a funnel's step, stopped before it, or may still take it: the people of one figure of a funnel.

    Parameters
    ----------
    funnel : Funnel
        With its own filter.
    step : int
        Counted from one.
    state : {"took", "dropped", "open"}
        As the funnel's table counts them on the step's row: users, dropped, still open.
    group : str, optional
        Of the breakdown; all without one.

    Examples
    --------
    >>> import pandas as pd
    >>> from analysis.journey.funnel.question import Funnel
    >>> events = pd.DataFrame({
    ...     "user_id": ["u1", "u1", "u2", "u3"],
    ...     "timestamp": pd.to_datetime(["2026-11-01", "2026-11-02", "2026-11-01", "2026-11-20"]),
    ...     "event": ["view", "cart", "view", "view"],
    ... })
    >>> stop = FunnelStop(funnel=Funnel(steps=("view", "cart")), step=2)
    >>> [stop.replace(state=state).ids(Tables(events=events)).to_pylist() for state in STATES]
    [['u1'], ['u2'], ['u3']]
    """

    funnel: FunnelDefinition = field(metadata=a(FunnelDefinition))
    step: int = field(metadata=whole(least=1, most=100))
    state: str = field(default="dropped", metadata=one_of(*STATES))
    group: str | None = field(default=None, metadata=optional(text()))

    def __post_init__(self) -> None:
        super().__post_init__()
        count, least = len(self.funnel.steps), 1 if self.state == "took" else 2
        if self.state != "took" and self.funnel.skippable >> (self.step - 1) & 1:
            text = say("Step {step} is optional: nobody stops before it. Choose the next one.", step=self.step)
            raise QuestionError.crossed(text)
        if not least <= self.step <= count:
            text = say("There is no step {step} of this funnel to stop before; there are {count}.",
                       step=self.step, count=count)  # fmt: skip
            raise QuestionError.crossed(text)

    @property
    def words(self) -> Message:
        """What tells its people, in words."""
        said = self._said()
        return say("{people}, {group}", people=said, group=say(self.group)) if self.group else said

    def _said(self) -> Message:
        steps = [self.funnel.in_words(row) for row in self.funnel.row_names]
        first, step = steps[0], steps[self.step - 1]
        if self.step == 1:
            return say("began with {first}", first=first)
        if self.state == "took":
            return say("got from {first} to {step}", first=first, step=step)
        if self.state == "open":
            return say("may still get from {first} to {step}", first=first, step=step)
        last = steps[before(self.funnel.skippable, self.step - 1)]
        if last is first:
            return say("stopped between {first} and {step}", first=first, step=step)
        return say("came from {first} up to {last} and stopped before {step}", first=first, last=last, step=step)

    def ids(self, tables: Tables) -> pa.ChunkedArray:
        """Return who they are.

        Raises
        ------
        DataError
            The tables lack an event or a column of the funnel, or it has no such group.
        """
        found = chains(self.funnel, tables, reached=Columns(texts=("user_id",)))
        own = self._standing(found)
        if self.group is not None:
            if self.group not in found.groups:
                raise DataError.unknown(say("group"), self.group, found.groups)
            own &= found.group == found.groups.index(self.group)
        users = pa.chunked_array([found.reached.texts["user_id"][0]])
        return users.filter(pa.array(own)).cast(pa.string())

    def _standing(self, found: Chains) -> Any:
        k = self.step - 1
        if self.state == "took":
            return found.took(k).copy()
        level: Any = found.level
        stopped = (level > before(found.optional, k)) & (level <= k)
        return stopped & (found.still_open if self.state == "open" else np.logical_not(found.still_open))


def stops(funnel: FunnelDefinition, table: pd.DataFrame) -> tuple[FunnelStop, ...]:
    """Return the people behind each figure of a funnel's table that counts any.

    Parameters
    ----------
    funnel : Funnel
    table : DataFrame
        With columns breakdown, step, users, dropped, still_open.
    """
    columns = dict(zip(STATES, ("users", "dropped", "still_open"), strict=True))
    return tuple(
        FunnelStop(funnel=funnel, step=int(row["step"]), state=state,
                   group=None if row["breakdown"] == TOTAL else row["breakdown"])
        for row in table.to_dict("records")
        for state, column in columns.items()
        if pd.notna(row[column]) and row[column]
    )  # fmt: skip
