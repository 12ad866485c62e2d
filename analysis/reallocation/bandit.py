"""How much does Thompson sampling lose while it learns which arm is best, where nothing ever changes?

The stationary market of textbooks, in which the sampler is held against published figures: K arms that pay with fixed
probabilities, a beta belief of each, and in every pull the arm whose drawn probability is highest (Thompson 1933;
Chapelle and Li 2011).
"""

from __future__ import annotations

import numpy as np

from analysis.arrays import Floats
from analysis.store.kernels import compiled


@compiled
def _regrets(rates: Floats, pulls: int, every: int, runs: int, seed: int) -> Floats:  # pragma: no cover - compiled
    np.random.seed(seed)
    arms, best = len(rates), rates.max()
    out = np.zeros(runs)
    won, lost = np.empty(arms), np.empty(arms)
    for r in range(runs):
        won[:], lost[:] = 1.0, 1.0
        new_won, new_lost = np.zeros(arms), np.zeros(arms)
        for t in range(pulls):
            arm, top = 0, -1.0
            for k in range(arms):
                drawn = np.random.beta(won[k], lost[k])
                if drawn > top:
                    arm, top = k, drawn
            if np.random.random() < rates[arm]:
                new_won[arm] += 1.0
            else:
                new_lost[arm] += 1.0
            out[r] += best - rates[arm]
            if (t + 1) % every == 0:
                won += new_won
                lost += new_lost
                new_won[:], new_lost[:] = 0.0, 0.0
    return out


def regrets(rates: Floats, *, pulls: int, every: int = 100, runs: int = 1, seed: int = 1) -> Floats:
    """Return what Thompson sampling earned less than the best arm would have, run by run.

    Parameters
    ----------
    rates : ndarray, shape (arms,)
        Probability that a pull of each pays 1.
    pulls : int
        Of each run.
    every : int
        Pulls after which what was seen reaches the beliefs: campaigns learn in batches.
    runs : int
    seed : int

    Returns
    -------
    ndarray, shape (runs,)
        Expected, given the arms that were pulled.

    Examples
    --------
    >>> lost = regrets(np.array([0.5, 0.1]), pulls=1000, every=10, runs=5)
    >>> lost.shape, bool((lost < 20).all())
    ((5,), True)
    """
    return np.asarray(_regrets(np.asarray(rates, dtype=float), pulls, every, runs, seed))
