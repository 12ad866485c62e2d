"""How long do simulated campaigns take, how does that grow, and what does MABWiser take for a decision?

    python -m benchmarks.simulation [--peer PYTHON]

Seconds are the processor's, of one thread; kernels are compiled before the clock starts. A campaign has 56 days and
10 channels, late orders, shocks and whole cents; six policies walk it, upper bounds not among them. `--peer` names an
interpreter that has MABWiser (by default this one, if it has): Thompson sampling of 10 arms, a `predict` and a
`partial_fit` a decision, against a pull of ours with its update.
"""

from __future__ import annotations

import argparse
import os
import resource
import subprocess
import sys
import time
from collections.abc import Iterator
from typing import NamedTuple

os.environ["OPENBLAS_NUM_THREADS"] = os.environ["OMP_NUM_THREADS"] = "1"

import numpy as np
import pandas as pd

from analysis.arrays import Floats
from analysis.reallocation import play as engine
from analysis.reallocation.bandit import regrets
from analysis.reallocation.bounds import bounds
from analysis.reallocation.market import Market
from analysis.reallocation.money import shared
from analysis.reallocation.responses import Responses
from analysis.reallocation.rules import MarketSettings, Rules
from analysis.reallocation.setting import Setting
from analysis.reallocation.world import blank
from analysis.rules.ready import scaling_by_return

PEER = """
import time
import numpy as np
from mabwiser.mab import MAB, LearningPolicy
rng = np.random.default_rng(1)
arms, rates = list(range(10)), [.5] + [.4] * 9
mab = MAB(arms, LearningPolicy.ThompsonSampling(), seed=1)
mab.fit(arms, [int(rng.random() < r) for r in rates])
began, times = time.process_time(), 2000
for _ in range(times):
    arm = mab.predict()
    mab.partial_fit([arm], [int(rng.random() < rates[arm])])
print((time.process_time() - began) / times)
"""


class Size(NamedTuple):
    """How much is simulated."""

    runs: int = 1000
    days: int = 56
    channels: int = 10


def stage(size: Size, seed: int = 0) -> Setting:
    """Return a campaign of ten channels of random curves, by the hours of a day, 15% held back."""
    rng, width, length = np.random.default_rng(seed), size.channels, 24 * size.days
    hour = 1 + 0.8 * np.sin((np.arange(24) - 9) / 24 * 2 * np.pi)
    ceiling, half = rng.uniform(500, 5000, width), rng.uniform(100, 900, width)
    multiplier = np.array([np.ones(width), rng.uniform(1, 2, width)])
    draws = tuple(
        np.array([ceiling[c], half[c], *multiplier[:, c]]) * np.exp(0.1 * rng.standard_normal((50, 4)))
        for c in range(width)
    )
    market = Market(
        channels=tuple(f"c{c}" for c in range(width)),
        times=pd.date_range("2026-09-21", periods=length, freq="h"),
        weight=np.tile(hour / hour.sum(), size.days),
        phase=(np.arange(length) >= length // 2).astype(np.int64),
        multiplier=multiplier,
        fitted=Responses(("hyperbolic",) * width, ceiling, half),
        draws=draws,
        most=half * 2,
        sigma=np.full(width, 0.3),
        order_value=50.0,
        settings=MarketSettings(conversion_delay="6h"),
    )
    budget = int(half.sum() * 0.6 * size.days * 100)
    reserve = int(budget * 0.15)
    return Setting(
        market=market, budget=budget, reserve=reserve, tranches=(),
        plan=shared(np.array(budget - reserve), rng.dirichlet(np.full(width, 3.0))), observed=market.most / 2,
        facts=frozenset(), left_out=(), expected=0.0, currency="CNY", notes=(),
    )  # fmt: skip


def seconds(size: Size) -> float:
    """Return the processor's seconds of all runs of six policies: fixed, once, three rule sets and Thompson."""
    given = stage(size)
    world = given.market.world(given.plan)
    own = engine.policies(Rules().rule_set(), (scaling_by_return(),), given)
    own = [policy for policy in own if policy.name not in ("held", "once-held")]
    assert len(own) == 6
    engine.follow(own, world, seed=1, runs=np.arange(1))
    began = time.process_time()
    engine.follow(own, world, seed=1, runs=np.arange(size.runs))
    return time.process_time() - began


def bound_seconds(size: Size, runs: int = 20) -> float:
    """Return the processor's seconds of a run's upper bounds."""
    given = stage(size)
    world, found, spent = given.market.world(given.plan), np.zeros((runs, 2)), np.zeros((runs, 2))
    room, floor = blank(world), np.zeros(size.channels)
    bounds(world, 1, np.arange(1), room, given.budget, floor, found[:1], spent[:1])
    began = time.process_time()
    bounds(world, 1, np.arange(runs), room, given.budget, floor, found, spent)
    return (time.process_time() - began) / runs


def decision_seconds() -> float:
    """Return the processor's seconds of one of our pulls of ten arms, with its update."""
    rates: Floats = np.array([0.5] + [0.4] * 9)
    regrets(rates, pulls=10, every=1)
    began = time.process_time()
    regrets(rates, pulls=200_000, every=1)
    return (time.process_time() - began) / 200_000


def peer_seconds(python: str) -> float | None:
    """Return MABWiser's seconds of a decision, None where that interpreter has none of it."""
    found = subprocess.run([python, "-c", PEER], capture_output=True, text=True, check=False)
    return float(found.stdout) if found.returncode == 0 else None


def doubled(size: Size) -> Iterator[tuple[str, float]]:
    """Yield how much longer twice the runs, hours or channels take, the best of three each."""

    def best(one: Size) -> float:
        return min(seconds(one) for _ in range(3))

    base = best(size)
    for what in size._fields:
        yield what, best(size._replace(**{what: 2 * getattr(size, what)})) / base


def rows(short: bool, peer: str = sys.executable) -> Iterator[tuple[str, str, str, float | str, str]]:
    """Yield what was measured, ours, the peer's or the aim, their ratio, and the aim."""
    theirs, ours = peer_seconds(peer), decision_seconds()
    if theirs:
        yield "simulation: a decision, MABWiser", f"{ours:.1e} s", f"{theirs:.1e} s", theirs / ours, "at least 100"
    took = seconds(Size())
    yield "simulation: 1,000 campaigns x 6 policies", f"{took:.1f} s", "8 s", took / 8, "at most 8 s"
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    yield "simulation: peak memory", f"{memory:.0f} MB", "600 MB", memory / 600, "at most 600 MB"
    for what, ratio in doubled(Size(runs=60) if short else Size(runs=200)):
        yield f"simulation: twice the {what}", f"{ratio:.2f}", "2.3", ratio / 2.3, "at most 2.3 times"
    bound = bound_seconds(Size())
    yield "simulation: bounds of a run", f"{bound * 1e3:.1f} ms", "25 ms", bound / 0.025, "at most 25 ms"


def main(argv: list[str] | None = None) -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--peer", default=sys.executable)
    asked = parser.parse_args(argv)
    for what, ours, peer, ratio, aim in rows(short=False, peer=asked.peer):
        print(f"{what:<44}{ours:>12}{peer:>12}{ratio:>10.2f}  {aim}", flush=True)


if __name__ == "__main__":
    main()
