"""A server's settings come from one file and the environment over it; what cannot be is refused in words."""

from __future__ import annotations

from pathlib import Path

import pytest

from server.config import ROOT, Config, ConfigError, described, load, table

OIDC = {
    "SLUICE_SIGN_IN_MODE": "oidc",
    "SLUICE_SERVER_URL": "https://sluice.example.com",
    "SLUICE_OIDC_ISSUER": "https://id.example.com",
    "SLUICE_OIDC_CLIENT_ID": "sluice",
}


def file(folder: Path, text: str) -> Path:
    path = folder / "sluice.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_a_laptop_needs_none(tmp_path: Path) -> None:
    assert load(tmp_path / "sluice.toml", {}) == Config()
    assert Config().sign_in.mode == "none" and not Config().signs_in and not Config().secure


def test_the_environment_stands_over_the_file(tmp_path: Path) -> None:
    path = file(tmp_path, '[sign_in]\nhours = 8\nadmins = ["a@x.cn", "b@x.cn"]\n[rooms]\nallowed = true\n')
    held = load(path, {"SLUICE_SIGN_IN_HOURS": "2.5", "SLUICE_ROOMS_ALLOWED": "false", "SLUICE_ROOMS_PEOPLE": "30"})
    assert held.sign_in.hours == 2.5 and held.sign_in.admins == ("a@x.cn", "b@x.cn")
    assert held.rooms.allowed is False and held.rooms.people == 30
    assert load(path, {"SLUICE_SIGN_IN_ADMINS": " c@x.cn , d@x.cn"}).sign_in.admins == ("c@x.cn", "d@x.cn")


def test_a_secret_may_lie_in_a_file_of_its_own(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("hush-hush\n")
    held = load(tmp_path / "none.toml", OIDC | {"SLUICE_OIDC_CLIENT_SECRET_FILE": str(tmp_path / "secret")})
    assert held.oidc.client_secret == "hush-hush" and held.secure and held.signs_in
    with pytest.raises(ConfigError, match="SLUICE_OIDC_CLIENT_SECRET_FILE: /nowhere cannot be read"):
        load(tmp_path / "none.toml", OIDC | {"SLUICE_OIDC_CLIENT_SECRET_FILE": "/nowhere"})


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[sign_in]\nmode = 'odic'", "sign_in.mode: choose one of none, oidc, proxy, open"),
        ("[sign_in]\nhour = 3", "sign_in.hour: there is none of this name. Near it: sign_in.hours"),
        ("[signin]\nmode = 'oidc'", "signin.mode: there is none of this name. Near it: sign_in.mode"),
        ("mode = 'oidc'", "mode: there is none of this name"),
        ("[sign_in]\nhours = 'long'", "sign_in.hours: it is to be a number"),
        ("[sign_in]\nhours = 0", "sign_in.hours: it is to be 0.001 at least"),
        ("[rooms]\npeople = true", "rooms.people: it is to be a whole number"),
        ("[sign_in]\nadmins = 'a@x.cn'", "sign_in.admins: it is to be a list of texts"),
        ("[sign_in]\nmode = 'oidc'", "server.url: signing in by oidc needs it"),
        (
            "[sign_in]\nmode='proxy'\n[server]\nurl='http://h'\n[proxy]\nsecret='short'",
            "proxy.secret: it is to have 16",
        ),
        ("[server]\nurl = 'sluice.example.com'", "server.url: it is to begin with https:// or http://"),
        ("[sign_in\n", "cannot be read"),
    ],
)
def test_what_cannot_be_is_refused_in_words(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        load(file(tmp_path, text), {})


def test_a_file_that_is_named_is_there() -> None:
    with pytest.raises(ConfigError, match=r"There is no file /nowhere\.toml, which SLUICE_CONFIG names"):
        load(env={"SLUICE_CONFIG": "/nowhere.toml"})


def test_every_setting_says_what_it_is_for() -> None:
    keys = [one.key for one in described()]
    assert len(keys) == len(set(keys)) and len({one.variable for one in described()}) == len(keys)
    assert all(one.what.endswith((".", "。")) for one in described())


def test_the_documentation_shows_every_setting() -> None:
    """Made by `python -m server.config --table`."""
    assert table() in (ROOT / "docs" / "settings.md").read_text(encoding="utf-8")
