"""What does the next unit of money earn, for many channels, hours and simulated truths at once?

The concave forms of :mod:`analysis.budget.curves.forms`, on arrays whose last axis is the channel, with what an
optimiser needs: value, slope, curvature and the spend at which the slope has fallen to a given height.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy.optimize import brentq

from analysis.arrays import Floats
from analysis.budget.curves.forms import FORMS


@dataclass(frozen=True, slots=True)
class Responses:
    """Response curves of several channels.

    Parameters
    ----------
    forms : tuple of str
        One per channel; names in :data:`analysis.budget.curves.forms.FORMS`.
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
        return self._by_form("unit", spend / self.half) * self.ceiling

    def slope(self, spend: Floats) -> Floats:
        """Return the response to one more unit (the marginal ROI)."""
        return self._by_form("unit_slope", spend / self.half) * (self.ceiling / self.half)

    def bend(self, spend: Floats) -> Floats:
        """Return the second derivative, which is not above zero."""
        return self._by_form("unit_bend", spend / self.half) * (self.ceiling / self.half**2)

    def spend_at(self, slope: Floats) -> Floats:
        """Return the spend at which the slope has fallen to `slope`; 0 where it begins lower."""
        start = self.ceiling / self.half
        fall = np.where(start > 0, slope / np.where(start > 0, start, 1.0), np.inf)
        return self._by_form("unit_spend", np.maximum(fall, _FLAT)) * self.half

    def run(self, index: int) -> Responses:
        """Return the curves of one run, where the first axis is the run."""
        return Responses(self.forms, self.ceiling[index], self.half[index])

    def _by_form(self, name: str, x: Floats) -> Floats:
        if len(set(self.forms)) == 1:
            return np.asarray(_SHAPES[self.forms[0]][name](x))
        out = np.empty(np.broadcast_shapes(x.shape, (len(self.forms),)))
        for form in set(self.forms):
            own = [c for c, f in enumerate(self.forms) if f == form]
            out[..., own] = _SHAPES[form][name](x[..., own])
        return out


_FLAT = 1e-250
_LN2, _TANH = np.log(2.0), np.arctanh(0.5)
_MORE: dict[str, dict[str, Callable[[Floats], Floats]]] = {
    "hyperbolic": {
        "unit_bend": lambda u: -2 / (1 + u) ** 3,
        "unit_spend": lambda s: 1 / np.sqrt(np.minimum(s, 1)) - 1,
    },
    "exponential": {
        "unit_bend": lambda u: -(_LN2**2) * np.exp(-_LN2 * u),
        "unit_spend": lambda s: -np.log(np.minimum(s / _LN2, 1)) / _LN2,
    },
    "logistic": {
        "unit_bend": lambda u: -2 * _TANH**2 * np.tanh(_TANH * u) / np.cosh(np.minimum(_TANH * u, 300)) ** 2,
        # arctanh(sqrt(1 - s)) written so that a slope near zero keeps its digits.
        "unit_spend": lambda s: np.arccosh(1 / np.sqrt(np.minimum(s / _TANH, 1))) / _TANH,
    },
    "logarithmic": {
        "unit_bend": lambda u: -1 / (1 + u) ** 2,
        "unit_spend": lambda s: 1 / np.minimum(s, 1) - 1,
    },
}
# What the curves themselves leave out: the second derivative, and the spend at a given slope.
_SHAPES: dict[str, dict[str, Callable[[Floats], Floats]]] = {
    form: {"unit": FORMS[form].unit, "unit_slope": FORMS[form].unit_slope, **more} for form, more in _MORE.items()
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
    >>> spend.round(2).tolist(), round(float(price), 6)
    ([433.33, 350.0, 216.67, 0.0], 0.163636)
    """
    if most.sum() <= budget:
        return most.astype(float), 0.0
    first = weight / width * curves.slope(np.zeros_like(width))

    def spend(price: float) -> Floats:
        wanted = width * curves.spend_at(price * width / np.where(weight > 0, weight, 1.0))
        return np.where(weight > 0, np.minimum(wanted, most), 0.0)

    low, high = 0.0, float(first.max())
    if high <= 0:
        return np.zeros_like(most, dtype=float), 0.0
    low, high = _around(lambda price: float(spend(price).sum()) - budget, _below(spend, high, budget), high)
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


def _around(excess: Callable[[float], float], low: float, high: float) -> tuple[float, float]:
    """Return two prices close together: at the lower one too much is wanted, at the higher one no more than enough."""
    if not 0 < low < high or excess(low) <= 0:
        return low, high
    root = float(np.exp(brentq(lambda p: excess(float(np.exp(p))), np.log(low), np.log(high), xtol=1e-13, rtol=1e-14)))
    for width in 10.0 ** np.arange(-13, 0):
        below, above = max(low, root * (1 - width)), min(high, root * (1 + width))
        if excess(below) > 0 >= excess(above):
            return float(below), float(above)
    return low, high
