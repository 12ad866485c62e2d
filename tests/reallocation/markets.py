"""Small markets, settings and rule sets for the tests of reallocation."""

from __future__ import annotations

import numpy as np
import pandas as pd

from analysis.reallocation.market import Market
from analysis.reallocation.money import shared
from analysis.reallocation.responses import Responses
from analysis.reallocation.rules import SHOCKS, Card, MarketSettings
from analysis.reallocation.setting import Setting
from analysis.rules.actions import (
    ChangeBudget,
    DrawReserve,
    Notify,
    Pause,
    Rebalance,
    RefillReserve,
    ReleaseTranche,
    Resume,
    StandDown,
)
from analysis.rules.conditions import ALL, METRICS, OPERATORS, AllOf, AnyOf, Compare, NotOf, Reading
from analysis.rules.rule_set import MODES, Limits, Review, Rule, RuleSet
from analysis.tables import Tables
from analysis.values import Campaign, Phase

CALM = MarketSettings(surges=0, failures=0)
FORMS = ("hyperbolic", "exponential", "logistic", "logarithmic")


def clock(start="2026-09-01", length=96, zone="UTC") -> pd.DatetimeIndex:
    """Return local hours, naive, from a local midnight on."""
    return pd.date_range(start, periods=length, freq="h", tz=zone).tz_localize(None)


def market(
    *, channels=3, days=4, seed=0, settings=None, sigma=0.15, headroom=2.0, doubt=0.1, order_value=5.0, hours=None,
    times=None, forms=FORMS, offset=0,
) -> Market:  # fmt: skip
    """Return a market of random curves, one form after the other, whose burst begins halfway."""
    rng = np.random.default_rng(seed)
    length = len(times) if times is not None else 24 * days if hours is None else hours
    times = clock(length=length) if times is None else times
    hour = 1 + 0.8 * np.sin((np.arange(24) - 9) / 24 * 2 * np.pi)
    ceiling, half = rng.uniform(500, 5000, channels), rng.uniform(100, 900, channels)
    multiplier = np.array([np.ones(channels), rng.uniform(1, 2, channels)])

    def drawn(c):
        spread = np.exp(doubt * rng.standard_normal((50, 4)))
        return np.array([ceiling[c], half[c], *multiplier[:, c]]) * spread

    return Market(
        channels=tuple(f"c{c}" for c in range(channels)),
        times=times,
        weight=(hour / hour.sum())[times.hour],
        phase=(np.arange(length) >= length // 2).astype(int),
        multiplier=multiplier,
        fitted=Responses(tuple(forms[(c + offset) % len(forms)] for c in range(channels)), ceiling, half),
        draws=tuple(drawn(c) for c in range(channels)),
        most=half * headroom,
        sigma=np.full(channels, sigma),
        order_value=order_value,
        settings=settings or MarketSettings(surges=2, surge_lasts="12h", failures=1),
    )


def flat(
    ceiling, half, *, hours=48, most=1e9, order_value=1.0, settings=CALM, times=None, forms=("hyperbolic",), sigma=0.0,
    true=None,
) -> Market:  # fmt: skip
    """Return a market whose hours are alike and whose curves are known; `true` is what they are in every run."""
    times = clock(length=hours) if times is None else times
    width = len(ceiling)
    truth = np.array(ceiling if true is None else true, dtype=float)
    return Market(
        channels=tuple("abcdefghij"[:width]),
        times=times,
        weight=np.full(len(times), 1 / 24),
        phase=np.zeros(len(times), dtype=int),
        multiplier=np.ones((1, width)),
        fitted=Responses(tuple(forms * width)[:width], np.array(ceiling, dtype=float), np.array(half, dtype=float)),
        draws=tuple(np.array([[truth[c], half[c], 1.0]], dtype=float) for c in range(width)),
        most=np.full(width, float(most)),
        sigma=np.full(width, float(sigma)),
        order_value=order_value,
        settings=settings,
    )


def stage(at: Market, budget=500_000, *, reserve=0.0, tranches=(), shares=None) -> Setting:
    """Return a setting: a budget in cents, of which shares are held back, split as given or evenly."""
    held, parts = int(budget * reserve), tuple(int(budget * share) for share in tranches)
    weights = np.ones(len(at.channels)) if shares is None else np.array(shares, dtype=float)
    return Setting(
        market=at, budget=budget, reserve=held, tranches=parts,
        plan=shared(np.array(budget - held - sum(parts)), weights), observed=at.most / 2, facts=frozenset(),
        left_out=(), expected=0.0, currency=None, notes=(),
    )  # fmt: skip


# ---- drawn at random ------------------------------------------------------------------------------------------


def drawn(seed, *, most_hours=240, most_channels=5, budget=None) -> tuple[Setting, RuleSet]:
    """Return a market with cards and a rule set, with every feature drawn."""
    rng = np.random.default_rng([seed, 14])
    length, width = int(rng.integers(2, most_hours + 1)), int(rng.integers(1, most_channels + 1))
    zone, start = (("UTC", "2026-09-01"), ("America/New_York", "2026-10-31"), ("America/New_York", "2027-03-13"))[
        rng.integers(3)
    ]
    times = clock(start, length, zone)
    names = [f"c{c}" for c in range(width)]
    at = market(
        channels=width, seed=seed, settings=_market(rng, names, length), sigma=float(rng.choice([0.0, 0.15, 0.5])),
        headroom=float(rng.choice([0.4, 1.5, 4.0])), doubt=float(rng.choice([0.0, 0.1, 0.4])),
        order_value=float(rng.choice([0.5, 5.0, 60.0])), times=times, offset=int(rng.integers(4)),
    )  # fmt: skip
    asked = _rule_set(rng, names)
    usual = at.fitted.half.sum() * at.days * 100 * rng.uniform(0.2, 2.0)
    money = budget or (int(usual) if rng.random() < 0.9 else int(rng.integers(100, 5_000)))
    return stage(
        at, money, reserve=asked.reserve, tranches=asked.tranches, shares=rng.dirichlet(np.full(width, 2.0))
    ), asked


def _market(rng, names, length) -> MarketSettings:
    cards = tuple(_card(rng, names, length) for _ in range(rng.integers(0, 4)))
    some = {names[0]: float(rng.integers(1, 72))} if rng.random() < 0.3 else {}
    return MarketSettings(
        surges=float(rng.choice([0, 1, 3])), surge_lasts=f"{rng.integers(1, 30)}h", surge_size=rng.uniform(1, 4),
        failures=float(rng.choice([0, 1, 3])), replaced_after=f"{rng.integers(1, 60)}h", cards=cards,
        conversion_delay=_maybe(rng, 0.4, f"{rng.integers(1, 72)}h"), delays=some,
        level_error=float(rng.choice([0, 0.3])), dearer=float(rng.choice([0, 0.5])),
        learning=_maybe(rng, 0.4, f"{rng.integers(1, 48)}h"), learning_cost=float(rng.uniform(0, 0.5)),
    )  # fmt: skip


def _card(rng, names, length) -> Card:
    shock = str(rng.choice(list(SHOCKS)))
    return Card(
        shock=shock, channel=_maybe(rng, 0.5, str(rng.choice(names))),
        at=_maybe(rng, 0.5, f"{rng.integers(1, length + 1)}h"), lasts=_maybe(rng, 0.7, f"{rng.integers(1, 40)}h"),
        size=_maybe(rng, 0.7, float(rng.uniform(0, 3))), times=float(rng.choice([0, 1, 2])),
    )  # fmt: skip


def _maybe(rng, share, value):
    return value if rng.random() < share else None


SCALE = {
    "spend": 300, "revenue": 900, "orders": 60, "roi": 2, "cpa": 4, "marginal_roi": 1.5, "forecast": 60, "rank": 2,
    "spread": 1.5, "budget": 200, "planned": 200, "hour": 12, "weekday": 4, "day": 4, "spent_share": 0.4,
    "time_share": 0.4, "reserve_left": 0.6, "excess": 0.7,
}  # fmt: skip
"""About what each metric comes to, so that comparisons may go either way."""


def _reading(rng, names, metric=None) -> Reading:
    metric = metric or str(rng.choice(list(METRICS)))
    return Reading(
        metric=metric, over=f"{rng.choice([1, 4, 12, 24, 48])}h",
        excluding=_maybe(rng, 0.3, f"{rng.choice([1, 6, 24])}h"), per=str(rng.choice(["window", "hour", "day"])),
        of=_maybe(rng, 0.3, str(rng.choice([ALL, *names]))),
    )  # fmt: skip


def _compare(rng, names) -> Compare:
    left = _reading(rng, names)
    sign = str(rng.choice(OPERATORS))
    if rng.random() < 0.35:
        return Compare(left=left, is_=sign, than=float(rng.uniform(0.3, 2)), right=_reading(rng, names, left.metric))
    return Compare(left=left, is_=sign, than=float(SCALE[left.metric] * np.exp(rng.normal(0, 0.8))))


def _condition(rng, names, deep=2):
    roll = rng.random()
    if deep == 0 or roll < 0.5:
        return _compare(rng, names)
    if roll < 0.65:
        return NotOf(of=(_condition(rng, names, deep - 1),))
    parts = tuple(_condition(rng, names, deep - 1) for _ in range(rng.integers(0, 4)))
    return AllOf(of=parts) if roll < 0.85 else AnyOf(of=parts)


def _action(rng):
    over, excluding = f"{rng.choice([4, 24, 48])}h", _maybe(rng, 0.3, "6h")
    return (
        ChangeBudget(percent=float(rng.choice([-1, -0.5, -0.2, 0.2, 1.0, 3.0]))),
        ChangeBudget(amount=float(rng.uniform(-300, 300))),
        Rebalance(by="marginal_roi", step=float(rng.choice([0.05, 0.2, 1.0])), over=over, excluding=excluding),
        Rebalance(by="roi", step=float(rng.choice([0.05, 0.2, 1.0])), over=over, excluding=excluding),
        Rebalance(by="even", step=float(rng.choice([0.05, 0.2, 1.0]))),
        DrawReserve(share=float(rng.uniform(0.1, 1)), min_roi=float(rng.choice([0.0, 0.5, 1.0, 3.0]))),
        RefillReserve(share=float(rng.uniform(0.01, 0.3))),
        ReleaseTranche(),
        Pause(),
        Resume(),
        Notify(),
        StandDown(lasts=f"{rng.integers(1, 30)}h"),
    )[rng.integers(12)]


def _rule(rng, names, n) -> Rule:
    return Rule(
        name=f"rule {n}", when=_condition(rng, names),
        then=tuple(_action(rng) for _ in range(rng.integers(1, 4))), on=rng.random() < 0.95,
        per=str(rng.choice(["channel", "campaign"])),
        channels=tuple(str(x) for x in rng.permutation(names)[: rng.integers(1, len(names) + 1)])
        if rng.random() < 0.3
        else (),
        priority=int(rng.integers(0, 3)), pending=int(rng.choice([1, 1, 2, 3])),
        least_orders=int(rng.choice([0, 0, 5, 60])), sample_over=f"{rng.choice([4, 24, 72])}h",
        no_data=str(rng.choice(["skip", "hold", "fire"])), cooldown=_maybe(rng, 0.3, f"{rng.integers(1, 48)}h"),
    )  # fmt: skip


def _rule_set(rng, names) -> RuleSet:
    looks = int(rng.choice([1, 2, 3, 4, 5, 8, 24]))
    limits = Limits(
        floor=float(rng.choice([0.0, 0.2, 0.6, 1.0])), ceiling=_maybe(rng, 0.3, float(rng.uniform(1, 3))),
        step=_maybe(rng, 0.4, float(rng.uniform(0.02, 1.0))), day=_maybe(rng, 0.6, float(rng.uniform(0.1, 2.0))),
        cooldown=_maybe(rng, 0.25, f"{rng.integers(1, 30)}h"), per_day=_maybe(rng, 0.25, int(rng.integers(1, 9))),
        beyond=str(rng.choice(["clamp", "clamp", "skip"])),
    )  # fmt: skip
    review = Review(
        share=float(rng.choice([0.02, 0.3, 1.0])), by=str(rng.choice(["random", "risk"])),
        answers_in=f"{rng.integers(1, 20)}h", time_out=f"{rng.integers(1, 20)}h",
        then=str(rng.choice(["apply", "drop"])), rejects=float(rng.choice([0.0, 0.3])),
    )  # fmt: skip
    return RuleSet(
        rules=tuple(_rule(rng, names, n) for n in range(rng.integers(1, 7))), evaluate_every=f"{looks}h",
        adjust_every=f"{looks * rng.integers(1, 4)}h",
        mode=str(rng.choice(MODES)) if rng.random() < 0.15 else "apply", reserve=float(rng.choice([0.0, 0.15, 0.5])),
        tranches=tuple(float(x) for x in rng.uniform(0.02, 0.12, rng.integers(0, 4))), limits=limits,
        review=review if rng.random() < 0.25 else None,
    )  # fmt: skip


# ---- exports --------------------------------------------------------------------------------------------------


def report(curves, spend, *, days=60, noise=0.05, seed=1, phases=()) -> Tables:
    """Return tables whose spend follows `curves` (channel: ceiling, half), spent around `spend` a day."""
    rng = np.random.default_rng(seed)
    starts = pd.date_range("2026-09-01", periods=days)
    rows = []
    for channel, (ceiling, half) in curves.items():
        money = spend[channel] * np.exp(0.5 * rng.standard_normal(days))
        money *= spend[channel] * days / money.sum()
        revenue = ceiling * money / (half + money) * np.exp(noise * rng.standard_normal(days) - noise**2 / 2)
        rows.append(
            pd.DataFrame(
                {
                    "period_start": starts,
                    "period_end": starts + pd.Timedelta(days=1),
                    "channel": channel,
                    "spend": money.round(2),
                    "currency": "CNY",
                    "conversions": (revenue / 50).round(),
                    "attributed_revenue": revenue.round(2),
                }
            )
        )
    campaign = Campaign(name="autumn", start="2026-09-01", end="2026-09-30", phases=phases, zone="UTC", currency="CNY")
    return Tables(spend=pd.concat(rows), campaign=campaign)


def two_phases() -> tuple[Phase, ...]:
    return (
        Phase(name="warm-up", start="2026-09-01", end="2026-09-20"),
        Phase(name="burst", start="2026-09-21", end="2026-09-30"),
    )
