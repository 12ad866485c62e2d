"""The Data page: what is uploaded is understood, corrected, imported whole or refused in words, and undone."""

from __future__ import annotations

import datetime as dt
import io
import threading
import time
import zipfile

import pandas as pd
import pytest
from harness import errors, headline, run, stands_on
from streamlit.testing.v1 import AppTest

from analysis.records import Alias
from analysis.workspace import Workspace

ORDERS = "no,when,total,paid,back\no1,2026-11-01 10:00,10.5,2026-11-01 10:05,\no2,2026-11-02 10:00,20,,\no3,soon,1,,\n"
CONSTANT = "\x00constant"
SPEND = "date,platform,cost (CNY)\n2026-11-01,ads,100.25\n2026-11-02,ads,50\n"
SILENT = SPEND.replace(" (CNY)", "")


def upload(app: AppTest, *files: tuple[str, bytes]) -> AppTest:
    for name, content in files:
        app.file_uploader[0].upload(name, content)
    return run(app)


def fill(app: AppTest, key: str, column: str, value: str, constant: str | None = None) -> AppTest:
    if any(t.key == f"{key}.rest" and not t.value for t in app.toggle) and not shows(app, f"{key}.{column}"):
        app.toggle(key=f"{key}.rest").set_value(True)
        run(app)
    app.selectbox(key=f"{key}.{column}").set_value(value)
    run(app)
    if constant is not None:
        widgets = app.selectbox if column == "currency" else app.text_input
        widgets(key=f"{key}.{column}.constant").set_value(constant)
        run(app)
    return app


def shows(app: AppTest, key: str) -> bool:
    return any(box.key == key for box in app.selectbox)


def in_currency(app: AppTest, code: str) -> AppTest:
    """Say which currency the files are in that name none."""
    app.radio(key="data.across.currency").set_value(code)
    return run(app)


def press_import(app: AppTest) -> AppTest:
    app.button(key="data.import").click()
    return ended(run(app))


def ended(app: AppTest) -> AppTest:
    """Wait until the import is over, as the page's own polling would."""
    if "importing" in app.session_state:
        assert app.session_state["importing"].over(wait=60)
        run(app)
    return app


def said(app: AppTest) -> str:
    """Return all that the page says, markdown escapes taken out."""
    texts = [*app.markdown, *app.caption, *app.info, *app.warning, *app.success]
    return "\n".join([*(t.value for t in texts), *(e.label for e in app.expander)]).replace("\\", "")


def own(app: AppTest, name: str) -> AppTest:
    """Move to a new, empty workspace."""
    app.text_input(key="data.new.name").set_value(name)
    next(b for b in app.button if b.label == "Create").click()
    return run(app)


def test_two_files_become_one_batch_and_are_undone(opened) -> None:
    app = own(opened("data"), "shop")
    assert "There is no data yet" in said(app)
    assert errors(app) == ""
    app = upload(app, ("orders.csv", ORDERS.encode()), ("spend.csv", SPEND.encode()))
    app.selectbox(key="data.map.0.table").set_value("orders")
    run(app)
    for column, heading in {"order_id": "no", "timestamp": "when", "revenue": "total", "paid_at": "paid"}.items():
        fill(app, "data.map.0", column, heading)
    assert "3 lines read: 2 kept, 1 set aside." in said(app)
    app = press_import(in_currency(app, "CNY"))
    assert errors(app) == ""
    assert [s.value for s in app.success] == ["Batch 1: 4 rows kept, 1 set aside"]
    shown = headline(app)
    assert "2 orders created (CN¥30.50)" in shown
    assert "1 orders paid, less refunds (CN¥10.50)" in shown
    assert "CN¥150.25 ad spend" in shown
    app.button(key="data.undo.1").click()
    assert "There is no data yet" in said(run(app))


def test_workspaces_of_one_name_are_told_apart(opened) -> None:
    first = own(opened("data"), "twins")
    filled = press_import(upload(first, ("spend.csv", SPEND.encode())))
    second = own(filled, "twins")
    for _ in range(3):  # the choice among the workspaces comes back with every run, by its words
        assert "There is no data yet" in said(run(second))
    assert [name for name in second.selectbox(key="frame.workspace").options if "twins" in name].count("twins") == 1
    assert "twins (2)" in second.selectbox(key="frame.workspace").options


def test_what_an_import_brought_stays_said_until_the_next_thing_is_done(opened) -> None:
    app = press_import(upload(own(opened("data"), "shop"), ("spend.csv", SPEND.encode())))
    landed = "Batch 1: 2 rows kept, 0 set aside"
    for page in ("data", "data", "lifecycle", "data"):  # also where the page is run twice, or left and come back to
        app.switch_page(f"pages/{page}.py")
        run(app)
        assert [s.value for s in app.success] == [landed] * (page == "data")
    app = upload(app, ("more.csv", SPEND.replace("ads", "video").encode()))
    assert not app.success
    app = press_import(app)
    assert "Batch 2" in app.success[0].value
    app.button(key="data.undo.2").click()
    assert not run(app).success


def test_sample_is_not_mixed_with_own_data(opened) -> None:
    app = upload(opened("data"), ("spend.csv", SPEND.encode()))
    opened_file(app, "spend.csv")
    fill(app, "data.map.0", "currency", CONSTANT, "USD")
    app = press_import(app)
    assert "$150.25 ad spend" in headline(app)
    assert "events" not in headline(app)


def opened_file(app: AppTest, name: str) -> AppTest:
    """Open a file's details."""
    next(staged for staged in app.session_state["staged"].values() if staged.name == name).open = True
    return run(app)


def test_required_columns_that_are_missing_are_named(opened) -> None:
    app = upload(opened("data"), ("spend.csv", b"date,cost\n2026-11-01,100.25\n"))
    assert app.button(key="data.import").disabled
    assert "Still needed: channel (advertising channel)." in said(app)
    assert "still needed: channel (advertising channel)" in next(e.label for e in app.expander).replace("\\", "")
    fill(app, "data.map.0", "channel", CONSTANT, "search")
    assert "which currency are the amounts in?" in said(app)
    assert not in_currency(app, "EUR").button(key="data.import").disabled


def test_a_currency_that_files_do_not_name_is_assumed_and_asked_once(opened) -> None:
    yuan = SPEND.replace("CNY", "EUR").replace("ads", "video")
    files = [("a.csv", SILENT.encode()), ("b.csv", SILENT.replace("ads", "search").encode()), ("c.csv", yuan.encode())]
    app = upload(opened("data"), *files)
    assert said(app).count("currency CNY assumed") == 2
    assert app.button(key="data.import").disabled
    assert "a guess (50%)]: the file names none; the workspace's currency" in said(app)
    asked = app.radio(key="data.across.currency")
    options = ["EUR Euro", "CNY Chinese Yuan"]  # as the other file says, then the campaign's
    assert (asked.value, asked.options[:2]) == (None, options)
    assert asked.label.replace("\\", "") == "a.csv, b.csv: no currency is named. The amounts are in"
    app = in_currency(app, "CNY")
    assert "assumed" not in said(app)
    assert not [r for r in app.radio if r.key == "data.across.currency"]
    assert "chosen by you" in said(app)
    app = press_import(app)
    assert "€150.25 ad spend" in headline(app)
    assert "CN¥300.50 ad spend" in headline(app)
    assert stands_on(app).campaign.currency == "CNY"  # that most rows are in


def test_channels_written_in_two_ways_are_offered_as_one_and_periods_far_apart_are_said(opened) -> None:
    old = SPEND.replace("2026", "2014").replace("ads", "Google Ads")
    orders = (
        "order_id,timestamp,revenue,currency,channel\n1,2025-11-01,10,CNY,google\n2,2025-11-03,5,CNY,google shopping\n"
    )
    app = upload(own(opened("data"), "across"), ("old.csv", old.encode()), ("orders.csv", orders.encode()))
    assert "old.csv (2014-11-01 to 2014-11-02) | orders.csv (2025-11-01 to 2025-11-03)" in said(app)
    (offered,) = (box for box in app.checkbox if box.key.startswith("data.across.spelling"))
    assert (offered.value, "google shopping" in offered.label) == (False, False)
    assert "Google Ads (in old.csv)" in offered.label.replace("\\", "")
    offered.check()
    app = press_import(run(app))
    here = stands_on(app)
    assert [(kept.value.code, kept.value.meant) for kept in here.kept(Alias)] == [("google", "Google Ads")]
    assert here.tables().names("channel") == ("Google Ads", "google shopping")
    assert (here.campaign.start, here.campaign.end) == ("2014-11-01", "2025-11-03")


def test_clean_files_are_one_line_each(opened) -> None:
    files = [("spend.csv", SPEND.encode()), ("more.csv", SPEND.replace("ads", "video").encode())]
    app = upload(opened("data"), *files)
    lines = [e.label.replace("\\", "") for e in app.expander if "check_circle" in e.label]
    assert [line.split(" · ", 1)[0].split("**")[1] for line in lines] == ["spend.csv", "more.csv"]
    assert all("spend · 2 rows · 2026-11-01 to 2026-11-02" in line for line in lines)
    assert not shows(app, "data.map.0.table")
    assert app.button(key="data.import").label == "Import 2 files, 4 rows"


def test_a_corrected_mapping_is_remembered_said_and_forgotten(opened) -> None:
    app = own(opened("data"), "memory")
    shop = b"medium,uitgaven,dag\nzoeken,10,2026-11-01\n"
    app = upload(app, ("a.csv", shop))
    app.selectbox(key="data.map.0.table").set_value("spend")
    run(app)
    for column, heading in {"channel": "medium", "spend": "uitgaven", "period_start": "dag"}.items():
        if shows(app, f"data.map.0.{column}"):
            fill(app, "data.map.0", column, heading)
    app.text_input(key="data.map.0.label").set_value("weekly")
    run(app)
    app = press_import(in_currency(app, "CNY"))
    assert "**weekly** · spend · 3 columns" in said(app)
    app = upload(app, ("b.csv", b"uitgaven,dag,medium\n7,2026-11-08,zoeken\n"))
    assert "mapping weekly" in said(app)
    assert not app.button(key="data.import").disabled
    opened_file(app, "b.csv")
    assert "kept as weekly" in said(app)
    next(b for b in app.button if b.label == "Forget").click()
    run(app)
    assert "**weekly**" not in said(app)


def test_stored_days_are_asked_about_only_where_there_are_some(opened) -> None:
    app = own(opened("data"), "overlap")
    app = press_import(upload(app, ("a.csv", SPEND.encode())))
    assert not [r for r in app.radio if r.key == "data.overlap"]
    app = upload(app, ("b.csv", SPEND.replace("50", "70").encode()))
    assert app.button(key="data.import").disabled
    opened_file(app, "b.csv")
    assert "2 rows are in this workspace already." in said(app)
    assert "Batch 1 has 2 rows of ads in the same days" in said(app)
    app.radio(key="data.overlap").set_value("replace")
    app = press_import(run(app))
    assert "CN¥170.25 ad spend" in headline(app)


def test_orders_that_came_further_are_said_and_not_asked_about(opened) -> None:
    head = "order_id,created_at,total,currency,status\n"
    app = own(opened("data"), "weekly")
    week = head + "1,2026-11-01,10,EUR,paid\n2,2026-11-01,20,EUR,paid\n"
    app = press_import(upload(app, ("a.csv", week.encode())))
    app = upload(app, ("b.csv", (head + "1,2026-11-01,10,EUR,refunded\n").encode()))
    assert not [r for r in app.radio if r.key == "data.overlap"]
    app = press_import(app)
    assert "Orders that came further, from “paid” to “refunded”: 1." in said(app)
    assert "2 orders created (€30.00); 2 orders paid, less refunds (€20.00)" in headline(app)
    app = upload(app, ("c.csv", (head + "2,2026-11-01,15,EUR,paid\n").encode()))
    assert app.button(key="data.import").disabled
    assert "another amount, time or currency" in next(r.label for r in app.radio if r.key == "data.overlap")
    app.radio(key="data.overlap").set_value("replace")
    app = press_import(run(app))
    assert "2 orders created (€25.00); 2 orders paid, less refunds (€15.00)" in headline(app)


def test_days_of_two_files_are_asked_about(opened) -> None:
    app = own(opened("data"), "two files")
    app = upload(app, ("a.csv", SPEND.encode()), ("b.csv", SPEND.replace("50", "70").encode()))
    assert "2 rows of b.csv are about the same as rows of a.csv" in said(app)
    assert app.button(key="data.import").disabled
    app.radio(key="data.overlap").set_value("replace")
    app = press_import(run(app))
    assert "CN¥170.25 ad spend" in headline(app)


def test_the_same_file_again_is_said_before_it_is_imported(opened) -> None:
    app = own(opened("data"), "again")
    app = press_import(upload(app, ("a.csv", SPEND.encode())))
    app = upload(app, ("copy.csv", SPEND.encode()))
    assert "imported before, in batch 1" in said(app)
    assert app.button(key="data.import").disabled
    next(b for b in app.button if b.label == "Take this file out").click()
    run(app)
    assert "copy.csv" not in said(app)


def test_a_report_without_days_asks_for_both_ends(opened) -> None:
    app = upload(opened("data"), ("spend.csv", b"platform,cost,currency\nads,100.25,EUR\nvideo,50,EUR\n"))
    app.selectbox(key="data.map.0.table").set_value("spend")
    run(app)
    assert "Still needed: period_start (start of the period, UTC)." in said(app)
    for end, day in (("first", "2026-11-01"), ("last", "2026-11-30")):
        app.date_input(key=f"data.map.0.days.{end}").set_value(dt.date.fromisoformat(day))
        run(app)
    assert "2026-11-01 to 2026-11-30" in said(app)
    app = press_import(app)
    assert "€150.25 ad spend" in headline(app)


def test_day_or_month_is_asked_where_the_file_cannot_tell(opened) -> None:
    app = upload(
        opened("data"), ("spend.csv", b"date,platform,cost,currency\n02/01/2026,ads,5,EUR\n03/01/2026,ads,5,EUR\n")
    )
    assert app.button(key="data.import").disabled
    app.radio(key="data.map.0.day_first").set_value((True, None))
    run(app)
    assert "2026-01-02 to 2026-01-03" in said(app)
    app.radio(key="data.map.0.day_first").set_value((False, None))
    run(app)
    assert "2026-02-01 to 2026-03-01" in said(app)
    assert not app.button(key="data.import").disabled


def test_the_decimal_sign_is_asked_where_the_file_cannot_tell(opened) -> None:
    app = upload(
        opened("data"),
        ("spend.csv", b"date,platform,cost,currency\n2026-01-02,ads,2.447,EUR\n2026-01-03,ads,8.100,EUR\n"),
    )
    assert app.button(key="data.import").disabled
    assert "which is the decimal sign?" in said(app)
    app.radio(key="data.map.0.decimal").set_value(",")
    run(app)
    assert next(iter(app.session_state["staged"].values())).checked[1].sums == (("spend", 10547.0),)
    app.radio(key="data.map.0.decimal").set_value(".")
    run(app)
    app = press_import(app)
    assert "€10.55 ad spend" in headline(app)


def test_files_wait_while_another_page_is_visited(opened) -> None:
    app = upload(opened("data"), ("spend.csv", SPEND.encode()))
    opened_file(app, "spend.csv")
    fill(app, "data.map.0", "currency", CONSTANT, "EUR")
    run(app.switch_page("pages/budget.py"))
    app = run(app.switch_page("pages/data.py"))
    opened_file(app, "spend.csv")
    assert app.selectbox(key="data.map.0.currency.constant").value == "EUR"
    assert "€150.25 ad spend" in headline(press_import(app))


def test_an_import_goes_on_while_another_page_is_looked_at(opened, monkeypatch: pytest.MonkeyPatch) -> None:
    app = upload(own(opened("data"), "shop"), ("spend.csv", SPEND.encode()))
    go, add = threading.Event(), Workspace.add
    monkeypatch.setattr(Workspace, "add", lambda *a, **k: go.wait(60) and add(*a, **k))
    app.button(key="data.import").click()
    app = run(run(app).switch_page("pages/lifecycle.py"))
    assert any(b.key == "importing.cancel" for b in app.sidebar.button)
    assert not app.toast
    go.set()
    app = ended(app)
    assert [t.value.replace("\\", "") for t in app.toast] == ["Batch 1: 2 rows kept, 0 set aside"]
    assert "CN¥150.25 ad spend" in headline(run(app.switch_page("pages/data.py")))
    assert [s.value for s in app.success] == ["Batch 1: 2 rows kept, 0 set aside"]


def test_an_import_shows_how_far_it_is_and_is_cancelled(opened, monkeypatch: pytest.MonkeyPatch) -> None:
    app = upload(own(opened("data"), "slow"), ("spend.csv", SPEND.encode()))
    begun, add = threading.Event(), Workspace.add

    def slow(here: Workspace, *exports, progress, cancel, **more):
        def waits(done: int, total: int) -> None:
            progress(1, total)
            begun.set()
            while not cancel():
                time.sleep(0.01)

        return add(here, *exports, progress=waits, cancel=cancel, **more)

    monkeypatch.setattr(Workspace, "add", slow)
    app.button(key="data.import").click()
    run(app)
    assert begun.wait(30)
    run(app)
    assert "1 of 2 rows" in app.get("progress")[0].proto.text
    assert not app.file_uploader
    app = run(app.switch_page("pages/budget.py"))
    app.button(key="importing.cancel").click()
    app = ended(run(app))
    app = run(app.switch_page("pages/data.py"))
    assert "The import was cancelled. Nothing was imported." in errors(app)
    assert "spend.csv" in said(app)
    assert "There is no data yet" in said(app)


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


def test_rows_that_cannot_be_used_are_shown_before_the_import(opened) -> None:
    app = own(opened("data"), "hopeless")
    app = upload(app, ("spend.csv", b"date,platform,cost\nsoon,ads,1\nlater,ads,2\n"))
    assert app.button(key="data.import").disabled
    assert "no row of it could be used" in said(app)
    assert "Set aside, not a time: 2 rows" in said(app)
    next(t for t in app.toggle if t.label == "Look at them").set_value(True)
    frame = next(d.value for d in run(app).dataframe if "line" in d.value)
    assert frame[["file", "line", "text"]].values.tolist() == [
        ["spend.csv", 2, "soon | ads | 1"],
        ["spend.csv", 3, "later | ads | 2"],
    ]


def test_event_names_of_ones_own_are_said_in_standard_ones(opened) -> None:
    log = "user,time,action\na,2026-11-01,Kauf\na,2026-11-02,view\nb,2026-11-01,Blick\n"
    app = upload(opened("data"), ("log.csv", log.encode()))
    opened_file(app, "log.csv")
    assert "Event names kept as they are: Blick, Kauf." in said(app)
    app.selectbox(key="data.map.0.event.Kauf").set_value("purchase")
    run(app)
    assert "Event names kept as they are: Blick." in said(app)
    app = press_import(app)
    events = {row[0] for row in session_tables(app)}
    assert events == {"purchase", "view", "Blick"}


def session_tables(app: AppTest) -> list[tuple[str]]:
    """Return the events of the workspace that the app has open."""
    return list(stored(app, "events")[["event"]].itertuples(index=False, name=None))


def stored(app: AppTest, table: str) -> pd.DataFrame:
    """Return a table of the workspace that the app has open."""
    return stands_on(app).tables().frame(table).collect("pyarrow").to_native().to_pandas()


def test_a_file_that_is_not_recognised_shows_its_columns(opened) -> None:
    dutch = "Actie;Dag;Medium;Uitgaven\r\nHerfst;01.10.2026;Büro;1.200,50\r\nHerfst;02.10.2026;Büro;0,50\r\n"
    app = upload(opened("data"), ("acties.csv", dutch.encode("cp1252")))
    assert "I do not know this export." in said(app)
    columns = next(d.value for d in app.dataframe if "heading" in d.value)
    assert columns.values.tolist()[2:] == [
        ["Medium", "Büro", "a text"],
        ["Uitgaven", "1.200,50 · 0,50", "a number"],
    ]
    app.selectbox(key="data.map.0.table").set_value("spend")
    run(app)
    assert "I do not know this export." not in said(app)
    for column, heading in {"period_start": "Dag", "channel": "Medium", "spend": "Uitgaven"}.items():
        fill(app, "data.map.0", column, heading)
    assert "`spend` CN¥1,201.00" in said(app)


def test_an_archive_of_several_exports_gives_each_of_them(opened) -> None:
    out = io.BytesIO()
    orders = "order_id,timestamp,revenue,currency\no1,2026-11-01,10.5,CNY\n"
    with zipfile.ZipFile(out, "w") as made:
        for name, content in (("spend.csv", SPEND), ("orders.csv", orders), ("read me.csv", "a,b\n1,2\n")):
            made.writestr(name, content)
    app = upload(own(opened("data"), "archive"), ("week.zip", out.getvalue()))
    assert app.button(key="data.import").label == "Import 2 files, 3 rows"
    shown = headline(press_import(app))
    assert "1 orders created (CN¥10.50)" in shown
    assert "CN¥150.25 ad spend" in shown


def test_totals_that_differ_and_rows_lost_are_not_called_clean(opened) -> None:
    wrong = SPEND + "Total,,151.25\n"
    app = upload(opened("data"), ("spend.csv", wrong.encode()), ("soon.csv", (SPEND + "soon,ads,1\n").encode()))
    first, second = (e.label for e in app.expander if ".csv" in e.label)
    assert "totals differ" in first
    assert "1 set aside" in second
    assert all("check_circle" not in line and "warning" in line for line in (first, second))
    assert "`spend`: the file says CN¥151.25, we count CN¥150.25: differs" in said(app)
    app.radio(key="data.overlap").set_value("keep")  # both files have the same days
    run(app)
    assert not app.button(key="data.import").disabled


MEDIA = b"date,tv_spend,radio_spend,temperature\n2026-11-01,10.5,2,12\n2026-11-02,20,,9.5\n"


@pytest.mark.long
def test_columns_that_become_rows_are_confirmed_named_and_remembered(opened) -> None:
    app = upload(own(opened("data"), "media"), ("media.csv", MEDIA))
    assert app.button(key="data.import").disabled
    assert "to be confirmed: what the file does not say itself" in said(app)
    assert "needed, and not found" not in said(app)
    assert app.multiselect(key="data.map.0.spread").value == ["tv_spend", "radio_spend"]
    app.text_input(key="data.map.0.spread.tv_spend").set_value("television")
    run(app)
    assert "each is read as a channel, its numbers as money" in app.checkbox(key="data.map.0.confirm.0").label
    app.checkbox(key="data.map.0.confirm.0").check()
    run(app)
    app = press_import(in_currency(app, "CNY"))
    assert errors(app) == ""
    assert "CN¥32.50 ad spend" in headline(app)
    assert {"television", "radio"} == set(stored(app, "spend")["channel"])
    assert "1 controls" in headline(app)
    assert stored(app, "controls")["value"].tolist() == [12.0, 9.5]
    app = upload(app, ("next.csv", MEDIA.replace(b"2026-11", b"2026-12")))
    assert not app.button(key="data.import").disabled


def test_columns_are_taken_back_from_the_rows_and_chosen_again(opened) -> None:
    app = upload(opened("data"), ("media.csv", MEDIA))
    app.multiselect(key="data.map.0.spread").set_value([])
    run(app)
    assert "still needed: channel (advertising channel), spend (money spent)" in said(app)
    app.toggle(key="data.map.0.rest").set_value(True)
    run(app)
    app.multiselect(key="data.map.0.spread").set_value(["radio_spend"])
    run(app)
    assert "2 lines with 1 filled cells to make rows of: 1 kept, 0 set aside." in said(app)


def test_two_digit_years_are_asked_with_all_three_orders(opened) -> None:
    app = upload(
        opened("data"), ("spend.csv", b"date,platform,cost,currency\n05-06-07,ads,5,EUR\n05-06-07,video,5,EUR\n")
    )
    assert app.button(key="data.import").disabled
    for order, days in (
        ((True, False), "2007-06-05"),
        ((False, False), "2007-05-06"),
        ((None, True), "2005-06-07"),
    ):
        app.radio(key="data.map.0.year_first").set_value(order)
        run(app)
        assert days in said(app)
        assert not app.button(key="data.import").disabled


def test_what_of_an_archive_was_left_out_is_said(opened) -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as made:
        for name, content in (("spend.csv", SPEND), ("picture.csv", "\x89PNG\r\n"), ("empty.csv", "")):
            made.writestr(name, content.encode("latin-1"))
    app = upload(opened("data"), ("week.zip", out.getvalue()))
    assert "week.zip: empty.csv: the file is empty. It was left out." in said(app)
    assert "week.zip: picture.csv: this is not a table but a picture" in said(app)
    assert not app.button(key="data.import").disabled
