"""Who takes part in campaign after campaign, who comes back to the next one, and does that tire out?"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from types import MappingProxyType
from typing import Any, ClassVar

import narwhals as nw
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from scipy.special import expit
from statsmodels.genmod.families import Binomial
from statsmodels.genmod.generalized_linear_model import GLM

from analysis.answer import Answer, Field, Note
from analysis.charts import Look
from analysis.errors import DataError
from analysis.estimates import Z, proportion, share
from analysis.journey.loyalty import participation_chart
from analysis.journey.loyalty.kernel import masks
from analysis.messages import N_, Message, Names, Share, say
from analysis.periods import Run, campaigns
from analysis.question import Question
from analysis.store.walk import Chunk, Columns
from analysis.tables import Tables, collect, instant
from analysis.values import local_day, local_midnight, names, value, whole

FEWEST = 3
"""Fewest rates a trend is drawn through: two points always lie on a line."""
USERS = 30
"""Fewest users a trend follows: with less, a cluster-robust interval is too narrow."""


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
    where nobody need be loyal, of those who took part in an earlier one. Campaigns stand in order of their first
    event. One that may still be running is marked and takes no part in the trend.

    The trend is a binomial regression (logit) of the rate on the campaign's place in that order; as the same users
    are seen again and again, its interval rests on their own sums of scores (the cluster-robust sandwich of Liang
    and Zeger 1986).

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
    [['2024', 2, 2, 0, 0, 0], ['2025', 2, 1, 1, 2, 1]]
    """

    needs: ClassVar[Mapping[str, tuple[str, ...]]] = MappingProxyType({"events": ("campaign",)})

    by: tuple[str, ...] = field(default=(), metadata=names(at_most=100))
    paid_orders: int = field(default=0, metadata=whole(least=0, most=1000))

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


@dataclass(frozen=True, kw_only=True, repr=False)
class ParticipationAnswer(Answer):
    """Who took part: one row per cohort of first campaign and later campaign.

    `share` is `took_part` / `users`, the users of the cohort; in "campaigns", `rate` is `came` / `known` and
    `next_share` is `came_next` / `users`; each with 95% Wilson bounds. "trend" has one row: the fitted change from one
    campaign to the next in log odds, and as a ratio of odds, with 95% bounds; empty if not estimable.
    """

    fields: ClassVar[Mapping[str, Mapping[str, Field]]] = MappingProxyType(
        {
            "table": MappingProxyType(
                {
                    "cohort": Field(N_("First campaign"), "text"),
                    "campaign": Field(N_("Campaign"), "text"),
                    "later": Field(N_("Campaigns later"), "count"),
                    "users": Field(N_("Users"), "count"),
                    "took_part": Field(N_("Took part"), "count"),
                    "share": Field(N_("Share"), "share"),
                    "low": Field(N_("95% from"), "share"),
                    "high": Field(N_("95% to"), "share"),
                    "complete": Field(N_("Complete"), "flag"),
                }
            ),
            "campaigns": MappingProxyType(
                {
                    "campaign": Field(N_("Campaign"), "text"),
                    "first_day": Field(N_("First day"), "text"),
                    "users": Field(N_("Took part"), "count"),
                    "new": Field(N_("New"), "count"),
                    "returning": Field(N_("Returning"), "count"),
                    "known": Field(N_("Could come"), "count"),
                    "came": Field(N_("Came"), "count"),
                    "rate": Field(N_("Participation rate"), "share"),
                    "low": Field(N_("95% from"), "share"),
                    "high": Field(N_("95% to"), "share"),
                    "came_next": Field(N_("Came to the next one"), "count"),
                    "next_share": Field(N_("Share that came to the next one"), "share"),
                    "next_low": Field(N_("Next: 95% from"), "share"),
                    "next_high": Field(N_("Next: 95% to"), "share"),
                    "fitted": Field(N_("Trend"), "share"),
                    "complete": Field(N_("Complete"), "flag"),
                }
            ),
            "trend": MappingProxyType(
                {
                    "campaigns": Field(N_("Campaigns"), "count"),
                    "users": Field(N_("Users"), "count"),
                    "slope": Field(N_("Change in log odds per campaign"), "number"),
                    "slope_low": Field(N_("95% from"), "number"),
                    "slope_high": Field(N_("95% to"), "number"),
                    "odds_ratio": Field(N_("Ratio of odds per campaign"), "ratio"),
                    "odds_low": Field(N_("Ratio: 95% from"), "ratio"),
                    "odds_high": Field(N_("Ratio: 95% to"), "ratio"),
                }
            ),
        }
    )

    question: Participation

    def _chart(self, look: Look) -> Any:
        return participation_chart.draw(self, look)


# ---- the work ---------------------------------------------------------------------------------------------

Seen = Mapping[int, int]
"""How many users took part in exactly the campaigns whose bits are set."""


@dataclass(frozen=True, slots=True)
class _Counts:
    """Users by campaign: who took part in both (first first), who could come and who came."""

    first: Any  # (first campaign, campaign): users of a cohort who took part
    both: Any  # (campaign, campaign): users who took part in both
    known: Any  # (campaign,): who could come
    came: Any  # (campaign,): who of them came
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
    """Return the users with enough orders paid before the first campaign's first day."""
    tables.require("orders", "user_id", "paid_at")
    begins = local_midnight(_first_day(first, tables), tables.zone)
    paid = tables.paid_orders().filter(nw.col("paid_at") < instant(begins), ~nw.col("user_id").is_null())
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
    new = first.diagonal()
    return _Counts(first, both, np.append(0, new.cumsum()[:-1]), took_part - new, base)


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


def _trend(runs: Sequence[Run], seen: Seen, counts: _Counts) -> tuple[pd.DataFrame, Any]:
    """Return the trend's one row and each campaign's fitted rate; NaN where there is none."""
    places = np.array([p for p, run in enumerate(runs) if not run.running and counts.known[p]], int)
    slope, spread, fitted = np.nan, np.nan, np.full(len(runs), np.nan)
    if _estimable(counts, places):
        (level, found), error = _fit(seen, counts, places)
        if error > _ALIKE:
            slope, spread, fitted[places] = found, error, expit(level + found * places)
    half = Z * spread
    bounds = [slope, slope - half, slope + half]
    columns = ("slope", "slope_low", "slope_high", "odds_ratio", "odds_low", "odds_high")
    figures = dict(zip(columns, [*bounds, *np.exp(bounds)], strict=True))
    followed = counts.known[places].max(initial=0)
    return pd.DataFrame(
        {"campaigns": [len(places)], "users": [followed], **{name: [x] for name, x in figures.items()}}
    ), fitted


_ALIKE = 1e-6
"""Below this standard error all users did the same, and nothing tells how sure the slope is."""


def _estimable(counts: _Counts, places: Any) -> bool:
    """Say whether there are enough rates, and those who came and those who did not overlap, else no fit is finite."""
    came = [p for p in places if counts.came[p]]
    missed = [p for p in places if counts.came[p] < counts.known[p]]
    if len(places) < FEWEST or counts.known[places].max() < USERS or not came or not missed:
        return False
    return bool(max(came) > min(missed) and max(missed) > min(came))


def _fit(seen: Seen, counts: _Counts, places: Any) -> tuple[Any, float]:
    """Return level and slope per campaign, and the slope's standard error."""
    design = np.column_stack([np.ones(len(places)), places])
    came, known = counts.came[places], counts.known[places]
    fit = GLM(np.column_stack([came, known - came]), design, family=Binomial()).fit(maxiter=200, tol=1e-12)
    users, came_to, could = _people(seen, counts, places)
    scores = (could * (came_to - fit.fittedvalues)) @ design
    bread = fit.cov_params()
    spread = bread @ (scores.T * users) @ scores @ bread
    return fit.params, float(np.sqrt(spread[1, 1]))


def _people(seen: Seen, counts: _Counts, places: Any) -> tuple[Any, Any, Any]:
    """Return people alike: how many, the campaigns they came to, and those they could come to."""
    found = dict(seen)
    if counts.base is not None:
        found[0] = counts.base - sum(seen.values())
    mask, users = np.array(list(found), np.int64)[:, None], np.array(list(found.values()))
    came = mask >> places & 1
    could = np.ones_like(came) if counts.base is not None else (mask & -mask) < (np.int64(1) << places)
    return users, came, could


# ---- the words --------------------------------------------------------------------------------------------


def _nobody(asked: Participation) -> Message:
    if asked.paid_orders:
        return say("No loyal user took part in any campaign under these filters. Ask for fewer paid orders, or clear a "
                   "filter.")  # fmt: skip
    return say("Nobody took part in a campaign under these filters. Clear a filter or choose other events.")


def _headline(asked: Participation, frames: Mapping[str, pd.DataFrame], counts: _Counts) -> Message:
    rated = frames["campaigns"].query("known > 0")
    rated = rated[rated["complete"]] if rated["complete"].any() else rated
    if rated.empty:
        only = frames["campaigns"].iloc[0]
        return say("{users} users took part in {campaign}; there is no later campaign to come back to yet.",
                   users=int(only["users"]), campaign=only["campaign"])  # fmt: skip
    first, last = rated.iloc[0], rated.iloc[-1]
    if counts.base is None:
        return _returned(last)
    params = {"users": counts.base, **_named("first", first), **_named("last", last)}
    trend = frames["trend"].iloc[0]
    if len(rated) < 2:
        return say("Of {users} loyal users, {last_share} took part in {last}.", **params)
    if np.isnan(trend["slope"]):
        return say("Of {users} loyal users, {first_share} took part in {first} and {last_share} in {last}.", **params)
    ratio = {name: float(trend[name]) for name in ("odds_ratio", "odds_low", "odds_high")}
    return say(
        "Of {users} loyal users, {first_share} took part in {first} and {last_share} in {last}: from one campaign to "
        "the next, the odds of taking part are multiplied by {odds_ratio} (95% interval {odds_low} to {odds_high}).",
        **params,
        **ratio,
    )


def _named(name: str, row: Any) -> dict[str, Any]:
    return {name: row["campaign"], f"{name}_share": Share(float(row["rate"]))}


def _returned(last: Any) -> Message:
    return say(
        "Of {known} users who took part in an earlier campaign, {share} took part in {campaign} (95% interval {low} to "
        "{high}); {new} of its {users} users were new.",
        known=int(last["known"]),
        share=Share(float(last["rate"])),
        campaign=last["campaign"],
        low=Share(float(last["low"])),
        high=Share(float(last["high"])),
        new=int(last["new"]),
        users=int(last["users"]),
    )


def _notes(asked: Participation, frames: Mapping[str, pd.DataFrame], runs: Sequence[Run]) -> tuple[Note, ...]:
    notes = []
    if running := tuple(run.name for run in runs if run.running):
        text = say("{campaigns} may still be running when the data ends: the figures are lower bounds and take no part "
                   "in the trend. Its last day, set on the Data page, tells when it is over.",
                   campaigns=Names(running))  # fmt: skip
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
        whom = say("The rate is of all who took part in an earlier campaign, however long ago: it falls as more of "
                   "them have left for good. Ask about loyal users to follow the same people.")  # fmt: skip
    notes = [Note("whose-rate", whom)]
    if trend["campaigns"] < FEWEST:
        few = say("A trend is not estimable: it needs {needed} campaigns that are over and have a rate, and there are "
                  "{n}.", needed=FEWEST, n=int(trend["campaigns"]))  # fmt: skip
        notes.append(Note("no-trend", few, "missing"))
    elif trend["users"] < USERS:
        small = say("A trend is not estimable: its interval needs {needed} users to follow, and there are {n}.",
                    needed=USERS, n=int(trend["users"]))  # fmt: skip
        notes.append(Note("no-trend", small, "missing"))
    elif np.isnan(trend["slope"]):
        apart = say("A trend is not estimable: everybody did the same, or all who came stand on one side of some "
                    "campaign and all who did not on the other.")  # fmt: skip
        notes.append(Note("no-trend", apart, "missing"))
    elif trend["slope_low"] < 0 < trend["slope_high"]:
        flat = say("The trend's interval holds both a fall and a rise: the data does not tell which.")
        notes.append(Note("flat-trend", flat, "warning"))
    return notes
