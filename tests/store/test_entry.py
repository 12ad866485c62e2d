"""What may not enter: more event names than fit, and events of nobody."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from analysis import Lifecycle, Tables
from analysis.errors import DataError, ImportFileError
from analysis.store import duck
from analysis.store.duck import MOST_EVENT_NAMES
from analysis.workspace import Export, Workspace, open_workspace, read_export

DAY = pd.Timestamp("2026-11-11")
SAYS = "different names of events; at most 32,768 fit. Map another column to event"


@pytest.fixture
def workspace(tmp_path: Path) -> Iterator[Workspace]:
    made = open_workspace(tmp_path / "w.duckdb")
    yield made
    made.close()


# ---- event names ------------------------------------------------------------------------------------------


def named(first: int, last: int) -> pd.DataFrame:
    names = [f"e{n}" for n in range(first, last)]
    return pd.DataFrame({"user_id": "u", "timestamp": DAY, "event": names})


def export(frame: pd.DataFrame, name: str = "log.csv") -> Export:
    return read_export(frame.to_csv(index=False).encode(), name, zone="UTC")


def test_as_many_names_as_fit_are_told_apart() -> None:
    keys = Tables(events=named(0, MOST_EVENT_NAMES)).event_keys
    assert sorted(keys.values()) == list(range(MOST_EVENT_NAMES))


def test_a_frame_with_more_names_is_refused_in_words() -> None:
    with pytest.raises(DataError, match=f"There are 32,769 {SAYS}") as refused:
        Tables(events=named(0, MOST_EVENT_NAMES + 1))
    assert refused.value.code == "too-many-events"


def test_a_file_with_more_names_leaves_what_is_stored(workspace: Workspace) -> None:
    workspace.add(export(named(0, 3), "few.csv"))
    version, keys = workspace.version, dict(workspace.tables().event_keys)
    for frame, count in ((named(0, 40_000), "40,000"), (named(5, MOST_EVENT_NAMES + 4), "32,770")):
        with pytest.raises(
            ImportFileError, match=f"log.csv: There are {count} {SAYS}.*Nothing was imported"
        ) as refused:
            workspace.add(export(frame))
        assert refused.value.code == "too-many-events"
        assert (workspace.version, dict(workspace.tables().event_keys)) == (version, keys)
    workspace.add(export(named(2, MOST_EVENT_NAMES), "just.csv"))
    assert len(workspace.tables().event_keys) == MOST_EVENT_NAMES


def test_names_of_a_batch_that_was_undone_make_room(workspace: Workspace) -> None:
    workspace.add(export(named(0, 3), "few.csv"))
    keys = dict(workspace.tables().event_keys)
    wrong = workspace.add(export(named(2, MOST_EVENT_NAMES), "wrong.csv"))
    workspace.undo(wrong.id)
    assert dict(workspace.tables().event_keys) == keys
    workspace.add(export(named(40_000, 40_010), "right.csv"))
    found = workspace.tables().event_keys
    assert {name: found[name] for name in keys} == keys
    assert len(set(found.values())) == len(found) == 13


def test_names_of_rows_that_wait_to_come_back_are_not_given_away(workspace: Workspace) -> None:
    workspace.add(export(named(0, 3), "few.csv"))
    instead = workspace.add(export(named(10, 12), "instead.csv"), overlap="replace")
    other = workspace.add(export(named(20, 22).assign(timestamp=DAY + pd.Timedelta("9D")), "other.csv"))
    workspace.undo(other.id)
    workspace.add(export(named(30, 32).assign(timestamp=DAY + pd.Timedelta("9D")), "another.csv"))
    workspace.undo(instead.id)
    rows = workspace._rows("SELECT DISTINCT event, event_key FROM events ORDER BY event")
    assert rows == workspace._rows("SELECT event, event_key FROM event_names SEMI JOIN events USING (event) ORDER BY 1")
    assert [name for name, _key in rows] == ["e0", "e1", "e2", "e30", "e31"]


# ---- nobody -----------------------------------------------------------------------------------------------

NOBODY = ["", " ", "\t \n", "\u3000", "\xa0", "\u2003", None]


@pytest.mark.parametrize("user", NOBODY)
def test_events_of_nobody_are_refused_by_their_number(user: Any) -> None:
    events = pd.DataFrame({"user_id": ["u", user, user], "timestamp": DAY, "event": "view"})
    with pytest.raises(DataError, match="user_id: 2 empty"):
        Tables(events=events)


@pytest.mark.parametrize("user", NOBODY)
def test_an_order_of_nobody_has_no_user(user: Any) -> None:
    orders = pd.DataFrame({
        "order_id": ["a", "b"], "timestamp": DAY, "revenue": 5.0, "currency": "CNY", "user_id": ["u", user],
        "paid_at": DAY,
    })  # fmt: skip
    events = pd.DataFrame({"user_id": ["u"], "timestamp": [DAY], "event": ["view"]})
    tables = Tables(events=events, orders=orders)
    assert tables.names("user_id") == ("u",)
    assert Lifecycle(at="2026-11-12").members(tables).column("user_id").to_pylist() == ["u"]


def test_an_id_keeps_the_blanks_around_it() -> None:
    events = pd.DataFrame({"user_id": [" u ", "u"], "timestamp": DAY, "event": "view"})
    assert Tables(events=events).names("user_id") == (" u ", "u")


@pytest.mark.parametrize("hashed", [(), ("user_id",)])
def test_rows_of_nobody_are_set_aside_by_an_import(workspace: Workspace, hashed: tuple[str, ...]) -> None:
    rows = [("u", "view"), *((user or "", "view") for user in NOBODY)]
    file = export(pd.DataFrame(rows, columns=["user_id", "event"]).assign(timestamp=DAY))
    batch = workspace.add(file.mapped(file.mapping.replace(hashed=hashed)))
    assert [(f.rows, f.set_aside) for f in batch.files] == [(1, len(NOBODY))]
    assert set(workspace.set_aside(batch.id)["reason"] + workspace.set_aside(batch.id)["column"]) == {"missinguser_id"}


@pytest.mark.parametrize("hashed", [(), ("user_id",)])
def test_an_imported_order_of_nobody_has_no_user(workspace: Workspace, hashed: tuple[str, ...]) -> None:
    rows = [("u", "1"), *((user or "", str(n)) for n, user in enumerate(NOBODY, 2))]
    frame = pd.DataFrame(rows, columns=["user_id", "order_id"]).assign(timestamp=DAY, revenue=5.0, currency="CNY")
    file = export(frame)
    workspace.add(file.mapped(file.mapping.replace(hashed=hashed)))
    assert workspace._rows("SELECT count(*), count(user_id) FROM orders") == [(len(rows), 1)]


def test_a_table_is_refused_before_anything_of_it_is_stored() -> None:
    con = duck.connect()
    duck.create(con)
    rows = duck.normalise("events", Tables(events=named(0, 2)).arrow("events"))
    duck.append(con, "events", rows, batch=0)
    many = duck.normalise("events", Tables(events=named(1, MOST_EVENT_NAMES)).arrow("events"))
    duck.append(con, "events", many, batch=0)
    more = duck.normalise("events", Tables(events=named(50_000, 50_001)).arrow("events"))
    with pytest.raises(DataError, match=SAYS):
        duck.append(con, "events", more, batch=0)
    assert con.execute("SELECT count(*) FROM events").fetchall() == [(MOST_EVENT_NAMES + 1,)]
