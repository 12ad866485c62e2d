"""Other settings: break-even, maps, what only running the rules tells."""

from __future__ import annotations

import numpy as np
import pytest

from analysis import BreakEven, ResponseCurves, RuleCheck, RuleSweep, Simulation
from analysis.charts import Look, contrast
from analysis.errors import QuestionError
from analysis.reallocation.break_even import LOOKED_AT, _crossing, _end
from analysis.reallocation.knobs import KNOBS
from analysis.reallocation.rules import MarketSettings, Rules
from analysis.reallocation.setting import setting
from analysis.rules import (
    actions,
    conditions,
    rule_set,
)
from tests.reallocation.markets import report

CURVES = ResponseCurves(form="hyperbolic", draws=100)
TRUE = {"search": (3000.0, 300.0), "display": (900.0, 300.0), "creators": (9000.0, 1200.0)}
TABLES = report(TRUE, {"search": 500.0, "display": 500.0, "creators": 100.0})


@pytest.fixture(scope="module")
def tables():
    return TABLES


def test_a_gain_ends_where_the_line_between_values_crosses_zero() -> None:
    at = np.array([0.0, 0.1, 0.2, 0.4])
    assert _end(at, np.array([10.0, 6.0, 2.0, -2.0]), True) == ("above", pytest.approx(0.3))
    assert _end(at, np.array([-1.0, 1.0, 2.0, 3.0]), True) == ("below", pytest.approx(0.05))
    hours = np.array([1.0, 4.0, 16.0])
    ends, place = _end(hours, np.array([3.0, 1.0, -1.0]), False)
    assert (ends, round(place, 9)) == ("above", 8.0)  # halfway on a scale of doublings
    assert _end(at, np.array([1.0, 1.0, 1.0, 1.0]), True)[0] == "never"
    assert _end(at, -np.ones(4), True)[0] == "always"


def test_the_interval_of_a_break_even_covers_the_true_one() -> None:
    """Gains of 12 runs around a known line: 10,000 - 40,000 x reserve ends at 25%."""
    points = [{"reserve": v} for v in LOOKED_AT["reserve"]]
    at = np.array(LOOKED_AT["reserve"])
    inside, tries = 0, 120
    for seed in range(tries):
        rng = np.random.default_rng(seed)
        own = 10_000 - 40_000 * at[:, None] + 3_000 * rng.standard_normal((1, 40)) + 200 * rng.standard_normal((11, 40))
        found = _crossing("reserve", points, own, seed)
        assert found["ends"] == "above"
        inside += found["low"] <= 0.25 <= found["high"]
    assert 0.88 <= inside / tries <= 0.99


def test_break_even_says_what_simulations_with_that_reserve_say(tables) -> None:
    answer = BreakEven(curves=CURVES, runs=12).run(tables)
    table = answer.table.query("setting == 'reserve'").set_index("value")
    budget = setting(Simulation(curves=CURVES), tables).budget / 100
    for reserve in (0.0, 0.3, 0.6):
        asked = Simulation(curves=CURVES, runs=12, rules=Rules(reserve=reserve), budget=budget)
        own = asked.run(tables).table.set_index("policy").loc["rules"]
        assert table.loc[reserve, "gain"] == pytest.approx(own["gain"], rel=2e-3)
    ends = answer.frame("breaks").set_index(["against", "setting"])
    assert ends.loc[("fixed", "reserve"), "ends"] == "above"
    assert 0.3 < ends.loc[("fixed", "reserve"), "low"] < ends.loc[("fixed", "reserve"), "high"] < 0.8


def test_every_knob_turns_something(tables) -> None:
    base = Simulation(curves=CURVES, runs=2)
    for name, knob in KNOBS.items():
        changed = {
            knob.rules(base.rule_set(), v).digest() if knob.rules else knob.market(base.market, v).digest()
            for v in knob.values
        }
        assert len(changed) == len(knob.values), name


def test_a_map_has_a_cell_for_every_pair_on_the_same_chance(tables) -> None:
    asked = RuleSweep(
        curves=CURVES, runs=8, across="reserve", down="step", across_values=(0.0, 0.3), down_values=(0.05, 0.1)
    )
    table = asked.run(tables).table
    assert table[["across", "down"]].to_numpy().tolist() == [[0.0, 0.05], [0.3, 0.05], [0.0, 0.1], [0.3, 0.1]]
    own = (
        BreakEven(curves=CURVES, runs=8)
        .run(tables)
        .table.query("setting == 'reserve' and value == 0.3")["gain"]
        .iloc[0]
    )
    assert table.query("across == 0.3 and down == 0.1")["gain"].iloc[0] == pytest.approx(own, rel=1e-12)


def test_a_map_says_in_what_its_cells_and_sides_are(tables) -> None:
    asked = RuleSweep(
        curves=CURVES, runs=4, across="reserve", down="step", across_values=(0.0, 0.9), down_values=(0.1,)
    )
    answer = asked.run(tables)
    cells, _frame, _words, *_marks = answer.chart(Look()).to_dict()["layer"]
    across, told, legend = cells["encoding"]["x"]["title"]
    assert (across, cells["encoding"]["y"]["title"]) == ("share held in reserve", "share moved by an adjustment")
    assert told == f"in the cells: {answer.plot('table', Look()).title('gain')}"
    assert legend == "framed: as in the headline · ▲ ▶ dashed: as set now"
    rows, _now = answer.chart(Look()).to_dict()["datasets"].values()
    assert all(contrast(row["fill"], row["ink"]) > 3.8 for row in rows)


def test_the_cell_of_the_headline_is_framed(tables) -> None:
    """It is the best of the first, third, … campaign; the headline says what it earns in the others."""
    asked = RuleSweep(curves=CURVES, runs=8, across="cadence", down="step", across_values=(4, 48, 96),
                      down_values=(0.01, 0.1))  # fmt: skip
    answer = asked.run(tables)
    drawn = answer.chart(Look()).to_dict()
    rows = drawn["datasets"][drawn["data"]["name"] if "data" in drawn else drawn["layer"][0]["data"]["name"]]
    (framed,) = [row for row in rows if row["chosen"]]
    said = answer.headline.text()
    assert f"hours between adjustments {framed['across']:.0f} and share moved by an adjustment {framed['y']}" in said
    assert "(framed)" in said
    assert sum("filter" in str(layer.get("transform")) for layer in drawn["layer"]) == 1


def test_what_is_set_now_is_read_of_rules_and_market_as_a_knob_sets_it() -> None:
    for name, knob in KNOBS.items():
        for value in knob.values:
            rules, at = Rules(reserve=0.1).rule_set(), MarketSettings()
            rules = knob.rules(rules, value) if knob.rules else rules
            at = knob.market(at, value) if knob.market else at
            assert knob.now(rules, at) == value, (name, value)
    assert KNOBS["step"].now(rule_set.RuleSet(), MarketSettings()) is None


@pytest.mark.parametrize("dark", [False, True])
def test_the_present_setting_is_marked_in_its_cell_or_on_the_sides(tables, dark) -> None:
    asked = RuleSweep(curves=CURVES, runs=4, across="cadence", down="step", across_values=(4, 8, 16),
                      down_values=(0.05, 0.1))  # fmt: skip
    look = Look(dark=dark)

    def marks(question):
        answer = question.run(tables)
        layers = answer.chart(look).to_dict()["layer"][3:]
        told = [note.message.text() for note in answer.notes if note.code == "as-set-now"]
        return answer.now, [(each["mark"]["type"], each["mark"].get("shape")) for each in layers], layers, told

    now, kinds, layers, told = marks(asked)  # every 8 hours and 10%: the second cell of the second row
    arrows = [("point", "triangle-up"), ("point", "triangle-right")]
    assert (now, kinds) == ((1.5, 1.5), [("rect", None), *arrows])
    assert layers[0]["encoding"]["x"]["value"]["expr"] == "width * 0.333333 + 4"
    assert layers[0]["encoding"]["y2"]["value"]["expr"] == "height * 1.000000 + -4"
    assert all(contrast(each["mark"].get("color", look.ink), look.ground) > 4.5 for each in layers)
    assert told[0].startswith("As set now: hours between adjustments 8, share moved by an adjustment 10.0%.")
    between = asked.replace(rules=Rules(adjust_every="12h", step=0.075))
    assert marks(between)[:2] == ((2.0, 1.0), arrows)
    assert marks(asked.replace(rules=Rules(adjust_every="24h", step=0.3)))[:2] == ((None, None), [])


def test_the_best_of_many_equal_settings_is_no_finding(tables) -> None:
    """A setting that decides nothing: whatever is best of eight is best by nothing at all."""
    calm = MarketSettings(surges=0, failures=0)
    asked = RuleSweep(curves=CURVES, runs=8, across="floor", down="advantage", market=calm,
                      across_values=(0.2, 0.2001), down_values=(1.1, 1.1001))  # fmt: skip
    assert "No pair of settings" in asked.run(tables).headline.text()


def test_a_map_of_one_setting_against_itself_is_refused() -> None:
    with pytest.raises(QuestionError, match="choose two"):
        RuleSweep(across="step", down="step")
    with pytest.raises(QuestionError, match="up to 12 numbers"):
        RuleSweep(across_values=tuple(range(13)))


def test_rules_that_are_never_or_always_met_are_found_by_running_them(tables) -> None:
    compare = conditions.Compare
    rules = rule_set.RuleSet(
        rules=(
            rule_set.Rule(name="never", when=compare(left="cpa", is_=">", than=1e9), then=(actions.Pause(),)),
            rule_set.Rule(name="always", when=compare(left="spend", is_=">=", than=0), then=(actions.Notify(),)),
        )
    )
    answer = RuleCheck(curves=CURVES, runs=4, rules=rules).run(tables)
    found = {(f.code, f.rule) for f in answer.findings}
    assert {("never-met", "never"), ("always-met", "always")} <= found
    fires = answer.frame("fires").pivot(index="rule", columns="market", values="rate")
    looks = 6 * 7 * 3  # every 4 hours, a week, three channels
    assert fires.loc["always", "asked"] == pytest.approx(looks, rel=0.02)
    assert fires.loc["never", "asked"] == 0


def test_the_plans_rules_draw_nothing_where_nothing_happens(tables) -> None:
    fires = (
        RuleCheck(curves=CURVES, runs=20)
        .run(tables)
        .frame("fires")
        .pivot(index="rule", columns="market", values="rate")
    )
    assert fires.loc["draw on the reserve in a surge", "quiet"] <= 0.006


def test_late_orders_are_warned_of(tables) -> None:
    low = conditions.Compare(left="roi", is_="<", than=0.5)
    rules = rule_set.RuleSet(rules=(rule_set.Rule(name="stop", when=low, then=(actions.Pause(),)),))
    asked = RuleCheck(curves=CURVES, runs=2, market=MarketSettings(conversion_delay="2d"), rules=rules)
    assert "delay" in {f.code for f in asked.run(tables).findings}
