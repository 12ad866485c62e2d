"""Public files that nobody here wrote: imported with no mapping by hand but answers, they give the known figures."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from imports.exports.outcome import cents
from imports.exports.test_transcoded import FORMS

from analysis.budget.curves.question import ResponseCurves
from analysis.journey.funnel.question import Funnel
from analysis.purchases import purchases
from analysis.tables import Tables, collect
from analysis.workspace import Export, open_workspace, read_export

REAL: dict[str, dict[str, Any]] = {
    "google_ads_campaigns.csv": {"rows": 2, "spend": "2565.93", "currency": ("INR",)},
    "global_ads_daily.csv": {"rows": 1_800, "spend": "11108749.09", "attributed_revenue": "54183330.81"},
    "facebook_ads_kag.csv": {"rows": 1_143, "spend": "58705.23", "conversions": "1079.00", "clicks": "38165.00"},
    "tmall_orders.csv": {"rows": 28_010, "revenue": "2995760.61", "paid": 24_087},
    "tianchi_behaviour.csv": {"rows": 1_999, "events": {"view": 1_876, "cart": 70, "purchase": 35, "favorite": 18}},
    "mmm_example.csv": {"rows": 2 * 179, "channel": ("x1", "x2")},
    "cookie_cats.csv": {"rows": 90_189 + 40_153 + 16_781, "users": 90_189, "variant": ("gate_30", "gate_40")},
}
ASKED = {"currency": "USD", "timestamp": "2017-01-01"}
"""What an analyst knows and these files do not say."""
WRAPPED: dict[str, Callable[[str], tuple[str, bytes]]] = {
    "as it is": lambda text: ("export.csv", text.encode()),
    **{form: FORMS[form] for form in ("gb18030", "utf-16", "zip", "gzip", "workbook")},
}
CASES = [(name, form) for name in REAL for form in WRAPPED if (name, form) != ("cookie_cats.csv", "workbook")]


def answered(export: Export, **more: str) -> Export:
    """Answer only what the export asks for."""
    missing = export.mapping.missing()
    assert set(missing) <= set(ASKED), missing
    given = {column: {**ASKED, **more}[column] for column in missing}
    return export.mapped(export.mapping.replace(constants={**dict(export.mapping.constants), **given}))


@contextmanager
def imported(source: Path | bytes, folder: Path, name: str | None = None, *tables: str) -> Iterator[Tables]:
    """Import a file, as the table proposed or as each of several."""
    export = read_export(source, name, zone="UTC")
    workspace = open_workspace(folder / "w.duckdb")
    try:
        workspace.add(*(answered(export.as_table(table)) for table in tables or (export.mapping.table,)))
        yield workspace.tables()
    finally:
        workspace.close()
        export.close()


@pytest.mark.parametrize(("name", "form"), CASES, ids=[f"{name} {form}" for name, form in CASES])
def test_the_known_figures(name: str, form: str, real_file: Callable[[str], Path], tmp_path: Path) -> None:
    path = real_file(name)
    file, content = WRAPPED[form](path.read_text(encoding="utf-8-sig"))
    with imported(content, tmp_path, name if form == "as it is" else file) as tables:
        table = next(t for t in ("events", "orders", "spend") if tables.count(t))
        frame = collect(tables.frame(table))
        assert {figure: _figure(frame, figure) for figure in REAL[name]} == REAL[name]


def _figure(frame: Any, name: str) -> Any:
    if name == "rows":
        return len(frame)
    if name == "users":
        return frame["user_id"].nunique()
    if name == "paid":
        return int(frame["paid_at"].notna().sum())
    if name == "events":
        return frame["event"].value_counts().to_dict()
    if name in ("currency", "channel", "variant"):
        return tuple(sorted(frame[name].unique()))
    return cents(frame[name])


def test_a_path_gives_the_same_as_its_bytes(real_file: Callable[[str], Path], tmp_path: Path) -> None:
    with imported(real_file("global_ads_daily.csv"), tmp_path) as tables:
        assert cents(collect(tables.frame("spend"))["spend"]) == "11108749.09"


def test_the_google_report_agrees_with_its_footer(real_file: Callable[[str], Path]) -> None:
    """The file's own total is a cent below the sum of its rounded rows."""
    export = read_export(real_file("google_ads_campaigns.csv"))
    found = export.reconcile()
    export.close()
    checks = {c.column: (round(c.ours, 2), c.file, c.verdict) for c in found.totals}
    assert checks["spend"] == (2565.93, 2565.92, "rounding")
    assert (found.lines, found.kept, found.matches) == (6, 2, True)


def test_facebook_days_come_before_months(real_file: Callable[[str], Path], tmp_path: Path) -> None:
    raw = pd.read_csv(real_file("facebook_ads_kag.csv"))
    expected = pd.to_datetime(raw["Date"], format="%d-%m-%Y")
    with imported(real_file("facebook_ads_kag.csv"), tmp_path) as tables:
        assert sorted(collect(tables.frame("spend"))["period_start"]) == sorted(expected)


def test_tmall_refunds_are_taken_off_once(real_file: Callable[[str], Path], tmp_path: Path) -> None:
    """What buyers really paid is net of refunds already: what they paid gross, less refunds, is the same to a cent."""
    raw = pd.read_csv(real_file("tmall_orders.csv")).rename(columns=str.strip)
    paid = raw[raw["订单付款时间"].notna()]
    with imported(real_file("tmall_orders.csv"), tmp_path) as tables:
        orders, bought = collect(tables.frame("orders")), collect(purchases(tables, buyers=False).rows)
    assert orders["paid_at"].notna().sum() == 24_087
    assert cents(bought["amount"]) == cents(paid["买家实际支付金额"])
    assert len(bought) == 18_955  # the others were refunded in full


def test_media_and_revenue_of_one_file(real_file: Callable[[str], Path], tmp_path: Path) -> None:
    """Simulated with known truth: x1 brought 274,848 and x2 65,906 of the revenue."""
    raw = pd.read_csv(real_file("mmm_example.csv"), parse_dates=["date_week"])
    with imported(real_file("mmm_example.csv"), tmp_path, None, "spend", "orders", "controls") as tables:
        spend, orders = collect(tables.frame("spend")), collect(purchases(tables, buyers=False).rows)
        curves = ResponseCurves(form="logistic").run(tables).table.set_index("channel")
    for channel in ("x1", "x2"):
        own = spend[spend["channel"] == channel].sort_values("period_start")
        assert own["spend"].tolist() == raw[channel].tolist()
        assert own["period_start"].tolist() == raw["date_week"].tolist()
        assert set(own["period_end"] - own["period_start"]) == {pd.Timedelta(days=7)}
    assert orders.sort_values("paid_at")["amount"].tolist() == raw["y"].tolist()
    assert curves["source"].tolist() == ["joint", "joint"]
    for channel, truth in {"x1": 274_848, "x2": 65_906}.items():
        assert curves.loc[channel, "low"] <= truth <= curves.loc[channel, "high"]
        assert curves.loc[channel, "contribution"] == pytest.approx(truth, rel=0.04)


def test_retention_by_variant(real_file: Callable[[str], Path], tmp_path: Path) -> None:
    with imported(real_file("cookie_cats.csv"), tmp_path) as tables:
        asked = Funnel(steps=("visit", "retention_1"), window="1d", breakdown="variant")
        day_1 = asked.run(tables).table.query("step == 2").set_index("breakdown")["from_start"]
        day_7 = asked.replace(steps=("visit", "retention_7"), window="7d").run(tables).table.query("step == 2")
    assert day_1.drop("(total)").round(6).to_dict() == {"gate_30": 0.448188, "gate_40": 0.442283}
    assert day_7.set_index("breakdown")["users"].to_dict() == {"(total)": 16_781, "gate_30": 8_502, "gate_40": 8_279}
