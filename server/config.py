"""How is this server set up? One file, `sluice.toml`, and the environment over it; every setting says what it is for.

`python -m server.config` checks the file, asks the provider whether it is there, and prints what holds.
"""

from __future__ import annotations

import os
import re
import sys
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import Field, dataclass, field, fields
from difflib import get_close_matches
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple, get_type_hints
from urllib.parse import urlsplit

from analysis.errors import SluiceError
from analysis.messages import Message, Names, say
from server import discovery

ROOT = Path(__file__).resolve().parent.parent
BESIDE = ("SLUICE_CONFIG", "SLUICE_KEY_FILE", "SLUICE_THREADS", "SLUICE_SECRETS", "SLUICE_COMMAND", "SLUICE_BENCH_OLD",
          "SLUICE_VALUE_PEER")  # fmt: skip
"""What the environment may say beside the settings: where things are, and what benchmarks compare with."""
_ORCHESTRATED = re.compile(r"SLUICE_(\w+_)?(SERVICE_(HOST|PORT)\w*|PORT_\d+_(TCP|UDP)\w*)")
"""What Kubernetes and Docker put there by themselves where a service is called sluice."""
EXAMPLE = "example.com"
"""The name of nobody that stands in the files one starts from."""


class ConfigError(SluiceError):
    """A setting that cannot be as it stands: the server does not start."""

    @classmethod
    def because(cls, setting: str, message: Message) -> ConfigError:
        """Say of a setting, such as `oidc.issuer`, what is wrong with it."""
        return cls(say("The setting {name}: {reason}", name=setting, reason=message), "bad-setting")


def setting(default: Any, what: str, *, choices: tuple[str, ...] = (), least: float | None = None,
            secret: bool = False) -> Any:  # fmt: skip
    """Return the field of one setting.

    Parameters
    ----------
    default : bool, int, float, str or tuple of str
        What holds where nothing is said; its type is the setting's.
    what : str
        What it is for, in a sentence; the documentation's table is made of these.
    choices : tuple of str
        All that it may be, where there are but a few.
    least : float, optional
        The least that a number may be.
    secret : bool
        Whether it is never printed; it can be read from a file that `SLUICE_SECTION_NAME_FILE` names.
    """
    return field(default=default, metadata={"what": what, "choices": choices, "least": least, "secret": secret})


@dataclass(frozen=True)
class Server:
    """Where the server is, and where it keeps things."""

    url: str = setting("", "Address that people type, such as https://sluice.example.com; cookies are for https alone "
                           "if it begins so.")  # fmt: skip
    workspaces: str = setting("", "Folder of the workspaces; without it, workspaces/ beside the app.")
    audit_days: float = setting(365.0, "Days for which the list of who did what is kept.", least=1)
    metrics_token: str = setting("", "What a collector of metrics sends as `Authorization: Bearer …`; without it, "
                                     "metrics answer admins alone.", secret=True)  # fmt: skip


@dataclass(frozen=True)
class SignIn:
    """Who may come in, and for how long."""

    mode: str = setting(
        "none",
        "none: this computer alone, one person; oidc: an OpenID Connect provider; proxy: a proxy that says who it is; "
        "open: everybody who reaches the server is one person and may do everything.",
        choices=("none", "oidc", "proxy", "open"),
    )
    hours: float = setting(12.0, "Hours after which one signs in again.", least=0.001)
    admins: tuple[str, ...] = setting((), "Mail addresses of the people who look after the server.")
    admin_groups: tuple[str, ...] = setting((), "Groups whose members look after it, too.")
    groups: tuple[str, ...] = setting((), "Groups whose members may come in; without one, all whom the provider knows.")


@dataclass(frozen=True)
class Oidc:
    """The OpenID Connect provider."""

    issuer: str = setting("", "The provider's address; the rest is read from /.well-known/openid-configuration there.")
    client_id: str = setting("", "What the provider calls this application.")
    client_secret: str = setting("", "What it gave this application as a secret.", secret=True)
    scope: str = setting("openid profile email", "What is asked for; some providers give groups only for `groups`.")
    groups_claim: str = setting("groups", "Where the provider says groups; dots lead inside, as in realm_access.roles.")
    name: str = setting("", "What the button says one signs in with, such as 飞书 or Company account.")

    @property
    def discovery(self) -> str:
        """Where the provider says what it is."""
        return f"{self.issuer.rstrip('/')}/.well-known/openid-configuration"


@dataclass(frozen=True)
class Proxy:
    """The proxy that knows who people are."""

    secret: str = setting("", "What the proxy sends as X-Sluice-Proxy with every request, 16 characters at least: who "
                              "comes past the proxy does not know it.", secret=True)  # fmt: skip
    user_header: str = setting("X-Forwarded-User", "Header with the account's name, which never changes.")
    name_header: str = setting("X-Forwarded-Preferred-Username", "Header with the name to show.")
    email_header: str = setting("X-Forwarded-Email", "Header with the mail address.")
    groups_header: str = setting("X-Forwarded-Groups", "Header with the groups, split by commas.")
    sign_out_url: str = setting("", "Where signing out leads, such as /oauth2/sign_out.")


@dataclass(frozen=True)
class Rooms:
    """Guest rooms of workshops."""

    allowed: bool = setting(True, "Whether trainers may open rooms, which people enter without an account.")
    hours: float = setting(24.0, "Hours after which a room is gone, unless it is kept.", least=0.01)
    people: int = setting(60, "How many people a room takes.", least=1)


@dataclass(frozen=True)
class Limits:
    """How much one person, and all together, may take: nobody's load is another's."""

    upload_mb: float = setting(1024.0, "Most that one file may have, in MB; the web server before it has to let it "
                                       "through.", least=1)  # fmt: skip
    held_mb: float = setting(2048.0, "Most that files of one person may hold while they wait to be imported, in MB.",
                             least=1)  # fmt: skip
    held_by_all_mb: float = setting(8192.0, "The same for everybody together.", least=1)
    workspaces: int = setting(50, "How many workspaces one person may own.", least=1)
    person_gb: float = setting(20.0, "Disk that the workspaces of one person may take, in GB.", least=0.001)
    free_gb: float = setting(1.0, "Disk that stays free: below it nothing is imported, saved or copied.", least=0)
    imports_at_once: int = setting(2, "How many imports run at once; others wait, in turn by person.", least=1)
    questions_at_once: int = setting(1, "How many long questions run at once; leave a core to everybody's clicks.",
                                     least=1)  # fmt: skip
    questions_waiting: int = setting(6, "How many long questions of one person may wait or be under way.", least=1)
    question_seconds: float = setting(600.0, "Most that one question may take, in seconds.", least=0.1)
    question_mb: float = setting(4096.0, "Most by which memory may grow while one long question runs, in MB.", least=1)
    answers_mb: float = setting(256.0, "Most that answers may hold together which are kept for who asks the same, in "
                                       "MB.", least=1)  # fmt: skip


@dataclass(frozen=True)
class Workspaces:
    """How workspaces are kept."""

    open: int = setting(12, "How many are open at once; the others wait on the disk and open by themselves.", least=1)
    idle_minutes: float = setting(10.0, "Minutes after which one that nobody uses is closed.", least=0.01)
    threads: int = setting(0, "Threads of a question in one of them; 0: as many as there are cores, four at most.",
                           least=0)  # fmt: skip
    memory_mb: int = setting(0, "Megabytes that one may use before it goes on on the disk; 0: a quarter of the "
                                "machine's.", least=0)  # fmt: skip
    trash_days: float = setting(30.0, "Days for which one that was deleted can be taken back.", least=0.01)


@dataclass(frozen=True)
class Backups:
    """Copies of the workspaces, made while people work."""

    folder: str = setting("", "Where they are kept, on another disk at best; without it, backups/ in the folder of the "
                              "workspaces.")  # fmt: skip
    hours: float = setting(24.0, "Hours from one round to the next; 0: only by the button and the command.", least=0)
    days: int = setting(7, "Of how many days the newest is kept.", least=1)
    weeks: int = setting(4, "Of how many weeks the newest is kept.", least=0)


@dataclass(frozen=True)
class Config:
    """All settings of a server, by section of the file."""

    server: Server = Server()
    sign_in: SignIn = SignIn()
    oidc: Oidc = Oidc()
    proxy: Proxy = Proxy()
    rooms: Rooms = Rooms()
    limits: Limits = Limits()
    workspaces: Workspaces = Workspaces()
    backups: Backups = Backups()

    @property
    def secure(self) -> bool:
        """Whether cookies are for https alone."""
        return self.server.url.startswith("https://")

    @property
    def signs_in(self) -> bool:
        """Whether people are told apart."""
        return self.sign_in.mode in ("oidc", "proxy")


class Setting(NamedTuple):
    """One setting, described."""

    section: str
    name: str
    type: type
    default: Any
    what: str
    choices: tuple[str, ...]
    least: float | None
    secret: bool

    @property
    def key(self) -> str:
        """How the file calls it: `sign_in.hours`."""
        return f"{self.section}.{self.name}"

    @property
    def variable(self) -> str:
        """How the environment calls it: `SLUICE_SIGN_IN_HOURS`; the folder of workspaces keeps its older name."""
        return "SLUICE_WORKSPACES" if self.key == "server.workspaces" else f"SLUICE_{self.section}_{self.name}".upper()


def described() -> Iterator[Setting]:
    """Yield every setting there is, section by section."""
    for name, kind in get_type_hints(Config).items():
        for one in fields(kind):
            yield _described(name, one)


def _described(section: str, one: Field[Any]) -> Setting:
    return Setting(section, one.name, type(one.default), one.default, **one.metadata)


def load(path: str | Path | None = None, env: Mapping[str, str] | None = None) -> Config:
    """Read the settings: of the file, with those of the environment over them.

    Parameters
    ----------
    path : path, optional
        The file; by default what `SLUICE_CONFIG` names, else `sluice.toml` beside the app, which need not be there.
    env : mapping, optional
        The environment; by default this process's.

    Raises
    ------
    ConfigError
        There is no such setting, its value does not fit, or what a way to sign in needs is missing.

    Examples
    --------
    >>> load("/nowhere.toml", {"SLUICE_SIGN_IN_HOURS": "8", "SLUICE_SIGN_IN_MODE": "open"}).sign_in.hours
    8.0
    """
    env = os.environ if env is None else env
    _refuse_unknown(env)
    given = _of_file(Path(path or env.get("SLUICE_CONFIG") or ROOT / "sluice.toml"), named="SLUICE_CONFIG" in env)
    for one in described():
        if (text := _of_environment(one, env)) is not None:
            given.setdefault(one.section, {})[one.name] = _read(one, text)
    sections = {name: kind(**given.get(name, {})) for name, kind in get_type_hints(Config).items()}
    return _checked(Config(**sections))


@lru_cache(maxsize=1)
def current() -> Config:
    """Return this process's settings, read once."""
    return load()


def workspaces_folder(config: Config) -> Path:
    """Return where workspaces are kept: `SLUICE_WORKSPACES` as it is now, else what is set, else beside the app."""
    return Path(os.environ.get("SLUICE_WORKSPACES") or config.server.workspaces or ROOT / "workspaces")


def _refuse_unknown(env: Mapping[str, str]) -> None:
    """Refuse a name that no setting has: with a slip of the pen in it, what was meant would not hold."""
    known = [*BESIDE]
    for one in described():
        known += [one.variable, f"{one.variable}_FILE"] if one.secret else [one.variable]
    for name in env:
        if not name.startswith("SLUICE_") or name in known or _ORCHESTRATED.fullmatch(name):
            continue
        if not (name.endswith("_PORT") and "://" in env[name]):  # an orchestrator's, too
            raise _unknown(name, known)


def command(name: str) -> str:
    """Return how one of the program's commands is called here: where it is a service, as `SLUICE_COMMAND` says.

    Examples
    --------
    >>> command("backups")
    'python -m server.backups'
    """
    called = os.environ.get("SLUICE_COMMAND")
    return f"{called} {name}" if called else f"python -m server.{name}"


def _of_file(path: Path, *, named: bool) -> dict[str, dict[str, Any]]:
    try:
        found = tomllib.loads(path.read_text(encoding="utf-8"))
    except (FileNotFoundError, NotADirectoryError):
        if named:
            raise ConfigError(
                say("There is no file {path}, which SLUICE_CONFIG names.", path=str(path)), "no-config"
            ) from None
        return {}
    except PermissionError as error:
        text = say(
            "{path} cannot be read by the user that the server runs as: {reason}. Let it: sudo chmod 644 {path}, and "
            "755 its folder; secrets belong elsewhere.",
            path=str(path),
            reason=error.strerror,
        )
        raise ConfigError(text, "no-toml") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, OSError) as error:
        raise ConfigError(
            say("{path} cannot be read: {reason}", path=str(path), reason=str(error)), "no-toml"
        ) from None
    known = {one.key: one for one in described()}
    for section, values in found.items():
        for name, value in values.items() if isinstance(values, dict) else [("", values)]:
            key = f"{section}.{name}".rstrip(".")
            if key not in known:
                raise _unknown(key, list(known))
            values[name] = _fitting(known[key], value)
    return found


def _unknown(key: str, known: list[str]) -> ConfigError:
    near = get_close_matches(key, known, 3, 0.5) or sorted({k.split(".")[0] for k in known})
    return ConfigError.because(key, say("there is none of this name. Near it: {names}.", names=Names(tuple(near))))


def _of_environment(one: Setting, env: Mapping[str, str]) -> str | None:
    if one.secret and (path := env.get(f"{one.variable}_FILE")):
        try:
            return Path(path).read_text(encoding="utf-8").strip()
        except OSError as error:
            reason = say("{path} cannot be read: {reason}", path=path, reason=error.strerror or str(error))
            raise ConfigError.because(f"{one.variable}_FILE", reason) from None
    return env.get(one.variable) or None


def _read(one: Setting, text: str) -> Any:
    """Return a text of the environment as what the setting is."""
    if one.type is tuple:
        return tuple(part.strip() for part in text.split(",") if part.strip())
    if one.type is bool:
        return _fitting(one, {"true": True, "1": True, "false": False, "0": False}.get(text.lower(), text))
    if one.type in (int, float):
        try:
            return _fitting(one, one.type(text))
        except ValueError:
            return _fitting(one, text)
    return _fitting(one, text)


def _fitting(one: Setting, value: Any) -> Any:
    """Return a value as what the setting is, or say what it may be."""
    if one.type is float and type(value) is int:
        value = float(value)
    if one.type is tuple and isinstance(value, list) and all(isinstance(part, str) for part in value):
        value = tuple(value)
    if type(value) is not one.type:
        kinds = {bool: say("true or false"), int: say("a whole number"), float: say("a number"), str: say("a text"),
                 tuple: say("a list of texts")}  # fmt: skip
        raise ConfigError.because(one.key, say("it is to be {kind}.", kind=kinds[one.type]))
    if one.choices and value not in one.choices:
        raise ConfigError.because(one.key, say("choose one of {names}.", names=Names(one.choices)))
    if one.least is not None and isinstance(value, (int, float)) and not value >= one.least:
        raise ConfigError.because(one.key, say("it is to be {least} at least.", least=str(one.least)))
    return value


def _checked(config: Config) -> Config:
    """Refuse a way to sign in that lacks what it needs."""
    needs = {
        "oidc": ("server.url", "oidc.issuer", "oidc.client_id", "oidc.client_secret"),
        "proxy": ("server.url", "proxy.secret"),
    }
    known = {one.key: one for one in described()}
    for key in needs.get(config.sign_in.mode, ()):
        section, name = key.split(".")
        if not getattr(getattr(config, section), name):
            raise ConfigError.because(key, _needed(known[key], config.sign_in.mode))
    if config.sign_in.mode == "proxy" and len(config.proxy.secret) < 16:
        raise ConfigError.because("proxy.secret", say("it is to have 16 characters at least."))
    if config.server.url:
        _check_url(config.server.url)
    return config


def _needed(one: Setting, mode: str) -> Message:
    if not one.secret:
        return say("signing in by {mode} needs it.", mode=mode)
    return say("signing in by {mode} needs it. Write {variable}=… into the service's secrets.env "
               "(/etc/sluice/secrets.env), or name a file that holds it by {variable}_FILE.",
               mode=mode, variable=one.variable)  # fmt: skip


def _check_url(url: str) -> None:
    if not url.startswith(("https://", "http://")):
        raise ConfigError.because("server.url", say("it is to begin with https:// or http://."))
    parts = urlsplit(url)
    if parts.path.strip("/") or parts.query or parts.fragment:
        text = say("it is to end with the name or the port, as {url} does: the app stands at the root of its address.",
                   url=f"{parts.scheme}://{parts.netloc}")  # fmt: skip
        raise ConfigError.because("server.url", text)


def remarks(config: Config) -> Iterator[Message]:
    """Yield what may be as it is, but is hardly meant so."""
    own = config.sign_in
    if config.signs_in and not own.admins and not own.admin_groups:
        yield say("Nobody looks after this server: name people in sign_in.admins, by the mail addresses that the "
                  "provider gives.")  # fmt: skip
    given = {"server.url": config.server.url, "oidc.issuer": config.oidc.issuer, "sign_in.admins": ",".join(own.admins)}
    for name, value in given.items():
        if config.signs_in and EXAMPLE in value:
            yield say("The setting {name} is the example's, {value}: put in your own.", name=name, value=value)


def table() -> str:
    """Return the settings as a Markdown table, as `docs/settings.md` shows them."""
    rows = ["| setting | without it | what it is for |", "| --- | --- | --- |"]
    for one in described():
        default = {True: "true", False: "false"}.get(one.default, one.default) if one.type is bool else one.default
        without = f"`{default}`" if default not in ("", ()) else ""
        rows.append(f"| `{one.key}` | {without} | {one.what} |")
    return "\n".join(rows)


def main() -> None:
    """Check the settings and print those that hold; with `--table`, print the table of `docs/settings.md`."""
    if "--table" in sys.argv:
        print(table())
        return
    try:
        config = load()
    except SluiceError as error:
        sys.exit(str(error))
    for one in described():
        value = getattr(getattr(config, one.section), one.name)
        print(f"{one.key} = {'(set)' if one.secret and value else value!r}")
    for text in remarks(config):
        print(text, file=sys.stderr)
    if config.sign_in.mode == "oidc" and (trouble := discovery.trouble(config.oidc.discovery)):
        print(trouble, file=sys.stderr)


if __name__ == "__main__":
    main()
