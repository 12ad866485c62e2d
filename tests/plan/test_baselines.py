"""Thirty figures: what did not move is not found, what moved is."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from sizes import cases
from statsmodels.stats.multitest import multipletests

from analysis import Baselines, Campaign, Filter, Tables
from analysis.arrays import Floats
from analysis.errors import DataError
from analysis.estimates import Interval, Z
from analysis.plan.baselines import moved
from analysis.plan.measures import BASELINES, MEASURES, Side

THIRTY = 30
ERROR = 0.02
"""Relative standard error of either side."""


def sides(rng: np.random.Generator, shift: Floats, root: Floats) -> tuple[Interval, Interval]:
    """Return thirty figures before and since: lognormal around 1, those of one side going together as `root` says."""
    found = []
    for ahead in (np.zeros(THIRTY), shift):
        log = ahead + ERROR * (root @ rng.standard_normal(THIRTY))
        found.append(Interval(np.exp(log), np.exp(log - Z * ERROR), np.exp(log + Z * ERROR)))
    return found[0], found[1]


def together(share: float) -> Floats:
    """Return the root of a correlation in which every six figures go together, every second one the other way."""
    signs = np.where(np.arange(THIRTY) % 2, -1.0, 1.0)
    block = np.arange(THIRTY) // 6
    matrix = np.where(block[:, None] == block, share * signs[:, None] * signs, 0.0)
    np.fill_diagonal(matrix, 1.0)
    return np.linalg.cholesky(matrix)


@pytest.mark.parametrize("share", [0.0, 0.5, 0.9])
def test_thirty_that_did_not_move_are_found_in_at_most_seven_of_a_hundred_plans(share: float) -> None:
    rng, root = np.random.default_rng(30), together(share)
    found = [moved(*sides(rng, np.zeros(THIRTY), root))[2].any() for _ in range(500)]
    assert np.mean(found) <= 0.07
    assert np.mean(found) > 0.005  # it can find something at all


def test_without_allowing_for_thirty_four_in_five_plans_would_find_something() -> None:
    rng, root = np.random.default_rng(31), together(0.0)
    naive = [(moved(*sides(rng, np.zeros(THIRTY), root))[1] < 0.05).any() for _ in range(500)]
    assert np.mean(naive) == pytest.approx(1 - 0.95**30, abs=0.06)  # 78.5%


@pytest.mark.parametrize("share", [0.0, 0.5])
def test_five_planted_at_four_standard_errors_are_found(share: float) -> None:
    rng, root = np.random.default_rng(32), together(share)
    planted = np.arange(0, THIRTY, 6)
    shift = np.zeros(THIRTY)
    shift[planted] = 4 * ERROR * np.sqrt(2)  # of the difference of two sides
    stands = np.array([moved(*sides(rng, shift, root))[2] for _ in range(500)])
    assert (stands[:, planted].mean(axis=0) >= 0.80).all()
    others = np.delete(stands, planted, axis=1).sum(axis=1)
    assert (others / np.maximum(stands.sum(axis=1), 1)).mean() <= 0.06


def test_what_stands_is_what_statsmodels_lets_stand() -> None:
    rng = np.random.default_rng(33)
    shift = np.zeros(THIRTY)
    shift[:9] = rng.uniform(0, 0.2, 9)
    _, p, stands = moved(*sides(rng, shift, together(0.0)))
    assert stands.tolist() == multipletests(p, 0.05, method="fdr_bh")[0].tolist()


@pytest.mark.long
def test_there_are_thirty_each_of_its_own_question(sample: Tables) -> None:
    assert len(set(BASELINES)) == 30
    answer = Baselines().run(sample)
    assert len(answer.table) + len(answer.frame("missing")) == 30
    side = Side(sample, Filter(campaign="Double 11 2026", start="2026-09-21", end="2026-11-15"))
    rows: Any = answer.table.set_index("measure")
    for code in BASELINES:
        assert rows["since"][code] == pytest.approx(float(MEASURES[code].read(side).at.value), rel=1e-9)
    # What was planted as changing is found: fatigue, the private domain; and slow pages cost as they did.
    assert (rows["verdict"]["participation"], rows["verdict"]["private_share"]) == ("worse", "better")
    assert rows["verdict"]["slow_ratio"] == "same"
    assert rows["since"]["private_share"] == pytest.approx(0.35, abs=0.005)


def test_days_add_up_to_the_figure_where_it_is_told_by_day(sample: Tables) -> None:
    side = Side(sample, Filter(campaign="Double 11 2026"))
    for code, measure in MEASURES.items():
        if measure.by_day is None:
            continue
        parts = measure.by_day(side)
        whole = parts.top.sum() * parts.times if parts.bottom is None else parts.top.sum() / parts.bottom.sum()
        assert whole == pytest.approx(float(measure.read(side).at.value), rel=1e-9), code


@pytest.mark.long
def test_halves_of_campaigns_in_which_nothing_changed_rarely_differ() -> None:
    """The data themselves: orders, spend and events whose second half is like the first."""
    found, plans = [], cases(12)
    for seed in range(plans):
        tables = _same_halves(np.random.default_rng(seed))
        asked = Baselines(before=Filter(end="2026-10-18"), since=Filter(start="2026-10-19"))
        found.append(bool(asked.run(tables).table["moved"].any()))
    assert sum(found) <= max(1, plans // 6)  # at 5% in truth, 12 plans show more than 2 in one of 50


def _same_halves(rng: np.random.Generator) -> Tables:
    days, per_day = 56, 12
    at = pd.Timestamp("2026-09-21") + pd.to_timedelta(
        np.repeat(np.arange(days), per_day) * 24 * 60 + rng.integers(0, 1440, days * per_day), unit="min"
    )
    n = len(at)
    orders = pd.DataFrame({
        "order_id": [f"o{i}" for i in range(n)], "timestamp": at, "revenue": rng.lognormal(4, 0.6, n).round(2),
        "currency": "CNY", "user_id": [f"b{i}" for i in range(n)],
        "paid_at": pd.Series(at).where(rng.random(n) < 0.85), "refund": np.where(rng.random(n) < 0.1, 5.0, 0.0),
    })  # fmt: skip
    start = pd.date_range("2026-09-21", periods=days)
    clicks = rng.poisson(200, days)
    spend = pd.DataFrame({
        "period_start": start, "period_end": start + pd.Timedelta(days=1), "channel": "search", "currency": "CNY",
        "spend": clicks * rng.normal(1.5, 0.1, days), "clicks": clicks, "impressions": rng.poisson(9000, days),
        "conversions": rng.binomial(clicks, 0.05), "attributed_revenue": rng.binomial(clicks, 0.05) * 80.0,
    })  # fmt: skip
    rows = []
    for user, moment in enumerate(at):
        for depth, event in enumerate(("view", "cart", "checkout", "purchase")):
            if depth and rng.random() > 0.5:
                break
            rows.append((f"u{user}", moment + pd.Timedelta(minutes=depth), event))
    events = pd.DataFrame(rows, columns=["user_id", "timestamp", "event"])
    frames: dict[str, Any] = {"orders": orders, "spend": spend, "events": events}
    for frame in frames.values():
        for column in frame.select_dtypes("datetime"):
            frame[column] = frame[column].astype("datetime64[us]")
    campaign = Campaign(name="autumn", start="2026-09-21", end="2026-11-15", zone="UTC")
    return Tables(**frames, campaign=campaign)


def test_what_the_data_cannot_give_says_what_to_bring(sample: Tables) -> None:
    alone = Tables(spend=sample.arrow("spend"), campaign=sample.campaign)
    answer = Baselines().run(alone)
    missing = answer.shown("missing", "en").set_index("measure")["bring"]
    assert set(answer.table["measure"]) == {"spend_a_day", "ctr", "cpm", "cpc", "cvr", "cpa", "roas"}
    assert "There is no data on orders yet" in missing["aov"]
    assert "There is no data on events yet" in missing["conversion"]


def test_nothing_from_before_is_said(frames: dict[str, pd.DataFrame]) -> None:
    campaign = Campaign(name="Double 11", start="2026-09-21", end="2026-11-15")
    with pytest.raises(DataError, match=r"there is no baseline\. Import what came before"):
        Baselines().run(Tables(spend=frames["spend"], campaign=campaign))


def _sold(name: str, start: str, days: int = 35) -> pd.DataFrame:
    """Return ten orders a day, each day's of another price."""
    at = pd.date_range(start, periods=days).repeat(10) + pd.Timedelta(hours=9)
    price = 92.0 + 4 * (np.arange(len(at)) // 10 % 5)
    names = [f"{name}{n}" for n in range(len(at))]
    return pd.DataFrame({"order_id": names, "timestamp": at, "paid_at": at, "user_id": names, "revenue": price,
                         "currency": "CNY", "campaign": name})  # fmt: skip


@pytest.mark.parametrize("day", ["2026-10-06", "2026-11-06"])
def test_a_late_refund_neither_thins_nor_removes_the_campaign_before(day: str) -> None:
    """Both sell alike; one refund that names no order is dated between them, or within the later one."""
    late = _sold("a", day, 1)[:1].assign(order_id="back", revenue=-10.0)
    plan = Campaign(name="b", start="2026-11-01", end="2026-12-05", zone="UTC")
    orders = pd.concat([_sold("a", "2026-08-01"), late, _sold("b", "2026-11-01")])
    answer = Baselines().run(Tables(orders=orders, campaign=plan))
    rows: Any = answer.table.set_index("measure")
    assert rows.loc["revenue_a_day", ["before", "since"]].tolist() == [1000.0, 1000.0]
    assert not rows["moved"].any()
    notes = {note.code: answer.say(note.message) for note in answer.notes}
    assert f"from {day} to {day}. They are not counted here" in notes["rows-outside"]
    assert "Before is a, 2026-08-01 – 2026-09-04; since is b, 2026-11-01 – 2026-12-05." in notes["sides"]


def test_refunds_still_to_come_are_no_improvement() -> None:
    """Every fifth order comes back after twelve days, on either side; the data end with the later one."""
    plan = Campaign(name="b", start="2026-11-01", end="2026-12-05", zone="UTC")
    orders = pd.concat([_sold("a", "2026-08-01"), _sold("b", "2026-11-01")], ignore_index=True)
    known = orders["timestamp"] + pd.Timedelta(days=12) < "2026-12-06"
    orders["refund"] = orders["revenue"].where((orders.index % 5 == 0) & known, 0.0)
    rows: Any = Baselines().run(Tables(orders=orders, campaign=plan)).table.set_index("measure")
    assert rows.loc["refund_rate", ["before", "since"]].tolist() == [0.2, 0.2]
    assert rows.loc["refund_share", ["before", "since"]].tolist() == pytest.approx([0.2, 0.2])
    assert rows.loc[["refund_rate", "refund_share"], "verdict"].tolist() == ["same", "same"]
    early = Baselines().run(Tables(orders=orders[orders["timestamp"] < "2026-11-15"], campaign=plan))
    missing = early.shown("missing", "en").set_index("measure")["bring"]
    assert missing["refund_rate"].startswith("Refunds come in for 15 days after an order, and no day")


def test_new_buyers_are_not_compared_where_the_data_begin_with_the_earlier_side() -> None:
    """A thousand people of whom anybody buys in either campaign with three chances in ten: nothing has changed."""
    rng, plan = np.random.default_rng(4), Campaign(name="b", start="2026-11-01", end="2026-12-05", zone="UTC")
    parts = []
    for name, start in (("z", "2026-05-01"), ("a", "2026-08-01"), ("b", "2026-11-01")):
        who = np.flatnonzero(rng.random(1000) < 0.3)
        at = pd.Timestamp(start) + pd.to_timedelta(rng.integers(0, 35 * 1440, len(who)), unit="min")
        parts.append(pd.DataFrame({"order_id": [f"{name}{n}" for n in who], "user_id": [f"u{n}" for n in who],
                                   "timestamp": at, "paid_at": at, "revenue": 50.0, "currency": "CNY",
                                   "campaign": name}))  # fmt: skip
    answer = Baselines().run(Tables(orders=pd.concat(parts[1:]), campaign=plan))
    assert "new_buyer_share" not in set(answer.table["measure"]) and not answer.table["moved"].any()
    missing = answer.shown("missing", "en").set_index("measure")["bring"]
    assert "with the earlier side, in which almost everybody looks new" in missing["new_buyer_share"]
    assert "new-buyers" not in {note.code for note in answer.notes}
    longer = Baselines().run(Tables(orders=pd.concat(parts), campaign=plan))
    assert "new_buyer_share" in set(longer.table["measure"])
    (note,) = [note for note in longer.notes if note.code == "new-buyers"]
    assert "which begin on 2026-05-01" in longer.say(note.message) and note.level == "warning"


def test_weeks_are_counted_from_either_side_s_first_day() -> None:
    """Alike but for their first weekday: half are back the next day, a fifth a week later."""
    rows = []
    for name, start in (("a", "2026-09-01"), ("b", "2026-11-01")):  # a Tuesday, a Sunday
        for first in (0, 7, 14, 21):
            for n in range(100):
                back = [0, *([1] if n % 2 else []), *([7] if n % 5 == 0 and first < 21 else [])]
                rows += [(f"{name}{first}-{n}", pd.Timestamp(start) + pd.Timedelta(days=first + later, hours=9), name)
                         for later in back]  # fmt: skip
        rows.append((f"{name} last", pd.Timestamp(start) + pd.Timedelta(days=28, seconds=-1), name))
    events = pd.DataFrame(rows, columns=["user_id", "timestamp", "campaign"]).assign(event="visit")
    plan = Campaign(name="b", start="2026-11-01", end="2026-11-28", zone="UTC")
    found: Any = Baselines().run(Tables(events=events, campaign=plan)).table.set_index("measure")
    assert found.loc["week_retention", ["before", "since"]].tolist() == [0.2, 0.2]
    assert found.loc["kept_weekly", "before"] == pytest.approx(found.loc["kept_weekly", "since"], abs=1e-12)
    assert not found["moved"].any()
