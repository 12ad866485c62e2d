"""Programmes drawn at random, and what scipy's SLSQP makes of them from an even split."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from scipy.optimize import LinearConstraint, minimize

from analysis.arrays import Floats
from analysis.budget.allocation.programme import Goal, Programme, Rule
from analysis.budget.allocation.responses import Carry, Separable
from analysis.budget.allocation.rules import Cell, Limit, linear

BUDGET = 10_000.0


def mixed(top: Floats, half: Floats, form: Floats) -> Separable:
    """Return concave curves: logarithmic where `form` is 0, hyperbolic where it is 1, exponential where it is 2."""

    def curve(x: Floats) -> Floats:
        u = x / half
        return top * np.select([form == 0, form == 1], [np.log1p(u), u / (1 + u)], -np.expm1(-u))

    def slope(x: Floats) -> Floats:
        u = x / half
        return top / half * np.select([form == 0, form == 1], [1 / (1 + u), (1 + u) ** -2.0], np.exp(-u))

    return Separable(curve, slope, np.full(len(top), True))


def hills(top: Floats, half: Floats, power: Floats) -> Separable:
    """Return S-curves: Hill's with an exponent above 1."""

    def curve(x: Floats) -> Floats:
        u = (x / half) ** power
        return top * u / (1 + u)

    def slope(x: Floats) -> Floats:
        u = x / half
        return top * power / half * u ** (power - 1) / (1 + u**power) ** 2

    return Separable(curve, slope, np.full(len(top), False))


def cells(channels: int, phases: int) -> list[Cell]:
    """Return channels by phases; every third channel is private."""
    return [
        Cell(channel=f"c{c}", phase=f"p{p}", tags=frozenset({"private"} if c % 3 == 0 else {"paid"}))
        for p in range(phases)
        for c in range(channels)
    ]


def limits(rng: np.random.Generator, channels: int, phases: int) -> list[Limit]:
    """Return a reserve, a floor for the private channels, bands for the phases, and a most for a channel."""
    found = [Limit.reserve(0.15), Limit.floor(float(rng.uniform(0.2, 0.5)), tags="private")]
    shares = rng.dirichlet(np.full(phases, 5.0))
    if phases > 1:
        found += [Limit.phase(f"p{p}", 0.8 * share, min(1.0, 1.2 * share)) for p, share in enumerate(shares)]
    return [*found, Limit.maximum(f"c{channels - 1}", float(rng.uniform(0.02, 0.3)) * BUDGET)]


def concave(seed: int) -> Programme:
    """Return 3 to 10 channels in 1 to 3 phases with concave curves of mixed forms, under rules."""
    rng = np.random.default_rng(seed)
    return under_rules(rng, int(rng.integers(3, 11)), int(rng.integers(1, 4)))


def under_rules(rng: np.random.Generator, channels: int, phases: int) -> Programme:
    """Return channels in phases with concave curves of mixed forms, under rules."""
    n = channels * phases
    curves = mixed(rng.uniform(2e3, 4e4, n), rng.lognormal(6.5, 1.0, n), rng.integers(0, 3, n).astype(float))
    rules = linear(limits(rng, channels, phases), cells(channels, phases), BUDGET)
    return Programme(curves, np.zeros(n), np.full(n, np.inf), rules)


def s_curves(seed: int, channels: int, phases: int, ruled: bool = True) -> Programme:
    """Return channels in phases with S-curves, under rules or a total alone."""
    rng = np.random.default_rng(seed)
    n = channels * phases
    scale = BUDGET / n
    curves = hills(rng.uniform(5e3, 2e4, n), rng.uniform(0.5, 3.5, n) * scale, rng.uniform(2.0, 3.0, n))
    rules = linear(limits(rng, channels, phases), cells(channels, phases), BUDGET) if ruled else (total(n),)
    return Programme(curves, np.zeros(n), np.full(n, np.inf), rules)


def daily(seed: int, channels: int = 10, days: int = 56, adstock: float = 0.5) -> Programme:
    """Return channels by days with logarithmic curves, days of different demand, carry-over and a total."""
    rng = np.random.default_rng(seed)
    n = channels * days
    top = np.repeat(rng.uniform(500, 2000, channels), days) * rng.lognormal(0.0, 0.3, n)
    curves = mixed(top, np.repeat(rng.uniform(50, 400, channels), days), np.zeros(n))
    carry = Carry.geometric(np.full(channels, adstock), days)
    return Programme(curves, np.zeros(n), np.full(n, np.inf), (total(n, 15 * BUDGET),), carry=carry)


def total(n: int, most: float = BUDGET) -> Rule:
    """Return the rule of all spend."""
    return Rule("total", np.ones(n), most=most)


class Peer(NamedTuple):
    """What SLSQP says: the spend, whether it speaks of success, and by how much it breaks a rule, as a share of it."""

    spend: Floats
    success: bool
    broken: float


def slsqp(asked: Programme) -> Peer:
    """Return what scipy's SLSQP finds with its defaults from an even split, given exact gradients in good units."""
    assert asked.goal == Goal()
    n, rows = len(asked.lower), asked.rows
    unit = BUDGET / n
    height = asked.value(np.full(n, unit))
    found = minimize(
        lambda x: -asked.value(np.maximum(x, 0.0) * unit) / height,
        np.ones(n),
        jac=lambda x: -asked.gradient(np.maximum(x, 0.0) * unit) * unit / height,
        method="SLSQP",
        bounds=[(0.0, None)] * n,
        constraints=[LinearConstraint(rows.weights * unit / BUDGET, -np.inf, rows.bounds / BUDGET)],
    )
    spend = np.maximum(found.x, 0.0) * unit
    return Peer(spend, bool(found.success), broken(asked, spend))


def broken(asked: Programme, spend: Floats) -> float:
    """Return by how much the rules are broken at most, as a share of their size."""
    rows = asked.rows
    return float(((rows.weights @ spend - rows.bounds) / rows.size(spend)).max(initial=0.0))


class Averaged:
    """Channels by phases, spent evenly over a phase's days, over draws of carry-over: cells act on one another."""

    def __init__(self, seed: int, channels: int, phases: int, days: int, draws: int) -> None:
        rng = np.random.default_rng(seed)
        self.concave = np.full(channels * phases, True)
        phase = np.arange(days) * phases // days
        shares = np.equal.outer(phase, np.arange(phases)) / np.bincount(phase)  # of a phase's spend on each day
        pattern = np.vstack([np.kron(shares, np.arange(channels) == c) for c in range(channels)])
        top, half = rng.uniform(500, 2000, channels), rng.uniform(50, 400, channels)
        self.draws = [
            (Carry.geometric(rng.uniform(0.2, 0.8, channels), days).weights @ pattern, top_, half_)
            for top_, half_ in (
                (np.repeat(top * rng.lognormal(0, 0.2, channels), days), np.repeat(half, days)) for _ in range(draws)
            )
        ]

    def value(self, exposure: Floats) -> float:
        return float(np.mean([(top * np.log1p(way @ exposure / half)).sum() for way, top, half in self.draws]))

    def gradient(self, exposure: Floats) -> Floats:
        return np.mean([way.T @ (top / (half + way @ exposure)) for way, top, half in self.draws], axis=0)

    def along(self, exposure: Floats, points: Floats) -> Floats:
        ends = np.empty_like(points)
        for i, own in enumerate(points):
            for j, x in enumerate(own):
                ends[i, j] = self.value(np.where(np.arange(len(exposure)) == i, x, exposure))
        return ends
