"""Intervals hold the truth about as often as they say: as many markets as fit into a test.

`python -m benchmarks.budget` does the same with 200 of each kind, and prints them.
"""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import binom

from analysis.budget.curves import alone, jointly
from benchmarks.budget import outcome

MARKETS = {"claims-ar": 25, "claims-carry": 25, "claims-peak": 25,
           "weekly": 8, "daily": 8, "always-on": 8, "hidden-tested": 8}  # fmt: skip


@pytest.fixture(autouse=True)
def _unchecked(monkeypatch: pytest.MonkeyPatch) -> None:
    """Leave prediction out of time aside: it moves no interval."""
    for road in (alone, jointly):
        monkeypatch.setattr(road, "_check", lambda *_: None)


@pytest.mark.parametrize("kind", MARKETS)
@pytest.mark.long
def test_intervals_hold_the_truth(kind: str) -> None:
    found = outcome(kind, MARKETS[kind], seed=7, knowing=False)
    assert found.refused == 0
    assert found.r_hat <= 1.05
    # Were coverage .92, chance would go below this once in 10,000 times.
    assert (found.covered * found.curves >= binom.ppf(1e-4, found.curves, 0.92)).all(), found.covered
    if kind.startswith("claims"):
        assert abs(found.bias[1]) <= 0.15  # the median over 25; over 200 it is at most .1


@pytest.mark.long
def test_hidden_demand_without_a_test_is_why_effects_are_called_correlation_only() -> None:
    """What moves spend and sales together and is in no data is taken for an effect: only a test can tell."""
    untold, told = (outcome(kind, 4, seed=8, knowing=False) for kind in ("hidden", "hidden-tested"))
    assert np.abs(told.bias[1]) < np.abs(untold.bias[1])
