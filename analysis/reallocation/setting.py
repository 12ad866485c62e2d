"""Which hours, which curves and how much money is the simulated campaign made of?"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, replace

import narwhals as nw
import numpy as np
import pandas as pd

from analysis.answer import Note
from analysis.arrays import Floats, Ints
from analysis.budget.curves.curve import Curve
from analysis.budget.curves.forms import FORMS
from analysis.budget.curves.question import CurvesAnswer
from analysis.charts import NOT_SET
from analysis.errors import DataError
from analysis.messages import Message, say
from analysis.money import OF_CURRENCIES, currency_of
from analysis.purchases import purchases, source_of
from analysis.reallocation.definition import SimulationDefinition
from analysis.reallocation.market import Market
from analysis.reallocation.money import parted
from analysis.reallocation.responses import Responses
from analysis.reallocation.state import CENTS
from analysis.tables import Tables, collect, hour_of
from analysis.values import Filter, local_midnight

LONGEST = 200
"""Most days a simulated campaign may run."""
FEWEST = 240
"""Orders or events below which the hours of a day are taken as alike."""
CARRIED = 0.05
"""Carry-over from which on it is said that the simulation counts it at once."""
ORDER_VALUE = 100.0
"""Average order value where the data knows none; it only sets how coarse hourly orders are."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """What a simulation starts from.

    Parameters
    ----------
    market : Market
    budget, reserve : int
        Cents.
    tranches : tuple of int
        Cents held back for a staged release.
    plan : ndarray of int, shape (channels,)
        Cents of the working budget by channel.
    observed : ndarray, shape (channels,)
        Highest spend observed, per day.
    facts : frozenset of str
        What had to be assumed: "scaled-budget", "observed-budget", "flat-hours", "assumed-order-value", "adstock".
    left_out : tuple of str
        Channels without a curve.
    expected : float
        What the curves expect of the plan, every channel spending it as it spent before: Budget's figure.
    currency : str, optional
    notes : tuple of Note
        What of the spend and revenue is in other currencies.
    """

    market: Market
    budget: int
    reserve: int
    tranches: tuple[int, ...]
    plan: Ints
    observed: Floats
    facts: frozenset[str]
    left_out: tuple[str, ...]
    expected: float
    currency: str | None
    notes: tuple[Note, ...]


def setting(asked: SimulationDefinition, tables: Tables) -> Setting:
    """Make the market and the plan of a simulation.

    Raises
    ------
    DataError
        No channel has a response curve, or the split names one that has none.
    """
    found = asked.curves.filtered(asked.where).fitted(tables)
    curves = tuple(concave(curve) for curve in found.curves)
    if not curves:
        raise DataError.empty(_none())
    start, end = _span(tables, curves)
    times = _times(start, end, tables.zone)
    profile, hourly = _profile(tables, asked.where)
    order_value, valued = _order_value(asked, tables, found.currency)
    names = tuple(c.channel for c in curves)
    phase, multiplier, drawn = _phases(tables, curves, times)
    scale = np.array([24 / c.period_hours for c in curves])
    observed = np.array([c.observed_max for c in curves]) * scale
    ceiling, half = (np.array([_middle(getattr(c, name)) for c in curves]) for name in ("ceiling", "half"))
    market = Market(
        channels=names,
        times=times,
        weight=_weights(profile, times),
        phase=phase,
        multiplier=multiplier,
        fitted=Responses(tuple(c.family for c in curves), ceiling * scale, half * scale),
        draws=tuple(
            np.column_stack([c.ceiling * k, c.half * k, d]) for c, k, d in zip(curves, scale, drawn, strict=True)
        ),
        most=observed * asked.market.headroom,
        # Noise of a period is that of a day, averaged over the days in it.
        sigma=np.sqrt(np.log1p(np.expm1(np.array([c.sigma for c in curves]) ** 2) / scale)),
        order_value=order_value,
        settings=asked.market,
    )
    spend = np.array([_spent(c, start, end) for c in curves])
    spend = spend if spend.sum() > 0 else np.array([c.spend.sum() for c in curves])
    total, how = _budget(asked, tables, found, spend)
    budget = round(total * CENTS)
    reasons = {hourly, valued, how, "adstock" if any(c.adstock.mean() > CARRIED for c in curves) else ""}
    plan, reserve, tranches = parted(budget, asked.rule_set(), _shares(asked, names, spend))
    return Setting(
        market=market,
        budget=budget,
        reserve=reserve,
        tranches=tranches,
        plan=plan,
        observed=observed,
        facts=frozenset(reasons - {""}),
        left_out=tuple(str(c) for c in found.table.query("~estimable.astype('bool')")["channel"]),
        expected=sum(c.total(float(p) / CENTS / c.spent) for c, p in zip(found.curves, plan, strict=True)),
        currency=found.currency,
        notes=tuple(note for note in found.notes if note.code in OF_CURRENCIES),
    )


def concave(curve: Curve) -> Curve:
    """Return the draws of the likeliest family of concave forms: the simulated market knows one form a channel.

    Where an S-curve is all there is, its draws become hyperbolic ones of the same ceiling and half-saturation.
    """
    forms = list(FORMS)
    kept = curve.only(np.array([FORMS[forms[form]].concave for form in curve.form]))
    if len(kept.form):
        return kept.of_family(kept.family)
    return replace(curve, form=np.full(len(curve.form), forms.index("hyperbolic")))


def _middle(draws: Floats) -> float:
    return float(np.exp(np.log(np.maximum(draws, np.finfo(float).tiny)).mean()))


def _none() -> Message:
    return say(
        "No channel has a response curve, so there is no market to simulate. Import a spend report by day with "
        "attributed revenue (or orders beside it) in which each channel's spend varies; "
        "the response curves say what each channel lacks."
    )


# ---- time -------------------------------------------------------------------------------------------------


def _span(tables: Tables, curves: tuple[Curve, ...]) -> tuple[dt.datetime, dt.datetime]:
    """Return the campaign's first and last moment (UTC); without a campaign, those of the spend."""
    if campaign := tables.campaign:
        start = local_midnight(campaign.start, campaign.zone)
        end = local_midnight(campaign.end, campaign.zone, days=1)
    else:
        first = min(pd.Timestamp(c.starts.min()) for c in curves)
        last = max(pd.Timestamp(c.starts.max()) + pd.Timedelta(hours=c.period_hours) for c in curves)
        start, end = first.floor("h").to_pydatetime(), last.ceil("h").to_pydatetime()
    if end - start > dt.timedelta(days=LONGEST):
        raise DataError.empty(
            say("A simulated campaign runs at most {n} days. Set the campaign's dates, or filter to them.", n=LONGEST)
        )
    return start, end


def _times(start: dt.datetime, end: dt.datetime, zone: str) -> pd.DatetimeIndex:
    moments = pd.date_range(start, end, freq="h", inclusive="left", tz="UTC")
    return moments.tz_convert(zone).tz_localize(None)


def _profile(tables: Tables, where: Filter | None) -> tuple[Floats, str]:
    """Return the share of a day's demand in each local hour: that of orders, else of events, else even.

    Counts are smoothed over neighbouring hours, and every hour keeps a twentieth of an even share: an hour that
    happened to see no order is not an hour in which nothing can be bought.
    """
    for table in ("orders", "events"):
        if not tables.count(table):
            continue
        frame = tables.frame(table, _fitting(tables, table, where)).with_columns(hour=hour_of("timestamp"))
        counts = collect(frame.group_by("hour").agg(n=nw.len()))
        if counts["n"].sum() < FEWEST:
            continue
        local = pd.DatetimeIndex(counts["hour"]).tz_localize("UTC").tz_convert(tables.zone).hour
        seen = np.bincount(local, weights=counts["n"], minlength=24)
        smooth = (np.roll(seen, 1) + 2 * seen + np.roll(seen, -1)) / 4
        share = np.maximum(smooth / smooth.sum(), 0.05 / 24)
        return share / share.sum(), ""
    return np.full(24, 1 / 24), "flat-hours"


def _fitting(tables: Tables, table: str, where: Filter | None) -> Filter | None:
    """Return the filter without the columns that a table lacks: orders without a device still tell the hour."""
    missing = set(where.columns()) - set(tables.present(table)) if where else ()
    return where.without(*missing) if where and missing else where


def _weights(profile: Floats, times: pd.DatetimeIndex) -> Floats:
    """Give every hour its share of its day; a whole day adds up to 1, even with 23 or 25 hours."""
    weight = profile[times.hour]
    day = (times.normalize() - times[0].normalize()).days.to_numpy()
    sums = np.bincount(day, weights=weight)
    whole = np.ones(len(sums), dtype=bool)
    whole[0], whole[-1] = times[0].hour == 0, times[-1].hour == 23
    return np.asarray(weight / np.where(whole & (sums > 0), sums, 1.0)[day])


def _phases(tables: Tables, curves: tuple[Curve, ...], times: pd.DatetimeIndex) -> tuple[Ints, Floats, list[Floats]]:
    """Return each hour's phase, the multipliers (phases, channels) and their draws by channel (draws, phases).

    A phase that a channel was never seen in, and a campaign without phases, has the average of its periods.
    """
    days = {day: _phase(tables, str(day)) for day in times.strftime("%Y-%m-%d").unique()}
    names = list(dict.fromkeys(days.values()))
    phase = np.array([names.index(days[day]) for day in times.strftime("%Y-%m-%d")])
    multiplier, drawn = [], []
    for curve in curves:
        usual = np.mean([curve.phases[name] for name in curve.phase], axis=0)
        own = np.stack([curve.phases.get(name, usual) for name in names], axis=1)
        multiplier.append(own.mean(axis=0))
        drawn.append(own)
    return phase, np.array(multiplier).T, drawn


def _phase(tables: Tables, day: str) -> str:
    return (tables.campaign.phase_of(day) if tables.campaign else None) or NOT_SET


# ---- money ------------------------------------------------------------------------------------------------


def _spent(curve: Curve, start: dt.datetime, end: dt.datetime) -> float:
    inside = (curve.starts >= np.datetime64(start, "us")) & (curve.starts < np.datetime64(end, "us"))
    return float(curve.spend[inside].sum())


def _budget(asked: SimulationDefinition, tables: Tables, found: CurvesAnswer, spend: Floats) -> tuple[float, str]:
    """Return the whole budget, and what was assumed of it."""
    campaign = tables.campaign
    if asked.budget is not None:
        return asked.budget, ""
    if campaign and campaign.budget and campaign.currency == found.currency:
        table = found.table
        share = float(table.loc[table["estimable"].astype(bool), "spend"].sum() / table["spend"].sum())
        return campaign.budget * share, "scaled-budget" if share < 1 else ""
    return float(spend.sum()) / (1 - asked.rule_set().held_back), "observed-budget"


def _shares(asked: SimulationDefinition, names: tuple[str, ...], spend: Floats) -> Floats:
    if not asked.split:
        return np.asarray(spend / spend.sum())
    given = dict(asked.split)
    for channel in given:
        if channel not in names:
            raise DataError.unknown(say("channel with a response curve"), channel, names)
    return np.array([given.get(name, 0.0) for name in names])


def _order_value(asked: SimulationDefinition, tables: Tables, currency: str | None) -> tuple[float, str]:
    """Return the average value of an order: as set, that of purchases, that of the conversions, or assumed."""
    if asked.market.order_value:
        return asked.market.order_value, ""
    where = _fitting(tables, "orders", asked.where)
    if source_of(tables, where, buyers=False).orders:
        paid = purchases(tables, where, buyers=False).rows
        amounts = paid.select(amount=nw.col("amount") * currency_of(tables, paid, currency).factor())
        mean = collect(amounts.select(nw.col("amount").mean()))["amount"]
        if len(mean) and mean.iloc[0] > 0:
            return float(mean.iloc[0]), ""
    if {"conversions", "attributed_revenue"} <= set(tables.present("spend")):
        spend = tables.frame("spend", asked.where)
        factor = currency_of(tables, spend, currency, amount="spend", at="period_start").factor("period_start")
        counted = spend.with_columns(attributed_revenue=nw.col("attributed_revenue") * factor).filter(~factor.is_null())
        row = collect(counted.select(nw.col("conversions").sum(), nw.col("attributed_revenue").sum())).iloc[0]
        if row["conversions"] > 0 and row["attributed_revenue"] > 0:
            return float(row["attributed_revenue"] / row["conversions"]), ""
    return ORDER_VALUE, "assumed-order-value"
