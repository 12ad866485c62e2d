"""Who is here, whose is what, and who did what? One SQLite file beside the workspaces, `server.db`.

It holds people, their sessions, to whom workspaces belong and with whom they are shared, guest rooms, and the list of
what was done. Every write is on the disk before it is answered; many threads may ask at once.
"""

from __future__ import annotations

import hashlib
import json
import secrets
import sqlite3
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from server.config import Config
from server.people import Claims, Person
from server.rights import Role

GUEST = "guest."
"""What cookies of guests begin with: who comes back with one after their room is over is told that."""
_PATIENCE = 30.0
"""Seconds to wait for others who write."""
MIGRATIONS = (
    """
    CREATE TABLE people (
        id TEXT PRIMARY KEY, subject TEXT UNIQUE, name TEXT NOT NULL, email TEXT NOT NULL, kind TEXT NOT NULL,
        groups TEXT NOT NULL, admin INTEGER NOT NULL, first_seen REAL NOT NULL, last_seen REAL NOT NULL, removed REAL
    ) STRICT;
    CREATE TABLE sessions (
        hash TEXT PRIMARY KEY, person TEXT NOT NULL REFERENCES people (id), began REAL NOT NULL, until REAL NOT NULL
    ) STRICT;
    CREATE INDEX sessions_of ON sessions (person);
    CREATE TABLE workspaces (
        id TEXT PRIMARY KEY, owner TEXT NOT NULL REFERENCES people (id), everybody INTEGER, kind TEXT NOT NULL,
        made REAL NOT NULL, state TEXT NOT NULL DEFAULT 'open', since REAL
    ) STRICT;
    CREATE INDEX workspaces_of ON workspaces (owner);
    CREATE TABLE shares (
        workspace TEXT NOT NULL REFERENCES workspaces (id) ON DELETE CASCADE, whom TEXT NOT NULL, role INTEGER NOT NULL,
        PRIMARY KEY (workspace, whom)
    ) STRICT;
    CREATE INDEX shares_with ON shares (whom);
    CREATE TABLE rooms (
        code TEXT PRIMARY KEY, name TEXT NOT NULL, trainer TEXT NOT NULL REFERENCES people (id), opened REAL NOT NULL,
        until REAL NOT NULL, kept INTEGER NOT NULL DEFAULT 0
    ) STRICT;
    CREATE TABLE seats (
        room TEXT NOT NULL REFERENCES rooms (code) ON DELETE CASCADE, person TEXT NOT NULL REFERENCES people (id),
        nickname TEXT NOT NULL, number INTEGER NOT NULL, workspace TEXT NOT NULL, entered REAL NOT NULL,
        PRIMARY KEY (room, person), UNIQUE (room, nickname, number)
    ) STRICT;
    CREATE TABLE presence (
        person TEXT PRIMARY KEY, at REAL NOT NULL, workspace TEXT NOT NULL, page TEXT NOT NULL
    ) STRICT;
    CREATE TABLE audit (
        id INTEGER PRIMARY KEY, at REAL NOT NULL, person TEXT NOT NULL, action TEXT NOT NULL, workspace TEXT,
        detail TEXT NOT NULL
    ) STRICT;
    CREATE INDEX audit_of ON audit (workspace, id);
    """,
)
"""What made each version of the file out of the one before; one that was released is never altered."""


@dataclass(frozen=True, slots=True)
class Session:
    """A person's stay, and until when."""

    person: Person
    until: float


@dataclass(frozen=True, slots=True)
class Holding:
    """What is known of a workspace beside its file.

    Parameters
    ----------
    id : str
    owner : str
        Id of the person whose it is.
    role : Role
        What the person who asked is to it.
    kind : {"team", "sample-copy", "room"}
    state : {"open", "archived", "trash"}
    """

    id: str
    owner: str
    role: Role
    kind: str
    state: str


@dataclass(frozen=True, slots=True)
class Listed:
    """A person as a list of people shows them; times are seconds since 1970."""

    person: Person
    first_seen: float
    last_seen: float
    removed: float | None


_OPENING = threading.Lock()


def opened(folder: Path) -> Registry:
    """Return the registry of a folder of workspaces, open, the same for all who ask."""
    with _OPENING:
        return _opened(folder)


@lru_cache(maxsize=8)
def _opened(folder: Path) -> Registry:
    return Registry(folder / "server.db")


def _switch_to_log(con: sqlite3.Connection) -> None:
    """Write through a log; SQLite does not wait by itself while another who opens the file switches it, too."""
    until = time.monotonic() + _PATIENCE
    while True:
        try:
            con.execute("PRAGMA journal_mode = WAL")
            return
        except sqlite3.OperationalError:
            if time.monotonic() > until:
                raise
            time.sleep(0.02)


class Registry:
    """The open file.

    Parameters
    ----------
    path : path
        Made where there is none.
    clock : callable
        Returns the seconds since 1970.

    Examples
    --------
    >>> import tempfile
    >>> folder = tempfile.TemporaryDirectory()
    >>> held = Registry(f"{folder.name}/server.db")
    >>> li = held.arrived(Claims("https://id.cn 7", "李雷"))
    >>> held.own("w" * 22, li)
    >>> held.role(li, "w" * 22), held.role(held.arrived(Claims("https://id.cn 8", "韩梅梅")), "w" * 22)
    (<Role.OWNER: 3>, None)
    >>> held.close(); folder.cleanup()
    """

    def __init__(self, path: str | Path, clock: Callable[[], float] = time.time) -> None:
        self.path, self.clock = Path(path), clock
        self.path.parent.mkdir(parents=True, exist_ok=True)
        if not self.path.exists():
            self.path.touch(mode=0o600)
        self._lock, self._reading = threading.RLock(), threading.Lock()
        self._con = self._connected()
        self._migrate()
        self._reader = self._connected()  # who reads does not wait for who writes

    def _connected(self) -> sqlite3.Connection:
        con = sqlite3.connect(self.path, check_same_thread=False, isolation_level=None, timeout=_PATIENCE)
        con.row_factory = sqlite3.Row
        _switch_to_log(con)
        for pragma in ("synchronous = FULL", "foreign_keys = ON"):
            con.execute(f"PRAGMA {pragma}")
        return con

    def _migrate(self) -> None:
        with self.writing() as con:  # whoever comes second finds it done
            version = con.execute("PRAGMA user_version").fetchone()[0]
            for n, script in enumerate(MIGRATIONS[version:], version + 1):
                for statement in filter(str.strip, script.split(";")):
                    con.execute(statement)
                con.execute(f"PRAGMA user_version = {n}")

    def close(self) -> None:
        """Close the file."""
        with self._lock, self._reading:
            self._reader.close()
            self._con.close()

    @contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """Open a transaction: all of what is written in it, or nothing."""
        with self._lock:
            if self._con.in_transaction:  # part of one that is open
                yield self._con
                return
            self._con.execute("BEGIN IMMEDIATE")
            try:
                yield self._con
            except BaseException:
                self._con.execute("ROLLBACK")
                raise
            self._con.execute("COMMIT")

    def rows(self, query: str, *values: Any) -> list[sqlite3.Row]:
        """Return the rows of a query, of what is written for good."""
        with self._reading:
            return self._reader.execute(query, values).fetchall()

    def _one(self, query: str, *values: Any) -> sqlite3.Row | None:
        return next(iter(self.rows(query, *values)), None)

    # ---- people

    def arrived(self, claims: Claims, *, admin: bool = False) -> Person | None:
        """Note who has signed in, as they are called and grouped by now; None for who was removed."""
        now, groups = self.clock(), json.dumps(sorted(claims.groups))
        said = (claims.name, claims.email, groups, admin)
        found = self._one("SELECT * FROM people WHERE subject = ?", claims.subject)
        if not found or _said(found) != said or now - found["last_seen"] > 3600:
            with self.writing() as con:
                con.execute(
                    "INSERT INTO people VALUES (?, ?, ?, ?, 'account', ?, ?, ?, ?, NULL) "
                    "ON CONFLICT (subject) DO UPDATE SET name = excluded.name, email = excluded.email, "
                    "groups = excluded.groups, admin = excluded.admin, last_seen = excluded.last_seen "
                    "WHERE removed IS NULL",
                    [_new(), claims.subject, *said, now, now],
                )
            found = self._one("SELECT * FROM people WHERE subject = ?", claims.subject)
        return _person(found) if found and found["removed"] is None else None

    def obey(self, config: Config) -> None:
        """Let those with an account be what the settings say now: their sessions outlive a restart of the server."""
        for row in self.rows("SELECT * FROM people WHERE kind = 'account'"):
            claims = Claims(row["subject"], row["name"], row["email"], frozenset(json.loads(row["groups"])))
            if (admin := claims.admin(config)) != bool(row["admin"]):
                with self.writing() as con:
                    con.execute("UPDATE people SET admin = ? WHERE id = ?", [admin, row["id"]])
            if not claims.may_enter(config):
                with self.writing() as con:
                    con.execute("DELETE FROM sessions WHERE person = ?", [row["id"]])

    def guest(self, name: str) -> Person:
        """Make a person without an account."""
        id, now = _new(), self.clock()
        with self.writing() as con:
            con.execute(
                "INSERT INTO people VALUES (?, NULL, ?, '', 'guest', '[]', 0, ?, ?, NULL)", [id, name, now, now]
            )
        return Person(id, name, "guest")

    def known(self, person: Person) -> Person:
        """Note somebody who signs in nowhere, such as whoever reaches an open server."""
        now = self.clock()
        with self.writing() as con:
            con.execute(
                "INSERT OR IGNORE INTO people VALUES (?, NULL, ?, '', ?, '[]', ?, ?, ?, NULL)",
                [person.id, person.name, person.kind, person.admin, now, now],
            )
        return person

    def erase(self, guests: Iterable[str]) -> None:
        """Forget guests, their nicknames with them; of what they did the list keeps an id that leads nowhere."""
        with self.writing() as con:
            for id in guests:
                con.execute("DELETE FROM sessions WHERE person = ?", [id])
                con.execute("DELETE FROM presence WHERE person = ?", [id])
                con.execute("DELETE FROM people WHERE id = ? AND kind = 'guest'", [id])

    def person(self, id: str) -> Person | None:
        """Return a person, also one who was removed."""
        found = self._one("SELECT * FROM people WHERE id = ?", id)
        return _person(found) if found else None

    def subject(self, subject: str) -> Person | None:
        """Return who a provider knows by a name, also one who was removed."""
        found = self._one("SELECT * FROM people WHERE subject = ?", subject)
        return _person(found) if found else None

    def people(self, *, guests: bool = False) -> tuple[Listed, ...]:
        """Return the people with an account, by name, removed ones too; with those of guest rooms, if asked."""
        found = self.rows("SELECT * FROM people WHERE kind = 'account' OR ? ORDER BY name COLLATE NOCASE, id", guests)
        return tuple(Listed(_person(row), row["first_seen"], row["last_seen"], row["removed"]) for row in found)

    def groups(self) -> tuple[str, ...]:
        """Return the groups that people here are in."""
        return tuple(sorted({g for one in self.people() if one.removed is None for g in one.person.groups}))

    def remove(self, person: str) -> None:
        """Let a person in no longer; what is theirs stays. Their sessions end at once."""
        with self.writing() as con:
            con.execute("UPDATE people SET removed = ? WHERE id = ? AND removed IS NULL", [self.clock(), person])
            con.execute("DELETE FROM sessions WHERE person = ?", [person])

    def take_back(self, person: str) -> None:
        """Let a person in again who was removed."""
        with self.writing() as con:
            con.execute("UPDATE people SET removed = NULL WHERE id = ?", [person])

    # ---- sessions

    def begin(self, person: Person, seconds: float) -> str:
        """Begin a session and return what its cookie holds; the file keeps only the digest of that."""
        token, now = (GUEST if person.kind == "guest" else "") + secrets.token_urlsafe(32), self.clock()
        with self.writing() as con:
            con.execute("DELETE FROM sessions WHERE until <= ?", [now])
            con.execute("INSERT INTO sessions VALUES (?, ?, ?, ?)", [digest(token), person.id, now, now + seconds])
        return token

    def standing(self, token: str) -> Session | None:
        """Return the session of a cookie; None once it has run out, was ended, or its person was removed."""
        row = self._one(
            "SELECT p.*, s.until FROM sessions AS s JOIN people AS p ON p.id = s.person "
            "WHERE hash = ? AND until > ? AND removed IS NULL", digest(token), self.clock(),
        )  # fmt: skip
        return Session(_person(row), row["until"]) if row else None

    def end(self, token: str) -> None:
        """End a session: from now on its cookie is nobody's."""
        with self.writing() as con:
            con.execute("DELETE FROM sessions WHERE hash = ?", [digest(token)])

    def lengthen(self, person: str, until: float) -> None:
        """Let all sessions of a person run to a moment."""
        with self.writing() as con:
            con.execute("UPDATE sessions SET until = ? WHERE person = ?", [until, person])

    # ---- workspaces

    def own(self, workspace: str, owner: Person, kind: str = "team") -> None:
        """Note whose a workspace is: nobody else sees it before it is shared."""
        with self.writing() as con:
            con.execute(
                "INSERT INTO workspaces VALUES (?, ?, NULL, ?, ?, 'open', NULL) "
                "ON CONFLICT (id) DO UPDATE SET owner = excluded.owner, kind = excluded.kind",
                [workspace, owner.id, kind, self.clock()],
            )

    def owner(self, workspace: str) -> Person | None:
        """Return whose a workspace is; None where it is nobody's yet."""
        row = self._one("SELECT p.* FROM workspaces AS w JOIN people AS p ON p.id = w.owner WHERE w.id = ?", workspace)
        return _person(row) if row else None

    def role(self, person: Person, workspace: str) -> Role | None:
        """Return what a person is to a workspace; None: to them there is no such workspace.

        One that is nobody's yet, since it lay here before people were told apart, is open to those who look after the
        server, to give it an owner.
        """
        held = self._holdings(person, workspace)
        if workspace in held:
            return held[workspace].role
        unowned = person.admin and self._one("SELECT 1 FROM workspaces WHERE id = ?", workspace) is None
        return Role.OWNER if unowned else None

    def holdings(self, person: Person) -> Mapping[str, Holding]:
        """Return the workspaces that there are for a person, by id."""
        return self._holdings(person, None)

    def _holdings(self, person: Person, workspace: str | None) -> dict[str, Holding]:
        whom = [f"person:{person.id}", *(f"group:{name}" for name in person.groups)]
        only = "" if workspace is None else "AND w.id = ?"
        everybody = (
            ""
            if person.kind == "guest"
            else f"""
            UNION ALL SELECT w.*, everybody AS role FROM workspaces AS w WHERE everybody IS NOT NULL {only}"""
        )
        query = f"""
            SELECT id, owner, kind, state, max(role) AS role FROM (
                SELECT w.*, {int(Role.OWNER)} AS role FROM workspaces AS w WHERE owner = ? {only}
                UNION ALL SELECT w.*, s.role FROM shares AS s JOIN workspaces AS w ON w.id = s.workspace
                WHERE whom IN ({", ".join("?" for _ in whom)}) {only} {everybody}
            ) GROUP BY id"""
        one = [] if workspace is None else [workspace]
        found = self.rows(query, person.id, *one, *whom, *one, *(one if everybody else []))
        return {r["id"]: Holding(r["id"], r["owner"], Role(r["role"]), r["kind"], r["state"]) for r in found}

    def owned(self) -> frozenset[str]:
        """Return the workspaces that are somebody's."""
        return frozenset(row["id"] for row in self.rows("SELECT id FROM workspaces"))

    def everybody(self, workspace: str) -> Role | None:
        """Return what everybody with an account is to a workspace."""
        row = self._one("SELECT everybody FROM workspaces WHERE id = ?", workspace)
        return Role(row["everybody"]) if row and row["everybody"] else None

    def shares(self, workspace: str) -> tuple[tuple[str, Role], ...]:
        """Return with whom a workspace is shared: `person:id` or `group:name`, and as what."""
        found = self.rows("SELECT whom, role FROM shares WHERE workspace = ? ORDER BY whom", workspace)
        return tuple((row["whom"], Role(row["role"])) for row in found)

    def share(self, workspace: str, whom: str, role: Role | None) -> None:
        """Share a workspace with `person:id`, `group:name` or `everybody`; None takes that back."""
        with self.writing() as con:
            if whom == "everybody":
                con.execute("UPDATE workspaces SET everybody = ? WHERE id = ?", [role, workspace])
            elif role is None:
                con.execute("DELETE FROM shares WHERE workspace = ? AND whom = ?", [workspace, whom])
            else:
                con.execute("INSERT OR REPLACE INTO shares VALUES (?, ?, ?)", [workspace, whom, role])

    def set_state(self, workspace: str, state: str) -> None:
        """Note whether a workspace is `open`, `archived` or in the `trash`, and since when."""
        with self.writing() as con:
            con.execute("UPDATE workspaces SET state = ?, since = ? WHERE id = ?", [state, self.clock(), workspace])

    def forget(self, workspaces: Iterable[str]) -> None:
        """Let go of what is known of workspaces that are gone for good."""
        with self.writing() as con:
            con.executemany("DELETE FROM workspaces WHERE id = ?", [(one,) for one in workspaces])

    # ---- where people are

    def seen(self, person: Person, workspace: str, page: str) -> None:
        """Note where a person is, at most every ten seconds unless they go elsewhere."""
        now, row = self.clock(), self._one("SELECT * FROM presence WHERE person = ?", person.id)
        if row and now - row["at"] < 10 and (row["workspace"], row["page"]) == (workspace, page):
            return
        with self.writing() as con:
            con.execute("INSERT OR REPLACE INTO presence VALUES (?, ?, ?, ?)", [person.id, now, workspace, page])
            con.execute("UPDATE people SET last_seen = ? WHERE id = ?", [now, person.id])


def digest(token: str) -> str:
    """Return what is kept of a cookie."""
    return hashlib.sha256(token.encode()).hexdigest()


def _new() -> str:
    return secrets.token_urlsafe(9)


def _said(row: sqlite3.Row) -> tuple[str, str, str, bool]:
    return row["name"], row["email"], row["groups"], bool(row["admin"])


def _person(row: sqlite3.Row) -> Person:
    groups = frozenset(json.loads(row["groups"]))
    return Person(row["id"], row["name"], row["kind"], groups, bool(row["admin"]), row["email"])
