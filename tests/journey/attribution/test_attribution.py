"""Attribution in cases that can be worked out by hand, in what it costs, and in the words people read."""

from __future__ import annotations

import math
import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from analysis.charts import NOT_SET, TOTAL, Look
from analysis.errors import DataError, QuestionError, SluiceError
from analysis.journey.attribution.question import Attribution, AttributionAnswer, RevenueAttribution
from analysis.journey.attribution.shares import largest_remainder
from analysis.tables import Tables
from analysis.values import Campaign, Filter, Phase

SAMPLE = Path(__file__).resolve().parents[3] / "sample_data"
NO_TOUCH = "(no touch)"
CAMPAIGN = Campaign(name="Double 11", start="2026-11-01", end="2026-11-30", zone="UTC", currency="CNY")


def events(*rows: tuple[str, str, str, str | None], **columns: Any) -> pd.DataFrame:
    """Build events from (user, moment, event, channel); a clock time alone is on 2026-11-11."""
    frame = pd.DataFrame(rows, columns=["user_id", "timestamp", "event", "channel"]).assign(**columns)
    at = frame["timestamp"].map(lambda t: t if "-" in t else f"2026-11-11 {t}")
    return frame.assign(timestamp=pd.to_datetime(at, format="ISO8601").astype("datetime64[us]"))


def credit(frame: pd.DataFrame, model: str, **asked: Any) -> dict[str, float]:
    """Return what has credit under one model."""
    table = Attribution(models=model, **asked).run(Tables(events=frame)).table
    return {t: c for t, c in zip(table["touch"], table["credit"], strict=True) if c}


def codes(answer: Any) -> set[str]:
    return {note.code for note in answer.notes}


# ---- which touches ----------------------------------------------------------------------------------------

TWICE = events(
    ("u", "01:00", "visit", "a"), ("u", "02:00", "purchase", None), ("u", "03:00", "visit", "b"),
    ("u", "04:00", "purchase", None), ("u", "05:00", "purchase", None),
)  # fmt: skip


def test_a_path_begins_anew_after_a_conversion_or_not() -> None:
    assert credit(TWICE, "first") == {"a": 1, "b": 1, NO_TOUCH: 1}
    assert credit(TWICE, "first", paths="all") == {"a": 3}
    assert credit(TWICE, "last", paths="all") == {"a": 1, "b": 2}


@pytest.mark.parametrize(("window", "given"), [("60m", {"a": 1}), ("3599s", {NO_TOUCH: 1})])
def test_the_windows_boundary_is_within(window: str, given: dict[str, float]) -> None:
    log = events(("u", "01:00", "visit", "a"), ("u", "02:00", "purchase", None))
    assert credit(log, "last", window=window) == given


def test_a_touch_of_the_conversions_moment_comes_before_it() -> None:
    # "visit" sorts after "purchase"; all conversions of one moment share the path.
    log = events(("u", "01:00", "purchase", "x"), ("u", "01:00", "visit", "a"), ("u", "01:00", "purchase", "y"))
    assert credit(log, "last") == {"a": 2}
    assert credit(log, "last", touches=()) == {"a": 2}


def test_what_has_no_value_is_no_touch() -> None:
    log = events(*((f"u{i}", "01:00", "visit", c) for i, c in enumerate((None, NOT_SET, TOTAL, NO_TOUCH, "a"))))
    bought = events(*((f"u{i}", "02:00", "purchase", None) for i in range(5)))
    answer = Attribution(models="last").run(Tables(events=pd.concat([log, bought])))
    assert answer.table["credit"].tolist() == [1, 4]
    assert dict(next(n for n in answer.notes if n.code == "no-touch").message.params)["n"] == 4


LONG = events(
    ("u", "01:00", "visit", "a"), ("u", "02:00", "visit", "b"), ("u", "03:00", "visit", "b"),
    ("u", "04:00", "visit", "d"), ("u", "04:00", "purchase", None), session_id=["s1", "s2", "s2", "s3", "s3"],
)  # fmt: skip


@pytest.mark.parametrize(
    ("model", "asked", "given"),
    [
        ("first", {}, {"a": 1}),
        ("last", {}, {"d": 1}),
        ("last_non_direct", {"direct": "d"}, {"b": 1}),
        ("linear", {}, {"a": 1 / 4, "b": 1 / 2, "d": 1 / 4}),
        ("linear", {"repeats": "session"}, {"a": 1 / 3, "b": 1 / 3, "d": 1 / 3}),
        ("decay", {"half_life": "1h"}, {"a": 1 / 15, "b": 6 / 15, "d": 8 / 15}),
        ("decay", {"half_life": "1h", "repeats": "row"}, {"a": 1 / 13, "b": 4 / 13, "d": 8 / 13}),
        ("position", {}, {"a": 0.4, "b": 0.2, "d": 0.4}),
        ("position", {"first": 0.1, "last": 0.5}, {"a": 0.1, "b": 0.4, "d": 0.5}),
        ("markov", {}, {"a": 1 / 3, "b": 1 / 3, "d": 1 / 3}),
        ("shapley", {}, {"a": 1 / 3, "b": 1 / 3, "d": 1 / 3}),
    ],
)
def test_each_model(model: str, asked: dict[str, Any], given: dict[str, float]) -> None:
    assert credit(LONG, model, **asked) == pytest.approx(given, rel=1e-12)


PHASED = CAMPAIGN.replace(
    phases=(Phase(name="warm-up", start="2026-11-01", end="2026-11-05"),
            Phase(name="burst", start="2026-11-06", end="2026-11-12"))
)  # fmt: skip


def test_phases_get_the_credit_of_their_touches() -> None:
    """u is touched in both phases, v and w in one each, z in none; all convert in the burst but z."""
    log = events(
        ("u", "2026-11-05 23:59", "visit", "a"), ("u", "2026-11-06", "visit", "a"),
        ("u", "2026-11-07", "purchase", None),
        ("v", "2026-11-02", "visit", "b"), ("v", "2026-11-08", "purchase", None),
        ("w", "2026-11-08", "visit", "a"), ("w", "2026-11-08", "purchase", None),
        ("z", "2026-11-13", "visit", "a"), ("z", "2026-11-14", "purchase", None),
    )  # fmt: skip
    paid = pd.DataFrame({"period_start": pd.to_datetime(["2026-11-05", "2026-11-06"]).as_unit("us"), "channel": "a",
                         "spend": [30.0, 4.0], "currency": "CNY", "phase": ["warm-up", "burst"]})  # fmt: skip
    paid["period_end"] = paid["period_start"] + pd.Timedelta(days=1)
    answer = Attribution(by="phase", models=("first", "last", "linear")).run(
        Tables(events=log, spend=paid, campaign=PHASED)
    )
    wide = answer.table.pivot(index="touch", columns="model", values="credit")
    assert wide.loc["warm-up"].to_dict() == {"first": 2.0, "last": 1.0, "linear": 1.5}
    assert wide.loc["burst"].to_dict() == {"first": 1.0, "last": 2.0, "linear": 1.5}
    assert wide.loc[NO_TOUCH].to_dict() == {"first": 1.0, "last": 1.0, "linear": 1.0}
    assert answer.table.set_index("touch")["cost"].dropna().groupby(level=0).first().to_dict() == {
        "burst": 4.0, "warm-up": 30.0
    }  # fmt: skip
    assert answer.headline.text().startswith("So far burst has most, 2 of 4 conversions (purchase) (37.5%), but fewer")
    assert "爆发" in answer.headline.text("zh_CN")
    drawn = answer.chart(Look("zh_CN")).to_dict()["datasets"]
    assert {row.get("touch_name") for rows in drawn.values() for row in rows} >= {"预热", "爆发"}
    with pytest.raises(DataError, match="The events do not say: phase"):
        Attribution(by="phase").run(Tables(events=log, campaign=CAMPAIGN))


def test_direct_gets_what_nothing_else_can_have() -> None:
    log = events(("u", "01:00", "visit", "d"), ("u", "02:00", "purchase", None))
    assert credit(log, "last_non_direct", direct="d") == {"d": 1}


def test_shapley_weighs_who_did_not_convert() -> None:
    # Alone a converts 2 of 4 and b 0 of 2; together 3 of 4. v: a .5, b 0, both .75.
    paths = ["a+"] * 2 + ["a"] * 2 + ["b"] * 2 + ["ab+"] * 3 + ["ab"]
    rows = []
    for u, path in enumerate(paths):
        rows += [(f"u{u}", f"0{h}:00", "purchase" if c == "+" else "visit", c) for h, c in enumerate(path)]
    # Of four together a has (.5 + .75) / 2 each and b (0 + .25) / 2; alone a keeps 2.
    assert credit(events(*rows), "shapley") == pytest.approx({"a": 2 + 4 * 0.625, "b": 4 * 0.125}, rel=1e-12)
    assert credit(events(*rows), "linear") == pytest.approx({"a": 3.5, "b": 1.5}, rel=1e-12)


def test_days_restrict_when_people_convert() -> None:
    log = events(
        ("u", "2026-11-10", "visit", "a"), ("u", "2026-11-11", "purchase", None),
        ("v", "2026-11-11", "visit", "b"), ("v", "2026-11-12", "purchase", None),
    )  # fmt: skip
    day = Filter(start="2026-11-11", end="2026-11-11")
    assert credit(log, "last", where=day) == {"a": 1}
    answer = Attribution(where=day).run(Tables(events=log))
    # b's touch came to something, if only the day after: nobody's journey was lost.
    assert "still-open" not in codes(answer)
    assert {"conversion-dates", "not-incremental", "path-rule"} <= codes(answer)


# ---- what it brought, and what it cost --------------------------------------------------------------------


def orders(*rows: tuple[str, float, float | None, bool], currency: Any = "CNY") -> pd.DataFrame:
    frame = pd.DataFrame(rows, columns=["order_id", "revenue", "refund", "paid"])
    at = pd.Timestamp("2026-11-11").as_unit("us")
    return frame.assign(timestamp=at, currency=currency, paid_at=[at if p else None for p in frame.pop("paid")]).astype(
        {"paid_at": "datetime64[us]", "refund": float}
    )


BOUGHT = events(
    ("u", "01:00", "visit", "a"), ("u", "02:00", "purchase", None), ("u", "02:30", "purchase", None),
    ("v", "01:00", "visit", "b"), ("v", "02:00", "purchase", None), ("w", "02:00", "purchase", None),
    order_id=[None, "o1", "o1", None, "o2", "o3"], value=[None, 7.0, None, None, 5.0, 1.0],
)  # fmt: skip
ORDERS = orders(("o1", 100.0, 10.0, True), ("o2", 33.0, None, True), ("o3", 50.0, 0.0, False))


def spend(**columns: Any) -> pd.DataFrame:
    days = pd.to_datetime(["2026-11-11", "2026-11-11", "2026-11-20"]).as_unit("us")
    frame = pd.DataFrame({"period_start": days, "period_end": days + pd.Timedelta(days=1), "channel": ["a", "c", "a"]})
    return frame.assign(spend=[10.0, 4.0, 999.0], currency="CNY").assign(**columns)


def test_revenue_is_what_is_realised_and_counted_once() -> None:
    tables = Tables(events=BOUGHT, orders=ORDERS, campaign=CAMPAIGN)
    answer = Attribution(value="revenue", paths="all").run(tables)
    assert isinstance(answer, RevenueAttribution)
    last = answer.table[answer.table["model"] == "last"].set_index("touch")
    assert last["value"].to_dict() == {"a": 90.0, "b": 33.0, NO_TOUCH: 0.0}
    assert last["credit"].to_dict() == {"a": 1.0, "b": 1.0, NO_TOUCH: 1.0}
    assert answer.currency == "CNY"
    assert "CN¥123" in answer.headline.text()
    assert dict(next(n for n in answer.notes if n.code == "no-revenue").message.params)["n"] == 1
    own = Attribution(value="value", models="last").run(tables).table.set_index("touch")
    assert own["value"].to_dict() == {"a": 7.0, "b": 5.0, NO_TOUCH: 1.0}


def _logged(*, again: bool, items: bool) -> Tables:
    """Make 200 people who come by x or y, half each, and buy for 100 ten minutes later; half of x's comes back.

    Purchases stand there a second time a minute later, or by x once for each of three items; either cost 508.
    """
    rows, bought = [], []
    for i in range(200):
        at, channel = pd.Timestamp("2026-11-02") + pd.Timedelta(minutes=30 * i), "xy"[i % 2]
        rows.append((f"u{i}", at, "visit", channel, None))
        times = [10, 11] if again else [10] * (3 if items and channel == "x" else 1)
        rows += [(f"u{i}", at + pd.Timedelta(minutes=m), "purchase", channel, f"o{i}") for m in times]
        back = 100.0 if again and i % 4 == 0 else 0.0
        bought.append((f"o{i}", at + pd.Timedelta(minutes=10), 100.0, back, channel))
    log = pd.DataFrame(rows, columns=["user_id", "timestamp", "event", "channel", "order_id"])
    paid = pd.DataFrame(bought, columns=["order_id", "timestamp", "revenue", "refund", "channel"])
    days = pd.to_datetime(["2026-11-02"] * 2)
    cost = pd.DataFrame({"period_start": days, "period_end": days + pd.Timedelta(days=5), "channel": ["x", "y"]})
    return Tables(
        events=log, orders=paid.assign(paid_at=paid["timestamp"], currency="CNY"),
        spend=cost.assign(spend=508.0, currency="CNY"), campaign=CAMPAIGN,
    )  # fmt: skip


def test_an_order_is_one_conversion_however_often_it_is_logged() -> None:
    tables = _logged(again=True, items=False)
    answer = Attribution(models="last").run(tables)
    table = answer.table.set_index("touch")
    assert table["credit"].to_dict() == {"x": 100.0, "y": 100.0}
    assert "of 200 conversions" in answer.headline.text()
    said = {note.code: note.message.text() for note in answer.notes}
    assert said["named-again"].startswith("200 purchase events name an order that one before them named: an order is")
    brought = Attribution(models="last", value="revenue").run(tables).table.set_index("touch")
    assert brought["value"].to_dict() == {"x": 5000.0, "y": 10000.0}
    assert round(brought.loc["x", "roi"], 2) == 9.84


def test_an_order_of_several_items_costs_what_any_other_does() -> None:
    tables = _logged(again=False, items=True)
    for value in ("conversions", "revenue"):
        table = Attribution(models="last", value=value).run(tables).table.set_index("touch")
        assert table["credit"].to_dict() == {"x": 100.0, "y": 100.0}
        assert table["cost_per_conversion"].tolist() == [5.08, 5.08]
    # With every event a touch, an item is no further one: each path is its visit and its purchase.
    every = Attribution(models="linear", touches=()).run(tables).table.set_index("touch")
    assert every["credit"].to_dict() == {"x": 100.0, "y": 100.0}


def test_an_order_that_several_people_name_is_of_who_did_first() -> None:
    """v names u's order an hour later, w at the very moment: all three come by a channel of their own."""
    log = events(
        ("u", "01:00", "visit", "a"), ("v", "01:00", "visit", "b"), ("w", "01:00", "visit", "c"),
        ("u", "02:00", "purchase", None), ("v", "03:00", "purchase", None), ("w", "02:00", "purchase", None),
        order_id=[None] * 3 + ["o1"] * 3, value=[None] * 3 + [1.0, 2.0, None],
    )  # fmt: skip
    assert credit(log, "last") == {"a": 1.0}
    assert credit(log[log["user_id"] != "w"], "last") == {"a": 1.0}
    own = Attribution(value="value", models="last").run(Tables(events=log))
    assert own.table["value"].tolist() == [3.0, 0.0, 0.0]
    assert "with the values of all its events" in own.text()
    # An order belongs to the day it was named first: the next day has no conversion at all.
    late = log.assign(timestamp=log["timestamp"] + pd.to_timedelta(log["user_id"].eq("v").astype(int), unit="D"))
    assert credit(late, "last", where=Filter(end="2026-11-11")) == {"a": 1.0}
    with pytest.raises(DataError, match='Nobody did "purchase" under these filters'):
        credit(late, "last", where=Filter(start="2026-11-12"))
    # Under a filter it is the first of those that match.
    phones = log.assign(device=["ios", "web", "web"] * 2)
    assert credit(phones, "last", where=Filter(device="web")) == {"c": 1.0}


def test_revenue_that_no_event_names_is_said() -> None:
    """o1 (90) and o2 (33) are named; o8 (70) is not, nor o9 (20) of the 20th; o3 is not paid."""
    more = orders(("o8", 77.0, 7.0, True), ("o9", 20.0, None, True))
    more["timestamp"] += pd.to_timedelta([0, 9], unit="D")
    tables = Tables(events=BOUGHT, orders=pd.concat([ORDERS, more]).assign(campaign="c"), campaign=CAMPAIGN)

    def said(**asked: Any) -> list[str]:
        answer = Attribution(value="revenue", models="last", **asked).run(tables)
        return [note.message.text() for note in answer.notes if note.code == "unnamed-orders"]

    assert said() == ["CN¥123 of CN¥213 of paid revenue is shared out; no purchase event names the orders of the rest."]
    assert said(where=Filter(end="2026-11-11")) == [
        "CN¥123 of CN¥193 of paid revenue under these filters is shared out; no purchase event under them names the "
        "orders of the rest."
    ]
    whole = Tables(events=BOUGHT, orders=ORDERS, campaign=CAMPAIGN)
    assert "unnamed-orders" not in codes(Attribution(value="revenue").run(whole))
    # The orders have no device: which of them would match is not known.
    ios = Tables(events=BOUGHT.assign(device="ios"), orders=pd.concat([ORDERS, more]), campaign=CAMPAIGN)
    assert "unnamed-orders" not in codes(Attribution(value="revenue", where=Filter(device="ios")).run(ios))


def test_the_sample_says_what_share_of_revenue_it_credits(sample: Tables) -> None:
    answer = Attribution(value="revenue", models="last").run(sample)
    note = next(note for note in answer.notes if note.code == "unnamed-orders")
    assert note.message.text().startswith("CN¥1,367,091 of CN¥4,609,829 of paid revenue is shared out;")


def test_cost_stands_beside_credit_over_the_same_days() -> None:
    tables = Tables(events=BOUGHT, orders=ORDERS, spend=spend(), campaign=CAMPAIGN)
    table = Attribution(value="revenue", paths="all", models="last").run(tables).table.set_index("touch")
    # The spend of 20 November has no events beside it; c cost something and has no credit.
    assert table["cost"].dropna().to_dict() == {"a": 10.0, "c": 4.0}
    assert table.loc["a", ["cost_per_conversion", "roi"]].tolist() == [10.0, 9.0]
    assert math.isnan(table.loc["c", "cost_per_conversion"]) and table.loc["c", "roi"] == 0
    wide = Attribution(where=Filter(start="2026-11-11", end="2026-11-30")).run(tables)
    assert wide.table.set_index("touch").loc["a", "cost"].iloc[0] == 1009.0


@pytest.mark.parametrize(
    ("change", "asked", "code"),
    [
        ({"currency": "USD"}, {"value": "revenue"}, "other-currencies"),
        ({}, {"where": Filter(device="ios")}, "no-cost"),
        ({}, {"by": "creative"}, "no-cost"),
        ({"creative": ["x", None, "x"]}, {"by": "creative"}, "unnamed-spend"),
    ],
)
def test_cost_that_does_not_fit_is_left_out_and_said(change: dict[str, Any], asked: dict[str, Any], code: str) -> None:
    log = BOUGHT.assign(device="ios", creative="x")
    answer = Attribution(**asked).run(Tables(events=log, orders=ORDERS, spend=spend(**change), campaign=CAMPAIGN))
    assert code in codes(answer)
    assert answer.table["cost"].notna().any() == (code == "unnamed-spend")


def test_currencies_are_not_added_up() -> None:
    mixed = orders(("o1", 1.0, None, True), ("o2", 2.0, None, True), ("o3", 3.0, None, False),
                   currency=["CNY", "USD", "CNY"])  # fmt: skip
    tables = Tables(events=BOUGHT, orders=mixed, spend=spend(currency=["CNY", "USD", "CNY"]))
    answer = Attribution(value="revenue", models="last").run(tables)
    assert (answer.currency, answer.table["value"].sum()) == ("CNY", 1.0)
    assert answer.table.set_index("touch")["cost"].dropna().to_dict() == {"a": 10.0}
    # o2 was paid, in dollars: only o3 leads to no paid order.
    notes = {note.code: dict(note.message.params) for note in answer.notes}
    assert notes["no-revenue"]["n"] == 1
    assert "$2.00 (50.0% of 2 rows)" in answer.text() and "$4.00 (50.0% of 2 rows)" in answer.text()
    dollars = Attribution(value="revenue", models="last", currency="USD").run(tables)
    assert (dollars.currency, dollars.table["value"].sum()) == ("USD", 2.0)
    assert dollars.table.set_index("touch")["cost"].dropna().to_dict() == {"c": 4.0}
    with pytest.raises(DataError, match="EUR"):
        Attribution(value="revenue", currency="EUR").run(tables)


# ---- rounding and intervals -------------------------------------------------------------------------------


def test_shown_credits_sum_to_the_cent(tables: Tables) -> None:
    answer = Attribution().run(tables)
    whole = answer.table.groupby("model")["credit"].sum().iloc[0]
    shown = answer.shown("table", "en")
    wide = answer.shown("models", "en")
    ranked = answer.shown("ranking", "en")["credit"]
    assert round(ranked.sum(), 6) == whole and np.array_equal(ranked, ranked.round(2))
    for model in answer.question.asked_models:
        own = shown.loc[shown["model"] == model, "credit"]
        assert np.array_equal(own, own.round(2))
        assert round(own.sum(), 6) == whole
        assert round(wide[model].iloc[:-1].sum(), 6) == wide[model].iloc[-1] == whole
    assert "last_non_direct" not in wide


def test_rounding_gives_what_is_left_to_who_lost_most() -> None:
    rng = np.random.default_rng(1)
    for _ in range(500):
        amounts = rng.dirichlet(np.ones(rng.integers(1, 9))) * rng.integers(1, 1000)
        rounded = largest_remainder(amounts)
        assert round(rounded.sum() * 100) == round(amounts.sum() * 100)
        assert np.abs(rounded - amounts).max() < 0.01
    assert largest_remainder([-1.005, 2.005, 1.0]).sum() == pytest.approx(2)


def _market(rng: np.random.Generator, users: int, each: int, share: float) -> Tables:
    """Make users who come and buy `each` times, always by the channel that is theirs."""
    own = np.where(rng.random(users) < share, "a", "b")
    names = np.repeat([f"u{i:04d}" for i in range(users)], 2 * each)
    at = pd.Timestamp("2026-11-01") + pd.to_timedelta(np.tile(np.arange(2 * each), users), unit="h")
    event = np.tile(["visit", "purchase"], users * each)
    frame = pd.DataFrame({"user_id": names, "timestamp": at, "event": event, "channel": np.repeat(own, 2 * each)})
    return Tables(events=frame.astype({"timestamp": "datetime64[us]"}))


@pytest.mark.long
def test_intervals_hold_the_truth_as_often_as_they_say() -> None:
    rng, runs, held = np.random.default_rng(2), 100, 0
    for seed in range(runs):
        tables = _market(rng, 300, 4, 0.3)
        row = Attribution(models="last", seed=seed).run(tables).table.iloc[0]
        held += row["low"] <= 0.3 <= row["high"]
    # Users are drawn, not their conversions: intervals half as wide would hold it in two of three runs.
    assert abs(held / runs - 0.95) < 4 * math.sqrt(0.95 * 0.05 / runs)


def test_an_interval_is_as_wide_as_the_binomials() -> None:
    tables = _market(np.random.default_rng(4), 1000, 1, 0.3)
    rows = [Attribution(models="last", seed=s, draws=1000).run(tables).table.iloc[0] for s in range(12)]
    share = rows[0]["share"]
    width = np.mean([row["high"] - row["low"] for row in rows])
    # The spread of 128 groups is known to 1 / sqrt(2 * 127); twelve groupings average it.
    expected = 2 * 1.96 * math.sqrt(share * (1 - share) / 1000)
    assert width / expected == pytest.approx(1, abs=4 / math.sqrt(2 * 127 * 12))


def test_every_model_has_intervals_around_its_share(tables: Tables) -> None:
    table = Attribution(window="30d").run(tables).table
    inner = table[table["touch"].isin(["search", "display", "video"])]
    assert len(inner) == 3 * 7
    assert (inner["low"] < inner["share"]).all() and (inner["share"] < inner["high"]).all()


def test_too_few_conversions_have_no_interval() -> None:
    answer = Attribution().run(Tables(events=TWICE))
    assert answer.table[["low", "high"]].isna().all(axis=None)
    assert "few-conversions" in codes(answer)


# ---- what cannot be asked ---------------------------------------------------------------------------------


def test_unknown_names_have_near_matches() -> None:
    with pytest.raises(DataError, match=r"There is no event 'purchse'\. Did you mean purchase\?"):
        credit(TWICE, "last", conversion="purchse")
    with pytest.raises(DataError, match=r"There is no event 'visits'\. Did you mean visit\?"):
        credit(TWICE, "last", touches="visits")
    with pytest.raises(DataError, match=r"There is no channel 'direct'\. Choose from: a, b\."):
        credit(TWICE, "last", direct="direct")


@pytest.mark.parametrize(
    ("asked", "says"),
    [
        ({"by": "creative"}, "The events do not say: ad material"),
        ({"value": "value"}, "The events do not say: amount of the action"),
        ({"value": "revenue"}, "The events do not say: the order it led to"),
        ({"repeats": "session"}, "The events do not say: the visit it belongs to"),
        ({"where": Filter(start="2030-01-01")}, 'Nobody did "purchase" under these filters'),
        ({"where": Filter(channel="c")}, r"There is no channel 'c'\. Choose from: a, b\."),
        ({"where": Filter(channel="a")}, 'Nobody did "purchase" under these filters'),
        ({"conversion": "view"}, "There is no event 'view'"),
    ],
)
def test_data_that_lacks_something_says_so(asked: dict[str, Any], says: str) -> None:
    with pytest.raises(DataError, match=says):
        Attribution(**asked).run(Tables(events=TWICE))


@pytest.mark.parametrize(
    ("asked", "says"),
    [
        ({"first": 0.7, "last": 0.4}, "together that is more than 100%"),
        ({"models": ("last_non_direct",)}, "which value means direct"),
        ({"models": ("lst",)}, "choose from first, last"),
        ({"by": "device"}, "choose from channel, campaign, creative, audience, phase"),
        ({"window": "0d"}, "longer than zero"),
        ({"value": "money"}, "choose from conversions, revenue, value"),
        ({"draws": 3}, "100 or more"),
    ],
)
def test_questions_that_make_no_sense_are_refused(asked: dict[str, Any], says: str) -> None:
    with pytest.raises(QuestionError, match=says):
        Attribution(**asked)


def _many(count: int) -> pd.DataFrame:
    rows = [(f"u{i}", f"0{h}:00", e, f"c{i:02d}") for i in range(count) for h, e in enumerate(("visit", "purchase"))]
    return events(*rows)


def test_a_column_has_at_most_fifty_values() -> None:
    with pytest.raises(DataError, match="channel has too many different values, 51"):
        Attribution().run(Tables(events=_many(51)))
    assert len(Attribution(models="markov").run(Tables(events=_many(50))).table) == 50


def test_shapley_takes_at_most_sixteen_touches() -> None:
    assert credit(_many(16), "shapley") == pytest.approx({f"c{i:02d}": 1.0 for i in range(16)})
    answer = Attribution().run(Tables(events=_many(17)))
    assert "shapley" not in set(answer.table["model"])
    note = next(n for n in answer.notes if n.code == "too-many-touches")
    assert note.level == "missing"
    assert note.message.text().startswith("17 values of channel are in people's paths; an exact Shapley value takes")
    with pytest.raises(DataError, match="17 values of channel"):
        Attribution(models="shapley").run(Tables(events=_many(17)))


def test_no_revenue_at_all_is_said() -> None:
    with pytest.raises(SluiceError, match="bring no revenue"):
        Attribution(value="revenue").run(Tables(events=BOUGHT, orders=orders(("o9", 1.0, None, True))))


# ---- in words and in a picture ----------------------------------------------------------------------------


def test_that_nobody_was_touched_is_said() -> None:
    none = Attribution(window="1m").run(Tables(events=LONG.iloc[[0, 4]]))
    assert none.headline.text() == "None of 1 conversion (purchase) had a touch within 1 minute."


def test_notes_say_what_is_not_known() -> None:
    log = events(("u", "01:00", "visit", "a"), ("u", "02:00", "purchase", None), ("v", "03:00", "visit", "b"))
    answer = Attribution(window="2h").run(Tables(events=log))
    assert answer.caveat is not None and answer.caveat.code == "few-conversions"
    said = {n.code: n.message.text() for n in answer.notes}
    assert said["before-the-data"].startswith("1 of 1 conversion looks back to before the data begins")
    assert said["still-open"].startswith("1 of 1 journey without a conversion began less than 2 hours before")
    assert "before-the-data" not in codes(Attribution(window="1h").run(Tables(events=log)))


@pytest.mark.parametrize("look", [Look(), Look("zh_CN", dark=True)])
@pytest.mark.parametrize("asked", [{}, {"models": "last"}, {"direct": "video", "window": "30d"}])
def test_chart_is_made_for_every_reader(tables: Tables, look: Look, asked: dict[str, Any]) -> None:
    answer = Attribution(**asked).run(tables)
    chart = answer.chart(look).to_dict()
    assert chart["description"] == answer.say(answer.headline, look.language)
    bars, circles = sorted(chart["datasets"].values(), key=lambda rows: "figures" not in rows[0])
    ranking = answer.frame("ranking")
    assert [(row["touch"], row["share"]) for row in bars] == list(zip(ranking["touch"], ranking["share"], strict=True))
    assert len(circles) == len(answer.table)
    assert len({row["model_name"] for row in circles}) == len(answer.question.asked_models)


def test_answers_are_described_by_their_fields(tables: Tables) -> None:
    answer = Attribution().run(tables)
    assert isinstance(answer, AttributionAnswer)
    for name, fields in answer.fields.items():
        assert list(answer.frame(name).columns) == list(fields)
    assert answer.frame("models")["touch"].iloc[-1] == TOTAL


def test_the_walk_can_be_sent_elsewhere(monkeypatch: pytest.MonkeyPatch) -> None:
    tables = Tables(events=LONG)
    here = Attribution().run(tables)
    sent: list[int] = []

    walk_here = Tables.walk
    monkeypatch.setattr(
        Tables, "walk", lambda self, frame, work, columns: walk_here(self, frame, _sent(work, sent), columns)
    )
    pd.testing.assert_frame_equal(Attribution().run(tables).table, here.table)
    assert sent


def _sent(work: Any, sent: list[int]) -> Any:
    packed = pickle.dumps(work)
    sent.append(len(packed))
    return pickle.loads(packed)


def test_last_touch_is_the_channel_of_the_samples_own_purchases() -> None:
    # In the sample every purchase carries the channel of its visit.
    log = pd.read_parquet(SAMPLE / "events.parquet")
    own = log[log["event"] == "purchase"]["channel"].value_counts()
    assert credit(log, "last") == own.astype(float).to_dict()
