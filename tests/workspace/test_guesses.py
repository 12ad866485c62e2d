"""What is proposed for files nobody knows: the window that counts, lines of one order, a currency, who is hidden."""

from __future__ import annotations

from typing import Any

import pytest

from analysis.workspace import Export, read_export


@pytest.fixture
def opened() -> Any:
    """Return a function that reads a text as a file; all are closed at the end."""
    exports = list[Export]()

    def read(text: str) -> Export:
        exports.append(read_export(text.encode(), "file.csv", zone="UTC").assuming(currency="CNY"))
        return exports[-1]

    yield read
    for export in exports:
        export.close()


def with_channel(export: Export) -> Export:
    return export.mapped(export.mapping.replace(constants={**dict(export.mapping.constants), "channel": "search"}))


# ---- attribution windows ----------------------------------------------------------------------------------


def test_the_longest_window_counts_for_each_item(opened: Any) -> None:
    """One item has the short window alone; another has 累计, which is longer than 15天."""
    text = (
        "日期,计划ID,归因周期,花费,成交金额\n2026-08-01,1,1天,10,1\n2026-08-01,1,15天,10,2\n2026-08-01,1,累计,10,3\n"
        "2026-08-01,2,1天,7,4\n2026-08-02,2,15天,5,6\n2026-08-02,2,1天,5,5\n"
    )
    found = with_channel(opened(text)).reconcile()
    assert (found.kept, found.set_aside) == (3, (("window", 3),))
    assert dict(found.sums) == {"spend": 22.0, "attributed_revenue": 13.0}
    assert any("归因周期" in question.text() for question in found.questions)


def test_another_window_can_be_chosen(opened: Any) -> None:
    text = "日期,归因周期,花费,成交金额\n2026-08-01,1天,10,1\n2026-08-01,15天,10,2\n2026-08-02,15天,7,9\n"
    export = with_channel(opened(text))
    chosen = export.mapped(export.mapping.replace(only={"归因周期": "1天"})).reconcile()
    assert dict(chosen.sums) == {"spend": 17.0, "attributed_revenue": 10.0}


# ---- lines of orders --------------------------------------------------------------------------------------

ORDERS = "order_id,created_at,amount,currency\n"


@pytest.mark.parametrize(
    ("amounts", "lines", "revenue"),
    [((100, 100), "first", 150.0), ((60, 40), "sum", 150.0), ((100, ""), "first", 150.0), ((100,), "each", 150.0)],
)
def test_an_order_on_several_lines_counts_once(
    opened: Any, amounts: tuple[Any, ...], lines: str, revenue: float
) -> None:
    rows = "".join(f"o1,2026-08-01 10:00:00,{amount},CNY\n" for amount in amounts)
    export = opened(ORDERS + rows + "o2,2026-08-01 11:00:00,50,CNY\n")
    assert export.mapping.lines == lines
    assert export.reconcile().sums == (("revenue", revenue),)


# ---- currencies -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("euro", "dollar"), [("10 €", "10 US$"), ("EUR 10", "USD 10"), ("€10.00", "10 USD")])
def test_amounts_in_another_currency_are_set_aside(opened: Any, euro: str, dollar: str) -> None:
    text = "date,channel,cost\n" + f"2026-08-01,s,{euro}\n" * 250 + f"2026-08-02,s,{dollar}\n" * 240
    found = opened(text).reconcile()
    assert (found.kept, found.currencies, found.sums) == (250, ("EUR",), (("spend", 2500.0),))
    assert found.set_aside == (("other-currency", 240),)


def test_a_column_of_currencies_says_which_amounts_are_meant(opened: Any) -> None:
    rows = ("10 €,EUR", "$5,USD", "¥7,JPY", "$5,EUR")
    found = opened("date,channel,cost,currency\n" + "".join(f"2026-08-01,s,{row}\n" for row in rows)).reconcile()
    assert (found.kept, found.set_aside) == (3, (("other-currency", 1),))


# ---- who is hidden ----------------------------------------------------------------------------------------


def hashed(opened: Any, *users: str, heading: str = "user_id") -> bool:
    rows = "".join(f"{user},2026-08-01 10:00:00,view\n" for user in users)
    return bool("user_id" in opened(f"{heading},timestamp,event\n{rows}").mapping.hashed)


def test_one_address_anywhere_hides_the_ids(opened: Any) -> None:
    ids = [f"x{i}" for i in range(12_000)]
    assert not hashed(opened, *ids)
    assert hashed(opened, *ids, "ann@example.com")
    assert hashed(opened, *ids[:300], "13800138000")
    assert hashed(opened, *ids[:20], *(f"王小{c}" for c in "明红刚"))
    assert hashed(opened, *ids[:300], "ann@example.com", heading="Visitor ID")


def test_one_address_after_the_first_rows_of_a_large_file_hides_them(opened: Any) -> None:
    ids = [f"visitor-{i:060d}" for i in range(200_000)]
    export = opened("user_id,timestamp,event\n" + "".join(f"{i},2026-08-01 10:00:00,view\n" for i in ids)
                    + "ann@example.com,2026-08-01 10:00:00,view\n")  # fmt: skip
    assert not export.scratch.whole
    assert export.mapping.hashed == ("user_id",)


def test_numbers_are_not_taken_for_telephones(opened: Any) -> None:
    assert not hashed(opened, *map(str, range(300)), "13800138000")
