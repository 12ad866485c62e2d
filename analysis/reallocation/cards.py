"""What did each shock card change? The same campaigns are walked again with it alone left out.

So a card's part is what comes to the others: where two answer or hide each other, their parts do not add up to what all
change together.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import NamedTuple

import pandas as pd

from analysis.answer import Note
from analysis.arrays import Floats
from analysis.messages import N_, Message, Money, say
from analysis.reallocation.play import Played, earned, interval
from analysis.reallocation.world import ANYTIME, RATE, START

MOST = 12
"""Cards that are told apart; each costs a walk of two policies."""
ALL = "all-cards"


class Changed(NamedTuple):
    """What a card changed in every run: of the fixed split's revenue, and of what the rules gain over it."""

    fixed: Floats
    gain: Floats


def words(played: Played) -> Mapping[str, Message]:
    """Return what is told apart in words, by its code: the cards, and all of them; nothing of a single one."""
    market = played.given.market.settings
    dealt = market.dealt()
    if not market.cards or len(dealt) < 2:
        return {}
    told = {f"card-{n}": card.words() for n, card in enumerate(dealt[:MOST], start=1)}
    return told | {ALL: say(N_("all cards together"))}


def changed(played: Played) -> Mapping[str, Changed]:
    """Return what each card changed, and all of them together, by the codes of :func:`words`."""
    places = {f"card-{n}": [n - 1] for n in range(1, MOST + 1)} | {ALL: list(range(len(played.world.cards)))}
    return {code: _without(played, places[code]) for code in words(played)}


def _without(played: Played, places: list[int]) -> Changed:
    """Return what changes where some cards never come; all others come as they did."""
    cards = played.world.cards.copy()
    cards[places, START], cards[places, RATE] = ANYTIME, 0.0  # its row stays: chance goes by a card's number
    own = tuple(played.policies[played.walked.place(name)] for name in ("fixed", "rules"))
    fixed, rules = earned(played, own, played.world._replace(cards=cards))
    return Changed(played.total("fixed") - fixed, played.gain - (rules - fixed))


def frame(found: Mapping[str, Changed]) -> pd.DataFrame:
    """Lay out what each card changed on average, with 95% bounds, paired by run."""
    rows = []
    for code, own in found.items():
        (low, high), (gain_low, gain_high) = interval(own.fixed), interval(own.gain)
        rows.append((code, own.fixed.mean(), low, high, own.gain.mean(), gain_low, gain_high))
    columns = ["card", "fixed", "low", "high", "gain", "gain_low", "gain_high"]
    return pd.DataFrame(rows, columns=columns).astype(dict.fromkeys(columns[1:], float))


def notes(played: Played, found: Mapping[str, Changed]) -> Iterator[Note]:
    """Say how cards are told apart, and how far from all together their parts add up to."""
    if not found:
        return
    parts = sum(float(own.gain.mean()) for code, own in found.items() if code != ALL)
    text = say(
        "What a shock card changed is told by leaving it alone out, on the same chance. These need not add up: of the "
        "gain the cards change {parts} one by one and {together} all together.",
        parts=Money(parts, played.given.currency), together=Money(float(found[ALL].gain.mean()), played.given.currency),
    )  # fmt: skip
    yield Note("cards", text)
    if len(played.world.cards) > MOST:
        yield Note("cards-left-out", say("The first {n} cards are told apart.", n=MOST))
