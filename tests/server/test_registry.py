"""The registry: opened by many at once, and obeying the settings of the day."""

from __future__ import annotations

import threading
from pathlib import Path

from server.config import Config, load
from server.people import Claims
from server.registry import Registry


def test_many_who_open_a_new_registry_at_once_find_one(tmp_path: Path) -> None:
    errors: list[str] = []
    for round_ in range(20):
        start = threading.Barrier(6)

        def begin(path: Path = tmp_path / f"{round_}.db", start: threading.Barrier = start) -> None:
            start.wait()
            try:
                held = Registry(path)
                held.owned()
                held.close()
            except Exception as error:
                errors.append(str(error))

        threads = [threading.Thread(target=begin) for _ in range(6)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert errors == []


def test_a_restart_with_other_settings_changes_who_looks_after_it_and_who_is_in(tmp_path: Path) -> None:
    """Sessions outlive a restart; what they allow does not, where the settings no longer say so."""
    held, path = Registry(tmp_path / "server.db"), tmp_path / "sluice.toml"

    def settings(admins: str, groups: str) -> Config:
        path.write_text(f"[sign_in]\nadmins = {admins}\ngroups = {groups}\n")
        return load(path, {})

    before = settings('["li@x.cn"]', '["ops"]')
    people = [
        Claims("id 1", "Li", "li@x.cn", frozenset({"ops"})),
        Claims("id 2", "Han", "han@x.cn", frozenset({"ops"})),
    ]
    tokens = []
    for claims in people:
        person = held.arrived(claims, admin=claims.admin(before))
        assert person
        tokens.append(held.begin(person, 3600))
    stand = [session.person.admin for session in map(held.standing, tokens) if session]
    assert stand == [True, False]
    held.obey(settings('["HAN@x.cn"]', '["ops"]'))
    assert [session.person.admin for session in map(held.standing, tokens) if session] == [False, True]
    held.obey(settings('["li@x.cn"]', '["shop"]'))
    left = [session and session.person.name for session in map(held.standing, tokens)]
    assert left == ["Li", None]  # who looks after it may enter in any group
