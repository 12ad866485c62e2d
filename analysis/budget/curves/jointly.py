"""What do channels bring whose report has no attributed revenue? Fitted together to all realised revenue."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import pandas as pd

from analysis.answer import Note
from analysis.arrays import Bools, Floats, Times
from analysis.budget.curves import joint
from analysis.budget.curves.curve import Curve, interval, runs
from analysis.budget.curves.definition import CurvesDefinition
from analysis.budget.curves.estimate import FEWEST, FLATTEST, MOST_APART, Estimate, missing, preferred
from analysis.budget.curves.forms import FORMS
from analysis.budget.curves.measured import Measured, measured
from analysis.budget.curves.report import Report, realised, report
from analysis.messages import Message, Name, Names, say
from analysis.purchases import source_of
from analysis.tables import Tables

_YEAR = 365.25 * 24
_MARGIN = 10
"""Periods that must be left once every parameter has taken one."""


@dataclass(frozen=True, kw_only=True)
class Market:
    """Total revenue and every channel's spend, period by period.

    Parameters
    ----------
    starts : ndarray of datetime64[us], shape (periods,)
    spend : ndarray, shape (periods, channels)
    channels : tuple of str
    revenue : ndarray, shape (periods,)
    phase : tuple of str
    known : ndarray of bool, shape (periods,)
        Whether there were orders before and after, so that a period's revenue is known.
    measured : Measured
        What else was measured, period by period.
    notes : tuple of Note
        What of the revenue is in other currencies.
    """

    starts: Times
    spend: Floats
    channels: tuple[str, ...]
    revenue: Floats
    phase: tuple[str, ...]
    known: Bools
    measured: Measured
    notes: tuple[Note, ...] = ()


def estimates(asked: CurvesDefinition, tables: Tables, given: Report, wanted: list[str]) -> dict[str, Estimate]:
    """Estimate the wanted channels' curves together.

    Every channel of the report is in the fit, attributed ones too: they earn part of the revenue explained.
    """
    reasons = {c: "no-spend" for c in wanted if not given.of(c)["spend"].sum() > 0}
    if len(reasons) == len(wanted):
        return _none(given, reasons)
    if given.rows["period_start"].nunique() == 1:
        return _none(given, dict.fromkeys(wanted, "one-period") | reasons)
    market = _market(asked, tables, given)
    if isinstance(market, str):
        return _none(given, dict.fromkeys(wanted, market) | reasons)
    used = [k for k, c in enumerate(market.channels) if _hindrance(market, k) is None]
    reasons |= {c: h for c in wanted if (h := _hindrance(market, market.channels.index(c)))} | reasons
    controls = _controls(tables, market, given.hours)
    if market.measured.names and not _room(market, controls, used):
        market = replace(market, measured=market.measured.without())
        controls = _controls(tables, market, given.hours)
    if not used or not _room(market, controls, used):
        return _none(given, dict.fromkeys(wanted, "few-periods") | reasons)
    left = [c for c in wanted if c not in reasons]
    return _none(given, reasons) | _fitted(asked, given, market, controls, used, left)


def _room(market: Market, controls: Floats, used: list[int]) -> bool:
    """Say whether enough periods are left once every parameter has taken one."""
    return bool(market.known.sum() >= controls.shape[1] + 3 * len(used) + _MARGIN)


def _none(given: Report, reasons: dict[str, str]) -> dict[str, Estimate]:
    return {c: missing(given.of(c), "none", why) for c, why in reasons.items()}


def _market(asked: CurvesDefinition, tables: Tables, given: Report) -> Market | str:
    """Lay spend and orders out period by period, or name what keeps that from being done."""
    if not source_of(tables, buyers=False).orders:
        return "no-orders"
    where = asked.where
    whole = report(tables, where.replace(channel=()), given.currency) if where and where.channel else given
    ends = whole.rows.groupby("period_start")["period_end"].max()
    starts = ends.index.to_numpy().astype("datetime64[us]")
    until = ends.to_numpy().astype("datetime64[us]")
    if (starts[1:] < until[:-1]).any():
        return "overlap"
    revenue, notes_ = realised(tables, where, given.currency, starts, until)
    observed = tables.span("orders")
    if observed is None or not revenue.sum() > 0:
        return "no-orders"
    wide = whole.rows.pivot_table(index="period_start", columns="channel", values="spend", aggfunc="sum", fill_value=0)
    first, last = (np.datetime64(moment, "us") for moment in observed)
    known = (until > first) & (starts <= last)
    return Market(
        starts=starts,
        spend=np.maximum(wide.to_numpy(float), 0),  # a credit is no spend that anybody saw
        channels=tuple(wide.columns),
        revenue=revenue,
        phase=tuple(whole.rows.groupby("period_start")["phase"].first()),
        known=known,
        measured=measured(tables, starts, until, known),
        notes=notes_,
    )


def _hindrance(market: Market, k: int) -> str | None:
    spend = market.spend[market.known, k]
    if (spend > 0).sum() < FEWEST:
        return "few-periods"
    return "no-variation" if spend.std() < FLATTEST * spend.mean() else None


def _controls(tables: Tables, market: Market, hours: float) -> Floats:
    """Return what else moves revenue: level, trend, weekday, season, phase, each campaign's own level, and controls."""
    starts = pd.DatetimeIndex(market.starts)
    local = (starts.tz_localize("UTC").tz_convert(tables.zone) + pd.Timedelta(hours=hours / 2)).tz_localize(None)
    since = (starts - starts[0]).total_seconds().to_numpy() / 3600
    parts = [np.ones((len(starts), 1)), since[:, None], _dummies(market.phase)]
    parts.append(_dummies(runs(market.starts, hours)))
    if hours <= 24 and len(starts) * hours >= 28 * 24:
        parts.append(_dummies(local.day_of_week))
    if hours < 24 and len(starts) * hours >= 7 * 24:
        parts.append(_dummies(local.hour))
    if since[-1] >= 1.5 * _YEAR and len(starts) * hours >= 0.8 * since[-1]:
        turn = 2 * np.pi * since / _YEAR
        parts += [np.column_stack([np.sin(k * turn), np.cos(k * turn)]) for k in (1, 2)]
    return joint.basis(np.hstack([*parts, market.measured.values])[market.known])


def _dummies(of: npt.ArrayLike) -> Floats:
    levels, which = np.unique(np.asarray(of), return_inverse=True)
    return np.eye(len(levels))[which][:, 1:]


def _fitted(
    asked: CurvesDefinition, given: Report, market: Market, controls: Floats, used: list[int], wanted: list[str]
) -> dict[str, Estimate]:
    revenue, spend = market.revenue[market.known], market.spend[market.known][:, used]
    run = runs(market.starts, given.hours)[market.known]
    fits = {form: joint.fit(form, revenue, spend, controls, run) for form in FORMS}
    least = max(min(f.rss for f in fits.values()), np.finfo(float).tiny)
    # All forms have as many parameters, so AICc differs by the log residual sum of squares alone.
    apart = {form: len(revenue) * float(np.log(max(f.rss, least) / least)) for form, f in fits.items()}
    form = preferred(apart) if asked.form == "auto" else asked.form
    rng = np.random.default_rng(asked.seed)
    shaken = joint.noise(fits[form], revenue, asked.draws, rng)
    drawn = joint.draw(fits[form], spend, controls, shaken, run)
    near = [f for f in fits if f == form or apart[f] <= MOST_APART]
    at = {market.channels[k]: i for i, k in enumerate(used)}
    curves = {c: _curve(given, market, fits[form], c, i, drawn) for c, i in at.items()}
    # A fit in which the channels may bring more than all there is has not told them from demand, or each other.
    if interval(np.sum([c.total_draws() for c in curves.values()], axis=0))[1] > revenue.sum():
        return _none(given, dict.fromkeys(wanted, "unbounded"))
    total = float(np.sum((revenue - revenue.mean()) ** 2))
    out = {}
    for channel in wanted:
        curve = curves[channel]
        if not interval(curve.total_draws())[1] > 0:
            out[channel] = missing(given.of(channel), "none", "no-signal")
            continue
        out[channel] = Estimate(
            own=given.of(channel),
            source="joint",
            curve=curve,
            rivals=tuple(_curve(given, market, fits[f], channel, at[channel]) for f in near),
            r_squared=1 - fits[form].rss / total,
            alike=_alike(market, channel),
            notes=(*market.notes, *market.measured.notes()),
        )
    return out


def _curve(
    given: Report,
    market: Market,
    found: joint.JointFit,
    channel: str,
    i: int,
    drawn: tuple[Floats, Floats, Floats] | None = None,
) -> Curve:
    """Make a channel's curve of the joint fit; phases add to revenue there, so no multiplier differs from 1."""
    point = (found.adstock[None], found.half[None], found.ceiling[None])
    adstock, half, ceiling = (part[:, i] for part in (drawn or point))
    phases = list(dict.fromkeys(market.phase))
    free = max(int(market.known.sum()) - found.parameters, 1)
    level = float(market.revenue[market.known].mean())
    return Curve(
        channel=channel,
        source="joint",
        form=found.form,
        ceiling=float(found.ceiling[i]),
        half_saturation=float(found.half[i]),
        draws=np.column_stack([ceiling, half]),
        spend=market.spend[:, market.channels.index(channel)],
        starts=market.starts,
        period_hours=given.hours,
        phase=pd.Categorical(list(market.phase), categories=phases).codes.astype(int),
        phase_multipliers=dict.fromkeys(phases, 1.0),
        multiplier_draws=np.ones((len(half), len(phases))),
        sigma=float(np.sqrt(np.log1p(found.rss / free / level**2))),
        adstock=float(found.adstock[i]),
        adstock_draws=adstock,
    )


def _alike(market: Market, channel: str) -> tuple[str, float] | None:
    """Return the channel whose spend moves most like this one's, with the correlation."""
    moving = [k for k in range(len(market.channels)) if market.spend[:, k].std() > 0]
    own = market.channels.index(channel)
    pairs = [
        (market.channels[k], float(np.corrcoef(market.spend[:, k], market.spend[:, own])[0, 1]))
        for k in moving
        if k != own
    ]
    return max(pairs, key=lambda pair: pair[1], default=None)


# ---- the words --------------------------------------------------------------------------------------------


def notes(found: list[Estimate]) -> list[Note]:
    """Say what a joint fit rests on, and how far channels' spend moves together."""
    own = [e for e in found if e.source == "joint" and e.curve]
    names = Names(tuple(str(e.own["channel"].iloc[0]) for e in own), "channel")
    return [Note("joint-fit", _rests(own, names), "warning")]


def _rests(own: list[Estimate], names: Names) -> Message:
    pairs = [(str(e.own["channel"].iloc[0]), *e.alike) for e in own if e.alike]
    if not pairs:
        return say(
            "{channels}: no attributed revenue, so the curve is fitted to the revenue of all orders, beside trend, "
            "weekday and phase. Whatever moved with the spend and is not among these is taken for its effect.",
            channels=names,
        )
    one, other, most = max(pairs, key=lambda pair: pair[2])
    return say(
        "{channels}: no attributed revenue, so the curves are fitted together to the revenue of all orders, beside "
        "trend, weekday and phase. Spend of {one} and {other} moves together most (correlation {most}); the closer "
        "to 1, the less their effects can be told apart.",
        channels=names,
        one=Name(one, "channel"),
        other=Name(other, "channel"),
        most=most,
    )
