"""Who paid what: against a plain twin that reads one order's rows at a time, and by hand."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sizes import cases

from analysis.errors import DataError
from analysis.purchases import NO_PURCHASE, created, purchases, source_of
from analysis.tables import Tables, collect
from analysis.values import Campaign, Filter
from analysis.vocabulary import ORDER_STATUSES

DAY = pd.Timestamp("2026-11-01")
COLUMNS = ["order_id", "timestamp", "paid_at", "revenue", "refund", "currency", "status", "user_id", "channel"]


def orders(*rows: dict[str, Any]) -> pd.DataFrame:
    """Build orders of one line each, paid on the day unless a row says otherwise."""
    usual = {"timestamp": DAY, "paid_at": DAY, "refund": None, "currency": "CNY", "status": None, "user_id": "u"}
    frame = pd.DataFrame([{**usual, "order_id": f"o{i}", "channel": "feed", **row} for i, row in enumerate(rows)])
    kinds = {"refund": float, "status": object, "timestamp": "datetime64[us]", "paid_at": "datetime64[us]"}
    return frame[COLUMNS].astype(kinds)


def bought(frame: pd.DataFrame, where: Filter | None = None, *also: str) -> dict[str, tuple[Any, ...]]:
    """Return what was bought, by order."""
    rows = collect(purchases(Tables(orders=frame), where, *also).rows)
    columns = ["amount", "user_id", *also]
    return {row["order_id"]: tuple(None if pd.isna(row[c]) else row[c] for c in columns) for _, row in rows.iterrows()}


def refunds(frame: pd.DataFrame) -> list[float]:
    found = purchases(Tables(orders=frame)).refunds
    return [] if found is None else sorted(collect(found)["amount"])


# ---- by hand ----------------------------------------------------------------------------------------------


def test_rows_of_one_order_are_one_order() -> None:
    frame = orders(
        {"order_id": "a", "revenue": 60.0, "user_id": None, "channel": None},
        {"order_id": "a", "revenue": 40.0, "paid_at": pd.NaT, "timestamp": DAY + pd.Timedelta("1h"), "channel": "live"},
        {"order_id": "a", "revenue": 5.0, "timestamp": DAY + pd.Timedelta("2h"), "channel": "mail"},
    )
    assert bought(frame, None, "channel") == {"a": (105.0, "u", "live")}
    # A filter is of orders: what their first line that tells says.
    assert bought(frame, Filter(channel="live"), "channel") == {"a": (105.0, "u", "live")}
    assert bought(frame, Filter(channel="mail")) == {}
    late = frame.assign(timestamp=frame["timestamp"] + pd.Timedelta("23h"))
    assert bought(late, Filter(end="2026-11-01")) == {"a": (105.0, "u")}
    assert bought(late, Filter(start="2026-11-02")) == {}


def test_a_row_below_zero_is_a_refund_of_its_order_or_of_its_day() -> None:
    frame = orders(
        {"order_id": "a", "revenue": 100.0},
        {"order_id": "a", "revenue": -30.0, "user_id": None, "paid_at": pd.NaT, "status": "refunded"},
        {"order_id": "b", "revenue": 20.0},
        {"order_id": "credit", "revenue": -8.0, "paid_at": pd.NaT, "user_id": "u"},
        {"order_id": "void", "revenue": -5.0, "status": "cancelled"},
    )
    assert bought(frame) == {"a": (70.0, "u"), "b": (20.0, "u")}
    assert refunds(frame) == [-8.0]
    alone = frame.iloc[2:]
    assert (bought(alone), refunds(alone)) == ({"b": (20.0, "u")}, [-8.0])
    realised = purchases(Tables(orders=frame)).realised
    assert sorted(collect(realised)["amount"]) == [-8.0, 20.0, 70.0]


@pytest.mark.parametrize("lines", [1, 2])
def test_what_came_to_nothing_is_no_purchase(lines: int) -> None:
    half = {"revenue": 10.0 / lines}
    parts: list[dict[str, Any]] = [
        {"paid_at": pd.NaT}, {"refund": half["revenue"]}, *({"status": status} for status in NO_PURCHASE),
        {"refund": 99.0}, {}, {"refund": half["revenue"] / 2}, {"status": "delivered", "paid_at": pd.NaT},
        {"status": "odd"}, {"status": "odd", "paid_at": pd.NaT}, {"revenue": 0.0},
    ]  # fmt: skip
    frame = orders(*({**half, "order_id": f"o{i}", **part} for i, part in enumerate(parts) for _ in range(lines)))
    assert {key: own[0] for key, own in bought(frame).items()} == {
        "o7": 10.0, "o8": 5.0, "o9": 10.0, "o10": 10.0, "o12": 0.0
    }  # fmt: skip


def test_a_line_without_a_status_takes_its_orders() -> None:
    both = orders({"order_id": "a", "revenue": 6.0, "status": "cancelled"}, {"order_id": "a", "revenue": 4.0})
    assert bought(both) == {}
    part = orders({"order_id": "a", "revenue": 6.0, "status": "cancelled"},
                  {"order_id": "a", "revenue": 4.0, "status": "paid"}, {"order_id": "a", "revenue": 1.0})  # fmt: skip
    assert bought(part) == {"a": (5.0, "u")}


def test_statuses_that_say_nothing_are_named() -> None:
    frame = orders({"revenue": 1.0, "status": "shipped?"}, {"revenue": 1.0, "status": "paid"})
    note = purchases(Tables(orders=frame)).notes[0]
    assert (note.code, "shipped?" in note.message.text()) == ("unknown-status", True)
    assert purchases(Tables(orders=frame.assign(status="paid"))).notes == ()
    assert set(NO_PURCHASE) < set(ORDER_STATUSES)


def test_an_order_in_two_currencies_is_one_in_each() -> None:
    frame = orders({"order_id": "a", "revenue": 6.0}, {"order_id": "a", "revenue": 4.0, "currency": "USD"})
    rows = collect(purchases(Tables(orders=frame)).rows)
    assert dict(zip(rows["currency"], rows["amount"], strict=True)) == {"CNY": 6.0, "USD": 4.0}


def test_nobody_is_called_by_an_empty_id() -> None:
    assert bought(orders({"revenue": 1.0, "user_id": ""}, {"revenue": 2.0})) == {"o0": (1.0, None), "o1": (2.0, "u")}


# ---- purchase events --------------------------------------------------------------------------------------

EVENTS = pd.DataFrame(
    [
        ("v", "2026-11-01 10:00", "purchase", "o1", 10.0, "ios"),
        ("u", "2026-11-01 09:00", "purchase", "o1", 5.0, "ios"),
        ("u", "2026-11-01 11:00", "purchase", None, None, "android"),
        ("w", "2026-11-01 11:00", "view", "o9", 7.0, "ios"),
    ],
    columns=["user_id", "timestamp", "event", "order_id", "value", "device"],
).assign(timestamp=lambda t: pd.to_datetime(t["timestamp"]))


@pytest.mark.parametrize(
    ("lost", "where"), [("paid_at", None), ("user_id", None), (None, Filter(device=("ios", "android")))]
)
def test_purchase_events_stand_in_where_orders_do_not_tell(lost: str | None, where: Filter | None) -> None:
    frame = orders({"revenue": 1.0}).drop(columns=lost or [])
    tables = Tables(events=EVENTS, orders=frame, campaign=Campaign(name="c", start="2026-11-01", end="2026-11-01"))
    found = purchases(tables, where)
    assert not found.source.orders
    assert found.source.lacks == ((lost or "device"),)
    rows = collect(found.rows).sort_values("user_id").set_index("order_id")
    assert rows.loc["o1", ["user_id", "amount", "currency"]].tolist() == ["u", 15.0, "CNY"]
    assert len(rows) == 2 and rows["amount"].isna().sum() == 1
    assert purchases(tables, buyers=lost != "user_id").source.orders == (lost in (None,)) or lost == "user_id"


def test_statuses_tell_who_paid_where_no_time_does() -> None:
    frame = orders({"revenue": 1.0, "status": "paid"}, {"revenue": 2.0, "status": "open"}).drop(columns="paid_at")
    assert source_of(Tables(orders=frame)).orders
    assert bought(frame) == {"o0": (1.0, "u")}
    assert not source_of(Tables(orders=frame.assign(status="hm"))).orders


def test_where_nothing_tells_the_orders_say_what_they_lack() -> None:
    with pytest.raises(DataError) as none:
        purchases(Tables(events=EVENTS[EVENTS["event"] == "view"]))
    with pytest.raises(DataError) as lacking:
        purchases(Tables(orders=orders({"revenue": 1.0}).drop(columns="user_id")))
    assert (none.value.code, lacking.value.code) == ("no-table", "no-column")
    assert "who ordered" in str(lacking.value)


# ---- the twin ---------------------------------------------------------------------------------------------

LINE = st.fixed_dictionaries(
    {
        "order_id": st.sampled_from("abcd"),
        "hour": st.integers(0, 60),
        "paid": st.one_of(st.none(), st.integers(0, 60)),
        "revenue": st.integers(-3, 6).map(float),
        "refund": st.sampled_from([None, 0.0, 1.0, 4.0]),
        "currency": st.sampled_from(["CNY", "CNY", "USD"]),
        "status": st.sampled_from([None, None, "odd", *ORDER_STATUSES]),
        "user_id": st.sampled_from([None, "", "u", "v"]),
        "channel": st.sampled_from([None, "feed", "live"]),
    }
)


def _hour(n: int | None) -> Any:
    return pd.NaT if n is None else DAY + pd.Timedelta(hours=n)


def _twin(lines: list[dict[str, Any]]) -> tuple[dict[Any, Any], dict[Any, float]]:
    """Return purchases and refunds of their day by order and currency, row by row."""
    own, users, every = defaultdict(list), {}, defaultdict(list)
    for line in lines:
        own[line["order_id"], line["currency"]].append(line)
        every[line["order_id"]].append(line)
    for key, rows in every.items():
        named = [(line["hour"], line["user_id"]) for line in rows if line["user_id"]]
        users[key] = min(named)[1] if named else None
    found, left = {}, {}
    for key, rows in own.items():
        back = sum(r["revenue"] for r in rows if r["revenue"] < 0 and r["status"] not in ("cancelled", "failed"))
        sold = [r for r in rows if r["revenue"] >= 0]
        if not sold:
            left |= {key: back} if back else {}
            continue
        live = [r for r in sold if r["status"] not in NO_PURCHASE]
        if not any(r["status"] for r in live) and len(live) < len(sold):
            continue
        times = [
            r["paid"] if r["paid"] is not None else r["hour"]
            for r in sold
            if r["paid"] is not None or r["status"] in ("paid", "delivered", "partly_refunded")
        ]
        price = sum(r["revenue"] for r in live)
        amount = price - sum(r["refund"] or 0 for r in live) + back
        if times and (amount > 0 or price == amount == 0):
            found[key] = (amount, users[key[0]], _hour(min(times)), _hour(min(r["hour"] for r in sold)))
    return found, left


@settings(max_examples=cases(150), deadline=None)
@given(lines=st.lists(LINE, min_size=1, max_size=12))
@pytest.mark.long
def test_purchases_equal_the_twin(lines: list[dict[str, Any]]) -> None:
    rows = [{**line, "timestamp": _hour(line["hour"]), "paid_at": _hour(line["paid"])} for line in lines]
    # One ordinary order, so that the columns that tell are there.
    rows.append({"order_id": "z", "revenue": 1.0, "refund": 0.0, "status": "paid", "user_id": "z"})
    found = purchases(Tables(orders=orders(*rows)))
    expected, left = _twin(lines)
    got = {
        (r.order_id, r.currency): (r.amount, None if pd.isna(r.user_id) else r.user_id, r.paid_at, r.timestamp)
        for r in collect(found.rows).itertuples()
        if r.order_id != "z"
    }
    assert got == expected
    of_day = collect(found.refunds) if found.refunds is not None else pd.DataFrame(columns=["order_id"])
    assert {(r.order_id, r.currency): r.amount for r in of_day.itertuples()} == left


def test_an_order_refunded_in_full_was_paid_and_is_no_purchase() -> None:
    frame = orders({"order_id": "a", "revenue": 100.0}, {"order_id": "b", "revenue": 20.0, "refund": 20.0})
    found = purchases(Tables(orders=frame))
    assert collect(found.rows)["order_id"].tolist() == ["a"]
    assert sorted(collect(found.paid)["order_id"]) == ["a", "b"]


def test_an_order_refunded_by_its_status_alone_was_paid_too() -> None:
    frame = orders(
        {"revenue": 100.0, "status": "refunded", "paid_at": pd.NaT},
        {"revenue": 20.0, "status": "cancelled"},
        {"revenue": 5.0, "paid_at": pd.NaT},
        {"revenue": 1.0, "status": "paid"},
    )
    found = purchases(Tables(orders=frame))
    assert collect(found.rows)["order_id"].tolist() == ["o3"]
    assert collect(found.paid).sort_values("order_id")[["order_id", "amount"]].values.tolist() == [
        ["o0", 0.0], ["o3", 1.0]
    ]  # fmt: skip
    made = collect(created(Tables(orders=frame)).rows).set_index("order_id").sort_index()
    assert made["revenue"].tolist() == [100.0, 20.0, 5.0, 1.0]
    assert made["paid"].fillna(-1).tolist() == [100.0, -1, -1, 1.0]
    assert made["bought"].tolist() == [False, False, False, True]
