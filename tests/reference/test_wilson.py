"""The funnel's intervals against a published table.

Newcombe, R. G. (1998). Two-sided confidence intervals for the single proportion: comparison of seven methods.
Statistics in Medicine 17, 857-872, table I, method 3 (score without continuity correction).
"""

from __future__ import annotations

import pandas as pd
import pytest

from analysis.journey.funnel.question import Funnel
from analysis.tables import Tables


@pytest.mark.parametrize(
    ("hits", "n", "low", "high"),
    [(81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0.0, 0.1611), (1, 29, 0.0061, 0.1718)],
)
def test_score_interval_of_a_step(hits: int, n: int, low: float, high: float) -> None:
    rows = [
        (f"u{i}", minute, event) for i in range(n) for minute, event in ((0, "a"), (1, "b")) if not minute or i < hits
    ]
    rows.append(("other", 1, "b"))
    frame = pd.DataFrame(rows, columns=["user_id", "minute", "event"])
    frame["timestamp"] = pd.Timestamp("2026-11-11") + pd.to_timedelta(frame.pop("minute"), unit="min")
    step = Funnel(steps=("a", "b"), window="1m").run(Tables(events=frame)).table.iloc[1]
    assert step["from_previous"] == pytest.approx(hits / n, rel=1e-15)
    assert (round(step["low"], 4), round(step["high"], 4)) == (low, high)
