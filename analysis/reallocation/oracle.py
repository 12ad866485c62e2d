"""What is the most that the rules' own money could have earned, within their limits and without any?

The oracle knows each run's curves and shocks (not its noise). Within the limits it maximises

    sum over periods p, channels c of  F[p,c](b[p,c] + e[p,c])

over rates b of the working budget and e of the released reserve, with the sums over channels of b and of e in each
period as the rules had them, floor <= b, b + e <= capacity, and half of sum |b[p] - b[p-1]| <= limit[p]; F is concave.
It is solved for all runs at once by a primal-dual interior-point method (Boyd and Vandenberghe 2004, section
11.7): one Newton step couples a period only to its neighbours, so it is a block tridiagonal system. The duality
gap left over bounds what the solution can be short of the best.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from analysis.arrays import Floats, Ints
from analysis.reallocation import kernel
from analysis.reallocation.market import Market, Truth
from analysis.reallocation.money import CENTS, shared, within
from analysis.reallocation.policies import Moves, Path, path, periods
from analysis.reallocation.responses import Responses, waterfill
from analysis.reallocation.rules import Rules, hours

STEPS = 60
"""Most Newton steps; about 20 are usual."""
ACCURACY = 1e-6
"""Duality gap, as a share of revenue, at which the search ends."""
_BOUNDARY = 0.99
_NUDGE = 1e-3


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """The oracle's problem, rates in units of the largest period's; axes (runs, periods, channels).

    Parameters
    ----------
    curves : Responses
        Of shape (runs, 1, channels).
    usual, dear : ndarray
        Strength of the response in hours at the usual price, and in hours of a surge.
    price : float
        Of a surge.
    base, extra : ndarray
        The rules' rates: a feasible point; the first period is given, not chosen.
    floor, most : ndarray, shape (runs, 1 or periods, channels)
    limit : ndarray, shape (runs, periods)
    """

    curves: Responses
    usual: Floats
    dear: Floats
    price: float
    base: Floats
    extra: Floats
    floor: Floats
    most: Floats
    limit: Floats

    def value(self, rate: Floats) -> Floats:
        """Return expected revenue."""
        return self.usual * self.curves.value(rate) + self.dear * self.curves.value(rate / self.price)

    def slope(self, rate: Floats) -> Floats:
        """Return the first derivative."""
        return self.usual * self.curves.slope(rate) + self.dear * self.curves.slope(rate / self.price) / self.price

    def bend(self, rate: Floats) -> Floats:
        """Return the second derivative."""
        near, far = self.curves.bend(rate), self.curves.bend(rate / self.price)
        return self.usual * near + self.dear * far / self.price**2


def oracle(
    rules: Rules, market: Market, truth: Truth, plan: Ints, rules_path: Path, moves: Moves
) -> tuple[Path, Floats]:
    """Return the best path within the rules' limits and the duality gap (revenue) of each run.

    Hour by hour it spends what the rules spent in all, on other channels. Where rounding to cents or the search's
    accuracy left it short of the rules' own path, which is within the limits, that path is taken instead: it is never
    below the rules. Rates are within the limits to some millionths of the whole rate.
    """
    asked = problem(rules, market, truth, plan, moves)
    runs, count, width = asked.base.shape
    if count == 1 or width == 1:
        return rules_path, np.zeros(runs)
    base, extra, gap = solve(asked)
    rates = np.maximum(base + extra, 0)
    rates = np.where(np.isfinite(rates).all(axis=(1, 2), keepdims=True), rates, asked.base + asked.extra)
    spent = np.empty_like(rules_path.spent)
    for p, at in enumerate(periods(len(market.weight), hours(rules.adjust_every))):
        total = rules_path.spent[:, at].sum(axis=2)
        parts = shared(total, np.broadcast_to(rates[:, None, p], (*total.shape, width)))
        spent[:, at] = within(parts, np.broadcast_to(market.capacity[at], parts.shape))
    found, own = (truth.revenue(market, s / CENTS).sum(axis=(1, 2)) for s in (spent, rules_path.spent))
    better = np.where((found > own)[:, None, None], spent, rules_path.spent)
    return Path(spent=better, reserved=rules_path.reserved, unspent=rules_path.unspent), gap


def problem(rules: Rules, market: Market, truth: Truth, plan: Ints, moves: Moves) -> Problem:
    """State the oracle's problem for the money the rules spent."""
    every = periods(len(market.weight), hours(rules.adjust_every))
    days = np.array([market.weight[at].sum() for at in every])[:, None]
    price = 1 + market.settings.surge_price
    strength = truth.strength(market)
    surge = truth.surging[:, :, None]
    usual, dear = (
        np.stack([part[:, at].sum(axis=1) for at in every], axis=1)
        for part in (np.where(surge, 0.0, strength), np.where(surge, strength, 0.0))
    )
    base, extra = moves.base / CENTS / days, moves.extra / CENTS / days
    # Whole cents put the rules' own rates off their limits by a cent or so an hour.
    cent = 2 * plan.size / CENTS / days[:, 0]
    keep = np.minimum(rules.floor * plan / CENTS / market.weight.sum(), market.most)
    return Problem(
        curves=truth.curves,
        usual=usual,
        dear=dear,
        price=price,
        base=base,
        extra=extra,
        floor=np.minimum(np.broadcast_to(keep, base.shape), base),
        most=np.maximum(np.broadcast_to(market.most, base.shape), base + extra),
        limit=moves.limit + cent,
    )


def bound(market: Market, truth: Truth, budget: int, floor_path: Path) -> Path:
    """Return the best spread of the whole budget over all hours and channels, reserve included, without limits.

    Exact but for rounding to cents; where that leaves it short of `floor_path`, that is taken.
    """
    runs = len(truth.demand)
    spent = np.empty_like(floor_path.spent)
    strength = truth.strength(market)
    for run in range(runs):
        width = market.weight[:, None] * truth.price[run, :, None] * np.ones(len(market.channels))
        most = market.capacity / CENTS
        best, _ = waterfill(truth.curves.run(run), strength[run], width, most, budget / CENTS)
        cents = min(budget, int(np.floor(best.sum() * CENTS + 0.5)))
        spent[run] = within(shared(np.array(cents), best.ravel()), market.capacity.ravel()).reshape(best.shape)
    found, known = (truth.revenue(market, s / CENTS).sum(axis=(1, 2)) for s in (spent, floor_path.spent))
    whole = path(spent, np.zeros((1, 1), dtype=np.int64), budget)
    better = (found >= known)[:, None]
    return Path(
        spent=np.where(better[..., None], spent, floor_path.spent),
        reserved=np.where(better, whole.reserved, floor_path.reserved),
        unspent=np.where(better, whole.unspent, floor_path.unspent),
    )


# ---- the interior-point method ----------------------------------------------------------------------------


def solve(asked: Problem) -> tuple[Floats, Floats, Floats]:
    """Solve the oracle's problem.

    Returns
    -------
    base, extra : ndarray, shape (runs, periods, channels)
        The first period as given.
    gap : ndarray, shape (runs,)
        Duality gap, in revenue.
    """
    state = _State(asked)
    for _ in range(STEPS):
        if state.done.all():
            break
        state.step()
    base = np.concatenate([asked.base[:, :1], state.b * state.unit], axis=1)
    extra = np.concatenate([asked.extra[:, :1], state.e * state.unit], axis=1)
    return base, extra, state.gap * state.worth


class _State:
    """Rates b, upward moves u and released rates e, with slack s and price z of every inequality.

    The inequalities are 0: b >= floor, 1: b + e <= most, 2: e >= 0, 3: u >= 0, 4: u >= move, each by channel, and
    `cap`: sum(2u - move) <= 2 limit by period, where move[p] = b[p] - b[p-1] and 2u - move is its size at the best u.
    """

    def __init__(self, asked: Problem) -> None:
        self.asked = asked
        runs = len(asked.base)
        totals = asked.base.sum(axis=2)
        self.unit = np.maximum(totals.max(axis=1), 1e-9)[:, None, None]
        worth = asked.value(asked.base + asked.extra).sum(axis=(1, 2))
        self.worth = np.where(worth > 0, worth, 1.0)
        self.first = asked.base[:, 0] / self.unit[:, 0]
        self.b, self.e = asked.base[:, 1:] / self.unit, asked.extra[:, 1:] / self.unit
        self.floor, self.most = asked.floor[:, 1:] / self.unit, asked.most[:, 1:] / self.unit
        self.limit = asked.limit[:, 1:] / self.unit[:, :, 0]
        self.released = (self.e.sum(axis=2) > 0)[:, :, None]
        self.centre()
        self.u = np.maximum(self.move(), 0) + self.limit[:, :, None] / (4 * self.b.shape[2])
        self.s = [np.maximum(g, _NUDGE) for g in self.room()]
        self.s[2] = np.where(self.released, self.s[2], 0.0) + ~self.released  # where nothing is released: 1, at price 0
        self.cap_s = np.maximum(self.cap_room(), _NUDGE)
        self.count = self.b.shape[1] * (4 * self.b.shape[2] + 1) + self.released.sum(axis=(1, 2)) * self.b.shape[2]
        start = 1.0 / self.count[:, None, None]
        self.z = [start / s for s in self.s]
        self.z[2] = np.where(self.released, self.z[2], 0.0)
        self.cap_z = start[:, :, 0] / self.cap_s
        self.gap = np.ones(runs)
        self.done = np.zeros(runs, dtype=bool)
        self.pull = np.full(runs, 0.15)

    def centre(self) -> None:
        """Start halfway between the rules' path and each period's money spread as in the first: both add up."""
        shares = self.first / np.maximum(self.first.sum(axis=1, keepdims=True), 1e-300)
        self.b = (self.b + shares[:, None] * self.b.sum(axis=2, keepdims=True)) / 2
        self.e = np.where(self.released, (self.e + self.e.mean(axis=2, keepdims=True)) / 2, 0.0)

    def move(self) -> Floats:
        """Return b[p] - b[p-1]."""
        return np.diff(self.b, axis=1, prepend=self.first[:, None])

    def room(self) -> list[Floats]:
        """Return what each inequality by channel leaves; it should be its slack."""
        return [self.b - self.floor, self.most - self.b - self.e, self.e, self.u, self.u - self.move()]

    def cap_room(self) -> Floats:
        """Return what the limit on moves leaves."""
        return np.asarray(2 * self.limit - (2 * self.u - self.move()).sum(axis=2))

    def slope(self) -> Floats:
        """Return F' as a share of the run's revenue, per unit of rate."""
        return self._scaled(self.asked.slope, 1)

    def bend(self) -> Floats:
        """Return F'' likewise."""
        return self._scaled(self.asked.bend, 2)

    def _scaled(self, of: Any, order: int) -> Floats:
        rate = np.concatenate([np.zeros_like(self.b[:, :1]), np.maximum(self.b + self.e, 0)], axis=1) * self.unit
        found = of(rate)[:, 1:] * self.unit**order / self.worth[:, None, None]
        return np.asarray(found)

    def step(self) -> None:
        """Take one Newton step towards the central path, as far as slacks and prices stay above zero."""
        gap = sum((s * z).sum(axis=(1, 2)) for s, z in zip(self.s, self.z, strict=True))
        gap = gap + (self.cap_s * self.cap_z).sum(axis=1)
        target = self.pull * gap / self.count
        left = [g - s for g, s in zip(self.room(), self.s, strict=True)]
        left[2] = np.where(self.released, left[2], 0.0)
        cap_left = self.cap_room() - self.cap_s
        db, de, du = self.newton(target, left, cap_left)
        # Where a system is singular, what has been reached is a point like any other; its gap says how good.
        stuck = np.asarray(~np.isfinite(db + de + du).all(axis=(1, 2)))
        db, de, du = (np.where(stuck[:, None, None], 0.0, d) for d in (db, de, du))
        self.done |= stuck
        dmove = np.diff(db, axis=1, prepend=0)
        ds = [r + d for r, d in zip(left, [db, -db - de, de, du, du - dmove], strict=True)]
        cap_ds = cap_left - (2 * du - dmove).sum(axis=2)
        t = target[:, None, None]
        dz = [t / s - z - z / s * d for s, z, d in zip(self.s, self.z, ds, strict=True)]
        dz[2] = np.where(self.released, dz[2], 0.0)
        cap_dz = t[:, :, 0] / self.cap_s - self.cap_z - self.cap_z / self.cap_s * cap_ds
        # Where nothing is released, e and its slack stay as they are.
        ds[2] = np.where(self.released, ds[2], 0.0)
        pairs = [*zip(self.s, ds, strict=True), *zip(self.z, dz, strict=True)]
        pairs += [(self.cap_s[..., None], cap_ds[..., None]), (self.cap_z[..., None], cap_dz[..., None])]
        far = np.min([_reach(value, change) for value, change in pairs], axis=0)
        far = np.where(self.done, 0.0, np.minimum(1.0, _BOUNDARY * far))[:, None, None]
        # After a short step, aim for the middle of the path before going on along it.
        self.pull = np.where(far[:, 0, 0] > 0.5, 0.1, np.where(far[:, 0, 0] > 0.2, 0.3, 0.8))
        self.b, self.e, self.u = self.b + far * db, self.e + far * de, self.u + far * du
        self.s = [s + far * d for s, d in zip(self.s, ds, strict=True)]
        self.z = [z + far * d for z, d in zip(self.z, dz, strict=True)]
        self.cap_s, self.cap_z = self.cap_s + far[..., 0] * cap_ds, self.cap_z + far[..., 0] * cap_dz
        short = np.max([np.abs(r).max(axis=(1, 2)) for r in left], axis=0)
        self.gap = np.where(self.done, self.gap, gap)
        self.done |= (gap < ACCURACY) & (short < ACCURACY)

    def newton(self, target: Floats, left: list[Floats], cap_left: Floats) -> tuple[Floats, Floats, Floats]:
        """Solve the Newton system: u and e are eliminated within each period, b period by period."""
        stiff = [z / s for s, z in zip(self.s, self.z, strict=True)]
        cap = self.cap_z / self.cap_s
        # Prices as they would be without a change of rates.
        z = [target[:, None, None] / s - k * r for s, k, r in zip(self.s, stiff, left, strict=True)]
        cap_price = (target[:, None] / self.cap_s - cap * cap_left)[..., None]
        slope, curve = self.slope(), stiff[1] - self.bend()
        # e: (curve + stiff2) de + curve db + mu = pull_e
        pull_e = slope - z[1] + z[2]
        soft = np.where(self.released, 1 / (curve + stiff[2]), 0.0)
        share = curve * soft
        # u: (diag(a) + 4 cap 11') du = pull_u + (diag(stiff4) + 2 cap 11') dmove
        a = stiff[3] + stiff[4]
        pull_u = z[3] + z[4] - 2 * cap_price
        give = cap / (1 + 4 * cap * (1 / a).sum(axis=2))
        lean = 2 * stiff[4] / a - 1
        y = (pull_u - 4 * (give * (pull_u / a).sum(axis=2))[..., None]) / a
        pull_move = -z[4] + cap_price + stiff[4] * y + 2 * (cap * y.sum(axis=2))[..., None]
        tie = give[:, :, None, None] * lean[:, :, :, None] * lean[:, :, None, :]
        tie = tie + _diagonal(stiff[3] * stiff[4] / a)
        pull_b = slope + z[0] - z[1] - share * pull_e + pull_move
        pull_b[:, :-1] -= pull_move[:, 1:]
        db, mu = self.tridiagonal(curve * (1 - share) + stiff[0], tie, share, soft, pull_b, (soft * pull_e).sum(axis=2))
        de = soft * (pull_e - curve * db - mu[..., None])
        dmove = np.diff(db, axis=1, prepend=0)
        right = pull_u + stiff[4] * dmove + 2 * (cap * dmove.sum(axis=2))[..., None]
        du = (right - 4 * (give * (right / a).sum(axis=2))[..., None]) / a
        return db, de, du

    def tridiagonal(
        self, own: Floats, tie: Floats, share: Floats, soft: Floats, pull: Floats, mu_pull: Floats
    ) -> tuple[Floats, Floats]:
        """Solve for the change of b, with the multipliers of both sums in each period, by block elimination."""
        runs, count, width = own.shape
        block = np.zeros((runs, count, width + 2, width + 2))
        block[:, :, :width, :width] = _diagonal(own) + tie
        block[:, :-1, :width, :width] += tie[:, 1:]
        block[:, :, :width, width] = block[:, :, width, :width] = 1.0
        block[:, :, :width, width + 1] = block[:, :, width + 1, :width] = -share
        block[:, :, width + 1, width + 1] = np.where(self.released[..., 0], -soft.sum(axis=2), -1.0)
        right = np.zeros((runs, count, width + 2))
        right[:, :, :width], right[:, :, width + 1] = pull, -mu_pull
        out = kernel.eliminate(block, tie, right)
        return out[:, :, :width], out[:, :, width + 1]


def _diagonal(values: Floats) -> Floats:
    return values[..., None] * np.eye(values.shape[-1])


def _reach(value: Floats, change: Floats) -> Floats:
    """Return the largest step at which every value stays at or above zero, by run."""
    falling = change < 0
    ratio = np.where(falling, -value / np.where(falling, change, -1.0), np.inf)
    return np.asarray(ratio.min(axis=(1, 2)))
