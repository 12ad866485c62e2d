"""A market whose truth is known: spend reports made from planted curves, and how well any fit could know them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from analysis.budget.curves import forms

PHASES = np.repeat([0, 1, 2], [41, 11, 4])
NAMES = np.array(["warm-up", "burst", "wrap-up"])
DEMAND = np.array([1.0, 1.6, 0.8])
START = "2026-09-20 16:00"  # midnight in Shanghai, in UTC
_PLAN = np.concatenate([np.linspace(0.6, 1.2, 41), np.linspace(1.5, 2.1, 9), [3, 5], np.full(4, 0.8)])


def spending(rng: np.random.Generator, level: float = 100.0) -> Any:
    """Return 56 days of spend that rise with demand, as campaigns do, and wobble around their plan."""
    return level * _PLAN * np.exp(0.45 * rng.standard_normal(len(_PLAN)))


def expected(form: str, spend: Any, ceiling: float, half: float, phase: Any = PHASES) -> Any:
    """Return a channel's daily revenue without noise."""
    return DEMAND[phase] * forms.value(form, spend, ceiling, half)


def noise(rng: np.random.Generator, sigma: float, size: int) -> Any:
    """Return log-normal noise of mean 1."""
    return np.exp(sigma * rng.standard_normal(size) - sigma**2 / 2)


def rows(channel: str, spend: Any, revenue: Any = None, **columns: Any) -> pd.DataFrame:
    """Make a channel's daily spend report."""
    days = pd.date_range(START, periods=len(spend), unit="us")
    frame = pd.DataFrame({"period_start": days, "period_end": days + pd.Timedelta(days=1), "channel": channel})
    frame = frame.assign(spend=spend, currency="CNY", **columns)
    return frame if revenue is None else frame.assign(attributed_revenue=revenue)


def standard_errors(form: str, spend: Any, phase: Any, ceiling: float, half: float, sigma: float) -> dict[str, float]:
    """Return standard errors of a fit with the true form, by the delta method on the relative residuals.

    log revenue has the Jacobian [phase dummies, d log form / d log half] and the variance of noise of mean 1. What
    is returned is relative for the contribution, the ceiling and the half-saturation.
    """
    step = 1e-5
    over, under = (np.log(forms.value(form, spend, 1.0, half * np.exp(by))) for by in (step, -step))
    bend = (over - under) / (2 * step)
    jacobian = np.column_stack([np.eye(phase.max() + 1)[phase], bend])
    covariance = np.expm1(sigma**2) * np.linalg.inv(jacobian.T @ jacobian)
    truth = DEMAND[phase] * forms.value(form, spend, ceiling, half)
    share = truth / truth.sum()
    gradient = share @ jacobian
    return {
        "contribution": float(np.sqrt(gradient @ covariance @ gradient)),
        "ceiling": float(np.sqrt(covariance[0, 0])),
        "half_saturation": float(np.sqrt(covariance[-1, -1])),
    }
