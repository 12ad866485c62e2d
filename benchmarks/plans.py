"""Does the plan that is recommended earn more in truth?

    python -m benchmarks.plans [--campaigns 100] [--markets 200] [--only campaign|weekly|daily]
                               [--caution 0.5]

Kinds with "unlike" in their name are the joint markets once more, with channels whose returns differ by a log-normal
factor (standard deviation .6 of its log): what there is to gain, and how sure it can be, is mostly a matter of that.

Makes markets whose truth is known, asks for the best split of the same total, and values it by the truth: beside the
spend as it was, beside spend in proportion to the revenue claimed, and beside an oracle that splits the same total
under the same bounds and knows the true curves. Seconds are the processor's, of one thread.

Campaigns are the sample's: seven channels, 56 days, platforms that claim revenue. Joint markets have three to five
channels, 104 weeks or 56 days, and orders alone; forms, carry-over, trend, season and errors that follow each other
are drawn at random, by code of their own.
"""

from __future__ import annotations

import argparse
import json
import os
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, partial

os.environ["OPENBLAS_NUM_THREADS"] = os.environ["OMP_NUM_THREADS"] = "1"

import numpy as np
import pandas as pd

from analysis.arrays import Bools, Floats
from analysis.budget.allocation.optimum import Status, solve
from analysis.budget.allocation.programme import Programme, Rule
from analysis.budget.allocation.question import Allocation, AllocationAnswer
from analysis.charts import TOTAL
from analysis.errors import DataError
from analysis.records import CalendarDay
from analysis.tables import Tables
from analysis.values import Campaign
from sample_data import plan as sample
from sample_data.spend import Spending, channel_days
from sample_data.truth import campaign_facts

USERS = 28_000
"""Scale of the sample campaign: people who take part."""
REACH = 1.5
"""How far beyond its highest spend of a period a channel may go."""
UNLIKE = 0.6
"""How far channels' returns differ in markets of that kind: standard deviation of the factor's log."""
LOST = 0.05
"""Share of revenue from which on a loss is counted."""
HALF = np.log(2.0), np.arctanh(0.5)
SHAPES: Mapping[str, tuple[Callable[[Floats], Floats], Callable[[Floats], Floats]]] = {
    "hyperbolic": (lambda u: u / (1 + u), lambda u: (1 + u) ** -2),
    "exponential": (lambda u: 1 - np.exp(-HALF[0] * u), lambda u: HALF[0] * np.exp(-HALF[0] * u)),
    "logistic": (lambda u: np.tanh(HALF[1] * u), lambda u: HALF[1] / np.cosh(HALF[1] * u) ** 2),
    "logarithmic": (np.log1p, lambda u: 1 / (1 + u)),
}
"""What spend over half-saturation brings, and its slope."""


# ---- the truth --------------------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True, eq=False)
class Channel:
    """A channel's true curve and its spend, period by period.

    Parameters
    ----------
    name, form : str
    carry : float
        Share of a period's effect that carries over to the next.
    half, ceiling : float
    demand, price : ndarray, shape (periods,)
        What multiplies revenue, and what spend is divided by before it meets the curve.
    spend : ndarray, shape (periods,)
    phase : ndarray of str, shape (periods,)
    """

    name: str
    form: str = "hyperbolic"
    carry: float = 0.0
    half: float
    ceiling: float
    demand: Floats
    price: Floats
    spend: Floats
    phase: np.ndarray

    @cached_property
    def lags(self) -> Floats:
        """What each period's spend leaves in each, shape (periods, periods)."""
        since = np.subtract.outer(np.arange(len(self.spend)), np.arange(len(self.spend)))
        return np.where(since >= 0, (1 - self.carry) * self.carry ** np.maximum(since, 0), 0.0)

    def brought(self, spend: Floats) -> Floats:
        """Return what spend brings, shape (..., periods) to (...,)."""
        u = (spend / self.price) @ self.lags.T / self.half
        return np.asarray((self.demand * self.ceiling * SHAPES[self.form][0](u)).sum(axis=-1))

    def slopes(self, spend: Floats) -> Floats:
        """Return what the next unit in each period brings, shape (periods,)."""
        u = self.lags @ (spend / self.price) / self.half
        return np.asarray((self.demand * self.ceiling / self.half * SHAPES[self.form][1](u)) @ self.lags / self.price)

    def patterns(self, per: str) -> tuple[list[str], Floats]:
        """Return the cells' phases and how a unit of each is spread over the periods, as the spend was."""
        names = [str(name) for name in dict.fromkeys(self.phase)] if per == "phase" else [""]
        inside = [self.phase == name if per == "phase" else np.ones(len(self.spend), bool) for name in names]
        shapes = np.array([np.where(own, self.spend if self.spend[own].any() else 1.0, 0.0) for own in inside])
        return names, shapes / shapes.sum(axis=1, keepdims=True)


@dataclass(frozen=True, eq=False)
class Truth:
    """What cells bring in truth, in the form an allocation takes responses in.

    Parameters
    ----------
    channels : tuple of Channel
    per : {"phase", "channel"}
    """

    channels: tuple[Channel, ...]
    per: str

    @cached_property
    def cells(self) -> list[tuple[Channel, str, Floats]]:
        """Channel, phase and pattern of each cell."""
        return [
            (own, name, pattern) for own in self.channels for name, pattern in zip(*own.patterns(self.per), strict=True)
        ]

    @property
    def concave(self) -> Bools:
        """All are."""
        return np.ones(len(self.cells), bool)

    @property
    def observed(self) -> Floats:
        """What was spent in each cell."""
        return np.array([own.spend[pattern > 0].sum() if own.spend[pattern > 0].any() else 0.0
                         for own, _, pattern in self.cells])  # fmt: skip

    @property
    def upper(self) -> Floats:
        """The most each cell can be given."""
        return np.array([REACH * own.spend.max() / pattern.max() for own, _, pattern in self.cells])

    def days(self, spend: Floats) -> dict[str, Floats]:
        """Return each channel's spend, period by period."""
        out = {own.name: np.zeros(len(own.spend)) for own in self.channels}
        for (own, _, pattern), amount in zip(self.cells, spend, strict=True):
            out[own.name] = out[own.name] + amount * pattern
        return out

    def value(self, spend: Floats) -> float:
        """Return what all cells bring together."""
        days = self.days(spend)
        return float(sum(own.brought(days[own.name]) for own in self.channels))

    def gradient(self, spend: Floats) -> Floats:
        """Return what the next unit of each cell brings."""
        days = self.days(spend)
        slopes = {own.name: own.slopes(days[own.name]) for own in self.channels}
        return np.array([float(slopes[own.name] @ pattern) for own, _, pattern in self.cells])

    def along(self, spend: Floats, points: Floats) -> Floats:
        """Return what each cell's channel brings with that cell alone at its points."""
        days = self.days(spend)
        return np.stack([
            own.brought(days[own.name] + (at - amount)[:, None] * pattern)
            for (own, _, pattern), amount, at in zip(self.cells, spend, points, strict=True)
        ])  # fmt: skip

    def best(self) -> Floats:
        """Return the split of the same total that brings most."""
        total = Rule("total", np.ones(len(self.cells)), most=float(self.observed.sum()))
        found = solve(Programme(self, np.zeros(len(self.cells)), self.upper, (total,)))
        assert found.status is Status.SOLVED
        return found.spend

    def planned(self, answer: AllocationAnswer) -> Floats:
        """Return a recommended plan, cell by cell; channels that it leaves alone as they were."""
        cells = answer.frame("cells")
        key = cells["channel"] if self.per == "channel" else list(zip(cells["channel"], cells["phase"], strict=True))
        said = dict(zip(key, cells["spend"], strict=True))
        out = [said.get(own.name if self.per == "channel" else (own.name, name), was)
               for (own, name, _), was in zip(self.cells, self.observed, strict=True)]  # fmt: skip
        assert abs(sum(out) / self.observed.sum() - 1) < 1e-9, "the total is the same"
        return np.array(out)


# ---- markets ----------------------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True, eq=False)
class Market:
    """A market with a known truth, and the tables that show what anybody can see of it.

    Parameters
    ----------
    channels : tuple of Channel
    tables : Tables
    claims : mapping of str to float
        Revenue that each channel claims; empty where none does.
    """

    channels: tuple[Channel, ...]
    tables: Tables
    claims: Mapping[str, float]


START = "2026-09-20 16:00"  # midnight in Shanghai, in UTC
SURGE = CalendarDay(name="Singles' Day", start="2026-11-10", end="2026-11-11")


def campaign_of(total: float) -> Campaign:
    """Return the sample's campaign, its budget by what was spent."""
    return Campaign.from_json(json.dumps(campaign_facts(Spending(rows=[], total=round(100 * total), expected={}))))


def report(channel: Channel, starts: pd.DatetimeIndex, length: pd.Timedelta, **columns: object) -> pd.DataFrame:
    """Return a channel's rows of a spend report."""
    frame = pd.DataFrame({"period_start": starts, "period_end": starts + length, "channel": channel.name,
                          "spend": channel.spend, "currency": "CNY"})  # fmt: skip
    return frame.assign(**columns)


def campaign(seed: int) -> Market:
    """Return the sample's current campaign, with other luck."""
    rng = np.random.default_rng([seed, 6])
    demand = np.array([sample.PHASE_EFFECT[phase] for phase in sample.CURRENT.phases])
    price = np.where(sample.CURRENT.surges, sample.SURGE_PRICE[0] / sample.SURGE_PRICE[1], 1.0)
    starts, channels, rows, claims = pd.date_range(START, periods=len(price), unit="us"), [], [], {}
    for paid in sample.PAID:
        days = channel_days(USERS, sample.CURRENT, paid, rng)
        ceiling, half = paid.curve(USERS)
        own = Channel(name=paid.name, half=half, ceiling=ceiling, demand=demand, price=price,
                      spend=days.clicks * days.price / 100, phase=np.array(sample.CURRENT.phases))  # fmt: skip
        assert abs(own.brought(own.spend) / days.expected.sum() - 1) < 1e-9, "the sample's truth"
        channels.append(own)
        rows.append(report(own, starts, pd.Timedelta("1D"), phase=own.phase, attributed_revenue=days.attributed / 100))
        claims[own.name] = float(days.attributed.sum()) / 100
    spent = sum(float(own.spend.sum()) for own in channels)
    tables = Tables(spend=pd.concat(rows), campaign=campaign_of(spent), records=[SURGE])
    return Market(channels=tuple(channels), tables=tables, claims=claims)


def errors(rng: np.random.Generator, periods: int) -> Floats:
    """Return errors with a standard deviation of 1 that follow each other."""
    follow, out = rng.uniform(0.0, 0.5), rng.standard_normal(periods)
    for t in range(1, periods):
        out[t] = follow * out[t - 1] + np.sqrt(1 - follow**2) * out[t]
    return out


def drawn(
    rng: np.random.Generator, shape: Floats, phase: np.ndarray, dark: float, carries: Sequence[float], unlike: float
) -> Iterator[Channel]:
    """Yield channels that spend about `shape`, each at its own level and on its own curve."""
    for k in range(rng.integers(3, 6)):
        level, form = rng.uniform(100, 400), str(rng.choice([*SHAPES]))
        spend = level * shape * np.exp(rng.uniform(0.3, 0.6) * rng.standard_normal(len(shape)))
        spend = np.round(spend * (rng.random(len(shape)) > dark), 2)
        one, ceiling = np.ones(len(shape)), level * rng.uniform(3, 8)
        ceiling *= np.exp(unlike * rng.standard_normal()) if unlike else 1.0
        yield Channel(name=f"channel_{k}", form=form, carry=float(rng.choice(carries)), demand=one, price=one,
                      half=level * np.exp(rng.uniform(-0.7, 1.0)), ceiling=ceiling, spend=spend,
                      phase=phase)  # fmt: skip


def sold(revenue: Floats, starts: pd.DatetimeIndex, length: pd.Timedelta) -> pd.DataFrame:
    """Return orders that add up to each period's revenue: one an hour would say no more than one a period."""
    return pd.DataFrame({"order_id": [f"o{t}" for t in range(len(starts))], "timestamp": starts + length / 2,
                         "paid_at": starts + length / 2,
                         "revenue": revenue.round(2), "currency": "CNY"})  # fmt: skip


def weekly(seed: int, unlike: float = 0.0) -> Market:
    """Return two years of weeks, with a trend and a season."""
    rng, weeks = np.random.default_rng([seed, 104]), 104
    starts = pd.date_range("2024-11-04", periods=weeks, freq="7D", unit="us")
    channels = tuple(
        drawn(rng, np.ones(weeks), np.full(weeks, ""), rng.choice([0.0, 0.2]), (0.0, 0.2, 0.4, 0.6), unlike)
    )
    media = per_period(channels)
    t = np.arange(weeks)
    season = 1 + rng.uniform(-0.1, 0.2) * t / weeks + 0.08 * np.sin(2 * np.pi * (t / 52.18 + rng.random()))
    revenue = media.mean() * rng.uniform(1, 2) * season + media
    revenue = np.maximum(revenue + 0.05 * revenue.mean() * errors(rng, weeks), 1.0)
    length = pd.Timedelta("7D")
    tables = Tables(
        spend=pd.concat([report(own, starts, length) for own in channels]), orders=sold(revenue, starts, length)
    )
    return Market(channels=channels, tables=tables, claims={})


def daily(seed: int, unlike: float = 0.0) -> Market:
    """Return the 56 days of a campaign with its phases and its peak."""
    rng, days = np.random.default_rng([seed, 56]), sample.CAMPAIGN_DAYS
    starts, phase = pd.date_range(START, periods=days, unit="us"), np.array(sample.CURRENT.phases)
    channels = tuple(drawn(rng, sample.SPENDING, phase, sample.DARK_DAYS, (0.0, 0.2, 0.4), unlike))
    media = per_period(channels)
    demand = np.array([sample.PHASE_EFFECT[own] for own in phase]) * np.where(sample.CURRENT.surges, 2.0, 1.0)
    weekend = 1 + 0.1 * np.isin(np.arange(days) % 7, (5, 6))
    revenue = media.mean() * rng.uniform(0.7, 1.5) * demand * weekend + media
    revenue = np.maximum(revenue + 0.1 * media.mean() * errors(rng, days), 1.0)
    length, spent = pd.Timedelta("1D"), sum(float(own.spend.sum()) for own in channels)
    rows = pd.concat([report(own, starts, length, phase=phase) for own in channels])
    tables = Tables(spend=rows, orders=sold(revenue, starts, length), campaign=campaign_of(spent), records=[SURGE])
    return Market(channels=channels, tables=tables, claims={})


def per_period(channels: Sequence[Channel]) -> Floats:
    """Return what all channels bring in each period."""
    parts = [
        own.demand * own.ceiling * SHAPES[own.form][0](own.lags @ (own.spend / own.price) / own.half)
        for own in channels
    ]
    return np.asarray(np.sum(parts, axis=0))


# ---- plans beside each other ------------------------------------------------------------------------------


@dataclass(frozen=True)
class Valued:
    """What plans bring in truth, as a share of what the spend as it was brings.

    Parameters
    ----------
    plan, oracle : float
        Gain of the plan recommended, and the most there was to gain.
    claimed : float
        Gain of spend in proportion to claims; NaN without any.
    said : tuple of float
        Gain that the answer expects, with its 95% interval.
    seconds : float
        Of the fit and the plan.
    told : bool
        Whether the answer says that its plan is better than the spend as it was, beyond what chance explains.
    kept : bool
        Whether no channel's curve could be estimated: nothing is recommended, so all stays as it was.
    """

    plan: float
    oracle: float
    claimed: float
    said: tuple[float, float, float]
    seconds: float
    told: bool = False
    kept: bool = False


def valued(market: Market, per: str, **how: object) -> Valued:
    """Ask for a plan, and value it by the truth."""
    truth = Truth(market.channels, per)
    present, total = truth.value(truth.observed), float(truth.observed.sum())
    oracle = truth.value(truth.best()) / present - 1
    claimed = np.nan
    if market.claims:
        every = sum(market.claims.values())
        claimed = sum(float(own.brought(own.spend * market.claims[own.name] / every * total / own.spend.sum()))
                      for own in market.channels) / present - 1  # fmt: skip
    began = time.process_time()
    try:
        answer = Allocation(per=per, reach=REACH, **how).run(market.tables)
    except DataError:
        return Valued(0.0, oracle, claimed, (0.0, 0.0, 0.0), time.process_time() - began, kept=True)
    seconds = time.process_time() - began
    sums = answer.table[answer.table["channel"] == TOTAL].iloc[0]
    said = tuple(float(sums[name]) / present for name in ("change", "change_low", "change_high"))
    gain = truth.value(truth.planned(answer)) / present - 1
    return Valued(gain, oracle, claimed, said, seconds, answer.headline.id.startswith("Move"))  # type: ignore[arg-type]


# ---- what is printed --------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Kind:
    """A kind of market, and what plans in it are to reach.

    Parameters
    ----------
    what : str
    drawn : callable
        Makes the market of a seed.
    per : str
        What gets an amount of its own.
    gains, beats, best, loses : float
        Aims: share of plans that gain, that gain more than spend by claims, median share of the oracle's gain, and
        share that lose more than 5% of revenue.
    """

    what: str
    drawn: Callable[[int], Market]
    per: str
    gains: float
    beats: float
    best: float
    loses: float = 0.01


KINDS = (
    Kind("campaign", campaign, "phase", 0.95, 0.85, 0.95),
    Kind("campaign", campaign, "channel", 0.95, 0.85, 0.95),
    Kind("weekly", weekly, "channel", 0.80, np.nan, 0.70),
    Kind("daily", daily, "phase", 0.80, np.nan, 0.70),
    Kind("daily", daily, "channel", 0.80, np.nan, 0.70),
    Kind("weekly unlike", partial(weekly, unlike=UNLIKE), "channel", 0.80, np.nan, 0.70),
    Kind("daily unlike", partial(daily, unlike=UNLIKE), "phase", 0.80, np.nan, 0.70),
    Kind("daily unlike", partial(daily, unlike=UNLIKE), "channel", 0.80, np.nan, 0.70),
)
HEAD = ("market", "per", "n", "no curve", "gains", "beats claims", "of oracle", "worst 10%", "oracle", "said/true",
        "covered", "lost 5%", "told", "told gains", "seconds")  # fmt: skip


def row(kind: Kind, found: Sequence[Valued]) -> list[str]:
    """Return what plans of a kind reached, as text."""
    gain, oracle, claimed = (np.array([getattr(own, name) for own in found]) for name in ("plan", "oracle", "claimed"))
    asked, told = np.array([not own.kept for own in found]), np.array([own.told for own in found])
    share = np.where(oracle > 0, gain / np.where(oracle > 0, oracle, 1.0), 1.0)
    said, low, high = np.array([own.said for own in found])[asked].T
    true = gain[asked]
    return [
        kind.what, kind.per, str(len(found)), str((~asked).sum()), f"{(gain > 0).mean():.1%}",
        f"{(gain > claimed).mean():.1%}" if np.isfinite(claimed).all() else "",
        f"{np.median(share):.1%}", f"{np.quantile(share, 0.1):.1%}", f"{np.median(oracle):.1%}",
        f"{said.mean() / true.mean():.2f}", f"{((low <= true) & (true <= high)).mean():.1%}",
        f"{(gain < -LOST).mean():.1%}", f"{told.mean():.1%}",
        f"{(gain[told] > 0).mean():.1%}" if told.any() else "", f"{np.mean([own.seconds for own in found]):.2f}",
    ]  # fmt: skip


def main(argv: list[str] | None = None) -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--campaigns", type=int, default=100)
    parser.add_argument("--markets", type=int, default=200)
    parser.add_argument("--only", choices=sorted({kind.what.split()[0] for kind in KINDS}))
    parser.add_argument("--caution", type=float, default=0.0, help="of the plans, as Allocation has it")
    asked = parser.parse_args(argv)
    print("  ".join(f"{name:>13}" for name in HEAD))
    for kind in KINDS:
        if asked.only in (None, kind.what.split()[0]):
            seeds = range(asked.campaigns if kind.what == "campaign" else asked.markets)
            found = [valued(kind.drawn(seed), kind.per, caution=asked.caution) for seed in seeds]
            print("  ".join(f"{part:>13}" for part in row(kind, found)), flush=True)
            aims = [f"{kind.gains:.0%}", f"{kind.beats:.0%}" if kind.beats == kind.beats else "", f"{kind.best:.0%}"]
            print(
                "  ".join(f"{part:>13}" for part in ["aim", "", "", "", *aims, "", "", "", "", f"{kind.loses:.0%}", ""])
            )


if __name__ == "__main__":
    main()
