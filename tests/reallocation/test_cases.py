"""Small cases that once went wrong: the price of a reserve, one re-split, effects, levels, clocks, limits, delay."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from reallocation.markets import report

from analysis.budget.curves.question import ResponseCurves
from analysis.messages import Money, say
from analysis.reallocation.decisions import stream
from analysis.reallocation.parts import PARTS
from analysis.reallocation.rules import MarketSettings, Rules
from analysis.reallocation.simulation import Simulation
from analysis.tables import Tables
from analysis.values import Campaign

CURVES = ResponseCurves(form="hyperbolic", draws=100)
TRUE = {"search": (3000.0, 300.0), "display": (900.0, 300.0), "creators": (9000.0, 1200.0)}
SPENT = {"search": 500.0, "display": 500.0, "creators": 100.0}


def campaign(found: Tables, **change: object) -> Tables:
    """Return the same export with a campaign of other dates, zone or budget."""
    own: Campaign = found.campaign
    return Tables(spend=found.arrow("spend").to_pandas(), campaign=own.replace(**change))


@pytest.fixture(scope="module")
def starved() -> Tables:
    return report(TRUE, SPENT)


@pytest.mark.parametrize("reserve", [0.15, 0.3, 0.5, 0.8])
def test_a_reserve_has_its_price(starved: Tables, reserve: float) -> None:
    """The gain is over a fixed split of the whole budget, and said to be more only where it is."""
    tables = campaign(starved, budget=40_000.0)
    whole = Simulation(curves=CURVES, runs=20, rules=Rules(reserve=0)).run(tables).table.set_index("policy")
    answer = Simulation(curves=CURVES, runs=20, rules=Rules(reserve=reserve)).run(tables)
    row = answer.table.set_index("policy").loc["rules"]
    true = row["revenue"] - whole.loc["fixed", "revenue"]
    # Whole cents: a cent more or less in each of three channels, of which the dearest returns ten times that.
    assert row["gain"] == pytest.approx(true, abs=3 * 0.01 * 10)
    assert ("more than the fixed split" in answer.headline.text()) == (true > 0)
    assert (reserve == 0.8) == (true < 0)


def test_one_split_by_the_curves_has_its_own_row(starved: Tables) -> None:
    answer = Simulation(curves=CURVES, runs=40).run(starved)
    table, runs = answer.table.set_index("policy"), answer.frame("runs")
    assert table.loc["once", "gain"] == pytest.approx((runs["once"] - runs["fixed"]).mean())
    assert table.loc["once", "gain"] > 0.9 * table.loc["rules", "gain"]
    assert "splitting once" in answer.headline.text()


def test_what_earns_most_is_said_first_and_its_parts_add_up(starved: Tables) -> None:
    answer = Simulation(curves=CURVES, runs=20, rules=Rules(reserve=0.5)).run(starved)
    table, said = answer.table.set_index("policy"), answer.headline.text()
    once, rules = table.loc[["once", "rules"], "gain"]
    assert once > rules
    assert said.startswith(
        f"Split the whole budget once by the curves, before the first hour: in simulation that is worth CN¥{once:,.0f} "
    )
    assert f"which is CN¥{once - rules:,.0f} (" in said and "less than splitting once. Their difference" in said
    own = answer.frame("parts").set_index("part")["amount"]
    own = own[own.index.isin(PARTS)]
    assert own.sum() == pytest.approx(rules, abs=0.01)
    words = ", ".join(f"{money(own[name])} from {PARTS[name]}" for name in own.index if own[name])
    assert said.endswith(f"to the fixed split is {words}.")


def money(amount: float) -> str:
    return say("{n}", n=Money(amount, "CNY", signed=True)).text()


def test_effects_add_up_to_the_runs_gain(starved: Tables) -> None:
    answer = Simulation(curves=CURVES, runs=4, market=MarketSettings(headroom=4)).run(starved)
    log, gain = answer.frame("log"), answer.frame("runs")["gain"].iloc[0]
    assert log["effect"].sum() == pytest.approx(gain, abs=0.01)
    parts = answer.frame("parts")
    shares = parts[parts["part"].isin(["holding", "rule", "others"])]
    assert shares["amount"].sum() == pytest.approx(gain, abs=0.01)


def test_a_campaign_that_sells_better_than_fitted_is_in_no_surge() -> None:
    equal = dict.fromkeys("abc", (3000.0, 400.0))
    tables = report(equal, dict.fromkeys(equal, 400.0), noise=0.4)
    quiet = MarketSettings(surges=0, failures=0, order_value=5)
    asked = Simulation(curves=CURVES, runs=40, market=quiet, split=dict.fromkeys(equal, 1 / 3))
    runs = asked.run(tables).frame("runs")
    assert (runs["released"] > 0).mean() <= 0.05


@pytest.mark.parametrize(
    ("start", "end", "changed"),
    [("2026-10-30", "2026-11-04", "2026-11-02"), ("2027-03-12", "2027-03-17", "2027-03-15")],
)
def test_rules_act_at_the_same_local_hours_after_a_clock_change(starved, start, end, changed) -> None:
    tables = campaign(starved, zone="America/New_York", start=start, end=end)
    log = Simulation(curves=CURVES, runs=2, budget=30_000).run(tables).frame("log")
    after = log.loc[log["kind"].isin(["shift", "hold"]) & (log["time"] >= changed), "time"]
    assert sorted(set(after.dt.hour)) == [0, 8, 16]


def test_no_budget_more_than_doubles_from_one_day_to_the_next(starved: Tables) -> None:
    calm = MarketSettings(headroom=8, surges=0, failures=0)
    split = {"search": 0.49, "display": 0.49, "creators": 0.02}
    answer = Simulation(curves=CURVES, runs=5, market=calm, split=split).run(starved)
    channels = answer.frame("channels").query("policy == 'rules' and channel == 'creators'")
    spent = channels.groupby(channels["time"].dt.date)["spent"].sum()
    # Rates at most double; a day of money is whole cents an hour, 24 of them.
    assert (spent.shift(-1) <= 2 * spent + 0.24).iloc[:-1].all(), spent.tolist()
    assert spent.iloc[-1] > 4 * spent.iloc[0]


def test_a_delay_can_be_set_by_channel_and_is_not_seen_through(starved: Tables) -> None:
    market = MarketSettings(conversion_delay="2d", delays={"creators": 6}, surges=0, failures=0)
    slow = Simulation(curves=CURVES, runs=2, market=market).run(starved)
    soon = Simulation(curves=CURVES, runs=2, market=MarketSettings(surges=0, failures=0)).run(starved)
    pd.testing.assert_series_equal(slow.frame("runs")["fixed"], soon.frame("runs")["fixed"])
    assert (slow.frame("runs")["rules"] != soon.frame("runs")["rules"]).all()


def test_surges_are_counted_as_found_missed_and_false(starved: Tables) -> None:
    answer = Simulation(curves=CURVES, runs=20, market=MarketSettings(surges=3, order_value=20)).run(starved)
    runs = answer.frame("runs")
    np.testing.assert_array_equal(runs["found"] + runs["missed"], runs["surges"])
    assert 0 < runs["found"].sum() <= runs["surges"].sum()
    assert (runs["false_alarms"] <= runs["declared"]).all()
    said = next(note.message.text() for note in answer.notes if note.code == "surges")
    assert f"{runs['surges'].sum()} surges" in said and f"{runs['missed'].sum()} were missed" in said


def test_decisions_of_one_hour_leave_one_budget_a_channel() -> None:
    """Each decision's budgets stood beside the other's, and the chart stacked them to twice what there was."""
    times = pd.date_range("2026-11-01", periods=48, freq="h")
    given = SimpleNamespace(plan=np.array([20_000, 20_000]), market=SimpleNamespace(channels="ab", times=times, days=2))

    def moved(before: tuple[float, float], by: float) -> SimpleNamespace:
        budgets = tuple((c, b, change, 0.0) for c, b, change in zip("ab", before, (by, -by), strict=True))
        return SimpleNamespace(time=times[8], outcome="done", budgets=budgets)

    found = stream(SimpleNamespace(given=given), (moved((100, 100), 10), moved((110, 90), 5)))
    assert found.values.tolist() == [
        [times[0], "a", 100.0], [times[0], "b", 100.0], [times[8], "a", 115], [times[8], "b", 85],
        [times[-1] + pd.Timedelta(hours=1), "a", 115], [times[-1] + pd.Timedelta(hours=1), "b", 85],
    ]  # fmt: skip
