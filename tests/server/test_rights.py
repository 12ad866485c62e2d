"""Every role tries every action through the socket of a real server: what is allowed happens, the rest does not."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from streamlit.proto.WidgetStates_pb2 import WidgetState
from tools import Served, Visitor, written

from analysis import open_workspace, read_export
from analysis.workspace.folder import new_id
from server.rights import RIGHTS, Action, Role, Standing, allows, table

SPEND = "date,platform,cost,currency\n2026-11-01,ads,100.25,CNY\n"
MORE = "date,platform,cost,currency\n2026-11-02,ads,50.5,CNY\n"
WHO = ("stranger", "viewer", "editor", "owner", "group editor", "everybody viewer", "admin")
ROLE = {
    "stranger": None, "viewer": Role.VIEWER, "editor": Role.EDITOR, "owner": Role.OWNER, "group editor": Role.EDITOR,
    "everybody viewer": Role.VIEWER, "admin": None,
}  # fmt: skip


def made(folder: Path) -> str:
    """Make a small workspace with two batches, and return its id."""
    id = new_id()
    here = open_workspace(folder / f"{id}.duckdb")
    for n, text in enumerate((SPEND, MORE)):
        path = folder / f"spend-{n}.csv"
        path.write_text(text)
        with_columns = read_export(path)
        here.add(with_columns)
        with_columns.close()
    here.name = f"Work of {id[:4]}"
    here.close()
    return id


@pytest.fixture(scope="module")
def cookies(oidc: Served, people: Any) -> dict[str, str]:
    """Somebody of each kind, signed in."""
    groups = {"group editor": ("analysts", "buyers"), "admin": ("leads",)}
    return {who: people.sign_in(people.make(who, *groups.get(who, ("analysts",))))[0] for who in WHO}


@pytest.fixture
def workspace(oidc: Served, cookies: dict[str, str], request: pytest.FixtureRequest) -> str:
    """A workspace that is shared with each as what they are."""
    held = oidc.registry
    ids = {who: held.standing(cookie).person for who, cookie in cookies.items()}  # type: ignore[union-attr]
    id = made(oidc.folder)
    held.own(id, ids["owner"])
    held.share(id, f"person:{ids['viewer'].id}", Role.VIEWER)
    held.share(id, f"person:{ids['editor'].id}", Role.EDITOR)
    held.share(id, "group:buyers", Role.EDITOR)
    if request.node.callspec.params.get("who") == "everybody viewer":
        held.share(id, "everybody", Role.VIEWER)
    held.close()
    return id


Try = Callable[[Visitor, str], object]


def ask(here: Visitor, _cookie: str) -> None:
    here.visit("data")


def download(here: Visitor, _cookie: str) -> object:
    here.visit("performance")
    return here.has("performance.table.csv") and here.download("performance.table.csv")


def save(here: Visitor, _cookie: str) -> None:
    here.visit("performance")
    if here.has("performance.save"):
        here.press("performance.save", here.typed("performance.save.name", "kept by socket"))


def record(here: Visitor, cookie: str) -> None:
    here.visit("records")
    here.run(_view(here))
    if here.has("records.exchange-rate.file"):
        rates = b"currency,day,rate,into\nUSD,2026-11-11,7.1,CNY\n"
        file = here.uploaded("records.exchange-rate.file", "r.csv", rates, cookie)
        here.run(_view(here), file)
        here.press("records.exchange-rate.add", _view(here), file)


def _view(here: Visitor) -> WidgetState:
    state = WidgetState(id=here.widget("records.view").id)
    drawn = here.widget("records.view")
    label = next(option.content for option in drawn.options if "ate" in option.content)
    state.string_array_value.data.append(label)
    return state


def notebook(here: Visitor, _cookie: str) -> None:
    here.visit("notebooks")
    if here.has("notebook.new"):
        here.press("notebook.new")


def campaign(here: Visitor, _cookie: str) -> None:
    here.visit("data")
    submit = [id for id in here.widgets if "FormSubmitter" in id and "data.campaign" in id]
    if submit:
        here.run(WidgetState(id=submit[0], trigger_value=True))


def import_(here: Visitor, cookie: str) -> None:
    here.visit("data")
    if here.has("data.files.0"):
        file = here.uploaded("data.files.0", "third.csv", SPEND.replace("-01,", "-05,").encode(), cookie)
        here.run(file)
        if here.has("data.import"):
            here.press("data.import", file)


def undo(here: Visitor, _cookie: str) -> None:
    here.visit("data")
    if here.has("data.undo.1"):
        here.press("data.undo.1")


def copy(here: Visitor, _cookie: str) -> object:
    here.visit("data")
    return here.has("frame.workspace.copy") and here.download("frame.workspace.copy")


def room(here: Visitor, _cookie: str) -> None:
    here.visit("rooms")
    if here.has("rooms.open"):
        here.press("rooms.open")


def share(here: Visitor, _cookie: str) -> None:
    here.visit("data")
    if here.has("sharing"):
        here.press("sharing")
        here.run(here.chosen("sharing.everybody", "may look"))


def whole(button: str) -> Try:
    """Return what presses a button of the page of workspaces, where it is drawn."""

    def press(here: Visitor, _cookie: str) -> None:
        here.visit("workspaces")
        if here.has(button):
            name = "keeping.name." + here.query.split("workspace=")[1].split("&")[0]
            here.press(button, *([here.typed(name, "another name")] if button == "keeping.rename" else []))

    return press


DRIVES: dict[Action, Try] = {
    Action.ASK: ask,
    Action.DOWNLOAD: download,
    Action.SAVE: save,
    Action.RECORD: record,
    Action.NOTEBOOK: notebook,
    Action.CAMPAIGN: campaign,
    Action.IMPORT: import_,
    Action.UNDO: undo,
    Action.COPY: copy,
    Action.ROOM: room,
    Action.SHARE: share,
    Action.RENAME: whole("keeping.rename"),
    Action.ARCHIVE: whole("keeping.archive"),
    Action.DELETE: whole("keeping.delete"),
}


SHOWN = frozenset(DRIVES) - {Action.ROOM, Action.RENAME, Action.ARCHIVE, Action.DELETE}
"""Those tried on a page that is about the one workspace."""


@pytest.mark.parametrize("action", DRIVES)
@pytest.mark.parametrize("who", WHO)
@pytest.mark.long
def test_a_role_does_what_its_row_of_the_table_says(
    oidc: Served, cookies: dict[str, str], workspace: str, who: str, action: Action
) -> None:
    may = allows(action, ROLE[who], Standing.ADMIN if who == "admin" else Standing.MEMBER)
    before = len(written(oidc.folder))
    with Visitor(oidc, cookies[who], query=f"workspace={workspace}") as here:
        got = DRIVES[action](here, cookies[who])
        text = here.text
    noted = [row["action"] for row in written(oidc.folder)[before:]]
    if ROLE[who] is None:
        assert "The workspace of this address is not here" in text or action not in SHOWN
        assert workspace not in noted and not set(noted) - {"open"}, noted
    elif action is Action.ASK:
        assert may and "150.75" in text  # what both files spent
    else:
        assert (str(action) in noted) == may, (noted, text[-600:])
        assert ("one has to be" in text or not got or str(got).startswith("failed")) or may


def test_sharing_takes_somebody_to_share_with(oidc: Served, cookies: dict[str, str]) -> None:
    held, id = oidc.registry, made(oidc.folder)
    session = held.standing(cookies["owner"])
    assert session
    held.own(id, session.person)
    with Visitor(oidc, cookies["owner"], query=f"workspace={id}") as here:
        here.visit("data").press("sharing")
        assert here.widget("sharing.give").disabled and here.widget("sharing.give").help == "Choose somebody first."
        assert (here.widget("sharing.everybody").label, here.widget("sharing.everybody").raw_value) == (
            "All others who sign in", "do not see it",
        )  # fmt: skip
        whom = here.chosen("sharing.whom", next(o for o in here.widget("sharing.whom").options if "viewer" in o))
        here.run(whom, part=here.part("sharing.whom"))
        assert not here.widget("sharing.give").disabled
        here.press("sharing.give", whom)
    assert [role for _whom, role in held.shares(id)] == [Role.VIEWER]


@pytest.mark.parametrize("who", ["owner", "editor", "viewer", "stranger", "admin"])
@pytest.mark.long
def test_what_concerns_the_whole_server_is_for_who_looks_after_it(
    oidc: Served, cookies: dict[str, str], who: str, people: Any
) -> None:
    """Remove a person, and give a workspace of nobody's to somebody: an admin can, and nobody else sees any of it."""
    orphan = made(oidc.folder)
    cookie, _answer = people.sign_in(people.make("to be removed", "analysts"))
    session = oidc.registry.standing(cookie)
    assert session
    with Visitor(oidc, cookies[who]) as here:
        here.visit("team")
        button = f"team.out.{session.person.id}"
        if who == "admin":
            here.run(here.chosen(f"team.owner.{orphan}", _label(here, f"team.owner.{orphan}", session.person.email)))
            assert oidc.registry.owner(orphan) == session.person
            here.press(button)
            assert oidc.registry.standing(cookie) is None
        else:
            assert "to be removed" not in here.text and orphan not in here.heard.decode("latin-1")
            assert not here.has(button) and oidc.registry.standing(cookie)


def _label(here: Visitor, key: str, name: str) -> str:
    return next(option for option in here.widget(key).options if name in option)


def test_the_documentation_shows_the_table_that_code_asks() -> None:
    text = (Path(__file__).resolve().parents[2] / "docs" / "sign-in.md").read_text(encoding="utf-8")
    assert table() in text
    assert len(RIGHTS) == len(Action)
