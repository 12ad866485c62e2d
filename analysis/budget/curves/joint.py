"""How much of total revenue does each channel's spend explain, when nobody attributes it?

The model is ``revenue = controls @ b + sum over channels of ceiling * form(carried spend / half) + noise``, with
geometric adstock. It is fitted by variable projection (Golub and Pereyra, 1973): given adstock and half-saturation
the rest is linear, so the controls are projected out once by QR, and non-negative least squares gives the ceilings.
Adstock and half-saturation are searched on a grid, channel by channel, then polished.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.optimize import minimize, nnls

from analysis.arrays import Bools, Floats, Ints
from analysis.budget.curves.attributed import resampled, widened
from analysis.budget.curves.curve import carried
from analysis.budget.curves.forms import FORMS

ADSTOCKS = np.linspace(0, 0.8, 9)
_STEPS = 17
_SWEEPS = 12


@dataclass(frozen=True, slots=True)
class JointFit:
    """One form's joint fit.

    Parameters
    ----------
    form : str
    adstock, half, ceiling : ndarray, shape (channels,)
    fitted : ndarray, shape (periods,)
    rss : float
        Residual sum of squares.
    parameters : int
        All that were fitted, the controls' rank included.
    """

    form: str
    adstock: Floats
    half: Floats
    ceiling: Floats
    fitted: Floats
    rss: float
    parameters: int


@dataclass(frozen=True, slots=True)
class Grid:
    """Candidate columns of every channel, controls projected out, and their products.

    `columns` has shape (channels, candidates, periods) and unit length along periods; `norms` is what they were
    divided by, and `products` (channels, candidates, channels, candidates) their inner products.
    """

    form: str
    adstock: Floats
    half: Floats
    columns: Floats
    norms: Floats
    products: Floats


def basis(controls: Floats) -> Floats:
    """Return an orthonormal basis of the controls' columns, redundant ones dropped."""
    length = np.linalg.norm(controls, axis=0)
    left, sizes, _ = np.linalg.svd(controls[:, length > 0] / length[length > 0], full_matrices=False)
    return left[:, sizes > 1e-9 * sizes[0]]


def fit(form: str, revenue: Floats, spend: Floats, controls: Floats, run: Ints | None = None) -> JointFit:
    """Fit one form to total revenue.

    Parameters
    ----------
    form : str
        A name in :data:`analysis.budget.curves.forms.FORMS`.
    revenue : ndarray, shape (periods,)
    spend : ndarray, shape (periods, channels)
        Periods of even length, in order.
    controls : ndarray, shape (periods, controls)
        Intercept, trend, season and the like.
    run : ndarray of int, shape (periods,), optional
        Unbroken stretch each period belongs to; see :func:`analysis.budget.curves.curve.carried`.
    """
    held = basis(controls)
    made = grid(form, spend, held, run)
    chosen, _ = _search(made, _without(revenue, held)[None])
    rows = np.arange(spend.shape[1])
    start = np.concatenate([made.adstock[rows, chosen[0]], np.log(made.half[rows, chosen[0]])])
    return _polished(start, revenue, spend, held, made, run)


def draw(
    found: JointFit, spend: Floats, controls: Floats, noise: Floats, run: Ints | None = None
) -> tuple[Floats, Floats, Floats]:
    """Refit to the fit plus bootstrap noise (draws, periods), on the grid and for all draws at once.

    Returns
    -------
    adstock, half, ceiling : ndarray, shape (draws, channels)
    """
    held = basis(controls)
    made = grid(found.form, spend, held, run, centre=found)
    chosen, size = _search(made, _without(found.fitted + noise, held))
    rows = np.arange(spend.shape[1])[None]
    return made.adstock[rows, chosen], made.half[rows, chosen], size / made.norms[rows, chosen]


def noise(found: JointFit, revenue: Floats, draws: int, rng: np.random.Generator) -> Floats:
    """Resample the residuals in blocks, as spread as the noise is estimated to be: shape (draws, periods)."""
    left = revenue - found.fitted
    left = left - left.mean()
    periods = len(revenue)
    free = max(periods - found.parameters, 1)
    grown = np.sqrt(periods / free * widened(periods, found.parameters))
    return resampled(left * grown, periods, draws, rng)


def grid(form: str, spend: Floats, held: Floats, run: Ints | None = None, centre: JointFit | None = None) -> Grid:
    """Tabulate every channel's column at each adstock and half-saturation, the best found so far included."""
    parts = []
    for c, own in enumerate(spend.T):
        adstocks, halves = ADSTOCKS, _halves(own)
        if centre is not None:
            adstocks = np.sort(np.append(adstocks, centre.adstock[c]))
            halves = np.sort(np.append(halves, centre.half[c]))
        level = np.stack([carried(own, theta, run) for theta in adstocks])
        shape = FORMS[form].unit(level[:, None] / halves[None, :, None]).reshape(-1, len(own))
        both = np.meshgrid(adstocks, halves, indexing="ij")
        parts.append((both[0].ravel(), both[1].ravel(), _without(shape, held)))
    adstock, half, columns = (np.stack(part) for part in zip(*parts, strict=True))
    norms = np.maximum(np.linalg.norm(columns, axis=2), np.finfo(float).tiny)
    columns = columns / norms[..., None]
    return Grid(form, adstock, half, columns, norms, np.einsum("ait,bjt->aibj", columns, columns, optimize=True))


def _halves(spend: Floats) -> Floats:
    """Return half-saturations to try; far below them a curve is flat over all spend seen, far above straight."""
    some = spend[spend > 0]
    return np.geomspace(np.quantile(some, 0.1) / 4, some.max() * 5, _STEPS)


def _without(rows: Floats, held: Floats) -> Floats:
    """Project the controls out of each row."""
    return rows - (rows @ held) @ held.T


def _search(made: Grid, revenue: Floats) -> tuple[Ints, Floats]:
    """Choose each channel's candidate in turn, the others kept, for all revenues at once.

    Returns
    -------
    chosen : ndarray of int, shape (draws, channels)
    size : ndarray, shape (draws, channels)
        Non-negative coefficients of the chosen columns.
    """
    channels, candidates = made.norms.shape
    seen = np.einsum("ait,dt->dai", made.columns, revenue, optimize=True)
    chosen = np.full((len(revenue), channels), candidates // 2)
    size = np.zeros((len(revenue), channels))
    for _ in range(_SWEEPS):
        before = chosen.copy()
        for c in range(channels):
            chosen[:, c] = _best(made, seen, chosen, size > 0, c)
            size = _sizes(made, seen, chosen)
        if (chosen == before).all():
            break
    return chosen, size


def _best(made: Grid, seen: Floats, chosen: Ints, active: Bools, c: int) -> Ints:
    """Return the candidate of channel c that explains most of what the other active channels leave."""
    others = [o for o in range(chosen.shape[1]) if o != c]
    gain = seen[:, c, :]
    room = np.ones_like(gain)
    if others:
        near, target = _system(made, seen, chosen, active, others)
        cross = np.stack([made.products[o, chosen[:, o], c, :] for o in others], axis=1)
        cross = cross * active[:, others, None]
        solved = np.linalg.solve(near, np.concatenate([cross, target[..., None]], axis=2))
        room = np.maximum(room - np.einsum("doj,doj->dj", cross, solved[..., :-1]), 1e-9)
        gain = gain - np.einsum("doj,do->dj", cross, solved[..., -1])
    return np.asarray((np.maximum(gain, 0) ** 2 / room).argmax(axis=1))


def _system(made: Grid, seen: Floats, chosen: Ints, active: Bools, of: list[int]) -> tuple[Floats, Floats]:
    """Return the normal equations of the chosen columns, inactive ones made to solve to 0."""
    some = active[:, of]
    near = np.stack(
        [np.stack([made.products[a, chosen[:, a], b, chosen[:, b]] for b in of], axis=1) for a in of], axis=1
    )
    near = near * some[:, :, None] * some[:, None, :]
    at = np.arange(len(of))
    # A trace of ridge: two channels always spent together may be the same column.
    near[:, at, at] = np.where(some, near[:, at, at] + 1e-9, 1.0)
    target = np.stack([seen[np.arange(len(seen)), a, chosen[:, a]] for a in of], axis=1) * some
    return near, target


def _sizes(made: Grid, seen: Floats, chosen: Ints) -> Floats:
    """Solve for non-negative coefficients by dropping the most negative until none is left."""
    every = list(range(chosen.shape[1]))
    active = np.ones(chosen.shape, dtype=bool)
    for _ in every:
        size = np.linalg.solve(*_column(_system(made, seen, chosen, active, every)))[..., 0]
        worst = size.argmin(axis=1)
        rows = np.flatnonzero(size[np.arange(len(size)), worst] < 0)
        if not len(rows):
            break
        active[rows, worst[rows]] = False
    return np.asarray(np.maximum(size, 0))


def _column(system: tuple[Floats, Floats]) -> tuple[Floats, Floats]:
    return system[0], system[1][..., None]


def _polished(start: Floats, revenue: Floats, spend: Floats, held: Floats, made: Grid, run: Ints | None) -> JointFit:
    """Improve adstock and half-saturation off the grid."""
    channels = spend.shape[1]
    target = _without(revenue, held)

    def solved(at: Floats) -> tuple[Floats, float, Floats]:
        levels = np.stack([carried(own, theta, run) for own, theta in zip(spend.T, at, strict=False)])
        shape = FORMS[made.form].unit(levels / np.exp(at[channels:])[:, None])
        columns = _without(shape, held).T
        norms = np.maximum(np.linalg.norm(columns, axis=0), np.finfo(float).tiny)
        size, left = nnls(columns / norms, target)
        return size / norms, float(left) ** 2, shape

    base = max(float(target @ target), np.finfo(float).tiny)
    bounds = [(0.0, 0.95)] * channels + [(np.log(h.min()), np.log(h.max())) for h in made.half]
    found = minimize(lambda at: solved(at)[1] / base, start, method="L-BFGS-B", bounds=bounds)
    best = found.x if found.fun * base <= solved(start)[1] else start
    ceiling, rss, shape = solved(best)
    media = ceiling @ shape
    fitted = media + held @ (held.T @ (revenue - media))
    parameters = held.shape[1] + 3 * channels
    return JointFit(made.form, best[:channels], np.exp(best[channels:]), ceiling, fitted, rss, parameters)
