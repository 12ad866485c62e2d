"""What each of several shock cards changed: left out alone, on the same chance."""

from __future__ import annotations

import numpy as np
from reallocation.markets import CALM, market, report, stage

from analysis.budget.curves.question import ResponseCurves
from analysis.charts import Look
from analysis.reallocation.cards import ALL, changed
from analysis.reallocation.play import Played, play
from analysis.reallocation.rules import Card, MarketSettings, Rules
from analysis.reallocation.simulation import Simulation

VIRAL, OUT = Card(shock="viral", channel="c0", at="1d", lasts="2d"), Card(shock="stock-out", at="2d", lasts="1d")


def played(*cards: Card, settings: MarketSettings = CALM) -> Played:
    given = stage(market(days=6, seed=3, settings=settings.replace(cards=cards)), shares=(0.6, 0.3, 0.1))
    return play(Rules(reserve=0.0).rule_set(), (), given, runs=8, seed=2)


def test_a_card_left_out_is_a_market_without_it() -> None:
    both, found = played(VIRAL, OUT), changed(played(VIRAL, OUT))
    for code, rest in (("card-1", [OUT]), ("card-2", [VIRAL]), (ALL, [])):
        without = played(*rest)
        np.testing.assert_allclose(found[code].fixed, both.total("fixed") - without.total("fixed"), atol=1e-6)
        np.testing.assert_allclose(found[code].gain, both.gain - without.gain, atol=1e-6)
    assert found["card-1"].fixed.mean() > 0 > found["card-2"].fixed.mean()
    # While nothing can be sold, a viral hit sells less: one by one they are not what both are.
    assert abs(found["card-1"].fixed + found["card-2"].fixed - found[ALL].fixed).min() > 1


def test_the_others_come_as_they_did() -> None:
    """Cards at random hours: chance goes by a card's number, so the one left out keeps its place."""
    some = CALM.replace(surges=2, failures=2)
    first, last = (played(*cards, settings=some) for cards in ((Card(shock="decoy"), OUT), (OUT, Card(shock="decoy"))))
    assert not changed(first)["card-3"].fixed.any() and not changed(first)["card-3"].gain.any()
    np.testing.assert_allclose(changed(first)["card-4"].gain, changed(last)["card-3"].gain, atol=1e-6)


def test_a_single_kind_of_shock_needs_no_telling_apart() -> None:
    assert changed(played()) == changed(played(VIRAL)) == {}
    assert changed(played(settings=MarketSettings())) == {}


def test_cards_are_told_by_their_words_and_said_not_to_add_up() -> None:
    tables = report({"a": (3000.0, 400.0), "b": (900.0, 100.0)}, {"a": 300.0, "b": 300.0})
    cards = Card(shock="stock-out", at="2d"), Card(shock="viral", at="2d")
    asked = Simulation(curves=ResponseCurves(form="hyperbolic", draws=100), runs=6, market=CALM.replace(cards=cards))
    answer = asked.run(tables)
    rows = answer.frame("cards")
    assert answer.plot("cards", Look()).names(rows, "card") == [
        *(card.words().text() for card in cards), "all cards together"
    ]  # fmt: skip
    assert ((rows["low"] < rows["fixed"]) & (rows["fixed"] < rows["high"]))[:2].all()
    said = next(note.message.text() for note in answer.notes if note.code == "cards")
    assert "need not add up" in said
    assert asked.replace(market=CALM).run(tables).frame("cards").empty
