"""The funnel recovers what was planted in the sample, within bounds from the sample's size."""

from __future__ import annotations

import json
import math
from pathlib import Path

import pytest

from analysis import Filter, Funnel, Tables

SAMPLE = Path(__file__).resolve().parents[2] / "sample_data"
WHERE = Filter(campaign="Double 11 2026")


@pytest.fixture(scope="module")
def truth() -> dict:
    return json.loads((SAMPLE / "truth.json").read_text(encoding="utf-8"))


def test_browse_to_cart(sample: Tables, truth: dict) -> None:
    planted = truth["browse_to_cart"]["value"]
    viewed, carted = Funnel(steps=("view", "cart"), window="7d", where=WHERE).run(sample).table["users"]
    error = math.sqrt(planted * (1 - planted) / viewed)
    assert abs(carted / viewed - planted) < 4 * error
    assert error < 0.0025


def test_the_android_loss(sample: Tables, truth: dict) -> None:
    planted = truth["android_checkout_to_purchase"]["value"]
    question = Funnel(steps=("view", "cart", "checkout", "purchase"), window="7d", breakdown="device", where=WHERE)
    table = question.run(sample).table.query("step >= 3").pivot(index="breakdown", columns="step", values="users")
    android, others = table.loc["android"], table.drop(["android", "(total)"]).sum()
    rates = android[4] / android[3], others[4] / others[3]
    # Delta method: the relative variance of a ratio of two independent proportions.
    error = planted * math.sqrt((1 - rates[0]) / android[4] + (1 - rates[1]) / others[4])
    assert abs(rates[0] / rates[1] - planted) < 4 * error
    assert error < 0.04
