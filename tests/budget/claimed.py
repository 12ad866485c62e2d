"""A small campaign whose platforms claim revenue, for questions that build on curves: three channels, six weeks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from analysis.budget.curves.question import ResponseCurves
from analysis.records import ChannelTag, Recorded
from analysis.tables import Tables
from analysis.values import Campaign, Phase

FEW = ResponseCurves(draws=100)
"""Few draws: quick, and no figure of these tests rests on how many there are."""
CHANNELS: Mapping[str, tuple[float, float, float]] = {
    "search": (100.0, 60.0, 500.0),
    "video": (60.0, 200.0, 900.0),
    "display": (80.0, 80.0, 200.0),
}
"""Spend of a usual day, half-saturation and ceiling."""
SPANS = (("warm-up", 28, 1.0), ("burst", 10, 1.6), ("wrap-up", 4, 0.8))
DAYS = sum(days for _, days, _ in SPANS)
PHASE = np.repeat([name for name, _, _ in SPANS], [days for _, days, _ in SPANS])
DEMAND = np.repeat([effect for *_, effect in SPANS], [days for _, days, _ in SPANS])
START = pd.Timestamp("2026-09-20 16:00")  # midnight in Shanghai, in UTC
TAGS = (ChannelTag(channel="video", tag="private"),)


def campaign(**changes: Any) -> Campaign:
    """Return the campaign of these days."""
    first, phases = pd.Timestamp("2026-09-21"), []
    for name, days, _ in SPANS:
        last = first + pd.Timedelta(days=days - 1)
        phases.append(Phase(name=name, start=str(first.date()), end=str(last.date())))
        first = last + pd.Timedelta(days=1)
    own = {"name": "Double 11", "start": phases[0].start, "end": phases[-1].end, "phases": tuple(phases),
           "budget": 20_000.0, "margin": 0.4}  # fmt: skip
    return Campaign(**{**own, **changes})


def rows(channel: str, spend: Sequence[float] | np.ndarray, revenue: Any = None) -> pd.DataFrame:
    """Return a channel's rows of a daily report, from the campaign's first day on."""
    days = START + pd.to_timedelta(np.arange(len(spend)), unit="D")
    frame = pd.DataFrame({"period_start": days, "period_end": days + pd.Timedelta(days=1), "channel": channel,
                          "spend": spend, "currency": "CNY"})  # fmt: skip
    return frame if revenue is None else frame.assign(attributed_revenue=revenue)


def report(seed: int = 1, days: int = DAYS, carry: float = 0.0, noise: float = 0.05) -> pd.DataFrame:
    """Return the spend report of the first so many days."""
    rng, parts = np.random.default_rng(seed), []
    for channel, (level, half, ceiling) in CHANNELS.items():
        spend = np.round(level * DEMAND * np.exp(0.5 * rng.standard_normal(DAYS)), 2)
        seen = spend.copy()
        for t in range(1, DAYS):
            seen[t] = (1 - carry) * spend[t] + carry * seen[t - 1]
        revenue = DEMAND * ceiling * seen / (half + seen) * np.exp(noise * rng.standard_normal(DAYS))
        parts.append(rows(channel, spend[:days], revenue[:days]))
    return pd.concat(parts, ignore_index=True)


def tables(spend: pd.DataFrame | None = None, records: tuple[Recorded, ...] = TAGS, **given: Any) -> Tables:
    """Return tables with that report; without one, the whole campaign's."""
    return Tables(
        **{"spend": report() if spend is None else spend, "campaign": campaign(), "records": records, **given}
    )
