"""Totals among the rows: never counted twice, and no real row taken for one."""

# ruff: noqa: E501 (rows are as wide as the exports write them)
from __future__ import annotations

from typing import Any

import pytest
from imports.opened import reconciled as read

from analysis.imports.rows.reconcile import Reconciliation
from analysis.workspace import read_export


def reconciled(text: str, **fields: Any) -> Reconciliation:
    """Read a file, add what it does not say, and say what an import would do."""
    export = read_export(text.encode(), "file.csv", zone="UTC")
    export = export.in_currency("CNY") if "currency" in export.mapping.missing() else export
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


# ---- totals by what they lack, whatever they are called ---------------------------------------------------

TERMS = (
    'Search terms report\n"November 1, 2026 - November 14, 2026"\n'
    "Search term,Match type,Added/Excluded,Campaign,Ad group,Clicks,Impr.,CTR,Currency code,Avg. CPC,Cost,Conv. rate,"
    "Conversions,Cost / conv.\n"
    "linen shirt,Broad match,None,Linen UK,Shirts,10,100,10.00%,GBP,1.20,12.00,10.00%,1.00,12.00\n"
    "white linen,Phrase match,None,Linen UK,Shirts,5,50,10.00%,GBP,1.00,5.00,0.00%,0.00,0.00\n"
    "summer trousers,Exact match,Added,Linen UK,Trousers,4,40,10.00%,GBP,2.00,8.00,25.00%,1.00,8.00\n"
    "Total: Search terms,,,,,19,190,10.00%,GBP,1.32,25.01,10.53%,2.00,12.51\n"
    'Total: Other search terms,,,,,30,"1,310",2.29%,{code},1.40,42.00,3.33%,1.00,42.00\n'
    'Total: Manager account,,,,,60,"3,000",2.00%,GBP,1.37,82.01,5.00%,3.00,27.34\n'
    "{all}"
    'Total: In-stream video,,,,,11,"1,500",0.73%,GBP,1.36,15.00,0.00%,0.00,0.00\n'
)
ALL_TERMS = 'Total: Search,,,,,49,"1,500",3.27%,GBP,1.37,67.01,6.12%,3.00,22.34\n'


@pytest.mark.parametrize("code", ["GBP", ""])
def test_what_a_platform_does_not_itemise_stays_as_one_row(code: str) -> None:
    found = read(TERMS.format(code=code, all=ALL_TERMS))
    assert (found.kept, found.set_aside, dict(found.sums)["spend"]) == (4, (("total", 4),), 67.0)
    assert (found.questions, found.matches, found.days) == ((), True, ("2026-11-01", "2026-11-14"))
    assert [(c.column, c.file) for c in found.totals][:2] == [("spend", 67.01), ("impressions", 1500.0)]


def test_it_is_asked_where_no_total_holds_it() -> None:
    text = TERMS.format(code="GBP", all="")
    found = read(text)
    assert (dict(found.sums)["spend"], found.undecided) == (67.0, ("totals",))
    assert "does not itemise" in found.questions[-1].text()


@pytest.mark.parametrize(
    ("text", "kept", "spend"),
    [
        (
            "日期,推广计划,推广单元,关键词,展现,点击,消费,平均点击价格\n2026-11-01,夏,a,x,100,10,12.00,1.2\n"
            "2026-11-02,夏,b,y,50,5,5.00,1\n,,,合计：关键词,150,15,17.00,1.13\n,,,合计：其他关键词,30,3,3.00,1\n"
            ",,,合计：账户,180,18,20.00,1.11\n",
            3, 20.0,
        ),
        (
            "Report;;;;\nFrom 2026-11-01 to 2026-11-14;;;;\nPlacement;Campaign;Ad group;Cost;Clicks;Currency\n"
            "news.example;Linen;Shirts;10.00;5;EUR\nblog.example;Linen;Hats;4.00;2;EUR\n"
            "Total: Placements;;;14.00;7;\nTotal: Remaining placements;;;6.00;3;\nTotal: Network;;;20.00;10;\n"
            "Total: Video;;;9.00;1;\n",
            3, 20.0,
        ),
    ],
)  # fmt: skip
def test_other_platforms_do_not_itemise_all_either(text: str, kept: int, spend: float) -> None:
    found = read(text, channel="search", currency="CNY")
    assert (found.kept, dict(found.sums)["spend"], found.undecided, found.matches) == (kept, spend, (), True)


KEYWORDS = (
    "Search keyword report\n1 November 2026 - 14 November 2026\n"
    "Keyword status\tKeyword\tMatch type\tCampaign\tAd group\tStatus\tImpr.\tInteractions\tCurrency code\tAvg. cost\t"
    "Cost\tClicks\tConversions\n"
    "Enabled\tlinen shirt\tBroad match\tLinen UK\tShirts\tEligible\t100\t10\tGBP\t1.20\t12.00\t10\t1.00\n"
    "Paused\twhite linen\tPhrase match\tLinen UK\tShirts\tPaused\t50\t5\tGBP\t1.00\t5.00\t5\t0.00\n"
    'Enabled\tsummer trousers\tExact match\tLinen UK\tTrousers\tEligible\t"1,040"\t4\tGBP\t2.00\t8.00\t4\t1.00\n'
    '\t\tTotal: All but removed keywords\t --\t --\t\t"1,190"\t19\tGBP\t1.32\t25.00\t19\t2.00\n'
    '\t\tTotal: Your keywords\t\t\t\t"1,230"\t21\tGBP\t1.31\t27.50\t21\t2.00\n'
    "\t\tTotal: AI Max expanded matches\t\t\t\t10\t1\tGBP\t0.50\t0.50\t1\t0.00\n"
    '\t\tTotal: Account\t\t\t\t"9,000"\t60\tGBP\t1.50\t90.00\t60\t4.00\n'
    '\t\tTotal: Search\t\t\t\t"1,230"\t21\tGBP\t1.31\t27.50\t21\t2.00\n'
)


def test_totals_in_a_column_of_something_else_are_totals_by_what_they_lack() -> None:
    found = read(b"\xff\xfe" + KEYWORDS.encode("utf-16-le"))
    sums = dict(found.sums)
    assert (found.kept, sums["spend"], sums["clicks"], found.undecided) == (3, 25.0, 19.0, ())
    assert {c.column: c.verdict for c in found.totals}["spend"] == "match"


@pytest.mark.parametrize(
    ("text", "kept", "sums"),
    [
        (
            "状态,关键词,匹配方式,推广计划,推广单元,日期,展现,点击,消费\n有效,灯笼,精确,夏,a,2026-11-01,100,10,12.00\n"
            "有效,风筝,短语,夏,b,2026-11-02,50,5,5.00\n,,合计：有效关键词,,,,150,15,17.00\n"
            ",,合计：智能拓词,,,,10,1,0.50\n,,合计：账户,,,,900,60,90.00\n",
            2, {"spend": 17.0, "impressions": 150.0, "clicks": 15.0},
        ),
        (
            "Product report\n2026-11-01 - 2026-11-14\nState;Produkt;Match;Campaign;Cost;Clicks;Currency\n"
            "on;lamp;auto;Autumn;10,00;5;EUR\non;kite;auto;Autumn;4,00;2;EUR\n;;Gesamt: Produkte;--;14,00;7;\n"
            ";;Gesamt: Erweiterungen;;1,50;1;\n;;Gesamt: Konto;;50,00;30;\n",
            2, {"spend": 14.0, "clicks": 7.0},
        ),
    ],
    ids=["keywords", "products"],
)  # fmt: skip
def test_totals_in_a_column_of_something_else_elsewhere(text: str, kept: int, sums: dict[str, float]) -> None:
    found = read(text, channel="search", currency="CNY")
    assert (found.kept, dict(found.sums), found.undecided) == (kept, sums, ())
    assert {check.column: check.verdict for check in found.totals}["spend"] == "match"


@pytest.mark.parametrize("column", range(4))
@pytest.mark.parametrize(
    "label", ["Total: In-stream video", "Gesamt: Konto", "Total - everything", "合计：全部", "Total"]
)
@pytest.mark.long
def test_a_total_may_stand_in_any_column(column: int, label: str) -> None:
    cells = ["", "", "", ""]
    cells[column] = label
    rows = "2026-08-01,note,a,x,10,1\n2026-08-01,note,a,y,20,2\n2026-08-02,note,b,z,5,3\n"
    found = read(f"date,remark,campaign,adset_name,cost,clicks\n{rows}{','.join(cells)},77,9\n",
                 channel="s", currency="CNY")  # fmt: skip
    assert (found.kept, dict(found.sums)["spend"], found.undecided) == (3, 35.0, ())


def test_a_subtotal_that_names_its_whole_but_not_its_part_is_one() -> None:
    rows = "2026-08-01,ok,a,x,10\n2026-08-01,ok,a,y,20\n2026-08-01,Total: a in all,a,,31\n2026-08-01,ok,b,z,5\n"
    found = read("date,state,campaign,adset_name,cost\n" + rows, channel="s", currency="CNY")
    assert (found.kept, dict(found.sums)["spend"], found.undecided) == (3, 35.0, ())


# ---- which total is compared with -------------------------------------------------------------------------

GROUPS = (
    'Ad group report\n"November 1, 2026 - November 14, 2026"\nAd group status,Ad group,Campaign,Status,Currency code,'
    "Impr.,Interactions,Avg. cost,Cost,Clicks,Conversions\n"
    'Enabled,Shirts,Linen UK,Eligible,GBP,"1,000",100,1.00,100.00,100,5.00\n'
    "Enabled,Trousers,Linen UK,Eligible,GBP,500,50,1.00,50.00,50,2.00\n"
    'Total: Ad groups,,,,,"1,500",150,1.00,{said},150,7.00\nTotal: Account,,,,,"9,500",650,0.31,200.00,650,40.00\n'
    'Total: Search,,,,,"1,500",150,1.00,150.00,150,7.00\nTotal: Performance Max,,,,,"8,000",500,0.10,50.00,500,33.00\n'
)


def test_the_total_of_the_rows_own_kind_is_compared_with() -> None:
    found = read(GROUPS.format(said="150.00"))
    assert (found.kept, dict(found.sums)["spend"], found.undecided) == (2, 150.0, ())
    assert {(c.column, c.verdict) for c in found.totals} == {
        (c, "match") for c in ("spend", "impressions", "clicks", "conversions")
    }


@pytest.mark.parametrize(
    "text",
    [
        "推广单元报告\n2026-11-01 至 2026-11-14\n推广单元,推广计划,展现,点击,消费,平均点击价格\n甲,夏,1000,100,100.00,1.00\n"
        "乙,夏,500,50,50.00,1.00\n合计：推广单元,,1500,150,150.00,1.00\n合计：账户,,9500,650,200.00,0.31\n",
        "Ad set report\n2026-11-01 - 2026-11-14\nAd set,Campaign,Impressions,Clicks,Spend,Currency\n"
        "One,Linen,1000,100,100.00,EUR\nTwo,Linen,500,50,50.00,EUR\nTotal: Account,,9500,650,200.00,\n"
        "Total: Ad sets,,1500,150,150.00,\n",
    ],
    ids=["units", "ad sets"],
)
def test_the_total_of_the_rows_own_kind_elsewhere(text: str) -> None:
    """An account's total beside it holds what the report does not."""
    found = read(text, channel="search", currency="CNY")
    assert (found.kept, dict(found.sums)["spend"], found.undecided, found.matches) == (2, 150.0, (), True)
    assert {check.file for check in found.totals if check.column == "spend"} == {150.0}


def test_a_total_of_its_own_kind_that_differs_is_said_to() -> None:
    """Another total is what our rows add up to, and is not of their kind."""
    found = read(GROUPS.format(said="160.00"))
    assert [(c.file, c.ours, c.verdict) for c in found.totals if c.column == "spend"] == [(160.0, 150.0, "differ")]


def test_the_reading_that_reconciles_is_taken() -> None:
    """A campaign is called like a total: it is a row where the grand total holds it, and none where it does not."""
    text = "date,campaign,cost\n2026-08-01,a,10\n2026-08-01,b,20\n2026-08-01,Total: brand,7\n,Total,{}\n"
    for grand, spend in ((37, 37.0), (30, 30.0)):
        found = read(text.format(grand), channel="s", currency="CNY")
        assert (dict(found.sums)["spend"], found.undecided) == (spend, ())
    assert read(text.format(99), channel="s", currency="CNY").undecided == ("totals",)


def test_items_that_were_deleted_are_spend_too() -> None:
    text = (
        "Report Name: Campaigns\nReport Time: 11/1/2026 - 11/14/2026\n\nCampaign name,Impressions,Clicks,Spend,Currency code\n"
        "A,100,10,5.00,USD\nB,200,20,7.00,USD\nOverall total - 2 campaigns,300,30,12.00,USD\n"
        "Total - deleted items,50,5,3.00,USD\nOverall total including deleted items,350,35,15.00,USD\n"
    )
    found = read(text, channel="search")
    assert (found.kept, dict(found.sums)["spend"], found.questions) == (3, 15.0, ())
    assert (found.matches, found.days) == (True, ("2026-11-01", "2026-11-14"))


def test_the_item_may_be_named_by_its_status_alone() -> None:
    text = (
        'Ad report\n"1 November 2026 - 14 November 2026"\nAd status,Headline 1,Campaign,Ad group,Currency code,Impr.,Cost\n'
        "Enabled,h,Linen,Shirts,GBP,100,10.00\nEnabled,h,Linen,Hats,GBP,50,5.00\n"
        ",Total: Ads, --, --,GBP,150,15.00\n,Total: Account, --, --,GBP,170,17.00\n"
    )
    found = read(text)
    assert (found.kept, dict(found.sums)["spend"], found.matches) == (2, 15.0, True)


@pytest.mark.parametrize(
    ("columns", "rows", "kept", "total"),
    [
        ("Ad hoc name,cost,clicks", [("", 30, 3), ("a", 10, 1), ("b", 20, 2)], 2, 30.0),
        ("campaign,device,cost,clicks", [("a", "", 30, 3), ("a", "phone", 10, 1), ("a", "desk", 20, 2)], 2, 30.0),
        ("campaign,device,cost,clicks", [("a", "", 30, 4), ("a", "phone", 10, 1), ("a", "desk", 20, 2)], 3, 60.0),
    ],
)
def test_a_row_without_what_the_others_name_in_a_column_nobody_mapped_is_their_sum(
    columns: str, rows: list[tuple[Any, ...]], kept: int, total: float
) -> None:
    found = spend(*(("2026-08-01", *row) for row in rows), columns=f"date,{columns}")
    assert (found.kept, dict(found.sums)["spend"]) == (kept, total)


@pytest.mark.parametrize("name", ["All campaigns", "All", "全部计划", "Todas las campañas"])
def test_all_of_them_is_a_row_of_its_own_unless_it_is_the_sum_of_the_others(name: str) -> None:
    rows = (A, B, ("2026-08-01", name, 30))
    assert (spend(*rows).kept, spend(*rows).sums) == (2, (("spend", 30.0),))
    alone = spend(A, B, ("2026-08-01", name, 31))
    assert (alone.kept, alone.sums, alone.questions) == (3, (("spend", 61.0),), ())


@pytest.mark.parametrize(
    ("amount", "kept", "undecided"), [(30, 2, ()), (31, 3, ("totals",))], ids=["their sum", "something else"]
)
@pytest.mark.parametrize("month", ["2026-11", "2026/11"])
def test_a_whole_month_among_days_is_their_total_or_asked_about(
    month: str, amount: int, kept: int, undecided: tuple[str, ...]
) -> None:
    text = f"date,channel,spend,currency\n2026-11-01,a,10,EUR\n2026-11-02,a,20,EUR\n{month},a,{amount},EUR\n"
    found = reconciled(text)
    assert (found.kept, found.undecided) == (kept, undecided)


def test_months_alone_are_rows() -> None:
    found = reconciled("date,channel,spend,currency\n2026-10,a,10,EUR\n2026-11,a,10,EUR\n")
    assert (found.kept, found.undecided) == (2, ())


def test_the_whole_spend_is_no_channel_beside_its_part() -> None:
    text = "时间,账户名称,整体消耗(元),基础消耗(元)\n2026-11-05,店,100.5,100.5\n2026-11-06,店,200,150\n"
    found = read(text, channel="千川")
    assert (found.channels, dict(found.sums)["spend"]) == ((("千川", 2),), 300.5)
