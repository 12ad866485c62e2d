"""Totals among the rows: never counted twice, and no real row taken for one."""

from __future__ import annotations

from typing import Any

import pytest

from analysis.workspace import read_export
from analysis.workspace.imports.reconcile import Reconciliation


def reconciled(text: str, **fields: Any) -> Reconciliation:
    """Read a file, add what it does not say, and say what an import would do."""
    export = read_export(text.encode(), "file.csv", zone="UTC").assuming(currency="CNY")
    try:
        constants = dict(export.mapping.constants)
        if "channel" in export.mapping.missing():
            constants["channel"] = "search"
        return export.mapped(export.mapping.replace(constants=constants, **fields)).reconcile()
    finally:
        export.close()


def spend(*rows: tuple[Any, ...], columns: str = "date,campaign,cost", **fields: Any) -> Reconciliation:
    return reconciled("\n".join([columns, *(",".join(map(str, row)) for row in rows)]), **fields)


A, B = ("2026-08-01", "a", 10), ("2026-08-01", "b", 20)


@pytest.mark.parametrize(
    "name",
    ["合 计", "总计共2项", "Sub total", "Subtotal", "Total (2 campaigns)", "Grand total", "总计（2）", "Total: Account",
     "All campaigns total", "搜索合计", "Total: brand"],
)  # fmt: skip
def test_a_total_of_any_name_is_set_aside_where_it_adds_up(name: str) -> None:
    found = spend(A, B, ("2026-08-01", name, 30))
    assert (found.kept, found.set_aside, found.sums) == (2, (("total", 1),), (("spend", 30.0),))


def test_a_total_of_the_rows_just_above_or_of_a_day_is_one() -> None:
    groups = spend(A, B, ("2026-08-01", "Search Total", 30), ("2026-08-01", "c", 5), ("2026-08-02", "d", 6),
                   ("2026-08-02", "Display Total", 11))  # fmt: skip
    assert (groups.kept, groups.sums) == (4, (("spend", 41.0),))
    days = spend(("2026-08-02", "Day total", 6), A, ("2026-08-01", "Day total", 30), ("2026-08-02", "c", 6), B)
    assert (days.kept, days.sums) == (3, (("spend", 36.0),))


@pytest.mark.parametrize("name", ["Total: brand", "Brand total", "品牌合计"])
def test_a_campaign_called_like_a_total_stays_and_is_asked_about(name: str) -> None:
    found = spend(A, B, ("2026-08-01", name, 7))
    assert (found.kept, found.sums, found.undecided) == (3, (("spend", 37.0),), ("totals",))
    assert "not the sum of other rows" in found.questions[-1].text()
    for said, kept in ((True, 2), (False, 3)):
        answered = spend(A, B, ("2026-08-01", name, 7), totals=said)
        assert (answered.kept, answered.undecided) == (kept, ())


def test_a_total_without_a_day_is_one_whatever_it_is_called() -> None:
    found = spend(A, B, ("--", "Total: brand", 7))
    assert (found.kept, found.set_aside) == (2, (("total", 1),))


def test_subtotals_without_names_are_found_level_by_level() -> None:
    """As Meta writes them: the account, its campaigns, their ad sets, then the ads."""
    found = spend(
        ("2026-08-01", "", "", "", 60), ("2026-08-01", "a", "", "", 30), ("2026-08-01", "a", "x", "", 30),
        ("2026-08-01", "a", "x", "1", 10), ("2026-08-01", "a", "x", "2", 20), ("2026-08-01", "b", "", "", 30),
        ("2026-08-01", "b", "y", "", 30), ("2026-08-01", "b", "y", "3", 30),
        columns="date,campaign,adset_name,ad_name,cost",
    )  # fmt: skip
    assert (found.kept, found.set_aside, found.sums) == (3, (("total", 5),), (("spend", 60.0),))


def test_a_row_without_a_name_that_is_no_sum_stays() -> None:
    """One campaign with one ad, and one row of the campaign's own with the same amount: nothing proves a total."""
    same = spend(("2026-08-01", "a", "", 10), ("2026-08-01", "a", "1", 10), columns="date,campaign,ad_name,cost")
    assert (same.kept, same.sums) == (2, (("spend", 20.0),))
    small = spend(A, B, ("2026-08-01", "", 4))
    assert (small.kept, small.undecided) == (3, ())


def test_a_row_without_a_name_that_outweighs_all_others_is_asked_about() -> None:
    rows = (A, B, ("2026-08-01", "", 35))  # a removed campaign's five are in the total alone
    found = spend(*rows)
    assert (found.kept, found.undecided) == (3, ("totals",))
    assert "has no campaign" in found.questions[-1].text()
    assert spend(*rows, totals=True).sums == (("spend", 30.0),)


def test_an_order_is_an_order_whatever_its_items_are_called() -> None:
    text = (
        "order_id,created_at,amount,currency,item name\n"
        "o1,2026-08-01 10:00:00,100,CNY,Total\no2,2026-08-01 11:00:00,50,CNY,合计：礼盒\n合计,,150,CNY,\n"
    )
    found = reconciled(text)
    assert (found.kept, found.set_aside, found.sums) == (2, (("total", 1),), (("revenue", 150.0),))
