"""What is proposed for files nobody knows: the window that counts, lines of one order, a currency, who is hidden."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from analysis.errors import ImportFileError
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
def test_amounts_in_two_currencies_are_never_added_up(opened: Any, euro: str, dollar: str) -> None:
    text = "date,channel,cost\n" + f"2026-08-01,s,{euro}\n" * 250 + f"2026-08-02,s,{dollar}\n" * 240
    found = opened(text).reconcile()
    assert (found.kept, found.set_aside, found.sums) == (490, (), ())
    assert found.rows_by_currency == (("EUR", 250), ("USD", 240))
    assert [note.text() for note in found.notes] == [
        "The rows of cost are in several currencies, which are never added up: "
        f"EUR × 250 ({euro}), USD × 240 ({dollar})."
    ]


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


def test_ids_of_every_country_are_known(opened: Any) -> None:
    ids = [f"x{i}" for i in range(50)]
    for who in ("(555) 123-4567", "555-123-9876", "11010119900307123X"):
        assert hashed(opened, *ids, who)


def test_an_address_in_any_column_hides_it(opened: Any) -> None:
    rows = "u1,2026-08-01,view,joe@example.com\nu2,2026-08-01,view,s2\n"
    assert opened("user_id,timestamp,event,session_id\n" + rows).mapping.hashed == ("session_id",)


# ---- what repeats -----------------------------------------------------------------------------------------


def test_a_model_of_attribution_repeats_the_spend_too(opened: Any) -> None:
    rows = [("a", "last click", 10), ("a", "data-driven", 10), ("b", "last click", 5), ("b", "data-driven", 5)]
    text = "date,campaign,attribution model,cost\n" + "".join(f"2026-08-01,{c},{m},{n}\n" for c, m, n in rows)
    assert with_channel(opened(text)).reconcile().sums == (("spend", 15.0),)


def test_ad_sets_with_windows_of_their_own_keep_their_spend(opened: Any) -> None:
    text = "date,campaign,attribution setting,cost\n2026-08-01,a,1-day click,10\n2026-08-01,a,7-day click,25\n"
    assert with_channel(opened(text)).reconcile().sums == (("spend", 35.0),)


def test_lines_of_orders_are_looked_at_to_the_end(opened: Any) -> None:
    single = "".join(f"a{i},2026-08-01 10:00:00,10,CNY,{'x' * 1400}\n" for i in range(12_000))
    double = "".join(f"b{i},2026-08-01 10:00:00,100,CNY,y\n" * 2 for i in range(1_000))
    export = opened("order_id,created_at,amount,currency,note\n" + single + double)
    assert not export.scratch.whole
    assert export.reconcile().sums == (("revenue", 12_000 * 10 + 1_000 * 100.0),)


# ---- currencies in headings and words ---------------------------------------------------------------------


@pytest.mark.parametrize(
    ("heading", "code"), [("Cost (€)", "EUR"), ("Cost (US$)", "USD"), ("Spend (£)", "GBP"), ("花费(￥)", "CNY")]
)
def test_a_sign_in_the_heading_is_its_currency(heading: str, code: str) -> None:
    with read(f"date,campaign,channel,{heading}\n2026-08-01,a,tv,5\n") as export:
        assert dict(export.mapping.constants)["currency"] == code


def test_a_currency_in_words_is_its_code(opened: Any) -> None:
    rows = "".join(f"2026-08-01,s,10,{word}\n" for word in ("人民币", "RMB", "cny", "元"))
    found = opened("date,channel,cost,currency\n" + rows).reconcile()
    assert (found.currencies, found.sums) == (("CNY",), (("spend", 40.0),))


# ---- what stands above ------------------------------------------------------------------------------------


@contextmanager
def read(text: str) -> Iterator[Export]:
    export = read_export(text.encode(), "file.csv", zone="UTC")
    yield export
    export.close()


def test_a_blank_line_under_the_preamble_loses_none_of_it() -> None:
    above = "Report A\nAccount: x\nPeriod: 2026-08-11 to 2026-08-12\nCurrency: USD\n"
    for blank in ("", "\n"):
        with read(f"{above}{blank}campaign,channel,cost\na,google,5\nb,google,7\n") as export:
            constants = dict(export.mapping.constants)
            assert (constants["currency"], constants["period_start"]) == ("USD", "2026-08-11")


def test_headings_with_a_column_more_further_down_lose_no_rows() -> None:
    rows = [f"2026-08-{day:02d},a,10" for day in range(1, 11)]
    text = "\n".join(["date,campaign,cost", *rows, "date,campaign,cost,clicks", *(row + ",5" for row in rows)])
    with read(text) as export:
        assert with_channel(export.assuming(currency="CNY")).reconcile().set_aside == (("overflow", 10), ("header", 1))


def test_headings_of_another_measure_are_not_the_same_headings() -> None:
    text = "date,campaign,cost\n2026-08-01,a,10\ndate,campaign,impressions\n2026-08-01,a,5000\n"
    with pytest.raises(ImportFileError, match="headings stand again in line 3"):
        read_export(text.encode(), "f.csv")


def test_a_row_that_begins_with_a_hash_is_a_row() -> None:
    with read("campaign,date,channel,cost\n# brand,2026-08-01,s,10\nb,2026-08-02,s,20\n") as export:
        assert export.assuming(currency="CNY").reconcile().sums == (("spend", 30.0),)


def test_an_abbreviated_zone_is_the_files_own(opened: Any) -> None:
    text = "user_id,timestamp,event\nu,2026-08-01 00:00:00 CST,view\nu,2026-08-01 00:00:00 UTC,view\n"
    for zone, first in (("Asia/Shanghai", "2026-07-31 16:00:00"), ("America/Chicago", "2026-08-01 05:00:00")):
        export = read_export(text.encode(), "f.csv", zone=zone)
        assert str(export.clean(b"").rows.column("timestamp").to_pylist()[0]) == first
        export.close()


def test_numbers_with_other_spaces_and_blanks_of_spreadsheets(opened: Any) -> None:
    cells = ("1\u00a0234,50", "1\u202f234,50", "12,00\u00a0€")
    text = "date;channel;cost\n" + "".join(f"2026-08-01;s;{cell}\n" for cell in cells)
    assert opened(text).reconcile().sums == (("spend", 1234.5 * 2 + 12),)
    text = "date,channel,cost,clicks\n" + "".join(
        f"2026-08-01,s,5,{x}\n" for x in ("#DIV/0!", "#N/A", "–", "n.a.", "7")
    )
    assert dict(opened(text).reconcile().sums) == {"spend": 25.0, "clicks": 7.0}
    assert opened("date,channel,花费\n2026-08-01,s,100元\n").reconcile().sums == (("spend", 100.0),)


def test_an_amount_chosen_by_hand_names_its_currency(opened: Any) -> None:
    export = opened("tag,kanal,kosten\n2026-11-01,suche,2.343 €\n2026-11-02,bild,12 €\n").as_table("spend")
    export = export.assuming(currency="CNY")
    columns = {"period_start": "tag", "channel": "kanal", "spend": "kosten"}
    chosen = export.mapped(export.mapping.replace(columns=columns))
    assert dict(chosen.mapping.constants)["currency"] == "EUR"
    said = {**dict(export.mapping.constants), "currency": "USD"}
    assert dict(export.mapped(export.mapping.replace(columns=columns, constants=said)).mapping.constants) == said
