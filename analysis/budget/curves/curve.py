"""What would a channel bring at another spend, and how sure is that?"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from types import MappingProxyType

import numpy as np

from analysis.arrays import Floats, Ints, Times
from analysis.budget.curves import forms
from analysis.estimates import TAILS

CARRY = 8
"""Longest carry-over of spend in periods, as in PyMC-Marketing's example."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Curve:
    """A channel's fitted response curve, with its uncertainty and the spend it was seen at.

    Expected revenue of period t is ``multiplier[t] * form(exposure[t]; ceiling, half_saturation)``. Exposure is
    the spend itself, or with adstock the spend carried over (see :func:`carried`). Arrays are read-only.

    Parameters
    ----------
    channel : str
    source : {"attributed", "joint"}
        Whether it was fitted to revenue the platform attributes, or jointly to total revenue.
    form : str
        A name in :data:`analysis.budget.curves.forms.FORMS`.
    ceiling, half_saturation : float
        Of a period of `period_hours`, in the spend's currency; see :mod:`analysis.budget.curves.forms`.
    draws : ndarray, shape (draws, 2)
        Bootstrap draws of ceiling and half-saturation.
    spend : ndarray, shape (periods,)
        Observed spend; periods without any are 0.
    starts : ndarray of datetime64[us], shape (periods,)
        When the periods begin, UTC, ascending.
    period_hours : float
    phase : ndarray of int, shape (periods,)
        Each period's phase, as an index into `phase_multipliers`.
    phase_multipliers : mapping of str to float
        The demand in each phase; the phase with most periods is 1.
    multiplier_draws : ndarray, shape (draws, phases)
    sigma : float
        Noise: standard deviation of log revenue around the curve, over periods.
    adstock : float
        Share of a period's effect that carries over to the next; 0 where revenue is attributed.
    adstock_draws : ndarray, shape (draws,)
    """

    channel: str
    source: str
    form: str
    ceiling: float
    half_saturation: float
    draws: Floats
    spend: Floats
    starts: Times
    period_hours: float
    phase: Ints
    phase_multipliers: Mapping[str, float]
    multiplier_draws: Floats
    sigma: float
    adstock: float
    adstock_draws: Floats

    def __post_init__(self) -> None:
        for item in fields(self):
            if isinstance(held := getattr(self, item.name), np.ndarray):
                own = held.copy()
                own.setflags(write=False)
                object.__setattr__(self, item.name, own)
        object.__setattr__(self, "phase_multipliers", MappingProxyType(dict(self.phase_multipliers)))

    @property
    def multiplier(self) -> Floats:
        """Demand of each period: its phase's multiplier."""
        return np.array(list(self.phase_multipliers.values()))[self.phase]

    @property
    def exposure(self) -> Floats:
        """What the curve is applied to in each period: spend, carried over."""
        return carried(self.spend, self.adstock, self._run)

    @property
    def observed_max(self) -> float:
        """The highest spend of a period; the curve is a guess beyond it."""
        return float(self.spend.max())

    def revenue(self, spend: Floats | float, multiplier: Floats | float = 1.0) -> Floats:
        """Return a period's expected revenue at a steady `spend` per period; vectorised."""
        return multiplier * forms.value(self.form, spend, self.ceiling, self.half_saturation)

    def marginal(self, spend: Floats | float, multiplier: Floats | float = 1.0) -> Floats:
        """Return the revenue of the next unit of money at a steady `spend` per period; vectorised."""
        return multiplier * forms.slope(self.form, spend, self.ceiling, self.half_saturation)

    def revenue_draws(self, spend: Floats) -> Floats:
        """Return :meth:`revenue` for every draw, shape (draws, ...)."""
        ceiling, half = (self.draws[:, k].reshape(-1, *[1] * np.ndim(spend)) for k in (0, 1))
        return forms.value(self.form, np.asarray(spend)[None], ceiling, half)

    def total(self, scale: float = 1.0) -> float:
        """Return expected revenue over all periods if every period's spend were `scale` times that observed."""
        return float(self.revenue(scale * self.exposure, self.multiplier).sum())

    def total_draws(self, scale: float = 1.0) -> Floats:
        """Return :meth:`total` for every draw, shape (draws,)."""
        return np.asarray(np.einsum("dt,dt->d", self._drawn_multiplier, self._drawn(forms.value, scale)))

    def next_unit(self, scale: float = 1.0) -> float:
        """Return what the next unit of money brings, spread over the periods as the spend observed.

        It is d total / d spend at `scale` times the observed spend.
        """
        gain = self.exposure * self.marginal(scale * self.exposure, self.multiplier)
        return float(gain.sum() / self.spend.sum())

    def next_unit_draws(self, scale: float = 1.0) -> Floats:
        """Return :meth:`next_unit` for every draw, shape (draws,)."""
        gain = self._drawn(forms.slope, scale) * self._exposures
        return np.asarray(np.einsum("dt,dt->d", self._drawn_multiplier, gain) / self.spend.sum())

    def _drawn(self, of: Callable[[str, Floats, Floats, Floats], Floats], scale: float) -> Floats:
        return of(self.form, scale * self._exposures, self.draws[:, :1], self.draws[:, 1:])

    @property
    def _drawn_multiplier(self) -> Floats:
        return self.multiplier_draws[:, self.phase]

    @property
    def _run(self) -> Ints:
        return runs(self.starts, self.period_hours)

    @property
    def _exposures(self) -> Floats:
        """Exposure for every draw of the adstock, shape (draws, periods) or (1, periods)."""
        if not self.adstock_draws.any():
            return self.spend[None]
        levels, which = np.unique(self.adstock_draws, return_inverse=True)
        return np.array([carried(self.spend, level, self._run) for level in levels])[which]


def carried(spend: Floats, adstock: float, run: Ints | None = None) -> Floats:
    """Return spend carried over geometrically: weights adstock^0 … adstock^(CARRY-1), which add up to 1.

    Parameters
    ----------
    spend : ndarray, shape (periods,)
    adstock : float
    run : ndarray of int, shape (periods,), optional
        Unbroken stretch each period belongs to; nothing is carried from one into another.

    Examples
    --------
    >>> carried(np.array([3.0, 0.0, 0.0]), 0.5).round(3).tolist()
    [1.506, 0.753, 0.376]
    """
    spend = np.asarray(spend, dtype=float)
    if adstock == 0:
        return spend
    weights = adstock ** np.arange(CARRY)
    out = spend * weights[0]
    for k in range(1, min(CARRY, len(spend))):
        out[k:] += weights[k] * (spend[:-k] if run is None else np.where(run[k:] == run[:-k], spend[:-k], 0.0))
    return np.asarray(out / weights.sum())


def runs(starts: Times, hours: float) -> Ints:
    """Number the unbroken stretches of periods of some hours each, in order of their starts."""
    gaps = np.diff(starts).astype("timedelta64[s]").astype(float) / 3600
    return np.concatenate([[0], np.cumsum(gaps > 1.5 * hours)])


def interval(draws: Floats) -> tuple[float, float]:
    """Return the 95% interval of draws."""
    low, high = np.quantile(draws, TAILS)
    return float(low), float(high)
