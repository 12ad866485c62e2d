"""How often do the intervals of response curves hold the truth, how wide are they, and what does a fit cost?

    python -m benchmarks.budget [--kind weekly --kind hidden-tested] [--markets 200] [--seed 1]
    python -m benchmarks.budget --sizes --example mmm_example.csv [--peer PYTHON]

Markets come from :mod:`benchmarks.budget_markets`, which shares no code with the estimator. A line for each kind: how
often 95% intervals hold contribution and marginal ROI, the share refused, median bias, the median width over the truth
and, after the stroke, that of the same sampler told the true shape and carry-over, the largest R-hat, and seconds of
processor time a fit (all of the question: prediction out of time and words are in it).

`--example` fits PyMC-Marketing's example, whose truth is published; `--peer` names an interpreter that has what
`budget-requirements.txt` lists, and fits it with PyMC-Marketing beside ours. Set OMP_NUM_THREADS=1 for all of it.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd

from analysis.arrays import Floats
from analysis.budget.curves import alone, demand, jointly
from analysis.budget.curves.attributed import posterior
from analysis.budget.curves.candidates import Region, candidates
from analysis.budget.curves.carry import runs
from analysis.budget.curves.curve import interval
from analysis.budget.curves.lift import change, lifts
from analysis.budget.curves.question import CurvesAnswer, ResponseCurves
from analysis.budget.curves.report import report
from analysis.budget.curves.sampler import Test, sample
from analysis.records import CalendarDay
from analysis.tables import Tables, collect
from benchmarks.budget_markets import KINDS, Market, large

WIDEST = 2.5
"""Aim: median width over that of who knows the true shape and carry-over."""
EXAMPLE = {"x1": 274_848.0, "x2": 65_906.0}
"""True contributions of PyMC-Marketing's example."""


class Figures(NamedTuple):
    """One channel's contribution and marginal ROI: means and intervals over the truth, each of shape (2,)."""

    mean: Floats
    low: Floats
    high: Floats

    @classmethod
    def of(cls, market: Market, k: int, totals: Floats, margins: Floats) -> Figures:
        """Return what draws say of channel `k`."""
        truth = np.array([market.contribution[k], market.marginal[k]])
        bounds = np.array([interval(totals), interval(margins)]) / truth[:, None]
        return cls(np.array([totals.mean(), margins.mean()]) / truth, *bounds.T)


@dataclass(frozen=True)
class Fitted:
    """One market's figures by channel, None where refused; those of who knows the true form, R-hat and seconds."""

    ours: list[Figures | None]
    known: list[Figures]
    r_hat: float
    seconds: float


def fitted(market: Market, seed: int = 1, *, knowing: bool = True) -> Fitted:
    """Fit a market as anyone would, and again with the true shape and carry-over of every channel."""
    asked = ResponseCurves(seed=seed)
    began = time.process_time()
    answer = asked.run(market.tables)
    seconds = time.process_time() - began
    assert isinstance(answer, CurvesAnswer)
    curves = {c.channel: c for c in answer.curves}
    found = [curves.get(name) for name in market.channels]
    ours = [Figures.of(market, k, c.total_draws(), c.next_unit_draws()) if c else None for k, c in enumerate(found)]
    joint = bool(market.tables.count("orders"))
    known = (_known_joint if joint else _known_claims)(market, seed) if knowing else []
    return Fitted(ours, known, answer.r_hat or 1.0, seconds)


def _known_joint(market: Market, seed: int) -> list[Figures]:
    """Return figures of the joint sampler that has the true shape and carry-over to choose from alone."""
    tables, names = market.tables, market.channels
    given = report(tables, None)
    laid, count = given.panel(), len(market.spend)
    everywhere, run = np.ones(count, bool), runs(laid.starts, given.hours)
    controls = demand.adding(tables, laid.starts, given.hours, laid.phase,
                             demand.events(tables, laid.starts, laid.ends), np.zeros((count, 0)),
                             everywhere)  # fmt: skip
    tested = [one for k, name in enumerate(names)
              for one in lifts(tables, name, market.spend[:, k], laid.starts, laid.ends)]  # fmt: skip
    logs = [np.where(x > 0, np.log(np.where(x > 0, x, 1)), np.nan)
            for x in (market.spend[:, names.index(one.channel)] for one in tested)]  # fmt: skip
    hidden = [np.nan_to_num((own - np.nanmean(own)) / np.nanstd(own)) for own in logs]
    held_back = np.append(np.zeros(controls.shape[1]), np.full(len(hidden), 1 / jointly.HIDDEN))
    revenue = (
        collect(tables.frame("orders").select("timestamp", "revenue")).sort_values("timestamp")["revenue"].to_numpy()
    )
    regions = [Region((c.adstock, c.adstock), Region.of(own).half)
               for c, own in zip(market.curves, market.spend.T, strict=True)]  # fmt: skip
    rng = np.random.default_rng(seed)
    for rounds in (1, 4):
        own = [candidates(c.shape, x, run, region)
               for c, x, region in zip(market.curves, market.spend.T, regions, strict=True)]  # fmt: skip
        tests = [Test(k, change(one, own[k], run), one.seen, one.error)
                 for one in tested for k in (names.index(one.channel),)]  # fmt: skip
        drawn = sample(
            revenue, own, np.column_stack([controls, *hidden]), rng, held_back=held_back, known=np.arange(count),
            run=run, parts=market.spend.sum(axis=0) / market.spend.sum(), tests=tests, rounds=rounds,
        )  # fmt: skip
        regions = [region.around(one.adstock[picked], one.half[picked])
                   for region, one, picked in zip(regions, own, drawn.chosen.T, strict=True)]  # fmt: skip
    return [
        Figures.of(
            market, k, drawn.ceiling[:, k] * one.height.sum(axis=1)[drawn.chosen[:, k]],
            drawn.ceiling[:, k] * one.rise.sum(axis=1)[drawn.chosen[:, k]] / market.spend[:, k].sum(),
        )
        for k, one in enumerate(own)
    ]  # fmt: skip


def _known_claims(market: Market, seed: int) -> list[Figures]:
    """Return figures of the posterior that has the true shape and carry-over to choose from alone."""
    given, curve = report(market.tables, None), market.curves[0]
    laid = given.panel()
    own = alone.Channel.of(laid, 0, demand.events(market.tables, laid.starts, laid.ends),
                           np.zeros((len(laid.starts), 0)), given.hours)  # fmt: skip
    controls, used = own.controls[0], np.flatnonzero(own.used)
    region = Region((curve.adstock, curve.adstock), Region.of(own.spend).half)
    drawn = posterior(curve.shape, own.spend, own.revenue[used], controls[used], np.random.default_rng(seed),
                      used=used, run=own.run, draws=1000, region=region)  # fmt: skip
    level = np.exp(drawn.coefficient @ controls.T)
    totals = (level * drawn.curves.height[drawn.chosen]).sum(axis=1)
    margins = (level * drawn.curves.rise[drawn.chosen]).sum(axis=1) / own.spend.sum()
    return [Figures.of(market, 0, totals, margins)]


# ---- many markets -----------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Outcome:
    """What came of many markets of a kind; arrays are of contribution and marginal ROI.

    Parameters
    ----------
    curves : int
    refused : float
        Share of channels without a curve.
    covered : ndarray, shape (2,)
        Share of intervals that hold the truth.
    bias, width, known : ndarray, shape (2,)
        Medians over the truth; `known` is the width of who knows the true shape and carry-over.
    r_hat, seconds : float
        The largest, and the average.
    """

    curves: int
    refused: float
    covered: Floats
    bias: Floats
    width: Floats
    known: Floats
    r_hat: float
    seconds: float


def outcome(kind: str, markets: int, seed: int = 1, *, knowing: bool = True) -> Outcome:
    """Fit many markets; number n is the same whatever their number."""
    found = [fitted(KINDS[kind](np.random.default_rng([seed, n])), knowing=knowing) for n in range(markets)]
    every = [own for one in found for own in one.ours]
    ours, known = [own for own in every if own], [own for one in found for own in one.known]
    mean, low, high = (np.array([getattr(own, name) for own in ours]) for name in Figures._fields)
    return Outcome(
        curves=len(ours),
        refused=1 - len(ours) / len(every),
        covered=((low <= 1) & (high >= 1)).mean(axis=0),
        bias=np.median(mean, axis=0) - 1,
        width=np.median(high - low, axis=0),
        known=np.median([own.high - own.low for own in known], axis=0) if known else np.full(2, np.nan),
        r_hat=max(one.r_hat for one in found),
        seconds=float(np.mean([one.seconds for one in found])),
    )


def missed(kind: str, of: Outcome) -> list[str]:
    """Return the aims that were not met."""
    least = {"hidden": 0.0, "hidden-tested": 0.88}.get(kind, 0.9)
    checks: Mapping[str, bool] = {
        "coverage": bool((of.covered >= least).all() and (kind == "hidden" or (of.covered <= 0.99).all())),
        "refused": of.refused <= 0.02,
        "width": bool((of.width <= WIDEST * of.known).all()) or kind.startswith(("claims", "hidden")),
        "bias": abs(of.bias[1]) <= 0.1 or not kind.startswith("claims"),
        "R-hat": of.r_hat <= 1.05,
    }
    return [name for name, met in checks.items() if not met]


def line(kind: str, of: Outcome) -> str:
    """Return a kind's line of the table."""
    pairs = [f"{a:>6.3f}{b:>7.3f}" for a, b in (of.covered, of.bias)]
    wide = [f"{w:>6.2f} /{k:>5.2f}" for w, k in zip(of.width, of.known, strict=True)]
    return (f"{kind:<14}{of.curves:>5} {pairs[0]}{of.refused:>8.1%}   {pairs[1]}  {'  '.join(wide)}"
            f"{of.r_hat:>8.3f}{of.seconds:>7.2f}  {', '.join(missed(kind, of))}")  # fmt: skip


HEAD = (
    f"{'':<19}{'covered':^13}{'':>8}   {'bias':^13}  {'width / known':^28}\n"
    f"{'kind':<14}{'n':>5} {'contr':>6}{'marg':>7}{'refused':>8}   {'contr':>6}{'marg':>7}  "
    f"{'contr':^13}  {'marg':^11}{'R-hat':>8}{'s':>7}  missed"
)


# ---- the published example, and sizes ---------------------------------------------------------------------


def example(path: Path) -> Tables:
    """Return PyMC-Marketing's example as tables: weekly spend and orders, both events written down."""
    data = pd.read_csv(path, parse_dates=["date_week"])
    at = data["date_week"].dt.as_unit("us")
    week = pd.Timedelta(days=7)
    spend = pd.concat([
        pd.DataFrame({"period_start": at, "period_end": at + week, "channel": name, "spend": 1e4 * data[name],
                      "currency": "CNY"})
        for name in EXAMPLE
    ])  # fmt: skip
    orders = pd.DataFrame({"order_id": data.index.astype(str), "timestamp": at, "paid_at": at, "revenue": data["y"],
                           "currency": "CNY"})  # fmt: skip
    events = [
        CalendarDay(name=name, start=day.date().isoformat(), end=(day + 6 * week / 7).date().isoformat())
        for name in ("event_1", "event_2")
        for day in at[data[name] == 1]
    ]
    return Tables(spend=spend, orders=orders, records=events)


def seconds_of(tables: Tables, **asked: str) -> tuple[float, CurvesAnswer]:
    """Return the processor time of a fit, and its answer."""
    began = time.process_time()
    answer = ResponseCurves(**asked).run(tables)
    assert isinstance(answer, CurvesAnswer)
    return time.process_time() - began, answer


def example_lines(path: Path, peer: Path | None) -> Iterable[str]:
    """Fit the published example; beside it, PyMC-Marketing."""
    took = 0.0
    for form in ("logistic", "auto"):
        took, answer = seconds_of(example(path), form=form)
        told = answer.table.set_index("channel")
        for name, truth in EXAMPLE.items():
            row = told.loc[name]
            held = "holds the truth" if row["low"] <= truth <= row["high"] else "does not hold the truth"
            found, wide = row["contribution"], row["high"] - row["low"]
            yield (f"{form:<9}{name}: {found:>9,.0f} ({found / truth - 1:+.1%}), "
                   f"{row['low']:,.0f} to {row['high']:,.0f}, {wide:,.0f} wide: {held}")  # fmt: skip
        yield f"{form:<9}{took:.2f} s (aim 1.5), R-hat {answer.r_hat:.3f}"
    if peer is None:
        yield "PyMC-Marketing was not asked: name an interpreter that has it with --peer"
        return
    script = Path(__file__).with_name("budget_peer.py")
    said = subprocess.run([peer, script, path], capture_output=True, text=True, check=False)
    if said.returncode:
        yield f"PyMC-Marketing failed: {said.stderr.strip().splitlines()[-1]}"
        return
    theirs = json.loads(said.stdout.strip().splitlines()[-1])
    for name, truth in EXAMPLE.items():
        low, mean, high = theirs[name]
        yield f"PyMC-Marketing {name}: {mean:,.0f} ({mean / truth - 1:+.1%}), {low:,.0f} to {high:,.0f}"
    ratio = theirs["seconds"] / took
    yield f"PyMC-Marketing {theirs['seconds']:.1f} s: {ratio:.0f} times ours with every form (aim: at least 50)"


def main(argv: Sequence[str] | None = None) -> None:
    """Run what is asked for, by default every kind, and print it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kind", choices=KINDS, action="append", help="these kinds (default: all)")
    parser.add_argument("--markets", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--sizes", action="store_true", help="time 10 channels over 365 days")
    parser.add_argument("--example", type=Path, help="mmm_example.csv of PyMC-Marketing")
    parser.add_argument("--peer", type=Path, help="an interpreter with PyMC-Marketing")
    asked = parser.parse_args(argv)
    fitted(KINDS["weekly"](np.random.default_rng(0)))  # compiles what is compiled
    if asked.sizes:
        took, answer = seconds_of(large(np.random.default_rng(0)))
        print(f"10 channels x 365 days: {took:.2f} s (aim 5), R-hat {answer.r_hat:.3f}", flush=True)
    if asked.example and not asked.example.exists():
        print(f"No published example: {asked.example} is not there.")
    elif asked.example:
        for said in example_lines(asked.example, asked.peer):
            print(said, flush=True)
    if asked.kind or not (asked.sizes or asked.example):
        print(HEAD)
        for kind in asked.kind or KINDS:
            print(line(kind, outcome(kind, asked.markets, asked.seed)), flush=True)


if __name__ == "__main__":
    main()
