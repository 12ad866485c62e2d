"""What advertising brings: by hand, against a plain twin, beside the campaign before, and never by chance alone."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sizes import cases

from analysis import ExchangeRate, Filter, Performance, Tables, read_export
from analysis.charts import NOT_SET, TOTAL, Look
from analysis.errors import DataError
from analysis.estimates import ratio_of_sums

DAY = pd.Timestamp("2026-11-01")
NUMBERS = ["impressions", "clicks", "conversions", "attributed_revenue"]
RATES = ["ctr", "cpm", "cpc", "cvr", "cpa", "roas"]


def spend(*rows: dict[str, Any]) -> pd.DataFrame:
    """Build rows of one day for 10 unless a row says otherwise."""
    usual = {"period_start": DAY, "channel": "feed", "spend": 10.0, "currency": "CNY", **dict.fromkeys(NUMBERS)}
    frame = pd.DataFrame([{**usual, **row} for row in rows])
    frame["period_end"] = frame.get("period_end", frame["period_start"] + pd.Timedelta(days=1))
    return frame.astype({"impressions": "Int64", "clicks": "Int64", "conversions": float, "attributed_revenue": float})


def codes(answer: Any) -> list[str]:
    return [note.code for note in answer.notes]


# ---- by hand ----------------------------------------------------------------------------------------------

TWO = (
    {"impressions": 1000, "clicks": 10, "conversions": 1.0, "attributed_revenue": 30.0},
    {"spend": 30.0, "impressions": 1000, "clicks": 90, "conversions": 1.0, "attributed_revenue": 10.0},
)


def test_rates_are_ratios_of_sums() -> None:
    found = Performance(by=None).run(Tables(spend=spend(*TWO))).table.iloc[0]
    assert found[["spend", *NUMBERS]].tolist() == [40.0, 2000, 100, 2.0, 40.0]
    assert found[RATES].astype(float).tolist() == [0.05, 20.0, 0.4, 0.02, 20.0, 1.0]
    # The means of both rows' own would be .05, 20, .67, .06, 20 and 1.67.


@pytest.mark.parametrize(
    ("kept", "best_first"),
    [
        (NUMBERS, ["feed", "search", "video"]),
        (NUMBERS[:3], ["video", "feed", "search"]),
        ([], ["search", "video", "feed"]),
    ],
)
def test_the_chart_begins_with_the_best(kept: list[str], best_first: list[str]) -> None:
    """By ROAS, by the cost of a conversion, by spend alone: as the headline has it."""
    rows = spend(
        {**TWO[0], "channel": "feed", "spend": 10.0, "attributed_revenue": 90.0},
        {**TWO[0], "channel": "search", "spend": 30.0, "attributed_revenue": 90.0},
        {**TWO[0], "channel": "video", "spend": 20.0, "conversions": 9.0, "attributed_revenue": 10.0},
    )
    told = rows.assign(**{c: None for c in NUMBERS if c not in kept})
    answer = Performance(by="channel", every=None).run(Tables(spend=told))
    assert answer.table["group"].tolist()[1:] == ["search", "video", "feed"]  # the table goes by spend
    spec = answer.chart(Look()).to_dict()
    drawn = next(rows for rows in spec["datasets"].values() if "group" in rows[0])
    assert [row["group"] for row in drawn] == best_first
    over_time = json.dumps(answer.question.replace(every="day").run(Tables(spend=told)).chart(Look()).to_dict())
    assert f'"domain": {json.dumps(best_first)}' in over_time


def test_a_row_that_lacks_a_number_is_in_no_rate_that_needs_it() -> None:
    answer = Performance(by=None).run(Tables(spend=spend(*TWO, {"spend": 100.0})))
    found = answer.table.iloc[0]
    assert found["spend"] == 140.0
    assert found[RATES].astype(float).tolist() == [0.05, 20.0, 0.4, 0.02, 20.0, 1.0]
    assert codes(answer).count("rows-without") == 4
    assert "say nothing of this: clicks (for CTR, CPC and CVR)." in answer.text()


def test_another_currency_is_named_and_in_no_figure() -> None:
    rows = [*TWO, {**TWO[0], "spend": 7.0, "currency": "USD"}]
    answer = Performance(by=None).run(Tables(spend=spend(*rows)))
    assert answer.table.loc[0, ["spend", "clicks"]].tolist() == [40.0, 100]
    assert "Left out: $7.00 (33.3% of 3 rows)." in answer.text()
    rate = ExchangeRate(currency="USD", day="2026-11-01", rate=7.0, into="CNY")
    both = Performance(by=None).run(Tables(spend=spend(*rows), rates=[rate])).table.iloc[0]
    assert both[["spend", "clicks", "attributed_revenue"]].tolist() == [89.0, 110, 250.0]
    assert Performance(currency="USD").run(Tables(spend=spend(*rows))).table["spend"].tolist() == [7.0, 7.0]
    with pytest.raises(DataError, match="There is no currency 'EUR'"):
        Performance(currency="EUR").run(Tables(spend=spend(*rows)))


@pytest.mark.parametrize(
    ("kept", "said", "figure"),
    [
        (NUMBERS, "Platforms claim CN¥40.00 for CN¥40.00, a ROAS of 1.00.", "roas"),
        (NUMBERS[:3], "Platforms count 2.00 conversions for CN¥40.00, CN¥20.00 each.", "cpa"),
        (NUMBERS[:2], "CN¥40.00 bought 100 clicks, CN¥0.40 each.", "cpc"),
        (NUMBERS[:1], "CN¥40.00 bought 2,000 impressions, CN¥20.00 per thousand.", "cpm"),
        ([], "CN¥40.00 was spent.", "spend"),
    ],
)
def test_a_report_answers_with_what_it_says(kept: list[str], said: str, figure: str) -> None:
    frame = spend(*TWO).drop(columns=[c for c in NUMBERS if c not in kept])
    for every in ("day", None):
        answer = Performance(by=None, every=every).run(Tables(spend=frame))
        assert answer.say(answer.headline) == said
        assert ("left-out" in codes(answer)) == (len(kept) < 4)
        assert answer.table.loc[0, [c for c in NUMBERS if c not in kept]].isna().all()
        drawn = answer.chart().to_dict()
        assert f'"{figure}"' in str(drawn).replace("'", '"')


def test_periods_of_several_days_stand_where_they_begin() -> None:
    rows = [{"period_start": DAY, "period_end": DAY + pd.Timedelta(days=7)}]
    answer = Performance().run(Tables(spend=spend(*rows)))
    assert "long-periods" in codes(answer)
    assert answer.frame("trend")["spend"].tolist() == [10.0, 10.0]  # all, and the channel


def test_groups_have_names_and_add_up() -> None:
    frame = spend(*TWO, {"spend": 1.0}).assign(audience=["new", None, "new"])
    table = Performance(by="audience").run(Tables(spend=frame)).table
    assert table[["group", "spend", "days"]].to_numpy().tolist() == [[TOTAL, 41, 1], ["new", 11, 1], [NOT_SET, 30, 1]]
    with pytest.raises(DataError, match="ad material"):
        Performance(by="creative").run(Tables(spend=frame))
    with pytest.raises(DataError, match="No spend is left"):
        Performance(where=Filter(start="2030-01-01")).run(Tables(spend=frame))


def test_nothing_spent_has_no_rate() -> None:
    answer = Performance().run(Tables(spend=spend({"spend": 0.0, "clicks": 0, "impressions": 0})))
    assert answer.table[["ctr", "cpc", "roas"]].isna().all().all()
    answer.chart().to_dict()


# ---- the twin ---------------------------------------------------------------------------------------------

ROW = st.fixed_dictionaries(
    {
        "day": st.integers(0, 20),
        "channel": st.sampled_from(["feed", "live"]),
        "spend": st.integers(0, 50).map(float),
        "impressions": st.one_of(st.none(), st.integers(0, 500)),
        "clicks": st.one_of(st.none(), st.integers(0, 50)),
        "conversions": st.one_of(st.none(), st.integers(0, 5).map(float)),
        "attributed_revenue": st.one_of(st.none(), st.integers(0, 90).map(float)),
    }
)
OVER = {"ctr": ("clicks", "impressions", 1), "cpm": ("spend", "impressions", 1000), "cpc": ("spend", "clicks", 1),
        "cvr": ("conversions", "clicks", 1), "cpa": ("spend", "conversions", 1),
        "roas": ("attributed_revenue", "spend", 1)}  # fmt: skip


def _twin(rows: pd.DataFrame) -> dict[str, float]:
    found = {c: rows[c].sum() if rows[c].notna().any() else np.nan for c in ("spend", *NUMBERS)}
    for rate, (top, of, times) in OVER.items():
        both = rows.dropna(subset=[top, of])
        found[rate] = times * both[top].sum() / both[of].sum() if both[of].sum() else np.nan
    return {name: float(value) for name, value in found.items()}


@settings(max_examples=cases(24), deadline=None)
@given(rows=st.lists(ROW, min_size=1, max_size=12))
def test_performance_equals_the_twin(rows: list[dict[str, Any]]) -> None:
    frame = spend(*({**row, "period_start": DAY + pd.Timedelta(days=row["day"])} for row in rows))
    answer = Performance(every="week").run(Tables(spend=frame.drop(columns="day")))
    whole = answer.table.set_index("group")
    trend = answer.frame("trend").set_index(["group", "period"])
    monday = frame["period_start"] - pd.to_timedelta(frame["period_start"].dt.day_of_week, unit="D")
    for group, own in [(TOTAL, frame), *frame.groupby("channel")]:
        parts = [(whole.loc[group], own), *((trend.loc[(group, week)], part) for week, part in own.groupby(monday))]
        for found, part in parts:
            expected = _twin(part.astype(dict.fromkeys(("spend", *NUMBERS), float)))
            got = {name: float(found[name]) if not pd.isna(found[name]) else np.nan for name in expected}
            assert got == pytest.approx(expected, nan_ok=True)


# ---- beside the campaign before ---------------------------------------------------------------------------


def campaigns(
    seed: int = 0, days: int = 40, *, better: float = 1.0, channels: tuple[str, ...] = ("feed", "live")
) -> Any:
    """Make two campaigns whose claimed revenue is three times what was spent, times `better` in 2026 on live."""
    rng = np.random.default_rng(seed)
    parts = []
    for year in (2025, 2026):
        for channel in channels:
            at = pd.Timestamp(f"{year}-11-01") + pd.to_timedelta(np.arange(days), unit="D")
            spent = rng.gamma(4, 25, days).round(2)
            earned = 3 * spent * rng.lognormal(-0.045, 0.3, days) * (better if (year, channel) == (2026, "live") else 1)
            part = pd.DataFrame({"period_start": at, "period_end": at + pd.Timedelta(days=1), "spend": spent})
            parts.append(part.assign(attributed_revenue=earned, channel=channel, campaign=str(year), currency="CNY"))
    return pd.concat(parts, ignore_index=True)


ASKED = Performance(every=None, where=Filter(campaign="2026"))


def test_the_same_days_of_the_campaign_before() -> None:
    frame = campaigns()
    short = frame[(frame["campaign"] == "2025") | (frame["period_start"] < "2026-11-11")]
    answer = ASKED.run(Tables(spend=short))
    found = answer.frame("campaigns").set_index(["group", "campaign"])
    for (group, campaign), row in found.iterrows():
        own = short[(short["campaign"] == campaign) & ((short["channel"] == group) | (group == TOTAL))]
        own = own[own["period_start"] < f"{campaign}-11-11"]  # ten days, the last of them whole
        assert row["spend"] == pytest.approx(own["spend"].sum())
        assert row["roas"] == pytest.approx(own["attributed_revenue"].sum() / own["spend"].sum())
    assert "too little to tell" in answer.say(answer.headline)
    assert "compared-days" not in codes(answer)


def test_a_group_has_one_line_and_the_campaign_before_its_own() -> None:
    for by, lines in (("channel", {("live", "2026"), ("feed", "2026")}), (None, {(TOTAL, "2026"), (TOTAL, "2025")})):
        answer = ASKED.replace(by=by, every="week").run(Tables(spend=campaigns()))
        drawn = next(iter(answer.chart().to_dict()["datasets"].values()))
        assert {(row["group"], row["campaign"]) for row in drawn} == lines
        assert len({(row["group"], row["campaign"], row["period"]) for row in drawn}) == len(drawn)


def test_changes_and_intervals_are_those_of_days() -> None:
    answer = ASKED.run(Tables(spend=campaigns(better=2.0)))
    frame = campaigns(better=2.0)
    live = frame[frame["channel"] == "live"].set_index("campaign")
    now, then = (live.loc[year].reset_index() for year in ("2026", "2025"))
    rate = answer.frame("rates").set_index("group").loc["live"]
    expected = ratio_of_sums(now["attributed_revenue"], now["spend"]).floats()
    assert rate[["roas", "roas_low", "roas_high"]].astype(float).tolist() == pytest.approx(list(expected))
    change = answer.frame("change").set_index(["group", "measure"]).loc[("live", "spend")]
    expected = ratio_of_sums(now["spend"], then["spend"]).floats()
    assert change[["change", "low", "high"]].astype(float).tolist() == pytest.approx([x - 1 for x in expected])
    assert bool(answer.frame("change").set_index(["group", "measure"]).loc[("live", "roas"), "clear"])
    said = answer.say(answer.headline)
    assert "more than" in said and "The highest is live" in said


@pytest.mark.long
def test_a_headline_claims_nothing_that_chance_explains() -> None:
    """40 pairs of campaigns with nothing between them and four channels alike.

    Above 6 false alarms (2 expected) is a chance of 0.3%; so it is for each of both claims, and for the true ROAS
    to lie outside its interval.
    """
    grown = apart = missed = 0
    for seed in range(40):
        answer = ASKED.run(Tables(spend=campaigns(seed, channels=("a", "b", "c", "d"))))
        said = answer.say(answer.headline)
        grown += "Chance alone explains the difference" not in said
        apart += "The highest is" in said
        low, high = answer.frame("rates").loc[0, ["roas_low", "roas_high"]]
        missed += not low <= 3.0 <= high
    assert max(grown, apart, missed) <= 6, (grown, apart, missed)


# ---- known figures ----------------------------------------------------------------------------------------


def test_the_real_report(real_file: Callable[[str], Path]) -> None:
    export = read_export(real_file("global_ads_daily.csv"))
    constants = {**dict(export.mapping.constants), "currency": "USD"}
    rows = export.mapped(export.mapping.replace(constants=constants)).clean(b"k" * 32).rows
    export.close()
    found = Performance().run(Tables(spend=rows)).table.iloc[0]
    assert found["spend"] == pytest.approx(11_108_749.09, abs=0.005)
    assert found["attributed_revenue"] == pytest.approx(54_183_330.81, abs=0.005)
    assert found["roas"] == pytest.approx(54_183_330.81 / 11_108_749.09)


def test_the_sample_holds_what_was_planted(sample: Tables) -> None:
    """A click costs 1.25 times as much on the two days of the surge; display's money goes to low intent by 80%."""
    where = Filter(campaign="Double 11 2026", channel="paid_search")
    trend = Performance(by=None, where=where).run(sample).frame("trend").query("campaign == 'Double 11 2026'")
    surge = trend["period"].isin(pd.to_datetime(["2026-11-10", "2026-11-11"]))
    usual = trend[~surge]["cpc"].dropna()
    assert usual.max() - usual.min() < 1e-9
    assert trend[surge]["cpc"].tolist() == pytest.approx([1.25 * usual.iloc[0]] * 2)
    display = Performance(by="audience", where=where.replace(channel="display")).run(sample).table.set_index("group")
    assert display.loc["low_intent", "spend"] / display.loc[TOTAL, "spend"] == pytest.approx(0.8)


def test_claims_stand_beside_the_spend_that_they_are_of() -> None:
    """x claims 3,000 for 1,000; y spends 9,000 and says nothing of what it brought."""
    day = pd.Timestamp("2026-11-01")
    spend = pd.DataFrame({
        "period_start": day, "period_end": day + pd.Timedelta(days=1), "channel": ["x", "y"], "spend": [1000.0, 9000.0],
        "currency": "CNY", "attributed_revenue": [3000.0, None], "clicks": [1000, 500],
    })  # fmt: skip
    answer = Performance().run(Tables(spend=spend))
    assert answer.headline.text().startswith(
        "Platforms claim CN¥3,000 for CN¥1,000, a ROAS of 3.00. A further CN¥9,000 was spent of which the report gives "
        "no such figure."
    )
    notes = [note.message.text() for note in answer.notes if note.code == "rows-without"]
    assert notes == [
        "1 of 2 rows, CN¥9,000 of the spend, say nothing of this: attributed revenue (for ROAS). They are in no rate "
        "that needs it, and are of: y."
    ]
    whole = Performance().run(Tables(spend=spend.assign(attributed_revenue=[3000.0, 0.0])))
    assert whole.headline.text().startswith("Platforms claim CN¥3,000 for CN¥10,000, a ROAS of 0.30.")
    assert "A further" not in whole.text() and "rows-without" not in {note.code for note in whole.notes}
