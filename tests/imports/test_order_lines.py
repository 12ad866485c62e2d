"""Lines of one order below zero: a discount is part of the order, a refund is a row of its own."""

# ruff: noqa: E501 (rows are as wide as the exports write them)
from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest
from imports.opened import opened, reconciled, rows

from analysis.imports import Export
from analysis.tables import collect
from analysis.workspace import open_workspace
from analysis.workspace.contents import Contents

SHOP = (
    "order_id,created_at,item,amount,currency\n1,2026-11-01,Soap,60,EUR\n1,2026-11-01,Candle,40,EUR\n"
    "1,2026-11-01,Discount,-10,EUR\n2,2026-11-02,Soap,60,EUR\n"
)
KASSE = (
    "订单编号,下单时间,商品名称,数量,单价(元),用户id\n1,2026-11-01 10:00:00,香皂,1,60,u1\n1,2026-11-01 10:00:00,满减优惠,1,-10,u1\n"
    "1,2026-11-01 10:00:00,蜡烛,2,20,u1\n2,2026-11-02 11:00:00,香皂,1,60,u2\n"
)
LEDGER = (
    "Bestellnummer;Bestelldatum;Bezeichnung;Gesamtbetrag;Währung\n1;01.11.2026;Rabatt Herbst;10,00-;EUR\n"
    "1;01.11.2026;Seife;60,00;EUR\n1;01.11.2026;Kerze;40,00;EUR\n2;15.11.2026;Seife;60,00;EUR\n"
)
PLAIN = (
    "order_id,date,sku,quantity,unit_price,currency\n1,2026-11-01,a,1,60,EUR\n1,2026-11-01,b,2,20,EUR\n"
    "1,2026-11-01,promo7,1,(10.00),EUR\n2,2026-11-02,a,1,60,EUR\n"
)


def amounts(export: Export) -> list[tuple[str, float]]:
    return [(r["order_id"], round(r["revenue"], 2)) for r in rows(export)]


@pytest.mark.parametrize("text", [SHOP, KASSE, LEDGER, PLAIN], ids=["shop", "till", "ledger", "unnamed"])
def test_a_discount_line_lowers_its_order(text: str) -> None:
    with opened(text, currency="EUR") as export:
        found = export.reconcile()
        assert export.mapping.lines == "sum"
        assert amounts(export) == [("1", 90.0), ("2", 60.0)]
    assert (found.undecided, round(dict(found.sums)["revenue"], 2)) == ((), 150.0)
    assert [note.text() for note in found.notes] == [
        "Lines of orders that are discounts are part of their orders: 1, -10.00 in all."
    ]


@pytest.mark.parametrize(
    "line",
    ["1,2026-11-05,Soap,-60,EUR", "1,2026-11-05,,-60,EUR", "1,2026-11-01,Refund: Soap,-60,EUR",
     "1,2026-11-01,Rückerstattung,-60,EUR", "1,2026-11-01,退款,-60,EUR"],
)  # fmt: skip
def test_what_came_later_or_says_so_is_a_refund(line: str) -> None:
    with opened(f"{SHOP}{line}\n") as export:
        found = export.reconcile()
        assert amounts(export) == [("1", 90.0), ("2", 60.0), ("1", -60.0)]
    assert found.undecided == ()
    assert found.notes[-1].text() == (
        "Lines below zero that came after their order, or say so, are refunds: 1, -60.00 in all."
    )


@pytest.mark.parametrize(
    "line", ["1,2026-11-01,Soap,-5,EUR", "1,2026-11-01,Bonus,-40,EUR", "1,2026-11-01,Bonus,-95,EUR"],
    ids=["an item of the order", "as much as a line", "all that there was"],
)  # fmt: skip
def test_what_could_be_either_is_asked_about(line: str) -> None:
    amount = float(line.split(",")[3])
    with opened(f"{SHOP}{line}\n") as export:
        found = export.reconcile()
        assert found.undecided == ("below_zero",)
        assert "Which are they?" in found.questions[-1].text()
        readings: Mapping[str, list[tuple[str, float]]] = {
            "discount": [("1", 90.0 + amount), ("2", 60.0)],
            "refund": [("1", 90.0), ("2", 60.0), ("1", amount)],
        }
        assert amounts(export) == readings["refund"]
        for said, wanted in readings.items():
            answered = export.mapped(export.mapping.replace(below_zero=said))
            assert (answered.reconcile().undecided, amounts(answered)) == ((), wanted)


def test_a_credit_note_of_its_own_stays_one() -> None:
    """Two lines, both below zero, under a number that nothing was sold under."""
    with opened(SHOP + "C9,2026-11-03,Soap,-60,EUR\nC9,2026-11-03,Discount,-3,EUR\n") as export:
        assert amounts(export)[-1] == ("C9", -63.0)
        assert export.reconcile().notes[-1].text().endswith("part of their orders: 1, -10.00 in all.")


def test_an_order_keeps_what_its_first_sold_line_says() -> None:
    text = "order_id,created_at,item,amount,currency,coupon\n1,2026-11-01,Discount,-10,EUR,\n1,2026-11-01,Soap,60,EUR,FALL\n"
    with opened(text) as export:
        assert [(r["revenue"], r["item"], r["coupon"]) for r in rows(export)] == [(50.0, "Soap", "FALL")]


def test_what_is_stored_counts_so(tmp_path: Path) -> None:
    """Of 150 created and paid, 60 were given back: the discount is no refund, the refund no discount."""
    text = SHOP.replace("currency\n", "currency,paid_at\n").replace("EUR\n", "EUR,2026-11-02\n")
    workspace = open_workspace(tmp_path / "w.duckdb")
    with opened(f"{text}2,2026-11-05,Soap,-60,EUR,2026-11-05\n") as export:
        workspace.add(export)
    tables = workspace.tables()
    shown = Contents().run(tables).table.set_index("measure")
    stored = collect(tables.frame("orders"))
    workspace.close()
    assert (shown.loc["orders created", "amount"], shown.loc["orders paid, less refunds", "amount"]) == (150.0, 90.0)
    assert sorted(stored["revenue"]) == [-60.0, 60.0, 90.0]


def test_lines_that_are_not_added_up_are_left_alone() -> None:
    text = "order_id,created_at,total,currency\n1,2026-11-01,100,EUR\n1,2026-11-05,-100,EUR\n"
    with opened(text) as export:
        each = export.mapped(export.mapping.replace(lines="each"))
        assert (amounts(each), each.reconcile().notes) == ([("1", 100.0), ("1", -100.0)], ())


def test_a_files_own_amounts_are_kept_whatever_the_reading() -> None:
    """Discount or refund: what is realised is the same."""
    sums = {
        said: dict(reconciled(f"{SHOP}1,2026-11-01,{item},-60,EUR\n").sums)["revenue"]
        for said, item in (("discount", "Discount"), ("refund", "Refund"), ("either", "Soap"))
    }
    assert set(sums.values()) == {90.0}


# ---- orders that stand twice ------------------------------------------------------------------------------

SOLD = (
    "订单编号,总金额,买家实际支付金额,订单状态,订单创建时间,订单付款时间,退款金额,商品标题\n"
    "1,100,100,{0},2026-11-01 10:00:00,{1},{2},甲\n1,100,100,{3},2026-11-01 10:00:00,2026-11-01 10:05:00,{4},{5}\n"
    "2,50,50,交易成功,2026-11-02 10:00:00,2026-11-02 10:05:00,,丙\n"
)


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        (SOLD.format("等待买家付款", "", "", "交易成功", "", "甲"), [("1", 100.0, 0.0), ("2", 50.0, 0.0)]),
        (
            SOLD.format("交易成功", "2026-11-01 10:05:00", "", "交易成功", "30", "甲"),
            [("1", 100.0, 30.0), ("2", 50.0, 0.0)],
        ),
        (
            SOLD.format("交易成功", "2026-11-01 10:05:00", "20", "交易成功", "40", "乙"),
            [("1", 100.0, 60.0), ("2", 50.0, 0.0)],
        ),
        (
            SOLD.format("交易成功", "2026-11-01 10:05:00", "0", "交易成功", "60", "乙"),
            [("1", 100.0, 60.0), ("2", 50.0, 0.0)],
        ),
    ],
    ids=["paid later", "refunded later", "a refund of each line", "a refund of one line"],
)
def test_an_order_of_a_platform_that_stands_twice_counts_once(
    text: str, wanted: list[tuple[str, float, float]]
) -> None:
    with opened(text) as export:
        assert export.mapping.lines == "first"
        assert [(r["order_id"], r["revenue"], r.get("refund") or 0.0) for r in rows(export)] == wanted
        assert all(r["paid_at"] for r in rows(export))


def test_an_order_without_a_status_stands_as_where_it_was_paid() -> None:
    text = (
        "order_id,created_at,paid_at,total,currency,user_id\n1,2026-11-01,,10,EUR,a\n1,2026-11-01,2026-11-02,10,EUR,a\n"
    )
    with opened(text) as export:
        (row,) = rows(export)
    assert (row["revenue"], str(row["paid_at"])) == (10.0, "2026-11-02 00:00:00")


def test_numbers_that_a_spreadsheet_cut_short_are_named() -> None:
    head = "order_id,created_at,total,currency\n"
    found = reconciled(f"{head}2.60101E+17,2026-11-01,10,EUR\n2.60101E+17,2026-11-02,12,EUR\n3,2026-11-02,12,EUR\n")
    assert "cut short, such as 2.60101E+17: 2 rows" in found.questions[-1].text()
    with opened(f"{head}1001.0,2026-11-01,10,EUR\n1002.0,2026-11-02,12,EUR\n") as export:
        assert [r["order_id"] for r in rows(export)] == ["1001", "1002"]
        assert export.reconcile().questions == ()
