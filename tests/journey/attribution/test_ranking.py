"""Who brings most: the ranking against its parts, by hand, and in simulations in which the truth is known."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest
from scipy.stats import norm

from analysis.charts import Look
from analysis.journey.attribution.chart import SHOWN
from analysis.journey.attribution.kernel import GROUPS, RULES, Sets, Tally
from analysis.journey.attribution.question import Attribution
from analysis.journey.attribution.ranking import Figures, Ranking, figures_of, mean, ranked
from analysis.journey.attribution.shares import Shares
from analysis.tables import Tables

START = pd.Timestamp("2026-11-01").as_unit("us")


def market(
    rng: np.random.Generator, paths: dict[str, float], users: int = 300, *, value: float = 0.0, spend: str = ""
) -> Tables:
    """Make users who come by one of some paths (a letter a visit), in these shares, and then buy.

    `value` is the sigma of what they pay; on the channels in `spend` 100 is spent.
    """
    own = rng.choice(list(paths), users, p=list(paths.values()))
    rows = [
        (f"u{u:04d}", START + pd.Timedelta(hours=h), "visit" if c != "+" else "purchase", c if c != "+" else None)
        for u, path in enumerate(own)
        for h, c in enumerate(f"{path}+")
    ]
    events = pd.DataFrame(rows, columns=["user_id", "timestamp", "event", "channel"])
    bought = events["event"] == "purchase"
    events["order_id"] = ("o" + events["user_id"]).where(bought, None)
    orders = events[bought].assign(paid_at=lambda t: t["timestamp"], currency="CNY")
    orders["revenue"] = 100 * rng.lognormal(-(value**2) / 2, value, len(orders)) if value else 100.0
    cost = pd.DataFrame({"period_start": START, "period_end": START + pd.Timedelta(days=1), "channel": list(spend)})
    cost = cost.assign(spend=100.0, currency="CNY")
    columns = ["order_id", "user_id", "timestamp", "paid_at", "revenue", "currency"]
    return Tables(events=events, orders=orders[columns], **({"spend": cost} if spend else {}))


def said(tables: Tables, **asked: object) -> str:
    return Attribution(**asked).run(tables).headline.text()


# ---- by hand, and against its parts -----------------------------------------------------------------------


def test_the_ranking_is_the_mean_of_the_models() -> None:
    tables = market(np.random.default_rng(12), {"ab": 0.3, "ba": 0.1, "bc": 0.3, "a": 0.2, "ca": 0.1}, value=0.5)
    for asked in (Attribution(), Attribution(value="revenue", models=("first", "decay", "markov"))):
        answer = asked.run(tables)
        ranking, each = answer.frame("ranking").set_index("touch"), answer.table.groupby("touch")
        for name, column in (("share", each["share"].mean()), ("credit", each["credit"].mean()),
                             ("models_low", each["share"].min()), ("models_high", each["share"].max())):  # fmt: skip
            own = ranking[name].dropna()
            assert own.to_dict() == pytest.approx(column[own.index].to_dict(), rel=1e-12), name
        assert ranking["share"].sum() == pytest.approx(1, rel=1e-12)
        touches = ranking.drop(index="(no touch)", errors="ignore")
        assert touches["share"].is_monotonic_decreasing
        assert touches["lead"].iloc[:-1].to_numpy() == pytest.approx(-np.diff(touches["share"]), rel=1e-9)
        assert (touches["low"] < touches["share"]).all() and (touches["share"] < touches["high"]).all()


def test_return_is_what_is_credited_over_what_was_spent() -> None:
    tables = market(np.random.default_rng(1), {"a": 0.5, "b": 0.3, "c": 0.2}, spend="ab")
    rows = Attribution(value="revenue").run(tables).frame("ranking").set_index("touch")
    assert rows.loc["a", "roi"] == pytest.approx(rows.loc["a", "value"] / 100, rel=1e-12)
    assert rows.loc["a", "roi_low"] < rows.loc["a", "roi"] < rows.loc["a", "roi_high"]
    assert rows.loc["c", ["cost", "roi", "roi_low"]].isna().all()
    each = Attribution().run(tables).frame("ranking").set_index("touch")
    assert each.loc["a", "cost_per_conversion"] == pytest.approx(100 / each.loc["a", "credit"], rel=1e-12)
    assert each.loc["a", "cost_low"] < each.loc["a", "cost_per_conversion"] < each.loc["a", "cost_high"]


def test_differences_are_compared_draw_by_draw() -> None:
    """Shares that move together: either interval holds the other's share, and yet a is ahead in every draw."""
    both = np.random.default_rng(2).normal(0, 0.05, 500)
    drawn = np.column_stack([0.42 + both, 0.40 + both, np.full(500, 0.1)])
    figures = Figures(("a", "b", "c"), np.array([0.42, 0.40, 0.1]), drawn)
    assert figures.of("a").low < figures.of("b").value and figures.of("b").high > figures.of("a").value
    assert figures.leaders == ("a",)
    opposed = Figures(("a", "b"), np.array([0.42, 0.40]), np.column_stack([0.42 + both, 0.40 - both]))
    assert opposed.leaders == ("a", "b")
    assert Figures(("a", "b"), np.array([0.9, 0.1]), np.empty((0, 2))).leaders == ("a", "b")


def test_models_that_put_another_first_are_seen() -> None:
    noise = np.random.default_rng(3).normal(0, 0.001, (400, 2))
    points = {"first": [0.9, 0.1], "last": [0.4, 0.6], "linear": [0.6, 0.4]}
    shares = {m: Figures(("a", "b"), np.array(p), np.array(p) + noise) for m, p in points.items()}
    found = Ranking(shares, mean(tuple(shares.values())), Figures((), np.empty(0), np.empty((400, 0))))
    assert found.leaders == ("a",) and found.next == "b"
    assert found.firsts() == {"first": "a", "last": "b", "linear": "a"}
    assert found.spread("a") == (0.4, 0.9)


# ---- in words ---------------------------------------------------------------------------------------------


def test_the_headline_says_who_how_much_against_whom_and_what_next() -> None:
    tables = market(np.random.default_rng(4), {"a": 0.6, "b": 0.3, "c": 0.1}, spend="bc")
    answer = Attribution(value="revenue").run(tables)
    rows = answer.frame("ranking").set_index("touch")
    text = answer.headline.text()
    assert text.startswith(f"a brings most: CN¥{rows.loc['a', 'value']:,.0f} of CN¥30,000 of revenue, ")
    assert f"{100 * rows.loc['a', 'lead']:.1f} points" in text and "more than b, the next." in text
    assert "All 7 models agree." in text
    assert f"b returns most on its spend: an attributed ROI of {rows.loc['b', 'roi']:.1f}" in text
    assert text.endswith("See under Budget what more money for b would still earn.")
    assert answer.headline.text("zh_CN").startswith("a带来的最多：")
    each = said(tables)
    assert "A conversion costs least by b: " in each
    assert said(market(np.random.default_rng(4), {"a": 0.6, "b": 0.4})).endswith("to see what each returns on it.")


def test_what_cannot_be_told_apart_is_not_said_to_differ() -> None:
    level = said(market(np.random.default_rng(5), {"a": 0.46, "b": 0.44, "c": 0.1}, spend="ab"), value="revenue")
    assert level.startswith("a, b bring most of CN¥30,000 of revenue, between ")
    assert "All 7 models put one of these first." in level
    assert "Which of these returns most on its spend cannot be told: a, b (attributed ROI " in level
    assert level.endswith("See under Budget where the next money earns most.")
    many = market(np.random.default_rng(6), dict.fromkeys("abcdef", 1 / 6), spend="abcdef")
    assert said(many).startswith("Which channel brings most of 300 conversions (purchase) cannot be told: 6 are level")
    assert "By which channel a conversion costs least cannot be told: 6 are level" in said(many)
    few = said(market(np.random.default_rng(7), {"a": 0.8, "b": 0.2}, users=20))
    assert few.startswith("So far a has most, ") and "fewer than 30 conversions" in few
    assert few.endswith("or wait. All 7 models agree.")


def test_models_that_disagree_are_named() -> None:
    """Nearly every path begins with a and ends with b: the first touch has most by one model, the last by another."""
    tables = market(np.random.default_rng(8), {"aaab": 0.9, "b": 0.1})
    text = said(tables, models=("first", "linear", "last"))
    assert "The models do not agree: by First touch, Linear it is a, by Last touch b." in text
    alone = market(np.random.default_rng(8), {"ab": 0.5, "b": 0.1, "a": 0.35, "ac": 0.05})
    assert "The models do not agree" in said(alone, models=("first", "last"))
    two = market(np.random.default_rng(8), {"ab": 0.6, "a": 0.4})
    assert "Only Last touch was asked." in said(two, models="last")


def test_one_touch_alone_brings_all() -> None:
    text = said(market(np.random.default_rng(9), {"a": 1.0}))
    assert text.startswith("All that any channel brings comes by a: 300 of 300 conversions (purchase) (100%).")


def test_a_long_ranking_is_cut_and_says_so() -> None:
    names = "abcdefghijklmnopqrst"
    answer = Attribution(models="last").run(market(np.random.default_rng(10), dict.fromkeys(names, 1 / len(names))))
    chart = answer.chart(Look()).to_dict()
    bars = next(rows for rows in chart["datasets"].values() if "figures" in rows[0])
    assert len(bars) == SHOWN
    assert f"{len(names) - SHOWN} more in the table" in chart["layer"][0]["encoding"]["x"]["title"]


# ---- where the truth is known -----------------------------------------------------------------------------

RUNS = 400
LETTERS = "abcd"


def found(rng: np.random.Generator, paths: dict[str, float], users: int, sigma: float) -> Ranking:
    """Rank channels by what simulated users bring, on each of which 100 was spent: the walk's sums are made here.

    Every user converts once, by one of the paths, and pays an amount that is log-normal with this sigma.
    """
    path, group = rng.choice(len(paths), users, p=list(paths.values())), rng.integers(GROUPS, size=users)
    amount = rng.lognormal(0, sigma, users)
    credits = np.zeros((GROUPS, 2, len(RULES), len(LETTERS) + 1))
    for k, way in enumerate(paths):
        own = path == k
        brought = np.bincount(group[own], minlength=GROUPS), np.bincount(group[own], amount[own], GROUPS)
        first, last = LETTERS.index(way[0]), LETTERS.index(way[-1])
        for measure, sums in enumerate(brought):
            credits[:, measure, RULES.index("first"), first] += sums
            credits[:, measure, RULES.index("last"), last] += sums
            for touch in (first, last):
                credits[:, measure, RULES.index("linear"), touch] += sums / 2
    none = np.empty(0)
    steps = np.zeros((GROUPS, len(LETTERS) + 3, len(LETTERS) + 3))
    counts = np.array([users, 0, 0, 0, 0, 0])
    seen = credits.sum(axis=(0, 1, 2))[:-1] > 0
    sets = Sets(none.astype(int), none.astype(int), none, none, none)
    shares = Shares(Tally(credits, steps, sets, counts, seen), LETTERS, measure=int(sigma > 0))
    models = ("first", "last", "linear")
    drawn = shares.draw(models, 200, int(rng.integers(2**31)))
    return ranked(figures_of(shares, shares.credits(models), drawn), shares, drawn, dict.fromkeys(LETTERS, 100.0))


def told(paths: dict[str, float], *, users: int = 300, sigma: float = 0.0) -> tuple[int, int]:
    """Count in how many data sets one channel is said to bring most, and to return most."""
    rng = np.random.default_rng(11)
    every = [found(rng, paths, users, sigma) for _ in range(RUNS)]
    return sum(len(one.leaders) == 1 for one in every), sum(len(one.returns.leaders) == 1 for one in every)


@pytest.mark.parametrize("sigma", [0.0, 1.0])
@pytest.mark.parametrize("paths", [{"a": 0.5, "b": 0.5}, dict.fromkeys("abcd", 0.25), {"ab": 0.5, "ba": 0.5}])
@pytest.mark.long
def test_channels_that_are_alike_are_seldom_told_apart(paths: dict[str, float], sigma: float) -> None:
    """At a level of 5%; 8% are three standard deviations more."""
    assert max(told(paths, sigma=sigma)) <= 0.08 * RUNS


def test_a_channel_that_brings_more_is_found_as_often_as_can_be() -> None:
    """The difference of two shares of one total has variance (p + q - (p - q)^2) / n."""
    p, q, users = 0.45, 0.3, 300
    power = norm.cdf((p - q) / math.sqrt((p + q - (p - q) ** 2) / users) - norm.ppf(0.975))
    runs = told({"a": p, "b": q, "c": 1 - p - q}, users=users)[0]
    assert abs(runs / RUNS - power) < 4 * math.sqrt(power * (1 - power) / RUNS)
