"""Rows of orders that are refunds, no sales, or tests; and lines and states of one order."""

from __future__ import annotations

import pytest
from imports.opened import opened, reconciled, rows

from analysis.imports import Export
from analysis.imports.rows.clean import MARKS

SHOPIFY = (
    "Order,Name,Kind,Gateway,Created At,Status,Amount,Currency\n"
    "1,#1,sale,x,2026-11-05 09:00:00,success,100,EUR\n2,#2,authorization,x,2026-11-05 09:00:00,success,50,EUR\n"
    "2,#2,capture,x,2026-11-05 10:00:00,success,50,EUR\n3,#3,sale,x,2026-11-05 10:00:00,failure,70,EUR\n"
    "4,#4,authorization,x,2026-11-05 10:00:00,success,9,EUR\n4,#4,void,x,2026-11-05 11:00:00,success,9,EUR\n"
    "1,#1,refund,x,2026-11-06 09:00:00,success,20,EUR\n"
)
LEDGER = "order_id,date,transaction type,amount,currency\n1,2026-11-05,sale,100,EUR\n2,2026-11-05,sale,50,EUR\n"


def amounts(export: Export) -> list[tuple[str, float]]:
    return [(r["order_id"], r["revenue"]) for r in rows(export)]


def test_transactions_count_once_and_refunds_are_taken_off() -> None:
    with opened(SHOPIFY) as export:
        found = export.reconcile()
        assert amounts(export) == [("1", 100.0), ("2", 50.0), ("3", 70.0), ("1", -20.0)]
        assert [r["status"] for r in rows(export)] == ["paid", "paid", "failed", "paid"]
    assert (found.set_aside, found.undecided, found.lost) == ((("no-sale", 3),), (), 0)
    assert [note.text() for note in found.notes][:2] == [
        "Rows that are refunds by Kind are taken off: 1, 20.00 in all.",
        "Rows that are no sales by Kind (authorization, void) do not count: 3.",
    ]


@pytest.mark.parametrize("refund", ["2,2026-11-06,refund,50,EUR\n", "2,2026-11-06,refund,-50,EUR\n"])
def test_a_refund_is_taken_off_whatever_its_sign(refund: str) -> None:
    with opened(LEDGER + refund) as export:
        assert amounts(export) == [("1", 100.0), ("2", 50.0), ("2", -50.0)]


@pytest.mark.parametrize(
    "words", [("Verkauf", "Rückzahlung"), ("销售", "退款"), ("Payment", "Chargeback"), ("product", "return")]
)
def test_kinds_are_read_in_the_words_of_shops(words: tuple[str, str]) -> None:
    text = f"order_id,date,type,amount,currency\n1,2026-11-05,{words[0]},100,EUR\n1,2026-11-06,{words[1]},30,EUR\n"
    assert dict(reconciled(text).sums) == {"revenue": 70.0}


def test_a_kind_that_nobody_knows_is_asked_about() -> None:
    with opened(f"{LEDGER}2,2026-11-06,refund,10,EUR\n3,2026-11-06,zebra,7,EUR\n") as export:
        found = export.reconcile()
        assert (found.undecided, [(u.word, u.amount) for u in found.unknown_kinds]) == (
            ("row_kinds",),
            [("zebra", 7.0)],
        )
        assert dict(found.sums)["revenue"] == 147.0
        for kind, sum_ in (("sale", 147.0), ("refund", 133.0), ("other", 140.0)):
            said = export.mapping.replace(row_kinds={**dict(export.mapping.row_kinds), "zebra": kind})
            answered = export.mapped(said).reconcile()
            assert (dict(answered.sums)["revenue"], answered.undecided) == (sum_, ())


def test_a_void_without_an_authorization_may_cancel_a_sale() -> None:
    found = reconciled(f"{LEDGER}2,2026-11-06,refund,10,EUR\n1,2026-11-06,void,100,EUR\n")
    assert (found.undecided, found.unknown_kinds[0].word) == (("row_kinds",), "void")


def test_what_a_type_says_of_goods_is_no_kind() -> None:
    with opened("order_id,date,type,amount,currency\n1,2026-11-05,Deposit,9,EUR\n2,2026-11-05,Bag,5,EUR\n") as export:
        assert (export.mapping.row_kind, amounts(export)) == (None, [("1", 9.0), ("2", 5.0)])


def test_what_was_given_back_counts_once_where_status_and_row_say_it() -> None:
    text = (
        "order_id,date,type,status,amount,currency\n1,2026-11-05,sale,refunded,50,EUR\n2,2026-11-05,sale,paid,5,EUR\n"
    )
    with opened(f"{text}1,2026-11-06,refund,refunded,50,EUR\n") as export:
        assert [(r["revenue"], r["refund"]) for r in rows(export)] == [(50.0, None), (5.0, None), (-50.0, None)]


def test_a_refund_of_an_order_over_lines_stays_a_row_of_its_own() -> None:
    """The same amount on both lines is the order's; that a refund differs says nothing of it."""
    text = "order_id,date,item,kind,total,currency\n1,2026-11-05,a,sale,30,EUR\n1,2026-11-05,b,sale,30,EUR\n"
    with opened(f"{text}1,2026-11-05,a,refund,10,EUR\n") as export:
        assert (export.mapping.lines, amounts(export)) == ("first", [("1", 30.0), ("1", -10.0)])
    with opened(f"{text.replace('b,sale,30', 'b,sale,40')}1,2026-11-05,a,refund,10,EUR\n") as export:
        assert (export.mapping.lines, amounts(export)) == ("sum", [("1", 70.0), ("1", -10.0)])


def test_a_kept_mapping_meets_a_file_without_its_kinds() -> None:
    with (
        opened(f"{LEDGER}2,2026-11-06,refund,50,EUR\n") as first,
        opened(LEDGER.replace("transaction type", "x")) as next_,
    ):
        assert amounts(next_.under(first.mapping, "ledger")) == [("1", 100.0), ("2", 50.0)]


# ---- tests ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("heading", "cells"), [("Test", ("false", "true")), ("Is test order", ("no", "yes")), ("测试订单", ("否", "是"))]
)
def test_test_orders_are_set_aside(heading: str, cells: tuple[str, str]) -> None:
    found = reconciled(
        f"order_id,date,amount,currency,{heading}\n1,2026-11-05,9,EUR,{cells[0]}\n2,2026-11-05,5,EUR,{cells[1]}\n"
    )
    assert (found.set_aside, dict(found.sums)["revenue"], "test" in MARKS) == ((("test", 1),), 9.0, True)


def test_the_arm_of_a_test_is_no_test_order() -> None:
    found = reconciled("order_id,date,amount,currency,test\n1,2026-11-05,9,EUR,colour\n2,2026-11-05,5,EUR,price\n")
    assert (found.kept, found.set_aside) == (2, ())


# ---- lines and states -------------------------------------------------------------------------------------


JD = "订单号,商品ID,商品名称,订购数量,下单时间,京东价,订单金额,结算金额,应付金额,订单状态,下单帐号,付款确认时间\n"


@pytest.mark.parametrize(("amounts_", "lines", "whole"), [((55, 65), "sum", 120.0), ((120, 120), "first", 120.0)])
def test_a_platforms_lines_are_added_up_where_they_differ(amounts_: tuple[int, int], lines: str, whole: float) -> None:
    text = JD + "".join(
        f"310001,{n},杯,1,2026-11-05 09:10:00,30,{a},{a},{a},完成,u1,2026-11-05 09:12:00\n"
        for n, a in enumerate(amounts_)
    )
    with opened(text) as export:
        found = export.reconcile()
        assert (export.recognition.format, export.mapping.lines) == ("京东订单", lines)
    assert (found.kept, dict(found.sums)["revenue"]) == (1, whole)
    assert ["added up to one order" in q.text() for q in found.questions] == ([True] if lines == "sum" else [])


@pytest.mark.parametrize(
    ("states", "kept"),
    [(("pending", "paid"), "paid"), (("paid", "pending"), "paid"), (("paid", "refunded"), "refunded"),
     (("failed", "paid"), "paid"), (("paid", "cancelled"), "cancelled")],
)  # fmt: skip
def test_an_order_exported_twice_stands_as_where_it_came_furthest(states: tuple[str, str], kept: str) -> None:
    text = "order_id,date,total,currency,status\n" + "".join(f"1,2026-11-05,10,EUR,{state}\n" for state in states)
    with opened(text) as export:
        assert [r["status"] for r in rows(export)] == [kept]
        assert export.reconcile().notes[-1].text().startswith("Orders that stand differently in several rows")


def test_of_an_orders_items_one_that_was_cancelled_does_not_stand_for_all() -> None:
    text = (
        "order_id,date,item,total,currency,status\n1,2026-11-05,a,10,EUR,delivered\n1,2026-11-05,b,10,EUR,cancelled\n"
    )
    with opened(text) as export:
        assert [r["status"] for r in rows(export)] == ["delivered"]
