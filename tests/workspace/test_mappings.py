"""Mappings are proposed again for the same headings, listed, forgotten, carried as files, and never bring old days."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from pathlib import Path

import pytest

from analysis.errors import ImportFileError, WorkspaceError
from analysis.workspace import ColumnMapping, FileMapping, Workspace, open_workspace, read_export

SHOP = "kanal,kosten,tag\nsuche,10,2026-11-01\nbild,20,2026-11-02\n"
OWN = ColumnMapping(
    table="spend",
    columns={"channel": "kanal", "spend": "kosten", "period_start": "tag"},
    constants={"currency": "EUR"},
    zone="Europe/Berlin",
)


@pytest.fixture
def workspace(tmp_path: Path) -> Iterator[Workspace]:
    here = open_workspace(tmp_path / "w.duckdb")
    yield here
    here.close()


def read(text: str, name: str = "f.csv"):
    return read_export(text.encode(), name)


def test_the_same_headings_in_another_order_get_the_kept_mapping(workspace: Workspace) -> None:
    kept = workspace.remember(read(SHOP).mapped(OWN), "weekly")
    again = workspace.proposed(read("tag,kanal,kosten\n2026-11-08,suche,7\n"))
    assert again.mapping == OWN
    assert (kept.name, again.kept) == ("weekly", "weekly")
    assert {g.reason.text() for g in again.recognition.guesses} == {"kept as weekly"}
    assert workspace.add(again).files[0].rows == 1


@pytest.mark.parametrize("text", ["tag,kanal\n2026-11-08,suche\n", SHOP.replace("tag", "day"), "a" + SHOP])
def test_other_headings_are_left_as_recognised(workspace: Workspace, text: str) -> None:
    workspace.remember(read(SHOP).mapped(OWN), "weekly")
    fresh = read(text)
    assert workspace.proposed(fresh) is fresh


def test_the_newest_of_several_is_proposed_and_a_forgotten_one_is_not(workspace: Workspace) -> None:
    first = workspace.remember(read(SHOP).mapped(OWN), "first")
    second = workspace.remember(read(SHOP).mapped(OWN.replace(zone="UTC")), "second")
    assert [m.name for m in workspace.kept(FileMapping)] == ["second", "first"]
    assert workspace.proposed(read(SHOP)).mapping.zone == "UTC"
    workspace.forget(second.id)
    assert workspace.proposed(read(SHOP)).mapping == first.value.mapping
    third = workspace.remember(read(SHOP).mapped(OWN), "third")
    assert third.id > second.id


def test_a_name_is_replaced_for_the_same_headings_only(workspace: Workspace) -> None:
    workspace.remember(read(SHOP).mapped(OWN), "weekly")
    workspace.remember(read(SHOP).mapped(OWN.replace(zone="UTC")), "weekly")
    workspace.remember(read("date,channel,cost\n2026-11-01,a,1\n"), "weekly")
    kept = [(m.name, m.revision, m.value.headings[0]) for m in workspace.kept(FileMapping)]
    assert kept == [("weekly (2)", 1, "date"), ("weekly", 2, "kanal")]
    assert workspace.fitting(read(SHOP))[0].value.mapping.zone == "UTC"


def test_kept_mappings_outlive_the_workspace_being_closed(tmp_path: Path) -> None:
    here = open_workspace(tmp_path / "w.duckdb")
    kept = here.remember(read(SHOP).mapped(OWN), "weekly")
    here.close()
    again = open_workspace(tmp_path / "w.duckdb")
    assert again.kept(FileMapping) == (kept,)
    again.close()


@pytest.mark.parametrize("address", ["ann@example.com", "13800138000", "+49 170 1234567"])
def test_headings_that_look_like_addresses_are_not_kept(workspace: Workspace, address: str) -> None:
    export = read(f"kanal,kosten,tag,{address}\nsuche,10,2026-11-01,x\n").mapped(OWN)
    assert export.headings[3] == address
    with pytest.raises(WorkspaceError, match="column 4") as refused:
        workspace.remember(export, "weekly")
    assert address not in str(refused.value)
    assert workspace.kept(FileMapping) == ()


def test_a_file_without_headings_keeps_no_cell_as_one(workspace: Workspace) -> None:
    export = read("ann@example.com,2026-11-01 10:00:00,view\nbob@example.com,2026-11-01 10:00:05,cart\n")
    kept = workspace.remember(export, "log")
    assert kept.value.headings == ("column 1", "column 2", "column 3")


# ---- a report without days --------------------------------------------------------------------------------

JULY = (
    'Campaign report\n"July 1, 2025 - July 31, 2025"\nCampaign,Campaign status,Currency code,Cost\n'
    "Kites,Enabled,EUR,9.5\n"
)


def test_the_days_of_an_old_report_are_not_those_of_a_new_one(workspace: Workspace) -> None:
    july = read(JULY)
    corrected = july.mapped(july.mapping.replace(constants={**dict(july.mapping.constants), "channel": "search"}))
    workspace.remember(corrected, "campaigns")
    august = workspace.proposed(read(JULY.replace("July", "August")))
    assert august.mapping.days == (dt.date(2025, 8, 1), dt.date(2025, 8, 31))
    assert dict(august.mapping.constants)["channel"] == "search"
    undated = workspace.proposed(read("\n".join(JULY.splitlines()[2:])))
    assert undated.mapping.missing() == ("period_start",)


def test_days_given_by_hand_are_whole_days_of_the_reports_zone() -> None:
    mapping = ColumnMapping(table="spend", columns={"spend": "cost", "channel": "platform"}, zone="Asia/Shanghai")
    days = (dt.date(2026, 11, 1), dt.date(2026, 11, 30))
    given = mapping.replace(constants={"currency": "CNY"}).over(*days)
    assert given.days == days
    export = read("platform,cost\nads,5\n").mapped(given)
    found = export.reconcile()
    assert found.days == ("2026-11-01", "2026-11-30")
    assert found.period == (dt.datetime(2026, 10, 31, 16), dt.datetime(2026, 11, 30, 16))
    assert mapping.days is None


# ---- as a file --------------------------------------------------------------------------------------------


def test_a_mapping_is_carried_as_json() -> None:
    content = OWN.to_json().encode()
    assert ColumnMapping.from_file(content, "m.json") == OWN
    loaded = read(SHOP).under(ColumnMapping.from_file(b"\xef\xbb\xbf" + content, "m.json"), "m")
    assert (loaded.mapping, loaded.kept) == (OWN, "m")


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "does not hold a column mapping"),
        (b"\xff\xfe\x00", "does not hold a column mapping"),
        (b"{}", "does not hold a column mapping"),
        (b'{"kind": "funnel", "version": 1, "steps": ["a", "b"]}', "does not hold a column mapping"),
        (b'{"kind": "mapping", "version": 99, "table": "spend"}', "newer version"),
        (b'{"kind": "mapping", "version": 1, "table": "spent"}', "choose from events, orders, spend"),
        (b'{"kind": "mapping", "version": 1, "table": "spend", "columns": [["cost", "x"]]}', "cost"),
        (b'{"kind": "mapping", "version": 1, "table": "spend", "zone": "Berlin"}', "IANA"),
        (b'{"kind": "mapping", "version": 1, "table": "spend", "extra": 1}', "extra"),
    ],
)
def test_files_that_are_no_mapping_are_refused_in_words(content: bytes, says: str) -> None:
    with pytest.raises(ImportFileError) as refused:
        ColumnMapping.from_file(content, "m.json")
    assert "m.json" in str(refused.value)
    assert says in str(refused.value)


def test_a_mapping_for_other_headings_is_refused() -> None:
    with pytest.raises(ImportFileError, match="no column kanal"):
        read("date,channel,cost\n2026-11-01,a,1\n").under(OWN, "m")


# ---- how sure, and why ------------------------------------------------------------------------------------


def test_every_proposed_column_says_why_and_a_corrected_one_no_longer_does() -> None:
    export = read(JULY)
    assert [
        (g.confidence, g.reason.text()) for c in ("spend", "channel", "period_start") if (g := export.guess(c))
    ] == [
        (0.99, "named so in exports of Google Ads"),
        (0.95, "always so in exports of Google Ads"),
        (0.9, "named elsewhere in the file"),
    ]
    assert export.guess("clicks") is None
    changed = export.mapped(export.mapping.replace(constants={**dict(export.mapping.constants), "channel": "search"}))
    assert changed.guess("channel") is None
    assert changed.guess("spend") == export.guess("spend")


def test_an_assumed_currency_never_replaces_one_the_file_names() -> None:
    assert read(JULY).assuming(currency="CNY").mapping == read(JULY).mapping
    assumed = read("date,channel,cost\n2026-11-01,a,1\n").assuming(currency="SEK")
    assert dict(assumed.mapping.constants) == {"currency": "SEK"}
    guess = assumed.guess("currency")
    assert guess is not None
    assert guess.confidence == 0.5


@pytest.mark.parametrize(
    ("heading", "table", "column"),
    [("实付金额", "orders", "revenue"), ("动作", "events", "event"), ("端", "events", "device")],
)
def test_chinese_headings(heading: str, table: str, column: str) -> None:
    rest = {"orders": "订单号,下单时间", "events": "用户,时间"}[table]
    other = ",动作" if column == "device" else ""
    export = read(f"{rest}{other},{heading}\na,2026-11-01,{'x,' if other else ''}5\n")
    assert export.mapping.table == table
    assert dict(export.mapping.columns)[column] == heading


# ---- before the import ------------------------------------------------------------------------------------


def test_rows_set_aside_are_known_before_the_import(workspace: Workspace) -> None:
    export = read(SHOP.replace("2026-11-02", "soon") + "Summe,30,\n").mapped(OWN)
    found = export.reconcile()
    assert found.set_aside == (("not-a-time", 1), ("total", 1))
    assert found.lost == 1
    assert found.sums == (("spend", 10.0),)
    before = export.set_aside()
    assert before[["line", "reason", "column"]].astype(str).values.tolist() == [
        ["3", "not-a-time", "period_start"],
        ["4", "total", ""],
    ]
    batch = workspace.add(export)
    assert workspace.set_aside(batch.id).equals(before)
    assert workspace.imported(export) == batch.id
    assert workspace.imported(read(SHOP).mapped(OWN)) is None


def test_dates_with_points_are_never_in_doubt() -> None:
    export = read("Datum;platform;cost\n01.02.2026;ads;5\n02.02.2026;ads;5\n")
    constants = {"currency": "EUR"}
    found = export.mapped(
        ColumnMapping(
            table="spend",
            columns={"period_start": "Datum", "channel": "platform", "spend": "cost"},
            constants=constants,
        )
    ).reconcile()
    assert found.questions == ()
    assert found.days == ("2026-02-01", "2026-02-02")


def test_a_kept_mapping_hides_what_is_personal_in_the_next_file_and_takes_its_currency(workspace: Workspace) -> None:
    plain = read_export(b"user_id,timestamp,event\n1001,2026-08-01,view\n1002,2026-08-01,cart\n", "a.csv")
    workspace.remember(plain, "log")
    named = read_export(b"user_id,timestamp,event\njoe@x.com,2026-08-02,view\nann@x.com,2026-08-02,cart\n", "b.csv")
    assert workspace.proposed(named).mapping.hashed == ("user_id",)
    report = "Report\nCurrency: {}\n\ndate,campaign,channel,cost\n2026-08-01,a,tv,5\n"
    workspace.remember(dollars := read_export(report.format("USD").encode(), "c.csv"), "report")
    euros = workspace.proposed(read_export(report.format("EUR").encode(), "d.csv"))
    assert dict(euros.mapping.constants)["currency"] == "EUR"
    for export in (plain, named, dollars, euros):
        export.close()
