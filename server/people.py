"""Who is somebody? What a provider or a proxy says of them, and what this server makes of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from server.config import Config


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who uses this server.

    Parameters
    ----------
    id : str
        What stands for them here; it says nothing about them.
    name : str
        What they are called.
    kind : {"local", "anyone", "account", "guest"}
        Who sits at this computer, whoever reaches an open server, one with an account, one in a guest room.
    groups : frozenset of str
        As the provider says.
    admin : bool
        Whether they look after the server.
    email : str
        For others to find them by; may be empty.
    """

    id: str
    name: str
    kind: str = "account"
    groups: frozenset[str] = frozenset()
    admin: bool = False
    email: str = ""

    @property
    def alone(self) -> bool:
        """Whether nobody is told apart here, so that everything is theirs."""
        return self.kind in ("local", "anyone")


LOCAL = Person("local", "", "local", admin=True)
"""Who sits at a computer that serves itself alone."""
ANYONE = Person("anyone", "", "anyone", admin=True)
"""Whoever reaches a server that is open on purpose."""


@dataclass(frozen=True, slots=True)
class Claims:
    """What is said of somebody by who knows them.

    Parameters
    ----------
    subject : str
        Never changes and is never another's: the provider's address with its name for them.
    name, email : str
    groups : frozenset of str
    """

    subject: str
    name: str
    email: str = ""
    groups: frozenset[str] = frozenset()

    def may_enter(self, config: Config) -> bool:
        """Say whether they are in a group that may come in, where only some may."""
        own = config.sign_in
        return not own.groups or bool(self.groups & {*own.groups, *own.admin_groups}) or self.admin(config)

    def admin(self, config: Config) -> bool:
        """Say whether they look after the server."""
        own = config.sign_in
        named = bool(self.email) and self.email.casefold() in {one.casefold() for one in own.admins}
        return named or bool(self.groups & set(own.admin_groups))


def of_provider(said: Mapping[str, Any], config: Config) -> Claims:
    """Return what a provider's claims say.

    A mail address that the provider says it has not verified is nobody's.

    Examples
    --------
    >>> said = {"iss": "https://id.cn", "sub": "7", "name": "李雷", "email": "li@x.cn", "groups": ["ops"]}
    >>> of_provider(said, Config()).subject
    'https://id.cn 7'
    """
    email = "" if said.get("email_verified") is False else str(said.get("email") or "")
    name = next((str(said[key]) for key in ("name", "preferred_username", "nickname", "email") if said.get(key)), "")
    subject = f"{said['iss']} {said['sub']}"
    return Claims(subject, line(name or str(said["sub"])), email, groups_in(said, config.oidc.groups_claim))


def groups_in(said: Mapping[str, Any], claim: str) -> frozenset[str]:
    """Return the groups of a claim, a list or one name; dots lead inside, unless the claim itself has them.

    Examples
    --------
    >>> sorted(groups_in({"realm_access": {"roles": ["ops", "lead"]}}, "realm_access.roles"))
    ['lead', 'ops']
    """
    found: Any = said.get(claim)
    if found is None:
        found = said
        for part in claim.split("."):
            found = found.get(part) if isinstance(found, Mapping) else None
    listed = [found] if isinstance(found, str) else found if isinstance(found, list) else []
    return frozenset(str(one.get("name") if isinstance(one, Mapping) else one).lstrip("/") for one in listed if one)


def of_proxy(headers: Mapping[str, str], config: Config) -> Claims | None:
    """Return what a proxy's headers say, their names in lower case; None where they name nobody."""
    own = config.proxy
    user = headers.get(own.user_header.lower(), "").strip()
    if not user:
        return None
    groups = frozenset(one.strip() for one in headers.get(own.groups_header.lower(), "").split(",") if one.strip())
    name, email = headers.get(own.name_header.lower(), "").strip(), headers.get(own.email_header.lower(), "").strip()
    return Claims(f"proxy {user}", line(name or email or user), email, groups)


def line(text: str, most: int = 80) -> str:
    """Return a name as one line that fits anywhere."""
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())[:most]
