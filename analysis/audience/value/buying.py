"""How often will customers buy yet, and have they left? Two models of it, by maximum likelihood."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import Literal, NamedTuple

import numpy as np
import pandas as pd

from analysis.arrays import Floats, Ints
from analysis.audience.value import kernel
from analysis.audience.value.maximum import Maximum, climbed

Model = Literal["bg-nbd", "mbg-nbd"]
MODELS: tuple[Model, ...] = ("mbg-nbd", "bg-nbd")
PARAMETERS = ("r", "alpha", "a", "b")
_SHIFT: dict[str, int] = {"bg-nbd": 0, "mbg-nbd": 1}
_STARTS = ((0.5, 1.0, 0.7, 2.0), (1.5, 2.0, 0.3, 3.0), (0.2, 0.3, 1.5, 1.5))
"""Where the search begins: r, alpha in mean ages, a and b; the next only where the one before leads nowhere."""


class Histories(NamedTuple):
    """What customers did until observation ended; the same history of several stands once.

    Parameters
    ----------
    x : ndarray of int, shape (n,)
        Purchases after the first one.
    last : ndarray of float, shape (n,)
        Days from the first purchase to the last one: 0 where there was only one.
    age : ndarray of float, shape (n,)
        Days from the first purchase to the end of observation.
    weight : ndarray of float, shape (n,)
        How many customers have this history.
    """

    x: Ints
    last: Floats
    age: Floats
    weight: Floats

    @classmethod
    def of(cls, x: Ints, last: Floats, age: Floats) -> tuple[Histories, Ints]:
        """Return the distinct histories, and of each customer which one is theirs.

        Examples
        --------
        >>> found, places = Histories.of(np.array([0, 1, 0]), np.array([0.0, 3.0, 0.0]), np.array([9.0, 9.0, 9.0]))
        >>> found.x.tolist(), found.weight.tolist(), places.tolist()
        ([0, 1], [2.0, 1.0], [0, 1, 0])
        """
        each = pd.DataFrame({"x": x, "last": last, "age": age}).groupby(["x", "last", "age"])
        sizes = each.size().reset_index(name="weight")
        parts = (np.array(sizes[name], float) for name in ("last", "age", "weight"))
        places: Ints = np.asarray(each.ngroup(), np.int64)
        return cls(np.array(sizes["x"], np.int64), *parts), places


@dataclass(frozen=True, slots=True)
class Buying:
    """How customers buy and leave, as a model fitted to their histories tells.

    Parameters
    ----------
    model : {"bg-nbd", "mbg-nbd"}
    fitted : Maximum
        Of r, alpha (days), a and b.
    """

    model: Model
    fitted: Maximum

    def alive(self, of: Histories, logs: Floats | None = None, *, days: float = 0.0) -> Floats:
        """Return the probability that customers with each history still buy.

        Parameters
        ----------
        of : Histories
        logs : ndarray, shape (4,), optional
            Logarithms of other parameters than those fitted.
        days : float
            How long after the end of observation.
        """
        chosen, shift = self.fitted.logs if logs is None else logs, _SHIFT[self.model]
        found: Floats = kernel.alive(chosen, shift, of.x, of.last, of.age)
        return found * kernel.stays(chosen, shift, of.x, of.age, float(days)) if days else found

    def purchases(self, of: Histories, days: float, logs: Floats | None = None) -> Floats:
        """Return how often customers with each history are expected to buy in the days to come.

        Parameters
        ----------
        of : Histories
        days : float
        logs : ndarray, shape (4,), optional
            Logarithms of other parameters than those fitted.
        """
        chosen = self.fitted.logs if logs is None else logs
        found: Floats = self.alive(of, chosen) * kernel.ahead(chosen, _SHIFT[self.model], of.x, of.age, float(days))
        return found


def fit(model: Model, of: Histories) -> Buying | None:
    """Return a model fitted by maximum likelihood; None where the histories do not tell its parameters.

    Parameters
    ----------
    model : {"bg-nbd", "mbg-nbd"}
        Under both a customer buys at random at a rate of their own, gamma(r, alpha) over customers, and leaves after
        a purchase with a probability of their own, beta(a, b). Under BG/NBD nobody leaves before they bought again,
        so whoever bought once is alive for certain; under MBG/NBD one may leave after the first purchase too.
    of : Histories

    Notes
    -----
    See :func:`analysis.audience.value.maximum.climbed`. Gradient and Hessian are in closed form: what depends on the
    number of purchases is reckoned once for each number, the rest needs three logarithms a history.

    References
    ----------
    Fader, P. S., Hardie, B. G. S. and Lee, K. L. (2005). "Counting your customers" the easy way: an alternative to
    the Pareto/NBD model. Marketing Science 24, 275-284. Batislam, E. P., Denizel, M. and Filiztekin, A. (2007).
    Empirical validation and comparison of models for customer base analysis. International Journal of Research in
    Marketing 24, 201-209.
    """
    customers = float(of.weight.sum())
    if not (of.x > 0).any():
        return None
    age = max(float(of.age @ of.weight) / customers, 1e-3)
    terms = partial(kernel.likelihood, shift=_SHIFT[model], x=of.x, last=of.last, age=of.age, weight=of.weight)
    for r, alpha, a, b in _STARTS:
        if found := climbed(terms, np.log([r, alpha * age, a, b]), customers):
            return Buying(model, found)
    return None


def likelihood(model: Model, logs: Floats, of: Histories) -> float:
    """Return the log-likelihood of histories.

    Parameters
    ----------
    model : {"bg-nbd", "mbg-nbd"}
    logs : ndarray, shape (4,)
        Logarithms of r, alpha (days), a and b.
    of : Histories

    Examples
    --------
    A customer who bought 200 times more in 38 of 40 days, as PyMC-Marketing's tests have it:

    >>> of = Histories(np.array([200]), np.array([38.0]), np.array([40.0]), np.ones(1))
    >>> round(likelihood("bg-nbd", np.log([0.25, 4.0, 0.8, 2.5]), of), 4)
    100.7957
    """
    return float(kernel.likelihood(logs, _SHIFT[model], of.x, of.last, of.age, of.weight)[0])


def warm() -> None:
    """Compile the kernels, or load them from their cache, so that the first question asked need not wait for them."""
    logs, (x, last, age, weight) = np.zeros(4), (np.ones(1, np.int64), *(np.ones(1) for _ in range(3)))
    kernel.likelihood(logs, shift=1, x=x, last=last, age=age, weight=weight)
    kernel.alive(logs, 1, x, last, age)
    kernel.ahead(logs, 1, x, age, 1.0)
    kernel.stays(logs, 1, x, age, 1.0)
