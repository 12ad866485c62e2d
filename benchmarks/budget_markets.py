"""Markets whose truth is known, made without any of the estimator's code: reports, orders, peak days and experiments.

Shapes, carry-over and noise are written here anew. Spend begins before the first day of a report, as it does in life:
what it leaves is in the revenue and in no row.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from analysis.arrays import Floats
from analysis.records import CalendarDay, LiftTest
from analysis.tables import Tables
from analysis.values import Campaign, Phase

SHAPES: Mapping[str, Callable[[Floats], Floats]] = {
    "hyperbolic": lambda u: u / (1 + u),
    "exponential": lambda u: 1 - 2.0**-u,
    "logistic": lambda u: (3**u - 1) / (3**u + 1),
    "logarithmic": lambda u: np.log(1 + u),
}
BEFORE = 40
"""Periods of spend before the first that is reported."""
WEEKS, DAYS = 104, 56
PAUSED = slice(40, 44)
"""Weeks in which an experiment pauses a channel."""
_STEP = 1e-4


@dataclass(frozen=True)
class Planted:
    """A channel's true curve: what a period brings is ceiling * shape(carried spend / half)."""

    shape: str
    adstock: float
    half: float
    ceiling: float

    def brings(self, spend: Floats) -> Floats:
        """Return what each period reported brings, given spend from before the first on."""
        return (self.ceiling * SHAPES[self.shape](carried(spend, self.adstock) / self.half))[BEFORE:]


@dataclass(frozen=True)
class Market:
    """A market: what is told of it, and what is true.

    Parameters
    ----------
    tables : Tables
    channels : tuple of str
    curves : tuple of Planted
    spend : ndarray, shape (periods, channels)
        As reported.
    contribution, marginal : ndarray, shape (channels,)
        The truth.
    """

    tables: Tables
    channels: tuple[str, ...]
    curves: tuple[Planted, ...]
    spend: Floats
    contribution: Floats
    marginal: Floats


def carried(spend: Floats, adstock: float) -> Floats:
    """Return spend of which each period leaves a share to the next."""
    left, out = spend[0], np.empty(len(spend))
    for t, own in enumerate(spend):
        left = adstock * left + (1 - adstock) * own
        out[t] = left
    return out


def following(rng: np.random.Generator, size: int, rho: float) -> Floats:
    """Return standard normal noise of which each follows the one before."""
    fresh = rng.standard_normal(size)
    for t in range(1, size):
        fresh[t] = rho * fresh[t - 1] + np.sqrt(1 - rho**2) * fresh[t]
    return fresh


def true_figures(curve: Planted, spend: Floats, demand: Floats | float = 1.0) -> tuple[float, float]:
    """Return a channel's contribution, and what the next unit brings if spend grows in proportion."""
    now, more, less = (float((demand * curve.brings(k * spend)).sum()) for k in (1, 1 + _STEP, 1 - _STEP))
    return now, (more - less) / (2 * _STEP) / float(spend[BEFORE:].sum())


# ---- by total revenue -------------------------------------------------------------------------------------


def weekly(
    rng: np.random.Generator, *, always_on: bool = False, hidden: bool = False, tests: bool = False, channels: int = 3
) -> Market:
    """Return two years of weeks.

    Parameters
    ----------
    rng : Generator
    always_on : bool
        No channel ever pauses; else each does in a fifth of the weeks.
    hidden : bool
        Demand that nobody sees, AR(.5), raises both spend and sales.
    tests : bool
        One experiment a channel, four weeks long, with a standard error of a fifth of its effect.
    """
    unseen = following(rng, BEFORE + WEEKS, 0.5)
    spend, curves = np.empty((BEFORE + WEEKS, channels)), []
    for k in range(channels):
        level = rng.uniform(100, 400)
        wobble = rng.uniform(0.3, 0.6) * rng.standard_normal(len(spend)) + 0.3 * hidden * unseen
        on = np.ones(len(spend), bool) if always_on else rng.random(len(spend)) > 0.2
        on[BEFORE:][PAUSED] |= tests  # only what runs can be paused
        spend[:, k] = level * np.exp(wobble) * on
        curves.append(_curve(rng, level, (0.0, 0.6), (-0.7, 0.7)))
    spend = spend.round(2)
    media = sum(curve.brings(own) for curve, own in zip(curves, spend.T, strict=True))
    t = np.arange(WEEKS)
    base = np.mean(media) * rng.uniform(1, 2)
    level = base * (1 + 0.1 * t / WEEKS + 0.08 * np.sin(2 * np.pi * t * 7 / 365.25))
    revenue = level + media + 0.08 * base * hidden * unseen[BEFORE:]
    revenue = revenue + 0.05 * revenue.mean() * rng.standard_normal(WEEKS)
    records = [_paused(rng, f"c{k}", c, spend[:, k]) for k, c in enumerate(curves)] if tests else []
    starts = pd.date_range("2024-01-01", periods=WEEKS, freq="7D", unit="us")
    return _joint(starts, 7, spend, curves, revenue, records)


def daily(rng: np.random.Generator, channels: int = 3) -> Market:
    """Return 56 days of a campaign with phases, weekends and two peak days that were written down."""
    plan, phase, peak = _plan()
    before = np.full(BEFORE, plan[0])
    spend, curves = np.empty((BEFORE + DAYS, channels)), []
    for k in range(channels):
        level = rng.uniform(100, 400)
        wobble = np.exp(0.45 * rng.standard_normal(len(spend))) * (rng.random(len(spend)) > 0.06)
        spend[:, k] = level * np.concatenate([before, plan]) * wobble
        curves.append(_curve(rng, level, (0.0, 0.4), (-0.5, 1.0)))
    spend = spend.round(2)
    media = sum(curve.brings(own) for curve, own in zip(curves, spend.T, strict=True))
    weekend = 1 + 0.1 * np.isin(np.arange(DAYS) % 7, (5, 6))
    base = np.mean(media) * rng.uniform(0.7, 1.5) * weekend * DEMAND[phase] * (1 + peak)
    revenue = base + media + 0.1 * np.mean(media) * rng.standard_normal(DAYS)
    return _joint(_DAYS, 1, spend, curves, revenue, [PEAK], CAMPAIGN)


def _curve(
    rng: np.random.Generator, level: float, adstock: tuple[float, float], log_half: tuple[float, float]
) -> Planted:
    half, shape = level * np.exp(rng.uniform(*log_half)), str(rng.choice(list(SHAPES)))
    ceiling = level * rng.uniform(3, 8) / (1.5 if shape == "logarithmic" else 1.0)
    return Planted(shape, rng.uniform(*adstock), float(half), ceiling)


def _paused(rng: np.random.Generator, channel: str, curve: Planted, spend: Floats) -> LiftTest:
    without = spend.copy()
    without[BEFORE:][PAUSED] = 0
    effect = float((curve.brings(spend) - curve.brings(without)).sum())
    days = pd.date_range("2024-01-01", periods=WEEKS + 1, freq="7D").date
    return LiftTest(
        channel=channel,
        start=days[PAUSED.start].isoformat(),
        end=(days[PAUSED.stop] - pd.Timedelta(days=1)).isoformat(),
        spend_change=-float(spend[BEFORE:][PAUSED].sum()),
        sales_change=-effect * (1 + 0.2 * rng.standard_normal()),
        error=0.2 * effect,
    )


def _joint(
    starts: pd.DatetimeIndex,
    days: int,
    spend: Floats,
    curves: Sequence[Planted],
    revenue: Floats,
    records: Sequence[LiftTest | CalendarDay],
    campaign: Campaign | None = None,
) -> Market:
    names = tuple(f"c{k}" for k in range(len(curves)))
    at = starts + pd.Timedelta(hours=12)
    orders = pd.DataFrame({"order_id": [str(n) for n in range(len(at))], "timestamp": at, "paid_at": at,
                           "revenue": revenue, "currency": "CNY"})  # fmt: skip
    report = pd.concat([_rows(starts, days, name, own[BEFORE:]) for name, own in zip(names, spend.T, strict=True)])
    truth = np.array([true_figures(curve, own) for curve, own in zip(curves, spend.T, strict=True)])
    tables = Tables(spend=report, orders=orders, records=records, campaign=campaign)
    return Market(tables, names, tuple(curves), spend[BEFORE:], *truth.T)


def _rows(starts: pd.DatetimeIndex, days: int, channel: str, spend: Floats) -> pd.DataFrame:
    return pd.DataFrame({"period_start": starts, "period_end": starts + pd.Timedelta(days=days), "channel": channel,
                         "spend": spend, "currency": "CNY"})  # fmt: skip


# ---- by attributed revenue --------------------------------------------------------------------------------

DEMAND: Floats = np.array([1.0, 1.6, 0.8])
"""Of the phases."""
CAMPAIGN = Campaign(
    name="autumn",
    start="2026-09-21",
    end="2026-11-15",
    zone="UTC",
    currency="CNY",
    phases=(
        Phase(name="warm-up", start="2026-09-21", end="2026-10-31"),
        Phase(name="burst", start="2026-11-01", end="2026-11-11"),
        Phase(name="wrap-up", start="2026-11-12", end="2026-11-15"),
    ),
)
PEAK = CalendarDay(name="Singles' Day", start="2026-11-10", end="2026-11-11")
_DAYS = pd.date_range("2026-09-21", periods=DAYS, unit="us")


def _plan() -> tuple[Floats, np.ndarray, Floats]:
    """Return the plan's level of spend, the phase and whether it is a peak, of every day."""
    plan = np.concatenate([np.linspace(0.6, 1.2, 41), np.linspace(1.5, 2.1, 9), [3.0, 5.0], np.full(4, 0.8)])
    return plan, np.repeat([0, 1, 2], [41, 11, 4]), np.isin(np.arange(DAYS), (50, 51)).astype(float)


def claimed(rng: np.random.Generator, *, rho: float = 0.0, adstock: float = 0.0, peak: bool = False) -> Market:
    """Return 56 days of one channel whose platform claims revenue, with log-normal noise of .2.

    Parameters
    ----------
    rng : Generator
    rho : float
        How far the noise follows itself.
    adstock : float
    peak : bool
        Two days written down sell twice as much.
    """
    plan, phase, peaks = _plan()
    spend = 100 * np.concatenate([np.full(BEFORE, plan[0]), plan]) * np.exp(0.45 * rng.standard_normal(BEFORE + DAYS))
    spend = spend.round(2)
    curve = replace(_curve(rng, 100.0, (0.0, 0.0), (-0.7, 1.0)), adstock=adstock)
    demand = DEMAND[phase] * (1 + peak * peaks)
    revenue = demand * curve.brings(spend) * np.exp(0.2 * following(rng, DAYS, rho) - 0.02)
    contribution, marginal = true_figures(curve, spend, demand)
    report = _rows(_DAYS, 1, "c0", spend[BEFORE:]).assign(attributed_revenue=revenue)
    tables = Tables(spend=report, records=[PEAK] if peak else (), campaign=CAMPAIGN)
    return Market(tables, ("c0",), (curve,), spend[BEFORE:, None], np.array([contribution]), np.array([marginal]))


KINDS: Mapping[str, Callable[[np.random.Generator], Market]] = {
    "weekly": weekly,
    "daily": daily,
    "always-on": lambda rng: weekly(rng, always_on=True),
    "hidden": lambda rng: weekly(rng, hidden=True),
    "hidden-tested": lambda rng: weekly(rng, hidden=True, tests=True),
    "claims-ar": lambda rng: claimed(rng, rho=0.6),
    "claims-carry": lambda rng: claimed(rng, adstock=0.4),
    "claims-peak": lambda rng: claimed(rng, peak=True),
}
"""By name; a hidden market without tests is there to show what it does not cover."""


# ---- sizes ------------------------------------------------------------------------------------------------


def large(rng: np.random.Generator, channels: int = 10, days: int = 365) -> Tables:
    """Return a year of days of ten channels, with orders and without claims."""
    spend = 100 * np.exp(0.5 * rng.standard_normal((days, channels)))
    revenue = 3000 + 200 * (spend / (spend + 80)).sum(axis=1) + 200 * rng.standard_normal(days)
    starts = pd.date_range("2025-01-01", periods=days, unit="us")
    padded = np.vstack([np.repeat(spend[:1], BEFORE, axis=0), spend])
    curves = [Planted("hyperbolic", 0.0, 80.0, 200.0)] * channels
    return _joint(starts, 1, padded, curves, revenue, []).tables
