"""What would a channel bring at another spend, and how sure is that?"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from functools import cached_property
from typing import Any

import numpy as np

from analysis.arrays import Bools, Floats, Ints, Times
from analysis.budget.curves import kernel
from analysis.budget.curves.carry import carried, runs
from analysis.budget.curves.forms import FAMILIES, FORMS
from analysis.estimates import TAILS

_FORMS = tuple(FORMS.values())
_FAMILY: Ints = np.array([FAMILIES.index(form.family) for form in _FORMS])
_EXPONENT: Floats = np.array([form.exponent for form in _FORMS])


@dataclass(frozen=True, kw_only=True, eq=False)
class Curve:
    """A channel's response curve: draws from its posterior, and the spend it was seen at.

    In one draw, revenue of period t is ``demand[level[t]] * ceiling * form(exposure[t] / half)``; exposure is spend,
    carried over (see :func:`analysis.budget.curves.carry.carried`). Every figure is the mean over draws, its interval
    holds their middle 95%: forms and carry-overs that fit about as well are in it. Arrays are read-only.

    Parameters
    ----------
    channel : str
    source : {"attributed", "joint"}
        Whether it was fitted to revenue the platform attributes, or jointly to total revenue.
    tested : bool
        Whether a lift test is in it: then it says what spend causes.
    form : ndarray of int, shape (draws,)
        Index into :data:`analysis.budget.curves.forms.FORMS`.
    adstock : ndarray, shape (draws,)
        Share of a period's effect that carries over to the next.
    half, ceiling : ndarray, shape (draws,)
        Of a period of `period_hours` at the usual demand, in the spend's currency.
    spend : ndarray, shape (periods,)
        Periods without any are 0; those of which it is not known are filled with the average, for what they leave.
    counted : ndarray of bool, shape (periods,)
        Periods whose spend is known.
    starts : ndarray of datetime64[us], shape (periods,)
        When the periods begin, UTC, ascending.
    period_hours : float
    phase : tuple of str
        Each period's.
    level : ndarray of int, shape (periods,)
        Each period's level of demand.
    demand : ndarray, shape (draws, levels)
        Multiples of the usual.
    phases : mapping of str to ndarray
        Draws of the demand of each phase on a day like any other.
    peaks : mapping of str to ndarray
        Draws of what each day with a name multiplies demand by; empty where demand adds to revenue.
    sigma : float
        Noise: standard deviation of log revenue around the curve, over periods.
    rho : float
        How far the noise of a period follows that of the one before.
    """

    channel: str
    source: str
    tested: bool
    form: Ints
    adstock: Floats
    half: Floats
    ceiling: Floats
    spend: Floats
    counted: Bools
    starts: Times
    period_hours: float
    phase: tuple[str, ...]
    level: Ints
    demand: Floats
    phases: Mapping[str, Floats]
    peaks: Mapping[str, Floats]
    sigma: float
    rho: float

    def __post_init__(self) -> None:
        for item in fields(self):
            if isinstance(held := getattr(self, item.name), np.ndarray):
                own = np.ascontiguousarray(held)
                own = own.copy() if own is held else own
                own.setflags(write=False)
                object.__setattr__(self, item.name, own)

    # ---- figures over the periods observed ---------------------------------------------------------------

    def total(self, scale: float = 1.0) -> float:
        """Return expected revenue over all periods if every period's spend were `scale` times that observed."""
        return float(self.total_draws(scale).mean())

    def total_draws(self, scale: float = 1.0) -> Floats:
        """Return :meth:`total` for every draw, shape (draws,)."""
        totals: Floats = self.at(scale)[0][0]
        return totals

    def next_unit(self, scale: float = 1.0) -> float:
        """Return what the next unit of money brings, spread over the periods as the spend observed.

        It is d total / d spend at `scale` times the observed spend.
        """
        return float(self.next_unit_draws(scale).mean())

    def next_unit_draws(self, scale: float = 1.0) -> Floats:
        """Return :meth:`next_unit` for every draw, shape (draws,)."""
        margins: Floats = self.at(scale)[1][0]
        return margins

    def at(self, *scales: float) -> tuple[Floats, Floats]:
        """Return revenue and what the next unit brings at multiples of the spend, each of shape (scales, draws)."""
        found = [self._as_spent if scale == 1.0 else self._reckoned(scale) for scale in scales]
        return np.stack([total for total, _ in found]), np.stack([rise for _, rise in found])

    @cached_property
    def _as_spent(self) -> tuple[Floats, Floats]:
        return self._reckoned(1.0)

    def _reckoned(self, scale: float) -> tuple[Floats, Floats]:
        exposures, level = self._counted
        total, rise = kernel.brought(exposures, level, np.array([scale]), self._endless, self.drawn)
        return total[0], rise[0] / self.spent

    def band(self, scale: float) -> tuple[float, float, float]:
        """Return the mean of the revenue at a multiple of the spend and its 95% interval, reckoned once.

        A line is drawn through the same multiples each time, whatever is planned.
        """
        if scale not in self._bands:
            draws = self.at(scale)[0][0]
            self._bands[scale] = (float(draws.mean()), *interval(draws))
        return self._bands[scale]

    @cached_property
    def _bands(self) -> dict[float, tuple[float, float, float]]:
        return {}

    def within(self, exposures: Floats, level: Ints) -> Floats:
        """Return what exposures bring where each counts up to the highest observed, shape (draws,)."""
        return np.asarray(kernel.brought(exposures, level, np.ones(1), self.highest, self.drawn)[0][0])

    @property
    def highest(self) -> Floats:
        """The highest exposure observed, under each carry-over."""
        found: Floats = self._counted[0].max(axis=1)
        return found

    def within_observed(self, scale: float) -> Floats:
        """Return what a multiple of the spend brings without what lies beyond the spend observed, shape (draws,)."""
        exposures, level = self._counted
        return self.within(scale * exposures, level)

    def periods(self) -> Floats:
        """Return what each draw expects of each period, shape (draws, periods)."""
        exposures = self.exposures(self.spend)[self._adstocks[1]]
        height = np.empty_like(exposures)
        for form in np.unique(self.form):
            own = self.form == form
            height[own] = _FORMS[form].unit(exposures[own] / self.half[own, None])
        return np.asarray(self.ceiling[:, None] * self.demand[:, self.level] * height)

    # ---- one period --------------------------------------------------------------------------------------

    def revenue_draws(self, spend: Floats) -> Floats:
        """Return a period's revenue at a steady spend per period and usual demand, shape (draws, spends)."""
        usual = self.drawn._replace(demand=np.ones((len(self.half), 1)), adstock=np.zeros(len(self.half), np.int64))
        all_of_it = np.full(1, np.inf)
        total, _ = kernel.brought(np.ones((1, 1)), np.zeros(1, np.int64), np.asarray(spend, float), all_of_it, usual)
        return np.asarray(total.T)

    def revenue(self, spend: Floats) -> Floats:
        """Return the mean of :meth:`revenue_draws`, shape (spends,)."""
        return np.asarray(self.revenue_draws(spend).mean(axis=0))

    # ---- what is known of it -----------------------------------------------------------------------------

    @property
    def spent(self) -> float:
        """What was spent in the periods whose spend is known."""
        return float(self.spend[self.counted].sum())

    @property
    def observed_max(self) -> float:
        """The highest spend of a period; the curve is a guess beyond it."""
        return float(self.spend[self.counted].max())

    @property
    def family(self) -> str:
        """The family of forms that is most likely."""
        return FAMILIES[int(np.bincount(_FAMILY[self.form], minlength=len(FAMILIES)).argmax())]

    @property
    def family_share(self) -> float:
        """How likely that family is, given the data."""
        return float((_FAMILY[self.form] == FAMILIES.index(self.family)).mean())

    @property
    def concave(self) -> bool:
        """Whether the mean curve of a period never gets steeper, over the spend observed and half as much again."""
        points = np.linspace(0.0, 1.5 * self.observed_max, 61)
        rises = np.diff(self.revenue(points))
        return bool((np.diff(rises) <= 1e-6 * max(rises.max(), 0.0)).all())

    def of_family(self, family: str) -> Curve:
        """Return the draws of one family of forms alone; none may be left."""
        return self.only(_FAMILY[self.form] == FAMILIES.index(family))

    def only(self, draws: Bools | Ints) -> Curve:
        """Return some of the draws."""
        kept = {name: getattr(self, name)[draws] for name in ("form", "adstock", "half", "ceiling", "demand")}
        phases, peaks = ({name: own[draws] for name, own in of.items()} for of in (self.phases, self.peaks))
        return Curve(**{**self.plain(), **kept, "phases": phases, "peaks": peaks})

    # ---- as the kernel takes it --------------------------------------------------------------------------

    @property
    def adstocks(self) -> Floats:
        """The carry-overs among the draws, ascending."""
        return self._adstocks[0]

    def plain(self) -> dict[str, Any]:
        """Return its parts by name."""
        return {f.name: getattr(self, f.name) for f in fields(self)}

    @cached_property
    def _adstocks(self) -> tuple[Floats, Ints]:
        levels, which = np.unique(self.adstock, return_inverse=True)
        return levels, which.astype(np.int64)

    @cached_property
    def drawn(self) -> kernel.Drawn:
        """The draws."""
        """The draws."""
        return kernel.Drawn(
            _FAMILY[self.form], _EXPONENT[self.form], self.half, self.ceiling, self._adstocks[1], self.demand
        )

    @property
    def _endless(self) -> Floats:
        return np.full(len(self.adstocks), np.inf)

    @cached_property
    def _counted(self) -> tuple[Floats, Ints]:
        """Exposure under each of the carry-overs, and the level of demand, in the periods that count."""
        return np.ascontiguousarray(self.exposures(self.spend)[:, self.counted]), self.level[self.counted]

    def exposures(self, spend: Floats) -> Floats:
        """Return a spend of all periods under each carry-over of the draws, shape (adstocks, periods)."""
        run = runs(self.starts, self.period_hours)
        return np.stack([carried(spend, level, run) for level in self._adstocks[0]])

    def brought_by(self, spend: Floats) -> Floats:
        """Return what another spend of all periods would bring, shape (draws,)."""
        exposures = np.ascontiguousarray(self.exposures(spend)[:, self.counted])
        return np.asarray(kernel.brought(exposures, self._counted[1], np.ones(1), self._endless, self.drawn)[0][0])


def interval(draws: Floats) -> tuple[float, float]:
    """Return the 95% interval of draws."""
    low, high = np.quantile(draws, TAILS)
    return float(low), float(high)
