"""The same rows in other bytes: another encoding, an archive, a workbook, parts. The figures do not change."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from pathlib import Path

import openpyxl
import pytest
from imports.exports.fixtures import archive, every, gzipped, utf16
from imports.exports.outcome import found, imported, wanted
from sizes import cases

from analysis.workspace import open_workspace, read_export

ALL = {name: fixture for name, fixture in every().items() if fixture.text and fixture.expected.table}


def sheet(text: str) -> bytes:
    """Save a text's cells as a workbook, every one as text."""
    delimiter = max(",\t;", key=lambda d: max(line.count(d) for line in text.splitlines()))
    book, out = openpyxl.Workbook(), io.BytesIO()
    for row in csv.reader(io.StringIO(text), delimiter=delimiter):
        book.active.append(row)
    book.save(out)
    return out.getvalue()


FORMS: dict[str, Callable[[str], tuple[str, bytes]]] = {
    "utf-8": lambda text: ("export.csv", text.encode()),
    "utf-8 with a mark": lambda text: ("export.csv", text.encode("utf-8-sig")),
    "gb18030": lambda text: ("export.csv", text.encode("gb18030")),
    "utf-16": lambda text: ("export.csv", utf16(text)),
    "utf-16 without a mark": lambda text: ("export.csv", text.encode("utf-16-le")),
    "utf-16 big-endian": lambda text: ("export.csv", b"\xfe\xff" + text.encode("utf-16-be")),
    "crlf": lambda text: ("export.csv", text.replace("\r\n", "\n").replace("\n", "\r\n").encode()),
    "zip": lambda text: ("export.zip", archive({"folder/export.csv": text.encode()})),
    "zip called csv": lambda text: ("export.csv", archive({"export.csv": text.encode("utf-8-sig")})),
    "zip in a zip": lambda text: ("all.zip", archive({"export.zip": archive({"export.csv": text.encode()})})),
    "gzip": lambda text: ("export.csv.gz", gzipped(text.encode())),
    "workbook": lambda text: ("export.xlsx", sheet(text)),
    "zipped workbook": lambda text: ("export.zip", archive({"export.xlsx": sheet(text)})),
}


USUAL = ("utf-16", "zip", "workbook")
THOROUGH = ("google-ads-campaigns", "ga4-stacked", "shopify-orders", "tmall-orders", "taobao-behaviour", "baidu")
CASES = [
    (name, form)
    for n, name in enumerate(ALL)
    for form in (FORMS if name in THOROUGH else USUAL if cases(3) == 3 else (USUAL[n % len(USUAL)],))
]
"""Some formats in every form, the others in the usual ones: in one of them while somebody waits."""
ACCENTS = ("microsoft-ads-week", "microsoft-ads-api", "amazon-ads-german")
"""Western texts with letters beyond ASCII: ©, €."""


@pytest.mark.parametrize(("name", "form"), CASES, ids=[f"{name} as {form}" for name, form in CASES])
@pytest.mark.long
def test_the_same_figures(name: str, form: str, tmp_path: Path) -> None:
    fixture = ALL[name]
    file, content = FORMS[form](fixture.text)
    with imported(fixture, tmp_path, content, file) as (export, workspace, batch):
        assert found(fixture, export, workspace, batch) == wanted(fixture)


@pytest.mark.parametrize("name", ACCENTS)
def test_the_same_figures_in_windows_1252(name: str, tmp_path: Path) -> None:
    fixture = ALL[name]
    content = fixture.text.encode("cp1252")
    with pytest.raises(UnicodeDecodeError):
        content.decode()
    with imported(fixture, tmp_path, content, "export.csv") as (export, workspace, batch):
        assert found(fixture, export, workspace, batch) == wanted(fixture)


def parts(text: str, many: int = 3) -> list[str]:
    """Cut a plain export into parts with the same headings."""
    head, *rows = text.splitlines(keepends=True)
    return [head + "".join(rows[n::many]) for n in range(many)]


@pytest.mark.parametrize("encoding", ["utf-8", "gb18030"])
def test_many_parts_of_one_export_are_one(encoding: str, tmp_path: Path) -> None:
    fixture = ALL["tmall-orders"]
    files = {f"part{n}.csv": part.encode(encoding) for n, part in enumerate(parts(fixture.text), 9)}
    with imported(fixture, tmp_path, archive(files), "orders.zip") as (export, workspace, batch):
        assert found(fixture, export, workspace, batch) == wanted(fixture)


def test_the_same_file_in_other_wrapping_is_recognised(tmp_path: Path) -> None:
    """Zipped, it is still the file that was imported before."""
    from analysis.errors import WorkspaceError

    fixture = ALL["tianchi-codes"]
    workspace = open_workspace(tmp_path / "w.duckdb")
    try:
        workspace.add(read_export(fixture.content, fixture.file))
        for file, content in (FORMS["zip"](fixture.text), FORMS["gzip"](fixture.text)):
            again = read_export(content, file)
            with pytest.raises(WorkspaceError) as raised:
                workspace.add(again)
            again.close()
            assert raised.value.code == "same-file"
    finally:
        workspace.close()
