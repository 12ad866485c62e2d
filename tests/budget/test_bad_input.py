"""Bad reports are refused or graded in words: no figure is made up, and nothing breaks."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from budget import planted

from analysis.budget.curves.question import CurvesAnswer, ResponseCurves
from analysis.budget.scenario import Scenario
from analysis.tables import Tables

FIGURES = ["contribution", "low", "high", "roi", "marginal_roi", "marginal_low", "marginal_high", "ceiling"]


def spend_of(days: int, seed: int = 1) -> Any:
    return np.random.default_rng(seed).gamma(4, 25, days).round(2)


def orders(revenue: Any) -> pd.DataFrame:
    at = pd.date_range(planted.START, periods=len(revenue), unit="us") + pd.Timedelta(hours=3)
    return pd.DataFrame({"order_id": np.arange(len(at)).astype(str), "timestamp": at, "paid_at": at,
                         "revenue": revenue, "currency": "CNY"})  # fmt: skip


def asked(**tables: pd.DataFrame) -> CurvesAnswer:
    """Ask for curves and for a plan; both are answers in words."""
    own = Tables(**tables)
    answer, plan = ResponseCurves(draws=100).run(own), Scenario(curves=ResponseCurves(draws=100)).run(own)
    assert isinstance(answer, CurvesAnswer)
    for each in (answer, plan):
        for language in ("en", "zh_CN"):
            words = each.text(language)
            assert "{" not in words and "nan" not in words.lower().replace("finance", "")
        assert each.chart().to_dict()
    return answer


def refused(answer: CurvesAnswer, reason: str) -> None:
    assert set(answer.table["reason"]) == {reason}
    assert answer.table[FIGURES].isna().all(axis=None)
    assert answer.curves == ()
    assert set(answer.table["precision"]) <= {"none", "twins"}


def test_five_rows() -> None:
    spend = spend_of(5)
    refused(asked(spend=planted.rows("s", spend, 8 * spend)), "few-periods")
    refused(asked(spend=planted.rows("s", spend), orders=orders(8 * spend)), "few-periods")


def test_one_row() -> None:
    refused(asked(spend=planted.rows("s", spend_of(1), spend_of(1))), "one-period")
    refused(asked(spend=planted.rows("s", spend_of(1)), orders=orders(spend_of(1))), "one-period")


@pytest.mark.long
def test_one_channel_is_an_answer() -> None:
    spend = spend_of(70)
    revenue = 3000 + 900 * spend / (spend + 100) + 30 * np.random.default_rng(2).standard_normal(70)
    answer = asked(spend=planted.rows("s", spend), orders=orders(revenue))
    truth = float((900 * spend / (spend + 100)).sum())
    row = answer.table.iloc[0]
    assert abs(row["contribution"] - truth) <= row["high"] - row["low"]  # about four standard errors
    assert answer.headline.text().startswith("The next unit of money in s earns ")


def test_nothing_spent() -> None:
    refused(asked(spend=planted.rows("s", np.zeros(40), np.zeros(40))), "no-spend")
    refused(asked(spend=planted.rows("s", np.zeros(40)), orders=orders(np.full(40, 100.0))), "no-spend")


def test_spend_without_any_revenue() -> None:
    refused(asked(spend=planted.rows("s", spend_of(40))), "no-orders")
    refused(asked(spend=planted.rows("s", spend_of(40), np.zeros(40))), "no-revenue")
    unpaid = orders(np.full(40, 100.0)).assign(paid_at=pd.NaT)
    refused(asked(spend=planted.rows("s", spend_of(40)), orders=unpaid), "no-orders")


def test_channels_with_the_same_spend_get_no_figures_of_their_own() -> None:
    rng = np.random.default_rng(2)
    spend = spend_of(90) * (rng.random(90) < 0.6)
    revenue = 3000 + 900 * spend / (spend + 100) + 30 * rng.standard_normal(90)
    report = pd.concat([planted.rows(name, spend) for name in ("a", "b")])
    answer = asked(spend=report, orders=orders(revenue))
    refused(answer, "alike")
    assert set(answer.table["precision"]) == {"twins"}
    (note,) = (n for n in answer.notes if n.code == "twins")
    low, high = (dict(note.message.params)[name].value for name in ("low", "high"))
    assert low <= float((900 * spend / (spend + 100)).sum()) <= high


@pytest.mark.parametrize("share", [0.2, 1.0])
def test_negative_revenue_is_revenue_taken_back(share: float) -> None:
    """Platforms take claims back; what is left counts, and where nothing is left there is no curve."""
    rng = np.random.default_rng(3)
    spend = spend_of(60)
    revenue = 900 * spend / (spend + 100) * planted.noise(rng, 0.1, 60)
    taken = rng.random(60) < share
    answer = asked(spend=planted.rows("s", spend, np.where(taken, -revenue, revenue)))
    row = answer.table.iloc[0]
    if share == 1.0:
        refused(answer, "no-revenue")
    else:
        assert row["revenue"] == pytest.approx(np.where(taken, -revenue, revenue).sum())
        assert 0 <= row["low"] <= row["contribution"] <= row["high"]
        assert row["low"] <= row["revenue"] <= row["high"]


def test_orders_all_refunded() -> None:
    back = orders(np.full(60, 100.0)).assign(refund=100.0)
    refused(asked(spend=planted.rows("s", spend_of(60)), orders=back), "no-orders")


def test_spend_that_never_varies() -> None:
    steady = np.full(60, 80.0)
    refused(
        asked(spend=planted.rows("s", steady, 400 * planted.noise(np.random.default_rng(4), 0.1, 60))), "no-variation"
    )
    refused(asked(spend=planted.rows("s", steady), orders=orders(np.full(60, 500.0))), "no-variation")


def test_more_channels_than_the_data_can_tell() -> None:
    report = pd.concat([planted.rows(f"c{k}", spend_of(40, k)) for k in range(12)])
    refused(asked(spend=report, orders=orders(1000 + spend_of(40))), "few-periods")


def test_conversions_are_worth_what_the_analyst_says() -> None:
    rng = np.random.default_rng(5)
    spend = spend_of(60)
    sold = np.round(300 * spend / (spend + 100) * planted.noise(rng, 0.05, 60))
    report = planted.rows("s", spend, conversions=sold)
    refused(asked(spend=report), "no-orders")
    worth = ResponseCurves(worth=50.0, draws=100).run(Tables(spend=report)).table.iloc[0]
    assert worth["low"] <= 50 * float((300 * spend / (spend + 100)).sum()) <= worth["high"]
    assert worth["cause"] == "claim"
