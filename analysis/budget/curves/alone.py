"""Fit one channel to the revenue that its platform attributes to it."""

from __future__ import annotations

import zlib
from dataclasses import dataclass, replace

import numpy as np
from scipy.special import ndtr, ndtri

from analysis.arrays import Bools, Floats, Ints
from analysis.budget.curves import demand
from analysis.budget.curves.attributed import Posterior, posterior
from analysis.budget.curves.carry import runs
from analysis.budget.curves.curve import Curve, interval
from analysis.budget.curves.definition import CurvesDefinition
from analysis.budget.curves.estimate import FEWEST, FLATTEST, Check, Estimate
from analysis.budget.curves.lift import Lift
from analysis.budget.curves.panel import Panel

TRACE = 0.01
"""Share of the median spend up to which a period counts as without: what it earns is left over from others."""
LAST = 0.2
"""Share of the periods that are predicted from those before."""


@dataclass(frozen=True, slots=True)
class Channel:
    """One channel's periods, and what else moves its revenue.

    Parameters
    ----------
    name : str
    spend : ndarray, shape (periods,)
        Filled where unknown, see :class:`analysis.budget.curves.curve.Curve`; no credit makes it negative.
    revenue : ndarray, shape (periods,)
    known : ndarray of bool, shape (periods,)
        Whether spend is known and taken at its word.
    used : ndarray of bool, shape (periods,)
        Periods that are fitted: there is spend that is taken at its word, and revenue.
    run : ndarray of int, shape (periods,)
    events : Events
    measured : ndarray, shape (periods, controls)
    panel : Panel
    hours : float
    """

    name: str
    spend: Floats
    revenue: Floats
    known: Bools
    used: Bools
    run: Ints
    events: demand.Events
    measured: Floats
    panel: Panel
    hours: float

    @classmethod
    def of(
        cls, panel: Panel, k: int, events: demand.Events, measured: Floats, hours: float, factor: float = 1.0
    ) -> Channel:
        """Return the panel's channel `k`, its claims scaled."""
        revenue, run = factor * panel.revenue[:, k], runs(panel.starts, hours)
        spend, known = taken(panel, k)
        own = cls(panel.channels[k], spend, revenue, known, known, run, events, measured, panel, hours)
        return replace(own, used=own._fit())

    def _fit(self) -> Bools:
        k, above = self.panel.channels.index(self.name), self.spend[self.known & (self.spend > 0)]
        busy = self.spend > TRACE * (np.median(above) if len(above) else np.inf)
        return self.known & busy & ~(self.panel.credit[:, k] | self.panel.unripe) & np.isfinite(self.revenue)

    def with_suspects(self) -> Channel:
        """Return it with what looks like slips of the hand taken at its word."""
        spend = self.panel.spend[:, self.panel.channels.index(self.name)]
        own = replace(self, spend=filled(spend), known=np.isfinite(spend))
        return replace(own, used=own._fit())

    @property
    def controls(self) -> demand.Multiplying:
        """What multiplies its revenue."""
        return demand.multiplying(self.panel.phase, self.events, self.measured, self.used)

    @property
    def hindrance(self) -> str | None:
        """What keeps it from being fitted, if anything does."""
        if not self.spend[self.known].sum() > 0:
            return "no-spend"
        if self.known.sum() == 1:
            return "one-period"
        if not np.nansum(self.revenue[self.used]) > 0:
            return "no-revenue"
        held = self.controls.columns[self.used]
        if self.used.sum() < FEWEST + held.shape[1] - 1:
            return "few-periods"
        levels = np.log(self.spend[self.used])
        left = levels - held @ np.linalg.lstsq(held, levels, rcond=None)[0]
        return "no-variation" if left.std() < FLATTEST else None


def taken(panel: Panel, k: int) -> tuple[Floats, Bools]:
    """Return the spend of channel `k`, filled where it is unknown or looks like a slip, and where it is neither."""
    spend = np.where(panel.suspect[:, k], np.nan, panel.spend[:, k])
    return filled(spend), np.isfinite(spend)


def filled(spend: Floats) -> Floats:
    """Return spend with what is unknown at the average of what is known, and no period below zero."""
    known = np.isfinite(spend)
    return np.maximum(np.where(known, spend, spend[known].mean() if known.any() else 0.0), 0.0)


def estimate(asked: CurvesDefinition, own: Channel, lifts: tuple[Lift, ...]) -> Estimate:
    """Estimate one channel's curve from what its platform claims."""
    k = own.panel.channels.index(own.name)
    found = Estimate(
        channel=own.name,
        source="attributed",
        periods=int(own.known.sum()),
        spend=float(np.nansum(own.panel.spend[:, k])),
        revenue=float(np.nansum(own.revenue)),
    )
    if reason := own.hindrance:
        return replace(found, reason=reason)
    curve, drawn = _fitted(asked, own)
    revenue = own.revenue[own.used]
    left, spread = revenue - drawn.fitted, revenue - revenue.mean()
    suspect = bool((own.panel.suspect[:, k] & np.isfinite(own.revenue)).any())
    plain = own.known & np.isfinite(own.revenue) & ~own.panel.credit[:, k] & ~own.panel.unripe
    return replace(
        found,
        curve=_tested(curve, lifts),
        r_squared=1 - float(left @ left) / float(spread @ spread) if spread.any() else None,
        idle=float(own.revenue[plain & ~own.used].sum()),
        doubted=_doubted(asked, own.with_suspects()) if suspect else None,
        check=_check(asked, own, curve),
    )


def _fitted(asked: CurvesDefinition, own: Channel, draws: int | None = None) -> tuple[Curve, Posterior]:
    moving = own.controls
    controls = moving.columns
    # A channel has its own stream of random numbers: what else is in the report does not change its interval.
    rng = np.random.default_rng([asked.seed, zlib.crc32(own.name.encode())])
    used = np.flatnonzero(own.used)
    drawn = posterior(
        asked.form, own.spend, own.revenue[used], controls[used], rng,
        used=used, run=own.run, draws=draws or asked.draws,
    )  # fmt: skip
    levels, which = np.unique(controls, axis=0, return_inverse=True)
    usual = np.exp(drawn.coefficient[:, 0])
    names = dict.fromkeys(own.panel.phase)
    phases, peaks = ({name: np.exp(drawn.coefficient[:, k]) for name, k in of.items()}
                     for of in (moving.phases, moving.events))  # fmt: skip
    one = np.ones(len(usual))
    curve = Curve(
        channel=own.name,
        source="attributed",
        tested=False,
        form=drawn.curves.form[drawn.chosen],
        adstock=drawn.curves.adstock[drawn.chosen],
        half=drawn.curves.half[drawn.chosen],
        ceiling=usual,
        spend=own.spend,
        counted=own.known & (own.spend > 0),  # claims of days without spend are not fitted, so none are expected
        starts=own.panel.starts,
        period_hours=own.hours,
        phase=own.panel.phase,
        level=which.ravel(),
        demand=np.exp(drawn.coefficient @ levels.T) / usual[:, None],
        phases={name: phases.get(name, one) for name in names},
        peaks=peaks,
        sigma=float(np.sqrt(np.log1p(np.mean(drawn.sigma**2)))),  # a log-normal of mean 1 with this variance
        rho=float(drawn.rho.mean()),
    )
    return curve, drawn


def _tested(curve: Curve, lifts: tuple[Lift, ...]) -> Curve:
    """Return a curve of claims brought to what experiments measured: the ratio of the two is drawn for each draw."""
    if not lifts:
        return curve
    claimed = np.stack([curve.brought_by(one.more) - curve.brought_by(one.less) for one in lifts])
    precise = np.array([one.error for one in lifts])[:, None] ** -2.0
    seen = np.array([one.seen for one in lifts])[:, None]
    weight = (claimed**2 * precise).sum(axis=0)
    mean, error = (claimed * seen * precise).sum(axis=0) / weight, weight**-0.5
    spread = np.random.default_rng(len(mean)).permutation((np.arange(len(mean)) + 0.5) / len(mean))
    below = ndtr(-mean / error)
    ratio = mean + error * ndtri(below + spread * (1 - below))
    return replace(curve, tested=True, ceiling=curve.ceiling * ratio)


def _doubted(asked: CurvesDefinition, own: Channel) -> tuple[float, float, float]:
    margins = _fitted(asked, own)[0].next_unit_draws()
    return float(margins.mean()), *interval(margins)


def parted(panel: Panel, used: Ints, controls: Floats) -> tuple[Ints, Ints]:
    """Return the first periods of each phase, and those of its last that can be predicted from them.

    A period can be predicted if whatever moves it was seen before: its phase, its day with a name.
    """
    phase = np.array(panel.phase)[used]
    last = np.zeros(len(used), bool)
    for name in dict.fromkeys(phase):
        own = np.flatnonzero(phase == name)
        last[own[len(own) - round(LAST * len(own)) :]] = True
    first, rest = used[~last], used[last]
    unseen = ~controls[first].any(axis=0)
    return first, rest[~controls[rest][:, unseen].any(axis=1)]


def _check(asked: CurvesDefinition, own: Channel, curve: Curve) -> Check | None:
    """Fit the first periods of each phase, and predict the rest."""
    first, rest = parted(own.panel, np.flatnonzero(own.used), own.controls.columns)
    early = replace(own, used=np.isin(np.arange(len(own.used)), first))
    if not len(rest) or early.hindrance:
        return None
    before = _fitted(asked, early, min(asked.draws, 200))[0]
    said = before.periods().mean(axis=0)[rest]
    plain = own.spend[rest] * own.revenue[first].sum() / own.spend[first].sum()
    seen, unit = own.revenue[rest], own.revenue[rest].mean()
    low, high = interval(before.next_unit_draws())
    now = curve.next_unit()
    return Check(
        len(rest),
        float(np.abs(said - seen).mean() / unit),
        float(np.abs(plain - seen).mean() / unit),
        () if low <= now <= high else ((own.name, low, high, now),),
    )
