"""The time to convert against a published survival curve.

Miller, R. G. (1981). Survival Analysis, page 49: weeks to relapse of 11 patients under maintained chemotherapy (the
`aml` data of R's package survival). `summary(survfit(Surv(time, status) ~ 1, aml[aml$x == "Maintained", ]))` prints the
survival and its standard error (Greenwood) as below, and the median 31.
"""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest

from analysis import Funnel, Tables, TimeToConvert

RELAPSED, CENSORED = (9, 13, 18, 23, 31, 34, 48), (13, 28, 45, 161)
SURVIVAL = {9: 0.909, 13: 0.818, 18: 0.716, 23: 0.614, 31: 0.491, 34: 0.368, 48: 0.184}
ERROR = {9: 0.0867, 13: 0.1163, 18: 0.1397, 23: 0.1526, 31: 0.1642, 34: 0.1627, 48: 0.1535}
END = pd.Timestamp("2026-11-11")
WEEK = 7 * 86_400


@pytest.fixture(scope="module")
def answer():
    rows = []
    for weeks in RELAPSED:
        start = END - pd.Timedelta(weeks=200)
        rows += [(f"r{weeks}", start, "a"), (f"r{weeks}", start + pd.Timedelta(weeks=weeks), "b")]
    rows += [(f"c{weeks}", END - pd.Timedelta(weeks=weeks), "a") for weeks in CENSORED]
    rows.append(("last", END, "x"))
    events = pd.DataFrame(rows, columns=["user_id", "timestamp", "event"])
    return TimeToConvert(funnel=Funnel(steps=("a", "b"), window="300w")).run(Tables(events=events))


def test_the_curve_and_its_interval(answer) -> None:
    curve = answer.frame("curve").drop_duplicates("seconds").set_index("seconds")
    for weeks, survival in SURVIVAL.items():
        row = curve.loc[weeks * WEEK]
        assert 1 - row["share"] == pytest.approx(survival, abs=5e-4)
        # On the log-log scale: S ** exp(-+1.96 se / (S |ln S|)); R's three digits reach as far as 2e-3.
        spread = 1.959964 * ERROR[weeks] / (survival * abs(math.log(survival)))
        assert row["low"] == pytest.approx(1 - survival ** math.exp(-spread), abs=2e-3)
        assert row["high"] == pytest.approx(1 - survival ** math.exp(spread), abs=2e-3)


def test_the_median_and_who_still_has_time(answer) -> None:
    row = answer.table.iloc[0]
    assert (row["users"], row["converted"], row["still_open"]) == (11, 7, 4)
    assert row["median"] == 31 * WEEK
    assert row["rate"] == pytest.approx(1 - SURVIVAL[48], abs=5e-4)
    assert answer.headline.text() == "Half of 11 users go from a to b within 217 days; 81.6% do in the end."


def test_with_everybody_seen_to_the_end_the_curve_is_the_plain_share() -> None:
    rng = np.random.default_rng(3)
    took = rng.integers(1, 50, 80)
    start = END - pd.Timedelta(days=9)
    rows = [(f"u{k}", start, "a", ("g", "h")[k % 2]) for k in range(100)]
    rows += [(f"u{k}", start + pd.Timedelta(hours=int(h)), "b", "g") for k, h in enumerate(took)] + [
        ("z", END, "x", None)
    ]
    events = pd.DataFrame(rows, columns=["user_id", "timestamp", "event", "channel"])
    asked = Funnel(steps=("a", "b"), window="30h", breakdown="channel")
    answer = TimeToConvert(funnel=asked).run(Tables(events=events))
    for name, own in (("(total)", slice(None)), ("g", slice(0, None, 2)), ("h", slice(1, None, 2))):
        users = len(range(100)[own])
        hours = took[own][took[own] <= 30]
        curve = answer.frame("curve").query("breakdown == @name")
        for row in curve.itertuples():
            assert row.share == pytest.approx((hours * 3600 <= row.seconds).sum() / users)
        table = answer.table.set_index("breakdown").loc[name]
        assert table["half_of_conversions"] == np.sort(hours)[-(-len(hours) // 2) - 1] * 3600


def test_none_and_nobody() -> None:
    events = pd.DataFrame({"user_id": ["u", "v"], "timestamp": END, "event": ["a", "b"]})
    answer = TimeToConvert(funnel=Funnel(steps=("a", "b"))).run(Tables(events=events))
    assert answer.headline.text() == "None of 1 users went from a to b."
    assert {"no-median", "small-groups"} <= {note.code for note in answer.notes}
    answer.chart()
