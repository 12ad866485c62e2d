"""Amounts that name their own unit, or their own currency, in the cell."""

from __future__ import annotations

from pathlib import Path

import pytest
from imports.opened import opened, reconciled, rows

from analysis.workspace import open_workspace
from analysis.workspace.contents import Contents

SPEND = "date,channel,cost\n{}"


@pytest.mark.parametrize(
    ("cell", "amount"),
    [("1.25万", 12_500.0), ("1.25万元", 12_500.0), ("￥1.25万", 12_500.0), ("3.2k", 3_200.0), ("3.2K", 3_200.0),
     ("1.2w", 12_000.0), ("1.2亿", 120_000_000.0), ("2千", 2_000.0), ("1.2M", 1_200_000.0), ("(1.5k)", -1_500.0),
     ("1.1万", 11_000.0), ("1.234万", 12_340.0), ("1,234万", 12_340_000.0)],
)  # fmt: skip
def test_a_cell_is_taken_in_its_own_unit(cell: str, amount: float) -> None:
    found = reconciled(
        f'date,channel,cost\n2026-11-01,a,"{cell}"\n2026-11-02,a,300\n2026-11-03,a,0.5\n', currency="CNY"
    )
    assert (found.kept, dict(found.sums)["spend"]) == (3, amount + 300.5)
    assert [note.text() for note in found.notes] == [
        "Numbers in cost that name a unit, such as 万 or k, are taken times that."
    ]


def test_german_millions_and_thousands() -> None:
    text = "Datum;Kanal;Kosten\n01.11.2026;a;1,2 Mio.\n02.11.2026;a;300,50\n03.11.2026;a;3 Tsd. €\n"
    found = reconciled(text)
    assert (found.kept, dict(found.sums)["spend"], found.currencies) == (3, 1_203_300.5, ("EUR",))


def test_counts_name_units_too() -> None:
    found = reconciled(
        "日期,渠道,花费(元),展示次数\n2026-11-01,a,12,1.25万\n2026-11-02,a,10,3200\n2026-11-03,a,10,1.234万\n"
    )
    assert dict(found.sums)["impressions"] == 12_500 + 3_200 + 12_340


@pytest.mark.parametrize(
    ("cell", "kept", "spend"), [("1.25万", 2, 32_500.0), ("3.2k", 1, 20_000.0), ("10万+", 1, 20_000.0)]
)
def test_a_heading_names_a_unit_once(cell: str, kept: int, spend: float) -> None:
    """A cell that says its heading's unit again is in that; one that says another is no number."""
    found = reconciled(f"日期,渠道,花费(万元)\n2026-11-01,a,{cell}\n2026-11-02,a,2\n")
    assert (found.kept, dict(found.sums)["spend"]) == (kept, spend)


@pytest.mark.parametrize(
    ("cells", "wanted"),
    [(("$12.00", "€10.00", "$1.00"), [("USD", 12.0), ("EUR", 10.0), ("USD", 1.0)]),
     (("US$ 5", "¥30"), [("USD", 5.0), ("CNY", 30.0)]),
     (("12.00 USD", "10 EUR"), [("USD", 12.0), ("EUR", 10.0)]),
     (("USD 12.00", "EUR 10"), [("USD", 12.0), ("EUR", 10.0)]),
     (("12.00元", "10美元"), [("CNY", 12.0), ("USD", 10.0)]),
     (("HK$1.5k", "£10"), [("HKD", 1500.0), ("GBP", 10.0)])],
)  # fmt: skip
def test_each_row_is_in_the_currency_of_its_cell(cells: tuple[str, ...], wanted: list[tuple[str, float]]) -> None:
    text = SPEND.format("".join(f"2026-11-0{n},a,{cell}\n" for n, cell in enumerate(cells, 1)))
    with opened(text) as export:
        found = export.reconcile()
        assert [(r["currency"], r["spend"]) for r in rows(export)] == wanted
        assert len(export.assumptions) == 1  # to be confirmed
        assert (guess := export.guess("currency")) and guess.reason.text() == "named in the amount's cells"
    assert "spend" not in dict(found.sums)
    said = next(note.text() for note in found.notes if "several currencies" in note.text())
    assert all(cell in said for cell in cells[:2])


def test_a_cell_without_a_currency_beside_two_is_set_aside() -> None:
    found = reconciled(SPEND.format("2026-11-01,a,$12.00\n2026-11-02,a,€10.00\n2026-11-03,a,7\n"))
    assert (found.kept, found.set_aside) == (2, (("missing", 1),))


def test_one_currency_that_somebody_says_sets_the_others_aside() -> None:
    with opened(SPEND.format("2026-11-01,a,$12.00\n2026-11-02,a,€10.00\n")) as export:
        found = export.in_currency("EUR").reconcile()
    assert (found.rows_by_currency, found.set_aside) == ((("EUR", 1),), (("other-currency", 1),))


def test_orders_in_two_currencies_are_two_amounts(tmp_path: Path) -> None:
    here = open_workspace(tmp_path / "w.duckdb")
    head = "order_id,created_at,total,status\n"
    with opened(head + "1,2026-11-01,$12.00,paid\n2,2026-11-02,€10.00,paid\n3,2026-11-02,€5.50,paid\n") as export:
        here.add(export)
    shown = Contents().run(here.tables()).table
    here.close()
    created = shown[shown["measure"] == "orders created"]
    assert created[["currency", "count", "amount"]].values.tolist() == [["EUR", 2, 15.5], ["USD", 1, 12.0]]
