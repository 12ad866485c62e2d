"""A column may be called anything: it is asked by, filtered by and carried along like any other."""

from __future__ import annotations

import io
from pathlib import Path

import duckdb
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis import Contents, DropOffs, Filter, Funnel, PageSpeed, Retention, Tables
from analysis.sharing import downloads
from analysis.store.columns import shown, stored
from analysis.workspace import open_workspace, read_export

NAMES = ("*", "**", 'a"b', "x;=1+1", 'a"; DROP TABLE events; --', "t.a", "50%", "%2A", "`", "=1+1", "rowid", "总 计")
EACH = pytest.mark.parametrize("name", NAMES)
FUNNEL = Funnel(steps=("view", "cart"), window="2d")
START = pd.Timestamp("2026-09-21")


def frame(name: str) -> pd.DataFrame:
    """Six hundred users view; those of "a" go on to the cart. The data go on for long enough that all is known."""
    views = pd.DataFrame({
        "user_id": [f"u{n}" for n in range(600)], "timestamp": START, "event": "view",
        name: ["a"] * 300 + ["b"] * 200 + [None] * 100, "device": "ios", "load_ms": 100.0,
    })  # fmt: skip
    carts = views.head(300).assign(timestamp=START + pd.Timedelta("1h"), event="cart")
    last = views.head(1).assign(user_id="last", timestamp=START + pd.Timedelta("30D"), event="share")
    return pd.concat([views, carts, last], ignore_index=True)


@given(st.text(st.sampled_from("%.`*2AEa5é\"'; ")))
def test_no_engine_reads_more_than_a_name_into_one(name: str) -> None:
    found = stored(name)
    assert shown(found) == name
    assert not {".", "`"} & set(found)
    assert not found or set(found) != {"*"}


@EACH
@pytest.mark.long
def test_it_is_a_breakdown_a_filter_and_a_column_held_fixed(name: str) -> None:
    tables = Tables(events=frame(name))
    assert name in tables.present("events")
    assert name in tables.texts("events")
    assert tables.names(name) == ("a", "b")
    plain = Tables(events=frame("plain"))
    for asked, same in (
        (FUNNEL.replace(breakdown=name), FUNNEL.replace(breakdown="plain")),
        (FUNNEL.replace(hold=name), FUNNEL.replace(hold="plain")),
        (FUNNEL.replace(where=Filter(segment={name: "a"})), FUNNEL.replace(where=Filter(segment={"plain": "a"}))),
        (Retention(start="view", returns="cart", breakdown=name), Retention(start="view", returns="cart",
                                                                            breakdown="plain")),
        (PageSpeed(event="view", to="cart", breakdown=name), PageSpeed(event="view", to="cart", breakdown="plain")),
    ):  # fmt: skip
        pd.testing.assert_frame_equal(asked.run(tables).table, same.run(plain).table)
    users = FUNNEL.replace(breakdown=name).run(tables).table.query("step == 2").set_index("breakdown")["users"]
    assert users.to_dict() == {"(total)": 300, "a": 300, "b": 0, "(not set)": 0}
    loss, plainly = (DropOffs(funnel=FUNNEL, by=(by,)).run(t) for by, t in ((name, tables), ("plain", plain)))
    for frame_name in loss.frames:
        told = plainly.frame(frame_name).replace("plain", name)
        pd.testing.assert_frame_equal(loss.frame(frame_name), told)
    assert name in loss.table.to_string()


@EACH
def test_it_is_carried_along_by_questions_of_others(name: str) -> None:
    """What asks for all columns of a frame asks for this one too."""
    tables = Tables(events=frame(name))
    assert Contents().run(tables).table["count"].tolist() == [901, 601]


@EACH
@pytest.mark.long
def test_any_kind_of_frame_brings_it_and_a_download_keeps_it(name: str, tmp_path: Path) -> None:
    events = frame(name)
    con = duckdb.connect()
    con.register("given", pa.Table.from_pandas(events))
    whole = Tables(events=events).arrow("events")
    assert whole.column_names == ["user_id", "timestamp", "event", "device", "load_ms", name]
    for brought in (pa.Table.from_pandas(events), con.sql("FROM given")):
        assert Tables(events=brought).arrow("events").equals(whole)
    events.to_parquet(tmp_path / "events.parquet")
    assert Tables.from_parquet(tmp_path).arrow("events").equals(whole)
    heading = pd.read_csv(io.BytesIO(downloads.csv(whole.to_pandas()))).columns[-1]
    assert heading == str(downloads.harmless(name))


@pytest.mark.parametrize("heading", ["*", 'a"; DROP TABLE events; --', 'a"b', "x;=1+1", "t.a"])
def test_a_file_may_have_it_as_a_heading(heading: str, tmp_path: Path) -> None:
    rows = pd.DataFrame({
        "user_id": ["u0", "u1", "u0"], "timestamp": ["2026-09-21 10:00:00", "2026-09-21 11:00:00",
                                                     "2026-09-21 12:00:00"],
        "event": ["view", "purchase", "view"], heading: ["a", "b", "b"],
    })  # fmt: skip
    export = read_export(rows.to_csv(index=False).encode(), "f.csv", zone="UTC")
    workspace = open_workspace(tmp_path / "w.duckdb")
    columns = {**dict(export.mapping.columns), "channel": heading}
    workspace.add(export.mapped(export.mapping.replace(columns=columns)))
    assert workspace.tables().names("channel") == ("a", "b")
    assert [k.value.headings for k in (workspace.remember(export, "log"),)] == [tuple(rows.columns)]
    workspace.close()
