"""How sales are going: by hand, against a plain twin, beside the campaign before, and never by chance alone."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sizes import cases

from analysis import Campaign, ExchangeRate, Filter, Sales, Tables, read_export
from analysis.charts import NOT_SET, TOTAL, Look
from analysis.errors import DataError
from analysis.estimates import proportion
from analysis.results.against import OTHERS
from analysis.vocabulary import ORDER_STATUSES

DAY = pd.Timestamp("2026-11-01 12:00")
LATER = DAY + pd.Timedelta(days=9)
COLUMNS = [
    "order_id", "timestamp", "paid_at", "revenue", "refund", "currency", "status", "user_id", "channel", "campaign"
]  # fmt: skip
COUNTS = ["created", "paid", "refunded", "kept"]
AMOUNTS = ["created_amount", "paid_amount", "refunds", "realised"]


def orders(*rows: dict[str, Any]) -> pd.DataFrame:
    """Build orders of one line each, paid on the day for 10 unless a row says otherwise."""
    usual = {"timestamp": DAY, "paid_at": DAY, "revenue": 10.0, "refund": None, "currency": "CNY", "status": None}
    usual |= {"user_id": "u", "channel": "feed", "campaign": None}
    frame = pd.DataFrame([{**usual, "order_id": f"o{i}", **row} for i, row in enumerate(rows)])
    kinds = {"refund": float, "timestamp": "datetime64[us]", "paid_at": "datetime64[us]"}
    return frame[COLUMNS].astype({**kinds, **dict.fromkeys(("status", "user_id", "channel", "campaign"), object)})


def whole(*rows: dict[str, Any], asked: Sales | None = None, **more: Any) -> pd.Series:
    """Return the figures of all orders together."""
    return (asked or Sales()).run(Tables(orders=orders(*rows), **more)).table.iloc[0]


def codes(answer: Any) -> list[str]:
    return [note.code for note in answer.notes]


# ---- by hand ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("rows", "counts", "amounts"),
    [
        ([{}], (1, 1, 0, 1), (10, 10, 0, 10)),
        ([{"paid_at": pd.NaT}], (1, 0, 0, 0), (10, 0, 0, 0)),
        ([{"status": "cancelled"}], (1, 0, 0, 0), (10, 0, 0, 0)),
        ([{"status": "failed"}], (1, 0, 0, 0), (10, 0, 0, 0)),
        ([{"refund": 4.0}], (1, 1, 0, 1), (10, 10, 4, 6)),  # refunded in part
        ([{"refund": 10.0}], (1, 1, 1, 0), (10, 10, 10, 0)),  # refunded in full, said by its amount
        ([{"refund": 12.0}], (1, 1, 1, 0), (10, 10, 10, 0)),  # more was given back than paid
        ([{"status": "refunded"}], (1, 1, 1, 0), (10, 10, 10, 0)),  # or by its status alone
        ([{"status": "refunded", "paid_at": pd.NaT}], (1, 1, 1, 0), (10, 10, 10, 0)),
        ([{"status": "delivered", "paid_at": pd.NaT}], (1, 1, 0, 1), (10, 10, 0, 10)),  # cash on delivery
        ([{"status": "open", "paid_at": pd.NaT}], (1, 0, 0, 0), (10, 0, 0, 0)),
        ([{"order_id": "a"}, {"order_id": "a", "revenue": 5.0}], (1, 1, 0, 1), (15, 15, 0, 15)),  # two lines
        ([{"order_id": "a"}, {"order_id": "a", "revenue": -4.0}], (1, 1, 0, 1), (10, 10, 4, 6)),  # a credit of it
        ([{"order_id": "a"}, {"order_id": "a", "revenue": -10.0, "paid_at": LATER}], (1, 1, 1, 0), (10, 10, 10, 0)),
        ([{}, {"order_id": "c", "revenue": -4.0}], (1, 1, 0, 1), (10, 10, 4, 6)),  # a credit of its day
        ([{"order_id": "a", "status": s} for s in ("paid", "refunded")], (1, 1, 0, 1), (20, 20, 10, 10)),
        ([{"order_id": "a", "status": s} for s in ("paid", "cancelled")], (1, 1, 0, 1), (20, 10, 0, 10)),
        ([{"order_id": "a", "status": "cancelled"}, {"order_id": "a"}], (1, 0, 0, 0), (20, 0, 0, 0)),
        ([{"revenue": 0.0}], (1, 1, 0, 1), (0, 0, 0, 0)),  # a gift
    ],
)  # fmt: skip
@pytest.mark.long
def test_what_becomes_of_an_order(rows: list[dict[str, Any]], counts: Any, amounts: Any) -> None:
    # Another order keeps the columns filled that tell what was paid.
    found = whole(*rows, {"order_id": "other", "status": "paid"})
    assert tuple(found[COUNTS]) == tuple(np.add(counts, (1, 1, 0, 1)))
    assert tuple(found[AMOUNTS]) == tuple(np.add(amounts, (10, 10, 0, 10)))


def test_rates_and_the_order_value_have_their_n_and_interval() -> None:
    rows = [{"order_id": f"p{i}", "refund": 10.0 if i < 5 else 0.0} for i in range(50)]
    rows += [{"order_id": f"u{i}", "paid_at": pd.NaT} for i in range(10)]
    rows += [{"order_id": "last", "timestamp": LATER, "paid_at": pd.NaT}]
    found = whole(*rows)
    assert (found["paid_rate"], found["refund_rate"], found["aov"]) == (
        50 / 60,
        0.1,
        10.0,
    )  # the last may still be paid
    for name, counts in (("paid", (50, 60)), ("refund", (5, 50))):
        assert tuple(found[[f"{name}_low", f"{name}_high"]]) == proportion(*counts).floats()[1:]
    assert found["refund_share"] == pytest.approx(50 / 500)


def test_the_last_days_orders_are_shown_but_not_judged() -> None:
    late = LATER - pd.Timedelta("23h")
    answer = Sales().run(Tables(orders=orders({}, {"timestamp": late, "paid_at": pd.NaT}, {"timestamp": LATER})))
    assert tuple(answer.table.loc[0, ["created", "paid", "paid_rate"]]) == (3, 2, 1.0)
    assert "not judged in the share paid: 1." in answer.text()
    assert answer.frame("steps")["rate"].tolist()[1:] == [1.0, 1.0]


def test_another_currency_is_named_and_in_no_figure() -> None:
    rows = [{}, {}, {"revenue": 7.0, "currency": "USD"}, {"revenue": -2.0, "order_id": "c", "currency": "USD"}]
    answer = Sales().run(Tables(orders=orders(*rows)))
    assert (answer.table.loc[0, "created"], answer.table.loc[0, "realised"], answer.currency) == (2, 20.0, "CNY")
    assert "Left out: $7.00 (33.3% of 3 rows)." in answer.text()
    dollars = Sales(currency="USD").run(Tables(orders=orders(*rows)))
    assert (dollars.table.loc[0, "created"], dollars.table.loc[0, "realised"]) == (1, 5.0)
    rate = ExchangeRate(currency="USD", day="2026-11-01", rate=7.0, into="CNY")
    converted = Sales().run(Tables(orders=orders(*rows), rates=[rate]))
    assert (converted.table.loc[0, "created"], converted.table.loc[0, "realised"]) == (3, 20 + 7 * 5.0)
    with pytest.raises(DataError, match="There is no currency 'EUR'"):
        Sales(currency="EUR").run(Tables(orders=orders(*rows)))


def test_buyers_are_new_at_their_first_purchase_of_all() -> None:
    rows = [
        {"user_id": "old", "timestamp": DAY - pd.Timedelta(days=30)},
        {"user_id": "old"}, {"user_id": "new"}, {"user_id": "new", "channel": "mail"}, {"user_id": None},
        {"user_id": "sent back", "timestamp": DAY - pd.Timedelta(days=9), "refund": 10.0}, {"user_id": "sent back"},
    ]  # fmt: skip
    asked = Sales(by="channel", where=Filter(start="2026-11-01"))
    table = asked.run(Tables(orders=orders(*rows))).table.set_index("group")
    # One refunded in full was no purchase; the two orders of "new" are of one moment: new in both groups, one person.
    assert table[["new_buyers", "returning_buyers"]].to_numpy().tolist() == [[2, 1], [2, 1], [1, 0]]


def test_days_are_the_campaigns_own() -> None:
    campaign = Campaign(name="c", start="2026-11-01", end="2026-11-30", zone="Asia/Kolkata")
    rows = [{"timestamp": pd.Timestamp(f"2026-11-01 18:{minute}")} for minute in (29, 30)]
    trend = Sales().run(Tables(orders=orders(*rows), campaign=campaign)).frame("trend")
    assert trend["period"].dt.day.tolist() == [1, 2]
    assert trend["realised"].tolist() == [10.0, 10.0]
    assert trend["whole"].tolist() == [True, False]


@pytest.mark.parametrize(("every", "starts"), [("week", [26, 2, 9]), ("month", [1]), (None, [1])])
def test_periods_without_orders_stand_there_too(every: str | None, starts: list[int]) -> None:
    trend = Sales(every=every).run(Tables(orders=orders({}, {"timestamp": LATER}))).frame("trend")
    assert trend["period"].dt.day.tolist() == starts
    assert trend["created"].sum() == 2


def test_groups_add_up_and_the_smallest_stand_together() -> None:
    rows = [{"channel": f"c{i:02d}", "revenue": 100.0 - i} for i in range(60)] + [{"channel": None}]
    table = Sales(by="channel").run(Tables(orders=orders(*rows))).table
    assert len(table) == 1 + 50 + 1
    assert set(table["group"].tail(2)) == {OTHERS, NOT_SET}
    assert table.set_index("group").loc[OTHERS, "created"] == 11
    assert table.loc[1:, "created"].sum() == table.loc[0, "created"] == 61
    assert table.loc[1:, "realised"].sum() == pytest.approx(table.loc[0, "realised"])


def test_statuses_are_told_apart_and_read_as_words() -> None:
    rows = [{"status": "delivered"}, {"status": "cancelled"}, {"status": "refunded"}, {"status": "refunded"}]
    answer = Sales(by="status", every=None).run(Tables(orders=orders(*rows)))
    found = answer.table.set_index("group")[["created", "paid", "kept"]]
    assert found.to_dict("index") == {
        TOTAL: {"created": 4, "paid": 3, "kept": 1}, "delivered": {"created": 1, "paid": 1, "kept": 1},
        "refunded": {"created": 2, "paid": 2, "kept": 0}, "cancelled": {"created": 1, "paid": 0, "kept": 0},
    }  # fmt: skip
    plot = answer.plot("table", Look("zh_CN"))
    assert plot.names(pd.DataFrame({"group": ["delivered", "cancelled"]}), "group") == ["已签收", "已取消"]


# ---- what orders do not say -------------------------------------------------------------------------------


def test_orders_that_do_not_say_what_was_paid_still_answer() -> None:
    answer = Sales().run(Tables(orders=orders({}, {}).drop(columns=["paid_at", "user_id", "status"])))
    assert answer.say(answer.headline).startswith("2 orders were created for CN¥20.00.")
    assert "not-told" in codes(answer)
    assert answer.table.loc[0, ["paid", "realised", "aov", "new_buyers"]].isna().all()
    answer.chart().to_dict()
    Sales(every=None).run(Tables(orders=orders({}).drop(columns=["paid_at"]))).chart().to_dict()


def test_orders_without_buyers_or_campaigns_say_so_calmly() -> None:
    answer = Sales().run(Tables(orders=orders({}, {}).drop(columns=["user_id", "campaign"])))
    assert {"no-buyers", "nothing-before"} <= set(codes(answer))
    assert answer.table.loc[0, ["new_buyers", "returning_buyers"]].isna().all()
    assert answer.frame("campaigns").empty and answer.frame("change").empty
    with pytest.raises(DataError, match="product"):
        Sales(by="item").run(Tables(orders=orders({})))


def test_nothing_paid_and_nothing_left_are_said() -> None:
    answer = Sales().run(Tables(orders=orders({"status": "open", "paid_at": pd.NaT}, {"status": "paid"}).head(1)))
    assert "not in the export" in answer.say(answer.headline)  # no order tells that any was paid
    unpaid = orders({"paid_at": pd.NaT}, {"timestamp": LATER}, {"timestamp": LATER, "paid_at": pd.NaT})
    asked = Sales(where=Filter(end="2026-11-02"))
    answer = asked.run(Tables(orders=unpaid))
    assert answer.say(answer.headline).startswith("None of 1 order created was paid.")
    with pytest.raises(DataError, match="No orders are left"):
        Sales(where=Filter(start="2030-01-01")).run(Tables(orders=unpaid))


# ---- the twin ---------------------------------------------------------------------------------------------

LINE = st.fixed_dictionaries(
    {
        "order_id": st.sampled_from("abcdef"),
        "hour": st.integers(0, 100),
        "paid": st.one_of(st.none(), st.integers(0, 100)),
        "revenue": st.integers(-3, 6).map(float),
        "refund": st.sampled_from([None, 0.0, 1.0, 4.0]),
        "currency": st.sampled_from(["CNY", "CNY", "CNY", "USD"]),
        "status": st.sampled_from([None, None, "odd", *ORDER_STATUSES]),
        "user_id": st.sampled_from([None, "u", "v"]),
    }
)
VOID = ("open", "cancelled", "failed", "refunded")
PAID = ("paid", "delivered", "partly_refunded")


def _twin(lines: list[dict[str, Any]]) -> dict[str, dict[str, float]]:
    """Return what becomes of the orders in CNY, by the day of their first line, an order at a time."""
    own = defaultdict(list)
    for line in lines:
        if line["currency"] == "CNY":
            own[line["order_id"]].append(line)
    days: dict[str, Any] = defaultdict(Counter)
    for rows in own.values():
        sold = [r for r in rows if r["revenue"] >= 0]
        back = sum(r["revenue"] for r in rows if r["revenue"] < 0 and r["status"] not in ("cancelled", "failed"))
        day = str((DAY.normalize() + pd.Timedelta(hours=min(r["hour"] for r in sold or rows))).date())
        if not sold:
            days[day]["realised"] += back
            days[day]["refunds"] -= back
            continue
        days[day]["created"] += 1
        days[day]["created_amount"] += sum(r["revenue"] for r in sold)
        live = [r for r in sold if r["status"] not in VOID]
        returned = sum(r["revenue"] for r in sold if r["status"] == "refunded")
        told = any(r["status"] for r in live)
        timed = any(r["paid"] is not None or r["status"] in PAID for r in sold)
        worth = sum(r["revenue"] for r in live)
        if timed and (told or len(live) == len(sold)):
            amount = worth - sum(r["refund"] or 0 for r in live) + back
            bought = amount > 0 or worth == amount == 0
            paid = worth + returned
        elif any(r["status"] == "refunded" for r in sold):
            amount, bought, paid = 0.0, False, returned + (0 if told else worth)
        else:
            continue
        kept = amount if bought else 0.0
        for name, n in (("paid", 1), ("kept", bought), ("refunded", not bought), ("paid_amount", paid)):
            days[day][name] += n
        days[day]["realised"] += kept
        days[day]["refunds"] += paid - kept
    return {day: dict(found) for day, found in days.items()}


@settings(max_examples=cases(24), deadline=None)
@given(lines=st.lists(LINE, min_size=1, max_size=14))
def test_sales_equal_the_twin(lines: list[dict[str, Any]]) -> None:
    # One ordinary order, so that the columns that tell are there and most rows are in CNY.
    lines = [*lines, *({"order_id": f"z{i}", "hour": 0, "paid": 0, "revenue": 1.0, "refund": 0.0, "currency": "CNY",
                        "status": "paid", "user_id": "z"} for i in range(9))]  # fmt: skip
    start = DAY.normalize()
    rows = [
        {**line, "timestamp": start + pd.Timedelta(hours=line["hour"]),
         "paid_at": pd.NaT if line["paid"] is None else start + pd.Timedelta(hours=line["paid"])}
        for line in lines
    ]  # fmt: skip
    answer = Sales(currency="CNY").run(Tables(orders=orders(*rows)))
    expected, trend = _twin(lines), answer.frame("trend")
    for row in trend.to_dict("records"):
        for name in (*COUNTS, *AMOUNTS):
            found = expected.get(str(row["period"].date()), {})
            assert row[name] == pytest.approx(found.get(name, 0)), (row["period"], name)
    for name in (*COUNTS, *AMOUNTS):
        assert answer.table.loc[0, name] == pytest.approx(sum(found.get(name, 0) for found in expected.values()))


# ---- beside the campaign before ---------------------------------------------------------------------------


def campaigns(per_day: tuple[int, int], days: int = 40, *, seed: int = 0, spread: float = 0.0) -> pd.DataFrame:
    """Make a campaign in 2025 and one in 2026, of so many orders a day on average, each day with a mood of its own."""
    rng = np.random.default_rng(seed)
    parts = []
    for year, mean in zip((2025, 2026), per_day, strict=True):
        moods = mean * rng.lognormal(-(spread**2) / 2, spread, days)
        counts = rng.poisson(moods) if spread else np.full(days, mean)
        day = np.repeat(np.arange(days), counts)
        at = pd.Timestamp(f"{year}-11-01 10:00") + pd.to_timedelta(day, unit="D")
        amount = rng.lognormal(4, 0.8, len(day)).round(2) if spread else np.full(len(day), 10.0)
        part = pd.DataFrame(
            {"timestamp": at, "paid_at": at, "revenue": amount, "campaign": str(year), "currency": "CNY"}
        )
        part["channel"] = rng.choice(["feed", "mail", "live"], len(day))
        parts.append(part.assign(order_id=[f"{year}-{i}" for i in range(len(day))]))
    frame = pd.concat(parts, ignore_index=True)
    return frame.assign(refund=np.where(rng.random(len(frame)) < 0.1, frame["revenue"], 0.0))


def test_the_same_days_of_the_campaign_before() -> None:
    frame = campaigns((2, 3)).assign(refund=0.0)
    running = frame[frame["timestamp"] < "2026-11-21 12:00"]  # the 21st is not over
    answer = Sales(where=Filter(campaign="2026")).run(Tables(orders=running))
    found = answer.frame("campaigns")
    assert found[["campaign", "created", "realised"]].to_numpy().tolist() == [["2026", 60, 600.0], ["2025", 40, 400.0]]
    assert found[["first", "last"]].map(lambda day: str(day.date())).to_numpy().tolist() == [
        ["2026-11-01", "2026-11-20"], ["2025-11-01", "2025-11-20"]
    ]  # fmt: skip
    assert answer.table.loc[0, "created"] == 63
    assert "compared-days" in codes(answer)
    change = answer.frame("change").set_index("measure")
    assert change.loc["realised", "change"] == 0.5
    assert change.loc["aov", "change"] == 0.0
    trend = answer.frame("trend").groupby("campaign")["created"].agg(["count", "sum"])
    assert trend.loc["2025"].tolist() == [20, 40] and trend.loc["2026"].tolist() == [21, 63]
    assert "too little to tell" in answer.say(answer.headline)  # 20 days


@pytest.mark.parametrize("rows", [True, False])
def test_refunds_still_to_come_are_no_improvement(rows: bool) -> None:
    """Every fifth order comes back after twelve days, in both campaigns; the data end with the later one."""
    frame = campaigns((20, 20)).assign(refund=0.0).sort_values("timestamp", ignore_index=True)
    back = frame.iloc[::5].assign(status="refunded")
    back = back[back["timestamp"] + pd.Timedelta(days=12) <= frame["timestamp"].max()]
    if rows:
        late = back["timestamp"] + pd.Timedelta(days=12)
        frame = pd.concat([frame, back.assign(revenue=-back["revenue"], timestamp=late, paid_at=late)])
    else:
        frame.loc[back.index, "refund"] = frame.loc[back.index, "revenue"]
    answer = Sales(where=Filter(campaign="2026")).run(Tables(orders=frame))
    found = answer.frame("campaigns")
    assert found[["paid", "refund_rate", "refund_share"]].to_numpy().tolist() == [[780, 0.2, 0.2]] * 2
    change = answer.frame("change").set_index("measure")["change"]
    assert change["refund_rate"] == 0.0
    assert change[["refunded", "refunds"]].isna().all()
    assert answer.table.loc[0, "refund_rate"] == 0.14  # of 800, 112 by now
    (note,) = [note for note in answer.notes if note.code == "refunds-compared"]
    assert answer.say(note.message).startswith("Refund rates are compared on 2026-11-01 to 2026-11-24: of later orders")
    assert "rows-outside" not in codes(answer)
    early = frame[frame["timestamp"] < "2026-11-13"]
    answer = Sales(where=Filter(campaign="2026")).run(Tables(orders=early))
    assert answer.frame("campaigns")["refund_rate"].isna().all()
    (note,) = [note for note in answer.notes if note.code == "refunds-compared"]
    assert "Refund rates are not compared" in answer.say(note.message)
    assert "refunded in full, " not in answer.say(answer.headline)


def _alone(campaign: str, day: str, amount: float) -> pd.DataFrame:
    at = [pd.Timestamp(f"{day} 10:00")]
    return pd.DataFrame({"timestamp": at, "paid_at": at, "revenue": amount, "campaign": campaign, "currency": "CNY",
                         "channel": "feed", "refund": 0.0, "order_id": f"alone {day}"})  # fmt: skip


def test_a_row_alone_neither_shifts_nor_removes_a_comparison() -> None:
    """A test order before the plan's first day, and a refund of the campaign before within this one."""
    frame, plan = campaigns((2, 2)).assign(refund=0.0), Campaign(name="2026", start="2026-11-01", end="2026-12-10")
    rows = [_alone("2026", "2026-10-12", 1.0), _alone("2025", "2026-11-06", -10.0)]
    answer = Sales(where=Filter(campaign="2026")).run(Tables(orders=pd.concat([frame, *rows]), campaign=plan))
    found = answer.frame("campaigns")
    assert found[["campaign", "realised"]].to_numpy().tolist() == [["2026", 800.0], ["2025", 800.0]]
    assert found["first"].astype(str).tolist() == ["2026-11-01", "2025-11-01"]
    assert answer.table.loc[0, "realised"] == 801.0
    said = [answer.say(note.message) for note in answer.notes if note.code == "rows-outside"]
    assert [text.split(". ")[0] for text in said] == [
        "Rows of the orders called 2026 lie outside its days, 2026-11-01 to 2026-12-10: from 2026-10-12 to 2026-10-12",
        "Rows of the orders called 2025 lie outside its days, 2025-11-01 to 2025-12-10: from 2026-11-06 to 2026-11-06",
    ]
    later = Sales(where=Filter(campaign="2026", start="2026-11-02"))
    told = later.run(Tables(orders=pd.concat([frame, rows[0]]), campaign=plan))
    assert "rows-outside" not in codes(told)  # it is not among what is looked at


def test_why_nothing_is_set_beside_a_campaign_is_true() -> None:
    frame = campaigns((2, 2))
    both = pd.concat([frame, _alone("2025", "2026-11-20", 10.0)] + [_alone("2025", f"2026-{m:02}-09", 99.0)
                     for m in range(1, 12)] * 2)  # fmt: skip
    said = Sales(where=Filter(campaign="2026")).run(Tables(orders=both.assign(order_id=range(len(both)))))
    (why,) = [note for note in said.notes if note.code == "nothing-before"]
    assert said.say(why.message) == "2025 still ran when 2026 began, so nothing is set beside these figures."
    assert why.level == "warning"
    late = Sales(where=Filter(campaign="2026", start="2026-12-09"))
    short = frame[(frame["campaign"] == "2026") | (frame["timestamp"] < "2025-11-11")]
    (why,) = [note for note in late.run(Tables(orders=short)).notes if note.code == "nothing-before"]
    assert "Of the days looked at 2025 has none" in said.say(why.message)
    first = Sales(where=Filter(campaign="2025")).run(Tables(orders=frame))
    (why,) = [note for note in first.notes if note.code == "nothing-before"]
    assert "hold no campaign before this one" in said.say(why.message) and why.level == "info"


def test_dates_and_a_shorter_campaign_before_are_heeded() -> None:
    frame = campaigns((2, 3))
    short = frame[(frame["campaign"] == "2026") | (frame["timestamp"] < "2025-11-11")]
    asked = Sales(where=Filter(campaign="2026", start="2026-11-05"))
    found = asked.run(Tables(orders=short)).frame("campaigns")
    assert found["created"].tolist() == [18, 12]  # the 5th to the 10th
    none = Sales(where=Filter(campaign="2026", start="2026-11-15")).run(Tables(orders=short))
    assert none.frame("campaigns").empty
    assert "nothing-before" in codes(none)
    assert Sales(where=Filter(campaign="2025")).run(Tables(orders=frame)).frame("campaigns").empty


def test_each_campaign_is_set_beside_the_one_before_it() -> None:
    answer = Sales(by="campaign", every=None).run(Tables(orders=campaigns((2, 3))))
    assert answer.frame("campaigns")[["group", "campaign", "created"]].to_numpy().tolist() == [
        ["2026", "2026", 117], ["2026", "2025", 78]
    ]  # fmt: skip
    assert "2025" in answer.say(answer.headline)
    assert answer.frame("campaigns")["last"].dt.day.tolist() == [9, 9]  # the last day is not over
    answer.chart().to_dict()


def test_a_headline_finds_what_grew_and_where() -> None:
    frame = campaigns((40, 40), seed=3, spread=0.2)
    grown = frame[(frame["campaign"] == "2026") & (frame["channel"] == "live")]
    more = [grown.assign(order_id=grown["order_id"] + f"-{n}") for n in range(3)]
    answer = Sales(by="channel", where=Filter(campaign="2026")).run(Tables(orders=pd.concat([frame, *more])))
    said = answer.say(answer.headline)
    assert "more than" in said and "Most of the growth is live" in said
    fewer = frame.drop(index=grown.index)
    said = Sales(by="channel", where=Filter(campaign="2026")).run(Tables(orders=fewer))
    assert "less than" in said.say(said.headline)


@pytest.mark.long
def test_no_difference_is_found_where_there_is_none() -> None:
    """40 pairs of campaigns with nothing between them; above 6 false alarms (2 expected) is a chance of 0.3%."""
    alarms = 0
    for seed in range(40):
        answer = Sales(every=None, where=Filter(campaign="2026")).run(
            Tables(orders=campaigns((12, 12), seed=seed, spread=0.3))
        )
        change = answer.frame("change").set_index("measure").loc["realised"]
        alarms += bool(change["clear"])
        assert bool(change["clear"]) == ("Chance alone" not in answer.say(answer.headline))
    assert alarms <= 6


# ---- known figures ----------------------------------------------------------------------------------------


def test_tmall_orders(real_file: Callable[[str], Path]) -> None:
    export = read_export(real_file("tmall_orders.csv"))
    rows = export.clean(b"k" * 32).rows
    export.close()
    tables = Tables(orders=rows)
    answer = Sales(every=None).run(tables)
    found = answer.table.iloc[0]
    assert tuple(found[["created", "paid", "kept"]]) == (28_010, 24_087, 18_955)
    assert found["created_amount"] == pytest.approx(2_995_760.61, abs=0.005)
    assert found["paid_amount"] - found["refunds"] == pytest.approx(found["realised"])
    assert answer.frame("steps")["orders"].tolist() == [28_010, 24_087, 18_955]
    drawn = next(iter(answer.chart(Look("zh_CN")).to_dict()["datasets"].values()))
    assert [row["step_name"] for row in drawn] == ["下单", "已付款", "留存（未全额退款）"]
    assert answer.say(answer.headline, "zh_CN").startswith("实收")


def test_the_sample_holds_what_was_planted(sample: Tables) -> None:
    """Orders come in several times as fast on the two days of the surge as on the others, at least by half."""
    answer = Sales(where=Filter(campaign="Double 11 2026")).run(sample)
    trend = answer.frame("trend").query("campaign == 'Double 11 2026'").set_index("period")["created"].astype(float)
    surge = pd.to_datetime(["2026-11-10", "2026-11-11"])
    assert trend[surge].mean() >= 1.5 * trend.drop(surge).mean()
    rows = sample.arrow("orders").to_pandas().query("campaign == 'Double 11 2026'")
    paid = rows[rows["paid_at"].notna()]
    kept = paid[paid["revenue"] - paid["refund"] > 1e-9 * paid["revenue"]]
    found = answer.table.iloc[0]
    assert tuple(found[["created", "paid", "kept"]]) == (len(rows), len(paid), len(kept))
    assert found["realised"] == pytest.approx((kept["revenue"] - kept["refund"]).sum())
    firsts = sample.arrow("orders").to_pandas()
    firsts = firsts[firsts["paid_at"].notna() & (firsts["revenue"] - firsts["refund"] > 1e-9 * firsts["revenue"])]
    firsts = firsts.groupby("user_id")["timestamp"].min()
    new = kept.groupby("user_id")["timestamp"].min() == firsts.reindex(kept["user_id"].unique()).sort_index()
    assert (found["new_buyers"], found["returning_buyers"]) == (new.sum(), (~new).sum())


# ---- by item ----------------------------------------------------------------------------------------------


def _baskets() -> pd.DataFrame:
    """Make 200 orders of socks for 10 and a coat for 90, every second coat sent back, and 100 of a hat for 50."""
    lines = []
    for i in range(200):
        lines.append({"order_id": f"o{i}", "user_id": f"u{i}", "revenue": 10.0, "refund": 0.0, "item": "a_socks"})
        lines.append({**lines[-1], "revenue": 90.0, "refund": 90.0 if i % 2 else 0.0, "item": "coat"})
    lines += [{"order_id": f"p{i}", "user_id": f"u{i}", "revenue": 50.0, "refund": 0.0, "item": "hat"}
              for i in range(100)]  # fmt: skip
    return pd.DataFrame(lines).assign(timestamp=DAY, paid_at=DAY, currency="CNY")


def _by_item(frame: pd.DataFrame, **asked: Any) -> Any:
    return Sales(by="item", every=None, **asked).run(Tables(orders=frame))


@pytest.mark.parametrize("by_status", [False, True])
def test_each_item_of_an_order_has_its_own_lines(by_status: bool) -> None:
    frame = _baskets()
    if by_status:
        frame["status"] = np.where(frame["refund"] > 0, "refunded", "paid")
        frame["refund"] = 0.0
    answer = _by_item(frame)
    table = answer.table.set_index("group")
    assert table["realised"].to_dict() == {TOTAL: 16_000.0, "coat": 9_000.0, "hat": 5_000.0, "a_socks": 2_000.0}
    assert table["refunds"].to_dict() == {TOTAL: 9_000.0, "coat": 9_000.0, "hat": 0.0, "a_socks": 0.0}
    assert table.loc[[TOTAL, "a_socks", "coat"], COUNTS].values.tolist() == [
        [300, 300, 0, 300], [200, 200, 0, 200], [200, 200, 100, 100]
    ]  # fmt: skip
    assert table["new_buyers"].tolist() == [200, 100, 100, 200]
    assert "Most comes back from coat: 50.0% of 200 paid orders were refunded in full, 0% elsewhere." in answer.text()
    assert "by-line" in codes(answer) and "by-line" not in codes(_by_item(frame[frame["item"] == "hat"]))
    trend = Sales(by="item").run(Tables(orders=frame)).frame("trend").set_index("group")
    assert trend["realised"].to_dict() == table["realised"].to_dict()
    assert answer.frame("steps")["orders"].tolist() == [300, 300, 300]


def test_what_is_given_back_of_an_item_is_its_own_and_else_is_split() -> None:
    """20 comes back of the coat by its name; 40 of no item of theirs is split by what is left, 10 and 70."""
    lines = _baskets().query("order_id == 'o0'")
    back = lines.iloc[[0, 0]].assign(revenue=[-20.0, -40.0], item=["coat", "gift wrap"])
    table = _by_item(pd.concat([lines, back])).table.set_index("group")
    assert table["realised"].to_dict() == {TOTAL: 40.0, "coat": 35.0, "a_socks": 5.0}
    # A line without an item is of the order's first; one that was cancelled is no part of what was paid.
    more = lines.iloc[[0, 0]].assign(revenue=[5.0, 70.0], item=[None, "coat"], status=["paid", "cancelled"])
    table = _by_item(pd.concat([lines.assign(status="paid"), more])).table.set_index("group")
    assert table["realised"].to_dict() == {TOTAL: 105.0, "coat": 90.0, "a_socks": 15.0}


@pytest.mark.parametrize("seed", range(6))
def test_items_add_up_to_all_that_orders_came_to(seed: int) -> None:
    rng = np.random.default_rng(seed)
    n = 400
    frame = pd.DataFrame({"order_id": [f"o{i}" for i in rng.integers(0, 150, n)], "item": rng.choice(list("abc"), n)})
    frame["timestamp"] = DAY + pd.to_timedelta(rng.integers(0, 3, n), unit="D")
    frame["paid_at"] = frame["timestamp"].where(rng.random(n) < 0.8)
    frame["status"] = rng.choice(["paid", "open", "cancelled", "refunded", None], n, p=[0.4, 0.1, 0.1, 0.1, 0.3])
    frame["revenue"] = np.where(rng.random(n) < 0.15, -5.0, rng.integers(10, 90, n)).astype(float)
    frame["refund"] = np.where(rng.random(n) < 0.2, 3.0, 0.0)
    table = _by_item(frame.assign(currency="CNY")).table
    whole = Sales(every=None).run(Tables(orders=frame.assign(currency="CNY"))).table
    groups = table[1:]
    for column in ("created_amount", "realised"):
        assert groups[column].sum() == pytest.approx(table[column].iloc[0], abs=1e-5)  # cents are rounded by item
    for column in (*COUNTS, *AMOUNTS):
        assert table[column].iloc[0] == pytest.approx(whole[column].iloc[0], abs=1e-6)
    assert (groups["created"].sum() > whole["created"].iloc[0]) and (groups["paid"] <= groups["created"]).all()
