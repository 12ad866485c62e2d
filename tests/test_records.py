"""What people write down: checked like every value, and rates that change figures are part of the data's version."""

from __future__ import annotations

import io
import zipfile
from typing import Any

import nbformat
import pandas as pd
import pytest

from analysis import Campaign, ExchangeRate, Funnel, Record, Tables
from analysis.charts import Look
from analysis.errors import QuestionError
from analysis.sharing.notebooks import bundle, of
from analysis.values import kinds

RATE = ExchangeRate(currency="USD", day="2026-11-11", rate=7.1, into="CNY")
LATER = RATE.replace(day="2026-11-12", rate=7.2)


def test_the_kinds_of_records() -> None:
    assert {"exchange-rate", "display-name"} <= set(kinds(Record))


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
