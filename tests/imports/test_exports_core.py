"""Exports as they come: encodings, containers, what stands above and below a table, and what is made of it."""

from __future__ import annotations

import gzip
import io
import json
import zipfile
from pathlib import Path
from typing import Any

import duckdb
import openpyxl
import pytest

from analysis.errors import ImportFileError, WorkspaceError
from analysis.imports.file import limits
from analysis.imports.formats import formats
from analysis.imports.lexicon.currencies import sign_currency
from analysis.vocabulary import TABLES, column_names
from analysis.workspace import ColumnMapping, Export, open_workspace, read_export, read_exports

KEY = b"k" * 32
AD = "日期,渠道,花费,展现量\n2026-11-11,搜索广告,12.50,1000\n2026-11-12,搜索广告,7.25,500\n"
LATIN = "date,channel,cost,campaign\n2026-11-11,search,12.50,Été à Paris\n2026-11-12,search,7.25,Weiß Öl\n"


def archive(**files: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as made:
        for name, content in files.items():
            made.writestr(name, content)
    return out.getvalue()


def xlsx(**sheets: list[tuple[Any, ...]]) -> bytes:
    book, out = openpyxl.Workbook(), io.BytesIO()
    book.remove(book.active)
    for title, rows in sheets.items():
        sheet = book.create_sheet(title)
        for row in rows:
            sheet.append(row)
    book.save(out)
    return out.getvalue()


def cleaned(source: str | bytes, name: str = "f.csv", zone: str = "UTC", **mapping: Any) -> Any:
    export = read_export(source.encode() if isinstance(source, str) else source, name, zone=zone)
    constants = dict(export.mapping.constants)
    given = {t for t, _ in export.mapping.columns} | set(constants)
    constants |= {t: v for t, v in mapping.pop("constants", {}).items() if t not in given}
    made = export.mapped(export.mapping.replace(constants=constants, **mapping)).clean(KEY)
    export.close()
    return made


def spend(source: str | bytes, currency: str = "CNY", **more: Any) -> list[float]:
    constants = {"channel": "x", "currency": currency}
    return [float(v) for v in cleaned(source, constants=constants, **more).rows.column("spend").to_pylist()]


# ---- readers ----------------------------------------------------------------------------------------------

GB = AD.encode("gb18030")
LINES = AD.splitlines(keepends=True)
RECORDS = [dict(zip(LINES[0].strip().split(","), line.strip().split(","), strict=True)) for line in LINES[1:]]


@pytest.mark.parametrize(
    "content",
    [
        AD.encode("utf-8-sig"),
        GB,
        AD.encode("utf-16"),
        AD.encode("utf-16-le"),
        AD.encode("utf-16-be"),
        AD.replace(",", "\t").encode("utf-16"),
        gzip.compress(AD.encode()),
        gzip.compress(GB),
        archive(**{"a.csv": GB}),
        archive(**{"a.csv.gz": gzip.compress(GB)}),
        archive(**{"inner.zip": archive(**{"a.csv": GB})}),
        archive(**{"1.csv": LINES[0].encode() + LINES[1].encode(), "2.csv": (LINES[0] + LINES[2]).encode()}),
        archive(**{"a.csv": GB, "readme.pdf": b"%PDF-1.7"}),
        xlsx(报告=[tuple(line.split(",")) for line in AD.splitlines()], empty=[]),
        "\n".join(map(json.dumps, RECORDS)).encode(),
        json.dumps(RECORDS).encode(),
    ],
    ids=range(16),
)  # fmt: skip
def test_the_same_figures_in_any_wrapping(content: bytes) -> None:
    made = cleaned(content, constants={"currency": "CNY"})
    assert made.rows.column("spend").to_pylist() == [12.5, 7.25]
    assert made.rows.column("channel").to_pylist() == ["搜索广告"] * 2
    assert made.set_aside.num_rows == 0


@pytest.mark.parametrize("encoding", ["latin-1", "cp1252", "utf-16"])
def test_accents(encoding: str) -> None:
    made = cleaned(LATIN.encode(encoding), constants={"currency": "EUR"})
    assert made.rows.column("campaign").to_pylist() == ["Été à Paris", "Weiß Öl"]


def test_a_path_is_read_where_it_lies(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text(AD, encoding="utf-8")
    export = read_export(path)
    assert (export.name, export.rows) == ("a.csv", 2)
    assert len(list(export.scratch.database.folder.glob("*.csv"))) == 0
    export.close()


@pytest.mark.parametrize(
    ("content", "code", "said"),
    [
        (gzip.compress(b"0,0\n" * 40_000_000), "expansion", f"more than {limits.EXPANSION} times its size"),
        (archive(a=archive(b=archive(c=archive(d=AD.encode())))), "nesting", f"more than {limits.DEPTH} deep"),
        (archive(**{f"{i}": b"" for i in range(501)}), "too-many-files", f"more than {limits.MEMBERS} files"),
        (gzip.compress(AD.encode())[:-9], "damaged", "a damaged GZIP file"),
        (",".join(f"h{i}" for i in range(2001)).encode() + b"\n1,2\n", "too-wide", "more than 2,000 columns"),
        (b'a,b\n1,"' + b"x" * 200_000, "unreadable", f"more than {limits.CELL:,} characters"),
    ],
    ids=["expansion", "nesting", "many", "cut", "wide", "cell"],
)
def test_limits_are_named(content: bytes, code: str, said: str) -> None:
    with pytest.raises(ImportFileError) as raised:
        read_export(content, "f")
    assert raised.value.code == code
    assert said in str(raised.value)


# ---- structure --------------------------------------------------------------------------------------------


def test_lines_above_the_headings() -> None:
    content = "百度推广,报告\n账户,店\n时间,2026\n\n类型,x\na,b\n" + AD
    export = read_export(content.encode(), "b.csv")
    assert export.headings == ("日期", "渠道", "花费", "展现量")
    assert export.rows == 2
    export.close()


def test_stacked_tables_are_offered_by_title() -> None:
    content = (
        "# ----------\n# Events: Event name\n# Account: A\n# Start date: 20250801\n# End date: 20250831\n# -----\n"
        "Event name,Event count\nview,10\ncart,3\n\n"
        "# ----------\n# Users by day\n# Start date: 20250801\n# End date: 20250831\n# ----\n"
        "Nth day,Users\n0000,5\n0001,6\n"
    )
    tables = read_exports(content.replace("\n", "\r\n").encode(), "ga4.csv")
    assert [(t.scratch.title, t.headings, t.rows) for t in tables] == [
        ("Events: Event name", ("Event name", "Event count"), 2),
        ("Users by day", ("Nth day", "Users"), 2),
    ]
    for table in tables:
        table.close()


@pytest.mark.parametrize("title", ["Orders", '"Orders"', "Orders,,,"])
@pytest.mark.parametrize("rows", [1, 100])
def test_a_title_alone_begins_a_stacked_table(title: str, rows: int) -> None:
    spent = "".join(f"2026-08-{n % 28 + 1:02d},tv,1,EUR\n" for n in range(rows))
    content = f"date,channel,cost,currency\n{spent}{title}\norder_id,date,total,currency\no1,2026-08-01,5,EUR\n"
    first, second = read_exports(content.encode(), "f.csv", zone="UTC")
    assert (first.rows, second.rows, second.title, second.mapping.table) == (rows, 1, "Orders", "orders")
    assert dict(first.reconcile().sums)["spend"] == rows
    assert dict(second.reconcile().sums)["revenue"] == 5.0
    first.close()
    second.close()


@pytest.mark.parametrize(
    "content",
    [
        "date,channel,cost\n2026-08-01,tv,1\nTotal\n2026-08-02,tv,1\n",
        "Report\nPeriod,2026-08-01\nSpend\ndate,channel,cost\n2026-08-01,tv,1\n2026-08-02,tv,1\n",
        "channel,date,cost\nSearch\ntv,2026-08-01,1\nSocial\nradio,2026-08-02,1\n",
    ],
)
def test_a_line_of_one_cell_elsewhere_begins_none(content: str) -> None:
    (export,) = read_exports(content.encode(), "f.csv", zone="UTC")
    found = export.mapped(export.mapping.replace(constants={"currency": "EUR"})).reconcile()
    assert dict(found.sums)["spend"] == 2.0
    export.close()


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("u1,2026-08-01 10:00:00,view", "u2,2026-08-01 10:00:05,cart"),
        ("u1,item,2026-08-01,view,search", "u2,item,2026-08-02,cart,search"),
        ("u1,01.08.2026 10:00,view,search", "u2,02.08.2026 10:00,cart,search"),
        ("u1,view,search,home,1785578400", "u2,cart,search,home,1785578405"),
        ("u1,view,search,home,1785578400000", "u2,cart,search,home,1785578405000"),
        ("ann@example.com,view,home,search,x", "bob@example.com,cart,home,search,y"),
        ("u1,view,home,search,13800138000", "u2,cart,home,search,13900139000"),
    ],
)
@pytest.mark.parametrize("gap", ["", "\n"])
def test_a_first_row_of_data_is_no_heading(first: str, second: str, gap: str) -> None:
    export = read_export(f"{first}\n{second}\n{gap}{second}\n{first}\n".encode())
    assert (export.rows, export.headings) == (4, tuple(f"column {n + 1}" for n in range(first.count(",") + 1)))
    assert len(export.tables) == 1
    export.close()


@pytest.mark.parametrize(
    "lines",
    [
        ["channel,2026-08-01,2026-08-02", "tv,5,6", "radio,7,8"],
        ["channel,campaign,region,team,2026-08-01", "tv,c,north,x,5", "radio,c,north,x,"],
        ["who,where,kind,which,ann@example.com", "u1,home,x,y,yes", "u2,home,x,y,no"],
        ["channel,campaign,region,team,2026-08-01", "tv,c,north,x,2026-08-01", "a,b,c,d,5", "e,f,g,h,6"],
    ],
)
def test_headings_that_are_days_stay_headings(lines: list[str]) -> None:
    export = read_export("\n".join(lines).encode())
    assert (export.rows, export.headings) == (len(lines) - 1, tuple(lines[0].split(",")))
    export.close()


@pytest.mark.parametrize(
    "again",
    ["date,channel,spend", "Date, Channel ,SPEND", " date ,CHANNEL,spend", "date,channel,", '"date","channel",x'],
)
@pytest.mark.parametrize("above", ["", "Report\n\n"], ids=["plain", "numbered"])
def test_headings_that_stand_again_are_no_row(again: str, above: str) -> None:
    lines = ["date,channel,spend", "2026-08-01,tv,1", again, "2026-08-02,tv,2", "date,tv,3"]
    made = cleaned(above + "\n".join(lines), constants={"currency": "EUR"})
    assert made.rows.column("spend").to_pylist() == [1.0, 2.0]
    shift = above.count("\n")
    assert [(r["line"], r["reason"]) for r in made.set_aside.to_pylist()] == [
        (3 + shift, "header"),
        (5 + shift, "not-a-time"),
    ]


def test_headings_that_stand_again_under_a_column_without_one() -> None:
    made = cleaned(
        ",date,channel,spend,currency\n0,2026-08-01,tv,1,EUR\n,date,channel,spend,currency\n0,2026-08-02,tv,2,EUR\n"
    )
    assert made.rows.column("spend").to_pylist() == [1.0, 2.0]
    assert made.set_aside.column("reason").to_pylist() == ["header"]


@pytest.mark.parametrize(
    "again", ["date,spend,channel,clicks", "Channel,Date,spend,clicks", "date,channel,clicks,spend"]
)
@pytest.mark.parametrize(("above", "cell"), [("", "tv"), ("Report\n\n", "tv"), ("", '"t\nv"')])
def test_headings_that_stand_again_in_another_order_are_refused(again: str, above: str, cell: str) -> None:
    content = f"{above}date,channel,spend,clicks\n2026-08-01,{cell},1,2\n{again}\n2026-08-02,3,4,5\n"
    with pytest.raises(ImportFileError) as raised:
        read_export(content.encode(), "parts.csv")
    line = 1 + content[: content.index(again)].count("\n")
    assert str(raised.value).startswith(f"parts.csv: its headings stand again in line {line}, in another order")


FORMULAS = [("date", "channel", "spend"), ("2026-08-01", '="007"', '="10.50"'), ("2026-08-02", '="tv"', '=""')]


@pytest.mark.parametrize(
    "content",
    [
        "\n".join(map(",".join, FORMULAS)).encode(),
        "\n".join(",".join('"' + cell.replace('"', '""') + '"' for cell in row) for row in FORMULAS).encode(),
        "\n".join(",".join(f'="{cell}"' if "=" not in cell else cell for cell in row) for row in FORMULAS).encode(),
        "\n".join(map(",".join, [("Report",), (), *FORMULAS])).encode(),
    ],
    ids=["bare", "quoted", "all", "numbered"],
)
def test_texts_in_formulas(content: bytes) -> None:
    made = cleaned(content, constants={"currency": "EUR"})
    assert made.rows.select(["channel", "spend"]).to_pylist() == [{"channel": "007", "spend": 10.5}]
    assert [(r["reason"], r["text"]) for r in made.set_aside.to_pylist()] == [("missing", "2026-08-02 | tv | ")]


WIDE = "date,channel,spend,currency\n2026-08-01,tv,12.50,EUR\n{}\n2026-08-03,tv,3,EUR\n"


@pytest.mark.parametrize("quoted", ["radio", '"ra\ndio"'], ids=["parallel", "padded"])
@pytest.mark.parametrize("above", ["", "Report\n\n"], ids=["plain", "numbered"])
@pytest.mark.parametrize(
    ("row", "kept", "aside"),
    [
        ("2026-08-02,tv,1,234.50,EUR", [12.5, 3.0, 7.0], ["overflow"]),
        ("2026-08-02,tv,1,234,567.50,EUR", [12.5, 3.0, 7.0], ["overflow"]),
        ("2026-08-02,tv,1,EUR,", [12.5, 1.0, 3.0, 7.0], []),
        ("2026-08-02,tv,1,EUR, ,,", [12.5, 1.0, 3.0, 7.0], []),
        ('2026-08-02,tv,"1,234.50",EUR', [12.5, 1234.5, 3.0, 7.0], []),
        (",,22.50,,Grand total", [12.5, 3.0, 7.0], ["total"]),
    ],
)
def test_more_cells_than_headings_are_no_row(
    row: str, kept: list[float], aside: list[str], above: str, quoted: str
) -> None:
    made = cleaned(above + WIDE.format(row) + f"2026-08-04,{quoted},7,EUR\n")
    assert made.rows.column("spend").to_pylist() == kept
    lines = [3 + above.count("\n")] * len(aside)
    assert [(r["line"], r["reason"]) for r in made.set_aside.to_pylist()] == list(zip(lines, aside, strict=True))


def test_cells_under_blank_headings_are_not_too_many() -> None:
    content = "date,channel,spend,currency,,\n2026-08-01,tv,1,EUR,a,b\n2026-08-02,tv,2,EUR,a,b,c\n"
    made = cleaned(content)
    assert made.rows.column("spend").to_pylist() == [1.0]
    assert made.set_aside.column("reason").to_pylist() == ["overflow"]


def test_a_file_without_headings() -> None:
    rows = "1,2268318,2520377,pv,1511544070\n1,2333346,2520771,cart,1511561733\n100,2576651,149192,buy,1511572885\n"
    export = read_export(rows.encode(), "UserBehavior.csv")
    assert export.scratch.headerless
    assert export.rows == 3
    export.close()


# ---- values -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("texts", "numbers"),
    [
        (["¥1,234.50", "￥34.15", "１２"], [1234.5, 34.15, 12.0]),
        (["2.447,18 €", "1.000", "3,5"], [2447.18, 1000.0, 3.5]),
        (["14,117,313", "1,204", "7"], [14117313.0, 1204.0, 7.0]),
        (["5", " --", "-"], [5.0]),
    ],
)
def test_numbers_by_the_style_of_their_column(texts: list[str], numbers: list[float]) -> None:
    body = "".join(f'2026-11-11;"{text}"\n' for text in texts)
    assert spend("date;cost\n" + body, sign_currency(texts[0]) or "CNY") == numbers


@pytest.mark.parametrize(
    ("texts", "days"),
    [
        (["13/02/2026", "01/02/2026"], ["2026-02-13", "2026-02-01"]),
        (["02/13/2026", "02/01/2026"], ["2026-02-13", "2026-02-01"]),
        (["46245", "46246"], ["2026-08-11", "2026-08-12"]),
        (["1786406400", "1786492800"], ["2026-08-11", "2026-08-12"]),
        (["1786406400000", "1786492800000"], ["2026-08-11", "2026-08-12"]),
        (["20260813", "20260814"], ["2026-08-13", "2026-08-14"]),
        (['"Thu, 5 Feb 2026"', '"Sep 29, 2026"'], ["2026-02-05", "2026-09-29"]),
    ],
)
def test_days_by_the_style_of_their_column(texts: list[str], days: list[str]) -> None:
    made = cleaned("date,cost\n" + "".join(f"{t},1\n" for t in texts), constants={"channel": "x", "currency": "CNY"})
    assert [str(at)[:10] for at in made.rows.column("period_start").to_pylist()] == days


def test_days_that_cannot_be_told_are_asked() -> None:
    export = read_export(b"date,cost,channel,currency\n01/02/2026,5,x,CNY\n03/04/2026,6,x,CNY\n", zone="UTC")
    assert len(export.reconcile().questions) == 1
    told = export.mapped(export.mapping.replace(day_first=True))
    assert told.reconcile().questions == ()
    assert [str(d)[:10] for d in told.clean(KEY).rows.column("period_start").to_pylist()] == [
        "2026-02-01",
        "2026-04-03",
    ]
    export.close()


def test_days_of_a_platform_that_is_known_are_not_asked() -> None:
    """LinkedIn writes the month first; a column that shows otherwise is believed."""
    head = "Start Date (in UTC)\tCampaign Group Name\tCampaign Name\tCampaign ID\tTotal Spent\tCurrency\n"
    for texts, days in ((["6/1/2026", "6/2/2026"], ["2026-06-01", "2026-06-02"]),
                        (["13/2/2026", "6/2/2026"], ["2026-02-13", "2026-02-06"])):  # fmt: skip
        export = read_export((head + "".join(f"{text}\tg\tc\t1\t5\tUSD\n" for text in texts)).encode())
        assert export.reconcile().questions == ()
        assert [str(at)[:10] for at in export.clean(KEY).rows.column("period_start").to_pylist()] == days
        export.close()


@pytest.mark.parametrize("many", [1, 2, 3, 4])
def test_any_number_of_lines_above_a_sheet(many: int) -> None:
    above = [("商品排行",), ("统计周期", "2026-08-12 ~ 2026-08-13"), ("店铺", "茶馆"), ()][:many]
    head = ("统计日期", "商品ID", "商品名称", "商品访客数", "商品浏览量", "支付金额")
    export = read_export(xlsx(商品=[*above, head, ("2026-08-12", "61", "壶", "1,024", "-", "10%"), head]), "s.xlsx")
    assert (export.headings, export.rows) == (head, 2)
    assert export.recognition.format == "生意参谋 (商品)"
    export.close()


def report(month: str, *costs: float, total: float | None = None, currency: str = "EUR") -> bytes:
    lines = ["Campaign report", f"Currency: {currency}", month, "Campaign,Campaign status,Impr.,Cost"]
    lines += [f"c{i},Enabled,1,{cost}" for i, cost in enumerate(costs)]
    return "\n".join([*lines, *([f"Total: Campaigns,,,{total}"] if total else [])]).encode()


SPENT = ColumnMapping(
    table="spend",
    columns={"period_start": "date", "channel": "channel", "spend": "spend", "currency": "currency"},
)
JULY, AUGUST = '"July 1, 2026 - July 31, 2026"', '"August 1, 2026 - August 31, 2026"'


def found_in(content: bytes) -> list[tuple[Any, ...]]:
    """Return what the tables of a file come to: days, sum, currency, and the totals it gives."""
    found = []
    for export in read_exports(content, "r.zip", zone="UTC"):
        made, constants = export.reconcile(), dict(export.mapping.constants)
        checks = [(c.file, c.ours, c.verdict) for c in made.totals if c.column == "spend"]
        found.append((made.days, dict(made.sums)["spend"], constants["currency"], checks))
        export.close()
    return found


def test_reports_of_several_periods_or_currencies_are_tables_of_their_own() -> None:
    july, august = report(JULY, 1, 2, total=3), report(AUGUST, 4, 8, total=12)
    more = report(AUGUST, 16, total=16)
    yen = report(AUGUST, 32, total=32, currency="JPY")
    content = archive(july=july, august=august, more=more, yen=yen)
    assert found_in(content) == [
        (("2026-08-01", "2026-08-31"), 28.0, "EUR", [(28.0, 28.0, "match")]),
        (("2026-07-01", "2026-07-31"), 3.0, "EUR", [(3.0, 3.0, "match")]),
        (("2026-08-01", "2026-08-31"), 32.0, "JPY", [(32.0, 32.0, "match")]),
    ]
    best = read_export(content, "r.zip")
    assert [e.name for e in best.tables] == [f"r.zip · r.zip: {part}" for part in ("august", "july", "yen")]
    best.close()


def test_dated_parts_of_several_periods_are_one_table() -> None:
    def part(month: str, day: str) -> bytes:
        return f"Report\n{month}\nDay,Campaign,Campaign status,Cost\n{day},c,Enabled,1.5\n".encode()

    made = spend(archive(a=part(JULY, "2026-07-08"), b=part(AUGUST, "2026-08-09")))
    assert made == [1.5, 1.5]


def test_the_same_file_twice_in_an_archive_counts_once() -> None:
    export = read_export(archive(a=report(JULY, 1, 2), b=report(JULY, 4), c=report(JULY, 1, 2)), "r.zip")
    assert dict(export.reconcile().sums)["spend"] == 7.0
    assert [str(error) for error in export.unread] == ["r.zip: c: it holds the same as r.zip: a. It was left out."]
    export.close()


@pytest.mark.parametrize(
    ("totals", "check"),
    [
        ((3, 12), (15.0, 15.0, "match")),
        ((3, 13), (16.0, 15.0, "differ")),
        ((None, 12), (12.0, 12.0, "match")),
        ((None, 15), (15.0, 15.0, "match")),  # of all parts, in the last
        ((None, 13), (13.0, 12.0, "differ")),
    ],
)
def test_each_part_has_a_total_of_its_own(totals: tuple[float | None, ...], check: tuple[float, float, str]) -> None:
    content = archive(a=report(JULY, 1, 2, total=totals[0]), b=report(JULY, 4, 8, total=totals[1]))
    assert found_in(content) == [(("2026-07-01", "2026-07-31"), 15.0, "EUR", [check])]


def test_a_total_of_no_rows_differs() -> None:
    content = "date,channel,spend,currency\nsoon,a,3,EUR\nTotal,,3,EUR\n"
    export = read_export(content.encode())
    found = export.mapped(SPENT).reconcile()
    assert [(c.file, c.ours, c.verdict) for c in found.totals] == [(3.0, 0.0, "differ")]
    export.close()


@pytest.mark.parametrize(
    ("lines", "check"),
    [
        ((), (15.0, 15.0, "match")),
        (("Total,,15,EUR",), (15.0, 15.0, "match")),
        (("Total,,16,EUR",), (16.0, 15.0, "differ")),
    ],
)
def test_subtotals_without_a_grand_total_add_up(lines: tuple[str, ...], check: tuple[float, float, str]) -> None:
    rows = ["2026-08-01,a,1,EUR", "2026-08-01,b,2,EUR", "2026-08-01,Total,3,EUR"]
    rows += ["2026-08-02,a,4,EUR", "2026-08-02,b,8,EUR", "2026-08-02,Total,12,EUR"]
    content = "\n".join(["date,channel,spend,currency", *rows, *lines])
    export = read_export(content.encode(), zone="UTC")
    found = export.reconcile()
    assert [(c.file, c.ours, c.verdict) for c in found.totals] == [check]
    export.close()


@pytest.mark.parametrize(("rows", "refused"), [(60_000_000, True), (30_000, False)])
@pytest.mark.long
def test_a_parquet_of_equal_rows_is_held_to_what_it_unpacks_to(tmp_path: Path, rows: int, refused: bool) -> None:
    path = tmp_path / "equal.parquet"
    select = "'u' AS user_id, TIMESTAMP '2026-08-01' AS timestamp, 'view' AS event"
    duckdb.sql(f"COPY (SELECT {select} FROM range({rows})) TO '{path}' (ROW_GROUP_SIZE 10_000_000)")
    assert path.stat().st_size < 1_000_000
    if refused:
        with pytest.raises(ImportFileError) as raised:
            read_export(path)
        assert raised.value.code == "expansion"
    else:
        export = read_export(path)
        assert export.rows == rows
        export.close()


def test_a_path_without_a_file_is_refused(tmp_path: Path) -> None:
    for path, code, said in (
        (tmp_path / "missing.csv", "no-file", "missing.csv: there is no such file."),
        (tmp_path, "folder", f"{tmp_path.name}: it is a folder."),
        (str(tmp_path / "a.csv" / "b.csv"), "no-file", "b.csv: there is no such file."),
    ):
        with pytest.raises(ImportFileError) as raised:
            read_export(path)
        assert raised.value.code == code
        assert str(raised.value).startswith(said)


# ---- formats ----------------------------------------------------------------------------------------------


def test_every_format_names_columns_of_its_table() -> None:
    for found in formats():
        if found.table in TABLES:
            known = set(column_names(found.table))
            assert {*found.columns, *found.constants} <= known, found.name
        assert found.grade in ("A", "B", "C")
        assert found.telling or found.headerless
        assert 0 < found.least <= max(len(found.telling), 3)


def test_a_guess_says_why() -> None:
    export = read_export(b"day,cost,thing\n2026-11-11,5,x\n")
    assert {(g.column, g.confidence) for g in export.recognition.guesses} == {("period_start", 0.8), ("spend", 0.8)}
    assert all(g.reason.text() for g in export.recognition.guesses)
    export.close()


def test_an_undated_total_is_no_row() -> None:
    content = (
        "Reporting starts,Reporting ends,Campaign name,Amount spent (EGP),Impressions\n"
        ",,,30.00,300\n2026-08-01,2026-08-01,A,10.00,100\n2026-08-02,2026-08-02,A,20.00,200\n"
    )
    export = read_export(content.encode(), zone="UTC")
    found = export.reconcile()
    assert (found.kept, found.set_aside, found.currencies) == (2, (("total", 1),), ("EGP",))
    assert [(c.column, c.verdict) for c in found.totals] == [("spend", "match"), ("impressions", "match")]
    export.close()


# ---- storing ----------------------------------------------------------------------------------------------


def costs(*rows: tuple[str, str, float], name: str = "s.csv") -> Export:
    text = "date,channel,cost,currency\n" + "".join(f"{day},{channel},{cost},CNY\n" for day, channel, cost in rows)
    return read_export(text.encode(), name, zone="UTC")


@pytest.mark.parametrize(
    ("overlap", "stored"), [("keep", [1.0, 2.0, 2.5, 3.0]), ("replace", [1.0, 2.5, 3.0]), ("skip", [1.0, 2.0, 3.0])]
)
def test_overlapping_batches(tmp_path: Path, overlap: str, stored: list[float]) -> None:
    workspace = open_workspace(tmp_path / "w.duckdb")
    workspace.add(costs(("2026-08-01", "a", 1), ("2026-08-02", "a", 2)))
    again = costs(("2026-08-02", "a", 2.5), ("2026-08-03", "a", 3), name="t.csv")
    found = again.reconcile(workspace)
    assert (found.stored, [(o.batch, o.channel, o.rows) for o in found.overlaps]) == (1, [(1, "a", 1)])
    batch = workspace.add(again, overlap=overlap)
    assert sorted(workspace.tables().arrow("spend").column("spend").to_pylist()) == stored
    assert batch.files[0].rows + batch.files[0].set_aside == again.rows
    workspace.close()


def test_skipping_goes_by_the_days_that_are_stored(tmp_path: Path) -> None:
    workspace = open_workspace(tmp_path / "w.duckdb")
    workspace.add(costs(("2026-08-01", "a", 1), ("2026-08-31", "a", 2), ("2026-08-16", "b", 4)))
    rows = [("2026-08-15", "a", 8), ("2026-08-16", "a", 16), ("2026-08-31", "a", 32), ("2026-08-16", "b", 64)]
    batch = workspace.add(costs(*rows, name="t.csv"), overlap="skip")
    assert sorted(workspace.tables().arrow("spend").column("spend").to_pylist()) == [1, 2, 4, 8, 16]
    assert (batch.files[0].rows, batch.files[0].set_aside) == (2, 2)
    assert workspace.set_aside(batch.id)[["file", "line", "reason", "text"]].values.tolist() == [
        ["t.csv", 4, "overlap", "2026-08-31 | a | 32 | CNY"],
        ["t.csv", 5, "overlap", "2026-08-16 | b | 64 | CNY"],
    ]
    with pytest.raises(WorkspaceError) as raised:
        workspace.add(costs(("2026-08-15", "a", 5), ("2026-08-01", "a", 6), name="u.csv"), overlap="skip")
    assert raised.value.code == "nothing-new"
    assert len(workspace.batches()) == 2
    workspace.close()


def test_skipping_events_by_days_of_the_files_zone(tmp_path: Path) -> None:
    def log(name: str, *rows: tuple[str, str]) -> Export:
        lines = "".join(f"{user},2026-08-{time},view,ann@example.com\n" for user, time in rows)
        return read_export(f"user_id,timestamp,event,channel\n{lines}".encode(), name, zone="Asia/Kolkata")

    workspace = open_workspace(tmp_path / "w.duckdb")
    workspace.add(log("one", ("u1", "02 00:10:00"), ("u1", "09 23:50:00")))
    again = log("two", ("v1", "01 23:59:59"), ("v2", "02 00:00:00"), ("v3", "03 00:00:00"), ("v4", "09 00:00:00"))
    assert again.mapping.hashed == ("channel",)
    batch = workspace.add(again, overlap="skip")
    assert sorted(workspace.tables().arrow("events").column("user_id").to_pylist()) == ["u1", "u1", "v1", "v3"]
    assert workspace.set_aside(batch.id)[["line", "text"]].values.tolist() == [
        [3, "v2 | 2026-08-02 00:00:00 | view | ***"],
        [5, "v4 | 2026-08-09 00:00:00 | view | ***"],
    ]
    assert again.reconcile().kept == 4
    workspace.close()


def test_skipping_what_a_longer_period_covers(tmp_path: Path) -> None:
    workspace = open_workspace(tmp_path / "w.duckdb")
    weeks = costs(("2026-08-03", "a", 1), ("2026-08-17", "a", 2))
    workspace.add(weeks.mapped(weeks.mapping.replace(period="7d")))
    days = costs(("2026-08-05", "a", 4), ("2026-08-09", "a", 8), ("2026-08-10", "a", 16), name="t.csv")
    workspace.add(days, overlap="skip")
    month = costs(("2026-08-01", "a", 32), ("2026-07-01", "a", 64), name="u.csv")
    workspace.add(month.mapped(month.mapping.replace(period="31d")), overlap="skip")
    assert sorted(workspace.tables().arrow("spend").column("spend").to_pylist()) == [1, 2, 16, 64]
    workspace.close()


def test_progress_and_cancel(tmp_path: Path) -> None:
    workspace = open_workspace(tmp_path / "w.duckdb")
    seen: list[tuple[int, int]] = []
    workspace.add(costs(("2026-08-01", "a", 1)), progress=lambda done, total: seen.append((done, total)))
    assert seen[-1] == (1, 1)
    with pytest.raises(WorkspaceError) as raised:
        workspace.add(costs(("2026-08-02", "a", 1)), cancel=lambda: True)
    assert raised.value.code == "cancelled"
    assert len(workspace.batches()) == 1
    workspace.close()


@pytest.mark.parametrize("value", ["ann@example.com", "13800138000"])
def test_personal_columns_are_hashed_by_content_and_heading(value: str) -> None:
    export = read_export(f"order_id,timestamp,revenue,currency,channel\no1,2026-11-11,5,CNY,{value}\n".encode())
    assert export.mapping.hashed == ("channel",)
    assert value not in str(export.clean(KEY).rows.to_pylist())
    export.close()
