"""Exports as they come: encodings, containers, what stands above and below a table, and what is made of it."""

from __future__ import annotations

import gzip
import io
import json
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from analysis.errors import ImportFileError
from analysis.workspace import Export, read_export, read_exports
from analysis.workspace.imports import limits

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


def spend(source: str | bytes, **more: Any) -> list[float]:
    constants = {"channel": "x", "currency": "CNY"}
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
    assert len(list(export.scratch.store.folder.glob("*.csv"))) == 0
    export.close()


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (gzip.compress(b"0,0\n" * 40_000_000), "expansion"),
        (archive(a=archive(b=archive(c=archive(d=AD.encode())))), "nesting"),
        (archive(**{f"{i}": b"" for i in range(501)}), "too-many-files"),
        (gzip.compress(AD.encode())[:-9], "damaged"),
        (",".join(f"h{i}" for i in range(2001)).encode() + b"\n1,2\n", "too-wide"),
        (b'a,b\n1,"' + b"x" * 200_000, "unreadable"),
    ],
    ids=["expansion", "nesting", "many", "cut", "wide", "cell"],
)
def test_limits_are_named(content: bytes, code: str) -> None:
    with pytest.raises(ImportFileError) as raised:
        read_export(content, "f")
    assert raised.value.code == code
    assert str(getattr(limits, {"too-wide": "COLUMNS", "too-many-files": "MEMBERS"}.get(code, "DEPTH")))[0] in str(
        raised.value
    ) or code in ("expansion", "damaged", "unreadable")


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


def test_a_file_without_headings() -> None:
    rows = "1,2268318,2520377,pv,1511544070\n1,2333346,2520771,cart,1511561733\n100,2576651,149192,buy,1511572885\n"
    export = read_export(rows.encode(), "UserBehavior.csv")
    assert export.scratch.headerless
    assert export.rows == 3
    export.close()


def closing(*exports: Export) -> None:
    for export in exports:
        export.close()


def figures(path: Path, read: Callable[[Export], Any]) -> Any:
    export = read_export(path)
    try:
        return read(export)
    finally:
        export.close()
