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
from statsmodels.duration.survfunc import SurvfuncRight

from analysis import Filter, Funnel, Tables, TimeToConvert

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


# Entry and conversion by the clock of the 11th, with 10 hours to convert; c's and g's steps are taken on the 12th.
LOG = {"a": ("20:00",), "b": ("20:00", "21:00"), "c": ("22:00", "24:30"), "d": ("10:00", "13:00"), "e": ("10:00",),
       "f": ("12:00", "22:00"), "g": ("14:00", "24:00")}  # fmt: skip


@pytest.mark.parametrize("rule", [{"dates": "conversion"}, {"profile": "posthog"}])
def test_whom_the_dates_cut_off_counts_until_then(rule: dict[str, str]) -> None:
    """By hand: at 1 hour 1 of 7 converts, at 3 hours 1 of 5 (c is seen for 2), at 10 hours 1 of 2 (e and f are left).

    Midnight is no longer of the day: g is seen for less than 10 hours.
    """
    rows = [(user, END + pd.Timedelta(f"{clock}:00"), step) for user, own in LOG.items()
            for clock, step in zip(own, "ab", strict=False)]  # fmt: skip
    rows.append(("last", END + pd.Timedelta(days=2), "x"))
    events = pd.DataFrame(rows, columns=["user_id", "timestamp", "event"])
    asked = Funnel(steps=("a", "b"), window="10h", where=Filter(start="2026-11-11", end="2026-11-11"), **rule)
    answer = TimeToConvert(funnel=asked).run(Tables(events=events))
    curve = answer.frame("curve").set_index("seconds")["share"]
    by_hand = {1: 1 - 6 / 7, 3: 1 - 6 / 7 * 4 / 5, 10: 1 - 6 / 7 * 4 / 5 / 2}
    witness = SurvfuncRight([4, 1, 2, 3, 10, 10, 9.999], [0, 1, 0, 1, 0, 1, 0])
    for hours, share in by_hand.items():
        assert curve[hours * 3600] == pytest.approx(share, rel=1e-12)
        assert 1 - witness.surv_prob[list(witness.surv_times).index(hours)] == pytest.approx(share, rel=1e-12)
    row = answer.table.iloc[0]
    assert (row["users"], row["converted"], row["still_open"]) == (7, 3, 0)
    assert row["rate"] == pytest.approx(23 / 35, rel=1e-12)
    cut = next(note for note in answer.notes if note.code == "cut-by-dates")
    assert cut.message.text().startswith("3 users' time is cut short by the end of the dates")


def test_none_and_nobody() -> None:
    events = pd.DataFrame({"user_id": ["u", "v"], "timestamp": END, "event": ["a", "b"]})
    answer = TimeToConvert(funnel=Funnel(steps=("a", "b"))).run(Tables(events=events))
    assert answer.headline.text() == "None of 1 user went from a to b."
    assert {"no-median", "small-groups"} <= {note.code for note in answer.notes}
    answer.chart()
