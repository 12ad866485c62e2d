"""The Data page: what is uploaded is understood, corrected, imported whole or refused in words, and undone."""

from __future__ import annotations

import pytest
from harness import errors, headline, run
from streamlit.testing.v1 import AppTest

ORDERS = "no,when,total,paid,back\no1,2026-11-01 10:00,10.5,2026-11-01 10:05,\no2,2026-11-02 10:00,20,,\no3,soon,1,,\n"
SPEND = "date,platform,cost\n2026-11-01,ads,100.25\n2026-11-02,ads,50\n"


def upload(app: AppTest, *files: tuple[str, bytes]) -> AppTest:
    for name, content in files:
        app.file_uploader[0].upload(name, content)
    return run(app)


def fill(app: AppTest, key: str, column: str, value: str, constant: str | None = None) -> AppTest:
    app.selectbox(key=f"{key}.{column}").set_value(value)
    run(app)
    if constant is not None:
        widgets = app.selectbox if column == "currency" else app.text_input
        widgets(key=f"{key}.{column}.constant").set_value(constant)
        run(app)
    return app


def press_import(app: AppTest) -> AppTest:
    app.button(key="data.import").click()
    return run(app)


def own(app: AppTest, name: str) -> AppTest:
    """Move to a new, empty workspace."""
    app.text_input(key="data.new.name").set_value(name)
    next(b for b in app.button if b.label == "Create").click()
    return run(app)


def test_two_files_become_one_batch_and_are_undone(opened) -> None:
    app = own(opened("data"), "shop")
    assert "There is no data yet" in errors(app)
    app = upload(app, ("orders.csv", ORDERS.encode()), ("spend.csv", SPEND.encode()))
    app.selectbox(key="data.map.0.table").set_value("orders")
    app.selectbox(key="data.map.1.table").set_value("spend")
    run(app)
    for column, heading in {"order_id": "no", "timestamp": "when", "revenue": "total", "paid_at": "paid"}.items():
        fill(app, "data.map.0.orders", column, heading)
    fill(app, "data.map.0.orders", "currency", "\x00constant", "CNY")
    fill(app, "data.map.1.spend", "spend", "cost")
    fill(app, "data.map.1.spend", "currency", "\x00constant", "CNY")
    app = press_import(app)
    assert errors(app) == ""
    assert [s.value for s in app.success] == ["Batch 1: 4 rows kept, 1 set aside"]
    shown = headline(app)
    assert "2 orders created (CN¥30.50)" in shown
    assert "1 orders paid, less refunds (CN¥10.50)" in shown
    assert "CN¥150.25 ad spend" in shown
    app.button(key="data.undo.1").click()
    assert "There is no data yet" in errors(run(app))


def test_sample_is_not_mixed_with_own_data(opened) -> None:
    app = upload(opened("data"), ("spend.csv", SPEND.encode()))
    fill(app, "data.map.0.spend", "currency", "\x00constant", "USD")
    app = press_import(app)
    assert "$150.25 ad spend" in headline(app)
    assert "events" not in headline(app)


def test_import_waits_for_required_columns(opened) -> None:
    app = upload(opened("data"), ("spend.csv", SPEND.encode()))
    assert app.button(key="data.import").disabled
    assert any("required columns" in c.value for c in app.caption)


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("empty.csv", b"", "empty"),
        ("three.csv", b"abc", "only one column"),
        ("picture.csv", b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR", "picture"),
        ("one.csv", b"user\nu1\nu2\n", "only one column"),
        ("broken.xlsx", b"PK\x03\x04 not a workbook", "damaged workbook"),
        ("broken.parquet", b"PAR1 not parquet PAR1", "damaged Parquet"),
        ("noise.csv", bytes(range(256)) * 20, "binary"),
    ],
)
def test_bad_files_are_refused_in_words(opened, name: str, content: bytes, says: str) -> None:
    app = opened("data")
    before = headline(app)
    app = upload(app, (name, content))
    assert says in errors(app)
    assert name in errors(app)
    assert headline(app) == before


def test_rows_that_cannot_be_used_are_refused_whole(opened) -> None:
    app = own(opened("data"), "hopeless")
    app = upload(app, ("spend.csv", b"date,platform,cost\nsoon,ads,1\nlater,ads,2\n"))
    fill(app, "data.map.0.spend", "currency", "\x00constant", "CNY")
    assert "period_start" in errors(press_import(app))
    assert "No row could be used" in errors(app)
