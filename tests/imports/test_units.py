"""Amounts in thousands, in cents, in 万: the heading says it, and the figures are taken so."""

from __future__ import annotations

import pytest
from imports.opened import opened, reconciled, rows


@pytest.mark.parametrize(
    ("heading", "whole"),
    [
        ("消耗(万元)", 37_500.0), ("消耗（千元）", 3_750.0), ("Spend (USD thousands)", 3_750.0),
        ("Spend [k€]", 3_750.0), ("cost_micros", 0.00000375), ("Cost (cents)", 0.0375),
        ("Spend (EUR)", 3.75), ("Cost (incl. tax)", 3.75),
    ],
)  # fmt: skip
def test_an_amount_is_taken_in_the_unit_of_its_heading(heading: str, whole: float) -> None:
    found = reconciled(f"date,channel,{heading}\n2026-11-05,search,1.25\n2026-11-06,search,2.5\n", currency="EUR")
    assert dict(found.sums)["spend"] == pytest.approx(whole)
    assert ["units of" in note.text() for note in found.notes] == ([] if whole == 3.75 else [True])


def test_a_unit_names_the_currency_beside_it() -> None:
    assert reconciled("日期,渠道,消耗(万元)\n2026-11-05,抖音,1.25\n").currencies == ("CNY",)


def test_cents_make_exact_amounts() -> None:
    text = "order_id,created_at,amount_cents,currency\n1,2026-11-05,1999,EUR\n2,2026-11-06,2999,EUR\n"
    with opened(text) as export:
        assert [row["revenue"] for row in rows(export)] == [19.99, 29.99]


def test_counts_have_units_and_minutes_are_none() -> None:
    found = reconciled("日期,渠道,消耗,展现量(万),点击量(次)\n2026-11-05,抖音,5,20,7\n", currency="CNY")
    assert found.sums == (("spend", 5.0), ("impressions", 200_000.0), ("clicks", 7.0))


def test_channels_beside_each_other_have_their_unit() -> None:
    found = reconciled("日期,抖音消耗(万元),快手消耗(万元)\n2026-11-05,1,2\n2026-11-06,3,4\n")
    assert found.sums == (("spend", 100_000.0),)
