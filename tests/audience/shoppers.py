"""Orders of customers who buy and leave as a model says."""

from __future__ import annotations

import numpy as np
import pandas as pd

from benchmarks.audience_value import AMOUNTS, SETTINGS

START = pd.Timestamp("2026-01-01 10:00")


def shoppers(seed: int, n: int, setting: str = "often", *, days: int = 360, until: int = 300) -> pd.DataFrame:
    """Return orders of customers who came within `until` days, watched for `days`; they may leave after each order."""
    rng = np.random.default_rng(seed)
    (r, alpha, a, b), (p, q, gamma) = SETTINGS[setting], AMOUNTS
    first = rng.integers(0, until, n).astype(float)
    rate, leaving, level = rng.gamma(r, 1 / alpha, n), rng.beta(a, b, n), rng.gamma(q, 1 / gamma, n)
    now, rows, here = first.copy(), [(np.arange(n), first)], rng.random(n) >= leaving
    while here.any():
        now[here] += rng.exponential(1 / np.maximum(rate[here], 1e-300))
        here &= now < days
        rows.append((np.flatnonzero(here), now[here]))
        here &= rng.random(n) >= leaving
    who, day = (np.concatenate(parts) for parts in zip(*rows, strict=True))
    at = START + pd.to_timedelta((day * 86400).astype(int), unit="s")
    paid = rng.gamma(p, 1 / level[who])
    found = pd.DataFrame({"order_id": [f"o{i}" for i in range(len(who))], "user_id": [f"u{i}" for i in who],
                          "timestamp": at, "paid_at": at, "revenue": paid, "currency": "CNY"})  # fmt: skip
    return found.sort_values("timestamp", ignore_index=True)
