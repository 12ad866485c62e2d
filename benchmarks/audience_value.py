"""What customers are worth: how fast and how true are the models' fits, beside PyMC-Marketing's?

`python -m benchmarks.audience_value` prints the coverage of intervals over 400 data sets of 5,000 customers for each of
three settings and both models, and the processor time of a fit of 100,000 customers beside the peer's. The peer is run
by an interpreter named in the environment (`SLUICE_VALUE_PEER`), one that has what `budget-requirements.txt` lists.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np

from analysis.arrays import Floats, Ints
from analysis.audience.value import buying, spending
from analysis.audience.value.buying import MODELS, Histories, Model
from analysis.audience.value.worth import Spent, expected, worth

PEER = "SLUICE_VALUE_PEER"
SETTINGS = {"seldom": (0.243, 30.9, 0.793, 2.426), "often": (0.8, 60.0, 0.4, 2.0), "loyal": (1.5, 90.0, 0.6, 4.0)}
"""r, alpha (days), a and b. The first are those of Fader, Hardie and Lee's example, in days."""
AMOUNTS = (6.25, 3.74, 154.4)
"""p, q and gamma of Fader and Hardie's example, ten times the money."""
SPAN = (100.0, 540.0)
"""Days for which customers are observed, at least and at most."""
AHEAD = 90


class Made(NamedTuple):
    """Customers drawn from a model; arrays of shape (customers,)."""

    x: Ints
    last: Floats
    age: Floats
    amount: Floats


def customers(rng: np.random.Generator, n: int, setting: str, model: Model) -> Made:
    """Return customers drawn from a model, with the mean amount of their repeat purchases."""
    r, alpha, a, b = SETTINGS[setting]
    age, rate, leaving = rng.uniform(*SPAN, n), rng.gamma(r, 1 / alpha, n), rng.beta(a, b, n)
    x, now, last = np.zeros(n, np.int64), np.zeros(n), np.zeros(n)
    here = np.ones(n, bool) if model == "bg-nbd" else rng.random(n) >= leaving
    while here.any():
        now[here] += rng.exponential(1 / np.maximum(rate[here], 1e-300))
        here &= now <= age
        x[here] += 1
        last[here] = now[here]
        here &= rng.random(n) >= leaving
    p, q, gamma = AMOUNTS
    amount = np.where(x > 0, rng.gamma(np.maximum(p * x, 1e-9), 1 / rng.gamma(q, 1 / gamma, n)) / np.maximum(x, 1), 0.0)
    return Made(x, last, age, amount)


class Coverage(NamedTuple):
    """Of many data sets, the share whose interval held the truth: by parameter, of the cohort's worth, of its fifths.

    `told` is how many data sets the models told anything of, and `seconds` the processor time of a fit.
    """

    told: int
    sets: int
    buying: Floats
    spending: Floats
    alive: float
    then: float
    purchases: float
    value: float
    best: float
    bias: Floats
    seconds: float


def coverage(setting: str, model: Model, sets: int, *, size: int = 5000, seed: int = 5) -> Coverage:
    """Return how often intervals hold the truth, over data sets drawn from a model."""
    rng = np.random.default_rng([seed, list(SETTINGS).index(setting), MODELS.index(model)])
    true_logs, true_amounts = np.log(SETTINGS[setting]), np.log(AMOUNTS)
    held, seconds = [], 0.0
    for _ in range(sets):
        made = customers(rng, size, setting, model)
        began = time.process_time()
        histories, places = Histories.of(made.x, made.last, made.age)
        own = made.x > 0
        fitted, amounts = buying.fit(model, histories), spending.fit(made.x[own], made.amount[own])
        seconds += time.process_time() - began
        if fitted is None or amounts is None:
            continue
        of = Spent(histories, places, made.x, made.amount)
        ranked = expected(of, fitted, amounts, AHEAD)[1]
        groups = (ranked > np.quantile(ranked, 0.8)).astype(np.int64)
        true_purchases = fitted.purchases(histories, AHEAD, true_logs)[places]
        true_value = true_purchases * amounts.mean(made.x, made.amount, true_amounts)
        whole = worth(of, fitted, amounts, AHEAD, np.zeros(size, np.int64), 1)
        best = worth(of, fitted, amounts, AHEAD, groups, 2).value.at(1)
        held.append((
            *_inside(fitted.fitted.parameters, np.exp(true_logs)), *_inside(amounts.fitted.parameters, AMOUNTS),
            *_inside(whole.alive, fitted.alive(histories, true_logs)[places].mean()),
            *_inside(whole.then, fitted.alive(histories, true_logs, days=AHEAD)[places].mean()),
            *_inside(whole.purchases, true_purchases.sum()), *_inside(whole.value, true_value.sum()),
            *_inside(best, true_value[groups == 1].sum()), *(fitted.fitted.logs - true_logs),
        ))  # fmt: skip
    mean = np.array(held, float).mean(axis=0)
    return Coverage(len(held), sets, mean[:4], mean[4:7], *map(float, mean[7:12]), mean[12:], seconds / sets)


def _inside(interval: tuple[Floats, Floats, Floats], truth: object) -> Floats:
    _, low, high = interval
    return np.atleast_1d((low - 1e-12 <= np.asarray(truth)) & (np.asarray(truth) <= high + 1e-12)).astype(float)


# ---- beside the peer --------------------------------------------------------------------------------------


class Beside(NamedTuple):
    """Processor seconds and log-likelihoods of one fit of the same customers."""

    ours: float
    peer: float
    our_likelihood: float
    peer_likelihood: float


def beside(model: Model, n: int, python: str) -> Beside:
    """Return what a fit costs here and with PyMC-Marketing's MAP of the same likelihood.

    Ours is timed after a first fit of a few customers, as compiling is done once; the peer's time leaves out imports
    and building the model, and holds what its fit does.
    """
    made = customers(np.random.default_rng(1), n, "often", model)
    days = Made(made.x, made.last.round(), made.age.round(), made.amount)  # as orders by day are
    buying.fit(model, Histories.of(days.x[:500], days.last[:500], days.age[:500])[0])
    began = time.process_time()
    fitted = buying.fit(model, Histories.of(days.x, days.last, days.age)[0])
    ours = time.process_time() - began
    assert fitted is not None
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "customers.npz"
        np.savez(path, x=days.x, last=days.last, age=days.age)
        peer = Path(__file__).with_name("audience_peer.py")
        said = subprocess.run([python, str(peer), model, str(path)], check=True, capture_output=True, text=True)
    found = json.loads(said.stdout.splitlines()[-1])
    logs = np.log([found[name] for name in buying.PARAMETERS])
    whole = Histories(days.x, days.last, days.age, np.ones(n))
    return Beside(ours, found["seconds"], fitted.fitted.likelihood, buying.likelihood(model, logs, whole))


def rows(short: bool) -> Iterator[tuple[str, float | str, float | str, float | str, str]]:
    """Yield the time of a fit beside the peer's, where an interpreter has it, and coverage over data sets."""
    from benchmarks.bench import Row

    if python := os.environ.get(PEER):
        found = beside("bg-nbd", 20_000 if short else 100_000, python)
        yield Row("BG/NBD fit, processor s", found.ours, found.peer, found.ours / found.peer, "at most 0.2")
        gap = found.our_likelihood - found.peer_likelihood
        yield Row("BG/NBD log-likelihood", found.our_likelihood, found.peer_likelihood, f"{gap:+.4f}", "0 or more")
    for model in MODELS:
        for setting in SETTINGS:
            held = coverage(setting, model, 40 if short else 400)
            least = float(min(*held.buying, *held.spending, held.then, held.value, held.best, held.purchases))
            aim = "0.91 to 0.98"
            yield Row(f"{model}, {setting}: least coverage", least, 0.95, f"{held.seconds * 1000:.0f} ms", aim)


def main(argv: list[str] | None = None) -> int:
    """Print coverage by setting and model, then the fit beside the peer's."""
    sets = int((argv or ["400"])[0])
    for model in MODELS:
        for setting in SETTINGS:
            print(setting, model, coverage(setting, model, sets), flush=True)
    if python := os.environ.get(PEER):
        for model in MODELS:
            print(model, beside(model, 100_000, python), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:] or None))
