"""What a wide file holds beside spend becomes controls: stored, shown, replaced and undone like any other table."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

from analysis import Contents, Tables, open_workspace
from analysis.tables import collect
from analysis.workspace import Workspace, read_export, read_exports

HEADINGS = "week,y,x1,x2,event_1,price index,x1_impressions,清仓"
WIDE = "\n".join(
    (HEADINGS, "8/3/2026,500.5,0.25,0,0,101.5,9,1", "8/10/2026,610,0.5,0.125,1,99,8,", "8/17/2026,480,0,0.875,0,98,7,0")
)
HELD = {"event_1": [0.0, 1.0, 0.0], "price index": [101.5, 99.0, 98.0], "清仓": [1.0, 0.0]}


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    return open_workspace(tmp_path / "w.duckdb")


def held(tables: Tables) -> dict[str, list[float]]:
    rows = collect(tables.frame("controls")).sort_values(["name", "day"])
    return {str(name): own["value"].tolist() for name, own in rows.groupby("name")}


def test_a_wide_file_gives_spend_and_controls(workspace: Workspace) -> None:
    export = read_export(WIDE.encode(), "mmm.csv", zone="UTC").in_currency("USD")
    assert [one.mapping.table for one in export.tables] == ["spend", "controls"]
    _spend, controls = export.tables
    found = controls.reconcile(workspace)
    assert (found.kept, found.undecided, found.days, found.stored) == (8, (), ("2026-08-03", "2026-08-17"), 0)
    batch = workspace.add(export, controls)
    assert [(file.table, file.rows) for file in batch.files] == [("spend", 6), ("controls", 8)]
    tables = workspace.tables()
    assert held(tables) == HELD
    assert collect(tables.frame("spend"))["spend"].sum() == 1.75
    workspace.undo(batch.id)
    assert [workspace.tables().count(table) for table in ("spend", "controls")] == [0, 0]
    export.close()


def test_either_table_can_be_taken_out_alone() -> None:
    for first, kept in ((0, 8), (1, 6)):
        tables = [table.assuming(currency="USD") for table in read_exports(WIDE.encode(), "mmm.csv")]
        tables.pop(first).close()
        assert tables[0].reconcile().kept == kept
        tables[0].close()


@pytest.mark.parametrize(
    ("headings", "controls"),
    [
        ("date,tv_spend,radio_spend,temperature,holiday", ["holiday", "temperature"]),
        ("DATE,revenue,tv_S,facebook_S,facebook_I,competitor_sales_B", ["competitor_sales_B"]),
        ("日期,抖音花费,快手花费,抖音曝光,销售额,气温", ["气温"]),
        ("date,tv,radio,clicks,total_spend", []),
        ("date,tv,radio", []),
    ],
)
def test_what_is_a_control_and_what_is_a_channels(headings: str, controls: list[str]) -> None:
    row = ",1.5" * headings.count(",")
    found = read_exports(f"{headings}\n2026-08-01{row}\n2026-08-02{row}\n".encode())
    assert [sorted(dict(one.mapping.spread)) for one in found if one.mapping.table == "controls"] == (
        [controls] if controls else []
    )
    assert found[0].mapping.table == "spend"
    found[0].close()


def test_a_long_file_and_a_later_correction_of_some_days(workspace: Workspace) -> None:
    first = read_export(b"day,name,value\n2026-11-01,rain,1\n2026-11-02,rain,2\n2026-11-02,holiday,1\n", "a.csv")
    assert first.mapping.table == "controls"
    workspace.add(first)
    fixed = read_export(b"day,name,value\n2026-11-02,rain,5\n2026-11-03,rain,soon\n", "b.csv")
    found = fixed.reconcile(workspace)
    assert (found.stored, [(o.channel, o.rows) for o in found.overlaps]) == (1, [("rain", 1)])
    batch = workspace.add(fixed, overlap="replace")
    assert held(workspace.tables()) == {"holiday": [1.0], "rain": [1.0, 5.0]}
    assert workspace.set_aside(batch.id)["reason"].tolist() == ["not-a-number"]
    workspace.undo(batch.id)
    assert held(workspace.tables()) == {"holiday": [1.0], "rain": [1.0, 2.0]}
    first.close()
    fixed.close()


def test_a_table_of_numbers_by_day_is_controls_where_somebody_says_so() -> None:
    export = read_export(b"date,temperature,visitors\n2026-08-01,21.5,9\n2026-08-02,,8\n").as_table("controls")
    assert export.reconcile().kept == 3
    export.close()


def test_they_are_told_by_name() -> None:
    day = pd.Timestamp("2026-11-01")
    rows = pd.DataFrame(
        {"day": [day, day + pd.Timedelta("1D"), day], "name": ["a", "a", "b"], "value": [1.0, 4.0, 2.0]}
    )
    answer = Contents().run(Tables(controls=rows))
    assert answer.say(answer.headline) == "2 controls."
    assert answer.frame("controls")[["name", "days", "low", "mean", "high"]].to_numpy().tolist() == [
        ["a", 2, 1.0, 2.5, 4.0], ["b", 1, 2.0, 2.0, 2.0],
    ]  # fmt: skip
    assert not [note for note in answer.notes if "control" in answer.say(note.message)]


def test_the_published_example(real_file: Callable[[str], Path], workspace: Workspace) -> None:
    raw = pd.read_csv(real_file("mmm_example.csv"))
    export = read_export(real_file("mmm_example.csv"), zone="UTC").in_currency("USD")
    workspace.add(export, export.tables[1])
    wanted = {name: raw[name].astype(float).tolist() for name in ("dayofyear", "event_1", "event_2", "t")}
    assert held(workspace.tables()) == wanted
    export.close()


def test_kept_mappings_of_the_two_tables_are_two(workspace: Workspace) -> None:
    spend, controls = (one.assuming(currency="USD") for one in read_exports(WIDE.encode(), "mmm.csv"))
    workspace.remember(spend.in_currency("EUR"), "media")
    workspace.remember(controls.spreading({"event_1": "Singles' Day"}), "media")
    first, second = (workspace.proposed(one) for one in read_exports(WIDE.encode(), "next.csv"))
    assert (first.mapping.table, dict(first.mapping.constants), first.kept) == ("spend", {"currency": "EUR"}, "media")
    assert (dict(second.mapping.spread), second.kept) == ({"event_1": "Singles' Day"}, "media (2)")
    for export in (spend, controls, first, second):
        export.close()
