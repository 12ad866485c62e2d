"""What the gain of the rules is compared with, and what it is made of."""

from __future__ import annotations

import numpy as np
import pytest
from reallocation.markets import CALM, report

from analysis.budget.curves.question import ResponseCurves
from analysis.charts import Look
from analysis.messages import figure, translate
from analysis.reallocation.parts import PARTS
from analysis.reallocation.rules import MarketSettings, Rules
from analysis.reallocation.simulation import Simulation
from analysis.rules.ready import plan
from analysis.tables import Tables

CURVES = ResponseCurves(form="hyperbolic", draws=100)
CHANNELS = {"a": (3000.0, 400.0), "b": (2000.0, 150.0), "c": (900.0, 100.0)}


@pytest.fixture(scope="module")
def uneven() -> Tables:
    """Return a market in which much is gained by splitting money otherwise."""
    return report(CHANNELS, {"a": 100.0, "b": 300.0, "c": 500.0}, noise=0.05)


@pytest.mark.parametrize("reserve", [0.0, 0.15, 0.8])
def test_the_parts_add_up_to_the_gain_over_the_whole_budget(uneven: Tables, reserve: float) -> None:
    answer = Simulation(curves=CURVES, runs=12, rules=Rules(reserve=reserve)).run(uneven)
    runs, table = answer.frame("runs"), answer.table.set_index("policy")
    np.testing.assert_allclose(runs[list(PARTS)].sum(axis=1), runs["gain"], rtol=1e-9, atol=1e-6)
    np.testing.assert_allclose(runs["rules"] - runs["fixed"], runs["gain"], rtol=1e-9)
    assert table.loc["fixed", "reserved"] == 0
    assert table.loc["held", "reserved"] == pytest.approx(reserve * table.loc["fixed", "spent"], abs=0.02)
    assert (runs["reserve"] <= 1e-6).all()


def test_a_large_reserve_is_said_to_cost_more_than_the_rules_bring(uneven: Tables) -> None:
    answer = Simulation(curves=CURVES, runs=12, rules=Rules(reserve=0.8)).run(uneven)
    assert answer.table.set_index("policy").loc["rules", "gain"] < 0
    assert "The rules lose" in answer.headline.text()


def test_what_of_the_reserve_was_drawn_is_said(uneven: Tables) -> None:
    surges = Simulation(curves=CURVES, runs=12, rules=Rules(surge_ratio=1.05, surge_evaluations=1)).run(uneven)
    drawn = surges.frame("runs")["released"].mean()
    said = next(note.message.text() for note in surges.notes if note.code == "reserve-drawn")
    assert 0 < drawn < surges.table.set_index("policy").loc["held", "reserved"]
    assert f"the runs drew {figure('money', drawn, 'CNY').text()} on average" in said
    quiet = Simulation(curves=CURVES, runs=12, rules=Rules(surge_ratio=90)).run(uneven)
    assert quiet.frame("runs")["released"].sum() == 0
    assert {note.code for note in quiet.notes} >= {"reserve-unused"}


def test_one_split_by_the_curves_is_most_of_the_gain_in_a_market_where_nothing_happens(uneven: Tables) -> None:
    answer = Simulation(curves=CURVES, market=CALM, runs=20, rules=Rules(reserve=0.0)).run(uneven)
    runs = answer.frame("runs")
    assert (runs["once"] - runs["fixed"]).mean() > 0.8 * runs["gain"].mean() > 0


def test_surges_found_are_among_those_there_were(uneven: Tables) -> None:
    market = MarketSettings(surges=3, order_value=5.0)
    runs = Simulation(curves=CURVES, runs=12, market=market).run(uneven).frame("runs")
    assert (runs["found"] <= runs["surges"]).all() and runs["found"].sum() > 0
    waited = runs["hours_until_found"].dropna()
    assert len(waited) == (runs["found"] > 0).sum() and waited.between(0, 24).all()


def test_rule_sets_beside_the_rules_are_called_by_their_names(uneven: Tables) -> None:
    """They were "rules compared, set 2" in every table."""
    against = (plan(reserve=0).replace(name="mine {slower}"), plan(reserve=0, step=0.05))
    answer = Simulation(curves=CURVES, runs=4, against=against).run(uneven)
    named = {language: answer.plot("table", Look(language=language)).names(answer.table, "policy")
             for language in ("en", "zh_CN")}  # fmt: skip
    assert named["en"][4:6] == ["mine {slower}", "the plan's own rules"]
    assert named["zh_CN"][4:6] == ["mine {slower}", translate("the plan's own rules", "zh_CN")]
    assert "mine {slower}" in str(answer.chart().to_dict()["datasets"])


def test_what_holding_money_back_costs_is_drawn_once(uneven: Tables) -> None:
    chart = Simulation(curves=CURVES, runs=4).run(uneven).chart().to_dict()
    words = [row["words"] for rows in chart["datasets"].values() for row in rows if "words" in row]
    held = [each for each in words if "held back" in each or "holding money back" in each]
    assert len(held) == 1 and held[0].startswith("↳ of it holding money back: ")
