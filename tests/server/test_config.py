"""A server's settings come from one file and the environment over it; what cannot be is refused in words."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest
from tools import free_port

from server import config, discovery
from server.config import ROOT, Config, ConfigError, described, load, remarks, table

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
        (
            "[server]\nurl = 'https://example.cn/app'",
            "server.url: it is to end with the name or the port, as https://exam",
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


# ---- names that are none ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("given", "meant"),
    [
        ("SLUICE_SERVER_METRIC_TOKEN", "SLUICE_SERVER_METRICS_TOKEN"),
        ("SLUICE_OIDC_CLIENT_SECRT", "SLUICE_OIDC_CLIENT_SECRET"),
        ("SLUICE_OIDC_CLIENT_ID_FILE", "SLUICE_OIDC_CLIENT_ID"),
        ("SLUICE_SERVER_WORKSPACES", "SLUICE_WORKSPACES"),
    ],
)
def test_a_slip_in_a_name_of_the_environment_is_refused_with_what_is_near(given: str, meant: str) -> None:
    with pytest.raises(ConfigError, match=rf"{given}: there is none of this name\. Near it: .*\b{meant}\b"):
        load("/nowhere.toml", {given: "x"})


def test_whatever_the_project_itself_reads_is_known() -> None:
    places = [
        *ROOT.glob("deploy/*"),
        *(p for f in ("analysis", "server", "ui", "benchmarks") for p in ROOT.glob(f"{f}/**/*.py")),
    ]
    read = {name for path in places if path.is_file()
            for name in re.findall(r"\bSLUICE_[A-Z_]*[A-Z]\b", path.read_text(encoding="utf-8"))}  # fmt: skip
    read -= {"SLUICE_SECTION_NAME_FILE", "SLUICE_SERVICE_HOST", "SLUICE_PORT"}  # what comments call them
    assert {"SLUICE_THREADS", "SLUICE_KEY_FILE", "SLUICE_SECRETS"} <= read
    for name in read - {one.variable for one in described()} - {f"{one.variable}_FILE" for one in described()}:
        load("/nowhere.toml", {name: ""} if name != "SLUICE_CONFIG" else {})


def test_what_an_orchestrator_puts_beside_is_no_setting() -> None:
    names = ("SLUICE_SERVICE_HOST", "SLUICE_SERVICE_PORT_HTTP", "SLUICE_PORT_8501_TCP_ADDR", "SLUICE_WEB_SERVICE_HOST")
    assert load("/nowhere.toml", dict.fromkeys(names, "10.0.0.7") | {"SLUICE_PORT": "tcp://10.0.0.7:8501"}) == Config()
    with pytest.raises(ConfigError, match="SLUICE_SERVER_PORT: there is none of this name"):
        load("/nowhere.toml", {"SLUICE_SERVER_PORT": "8080"})


# ---- what is missing, and what is hardly meant ------------------------------------------------------------


def test_a_file_that_the_service_may_not_read_is_named_with_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = file(tmp_path, "[sign_in]\nhours = 8\n")

    def refuses(self: Path, **_: object) -> str:
        raise PermissionError(13, "Permission denied", str(self))

    monkeypatch.setattr(Path, "read_text", refuses)
    with pytest.raises(ConfigError) as raised:
        load(path, {})
    said = str(raised.value)
    assert f"{path} cannot be read by the user that the server runs as: Permission denied." in said
    assert f"sudo chmod 644 {path}" in said


def test_a_secret_that_is_missing_is_named_as_it_is_to_be_written(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as raised:
        load(tmp_path / "none.toml", OIDC)
    said = str(raised.value)
    assert said.startswith("The setting oidc.client_secret: signing in by oidc needs it.")
    assert "SLUICE_OIDC_CLIENT_SECRET=… " in said and "/etc/sluice/secrets.env" in said
    assert "SLUICE_OIDC_CLIENT_SECRET_FILE" in said


def test_what_is_hardly_meant_is_remarked_on(tmp_path: Path) -> None:
    secret = {"SLUICE_OIDC_CLIENT_SECRET": "hush"}
    said = [str(one) for one in remarks(load(tmp_path / "none.toml", OIDC | secret))]
    assert ["Nobody looks after this server" in one for one in said] == [True, False, False]
    assert ["server.url" in one or "oidc.issuer" in one for one in said] == [False, True, True]
    own = {
        "SLUICE_SERVER_URL": "https://s.cn",
        "SLUICE_OIDC_ISSUER": "https://id.cn",
        "SLUICE_SIGN_IN_ADMINS": "a@s.cn",
    }
    assert list(remarks(load(tmp_path / "none.toml", OIDC | secret | own))) == []
    example = load(ROOT / "deploy" / "sluice.toml", secret)
    assert len(list(remarks(example))) == 3
    assert list(remarks(Config())) == []


@contextmanager
def answering(status: int, body: str) -> Iterator[str]:
    """Serve one answer; yield the address."""

    class Answers(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(status)
            self.end_headers()
            self.wfile.write(body.encode())

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Answers)
    Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()


@pytest.mark.parametrize(
    ("status", "body", "said"),
    [
        (200, json.dumps({"authorization_endpoint": "https://id.cn/go"}), ""),
        (200, "<html>a page</html>", "it gives no JSON"),
        (200, "[]", "it names no authorization_endpoint"),
        (404, "{}", "Not Found"),
    ],
)
def test_the_provider_is_asked_whether_it_is_one(status: int, body: str, said: str) -> None:
    with answering(status, body) as address:
        trouble = discovery.trouble(address)
    assert (str(trouble) if trouble else "") == (
        f"The provider cannot be reached at {address}: {said}. Until it can, nobody signs in; look at oidc.issuer, and "
        "whether this machine gets there." if said else ""
    )  # fmt: skip


def test_the_check_says_that_the_provider_is_away_and_refuses_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    issuer = f"http://127.0.0.1:{free_port()}/realms/team/"
    for name, value in (OIDC | {"SLUICE_OIDC_CLIENT_SECRET": "hush", "SLUICE_OIDC_ISSUER": issuer}).items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr("sys.argv", ["config"])
    config.main()
    told = capsys.readouterr()
    assert "oidc.client_secret = '(set)'" in told.out and "hush" not in told.out + told.err
    assert f"The provider cannot be reached at {issuer}.well-known/openid-configuration: " in told.err
    assert "Connection refused" in told.err
    assert "Nobody looks after this server" in told.err and "server.url is the example's" in told.err
