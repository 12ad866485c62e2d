"""Who did what, when, on which data? A list that nothing leaves before its time, and that holds nothing about people.

An entry names people and workspaces by ids that say nothing, and counts: no names of files or people, no words of
theirs, nothing secret. Who may read it sees names beside, as they are called today.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass

from server.people import Person
from server.registry import Registry

KEYS = frozenset({"files", "rows", "kind", "whom", "role", "batch", "what"})
"""What an entry may say beside who, what and where."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One thing that was done; `at` is in seconds since 1970, `person` and `workspace` are ids."""

    id: int
    at: float
    person: str
    action: str
    workspace: str | None
    detail: Mapping[str, str | int]


def note(
    registry: Registry, person: Person | None, action: str, workspace: str | None = None, **detail: str | int
) -> None:
    """Write down what somebody did; None for who is not known.

    Examples
    --------
    >>> import tempfile
    >>> from server.people import LOCAL
    >>> folder = tempfile.TemporaryDirectory()
    >>> held = Registry(f"{folder.name}/server.db")
    >>> note(held, LOCAL, "import", "w" * 22, files=2, rows=5000)
    >>> [(one.action, one.detail) for one in noted(held)]
    [('import', {'files': 2, 'rows': 5000})]
    >>> held.close(); folder.cleanup()
    """
    if strange := set(detail) - KEYS:
        raise ValueError(f"an entry does not say {sorted(strange)}")
    who = person.id if person else ""
    with registry.writing() as con:
        con.execute(
            "INSERT INTO audit (at, person, action, workspace, detail) VALUES (?, ?, ?, ?, ?)",
            [registry.clock(), who, str(action), workspace, json.dumps(detail)],
        )


def noted(
    registry: Registry, workspace: str | None = None, *, before: int | None = None, most: int = 200
) -> tuple[Entry, ...]:
    """Return what was done, the last first: everything, or what concerns one workspace."""
    found = registry.rows(
        "SELECT * FROM audit WHERE (?1 IS NULL OR workspace = ?1) AND (?2 IS NULL OR id < ?2) "
        "ORDER BY id DESC LIMIT ?3",
        workspace, before, most,
    )  # fmt: skip
    return tuple(
        Entry(row["id"], row["at"], row["person"], row["action"], row["workspace"], json.loads(row["detail"]))
        for row in found
    )


def prune(registry: Registry, days: float) -> int:
    """Let go of entries older than so many days; return how many."""
    with registry.writing() as con:
        return con.execute("DELETE FROM audit WHERE at < ?", [registry.clock() - days * 86400]).rowcount
