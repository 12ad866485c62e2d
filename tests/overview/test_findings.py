"""Findings name what was planted, rank it by its money, and call nothing a finding that chance explains."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from sizes import cases

from analysis import Allocation, DropOffs, Filter, Findings, Funnel, Sales, Tables
from analysis.charts import Look
from analysis.errors import DataError
from analysis.estimates import Interval
from analysis.messages import say
from analysis.overview.findings import FindingsAnswer, ranked
from analysis.overview.sources import Finding

THIS = Filter(campaign="Double 11 2026")


@pytest.fixture(scope="module")
def found(sample: Tables) -> FindingsAnswer:
    answer = Findings(where=THIS).run(sample)
    assert isinstance(answer, FindingsAnswer)
    return answer


def said(answer: FindingsAnswer, about: str) -> str:
    return next(answer.say(one.said) for one in answer.findings if one.about == about)


@pytest.mark.long
def test_findings_on_the_sample_name_what_was_planted(found: FindingsAnswer) -> None:
    assert [one.about for one in found.first] == ["drop-off", "budget", "pages"]
    assert [one.about for one in found.findings] == ["drop-off", "budget", "pages", "loyal", "waste", "quiet"]
    assert said(found, "drop-off").startswith("Android costs most from checkout to purchase")
    budget = said(found, "budget")
    assert "display ads to mid-tier KOLs" in budget
    assert said(found, "pages").startswith("Slow page costs most from product view to add to cart")
    assert said(found, "loyal").startswith("28.6% of 2,161 loyal users came to Double 11 2026; 46.7% had come")
    assert said(found, "waste") == "80.0% of the spend on display ads, CN¥10,974, brings people of low intent."
    assert found.say(found.headline) == f"First: {said(found, 'drop-off')}"


def test_each_finding_is_an_answer_of_its_question(sample: Tables, found: FindingsAnswer) -> None:
    by = {one.about: one for one in found.findings}
    drop = DropOffs(funnel=Funnel.suggested(sample).replace(where=THIS), where=THIS).run(sample)
    assert by["drop-off"].question == drop.question
    assert by["drop-off"].said == drop.headline
    assert by["drop-off"].amount.floats() == tuple(drop.table[["worth", "worth_low", "worth_high"]].iloc[0])
    split = Allocation.suggested(sample).filtered(THIS).run(sample)
    assert (by["budget"].question, by["budget"].said) == (split.question, split.headline)
    assert by["budget"].amount.value == split.table["change"].iloc[-1]
    assert {one.meaning for one in found.findings} == {"others-rate", "claimed", "came-back", "spent", "had-paid"}


def test_amounts_are_in_every_sentence(found: FindingsAnswer) -> None:
    for one in found.findings:
        amount = found.say(say("{n}", n=round(float(one.amount.value))))
        assert f"CN¥{amount}" in found.say(one.said), one.about


@pytest.mark.long
def test_asked_one_by_one_they_are_the_same(sample: Tables, found: FindingsAnswer) -> None:
    asked = Findings(where=THIS)
    answers = [(source, question.run(sample)) for source, question in asked.asks(sample)]
    again = asked.together(sample, answers)
    pd.testing.assert_frame_equal(again.table, found.table, rtol=1e-12)
    first = asked.together(sample, answers[:1])
    assert {one.about for one in first.findings} == {"drop-off", "pages", "loyal"}


def test_the_dearest_stands_first_and_one_of_each_kind() -> None:
    def one(about: str, amount: float, meaning: str = "others-rate", people: float = np.nan) -> Finding:
        nothing = np.asarray(np.nan)
        return Finding(about, say(about), Sales(), Interval(np.asarray(amount), nothing, nothing), meaning, people)

    order = ranked([
        one("quiet", 9e6, "had-paid"), one("conversion", np.nan, "people", 50), one("pages", 300), one("drop-off", 200),
        one("drop-off", 900), one("fall", 400, "fallen"), one("refunds", np.nan, "people", 80),
    ])  # fmt: skip
    assert [(each.about, float(each.amount.value)) for each in order[:4]] == [
        ("drop-off", 900.0), ("fall", 400.0), ("pages", 300.0), ("quiet", 9e6),
    ]  # fmt: skip
    assert [each.about for each in order[4:]] == ["refunds", "conversion"]


@pytest.mark.parametrize(
    ("held", "about"),
    [("orders", ["quiet"]), ("spend", ["budget"]), ("events", ["drop-off", "pages", "quiet"])],
)
def test_any_one_table_has_findings(sample: Tables, held: str, about: list[str]) -> None:
    alone = Tables(**{held: sample.arrow(held)}, campaign=sample.campaign, records=sample.records)
    answer = Findings(where=THIS).run(alone)
    assert isinstance(answer, FindingsAnswer)
    assert [one.about for one in answer.findings] == about
    answer.chart(Look("zh_CN", dark=True))


# ---- falls and refunds, planted ---------------------------------------------------------------------------


def shop(rng: np.random.Generator, *, lost: float = 0.0, back: float = 0.05) -> Tables:
    """Return two campaigns of orders by two channels; of "search" a share is lost, or comes back, in the second."""
    frames = []
    for name, begun in (("then", "2025-11-01"), ("now", "2026-11-01")):
        for channel in ("search", "feed"):
            left = 1 - lost if (name, channel) == ("now", "search") else 1.0
            counts = rng.poisson(40 * left, 42)
            at = np.repeat(pd.date_range(f"{begun} 10:00", periods=42, freq="D").to_numpy(), counts)
            rate = back if (name, channel) == ("now", "search") else 0.05
            amount = rng.gamma(4, 10, len(at))
            frames.append(pd.DataFrame({
                "timestamp": at, "paid_at": at, "revenue": amount, "currency": "CNY", "campaign": name,
                "channel": channel, "refund": np.where(rng.random(len(at)) < rate, amount, 0.0),
            }))  # fmt: skip
    frame = pd.concat(frames, ignore_index=True)
    return Tables(orders=frame.assign(order_id=frame.index.astype(str)))


def findings(tables: Tables) -> dict[str, Any]:
    answer = Findings(where=Filter(campaign="now")).run(tables)
    assert isinstance(answer, FindingsAnswer)
    return {one.about: (one, answer.say(one.said)) for one in answer.findings}


def test_a_planted_fall_is_found_with_its_amount() -> None:
    tables = shop(np.random.default_rng(1), lost=0.4)
    one, words = findings(tables)["fall"]
    sums = tables.arrow("orders").to_pandas().query("channel == 'search'")
    sums = sums.assign(left=sums["revenue"] - sums["refund"], day=sums["timestamp"].dt.strftime("%m-%d"))
    sums = sums[sums["day"] < sums["day"].max()]  # the day the data end on is not whole, and not compared
    now, then = (sums.loc[sums["campaign"] == name, "left"].sum() for name in ("now", "then"))
    assert one.amount.value == pytest.approx(then - now, rel=1e-9)
    assert one.amount.low < 0.4 * then < one.amount.high
    assert words == f"Search brought CN¥{now:,.0f}, CN¥{then - now:,.0f} less than on the same days of then."


def test_planted_refunds_are_found_with_their_amount() -> None:
    tables = shop(np.random.default_rng(2), back=0.25)
    one, words = findings(tables)["refunds"]
    rows = tables.arrow("orders").to_pandas().query("campaign == 'now'")
    back = rows.assign(back=rows["refund"] > 0).groupby("channel")["back"].mean()
    given = rows.loc[rows["channel"] == "search", "refund"].sum()
    assert one.amount.value == pytest.approx((1 - back["feed"] / back["search"]) * given, rel=1e-9)
    assert "search were refunded in full" in words


@pytest.mark.long
def test_what_chance_explains_is_no_finding() -> None:
    """Shops in which nothing happened: a fall, or refunds, in at most one of ten, which is twice one in twenty."""
    many, rng = cases(60), np.random.default_rng(8)
    alarms = sum(bool({"fall", "refunds"} & set(findings(shop(rng)))) for _ in range(many))
    assert alarms <= 0.1 * many + 2 * np.sqrt(many * 0.09), f"{alarms} of {many}"


def test_nothing_found_is_said_so() -> None:
    answer = Findings(where=Filter(campaign="now")).run(shop(np.random.default_rng(4)))
    assert answer.table.empty
    assert answer.say(answer.headline).startswith("Nothing stands out: of ")
    answer.chart()


def test_nothing_to_ask_is_said_so() -> None:
    with pytest.raises(DataError, match="no data on orders"):
        Findings().run(Tables())
