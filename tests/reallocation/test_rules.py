"""Rules and market settings as values: what they take, what they refuse, how they travel."""

import pytest

from analysis.budget.curves.question import ResponseCurves
from analysis.errors import QuestionError
from analysis.question import Question
from analysis.reallocation.rules import Card, MarketSettings, Rules
from analysis.reallocation.simulation import Simulation
from analysis.values import Filter, Value

VALUES = [
    Rules(),
    Rules(evaluate_every="1h", adjust_every="3h", step=0.05, floor=0, reserve=0, surge_evaluations=3),
    MarketSettings(surges=0, order_value=80, replaced_after="36h"),
    MarketSettings(
        conversion_delay="6h",
        delays={"a": 48},
        level_error=0.3,
        dearer=0.5,
        learning="2d",
        cards=(Card(shock="viral", channel="a", at="3d", size=2),),
    ),
    Card(shock="tracking", lasts="6h", times=2),
    Simulation(),
    Simulation(lesson="busy"),
    Simulation(
        curves=ResponseCurves(form="hyperbolic", where=Filter(start="2026-09-01")),
        rules=Rules(step=0.2),
        market=MarketSettings(failures=3),
        budget=1000,
        split={"b": 0.25, "a": 0.75},
        runs=7,
        seed=3,
    ),
]


@pytest.mark.parametrize("value", VALUES, ids=lambda v: v.kind)
def test_round_trips_through_json_and_code(value):
    assert Value.from_dict(value.to_dict()) == value
    assert type(value).from_json(value.to_json()).digest() == value.digest()
    names = {c.__name__: c for c in (Rules, MarketSettings, Card, Simulation, ResponseCurves, Filter)}
    assert eval(repr(value), names) == value


def test_is_a_registered_question():
    assert isinstance(Question.from_dict({"kind": "simulation", "version": 1}), Simulation)


@pytest.mark.parametrize(
    "bad",
    [
        {"adjust_every": "6h"},
        {"evaluate_every": "90m", "adjust_every": "3h"},
        {"evaluate_every": "0h"},
        {"evaluate_every": "400d", "adjust_every": "400d"},
        {"lookback": "30m"},
        {"step": 0},
        {"step": 1.01},
        {"step": "much"},
        {"min_advantage": 0.9},
        {"floor": -0.1},
        {"floor": 1.1},
        {"reserve": 1},
        {"surge_ratio": 1},
        {"surge_evaluations": 0},
        {"release": 0},
        {"min_roi": -1},
    ],
    ids=str,
)
def test_refuses_rules_that_cannot_be_followed(bad):
    with pytest.raises(QuestionError):
        Rules(**bad)


@pytest.mark.parametrize(
    "bad",
    [
        {"budget": -1},
        {"budget": 0},
        {"runs": 1},
        {"runs": 2.5},
        {"seed": -1},
        {"split": {"a": 0.5}},
        {"split": {"a": -0.5, "b": 1.5}},
        {"rules": MarketSettings()},
        {"curves": Rules()},
    ],
    ids=str,
)
def test_refuses_a_simulation_that_cannot_be_run(bad):
    with pytest.raises(QuestionError):
        Simulation(**bad)


@pytest.mark.parametrize(
    "bad",
    [
        {"surges": -1},
        {"surge_size": 0.5},
        {"headroom": 0.5},
        {"surge_lasts": "30m"},
        {"conversion_delay": "30m"},
        {"delays": {"a": -1}},
        {"delays": {"a": 61 * 24}},
        {"learning_cost": 1.1},
        {"cards": ("surge",)},
    ],
    ids=str,
)
def test_refuses_a_market_that_cannot_be(bad):
    with pytest.raises(QuestionError):
        MarketSettings(**bad)


@pytest.mark.parametrize("bad", [{"shock": "luck"}, {"at": "30m"}, {"size": -1}, {"times": 101}], ids=str)
def test_refuses_a_card_that_cannot_be(bad):
    with pytest.raises(QuestionError):
        Card(**{"shock": "surge", **bad})


def test_what_never_happens_is_not_dealt():
    settings = MarketSettings(surges=0, failures=0, cards=(Card(shock="viral", times=0), Card(shock="decoy", at="1h")))
    assert [card.shock for card in settings.dealt()] == ["decoy"]


def test_a_lesson_is_one_of_those_there_are():
    with pytest.raises(QuestionError, match="lesson cannot be 'chemistry': choose from wrong-curves, "):
        Simulation(lesson="chemistry")


@pytest.mark.parametrize(
    ("card", "said"),
    [
        (Card(shock="surge"), "demand surge: 2 times the usual demand, for 24 hours; 1 time in a campaign"),
        (Card(shock="tracking", times=2), "0 times what is usually tracked, for 12 hours; 2 times in a campaign"),
        (Card(shock="stock-out", times=0.5), "0.2 times the usual response, for 12 hours; 0.5 times in a campaign"),
        (Card(shock="decoy", at="29d"), "decoy: nothing happens; on day 30"),
    ],
    ids=lambda one: one.shock if isinstance(one, Card) else "",
)
def test_a_card_says_of_what_it_is_how_many_times_the_usual(card, said):
    assert said in card.words().text()
