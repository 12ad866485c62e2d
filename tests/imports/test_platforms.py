"""Single traps of platforms' exports: what stands beside the figures, and what looks like one and is none."""

from __future__ import annotations

import json

import pytest
from imports.opened import opened, reconciled, rows


def _call(kind: str, time: str, **more: object) -> str:
    moment = f"2026-11-01T{time}.000Z"
    call = {"messageId": f"{kind} {time}", "type": kind, "anonymousId": "a1", "userId": "u1", "timestamp": moment}
    return json.dumps({**call, "originalTimestamp": moment, "receivedAt": moment, "sentAt": moment, **more}) + "\n"


CALLS = (
    _call("identify", "09:59:00", traits={"plan": "pro"})
    + _call("page", "10:00:00", name="Home", properties={"path": "/"})
    + _call("track", "10:02:00", event="Order Completed", properties={"revenue": 9, "order_id": "o1"})
)
VIEWED = _call("track", "10:01:00", event="Product Viewed", properties={"price": 9})


@pytest.mark.parametrize(
    ("log", "events"), [(CALLS, ["view", "purchase"]), (CALLS + VIEWED, ["page", "purchase", "view"])]
)
def test_pages_are_seen_and_who_somebody_is_was_not_done(log: str, events: list[str]) -> None:
    with opened(log, "calls.jsonl") as export:
        found = export.reconcile()
        assert [row["event"] for row in rows(export)] == events
        assert (found.set_aside, found.lost, found.undecided) == ((("no-event", 1),), 0, ())


@pytest.mark.parametrize("name", ["metrics.costMicros", "metrics_cost_micros"])
def test_a_field_in_micros_is_in_millionths(name: str) -> None:
    """The advertising platform's API, its JSON and its transfers write one name in three ways."""
    gap = "_" if "_" in name else "."
    text = f"campaign{gap}name,segments{gap}date,customer{gap}currencyCode,{name}\nLamps,2026-11-01,EUR,12340000\n"
    with opened(text) as export:
        (row,) = rows(export)
        assert (row["spend"], row["currency"], row["channel"]) == (12.34, "EUR", "google")


@pytest.mark.parametrize(
    "headings",
    [
        "Date,Campaign name,Ad group name,Ad name,Cost,Clicks,Impressions",
        "Giorno,Campagna,Costo,Clic,Impressioni",
        "Dia,Campanha,Grupo de anúncios,Custo,Cliques",
        "日,キャンペーン,広告グループ,費用,クリック数",
    ],
)
def test_a_teams_own_report_is_no_platforms(headings: str) -> None:
    with opened(f"{headings}\n2026-11-01,A,B,C,5,1,10\n") as export:
        assert export.recognition.format == ""
        assert {"channel", "currency"} == set(export.mapping.missing())
        assert dict(export.mapping.columns)["spend"] in ("Cost", "Costo", "Custo", "費用")


@pytest.mark.parametrize("heading", ["Kosten EUR", "kosten_eur", "Kosten in EUR", "KOSTEN EUR"])
def test_a_code_at_the_end_of_a_heading_is_its_currency(heading: str) -> None:
    found = reconciled(f"Datum;Kanal;{heading}\n01.11.2026;Google;1.234,50\n02.11.2026;Google;65,50\n")
    assert (dict(found.sums), found.rows_by_currency) == ({"spend": 1300.0}, (("EUR", 2),))


def test_a_word_that_is_a_code_too_is_none() -> None:
    with opened("Date,Channel,Cost,First TRY\n2026-11-01,Google,5,yes\n") as export:
        assert "currency" in export.mapping.missing()


def test_hundredths_of_a_yuan_are_yuan() -> None:
    found = reconciled("订单号,下单时间,支付金额(分)\nA1,2026-11-01 10:00:00,1999\nA2,2026-11-02 10:00:00,2999\n")
    assert (dict(found.sums), found.rows_by_currency) == ({"revenue": 49.98}, (("CNY", 2),))


def test_an_order_that_may_still_be_returned_was_delivered() -> None:
    """The marketplace says until when in the status itself."""
    status = "Pesanan diterima, namun Pembeli masih dapat mengajukan pengembalian hingga"
    heads = "No. Pesanan,Status Pesanan,Waktu Pesanan Dibuat,Waktu Pembayaran Dilakukan,Total Pembayaran"
    order = '261101AAA{n},"{status} 2026-11-0{n}",2026-11-01 07:45,2026-11-01 07:46,120.000'
    text = "\n".join([heads, *(order.format(n=n, status=status) for n in (8, 9))]) + "\n"
    with opened(text) as export:
        assert {(row["status"], row["revenue"]) for row in rows(export)} == {("delivered", 120_000.0)}


@pytest.mark.parametrize("heading", ["spend_usd", "Spend (USD)", "Spend in USD"])
def test_an_amount_is_in_the_currency_of_its_heading_whatever_the_accounts_is(heading: str) -> None:
    text = f"date,channel,{heading},spend_local,currency\n2026-11-01,google,10,9,EUR\n2026-11-02,google,20,18,EUR\n"
    assert reconciled(text).rows_by_currency == (("USD", 2),)
