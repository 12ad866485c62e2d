"""Who takes part in campaign after campaign, who comes back to the next one, and does that tire out?"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from types import MappingProxyType
from typing import Any, ClassVar, Self

import narwhals as nw
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from analysis.answer import Answer, Note
from analysis.arrays import Floats, Ints
from analysis.charts import AnyChart, Look
from analysis.errors import DataError
from analysis.estimates import SMALL, Z, proportion, share
from analysis.fields import Field, Figure, bounds, described
from analysis.journey.loyalty import participation_chart
from analysis.journey.loyalty.kernel import masks
from analysis.messages import N_, Message, Name, Names, Points, Share, say
from analysis.periods import Run, campaigns
from analysis.purchases import purchases
from analysis.question import Question
from analysis.store.walk import Chunk, Columns
from analysis.tables import Tables, collect, instant
from analysis.values import local_day, local_midnight, names, value, whole

FEWEST = 2
"""Fewest rates a trend is told from."""
LOYAL, REGULARS = N_("of loyal users"), N_("of regulars: people who came to both of the two before")
"""Whose rate a campaign has."""


@value("participation")
class Participation(Question):
    """Which users take part in which campaigns, and how the share that takes part changes.

    Parameters
    ----------
    by : sequence of str
        Events that count as taking part; any event where empty.
    paid_orders : int
        Look only at loyal users: those with at least so many orders paid before the first campaign's first day.
        With 0, at everybody who ever took part.
    where : Filter, optional
        Which campaigns are compared and which events count. Who is loyal does not depend on it.

    Notes
    -----
    A campaign's rate is the share that takes part of the loyal users, who are the same for every campaign, or,
    where nobody need be loyal, of the regulars: those who took part in both of the two campaigns just before. Of all
    who ever took part ever more have left for good, of all who took part just before ever fewer are new, and of those
    who took part in any earlier one ever more come seldom, so that their shares move though nobody changes; what two
    campaigns say of people is the same for each. Campaigns stand in order of their first event. One that may still be
    running is marked and takes no part in the trend.

    The trend is a linear regression of taking part on the campaign's place in that order, so its slope is in
    percentage points from one campaign to the next; as the same users are seen again and again, its interval rests on
    their own sums of scores (the cluster-robust sandwich of Liang and Zeger 1986).

    Examples
    --------
    >>> import pandas as pd
    >>> events = pd.DataFrame({
    ...     "user_id": ["u1", "u2", "u1", "u3"],
    ...     "timestamp": pd.to_datetime(["2024-11-11", "2024-11-11", "2025-11-11", "2025-11-11"]),
    ...     "event": "visit",
    ...     "campaign": ["2024", "2024", "2025", "2025"],
    ... })
    >>> answer = Participation().run(Tables(events=events))
    >>> answer.frame("campaigns")[["campaign", "users", "new", "returning", "known", "came"]].to_numpy().tolist()
    [['2024', 2, 2, 0, 0, 0], ['2025', 2, 1, 1, 0, 0]]
    """

    title: ClassVar[str] = N_("Who takes part in campaign after campaign?")
    of_all: ClassVar[bool] = True
    needs: ClassVar[Mapping[str, tuple[str, ...]]] = MappingProxyType({"events": ("campaign",)})

    by: tuple[str, ...] = field(default=(), metadata=names(at_most=100))
    paid_orders: int = field(default=0, metadata=whole(least=0, most=1000))

    @classmethod
    def suggested(cls, tables: Tables) -> Self:
        """Return what became of the loyal users, where orders tell who they were before the first campaign."""
        first = tables.span("events")
        orders = tables.span("orders") if {"user_id", "paid_at"} <= set(tables.present("orders")) else None
        return cls(paid_orders=2 if orders and first and orders[0] < first[0] else 0)

    def _answer(self, tables: Tables) -> ParticipationAnswer:
        for event in self.by:
            if event not in tables.event_keys:
                raise DataError.unknown(say("event"), event, tables.event_keys)
        runs = campaigns(tables, self.where, dated=True)
        base = loyal(self, tables, runs[0]) if self.paid_orders else None
        seen = _walk(self, tables, runs, base)
        if not seen:
            raise DataError.empty(_nobody(self))
        counts = _counts(seen, len(runs), None if base is None else len(base))
        trend, fitted = _trend(runs, seen, counts)
        campaigned = _campaigns(runs, counts, tables.zone).assign(fitted=fitted)
        frames = {"table": _table(runs, counts), "campaigns": campaigned, "trend": trend}
        return ParticipationAnswer(
            question=self,
            version=tables.version,
            headline=_headline(self, frames, counts),
            frames=frames,
            notes=_notes(self, frames, runs),
        )


_CAMPAIGN = Field(N_("Campaign"), "text", of="campaign")


@dataclass(frozen=True, kw_only=True, repr=False)
class ParticipationAnswer(Answer):
    """Who took part: one row per cohort of first campaign and later campaign.

    `share` is `took_part` / `users`, the users of the cohort. In "campaigns", `rate` is `came` / `known`, of the loyal
    users or the regulars, and `next_share` is `came_next` / `users`, of all who took part; each with 95% Wilson bounds.
    "trend" has one row: the fitted change of the rate from one campaign to the next with 95% bounds; empty if it cannot
    be estimated.
    """

    fields = described(
        table={
            "cohort": Field(N_("First campaign"), "text", of="campaign"),
            "campaign": _CAMPAIGN,
            "later": Field(N_("Campaigns later"), "count"),
            "users": Field(N_("Users"), "count"),
            "took_part": Field(N_("Took part"), "count"),
            "share": Field(N_("Share"), "share"),
            **bounds("share"),
            "complete": Field(N_("Complete"), "flag"),
        },
        campaigns={
            "campaign": _CAMPAIGN,
            "first_day": Field(N_("First day"), "text"),
            "users": Field(N_("Took part"), "count"),
            "new": Field(N_("For the first time"), "count"),
            "returning": Field(N_("Again"), "count"),
            "known": Field(N_("Could come"), "count"),
            "came": Field(N_("Came"), "count"),
            "rate": Field(N_("Participation rate"), "share"),
            **bounds("share"),
            "came_next": Field(N_("Came to the next one"), "count"),
            "next_share": Field(N_("Share that came to the next one"), "share"),
            "next_low": Field(N_("Next: 95% from"), "share"),
            "next_high": Field(N_("Next: 95% to"), "share"),
            "fitted": Field(N_("Trend"), "share"),
            "complete": Field(N_("Complete"), "flag"),
        },
        trend={
            "campaigns": Field(N_("Campaigns"), "count"),
            "users": Field(N_("Users"), "count"),
            "change": Field(N_("Change per campaign"), "points"),
            "change_low": Field(N_("Change: 95% from"), "points"),
            "change_high": Field(N_("Change: 95% to"), "points"),
        },
    )
    figures = (Figure("rate", ("campaign",), n="known", frame="campaigns", main=-1),)

    question: Participation

    def _chart(self, look: Look) -> AnyChart:
        whose = LOYAL if self.question.paid_orders else REGULARS
        return participation_chart.draw(self.frame("campaigns"), self.plot("campaigns", look), whose, self.headline)


# ---- the work ---------------------------------------------------------------------------------------------

Seen = Mapping[int, int]
"""How many users took part in exactly the campaigns whose bits are set."""


@dataclass(frozen=True, slots=True)
class _Counts:
    """Users by campaign: who took part in both (first first), who could come and who came."""

    first: Ints  # (first campaign, campaign): users of a cohort who took part
    both: Ints  # (campaign, campaign): users who took part in both
    known: Ints  # (campaign,): who could come
    came: Ints  # (campaign,): who of them came
    base: int | None


def _walk(asked: Participation, tables: Tables, runs: Sequence[Run], base: pa.Array | None) -> Seen:
    events = tables.frame("events", asked.where).filter(nw.col("campaign").is_in([run.name for run in runs]))
    if asked.by:
        events = events.filter(nw.col("event").is_in(asked.by))
    columns = Columns(coded={"campaign": [run.name for run in runs]}, texts=() if base is None else ("user_id",))
    seen: Counter[int] = Counter()
    for part in tables.walk(events, partial(_seen, base=base), columns):
        seen.update(part)
    return seen


def _seen(chunk: Chunk, base: Any) -> dict[int, int]:
    mask, first = masks(chunk.user, chunk.coded["campaign"])
    if base is not None:
        own = pc.is_in(chunk.texts["user_id"].take(pa.array(first)), value_set=base)
        mask = mask[own.to_numpy(zero_copy_only=False)]
    found, users = np.unique(mask, return_counts=True)
    return dict(zip(found.tolist(), users.tolist(), strict=True))


def loyal(asked: Participation, tables: Tables, first: Run) -> pa.Array:
    """Return the users with enough purchases before the first campaign's first day, in whatever currency."""
    begins = local_midnight(_first_day(first, tables), tables.zone)
    paid = purchases(tables).rows.filter(nw.col("paid_at") < instant(begins), ~nw.col("user_id").is_null())
    orders = paid.group_by("user_id").agg(n=nw.len()).filter(nw.col("n") >= asked.paid_orders)
    found = collect(orders.select("user_id"))["user_id"]
    if found.empty:
        text = say(
            "Nobody had {n} paid orders before {campaign} began on {day}. Ask for fewer, import earlier orders, or "
            "look at everybody.",
            n=asked.paid_orders,
            campaign=first.name,
            day=_first_day(first, tables),
        )
        raise DataError.empty(text)
    return pa.array(found, pa.string())


def _first_day(run: Run, tables: Tables) -> str:
    own = tables.campaign
    day = local_day(run.first, tables.zone)
    return min(own.start, day) if own and own.name == run.name else day


def _counts(seen: Seen, campaigns: int, base: int | None) -> _Counts:
    both = np.zeros((campaigns, campaigns), np.int64)
    first = np.zeros((campaigns, campaigns), np.int64)
    for mask, users in seen.items():
        places = [p for p in range(campaigns) if mask >> p & 1]
        both[np.ix_(places, places)] += users
        first[places[0], places] += users
    took_part = both.diagonal()
    if base is not None:
        return _Counts(first, both, np.full(campaigns, base), took_part, base)
    who, count = np.array(list(seen), np.int64)[:, None], np.array(list(seen.values()), np.int64)
    each = np.arange(campaigns)
    regular = _regular(who, each)
    return _Counts(first, both, count @ regular, count @ (regular & (who >> each & 1)), base)


def _regular(mask: Ints, places: Ints) -> Ints:
    """Say (1 or 0) who took part in both of the two campaigns before each place."""
    both = mask >> np.maximum(places - 1, 0) & mask >> np.maximum(places - 2, 0) & 1
    return np.asarray(np.where(places > 1, both, 0), np.int64)


# ---- the tables -------------------------------------------------------------------------------------------


def _table(runs: Sequence[Run], counts: _Counts) -> pd.DataFrame:
    """Lay out a row per cohort and campaign from its own on; all of a cohort took part in its first."""
    pairs = [(f, p) for f in range(len(runs)) for p in range(f, len(runs)) if counts.first[f, f]]
    cohort, campaign = (np.array(axis, int) for axis in zip(*pairs, strict=True))
    users, took_part = counts.first[cohort, cohort], counts.first[cohort, campaign]
    _, low, high = proportion(took_part, np.where(campaign > cohort, users, 0))
    names = np.array([run.name for run in runs])
    return pd.DataFrame(
        {
            "cohort": names[cohort],
            "campaign": names[campaign],
            "later": campaign - cohort,
            "users": users,
            "took_part": took_part,
            "share": share(took_part, users),
            "low": low,
            "high": high,
            "complete": ~np.array([run.running for run in runs])[campaign],
        }
    )


def _campaigns(runs: Sequence[Run], counts: _Counts, zone: str) -> pd.DataFrame:
    took_part, new = counts.both.diagonal(), counts.first.diagonal()
    came_next, of_next = np.append(counts.both.diagonal(1), 0), np.append(took_part[:-1], 0)
    _, low, high = proportion(counts.came, counts.known)
    _, next_low, next_high = proportion(came_next, of_next)
    return pd.DataFrame(
        {
            "campaign": [run.name for run in runs],
            "first_day": [local_day(run.first, zone) for run in runs],
            "users": took_part,
            "new": new,
            "returning": took_part - new,
            "known": counts.known,
            "came": counts.came,
            "rate": share(counts.came, counts.known),
            "low": low,
            "high": high,
            "came_next": pd.array(came_next, "Int64"),
            "next_share": share(came_next, of_next),
            "next_low": next_low,
            "next_high": next_high,
            "fitted": np.nan,  # by the trend
            "complete": [not run.running for run in runs],
        }
    )


# ---- the trend --------------------------------------------------------------------------------------------


def _trend(runs: Sequence[Run], seen: Seen, counts: _Counts) -> tuple[pd.DataFrame, Floats]:
    """Return the trend's one row and each campaign's fitted rate; NaN where there is none."""
    places = np.array([p for p, run in enumerate(runs) if not run.running and counts.known[p]], int)
    change, error, fitted = np.nan, np.nan, np.full(len(runs), np.nan)
    if _estimable(counts, places):
        level, slope, spread = _fit(seen, counts, places)
        if spread > _ALIKE:
            change, error, fitted[places] = slope, spread, np.clip(level + slope * places, 0, 1)
    figures = {"change": [change], "change_low": [change - Z * error], "change_high": [change + Z * error]}
    followed = counts.known[places].max(initial=0)
    return pd.DataFrame({"campaigns": [len(places)], "users": [followed], **figures}), fitted


_ALIKE = 1e-9
"""Below this standard error all users did the same, and nothing tells how sure the slope is."""


def _estimable(counts: _Counts, places: Ints) -> bool:
    """Say whether there are enough rates, of enough users, some of whom came and some did not."""
    if len(places) < FEWEST or counts.known[places].min() < SMALL:
        return False
    return bool(0 < counts.came[places].sum() < counts.known[places].sum())


def _fit(seen: Seen, counts: _Counts, places: Ints) -> tuple[float, float, float]:
    """Return level, slope per campaign, and the slope's standard error."""
    users, came, could = _people(seen, counts, places)
    design = np.column_stack([np.ones(len(places)), places])
    bread = np.linalg.inv((design.T * counts.known[places]) @ design)
    level, slope = bread @ design.T @ counts.came[places]
    scores = (could * (came - (level + slope * places))) @ design
    spread = bread @ (scores.T * users) @ scores @ bread
    return float(level), float(slope), float(np.sqrt(max(spread[1, 1], 0.0)))


def _people(seen: Seen, counts: _Counts, places: Ints) -> tuple[Ints, Ints, Ints]:
    """Return people alike: how many, the campaigns they came to, and those they could come to."""
    found = dict(seen)
    if counts.base is not None:
        found[0] = counts.base - sum(seen.values())
    mask, users = np.array(list(found), np.int64)[:, None], np.array(list(found.values()), np.int64)
    came = np.asarray(mask >> places & 1, np.int64)
    return users, came, np.ones_like(came) if counts.base is not None else _regular(mask, places)


# ---- the words --------------------------------------------------------------------------------------------


def _nobody(asked: Participation) -> Message:
    if asked.paid_orders:
        return say("No loyal user took part in any campaign under these filters. Ask for fewer paid orders, or clear a "
                   "filter.")  # fmt: skip
    return say("Nobody took part in a campaign under these filters. Clear a filter or choose other events.")


def _headline(asked: Participation, frames: Mapping[str, pd.DataFrame], counts: _Counts) -> Message:
    table = frames["campaigns"]
    if counts.base is None and len(table) < 2:
        only = table.iloc[0]
        return say("{users} users took part in {campaign}; there is no later campaign to come back to yet.",
                   users=int(only["users"]), campaign=Name(only["campaign"], "campaign"))  # fmt: skip
    rated = table[table["known"] > 0]
    rated = rated[rated["complete"]] if rated["complete"].any() else rated
    change = float(frames["trend"]["change"].iloc[0])
    if counts.base is None and np.isnan(change):
        return _returned(table)
    whose = say("{n} loyal users", n=counts.base) if counts.base is not None else say("regulars")
    first, last = rated.iloc[0], rated.iloc[-1]
    params = {"whose": whose, **_named("first", first), **_named("last", last)}
    if len(rated) < 2:
        return say("Of {whose}, {last_share} took part in {last}.", **params)
    if np.isnan(change):
        return say("Of {whose}, {first_share} took part in {first} and {last_share} in {last}.", **params)
    return say(
        "Of {whose}, {first_share} took part in {first} and {last_share} in {last}: {trend}", **params,
        trend=_moved(frames["trend"].iloc[0]),
    )  # fmt: skip


def _moved(trend: pd.Series[float]) -> Message:
    """Say by how much the rate moves from one campaign to the next, if it does."""
    low, high = sorted(abs(float(trend[name])) for name in ("change_low", "change_high"))
    bounds = {"change": Points(abs(float(trend["change"]))), "low": Points(low), "high": Points(high)}
    if trend["change_high"] < 0:
        return say("{change} percentage points fewer from each campaign to the next (95% interval {low} to {high}).",
                   **bounds)  # fmt: skip
    if trend["change_low"] > 0:
        return say("{change} percentage points more from each campaign to the next (95% interval {low} to {high}).",
                   **bounds)  # fmt: skip
    return say("no clear change from one campaign to the next.")


def _named(name: str, row: pd.Series[Any]) -> dict[str, Name | Share]:
    return {name: Name(row["campaign"], "campaign"), f"{name}_share": Share(float(row["rate"]))}


def _returned(table: pd.DataFrame) -> Message:
    """Say how many of those who took part in the last campaign but one came again."""
    rated = table[:-1][table["complete"].to_numpy()[1:]]
    place = len(rated if len(rated) else table[:-1]) - 1  # a campaign that may still be running is the last one
    before, last = table.iloc[place], table.iloc[place + 1]
    return say(
        "Of {n} users who took part in {before}, {share} came to the next one, {campaign} (95% interval {low} to "
        "{high}); {new} of its {users} users were new.",
        n=int(before["users"]), before=Name(before["campaign"], "campaign"),
        share=Share(float(before["next_share"])), low=Share(float(before["next_low"])),
        high=Share(float(before["next_high"])), campaign=Name(last["campaign"], "campaign"),
        new=int(last["new"]), users=int(last["users"]),
    )  # fmt: skip


def _notes(asked: Participation, frames: Mapping[str, pd.DataFrame], runs: Sequence[Run]) -> tuple[Note, ...]:
    notes = []
    if running := tuple(run.name for run in runs if run.running):
        text = say("{campaigns} may still be running when the data ends: the figures are lower bounds and take no part "
                   "in the trend. Its last day, set on the Data page, tells when it is over.",
                   campaigns=Names(running, "campaign"))  # fmt: skip
        notes.append(Note("running", text, "warning"))
    notes += _trend_notes(asked, frames)
    if asked.where and (asked.where.start or asked.where.end):
        dated = say("Only events within the dates count as taking part.")
        notes.append(Note("dated", dated))
    if asked.where and asked.where.columns():
        notes.append(Note("filtered-events", say("Only events that match the filter count as taking part.")))
    known = say("Users are known only by what they did: in the first campaign of the data everybody looks new, and "
                "one person under two ids counts twice.")  # fmt: skip
    return (*notes, Note("known-by-deeds", known))


def _trend_notes(asked: Participation, frames: Mapping[str, pd.DataFrame]) -> list[Note]:
    trend = frames["trend"].iloc[0]
    if asked.paid_orders:
        whom = say("Loyal users had {n} or more orders paid before the first campaign's first day; all of them count, "
                   "those too who never came.", n=asked.paid_orders)  # fmt: skip
    else:
        whom = say("The rate is of regulars: people who took part in both of the two campaigns just before. Of "
                   "everybody who ever came, ever more have left for good.")  # fmt: skip
    notes = [Note("whose-rate", whom)]
    if trend["campaigns"] < FEWEST:
        few = say("A trend is not estimable: it needs {needed} campaigns that are over and have a rate, and there are "
                  "{n}.", needed=FEWEST, n=int(trend["campaigns"]))  # fmt: skip
        notes.append(Note("no-trend", few, "missing"))
    elif np.isnan(trend["change"]) and (low := int(frames["campaigns"].query("known > 0")["known"].min())) < SMALL:
        small = say("A trend is not estimable: its interval needs {needed} users who could come to each campaign, and "
                    "there are {n}.", needed=SMALL, n=low)  # fmt: skip
        notes.append(Note("no-trend", small, "missing"))
    elif np.isnan(trend["change"]):
        alike = say("A trend is not estimable: everybody did the same.")
        notes.append(Note("no-trend", alike, "missing"))
    return notes
