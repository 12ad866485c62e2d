"""Small markets for the tests of reallocation."""

from __future__ import annotations

import numpy as np
import pandas as pd

from analysis.reallocation.market import Market
from analysis.reallocation.responses import Responses
from analysis.reallocation.rules import MarketSettings
from analysis.tables import Tables
from analysis.values import Campaign, Phase

CALM = MarketSettings(surges=0, failures=0)
FORMS = ("hyperbolic", "exponential", "logistic", "logarithmic")


def market(
    *, channels=3, days=4, seed=0, settings=None, sigma=0.15, headroom=2.0, doubt=0.1, order_value=5.0
) -> Market:
    """Return a market of random curves, one form after the other, whose burst begins halfway."""
    rng = np.random.default_rng(seed)
    hour = 1 + 0.8 * np.sin((np.arange(24) - 9) / 24 * 2 * np.pi)
    ceiling, half = rng.uniform(500, 5000, channels), rng.uniform(100, 900, channels)
    multiplier = np.array([np.ones(channels), rng.uniform(1, 2, channels)])

    def drawn(c):
        spread = np.exp(doubt * rng.standard_normal((50, 4)))
        return np.array([ceiling[c], half[c], *multiplier[:, c]]) * spread

    return Market(
        channels=tuple(f"c{c}" for c in range(channels)),
        weight=np.tile(hour / hour.sum(), days),
        phase=(np.arange(24 * days) >= 12 * days).astype(int),
        multiplier=multiplier,
        fitted=Responses(tuple(FORMS[c % 4] for c in range(channels)), ceiling, half),
        draws=tuple(drawn(c) for c in range(channels)),
        most=half * headroom,
        sigma=np.full(channels, sigma),
        order_value=order_value,
        settings=settings or MarketSettings(surges=2, surge_lasts="12h", failures=1),
    )


def report(curves, spend, *, days=60, noise=0.05, seed=1, phases=()) -> Tables:
    """Return tables whose spend follows `curves` (channel: ceiling, half), spent around `spend` a day."""
    rng = np.random.default_rng(seed)
    starts = pd.date_range("2026-09-01", periods=days)
    rows = []
    for channel, (ceiling, half) in curves.items():
        money = spend[channel] * np.exp(0.5 * rng.standard_normal(days))
        money *= spend[channel] * days / money.sum()
        revenue = ceiling * money / (half + money) * np.exp(noise * rng.standard_normal(days) - noise**2 / 2)
        rows.append(
            pd.DataFrame(
                {
                    "period_start": starts,
                    "period_end": starts + pd.Timedelta(days=1),
                    "channel": channel,
                    "spend": money.round(2),
                    "currency": "CNY",
                    "conversions": (revenue / 50).round(),
                    "attributed_revenue": revenue.round(2),
                }
            )
        )
    campaign = Campaign(name="autumn", start="2026-09-01", end="2026-09-30", phases=phases, zone="UTC", currency="CNY")
    return Tables(spend=pd.concat(rows), campaign=campaign)


def two_phases() -> tuple[Phase, ...]:
    return (
        Phase(name="warm-up", start="2026-09-01", end="2026-09-20"),
        Phase(name="burst", start="2026-09-21", end="2026-09-30"),
    )
