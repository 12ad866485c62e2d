"""Nothing answers somebody whom nobody knows, but health; and nobody gets in by saying who they are."""

from __future__ import annotations

import asyncio
import errno
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import websockets
from tools import Served, Visitor, apart, refused, serving

from analysis.workspace import disk
from server import entry
from server.config import Config, Server, SignIn
from server.entry import refuse_unguarded, refuse_unusable
from server.gate import Gate, Headers, Told, cookie, inside, is_here
from server.people import Person
from server.registry import Registry

SECRET = "known-to-the-proxy-alone"
PATHS = (
    "/", "/paths", "/index.html", "/static/js/index.js", "/favicon.png", "/media/0a.csv", "/_stcore/metrics",
    "/metrics",
    "/_stcore/host-config", "/_stcore/script-health-check", "/_stcore/upload_file/a/b", "/_stcore/stream",
    "/_stcore/agent/openapi.json", "/_stcore/bidi-components/x", "/component/x/index.html", "/app/static/x",
    "/auth/login", "/oauth2callback", "/anything", "/room/a/b", "/sign-in/else", "/room/../", "/signin",
)  # fmt: skip


@pytest.fixture(scope="module")
def proxied(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A server behind a proxy that says who people are."""
    settings = {"SLUICE_SIGN_IN_MODE": "proxy", "SLUICE_SERVER_URL": "http://localhost", "SLUICE_PROXY_SECRET": SECRET,
                "SLUICE_SIGN_IN_ADMINS": "boss@example.cn"}  # fmt: skip
    with serving(tmp_path_factory.mktemp("proxied"), settings) as served:
        yield served


@pytest.mark.parametrize("path", PATHS)
def test_who_is_not_signed_in_gets_nothing(oidc: Served, path: str) -> None:
    with oidc.client() as nobody, oidc.client("A" * 43) as forger:
        for who in (nobody, forger):
            for method in ("GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS"):
                answer = who.request(method, path)
                assert answer.status_code == 401, (method, path)
                assert answer.text in ("Sign in first.", "")
            answer = who.get(path, headers={"accept": "text/html"})
            assert (answer.status_code, answer.headers["location"].split("?")[0]) == (303, "/sign-in")


def test_health_alone_answers_anybody(oidc: Served) -> None:
    with oidc.client() as nobody:
        assert (nobody.get("/_stcore/health").status_code, nobody.get("/_stcore/health").text) == (200, "ok")


def test_a_socket_is_refused_before_it_is_opened(oidc: Served) -> None:
    assert refused(oidc) and refused(oidc, "A" * 43)
    assert refused(oidc, **{"X-Sluice-Pass": "A" * 43})


def test_metrics_answer_their_collector_and_admins(oidc: Served, people: Any) -> None:
    with oidc.client() as collector:
        collector.headers["authorization"] = "Bearer a-collector-of-metrics"
        assert collector.get("/_stcore/metrics").status_code == 200
        assert collector.get("/_stcore/host-config").status_code == 401
        collector.headers["authorization"] = "Bearer a-collector-of-metric"
        assert collector.get("/_stcore/metrics").status_code == 401


def test_nothing_of_streamlit_that_the_app_does_not_use_answers_who_is_signed_in(oidc: Served, people: Any) -> None:
    mine, _answer = people.sign_in(people.make("Curious", "analysts"))
    with oidc.client(mine) as browser:
        for path in ("/_stcore/script-health-check", "/_stcore/agent/openapi.json", "/auth/login", "/_stcore/metrics"):
            assert browser.get(path).status_code == 404, path
        assert browser.get("/_stcore/host-config").status_code == 200


def test_what_people_type_never_becomes_markup(oidc: Served) -> None:
    evil = "%22%3E%3Cscript%3Ealert(1)%3C/script%3E"
    with oidc.client() as nobody:
        for path in (f"/room/{evil.replace('/', '')}", f"/sign-in?next=/{evil}&lang={evil}", f"/sign-in?why={evil}"):
            answer = nobody.get(path)
            assert "<script" not in answer.text and "default-src 'none'" in answer.headers["content-security-policy"]
        form = {"content-type": "application/x-www-form-urlencoded"}
        answer = nobody.post("/room", content=f"code={evil}&nickname={evil}", headers=form)
        assert answer.status_code == 400 and "<script" not in answer.text and "&lt;script" in answer.text


# ---- from which page ---------------------------------------------------------------------------------------


class Silent:
    """A wire on which nothing is said."""

    def told(self, frame: bytes, *, first: bool) -> Told:
        return Told(frozenset(), "")

    def farewell(self, url: str) -> bytes:
        return b""


def socket_through(tmp_path: Path, url: str, host: str, origin: str) -> tuple[list[Any], list[Any]]:
    """Open a socket at a gate; return what headers arrived behind it, if any did, and what the browser was told."""
    arrived: list[Any] = []
    said: list[Any] = []

    async def app(scope: Any, _receive: Any, _send: Any) -> None:
        arrived.append({key.decode(): value.decode() for key, value in scope["headers"]})

    async def receive() -> Any:
        return {"type": "websocket.disconnect", "code": 1000}

    async def send(message: Any) -> None:
        said.append(message["type"])

    config = Config(server=Server(url=url), sign_in=SignIn(mode="open"))
    gate = Gate(app, config=config, registry=Registry(tmp_path / "server.db"), wire=Silent())
    headers = [(b"host", host.encode()), (b"origin", origin.encode())]
    opened = gate({"type": "websocket", "path": "/_stcore/stream", "headers": headers}, receive, send)
    apart(lambda: asyncio.run(opened))
    return arrived, said


@pytest.mark.parametrize(
    ("url", "host", "origin"),
    [
        ("", "sluice.example.com", "https://sluice.example.com"),
        ("", "localhost:8501", "http://localhost:8501"),
        ("https://sluice.example.com:8443", "sluice.example.com", "https://sluice.example.com:8443"),
        ("https://Sluice.example.com:443/", "127.0.0.1:8501", "https://sluice.example.com"),
    ],
)
def test_a_page_of_the_servers_own_gets_its_socket(tmp_path: Path, url: str, host: str, origin: str) -> None:
    """Also where a web server passes on another name, or a name without its port; Streamlit has nothing to compare."""
    arrived, said = socket_through(tmp_path, url, host, origin)
    ((heard,), told) = arrived, said
    assert (heard.keys() - {"x-sluice-pass"}, heard["host"], told) == ({"host"}, host, [])


@pytest.mark.parametrize("origin", ["https://evil.example", "https://sluice.example.com.evil.cn", "null", "http://["])
def test_another_sites_page_gets_no_socket_and_the_log_says_why(
    tmp_path: Path, origin: str, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level("WARNING", "sluice"):
        arrived, said = socket_through(tmp_path, "https://sluice.example.com", "sluice.example.com", origin)
    assert (arrived, said) == ([], ["websocket.close"])
    assert origin in caplog.text and "server.url is 'https://sluice.example.com'" in caplog.text


# ---- behind a proxy ----------------------------------------------------------------------------------------


def proxy(user: str, **more: str) -> dict[str, str]:
    return {"X-Sluice-Proxy": SECRET, "X-Forwarded-User": user, **more}


def test_an_identity_that_comes_past_the_proxy_is_refused(proxied: Served) -> None:
    forged = {"X-Forwarded-User": "boss", "X-Forwarded-Email": "boss@example.cn"}
    for headers in (forged, {**forged, "X-Sluice-Proxy": "a-guess"}, {**forged, "X-Sluice-Proxy": ""}):
        with proxied.client() as browser:
            answer = browser.get("/", headers=headers)
            assert answer.status_code == 403 and "set-cookie" not in answer.headers
        assert refused(proxied, **headers)
    assert proxied.registry.people() == ()


def test_a_secret_that_stands_twice_is_none(proxied: Served) -> None:
    with proxied.client() as browser:
        headers = [("X-Sluice-Proxy", SECRET), ("X-Sluice-Proxy", "x"), ("X-Forwarded-User", "boss")]
        assert browser.get("/", headers=headers).status_code == 403
        twice = [("X-Sluice-Proxy", SECRET), ("X-Forwarded-User", "li"), ("X-Forwarded-User", "boss")]
        assert browser.get("/", headers=twice).status_code == 401


def test_whom_the_proxy_names_is_in(proxied: Served) -> None:
    with proxied.client() as browser:
        named = {**proxy("u1"), "X-Forwarded-Preferred-Username": "李雷".encode()}
        answer = browser.get("/", headers=named)
        assert answer.status_code == 200
        session = proxied.registry.standing(answer.cookies["sluice"])
        assert session and (session.person.name, session.person.admin) == ("李雷", False)
        assert "sluice" not in browser.get("/", headers=named).cookies  # who has a session gets no other
        boss = browser.get("/", headers=proxy("u2", **{"X-Forwarded-Email": "Boss@example.cn"}))
        session = proxied.registry.standing(boss.cookies["sluice"])
        assert session and session.person.admin
    assert len(proxied.registry.people()) == 2


def test_a_cookie_alone_is_nobodys_behind_a_proxy(proxied: Served) -> None:
    with proxied.client() as browser:
        mine = browser.get("/", headers=proxy("u3")).cookies["sluice"]
    with proxied.client(mine) as thief:
        assert thief.get("/").status_code == 403
        assert thief.get("/", headers={"X-Sluice-Proxy": SECRET}).status_code == 401
        assert thief.get("/_stcore/host-config", headers=proxy("u4")).cookies["sluice"] != mine
    assert refused(proxied, mine)


def test_who_was_removed_is_refused_though_the_proxy_names_them(proxied: Served) -> None:
    with proxied.client() as browser:
        session = proxied.registry.standing(browser.get("/", headers=proxy("u5")).cookies["sluice"])
        assert session
        with Visitor(proxied, **proxy("u5")) as visitor:
            proxied.registry.remove(session.person.id)
            assert visitor.ends(within=60) == "/sign-in?why=ended"
        assert browser.get("/", headers=proxy("u5")).status_code == 403
    with pytest.raises(websockets.InvalidStatus):
        Visitor(proxied, **proxy("u5"))


# ---- a laptop ---------------------------------------------------------------------------------------------


@pytest.mark.long
def test_a_laptop_asks_nobody_and_answers_no_other_name(empty: Path) -> None:
    with serving(empty, {}) as served, served.client() as browser:
        assert browser.get("/").status_code == 200 and browser.get("/room").headers["content-type"] != "text/plain"
        for host in ("sluice.example.com", "evil.example:8501", "192.168.1.7"):
            assert browser.get("/", headers={"host": host}).status_code == 403
        with Visitor(served) as visitor:
            assert "Sign out" not in visitor.visit("data").text


@pytest.mark.parametrize("address", ["0.0.0.0", "192.168.1.7", "::", None])
def test_a_network_is_not_served_unguarded(address: str | None) -> None:
    with pytest.raises(Exception, match="none is for this computer alone"):
        refuse_unguarded(Config(), address)
    refuse_unguarded(Config(sign_in=SignIn(mode="open")), address)


def test_a_folder_that_cannot_be_written_to_is_called_that_and_no_port(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(disk, "user", lambda: "sluice")
    monkeypatch.setattr(disk, "owner_of", lambda _path: "root")
    monkeypatch.setattr(entry, "current", lambda: Config(server=Server(workspaces=str(tmp_path / "kept"))))
    monkeypatch.setattr(entry, "refuse_unguarded", lambda *_: None)
    monkeypatch.delenv("SLUICE_WORKSPACES", raising=False)
    refuse_unusable(tmp_path / "kept")
    assert list((tmp_path / "kept").iterdir()) == []
    (tmp_path / "kept" / "server.db").touch()
    monkeypatch.setattr("os.access", lambda path, _mode: not str(path).endswith("server.db"))
    with pytest.raises(SystemExit, match=r"server\.db belongs to root, and Sluice runs as sluice"):
        entry.around()
    monkeypatch.setattr("os.access", lambda *_: True)

    def refuses(**_: object) -> None:
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr("tempfile.NamedTemporaryFile", refuses)
    with pytest.raises(SystemExit, match=rf"{tmp_path}/kept belongs to root, and Sluice runs as sluice"):
        entry.around()


@pytest.mark.parametrize(
    ("kind", "leads"), [("guest", "/room?why=over"), ("account", "/sign-in?next=%2Fpaths%3Fworkspace%3Dx")]
)
def test_a_link_of_who_is_nobody_any_more_leads_to_their_door(tmp_path: Path, kind: str, leads: str) -> None:
    registry, said = Registry(tmp_path / "server.db"), list[Any]()
    guest = registry.guest("Li")
    token = registry.begin(guest if kind == "guest" else registry.known(Person("li", "Li")), 60)
    registry.end(token)

    async def send(message: Any) -> None:
        said.append(message)

    gate = Gate(Silent, config=Config(sign_in=SignIn(mode="oidc")), registry=registry, wire=Silent())  # type: ignore[arg-type]
    scope = {
        "type": "http", "method": "GET", "path": "/paths", "query_string": b"workspace=x",
        "headers": [(b"accept", b"text/html"), (b"cookie", f"sluice={token}".encode())],
    }  # fmt: skip
    apart(lambda: asyncio.run(gate(scope, send, send)))  # type: ignore[arg-type]
    assert dict(said[0]["headers"])[b"location"].decode() == leads


def test_a_socket_that_arrives_as_a_page_is_told_in_the_log_once(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """As behind a web server that does not pass Upgrade on."""

    async def nothing(*_: Any) -> Any:
        return {"type": "http.request"}

    config = Config(sign_in=SignIn(mode="open"))
    gate = Gate(nothing, config=config, registry=Registry(tmp_path / "server.db"), wire=Silent())
    with caplog.at_level("WARNING", "sluice"):
        for path in ("/", "/_stcore/stream", "/_stcore/stream"):
            asked = gate({"type": "http", "method": "GET", "path": path, "headers": []}, nothing, nothing)
            apart(lambda asked=asked: asyncio.run(asked))
            assert caplog.text.count("without its Upgrade header") == (path != "/")


def test_addresses_lead_nowhere_else() -> None:
    assert [inside(x) for x in ("/a?b=c#d", "//e.cn", "/\\e.cn", "http://e.cn", "javascript:x", "", "/\nx")] == [
        "/a?b=c#d", *["/"] * 6
    ]  # fmt: skip
    assert is_here("localhost:8501") and is_here("[::1]:8501") and not is_here("localhost.evil.cn")


def test_a_header_by_another_spelling_is_dropped_too() -> None:
    raw = [(b"X-Sluice-Pass", b"a"), (b"x_sluice_pass", b"b"), (b"cookie", b"sluice=c; x=d")]
    assert Headers(raw).without(b"x-sluice-pass") == raw[2:]
    assert Headers(raw).cookie("sluice") == "c" and Headers(raw).cookie("y") == ""


def test_cookies_are_for_https_where_the_address_is() -> None:
    safe = cookie(Config(server=Server(url="https://sluice.example.com")), "t", 9)
    assert safe.startswith("__Host-sluice=t") and all(
        f in safe for f in ("Secure", "HttpOnly", "SameSite=Lax", "Path=/")
    )
    assert "Secure" not in cookie(Config(), "t", 9)
