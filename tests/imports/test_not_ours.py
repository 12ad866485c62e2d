"""What a file is not: customers' spending is no advertising, a report added up is no table, nothing known is no log."""

from __future__ import annotations

import pytest
from imports.opened import opened

from analysis.imports import read_export

# ---- what customers spent ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "spent"),
    [
        ("customer,date,channel,spend,currency\nc1,2026-11-01,Web,29.99,USD\nc2,2026-11-01,Phone,0.00,USD\n"
         "c3,2026-11-02,Web,12.50,USD\n", "spend"),
        ("会员,日期,渠道,消费,币种\nm1,2026-11-01,门店,88.00,CNY\nm2,2026-11-02,小程序,19.90,CNY\n", "消费"),
        ("Member ID;Date;Source;Spent;Currency\n7;2026-11-01;shop;10,00;EUR\n8;2026-11-02;web;5,50;EUR\n", "Spent"),
        ("user_id,date,platform,amount_spent,currency\n7,2026-11-01,ios,10,EUR\n8,2026-11-02,web,5.5,EUR\n",
         "amount_spent"),
    ],
)  # fmt: skip
def test_what_customers_spent_is_no_advertising(text: str, spent: str) -> None:
    with opened(text) as export:
        assert (export.mapping.table, export.mapping.missing()) == ("orders", ("order_id",))
        assert dict(export.mapping.columns)["revenue"] == spent
        assert export.recognition.notice and "not like advertising" in export.recognition.notice.text()
        assert export.as_table("spend").mapping.missing() == ()  # for whoever says that it is


@pytest.mark.parametrize(
    "text",
    [
        "Account name,Date,Campaign,Cost,Currency,Clicks\nshop,2026-11-01,a,10,EUR,5\n",
        "Customer ID,Date,Channel,Cost,Currency,Impressions\n123-456-7890,2026-11-01,search,10,EUR,5\n",
        "账户,日期,渠道,消耗,币种,展现量\n店,2026-11-01,搜索,10,CNY,5\n",
    ],
)
def test_an_advertisers_account_is_no_customer(text: str) -> None:
    with opened(text, channel="search") as export:
        assert (export.mapping.table, dict(export.reconcile().sums)["spend"]) == ("spend", 10.0)


# ---- reports that are added up ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "format", "figure"),
    [
        ("Session source / medium,Date,Sessions,Engaged sessions,Key events,Total revenue\n"
         "google / cpc,20261101,50,31,4,120.50\n(direct) / (none),20261101,20,9,1,30\n",
         "GA4 (acquisition and engagement reports)", "Engaged sessions"),
        ("label,nb_uniq_visitors,nb_visits,nb_actions,bounce_count,revenue\nsearch,5,7,20,2,10\n", "Matomo",
         "nb_visits"),
        ("Day,Orders,Gross sales,Discounts,Returns,Net sales,Total sales\n2026-11-01,5,100,-5,-10,85,100\n", "",
         "Gross sales"),
        ("name,visitors,pageviews,bounce_rate,visit_duration\n/shop,5,13,40,20\n", "", "bounce_rate"),
        ("来源类型,日期,浏览量(PV),访客数(UV),IP数,跳出率,平均访问时长\n搜索,2026-11-01,50,20,19,40%,00:01:10\n",
         "", "跳出率"),
        ("Quelle;Datum;Sitzungen;Aktive Nutzer;Absprungrate;Umsatz\nsuche;2026-11-01;50;20;40 %;10,00\n", "",
         "Sitzungen"),
    ],
)  # fmt: skip
def test_a_report_that_is_added_up_is_named_as_such(text: str, format: str, figure: str) -> None:
    with opened(text) as export:
        assert export.recognition.format == format
        assert export.mapping.missing()
        notice = export.recognition.notice
        assert notice is not None
        for said in (figure, format, "list of orders", "advertising platform"):
            assert said in notice.text()


def test_a_log_with_a_figure_or_two_is_a_log() -> None:
    text = "user_id,timestamp,event,sessions,new users\nu1,2026-11-01 10:00:00,view,1,0\n"
    with opened(text) as export:
        assert (export.mapping.table, export.recognition.notice, export.mapping.missing()) == ("events", None, ())


# ---- what nobody knows ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        "farbe;wetter\nrot;sonne\nblau;regen\n",
        "Zeitpunkt,Wert A,Wert B\n2026-11-01,5,7\n2026-11-02,6,8\n",
        "date,temperature,humidity\n2026-11-01,5,7\n2026-11-02,6,8\n",
        "编号,颜色,尺寸\n1,红,大\n2,蓝,小\n",
    ],
)
def test_a_file_that_nobody_knows_is_no_log(text: str) -> None:
    with opened(text) as export:
        assert (export.mapping.table != "events", export.mapping.missing() != ()) == (True, True)


def test_the_page_says_what_each_column_looks_like() -> None:
    with opened("Zeitpunkt,Wert A,Preis,Farbe\n2026-11-01,5,$7.10,rot\n2026-11-02,6,$8,blau\n") as export:
        assert not export.recognition.known
        assert export.preview()["looks"].tolist() == ["a time", "a number", "an amount of money", "a text"]


def test_a_user_or_an_event_still_speaks_for_a_log() -> None:
    for text in ("user_id,what\nu1,x\n", "time,event\n2026-11-01,view\n"):
        export = read_export(text.encode(), "file.csv", zone="UTC")
        assert export.mapping.table == "events"
        export.close()
