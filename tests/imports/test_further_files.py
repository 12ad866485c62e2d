"""Exports in other languages, nested records, prices of one piece, one file for each step."""

# ruff: noqa: E501 (rows are as wide as the exports write them)
from __future__ import annotations

import json

import pytest
from imports.exports.log_texts import AMPLITUDE, MIXPANEL, SEGMENT
from imports.opened import opened, reconciled, rows

# ---- other languages --------------------------------------------------------------------------------------

META_GERMAN = (
    "\ufeffTag,Kampagnenname,Anzeigengruppenname,Anzeigenname,Ausgegebener Betrag (EUR),Impressionen,Link-Klicks,"
    'Ergebnisse,Ergebnistyp,Berichtsstart,Berichtsende\n2026-11-01,Leinen,Breit,Video 1,"12,50",1000,20,1,Website-Käufe,'
    '2026-11-01,2026-11-01\n2026-11-02,Leinen,Breit,Video 1,"7,25",800,11,0,Website-Käufe,2026-11-02,2026-11-02\n'
)
META_SPANISH = (
    "Nombre de la campaña,Nombre del conjunto de anuncios,Día,Importe gastado (EUR),Impresiones,Clics en el enlace,"
    'Resultados,Tipo de resultado,Inicio del informe,Fin del informe\nLino,Amplio,2026-11-01,"12,50",1000,20,1,'
    'Compras en el sitio web,2026-11-01,2026-11-01\nLino,Amplio,2026-11-02,"7,25",800,11,90,Clics en el enlace,'
    "2026-11-02,2026-11-02\n"
)
META_FRENCH = (
    "Début des rapports,Fin des rapports,Nom de la campagne,Nom de la publicité,Montant dépensé (EUR),Impressions,"
    'Clics sur le lien,Achats\n2026-11-01,2026-11-01,Lin,Vidéo,"12,50",1000,20,1\n'
    '2026-11-02,2026-11-02,Lin,Vidéo,"7,25",800,11,0\n'
)


@pytest.mark.parametrize("text", [META_GERMAN, META_SPANISH, META_FRENCH], ids=["German", "Spanish", "French"])
def test_one_social_platform_in_other_languages(text: str) -> None:
    with opened(text) as export:
        found = export.reconcile()
        assert (export.recognition.format, export.mapping.missing()) == ("Meta Ads Manager", ())
    wanted = {"spend": 19.75, "impressions": 1800.0, "clicks": 31.0, "conversions": 1.0}
    assert (dict(found.sums), found.currencies, found.days) == (wanted, ("EUR",), ("2026-11-01", "2026-11-02"))
    assert found.undecided == ()


SEARCH_GERMAN = (
    'Kampagnenbericht\n"1. November 2026 - 14. November 2026"\n'
    "Kampagnenstatus,Kampagne,Budget,Status,Kampagnentyp,Impr.,Interaktionen,Interaktionsrate,Währungscode,"
    'Durchschn. Kosten,Kosten,Klicks,Conversions\nAktiviert,Leinen,"10,00",Berechtigt,Suchnetzwerk,"1.000",100,"10,00 %",'
    'EUR,"1,00","100,50",100,"5,00"\nAktiviert,Hosen,"10,00",Berechtigt,Suchnetzwerk,500,50,"10,00 %",EUR,"1,00","50,25",'
    '50,"2,00"\nGesamt: Kampagnen, --, --, --, --,"1.500",150,"10,00 %",EUR,"1,00","150,75",150,"7,00"\n'
    'Gesamt: Konto,,,,,"1.500",150,"10,00 %",EUR,"1,00","150,75",150,"7,00"\n'
)
SEARCH_FRENCH = (
    'Rapport des campagnes\n"1 novembre 2026 - 14 novembre 2026"\n'
    "Campagne,Budget,État,Type de campagne,Impr.,Interactions,Code de devise,Coût,Clics,Conversions\n"
    'Lin,"10,00",Éligible,Réseau de Recherche,"1 000",100,EUR,"100,50",100,"5,00"\n'
    'Pantalons,"10,00",Éligible,Réseau de Recherche,500,50,EUR,"50,25",50,"2,00"\n'
    'Total : campagnes, --, --, --,"1 500",150,EUR,"150,75",150,"7,00"\n'
    'Total : compte, --, --, --,"1 500",150,EUR,"150,75",150,"7,00"\n'
)
SEARCH_SPANISH = (
    'Informe de campañas\n"1 de noviembre de 2026 - 14 de noviembre de 2026"\n'
    "Estado de la campaña,Campaña,Presupuesto,Tipo de campaña,Impr.,Interacciones,Código de moneda,Coste,Clics,"
    'Conversiones\nHabilitada,Lino,"10,00",Búsqueda,"1.000",100,EUR,"100,50",100,"5,00"\n'
    'Habilitada,Pantalones,"10,00",Búsqueda,500,50,EUR,"50,25",50,"2,00"\n'
    'Total: campañas, --, --, --,"1.500",150,EUR,"150,75",150,"7,00"\nTotal: cuenta,,,,"1.500",150,EUR,"150,75",150,"7,00"\n'
)
SEARCH_CHINESE = (
    "广告系列报告\n2026年11月1日 - 2026年11月14日\n广告系列状态,广告系列,预算,状态,展示次数,互动次数,货币代码,费用,点击次数,转化次数\n"
    '已启用,亚麻,10.00,有效,"1,000",100,EUR,100.50,100,5.00\n已启用,长裤,10.00,有效,500,50,EUR,50.25,50,2.00\n'
    '总计：广告系列, --, --, --,"1,500",150,EUR,150.75,150,7.00\n总计：账号,,,,"1,500",150,EUR,150.75,150,7.00\n'
)


@pytest.mark.parametrize(
    "text",
    [SEARCH_GERMAN, SEARCH_FRENCH, SEARCH_SPANISH, SEARCH_CHINESE],
    ids=["German", "French", "Spanish", "Chinese"],
)
def test_one_search_platform_in_other_languages(text: str) -> None:
    with opened(text) as export:
        found = export.reconcile()
        assert (export.recognition.format, export.mapping.missing()) == ("Google Ads", ())
    wanted = {"spend": 150.75, "impressions": 1500.0, "clicks": 150.0, "conversions": 7.0}
    assert (found.kept, found.set_aside, dict(found.sums)) == (2, (("total", 2),), wanted)
    assert (found.days, found.currencies) == (("2026-11-01", "2026-11-14"), ("EUR",))
    assert (found.questions, {check.verdict for check in found.totals}) == ((), {"match"})


# ---- logs -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        "event_time,event_type,product_id,price,user_id,user_session\n2026-10-01 00:00:00 UTC,view,1,35.79,u1,s1\n"
        "2026-10-01 00:00:05 UTC,cart,1,35.79,u1,s1\n2026-10-01 00:01:00 UTC,purchase,1,35.79,u1,s1\n",
        "event_time,event_type,product_id,category_code,brand,user_id,user_session\n"
        "2026-10-01 00:00:00 UTC,view,1,a.b,x,u1,s1\n2026-10-01 00:00:05 UTC,cart,1,a.b,,u1,s1\n"
        "2026-10-01 00:01:00 UTC,purchase,1,,x,u1,s1\n",
        "Timestamp;Event Type;User ID;User Session\n2026-10-01T00:00:00Z;view;u1;s1\n2026-10-01T00:00:05Z;cart;u1;s1\n"
        "2026-10-01T00:01:00Z;purchase;u1;s1\n",
    ],
)
def test_a_public_shop_log(text: str) -> None:
    with opened(text, zone="Asia/Shanghai") as export:
        assert (export.mapping.table, export.mapping.missing()) == ("events", ())
        found = rows(export)
    assert [(r["event"], r["session_id"], str(r["timestamp"])) for r in found] == [
        ("view", "s1", "2026-10-01 00:00:00"), ("cart", "s1", "2026-10-01 00:00:05"),
        ("purchase", "s1", "2026-10-01 00:01:00"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("text", "users"),
    [(MIXPANEL, ["u1", "u1", "u1", "u2"]), (AMPLITUDE, ["d1", "u1", "u1", "d2"]), (SEGMENT, ["a1", "u1", "u1", "a2"])],
    ids=["mixpanel", "amplitude", "segment"],
)
def test_nested_records_are_laid_apart(text: str, users: list[str]) -> None:
    """Times are UTC wherever the analyst sits; who has no user id is known by the device."""
    with opened(text, "log.jsonl", zone="Asia/Shanghai") as export:
        assert export.mapping.missing() == ()
        found = rows(export)
    assert [r["user_id"] for r in found] == users
    assert [r["event"] for r in found] == ["view", "cart", "purchase", "view"]
    assert str(found[0]["timestamp"]) == "2026-11-01 10:00:00"


def test_records_of_another_tool_need_no_format() -> None:
    records = [
        {"distinct_id": "u1", "event": "$pageview", "timestamp": "2026-11-01T10:00:00Z", "properties": {"$os": "iOS"}},
        {
            "distinct_id": "u2",
            "event": "paid",
            "timestamp": "2026-11-01T10:01:00Z",
            "properties": {"x": {"y": {"z": 1}}},
        },
    ]
    with opened(json.dumps(records), "events.json") as export:
        assert export.headings == ("distinct_id", "event", "timestamp", "properties.$os", "properties.x.y.z")
        assert (export.mapping.table, export.mapping.missing()) == ("events", ())


def test_what_is_no_record_throughout_stays_as_it_is() -> None:
    lines = '{"a":1,"b":{"c":1},"d/e~f":{"g~h/i":"x"},"l":[1]}\n{"a":2,"b":"text","d/e~f":{"g~h/i":"y"},"l":[]}\n'
    with opened(lines, "x.jsonl") as export:
        assert export.headings == ("a", "b", "d/e~f.g~h/i", "l")
        assert export.samples["b"] == ['{"c":1}', "text"]
        assert export.samples["d/e~f.g~h/i"] == ["x", "y"]


# ---- one file for each step -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("heading", "event"), [("payment_page", "payment_page"), ("search_page", "Search Page"), ("加购人群", "加购人群")]
)
def test_a_file_for_one_step_is_named_by_its_column(heading: str, event: str) -> None:
    text = f"user_id,{heading}\n" + "".join(f"{user},{event}\n" for user in (11, 12, 13))
    with opened(text) as export:
        assert (export.mapping.table, export.mapping.missing()) == ("events", ("timestamp",))
        given = export.mapped(export.mapping.replace(constants={"timestamp": "2026-11-01"}))
        assert [(r["user_id"], r["event"]) for r in rows(given)] == [(u, event) for u in ("11", "12", "13")]


def test_steps_of_a_journey_keep_their_order_across_files() -> None:
    moments = []
    for page in ("home_page", "search_page", "payment_page", "payment_confirmation_page"):
        with opened(f"user_id,{page}\n11,{page}\n", timestamp="2026-11-01") as export:
            moments.append(rows(export)[0]["timestamp"])
    assert moments == sorted(set(moments))


def test_a_column_that_says_something_else_is_no_step() -> None:
    with opened("user_id,payment_page\n11,payment_page\n12,other\n") as export:
        assert "event" in export.mapping.missing()


# ---- prices of one piece ----------------------------------------------------------------------------------

LINES = (
    "order_id,date,sku,quantity,price,currency,user_id\n1,2026-11-01,a,12,6.95,GBP,u1\n1,2026-11-01,b,2,2.10,GBP,u1\n"
    "2,2026-11-02,a,1,6.95,GBP,u2\n"
)
INVOICES = (
    "Order Number;Created;Product;Qty;Unit Price;Currency;Customer ID\n1;2026-11-01;a;12;6,95;GBP;u1\n"
    "1;2026-11-01;b;2;2,10;GBP;u1\n2;2026-11-02;c;1;6,95;GBP;u2\n"
)
CHINESE_LINES = "订单编号,下单时间,商品,数量,单价(元),用户id\n1,2026-11-01,甲,12,6.95,u1\n1,2026-11-01,乙,2,2.10,u1\n2,2026-11-02,丙,1,6.95,u2\n"


@pytest.mark.parametrize("text", [LINES, INVOICES, CHINESE_LINES])
def test_a_price_of_one_piece_is_taken_times_the_pieces(text: str) -> None:
    with opened(text, currency="GBP") as export:
        found = export.reconcile()
        assert [(r["order_id"], round(r["revenue"], 2)) for r in rows(export)] == [("1", 87.6), ("2", 6.95)]
        assert (round(dict(found.sums)["revenue"], 2), export.assumptions, found.undecided) == (94.55, (), ())


def test_lines_of_invoices_with_a_credit_note() -> None:
    """The layout of a public retail log: a credit note is an invoice of its own, below zero."""
    text = (
        "InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country\n"
        "536365,85123A,HOLDER,6,12/13/2010 8:26,2.55,17850,UK\n536365,71053,LANTERN,6,12/13/2010 8:26,3.39,17850,UK\n"
        "C536379,85123A,HOLDER,-1,12/14/2010 9:41,2.55,14527,UK\n"
    )
    with opened(text, currency="GBP") as export:
        assert export.mapping.table == "orders"
        assert {r["order_id"]: round(r["revenue"], 2) for r in rows(export)} == {"536365": 35.64, "C536379": -2.55}


def test_equal_prices_on_two_lines_are_two_amounts() -> None:
    text = "order_id,date,sku,quantity,unit_price,currency\n1,2026-11-01,a,2,5,EUR\n1,2026-11-01,b,3,5,EUR\n"
    assert dict(reconciled(text).sums)["revenue"] == 25.0


def test_a_price_that_grows_with_the_pieces_is_that_of_all() -> None:
    text = "order_id,date,sku,quantity,price,currency\n1,2026-11-01,a,2,10,EUR\n2,2026-11-01,a,3,15,EUR\n"
    found = reconciled(text)
    assert (dict(found.sums)["revenue"], found.questions) == (25.0, ())


def test_a_price_that_proves_nothing_is_asked_about() -> None:
    text = "order_id,date,sku,quantity,price,currency\n1,2026-11-01,a,2,10,EUR\n2,2026-11-01,b,3,15,EUR\n"
    with opened(text) as export:
        found = export.reconcile()
        assert dict(found.sums)["revenue"] == 65.0
        assert [q.text() for q in export.assumptions] == ["price × quantity is the amount of each row. Is that right?"]
        said = export.mapped(export.mapping.replace(factors={}))
        assert (dict(said.reconcile().sums)["revenue"], said.assumptions) == (25.0, ())


def test_an_amount_beside_a_price_is_the_amount() -> None:
    text = "order_id,date,quantity,unit_price,total,currency\n1,2026-11-01,2,5,9,EUR\n"
    with opened(text) as export:
        assert (export.mapping.factors, dict(export.reconcile().sums)["revenue"]) == ((), 9.0)


def test_a_logs_price_of_one_piece_is_taken_times_the_pieces() -> None:
    text = "user_id,time,event,unit_price,qty\nu1,2026-11-01 10:00:00,purchase,5,3\n"
    with opened(text) as export:
        assert rows(export)[0]["value"] == 15.0
