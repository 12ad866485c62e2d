"""One data set asked of every question: purchases, refunds and currencies are the same from each."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from analysis import (
    Attribution,
    DropOffs,
    Filter,
    Funnel,
    FunnelMoney,
    Lifecycle,
    Participation,
    ResponseCurves,
    Retention,
    Scenario,
    Tables,
)
from analysis.answer import Answer
from analysis.budget.curves.question import CurvesAnswer
from analysis.budget.curves.report import realised
from analysis.reallocation.setting import setting
from analysis.reallocation.simulation import Simulation
from analysis.records import ExchangeRate
from analysis.values import Campaign
from analysis.workspace.contents import Contents

FUNNEL = Funnel(steps=("view", "purchase"), window="1d")
DAY = pd.Timestamp("2026-11-01")


def _events(users: list[str], orders: list[str | None], **columns: object) -> pd.DataFrame:
    """Everybody views at nine and buys at ten; the data goes on for a week."""
    view = pd.DataFrame({"user_id": users, "timestamp": DAY + pd.Timedelta("9h"), "event": "view", "channel": "feed"})
    buy = view.assign(timestamp=DAY + pd.Timedelta("10h"), event="purchase", order_id=orders)
    late = view.iloc[:1].assign(user_id="late", timestamp=DAY + pd.Timedelta("7d"), event="other")
    return pd.concat([view, buy[buy["order_id"].notna()], late], ignore_index=True).assign(**columns)


def _spend(**columns: object) -> pd.DataFrame:
    """Forty days of spend on two channels, whose platforms claim revenue."""
    days = pd.date_range("2026-09-25", periods=40)
    cost = np.tile([20.0, 50.0, 100.0, 200.0], 10)
    frame = pd.DataFrame(
        {
            "period_start": days, "period_end": days + pd.Timedelta(days=1), "channel": "feed", "spend": cost,
            "attributed_revenue": 900 * cost / (100 + cost), "currency": "CNY",
        }
    )  # fmt: skip
    return frame.assign(**columns)


def _noted(answer: Answer) -> str:
    """Return what an answer says of other currencies."""
    return " ".join(note.message.text() for note in answer.notes if note.code == "other-currencies")


# ---- two currencies ---------------------------------------------------------------------------------------


def _two_currencies(**more: object) -> Tables:
    """Forty people pay 100 CNY, twenty pay 100 USD."""
    users, orders = [f"u{i:02d}" for i in range(60)], [f"o{i}" for i in range(60)]
    at = DAY + pd.Timedelta("10h")
    paid = pd.DataFrame(
        {
            "order_id": orders, "timestamp": at, "paid_at": at, "revenue": 100.0, "user_id": users,
            "currency": ["CNY"] * 40 + ["USD"] * 20,
        }
    )  # fmt: skip
    dollars = _spend(currency="USD", channel="mail", spend=1.0, attributed_revenue=3.0).iloc[:5]
    return Tables(events=_events(users, orders), orders=paid, spend=pd.concat([_spend(), dollars]), **more)


LEFT = "$2,000.00 (33.3% of 60 rows)"
LEFT_OF_SPEND = "$5.00 (11.1% of 45 rows)"


def test_two_currencies_are_one_and_the_other_named() -> None:
    tables = _two_currencies()
    money = FunnelMoney(funnel=FUNNEL).run(tables)
    row = money.table.iloc[0]
    assert (money.currency, row["users"], row["counted"]) == ("CNY", 60, 40)
    assert (row["orders"], row["revenue"], row["revenue_per_user"]) == (40, 4000.0, 100.0)
    assert "for each of 40 users" in money.headline.text()
    back = Retention(start="view", measure="revenue", period="day", periods=1).run(tables)
    cell = back.table.iloc[0]
    assert (back.currency, cell["users"], cell["counted"], cell["returned"]) == ("CNY", 60, 40, 40)
    assert (cell["revenue"], cell["per_user"]) == (4000.0, 100.0)
    stands = Lifecycle(at="2026-11-02", since="2026-10-31").run(tables)
    bought = stands.table.set_index("stage").loc["conversion"]
    assert (stands.currency, bought["users"], bought["counted"]) == ("CNY", 60, 40)
    assert (bought["value"], bought["value_per_user"]) == (4000.0, 100.0)
    credit = Attribution(value="revenue", touches=("view",), models="last").run(tables)
    assert (credit.currency, credit.table["value"].sum(), credit.table["credit"].sum()) == ("CNY", 4000.0, 60)
    for answer in (money, back, stands, credit):
        assert LEFT in _noted(answer), type(answer).__name__
    held = Contents().run(tables).table.set_index(["measure", "currency"])["amount"]
    assert held["orders paid, less refunds"].to_dict() == {"CNY": 4000.0, "USD": 2000.0}
    assert held["ad spend"].to_dict() == {"CNY": 3700.0, "USD": 5.0}


def test_spend_in_two_currencies_is_one_and_the_other_named() -> None:
    tables = _two_currencies()
    money = FunnelMoney(funnel=FUNNEL).run(tables)
    credit = Attribution(value="revenue", touches=("view",), models="last", where=Filter(start="2026-09-01")).run(
        tables
    )
    curves = ResponseCurves(draws=100).run(tables)
    plan = Scenario(curves=ResponseCurves(draws=100)).run(tables)
    assert money.table["spend"].iloc[0] == credit.table["cost"].sum() == curves.table["spend"].sum() == 3700.0
    assert plan.table["observed"].iloc[-1] == 3700.0
    assert {answer.currency for answer in (money, credit, curves, plan)} == {"CNY"}
    played = Simulation(curves=ResponseCurves(draws=100), runs=20).run(tables)
    for answer in (money, credit, curves, plan, played):
        assert LEFT_OF_SPEND in _noted(answer), type(answer).__name__
    assert money.table["roi"].iloc[0] == credit.table["roi"].dropna().iloc[0] == 4000.0 / 3700.0


def test_the_currency_asked_for_is_that_of_every_question() -> None:
    tables = _two_currencies()
    answers = (
        FunnelMoney(funnel=FUNNEL, currency="USD").run(tables),
        Retention(start="view", measure="revenue", period="day", periods=1, currency="USD").run(tables),
        Lifecycle(at="2026-11-02", since="2026-10-31", currency="USD").run(tables),
        Attribution(value="revenue", touches=("view",), models="last", currency="USD").run(tables),
    )
    assert {answer.currency for answer in answers} == {"USD"}
    found = [answers[0].table["revenue"].iloc[0], answers[1].table["revenue"].iloc[0],
             answers[2].table["value"].iloc[-1], answers[3].table["value"].sum()]  # fmt: skip
    assert found == [2000.0] * 4
    curves = ResponseCurves(draws=100, currency="USD").run(tables)
    assert (curves.currency, curves.table["channel"].tolist()) == ("USD", ["mail"])


def test_a_rate_converts_in_every_question() -> None:
    rates = [ExchangeRate(currency="USD", day="2026-09-01", rate=7.0, into="CNY")]
    tables = _two_currencies(rates=rates)
    money = FunnelMoney(funnel=FUNNEL).run(tables)
    back = Retention(start="view", measure="revenue", period="day", periods=1).run(tables)
    stands = Lifecycle(at="2026-11-02", since="2026-10-31").run(tables)
    credit = Attribution(value="revenue", touches=("view",), models="last").run(tables)
    assert money.table["revenue"].iloc[0] == back.table["revenue"].iloc[0] == 18_000.0
    assert stands.table["value"].iloc[-1] == credit.table["value"].sum() == 18_000.0
    assert money.table["counted"].iloc[0] == back.table["counted"].iloc[0] == stands.table["counted"].iloc[-1] == 60
    assert money.table["spend"].iloc[0] == ResponseCurves(draws=100).run(tables).table["spend"].sum() == 3735.0
    for answer in (money, back, stands, credit):
        assert "converted-currencies" in {note.code for note in answer.notes}
        assert not _noted(answer)


def test_orders_are_worth_what_those_in_the_currency_were() -> None:
    """The curves' currency is the spend's; dollars would halve the mean if they were added up as yuan of nothing."""
    given = setting(Simulation(curves=ResponseCurves(draws=100)), _two_currencies())
    assert (given.currency, given.market.order_value) == ("CNY", 100.0)


def test_a_drop_off_is_priced_by_those_counted() -> None:
    """Two groups of sixty; a third of the buyers pay in dollars, and each of the others 100."""
    rows, orders = [], []
    for u in range(240):
        device, buys = ("ios", u % 4 < 3) if u < 120 else ("android", u % 4 < 1)
        rows.append((f"u{u}", DAY, "view", device, None))
        if buys:
            rows.append((f"u{u}", DAY + pd.Timedelta("1h"), "purchase", device, f"o{u}"))
            orders.append((f"o{u}", f"u{u}", "USD" if u % 3 == 0 else "CNY"))
    rows.append(("late", DAY + pd.Timedelta("7d"), "other", "ios", None))
    events = pd.DataFrame(rows, columns=["user_id", "timestamp", "event", "device", "order_id"])
    paid = pd.DataFrame(orders, columns=["order_id", "user_id", "currency"])
    paid = paid.assign(timestamp=DAY, paid_at=DAY + pd.Timedelta("1h"), revenue=100.0)
    answer = DropOffs(funnel=FUNNEL, by="device").run(Tables(events=events, orders=paid))
    row = answer.table.set_index("group").loc["android"]
    assert answer.currency == "CNY"
    assert (row["lost"], row["worth"]) == (60.0, 6000.0)
    assert "$" in _noted(answer)


# ---- order lines, a credit note, and orders that came to nothing -------------------------------------------


def _lines() -> Tables:
    """Two orders of u1 (one in two lines), one of u2 with a credit note; what u3 to u6 ordered came to nothing.

    A refund that names no order belongs to its day alone. Kept: 100 + 50 + (80 - 30); 15 given back on the day.
    """
    rows = [
        ("o1", "u1", 60.0, None, None), ("o1", None, 40.0, None, None), ("o2", "u1", 50.0, None, "delivered"),
        ("o3", "u2", 80.0, None, "partly_refunded"), ("o3", None, -30.0, None, None),
        ("o4", "u3", 70.0, None, "cancelled"), ("o5", "u4", 70.0, 70.0, "paid"), ("o6", "u5", 70.0, None, "open"),
        ("o7", "u6", 20.0, None, None), ("o7", "u6", -20.0, None, None), ("credit", "u2", -15.0, None, None),
    ]  # fmt: skip
    at = DAY + pd.Timedelta("10h")
    paid = pd.DataFrame(rows, columns=["order_id", "user_id", "revenue", "refund", "status"])
    paid = paid.assign(timestamp=at, paid_at=at, currency="CNY", refund=paid["refund"].astype(float))
    events = _events([f"u{i}" for i in range(1, 7)], ["o1", "o3", "o4", "o5", "o6", "o7"])
    again = events.iloc[:1].assign(event="purchase", order_id="o2", timestamp=DAY + pd.Timedelta("11h"))
    later = events.assign(timestamp=events["timestamp"] + pd.Timedelta("30d"), order_id=None, event="visit")
    runs = [frame.assign(campaign=name) for frame, name in ((events, "one"), (again, "one"), (later, "two"))]
    return Tables(events=pd.concat(runs, ignore_index=True), orders=paid)


def test_purchases_are_the_same_from_every_question() -> None:
    tables = _lines()
    stands = Lifecycle(at="2026-11-02", since="2026-10-31").run(tables).table.set_index("stage")
    assert stands["users"].to_dict() == {"reach": 0, "interest": 4, "conversion": 1, "repurchase": 1, "(total)": 6}
    assert (stands.loc["(total)", "orders"], stands.loc["(total)", "value"]) == (3, 200.0)
    back = Retention(start="view", measure="revenue", period="day", periods=1).run(tables).table.iloc[0]
    assert (back["returned"], back["revenue"]) == (2, 200.0)
    credit = Attribution(value="revenue", touches=("view",), models="last").run(tables)
    assert credit.table["value"].sum() == 200.0
    # One funnel matches one order of each: u1's first.
    money = FunnelMoney(funnel=FUNNEL).run(tables).table.iloc[0]
    assert (money["users"], money["orders"], money["revenue"]) == (6, 2, 150.0)


def test_a_refund_of_its_day_lowers_the_day_and_is_nobodys() -> None:
    tables = _lines()
    held = Contents().run(tables).table.set_index("measure").loc[["orders created", "orders paid, less refunds"]]
    assert held["count"].tolist() == [7, 5]  # two of the paid were refunded in full
    assert held["amount"].tolist() == [460.0, 185.0]
    starts = np.array(["2026-11-01", "2026-11-02"], "datetime64[us]")
    revenue, _ = realised(tables, None, "CNY", starts, starts + np.timedelta64(1, "D"))
    assert revenue.tolist() == [185.0, 0.0]


@pytest.mark.parametrize(("orders", "loyal"), [(1, 2), (2, 1)])
def test_the_loyal_have_so_many_purchases(orders: int, loyal: int) -> None:
    tables = _lines()
    later = Filter(campaign="two")
    answer = Participation(paid_orders=orders, where=later).run(tables)
    assert answer.frame("campaigns")["known"].tolist() == [loyal]


def test_an_order_is_worth_its_lines_less_what_came_back() -> None:
    lines = _lines()
    tables = Tables(orders=lines.arrow("orders"), spend=_spend())
    given = setting(Simulation(curves=ResponseCurves(draws=100)), tables)
    assert given.market.order_value == pytest.approx(200.0 / 3)


# ---- the cases as they were reported ----------------------------------------------------------------------


def test_lines_are_no_second_order() -> None:
    at = DAY + pd.Timedelta("10h")
    paid = pd.DataFrame({"order_id": ["o1", "o1", "o2"], "timestamp": at, "paid_at": at + pd.Timedelta("5min"),
                         "revenue": [60.0, 40.0, 30.0], "currency": "CNY", "user_id": ["u1", "u1", "u2"]})  # fmt: skip
    view = pd.DataFrame({"user_id": ["u1", "u2"], "timestamp": DAY + pd.Timedelta("9h"), "event": "view"})
    stands = Lifecycle(at="2026-11-02", since="2026-10-31").run(Tables(events=view, orders=paid))
    users = stands.table.set_index("stage")["users"]
    assert (users["conversion"], users["repurchase"]) == (2, 0)
    campaigns = pd.concat([view.assign(campaign="a", timestamp=DAY + pd.Timedelta("30d")),
                           view.assign(campaign="b", timestamp=DAY + pd.Timedelta("60d"))])  # fmt: skip
    with pytest.raises(Exception, match="Nobody had 2 paid orders"):
        Participation(paid_orders=2).run(Tables(events=campaigns, orders=paid))


def test_answers_are_of_the_campaigns_currency_where_it_has_any() -> None:
    campaign = Campaign(name="c", start="2026-11-01", end="2026-11-30", zone="UTC", currency="USD")
    tables = _two_currencies(campaign=campaign)
    answers = (FunnelMoney(funnel=FUNNEL).run(tables), Lifecycle().run(tables), ResponseCurves(draws=100).run(tables))
    assert {answer.currency for answer in answers} == {"USD"}
    assert isinstance(answers[2], CurvesAnswer)
