"""Reading exports: every kind of file that comes, every kind of rubbish, and which column is what."""

from __future__ import annotations

import contextlib
import datetime as dt
import io
import zipfile
from pathlib import Path
from typing import Any

import openpyxl
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from analysis.errors import ImportFileError, SluiceError
from analysis.vocabulary import EVENTS
from analysis.workspace import ColumnMapping, Export, read_export

KEY = b"k" * 32
SIMPLE = "user_id,timestamp,event\nu1,2026-11-11 20:00:00,view\nu2,2026-11-11 20:00:01,cart\n"


def cleaned(source: str | bytes, name: str = "file.csv", zone: str = "UTC", **mapping: Any) -> pd.DataFrame:
    """Read, map (as guessed, or as told) and clean a file; nothing may be set aside."""
    made = result(source, name, zone, **mapping)
    assert made.set_aside.num_rows == 0, made.set_aside.to_pylist()
    return made.rows.to_pandas()


def result(source: str | bytes, name: str = "file.csv", zone: str = "UTC", **mapping: Any) -> Any:
    export = read_export(source.encode() if isinstance(source, str) else source, name, zone=zone)
    try:
        return (export.mapped(export.mapping.replace(**mapping)) if mapping else export).clean(KEY)
    finally:
        export.close()


def refused(source: bytes, name: str = "file.csv") -> str:
    with pytest.raises(ImportFileError) as raised:
        read_export(source, name)
    assert str(raised.value).startswith(f"{name}: ")
    assert str(raised.value).endswith("Nothing was imported.")
    return raised.value.code


# ---- formats ----------------------------------------------------------------------------------------------


def xlsx(*rows: tuple[Any, ...]) -> bytes:
    book, out = openpyxl.Workbook(), io.BytesIO()
    for row in rows:
        book.active.append(row)
    book.save(out)
    return out.getvalue()


def parquet(frame: pd.DataFrame) -> bytes:
    out = io.BytesIO()
    pq.write_table(pa.Table.from_pandas(frame, preserve_index=False), out)
    return out.getvalue()


EXPECTED = pd.DataFrame(
    {
        "user_id": ["u1", "u2"],
        "timestamp": pd.to_datetime(["2026-11-11 20:00:00", "2026-11-11 20:00:01"]).astype("datetime64[us]"),
        "event": ["view", "cart"],
    }
)
MOMENTS = [dt.datetime(2026, 11, 11, 20), dt.datetime(2026, 11, 11, 20, 0, 1)]


@pytest.mark.parametrize(
    "content",
    [
        SIMPLE.encode(),
        SIMPLE.encode("utf-8-sig"),
        SIMPLE.replace(",", ";").encode(),
        SIMPLE.replace(",", "\t").encode(),
        SIMPLE.replace(",", "|").encode(),
        SIMPLE.replace("\n", "\r\n").encode(),
        SIMPLE.rstrip("\n").encode(),
        SIMPLE.replace("u1", '"u1"').replace("user_id", '"user_id"').encode(),
        SIMPLE.replace("user_id", " user_id ").encode(),
        xlsx(("user_id", "timestamp", "event"), ("u1", MOMENTS[0], "view"), ("u2", MOMENTS[1], "cart")),
        xlsx(
            ("user_id", "timestamp", "event"),
            (None, None, None),
            ("u1", str(MOMENTS[0]), "view"),
            ("u2", MOMENTS[1], "cart"),
        ),
        parquet(EXPECTED),
        parquet(EXPECTED.astype({"timestamp": "datetime64[ns]", "event": "category"})),
        parquet(EXPECTED.assign(timestamp=EXPECTED["timestamp"].dt.tz_localize("UTC").dt.tz_convert("Asia/Tokyo"))),
    ],
    ids=[
        "csv",
        "bom",
        "semicolon",
        "tab",
        "pipe",
        "crlf",
        "no-final-newline",
        "quoted",
        "spaces",
        "xlsx",
        "xlsx-text",
        "parquet",
        "parquet-ns",
        "parquet-zone",
    ],
)
def test_the_same_table_in_any_format(content: bytes) -> None:
    pd.testing.assert_frame_equal(cleaned(content), EXPECTED)


@pytest.mark.parametrize("encoding", ["utf-8", "gb18030", "utf-8-sig"])
def test_chinese_in_either_encoding(encoding: str) -> None:
    text = "用户,时间,事件,渠道\n会员甲,2026-11-11 20:00:00,view,搜索广告\n会员乙,2026-11-11 20:00:01,cart,㐂\n"
    rows = cleaned(text.encode(encoding))
    assert rows["user_id"].tolist() == ["会员甲", "会员乙"]
    assert rows["channel"].tolist() == ["搜索广告", "㐂"]


def test_excel_numbers_and_gaps() -> None:
    rows = cleaned(
        xlsx(
            ("order_id", "timestamp", "revenue", "refund"), (1001, MOMENTS[0], 12.5, None), ("#1002", MOMENTS[1], 3, 0)
        ),
        "orders.xlsx",
        constants={"currency": "CNY"},
    )
    assert rows["order_id"].tolist() == ["1001", "#1002"]
    assert rows["revenue"].tolist() == [12.5, 3.0]
    assert rows["refund"].isna().tolist() == [True, False]


def test_parquet_nan_is_no_value() -> None:
    frame = pd.DataFrame(
        {"order_id": ["a", "b"], "timestamp": MOMENTS, "revenue": [1.0, 2.0], "refund": [float("nan"), 1.5]}
    )
    rows = cleaned(parquet(frame), constants={"currency": "CNY"})
    assert rows["refund"].isna().tolist() == [True, False]
    frame["revenue"] = [float("nan"), float("inf")]
    aside = result(parquet(frame), constants={"currency": "CNY"}).set_aside.to_pandas()
    assert list(zip(aside["reason"], aside["column"], strict=True)) == [
        ("missing", "revenue"),
        ("not-a-number", "revenue"),
    ]


def test_quoted_newlines_delimiters_and_quotes_stay_in_their_cell() -> None:
    rows = cleaned('user_id,timestamp,event,page\nu1,2026-11-11,view,"a\nb, ""c"""\nu2,2026-11-12,cart,plain\n')
    assert rows["page"].tolist() == ['a\nb, "c"', "plain"]
    assert rows["event"].tolist() == ["view", "cart"]


def test_short_and_long_lines() -> None:
    made = result("user_id,timestamp,event,page\nu1,2026-11-11,view\nu2,2026-11-12,cart,/p\n")
    assert made.rows.to_pandas()["page"].isna().tolist() == [True, False]


NASTY = 'a";DROP TABLE events;--'


def test_duplicate_blank_and_nasty_headings_are_told_apart() -> None:
    quoted = NASTY.replace('"', '""')
    content = f'user_id,timestamp,event,,x,x,"{quoted}","\'); DROP TABLE raw; --"\nu,2026-11-11,view,1,2,3,4,5\n'
    export = read_export(content.encode(), "f.csv", zone="UTC")
    assert export.headings == (
        "user_id",
        "timestamp",
        "event",
        "column 4",
        "x",
        "x (2)",
        NASTY,
        "'); DROP TABLE raw; --",
    )
    for heading, value in zip(export.headings[3:], "12345", strict=True):
        columns = {**dict(export.mapping.columns), "item": heading}
        made = export.mapped(export.mapping.replace(columns=columns)).clean(KEY)
        assert made.rows.to_pandas()["item"].tolist() == [value]
        assert export.samples[heading] == [value]
    export.close()


@given(
    st.lists(
        st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0\r\n"), max_size=12),
        min_size=2,
        max_size=6,
    )
)
@settings(max_examples=25)
@example(["a", "a (2)", "a"])
@example(["", "column 1"])
@example(["column 2", ""])
def test_headings_are_always_distinct(headings: list[str]) -> None:
    out = io.StringIO()
    import csv

    csv.writer(out).writerows([["first", *headings], ["v", *("w" for _ in headings)]])
    try:
        export = read_export(out.getvalue().encode())
    except SluiceError:
        return
    export.close()
    assert len(set(export.headings)) == len(export.headings)
    assert all(heading.strip() for heading in export.headings)


@pytest.mark.parametrize(
    "text", ["it's", 'say "hi"', "'; DROP TABLE events; --", "$1", "?", "{x}", "%s", "\\", "=1+1", "NULLs", "渠道"]
)
def test_texts_from_people_are_only_ever_texts(text: str) -> None:
    out = io.StringIO()
    pd.DataFrame({"user_id": [text], "timestamp": ["2026-11-11"], "event": [text]}).to_csv(out, index=False)
    rows = cleaned(out.getvalue(), constants={"channel": text})
    assert rows[["user_id", "event", "channel"]].values.tolist() == [[text] * 3]


@pytest.mark.parametrize("blank", ["", "-", "--", "NULL", "NaN", "None", "N/A", "\\N", "  ", " -- "])
def test_blanks_in_all_their_spellings(blank: str) -> None:
    rows = cleaned(f"user_id,timestamp,event,channel,value\nu,2026-11-11,view,{blank},{blank}\n")
    assert rows[["channel", "value"]].isna().all(axis=None)


# ---- rubbish ----------------------------------------------------------------------------------------------

BOOK = xlsx(("user_id", "timestamp", "event"), ("u1", MOMENTS[0], "view"))
PICTURE = b"\x89PNG\r\n\x1a\n" + bytes(range(256))


def archive(**files: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as made:
        for name, content in files.items():
            made.writestr(name, content)
    return out.getvalue()


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "empty-file"),
        (b" \n\t\r\n", "empty-file"),
        (b"\xef\xbb\xbf", "empty-file"),
        (b"abc", "one-column"),
        (b"user_id\nu1\nu2\n", "one-column"),
        (b"user_id,timestamp,event\n", "no-rows"),
        (b"user_id,timestamp,event", "no-rows"),
        (PICTURE, "not-a-table"),
        (b"\xff\xd8\xff\xe0JFIF", "not-a-table"),
        (b"%PDF-1.7\n1 0 obj", "not-a-table"),
        (b"MZ\x00\x00,\x00\n", "not-a-table"),
        (b"a,b\n\xff\xff,1\n", "encoding"),
        (BOOK[: len(BOOK) // 2], "damaged"),
        (b"PK\x03\x04", "damaged"),
        (archive(x=b"hello"), "one-column"),
        (archive(**{"[Content_Types].xml": b"<not xml"}), "damaged"),
        (xlsx(), "empty-file"),
        (parquet(EXPECTED)[:-20], "damaged"),
        (b"PAR1", "damaged"),
        (b"PAR1" + b"\x00" * 50 + b"PAR1", "damaged"),
        (parquet(EXPECTED[["event"]]), "one-column"),
        (parquet(EXPECTED[:0]), "no-rows"),
    ],
)
def test_what_is_not_a_table_is_refused(content: bytes, code: str) -> None:
    assert refused(content) == code


@given(st.binary(max_size=300))
@settings(max_examples=60)
@example(b'a,b\n"')
@example(b'a,b\n"x')
@example(b'"a,b\n1,2')
@example(b",\n,")
@example(b"\n\na,b\n1,2\n")
@example(b"a,b\r1,2\r")
@example(b"#a,b\n1,2\n")
def test_random_bytes_are_read_or_refused(content: bytes) -> None:
    try:
        export = read_export(content, "noise.csv")
    except SluiceError:
        return
    assert isinstance(export, Export)
    assert export.rows > 0
    export.preview()
    export.close()


@given(st.sampled_from([BOOK, parquet(EXPECTED)]), st.data())
@settings(max_examples=60)
def test_damaged_workbooks_and_parquet_are_read_or_refused(content: bytes, data: st.DataObject) -> None:
    at = data.draw(st.integers(4, len(content) - 1))
    noise = data.draw(st.binary(min_size=1, max_size=8))
    broken = data.draw(
        st.sampled_from([content[:at], content[:at] + noise + content[at + len(noise) :], content + noise])
    )
    with contextlib.suppress(SluiceError):
        read_export(broken, "noise").close()


def test_nothing_is_left_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    export = read_export(SIMPLE.encode(), "f.csv")
    assert len(list(tmp_path.iterdir())) == 1
    export.close()
    for content in (b"abc", PICTURE, BOOK[:100], b"PAR1"):
        refused(content)
    assert list(tmp_path.iterdir()) == []


def test_the_scratch_database_reads_nothing_else(tmp_path: Path) -> None:
    import duckdb

    secret = tmp_path / "secret.csv"
    secret.write_text("a,b\n1,2\n")
    export = read_export(SIMPLE.encode(), "f.csv")
    with pytest.raises(duckdb.PermissionException):
        export.scratch.con.sql(f"FROM read_csv('{secret}')").fetchall()
    with pytest.raises(duckdb.Error):
        export.scratch.con.execute("SET enable_external_access=true")
    export.close()


# ---- recognising ------------------------------------------------------------------------------------------


def guessed(*headings: str, row: tuple[str, ...] = ()) -> ColumnMapping:
    export = read_export("\n".join([",".join(headings), ",".join(row or ("1",) * len(headings))]).encode())
    export.close()
    return export.mapping


@pytest.mark.parametrize(
    ("headings", "table", "columns"),
    [
        (
            ("user_id", "timestamp", "event"),
            "events",
            {"user_id": "user_id", "timestamp": "timestamp", "event": "event"},
        ),
        (
            ("User ID", "Event Time", "Event-Name"),
            "events",
            {"user_id": "User ID", "timestamp": "Event Time", "event": "Event-Name"},
        ),
        (
            ("user_id", "item_id", "behavior_type", "time"),
            "events",
            {"user_id": "user_id", "item": "item_id", "event": "behavior_type", "timestamp": "time"},
        ),
        (
            ("订单编号", "总金额", "订单创建时间", "订单付款时间 ", "退款金额"),
            "orders",
            {
                "order_id": "订单编号",
                "revenue": "总金额",
                "timestamp": "订单创建时间",
                "paid_at": "订单付款时间",
                "refund": "退款金额",
            },
        ),
        (
            ("date", "platform", "ad_spend", "impressions", "clicks", "revenue"),
            "spend",
            {
                "period_start": "date",
                "channel": "platform",
                "spend": "ad_spend",
                "impressions": "impressions",
                "clicks": "clicks",
                "attributed_revenue": "revenue",
            },
        ),
        (
            ("日期", "花费", "展现量", "点击量"),
            "spend",
            {"period_start": "日期", "spend": "花费", "impressions": "展现量", "clicks": "点击量"},
        ),
    ],
)
def test_a_file_is_recognised_by_its_headings(headings: tuple[str, ...], table: str, columns: dict[str, str]) -> None:
    mapping = guessed(*headings)
    assert mapping.table == table
    assert dict(mapping.columns).items() >= columns.items()


def test_one_heading_serves_one_column() -> None:
    mapping = guessed("date", "total", "amount", "order")
    sources = [source for _, source in mapping.columns]
    assert len(set(sources)) == len(sources)


@pytest.mark.parametrize(
    ("value", "hashed"),
    [
        ("ann@example.com", True),
        ("13800138000", True),
        ("+8613800138000", True),
        ("138 0013 8000", True),
        ("138****8000", True),
        ("张伟", True),
        ("欧阳小明", True),
        ("Ann Smith", True),
        ("北京市朝阳区建国路88号", True),
        ("12 Long Street, Leeds", True),
        ("浙江省杭州市西湖区文三路1号", True),
        ("区" * 100_000 + "!", False),  # a pattern that goes back and forth would not end
        ("张", False),
        ("会员", False),
        ("ann", False),
        ("Guest", False),
        ("u1", False),
        ("123456", False),
        ("23800138000", False),
    ],
)
def test_personal_ids_are_hidden_unless_told_otherwise(value: str, hashed: bool) -> None:
    assert guessed("user_id", "timestamp", "event", row=(value, "2026-11-11", "view")).hashed == (
        ("user_id",) if hashed else ()
    )


def log(*names: str) -> bytes:
    lines = [f"u1,2026-11-11 10:00:{n:02d},{name}" for n, name in enumerate(names)]
    return "\n".join(["user_id,timestamp,event", *lines]).encode()


@pytest.mark.parametrize(
    ("names", "events"),
    [
        (("page_view", "Add to cart", "支付"), {"page_view": "view", "add to cart": "cart", "支付": "purchase"}),
        (("view", "page_view"), {}),  # a standard name that is there keeps to itself
        (("page_view", "view_item"), {"view_item": "view"}),  # and so does what two names could be
        (("opened", "1", "2"), {}),
    ],
)
def test_event_names_are_read_as_standard_ones_where_that_is_clear(
    names: tuple[str, ...], events: dict[str, str]
) -> None:
    export = read_export(log(*names))
    assert dict(export.mapping.events) == events
    found = export.reconcile()
    kept = [name for name in names if name.lower() not in events and name not in EVENTS]
    assert sorted(found.unknown_events) == sorted(kept)
    assert any("read as standard ones" in str(question) for question in found.questions) is bool(events)
    own = export.mapped(export.mapping.replace(events={"opened": "visit"}))
    assert not any("read as standard ones" in str(question) for question in own.reconcile().questions)
    stored = export.clean(b"k" * 32).rows.column("event").to_pylist()
    assert stored == [events.get(name.lower(), name) for name in names]
    export.close()


def test_a_column_of_money_beside_days_is_spend() -> None:
    export = read_export('Datum;Kampagne;Aufwand\n01.08.2026;A;"2.447,18 €"\n13.08.2026;B;"10,50 €"\n'.encode())
    assert (export.mapping.table, dict(export.mapping.columns)["spend"]) == ("spend", "Aufwand")
    assert export.guess("spend").confidence == 0.6
    export = export.mapped(export.mapping.replace(constants={"channel": "ads", "currency": "EUR"}))
    assert dict(export.reconcile().sums)["spend"] == 2457.68
    export.close()


def test_another_table_is_proposed_with_its_own_columns() -> None:
    export = read_export(b"date,platform,cost,order_id\n2026-11-11,x,5,o1\n", zone="Europe/Berlin")
    assert export.mapping.table == "spend"
    other = export.as_table("orders")
    assert (other.mapping.table, other.mapping.zone) == ("orders", "Europe/Berlin")
    assert dict(other.mapping.columns)["order_id"] == "order_id"
    export.close()


def test_a_mapping_onto_personal_ids_stays_hashed_when_the_table_changes() -> None:
    export = read_export(b"user_id,timestamp,event,order_id,revenue\nann@example.com,2026-11-11,view,o1,5\n")
    assert export.mapping.table == "events" and export.mapping.hashed == ("user_id",)
    assert export.as_table("orders").mapping.hashed == ("user_id",)
    export.close()


def test_an_incomplete_or_wrong_mapping_says_so() -> None:
    export = read_export(b"date,cost\n2026-11-11,5\n", "s.csv")
    with pytest.raises(ImportFileError, match=r"s\.csv: channel, currency not given\."):
        export.mapped(ColumnMapping(table="spend", columns={"period_start": "date", "spend": "cost"})).clean(KEY)
    wrong = ColumnMapping(
        table="spend", columns={"period_start": "date", "spend": "costs"}, constants={"channel": "x", "currency": "CNY"}
    )
    with pytest.raises(ImportFileError, match=r"it has no column costs\. Choose from: cost\."):
        export.mapped(wrong).clean(KEY)
    export.close()
