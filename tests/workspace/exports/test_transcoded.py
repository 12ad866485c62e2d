"""The same rows in other bytes: another encoding, an archive, a workbook, parts. The figures do not change."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from workspace.exports.fixtures import archive, every, gzipped, utf16
from workspace.exports.outcome import cents, found, imported, wanted

from analysis.tables import collect
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
    "latin-1": lambda text: ("export.csv", text.encode("cp1252")),
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


def fits(form: str, text: str) -> bool:
    if form == "latin-1":
        try:
            text.encode("cp1252")
        except UnicodeEncodeError:
            return False
    return True


USUAL = ("gb18030", "latin-1", "utf-16", "zip", "gzip", "workbook")
THOROUGH = ("google-ads-campaigns", "ga4-stacked", "shopify-orders", "tmall-orders", "taobao-behaviour", "baidu")
CASES = [
    (name, form)
    for name, fixture in ALL.items()
    for form in (FORMS if name in THOROUGH else USUAL)
    if fits(form, fixture.text)
]


@pytest.mark.parametrize(("name", "form"), CASES, ids=[f"{name} as {form}" for name, form in CASES])
def test_the_same_figures(name: str, form: str, tmp_path: Path) -> None:
    fixture = ALL[name]
    file, content = FORMS[form](fixture.text)
    with imported(fixture, tmp_path, content, file) as (export, workspace, batch):
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


# ---- real files -------------------------------------------------------------------------------------------

REAL: dict[str, dict[str, Any]] = {
    "google_ads_campaigns.csv": {"rows": 2, "spend": "2565.93", "currency": ("INR",)},
    "global_ads_daily.csv": {"rows": 1_800, "spend": "11108749.09", "attributed_revenue": "54183330.81"},
    "facebook_ads_kag.csv": {"rows": 1_143, "spend": "58705.23", "conversions": "1079.00", "clicks": "38165.00"},
    "tmall_orders.csv": {"rows": 28_010, "revenue": "2995760.61", "paid": 24_087},
    "tianchi_behaviour.csv": {"rows": 1_999, "events": {"view": 1_876, "cart": 70, "purchase": 35, "favorite": 18}},
}
CONFIRMED = {"currency": "USD", "channel": "facebook"}
IN_CNY = ("tmall_orders.csv", "tianchi_behaviour.csv")
WRAPPED: dict[str, Callable[[str], tuple[str, bytes]]] = {
    "as it is": lambda text: ("export.csv", text.encode()),
    **{form: FORMS[form] for form in ("gb18030", "utf-16", "latin-1", "zip", "gzip", "workbook")},
}


@pytest.mark.parametrize("form", WRAPPED)
@pytest.mark.parametrize("name", REAL)
def test_real_files_give_the_known_figures(
    name: str, form: str, real_file: Callable[[str], Path], tmp_path: Path
) -> None:
    text = real_file(name).read_text(encoding="utf-8-sig")
    if not fits(form, text):
        return  # these letters do not exist in that encoding
    file, content = WRAPPED[form](text)
    export = read_export(content, name if form == "as it is" else file)
    workspace = open_workspace(tmp_path / "w.duckdb")
    try:
        asked = {**CONFIRMED, "currency": "CNY" if name in IN_CNY else "USD"}
        missing = export.mapping.missing()
        assert set(missing) <= set(asked), missing
        constants = {**dict(export.mapping.constants), **{column: asked[column] for column in missing}}
        ready = export.mapped(export.mapping.replace(constants=constants))
        workspace.add(ready)
        frame = collect(workspace.tables().frame(ready.mapping.table))
        for figure, known in REAL[name].items():
            assert _figure(frame, figure) == known, figure
    finally:
        workspace.close()
        export.close()


def _figure(frame: Any, name: str) -> Any:
    if name == "rows":
        return len(frame)
    if name == "paid":
        return int(frame["paid_at"].notna().sum())
    if name == "events":
        return frame["event"].value_counts().to_dict()
    if name == "currency":
        return tuple(frame["currency"].unique())
    return cents(frame[name])


def test_tmall_refunds_are_not_taken_off_twice(real_file: Callable[[str], Path], tmp_path: Path) -> None:
    """What buyers really paid is already net of refunds, so revenue less refunds must come to the same."""
    import pandas as pd

    path = real_file("tmall_orders.csv")
    raw = pd.read_csv(path)
    paid = raw[raw["订单付款时间 "].notna()]
    export = read_export(path)
    workspace = open_workspace(tmp_path / "w.duckdb")
    try:
        missing = export.mapping.missing()
        assert set(missing) <= {"currency"}
        constants = {**dict(export.mapping.constants), **dict.fromkeys(missing, "CNY")}
        workspace.add(export.mapped(export.mapping.replace(constants=constants)))
        frame = collect(workspace.tables().paid_orders())
        assert len(frame) == 24_087
        gross_less_refunds = (paid["总金额"] - paid["退款金额"]).sum()
        really_paid = paid["买家实际支付金额"].sum()
        assert any(abs(frame["realised"].sum() - known) < 0.005 for known in (gross_less_refunds, really_paid))
    finally:
        workspace.close()
        export.close()
