"""The question as people ask it: planted markets, what cannot be simulated, and what people read."""

import numpy as np
import pandas as pd
import pytest
from reallocation.markets import CALM, report, two_phases

from analysis.budget.curves.question import ResponseCurves
from analysis.charts import Look
from analysis.errors import DataError
from analysis.messages import LANGUAGES
from analysis.reallocation.rules import MarketSettings, Rules
from analysis.reallocation.simulation import Simulation, SimulationAnswer
from analysis.records import DisplayName
from analysis.tables import Tables

CURVES = ResponseCurves(form="hyperbolic", draws=100)
STARVED = {"search": (3000.0, 300.0), "display": (900.0, 300.0), "creators": (9000.0, 1200.0)}
SPEND = {"search": 500.0, "display": 500.0, "creators": 100.0}


@pytest.fixture(scope="module")
def starved():
    return report(STARVED, SPEND, phases=two_phases())


@pytest.fixture(scope="module")
def answer(starved) -> SimulationAnswer:
    return Simulation(curves=CURVES, runs=20, market=MarketSettings(headroom=4)).run(starved)


def test_a_starved_channel_is_found(answer):
    row = answer.table.set_index("policy").loc["rules"]
    assert row["gain_low"] > 0
    assert row["share_of_runs_better"] == 1
    assert "more than the fixed split" in answer.headline.text()
    log = answer.frame("log")
    assert log[log["kind"] == "shift"]["to_channel"].iloc[0] == "creators"
    assert log[log["kind"] == "shift"]["from_channel"].iloc[0] == "display"
    assert log[log["kind"] == "shift"]["effect"].iloc[0] > 0
    # A donor that sits on its floor but for a cent of rounding used to block every later adjustment.
    assert (log[log["kind"] == "shift"]["amount"] > 1).all()


def test_where_the_split_is_best_already_no_large_gain_is_claimed():
    # Equal curves at equal spend: whatever is moved, is moved for noise.
    curves = dict.fromkeys(("a", "b", "c"), (3000.0, 400.0))
    tables = report(curves, dict.fromkeys(curves, 400.0), noise=0.02)
    asked = Simulation(curves=CURVES, market=CALM, rules=Rules(reserve=0), runs=30, split=dict.fromkeys(curves, 1 / 3))
    answer = asked.run(tables)
    row = answer.table.set_index("policy").loc["rules"]
    assert abs(row["gain"]) < 0.005 * row["revenue"]
    assert not row["gain_low"] > 0.002 * row["revenue"]


def test_the_rows_hang_together(answer):
    table = answer.table.set_index("policy")
    assert list(table.index) == ["fixed", "held", "once", "rules", "thompson", "oracle", "bound"]
    assert table["revenue"][["held", "rules", "oracle", "bound"]].is_monotonic_increasing
    assert table.loc["rules", "gain"] == pytest.approx(table.loc["rules", "revenue"] - table.loc["fixed", "revenue"])
    assert table.loc["rules", "regret"] >= 0
    walked = table.drop(index=["oracle", "bound"])
    total = walked[["spent", "reserved", "unspent"]].sum(axis=1)
    assert np.ptp(total) < 1e-6
    assert (table.loc[["oracle", "bound"], "spent"] <= total.iloc[0] + 1e-6).all()
    assert (table["run_low"] <= table["revenue"]).all() and (table["revenue"] <= table["run_high"]).all()
    runs = answer.frame("runs")
    assert (runs["regret"] >= 0).all() and (runs["oracle"] <= runs["bound"]).all()
    assert runs["gain"].mean() == pytest.approx(table.loc["rules", "gain"])


def test_hours_and_channels_add_up(answer):
    hours, channels = answer.frame("hours"), answer.frame("channels")
    total = (hours["spent"] + hours["reserved"] + hours["unspent"]).round(2)
    assert total.nunique() == 1
    spent = channels.groupby("policy")["spent"].sum()
    last = hours.groupby("policy")["spent"].last()
    pd.testing.assert_series_equal(spent, last)
    assert len(hours) == 5 * 30 * 24
    days = answer.frame("days").set_index(["policy", "time"])["gain"]
    assert days["rules"].iloc[-1] == pytest.approx(answer.frame("runs")["gain"].mean())


def test_the_budget_is_what_it_is_said_to_be(starved):
    for asked, total in (
        (Simulation(curves=CURVES, runs=2, budget=12_345.67), 12_345.67),
        (Simulation(curves=CURVES, runs=2, rules=Rules(reserve=0.2)), None),
    ):
        answer = asked.run(starved)
        own = answer.frame("hours").iloc[0]
        found = own["spent"] + own["reserved"] + own["unspent"]
        if total is None:
            span = starved.arrow("spend").to_pandas()
            inside = span[span["period_start"] < "2026-10-01"]
            total = inside["spend"].sum() / 0.8
            assert "observed-budget" in {n.code for n in answer.notes}
        assert found == pytest.approx(total, abs=0.01)


def test_the_campaigns_budget_is_used(starved):
    frame = starved.arrow("spend").to_pandas()
    tables = Tables(spend=frame, campaign=starved.campaign.replace(budget=40_000))
    own = Simulation(curves=CURVES, runs=2).run(tables).frame("hours").iloc[0]
    assert own["spent"] + own["reserved"] + own["unspent"] == pytest.approx(40_000)


def test_a_channel_without_a_curve_is_left_out_with_its_money(starved):
    frame = starved.arrow("spend").to_pandas()
    flat = frame[frame["channel"] == "display"].assign(channel="flat", spend=100.0)
    tables = Tables(spend=pd.concat([frame, flat]), campaign=starved.campaign.replace(budget=40_000))
    answer = Simulation(curves=CURVES, runs=2).run(tables)
    assert {"left-out", "scaled-budget"} <= {n.code for n in answer.notes}
    own = answer.frame("hours").iloc[0]
    share = frame["spend"].sum() / (frame["spend"].sum() + flat["spend"].sum())
    assert own["spent"] + own["reserved"] + own["unspent"] == pytest.approx(40_000 * share, abs=0.01)


def test_without_a_campaign_the_spends_own_days_are_simulated(starved):
    tables = Tables(spend=starved.arrow("spend").to_pandas())
    answer = Simulation(curves=CURVES, runs=2).run(tables)
    assert len(answer.frame("hours")) == 5 * 60 * 24


def test_days_with_a_clock_change_have_their_own_hours(starved):
    campaign = starved.campaign.replace(zone="America/New_York", start="2026-10-25", end="2026-11-02", phases=())
    tables = Tables(spend=starved.arrow("spend").to_pandas(), campaign=campaign)
    answer = Simulation(curves=CURVES, runs=2).run(tables)
    assert len(answer.frame("hours")) == 5 * (9 * 24 + 1)


def test_equal_seeds_agree_and_others_differ(starved):
    first, again, other = (Simulation(curves=CURVES, runs=4, seed=s).run(starved).frame("runs") for s in (1, 1, 2))
    pd.testing.assert_frame_equal(first, again)
    assert (first["rules"] != other["rules"]).all()


def test_rules_that_cannot_act_earn_what_the_fixed_split_does(starved):
    still = Rules(evaluate_every="40d", adjust_every="40d", reserve=0)
    answer = Simulation(curves=CURVES, runs=4, rules=still, market=CALM).run(starved)
    runs = answer.frame("runs")
    np.testing.assert_allclose(runs["gain"], 0, atol=0.5)
    np.testing.assert_allclose(runs["rules"], runs["held"], rtol=1e-12)
    assert "moved nothing" in answer.headline.text()
    assert answer.frame("log").empty


def test_surges_are_found_and_answered(starved):
    busy = MarketSettings(surges=8, surge_size=4, failures=0, order_value=5, headroom=4)
    answer = Simulation(curves=CURVES, runs=3, market=busy).run(starved)
    log = answer.frame("log")
    assert {"reserve", "release", "shift"} <= set(log["kind"])
    released = log[(log["kind"] == "release") & (log["outcome"] == "done")]
    assert len(released) and (released["effect"] > 0).all()
    assert (released["left"] > released["right"]).all()
    assert log["time"].is_monotonic_increasing
    assert set(log["time"].dt.hour) <= {0, 8, 16}
    runs = answer.frame("runs")
    assert (runs["found"] > 0).all() and (runs["found"] <= runs["surges"]).all()
    assert (runs["missed"] == runs["surges"] - runs["found"]).all() and (runs["released"] > 0).all()


def test_no_curve_no_market():
    frame = pd.DataFrame(
        {
            "period_start": pd.date_range("2026-09-01", periods=20),
            "period_end": pd.date_range("2026-09-02", periods=20),
            "channel": "search",
            "spend": 100.0,
            "currency": "CNY",
            "attributed_revenue": 300.0,
        }
    )
    with pytest.raises(DataError, match="Import a spend report by day"):
        Simulation().run(Tables(spend=frame))


def test_an_unknown_channel_in_the_split_is_named(starved):
    with pytest.raises(DataError, match="creators"):
        Simulation(curves=CURVES, runs=2, split={"creator": 1.0}).run(starved)


def test_too_long_a_campaign_is_refused(starved):
    campaign = starved.campaign.replace(start="2026-01-01", end="2026-12-31", phases=())
    with pytest.raises(DataError, match="at most"):
        Simulation(curves=CURVES, runs=2).run(Tables(spend=starved.arrow("spend").to_pandas(), campaign=campaign))


@pytest.mark.parametrize("language", LANGUAGES)
def test_reads_in_every_language(answer, language):
    text = answer.text(language)
    assert "{" not in text and "nan" not in text.lower().replace("finance", "")
    assert all("{" not in d.reason.text(language) for d in answer.decisions)
    for dark in (False, True):
        assert answer.chart(Look(language=language, dark=dark)).to_dict()


def test_people_read_a_teams_own_name_for_a_channel(starved):
    own = (DisplayName(column="channel", code="creators", language="zh_CN", name="达人组"),)
    named = Tables(spend=starved.arrow("spend").to_pandas(), campaign=starved.campaign, display=own)
    answer = Simulation(curves=CURVES, runs=2, market=MarketSettings(headroom=4)).run(named)
    moved = answer.shown("log", "zh_CN")["reason"][answer.frame("log")["to_channel"] == "creators"]
    assert len(moved) and moved.str.contains("达人组").all() and not moved.str.contains("creators").any()
    beyond = next(n.message for n in answer.notes if n.code == "extrapolated")
    assert "达人组" in answer.say(beyond, "zh_CN")
    assert answer.plot("channels", Look("zh_CN", names=answer.names)).name("channel", "creators") == "达人组"


def test_the_scoreboard_tells_each_gain_with_label_and_unit(answer):
    drawn = answer.chart(Look("zh_CN")).to_dict()
    told = [layer for layer in drawn["layer"] if "tooltip" in layer["encoding"]]
    assert [layer["mark"]["type"] for layer in told] == ["bar", "tick"]
    tips = {tip["field"]: tip for tip in told[0]["encoding"]["tooltip"]}
    assert list(tips) == ["policy_name", "gain", "gain_low", "gain_high"]
    assert tips["gain"]["title"].endswith("，元")
    rows = [row for row in drawn["datasets"][told[0]["data"]["name"]] if row["kind"] != "part"]
    table = answer.table.set_index("policy")["gain"]
    assert table["once"] in [pytest.approx(row["gain"]) for row in rows]
    assert table["rules"] in [pytest.approx(row["gain"]) for row in rows]


def test_says_what_it_is(answer):
    codes = {n.code for n in answer.notes}
    assert {"simulated", "surges", "flat-hours", "extrapolated"} <= codes
    assert set(answer.frames) == set(answer.fields)
    for name, columns in answer.fields.items():
        assert list(answer.frame(name).columns) == list(columns), name


def test_words_stand_on_an_edge_of_the_pages_colour(answer):
    """On a phone they reach over the line at zero, which must not cross them."""
    for look, ground in ((Look(), "#FFFFFF"), (Look(dark=True), "#14181D")):
        layers = answer.chart(look).to_dict()["layer"]
        edge, words = [layer["mark"] for layer in layers if layer["mark"]["type"] == "text"]
        assert edge["stroke"] == ground
        assert "stroke" not in words
        assert layers[0]["mark"]["type"] == "rule"  # the line at zero is below both


def test_of_what_a_decision_brought_the_value_to_go_by_comes_first(answer):
    log = answer.frame("log")
    for at in (*answer.places("done")[:3], *answer.places("wrong")[:3]):
        row, found = log.iloc[at - 1], answer.brought_by(at)
        values = [row["effect"], row["last_in"], row["naive"]]
        known = [value for value in values if not np.isnan(value)]
        assert [dict(each.figure.params)["amount"].value for each in found] == known
        assert found[0].about.text().startswith("Go by this one.")
        misled = "points the wrong way" in found[-1].about.text()
        assert misled is (at in answer.places("wrong"))
    held = answer.places("held")
    assert all(answer.brought_by(at) == () for at in held)


def test_where_there_is_no_surge_nothing_is_said_of_finding_one(starved):
    calm = MarketSettings(surges=0, failures=0)
    quiet = Simulation(curves=CURVES, runs=4, market=calm, rules=Rules(reserve=0)).run(starved)
    assert "surges" not in {note.code for note in quiet.notes}
