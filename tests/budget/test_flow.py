"""Where the plan's money went: nothing is lost or made to the cent, and what nobody reports is not called unspent."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
import pytest

from analysis import ChannelTag, MoneyFlow, Performance, PlanLine
from analysis.budget.flow.kernel import BEYOND, LEFT, NO_STAGE, OVER, PLAN, SPENT, UNKNOWN, WHOLE, cents, divided
from analysis.budget.flow.question import MoneyFlowAnswer
from analysis.charts import Look
from analysis.errors import DataError
from analysis.tables import Tables
from analysis.values import Campaign, Filter, Phase

CAMPAIGN = Campaign(
    name="sale", start="2026-11-01", end="2026-11-20", zone="UTC",
    phases=[Phase(name="one", start="2026-11-01", end="2026-11-10"),
            Phase(name="two", start="2026-11-11", end="2026-11-20")],
)  # fmt: skip


def spending(amounts: Mapping[str, Any], start: str = "2026-11-01", days: int = 1) -> pd.DataFrame:
    """Make a report of some channels' spend, period by period."""
    parts = []
    for channel, own in amounts.items():
        starts = pd.date_range(start, periods=len(own), freq=f"{days}D", unit="us")
        frame = pd.DataFrame({"period_start": starts, "period_end": starts + pd.Timedelta(days=days), "spend": own})
        parts.append(frame.assign(channel=channel, currency="CNY"))
    return pd.concat(parts)


def line(stage: str, name: str, amount: float, phase: str | None = None) -> PlanLine:
    return PlanLine(stage=stage, line=name, phase=phase, amount=amount)


def ask(spend: pd.DataFrame, *plan: Any, campaign: Campaign | None = CAMPAIGN, **settings: Any) -> MoneyFlowAnswer:
    answer = MoneyFlow(**settings).run(Tables(spend=spend, campaign=campaign, records=plan))
    assert isinstance(answer, MoneyFlowAnswer)
    return answer


def notes(answer: MoneyFlowAnswer) -> dict[str, str]:
    return {note.code: note.message.text() for note in answer.notes}


def rows(frame: pd.DataFrame, *columns: str) -> list[tuple[Any, ...]]:
    return list(frame[list(columns)].itertuples(index=False, name=None))


# ---- to the cent --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(6))
def test_plan_and_spend_are_kept_to_the_cent_at_every_level(seed: int) -> None:
    rng = np.random.default_rng(seed)
    channels = ["a", "b", "c", "d"]
    spend = spending({c: rng.gamma(1, 40, 20).round(2) for c in channels})
    names = [*channels[:3], "film", "pages"]
    plan = {
        (stage, name, phase): line(stage, name, float(rng.gamma(2, 200).__round__(2)), phase)
        for _ in range(12)
        for stage, name, phase in [(rng.choice(["x", "y"]), rng.choice(names), rng.choice(["one", "two", None]))]
    }
    answer = ask(spend, *plan.values())
    planned, spent = round(sum(own.amount for own in plan.values()), 2), round(spend["spend"].sum(), 2)
    assert round(answer.table["planned"].sum(), 2) == round(answer.frame("lines")["planned"].sum(), 2) == planned
    assert round(answer.table["spent"].sum(), 2) == round(answer.frame("lines")["spent"].sum(), 2) == spent
    links = answer.frame("links")
    assert (links["amount"] > 0).all()
    ends = links[links["level"] == 4].groupby("to")["amount"].sum().round(2)
    sources = links[links["level"] == 1].groupby("from")["amount"].sum().round(2)
    assert sources[PLAN] == planned
    assert round(ends.get(SPENT, 0) + ends.get(OVER, 0), 2) == spent
    assert round(ends.get(SPENT, 0) + ends.get(LEFT, 0) + ends.get(UNKNOWN, 0), 2) == planned
    assert sources.get(BEYOND, 0) == ends.get(OVER, 0)
    for level in (1, 2, 3):  # what arrives at a bar leaves it
        into = links[links["level"] == level].groupby("to")["amount"].sum().round(2).to_dict()
        out = links[links["level"] == level + 1].groupby("from")["amount"].sum().round(2).to_dict()
        assert into == out


def test_spend_of_two_stages_is_divided_as_they_were_planned() -> None:
    spend = spending({"a": [10.0, 0.01]})
    answer = ask(spend, line("x", "a", 1), line("y", "a", 2), campaign=None)
    assert rows(answer.table, "stage", "spent") == [("x", 3.34), ("y", 6.67)]
    none = ask(spend, line("x", "a", 0), line("y", "a", 0), campaign=None)
    assert none.table["spent"].tolist() == [5.01, 5.0]


def test_cents_add_up_and_parts_too() -> None:
    rng = np.random.default_rng(1)
    for _ in range(200):
        amounts = rng.gamma(1, 5, rng.integers(1, 9))
        assert cents(amounts).sum() == round(100 * amounts.sum())
        assert (np.abs(cents(amounts) - 100 * amounts) < 1).all()
        whole, weights = int(rng.integers(0, 999)), rng.integers(0, 5, 6)
        assert divided(whole, weights).sum() == whole
    assert cents(np.array([0.29, -0.5])).tolist() == [29, -50]


# ---- what meets what ----------------------------------------------------------------------------------------


def test_a_phases_line_goes_before_the_one_for_the_whole_campaign() -> None:
    spend = spending({"a": np.full(20, 10.0), "b": np.full(20, 5.0)})
    answer = ask(spend, line("x", "a", 80, "one"), line("x", "a", 120), line("x", "film", 7), line("x", "b", 55, "two"))
    assert rows(answer.table, "stage", "line", "of", "phase", "planned", "spent", "status") == [
        ("x", "a", "channel", WHOLE, 120, 100, "under"),
        ("x", "a", "channel", "one", 80, 100, "over"),
        ("x", "b", "channel", "two", 55, 50, "under"),
        ("x", "film", "purpose", WHOLE, 7, pytest.approx(np.nan, nan_ok=True), "unknown"),
        (NO_STAGE, "b", "channel", "one", 0, 50, "unplanned"),
    ]
    lines = answer.frame("lines").set_index(["stage", "line"])
    assert lines.loc[("x", "a"), "status"] == "even"
    assert lines.loc[("x", "b"), "difference"] == -5
    assert notes(answer) == {
        "unplanned": "Spent without a line in the plan: b (CN¥50.00).",
        "not-reported": "Planned, but in no spend report, so what became of it is not known: film (CN¥7.00). Bring it "
        "as rows of spend whose channel is called as in the plan.",
    }


def test_a_channel_without_a_row_of_spend_is_unspent_and_a_purpose_is_unknown() -> None:
    plan = [line("x", name, 10) for name in ("koc", "own", "film")]
    answer = ask(spending({"a": np.ones(20)}), *plan, ChannelTag(channel="own", tag="own"))
    assert rows(answer.table, "line", "status")[:3] == [("film", "unknown"), ("koc", "under"), ("own", "under")]


def test_what_is_left_of_a_phase_that_is_not_over_is_not_under_plan() -> None:
    plan = [line("x", "a", 100, "one"), line("x", "a", 200, "two"), line("x", "b", 20)]
    spend = spending({"a": np.full(15, 8.0), "b": np.full(15, 2.0)})
    answer = ask(spend, *plan)
    assert rows(answer.table, "line", "phase", "status") == [
        ("a", "one", "under"), ("a", "two", "open"), ("b", WHOLE, "over"),
    ]  # fmt: skip
    assert rows(answer.frame("lines"), "line", "status") == [("a", "open"), ("b", "over")]
    assert answer.say(answer.headline) == (
        "Until 2026-11-15: Furthest over plan: b, by CN¥10.00 (CN¥30.00 for CN¥20.00). In all CN¥150 was spent of "
        "CN¥320 planned for these channels."
    )
    assert "running" in notes(answer)
    assert "running" not in notes(ask(spending({"a": np.full(20, 8.0)}), *plan))


def test_a_credit_comes_off_what_was_spent() -> None:
    answer = ask(spending({"a": [50.0, -20.0, *[0.0] * 18]}), line("x", "a", 40))
    assert rows(answer.table, "spent", "difference") == [(30, -10)]


def test_periods_of_two_phases_count_in_that_of_their_middle_and_are_said() -> None:
    spend = spending({"a": [70.0, 70.0]}, days=7)
    answer = ask(spend, line("x", "a", 70, "one"), line("x", "a", 70, "two"))
    assert answer.table["spent"].tolist() == [70, 70]
    assert notes(answer)["two-phases"].startswith("CN¥70.00 lies in periods that two phases share")


def test_a_phase_that_the_campaign_does_not_have_is_named() -> None:
    answer = ask(spending({"a": np.ones(20)}), line("x", "a", 70, "teaser"), line("x", "a", 20))
    assert notes(answer)["unknown-phase"].startswith("The campaign has no phase called teaser;")


def test_a_filter_keeps_its_channels_lines_and_says_that_days_were_chosen() -> None:
    plan = [line("x", "a", 100), line("x", "b", 30), line("x", "film", 9)]
    spend = spending({"a": np.full(20, 8.0), "b": np.full(20, 2.0)})
    answer = ask(spend, *plan, where=Filter(channel="b"))
    assert rows(answer.table, "line", "planned", "spent") == [("b", 30, 40)]
    days = ask(spend, *plan, where=Filter(end="2026-11-05"))
    assert days.table.set_index("line")["spent"]["a"] == 40
    assert "filtered-days" in notes(days)


def test_without_a_plan_there_is_nothing_to_compare() -> None:
    with pytest.raises(DataError, match="There is no plan to set the spend against") as raised:
        ask(spending({"a": np.ones(20)}))
    assert raised.value.code == "empty"


# ---- what people read ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("amounts", "plan", "said"),
    [
        ({"a": 12, "b": 9}, {"a": 200, "b": 200},
         "Furthest over plan: a, by CN¥40.00 (CN¥240 for CN¥200). Furthest under: b, by CN¥20.00. In all CN¥420 was "
         "spent of CN¥400 planned for these channels."),
        ({"a": 9, "b": 10}, {"a": 200, "b": 200},
         "Furthest under plan: a, by CN¥20.00. In all CN¥380 was spent of CN¥400 planned for these channels."),
        ({"a": 10}, {"a": 200}, "In all CN¥200 was spent of CN¥200 planned for these channels."),
        ({"a": 12, "b": 9}, {"a": 200},
         "CN¥180 went to b, for which nothing was planned. In all CN¥420 was spent of CN¥200 planned for these "
         "channels."),
        ({"a": 0}, {"film": 200}, "CN¥200 is planned, and none of it for anything that a spend report tells of."),
    ],
)  # fmt: skip
def test_the_headline_names_who_is_furthest_off(amounts: dict[str, int], plan: dict[str, int], said: str) -> None:
    spend = spending({name: np.full(20, float(own)) for name, own in amounts.items()})
    answer = ask(spend, *(line("x", name, own) for name, own in plan.items()))
    assert answer.say(answer.headline) == said
    assert "{" not in answer.text("zh_CN")


def test_the_sample_is_reconciled_with_performance(sample: Tables) -> None:
    where = Filter(campaign="Double 11 2026")
    answer, told = MoneyFlow().run(sample), Performance(by=None, where=where).run(sample)
    assert answer.table["spent"].sum() == pytest.approx(told.table["spend"].iloc[0], abs=0.005)
    assert answer.table["planned"].sum() == 428_572
    assert answer.frame("lines").groupby("stage")["planned"].sum().to_dict() == {
        "design": 107_143, "technology": 171_429, "execution": 150_000,
    }  # fmt: skip


@pytest.mark.parametrize("look", [Look(), Look("zh_CN", dark=True)], ids=["en", "zh-dark"])
def test_the_picture_shows_all_the_money_on_wide_and_narrow_screens(sample: Tables, look: Look) -> None:
    answer = MoneyFlow().run(sample)
    drawn = answer.chart(look).to_dict()
    assert drawn["description"] == answer.say(answer.headline, look.language)
    areas = [layer for layer in drawn["layer"] if layer["mark"]["type"] == "area"]
    assert [layer["transform"][0]["filter"] for layer in areas] == ["width >= 560", "width < 560"]
    for layer, levels in zip(areas, (5, 3), strict=True):
        bands = pd.DataFrame(drawn["datasets"][layer["data"]["name"]])
        starts = bands[bands["x"] == 0]
        assert (starts["lower"] - starts["upper"]).sum() == pytest.approx(260)
        assert bands["x"].max() == levels - 1
        assert bands["amount"].groupby(bands["link"]).first().sum() == pytest.approx(
            (levels - 1) * answer.frame("parts")["amount"].sum()
        )
    texts = [row["text"] for rows_ in drawn["datasets"].values() for row in rows_ if "text" in row]
    assert any(text.startswith("26,693") for text in texts)  # what was spent of a channel's plan
    names = {row["node_name"] for rows_ in drawn["datasets"].values() for row in rows_ if "node_name" in row}
    assert ("直播" if look.language == "zh_CN" else "live streams") in names
