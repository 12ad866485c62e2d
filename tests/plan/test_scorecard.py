"""Whose order flips at which weight: exact weights, and what the data leave open."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from analysis import Campaign, QuarterWeights, Scorecard, Tables
from analysis.errors import DataError, QuestionError
from analysis.plan.measures import MEASURES, Side
from analysis.plan.scorecard import DIMENSIONS, Measured, _pairs
from analysis.values import Filter

THIRDS = np.full(3, 1 / 3)


def measured(one: list[float], other: list[float], error: float = 0.0) -> Measured:
    values = np.array([one, other])
    return Measured(values, np.log(values), np.full((2, 3), error), "CNY")


def test_an_order_flips_exactly_where_the_weighted_differences_are_nought() -> None:
    rng = np.random.default_rng(6)
    flips = 0
    for _ in range(200):
        made = measured(list(rng.lognormal(0, 0.5, 3)), list(rng.lognormal(0, 0.5, 3)))
        weights = rng.dirichlet([1, 1, 1])
        (pair,) = _pairs(["a", "b"], made, weights)
        for n in range(3):
            at = pair.flips_at(n)
            ends = []
            for weight in (0.0, 1.0):  # the other two kept in proportion
                own = np.where(np.arange(3) == n, weight, weights * (1 - weight) / (1 - weights[n]))
                ends.append(float(own @ pair.apart))
            if ends[0] * ends[1] > 0:
                assert np.isnan(at)
                continue
            flips += 1
            own = np.where(np.arange(3) == n, at, weights * (1 - at) / (1 - weights[n]))
            assert abs(float(own @ pair.apart)) < 1e-9
    assert flips > 100


def test_a_crossing_by_hand() -> None:
    """Twice the value, half the efficiency, the same experience: they cross where value and efficiency weigh alike."""
    (pair,) = _pairs(["a", "b"], measured([1.0, 2.0, 1.0], [2.0, 1.0, 1.0]), np.array([0.5, 0.25, 0.25]))
    assert pair.difference == pytest.approx(0.25 * np.log(2))
    assert pair.flips_at(0) == pytest.approx(1 / 3)  # then efficiency weighs a third as well


def test_chance_settles_nothing_and_errors_of_one_revenue_add_up() -> None:
    (sure,) = _pairs(["a", "b"], measured([1.0, 1.0, 1.0], [1.5, 1.0, 1.0], 0.01), THIRDS)
    (open_,) = _pairs(["a", "b"], measured([1.0, 1.0, 1.0], [1.5, 1.0, 1.0], 0.3), THIRDS)
    assert (sure.settled, open_.settled) == (True, False)
    assert open_.error == pytest.approx(0.3 * np.sqrt(2) / 3 * np.hypot(2, 1))


def test_what_has_no_interval_settles_nothing_unless_it_weighs_nothing() -> None:
    made = measured([1.0, 1.0, 1.0], [1.5, 1.5, 1.5], 0.01)
    made.errors[0, 1] = np.nan
    (open_,) = _pairs(["a", "b"], made, THIRDS)
    assert not open_.settled and np.isnan(open_.error)
    assert np.isnan(next(open_.rows())["low"])
    (sure,) = _pairs(["a", "b"], made, np.array([0.5, 0.0, 0.5]))
    assert sure.settled and sure.error == pytest.approx(0.01 * np.sqrt(2) * np.hypot(0.5, 0.5))
    scores, errors = made.scores(np.array([0.5, 0.0, 0.5]))
    assert np.isfinite(errors).all() and scores[1] - scores[0] == pytest.approx(np.log(1.5))
    assert np.isnan(made.scores(THIRDS)[1]).all()


def two(rng: np.random.Generator, days: int, more: float = 1.0) -> Tables:
    """Return two campaigns of one law, a few orders and some spend a day; the later one's orders bring so much more."""
    orders, spend = [], []
    for name, first, times in (("A", "2026-03-01", 1.0), ("B", "2026-09-01", more)):
        each = pd.date_range(first, periods=days)
        at = each.repeat(rng.poisson(3, days)) + pd.Timedelta(hours=12)
        paid = rng.lognormal(4, 0.5, len(at)) * times
        orders.append(pd.DataFrame({"timestamp": at, "paid_at": at, "revenue": paid, "campaign": name}))
        money = rng.lognormal(4, 0.3, days)
        spend.append(pd.DataFrame({"period_start": each, "period_end": each + pd.Timedelta(days=1), "spend": money,
                                   "channel": "search", "currency": "CNY", "campaign": name}))  # fmt: skip
    sold = pd.concat(orders, ignore_index=True)
    sold = sold.assign(order_id=[f"o{n}" for n in range(len(sold))], currency="CNY")
    return Tables(orders=sold, spend=pd.concat(spend, ignore_index=True))


def test_campaigns_of_one_law_are_not_said_to_differ() -> None:
    """A fortnight's days have no interval and settle nothing; of 40 days chance alone settles few."""
    weigh = Scorecard()
    for seed in range(3):
        answer = weigh.run(two(np.random.default_rng(seed), 14))
        assert "do not settle" in answer.say(answer.headline)
        note = next(note for note in answer.notes if note.code == "no-interval")
        assert "no order is settled by them: Value, Efficiency" in note.message.text()
        assert not answer.frame("flips")["settled"].any()
    told = ["did better than" in weigh.run(two(np.random.default_rng(seed), 40)).text() for seed in range(3)]
    assert sum(told) <= 1
    planted = weigh.run(two(np.random.default_rng(1), 40, 1.8))
    assert "B did better than A" in planted.say(planted.headline)
    assert "no-interval" not in {note.code for note in planted.notes}


@pytest.mark.long
def test_the_sample_by_its_questions_figures(sample: Tables) -> None:
    answer = Scorecard(campaigns=("Double 11 2024", "Double 11 2025", "Double 11 2026")).run(sample)
    rows: Any = answer.table.set_index(["campaign", "dimension"])["figure"]
    side = Side(sample, Filter(campaign="Double 11 2024"))
    for dimension, code in DIMENSIONS.items():
        assert rows["Double 11 2024", dimension] == pytest.approx(float(MEASURES[code].read(side).at.value))
    assert len(answer.frame("flips")) == 9
    assert answer.frame("quarters").groupby("quarter")["place"].apply(sorted).tolist() == [[1, 2, 3]] * 4
    heavy = Scorecard(weights=(QuarterWeights(quarter="Q4", value=0, efficiency=0, experience=1),)).run(sample)
    assert "do not settle" in heavy.say(heavy.headline)  # 4.5% and 4.6% convert: nobody can tell


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"weights": (QuarterWeights(quarter="Q1"), QuarterWeights(quarter="Q1"))}, "each quarter its weights once"),
        ({"weights": ("Q1",)}, "weights cannot be"),
    ],
)
def test_weights_that_say_nothing_are_refused(change: dict[str, Any], says: str) -> None:
    with pytest.raises(QuestionError, match=says):
        Scorecard(**change)
    with pytest.raises(QuestionError, match="give at least one"):
        QuarterWeights(quarter="Q1", value=0, efficiency=0, experience=0)


def test_campaigns_that_are_not_there_are_named(frames: dict[str, pd.DataFrame], campaign: Campaign) -> None:
    tables = Tables(**frames, campaign=campaign)
    with pytest.raises(DataError, match="Did you mean Double 11"):
        Scorecard(campaigns=("Double 12",)).run(tables)
    answer = Scorecard().run(tables)
    assert answer.say(answer.headline) == "There is no other campaign to set Double 11 beside."
