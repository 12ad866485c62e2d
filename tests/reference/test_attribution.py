"""Attribution's two game-like models against published examples.

Removal effect: S. Puzyrov, "Markov Chain Attribution - Simple Explanation of Removal Effect" (serhiipuzyrov.com, 2019):
google ads alone converted twice, mailing once, google ads and then mailing once; once google ads led to nothing.
Of four conversions 2.4 go to google ads and 1.6 to mailing.

Shapley: the glove game (Wikipedia, "Shapley value": 1/6, 1/6, 2/3); the singer and the pianist (S. Moretti, LAMSADE
lecture slides on cooperative games: 300, 400); the airport game of costs 40 to 90 (Littlechild and Owen 1973; worked
out at math.techqa.club/calculate-the-shapley-value-of-the-airport-game-4152535).
"""

from __future__ import annotations

import itertools
import random
from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest

from analysis.journey.attribution.models import removal_effects, shapley
from analysis.journey.attribution.question import Attribution
from analysis.tables import Tables

PATHS = (("google", "won"), ("google", "won"), ("mailing", "won"), ("google", "mailing", "won"), ("google",))


def test_removal_effect_from_events() -> None:
    rows = [
        (f"u{u}", pd.Timestamp("2026-11-11") + pd.Timedelta(hours=h), "visit" if c != "won" else "purchase", c)
        for u, path in enumerate(PATHS)
        for h, c in enumerate(path)
    ]
    events = pd.DataFrame(rows, columns=["user_id", "timestamp", "event", "channel"])
    answer = Attribution(models=("markov",)).run(Tables(events=events))
    credit = answer.table.set_index("touch")["credit"]
    assert credit.to_dict() == pytest.approx({"google": 2.4, "mailing": 1.6}, rel=1e-12)


def test_removal_effects_themselves() -> None:
    steps = np.zeros((5, 5))
    steps[2, :2], steps[0, [3, 1, 4]], steps[1, 3] = (4, 1), (2, 1, 1), 2
    assert removal_effects(steps) == pytest.approx([0.75, 0.5], rel=1e-12)


def game(players: int, worth: Callable[[frozenset[int]], float]) -> list[float]:
    """Return the Shapley value of a game: one journey had everybody, and any smaller set is known but rare."""
    sets = [frozenset(i for i in range(players) if s >> i & 1) for s in range(1 << players)]
    journeys = np.full(1 << players, 1e-13)
    journeys[-1] = 1
    values, even = shapley(journeys, journeys * [worth(s) if s else 0.0 for s in sets])
    assert not even.any()
    return values.tolist()


@pytest.mark.parametrize(
    ("players", "worth", "expected"),
    [
        (3, lambda s: float(2 in s and len(s) > 1), [1 / 6, 1 / 6, 2 / 3]),
        (2, lambda s: {(0,): 100.0, (1,): 200.0}.get(tuple(s), 700.0), [300, 400]),
        (6, lambda s: 40.0 + 10 * max(s), [x / 6 for x in (40, 52, 67, 87, 117, 177)]),
    ],
)
def test_shapley_value(players: int, worth: Callable[[frozenset[int]], float], expected: list[float]) -> None:
    assert game(players, worth) == pytest.approx(expected, rel=1e-9)


def test_counting_conversions_within_a_set_comes_to_an_even_split() -> None:
    """Zhao, Mahboobi and Bagheri (2018): why that game says nothing an even split does not."""
    rng = random.Random(3)
    for players in range(1, 6):
        won = [0, *(rng.randrange(9) for _ in range((1 << players) - 1))]
        worth = [sum(won[t] for t in range(s + 1) if t & s == t) for s in range(1 << players)]
        split = [sum(n / t.bit_count() for t, n in enumerate(won) if t >> i & 1) for i in range(players)]
        orders = list(itertools.permutations(range(players)))
        value = [0.0] * players
        for order in orders:
            here = 0
            for i in order:
                value[i] += (worth[here | 1 << i] - worth[here]) / len(orders)
                here |= 1 << i
        assert value == pytest.approx(split, rel=1e-12)
