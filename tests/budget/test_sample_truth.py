"""The sample campaign: each channel's curve against the truth planted in it, as sample_data/truth.json defines it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from budget import planted

from analysis.budget.curves import forms
from analysis.budget.curves.question import CurvesAnswer, ResponseCurves
from analysis.tables import Tables
from analysis.values import Campaign, Filter

SAMPLE = Path(__file__).resolve().parents[2] / "sample_data"
BOUND = 4.0
"""Standard errors a fit may be off: once in 16,000 by chance."""
SURGE, DEARER = (50, 51), 1.25
"""Days of the campaign (November 10 and 11) on which a click cost so much more."""

pytestmark = pytest.mark.skipif(not (SAMPLE / "truth.json").exists(), reason="no sample data here")


@pytest.fixture(scope="module")
def truth() -> Any:
    return json.loads((SAMPLE / "truth.json").read_text())["response_curves"]["value"]


@pytest.fixture(scope="module")
def answer() -> CurvesAnswer:
    spend = pd.read_csv(SAMPLE / "spend.csv", parse_dates=["period_start", "period_end"])
    campaign = Campaign.from_json((SAMPLE / "campaign.json").read_text())
    found = ResponseCurves(form="hyperbolic", where=Filter(campaign=campaign.name)).run(
        Tables(spend=spend, campaign=campaign)
    )
    assert isinstance(found, CurvesAnswer)
    return found


def channels() -> list[str]:
    path = SAMPLE / "truth.json"
    return sorted(json.loads(path.read_text())["response_curves"]["value"]["channels"]) if path.exists() else []


@pytest.mark.parametrize("channel", channels())
def test_the_planted_curve_is_recovered(channel: str, answer: CurvesAnswer, truth: Any) -> None:
    planted_here, sigma = truth["channels"][channel], truth["noise_sigma"]
    curve = next(c for c in answer.curves if c.channel == channel)
    demand = np.array([truth["phase_multiplier"][name] for name in curve.phase])
    effective = curve.spend.copy()
    effective[list(SURGE)] /= DEARER
    ceiling, half = planted_here["ceiling"], planted_here["half_saturation"]
    expected = demand * forms.value("hyperbolic", effective, ceiling, half)
    assert expected.sum() == pytest.approx(planted_here["contribution"], rel=1e-3)
    active = curve.spend > 0
    codes = np.unique(np.array(curve.phase)[active], return_inverse=True)[1]
    error = planted.standard_errors("hyperbolic", curve.spend[active], codes, ceiling, half, sigma)
    # The curve is of money spent, and on two days money bought a fifth less: worth half a percent.
    assert curve.total() == pytest.approx(planted_here["contribution"], rel=BOUND * error["contribution"] + 0.005)
    margins = curve.next_unit_draws()
    slope = demand @ (curve.spend * forms.slope("hyperbolic", curve.spend, ceiling, half)) / curve.spend.sum()
    assert abs(margins.mean() - slope) < BOUND * margins.std()
    free = active.sum() - codes.max() - 3
    assert abs(np.log(curve.sigma / sigma)) < BOUND * np.sqrt(1 / (2 * free)) * (1 + sigma)


def test_the_starved_channel_is_where_the_next_yuan_earns_most(answer: CurvesAnswer) -> None:
    starved = json.loads((SAMPLE / "truth.json").read_text())["response_curves"]["starved"]["value"]
    table = answer.table.sort_values("marginal_roi", ascending=False)
    assert table["channel"].iloc[0] == starved
    assert table["marginal_low"].iloc[0] > table["marginal_high"].iloc[1:].max()
    assert starved in answer.headline.text()


def test_most_intervals_hold_the_truth(answer: CurvesAnswer, truth: Any) -> None:
    true = answer.table["channel"].map({c: t["contribution"] for c, t in truth["channels"].items()})
    held = ((answer.table["low"] <= true) & (true <= answer.table["high"])).sum()
    assert held >= len(true) - 2  # of seven at 95%, three or more miss once in 260 times
