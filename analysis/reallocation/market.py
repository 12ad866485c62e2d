"""What would an hour's spend in a channel earn, in a market that fitted curves and chance make up?

A day's demand is spread over its hours by weights w that add up to 1, and an hour in which x is spent earns

    g(x) = multiplier[phase] * demand * health * w * f(x / (w * price)),

with f the channel's response per day. Spread by w, a day's spend therefore earns exactly multiplier * f(day's spend).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import pdtrik

from analysis.arrays import Bools, Floats, Ints
from analysis.reallocation.money import CENTS
from analysis.reallocation.responses import Responses
from analysis.reallocation.rules import MarketSettings, hours


@dataclass(frozen=True, slots=True, kw_only=True)
class Market:
    """What everybody in the market knows: the hours, what was fitted, what a channel can take up.

    Parameters
    ----------
    channels : tuple of str
    weight : ndarray, shape (hours,)
        Share of its day's demand that falls in each hour.
    phase : ndarray of int, shape (hours,)
        Which of the phases an hour is in.
    multiplier : ndarray, shape (phases, channels)
        Fitted demand in each phase.
    fitted : Responses
        Point estimates, per day.
    draws : tuple of ndarray, each of shape (draws, 2 + phases)
        By channel: ceiling and half-saturation per day, and the phases' multipliers.
    most : ndarray, shape (channels,)
        Money a day that a channel takes up.
    sigma : ndarray, shape (channels,)
        Noise of a day's revenue: standard deviation of its log.
    order_value : float
    settings : MarketSettings
    """

    channels: tuple[str, ...]
    weight: Floats
    phase: Ints
    multiplier: Floats
    fitted: Responses
    draws: tuple[Floats, ...]
    most: Floats
    sigma: Floats
    order_value: float
    settings: MarketSettings

    @property
    def capacity(self) -> Ints:
        """Cents that each channel takes up in each hour, shape (hours, channels)."""
        return np.asarray(np.floor(CENTS * self.weight[:, None] * self.most), dtype=np.int64)

    def forecast(self, spend: Floats, at: slice) -> Floats:
        """Return the revenue the fitted curves expect of hourly spend, shape (..., hours, channels)."""
        weight = self.weight[at, None]
        return np.asarray(self.multiplier[self.phase[at]] * weight * self.fitted.value(spend / weight))


@dataclass(frozen=True, slots=True, kw_only=True)
class Truth:
    """What no rule sees: each run's curves, shocks and luck. The first axis is the run.

    Parameters
    ----------
    curves : Responses
        Of shape (runs, 1, channels).
    multiplier : ndarray, shape (runs, phases, channels)
    demand, price : ndarray, shape (runs, hours)
        Multiples of the usual.
    health : ndarray, shape (runs, hours, channels)
        Share of a channel's response that is left.
    noise : ndarray, shape (runs, hours, channels)
        Revenue seen over revenue expected; mean 1.
    luck : ndarray, shape (runs, hours)
        Uniform; which quantile of the Poisson distribution the orders of an hour are.
    surging : ndarray of bool, shape (runs, hours)
        Whether a surge is on.
    """

    curves: Responses
    multiplier: Floats
    demand: Floats
    price: Floats
    health: Floats
    noise: Floats
    luck: Floats
    surging: Bools

    def revenue(self, market: Market, spend: Floats, at: slice = slice(None)) -> Floats:
        """Return expected revenue of hourly spend, shape (runs, hours, channels), in the hours `at`."""
        weight = market.weight[None, at, None]
        value = self.curves.value(spend / (weight * self.price[:, at, None]))
        return self.strength(market, at) * value

    def strength(self, market: Market, at: slice = slice(None)) -> Floats:
        """Return what multiplies the daily response in each hour, shape (runs, hours, channels)."""
        phase = self.multiplier[:, market.phase[at]]
        return np.asarray(phase * market.weight[None, at, None] * self.demand[:, at, None] * self.health[:, at])

    def orders(self, market: Market, revenue: Floats, at: slice) -> Floats:
        """Return orders per hour when `revenue` (runs, hours) is taken: Poisson, equal luck for every policy."""
        mean = revenue / market.order_value
        return np.where(mean > 0, np.maximum(np.ceil(pdtrik(self.luck[:, at], np.maximum(mean, 1e-9))), 0), 0.0)


def draw(market: Market, runs: int, seed: int) -> Truth:
    """Draw each run's truth.

    Every kind of chance has its own stream of random numbers, so that changing one setting leaves the others' draws
    as they were.
    """
    curves, surges, failures, noise, luck = np.random.default_rng(seed).spawn(5)
    length, width = len(market.weight), len(market.channels)
    settings = market.settings
    surging = _surges(settings, runs, length, surges)
    chosen = _chosen(market, runs, curves)
    return Truth(
        curves=Responses(market.fitted.forms, chosen[:, None, :, 0], chosen[:, None, :, 1]),
        multiplier=np.moveaxis(chosen[:, :, 2:], 2, 1),
        demand=np.where(surging, settings.surge_size, 1.0),
        price=np.where(surging, 1 + settings.surge_price, 1.0),
        health=_failures(settings, runs, length, width, failures),
        noise=_noise(market, noise.standard_normal((runs, length, width))),
        luck=np.clip(luck.random((runs, length)), 1e-12, 1 - 1e-12),
        surging=surging,
    )


def _chosen(market: Market, runs: int, rng: np.random.Generator) -> Floats:
    """Draw a row of each channel's bootstrap for each run, shape (runs, channels, 2 + phases)."""
    return np.stack([own[rng.integers(len(own), size=runs)] for own in market.draws], axis=1)


def _surges(settings: MarketSettings, runs: int, length: int, rng: np.random.Generator) -> Bools:
    """Place surges at random hours; where two overlap, demand is that of one."""
    count = rng.poisson(settings.surges, size=runs)
    busy = np.zeros((runs, length), dtype=bool)
    for run, start in zip(np.repeat(np.arange(runs), count), rng.integers(length, size=count.sum()), strict=True):
        busy[run, start : start + hours(settings.surge_lasts)] = True
    return busy


def _failures(settings: MarketSettings, runs: int, length: int, width: int, rng: np.random.Generator) -> Floats:
    count = rng.poisson(settings.failures, size=runs)
    health = np.ones((runs, length, width))
    places = rng.integers(length, size=count.sum()), rng.integers(width, size=count.sum())
    for run, start, channel in zip(np.repeat(np.arange(runs), count), *places, strict=True):
        health[run, start : start + hours(settings.replaced_after), channel] = settings.failure_share
    return health


def _noise(market: Market, normal: Floats) -> Floats:
    """Scale hourly noise so that a day's revenue, spent by w, has the daily variance exp(sigma^2) - 1."""
    gathered = 24 * float(np.mean(market.weight**2))  # the sum of w^2 over a day
    sigma = np.sqrt(np.log1p(np.expm1(market.sigma**2) / gathered))
    return np.exp(sigma * normal - sigma**2 / 2)
