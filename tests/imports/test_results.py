"""Results of a type of their own in every row: only orders are conversions."""

from __future__ import annotations

import pytest
from imports.opened import opened, reconciled

MIXED = (
    "Reporting starts,Reporting ends,Campaign name,Result type,Results,Amount spent (USD),Impressions,Link clicks,"
    "Attribution setting\n2026-11-01,2026-11-01,Linen sale,Website purchases,4,100.00,9000,120,7-day click\n"
    "2026-11-01,2026-11-01,Boosted post,Post engagements,900,20.00,8000,15,7-day click\n"
    "2026-11-01,2026-11-01,Traffic test,Landing page views,310,30.00,7000,330,7-day click\n"
)
CHINESE = (
    "报告开始日期,报告结束日期,广告系列名称,成效,成效指标,已花费金额 (USD),展示次数\n"
    "2026-11-01,2026-11-01,亚麻,3,actions:offsite_conversion.fb_pixel_purchase,10.00,900\n"
    "2026-11-01,2026-11-01,测试,70,actions:offsite_conversion.fb_pixel_add_to_cart,5.00,800\n"
    "2026-11-01,2026-11-01,加购,12,加入购物车次数,5.00,800\n2026-11-02,2026-11-02,亚麻,2,网站购物,8.00,700\n"
)
SPANISH = (
    "fecha;canal;campaign;cost;currency;Resultados;Tipo de resultado\n"
    "2026-11-01;social;a;10;EUR;5;Compras en el sitio web\n"
    "2026-11-01;social;b;20;EUR;80;Clics en el enlace\n"
)


@pytest.mark.parametrize(
    ("text", "conversions", "spend"),
    [(MIXED, 4.0, 150.0), (CHINESE, 5.0, 28.0), (SPANISH.replace("Resultados", "Results"), 5.0, 30.0)],
)
def test_only_orders_are_conversions(text: str, conversions: float, spend: float) -> None:
    found = reconciled(text)
    sums = dict(found.sums)
    assert (sums["conversions"], sums["spend"], found.questions) == (conversions, spend, ())
    assert "no conversions here" in found.notes[-1].text()


def test_the_files_own_total_of_them_is_not_compared() -> None:
    total = "2026-11-01,2026-11-01,,,1214,150.00,24000,465,\n"
    found = reconciled(MIXED + total)
    assert (dict(found.sums)["conversions"], found.kept, found.matches) == (4.0, 3, True)
    assert "conversions" not in {check.column for check in found.totals}


@pytest.mark.parametrize("word", ["Zebra events", ""])
def test_a_type_that_nobody_knows_is_asked_about(word: str) -> None:
    with opened(MIXED.replace("Post engagements", word)) as export:
        found = export.reconcile()
        assert found.undecided == ("results",)
        (unknown,) = found.unknown_results
        assert (unknown.rows, unknown.results, dict(found.sums)["conversions"]) == (1, 900.0, 4.0)
        for kind, conversions in (("order", 904.0), ("other", 4.0)):
            said = {**dict(export.mapping.results), unknown.word: kind}
            answered = export.mapped(export.mapping.replace(results=said)).reconcile()
            assert (answered.undecided, dict(answered.sums)["conversions"]) == ((), conversions)


def test_a_column_of_purchases_goes_before_the_results() -> None:
    text = MIXED.replace("Results,", "Results,Purchases,").replace(",4,", ",4,4,").replace(",900,", ",900,1,")
    found = reconciled(text.replace(",310,", ",310,0,"))
    assert (dict(found.sums)["conversions"], found.questions, found.notes) == (5.0, (), ())


def test_results_without_types_are_what_they_were() -> None:
    text = "date,channel,cost,currency,results\n2026-11-01,a,10,EUR,7\n"
    assert dict(reconciled(text).sums)["conversions"] == 7.0
