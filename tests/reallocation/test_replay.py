"""Rules on the campaign as it was: it is what it was, and what moves is what the curve says."""

from __future__ import annotations

import pandas as pd
import pytest

from analysis import Adjustment, ResponseCurves, RuleReplay, Tables
from analysis.reallocation.rules import Rules
from tests.reallocation.markets import report

CURVES = ResponseCurves(form="hyperbolic", draws=100)
TRUE = {"search": (3000.0, 300.0), "display": (900.0, 300.0), "creators": (9000.0, 1200.0)}
TABLES = report(TRUE, {"search": 500.0, "display": 500.0, "creators": 100.0}, noise=0.02)


@pytest.fixture(scope="module")
def answer():
    return RuleReplay(curves=CURVES, runs=20).run(TABLES)


def test_the_campaign_as_it_was_is_what_it_was(answer) -> None:
    spend = pd.DataFrame(TABLES.frame("spend", None).to_native().df())
    inside = spend[spend["period_start"] < "2026-10-01"]
    row = answer.table.set_index("policy").loc["fixed"]
    assert row["revenue"] == pytest.approx(inside["attributed_revenue"].sum(), rel=1e-5)
    assert row["spent"] == pytest.approx(inside["spend"].sum(), abs=0.05)
    channels = answer.frame("channels").query("policy == 'fixed'").groupby("channel")["revenue"].sum()
    for channel, revenue in inside.groupby("channel")["attributed_revenue"].sum().items():
        assert channels[channel] == pytest.approx(revenue, rel=1e-5)


def test_rules_are_looked_at_no_more_often_than_the_report_has_rows(answer) -> None:
    log = answer.frame("log").query("kind != 'reserve'")
    assert set(log["time"].dt.hour) == {0}
    assert "no-finer-than-data" in {note.code for note in answer.notes}


def test_effects_of_what_rules_would_have_decided_add_up(answer) -> None:
    first = answer.frame("log")["effect"].sum()
    channels = answer.frame("channels").groupby("policy")["revenue"].sum()
    assert first == pytest.approx(channels["rules"] - channels["fixed"], abs=0.01)


def test_without_rules_nothing_is_modelled() -> None:
    answer = RuleReplay(curves=CURVES, runs=5, rules=Rules(reserve=0, min_advantage=100)).run(TABLES)
    assert answer.table["gain"].iloc[1] == 0
    assert "0 decisions" in answer.headline.text()


def test_an_adjustment_that_was_made_is_worth_what_the_curves_say() -> None:
    """1,000 moved from display to creators, of 1,261 that creators then spent: worked out from the true curves."""
    moved = Adjustment(day="2026-09-16", from_channel="display", to_channel="creators", amount=1_000.0)
    other = Adjustment(day="2026-09-16", from_channel="creators", to_channel="display", amount=450.0)
    tables = Tables(
        spend=TABLES.frame("spend", None).to_native().df(), campaign=TABLES.campaign, records=[moved, other]
    )
    made = RuleReplay(curves=CURVES, runs=40).run(tables).frame("made").set_index("to_channel")
    assert made.loc["creators", "effect"] > 0 > made.loc["display", "effect"]
    spend = pd.DataFrame(tables.frame("spend", None).to_native().df())
    rest = spend[(spend["period_start"] >= "2026-09-16") & (spend["period_start"] < "2026-10-01")]
    expected = 0.0
    for channel, sign in (("creators", 1), ("display", -1)):
        own = rest[rest["channel"] == channel]
        half = TRUE[channel][1]
        without = own["spend"] * (1 - sign * 1_000 / own["spend"].sum())
        share = (without / (half + without)) / (own["spend"] / (half + own["spend"]))
        expected += (own["attributed_revenue"] * (1 - share)).sum()
    assert made.loc["creators", "effect"] == pytest.approx(expected, rel=0.05)
    assert made.loc["creators", "low"] < made.loc["creators", "high"]
