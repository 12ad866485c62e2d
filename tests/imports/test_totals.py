"""Totals among the rows: never counted twice, and no real row taken for one."""

from __future__ import annotations

from typing import Any

import pytest

from analysis.imports.rows.reconcile import Reconciliation
from analysis.workspace import read_export


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
    assert "Rows without campaign" in found.questions[-1].text()
    assert spend(*rows, totals=True).sums == (("spend", 30.0),)


def test_an_order_is_an_order_whatever_its_items_are_called() -> None:
    text = (
        "order_id,created_at,amount,currency,item name\n"
        "o1,2026-08-01 10:00:00,100,CNY,Total\no2,2026-08-01 11:00:00,50,CNY,合计：礼盒\n合计,,150,CNY,\n"
    )
    found = reconciled(text)
    assert (found.kept, found.set_aside, found.sums) == (2, (("total", 1),), (("revenue", 150.0),))


def test_a_subtotal_that_is_off_does_not_make_rows_of_the_others() -> None:
    """September's total holds a campaign that was deleted since."""
    rows = [("2026-08-01", "", 30), ("2026-08-01", "a", 10), ("2026-08-01", "b", 20),
            ("2026-09-01", "", 35), ("2026-09-01", "a", 10), ("2026-09-01", "b", 20)]  # fmt: skip
    found = spend(*rows)
    assert (found.kept, found.set_aside, found.undecided) == (5, (("total", 1),), ("totals",))
    assert spend(*rows, totals=True).sums == (("spend", 60.0),)


def test_totals_are_of_one_currency() -> None:
    rows = [("2026-08-01", "", 30, "USD"), ("2026-08-01", "a", 10, "USD"), ("2026-08-01", "b", 20, "USD"),
            ("2026-08-01", "", 12, "EUR"), ("2026-08-01", "a", 5, "EUR"), ("2026-08-01", "b", 7, "EUR")]  # fmt: skip
    found = spend(*rows, columns="date,campaign,cost,currency")
    assert (found.kept, found.set_aside) == (4, (("total", 2),))
    named = [(day, name or "Total: all of it", cost, code) for day, name, cost, code in rows]
    assert spend(*named, columns="date,campaign,cost,currency").undecided == ()


def test_a_total_adds_up_in_all_that_it_has() -> None:
    """What costs nothing is no total for that; nor is a term that costs what the one before it did."""
    free = spend(("2026-08-01", "a", "", 0, 5), ("2026-08-01", "a", "x", 0, 7), ("2026-08-01", "a", "y", 0, 9),
                 ("2026-08-01", "b", "z", 3, 9), columns="date,campaign,adset_name,cost,impressions")  # fmt: skip
    assert (free.kept, dict(free.sums)["impressions"]) == (4, 30.0)
    term = spend(("2026-08-01", "vitamin c", 0.5, 100), ("2026-08-01", "vitamin total", 0.5, 900),
                 columns="date,campaign,cost,impressions")  # fmt: skip
    assert (term.kept, dict(term.sums)["impressions"]) == (2, 1000.0)


def test_a_total_above_its_parts_is_one() -> None:
    rows = [("2026-08-01", "Search total", 17), ("2026-08-01", "a", 10), ("2026-08-02", "b", 7),
            ("2026-08-01", "Display total", 6), ("2026-08-01", "c", 6)]  # fmt: skip
    assert spend(*rows).sums == (("spend", 23.0),)


def test_a_value_of_a_column_of_its_own_is_no_label() -> None:
    """Google's budgets are "Daily" or "Campaign total"."""
    text = (
        'Campaign report\n"July 8, 2025 - July 31, 2025"\nCampaign status,Campaign,Budget,Budget type,Currency code,'
        "Impr.,Cost\nEnabled,Search A,500.00,Daily,USD,1000,500.00\n"
        "Enabled,Video B,500.00,Campaign Total,USD,70000,500.00\nEnabled,Search C,20.00,Daily,USD,30,20.00\n"
        "Total: Campaigns, --, --, --,USD,71030,1020.00\n"
    )
    found = reconciled(text)
    assert (found.kept, dict(found.sums)["spend"], found.undecided) == (3, 1020.0, ())
    assert {check.verdict for check in found.totals} == {"match"}
