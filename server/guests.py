"""A workshop without accounts: a code and a nickname, and everybody starts from a copy of the trainer's workspace."""

from __future__ import annotations

import secrets
import shutil
import sqlite3
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from analysis.errors import SluiceError
from analysis.messages import say
from analysis.workspace import copies, opening
from analysis.workspace.folder import new_id
from server import audit
from server.config import Config
from server.people import Person, line
from server.registry import Registry
from server.rights import Role

LETTERS = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"
"""What codes are made of: nothing that is read as something else."""
HOUR = 3600.0


class RoomError(SluiceError):
    """A room that cannot be entered, and why."""


@dataclass(frozen=True, slots=True)
class Room:
    """A guest room; times are seconds since 1970, `trainer` is a person's id."""

    code: str
    name: str
    trainer: str
    opened: float
    until: float
    kept: bool


@dataclass(frozen=True, slots=True)
class Seat:
    """Somebody in a room, and where they were seen last, if they were."""

    person: str
    nickname: str
    number: int
    workspace: str
    entered: float
    seen: float | None = None
    page: str = ""

    @property
    def name(self) -> str:
        """The nickname; of several who chose the same, with a number."""
        return self.nickname if self.number == 1 else f"{self.nickname} {self.number}"


class Rooms:
    """The guest rooms of a server.

    Parameters
    ----------
    registry : Registry
    folder : Path
        Of the workspaces; what rooms need lies in `rooms/` in it.
    config : Config
    """

    def __init__(self, registry: Registry, folder: Path, config: Config) -> None:
        self._held, self._folder, self._config = registry, folder / "rooms", config

    # ---- the trainer's side

    def open(self, trainer: Person, name: str, copy: Callable[[Path], object]) -> Room:
        """Open a room from a workspace, of which `copy` writes all that is there into a file."""
        code, now = "".join(secrets.choice(LETTERS) for _ in range(8)), self._held.clock()
        self._folder.mkdir(parents=True, exist_ok=True)
        copy(self._template(code))
        with self._held.writing() as con:
            until = now + self._config.rooms.hours * HOUR
            con.execute("INSERT INTO rooms VALUES (?, ?, ?, ?, ?, 0)", [code, name, trainer.id, now, until])
        audit.note(self._held, trainer, "room", what="opened")
        return Room(code, name, trainer.id, now, until, False)

    def of(self, trainer: Person) -> tuple[Room, ...]:
        """Return the rooms of a trainer that have not ended, the newest first."""
        found = self._held.rows("SELECT * FROM rooms WHERE trainer = ? ORDER BY opened DESC", trainer.id)
        rooms = (_room(row) for row in found)
        return tuple(room for room in rooms if room.kept or room.until > self._held.clock())

    def seats(self, room: Room) -> tuple[Seat, ...]:
        """Return who is in a room, in the order they came, and where each was seen last."""
        found = self._held.rows(
            "SELECT s.*, at, coalesce(page, '') AS page FROM seats AS s LEFT JOIN presence AS p USING (person) "
            "WHERE room = ? ORDER BY entered, number", room.code,
        )  # fmt: skip
        return tuple(
            Seat(r["person"], r["nickname"], r["number"], r["workspace"], r["entered"], r["at"], r["page"])
            for r in found
        )

    def reset(self, trainer: Person, room: Room, person: str) -> None:
        """Give somebody a fresh copy in place of theirs, and let go of the old one."""
        seat = self._seat(room.code, person)
        if seat is None:
            raise no_room()
        workspace = self._copied(room.code)
        with self._held.writing() as con:
            con.execute("UPDATE seats SET workspace = ? WHERE room = ? AND person = ?", [workspace, room.code, person])
            self._give(workspace, Person(person, seat.name, "guest"), room)
        self._let_go([seat.workspace])
        audit.note(self._held, trainer, "room", what="reset", whom=person)

    def extend(self, trainer: Person, room: Room, hours: float) -> Room:
        """Let a room last longer, and those in it stay as long."""
        later = replace(room, until=max(room.until, self._held.clock()) + hours * HOUR)
        with self._held.writing() as con:
            con.execute("UPDATE rooms SET until = ? WHERE code = ?", [later.until, room.code])
            for seat in self._guests(room):
                self._held.lengthen(seat.person, later.until)
        audit.note(self._held, trainer, "room", what="extended")
        return later

    def keep(self, trainer: Person, room: Room, kept: bool) -> None:
        """Let a room stay until it is closed, or not."""
        with self._held.writing() as con:
            con.execute("UPDATE rooms SET kept = ? WHERE code = ?", [kept, room.code])
            for seat in self._guests(room):
                far = self._held.clock() + 365 * 24 * HOUR
                self._held.lengthen(seat.person, far if kept else max(room.until, self._held.clock() + HOUR))
        audit.note(self._held, trainer, "room", what="stays" if kept else "ends")

    def close(self, room: Room, trainer: Person | None = None) -> None:
        """End a room: those in it are out, their copies go."""
        seats, guests = self.seats(room), [seat.person for seat in self._guests(room)]
        for guest in guests:
            self._held.remove(guest)  # out at once, before their copies go
        with self._held.writing() as con:
            con.execute("DELETE FROM rooms WHERE code = ?", [room.code])
        self._let_go([seat.workspace for seat in seats])
        self._held.erase(guests)
        self._template(room.code).unlink(missing_ok=True)
        audit.note(self._held, trainer, "room", what="closed")

    def sweep(self) -> int:
        """Close the rooms whose time is over; return how many."""
        found = self._held.rows("SELECT * FROM rooms WHERE NOT kept AND until <= ?", self._held.clock())
        for row in found:
            self.close(_room(row))
        return len(found)

    # ---- the guest's side

    def find(self, code: str) -> Room:
        """Return the room of a code, however it is typed.

        Raises
        ------
        RoomError
            There is none, or none any more.
        """
        tidy = "".join(c for c in code.upper() if c.isalnum())
        rows = self._held.rows("SELECT * FROM rooms WHERE code = ?", tidy)
        room = _room(rows[0]) if rows and self._config.rooms.allowed else None
        if room is None or not (room.kept or room.until > self._held.clock()):
            raise no_room()
        return room

    def enter(self, room: Room, nickname: str, person: Person | None = None) -> tuple[Person, Seat]:
        """Let somebody in, with a copy of their own; who has a seat already gets that.

        Parameters
        ----------
        room : Room
        nickname : str
        person : Person, optional
            Who is here already: with an account, or as the guest they were before a reload.

        Raises
        ------
        RoomError
            No nickname, or the room is full.
        """
        if person and (seat := self._seat(room.code, person.id)):
            return person, seat
        nickname = line(nickname, 40)
        if not nickname:
            raise RoomError(say("Give a nickname first: the trainer sees who is who by it."), "no-nickname")
        if len(self.seats(room)) >= self._config.rooms.people:
            text = say("This room is full: it takes {n} people. Ask the trainer.", n=self._config.rooms.people)
            raise RoomError(text, "room-full")
        workspace = self._copied(room.code)
        with self._held.writing() as con:
            taken = con.execute(
                "SELECT coalesce(max(number), 0) FROM seats WHERE room = ? AND nickname = ? COLLATE NOCASE",
                [room.code, nickname],
            ).fetchone()[0]
            seat = Seat("", nickname, taken + 1, workspace, 0)
            guest = person if person and person.kind == "account" else self._held.guest(seat.name)
            self._give(workspace, guest, room)
            seat = replace(seat, person=guest.id, entered=self._held.clock())  # after: a later copy was given instead
            con.execute("INSERT INTO seats VALUES (?, ?, ?, ?, ?, ?)",
                        [room.code, guest.id, nickname, seat.number, workspace, seat.entered])  # fmt: skip
        audit.note(self._held, guest, "room", workspace, what="entered")
        return guest, seat

    def home(self, person: Person) -> str | None:
        """Return the workspace of somebody's seat; None for who sits in no room."""
        rows = self._held.rows("SELECT workspace FROM seats WHERE person = ? ORDER BY entered DESC", person.id)
        return rows[0]["workspace"] if rows else None

    def around(self, guest: Person) -> Room | None:
        """Return the room that somebody sits in; None for who sits in none."""
        rows = self._held.rows(
            "SELECT r.* FROM rooms AS r JOIN seats AS s ON s.room = r.code WHERE person = ? ORDER BY entered DESC",
            guest.id,
        )
        return _room(rows[0]) if rows else None

    def replaced(self, guest: Person, workspace: str) -> bool:
        """Say whether a workspace may be the copy that somebody had: they were given another, and it is nobody's."""
        rows = self._held.rows(
            "SELECT 1 FROM seats AS s JOIN workspaces AS w ON w.id = s.workspace WHERE person = ? AND made > entered",
            guest.id,
        )
        return bool(rows) and self._held.owner(workspace) is None

    def seconds(self, room: Room) -> float:
        """Return how long somebody who enters a room now may stay."""
        return 365 * 24 * HOUR if room.kept else room.until - self._held.clock()

    def copies(self) -> tuple[str, ...]:
        """Return the workspaces of all who sit in rooms."""
        return tuple(row["workspace"] for row in self._held.rows("SELECT workspace FROM seats"))

    # ---- files

    def path(self, workspace: str) -> Path:
        """Return where the copy of somebody in a room lies."""
        return self._folder / f"{workspace}.duckdb"

    def _template(self, code: str) -> Path:
        return self._folder / f"{code}.template"

    def _copied(self, code: str) -> str:
        """Make a copy of a room's workspace, whole or not at all; return its id."""
        id = new_id()
        partial = self._folder / f"{id}.partial"
        try:
            shutil.copyfile(self._template(code), partial)
            partial.rename(self.path(id))
        finally:
            partial.unlink(missing_ok=True)
        return id

    def _give(self, workspace: str, guest: Person, room: Room) -> None:
        self._held.own(workspace, guest, "room")
        if guest.id != room.trainer:
            self._held.share(workspace, f"person:{room.trainer}", Role.VIEWER)

    def _let_go(self, workspaces: list[str]) -> None:
        self._held.forget(workspaces)
        for path in map(self.path, workspaces):
            if here := opening.open_here(path):
                here.close()
            copies.remove(path)

    def _guests(self, room: Room) -> tuple[Seat, ...]:
        """Return the seats of those who are here as guests: who has an account keeps it."""
        found = {row["id"] for row in self._held.rows("SELECT id FROM people WHERE kind = 'guest'")}
        return tuple(seat for seat in self.seats(room) if seat.person in found)

    def _seat(self, code: str, person: str) -> Seat | None:
        rows = self._held.rows("SELECT * FROM seats WHERE room = ? AND person = ?", code, person)
        return next((Seat(r["person"], r["nickname"], r["number"], r["workspace"], r["entered"]) for r in rows), None)


def _room(row: sqlite3.Row) -> Room:
    return Room(**{**dict(row), "kept": bool(row["kept"])})


def no_room() -> RoomError:
    """Return what is said of a code that leads nowhere."""
    text = say("There is no room with this code: it was mistyped, or the room is over. Ask the trainer for the code.")
    return RoomError(text, "no-room")
