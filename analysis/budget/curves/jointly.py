"""What do channels bring, by the revenue of all orders? Fitted together, beside all else that moves revenue."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from analysis.answer import Note
from analysis.arrays import Bools, Floats, Ints
from analysis.budget.curves import demand
from analysis.budget.curves.alone import parted, taken
from analysis.budget.curves.candidates import Candidates, Region, candidates
from analysis.budget.curves.carry import runs
from analysis.budget.curves.curve import Curve, interval
from analysis.budget.curves.definition import CurvesDefinition
from analysis.budget.curves.estimate import FEWEST, FLATTEST, Check, Estimate, Twin
from analysis.budget.curves.lift import Lift, change, lifts
from analysis.budget.curves.measured import Measured, measured
from analysis.budget.curves.panel import Panel
from analysis.budget.curves.report import Report, realised, report
from analysis.budget.curves.sampler import CONVERGED, ROUNDS, Sample, Test, sample, scale
from analysis.purchases import source_of
from analysis.tables import Tables

_MARGIN = 10
"""Periods that must be left once every parameter has taken one."""
ALIKE = -0.8
"""Correlation of two contributions below which their channels cannot be told apart, and less that of two channels'
spend above which that is why searches do not agree."""
SAME = 0.999
"""Correlation of two channels' spend from which on nothing in the data is of one of them alone."""
HIDDEN = 1.0
"""How much of what drives a tested channel's spend may be demand that nobody sees: the standard deviation of the prior
of its slope on log spend, in standard deviations of the noise. Only an experiment can tell it from an effect, so it is
allowed for where there is one."""

SPREAD = 0.9
"""How far apart channels' marginal returns are before the data: the standard deviation of their logs. Were each
channel's return judged as if there were no others, the best of several would be so by luck as often as by merit, and
plans would promise twice what they bring."""
_WORTHLESS = 1e-3
"""Of the average return: what a smaller one counts as."""


@dataclass(frozen=True, kw_only=True)
class Market:
    """Total revenue and every channel's spend, period by period.

    Parameters
    ----------
    panel : Panel
        Of all channels.
    hours : float
    spend : ndarray, shape (periods, channels)
        Filled where unknown.
    revenue : ndarray, shape (periods,)
    known : ndarray of bool, shape (periods,)
        Periods that are fitted: every channel's spend is known and taken at its word, and there were orders before
        and after.
    events : Events
    measured : Measured
        What else was measured, period by period.
    controls : ndarray, shape (periods, controls)
        What adds to revenue.
    notes : tuple of Note
        What of the revenue is in other currencies.
    """

    panel: Panel
    hours: float
    spend: Floats
    revenue: Floats
    known: Bools
    events: demand.Events
    measured: Measured
    controls: Floats
    notes: tuple[Note, ...] = ()

    @property
    def run(self) -> Ints:
        """Unbroken stretch each period belongs to."""
        return runs(self.panel.starts, self.hours)


def estimates(asked: CurvesDefinition, tables: Tables, given: Report, wanted: list[str]) -> dict[str, Estimate]:
    """Estimate the wanted channels' curves together.

    Every channel of the report is in the fit, those with claims too: they earn part of the revenue explained.
    """
    laid = given.panel()
    none = {c: _none(laid, c) for c in wanted}
    reasons = {c: "no-spend" for c in wanted if not none[c].spend > 0}
    if len(reasons) == len(wanted):
        return _refused(none, reasons)
    if len(laid.starts) == 1:
        return _refused(none, dict.fromkeys(wanted, "one-period") | reasons)
    market = _market(asked, tables, given)
    if isinstance(market, str):
        return _refused(none, dict.fromkeys(wanted, market) | reasons)
    used = [k for k in range(len(market.panel.channels)) if _hindrance(market, k) is None]
    hindered = {c: _hindrance(market, market.panel.channels.index(c)) for c in wanted}
    reasons |= {c: why for c, why in hindered.items() if why and c not in reasons}
    if market.measured.names and not _room(market, used):
        market = _with_controls(tables, replace(market, measured=market.measured.without()))
    if not used or not _room(market, used):
        return _refused(none, dict.fromkeys(wanted, "few-periods") | reasons)
    left = [c for c in wanted if c not in reasons]
    return _refused(none, reasons) | _fitted(asked, tables, market, used, {c: none[c] for c in left})


def _none(laid: Panel, channel: str) -> Estimate:
    k = laid.channels.index(channel)
    claims = np.isfinite(laid.revenue[:, k])
    return Estimate(
        channel=channel,
        source="none",
        periods=int(np.isfinite(laid.spend[:, k]).sum()),
        spend=float(np.nansum(laid.spend[:, k])),
        revenue=float(laid.revenue[claims, k].sum()) if claims.any() else float("nan"),
    )


def _refused(none: dict[str, Estimate], reasons: dict[str, str]) -> dict[str, Estimate]:
    return {c: replace(none[c], reason=why) for c, why in reasons.items()}


def _room(market: Market, used: list[int]) -> bool:
    """Say whether enough periods are left once every parameter has taken one."""
    return bool(market.known.sum() >= market.controls.shape[1] + 3 * len(used) + _MARGIN)


def _market(asked: CurvesDefinition, tables: Tables, given: Report) -> Market | str:
    """Lay spend and orders out period by period, or name what keeps that from being done."""
    if not source_of(tables, buyers=False).orders:
        return "no-orders"
    where = asked.where
    whole = report(tables, where.replace(channel=()), given.currency) if where and where.channel else given
    laid = whole.panel()
    if laid.overlap:
        return "overlap"
    revenue, told = realised(tables, where, given.currency, laid.starts, laid.ends)
    observed = tables.span("orders")
    if observed is None or not revenue.sum() > 0:
        return "no-orders"
    first, last = (np.datetime64(moment, "us") for moment in observed)
    plain = ~(laid.credit | laid.suspect).any(axis=1)
    known = (laid.ends > first) & (laid.starts <= last) & laid.known & plain
    return _with_controls(
        tables,
        Market(
            panel=laid,
            hours=given.hours,
            spend=np.stack([taken(laid, k)[0] for k in range(len(laid.channels))], axis=1),
            revenue=revenue,
            known=known,
            events=demand.events(tables, laid.starts, laid.ends),
            measured=measured(tables, laid.starts, laid.ends, known),
            controls=np.zeros((len(revenue), 0)),
            notes=told,
        ),
    )


def _with_controls(tables: Tables, market: Market) -> Market:
    laid = market.panel
    return replace(market, controls=demand.adding(
        tables, laid.starts, market.hours, laid.phase, market.events, market.measured.values, market.known
    ))  # fmt: skip


def _hindrance(market: Market, k: int) -> str | None:
    spend = market.spend[market.known, k]
    if (spend > 0).sum() < FEWEST:
        return "few-periods"
    return "no-variation" if spend.std() < FLATTEST * spend.mean() else None


# ---- the fit ----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Fit:
    """A sample, and the candidates it chose from, by the channel's place among those used."""

    curves: list[Candidates]
    drawn: Sample


def _sampled(
    asked: CurvesDefinition,
    market: Market,
    used: list[int],
    known: Bools,
    tested: Sequence[Lift] = (),
    turns: Sequence[int] = (1, ROUNDS),
) -> _Fit:
    """Draw curves: first from a coarse grid over everything, then from a fine one around what was found.

    `turns` says how many rounds each grid is given at most.
    """
    at, spend, run = np.flatnonzero(known), market.spend[:, used], market.run
    stretch = np.cumsum(np.concatenate([[0], (np.diff(at) > 1) | (run[at][1:] != run[at][:-1])]))
    controls, held_back = _controls(market, used, at, tested)
    names = [market.panel.channels[k] for k in used]
    rng = np.random.default_rng(asked.seed)
    regions = [Region.of(own) for own in spend.T]
    fit = None
    for rounds in turns:
        curves = [candidates(asked.form, own, run, region) for own, region in zip(spend.T, regions, strict=True)]
        tests = [Test(names.index(one.channel), change(one, curves[names.index(one.channel)], run), one.seen, one.error)
                 for one in tested]  # fmt: skip
        drawn = sample(
            market.revenue[at], curves, controls, rng, held_back=held_back, known=at, run=stretch,
            parts=spend[at].sum(axis=0) / spend[at].sum(), tests=tests, rounds=rounds,
        )  # fmt: skip
        fit = _Fit(curves, drawn)
        regions = [
            region.around(own.adstock[picked], own.half[picked])
            for region, own, picked in zip(regions, curves, drawn.chosen.T, strict=True)
        ]
    assert fit is not None
    return fit


def _controls(market: Market, used: list[int], at: Ints, tested: Sequence[Lift]) -> tuple[Floats, Floats]:
    """Return the controls of the periods fitted, and how far each is held back.

    For a tested channel, the log of its spend stands for demand that nobody sees and that drives its spend; periods
    without spend say nothing of it.
    """
    plain = market.controls[at]
    hidden = []
    for channel in dict.fromkeys(one.channel for one in tested):
        spend = market.spend[at, market.panel.channels.index(channel)]
        on = spend > 0
        logs = np.log(np.where(on, spend, 1.0))
        spread = logs[on].std()
        hidden.append(np.where(on, logs - logs[on].mean(), 0.0) / (spread or 1.0))
    if not hidden:
        return plain, np.zeros(plain.shape[1])
    held_back = np.concatenate([np.zeros(plain.shape[1]), np.full(len(hidden), 1 / HIDDEN)])
    return np.column_stack([plain, *hidden]), held_back


def _fitted(
    asked: CurvesDefinition, tables: Tables, market: Market, used: list[int], none: dict[str, Estimate]
) -> dict[str, Estimate]:
    laid = market.panel
    tested = [
        one
        for k in used
        for one in lifts(tables, laid.channels[k], market.spend[:, k], laid.starts, laid.ends)
    ]  # fmt: skip
    fit = _sampled(asked, market, used, market.known, tested)
    at = {laid.channels[k]: i for i, k in enumerate(used)}
    r_hat = {c: float(fit.drawn.r_hat[i]) for c, i in at.items()}
    picked = _picked(asked.draws, market, used, fit)
    curves = {c: _curve(market, fit, c, i, picked, tested) for c, i in at.items()}
    revenue = market.revenue[market.known]
    noise = float(np.mean(fit.drawn.sigma**2 / (1 - fit.drawn.rho**2)))
    checked = _check(asked, market, used, {c: own for c, own in curves.items() if r_hat[c] <= CONVERGED})
    prior = _prior(market, used)
    out = {}
    for channel, own in none.items():
        curve, alike = curves[channel], _alike(market, channel)
        same = alike is not None and alike[1] >= SAME
        if same or r_hat[channel] > CONVERGED:
            why = "alike" if alike and alike[1] >= -ALIKE else "not-converged"
            twin = _twin(channel, curves) if why == "alike" else None
            out[channel] = replace(own, r_hat=r_hat[channel], reason=why, twin=twin)
            continue
        out[channel] = replace(
            own,
            source="joint",
            curve=curve,
            r_squared=max(0.0, 1 - noise / float(revenue.var())) if revenue.std() > 0 else None,
            r_hat=r_hat[channel],
            learnt=1 - float(curve.total_draws().std()) / prior[at[channel]],
            alike=alike,
            twin=_twin(channel, curves),
            check=checked,
            notes=(*market.notes, *market.measured.notes()),
        )
    return out


def _prior(market: Market, used: list[int]) -> Floats:
    """Return the standard deviation of each channel's contribution before the data: of a half-normal distribution."""
    spend = market.spend[market.known][:, used].sum(axis=0)
    periods = np.isfinite(market.panel.spend[:, used]).sum(axis=0)
    mean = float(market.revenue[market.known].mean())
    return np.asarray(scale(spend / spend.sum()) * mean * periods * np.sqrt(1 - 2 / np.pi))


def _picked(draws: int, market: Market, used: list[int], fit: _Fit) -> Ints:
    """Return which draws curves are made of: the oftener, the less the channels' marginal returns are apart.

    A prior that holds for the channels together is a weight of the draws: those drawn without it are drawn anew.
    """
    at, drawn = market.known, fit.drawn
    per_ceiling = [own.rise[:, at].mean(axis=1) / market.spend[at, k].mean()
                   for own, k in zip(fit.curves, used, strict=True)]  # fmt: skip
    returns = drawn.ceiling * np.stack([own[c] for own, c in zip(per_ceiling, drawn.chosen.T, strict=True)], axis=1)
    logs = np.log(np.maximum(returns, _WORTHLESS * returns.mean()))
    apart = ((logs - logs.mean(axis=1, keepdims=True)) ** 2).sum(axis=1)
    edges = np.cumsum(np.exp(-0.5 * (apart - apart.min()) / SPREAD**2))
    return np.asarray(np.searchsorted(edges, edges[-1] * (np.arange(draws) + 0.5) / draws), np.int64)


def _curve(market: Market, fit: _Fit, channel: str, i: int, picked: Ints, tested: Sequence[Lift]) -> Curve:
    """Make a channel's curve of draws picked; phases add to revenue, so no demand differs from the usual."""
    laid, drawn = market.panel, fit.drawn
    own, chosen = fit.curves[i], drawn.chosen[picked, i]
    k, one = laid.channels.index(channel), np.ones(len(picked))
    level = float(market.revenue[market.known].mean())
    spread = drawn.sigma**2 / (1 - drawn.rho**2)
    return Curve(
        channel=channel,
        source="joint",
        tested=any(test.channel == channel for test in tested),
        form=own.form[chosen],
        adstock=own.adstock[chosen],
        half=own.half[chosen],
        ceiling=drawn.ceiling[picked, i],
        spend=market.spend[:, k],
        counted=taken(laid, k)[1],
        starts=laid.starts,
        period_hours=market.hours,
        phase=laid.phase,
        level=np.zeros(len(laid.starts), np.int64),
        demand=one[:, None],
        phases=dict.fromkeys(laid.phase, one),
        peaks={},
        sigma=float(np.sqrt(np.log1p(spread.mean() / level**2))),
        rho=float(drawn.rho.mean()),
    )


def _alike(market: Market, channel: str) -> tuple[str, float] | None:
    """Return the channel whose spend moves most like this one's, with the correlation."""
    names, spend = market.panel.channels, market.spend
    own = names.index(channel)
    pairs = [
        (names[k], float(np.corrcoef(spend[:, k], spend[:, own])[0, 1]))
        for k in range(len(names))
        if k != own and spend[:, k].std() > 0
    ]
    return max(pairs, key=lambda pair: pair[1], default=None)


def _twin(channel: str, curves: dict[str, Curve]) -> Twin | None:
    """Return the channel from which this one cannot be told apart: what one has the other lacks."""
    own = curves[channel].total_draws()
    others = [(c, curve.total_draws()) for c, curve in curves.items() if c != channel]
    near = [(c, drawn, float(np.corrcoef(own, drawn)[0, 1])) for c, drawn in others if own.std() > 0 < drawn.std()]
    found = min(near, key=lambda each: each[2], default=None)
    if found is None or found[2] > ALIKE:
        return None
    both = own + found[1]
    return Twin(found[0], found[2], (float(both.mean()), *interval(both)))


def _check(asked: CurvesDefinition, market: Market, used: list[int], curves: dict[str, Curve]) -> Check | None:
    """Fit the first periods of each phase, and predict the rest."""
    first, rest = parted(market.panel, np.flatnonzero(market.known), market.controls)
    known = np.isin(np.arange(len(market.known)), first)
    kept = demand.independent(market.controls[known])
    early = replace(market, known=known, controls=market.controls[:, kept])
    if not len(rest) or not _room(early, used) or any(_hindrance(early, k) for k in used):
        return None
    fit = _sampled(asked, early, used, known, turns=(1,))  # the coarse grid predicts as well
    names = [market.panel.channels[k] for k in used]
    picked = _picked(200, early, used, fit)
    before = {c: _curve(early, fit, c, i, picked, ()) for i, c in enumerate(names)}
    media = np.sum([curve.periods().mean(axis=0) for curve in before.values()], axis=0)
    level = np.linalg.lstsq(early.controls[first], market.revenue[first] - media[first], rcond=None)[0]
    said = media[rest] + early.controls[rest] @ level
    spend = market.spend[:, used].sum(axis=1)
    plain = spend[rest] * market.revenue[first].sum() / spend[first].sum()
    seen = market.revenue[rest]
    moved = []
    for channel, now in ((c, own.next_unit()) for c, own in curves.items()):
        low, high = interval(before[channel].next_unit_draws())
        if not low <= now <= high:
            moved.append((channel, low, high, now))
    unit = float(seen.mean()) or 1.0
    return Check(len(rest), float(np.abs(said - seen).mean()) / unit, float(np.abs(plain - seen).mean()) / unit,
                 tuple(moved))  # fmt: skip
