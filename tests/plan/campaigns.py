"""Campaigns of days with phases, weekdays and days that go together, whose end is known."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from analysis.plan.forecast import Days

PHASES = ("warm-up",) * 38 + ("burst",) * 11 + ("wrap-up",) * 7


class Made(NamedTuple):
    """A campaign as it went to its end, and the one before it."""

    days: Days
    earlier: Days

    def cut(self, at: int) -> Days:
        """Return what was known of it after so many days."""
        bottom = None if self.days.bottom is None else self.days.bottom[:at]
        return Days(self.days.top[:at], bottom, self.days.kinds, self.days.weekdays)

    @property
    def came(self) -> float:
        """What it came to."""
        whole = self.days.top.sum()
        return float(whole if self.days.bottom is None else whole / self.days.bottom.sum())


def made(rng: np.random.Generator, *, ratio: bool) -> Made:
    """Return a campaign of a sum or of a ratio: a lognormal day goes with the one before, and counts are counts."""
    level = rng.uniform(20, 20_000)
    steps = {"warm-up": 0.0, "burst": rng.normal(0.8, 0.3), "wrap-up": rng.normal(-0.2, 0.2)}
    other = {kind: step + (rng.normal(0, 0.15) if step else 0.0) for kind, step in steps.items()}
    volume, weekdays = _volume(rng, level, steps)
    before, their = _volume(rng, level * rng.uniform(0.4, 1.2), other)
    if not ratio:
        return Made(Days(volume, None, PHASES, weekdays), Days(before, None, PHASES, their))
    rates = {"warm-up": 0.1, "burst": 0.1 * np.exp(rng.normal(0, 0.1)), "wrap-up": 0.1 * np.exp(rng.normal(0, 0.1))}
    top = rng.binomial(volume.astype(int), np.clip(0.1 * np.exp(rng.normal(0, 0.1, len(PHASES))), 0, 1))
    theirs = rng.binomial(before.astype(int), [rates[kind] for kind in PHASES])
    return Made(Days(top.astype(float), volume, PHASES, weekdays), Days(theirs.astype(float), before, PHASES, their))


def _volume(rng: np.random.Generator, level: float, steps: dict[str, float]) -> tuple[np.ndarray, np.ndarray]:
    weekdays = (rng.integers(7) + np.arange(len(PHASES))) % 7
    hold, spread, noise = rng.uniform(0, 0.7), rng.uniform(0.05, 0.3), np.empty(len(PHASES))
    noise[0] = rng.normal()
    for day in range(1, len(PHASES)):
        noise[day] = hold * noise[day - 1] + np.sqrt(1 - hold**2) * rng.normal()
    mean = level * np.exp(np.array([steps[kind] for kind in PHASES]) + rng.normal(0, 0.12, 7)[weekdays])
    return rng.poisson(mean * np.exp(spread * noise - spread**2 / 2)).astype(float), weekdays
