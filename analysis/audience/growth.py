"""Does the number of active people grow, and from whom: new ones, those who stay, those who come back?"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial
from types import MappingProxyType
from typing import ClassVar, NamedTuple, Self

import narwhals as nw
import numpy as np
import pandas as pd

from analysis import charts
from analysis.answer import Answer, Note
from analysis.audience.days import EVERY, first_day, local_date, period_number, period_of, week_shift
from analysis.charts import AnyChart, Look
from analysis.errors import DataError
from analysis.estimates import proportion
from analysis.fields import Field, Fields, Figure, bounds, described
from analysis.later import alt
from analysis.messages import N_, Message, Names, Share, say
from analysis.periods import DAYS, known_until
from analysis.question import Question
from analysis.tables import Tables, collect
from analysis.values import day, local_day, names, one_of, optional, value

PARTS: Mapping[str, str] = MappingProxyType(
    {
        "new": N_("new"),
        "returning": N_("returning"),
        "resurrected": N_("resurrected"),
        "dormant": N_("gone dormant"),
    }
)
"""What the people of a period are to the one before, in words."""
MOST = 1_000
"""Most periods that are shown."""
_TICK = dt.timedelta(microseconds=1)


@value("growth")
class Growth(Question):
    """Who is active in each day, week or month: new, returning, resurrected, and who went dormant.

    Somebody active in a period is *new* if they never were before, *returning* if they were in the period just
    before, and else *resurrected*; *dormant* are those who were active in the period before and are not in this one.

    Parameters
    ----------
    every : {"day", "week", "month"}
        Weeks begin on Monday.
    weeks_from : str or date, optional
        A day on which a week begins, in Monday's stead: weeks of a campaign from its first day.
    by : sequence of str
        Events that count as being active; any event where empty.
    where : Filter, optional
        Dates restrict which periods are shown, not who was active before them; the other conditions restrict the
        events.

    Notes
    -----
    The active people of a period are those of the one before, and the new, and the resurrected, less the dormant.
    `kept` is the share of the people of the period before who are active in this one too.

    Examples
    --------
    >>> import pandas as pd
    >>> days = pd.to_datetime(["2026-11-09", "2026-11-11", "2026-11-12"])
    >>> table = Growth().run(Tables(events=pd.DataFrame({"user_id": "u", "timestamp": days, "event": "view"}))).table
    >>> table[["new", "returning", "resurrected", "dormant"]].to_numpy().tolist()
    [[1, 0, 0, 0], [0, 0, 0, 1], [0, 0, 1, 0], [0, 1, 0, 0]]
    """

    title: ClassVar[str] = N_("Is the audience growing, and from whom?")
    of_all: ClassVar[bool] = True
    needs: ClassVar[Mapping[str, tuple[str, ...]]] = MappingProxyType({"events": ()})

    every: str = field(default="day", metadata=one_of(*EVERY))
    by: tuple[str, ...] = field(default=(), metadata=names(at_most=100))
    weeks_from: str | None = field(default=None, metadata=optional(day()))

    @classmethod
    def suggested(cls, tables: Tables) -> Self:
        """Return the growth by week; by day where little more than a month was observed."""
        span = tables.span("events")
        return cls(every="week" if span and (span[1] - span[0]).days > 5 * DAYS["week"] else "day")

    def _answer(self, tables: Tables) -> GrowthAnswer:
        for event in self.by:
            if event not in tables.event_keys:
                raise DataError.unknown(say("event"), event, tables.event_keys)
        counted = _counted(self, tables)
        span = _span(self, tables, counted)
        table = _table(self, counted, span)
        return GrowthAnswer(
            question=self,
            version=tables.version,
            headline=_headline(self, table),
            frames={"table": table},
            notes=tuple(_notes(self, table)),
        )


@dataclass(frozen=True, kw_only=True, repr=False)
class GrowthAnswer(Answer):
    """One row per period: how many were active, what they are to the period before, and who is no longer there.

    `net` is `new` and `resurrected` less `dormant`, `kept` the share of the `before` people of the period before who
    returned, with 95% Wilson bounds. A period that is not over is not `complete`: whoever has not come may still.
    """

    fields: ClassVar[Fields] = described(
        table={
            "period": Field(N_("Period from"), "day"),
            "active": Field(N_("Active"), "count"),
            "new": Field(N_("New"), "count"),
            "returning": Field(N_("Returning"), "count"),
            "resurrected": Field(N_("Resurrected"), "count"),
            "dormant": Field(N_("Gone dormant"), "count"),
            "net": Field(N_("Net growth"), "count"),
            "before": Field(N_("Active in the period before"), "count"),
            "kept": Field(N_("Share of them that returned"), "share"),
            **bounds("share"),
            "complete": Field(N_("Complete"), "flag"),
        }
    )
    figures = (Figure("kept", ("period",), n="before", main=-1),)

    question: Growth

    def _chart(self, look: Look) -> AnyChart:
        return _picture(self, look)


# ---- the work ---------------------------------------------------------------------------------------------


class _Span(NamedTuple):
    """The first and last period shown, and the last one that is over."""

    first: int
    last: int
    over: int


def _counted(asked: Growth, tables: Tables) -> pd.DataFrame:
    """Count the active people of each period by what they are to it: a row per period that anybody was active in."""
    where = asked.where.replace(start=None, end=None) if asked.where else None
    events = tables.frame("events", where)
    events = events.filter(nw.col("event").is_in(asked.by)) if asked.by else events
    at = period_number(local_date(tables, "timestamp", "events"), asked.every, week_shift(asked.weeks_from))
    active = events.select("user_key", at=at).group_by("user_key", "at").agg(events=nw.len())
    before, after = (nw.col("at").shift(by).over("user_key", order_by="at") for by in (1, -1))
    active = active.with_columns(before=before, after=after)
    gap = nw.col("at") - nw.col("before")
    active = active.with_columns(
        new=_one(nw.col("before").is_null()),
        returning=_one(gap == 1),
        resurrected=_one(gap > 1),
        leaving=_one(nw.col("after").is_null() | (nw.col("after") > nw.col("at") + 1)),
    )
    parts = nw.col("new", "returning", "resurrected", "leaving").sum()
    sums = active.group_by("at").agg(nw.len().alias("active"), parts)
    return collect(sums).astype("int64").set_index("at").sort_index()


def _one(which: nw.Expr) -> nw.Expr:
    return nw.when(which).then(nw.lit(1)).otherwise(nw.lit(0))


def _span(asked: Growth, tables: Tables, counted: pd.DataFrame) -> _Span:
    """Settle which periods are shown: those within the filter's dates, from the first active one to the data's end."""
    if counted.empty:
        raise DataError.empty(say("Nobody was active under these filters. Clear a filter or choose other events."))
    end = known_until(tables, where=asked.where)
    last = local_day(end, tables.zone)
    place = partial(period_of, every=asked.every, shift=week_shift(asked.weeks_from))
    over = place(local_day(end + _TICK, tables.zone)) - 1
    first_seen, last_seen = int(counted.index[0]), max(int(counted.index[-1]), place(last))
    start, stop = (asked.where.start, asked.where.end) if asked.where else (None, None)
    first = max(first_seen, place(start)) if start else first_seen
    last_shown = min(last_seen, place(stop)) if stop else last_seen
    if first > last_shown:
        raise DataError.empty(say("Nobody was active within these dates. Widen or clear them."))
    if last_shown - first >= MOST:
        first = last_shown - MOST + 1
    return _Span(first, last_shown, over)


def _table(asked: Growth, counted: pd.DataFrame, span: _Span) -> pd.DataFrame:
    shown = range(span.first, span.last + 1)
    own = counted.reindex(shown, fill_value=0)
    earlier = counted.reindex(range(span.first - 1, span.last), fill_value=0)
    before, dormant = earlier["active"].to_numpy(), earlier["leaving"].to_numpy()
    kept, low, high = proportion(own["returning"].to_numpy(), before)
    begun = pd.to_datetime([first_day(p, asked.every, week_shift(asked.weeks_from)) for p in shown])
    return pd.DataFrame(
        {
            "period": pd.Series(begun, dtype="datetime64[us]"),
            **{name: own[name].to_numpy() for name in ("active", "new", "returning", "resurrected")},
            "dormant": dormant,
            "net": own["new"].to_numpy() + own["resurrected"].to_numpy() - dormant,
            "before": before,
            "kept": kept,
            "low": low,
            "high": high,
            "complete": np.array(shown) <= span.over,
        }
    )


# ---- the words --------------------------------------------------------------------------------------------

_WHEN = {"day": N_("On {day}"), "week": N_("In the week from {day}"), "month": N_("In the month from {day}")}


def _headline(asked: Growth, table: pd.DataFrame) -> Message:
    over = table[table["complete"]]
    row = (over if len(over) else table).iloc[-1]
    told = {
        "when": say(_WHEN[asked.every], day=row["period"].date().isoformat()),
        "active": int(row["active"]),
        "new": int(row["new"]),
        "back": int(row["resurrected"]),
        "dormant": int(row["dormant"]),
    }
    if not row["before"]:
        return say("{when}, {active} people were active: {new} new, {back} resurrected; nobody was active in the one "
                   "before.", **told)  # fmt: skip
    return say(
        "{when}, {active} people were active: {new} new and {back} resurrected against {dormant} who went dormant; "
        "{kept} of those of the {every} before returned (95% interval {low} to {high}).",
        every=say(asked.every),
        **told,
        kept=Share(float(row["kept"])),
        low=Share(float(row["low"])),
        high=Share(float(row["high"])),
    )


def _notes(asked: Growth, table: pd.DataFrame) -> list[Note]:
    notes = []
    if not table["complete"].iloc[-1]:
        text = say("The last {every} is not over: its figures are lower bounds, and who looks dormant may still come.",
                   every=say(asked.every))  # fmt: skip
        notes.append(Note("running", text, "warning"))
    if asked.where and asked.where.columns():
        text = say("Only events that match the filter count as being active, before the dates shown too.")
        notes.append(Note("filtered-events", text))
    of = say("Active is who did any of: {events}.", events=Names(asked.by, "event")) if asked.by else say(
        "Active is who did anything at all.")  # fmt: skip
    notes.append(Note("active", of))
    known = say("Users are known only by what they did: in the first {every} of the data everybody looks new.",
                every=say(asked.every))  # fmt: skip
    return [*notes, Note("known-by-deeds", known)]


_COLOURS = (charts.PALETTE[0], charts.PALETTE[2], charts.PALETTE[4], charts.PALETTE[5])


def _picture(answer: GrowthAnswer, look: Look) -> AnyChart:
    """Draw a bar per period: who is there above the line, who went dormant below it."""
    table = answer.table
    table["dormant"] = -table["dormant"]
    plot = answer.plot("table", look).beside(part=Field(N_("People"), "text", PARTS), n=Field(N_("People"), "count"))
    rows = plot.named(table.melt("period", list(PARTS), "part", "n"))
    rows["order"] = rows["part"].map({name: i for i, name in enumerate(PARTS)})
    scale = alt.Scale(domain=[plot.name("part", part) for part in PARTS], range=list(_COLOURS))
    bars = alt.Chart(rows).mark_bar(size=max(2, min(18, 600 // len(table))))
    bars = bars.encode(
        x=plot.x("period"),
        y=plot.y("n", stack="zero"),
        color=alt.Color("part_name:N", scale=scale, title=None),
        order=alt.Order("order:Q"),
        tooltip=plot.tips("period", "part", "n"),
    )
    return charts.finish(bars, look, describe=look(answer.headline), height=320)
