"""The private domain: planted shares, cost, who stays, against a brute-force twin and in words."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from sizes import cases

from analysis import ChannelTag, Filter, PrivateDomain, Sales, Segments, Tables
from analysis.errors import DataError
from analysis.estimates import difference, proportion


def made(seed: int = 1, users: int = 200, share: float = 0.35) -> dict[str, pd.DataFrame]:
    """Return two campaigns of ten days, the second ten weeks after the first, and buying all the time."""
    rng = np.random.default_rng(seed)
    rows, sold = [], []
    for place, (name, first) in enumerate((("one", "2026-01-10"), ("two", "2026-03-21"))):
        start = pd.Timestamp(first)
        for user in range(users):
            for _ in range(rng.integers(1, 4)):
                channel = "private_domain" if rng.random() < share else "search"
                rows.append((f"u{user}", start + pd.Timedelta(hours=int(rng.integers(0, 240))), "visit", channel, name))
            if place == 0 and rng.random() < 0.4:
                rows.append((f"u{user}", start + pd.Timedelta(days=int(rng.integers(11, 39))), "view", "search", None))
        rows.append(("guide", start + pd.Timedelta(days=50), "view", "search", None))
    for user in range(users):
        for _ in range(rng.integers(0, 4)):
            at = pd.Timestamp("2025-12-01") + pd.Timedelta(days=int(rng.integers(0, 130)))
            campaign = {True: "one"}.get(pd.Timestamp("2026-01-10") <= at < pd.Timestamp("2026-01-20"))
            sold.append(
                (f"u{user}", at, rng.choice(["private_domain", "search"]), campaign, float(rng.integers(5, 90)))
            )
    events = pd.DataFrame(rows, columns=["user_id", "timestamp", "event", "channel", "campaign"])
    orders = pd.DataFrame(sold, columns=["user_id", "timestamp", "channel", "campaign", "revenue"])
    orders = orders.assign(order_id=[f"o{i}" for i in range(len(sold))], paid_at=orders["timestamp"], currency="CNY")
    spend = pd.DataFrame({
        "period_start": pd.to_datetime(["2026-01-10", "2026-01-10"]),
        "period_end": pd.to_datetime(["2026-01-11", "2026-01-11"]),
        "channel": ["search", "private_domain"], "spend": [500.0, 100.0], "currency": "CNY", "campaign": "one",
    })  # fmt: skip
    return {"events": events, "orders": orders, "spend": spend}


def test_the_planted_share_and_its_rise_are_found(sample: Tables) -> None:
    table = PrivateDomain.suggested(sample).run(sample).table
    assert table["period"].tolist() == ["Double 11 2024", "Double 11 2025", "Double 11 2026"]
    for planted, row in zip((0.20, 0.28, 0.35), table.itertuples(), strict=True):
        assert row.low <= planted <= row.high
    answer = PrivateDomain.suggested(sample).run(sample)
    assert "less than the 40.0%" in answer.say(answer.headline)
    codes = {note.code: note.level for note in answer.notes}
    # The sample has nothing between campaigns: that is said, and nobody counts as lost.
    assert codes["month-silent"] == "missing" and codes["no-private-spend"] == "warning"
    assert answer.frame("after")["share"].isna().all()


def test_money_is_that_of_a_brute_force_twin() -> None:
    given = made()
    row = PrivateDomain().run(Tables(**given)).table.iloc[0]
    orders = given["orders"]
    own = orders[orders["campaign"] == "one"]
    private = own[own["channel"] == "private_domain"]
    assert row["revenue"] == pytest.approx(own["revenue"].sum())
    assert row["revenue_share"] == pytest.approx(private["revenue"].sum() / own["revenue"].sum())
    first = orders.sort_values(["timestamp", "order_id"]).groupby("user_id").head(1)
    new = first[first["campaign"] == "one"]
    assert (row["acquired"], row["private_acquired"]) == (len(new), int((new["channel"] == "private_domain").sum()))
    assert (row["spend"], row["private_spend"]) == (600, 100)
    assert row["cost"] == pytest.approx(600 / len(new))
    assert row["cost_low"] < row["cost"] < row["cost_high"]


def test_who_stays_is_that_of_a_brute_force_twin() -> None:
    given = made()
    after = PrivateDomain().run(Tables(**given)).frame("after").set_index(["campaign", "group"])
    events, orders = given["events"], given["orders"]
    own = events[events["campaign"] == "one"]
    # Days are whole: the last visit of the campaign falls on its tenth.
    start, end = own["timestamp"].min().floor("D"), own["timestamp"].max().floor("D") + pd.Timedelta(days=1)
    month = pd.Timedelta(days=30)
    private = own["channel"].eq("private_domain").groupby(own["user_id"]).max()
    seen = set(events.loc[events["timestamp"].between(end, end + month, inclusive="left"), "user_id"])
    sides = [set(orders.loc[orders["paid_at"].between(*ends, inclusive="left"), "user_id"])
             for ends in ((start - month, start), (end, end + month))]  # fmt: skip
    for inside, group in ((True, "private domain"), (False, "all others")):
        people = private.index[private == inside]
        row = after.loc[("one", group)]
        marks = [np.array([user in held for user in people], float) for held in (seen, *sides)]
        assert (row["users"], row["back"]) == (len(people), marks[0].sum())
        _, low, high = proportion(marks[0].sum(), len(people)).floats()
        assert (row["low"], row["high"]) == pytest.approx((low, high))
        phi = float(np.corrcoef(marks[1], marks[2])[0, 1])
        change = difference(*(proportion(m.sum(), len(people)) for m in (marks[2], marks[1])), correlation=phi)
        assert tuple(row[["change", "change_low", "change_high"]]) == pytest.approx(change.floats())


@pytest.mark.long
def test_the_shares_interval_covers_though_ones_visits_go_together() -> None:
    held = []
    for seed in range(cases(200)):
        rng = np.random.default_rng(seed)
        n = rng.geometric(0.3, 300)
        own = rng.beta(0.7, 1.3, 300)  # a person's own share: their visits are alike
        channel = np.where(rng.random(n.sum()) < np.repeat(own, n), "private_domain", "search")
        events = pd.DataFrame({"user_id": np.repeat([f"u{i}" for i in range(300)], n), "channel": channel,
                               "timestamp": pd.Timestamp("2026-01-10"), "event": "visit"})  # fmt: skip
        row = PrivateDomain(every="month").run(Tables(events=events)).table.iloc[0]
        held.append(row["low"] <= 0.35 <= row["high"])
    assert 0.90 <= np.mean(held) <= 0.99


def test_channels_are_those_chosen_else_standard_else_tagged() -> None:
    given = made()
    tags = [ChannelTag(channel="search", tag="private")]
    assert PrivateDomain().run(Tables(**given, records=tags)).table["share"].iloc[0] < 0.5
    renamed = given["events"].replace({"channel": {"private_domain": "wecom"}})
    chosen = PrivateDomain(channels="wecom").run(Tables(events=renamed))
    tagged = PrivateDomain().run(Tables(events=renamed, records=[ChannelTag(channel="wecom", tag="private")]))
    assert chosen.table.equals(tagged.table)
    with pytest.raises(DataError, match="No channel is known as the private domain"):
        PrivateDomain().run(Tables(events=renamed))


def test_what_is_missing_is_told() -> None:
    given = made()
    answer = PrivateDomain(every="month").run(Tables(events=given["events"].drop(columns="campaign")))
    assert {"no-revenue", "no-spend", "no-campaigns"} <= {note.code for note in answer.notes}
    with pytest.raises(DataError, match="where the visit came from"):
        PrivateDomain().run(Tables(events=given["events"].drop(columns="channel")))
    lone = PrivateDomain(every="month").run(Tables(events=given["events"].query("channel == 'private_domain'").head(1)))
    assert lone.table["visits"].tolist() == [1]
    assert "of too few people for an interval: whether the 40.0% aimed at is reached cannot be told" in lone.text()
    nameless = PrivateDomain().run(Tables(events=given["events"], orders=given["orders"].drop(columns="user_id")))
    assert "no-revenue" in {note.code for note in nameless.notes}


def test_one_campaign_alone_is_what_it_is_among_others() -> None:
    held = Tables(**made())
    alone = PrivateDomain(where=Filter(campaign="one")).run(held)
    assert alone.table.iloc[0].equals(PrivateDomain().run(held).table.iloc[0])


def test_refunds_of_their_day_lower_revenue_as_on_sales() -> None:
    """u bought privately for 100 and v through x; 60 came back to u by a row that names no order."""
    at = pd.Timestamp("2026-11-02 10:00")
    orders = pd.DataFrame({
        "order_id": ["o1", "o2", "R"], "user_id": ["u", "v", "u"], "revenue": [100.0, 100.0, -60.0], "currency": "CNY",
        "channel": ["private_domain", "x", "private_domain"], "campaign": "B", "timestamp": at, "paid_at": at,
    })  # fmt: skip
    events = orders[:2][["user_id", "timestamp", "channel", "campaign"]].assign(event="visit")
    tables = Tables(events=events, orders=orders)
    row = PrivateDomain().run(tables).table.iloc[0]
    assert (row["revenue"], row["private_revenue"]) == (140.0, 40.0)
    assert row["revenue_share"] == pytest.approx(40 / 140)
    sold = Sales(by="channel", every=None).run(tables).table.set_index("group")["realised"]
    assert (sold["(total)"], sold["private_domain"]) == (row["revenue"], row["private_revenue"])
    people = Segments(by=("channel",)).run(tables).table.set_index("group")
    assert people["revenue"].to_dict() == {"private_domain": 40.0, "x": 100.0}
    assert people["share_of_revenue"].tolist() == pytest.approx([40 / 140, 100 / 140], abs=1e-9)
    # A refund is no order, and who has nothing else is no buyer.
    assert people["orders"].tolist() == people["buyers"].tolist() == [1, 1]
    only = Segments(by=("channel",)).run(Tables(events=events, orders=orders[1:])).table.set_index("group")
    assert only.loc["private_domain", ["buyers", "orders", "revenue"]].tolist() == [0, 0, -60.0]
