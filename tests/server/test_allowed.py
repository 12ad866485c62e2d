"""A workspace in somebody's hands does for each role what the table says, and has nothing that the table forgot."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from analysis import Contents, ExchangeRate, Lifecycle, Notebook, open_workspace, read_export
from analysis.errors import SluiceError, WorkspaceError
from analysis.workspace import Segment, Workspace
from server import audit
from server.allowed import READS, Allowed, action_of, standing
from server.people import LOCAL, Claims, Person
from server.registry import Registry
from server.rights import RIGHTS, Action, NotAllowed, Role, Standing, allows

SPEND = "date,platform,cost,currency\n2026-11-01,ads,100.25,CNY\n"
INNER = {"close", "compact", "rest", "wake", "awake", "idle"}
"""What the server does with a workspace, and no page."""
RATE = ExchangeRate(currency="USD", day="2026-11-11", rate=7.1, into="CNY")


@pytest.fixture
def here(tmp_path: Path) -> Iterator[Workspace]:
    workspace = open_workspace(tmp_path / "w.duckdb")
    (tmp_path / "spend.csv").write_text(SPEND)
    with_rows = read_export(tmp_path / "spend.csv")
    workspace.add(with_rows)
    with_rows.close()
    yield workspace
    workspace.close()


def somebody(held: Registry, name: str, *groups: str) -> Person:
    person = held.arrived(Claims(f"https://id {name}", name, groups=frozenset(groups)))
    assert person
    return person


def hands(here: Workspace, held: Registry, role: Role | None) -> Allowed:
    owner, other = somebody(held, "Owner"), somebody(held, "Other")
    held.own("w", owner)
    if role is Role.OWNER:
        return Allowed("w", owner, lambda: here, held)
    if role:
        held.share("w", f"person:{other.id}", role)
    return Allowed("w", other, lambda: here, held)


DOES: dict[Action, Callable[[Allowed, Path], object]] = {
    Action.ASK: lambda w, _: Contents().run(w.tables()),
    Action.DOWNLOAD: lambda w, _: w.out("data", bytes),
    Action.SAVE: lambda w, _: w.keep("all", Contents()),
    Action.RECORD: lambda w, _: w.keep("rate", RATE),
    Action.NOTEBOOK: lambda w, _: w.keep("book", Notebook(title="book")),
    Action.CAMPAIGN: lambda w, _: setattr(w, "campaign", w.campaign),
    Action.IMPORT: lambda w, _: w.set_aside(1),
    Action.UNDO: lambda w, _: w.undo(1),
    Action.COPY: lambda w, folder: w.copy(folder / "copy.duckdb"),
    Action.RENAME: lambda w, _: setattr(w, "name", "new name"),
}


@pytest.mark.parametrize("action", DOES)
@pytest.mark.parametrize("role", [None, *Role])
@pytest.mark.long
def test_each_role_does_what_the_table_says(
    here: Workspace, held: Registry, tmp_path: Path, role: Role | None, action: Action
) -> None:
    if action is Action.CAMPAIGN:
        from analysis import Campaign

        here.campaign = Campaign(name="C", start="2026-11-01", end="2026-11-30")
    mine, before = hands(here, held, role), (here.version, here.name, here.kept(Contents), here.batches())
    if allows(action, role, Standing.MEMBER):
        DOES[action](mine, tmp_path)
        return
    with pytest.raises(SluiceError) as refused:
        DOES[action](mine, tmp_path)
    if role is None:
        assert isinstance(refused.value, WorkspaceError) and refused.value.code == "no-workspace"
    else:
        assert isinstance(refused.value, NotAllowed) and "Ask Owner" in str(refused.value)
    assert (here.version, here.name, here.kept(Contents), here.batches()) == before
    assert not (tmp_path / "copy.duckdb").exists() and audit.noted(held) == ()


def test_a_right_that_is_taken_back_is_gone_at_once(here: Workspace, held: Registry) -> None:
    """The handle was given out before; what counts is what holds when something is done."""
    mine = hands(here, held, Role.EDITOR)
    kept = mine.keep("all", Contents())
    held.share("w", f"person:{mine.person.id}", Role.VIEWER)
    for do in (lambda: mine.forget(kept.id), lambda: mine.restore(kept.id), lambda: mine.keep("again", Contents())):
        with pytest.raises(NotAllowed):
            do()
    assert here.kept(Contents) == (kept,) == mine.kept(Contents)
    held.share("w", f"person:{mine.person.id}", None)
    with pytest.raises(WorkspaceError, match="is not here"):
        mine.kept(Contents)


def test_nothing_of_a_workspace_is_forgotten() -> None:
    public = {name for name in dir(Workspace) if not name.startswith("_")}
    named = set(READS) | {name for name in dir(Allowed) if not name.startswith("_")} | INNER
    assert public <= named
    assert not INNER & (set(READS) | set(dir(Allowed)))
    with pytest.raises(AttributeError):
        Allowed("w", LOCAL, lambda: None, None).close()  # type: ignore[arg-type, return-value]


def test_what_it_is_to_keep_a_value() -> None:
    assert action_of(Segment(question=Lifecycle())) is Action.SEGMENT
    assert action_of(Notebook(title="n")) is Action.NOTEBOOK
    assert action_of(RATE) is Action.RECORD and action_of(Contents()) is Action.SAVE


def test_who_does_something_is_written_down(here: Workspace, held: Registry) -> None:
    mine = hands(here, held, Role.OWNER)
    kept = mine.keep("a name that nobody else is to read", Contents())
    mine.forget(kept.id)
    mine.undo(1)
    found = [(one.action, dict(one.detail)) for one in reversed(audit.noted(held, "w"))]
    kind = Contents.kind
    assert found == [("save", {"what": "kept", "kind": kind}), ("save", {"what": "forgotten", "kind": kind}),
                     ("undo", {"batch": 1})]  # fmt: skip
    with pytest.raises(ValueError, match="does not say"):
        audit.note(held, mine.person, "save", "w", name="secret")


def test_the_highest_of_several_roles_holds(held: Registry) -> None:
    owner, li = somebody(held, "Owner"), somebody(held, "Li", "ops", "lead")
    held.own("w", owner)
    assert held.role(li, "w") is None and held.holdings(li) == {}
    held.share("w", "everybody", Role.VIEWER)
    assert held.role(li, "w") is Role.VIEWER
    held.share("w", "group:ops", Role.EDITOR)
    assert held.role(li, "w") is Role.EDITOR and held.role(somebody(held, "Han", "opsx"), "w") is Role.VIEWER
    held.share("w", f"person:{li.id}", Role.OWNER)
    assert held.role(li, "w") is Role.OWNER and set(held.holdings(li)) == {"w"}
    moved = somebody(held, "Li")  # signed in again, in no group any more
    held.share("w", f"person:{li.id}", None)
    assert moved.id == li.id and held.role(moved, "w") is Role.VIEWER
    assert held.role(held.guest("G"), "w") is None  # everybody is everybody with an account


def test_an_admin_sees_no_data_but_of_what_is_nobodys(held: Registry) -> None:
    admin = held.arrived(Claims("https://id boss", "Boss"), admin=True)
    assert admin and standing(admin) is Standing.ADMIN
    held.own("w", somebody(held, "Owner"))
    assert held.role(admin, "w") is None and held.role(admin, "left from before") is Role.OWNER
    assert held.role(somebody(held, "Li"), "left from before") is None


def test_alone_everything_is_allowed(here: Workspace) -> None:
    mine = Allowed("w", LOCAL, lambda: here, None)
    assert mine.role is Role.OWNER and all(mine.may(action) for action in RIGHTS)
    mine.name = "mine"
    assert here.name == "mine"


def test_many_who_open_the_registry_at_once_find_one(tmp_path: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        for n in range(10):
            path = tmp_path / f"{n}.db"
            for one in pool.map(lambda _: Registry(path), range(8)):  # noqa: B023
                assert one.people() == ()
                one.close()
