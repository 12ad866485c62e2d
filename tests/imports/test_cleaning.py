"""Cleaning: times in every zone and spelling, numbers, constants, and the rows that are set aside with a reason."""

from __future__ import annotations

import datetime as dt
import hashlib
import hmac
import io
from typing import Any
from zoneinfo import ZoneInfo

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.imports.lexicon.currencies import sign_currency
from analysis.workspace import ColumnMapping, read_export

KEY = b"k" * 32
EVENTS = ColumnMapping(table="events", columns={"user_id": "u", "timestamp": "t", "event": "e"}, zone="UTC")
ORDERS = ColumnMapping(
    table="orders",
    columns={"order_id": "o", "timestamp": "t", "revenue": "r"},
    constants={"currency": "CNY"},
    zone="UTC",
)
SPEND = ColumnMapping(
    table="spend",
    columns={"period_start": "d", "spend": "s"},
    constants={"channel": "search", "currency": "CNY"},
    zone="UTC",
)


def clean(frame: dict[str, list[Any]], mapping: ColumnMapping, key: bytes = KEY) -> Any:
    export = read_export(pd.DataFrame(frame).to_csv(index=False).encode(), "file.csv")
    try:
        return export.mapped(mapping).clean(key)
    finally:
        export.close()


def times(texts: list[str], zone: str = "UTC") -> list[str]:
    """Return how the texts are stored, in UTC."""
    n = len(texts)
    made = clean({"u": ["u"] * n, "t": texts, "e": ["e"] * n}, EVENTS.replace(zone=zone))
    assert made.set_aside.num_rows == 0, made.set_aside.to_pylist()
    return [str(at) for at in made.rows.column("timestamp").to_pylist()]


# ---- times ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "stored"),
    [
        ("2026-11-11", "2026-11-10 16:00:00"),
        ("2026-11-11 20:05", "2026-11-11 12:05:00"),
        ("2026-11-11T20:05:06", "2026-11-11 12:05:06"),
        ("2026-11-11 20:05:06.123456", "2026-11-11 12:05:06.123456"),
        ("2014-12-06 02", "2014-12-05 18:00:00"),
        ("20261111", "2026-11-10 16:00:00"),
        ("2026/11/11", "2026-11-10 16:00:00"),
        ("2026/11/11 20:05", "2026-11-11 12:05:00"),
        ("2026/11/11 20:05:06", "2026-11-11 12:05:06"),
        ("4/2/2018", "2018-04-01 16:00:00"),  # month first
        ("5/31/2016 0:37", "2016-05-30 16:37:00"),
        ("31-08-2023", "2023-08-30 16:00:00"),  # day first
        ("01-02-2023", "2023-01-31 16:00:00"),
        ("31-08-2023 10:00:00", "2023-08-31 02:00:00"),
        # An offset of its own goes before the zone.
        ("2026-11-11T20:05:06Z", "2026-11-11 20:05:06"),
        ("2026-11-11 20:05:06+00:00", "2026-11-11 20:05:06"),
        ("2026-11-11 20:05:06 +0500", "2026-11-11 15:05:06"),
        ("2026-11-11T20:05:06-08:00", "2026-11-12 04:05:06"),
        ("2026-11-11T20:05:06.5+08:00", "2026-11-11 12:05:06.500000"),
        ("2026-11-11T20:05:06+08", "2026-11-11 12:05:06"),
        ("2026-11-11T20:05+08:00", "2026-11-11 12:05:00"),
        ("2026-11-11T20:05Z", "2026-11-11 20:05:00"),
        ("2026-08-01 10:00:00 UTC", "2026-08-01 10:00:00"),
        ("2026-08-01 10:00:00.25 GMT", "2026-08-01 10:00:00.250000"),
        ("2026-08-01 10:00 utc", "2026-08-01 10:00:00"),
        ("2026-08-01 10:00:00 Europe/Berlin", "2026-08-01 08:00:00"),
        ("2026-08-01 10:00:00 AM", "2026-08-01 02:00:00"),
        ("2026-08-01 10:00:00 PM", "2026-08-01 14:00:00"),
        ("2026/08/01 12:05 am", "2026-07-31 16:05:00"),
        # Hours, minutes and seconds without signs between them.
        ("2026081310", "2026-08-13 02:00:00"),
        ("202608131005", "2026-08-13 02:05:00"),
        ("20260813100500", "2026-08-13 02:05:00"),
        ("２０２６－０８－０１", "2026-07-31 16:00:00"),
        ("２０２６－０８－０１　１０：００：００", "2026-08-01 02:00:00"),
        ("２０２６／８／１　１０：００", "2026-08-01 02:00:00"),
    ],
)
def test_times_as_exports_write_them(text: str, stored: str) -> None:
    assert times([text], "Asia/Shanghai") == [stored]


def test_a_number_is_an_epoch_where_not_all_of_its_column_can_be_hours_of_a_day() -> None:
    assert times(["2026081310", "2026081311"]) == ["2026-08-13 10:00:00", "2026-08-13 11:00:00"]
    assert times(["2026081310", "2026081399"]) == ["2034-03-16 00:21:50", "2034-03-16 00:23:19"]
    assert times(["1786406400", "1786492800"]) == ["2026-08-11 00:00:00", "2026-08-12 00:00:00"]
    assert times(["202608131005", "202608131006"]) == ["2026-08-13 10:05:00", "2026-08-13 10:06:00"]
    assert times(["202608131005", "202608139999"]) == ["1976-06-03 00:02:11.005000", "1976-06-03 00:02:19.999000"]


@pytest.mark.parametrize(
    ("zone", "text", "stored"),
    [
        ("America/New_York", "2026-03-08 01:59:59", "2026-03-08 06:59:59"),
        ("America/New_York", "2026-03-08 03:00:00", "2026-03-08 07:00:00"),
        ("America/New_York", "2026-07-01 12:00:00", "2026-07-01 16:00:00"),
        ("Europe/Berlin", "2026-10-25 01:30:00", "2026-10-24 23:30:00"),
        ("Europe/Berlin", "2026-10-25 03:30:00", "2026-10-25 02:30:00"),
        ("Europe/London", "2026-01-01 00:00:00", "2026-01-01 00:00:00"),
        ("Asia/Kathmandu", "2026-01-01 00:00:00", "2025-12-31 18:15:00"),
        ("Australia/Lord_Howe", "2026-01-01 00:00:00", "2025-12-31 13:00:00"),
    ],
)
def test_local_times_in_zones_that_change_their_clocks(zone: str, text: str, stored: str) -> None:
    assert times([text], zone) == [stored]


@settings(max_examples=15)
@given(
    st.lists(st.datetimes(dt.datetime(1971, 1, 1), dt.datetime(2037, 1, 1)), min_size=1, max_size=50),
    st.sampled_from(
        ["America/New_York", "Asia/Shanghai", "Europe/Berlin", "Asia/Kathmandu", "UTC", "America/Sao_Paulo"]
    ),
)
def test_local_times_agree_with_the_time_zone_database(moments: list[dt.datetime], zone: str) -> None:
    """Each moment is written in local time and comes back, except in the two hours where clocks go back."""
    found = ZoneInfo(zone)
    local = [at.replace(tzinfo=dt.UTC).astimezone(found).replace(tzinfo=None) for at in moments]
    once = [
        (at, there) for at, there in zip(moments, local, strict=True)
        if there.replace(tzinfo=found, fold=0).utcoffset() == there.replace(tzinfo=found, fold=1).utcoffset()
    ]  # fmt: skip
    if once:
        assert times([str(there) for _, there in once], zone) == [str(at) for at, _ in once]


@pytest.mark.parametrize(
    "text",
    [
        "soon",
        "2026-02-30",
        "2026-13-01",
        "24:00",
        "1794600000",
        "11.11.2026",
        "infinity",
        "-infinity",
        "2026",
        "20026-11-11",
        "0026-11-11",
        "1969-12-31",
        "2200-01-02",
    ],
)
def test_what_is_not_a_time_is_set_aside(text: str) -> None:
    made = clean({"u": ["u", "v"], "t": [text, "2026-11-11"], "e": ["e", "e"]}, EVENTS)
    assert made.rows.column("user_id").to_pylist() == ["v"]
    assert made.set_aside.to_pylist() == [
        {"file": "file.csv", "line": 2, "reason": "not-a-time", "column": "timestamp", "text": f"u | {text} | e"},
    ]  # fmt: skip


# ---- periods ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("zone", "period", "day", "start", "end"),
    [
        ("Asia/Shanghai", "1d", "2026-11-11", "2026-11-10 16:00:00", "2026-11-11 16:00:00"),
        ("America/New_York", "1d", "2026-03-08", "2026-03-08 05:00:00", "2026-03-09 04:00:00"),  # 23 hours
        ("America/New_York", "1d", "2026-11-01", "2026-11-01 04:00:00", "2026-11-02 05:00:00"),  # 25 hours
        ("America/New_York", "7d", "2026-03-05", "2026-03-05 05:00:00", "2026-03-12 04:00:00"),
        ("Europe/Berlin", "1h", "2026-11-11 07:00", "2026-11-11 06:00:00", "2026-11-11 07:00:00"),
        ("Asia/Shanghai", "month", "2026-02-01", "2026-01-31 16:00:00", "2026-02-28 16:00:00"),
        ("America/New_York", "month", "2026-11", "2026-11-01 04:00:00", "2026-12-01 05:00:00"),
        ("UTC", "month", "2026-12-31", "2026-12-31 00:00:00", "2027-01-01 00:00:00"),
    ],
)
def test_a_period_ends_at_the_same_local_clock(zone: str, period: str, day: str, start: str, end: str) -> None:
    row = clean({"d": [day], "s": ["5"]}, SPEND.replace(zone=zone, period=period)).rows.to_pylist()[0]
    assert (str(row["period_start"]), str(row["period_end"])) == (start, end)


@pytest.mark.parametrize("written", ["2026-08-01", "August 2026", "Aug 2026", "2026-08", "2026/8", "2026年8月"])
@pytest.mark.parametrize("heading", ["Month", "Date"])
def test_a_row_of_a_month_is_about_the_whole_month(heading: str, written: str) -> None:
    named = heading == "Month" or written != "2026-08-01"
    text = f"Campaign,Currency code,Impr.,{heading},Cost\nc,EUR,10,{written},5\n"
    export = read_export(text.encode(), "g.csv", zone="Europe/Berlin")
    assert (export.recognition.format, export.mapping.period) == ("Google Ads", "month" if named else "1d")
    row = export.clean(KEY).rows.to_pylist()[0]
    assert str(row["period_start"]) == "2026-07-31 22:00:00"
    assert str(row["period_end"]) == ("2026-08-31 22:00:00" if named else "2026-08-01 22:00:00")
    export.close()


def test_a_wide_table_of_months_has_periods_of_months() -> None:
    text = "month,tv_spend,radio_spend\n2026-01-01,5,1\n2026-02-01,6,2\n2026-03-01,7,3\n"
    export = read_export(text.encode(), "w.csv", zone="UTC").as_table("spend").in_currency("EUR")
    assert export.mapping.period == "month"
    ends = sorted({str(row["period_end"])[:10] for row in export.clean(KEY).rows.to_pylist()})
    assert ends == ["2026-02-01", "2026-03-01", "2026-04-01"]
    export.close()


def test_periods_of_the_files_own() -> None:
    mapping = SPEND.replace(columns={"period_start": "d", "period_end": "x", "spend": "s"}, end_included=False)
    made = clean({"d": ["2026-11-01"] * 3, "x": ["2026-11-08", "2026-11-01", ""], "s": ["1", "2", "3"]}, mapping)
    assert made.rows.column("spend").to_pylist() == [1.0]
    reasons = [(r["line"], r["reason"], r["column"]) for r in made.set_aside.to_pylist()]
    assert reasons == [(3, "backwards", "period_end"), (4, "missing", "period_end")]


# ---- numbers ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("12", 12.0),
        ("12.50", 12.5),
        ("-3", -3.0),
        ("1,234.50", 1234.5),
        ("14,117,313", 14_117_313.0),
        ("¥12", 12.0),
        ("￥12", 12.0),
        ("$12.34", 12.34),
        ("€ 5", 5.0),
        ("£5", 5.0),
        ("1 234.5", 1234.5),
        ("1，234", 1234.0),
        ("1e3", 1000.0),
        (" 7 ", 7.0),
        ("0", 0.0),
        ("+5", 5.0),
        (".5", 0.5),
        ("（50）", -50.0),
        ("(50.00)", -50.0),
        ("($1,050.25)", -1050.25),
        ("12.50-", -12.5),
        ("1,234.50-", -1234.5),
        ("$12.50-", -12.5),
        ("12.50- USD", -12.5),
        ("12.50 USD-", -12.5),
        ("USD 12.50 -", -12.5),
        ("12,50－", -12.5),
        ("12.50−", -12.5),
        ("−5", -5.0),
        ("－5", -5.0),
        ("＄５０", 50.0),
        ("34.15 USD", 34.15),
        ("USD 1,000.00", 1000.0),
        ("-12 eur", -12.0),
        ("CNY 12", 12.0),
        ("1.234,56EUR", 1234.56),
        ('="10.50"', 10.5),
    ],
)
def test_numbers_as_exports_write_them(text: str, number: float) -> None:
    made = clean({"o": ["o"], "t": ["2026-11-11"], "r": [text]}, _in_its_currency(text))
    assert made.rows.column("revenue").to_pylist() == [number]


@pytest.mark.parametrize(
    "text",
    [
        "5,-",
        "-5-",
        "(5-)",
        "5--",
        "twelve",
        "12 ABC",
        "1 USD 2",
        "(12%)",
        "(1",
        "inf",
        "-Infinity",
        "1e999",
        "10%",
        "1.2.3",
        "0x10",
        "true",
    ],
)
def test_what_is_not_a_number_is_set_aside(text: str) -> None:
    made = clean({"o": ["a", "b"], "t": ["2026-11-11"] * 2, "r": ["1", text]}, _in_its_currency(text))
    assert [(r["line"], r["reason"], r["column"]) for r in made.set_aside.to_pylist()] == [
        (3, "not-a-number", "revenue")
    ]


def _in_its_currency(text: str) -> ColumnMapping:
    return ORDERS.replace(constants={"currency": sign_currency(text.upper()) or "CNY"})


def amounts(text: str, **told: str) -> tuple[dict[str, list[Any]], list[str]]:
    """Return the amounts of a spend file as they are stored, by column, and what is asked about them."""
    export = read_export(text.encode(), "s.csv", zone="UTC").in_currency("EUR")
    try:
        told_so = export.mapped(export.mapping.replace(**told))
        made = told_so.clean(KEY)
        assert made.set_aside.num_rows == 0, made.set_aside.to_pylist()
        names = [c for c in ("spend", "impressions", "clicks") if c in made.rows.column_names]
        return {c: made.rows.column(c).to_pylist() for c in names}, list(told_so.reconcile().undecided)
    finally:
        export.close()


def test_the_decimal_sign_is_the_files() -> None:
    """What one column proves holds for all others, also for one that nothing is mapped to."""
    head = "Date;Channel;Cost;Impressions;Clicks\n"
    german = head + "2026-08-01;x;2.447,18 €;12.345;900\n2026-08-02;x;5,00 €;8.100;1.200\n"
    assert amounts(german) == (
        {"spend": [2447.18, 5.0], "impressions": [12_345, 8_100], "clicks": [900, 1_200]},
        [],
    )
    for cells, spend in (("12,50|3,125", [12.5, 3.125]), ("12.50|3.125", [12.5, 3.125]), ("0,5|1.234", [0.5, 1234.0]),
                         ("1.234.567|2.000", [1_234_567.0, 2_000.0]), ("1,234.5|2,000", [1234.5, 2000.0]),
                         ("1,234,567|2.5", [1_234_567.0, 2.5]), ("12.345|50000", [12.345, 50_000.0])):  # fmt: skip
        one, other = cells.split("|")
        assert amounts(f'date,channel,cost\n2026-08-01,x,"{one}"\n2026-08-02,x,"{other}"\n') == ({"spend": spend}, [])
    shares = "date;channel;cost;CTR\n2026-08-01;x;2.447;4,28%\n2026-08-02;x;8.100;5%\n"
    assert amounts(shares) == ({"spend": [2447.0, 8100.0]}, [])
    assert amounts(shares.replace("4,28", "4.28")) == ({"spend": [2.447, 8.1]}, [])


def test_numbers_typed_by_the_file_are_not_asked_about() -> None:
    days = pd.to_datetime(["2026-08-01", "2026-08-02"])
    frames: list[dict[str, list[Any]]] = [
        {"cost": [2.447, 8.125], "channel": ["x", "y"]},
        {"tv_spend": [2.447, 8.125], "radio_spend": [1.125, 3.125]},
    ]
    for frame in frames:
        file = io.BytesIO()
        pd.DataFrame({"date": days, **frame}).to_parquet(file)
        export = read_export(file.getvalue(), "w.parquet").as_table("spend").in_currency("EUR")
        found = export.reconcile()
        amounts = [n for values in frame.values() for n in values if not isinstance(n, str)]
        assert (found.sums, found.undecided) == ((("spend", sum(amounts)),), ())
        export.close()


def test_counts_part_thousands() -> None:
    """Nobody counts 12.345 clicks; beside such a column the comma is the decimal sign."""
    for cells, clicks in (("12.345|8.100", [12_345, 8_100]), ("12.345|900", [12_345, 900]), ("12.0|7.0", [12, 7]),
                          ("12,345|900", [12_345, 900]), ("1.234.567|12.345", [1_234_567, 12_345])):  # fmt: skip
        one, other = cells.split("|")
        text = f'date,channel,cost,clicks\n2026-08-01,x,1,"{one}"\n2026-08-02,x,2,"{other}"\n'
        assert amounts(text) == ({"spend": [1.0, 2.0], "clicks": clicks}, [])
    text = "date,channel,cost,clicks\n2026-08-01,x,2.447,12.345\n2026-08-02,x,8.100,1\n"
    assert amounts(text) == ({"spend": [2447.0, 8100.0], "clicks": [12_345, 1]}, [])


@pytest.mark.parametrize("cells", ["2.447|8.100", "2.447|5", "2.447 €|8.100 €", "2.447|5000"])
@pytest.mark.long
def test_a_decimal_sign_that_cannot_be_told_is_asked(cells: str) -> None:
    bare = [float(cell.removesuffix(" €")) for cell in cells.split("|")]
    parted = [float(cell.removesuffix(" €").replace(".", "")) for cell in cells.split("|")]
    comma, semicolon = (
        f"date{d}channel{d}cost\n2026-08-01{d}x{d}{cells.split('|')[0]}\n2026-08-02{d}x{d}{cells.split('|')[1]}\n"
        for d in ",;"
    )
    assert amounts(comma) == ({"spend": bare}, ["decimal"])
    assert amounts(semicolon) == ({"spend": parted}, ["decimal"])
    for text in (comma, semicolon):
        assert amounts(text, decimal=".") == ({"spend": bare}, [])
        assert amounts(text, decimal=",") == ({"spend": parted}, [])


def test_a_comma_before_three_digits_is_asked_only_where_semicolons_part_cells() -> None:
    assert amounts('date,channel,cost\n2026-08-01,x,"2,447"\n2026-08-02,x,5\n') == ({"spend": [2447.0, 5.0]}, [])
    text = "date;channel;cost\n2026-08-01;x;2,447\n2026-08-02;x;5\n"
    assert amounts(text) == ({"spend": [2447.0, 5.0]}, ["decimal"])
    assert amounts(text, decimal=",") == ({"spend": [2.447, 5.0]}, [])


def test_where_columns_prove_different_signs_each_goes_by_its_own() -> None:
    text = 'date,channel,cost,clicks\n2026-08-01,x,"12,50",12.345\n2026-08-02,x,"3,125",1\n'
    assert amounts(text) == ({"spend": [12.5, 3.125], "clicks": [12_345, 1]}, [])
    text = 'date,channel,cost,revenue\n2026-08-01,x,"12,50",0.5\n2026-08-02,x,"3,125",3.125\n'
    export = read_export(text.encode(), "s.csv").in_currency("EUR")
    assert dict(export.reconcile().sums) == {"spend": 15.625, "attributed_revenue": 3.625}
    export.close()


def test_a_cell_that_contradicts_its_column_is_set_aside() -> None:
    made = clean({"o": ["a", "b", "c"], "t": ["2026-11-11"] * 3, "r": ["1,234.50", "12,50", "7.25"]}, ORDERS)
    assert made.rows.column("revenue").to_pylist() == [1234.5, 7.25]
    assert [(r["line"], r["reason"]) for r in made.set_aside.to_pylist()] == [(3, "not-a-number")]


def test_amounts_of_another_currency_are_not_added_to_the_rows_own() -> None:
    amounts = ["5 USD", "6 EUR", "7", "8 CNY"]
    made = clean({"o": list("abcd"), "t": ["2026-11-11"] * 4, "r": amounts}, ORDERS)
    assert made.rows.column("revenue").to_pylist() == [7.0, 8.0]
    assert [(r["line"], r["reason"]) for r in made.set_aside.to_pylist()] == [
        (2, "other-currency"),
        (3, "other-currency"),
    ]


def test_a_spreadsheets_text_of_a_number_is_read_as_it_stands_in_the_file() -> None:
    made = read_export(b'o,t,r\na,2026-11-11,="10.50"\nb,2026-11-12,="1"\n', "f.csv").mapped(ORDERS)
    assert made.clean(KEY).rows.column("revenue").to_pylist() == [10.5, 1.0]
    made.close()


def test_counts_are_whole() -> None:
    mapping = SPEND.replace(columns={**dict(SPEND.columns), "clicks": "c"})
    made = clean({"d": ["2026-11-11"] * 5, "s": [1] * 5, "c": ["12", "1,234", "7.0", "", "9e30"]}, mapping)
    assert made.rows.column("clicks").to_pylist() == [12, 1234, 7, None]
    assert [(r["line"], r["reason"]) for r in made.set_aside.to_pylist()] == [(6, "not-a-number")]


# ---- set aside --------------------------------------------------------------------------------------------


def test_each_row_set_aside_names_its_line_column_and_reason() -> None:
    mapping = ORDERS.replace(columns={**dict(ORDERS.columns), "refund": "f", "paid_at": "p"})
    rows = {
        "o": ["o1", "", "o3", "o4", "o5", "o6", "o7", "-"],
        "t": ["2026-11-11", "2026-11-11", "", "nope", "2026-11-11", "2026-11-11", "2026-11-11", "x"],
        "r": ["1", "1", "1", "1", "", "abc", "1", "1"],
        "f": ["0.5", "", "", "", "", "", "-1", ""],
        "p": ["", "", "", "", "", "", "", ""],
    }
    made = clean(rows, mapping)
    assert made.rows.column("order_id").to_pylist() == ["o1"]
    assert [(r["line"], r["reason"], r["column"]) for r in made.set_aside.to_pylist()] == [
        (3, "missing", "order_id"),
        (4, "missing", "timestamp"),
        (5, "not-a-time", "timestamp"),
        (6, "missing", "revenue"),
        (7, "not-a-number", "revenue"),
        (8, "negative", "refund"),
        (9, "missing", "order_id"),
    ]
    assert made.set_aside.to_pylist()[3]["text"] == "o5 | 2026-11-11"


def test_an_optional_value_that_does_not_fit_sets_the_row_aside_too() -> None:
    mapping = ORDERS.replace(columns={**dict(ORDERS.columns), "paid_at": "p"})
    made = clean({"o": ["a", "b"], "t": ["2026-11-11"] * 2, "r": [1, 2], "p": ["later", ""]}, mapping)
    assert made.rows.column("order_id").to_pylist() == ["b"]
    assert made.set_aside.to_pylist()[0]["column"] == "paid_at"


@settings(max_examples=25)
@given(
    st.lists(
        st.tuples(*[st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=8)] * 3),
        min_size=1,
        max_size=20,
    )
)
@pytest.mark.long
def test_every_row_is_kept_or_set_aside(rows: list[tuple[str, str, str]]) -> None:
    users, moments, names = zip(*rows, strict=True)
    times = ["2026-11-11" if i % 2 else at for i, at in enumerate(moments)]
    frame = {"n": range(len(rows)), "u": users, "t": times, "e": names}  # numbered: no line is blank, to part tables
    export = read_export(pd.DataFrame(frame).to_csv(index=False, lineterminator="\n").encode(), "file.csv")
    made = export.mapped(EVENTS).clean(KEY)
    assert made.rows.num_rows + made.set_aside.num_rows == export.rows
    export.close()


# ---- constants and hashing --------------------------------------------------------------------------------


def test_a_constant_stands_in_every_row_and_is_typed() -> None:
    mapping = ORDERS.replace(
        constants={"currency": "CNY", "refund": "1,000.5", "paid_at": "2026-11-12"}, zone="Asia/Shanghai"
    )
    rows = clean({"o": ["a", "b"], "t": ["2026-11-11"] * 2, "r": [1, 2]}, mapping).rows.to_pylist()
    assert [(r["currency"], r["refund"], str(r["paid_at"])) for r in rows] == [
        ("CNY", 1000.5, "2026-11-11 16:00:00")
    ] * 2


def test_hashes_are_keyed_stable_and_fold_case() -> None:
    frame = {
        "u": ["Ann@Example.com", "ann@example.com", "bob@example.com", "x"],
        "t": ["2026-11-11"] * 4,
        "e": ["e"] * 4,
    }
    users = clean(frame, EVENTS.replace(hashed=("user_id",))).rows.column("user_id").to_pylist()
    expected = hmac.new(KEY, b"ann@example.com", hashlib.sha256).hexdigest()[:16]
    assert users[0] == users[1] == expected
    assert len(set(users)) == 3
    other = clean(frame, EVENTS.replace(hashed=("user_id",)), key=b"other").rows.column("user_id").to_pylist()
    assert not set(users) & set(other)
    assert clean(frame, EVENTS).rows.column("user_id").to_pylist() == frame["u"]


def test_hashing_keeps_what_is_missing_missing() -> None:
    mapping = ORDERS.replace(columns={**dict(ORDERS.columns), "user_id": "u"}, hashed=("user_id",))
    users = clean({"o": ["a", "b"], "t": ["2026-11-11"] * 2, "r": [1, 2], "u": ["", "ann"]}, mapping).rows.column(
        "user_id"
    )
    assert users.to_pylist()[0] is None
    assert len(users.to_pylist()[1]) == 16


def test_personal_ids_do_not_stay_in_the_rows_set_aside() -> None:
    mapping = EVENTS.replace(hashed=("user_id",))
    made = clean({"u": ["ann@example.com"], "t": ["nope"], "e": ["e"]}, mapping)
    assert made.set_aside.num_rows == 1
    assert "ann@example.com" not in str(made.set_aside.to_pylist())


# ---- two-digit years --------------------------------------------------------------------------------------

DAYS = ["2026-11-09", "2026-11-10", "2026-11-11", "2026-11-12", "2026-11-13"]


def short(texts: list[str], **told: bool) -> tuple[list[str], list[str]]:
    """Return the days as stored, and what is asked about them."""
    text = "date,cost,channel,currency\n" + "".join(f"{t},1,x,CNY\n" for t in texts)
    export = read_export(text.encode(), "s.csv", zone="UTC")
    try:
        told_so = export.mapped(export.mapping.replace(**told))
        days = [str(at)[:10] for at in told_so.clean(KEY).rows.column("period_start").to_pylist()]
        return days, [str(question.id) for question in told_so.reconcile().questions]
    finally:
        export.close()


@pytest.mark.parametrize("order", ["%d/%m/%y", "%m/%d/%y", "%y/%m/%d", "%d-%m-%y", "%y-%m-%d", "%d.%m.%y", "%m-%d-%y"])
@pytest.mark.parametrize("clock", ["", " %H:%M", " %H:%M:%S"])
def test_two_digit_years_are_told_from_the_whole_column(order: str, clock: str) -> None:
    texts = [dt.date.fromisoformat(day).strftime(order + clock) for day in DAYS]
    assert short(texts) == (DAYS, [])


@pytest.mark.parametrize(
    ("texts", "days"),
    [
        (["26年11月11日", "26年11月12日"], ["2026-11-11", "2026-11-12"]),
        (["11-Nov-26", "12-Nov-26"], ["2026-11-11", "2026-11-12"]),
        (["5 Feb 26", "29 Sep 26"], ["2026-02-05", "2026-09-29"]),
        (["31/12/99", "01/01/00"], ["1999-12-31", "2000-01-01"]),
        (["26-11-11", "26-11-13", "26-11-10"], ["2026-11-11", "2026-11-13", "2026-11-10"]),
        # Months in words of other languages, and of English that only people read.
        (["19-Mai-26", "03-Mrz-26", "04-Nov-26"], ["2026-05-19", "2026-03-03", "2026-11-04"]),
        (["19. MÄRZ 2026", "4. Juni 2026 10:30"], ["2026-03-19", "2026-06-04"]),
        (["19 août 2026", "1 janv. 2026"], ["2026-08-19", "2026-01-01"]),
        (["11 de noviembre de 2026", "1 de enero de 2026"], ["2026-11-11", "2026-01-01"]),
        (["3 Sept. 2026", "4 Oct. 2026"], ["2026-09-03", "2026-10-04"]),
    ],
)
def test_other_short_dates(texts: list[str], days: list[str]) -> None:
    assert short(texts) == (days, [])


def test_short_dates_that_cannot_be_told_are_asked() -> None:
    year = "{heading}: two-digit years. Does 05-06-07 begin or end with the year?"
    day = "{heading}: is 01/02/2026 the first of February or the second of January?"
    assert short(["11/12/13"]) == (["2013-11-12"], [year])
    assert short(["11-12-13"]) == (["2011-12-13"], [year])
    assert short(["11/12/13"], year_first=True) == (["2011-12-13"], [])
    assert short(["11/12/13"], year_first=False) == (["2013-11-12"], [day])
    assert short(["11/12/13"], day_first=True) == (["2013-12-11"], [])
    assert short(["11/12/13"], day_first=False) == (["2013-11-12"], [])
    assert short(["05/06/26", "06/06/26"]) == (["2026-05-06", "2026-06-06"], [day])
    assert short(["05/06/26", "06/06/26"], day_first=True) == (["2026-06-05", "2026-06-06"], [])


# ---- dates beside each other ------------------------------------------------------------------------------


def meta(starts: list[str], ends: list[str], **told: bool) -> tuple[list[tuple[str, str]], list[str]]:
    """Return the periods of a report of Meta as they are stored, and what is asked about them."""
    text = "Reporting starts,Reporting ends,Campaign name,Amount spent (EUR),Attribution setting\n"
    text += "".join(f"{a},{b},c,5,x\n" for a, b in zip(starts, ends, strict=True))
    export = read_export(text.encode(), "m.csv", zone="UTC")
    try:
        told_so = export.mapped(export.mapping.replace(**told))
        rows = told_so.clean(KEY).rows.to_pylist()
        periods = [(str(r["period_start"])[:10], str(r["period_end"])[:10]) for r in rows]
        return periods, list(told_so.reconcile().undecided)
    finally:
        export.close()


def test_the_order_that_one_date_proves_holds_for_the_file() -> None:
    august = [("2026-08-01", "2026-09-01")]
    assert meta(["01/08/2026"], ["31/08/2026"]) == (august, [])
    assert meta(["08/01/2026"], ["08/31/2026"]) == (august, [])
    assert meta(["01/08/2026"], ["31/08/2026"], day_first=False) == (august, [])
    assert meta(["01/08/26", "01/09/26"], ["31/08/26", "30/09/26"]) == ([*august, ("2026-09-01", "2026-10-01")], [])
    assert meta(["01/08/2026"], ["02/09/2026"], day_first=True) == ([("2026-08-01", "2026-09-03")], [])
    assert meta(["01/08/2026"], ["02/09/2026"]) == ([("2026-01-08", "2026-02-10")], ["day_first"])


def test_a_date_that_nothing_is_mapped_to_tells_the_order_too() -> None:
    text = (
        "Day,Reporting starts,Reporting ends,Campaign name,Amount spent (EUR)\n02/08/2026,01/08/2026,31/08/2026,c,5\n"
    )
    export = read_export(text.encode(), "m.csv", zone="UTC")
    assert export.reconcile().days == ("2026-08-02", "2026-08-02")
    assert export.reconcile().undecided == ()
    export.close()


def test_where_dates_prove_different_orders_each_goes_by_its_own() -> None:
    frame = {"o": ["a"], "t": ["31/08/2026"], "p": ["09/13/2026"], "r": [1]}
    mapping = ORDERS.replace(columns={**dict(ORDERS.columns), "paid_at": "p"})
    row = clean(frame, mapping).rows.to_pylist()[0]
    assert (str(row["timestamp"])[:10], str(row["paid_at"])[:10]) == ("2026-08-31", "2026-09-13")
