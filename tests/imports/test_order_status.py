"""How an order stands: only what was paid is paid, in the words of every platform; unknown words are asked about."""

# ruff: noqa: E501 (rows are as wide as the exports write them)
from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from imports.exports.order_texts import ANALYTICS, DOUYIN, ETSY, GERMAN, PAYMENTS, PDD, SELLER, TAOBAO, WOO
from imports.opened import opened, reconciled, rows

from analysis.imports import Export, read_export
from analysis.imports.lexicon.statuses import status_of
from analysis.tables import collect
from analysis.vocabulary import ORDER_STATUSES
from analysis.workspace import open_workspace
from analysis.workspace.contents import Contents


def stood(export: Export) -> dict[str, tuple[float, str | None, bool, float]]:
    """Return, by order: its amount, how it stands, whether it was paid, and what was given back."""
    return {
        r["order_id"]: (r["revenue"], r.get("status"), r.get("paid_at") is not None, r.get("refund") or 0.0)
        for r in rows(export)
    }


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        (WOO, {"501": (10.0, "delivered", True, 0.0), "502": (20.0, "cancelled", False, 0.0),
               "503": (30.0, "failed", False, 0.0), "504": (40.0, "open", False, 0.0),
               "505": (50.0, "refunded", True, 50.0)}),
        (SELLER, {"111-1": (18.0, "paid", True, 0.0), "111-2": (9.0, "cancelled", False, 0.0),
                  "111-4": (9.0, "open", False, 0.0)}),
        (DOUYIN, {"4001": (9.0, "delivered", True, 0.0), "4002": (28.0, "cancelled", False, 0.0)}),
        (PDD, {"261101-001": (8.0, "paid", True, 0.0), "261102-002": (19.0, "refunded", True, 19.0)}),
        (ANALYTICS, {"501": (9.0, "delivered", True, 0.0), "502": (21.0, "refunded", True, 21.0)}),
        (ETSY, {"1001": (37.1, None, False, 0.0), "1002": (50.0, None, False, 0.0)}),
        (PAYMENTS, {"ch_1": (20.0, "paid", True, 0.0), "ch_2": (30.0, "refunded", True, 30.0),
                    "ch_3": (40.0, "failed", False, 0.0), "ch_4": (50.0, "partly_refunded", True, 5.0)}),
        (GERMAN, {"1": (10.5, "delivered", True, 0.0), "2": (20.0, "cancelled", False, 0.0),
                  "3": (30.0, "open", False, 0.0), "4": (40.0, "refunded", True, 40.0)}),
        (TAOBAO, {"A1": (10.0, "paid", True, 0.0), "A2": (20.0, "open", False, 0.0),
                  "A3": (30.0, "delivered", True, 0.0), "A4": (40.0, "cancelled", False, 0.0)}),
    ],
    ids=["woo", "seller", "douyin", "pdd", "analytics", "etsy", "payments", "german", "taobao"],
)  # fmt: skip
def test_only_what_was_paid_is_paid(text: str, wanted: dict[str, Any]) -> None:
    with opened(text, currency="EUR") as export:
        assert export.mapping.table == "orders"
        assert stood(export) == wanted
        assert export.reconcile().undecided == ()


def test_months_stand_first_in_one_of_them() -> None:
    with opened(ETSY) as export:
        found = export.reconcile()
    assert (found.days, dict(found.sums)["revenue"]) == (("2026-09-03", "2026-09-21"), 87.1)


@pytest.mark.parametrize(
    "text",
    [
        "Sale Date,Order ID,Order Total,Currency,Buyer\n09/21/26,1001,37.10,USD,b1\n09/03/26,1002,50.00,USD,b2\n",
        "Order #;Sale date;Grand total;Currency code\n1001;9/21/2026;$37.10;USD\n1002;9/3/2026;$50.00;USD\n",
    ],
)
def test_a_day_that_can_be_no_month_tells_it_elsewhere(text: str) -> None:
    found = reconciled(text)
    assert (found.days, dict(found.sums)["revenue"]) == (("2026-09-03", "2026-09-21"), 87.1)
    assert (found.currencies, found.undecided) == (("USD",), ())


def test_a_time_that_is_stated_goes_before_the_creation() -> None:
    with opened(PDD) as export:
        first = rows(export)[0]
    assert str(first["paid_at"]) == str(first["timestamp"]) == "2026-11-01 10:01:00"
    with opened(DOUYIN) as export:
        assert str(rows(export)[0]["paid_at"]) == "2026-11-01 10:01:00"
        assert export.reconcile().notes == ()


def test_that_orders_count_from_their_creation_is_said() -> None:
    with opened(WOO) as export:
        (note,) = export.reconcile().notes
    assert note.text() == "Paid by their status, by no stated time: 2 orders. They count from their creation."


@pytest.mark.parametrize("text", [WOO, SELLER, PAYMENTS])
def test_what_is_stored_counts_so(text: str, tmp_path: Path) -> None:
    """Realised revenue: 10 of the first, 18 of the second, 20 and 45 of the third."""
    workspace = open_workspace(tmp_path / "w.duckdb")
    with opened(text) as export:
        workspace.add(export)
    shown = Contents().run(workspace.tables()).table.set_index("measure")
    statuses = collect(workspace.tables().frame("orders"))["status"].dropna()
    workspace.close()
    assert set(statuses) <= set(ORDER_STATUSES)
    assert shown.loc["orders paid, less refunds", "amount"] == {WOO: 10.0, SELLER: 18.0, PAYMENTS: 65.0}[text]


# ---- words that nobody knows ------------------------------------------------------------------------------

SHOP = "order_id,created_at,total,currency,status\n{}"


def test_unknown_words_are_listed_with_what_hangs_on_them_and_asked_once() -> None:
    text = SHOP.format(
        "1,2026-11-01,10,EUR,paid\n2,2026-11-01,20,EUR,Zebra\n3,2026-11-01,5,EUR,zebra\n4,2026-11-02,7,EUR,Lynx\n"
    )
    with opened(text) as export:
        found = export.reconcile()
        assert [(u.word.casefold(), u.rows, u.amount) for u in found.unknown_statuses] == [
            ("zebra", 2, 25.0), ("lynx", 1, 7.0)
        ]  # fmt: skip
        assert found.undecided == ("statuses",)
        assert "Lynx × 1 = 7.00" in found.questions[-1].text()
        assert [o for o, (_, _, paid, _) in stood(export).items() if paid] == ["1"]
        said = {**dict(export.mapping.statuses), "zebra": "delivered", "lynx": "none"}
        answered = export.mapped(export.mapping.replace(statuses=said))
        assert answered.reconcile().undecided == ()
        assert {o: (s, p) for o, (_, s, p, _) in stood(answered).items()} == {
            "1": ("paid", True), "2": ("delivered", True), "3": ("delivered", True), "4": (None, False)
        }  # fmt: skip


def test_a_word_that_is_to_stay_as_it_is_stays() -> None:
    with opened(SHOP.format("1,2026-11-01,10,EUR,Zebra\n")) as export:
        kept = export.mapped(export.mapping.replace(statuses={"zebra": "Zebra"}))
        assert (kept.reconcile().undecided, stood(kept)["1"][1]) == ((), "Zebra")


def test_unknown_words_of_a_column_beside_are_asked_about_too() -> None:
    text = PDD.replace("无售后", "斑马")
    with opened(text) as export:
        (unknown,) = export.reconcile().unknown_statuses
    assert (unknown.word, unknown.rows, unknown.amount) == ("斑马", 1, 8.0)


def test_a_kept_mapping_does_not_forget_the_words_that_everybody_knows() -> None:
    with opened(SHOP.format("1,2026-11-01,10,EUR,paid\n")) as first:
        kept = first.mapping
    with opened(SHOP.format("1,2026-11-01,10,EUR,cancelled\n")) as second:
        assert second.under(kept, "mine").reconcile().undecided == ()


def test_a_word_for_several_things_is_the_one_that_undoes_most() -> None:
    assert status_of("已发货，部分退款") == "partly_refunded"
    assert status_of("Paid, Refunded") == "refunded"
    assert status_of("Paid, Zebra") is None


# ---- what was given back ----------------------------------------------------------------------------------


def test_a_partial_refund_without_an_amount_is_asked_about() -> None:
    text = SHOP.format("1,2026-11-01,10,EUR,paid\n2,2026-11-01,20,EUR,partially_refunded\n")
    with opened(text) as export:
        found = export.reconcile()
        assert found.undecided == ("part_refunds",)
        assert "1, 20.00 in all" in found.questions[-1].text()
        for said, given_back in (("none", 0.0), ("whole", 20.0)):
            answered = export.mapped(export.mapping.replace(part_refunds=said))
            assert (answered.reconcile().undecided, stood(answered)["2"][3]) == ((), given_back)


def test_one_with_an_amount_is_not() -> None:
    text = "order_id,created_at,total,currency,status,refunded\n2,2026-11-01,20,EUR,partially refunded,5\n"
    with opened(text) as export:
        assert (export.reconcile().undecided, stood(export)["2"]) == ((), (20.0, "partly_refunded", True, 5.0))


# ---- paid when it comes -----------------------------------------------------------------------------------

ON_DELIVERY = (
    "order_id,created_at,total,currency,order_status,{}\n1,2026-11-01,10,EUR,{},{}\n2,2026-11-01,20,EUR,{},{}\n"
    "3,2026-11-01,40,EUR,{},card\n"
)


@pytest.mark.parametrize(
    ("heading", "word", "sent", "come"),
    [("payment_method", "cod", "processing", "completed"), ("Zahlungsart", "Nachnahme", "Versendet", "Zugestellt"),
     ("支付方式", "货到付款", "已发货", "已签收")],
)  # fmt: skip
def test_cash_on_delivery_counts_once_delivered_and_the_rule_is_a_choice(
    heading: str, word: str, sent: str, come: str
) -> None:
    with opened(ON_DELIVERY.format(heading, sent, word, come, word, sent)) as export:
        assert [o for o, (_, _, paid, _) in stood(export).items() if paid] == ["2", "3"]
        assert "paid once they are delivered" in export.reconcile().notes[-1].text()
        other = export.mapped(export.mapping.replace(on_delivery={}))
        assert [o for o, (_, _, paid, _) in stood(other).items() if paid] == ["1", "2", "3"]


# ---- lines of one order -----------------------------------------------------------------------------------


def test_lines_that_stand_differently_are_one_order() -> None:
    """A line that was cancelled is taken out; one that was refunded is given back."""
    head = "主订单编号,子订单编号,选购商品,订单应付金额,订单提交时间,支付完成时间,订单状态,流量来源\n"
    at = "2026-11-01 10:00:00,2026-11-01 10:01:00"
    text = head + (
        f"1,11,皂,10,{at},已关闭,直播\n1,12,烛,20,{at},已完成,直播\n"
        f"2,21,皂,10,{at},已完成,直播\n2,22,烛,20,{at},已退款,直播\n3,31,皂,10,{at},已关闭,直播\n3,32,烛,20,{at},已关闭,直播\n"
    )
    with opened(text) as export:
        assert stood(export) == {
            "1": (20.0, "delivered", True, 0.0), "2": (30.0, "partly_refunded", True, 20.0),
            "3": (30.0, "cancelled", True, 0.0),
        }  # fmt: skip


def test_a_large_file_is_read_so_too() -> None:
    """Words are looked for in all rows, not in the first alone."""
    single = "".join(f"a{i},2026-11-01,1,EUR,paid,{'x' * 1400}\n" for i in range(12_000))
    text = "order_id,created_at,total,currency,status,note\n" + single + "b,2026-11-01,5,EUR,on-hold,y\n"
    export = read_export(text.encode(), "file.csv", zone="UTC")
    try:
        assert not export.scratch.whole
        found = export.reconcile()
        assert (found.undecided, dict(export.mapping.statuses)) == ((), {"on-hold": "open", "paid": "paid"})
    finally:
        export.close()


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        (
            "订单号,下单时间,付款确认时间,订单金额,订单状态,支付方式\n1,2026-11-01 10:00:00,2026-11-01 10:01:00,10,完成,在线支付\n"
            "2,2026-11-01 11:00:00,,20,(锁定)等待付款,在线支付\n3,2026-11-01 12:00:00,,30,等待出库,货到付款\n",
            {"1": ("delivered", True), "2": ("open", False), "3": ("open", False)},
        ),
        (
            "订单编号,订单创建时间,订单支付时间,订单状态,实付款,退款状态\n1,2026-11-01 10:00:00,2026-11-01 10:01:00,交易成功,10,\n"
            "2,2026-11-01 11:00:00,2026-11-01 11:01:00,已发货,20,退款成功\n3,2026-11-01 12:00:00,,交易关闭,30,\n",
            {"1": ("delivered", True), "2": ("refunded", True), "3": ("cancelled", False)},
        ),
        (
            "id,transaction_date,sale_amount,commission_status,currency,order_ref\n1,2026-11-01,10,approved,EUR,o1\n"
            "2,2026-11-01,20,declined,EUR,o2\n3,2026-11-01,30,pending,EUR,o3\n",
            {"o1": ("paid", True), "o2": ("failed", False), "o3": ("open", False)},
        ),
    ],
)
def test_the_words_of_further_platforms(text: str, wanted: dict[str, tuple[str, bool]]) -> None:
    with opened(text, currency="CNY") as export:
        assert export.reconcile().undecided == ()
        assert {order: (status, paid) for order, (_, status, paid, _) in stood(export).items()} == wanted


def test_a_stated_amount_goes_before_the_word() -> None:
    """Twenty of fifty were given back: that is no full refund, whatever the status is called."""
    text = "order_id,created_at,total,currency,status,refund_amount\n1,2026-11-01,50,EUR,refunded,20\n"
    with opened(text) as export:
        assert stood(export) == {"1": (50.0, "partly_refunded", True, 20.0)}


@pytest.mark.parametrize(
    ("heading", "cell", "refund"),
    [
        ("Erstattungsbetrag", "4", 4.0), ("Refunds", "-4", 4.0), ("订单已退款金额", "4", 4.0), ("Montant remboursé", "4", 4.0),
        ("Refund reason", "4", None), ("申请退款金额", "4", None), ("Return address", "4", None), ("退款件数", "4", None),
    ],
)  # fmt: skip
def test_what_was_given_back_is_read_whatever_its_column_is_called(
    heading: str, cell: str, refund: float | None
) -> None:
    text = f"order_id,date,total,currency,{heading}\n1,2026-11-05,10,EUR,{cell}\n2,2026-11-06,20,EUR,0\n"
    assert dict(reconciled(text).sums).get("refund") == refund


def test_of_two_columns_of_refunds_it_is_asked_which_is_meant() -> None:
    text = "order_id,date,total,currency,平台退款金额,商家退款金额\n1,2026-11-05,10,EUR,1,2\n"
    found = reconciled(text)
    assert (dict(found.sums)["refund"], found.undecided) == (1.0, ("settled",))
    assert [option.total for option in found.choices[0].options] == [1.0, 2.0]


def test_an_amount_whose_heading_stands_twice_is_asked_about() -> None:
    text = "Date,Spend,Clicks,Spend,Clicks\n2026-11-01,10.5,5,20.5,7\n2026-11-02,11.5,6,21.5,8\n"
    found = reconciled(text, channel="a", currency="EUR")
    assert (found.undecided, [option.total for option in found.choices[0].options]) == (("settled",), [22.0, 42.0])


def test_when_an_order_was_cancelled_is_not_when_it_was_made() -> None:
    with opened("Order ID,Total,Currency,Cancelled Time\n1,5,EUR,2026-11-05\n2,6,EUR,\n") as export:
        assert export.mapping.missing() == ("timestamp",)
    with opened("Order ID,Total,Currency,Created Time,Cancelled Time\n1,5,EUR,2026-11-04,2026-11-05\n") as export:
        assert dict(export.mapping.columns)["timestamp"] == "Created Time"


def test_a_row_that_explains_the_headings_hides_no_refund() -> None:
    text = "Order ID,Created Time,Order Amount,Order Refund Amount\nthe order,when,what was paid,what was given back\n"
    text += "1,2026-11-05 09:10,GBP 4.00,GBP 4.00\n2,2026-11-06 09:10,GBP 5.00,GBP 0.00\n"
    found = reconciled(text)
    assert (found.kept, found.sums) == (2, (("revenue", 9.0), ("refund", 4.0)))
