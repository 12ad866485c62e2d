"""What would an hour's spend in a channel earn, in a market that fitted curves and chance make up?"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from analysis.arrays import Floats, Ints
from analysis.budget.curves.forms import FAMILIES
from analysis.errors import DataError
from analysis.messages import say
from analysis.reallocation.responses import Responses
from analysis.reallocation.rules import SHOCKS, Card, MarketSettings
from analysis.reallocation.state import CENTS
from analysis.reallocation.world import ANYTIME, ANYWHERE, EVERYWHERE, World
from analysis.rules.conditions import hours


@dataclass(frozen=True, slots=True, kw_only=True)
class Market:
    """What everybody in the market knows: the hours, what was fitted, what a channel can take up.

    Parameters
    ----------
    channels : tuple of str
    times : DatetimeIndex
        Each hour's local time, naive.
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
    times: pd.DatetimeIndex
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
    def days(self) -> float:
        """Demand of the campaign, in days."""
        return float(self.weight.sum())

    def world(self, plan: Ints, actual: Floats | None = None) -> World:
        """Return the market as arrays.

        Parameters
        ----------
        plan : ndarray of int, shape (channels,)
            Cents; tells how much of the noise is the count of orders.
        actual : ndarray, shape (2, hours, channels), optional
            Spend and revenue that really were: the campaign is then played as it was, without chance.
        """
        settings, width = self.settings, len(self.channels)
        rest = np.append(np.cumsum(self.weight[::-1])[::-1], 0.0)
        last = self.times[-1:] + pd.Timedelta(hours=1)
        clock = pd.DatetimeIndex(self.times.append(last))
        day = (clock.normalize() - clock[0].normalize()).days.to_numpy() + 1
        draws = np.zeros((width, max(map(len, self.draws)), 2 + len(self.multiplier)))
        for c, own in enumerate(self.draws):
            draws[c, : len(own)] = own
        sway, noise = self._noise(plan)
        family = [FAMILIES.index(form) for form in self.fitted.forms]
        learning = hours(settings.learning) if settings.learning else 0
        return World(
            hours=np.array([np.append(self.weight, 0.0), rest]),
            clock=np.array(
                [np.append(self.phase, 0), clock.hour, clock.day_of_week + 1, np.minimum(day, day[-2])], dtype=np.int64
            ),
            kinds=np.array([family, [len(own) for own in self.draws]], dtype=np.int64),
            channels=np.array(
                [self.fitted.ceiling, self.fitted.half, self.most, noise, np.expm1(noise**2), sway, self.stay()],
                dtype=float,
            ),
            multiplier=np.ascontiguousarray(self.multiplier, dtype=float),
            draws=draws,
            cap=self._cap(actual),
            cards=np.array([self._card(card) for card in settings.dealt()], dtype=float).reshape(-1, 9),
            numbers=np.array(
                [
                    self.order_value,
                    settings.level_error,
                    settings.dearer,
                    settings.learning_cost,
                    learning,
                    actual is not None,
                ],
                dtype=float,
            ),
            pacing=self._pacing(rest, actual),
            actual=np.zeros((2, 0, width)) if actual is None else np.ascontiguousarray(actual),
        )

    def _cap(self, actual: Floats | None) -> Ints:
        """Return the cents that channels take up in each hour: no less than they did."""
        cap = np.floor(CENTS * self.weight[:, None] * self.most)
        return (cap if actual is None else np.maximum(cap, np.ceil(CENTS * actual[0]))).astype(np.int64)

    def _pacing(self, rest: Floats, actual: Floats | None) -> Floats:
        """Return the share of what is left that is due in each hour: by demand, or as it really was spent."""
        even = np.repeat((self.weight / rest[:-1])[:, None], len(self.channels), axis=1)
        if actual is None:
            return even
        still = np.cumsum(actual[0][::-1], axis=0)[::-1]
        return np.where(still > 1 / CENTS, actual[0] / np.maximum(still, 1 / CENTS), even)

    def _noise(self, plan: Ints) -> tuple[Floats, Floats]:
        """Return what sways a day besides the count of its orders, and the hourly noise that comes to it.

        A Poisson count of n orders has the relative variance 1/n; what a day's noise has above that is spread over
        hours in which demand falls by weight.
        """
        rate = plan / CENTS / self.days
        revenue = (self.multiplier[self.phase].T @ self.weight) / self.days * self.fitted.value(rate)
        count = np.maximum(revenue / self.order_value, 1e-9)
        sway = np.maximum(np.expm1(self.sigma**2) - 1.0 / count, 0.0)
        gathered = 24 * float(np.mean(self.weight**2))  # the sum of w^2 over a day
        return sway, np.sqrt(np.log1p(sway / gathered))

    def stay(self) -> Floats:
        """Return by channel the share of orders still to come that has not come an hour later."""
        usual = hours(self.settings.conversion_delay) if self.settings.conversion_delay else 0
        own = dict(self.settings.delays)
        for name in own:
            self._known(name)
        delay = np.array([own.get(name, usual) for name in self.channels], dtype=float)
        return np.where(delay > 0, np.exp(-1.0 / np.where(delay > 0, delay, 1.0)), 0.0)

    def _known(self, name: str) -> int:
        if name not in self.channels:
            raise DataError.unknown(say("channel with a response curve"), name, self.channels)
        return self.channels.index(name)

    def _card(self, card: Card) -> list[float]:
        shock = SHOCKS[card.shock]
        sizes = {name: getattr(shock, name) for name in ("demand", "price", "health", "tracked")}
        if card.size is not None:
            sizes[shock.size] = card.size
        if card.shock == "surge":
            sizes["price"] = 1 + self.settings.surge_price
        where = EVERYWHERE if shock.everywhere else ANYWHERE
        at = hours(card.at) if card.at else ANYTIME
        where = self._known(card.channel) if card.channel else where
        return [*sizes.values(), where, at, hours(card.lasts or shock.lasts), card.times, card.shock == "surge"]
