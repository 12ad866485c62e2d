"""How much of total revenue does each channel's spend explain, when nobody attributes it?

The model is

    revenue = controls @ b + sum over channels of c * u(carried spend / half) + errors

with u one of the forms, geometric carry-over and errors that follow each other (AR(1)). Level, trend, season and the
like are projected out. Each channel's form, carry-over and half-saturation are one choice from a grid, drawn together
with its size c, which is summed out while it is chosen (a collapsed Gibbs sampler): so a chain moves between curves
that differ much in c and little in fit. c is not negative; its prior is half-normal, of the scale of half of all
revenue times the channel's part of the spend, and together channels bring no more than `MOST` of revenue.

A channel's columns lie close to few dimensions, so all is reckoned in a basis of theirs.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from analysis.arrays import Floats, Ints
from analysis.budget.curves.candidates import RHOS, Candidates
from analysis.budget.curves.kernel import Table, chain
from analysis.budget.curves.noise import whitened

SHARE = 0.5
"""Scale of the prior of media's share of revenue."""
MOST = 0.95
"""Largest share of revenue that media are given."""
CHAINS, BURN, KEEP, ROUNDS = 12, 40, 100, 8
CONVERGED = 1.05
"""R-hat above which chains have not found the same answer (Vehtari and others, 2021, ask for less than 1.05)."""
_RANK, _NEAR = 40, 1e-4


@dataclass(frozen=True, slots=True)
class Test:
    """What a lift test says of a channel.

    Parameters
    ----------
    channel : int
    change : ndarray, shape (candidates,)
        What each of its candidates says for a ceiling of 1.
    seen, error : float
        The change in sales that was measured, and its standard error.
    """

    channel: int
    change: Floats
    seen: float
    error: float


@dataclass(frozen=True, slots=True)
class Sample:
    """Draws from the posterior.

    Parameters
    ----------
    chosen : ndarray of int, shape (draws, channels)
        Candidate of each channel.
    ceiling : ndarray, shape (draws, channels)
    rho, sigma : ndarray, shape (draws,)
        The errors' autocorrelation and standard deviation.
    r_hat : ndarray, shape (channels,)
        The larger of its contribution's and its marginal return's.
    """

    chosen: Ints
    ceiling: Floats
    rho: Floats
    sigma: Floats
    r_hat: Floats


def sample(
    revenue: Floats,
    curves: Sequence[Candidates],
    controls: Floats,
    rng: np.random.Generator,
    *,
    held_back: Floats,
    known: Ints,
    run: Ints,
    parts: Floats,
    tests: Sequence[Test] = (),
    rounds: int = ROUNDS,
) -> Sample:
    """Draw curves from their posterior.

    Parameters
    ----------
    revenue : ndarray, shape (known,)
    curves : sequence of Candidates
        Of each channel, over all periods.
    controls : ndarray, shape (known, controls)
        Of full rank.
    rng : Generator
    held_back : ndarray, shape (controls,)
        Of each control the noise's standard deviation over that of the normal prior of its size around 0; 0 for none.
    known : ndarray of int, shape (known,)
        Periods that are fitted.
    run : ndarray of int, shape (known,)
        Unbroken stretch each of them belongs to.
    parts : ndarray, shape (channels,)
        Each channel's part of all spend.
    tests : sequence of Test
    """
    unit = float(revenue.mean())
    heights = [own.height[:, known] for own in curves]
    means = [np.maximum(height.mean(axis=1), 1e-300) for height in heights]
    table = _table(revenue / unit, heights, means, curves, controls, held_back, run, parts, _scaled(tests, means, unit))
    count = [len(own.form) for own in curves]
    width = len(curves)
    chosen = np.stack([rng.integers(n, size=CHAINS) for n in count], axis=1)
    size = np.abs(rng.standard_normal((CHAINS, width))) * table.scale * 0.3
    rho, variance = rng.integers(len(RHOS), size=CHAINS), np.full(CHAINS, 0.5 * table.square[0] / table.free)
    rises = [own.rise[:, known].mean(axis=1) / mean for own, mean in zip(curves, means, strict=True)]
    r_hat, kept = np.full(width, np.inf), []
    for turn in range(rounds + 1):
        walked = []
        for c in range(CHAINS):
            found = chain(table, KEEP if turn else BURN, chosen[c], size[c], int(rho[c]), float(variance[c]), rng)
            rho[c], variance[c] = found[2][-1], found[3][-1]
            walked.append(found)
        if turn == 0:
            continue
        kept.append([np.stack(part) for part in zip(*walked, strict=True)])
        later = kept[-max(2, (len(kept) + 1) // 2) :]  # where it takes long, the first half was the way there
        picked, sizes, rhos, variances = (np.concatenate(part, axis=1) for part in zip(*later, strict=True))
        margins = np.stack([rises[k][picked[..., k]] for k in range(width)], axis=-1) * sizes
        r_hat = np.array([max(split_r_hat(part[..., k]) for part in (sizes, margins)) for k in range(width)])
        if (r_hat <= CONVERGED).all():
            break
    flat = picked.reshape(-1, width)
    mean = np.stack([means[k][flat[:, k]] for k in range(width)], axis=1)
    ceiling = unit * sizes.reshape(-1, width) / mean
    return Sample(flat, ceiling, RHOS[rhos.ravel()], unit * np.sqrt(variances.ravel()), r_hat)


def scale(parts: Floats) -> Floats:
    """Return the scale of the half-normal prior of each channel's share of revenue, given its part of all spend."""
    return np.asarray(SHARE * np.sqrt(np.maximum(parts, 0.05)))


def split_r_hat(draws: Floats) -> float:
    """Return split R-hat of draws of shape (chains, steps), 1 where all are equal.

    Between-chain over within-chain variance, each chain counted as two halves (Gelman and others, *Bayesian Data
    Analysis*, 3rd edition, section 11.4).

    Examples
    --------
    >>> rng = np.random.default_rng(1)
    >>> bool(split_r_hat(rng.standard_normal((4, 1000))) < 1.01)
    True
    >>> bool(split_r_hat(rng.standard_normal((4, 1000)) + np.arange(4)[:, None]) > 1.5)
    True
    """
    half = draws.shape[1] // 2
    parts = np.concatenate([draws[:, :half], draws[:, half : 2 * half]])
    within = parts.var(axis=1, ddof=1).mean()
    if not within > 0:
        return 1.0
    between = half * parts.mean(axis=1).var(ddof=1)
    return float(np.sqrt((half - 1) / half + between / within / half))


def _scaled(tests: Sequence[Test], means: list[Floats], unit: float) -> list[Test]:
    """Bring tests to what sizes are counted in: mean contributions over mean revenue."""
    return [Test(t.channel, t.change / means[t.channel], t.seen / unit, t.error / unit) for t in tests]


def _table(
    revenue: Floats,
    heights: list[Floats],
    means: list[Floats],
    curves: Sequence[Candidates],
    controls: Floats,
    held_back: Floats,
    run: Ints,
    parts: Floats,
    tests: list[Test],
) -> Table:
    width, most = len(curves), max(len(own.form) for own in curves)
    bases = [_basis(height / mean[:, None]) for height, mean in zip(heights, means, strict=True)]
    rank = max(basis.shape[1] for basis, _ in bases)
    every = np.zeros((len(revenue), width * rank))
    coefficient, weight = np.zeros((width, rank, most)), np.full((width, most), -np.inf)
    tested, aimed = np.zeros((width, most)), np.zeros((width, most))
    for k, (basis, inside) in enumerate(bases):
        every[:, k * rank : k * rank + basis.shape[1]] = basis
        coefficient[k, : basis.shape[1], : len(inside)] = inside.T
        weight[k, : len(inside)] = curves[k].weight
    for test in tests:
        count = len(test.change)
        tested[test.channel, :count] += (test.change / test.error) ** 2
        aimed[test.channel, :count] += test.change * test.seen / test.error**2
    gram, cross, own, square, determinant = [], [], [], [], []
    ridge = np.diag(held_back)[held_back > 0]
    for rho in RHOS:
        held, triangle = np.linalg.qr(np.vstack([whitened(controls, rho, run), ridge]))
        held = held[: len(revenue)]
        columns, target = whitened(every, rho, run), whitened(revenue, rho, run)
        seen, told = held.T @ columns, held.T @ target
        inner = columns.T @ columns - seen.T @ seen
        gram.append(inner)
        cross.append(columns.T @ target - seen.T @ told)
        blocks = [inner[k * rank : (k + 1) * rank, k * rank : (k + 1) * rank] for k in range(width)]
        own.append(np.stack([(coefficient[k] * (blocks[k] @ coefficient[k])).sum(axis=0)
                             for k in range(width)]))  # fmt: skip
        square.append(float(target @ target - told @ told))
        stretches = len(np.unique(run))
        determinant.append(0.5 * stretches * np.log(1 - rho**2) - np.log(np.abs(np.diag(triangle))).sum())
    return Table(
        coefficient=coefficient,
        weight=weight,
        gram=np.stack(gram),
        cross=np.stack(cross),
        own=np.maximum(np.stack(own), 0.0),
        square=np.array(square),
        determinant=np.array(determinant),
        tested=tested,
        aimed=aimed,
        scale=scale(parts),
        most=MOST,
        free=len(revenue) - int((held_back == 0).sum()),
    )


def _basis(columns: Floats) -> tuple[Floats, Floats]:
    """Return an orthonormal basis (periods, rank) near which all columns lie, and each one's coefficients in it."""
    inner = columns.T @ columns
    sizes, vectors = np.linalg.eigh(inner)
    keep = np.flatnonzero(sizes > _NEAR**2 * sizes[-1])[-_RANK:]
    basis = np.ascontiguousarray(vectors[:, keep])
    return basis, columns @ basis
