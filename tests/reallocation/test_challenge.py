"""A challenge: the same market for everybody, and nothing of it to be read beforehand."""

from __future__ import annotations

import pytest

from analysis.errors import QuestionError
from analysis.reallocation.challenge import Challenge, SealedChallenge
from analysis.reallocation.rules import Card, MarketSettings, Rules
from analysis.rules.rule_set import Limits, RuleSet

OWN = Challenge(
    name="long weekend",
    market=MarketSettings(surges=0, cards=(Card(shock="viral", channel="search", at="9d"),)),
    seed=77,
    limits=Limits(floor=0.2, day=1.0, step=0.5),
)


def test_what_is_handed_out_tells_nothing_of_what_happens() -> None:
    text = OWN.sealed().to_json()
    for secret in ("77", "9d", "search", "market", "seed"):
        assert secret not in text.replace(OWN.digest(), "")
    assert OWN.sealed().shocks == ("creative", "decoy", "viral")


def test_a_challenge_cannot_be_changed_once_it_is_sealed() -> None:
    sealed = SealedChallenge.from_json(OWN.sealed().to_json())
    assert sealed.holds(OWN) and sealed.holds(Challenge.from_json(OWN.to_json()))
    assert not sealed.holds(OWN.replace(seed=78))
    assert not sealed.holds(OWN.replace(market=OWN.market.replace(surges=1)))


def test_everybody_meets_the_same_market_within_the_same_limits() -> None:
    tight = RuleSet(limits=Limits(floor=0.3, day=0.5, step=0.2))
    asked = OWN.simulation(tight)
    assert (asked.market, asked.seed, asked.rules) == (OWN.market, 77, tight)
    for loose, name in ((Limits(floor=0.1, step=0.2), "floor"), (Limits(step=0.6), "step"), (Limits(), "step")):
        with pytest.raises(QuestionError, match=name):
            OWN.simulation(RuleSet(limits=loose))
    with pytest.raises(QuestionError, match="step"):
        OWN.simulation(Rules())  # the plan's own rules set no limit to a step
