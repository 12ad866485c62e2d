"""What people write down: checked like every value, and rates that change figures are part of the data's version."""

from __future__ import annotations

import io
import zipfile
from typing import Any

import nbformat
import pandas as pd
import pytest

from analysis import Alias, CalendarDay, Campaign, ChannelTag, ExchangeRate, Funnel, LiftTest, PlanLine, Record, Tables
from analysis.charts import Look
from analysis.errors import QuestionError
from analysis.sharing.notebooks import bundle, of
from analysis.values import kinds

RATE = ExchangeRate(currency="USD", day="2026-11-11", rate=7.1, into="CNY")
LATER = RATE.replace(day="2026-11-12", rate=7.2)
PEAK = CalendarDay(name="peak", start="2026-11-10", end="2026-11-11")
TEST = LiftTest(channel="video", start="2026-10-01", end="2026-10-07", spend_change=-700, sales_change=-900, error=200)
LINE = PlanLine(stage="execution", line="video", phase="burst", amount=5_000)
TAG = ChannelTag(channel="video", tag="own")
BESIDE = (PEAK, TEST, LINE, TAG)


def test_the_kinds_of_records() -> None:
    assert {"exchange-rate", "display-name", "calendar-day", "lift-test", "plan-line", "channel-tag"} <= {
        *kinds(Record)
    }


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"rate": 0}, "above 0"),
        ({"rate": float("nan")}, "finite"),
        ({"day": None}, "give a date"),
        ({"day": "yesterday"}, "give a date"),
        ({"currency": "yuan"}, "three-letter"),
        ({"into": "usd"}, "another currency"),
    ],
)
def test_a_rate_that_converts_nothing_is_refused(change: dict[str, Any], says: str) -> None:
    with pytest.raises(QuestionError, match=says):
        RATE.replace(**change)


def test_rates_come_by_currency_and_day_and_the_last_given_of_a_day_holds(frames: dict[str, pd.DataFrame]) -> None:
    euro = RATE.replace(currency="EUR", rate=8)
    other = RATE.replace(into="EUR", rate=0.9)
    tables = Tables(orders=frames["orders"], rates=[LATER, RATE.replace(rate=6), other, euro, RATE])
    assert tables.rates == (euro, RATE, LATER, other)
    assert Tables(orders=frames["orders"]).rates == ()


def test_rates_are_part_of_the_datas_version(frames: dict[str, pd.DataFrame], campaign: Campaign) -> None:
    given = {"orders": frames["orders"], "campaign": campaign}
    found = [Tables(**given, rates=rates).version for rates in ((), (RATE,), (LATER,), (RATE, LATER))]
    assert len(set(found)) == 4
    assert Tables(**given, rates=(LATER, RATE)).version == found[3]
    assert Tables(**given).version == found[0]


def test_a_notebook_carries_the_rates_it_was_made_with(
    frames: dict[str, pd.DataFrame], campaign: Campaign, tmp_path: Any
) -> None:
    tables = Tables(events=frames["events"], campaign=campaign, rates=[RATE, LATER])
    asked = Funnel(steps=("view", "cart"))
    with zipfile.ZipFile(io.BytesIO(bundle(of(asked, Look()), tables, Look()))) as archive:
        archive.extractall(tmp_path)
    notebook = nbformat.read(tmp_path / "sluice.ipynb", as_version=4)
    space: dict[str, Any] = {}
    load = next(cell.source for cell in notebook.cells if cell.cell_type == "code")
    exec(load.replace('"."', repr(str(tmp_path))), space)
    assert space["tables"].rates == (RATE, LATER)
    pd.testing.assert_frame_equal(asked.run(space["tables"]).table, asked.run(tables).table)


# ---- what questions read beside the rows --------------------------------------------------------------------


@pytest.mark.parametrize(
    ("record", "change", "says"),
    [
        (PEAK, {"end": "2026-11-09"}, "backwards"),
        (PEAK, {"start": None}, "give a date"),
        (TEST, {"end": "2026-09-30"}, "backwards"),
        (TEST, {"end": None}, "give a date"),
        (TEST, {"error": 0}, "above 0"),
        (TEST, {"spend_change": 0}, "measures nothing"),
        (TEST, {"sales_change": float("inf")}, "finite"),
        (LINE, {"amount": -1}, "0 or more"),
        (LINE, {"stage": " "}, "not empty"),
        (TAG, {"tag": ""}, "not empty"),
    ],
)
def test_a_record_that_says_nothing_is_refused(record: Record, change: dict[str, Any], says: str) -> None:
    with pytest.raises(QuestionError, match=says):
        record.replace(**change)


def test_a_day_alone_ends_on_itself() -> None:
    assert CalendarDay(name="peak", start="2026-11-11") == CalendarDay(
        name="peak", start="2026-11-11", end="2026-11-11"
    )


def test_records_come_by_kind_and_title_and_the_last_given_of_a_title_holds(frames: dict[str, pd.DataFrame]) -> None:
    whole = LINE.replace(phase=None)
    tables = Tables(spend=frames["spend"], records=[LINE.replace(amount=1), TAG, TEST, LINE, PEAK, whole])
    assert tables.recorded(PlanLine) == (whole, LINE)
    assert [tables.recorded(kind) for kind in (CalendarDay, LiftTest, ChannelTag)] == [(PEAK,), (TEST,), (TAG,)]
    assert tables.records == (PEAK, TAG, TEST, whole, LINE)
    assert Tables(spend=frames["spend"]).recorded(PlanLine) == ()


def test_records_are_part_of_the_datas_version(frames: dict[str, pd.DataFrame]) -> None:
    found = {Tables(spend=frames["spend"], records=[own]).version for own in (*BESIDE, LINE.replace(amount=1))}
    assert len(found) == 5
    one, other = (Tables(spend=frames["spend"], records=own).version for own in (BESIDE, BESIDE[::-1]))
    assert one == other not in found
    assert Tables(spend=frames["spend"]).version == Tables(spend=frames["spend"], records=()).version not in found


def test_records_of_another_spelling_are_of_the_channel_it_stands_for(frames: dict[str, pd.DataFrame]) -> None:
    spelt = (TEST.replace(channel="Video"), LINE.replace(line="Video"), TAG.replace(channel="Video"), TEST)
    tables = Tables(
        spend=frames["spend"], records=spelt, aliases=[Alias(column="channel", code="Video", meant="video")]
    )
    assert tables.records == (TAG, TEST, LINE)


def test_a_notebook_carries_the_records_it_was_made_with(frames: dict[str, pd.DataFrame], tmp_path: Any) -> None:
    tables = Tables(events=frames["events"], records=BESIDE)
    asked = Funnel(steps=("view", "cart"))
    with zipfile.ZipFile(io.BytesIO(bundle(of(asked, Look()), tables, Look()))) as archive:
        archive.extractall(tmp_path)
    notebook = nbformat.read(tmp_path / "sluice.ipynb", as_version=4)
    space: dict[str, Any] = {}
    load = next(cell.source for cell in notebook.cells if cell.cell_type == "code")
    exec(load.replace('"."', repr(str(tmp_path))), space)
    assert space["tables"].records == tables.records
