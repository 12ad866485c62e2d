"""The Workspaces page: what there is, and what is done with it, each with a way back."""

from __future__ import annotations

from pathlib import Path

import pytest
from harness import errors, run, stands_on

from analysis import Contents, Funnel, read_export
from analysis.sharing import downloads
from analysis.workspace import Workspace, away
from ui import session

ROWS = b"user_id,timestamp,event\nu1,2026-11-01 10:00:00,view\nu2,2026-11-02 10:00:00,cart\n"
KEY = "keeping"


@pytest.fixture
def mine(workspaces: Path) -> Workspace:
    id = session.create("mine", zone="UTC", currency="CNY")
    here = session._open(id)
    here.add(read_export(ROWS, "rows.csv", zone="UTC"))
    return here


def done(app, key: str) -> str:
    app.button(key=f"{KEY}.{key}").click()
    return " ".join(one.value for one in (*run(app).success, *app.error)).replace("\\", "")


def test_the_list_says_name_size_and_when_it_was_backed_up(opened, mine: Workspace) -> None:
    app = opened("workspaces", workspace=mine.path.stem)
    assert errors(app) == ""
    table = app.dataframe[0].value.set_index("Name")
    row = table.loc[mine.name]
    assert row["Size (MB)"] == round(mine.path.stat().st_size / 1e6, 1)
    assert (row["State"], row["Last backup"]) == ("ready", "")
    assert "whole" in done(app, "make")
    (backup,) = session.house().backups.of(mine.path.stem)
    table = app.dataframe[0].value.set_index("Name")
    assert table.loc[mine.name]["Last backup"] == f"{backup.at:%Y-%m-%d %H:%M} UTC"


def test_a_workspace_is_renamed(opened, mine: Workspace) -> None:
    app = opened("workspaces", workspace=mine.path.stem)
    before = mine.name
    app.text_input(key=f"{KEY}.name.{mine.path.stem}").set_value("Double 12")
    assert done(app, "rename") == f"{before} is called Double 12 now."
    assert mine.name == "Double 12"
    app.text_input(key=f"{KEY}.name.{mine.path.stem}").set_value(" ")
    assert "Give it a name first." in done(app, "rename")


def test_one_that_is_deleted_is_gone_from_the_list_and_comes_back(opened, mine: Workspace) -> None:
    id, name, kept = mine.path.stem, mine.name, mine.keep("all", Contents())
    app = opened("workspaces", workspace=id)
    assert f"{name} is in the trash" in done(app, "delete")
    assert not mine.path.exists()
    assert id not in app.selectbox(key=f"{KEY}.chosen").options
    assert "The workspace of this address is not here" in errors(opened(workspace=id))
    app = opened("workspaces")
    (place,) = (n for n, one in enumerate(session.keeping().put_away()) if one.id == id)
    assert done(app, f"back.{place}") == f"{name} is back."
    assert mine.kept(Contents) == (kept,)


def test_one_that_is_archived_is_kept_and_may_go_to_the_trash(opened, mine: Workspace) -> None:
    id, name = mine.path.stem, mine.name
    app = opened("workspaces", workspace=id)
    assert f"{name} is in the archive" in done(app, "archive")
    (place,) = (n for n, one in enumerate(session.keeping().put_away()) if one.id == id)
    assert f"{name} is in the trash" in done(app, f"trash.{place}")
    (one,) = (one for one in session.keeping().put_away() if one.id == id)
    assert (one.where, one.file.name) == ("trash", name)


def test_a_backup_is_restored_by_a_button(opened, mine: Workspace) -> None:
    id = mine.path.stem
    before = mine.keep("before", Contents())
    app = opened("workspaces", workspace=id)
    done(app, "make")
    mine.undo(1)
    mine.forget(before.id)
    assert f"{mine.name} is as it was on" in done(app, "restore")
    assert (mine.kept(Contents), mine.tables().count("events")) == ((before,), 2)
    assert [one.id for one in session.keeping().put_away() if one.id == id] == [id]


def test_what_is_used_right_now_is_left_where_it_is(opened, mine: Workspace, monkeypatch) -> None:
    give_back = session.shelf().give_back
    monkeypatch.setattr(session.shelf(), "give_back", lambda path: give_back(path, wait=0.2))
    tables = mine.tables()
    app = opened("workspaces", workspace=mine.path.stem)
    assert "is being used right now" in done(app, "delete")
    assert tables.count("events") == 2 and mine.path.exists()


def test_a_damaged_one_says_so_while_it_is_asked_and_comes_back_from_its_backup(opened, mine: Workspace) -> None:
    id = mine.path.stem
    app = opened("workspaces", workspace=id)
    done(app, "make")
    assert session.shelf().give_back(mine.path)
    content = mine.path.read_bytes()
    assert b"rows.csv" in content
    mine.path.write_bytes(content.replace(b"rows.csv", b"rows.tsv"))
    app = opened("data", workspace=id)
    assert f"{mine.path.name} is damaged" in errors(app)
    app = opened("workspaces", workspace=id)
    assert "is as it was on" in done(app, "restore")
    app = opened("data", workspace=id)
    assert errors(app) == ""
    assert stands_on(app).batches()[0].files[0].file == "rows.csv"


def test_a_question_on_a_damaged_file_says_so(mine: Workspace) -> None:
    assert session.shelf().give_back(mine.path)
    content = mine.path.read_bytes()
    mine.path.write_bytes(content.replace(b"view", b"veiw"))
    with pytest.raises(Exception, match="is damaged: the disk does not give back"):
        Funnel(steps=("view", "cart")).run(mine.tables())
    assert session.shelf().give_back(mine.path)
    away.delete(mine.path)


def test_one_that_is_too_large_to_download_says_how_a_copy_is_taken(
    opened, mine: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(downloads, "LARGEST", mine.path.stat().st_size - 1)
    app = opened("workspaces", workspace=mine.path.stem)
    assert any(f"server.backups make {mine.path.stem}" in one.value for one in app.caption)
    assert not app.get("download_button")


def test_all_are_backed_up_by_one_button(opened, mine: Workspace) -> None:
    app = opened("workspaces")
    said = done(app, "all")
    assert "Backed up: " in said or "Not backed up: " in said  # other tests leave damaged ones
    assert session.house().backups.of(mine.path.stem)
