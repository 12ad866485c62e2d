"""What does the next unit of money earn, for many channels, hours and simulated truths at once?

The three concave forms of :mod:`analysis.budget`, on arrays whose last axis is the channel, with what an
optimiser needs: value, slope, curvature and the spend at which the slope has fallen to a given height.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Responses:
    """Response curves of several channels.

    Parameters
    ----------
    forms : tuple of {"hyperbolic", "exponential", "logarithmic"}
        One per channel.
    ceiling, half : ndarray, shape (..., channels)
        Scale of the response and of the spend; spend and response are per day.

    Examples
    --------
    >>> curve = Responses(("hyperbolic",), np.array([100.0]), np.array([50.0]))
    >>> curve.value(np.array([50.0])), curve.slope(np.array([0.0]))
    (array([50.]), array([2.]))
    """

    forms: tuple[str, ...]
    ceiling: Floats
    half: Floats

    def value(self, spend: Floats) -> Floats:
        """Return the response to `spend`."""
        return self._by_form(_VALUE, spend / self.half) * self.ceiling

    def slope(self, spend: Floats) -> Floats:
        """Return the response to one more unit (the marginal ROI)."""
        return self._by_form(_SLOPE, spend / self.half) * (self.ceiling / self.half)

    def bend(self, spend: Floats) -> Floats:
        """Return the second derivative, below zero."""
        return self._by_form(_BEND, spend / self.half) * (self.ceiling / self.half**2)

    def spend_at(self, slope: Floats) -> Floats:
        """Return the spend at which the slope has fallen to `slope`; 0 where it begins lower."""
        start = self.ceiling / self.half
        fall = np.where(start > 0, slope / np.where(start > 0, start, 1.0), np.inf)
        return self._by_form(_INVERSE, np.clip(fall, 1e-300, 1.0)) * self.half

    def run(self, index: int) -> Responses:
        """Return the curves of one run, where the first axis is the run."""
        return Responses(self.forms, self.ceiling[index], self.half[index])

    def _by_form(self, functions: dict[str, Callable[[Floats], Floats]], x: Floats) -> Floats:
        if len(set(self.forms)) == 1:
            return functions[self.forms[0]](x)
        out = np.empty_like(x)
        for form in set(self.forms):
            own = [c for c, f in enumerate(self.forms) if f == form]
            out[..., own] = functions[form](x[..., own])
        return out


# Each form in units of its own half-saturation and ceiling; the inverse takes a slope as a share of the first.
_VALUE: dict[str, Callable[[Floats], Floats]] = {
    "hyperbolic": lambda x: x / (1 + x),
    "exponential": lambda x: -np.expm1(-x),
    "logarithmic": np.log1p,
}
_SLOPE: dict[str, Callable[[Floats], Floats]] = {
    "hyperbolic": lambda x: 1 / (1 + x) ** 2,
    "exponential": lambda x: np.exp(-x),
    "logarithmic": lambda x: 1 / (1 + x),
}
_BEND: dict[str, Callable[[Floats], Floats]] = {
    "hyperbolic": lambda x: -2 / (1 + x) ** 3,
    "exponential": lambda x: -np.exp(-x),
    "logarithmic": lambda x: -1 / (1 + x) ** 2,
}
_INVERSE: dict[str, Callable[[Floats], Floats]] = {
    "hyperbolic": lambda s: 1 / np.sqrt(s) - 1,
    "exponential": lambda s: -np.log(s),
    "logarithmic": lambda s: 1 / s - 1,
}


def waterfill(curves: Responses, weight: Floats, width: Floats, most: Floats, budget: float) -> tuple[Floats, float]:
    """Spread a budget so that every cell's next unit earns the same: the best spread of concave responses.

    Maximises ``sum(weight * f(x / width))`` over ``0 <= x <= most`` with ``sum(x) <= budget``. The spend at a
    shadow price is known in closed form and falls as the price rises, so the price is found by bisection
    (Gross 1956; Patriksson 2008, *A survey on the continuous nonlinear resource allocation problem*).

    Parameters
    ----------
    curves : Responses
    weight, width, most : ndarray, shape (..., channels)
    budget : float

    Returns
    -------
    spend : ndarray
        Adds up to the budget, or to all that can be taken up.
    price : float
        Response to one more unit of budget; 0 where the budget is not exhausted.

    Examples
    --------
    >>> curves = Responses(("logarithmic",) * 4, np.array([120.0, 90, 60, 40]), np.array([300.0, 200, 150, 400]))
    >>> spend, price = waterfill(curves, np.ones(4), np.ones(4), np.full(4, np.inf), 1000)
    >>> spend.round(2).tolist(), round(price, 6)
    ([433.33, 350.0, 216.67, 0.0], 0.163636)
    """
    if most.sum() <= budget:
        return most.astype(float), 0.0
    first = weight / width * curves.ceiling / curves.half

    def spend(price: float) -> Floats:
        wanted = width * curves.spend_at(price * width / np.where(weight > 0, weight, 1.0))
        return np.where(weight > 0, np.minimum(wanted, most), 0.0)

    low, high = 0.0, float(first.max())
    if high <= 0:
        return np.zeros_like(most, dtype=float), 0.0
    low = _below(spend, high, budget)
    for _ in range(200):
        middle = np.sqrt(low * high)
        if middle <= low or middle >= high or high / low < 1 + 1e-14:
            break
        low, high = (middle, high) if spend(middle).sum() > budget else (low, middle)
    more, less = spend(low), spend(high)
    gap = more.sum() - less.sum()
    share = (budget - less.sum()) / gap if gap > 0 else 0.0
    return less + np.clip(share, 0.0, 1.0) * (more - less), high


def _below(spend: Callable[[float], Floats], high: float, budget: float) -> float:
    """Return a price so low that more than the budget is wanted (or one that no longer matters)."""
    low = high / 2
    while spend(low).sum() <= budget and low > high * 1e-250:
        low = low * (low / high) if low < high / 2 else low / 4
    return low
