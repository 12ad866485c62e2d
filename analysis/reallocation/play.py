"""What did every policy earn in every simulated campaign?"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from scipy import stats

from analysis.arrays import Floats, Ints
from analysis.estimates import TAILS
from analysis.reallocation import decisions as told
from analysis.reallocation import oracle
from analysis.reallocation.decisions import Decision
from analysis.reallocation.market import Truth, draw
from analysis.reallocation.money import CENTS, shared
from analysis.reallocation.policies import Moves, Path, fixed, follow, resplit
from analysis.reallocation.rules import Rules, hours
from analysis.reallocation.setting import Setting


@dataclass(frozen=True, slots=True, kw_only=True)
class Played:
    """Every policy's path through every run, and what it earned."""

    rules: Rules
    given: Setting
    truth: Truth
    paths: Mapping[str, Path]
    revenue: Mapping[str, Floats]
    same_money: Floats
    once_held: Floats
    moves: Moves
    decisions: tuple[Decision, ...]
    accuracy: float

    def total(self, policy: str) -> Floats:
        """Return each run's revenue."""
        return np.asarray(self.revenue[policy].sum(axis=1))

    @property
    def runs(self) -> int:
        """How many campaigns were simulated."""
        return len(self.same_money)

    @property
    def gain(self) -> Floats:
        """Each run's revenue of the rules above that of the fixed split of the whole budget."""
        return self.total("rules") - self.total("fixed")

    @property
    def parts(self) -> Mapping[str, Floats]:
        """What the gain is made of, run by run, in this order: they add up to it.

        Splitting the whole budget once by the curves; holding the reserve back from that; and all that the rules do
        while the campaign runs, the reserve they draw included.
        """
        once, held = self.total("once"), self.once_held
        return {"split": once - self.total("fixed"), "reserve": held - once, "watching": self.total("rules") - held}

    @property
    def released(self) -> Floats:
        """What each run drew from the reserve and spent."""
        return np.asarray((self.moves.released.sum(axis=(1, 2)) - self.moves.returned.sum(axis=1)) / CENTS)


def play(rules: Rules, given: Setting, *, runs: int, seed: int) -> Played:
    """Let every policy meet the same simulated campaigns."""
    market, plan, reserve = given.market, given.plan, given.reserve
    truth = draw(market, runs, seed)
    ruled, moves = follow(rules, market, truth, plan, reserve)
    best, gap = oracle.oracle(rules, market, truth, plan, ruled, moves)
    whole = shared(np.array(given.budget), plan.astype(float))
    paths = {
        "fixed": fixed(market, whole, 0, runs),
        "held": fixed(market, plan, reserve, runs),
        "once": fixed(market, resplit(rules, market, whole), 0, runs),
        "rules": ruled,
        "oracle": best,
        "bound": oracle.bound(market, truth, given.budget, best),
    }
    revenue = {name: truth.revenue(market, p.spent / CENTS).sum(axis=2) for name, p in paths.items()}
    held = fixed(market, resplit(rules, market, plan), reserve, runs)
    problem = oracle.problem(rules, market, truth, plan, moves)
    return Played(
        rules=rules,
        given=given,
        truth=truth,
        paths=paths,
        revenue=revenue,
        same_money=_same_money(given, truth, ruled),
        once_held=truth.revenue(market, held.spent / CENTS).sum(axis=(1, 2)),
        moves=moves,
        decisions=told.Log(rules, given, truth, moves, problem).decisions(),
        accuracy=float(np.max(gap / np.maximum(revenue["oracle"].sum(axis=1), 1e-9))),
    )


def _same_money(given: Setting, truth: Truth, ruled: Path) -> Floats:
    """Return what the rules' hourly money would have earned in the shares of the fixed split."""
    total = ruled.spent.sum(axis=2)
    split = shared(total, np.broadcast_to(given.plan.astype(float), (*total.shape, len(given.plan))))
    split = np.minimum(split, given.market.capacity)
    return np.asarray(truth.revenue(given.market, split / CENTS).sum(axis=(1, 2)))


def alarms(played: Played) -> tuple[Ints, Ints, Ints]:
    """Count by run: surges there were, surges declared, and those declared while none had been on."""
    surge, busy = played.moves.surge, played.truth.surging
    starts = busy & ~np.pad(busy, ((0, 0), (1, 0)))[:, :-1]
    if not surge.shape[1]:
        nothing = np.zeros(len(surge), dtype=int)
        return starts.sum(axis=1), nothing, nothing
    begun = surge & ~np.pad(surge, ((0, 0), (1, 0)))[:, :-1]
    every = hours(played.rules.evaluate_every)
    looked = busy[:, : surge.shape[1] * every].reshape(len(busy), surge.shape[1], every).any(axis=2)
    return starts.sum(axis=1), begun.sum(axis=1), (begun & ~looked).sum(axis=1)


def found(played: Played) -> tuple[Ints, Floats]:
    """Count by run the surges declared while they were on, and the hours until they were (NaN without any)."""
    every, length = hours(played.rules.evaluate_every), played.truth.surging.shape[1]
    count, waited = np.zeros(played.runs, dtype=int), np.full(played.runs, np.nan)
    for run, busy in enumerate(played.truth.surging):
        edges = np.flatnonzero(np.diff(np.concatenate([[False], busy, [False]]).astype(int)))
        waits = []
        for start, end in edges.reshape(-1, 2):
            looked = np.arange(played.moves.surge.shape[1]) * every + every
            inside = played.moves.surge[run] & (looked > start) & (looked <= min(end, length))
            if inside.any():
                waits.append(float(looked[inside][0] - start))
        count[run] = len(waits)
        waited[run] = np.mean(waits) if waits else np.nan
    return count, waited


def interval(values: Floats) -> tuple[float, float]:
    """Return the 95% t-interval of the average; none where all runs agree, which says nothing of its error."""
    spread = float(values.std(ddof=1))
    if not spread > 1e-9 * max(1.0, float(np.abs(values).max())):
        return np.nan, np.nan
    reach = float(stats.t.ppf(TAILS[1], len(values) - 1)) * spread / np.sqrt(len(values))
    return float(values.mean() - reach), float(values.mean() + reach)
