"""Two questions side by side: their differences counted by hand, an outside witness for the intervals, nulls."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields
from typing import Any

import numpy as np
import pandas as pd
import pytest
from statsmodels.stats.proportion import confint_proportions_2indep

from analysis import (
    Card,
    Comparison,
    Exclusion,
    Filter,
    Funnel,
    FunnelMoney,
    FunnelPaths,
    FunnelRules,
    Limit,
    MarketSettings,
    PriceIndex,
    Retention,
    RuleSet,
    RuleSweep,
    Sales,
    Scenario,
    Simulation,
    Step,
    Tables,
)
from analysis.answer import Answer
from analysis.charts import Look
from analysis.comparison.differences import differences
from analysis.comparison.question import BesideAnswer, ComparisonAnswer, kept_apart
from analysis.comparison.settings import CHOICES, KINDS, OWN, PARTS, SETTINGS
from analysis.errors import DataError, QuestionError
from analysis.messages import LANGUAGES, translate
from analysis.names import DisplayNames
from analysis.plan.scorecard import QuarterWeights
from analysis.question import Question
from analysis.rules.ready import plan
from analysis.values import Value, base, kinds
from ui import controls
from ui.screens import SCREENS, attribution, budget, funnel, paths, retention

ASKED = tuple(kind for kind in kinds(Question) if kind != "comparison")
Ask = Callable[[str], Question]
AnswerTo = Callable[[str], Answer]
FUNNEL = Funnel(steps=("view", "cart", "purchase"), window="1h")


def people(name: str, taken: tuple[int, ...], day: str = "2026-11-01", **columns: str) -> pd.DataFrame:
    """Return a log in which so many people took the first step, so many of them the second, and so on."""
    rows = [
        (f"{name}{u}", pd.Timestamp(f"{day} 10:00") + pd.Timedelta(minutes=5 * step), event)
        for step, (event, n) in enumerate(zip(("view", "cart", "purchase"), taken, strict=False))
        for u in range(n)
    ]
    return pd.DataFrame(rows, columns=["user_id", "timestamp", "event"]).assign(**columns)


def log(*parts: pd.DataFrame) -> Tables:
    # Somebody comes long after, so that the window of everybody else is over.
    last = people("z", (1,), "2027-01-01").reindex(columns=parts[0].columns)
    last = last.assign(**{c: parts[0][c].iloc[0] for c in parts[0].columns[3:]})
    return Tables(events=pd.concat([*parts, last], ignore_index=True).astype({"timestamp": "datetime64[us]"}))


def codes(answer: Answer) -> set[str]:
    return {note.code for note in answer.notes}


# ---- counted by hand, with an outside witness -------------------------------------------------------------

BEFORE, AFTER = (790, 400, 31), (812, 500, 67)
WHERE = {
    "campaign": (Filter(campaign="A 2025"), Filter(campaign="A 2026")),
    "channel": (Filter(channel="search"), Filter(channel="video")),
    "segment": (Filter(segment={"stage": "reach"}), Filter(segment={"stage": "interest"})),
    "dates": (Filter(end="2026-11-04"), Filter(start="2026-11-05", end="2026-11-09")),
}


def planted(by: str) -> Tables:
    columns = {"campaign": ("A 2025", "A 2026"), "channel": ("search", "video"), "segment": ("reach", "interest")}
    of = columns.get(by, ("x", "x"))
    name = "stage" if by == "segment" else by if by in columns else "channel"
    return log(people("b", BEFORE, "2026-11-01", **{name: of[0]}), people("a", AFTER, "2026-11-08", **{name: of[1]}))


@pytest.mark.parametrize("by", WHERE)
def test_a_difference_is_that_of_the_counts_with_newcombes_interval(by: str) -> None:
    before, after = WHERE[by]
    asked = Comparison(left=FUNNEL.replace(where=before), right=FUNNEL.replace(where=after))
    answer = asked.run(planted(by))
    assert isinstance(answer, ComparisonAnswer)
    table = answer.table.set_index("row")
    n = BEFORE[0]
    assert table.loc["purchase", ["left_n", "right_n"]].tolist() == [n, AFTER[0]]
    for event, x, y in (("cart", BEFORE[1], AFTER[1]), ("purchase", BEFORE[2], AFTER[2])):
        row = table.loc[event]
        assert row["left"] == pytest.approx(x / n, abs=1e-12)
        assert row["right"] == pytest.approx(y / AFTER[0], abs=1e-12)
        assert row["difference"] == pytest.approx(y / AFTER[0] - x / n, abs=1e-12)
        low, high = confint_proportions_2indep(y, AFTER[0], x, n, method="newcomb", compare="diff")
        assert (row["low"], row["high"]) == pytest.approx((low, high), abs=1e-9)
        assert row["clear"]
    assert "independent" in codes(answer)
    assert "same-people" not in codes(answer)


def test_the_headline_says_who_how_much_and_how_sure() -> None:
    before, after = WHERE["campaign"]
    tables = planted("campaign")
    answer = Comparison(left=FUNNEL.replace(where=before), right=FUNNEL.replace(where=after)).run(tables)
    low, high = confint_proportions_2indep(67, 812, 31, 790, method="newcomb", compare="diff")
    assert answer.say(answer.headline) == (
        "From first step, purchase: 8.3% of 812 users (Campaign: A 2026) against 3.9% of 790 users "
        f"(Campaign: A 2025): 4.3 percentage points more (95% interval {100 * low:.1f} to {100 * high:.1f} "
        "percentage points)."
    )
    turned = Comparison(left=FUNNEL.replace(where=after), right=FUNNEL.replace(where=before)).run(tables)
    assert turned.say(turned.headline).endswith(
        f"4.3 percentage points less (95% interval {100 * low:.1f} to {100 * high:.1f} percentage points)."
    )
    assert "多 4.3 个百分点" in answer.say(answer.headline, "zh_CN")
    assert "少 4.3 个百分点" in turned.say(turned.headline, "zh_CN")


def test_a_difference_that_chance_explains_is_called_none() -> None:
    tables = log(people("b", (50, 20, 5), channel="search"), people("a", (50, 22, 7), channel="video"))
    before, after = WHERE["channel"]
    answer = Comparison(left=FUNNEL.replace(where=before), right=FUNNEL.replace(where=after)).run(tables)
    said = answer.say(answer.headline)
    assert "no difference that chance would not explain" in said
    assert " more" not in said and " less" not in said
    assert "超出偶然" in answer.say(answer.headline, "zh_CN")
    assert not answer.table["clear"].any()


@pytest.mark.parametrize(
    "right", [FUNNEL.replace(window="1d"), FUNNEL.replace(where=Filter(channel=("search", "video")))]
)
def test_the_same_people_have_no_interval(right: Funnel) -> None:
    tables = log(people("b", (90, 40, 9), channel="search"), people("a", (90, 60, 30), channel="video"))
    answer = Comparison(left=FUNNEL.replace(where=Filter(channel="search")), right=right).run(tables)
    table = answer.table
    assert table[["low", "high"]].isna().all(axis=None)
    assert not table["clear"].any()
    assert answer.caveat is not None and answer.caveat.code == "same-people"
    assert "interval" not in answer.say(answer.headline)


def test_a_mean_of_money_has_the_interval_of_both_sides() -> None:
    """Square-and-add (Zou and Donner), written out."""
    rng = np.random.default_rng(3)
    side = [people(name, (80, 60, 50), day, channel=channel).assign(value=np.nan)
            for name, day, channel in (("b", "2026-11-01", "search"), ("a", "2026-11-02", "video"))]  # fmt: skip
    for part in side:
        bought = part["event"] == "purchase"
        part.loc[bought, "value"] = rng.gamma(2, 50, bought.sum()).round(2)
    before, after = (FunnelMoney(funnel=FUNNEL, where=where) for where in WHERE["channel"])
    tables = log(*side)
    answer = Comparison(left=before, right=after).run(tables)
    one, other = (asked.run(tables).table.iloc[0] for asked in (before, after))
    row = answer.table.iloc[0]
    assert row["difference"] == pytest.approx(other["revenue_per_user"] - one["revenue_per_user"])
    l1, u1, l2, u2 = (x[b] - x["revenue_per_user"] for x in (one, other) for b in ("low", "high"))
    assert row["low"] == pytest.approx(row["difference"] - np.hypot(l2, u1))
    assert row["high"] == pytest.approx(row["difference"] + np.hypot(u2, l1))


@pytest.mark.long
def test_two_halves_of_one_population_seldom_differ() -> None:
    """Of 300 groups whose halves do alike, at most 8% have an interval without nought; 5% is what is promised.

    After allowing for how many were looked at, hardly any is said to differ.
    """
    rng, alarms, said = np.random.default_rng(11), 0, 0
    for run in range(6):
        parts = [
            people(f"{run}-{group}-{side}-", (n, *sorted(rng.binomial(n, (0.12, 0.4)), reverse=True)),
                   channel=f"g{group}", device=side)
            for group in range(50) for side in ("ios", "web") for n in [int(rng.integers(60, 300))]
        ]  # fmt: skip
        tables = log(*parts)
        asked = FUNNEL.replace(breakdown="channel", where=Filter(device="ios"))
        answer = Comparison(left=asked, right=asked.replace(where=Filter(device="web"))).run(tables)
        table = answer.table[answer.table["row"].str.endswith("· purchase")]
        assert len(table) == 50
        assert table["low"].notna().all()
        alarms += int(((table["low"] > 0) | (table["high"] < 0)).sum())
        said += int(table["clear"].any())
    assert alarms <= 0.08 * 300
    assert said <= 2


# ---- rows that belong together ----------------------------------------------------------------------------


def test_steps_belong_together_by_their_events_in_order() -> None:
    tables = log(people("b", (90, 60, 30), channel="search"))
    one = FUNNEL
    without = Comparison(left=one, right=one.replace(steps=("view", "purchase"))).run(tables).table
    assert without["row"].tolist() == ["view", "cart", "purchase"]
    assert without.loc[1, ["left", "right"]].isna().tolist() == [False, True]
    swapped = Comparison(left=one, right=one.replace(steps=("view", "view", "purchase"))).run(tables)
    assert swapped.table["row"].tolist() == ["view", "cart → view", "purchase"]
    assert swapped.shown("table", "zh_CN")["row"].tolist() == swapped.table["row"].tolist()
    assert swapped.plot("table", Look("zh_CN")).names(swapped.table, "row")[1] == "加购 → 浏览商品"


def test_a_step_only_the_right_takes_stands_where_it_is_taken() -> None:
    tables = log(people("b", (90, 60, 30), channel="search"))
    asked = Comparison(left=FUNNEL.replace(steps=("view", "purchase")), right=FUNNEL)
    assert asked.run(tables).table["row"].tolist() == ["view", "cart", "purchase"]


def orders(days: dict[str, float], campaign: str) -> pd.DataFrame:
    at = pd.to_datetime(list(days)) + pd.Timedelta(hours=4)
    return pd.DataFrame({"order_id": [f"{campaign}{day}" for day in days], "timestamp": at, "paid_at": at,
                         "revenue": list(days.values()), "currency": "CNY", "campaign": campaign})  # fmt: skip


def test_days_are_counted_from_each_sides_first() -> None:
    parts = (
        orders({"2025-11-01": 10, "2025-11-02": 20, "2025-11-04": 40}, "A 2025"),
        orders({"2026-10-20": 11, "2026-10-21": 22, "2026-10-22": 33}, "A 2026"),
    )
    tables = Tables(orders=pd.concat(parts).astype({"timestamp": "datetime64[us]", "paid_at": "datetime64[us]"}))
    one, other = (Sales(where=Filter(campaign=name)) for name in ("A 2025", "A 2026"))
    answer = Comparison(left=one, right=other).run(tables)
    trend = answer.frame("trend").set_index("row")
    assert trend.loc["Day 1", ["left", "right", "difference"]].tolist() == [10, 11, 1]
    assert trend.loc["Day 2", "difference"] == 2
    assert trend.loc["Day 4", "left"] == 40
    assert np.isnan(trend.loc["Day 4", "right"])
    assert answer.table.loc[0, ["left", "right", "difference"]].tolist() == [70, 66, -4]
    # With dates of its own a side begins there, whether or not anything was ordered then.
    late = Comparison(left=one, right=other.replace(where=Filter(campaign="A 2026", start="2026-10-19"))).run(tables)
    assert late.frame("trend").set_index("row").loc["Day 2", ["left", "right"]].tolist() == [20, 11]


# ---- every kind -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ASKED)
@pytest.mark.long
def test_a_question_beside_itself_differs_in_nothing(kind: str, ask: Ask, answer_to: AnswerTo, tables: Tables) -> None:
    answer = Comparison(left=ask(kind), right=ask(kind)).run(tables)
    assert isinstance(answer, ComparisonAnswer)
    known = answer.table["difference"].dropna()
    assert (known == 0).all()
    assert answer.table[["low", "high"]].isna().all(axis=None)
    own = answer_to(kind)
    assert answer.say(answer.headline) == f"Both sides ask the same: {own.headline.text(names=own.names)}"
    assert "differs" not in codes(answer)
    # Every row of the side's table is here, and its figure is the side's own.
    figure = own.figures[0]
    held = own.frame(figure.frame)[figure.column].astype(float)
    assert len(answer.table) == len(held)
    assert np.sort(answer.table["left"].dropna()).tolist() == np.sort(held.dropna()).tolist()


@pytest.mark.parametrize("kind", ASKED)
@pytest.mark.long
def test_a_question_beside_one_of_another_kind_has_nothing_to_subtract(
    kind: str, ask: Ask, answer_to: AnswerTo, tables: Tables
) -> None:
    other = "retention" if kind != "retention" else "page-speed"
    answer = Comparison(left=ask(kind), right=ask(other)).run(tables)
    assert isinstance(answer, BesideAnswer)
    assert answer.say(answer.headline) == (
        f"Two different questions, {KINDS[kind]} and {KINDS[other]}: there is nothing to subtract."
    )
    notes = [answer.say(note.message) for note in answer.notes]
    assert f"Question: {KINDS[kind]} → {KINDS[other]}" in notes
    for side, own in (("Left", answer_to(kind)), ("Right", answer_to(other))):
        assert f"{side}: {own.headline.text(names=own.names)}" in notes
    for language in LANGUAGES:
        for dark in (False, True):
            spec = answer.chart(Look(language, dark)).to_dict()
            assert len(spec["vconcat"]) == 2
            assert spec["description"]


@pytest.mark.parametrize("kind", ASKED)
def test_every_answer_names_a_figure_its_tables_have(kind: str, answer_to: AnswerTo) -> None:
    answer = answer_to(kind)
    assert answer.figures
    for figure in answer.figures:
        described = answer.fields[figure.frame]
        for name in (figure.column, *figure.rows, *filter(None, (figure.low, figure.high, figure.n, figure.steps))):
            assert name in described, f"{kind}: no column {name}"
            assert name in answer.frame(figure.frame)
        assert not answer.frame(figure.frame).duplicated(list(figure.rows)).any()


@pytest.mark.parametrize("kind", ASKED)
@pytest.mark.long
def test_every_kind_is_drawn_and_told_beside_another_filter(kind: str, ask: Ask, tables: Tables) -> None:
    where = {} if kind == "contents" else {"where": Filter(end="2026-11-10")}
    answer = Comparison(left=ask(kind), right=ask(kind).replace(**where)).run(tables)
    for language in LANGUAGES:
        spec = answer.chart(Look(language, True)).to_dict()
        assert spec["description"] == Look(language, names=answer.names)(answer.headline)
        for name in answer.frames:
            shown = answer.shown(name, language)
            assert set(shown.columns) <= set(answer.plot(name, Look(language)).fields)
    if where:
        label = "Days looked at: all days → … – 2026-11-10"
        assert label in [answer.say(note.message) for note in answer.notes if note.code == "differs"]


def test_the_chart_has_both_figures_and_their_bounds_and_no_row_that_is_everybody() -> None:
    before, after = WHERE["campaign"]
    answer = Comparison(left=FUNNEL.replace(where=before), right=FUNNEL.replace(where=after)).run(planted("campaign"))
    for language in LANGUAGES:
        spec = answer.chart(Look(language)).to_dict()
        drawn = pd.DataFrame(max(spec["datasets"].values(), key=len))
        assert drawn["row"].unique().tolist() == ["cart", "purchase"]
        table = answer.table.set_index("row")
        for side, rows in zip(("left", "right"), (drawn.iloc[:2], drawn.iloc[2:]), strict=True):
            for name, of in (("value", side), ("low", f"{side}_low"), ("high", f"{side}_high")):
                assert rows[name].tolist() == pytest.approx(table.loc[["cart", "purchase"], of].tolist())
        assert drawn["label"].iloc[1].endswith("\n3.9% → 8.3%")


def test_money_in_two_currencies_is_not_subtracted(tables: Tables) -> None:
    one = orders({"2026-11-01": 10.0, "2026-11-02": 10.0}, "A")
    both = pd.concat([one, orders({"2026-11-03": 5.0}, "B").assign(currency="USD")])
    held = Tables(orders=both.astype({"timestamp": "datetime64[us]", "paid_at": "datetime64[us]"}))
    answer = Comparison(left=Sales(currency="CNY"), right=Sales(currency="USD")).run(held)
    assert isinstance(answer, BesideAnswer)
    assert answer.say(answer.headline) == "Both sides count different things: there is nothing to subtract."


def test_how_many_and_how_much_are_not_subtracted(tables: Tables) -> None:
    answer = Comparison(left=Retention(), right=Retention(measure="revenue")).run(tables)
    assert isinstance(answer, BesideAnswer)


# ---- the value --------------------------------------------------------------------------------------------


def test_a_comparison_reads_back_and_is_of_two_other_questions() -> None:
    asked = Comparison(left=FUNNEL, right=Sales(), where=Filter(device="ios"))
    assert Question.from_dict(asked.to_dict()) == asked
    assert Question.from_json(asked.to_json()).digest() == asked.digest()
    with pytest.raises(QuestionError, match="a comparison is of two other questions"):
        Comparison(left=asked, right=FUNNEL)
    with pytest.raises(QuestionError, match="it must be a Question"):
        Comparison(left=FUNNEL, right=Filter())  # type: ignore[arg-type]


def test_the_filter_holds_where_a_side_says_nothing() -> None:
    where = Filter(start="2026-11-01", channel="search", device="ios", segment={"stage": "reach"})
    own = Filter(end="2026-10-01", channel="video", segment={"tier": "gold"})
    asked = Comparison(left=FUNNEL.replace(where=own), right=FunnelRules(funnel=FUNNEL), where=where)
    left, right = asked.sides
    assert left.where == Filter(end="2026-10-01", channel="video", device="ios",
                                segment={"stage": "reach", "tier": "gold"})  # fmt: skip
    assert right.where == where
    assert asked.replace(where=None).sides == (asked.left, asked.right)


def test_what_a_side_lacks_is_said(tables: Tables) -> None:
    with pytest.raises(DataError):
        Comparison(left=FUNNEL, right=Sales()).run(Tables(orders=tables.arrow("orders")))
    with pytest.raises(DataError, match="There is no channel 'serch'"):
        Comparison(left=ask_small(), right=ask_small().replace(where=Filter(channel="serch"))).run(tables)


def ask_small() -> Funnel:
    return Funnel(steps=("visit", "view"))


def test_what_keeps_two_sides_apart() -> None:
    def by(one: dict[str, Any], other: dict[str, Any]) -> list[str]:
        asked = FUNNEL.replace(where=Filter(**one)), FUNNEL.replace(where=Filter(**other))
        return [each.text() for each in kept_apart(*asked)]

    assert by({"end": "2026-10-31"}, {"start": "2026-11-01"}) == ["dates"]
    assert by({"start": "2026-11-01"}, {"end": "2026-10-31"}) == ["dates"]
    assert by({"end": "2026-11-01"}, {"start": "2026-11-01"}) == []
    assert by({"channel": ("a", "b")}, {"channel": ("b", "c")}) == []
    assert by({"channel": "a"}, {"device": "x"}) == []
    assert by({"device": "x"}, {"device": "y"}) == ["device"]
    assert by({"segment": {"stage": "x"}}, {"segment": {"stage": "y"}}) == ["stage"]


def test_what_is_suggested_is_two_campaigns_or_two_halves(frames: dict[str, pd.DataFrame], tables: Tables) -> None:
    halves = Comparison.suggested(tables)
    assert halves.left.where == Filter(start="2026-09-21", end="2026-10-18")
    assert halves.right.where == Filter(start="2026-10-19", end="2026-11-15")
    assert isinstance(halves.right, Funnel)
    events = frames["events"].copy()
    events["campaign"] = np.where(events["timestamp"] < "2026-10-20", "Double 11 2025", "Double 11 2026")
    campaigns = Comparison.suggested(Tables(events=events))
    assert (campaigns.left.where, campaigns.right.where) == (
        Filter(campaign="Double 11 2025"), Filter(campaign="Double 11 2026"),
    )  # fmt: skip
    assert isinstance(Comparison.suggested(Tables(orders=frames["orders"])).left, Sales)
    with pytest.raises(DataError):
        Comparison.suggested(Tables())


# ---- what differs, in words -------------------------------------------------------------------------------

OTHER: dict[str, Any] = {
    "at": "2026-11-01", "since": "2026-10-01", "weeks_from": "2026-10-22",
    "interest": ("view",), "currency": "USD", "draws": 150, "seed": 9,
    "spend": {"search": 5.0}, "worth": 7.0, "total": 9.0, "target": 3.0, "limits": (Limit.reserve(0.15),),
    "prices": PriceIndex(rate=0.05), "given": {"search": 2.0}, "reach": 3.0, "caution": 0.5,
    "plans": {"half": Scenario(spend={"search": 5.0})}, "split": {"search": 1.0}, "reserve": 0.3,
    "conversion": "view", "touches": ("cart",),
    "window": "14d", "models": ("linear",), "direct": "search", "half_life": "3d", "first": 0.2, "last": 0.3,
    "from_step": 2, "to_step": 2, "paid_orders": 3, "slow": 5.0, "loyal_orders": 4, "least": 7,
    "false_discovery": 0.1, "steps": ("visit", "cart", "purchase"), "exclusions": (Exclusion("cart", after=2),),
    "hold": "item", "breakdown": "campaign", "breakdown_at": 2, "observed_until": "2026-11-20 00:00",
    "start": ("visit",), "returns": ("view",), "periods": 3, "nodes": ("cart",), "goal": "view", "phases": False,
    "until": "purchase", "depth": 2, "include": ("view",), "exclude": ("cart",), "names": 3, "step": 2,
    "group": "search", "event": "visit", "to": "purchase", "bin": 1.0, "budget": 9.0, "runs": 30, "collapse": False,
    "session": True, "unbounded": True, "evaluate_every": "2h", "adjust_every": "12h", "min_advantage": 2.0,
    "lookback": "2d", "floor": 0.5, "surge_ratio": 3.0, "surge_evaluations": 5, "release": 0.5, "min_roi": 2.0,
    "surges": 5.0, "surge_size": 4.0, "surge_lasts": "2d", "surge_price": 0.5, "failures": 3.0, "failure_share": 0.2,
    "against": (RuleSet(name="none"),), "across": "floor", "down": "reserve", "across_values": (0.1, 0.3),
    "down_values": (0.05, 0.2), "cards": (Card(shock="viral"),), "conversion_delay": "2d", "delays": (("search", 5.0),),
    "level_error": 0.3, "dearer": 0.2, "learning": "1d", "learning_cost": 0.3,
    "replaced_after": "1d", "headroom": 4.0, "order_value": 80.0, "campaign": ("Double 11",),
    "channel": ("search",), "device": ("ios",), "lapsed_after": 50, "weeks": 5, "was": "lapsed", "now": "won back",
    "top": 0.4, "within": 9, "channels": ("search",),
    "quantiles": 3, "recency": (30.0,), "frequency": (2.0,),
    "monetary": (99.0,), "days": 30, "model": "bg-nbd", "held": 7, "margin": 0.5,
    "goals": ("ROI 3.5",), "campaigns": ("Double 11",), "weights": (QuarterWeights(quarter="Q4", value=0.6),),
}  # fmt: skip
"""What every field can be set to beside what it is at first."""
OTHERS_OWN: dict[tuple[str, str], Any] = {
    ("paths", "start"): "visit", ("rules", "step"): 0.3, ("participation", "by"): ("visit",),
    ("segments", "by"): ("device",),
    ("drop-offs", "by"): ("device",), ("funnel-change", "by"): "device", ("sales", "by"): "coupon",
    ("performance", "by"): "campaign", ("attribution", "by"): "campaign", ("sales", "every"): "week",
    ("performance", "every"): "week", ("growth", "every"): "week", ("private-domain", "every"): "month",
    ("growth", "by"): ("visit",), ("private-domain", "by"): ("view",), ("coverage", "goal"): 0.7,
    ("intent", "lookback"): 70, ("clusters", "lookback"): 70,
    ("private-domain", "goal"): 0.5, ("allocation", "goal"): "profit", ("budget-frontier", "least"): 0.3,
    ("budget-frontier", "most"): 3.0, ("budget-frontier", "points"): 5,
    ("simulation", "lesson"): "busy", ("payback", "by"): None, ("payback", "every"): "month",
}  # fmt: skip


def changed(value: Value, name: str) -> list[Value]:
    """Return a value with one of its fields set to something else: to every other choice, where it has choices."""
    if (value.kind, name) in OTHERS_OWN:
        return [value.replace(**{name: OTHERS_OWN[value.kind, name]})]
    if name in CHOICES and name != "models":
        now = getattr(value, name)
        return [
            value.replace(**{name: choice}) for choice in CHOICES[name] if choice != now and _valid(value, name, choice)
        ]
    return [value.replace(**{name: OTHER[name]})]


def _valid(value: Value, name: str, choice: Any) -> bool:
    try:
        value.replace(**{name: choice})
    except QuestionError:
        return False
    return True


def nested(value: Value) -> list[tuple[str, Value]]:
    return [(each.name, held) for each in fields(value) if isinstance(held := getattr(value, each.name), Value)]  # type: ignore[arg-type]


def variants(question: Question) -> list[tuple[str, Question]]:
    """Return a question with each of its fields, and of those of the values in it, changed alone."""
    found: list[tuple[str, Question]] = []
    inside = dict(nested(question))
    for each in fields(question):
        if each.name in inside or each.name == "where":
            continue
        found += [(each.name, one) for one in changed(question, each.name)]  # type: ignore[misc]
    for name, held in inside.items():
        for each in fields(held):  # type: ignore[arg-type]
            if isinstance(held, Filter) or isinstance(getattr(held, each.name), Value) or each.name == "where":
                continue
            found += [(each.name, question.replace(**{name: one})) for one in changed(held, each.name)]
    return found


@pytest.mark.parametrize("kind", ASKED)
def test_every_setting_has_a_name_in_both_languages(kind: str, ask: Ask) -> None:
    asked = ask(kind)
    if hasattr(asked, "funnel") or kind == "funnel":
        steps = Funnel(steps=("visit", "view", "purchase"), breakdown="channel")
        asked = steps if kind == "funnel" else asked.replace(funnel=steps)
    tried = variants(asked)
    assert kind in ("contents", "findings", "money-flow", "baselines") or tried
    for name, other in tried:
        found = differences(asked, other)
        assert len(found) == 1, f"{kind}.{name}: {[each.said.text() for each in found]}"
        label = found[0].label.id
        assert label not in (name, ""), name
        english, chinese = (found[0].said.text(language) for language in LANGUAGES)
        sides = {found[0].left.text(), found[0].right.text()}
        assert len(sides) == 2, f"{kind}.{name} reads alike on both sides: {english}"
        assert english != chinese, name
        assert label == "Step {n}" or translate(label, "zh_CN") != label, label


def test_every_field_of_every_kind_has_a_name(ask: Ask) -> None:
    whole = {"where", "left", "right", "funnel", "curves", "rules", "market", "before", "after", "plan", "audience"}
    for kind in (*ASKED, "rules", "market"):
        for each in fields(base._KINDS[kind]):  # type: ignore[arg-type]
            assert each.name in whole or (kind, each.name) in OWN or each.name in SETTINGS, f"{kind}.{each.name}"
    assert set(KINDS) == set(ASKED)


def test_codes_are_called_by_their_names() -> None:
    one = Funnel(steps=("view", "cart"), where=Filter(channel="live_stream", campaign="Double 11 2025"))
    other = one.replace(steps=("view", Step(("purchase", "checkout"), where={"device": "ios"})), window="14d",
                        where=Filter(channel="top_kol", campaign="Double 11 2026"))  # fmt: skip
    assert [each.said.text("zh_CN", DisplayNames()) for each in differences(one, other)] == [
        "活动：2025年双11 → 2026年双11",
        "渠道：直播 → 头部达人",
        "步骤 2：加购 → 支付/结算（设备=苹果）",
        "转化窗口：7 天 → 14 天",
    ]
    assert [each.said.text("en", DisplayNames()) for each in differences(one, other)] == [
        "Campaign: Double 11 2025 → Double 11 2026",
        "Channel: live streams → top KOLs",
        "Step 2: add to cart → purchase/checkout (device=iOS)",
        "Window: 7 days → 14 days",
    ]


def test_settings_of_a_simulation_are_said_as_its_page_says_them() -> None:
    """A lesson stood there by its code, cards by how many there are, and rule sets of one name read alike."""
    one = Simulation(market=MarketSettings(cards=(Card(shock="viral", at="9d"),)), lesson="daily")
    other = Simulation(market=MarketSettings(cards=(Card(shock="stock-out", at="9d"),)), lesson="burst",
                       against=(plan(reserve=0),))  # fmt: skip
    said = {each.label.text(): each.said.text() for each in differences(one, other)}
    assert said["Lesson"] == "Lesson: Every four hours, or once a day → Most of it in the burst"
    assert "→ stock-out: 0.2 times the usual response" in said["Shock cards"]
    again = differences(other, other.replace(against=(plan(reserve=0, step=0.02),)))
    assert [each.said.text() for each in again] == [
        "Compared with: the plan's own rules (1 rules) → the plan's own rules (1 rules), but set otherwise"
    ]
    swept = differences(RuleSweep(across="reserve"), RuleSweep(across="surges"))
    assert [each.said.text() for each in swept] == ["Across: share held in reserve → surges in a campaign"]


def test_rule_sets_are_paired_by_their_names(sample: Tables) -> None:
    mine, other = (plan(reserve=0, step=step).replace(name=name) for name, step in (("mine", 0.1), ("yours", 0.05)))
    left = Simulation(runs=2, against=(mine, other))
    found = Comparison(left=left, right=left.replace(against=(other,))).run(sample)
    rows = found.table.set_index("row")["difference"]
    assert rows["yours"] == 0 and np.isnan(rows["mine"])
    assert not [row for row in rows.index if row.startswith("rules-")]


def test_nothing_is_said_of_what_is_not_set() -> None:
    one = Funnel(steps=("view", "cart"))
    said = [
        each.said.text() for each in differences(one, one.replace(breakdown="channel", where=Filter(end="2026-11-01")))
    ]
    assert said == ["Days looked at: all days → … – 2026-11-01", "Breakdown: nothing → channel"]
    said = [each.said.text() for each in differences(one, one.replace(steps=("view", "cart", "purchase")))]
    assert said == ["Steps: view, cart → view, cart, purchase"]
    paths = FunnelPaths(funnel=one.replace(breakdown="channel"))
    group = differences(paths, paths.replace(group="live_stream"))
    assert [each.right.text("zh_CN", DisplayNames()) for each in group] == ["直播"]


def test_the_pages_and_comparisons_call_things_alike() -> None:
    labels = {kind.kind: label for one in SCREENS.values()
              for kind, label in ((one.kind, one.own or one.label),
                                  *((view.kind, view.label) for view in one.views))}  # fmt: skip
    assert {kind: KINDS[kind] for kind in labels if kind != "comparison"} == {
        kind: label for kind, label in labels.items() if kind != "comparison"
    }
    for field, words in (
        *funnel.RULES.items(), ("value", attribution.VALUES), ("paths", attribution.PATHS),
        ("repeats", attribution.REPEATS), ("direction", paths.WAYS), ("count", paths.COUNTS), ("session", paths.REACH),
        ("collapse", paths.REPEATS), ("cohort", retention.COHORTS), ("counting", retention.COUNTINGS),
        ("unbounded", retention.REACHES), ("measure", retention.MEASURES), ("period", retention.PERIODS),
        ("every", controls.PERIODS),
    ):  # fmt: skip
        shown = {code: word for code, word in words.items() if code != ""}
        # What a private domain is counted by has campaigns besides.
        more = {"campaign": "campaign by campaign"} if field == "every" else {}
        assert shown | more == dict(CHOICES[field]), field
    assert dict(CHOICES["form"]) == budget.SHAPES
    for name, label in funnel.LABELS.items():
        assert SETTINGS[name].label == label
    assert set(PARTS) == {"before", "after"}
