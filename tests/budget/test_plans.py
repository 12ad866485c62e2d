"""Plans side by side, and what more or less budget brings: figures are those of the plans themselves."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from budget import claimed

from analysis.budget.allocation.frontier import Frontier, FrontierAnswer
from analysis.budget.allocation.question import Allocation
from analysis.budget.allocation.rules import Limit
from analysis.budget.plans import AS_SPENT, Plans
from analysis.budget.scenario import Scenario
from analysis.errors import DataError, QuestionError
from analysis.reallocation.setting import setting
from analysis.reallocation.simulation import Simulation
from analysis.reallocation.state import CENTS
from analysis.tables import Tables

BEST = Allocation(curves=claimed.FEW)
COARSE = Allocation(curves=claimed.FEW, per="channel")
BY_HAND = Scenario(curves=claimed.FEW, spend={"video": 6_000.0, "display": 1_500.0})


@pytest.fixture(scope="module")
def market() -> Tables:
    return claimed.tables()


# ---- more or less budget ----------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def frontier(market: Tables) -> FrontierAnswer:
    answer = Frontier(plan=BEST, points=5).run(market)
    assert isinstance(answer, FrontierAnswer)
    return answer


def test_more_budget_brings_more_and_each_unit_less(frontier: FrontierAnswer) -> None:
    table = frontier.table
    assert (table["revenue"].diff().dropna() > 0).all()
    assert (table["price"].diff().dropna() < 0).all()
    assert (table["roi"].diff().dropna() < 0).all()
    np.testing.assert_allclose(table["roi"], table["revenue"] / table["spend"], rtol=1e-12)
    # What the next unit earns is the slope of what all earn: between the slopes to both sides.
    slope = np.diff(table["revenue"]) / np.diff(table["spend"])
    price = table["price"].to_numpy()
    assert (price[:-1] > slope).all()
    assert (price[1:] < slope).all()


def test_the_spend_as_it_was_lies_on_the_picture_and_below_the_best(market: Tables, frontier: FrontierAnswer) -> None:
    now, table = frontier.frame("present").iloc[0], frontier.table
    best = BEST.run(market).table.iloc[-1]
    assert (now["spend"], now["revenue"], now["roi"]) == tuple(best[["observed", "was", "roi_was"]])
    middle = table[np.isclose(table["spend"], now["spend"], rtol=1e-9)].iloc[0]
    assert middle["revenue"] == pytest.approx(best["revenue"], rel=1e-9)
    assert now["revenue"] < middle["revenue"]
    less = float(np.interp(now["revenue"], table["revenue"], table["spend"]))
    params = dict(frontier.headline.params)
    params = dict(params["first"].params) if "first" in params else params
    assert params["less"].value == pytest.approx(less)
    assert params["more"].value == pytest.approx(best["change"])


def test_budgets_at_which_rules_cannot_hold_are_counted(market: Tables) -> None:
    limits = (Limit.minimum("search", 4_000.0), Limit.minimum("video", 3_000.0))
    answer = Frontier(plan=BEST.replace(limits=limits), points=5).run(market)
    left = int((answer.table["spend"] >= 7_000.0).sum())
    assert len(answer.table) == left < 5
    note = next(note for note in answer.notes if note.code == "impossible")
    assert dict(note.message.params)["n"] == 5 - left


# ---- side by side -----------------------------------------------------------------------------------------


def test_rows_are_the_plans_own_totals(market: Tables) -> None:
    plans: dict[str, Any] = {"best": BEST, "by channel": COARSE, "by hand": BY_HAND}
    answer = Plans(plans=plans).run(market)
    table = answer.table.set_index("plan")
    assert list(table.index) == [AS_SPENT, *plans]
    for name, plan in plans.items():
        own = plan.run(market).table.iloc[-1]
        for column in ("spend", "revenue", "low", "high", "change", "change_low", "change_high", "roi", "beyond"):
            assert table.loc[name, column] == own[column], (name, column)
    was = BEST.run(market).table.iloc[-1]
    assert table.loc[AS_SPENT, "revenue"] == pytest.approx(was["was"], rel=1e-12)
    assert table.loc[AS_SPENT, "spend"] == was["observed"]
    channels = answer.frame("channels")
    for name, plan in plans.items():
        own, mine = plan.run(market).table.iloc[:-1], channels[channels["plan"] == name]
        assert dict(zip(mine["channel"], mine["spend"], strict=True)) == dict(
            zip(own["channel"], own["spend"], strict=True))  # fmt: skip


def test_the_best_of_them_is_named(market: Tables) -> None:
    answer = Plans(plans={"by hand": BY_HAND, "best": BEST}).run(market)
    assert dict(answer.headline.params)["best"] == "best"
    assert "other-totals" in {note.code for note in answer.notes}, "the plan by hand spends another amount"


def test_without_a_plan_the_best_split_stands_beside_the_spend_as_it_was(market: Tables) -> None:
    table, best = Plans().run(market).table, Allocation().run(market).table.iloc[-1]
    assert len(table) == 2
    assert tuple(table[["spend", "revenue", "change"]].iloc[1]) == tuple(best[["spend", "revenue", "change"]])


def test_what_cannot_be_compared_is_refused(market: Tables) -> None:
    impossible = BEST.replace(limits=(Limit.minimum("display", 1e6),))
    with pytest.raises(DataError, match="mad: its rules cannot all hold"):
        Plans(plans={"mad": impossible}).run(market)
    with pytest.raises(QuestionError, match="up to 8 plans"):
        Plans(plans={f"plan {k}": BY_HAND for k in range(9)})


# ---- one plan, one figure ---------------------------------------------------------------------------------


def test_reallocation_expects_of_a_plan_what_budget_does(market: Tables) -> None:
    answer = COARSE.run(market)
    own = answer.table.iloc[:-1]
    split = dict(zip(own["channel"], own["spend"] / own["spend"].sum(), strict=True))
    given = setting(Simulation(curves=claimed.FEW, split=split), market)
    amounts = dict(zip(given.market.channels, (given.plan / CENTS).tolist(), strict=True))
    for channel, share in split.items():  # whole cents are shared
        assert amounts[channel] == pytest.approx(0.85 * 20_000.0 * share, abs=0.02), "the budget without the reserve"
    valued = Scenario(curves=claimed.FEW, spend=amounts).run(market).table.iloc[-1]
    assert given.expected == pytest.approx(valued["revenue"], rel=1e-9)


# ---- what chance explains ---------------------------------------------------------------------------------


def alike(seed: int, noise: float, better: float = 1.0) -> Tables:
    """Return sixty days of three channels with one law, so that an even split is right; "x" may earn so much more."""
    rng, parts = np.random.default_rng(seed), []
    for channel, times in zip("xyz", (better, 1.0, 1.0), strict=True):
        spend = 100 * np.exp(rng.normal(0, 0.4, 60))
        parts.append(
            claimed.rows(channel, spend, times * 2000 * spend / (300 + spend) * np.exp(rng.normal(0, noise, 60)))
        )
    return Tables(spend=pd.concat(parts, ignore_index=True))


def test_no_saving_is_promised_that_the_best_split_denies() -> None:
    """An even split of one law is right: split, plans and frontier alike say that none can be shown to be better."""
    for seed in range(2):
        tables = alike(seed, 0.6)
        split, frontier = COARSE.run(tables), Frontier(plan=COARSE, points=3).run(tables)
        none = "can be shown to be better: the best found brings"
        assert none in split.text() and none in frontier.text()
        assert "could be had for" not in frontier.text()
        assert "None of these plans can be shown" in Plans(plans={"best": COARSE}).run(tables).text()
    planted = alike(0, 0.05, 4.0)
    assert COARSE.run(planted).text().startswith("Move ")
    assert "Best brings most" in Plans(plans={"best": COARSE}).run(planted).text()


def test_where_reach_leaves_no_place_is_no_break_even() -> None:
    """At half as much again the next unit earns 2000 * 300 / 450² = 2.96; no channel may get more, and none loses."""
    tables = alike(3, 0.05)
    answer = Frontier(plan=COARSE, least=1.0, most=1.6, points=4).run(tables)
    price = answer.table["price"].to_numpy(float)
    assert price[:3] == pytest.approx(2000 * 300 / (300 + 100 * np.array([1.0, 1.2, 1.4])) ** 2, rel=0.2)
    assert np.isnan(price[3])
    said, spent = answer.text().split("\n")[0], answer.table["spend"].iloc[2]
    assert (
        "Beyond" not in said and f"Up to CN¥{spent:,.0f}, as far as is told, the next unit earns 1.00 or more" in said
    )
    assert "no-place" in {note.code for note in answer.notes}
    wide = Frontier(plan=COARSE.replace(reach=3.0), least=1.0, most=1.6, points=4).run(tables)
    assert wide.table["price"].iloc[3] == pytest.approx(2000 * 300 / 460**2, rel=0.25)
    assert "no-place" not in {note.code for note in wide.notes}
