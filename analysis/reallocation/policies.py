"""How much does a fixed split, and how much do the rules, spend in each channel and hour?

Both follow one bookkeeping. A channel's money that is left is due evenly over the demand that is left, so what a
channel could not take up is planned again for its remaining hours, and what it still cannot take up stays unspent.
Between two adjustments rates are constant, so a whole adjustment period of all runs is worked out at once.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from analysis.arrays import Floats, Ints
from analysis.reallocation.market import Market, Truth
from analysis.reallocation.money import CENTS, shared, spread
from analysis.reallocation.responses import Responses, waterfill
from analysis.reallocation.rules import Rules, hours

STRAY = 0.3
"""How far a channel's level of response is believed to stray from its fitted curve (standard deviation, share)."""
LEAST = 0.01
"""Share of a step below which a channel has nothing to give or no room to take."""
CHANCE = 2.0
"""Standard deviations of a Poisson count by which orders must exceed the forecast to count as a breach at all."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Path:
    """What one policy did; all amounts in cents, the first axis is the run.

    Parameters
    ----------
    spent : ndarray of int, shape (runs, hours, channels)
    reserved, unspent : ndarray of int, shape (runs, hours)
        At the end of each hour: held back, and planned but not spent.
    """

    spent: Ints
    reserved: Ints
    unspent: Ints


@dataclass(frozen=True, slots=True, kw_only=True)
class Moves:
    """What the rules saw and did at the end of each adjustment period; the axes are (runs, periods, ...).

    Parameters
    ----------
    base, extra : ndarray of int, shape (runs, periods, channels)
        Cents spent of the working budget, and of money released from the reserve.
    limit : ndarray, shape (runs, periods)
        Rate (a day, in currency) that the adjustment before the period was allowed to move.
    before, after : ndarray, shape (runs, periods, channels)
        Planned rates (a day, in currency) around the adjustment at the period's end.
    low, high : ndarray of int, shape (runs, periods)
        Channels with the lowest marginal ROI among those that may give, the highest among those that may take; -1.
    roi_low, roi_high : ndarray, shape (runs, periods)
    moved : ndarray of int, shape (runs, periods)
        Cents moved, over the rest of the campaign.
    released : ndarray of int, shape (runs, periods, channels)
        Cents drawn from the reserve for the next period.
    returned : ndarray of int, shape (runs, periods)
        Cents released for the period that was not taken up and went back.
    marginal : ndarray, shape (runs, periods, channels)
        Estimated marginal ROI.
    orders, expected : ndarray, shape (runs, evaluations)
    surge : ndarray of bool, shape (runs, evaluations)
        Whether a surge stands declared.
    """

    base: Ints
    extra: Ints
    limit: Floats
    before: Floats
    after: Floats
    low: Ints
    high: Ints
    roi_low: Floats
    roi_high: Floats
    moved: Ints
    released: Ints
    returned: Ints
    marginal: Floats
    orders: Floats
    expected: Floats
    surge: np.ndarray


def periods(length: int, every: int) -> list[slice]:
    """Cut a campaign's hours into adjustment periods; the last may be shorter."""
    return [slice(start, min(start + every, length)) for start in range(0, length, every)]


def fixed(market: Market, plan: Ints, reserve: int, runs: int) -> Path:
    """Spend each channel's share of the working budget evenly over demand; it is the same in every run.

    Parameters
    ----------
    plan : ndarray of int, shape (channels,)
        Cents of the working budget by channel.
    """
    left, parts = plan[None].copy(), []
    for at in periods(len(market.weight), 24):
        taken = np.minimum(spread(left, _due(market, at)), market.capacity[at])
        left = left - taken.sum(axis=1)
        parts.append(taken)
    return path(np.repeat(np.concatenate(parts, axis=1), runs, axis=0), np.array([[reserve]]), int(plan.sum()))


def resplit(rules: Rules, market: Market, plan: Ints) -> Ints:
    """Return a plan split once, before the first hour, by the fitted curves: the same money, floors kept.

    Parameters
    ----------
    plan : ndarray of int, shape (channels,)
        Cents by channel.

    Returns
    -------
    ndarray of int, shape (channels,)
        Adds up to the plan's.
    """
    days = float(market.weight.sum())
    demand = market.multiplier[market.phase].T @ market.weight / days
    floor = rules.floor * plan / CENTS / days
    free, rate = np.ones(len(plan), bool), floor.copy()
    for _ in plan:  # a channel that the best spread gives less than its floor keeps that, and the rest is spread anew
        left = float(plan.sum()) / CENTS / days - float(floor[~free].sum())
        best, _price = waterfill(market.fitted, np.where(free, demand, 0.0), np.ones(len(plan)), market.most, left)
        rate = np.where(free, best, floor)
        below = free & (rate < floor * (1 - 1e-9))
        if not below.any():
            break
        free &= ~below
    return shared(np.array(plan.sum()), rate)


def path(spent: Ints, reserved: Ints, working: int, drawn: Ints | None = None) -> Path:
    """Complete a path: what is neither spent nor reserved is unspent."""
    total = working + (reserved if drawn is None else reserved + drawn)
    held = np.broadcast_to(reserved, spent.shape[:2])
    return Path(spent=spent, reserved=held, unspent=total - held - spent.sum(axis=2).cumsum(axis=1))


def _due(market: Market, at: slice) -> Floats:
    """Return the share of what is left that is due by the end of each hour."""
    due = np.cumsum(market.weight[at]) / market.weight[at.start :].sum()
    if at.stop >= len(market.weight):
        due[-1] = 1.0  # rounding must not leave a cent behind
    return np.asarray(due)


def follow(rules: Rules, market: Market, truth: Truth, plan: Ints, reserve: int) -> tuple[Path, Moves]:
    """Let the rules run through every simulated campaign."""
    desk = _Desk(rules, market, truth, plan, reserve)
    every = periods(len(market.weight), hours(rules.adjust_every))
    for at in every:
        desk.spend(at)
        desk.evaluate(at)
        if at is not every[-1]:
            desk.adjust(at)
        else:
            desk.close()
    return desk.path(), desk.moves()


class _Desk:
    """The rules at work: the money that is left, what was seen, and what was done about it."""

    def __init__(self, rules: Rules, market: Market, truth: Truth, plan: Ints, reserve: int) -> None:
        runs, length, width = truth.health.shape
        self.rules, self.market, self.truth, self.plan, self.initial = rules, market, truth, plan, reserve
        self.left = np.repeat(plan[None], runs, axis=0)
        self.reserve = np.full(runs, reserve)
        self.release = np.zeros((runs, width), dtype=np.int64)
        self.limit = np.zeros(runs)
        self.streak = np.zeros(runs, dtype=np.int64)
        self.spent = np.zeros((runs, length, width), dtype=np.int64)
        self.reserved = np.zeros((runs, length), dtype=np.int64)
        self.seen, self.forecast = np.zeros((runs, length, width)), np.zeros((runs, length, width))
        self.orders = np.zeros((runs, length))
        self.log: list[dict[str, np.ndarray]] = []
        self.evaluations: list[tuple[Floats, Floats, np.ndarray]] = []

    # ---- spending -----------------------------------------------------------------------------------------

    def spend(self, at: slice) -> None:
        """Spend through a period, and see what the market returns."""
        market, truth = self.market, self.truth
        base = np.minimum(spread(self.left, _due(market, at)), market.capacity[at])
        hourly = spread(self.release, np.cumsum(market.weight[at]) / market.weight[at].sum())
        extra = np.minimum(hourly, market.capacity[at] - base)
        self.left = self.left - base.sum(axis=1)
        self.spent[:, at] = base + extra
        self.reserved[:, at] = self.reserve[:, None]
        spent = self.spent[:, at] / CENTS
        self.seen[:, at] = truth.revenue(market, spent, at) * truth.noise[:, at]
        self.forecast[:, at] = market.forecast(spent, at)
        self.orders[:, at] = truth.orders(market, self.seen[:, at].sum(axis=2), at)
        unused = self.release.sum(axis=1) - extra.sum(axis=(1, 2))
        self.reserve = self.reserve + unused
        self.log.append({"base": base.sum(axis=1), "extra": extra.sum(axis=1), "limit": self.limit, "returned": unused})

    # ---- looking ------------------------------------------------------------------------------------------

    def evaluate(self, at: slice) -> None:
        """Look at the figures as often as the rules say, and count evaluations in breach."""
        step = hours(self.rules.evaluate_every)
        for end in range(at.start + step, at.stop + 1, step):
            window = slice(end - step, end)
            orders = self.orders[:, window].sum(axis=1)
            expected = self.forecast[:, window].sum(axis=(1, 2)) / self.market.order_value
            # A ratio alone would fire on three orders in a quiet night.
            breach = (orders > self.rules.surge_ratio * expected) & (orders - expected > CHANCE * np.sqrt(expected))
            self.streak = np.where(breach, self.streak + 1, 0)
            self.evaluations.append((orders, expected, self.streak >= self.rules.surge_evaluations))

    def levels(self, at: slice) -> Floats:
        """Return each channel's level: what multiplies its fitted curve, given what was seen, (runs, channels).

        Its marginal ROI is then elasticity x ROI: the fitted curve's elasticity at the current rate, and the ROI
        seen over the lookback, drawn towards the curve's own by Buhlmann's credibility: the variance of levels
        over itself plus that of the figure (a day's noise, and a Poisson count of orders). No spend, no weight.
        """
        window = slice(max(0, at.stop - hours(self.rules.lookback)), at.stop)
        seen, forecast = (part[:, window].sum(axis=1) for part in (self.seen, self.forecast))
        known = forecast > 0
        days = self.market.weight[window].sum()
        noise = np.expm1(self.market.sigma**2) / days
        noise = noise + self.market.order_value / np.where(known, forecast, 1.0)
        weight = np.where(known, STRAY**2 / (STRAY**2 + noise), 0.0)
        return np.asarray(1 + weight * (seen / np.where(known, forecast, 1.0) - 1))

    # ---- acting -------------------------------------------------------------------------------------------

    def adjust(self, at: slice) -> None:
        """Move budget from the lowest to the highest marginal ROI; draw on the reserve if a surge is declared."""
        rest = self.market.weight[at.stop :].sum() * CENTS
        strength = self.levels(at) * self.market.multiplier[self.market.phase[at.stop]]
        before = self.left / rest
        done = self.shift(before, strength, rest)
        after = self.left / rest
        self.limit = self.rules.step * self.left.sum(axis=1) / rest
        self.release = self.draw(np.minimum(after, self.market.most), strength, at.stop)
        self.reserve = self.reserve - self.release.sum(axis=1)
        self.log[-1] |= done | {"before": before, "after": after, "released": self.release}

    def shift(self, rates: Floats, strength: Floats, rest: float) -> dict[str, np.ndarray]:
        """Move up to a step, and no further than where both channels' marginal ROI meet."""
        market, rows = self.market, np.arange(len(rates))
        step = self.rules.step * self.left.sum(axis=1)
        # A channel a few cents off its floor or its capacity, by rounding, must not use up an adjustment.
        crumb = np.maximum(LEAST * step, 1)[:, None]
        marginal = np.where(rates > market.most, 0.0, strength * market.fitted.slope(rates))
        keep = np.ceil(self.rules.floor * self.plan / CENTS / market.weight.sum() * rest).astype(np.int64)
        gives = self.left - keep > crumb
        takes = (market.most - rates) * rest > crumb
        low = np.where(gives, marginal, np.inf).argmin(axis=1)
        high = np.where(takes, marginal, -np.inf).argmax(axis=1)
        able = gives.any(axis=1) & takes.any(axis=1) & (low != high)
        roi_low, roi_high = marginal[rows, low], marginal[rows, high]
        ask = able & (roi_high >= self.rules.min_advantage * roi_low) & (roi_high > roi_low)
        most = np.minimum(step, (self.left - keep)[rows, low])
        most = np.minimum(most, (market.most - rates)[rows, high] * rest)
        even = _meet(market.fitted, strength, rates, market.most, low, high, np.maximum(most, 0) / rest)
        moved = np.where(ask, np.floor(np.minimum(most, even * rest)), 0).astype(np.int64)
        np.subtract.at(self.left, (rows, low), moved)
        np.add.at(self.left, (rows, high), moved)
        gone = np.where(able, 0, -1)
        return {
            "low": np.where(able, low, gone),
            "high": np.where(able, high, gone),
            "roi_low": roi_low,
            "roi_high": roi_high,
            "moved": moved,
            "marginal": marginal,
        }

    def draw(self, rates: Floats, strength: Floats, start: int) -> Ints:
        """Return what the reserve gives for the next period: to the highest marginal ROI, while that is enough."""
        out = np.zeros_like(self.release)
        after = slice(start, start + hours(self.rules.adjust_every))
        days = self.market.weight[after].sum()
        most = np.minimum(self.reserve, np.int64(np.floor(self.rules.release * self.initial)))
        for run in np.flatnonzero(self.evaluations[-1][2] & (most > 0)):
            wanted = _top_up(self.market, strength[run], rates[run], most[run] / CENTS / days, self.rules.min_roi)
            amount = np.array(min(int(most[run]), int(wanted.sum() * days * CENTS)))
            out[run] = shared(amount, wanted)
        return out

    def close(self) -> None:
        """After the last period nothing is left to decide."""
        runs, width = self.left.shape
        nothing, none = np.zeros(runs, dtype=np.int64), np.full(runs, -1)
        self.log[-1] |= {
            "low": none, "high": none, "moved": nothing,
            "roi_low": np.full(runs, np.nan), "roi_high": np.full(runs, np.nan),
            "marginal": np.full((runs, width), np.nan), "released": np.zeros((runs, width), dtype=np.int64),
            "before": np.zeros((runs, width)), "after": np.zeros((runs, width)),
        }  # fmt: skip

    # ---- the record ---------------------------------------------------------------------------------------

    def path(self) -> Path:
        """Return the money, hour by hour; released money that was not taken up is back once its period ends."""
        reserved = self.reserved.copy()
        reserved[:, -1] = self.reserve
        return path(self.spent, reserved, int(self.plan.sum()), self.initial - reserved)

    def moves(self) -> Moves:
        """Return what was seen and done, stacked by period and by evaluation."""
        stacked = {name: np.stack([entry[name] for entry in self.log], axis=1) for name in self.log[0]}
        runs = len(self.left)
        columns = zip(*self.evaluations, strict=True) if self.evaluations else [()] * 3
        orders, expected, surge = (np.array(c).T if len(c) else np.zeros((runs, 0)) for c in columns)
        return Moves(**stacked, orders=orders, expected=expected, surge=surge.astype(bool))


def _meet(
    curves: Responses, strength: Floats, rates: Floats, most: Floats, low: Ints, high: Ints, upto: Floats
) -> Floats:
    """Return how much to move so that both estimated marginal ROIs meet, at most `upto`."""
    rows, least, largest = np.arange(len(rates)), np.zeros(len(rates)), upto.copy()
    for _ in range(40):
        middle = (least + largest) / 2
        tried = rates.copy()
        tried[rows, low] -= middle
        tried[rows, high] += middle
        slope = np.where(tried > most, 0.0, strength * curves.slope(np.maximum(tried, 0)))
        short = slope[rows, high] > slope[rows, low]
        least, largest = np.where(short, middle, least), np.where(short, largest, middle)
    return largest


def _top_up(market: Market, strength: Floats, rates: Floats, rate: float, min_roi: float) -> Floats:
    """Return rates to add so that the released rate earns most at the estimate, none below `min_roi`."""
    room = market.most - rates
    start = strength * market.fitted.slope(rates)

    def wanted(price: float) -> Floats:
        upto = market.fitted.spend_at(price / np.maximum(strength, 1e-300))
        return np.clip(np.where(strength > 0, upto, 0.0) - rates, 0, np.maximum(room, 0))

    low, high = max(min_roi, 1e-9 * float(start.max())), float(start.max())
    if high <= low:
        return np.zeros_like(rates)
    if wanted(low).sum() <= rate:
        return wanted(low)
    for _ in range(60):
        middle = float(np.sqrt(low * high))
        low, high = (middle, high) if wanted(middle).sum() > rate else (low, middle)
    return wanted(high)
