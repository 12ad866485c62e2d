"""Headings are compared whole first, and what stands in their brackets is read as what it is."""

from __future__ import annotations

import pytest
from imports.opened import opened, reconciled, rows

from analysis.imports.lexicon.brackets import best_heading

# ---- whole first ------------------------------------------------------------------------------------------

SHOP = (
    "Order Number,Order Date,Total (refunded),Total (incl. tax),Total,Currency,Customer ID\n"
    "1,2026-11-01,0.00,11.90,10.00,EUR,u1\n2,2026-11-02,23.80,23.80,20.00,EUR,u2\n"
)
KASSE = (
    "订单编号,下单时间,订单金额（退款）,订单金额（含税）,订单金额,币种\n"
    "a1,2026-11-01 10:00:00,0,113.00,100.00,CNY\na2,2026-11-02 10:00:00,56.50,56.50,50.00,CNY\n"
)
REGISTER = (
    "order_id,created_at,amount [Tax],amount [Refunded],amount [USD]\n7,2026-11-01,1.5,0,20\n8,2026-11-02,3,44,44\n"
)


@pytest.mark.parametrize(
    ("text", "revenue", "refund"), [(SHOP, 30.0, 23.8), (KASSE, 150.0, 56.5), (REGISTER, 64.0, 44.0)]
)
def test_an_exact_heading_beats_one_with_a_bracket(text: str, revenue: float, refund: float) -> None:
    found = reconciled(text)
    assert (dict(found.sums), found.questions) == ({"revenue": revenue, "refund": refund}, ())


def test_a_better_name_does_not_beat_a_whole_heading() -> None:
    assert best_heading(["total", "amount"], ["Total (net)", "Amount"]) == "Amount"
    assert best_heading(["total", "amount"], ["Amount", "Total"]) == "Total"


@pytest.mark.parametrize("bracket", ["[USD]", "(usd)", "（USD）", "【USD】", "(US$)", "(美元)"])
def test_a_currency_in_any_bracket_is_the_currency(bracket: str) -> None:
    found = reconciled(f"Date;Channel;Spend {bracket}\n2026-08-01;a;10\n2026-08-02;a;20.5\n")
    assert (found.sums, found.currencies) == ((("spend", 30.5),), ("USD",))


def test_numbers_of_things_are_those_things() -> None:
    """A dashboard's export: days first, a row for a day without figures, and headings that count."""
    text = (
        "Campaign Name;Date;Spend [USD];# of Impressions;Reach;# of Website Clicks;# of Purchase\n"
        "Autumn A;1.08.2026;2280;82702;56930;7016;618\nAutumn A;2.08.2026;1757;121040;102513;8110;511\n"
        "Autumn A;3.08.2026;;;;;\nAutumn A;13.08.2026;2343;131711;110862;6508;372\n"
    )
    with opened(text, channel="meta") as export:
        found = export.reconcile()
        assert export.mapping.table == "spend"
    assert dict(found.sums) == {"spend": 6380.0, "impressions": 335453.0, "clicks": 21634.0, "conversions": 1501.0}
    assert (found.days, found.set_aside) == (("2026-08-01", "2026-08-13"), (("missing", 1),))
    assert found.currencies == ("USD",)


@pytest.mark.parametrize(
    ("text", "sums", "code"),
    [
        (
            "计划名称;日期;消耗【元】;展示次数;点击次数（次）\n甲;1.08.2026;1.200,50;9000;120\n甲;2.08.2026;;;\n甲;13.08.2026;80,25;700;9\n",
            {"spend": 1280.75, "impressions": 9700.0, "clicks": 129.0}, "CNY",
        ),
        (
            "Kampagne\tTag\tKosten [€]\tImpressionen [Anzahl]\tKlicks\nHerbst\t1.08.2026\t12,50\t900\t30\n"
            "Herbst\t2.08.2026\t\t\t\nHerbst\t13.08.2026\t7,50\t100\t5\n",
            {"spend": 20.0, "impressions": 1000.0, "clicks": 35.0}, "EUR",
        ),
    ],
    ids=["Chinese", "German"],
)  # fmt: skip
def test_brackets_and_days_without_figures_in_other_dashboards(text: str, sums: dict[str, float], code: str) -> None:
    found = reconciled(text, channel="x")
    assert (dict(found.sums), found.currencies, found.undecided) == (sums, (code,), ())
    assert (found.days, found.set_aside) == (("2026-08-01", "2026-08-13"), (("missing", 1),))


@pytest.mark.parametrize(
    ("heading", "first"),
    [("Created date (UTC)", "2026-11-01 10:00:00"), ("Created at (UTC+8)", "2026-11-01 02:00:00"),
     ("下单时间（北京时间）", "2026-11-01 02:00:00"), ("Order Date [America/New_York]", "2026-11-01 15:00:00")],
)  # fmt: skip
def test_a_zone_in_brackets_is_that_of_the_times(heading: str, first: str) -> None:
    text = f"order id,{heading},total,currency\n1,2026-11-01 10:00:00,5,EUR\n"
    with opened(text, zone="Asia/Tokyo", timestamp="none") as export:
        columns = {**dict(export.mapping.columns), "timestamp": heading}
        constants = {c: t for c, t in export.mapping.constants if c != "timestamp"}
        found = rows(export.mapped(export.mapping.replace(columns=columns, constants=constants)))
        assert str(found[0]["timestamp"]) == first


# ---- periods beside each other ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("now", "before"),
    [("Cost", "Cost (previous period)"), ("Cost (current)", "Cost (previous)"), ("花费（本期）", "花费（上期）"),
     ("Cost [EUR] (current period)", "Cost [EUR] (comparison)"), ("Cost", "Cost (change %)")],
)  # fmt: skip
def test_another_period_than_the_reports_is_never_taken(now: str, before: str) -> None:
    for headings, cells in (((now, before), "10,99"), ((before, now), "99,10")):
        text = f"Date,Channel,{','.join(headings)},Currency\n2026-11-01,a,{cells},EUR\n"
        found = reconciled(text)
        assert (found.sums, found.questions) == ((("spend", 10.0),), ())


def test_a_file_with_nothing_but_another_periods_amount_has_none() -> None:
    with opened("Date,Channel,Cost (previous period),Clicks\n2026-11-01,a,10,3\n") as export:
        assert "spend" in export.as_table("spend").mapping.missing()


# ---- amounts in another currency --------------------------------------------------------------------------

CONVERTED = (
    'Campaign report\n"November 1, 2026 - November 14, 2026"\n'
    "Campaign status,Campaign,Currency code,Cost (Converted currency),Impr.,Interactions,Clicks,Campaign type,"
    "Converted currency code\nEnabled,Linen UK,GBP,115.00,1000,100,100,Search,EUR\n"
    'Enabled,Trousers UK,GBP,57.50,500,50,50,Search,EUR\nTotal: Campaigns, --,GBP,172.50,"1,500",150,150,,EUR\n'
)


def test_a_converted_amount_is_in_the_currency_it_was_converted_to() -> None:
    found = reconciled(CONVERTED)
    assert (dict(found.sums)["spend"], found.currencies, found.questions) == (172.5, ("EUR",), ())
    german = "Tag;Kanal;Kosten;Kosten (umgerechnete Währung);Währungscode;Code der umgerechneten Währung\n"
    own = german + "2026-11-01;suche;100,50;115,00;GBP;EUR\n"
    with opened(own) as export:
        assert dict(export.mapping.columns)["currency"] == "Währungscode"  # the plain amount goes before
        chosen = {**dict(export.mapping.columns), "spend": "Kosten (umgerechnete Währung)"}
        converted = export.mapped(export.mapping.replace(columns=chosen)).reconcile()
        assert (converted.sums, converted.currencies) == ((("spend", 115.0),), ("EUR",))


@pytest.mark.parametrize(
    "text",
    [
        "日期,渠道,货币代码,花费（换算货币）,换算货币代码,点击次数\n2026-11-01,搜索,GBP,115.00,EUR,100\n2026-11-02,搜索,GBP,57.50,EUR,50\n",
        "Jour;Canal;Code de devise;Coût (devise convertie);Code de la devise convertie;Clics\n"
        "2026-11-01;recherche;GBP;115,00;EUR;100\n2026-11-02;recherche;GBP;57,50;EUR;50\n",
    ],
    ids=["Chinese", "French"],
)
def test_converted_amounts_in_other_languages(text: str) -> None:
    found = reconciled(text)
    assert (dict(found.sums), found.currencies) == ({"spend": 172.5, "clicks": 150.0}, ("EUR",))
    assert found.undecided == ()


def test_a_converted_amount_without_its_currency_is_asked_for_it() -> None:
    text = "Date,Channel,Cost (Converted currency),Currency code\n2026-11-01,a,10,GBP\n"
    with opened(text) as export:
        assert export.mapping.missing() == ("currency",)


# ---- two that could serve ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("headings", "rows", "column", "sums"),
    [
        ("Order ID,Created,Total (net),Total (gross),Currency", "1,2026-11-01,10,11.9,EUR\n2,2026-11-02,20,23.8,EUR",
         "revenue", (30.0, 35.7)),
        ("Date,Channel,Cost（USD）,Cost【EUR】", "2026-11-01,a,10,9\n2026-11-02,a,5,4.5", "spend", (15.0, 13.5)),
        ("日期,渠道,花费(搜索),花费(推荐),币种", "2026-11-01,a,10,9,CNY\n2026-11-02,a,5,4.5,CNY", "spend",
         (15.0, 13.5)),
        ("date,channel,spend,cost,currency", "2026-11-01,a,10,9,EUR", "spend", (10.0, 9.0)),
    ],
)  # fmt: skip
def test_two_columns_that_could_serve_are_asked_about(
    headings: str, rows: str, column: str, sums: tuple[float, float]
) -> None:
    with opened(f"{headings}\n{rows}\n") as export:
        found = export.reconcile()
        assert found.undecided == ("settled",)
        (choice,) = found.choices
        assert (choice.column, tuple(option.total for option in choice.options)) == (column, sums)
        assert all(option.values for option in choice.options)
        columns = dict(export.mapping.columns)
        for option, total in zip(choice.options, sums, strict=True):
            mapping = export.mapping.replace(columns={**columns, column: option.heading}, settled=(column,))
            answered = export.mapped(mapping).reconcile()
            assert (answered.undecided, dict(answered.sums)[column]) == ((), total)


def test_the_currency_follows_the_column_that_is_chosen() -> None:
    with opened("Date,Channel,Cost（USD）,Cost【EUR】\n2026-11-01,a,10,9\n") as export:
        columns = {**dict(export.mapping.columns), "spend": "Cost【EUR】"}
        found = export.mapped(export.mapping.replace(columns=columns)).reconcile()
        assert (found.sums, found.currencies, found.undecided) == ((("spend", 9.0),), ("EUR",), ())


def test_columns_that_say_the_same_are_not_asked_about() -> None:
    text = "Order ID,Created,Total (net),Total (gross),Currency\n1,2026-11-01,10,10,EUR\n"
    assert reconciled(text).questions == ()
