"""How often does a 95% interval of mean revenue per user hold the truth? Six intervals over many data sets.

    python -m benchmarks.intervals --sets 1000

Prints a table. "above" and "below" count the intervals that lie wholly above and wholly below the truth, which should
be alike; "width" is the median one's, over the truth.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

import numpy as np
from scipy import stats

from analysis.arrays import Floats
from analysis.estimates import TAILS, Moments, mean

Bounds = tuple[float, float]
BOOTSTRAPS = 400


@dataclass(frozen=True)
class Kind:
    """A kind of data set: users of whom a share buys, what a buyer pays, and how much that is on average."""

    name: str
    users: int
    share: float
    pays: Callable[[np.random.Generator, int], Floats]
    average: float

    def draw(self, rng: np.random.Generator) -> Floats:
        """Return what each user paid."""
        buyers = rng.binomial(self.users, self.share)
        return np.append(self.pays(rng, buyers), np.zeros(self.users - buyers))


def _lognormal(sigma: float) -> tuple[Callable[[np.random.Generator, int], Floats], float]:
    return lambda rng, n: rng.lognormal(0, sigma, n), float(np.exp(sigma**2 / 2))


KINDS = (
    Kind("500 buyers, lognormal sigma 1.6", 500, 1.0, *_lognormal(1.6)),
    Kind("2,000 users, 25% buy, sigma 1.6", 2_000, 0.25, *_lognormal(1.6)),
    Kind("28,000 users, 3% buy, sigma 1.6", 28_000, 0.03, *_lognormal(1.6)),
    Kind("28,000 users, 3% buy, sigma 0.6", 28_000, 0.03, *_lognormal(0.6)),
    Kind("500 buyers, lognormal sigma 1.0", 500, 1.0, *_lognormal(1.0)),
    Kind("100 buyers, lognormal sigma 1.6", 100, 1.0, *_lognormal(1.6)),
    Kind("100 buyers, gamma of shape 4", 100, 1.0, lambda rng, n: rng.gamma(4.0, 1.0, n), 4.0),
    Kind("50 buyers, uniform", 50, 1.0, lambda rng, n: rng.random(n), 0.5),
)


def student(x: Floats, rng: np.random.Generator) -> Bounds:
    """Return Student's interval."""
    low, high = stats.t.interval(0.95, len(x) - 1, x.mean(), stats.sem(x))
    return float(low), float(high)


def johnson(x: Floats, rng: np.random.Generator) -> Bounds:
    """Return Student's interval, moved by the skewness (Johnson 1978, JASA 73, 536-544)."""
    reach, error = stats.t.ppf(TAILS[1], len(x) - 1), stats.sem(x)
    middle = x.mean() + stats.skew(x) / (6 * np.sqrt(len(x))) * (1 + 2 * reach**2) * error
    return middle - reach * error, middle + reach * error


def hall(x: Floats, rng: np.random.Generator) -> Bounds:
    """Return Hall's interval with the quantiles of Student's t with n - 1 degrees of freedom."""
    reach, error = stats.t.ppf(TAILS[1], len(x) - 1), stats.sem(x)
    return _untransformed(x, float(error), -reach, reach)


def _untransformed(x: Floats, error: float, low: float, high: float) -> Bounds:
    lean = stats.skew(x) / np.sqrt(len(x))
    ends = (3 / lean * (np.cbrt(1 + lean * (end - lean / 6)) - 1) for end in (high, low))
    below, above = (float(x.mean() - end * error) for end in ends)
    return below, above


def bootstrap_t(x: Floats, rng: np.random.Generator) -> Bounds:
    """Return the bootstrap-t interval (Efron 1981), of buyers drawn anew and how many of the users they are."""
    bought = x[x > 0]
    buyers = rng.binomial(len(x), len(bought) / len(x), BOOTSTRAPS)
    drawn = np.empty(BOOTSTRAPS)
    for i, n in enumerate(buyers):
        own = bought[rng.integers(0, len(bought), n)]
        middle, square = own.sum() / len(x), (own**2).sum() / len(x)
        drawn[i] = (middle - x.mean()) / np.sqrt((square - middle**2) / (len(x) - 1))
    low, high = np.quantile(drawn, TAILS)
    return float(x.mean() - high * stats.sem(x)), float(x.mean() - low * stats.sem(x))


def percentile(x: Floats, rng: np.random.Generator) -> Bounds:
    """Return the bootstrap's percentile interval."""
    bought = x[x > 0]
    buyers = rng.binomial(len(x), len(bought) / len(x), BOOTSTRAPS)
    drawn = [bought[rng.integers(0, len(bought), n)].sum() / len(x) for n in buyers]
    low, high = np.quantile(drawn, TAILS)
    return float(low), float(high)


def ours(x: Floats, rng: np.random.Generator) -> Bounds:
    """Return the interval of :func:`analysis.estimates.mean`."""
    return mean(Moments.of(x), least=0).floats()[1:]


INTERVALS: Mapping[str, Callable[[Floats, np.random.Generator], Bounds]] = {
    "ours": ours, "Student": student, "Johnson": johnson, "Hall": hall, "bootstrap-t": bootstrap_t,
    "percentile": percentile,
}  # fmt: skip


def covered(
    kind: Kind,
    sets: int,
    seed: int,
    intervals: Mapping[str, Callable[[Floats, np.random.Generator], Bounds]] = INTERVALS,
) -> dict[str, tuple[float, int, int, float]]:
    """Return per interval the share that holds the truth, those above and below it, and the median width over it."""
    rng, truth = np.random.default_rng(seed), kind.share * kind.average
    found: dict[str, list[Bounds]] = {name: [] for name in intervals}
    for _ in range(sets):
        x = kind.draw(rng)
        for name, interval in intervals.items():
            found[name].append(interval(x, rng))
    out = {}
    for name, pairs in found.items():
        low, high = np.array(pairs).T
        above, below = int((low > truth).sum()), int((high < truth).sum())
        out[name] = 1 - (above + below) / sets, above, below, float(np.median(high - low)) / truth
    return out


def rows(short: bool) -> Iterator[tuple[str, str, str, str, str]]:
    """Yield how often the interval of a mean holds the truth, beside Student's."""
    sets = 1000 if short else 4000
    for kind in KINDS:
        found = covered(
            kind, sets, 1, INTERVALS if not short else {name: INTERVALS[name] for name in ("ours", "Student")}
        )
        share, student_share = found["ours"][0], found["Student"][0]
        yield f"mean of {kind.name}", f"{share:.1%}", f"{student_share:.1%}", "", "92 to 97% where it is heavy-tailed"


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sets", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    for kind in KINDS:
        print(f"\n{kind.name} ({given.sets} data sets)\n{'':12} {'covers':>7} {'above':>6} {'below':>6} {'width':>6}")
        for name, (share, above, below, width) in covered(kind, given.sets, given.seed).items():
            print(f"{name:12} {share:7.1%} {above:6} {below:6} {width:6.2f}", flush=True)


if __name__ == "__main__":
    main()
