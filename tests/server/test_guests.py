"""A workshop: thirty people behind one address, each on a copy of their own, which a reload gives back."""

from __future__ import annotations

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from tools import Served, Visitor, refused, serving

from analysis import open_workspace, read_export
from analysis.workspace.folder import is_id
from server.config import Config
from server.config import Rooms as Settings
from server.guests import Room, RoomError, Rooms
from server.people import Claims, Person
from server.registry import Registry
from server.rights import Role

SPEND = "date,platform,cost,currency\n2026-11-01,trained,10,CNY\n"


class Clock:
    now = 1_764_000_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def held(tmp_path: Path, clock: Clock) -> Iterator[Registry]:
    registry = Registry(tmp_path / "server.db", clock)
    yield registry
    registry.close()


@pytest.fixture
def trainer(held: Registry) -> Person:
    person = held.arrived(Claims("https://id 1", "Trainer"))
    assert person
    return person


def rooms(held: Registry, people: int = 60) -> Rooms:
    return Rooms(held, held.path.parent, Config(rooms=Settings(people=people)))


def opened(held: Registry, trainer: Person, people: int = 60) -> tuple[Rooms, Room]:
    here = open_workspace(held.path.parent / "source.duckdb")
    here.name = "source"
    try:
        all_ = rooms(held, people)
        return all_, all_.open(trainer, "Workshop", here.copy)
    finally:
        here.close()


def test_each_starts_from_a_copy_of_their_own(held: Registry, trainer: Person) -> None:
    all_, room = opened(held, trainer)
    li, first = all_.enter(all_.find(f" {room.code.lower()[:4]}-{room.code[4:]} "), "Li")
    other, second = all_.enter(room, "Li")
    assert (first.name, second.name, li.id != other.id) == ("Li", "Li 2", True)
    assert first.workspace != second.workspace and is_id(first.workspace)
    assert held.role(li, first.workspace) is Role.OWNER and held.role(li, second.workspace) is None
    assert held.role(trainer, first.workspace) is Role.VIEWER
    for seat in (first, second):
        copy = open_workspace(all_.path(seat.workspace))
        assert copy.name == "source"
        copy.close()


def test_who_comes_back_has_their_seat(held: Registry, trainer: Person) -> None:
    all_, room = opened(held, trainer)
    li, first = all_.enter(room, "Li")
    assert all_.enter(room, "somebody else", li) == (li, first) and all_.home(li) == first.workspace
    again, seat = all_.enter(room, "Trainer", trainer)
    assert again == trainer and seat.name == "Trainer"


def test_a_room_is_found_by_who_sits_in_it(held: Registry, trainer: Person) -> None:
    all_, room = opened(held, trainer)
    li, _seat = all_.enter(room, "Li")
    assert (all_.around(li), all_.around(trainer)) == (room, None)


def test_a_full_room_and_a_nameless_guest_are_told(held: Registry, trainer: Person) -> None:
    all_, room = opened(held, trainer, people=1)
    with pytest.raises(RoomError, match="Give a nickname first"):
        all_.enter(room, " \u200b\n ")
    all_.enter(room, "Li")
    with pytest.raises(RoomError, match="This room is full: it takes 1 person"):
        all_.enter(room, "Han")


def test_a_room_is_gone_after_a_day_unless_it_is_kept(held: Registry, trainer: Person, clock: Clock) -> None:
    all_, room = opened(held, trainer)
    li, seat = all_.enter(room, "Li")
    cookie = held.begin(li, all_.seconds(room))
    clock.now += 23 * 3600
    assert all_.sweep() == 0 and held.standing(cookie)
    later = all_.extend(trainer, room, 4)
    clock.now += 4 * 3600
    assert held.standing(cookie) and all_.sweep() == 0
    all_.keep(trainer, later, True)
    clock.now += 90 * 24 * 3600
    assert held.standing(cookie) and all_.sweep() == 0 and all_.find(room.code)
    all_.keep(trainer, later, False)
    clock.now += 2 * 3600
    assert all_.sweep() == 1 and held.standing(cookie) is None
    assert not all_.path(seat.workspace).exists() and held.role(li, seat.workspace) is None
    assert list((held.path.parent / "rooms").iterdir()) == []
    assert held.people(guests=True) == held.people() and held.person(li.id) is None  # nor is the nickname kept
    with pytest.raises(RoomError, match="There is no room with this code"):
        all_.find(room.code)


def test_a_fresh_copy_takes_the_place_of_the_old_one(held: Registry, trainer: Person, clock: Clock) -> None:
    all_, room = opened(held, trainer)
    li, seat = all_.enter(room, "Li")
    changed = open_workspace(all_.path(seat.workspace))
    changed.name = "spoilt"
    assert not all_.replaced(li, seat.workspace) and not all_.replaced(li, "w" * 22)
    clock.now += 1
    all_.reset(trainer, room, li.id)
    han, other = all_.enter(room, "Han")
    assert all_.replaced(li, seat.workspace) and not all_.replaced(li, other.workspace)
    assert not all_.replaced(han, seat.workspace)
    assert changed.closed and not all_.path(seat.workspace).exists()
    fresh = all_.home(li)
    assert fresh and fresh != seat.workspace and held.role(li, fresh) is Role.OWNER
    copy = open_workspace(all_.path(fresh))
    assert copy.name == "source"
    copy.close()


# ---- on a real server -------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def workshop(oidc: Served, people: Any) -> tuple[str, str]:
    """A trainer's cookie, and the code of the room they opened on the page."""
    cookie, _answer = people.sign_in(people.make("Trainer", "analysts"))
    session = oidc.registry.standing(cookie)
    assert session
    id, path = "trainers-workspace-000", oidc.folder / "trained.csv"
    path.write_text(SPEND)
    here = open_workspace(oidc.folder / f"{id}.duckdb")
    export = read_export(path)
    here.add(export)
    export.close()
    here.name = "For the workshop"
    here.close()
    oidc.registry.own(id, session.person)
    with Visitor(oidc, cookie, query=f"workspace={id}") as trainer:
        trainer.visit("rooms")
        trainer.press("rooms.open", trainer.typed("rooms.name", "Double 11"))
        assert "Double 11" in trainer.text and "Nobody is in it yet." in trainer.text
        assert "This workspace is empty" not in trainer.text
    rows = oidc.registry.rows("SELECT code FROM rooms WHERE trainer = ?", session.person.id)
    assert len(rows) == 1 and rows[0]["code"] in trainer.text
    return cookie, rows[0]["code"]


def enter(oidc: Served, code: str, nickname: str, cookie: str = "") -> tuple[str, str]:
    """Enter a room by its form; return the session's cookie and the workspace one is led to."""
    with oidc.client(cookie) as browser:
        assert browser.get(f"/room/{code}").status_code == 200
        headers = {"content-type": "application/x-www-form-urlencoded", "origin": oidc.url}
        answer = browser.post("/room", content=f"code={code}&nickname={nickname}", headers=headers)
        assert answer.status_code == 303, answer.text
        return answer.cookies.get("sluice", cookie), answer.headers["location"].split("workspace=")[1]


@pytest.mark.long
def test_thirty_behind_one_address_are_thirty(oidc: Served, workshop: tuple[str, str]) -> None:
    trainer, code = workshop
    with ThreadPoolExecutor(10) as pool:
        seats = list(pool.map(lambda n: enter(oidc, code, "Li" if n < 3 else f"Guest{n}"), range(30)))
    assert len({cookie for cookie, _ in seats}) == 30 and len({workspace for _, workspace in seats}) == 30
    with Visitor(oidc, seats[0][0]) as first, Visitor(oidc, trainer) as teacher:
        first.visit("performance")
        assert b"trained" in first.heard
        text = teacher.visit("rooms").text
        assert "30 people are in it" in text
        assert all(f"**{name}**" in text for name in ("Li", "Li 2", "Li 3", "Guest29"))
        assert "on Performance" in text and text.count("has not come in yet") == 29


def test_a_guest_has_their_own_copy_and_nothing_else(oidc: Served, workshop: tuple[str, str]) -> None:
    _trainer, code = workshop
    cookie, workspace = enter(oidc, code, "Alone")
    other, theirs = enter(oidc, code, "Other")
    with Visitor(oidc, cookie) as here:
        here.visit("data")
        assert list(here.widget("frame.workspace").options) == ["Your copy in the room"]
        assert f"workspace={workspace}" in here.query
        assert not here.has("data.new") and not here.has("sharing") and here.has("data.undo.1")
        assert "by open_workspace" in here.widget("frame.workspace.copy").help
        here.press("data.undo.1")
        assert "Batch 1" not in here.visit("data").text
        assert not here.visit("rooms").has("rooms.open")
        assert "A guest of a room has this page after signing in with an account." in here.text
        assert "Members" not in here.visit("team").text and "Only who looks after the server may see" in here.text
    with Visitor(oidc, other) as neighbour:
        assert "Batch 1" in neighbour.visit("data").text
    with Visitor(oidc, cookie, query=f"workspace={theirs}") as curious:
        curious.visit("data")
        assert "Batch 1" not in curious.text
        assert (
            "The workspace of this address is not here: it was deleted, it is not shared with you, or" in curious.text
        )
        assert list(curious.widget("frame.workspace").options) == ["Your copy in the room", "(not here)"]


def test_a_reload_keeps_the_person_and_a_fresh_copy_is_where_they_stand(
    oidc: Served, workshop: tuple[str, str]
) -> None:
    trainer, code = workshop
    cookie, workspace = enter(oidc, code, "Reloads")
    assert enter(oidc, code, "Another name", cookie) == (cookie, workspace)
    session = oidc.registry.standing(cookie)
    assert session and session.person.name == "Reloads"
    with Visitor(oidc, cookie, query=f"workspace={workspace}") as here, Visitor(oidc, trainer) as teacher:
        here.visit("data").press("data.undo.1")
        assert "Batch 1" not in here.visit("data").text
        teacher.visit("rooms").press(f"rooms.reset.{session.person.id}")
        assert "Reloads has a fresh copy." in teacher.text
        assert "Batch 1" in here.visit("data").text
        assert "The trainer gave you a fresh copy" in here.text
        assert workspace not in here.query
        assert "The trainer gave you a fresh copy" not in here.visit("data").text
    with Visitor(oidc, cookie, query=f"workspace={workspace}") as again:  # a page that was open all the while
        assert "Batch 1" in again.visit("data").text and "The trainer gave you a fresh copy" in again.text


def test_the_trainer_looks_at_somebodys_copy(oidc: Served, workshop: tuple[str, str]) -> None:
    trainer, code = workshop
    cookie, workspace = enter(oidc, code, "Looked at")
    session = oidc.registry.standing(cookie)
    assert session
    with Visitor(oidc, trainer) as teacher:
        teacher.visit("rooms").press(f"rooms.look.{session.person.id}")
        assert f"workspace={workspace}" in teacher.query and "rooms.look" not in str(teacher.widgets)
        assert teacher.widget("frame.workspace").raw_value == "Looked at’s copy in the room"


def test_a_guest_reads_when_the_room_ends(oidc: Served, workshop: tuple[str, str]) -> None:
    trainer, code = workshop
    cookie, _workspace = enter(oidc, code, "Until when")
    with Visitor(oidc, cookie) as here, Visitor(oidc, trainer) as teacher:
        until = here.visit("data").text.split("The room is open until ")[1].split(".\n")[0]
        assert until.endswith(" (UTC)")
        assert f"Open until {until}; then it and the copies in it go." in teacher.visit("rooms").text
        teacher.press(f"rooms.{code}.keep")
        assert "The room stays open until the trainer closes it." in here.visit("data").text
        teacher.press(f"rooms.{code}.keep")


def test_a_room_is_opened_from_what_the_switch_calls_it(oidc: Served, workshop: tuple[str, str]) -> None:
    trainer, _code = workshop
    with Visitor(oidc, trainer) as teacher:
        assert teacher.visit("rooms").widget("frame.workspace").raw_value == "Sample campaign"
        assert teacher.widget("rooms.open").label == "Open a room from Sample campaign"


@pytest.mark.long
def test_guessing_codes_is_slowed_and_a_form_from_elsewhere_refused(empty: Path) -> None:
    with serving(empty, {"SLUICE_SIGN_IN_MODE": "open"}) as served, served.client() as browser:
        form = {"content-type": "application/x-www-form-urlencoded"}
        evil = {**form, "origin": "https://evil.example"}
        assert browser.post("/room", content="code=A&nickname=b", headers=evil).status_code == 403
        tries = [
            browser.post("/room", content=f"code=WRONG{n}&nickname=b", headers=form).status_code for n in range(22)
        ]
        assert tries == [400] * 20 + [429] * 2
        with Visitor(served) as anybody:
            assert "Sign out" not in anybody.visit("data").text
            anybody.visit("rooms").press("rooms.open")
            code = served.registry.rows("SELECT code FROM rooms")[0]["code"]
            cookie, workspace = enter(served, code, "Guest")
            with Visitor(served, cookie) as guest:
                assert list(guest.visit("data").widget("frame.workspace").options) == ["Your copy in the room"]
                assert f"workspace={workspace}" in guest.query


@pytest.mark.long
def test_who_closes_a_room_closes_its_sockets(oidc: Served, workshop: tuple[str, str]) -> None:
    trainer, code = workshop
    cookie, _workspace = enter(oidc, code, "Last")
    with Visitor(oidc, cookie) as here, Visitor(oidc, trainer) as teacher:
        here.visit("data")
        began = time.monotonic()
        teacher.visit("rooms").press(f"rooms.{code}.close")
        assert here.ends(within=60) == "/room?why=over"
        assert time.monotonic() - began < 60
    with oidc.client(cookie) as browser:
        assert "The room is over, and the copies in it are gone." in browser.get("/room?why=over").text
        link = browser.get("/paths?workspace=x", headers={"accept": "text/html"})
        assert (link.status_code, link.headers["location"]) == (303, "/room?why=over")
        assert browser.get("/room?why=over").headers["set-cookie"].startswith('sluice=""')
    assert refused(oidc, cookie)
    left = [path.name for path in (oidc.folder / "rooms").iterdir()]  # other tests' rooms are empty
    assert f"{code}.template" not in left and not [name for name in left if name.endswith((".duckdb", ".partial"))]
