"""How do sums by day become figures, and how far are they from those of the same days of the campaign before?"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import narwhals as nw
import numpy as np
import pandas as pd

from analysis.answer import Note
from analysis.arrays import Floats
from analysis.charts import GROUP_WORDS, NOT_SET, TOTAL
from analysis.estimates import Interval, clear, doubt, ratio_of_sums
from analysis.fields import Field, bounds
from analysis.groups import GROUPS
from analysis.messages import N_, Name, Names, say
from analysis.periods import SameDays, begins, campaign_before, day_of, outside, running, same_days, stretches
from analysis.store.columns import stored
from analysis.tables import Tables, collect
from analysis.values import Filter, local_day

OTHERS = N_("(all others)")
"""The groups beyond the largest, together."""
EVERY = ("day", "week", "month")
"""Periods that figures are shown over."""
CHANGE: Mapping[str, Field] = {
    "change": Field(N_("Change"), "share"),
    **bounds("share"),
    "clear": Field(N_("Beyond chance"), "flag"),
}
"""By how much a figure differs from that of the same days before, as a share of it."""

GROUP = Field(N_("Group"), "text", {**GROUP_WORDS, OTHERS: OTHERS}, of="by")
CAMPAIGN = Field(N_("Campaign"), "text", of="campaign")

_TICK = dt.timedelta(microseconds=1)

Load = Callable[[Filter | None], pd.DataFrame]


@dataclass(frozen=True, slots=True)
class Daily:
    """Sums by local day and group.

    Parameters
    ----------
    now : DataFrame
        Columns `day` (datetime64), `group` and the sums; one row per day and group that there is anything of.
    days : tuple of Timestamp
        First and last day looked at.
    same : SameDays or None
        The days that are compared.
    before : DataFrame
        The same of the campaign before, its days called as those of this campaign; empty where nothing is compared.
    alone : str, optional
        The one group that all of it is, without a row for all together.
    """

    now: pd.DataFrame
    days: tuple[pd.Timestamp, pd.Timestamp]
    same: SameDays | None
    before: pd.DataFrame
    alone: str | None = None

    @property
    def alike(self) -> pd.DataFrame:
        """Of this campaign, the days that are compared."""
        if self.same is None:
            return self.now.iloc[:0]
        first, last = map(pd.Timestamp, self.same.days)
        return self.now[self.now["day"].between(first, last)]

    @property
    def pair(self) -> tuple[Days, Days]:
        """The days compared: of this campaign, and of the one before."""
        assert self.same is not None  # asked for where something is compared
        return Days(self.alike, *self.same.days), Days(self.before, *self.same.days)

    def called(self, group: str) -> Daily:
        """Return the same as one group's."""
        return Daily(self.now.assign(group=group), self.days, self.same, self.before.assign(group=group), group)

    def within(self, whole: Daily) -> Daily:
        """Return the same with rows of all that are those of another, where the groups' would count things twice."""
        now, before = pd.concat([whole.now, self.now]), pd.concat([whole.before, self.before])
        return Daily(now, self.days, self.same, before, self.alone)

    @property
    def sides(self) -> list[tuple[str | None, pd.DataFrame, tuple[pd.Timestamp, pd.Timestamp]]]:
        """All that is looked at and, where there is one, the campaign before: its name, sums, first and last day."""
        own = (self.same.campaign if self.same else None, self.now, self.days)
        if self.same is None:
            return [own]
        first, last = map(pd.Timestamp, self.same.days)
        return [own, (self.same.before, self.before, (first, last))]


def load(
    tables: Tables, where: Filter | None, table: str, of: Load, *, weight: str, grouped: bool, beside: bool = True
) -> Daily:
    """Return the sums looked at and those of the campaign before.

    Parameters
    ----------
    tables : Tables
    where : Filter, optional
    table : str
    of : callable
        Takes a filter and returns `day`, `group` (null without a value) and sums.
    weight : str
        The sum by which groups are large; those beyond the largest stand together.
    grouped : bool
        Whether there are groups at all.
    beside : bool
        Whether the campaign before is wanted.
    """
    now, same = of(where), same_days(tables, where, table) if beside else None
    before = now.iloc[:0]
    if same and where:
        before = of(where.replace(campaign=(same.before,), start=same.earlier[0], end=same.earlier[1]))
        before["day"] += pd.Timestamp(same.days[0]) - pd.Timestamp(same.earlier[0])
        first, last = map(pd.Timestamp, same.days)
        same = same if len(before) and now["day"].between(first, last).any() else None
    sizes = pd.concat([now, before]).groupby("group", dropna=False)[weight].sum().sort_values(ascending=False)
    kept = set(sizes.index[: GROUPS if len(sizes) <= GROUPS else GROUPS - 1])
    now, before = (_named(part, kept, grouped=grouped) for part in (now, before))
    days: Any = (now["day"].min(), now["day"].max())
    return Daily(now, days, same, before)


def _named(daily: pd.DataFrame, kept: set[Any], *, grouped: bool) -> pd.DataFrame:
    if not grouped:
        return daily.assign(group=TOTAL)
    names = daily["group"].where(daily["group"].isin(kept) | daily["group"].isna(), OTHERS)
    names = names.fillna(NOT_SET).replace(TOTAL, NOT_SET)  # no value passes for everything
    return daily.assign(group=names).groupby(["day", "group"], as_index=False).sum()


def by_day(
    frame: nw.LazyFrame[Any], time: str, by: str | None, tables: Tables, span: tuple[dt.datetime, dt.datetime],
    **sums: nw.Expr,
) -> pd.DataFrame:  # fmt: skip
    """Return sums by local day and group, of which there is one without a column to split by.

    Parameters
    ----------
    frame : LazyFrame
    time, by : str
        Columns of the moment and, if any, of the group.
    tables : Tables
    span : tuple of datetime
        Between which (UTC) the moments lie.
    sums : Expr
    """
    group = nw.col(stored(by)) if by else nw.lit(None, nw.String)
    rows = frame.with_columns(group=group, day=day_of(time, tables.zone, *span))
    found = collect(rows.group_by("day", "group").agg(**sums))
    found = found.astype({"day": "datetime64[us]", "group": object, **dict.fromkeys(sums, float)})
    return found.sort_values(["day", "group"], ignore_index=True)


def of_all(daily: pd.DataFrame) -> pd.DataFrame:
    """Return the rows that are of all: those that say so, where a thing may count in several groups, else every one."""
    own: pd.DataFrame = daily[daily["group"] == TOTAL]
    return own if len(own) else daily


def totals(daily: pd.DataFrame, weight: str | None = None) -> pd.DataFrame:
    """Return the sums of all, then of each group (by its weight, else as they come); one row without groups."""
    sums = daily.drop(columns=["day", "group"])
    whole = of_all(daily)[sums.columns].sum(min_count=1).to_frame(TOTAL).T
    parts = daily[daily["group"] != TOTAL].drop(columns="day").groupby("group").sum(min_count=1)
    if weight:
        last = parts.index.isin([OTHERS, NOT_SET])
        order = parts.assign(_last=last).sort_values(["_last", weight], ascending=[True, False], kind="stable").index
        parts = parts.loc[order]
    return pd.concat([whole, parts]).rename_axis("group")


def series(daily: pd.DataFrame, every: str | None, days: tuple[pd.Timestamp, pd.Timestamp]) -> pd.DataFrame:
    """Return the sums of each group's periods, those without a row too; all together where there are groups.

    Returns
    -------
    DataFrame
        Indexed by `group` and `period` (its first day; the first day looked at, where it is all one).
    """
    both = [of_all(daily).assign(group=TOTAL), daily[daily["group"] != TOTAL]]
    every_day = pd.Series(pd.date_range(*days, unit="us"))
    starts = begins(every_day, every) if every else pd.Series(days[:1])
    rows = pd.concat(both)
    rows["period"] = begins(rows["day"], every) if every else days[0]
    sums = rows.drop(columns="day").groupby(["group", "period"]).sum(min_count=1)
    whole = pd.MultiIndex.from_product([rows["group"].unique(), starts.unique()], names=["group", "period"])
    known = sums.columns[sums.notna().any()]
    found = sums.reindex(whole)
    return found.fillna(dict.fromkeys(known, 0.0)).sort_index()


def fields_of(figures: Mapping[str, Field], compared: Mapping[str, Field]) -> dict[str, dict[str, Field]]:
    """Return the fields of the frames that every such answer has, given its figures and those that are compared."""
    placed = {"first": Field(N_("First day"), "day"), "last": Field(N_("Last day"), "day")}
    measure = Field(N_("Figure"), "text", {name: own.label for name, own in compared.items()})
    whole = Field(N_("Observed to its end"), "flag")
    return {
        "trend": {
            "period": Field(N_("From day"), "day"),
            "group": GROUP,
            "campaign": CAMPAIGN,
            "whole": whole,
            **figures,
        },
        "campaigns": {"group": GROUP, "campaign": CAMPAIGN, **placed, **compared},
        "change": {"group": GROUP, "measure": measure, **CHANGE},
    }


def trend(
    daily: Daily, every: str | None, whole: pd.Timestamp, figures: Callable[[pd.DataFrame], pd.DataFrame]
) -> pd.DataFrame:
    """Return figures by period, of all that is looked at and of the campaign before.

    Parameters
    ----------
    daily : Daily
    every : str, optional
    whole : Timestamp
        The last day that is known to be whole.
    figures : callable
        Takes sums and returns what they stand for.
    """
    frames = []
    for name, part, days in daily.sides:
        found = figures(series(part, every, days)).reset_index()
        frames.append(found.assign(campaign=name, whole=over(found["period"], every, whole, days[1])))
    return pd.concat(frames, ignore_index=True).astype({"campaign": object})


def whole_until(until: dt.datetime, zone: str) -> pd.Timestamp:
    """Return the last local day that is over at a moment (UTC), the moment's own tick included."""
    return pd.Timestamp(local_day(until + _TICK, zone)) - pd.Timedelta(days=1)


def over(periods: pd.Series[Any], every: str | None, whole: pd.Timestamp, last: pd.Timestamp) -> pd.Series[bool]:
    """Say which periods were observed to their end, given the last whole day; one of the whole ends with `last`."""
    ends = periods + {"day": pd.Timedelta(days=0), "week": pd.Timedelta(days=6)}.get(every or "", pd.Timedelta(0))
    if every == "month":
        ends = periods + pd.offsets.MonthEnd(0)
    if every is None:
        ends = pd.Series(last, index=periods.index)
    return ends <= whole


class Days(dict[str, pd.DataFrame]):
    """Of all together and of each group the sums of every day, nought on days without a row.

    Parameters
    ----------
    daily : DataFrame
    first, last : str or Timestamp
    """

    def __init__(self, daily: pd.DataFrame, first: str | pd.Timestamp, last: str | pd.Timestamp) -> None:
        days, parts = pd.date_range(first, last), dict(iter(daily.groupby("group"))) | {TOTAL: of_all(daily)}
        super().__init__({
            str(name): own.drop(columns="group").groupby("day").sum().reindex(days, fill_value=0.0)
            for name, own in parts.items()
        })  # fmt: skip

    def __missing__(self, group: str) -> pd.DataFrame:
        return self[TOTAL] * 0.0


def varied(top: Floats, bottom: Floats) -> Interval:
    """Return a ratio of sums over days, with days as what varies: those on which there was anything of either.

    Examples
    --------
    >>> [float(bound) for bound in varied(np.array([3.0, 0.0, 5.0]), np.array([1.0, 0.0, 3.0]))]
    [2.0, nan, nan]
    """
    here = (top != 0) | (bottom != 0)
    return ratio_of_sums(top[here], bottom[here])


def grown(now: pd.DataFrame, then: pd.DataFrame, column: str) -> Interval:
    """Return a sum over that of the same days before, given either's days; see :func:`varied`."""
    value, low, high = varied(now[column].to_numpy(float), then[column].to_numpy(float))
    return Interval(value, np.maximum(low, 0.0), high)


def campaigns_of(where: Filter | None, by: str | None, daily: Daily, of: Callable[[Filter], Daily]) -> list[Daily]:
    """Return what is compared: all at once, or each campaign by itself where they are what is split by.

    The sums of a campaign by itself are called as it is.
    """
    if daily.same:
        return [daily]
    if by != "campaign":
        return []
    names = [name for name in totals(daily.now).index if name not in (TOTAL, NOT_SET, OTHERS)]
    each = [of((where or Filter()).replace(campaign=(name,))) for name in names]
    return [own.called(own.same.campaign) for own in each if own.same]


def changes(ratios: Mapping[tuple[str, str], Interval]) -> pd.DataFrame:
    """Return by how much figures differ, given each group's and measure's ratio, and which differ beyond chance.

    Of one measure's groups those stand that stand beside one another (Benjamini and Hochberg); all together stand by
    their own interval.
    """
    rows = [{"group": group, "measure": measure, "p": float(doubt(ratio)), **_less_one(ratio)}
            for (group, measure), ratio in ratios.items()]  # fmt: skip
    table = pd.DataFrame(rows, columns=["group", "measure", "p", "change", "low", "high"])
    table = table.astype(dict.fromkeys(("p", "change", "low", "high"), float))
    own = (table["low"] > 0) | (table["high"] < 0)
    parts = table.groupby(["measure", table["group"] == TOTAL])["p"]
    stands = parts.transform(lambda p: clear(p.to_numpy(float)) if len(p) > 1 else True).astype(bool)
    return table.assign(clear=own & stands).drop(columns="p")


def _less_one(ratio: Interval) -> dict[str, float]:
    values = (bound - 1 if np.isfinite(bound) else np.nan for bound in ratio.floats())
    return dict(zip(("change", "low", "high"), values, strict=True))


def change_of(table: pd.DataFrame, group: str, measure: str) -> Interval | None:
    """Return a change as a figure with bounds; None where there is none to tell."""
    rows = table[(table["group"] == group) & (table["measure"] == measure)]
    if rows.empty or np.isnan(rows["change"].iloc[0]):
        return None
    return Interval.of(*rows.iloc[0][["change", "low", "high"]])


# ---- what is said of it -----------------------------------------------------------------------------------


def groups_of(daily: Daily, weight: str) -> list[str]:
    """Return what is compared: all, then each group that either campaign had; or the one group that all of it is."""
    found = [name for part in (daily.alike, daily.before) for name in totals(part, weight).index]
    return [daily.alone] if daily.alone else list(dict.fromkeys(found))


def latest(campaigns: pd.DataFrame) -> pd.DataFrame:
    """Return the two rows that a headline speaks of: all together or, of campaigns one by one, the last that ran."""
    whole = campaigns[campaigns["group"] == TOTAL]
    if len(whole) or campaigns.empty:
        return whole
    last = campaigns.drop_duplicates("group").sort_values("last")["group"].iloc[-1]
    latest_rows: pd.DataFrame = campaigns[campaigns["group"] == last]
    return latest_rows


def compared_notes(compared: list[Daily], tables: Tables, where: Filter | None, table: str) -> Iterator[Note]:
    """Say which days are compared, where that is not all that is looked at; or why nothing is."""
    alone = where.campaign if where and len(where.campaign) == 1 and "campaign" in tables.present(table) else ()
    befores = [daily.same.before for daily in compared if daily.same]
    for name in dict.fromkeys([*alone, *befores]):
        yield from _outside(tables, name, table, where if name in alone else None)
    for daily in compared:
        yield from _days_compared(daily, tables)
    if compared:
        yield Note("days-vary", say("How far chance goes is told by how the figures of single days differ."))
    elif alone:
        yield _nothing_before(tables, alone[0])
    elif "campaign" in tables.present(table) and len(tables.names("campaign", table)) > 1:
        text = say("Filter by one campaign to see it beside the same days of the campaign before.")
        yield Note("nothing-before", text)
    else:
        yield Note("nothing-before", _NO_CAMPAIGN)


def _outside(tables: Tables, name: str, table: str, where: Filter | None) -> Iterator[Note]:
    if days := outside(tables, name, table, where=where):
        start, end = (day.isoformat() for day in stretches(tables)[name])
        text = say("Rows of the {table} called {campaign} lie outside its days, {start} to {end}: from {first} to "
                   "{last}. They count in its sums, but in no comparison. If they are another campaign's, give it "
                   "another name.", table=say(table), campaign=Name(name, "campaign"), start=start, end=end,
                   first=days[0], last=days[1])  # fmt: skip
        yield Note("rows-outside", text, "warning")


_NO_CAMPAIGN = say("These data hold no campaign before this one, so nothing is set beside these figures.")


def _nothing_before(tables: Tables, name: str) -> Note:
    """Say why one campaign is set beside none: calmly, where there simply is none."""
    if before := campaign_before(tables, name):
        text = say("Of the days looked at {before} has none, or no rows under these filters, so nothing is set beside "
                   "these figures.", before=Name(before, "campaign"))  # fmt: skip
        return Note("nothing-before", text, "warning")
    if others := running(tables, name):
        text = say("{others} still ran when {campaign} began, so nothing is set beside these figures.",
                   others=Names(others, "campaign"), campaign=Name(name, "campaign"))  # fmt: skip
        return Note("nothing-before", text, "warning")
    return Note("nothing-before", _NO_CAMPAIGN)


def _days_compared(daily: Daily, tables: Tables) -> Iterator[Note]:
    same = daily.same
    assert same is not None  # it is compared
    first, last = map(pd.Timestamp, same.days)
    if daily.days[0] < first or daily.days[1] > last:
        text = say("Compared are {first} to {last}: whole days that {before} had as well. The rest stands for itself.",
                   first=same.days[0], last=same.days[1], before=Name(same.before, "campaign"))  # fmt: skip
        yield Note("compared-days", text, "warning")
    text = say("{campaign}, {first} to {last}, is set beside {before}, {then} to {until}: as many days after either "
               "began.", campaign=Name(same.campaign, "campaign"), before=Name(same.before, "campaign"),
               first=same.days[0], last=same.days[1], then=same.earlier[0], until=same.earlier[1])  # fmt: skip
    yield Note("same-days", text)
    if others := running(tables, same.campaign):
        text = say("{others} still ran when {campaign} began, so {before} is set beside it.",
                   others=Names(others, "campaign"), campaign=Name(same.campaign, "campaign"),
                   before=Name(same.before, "campaign"))  # fmt: skip
        yield Note("still-ran", text, "warning")
